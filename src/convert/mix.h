/* convert/mix: which type each tensor of a model gets in a named mixture ("Q4_K_M"). A pure rule,
 * the same as llama.cpp's without an importance matrix, for models of the Llama and Qwen2 kind. */
#ifndef CM_CONVERT_MIX_H
#define CM_CONVERT_MIX_H
#include "base/qtype.h"
#include "base/str.h"

typedef enum cm_mix_id {
  CM_MIX_F32,
  CM_MIX_F16,
  CM_MIX_BF16,
  CM_MIX_Q8_0,
  CM_MIX_Q4_0,
  CM_MIX_Q4_1,
  CM_MIX_Q5_0,
  CM_MIX_Q5_1,
  CM_MIX_Q2_K,
  CM_MIX_Q3_K_S,
  CM_MIX_Q3_K_M,
  CM_MIX_Q3_K_L,
  CM_MIX_Q4_K_S,
  CM_MIX_Q4_K_M,
  CM_MIX_Q5_K_S,
  CM_MIX_Q5_K_M,
  CM_MIX_Q6_K,
  CM_MIX_COUNT
} cm_mix_id;

typedef struct cm_mix {
  cm_mix_id id;
  const char *name;
  uint32_t file_type; /* value of the key general.file_type */
  cm_qid base;        /* the type of most tensors */
} cm_mix;

const cm_mix *cm_mix_of(cm_mix_id id);          /* NULL outside the enum: ends a loop */
const cm_mix *cm_mix_by_name(const char *name); /* any case; NULL: unknown */

/* What the rule needs to know of a model. */
typedef struct cm_mix_model {
  uint32_t layers;
  uint32_t gqa; /* query heads per key/value head */
  bool tied;    /* there is no output.weight: token_embd.weight does its work and gets its type */
} cm_mix_model;

/* The type for a tensor of `rows` rows of `cols` values that has the type `now`, which it keeps
 * unless it is a weight matrix. Rows that aren't a multiple of the block get the next similar type
 * that fits. */
cm_qid cm_mix_type(const cm_mix *mix, const cm_mix_model *model, cm_str name, uint64_t cols,
                   uint64_t rows, cm_qid now);

#endif
