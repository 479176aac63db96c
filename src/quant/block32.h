/* block32: what the types with blocks of 32 values have in common (Q8_0 Q4_0 Q4_1 Q5_0 Q5_1), and
 * their scalar code.
 *
 * A type's file says how one of its blocks decodes to unsigned values; everything else follows
 * from quant.h's formula, written once here. The templates are always inlined, so that each type
 * gets a loop of its own. */
#ifndef CM_QUANT_BLOCK32_H
#define CM_QUANT_BLOCK32_H
#include <string.h>

#include "quant/intrin.h"
#include "quant/quant.h"

/* w[k] = d * u[k] - dm * offset; dm is d for symmetric types. */
typedef struct cm_block32 {
  float d, dm;
  uint8_t u[32];
} cm_block32;

typedef struct cm_type32 {
  size_t bytes; /* of one block; it starts with d (and m) as binary16 */
  int offset;   /* as in cm_quant */
  bool symmetric;
  uint8_t fifths; /* where a block's fifth bits begin; 0: it has none */
  uint8_t flip;   /* the vector loaders give u ^ flip: 0x80 where the stored values are signed */
  void (*decode)(const uint8_t *block, cm_block32 *out);
} cm_type32;

/* Writing blocks (block32.c). x has 32 values, u gets 32. The rules are those of ggml's reference
 * quantizers: a symmetric block gives u = 0 to the value of largest magnitude (and returns d), the
 * other kind stretches from the smallest to the largest value. */
float cm_q32_symmetric(const float *x, int offset, uint8_t *u);
void cm_q32_range(const float *x, int max_u, uint8_t *u, float *d, float *min);
void cm_q32_put_half(uint8_t *p, float f);
void cm_q32_put_low(uint8_t qs[16], const uint8_t *u); /* byte j: u[j], u[j + 16], 4 bits each */
void cm_q32_put_high(uint8_t qh[4], const uint8_t *u); /* bit j: the fifth bit of u[j] */

CM_INLINE float cm_half_at(const uint8_t *p) {
  uint16_t h;
  memcpy(&h, p, sizeof h);
  return cm_f16_to_f32(h);
}

CM_INLINE uint32_t cm_u32_at(const void *p) {
  uint32_t u;
  memcpy(&u, p, sizeof u);
  return u;
}

CM_INLINE void cm_low_nibbles(const uint8_t *qs, uint8_t *u) {
  for (int j = 0; j < 16; j++) {
    u[j] = qs[j] & 15;
    u[j + 16] = qs[j] >> 4;
  }
}

CM_INLINE void cm_fifth_bits(uint32_t qh, uint8_t *u) {
  for (int j = 0; j < 32; j++) u[j] = (uint8_t)(u[j] | (qh >> j & 1) << 4);
}

/* --- templates --- */

CM_INLINE void cm_to_f32_32(const cm_type32 *t, const void *blocks, float *out, size_t n) {
  const uint8_t *p = blocks;
  for (size_t i = 0; i < n; i += 32, p += t->bytes) {
    cm_block32 b;
    t->decode(p, &b);
    for (int k = 0; k < 32; k++) {
      out[i + (size_t)k] =
          t->symmetric ? b.d * (float)(b.u[k] - t->offset) : b.d * (float)b.u[k] - b.dm;
    }
  }
}

CM_INLINE float cm_dot_block32(const cm_type32 *t, const uint8_t *p, const cm_q8 *x, float acc) {
  cm_block32 b;
  t->decode(p, &b);
  int32_t i = 0, m = t->offset * cm_q8_sum(x);
  for (int k = 0; k < 32; k++) i += b.u[k] * x->q[k];
  if (t->symmetric) return acc + (b.d * x->d) * (float)(i - m);
  return acc + ((b.d * x->d) * (float)i - (b.dm * x->d) * (float)m);
}

CM_INLINE void cm_dot_rows32(const cm_type32 *t, const void *w, size_t row_bytes, size_t rows,
                             const void *x, size_t n, float *out) {
  const cm_q8 *xb = x;
  for (size_t r = 0; r < rows; r++) {
    const uint8_t *p = (const uint8_t *)w + r * row_bytes;
    float acc = 0.0f;
    for (size_t b = 0; b < n / 32; b++) acc = cm_dot_block32(t, p + b * t->bytes, &xb[b], acc);
    out[r] = acc;
  }
}

CM_INLINE void cm_unpack32(const cm_type32 *t, const void *w, size_t row_bytes, size_t rows,
                           size_t first, size_t blocks, void *panels) {
  cm_panel32 *panel = panels;
  memset(panel, 0, blocks * sizeof *panel);
  for (size_t r = 0; r < rows; r++) {
    const uint8_t *p = (const uint8_t *)w + r * row_bytes + first * t->bytes;
    for (size_t b = 0; b < blocks; b++) {
      cm_block32 block;
      t->decode(p + b * t->bytes, &block);
      panel[b].d[r] = block.d;
      panel[b].dm[r] = block.dm;
      for (int g = 0; g < 8; g++) memcpy(panel[b].q[g][r], block.u + 4 * g, 4);
    }
  }
}

#endif
