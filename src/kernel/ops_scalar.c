#include "kernel/ops.h"

#define F32_OF(dst, src) \
  for (int l_ = 0; l_ < 8; l_++) (dst)[l_] = cm_f16_to_f32((src)[l_])
#define F16_OF(dst, src) \
  for (int l_ = 0; l_ < 8; l_++) (dst)[l_] = cm_f32_to_f16((src)[l_])
#define OPS_NAME cm_ops_scalar
#include "kernel/ops_body.h"
