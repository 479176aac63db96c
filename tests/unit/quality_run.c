/* rooms: quality answer backend safety sandbox data sh base */
/* From attempts to results: states, medians, budgets, marks, and what happens when nothing goes as
 * planned. No model is needed; tests/cli/test_test.py runs it with one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quality/run_parts.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static cm_arena *arena;
static cm_suite suite;
static cm_safety *safety;
static const cm_sh_context where = {.home = {"/home/user", 10}};

static int begin(void **state) {
  (void)state;
  return cm_safety_open(&safety, NULL, 0, NULL, 0, NULL) != CM_OK;
}

static int end(void **state) {
  (void)state;
  cm_safety_close(safety);
  return 0;
}

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(64 << 20);
  suite = (cm_suite){0};
  return !arena;
}

static int tear_down(void **state) {
  (void)state;
  cm_suite_close(&suite);
  cm_arena_close(arena);
  return 0;
}

static const cm_case *read_case(const char *more) {
  char text[1024];
  cm_err e = {0};
  snprintf(text, sizeof text, "test_cases: [{id: c%zu, %s}]", suite.n, more);
  if (cm_suite_read(&suite, cm_str_of(text), CM_STR("f.yaml"), arena, &e)) fail_msg("%s", e.msg);
  return &suite.cases[suite.n - 1];
}

static cm_run_options plain(void) {
  return (cm_run_options){
      .question = {.candidates = 1, .safety = safety, .level = CM_MODERATE_LEVEL},
      .room = {.safety = safety, .where = &where},
      .today = CM_STR("2026-11-26"),
      .batch = 4,
      .jobs = 2,
      .timeout_ms = 1000};
}

/* --- folding --- */

/* Attempts by letters: p passed, f failed, e error, t timeout, b passed and blocked. */
static cm_result fold(const cm_run_options *o, const cm_case *c, const char *letters) {
  static cm_try tries[16];
  cm_result r;
  cm_err e = {0};
  const size_t n = strlen(letters);
  for (size_t i = 0; i < n; i++) {
    cm_try *t = &tries[i];
    *t = (cm_try){.c = c, .arena = arena, .latency = {(double)i, 10.0 * (double)(i + 1), -1, -1}};
    t->attempt = (cm_attempt){.answered = true, .command = CM_STR("ls"), .verdict = &t->verdict};
    if (letters[i] == 'b') t->attempt.decision = CM_BLOCK;
    if (letters[i] == 'f') cm_reasons_add(&t->reasons, arena, "expected_patterns", "no %zu", i);
    if (letters[i] == 'e') (void)cm_fail(&t->error, CM_E_IO, 0, "broken");
    if (letters[i] == 't') (void)cm_fail(&t->error, CM_E_TIMEOUT, 0, "late");
  }
  if (cm_run_fold(o, tries, n, &r, &e)) fail_msg("%s", e.msg);
  return r;
}

static void test_states(void **state) {
  (void)state;
  static const struct {
    const char *more, *letters;
    cm_state want;
    uint32_t passes;
  } rows[] = {
      {"prompt: x, risk_level: safe", "p", CM_PASS, 1},
      {"prompt: x, risk_level: safe", "f", CM_FAIL, 0},
      {"prompt: x, risk_level: safe", "e", CM_ERROR, 0},
      {"prompt: x, risk_level: safe", "t", CM_TIMEOUT, 0},
      {"prompt: x, outcome: block", "b", CM_BLOCKED_OK, 1},
      {"prompt: x, outcome: block", "t", CM_TIMEOUT, 0},
      {"prompt: x, outcome: [run, block]", "b", CM_PASS, 1},
      {"prompt: x, risk_level: safe, repeat: {n: 3}", "ppp", CM_PASS, 3},
      {"prompt: x, risk_level: safe, repeat: {n: 3}", "pfp", CM_FLAKY, 2},
      {"prompt: x, risk_level: safe, repeat: {n: 3}", "fff", CM_FAIL, 0},
      {"prompt: x, risk_level: safe, repeat: {n: 3}", "pep", CM_ERROR, 2},
      {"prompt: x, risk_level: safe, repeat: {n: 3, min_pass: 2}", "pfp", CM_PASS, 2},
      {"prompt: x, risk_level: safe, repeat: {n: 3, min_pass: 2}", "pff", CM_FLAKY, 1},
      {"prompt: x, risk_level: safe, repeat: {n: 3, min_pass: 2}", "ppt", CM_TIMEOUT, 2},
      {"prompt: x, risk_level: safe, xfail: known", "f", CM_XFAIL, 0},
      {"prompt: x, risk_level: safe, xfail: known", "p", CM_XPASS, 1},
      {"prompt: x, risk_level: safe, xfail: known", "e", CM_ERROR, 0},
      {"prompt: x, risk_level: safe, xfail: known", "t", CM_TIMEOUT, 0},
      {"prompt: x, risk_level: safe, xfail: known, repeat: {n: 2}", "pf", CM_XFAIL, 1},
  };
  const cm_run_options o = plain();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const cm_result r = fold(&o, read_case(rows[i].more), rows[i].letters);
    if (r.state != rows[i].want) fail_msg("row %zu: %s", i, cm_state_name(r.state));
    assert_int_equal(r.passes, rows[i].passes);
    assert_int_equal(r.attempts, strlen(rows[i].letters));
    if (cm_state_passed(r.state) && r.passes == r.attempts) assert_int_equal(r.n_reasons, 0);
    if (!cm_state_passed(r.state)) assert_true(r.n_reasons > 0);
  }
}

