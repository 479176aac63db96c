/* The vector intrinsics of the machine we build for, and the attributes that let one function use
 * them.
 *
 *   CM_X86    AVX2 and AVX-512 variants are built (functions marked CM_AVX2, CM_AVX512)
 *   CM_ARM    NEON variants are built (functions marked CM_NEON)
 *
 * Compile with -DCM_SIMDE to have SIMDe emulate what the build machine lacks: that is how AVX-512
 * code is tested without such a processor (gcc; add -mavx2 -mf16c so that only AVX-512 is
 * emulated). The attributes vanish then, because the emulation's types depend on the whole file's
 * flags. */
#ifndef CM_QUANT_INTRIN_H
#define CM_QUANT_INTRIN_H

/* For templates: functions that take a function and must melt into their caller with it. */
#define CM_INLINE static inline __attribute__((always_inline))

/* Before a loop with a small constant count over an array of vectors: only unrolled does it live
 * in registers (in emulation nothing does). */
#if defined(CM_SIMDE)
#define CM_UNROLL
#elif defined(__clang__)
#define CM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define CM_UNROLL _Pragma("GCC unroll 16")
#endif

/* After each step of a sum over many products: gcc takes integer sums for trees, makes all the
 * products first, and puts them aside in memory when registers end. A value that is "changed" here
 * can't be part of a tree. */
#if defined(CM_SIMDE) || !defined(__x86_64__)
#define CM_IN_ORDER(v) ((void)0)
#else
#define CM_IN_ORDER(v) __asm__("" : "+v"(v))
#endif

#if defined(CM_SIMDE)
#define CM_X86 1
#define CM_AVX2
#define CM_AVX512
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>

#elif defined(__x86_64__)
#define CM_X86  1
#define CM_AVX2 __attribute__((target("avx2,f16c")))
#define CM_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,f16c")))
#include <immintrin.h>

/* clang before 16 can't enable the dot product for one function only: it gets the scalar code. */
#elif defined(__aarch64__) && (!defined(__clang__) || __clang_major__ >= 16)
#define CM_ARM 1
#if defined(__clang__)
#define CM_NEON __attribute__((target("dotprod")))
#else
#define CM_NEON __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
#include <arm_neon.h>
#endif

#endif
