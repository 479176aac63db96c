/* base/str: borrowed strings, UTF-8, numbers, spelling. Pure functions. */
#ifndef CM_BASE_STR_H
#define CM_BASE_STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes, not NUL-terminated. */
typedef struct cm_str {
  const char *p;
  size_t n;
} cm_str;

#define CM_STR(lit) ((cm_str){(lit), sizeof(lit) - 1})

/* Here, as most compare with a literal: its length is known and the call falls away. */
static inline cm_str cm_str_of(const char *s) { /* NULL gives an empty string */
  return s ? (cm_str){s, strlen(s)} : (cm_str){"", 0};
}
static inline bool cm_str_eq(cm_str a, cm_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* Below, above or 0, by bytes: a beginning comes first. */
static inline int cm_str_order(cm_str a, cm_str b) {
  const size_t n = a.n < b.n ? a.n : b.n;
  const int d = n ? memcmp(a.p, b.p, n) : 0;
  return d ? d : (a.n > b.n) - (a.n < b.n);
}
/* FNV-1a (Fowler, Noll, Vo), 64 bits: the same everywhere, and no protection against whoever looks
 * for two equal ones. */
static inline uint64_t cm_str_hash(cm_str s) {
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
  return h;
}
static inline bool cm_str_is(cm_str a, const char *s) { return cm_str_eq(a, cm_str_of(s)); }
static inline bool cm_str_starts(cm_str a, cm_str prefix) {
  return a.n >= prefix.n && cm_str_eq((cm_str){a.p, prefix.n}, prefix);
}
static inline bool cm_str_ends(cm_str a, cm_str suffix) {
  return a.n >= suffix.n && cm_str_eq((cm_str){a.p + a.n - suffix.n, suffix.n}, suffix);
}
cm_str cm_str_trim(cm_str a); /* without ASCII white space at both ends */
/* Cuts the next line (without its "\n" or "\r\n") off `rest`; false when nothing is left. */
bool cm_str_line(cm_str *rest, cm_str *line);
/* Position of `needle`, or SIZE_MAX. */
size_t cm_str_find(cm_str hay, cm_str needle);

/* Whole string as a decimal number; false on anything else, on overflow and outside [min, max]. */
bool cm_str_u64(cm_str s, uint64_t min, uint64_t max, uint64_t *out);
bool cm_str_f64(cm_str s, double min, double max, double *out);

/* Decodes one code point at p (n > 0 bytes available); returns its length 1..4. Invalid, overlong,
 * surrogate or truncated input gives *cp = UINT32_MAX and length 1. */
size_t cm_utf8_next(const char *p, size_t n, uint32_t *cp);
/* Writes cp (<= 0x10FFFF) to out[4]; returns the length. */
size_t cm_utf8_put(uint32_t cp, char out[4]);
/* Position of the first invalid byte, or n. */
size_t cm_utf8_check(const char *p, size_t n);
/* Length of the longest prefix of p that does not end inside a code point (the rest may become
 * valid later). */
size_t cm_utf8_complete(const char *p, size_t n);

/* Damerau-Levenshtein distance of two short words (<= 63 bytes), else a large number: for "did you
 * mean". */
unsigned cm_edit_distance(cm_str a, cm_str b);

#endif
