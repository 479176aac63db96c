#include "model/model.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/parts.h"

/* Limits that keep every size computed from the shape far inside 64 bits. */
enum {
  MAX_LAYERS = 512,
  MAX_WIDTH = 1 << 18,
  MAX_VOCAB = 1 << 22,
  MAX_HEAD_DIM = 256,
  MAX_GROUP = 16
};

/* What the architectures differ in. */
typedef struct arch {
  const char *name; /* general.architecture, and what its keys begin with */
  bool head_norms;  /* queries and keys are normalized, each head by itself */
} arch;

static const arch archs[] = {{"qwen2", false}, {"qwen3", true}};

static cm_code find_arch(const cm_gguf *f, const arch **out, cm_err *e) {
  cm_str name = {0};
  cm_code code = cm_gguf_str(f, "general.architecture", true, &name, e);
  if (code) return code;
  for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
    if (cm_str_is(name, archs[i].name)) return *out = &archs[i], CM_OK;
  return cm_fail(e, CM_E_UNSUPPORTED, 0,
                 "architecture \"%.*s\" is not supported (qwen2 and qwen3 are)",
                 (int)(name.n < 40 ? name.n : 40), name.p);
}

/* --- shape --- */

static const char *key_of(char buf[64], const arch *a, const char *what) {
  snprintf(buf, 64, "%s.%s", a->name, what);
  return buf;
}

static cm_code arch_u32(const cm_gguf *f, const arch *a, const char *what, uint32_t max,
                        uint32_t *out, cm_err *e) {
  char key[64];
  cm_code code = cm_gguf_u32(f, key_of(key, a, what), true, out, e);
  if (code) return code;
  if (*out < 1 || *out > max)
    return cm_fail(e, CM_E_FORMAT, 0, "%s is %u, not 1 to %u", key, *out, max);
  return CM_OK;
}

/* Position scaling changes the rotation: without code for it the answers would be silently wrong.
 */
static cm_code check_scaling(const cm_gguf *f, const arch *a, cm_err *e) {
  char key[64];
  cm_str type = CM_STR("none");
  cm_code code = cm_gguf_str(f, key_of(key, a, "rope.scaling.type"), false, &type, e);
  if (code) return code;
  if (cm_str_is(type, "none")) return CM_OK;
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "%s other than none is not supported", key);
}

static cm_code check_heads(const cm_shape *s, cm_err *e) {
  if (s->heads % s->kv_heads || s->heads / s->kv_heads > MAX_GROUP)
    return cm_fail(e, CM_E_FORMAT, 0,
                   "%u attention heads don't share %u KV heads evenly (at most %d each)", s->heads,
                   s->kv_heads, MAX_GROUP);
  if (s->head_dim % 8 || s->head_dim > MAX_HEAD_DIM)
    return cm_fail(e, CM_E_FORMAT, 0, "head dimension %u is not a multiple of 8 up to %d",
                   s->head_dim, MAX_HEAD_DIM);
  return CM_OK;
}

static cm_code read_heads(const cm_gguf *f, const arch *a, cm_shape *s, cm_err *e) {
  char key[64];
  cm_code code = arch_u32(f, a, "attention.head_count", 1024, &s->heads, e);
  s->kv_heads = s->heads;
  if (!code)
    code = cm_gguf_u32(f, key_of(key, a, "attention.head_count_kv"), false, &s->kv_heads, e);
  if (code) return code;
  if (s->kv_heads < 1 || s->kv_heads > s->heads)
    return cm_fail(e, CM_E_FORMAT, 0, "%u KV heads", s->kv_heads);
  s->head_dim = s->hidden / s->heads;
  code = cm_gguf_u32(f, key_of(key, a, "attention.key_length"), false, &s->head_dim, e);
  uint32_t value_dim = s->head_dim;
  if (!code) code = cm_gguf_u32(f, key_of(key, a, "attention.value_length"), false, &value_dim, e);
  if (code) return code;
  uint32_t rotated = s->head_dim;
  code = cm_gguf_u32(f, key_of(key, a, "rope.dimension_count"), false, &rotated, e);
  if (code) return code;
  if (rotated != s->head_dim)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "%s is %u of %u: that is not supported", key, rotated,
                   s->head_dim);
  if (value_dim != s->head_dim)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "values of %u and keys of %u numbers are not supported",
                   value_dim, s->head_dim);
  return check_heads(s, e);
}

