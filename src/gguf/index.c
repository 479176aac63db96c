#include "gguf/index.h"

#include <string.h>

#include "base/mem.h"

/* Moves order[root] down to its place in the heap (largest on top). */
static void sift(uint32_t *order, size_t root, size_t n, cm_gguf_less_fn *less, const void *ctx) {
  uint32_t moving = order[root];
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && less(ctx, order[child], order[child + 1])) child++;
    if (!less(ctx, moving, order[child])) break;
    order[root] = order[child];
  }
  order[root] = moving;
}

static bool is_sorted(size_t n, cm_gguf_less_fn *less, const void *ctx) {
  for (size_t i = 1; i < n; i++)
    if (less(ctx, (uint32_t)i, (uint32_t)(i - 1))) return false;
  return true;
}

uint32_t *cm_gguf_sorted(size_t n, cm_gguf_less_fn *less, const void *ctx) {
  uint32_t *order = cm_alloc(n, sizeof *order);
  if (!order) return NULL;
  for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
  if (is_sorted(n, less, ctx)) return order; /* tensors nearly always lie in order */
  for (size_t i = n / 2; i-- > 0;) sift(order, i, n, less, ctx);
  for (size_t end = n; end-- > 1;) {
    uint32_t largest = order[0];
    order[0] = order[end];
    order[end] = largest;
    sift(order, 0, end, less, ctx);
  }
  return order;
}

static const void *record_at(const cm_gguf_names *names, size_t i) {
  return (const char *)names->records + i * names->stride;
}

static cm_str name_at(const cm_gguf_names *names, size_t i) {
  cm_str name;
  memcpy(&name, record_at(names, i), sizeof name);
  return name;
}

static int compare(cm_str a, cm_str b) {
  if (a.n != b.n) return a.n < b.n ? -1 : 1;
  return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

/* Equal names keep their order in the file, so that the later one is reported. */
static bool name_less(const void *ctx, uint32_t a, uint32_t b) {
  int c = compare(name_at(ctx, a), name_at(ctx, b));
  return c ? c < 0 : a < b;
}

uint32_t *cm_gguf_index(const cm_gguf_names *names, size_t *twin) {
  uint32_t *order = cm_gguf_sorted(names->n, name_less, names);
  *twin = names->n;
  for (size_t i = 1; order && i < names->n; i++) {
    bool same = cm_str_eq(name_at(names, order[i - 1]), name_at(names, order[i]));
    if (same && *twin == names->n) *twin = order[i];
  }
  return order;
}

const void *cm_gguf_index_find(const cm_gguf_names *names, const uint32_t *order, cm_str name) {
  size_t low = 0, high = names->n;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int c = compare(name_at(names, order[mid]), name);
    if (c == 0) return record_at(names, order[mid]);
    if (c < 0) low = mid + 1;
    else high = mid;
  }
  return NULL;
}
