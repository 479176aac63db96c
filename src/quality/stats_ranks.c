#include <math.h>

#include "quality/stats_parts.h"

/* 66! / (33! 33!) is the largest count of this kind that fits in 64 bits. */
enum { EXACT_MAX = 33, COUNTS = EXACT_MAX * EXACT_MAX / 2 + 1 };

/* Both lists merged. */
typedef struct merged {
  uint64_t twice_u; /* u holds halves for ties */
  double ties;      /* sum of t^3 - t over groups of t equal values */
} merged;

static size_t equal(const double *x, size_t n, size_t from, double value) {
  size_t i = from;
  while (i < n && x[i] == value) i++;
  return i - from;
}

static merged merge(const double *base, size_t nb, const double *head, size_t nh) {
  merged m = {0, 0};
  for (size_t i = 0, j = 0; i < nb || j < nh;) {
    const double value = j == nh || (i < nb && base[i] < head[j]) ? base[i] : head[j];
    const size_t in_base = equal(base, nb, i, value), in_head = equal(head, nh, j, value);
    const double t = (double)(in_base + in_head);
    m.twice_u += (uint64_t)in_head * (2 * i + in_base);
    m.ties += t * t * t - t;
    i += in_base, j += in_head;
  }
  return m;
}

/* --- exact --- */

/* count[u], u = 0 … `most`: in how many of the orders of m + n distinct values u pairs are in
 * order: the coefficients of the product of (1 - q^(n + i)) / (1 - q^i), i = 1 … m (Andrews,
 * "The Theory of Partitions", 1976, 3.2). Between the steps a number may wrap around; the results
 * fit, and so are right. */
static void count_orders(size_t m, size_t n, size_t most, uint64_t *count) {
  for (size_t u = 0; u <= most; u++) count[u] = u == 0;
  for (size_t i = 1; i <= m; i++) {
    for (size_t u = most + 1; u-- > n + i;) count[u] -= count[u - n - i];
    for (size_t u = i; u <= most; u++) count[u] += count[u - i];
  }
}

/* Sum of count[0 … u]. The distribution is symmetric, so the lower half is enough: u <= most. */
static double share(const uint64_t *count, size_t pairs, size_t u) {
  const size_t most = pairs / 2;
  uint64_t below = 0, half = 0;
  for (size_t i = 0; i <= most; i++) half += count[i], below += i <= u ? count[i] : 0;
  const uint64_t all = pairs % 2 ? 2 * half : 2 * half - count[most];
  return (double)below / (double)all;
}

/* P(U <= u). */
static double exact_below(const uint64_t *count, size_t pairs, size_t u) {
  if (u >= pairs) return 1;
  return u <= pairs / 2 ? share(count, pairs, u) : 1 - share(count, pairs, pairs - u - 1);
}

static void exact(size_t nb, size_t nh, cm_stat_shift *out) {
  uint64_t count[COUNTS];
  const size_t pairs = nb * nh, u = (size_t)out->u;
  count_orders(nb, nh, pairs / 2, count);
  out->exact = true;
  out->p_less = exact_below(count, pairs, u);
  out->p_greater = exact_below(count, pairs, pairs - u); /* U' = pairs - U has the same law */
  out->p_two_sided = fmin(1, 2 * fmin(out->p_less, out->p_greater));
}

/* --- approximate --- */

static void approximate(size_t nb, size_t nh, double ties, cm_stat_shift *out) {
  const double b = (double)nb, h = (double)nh, n = b + h, off = out->u - b * h / 2;
  const double variance = b * h / 12 * (n + 1 - ties / (n * (n - 1)));
  if (!(variance > 0)) return; /* all values are equal */
  const double sd = sqrt(variance);
  out->p_greater = cm_stat_normal_tail((off - 0.5) / sd);
  out->p_less = cm_stat_normal_tail(-(off + 0.5) / sd);
  out->p_two_sided = fmin(1, 2 * fmin(out->p_greater, out->p_less));
}

static void test(const double *base, size_t nb, const double *head, size_t nh,
                 cm_stat_shift *out) {
  const merged m = merge(base, nb, head, nh);
  out->u = (double)m.twice_u / 2;
  if (nb == 0 || nh == 0) return;
  if (m.ties > 0 || nb > EXACT_MAX || nh > EXACT_MAX) approximate(nb, nh, m.ties, out);
  else exact(nb, nh, out);
}

cm_code cm_stat_shift_of(double *base, size_t n_base, double *head, size_t n_head,
                         cm_stat_shift *out, cm_err *e) {
  *out = (cm_stat_shift){0, 1, 1, 1, false, NAN, NAN, NAN};
  cm_code code = cm_stat_sort(base, n_base, e);
  if (!code) code = cm_stat_sort(head, n_head, e);
  if (code) return code;
  test(base, n_base, head, n_head, out);
  out->base_median = cm_stat_quantile(base, n_base, 0.5);
  out->head_median = cm_stat_quantile(head, n_head, 0.5);
  if (out->base_median > 0) out->ratio = out->head_median / out->base_median;
  return CM_OK;
}
