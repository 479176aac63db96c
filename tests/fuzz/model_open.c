/* rooms: model */
/* Any bytes as a model: opened, and if it opens, run for two tokens. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const cm_model *m) {
  cm_kern *k = NULL;
  cm_kv *kv = NULL;
  cm_run *r = NULL;
  const cm_shape *s = cm_model_shape(m);
  float *logits = cm_alloc(s->vocab, sizeof *logits);
  if (logits && !cm_kern_open(&k, cm_cpu_best(), NULL, NULL) && !cm_kv_open(&kv, s, 2, NULL) &&
      !cm_run_open(&r, m, k, 2, NULL)) {
    cm_forward(r, (cm_col[]){{kv, 0, 0, NULL}, {kv, 1, s->vocab - 1, logits}}, 2);
  }
  cm_run_close(r);
  cm_kv_close(kv);
  cm_kern_close(k);
  cm_free(logits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = cm_alloc_aligned(size);
  cm_gguf *f = NULL;
  cm_model *m = NULL;
  if (!copy) return 0;
  if (size) memcpy(copy, data, size);
  if (!cm_gguf_parse(copy, size, &f, NULL) && !cm_model_open(&m, f, NULL)) run(m);
  cm_model_close(m);
  cm_gguf_close(f);
  cm_free_aligned(copy);
  return 0;
}
