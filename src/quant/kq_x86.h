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
typedef void cm_kq_load256_fn(const void *block, __m256i u[8]); /* 32 values a vector */
typedef void cm_kq_load512_fn(const void *block, __m512i u[4]); /* 64 */

/* Sum of scale * u * x over a block, in eight pieces. */
typedef __m256i cm_kq_sum_fn(const void *block, __m256i scale, const int8_t *x);

typedef struct cm_kq_x86 {
  size_t bytes;    /* of a block */
  size_t halves;   /* where four bytes lie that hold d and dm; symmetric: something and d */
  int offset_bits; /* symmetric: log2 of the offset; else 0 */
  cm_kq_scales_fn *scales;
} cm_kq_x86;

/* --- for the loaders --- */

CM_AVX2 CM_INLINE __m256i cm_kq_bytes256(const void *p) { return _mm256_loadu_si256(p); }

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

/* What cm_kq_get_6bit does. `block` begins with d, dm and the 12 bytes. */
CM_AVX2 CM_INLINE void cm_kq_scales_6bit(const void *block, cm_kq_scales *out) {
  /* As bytes: scales 0..3, scales 4..7, mins 0..3, mins 4..7. */
  const __m128i low = _mm_setr_epi8(4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i high = _mm_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11);
  const __m128i low_bits = _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f);
  __m128i v = _mm_loadu_si128(block);
  __m128i a = _mm_srlv_epi32(_mm_shuffle_epi8(v, low), _mm_setr_epi32(0, 0, 0, 4));
  __m128i b = _mm_srli_epi16(_mm_shuffle_epi8(v, high), 2);
  a = _mm_or_si128(_mm_and_si128(a, low_bits), _mm_and_si128(b, _mm_set1_epi8(0x30)));
  __m256i both = _mm256_cvtepu8_epi16(a);
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
 * float steps; and the lines needed next are asked for in time, across the ends of pages too. */
enum { CM_KQ_TILE = 64, CM_KQ_AHEAD = 2048 };

CM_AVX2 CM_INLINE void cm_kq_prefetch(const uint8_t *p, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64)
    _mm_prefetch((const char *)((uintptr_t)p + CM_KQ_AHEAD + i), _MM_HINT_T0);
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

CM_AVX2 CM_INLINE void cm_kq_dot_x86(const cm_kq_x86 *t, cm_kq_sum_fn *sum, const void *w,
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
      acc = cm_kq_tile(t, sum, row, act + b, count, acc);
      for (int i = 0; i < 8; i++) row[i] += count * t->bytes;
    }
    cm_kq_store_rows(out + r, rows - r, acc);
  }
}

/* --- unpacking: twice 8 rows, spread out and then transposed in squares of 8 x 8 dwords --- */

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

/* u of the 8 rows from `first_row` on. */
CM_AVX2 CM_INLINE void cm_kq_panel_u(cm_kq_load256_fn *load, const uint8_t *const row[8],
                                     int first_row, cm_panel256 *p) {
  __m256i u[8][8];
  for (int i = 0; i < 8; i++) load(row[i], u[i]);
  for (int s = 0; s < 8; s++) {
    __m256i column[8], out[8];
    CM_UNROLL
    for (int i = 0; i < 8; i++) column[i] = u[i][s];
    cm_kq_transpose(column, out);
    CM_UNROLL
    for (int g = 0; g < 8; g++) _mm256_storeu_si256((void *)p->q[8 * s + g][first_row], out[g]);
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
CM_AVX2 CM_INLINE void cm_kq_unpack_x86(const cm_kq *t, const cm_kq_x86 *v, cm_kq_load256_fn *load,
                                        const void *w, size_t row_bytes, size_t rows, size_t first,
                                        size_t blocks, void *panels) {
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
    cm_kq_panel_u(load, row, 0, p);
    cm_kq_panel_u(load, row + 8, 8, p);
  }
}
#endif
#endif
