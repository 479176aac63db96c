/* Many columns: 16 rows at a time are unpacked to panels in the cache and meet all columns there.
 *
 * What is needed later is asked for early. The bytes of the next 16 rows follow those of this
 * panel in memory: the tiles fetch them between their blocks, so that unpacking, which walks over
 * 8 or 16 rows at once, finds them in the cache. A result's line is fetched before the tile that
 * makes it: stores are done in order, and one that waits for memory holds up all those of the tile
 * after it. */
#include "kernel/gemm.h"

#include <string.h>

/* 16 rows and one piece of them, of at most CM_PANEL_VALUES values. */
typedef struct piece {
  size_t row, rows, first, blocks;
} piece;

static size_t block_values(const cm_mul *j) { return j->w->q->act == CM_ACT_Q8 ? 32 : 256; }

/* The `rows` rows at `p`, in as many shares as there are panels before them to multiply. */
static cm_ahead ahead_of(const cm_mul *j, const uint8_t *p, size_t rows, size_t blocks) {
  size_t bytes = rows * j->w->row_bytes, lines = (bytes + CM_LINE - 1) / CM_LINE;
  size_t shares = blocks * ((j->ncols + CM_SHARE_COLS - 1) / CM_SHARE_COLS);
  return (cm_ahead){p, p + bytes, shares ? (lines + shares - 1) / shares * CM_LINE : 0};
}

/* acc = what is in y so far, and back. Whole panels are copied with a constant size. */
static void copy_rows(float *to, const float *from, size_t rows) {
  if (rows == CM_PANEL_ROWS) memcpy(to, from, CM_PANEL_ROWS * sizeof *to);
  else memcpy(to, from, rows * sizeof *to);
}

/* Up to CM_TILE_COLS columns from c on. Partial sums wait in y. */
static void piece_cols(const cm_mul *j, const piece *p, const uint8_t *panels, size_t c, size_t n,
                       cm_ahead *ahead) {
  _Alignas(CM_LINE) float acc[CM_TILE_COLS][CM_PANEL_ROWS];
  const void *x[CM_TILE_COLS];
  float *y[CM_TILE_COLS];
  size_t at = p->first * cm_act_bytes(j->w->q->act, block_values(j));
  for (size_t i = 0; i < n; i++) {
    x[i] = j->x + (c + i) * j->x_stride + at;
    y[i] = cm_mul_result(j, c + i) + p->row;
    __builtin_prefetch(y[i], 1);
    __builtin_prefetch(y[i] + p->rows - 1, 1);
  }
  memset(acc, 0, n * sizeof *acc);
  for (size_t i = 0; p->first && i < n; i++) copy_rows(acc[i], y[i], p->rows);
  j->tile(j->w->q, panels, x, n, p->blocks, acc, ahead);
  for (size_t i = 0; i < n; i++) copy_rows(y[i], acc[i], p->rows);
}

static void panel(const cm_mul *j, size_t row, uint8_t *panels) {
  const cm_mat *w = j->w;
  size_t most = CM_PANEL_VALUES / block_values(j), blocks = w->cols / block_values(j);
  size_t left = w->rows - row;
  piece p = {.row = row, .rows = left < CM_PANEL_ROWS ? left : CM_PANEL_ROWS};
  const uint8_t *rows = (const uint8_t *)w->data + row * w->row_bytes;
  size_t next = left - p.rows < CM_PANEL_ROWS ? left - p.rows : CM_PANEL_ROWS;
  cm_ahead ahead = ahead_of(j, rows + p.rows * w->row_bytes, next, blocks);
  for (; p.first < blocks; p.first += p.blocks) {
    p.blocks = blocks - p.first < most ? blocks - p.first : most;
    j->unpack(rows, w->row_bytes, p.rows, p.first, p.blocks, panels);
    for (size_t c = 0, n; c < j->ncols; c += n) {
      n = j->ncols - c < CM_TILE_COLS ? j->ncols - c : CM_TILE_COLS;
      piece_cols(j, &p, panels, c, n, &ahead);
    }
  }
}

void cm_gemm_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  const cm_mul *j = ctx;
  for (size_t p = begin; p < end; p++)
    panel(j, p * CM_PANEL_ROWS, j->k->panels + worker * j->k->panel_bytes);
}

cm_tile_fn *cm_tile_kernel(cm_isa isa) {
#if defined(__x86_64__)
  if (isa == CM_ISA_AVX512) return cm_tile_avx512;
  if (isa == CM_ISA_AVX2) return cm_tile_avx2;
#elif defined(CM_ARM)
  if (isa == CM_ISA_NEON) return cm_tile_neon;
#endif
  (void)isa;
  return NULL;
}
