/* Jobs at a server: each candidate is an exchange of its own. What fails in a way that may pass is
 * tried again as long as nothing of it was handed out; the first one that fails for good ends its
 * job. */
#include <stdio.h>
#include <string.h>

#include "backend/remote.h"
#include "backend/stops.h"
#include "base/os.h"
#include "net/url.h"

/* Greedy decoding has one answer only: the other candidates are drawn. */
#define OTHER_TEMPERATURE 0.7f
#define NS_PER_MS         UINT64_C(1000000)

enum {
  LINGER_MS = 500, /* for the end of an answer that is complete: its connection can be kept */
  SEED_MASK = 0x7fffffff
};

typedef enum strand_state { WAITING, RUNNING, DONE } strand_state;

/* One candidate. */
typedef struct strand {
  cm_pass *pass;
  uint32_t i;
  strand_state state;
  cm_exchange x;
  cm_stream stream;
  cm_buf body;
  cm_told told;
  size_t given; /* bytes of the text that the sink has, or that hold no stop */
  bool stopped; /* by a stop of the request */
  unsigned tried, plain;
  uint64_t due_ns; /* WAITING: not before */
  uint64_t start_ns, first_ns, end_ns;
} strand;

struct cm_pass {
  cm_pass *next;
  cm_server *s;
  cm_job *job;
  char url[CM_URL_MAX + 64];
  volatile int stop; /* ends its exchanges */
  strand *strands;
  uint32_t n;
};

/* --- the answer, as it comes ----------------------------------------------------------------- */

static void tell(strand *t, size_t end) {
  cm_job *job = t->pass->job;
  const cm_sink *sink = &job->request.sink;
  if (end > t->given && sink->piece) {
    const cm_piece p = {.candidate = t->i, .text = {t->told.text.p + t->given, end - t->given}};
    job->streamed = true;
    sink->piece(sink->user, &p);
  }
  if (end > t->given) t->given = end;
}

/* Servers know stops too, but not all of them as many as we may have. */
static void look(strand *t) {
  const cm_request *q = &t->pass->job->request;
  cm_buf *text = &t->told.text;
  if (text->n == t->given || t->stopped) return;
  const cm_str fresh = {text->p + t->given, text->n - t->given};
  const size_t at = cm_stops_find(q, fresh);
  if (at != SIZE_MAX) {
    text->n = t->given + at;
    t->stopped = t->told.done = t->told.ended = t->told.finished = true;
  }
  tell(t, text->n - (t->stopped ? 0 : cm_stops_begun(q, fresh)));
}

static cm_code on_item(void *user, cm_str item, cm_err *e) {
  strand *t = user;
  if (t->told.done) return CM_OK; /* whatever stands behind the end */
  const cm_code code = t->pass->s->protocol->take(&t->told, item, e);
  if (code) return code;
  if (t->told.text.n && !t->first_ns) t->first_ns = cm_os_now_ns();
  look(t);
  return CM_OK;
}

static cm_code on_data(cm_exchange *x, cm_str piece, cm_err *e) {
  strand *t = x->user;
  const bool was_ended = t->told.ended;
  t->pass->job->alive = true;
  cm_code code = cm_stream_push(&t->stream, piece, on_item, t, e);
  if (code) return t->told.ended ? CM_E_CANCELLED : cm_server_misread(t->pass->s, x, e);
  if (!t->told.ended || was_ended) return CM_OK;
  const uint64_t soon = cm_os_now_ns() + LINGER_MS * NS_PER_MS;
  if (!x->deadline_ns || x->deadline_ns > soon) x->deadline_ns = soon;
  return CM_OK;
}

/* --- the way out ----------------------------------------------------------------------------- */

static void close_strand(strand *t) {
  cm_stream_close(&t->stream);
  cm_buf_close(&t->body);
  cm_told_close(&t->told);
}

static void free_pass(cm_pass *p) {
  for (uint32_t i = 0; i < p->n; i++) close_strand(&p->strands[i]);
  cm_free(p->strands);
  cm_free(p);
}

static void deliver(cm_server *s, cm_job *job) {
  job->next = NULL;
  *s->done_tail = job;
  s->done_tail = &job->next;
}

static void refuse(cm_server *s, cm_job *job, cm_code code, const char *why) {
  cm_err_set(&job->error, code, 0, "%s", why);
  deliver(s, job);
}

