/* block32_x86: eight rows at a time, for the types with blocks of 32 values.
 *
 * A type's loader gives a pair of rows, one in each half of a register: first the values 0..15 of
 * both, then 16..31. Four pairs (0|4, 1|5, 2|6, 3|7) are multiplied by the same activations; the
 * partial sums then fold by horizontal additions until each 32-bit lane holds one row's exact
 * integer sum, rows in order. The float part is one multiply-multiply-add for eight rows in the
 * very order of the scalar code, with no latency chain but one float addition a block.
 *
 * AVX-512 machines run the same code with VNNI's dot product: decoding is bound by memory, not by
 * register width. Unpacking transposes the same pairs.
 */
#ifndef CM_QUANT_BLOCK32_X86_H
#define CM_QUANT_BLOCK32_X86_H
#include "quant/block32.h"

#ifdef CM_X86

/* The values of eight rows: low[i] holds 0..15, high[i] 16..31 of the rows i and i + 4. */
typedef struct cm_pairs {
  __m256i low[4], high[4];
} cm_pairs;

/* a, b: the blocks of two rows. */
typedef void cm_load2_fn(const uint8_t *a, const uint8_t *b, __m256i *low, __m256i *high);
/* Per lane, the sum of one row's 32 products. */
typedef __m256i cm_sum8_fn(const cm_pairs *p, const int8_t *x);

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

/* The fifth bits of sixteen values, from bytes k and k + 1 of qh: each byte is repeated eight
 * times and tested against one bit a place. */
CM_AVX2 CM_INLINE __m256i cm_fifths16(__m256i qh, char k) {
  const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
  __m128i repeat = _mm_unpacklo_epi64(_mm_set1_epi8(k), _mm_set1_epi8((char)(k + 1)));
  __m256i tested =
      _mm256_and_si256(_mm256_shuffle_epi8(qh, _mm256_broadcastsi128_si256(repeat)), bit);
  return _mm256_and_si256(_mm256_cmpeq_epi8(tested, bit), _mm256_set1_epi8(16));
}

/* Adds the fifth bits, 32 of them at a and at b (where 16 bytes can be read). */
CM_AVX2 CM_INLINE void cm_fifths2(const uint8_t *a, const uint8_t *b, __m256i *low,
                                  __m256i *high) {
  __m256i qh = cm_pair16(a, b);
  *low = _mm256_or_si256(*low, cm_fifths16(qh, 0));
  *high = _mm256_or_si256(*high, cm_fifths16(qh, 2));
}

/* --- integer sums --- */

/* Values 0..15 or 16..31 of the activations, for both rows of a pair. */
CM_AVX2 CM_INLINE __m256i cm_twice16(const int8_t *x) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)x));
}

/* Values up to 31: eight times 31 * 127 fits in 16 bits. */
CM_AVX2 CM_INLINE __m256i cm_sum8_small(const cm_pairs *p, const int8_t *x) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i low = cm_twice16(x), high = cm_twice16(x + 16), s[4];
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    s[i] = _mm256_add_epi16(_mm256_maddubs_epi16(p->low[i], low),
                            _mm256_maddubs_epi16(p->high[i], high));
  }
  __m256i s01 = _mm256_madd_epi16(_mm256_hadd_epi16(s[0], s[1]), ones);
  __m256i s23 = _mm256_madd_epi16(_mm256_hadd_epi16(s[2], s[3]), ones);
  return _mm256_hadd_epi32(s01, s23);
}

CM_AVX2 CM_INLINE __m256i cm_fold4(const __m256i s[4]) {
  return _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]), _mm256_hadd_epi32(s[2], s[3]));
}

/* Products of signed values, four added up a lane. The sign moves to the activation (never -128),
 * so that |-128| = 128 is fine as an unsigned factor and 2 * 128 * 127 fits in 16 bits. */
CM_AVX2 CM_INLINE __m256i cm_products_signed(__m256i v, __m256i x) {
  __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(v), _mm256_sign_epi8(x, v));
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

CM_AVX2 CM_INLINE __m256i cm_sum8_signed(const cm_pairs *p, const int8_t *x) {
  __m256i low = cm_twice16(x), high = cm_twice16(x + 16), s[4];
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    s[i] =
        _mm256_add_epi32(cm_products_signed(p->low[i], low), cm_products_signed(p->high[i], high));
  }
  return cm_fold4(s);
}

CM_AVX512 CM_INLINE __m256i cm_sum8_vnni(const cm_pairs *p, const int8_t *x) {
  __m256i low = cm_twice16(x), high = cm_twice16(x + 16), s[4];
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    s[i] = _mm256_dpbusd_epi32(_mm256_setzero_si256(), p->low[i], low);
    s[i] = _mm256_dpbusd_epi32(s[i], p->high[i], high);
  }
  return cm_fold4(s);
}

/* --- scales --- */

