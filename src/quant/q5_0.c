/* Q5_0: 32 values in 22 bytes: d (binary16), qh (32 bits), qs[16]. u[j] is a half byte of qs as in
 * Q4_0 plus 16 times bit j of qh. w = d * (u - 16).
 *
 * The variants are Q4_0's plus the fifth bits:
 * - AVX2 and AVX-512: a shuffle repeats each byte of qh eight times, a mask picks one bit a place,
 *   its sign makes it 0 or 16; eight products of 31 * 127 still fit in 16 bits;
 * - NEON: the same with its bit test.
 * Quantizing: the value of largest magnitude becomes -16, so d has the opposite sign of it.
 */
#include "quant/block32_neon.h"
#include "quant/block32_x86.h"
#include "quant/types.h"

enum { BYTES = 22, OFFSET = 16 };

static void decode(const uint8_t *p, cm_block32 *b) {
  b->d = b->dm = cm_half_at(p);
  cm_low_nibbles(p + 6, b->u);
  cm_fifth_bits(cm_u32_at(p + 2), b->u);
}

static const cm_type32 type = {
    .bytes = BYTES, .offset = OFFSET, .symmetric = true, .fifths = 2, .decode = decode};

static void from_f32(const float *x, void *blocks, size_t n) {
  uint8_t *p = blocks;
  for (size_t i = 0; i < n; i += 32, p += BYTES) {
    uint8_t u[32];
    cm_q32_put_half(p, cm_q32_symmetric(x + i, OFFSET, u));
    cm_q32_put_high(p + 2, u);
    cm_q32_put_low(p + 6, u);
  }
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE void load2(const uint8_t *a, const uint8_t *b, __m256i *low, __m256i *high) {
  cm_nibbles2(a + 6, b + 6, low, high);
}
#elif defined(CM_ARM)
CM_NEON CM_INLINE void load1(const uint8_t *block, int8x16_t v[2]) {
  cm_nibbles1(block + 6, v);
  cm_fifths1(block + 2, v);
}
#endif

#include "quant/block32_variants.h"

const cm_quant cm_quant_q5_0 = {
    .id = CM_Q_Q5_0,
    .act = CM_ACT_Q8,
    .offset = OFFSET,
    .max_u = 31,
    .symmetric = true,
    .to_f32 = to_f32,
    .from_f32 = from_f32,
    CM_VARIANTS32,
};
