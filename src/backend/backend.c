#include "backend/backend.h"

#include <stdio.h>
#include <string.h>

#include "backend/breaker.h"
#include "base/os.h"

static const cm_backend_ops *const list[] = {&cm_backend_cpu, &cm_backend_ollama,
                                             &cm_backend_vllm};
enum { COUNT = sizeof list / sizeof *list };

typedef struct source {
  const cm_backend_ops *ops;
  void *self; /* NULL: not open yet */
  bool identified;
  cm_model_id model;
  size_t busy;  /* jobs that it has */
  size_t early; /* of these, jobs that it is done with already */
  cm_breaker breaker;
} source;

struct cm_backend {
  cm_backend_options o;
  source sources[CM_SOURCES_MAX];
  size_t n, busy;
  cm_job *done, **done_tail;
  cm_job *early, **early_tail; /* jobs of sources that worked while another one was asked */
};

const char *cm_backend_name_at(size_t i) { return i < COUNT ? list[i]->name : NULL; }

/* --- opening --------------------------------------------------------------------------------- */

static cm_code add_source(cm_backend *b, cm_str name, cm_err *e) {
  const int shown = (int)(name.n < 40 ? name.n : 40);
  const cm_backend_ops *ops = NULL;
  for (size_t i = 0; i < COUNT; i++)
    if (cm_str_is(name, list[i]->name)) ops = list[i];
  if (!ops) return cm_fail(e, CM_E_USAGE, 0, "there is no backend \"%.*s\"", shown, name.p);
  for (size_t i = 0; i < b->n; i++)
    if (b->sources[i].ops == ops)
      return cm_fail(e, CM_E_USAGE, 0, "backend \"%.*s\" is named twice", shown, name.p);
  if (b->n == CM_SOURCES_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "more than %d backends", CM_SOURCES_MAX);
  b->sources[b->n++].ops = ops;
  return CM_OK;
}

static cm_code add_sources(cm_backend *b, cm_str names, cm_err *e) {
  for (;;) {
    const char *comma = memchr(names.p, ',', names.n);
    const size_t n = comma ? (size_t)(comma - names.p) : names.n;
    cm_code code = add_source(b, cm_str_trim((cm_str){names.p, n}), e);
    if (code || !comma) return code;
    names = (cm_str){comma + 1, names.n - n - 1};
  }
}

cm_code cm_backend_open(cm_backend **out, const char *names, const cm_backend_options *o,
                        cm_err *e) {
  *out = NULL;
  cm_backend *b = cm_alloc(1, sizeof *b);
  if (!b) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a backend");
  b->o = *o;
  b->done_tail = &b->done;
  b->early_tail = &b->early;
  cm_code code = add_sources(b, cm_str_of(names), e);
  source *first = &b->sources[0];
  if (!code) code = first->ops->open(&first->self, &b->o, e);
  /* With others behind it, that is for the first job to find out. */
  if (code && code != CM_E_USAGE && b->n > 1) code = CM_OK;
  if (code) cm_backend_close(b);
  else *out = b;
  return code;
}

void cm_backend_close(cm_backend *b) {
  if (!b) return;
  for (size_t i = 0; i < b->n; i++)
    if (b->sources[i].self) b->sources[i].ops->close(b->sources[i].self);
  cm_free(b);
}

const char *cm_backend_name(const cm_backend *b) { return b->sources[0].ops->name; }

/* No new job is taken while a server is asked who it is: one that others stand beside has to say
 * so soon. */
static uint64_t time_to_say(const cm_backend *b, uint64_t deadline_ns) {
  const uint64_t soon = cm_os_now_ns() + CM_IDENTIFY_SECONDS * UINT64_C(1000000000);
  return b->n > 1 && (!deadline_ns || soon < deadline_ns) ? soon : deadline_ns;
}

/* A round of all that are at work; what they are done with is looked at later. */
static unsigned work_meanwhile(void *ctx) {
  enum { QUIET_MS = 1000, BUSY_MS = 1 };
  cm_backend *b = ctx;
  unsigned ms = QUIET_MS;
  for (source *s = b->sources; s < b->sources + b->n; s++) {
    if (s->busy == s->early) continue;
    cm_job *job = s->ops->step(s->self, 0);
    ms = BUSY_MS;
    if (!job) continue;
    s->early++;
    *b->early_tail = job;
    b->early_tail = &job->next;
    job->next = NULL;
  }
  return ms;
}

