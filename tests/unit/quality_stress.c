/* rooms: base engine backend quality libs: m */
/* A stress of a real backend. quality_stress_wrong.c is about backends that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "quality/stress.h"

#define MODEL CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf"
#define MS    UINT64_C(1000000)

enum { PARALLEL = 4 };

static cm_stress_result result;

static cm_backend *open_backend(void) {
  const cm_backend_options o = {.model = MODEL, .threads = 2, .ctx = 512, .n_parallel = PARALLEL};
  cm_backend *b;
  cm_err e;
  if (cm_backend_open(&b, "cpu", &o, &e)) fail_msg("%s", e.msg);
  return b;
}

static cm_stress_options options(cm_backend *b) {
  return (cm_stress_options){.backend = b,
                             .parallel = PARALLEL,
                             .jobs = 9,
                             .wall_ns = 1500 * MS,
                             .seed = 3,
                             .max_tokens = 12};
}

static void test_passes(void **state) {
  (void)state;
  cm_err e = {0};
  cm_backend *b = open_backend();
  const cm_stress_options o = options(b);
  if (cm_stress_run(&o, &result, &e)) fail_msg("%s", e.msg);
  cm_backend_close(b);
  if (!cm_stress_passed(&result)) fail_msg("%+.3f %s", result.growth, result.first_wrong);
  assert_int_equal(result.same + result.cancelled + result.late + result.refused,
                   result.submitted);
  assert_true(result.same > 20 && result.tokens > result.same);
  assert_true(result.cancelled && result.late && result.refused);
  assert_true(result.seconds >= 1.5);
}

static void test_options(void **state) {
  (void)state;
  cm_err e;
  cm_backend *b = open_backend();
  cm_stress_options o = options(b);
  o.jobs = 0;
  assert_int_equal(cm_stress_run(&o, &result, &e), CM_E_USAGE);
  o.jobs = CM_STRESS_JOBS_MAX + 1;
  assert_int_equal(cm_stress_run(&o, &result, &e), CM_E_USAGE);
  cm_backend_close(b);
}

static void test_cancelled(void **state) {
  (void)state;
  cm_err e;
  volatile int cancel = 1;
  cm_backend *b = open_backend();
  cm_stress_options o = options(b);
  o.cancel = &cancel;
  assert_int_equal(cm_stress_run(&o, &result, &e), CM_E_CANCELLED);
  cm_backend_close(b);
}

/* --- what it must find --- */

static void is_wrong(cm_stress_result r) { assert_false(cm_stress_passed(&r)); }

static void test_verdict(void **state) {
  (void)state;
  const cm_stress_result fine = {
      .same = 100, .rss_first = 100 << 20, .rss_last = 101 << 20, .growth = 0.01};
  cm_stress_result r = fine;
  assert_true(cm_stress_passed(&r));
  r.growth = NAN, r.rss_first = r.rss_last = 0;
  assert_true(cm_stress_passed(&r));
  r = fine, r.different = 1, is_wrong(r);
  r = fine, r.errors = 1, is_wrong(r);
  r = fine, r.rss_last = 103 << 20, r.growth = 0.03, is_wrong(r);
  /* 10 % of a process that holds next to nothing. */
  r = fine, r.rss_first = 4 << 20, r.rss_last = (4 << 20) + (400 << 10), r.growth = 0.1;
  assert_true(cm_stress_passed(&r));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_passes),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_cancelled),
      cmocka_unit_test(test_verdict),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
