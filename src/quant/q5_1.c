/* Q5_1: 32 values in 24 bytes: d, m (binary16), qh (32 bits), qs[16]. u is Q5_0's. w = d * u + m.
 *
 * dm is -m and min is 1, as in Q4_1. Every variant is made of Q4_1's scales and Q5_0's values.
 * Quantizing: m is the smallest value, d a thirty-first of the distance to the largest. */
#include "quant/block32_neon.h"
#include "quant/block32_x86.h"
#include "quant/types.h"

enum { BYTES = 24, OFFSET = 1 };

static void decode(const uint8_t *p, cm_block32 *b) {
  b->d = cm_half_at(p);
  b->dm = -cm_half_at(p + 2);
  cm_low_nibbles(p + 8, b->u);
  cm_fifth_bits(cm_u32_at(p + 4), b->u);
}

static const cm_type32 type = {.bytes = BYTES, .offset = OFFSET, .fifths = 4, .decode = decode};

static void from_f32(const float *x, void *blocks, size_t n) {
  uint8_t *p = blocks;
  for (size_t i = 0; i < n; i += 32, p += BYTES) {
    uint8_t u[32];
    float d, m;
    cm_q32_range(x + i, 31, u, &d, &m);
    cm_q32_put_half(p, d);
    cm_q32_put_half(p + 2, m);
    cm_q32_put_high(p + 4, u);
    cm_q32_put_low(p + 8, u);
  }
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE void load2(const uint8_t *a, const uint8_t *b, __m256i *low, __m256i *high) {
  cm_nibbles2(a + 8, b + 8, low, high);
}
#elif defined(CM_ARM)
CM_NEON CM_INLINE void load1(const uint8_t *block, int8x16_t v[2]) {
  cm_nibbles1(block + 8, v);
  cm_fifths1(block + 4, v);
}
#endif

#include "quant/block32_variants.h"

const cm_quant cm_quant_q5_1 = {
    .id = CM_Q_Q5_1,
    .act = CM_ACT_Q8,
    .offset = OFFSET,
    .max_u = 31,
    .to_f32 = to_f32,
    .from_f32 = from_f32,
    CM_VARIANTS32,
};
