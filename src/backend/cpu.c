/* The CPU backend: our own engine. Opening a model, and what it is; cpu_rounds.c generates. */
#include "backend/cpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/embedded.h"

enum { DEFAULT_CTX = 4096 };

static void cpu_close(void *self) {
  cm_cpu *c = self;
  cm_cpu_end_jobs(c);
  if (c->slots) cm_cpu_keep_beginning(c);
  for (uint32_t i = 0; c->slots && i < c->n_slots; i++) cm_session_close(c->slots[i].session);
  cm_free(c->slots);
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

static void identify_model(cm_cpu *c, const char *path) {
  cm_str name = CM_STR("unnamed");
  cm_gguf_str(cm_engine_gguf(c->engine), "general.name", false, &name, NULL);
  size_t n = cm_utf8_complete(name.p, name.n < 100 ? name.n : 100);
  snprintf(c->id.id, sizeof c->id.id, "%.*s", (int)n, name.p);
  name_quant(cm_engine_gguf(c->engine), c->id.quant);
  c->id.ctx = c->ctx;
  c->id.token_bytes = (uint32_t)cm_tok_longest(cm_engine_tok(c->engine));
  c->id.thoughtless = cm_tok_thinks(cm_engine_tok(c->engine));
  c->id.bytes = cm_engine_gguf(c->engine)->bytes;
  if (!path) snprintf(c->id.sha256, sizeof c->id.sha256, "%s", cm_embedded_sha256());
}

/* What only our own models say. */
static cm_code read_own(cm_cpu *c, cm_err *e) {
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

static cm_code open_parts(cm_cpu *c, const cm_backend_options *o, cm_err *e) {
  /* Looked at before it is read: a file that takes its place later has another identity. */
  if (o->model && o->keep.dir && !cm_os_identify(o->model, &c->identity, NULL))
    c->keep = o->keep, c->path = o->model;
  cm_code code = cm_model_load(&c->engine, o->model, e);
  if (code) return code;
  const cm_shape *shape = cm_engine_shape(c->engine);
  c->ctx = o->ctx ? o->ctx : shape->ctx_train < DEFAULT_CTX ? shape->ctx_train : DEFAULT_CTX;
  cm_batch_options b = {.threads = o->threads, .any_isa = true};
  code = cm_batch_open(&c->batch, c->engine, &b, e);
  if (code) return code;
  c->slots = cm_alloc(c->n_slots, sizeof *c->slots);
  c->logits = cm_alloc((size_t)c->n_slots * shape->vocab, sizeof *c->logits);
  if (!c->slots || !c->logits)
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for %u candidates", c->n_slots);
  for (uint32_t i = 0; i < c->n_slots; i++) c->slots[i].logits = c->logits + i * shape->vocab;
  identify_model(c, o->model);
  return read_own(c, e);
}

static cm_code cpu_open(void **self, const cm_backend_options *o, cm_err *e) {
  if (o->n_parallel > CM_CPU_SLOTS_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "at most %d candidates", CM_CPU_SLOTS_MAX);
  cm_cpu *c = cm_alloc(1, sizeof *c);
  if (!c) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the engine");
  c->n_slots = o->n_parallel ? o->n_parallel : 1;
  cm_code code = open_parts(c, o, e);
  if (code) {
    cpu_close(c);
    return code;
  }
  *self = c;
  return CM_OK;
}

static cm_code cpu_identify(void *self, uint64_t deadline_ns, const volatile int *cancel,
                            const cm_meanwhile *m, cm_model_id *out, cm_err *e) {
  (void)deadline_ns, (void)cancel, (void)m, (void)e;
  *out = ((cm_cpu *)self)->id;
  return CM_OK;
}

const cm_backend_ops cm_backend_cpu = {"cpu",         true,        cpu_open, cpu_identify,
                                       cm_cpu_submit, cm_cpu_step, cpu_close};
