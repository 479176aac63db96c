/* rooms: quality base libs: m */
/* Percentiles, summaries, the normal distribution and random numbers against R and against what
 * their authors published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quality/stats_parts.h"
#include "stats_table.h"

static void is_near(double got, double want, double error) {
  if (!(fabs(got - want) <= error)) fail_msg("%.17g, should be %.17g", got, want);
}

/* --- against R --- */

static void summary_row(stats_row *r) {
  static const char *const names[] = {"mean", "sd", "min", "max", "median", "p95", "p99", "mad"};
  const size_t n = r->column[0].n;
  cm_stat_summary s;
  cm_err e = {0};
  assert_int_equal(cm_stat_summarize(r->column[0].x, n, &s, &e), CM_OK);
  assert_int_equal(s.n, n);
  const double got[] = {s.mean, s.sd, s.min, s.max, s.median, s.p95, s.p99, s.mad};
  for (size_t i = 0; i < 8; i++) {
    const bool none = (i == 5 && n < 20) || (i == 6 && n < 100); /* R always has an answer */
    stats_near(r, names[i], got[i], none ? NAN : stats_one(r, i + 1), 1e-13);
  }
}

static void summaries_are_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("summary", summary_row), 18);
}

static void quantile_row(stats_row *r) {
  const size_t n = r->column[0].n;
  const double q = stats_one(r, 1), beyond = (double)n * (q < 0.5 ? q : 1 - q);
  cm_err e = {0};
  assert_int_equal(cm_stat_sort(r->column[0].x, n, &e), CM_OK);
  const bool none = beyond < 0.999999 && q != 0.5;
  stats_near(r, "quantile", cm_stat_quantile(r->column[0].x, n, q), none ? NAN : stats_one(r, 2),
             1e-13);
}

static void quantiles_are_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("quantile", quantile_row), 126);
}

static void normal_row(stats_row *r) {
  const double p = stats_one(r, 0), z = stats_one(r, 1);
  if (p == 0.5) is_near(cm_stat_normal_upper(p), 0, 1e-15);
  else stats_near(r, "z", cm_stat_normal_upper(p), z, 1e-11);
  stats_near(r, "p", cm_stat_normal_tail(z), p, 1e-11);
}

static void normal_is_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("normal", normal_row), 11);
}

/* --- none --- */

static void an_empty_list_has_no_numbers(void **unused) {
  (void)unused;
  cm_stat_summary s;
  cm_err e = {0};
  double nothing[1] = {7};
  assert_int_equal(cm_stat_summarize(nothing, 0, &s, &e), CM_OK);
  assert_int_equal(s.n, 0);
  const double all[] = {s.mean, s.sd, s.min, s.max, s.median, s.p95, s.p99, s.mad};
  for (size_t i = 0; i < 8; i++) assert_false(cm_stat_known(all[i]));
  assert_false(cm_stat_known(cm_stat_quantile(nothing, 0, 0.5)));
}

static void a_percentile_is_never_the_maximum(void **unused) {
  (void)unused;
  double x[1000];
  for (size_t n = 1; n <= 1000; n++) {
    x[n - 1] = (double)(n * n);
    const double p95 = cm_stat_quantile(x, n, 0.95), p99 = cm_stat_quantile(x, n, 0.99);
    const double p90 = cm_stat_quantile(x, n, 0.9), p05 = cm_stat_quantile(x, n, 0.05);
    assert_int_equal(cm_stat_known(p90), n >= 10);
    assert_int_equal(cm_stat_known(p95), n >= 20);
    assert_int_equal(cm_stat_known(p05), n >= 20);
    assert_int_equal(cm_stat_known(p99), n >= 100);
    if (n >= 20) assert_true(p95 < x[n - 1] && p05 > x[0]);
    if (n >= 100) assert_true(p99 < x[n - 1]);
    assert_true(cm_stat_known(cm_stat_quantile(x, n, 0.5)));
    assert_false(cm_stat_known(cm_stat_quantile(x, n, 1)));
    assert_false(cm_stat_known(cm_stat_quantile(x, n, 0)));
  }
}

static void a_quantile_outside_is_none(void **unused) {
  (void)unused;
  double x[200] = {0};
  const double bad[] = {-0.01, 1.01, NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < 5; i++) assert_false(cm_stat_known(cm_stat_quantile(x, 200, bad[i])));
}

/* --- refused --- */

