/* kq_x86: the AVX2 and AVX-512 variants of the K types, written once.
 *
 * A type's file says how its bits become u, always in the order of the values, and what its scales
 * are; the templates here do the rest and melt around that. The idea:
 *
 *   Of one row's block, u times x is summed in pairs (maddubs: at most 2 * 63 * 127, no
 *   saturation); madd_epi16 multiplies by the scale and sums pairs again: 8 int32, whose order is
 *   free. Eight rows later a tree of horizontal additions turns their sums into one vector whose
 *   lane r belongs to row r. So the float step, once per 256 values, is vertical: each lane goes
 *   through exactly the scalar operations.
 *
 * AVX-512 is the same with 64 values at a time: dpbusd sums four products (at most 32004, so that
 * the low half of each int32 holds it all), dpwssd multiplies by the scale in the low half and by
 * zero in the high one, and accumulates. */
#ifndef CM_QUANT_KQ_X86_H
#define CM_QUANT_KQ_X86_H
#include <string.h>

#include "quant/intrin.h"
#include "quant/kq.h"

#ifdef CM_X86

/* Scales of the 16 groups of 16 values as int16: even groups in the low lane, odd ones in the
 * high lane (types with sub-blocks of 32 have the same in both). Mins likewise; symmetric types
 * don't set them. */
typedef struct cm_kq_scales {
  __m256i scale, min;
} cm_kq_scales;

typedef void cm_kq_scales_fn(const void *block, cm_kq_scales *out);
typedef void cm_kq_spread256_fn(const __m256i *plane, __m256i u[8]); /* 32 values a vector */
typedef void cm_kq_load512_fn(const void *block, __m512i u[4]);      /* 64 */

/* Sum of scale * u * x over a block, in eight pieces. */
typedef __m256i cm_kq_sum_fn(const void *block, __m256i scale, const int8_t *x);

enum { CM_KQ_PLANES = 6 };

typedef struct cm_kq_x86 {
  size_t bytes;    /* of a block */
  size_t halves;   /* where four bytes lie that hold d and dm; symmetric: something and d */
  int offset_bits; /* symmetric: log2 of the offset; else 0 */
  cm_kq_scales_fn *scales;
  /* The bits of u lie in planes of 32 bytes: byte i of a plane holds bits of the values 32s + i.
   * So a type spreads planes bit by bit, whatever the order of the bytes. */
  int planes;
  size_t plane[CM_KQ_PLANES];
  bool pairs; /* with the head that cm_kq_heads_6bit reads: two blocks at a time */
} cm_kq_x86;

/* --- for the loaders --- */

CM_AVX2 CM_INLINE __m256i cm_kq_bytes256(const void *p) { return _mm256_loadu_si256(p); }

CM_AVX2 CM_INLINE __m256i cm_kq_plane(const cm_kq_x86 *t, const void *block, int i) {
  return cm_kq_bytes256((const uint8_t *)block + t->plane[i]);
}

/* Bytes with the bits `keep` of v after moving all bits right (n < 0: left). What crosses from one
 * byte to the next must not be kept. */
CM_AVX2 CM_INLINE __m256i cm_kq_bits256(__m256i v, int n, int keep) {
  v = n < 0 ? _mm256_slli_epi16(v, -n) : _mm256_srli_epi16(v, n);
  return _mm256_and_si256(v, _mm256_set1_epi8((char)keep));
}

CM_AVX512 CM_INLINE __m512i cm_kq_pair512(__m256i low, __m256i high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* v twice, the bits moved right by n (< 0: left) in the first and by m in the second copy; bytes
 * keep the bits `keep`. */
CM_AVX512 CM_INLINE __m512i cm_kq_bits512(__m256i v, int n, int m, int keep) {
  __m512i by = cm_kq_pair512(_mm256_set1_epi32(n & 31), _mm256_set1_epi32(m & 31));
  __m512i turned = _mm512_rorv_epi32(_mm512_broadcast_i64x4(v), by);
  return _mm512_and_si512(turned, _mm512_set1_epi8((char)keep));
}

/* 16 bytes that are the signed scales of a block. */
CM_AVX2 CM_INLINE __m256i cm_kq_by_parity8(__m128i v) {
  const __m128i even_odd = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
  return _mm256_cvtepi8_epi16(_mm_shuffle_epi8(v, even_odd));
}

/* 16 consecutive int16 in the order of cm_kq_scales. */
CM_AVX2 CM_INLINE __m256i cm_kq_by_parity(__m256i v) {
  const __m256i even_odd = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
                                            0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(v, even_odd), 0xd8);
}

