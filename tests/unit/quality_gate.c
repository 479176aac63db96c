/* rooms: quality data base */
/* Gates, comparisons and baselines. The p-values of small counts are fractions of powers of two,
 * the bounds of pass rates were computed by hand from Wilson's formula with z = 1.644854. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quality/gate.h"
#include "quality_runs.h"

static cm_arena *arena;
static const cm_summary no_summary = {.safety_cases = 3};

static int setup(void **state) {
  (void)state;
  arena = cm_arena_open(64 << 20);
  return !arena;
}

static int teardown(void **state) {
  (void)state;
  cm_arena_close(arena);
  return 0;
}

/* One run with so many hard and soft cases. */
static cm_record run(const char *hard, const char *soft) {
  cm_record r = new_run();
  add_cases(&r, arena, "h", CM_GATE_HARD, hard);
  add_cases(&r, arena, "s", CM_GATE_SOFT, soft);
  return r;
}

static cm_gate_options options(const cm_record *baseline) {
  return (cm_gate_options){CM_GATES_PR, (double)NAN, baseline, CM_STR("2026-11-26")};
}

static cm_gates check_with(const cm_record *r, const cm_summary *s, const cm_gate_options *o) {
  cm_gates g;
  cm_err e = {0};
  if (cm_gates_check(r, s, o, arena, &g, &e)) fail_msg("%s", e.msg);
  return g;
}

static cm_gates check(const cm_record *r, const cm_record *baseline) {
  const cm_gate_options o = options(baseline);
  return check_with(r, &no_summary, &o);
}

static const cm_gate_result *gate(const cm_gates *g, const char *name) {
  for (size_t i = 0; i < g->n; i++)
    if (!strcmp(g->items[i].gate, name)) return &g->items[i];
  return NULL;
}

static bool ok(const cm_gates *g, const char *name) {
  const cm_gate_result *r = gate(g, name);
  assert_non_null(r);
  return r->ok;
}

static void says(const cm_gates *g, const char *name, const char *what) {
  const cm_gate_result *r = gate(g, name);
  assert_non_null(r);
  if (cm_str_find(r->text, cm_str_of(what)) == SIZE_MAX)
    fail_msg("%s: \"%.*s\" doesn't say \"%s\"", name, (int)r->text.n, r->text.p, what);
}

static void test_hard_without_baseline(void **state) {
  (void)state;
  cm_record good = run("ppbp", "fff"), bad = run("ppfp", "p");
  cm_gates g = check(&good, NULL);
  assert_int_equal(g.status, 0);
  says(&g, "hard", "4 of 4 hard cases passed");
  assert_null(gate(&g, "mcnemar"));
  assert_null(gate(&g, "missing"));
  g = check(&bad, NULL);
  assert_int_equal(g.status, 1);
  says(&g, "hard", "1 of 4 hard cases failed: h2 (fail)");
  cm_record each = run("gyX", "");
  g = check(&each, NULL);
  says(&g, "hard", "3 of 3");
  cm_record neither = run("pxs", "");
  g = check(&neither, NULL);
  assert_true(ok(&g, "hard"));
  says(&g, "hard", "1 of 1");
}

static void test_hard_with_baseline(void **state) {
  (void)state;
  cm_record base = run("ppff", ""), same = run("ppff", ""), mended = run("pppf", "");
  cm_gates g = check(&same, &base);
  assert_int_equal(g.status, 0);
  says(&g, "hard", "2 failed in the baseline too");
  g = check(&mended, &base);
  assert_int_equal(g.status, 0);
  cm_record worse = run("pfff", "");
  g = check(&worse, &base);
  assert_int_equal(g.status, 1);
  says(&g, "hard", "h1 (fail, was pass)");
  cm_record skipped = run("psff", "");
  g = check(&skipped, &base);
  assert_int_equal(g.status, 1);
  says(&g, "hard", "h1 (skip, was pass)");
  cm_record unseen = run("psff", ""), seen = run("pfff", "");
  g = check(&seen, &unseen); /* a baseline of a machine without a sandbox excuses nothing */
  assert_int_equal(g.status, 1);
  says(&g, "hard", "h1 (fail, was skip)");
  cm_record fresh = run("ppfff", "");
  g = check(&fresh, &base);
  assert_int_equal(g.status, 1);
  says(&g, "hard", "h4 (fail)");
  says(&g, "missing", "1 new");
}

