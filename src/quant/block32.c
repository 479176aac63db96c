#include "quant/block32.h"

#include <math.h>

/* Truncates to 0 .. max; NaN gives 0. */
static uint8_t to_code(float f, int max) {
  if (!(f > 0.0f)) return 0;
  return (uint8_t)(f < (float)max ? (int)f : max);
}

static float inverse(float d) { return d != 0.0f ? 1.0f / d : 0.0f; }

float cm_q32_symmetric(const float *x, int offset, uint8_t *u) {
  float peak = 0.0f;
  for (int j = 0; j < 32; j++) {
    if (fabsf(x[j]) > fabsf(peak)) peak = x[j];
  }
  float d = peak / (float)-offset;
  float id = inverse(d);
  for (int j = 0; j < 32; j++) {
    u[j] = to_code(x[j] * id + ((float)offset + 0.5f), 2 * offset - 1);
  }
  return d;
}

void cm_q32_range(const float *x, int max_u, uint8_t *u, float *d, float *min) {
  float low = x[0], high = x[0];
  for (int j = 1; j < 32; j++) {
    if (x[j] < low) low = x[j];
    if (x[j] > high) high = x[j];
  }
  float step = (high - low) / (float)max_u;
  float id = inverse(step);
  for (int j = 0; j < 32; j++) u[j] = to_code((x[j] - low) * id + 0.5f, max_u);
  *d = step;
  *min = low;
}

void cm_q32_put_half(uint8_t *p, float f) {
  uint16_t h = cm_f32_to_f16(f);
  memcpy(p, &h, sizeof h);
}

void cm_q32_put_low(uint8_t qs[16], const uint8_t *u) {
  for (int j = 0; j < 16; j++) qs[j] = (uint8_t)((u[j] & 15) | (u[j + 16] & 15) << 4);
}

void cm_q32_put_high(uint8_t qh[4], const uint8_t *u) {
  uint32_t bits = 0;
  for (int j = 0; j < 32; j++) bits |= (uint32_t)(u[j] >> 4) << j;
  memcpy(qh, &bits, sizeof bits);
}
