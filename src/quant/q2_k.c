/* Q2_K: 256 values in 84 bytes: scales[16], qs[64], d, dm (binary16). 16 sub-blocks of 16, each
 * with a 4-bit scale (low nibble) and min (high nibble).
 *
 * Each half of the block holds 128 values as four runs of 32: run r (0..3) is bits 2r and 2r + 1
 * of its 32 bytes of qs. */
#include "quant/kq_neon.h"
#include "quant/kq_x86.h"
#include "quant/types.h"

typedef struct q2_k {
  uint8_t scales[16], qs[64], d[2], dm[2];
} q2_k;

static void head(const void *block, cm_kq_block *out) {
  const q2_k *b = block;
  out->d = cm_kq_get_f16(b->d);
  out->dm = cm_kq_get_f16(b->dm);
  for (int s = 0; s < 16; s++) {
    out->scale[s] = b->scales[s] & 15;
    out->min[s] = b->scales[s] >> 4;
  }
}

static void spread_u(const void *restrict block, uint8_t *restrict u) {
  const q2_k *b = block;
  for (int run = 0; run < 8; run++) {
    const uint8_t *q = b->qs + run / 4 * 32;
    for (int i = 0; i < 32; i++) u[32 * run + i] = q[i] >> run % 4 * 2 & 3;
  }
}

static void pack(const cm_kq_block *in, void *block) {
  q2_k *b = block;
  *b = (q2_k){0};
  cm_kq_put_f16(in->d, b->d);
  cm_kq_put_f16(in->dm, b->dm);
  for (int s = 0; s < 16; s++) b->scales[s] = (uint8_t)(in->scale[s] | in->min[s] << 4);
  for (int k = 0; k < 256; k++)
    b->qs[k / 128 * 32 + k % 32] |= (uint8_t)(in->u[k] << k % 128 / 32 * 2);
}

static const cm_kq type = {.bytes = sizeof(q2_k),
                           .sub_blocks = 16,
                           .max_u = 3,
                           .max_scale = 15,
                           .first_step = -0.5f,
                           .tries = 15,
                           .absolute = true,
                           .head = head,
                           .spread_u = spread_u,
                           .pack = pack};

#if defined(CM_X86)
CM_AVX2 CM_INLINE void scales256(const void *block, cm_kq_scales *out) {
  const __m128i low = _mm_set1_epi8(15);
  __m128i v = _mm_loadu_si128((const void *)((const q2_k *)block)->scales);
  out->scale = cm_kq_by_parity8(_mm_and_si128(v, low));
  out->min = cm_kq_by_parity8(_mm_and_si128(_mm_srli_epi16(v, 4), low));
}

static const cm_kq_x86 x86 = {sizeof(q2_k), offsetof(q2_k, d), 0, scales256, 2, {16, 48}, false};

CM_AVX2 CM_INLINE void spread256(const __m256i *plane, __m256i u[8]) {
  CM_UNROLL
  for (int i = 0; i < 8; i++) u[i] = cm_kq_bits256(plane[i / 4], i % 4 * 2, 3);
}

CM_AVX512 CM_INLINE void load512(const void *block, __m512i u[4]) {
  const q2_k *b = block;
  CM_UNROLL
  for (int i = 0; i < 4; i++)
    u[i] = cm_kq_bits512(cm_kq_bytes256(b->qs + i / 2 * 32), i % 2 * 4, i % 2 * 4 + 2, 3);
}

#elif defined(CM_ARM)
CM_NEON CM_INLINE void load_neon(const void *block, uint8x16_t u[16]) {
  const q2_k *b = block;
  CM_UNROLL
  for (int i = 0; i < 16; i++)
    u[i] = cm_kq_bits(vld1q_u8(b->qs + i / 8 * 32 + i % 2 * 16), i % 8 / 2 * 2, 3);
}
#endif

#include "quant/kq_variants.h"

const cm_quant cm_quant_q2_k = {
    .id = CM_Q_Q2_K,
    .act = CM_ACT_Q8K,
    .sub_blocks = 16,
    .max_u = 3,
    CM_KQ_FUNCTIONS,
};
