/* quant.h's formula, written down once more on unpacked panels, to hold the scalar code to it. */
#ifndef CM_TESTS_CHECKASM_REFERENCE_H
#define CM_TESTS_CHECKASM_REFERENCE_H
#include <math.h>

#include "input.h"

static inline bool same_float(float a, float b) {
  return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static inline bool same_floats(const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!same_float(a[i], b[i])) return false;
  }
  return true;
}

/* One float block of one row, whatever the panel. */
typedef struct ref_block {
  float d, dm;
  int sub_values; /* values that share a scale and a min */
  int scale[16], min[16];
  uint8_t u[256];
} ref_block;

static inline void ref_from_panel32(const cm_quant *q, const cm_panel32 *p, size_t r,
                                    ref_block *b) {
  b->d = p->d[r];
  b->dm = p->dm[r];
  b->sub_values = 32;
  b->scale[0] = 1;
  b->min[0] = q->offset;
  for (int k = 0; k < 32; k++) b->u[k] = p->q[k / 4][r][k % 4];
}

static inline void ref_from_panel256(const cm_quant *q, const cm_panel256 *p, size_t r,
                                     ref_block *b) {
  b->d = p->d[r];
  b->dm = p->dm[r];
  b->sub_values = 256 / q->sub_blocks;
  for (int s = 0; s < q->sub_blocks; s++) {
    b->scale[s] = p->scale[s][r];
    b->min[s] = p->min[s][r];
  }
  for (int k = 0; k < 256; k++) b->u[k] = p->q[k / 4][r][k % 4];
}

static inline float ref_add_block(const cm_quant *q, const ref_block *b, float dx, const int8_t *x,
                                  float acc) {
  int values = q->act == CM_ACT_Q8 ? 32 : 256;
  int32_t i = 0, m = 0;
  for (int k = 0; k < values; k++) {
    int s = k / b->sub_values;
    i += b->scale[s] * b->u[k] * x[k];
    m += b->min[s] * x[k];
  }
  if (q->symmetric) return acc + (b->d * dx) * (float)(i - m);
  return acc + ((b->d * dx) * (float)i - (b->dm * dx) * (float)m);
}

/* Is w what the panel says, to float32 accuracy? (to_f32 follows ggml's order, the panels ours.)
 */
static inline bool ref_matches_f32(const cm_quant *q, const ref_block *b, const float *w) {
  int values = q->act == CM_ACT_Q8 ? 32 : 256;
  for (int k = 0; k < values; k++) {
    int s = k / b->sub_values;
    if (b->u[k] > q->max_u) return false;
    double a = (double)b->d * b->scale[s] * b->u[k], m = (double)b->dm * b->min[s];
    if (fabs(a - m - (double)w[k]) > 1e-6 * (fabs(a) + fabs(m)) + 1e-44) return false;
  }
  return true;
}

/* Row r of the input against the formula; `panels` holds all its blocks, `f32` its values by
 * to_f32. */
static inline bool ref_check_row(const cm_quant *q, const input *in, const void *panels,
                                 const float *f32, size_t r, float dot) {
  float acc = 0.0f;
  ref_block b;
  for (size_t i = 0; i < in->blocks; i++) {
    if (q->act == CM_ACT_Q8) {
      const cm_q8 *x = (const cm_q8 *)in->x + i;
      ref_from_panel32(q, (const cm_panel32 *)panels + i, r, &b);
      if (!ref_matches_f32(q, &b, f32 + 32 * i)) return false;
      acc = ref_add_block(q, &b, x->d, x->q, acc);
    } else {
      const cm_q8k *x = (const cm_q8k *)in->x + i;
      ref_from_panel256(q, (const cm_panel256 *)panels + i, r, &b);
      if (!ref_matches_f32(q, &b, f32 + 256 * i)) return false;
      acc = ref_add_block(q, &b, x->d, x->q, acc);
    }
  }
  return same_float(acc, dot);
}

/* The float types: 32 chains. */
static inline float ref_chains(const float *w, const float *x, size_t n) {
  float chain[32] = {0};
  for (size_t i = 0; i < n; i++) chain[i % 32] = chain[i % 32] + w[i] * x[i];
  for (int h = 16; h > 0; h /= 2) {
    for (int j = 0; j < h; j++) chain[j] = chain[j] + chain[j + h];
  }
  return chain[0];
}

#endif
