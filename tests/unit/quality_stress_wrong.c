/* rooms: base quality libs: m */
/* A backend that is wrong in one way, made up here in place of the real one: a stress says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "quality/stress.h"

#define MS UINT64_C(1000000)

/* --- the backend --- */

typedef enum fault {
  NONE,
  OTHER_TEXT,
  OTHER_BIT,   /* the last one of a log-probability */
  ONE_LESS,    /* candidate */
  OWN_ERROR,   /* for no reason */
  ALL_ALLOWED, /* as many candidates as anybody wants */
  CANCELS,     /* what nobody has cancelled */
  LOSES,       /* a request */
  LEAKS
} fault;

struct cm_backend {
  fault fault;
  unsigned served;
  cm_job *queue;
};

static const unsigned when = 40; /* requests that are served well before */

static void answer(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out) {
  const bool now = b->served++ >= when;
  *out = (cm_replies){.n = q->candidates, .prompt_tokens = 5};
  if (now && b->fault == ONE_LESS && out->n > 1) out->n--;
  out->items = cm_arena_alloc(a, q->candidates, sizeof *out->items);
  for (uint32_t i = 0; i < out->n; i++) {
    char *text = cm_arena_strdup(a, q->messages->text.p, q->messages->text.n);
    out->items[i] = (cm_candidate){
        .text = {text, q->messages->text.n}, .logprob = -1.5 - i, .tokens = 3, .finished = true};
    if (now && b->fault == OTHER_TEXT) text[0] ^= 1;
    if (now && b->fault == OTHER_BIT) {
      uint64_t bits;
      memcpy(&bits, &out->items[i].logprob, sizeof bits);
      bits ^= 1;
      memcpy(&out->items[i].logprob, &bits, sizeof bits);
    }
    out->output_tokens += 3;
  }
}

cm_code cm_backend_generate(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e) {
  (void)e;
  answer(b, q, a, out);
  return CM_OK;
}

void cm_backend_submit(cm_backend *b, cm_job *job) {
  cm_job **end = &b->queue;
  while (*end) end = &(*end)->next;
  *end = job;
  job->next = NULL;
  job->error = (cm_err){0};
}

/* 64 KiB a millisecond: enough to be seen, not enough to hurt. */
static void leak(void) {
  static uint64_t next;
  if (cm_os_now_ns() < next) return;
  next = cm_os_now_ns() + MS;
  volatile char *p = malloc(64 << 10);
  for (size_t i = 0; p && i < 64 << 10; i += 512) p[i] = 1;
}

cm_job *cm_backend_poll(cm_backend *b) {
  const bool now = b->served >= when;
  cm_job *job = b->queue;
  if (!job) return NULL;
  if (now && b->fault == LOSES && job->next) job->next = job->next->next;
  b->queue = job->next;
  const cm_request *q = &job->request;
  if (b->fault == LEAKS) leak();
  if (q->cancel && *q->cancel) job->error.code = CM_E_CANCELLED;
  else if (q->deadline_ns) job->error.code = CM_E_TIMEOUT;
  else if (q->candidates > 4 && b->fault != ALL_ALLOWED) job->error.code = CM_E_USAGE;
  else if (now && b->fault == OWN_ERROR) job->error.code = CM_E_IO;
  else if (now && b->fault == CANCELS) job->error.code = CM_E_CANCELLED;
  else answer(b, q, job->arena, &job->replies);
  return job;
}

/* --- what a stress says --- */

static cm_code stress(fault f, cm_stress_result *r) {
  cm_backend b = {.fault = f};
  const cm_stress_options o = {.backend = &b,
                               .parallel = 4,
                               .jobs = 9,
                               .wall_ns = (f == LEAKS ? 1500 : 50) * MS,
                               .seed = 3,
                               .max_tokens = 12};
  cm_err e = {0};
  return cm_stress_run(&o, r, &e);
}

static void test_none(void **state) {
  cm_stress_result r;
  (void)state;
  assert_int_equal(stress(NONE, &r), CM_OK);
  assert_true(cm_stress_passed(&r));
  assert_true(r.same > when && r.cancelled && r.late && r.refused);
  assert_string_equal(r.first_wrong, "");
}

static void test_answers(void **state) {
  static const fault faults[] = {OTHER_TEXT, OTHER_BIT, ONE_LESS, ALL_ALLOWED};
  cm_stress_result r;
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    assert_int_equal(stress(faults[i], &r), CM_OK);
    assert_true(r.different > 0 && r.errors == 0);
    assert_false(cm_stress_passed(&r));
    assert_true(strlen(r.first_wrong) > 10);
  }
}

static void test_errors(void **state) {
  static const fault faults[] = {OWN_ERROR, CANCELS};
  cm_stress_result r;
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    assert_int_equal(stress(faults[i], &r), CM_OK);
    assert_true(r.errors > 0 && r.different == 0);
    assert_false(cm_stress_passed(&r));
  }
}

static void test_lost(void **state) {
  cm_stress_result r;
  (void)state;
  assert_int_equal(stress(LOSES, &r), CM_E_INTERNAL);
}

/* Under a sanitizer memory is not what the process holds. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void test_leak(void **state) {
  cm_stress_result r;
  (void)state;
  assert_int_equal(stress(LEAKS, &r), CM_OK);
  assert_int_equal(r.different + r.errors, 0);
  assert_true(r.growth > CM_STRESS_GROWTH_MAX);
  assert_false(cm_stress_passed(&r));
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_none),
    cmocka_unit_test(test_answers),
    cmocka_unit_test(test_errors),
    cmocka_unit_test(test_lost),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    cmocka_unit_test(test_leak),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
