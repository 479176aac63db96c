#include "base/err.h"

#include <stdio.h>
#include <string.h>

static void make_printable(char *s) {
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c < 0x20 || c == 0x7f) *s = '?';
  }
}

cm_code cm_fail(cm_err *e, cm_code code, uint64_t pos, const char *fmt, ...) {
  if (!e) return code;
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(e->msg, sizeof e->msg, fmt, ap);
  va_end(ap);
  make_printable(e->msg);
  e->code = code;
  e->pos = pos;
  return code;
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
