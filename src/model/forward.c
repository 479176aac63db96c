/* The forward pass. Buffers hold [column][values]; every step runs over all columns before the
 * next begins, so that each weight matrix is streamed once for all of them. */
#include <string.h>

#include "base/mem.h"
#include "model/parts.h"

struct cm_run {
  const cm_model *m;
  cm_kern *k;
  size_t max_cols;
  cm_col *cols;   /* [cols] those of this call, in its last layer those that want logits */
  float *x;       /* [cols][hidden] the residual stream */
  float *norm;    /* [cols][hidden] */
  float *q;       /* [cols][heads * head_dim] */
  float *k_new;   /* [cols][kv_heads * head_dim] */
  float *v_new;   /* likewise */
  float *attn;    /* [cols][heads * head_dim] */
  float *gate;    /* [cols][ff] */
  float *up;      /* [cols][ff] */
  float *angles;  /* [cols][head_dim] cosines, then sines */
  float **logits; /* [cols] where they are written */
  void *acts[CM_ACT_COUNT]; /* the current input of matrices, in each form once it was needed */
  bool have[CM_ACT_COUNT];
  cm_attn_col *attn_cols;
  void *memory; /* all of the above */
};

/* Hands out aligned pieces of one block; with base == NULL it only counts. */
typedef struct carve {
  uint8_t *base;
  size_t used;
} carve;

static void *take(carve *c, size_t bytes) {
  void *p = c->base ? c->base + c->used : NULL;
  c->used += (bytes + 63) & ~(size_t)63;
  return p;
}

static float *take_f32(carve *c, size_t cols, size_t n) {
  return take(c, cols * n * sizeof(float));
}

static void carve_all(cm_run *r, carve *c) {
  const cm_shape *s = &r->m->shape;
  size_t n = r->max_cols, q = (size_t)s->heads * s->head_dim,
         kv = (size_t)s->kv_heads * s->head_dim;
  size_t widest = s->ff > q ? s->ff : q;
  if (s->hidden > widest) widest = s->hidden;
  widest = (widest + 255) & ~(size_t)255;
  r->x = take_f32(c, n, s->hidden);
  r->norm = take_f32(c, n, s->hidden);
  r->q = take_f32(c, n, q);
  r->k_new = take_f32(c, n, kv);
  r->v_new = take_f32(c, n, kv);
  r->attn = take_f32(c, n, q);
  r->gate = take_f32(c, n, s->ff);
  r->up = take_f32(c, n, s->ff);
  r->angles = take_f32(c, n, s->head_dim);
  for (int a = CM_ACT_F32 + 1; a < CM_ACT_COUNT; a++)
    r->acts[a] = take(c, n * cm_act_bytes((cm_act)a, widest));
  r->attn_cols = take(c, n * sizeof *r->attn_cols);
  r->cols = take(c, n * sizeof *r->cols);
  r->logits = take(c, n * sizeof *r->logits);
}

cm_code cm_run_open(cm_run **out, const cm_model *m, cm_kern *k, size_t max_cols, cm_err *e) {
  *out = NULL;
  cm_run *r = cm_alloc(1, sizeof *r);
  if (!r) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a forward pass");
  r->m = m, r->k = k, r->max_cols = max_cols;
  carve c = {0};
  carve_all(r, &c);
  r->memory = cm_alloc(c.used + 64, 1);
  if (!r->memory) {
    cm_run_close(r);
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for %zu columns (%zu MiB)", max_cols,
                   c.used >> 20);
  }
  c = (carve){(uint8_t *)(((uintptr_t)r->memory + 63) & ~(uintptr_t)63), 0};
  carve_all(r, &c);
  *out = r;
  return CM_OK;
}

void cm_run_close(cm_run *r) {
  if (!r) return;
  cm_free(r->memory);
  cm_free(r);
}

/* --- matrices --- */

/* A new input for the matrices that follow; it is quantized at most once in each form. */
static void new_input(cm_run *r) { memset(r->have, 0, sizeof r->have); }

