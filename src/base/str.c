#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

cm_str cm_str_trim(cm_str a) {
  while (a.n && is_space(a.p[0])) a.p++, a.n--;
  while (a.n && is_space(a.p[a.n - 1])) a.n--;
  return a;
}

bool cm_str_line(cm_str *rest, cm_str *line) {
  if (rest->n == 0) return false;
  const char *nl = memchr(rest->p, '\n', rest->n);
  size_t n = nl ? (size_t)(nl - rest->p) : rest->n;
  size_t skip = nl ? n + 1 : n;
  *line = (cm_str){rest->p, n};
  if (line->n && line->p[line->n - 1] == '\r') line->n--;
  rest->p += skip;
  rest->n -= skip;
  return true;
}

size_t cm_str_find(cm_str hay, cm_str needle) {
  for (size_t i = 0; needle.n <= hay.n && i <= hay.n - needle.n; i++)
    if (cm_str_eq((cm_str){hay.p + i, needle.n}, needle)) return i;
  return SIZE_MAX;
}

bool cm_str_u64(cm_str s, uint64_t min, uint64_t max, uint64_t *out) {
  uint64_t v = 0;
  if (s.n == 0) return false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return false;
    if (__builtin_mul_overflow(v, (uint64_t)10, &v)) return false;
    if (__builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v)) return false;
  }
  if (v < min || v > max) return false;
  *out = v;
  return true;
}

bool cm_str_f64(cm_str s, double min, double max, double *out) {
  char tmp[64];
  if (s.n == 0 || s.n >= sizeof tmp || is_space(s.p[0])) return false;
  memcpy(tmp, s.p, s.n);
  tmp[s.n] = 0;
  char *end;
  errno = 0;
  double v = strtod(tmp, &end);
  if (errno || *end || !(v >= min && v <= max)) return false;
  *out = v;
  return true;
}

size_t cm_utf8_next(const char *s, size_t n, uint32_t *cp) {
  const unsigned char *p = (const unsigned char *)s;
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  *cp = UINT32_MAX;
  size_t len = p[0] < 0x80   ? 1
               : p[0] < 0xC2 ? 0
               : p[0] < 0xE0 ? 2
               : p[0] < 0xF0 ? 3
               : p[0] < 0xF5 ? 4
                             : 0;
  if (len == 0 || len > n) return 1;
  if (len == 1) return *cp = p[0], 1;
  uint32_t v = p[0] & (0x7Fu >> len);
  for (size_t i = 1; i < len; i++) {
    if ((p[i] & 0xC0) != 0x80) return 1;
    v = v << 6 | (p[i] & 0x3Fu);
  }
  if (v < least[len] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF)) return 1;
  *cp = v;
  return len;
}

size_t cm_utf8_put(uint32_t cp, char out[4]) {
  if (cp < 0x80) return out[0] = (char)cp, 1;
  size_t len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
  for (size_t i = len - 1; i > 0; i--, cp >>= 6) out[i] = (char)(0x80 | (cp & 0x3F));
  out[0] = (char)((0xF00u >> len & 0xFF) | cp);
  return len;
}

size_t cm_utf8_check(const char *p, size_t n) {
  for (size_t i = 0; i < n;) {
    uint32_t cp;
    size_t len = cm_utf8_next(p + i, n - i, &cp);
    if (cp == UINT32_MAX) return i;
    i += len;
  }
  return n;
}

size_t cm_utf8_complete(const char *p, size_t n) {
  for (size_t back = 1; back <= 3 && back <= n; back++) {
    unsigned char c = (unsigned char)p[n - back];
    if ((c & 0xC0) == 0x80) continue;
    size_t len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    return len > back ? n - back : n;
  }
  return n;
}

unsigned cm_edit_distance(cm_str a, cm_str b) {
  enum { MAX = 63 };
  if (a.n > MAX || b.n > MAX) return 1000;
  unsigned rows[3][MAX + 1];
  unsigned *prev2 = rows[0], *prev = rows[1], *cur = rows[2];
  for (unsigned j = 0; j <= b.n; j++) prev[j] = j;
  for (unsigned i = 1; i <= a.n; i++) {
    cur[0] = i;
    for (unsigned j = 1; j <= b.n; j++) {
      unsigned best = prev[j - 1] + (a.p[i - 1] != b.p[j - 1]);
      if (prev[j] + 1 < best) best = prev[j] + 1;
      if (cur[j - 1] + 1 < best) best = cur[j - 1] + 1;
      bool swapped = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
      if (swapped && prev2[j - 2] + 1 < best) best = prev2[j - 2] + 1;
      cur[j] = best;
    }
    unsigned *t = prev2;
    prev2 = prev, prev = cur, cur = t;
  }
  return prev[b.n];
}
