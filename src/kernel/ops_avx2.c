#include "kernel/ops.h"

#if defined(__x86_64__)
#include "quant/intrin.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,f16c")
#endif
#define F32_OF(dst, src) ((dst) = (v8)_mm256_cvtph_ps((__m128i)(src)))
#define F16_OF(dst, src) ((dst) = (h8)_mm256_cvtps_ph((__m256)(src), _MM_FROUND_TO_NEAREST_INT))
#define OPS_NAME         cm_ops_avx2
#include "kernel/ops_body.h"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
