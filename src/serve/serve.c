/* The scheduler: one thread that brings requests to the backend and lets it compute. */
#include "serve/serve.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_bell.h"
#include "base/os_net.h"
#include "serve/server.h"

#define MS UINT64_C(1000000)

enum {
  IDLE_MS = 100,   /* between two looks at *stop while nothing happens */
  WATCH_MS = 50,   /* between two looks at the connections */
  STEP_MS = 20,    /* that the backend may wait for news of other servers */
  LEFT_MS = 1000,  /* that a connection stays whose client has gone */
  FLUSH_MS = 2000, /* for the last answers to get out */
  LINE = 512
};

void cm_serve_log(const cm_serve *s, const char *fmt, ...) {
  char line[LINE];
  va_list ap;
  if (!s->o->log) return;
  va_start(ap, fmt);
  vsnprintf(line, sizeof line, fmt, ap);
  va_end(ap);
  s->o->log(s->o->user, line);
}

/* --- looking around --- */

/* Those whose clients have hung up are let go. libmicrohttpd doesn't look at a connection that is
 * suspended. */
static void watch(cm_visit *list) {
  enum { PART = 64 };
  for (cm_visit *v = list; v;) {
    cm_visit *of[PART];
    int fds[PART];
    bool gone[PART] = {false};
    size_t n = 0;
    for (; v && n < PART; v = v->next)
      if (v->http && !v->gone) of[n] = v, fds[n++] = v->conn->fd;
    cm_os_peers_gone(fds, n, gone);
    for (size_t i = 0; i < n; i++)
      if (gone[i]) cm_visit_lose(of[i], CM_CANCELLED_CLIENT);
  }
}

/* libmicrohttpd overlooks the end of a connection that came together with the last bytes. What has
 * come before it may still be answered. */
static void hurry(cm_serve *s, uint64_t now) {
  enum { PART = 64 };
  const uint64_t soon = now + LEFT_MS * MS;
  for (cm_conn *c = s->conns; c;) {
    cm_conn *of[PART];
    int fds[PART];
    bool gone[PART] = {false};
    size_t n = 0;
    for (; c && n < PART; c = c->next)
      if (c->cut_ns > soon) of[n] = c, fds[n++] = c->fd;
    cm_os_peers_gone(fds, n, gone);
    for (size_t i = 0; i < n; i++)
      if (gone[i]) of[i]->cut_ns = soon;
  }
}

/* Ends connections that bring nothing, or too slowly. */
static void reap(cm_serve *s, uint64_t now) {
  for (cm_conn *c = s->conns; c; c = c->next) {
    if (!c->cut_ns || now < c->cut_ns) continue;
    cm_os_cut(c->fd);
    c->cut_ns = 0;
  }
}

static bool is_stopped(const cm_serve *s) { return __atomic_load_n(s->o->stop, __ATOMIC_RELAXED); }

static void look_around(cm_serve *s) {
  const uint64_t now = cm_os_now_ns();
  if (!s->draining && is_stopped(s)) {
    s->draining = true;
    s->drain_end_ns = now + s->o->drain_ms * MS;
  }
  if (s->draining && now >= s->drain_end_ns) s->closing = true;
  if (now - s->watched_ns >= WATCH_MS * MS) {
    s->watched_ns = now;
    watch(s->waiting);
    watch(s->running);
    hurry(s, now);
    reap(s, now);
  }
  cm_queue_weed(s, now);
}

/* Called and comes back with the lock held. */
static void wait_news(cm_serve *s) {
  const uint32_t ms = s->conns ? WATCH_MS : IDLE_MS;
  pthread_mutex_unlock(&s->lock);
  cm_os_bell_wait(s->news, ms);
  pthread_mutex_lock(&s->lock);
}

/* --- rounds --- */

