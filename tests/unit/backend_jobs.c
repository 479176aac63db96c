/* rooms: base engine backend */
/* Requests that are on their way together: each gets what it would get alone, bit for bit, and
 * what becomes of one is nothing to the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/os.h"

#define MODEL CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf"

enum { REQUESTS = 9, ARENA = 8 << 20 };

static const char *const prompts[REQUESTS] = {
    "list files",
    "list files by size",
    "list files by size, the largest first, and say how many there are in each folder below",
    "x",
    "count the lines of main.c",
    "count the lines of main.c and of every file that it includes",
    "\xe5\x88\x97\xe5\x87\xba",
    "list files",
    "what is the time",
};

static cm_message messages[REQUESTS];
static cm_request requests[REQUESTS];
static cm_replies alone[REQUESTS];
static cm_arena *alone_arena;

static cm_backend *open_backend(uint32_t n_parallel, unsigned threads) {
  const cm_backend_options o = {
      .model = MODEL, .threads = threads, .ctx = 512, .n_parallel = n_parallel};
  cm_backend *b;
  cm_err e;
  if (cm_backend_open(&b, "cpu", &o, &e)) fail_msg("%s", e.msg);
  return b;
}

/* Greedy ones, drawn ones, and ones with three candidates. */
static void make_requests(void) {
  for (size_t i = 0; i < REQUESTS; i++) {
    messages[i] = (cm_message){CM_ROLE_USER, cm_str_of(prompts[i])};
    requests[i] = (cm_request){.messages = &messages[i],
                               .n_messages = 1,
                               .sampling = cm_sample_defaults(),
                               .max_tokens = (uint32_t)(4 + 5 * i),
                               .candidates = i % 3 == 2 ? 3 : 1,
                               .says = i % 2 == 0,
                               .n_likely = i % 4};
    if (i % 3 == 1) requests[i].sampling.temperature = 0.9f, requests[i].sampling.seed = 17 + i;
  }
}

static int ask_alone(void **state) {
  (void)state;
  make_requests();
  alone_arena = cm_arena_open(ARENA);
  for (size_t i = 0; i < REQUESTS; i++) {
    cm_backend *b = open_backend(3, 1); /* a fresh one each time: nothing can be left over */
    cm_err e;
    if (cm_backend_generate(b, &requests[i], alone_arena, &alone[i], &e)) fail_msg("%s", e.msg);
    cm_backend_close(b);
  }
  return 0;
}

static int forget_alone(void **state) {
  (void)state;
  cm_arena_close(alone_arena);
  return 0;
}

/* --- jobs --- */

static cm_job jobs[REQUESTS];
static size_t numbers[REQUESTS]; /* what `owner` points to */

static cm_job *job_of(size_t i) {
  numbers[i] = i;
  jobs[i] = (cm_job){.request = requests[i], .arena = cm_arena_open(ARENA), .owner = &numbers[i]};
  assert_non_null(jobs[i].arena);
  return &jobs[i];
}

static void close_jobs(void) {
  for (size_t i = 0; i < REQUESTS; i++) {
    cm_arena_close(jobs[i].arena);
    jobs[i].arena = NULL;
  }
}

static bool says_same(const cm_candidate *a, const cm_candidate *b) {
  bool same = a->n_said == b->n_said;
  for (size_t i = 0; i < a->n_said && same; i++) {
    const cm_said *x = &a->said[i], *y = &b->said[i];
    same = cm_str_eq(x->token.bytes, y->token.bytes) && x->n_likely == y->n_likely &&
           memcmp(&x->token.logprob, &y->token.logprob, sizeof x->token.logprob) == 0;
    for (size_t k = 0; k < x->n_likely && same; k++)
      same = cm_str_eq(x->likely[k].bytes, y->likely[k].bytes);
  }
  return same;
}

static bool is_same(const cm_replies *a, const cm_replies *b) {
  bool same = a->n == b->n && a->prompt_tokens == b->prompt_tokens;
  for (size_t i = 0; i < a->n && same; i++) {
    const cm_candidate *x = &a->items[i], *y = &b->items[i];
    same = cm_str_eq(x->text, y->text) && x->tokens == y->tokens && x->finished == y->finished &&
           memcmp(&x->logprob, &y->logprob, sizeof x->logprob) == 0 && says_same(x, y);
  }
  return same;
}

static void is_as_alone(size_t i) {
  if (jobs[i].error.code) fail_msg("request %zu: %s", i, jobs[i].error.msg);
  if (!is_same(&jobs[i].replies, &alone[i]))
    fail_msg("request %zu: \"%.*s\", alone \"%.*s\"", i, (int)jobs[i].replies.items[0].text.n,
             jobs[i].replies.items[0].text.p, (int)alone[i].items[0].text.n,
             alone[i].items[0].text.p);
}

