/* Jobs of the CPU backend on their way in and out: they take slots as these become free, find what
 * is computed of their prompt already, and leave with their replies. Candidates of one job share
 * its prompt. */
#include <string.h>

#include "backend/cpu.h"
#include "base/os.h"

enum {
  MAX_PROMPT_TOKENS = 1 << 20,
  MAX_REPLY_BYTES = 1 << 20,
  COPY_MIN = 16 /* tokens that are worth copying another session, or waiting for it */
};

/* Greedy decoding has one answer only: the other candidates are drawn. */
#define OTHER_TEMPERATURE 0.7f

/* --- the way out ----------------------------------------------------------------------------- */

static void deliver(cm_cpu *c, cm_job *job) {
  if (!c->done) c->done_tail = &c->done;
  job->next = NULL;
  *c->done_tail = job;
  c->done_tail = &job->next;
}

void cm_cpu_tell(cm_job *job, uint32_t i, cm_strand *s, size_t end) {
  const cm_sink *sink = &job->request.sink;
  if (end <= s->told) return;
  const size_t n = cm_cpu_said_until(s, end);
  if (sink->piece) {
    const cm_said *said = n ? s->said + s->said_told : NULL;
    const cm_piece p = {i, {s->text.p + s->told, end - s->told}, said, n};
    job->streamed = true;
    sink->piece(sink->user, &p);
  }
  s->told = end;
  s->said_told += n;
}

static cm_code collect(cm_flight *f, cm_err *e) {
  cm_replies *out = &f->job->replies;
  cm_arena *a = f->job->arena;
  out->items = cm_arena_alloc(a, f->n, sizeof *out->items);
  if (!out->items) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
  for (uint32_t i = 0; i < f->n; i++) {
    cm_strand *s = &f->strands[i];
    if (!s->stopped) cm_tok_stream_end(&s->stream, &s->text);
    cm_cpu_said_end(s);
    cm_cpu_tell(f->job, i, s, s->text.n);
    char *text = s->text.overflow ? NULL : cm_arena_strdup(a, s->text.p, s->text.n);
    if (!text) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
    s->result.text = (cm_str){text, s->text.n};
    s->result.said = s->said, s->result.n_said = s->n_said;
    out->items[i] = s->result;
    out->output_tokens += s->result.tokens;
  }
  out->n = f->n;
  return CM_OK;
}

static void free_flight(cm_flight *f) {
  for (uint32_t i = 0; f->strands && i < f->n; i++) {
    cm_strand *s = &f->strands[i];
    if (s->slot) s->slot->taken = false;
    cm_sampler_close(s->sampler);
    cm_buf_close(&s->text);
  }
  cm_free(f->strands);
  cm_ids_close(&f->prompt);
  cm_free(f);
}

static size_t common_prompt(const cm_flight *f, const cm_flight *g) {
  const size_t n = f->prompt.n < g->prompt.n ? f->prompt.n : g->prompt.n;
  size_t i = 0;
  while (i < n && f->prompt.p[i] == g->prompt.p[i]) i++;
  return i;
}

/* Prompts that come together often begin alike (and differ at their ends): the first one computes
 * that for all. */
static void follow(cm_cpu *c, cm_flight *f) {
  f->leader = NULL;
  for (cm_flight *g = c->flights; g != f; g = g->next) {
    if (g->first_ns) continue;
    const size_t shared = common_prompt(f, g), known = f->leader ? f->shared : f->at;
    if (shared < known + COPY_MIN) continue;
    f->leader = g;
    f->shared = shared;
  }
}

/* Who waited for it takes what there is of the prompt, and follows another one or goes alone. */
static void leave_followers(cm_cpu *c, const cm_flight *f) {
  for (cm_flight *g = c->flights; g; g = g->next) {
    if (g->leader != f) continue;
    (void)cm_cpu_reuse(c, g, &g->job->error);
    follow(c, g);
  }
}

void cm_cpu_land(cm_cpu *c, cm_flight *f) {
  cm_job *job = f->job;
  if (!job->error.code) (void)collect(f, &job->error);
  const uint64_t now = cm_os_now_ns();
  cm_cpu_note_beginning(c, f, f->first_ns ? f->first_ns : now);
  job->replies.prompt_ns = (f->first_ns ? f->first_ns : now) - f->start_ns;
  job->replies.generate_ns = f->first_ns ? now - f->first_ns : 0;
  cm_flight **link = &c->flights;
  while (*link != f) link = &(*link)->next;
  *link = f->next;
  leave_followers(c, f);
  free_flight(f);
  deliver(c, job);
}

/* --- the way in ------------------------------------------------------------------------------ */

