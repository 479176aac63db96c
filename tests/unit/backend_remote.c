/* rooms: base data net engine backend */
/* Backends that ask servers, and several in order: jobs, text as it comes, stops, limits of how
 * many at once, the circuit breaker. The servers are functions below, played in threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/os.h"
#include "http_server.h"

enum { ARENA = 8 << 20, TEXT = 4096 };

/* --- a server --- */

/* What it answers to /api/chat and /api/generate: a body, sent in pieces of `piece` bytes. */
typedef struct script {
  const char *body;
  size_t piece;
  unsigned status;
  const char *header;               /* one more line of the head */
  unsigned wait_ms;                 /* before the answer */
  unsigned pause_ms;                /* between two pieces */
  unsigned hang_up_ms;              /* without an answer, so long after the question */
  bool breaks;                      /* the connection is cut off at the end */
  atomic_int asked, now, most, raw; /* questions; raw: to /api/generate */
} script;

static bool say_head(int fd, unsigned status, const char *more, size_t length) {
  char head[512];
  snprintf(head, sizeof head,
           "HTTP/1.1 %u X\r\nContent-Type: application/x-ndjson\r\n%sContent-Length: %zu\r\n\r\n",
           status, more ? more : "", length);
  return server_say(fd, head);
}

static bool say_json(int fd, const char *text) {
  return say_head(fd, 200, NULL, strlen(text)) && server_say(fd, text);
}

static bool say_script(script *w, int fd) {
  const size_t n = strlen(w->body), piece = w->piece ? w->piece : n + 1;
  const int now = ++w->now;
  if (now > w->most) w->most = now;
  w->asked++;
  if (w->wait_ms) cm_os_sleep_ms(w->wait_ms);
  if (w->hang_up_ms) {
    cm_os_sleep_ms(w->hang_up_ms);
    w->now--;
    return false;
  }
  bool fine = say_head(fd, w->status ? w->status : 200, w->header, n + w->breaks);
  for (size_t at = 0; fine && at < n; at += piece) {
    if (at && w->pause_ms) cm_os_sleep_ms(w->pause_ms);
    fine = server_send(fd, w->body + at, n - at < piece ? n - at : piece);
  }
  w->now--;
  return fine && !w->breaks;
}

static void play(server *s, int fd) {
  script *w = s->user;
  bool on = true;
  while (on && server_read(s, fd)) {
    if (!strcmp(server_path, "/api/tags")) on = say_json(fd, "{\"models\":[{\"name\":\"m\"}]}");
    else if (!strcmp(server_path, "/api/show")) on = say_json(fd, "{}");
    else {
      w->raw += !strcmp(server_path, "/api/generate");
      on = say_script(w, fd);
    }
  }
}

/* Takes connections and questions, and never answers. */
static void play_dead(server *s, int fd) {
  script *w = s->user;
  if (server_read(s, fd)) w->asked++;
  server_wait_for_end(fd);
}

/* --- asking --- */

typedef struct asking {
  server *s;
  char url[64];
  cm_backend_options o;
  cm_backend *b;
  cm_arena *arena;
  char told[2][TEXT]; /* by the sink, of each candidate */
  size_t n_pieces;
} asking;

static void hear(void *user, uint32_t candidate, cm_str text) {
  asking *a = user;
  char *told = a->told[candidate];
  const size_t n = strlen(told);
  assert_true(candidate < 2 && n + text.n < TEXT);
  assert_int_equal(cm_utf8_check(text.p, text.n), text.n); /* whole code points */
  memcpy(told + n, text.p, text.n);
  told[n + text.n] = 0;
  a->n_pieces++;
}

/* Nobody is at port 9 of this machine, where vllm is looked for. */
static void open_with(asking *a, server *s, const char *names, cm_backend_options o) {
  cm_err e;
  *a = (asking){.s = s, .arena = cm_arena_open(ARENA), .o = o};
  if (s) snprintf(a->url, sizeof a->url, "http://127.0.0.1:%u", s->port);
  if (!o.attempts) a->o.attempts = 1;
  a->o.ollama.url = s ? a->url : "http://127.0.0.1:9";
  a->o.vllm.url = "http://127.0.0.1:9/v1";
  if (cm_backend_open(&a->b, names, &a->o, &e)) fail_msg("%s", e.msg);
}

static void open_asking(asking *a, server *s, const char *names, uint32_t n_parallel) {
  open_with(a, s, names, (cm_backend_options){.n_parallel = n_parallel});
}

static void close_asking(asking *a) {
  cm_backend_close(a->b);
  cm_arena_close(a->arena);
  if (a->s) server_stop(a->s), free(a->s);
}

static const cm_message hello = {CM_ROLE_USER, {"hello", 5}};

static cm_job job_of(asking *a, bool hears) {
  cm_job job = {.arena = a->arena};
  job.request = (cm_request){.messages = &hello,
                             .n_messages = 1,
                             .sampling = cm_sample_defaults(),
                             .max_tokens = 50,
                             .candidates = 1};
  if (hears) job.request.sink = (cm_sink){hear, a};
  return job;
}

static void do_job(asking *a, cm_job *job) {
  cm_backend_submit(a->b, job);
  assert_ptr_equal(cm_backend_poll(a->b), job);
  assert_int_equal(cm_backend_busy(a->b), 0);
}

static bool is_text(const cm_job *job, size_t i, const char *text) {
  return !job->error.code && i < job->replies.n && cm_str_is(job->replies.items[i].text, text);
}

#define SAY(t) "{\"message\":{\"content\":\"" t "\"},\"done\":false}\n"
#define END \
  "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"eval_count\":3}\n"

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

/* Whatever the one says that finds out, it was said by somebody. */
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
  uint64_t again = 0;
  for (size_t i = 0; i < N; i++) {
    w[i].body = answers[i].body, w[i].status = answers[i].status, w[i].hang_up_ms = 1;
    open_asking(&a[i], server_start(play, &w[i]), "ollama", 1);
    cm_job job = job_of(&a[i], false);
    do_job(&a[i], &job);
    assert_true(job.dead);
    if (job.again_ns > again) again = job.again_ns;
    w[i].hang_up_ms = 0;
  }
  rest_until(again);
  for (size_t i = 0; i < N; i++) {
    for (int k = 0; k < 2; k++) {
      const int before = w[i].asked;
      cm_job job = job_of(&a[i], false);
      do_job(&a[i], &job);
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
      cmocka_unit_test(test_text_as_it_comes),
      cmocka_unit_test(test_raw_text),
      cmocka_unit_test(test_stops),
      cmocka_unit_test(test_reply_that_begins_anew),
      cmocka_unit_test(test_no_more_than_asked_for),
      cmocka_unit_test(test_cancelled_while_it_waits),
      cmocka_unit_test(test_deadline_in_the_queue),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_closed_with_jobs_on_their_way),
      cmocka_unit_test(test_no_other_after_text),
      cmocka_unit_test(test_breaker_opens_where_nobody_answers),
      cmocka_unit_test(test_breaker_stays_shut_for_errors),
      cmocka_unit_test(test_breaker_opens_for_any_answer),
      cmocka_unit_test(test_breaker_counts_an_outage_once),
      cmocka_unit_test(test_breaker_stays_shut_for_slow_answers),
      cmocka_unit_test(test_who_can_be_asked),
      cmocka_unit_test(test_time_is_shared),
      cmocka_unit_test(test_time_is_shared_once),
      cmocka_unit_test(test_who_says_nothing_holds_nobody_up),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