static void test_missing(void **state) {
  (void)state;
  cm_record base = run("ppp", "pp"), less = run("pp", "pp");
  cm_gates g = check(&less, &base);
  assert_int_equal(g.status, 1);
  says(&g, "missing", "1 case of the baseline is missing: h2");
  add_cases(&base, arena, "t", CM_GATE_TRACK, "p");
  cm_record all = run("ppp", "pp");
  g = check(&all, &base);
  assert_int_equal(g.status, 0);
}

/* (lost, won): P(X >= lost), X ~ Binomial(lost + won, 1/2). */
static void test_mcnemar(void **state) {
  (void)state;
  cm_record base = run("p", "ppppppppf");
  static const struct {
    const char *soft;
    bool ok;
    const char *says;
  } cases[] = {
      {"ppppppppf", true, "0 lost and 0 won: p = 1"},
      {"ffffppppf", true, "4 lost and 0 won: p = 0.0625"},  /* 1/16 */
      {"fffffpppf", false, "5 lost and 0 won: p = 0.0312"}, /* 1/32 */
      {"ffffffppp", true, "6 lost and 1 won: p = 0.0625"},  /* 8/128 */
      {"fffffffpp", false, "7 lost and 1 won: p = 0.0352"}, /* 9/256 */
      {"gyXsfpppf", false, "5 lost and 0 won"},
      {"etxnfpppf", true, "1 lost and 0 won"}, /* nothing is known of four */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_record r = run("p", cases[i].soft);
    cm_gates g = check(&r, &base);
    assert_true(ok(&g, "mcnemar") == cases[i].ok);
    says(&g, "mcnemar", cases[i].says);
    assert_true(ok(&g, "hard"));
  }
  base = run("", "ppppppppppfff"); /* 378/8192 and 56/1024 */
  cm_record lost10 = run("", "ffffffffffppp"), lost8 = run("", "ffffffffppppf");
  cm_gates h = check(&lost10, &base);
  says(&h, "mcnemar", "10 lost and 3 won: p = 0.0461, at most 0.05");
  h = check(&lost8, &base);
  says(&h, "mcnemar", "8 lost and 2 won: p = 0.0547, above 0.05");
  cm_record before = run("", "sssssfffff"), after = run("", "pppppppppp");
  cm_gates g = check(&after, &before);
  says(&g, "mcnemar", "of 5 soft cases 0 lost and 5 won"); /* skips win nothing */
}

static void floor_is(cm_gate_kind kind, double floor, const char *soft, bool want) {
  cm_record r = run("", soft);
  cm_gate_options o = options(NULL);
  o.kind = kind;
  o.floor = floor;
  cm_gates g = check_with(&r, &no_summary, &o);
  if (ok(&g, "floor") != want)
    fail_msg("%s %.3f: %.*s", soft, floor, (int)gate(&g, "floor")->text.n,
             gate(&g, "floor")->text.p);
}

/* 15 of 20: one-sided 95 % bounds 0.5678 and 0.8726. 20 of 20: at least 0.8808. */
static void test_floor(void **state) {
  (void)state;
  floor_is(CM_GATES_PR, 0.872, "pppppppppppppppfffff", true);
  floor_is(CM_GATES_PR, 0.873, "pppppppppppppppfffff", false);
  floor_is(CM_GATES_RELEASE, 0.567, "pppppppppppppppfffff", true);
  floor_is(CM_GATES_RELEASE, 0.568, "pppppppppppppppfffff", false);
  floor_is(CM_GATES_RELEASE, 0.88, "pppppppppppppppppppp", true);
  floor_is(CM_GATES_RELEASE, 0.881, "pppppppppppppppppppp", false);
  /* Blocked as wished is a pass, expected failures and skips aren't asked, an error is no pass. */
  floor_is(CM_GATES_RELEASE, 0.56, "bppppppppppppppfffffxxxsss", true);
  floor_is(CM_GATES_RELEASE, 0.56, "pppppppppppppppfffffeeee", false);
  floor_is(CM_GATES_RELEASE, 0, "ss", false); /* nothing was measured */
  floor_is(CM_GATES_PR, 0.01, "sx", false);
  floor_is(CM_GATES_PR, 0.99, "", true); /* an empty shard */
}

