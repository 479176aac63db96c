/* The element-wise kernels, written once with the compiler's vectors of 8 floats and compiled per
 * instruction set: the including file sets the target, OPS_NAME, and the conversions F32_OF(dst,
 * src) and F16_OF(dst, src) between v8 and h8. No operation mixes lanes except where the order is
 * spelled out, so wider registers change nothing.
 */
#include <string.h>

#include "kernel/ops.h"

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t i8x __attribute__((vector_size(32)));
typedef uint16_t h8 __attribute__((vector_size(16)));

#define LOAD(dst, ptr)  memcpy(&(dst), (ptr), sizeof(v8))
#define STORE(ptr, src) memcpy((ptr), &(src), sizeof(v8))
#define LOAD_F16(dst, ptr)         \
  do {                             \
    h8 h_;                         \
    memcpy(&h_, (ptr), sizeof h_); \
    F32_OF(dst, h_);               \
  } while (0)

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

/* Runs a statement over n values of x and y, 8 of each in a and b at a time; what it leaves in a
 * goes to out. The last few values are padded with zeros. */
#define EACH_8(x, y, out, n, ...)                     \
  do {                                                \
    v8 a, b;                                          \
    size_t i_ = 0;                                    \
    for (; i_ + 8 <= (n); i_ += 8) {                  \
      LOAD(a, (x) + i_);                              \
      LOAD(b, (y) + i_);                              \
      __VA_ARGS__;                                    \
      STORE((out) + i_, a);                           \
    }                                                 \
    if (i_ == (n)) break;                             \
    a = b = (v8){0};                                  \
    memcpy(&a, (x) + i_, ((n)-i_) * sizeof(float));   \
    memcpy(&b, (y) + i_, ((n)-i_) * sizeof(float));   \
    __VA_ARGS__;                                      \
    memcpy((out) + i_, &a, ((n)-i_) * sizeof(float)); \
  } while (0)

static void exp_many(float *x, size_t n) { EACH_8(x, x, x, n, EXP8(a)); }

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

/* The largest value, -infinity if there is none; NaN isn't larger than anything. */
static float largest(const float *x, size_t n) {
  v8 top[4], a;
  for (int j = 0; j < 4; j++) top[j] = (v8){0} - __builtin_inff();
  size_t i = 0;
  for (; i + 32 <= n; i += 32)
    for (int j = 0; j < 4; j++) {
      LOAD(a, x + i + 8 * j);
      i8x more = a > top[j];
      top[j] = (v8)(((i8x)a & more) | ((i8x)top[j] & ~more));
    }
  float max = -__builtin_inff();
  for (int j = 0; j < 32; j++) max = top[j / 8][j % 8] > max ? top[j / 8][j % 8] : max;
  for (; i < n; i++) max = x[i] > max ? x[i] : max;
  return max;
}

static size_t argmax(const float *x, size_t n) {
  float max = -__builtin_inff();
  size_t best = 0; /* where the tile with the largest value begins */
  for (size_t at = 0; at < n; at += PEAK_TILE) {
    const float m = largest(x + at, n - at < PEAK_TILE ? n - at : PEAK_TILE);
    if (m > max) max = m, best = at;
  }
  while (best < n && x[best] != max) best++;
  return best < n ? best : 0;
}

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
  EACH_8(x, w, out, n, a = a * s * b);
}

static void scale_by(const float *x, float s, float *out, size_t n) {
  EACH_8(x, x, out, n, a *= s);
}

static void add(float *x, const float *y, size_t n) { EACH_8(x, y, x, n, a += b); }

static void silu_mul(float *gate, const float *up, size_t n) {
  EACH_8(gate, up, gate, n, v8 e = -a; EXP8(e); a = a / (e + 1.0f) * b);
}

static void rope(float *x, const float *cs, size_t heads, size_t dim) {
  const size_t half = dim / 2;
  for (float *end = x + heads * dim; x < end; x += dim) {
    size_t i = 0;
    for (; i + 8 <= half; i += 8) {
      v8 a, b, c, s;
      LOAD(a, x + i), LOAD(b, x + half + i), LOAD(c, cs + i), LOAD(s, cs + half + i);
      v8 lo = a * c - b * s, hi = b * c + a * s;
      STORE(x + i, lo), STORE(x + half + i, hi);
    }
    for (; i < half; i++) {
      const float a = x[i], b = x[half + i], c = cs[i], s = cs[half + i];
      x[i] = a * c - b * s, x[half + i] = b * c + a * s;
    }
  }
}

static void store_f16(const float *x, uint16_t *out, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    v8 a;
    h8 h;
    LOAD(a, x + i);
    F16_OF(h, a);
    memcpy(out + i, &h, sizeof h);
  }
  for (; i < n; i++) out[i] = cm_f32_to_f16(x[i]);
}

#include "kernel/attend_body.h"

const cm_ops OPS_NAME = {sum_squares, scale_mul, add,  silu_mul,  exp_many, argmax,
                         peak,        exp_sum,   rope, store_f16, attend};