/* Four bytes of each row. */
CM_AVX2 CM_INLINE void cm_words8(const uint8_t *const *row, size_t at, __m128i v[8]) {
  CM_UNROLL
  for (int i = 0; i < 8; i++) v[i] = _mm_cvtsi32_si128((int)cm_u32_at(row[i] + at));
}

/* d and dm of eight rows: one or two binary16 at the beginning of each block. */
CM_AVX2 CM_INLINE void cm_scales8(const cm_type32 *t, const uint8_t *const *row, size_t at,
                                  __m256 *d, __m256 *dm) {
  __m128i v[8], two[4];
  cm_words8(row, at, v);
  CM_UNROLL
  for (int i = 0; i < 4; i++) two[i] = _mm_unpacklo_epi16(v[2 * i], v[2 * i + 1]); /* d d m m */
  __m128i low = _mm_unpacklo_epi32(two[0], two[1]), high = _mm_unpacklo_epi32(two[2], two[3]);
  *d = *dm = _mm256_cvtph_ps(_mm_unpacklo_epi64(low, high));
  if (t->symmetric) return;
  __m256 m = _mm256_cvtph_ps(_mm_unpackhi_epi64(low, high));
  *dm = _mm256_xor_ps(m, _mm256_set1_ps(-0.0f));
}

/* --- dot_rows --- */

/* acc + one block: `sum` is the integer sum of eight rows; `offset` is 0 where it needs no
 * correction. */
CM_AVX2 CM_INLINE __m256 cm_add_block8(const cm_type32 *t, int offset, const uint8_t *const *row,
                                       size_t at, __m256i sum, const cm_q8 *x, __m256 acc) {
  __m256 d, dm, dx = _mm256_set1_ps(x->d);
  cm_scales8(t, row, at, &d, &dm);
  if (t->symmetric) {
    if (offset) sum = _mm256_sub_epi32(sum, _mm256_set1_epi32(offset * x->sum));
    return _mm256_add_ps(acc, _mm256_mul_ps(_mm256_mul_ps(d, dx), _mm256_cvtepi32_ps(sum)));
  }
  __m256 i = _mm256_mul_ps(_mm256_mul_ps(d, dx), _mm256_cvtepi32_ps(sum));
  __m256 m = _mm256_mul_ps(_mm256_mul_ps(dm, dx), _mm256_set1_ps((float)(offset * x->sum)));
  return _mm256_add_ps(acc, _mm256_sub_ps(i, m));
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

/* Rows left over below eight are made up by repeating the last one. */
CM_AVX2 CM_INLINE void cm_rows8(const void *w, size_t row_bytes, size_t rows,
                                const uint8_t *row[8]) {
  CM_UNROLL
  for (size_t i = 0; i < 8; i++) {
    row[i] = (const uint8_t *)w + (i < rows ? i : rows - 1) * row_bytes;
  }
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

/* Loads eight rows and undoes `flip`. */
CM_AVX2 CM_INLINE void cm_load8(cm_load2_fn *load2, uint8_t flip, const uint8_t *const *row,
                                size_t at, cm_pairs *p) {
  const __m256i mask = _mm256_set1_epi8((char)flip);
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    load2(row[i] + at, row[i + 4] + at, &p->low[i], &p->high[i]);
    p->low[i] = _mm256_xor_si256(p->low[i], mask);
    p->high[i] = _mm256_xor_si256(p->high[i], mask);
  }
}

/* is_signed: sum8 takes the stored signed values, so that no offset is left to subtract. */
CM_AVX2 CM_INLINE void cm_dot_rows32_x86(const cm_type32 *t, cm_load2_fn *load2, cm_sum8_fn *sum8,
                                         bool is_signed, const void *w, size_t row_bytes,
                                         size_t rows, const void *x, size_t n, float *out) {
  const cm_q8 *xb = x;
  for (size_t r = 0; r < rows; r += 8) {
    const uint8_t *row[8];
    const uint8_t *group = (const uint8_t *)w + r * row_bytes;
    cm_rows8(group, row_bytes, rows - r, row);
    __m256 acc = _mm256_setzero_ps();
    for (size_t b = 0; b < n / 32; b++) {
      cm_pairs p;
      if (row_bytes <= CM_SHORT_ROW) cm_fetch_ahead(t, group + 8 * row_bytes, b);
      cm_load8(load2, is_signed ? 0 : t->flip, row, b * t->bytes, &p);
      acc = cm_add_block8(t, is_signed ? 0 : t->offset, row, b * t->bytes, sum8(&p, xb[b].q),
                          &xb[b], acc);
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
    cm_pairs p;
    __m256 d, dm;
    cm_load8(load2, t->flip, row, b * t->bytes, &p);
    cm_store_columns8(p.low, (uint8_t(*)[CM_PANEL_ROWS][4])panel[b].q[0][from]);
    cm_store_columns8(p.high, (uint8_t(*)[CM_PANEL_ROWS][4])panel[b].q[4][from]);
    cm_scales8(t, row, b * t->bytes, &d, &dm);
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
