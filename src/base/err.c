#include "base/err.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* A message goes to terminals and into JSON: control characters and what is not UTF-8 (maybe only
 * because it was cut) become '?'. */
static void make_printable(char *s) {
  size_t n = strlen(s);
  for (size_t i = 0; i < n;) {
    uint32_t cp;
    size_t len = cm_utf8_next(s + i, n - i, &cp);
    if (cp == UINT32_MAX || cp < 0x20 || cp == 0x7f) s[i] = '?';
    i += len;
  }
}

void cm_err_set(cm_err *e, cm_code code, uint64_t pos, const char *fmt, ...) {
  if (!e) return;
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(e->msg, sizeof e->msg, fmt, ap);
  va_end(ap);
  make_printable(e->msg);
  e->code = code;
  e->pos = pos;
}

cm_code cm_err_prefix(cm_err *e, const char *what) {
  if (!e) return CM_E_INTERNAL;
  char old[sizeof e->msg];
  memcpy(old, e->msg, sizeof old);
  old[sizeof old - 1] = 0;
  snprintf(e->msg, sizeof e->msg, "%.100s: %.130s", what, old);
  make_printable(e->msg);
  return e->code;
}
