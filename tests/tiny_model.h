/* A Qwen2 or Qwen3 model of a few hundred weights, written to a file, with one thing wrong on
 * demand. */
#ifndef CM_TESTS_TINY_MODEL_H
#define CM_TESTS_TINY_MODEL_H
#include <stdio.h>
#include <string.h>

#include "gguf/writer.h"

typedef struct tiny_model {
  const char *arch, *rope_scaling;
  uint32_t hidden, heads, kv_heads, ff, ctx, head_dim; /* head_dim 0: not written */
  float eps;
  uint32_t value_dim;    /* 0: not written */
  const char *without;   /* leave this tensor out */
  const char *misshapen; /* one row too many */
  const char *as_f16;    /* give it this type */
} tiny_model;

static const tiny_model tiny_good = {
    .arch = "qwen2", .hidden = 16, .heads = 2, .kv_heads = 1, .ff = 24, .ctx = 32, .eps = 1e-6f};

enum { TINY_VOCAB = 8 };

typedef struct tiny_tensor {
  char name[64];
  uint64_t dims[2];
  cm_qid type;
} tiny_tensor;

static size_t tiny_list(const tiny_model *m, tiny_tensor *t) {
  uint64_t h = m->hidden, kv = (uint64_t)m->kv_heads * (m->hidden / m->heads);
  const uint64_t dim = m->hidden / m->heads;
  const tiny_tensor all[] = {{"token_embd.weight", {h, TINY_VOCAB}, CM_Q_F32},
                             {"output_norm.weight", {h, 1}, CM_Q_F32},
                             {"blk.0.attn_norm.weight", {h, 1}, CM_Q_F32},
                             {"blk.0.ffn_norm.weight", {h, 1}, CM_Q_F32},
                             {"blk.0.attn_q.weight", {h, h}, CM_Q_F32},
                             {"blk.0.attn_k.weight", {h, kv}, CM_Q_F32},
                             {"blk.0.attn_v.weight", {h, kv}, CM_Q_F32},
                             {"blk.0.attn_output.weight", {h, h}, CM_Q_F32},
                             {"blk.0.attn_q.bias", {h, 1}, CM_Q_F32},
                             {"blk.0.attn_q_norm.weight", {dim, 1}, CM_Q_F32},
                             {"blk.0.attn_k_norm.weight", {dim, 1}, CM_Q_F32},
                             {"blk.0.ffn_gate.weight", {h, m->ff}, CM_Q_F32},
                             {"blk.0.ffn_up.weight", {h, m->ff}, CM_Q_F32},
                             {"blk.0.ffn_down.weight", {m->ff, h}, CM_Q_F32}};
  size_t n = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (m->without && strcmp(all[i].name, m->without) == 0) continue;
    t[n] = all[i];
    if (m->misshapen && strcmp(t[n].name, m->misshapen) == 0) t[n].dims[1]++;
    if (m->as_f16 && strcmp(t[n].name, m->as_f16) == 0) t[n].type = CM_Q_F16;
    n++;
  }
  return n;
}

/* A key of the architecture. */
static const char *tiny_key(const tiny_model *m, const char *what) {
  static char key[80];
  snprintf(key, sizeof key, "%s.%s", m->arch, what);
  return key;
}

static cm_code tiny_write(const tiny_model *m, const char *path, cm_err *e) {
  cm_gguf_writer *w;
  tiny_tensor t[16];
  cm_code code = cm_gguf_writer_open(path, &w, e);
  if (code) return code;
  cm_gguf_writer_str(w, "general.architecture", cm_str_of(m->arch));
  cm_gguf_writer_u32(w, tiny_key(m, "block_count"), 1);
  cm_gguf_writer_u32(w, tiny_key(m, "embedding_length"), m->hidden);
  cm_gguf_writer_u32(w, tiny_key(m, "feed_forward_length"), m->ff);
  cm_gguf_writer_u32(w, tiny_key(m, "context_length"), m->ctx);
  cm_gguf_writer_u32(w, tiny_key(m, "attention.head_count"), m->heads);
  cm_gguf_writer_u32(w, tiny_key(m, "attention.head_count_kv"), m->kv_heads);
  cm_gguf_writer_f32(w, tiny_key(m, "attention.layer_norm_rms_epsilon"), m->eps);
  if (m->head_dim) cm_gguf_writer_u32(w, tiny_key(m, "attention.key_length"), m->head_dim);
  if (m->value_dim) cm_gguf_writer_u32(w, tiny_key(m, "attention.value_length"), m->value_dim);
  if (m->rope_scaling)
    cm_gguf_writer_str(w, tiny_key(m, "rope.scaling.type"), cm_str_of(m->rope_scaling));
  size_t n = tiny_list(m, t);
  for (size_t i = 0; i < n; i++)
    cm_gguf_writer_tensor(w, cm_str_of(t[i].name), t[i].type, t[i].dims[1] == 1 ? 1 : 2,
                          t[i].dims);
  code = cm_gguf_writer_begin_data(w, e);
  uint32_t seed = 1;
  for (size_t i = 0; !code && i < n; i++) {
    size_t width = t[i].type == CM_Q_F16 ? 2 : 4;
    for (uint64_t k = 0; !code && k < t[i].dims[0] * t[i].dims[1]; k++) {
      seed = seed * 1664525u + 1013904223u;
      float v = (float)(seed >> 8) / 16777216.0f - 0.5f;
      code = cm_gguf_writer_data(w, &v, width, e);
    }
  }
  if (!code) return cm_gguf_writer_commit(w, e);
  cm_gguf_writer_abort(w);
  return code;
}

#endif
