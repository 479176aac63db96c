/* Matrix times columns. One or two columns (decode) are bound by memory: each row is read once, in
 * file layout, by the type's dot_rows. Many columns (prefill, batches) are bound by arithmetic: 16
 * rows at a time are unpacked to int8 panels in the cache and meet all columns there. Both give
 * the same bits (quant/quant.h). */
#include <string.h>

#include "base/mem.h"
#include "kernel/gemm.h"
#include "kernel/ops.h"
#include "kernel/state.h"

enum {
  GEMM_MIN_COLS = 3,        /* fewer columns than this: dot_rows for each */
  CHUNK_BYTES = 96 << 10,   /* of weights that a thread takes at once when decoding: some 10 us;
                               handing over costs 1 */
  CHUNK_PRODUCTS = 1 << 19, /* likewise with many columns */
  PANEL_VALUES =
      2048 /* columns of W unpacked at once: 16 rows x 2,048 bytes fit the L2 cache beside x */
};

cm_code cm_kern_open(cm_kern **out, cm_isa isa, cm_pool *pool, cm_err *e) {
  *out = NULL;
  if (!cm_cpu_has(isa))
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "this machine has no %s", cm_isa_name(isa));
  cm_kern *k = cm_alloc(1, sizeof *k);
  if (!k) return cm_fail(e, CM_E_NOMEM, 0, "no memory for kernels");
  k->isa = isa;
  k->pool = pool;
  k->ops = cm_ops_of(isa);
  k->panel_bytes = PANEL_VALUES / 32 * sizeof(cm_panel32);
  if (k->panel_bytes < PANEL_VALUES / 256 * sizeof(cm_panel256))
    k->panel_bytes = PANEL_VALUES / 256 * sizeof(cm_panel256);
  k->panels = cm_alloc_aligned(k->panel_bytes * cm_pool_threads(pool));
  if (!k->panels) {
    cm_kern_close(k);
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for panels");
  }
  *out = k;
  return CM_OK;
}

void cm_kern_close(cm_kern *k) {
  if (!k) return;
  cm_free_aligned(k->panels);
  cm_free(k);
}

cm_isa cm_kern_isa(const cm_kern *k) { return k->isa; }

typedef struct job {
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
} job;

static float *result(const job *j, size_t c) { return j->each ? j->each[c] : j->y + c * j->ldy; }

static void dot_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  (void)worker;
  const job *j = ctx;
  const uint8_t *rows = (const uint8_t *)j->w->data + begin * j->w->row_bytes;
  for (size_t c = 0; c < j->ncols; c++)
    j->dot(rows, j->w->row_bytes, end - begin, j->x + c * j->x_stride, j->w->cols,
           result(j, c) + begin);
}

/* One piece of at most PANEL_VALUES values of 16 rows: unpack, then all columns. Partial sums wait
 * in y. */
static void panel_piece(const job *j, size_t row, size_t rows, size_t first, size_t blocks,
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
      if (first) memcpy(acc[i], result(j, c + i) + row, rows * sizeof(float));
    }
    j->tile(j->w->q, panels, x, n, blocks, acc);
    for (size_t i = 0; i < n; i++) memcpy(result(j, c + i) + row, acc[i], rows * sizeof(float));
  }
}

static void gemm_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  const job *j = ctx;
  size_t values = j->w->q->act == CM_ACT_Q8 ? 32 : 256, blocks = j->w->cols / values;
  uint8_t *panels = j->k->panels + worker * j->k->panel_bytes;
  for (size_t p = begin; p < end; p++) {
    size_t row = p * CM_PANEL_ROWS;
    size_t rows = j->w->rows - row < CM_PANEL_ROWS ? j->w->rows - row : CM_PANEL_ROWS;
    for (size_t first = 0; first < blocks; first += PANEL_VALUES / values) {
      size_t n = blocks - first < PANEL_VALUES / values ? blocks - first : PANEL_VALUES / values;
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

static void multiply(job *j) {
  cm_kern *k = j->k;
  const cm_mat *w = j->w;
  j->x_stride = cm_act_bytes(w->q->act, w->cols);
  j->dot = cm_quant_dot_rows(w->q, k->isa);
  j->tile = cm_tile_kernel(k->isa);
  if (j->ncols < GEMM_MIN_COLS || w->q->act == CM_ACT_F32 || !j->tile) {
    size_t rows = CHUNK_BYTES / w->row_bytes;
    cm_pool_for(k->pool, w->rows, (rows + 15) & ~(size_t)15, dot_part, j);
    return;
  }
  j->unpack = cm_quant_unpack(w->q, k->isa);
  size_t panels = (w->rows + CM_PANEL_ROWS - 1) / CM_PANEL_ROWS;
  cm_pool_for(k->pool, panels, CHUNK_PRODUCTS / (CM_PANEL_ROWS * w->cols * j->ncols) + 1,
              gemm_part, j);
}

void cm_matmul(cm_kern *k, const cm_mat *w, const void *xq, size_t ncols, float *y, size_t ldy) {
  multiply(&(job){.k = k, .w = w, .x = xq, .ncols = ncols, .y = y, .ldy = ldy});
}

void cm_matmul_to(cm_kern *k, const cm_mat *w, const void *xq, size_t ncols, float *const *y) {
  multiply(&(job){.k = k, .w = w, .x = xq, .ncols = ncols, .each = y});
}
