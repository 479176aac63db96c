/* block32_x86: eight rows at a time, for the types with blocks of 32 values.
 *
 * A type's loader gives a pair of rows, one in each half of a register: first the values 0..15 of
 * both, then 16..31. Four pairs (0|4, 1|5, 2|6, 3|7) are multiplied by the same activations; the
 * partial sums then fold until each 32-bit lane holds one row's exact integer sum, rows in order.
 * The float part is one multiply-multiply-add for eight rows in the very order of the scalar code,
 * with no latency chain but one float addition a block.
 *
 * What counts is the number of vector operations, since some processors decode hardly faster than
 * memory delivers: a pair's products are made as soon as it is unpacked, so that nothing waits in
 * memory; sums fold by interleaving and adding (a horizontal addition does no more, and costs
 * more); a block's fifth bits and scales come from one load.
 *
 * AVX-512 machines run the same code with VNNI's dot product: decoding is bound by memory, not by
 * register width. Unpacking transposes the same pairs.
 */
#ifndef CM_QUANT_BLOCK32_X86_H
#define CM_QUANT_BLOCK32_X86_H
#include "quant/block32.h"

#ifdef CM_X86

/* a, b: the blocks of two rows. Fifth bits are left out. */
typedef void cm_load2_fn(const uint8_t *a, const uint8_t *b, __m256i *low, __m256i *high);
/* The sums of products of a pair of rows, in lanes of 16 or 32 bits, and four such sums to one
 * lane a row. */
typedef __m256i cm_sum2_fn(__m256i low, __m256i high, __m256i x_low, __m256i x_high);
typedef __m256i cm_fold_fn(const __m256i s[4]);

/* --- for the loaders --- */

CM_AVX2 CM_INLINE __m256i cm_pair16(const uint8_t *a, const uint8_t *b) {
  __m128i low = _mm_loadu_si128((const __m128i *)a), high = _mm_loadu_si128((const __m128i *)b);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

CM_AVX2 CM_INLINE void cm_nibbles2(const uint8_t *a, const uint8_t *b, __m256i *low,
                                   __m256i *high) {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i packed = cm_pair16(a, b);
  *low = _mm256_and_si256(packed, nibble);
  *high = _mm256_and_si256(_mm256_srli_epi16(packed, 4), nibble);
}

/* The fifth bits of sixteen values, from bytes k and k + 1 of a block: each byte is repeated eight
 * times, a mask keeps one bit a place, and the sign of what is left turns 16 on or off (bit 7 is
 * negative: so is its 16). */
CM_AVX2 CM_INLINE __m256i cm_fifths16(__m256i head, int k) {
  const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
  const __m256i value = _mm256_set1_epi64x((long long)0xf010101010101010u);
  __m128i repeat = _mm_unpacklo_epi64(_mm_set1_epi8((char)k), _mm_set1_epi8((char)(k + 1)));
  __m256i byte = _mm256_shuffle_epi8(head, _mm256_broadcastsi128_si256(repeat));
  return _mm256_sign_epi8(value, _mm256_and_si256(byte, bit));
}

/* --- integer sums --- */

/* Values 0..15 or 16..31 of the activations, for both rows of a pair. */
CM_AVX2 CM_INLINE __m256i cm_twice16(const int8_t *x) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)x));
}

/* Values up to 31: eight times 31 * 127 fits in 16 bits. */
CM_AVX2 CM_INLINE __m256i cm_sum2_small(__m256i low, __m256i high, __m256i x_low, __m256i x_high) {
  return _mm256_add_epi16(_mm256_maddubs_epi16(low, x_low), _mm256_maddubs_epi16(high, x_high));
}

