/* rooms: base data net engine backend */
/* Several backends in order, and the circuit breaker of each. */
#include "remote_test.h"

/* --- several in order --- */

/* What some have read can't be said again by another one. */
static void test_no_other_after_text(void **state) {
  (void)state;
  for (int hears = 0; hears < 2; hears++) {
    script w = {.body = SAY("half"), .breaks = true};
    asking a;
    open_with(&a, server_start(play, &w), "ollama,vllm", (cm_backend_options){.attempts = 3});
    cm_job job = job_of(&a, hears);
    do_job(&a, &job);
    assert_int_equal(job.error.code, CM_E_BACKEND);
    assert_int_equal(job.n_failed, hears ? 1 : 2);
    assert_string_equal(job.failed[0].backend, "ollama");
    assert_string_equal(job.backend, hears ? "ollama" : "vllm");
    assert_int_equal(w.asked, 1);
    close_asking(&a);
  }
}

static void test_breaker_opens_where_nobody_answers(void **state) {
  (void)state;
  script w = {0};
  asking a;
  open_with(&a, server_start(play_dead, &w), "ollama,vllm", (cm_backend_options){.first_ms = 300});
  for (int i = 0; i < 5; i++) {
    cm_job job = job_of(&a, false);
    do_job(&a, &job);
    assert_int_equal(job.error.code, CM_E_BACKEND);
    assert_int_equal(job.n_failed, 2);
    assert_true(job.dead);
    for (size_t k = 0; k < 2; k++)
      assert_int_equal(strstr(job.failed[k].error, "not asked again") != NULL, i > 0);
  }
  assert_int_equal(w.asked, 1);
  close_asking(&a);
}

/* A server that is there, and says no to one question, may well answer the next one. */
static void test_breaker_stays_shut_for_errors(void **state) {
  (void)state;
  static const char *const bodies[] = {"{\"error\":\"no\"}", "rubbish"};
  for (size_t i = 0; i < 2; i++) {
    script w = {.body = bodies[i], .status = i ? 200 : 500};
    asking a;
    open_asking(&a, server_start(play, &w), "ollama", 1);
    for (int k = 0; k < 5; k++) {
      cm_job job = job_of(&a, false);
      do_job(&a, &job);
      assert_int_equal(job.error.code, CM_E_BACKEND);
      assert_false(job.dead);
    }
    assert_int_equal(w.asked, 5);
    close_asking(&a);
  }
}

static void rest_until(uint64_t then) {
  while (cm_os_now_ns() < then) cm_os_sleep_ms(10);
}

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

/* After an outage it is asked once more who it is. */
static void test_another_one_comes_back(void **state) {
  (void)state;
  script w = {.body = SAY("x") END, .digest = DIGITS "1"};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama", 1);
  cm_job job = job_of(&a, false);
  do_job(&a, &job);
  assert_string_equal(job.model.sha256, DIGITS "1");
  w.later.digest = DIGITS "2";
  w.is_later = true;
  job = job_of(&a, false);
  do_job(&a, &job);
  assert_string_equal(job.model.sha256, DIGITS "1"); /* nobody asks for each question */
  w.hang_up_ms = 1;
  job = job_of(&a, false);
  do_job(&a, &job);
  assert_true(job.dead);
  w.hang_up_ms = 0;
  rest_until(job.again_ns);
  job = job_of(&a, false);
  do_job(&a, &job);
  assert_true(is_text(&job, 0, "x"));
  assert_string_equal(job.model.sha256, DIGITS "2");
  close_asking(&a);
}

static void do_beside(asking *a, cm_job *job) {
  cm_backend_submit(a->b, job);
  assert_ptr_equal(cm_backend_poll(a->b), job);
}

/* Whatever the one says that finds out, it was said by somebody. Another question is on its way
 * all the time, so that the server isn't asked who it is. */
