/* rooms: quality base libs: m */
/* Changes of level in a history: found where R's brute force finds them, found when they are
 * there, and not when they aren't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quality/stats_parts.h"
#include "stats_table.h"

enum { ARENA_MAX = 64 << 10 };

static cm_arena *arena;
static const cm_stat_change *found;
static size_t n_found;

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

static void look(const double *x, size_t n, const cm_stat_change_options *o) {
  cm_err e = {0};
  cm_arena_reset(arena);
  if (cm_stat_changes(x, n, o, arena, &found, &n_found, &e)) fail_msg("%s", e.msg);
  for (size_t i = 0; i < n_found; i++) {
    const size_t before = i ? found[i - 1].at : 0;
    assert_true(found[i].at >= before + o->min_segment && found[i].at + o->min_segment <= n);
    assert_true(found[i].p > 0 && found[i].p <= o->alpha && found[i].before != found[i].after);
  }
}

static double median_of(const double *x, size_t from, size_t to) {
  double copy[CM_STAT_HISTORY_MAX];
  memcpy(copy, x + from, (to - from) * sizeof *copy);
  cm_stat_heapsort(copy, to - from);
  return cm_stat_quantile(copy, to - from, 0.5);
}

/* --- against R --- */

static void is_change(const stats_list *x, const cm_stat_change *c, size_t from, size_t at,
                      size_t to) {
  assert_int_equal(c->at, at);
  assert_true(c->before == median_of(x->x, from, at) && c->after == median_of(x->x, at, to));
  assert_true(c->ratio == c->after / c->before);
  assert_true(c->p >= 0.001 && c->p <= 0.01); /* 1 of 999 permutations and the history */
}

static void changes_row(stats_row *r) {
  const stats_list *x = &r->column[1];
  const size_t from = (size_t)stats_one(r, 2), to = (size_t)stats_one(r, 3);
  const cm_stat_change_options o = cm_stat_change_defaults();
  look(x->x, x->n, &o);
  size_t i = 0;
  if (from > 0) is_change(x, &found[i++], 0, from, to);
  if (to < x->n) is_change(x, &found[i++], from, to, x->n);
  assert_int_equal(n_found, i);
}

/* Among them the Nile, which fell in 1899, its 29th value: Cobb, "The Problem of the Nile",
 * Biometrika 65, 1978. */
static void changes_are_r_s(void **unused) {
  (void)unused;
  assert_int_equal(stats_each("changes", changes_row), 6);
}

/* --- played through --- */

/* Latency as machines have it: 2 % of noise, and one value of 50 is late by up to a half. */
static void latencies(double *x, size_t n, uint64_t *seed) {
  for (size_t i = 0; i < n; i++) {
    x[i] = 250 * exp(0.02 * stats_gauss(seed));
    if (stats_uniform(seed) < 0.02) x[i] *= 1 + 0.5 * stats_uniform(seed);
  }
}

/* Pass rates of 200 cases: many ties. */
static void pass_rates(double *x, size_t n, uint64_t *seed) {
  for (size_t i = 0; i < n; i++) {
    unsigned passed = 0;
    for (int j = 0; j < 200; j++) passed += stats_uniform(seed) < 0.96;
    x[i] = passed / 200.0;
  }
}

static unsigned alarms(void (*fill)(double *, size_t, uint64_t *), size_t n, double alpha) {
  cm_stat_change_options o = cm_stat_change_defaults();
  uint64_t seed = 1234 + n;
  unsigned count = 0;
  o.alpha = alpha, o.min_change = 0;
  for (int play = 0; play < 1000; play++) {
    double x[100];
    fill(x, n, &seed);
    look(x, n, &o);
    count += n_found > 0;
  }
  print_message("%u of 1000 histories of %zu give a false alarm at %g\n", count, n, alpha);
  return count;
}

/* At most the level, and three times the sampling error of 1,000 histories. */
static void noise_is_silent(void **unused) {
  (void)unused;
  assert_true(alarms(latencies, 60, 0.01) <= 10 + 9);
  assert_true(alarms(latencies, 25, 0.05) <= 50 + 21);
  assert_true(alarms(pass_rates, 30, 0.05) <= 50 + 21);
}

