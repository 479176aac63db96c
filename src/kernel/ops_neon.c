#include "kernel/ops.h"

#if defined(__aarch64__)
#include "quant/intrin.h"

#define F32_OF(dst, src)                                                                   \
  do {                                                                                     \
    float16x8_t n_ = vreinterpretq_f16_u16((uint16x8_t)(src));                             \
    float32x4_t f_[2] = {vcvt_f32_f16(vget_low_f16(n_)), vcvt_f32_f16(vget_high_f16(n_))}; \
    memcpy(&(dst), f_, 32);                                                                \
  } while (0)
#define F16_OF(dst, src)                                                                       \
  do {                                                                                         \
    float32x4_t f_[2];                                                                         \
    memcpy(f_, &(src), 32);                                                                    \
    (dst) = (h8)vreinterpretq_u16_f16(vcombine_f16(vcvt_f16_f32(f_[0]), vcvt_f16_f32(f_[1]))); \
  } while (0)
#define OPS_NAME cm_ops_neon
#include "kernel/ops_body.h"
#endif
