/* quality/stats_parts: what the files of quality/stats share. Private to them. */
#ifndef CM_QUALITY_STATS_PARTS_H
#define CM_QUALITY_STATS_PARTS_H
#include "quality/stats.h"

/* CM_E_FORMAT for the first of x[n] that is no usable number, CM_E_LIMIT for too many of them. */
cm_code cm_stat_check(const double *x, size_t n, cm_err *e);

/* Sorts what was checked. */
void cm_stat_heapsort(double *x, size_t n);

/* P(Z > z) of the standard normal distribution. */
double cm_stat_normal_tail(double z);
/* The z with P(Z > z) = p, 0 < p < 1, as exact as the C library's erfc. */
double cm_stat_normal_upper(double p);

/* Interpolated, for any n >= 1: cm_stat_quantile without its rule on small n. */
double cm_stat_interpolate(const double *sorted, size_t n, double q);

/* PCG32, the XSH RR variant (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically
 * Good Algorithms for Random Number Generation", 2014). */
typedef struct cm_stat_random {
  uint64_t state, step;
} cm_stat_random;

cm_stat_random cm_stat_random_of(uint64_t seed, uint64_t stream);
uint32_t cm_stat_random_next(cm_stat_random *r);
/* Uniform in 0 … n - 1 for n >= 1, without bias (Lemire, ACM TOMACS 29, 2019). */
uint32_t cm_stat_random_below(cm_stat_random *r, uint32_t n);

#endif
