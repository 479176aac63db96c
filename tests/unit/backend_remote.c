/* rooms: base data net engine backend */
/* Backends that ask servers: jobs, text as it comes, stops, limits of how many at once. */
#include "remote_test.h"

#include <math.h>

/* --- text --- */

static void test_text_as_it_comes(void **state) {
  (void)state;
  for (size_t piece = 1; piece < 40; piece += 6) {
    script w = {.body = SAY("gr") SAY("\xc3\xbc\xc3\x9f") SAY("\\ud83d\\ude42") SAY("e") END,
                .piece = piece};
    asking a;
    open_asking(&a, server_start(play, &w), "ollama", 2);
    cm_job job = job_of(&a, true);
    job.request.candidates = 2;
    do_job(&a, &job);
    static const char text[] =
        "gr\xc3\xbc\xc3\x9f\xf0\x9f\x99\x82"
        "e";
    assert_true(is_text(&job, 0, text) && is_text(&job, 1, text));
    assert_string_equal(a.told[0], text);
    assert_string_equal(a.told[1], text);
    assert_int_equal(a.n_pieces, 8);
    assert_true(job.streamed && job.replies.items[0].finished &&
                isnan(job.replies.items[0].logprob));
    assert_int_equal(job.replies.output_tokens, 6);
    assert_string_equal(job.backend, "ollama");
    assert_string_equal(job.model.id, "m");
    close_asking(&a);
  }
}

static void test_raw_text(void **state) {
  (void)state;
  script w = {.body = "{\"response\":\"x\",\"done\":false}\n{\"response\":\"\",\"done\":true}\n"};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama", 1);
  cm_job job = job_of(&a, false);
  job.request.raw = true;
  job.request.opening = CM_STR("once");
  do_job(&a, &job);
  assert_true(is_text(&job, 0, "x"));
  assert_int_equal(w.raw, 1);
  close_asking(&a);
}

/* The server knows nothing of stops. */
static void test_stops(void **state) {
  (void)state;
  static const struct {
    const char *body, *text;
  } rows[] = {{SAY("one ST") SAY("OP two") END, "one "},
              {SAY("one STO") SAY("NE") END, "one STONE"},
              {SAY("STOP") END, ""},
              {SAY("ends ST") END, "ends ST"},
              {SAY("a\\nb STOP") END, "a"}};
  static const cm_str stops[] = {{"STOP", 4}, {"\n", 1}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    script w = {.body = rows[i].body};
    asking a;
    open_asking(&a, server_start(play, &w), "ollama", 1);
    cm_job job = job_of(&a, true);
    job.request.stops = stops, job.request.n_stops = 2;
    do_job(&a, &job);
    if (!is_text(&job, 0, rows[i].text)) fail_msg("row %zu: %s", i, job.error.msg);
    assert_string_equal(a.told[0], rows[i].text);
    assert_true(job.replies.items[0].finished);
    close_asking(&a);
  }
}

static void test_reply_that_begins_anew(void **state) {
  (void)state;
  static const struct {
    const char *body;
    bool anew;
  } rows[] = {{SAY("ls\\n```") END, false}, {SAY("```sh\\nls\\n```") END, true}};
  for (size_t i = 0; i < 2; i++) {
    script w = {.body = rows[i].body};
    asking a;
    open_asking(&a, server_start(play, &w), "ollama", 1);
    cm_job job = job_of(&a, false);
    job.request.opening = CM_STR("```bash\n");
    do_job(&a, &job);
    assert_int_equal(job.error.code, CM_OK);
    assert_int_equal(job.replies.items[0].anew, rows[i].anew);
    close_asking(&a);
  }
}

/* --- jobs --- */

static void test_no_more_than_asked_for(void **state) {
  (void)state;
  enum { JOBS = 12, AT_ONCE = 3 };
  script w = {.body = SAY("x") END, .wait_ms = 20};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama", AT_ONCE);
  cm_job jobs[JOBS];
  for (size_t i = 0; i < JOBS; i++) jobs[i] = job_of(&a, false);
  for (size_t i = 0; i < JOBS; i++) cm_backend_submit(a.b, &jobs[i]);
  for (size_t i = 0; i < JOBS; i++) assert_non_null(cm_backend_poll(a.b));
  assert_null(cm_backend_poll(a.b));
  for (size_t i = 0; i < JOBS; i++) assert_true(is_text(&jobs[i], 0, "x"));
  assert_int_equal(w.asked, JOBS);
  assert_int_equal(w.most, AT_ONCE);
  cm_job job = job_of(&a, false);
  job.request.candidates = AT_ONCE + 1;
  do_job(&a, &job);
  assert_int_equal(job.error.code, CM_E_USAGE);
  close_asking(&a);
}

