/* rooms: quality base libs: m */
/* Pass rates: intervals, tests and plans against R, against published examples, and by playing
 * them through. */
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

static uint64_t count_of(const stats_row *r, size_t column) {
  return (uint64_t)stats_one(r, column);
}

/* --- Wilson --- */

static void wilson_row(stats_row *r) {
  const uint64_t pass = count_of(r, 0), n = count_of(r, 1);
  const double level = stats_one(r, 2);
  cm_stat_interval w;
  cm_err e = {0};
  double low, high;
  assert_int_equal(cm_stat_wilson(pass, n, level, &w, &e), CM_OK);
  assert_int_equal(cm_stat_wilson_lower(pass, n, level, &low, &e), CM_OK);
  assert_int_equal(cm_stat_wilson_upper(pass, n, level, &high, &e), CM_OK);
  stats_near(r, "lower", w.lower, stats_one(r, 3), 1e-12);
  stats_near(r, "upper", w.upper, stats_one(r, 4), 1e-12);
  stats_near(r, "lower bound", low, stats_one(r, 5), 1e-12);
  stats_near(r, "upper bound", high, stats_one(r, 6), 1e-12);
  assert_true(w.rate == (double)pass / (double)n);
}

static void wilson_is_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("wilson", wilson_row), 36);
}

/* Newcombe, "Two-Sided Confidence Intervals for the Single Proportion", Statistics in Medicine 17,
 * 1998, table I, method 3. */
static void wilson_is_newcombe_s(void **unused) {
  (void)unused;
  static const struct {
    uint64_t pass, n;
    double lower, upper;
  } rows[] = {{81, 263, 0.2553, 0.3662},
              {15, 148, 0.0624, 0.1605},
              {0, 20, 0, 0.1611},
              {1, 29, 0.0061, 0.1718}};
  for (size_t i = 0; i < 4; i++) {
    cm_stat_interval w;
    cm_err e = {0};
    assert_int_equal(cm_stat_wilson(rows[i].pass, rows[i].n, 0.95, &w, &e), CM_OK);
    is_near(w.lower, rows[i].lower, 0.5e-4);
    is_near(w.upper, rows[i].upper, 0.5e-4);
  }
}

static void nothing_tried_is_nothing_known(void **unused) {
  (void)unused;
  cm_stat_interval w;
  cm_err e = {0};
  double bound = 5;
  assert_int_equal(cm_stat_wilson(0, 0, 0.95, &w, &e), CM_OK);
  assert_true(!cm_stat_known(w.rate) && w.lower == 0 && w.upper == 1);
  assert_int_equal(cm_stat_wilson_lower(0, 0, 0.95, &bound, &e), CM_OK);
  assert_true(bound == 0);
  assert_int_equal(cm_stat_wilson_upper(0, 0, 0.95, &bound, &e), CM_OK);
  assert_true(bound == 1);
}

static void wilson_refuses(void **unused) {
  (void)unused;
  const double bad[] = {0, 1, -1, 2, NAN, INFINITY};
  cm_stat_interval w;
  cm_err e = {0};
  double bound;
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(cm_stat_wilson(1, 2, bad[i], &w, &e), CM_E_USAGE);
    assert_int_equal(cm_stat_wilson_lower(1, 2, bad[i], &bound, &e), CM_E_USAGE);
    assert_int_equal(cm_stat_wilson_upper(1, 2, bad[i], &bound, &e), CM_E_USAGE);
  }
  assert_int_equal(cm_stat_wilson_lower(1, 2, 0.49, &bound, &e), CM_E_USAGE);
  assert_int_equal(cm_stat_wilson(3, 2, 0.95, &w, &e), CM_E_USAGE);
  assert_int_equal(cm_stat_wilson(3, (uint64_t)1 << 40, 0.95, &w, &e), CM_E_LIMIT);
}

/* --- McNemar --- */

static void mcnemar_row(stats_row *r) {
  const double error = count_of(r, 0) + count_of(r, 1) < 1000 ? 1e-13 : 1e-11;
  cm_stat_mcnemar_result m;
  cm_err e = {0};
  assert_int_equal(cm_stat_mcnemar(count_of(r, 0), count_of(r, 1), &m, &e), CM_OK);
  stats_near(r, "worse", m.p_worse, stats_one(r, 2), error);
  stats_near(r, "better", m.p_better, stats_one(r, 3), error);
  stats_near(r, "two-sided", m.p_two_sided, stats_one(r, 4), error);
}

static void mcnemar_is_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("mcnemar", mcnemar_row), 22);
}

/* The approval ratings of Agresti, "Categorical Data Analysis", 2nd edition, table 10.1: 150
 * turned away, 86 came; he gives z = -4.17, P < 0.0001. */
static void mcnemar_is_agresti_s(void **unused) {
  (void)unused;
  cm_stat_mcnemar_result m;
  cm_err e = {0};
  assert_int_equal(cm_stat_mcnemar(150, 86, &m, &e), CM_OK);
  assert_true(m.p_worse < 0.0001 && m.p_two_sided < 0.0001 && m.p_better > 0.999);
  is_near(cm_stat_normal_upper(m.p_worse), 4.17, 0.05);
}

