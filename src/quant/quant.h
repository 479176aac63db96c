/* quant: what the bytes of a tensor block mean, and the arithmetic on them.
 *
 * The numbers (docs/ARCHITECTURE.md has the reasons): activations are quantized to int8 in blocks
 * of 32 or 256, integer sums are exact so their order is free, and the few float operations of a
 * dot product are spelled out here once, so that every instruction set, thread count and batch
 * size gives the same bits:
 *
 *   A weight is w[k] = d * scale[s] * u[k] - dm * min[s], u unsigned, s the sub-block of k.
 *   Per float block b (32 or 256 values), with activations x[k] (int8) and their scale dx:
 *     I = sum over s of scale[s] * sum of u[k] * x[k]      (int32, exact)
 *     M = sum over s of min[s] * sum of x[k]               (int32, exact)
 *     symmetric types (dm == d):  acc = acc + (d * dx) * (float)(I - M)
 *     the others:                 acc = acc + ((d * dx) * (float)I - (dm * dx) * (float)M)
 *   with b ascending from 0, acc starting at 0.0f, each operation rounded to float32, never fused.
 *
 *   F32, F16, BF16: product of the exact float32 value and the float32 activation, element i
 *   added to chain i mod 32 (32 chains starting at 0.0f), then for h = 16, 8, 4, 2, 1:
 *   chain[j] = chain[j] + chain[j + h] for j < h.
 */
#ifndef CM_QUANT_QUANT_H
#define CM_QUANT_QUANT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/qtype.h"

/* --- activations --- */

/* How the other operand of a dot product is held. */
typedef enum cm_act { CM_ACT_F32, CM_ACT_Q8, CM_ACT_Q8K, CM_ACT_COUNT } cm_act;

/* 32 values: x = d * q. half[h] is the sum of the q[k] with k / 2 % 2 == h: a multiplication that
 * adds pairs of products leaves these in 16-bit lanes side by side. Used with Q8_0 Q4_0 Q4_1 Q5_0
 * Q5_1. */
typedef struct cm_q8 {
  float d;
  int16_t half[2];
  int8_t q[32];
} cm_q8;
/* The sum of all q. */
static inline int32_t cm_q8_sum(const cm_q8 *x) { return x->half[0] + x->half[1]; }

/* 256 values; sums[i] is the sum of q[16i .. 16i+15]. Used with the K types. Where an array begins
 * at a multiple of 32 bytes, so does each q: reading across cache lines takes twice as long. */
typedef struct cm_q8k {
  int8_t q[256];
  int16_t sums[16];
  float d;
  uint8_t unused[28]; /* zero */
} cm_q8k;

/* Bytes that n activations take in this form (n a multiple of 1, 32, 256). */
size_t cm_act_bytes(cm_act act, size_t n);

/* Quantizes n floats. Per block: m = max |x|; d = m / 127; q = round-to-nearest-even(x * (127 /
 * m)), clipped to +-127; m == 0 gives d = 0, q = 0. The same bits in every variant. CM_ACT_F32
 * copies. */
typedef void cm_act_fn(const float *x, void *out, size_t n);
cm_act_fn *cm_act_quantizer(cm_act act, cm_isa isa);

/* --- panels: 16 rows of weights unpacked for many columns --- */

/* q[g][r][j] is u of row r, value 4g + j: four consecutive values of one row side by side, 16 rows
 * next to each other, so that one broadcast of four activations meets 16 rows. Rows that don't
 * exist are all zero. */
enum { CM_PANEL_ROWS = 16 };

typedef struct cm_panel32 {
  float d[CM_PANEL_ROWS], dm[CM_PANEL_ROWS];
  uint8_t q[8][CM_PANEL_ROWS][4];
} cm_panel32; /* scale is 1, min is cm_quant.offset */

typedef struct cm_panel256 {
  float d[CM_PANEL_ROWS], dm[CM_PANEL_ROWS];
  int16_t scale[16][CM_PANEL_ROWS]; /* cm_quant.sub_blocks of them are used */
  int16_t min[16][CM_PANEL_ROWS];
  uint8_t q[64][CM_PANEL_ROWS][4];
} cm_panel256;

/* --- one type --- */

/* out[r] = dot of row r with x, for r < rows (any number): rows start row_bytes apart, n values
 * each, x in the type's activation form. */
typedef void cm_dot_rows_fn(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                            float *out);

/* Unpacks `blocks` consecutive float blocks, starting with number `first` of each row, of rows <=
 * 16 rows into `blocks` panels (cm_panel32 or cm_panel256, by block size). */
typedef void cm_unpack_fn(const void *w, size_t row_bytes, size_t rows, size_t first,
                          size_t blocks, void *panels);

typedef struct cm_quant {
  cm_qid id;
  cm_act act;
  int offset;     /* panel32 types: the min that belongs to dm (128, 8, 16; Q4_1 and Q5_1: 1) */
  int sub_blocks; /* panel256 types: 8 or 16 */
  int max_u;      /* largest unsigned value: 255, 15, 31, 63, 3, 7 */
  bool symmetric;
  /* n values, a multiple of the block. Exactly ggml's float32 arithmetic and order. */
  void (*to_f32)(const void *blocks, float *out, size_t n);
  void (*from_f32)(const float *x, void *blocks, size_t n);
  /* Per instruction set; a NULL entry means: use a weaker one. SCALAR is never NULL and is the
   * specification. unpack is NULL for the float types. */
  cm_dot_rows_fn *dot_rows[CM_ISA_COUNT];
  cm_unpack_fn *unpack[CM_ISA_COUNT];
} cm_quant;

const cm_quant *cm_quant_of(cm_qid id);
/* The strongest variant not above `isa` (AVX512 -> AVX2 -> SCALAR; NEON -> SCALAR). */
cm_dot_rows_fn *cm_quant_dot_rows(const cm_quant *q, cm_isa isa);
cm_unpack_fn *cm_quant_unpack(const cm_quant *q, cm_isa isa);

/* IEEE binary16 and bfloat16; to_f16 rounds to nearest even. */
float cm_f16_to_f32(uint16_t h);
uint16_t cm_f32_to_f16(float f);
float cm_bf16_to_f32(uint16_t h);
uint16_t cm_f32_to_bf16(float f);

#endif
