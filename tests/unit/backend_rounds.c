/* rooms: base engine backend */
/* What a round of the CPU backend computes: one pass over the weights for everything that is on
 * its way, prompts and texts. That answers don't depend on it is backend_jobs.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/cpu.h"
#include "base/os.h"

#define MODEL CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf"

enum { JOBS = 16, ARENA = 1 << 20, LAST = 2 /* tokens of a space and a letter, at most */ };

static cm_cpu *open_cpu(uint32_t n_parallel) {
  const cm_backend_options o = {
      .model = MODEL, .threads = 1, .ctx = 512, .n_parallel = n_parallel};
  void *self = NULL;
  cm_err e;
  if (cm_backend_cpu.open(&self, &o, &e)) fail_msg("%s", e.msg);
  return self;
}

static void close_cpu(cm_cpu *c) { cm_backend_cpu.close(c); }

static cm_job jobs[JOBS];
static char texts[JOBS][2048];
static size_t told[JOBS]; /* bytes that the sink has got */

static void hear(void *user, const cm_piece *p) { *(size_t *)user += p->text.n; }

/* Submits job i: raw text, so that the tokens of the prompt are about its bytes. */
static void submit(cm_cpu *c, size_t i, uint32_t max_tokens) {
  told[i] = 0;
  jobs[i] = (cm_job){.arena = cm_arena_open(ARENA)};
  jobs[i].request = (cm_request){.raw = true,
                                 .opening = cm_str_of(texts[i]),
                                 .sampling = cm_sample_defaults(),
                                 .max_tokens = max_tokens,
                                 .candidates = 1,
                                 .sink = {hear, &told[i]}};
  assert_non_null(jobs[i].arena);
  cm_backend_cpu.submit(c, &jobs[i]);
}

/* `n` words without a common beginning with those of another `seed`. */
static void write_words(size_t i, unsigned seed, size_t n) {
  size_t at = 0;
  for (size_t k = 0; k < n; k++)
    at += (size_t)snprintf(texts[i] + at, sizeof texts[i] - at, "%c%u ", 'a' + (int)(seed % 26),
                           (unsigned)(seed * 7 + k * k) % 10);
}

/* Goes on until all `n` jobs are back; the number of steps. */
static size_t finish(cm_cpu *c, size_t n) {
  size_t steps = 0, done = 0;
  while (done < n) {
    done += cm_backend_cpu.step(c, 0) != NULL;
    if (++steps > 10000) fail_msg("%zu of %zu jobs came back", done, n);
  }
  return steps;
}

static void close_jobs(size_t n) {
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(jobs[i].error.code, CM_OK);
    cm_arena_close(jobs[i].arena);
  }
}

static size_t prompt_tokens(size_t n) {
  size_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += jobs[i].replies.prompt_tokens;
  return sum;
}

/* Sixteen short prompts cost one pass, and each further token of all of them one more. */
static void short_prompts_share_a_pass(void **unused) {
  (void)unused;
  cm_cpu *c = open_cpu(JOBS);
  for (size_t i = 0; i < JOBS; i++) write_words(i, (unsigned)i, 2), submit(c, i, 1);
  finish(c, JOBS);
  assert_true(prompt_tokens(JOBS) > 2 * JOBS && prompt_tokens(JOBS) <= 256);
  assert_int_equal(cm_batch_work(c->batch).passes, 1);
  assert_int_equal(cm_batch_work(c->batch).tokens, prompt_tokens(JOBS));
  close_jobs(JOBS);
  close_cpu(c);
}

/* What all have in common is computed for the first one only. */
static void common_beginning_is_computed_once(void **unused) {
  (void)unused;
  cm_cpu *c = open_cpu(JOBS);
  for (size_t i = 0; i < JOBS; i++) {
    write_words(i, 3, 60);
    size_t n = strlen(texts[i]);
    snprintf(texts[i] + n, sizeof texts[i] - n, "%c", 'a' + (int)i);
    submit(c, i, 1);
  }
  finish(c, JOBS);
  const size_t each = jobs[0].replies.prompt_tokens;
  assert_true(each > 100);
  assert_int_equal(cm_batch_work(c->batch).passes, 2);
  size_t own = each;
  for (size_t i = 1; i < JOBS; i++)
    own += jobs[i].replies.prompt_tokens - jobs[i].replies.cached_tokens;
  assert_true(own <= each + (JOBS - 1) * LAST);
  assert_int_equal(cm_batch_work(c->batch).tokens, own);
  close_jobs(JOBS);
  close_cpu(c);
}

