/* Q5_K: 256 values in 176 bytes: d, dm (binary16), scales[12], qh[32], qs[128]. Q4_K with a fifth
 * bit: bit s of qh[i] belongs to value 32s + i. */
#include "quant/kq_neon.h"
#include "quant/kq_x86.h"
#include "quant/types.h"

typedef struct q5_k {
  uint8_t d[2], dm[2], scales[12], qh[32], qs[128];
} q5_k;

static void head(const void *block, cm_kq_block *out) {
  const q5_k *b = block;
  out->d = cm_kq_get_f16(b->d);
  out->dm = cm_kq_get_f16(b->dm);
  cm_kq_get_6bit(b->scales, out->scale, out->min);
}

static void spread_u(const void *restrict block, uint8_t *restrict u) {
  const q5_k *b = block;
  for (int s = 0; s < 8; s++) {
    for (int i = 0; i < 32; i++) {
      int low = b->qs[s / 2 * 32 + i] >> s % 2 * 4 & 15;
      u[32 * s + i] = (uint8_t)(low | (b->qh[i] >> s & 1) << 4);
    }
  }
}

static void pack(const cm_kq_block *in, void *block) {
  q5_k *b = block;
  *b = (q5_k){0};
  cm_kq_put_f16(in->d, b->d);
  cm_kq_put_f16(in->dm, b->dm);
  cm_kq_put_6bit(in->scale, in->min, b->scales);
  for (int k = 0; k < 256; k++) {
    int s = k / 32;
    b->qs[k / 64 * 32 + k % 32] |= (uint8_t)((in->u[k] & 15) << s % 2 * 4);
    b->qh[k % 32] |= (uint8_t)(in->u[k] >> 4 << s);
  }
}

static const cm_kq type = {.bytes = sizeof(q5_k),
                           .sub_blocks = 8,
                           .max_u = 31,
                           .max_scale = 63,
                           .first_step = -0.5f,
                           .tries = 15,
                           .head = head,
                           .spread_u = spread_u,
                           .pack = pack};

#if defined(CM_X86)
static const cm_kq_x86 x86 = {
    sizeof(q5_k), offsetof(q5_k, d), 0, cm_kq_scales_6bit, 5, {16, 48, 80, 112, 144}, true};

CM_AVX2 CM_INLINE void spread256(const __m256i *plane, __m256i u[8]) {
  CM_UNROLL
  for (int s = 0; s < 8; s++) {
    __m256i low = cm_kq_bits256(plane[1 + s / 2], s % 2 * 4, 15);
    u[s] = _mm256_or_si256(low, cm_kq_bits256(plane[0], s - 4, 16));
  }
}

CM_AVX512 CM_INLINE void load512(const void *block, __m512i u[4]) {
  const q5_k *b = block;
  __m256i qh = cm_kq_bytes256(b->qh);
  CM_UNROLL
  for (int g = 0; g < 4; g++) {
    __m512i low = cm_kq_bits512(cm_kq_bytes256(b->qs + 32 * g), 0, 4, 15);
    u[g] = _mm512_or_si512(low, cm_kq_bits512(qh, 2 * g - 4, 2 * g - 3, 16));
  }
}

#elif defined(CM_ARM)
CM_NEON CM_INLINE void load_neon(const void *block, uint8x16_t u[16]) {
  const q5_k *b = block;
  CM_UNROLL
  for (int i = 0; i < 16; i++) {
    uint8x16_t q = vld1q_u8(b->qs + i / 4 * 32 + i % 2 * 16), qh = vld1q_u8(b->qh + i % 2 * 16);
    u[i] = vorrq_u8(cm_kq_bits(q, i % 4 / 2 * 4, 15), cm_kq_bits(qh, i / 2 - 4, 16));
  }
}
#endif

#include "quant/kq_variants.h"

const cm_quant cm_quant_q5_k = {
    .id = CM_Q_Q5_K,
    .act = CM_ACT_Q8K,
    .sub_blocks = 8,
    .max_u = 31,
    CM_KQ_FUNCTIONS,
};