/* A file that can't be opened is one more model that isn't there. */
static cm_code ready(cm_backend *b, source *s, const cm_request *q, cm_err *e) {
  cm_code code = CM_OK;
  if (!s->self) {
    code = s->ops->open(&s->self, &b->o, e);
    if (code && code != CM_E_USAGE && code != CM_E_NOMEM) code = e->code = CM_E_MODEL;
  }
  if (!code && !s->identified) {
    const cm_meanwhile m = {work_meanwhile, b};
    code = s->ops->identify(s->self, time_to_say(b, q->deadline_ns), q->cancel, &m, &s->model, e);
    s->identified = !code;
    if (!code) cm_breaker_answer(&s->breaker);
  }
  return code;
}

/* --- jobs ------------------------------------------------------------------------------------ */

static void deliver(cm_backend *b, cm_job *job) {
  job->next = NULL;
  *b->done_tail = job;
  b->done_tail = &job->next;
}

static cm_job *take_done(cm_backend *b) {
  cm_job *job = b->done;
  if (!job) return NULL;
  b->done = job->next;
  if (!b->done) b->done_tail = &b->done;
  job->next = NULL;
  b->busy--;
  return job;
}

static bool is_late(const cm_job *job) {
  return job->deadline_ns && cm_os_now_ns() >= job->deadline_ns;
}

/* What the next source may do better. */
static bool is_sources_fault(const cm_job *job, cm_code code) {
  return code == CM_E_BACKEND || code == CM_E_MODEL || (code == CM_E_TIMEOUT && !is_late(job));
}

static void note_failed(cm_fallback *f, const source *s, const char *why) {
  f->backend = s->ops->name;
  snprintf(f->error, sizeof f->error, "%s", why);
}

/* Nobody answered the job. */
static void shut(source *s, cm_job *job, uint64_t took_ns, const cm_err *why) {
  const uint64_t now = cm_os_now_ns();
  cm_breaker_fail(&s->breaker, job, took_ns, why, now);
  cm_breaker_leave(&s->breaker, job);
  job->dead = true;
  job->again_ns = cm_breaker_again(&s->breaker, now);
}

static cm_code pass(source *s, cm_job *job, cm_err *e) {
  const uint64_t now = cm_os_now_ns(), second = UINT64_C(1000000000);
  if (cm_breaker_pass(&s->breaker, job, now)) {
    /* Who is there after an outage may be another one. */
    if (s->breaker.trial == job && !s->busy) s->identified = false;
    return CM_OK;
  }
  job->dead = true;
  job->again_ns = cm_breaker_again(&s->breaker, now);
  const unsigned long long left = (job->again_ns - now + second - 1) / second;
  const cm_err *why = &s->breaker.why;
  return cm_fail(e, why->code, 0, "not asked again for %llu s, after: %.200s", left, why->msg);
}

/* A source that hangs must leave time for the next one. */
static void share_time(const cm_backend *b, cm_job *job) {
  const uint64_t now = cm_os_now_ns();
  job->request.deadline_ns = job->deadline_ns;
  if (job->source + 1 < b->n && job->deadline_ns > now)
    job->request.deadline_ns = now + (job->deadline_ns - now) / 2;
}

static cm_code compose(cm_job *job, const source *s, cm_err *e) {
  job->backend = s->ops->name;
  job->model = s->model;
  job->replies = (cm_replies){0};
  return job->compose ? job->compose(job, &s->model, e) : CM_OK;
}

/* Finds out who the source is, if that isn't known yet. */
static cm_code meet(cm_backend *b, source *s, cm_job *job, cm_err *e) {
  const uint64_t start = cm_os_now_ns();
  const cm_code code = ready(b, s, &job->request, e);
  if (code && is_sources_fault(job, code)) shut(s, job, cm_os_now_ns() - start, e);
  return code;
}

static bool can_do(const source *s, const cm_request *q) { return !q->says || s->ops->says; }

/* Gives the job to its source. */
static cm_code place(cm_backend *b, cm_job *job) {
  source *s = &b->sources[job->source];
  cm_err *e = &job->error;
  *e = (cm_err){0};
  job->alive = job->dead = false;
  job->took_ns = job->again_ns = 0;
  share_time(b, job);
  if (!can_do(s, &job->request))
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "%s doesn't say here which tokens its texts have",
                   s->ops->name);
  cm_code code = pass(s, job, e);
  if (!code) code = meet(b, s, job, e);
  if (!code) code = compose(job, s, e);
  if (code) return code;
  share_time(b, job);
  job->next = NULL;
  s->busy++;
  s->ops->submit(s->self, job);
  return CM_OK;
}