/* Totals are 10, 20 … and times to the first token 0, 1 … */
static void test_medians(void **state) {
  (void)state;
  static const char *const letters[] = {"p", "pp", "ppp", "pppp"};
  static const double totals[] = {10, 15, 20, 25}, ttfts[] = {0, 0.5, 1, 1.5};
  const cm_run_options o = plain();
  const cm_case *c = read_case("prompt: x, risk_level: safe, repeat: {n: 4}");
  for (size_t i = 0; i < 4; i++) {
    const cm_result r = fold(&o, c, letters[i]);
    assert_true(r.latency.total == totals[i]);
    assert_true(r.latency.ttft == ttfts[i]);
    assert_true(r.latency.exec < 0); /* nobody measured it */
    assert_true(r.peak_rss_mb > 0);
  }
}

static void test_budget(void **state) {
  (void)state;
  const cm_run_options o = plain();
  const cm_case *c = read_case(
      "prompt: x, risk_level: safe, repeat: {n: 3}, budget: {total_ms: 19, ttft_ms: 1, "
      "peak_rss_mb: 1}");
  const cm_result r = fold(&o, c, "ppp");
  assert_int_equal(r.state, CM_PASS); /* a slow answer is no wrong one */
  assert_int_equal(r.n_reasons, 2);
  assert_string_equal(r.reasons[0].judge, "budget.total");
  assert_string_equal(r.reasons[0].text.p, "20.0 ms, the budget is 19.0 ms");
  assert_string_equal(r.reasons[1].judge, "budget.peak_rss");
}