static cm_code read_shape(const cm_gguf *f, const arch *a, cm_shape *s, cm_err *e) {
  char key[64];
  float theta = 10000.0f;
  cm_code code = check_scaling(f, a, e);
  if (!code) code = arch_u32(f, a, "block_count", MAX_LAYERS, &s->layers, e);
  if (!code) code = arch_u32(f, a, "embedding_length", MAX_WIDTH, &s->hidden, e);
  if (!code) code = arch_u32(f, a, "feed_forward_length", MAX_WIDTH, &s->ff, e);
  if (!code) code = arch_u32(f, a, "context_length", 1 << 24, &s->ctx_train, e);
  if (!code) code = read_heads(f, a, s, e);
  if (!code)
    code =
        cm_gguf_f32(f, key_of(key, a, "attention.layer_norm_rms_epsilon"), true, &s->rms_eps, e);
  if (!code) code = cm_gguf_f32(f, key_of(key, a, "rope.freq_base"), false, &theta, e);
  if (code) return code;
  if (!(theta >= 1.0f && theta <= 1e12f))
    return cm_fail(e, CM_E_FORMAT, 0, "%s is out of range", key);
  if (!(s->rms_eps >= 0.0f && s->rms_eps < 1.0f))
    return cm_fail(e, CM_E_FORMAT, 0, "RMS epsilon is out of range");
  s->rope_theta = (double)theta;
  return CM_OK;
}

/* --- tensors --- */

static cm_code find(const cm_gguf *f, const char *name, uint64_t cols, uint64_t rows,
                    const cm_gguf_tensor **out, cm_err *e) {
  const cm_gguf_tensor *t = cm_gguf_find_tensor(f, cm_str_of(name));
  if (!t) return cm_fail(e, CM_E_FORMAT, 0, "tensor %s is missing", name);
  if (t->dims[0] != cols || t->rows != rows)
    return cm_fail(e, CM_E_FORMAT, t->offset, "tensor %s is %llu x %llu, expected %llu x %llu",
                   name, (unsigned long long)t->dims[0], (unsigned long long)t->rows,
                   (unsigned long long)cols, (unsigned long long)rows);
  *out = t;
  return CM_OK;
}

static cm_code bind_mat(const cm_gguf *f, const char *name, uint64_t cols, uint64_t rows,
                        cm_mat *m, cm_err *e) {
  const cm_gguf_tensor *t = NULL;
  cm_code code = find(f, name, cols, rows, &t, e);
  if (code) return code;
  *m = (cm_mat){cm_quant_of(t->type->id), t->data, (size_t)rows, (size_t)cols,
                (size_t)t->row_bytes};
  return CM_OK;
}

static cm_code bind_vec(const cm_gguf *f, const char *name, uint64_t n, bool required,
                        const float **v, cm_err *e) {
  const cm_gguf_tensor *t = NULL;
  *v = NULL;
  if (!required && !cm_gguf_find_tensor(f, cm_str_of(name))) return CM_OK;
  cm_code code = find(f, name, n, 1, &t, e);
  if (code) return code;
  if (t->type->id != CM_Q_F32)
    return cm_fail(e, CM_E_UNSUPPORTED, t->offset, "tensor %s is %s, expected F32", name,
                   t->type->name);
  *v = (const float *)(const void *)t->data;
  return CM_OK;
}

static const char *layer_name(char buf[64], uint32_t layer, const char *what) {
  snprintf(buf, 64, "blk.%u.%s", layer, what);
  return buf;
}

