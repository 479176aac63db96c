/* Q4_1: 32 values in 20 bytes: d, m (binary16), qs[16] as in Q4_0. w = d * u + m.
 *
 * In quant.h's terms dm is -m and min is 1: adding m and subtracting -m give the same bits. The
 * variants are Q4_0's, except that the sum of the activations meets m in floats. Quantizing: m is
 * the smallest value, d a fifteenth of the distance to the largest.
 */
#include "quant/block32_neon.h"
#include "quant/block32_x86.h"
#include "quant/types.h"

enum { BYTES = 20, OFFSET = 1 };

static void decode(const uint8_t *p, cm_block32 *b) {
  b->d = cm_half_at(p);
  b->dm = -cm_half_at(p + 2);
  cm_low_nibbles(p + 4, b->u);
}

static const cm_type32 type = {.bytes = BYTES, .offset = OFFSET, .decode = decode};

static void from_f32(const float *x, void *blocks, size_t n) {
  uint8_t *p = blocks;
  for (size_t i = 0; i < n; i += 32, p += BYTES) {
    uint8_t u[32];
    float d, m;
    cm_q32_range(x + i, 15, u, &d, &m);
    cm_q32_put_half(p, d);
    cm_q32_put_half(p + 2, m);
    cm_q32_put_low(p + 4, u);
  }
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE void load2(const uint8_t *a, const uint8_t *b, __m256i *low, __m256i *high) {
  cm_nibbles2(a + 4, b + 4, low, high);
}
#elif defined(CM_ARM)
CM_NEON CM_INLINE void load1(const uint8_t *block, int8x16_t v[2]) { cm_nibbles1(block + 4, v); }
#endif

#include "quant/block32_variants.h"

const cm_quant cm_quant_q4_1 = {
    .id = CM_Q_Q4_1,
    .act = CM_ACT_Q8,
    .offset = OFFSET,
    .max_u = 15,
    .to_f32 = to_f32,
    .from_f32 = from_f32,
    CM_VARIANTS32,
};
