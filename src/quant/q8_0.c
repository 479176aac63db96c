/* Q8_0: 32 values in 34 bytes: d (binary16), q[32] (signed). w = d * q.
 *
 * quant.h's unsigned u is q + 128, that is q with its top bit flipped; min is 128, dm is d. The
 * integer sum of a dot product comes out the same either way, so each variant takes what suits it:
 * - scalar: u, as the specification says;
 * - AVX2: q with its sign moved to the activation, because maddubs wants one unsigned operand, and
 *   u up to 255 would saturate its 16-bit sums;
 * - AVX-512: u, since VNNI adds up in 32 bits;
 * - NEON: q, since its dot product is signed.
 * Unpacking gives u. Quantizing: d = peak / 127, codes round halves away from zero.
 */
#include <math.h>

#include "quant/block32_neon.h"
#include "quant/block32_x86.h"
#include "quant/types.h"

enum { BYTES = 34, OFFSET = 128, FLIP = 0x80 };

static void decode(const uint8_t *p, cm_block32 *b) {
  b->d = b->dm = cm_half_at(p);
  for (int j = 0; j < 32; j++) b->u[j] = p[2 + j] ^ FLIP;
}

static const cm_type32 type = {
    .bytes = BYTES, .offset = OFFSET, .symmetric = true, .flip = FLIP, .decode = decode};

/* Rounds to -127 .. 127; NaN gives 0. */
static int8_t to_code(float f) {
  if (!(fabsf(f) < 127.0f)) return (int8_t)(f > 0.0f ? 127 : f < 0.0f ? -127 : 0);
  return (int8_t)roundf(f);
}

static void from_f32(const float *x, void *blocks, size_t n) {
  uint8_t *p = blocks;
  for (size_t i = 0; i < n; i += 32, p += BYTES) {
    float peak = 0.0f;
    for (size_t j = 0; j < 32; j++) peak = fmaxf(peak, fabsf(x[i + j]));
    float d = peak / 127.0f;
    float id = d != 0.0f ? 1.0f / d : 0.0f;
    cm_q32_put_half(p, d);
    for (size_t j = 0; j < 32; j++) p[2 + j] = (uint8_t)to_code(x[i + j] * id);
  }
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE void load2(const uint8_t *a, const uint8_t *b, __m256i *low, __m256i *high) {
  *low = cm_pair16(a + 2, b + 2);
  *high = cm_pair16(a + 18, b + 18);
}
#elif defined(CM_ARM)
CM_NEON CM_INLINE void load1(const uint8_t *block, int8x16_t v[2]) {
  v[0] = vreinterpretq_s8_u8(vld1q_u8(block + 2));
  v[1] = vreinterpretq_s8_u8(vld1q_u8(block + 18));
}
#endif

#include "quant/block32_variants.h"

const cm_quant cm_quant_q8_0 = {
    .id = CM_Q_Q8_0,
    .act = CM_ACT_Q8,
    .offset = OFFSET,
    .max_u = 255,
    .symmetric = true,
    .to_f32 = to_f32,
    .from_f32 = from_f32,
    CM_VARIANTS32,
};
