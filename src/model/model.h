/* model: a Qwen2 or Qwen3 network bound to the tensors of a GGUF file, its KV cache, and the
 * forward pass on the CPU.
 *
 * Architecture (Qwen2 technical report, 2024): token embedding; per layer RMSNorm, grouped-query
 * attention with biases on Q, K and V and rotary positions, residual, RMSNorm, SwiGLU
 * feed-forward, residual; final RMSNorm; output matrix (the embedding itself when the file has no
 * output.weight: tied). Qwen3 (technical report, 2025): no biases, and before they are rotated
 * each head of queries and keys is normalized by RMSNorm with a weight that all heads share. */
#ifndef CM_MODEL_MODEL_H
#define CM_MODEL_MODEL_H
#include <stdint.h>

#include "gguf/gguf.h"
#include "kernel/kernel.h"

typedef struct cm_shape {
  uint32_t layers, hidden, heads, kv_heads, head_dim, ff, vocab;
  uint32_t ctx_train; /* positions the model was trained for */
  double rope_theta;
  float rms_eps;
  bool tied;
} cm_shape;

typedef struct cm_model cm_model;

/* Checks metadata, the type and dimensions of every tensor, and binds them; `f` is borrowed and
 * must outlive the model. CM_E_UNSUPPORTED names an architecture or feature that is not there,
 * CM_E_FORMAT a missing or misshapen tensor. */
cm_code cm_model_open(cm_model **out, const cm_gguf *f, cm_err *e);
void cm_model_close(cm_model *m);
const cm_shape *cm_model_shape(const cm_model *m);

/* What a forward pass costs at least, attention aside. */
typedef struct cm_cost {
  uint64_t bytes;    /* of weights that a pass with logits reads */
  uint64_t products; /* of a column in the layers' matrices */
} cm_cost;
cm_cost cm_model_cost(const cm_model *m);

/* Keys and values of one timeline: f16, [layer][K, V][kv_head][position][head_dim]. Memory for all
 * `ctx` positions is reserved at once and touched as it fills. */
typedef struct cm_kv cm_kv;
cm_code cm_kv_open(cm_kv **out, const cm_shape *s, uint32_t ctx, cm_err *e);
void cm_kv_close(cm_kv *kv);
uint32_t cm_kv_ctx(const cm_kv *kv);
/* Copies positions 0 .. n-1; both caches are of the same shape and hold at least n. */
void cm_kv_copy(cm_kv *to, const cm_kv *from, uint32_t n);
uint64_t cm_kv_bytes(const cm_shape *s, uint32_t ctx);
/* Positions 0 .. n-1 out of a cache, or into one, which holds at least n: cm_kv_bytes(shape, n)
 * bytes, in the order above as if n were its context. Any such bytes may come in: they are
 * numbers. */
void cm_kv_pack(const cm_kv *kv, uint32_t n, void *out);
void cm_kv_unpack(cm_kv *kv, uint32_t n, const void *in);

/* One token to compute: it is written to `kv` at `pos` and sees positions 0 .. pos, which must
 * have been computed before or stand earlier in the same call. */
typedef struct cm_col {
  cm_kv *kv;
  uint32_t pos;   /* < cm_kv_ctx */
  uint32_t token; /* < vocab */
  float *logits;  /* where its vocab logits are written; NULL when they aren't needed */
} cm_col;

/* Scratch memory of a forward pass. */
typedef struct cm_run cm_run;

/* For at most `max_cols` columns a call. `k` and `m` are borrowed. */
cm_code cm_run_open(cm_run **out, const cm_model *m, cm_kern *k, size_t max_cols, cm_err *e);
void cm_run_close(cm_run *r);

/* Computes n <= max_cols columns together: any mix of timelines and positions. A column's logits
 * don't depend on what else is in the call, nor on how a prompt is cut into calls. What only
 * logits need is computed for the columns that want them. Does not allocate and cannot fail. */
void cm_forward(cm_run *r, const cm_col *cols, size_t n);

#endif
