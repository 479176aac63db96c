/* Q4_K: 256 values in 144 bytes: d, dm (binary16), scales[12], qs[128]. 8 sub-blocks of 32 with
 * 6-bit scales and mins.
 *
 * qs[32g + i] holds value 64g + i in its low and value 64g + 32 + i in its high nibble, so that
 * 32 bytes give two vectors of 32 consecutive values by a mask and a shift. */
#include "quant/kq_neon.h"
#include "quant/kq_x86.h"
#include "quant/types.h"

typedef struct q4_k {
  uint8_t d[2], dm[2], scales[12], qs[128];
} q4_k;

static void head(const void *block, cm_kq_block *out) {
  const q4_k *b = block;
  out->d = cm_kq_get_f16(b->d);
  out->dm = cm_kq_get_f16(b->dm);
  cm_kq_get_6bit(b->scales, out->scale, out->min);
}

static void spread_u(const void *restrict block, uint8_t *restrict u) {
  const q4_k *b = block;
  for (int g = 0; g < 4; g++) {
    for (int i = 0; i < 32; i++) u[64 * g + i] = b->qs[32 * g + i] & 15;
    for (int i = 0; i < 32; i++) u[64 * g + 32 + i] = b->qs[32 * g + i] >> 4;
  }
}

static void pack(const cm_kq_block *in, void *block) {
  q4_k *b = block;
  cm_kq_put_f16(in->d, b->d);
  cm_kq_put_f16(in->dm, b->dm);
  cm_kq_put_6bit(in->scale, in->min, b->scales);
  for (int i = 0; i < 128; i++) {
    const uint8_t *from = in->u + i / 32 * 64 + i % 32;
    b->qs[i] = (uint8_t)(from[0] | from[32] << 4);
  }
}

static const cm_kq type = {.bytes = sizeof(q4_k),
                           .sub_blocks = 8,
                           .max_u = 15,
                           .max_scale = 63,
                           .first_step = -1.0f,
                           .tries = 20,
                           .head = head,
                           .spread_u = spread_u,
                           .pack = pack};

#if defined(CM_X86)
static const cm_kq_x86 x86 = {
    sizeof(q4_k), offsetof(q4_k, d), 0, cm_kq_scales_6bit, 4, {16, 48, 80, 112}, true};

CM_AVX2 CM_INLINE void spread256(const __m256i *plane, __m256i u[8]) {
  CM_UNROLL
  for (int s = 0; s < 8; s++) u[s] = cm_kq_bits256(plane[s / 2], s % 2 * 4, 15);
}

CM_AVX512 CM_INLINE void load512(const void *block, __m512i u[4]) {
  const q4_k *b = block;
  CM_UNROLL
  for (int g = 0; g < 4; g++) u[g] = cm_kq_bits512(cm_kq_bytes256(b->qs + 32 * g), 0, 4, 15);
}

#elif defined(CM_ARM)
CM_NEON CM_INLINE void load_neon(const void *block, uint8x16_t u[16]) {
  const q4_k *b = block;
  CM_UNROLL
  for (int i = 0; i < 16; i++)
    u[i] = cm_kq_bits(vld1q_u8(b->qs + i / 4 * 32 + i % 2 * 16), i % 4 / 2 * 4, 15);
}
#endif

#include "quant/kq_variants.h"

const cm_quant cm_quant_q4_k = {
    .id = CM_Q_Q4_K,
    .act = CM_ACT_Q8K,
    .sub_blocks = 8,
    .max_u = 15,
    CM_KQ_FUNCTIONS,
};