static cm_code bind_head_norms(const cm_gguf *f, const cm_shape *s, uint32_t i, cm_layer *l,
                               cm_err *e) {
  char n[64];
  cm_code code =
      bind_vec(f, layer_name(n, i, "attn_q_norm.weight"), s->head_dim, true, &l->q_norm, e);
  if (code) return code;
  return bind_vec(f, layer_name(n, i, "attn_k_norm.weight"), s->head_dim, true, &l->k_norm, e);
}

static cm_code bind_layer(const cm_gguf *f, const cm_shape *s, uint32_t i, cm_layer *l,
                          cm_err *e) {
  uint64_t h = s->hidden, q = (uint64_t)s->heads * s->head_dim,
           kv = (uint64_t)s->kv_heads * s->head_dim;
  char n[64];
  cm_code code = bind_vec(f, layer_name(n, i, "attn_norm.weight"), h, true, &l->attn_norm, e);
  if (!code) code = bind_vec(f, layer_name(n, i, "ffn_norm.weight"), h, true, &l->ffn_norm, e);
  if (!code) code = bind_mat(f, layer_name(n, i, "attn_q.weight"), h, q, &l->q, e);
  if (!code) code = bind_mat(f, layer_name(n, i, "attn_k.weight"), h, kv, &l->k, e);
  if (!code) code = bind_mat(f, layer_name(n, i, "attn_v.weight"), h, kv, &l->v, e);
  if (!code) code = bind_mat(f, layer_name(n, i, "attn_output.weight"), q, h, &l->o, e);
  if (!code) code = bind_vec(f, layer_name(n, i, "attn_q.bias"), q, false, &l->q_bias, e);
  if (!code) code = bind_vec(f, layer_name(n, i, "attn_k.bias"), kv, false, &l->k_bias, e);
  if (!code) code = bind_vec(f, layer_name(n, i, "attn_v.bias"), kv, false, &l->v_bias, e);
  if (!code) code = bind_mat(f, layer_name(n, i, "ffn_gate.weight"), h, s->ff, &l->gate, e);
  if (!code) code = bind_mat(f, layer_name(n, i, "ffn_up.weight"), h, s->ff, &l->up, e);
  if (!code) code = bind_mat(f, layer_name(n, i, "ffn_down.weight"), s->ff, h, &l->down, e);
  return code;
}

static cm_code bind_ends(const cm_gguf *f, cm_model *m, cm_err *e) {
  cm_shape *s = &m->shape;
  cm_code code = bind_mat(f, "token_embd.weight", s->hidden, s->vocab, &m->embed, e);
  if (!code) code = bind_vec(f, "output_norm.weight", s->hidden, true, &m->output_norm, e);
  if (code) return code;
  s->tied = !cm_gguf_find_tensor(f, CM_STR("output.weight"));
  if (!s->tied) return bind_mat(f, "output.weight", s->hidden, s->vocab, &m->output, e);
  m->output = m->embed;
  return CM_OK;
}

/* The vocabulary is as large as the embedding says. */
static cm_code read_vocab(const cm_gguf *f, cm_shape *s, cm_err *e) {
  const cm_gguf_tensor *t = cm_gguf_find_tensor(f, CM_STR("token_embd.weight"));
  if (!t) return cm_fail(e, CM_E_FORMAT, 0, "tensor token_embd.weight is missing");
  if (t->rows > MAX_VOCAB)
    return cm_fail(e, CM_E_LIMIT, t->offset, "vocabulary of more than %d tokens", MAX_VOCAB);
  s->vocab = (uint32_t)t->rows;
  return CM_OK;
}

