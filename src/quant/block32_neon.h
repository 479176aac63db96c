/* block32_neon: four rows at a time with NEON's dot product, for the types with blocks of 32
 * values.
 *
 * A type's loader gives the 32 values of one row's block as signed bytes. Two dot-product
 * instructions turn them into four partial sums; pairwise additions of four rows' partial sums
 * leave one row in each lane, and the float part is done for four rows at once in the order of the
 * scalar code. */
#ifndef CM_QUANT_BLOCK32_NEON_H
#define CM_QUANT_BLOCK32_NEON_H
#include "quant/block32.h"
#include "quant/panel_neon.h"

#ifdef CM_ARM

typedef void cm_load1_fn(const uint8_t *block, int8x16_t v[2]);

/* --- for the loaders --- */

CM_NEON CM_INLINE void cm_nibbles1(const uint8_t *qs, int8x16_t v[2]) {
  uint8x16_t packed = vld1q_u8(qs);
  v[0] = vreinterpretq_s8_u8(vandq_u8(packed, vdupq_n_u8(15)));
  v[1] = vreinterpretq_s8_u8(vshrq_n_u8(packed, 4));
}

/* Adds the fifth bits, four bytes at qh. */
CM_NEON CM_INLINE void cm_fifths1(const uint8_t *qh, int8x16_t v[2]) {
  const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
  for (int h = 0; h < 2; h++) {
    uint8x16_t bytes = vcombine_u8(vdup_n_u8(qh[2 * h]), vdup_n_u8(qh[2 * h + 1]));
    uint8x16_t fifth = vandq_u8(vtstq_u8(bytes, bit), vdupq_n_u8(16));
    v[h] = vorrq_s8(v[h], vreinterpretq_s8_u8(fifth));
  }
}

/* --- templates --- */

CM_NEON CM_INLINE float32x4_t cm_halves4(const uint8_t *const *row, size_t at) {
  uint16_t v[4];
  for (int i = 0; i < 4; i++) memcpy(&v[i], row[i] + at, 2);
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(v)));
}

CM_NEON CM_INLINE float32x4_t cm_mins4(const cm_type32 *t, const uint8_t *const *row, size_t at,
                                       float32x4_t d) {
  return t->symmetric ? d : vnegq_f32(cm_halves4(row, at + 2));
}

CM_NEON CM_INLINE int32x4_t cm_sum4(cm_load1_fn *load, const uint8_t *const *row, size_t at,
                                    const int8_t *x) {
  int8x16_t low = vld1q_s8(x), high = vld1q_s8(x + 16);
  int32x4_t s[4];
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    int8x16_t v[2];
    load(row[i] + at, v);
    s[i] = vdotq_s32(vdotq_s32(vdupq_n_s32(0), v[0], low), v[1], high);
  }
  return vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3]));
}

CM_NEON CM_INLINE float32x4_t cm_add_block4(const cm_type32 *t, const uint8_t *const *row,
                                            size_t at, int32x4_t sum, const cm_q8 *x,
                                            float32x4_t acc) {
  float32x4_t d = cm_halves4(row, at);
  float32x4_t ddx = vmulq_n_f32(d, x->d);
  if (t->symmetric) {
    if (!t->flip) sum = vsubq_s32(sum, vdupq_n_s32(t->offset * cm_q8_sum(x)));
    return vaddq_f32(acc, vmulq_f32(ddx, vcvtq_f32_s32(sum)));
  }
  float32x4_t m = vmulq_n_f32(cm_mins4(t, row, at, d), x->d);
  m = vmulq_n_f32(m, (float)(t->offset * cm_q8_sum(x)));
  return vaddq_f32(acc, vsubq_f32(vmulq_f32(ddx, vcvtq_f32_s32(sum)), m));
}

/* Rows left over below four are made up by repeating the last one. */
CM_NEON CM_INLINE void cm_rows4(const uint8_t *w, size_t row_bytes, size_t rows,
                                const uint8_t *row[4]) {
  for (size_t i = 0; i < 4; i++) row[i] = w + (i < rows ? i : rows - 1) * row_bytes;
}

CM_NEON CM_INLINE void cm_dot_rows32_neon(const cm_type32 *t, cm_load1_fn *load, const void *w,
                                          size_t row_bytes, size_t rows, const void *x, size_t n,
                                          float *out) {
  const cm_q8 *xb = x;
  for (size_t r = 0; r < rows; r += 4) {
    const uint8_t *row[4];
    cm_rows4((const uint8_t *)w + r * row_bytes, row_bytes, rows - r, row);
    float32x4_t acc = vdupq_n_f32(0.0f);
    for (size_t b = 0; b < n / 32; b++) {
      int32x4_t sum = cm_sum4(load, row, b * t->bytes, xb[b].q);
      acc = cm_add_block4(t, row, b * t->bytes, sum, &xb[b], acc);
    }
    float four[4];
    vst1q_f32(four, acc);
    memcpy(out + r, four, (rows - r < 4 ? rows - r : 4) * sizeof *out);
  }
}

CM_NEON CM_INLINE void cm_unpack_quarter(const cm_type32 *t, cm_load1_fn *load,
                                         const uint8_t *const *row, size_t at, size_t from,
                                         cm_panel32 *panel) {
  uint32x4_t low[4], high[4];
  CM_UNROLL
  for (int i = 0; i < 4; i++) {
    int8x16_t v[2];
    load(row[i] + at, v);
    const int8x16_t flip = vdupq_n_s8((int8_t)t->flip);
    low[i] = vreinterpretq_u32_s8(veorq_s8(v[0], flip));
    high[i] = vreinterpretq_u32_s8(veorq_s8(v[1], flip));
  }
  cm_store_columns4(low, (uint8_t(*)[CM_PANEL_ROWS][4])panel->q[0][from]);
  cm_store_columns4(high, (uint8_t(*)[CM_PANEL_ROWS][4])panel->q[4][from]);
  float32x4_t d = cm_halves4(row, at);
  vst1q_f32(panel->d + from, d);
  vst1q_f32(panel->dm + from, cm_mins4(t, row, at, d));
}

/* A panel that isn't full is rare (the end of a matrix): the scalar code does it. */
CM_NEON CM_INLINE void cm_unpack32_neon(const cm_type32 *t, cm_load1_fn *load, const void *w,
                                        size_t row_bytes, size_t rows, size_t first, size_t blocks,
                                        void *panels) {
  if (rows < CM_PANEL_ROWS) {
    cm_unpack32(t, w, row_bytes, rows, first, blocks, panels);
    return;
  }
  cm_panel32 *panel = panels;
  for (size_t r = 0; r < rows; r += 4) {
    const uint8_t *row[4];
    cm_rows4((const uint8_t *)w + r * row_bytes + first * t->bytes, row_bytes, 4, row);
    for (size_t b = 0; b < blocks; b++)
      cm_unpack_quarter(t, load, row, b * t->bytes, r, &panel[b]);
  }
}

#endif
#endif
