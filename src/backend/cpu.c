/* The CPU backend: our own engine. Candidates of one request share the prompt, which is computed
 * once, and are then decoded together, one token of each a pass. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/embedded.h"
#include "base/os.h"
#include "engine/engine.h"

enum {
  DEFAULT_CTX = 4096,
  MAX_PROMPT_TOKENS = 1 << 20,
  MAX_REPLY_BYTES = 1 << 20,
  MAX_PARALLEL = 64,
  PROMPT_PIECE = 256
};

/* Greedy decoding has one answer only: the other candidates are drawn. */
#define OTHER_TEMPERATURE 0.7f

typedef struct cpu {
  cm_engine *engine;
  cm_batch *batch;
  uint32_t n_parallel, ctx;
  cm_session **sessions; /* [n_parallel], opened on first use */
  float *logits;         /* [n_parallel][vocab] */
  cm_model_id id;
} cpu;

static void cpu_close(void *self) {
  cpu *c = self;
  for (uint32_t i = 0; c->sessions && i < c->n_parallel; i++) cm_session_close(c->sessions[i]);
  cm_free(c->sessions);
  cm_free(c->logits);
  cm_batch_close(c->batch);
  cm_engine_close(c->engine);
  cm_free(c);
}

/* The type most weights have stands for the file, unless the file says it by its llama.cpp number.
 */
static void name_quant(const cm_gguf *f, char out[32]) {
  uint64_t bytes[CM_Q_COUNT] = {0};
  cm_qid top = CM_Q_F32;
  for (size_t i = 0; i < f->n_tensors; i++) {
    cm_qid id = f->tensors[i].type->id;
    bytes[id] += f->tensors[i].bytes;
    if (bytes[id] > bytes[top]) top = id;
  }
  snprintf(out, 32, "%s", cm_qtype_of(top)->name);
}

static void identify_model(cpu *c, const char *path) {
  cm_str name = CM_STR("unnamed");
  cm_gguf_str(cm_engine_gguf(c->engine), "general.name", false, &name, NULL);
  size_t n = cm_utf8_complete(name.p, name.n < 100 ? name.n : 100);
  snprintf(c->id.id, sizeof c->id.id, "%.*s", (int)n, name.p);
  name_quant(cm_engine_gguf(c->engine), c->id.quant);
  if (!path) snprintf(c->id.sha256, sizeof c->id.sha256, "%s", cm_embedded_sha256());
}

/* What only our own models say. */
static cm_code read_own(cpu *c, cm_err *e) {
  const cm_gguf *f = cm_engine_gguf(c->engine);
  cm_code code = cm_gguf_u32(f, "cmdai.placeholders", false, &c->id.placeholders, e);
  if (!code) code = cm_gguf_f32(f, "cmdai.confidence.scale", false, &c->id.scale, e);
  if (!code) code = cm_gguf_f32(f, "cmdai.confidence.bias", false, &c->id.bias, e);
  if (code) return code;
  /* Also false for what is no number. */
  if (c->id.scale >= 0 && c->id.scale <= 1000 && fabsf(c->id.bias) <= 1000) return CM_OK;
  return cm_fail(e, CM_E_FORMAT, 0, "cmdai.confidence: scale %g and bias %g are out of range",
                 (double)c->id.scale, (double)c->id.bias);
}

static cm_code open_parts(cpu *c, const cm_backend_options *o, cm_err *e) {
  cm_code code = cm_model_load(&c->engine, o->model, e);
  if (code) return code;
  const cm_shape *shape = cm_engine_shape(c->engine);
  c->ctx = o->ctx ? o->ctx : shape->ctx_train < DEFAULT_CTX ? shape->ctx_train : DEFAULT_CTX;
  cm_batch_options b = {.threads = o->threads, .any_isa = true, .max_logits = c->n_parallel};
  code = cm_batch_open(&c->batch, c->engine, &b, e);
  if (code) return code;
  c->sessions = cm_alloc(c->n_parallel, sizeof *c->sessions);
  c->logits = cm_alloc((size_t)c->n_parallel * shape->vocab, sizeof *c->logits);
  if (!c->sessions || !c->logits)
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for %u candidates", c->n_parallel);
  identify_model(c, o->model);
  return read_own(c, e);
}

