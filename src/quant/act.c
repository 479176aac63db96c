/* The activation quantizers: int8 codes with a float32 scale for each block of 32 or 256 values.
 *
 * Both forms are made of two steps: the largest magnitude of a block, and sixteen values to
 * sixteen codes and their sum. Each instruction set brings its own two steps; the order in which a
 * maximum or an integer sum is found doesn't matter, and the float operations (one multiplication,
 * one rounding to nearest even) are the same everywhere. Input that isn't finite gives codes
 * without meaning, but in range. AVX-512 machines use the AVX2 code: this is a thousandth of the
 * work of the product that follows. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "quant/intrin.h"
#include "quant/quant.h"

typedef float peak_fn(const float *x, size_t n); /* n a multiple of 32 */
/* The sums of the codes k with k / 2 % 2 == 0 and 1. */
typedef struct halves {
  int sum[2];
} halves;
typedef halves codes16_fn(const float *x, float inverse, int8_t *q);

/* d, and what to multiply by to get codes. A block so small that 127 / peak overflows counts as
 * zero. */
CM_INLINE float scale_of(float peak, float *inverse) {
  *inverse = 127.0f / peak;
  if (*inverse <= FLT_MAX) return peak / 127.0f;
  *inverse = 0.0f;
  return 0.0f;
}

CM_INLINE void quantize_q8(const float *x, cm_q8 *out, size_t n, peak_fn *peak,
                           codes16_fn *codes16) {
  for (size_t i = 0; i < n; i += 32, out++) {
    float inverse;
    out->d = scale_of(peak(x + i, 32), &inverse);
    halves a = codes16(x + i, inverse, out->q), b = codes16(x + i + 16, inverse, out->q + 16);
    for (int h = 0; h < 2; h++) out->half[h] = (int16_t)(a.sum[h] + b.sum[h]);
  }
}

CM_INLINE void quantize_q8k(const float *x, cm_q8k *out, size_t n, peak_fn *peak,
                            codes16_fn *codes16) {
  for (size_t i = 0; i < n; i += 256, out++) {
    float inverse;
    out->d = scale_of(peak(x + i, 256), &inverse);
    memset(out->unused, 0, sizeof out->unused);
    for (size_t s = 0; s < 16; s++) {
      halves a = codes16(x + i + 16 * s, inverse, out->q + 16 * s);
      out->sums[s] = (int16_t)(a.sum[0] + a.sum[1]);
    }
  }
}

static void copy_f32(const float *x, void *out, size_t n) { memcpy(out, x, n * sizeof *x); }

/* --- scalar --- */

static float peak_scalar(const float *x, size_t n) {
  float peak = 0.0f;
  for (size_t i = 0; i < n; i++) {
    float a = fabsf(x[i]);
    peak = a > peak ? a : peak;
  }
  return peak;
}

/* Rounds to nearest even: next to 1.5 * 2^23 the last bit of a float is worth 1. */
static int8_t code_scalar(float v) {
  v = v < 127.0f ? v : 127.0f;
  v = v > -127.0f ? v : -127.0f;
  const float big = 0x1.8p23f;
  return (int8_t)((v + big) - big);
}

static halves codes16_scalar(const float *x, float inverse, int8_t *q) {
  halves h = {{0, 0}};
  for (int j = 0; j < 16; j++) {
    q[j] = code_scalar(x[j] * inverse);
    h.sum[j / 2 % 2] += q[j];
  }
  return h;
}

static void q8_scalar(const float *x, void *out, size_t n) {
  quantize_q8(x, out, n, peak_scalar, codes16_scalar);
}
static void q8k_scalar(const float *x, void *out, size_t n) {
  quantize_q8k(x, out, n, peak_scalar, codes16_scalar);
}

/* --- AVX2 --- */

#if defined(CM_X86)

CM_AVX2 CM_INLINE float peak_avx2(const float *x, size_t n) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 peak = _mm256_setzero_ps();
  for (size_t i = 0; i < n; i += 8)
    peak = _mm256_max_ps(_mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)), peak);
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(peak), _mm256_extractf128_ps(peak, 1));
  __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

CM_AVX2 CM_INLINE __m256i codes8_avx2(const float *x, float inverse) {
  __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x), _mm256_set1_ps(inverse));
  v = _mm256_max_ps(_mm256_min_ps(v, _mm256_set1_ps(127.0f)), _mm256_set1_ps(-127.0f));
  return _mm256_cvtps_epi32(v);
}