static void test_safety(void **state) {
  (void)state;
  cm_record r = run("pf", "e");
  r.results[0].safety_miss = true;
  cm_gates g = check(&r, NULL);
  assert_int_equal(g.status, 5); /* before quality and infrastructure */
  says(&g, "safety", "1 danger was let through: h0");
  cm_record t = run("p", "p");
  add_cases(&t, arena, "t", CM_GATE_TRACK, "f");
  t.results[2].safety_miss = true;
  g = check(&t, NULL);
  assert_int_equal(g.status, 0);
  says(&g, "safety", "1 more in cases that don't gate");
  const cm_gate_options none = {CM_GATES_NONE, (double)NAN, NULL, CM_STR("")};
  g = check_with(&r, &no_summary, &none);
  assert_int_equal(g.status, 5);
}

static void test_infrastructure(void **state) {
  (void)state;
  cm_record r = run("pe", "pt"), both = run("fe", "p");
  cm_gates g = check(&r, NULL);
  assert_int_equal(g.status, 3);
  says(&g, "infrastructure", "1 error and 1 timeout: h1 (error), s1 (timeout)");
  assert_true(ok(&g, "hard"));
  g = check(&both, NULL);
  assert_int_equal(g.status, 1);
  cm_record t = run("p", "p");
  add_cases(&t, arena, "t", CM_GATE_TRACK,
            "ee"); /* their answers don't gate, but some must come */
  g = check(&t, NULL);
  assert_int_equal(g.status, 3);
}

static void test_complete(void **state) {
  (void)state;
  cm_record r = run("pn", "p"), error = run("en", ""), skips = run("ps", "sp");
  cm_gates g = check(&r, NULL);
  assert_int_equal(g.status, 7);
  says(&g, "complete", "1 of 3 planned cases have no result: h1");
  g = check(&error, NULL);
  assert_int_equal(g.status, 3);
  g = check(&skips, NULL);
  assert_int_equal(g.status, 0);
  says(&g, "complete", "2 skipped: h1, s0");
  cm_record nothing = run("ss", "s");
  g = check(&nothing, NULL);
  assert_int_equal(g.status, 7);
  says(&g, "complete", "no case ran");
  skips.complete = false; /* no end line */
  g = check(&skips, NULL);
  assert_int_equal(g.status, 7);
  cm_record base = run("pp", "p");
  g = check(&r, &base); /* a case without a result has no hash: no other case */
  assert_int_equal(g.status, 7);
}

static void test_budget(void **state) {
  (void)state;
  cm_budget_line lines[] = {
      {CM_STR("cpu total p95"), 9000, 3000, 5000, 8000, "ms", "fail"},
      {CM_STR("cpu ttft"), 10, 20, 30, 40, "ms", "target"},
      {CM_STR("memory"), (double)NAN, 1, 2, 3, "MB", "no data"},
  };
  const cm_summary s = {.budgets = lines, .n_budgets = 3};
  cm_record r = run("p", "p"), bad = run("f", "p");
  cm_gate_options o = options(NULL);
  cm_gates g = check_with(&r, &s, &o);
  assert_int_equal(g.status, 6);
  says(&g, "budget", "1 of 2 budgets broken: cpu total p95 (9000 ms, at most 8000); 1 without");
  g = check_with(&bad, &s, &o);
  assert_int_equal(g.status, 1);
  lines[0].status = "slow";
  g = check_with(&r, &s, &o);
  assert_int_equal(g.status, 0);
}

/* The first answer of a model would always be the right one. */
static void test_golden(void **state) {
  (void)state;
  cm_reason unseen = {"golden.new", CM_STR("no answer accepted yet")};
  cm_record r = run("p", "pff");
  for (size_t i = 1; i < 4; i++) r.results[i].reasons = &unseen, r.results[i].n_reasons = 1;
  cm_gates g = check(&r, &r);
  assert_int_equal(g.status, 1);
  says(&g, "golden", "1 case has no accepted answer; cmdai test golden review: s0");
  r.results[1].gate = CM_GATE_TRACK;
  g = check(&r, &r);
  assert_int_equal(g.status, 0);
  assert_null(gate(&g, "golden"));
}

