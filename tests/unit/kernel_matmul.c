/* rooms: kernel quant */
/* The panel kernels (many columns) give the bits of dot_rows (one column), for every type,
 * instruction set, number of rows, columns and threads; and the element-wise kernels the bits of
 * their scalar form. */
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
  cm_matmul(k, &w, acts, ncols, y[0], ROWS + 3);
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

static void exp_is_close(void **unused) {
  (void)unused;
  for (float v = -87.0f; v < 87.0f; v += 0.0371f) {
    double exact = exp((double)v), got = (double)cm_expf(v);
    assert_true(fabs(got - exact) <= exact * 3e-7);
  }
  assert_true(cm_expf(-1e30f) == 0.0f);
  assert_true(cm_expf(0.0f) == 1.0f);
}

/* The largest of many values and the sum of their exponentials against float64; values that aren't
 * numbers are as if they were not there. */
static void peak_is_exact(void **unused) {
  enum { N = 5003 };
  static float v[N];
  (void)unused;
  for (size_t n = 1; n <= N; n += n < 40 ? 1 : 709) {
    double max = -1e300, sum = 0, cold = 0;
    size_t at = n;
    for (size_t i = 0; i < n; i++) v[i] = next_float() * 10;
    for (size_t i = 3; i < n; i += 17) v[i] = i % 2 ? NAN : i % 4 ? INFINITY : -INFINITY;
    if (n > 30) v[n - 2] = v[n / 2] = 21; /* a tie */
    for (size_t i = 0; i < n; i++)
      if (isfinite(v[i]) && (double)v[i] > max) max = (double)v[i], at = i;
    for (size_t i = 0; i < n; i++) {
      if (!isfinite(v[i])) continue;
      sum += exp((double)v[i] - max);
      cold += exp(((double)v[i] - max) / 0.25);
    }
    cm_peak p = cm_peak_of(v, n);
    assert_int_equal(p.at, at);
    assert_true((double)p.max == max);
    assert_true(fabs(p.sum - sum) <= 1e-5 * sum);
    assert_true(fabs(cm_exp_sum(v, n, p.max, 4.0f) - cold) <= 1e-5 * cold);
  }
  assert_int_equal(cm_peak_of((float[]){NAN, INFINITY, -INFINITY}, 3).at, 3);
  assert_int_equal(cm_peak_of((float[]){NAN, -3.40282347e38f}, 2).at, 1);
  assert_int_equal(cm_peak_of(v, 0).at, 0);
}

static const cm_ops *const all_ops[CM_ISA_COUNT] = {
    [CM_ISA_SCALAR] = &cm_ops_scalar,
#if defined(__x86_64__)
    [CM_ISA_AVX2] = &cm_ops_avx2,
#elif defined(__aarch64__)
    [CM_ISA_NEON] = &cm_ops_neon,
#endif
};

static void ops_equal_scalar(void **unused) {
  (void)unused;
  enum { N = 1003, DIM = 64, GROUP = 7, COUNT = 150 };
  static float a[N], b[N], want[N], q[GROUP * DIM], out[2][GROUP * DIM];
  static uint16_t k[COUNT * DIM], v[COUNT * DIM], half[2][N];
  for (int isa = 1; isa < CM_ISA_COUNT; isa++) {
    if (!all_ops[isa] || !cm_cpu_has((cm_isa)isa)) continue;
    for (size_t i = 0; i < N; i++) a[i] = next_float() * 20, b[i] = next_float();
    assert_true(all_ops[isa]->sum_squares(a, N) == cm_ops_scalar.sum_squares(a, N));
    cm_peak peaks[2];
    memset(peaks, 0, sizeof peaks);
    cm_ops_scalar.peak(a, N, &peaks[0]);
    all_ops[isa]->peak(a, N, &peaks[1]);
    assert_memory_equal(&peaks[0].sum, &peaks[1].sum, sizeof peaks[0].sum);
    assert_true(peaks[0].at == peaks[1].at && peaks[0].max == peaks[1].max);
    memcpy(want, a, sizeof a);
    cm_ops_scalar.silu_mul(want, b, N);
    all_ops[isa]->silu_mul(a, b, N);
    assert_memory_equal(want, a, sizeof a);
    cm_ops_scalar.store_f16(a, half[0], N);
    all_ops[isa]->store_f16(a, half[1], N);
    assert_memory_equal(half[0], half[1], sizeof half[0]);
    for (size_t i = 0; i < GROUP * DIM; i++) q[i] = next_float();
    for (size_t i = 0; i < COUNT * DIM; i++)
      k[i] = cm_f32_to_f16(next_float()), v[i] = cm_f32_to_f16(next_float());
    cm_ops_scalar.attend(q, k, v, COUNT, GROUP, DIM, out[0]);
    all_ops[isa]->attend(q, k, v, COUNT, GROUP, DIM, out[1]);
    assert_memory_equal(out[0], out[1], sizeof out[0]);
  }
}

/* Attention against float64 softmax. */
static void attention_is_softmax(void **unused) {
  (void)unused;
  enum { DIM = 64, COUNT = 131 };
  static float q[DIM], out[DIM];
  static uint16_t k[COUNT * DIM], v[COUNT * DIM];
  double score[COUNT], sum = 0, max = -1e300;
  for (size_t i = 0; i < DIM; i++) q[i] = next_float();
  for (size_t i = 0; i < COUNT * DIM; i++)
    k[i] = cm_f32_to_f16(next_float()), v[i] = cm_f32_to_f16(next_float());
  for (size_t p = 0; p < COUNT; p++) {
    score[p] = 0;
    for (size_t i = 0; i < DIM; i++)
      score[p] += (double)q[i] * (double)cm_f16_to_f32(k[p * DIM + i]) / 8;
    max = fmax(max, score[p]);
  }
  for (size_t p = 0; p < COUNT; p++) sum += score[p] = exp(score[p] - max);
  cm_ops_scalar.attend(q, k, v, COUNT, 1, DIM, out);
  for (size_t i = 0; i < DIM; i++) {
    double want = 0;
    for (size_t p = 0; p < COUNT; p++)
      want += score[p] / sum * (double)cm_f16_to_f32(v[p * DIM + i]);
    assert_true(fabs(want - (double)out[i]) < 1e-5);
  }
}

static void rope_angles_are_right(void **unused) {
  (void)unused;
  static float cs[128];
  static const uint32_t positions[] = {0, 1, 7, 4095, 32767, 1000000};
  for (size_t p = 0; p < sizeof positions / sizeof *positions; p++) {
    cm_rope_angles(positions[p], 1e6, 128, cs);
    for (int i = 0; i < 64; i++) {
      double angle = positions[p] * pow(1e6, -2.0 * i / 128);
      assert_true(fabs((double)cs[2 * i] - cos(angle)) < 1e-7);
      assert_true(fabs((double)cs[2 * i + 1] - sin(angle)) < 1e-7);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(panels_equal_rows),    cmocka_unit_test(narrow_rows),
      cmocka_unit_test(near_exact),           cmocka_unit_test(exp_is_close),
      cmocka_unit_test(peak_is_exact),        cmocka_unit_test(ops_equal_scalar),
      cmocka_unit_test(attention_is_softmax), cmocka_unit_test(rope_angles_are_right),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
