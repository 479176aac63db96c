/* The panel kernels of matmul.c: one small product, 16 rows times up to CM_TILE_COLS columns. */
#ifndef CM_KERNEL_GEMM_H
#define CM_KERNEL_GEMM_H
#include "kernel/kernel.h"

enum { CM_TILE_COLS = 8 };

/* acc[c][r] += the float step of every block, for ncols <= CM_TILE_COLS columns x[c] (cm_q8 or
 * cm_q8k) and `blocks` panels of 16 rows. acc is [ncols][16]. Order and rounding as quant.h says.
 */
typedef void cm_tile_fn(const cm_quant *q, const void *panels, const void *const *x, size_t ncols,
                        size_t blocks, float (*acc)[CM_PANEL_ROWS]);

/* NULL where the build or the processor family has none: columns are then done one by one. */
cm_tile_fn *cm_tile_kernel(cm_isa isa);

extern cm_tile_fn cm_tile_avx2, cm_tile_avx512;

#endif