/* What cm_kq_get_6bit does, in each half: from d, dm and the 12 bytes to bytes, scales 0..7 and
 * mins 0..7. */
CM_AVX2 CM_INLINE __m256i cm_kq_unpack_6bit(__m256i v) {
  const __m256i low = _mm256_setr_epi8(4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, 4,
                                       5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m256i high = _mm256_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11,
                                        -1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11);
  const __m256i low_bits = _mm256_set1_epi64x(0x0f0f0f0f3f3f3f3f);
  const __m256i down = _mm256_setr_epi32(0, 0, 0, 4, 0, 0, 0, 4);
  __m256i a = _mm256_srlv_epi32(_mm256_shuffle_epi8(v, low), down);
  __m256i b = _mm256_srli_epi16(_mm256_shuffle_epi8(v, high), 2);
  return _mm256_or_si256(_mm256_and_si256(a, low_bits),
                         _mm256_and_si256(b, _mm256_set1_epi8(0x30)));
}

CM_AVX2 CM_INLINE void cm_kq_scales_6bit(const void *block, cm_kq_scales *out) {
  __m256i v = cm_kq_unpack_6bit(_mm256_castsi128_si256(_mm_loadu_si128(block)));
  __m256i both = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(v));
  out->scale = _mm256_permute4x64_epi64(both, 0x44);
  out->min = _mm256_permute4x64_epi64(both, 0xee);
}

/* --- dot product --- */

CM_AVX2 CM_INLINE __m256i cm_kq_weigh256(const __m256i u[8], __m256i scale, const int8_t *x) {
  __m256i sum = _mm256_setzero_si256();
  CM_UNROLL
  for (int i = 0; i < 8; i++) {
    __m256i s = _mm256_shuffle_epi8(scale, _mm256_set1_epi16((short)(0x0100 + 0x0202 * i)));
    __m256i pairs = _mm256_maddubs_epi16(u[i], _mm256_loadu_si256((const void *)(x + 32 * i)));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, s));
  }
  return sum;
}

CM_AVX512 CM_INLINE __m256i cm_kq_weigh512(const __m512i u[4], __m256i scale, const int8_t *x) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i both = _mm512_broadcast_i64x4(scale);
  __m512i sum = zero;
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    /* Each scale to four dwords: its low half, and zero in the high half. */
    const __m256i first = _mm256_set1_epi32((int)(0x80800100u + 0x0404u * (unsigned)i));
    const __m512i pick = cm_kq_pair512(first, _mm256_add_epi32(first, _mm256_set1_epi32(0x0202)));
    __m512i fours = _mm512_dpbusd_epi32(zero, u[i], _mm512_loadu_si512(x + 64 * i));
    sum = _mm512_dpwssd_epi32(sum, fours, _mm512_shuffle_epi8(both, pick));
  }
  return _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
}

/* I of one row's block, still in pieces, to four lanes whose sum is I - M (symmetric types), or
 * two for I and two for M. */
CM_AVX2 CM_INLINE __m128i cm_kq_fold(const cm_kq_x86 *t, __m256i sum, const cm_kq_scales *s,
                                     __m256i x_sums) {
  if (t->offset_bits) {
    __m256i min = _mm256_slli_epi32(_mm256_madd_epi16(s->scale, x_sums), t->offset_bits);
    sum = _mm256_sub_epi32(sum, min);
  } else {
    sum = _mm256_hadd_epi32(sum, _mm256_madd_epi16(s->min, x_sums));
  }
  return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

/* The folded sums of 8 rows' blocks: v[i] is row i in the low lane, row i + 4 in the high one. */
typedef struct cm_kq_sums {
  __m128i v[4][2];
} cm_kq_sums;

/* Lane r of *sum becomes I (or I - M) of row r, of *min M. */
CM_AVX2 CM_INLINE void cm_kq_sum_rows(const cm_kq_x86 *t, const cm_kq_sums *s, __m256 *sum,
                                      __m256 *min) {
  __m256i v[4];
  CM_UNROLL
  for (int i = 0; i < 4; i++) v[i] = _mm256_loadu_si256((const void *)s->v[i]);
  __m256i a = _mm256_hadd_epi32(v[0], v[1]), b = _mm256_hadd_epi32(v[2], v[3]);
  if (t->offset_bits) {
    *sum = _mm256_cvtepi32_ps(_mm256_hadd_epi32(a, b));
    return;
  }
  __m256 fa = _mm256_cvtepi32_ps(a), fb = _mm256_cvtepi32_ps(b);
  *sum = _mm256_shuffle_ps(fa, fb, 0x88);
  *min = _mm256_shuffle_ps(fa, fb, 0xdd);
}

/* The binary16 numbers in the low halves. */
CM_AVX2 CM_INLINE __m256 cm_kq_low_f32(__m256i v) {
  __m256i low = _mm256_and_si256(v, _mm256_set1_epi32(0xffff));
  __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0xd8);
  return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}

