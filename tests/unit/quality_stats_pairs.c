/* rooms: quality base libs: m */
/* Two runs compared: the bootstrap of pass rates and the rank test of latencies, against R,
 * against published tables, and on data without a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quality/stats_parts.h"
#include "stats_table.h"

enum { ARENA_MAX = 4 << 20, ROUNDS_MANY = 100000 };

static cm_arena *arena;

static int open_arena(void **unused) {
  (void)unused;
  arena = cm_arena_open(ARENA_MAX);
  return arena ? 0 : -1;
}

static int close_arena(void **unused) {
  (void)unused;
  cm_arena_close(arena);
  return 0;
}

static cm_stat_difference bootstrap(const cm_stat_cluster *c, size_t n,
                                    const cm_stat_bootstrap_options *o) {
  cm_stat_difference d;
  cm_err e = {0};
  cm_arena_reset(arena);
  if (cm_stat_bootstrap(c, n, o, arena, &d, &e)) fail_msg("%s", e.msg);
  return d;
}

/* --- bootstrap --- */

/* R went through all draws that there are; ours are some of them at random, so the bounds lie
 * between the quantiles a little outside and inside, and the rest is off by its sampling error. */
static void bootstrap_row(stats_row *r) {
  cm_stat_cluster c[16];
  cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  const size_t n = r->column[0].n;
  o.rounds = ROUNDS_MANY;
  for (size_t i = 0; i < n; i++)
    c[i] = (cm_stat_cluster){(uint32_t)r->column[0].x[i], (uint32_t)r->column[1].x[i],
                             (uint32_t)r->column[2].x[i]};
  for (o.seed = 1; o.seed <= 3; o.seed++) {
    const cm_stat_difference d = bootstrap(c, n, &o);
    const double p = stats_one(r, 5), *q = r->column[6].x;
    stats_near(r, "difference", d.difference, stats_one(r, 3), 1e-12);
    stats_near(r, "se", d.se, stats_one(r, 4), 0.015);
    assert_true(fabs(d.p - p) < 6 * sqrt(2 * p / ROUNDS_MANY) + 2e-5);
    assert_true(d.lower >= q[0] - 1e-12 && d.lower <= q[1] + 1e-12);
    assert_true(d.upper >= q[2] - 1e-12 && d.upper <= q[3] + 1e-12);
  }
}

static void bootstrap_is_every_draw(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("bootstrap", bootstrap_row), 4);
}

static void bootstrap_repeats(void **unused) {
  (void)unused;
  cm_stat_cluster c[50];
  cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  for (uint32_t i = 0; i < 50; i++) c[i] = (cm_stat_cluster){1 + i % 3, i % 2, (i / 2) % 2};
  const cm_stat_difference one = bootstrap(c, 50, &o), same = bootstrap(c, 50, &o);
  assert_memory_equal(&one, &same, sizeof one);
  o.seed = 2;
  assert_true(bootstrap(c, 50, &o).se != one.se);
}

/* 40 clusters of 5 that agree within: the error is that of 40, not of 200, outcomes. With equal
 * sizes it is the standard deviation of the clusters' differences by sqrt(40). */
static void paraphrases_are_no_new_evidence(void **unused) {
  (void)unused;
  cm_stat_cluster together[40], apart[200];
  cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  for (uint32_t i = 0; i < 40; i++) together[i] = (cm_stat_cluster){5, 5, i < 8 ? 0 : 5};
  for (uint32_t i = 0; i < 200; i++) apart[i] = (cm_stat_cluster){1, 1, i >= 40};
  const cm_stat_difference few = bootstrap(together, 40, &o), many = bootstrap(apart, 200, &o);
  assert_true(few.difference == many.difference);
  assert_true(fabs(few.se - sqrt(0.2 * 0.8 / 40)) < 0.03 * few.se);
  assert_true(fabs(many.se - sqrt(0.2 * 0.8 / 200)) < 0.03 * many.se);
}

/* Two runs of one program that fails at random: 5 % of the intervals or fewer leave 0 out. */
static void bootstrap_is_silent_on_noise(void **unused) {
  (void)unused;
  enum { PLAYS = 1000, N = 100 };
  cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  uint64_t seed = 17;
  unsigned alarms = 0, outside = 0;
  o.rounds = 999;
  for (int play = 0; play < PLAYS; play++) {
    cm_stat_cluster c[N];
    for (size_t i = 0; i < N; i++)
      c[i] = (cm_stat_cluster){1, stats_uniform(&seed) < 0.8, stats_uniform(&seed) < 0.8};
    const cm_stat_difference d = bootstrap(c, N, &o);
    alarms += d.p <= 0.05;
    outside += d.lower > 0 || d.upper < 0;
  }
  print_message("%u of %d alarms, %u intervals without 0\n", alarms, PLAYS, outside);
  assert_true(alarms < 0.075 * PLAYS && outside < 0.085 * PLAYS && outside > 0.02 * PLAYS);
}