/* Takes everything back; each job once. */
static void poll_all(cm_backend *b, size_t n) {
  bool seen[REQUESTS] = {false};
  while (n--) {
    cm_job *job = cm_backend_poll(b);
    assert_non_null(job);
    const size_t i = *(const size_t *)job->owner;
    assert_ptr_equal(job, &jobs[i]);
    assert_false(seen[i]);
    seen[i] = true;
  }
  assert_null(cm_backend_poll(b));
}

/* --- together is as alone --- */

static void test_answers_differ(void **state) {
  (void)state;
  /* Else the comparisons below would show nothing. */
  assert_false(is_same(&alone[0], &alone[4]));
  assert_false(is_same(&alone[0], &alone[7]));
  assert_int_equal(alone[2].n, 3);
  assert_false(cm_str_eq(alone[5].items[0].text, alone[5].items[1].text));
}

static void together(uint32_t n_parallel, unsigned threads, size_t first, size_t step) {
  cm_backend *b = open_backend(n_parallel, threads);
  for (int round = 0; round < 2; round++) { /* the second finds used sessions */
    for (size_t k = 0; k < REQUESTS; k++)
      cm_backend_submit(b, job_of((first + k * step) % REQUESTS));
    poll_all(b, REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++) is_as_alone(i);
    close_jobs();
  }
  cm_backend_close(b);
}

static void test_together(void **state) {
  (void)state;
  static const uint32_t parallel[] = {3, 4, 7, 16};
  static const size_t steps[] = {1, 2, 4, 5, 7, 8}; /* prime to REQUESTS: other orders */
  for (size_t i = 0; i < 4; i++)
    for (unsigned threads = 1; threads <= 3; threads += 2)
      together(parallel[i], threads, i, steps[i + (threads > 1)]);
}

/* Jobs that come while others are half done. */
static void test_late_arrivals(void **state) {
  (void)state;
  cm_backend *b = open_backend(6, 2);
  size_t submitted = 0, taken = 0;
  while (taken < REQUESTS) {
    for (size_t k = 0; k < 2 && submitted < REQUESTS; k++)
      cm_backend_submit(b, job_of(submitted++));
    assert_non_null(cm_backend_poll(b));
    taken++;
  }
  for (size_t i = 0; i < REQUESTS; i++) is_as_alone(i);
  close_jobs();
  cm_backend_close(b);
}

static void test_any_order_out(void **state) {
  (void)state;
  cm_backend *b = open_backend(4, 1);
  cm_backend_submit(b, job_of(7)); /* the longest of these */
  cm_backend_submit(b, job_of(0)); /* four tokens */
  cm_backend_submit(b, job_of(1));
  assert_true(alone[7].items[0].tokens > alone[0].items[0].tokens);
  assert_ptr_equal(cm_backend_poll(b), &jobs[0]);
  poll_all(b, 2);
  is_as_alone(0), is_as_alone(1), is_as_alone(7);
  close_jobs();
  cm_backend_close(b);
}

/* --- what becomes of one --- */

static void others_are_as_alone(const bool *special) {
  for (size_t i = 0; i < REQUESTS; i++)
    if (!special[i]) is_as_alone(i);
}

static void test_cancelled_and_late(void **state) {
  (void)state;
  volatile int cancelled = 1, never = 0;
  const bool special[REQUESTS] = {[2] = true, [5] = true, [8] = true};
  cm_backend *b = open_backend(6, 2);
  for (size_t i = 0; i < REQUESTS; i++) {
    cm_job *job = job_of(i);
    job->request.cancel = i == 2 || i == 8 ? &cancelled : &never;
    job->request.deadline_ns = i == 5 ? 1 : cm_os_now_ns() + UINT64_C(600000000000);
    cm_backend_submit(b, job);
  }
  poll_all(b, REQUESTS);
  assert_int_equal(jobs[2].error.code, CM_E_CANCELLED);
  assert_int_equal(jobs[8].error.code, CM_E_CANCELLED);
  assert_int_equal(jobs[5].error.code, CM_E_TIMEOUT);
  assert_int_equal(jobs[5].replies.n, 0);
  others_are_as_alone(special);
  close_jobs();
  cm_backend_close(b);
}

/* A request that has begun: it stops, its place is free again, and the rest goes on. */
static void test_cancelled_on_the_way(void **state) {
  (void)state;
  volatile int cancel = 0;
  cm_backend *b = open_backend(3, 1);
  cm_job *endless = job_of(6);
  endless->request.max_tokens = 400;
  endless->request.cancel = &cancel;
  endless->request.sampling = (cm_sample_options){3, .top_p = 1, .repeat_penalty = 1, .seed = 5};
  cm_backend_submit(b, endless);
  cm_backend_submit(b, job_of(0));
  cm_backend_submit(b, job_of(2)); /* three candidates: waits for the place of the endless one */
  assert_ptr_equal(cm_backend_poll(b), &jobs[0]);
  cancel = 1;
  assert_ptr_equal(cm_backend_poll(b), endless);
  assert_int_equal(endless->error.code, CM_E_CANCELLED);
  assert_ptr_equal(cm_backend_poll(b), &jobs[2]);
  assert_null(cm_backend_poll(b));
  is_as_alone(0), is_as_alone(2);
  close_jobs();
  cm_backend_close(b);
}