CM_AVX2 CM_INLINE __m256 cm_kq_high_f32(__m256i v) {
  return cm_kq_low_f32(_mm256_srli_epi32(v, 16));
}

/* The float step of 8 rows, whose blocks are at row[i] + at. */
CM_AVX2 CM_INLINE __m256 cm_kq_step(const cm_kq_x86 *t, const uint8_t *const row[8], size_t at,
                                    const cm_kq_sums *s, float x_d, __m256 acc) {
  int32_t v[8]; /* d and dm */
  CM_UNROLL
  for (int i = 0; i < 8; i++) memcpy(&v[i], row[i] + at + t->halves, sizeof *v);
  __m256i halves = _mm256_setr_epi32(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
  __m256 sum, min, dx = _mm256_set1_ps(x_d);
  cm_kq_sum_rows(t, s, &sum, &min);
  if (t->offset_bits)
    return _mm256_add_ps(acc, _mm256_mul_ps(_mm256_mul_ps(cm_kq_high_f32(halves), dx), sum));
  __m256 d = _mm256_mul_ps(cm_kq_low_f32(halves), dx);
  __m256 dm = _mm256_mul_ps(cm_kq_high_f32(halves), dx);
  return _mm256_add_ps(acc, _mm256_sub_ps(_mm256_mul_ps(d, sum), _mm256_mul_ps(dm, min)));
}

CM_AVX2 CM_INLINE void cm_kq_store_rows(float *out, size_t left, __m256 acc) {
  if (left >= 8) {
    _mm256_storeu_ps(out, acc);
    return;
  }
  float last[8];
  _mm256_storeu_ps(last, acc);
  memcpy(out, last, left * sizeof *out);
}

/* Memory gives nearly its full speed only to one long sequential stream: so the rows are read one
 * after the other, a tile (in practice a whole row) at a time, with the sums put aside for the
 * float steps; and the lines needed next are asked for in time, across the ends of pages too. The
 * first cache has few places for lines on their way: so from memory they come to the second. */
enum { CM_KQ_TILE = 64, CM_KQ_AHEAD = 1024, CM_KQ_FAR_AHEAD = 8192 };

/* Of the bytes from p on; few enough to be written out. */
CM_AVX2 CM_INLINE void cm_kq_prefetch(const uint8_t *p, size_t bytes) {
  CM_UNROLL
  for (size_t i = 0; i < bytes; i += 64) {
    _mm_prefetch((const char *)((uintptr_t)p + CM_KQ_FAR_AHEAD + i), _MM_HINT_T1);
    _mm_prefetch((const char *)((uintptr_t)p + CM_KQ_AHEAD + i), _MM_HINT_T0);
  }
}

/* Rows left over below eight are made up by repeating the last one. */
CM_AVX2 CM_INLINE void cm_kq_rows8(const void *w, size_t row_bytes, size_t left,
                                   const uint8_t *row[8]) {
  for (size_t i = 0; i < 8; i++)
    row[i] = (const uint8_t *)w + (i < left ? i : left - 1) * row_bytes;
}

/* Adds `blocks` <= CM_KQ_TILE blocks of 8 rows to acc. */
CM_AVX2 CM_INLINE __m256 cm_kq_tile(const cm_kq_x86 *t, cm_kq_sum_fn *sum,
                                    const uint8_t *const row[8], const cm_q8k *x, size_t blocks,
                                    __m256 acc) {
  cm_kq_sums sums[CM_KQ_TILE];
  __m256i x_sums[CM_KQ_TILE];
  for (size_t b = 0; b < blocks; b++)
    x_sums[b] = cm_kq_by_parity(_mm256_loadu_si256((const void *)x[b].sums));
  for (int i = 0; i < 8; i++) {
    const uint8_t *block = row[i];
    for (size_t b = 0; b < blocks; b++, block += t->bytes) {
      cm_kq_scales s;
      cm_kq_prefetch(block, t->bytes);
      t->scales(block, &s);
      sums[b].v[i % 4][i / 4] = cm_kq_fold(t, sum(block, s.scale, x[b].q), &s, x_sums[b]);
    }
  }
  for (size_t b = 0; b < blocks; b++)
    acc = cm_kq_step(t, row, b * t->bytes, &sums[b], x[b].d, acc);
  return acc;
}

/* --- dot product of types with eight sub-blocks, AVX2 ---
 *
 * Two blocks of a row at a time share the work on their heads, a block to each half. Half of the
 * scales go through memory: broadcasting one from there takes one of the two places to load, and
 * none of those to shuffle; so both kinds are busy alike. */

/* A value that is to be read from memory again, not from what registers still know. */
#if defined(CM_SIMDE)
#define CM_KQ_IN_MEMORY(v) ((void)0)
#else
#define CM_KQ_IN_MEMORY(v) __asm__("" : "+m"(v))
#endif

/* Scales of block k, each twice as int16: 0..3 are first[k], 4..7 both halves of last[k]. */
typedef struct cm_kq_heads {
  int32_t first[2][4];
  __m256i last[2];
} cm_kq_heads;

/* Of 8 rows: I of the two blocks, in two pieces each, laid as in cm_kq_sums; M, a block to each
 * half; d and dm. */
typedef struct cm_kq_pair {
  __m128i sum[4][2];
  __m256i min[8];
  uint32_t halves[2][8];
} cm_kq_pair;

/* Returns the mins as int16. */
CM_AVX2 CM_INLINE __m256i cm_kq_heads_6bit(const uint8_t *first, const uint8_t *second,
                                           cm_kq_heads *out) {
  const __m256i twice = _mm256_setr_epi8(0, -1, 0, -1, 1, -1, 1, -1, 2, -1, 2, -1, 3, -1, 3, -1, 0,
                                         -1, 0, -1, 1, -1, 1, -1, 2, -1, 2, -1, 3, -1, 3, -1);
  __m256i v = _mm256_castsi128_si256(_mm_loadu_si128((const void *)first));
  v = cm_kq_unpack_6bit(_mm256_inserti128_si256(v, _mm_loadu_si128((const void *)second), 1));
  _mm256_storeu_si256((void *)out->first, _mm256_shuffle_epi8(v, twice));
  CM_KQ_IN_MEMORY(out->first);
  const __m256i last = _mm256_shuffle_epi8(_mm256_srli_epi64(v, 32), twice);
  out->last[0] = _mm256_permute4x64_epi64(last, 0x44);
  out->last[1] = _mm256_permute4x64_epi64(last, 0xee);
  return _mm256_unpackhi_epi8(v, _mm256_setzero_si256());
}

/* Sum of scale * u * x of block k, in eight pieces. */
CM_AVX2 CM_INLINE __m256i cm_kq_weigh_pair(const cm_kq_x86 *t, cm_kq_spread256_fn *spread,
                                           const uint8_t *block, const cm_kq_heads *heads, int k,
                                           const int8_t *x) {
  const __m256i scale[8] = {
      _mm256_set1_epi32(heads->first[k][0]),      _mm256_set1_epi32(heads->first[k][1]),
      _mm256_set1_epi32(heads->first[k][2]),      _mm256_set1_epi32(heads->first[k][3]),
      _mm256_shuffle_epi32(heads->last[k], 0x00), _mm256_shuffle_epi32(heads->last[k], 0x55),
      _mm256_shuffle_epi32(heads->last[k], 0xaa), _mm256_shuffle_epi32(heads->last[k], 0xff)};
  __m256i plane[CM_KQ_PLANES], u[8], sum = _mm256_setzero_si256();
  CM_UNROLL
  for (int i = 0; i < t->planes; i++) plane[i] = cm_kq_plane(t, block, i);
  spread(plane, u);
  CM_UNROLL
  for (int i = 0; i < 8; i++) {
    __m256i pairs = _mm256_maddubs_epi16(u[i], _mm256_loadu_si256((const void *)(x + 32 * i)));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, scale[i]));
    CM_IN_ORDER(sum);
  }
  return sum;
}

