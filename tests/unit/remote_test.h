/* Backends that ask servers: the servers are functions, played in threads. */
#ifndef CM_TESTS_REMOTE_TEST_H
#define CM_TESTS_REMOTE_TEST_H
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

/* What it answers to /api/chat and /api/generate: a body, sent in pieces of `piece` bytes. Once it
 * is_later, `later` stands for what it has, and nothing pauses. */
typedef struct script {
  const char *body;
  size_t piece;
  unsigned status;
  const char *header;     /* one more line of the head */
  unsigned wait_ms;       /* before the answer */
  unsigned pause_ms;      /* between two pieces */
  atomic_uint hang_up_ms; /* without an answer, so long after the question */
  bool breaks;            /* the connection is cut off at the end */
  const char *digest;     /* of its model; NULL: it says none */
  struct {
    const char *body, *digest;
    unsigned status;
  } later;
  atomic_bool is_later;
  atomic_int asked, now, most, raw; /* questions; raw: to /api/generate */
} script;

static inline bool say_head(int fd, unsigned status, const char *more, size_t length) {
  char head[512];
  snprintf(head, sizeof head,
           "HTTP/1.1 %u X\r\nContent-Type: application/x-ndjson\r\n%sContent-Length: %zu\r\n\r\n",
           status, more ? more : "", length);
  return server_say(fd, head);
}

static inline bool say_json(int fd, const char *text) {
  return say_head(fd, 200, NULL, strlen(text)) && server_say(fd, text);
}

static inline bool say_models(int fd, const char *digest) {
  char text[200];
  snprintf(text, sizeof text, "{\"models\":[{\"name\":\"m\",\"digest\":\"%s\"}]}",
           digest ? digest : "");
  return say_json(fd, text);
}

static inline bool say_script(script *w, int fd) {
  const bool later = w->is_later;
  const char *body = later && w->later.body ? w->later.body : w->body;
  const size_t n = strlen(body), piece = w->piece ? w->piece : n + 1;
  const unsigned pause_ms = later ? 0 : w->pause_ms, status = later ? w->later.status : w->status;
  const int now = ++w->now;
  if (now > w->most) w->most = now;
  w->asked++;
  if (w->wait_ms) cm_os_sleep_ms(w->wait_ms);
  const unsigned hang_up_ms = w->hang_up_ms;
  if (hang_up_ms) {
    cm_os_sleep_ms(hang_up_ms);
    w->now--;
    return false;
  }
  bool fine = say_head(fd, status ? status : 200, w->header, n + w->breaks);
  for (size_t at = 0; fine && at < n; at += piece) {
    if (at && pause_ms) cm_os_sleep_ms(pause_ms);
    fine = server_send(fd, body + at, n - at < piece ? n - at : piece);
  }
  w->now--;
  return fine && !w->breaks;
}

static inline void play(server *s, int fd) {
  script *w = s->user;
  bool on = true;
  while (on && server_read(s, fd)) {
    if (!strcmp(server_path, "/api/tags"))
      on = say_models(fd, w->is_later ? w->later.digest : w->digest);
    else if (!strcmp(server_path, "/api/show")) on = say_json(fd, "{}");
    else {
      w->raw += !strcmp(server_path, "/api/generate");
      on = say_script(w, fd);
    }
  }
}

/* Takes connections and questions, and never answers. */
static inline void play_dead(server *s, int fd) {
  script *w = s->user;
  if (server_read(s, fd)) w->asked++;
  server_wait_for_end(fd);
}

/* --- asking --- */

typedef struct asking {
  server *s, *vllm;
  char url[64], vllm_url[64];
  cm_backend_options o;
  cm_backend *b;
  cm_arena *arena;
  char told[2][TEXT]; /* by the sink, of each candidate */
  size_t n_pieces;
  uint64_t heard_ns; /* when the last piece came */
} asking;

static inline void hear(void *user, const cm_piece *p) {
  asking *a = user;
  const cm_str text = p->text;
  char *told = a->told[p->candidate];
  const size_t n = strlen(told);
  assert_true(p->candidate < 2 && n + text.n < TEXT);
  assert_int_equal(cm_utf8_check(text.p, text.n), text.n); /* whole code points */
  memcpy(told + n, text.p, text.n);
  told[n + text.n] = 0;
  a->n_pieces++;
  a->heard_ns = cm_os_now_ns();
}

/* Nobody is at port 9 of this machine, where servers are looked for that aren't there. */
static inline void open_two(asking *a, server *ollama, server *vllm, const char *names,
                            cm_backend_options o) {
  cm_err e;
  *a = (asking){.s = ollama, .vllm = vllm, .arena = cm_arena_open(ARENA), .o = o};
  snprintf(a->url, sizeof a->url, "http://127.0.0.1:%u", ollama ? ollama->port : 9);
  snprintf(a->vllm_url, sizeof a->vllm_url, "http://127.0.0.1:%u/v1", vllm ? vllm->port : 9);
  if (!o.attempts) a->o.attempts = 1;
  a->o.ollama.url = a->url;
  a->o.vllm.url = a->vllm_url;
  if (cm_backend_open(&a->b, names, &a->o, &e)) fail_msg("%s", e.msg);
}

static inline void open_with(asking *a, server *s, const char *names, cm_backend_options o) {
  open_two(a, s, NULL, names, o);
}

static inline void open_asking(asking *a, server *s, const char *names, uint32_t n_parallel) {
  open_with(a, s, names, (cm_backend_options){.n_parallel = n_parallel});
}

static inline void close_asking(asking *a) {
  cm_backend_close(a->b);
  cm_arena_close(a->arena);
  if (a->s) server_stop(a->s), free(a->s);
  if (a->vllm) server_stop(a->vllm), free(a->vllm);
}

static const cm_message hello = {CM_ROLE_USER, {"hello", 5}};

static inline cm_job job_of(asking *a, bool hears) {
  cm_job job = {.arena = a->arena};
  job.request = (cm_request){.messages = &hello,
                             .n_messages = 1,
                             .sampling = cm_sample_defaults(),
                             .max_tokens = 50,
                             .candidates = 1};
  if (hears) job.request.sink = (cm_sink){hear, a};
  return job;
}

static inline void do_job(asking *a, cm_job *job) {
  cm_backend_submit(a->b, job);
  assert_ptr_equal(cm_backend_poll(a->b), job);
  assert_int_equal(cm_backend_busy(a->b), 0);
}

static inline bool is_text(const cm_job *job, size_t i, const char *text) {
  return !job->error.code && i < job->replies.n && cm_str_is(job->replies.items[i].text, text);
}

#define SAY(t) "{\"message\":{\"content\":\"" t "\"},\"done\":false}\n"
#define END \
  "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"eval_count\":3}\n"

#endif