/* How many of 100 histories give exactly this step, two values off at most. */
static unsigned steps_found(size_t n, size_t at, double by) {
  cm_stat_change_options o = cm_stat_change_defaults();
  uint64_t seed = 77;
  unsigned hits = 0;
  o.permutations = 199; /* sanitizers are slow */
  for (int play = 0; play < 100; play++) {
    double x[200];
    latencies(x, n, &seed);
    for (size_t i = at; i < n; i++) x[i] *= by;
    look(x, n, &o);
    if (n_found != 1) continue;
    const bool there = found[0].at + 2 >= at && found[0].at <= at + 2;
    hits += there && fabs(found[0].ratio - by) < 0.04;
  }
  print_message("%u of 100: a step to %.0f %% at %zu of %zu\n", hits, 100 * by, at, n);
  return hits;
}

static void steps_are_found(void **unused) {
  (void)unused;
  assert_true(steps_found(60, 30, 1.05) >= 80);
  assert_true(steps_found(60, 30, 0.95) >= 80);
  assert_true(steps_found(60, 45, 1.10) >= 90);
  assert_true(steps_found(60, 54, 1.10) >= 85);
  assert_true(steps_found(60, 56, 1.10) >= 70); /* the newest 4 values */
  assert_true(steps_found(150, 60, 1.05) >= 80);
}

static void several_steps_are_found(void **unused) {
  (void)unused;
  const cm_stat_change_options o = cm_stat_change_defaults();
  double x[160];
  uint64_t seed = 5;
  latencies(x, 160, &seed);
  for (size_t i = 40; i < 160; i++) x[i] *= 1.10;
  for (size_t i = 90; i < 100; i++) x[i] *= 1.15; /* for ten runs */
  for (size_t i = 130; i < 160; i++) x[i] *= 0.90;
  look(x, 160, &o);
  static const size_t want[] = {40, 90, 100, 130};
  assert_int_equal(n_found, 4);
  for (size_t i = 0; i < 4; i++)
    assert_true(found[i].at + 2 >= want[i] && found[i].at <= want[i] + 2);
}

/* --- edges --- */

static void small_changes_stay_unsaid(void **unused) {
  (void)unused;
  cm_stat_change_options o = cm_stat_change_defaults();
  double x[40];
  for (size_t i = 0; i < 40; i++) x[i] = (i < 20 ? 1000 : 1050) + (double)(i * 7 % 5);
  o.min_change = 0.06;
  look(x, 40, &o);
  assert_int_equal(n_found, 0);
  o.min_change = 0.04;
  look(x, 40, &o);
  assert_int_equal(n_found, 1);
  assert_int_equal(found[0].at, 20);
}

static void outliers_are_no_change(void **unused) {
  (void)unused;
  const cm_stat_change_options o = cm_stat_change_defaults();
  double x[50];
  for (size_t i = 0; i < 50; i++) x[i] = 100 + (double)(i * 7 % 5);
  x[20] = 1e6, x[49] = -1e6, x[0] = 1e9;
  look(x, 50, &o);
  assert_int_equal(n_found, 0);
}

static void short_and_flat_histories_have_none(void **unused) {
  (void)unused;
  const cm_stat_change_options o = cm_stat_change_defaults();
  double x[200];
  for (size_t i = 0; i < 200; i++) x[i] = 1;
  for (size_t n = 0; n <= 200; n += 20) {
    look(x, n, &o);
    assert_int_equal(n_found, 0);
  }
  for (size_t i = 0; i < 7; i++) x[i] = i < 3 ? 1 : 100;
  look(x, 7, &o);
  assert_int_equal(n_found, 0);
}

/* The newest 3 of 40 are no stretch yet, the newest 4 are. */
static void stretches_have_a_length(void **unused) {
  (void)unused;
  cm_stat_change_options o = cm_stat_change_defaults();
  double x[40];
  for (size_t i = 0; i < 40; i++) x[i] = (i < 37 ? 100 : 130) + (double)(i * 7 % 5);
  look(x, 40, &o);
  assert_int_equal(n_found, 0);
  o.min_segment = 3;
  look(x, 40, &o);
  assert_true(n_found == 1 && found[0].at == 37);
}

