/* rooms: kernel quant */
/* The element-wise kernels and attention: near what float64 says, and the bits of their scalar
 * form for every instruction set, number of columns and threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "kernel/ops.h"

static uint64_t state = 42;

static uint32_t next_u32(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}

static float next_float(void) { return ((float)next_u32() / 4294967296.0f - 0.5f) * 4; }

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

/* The first of the largest, with infinities and NaN, wherever it lies. */
static void argmax_is_first(void **unused) {
  (void)unused;
  enum { N = 2500 };
  static float v[N];
  for (size_t n = 1; n <= N; n += n < 70 ? 1 : 97) {
    for (size_t i = 0; i < n; i++) v[i] = i % 5 == 3 ? NAN : i % 5 == 4 ? -INFINITY : next_float();
    const size_t at = next_u32() % n;
    v[at] = 3;
    for (size_t i = at + 1; i < n; i += 11) v[i] = 3;
    assert_int_equal(cm_argmax(v, n), at);
    assert_int_equal(cm_ops_scalar.argmax(v, n), at);
    v[n - 1] = INFINITY;
    assert_int_equal(cm_argmax(v, n), n - 1);
  }
  assert_int_equal(cm_argmax((float[]){NAN, -INFINITY, -INFINITY}, 3), 1);
  assert_int_equal(cm_argmax((float[]){NAN, NAN}, 2), 0);
  assert_int_equal(cm_argmax(v, 0), 0);
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
  enum { N = 1003 };
  static float a[N], b[N], want[N];
  static uint16_t half[2][N];
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
  }
}

/* --- attention --- */

typedef struct shape {
  size_t heads, kv_heads, dim, first, ncols; /* the first column attends `first` positions */
} shape;

enum { KV_MAX = 2 * 300 * 256, Q_MAX = 150 * 16 * 64 };
static uint16_t keys[KV_MAX], values[KV_MAX];
static float queries[Q_MAX], outs[2][Q_MAX];

/* Fills keys and values, beyond the last position with infinity: nothing may read them. */
static size_t fill(const shape *s) {
  const size_t last = s->first + s->ncols - 1, stride = (last + 40) * s->dim;
  assert_true(s->kv_heads * stride <= KV_MAX && s->ncols * s->heads * s->dim <= Q_MAX);
  for (size_t i = 0; i < s->kv_heads * stride; i++) {
    bool there = i % stride < last * s->dim;
    keys[i] = there ? cm_f32_to_f16(next_float()) : 0x7C00;
    values[i] = there ? cm_f32_to_f16(next_float()) : 0x7C00;
  }
  for (size_t i = 0; i < s->ncols * s->heads * s->dim; i++) queries[i] = next_float();
  return stride;
}

static void attend(const shape *s, size_t stride, cm_isa isa, unsigned threads, size_t piece,
                   float *out) {
  cm_err e;
  cm_pool *pool;
  cm_kern *k;
  cm_attn_col cols[150];
  const size_t width = s->heads * s->dim;
  assert_int_equal(cm_pool_open(&pool, threads, &e), CM_OK);
  assert_int_equal(cm_kern_open(&k, isa, pool, &e), CM_OK);
  for (size_t c = 0; c < s->ncols; c++)
    cols[c] = (cm_attn_col){queries + c * width, keys, values, (uint32_t)(s->first + c),
                            out + c * width};
  for (size_t c = 0; c < s->ncols; c += piece)
    cm_attention(k, cols + c, s->ncols - c < piece ? s->ncols - c : piece, s->heads, s->kv_heads,
                 s->dim, stride);
  cm_kern_close(k);
  cm_pool_close(pool);
}

static const shape shapes[] = {{14, 2, 64, 1, 150}, {12, 2, 128, 60, 9}, {16, 1, 256, 130, 5},
                               {2, 2, 8, 1, 140},   {6, 2, 24, 63, 3},   {10, 1, 96, 128, 70}};

