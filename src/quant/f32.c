/* F32: plain float32, little-endian. The dot product and its variants are in chains.h. */
#include "quant/chains.h"
#include "quant/types.h"

static float value(const uint8_t *p) {
  float f;
  memcpy(&f, p, sizeof f);
  return f;
}

static const cm_type1 type = {sizeof(float), value};

static void from_f32(const float *x, void *values, size_t n) { memcpy(values, x, n * sizeof *x); }

#if defined(CM_X86)
CM_AVX2 CM_INLINE __m256 values8(const uint8_t *p) { return _mm256_loadu_ps((const float *)p); }
#elif defined(CM_ARM)
CM_NEON CM_INLINE float32x4_t values4(const uint8_t *p) {
  return vreinterpretq_f32_u8(vld1q_u8(p));
}
#endif

#include "quant/chains_variants.h"

const cm_quant cm_quant_f32 = {
    .id = CM_Q_F32, .act = CM_ACT_F32, .to_f32 = to_f32, .from_f32 = from_f32, CM_VARIANTS1};