/* No round reaches 0: p is as small as the rounds allow, and not 0. */
static void no_p_is_zero(void **unused) {
  (void)unused;
  cm_stat_cluster c[100];
  cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  for (uint32_t i = 0; i < 100; i++) c[i] = (cm_stat_cluster){1, 1, i % 10 == 0};
  o.rounds = 999;
  assert_true(bootstrap(c, 100, &o).p == 2.0 / 1000);
}

static void bootstrap_of_little(void **unused) {
  (void)unused;
  const cm_stat_cluster same[3] = {{1, 1, 1}, {2, 0, 0}, {3, 2, 2}}, one = {4, 4, 0};
  const cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  cm_stat_difference d = bootstrap(same, 3, &o);
  assert_true(d.difference == 0 && d.lower == 0 && d.upper == 0 && d.p == 1);
  d = bootstrap(&one, 1, &o); /* one cluster can't say how clusters differ */
  assert_true(d.difference == -1 && d.lower == -1 && d.upper == 1 && d.p == 1);
  assert_false(cm_stat_known(d.se));
  d = bootstrap(&one, 0, &o);
  assert_true(!cm_stat_known(d.difference) && d.lower == -1 && d.upper == 1 && d.p == 1);
}

static cm_code refused(cm_stat_cluster c, size_t n, double confidence, uint32_t rounds) {
  const cm_stat_bootstrap_options o = {confidence, rounds, 1};
  cm_stat_difference d;
  cm_err e = {0};
  return cm_stat_bootstrap(&c, n, &o, arena, &d, &e);
}

static void bootstrap_refuses(void **unused) {
  (void)unused;
  const cm_stat_cluster fine = {3, 2, 1};
  assert_int_equal(refused(fine, 1, 0.95, 100), CM_OK);
  assert_int_equal(refused((cm_stat_cluster){0, 0, 0}, 1, 0.95, 100), CM_E_USAGE);
  assert_int_equal(refused((cm_stat_cluster){3, 4, 0}, 1, 0.95, 100), CM_E_USAGE);
  assert_int_equal(refused((cm_stat_cluster){3, 0, 4}, 1, 0.95, 100), CM_E_USAGE);
  assert_int_equal(refused((cm_stat_cluster){1000001, 0, 4}, 1, 0.95, 100), CM_E_USAGE);
  assert_int_equal(refused(fine, 1, 1, 100), CM_E_USAGE);
  assert_int_equal(refused(fine, 1, NAN, 100), CM_E_USAGE);
  assert_int_equal(refused(fine, 1, 0.95, 99), CM_E_USAGE);
  assert_int_equal(refused(fine, 1, 0.95, 100001), CM_E_USAGE);
  assert_int_equal(refused(fine, SIZE_MAX, 0.95, 100), CM_E_LIMIT);
}

static void bootstrap_without_memory(void **unused) {
  (void)unused;
  const cm_stat_cluster c[2] = {{1, 1, 0}, {1, 1, 1}};
  const cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  cm_stat_difference d;
  cm_err e = {0};
  cm_arena *small = cm_arena_open(1000);
  assert_int_equal(cm_stat_bootstrap(c, 2, &o, small, &d, &e), CM_E_NOMEM);
  assert_true(d.p == 1);
  cm_arena_close(small);
}

/* --- ranks --- */

static cm_stat_shift shift(double *base, size_t nb, double *head, size_t nh) {
  cm_stat_shift s;
  cm_err e = {0};
  if (cm_stat_shift_of(base, nb, head, nh, &s, &e)) fail_msg("%s", e.msg);
  return s;
}

static void shift_row(stats_row *r) {
  stats_list *base = &r->column[0], *head = &r->column[1];
  const cm_stat_shift s = shift(base->x, base->n, head->x, head->n);
  assert_int_equal(s.exact, stats_one(r, 2) != 0);
  stats_near(r, "U", s.u, stats_one(r, 3), 0);
  stats_near(r, "greater", s.p_greater, stats_one(r, 4), 1e-11);
  stats_near(r, "less", s.p_less, stats_one(r, 5), 1e-11);
  stats_near(r, "two-sided", s.p_two_sided, stats_one(r, 6), 1e-11);
}

static void shift_is_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("shift", shift_row), 62);
}

/* Two lists without ties and this U. */
static cm_stat_shift with_u(size_t nb, size_t nh, size_t u) {
  double base[40], head[40];
  for (size_t i = 0; i < nb; i++) base[i] = (double)(i + 1);
  for (size_t j = 0; j < nh; j++) { /* head[j] stands above as many of base as are still owed */
    const size_t above = u < nb ? u : nb;
    head[j] = (double)above + 0.5 + (double)j * 1e-3;
    u -= above;
  }
  return shift(base, nb, head, nh);
}