/* The form of the input that w takes. */
static const void *input_of(cm_run *r, const cm_mat *w, const float *x, size_t n) {
  cm_act act = w->q->act;
  if (act == CM_ACT_F32) return x;
  if (!r->have[act]) cm_quantize_cols(r->k, act, x, w->cols, n, r->acts[act]);
  r->have[act] = true;
  return r->acts[act];
}

static cm_product product(cm_run *r, const cm_mat *w, const float *x, size_t n, float *y) {
  return (cm_product){.w = w, .xq = input_of(r, w, x, n), .y = y};
}

static cm_product with_bias(cm_run *r, const cm_mat *w, const float *bias, size_t n, float *y) {
  cm_product p = product(r, w, r->norm, n, y);
  p.bias = bias;
  return p;
}

/* Of a new input; the result is added to the residual stream. */
static void mul_onto_x(cm_run *r, const cm_mat *w, const float *input, size_t n) {
  new_input(r);
  cm_product p = product(r, w, input, n, r->norm);
  p.onto = r->x;
  cm_products(r->k, &p, 1, n);
}

/* --- attention --- */

static void store_heads(cm_run *r, size_t c, const float *x, uint16_t *to) {
  const cm_shape *s = &r->m->shape;
  for (size_t h = 0; h < s->kv_heads; h++)
    cm_store_f16(x + h * s->head_dim,
                 to + h * r->cols[c].kv->head_stride + (size_t)r->cols[c].pos * s->head_dim,
                 s->head_dim);
}

/* Writes the new keys (rotated) and values of all columns into their caches. */
static void store_kv(cm_run *r, size_t n, uint32_t layer) {
  const cm_shape *s = &r->m->shape;
  const size_t width = (size_t)s->kv_heads * s->head_dim;
  for (size_t c = 0; c < n; c++) {
    const cm_kv *kv = r->cols[c].kv;
    uint16_t *to = kv->data + layer * kv->layer_stride;
    cm_rope(r->k_new + c * width, r->angles + c * s->head_dim, s->kv_heads, s->head_dim);
    store_heads(r, c, r->k_new + c * width, to);
    store_heads(r, c, r->v_new + c * width, to + s->kv_heads * kv->head_stride);
  }
}

/* Columns of one call may have caches of different sizes, so runs of equal head stride go
 * together. */
static void attend(cm_run *r, size_t n, uint32_t layer) {
  const cm_shape *s = &r->m->shape;
  size_t width = (size_t)s->heads * s->head_dim;
  for (size_t c = 0; c < n; c++) {
    const cm_kv *kv = r->cols[c].kv;
    const uint16_t *k = kv->data + layer * kv->layer_stride;
    r->attn_cols[c] = (cm_attn_col){r->q + c * width, k, k + s->kv_heads * kv->head_stride,
                                    r->cols[c].pos + 1, r->attn + c * width};
  }
  for (size_t from = 0, to; from < n; from = to) {
    size_t stride = r->cols[from].kv->head_stride;
    for (to = from + 1; to < n && r->cols[to].kv->head_stride == stride;) to++;
    cm_attention(r->k, r->attn_cols + from, to - from, s->heads, s->kv_heads, s->head_dim, stride);
  }
}

/* Each head by itself, in place. */
static void norm_heads(cm_run *r, const float *weight, size_t heads, float *x) {
  const cm_shape *s = &r->m->shape;
  if (weight) cm_rmsnorm(r->k, x, weight, s->rms_eps, s->head_dim, heads, x);
}

static cm_product queries(cm_run *r, size_t n, const cm_layer *l) {
  return with_bias(r, &l->q, l->q_bias, n, r->q);
}

