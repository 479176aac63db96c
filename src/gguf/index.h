/* gguf/index (internal): sorting and name lookup.
 *
 * Sorted order instead of a hash table: it can't be made slow by chosen names, needs no secret
 * seed, and finds duplicates and overlaps as neighbours. Names are compared by length first, so
 * most comparisons never touch the bytes. */
#ifndef CM_GGUF_INDEX_H
#define CM_GGUF_INDEX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Records of `stride` bytes, each beginning with its name. */
typedef struct cm_gguf_names {
  const void *records;
  size_t stride, n;
} cm_gguf_names;

/* Whether record a comes before record b. */
typedef bool cm_gguf_less_fn(const void *ctx, uint32_t a, uint32_t b);

/* The numbers 0 .. n-1 in ascending order by `less`; O(n log n) in the worst case, no recursion.
 * NULL when memory runs out; yours to cm_free. */
uint32_t *cm_gguf_sorted(size_t n, cm_gguf_less_fn *less, const void *ctx);

/* cm_gguf_sorted by name; *twin is the later of two records with the same name, or n when all
 * names differ. */
uint32_t *cm_gguf_index(const cm_gguf_names *names, size_t *twin);

/* The record with this name, or NULL; `order` comes from cm_gguf_index. */
const void *cm_gguf_index_find(const cm_gguf_names *names, const uint32_t *order, cm_str name);

#endif