/* The largest U that is significant, two-sided at .05 and at .01: the tables after Mann and
 * Whitney (1947) and Auble (1953), as in Siegel, "Nonparametric Statistics", 1956, table K. */
static void critical_values_are_the_tables(void **unused) {
  (void)unused;
  static const struct {
    size_t m, n, at_5, at_1;
  } rows[] = {{5, 5, 2, 0},       {6, 6, 5, 2},     {7, 7, 8, 4},     {8, 8, 13, 7},
              {9, 9, 17, 11},     {10, 10, 23, 16}, {12, 12, 37, 27}, {15, 15, 64, 51},
              {20, 20, 127, 105}, {5, 10, 8, 4},    {8, 15, 29, 20},  {10, 20, 55, 42}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const size_t m = rows[i].m, n = rows[i].n;
    assert_true(with_u(m, n, rows[i].at_5).p_two_sided <= 0.05);
    assert_true(with_u(m, n, rows[i].at_5 + 1).p_two_sided > 0.05);
    assert_true(with_u(m, n, rows[i].at_1).p_two_sided <= 0.01);
    assert_true(with_u(m, n, rows[i].at_1 + 1).p_two_sided > 0.01);
  }
}

/* Both sides of every U of small lists, where the law is symmetric. */
static void the_law_is_symmetric(void **unused) {
  (void)unused;
  for (size_t m = 1; m <= 7; m++)
    for (size_t n = 1; n <= 7; n++)
      for (size_t u = 0; u <= m * n; u++) {
        const cm_stat_shift s = with_u(m, n, u), mirror = with_u(m, n, m * n - u);
        assert_true(s.exact && s.u == (double)u);
        assert_true(fabs(s.p_less - mirror.p_greater) < 1e-12);
        assert_true(s.p_less + s.p_greater > 1 && s.p_two_sided <= 1);
      }
}

static void ratio_is_of_medians(void **unused) {
  (void)unused;
  double base[] = {4, 1, 3, 2}, head[] = {30, 5, 1};
  cm_stat_shift s = shift(base, 4, head, 3);
  assert_true(s.base_median == 2.5 && s.head_median == 5 && s.ratio == 2);
  double zero[] = {-1, 0, 1};
  assert_false(cm_stat_known(shift(zero, 3, head, 3).ratio));
}

static void empty_and_equal_lists_say_nothing(void **unused) {
  (void)unused;
  double x[40], y[40];
  for (size_t i = 0; i < 40; i++) x[i] = y[i] = 3;
  cm_stat_shift s = shift(x, 40, y, 40);
  assert_true(s.p_greater == 1 && s.p_less == 1 && s.p_two_sided == 1 && s.ratio == 1);
  s = shift(x, 0, y, 5);
  assert_true(s.p_greater == 1 && s.p_two_sided == 1 && !cm_stat_known(s.ratio));
  s = shift(x, 5, y, 0);
  assert_true(s.p_greater == 1 && s.p_two_sided == 1 && !cm_stat_known(s.ratio));
  s = shift(x, 0, y, 0);
  assert_true(s.p_two_sided == 1 && !cm_stat_known(s.base_median));
}

static void ranks_refuse_what_is_no_number(void **unused) {
  (void)unused;
  double good[] = {1, 2, 3}, bad[] = {1, NAN, 3};
  cm_stat_shift s;
  cm_err e = {0};
  assert_int_equal(cm_stat_shift_of(good, 3, bad, 3, &s, &e), CM_E_FORMAT);
  assert_int_equal(cm_stat_shift_of(bad, 3, good, 3, &s, &e), CM_E_FORMAT);
  assert_true(e.pos == 1 && s.p_greater == 1 && s.p_two_sided == 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bootstrap_is_every_draw),
      cmocka_unit_test(bootstrap_repeats),
      cmocka_unit_test(paraphrases_are_no_new_evidence),
      cmocka_unit_test(bootstrap_is_silent_on_noise),
      cmocka_unit_test(no_p_is_zero),
      cmocka_unit_test(bootstrap_of_little),
      cmocka_unit_test(bootstrap_refuses),
      cmocka_unit_test(bootstrap_without_memory),
      cmocka_unit_test(shift_is_r_s),
      cmocka_unit_test(critical_values_are_the_tables),
      cmocka_unit_test(the_law_is_symmetric),
      cmocka_unit_test(ratio_is_of_medians),
      cmocka_unit_test(empty_and_equal_lists_say_nothing),
      cmocka_unit_test(ranks_refuse_what_is_no_number),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
