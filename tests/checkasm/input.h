/* Input for checkasm: rows of every tensor type and activations, random and extreme, the same in
 * every run. */
#ifndef CM_TESTS_CHECKASM_INPUT_H
#define CM_TESTS_CHECKASM_INPUT_H
#include <stdlib.h>
#include <string.h>

#include "quant/quant.h"

typedef struct input {
  size_t rows, n, row_bytes, blocks; /* blocks: float blocks of a row */
  uint8_t *w; /* exactly as large as needed, so that sanitizers see every overrun */
  void *x;
} input;

static uint64_t rng_state = 1;

/* splitmix64 */
static inline uint64_t rng(void) {
  uint64_t z = rng_state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static inline size_t below(size_t n) { return (size_t)(rng() % n); }

/* -1 .. 1 */
static inline float uniform(void) { return (float)((double)(rng() >> 11) * 0x1p-52 - 1.0); }

static inline void *must_alloc(size_t n) {
  void *p = malloc(n ? n : 1);
  if (!p) abort();
  return p;
}

/* Where the binary16 numbers of a block are; -1 ends the list. They get values of their own:
 * random bits would mostly be absurd. */
static inline const int *halves_of(cm_qid id) {
  static const int none[] = {-1}, at_0[] = {0, -1}, at_0_2[] = {0, 2, -1}, at_80[] = {80, 82, -1},
                   at_108[] = {108, -1}, at_208[] = {208, -1};
  switch (id) {
    case CM_Q_F32:
    case CM_Q_BF16: return none;
    case CM_Q_F16:
    case CM_Q_Q8_0:
    case CM_Q_Q4_0:
    case CM_Q_Q5_0: return at_0;
    case CM_Q_Q2_K: return at_80;
    case CM_Q_Q3_K: return at_108;
    case CM_Q_Q6_K: return at_208;
    default: return at_0_2;
  }
}

/* Values of a scale: ordinary, denormal, largest, zero. */
static inline float scale_value(int kind) {
  switch (kind) {
    case 0: return uniform() * 0.01f;
    case 1: return uniform() * 0x1p-15f;
    case 2: return below(2) ? 65504.0f : -65504.0f;
    case 3: return 0.0f;
    default: return scale_value((int)below(4));
  }
}
enum { SCALE_KINDS = 5 };

static inline uint8_t code_byte(int kind, size_t i) {
  switch (kind) {
    case 1: return 0x00;
    case 2: return 0xff;
    case 3: return i % 2 ? 0x7f : 0x80;
    case 4: return i % 2 ? 0x81 : 0x7f;
    default: return (uint8_t)rng();
  }
}
enum { CODE_KINDS = 5 };

static inline void fill_block(const cm_qtype *t, uint8_t *p, int codes, int scales) {
  if (t->id == CM_Q_F32 || t->id == CM_Q_BF16) {
    float f = scale_value(scales) * (scales == 2 ? 1e30f : 1.0f);
    uint16_t b = cm_f32_to_bf16(f);
    memcpy(p, t->id == CM_Q_F32 ? (void *)&f : (void *)&b, t->block_bytes);
    return;
  }
  for (size_t i = 0; i < t->block_bytes; i++) p[i] = code_byte(codes, i);
  for (const int *at = halves_of(t->id); *at >= 0; at++) {
    uint16_t h = cm_f32_to_f16(scale_value(scales));
    memcpy(p + *at, &h, sizeof h);
  }
}

static inline int8_t act_code(int kind, size_t i) {
  switch (kind) {
    case 1: return 0;
    case 2: return 127;
    case 3: return -127;
    case 4: return i % 2 ? 127 : -127;
    default: return (int8_t)((int)below(255) - 127);
  }
}
enum { ACT_KINDS = 5 };

static inline float act_scale(int kind) {
  static const float values[] = {1.0f, 1e-40f, 1e34f, 0.0f};
  return kind ? values[kind % 4] : uniform();
}

static inline void fill_q8(cm_q8 *b, int codes, int scale) {
  b->d = act_scale(scale);
  b->half[0] = b->half[1] = 0;
  for (size_t i = 0; i < 32; i++) {
    b->q[i] = act_code(codes, i);
    b->half[i / 2 % 2] = (int16_t)(b->half[i / 2 % 2] + b->q[i]);
  }
}

static inline void fill_q8k(cm_q8k *b, int codes, int scale) {
  b->d = act_scale(scale);
  memset(b->sums, 0, sizeof b->sums);
  for (size_t i = 0; i < 256; i++) {
    b->q[i] = act_code(codes, i);
    b->sums[i / 16] = (int16_t)(b->sums[i / 16] + b->q[i]);
  }
}

static inline void fill_act(cm_act act, void *x, size_t n, int codes, int scale) {
  if (act == CM_ACT_Q8) {
    for (size_t i = 0; i < n / 32; i++) fill_q8((cm_q8 *)x + i, codes, scale);
  } else if (act == CM_ACT_Q8K) {
    for (size_t i = 0; i < n / 256; i++) fill_q8k((cm_q8k *)x + i, codes, scale);
  } else {
    for (size_t i = 0; i < n; i++) ((float *)x)[i] = uniform() * act_scale(scale);
  }
}

/* rows may lie further apart than they are long, and at odd addresses. */
static inline input input_new(const cm_quant *q, size_t rows, size_t blocks, size_t gap) {
  const cm_qtype *t = cm_qtype_of(q->id);
  size_t row_blocks = blocks;
  input in = {.rows = rows, .n = row_blocks * t->block_values, .blocks = blocks};
  in.row_bytes = row_blocks * t->block_bytes + gap;
  in.w = must_alloc(rows * in.row_bytes - gap);
  in.x = must_alloc(cm_act_bytes(q->act, in.n));
  int codes = (int)below(CODE_KINDS), scales = (int)below(SCALE_KINDS);
  for (size_t r = 0; r < rows; r++) {
    for (size_t b = 0; b < row_blocks; b++) {
      fill_block(t, in.w + r * in.row_bytes + b * t->block_bytes, codes, scales);
    }
  }
  fill_act(q->act, in.x, in.n, (int)below(ACT_KINDS), below(2) ? 0 : (int)below(4));
  return in;
}

static inline void input_free(input *in) {
  free(in->w);
  free(in->x);
}

#endif
