/* 8 rows x up to 4 columns at a time with NEON's dot product.
 *
 * A lane is a row: for each group of four values, 8 rows are two vectors of 4 x 4 bytes. Sixteen
 * activations of a column are one vector, of which sdot takes a lane of four for all rows; so
 * eight weight loads and four others feed 32 sdots, and eight sums hide their latency. sdot takes
 * signed numbers: codes below 128 are that already, the larger ones of Q8_0 become so by their top
 * bit, and then I - M comes out. The other symmetric types begin their sums with -offset * (sum of
 * x), to the same end. Columns left over are done two and one at a time. */
#include "kernel/gemm.h"

#if defined(CM_ARM)
#define INLINE static inline __attribute__((always_inline)) CM_NEON

enum { COLS = 4, ROWS = 8, GROUP = 4 * CM_PANEL_ROWS /* bytes of a panel */ };

/* Sums of one column: rows 0..3 and 4..7. */
typedef struct pair {
  int32x4_t v[2];
} pair;

/* One group of four of all columns; the lane must be a constant. */
#define DOT_GROUP(lane)                                                       \
  CM_UNROLL                                                                   \
  for (size_t h = 0; h < 2; h++) {                                            \
    int8x16_t w = vreinterpretq_s8_u8(vld1q_u8(q + GROUP * (lane) + 16 * h)); \
    if (is_signed) w = veorq_s8(w, vdupq_n_s8(-128));                         \
    CM_UNROLL                                                                 \
    for (size_t c = 0; c < ncols; c++)                                        \
      sum[c].v[h] = vdotq_laneq_s32(sum[c].v[h], w, a[c], (lane));            \
  }

/* sum[c] += 8 rows . 16 values of x[c]. */
INLINE void dot16(const uint8_t *q, const int8_t *const *x, bool is_signed, size_t ncols,
                  pair *sum) {
  int8x16_t a[COLS];
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) a[c] = vld1q_s8(x[c]);
  DOT_GROUP(0)
  DOT_GROUP(1)
  DOT_GROUP(2)
  DOT_GROUP(3)
}

/* acc + (d * dx) * I, and acc + ((d * dx) * I - (dm * dx) * M). */
INLINE float32x4_t step(float32x4_t acc, const float *d, float dx, int32x4_t i) {
  return vaddq_f32(acc, vmulq_f32(vmulq_n_f32(vld1q_f32(d), dx), vcvtq_f32_s32(i)));
}

INLINE float32x4_t step_min(float32x4_t acc, const float *d, const float *dm, float dx,
                            int32x4_t i, int32x4_t m) {
  float32x4_t f = vmulq_f32(vmulq_n_f32(vld1q_f32(d), dx), vcvtq_f32_s32(i));
  float32x4_t s = vmulq_f32(vmulq_n_f32(vld1q_f32(dm), dx), vcvtq_f32_s32(m));
  return vaddq_f32(acc, vsubq_f32(f, s));
}

/* --- blocks of 32 --- */

INLINE void tile32(const cm_quant *t, const cm_panel32 *p, const cm_q8 *const *x, size_t blocks,
                   size_t row, bool is_signed, bool symmetric, size_t ncols,
                   float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead) {
  float32x4_t total[COLS][2];
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) {
    CM_UNROLL
    for (size_t h = 0; h < 2; h++) total[c][h] = vld1q_f32(acc[c] + row + 4 * h);
  }
  for (size_t b = 0; b < blocks; b++, p++) {
    pair sum[COLS];
    const int8_t *low[COLS], *high[COLS];
    cm_fetch_share(ahead);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      low[c] = x[c][b].q;
      high[c] = x[c][b].q + 16;
      sum[c].v[0] = sum[c].v[1] =
          vdupq_n_s32(symmetric && !is_signed ? -t->offset * cm_q8_sum(&x[c][b]) : 0);
    }
    dot16(p->q[0][row], low, is_signed, ncols, sum);
    dot16(p->q[4][row], high, is_signed, ncols, sum);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      const int32x4_t m = vdupq_n_s32(t->offset * cm_q8_sum(&x[c][b]));
      CM_UNROLL
      for (size_t h = 0; h < 2; h++) {
        const float *d = p->d + row + 4 * h, *dm = p->dm + row + 4 * h;
        total[c][h] = symmetric ? step(total[c][h], d, x[c][b].d, sum[c].v[h])
                                : step_min(total[c][h], d, dm, x[c][b].d, sum[c].v[h], m);
      }
    }
  }
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) {
    CM_UNROLL
    for (size_t h = 0; h < 2; h++) vst1q_f32(acc[c] + row + 4 * h, total[c][h]);
  }
}

/* --- blocks of 256 --- */

typedef int32_t sums16[16]; /* of 16 activations each */

/* w = d * scale * (u - offset), and the offset is in the middle of u's range. */
INLINE void symmetric_starts(const cm_quant *t, const int16_t *sums, sums16 out) {
  for (size_t s = 0; s < 16; s++) out[s] = sums[s] * -((t->max_u + 1) / 2);
}

INLINE void block_sums(size_t sub_blocks, const int16_t *sums, sums16 out) {
  size_t per = 16 / sub_blocks;
  for (size_t s = 0; s < sub_blocks; s++) out[s] = sums[s * per] + (per > 1 ? sums[s * 2 + 1] : 0);
}

