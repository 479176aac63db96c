/* Continuous batching: jobs take slots as they become free, a prompt is computed piece by piece
 * between the others' tokens, and everything that decodes goes one token further each round, in
 * one pass over the weights. Candidates of one job share its prompt. */
#include <string.h>

#include "backend/cpu.h"
#include "backend/stops.h"
#include "base/os.h"

enum {
  MAX_PROMPT_TOKENS = 1 << 20,
  MAX_REPLY_BYTES = 1 << 20,
  PROMPT_PIECE = 256, /* tokens between two looks at deadlines and at the others */
  COPY_MIN = 16       /* tokens that are worth copying another session for */
};

/* Greedy decoding has one answer only: the other candidates are drawn. */
#define OTHER_TEMPERATURE 0.7f

/* One text on its way. */
typedef struct strand {
  cm_slot *slot;
  cm_sampler *sampler;
  cm_tok_stream stream;
  cm_buf text;
  cm_candidate result;
  size_t told;           /* bytes of the text that the sink has, or that hold no stop */
  uint32_t next;         /* the token picked last, not yet in the session */
  bool running, stopped; /* by a stop of the request */
} strand;

struct cm_flight {
  cm_flight *next;
  cm_job *job;
  cm_ids prompt;
  size_t at; /* tokens of the prompt that are computed; prompt.n: it decodes */
  strand *strands;
  uint32_t n;
  uint64_t start_ns, first_ns;
};

/* --- the way out ----------------------------------------------------------------------------- */

static void deliver(cm_cpu *c, cm_job *job) {
  if (!c->done) c->done_tail = &c->done;
  job->next = NULL;
  *c->done_tail = job;
  c->done_tail = &job->next;
}

/* Gives the sink the text up to `end`. */
static void tell(cm_job *job, uint32_t i, strand *s, size_t end) {
  const cm_sink *sink = &job->request.sink;
  if (end > s->told && sink->text) {
    job->streamed = true;
    sink->text(sink->user, i, (cm_str){s->text.p + s->told, end - s->told});
  }
  if (end > s->told) s->told = end;
}

static cm_code collect(cm_flight *f, cm_err *e) {
  cm_replies *out = &f->job->replies;
  cm_arena *a = f->job->arena;
  out->items = cm_arena_alloc(a, f->n, sizeof *out->items);
  if (!out->items) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
  for (uint32_t i = 0; i < f->n; i++) {
    strand *s = &f->strands[i];
    if (!s->stopped) cm_tok_stream_end(&s->stream, &s->text);
    tell(f->job, i, s, s->text.n);
    char *text = s->text.overflow ? NULL : cm_arena_strdup(a, s->text.p, s->text.n);
    if (!text) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
    s->result.text = (cm_str){text, s->text.n};
    out->items[i] = s->result;
    out->output_tokens += s->result.tokens;
  }
  out->n = f->n;
  return CM_OK;
}

static void free_flight(cm_flight *f) {
  for (uint32_t i = 0; f->strands && i < f->n; i++) {
    strand *s = &f->strands[i];
    if (s->slot) s->slot->taken = false;
    cm_sampler_close(s->sampler);
    cm_buf_close(&s->text);
  }
  cm_free(f->strands);
  cm_ids_close(&f->prompt);
  cm_free(f);
}

/* Ends a flight that is in the list, well or with job->error. */
static void land(cm_cpu *c, cm_flight *f) {
  cm_job *job = f->job;
  if (!job->error.code) (void)collect(f, &job->error);
  const uint64_t now = cm_os_now_ns();
  job->replies.prompt_ns = (f->first_ns ? f->first_ns : now) - f->start_ns;
  job->replies.generate_ns = f->first_ns ? now - f->first_ns : 0;
  cm_flight **link = &c->flights;
  while (*link != f) link = &(*link)->next;
  *link = f->next;
  free_flight(f);
  deliver(c, job);
}

/* --- the way in ------------------------------------------------------------------------------ */

void cm_cpu_submit(void *self, cm_job *job) {
  cm_cpu *c = self;
  const uint32_t n = job->request.candidates;
  if (n < 1 || n > c->n_slots) {
    (void)cm_fail(&job->error, CM_E_USAGE, 0, "%u candidates asked of a backend opened for %u", n,
                  c->n_slots);
    deliver(c, job);
    return;
  }
  if (!c->waiting) c->waiting_tail = &c->waiting;
  *c->waiting_tail = job;
  c->waiting_tail = &job->next;
}

static uint32_t free_slots(const cm_cpu *c) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->n_slots; i++) n += !c->slots[i].taken;
  return n;
}

static size_t common(const cm_slot *s, const cm_ids *prompt) {
  return s->session ? cm_session_common(s->session, prompt->p, prompt->n) : 0;
}

/* The slot that holds most of the prompt; NULL when none is as asked. */
static cm_slot *best_slot(const cm_cpu *c, const cm_ids *prompt, bool taken) {
  cm_slot *best = NULL;
  for (uint32_t i = 0; i < c->n_slots; i++) {
    cm_slot *s = &c->slots[i];
    if (s->taken == taken && (!best || common(s, prompt) > common(best, prompt))) best = s;
  }
  return best;
}