static void test_quarantine(void **state) {
  (void)state;
  cm_record r = run("pf", "pe"), base = run("pp", "pp");
  r.results[1].quarantine_until = CM_STR("2026-11-26"); /* its last day */
  r.results[1].quarantined = true;
  r.results[3].quarantine_until = CM_STR("2026-12-01");
  cm_gates g = check(&r, &base);
  assert_int_equal(g.status, 0);
  says(&g, "quarantine", "2 cases in quarantine");
  r.results[1].quarantine_until = CM_STR("2026-11-25");
  g = check(&r, &base);
  assert_int_equal(g.status, 1);
  says(&g, "quarantine", "1 quarantine ran out; repair or remove: h1 (until 2026-11-25)");
  assert_false(ok(&g, "hard"));
  r.results[1].quarantine_until = CM_STR(""); /* without a last day it is none */
  g = check(&r, &base);
  assert_int_equal(g.status, 1);
  cm_err e;
  cm_gate_options o = options(NULL);
  o.today = CM_STR("26.11.2026");
  assert_int_equal(cm_gates_check(&r, &no_summary, &o, arena, &g, &e), CM_E_USAGE);
  o.today = CM_STR("2026-11-26");
  r.results[1].quarantine_until = CM_STR("some day");
  assert_int_equal(cm_gates_check(&r, &no_summary, &o, arena, &g, &e), CM_E_USAGE);
}

static void test_track(void **state) {
  (void)state;
  cm_record base = run("p", "p"), r = run("p", "p");
  add_cases(&base, arena, "t", CM_GATE_TRACK, "pppppppppp");
  add_cases(&r, arena, "t", CM_GATE_TRACK, "ffffffffff");
  cm_gate_options o = options(&base);
  o.floor = 0.9;
  cm_gates g = check_with(&r, &no_summary, &o);
  assert_int_equal(g.status, 0);
  says(&g, "floor", "2 of 2 passed");
  says(&g, "mcnemar", "of 1 soft case");
}

static void refused(const cm_record *r, const cm_gate_options *o, const char *says_what) {
  cm_gates g;
  cm_err e = {0};
  assert_int_equal(cm_gates_check(r, &no_summary, o, arena, &g, &e), CM_E_USAGE);
  if (!strstr(e.msg, says_what)) fail_msg("\"%s\" doesn't say \"%s\"", e.msg, says_what);
}

static void test_refused(void **state) {
  (void)state;
  cm_record r = run("pp", "p"), base = run("pp", "p");
  cm_gate_options o = options(&base);
  base.manifest.model_sha256 = CM_STR(MODEL_B);
  refused(&r, &o, "bbbbbbbbbbbb");
  base.manifest.model_sha256 = r.manifest.model_sha256 = CM_STR("");
  base.manifest.model_id = CM_STR("huge");
  refused(&r, &o, "huge");
  base.manifest.model_id = r.manifest.model_id;
  base.results[2].hash = CM_STR("beef");
  refused(&r, &o, "another case s0");
  o.baseline = NULL;
  o.floor = 1.5;
  refused(&r, &o, "floor");
  o.floor = (double)NAN;
  o.kind = CM_GATES_RELEASE;
  refused(&r, &o, "target");
}

/* Many ids, and one that is long and not ASCII: the line stays short and valid UTF-8. */
static void test_long_lists(void **state) {
  (void)state;
  cm_record r = run("ffffffffffffffffffff", "");
  static char id[400];
  for (size_t i = 0; i + 2 < sizeof id; i += 2) memcpy(id + i, "\xC3\xA9", 2);
  r.results[0].id = (cm_str){id, sizeof id - 2};
  cm_gates g = check(&r, NULL);
  says(&g, "hard", " and 12 more");
  cm_str text = gate(&g, "hard")->text;
  assert_true(text.n < 400 && cm_utf8_check(text.p, text.n) == text.n);
}

static void test_names(void **state) {
  (void)state;
  cm_gate_kind k;
  assert_true(cm_gate_kind_of(CM_STR("release"), &k) && k == CM_GATES_RELEASE);
  assert_false(cm_gate_kind_of(CM_STR("PR"), &k));
  assert_true(cm_gate_kind_of(CM_STR("pr"), &k) && k == CM_GATES_PR);
}

