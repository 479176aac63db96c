/* Q4_0: 32 values in 18 bytes: d (binary16), qs[16]; byte j holds u[j] in its low and u[j + 16] in
 * its high half. w = d * (u - 8).
 *
 * The halves get apart by a mask and a shift, and 8 times the sum of x is subtracted in integers:
 * - AVX2: qs of two rows fill a register; products of 15 * 127 leave room to add eight of them in
 *   16 bits before the first widening;
 * - AVX-512: the same with VNNI's dot product;
 * - NEON: one row a register, then the dot product of signed bytes.
 * Quantizing: the value of largest magnitude becomes -8, so d has the opposite sign of it.
 */
#include "quant/block32_neon.h"
#include "quant/block32_x86.h"
#include "quant/types.h"

enum { BYTES = 18, OFFSET = 8 };

static void decode(const uint8_t *p, cm_block32 *b) {
  b->d = b->dm = cm_half_at(p);
  cm_low_nibbles(p + 2, b->u);
}

static const cm_type32 type = {
    .bytes = BYTES, .offset = OFFSET, .symmetric = true, .decode = decode};

static void from_f32(const float *x, void *blocks, size_t n) {
  uint8_t *p = blocks;
  for (size_t i = 0; i < n; i += 32, p += BYTES) {
    uint8_t u[32];
    cm_q32_put_half(p, cm_q32_symmetric(x + i, OFFSET, u));
    cm_q32_put_low(p + 2, u);
  }
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE void load2(const uint8_t *a, const uint8_t *b, __m256i *low, __m256i *high) {
  cm_nibbles2(a + 2, b + 2, low, high);
}
#elif defined(CM_ARM)
CM_NEON CM_INLINE void load1(const uint8_t *block, int8x16_t v[2]) { cm_nibbles1(block + 2, v); }
#endif

#include "quant/block32_variants.h"

const cm_quant cm_quant_q4_0 = {
    .id = CM_Q_Q4_0,
    .act = CM_ACT_Q8,
    .offset = OFFSET,
    .max_u = 15,
    .symmetric = true,
    .to_f32 = to_f32,
    .from_f32 = from_f32,
    CM_VARIANTS32,
};
