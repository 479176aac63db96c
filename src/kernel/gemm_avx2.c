/* 16 rows x a few columns at a time with AVX2.
 *
 * A lane is a row. For each group of four values, 16 rows are two vectors of 8 x 4 bytes; one
 * broadcast gives the four activations of a column; vpmaddubsw multiplies and adds pairs into
 * 16-bit lanes, which vpmaddwd widens later. Every operation counts here: loads apart, all of them
 * compete for the same ports.
 *
 * Blocks of 32 stay in 16 bits until they end. Codes of 5 bits wrap around on the way; with 16
 * times the activations' sum subtracted they are codes between -16 and 15, and these fit. Six
 * columns at once: twelve sums, two vectors of weights, one of activations and one product are all
 * sixteen registers. Q8_0's codes need all 8 bits: there |w| meets sign(x, w), widened at once.
 *
 * Blocks of 256 are widened after 8 groups of 4-bit codes, 4 of 5 bits, 2 of 6, and that
 * multiplies by the sub-block's scale at no extra cost. Four columns at once, with their sums in
 * memory. */
#include "kernel/gemm.h"

#if defined(CM_X86)
#include <string.h>

#define INLINE static inline __attribute__((always_inline)) CM_AVX2

enum { COLS32 = 6, COLS256 = 4 };

/* int32 sums of one column: rows 0..7 and 8..15. */
typedef struct pair {
  __m256i lo, hi;
} pair;

INLINE __m256i load(const void *p) { return _mm256_loadu_si256(p); }

INLINE __m256i broadcast4(const void *x) {
  int32_t v;
  memcpy(&v, x, 4);
  return _mm256_set1_epi32(v);
}

/* CM_IN_ORDER for values whose steps must also keep their place among each other: without it gcc
 * makes all broadcasts first, and there are no registers for that. */
#if defined(CM_SIMDE)
#define IN_PLACE(v) ((void)0)
#else
#define IN_PLACE(v) __asm__ volatile("" : "+x"(v))
#endif

/* acc[0..7] += (d * dx) * i */
INLINE void step8(float *acc, const float *d, __m256 dx, __m256i i) {
  __m256 f = _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(d), dx), _mm256_cvtepi32_ps(i));
  _mm256_storeu_ps(acc, _mm256_add_ps(_mm256_loadu_ps(acc), f));
}

/* acc[0..7] += (d * dx) * i - (dm * dx) * m */
INLINE void step8_min(float *acc, const float *d, const float *dm, __m256 dx, __m256i i,
                      __m256i m) {
  __m256 f = _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(d), dx), _mm256_cvtepi32_ps(i));
  __m256 s = _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(dm), dx), _mm256_cvtepi32_ps(m));
  _mm256_storeu_ps(acc, _mm256_add_ps(_mm256_loadu_ps(acc), _mm256_sub_ps(f, s)));
}

/* --- blocks of 32 --- */

/* sum[c] = 16 rows . x[c] of a block, with `centre` subtracted from each code. Sums wrap around on
 * their way; what comes out fits in 16 bits: 16 products of at most 16 * 127. */
INLINE void dot_block(const uint8_t (*q)[CM_PANEL_ROWS][4], const cm_q8 *const *x, size_t ncols,
                      int centre, pair *sum) {
  const __m256i ones = _mm256_set1_epi16(1);
  CM_UNROLL
  for (size_t g = 0; g < 8; g++) {
    __m256i w0 = load(q[g]), w1 = load(q[g][8]);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      __m256i a = broadcast4(x[c]->q + 4 * g);
      IN_PLACE(a);
      __m256i p0 = _mm256_maddubs_epi16(w0, a), p1 = _mm256_maddubs_epi16(w1, a);
      sum[c].lo = g ? _mm256_add_epi16(sum[c].lo, p0) : p0;
      sum[c].hi = g ? _mm256_add_epi16(sum[c].hi, p1) : p1;
      IN_PLACE(sum[c].lo);
      IN_PLACE(sum[c].hi);
    }
  }
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) {
    if (centre) {
      __m256i by = _mm256_set1_epi16((int16_t)centre);
      __m256i less = _mm256_mullo_epi16(broadcast4(x[c]->half), by);
      sum[c].lo = _mm256_sub_epi16(sum[c].lo, less);
      sum[c].hi = _mm256_sub_epi16(sum[c].hi, less);
    }
    sum[c].lo = _mm256_madd_epi16(sum[c].lo, ones);
    sum[c].hi = _mm256_madd_epi16(sum[c].hi, ones);
  }
}

