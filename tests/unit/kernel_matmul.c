/* rooms: kernel quant */
/* The panel kernels (many columns) give the bits of dot_rows (one column), for every type,
 * instruction set, number of rows, columns and threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "kernel/kernel.h"
#include "kernel/ops.h"

static uint64_t state = 42;

static uint32_t next_u32(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}

static float next_float(void) { return ((float)next_u32() / 4294967296.0f - 0.5f) * 4; }

enum { ROWS = 37, COLS_MAX = 33, N_MAX = 2560 };

static float wide[ROWS * N_MAX], x[COLS_MAX * N_MAX];
static uint8_t packed[ROWS * N_MAX * 4], acts[COLS_MAX * N_MAX * 4];

static void check_type(const cm_quant *q, cm_isa isa, size_t n, size_t ncols, unsigned threads) {
  cm_err e;
  cm_pool *pool;
  cm_kern *k;
  uint64_t row_bytes;
  static float y[COLS_MAX][ROWS + 3], expect[ROWS];
  assert_true(cm_qtype_row_bytes(cm_qtype_of(q->id), n, &row_bytes));
  for (size_t i = 0; i < ROWS * n; i++) wide[i] = next_float();
  for (size_t i = 0; i < ncols * n; i++) x[i] = next_float();
  for (size_t r = 0; r < ROWS; r++) q->from_f32(wide + r * n, packed + r * row_bytes, n);
  assert_int_equal(cm_pool_open(&pool, threads, &e), CM_OK);
  assert_int_equal(cm_kern_open(&k, isa, pool, &e), CM_OK);
  cm_quantize_cols(k, q->act, x, n, ncols, acts);
  cm_mat w = {q, packed, ROWS, n, row_bytes};
  float *to[sizeof y / sizeof *y];
  for (size_t c = 0; c < ncols; c++) to[c] = y[c];
  cm_matmul(k, &w, acts, ncols, to);
  for (size_t c = 0; c < ncols; c++) {
    q->dot_rows[CM_ISA_SCALAR](packed, row_bytes, ROWS, acts + c * cm_act_bytes(q->act, n), n,
                               expect);
    if (memcmp(expect, y[c], sizeof expect) != 0)
      fail_msg("%s %s n=%zu columns=%zu threads=%u: column %zu differs", cm_qtype_of(q->id)->name,
               cm_isa_name(isa), n, ncols, threads, c);
  }
  cm_kern_close(k);
  cm_pool_close(pool);
}

static void panels_equal_rows(void **unused) {
  (void)unused;
  static const size_t widths[] = {256, 512, N_MAX}, columns[] = {1, 3, 4, 8, 33};
  for (int id = 0; id < CM_Q_COUNT; id++)
    for (int isa = 0; isa < CM_ISA_COUNT; isa++)
      for (unsigned i = 0; i < 15 && cm_cpu_has((cm_isa)isa); i++)
        check_type(cm_quant_of((cm_qid)id), (cm_isa)isa, widths[i % 3], columns[i / 3], 1 + i % 3);
}

static void narrow_rows(void **unused) {
  (void)unused;
  for (int id = 0; id < CM_Q_COUNT; id++)
    if (cm_qtype_of((cm_qid)id)->block_values <= 32)
      check_type(cm_quant_of((cm_qid)id), cm_cpu_best(), 96, 5, 2);
}

/* --- several products together --- */

enum { SET_N = 512, SET_COLS = 5, SET_ROWS = 300 };

/* Three matrices of different types and heights, and what the scalar kernels make of them. */
static struct {
  uint8_t rows[SET_ROWS * SET_N * 4], form[SET_COLS * SET_N * 4];
  float y[SET_COLS * SET_ROWS], want[SET_COLS * SET_ROWS];
  cm_mat w;
} set[3];
static float bias[SET_ROWS], stream[SET_COLS * SET_ROWS], onto[SET_COLS * SET_ROWS];

