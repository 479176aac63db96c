#include "token/special.h"

#include <stdlib.h>
#include <string.h>

enum { ANY = 1, PLAIN = 2 };

cm_code cm_specials_add(cm_specials *a, cm_special s, cm_err *e) {
  if (a->n == a->cap) {
    size_t cap = a->cap ? 2 * a->cap : 32;
    cm_special *p = cm_realloc(a->p, cap, sizeof *p);
    if (!p) return cm_fail(e, CM_E_NOMEM, 0, "no memory for special tokens");
    a->p = p;
    a->cap = cap;
  }
  a->p[a->n++] = s;
  a->first[(uint8_t)s.s.p[0]] |= (uint8_t)(s.in_plain ? ANY | PLAIN : ANY);
  return CM_OK;
}

static int by_spelling(const void *pa, const void *pb) {
  cm_str a = ((const cm_special *)pa)->s, b = ((const cm_special *)pb)->s;
  int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return order ? order : (a.n > b.n) - (a.n < b.n);
}

void cm_specials_seal(cm_specials *a) {
  if (a->n) qsort(a->p, a->n, sizeof *a->p, by_spelling);
}

void cm_specials_close(cm_specials *a) {
  cm_free(a->p);
  *a = (cm_specials){0};
}

/* The first of [lo, hi), which are alike up to byte k, whose byte k is at least c; those that end
 * before it come first. */
static size_t bound(const cm_special *p, size_t lo, size_t hi, size_t k, unsigned c) {
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    bool below = p[mid].s.n <= k || (uint8_t)p[mid].s.p[k] < c;
    if (below) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/* The longest one that `text` starts with. */
static const cm_special *longest(const cm_specials *a, cm_str text, bool plain) {
  const cm_special *best = NULL;
  size_t lo = 0, hi = a->n;
  for (size_t k = 0; k < text.n && lo < hi; k++) {
    unsigned c = (uint8_t)text.p[k];
    lo = bound(a->p, lo, hi, k, c);
    hi = bound(a->p, lo, hi, k, c + 1);
    bool whole = lo < hi && a->p[lo].s.n == k + 1;
    if (whole && (a->p[lo].in_plain || !plain)) best = &a->p[lo];
  }
  return best;
}

const cm_special *cm_specials_next(const cm_specials *a, cm_str text, bool plain, size_t *at) {
  uint8_t wanted = plain ? PLAIN : ANY;
  for (; *at < text.n; ++*at) {
    if (!(a->first[(uint8_t)text.p[*at]] & wanted)) continue;
    const cm_special *s = longest(a, (cm_str){text.p + *at, text.n - *at}, plain);
    if (s) return s;
  }
  return NULL;
}