static cm_code check(const cm_cpu *c, const cm_request *q, cm_err *e) {
  if (q->candidates < 1 || q->candidates > c->n_slots)
    return cm_fail(e, CM_E_USAGE, 0, "%u candidates asked of a backend opened for %u",
                   q->candidates, c->n_slots);
  if (q->n_likely > CM_LIKELY_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "%u likely tokens asked for, at most %d are told",
                   q->n_likely, CM_LIKELY_MAX);
  return CM_OK;
}

void cm_cpu_submit(void *self, cm_job *job) {
  cm_cpu *c = self;
  if (check(c, &job->request, &job->error)) {
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

/* The free slot that holds most of the prompt. */
static cm_slot *best_free_slot(const cm_cpu *c, const cm_ids *prompt) {
  cm_slot *best = NULL;
  for (uint32_t i = 0; i < c->n_slots; i++) {
    cm_slot *s = &c->slots[i];
    if (!s->taken && (!best || common(s, prompt) > common(best, prompt))) best = s;
  }
  return best;
}

/* Any slot that holds most of it. */
static const cm_slot *best_slot(const cm_cpu *c, const cm_ids *prompt) {
  const cm_slot *best = c->slots;
  for (uint32_t i = 1; i < c->n_slots; i++)
    if (common(&c->slots[i], prompt) > common(best, prompt)) best = &c->slots[i];
  return best;
}

static cm_code take_slot(cm_cpu *c, cm_strand *s, const cm_ids *prompt, cm_err *e) {
  cm_slot *slot = best_free_slot(c, prompt);
  cm_code code = slot->session ? CM_OK : cm_session_open(&slot->session, c->engine, c->ctx, e);
  if (code) return code;
  slot->taken = true;
  s->slot = slot;
  return CM_OK;
}

static cm_code open_strand(cm_cpu *c, const cm_request *q, uint32_t i, cm_strand *s, cm_err *e) {
  cm_sample_options o = q->sampling;
  o.seed += i;
  if (i > 0 && o.temperature == 0) o.temperature = OTHER_TEMPERATURE;
  cm_buf_init(&s->text, MAX_REPLY_BYTES);
  cm_tok_stream_init(&s->stream, cm_engine_tok(c->engine));
  return cm_sampler_open(&s->sampler, &o, cm_engine_shape(c->engine)->vocab, e);
}

/* The last token of the prompt is computed in any case: its logits are kept by nobody. */
cm_code cm_cpu_reuse(cm_cpu *c, cm_flight *f, cm_err *e) {
  const cm_slot *other = best_slot(c, &f->prompt);
  cm_session *own = f->strands[0].slot->session;
  cm_code code = CM_OK;
  if (common(other, &f->prompt) >= cm_session_common(own, f->prompt.p, f->prompt.n) + COPY_MIN)
    code = cm_session_copy(own, other->session, e);
  if (!code) code = cm_session_begin(own, f->prompt.p, f->prompt.n, &f->at, e);
  if (code) return code;
  if (f->at == f->prompt.n) cm_session_rewind(own, (uint32_t)--f->at);
  f->job->replies.cached_tokens = (uint32_t)f->at;
  return CM_OK;
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
  if (!code) code = cm_cpu_reuse(c, f, e);
  if (!code) cm_cpu_take_beginning(c, f);
  if (!code) follow(c, f);
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
  if (prepare(c, f, &job->error)) cm_cpu_land(c, f);
}

void cm_cpu_admit(cm_cpu *c) {
  while (c->waiting && c->waiting->request.candidates <= free_slots(c)) {
    cm_job *job = c->waiting;
    c->waiting = job->next;
    start(c, job);
  }
}

/* --- off the way ----------------------------------------------------------------------------- */

static cm_code stopped(const cm_request *q, cm_err *e) {
  if (q->cancel && *q->cancel) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
  if (q->deadline_ns && cm_os_now_ns() >= q->deadline_ns)
    return cm_fail(e, CM_E_TIMEOUT, 0, "timed out");
  return CM_OK;
}

void cm_cpu_drop_stopped(cm_cpu *c) {
  for (cm_flight *f = c->flights, *next; f; f = next) {
    next = f->next;
    if (stopped(&f->job->request, &f->job->error)) cm_cpu_land(c, f);
  }
  cm_job **link = &c->waiting;
  while (*link) {
    cm_job *job = *link;
    if (stopped(&job->request, &job->error)) {
      *link = job->next;
      deliver(c, job);
    } else {
      link = &job->next;
    }
  }
  c->waiting_tail = link;
}

void cm_cpu_end_jobs(cm_cpu *c) {
  for (cm_flight *f = c->flights, *next; f; f = next) {
    next = f->next;
    free_flight(f);
  }
  c->flights = NULL;
}
