/* How matmul.c multiplies: the work of one product, and the kernels for many columns. */
#ifndef CM_KERNEL_GEMM_H
#define CM_KERNEL_GEMM_H
#include "kernel/state.h"
#include "quant/intrin.h"

enum {
  CM_LINE = 64,
  CM_TILE_COLS = 24,
  CM_SHARE_COLS = 8,
  CM_PANEL_VALUES =
      2048 /* of a row unpacked at once: 16 x 2,048 bytes fit the L2 cache beside x */
};

/* Bytes that are wanted soon, to be fetched in small shares between computations: memory delivers
 * no faster when it is asked for more lines than a core can wait for, and the core waits then. */
typedef struct cm_ahead {
  const uint8_t *next, *end;
  size_t share; /* bytes at once, whole cache lines */
} cm_ahead;

/* Fetches the next share, or what is left, into the second cache. */
CM_INLINE void cm_fetch_share(cm_ahead *a) {
  const size_t left = (size_t)(a->end - a->next), n = left < a->share ? left : a->share;
  for (size_t i = 0; i < n; i += CM_LINE) __builtin_prefetch(a->next + i, 0, 2);
  a->next += n;
}

/* One small product: 16 rows times up to CM_TILE_COLS columns. */

/* acc[c][r] += the float step of every block, for ncols <= CM_TILE_COLS columns x[c] (cm_q8 or
 * cm_q8k) and `blocks` panels of 16 rows. acc is [ncols][16]. Order and rounding as quant.h says.
 * A share of `ahead` is fetched with each panel, once for at most CM_SHARE_COLS columns. */
typedef void cm_tile_fn(const cm_quant *q, const void *panels, const void *const *x, size_t ncols,
                        size_t blocks, float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead);

/* NULL where the build or the processor family has none: columns are then done one by one. */
cm_tile_fn *cm_tile_kernel(cm_isa isa);

/* A matrix times columns, as the threads of the pool share it. */
typedef struct cm_mul {
  cm_kern *k;
  const cm_mat *w;
  const uint8_t *x;
  size_t x_stride, ncols;
  float *y; /* column c of the result is at y + c * ldy, or at each[c] */
  size_t ldy;
  float *const *each;
  cm_dot_rows_fn *dot;
  cm_unpack_fn *unpack;
  cm_tile_fn *tile;
} cm_mul;

static inline float *cm_mul_result(const cm_mul *j, size_t c) {
  return j->each ? j->each[c] : j->y + c * j->ldy;
}

/* A pool's function (ctx is a cm_mul) over panels of 16 rows. */
void cm_gemm_part(void *ctx, size_t begin, size_t end, unsigned worker);

extern cm_tile_fn cm_tile_avx2, cm_tile_avx512, cm_tile_neon;

#endif
