/* Random weights of a wanted spread, drawn as finished blocks of any tensor type: quantizing real
 * numbers would take minutes for a large model. The quants of a block are random bits; only its
 * scales are chosen, so that the weights have mean 0 and the spread asked for. */
#ifndef CM_TOOLS_WEIGHTS_H
#define CM_TOOLS_WEIGHTS_H
#include <math.h>
#include <string.h>

#include "quant/quant.h"

typedef struct dice {
  uint64_t state;
} dice;

/* splitmix64 (Steele et al., 2014). */
static inline uint64_t dice_u64(dice *d) {
  uint64_t z = d->state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static void dice_bytes(dice *d, uint8_t *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) memcpy(p, &(uint64_t){dice_u64(d)}, 8);
  if (n) memcpy(p, &(uint64_t){dice_u64(d)}, n);
}

/* Nearly normal with mean 0 and variance 1: the sum of four uniform numbers. */
static float dice_normal(dice *d) {
  uint64_t u = dice_u64(d);
  double sum = 0;
  for (int i = 0; i < 4; i++) sum += (double)(u >> (16 * i) & 0xFFFF) / 65535.0 - 0.5;
  return (float)(sum * sqrt(3));
}

/* Where a block keeps its scale d and, if it has one, the other scale m (0 otherwise: no block has
 * m in front), and what random quants come to. */
typedef struct block_form {
  cm_qid id;
  unsigned d_at, m_at;
  double spread; /* root mean square of the weights when d = 1 */
  double m;      /* the m for d = 1 that makes the mean 0 */
  bool flip;     /* the mean is 0 only with either sign of d */
} block_form;

static const block_form block_forms[] = {
    {CM_Q_Q8_0, 0, 0, 73.9, 0, true},      {CM_Q_Q4_0, 0, 0, 4.64, 0, true},
    {CM_Q_Q4_1, 0, 2, 4.61, -7.5, false},  {CM_Q_Q5_0, 0, 0, 9.25, 0, true},
    {CM_Q_Q5_1, 0, 2, 9.23, -15.5, false}, {CM_Q_Q2_K, 80, 82, 13.1, 1.5, false},
    {CM_Q_Q3_K, 108, 0, 43.3, 0, true},    {CM_Q_Q4_K, 0, 2, 223.6, 7.5, false},
    {CM_Q_Q5_K, 0, 2, 447.9, 15.5, false}, {CM_Q_Q6_K, 208, 0, 1366.0, 0, true},
};

/* Makes the minimum of each sub-block follow its scale, so that the mean is 0 there too. */
static void pair_scales(cm_qid id, uint8_t *block) {
  uint8_t *p = block + 4;
  if (id == CM_Q_Q2_K)
    for (int i = 0; i < 16; i++) block[i] = (uint8_t)((8 + block[i] % 8) * 0x11);
  if (id != CM_Q_Q4_K && id != CM_Q_Q5_K) return;
  for (int i = 0; i < 4; i++) { /* 6 bits each: sub-block i in front, i + 4 in the rest */
    unsigned low = 32 + p[i] % 32u, high = 32 + p[i + 4] % 32u;
    p[i] = p[i + 4] = (uint8_t)(low | high >> 4 << 6);
    p[i + 8] = (uint8_t)((high & 15) * 0x11);
  }
}

static void draw_blocks(dice *d, const block_form *f, float spread, uint8_t *out, size_t bytes) {
  size_t size = cm_qtype_of(f->id)->block_bytes;
  double scale = (double)spread / f->spread;
  uint16_t plus = cm_f32_to_f16((float)scale), m = cm_f32_to_f16((float)(scale * f->m));
  dice_bytes(d, out, bytes);
  for (uint8_t *block = out; block < out + bytes; block += size) {
    unsigned sign = f->flip ? (unsigned)(block[f->d_at] & 1) << 15 : 0;
    uint16_t s = (uint16_t)(plus | sign);
    pair_scales(f->id, block);
    memcpy(block + f->d_at, &s, 2);
    if (f->m_at) memcpy(block + f->m_at, &m, 2);
  }
}

/* Draws n weights of this type around `mean` (0 for quantized types) to `out`; the room for n
 * floats at `work` is used for the others. */
static void draw_weights(dice *d, const cm_quant *q, float mean, float spread, size_t n,
                         float *work, void *out) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < sizeof block_forms / sizeof *block_forms; i++) {
    if (block_forms[i].id != q->id) continue;
    cm_qtype_row_bytes(cm_qtype_of(q->id), n, &bytes);
    draw_blocks(d, &block_forms[i], spread, out, (size_t)bytes);
    return;
  }
  for (size_t i = 0; i < n; i++) work[i] = mean + spread * dice_normal(d);
  q->from_f32(work, out, n);
}

#endif
