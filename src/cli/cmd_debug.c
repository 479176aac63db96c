/* cmdai debug: tokens and logits, for parity tests and bug reports. */
#include <stdio.h>
#include <string.h>

#include "backend/embedded.h"
#include "cli/models.h"
#include "data/json.h"
#include "engine/engine.h"

enum { MAX_IDS = 1 << 20, MAX_STEPS = 4096 };

static int debug_fail(const cm_err *e) { return cm_ui_fail(cm_ui_status(e), "%s", e->msg); }

static void put_ids(cm_jw *w, const char *key, const uint32_t *ids, size_t n) {
  cm_jw_key(w, key);
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) cm_jw_u64(w, ids[i]);
  cm_jw_end_array(w);
}

/* --- tokenize --- */

static int print_tokens(const cm_opts *o, const cm_tok *t, const cm_ids *ids) {
  cm_buf b;
  cm_buf_init(&b, 64 << 20);
  if (cm_opts_document(o)) {
    cm_jw w;
    cm_jw_init(&w, &b, 0);
    cm_jw_begin_object(&w);
    put_ids(&w, "ids", ids->p, ids->n);
    cm_jw_key(&w, "tokens");
    cm_jw_begin_array(&w);
    for (size_t i = 0; i < ids->n; i++) cm_jw_str(&w, cm_tok_raw(t, ids->p[i]));
    cm_jw_end_array(&w);
    cm_jw_end_object(&w);
    cm_buf_putc(&b, '\n');
  } else {
    for (size_t i = 0; i < ids->n; i++) cm_buf_printf(&b, "%s%u", i ? " " : "", ids->p[i]);
    cm_buf_putc(&b, '\n');
  }
  return cm_ui_out_as(o, &b);
}

static int tokenize(const cm_opts *o, char **args) {
  cm_err e = {0};
  cm_engine *g = NULL;
  cm_ids ids;
  cm_ids_init(&ids, MAX_IDS);
  cm_found model;
  cm_code code = cm_model_find(o, cm_opts_model(o), false, &model, &e);
  if (!code) code = cm_model_load(&g, cm_model_path(&model), &e);
  if (!code) code = cm_tok_encode(cm_engine_tok(g), cm_str_of(args[0]), o->special, &ids, &e);
  int status = code ? debug_fail(&e) : print_tokens(o, cm_engine_tok(g), &ids);
  cm_ids_close(&ids);
  cm_engine_close(g);
  return status;
}

/* --- generate --- */

typedef struct top_logit {
  uint32_t id;
  float logit;
} top_logit;

typedef struct step {
  uint32_t id; /* the token taken */
  top_logit top[100];
} step;

static cm_code parse_ids(const char *option, const char *text, cm_ids *out, cm_err *e) {
  for (const char *p = text; *p;) {
    size_t n = strcspn(p, ", ");
    uint64_t v;
    if (!cm_str_u64((cm_str){p, n}, 0, UINT32_MAX - 1, &v))
      return cm_fail(e, CM_E_USAGE, (uint64_t)(p - text), "%s must be ids like 1,2,3", option);
    cm_code code = cm_ids_push(out, (uint32_t)v, e);
    if (code) return code;
    p += n + strspn(p + n, ", ");
  }
  return CM_OK;
}

/* The k largest, best first. */
static void best_logits(const float *logits, size_t vocab, top_logit *top, size_t k) {
  size_t n = 0;
  for (size_t i = 0; i < vocab; i++) {
    if (n == k && !(k && logits[i] > top[k - 1].logit)) continue;
    size_t at = n < k ? n++ : k - 1;
    for (; at > 0 && logits[i] > top[at - 1].logit; at--) top[at] = top[at - 1];
    top[at] = (top_logit){(uint32_t)i, logits[i]};
  }
}

typedef struct gen {
  const cm_opts *o;
  cm_engine *g;
  cm_batch *batch;
  cm_session *s;
  cm_ids prompt, force;
  float *logits;
  step *steps;
  size_t n_steps;
} gen;

