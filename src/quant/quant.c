#include "quant/quant.h"

#include "quant/types.h"

/* A new type is one file and one line here. */
static const cm_quant *const list[CM_Q_COUNT] = {
    [CM_Q_F32] = &cm_quant_f32,   [CM_Q_F16] = &cm_quant_f16,   [CM_Q_BF16] = &cm_quant_bf16,
    [CM_Q_Q8_0] = &cm_quant_q8_0, [CM_Q_Q4_0] = &cm_quant_q4_0, [CM_Q_Q4_1] = &cm_quant_q4_1,
    [CM_Q_Q5_0] = &cm_quant_q5_0, [CM_Q_Q5_1] = &cm_quant_q5_1, [CM_Q_Q2_K] = &cm_quant_q2_k,
    [CM_Q_Q3_K] = &cm_quant_q3_k, [CM_Q_Q4_K] = &cm_quant_q4_k, [CM_Q_Q5_K] = &cm_quant_q5_k,
    [CM_Q_Q6_K] = &cm_quant_q6_k,
};

const cm_quant *cm_quant_of(cm_qid id) { return (unsigned)id < CM_Q_COUNT ? list[id] : NULL; }

/* The next weaker variant of the same processor family. */
static cm_isa weaker(cm_isa isa) { return isa == CM_ISA_AVX512 ? CM_ISA_AVX2 : CM_ISA_SCALAR; }

cm_dot_rows_fn *cm_quant_dot_rows(const cm_quant *q, cm_isa isa) {
  while (!q->dot_rows[isa]) isa = weaker(isa);
  return q->dot_rows[isa];
}

cm_unpack_fn *cm_quant_unpack(const cm_quant *q, cm_isa isa) {
  while (isa != CM_ISA_SCALAR && !q->unpack[isa]) isa = weaker(isa);
  return q->unpack[isa];
}

size_t cm_act_bytes(cm_act act, size_t n) {
  switch (act) {
    case CM_ACT_Q8: return n / 32 * sizeof(cm_q8);
    case CM_ACT_Q8K: return n / 256 * sizeof(cm_q8k);
    default: return n * sizeof(float);
  }
}
