#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

#include "kernel/state.h"

enum {
  ELEMENT_GRAIN = 16384,    /* values of an element-wise loop that are worth a thread */
  ATTENTION_GRAIN = 1 << 16 /* products of attention, likewise */
};

const cm_ops *cm_ops_of(cm_isa isa) {
#if defined(__x86_64__)
  if (isa == CM_ISA_AVX2 || isa == CM_ISA_AVX512) return &cm_ops_avx2;
#elif defined(__aarch64__)
  if (isa == CM_ISA_NEON) return &cm_ops_neon;
#endif
  (void)isa;
  return &cm_ops_scalar;
}

typedef struct job {
  const cm_ops *ops;
  cm_act_fn *quantize;
  const float *x, *w;
  float *y;
  uint8_t *out;
  size_t n, out_stride;
  float eps;
} job;

static void quantize_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  (void)worker;
  const job *j = ctx;
  for (size_t c = begin; c < end; c++)
    j->quantize(j->x + c * j->n, j->out + c * j->out_stride, j->n);
}

void cm_quantize_cols(cm_kern *k, cm_act act, const float *x, size_t n, size_t ncols, void *out) {
  job j = {.quantize = cm_act_quantizer(act, k->isa),
           .x = x,
           .out = out,
           .n = n,
           .out_stride = cm_act_bytes(act, n)};
  cm_pool_for(k->pool, ncols, ELEMENT_GRAIN / n + 1, quantize_part, &j);
}

static void rmsnorm_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  (void)worker;
  const job *j = ctx;
  for (size_t c = begin; c < end; c++) {
    const float *x = j->x + c * j->n;
    float mean = j->ops->sum_squares(x, j->n) / (float)j->n;
    j->ops->scale_mul(x, 1.0f / sqrtf(mean + j->eps), j->w, j->y + c * j->n, j->n);
  }
}

void cm_rmsnorm(cm_kern *k, const float *x, const float *w, float eps, size_t n, size_t ncols,
                float *out) {
  job j = {.ops = k->ops, .x = x, .w = w, .y = out, .n = n, .eps = eps};
  cm_pool_for(k->pool, ncols, ELEMENT_GRAIN / n + 1, rmsnorm_part, &j);
}

void cm_rope(float *x, const float *cs, size_t heads, size_t dim) {
  cm_ops_of(cm_cpu_best())->rope(x, cs, heads, dim);
}

void cm_store_f16(const float *x, uint16_t *out, size_t n) {
  cm_ops_of(cm_cpu_best())->store_f16(x, out, n);
}

float cm_expf(float x) {
  cm_ops_scalar.exp_many(&x, 1);
  return x;
}

size_t cm_argmax(const float *x, size_t n) { return cm_ops_of(cm_cpu_best())->argmax(x, n); }

cm_peak cm_peak_of(const float *x, size_t n) {
  cm_peak p;
  cm_ops_of(cm_cpu_best())->peak(x, n, &p);
  return p;
}

double cm_exp_sum(const float *x, size_t n, float max, float scale) {
  return cm_ops_of(cm_cpu_best())->exp_sum(x, n, max, scale);
}

/* --- attention --- */

typedef struct attn_job {
  const cm_ops *ops;
  const cm_attn_col *cols;
  size_t ncols, group, dim, head_stride;
  size_t most; /* columns of one call */
} attn_job;

/* Columns of one sequence, one position after the other, that end in the same tile. */
static bool together(const cm_attn_col *a, const cm_attn_col *b) {
  return b->k == a->k && b->v == a->v && b->count == a->count + 1 && a->count % CM_ATTN_TILE;
}

/* An index is one (KV head, column). */
static void attention_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  (void)worker;
  const attn_job *j = ctx;
  for (size_t i = begin, next; i < end; i = next) {
    const size_t c = i % j->ncols;
    for (next = i + 1; next < end && next - i < j->most && c + (next - i) < j->ncols; next++)
      if (!together(&j->cols[c + (next - i) - 1], &j->cols[c + (next - i)])) break;
    j->ops->attend(j->cols + c, next - i, i / j->ncols, j->group, j->dim, j->head_stride);
  }
}

void cm_attention(cm_kern *k, const cm_attn_col *cols, size_t ncols, size_t heads, size_t kv_heads,
                  size_t head_dim, size_t head_stride) {
  attn_job j = {k->ops, cols, ncols, heads / kv_heads, head_dim, head_stride, 0};
  j.most = cm_attn_most_cols(j.group, head_dim);
  const cm_attn_col *last = &cols[ncols - 1];
  const size_t products = (size_t)last->count * j.group * head_dim * 2; /* of an index, about */
  size_t grain = ATTENTION_GRAIN / products + 1;
  if (grain < j.most && ncols > 1 && together(last - 1, last)) grain = j.most;
  cm_pool_for(k->pool, ncols * kv_heads, grain, attention_part, &j);
}
