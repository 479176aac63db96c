/* What Debian's SIMDe lacks (AVX-512 conversions) or gets wrong, element by element. Included
 * before every file of the emulated build. */
#ifndef CM_TESTS_SIMDE_SHIMS_H
#define CM_TESTS_SIMDE_SHIMS_H
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <string.h>

static inline simde__m512 shim_cvtepi32_ps(simde__m512i v) {
  int32_t i[16];
  float f[16];
  simde__m512 out;
  memcpy(i, &v, sizeof i);
  for (int k = 0; k < 16; k++) f[k] = (float)i[k];
  memcpy(&out, f, sizeof out);
  return out;
}
#define _mm512_cvtepi32_ps shim_cvtepi32_ps

#define SHIM_WIDEN(name, from, to)                  \
  static inline simde__m512i name(simde__m256i v) { \
    from s[16];                                     \
    to i[16];                                       \
    simde__m512i out;                               \
    memcpy(s, &v, sizeof s);                        \
    for (int k = 0; k < 16; k++) i[k] = s[k];       \
    memcpy(&out, i, sizeof out);                    \
    return out;                                     \
  }
SHIM_WIDEN(shim_cvtepi16_epi32, int16_t, int32_t)
SHIM_WIDEN(shim_cvtepu16_epi32, uint16_t, uint32_t)
#define _mm512_cvtepi16_epi32 shim_cvtepi16_epi32
#define _mm512_cvtepu16_epi32 shim_cvtepu16_epi32

/* SIMDe forgets that a sign of zero gives zero. */
static inline simde__m256i shim_sign_epi8(simde__m256i v, simde__m256i sign) {
  int8_t a[32], s[32];
  memcpy(a, &v, sizeof a);
  memcpy(s, &sign, sizeof s);
  for (int k = 0; k < 32; k++) a[k] = (int8_t)(s[k] < 0 ? -a[k] : s[k] ? a[k] : 0);
  memcpy(&v, a, sizeof v);
  return v;
}
#undef _mm256_sign_epi8
#define _mm256_sign_epi8 shim_sign_epi8
#endif