static cm_code take_slot(cm_cpu *c, strand *s, const cm_ids *prompt, cm_err *e) {
  cm_slot *slot = best_slot(c, prompt, false);
  cm_code code = slot->session ? CM_OK : cm_session_open(&slot->session, c->engine, c->ctx, e);
  if (code) return code;
  slot->taken = true;
  s->slot = slot;
  return CM_OK;
}

static cm_code open_strand(cm_cpu *c, const cm_request *q, uint32_t i, strand *s, cm_err *e) {
  cm_sample_options o = q->sampling;
  o.seed += i;
  if (i > 0 && o.temperature == 0) o.temperature = OTHER_TEMPERATURE;
  cm_buf_init(&s->text, MAX_REPLY_BYTES);
  cm_tok_stream_init(&s->stream, cm_engine_tok(c->engine));
  return cm_sampler_open(&s->sampler, &o, cm_engine_shape(c->engine)->vocab, e);
}

/* What another session has computed already is copied rather than computed again. */
static cm_code reuse(cm_cpu *c, cm_flight *f, cm_err *e) {
  cm_slot *own = f->strands[0].slot;
  const cm_slot *other = best_slot(c, &f->prompt, true);
  f->at = common(own, &f->prompt);
  if (!other) return CM_OK;
  const size_t there = common(other, &f->prompt);
  if (there < f->at + COPY_MIN) return CM_OK;
  cm_code code = cm_session_copy(own->session, other->session, e);
  f->at = there;
  return code;
}

static cm_code tokenize(const cm_cpu *c, const cm_request *q, cm_ids *out, cm_err *e) {
  const cm_tok *t = cm_engine_tok(c->engine);
  if (!q->raw) return cm_chat_tokens(t, q->messages, q->n_messages, q->opening, out, e);
  cm_code code = cm_tok_encode(t, q->opening, false, out, e);
  return !code && !out->n ? cm_fail(e, CM_E_USAGE, 0, "the prompt is empty") : code;
}

static cm_code prepare(cm_cpu *c, cm_flight *f, cm_err *e) {
  const cm_request *q = &f->job->request;
  cm_code code = tokenize(c, q, &f->prompt, e);
  if (code) return code;
  f->job->replies.prompt_tokens = (uint32_t)f->prompt.n;
  if (f->prompt.n > c->ctx)
    return cm_fail(e, CM_E_LIMIT, 0, "the prompt has %zu tokens, the context holds %u",
                   f->prompt.n, c->ctx);
  f->strands = cm_alloc(q->candidates, sizeof *f->strands);
  if (!f->strands) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a request");
  f->n = q->candidates;
  for (uint32_t i = 0; i < f->n && !code; i++) {
    code = open_strand(c, q, i, &f->strands[i], e);
    if (!code) code = take_slot(c, &f->strands[i], &f->prompt, e);
  }
  if (!code) code = reuse(c, f, e);
  f->job->replies.cached_tokens = (uint32_t)f->at;
  return code;
}

static void start(cm_cpu *c, cm_job *job) {
  cm_flight *f = cm_alloc(1, sizeof *f);
  if (!f) {
    (void)cm_fail(&job->error, CM_E_NOMEM, 0, "no memory for a request");
    deliver(c, job);
    return;
  }
  f->job = job;
  f->start_ns = cm_os_now_ns();
  cm_ids_init(&f->prompt, MAX_PROMPT_TOKENS);
  cm_flight **tail = &c->flights;
  while (*tail) tail = &(*tail)->next;
  *tail = f;
  if (prepare(c, f, &job->error)) land(c, f);
}

static void admit(cm_cpu *c) {
  while (c->waiting && c->waiting->request.candidates <= free_slots(c)) {
    cm_job *job = c->waiting;
    c->waiting = job->next;
    start(c, job);
  }
}

/* --- rounds ---------------------------------------------------------------------------------- */

static cm_code stopped(const cm_request *q, cm_err *e) {
  if (q->cancel && *q->cancel) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
  if (q->deadline_ns && cm_os_now_ns() >= q->deadline_ns)
    return cm_fail(e, CM_E_TIMEOUT, 0, "timed out");
  return CM_OK;
}

static bool is_decoding(const cm_flight *f) { return f->first_ns != 0; }

/* New text goes to the sink, but for what may become a stop; the first stop ends it. */
static void look(cm_job *job, uint32_t i, strand *s) {
  const cm_request *q = &job->request;
  const cm_str fresh = {s->text.p + s->told, s->text.n - s->told};
  if (!fresh.n) return;
  const size_t at = cm_stops_find(q, fresh);
  if (at != SIZE_MAX) {
    s->text.n = s->told + at;
    s->stopped = s->result.finished = true;
  }
  tell(job, i, s, s->text.n - (s->stopped ? 0 : cm_stops_begun(q, fresh)));
}

