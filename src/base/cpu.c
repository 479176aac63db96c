#include "base/cpu.h"

#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#define HWCAP_ASIMD_BIT   (1UL << 1)
#define HWCAP_ASIMDDP_BIT (1UL << 20)
#endif

#if defined(__x86_64__)
/* __builtin_cpu_supports also checks XCR0, that is, whether the system saves the registers. */
static bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}
#endif

static bool has_neon(void) {
#if defined(__aarch64__) && defined(__linux__)
  unsigned long caps = getauxval(AT_HWCAP);
  return (caps & HWCAP_ASIMD_BIT) && (caps & HWCAP_ASIMDDP_BIT);
#else
  return false;
#endif
}

bool cm_cpu_has(cm_isa isa) {
  switch (isa) {
    case CM_ISA_SCALAR: return true;
#if defined(__x86_64__)
    case CM_ISA_AVX2: return has_avx2();
    case CM_ISA_AVX512: return has_avx512();
#endif
    case CM_ISA_NEON: return has_neon();
    default: return false;
  }
}

cm_isa cm_cpu_best(void) {
  static const cm_isa order[] = {CM_ISA_AVX512, CM_ISA_AVX2, CM_ISA_NEON};
  for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
    if (cm_cpu_has(order[i])) return order[i];
  return CM_ISA_SCALAR;
}

static const char *const names[CM_ISA_COUNT] = {"scalar", "avx2", "avx512", "neon"};

const char *cm_isa_name(cm_isa isa) { return isa < CM_ISA_COUNT ? names[isa] : "?"; }

bool cm_isa_by_name(const char *name, cm_isa *out) {
  for (int i = 0; i < CM_ISA_COUNT; i++)
    if (strcmp(names[i], name) == 0) return *out = (cm_isa)i, true;
  return false;
}
