/* Requests between the two threads: first come, first served. A request that needs more places
 * than are free waits for them, and all behind it do: else it would never get them. */
#include <inttypes.h>
#include <string.h>

#include "base/os.h"
#include "serve/server.h"

#define SECOND 1e9

/* --- the queue --- */

int cm_queue_put(cm_visit *v, cm_err *e) {
  cm_serve *s = v->s;
  const uint32_t slots = s->o->slots;
  const size_t most = s->o->queue + (slots > s->used ? slots - s->used : 0);
  cm_code code = CM_OK;
  if (s->draining) code = cm_fail(e, CM_E_BACKEND, 0, "the server is stopping");
  else if (s->n_waiting >= most)
    code = cm_fail(e, CM_E_BACKEND, 0, "the server is busy: %zu requests wait", s->n_waiting);
  if (code) return 503;
  v->stage = CM_WAITING;
  v->next = NULL;
  if (!s->waiting) s->waiting_tail = &s->waiting;
  *s->waiting_tail = v;
  s->waiting_tail = &v->next;
  s->n_waiting++;
  return 0;
}

static void leave(cm_serve *s, cm_visit **link) {
  cm_visit *v = *link;
  *link = v->next;
  if (!v->next) s->waiting_tail = link;
  s->n_waiting--;
}

/* How many places a request takes; the backend refuses what it can never do. */
static uint32_t places(const cm_visit *v) {
  const uint32_t slots = v->s->o->slots;
  return v->width < slots ? v->width : slots;
}

cm_visit *cm_queue_take(cm_serve *s) {
  cm_visit *v = s->waiting;
  if (!v || places(v) + s->used > s->o->slots) return NULL;
  leave(s, &s->waiting);
  v->next = s->running;
  s->running = v;
  s->used += places(v);
  s->n_running++;
  v->stage = CM_RUNNING;
  return v;
}

/* An answer that nobody waits for is nobody's. */
static void end(cm_visit *v) {
  v->stage = CM_ENDED;
  if (!v->http) cm_visit_free(v);
}

void cm_queue_weed(cm_serve *s, uint64_t now) {
  for (cm_visit **link = &s->waiting, *v; (v = *link);) {
    const bool late = now >= v->call.request.deadline_ns, stops = s->closing;
    if (!v->gone && !late && !stops) {
      link = &v->next;
      continue;
    }
    leave(s, link);
    cm_err e;
    if (v->gone) {
      end(v);
    } else if (stops) {
      (void)cm_fail(&e, CM_E_CANCELLED, 0, "the server is stopping");
      s->metrics.cancelled[CM_CANCELLED_STOP]++;
      cm_visit_fail(v, 503, &e);
    } else {
      (void)cm_fail(&e, CM_E_TIMEOUT, 0, "no place became free in time");
      s->metrics.cancelled[CM_CANCELLED_DEADLINE]++;
      cm_visit_fail(v, 504, &e);
    }
  }
  for (cm_visit *v = s->running; v; v = v->next)
    if (v->gone || s->closing) v->cancel = 1;
}

/* --- to the backend and back --- */

/* What a reader hasn't taken yet moves to the front from time to time. */
static void compact(cm_visit *v) {
  if (v->sent < CM_UNREAD_MAX / 4) return;
  memmove(v->out.p, v->out.p + v->sent, v->out.n - v->sent);
  v->out.n -= v->sent;
  v->sent = 0;
}

static void begin_stream(cm_visit *v) {
  if (v->streaming) return;
  v->streaming = true;
  v->status = 200;
  v->call.api->begin(&v->call, &v->out);
}

static void on_piece(void *user, const cm_piece *p) {
  cm_visit *v = user;
  cm_serve *s = v->s;
  pthread_mutex_lock(&s->lock);
  if (!v->gone) {
    const bool late = v->out.n - v->sent > CM_UNREAD_MAX;
    begin_stream(v);
    compact(v);
    if (!late) v->call.api->piece(&v->call, p, &v->out);
    if (late || v->out.overflow) cm_visit_lose(v, CM_CANCELLED_SLOW);
    else cm_visit_wake(v);
  }
  if (v->gone) v->cancel = 1;
  pthread_mutex_unlock(&s->lock);
}

