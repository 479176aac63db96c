/* checkasm: the activation quantizers. Scalar is held to what quant.h promises, the others to
 * scalar's bits. */
#ifndef CM_TESTS_CHECKASM_ACTIVATIONS_H
#define CM_TESTS_CHECKASM_ACTIVATIONS_H
#include <math.h>

#include "input.h"

enum { ACT_TRIALS = 3000, ACT_MAX = 4 * 256, ACT_KINDS_OF_INPUT = 6 };

static inline float act_input(int kind) {
  static const float special[] = {0.0f, -0.0f, 1e-45f, 1e-38f, 3e38f,
                                  0.5f, 1.5f,  -2.5f,  126.5f, 127.0f};
  switch (kind) {
    case 0: return uniform() * 10.0f;
    case 1: return uniform() * 1e-36f; /* 127 / peak overflows around here */
    case 2: return uniform() * 3.4e38f;
    case 3: return (float)below(509) * 0.5f - 127.0f; /* many halves to round */
    case 4: return 0.0f;
    default: return special[below(10)];
  }
}

/* n random values, of one kind for each 256. */
static inline void act_fill(float *x, size_t n) {
  int kind = 0;
  for (size_t i = 0; i < n; i++) {
    if (i % 256 == 0) kind = (int)below(ACT_KINDS_OF_INPUT);
    x[i] = act_input(kind);
  }
}

/* Codes in range and half a step from the input, the sum true. A block below 4e-37 may be zero. */
static inline bool act_sound(const float *x, float d, const int8_t *q, size_t n, int sum) {
  for (size_t i = 0; i < n; i++) {
    sum -= q[i];
    if (q[i] < -127) return false;
    if (fabs((double)x[i] - (double)d * q[i]) > (double)d * 0.5001 + 4e-37) return false;
  }
  return sum == 0;
}

/* d itself must be peak / 127 (or 0). */
static inline bool act_scale_sound(const float *x, float d, size_t n) {
  float peak = 0.0f;
  for (size_t i = 0; i < n; i++) peak = fmaxf(peak, fabsf(x[i]));
  return d == peak / 127.0f || (d == 0.0f && peak < 4e-37f);
}

static inline bool q8_sound(const float *x, const cm_q8 *b) {
  int second = 0;
  for (size_t i = 0; i < 32; i++) second += i / 2 % 2 ? b->q[i] : 0;
  return act_scale_sound(x, b->d, 32) && act_sound(x, b->d, b->q, 32, cm_q8_sum(b)) &&
         b->half[1] == second;
}

static inline bool q8k_sound(const float *x, const cm_q8k *b) {
  for (size_t s = 0; s < 16; s++) {
    if (!act_sound(x + 16 * s, b->d, b->q + 16 * s, 16, b->sums[s])) return false;
  }
  return act_scale_sound(x, b->d, 256);
}

static inline bool act_check_scalar(cm_act act) {
  cm_act_fn *quantize = cm_act_quantizer(act, CM_ISA_SCALAR);
  float x[256];
  cm_q8 q8[8];
  cm_q8k q8k;
  for (int trial = 0; trial < ACT_TRIALS; trial++) {
    act_fill(x, 256);
    quantize(x, act == CM_ACT_Q8 ? (void *)q8 : &q8k, 256);
    if (act == CM_ACT_Q8K && !q8k_sound(x, &q8k)) return false;
    for (size_t b = 0; act == CM_ACT_Q8 && b < 8; b++) {
      if (!q8_sound(x + 32 * b, &q8[b])) return false;
    }
  }
  return true;
}

/* Without meaning, but nothing may break. */
static inline void act_run_not_finite(cm_act_fn *quantize, void *out) {
  float x[256];
  act_fill(x, 256);
  for (size_t i = 0; i < 256; i += 1 + below(32)) x[i] = below(2) ? (float)INFINITY : (float)NAN;
  quantize(x, out, 256);
}

static inline bool act_check(cm_act act, cm_isa isa) {
  cm_act_fn *quantize = cm_act_quantizer(act, isa), *scalar = cm_act_quantizer(act, CM_ISA_SCALAR);
  for (int trial = 0; trial < ACT_TRIALS; trial++) {
    size_t step = act == CM_ACT_Q8 ? 32 : 256, n = step * (1 + below(ACT_MAX / step)),
           bytes = cm_act_bytes(act, n);
    float *x = must_alloc(n * sizeof *x);
    void *a = must_alloc(bytes), *b = must_alloc(bytes);
    act_fill(x, n);
    scalar(x, a, n);
    quantize(x, b, n);
    bool ok = memcmp(a, b, bytes) == 0;
    if (n >= 256) act_run_not_finite(quantize, b);
    free(x);
    free(a);
    free(b);
    if (!ok) return false;
  }
  return true;
}

#endif
