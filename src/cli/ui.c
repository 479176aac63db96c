#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/str.h"
#include "cli/cli.h"
#include "data/yaml.h"

enum { LINE_MAX_BYTES = 1 << 20, YAML_MAX = 1 << 30 };

/* What was said so far: cm_ui_owe makes up for what is missing. */
static bool written;
static char failure[512];

void cm_ui_escape(cm_str s, cm_buf *out) {
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    size_t len = cm_utf8_next(s.p + i, s.n - i, &cp);
    if (cp == '\n') cm_buf_puts(out, "\\n");
    else if (cp == '\t') cm_buf_puts(out, "\\t");
    else if (cp == UINT32_MAX || (cp < 0x80 && cm_json_hidden(cp)))
      cm_buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
    else if (cm_json_hidden(cp)) cm_buf_printf(out, "\\u%04x", cp);
    else cm_buf_add(out, s.p + i, len);
    i += len;
  }
}

/* One line to stderr; a failure to write there can't be reported anywhere. */
static void line(const char *prefix, const char *fmt, va_list ap) {
  cm_buf raw, b;
  cm_buf_init(&raw, LINE_MAX_BYTES);
  cm_buf_init(&b, 8 * LINE_MAX_BYTES);
  cm_buf_vprintf(&raw, fmt, ap);
  cm_buf_puts(&b, prefix);
  cm_ui_escape((cm_str){raw.p ? raw.p : "", raw.n}, &b);
  cm_buf_putc(&b, '\n');
  if (b.p) (void)cm_os_write_fd(CM_OS_STDERR, b.p, b.n, NULL);
  cm_buf_close(&raw);
  cm_buf_close(&b);
}

int cm_ui_fail(int status, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(failure, sizeof failure, fmt, ap);
  va_end(ap);
  va_start(ap, fmt);
  line("cmdai: ", fmt, ap);
  va_end(ap);
  return status;
}

void cm_ui_note(const cm_opts *o, const char *fmt, ...) {
  if (o->quiet) return;
  va_list ap;
  va_start(ap, fmt);
  line("", fmt, ap);
  va_end(ap);
}

void cm_ui_trace(const cm_opts *o, const char *fmt, ...) {
  static uint64_t first;
  if (!cm_opts_debug(o)) return;
  const uint64_t now = cm_os_now_ns();
  if (!first) first = now;
  char prefix[48];
  snprintf(prefix, sizeof prefix, "debug: %9.3f ms  ", (double)(now - first) / 1e6);
  va_list ap;
  va_start(ap, fmt);
  line(prefix, fmt, ap);
  va_end(ap);
}

int cm_ui_out(const char *p, size_t n) {
  cm_err e;
  written = true;
  if (cm_os_write_fd(CM_OS_STDOUT, p, n, &e))
    return cm_ui_fail(CM_EXIT_WRITE, "stdout: %s", e.msg);
  return CM_EXIT_OK;
}

int cm_ui_out_buf(cm_buf *b) {
  int status = b->overflow ? cm_ui_fail(CM_EXIT_NO_BACKEND, "out of memory for the output")
                           : cm_ui_out(b->p, b->n);
  cm_buf_close(b);
  return status;
}

static cm_code to_yaml(cm_buf *b, cm_err *e) {
  const cm_json_limits all = {b->n, CM_JW_DEPTH_MAX};
  cm_json *document;
  cm_buf yaml;
  cm_code code = cm_json_parse((cm_str){b->p, b->n}, all, &document, e);
  if (code) return code;
  cm_buf_init(&yaml, YAML_MAX);
  code = cm_yaml_write(document, &yaml, e);
  cm_json_free(document);
  cm_buf_close(b);
  *b = yaml;
  return code;
}

int cm_ui_out_as(const cm_opts *o, cm_buf *b) {
  cm_err e = {0};
  const bool yaml = strcmp(o->output, "yaml") == 0 && !b->overflow;
  if (!yaml || !to_yaml(b, &e)) return cm_ui_out_buf(b);
  cm_buf_close(b);
  return cm_ui_fail(CM_EXIT_NO_BACKEND, "the document can't be written as YAML: %s", e.msg);
}

int cm_ui_owe(const cm_opts *o, int status) {
  if (!status || written || !cm_opts_document(o)) return status;
  cm_str why = cm_str_of(failure);
  why.n = cm_utf8_complete(why.p, why.n);
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, 1 << 16);
  cm_jw_init(&w, &b, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.error/1");
  cm_jw_put_u64(&w, "status", (uint64_t)status);
  cm_jw_put_str(&w, "error", why.n ? why : CM_STR("interrupted"));
  cm_jw_end_object(&w);
  cm_buf_putc(&b, '\n');
  (void)cm_ui_out_as(o, &b);
  return status;
}

int cm_ui_status(const cm_err *e) {
  switch (e->code) {
    case CM_OK: return CM_EXIT_OK;
    case CM_E_USAGE:
    case CM_E_LIMIT: return CM_EXIT_USAGE;
    case CM_E_WRITE: return CM_EXIT_WRITE;
    case CM_E_TIMEOUT: return CM_EXIT_TIMEOUT;
    case CM_E_CANCELLED: return CM_EXIT_INTERRUPTED;
    case CM_E_NOMEM:
    case CM_E_BACKEND:
    case CM_E_INTERNAL: return CM_EXIT_NO_BACKEND;
    default: return CM_EXIT_MODEL;
  }
}
