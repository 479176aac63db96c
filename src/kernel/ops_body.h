/* The element-wise kernels and attention, written once with the compiler's vectors of 8 floats and
 * compiled per instruction set: the including file sets the target, OPS_NAME, and the two
 * conversions LOAD_F16(dst, ptr) and STORE_F16(ptr, src). No operation mixes lanes except where
 * the order is spelled out, so wider registers change nothing.
 */
#include <string.h>

#include "kernel/ops.h"

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t i8x __attribute__((vector_size(32)));

#define LOAD(dst, ptr)  memcpy(&(dst), (ptr), sizeof(v8))
#define STORE(ptr, src) memcpy((ptr), &(src), sizeof(v8))

/* e^x: x = n ln2 + r with n from adding 1.5 * 2^23 (rounds to nearest even), ln2 in two parts
 * (Cody and Waite), e^r by a polynomial of degree 6 (minimax on +-ln2/2), 2^n by moving n into the
 * exponent. Out of range: 0 or e^88. */
#define EXP8(x)                                           \
  do {                                                    \
    v8 lo_ = {0}, hi_ = {0};                              \
    lo_ += -87.3f, hi_ += 88.0f;                          \
    i8x under_ = (x) < lo_;                               \
    i8x over_ = (x) > hi_;                                \
    (x) = (v8)(((i8x)(x) & ~over_) | ((i8x)hi_ & over_)); \
    v8 t_ = (x)*1.44269504f + 12582912.0f;                \
    v8 n_ = t_ - 12582912.0f;                             \
    v8 r_ = (x)-n_ * 0.693359375f;                        \
    r_ = r_ - n_ * -2.12194440e-4f;                       \
    v8 p_ = r_ * 1.3981999507e-3f + 8.3334519073e-3f;     \
    p_ = p_ * r_ + 4.1665795894e-2f;                      \
    p_ = p_ * r_ + 1.6666665459e-1f;                      \
    p_ = p_ * r_ + 5.0000001201e-1f;                      \
    p_ = p_ * (r_ * r_) + r_ + 1.0f;                      \
    i8x e_ = (((i8x)t_ - 0x4B400000) + 127) << 23;        \
    p_ = p_ * (v8)e_;                                     \
    (x) = (v8)((i8x)p_ & ~under_);                        \
  } while (0)

/* Runs BODY on vectors x of 8; the last few values are padded with zeros, computed, and stored in
 * part. */
#define FOR_EACH_8(n)                         \
  for (size_t i = 0, m_ = 0; i < (n); i += 8) \
    if ((m_ = (n)-i < 8 ? (n)-i : 8), 1)

#define LOAD_PART(dst, ptr)                       \
  do {                                            \
    (dst) = (v8){0};                              \
    memcpy(&(dst), (ptr), m_ == 8 ? 32 : m_ * 4); \
  } while (0)
#define STORE_PART(ptr, src) memcpy((ptr), &(src), m_ == 8 ? 32 : m_ * 4)

static void exp_many(float *x, size_t n) {
  FOR_EACH_8(n) {
    v8 a;
    LOAD_PART(a, x + i);
    EXP8(a);
    STORE_PART(x + i, a);
  }
}

/* 32 chains in four vectors, then the tree 16, 8, 4, 2, 1 of quant.h. */
#define TREE(c0, c1, c2, c3, result)                              \
  do {                                                            \
    v8 s_ = ((c0) + (c2)) + ((c1) + (c3));                        \
    float f4_[4];                                                 \
    for (int j_ = 0; j_ < 4; j_++) f4_[j_] = s_[j_] + s_[j_ + 4]; \
    (result) = (f4_[0] + f4_[2]) + (f4_[1] + f4_[3]);             \
  } while (0)

/* Values that aren't finite (inf - inf is NaN) as the least one. */
#define FINITE(x)                                          \
  do {                                                     \
    v8 least_ = {0};                                       \
    least_ += LEAST;                                       \
    i8x good_ = ((x) - (x)) == (v8){0};                    \
    (x) = (v8)(((i8x)(x)&good_) | ((i8x)least_ & ~good_)); \
  } while (0)

enum { PEAK_TILE = 1024 };
#define LEAST (-3.40282347e38f)