/* Whoever computes the common beginning for the others may be taken back. */
static void followers_outlive_their_leader(void **unused) {
  (void)unused;
  volatile int cancel = 0;
  cm_cpu *c = open_cpu(3);
  for (size_t i = 0; i < 3; i++) {
    write_words(i, 5, 160); /* more than one round takes */
    texts[i][strlen(texts[i]) - 1] = (char)('a' + i);
    submit(c, i, 2);
  }
  jobs[0].request.cancel = &cancel;
  assert_null(cm_backend_cpu.step(c, 0));
  assert_int_equal(jobs[1].replies.cached_tokens, 0);
  cancel = 1;
  assert_ptr_equal(cm_backend_cpu.step(c, 0), &jobs[0]);
  assert_int_equal(jobs[0].error.code, CM_E_CANCELLED);
  jobs[0].error.code = CM_OK;
  finish(c, 2);
  assert_int_equal(jobs[1].replies.output_tokens, 2);
  assert_true(jobs[2].replies.cached_tokens + LAST >= jobs[2].replies.prompt_tokens);
  close_jobs(3);
  close_cpu(c);
}

/* A text goes on by a token each round while a long prompt is on its way, in passes that aren't
 * much longer than its own. */
static void text_flows_beside_a_long_prompt(void **unused) {
  (void)unused;
  cm_cpu *c = open_cpu(2);
  write_words(0, 1, 1);
  submit(c, 0, 60);
  assert_null(cm_backend_cpu.step(c, 0));
  write_words(1, 2, 200);
  submit(c, 1, 1);
  for (size_t i = 0; jobs[1].replies.output_tokens == 0; i++) {
    const cm_work before = cm_batch_work(c->batch);
    const size_t heard = told[0];
    const cm_job *done = cm_backend_cpu.step(c, 0);
    const cm_work after = cm_batch_work(c->batch);
    assert_int_equal(after.passes, before.passes + 1);
    assert_true(after.tokens - before.tokens <= 1 + 64);
    assert_true(told[0] > heard || done == &jobs[0]);
    assert_true(i < 60);
  }
  assert_true(jobs[1].replies.prompt_tokens > 300);
  finish(c, 1);
  assert_int_equal(jobs[0].replies.output_tokens, 60);
  close_jobs(2);
  close_cpu(c);
}

/* Short prompts overtake a long one, which gets its half of each pass all the same. */
static void short_prompts_overtake(void **unused) {
  (void)unused;
  cm_cpu *c = open_cpu(4);
  write_words(0, 0, 240);
  submit(c, 0, 1);
  size_t next = 1, steps = 0, overtook = 0;
  while (jobs[0].replies.output_tokens == 0) { /* new ones keep coming */
    while (next < 12 && next < 4 + steps)
      write_words(next, (unsigned)next, 30), submit(c, next++, 1);
    const cm_job *done = cm_backend_cpu.step(c, 0);
    overtook += done && done != &jobs[0];
    assert_true(++steps < 12);
  }
  assert_true(overtook > 0);
  assert_true(jobs[0].replies.prompt_tokens > 400);
  finish(c, next - 1 - overtook);
  close_jobs(next);
  close_cpu(c);
}

/* A job that waits for a place ends in time, too. */
static void waiting_jobs_can_be_stopped(void **unused) {
  (void)unused;
  volatile int cancel = 0;
  cm_cpu *c = open_cpu(1);
  for (size_t i = 0; i < 3; i++) write_words(i, (unsigned)i, 2), submit(c, i, 200);
  jobs[1].request.deadline_ns = 1;
  jobs[2].request.cancel = &cancel;
  assert_ptr_equal(cm_backend_cpu.step(c, 0), &jobs[1]);
  assert_int_equal(jobs[1].error.code, CM_E_TIMEOUT);
  cancel = 1;
  assert_ptr_equal(cm_backend_cpu.step(c, 0), &jobs[2]);
  assert_int_equal(jobs[2].error.code, CM_E_CANCELLED);
  jobs[1].error.code = jobs[2].error.code = CM_OK;
  write_words(3, 3, 2), submit(c, 3, 1); /* the queue is whole */
  finish(c, 2);
  close_jobs(4);
  close_cpu(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(short_prompts_share_a_pass),
      cmocka_unit_test(common_beginning_is_computed_once),
      cmocka_unit_test(followers_outlive_their_leader),
      cmocka_unit_test(text_flows_beside_a_long_prompt),
      cmocka_unit_test(short_prompts_overtake),
      cmocka_unit_test(waiting_jobs_can_be_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
