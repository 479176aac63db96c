/* IEEE binary16 and bfloat16 <-> float32, with the bits that F16C hardware gives: round to nearest
 * even, NaN stays NaN (made quiet, the upper payload bits kept). */
#include <string.h>

#include "quant/quant.h"

static uint32_t bits_of(float f) {
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

static float float_of(uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  return f;
}

float cm_f16_to_f32(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16;
  uint32_t rest = h & 0x7fffu;
  if (rest >= 0x7c00) { /* infinity, NaN */
    uint32_t quiet = rest > 0x7c00 ? 0x400000u : 0;
    return float_of(sign | 0x7f800000u | quiet | rest << 13);
  }
  if (rest < 0x0400) { /* zero, denormal: a multiple of 2^-24 */
    return float_of(sign | bits_of((float)rest * 0x1p-24f));
  }
  return float_of(sign | ((rest << 13) + (112u << 23)));
}

uint16_t cm_f32_to_f16(float f) {
  uint32_t u = bits_of(f);
  uint32_t sign = u >> 16 & 0x8000u;
  uint32_t rest = u & 0x7fffffffu;
  if (rest > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | (rest >> 13 & 0x3ffu));
  if (rest >= 0x47800000u) return (uint16_t)(sign | 0x7c00u); /* >= 2^16 */
  if (rest < 0x38800000u) {
    /* Below 2^-14 the result counts units of 2^-24, which is what the last bit of 0.5f is worth:
     * the addition rounds. */
    return (uint16_t)(sign | (bits_of(float_of(rest) + 0.5f) - bits_of(0.5f)));
  }
  rest += 0xfffu + (rest >> 13 & 1);
  return (uint16_t)(sign | (rest - (112u << 23)) >> 13);
}

float cm_bf16_to_f32(uint16_t h) { return float_of((uint32_t)h << 16); }

uint16_t cm_f32_to_bf16(float f) {
  uint32_t u = bits_of(f);
  if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(u >> 16 | 0x40u);
  return (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}
