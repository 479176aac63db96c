/* An exact Qwen2 and Qwen3 forward pass: float64 loops over dequantized weights, sharing no
 * arithmetic with the engine (no kernels, no integer products, no f16 cache, the C library's exp,
 * sin and cos). Slow and obvious: the judge of the engine. */
#ifndef CM_TESTS_REF64_H
#define CM_TESTS_REF64_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"
#include "model/model.h"
#include "quant/quant.h"

enum { REF_CTX = 512 };

typedef struct ref_mat {
  double *w; /* [rows][cols] */
  size_t rows, cols;
} ref_mat;

typedef struct ref_layer {
  ref_mat attn_norm, ffn_norm, q, k, v, o, qb, kb, vb, gate, up, down, q_norm, k_norm;
  double *kc, *vc; /* [REF_CTX][kv_heads * head_dim] */
} ref_layer;

typedef struct ref64 {
  cm_shape s;
  ref_mat embed, norm, output;
  ref_layer *layers;
  size_t len;
} ref64;

static ref_mat ref_tensor(const cm_gguf *f, const char *name) {
  const cm_gguf_tensor *t = cm_gguf_find_tensor(f, cm_str_of(name));
  ref_mat m = {0};
  if (!t) return m;
  m.rows = t->rows, m.cols = t->dims[0];
  m.w = calloc(m.rows * m.cols, sizeof *m.w);
  float *row = calloc(m.cols, sizeof *row);
  for (size_t r = 0; r < m.rows; r++) {
    cm_quant_of(t->type->id)->to_f32(t->data + r * t->row_bytes, row, m.cols);
    for (size_t i = 0; i < m.cols; i++) m.w[r * m.cols + i] = (double)row[i];
  }
  free(row);
  return m;
}

static ref_mat ref_part(const cm_gguf *f, unsigned layer, const char *what) {
  char name[64];
  snprintf(name, sizeof name, "blk.%u.%s", layer, what);
  return ref_tensor(f, name);
}

static void ref_open(ref64 *r, const cm_gguf *f, const cm_shape *s) {
  *r = (ref64){.s = *s,
               .embed = ref_tensor(f, "token_embd.weight"),
               .norm = ref_tensor(f, "output_norm.weight"),
               .output = ref_tensor(f, "output.weight"),
               .layers = calloc(s->layers, sizeof(ref_layer))};
  size_t kv = (size_t)s->kv_heads * s->head_dim;
  for (unsigned i = 0; i < s->layers; i++)
    r->layers[i] =
        (ref_layer){ref_part(f, i, "attn_norm.weight"),   ref_part(f, i, "ffn_norm.weight"),
                    ref_part(f, i, "attn_q.weight"),      ref_part(f, i, "attn_k.weight"),
                    ref_part(f, i, "attn_v.weight"),      ref_part(f, i, "attn_output.weight"),
                    ref_part(f, i, "attn_q.bias"),        ref_part(f, i, "attn_k.bias"),
                    ref_part(f, i, "attn_v.bias"),        ref_part(f, i, "ffn_gate.weight"),
                    ref_part(f, i, "ffn_up.weight"),      ref_part(f, i, "ffn_down.weight"),
                    ref_part(f, i, "attn_q_norm.weight"), ref_part(f, i, "attn_k_norm.weight"),
                    calloc(REF_CTX * kv, sizeof(double)), calloc(REF_CTX * kv, sizeof(double))};
}

static void ref_close(ref64 *r) {
  for (unsigned i = 0; i < r->s.layers; i++) {
    ref_layer *l = &r->layers[i];
    ref_mat *all[] = {&l->attn_norm, &l->ffn_norm, &l->q,      &l->k,     &l->v,
                      &l->o,         &l->qb,       &l->kb,     &l->vb,    &l->gate,
                      &l->up,        &l->down,     &l->q_norm, &l->k_norm};
    for (size_t j = 0; j < sizeof all / sizeof *all; j++) free(all[j]->w);
    free(l->kc), free(l->vc);
  }
  free(r->layers), free(r->embed.w), free(r->norm.w), free(r->output.w);
}

static void ref_mul(const ref_mat *m, const ref_mat *bias, const double *x, double *y) {
  for (size_t r = 0; r < m->rows; r++) {
    double sum = bias && bias->w ? bias->w[r] : 0;
    for (size_t i = 0; i < m->cols; i++) sum += m->w[r * m->cols + i] * x[i];
    y[r] = sum;
  }
}