static cm_code prepare(gen *r, cm_err *e) {
  const cm_opts *o = r->o;
  if (!o->tokens == !o->text)
    return cm_fail(e, CM_E_USAGE, 0, "give either --tokens IDS or --text TEXT");
  if (o->candidates > MAX_STEPS) return cm_fail(e, CM_E_USAGE, 0, "-n is at most %d", MAX_STEPS);
  cm_found model;
  cm_code code = cm_model_find(o, cm_opts_model(o), false, &model, e);
  if (!code) code = cm_model_load(&r->g, cm_model_path(&model), e);
  if (code) return code;
  code = o->tokens
             ? parse_ids("--tokens", o->tokens, &r->prompt, e)
             : cm_tok_encode(cm_engine_tok(r->g), cm_str_of(o->text), o->special, &r->prompt, e);
  if (!code && o->force) code = parse_ids("--force", o->force, &r->force, e);
  if (code) return code;
  const cm_shape *shape = cm_engine_shape(r->g);
  for (size_t i = 0; i < r->force.n; i++)
    if (r->force.p[i] >= shape->vocab)
      return cm_fail(e, CM_E_USAGE, i, "--force: token %u is outside the vocabulary of %u",
                     r->force.p[i], shape->vocab);
  cm_batch_options b = {.threads = o->threads, .any_isa = true};
  uint32_t ctx = o->ctx ? o->ctx : shape->ctx_train < 4096 ? shape->ctx_train : 4096;
  code = cm_batch_open(&r->batch, r->g, &b, e);
  if (!code) code = cm_session_open(&r->s, r->g, ctx, e);
  r->logits = cm_alloc(shape->vocab, sizeof *r->logits);
  r->steps = cm_alloc(MAX_STEPS, sizeof *r->steps);
  if (!code && (!r->logits || !r->steps)) code = cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  return code;
}

static cm_code generate_steps(gen *r, cm_err *e) {
  uint32_t vocab = cm_engine_shape(r->g)->vocab;
  size_t want = r->force.n ? r->force.n : r->o->candidates;
  cm_code code = cm_session_sync(r->batch, r->s, r->prompt.p, r->prompt.n, r->logits, NULL, e);
  while (!code && r->n_steps < want && r->n_steps < MAX_STEPS) {
    step *s = &r->steps[r->n_steps];
    best_logits(r->logits, vocab, s->top, r->o->top);
    s->id = r->force.n ? r->force.p[r->n_steps] : (uint32_t)cm_argmax(r->logits, vocab);
    r->n_steps++;
    if (r->n_steps == want || (!r->force.n && cm_tok_is_end(cm_engine_tok(r->g), s->id))) break;
    code = cm_batch_next(r->batch, &r->s, &s->id, 1, &r->logits, e);
  }
  return code;
}

static void steps_json(const gen *r, cm_buf *b) {
  cm_jw w;
  cm_jw_init(&w, b, 0);
  cm_jw_begin_object(&w);
  put_ids(&w, "prompt", r->prompt.p, r->prompt.n);
  cm_jw_key(&w, "steps");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < r->n_steps; i++) {
    cm_jw_begin_object(&w);
    cm_jw_key(&w, "id");
    cm_jw_u64(&w, r->steps[i].id);
    cm_jw_key(&w, "top");
    cm_jw_begin_array(&w);
    for (size_t k = 0; k < r->o->top; k++) {
      cm_jw_begin_array(&w);
      cm_jw_u64(&w, r->steps[i].top[k].id);
      cm_jw_f64(&w, (double)r->steps[i].top[k].logit);
      cm_jw_end_array(&w);
    }
    cm_jw_end_array(&w);
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(b, '\n');
}

static void steps_plain(const gen *r, cm_buf *b) {
  for (size_t i = 0; i < r->n_steps; i++) {
    cm_buf_printf(b, "%u", r->steps[i].id);
    for (size_t k = 0; k < r->o->top; k++)
      cm_buf_printf(b, "%s%u:%.6f", k ? " " : "\t", r->steps[i].top[k].id,
                    (double)r->steps[i].top[k].logit);
    cm_buf_putc(b, '\n');
  }
}

static int generate(const cm_opts *o, char **args) {
  (void)args;
  cm_err e = {0};
  cm_buf b;
  gen r = {.o = o};
  cm_ids_init(&r.prompt, MAX_IDS);
  cm_ids_init(&r.force, MAX_STEPS);
  cm_buf_init(&b, 64 << 20);
  cm_code code = prepare(&r, &e);
  if (!code) code = generate_steps(&r, &e);
  if (!code) cm_opts_document(o) ? steps_json(&r, &b) : steps_plain(&r, &b);
  int status = code ? debug_fail(&e) : cm_ui_out_as(o, &b);
  cm_free(r.steps);
  cm_free(r.logits);
  cm_session_close(r.s);
  cm_batch_close(r.batch);
  cm_ids_close(&r.force);
  cm_ids_close(&r.prompt);
  cm_engine_close(r.g);
  return status;
}

int cm_cmd_debug(const cm_opts *o, char **operands, size_t n) {
  if (n == 2 && strcmp(operands[0], "tokenize") == 0) return tokenize(o, operands + 1);
  if (n == 1 && strcmp(operands[0], "generate") == 0) return generate(o, operands + 1);
  return cm_ui_fail(CM_EXIT_USAGE,
                    "usage: cmdai debug tokenize TEXT | cmdai debug generate --text TEXT; "
                    "did you mean: cmdai ask debug ...?");
}