/* Asks one source after the other, from job->source on; the last one's error stands. */
static void place_somewhere(cm_backend *b, cm_job *job) {
  while (place(b, job)) {
    source *s = &b->sources[job->source];
    cm_breaker_leave(&s->breaker, job);
    const bool next = !can_do(s, &job->request) || is_sources_fault(job, job->error.code);
    job->backend = s->ops->name;
    if (next) note_failed(&job->failed[job->n_failed++], s, job->error.msg);
    if (next && ++job->source < b->n) continue;
    deliver(b, job);
    return;
  }
}

void cm_backend_submit(cm_backend *b, cm_job *job) {
  job->replies = (cm_replies){0};
  job->error = (cm_err){0};
  job->backend = NULL;
  job->n_failed = 0;
  job->source = 0;
  job->streamed = false;
  job->deadline_ns = job->request.deadline_ns;
  b->busy++;
  place_somewhere(b, job);
}

void cm_backend_refuse(cm_backend *b, cm_job *job, const cm_err *e) {
  job->replies = (cm_replies){0};
  job->error = *e;
  job->n_failed = 0;
  b->busy++;
  deliver(b, job);
}

/* What a job says of its source. A time that was too short says nothing of it. */
static void learn(source *s, cm_job *job, bool is_fault) {
  if (job->dead && is_fault) shut(s, job, job->took_ns, &job->error);
  else if (!job->dead && (job->alive || !job->error.code)) cm_breaker_answer(&s->breaker);
  cm_breaker_leave(&s->breaker, job);
}

/* A source is done with a job: is the job done? */
static bool is_settled(cm_backend *b, source *s, cm_job *job) {
  s->busy--;
  job->request.deadline_ns = job->deadline_ns;
  const bool is_fault = is_sources_fault(job, job->error.code);
  learn(s, job, is_fault);
  if (!is_fault) return true;
  note_failed(&job->failed[job->n_failed++], s, job->error.msg);
  if (job->streamed || job->source + 1 == b->n) return true;
  job->source++;
  place_somewhere(b, job);
  return false;
}

/* A job that a source is done with, waiting for news at most wait_ms; NULL: there is none. */
static cm_job *next_of(cm_backend *b, source *s, unsigned wait_ms) {
  /* Nobody waits for a server while there is something to compute. */
  return s->busy == s->early ? NULL : s->ops->step(s->self, s->busy == b->busy ? wait_ms : 0);
}

static cm_job *take_early(cm_backend *b) {
  cm_job *job = b->early;
  if (!job) return NULL;
  b->early = job->next;
  if (!b->early) b->early_tail = &b->early;
  job->next = NULL;
  b->sources[job->source].early--;
  return job;
}

static cm_job *settle(cm_backend *b, source *s, cm_job *job) {
  if (!job || !is_settled(b, s, job)) return NULL;
  b->busy--;
  return job;
}

cm_job *cm_backend_step(cm_backend *b, unsigned wait_ms) {
  cm_job *job = take_done(b);
  for (cm_job *early; !job && (early = take_early(b));)
    job = settle(b, &b->sources[early->source], early);
  for (size_t i = 0; !job && i < b->n; i++)
    job = settle(b, &b->sources[i], next_of(b, &b->sources[i], wait_ms));
  return job;
}

cm_code cm_backend_identify(cm_backend *b, uint64_t deadline_ns, const volatile int *cancel,
                            cm_source *out, cm_err *e) {
  *out = (cm_source){0};
  for (size_t i = 0;; i++) {
    source *s = &b->sources[i];
    cm_job job = {.request.cancel = cancel, .source = i, .deadline_ns = deadline_ns};
    share_time(b, &job);
    const cm_code code = meet(b, s, &job, e);
    out->backend = s->ops->name;
    out->model = s->model;
    if (!code || !is_sources_fault(&job, code)) return code;
    if (i + 1 == b->n) return code;
    note_failed(&out->failed[out->n_failed++], s, e->msg);
  }
}

size_t cm_backend_busy(const cm_backend *b) { return b->busy; }

cm_job *cm_backend_poll(cm_backend *b) {
  enum { WAIT_MS = 1000 };
  cm_job *job = NULL;
  while (!job && b->busy) job = cm_backend_step(b, WAIT_MS);
  return job;
}

cm_code cm_backend_generate(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e) {
  cm_job job = {.request = *q, .arena = a};
  cm_backend_submit(b, &job);
  (void)cm_backend_poll(b);
  *out = job.replies;
  if (job.error.code && e) *e = job.error;
  return job.error.code;
}