void cm_queue_submit(cm_visit *v) {
  cm_call *c = &v->call;
  cm_backend *b = v->s->o->backend;
  v->begun_ns = cm_os_now_ns();
  if (c->kind == CM_API_ASK) {
    v->asking = (cm_asking){.question = c->question, .arena = c->arena, .owner = v};
    cm_answer_submit(b, &v->asking);
    return;
  }
  v->job = (cm_job){.request = c->request, .arena = c->arena, .owner = v};
  if (c->stream) v->job.request.sink = (cm_sink){on_piece, v};
  cm_backend_submit(b, &v->job);
}

static void count(cm_serve *s, const cm_visit *v, const cm_job *job) {
  cm_metrics *m = &s->metrics;
  const cm_replies *r = &job->replies;
  const uint64_t start = v->call.start_ns;
  cm_histogram_add(&m->queue, (double)(v->begun_ns - start) / SECOND);
  cm_histogram_add(&m->duration, (double)(v->call.done_ns - start) / SECOND);
  if (!job->error.code)
    cm_histogram_add(&m->first, (double)(v->begun_ns - start + r->prompt_ns) / SECOND);
  m->prompt += r->prompt_tokens;
  m->cached += r->cached_tokens;
  m->output += r->output_tokens;
  if (job->error.code == CM_E_TIMEOUT) m->cancelled[CM_CANCELLED_DEADLINE]++;
}

static bool is_whole(const cm_call *c, const cm_asking *k) { return k || !c->stream; }

/* Before the lock is taken: nobody else looks at an answer that isn't there yet, and writing a
 * long one takes a while. */
static cm_code write_whole(cm_visit *v, const cm_job *job, const cm_asking *k, cm_err *e) {
  v->call.api->whole(&v->call, job, k ? &k->answer : NULL, &v->out);
  if (!v->out.overflow) return CM_OK;
  return cm_fail(e, CM_E_LIMIT, 0,
                 "the answer has more than %d MiB: ask for fewer tokens or texts at once",
                 CM_ANSWER_MAX >> 20);
}

/* The last words of a stream, or what is wrong with the answer. */
static void write_end(cm_visit *v, const cm_job *job, const cm_asking *k, const cm_err *e) {
  cm_call *c = &v->call;
  if (k && e->code) c->partial = &k->answer;
  if (e->code && v->streaming) {
    c->api->broken(c, e, &v->out);
  } else if (e->code) {
    cm_visit_fail(v, e->code == CM_E_CANCELLED ? 503 : cm_api_status(c, e->code), e);
    return;
  } else if (!is_whole(c, k)) {
    begin_stream(v);
    c->api->end(c, job, &v->out);
  }
  cm_visit_end(v, v->out.overflow ? 500 : 200);
}

static void unlink_running(cm_serve *s, cm_visit *v) {
  cm_visit **link = &s->running;
  while (*link != v) link = &(*link)->next;
  *link = v->next;
  s->used -= places(v);
  s->n_running--;
}

static void note_end(const cm_visit *v, const cm_job *job, const cm_err *e) {
  const cm_replies *r = &job->replies;
  const double seconds = (double)(v->call.done_ns - v->call.start_ns) / SECOND;
  if (v->gone)
    cm_serve_log(v->s, "%" PRIu64 " cancelled after %.3f s: %s", v->call.id, seconds,
                 cm_cancelled_name(v->reason));
  else if (e->code)
    cm_serve_log(v->s, "%" PRIu64 " failed after %.3f s: %s", v->call.id, seconds, e->msg);
  else
    cm_serve_log(v->s, "%" PRIu64 " done in %.3f s: prompt %u (%u cached), output %u", v->call.id,
                 seconds, r->prompt_tokens, r->cached_tokens, r->output_tokens);
}

void cm_queue_finish(cm_serve *s, cm_job *job) {
  static const cm_err stops = {CM_E_CANCELLED, 0, "the server is stopping"};
  cm_asking *k = cm_answer_of(job);
  cm_visit *v = k ? k->owner : job->owner;
  const cm_err *e = k ? &k->error : &job->error;
  cm_err too_long;
  v->call.done_ns = cm_os_now_ns();
  if (!e->code && is_whole(&v->call, k) && write_whole(v, job, k, &too_long)) e = &too_long;
  pthread_mutex_lock(&s->lock);
  unlink_running(s, v);
  count(s, v, job);
  if (e->code == CM_E_CANCELLED && !v->gone) {
    s->metrics.cancelled[CM_CANCELLED_STOP]++;
    e = &stops;
  }
  note_end(v, job, e);
  if (v->gone) end(v);
  else write_end(v, job, k, e);
  pthread_mutex_unlock(&s->lock);
}