/* The last values of a tile: what is missing isn't finite. */
#define LOAD_REST(dst, ptr, n)                  \
  do {                                          \
    v8 none_ = {0};                             \
    none_ += __builtin_inff();                  \
    memcpy(&none_, (ptr), (n) * sizeof(float)); \
    (dst) = none_;                              \
  } while (0)

static float tile_max(const float *x, size_t n) {
  v8 top = {0}, a;
  top += LEAST;
  for (size_t i = 0; i < n; i += 8) {
    if (n - i >= 8) LOAD(a, x + i);
    else LOAD_REST(a, x + i, n - i);
    FINITE(a);
    i8x more = a > top;
    top = (v8)(((i8x)a & more) | ((i8x)top & ~more));
  }
  float max = top[0];
  for (int j = 1; j < 8; j++) max = top[j] > max ? top[j] : max;
  return max;
}

static float tile_exp_sum(const float *x, size_t n, float max, float scale) {
  v8 sum = {0}, zero = {0}, a;
  for (size_t i = 0; i < n; i += 8) {
    if (n - i >= 8) LOAD(a, x + i);
    else LOAD_REST(a, x + i, n - i);
    FINITE(a);
    a = (a - max) * scale;
    EXP8(a);
    sum += a;
  }
  float all;
  TREE(sum, zero, zero, zero, all);
  return all;
}

static double exp_sum(const float *x, size_t n, float max, float scale) {
  double sum = 0;
  for (size_t at = 0; at < n; at += PEAK_TILE)
    sum += (double)tile_exp_sum(x + at, n - at < PEAK_TILE ? n - at : PEAK_TILE, max, scale);
  return sum;
}

static void peak(const float *x, size_t n, cm_peak *out) {
  cm_peak p = {n, LEAST, 0};
  for (size_t at = 0; at < n; at += PEAK_TILE) {
    const size_t m = n - at < PEAK_TILE ? n - at : PEAK_TILE;
    const float max = tile_max(x + at, m);
    if (max > p.max || p.at == n) {
      size_t i = 0;
      while (i < m && x[at + i] != max) i++;
      if (i == m) continue; /* nothing finite in this tile, nor before */
      float shrink[8] = {p.max - max};
      exp_many(shrink, 1);
      p.sum *= (double)shrink[0];
      p.at = at + i, p.max = max;
    }
    p.sum += (double)tile_exp_sum(x + at, m, p.max, 1.0f);
  }
  *out = p;
}

static float sum_squares(const float *x, size_t n) {
  v8 c0 = {0}, c1 = {0}, c2 = {0}, c3 = {0}, a;
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    LOAD(a, x + i), c0 += a * a;
    LOAD(a, x + i + 8), c1 += a * a;
    LOAD(a, x + i + 16), c2 += a * a;
    LOAD(a, x + i + 24), c3 += a * a;
  }
  float rest[32] = {0};
  memcpy(rest, x + i, (n - i) * sizeof *x);
  LOAD(a, rest), c0 += a * a;
  LOAD(a, rest + 8), c1 += a * a;
  LOAD(a, rest + 16), c2 += a * a;
  LOAD(a, rest + 24), c3 += a * a;
  float sum;
  TREE(c0, c1, c2, c3, sum);
  return sum;
}

static void scale_mul(const float *x, float s, const float *w, float *out, size_t n) {
  FOR_EACH_8(n) {
    v8 a, b;
    LOAD_PART(a, x + i);
    LOAD_PART(b, w + i);
    a = a * s * b;
    STORE_PART(out + i, a);
  }
}

static void add(float *x, const float *y, size_t n) {
  FOR_EACH_8(n) {
    v8 a, b;
    LOAD_PART(a, x + i);
    LOAD_PART(b, y + i);
    a += b;
    STORE_PART(x + i, a);
  }
}

static void silu_mul(float *gate, const float *up, size_t n) {
  FOR_EACH_8(n) {
    v8 g, u;
    LOAD_PART(g, gate + i);
    LOAD_PART(u, up + i);
    v8 x = -g;
    EXP8(x);
    g = g / (x + 1.0f) * u;
    STORE_PART(gate + i, g);
  }
}