static void run(cm_serve *s) {
  for (bool over = false; !over;) {
    pthread_mutex_lock(&s->lock);
    look_around(s);
    cm_visit *v = cm_queue_take(s);
    const bool busy = s->n_running > 0;
    over = s->draining && !busy && !s->waiting;
    if (!v && !busy && !over) wait_news(s);
    pthread_mutex_unlock(&s->lock);
    cm_job *job = NULL;
    if (v) cm_queue_submit(v);
    else if (busy) job = cm_backend_step(s->o->backend, STEP_MS);
    if (job) cm_queue_finish(s, job);
  }
}

/* Until the last answers are out, or their readers took too long. */
static void flush(cm_serve *s) {
  const uint64_t end = cm_os_now_ns() + FLUSH_MS * MS;
  pthread_mutex_lock(&s->lock);
  while (s->n_visits && cm_os_now_ns() < end) {
    look_around(s);
    wait_news(s);
  }
  s->closing = true;
  pthread_mutex_unlock(&s->lock);
}

/* --- opening and closing --- */

static cm_code check(const cm_serve_options *o, cm_err *e) {
  if (o->token && !*o->token) return cm_fail(e, CM_E_USAGE, 0, "the token is empty");
  if (!o->slots || !o->body_max || !o->timeout_ms || !o->idle_ms || !o->max_tokens)
    return cm_fail(e, CM_E_INTERNAL, 0, "a limit of the server is 0");
  return CM_OK;
}

static cm_code open_listener(const cm_serve_options *o, cm_os_listener *l, cm_err *e) {
  cm_code code = cm_os_listen(l, o->host ? o->host : "127.0.0.1", o->port, !o->token, e);
  if (code == CM_E_USAGE && !o->token) cm_err_prefix(e, "without a token (--token-file)");
  return code;
}

static void describe(cm_serve *s, const cm_os_listener *l) {
  const cm_serve_options *o = s->o;
  s->gate = (cm_gate){.name = o->host ? o->host : l->host,
                      .address = l->host,
                      .only_here = l->only_here,
                      .token = o->token,
                      .origins = o->origins,
                      .n_origins = o->n_origins,
                      .body_max = o->body_max};
  s->about = (cm_api_about){.engine = o->engine,
                            .model = &o->model,
                            .alias = o->alias,
                            .backend = cm_backend_name(o->backend),
                            .ctx = o->model.ctx,
                            .model_bytes = o->model.bytes,
                            .started = cm_os_epoch_s(),
                            .max_tokens = o->max_tokens,
                            .slots = o->slots,
                            .shell = o->shell,
                            .level = o->level};
  cm_os_utc(s->about.started_text);
}

static cm_code open_lock(cm_serve *s, cm_err *e) {
  s->locked = pthread_mutex_init(&s->lock, NULL) == 0;
  if (s->locked) return cm_os_bell_open(&s->news, e);
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for a lock");
}

/* libmicrohttpd must not be stopped while a connection is suspended. */
static void stop(cm_serve *s) {
  flush(s);
  s->mhd.stop(s->daemon);
}

static void close_all(cm_serve *s) {
  cm_os_bell_close(s->news);
  if (s->locked) pthread_mutex_destroy(&s->lock);
  cm_free(s);
}

static void announce(const cm_serve *s, const cm_os_listener *l) {
  char url[96];
  snprintf(url, sizeof url, "http://%s:%u", l->host, l->port);
  if (s->o->ready) s->o->ready(s->o->user, url);
}

cm_code cm_serve_run(const cm_serve_options *o, cm_err *e) {
  cm_os_listener l;
  cm_code code = check(o, e);
  cm_serve *s = code ? NULL : cm_alloc(1, sizeof *s);
  if (code) return code;
  if (!s) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a server");
  s->o = o;
  code = cm_mhd_load(&s->mhd, e);
  if (!code) code = open_listener(o, &l, e);
  if (!code) {
    describe(s, &l);
    code = open_lock(s, e);
    if (!code) code = cm_server_start(s, l.fd, e);
    if (code) cm_os_listener_close(&l);
  }
  if (!code) {
    announce(s, &l);
    run(s);
    stop(s);
  }
  close_all(s);
  return code;
}
