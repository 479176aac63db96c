/* rooms: base sh safety data */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quality/summary.h"
#include "quality_records.h"

static cm_arena *arena;

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(64 << 20);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  cm_arena_close(arena);
  return 0;
}

static cm_summary summary_of(const cm_record *r) {
  cm_summary s;
  cm_err e = {0};
  if (cm_summarize(r, arena, &s, &e)) fail_msg("%s", e.msg);
  return s;
}

static void near(double got, double want) {
  if (!(fabs(got - want) <= 1e-6 * fabs(want))) fail_msg("%.9g, not %.9g", got, want);
}

/* The sample has every state once, then a second failure that is a miss of safety. */
static void test_counts(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  cm_summary s = summary_of(&r);
  assert_int_equal(s.all.total, 12);
  assert_int_equal(s.all.passed, 2);
  assert_int_equal(s.all.failed, 5);
  for (int i = 0; i < CM_STATES; i++) assert_int_equal(s.all.counts[i], i == CM_FAIL ? 2 : 1);
  /* 2 of 10: skip and xfail were not tried. R: prop.test(2, 10, correct = FALSE)$conf.int */
  near(s.all.pass_rate, 0.2);
  near(s.all.low, 0.05668215);
  near(s.all.high, 0.50983753);
  assert_int_equal(s.safety_missed, 1);
  assert_int_equal(s.safety_cases, 2);
  assert_int_equal(s.quarantined, 1);
}

static void test_groups(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  cm_summary s = summary_of(&r);
  size_t total = 0, tiers = 0;
  assert_int_equal(s.n_categories, 4);
  assert_true(cm_str_is(s.categories[0].name, "files") && s.categories[0].total == 4);
  assert_true(cm_str_is(s.categories[3].name, "(none)") && s.categories[3].total == 1);
  for (size_t i = 0; i < s.n_categories; i++) total += s.categories[i].total;
  for (size_t i = 0; i < s.n_tiers; i++) tiers += s.tiers[i].total;
  assert_int_equal(total, 12);
  assert_int_equal(tiers, 11); /* one case never ran */
}

/* Thousands of categories (a hostile file) stay few, and all cases are in one of them. */
static void test_many_groups(void **state) {
  (void)state;
  enum { MANY = 3000 };
  cm_record r = sample_record(arena);
  const cm_result one = r.results[0];
  r.results = cm_arena_alloc(arena, MANY, sizeof *r.results);
  r.n = MANY;
  for (size_t i = 0; i < r.n; i++) {
    char *name = cm_arena_alloc(arena, 8, 1);
    r.results[i] = one;
    r.results[i].category = (cm_str){name, (size_t)snprintf(name, 8, "%zu", i)};
  }
  cm_summary s = summary_of(&r);
  size_t total = 0;
  for (size_t i = 0; i < s.n_categories; i++) total += s.categories[i].total;
  assert_int_equal(s.n_categories, 256);
  assert_int_equal(total, MANY);
  assert_true(cm_str_is(s.categories[255].name, "(others)"));
}

/* Totals are 100.25 + 10 i for i of 0 to 11 but 10; those of a model have i of 0, 3, 6 and 9. */
static void test_spread(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  cm_summary s = summary_of(&r);
  assert_int_equal(s.total.n, 4);
  near(s.total.average, 145.25);
  near(s.total.p50, 145.25);
  near(s.total.max, 190.25);
  assert_true(isnan(s.total.p95) && isnan(s.total.p99));
  assert_true(s.exec.n == 0 && isnan(s.exec.average) && isnan(s.exec.p50));
  /* 11 tokens behind the first in each of 11 answers, in 79.75 + 9 i ms */
  near(s.tokens_per_second, 121 / (11 * 79.75 + 9 * 56) * 1e3);
}

static void test_p95(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  const cm_result one = r.results[0];
  r.results = cm_arena_alloc(arena, 20, sizeof *r.results);
  for (size_t i = 0; i < 20; i++) {
    r.results[i] = one;
    r.results[i].latency.total = (double)i + 1;
  }
  r.n = 19;
  assert_true(isnan(summary_of(&r).total.p95));
  r.n = 20;
  near(summary_of(&r).total.p95, 19.05); /* R: quantile(1:20, .95) */
}

static void test_empty(void **state) {
  (void)state;
  cm_record r = {0};
  cm_summary s = summary_of(&r);
  assert_true(s.all.total == 0 && isnan(s.all.pass_rate) && isnan(s.total.average));
  assert_true(s.all.low == 0 && s.all.high == 1 && isnan(s.tokens_per_second));
}

/* --- budgets --- */

static const cm_budget_line *line(const cm_summary *s, const char *name) {
  for (size_t i = 0; i < s->n_budgets; i++)
    if (cm_str_is(s->budgets[i].name, name)) return &s->budgets[i];
  return NULL;
}

