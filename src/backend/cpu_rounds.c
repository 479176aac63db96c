/* Continuous batching: each round is one pass over the weights. It takes every text that decodes
 * one token further, and prompts as far as the rest of the pass has room. What a text gets doesn't
 * depend on what is in the pass beside it. */
#include <string.h>

#include "backend/cpu.h"
#include "backend/stops.h"
#include "base/os.h"

/* Tokens of prompts in a pass while something decodes: a pass with 64 columns takes a few times as
 * long as one for a single token, so that texts keep flowing, and costs hardly more for each of
 * them than one with 256. */
enum { COLS_BESIDE_TEXTS = 64 };

/* --- picking --------------------------------------------------------------------------------- */

/* New text goes to the sink, but for what may become a stop; the first stop ends it. */
static void look(cm_job *job, uint32_t i, cm_strand *s) {
  const cm_request *q = &job->request;
  const cm_str fresh = {s->text.p + s->told, s->text.n - s->told};
  if (!fresh.n) return;
  const size_t at = cm_stops_find(q, fresh);
  if (at != SIZE_MAX) {
    s->text.n = s->told + at;
    s->stopped = s->result.finished = true;
    cm_cpu_said_end(s);
  }
  cm_cpu_tell(job, i, s, s->text.n - (s->stopped ? 0 : cm_stops_begun(q, fresh)));
}

/* A token was picked; the strand ends at an end token, max_tokens or a full context. */
static void take(const cm_cpu *c, cm_flight *f, uint32_t i, const cm_pick *p) {
  const cm_request *q = &f->job->request;
  cm_strand *s = &f->strands[i];
  s->next = p->token;
  s->result.logprob += (double)p->logprob;
  s->result.tokens++;
  s->result.finished = cm_tok_is_end(cm_engine_tok(c->engine), s->next);
  bool room =
      s->result.tokens < q->max_tokens && cm_session_len(p->session) < cm_session_ctx(p->session);
  if (!s->result.finished) {
    const size_t earlier = cm_tok_stream_push(&s->stream, s->next, &s->text);
    if (q->says) (void)cm_cpu_say(c, f->job, s, p, earlier, &f->job->error);
    look(f->job, i, s);
  }
  s->running = !s->result.finished && room;
}

static cm_pick pick_of(const cm_flight *f, uint32_t i, float *logits) {
  const cm_request *q = &f->job->request;
  cm_strand *s = &f->strands[i];
  return (cm_pick){.sampler = s->sampler,
                   .session = s->slot->session,
                   .logits = logits,
                   .likely = s->likely,
                   .n_likely = q->says ? q->n_likely : 0};
}

/* The prompt is computed: all candidates start from it and its logits, one after the other. */
static void begin_texts(cm_cpu *c, cm_flight *f) {
  const cm_slot *first = f->strands[0].slot;
  cm_err *e = &f->job->error;
  f->first_ns = cm_os_now_ns();
  for (uint32_t i = 1; i < f->n && !e->code; i++)
    (void)cm_session_copy(f->strands[i].slot->session, first->session, e);
  for (uint32_t i = 0; i < f->n && !e->code; i++) {
    cm_pick p = pick_of(f, i, first->logits);
    cm_batch_pick(c->batch, &p, 1);
    take(c, f, i, &p);
  }
}

/* --- what is in a pass ----------------------------------------------------------------------- */

typedef struct pass {
  cm_part parts[CM_CPU_SLOTS_MAX]; /* each has at least one slot of its own */
  struct {
    cm_flight *flight;
    uint32_t strand;
  } of[CM_CPU_SLOTS_MAX];
  size_t n;
} pass;

static void add(pass *p, cm_part part, cm_flight *f, uint32_t strand) {
  p->of[p->n].flight = f;
  p->of[p->n].strand = strand;
  p->parts[p->n++] = part;
}

static void add_texts(const cm_cpu *c, pass *p) {
  for (cm_flight *f = c->flights; f; f = f->next)
    for (uint32_t i = 0; i < f->n; i++) {
      cm_strand *s = &f->strands[i];
      if (s->running) add(p, (cm_part){s->slot->session, &s->next, 1, s->slot->logits}, f, i);
    }
}

static bool is_prompt(const cm_flight *f) { return !f->first_ns && !f->leader; }

