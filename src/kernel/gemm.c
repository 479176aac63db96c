/* Many columns: 16 rows at a time are unpacked to panels in the cache and meet all columns
 * there. */
#include "kernel/gemm.h"

#include <string.h>

/* One piece of at most CM_PANEL_VALUES values of 16 rows: unpack, then all columns. Partial sums
 * wait in y. */
static void panel_piece(const cm_mul *j, size_t row, size_t rows, size_t first, size_t blocks,
                        uint8_t *panels) {
  size_t values = j->w->q->act == CM_ACT_Q8 ? 32 : 256;
  size_t act_bytes = cm_act_bytes(j->w->q->act, values);
  j->unpack((const uint8_t *)j->w->data + row * j->w->row_bytes, j->w->row_bytes, rows, first,
            blocks, panels);
  for (size_t c = 0; c < j->ncols; c += CM_TILE_COLS) {
    size_t n = j->ncols - c < CM_TILE_COLS ? j->ncols - c : CM_TILE_COLS;
    _Alignas(64) float acc[CM_TILE_COLS][CM_PANEL_ROWS] = {{0}};
    const void *x[CM_TILE_COLS];
    for (size_t i = 0; i < n; i++) {
      x[i] = j->x + (c + i) * j->x_stride + first * act_bytes;
      if (first) memcpy(acc[i], cm_mul_result(j, c + i) + row, rows * sizeof(float));
    }
    j->tile(j->w->q, panels, x, n, blocks, acc);
    for (size_t i = 0; i < n; i++)
      memcpy(cm_mul_result(j, c + i) + row, acc[i], rows * sizeof(float));
  }
}

void cm_gemm_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  const cm_mul *j = ctx;
  size_t values = j->w->q->act == CM_ACT_Q8 ? 32 : 256, blocks = j->w->cols / values;
  uint8_t *panels = j->k->panels + worker * j->k->panel_bytes;
  for (size_t p = begin; p < end; p++) {
    size_t row = p * CM_PANEL_ROWS;
    size_t rows = j->w->rows - row < CM_PANEL_ROWS ? j->w->rows - row : CM_PANEL_ROWS;
    for (size_t first = 0; first < blocks; first += CM_PANEL_VALUES / values) {
      size_t n =
          blocks - first < CM_PANEL_VALUES / values ? blocks - first : CM_PANEL_VALUES / values;
      panel_piece(j, row, rows, first, n, panels);
    }
  }
}

cm_tile_fn *cm_tile_kernel(cm_isa isa) {
#if defined(__x86_64__)
  if (isa == CM_ISA_AVX512) return cm_tile_avx512;
  if (isa == CM_ISA_AVX2) return cm_tile_avx2;
#endif
  (void)isa;
  return NULL;
}