static void make_set(void) {
  static const cm_qid ids[] = {CM_Q_Q5_0, CM_Q_Q6_K, CM_Q_F16};
  static const size_t rows[] = {SET_ROWS, 37, 128};
  float row[SET_N];
  for (size_t i = 0; i < SET_COLS * SET_N; i++) x[i] = next_float();
  for (size_t i = 0; i < SET_COLS * SET_ROWS; i++) onto[i] = next_float();
  for (size_t i = 0; i < SET_ROWS; i++) bias[i] = next_float();
  for (size_t m = 0; m < 3; m++) {
    const cm_quant *q = cm_quant_of(ids[m]);
    uint64_t bytes;
    assert_true(cm_qtype_row_bytes(cm_qtype_of(q->id), SET_N, &bytes));
    for (size_t r = 0; r < rows[m]; r++) {
      for (size_t i = 0; i < SET_N; i++) row[i] = next_float();
      q->from_f32(row, set[m].rows + r * bytes, SET_N);
    }
    set[m].w = (cm_mat){q, set[m].rows, rows[m], SET_N, bytes};
    for (size_t c = 0; c < SET_COLS; c++) {
      uint8_t *form = set[m].form + c * cm_act_bytes(q->act, SET_N);
      cm_act_quantizer(q->act, CM_ISA_SCALAR)(x + c * SET_N, form, SET_N);
      q->dot_rows[CM_ISA_SCALAR](set[m].rows, bytes, rows[m], form, SET_N,
                                 set[m].want + c * rows[m]);
    }
  }
}

static cm_product product_of(size_t m) {
  memset(set[m].y, 0, sizeof set[m].y);
  return (cm_product){&set[m].w, set[m].form, set[m].y, NULL, NULL};
}

static void check_products(cm_kern *k, size_t ncols) {
  cm_product p[3] = {product_of(0), product_of(1), product_of(2)};
  p[0].bias = p[2].bias = bias;
  p[1].onto = stream;
  memcpy(stream, onto, sizeof stream);
  cm_products(k, p, 3, ncols);
  for (size_t m = 0; m < 3; m++)
    for (size_t i = 0; i < ncols * set[m].w.rows; i++)
      assert_true(set[m].y[i] == set[m].want[i] + (m == 1 ? 0 : bias[i % set[m].w.rows]));
  for (size_t i = 0; i < SET_COLS * SET_ROWS; i++)
    assert_true(stream[i] == onto[i] + (i < ncols * set[1].w.rows ? set[1].want[i] : 0));
}

static void check_gate(cm_kern *k, size_t ncols) {
  static float want[SET_COLS * SET_ROWS];
  cm_product gate = product_of(0), up = gate;
  up.y = stream;
  cm_gated_product(k, &gate, &up, ncols);
  memcpy(want, set[0].want, sizeof want);
  cm_ops_scalar.silu_mul(want, set[0].want, ncols * SET_ROWS);
  assert_memory_equal(set[0].y, want, ncols * SET_ROWS * sizeof *want);
}

/* Products that share a round, with what is added to them, and the gate are as if each product
 * came alone. */
static void together_as_alone(void **unused) {
  (void)unused;
  make_set();
  for (unsigned i = 0; i < 12; i++) {
    cm_err e;
    cm_pool *pool;
    cm_kern *k;
    assert_int_equal(cm_pool_open(&pool, 1 + i % 3, &e), CM_OK);
    assert_int_equal(cm_kern_open(&k, i < 6 ? CM_ISA_SCALAR : cm_cpu_best(), pool, &e), CM_OK);
    check_products(k, i % 2 ? 1 : SET_COLS);
    check_gate(k, i % 2 ? 1 : SET_COLS);
    cm_kern_close(k);
    cm_pool_close(pool);
  }
}

/* The dot product is near the float64 one, so the bits above are the bits of something true. */
static void near_exact(void **unused) {
  (void)unused;
  enum { N = 512 };
  for (int id = 0; id < CM_Q_COUNT; id++) {
    const cm_quant *q = cm_quant_of((cm_qid)id);
    float row[N], got;
    double exact = 0, size = 0;
    for (size_t i = 0; i < N; i++) wide[i] = next_float(), x[i] = next_float();
    q->from_f32(wide, packed, N);
    q->to_f32(packed, row, N);
    for (size_t i = 0; i < N; i++)
      exact += (double)row[i] * (double)x[i], size += fabs((double)row[i] * (double)x[i]);
    cm_act_quantizer(q->act, CM_ISA_SCALAR)(x, acts, N);
    q->dot_rows[CM_ISA_SCALAR](packed, 0, 1, acts, N, &got);
    assert_true(fabs((double)got - exact) < size * 0.004);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(panels_equal_rows),
      cmocka_unit_test(narrow_rows),
      cmocka_unit_test(together_as_alone),
      cmocka_unit_test(near_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