/* The same for codes of 8 bits, less 128. */
INLINE void dot_signed(const uint8_t (*q)[CM_PANEL_ROWS][4], const cm_q8 *const *x, size_t ncols,
                       pair *sum) {
  const __m256i flip = _mm256_set1_epi8((char)0x80), ones = _mm256_set1_epi16(1);
  CM_UNROLL
  for (size_t g = 0; g < 8; g++) {
    __m256i w0 = _mm256_xor_si256(load(q[g]), flip), w1 = _mm256_xor_si256(load(q[g][8]), flip);
    __m256i a0 = _mm256_abs_epi8(w0), a1 = _mm256_abs_epi8(w1);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      __m256i a = broadcast4(x[c]->q + 4 * g);
      IN_PLACE(a);
      __m256i p0 = _mm256_maddubs_epi16(a0, _mm256_sign_epi8(a, w0));
      __m256i p1 = _mm256_maddubs_epi16(a1, _mm256_sign_epi8(a, w1));
      p0 = _mm256_madd_epi16(p0, ones);
      p1 = _mm256_madd_epi16(p1, ones);
      sum[c].lo = g ? _mm256_add_epi32(sum[c].lo, p0) : p0;
      sum[c].hi = g ? _mm256_add_epi32(sum[c].hi, p1) : p1;
      IN_PLACE(sum[c].lo);
      IN_PLACE(sum[c].hi);
    }
  }
}

/* For symmetric types, the sums of centred codes are I - M. */
INLINE void finish32(const cm_panel32 *p, const cm_q8 *x, int centre, bool symmetric, pair sum,
                     float *acc) {
  __m256 dx = _mm256_set1_ps(x->d);
  if (symmetric) {
    step8(acc, p->d, dx, sum.lo);
    step8(acc + 8, p->d + 8, dx, sum.hi);
    return;
  }
  __m256i m = _mm256_set1_epi32(cm_q8_sum(x)), more = _mm256_set1_epi32(centre * cm_q8_sum(x));
  step8_min(acc, p->d, p->dm, dx, _mm256_add_epi32(sum.lo, more), m);
  step8_min(acc + 8, p->d + 8, p->dm + 8, dx, _mm256_add_epi32(sum.hi, more), m);
}

INLINE void tile32(const cm_panel32 *p, const cm_q8 *const *x, size_t ncols, size_t blocks,
                   bool is_signed, int centre, bool symmetric, float (*acc)[CM_PANEL_ROWS],
                   cm_ahead *ahead) {
  for (size_t b = 0; b < blocks; b++, p++) {
    pair sum[COLS32];
    const cm_q8 *xb[COLS32];
    cm_fetch_share(ahead);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) xb[c] = x[c] + b;
    if (is_signed) dot_signed(p->q, xb, ncols, sum);
    else dot_block(p->q, xb, ncols, centre, sum);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) finish32(p, xb[c], centre, symmetric, sum[c], acc[c]);
  }
}

/* One copy of the loops for each kind of code and number of columns, so that their bounds are
 * constants. */
INLINE void tile32_of_cols(const cm_quant *t, const void *p, const void *const *x, size_t ncols,
                           size_t blocks, float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead) {
  const cm_q8 *const *x8 = (const cm_q8 *const *)x;
  if (t->max_u > 31) tile32(p, x8, ncols, blocks, true, 0, true, acc, ahead);
  else if (t->max_u > 15 && t->symmetric)
    tile32(p, x8, ncols, blocks, false, 16, true, acc, ahead);
  else if (t->max_u > 15) tile32(p, x8, ncols, blocks, false, 16, false, acc, ahead);
  else if (t->symmetric) tile32(p, x8, ncols, blocks, false, 8, true, acc, ahead);
  else tile32(p, x8, ncols, blocks, false, 0, false, acc, ahead);
}

