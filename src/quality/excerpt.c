#include "quality/excerpt.h"

#include "data/json.h"

static void put(cm_buf *out, const char *p, size_t n, uint32_t cp) {
  if (cp == UINT32_MAX) cm_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*p);
  else if (cp == '\n') cm_buf_puts(out, "\\n");
  else if (cp == '\t') cm_buf_puts(out, "\\t");
  else if (cp == '"' || cp == '\\') cm_buf_putc(out, '\\'), cm_buf_putc(out, *p);
  else if (cm_json_hidden(cp)) cm_buf_printf(out, "\\u{%x}", (unsigned)cp);
  else cm_buf_add(out, p, n);
}

void cm_excerpt(cm_buf *out, cm_str s) {
  size_t start = out->n, at = 0;
  cm_buf_putc(out, '"');
  while (at < s.n && !out->overflow && out->n - start <= CM_EXCERPT_MAX) {
    uint32_t cp;
    size_t n = cm_utf8_next(s.p + at, s.n - at, &cp);
    put(out, s.p + at, n, cp);
    at += n;
  }
  cm_buf_puts(out, at < s.n ? "\"…" : "\"");
}
