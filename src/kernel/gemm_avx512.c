/* 16 rows x up to 8 columns at a time with AVX-512 VNNI.
 *
 * A lane is a row, 16 rows x 4 codes are one register, and vpdpbusd adds four products to each
 * row's 32-bit sum, for every code width up to 8 bits. Two of them can start in each cycle and
 * their results take five, so more than ten sums must be on their way: the K types do two runs of
 * groups at a time, and each block of 32 starts new sums, so that the processor is in the next
 * block before one ends. Everything but loads competes for the same two ports and is kept short:
 * - symmetric types begin their sums with -offset * (sum of x), so that I - M comes out;
 * - vpdpwssd multiplies the sum of 16 products by its scale and adds it up, where it fits in 16
 *   bits (codes up to 15: 16 * 15 * 127); vpmulld takes three times as long;
 * - M of the others is vpdpwssd too: two sums of x a lane.
 * Columns left over are done four, two and one at a time: a constant count keeps the sums in
 * registers. */
#include "kernel/gemm.h"

#if defined(CM_X86)
#include <string.h>

#define INLINE static inline __attribute__((always_inline)) CM_AVX512

enum { COLS = 8 };

INLINE __m512i broadcast4(const void *x) {
  int32_t v;
  memcpy(&v, x, 4);
  return _mm512_set1_epi32(v);
}

/* sum[i][c] += 16 rows . x[c] over `groups` groups of four, for `runs` runs of groups. */
INLINE void dot_runs(const uint8_t (*q)[CM_PANEL_ROWS][4], const int8_t *const *x, size_t groups,
                     size_t runs, size_t ncols, __m512i (*sum)[COLS]) {
  CM_UNROLL
  for (size_t g = 0; g < groups; g++) {
    CM_UNROLL
    for (size_t i = 0; i < runs; i++) {
      __m512i w = _mm512_loadu_si512(q[groups * i + g]);
      CM_UNROLL
      for (size_t c = 0; c < ncols; c++)
        sum[i][c] = _mm512_dpbusd_epi32(sum[i][c], w, broadcast4(x[c] + 4 * (groups * i + g)));
    }
  }
}

/* acc + (d * dx) * I, and acc + ((d * dx) * I - (dm * dx) * M). */
INLINE __m512 step(__m512 acc, const float *d, __m512 dx, __m512i i) {
  __m512 f = _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(d), dx), _mm512_cvtepi32_ps(i));
  return _mm512_add_ps(acc, f);
}

INLINE __m512 step_min(__m512 acc, const float *d, const float *dm, __m512 dx, __m512i i,
                       __m512i m) {
  __m512 f = _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(d), dx), _mm512_cvtepi32_ps(i));
  __m512 s = _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(dm), dx), _mm512_cvtepi32_ps(m));
  return _mm512_add_ps(acc, _mm512_sub_ps(f, s));
}

/* --- blocks of 32 --- */

INLINE void tile32(const cm_quant *t, const cm_panel32 *p, const cm_q8 *const *x, size_t blocks,
                   bool symmetric, size_t ncols, float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i offset = _mm512_set1_epi16((int16_t)-t->offset);
  __m512 total[COLS];
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) total[c] = _mm512_loadu_ps(acc[c]);
  for (size_t b = 0; b < blocks; b++, p++) {
    __m512i sum[1][COLS];
    const int8_t *xq[COLS];
    cm_fetch_share(ahead);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      xq[c] = x[c][b].q;
      sum[0][c] = symmetric ? _mm512_dpwssd_epi32(zero, offset, broadcast4(x[c][b].half)) : zero;
    }
    dot_runs(p->q, xq, 8, 1, ncols, sum);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      __m512 dx = _mm512_set1_ps(x[c][b].d);
      __m512i m = _mm512_set1_epi32(t->offset * cm_q8_sum(&x[c][b]));
      total[c] = symmetric ? step(total[c], p->d, dx, sum[0][c])
                           : step_min(total[c], p->d, p->dm, dx, sum[0][c], m);
    }
  }
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) _mm512_storeu_ps(acc[c], total[c]);
}

/* --- blocks of 256 --- */

typedef int32_t starts[16]; /* of the sums of 16 activations each */

/* w = d * scale * (u - offset), and the offset is in the middle of u's range. */
INLINE void symmetric_starts(const cm_quant *t, const int16_t *sums, starts out) {
  __m512i v = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)sums));
  _mm512_storeu_si512(out, _mm512_mullo_epi32(v, _mm512_set1_epi32(-(t->max_u + 1) / 2)));
}

/* The mins that belong to the sums of activations 2i and 2i + 1, side by side for each row: two
 * sub-blocks of 16, or the one of 32 twice. */
INLINE __m512i min_pairs(const cm_panel256 *p, size_t i, size_t sub_blocks) {
  const __m512i count = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i twice = _mm512_mullo_epi32(count, _mm512_set1_epi32(0x10001));
  if (sub_blocks == 16) {
    const __m512i both = _mm512_add_epi32(twice, _mm512_set1_epi32(0x100000));
    return _mm512_permutexvar_epi16(both, _mm512_loadu_si512(p->min[2 * i]));
  }
  __m256i min = _mm256_loadu_si256((const void *)p->min[i]);
  return _mm512_permutexvar_epi16(twice, _mm512_castsi256_si512(min));
}