/* A change to 0 has no ratio, and one from 0 neither; both are changes. */
static void zero_is_a_level(void **unused) {
  (void)unused;
  const cm_stat_change_options o = cm_stat_change_defaults();
  double x[45];
  for (size_t i = 0; i < 45; i++) x[i] = i >= 15 && i < 30 ? 0 : 10 + (double)(i % 3);
  look(x, 45, &o);
  assert_int_equal(n_found, 2);
  assert_true(found[0].at == 15 && found[0].ratio == 0 && found[0].after == 0);
  assert_true(found[1].at == 30 && found[1].before == 0 && !cm_stat_known(found[1].ratio));
}

static void answers_repeat(void **unused) {
  (void)unused;
  cm_stat_change_options o = cm_stat_change_defaults();
  cm_stat_change first[8];
  double x[80];
  uint64_t seed = 3;
  latencies(x, 80, &seed);
  for (size_t i = 50; i < 80; i++) x[i] *= 1.03;
  o.alpha = 0.3;
  look(x, 80, &o);
  assert_true(n_found >= 1 && n_found <= 8);
  memcpy(first, found, n_found * sizeof *first);
  const size_t n = n_found;
  look(x, 80, &o);
  assert_int_equal(n_found, n);
  assert_memory_equal(found, first, n * sizeof *first);
}

/* The longest history, with as many changes as fit, in the memory that the header states. */
static void the_longest_history_fits(void **unused) {
  (void)unused;
  cm_stat_change_options o = cm_stat_change_defaults();
  double x[CM_STAT_HISTORY_MAX + 1];
  cm_err e = {0};
  for (size_t i = 0; i <= CM_STAT_HISTORY_MAX; i++) x[i] = (i / 100) % 2 ? 200 : 100;
  o.permutations = 99;
  look(x, CM_STAT_HISTORY_MAX, &o);
  assert_int_equal(n_found, 9);
  for (size_t i = 0; i < 9; i++) assert_int_equal(found[i].at, 100 * (i + 1));
  assert_int_equal(cm_stat_changes(x, CM_STAT_HISTORY_MAX + 1, &o, arena, &found, &n_found, &e),
                   CM_E_LIMIT);
  assert_true(found == NULL && n_found == 0);
}

static void options_out_of_range(void **unused) {
  (void)unused;
  const cm_stat_change_options bad[] = {{0, 0, 4, 999, 1},      {0.6, 0, 4, 999, 1},
                                        {NAN, 0, 4, 999, 1},    {0.01, -1, 4, 999, 1},
                                        {0.01, NAN, 4, 999, 1}, {0.01, 0, 1, 999, 1},
                                        {0.01, 0, 4, 98, 1},    {0.001, 0, 4, 99, 1},
                                        {0.01, 0, 4, 10000, 1}, {0.5, 0, 4, UINT32_MAX, 1}};
  double x[20] = {0};
  cm_err e = {0};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(cm_stat_changes(x, 20, &bad[i], arena, &found, &n_found, &e), CM_E_USAGE);
  const cm_stat_change_options o = cm_stat_change_defaults();
  x[7] = NAN;
  assert_int_equal(cm_stat_changes(x, 20, &o, arena, &found, &n_found, &e), CM_E_FORMAT);
  assert_int_equal(e.pos, 7);
}

static void without_memory(void **unused) {
  (void)unused;
  const cm_stat_change_options o = cm_stat_change_defaults();
  double x[100] = {0};
  cm_err e = {0};
  for (size_t size = 100; size < 2000; size += 500) {
    cm_arena *small = cm_arena_open(size);
    assert_int_equal(cm_stat_changes(x, 100, &o, small, &found, &n_found, &e), CM_E_NOMEM);
    cm_arena_close(small);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(changes_are_r_s),
      cmocka_unit_test(noise_is_silent),
      cmocka_unit_test(steps_are_found),
      cmocka_unit_test(several_steps_are_found),
      cmocka_unit_test(small_changes_stay_unsaid),
      cmocka_unit_test(outliers_are_no_change),
      cmocka_unit_test(short_and_flat_histories_have_none),
      cmocka_unit_test(stretches_have_a_length),
      cmocka_unit_test(zero_is_a_level),
      cmocka_unit_test(answers_repeat),
      cmocka_unit_test(the_longest_history_fits),
      cmocka_unit_test(options_out_of_range),
      cmocka_unit_test(without_memory),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