CM_AVX2 CM_INLINE __m256i cm_fold_small(const __m256i s[4]) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i a = _mm256_unpacklo_epi32(s[0], s[1]), b = _mm256_unpackhi_epi32(s[0], s[1]);
  __m256i c = _mm256_unpacklo_epi32(s[2], s[3]), d = _mm256_unpackhi_epi32(s[2], s[3]);
  a = _mm256_madd_epi16(_mm256_add_epi16(a, b), ones);
  c = _mm256_madd_epi16(_mm256_add_epi16(c, d), ones);
  return _mm256_add_epi32(_mm256_unpacklo_epi64(a, c), _mm256_unpackhi_epi64(a, c));
}

/* Products of signed values, four added up a lane. The sign moves to the activation (never -128),
 * so that |-128| = 128 is fine as an unsigned factor and 2 * 128 * 127 fits in 16 bits. */
CM_AVX2 CM_INLINE __m256i cm_products_signed(__m256i v, __m256i x) {
  __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(v), _mm256_sign_epi8(x, v));
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

CM_AVX2 CM_INLINE __m256i cm_sum2_signed(__m256i low, __m256i high, __m256i x_low,
                                         __m256i x_high) {
  return _mm256_add_epi32(cm_products_signed(low, x_low), cm_products_signed(high, x_high));
}

CM_AVX512 CM_INLINE __m256i cm_sum2_vnni(__m256i low, __m256i high, __m256i x_low,
                                         __m256i x_high) {
  __m256i s = _mm256_dpbusd_epi32(_mm256_setzero_si256(), low, x_low);
  return _mm256_dpbusd_epi32(s, high, x_high);
}

CM_AVX2 CM_INLINE __m256i cm_fold(const __m256i s[4]) {
  __m256i a = _mm256_unpacklo_epi32(s[0], s[1]), b = _mm256_unpackhi_epi32(s[0], s[1]);
  __m256i c = _mm256_unpacklo_epi32(s[2], s[3]), d = _mm256_unpackhi_epi32(s[2], s[3]);
  a = _mm256_add_epi32(a, b), c = _mm256_add_epi32(c, d);
  return _mm256_add_epi32(_mm256_unpacklo_epi64(a, c), _mm256_unpackhi_epi64(a, c));
}

/* --- scales --- */

/* d and dm of eight rows: one or two binary16 at the beginning of each block. Where the beginnings
 * have been loaded for their fifth bits, they are in `head`. */
CM_AVX2 CM_INLINE void cm_scales8(const cm_type32 *t, const uint8_t *const *row, size_t at,
                                  const __m256i head[4], __m256 *d, __m256 *dm) {
  __m128i low, high; /* four d and four m each */
  if (t->fifths) {
    __m256i a = _mm256_unpacklo_epi16(head[0], head[1]);
    __m256i b = _mm256_unpacklo_epi16(head[2], head[3]);
    __m256i all = _mm256_unpacklo_epi32(a, b);
    low = _mm256_castsi256_si128(all), high = _mm256_extracti128_si256(all, 1);
  } else {
    __m128i v[8];
    CM_UNROLL
    for (int i = 0; i < 8; i++) v[i] = _mm_cvtsi32_si128((int)cm_u32_at(row[i] + at));
    low = _mm_unpacklo_epi32(_mm_unpacklo_epi16(v[0], v[1]), _mm_unpacklo_epi16(v[2], v[3]));
    high = _mm_unpacklo_epi32(_mm_unpacklo_epi16(v[4], v[5]), _mm_unpacklo_epi16(v[6], v[7]));
  }
  *d = *dm = _mm256_cvtph_ps(_mm_unpacklo_epi64(low, high));
  if (t->symmetric) return;
  __m256 m = _mm256_cvtph_ps(_mm_unpackhi_epi64(low, high));
  *dm = _mm256_xor_ps(m, _mm256_set1_ps(-0.0f));
}

/* --- dot_rows --- */

/* acc + one block: d, dm and the integer sums of eight rows; `offset` is 0 where the sums need no
 * correction. */
