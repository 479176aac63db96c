/* kq: what the K types have in common.
 *
 * A K type is one table entry with functions that take a block of 256 weights apart and their
 * inverse that puts one together. Reading, quantizing, and the scalar dot product and unpacking
 * (the specification of the vector variants) are written once, over the form taken apart. */
#ifndef CM_QUANT_KQ_H
#define CM_QUANT_KQ_H
#include "quant/quant.h"

enum { CM_KQ_VALUES = 256 };

/* A block taken apart: w = d * scale * u - dm * min. d and dm are exact binary16 values. */
typedef struct cm_kq_block {
  float d, dm;
  int16_t scale[16], min[16]; /* sub_blocks of them are used */
  uint8_t u[CM_KQ_VALUES];
} cm_kq_block;

typedef struct cm_kq {
  size_t bytes;
  int sub_blocks;
  int offset; /* symmetric types: w = d * scale * (u - offset), that is min = offset * scale and
                 dm = d; else 0 */
  int max_u;
  int max_scale; /* scales are 0 .. max_scale, in symmetric types -max_scale-1 .. max_scale */
  /* Quantizing, types with mins: the search tries max_u + first_step, then in steps of 0.1 up to
   * `tries` more, as the range of u, and measures what remains by squared or `absolute` error. */
  float first_step;
  int tries;
  bool absolute;
  /* All of a block except u. */
  void (*head)(const void *block, cm_kq_block *out);
  void (*spread_u)(const void *restrict block, uint8_t *restrict u);
  /* d, dm (not in symmetric types), scale, min (likewise) and u. */
  void (*pack)(const cm_kq_block *in, void *block);
} cm_kq;

void cm_kq_to_f32(const cm_kq *t, const void *blocks, float *out, size_t n);
void cm_kq_from_f32(const cm_kq *t, const float *x, void *blocks, size_t n);
void cm_kq_dot_rows(const cm_kq *t, const void *w, size_t row_bytes, size_t rows, const void *x,
                    size_t n, float *out);
void cm_kq_unpack(const cm_kq *t, const void *w, size_t row_bytes, size_t rows, size_t first,
                  size_t blocks, void *panels);

/* Puts the head of row r's block into a panel. */
void cm_kq_panel_head(const cm_kq_block *b, int sub_blocks, size_t r, cm_panel256 *p);

/* Q4_K and Q5_K keep 8 scales and 8 mins of 6 bits in 12 bytes: the first four of each have a byte
 * of their own (0..3, 4..7); the others keep four bits in bytes 8..11 (scale low, min high) and
 * two on top of the first eight. */
void cm_kq_get_6bit(const uint8_t packed[12], int16_t scale[8], int16_t min[8]);
void cm_kq_put_6bit(const int16_t scale[8], const int16_t min[8], uint8_t packed[12]);

static inline float cm_kq_get_f16(const uint8_t *p) {
  return cm_f16_to_f32((uint16_t)(p[0] | p[1] << 8));
}

static inline void cm_kq_put_f16(float f, uint8_t *p) {
  uint16_t h = cm_f32_to_f16(f);
  p[0] = (uint8_t)h;
  p[1] = (uint8_t)(h >> 8);
}

#endif