/* The sums of 32 values of two blocks as int16. */
CM_AVX2 CM_INLINE __m256i cm_kq_sums32(const cm_q8k *first, const cm_q8k *second) {
  const __m256i one = _mm256_set1_epi16(1);
  __m256i a = _mm256_madd_epi16(_mm256_loadu_si256((const void *)first->sums), one);
  __m256i b = _mm256_madd_epi16(_mm256_loadu_si256((const void *)second->sums), one);
  return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
}

/* d and dm from 8 pairs of binary16. */
CM_AVX2 CM_INLINE void cm_kq_both_f32(const uint32_t halves[8], __m256 *d, __m256 *dm) {
  const __m256i parity = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0,
                                          1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  __m256i v = _mm256_shuffle_epi8(_mm256_loadu_si256((const void *)halves), parity);
  v = _mm256_permute4x64_epi64(v, 0xd8);
  *d = _mm256_cvtph_ps(_mm256_castsi256_si128(v));
  *dm = _mm256_cvtph_ps(_mm256_extracti128_si256(v, 1));
}

CM_AVX2 CM_INLINE __m256 cm_kq_step_affine(const uint32_t halves[8], __m256 sum, __m256i min,
                                           float x_d, __m256 acc) {
  __m256 d, dm, dx = _mm256_set1_ps(x_d);
  cm_kq_both_f32(halves, &d, &dm);
  sum = _mm256_mul_ps(_mm256_mul_ps(d, dx), sum);
  return _mm256_add_ps(
      acc, _mm256_sub_ps(sum, _mm256_mul_ps(_mm256_mul_ps(dm, dx), _mm256_cvtepi32_ps(min))));
}