/* How many tokens more until its text begins, or a prompt that waits for it can go on. */
static size_t distance(const cm_flight *f) {
  const size_t at = f->at + f->piece;
  size_t least = f->prompt.n - at;
  for (const cm_flight *g = f->next; g; g = g->next)
    if (g->leader == f && g->shared > at && g->shared - at < least) least = g->shared - at;
  return least;
}

static size_t grant(cm_flight *f, size_t most) {
  size_t rest = f->prompt.n - f->at - f->piece;
  if (most > rest) most = rest;
  f->piece += most;
  return most;
}

/* Shortest first lets most texts begin soonest; the one that waits longest has half of the room in
 * any case, so that every prompt comes to its end. */
static void share(cm_cpu *c, size_t room) {
  cm_flight *oldest = NULL;
  for (cm_flight *f = c->flights; f; f = f->next) {
    f->piece = 0;
    if (!oldest && is_prompt(f)) oldest = f;
  }
  if (oldest) room -= grant(oldest, (room + 1) / 2);
  while (room) {
    cm_flight *nearest = NULL;
    for (cm_flight *f = c->flights; f; f = f->next) {
      if (!is_prompt(f) || !distance(f)) continue;
      if (!nearest || distance(f) < distance(nearest)) nearest = f;
    }
    if (!nearest) return;
    const size_t way = distance(nearest);
    room -= grant(nearest, way < room ? way : room);
  }
}

static void add_prompts(const cm_cpu *c, pass *p) {
  for (cm_flight *f = c->flights; f; f = f->next) {
    if (!f->piece) continue;
    const cm_slot *slot = f->strands[0].slot;
    const bool last = f->at + f->piece == f->prompt.n;
    add(p, (cm_part){slot->session, f->prompt.p + f->at, f->piece, last ? slot->logits : NULL}, f,
        0);
  }
}

/* --- rounds ---------------------------------------------------------------------------------- */

/* Lets prompts go on whose beginning the one before them has computed by now. */
static void release_followers(cm_cpu *c) {
  for (cm_flight *f = c->flights; f; f = f->next) {
    if (!f->leader || f->leader->at < f->shared) continue;
    f->leader = NULL;
    (void)cm_cpu_reuse(c, f, &f->job->error);
  }
}

/* Of texts first (the first parts of a pass), then of prompts. */
static void take_results(cm_cpu *c, const pass *p) {
  cm_pick picks[CM_CPU_SLOTS_MAX];
  size_t texts = 0;
  for (; texts < p->n && p->of[texts].flight->first_ns; texts++)
    picks[texts] = pick_of(p->of[texts].flight, p->of[texts].strand, p->parts[texts].logits);
  cm_batch_pick(c->batch, picks, texts);
  for (size_t i = 0; i < texts; i++) take(c, p->of[i].flight, p->of[i].strand, &picks[i]);
  for (size_t i = texts; i < p->n; i++) {
    cm_flight *f = p->of[i].flight;
    f->at += f->piece;
    if (f->at == f->prompt.n) begin_texts(c, f);
  }
}

static void compute(cm_cpu *c) {
  pass p = {.n = 0};
  cm_err e = {0};
  add_texts(c, &p);
  size_t room = cm_batch_cols(c->batch) - p.n;
  share(c, p.n && room > COLS_BESIDE_TEXTS ? COLS_BESIDE_TEXTS : room);
  add_prompts(c, &p);
  if (!p.n) return;
  if (!cm_batch_run(c->batch, p.parts, p.n, &e)) {
    take_results(c, &p);
    return;
  }
  /* What fails for one pass fails for all that were in it. */
  for (size_t i = 0; i < p.n; i++) p.of[i].flight->job->error = e;
}

static bool is_finished(const cm_flight *f) {
  if (f->job->error.code) return true;
  bool running = !f->first_ns;
  for (uint32_t i = 0; i < f->n; i++) running = running || f->strands[i].running;
  return !running;
}

static void land_finished(cm_cpu *c) {
  for (cm_flight *f = c->flights, *next; f; f = next) {
    next = f->next;
    if (is_finished(f)) cm_cpu_land(c, f);
  }
}

cm_job *cm_cpu_step(void *self, unsigned wait_ms) {
  cm_cpu *c = self;
  (void)wait_ms; /* it computes, and has nothing to wait for */
  if (!c->done) {
    cm_cpu_drop_stopped(c);
    cm_cpu_admit(c);
    release_followers(c);
    compute(c);
    land_finished(c);
  }
  cm_job *job = c->done;
  if (!job) return NULL;
  c->done = job->next;
  job->next = NULL;
  return job;
}