CM_AVX2 CM_INLINE __m256 cm_add_block8(const cm_type32 *t, int offset, __m256 d, __m256 dm,
                                       __m256i sum, const cm_q8 *x, __m256 acc) {
  __m256 dx = _mm256_set1_ps(x->d);
  __m256i m = _mm256_set1_epi32(offset * cm_q8_sum(x));
  if (t->symmetric) {
    if (offset) sum = _mm256_sub_epi32(sum, m);
    return _mm256_add_ps(acc, _mm256_mul_ps(_mm256_mul_ps(d, dx), _mm256_cvtepi32_ps(sum)));
  }
  __m256 p = _mm256_mul_ps(_mm256_mul_ps(d, dx), _mm256_cvtepi32_ps(sum));
  __m256 q = _mm256_mul_ps(_mm256_mul_ps(dm, dx), _mm256_cvtepi32_ps(m));
  return _mm256_add_ps(acc, _mm256_sub_ps(p, q));
}

/* Rows left over below eight are made up by repeating the last one. */
CM_AVX2 CM_INLINE void cm_rows8(const uint8_t *w, size_t row_bytes, size_t rows,
                                const uint8_t *row[8]) {
  CM_UNROLL
  for (size_t i = 0; i < 8; i++) row[i] = w + (i < rows ? i : rows - 1) * row_bytes;
}

CM_AVX2 CM_INLINE void cm_store8(float *out, size_t rows, __m256 v) {
  if (rows >= 8) {
    _mm256_storeu_ps(out, v);
    return;
  }
  float all[8];
  _mm256_storeu_ps(all, v);
  memcpy(out, all, rows * sizeof *out);
}

/* Short rows end before the hardware has understood that they are streams; so while one group of
 * eight rows is read, the next one is fetched in memory order, at the same speed. With long rows
 * (whose groups don't fit in L1) the hardware does better alone. Fetching past the matrix does no
 * harm. */
enum { CM_SHORT_ROW = 4096 };

CM_AVX2 CM_INLINE void cm_fetch_ahead(const cm_type32 *t, const uint8_t *next_group, size_t b) {
  CM_UNROLL
  for (size_t i = 0; i < 8 * t->bytes; i += 64) {
    _mm_prefetch((const char *)next_group + 8 * b * t->bytes + i, _MM_HINT_T0);
  }
}

/* The block at `at` of row[0] and row[4]; undoes `flip`. */
CM_AVX2 CM_INLINE void cm_load_pair(const cm_type32 *t, cm_load2_fn *load2, uint8_t flip,
                                    const uint8_t *const *row, size_t at, __m256i *head,
                                    __m256i *low, __m256i *high) {
  const __m256i mask = _mm256_set1_epi8((char)flip);
  load2(row[0] + at, row[4] + at, low, high);
  *low = _mm256_xor_si256(*low, mask);
  *high = _mm256_xor_si256(*high, mask);
  if (!t->fifths) return;
  *head = cm_pair16(row[0] + at, row[4] + at);
  *low = _mm256_or_si256(*low, cm_fifths16(*head, t->fifths));
  *high = _mm256_or_si256(*high, cm_fifths16(*head, t->fifths + 2));
}

/* is_signed: sum2 takes the stored signed values, so that no offset is left to subtract. */
CM_AVX2 CM_INLINE __m256 cm_dot_block8(const cm_type32 *t, cm_load2_fn *load2, cm_sum2_fn *sum2,
                                       cm_fold_fn *fold, bool is_signed, const uint8_t *const *row,
                                       size_t at, const cm_q8 *x, __m256 acc) {
  __m256i x_low = cm_twice16(x->q), x_high = cm_twice16(x->q + 16), head[4], s[4];
  __m256 d, dm;
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    __m256i low, high;
    cm_load_pair(t, load2, is_signed ? 0 : t->flip, row + i, at, &head[i], &low, &high);
    s[i] = sum2(low, high, x_low, x_high);
    CM_IN_ORDER(s[i]);
  }
  cm_scales8(t, row, at, head, &d, &dm);
  return cm_add_block8(t, is_signed ? 0 : t->offset, d, dm, fold(s), x, acc);
}