typedef void tile_fn(const cm_quant *t, const void *p, const void *const *x, size_t blocks,
                     float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead);

#define TILE32(n)                                                                              \
  CM_AVX2 static void tile32_##n(const cm_quant *t, const void *p, const void *const *x,       \
                                 size_t blocks, float(*acc)[CM_PANEL_ROWS], cm_ahead *ahead) { \
    tile32_of_cols(t, p, x, n, blocks, acc, ahead);                                            \
  }
TILE32(1)
TILE32(2)
TILE32(4)
TILE32(6)

/* Codes of 8 bits have no room for six columns; eight columns are better done as twice four. */
CM_AVX2 static void all_cols32(const cm_quant *t, const void *p, const void *const *x,
                               size_t ncols, size_t blocks, float (*acc)[CM_PANEL_ROWS],
                               cm_ahead *ahead) {
  static tile_fn *const tile[COLS32 + 1] = {
      [1] = tile32_1, [2] = tile32_2, [4] = tile32_4, [6] = tile32_6};
  for (size_t c = 0, n; c < ncols; c += n) {
    size_t left = ncols - c;
    n = left >= 6 && left != 8 && t->max_u <= 31 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    tile[n](t, p, x + c, blocks, acc + c, ahead);
  }
}

/* --- blocks of 256 --- */

/* Not memset: what has an address lives in memory. */
INLINE void clear(pair *sum) {
  CM_UNROLL
  for (int c = 0; c < COLS256; c++) sum[c].lo = sum[c].hi = _mm256_setzero_si256();
}

/* sum[c] += scale * (16 rows . x[c]) over `groups` groups of four, widened every `step` groups. */
INLINE void dot_groups(const uint8_t (*q)[CM_PANEL_ROWS][4], const int8_t *const *x, size_t groups,
                       size_t step, __m256i scale_lo, __m256i scale_hi, pair *sum) {
  for (size_t g = 0; g < groups; g += step) {
    __m256i lo[COLS256], hi[COLS256];
    CM_UNROLL
    for (size_t s = 0; s < step; s++) {
      __m256i w0 = load(q[g + s]), w1 = load(q[g + s][8]);
      CM_UNROLL
      for (int c = 0; c < COLS256; c++) {
        __m256i a = broadcast4(x[c] + 4 * (g + s));
        __m256i p0 = _mm256_maddubs_epi16(w0, a), p1 = _mm256_maddubs_epi16(w1, a);
        lo[c] = s ? _mm256_add_epi16(lo[c], p0) : p0;
        hi[c] = s ? _mm256_add_epi16(hi[c], p1) : p1;
        CM_IN_ORDER(lo[c]);
        CM_IN_ORDER(hi[c]);
      }
    }
    CM_UNROLL
    for (int c = 0; c < COLS256; c++) {
      sum[c].lo = _mm256_add_epi32(sum[c].lo, _mm256_madd_epi16(lo[c], scale_lo));
      sum[c].hi = _mm256_add_epi32(sum[c].hi, _mm256_madd_epi16(hi[c], scale_hi));
    }
  }
}

/* Eight int16 scales, each doubled for the two 16-bit lanes of its row. */
INLINE __m256i twice(const int16_t *s) {
  __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)s));
  return _mm256_or_si256(v, _mm256_slli_epi32(v, 16));
}

/* M of all columns. A pair of sums of 16 activations meets the mins of its two sub-blocks, or,
 * where these have 32 values, the one min twice. */
