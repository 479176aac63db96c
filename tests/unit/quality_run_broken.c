/* rooms: quality answer safety sandbox data sh base */
/* A run whose backend fails now and then, or for good: made up here in place of the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "quality/run.h"

/* --- the backend --- */

static struct cm_backend {
  cm_job *queue;
  char log[256];    /* what happened to requests, by the last letter of each: "a" it came, "A" it
                       was answered, "!" it failed */
  const char *away; /* requests that end with one of these letters fail, so many times each */
  int times;
  size_t dies_after; /* answers; then nobody is there any more. 0: never */
  /* Or it is away for down_ms and says from when on it may be asked again: after shut_ms, and
   * each time that this was too early twice as long. */
  unsigned down_ms, shut_ms;
  uint64_t down_until, shut_until;
  size_t early; /* asked before that */
  size_t answered, most, busy;
  int cancel_at; /* the how-many-th failure cancels the run */
  volatile int cancel;
  int failed[128];
} fake;

static void happened(cm_backend *b, int c) {
  const size_t n = strlen(b->log);
  if (n + 1 < sizeof b->log) b->log[n] = (char)c;
}

void cm_backend_submit(cm_backend *b, cm_job *job) {
  cm_job **end = &b->queue;
  cm_err unused;
  if (job->compose) (void)job->compose(job, &(cm_model_id){.id = "fake"}, &unused);
  while (*end) end = &(*end)->next;
  *end = job;
  job->next = NULL;
  job->error = (cm_err){0};
  job->replies = (cm_replies){0};
  const cm_str text = job->request.messages[job->request.n_messages - 1].text;
  if (cm_os_now_ns() < b->shut_until) b->early++;
  happened(b, text.p[text.n - 1]);
  if (++b->busy > b->most) b->most = b->busy;
}

static void answer(cm_job *job) {
  static cm_candidate ls = {.text = {"```\nls -l\n```", 13}, .tokens = 4, .finished = true};
  job->replies = (cm_replies){.items = &ls, .n = 1, .prompt_tokens = 5, .output_tokens = 4};
}

static bool is_away(cm_backend *b) {
  const uint64_t now = cm_os_now_ns(), ms = 1000000;
  if (!b->down_ms || b->answered < b->dies_after) return false;
  if (!b->down_until) b->down_until = now + b->down_ms * ms;
  if (now < b->shut_until) return true;
  if (now >= b->down_until) return b->down_ms = 0, false;
  b->shut_until = now + b->shut_ms * ms;
  b->shut_ms *= 2;
  return true;
}

cm_job *cm_backend_poll(cm_backend *b) {
  cm_job *job = b->queue;
  if (!job) return NULL;
  b->queue = job->next, b->busy--;
  const cm_str text = job->request.messages[job->request.n_messages - 1].text;
  const unsigned char last = (unsigned char)text.p[text.n - 1];
  if (is_away(b)) {
    (void)cm_fail(&job->error, CM_E_BACKEND, 0, "nobody answers");
    job->dead = true, job->again_ns = b->shut_until;
  } else if (b->dies_after && !b->down_until && b->answered >= b->dies_after) {
    (void)cm_fail(&job->error, CM_E_BACKEND, 0, "nobody is there");
    job->dead = true;
  } else if (b->away && strchr(b->away, last) && b->failed[last] < b->times) {
    (void)cm_fail(&job->error, CM_E_IO, 0, "the connection was reset");
    if (++b->failed[last] == b->cancel_at) b->cancel = 1;
  } else {
    answer(job), b->answered++;
  }
  happened(b, job->error.code ? '!' : last - 'a' + 'A');
  return job;
}

cm_job *cm_backend_step(cm_backend *b, unsigned wait_ms) {
  (void)wait_ms;
  return cm_backend_poll(b);
}

cm_code cm_backend_generate(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e) {
  (void)b, (void)q, (void)a, (void)out;
  return cm_fail(e, CM_E_INTERNAL, 0, "nobody asks this way here");
}

void cm_backend_refuse(cm_backend *b, cm_job *job, const cm_err *e) {
  (void)b;
  job->error = *e;
}

const char *cm_backend_name(const cm_backend *b) { return b ? "fake" : ""; }

/* --- a run --- */

static cm_arena *arena;
static cm_suite suite;
static cm_safety *safety;
static const cm_sh_context where = {.home = {"/home/user", 10}};
static int repeat;     /* of each case */
static char told[512]; /* "STATE:RETRIES" for each case, in order */

static int set_up(void **state) {
  (void)state;
  memset(&fake, 0, sizeof fake);
  told[0] = 0;
  repeat = 1;
  arena = cm_arena_open(64 << 20);
  return !arena || cm_safety_open(&safety, NULL, 0, NULL, 0, NULL);
}

static int tear_down(void **state) {
  (void)state;
  cm_suite_close(&suite);
  cm_safety_close(safety);
  cm_arena_close(arena);
  return 0;
}

static cm_code note(void *ctx, const cm_result *r, cm_err *e) {
  (void)ctx, (void)e;
  snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s:%u", told[0] ? " " : "",
           cm_state_name(r->state), (unsigned)r->retries);
  return CM_OK;
}

/* Cases a, b, c … that want `ls`. */
static cm_code run(int n, uint32_t batch, uint32_t retries) {
  const cm_case *cases[26];
  char text[4096] = "test_cases:\n";
  for (int i = 0; i < n; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "- {id: %c, prompt: list %c, expected_patterns: [ls], repeat: {n: %d}}\n", 'a' + i,
             'a' + i, repeat);
  cm_err e = {0};
  suite = (cm_suite){0};
  if (cm_suite_read(&suite, cm_str_of(text), CM_STR("f.yaml"), arena, &e)) fail_msg("%s", e.msg);
  for (size_t i = 0; i < suite.n; i++) cases[i] = &suite.cases[i];
  const cm_run_options o = {
      .backend = &fake,
      .question = {.candidates = 1, .max_tokens = 9, .safety = safety, .level = CM_MODERATE_LEVEL},
      .room = {.safety = safety, .where = &where},
      .today = CM_STR("2026-11-26"),
      .batch = batch,
      .jobs = 2,
      .timeout_ms = 60000,
      .retries = retries,
      .cancel = &fake.cancel,
      .finished = note};
  return cm_run_cases(cases, suite.n, &o, &e);
}

