/* Q6_K: 256 values in 210 bytes: ql[128], qh[64], scales[16] (signed), d (binary16). 16 sub-blocks
 * of 16; symmetric: w = d * scale * (u - 32).
 *
 * Each half of the block holds 128 values as four runs of 32. The low nibbles of runs 0 and 1 are
 * the low ones of its 64 bytes of ql, those of runs 2 and 3 the high ones; the upper two bits of
 * run r are bits 2r and 2r + 1 of its 32 bytes of qh. */
#include "quant/kq_neon.h"
#include "quant/kq_x86.h"
#include "quant/types.h"

typedef struct q6_k {
  uint8_t ql[128], qh[64];
  int8_t scales[16];
  uint8_t d[2];
} q6_k;

static void head(const void *block, cm_kq_block *out) {
  const q6_k *b = block;
  out->d = out->dm = cm_kq_get_f16(b->d);
  for (int s = 0; s < 16; s++) {
    out->scale[s] = b->scales[s];
    out->min[s] = (int16_t)(b->scales[s] * 32);
  }
}

static void spread_u(const void *restrict block, uint8_t *restrict u) {
  const q6_k *b = block;
  for (int run = 0; run < 8; run++) {
    const uint8_t *ql = b->ql + run / 4 * 64 + run % 2 * 32, *qh = b->qh + run / 4 * 32;
    for (int i = 0; i < 32; i++) {
      int low = ql[i] >> run % 4 / 2 * 4 & 15;
      u[32 * run + i] = (uint8_t)(low | (qh[i] >> run % 4 * 2 & 3) << 4);
    }
  }
}

static void pack(const cm_kq_block *in, void *block) {
  q6_k *b = block;
  *b = (q6_k){0};
  cm_kq_put_f16(in->d, b->d);
  for (int s = 0; s < 16; s++) b->scales[s] = (int8_t)in->scale[s];
  for (int k = 0; k < 256; k++) {
    int run = k % 128 / 32;
    b->ql[k / 128 * 64 + k % 64] |= (uint8_t)((in->u[k] & 15) << run / 2 * 4);
    b->qh[k / 128 * 32 + k % 32] |= (uint8_t)(in->u[k] >> 4 << 2 * run);
  }
}

static const cm_kq type = {.bytes = sizeof(q6_k),
                           .sub_blocks = 16,
                           .offset = 32,
                           .max_u = 63,
                           .max_scale = 127,
                           .head = head,
                           .spread_u = spread_u,
                           .pack = pack};

#if defined(CM_X86)
CM_AVX2 CM_INLINE void scales256(const void *block, cm_kq_scales *out) {
  out->scale = cm_kq_by_parity8(_mm_loadu_si128((const void *)((const q6_k *)block)->scales));
}

static const cm_kq_x86 x86 = {
    sizeof(q6_k), offsetof(q6_k, d) - 2, 5, scales256, 6, {0, 32, 64, 96, 128, 160}, false};

CM_AVX2 CM_INLINE void spread256(const __m256i *plane, __m256i u[8]) {
  CM_UNROLL
  for (int i = 0; i < 8; i++) {
    int half = i / 4, run = i % 4;
    __m256i ql = plane[2 * half + run % 2], qh = plane[4 + half];
    u[i] = _mm256_or_si256(cm_kq_bits256(ql, run / 2 * 4, 15), cm_kq_bits256(qh, 2 * run - 4, 48));
  }
}

CM_AVX512 CM_INLINE void load512(const void *block, __m512i u[4]) {
  const q6_k *b = block;
  const __m512i low = _mm512_set1_epi8(15);
  CM_UNROLL
  for (int half = 0; half < 2; half++) {
    __m512i ql = _mm512_loadu_si512(b->ql + 64 * half);
    __m256i qh = cm_kq_bytes256(b->qh + 32 * half);
    u[2 * half] = _mm512_or_si512(_mm512_and_si512(ql, low), cm_kq_bits512(qh, -4, -2, 48));
    ql = _mm512_and_si512(_mm512_srli_epi16(ql, 4), low);
    u[2 * half + 1] = _mm512_or_si512(ql, cm_kq_bits512(qh, 0, 2, 48));
  }
}

#elif defined(CM_ARM)
CM_NEON CM_INLINE void load_neon(const void *block, uint8x16_t u[16]) {
  const q6_k *b = block;
  CM_UNROLL
  for (int i = 0; i < 16; i++) {
    int half = i / 8, run = i % 8 / 2;
    uint8x16_t ql = vld1q_u8(b->ql + 64 * half + i % 4 * 16);
    uint8x16_t qh = vld1q_u8(b->qh + 32 * half + i % 2 * 16);
    u[i] = vorrq_u8(cm_kq_bits(ql, run / 2 * 4, 15), cm_kq_bits(qh, 2 * run - 4, 48));
  }
}
#endif

#include "quant/kq_variants.h"

const cm_quant cm_quant_q6_k = {
    .id = CM_Q_Q6_K,
    .act = CM_ACT_Q8K,
    .sub_blocks = 16,
    .max_u = 63,
    .symmetric = true,
    CM_KQ_FUNCTIONS,
};