static void test_breaker_opens_for_any_answer(void **state) {
  (void)state;
  static const struct {
    const char *body;
    unsigned status;
    cm_code code;
  } answers[] = {{SAY("x") END, 200, CM_OK},
                 {"{\"error\":\"no\"}", 500, CM_E_BACKEND},
                 {"{\"error\":\"context\"}", 400, CM_E_LIMIT},
                 {"{\"error\":\"no model\"}", 404, CM_E_MODEL},
                 {"rubbish", 200, CM_E_BACKEND}};
  enum { N = sizeof answers / sizeof *answers };
  static script w[N];
  static asking a[N];
  static cm_job slow[N];
  uint64_t again = 0;
  for (size_t i = 0; i < N; i++) {
    w[i].body =
        SAY("1") SAY("2") SAY("3") SAY("4") SAY("5") SAY("6") SAY("7") SAY("8") SAY("9") END;
    w[i].piece = 5;
    w[i].pause_ms = 250; /* that takes 20 seconds */
    open_asking(&a[i], server_start(play, &w[i]), "ollama", 2);
    slow[i] = job_of(&a[i], false);
    cm_backend_submit(a[i].b, &slow[i]);
    while (!w[i].now) assert_null(cm_backend_step(a[i].b, 10));
    w[i].hang_up_ms = 1;
    cm_job job = job_of(&a[i], false);
    do_beside(&a[i], &job);
    assert_true(job.dead);
    if (job.again_ns > again) again = job.again_ns;
    w[i].hang_up_ms = 0;
    w[i].later.body = answers[i].body;
    w[i].later.status = answers[i].status;
    w[i].is_later = true;
  }
  rest_until(again);
  for (size_t i = 0; i < N; i++) {
    for (int k = 0; k < 2; k++) {
      const int before = w[i].asked;
      cm_job job = job_of(&a[i], false);
      do_beside(&a[i], &job);
      assert_int_equal(job.error.code, answers[i].code);
      assert_true(w[i].asked > before && !job.dead);
    }
    close_asking(&a[i]);
  }
}

/* Those that were on their way together say it once: the next try comes as soon as after one. */
static void test_breaker_counts_an_outage_once(void **state) {
  (void)state;
  enum { JOBS = 8 };
  script w = {.body = "", .hang_up_ms = 200};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama", JOBS);
  cm_job jobs[JOBS];
  for (size_t i = 0; i < JOBS; i++) jobs[i] = job_of(&a, false);
  for (size_t i = 0; i < JOBS; i++) cm_backend_submit(a.b, &jobs[i]);
  for (size_t i = 0; i < JOBS; i++) assert_non_null(cm_backend_poll(a.b));
  for (size_t i = 0; i < JOBS; i++) assert_true(jobs[i].error.code && jobs[i].dead);
  assert_true(w.asked >= JOBS);
  cm_job job = job_of(&a, false);
  do_job(&a, &job);
  /* Ten times 200 ms and a little. Eight times in a row would be 128 times as long. */
  const uint64_t left = job.again_ns - cm_os_now_ns();
  assert_true(job.dead && job.again_ns > cm_os_now_ns());
  assert_true(left < CM_BREAK_FIRST_SECONDS * UINT64_C(1000000000));
  if (!strstr(job.error.msg, "not asked again for ")) fail_msg("%s", job.error.msg);
  close_asking(&a);
}

/* Text that comes too slowly for one question comes: others may have more time. */
static void test_breaker_stays_shut_for_slow_answers(void **state) {
  (void)state;
  script w = {.body = SAY("x") SAY("y") END, .piece = 40, .pause_ms = 300};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama,vllm", 1);
  cm_job job = job_of(&a, false);
  job.request.deadline_ns = cm_os_now_ns() + 400 * UINT64_C(1000000);
  do_job(&a, &job);
  assert_string_equal(job.failed[0].backend, "ollama");
  assert_false(strstr(job.failed[0].error, "not asked again"));
  job = job_of(&a, false);
  do_job(&a, &job);
  assert_true(is_text(&job, 0, "xy"));
  assert_string_equal(job.backend, "ollama");
  close_asking(&a);
}

static void test_who_can_be_asked(void **state) {
  (void)state;
  script w = {.body = SAY("x") END};
  asking a;
  cm_source from;
  cm_err e;
  open_asking(&a, server_start(play, &w), "vllm,ollama", 1);
  assert_int_equal(cm_backend_identify(a.b, 0, NULL, &from, &e), CM_OK);
  assert_string_equal(from.backend, "ollama");
  assert_string_equal(from.model.id, "m");
  assert_int_equal(from.n_failed, 1);
  assert_string_equal(from.failed[0].backend, "vllm");
  cm_job job = job_of(&a, false);
  do_job(&a, &job);
  assert_true(is_text(&job, 0, "x") && job.n_failed == 1);
  close_asking(&a);
  open_asking(&a, NULL, "ollama,vllm", 1);
  assert_int_equal(cm_backend_identify(a.b, 0, NULL, &from, &e), CM_E_BACKEND);
  assert_int_equal(from.n_failed, 1);
  assert_string_equal(from.backend, "vllm");
  close_asking(&a);
}

static void test_time_is_shared(void **state) {
  (void)state;
  script w = {0};
  asking a;
  open_asking(&a, server_start(play_dead, &w), "ollama,vllm", 1);
  cm_job job = job_of(&a, false);
  job.request.deadline_ns = cm_os_now_ns() + 400 * UINT64_C(1000000);
  do_job(&a, &job);
  assert_int_equal(job.error.code, CM_E_BACKEND); /* of the second: there was time to ask it */
  assert_int_equal(job.n_failed, 2);
  assert_true(cm_os_now_ns() < job.request.deadline_ns);
  close_asking(&a);
}