/* Five in a row is the fewest that one-sided p <= .05 notices: 1/32. */
static void mcnemar_counts_coins(void **unused) {
  (void)unused;
  cm_stat_mcnemar_result m;
  cm_err e = {0};
  for (unsigned n = 0; n <= 60; n++) {
    assert_int_equal(cm_stat_mcnemar(n, 0, &m, &e), CM_OK);
    is_near(m.p_worse, ldexp(1, -(int)n), 1e-12 * ldexp(1, -(int)n));
    is_near(m.p_better, 1, 0);
    assert_int_equal(m.p_worse <= 0.05, n >= 5);
  }
  assert_int_equal(cm_stat_mcnemar(0, 0, &m, &e), CM_OK);
  assert_true(m.p_worse == 1 && m.p_better == 1 && m.p_two_sided == 1);
}

static void mcnemar_has_a_limit(void **unused) {
  (void)unused;
  cm_stat_mcnemar_result m;
  cm_err e = {0};
  assert_int_equal(cm_stat_mcnemar(UINT64_MAX, 1, &m, &e), CM_E_LIMIT);
  assert_int_equal(cm_stat_mcnemar(1, UINT64_MAX, &m, &e), CM_E_LIMIT);
  assert_true(m.p_worse == 1 && m.p_two_sided == 1);
  assert_int_equal(cm_stat_mcnemar(CM_STAT_COUNT_MAX / 2, CM_STAT_COUNT_MAX / 2, &m, &e), CM_OK);
  is_near(m.p_worse, 0.5, 0.0001);
  assert_int_equal(cm_stat_mcnemar(3, 999997, &m, &e), CM_OK);
  assert_true(m.p_worse == 1 && m.p_better < 1e-300 && m.p_two_sided < 1e-300);
}

/* --- smallest detectable difference --- */

static void detectable_row(stats_row *r) {
  cm_err e = {0};
  double d;
  assert_int_equal(cm_stat_detectable(count_of(r, 0), stats_one(r, 1), stats_one(r, 2),
                                      stats_one(r, 3), &d, &e),
                   CM_OK);
  stats_near(r, "difference", d, stats_one(r, 4), 1e-9);
}

static void detectable_is_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("detectable", detectable_row), 80);
}

/* Played through: with that difference the exact test, which is a little shy, finds it about as
 * often as the formula says. */
static void detectable_is_detected(void **unused) {
  (void)unused;
  enum { PAIRS = 400, PLAYS = 3000 };
  const double discordance = 0.2;
  uint64_t seed = 11;
  unsigned found = 0;
  cm_err e = {0};
  double d;
  assert_int_equal(cm_stat_detectable(PAIRS, discordance, 0.05, 0.8, &d, &e), CM_OK);
  for (int play = 0; play < PLAYS; play++) {
    uint64_t lost = 0, won = 0;
    cm_stat_mcnemar_result m;
    for (int i = 0; i < PAIRS; i++) {
      const double u = stats_uniform(&seed);
      if (u < (discordance - d) / 2) lost++;
      else if (u < discordance) won++;
    }
    assert_int_equal(cm_stat_mcnemar(lost, won, &m, &e), CM_OK);
    found += m.p_two_sided <= 0.05;
  }
  print_message("%.1f %% found\n", 100.0 * found / PLAYS);
  assert_true(found > 0.74 * PLAYS && found < 0.83 * PLAYS);
}