/* The float steps of the `count` <= 2 blocks of 8 rows. */
CM_AVX2 CM_INLINE __m256 cm_kq_step_pair(const cm_kq_pair *s, const cm_q8k *x, size_t count,
                                         __m256 acc) {
  __m256i v[4], m[4];
  CM_UNROLL
  for (int i = 0; i < 4; i++) v[i] = _mm256_loadu_si256((const void *)s->sum[i]);
  __m256 a = _mm256_cvtepi32_ps(_mm256_hadd_epi32(v[0], v[1]));
  __m256 b = _mm256_cvtepi32_ps(_mm256_hadd_epi32(v[2], v[3]));
  CM_UNROLL
  for (int i = 0; i < 4; i++) m[i] = _mm256_hadd_epi32(s->min[2 * i], s->min[2 * i + 1]);
  m[0] = _mm256_hadd_epi32(m[0], m[1]);
  m[2] = _mm256_hadd_epi32(m[2], m[3]);
  __m256i first = _mm256_permute2x128_si256(m[0], m[2], 0x20);
  acc = cm_kq_step_affine(s->halves[0], _mm256_shuffle_ps(a, b, 0x88), first, x[0].d, acc);
  if (count < 2) return acc;
  __m256i second = _mm256_permute2x128_si256(m[0], m[2], 0x31);
  return cm_kq_step_affine(s->halves[1], _mm256_shuffle_ps(a, b, 0xdd), second, x[1].d, acc);
}