CM_AVX2 CM_INLINE void cm_dot_rows32_x86(const cm_type32 *t, cm_load2_fn *load2, cm_sum2_fn *sum2,
                                         cm_fold_fn *fold, bool is_signed, const void *w,
                                         size_t row_bytes, size_t rows, const void *x, size_t n,
                                         float *out) {
  const cm_q8 *xb = x;
  for (size_t r = 0; r < rows; r += 8) {
    const uint8_t *row[8];
    const uint8_t *group = (const uint8_t *)w + r * row_bytes;
    cm_rows8(group, row_bytes, rows - r, row);
    __m256 acc = _mm256_setzero_ps();
    for (size_t b = 0; b < n / 32; b++) {
      if (row_bytes <= CM_SHORT_ROW) cm_fetch_ahead(t, group + 8 * row_bytes, b);
      acc = cm_dot_block8(t, load2, sum2, fold, is_signed, row, b * t->bytes, &xb[b], acc);
    }
    cm_store8(out + r, rows - r, acc);
  }
}

/* --- unpack --- */

/* Sixteen values of every row to q[c][0..7], c < 4: a transposition of 32-bit words. */
CM_AVX2 CM_INLINE void cm_store_columns8(const __m256i v[4], uint8_t q[][CM_PANEL_ROWS][4]) {
  __m256i a = _mm256_unpacklo_epi32(v[0], v[1]), b = _mm256_unpacklo_epi32(v[2], v[3]);
  __m256i c = _mm256_unpackhi_epi32(v[0], v[1]), d = _mm256_unpackhi_epi32(v[2], v[3]);
  _mm256_storeu_si256((__m256i *)q[0], _mm256_unpacklo_epi64(a, b));
  _mm256_storeu_si256((__m256i *)q[1], _mm256_unpackhi_epi64(a, b));
  _mm256_storeu_si256((__m256i *)q[2], _mm256_unpacklo_epi64(c, d));
  _mm256_storeu_si256((__m256i *)q[3], _mm256_unpackhi_epi64(c, d));
}

/* Eight of sixteen rows: the half of each panel that begins with row `from`. */
CM_AVX2 CM_INLINE void cm_unpack_half(const cm_type32 *t, cm_load2_fn *load2, const uint8_t *w,
                                      size_t row_bytes, size_t from, size_t blocks,
                                      cm_panel32 *panel) {
  const uint8_t *row[8];
  cm_rows8(w + from * row_bytes, row_bytes, 8, row);
  for (size_t b = 0; b < blocks; b++) {
    __m256i head[4], low[4], high[4];
    __m256 d, dm;
    CM_UNROLL
    for (int i = 0; i < 4; i++)
      cm_load_pair(t, load2, t->flip, row + i, b * t->bytes, &head[i], &low[i], &high[i]);
    cm_store_columns8(low, (uint8_t(*)[CM_PANEL_ROWS][4])panel[b].q[0][from]);
    cm_store_columns8(high, (uint8_t(*)[CM_PANEL_ROWS][4])panel[b].q[4][from]);
    cm_scales8(t, row, b * t->bytes, head, &d, &dm);
    _mm256_storeu_ps(panel[b].d + from, d);
    _mm256_storeu_ps(panel[b].dm + from, dm);
  }
}

/* A panel that isn't full is rare (the end of a matrix): the scalar code does it. */
CM_AVX2 CM_INLINE void cm_unpack32_x86(const cm_type32 *t, cm_load2_fn *load2, const void *w,
                                       size_t row_bytes, size_t rows, size_t first, size_t blocks,
                                       void *panels) {
  if (rows < CM_PANEL_ROWS) {
    cm_unpack32(t, w, row_bytes, rows, first, blocks, panels);
    return;
  }
  const uint8_t *begin = (const uint8_t *)w + first * t->bytes;
  cm_unpack_half(t, load2, begin, row_bytes, 0, blocks, panels);
  cm_unpack_half(t, load2, begin, row_bytes, 8, blocks, panels);
}

#endif
#endif