static void test_cancelled_while_it_waits(void **state) {
  (void)state;
  static volatile int cancel;
  script w = {.body = "{\"error\":\"busy\"}", .status = 503, .header = "Retry-After: 30\r\n"};
  asking a;
  open_with(&a, server_start(play, &w), "ollama", (cm_backend_options){.attempts = 5});
  cm_job job = job_of(&a, false);
  job.request.cancel = &cancel;
  cancel = 0;
  cm_backend_submit(a.b, &job);
  for (int i = 0; i < 20 && !w.asked; i++) assert_null(cm_backend_step(a.b, 50));
  for (int i = 0; i < 4; i++) assert_null(cm_backend_step(a.b, 50)); /* between two tries */
  cancel = 1;
  assert_ptr_equal(cm_backend_poll(a.b), &job);
  assert_int_equal(job.error.code, CM_E_CANCELLED);
  assert_int_equal(job.n_failed, 0);
  assert_int_equal(w.asked, 1);
  close_asking(&a);
}

/* A job that waits for others to be done has a deadline all the same. */
static void test_deadline_in_the_queue(void **state) {
  (void)state;
  script w = {.body = SAY("x") END, .wait_ms = 600};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama", 1);
  cm_job one = job_of(&a, false), two = job_of(&a, false);
  const uint64_t start = cm_os_now_ns();
  cm_backend_submit(a.b, &one);
  two.request.deadline_ns = cm_os_now_ns() + 100 * UINT64_C(1000000);
  cm_backend_submit(a.b, &two);
  assert_ptr_equal(cm_backend_poll(a.b), &two);
  assert_int_equal(two.error.code, CM_E_TIMEOUT);
  assert_true(cm_os_now_ns() - start < 500 * UINT64_C(1000000));
  assert_ptr_equal(cm_backend_poll(a.b), &one);
  assert_true(is_text(&one, 0, "x"));
  assert_int_equal(w.asked, 1);
  close_asking(&a);
}

/* Whichever allocation fails: an error, or the answer, and nothing is lost. */
static void test_every_allocation_may_fail(void **state) {
  (void)state;
  enum { MOST = 400 };
  script w = {.body = SAY("ab") SAY("c") END};
  size_t failed = 0;
  for (uint64_t nth = 1; nth < MOST; nth++) {
    asking a;
    cm_err e;
    open_asking(&a, server_start(play, &w), "ollama", 2);
    cm_job job = job_of(&a, false);
    job.request.candidates = 2;
    cm_mem_fail_nth(nth);
    cm_backend_submit(a.b, &job);
    assert_ptr_equal(cm_backend_poll(a.b), &job);
    cm_mem_fail_nth(0);
    e = job.error;
    if (e.code) failed++;
    else assert_true(is_text(&job, 0, "abc") && is_text(&job, 1, "abc"));
    close_asking(&a);
    if (!e.code && nth > 20) break;
    if (e.code && e.code != CM_E_NOMEM && e.code != CM_E_BACKEND)
      fail_msg("allocation %u: %s", (unsigned)nth, e.msg);
  }
  assert_true(failed > 10 && failed < MOST - 1);
}

static void test_closed_with_jobs_on_their_way(void **state) {
  (void)state;
  script w = {.body = SAY("x") END, .wait_ms = 50};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama", 2);
  cm_job one = job_of(&a, false), two = job_of(&a, false), three = job_of(&a, false);
  cm_backend_submit(a.b, &one);
  cm_backend_submit(a.b, &two);
  cm_backend_submit(a.b, &three); /* this one waits */
  (void)cm_backend_step(a.b, 1);
  close_asking(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_as_it_comes),
      cmocka_unit_test(test_raw_text),
      cmocka_unit_test(test_stops),
      cmocka_unit_test(test_reply_that_begins_anew),
      cmocka_unit_test(test_no_more_than_asked_for),
      cmocka_unit_test(test_cancelled_while_it_waits),
      cmocka_unit_test(test_deadline_in_the_queue),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_closed_with_jobs_on_their_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
