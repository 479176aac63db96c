#include "engine/engine.h"

#include <string.h>

#include "base/mem.h"
#include "base/os_ahead.h"

enum { DEFAULT_COLS = 256 };

struct cm_engine {
  cm_gguf *file;
  cm_tok *tok;
  cm_model *model;
  cm_os_ahead *ahead;
};

/* A file beyond our limits is as unusable as a malformed one; CM_E_LIMIT is left to requests. */
static cm_code unusable(cm_code code, cm_err *e) {
  if (code != CM_E_LIMIT) return code;
  if (e) e->code = CM_E_FORMAT;
  return CM_E_FORMAT;
}

/* The weights come while the vocabulary is read. Of an embedding that isn't also the output matrix
 * only a few rows are needed. */
static void read_ahead(cm_engine *g) {
  const cm_gguf *f = g->file;
  const cm_gguf_tensor *embed = cm_gguf_find_tensor(f, CM_STR("token_embd.weight"));
  const size_t end = (size_t)f->bytes;
  cm_os_span spans[] = {{(size_t)f->data_start, end}, {end, end}};
  if (!f->map.p || !embed) return;
  if (!cm_model_shape(g->model)->tied) {
    spans[0].to = (size_t)embed->offset;
    spans[1].from = (size_t)(embed->offset + embed->bytes);
  }
  g->ahead = cm_os_ahead_start(&f->map, spans, 2);
}

/* Takes over `file`, also when it fails. */
static cm_code engine_of(cm_engine **out, cm_gguf *file, cm_err *e) {
  cm_engine *g = cm_alloc(1, sizeof *g);
  if (!g) {
    cm_gguf_close(file);
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for an engine");
  }
  g->file = file;
  cm_code code = cm_model_open(&g->model, file, e);
  if (!code) read_ahead(g);
  if (!code) code = cm_tok_open(&g->tok, file, e);
  if (!code && cm_tok_count(g->tok) > cm_model_shape(g->model)->vocab)
    code = cm_fail(e, CM_E_FORMAT, 0, "the tokenizer has %u tokens, the embedding only %u rows",
                   cm_tok_count(g->tok), cm_model_shape(g->model)->vocab);
  if (code) {
    cm_engine_close(g);
    return unusable(code, e);
  }
  *out = g;
  return CM_OK;
}

cm_code cm_engine_open(cm_engine **out, const char *path, cm_err *e) {
  cm_gguf *file = NULL;
  *out = NULL;
  cm_code code = cm_gguf_open(path, &file, e);
  if (code) return unusable(code, e);
  code = engine_of(out, file, e);
  return code ? cm_err_prefix(e, path) : CM_OK;
}

cm_code cm_engine_open_memory(cm_engine **out, const void *p, size_t n, cm_err *e) {
  cm_gguf *file = NULL;
  *out = NULL;
  cm_code code = cm_gguf_parse(p, n, &file, e);
  return code ? code : engine_of(out, file, e);
}

void cm_engine_close(cm_engine *g) {
  if (!g) return;
  cm_os_ahead_end(g->ahead);
  cm_tok_close(g->tok);
  cm_model_close(g->model);
  cm_gguf_close(g->file);
  cm_free(g);
}

const cm_gguf *cm_engine_gguf(const cm_engine *g) { return g->file; }
const cm_tok *cm_engine_tok(const cm_engine *g) { return g->tok; }
const cm_model *cm_engine_model(const cm_engine *g) { return g->model; }
const cm_shape *cm_engine_shape(const cm_engine *g) { return cm_model_shape(g->model); }

/* --- session --- */

struct cm_session {
  const cm_engine *g;
  cm_kv *kv;
  uint32_t len;
  uint32_t *tokens; /* [ctx] */
};

cm_code cm_session_open(cm_session **out, const cm_engine *g, uint32_t ctx, cm_err *e) {
  const cm_shape *shape = cm_engine_shape(g);
  *out = NULL;
  if (ctx < 1 || ctx > shape->ctx_train)
    return cm_fail(e, CM_E_LIMIT, 0, "a context of %u tokens is outside 1 to %u, the model's own",
                   ctx, shape->ctx_train);
  cm_session *s = cm_alloc(1, sizeof *s);
  if (!s) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a session");
  s->g = g;
  s->tokens = cm_alloc(ctx, sizeof *s->tokens);
  cm_code code = s->tokens ? cm_kv_open(&s->kv, shape, ctx, e)
                           : cm_fail(e, CM_E_NOMEM, 0, "no memory for a session");
  if (code) {
    cm_session_close(s);
    return code;
  }
  *out = s;
  return CM_OK;
}

