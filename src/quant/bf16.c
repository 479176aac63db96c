/* BF16: the upper half of a float32. Widening is a shift in every variant. The dot product is in
 * chains.h. */
#include "quant/chains.h"
#include "quant/types.h"

static float value(const uint8_t *p) { return cm_bf16_to_f32(cm_u16_at(p)); }

static const cm_type1 type = {sizeof(uint16_t), value};

static void from_f32(const float *x, void *values, size_t n) {
  uint16_t *out = values;
  for (size_t i = 0; i < n; i++) out[i] = cm_f32_to_bf16(x[i]);
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE __m256 values8(const uint8_t *p) {
  __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
#elif defined(CM_ARM)
CM_NEON CM_INLINE float32x4_t values4(const uint8_t *p) {
  return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(p)), 16));
}
#endif

#include "quant/chains_variants.h"

const cm_quant cm_quant_bf16 = {
    .id = CM_Q_BF16, .act = CM_ACT_F32, .to_f32 = to_f32, .from_f32 = from_f32, CM_VARIANTS1};
