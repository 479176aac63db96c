/* F16: IEEE binary16. Each value is exact in float32; AVX2 (F16C) and NEON convert eight or four
 * at a time in hardware, the scalar code in half.c. The dot product is in chains.h. */
#include "quant/chains.h"
#include "quant/types.h"

static float value(const uint8_t *p) { return cm_f16_to_f32(cm_u16_at(p)); }

static const cm_type1 type = {sizeof(uint16_t), value};

static void from_f32(const float *x, void *values, size_t n) {
  uint16_t *out = values;
  for (size_t i = 0; i < n; i++) out[i] = cm_f32_to_f16(x[i]);
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE __m256 values8(const uint8_t *p) {
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}
#elif defined(CM_ARM)
CM_NEON CM_INLINE float32x4_t values4(const uint8_t *p) {
  return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p)));
}
#endif

#include "quant/chains_variants.h"

const cm_quant cm_quant_f16 = {
    .id = CM_Q_F16, .act = CM_ACT_F32, .to_f32 = to_f32, .from_f32 = from_f32, CM_VARIANTS1};