/* Whoever waits for a second try leaves its place to the others. */
static void test_pause(void **state) {
  (void)state;
  fake.away = "a", fake.times = 2;
  const uint64_t start = cm_os_now_ns();
  assert_int_equal(run(1, 1, 2), CM_OK);
  assert_string_equal(told, "pass:2");
  assert_true(cm_os_now_ns() - start >= UINT64_C(750000000)); /* 250 and 500 ms */
  tear_down(state), set_up(state);
  fake.away = "a", fake.times = 1;
  assert_int_equal(run(6, 6, 2), CM_OK);
  assert_memory_equal(fake.log, "abcdef!B", 8); /* and what then is a matter of time */
  assert_int_equal(strlen(fake.log), 14);
  assert_string_equal(told, "pass:1 pass:0 pass:0 pass:0 pass:0 pass:0");
}

/* Nor are there ever more on their way than may be. */
static void test_places(void **state) {
  (void)state;
  repeat = 6;
  fake.away = "ab", fake.times = 2;
  assert_int_equal(run(2, 2, 3), CM_OK);
  assert_int_equal(fake.most, 2);
  assert_int_equal(fake.answered, 12);
  assert_string_equal(told, "pass:2 pass:2");
}

static void test_gives_up(void **state) {
  (void)state;
  fake.away = "c", fake.times = 99;
  assert_int_equal(run(5, 5, 2), CM_OK);
  assert_memory_equal(fake.log, "abcdeAB!D", 9);
  assert_int_equal(strlen(fake.log), 14); /* c came three times */
  assert_string_equal(told, "pass:0 pass:0 error:2 pass:0 pass:0");
}

/* In the middle of a run: what was answered stays, the rest are errors, each asked for once. */
static void test_dies(void **state) {
  static const uint32_t batches[] = {1, 2, 3, 8};
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
    if (i) tear_down(state), set_up(state);
    fake.dies_after = 3;
    assert_int_equal(run(8, batches[i], 2), CM_OK);
    for (char c = 'a'; c <= 'h'; c++) assert_ptr_equal(strchr(fake.log, c), strrchr(fake.log, c));
    assert_string_equal(told, "pass:0 pass:0 pass:0 error:0 error:0 error:0 error:0 error:0");
  }
}

static size_t count(const char *s, char c) {
  size_t n = 0;
  for (; *s; s++) n += *s == c;
  return n;
}

/* All wait for it, and only one finds out whether it is there again. */
static void test_away_for_a_moment(void **state) {
  static const struct {
    uint32_t batch, lost; /* lost: in the batch of the fourth case, from that on */
  } runs[] = {{1, 1}, {2, 1}, {3, 3}, {8, 5}};
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
    if (i) tear_down(state), set_up(state);
    fake.dies_after = 3, fake.down_ms = 200, fake.shut_ms = 150;
    assert_int_equal(run(8, runs[i].batch, 2), CM_OK);
    assert_int_equal(fake.early, 0);
    assert_int_equal(fake.answered, 8);
    assert_int_equal(count(fake.log, '!'), runs[i].lost + 1); /* and the first try */
    assert_int_equal(count(told, 'p'), 8);                    /* "pass:…" */
    assert_non_null(strstr(told, "pass:0 pass:0 pass:0 pass:2 pass:"));
  }
  tear_down(state), set_up(state);
  fake.dies_after = 3, fake.down_ms = 200, fake.shut_ms = 150;
  assert_int_equal(run(4, 1, 0), CM_OK); /* whoever wants no second try waits for none */
  assert_string_equal(told, "pass:0 pass:0 pass:0 error:0");
}

/* It says when, but isn't there then: the run doesn't wait for ever. */
static void test_away_for_good(void **state) {
  (void)state;
  const uint64_t start = cm_os_now_ns(), second = UINT64_C(1000000000);
  fake.dies_after = 1, fake.down_ms = 600000, fake.shut_ms = 2000;
  assert_int_equal(run(8, 3, 5), CM_OK);
  assert_true(cm_os_now_ns() - start >= 2 * second && cm_os_now_ns() - start < 6 * second);
  assert_int_equal(fake.answered, 1);
  assert_int_equal(count(told, 'e'), 7); /* "error:…" */
  tear_down(state), set_up(state);
  fake.dies_after = 1, fake.down_ms = 600000, fake.shut_ms = 10000;
  const uint64_t again = cm_os_now_ns();
  assert_int_equal(run(8, 3, 5), CM_OK);
  assert_true(cm_os_now_ns() - again < 2 * second);
  assert_string_equal(told, "pass:0 error:0 error:0 error:0 error:0 error:0 error:0 error:0");
}

static void test_cancelled(void **state) {
  (void)state;
  fake.away = "b", fake.times = 99, fake.cancel_at = 1;
  assert_int_equal(run(2, 2, 10), CM_E_CANCELLED);
  assert_string_equal(fake.log, "abA!");
  assert_string_equal(told, "");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {TEST(test_pause),
                                     TEST(test_places),
                                     TEST(test_gives_up),
                                     TEST(test_dies),
                                     TEST(test_away_for_a_moment),
                                     TEST(test_away_for_good),
                                     TEST(test_cancelled)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
