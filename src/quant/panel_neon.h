/* panel_neon: four rows' values to their places in a panel. */
#ifndef CM_QUANT_PANEL_NEON_H
#define CM_QUANT_PANEL_NEON_H
#include "quant/intrin.h"
#include "quant/quant.h"

#ifdef CM_ARM

/* q[c][0..3], c < 4, from sixteen values of each of four rows: a transposition of 32-bit words. */
CM_NEON CM_INLINE void cm_store_columns4(const uint32x4_t v[4], uint8_t q[][CM_PANEL_ROWS][4]) {
  uint64x2_t ab0 = vreinterpretq_u64_u32(vtrn1q_u32(v[0], v[1])),
             ab1 = vreinterpretq_u64_u32(vtrn2q_u32(v[0], v[1]));
  uint64x2_t cd0 = vreinterpretq_u64_u32(vtrn1q_u32(v[2], v[3])),
             cd1 = vreinterpretq_u64_u32(vtrn2q_u32(v[2], v[3]));
  vst1q_u8(q[0][0], vreinterpretq_u8_u64(vtrn1q_u64(ab0, cd0)));
  vst1q_u8(q[1][0], vreinterpretq_u8_u64(vtrn1q_u64(ab1, cd1)));
  vst1q_u8(q[2][0], vreinterpretq_u8_u64(vtrn2q_u64(ab0, cd0)));
  vst1q_u8(q[3][0], vreinterpretq_u8_u64(vtrn2q_u64(ab1, cd1)));
}

#endif
#endif