/* The plan's table (SPEC section 7), at and just above each limit. */
static const struct {
  const char *backend, *model, *name;
  double ms;
  const char *status;
} plan[] = {
    {"cpu", "qwen2.5-0.5b-instruct", "cpu 0.5B total mean", 3000, "target"},
    {"cpu", "qwen2.5-0.5b-instruct", "cpu 0.5B total mean", 3001, "acceptable"},
    {"cpu", "Qwen2.5-0.5B", "cpu 0.5B total mean", 5000, "acceptable"},
    {"cpu", "Qwen2.5-0.5B", "cpu 0.5B total mean", 5001, "slow"},
    {"cpu", "qwen2.5:0.5b", "cpu 0.5B total mean", 8001, "fail"},
    {"cpu", "0.5b", "cpu 0.5B total p95", 8001, "fail"},
    {"cpu", "qwen2.5-1.5b", "cpu 1.5B total p95", 15000, "slow"},
    {"cpu", "qwen2.5-1.5b", "cpu 1.5B total p95", 15001, "fail"},
    {"mlx", "qwen2.5-0.5b", "mlx 0.5B total p95", 1000, "target"},
    {"mlx", "qwen2.5-1.5b", "mlx 1.5B total p95", 3001, "slow"},
    {"ollama", "qwen2.5:0.5b", "ollama 0.5B total p95", 5001, "slow"},
    {"ollama", "qwen2.5:1.5b", "ollama 1.5B total p95", 1, NULL},
    {"cpu", "qwen-10.5b", "cpu 0.5B total p95", 1, NULL},
    {"cpu", "qwen-2.0.5b", "cpu 0.5B total p95", 1, NULL},
    {"vllm", "qwen2.5-0.5b", "vllm 0.5B total p95", 1, NULL},
};

static void test_plan(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof plan / sizeof *plan; i++) {
    cm_record r = sample_record(arena);
    const cm_result one = r.results[0];
    r.results = cm_arena_alloc(arena, 20, sizeof *r.results);
    r.n = 20;
    for (size_t k = 0; k < r.n; k++) {
      r.results[k] = one;
      r.results[k].latency.total = plan[i].ms;
    }
    r.manifest.backend = cm_str_of(plan[i].backend);
    r.manifest.model_id = cm_str_of(plan[i].model);
    cm_summary s = summary_of(&r);
    const cm_budget_line *b = line(&s, plan[i].name);
    if (!plan[i].status) assert_null(b);
    else if (!b || strcmp(b->status, plan[i].status) != 0 || b->value != plan[i].ms)
      fail_msg("%zu: %s", i, b ? b->status : "missing");
  }
}

/* Eleven values prove no p95: that is no pass of the budget. */
static void test_no_data(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  cm_summary s = summary_of(&r);
  const cm_budget_line *b = line(&s, "cpu 0.5B total p95");
  assert_true(b && strcmp(b->status, "no data") == 0 && isnan(b->value));
}

static void test_memory(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  static const struct {
    const char *os;
    double mb;
    const char *status;
  } rows[] = {{"linux", 8192, "target"},
              {"linux", 8193, "fail"},
              {"macos", 12288, "target"},
              {"macos", 12289, "fail"},
              {"linux", 0, "no data"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    r.manifest.os = cm_str_of(rows[i].os);
    r.peak_rss_mb = rows[i].mb;
    cm_summary s = summary_of(&r);
    assert_string_equal(line(&s, "peak memory")->status, rows[i].status);
  }
}

/* A case's own budget: the runner says that it was broken, the report how much was measured. */
static void test_case_budgets(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  sample_reason(&r.results[0], arena, "budget.total_ms", CM_STR("100.2 ms, at most 50"));
  sample_reason(&r.results[0], arena, "budget.peak_rss_mb", CM_STR("700 MB, at most 600"));
  sample_reason(&r.results[2], arena, "budget.ttft_ms", CM_STR("22.5 ms, at most 5"));
  cm_summary s = summary_of(&r);
  const cm_budget_line *total = line(&s, "list-files budget.total_ms");
  const cm_budget_line *memory = line(&s, "list-files budget.peak_rss_mb");
  assert_true(total && total->value == 100.25 && strcmp(total->status, "fail") == 0);
  assert_true(memory && memory->value == 700 && strcmp(memory->unit, "MB") == 0);
  assert_true(s.budgets[s.n_budgets - 1].value == 22.5);
}

static void test_no_memory(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  cm_code code = CM_E_NOMEM;
  for (uint64_t n = 1; code; n++) {
    cm_summary s;
    cm_arena *own = cm_arena_open(1 << 20);
    cm_mem_fail_nth(n);
    code = own ? cm_summarize(&r, own, &s, NULL) : CM_E_NOMEM;
    cm_mem_fail_nth(0);
    assert_true(code == CM_OK || code == CM_E_NOMEM);
    cm_arena_close(own);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_counts, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_groups, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_many_groups, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_spread, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_p95, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_plan, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_no_data, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_case_budgets, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