static void test_refused(void **state) {
  (void)state;
  const bool special[REQUESTS] = {[1] = true, [3] = true, [4] = true};
  cm_backend *b = open_backend(3, 1);
  static char endless[4096];
  memset(endless, 'a', sizeof endless - 1);
  for (size_t i = 0; i < sizeof endless - 1; i += 3) endless[i] = ' ';
  const cm_message m = {CM_ROLE_USER, {endless, sizeof endless - 1}};
  for (size_t i = 0; i < REQUESTS; i++) {
    cm_job *job = job_of(i);
    if (i == 1) job->request.candidates = 4;
    if (i == 3) job->request.candidates = 0;
    if (i == 4) job->request.messages = &m;
    cm_backend_submit(b, job);
  }
  poll_all(b, REQUESTS);
  assert_int_equal(jobs[1].error.code, CM_E_USAGE);
  assert_non_null(strstr(jobs[1].error.msg, "4 candidates"));
  assert_int_equal(jobs[3].error.code, CM_E_USAGE);
  assert_int_equal(jobs[4].error.code, CM_E_LIMIT);
  assert_non_null(strstr(jobs[4].error.msg, "512"));
  others_are_as_alone(special);
  close_jobs();
  cm_backend_close(b);
}

static void test_refused_by_the_caller(void **state) {
  (void)state;
  cm_backend *b = open_backend(3, 1);
  const cm_err why = {CM_E_FORMAT, 0, "not like this"};
  cm_backend_submit(b, job_of(0));
  cm_backend_refuse(b, job_of(1), &why);
  poll_all(b, 2);
  assert_int_equal(jobs[1].error.code, CM_E_FORMAT);
  assert_string_equal(jobs[1].error.msg, "not like this");
  is_as_alone(0);
  close_jobs();
  cm_backend_close(b);
}

/* Nothing is lost when a backend is closed with requests on their way (a sanitizer looks). */
static void test_closed_early(void **state) {
  (void)state;
  cm_backend *b = open_backend(4, 2);
  for (size_t i = 0; i < REQUESTS; i++) cm_backend_submit(b, job_of(i));
  assert_non_null(cm_backend_poll(b));
  cm_backend_close(b);
  close_jobs();
}

/* --- no memory --- */

#if defined(__SANITIZE_THREAD__)
enum { STRIDE = 7 }; /* fifty times slower, and threads don't depend on which allocation fails */
#else
enum { STRIDE = 1 };
#endif
enum { FEW = 4 };

/* Opens, asks, takes back. Every job comes back, with its answer or with CM_E_NOMEM. */
static void try_without_memory(uint64_t nth) {
  const cm_backend_options o = {.model = MODEL, .threads = 1, .ctx = 128, .n_parallel = 3};
  cm_backend *b;
  cm_err e = {0};
  for (size_t i = 0; i < FEW; i++) job_of(i);
  cm_mem_fail_nth(nth);
  cm_code code = cm_backend_open(&b, "cpu", &o, &e);
  for (size_t i = 0; i < FEW && !code; i++) cm_backend_submit(b, &jobs[i]);
  if (!code) poll_all(b, FEW);
  cm_mem_fail_nth(0);
  if (code) assert_int_equal(code, CM_E_NOMEM);
  for (size_t i = 0; i < FEW && !code; i++) {
    if (!jobs[i].error.code) is_as_alone(i);
    else if (jobs[i].error.code != CM_E_NOMEM)
      fail_msg("allocation %d: request %zu: %s", (int)nth, i, jobs[i].error.msg);
  }
  close_jobs();
  if (code) return;
  /* With memory again it answers as ever. */
  for (size_t i = 0; i < FEW; i++) cm_backend_submit(b, job_of(i));
  poll_all(b, FEW);
  for (size_t i = 0; i < FEW; i++) is_as_alone(i);
  close_jobs();
  cm_backend_close(b);
}

static void test_no_memory(void **state) {
  (void)state;
  const uint64_t before = cm_mem_count();
  try_without_memory(0);
  const uint64_t all = cm_mem_count() - before;
  assert_true(all > 20);
  for (uint64_t n = 1; n <= all; n += STRIDE) try_without_memory(n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers_differ),
      cmocka_unit_test(test_together),
      cmocka_unit_test(test_late_arrivals),
      cmocka_unit_test(test_any_order_out),
      cmocka_unit_test(test_cancelled_and_late),
      cmocka_unit_test(test_cancelled_on_the_way),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_refused_by_the_caller),
      cmocka_unit_test(test_closed_early),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, ask_alone, forget_alone);
}