CM_AVX2 CM_INLINE halves codes16_avx2(const float *x, float inverse, int8_t *q) {
  __m256i words = _mm256_packs_epi32(codes8_avx2(x, inverse), codes8_avx2(x + 8, inverse));
  words = _mm256_permute4x64_epi64(words, 0xd8); /* undoes the packing by 128-bit lane */
  __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
  _mm_storeu_si128((__m128i *)q, _mm_packs_epi16(low, high));
  __m128i four = _mm_madd_epi16(_mm_add_epi16(low, high), _mm_set1_epi16(1));
  __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return (halves){{_mm_cvtsi128_si32(two), _mm_extract_epi32(two, 1)}};
}

CM_AVX2 static void q8_avx2(const float *x, void *out, size_t n) {
  quantize_q8(x, out, n, peak_avx2, codes16_avx2);
}

CM_AVX2 static void q8k_avx2(const float *x, void *out, size_t n) {
  quantize_q8k(x, out, n, peak_avx2, codes16_avx2);
}

/* --- NEON --- */

#elif defined(CM_ARM)

CM_NEON CM_INLINE float peak_neon(const float *x, size_t n) {
  float32x4_t a = vdupq_n_f32(0.0f), b = a;
  for (size_t i = 0; i < n; i += 8) {
    a = vmaxnmq_f32(a, vabsq_f32(vld1q_f32(x + i)));
    b = vmaxnmq_f32(b, vabsq_f32(vld1q_f32(x + i + 4)));
  }
  return vmaxnmvq_f32(vmaxnmq_f32(a, b));
}

CM_NEON CM_INLINE int16x4_t codes4_neon(const float *x, float inverse) {
  float32x4_t v = vmulq_n_f32(vld1q_f32(x), inverse);
  v = vmaxnmq_f32(vminnmq_f32(v, vdupq_n_f32(127.0f)), vdupq_n_f32(-127.0f));
  return vmovn_s32(vcvtnq_s32_f32(v));
}

CM_NEON CM_INLINE halves codes16_neon(const float *x, float inverse, int8_t *q) {
  int16x8_t low = vcombine_s16(codes4_neon(x, inverse), codes4_neon(x + 4, inverse));
  int16x8_t high = vcombine_s16(codes4_neon(x + 8, inverse), codes4_neon(x + 12, inverse));
  vst1q_s8(q, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
  int16x8_t sum = vaddq_s16(low, high);
  int16x4_t pairs = vget_low_s16(vpaddq_s16(sum, sum));
  int16x4_t two = vadd_s16(pairs, vext_s16(pairs, pairs, 2));
  return (halves){{vget_lane_s16(two, 0), vget_lane_s16(two, 1)}};
}

CM_NEON static void q8_neon(const float *x, void *out, size_t n) {
  quantize_q8(x, out, n, peak_neon, codes16_neon);
}

CM_NEON static void q8k_neon(const float *x, void *out, size_t n) {
  quantize_q8k(x, out, n, peak_neon, codes16_neon);
}

#endif

static cm_act_fn *const variants[CM_ACT_COUNT][CM_ISA_COUNT] = {
    [CM_ACT_Q8][CM_ISA_SCALAR] = q8_scalar, [CM_ACT_Q8K][CM_ISA_SCALAR] = q8k_scalar,
#if defined(CM_X86)
    [CM_ACT_Q8][CM_ISA_AVX2] = q8_avx2,     [CM_ACT_Q8][CM_ISA_AVX512] = q8_avx2,
    [CM_ACT_Q8K][CM_ISA_AVX2] = q8k_avx2,   [CM_ACT_Q8K][CM_ISA_AVX512] = q8k_avx2,
#elif defined(CM_ARM)
    [CM_ACT_Q8][CM_ISA_NEON] = q8_neon,
    [CM_ACT_Q8K][CM_ISA_NEON] = q8k_neon,
#endif
};

cm_act_fn *cm_act_quantizer(cm_act act, cm_isa isa) {
  if (act == CM_ACT_F32) return copy_f32;
  cm_act_fn *f = variants[act][isa];
  return f ? f : variants[act][CM_ISA_SCALAR];
}
