/* Any text, over a small vocabulary: its tokens decode to it, and a stream of them is UTF-8. */
#include "../unit/token_gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cm_tok *small(void) {
  static cm_tok *tok; /* opened once, for all inputs */
  static cm_gguf *file;
  static void *memory;
  image m;
  cm_err e;
  if (tok) return tok;
  small_image(&m, &(change){0});
  if (image_tokenizer(&m, &tok, &file, &memory, &e)) abort();
  return tok;
}

static void round_trip(const cm_tok *tok, cm_str text, bool special) {
  cm_ids ids;
  cm_buf whole, streamed;
  cm_err e;
  cm_tok_stream s;
  cm_ids_init(&ids, SIZE_MAX);
  cm_buf_init(&whole, 64 << 20);
  cm_buf_init(&streamed, 64 << 20);
  cm_tok_stream_init(&s, tok);
  if (cm_tok_encode(tok, text, special, &ids, &e)) abort();
  if (ids.n > text.n) abort();
  for (size_t i = 0; i < ids.n; i++) {
    if (!special && cm_tok_is_control(tok, ids.p[i])) abort();
    cm_tok_decode(tok, ids.p[i], special, &whole);
    cm_tok_stream_push(&s, ids.p[i], &streamed);
  }
  cm_tok_stream_end(&s, &streamed);
  if (!cm_str_eq((cm_str){whole.p, whole.n}, text)) abort();
  if (cm_utf8_check(streamed.p, streamed.n) != streamed.n) abort();
  cm_ids_close(&ids);
  cm_buf_close(&whole);
  cm_buf_close(&streamed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_str text = {(const char *)data, size};
  round_trip(small(), text, false);
  round_trip(small(), text, true);
  return 0;
}