/* --- two runs ----------------------------------------------------------------------------- */

static void test_compare(void **state) {
  (void)state;
  cm_record before = run("ppff", "pps"), after = run("pfpf", "pe");
  after.results[0].command = CM_STR("ls -l");
  cm_comparison c;
  cm_err e;
  assert_int_equal(cm_compare(&before, &after, arena, &c, &e), CM_OK);
  assert_int_equal(c.pairs, 5);
  assert_int_equal(c.both, 2);
  assert_int_equal(c.only_before, 1);
  assert_int_equal(c.only_after, 1);
  assert_int_equal(c.neither, 1);
  assert_int_equal(c.unmeasured, 1);
  assert_int_equal(c.other, 1);
  assert_true(c.mcnemar_p == 1 && c.difference == 0);
  assert_true(c.low <= 0 && c.high >= 0);
  assert_int_equal(c.n, 4); /* h0 by its command, h1, h2, s1 by their states */
  assert_true(cm_str_is(c.items[0].command_after, "ls -l") && c.items[1].after == CM_FAIL);
  assert_int_equal(c.latencies, 6);
  assert_false(cm_comparison_slower(&c));
  after.results[0].hash = CM_STR("beef");
  assert_int_equal(cm_compare(&before, &after, arena, &c, &e), CM_OK);
  assert_int_equal(c.pairs, 4);
  after.manifest.batch = 8; /* times of a busy machine */
  assert_int_equal(cm_compare(&before, &after, arena, &c, &e), CM_OK);
  assert_true(c.latencies == 0 && isnan(c.latency_ratio) && c.latency_p == 1);
  cm_record strange = new_run();
  add_cases(&strange, arena, "z", CM_GATE_SOFT, "pp");
  assert_int_equal(cm_compare(&before, &strange, arena, &c, &e), CM_E_USAGE);
}

/* 12 of 30 pairs lost: p = 2 / 2^12; the difference is -0.4. */
static void test_compare_worse(void **state) {
  (void)state;
  cm_record before = run("", "pppppppppppppppppppppppppppppp");
  cm_record after = run("", "ffffffffffffpppppppppppppppppp");
  for (size_t i = 0; i < after.n; i++) after.results[i].latency.total *= 1.1;
  cm_comparison c;
  cm_err e;
  assert_int_equal(cm_compare(&before, &after, arena, &c, &e), CM_OK);
  assert_true(fabs(c.mcnemar_p - 2.0 / 4096) < 1e-12);
  assert_true(fabs(c.difference + 0.4) < 1e-12);
  assert_true(c.low < -0.4 && c.low > -0.7 && c.high > -0.4 && c.high < -0.15);
  assert_true(c.detectable > 0.2 && c.detectable < 0.4);
  assert_true(cm_comparison_slower(&c) && fabs(c.latency_ratio - 1.1) < 0.01);
  /* The same pairs as two clusters of fifteen: little is known. */
  for (size_t i = 0; i < after.n; i++)
    after.results[i].cluster = i < 15 ? CM_STR("one") : CM_STR("two");
  double narrow = c.high - c.low;
  assert_int_equal(cm_compare(&before, &after, arena, &c, &e), CM_OK);
  assert_true(c.high - c.low > 1.5 * narrow);
}

/* --- baselines ---------------------------------------------------------------------------- */

static cm_code bless(const cm_record *r, const cm_bless_options *o, cm_buf *out, cm_err *e) {
  cm_buf_close(out);
  cm_buf_init(out, 1 << 20);
  return cm_bless(r, o, out, e);
}

static void test_bless(void **state) {
  (void)state;
  cm_record r = run("pf", "ps"), back;
  cm_buf out = {0};
  cm_err e = {0};
  cm_bless_options o = {.reason = CM_STR("  the new parser answers better "),
                        .when = CM_STR("2026-11-26T03:00:00Z"),
                        .suite_hash = "feed",
                        .model_sha256 = MODEL_A};
  assert_int_equal(bless(&r, &o, &out, &e), CM_OK);
  assert_int_equal(cm_record_read(&back, (cm_str){out.p, out.n}, CM_STR("b"), arena, &e), CM_OK);
  assert_true(cm_str_is(back.accepted_reason, "the new parser answers better"));
  assert_true(cm_str_is(back.accepted_when, "2026-11-26T03:00:00Z"));
  assert_true(back.complete && back.n == 4 && back.results[1].state == CM_FAIL);
  cm_gates g = check(&r, &back);
  assert_int_equal(g.status, 0);
  cm_buf_close(&out);
}

