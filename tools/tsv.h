/* Rows of tables with tabs, for tests and tools/safety_report: fields may hold \\ \n \t \r. */
#ifndef CM_TOOLS_TSV_H
#define CM_TOOLS_TSV_H
#include <string.h>

#include "base/str.h"

/* Takes the next field off a row; empty at its end. */
static inline cm_str tsv_column(cm_str *line) {
  const char *tab = line->n ? memchr(line->p, '\t', line->n) : NULL;
  cm_str out = {line->p, tab ? (size_t)(tab - line->p) : line->n};
  size_t used = tab ? out.n + 1 : out.n;
  *line = (cm_str){line->p + used, line->n - used};
  return out;
}

/* Undoes the escapes; `out` has room for s.n bytes and may be where s stands. */
static inline cm_str tsv_unescape(cm_str s, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '\\' && i + 1 < s.n) {
      c = s.p[++i];
      c = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
    }
    out[n++] = c;
  }
  return (cm_str){out, n};
}

#endif