INLINE void min_sums(const cm_panel256 *p, const cm_q8k *const *x, size_t block, size_t sub_blocks,
                     pair *m) {
  clear(m);
  CM_UNROLL
  for (size_t i = 0; i < 8; i++) {
    __m256i lo = twice(p->min[i]), hi = twice(p->min[i] + 8);
    if (sub_blocks == 16) {
      __m256i first = load(p->min[2 * i]), second = load(p->min[2 * i + 1]);
      __m256i even = _mm256_unpacklo_epi16(first, second); /* rows 0-3 8-11 */
      __m256i odd = _mm256_unpackhi_epi16(first, second);  /* rows 4-7 12-15 */
      lo = _mm256_permute2x128_si256(even, odd, 0x20);
      hi = _mm256_permute2x128_si256(even, odd, 0x31);
    }
    CM_UNROLL
    for (int c = 0; c < COLS256; c++) {
      __m256i sums = broadcast4((const int8_t *)&x[c][block].sums[2 * i]);
      m[c].lo = _mm256_add_epi32(m[c].lo, _mm256_madd_epi16(lo, sums));
      m[c].hi = _mm256_add_epi32(m[c].hi, _mm256_madd_epi16(hi, sums));
      CM_IN_ORDER(m[c].lo);
      CM_IN_ORDER(m[c].hi);
    }
  }
}

INLINE void tile256(const cm_quant *t, const cm_panel256 *p, const cm_q8k *const *x, size_t blocks,
                    size_t groups, size_t step, float (*const *acc)[CM_PANEL_ROWS],
                    cm_ahead *ahead) {
  for (size_t b = 0; b < blocks; b++, p++) {
    pair sum[COLS256], m[COLS256];
    cm_fetch_share(ahead);
    clear(sum);
    min_sums(p, x, b, 64 / groups, m);
    for (size_t s = 0; s < 64 / groups; s++) {
      const int8_t *xq[COLS256];
      for (int c = 0; c < COLS256; c++) xq[c] = x[c][b].q + 4 * groups * s;
      dot_groups(p->q + groups * s, xq, groups, step, twice(p->scale[s]), twice(p->scale[s] + 8),
                 sum);
    }
    CM_UNROLL
    for (int c = 0; c < COLS256; c++) {
      float *a = *acc[c];
      __m256 dx = _mm256_set1_ps(x[c][b].d);
      if (t->symmetric) {
        step8(a, p->d, dx, _mm256_sub_epi32(sum[c].lo, m[c].lo));
        step8(a + 8, p->d + 8, dx, _mm256_sub_epi32(sum[c].hi, m[c].hi));
      } else {
        step8_min(a, p->d, p->dm, dx, sum[c].lo, m[c].lo);
        step8_min(a + 8, p->d + 8, p->dm + 8, dx, sum[c].hi, m[c].hi);
      }
    }
  }
}

CM_AVX2 static void tile256_of_width(const cm_quant *t, const void *p, const cm_q8k *const *x,
                                     size_t blocks, float (*const *acc)[CM_PANEL_ROWS],
                                     cm_ahead *ahead) {
  if (t->sub_blocks == 8 && t->max_u > 15) tile256(t, p, x, blocks, 8, 4, acc, ahead);
  else if (t->sub_blocks == 8) tile256(t, p, x, blocks, 8, 8, acc, ahead);
  else if (t->max_u > 15) tile256(t, p, x, blocks, 4, 2, acc, ahead);
  else tile256(t, p, x, blocks, 4, 4, acc, ahead);
}

CM_AVX2 static void all_cols256(const cm_quant *t, const void *p, const void *const *x,
                                size_t ncols, size_t blocks, float (*acc)[CM_PANEL_ROWS],
                                cm_ahead *ahead) {
  float spare[1][CM_PANEL_ROWS] = {{0}}; /* where columns go that don't exist */
  for (size_t c = 0; c < ncols; c += COLS256) {
    const cm_q8k *xc[COLS256];
    float(*ac[COLS256])[CM_PANEL_ROWS];
    for (size_t i = 0; i < COLS256; i++) {
      bool real = c + i < ncols;
      xc[i] = x[real ? c + i : c];
      ac[i] = real ? &acc[c + i] : spare;
    }
    tile256_of_width(t, p, xc, blocks, ac, ahead);
  }
}

CM_AVX2 void cm_tile_avx2(const cm_quant *q, const void *panels, const void *const *x,
                          size_t ncols, size_t blocks, float (*acc)[CM_PANEL_ROWS],
                          cm_ahead *ahead) {
  if (q->act == CM_ACT_Q8) all_cols32(q, panels, x, ncols, blocks, acc, ahead);
  else all_cols256(q, panels, x, ncols, blocks, acc, ahead);
}
#endif
