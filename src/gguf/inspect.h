/* gguf/inspect: what a model file holds and what it will cost, for people. */
#ifndef CM_GGUF_INSPECT_H
#define CM_GGUF_INSPECT_H
#include "base/mem.h"
#include "gguf/gguf.h"

typedef struct cm_gguf_share {
  uint64_t tensors, params, bytes;
} cm_gguf_share;

/* Tensors added up, over all and by type. */
typedef struct cm_gguf_stats {
  cm_gguf_share all;
  cm_gguf_share by_type[CM_Q_COUNT];
} cm_gguf_stats;

cm_gguf_stats cm_gguf_stats_of(const cm_gguf *f);

/* Memory that running the model takes, in bytes. The key/value cache holds f16. */
typedef struct cm_gguf_plan {
  uint64_t context; /* tokens: what was asked for, or less when the model was trained for less */
  uint64_t file;    /* mapped; shared with the page cache and other processes */
  uint64_t cache_per_token; /* keys and values of all layers */
  uint64_t cache;           /* context * cache_per_token */
  uint64_t total;           /* file + cache */
} cm_gguf_plan;

/* From the metadata "ARCH.block_count" and so on; false (and only `file`, `total` set) when they
 * are missing or make no sense. context 0 means the model's own. */
bool cm_gguf_plan_of(const cm_gguf *f, uint64_t context, cm_gguf_plan *out);

/* Appends a string in double quotes, at most `max` bytes of it (then "…"), with control characters
 * and invalid UTF-8 as \n, \t, \xHH: safe on a terminal. */
void cm_gguf_print_str(cm_buf *out, cm_str s, size_t max);
/* Appends the value of an entry; of an array the type, the count and the first few elements. */
void cm_gguf_print_value(cm_buf *out, const cm_gguf_kv *kv);

/* Appends everything: file, metadata, tensors, types, parameters, bits per weight, memory plan. */
void cm_gguf_inspect(const cm_gguf *f, uint64_t context, cm_buf *out);

#endif