void cm_session_close(cm_session *s) {
  if (!s) return;
  cm_kv_close(s->kv);
  cm_free(s->tokens);
  cm_free(s);
}

uint32_t cm_session_ctx(const cm_session *s) { return cm_kv_ctx(s->kv); }
uint32_t cm_session_len(const cm_session *s) { return s->len; }
const uint32_t *cm_session_tokens(const cm_session *s) { return s->tokens; }

size_t cm_session_common(const cm_session *s, const uint32_t *tokens, size_t n) {
  size_t i = 0;
  while (i < s->len && i < n && s->tokens[i] == tokens[i]) i++;
  return i;
}

void cm_session_rewind(cm_session *s, uint32_t len) {
  if (len < s->len) s->len = len;
}

cm_code cm_session_begin(cm_session *s, const uint32_t *tokens, size_t n, size_t *kept,
                         cm_err *e) {
  uint32_t ctx = cm_session_ctx(s);
  if (n < 1) return cm_fail(e, CM_E_USAGE, 0, "an empty prompt");
  if (n > ctx)
    return cm_fail(e, CM_E_LIMIT, 0, "the prompt has %zu tokens, the context holds %u", n, ctx);
  *kept = cm_session_common(s, tokens, n);
  cm_session_rewind(s, (uint32_t)*kept);
  return CM_OK;
}

cm_code cm_session_copy(cm_session *to, const cm_session *from, cm_err *e) {
  if (from->len > cm_session_ctx(to))
    return cm_fail(e, CM_E_LIMIT, 0, "%u tokens don't fit a context of %u", from->len,
                   cm_session_ctx(to));
  cm_kv_copy(to->kv, from->kv, from->len);
  memcpy(to->tokens, from->tokens, from->len * sizeof *to->tokens);
  to->len = from->len;
  return CM_OK;
}

void cm_session_save(const cm_session *s, uint32_t n, void *out) { cm_kv_pack(s->kv, n, out); }

cm_code cm_session_restore(cm_session *s, const uint32_t *tokens, uint32_t n, const void *state,
                           cm_err *e) {
  if (n > cm_session_ctx(s))
    return cm_fail(e, CM_E_LIMIT, 0, "%u tokens don't fit a context of %u", n, cm_session_ctx(s));
  cm_kv_unpack(s->kv, n, state);
  memcpy(s->tokens, tokens, n * sizeof *tokens);
  s->len = n;
  return CM_OK;
}

/* --- batch --- */

struct cm_batch {
  const cm_engine *g;
  cm_pool *pool;
  cm_kern *kern;
  cm_run *run;
  size_t max_cols;
  cm_col *cols;   /* [max_cols] */
  cm_part *parts; /* [max_cols] */
  cm_work work;
};

static cm_code batch_parts(cm_batch *b, const cm_batch_options *o, cm_err *e) {
  unsigned threads = o->threads ? o->threads : cm_os_cpu_count();
  cm_code code = cm_pool_open(&b->pool, threads < CM_POOL_MAX ? threads : CM_POOL_MAX, e);
  if (!code) code = cm_kern_open(&b->kern, o->any_isa ? cm_cpu_best() : o->isa, b->pool, e);
  if (!code) code = cm_run_open(&b->run, b->g->model, b->kern, b->max_cols, e);
  if (code) return code;
  b->cols = cm_alloc(b->max_cols, sizeof *b->cols);
  b->parts = cm_alloc(b->max_cols, sizeof *b->parts);
  return b->cols && b->parts ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for a batch");
}

cm_code cm_batch_open(cm_batch **out, const cm_engine *g, const cm_batch_options *o, cm_err *e) {
  *out = NULL;
  cm_batch *b = cm_alloc(1, sizeof *b);
  if (!b) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a batch");
  b->g = g;
  b->max_cols = o->max_cols ? o->max_cols : DEFAULT_COLS;
  cm_code code = batch_parts(b, o, e);
  if (code) {
    cm_batch_close(b);
    return code;
  }
  *out = b;
  return CM_OK;
}

void cm_batch_close(cm_batch *b) {
  if (!b) return;
  cm_run_close(b->run);
  cm_kern_close(b->kern);
  cm_pool_close(b->pool);
  cm_free(b->cols);
  cm_free(b->parts);
  cm_free(b);
}