/* Keys and values of all columns, and queries too unless this is the `last` layer. */
static void project(cm_run *r, size_t n, uint32_t layer, bool last) {
  const cm_shape *s = &r->m->shape;
  const cm_layer *l = &r->m->layers[layer];
  cm_rmsnorm(r->k, r->x, l->attn_norm, s->rms_eps, s->hidden, n, r->norm);
  new_input(r);
  const cm_product p[] = {with_bias(r, &l->k, l->k_bias, n, r->k_new),
                          with_bias(r, &l->v, l->v_bias, n, r->v_new), queries(r, n, l)};
  cm_products(r->k, p, last ? 2 : 3, n);
  norm_heads(r, l->k_norm, n * s->kv_heads, r->k_new);
  store_kv(r, n, layer);
}

static void attention_block(cm_run *r, size_t n, uint32_t layer) {
  const cm_shape *s = &r->m->shape;
  norm_heads(r, r->m->layers[layer].q_norm, n * s->heads, r->q);
  for (size_t c = 0; c < n; c++)
    cm_rope(r->q + c * s->heads * s->head_dim, r->angles + c * s->head_dim, s->heads, s->head_dim);
  attend(r, n, layer);
  mul_onto_x(r, &r->m->layers[layer].o, r->attn, n);
}

static void ffn_block(cm_run *r, size_t n, uint32_t layer) {
  const cm_shape *s = &r->m->shape;
  const cm_layer *l = &r->m->layers[layer];
  cm_rmsnorm(r->k, r->x, l->ffn_norm, s->rms_eps, s->hidden, n, r->norm);
  new_input(r);
  const cm_product gate = product(r, &l->gate, r->norm, n, r->gate),
                   up = product(r, &l->up, r->norm, n, r->up);
  cm_gated_product(r->k, &gate, &up, n);
  mul_onto_x(r, &l->down, r->gate, n);
}

/* --- ends --- */

static void embed(cm_run *r, size_t n) {
  const cm_mat *w = &r->m->embed;
  const cm_shape *s = &r->m->shape;
  for (size_t c = 0; c < n; c++) {
    const uint8_t *row = (const uint8_t *)w->data + r->cols[c].token * w->row_bytes;
    w->q->to_f32(row, r->x + c * s->hidden, s->hidden);
    cm_rope_angles(r->cols[c].pos, s->rope_theta, s->head_dim, r->angles + c * s->head_dim);
  }
}

static void move_col(float *x, size_t to, size_t from, size_t width) {
  memmove(x + to * width, x + from * width, width * sizeof *x);
}

/* Of a prompt, only the keys and values of the last layer are needed: the rest of that layer and
 * the largest matrix see the columns that want logits alone. Returns how many they are. */
static size_t keep_wanted(cm_run *r, size_t n) {
  const cm_shape *s = &r->m->shape;
  size_t kept = 0;
  for (size_t c = 0; c < n; c++) {
    if (!r->cols[c].logits) continue;
    if (kept < c) {
      move_col(r->x, kept, c, s->hidden);
      move_col(r->norm, kept, c, s->hidden);
      move_col(r->angles, kept, c, s->head_dim);
      r->cols[kept] = r->cols[c];
    }
    kept++;
  }
  if (kept < n) new_input(r);
  return kept;
}

static void output(cm_run *r, size_t n) {
  const cm_model *m = r->m;
  cm_rmsnorm(r->k, r->x, m->output_norm, m->shape.rms_eps, m->shape.hidden, n, r->norm);
  new_input(r);
  for (size_t c = 0; c < n; c++) r->logits[c] = r->cols[c].logits;
  cm_matmul(r->k, &m->output, input_of(r, &m->output, r->norm, n), n, r->logits);
}

void cm_forward(cm_run *r, const cm_col *cols, size_t n) {
  const uint32_t layers = r->m->shape.layers;
  memcpy(r->cols, cols, n * sizeof *cols);
  embed(r, n);
  for (uint32_t layer = 0; layer < layers; layer++) {
    const bool last = layer + 1 == layers;
    project(r, n, layer, last);
    if (last) {
      n = keep_wanted(r, n);
      if (!n) return;
      const cm_product q = queries(r, n, &r->m->layers[layer]);
      cm_products(r->k, &q, 1, n);
    }
    attention_block(r, n, layer);
    ffn_block(r, n, layer);
  }
  output(r, n);
}