static void detectable_refuses(void **unused) {
  (void)unused;
  cm_err e = {0};
  double d = 1;
  assert_int_equal(cm_stat_detectable(0, 0.1, 0.05, 0.8, &d, &e), CM_OK);
  assert_false(cm_stat_known(d));
  assert_int_equal(cm_stat_detectable(100, 0, 0.05, 0.8, &d, &e), CM_OK);
  assert_false(cm_stat_known(d));
  const double bad[][3] = {{-0.1, 0.05, 0.8}, {1.1, 0.05, 0.8}, {NAN, 0.05, 0.8},
                           {0.1, 0, 0.8},     {0.1, 1, 0.8},    {0.1, NAN, 0.8},
                           {0.1, 0.05, 1},    {0.1, 0.05, 0.4}, {0.1, 0.05, NAN}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(cm_stat_detectable(100, bad[i][0], bad[i][1], bad[i][2], &d, &e), CM_E_USAGE);
}

/* --- sequential --- */

static cm_stat_verdict sprt(const cm_stat_sprt_plan *plan, uint64_t passes, uint64_t fails) {
  cm_stat_verdict v;
  cm_err e = {0};
  if (cm_stat_sprt(plan, passes, fails, &v, &e)) fail_msg("%s", e.msg);
  return v;
}

/* The plan of the NIST/SEMATECH e-Handbook, 6.2.6: defects p1 = .01, p2 = .10, alpha = .05, beta =
 * .10 give the lines -0.939 + 0.0397 n (accept) and 1.205 + 0.0397 n (reject). */
static void sprt_is_nist_s(void **unused) {
  (void)unused;
  const cm_stat_sprt_plan plan = {.bad = 0.9, .good = 0.99, .alpha = 0.10, .beta = 0.05};
  for (unsigned n = 1; n <= 200; n++)
    for (unsigned defects = 0; defects <= n && defects < 15; defects++) {
      const double accept = -0.939 + 0.0397 * n, reject = 1.205 + 0.0397 * n;
      const cm_stat_verdict want = defects <= accept   ? CM_STAT_GOOD
                                   : defects >= reject ? CM_STAT_BAD
                                                       : CM_STAT_CONTINUE;
      /* Within the rounding of the printed lines either is right. */
      if (fabs(defects - accept) < 0.02 || fabs(defects - reject) < 0.02) continue;
      assert_int_equal(sprt(&plan, n - defects, defects), want);
    }
  assert_int_equal(sprt(&plan, 23, 0), CM_STAT_CONTINUE); /* the first accepted is the 24th */
  assert_int_equal(sprt(&plan, 24, 0), CM_STAT_GOOD);
  assert_int_equal(sprt(&plan, 0, 2), CM_STAT_BAD);
}

/* How often a true rate gets the verdict, and the attempts it took. */
static double called(const cm_stat_sprt_plan *plan, double rate, cm_stat_verdict wanted,
                     double *attempts) {
  enum { PLAYS = 4000, CAP = 100000 };
  uint64_t seed = 99;
  unsigned hits = 0;
  double all = 0;
  for (int play = 0; play < PLAYS; play++) {
    uint64_t passes = 0, fails = 0;
    cm_stat_verdict v = CM_STAT_CONTINUE;
    while (v == CM_STAT_CONTINUE && passes + fails < CAP) {
      if (stats_uniform(&seed) < rate) passes++;
      else fails++;
      v = sprt(plan, passes, fails);
    }
    hits += v == wanted;
    all += (double)(passes + fails);
  }
  *attempts = all / PLAYS;
  return (double)hits / PLAYS;
}

static void sprt_keeps_its_risks(void **unused) {
  (void)unused;
  const cm_stat_sprt_plan plan = {.bad = 0.8, .good = 0.95, .alpha = 0.05, .beta = 0.10};
  double bad_took, good_took;
  const double false_good = called(&plan, plan.bad, CM_STAT_GOOD, &bad_took);
  const double false_bad = called(&plan, plan.good, CM_STAT_BAD, &good_took);
  print_message("called good: %.3f, called bad: %.3f, attempts: %.0f, %.0f\n", false_good,
                false_bad, bad_took, good_took);
  /* At most the risks and their sampling error; not much below, or the bounds are too wide. */
  assert_true(false_good < 0.06 && false_good > 0.02);
  assert_true(false_bad < 0.115 && false_bad > 0.04);
  assert_true(bad_took < 40 && good_took < 50);
}

static void sprt_refuses(void **unused) {
  (void)unused;
  const cm_stat_sprt_plan bad[] = {
      {0, 0.9, 0.1, 0.1},   {0.5, 1, 0.1, 0.1},   {0.9, 0.5, 0.1, 0.1}, {0.5, 0.5, 0.1, 0.1},
      {0.5, 0.9, 0, 0.1},   {0.5, 0.9, 0.1, 0},   {0.5, 0.9, 0.5, 0.5}, {NAN, 0.9, 0.1, 0.1},
      {0.5, NAN, 0.1, 0.1}, {0.5, 0.9, NAN, 0.1}, {0.5, 0.9, 0.1, NAN}};
  cm_stat_verdict v;
  cm_err e = {0};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(cm_stat_sprt(&bad[i], 10, 1, &v, &e), CM_E_USAGE);
  const cm_stat_sprt_plan plan = {0.5, 0.9, 0.1, 0.1};
  assert_int_equal(cm_stat_sprt(&plan, UINT64_MAX, 1, &v, &e), CM_E_LIMIT);
  assert_int_equal(v, CM_STAT_CONTINUE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wilson_is_r_s),
      cmocka_unit_test(wilson_is_newcombe_s),
      cmocka_unit_test(nothing_tried_is_nothing_known),
      cmocka_unit_test(wilson_refuses),
      cmocka_unit_test(mcnemar_is_r_s),
      cmocka_unit_test(mcnemar_is_agresti_s),
      cmocka_unit_test(mcnemar_counts_coins),
      cmocka_unit_test(mcnemar_has_a_limit),
      cmocka_unit_test(detectable_is_r_s),
      cmocka_unit_test(detectable_is_detected),
      cmocka_unit_test(detectable_refuses),
      cmocka_unit_test(sprt_is_nist_s),
      cmocka_unit_test(sprt_keeps_its_risks),
      cmocka_unit_test(sprt_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
