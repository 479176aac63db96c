/* Any file: a tokenizer opens or says why not, and one that opens can be used. */
#include <stdlib.h>

#include "token/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const cm_tok *t) {
  static const char text[] = "lower low <|im_end|> <tool_call>\n\n 42 it's \xc3\xa4\xff";
  cm_ids ids;
  cm_buf out;
  cm_err e;
  cm_ids_init(&ids, sizeof text);
  cm_buf_init(&out, 1 << 20);
  for (int special = 0; special < 2; special++)
    if (cm_tok_encode(t, CM_STR(text), special, &ids, &e) && e.code != CM_E_LIMIT) abort();
  for (size_t i = 0; i < ids.n; i++)
    if (ids.p[i] >= cm_tok_count(t)) abort();
  for (uint32_t id = 0; id <= cm_tok_count(t); id++) {
    cm_tok_decode(t, id, true, &out);
    cm_tok_find(t, cm_tok_raw(t, id));
  }
  cm_ids_close(&ids);
  cm_buf_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_gguf *f;
  cm_tok *t;
  cm_err e = {0};
  if (cm_gguf_parse(data, size, &f, &e)) return 0;
  cm_code code = cm_tok_open(&t, f, &e);
  if ((code != CM_OK) != (t == NULL)) abort();
  if (code && (e.code != code || !e.msg[0])) abort();
  if (t) use(t);
  cm_tok_close(t);
  cm_gguf_close(f);
  return 0;
}