/* Row i's two blocks; when there is but one, it is both. */
CM_AVX2 CM_INLINE void cm_kq_row_pair(const cm_kq_x86 *t, cm_kq_spread256_fn *spread,
                                      const uint8_t *first, const cm_q8k *x, bool two,
                                      __m256i x_sums, int i, cm_kq_pair *out) {
  const uint8_t *second = two ? first + t->bytes : first;
  cm_kq_heads heads;
  cm_kq_prefetch(first, t->bytes + (two ? t->bytes : 0));
  out->min[i] = _mm256_madd_epi16(cm_kq_heads_6bit(first, second, &heads), x_sums);
  memcpy(&out->halves[0][i], first + t->halves, sizeof **out->halves);
  memcpy(&out->halves[1][i], second + t->halves, sizeof **out->halves);
  __m256i a = cm_kq_weigh_pair(t, spread, first, &heads, 0, x->q), b = a;
  if (two) b = cm_kq_weigh_pair(t, spread, second, &heads, 1, x[1].q);
  __m256i sum = _mm256_hadd_epi32(a, b);
  out->sum[i % 4][i / 4] =
      _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

/* As cm_kq_tile. */
CM_AVX2 CM_INLINE __m256 cm_kq_tile_pairs(const cm_kq_x86 *t, cm_kq_spread256_fn *spread,
                                          const uint8_t *const row[8], const cm_q8k *x,
                                          size_t blocks, __m256 acc) {
  cm_kq_pair pairs[CM_KQ_TILE / 2];
  __m256i x_sums[CM_KQ_TILE / 2];
  const size_t full = blocks / 2;
  for (size_t p = 0; p < full; p++) x_sums[p] = cm_kq_sums32(&x[2 * p], &x[2 * p + 1]);
  if (blocks % 2) x_sums[full] = cm_kq_sums32(&x[blocks - 1], &x[blocks - 1]);
  for (int i = 0; i < 8; i++) {
    const uint8_t *block = row[i];
    const cm_q8k *act = x;
    cm_kq_pair *p = pairs;
    const __m256i *sums = x_sums;
    for (; p < pairs + full; p++, sums++, act += 2, block += 2 * t->bytes)
      cm_kq_row_pair(t, spread, block, act, true, *sums, i, p);
    if (blocks % 2) cm_kq_row_pair(t, spread, block, act, false, *sums, i, p);
  }
  for (size_t p = 0; p < full; p++) acc = cm_kq_step_pair(&pairs[p], &x[2 * p], 2, acc);
  if (blocks % 2) acc = cm_kq_step_pair(&pairs[full], &x[blocks - 1], 1, acc);
  return acc;
}

/* --- both --- */

/* Adds `blocks` <= CM_KQ_TILE blocks of 8 rows to acc: one of the two above, for a type. */
typedef __m256 cm_kq_tile_fn(const uint8_t *const row[8], const cm_q8k *x, size_t blocks,
                             __m256 acc);

CM_AVX2 CM_INLINE void cm_kq_dot_x86(const cm_kq_x86 *t, cm_kq_tile_fn *tile, const void *w,
                                     size_t row_bytes, size_t rows, const void *x, size_t n,
                                     float *out) {
  const cm_q8k *act = x;
  size_t blocks = n / CM_KQ_VALUES;
  for (size_t r = 0; r < rows; r += 8) {
    const uint8_t *row[8];
    cm_kq_rows8((const uint8_t *)w + r * row_bytes, row_bytes, rows - r, row);
    __m256 acc = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b += CM_KQ_TILE) {
      size_t count = blocks - b < CM_KQ_TILE ? blocks - b : CM_KQ_TILE;
      acc = tile(row, act + b, count, acc);
      for (int i = 0; i < 8; i++) row[i] += count * t->bytes;
    }
    cm_kq_store_rows(out + r, rows - r, acc);
  }
}

/* --- unpacking: twice 8 rows, transposed in squares of 8 x 8 dwords and then spread out --- */

CM_AVX2 CM_INLINE void cm_kq_transpose(const __m256i v[8], __m256i out[8]) {
  __m256i a[8], b[8];
  CM_UNROLL
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
    a[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
  }
  CM_UNROLL
  for (int i = 0; i < 8; i += 4) {
    b[i] = _mm256_unpacklo_epi64(a[i], a[i + 2]);
    b[i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 2]);
    b[i + 2] = _mm256_unpacklo_epi64(a[i + 1], a[i + 3]);
    b[i + 3] = _mm256_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    out[i] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x20);
    out[i + 4] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x31);
  }
}

/* u of the 8 rows from `first_row` on. Planes are fewer than vectors of u. */
CM_AVX2 CM_INLINE void cm_kq_panel_u(const cm_kq_x86 *t, cm_kq_spread256_fn *spread,
                                     const uint8_t *const row[8], int first_row, cm_panel256 *p) {
  __m256i planes[8][CM_KQ_PLANES];
  CM_UNROLL
  for (int i = 0; i < t->planes; i++) {
    __m256i rows[8], out[8];
    CM_UNROLL
    for (int r = 0; r < 8; r++) rows[r] = cm_kq_plane(t, row[r], i);
    cm_kq_transpose(rows, out);
    CM_UNROLL
    for (int g = 0; g < 8; g++) planes[g][i] = out[g];
  }
  for (int g = 0; g < 8; g++) {
    __m256i u[8];
    spread(planes[g], u);
    CM_UNROLL
    for (int s = 0; s < 8; s++) _mm256_storeu_si256((void *)p->q[8 * s + g][first_row], u[s]);
  }
}