/* A reply that begins with a fence of its own doesn't continue ours. */
static bool begins_anew(const strand *t) {
  const cm_request *q = &t->pass->job->request;
  const cm_str text = {t->told.text.p, t->told.text.n};
  if (q->raw || !q->opening.n) return false;
  if (t->pass->s->protocol->leaves_opening(t->plain)) return true;
  return cm_str_starts(q->opening, CM_STR("```")) &&
         cm_str_starts(cm_str_trim(text), CM_STR("```"));
}

static cm_code collect_one(const strand *t, cm_job *job, cm_candidate *out) {
  const cm_told *told = &t->told;
  char *text = cm_arena_strdup(job->arena, told->text.p ? told->text.p : "", told->text.n);
  if (!text) return cm_fail(&job->error, CM_E_NOMEM, 0, "no memory for the reply");
  *out = (cm_candidate){.text = {text, told->text.n},
                        .logprob = cm_told_sum(told),
                        .tokens = told->tokens ? told->tokens : told->n_logprobs,
                        .finished = told->finished,
                        .anew = begins_anew(t)};
  return CM_OK;
}

/* The times are what was waited for, with the way there and back. */
static void collect(cm_pass *p) {
  cm_job *job = p->job;
  cm_replies *out = &job->replies;
  const cm_told *first = &p->strands[0].told;
  uint64_t start = UINT64_MAX, begun = UINT64_MAX, end = 0;
  out->items = cm_arena_alloc(job->arena, p->n, sizeof *out->items);
  if (!out->items) {
    cm_err_set(&job->error, CM_E_NOMEM, 0, "no memory for the reply");
    return;
  }
  for (uint32_t i = 0; i < p->n; i++) {
    const strand *t = &p->strands[i];
    if (collect_one(t, job, &out->items[i])) return;
    out->output_tokens += out->items[i].tokens;
    if (t->start_ns < start) start = t->start_ns;
    if (t->first_ns && t->first_ns < begun) begun = t->first_ns;
    if (t->end_ns > end) end = t->end_ns;
  }
  if (begun > end) begun = end;
  out->n = p->n;
  out->prompt_tokens = first->prompt_tokens;
  out->cached_tokens = first->cached_tokens;
  out->prompt_ns = begun - start;
  out->generate_ns = end - begun;
}

/* A job whose exchanges are all back. */
static void land(cm_pass *p) {
  cm_server *s = p->s;
  cm_job *job = p->job;
  if (!job->error.code) collect(p);
  cm_pass **at = &s->passes;
  while (*at != p) at = &(*at)->next;
  *at = p->next;
  free_pass(p);
  deliver(s, job);
}

/* --- the way in ------------------------------------------------------------------------------ */

static cm_code write_body(strand *t, cm_err *e) {
  const cm_pass *p = t->pass;
  const cm_request *q = &p->job->request;
  cm_wish w = {.q = q, .model = p->s->model, .ctx = p->s->o->ctx, .plain = t->plain};
  cm_jw jw;
  w.seed = (q->sampling.seed + t->i) & SEED_MASK;
  w.temperature = q->sampling.temperature;
  if (t->i > 0 && w.temperature == 0) w.temperature = OTHER_TEMPERATURE;
  cm_buf_reset(&t->body);
  cm_jw_init(&jw, &t->body, 0);
  p->s->protocol->put(&w, &jw);
  if (cm_jw_done(&jw)) return CM_OK;
  if (t->body.n < CM_REMOTE_BODY_MAX / 2)
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for a request");
  return cm_fail(e, CM_E_LIMIT, 0, "the request is too long to be sent");
}

/* Forgets what an earlier try had. */
static void forget(strand *t) {
  cm_stream_close(&t->stream);
  cm_told_close(&t->told);
  cm_told_init(&t->told);
  cm_stream_init(&t->stream, t->pass->s->protocol->stream, CM_REMOTE_TEXT_MAX * 6);
  t->given = 0;
  t->first_ns = 0;
}