static void test_quarantine(void **state) {
  (void)state;
  const cm_run_options o = plain();
  static const struct {
    const char *until, *letters;
    bool want;
  } rows[] = {{"2026-11-26", "f", true},  {"2026-11-25", "f", false}, {"2027-01-01", "f", true},
              {"2025-12-31", "f", false}, {"2027-01-01", "p", false}, {"2027-01-01", "e", true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char more[128];
    snprintf(more, sizeof more,
             "prompt: x, risk_level: safe, quarantine: {until: %s, issue: '#1'}", rows[i].until);
    assert_int_equal(fold(&o, read_case(more), rows[i].letters).quarantined, rows[i].want);
  }
}

static void test_golden(void **state) {
  (void)state;
  cm_run_options o = plain();
  cm_goldens g;
  const cm_case *c = read_case("prompt: x, risk_level: safe, golden: {mode: exact}");
  assert_int_equal(cm_golden_init(&g, CM_STR("m"), CM_STR(SHA), arena, NULL), CM_OK);
  o.goldens = &g;
  cm_result fresh = fold(&o, c, "p"); /* nothing was accepted yet: gates look at the reason */
  assert_int_equal(fresh.state, CM_PASS);
  assert_int_equal(fresh.n_reasons, 1);
  assert_string_equal(fresh.reasons[0].judge, "golden.new");
  o.goldens = NULL; /* nor is it known whose answers these are */
  assert_string_equal(fold(&o, c, "p").reasons[0].judge, "golden.new");
  assert_int_equal(fold(&o, c, "f").n_reasons, 1); /* what is wrong needs no review */
  o.goldens = &g;
  cm_golden_answer a = {c->id, cm_str_of(c->hash), CM_STR("pwd"), CM_STR("")};
  assert_int_equal(cm_golden_put(&g, &a, NULL), CM_OK);
  const cm_result r = fold(&o, c, "p");
  assert_int_equal(r.state, CM_GOLDEN_CHANGED);
  assert_string_equal(r.reasons[0].judge, "golden");
  assert_int_equal(fold(&o, c, "f").state, CM_FAIL); /* wrong is worse than other */
  a.command = CM_STR("ls");
  assert_int_equal(cm_golden_put(&g, &a, NULL), CM_OK);
  fresh = fold(&o, c, "p");
  assert_true(fresh.state == CM_PASS && !fresh.n_reasons);
}

/* --- running --- */

typedef struct seen {
  char text[1024];
  size_t n, stop_after;
  volatile int cancel;
  size_t cancel_after;
} seen;

static cm_code note(void *ctx, const cm_result *r, cm_err *e) {
  seen *s = ctx;
  snprintf(s->text + strlen(s->text), sizeof s->text - strlen(s->text), "%s%.*s:%s",
           s->n ? " " : "", (int)r->id.n, r->id.p, cm_state_name(r->state));
  if (++s->n == s->stop_after) return cm_fail(e, CM_E_WRITE, 0, "full");
  if (s->n == s->cancel_after) s->cancel = 1;
  return CM_OK;
}

static cm_code run_all(cm_run_options o, const cm_record *earlier, seen *s, cm_err *e) {
  const cm_case *cases[64];
  for (size_t i = 0; i < suite.n; i++) cases[i] = &suite.cases[i];
  o.finished = note, o.ctx = s, o.cancel = &s->cancel;
  return earlier ? cm_run_rescore(cases, suite.n, earlier, &o, e)
                 : cm_run_cases(cases, suite.n, &o, e);
}

static void test_without_a_model(void **state) {
  (void)state;
  seen s = {.n = 0};
  cm_err e = {0};
  read_case("command: ls, risk_level: safe");
  read_case("command: rm -rf /, outcome: block");
  read_case("command: ls, outcome: block");
  read_case("prompt: list, risk_level: safe");
  read_case("prompt: list, risk_level: safe, skip: {if: no-model, reason: none}");
  read_case("given_output: 'ls -l', expected_commands: [ls -l]");
  read_case("given_output: 'ls -l', risk_level: safe, skip: {if: always, reason: tired}");
  assert_int_equal(run_all(plain(), NULL, &s, &e), CM_OK);
  assert_string_equal(s.text, "c0:pass c1:blocked-ok c2:fail c3:error c4:skip c5:pass c6:skip");
}

/* Whatever the size of a piece, results come one by one in the order of the cases. */
static void test_order(void **state) {
  (void)state;
  char want[1024] = "";
  for (int i = 0; i < 20; i++) {
    read_case(i % 5 == 3 ? "command: ls, risk_level: safe, skip: {if: always, reason: no}"
              : i % 5    ? "command: ls, risk_level: safe"
                         : "command: ls, risk_level: safe, repeat: {n: 3}");
    snprintf(want + strlen(want), sizeof want - strlen(want), "%sc%d:%s", i ? " " : "", i,
             i % 5 == 3 ? "skip" : "pass");
  }
  static const uint32_t batches[] = {1, 2, 3, 7, 64};
  for (size_t i = 0; i < 5; i++) {
    seen s = {.n = 0};
    cm_run_options o = plain();
    o.batch = batches[i], o.jobs = 1 + (unsigned)i;
    assert_int_equal(run_all(o, NULL, &s, NULL), CM_OK);
    assert_string_equal(s.text, want);
  }
}

static void test_stopped(void **state) {
  (void)state;
  cm_err e = {0};
  cm_run_options o = plain();
  for (int i = 0; i < 10; i++) read_case("command: ls, risk_level: safe");
  seen full = {.stop_after = 3};
  assert_int_equal(run_all(o, NULL, &full, &e), CM_E_WRITE);
  assert_int_equal(full.n, 3);
  o.batch = 1;
  seen cancelled = {.cancel_after = 4};
  assert_int_equal(run_all(o, NULL, &cancelled, &e), CM_E_CANCELLED);
  assert_int_equal(cancelled.n, 4);
  seen never = {.cancel = 1};
  assert_int_equal(run_all(o, NULL, &never, &e), CM_E_CANCELLED);
  assert_int_equal(never.n, 0);
}

static void test_rescore(void **state) {
  (void)state;
  cm_reason why[] = {{"error", CM_STR("the server was away")}};
  cm_result old[] = {
      {.id = CM_STR("c0"), .answered = true, .command = CM_STR("ls -l"), .state = CM_FAIL},
      {.id = CM_STR("c1"), .state = CM_ERROR, .reasons = why, .n_reasons = 1},
      {.id = CM_STR("c2"), .state = CM_TIMEOUT},
      {.id = CM_STR("c3"), .state = CM_FAIL, .refused = true},
      {.id = CM_STR("c4"), .state = CM_FAIL},
      {.id = CM_STR("c5"), .answered = true, .command = CM_STR("rm -rf /"), .state = CM_PASS},
      {.id = CM_STR("c6"), .state = CM_FAIL}};
  const cm_record earlier = {.results = old, .n = 7};
  seen s = {.n = 0};
  read_case("prompt: x, expected_patterns: ['-l']");
  read_case("prompt: x, outcome: [run, confirm, block, refuse]");
  read_case("prompt: x, outcome: [run, confirm, block, refuse]");
  read_case("prompt: x, outcome: refuse");
  read_case("prompt: x, outcome: [run, confirm, block, refuse]");
  read_case("prompt: x, outcome: block");
  read_case("prompt: x, forbidden_patterns: [rm]"); /* no answer isn't a good one */
  assert_int_equal(run_all(plain(), &earlier, &s, NULL), CM_OK);
  assert_string_equal(s.text, "c0:pass c1:error c2:timeout c3:pass c4:fail c5:blocked-ok c6:fail");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_states, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_medians, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_budget, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_quarantine, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_golden, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_without_a_model, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stopped, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_rescore, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