/* Against float64 softmax. */
static void attention_is_softmax(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const shape *s = &shapes[i];
    const size_t stride = fill(s), group = s->heads / s->kv_heads;
    attend(s, stride, cm_cpu_best(), 2, s->ncols, outs[0]);
    for (size_t r = 0; r < s->ncols * s->heads; r++) {
      const size_t count = s->first + r / s->heads, at = r % s->heads / group * stride;
      double score[300], sum = 0, max = -1e300;
      for (size_t p = 0; p < count; p++) {
        score[p] = 0;
        for (size_t j = 0; j < s->dim; j++)
          score[p] += (double)queries[r * s->dim + j] *
                      (double)cm_f16_to_f32(keys[at + p * s->dim + j]) / sqrt((double)s->dim);
        max = fmax(max, score[p]);
      }
      for (size_t p = 0; p < count; p++) sum += score[p] = exp(score[p] - max);
      for (size_t j = 0; j < s->dim; j++) {
        double want = 0;
        for (size_t p = 0; p < count; p++)
          want += score[p] / sum * (double)cm_f16_to_f32(values[at + p * s->dim + j]);
        assert_true(fabs(want - (double)outs[0][r * s->dim + j]) < 2e-5);
      }
    }
  }
}

/* Columns together, alone, or in pieces, on any instruction set: the same bits. */
static void attention_has_one_order(void **unused) {
  (void)unused;
  static const size_t pieces[] = {150, 1, 7};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const shape *s = &shapes[i];
    const size_t stride = fill(s), bytes = s->ncols * s->heads * s->dim * sizeof(float);
    attend(s, stride, CM_ISA_SCALAR, 1, 1, outs[0]);
    for (int isa = 0; isa < CM_ISA_COUNT; isa++)
      for (unsigned p = 0; p < 3 && cm_cpu_has((cm_isa)isa); p++) {
        memset(outs[1], 0, bytes);
        attend(s, stride, (cm_isa)isa, p + 1, pieces[p], outs[1]);
        assert_memory_equal(outs[0], outs[1], bytes);
      }
  }
}

/* What the last column alone may see changes nothing for those before it, not even infinities. */
static void later_positions_are_unseen(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const shape *s = &shapes[i];
    const size_t stride = fill(s), last = (s->first + s->ncols - 2) * s->dim;
    attend(s, stride, cm_cpu_best(), 1, s->ncols, outs[0]);
    for (size_t h = 0; h < s->kv_heads; h++)
      for (size_t j = 0; j < s->dim; j++)
        keys[h * stride + last + j] = values[h * stride + last + j] = 0x7C00;
    attend(s, stride, cm_cpu_best(), 1, s->ncols, outs[1]);
    assert_memory_equal(outs[0], outs[1], (s->ncols - 1) * s->heads * s->dim * sizeof(float));
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
      assert_true(fabs((double)cs[i] - cos(angle)) < 1e-7);
      assert_true(fabs((double)cs[64 + i] - sin(angle)) < 1e-7);
    }
  }
}

/* Heads of 64 and of 24, whose halves don't fill vectors: each pair is turned by its angle. */
static void rope_turns_pairs(void **unused) {
  (void)unused;
  static const size_t dims[] = {64, 24};
  for (size_t d = 0; d < 2; d++) {
    const size_t dim = dims[d], half = dim / 2;
    float x[3 * 64], was[3 * 64], cs[64], plain[3 * 64];
    for (size_t i = 0; i < 3 * dim; i++) plain[i] = x[i] = was[i] = next_float();
    cm_rope_angles(77, 1e4, dim, cs);
    cm_rope(x, cs, 3, dim);
    cm_ops_scalar.rope(plain, cs, 3, dim);
    assert_memory_equal(x, plain, 3 * dim * sizeof *x);
    for (size_t i = 0; i < 3 * half; i++) {
      const size_t at = i / half * dim + i % half;
      const double angle = 77 * pow(1e4, -2.0 * (double)(i % half) / (double)dim),
                   a = (double)was[at], b = (double)was[at + half];
      assert_true(fabs((double)x[at] - (a * cos(angle) - b * sin(angle))) < 1e-6);
      assert_true(fabs((double)x[at + half] - (b * cos(angle) + a * sin(angle))) < 1e-6);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exp_is_close),
      cmocka_unit_test(peak_is_exact),
      cmocka_unit_test(argmax_is_first),
      cmocka_unit_test(rope_turns_pairs),
      cmocka_unit_test(ops_equal_scalar),
      cmocka_unit_test(attention_is_softmax),
      cmocka_unit_test(attention_has_one_order),
      cmocka_unit_test(later_positions_are_unseen),
      cmocka_unit_test(rope_angles_are_right),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
