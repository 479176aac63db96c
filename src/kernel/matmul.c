/* Matrices times columns. One or two columns (decode) are bound by memory: each row is read once,
 * in file layout, by the type's dot_rows. Many columns (prefill, batches) are bound by arithmetic:
 * 16 rows at a time are unpacked to int8 panels in the cache and meet all columns there. Both give
 * the same bits (quant/quant.h). What is done to a result is done while it is in the cache. */
#include "base/mem.h"
#include "kernel/gemm.h"

enum {
  /* Fewer columns than this: dot_rows for each. K types cost more to unpack. */
  GEMM_MIN_COLS = 3,
  GEMM_MIN_COLS_K = 5,
  /* The work of a round is counted in bytes of weights that are read in the same time. */
  PRODUCTS_A_BYTE = 4,   /* with many columns */
  ROUND_WORK = 64 << 10, /* less than this isn't shared: that takes a microsecond or two */
  CHUNK_WORK = 16 << 10, /* the least that a thread takes at once */
  AGAIN_BYTES = 64 << 10 /* of weights, that are still in the cache for the next column */
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

/* Products that share a round of the threads. Their panels are counted through; with a gate there
 * are two products and an index is a panel of both. */
typedef struct joint {
  cm_mul mul[CM_PRODUCTS_MAX];
  const cm_product *what[CM_PRODUCTS_MAX]; /* NULL: nothing becomes of the result */
  size_t panels[CM_PRODUCTS_MAX];
  size_t n;
  bool gated;
} joint;

static void dot(const cm_mul *j, size_t row, size_t rows) {
  const size_t bytes = j->w->row_bytes, end = row + rows;
  const size_t most = (AGAIN_BYTES / bytes / CM_PANEL_ROWS + 1) * CM_PANEL_ROWS;
  for (size_t n; row < end; row += n) {
    n = j->ncols == 1 || end - row < most ? end - row : most;
    for (size_t c = 0; c < j->ncols; c++)
      j->dot((const uint8_t *)j->w->data + row * bytes, bytes, n, j->x + c * j->x_stride,
             j->w->cols, cm_mul_result(j, c) + row);
  }
}

static void finish(const cm_mul *j, const cm_product *p, size_t row, size_t rows) {
  const cm_ops *ops = j->k->ops;
  for (size_t c = 0; c < j->ncols; c++) {
    float *y = cm_mul_result(j, c) + row;
    if (p->bias) ops->add(y, p->bias + row, rows);
    if (p->onto) ops->add(p->onto + c * j->w->rows + row, y, rows);
  }
}

static size_t rows_of(const cm_mat *w, size_t begin, size_t end) {
  end *= CM_PANEL_ROWS;
  return (end < w->rows ? end : w->rows) - begin * CM_PANEL_ROWS;
}

/* Panels begin .. end-1 of one product. */
static void panels(joint *r, size_t i, size_t begin, size_t end, unsigned worker) {
  cm_mul *j = &r->mul[i];
  const size_t row = begin * CM_PANEL_ROWS, rows = rows_of(j->w, begin, end);
  if (j->unpack) cm_gemm_part(j, begin, end, worker);
  else dot(j, row, rows);
  if (r->what[i]) finish(j, r->what[i], row, rows);
}

static void gate_part(joint *r, size_t begin, size_t end, unsigned worker) {
  const cm_mul *gate = &r->mul[0], *up = &r->mul[1];
  const size_t row = begin * CM_PANEL_ROWS, rows = rows_of(gate->w, begin, end);
  panels(r, 0, begin, end, worker);
  panels(r, 1, begin, end, worker);
  for (size_t c = 0; c < gate->ncols; c++)
    gate->k->ops->silu_mul(cm_mul_result(gate, c) + row, cm_mul_result(up, c) + row, rows);
}

static void part(void *ctx, size_t begin, size_t end, unsigned worker) {
  joint *r = ctx;
  if (r->gated) {
    gate_part(r, begin, end, worker);
    return;
  }
  for (size_t i = 0, first = 0; i < r->n; first += r->panels[i++]) {
    const size_t next = first + r->panels[i];
    const size_t from = begin > first ? begin : first, to = end < next ? end : next;
    if (from < to) panels(r, i, from - first, to - first, worker);
  }
}

static void choose_kernels(cm_mul *j) {
  const cm_quant *q = j->w->q;
  j->x_stride = cm_act_bytes(q->act, j->w->cols);
  j->dot = cm_quant_dot_rows(q, j->k->isa);
  j->tile = cm_tile_kernel(j->k->isa);
  const size_t least = q->act == CM_ACT_Q8K ? GEMM_MIN_COLS_K : GEMM_MIN_COLS;
  const bool few = j->ncols < least || q->act == CM_ACT_F32 || !j->tile;
  j->unpack = few ? NULL : cm_quant_unpack(q, j->k->isa);
}

/* What a product costs, in bytes of weights read. */
static size_t cost(const cm_mul *j) {
  const size_t bytes = j->w->rows * j->w->row_bytes;
  return j->unpack ? bytes + j->w->rows * j->w->cols / PRODUCTS_A_BYTE * j->ncols
                   : bytes * j->ncols;
}

static void multiply(cm_kern *k, joint *r) {
  size_t all = 0, work = 0;
  for (size_t i = 0; i < r->n; i++) {
    const size_t rows = r->mul[i].w->rows;
    choose_kernels(&r->mul[i]);
    r->panels[i] = (rows + CM_PANEL_ROWS - 1) / CM_PANEL_ROWS;
    work += cost(&r->mul[i]);
    all += r->panels[i];
  }
  if (r->gated) all = r->panels[0];
  const size_t grain = work < ROUND_WORK ? all : CHUNK_WORK * all / work + 1;
  cm_pool_share(k->pool, all, grain, part, r);
}

void cm_matmul(cm_kern *k, const cm_mat *w, const void *xq, size_t ncols, float *const *y) {
  joint r = {.n = 1};
  r.mul[0] = (cm_mul){.k = k, .w = w, .x = xq, .ncols = ncols, .each = y};
  multiply(k, &r);
}

static void add_product(joint *r, cm_kern *k, const cm_product *p, size_t ncols) {
  r->what[r->n] = p;
  r->mul[r->n++] =
      (cm_mul){.k = k, .w = p->w, .x = p->xq, .ncols = ncols, .y = p->y, .ldy = p->w->rows};
}

void cm_products(cm_kern *k, const cm_product *p, size_t n, size_t ncols) {
  joint r = {.n = 0};
  for (size_t i = 0; i < n; i++) add_product(&r, k, &p[i], ncols);
  multiply(k, &r);
}

void cm_gated_product(cm_kern *k, const cm_product *gate, const cm_product *up, size_t ncols) {
  joint r = {.gated = true};
  add_product(&r, k, gate, ncols);
  add_product(&r, k, up, ncols);
  multiply(k, &r);
}
