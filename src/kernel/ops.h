/* The per-instruction-set part of kernel/: one table each, all compiled from ops_body.h. */
#ifndef CM_KERNEL_OPS_H
#define CM_KERNEL_OPS_H
#include "kernel/kernel.h"

enum { CM_ATTN_TILE = 64, CM_HEAD_DIM_MAX = 256, CM_GROUP_MAX = 16 };

typedef struct cm_ops {
  float (*sum_squares)(const float *x, size_t n);
  void (*scale_mul)(const float *x, float s, const float *w, float *out,
                    size_t n); /* out = x * s * w */
  void (*add)(float *x, const float *y, size_t n);
  void (*silu_mul)(float *gate, const float *up, size_t n);
  void (*exp_many)(float *x, size_t n);
  void (*peak)(const float *x, size_t n, cm_peak *out);
  double (*exp_sum)(const float *x, size_t n, float max, float scale);
  void (*store_f16)(const float *x, uint16_t *out, size_t n);
  /* The `group` query heads that share one KV head; k and v are that head's [count][dim]. */
  void (*attend)(const float *q, const uint16_t *k, const uint16_t *v, uint32_t count,
                 size_t group, size_t dim, float *out);
} cm_ops;

extern const cm_ops cm_ops_scalar, cm_ops_avx2, cm_ops_avx512, cm_ops_neon;

#endif