static void not_blessed(const cm_record *r, const cm_bless_options *o, const char *says_what) {
  cm_buf out = {0};
  cm_err e = {0};
  assert_int_equal(bless(r, o, &out, &e), CM_E_USAGE);
  if (!strstr(e.msg, says_what)) fail_msg("\"%s\" doesn't say \"%s\"", e.msg, says_what);
  assert_int_equal(out.n, 0);
  cm_buf_close(&out);
}

static void test_not_blessed(void **state) {
  (void)state;
  cm_record r = run("pp", "p"), old = run("pp", "p");
  cm_bless_options o = {.reason = CM_STR("because it is so"), .when = CM_STR("2026-11-26")};
  r.results[1].safety_miss = true;
  not_blessed(&r, &o, "h1 let a danger through");
  r.results[1].safety_miss = false;
  static const char *const bad[] = {"pn", "pe", "pt"};
  for (size_t i = 0; i < 3; i++) {
    cm_record x = run(bad[i], "p");
    not_blessed(&x, &o, "h1");
  }
  r.complete = false;
  not_blessed(&r, &o, "did not end");
  r.complete = true;
  r.manifest.shards = 4;
  not_blessed(&r, &o, "shard 1 of 4");
  r.manifest.shards = 1;
  o.suite_hash = "other";
  not_blessed(&r, &o, "cases have changed");
  o.suite_hash = NULL;
  o.model_sha256 = MODEL_B;
  not_blessed(&r, &o, "another model");
  o.model_sha256 = NULL;
  o.old = &old;
  old.manifest.suite_hash = CM_STR("older");
  not_blessed(&r, &o, "other cases");
  old.manifest.model_sha256 = CM_STR(MODEL_B);
  not_blessed(&r, &o, "another model");
  o.replace = true;
  cm_buf out = {0};
  cm_err e;
  assert_int_equal(bless(&r, &o, &out, &e), CM_OK);
  cm_buf_close(&out);
  o.reason = CM_STR("  \n ");
  not_blessed(&r, &o, "reason");
  o.reason = CM_STR("bytes \xff\xfe here");
  not_blessed(&r, &o, "UTF-8");
}

static void test_no_memory(void **state) {
  (void)state;
  cm_record r = run("ppf", "ppp"), base = run("ppp", "ppp");
  cm_gate_options o = options(&base);
  for (size_t max = 0; max < 6000; max += 64) {
    cm_arena *small = cm_arena_open(max);
    cm_gates g;
    cm_err e;
    assert_non_null(small);
    cm_code code = cm_gates_check(&r, &no_summary, &o, small, &g, &e);
    assert_true(code == CM_OK || code == CM_E_NOMEM);
    cm_arena_close(small);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_hard_without_baseline, setup, teardown),
      cmocka_unit_test_setup_teardown(test_hard_with_baseline, setup, teardown),
      cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
      cmocka_unit_test_setup_teardown(test_mcnemar, setup, teardown),
      cmocka_unit_test_setup_teardown(test_floor, setup, teardown),
      cmocka_unit_test_setup_teardown(test_safety, setup, teardown),
      cmocka_unit_test_setup_teardown(test_infrastructure, setup, teardown),
      cmocka_unit_test_setup_teardown(test_complete, setup, teardown),
      cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
      cmocka_unit_test_setup_teardown(test_golden, setup, teardown),
      cmocka_unit_test_setup_teardown(test_quarantine, setup, teardown),
      cmocka_unit_test_setup_teardown(test_track, setup, teardown),
      cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(test_long_lists, setup, teardown),
      cmocka_unit_test_setup_teardown(test_names, setup, teardown),
      cmocka_unit_test_setup_teardown(test_compare, setup, teardown),
      cmocka_unit_test_setup_teardown(test_compare_worse, setup, teardown),
      cmocka_unit_test_setup_teardown(test_bless, setup, teardown),
      cmocka_unit_test_setup_teardown(test_not_blessed, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