static cm_code cpu_open(void **self, const cm_backend_options *o, cm_err *e) {
  if (o->n_parallel > MAX_PARALLEL)
    return cm_fail(e, CM_E_USAGE, 0, "at most %d candidates", MAX_PARALLEL);
  cpu *c = cm_alloc(1, sizeof *c);
  if (!c) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the engine");
  c->n_parallel = o->n_parallel ? o->n_parallel : 1;
  cm_code code = open_parts(c, o, e);
  if (code) {
    cpu_close(c);
    return code;
  }
  *self = c;
  return CM_OK;
}

static void cpu_identify(void *self, cm_model_id *out) { *out = ((cpu *)self)->id; }

/* --- generating --- */

/* One candidate on its way. */
typedef struct strand {
  cm_sampler *sampler;
  cm_tok_stream stream;
  cm_buf text;
  cm_candidate result;
  uint32_t next; /* the token picked last, not yet in the session */
  bool running;
} strand;

static cm_code stopped(const cm_request *q, cm_err *e) {
  if (q->cancel && *q->cancel) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
  if (q->deadline_ns && cm_os_now_ns() >= q->deadline_ns)
    return cm_fail(e, CM_E_TIMEOUT, 0, "timed out");
  return CM_OK;
}

/* Takes the next token from the logits; the strand ends at an end token, max_tokens or a full
 * context. */
static void pick(cpu *c, const cm_request *q, strand *s, uint32_t i) {
  const cm_tok *tok = cm_engine_tok(c->engine);
  const cm_session *session = c->sessions[i];
  size_t vocab = cm_engine_shape(c->engine)->vocab;
  float logprob;
  s->next = cm_sampler_pick(s->sampler, c->logits + i * vocab, cm_session_tokens(session),
                            cm_session_len(session), &logprob);
  s->result.logprob += (double)logprob;
  s->result.tokens++;
  s->result.finished = cm_tok_is_end(tok, s->next);
  bool room =
      s->result.tokens < q->max_tokens && cm_session_len(session) < cm_session_ctx(session);
  if (!s->result.finished) cm_tok_stream_push(&s->stream, s->next, &s->text);
  s->running = !s->result.finished && room;
}

/* Computes the prompt in pieces, so that a deadline or Ctrl-C is noticed in the middle of a long
 * one. */
static cm_code compute_prompt(cpu *c, const cm_request *q, const cm_ids *prompt, cm_replies *out,
                              cm_err *e) {
  cm_session *s = c->sessions[0];
  size_t at = cm_session_common(s, prompt->p, prompt->n);
  cm_code code = CM_OK;
  out->cached_tokens = (uint32_t)at;
  for (at += PROMPT_PIECE; !code && at < prompt->n; at += PROMPT_PIECE) {
    code = cm_session_sync(c->batch, s, prompt->p, at, NULL, NULL, e);
    if (!code) code = stopped(q, e);
  }
  return code ? code : cm_session_sync(c->batch, s, prompt->p, prompt->n, c->logits, NULL, e);
}

/* The first session computes the prompt; the others copy its cache and logits. */
static cm_code prefill(cpu *c, const cm_request *q, const cm_ids *prompt, cm_replies *out,
                       cm_err *e) {
  size_t vocab = cm_engine_shape(c->engine)->vocab;
  if (prompt->n > c->ctx)
    return cm_fail(e, CM_E_LIMIT, 0, "the prompt has %zu tokens, the context holds %u", prompt->n,
                   c->ctx);
  for (uint32_t i = 0; i < q->candidates; i++) {
    cm_code code = c->sessions[i] ? CM_OK : cm_session_open(&c->sessions[i], c->engine, c->ctx, e);
    if (code) return code;
  }
  cm_code code = compute_prompt(c, q, prompt, out, e);
  for (uint32_t i = 1; !code && i < q->candidates; i++) {
    code = cm_session_copy(c->sessions[i], c->sessions[0], e);
    memcpy(c->logits + i * vocab, c->logits, vocab * sizeof *c->logits);
  }
  return code;
}