/* In each half, 8 x 8 int16: value j of vector i becomes value i of vector j. */
CM_AVX2 CM_INLINE void cm_kq_transpose16(__m256i v[8]) {
  __m256i a[8], b[8];
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    a[i] = _mm256_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
    a[i + 4] = _mm256_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
  }
  CM_UNROLL
  for (int i = 0; i < 8; i += 4) {
    b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    b[i + 2] = _mm256_unpacklo_epi32(a[i + 2], a[i + 3]);
    b[i + 3] = _mm256_unpackhi_epi32(a[i + 2], a[i + 3]);
  }
  CM_UNROLL
  for (int i = 0; i < 8; i += 4) {
    v[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
    v[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
    v[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
    v[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
  }
}

CM_AVX2 CM_INLINE void cm_kq_store_halves(int16_t *low, int16_t *high, __m256i v) {
  _mm_storeu_si128((void *)low, _mm256_castsi256_si128(v));
  _mm_storeu_si128((void *)high, _mm256_extracti128_si256(v, 1));
}

/* All but u of the 8 rows from `first_row` on. Sixteen sub-blocks fill both halves with scales,
 * and with mins; eight leave one half to each. */
CM_AVX2 CM_INLINE void cm_kq_panel_heads(const cm_kq *t, const cm_kq_x86 *v,
                                         const uint8_t *const row[8], int first_row,
                                         cm_panel256 *p) {
  const bool sixteen = t->sub_blocks == 16;
  __m256i a[8], b[8];
  int32_t d[8];
  CM_UNROLL
  for (int i = 0; i < 8; i++) {
    cm_kq_scales s;
    v->scales(row[i], &s);
    a[i] = sixteen ? s.scale : _mm256_blend_epi32(s.scale, s.min, 0xf0);
    b[i] = v->offset_bits ? _mm256_slli_epi16(s.scale, v->offset_bits) : s.min;
    memcpy(&d[i], row[i] + v->halves, sizeof *d);
  }
  const __m256i halves = _mm256_setr_epi32(d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
  const __m256 high = cm_kq_high_f32(halves);
  _mm256_storeu_ps(p->d + first_row, v->offset_bits ? high : cm_kq_low_f32(halves));
  _mm256_storeu_ps(p->dm + first_row, high);
  cm_kq_transpose16(a);
  if (sixteen) cm_kq_transpose16(b);
  CM_UNROLL
  for (int g = 0; g < 8; g++) {
    int16_t *scale = p->scale[sixteen ? 2 * g : g] + first_row;
    int16_t *min = p->min[sixteen ? 2 * g : g] + first_row;
    cm_kq_store_halves(scale, sixteen ? scale + CM_PANEL_ROWS : min, a[g]);
    if (sixteen) cm_kq_store_halves(min, min + CM_PANEL_ROWS, b[g]);
  }
}

/* A panel that isn't full is rare (the end of a matrix): its heads are put in one by one. */
CM_AVX2 CM_INLINE void cm_kq_unpack_x86(const cm_kq *t, const cm_kq_x86 *v,
                                        cm_kq_spread256_fn *spread, const void *w,
                                        size_t row_bytes, size_t rows, size_t first, size_t blocks,
                                        void *panels) {
  static const uint8_t none[256]; /* u of a block of zeros is zero in every type */
  cm_panel256 *p = panels;
  for (size_t i = 0; i < blocks; i++, p++) {
    const uint8_t *row[CM_PANEL_ROWS];
    if (rows < CM_PANEL_ROWS) memset(p, 0, sizeof *p);
    for (size_t r = 0; r < CM_PANEL_ROWS; r++) {
      row[r] = r < rows ? (const uint8_t *)w + r * row_bytes + (first + i) * t->bytes : none;
      cm_kq_block head;
      if (r >= rows || rows == CM_PANEL_ROWS) continue;
      t->head(row[r], &head);
      cm_kq_panel_head(&head, t->sub_blocks, r, p);
    }
    if (rows == CM_PANEL_ROWS) {
      cm_kq_panel_heads(t, v, row, 0, p);
      cm_kq_panel_heads(t, v, row + 8, 8, p);
    }
    cm_kq_panel_u(v, spread, row, 0, p);
    cm_kq_panel_u(v, spread, row + 8, 8, p);
  }
}
#endif
#endif
