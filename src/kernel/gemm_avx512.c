/* 16 rows x up to 8 columns at a time with AVX-512 VNNI: a lane is a row, 16 rows x 4 codes are
 * one register, and vpdpbusd adds four products to each row's 32-bit sum, for every code width up
 * to 8 bits. */
#include "kernel/gemm.h"

#include "quant/intrin.h"

#if defined(CM_X86)
#include <string.h>

#define INLINE static inline __attribute__((always_inline)) CM_AVX512

INLINE __m512i broadcast4(const int8_t *x) {
  int32_t v;
  memcpy(&v, x, 4);
  return _mm512_set1_epi32(v);
}

INLINE void step16(float *acc, const float *d, float dx, __m512i i) {
  __m512 f =
      _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(d), _mm512_set1_ps(dx)), _mm512_cvtepi32_ps(i));
  _mm512_storeu_ps(acc, _mm512_add_ps(_mm512_loadu_ps(acc), f));
}

INLINE void step16_min(float *acc, const float *d, const float *dm, float dx, __m512i i,
                       __m512i m) {
  __m512 x = _mm512_set1_ps(dx);
  __m512 f = _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(d), x), _mm512_cvtepi32_ps(i));
  __m512 s = _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(dm), x), _mm512_cvtepi32_ps(m));
  _mm512_storeu_ps(acc, _mm512_add_ps(_mm512_loadu_ps(acc), _mm512_sub_ps(f, s)));
}

INLINE void finish(const cm_quant *t, float *acc, const float *d, const float *dm, float dx,
                   __m512i i, __m512i m) {
  if (t->symmetric) step16(acc, d, dx, _mm512_sub_epi32(i, m));
  else step16_min(acc, d, dm, dx, i, m);
}

INLINE void tile32(const cm_quant *t, const cm_panel32 *p, const cm_q8 *const *x, size_t ncols,
                   size_t blocks, float (*acc)[CM_PANEL_ROWS]) {
  for (size_t b = 0; b < blocks; b++, p++) {
    __m512i sum[CM_TILE_COLS];
    for (size_t c = 0; c < ncols; c++) sum[c] = _mm512_setzero_si512();
    for (size_t g = 0; g < 8; g++) {
      __m512i w = _mm512_loadu_si512(p->q[g]);
      for (size_t c = 0; c < ncols; c++)
        sum[c] = _mm512_dpbusd_epi32(sum[c], w, broadcast4(x[c][b].q + 4 * g));
    }
    for (size_t c = 0; c < ncols; c++)
      finish(t, acc[c], p->d, p->dm, x[c][b].d, sum[c],
             _mm512_set1_epi32(t->offset * x[c][b].sum));
  }
}

INLINE __m512i widen(const int16_t *s) {
  return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)s));
}

INLINE __m512i min_sums(const cm_panel256 *p, const cm_q8k *x, int sub_blocks) {
  __m512i m = _mm512_setzero_si512();
  int per = 16 / sub_blocks;
  for (int s = 0; s < sub_blocks; s++) {
    int sum = 0;
    for (int i = 0; i < per; i++) sum += x->sums[s * per + i];
    m = _mm512_add_epi32(m, _mm512_mullo_epi32(widen(p->min[s]), _mm512_set1_epi32(sum)));
  }
  return m;
}

INLINE void tile256(const cm_quant *t, const cm_panel256 *p, const cm_q8k *const *x, size_t ncols,
                    size_t blocks, float (*acc)[CM_PANEL_ROWS]) {
  size_t groups = (size_t)(64 / t->sub_blocks);
  for (size_t b = 0; b < blocks; b++, p++) {
    __m512i total[CM_TILE_COLS], sum[CM_TILE_COLS];
    for (size_t c = 0; c < ncols; c++) total[c] = _mm512_setzero_si512();
    for (size_t s = 0; s < (size_t)t->sub_blocks; s++) {
      for (size_t c = 0; c < ncols; c++) sum[c] = _mm512_setzero_si512();
      for (size_t g = groups * s; g < groups * (s + 1); g++) {
        __m512i w = _mm512_loadu_si512(p->q[g]);
        for (size_t c = 0; c < ncols; c++)
          sum[c] = _mm512_dpbusd_epi32(sum[c], w, broadcast4(x[c][b].q + 4 * g));
      }
      __m512i scale = widen(p->scale[s]);
      for (size_t c = 0; c < ncols; c++)
        total[c] = _mm512_add_epi32(total[c], _mm512_mullo_epi32(sum[c], scale));
    }
    for (size_t c = 0; c < ncols; c++)
      finish(t, acc[c], p->d, p->dm, x[c][b].d, total[c], min_sums(p, &x[c][b], t->sub_blocks));
  }
}

CM_AVX512 void cm_tile_avx512(const cm_quant *q, const void *panels, const void *const *x,
                              size_t ncols, size_t blocks, float (*acc)[CM_PANEL_ROWS]) {
  const cm_q8 *const *x8 = (const cm_q8 *const *)x;
  const cm_q8k *const *xk = (const cm_q8k *const *)x;
  bool full = ncols == CM_TILE_COLS; /* a constant count keeps the sums in registers */
  if (q->act == CM_ACT_Q8) {
    if (full) tile32(q, panels, x8, CM_TILE_COLS, blocks, acc);
    else tile32(q, panels, x8, ncols, blocks, acc);
  } else {
    if (full) tile256(q, panels, xk, CM_TILE_COLS, blocks, acc);
    else tile256(q, panels, xk, ncols, blocks, acc);
  }
}
#endif
