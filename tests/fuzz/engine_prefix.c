/* rooms: engine */
/* Any bytes as the state of a prompt's beginning: the first says how many tokens are expected. */
#include <stdlib.h>
#include <string.h>

#include "engine/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char key[] = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd";
  const cm_shape shape = {.layers = 1, .kv_heads = 1, .head_dim = 8};
  uint32_t tokens[32];
  cm_err e = {0};
  const void *state = &e;
  if (!size) return 0;
  for (uint32_t i = 0; i < 32; i++) tokens[i] = 1000 + i;
  const cm_prefix p = {key, tokens, 1 + data[0] % 32};
  uint8_t *file = cm_realloc(NULL, size - 1, 1); /* exact, for sanitizers */
  if (!file) return 0;
  if (size > 1) memcpy(file, data + 1, size - 1);
  const cm_code code = cm_prefix_check(&p, &shape, file, size - 1, &state, &e);
  must(code == CM_OK || code == CM_E_FORMAT);
  if (code) must(!state && e.msg[0]);
  /* The state is all that is behind it; and what stands before is what the caller knew. */
  else
    must((const uint8_t *)state + cm_kv_bytes(&shape, p.n) == file + size - 1 &&
         memcmp(file + 128, key, 64) == 0 &&
         memcmp(file + 192, tokens, p.n * sizeof *tokens) == 0);
  cm_free(file);
  return 0;
}