static cm_code decode(cpu *c, const cm_request *q, strand *s, cm_err *e) {
  size_t vocab = cm_engine_shape(c->engine)->vocab;
  cm_session *live[MAX_PARALLEL];
  float *logits[MAX_PARALLEL];
  uint32_t tokens[MAX_PARALLEL], which[MAX_PARALLEL];
  for (;;) {
    size_t n = 0;
    for (uint32_t i = 0; i < q->candidates; i++) {
      if (!s[i].running) continue;
      live[n] = c->sessions[i], logits[n] = c->logits + i * vocab, tokens[n] = s[i].next,
      which[n++] = i;
    }
    if (n == 0) return CM_OK;
    cm_code code = stopped(q, e);
    if (!code) code = cm_batch_next(c->batch, live, tokens, n, logits, e);
    if (code) return code;
    for (size_t j = 0; j < n; j++) pick(c, q, &s[which[j]], which[j]);
  }
}

static cm_code open_strands(cpu *c, const cm_request *q, strand *s, cm_err *e) {
  for (uint32_t i = 0; i < q->candidates; i++) {
    cm_sample_options o = q->sampling;
    o.seed += i;
    if (i > 0 && o.temperature == 0) o.temperature = OTHER_TEMPERATURE;
    cm_buf_init(&s[i].text, MAX_REPLY_BYTES);
    cm_tok_stream_init(&s[i].stream, cm_engine_tok(c->engine));
    cm_code code = cm_sampler_open(&s[i].sampler, &o, cm_engine_shape(c->engine)->vocab, e);
    if (code) return code;
  }
  return CM_OK;
}

static cm_code collect(const cm_request *q, strand *s, cm_arena *a, cm_replies *out, cm_err *e) {
  out->items = cm_arena_alloc(a, q->candidates, sizeof *out->items);
  if (!out->items) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
  for (uint32_t i = 0; i < q->candidates; i++) {
    cm_tok_stream_end(&s[i].stream, &s[i].text);
    char *text = s[i].text.overflow ? NULL : cm_arena_strdup(a, s[i].text.p, s[i].text.n);
    if (!text) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
    s[i].result.text = (cm_str){text, s[i].text.n};
    out->items[i] = s[i].result;
    out->output_tokens += s[i].result.tokens;
  }
  out->n = q->candidates;
  return CM_OK;
}

static cm_code run(cpu *c, const cm_request *q, const cm_ids *prompt, cm_arena *a, cm_replies *out,
                   cm_err *e) {
  strand s[MAX_PARALLEL] = {{0}};
  uint64_t start = cm_os_now_ns();
  out->prompt_tokens = (uint32_t)prompt->n;
  cm_code code = open_strands(c, q, s, e);
  if (!code) code = prefill(c, q, prompt, out, e);
  uint64_t mid = cm_os_now_ns();
  for (uint32_t i = 0; !code && i < q->candidates; i++) pick(c, q, &s[i], i);
  if (!code) code = decode(c, q, s, e);
  if (!code) code = collect(q, s, a, out, e);
  out->prompt_ns = mid - start;
  out->generate_ns = cm_os_now_ns() - mid;
  for (uint32_t i = 0; i < q->candidates; i++) {
    cm_sampler_close(s[i].sampler);
    cm_buf_close(&s[i].text);
  }
  return code;
}

static cm_code cpu_generate(void *self, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e) {
  cpu *c = self;
  *out = (cm_replies){0};
  if (q->candidates < 1 || q->candidates > c->n_parallel)
    return cm_fail(e, CM_E_USAGE, 0, "%u candidates asked of a backend opened for %u",
                   q->candidates, c->n_parallel);
  cm_ids prompt;
  cm_ids_init(&prompt, MAX_PROMPT_TOKENS);
  cm_code code =
      cm_chat_tokens(cm_engine_tok(c->engine), q->messages, q->n_messages, q->opening, &prompt, e);
  if (!code) code = run(c, q, &prompt, a, out, e);
  cm_ids_close(&prompt);
  return code;
}

const cm_backend_ops cm_backend_cpu = {"cpu", cpu_open, cpu_generate, cpu_identify, cpu_close};
