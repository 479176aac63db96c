/* The list of types inside quant/; other rooms use cm_quant_of. */
#ifndef CM_QUANT_TYPES_H
#define CM_QUANT_TYPES_H
#include "quant/quant.h"

extern const cm_quant cm_quant_f32, cm_quant_f16, cm_quant_bf16, cm_quant_q8_0, cm_quant_q4_0,
    cm_quant_q4_1, cm_quant_q5_0, cm_quant_q5_1, cm_quant_q2_k, cm_quant_q3_k, cm_quant_q4_k,
    cm_quant_q5_k, cm_quant_q6_k;

#endif
