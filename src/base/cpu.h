/* base/cpu: which instruction-set variant of a kernel may run on this machine. */
#ifndef CM_BASE_CPU_H
#define CM_BASE_CPU_H
#include <stdbool.h>

/* Variants, weakest first within a processor family. */
typedef enum cm_isa {
  CM_ISA_SCALAR,
  CM_ISA_AVX2,
  CM_ISA_AVX512,
  CM_ISA_NEON,
  CM_ISA_COUNT
} cm_isa;

/* AVX2 here means AVX2 + F16C (+ FMA present but never used: see docs/ARCHITECTURE.md, numbers);
 * AVX512 means F, BW, VL, DQ and VNNI, enabled by the system; NEON means ASIMD with dot product.
 */
bool cm_cpu_has(cm_isa isa);
cm_isa cm_cpu_best(void);
const char *cm_isa_name(cm_isa isa); /* "scalar" "avx2" "avx512" "neon" */
bool cm_isa_by_name(const char *name, cm_isa *out);

#endif