static void start(strand *t) {
  cm_pass *p = t->pass;
  cm_err *e = &p->job->error;
  forget(t);
  if (write_body(t, e)) {
    t->state = DONE;
    p->stop = 1;
    return;
  }
  t->x = (cm_exchange){.url = p->url,
                       .body = {t->body.p, t->body.n},
                       .deadline_ns = p->job->request.deadline_ns,
                       .cancel = &p->stop,
                       .data = on_data,
                       .user = t};
  cm_server_fill(p->s, &t->x);
  t->tried++;
  t->state = RUNNING;
  const uint64_t now = cm_os_now_ns();
  if (!t->start_ns) t->start_ns = now;
  t->due_ns = now; /* of this try: when it began */
  p->s->running++;
  cm_http_start(p->s->http, &t->x);
}

static cm_code prepare(cm_pass *p, cm_err *e) {
  const cm_request *q = &p->job->request;
  const int n = snprintf(p->url, sizeof p->url, "%s%s", p->s->url, p->s->protocol->path(q));
  if (n < 0 || (size_t)n >= sizeof p->url)
    return cm_fail(e, CM_E_USAGE, 0, "%s: the address is too long", p->s->where);
  p->strands = cm_alloc(q->candidates, sizeof *p->strands);
  if (!p->strands) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a request");
  p->n = q->candidates;
  for (uint32_t i = 0; i < p->n; i++) {
    strand *t = &p->strands[i];
    *t = (strand){.pass = p, .i = i, .plain = p->s->plain};
    cm_buf_init(&t->body, CM_REMOTE_BODY_MAX);
    forget(t);
  }
  return CM_OK;
}

static uint32_t room(const cm_server *s) { return s->o->n_parallel ? s->o->n_parallel : 1; }

void cm_server_submit(void *self, cm_job *job) {
  cm_server *s = self;
  const uint32_t n = job->request.candidates;
  if (n < 1 || n > room(s)) {
    (void)cm_fail(&job->error, CM_E_USAGE, 0, "%u candidates asked of a backend opened for %u", n,
                  room(s));
    deliver(s, job);
    return;
  }
  cm_pass *p = cm_alloc(1, sizeof *p);
  if (!p) {
    refuse(s, job, CM_E_NOMEM, "no memory for a request");
    return;
  }
  p->s = s;
  p->job = job;
  if (prepare(p, &job->error)) {
    free_pass(p);
    deliver(s, job);
    return;
  }
  cm_pass **tail = &s->passes;
  while (*tail) tail = &(*tail)->next;
  *tail = p;
}

void cm_server_end_jobs(cm_server *s) {
  for (cm_pass *p = s->passes, *next; p; p = next) {
    next = p->next;
    free_pass(p);
  }
  s->passes = NULL;
}

/* --- what came back -------------------------------------------------------------------------- */

/* The end of the stream may hold a last item. */
static cm_code end_stream(strand *t, cm_err *e) {
  const cm_server *s = t->pass->s;
  if (cm_stream_end(&t->stream, on_item, t, e)) return cm_server_misread(s, &t->x, e);
  if (t->told.ended || t->told.done) return CM_OK;
  return cm_server_cut_off(s, &t->x, t->told.text.n > 0, e);
}

/* Nothing at all was generated: that is no reply. */
static cm_code check_reply(const strand *t, cm_err *e) {
  if (t->told.text.n || t->stopped || t->pass->job->request.n_stops) return CM_OK;
  return cm_fail(e, CM_E_BACKEND, 0, "%s: model %.80s gave an empty reply", t->pass->s->where,
                 t->pass->s->model);
}

static cm_code judge(strand *t, cm_err *e) {
  if (t->told.ended) return check_reply(t, e); /* however the connection ended */
  cm_code code = cm_server_verdict(t->pass->s, &t->x, e);
  if (!code) code = end_stream(t, e);
  return code ? code : check_reply(t, e);
}

/* A server that doesn't know all of what we like to say is asked more plainly. */
static bool ask_plainer(strand *t) {
  const bool refused = t->x.status == 400 || t->x.status == 422;
  if (!refused || t->plain >= t->pass->s->protocol->plainest) return false;
  t->plain++;
  t->tried--;
  t->state = WAITING;
  t->due_ns = 0;
  return true;
}

static bool try_again(strand *t) {
  const uint64_t now = cm_os_now_ns();
  unsigned ms;
  if (t->given && t->pass->job->request.sink.piece) return false;
  if (!cm_server_pause(t->pass->s, &t->x, t->tried, now - t->due_ns, &ms)) return false;
  t->state = WAITING;
  t->due_ns = now + ms * NS_PER_MS;
  return true;
}