/* Takes the next token from the logits; the strand ends at an end token, max_tokens or a full
 * context. */
static void pick(const cm_cpu *c, cm_job *job, uint32_t i, strand *s) {
  const cm_request *q = &job->request;
  const cm_session *session = s->slot->session;
  float logprob;
  s->next = cm_sampler_pick(s->sampler, s->slot->logits, cm_session_tokens(session),
                            cm_session_len(session), &logprob);
  s->result.logprob += (double)logprob;
  s->result.tokens++;
  s->result.finished = cm_tok_is_end(cm_engine_tok(c->engine), s->next);
  bool room =
      s->result.tokens < q->max_tokens && cm_session_len(session) < cm_session_ctx(session);
  if (!s->result.finished) {
    cm_tok_stream_push(&s->stream, s->next, &s->text);
    look(job, i, s);
  }
  s->running = !s->result.finished && room;
}

/* The other candidates start from what the first has computed. */
static cm_code spread(cm_cpu *c, cm_flight *f, cm_err *e) {
  const cm_slot *first = f->strands[0].slot;
  const size_t bytes = cm_engine_shape(c->engine)->vocab * sizeof *first->logits;
  for (uint32_t i = 1; i < f->n; i++) {
    cm_slot *slot = f->strands[i].slot;
    cm_code code = cm_session_copy(slot->session, first->session, e);
    if (code) return code;
    memcpy(slot->logits, first->logits, bytes);
  }
  return CM_OK;
}

/* One piece of the prompt; the last one gives the first tokens. */
static cm_code prefill(cm_cpu *c, cm_flight *f, cm_err *e) {
  cm_slot *slot = f->strands[0].slot;
  const bool last = f->prompt.n - f->at <= PROMPT_PIECE;
  f->at = last ? f->prompt.n : f->at + PROMPT_PIECE;
  cm_code code = cm_session_sync(c->batch, slot->session, f->prompt.p, f->at,
                                 last ? slot->logits : NULL, NULL, e);
  if (code || !last) return code;
  code = spread(c, f, e);
  f->first_ns = cm_os_now_ns();
  for (uint32_t i = 0; i < f->n && !code; i++) pick(c, f->job, i, &f->strands[i]);
  return code;
}

/* One token more of everything that decodes. */
static cm_code decode(cm_cpu *c, cm_err *e) {
  cm_session *live[CM_CPU_SLOTS_MAX];
  float *logits[CM_CPU_SLOTS_MAX];
  uint32_t tokens[CM_CPU_SLOTS_MAX];
  strand *strands[CM_CPU_SLOTS_MAX];
  struct {
    cm_job *job;
    uint32_t i;
  } of[CM_CPU_SLOTS_MAX];
  size_t n = 0;
  for (cm_flight *f = c->flights; f; f = f->next) {
    for (uint32_t i = 0; i < f->n; i++) {
      strand *s = &f->strands[i];
      if (!s->running) continue;
      live[n] = s->slot->session, logits[n] = s->slot->logits, tokens[n] = s->next;
      of[n].job = f->job, of[n].i = i, strands[n++] = s;
    }
  }
  if (!n) return CM_OK;
  cm_code code = cm_batch_next(c->batch, live, tokens, n, logits, e);
  for (size_t i = 0; i < n && !code; i++) pick(c, of[i].job, of[i].i, strands[i]);
  return code;
}

static bool is_finished(const cm_flight *f) {
  if (!is_decoding(f)) return false;
  for (uint32_t i = 0; i < f->n; i++)
    if (f->strands[i].running) return false;
  return true;
}

/* Every flight once: is it over, or has its prompt a piece to go? */
static void tend(cm_cpu *c) {
  for (cm_flight *f = c->flights, *next; f; f = next) {
    next = f->next;
    cm_err *e = &f->job->error;
    if (!is_finished(f) && !stopped(&f->job->request, e) && !is_decoding(f))
      (void)prefill(c, f, e);
    if (e->code || is_finished(f)) land(c, f);
  }
}

/* One round: new jobs come in, every prompt goes a piece further, every text a token. */
static void go_round(cm_cpu *c) {
  cm_err e = {0};
  admit(c);
  tend(c);
  if (!decode(c, &e)) return;
  /* What fails for one pass fails for all that were in it. */
  for (cm_flight *f = c->flights, *next; f; f = next) {
    next = f->next;
    if (!is_decoding(f)) continue;
    f->job->error = e;
    land(c, f);
  }
}

cm_job *cm_cpu_step(void *self, unsigned wait_ms) {
  cm_cpu *c = self;
  (void)wait_ms; /* it computes, and has nothing to wait for */
  if (!c->done) go_round(c);
  cm_job *job = c->done;
  if (!job) return NULL;
  c->done = job->next;
  job->next = NULL;
  return job;
}

void cm_cpu_end_jobs(cm_cpu *c) {
  for (cm_flight *f = c->flights, *next; f; f = next) {
    next = f->next;
    free_flight(f);
  }
  c->flights = NULL;
}
