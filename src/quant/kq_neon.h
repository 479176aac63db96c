/* kq_neon: the NEON variants of the K types, written once: four rows at a time, 16 values a
 * vector.
 *
 * u fits in a signed byte, so sdot takes it as it is: four sums of four products, multiplied by
 * the scale. Pairwise additions of four rows' sums leave one row in each lane, and the float step
 * is done for four rows in the order of the scalar code. */
#ifndef CM_QUANT_KQ_NEON_H
#define CM_QUANT_KQ_NEON_H
#include <string.h>

#include "quant/intrin.h"
#include "quant/kq.h"
#include "quant/panel_neon.h"

#ifdef CM_ARM

typedef void cm_kq_load_neon_fn(const void *block, uint8x16_t u[16]);

/* --- for the loaders --- */

/* Bytes with the bits `keep` of v after moving them right (n < 0: left). */
CM_NEON CM_INLINE uint8x16_t cm_kq_bits(uint8x16_t v, int n, int keep) {
  return vandq_u8(vshlq_u8(v, vdupq_n_s8((int8_t)-n)), vdupq_n_u8((uint8_t)keep));
}

/* --- dot product --- */

CM_NEON CM_INLINE int32x4_t cm_kq_sum_neon(const cm_kq *t, const uint8x16_t u[16],
                                           const cm_kq_block *head, const int8_t *x) {
  int32x4_t sum = vdupq_n_s32(0), dot = sum;
  CM_UNROLL
  for (int i = 0; i < 16; i++) {
    dot = vdotq_s32(dot, vreinterpretq_s8_u8(u[i]), vld1q_s8(x + 16 * i));
    if (t->sub_blocks == 8 && i % 2 == 0) continue; /* 32 values have this scale */
    sum = vmlaq_n_s32(sum, dot, head->scale[i * t->sub_blocks / 16]);
    dot = vdupq_n_s32(0);
  }
  return sum;
}

CM_NEON CM_INLINE int32x4_t cm_kq_min_neon(const cm_kq *t, const cm_kq_block *head,
                                           const int16_t *x_sums) {
  int16x8_t a = vld1q_s16(x_sums), b = vld1q_s16(x_sums + 8), min = vld1q_s16(head->min);
  if (t->sub_blocks == 8) {
    a = vpaddq_s16(a, b);
    return vmlal_high_s16(vmull_s16(vget_low_s16(a), vget_low_s16(min)), a, min);
  }
  int32x4_t sum = vmlal_high_s16(vmull_s16(vget_low_s16(a), vget_low_s16(min)), a, min);
  min = vld1q_s16(head->min + 8);
  return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(b), vget_low_s16(min)), b, min);
}

/* Lane r is the sum of v[r]. */
CM_NEON CM_INLINE int32x4_t cm_kq_lanes(const int32x4_t v[4]) {
  return vpaddq_s32(vpaddq_s32(v[0], v[1]), vpaddq_s32(v[2], v[3]));
}

/* Adds one block of 4 rows to acc. */
CM_NEON CM_INLINE float32x4_t cm_kq_step_neon(const cm_kq *t, cm_kq_load_neon_fn *load,
                                              const uint8_t *const row[4], const cm_q8k *x,
                                              float32x4_t acc) {
  int32x4_t sum[4], min[4];
  float d[4], dm[4];
  for (int r = 0; r < 4; r++) {
    uint8x16_t u[16];
    cm_kq_block head;
    load(row[r], u);
    t->head(row[r], &head);
    sum[r] = cm_kq_sum_neon(t, u, &head, x->q);
    min[r] = cm_kq_min_neon(t, &head, x->sums);
    d[r] = head.d;
    dm[r] = head.dm;
  }
  int32x4_t i = cm_kq_lanes(sum), m = cm_kq_lanes(min);
  float32x4_t scale = vmulq_n_f32(vld1q_f32(d), x->d);
  if (t->offset) return vaddq_f32(acc, vmulq_f32(scale, vcvtq_f32_s32(vsubq_s32(i, m))));
  float32x4_t scale_m = vmulq_n_f32(vld1q_f32(dm), x->d);
  float32x4_t part = vmulq_f32(scale, vcvtq_f32_s32(i));
  return vaddq_f32(acc, vsubq_f32(part, vmulq_f32(scale_m, vcvtq_f32_s32(m))));
}

CM_NEON CM_INLINE void cm_kq_dot_neon(const cm_kq *t, cm_kq_load_neon_fn *load, const void *w,
                                      size_t row_bytes, size_t rows, const void *x, size_t n,
                                      float *out) {
  const cm_q8k *act = x;
  for (size_t r = 0; r < rows; r += 4) {
    size_t left = rows - r < 4 ? rows - r : 4;
    const uint8_t *row[4]; /* past the last row: the last one again */
    for (size_t i = 0; i < 4; i++)
      row[i] = (const uint8_t *)w + (r + (i < left ? i : left - 1)) * row_bytes;
    float32x4_t acc = vdupq_n_f32(0.0f);
    for (size_t b = 0; b < n / CM_KQ_VALUES; b++) {
      acc = cm_kq_step_neon(t, load, row, &act[b], acc);
      for (int i = 0; i < 4; i++) row[i] += t->bytes;
    }
    float last[4];
    vst1q_f32(last, acc);
    memcpy(out + r, last, left * sizeof *out);
  }
}

/* --- unpacking --- */

/* u of the 4 rows from `first_row` on. */
CM_NEON CM_INLINE void cm_kq_panel_u_neon(cm_kq_load_neon_fn *load, const uint8_t *const row[4],
                                          size_t first_row, cm_panel256 *p) {
  uint8x16_t u[4][16];
  for (int r = 0; r < 4; r++) load(row[r], u[r]);
  for (int i = 0; i < 16; i++) {
    uint32x4_t v[4];
    CM_UNROLL
    for (int r = 0; r < 4; r++) v[r] = vreinterpretq_u32_u8(u[r][i]);
    cm_store_columns4(v, (uint8_t(*)[CM_PANEL_ROWS][4])p->q[4 * i][first_row]);
  }
}

/* A panel that isn't full is rare (the end of a matrix): the scalar code does it. */
CM_NEON CM_INLINE void cm_kq_unpack_neon(const cm_kq *t, cm_kq_load_neon_fn *load, const void *w,
                                         size_t row_bytes, size_t rows, size_t first,
                                         size_t blocks, void *panels) {
  if (rows < CM_PANEL_ROWS) {
    cm_kq_unpack(t, w, row_bytes, rows, first, blocks, panels);
    return;
  }
  cm_panel256 *p = panels;
  for (size_t b = 0; b < blocks; b++, p++) {
    for (size_t r = 0; r < CM_PANEL_ROWS; r += 4) {
      const uint8_t *row[4];
      for (size_t i = 0; i < 4; i++) {
        cm_kq_block head;
        row[i] = (const uint8_t *)w + (r + i) * row_bytes + (first + b) * t->bytes;
        t->head(row[i], &head);
        cm_kq_panel_head(&head, t->sub_blocks, r + i, p);
      }
      cm_kq_panel_u_neon(load, row, r, p);
    }
  }
}
#endif
#endif