static void ref_norm(const double *x, const ref_mat *w, double eps, size_t n, double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  for (size_t i = 0; i < n; i++) y[i] = x[i] / sqrt(sum / (double)n + eps) * w->w[i];
}

static void ref_norm_heads(double *x, const ref_mat *w, double eps, size_t heads, size_t dim) {
  for (size_t h = 0; w->w && h < heads; h++) ref_norm(x + h * dim, w, eps, dim, x + h * dim);
}

static void ref_rope(double *x, size_t heads, size_t dim, size_t pos, double theta) {
  for (size_t h = 0; h < heads; h++)
    for (size_t i = 0; i < dim / 2; i++) {
      double angle = (double)pos * pow(theta, -2.0 * (double)i / (double)dim), *p = x + h * dim;
      double a = p[i], b = p[i + dim / 2];
      p[i] = a * cos(angle) - b * sin(angle);
      p[i + dim / 2] = b * cos(angle) + a * sin(angle);
    }
}

static void ref_attend(const ref64 *r, const ref_layer *l, const double *q, size_t count,
                       double *out) {
  size_t dim = r->s.head_dim, kv = r->s.kv_heads * dim, group = r->s.heads / r->s.kv_heads;
  double score[REF_CTX];
  for (size_t h = 0; h < r->s.heads; h++) {
    size_t at = h / group * dim;
    double sum = 0, max = -1e300;
    for (size_t p = 0; p < count; p++) {
      score[p] = 0;
      for (size_t i = 0; i < dim; i++) score[p] += q[h * dim + i] * l->kc[p * kv + at + i];
      score[p] /= sqrt((double)dim);
      if (score[p] > max) max = score[p];
    }
    for (size_t p = 0; p < count; p++) sum += score[p] = exp(score[p] - max);
    for (size_t i = 0; i < dim; i++) {
      double v = 0;
      for (size_t p = 0; p < count; p++) v += score[p] / sum * l->vc[p * kv + at + i];
      out[h * dim + i] = v;
    }
  }
}

static void ref_layer_run(ref64 *r, ref_layer *l, double *x) {
  const cm_shape *s = &r->s;
  size_t kv = (size_t)s->kv_heads * s->head_dim, wide = s->ff > s->hidden ? s->ff : s->hidden;
  double *buf = calloc(4 * wide + 2 * s->heads * s->head_dim, sizeof *buf);
  double *n = buf, *g = n + wide, *u = g + wide, *y = u + wide, *q = y + wide,
         *a = q + s->heads * s->head_dim;
  double *k = l->kc + r->len * kv, *v = l->vc + r->len * kv;
  ref_norm(x, &l->attn_norm, (double)s->rms_eps, s->hidden, n);
  ref_mul(&l->q, &l->qb, n, q);
  ref_mul(&l->k, &l->kb, n, k);
  ref_mul(&l->v, &l->vb, n, v);
  ref_norm_heads(q, &l->q_norm, (double)s->rms_eps, s->heads, s->head_dim);
  ref_norm_heads(k, &l->k_norm, (double)s->rms_eps, s->kv_heads, s->head_dim);
  ref_rope(q, s->heads, s->head_dim, r->len, s->rope_theta);
  ref_rope(k, s->kv_heads, s->head_dim, r->len, s->rope_theta);
  ref_attend(r, l, q, r->len + 1, a);
  ref_mul(&l->o, NULL, a, y);
  for (size_t i = 0; i < s->hidden; i++) x[i] += y[i];
  ref_norm(x, &l->ffn_norm, (double)s->rms_eps, s->hidden, n);
  ref_mul(&l->gate, NULL, n, g);
  ref_mul(&l->up, NULL, n, u);
  for (size_t i = 0; i < s->ff; i++) g[i] = g[i] / (1 + exp(-g[i])) * u[i];
  ref_mul(&l->down, NULL, g, y);
  for (size_t i = 0; i < s->hidden; i++) x[i] += y[i];
  free(buf);
}

/* Appends a token; logits [vocab] may be NULL. */
static void ref_next(ref64 *r, unsigned token, double *logits) {
  size_t h = r->s.hidden;
  double *x = calloc(2 * h, sizeof *x);
  memcpy(x, r->embed.w + token * h, h * sizeof *x);
  for (unsigned i = 0; i < r->s.layers; i++) ref_layer_run(r, &r->layers[i], x);
  r->len++;
  if (logits) {
    ref_norm(x, &r->norm, (double)r->s.rms_eps, h, x + h);
    ref_mul(r->output.w ? &r->output : &r->embed, NULL, x + h, logits);
  }
  free(x);
}

#endif