static void store_f16(const float *x, uint16_t *out, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    v8 a;
    LOAD(a, x + i);
    STORE_F16(out + i, a);
  }
  for (; i < n; i++) out[i] = cm_f32_to_f16(x[i]);
}

/* scores[g][p] for one tile: each is a sum over dim in 8 chains (dim is a multiple of 8), lanes
 * added as a tree. K is converted once for the whole group. */
static void tile_scores(const float *q, const uint16_t *k, size_t n, size_t group, size_t dim,
                        float scale, float scores[][CM_ATTN_TILE]) {
  float key[CM_HEAD_DIM_MAX];
  for (size_t p = 0; p < n; p++) {
    for (size_t i = 0; i < dim; i += 8) {
      v8 a;
      LOAD_F16(a, k + p * dim + i);
      STORE(key + i, a);
    }
    for (size_t g = 0; g < group; g++) {
      v8 c0 = {0}, c1 = {0}, a, b;
      for (size_t i = 0; i + 16 <= dim; i += 16) {
        LOAD(a, key + i), LOAD(b, q + g * dim + i), c0 += a * b;
        LOAD(a, key + i + 8), LOAD(b, q + g * dim + i + 8), c1 += a * b;
      }
      if (dim % 16) LOAD(a, key + dim - 8), LOAD(b, q + g * dim + dim - 8), c0 += a * b;
      v8 zero = {0};
      float sum;
      TREE(c0, c1, zero, zero, sum);
      scores[g][p] = sum * scale;
    }
  }
}

/* Moves head g's running maximum and weights to include a tile; turns its scores into weights. */
static void tile_softmax(float *scores, size_t n, size_t dim, float *max, float *sum, float *out) {
  float m = *max;
  for (size_t p = 0; p < n; p++) m = scores[p] > m ? scores[p] : m;
  float shrink[8] = {*max - m};
  exp_many(shrink, 1);
  for (size_t p = 0; p < n; p++) scores[p] -= m;
  exp_many(scores, n);
  float s = *sum * shrink[0];
  for (size_t p = 0; p < n; p++) s += scores[p];
  for (size_t i = 0; i < dim; i += 8) {
    v8 a;
    LOAD(a, out + i);
    a *= shrink[0];
    STORE(out + i, a);
  }
  *max = m;
  *sum = s;
}

/* out[g] += weight[g][p] * v[p], p in order; 16 values of dim at a time stay in registers. */
static void tile_values(const uint16_t *v, size_t n, size_t dim, const float *weights,
                        float *out) {
  for (size_t i = 0; i < dim; i += 8) {
    v8 acc, a;
    LOAD(acc, out + i);
    for (size_t p = 0; p < n; p++) {
      LOAD_F16(a, v + p * dim + i);
      acc += a * weights[p];
    }
    STORE(out + i, acc);
  }
}

static void attend(const float *q, const uint16_t *k, const uint16_t *v, uint32_t count,
                   size_t group, size_t dim, float *out) {
  float scores[CM_GROUP_MAX][CM_ATTN_TILE], max[CM_GROUP_MAX], sum[CM_GROUP_MAX];
  float scale = 1.0f / __builtin_sqrtf((float)dim);
  for (size_t g = 0; g < group; g++) max[g] = -1e30f, sum[g] = 0;
  memset(out, 0, group * dim * sizeof *out);
  for (uint32_t at = 0; at < count; at += CM_ATTN_TILE) {
    size_t n = count - at < CM_ATTN_TILE ? count - at : CM_ATTN_TILE;
    tile_scores(q, k + (size_t)at * dim, n, group, dim, scale, scores);
    for (size_t g = 0; g < group; g++) {
      tile_softmax(scores[g], n, dim, &max[g], &sum[g], out + g * dim);
      tile_values(v + (size_t)at * dim, n, dim, scores[g], out + g * dim);
    }
  }
  for (size_t g = 0; g < group; g++) {
    float inv = 1.0f / sum[g];
    for (size_t i = 0; i < dim; i++) out[g * dim + i] *= inv;
  }
}

const cm_ops OPS_NAME = {sum_squares, scale_mul, add,       silu_mul, exp_many,
                         peak,        exp_sum,   store_f16, attend};
