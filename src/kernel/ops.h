/* The per-instruction-set part of kernel/: one table each, all compiled from ops_body.h. */
#ifndef CM_KERNEL_OPS_H
#define CM_KERNEL_OPS_H
#include "kernel/kernel.h"

enum { CM_ATTN_TILE = 64, CM_HEAD_DIM_MAX = 256, CM_GROUP_MAX = 16 };
/* Rows (query heads) of one call of attend, and their elements: rows come by 4, each padded to a
 * multiple of 16. */
enum { CM_ATTN_ROWS = 64, CM_ATTN_FLOATS = 8192, CM_ATTN_QUAD = 4, CM_ATTN_WIDE = 16 };

/* Columns of one call. */
static inline size_t cm_attn_most_cols(size_t group, size_t dim) {
  const size_t padded = (dim + CM_ATTN_WIDE - 1) / CM_ATTN_WIDE * CM_ATTN_WIDE;
  const size_t rows = CM_ATTN_FLOATS / padded / CM_ATTN_QUAD * CM_ATTN_QUAD;
  return (rows < CM_ATTN_ROWS ? rows : CM_ATTN_ROWS) / group;
}

typedef struct cm_ops {
  float (*sum_squares)(const float *x, size_t n);
  void (*scale_mul)(const float *x, float s, const float *w, float *out,
                    size_t n); /* out = x * s * w */
  void (*add)(float *x, const float *y, size_t n);
  void (*silu_mul)(float *gate, const float *up, size_t n);
  void (*exp_many)(float *x, size_t n);
  size_t (*argmax)(const float *x, size_t n);
  void (*peak)(const float *x, size_t n, cm_peak *out);
  double (*exp_sum)(const float *x, size_t n, float max, float scale);
  void (*rope)(float *x, const float *cs, size_t heads, size_t dim);
  void (*store_f16)(const float *x, uint16_t *out, size_t n);
  /* One KV head and the `group` query heads that share it, for columns of one sequence: k and v
   * are the same, each count is one more than the last, and none ends a tile but the last one. */
  void (*attend)(const cm_attn_col *cols, size_t ncols, size_t head, size_t group, size_t dim,
                 size_t head_stride);
} cm_ops;

extern const cm_ops cm_ops_scalar, cm_ops_avx2, cm_ops_avx512, cm_ops_neon;

#endif
