/* rooms: base data quality */
/* Sampled runs. Wald's limits by hand: with risks of 5 % both are at ln(0.95 / 0.05) = 2.944;
 * between 0.6 and 0.8 a pass adds ln(0.8 / 0.6) = 0.2877, a fail takes ln(0.4 / 0.2) = 0.6931. */
#include "quality/sampling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quality_runs.h"

static cm_sampling of(const char *text) {
  cm_sampling s;
  cm_err e = {0};
  if (cm_sampling_of(cm_str_of(text), &s, &e)) fail_msg("%s: %s", text, e.msg);
  return s;
}

static void test_text(void **state) {
  (void)state;
  cm_sampling s = of("0.6:0.8");
  assert_true(s.plan.bad == 0.6 && s.plan.good == 0.8);
  assert_true(s.plan.alpha == 0.05 && s.plan.beta == 0.05 && s.verdict == CM_STAT_CONTINUE);
  s = of("0.5:0.9:0.01:0.2");
  assert_true(s.plan.alpha == 0.01 && s.plan.beta == 0.2);
  static const char *const bad[] = {"",
                                    ":",
                                    "0.6",
                                    "0.6:",
                                    ":0.8",
                                    "0.8:0.6",
                                    "0.6:0.6",
                                    "0:0.5",
                                    "0.5:1",
                                    "0.6:0.8:0.1",
                                    "0.6:0.8:0:0.1",
                                    "0.6:0.8:0.5:0.5",
                                    "0.6:0.8:0.1:0.1:0.1",
                                    "60:80",
                                    "0.6:0.8:",
                                    "0.6:0.8::",
                                    "0.6:0.8:0.1:0.1:",
                                    "a:b",
                                    "0.6:nan",
                                    "0.6 :0.8"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (cm_sampling_of(cm_str_of(bad[i]), &s, NULL) != CM_E_USAGE) fail_msg("%s", bad[i]);
}

/* After how many of these letters (quality_runs.h) there is a verdict. */
static size_t decides(const char *letters, cm_stat_verdict want, cm_gating gate,
                      const char *until) {
  cm_sampling s = of("0.6:0.8");
  for (size_t i = 0; letters[i]; i++) {
    const cm_result r = {
        .state = run_state(letters[i]), .gate = gate, .quarantine_until = cm_str_of(until)};
    cm_sampling_add(&s, &r);
    if (s.verdict == CM_STAT_CONTINUE) continue;
    assert_int_equal(s.verdict, want);
    return i + 1;
  }
  return 0;
}

static void test_verdict(void **state) {
  (void)state;
  const cm_gating soft = CM_GATE_SOFT, hard = CM_GATE_HARD;
  assert_int_equal(decides("pppppppppppppppp", CM_STAT_GOOD, soft, ""), 11); /* 2.944 / 0.2877 */
  assert_int_equal(decides("bpbpbpbpbpbpbpbp", CM_STAT_GOOD, hard, ""), 11);
  assert_int_equal(decides("fpppppppppppppppp", CM_STAT_GOOD, soft, ""), 14); /* 3.637 / 0.2877 */
  assert_int_equal(decides("fffffff", CM_STAT_BAD, soft, ""), 5);             /* 2.944 / 0.6931 */
  assert_int_equal(decides("gyXff", CM_STAT_BAD, soft, ""), 5);
  assert_int_equal(decides("setxnsetxnsetxnsetxn", CM_STAT_BAD, soft, ""), 0);
  assert_int_equal(decides("pppppppppppppppp", CM_STAT_GOOD, CM_GATE_TRACK, ""), 0);
  assert_int_equal(decides("ffffffffffffffff", CM_STAT_BAD, soft, "2027-01-01"), 0);
}

/* What comes behind the verdict changes nothing: it was asked because others were. */
static void test_first_stays(void **state) {
  (void)state;
  cm_arena *a = cm_arena_open(1 << 20);
  cm_record r = new_run();
  cm_sampling s;
  add_cases(&r, a, "c", CM_GATE_SOFT, "pppppppppppffffffffff");
  assert_false(cm_sampling_read(&r, &s));
  r.manifest.sampling = CM_STR("0.6:0.8:0.05:0.05");
  assert_true(cm_sampling_read(&r, &s));
  assert_true(s.verdict == CM_STAT_GOOD && s.passed == 11 && s.failed == 0);
  r.manifest.sampling = CM_STR("0.8:0.6:0.05:0.05"); /* of whoever wrote the file */
  assert_false(cm_sampling_read(&r, &s));
  cm_arena_close(a);
}

static void test_order(void **state) {
  (void)state;
  cm_case cases[] = {{.id = CM_STR("a"), .hash = "cc"},
                     {.id = CM_STR("c"), .hash = "aa"},
                     {.id = CM_STR("b"), .hash = "aa"}};
  const cm_case *whole[] = {&cases[0], &cases[1], &cases[2]};
  cm_plan p = {.cases = whole, .n = 3, .whole = whole, .n_whole = 3};
  cm_sampling_sort(&p);
  assert_true(p.cases[0] == &cases[2] && p.cases[1] == &cases[1] && p.cases[2] == &cases[0]);
  p = (cm_plan){0};
  cm_sampling_sort(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_verdict),
                                     cmocka_unit_test(test_first_stays),
                                     cmocka_unit_test(test_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