static void what_is_no_number_is_refused(void **unused) {
  (void)unused;
  const double bad[] = {NAN, INFINITY, -INFINITY, 1.1e100, -1.1e100};
  for (size_t i = 0; i < 5; i++) {
    double x[5] = {3, 1, 2, bad[i], 0};
    cm_stat_summary s;
    cm_err e = {0};
    assert_int_equal(cm_stat_summarize(x, 5, &s, &e), CM_E_FORMAT);
    assert_int_equal(e.pos, 3);
    assert_false(cm_stat_known(s.mean) || cm_stat_known(s.median));
    assert_int_equal(cm_stat_sort(x, 5, &e), CM_E_FORMAT);
    assert_true(x[0] == 3 && x[1] == 1); /* untouched */
  }
  double *many = cm_alloc(CM_STAT_N_MAX + 1, sizeof *many);
  cm_err e = {0};
  assert_non_null(many);
  assert_int_equal(cm_stat_sort(many, CM_STAT_N_MAX + 1, &e), CM_E_LIMIT);
  cm_free(many);
}

static void sums_stay_finite(void **unused) {
  (void)unused;
  double x[1000];
  cm_stat_summary s;
  cm_err e = {0};
  for (size_t i = 0; i < 1000; i++) x[i] = i % 2 ? CM_STAT_VALUE_MAX : -CM_STAT_VALUE_MAX;
  assert_int_equal(cm_stat_summarize(x, 1000, &s, &e), CM_OK);
  is_near(s.mean / CM_STAT_VALUE_MAX, 0, 1e-12);
  assert_true(s.median == 0);
  is_near(s.sd / CM_STAT_VALUE_MAX, sqrt(1000.0 / 999), 1e-12);
}

/* --- order --- */

static void sorting_sorts(void **unused) {
  (void)unused;
  uint64_t seed = 3;
  double x[300];
  cm_err e = {0};
  for (size_t n = 0; n <= 300; n++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      const double value = floor(stats_uniform(&seed) * 40);
      x[i] = n % 3 == 0 ? value : n % 3 == 1 ? (double)i : -(double)i;
      sum += x[i];
    }
    assert_int_equal(cm_stat_sort(x, n, &e), CM_OK);
    for (size_t i = 0; i < n; i++) sum -= x[i];
    for (size_t i = 1; i < n; i++) assert_true(x[i - 1] <= x[i]);
    assert_true(sum == 0);
  }
}

/* --- random numbers --- */

/* The first numbers of the PCG library's demo program (pcg-random.org), seed 42, stream 54. */
static void pcg_is_the_published_one(void **unused) {
  (void)unused;
  const uint32_t want[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e};
  cm_stat_random r = cm_stat_random_of(42, 54);
  for (size_t i = 0; i < 6; i++) assert_int_equal(cm_stat_random_next(&r), want[i]);
}

/* Chi-square with 9 degrees of freedom is above 27.9 once in 1,000 seeds; this one is fixed. */
static void draws_are_uniform(void **unused) {
  (void)unused;
  enum { N = 10, DRAWS = 100000 };
  unsigned seen[N] = {0};
  double chi2 = 0;
  cm_stat_random r = cm_stat_random_of(1, 1);
  for (int i = 0; i < DRAWS; i++) seen[cm_stat_random_below(&r, N)]++;
  for (size_t i = 0; i < N; i++) chi2 += pow((double)seen[i] - DRAWS / N, 2) / (DRAWS / N);
  assert_true(chi2 < 27.9);
  for (int i = 0; i < 100; i++) assert_int_equal(cm_stat_random_below(&r, 1), 0);
}

/* Of 3 * 2^30 values without refusals the first third would come twice as often as the others. */
static void draws_have_no_bias(void **unused) {
  (void)unused;
  enum { DRAWS = 30000 };
  cm_stat_random r = cm_stat_random_of(5, 5);
  unsigned third[3] = {0};
  for (int i = 0; i < DRAWS; i++) third[cm_stat_random_below(&r, 3u << 30) % 3]++;
  for (size_t i = 0; i < 3; i++) assert_true(abs((int)third[i] - DRAWS / 3) < 5 * 82);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(summaries_are_r_s),
      cmocka_unit_test(quantiles_are_r_s),
      cmocka_unit_test(normal_is_r_s),
      cmocka_unit_test(an_empty_list_has_no_numbers),
      cmocka_unit_test(a_percentile_is_never_the_maximum),
      cmocka_unit_test(a_quantile_outside_is_none),
      cmocka_unit_test(what_is_no_number_is_refused),
      cmocka_unit_test(sums_stay_finite),
      cmocka_unit_test(sorting_sorts),
      cmocka_unit_test(pcg_is_the_published_one),
      cmocka_unit_test(draws_are_uniform),
      cmocka_unit_test(draws_have_no_bias),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