unsigned cm_batch_threads(const cm_batch *b) { return cm_pool_threads(b->pool); }
cm_isa cm_batch_isa(const cm_batch *b) { return cm_kern_isa(b->kern); }
size_t cm_batch_cols(const cm_batch *b) { return b->max_cols; }
cm_work cm_batch_work(const cm_batch *b) { return b->work; }

static cm_code check_part(const cm_batch *b, const cm_part *p, size_t i, cm_err *e) {
  uint32_t vocab = cm_engine_shape(b->g)->vocab, ctx = cm_session_ctx(p->session);
  if (p->n > ctx - p->session->len)
    return cm_fail(e, CM_E_LIMIT, i, "the context of %u tokens is full", ctx);
  for (size_t k = 0; k < p->n; k++)
    if (p->tokens[k] >= vocab)
      return cm_fail(e, CM_E_USAGE, i, "token %u is outside the vocabulary of %u", p->tokens[k],
                     vocab);
  return CM_OK;
}

static cm_code check_parts(const cm_batch *b, const cm_part *parts, size_t n, cm_err *e) {
  size_t room = b->max_cols;
  cm_code code = CM_OK;
  if (n < 1) return cm_fail(e, CM_E_USAGE, 0, "a pass without a token");
  for (size_t i = 0; i < n && !code; i++) {
    if (parts[i].n < 1 || parts[i].n > room)
      return cm_fail(e, CM_E_USAGE, i, "a pass has 1 to %zu tokens, each part one at least",
                     b->max_cols);
    room -= parts[i].n;
    code = check_part(b, &parts[i], i, e);
  }
  return code;
}

cm_code cm_batch_run(cm_batch *b, const cm_part *parts, size_t n, cm_err *e) {
  cm_code code = check_parts(b, parts, n, e);
  if (code) return code;
  cm_col *col = b->cols;
  for (const cm_part *p = parts; p < parts + n; p++) {
    cm_session *s = p->session;
    for (size_t i = 0; i < p->n; i++)
      *col++ = (cm_col){s->kv, s->len + (uint32_t)i, p->tokens[i], NULL};
    col[-1].logits = p->logits;
  }
  const size_t tokens = (size_t)(col - b->cols);
  cm_forward(b->run, b->cols, tokens);
  b->work.passes++, b->work.tokens += tokens;
  for (const cm_part *p = parts; p < parts + n; p++) {
    cm_session *s = p->session;
    memcpy(s->tokens + s->len, p->tokens, p->n * sizeof *p->tokens);
    s->len += (uint32_t)p->n;
  }
  return CM_OK;
}

cm_code cm_session_sync(cm_batch *b, cm_session *s, const uint32_t *tokens, size_t n,
                        float *logits, size_t *reused, cm_err *e) {
  size_t at = 0;
  cm_code code = cm_session_begin(s, tokens, n, &at, e);
  if (code) return code;
  if (logits && at == n) cm_session_rewind(s, (uint32_t)--at);
  if (reused) *reused = at;
  while (at < n && !code) {
    size_t piece = n - at < b->max_cols ? n - at : b->max_cols;
    cm_part p = {s, tokens + at, piece, at + piece == n ? logits : NULL};
    code = cm_batch_run(b, &p, 1, e);
    at += piece;
  }
  return code;
}

cm_code cm_batch_next(cm_batch *b, cm_session *const *s, const uint32_t *tokens, size_t n,
                      float *const *logits, cm_err *e) {
  if (n > b->max_cols)
    return cm_fail(e, CM_E_USAGE, 0, "%zu sessions in a pass of %zu tokens", n, b->max_cols);
  for (size_t i = 0; i < n; i++) b->parts[i] = (cm_part){s[i], &tokens[i], 1, logits[i]};
  return cm_batch_run(b, b->parts, n, e);
}

static void pick_one(cm_pick *p) {
  const cm_session *s = p->session;
  p->token = cm_sampler_pick(p->sampler, p->logits, s->tokens, s->len, &p->logprob);
  if (p->n_likely)
    p->n_likely =
        cm_sampler_likeliest(p->logits, cm_engine_shape(s->g)->vocab, p->likely, p->n_likely);
}

static void pick_some(void *ctx, size_t begin, size_t end, unsigned worker) {
  (void)worker;
  for (cm_pick *p = (cm_pick *)ctx + begin; p < (cm_pick *)ctx + end; p++) pick_one(p);
}

void cm_batch_pick(cm_batch *b, cm_pick *picks, size_t n) {
  cm_pool_for(b->pool, n, 1, pick_some, picks);
}
