/* What a cm_kern holds; inside kernel/ only. */
#ifndef CM_KERNEL_STATE_H
#define CM_KERNEL_STATE_H
#include "kernel/ops.h"

struct cm_kern {
  cm_isa isa;
  cm_pool *pool;
  const cm_ops *ops;
  uint8_t *panels; /* one area of panel_bytes a worker */
  size_t panel_bytes;
};

const cm_ops *cm_ops_of(cm_isa isa);

#endif