INLINE void min_sums(const cm_panel256 *p, const cm_q8k *const *x, size_t block, size_t sub_blocks,
                     size_t ncols, __m512i *m) {
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) m[c] = _mm512_setzero_si512();
  CM_UNROLL
  for (size_t i = 0; i < 8; i++) {
    __m512i min = min_pairs(p, i, sub_blocks);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++)
      m[c] = _mm512_dpwssd_epi32(m[c], min, broadcast4(&x[c][block].sums[2 * i]));
  }
}

/* total += scale * sum; `small`: the sum fits in 16 bits. */
INLINE void add_scaled(const int16_t *scale, bool small, size_t ncols, const __m512i *sum,
                       __m512i *total) {
  __m256i s16 = _mm256_loadu_si256((const void *)scale);
  __m512i s = small ? _mm512_cvtepu16_epi32(s16) : _mm512_cvtepi16_epi32(s16);
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) {
    if (small) total[c] = _mm512_dpwssd_epi32(total[c], sum[c], s);
    else total[c] = _mm512_add_epi32(total[c], _mm512_mullo_epi32(sum[c], s));
  }
}

/* What differs between the K types: how many groups' sum is scaled at once, and how. */
typedef struct shape {
  size_t sub_blocks, groups;
  bool small, symmetric;
} shape;

/* I of one block, or I - M where there are starts. */
INLINE void scaled_sums(shape h, const cm_panel256 *p, const cm_q8k *const *x, size_t block,
                        starts *start, size_t ncols, __m512i *total) {
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) total[c] = _mm512_setzero_si512();
  for (size_t run = 0; run < 64 / h.groups; run += 2) {
    __m512i sum[2][COLS];
    const int8_t *xq[COLS];
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      xq[c] = x[c][block].q + 4 * h.groups * run;
      sum[0][c] = h.symmetric ? broadcast4(&start[c][run]) : _mm512_setzero_si512();
      sum[1][c] = h.symmetric ? broadcast4(&start[c][run + 1]) : _mm512_setzero_si512();
    }
    dot_runs(p->q + h.groups * run, xq, h.groups, 2, ncols, sum);
    add_scaled(p->scale[run * h.groups * h.sub_blocks / 64], h.small, ncols, sum[0], total);
    add_scaled(p->scale[(run + 1) * h.groups * h.sub_blocks / 64], h.small, ncols, sum[1], total);
  }
}

INLINE void tile256(shape h, const cm_quant *t, const cm_panel256 *p, const cm_q8k *const *x,
                    size_t blocks, size_t ncols, float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead) {
  for (size_t b = 0; b < blocks; b++, p++) {
    __m512i sum[COLS], m[COLS];
    _Alignas(64) starts start[COLS];
    cm_fetch_share(ahead);
    for (size_t c = 0; h.symmetric && c < ncols; c++) symmetric_starts(t, x[c][b].sums, start[c]);
    scaled_sums(h, p, x, b, start, ncols, sum);
    if (!h.symmetric) min_sums(p, x, b, h.sub_blocks, ncols, m);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      __m512 a = _mm512_loadu_ps(acc[c]), dx = _mm512_set1_ps(x[c][b].d);
      a = h.symmetric ? step(a, p->d, dx, sum[c]) : step_min(a, p->d, p->dm, dx, sum[c], m[c]);
      _mm512_storeu_ps(acc[c], a);
    }
  }
}

/* One copy of the loops for each kind of block, so that their bounds are constants. */
INLINE void tile_of_cols(const cm_quant *t, const void *p, const void *const *x, size_t ncols,
                         size_t blocks, float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead) {
  const cm_q8 *const *x8 = (const cm_q8 *const *)x;
  const cm_q8k *const *xk = (const cm_q8k *const *)x;
  if (t->act == CM_ACT_Q8 && t->symmetric) tile32(t, p, x8, blocks, true, ncols, acc, ahead);
  else if (t->act == CM_ACT_Q8) tile32(t, p, x8, blocks, false, ncols, acc, ahead);
  else if (t->id == CM_Q_Q2_K)
    tile256((shape){16, 4, true, false}, t, p, xk, blocks, ncols, acc, ahead);
  else if (t->id == CM_Q_Q3_K)
    tile256((shape){16, 4, true, true}, t, p, xk, blocks, ncols, acc, ahead);
  else if (t->id == CM_Q_Q4_K)
    tile256((shape){8, 4, true, false}, t, p, xk, blocks, ncols, acc, ahead);
  else if (t->id == CM_Q_Q5_K)
    tile256((shape){8, 8, false, false}, t, p, xk, blocks, ncols, acc, ahead);
  else tile256((shape){16, 4, false, true}, t, p, xk, blocks, ncols, acc, ahead);
}

CM_AVX512 void cm_tile_avx512(const cm_quant *q, const void *panels, const void *const *x,
                              size_t ncols, size_t blocks, float (*acc)[CM_PANEL_ROWS],
                              cm_ahead *ahead) {
  size_t c = 0;
  for (; c + COLS <= ncols; c += COLS)
    tile_of_cols(q, panels, x + c, COLS, blocks, acc + c, ahead);
  if (ncols & 4) tile_of_cols(q, panels, x + c, 4, blocks, acc + c, ahead);
  c += ncols & 4;
  if (ncols & 2) tile_of_cols(q, panels, x + c, 2, blocks, acc + c, ahead);
  c += ncols & 2;
  if (ncols & 1) tile_of_cols(q, panels, x + c, 1, blocks, acc + c, ahead);
}
#endif
