/* Any bytes: either an error with a message, or a file of which everything can be read. */
#include <stdlib.h>

#include "gguf/gguf.h"
#include "gguf/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink; /* keeps the reads below from being removed */

static void touch(const void *p, size_t n) {
  const uint8_t *bytes = p;
  if (n) sink += (uint64_t)bytes[0] + bytes[n - 1];
}

static void walk(const cm_gguf *f) {
  for (size_t i = 0; i < f->n_kv; i++) {
    cm_gguf_values it = cm_gguf_values_of(&f->kv[i]);
    touch(f->kv[i].key.p, f->kv[i].key.n);
    for (cm_gguf_value v; cm_gguf_next_value(&it, &v);) touch(v.s.p, v.s.n);
    if (it.p > f->kv[i].p + f->kv[i].n) abort();
  }
  for (size_t i = 0; i < f->n_tensors; i++) {
    const cm_gguf_tensor *t = &f->tensors[i];
    touch(t->data, t->bytes);
    if (cm_gguf_find_tensor(f, t->name) != t) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_gguf *f;
  cm_err e = {0};
  cm_code code = cm_gguf_parse(data, size, &f, &e);
  if ((code != CM_OK) != (f == NULL)) abort();
  if (code && (e.code != code || !e.msg[0])) abort();
  if (!f) return 0;
  cm_buf text;
  cm_buf_init(&text, 1 << 16);
  walk(f);
  cm_gguf_inspect(f, 2048, &text);
  /* What is shown is valid UTF-8 up to where the limit cut it. */
  if (!text.overflow && cm_utf8_check(text.p, text.n) != text.n) abort();
  cm_buf_close(&text);
  cm_gguf_close(f);
  return 0;
}