/* While a server is asked who it is, the other jobs stand still. */
static void test_who_says_nothing_holds_nobody_up(void **state) {
  (void)state;
  const uint64_t second = UINT64_C(1000000000), start = cm_os_now_ns();
  script w = {0};
  asking a;
  open_asking(&a, server_start(play_dead, &w), "ollama,vllm", 1);
  cm_job job = job_of(&a, false);
  job.request.deadline_ns = start + 60 * second;
  do_job(&a, &job);
  assert_int_equal(job.n_failed, 2);
  assert_int_equal(w.asked, 1);
  assert_true(cm_os_now_ns() - start < 2 * CM_IDENTIFY_SECONDS * second);
  close_asking(&a);
}

/* Texts that are on their way go on while another server is asked who it is, and says nothing. */
static void test_others_work_meanwhile(void **state) {
  (void)state;
  const uint64_t ms = 1000000;
  script w = {.body = SAY("a") SAY("b") SAY("c") END, .piece = 45, .pause_ms = 300}, dead = {0};
  asking a;
  open_two(&a, server_start(play, &w), server_start(play_dead, &dead), "ollama,vllm",
           (cm_backend_options){.n_parallel = 2});
  cm_job slow = job_of(&a, true), other = job_of(&a, false);
  cm_backend_submit(a.b, &slow);
  while (!w.now) assert_null(cm_backend_step(a.b, 10));
  w.later.body = "{\"error\":\"no\"}";
  w.later.status = 500;
  w.is_later = true;
  const uint64_t start = cm_os_now_ns();
  other.request.deadline_ns = start + 4000 * ms;
  cm_backend_submit(a.b, &other);
  assert_ptr_equal(cm_backend_poll(a.b), &other);
  assert_true(cm_os_now_ns() - start >= 3900 * ms);
  assert_int_equal(other.error.code, CM_E_TIMEOUT);
  assert_string_equal(other.failed[0].backend, "ollama");
  assert_int_equal(dead.asked, 1);
  assert_true(a.heard_ns - start < 3000 * ms); /* not when that was over */
  assert_ptr_equal(cm_backend_poll(a.b), &slow);
  assert_true(is_text(&slow, 0, "abc"));
  assert_string_equal(a.told[0], "abc");
  assert_int_equal(cm_backend_busy(a.b), 0);
  close_asking(&a);
}

static cm_code compose(cm_job *job, const cm_model_id *model, cm_err *e) {
  (void)model, (void)e;
  job->request.messages = &hello, job->request.n_messages = 1;
  return CM_OK;
}

/* A source with another one behind it has half of the time, whoever writes the words. */
static void test_time_is_shared_once(void **state) {
  (void)state;
  const uint64_t second = UINT64_C(1000000000);
  script w = {.body = SAY("x") END, .wait_ms = 1500};
  asking a;
  open_asking(&a, server_start(play, &w), "ollama,vllm", 1);
  cm_job job = job_of(&a, false);
  job.compose = compose;
  const uint64_t end = job.request.deadline_ns = cm_os_now_ns() + 5 * second;
  do_job(&a, &job);
  assert_true(is_text(&job, 0, "x"));
  assert_string_equal(job.backend, "ollama");
  assert_true(job.request.deadline_ns == end);
  close_asking(&a);
}

static void test_names(void **state) {
  (void)state;
  static const char *const wrong[] = {"", "cuda", "ollama,", ",ollama", "ollama,ollama", "a,b"};
  const cm_backend_options o = {0};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    cm_backend *b;
    cm_err e;
    assert_int_equal(cm_backend_open(&b, wrong[i], &o, &e), CM_E_USAGE);
    assert_null(b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_other_after_text),
      cmocka_unit_test(test_breaker_opens_where_nobody_answers),
      cmocka_unit_test(test_breaker_stays_shut_for_errors),
      cmocka_unit_test(test_another_one_comes_back),
      cmocka_unit_test(test_breaker_opens_for_any_answer),
      cmocka_unit_test(test_breaker_counts_an_outage_once),
      cmocka_unit_test(test_breaker_stays_shut_for_slow_answers),
      cmocka_unit_test(test_who_can_be_asked),
      cmocka_unit_test(test_time_is_shared),
      cmocka_unit_test(test_time_is_shared_once),
      cmocka_unit_test(test_who_says_nothing_holds_nobody_up),
      cmocka_unit_test(test_others_work_meanwhile),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
