/* Q3_K: 256 values in 110 bytes: hmask[32], qs[64], scales[12], d (binary16). 16 sub-blocks of 16
 * with 6-bit scales, stored + 32; symmetric: w = d * scale * (u - 4).
 *
 * Each half of the block holds 128 values as four runs of 32: run r has its lower bits in bits 2r
 * and 2r + 1 of the half's 32 bytes of qs, its third one in bit r (upper half: r + 4) of hmask.
 * Scale s: low nibbles of bytes 0..7, then the high ones; its upper bits are bits s / 4 * 2 and
 * the next of byte 8 + s % 4. */
#include "quant/kq_neon.h"
#include "quant/kq_x86.h"
#include "quant/types.h"

typedef struct q3_k {
  uint8_t hmask[32], qs[64], scales[12], d[2];
} q3_k;

static void head(const void *block, cm_kq_block *out) {
  const q3_k *b = block;
  out->d = out->dm = cm_kq_get_f16(b->d);
  for (int s = 0; s < 16; s++) {
    int low = b->scales[s % 8] >> s / 8 * 4 & 15, high = b->scales[8 + s % 4] >> s / 4 * 2 & 3;
    int scale = (low | high << 4) - 32;
    out->scale[s] = (int16_t)scale;
    out->min[s] = (int16_t)(scale * 4);
  }
}

static void spread_u(const void *restrict block, uint8_t *restrict u) {
  const q3_k *b = block;
  for (int run = 0; run < 8; run++) {
    const uint8_t *q = b->qs + run / 4 * 32;
    for (int i = 0; i < 32; i++) {
      int low = q[i] >> run % 4 * 2 & 3;
      u[32 * run + i] = (uint8_t)(low | (b->hmask[i] >> run & 1) << 2);
    }
  }
}

static void pack(const cm_kq_block *in, void *block) {
  q3_k *b = block;
  *b = (q3_k){0};
  cm_kq_put_f16(in->d, b->d);
  for (int s = 0; s < 16; s++) {
    int scale = in->scale[s] + 32;
    b->scales[s % 8] |= (uint8_t)((scale & 15) << s / 8 * 4);
    b->scales[8 + s % 4] |= (uint8_t)(scale >> 4 << s / 4 * 2);
  }
  for (int k = 0; k < 256; k++) {
    b->qs[k / 128 * 32 + k % 32] |= (uint8_t)((in->u[k] & 3) << k % 128 / 32 * 2);
    b->hmask[k % 32] |= (uint8_t)(in->u[k] >> 2 << k / 32);
  }
}

static const cm_kq type = {.bytes = sizeof(q3_k),
                           .sub_blocks = 16,
                           .offset = 4,
                           .max_u = 7,
                           .max_scale = 31,
                           .head = head,
                           .spread_u = spread_u,
                           .pack = pack};

#if defined(CM_X86)
CM_AVX2 CM_INLINE void scales256(const void *block, cm_kq_scales *out) {
  const q3_k *b = block;
  uint64_t nibbles;
  uint32_t upper;
  memcpy(&nibbles, b->scales, sizeof nibbles);
  memcpy(&upper, b->scales + 8, sizeof upper);
  __m128i low = _mm_set_epi64x((int64_t)(nibbles >> 4), (int64_t)nibbles);
  __m128i high = _mm_sllv_epi32(_mm_set1_epi32((int)upper), _mm_setr_epi32(4, 2, 0, 0));
  high = _mm_srlv_epi32(high, _mm_setr_epi32(0, 0, 0, 2));
  __m128i v =
      _mm_or_si128(_mm_and_si128(low, _mm_set1_epi8(15)), _mm_and_si128(high, _mm_set1_epi8(48)));
  out->scale = cm_kq_by_parity8(_mm_sub_epi8(v, _mm_set1_epi8(32)));
}

static const cm_kq_x86 x86 = {sizeof(q3_k), offsetof(q3_k, d) - 2, 2, scales256, 3, {0, 32, 64},
                              false};

CM_AVX2 CM_INLINE void spread256(const __m256i *plane, __m256i u[8]) {
  CM_UNROLL
  for (int i = 0; i < 8; i++) {
    __m256i low = cm_kq_bits256(plane[1 + i / 4], i % 4 * 2, 3);
    u[i] = _mm256_or_si256(low, cm_kq_bits256(plane[0], i - 2, 4));
  }
}

CM_AVX512 CM_INLINE void load512(const void *block, __m512i u[4]) {
  const q3_k *b = block;
  __m256i hmask = cm_kq_bytes256(b->hmask);
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    __m256i q = cm_kq_bytes256(b->qs + i / 2 * 32);
    __m512i low = cm_kq_bits512(q, i % 2 * 4, i % 2 * 4 + 2, 3);
    u[i] = _mm512_or_si512(low, cm_kq_bits512(hmask, 2 * i - 2, 2 * i - 1, 4));
  }
}

#elif defined(CM_ARM)
CM_NEON CM_INLINE void load_neon(const void *block, uint8x16_t u[16]) {
  const q3_k *b = block;
  CM_UNROLL
  for (int i = 0; i < 16; i++) {
    uint8x16_t q = vld1q_u8(b->qs + i / 8 * 32 + i % 2 * 16);
    uint8x16_t hmask = vld1q_u8(b->hmask + i % 2 * 16);
    u[i] = vorrq_u8(cm_kq_bits(q, i % 8 / 2 * 2, 3), cm_kq_bits(hmask, i / 2 - 2, 4));
  }
}
#endif

#include "quant/kq_variants.h"

const cm_quant cm_quant_q3_k = {
    .id = CM_Q_Q3_K,
    .act = CM_ACT_Q8K,
    .sub_blocks = 16,
    .max_u = 7,
    .symmetric = true,
    CM_KQ_FUNCTIONS,
};
