/* base/qtype: the tensor types as a pure table. What the bytes of a block mean is quant/'s
 * business. Source: the GGUF specification and ggml's block definitions (ids and sizes). */
#ifndef CM_BASE_QTYPE_H
#define CM_BASE_QTYPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Our own dense numbering; files use `gguf_id`. */
typedef enum cm_qid {
  CM_Q_F32,
  CM_Q_F16,
  CM_Q_BF16,
  CM_Q_Q8_0,
  CM_Q_Q4_0,
  CM_Q_Q4_1,
  CM_Q_Q5_0,
  CM_Q_Q5_1,
  CM_Q_Q2_K,
  CM_Q_Q3_K,
  CM_Q_Q4_K,
  CM_Q_Q5_K,
  CM_Q_Q6_K,
  CM_Q_COUNT
} cm_qid;

typedef struct cm_qtype {
  cm_qid id;
  uint32_t gguf_id;
  const char *name;      /* "Q4_K" */
  uint32_t block_values; /* weights in one block: 1, 32 or 256 */
  uint32_t block_bytes;
} cm_qtype;

const cm_qtype *cm_qtype_of(cm_qid id);
const cm_qtype *cm_qtype_by_gguf(uint32_t gguf_id); /* NULL: not one of ours */
const cm_qtype *cm_qtype_by_name(const char *name); /* any case; NULL: unknown */
/* The name that a type which we can't compute with is known by elsewhere (IQ2_XXS, Q4_0_4_4,
 * forks' 133 …), else NULL. */
const char *cm_qtype_foreign_name(uint32_t gguf_id);
/* Bytes of a row of n values; false when n is not a multiple of the block or the size overflows.
 */
bool cm_qtype_row_bytes(const cm_qtype *t, uint64_t n, uint64_t *bytes);

#endif
