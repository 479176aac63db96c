#include "kernel/ops.h"

#define LOAD_F16(dst, ptr) \
  for (int l_ = 0; l_ < 8; l_++) (dst)[l_] = cm_f16_to_f32((ptr)[l_])
#define STORE_F16(ptr, src) \
  for (int l_ = 0; l_ < 8; l_++) (ptr)[l_] = cm_f32_to_f16((src)[l_])
#define OPS_NAME cm_ops_scalar
#include "kernel/ops_body.h"
