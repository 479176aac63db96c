#include "quality/stats.h"

#include <float.h>
#include <math.h>

#include "quality/stats_parts.h"

cm_code cm_stat_check(const double *x, size_t n, cm_err *e) {
  if (n > CM_STAT_N_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "%zu values; statistics take up to %d", n, CM_STAT_N_MAX);
  for (size_t i = 0; i < n; i++)
    if (!(fabs(x[i]) <= CM_STAT_VALUE_MAX))
      return cm_fail(e, CM_E_FORMAT, i, "value %zu is no number that can be measured: %g", i,
                     x[i]);
  return CM_OK;
}

/* --- order --- */

static void sift(double *x, size_t root, size_t n) {
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && x[child] < x[child + 1]) child++;
    if (x[root] >= x[child]) return;
    const double t = x[root];
    x[root] = x[child], x[child] = t;
  }
}

/* In place (the C library's sort may allocate), n log n whatever the values are. */
void cm_stat_heapsort(double *x, size_t n) {
  for (size_t i = n / 2; i-- > 0;) sift(x, i, n);
  for (size_t i = n; i-- > 1;) {
    const double t = x[0];
    x[0] = x[i], x[i] = t;
    sift(x, 0, i);
  }
}

cm_code cm_stat_sort(double *x, size_t n, cm_err *e) {
  const cm_code code = cm_stat_check(x, n, e);
  if (code == CM_OK) cm_stat_heapsort(x, n);
  return code;
}

double cm_stat_interpolate(const double *sorted, size_t n, double q) {
  const double at = (double)(n - 1) * q;
  const size_t i = (size_t)at;
  if (i + 1 >= n) return sorted[n - 1];
  return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

double cm_stat_quantile(const double *sorted, size_t n, double q) {
  if (n == 0 || !(q >= 0 && q <= 1)) return NAN;
  /* 20 (1 - 0.95) is a little more or less than 1 in binary. */
  const double beyond = (double)n * fmin(q, 1 - q) * (1 + 8 * DBL_EPSILON);
  if (beyond < 1 && q != 0.5) return NAN;
  return cm_stat_interpolate(sorted, n, q);
}

/* --- summary --- */

static double mean(const double *x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  return sum / (double)n;
}

static double deviation(const double *x, size_t n, double center) {
  double sum = 0;
  if (n < 2) return NAN;
  for (size_t i = 0; i < n; i++) sum += (x[i] - center) * (x[i] - center);
  return sqrt(sum / (double)(n - 1));
}

/* Left and right of the median the distances to it are sorted already: merging them up to their
 * middle needs no copy. */
static double median_distance(const double *sorted, size_t n, double center) {
  size_t right = 0;
  while (right < n && sorted[right] < center) right++;
  size_t left = right;
  double last = 0, before = 0;
  for (size_t taken = 0; taken <= n / 2; taken++) {
    const double down = left > 0 ? center - sorted[left - 1] : INFINITY;
    const double up = right < n ? sorted[right] - center : INFINITY;
    before = last;
    if (down <= up) last = down, left--;
    else last = up, right++;
  }
  return n % 2 ? last : before + (last - before) / 2;
}

cm_code cm_stat_summarize(double *x, size_t n, cm_stat_summary *out, cm_err *e) {
  *out = (cm_stat_summary){n, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  const cm_code code = cm_stat_sort(x, n, e);
  if (code || n == 0) return code;
  out->mean = mean(x, n);
  out->sd = deviation(x, n, out->mean);
  out->min = x[0], out->max = x[n - 1];
  out->median = cm_stat_quantile(x, n, 0.5);
  out->p95 = cm_stat_quantile(x, n, 0.95);
  out->p99 = cm_stat_quantile(x, n, 0.99);
  out->mad = median_distance(x, n, out->median);
  return CM_OK;
}

/* --- the normal distribution --- */

double cm_stat_normal_tail(double z) { return 0.5 * erfc(z / sqrt(2)); }

/* Bisection: a hundred steps in which nothing can go wrong, for a function that is called a few
 * times a report. */
double cm_stat_normal_upper(double p) {
  const double tail = fmin(p, 1 - p);
  double low = 0, high = 40;
  for (int i = 0; i < 100; i++) {
    const double z = low + (high - low) / 2;
    if (cm_stat_normal_tail(z) > tail) low = z;
    else high = z;
  }
  return p <= 0.5 ? high : -high;
}
