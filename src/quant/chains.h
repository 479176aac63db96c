/* chains: the dot product of the float types (F32, F16, BF16): element i goes to chain i mod 32,
 * then the chains are added up as a tree. A type's file says how to read its values; the loops are
 * the same for all.
 *
 * 32 chains are four AVX2 registers (or eight of NEON's): enough independent additions to hide
 * their latency while one row after the other streams from memory. */
#ifndef CM_QUANT_CHAINS_H
#define CM_QUANT_CHAINS_H
#include <string.h>

#include "quant/intrin.h"
#include "quant/quant.h"

enum { CM_CHAINS = 32 };

/* size: bytes of a value. */
typedef struct cm_type1 {
  size_t size;
  float (*value)(const uint8_t *p);
} cm_type1;

CM_INLINE uint16_t cm_u16_at(const uint8_t *p) {
  uint16_t h;
  memcpy(&h, p, sizeof h);
  return h;
}

CM_INLINE void cm_to_f32_1(const cm_type1 *t, const void *values, float *out, size_t n) {
  const uint8_t *p = values;
  for (size_t i = 0; i < n; i++) out[i] = t->value(p + i * t->size);
}

/* Elements from .. n-1. */
CM_INLINE void cm_chains_add(const cm_type1 *t, const uint8_t *w, const float *x, size_t from,
                             size_t n, float chain[CM_CHAINS]) {
  for (size_t i = from; i < n; i++) {
    chain[i % CM_CHAINS] = chain[i % CM_CHAINS] + t->value(w + i * t->size) * x[i];
  }
}

CM_INLINE float cm_chains_sum(float chain[CM_CHAINS]) {
  for (size_t h = CM_CHAINS / 2; h > 0; h /= 2) {
    for (size_t j = 0; j < h; j++) chain[j] = chain[j] + chain[j + h];
  }
  return chain[0];
}

CM_INLINE void cm_dot_rows1(const cm_type1 *t, const void *w, size_t row_bytes, size_t rows,
                            const void *x, size_t n, float *out) {
  for (size_t r = 0; r < rows; r++) {
    float chain[CM_CHAINS] = {0};
    cm_chains_add(t, (const uint8_t *)w + r * row_bytes, x, 0, n, chain);
    out[r] = cm_chains_sum(chain);
  }
}

#if defined(CM_X86)

/* Eight values. */
typedef __m256 cm_values8_fn(const uint8_t *p);

CM_AVX2 CM_INLINE float cm_chains_sum_avx2(const __m256 c[4]) {
  __m256 eight = _mm256_add_ps(_mm256_add_ps(c[0], c[2]), _mm256_add_ps(c[1], c[3]));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

CM_AVX2 CM_INLINE float cm_dot1_avx2(const cm_type1 *t, cm_values8_fn *values, const uint8_t *w,
                                     const float *x, size_t n) {
  __m256 c[4];
  CM_UNROLL
  for (int k = 0; k < 4; k++) c[k] = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + CM_CHAINS <= n; i += CM_CHAINS) {
    CM_UNROLL
    for (size_t k = 0; k < 4; k++) {
      __m256 product =
          _mm256_mul_ps(values(w + (i + 8 * k) * t->size), _mm256_loadu_ps(x + i + 8 * k));
      c[k] = _mm256_add_ps(c[k], product);
    }
  }
  if (i == n) return cm_chains_sum_avx2(c);
  float chain[CM_CHAINS];
  CM_UNROLL
  for (int k = 0; k < 4; k++) _mm256_storeu_ps(chain + 8 * k, c[k]);
  cm_chains_add(t, w, x, i, n, chain);
  return cm_chains_sum(chain);
}

CM_AVX2 CM_INLINE void cm_dot_rows1_avx2(const cm_type1 *t, cm_values8_fn *values, const void *w,
                                         size_t row_bytes, size_t rows, const void *x, size_t n,
                                         float *out) {
  for (size_t r = 0; r < rows; r++)
    out[r] = cm_dot1_avx2(t, values, (const uint8_t *)w + r * row_bytes, x, n);
}

#elif defined(CM_ARM)

/* Four values. */
typedef float32x4_t cm_values4_fn(const uint8_t *p);

CM_NEON CM_INLINE float cm_dot1_neon(const cm_type1 *t, cm_values4_fn *values, const uint8_t *w,
                                     const float *x, size_t n) {
  float32x4_t c[8];
  CM_UNROLL
  for (int k = 0; k < 8; k++) c[k] = vdupq_n_f32(0.0f);
  size_t i = 0;
  for (; i + CM_CHAINS <= n; i += CM_CHAINS) {
    CM_UNROLL
    for (size_t k = 0; k < 8; k++) {
      float32x4_t product = vmulq_f32(values(w + (i + 4 * k) * t->size), vld1q_f32(x + i + 4 * k));
      c[k] = vaddq_f32(c[k], product);
    }
  }
  float chain[CM_CHAINS];
  CM_UNROLL
  for (int k = 0; k < 8; k++) vst1q_f32(chain + 4 * k, c[k]);
  cm_chains_add(t, w, x, i, n, chain);
  return cm_chains_sum(chain);
}

CM_NEON CM_INLINE void cm_dot_rows1_neon(const cm_type1 *t, cm_values4_fn *values, const void *w,
                                         size_t row_bytes, size_t rows, const void *x, size_t n,
                                         float *out) {
  for (size_t r = 0; r < rows; r++)
    out[r] = cm_dot1_neon(t, values, (const uint8_t *)w + r * row_bytes, x, n);
}

#endif
#endif