cm_code cm_model_open(cm_model **out, const cm_gguf *f, cm_err *e) {
  cm_shape s = {0};
  const arch *a = NULL;
  *out = NULL;
  cm_code code = find_arch(f, &a, e);
  if (!code) code = read_shape(f, a, &s, e);
  if (!code) code = read_vocab(f, &s, e);
  if (code) return code;
  cm_model *m = cm_alloc(1, sizeof *m + s.layers * sizeof *m->layers);
  if (!m) return cm_fail(e, CM_E_NOMEM, 0, "no memory for %u layers", s.layers);
  m->shape = s;
  code = bind_ends(f, m, e);
  for (uint32_t i = 0; !code && i < s.layers; i++) code = bind_layer(f, &s, i, &m->layers[i], e);
  for (uint32_t i = 0; !code && a->head_norms && i < s.layers; i++)
    code = bind_head_norms(f, &s, i, &m->layers[i], e);
  if (code) {
    cm_model_close(m);
    return code;
  }
  *out = m;
  return CM_OK;
}

void cm_model_close(cm_model *m) { cm_free(m); }

const cm_shape *cm_model_shape(const cm_model *m) { return &m->shape; }

static void add_cost(const cm_mat *w, cm_cost *c) {
  c->bytes += (uint64_t)w->rows * w->row_bytes;
  c->products += (uint64_t)w->rows * w->cols;
}

cm_cost cm_model_cost(const cm_model *m) {
  cm_cost c = {.bytes = (uint64_t)m->output.rows * m->output.row_bytes};
  for (const cm_layer *l = m->layers; l < m->layers + m->shape.layers; l++) {
    const cm_mat *const all[] = {&l->q, &l->k, &l->v, &l->o, &l->gate, &l->up, &l->down};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) add_cost(all[i], &c);
  }
  return c;
}

/* --- KV cache --- */

uint64_t cm_kv_bytes(const cm_shape *s, uint32_t ctx) {
  return 2ull * s->layers * s->kv_heads * s->head_dim * sizeof(uint16_t) * ctx;
}

cm_code cm_kv_open(cm_kv **out, const cm_shape *s, uint32_t ctx, cm_err *e) {
  cm_kv *kv = cm_alloc(1, sizeof *kv);
  uint64_t bytes = cm_kv_bytes(s, ctx);
  if (kv) kv->data = cm_alloc(bytes, 1); /* calloc: pages are touched only as positions fill */
  if (!kv || !kv->data) {
    cm_free(kv);
    *out = NULL;
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for a context of %u tokens (%llu MiB)", ctx,
                   (unsigned long long)(bytes >> 20));
  }
  kv->ctx = ctx;
  kv->head_dim = s->head_dim;
  kv->heads = 2 * (size_t)s->layers * s->kv_heads;
  kv->head_stride = (size_t)ctx * s->head_dim;
  kv->layer_stride = 2 * s->kv_heads * kv->head_stride;
  *out = kv;
  return CM_OK;
}

void cm_kv_close(cm_kv *kv) {
  if (!kv) return;
  cm_free(kv->data);
  cm_free(kv);
}

void cm_kv_copy(cm_kv *to, const cm_kv *from, uint32_t n) {
  for (size_t h = 0; h < from->heads; h++)
    memcpy(to->data + h * to->head_stride, from->data + h * from->head_stride,
           n * from->head_dim * sizeof *from->data);
}

void cm_kv_pack(const cm_kv *kv, uint32_t n, void *out) {
  const size_t bytes = n * kv->head_dim * sizeof *kv->data;
  for (size_t h = 0; h < kv->heads; h++)
    memcpy((uint8_t *)out + h * bytes, kv->data + h * kv->head_stride, bytes);
}

void cm_kv_unpack(cm_kv *kv, uint32_t n, const void *in) {
  const size_t bytes = n * kv->head_dim * sizeof *kv->data;
  for (size_t h = 0; h < kv->heads; h++)
    memcpy(kv->data + h * kv->head_stride, (const uint8_t *)in + h * bytes, bytes);
}

uint32_t cm_kv_ctx(const cm_kv *kv) { return kv->ctx; }