INLINE pair widen(const int16_t *v) {
  int16x8_t s = vld1q_s16(v);
  return (pair){{vmovl_s16(vget_low_s16(s)), vmovl_s16(vget_high_s16(s))}};
}

INLINE void clear(size_t ncols, pair *sum) {
  CM_UNROLL
  for (size_t c = 0; c < ncols; c++) sum[c].v[0] = sum[c].v[1] = vdupq_n_s32(0);
}

/* M of all columns. */
INLINE void min_sums(const cm_panel256 *p, size_t sub_blocks, size_t row, sums16 *x, size_t ncols,
                     pair *m) {
  clear(ncols, m);
  for (size_t s = 0; s < sub_blocks; s++) {
    pair min = widen(p->min[s] + row);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      m[c].v[0] = vmlaq_n_s32(m[c].v[0], min.v[0], x[c][s]);
      m[c].v[1] = vmlaq_n_s32(m[c].v[1], min.v[1], x[c][s]);
    }
  }
}

/* I of one block, or I - M for symmetric types. */
INLINE void scaled_sums(const cm_panel256 *p, size_t sub_blocks, size_t row,
                        const int8_t *const *x, bool symmetric, sums16 *start, size_t ncols,
                        pair *total) {
  clear(ncols, total);
  for (size_t s = 0; s < sub_blocks; s++) {
    pair sum[COLS], scale = widen(p->scale[s] + row);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++)
      sum[c].v[0] = sum[c].v[1] = vdupq_n_s32(symmetric ? start[c][s] : 0);
    CM_UNROLL
    for (size_t half = 0; half < 16 / sub_blocks; half++) {
      const int8_t *xq[COLS];
      size_t at = s * (16 / sub_blocks) + half; /* in steps of 16 values */
      CM_UNROLL
      for (size_t c = 0; c < ncols; c++) xq[c] = x[c] + 16 * at;
      dot16(p->q[4 * at][row], xq, false, ncols, sum);
    }
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      total[c].v[0] = vmlaq_s32(total[c].v[0], sum[c].v[0], scale.v[0]);
      total[c].v[1] = vmlaq_s32(total[c].v[1], sum[c].v[1], scale.v[1]);
    }
  }
}

INLINE void tile256(const cm_quant *t, const cm_panel256 *p, const cm_q8k *const *x, size_t blocks,
                    size_t row, size_t sub_blocks, bool symmetric, size_t ncols,
                    float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead) {
  for (size_t b = 0; b < blocks; b++, p++) {
    pair sum[COLS], m[COLS];
    sums16 sums[COLS];
    const int8_t *xq[COLS];
    cm_fetch_share(ahead);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      xq[c] = x[c][b].q;
      if (symmetric) symmetric_starts(t, x[c][b].sums, sums[c]);
      else block_sums(sub_blocks, x[c][b].sums, sums[c]);
    }
    scaled_sums(p, sub_blocks, row, xq, symmetric, sums, ncols, sum);
    if (!symmetric) min_sums(p, sub_blocks, row, sums, ncols, m);
    CM_UNROLL
    for (size_t c = 0; c < ncols; c++) {
      CM_UNROLL
      for (size_t h = 0; h < 2; h++) {
        float *a = acc[c] + row + 4 * h;
        const float *d = p->d + row + 4 * h, *dm = p->dm + row + 4 * h;
        float32x4_t v = vld1q_f32(a);
        vst1q_f32(a, symmetric ? step(v, d, x[c][b].d, sum[c].v[h])
                               : step_min(v, d, dm, x[c][b].d, sum[c].v[h], m[c].v[h]));
      }
    }
  }
}

/* One copy of the loops for each kind of block, so that their bounds are constants. */
INLINE void tile_of_cols(const cm_quant *t, const void *p, const void *const *x, size_t ncols,
                         size_t blocks, float (*acc)[CM_PANEL_ROWS], cm_ahead *ahead) {
  const cm_q8 *const *x8 = (const cm_q8 *const *)x;
  const cm_q8k *const *xk = (const cm_q8k *const *)x;
  for (size_t row = 0; row < CM_PANEL_ROWS; row += ROWS) {
    if (t->act == CM_ACT_Q8) {
      if (t->max_u > 127) tile32(t, p, x8, blocks, row, true, true, ncols, acc, ahead);
      else if (t->symmetric) tile32(t, p, x8, blocks, row, false, true, ncols, acc, ahead);
      else tile32(t, p, x8, blocks, row, false, false, ncols, acc, ahead);
    } else {
      if (t->sub_blocks == 8) tile256(t, p, xk, blocks, row, 8, false, ncols, acc, ahead);
      else if (t->symmetric) tile256(t, p, xk, blocks, row, 16, true, ncols, acc, ahead);
      else tile256(t, p, xk, blocks, row, 16, false, ncols, acc, ahead);
    }
  }
}

CM_NEON void cm_tile_neon(const cm_quant *q, const void *panels, const void *const *x,
                          size_t ncols, size_t blocks, float (*acc)[CM_PANEL_ROWS],
                          cm_ahead *ahead) {
  size_t c = 0;
  for (; c + COLS <= ncols; c += COLS)
    tile_of_cols(q, panels, x + c, COLS, blocks, acc + c, ahead);
  if (ncols & 2) tile_of_cols(q, panels, x + c, 2, blocks, acc + c, ahead);
  c += ncols & 2;
  if (ncols & 1) tile_of_cols(q, panels, x + c, 1, blocks, acc + c, ahead);
}
#endif
