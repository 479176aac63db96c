#include <stdio.h>

#include "gguf/inspect.h"

static void add(cm_gguf_share *s, const cm_gguf_tensor *t) {
  s->tensors++;
  s->params += t->rows * t->dims[0];
  s->bytes += t->bytes;
}

/* No sum can overflow: tensors lie apart in one file, and no type packs more than four weights
 * into a byte. */
cm_gguf_stats cm_gguf_stats_of(const cm_gguf *f) {
  cm_gguf_stats s = {0};
  for (size_t i = 0; i < f->n_tensors; i++) {
    add(&s.all, &f->tensors[i]);
    add(&s.by_type[f->tensors[i].type->id], &f->tensors[i]);
  }
  return s;
}

/* The metadata entry "ARCH.NAME"; false when it is absent, of another type or 0. */
static bool hyper(const cm_gguf *f, const char *name, uint32_t *out) {
  cm_str arch = {0};
  char key[128];
  *out = 0;
  cm_gguf_str(f, "general.architecture", false, &arch, NULL);
  if (arch.n == 0 || arch.n > 64) return false;
  snprintf(key, sizeof key, "%.*s.%s", (int)arch.n, arch.p, name);
  return cm_gguf_u32(f, key, false, out, NULL) == CM_OK && *out > 0;
}

/* Values of one head; explicit, or the embedding divided among the heads. */
static bool head_size(const cm_gguf *f, const char *name, uint32_t *out) {
  uint32_t embedding, heads;
  if (hyper(f, name, out)) return true;
  if (!hyper(f, "embedding_length", &embedding) || !hyper(f, "attention.head_count", &heads))
    return false;
  *out = embedding / heads;
  return *out > 0;
}

static bool cache_per_token(const cm_gguf *f, uint64_t *out) {
  enum { F16_BYTES = 2 };
  uint32_t layers, heads, key, value;
  if (!hyper(f, "block_count", &layers)) return false;
  if (!hyper(f, "attention.head_count_kv", &heads) && !hyper(f, "attention.head_count", &heads))
    return false;
  if (!head_size(f, "attention.key_length", &key) ||
      !head_size(f, "attention.value_length", &value))
    return false;
  uint64_t one_layer;
  return !__builtin_mul_overflow(((uint64_t)key + value) * F16_BYTES, (uint64_t)heads,
                                 &one_layer) &&
         !__builtin_mul_overflow(one_layer, (uint64_t)layers, out);
}

bool cm_gguf_plan_of(const cm_gguf *f, uint64_t context, cm_gguf_plan *out) {
  uint32_t trained;
  *out = (cm_gguf_plan){.file = f->bytes, .total = f->bytes};
  cm_gguf_plan plan = *out;
  if (hyper(f, "context_length", &trained) && (context == 0 || context > trained))
    context = trained;
  plan.context = context;
  if (!context || !cache_per_token(f, &plan.cache_per_token) ||
      __builtin_mul_overflow(context, plan.cache_per_token, &plan.cache) ||
      __builtin_add_overflow(plan.file, plan.cache, &plan.total))
    return false;
  *out = plan;
  return true;
}
