/* Matrix times columns. One or two columns (decode) are bound by memory: each row is read once, in
 * file layout, by the type's dot_rows. Many columns (prefill, batches) are bound by arithmetic: 16
 * rows at a time are unpacked to int8 panels in the cache and meet all columns there. Both give
 * the same bits (quant/quant.h). */
#include "base/mem.h"
#include "kernel/gemm.h"

enum {
  GEMM_MIN_COLS = 3,       /* fewer columns than this: dot_rows for each */
  CHUNK_BYTES = 96 << 10,  /* of weights that a thread takes at once when decoding: some 10 us;
                               handing over costs 1 */
  CHUNK_PRODUCTS = 1 << 19 /* likewise with many columns */
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
  k->panel_bytes = CM_PANEL_VALUES / 32 * sizeof(cm_panel32);
  if (k->panel_bytes < CM_PANEL_VALUES / 256 * sizeof(cm_panel256))
    k->panel_bytes = CM_PANEL_VALUES / 256 * sizeof(cm_panel256);
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

static void dot_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  (void)worker;
  const cm_mul *j = ctx;
  const uint8_t *rows = (const uint8_t *)j->w->data + begin * j->w->row_bytes;
  for (size_t c = 0; c < j->ncols; c++)
    j->dot(rows, j->w->row_bytes, end - begin, j->x + c * j->x_stride, j->w->cols,
           cm_mul_result(j, c) + begin);
}

static void multiply(cm_mul *j) {
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
              cm_gemm_part, j);
}

void cm_matmul(cm_kern *k, const cm_mat *w, const void *xq, size_t ncols, float *y, size_t ldy) {
  multiply(&(cm_mul){.k = k, .w = w, .x = xq, .ncols = ncols, .y = y, .ldy = ldy});
}

void cm_matmul_to(cm_kern *k, const cm_mat *w, const void *xq, size_t ncols, float *const *y) {
  multiply(&(cm_mul){.k = k, .w = w, .x = xq, .ncols = ncols, .each = y});
}