/* The first error of a job stands; its other exchanges are called off. */
static void fail(strand *t, const cm_err *why) {
  cm_pass *p = t->pass;
  if (p->stop) return;
  p->job->error = *why;
  p->job->dead = t->x.status == 0 && why->code != CM_E_USAGE && why->code != CM_E_CANCELLED;
  p->job->took_ns = t->end_ns - t->due_ns;
  p->stop = 1;
}

static void settle(strand *t) {
  cm_err e = {0};
  t->pass->s->running--;
  t->end_ns = cm_os_now_ns();
  t->state = DONE;
  t->pass->job->alive = t->x.status != 0;
  if (t->pass->stop) return;
  if (judge(t, &e)) {
    if (!ask_plainer(t) && !try_again(t)) fail(t, &e);
    return;
  }
  t->pass->s->plain = t->plain;
  if (!t->stopped) tell(t, t->told.text.n);
}

/* --- rounds ---------------------------------------------------------------------------------- */

static bool is_running(const cm_pass *p) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->strands[i].state == RUNNING) return true;
  return false;
}

/* What nobody waits for any longer; an exchange that runs looks at the clock itself. */
static void check_time(cm_pass *p, uint64_t now) {
  const cm_request *q = &p->job->request;
  if (p->stop) return;
  if (q->cancel && *q->cancel) cm_err_set(&p->job->error, CM_E_CANCELLED, 0, "interrupted");
  else if (q->deadline_ns && now >= q->deadline_ns && !is_running(p))
    cm_err_set(&p->job->error, CM_E_TIMEOUT, 0, "%s: timed out", p->s->where);
  else return;
  p->stop = 1;
}

/* Starts what is due; true when the job is over. */
static bool tend(cm_pass *p, uint64_t now) {
  bool over = true;
  check_time(p, now);
  for (uint32_t i = 0; i < p->n; i++) {
    strand *t = &p->strands[i];
    if (t->state == WAITING && p->stop) t->state = DONE;
    if (t->state == WAITING && t->due_ns <= now && p->s->running < room(p->s)) start(t);
    over = over && t->state == DONE;
  }
  return over;
}

static void tend_all(cm_server *s) {
  const uint64_t now = cm_os_now_ns();
  for (cm_pass *p = s->passes, *next; p; p = next) {
    next = p->next;
    if (tend(p, now)) land(p);
  }
}

static void sooner(uint64_t then, uint64_t now, unsigned *ms) {
  const uint64_t left = then > now ? (then - now) / NS_PER_MS + 1 : 0;
  if (left < *ms) *ms = (unsigned)left;
}

/* How long nothing of ours has to be looked at. */
static unsigned quiet_ms(const cm_server *s, unsigned ms) {
  enum { LOOK_MS = 50 };
  const uint64_t now = cm_os_now_ns();
  const bool full = s->running >= room(s);
  for (const cm_pass *p = s->passes; p; p = p->next) {
    const uint64_t deadline = p->job->request.deadline_ns;
    if (p->job->request.cancel && ms > LOOK_MS) ms = LOOK_MS;
    if (deadline && !is_running(p)) sooner(deadline, now, &ms);
    for (uint32_t i = 0; i < p->n && !full; i++)
      if (p->strands[i].state == WAITING) sooner(p->strands[i].due_ns, now, &ms);
  }
  return ms;
}

static void go_on(cm_server *s, unsigned wait_ms) {
  tend_all(s);
  if (s->done || !s->passes) return;
  const unsigned ms = quiet_ms(s, wait_ms);
  if (!s->running) {
    if (ms) cm_os_sleep_ms(ms);
    return;
  }
  for (cm_exchange *x = cm_http_step(s->http, ms); x; x = cm_http_step(s->http, 0))
    settle(x->user);
  tend_all(s);
}

cm_job *cm_server_step(void *self, unsigned wait_ms) {
  cm_server *s = self;
  if (!s->done) go_on(s, wait_ms);
  cm_job *job = s->done;
  if (!job) return NULL;
  s->done = job->next;
  if (!s->done) s->done_tail = &s->done;
  job->next = NULL;
  return job;
}
