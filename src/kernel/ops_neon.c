#include "kernel/ops.h"

#if defined(__aarch64__)
#include "quant/intrin.h"

#define LOAD_F16(dst, ptr)                                                                 \
  do {                                                                                     \
    float16x8_t h_ = vreinterpretq_f16_u16(vld1q_u16(ptr));                                \
    float32x4_t f_[2] = {vcvt_f32_f16(vget_low_f16(h_)), vcvt_f32_f16(vget_high_f16(h_))}; \
    memcpy(&(dst), f_, 32);                                                                \
  } while (0)
#define STORE_F16(ptr, src)                                                                   \
  do {                                                                                        \
    float32x4_t f_[2];                                                                        \
    memcpy(f_, &(src), 32);                                                                   \
    vst1q_u16((ptr),                                                                          \
              vreinterpretq_u16_f16(vcombine_f16(vcvt_f16_f32(f_[0]), vcvt_f16_f32(f_[1])))); \
  } while (0)
#define OPS_NAME cm_ops_neon
#include "kernel/ops_body.h"
#endif
