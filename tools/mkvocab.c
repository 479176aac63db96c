/* rooms: gguf libs: jansson */
/* mkvocab DIR OUT.gguf [TOKENS]: a GGUF file with nothing but the tokenizer of DIR (see vocab.h),
 * padded to TOKENS ids (151936, as Qwen2's models have). */
#include "vocab.h"

int main(int argc, char **argv) {
  cm_gguf_writer *w;
  cm_err e = {0};
  uint64_t tokens = 151936;
  bool good = argc == 3 || (argc == 4 && cm_str_u64(cm_str_of(argv[3]), 1, 1 << 22, &tokens));
  if (!good) return fprintf(stderr, "usage: mkvocab DIR OUT.gguf [TOKENS]\n"), 2;
  cm_code code = cm_gguf_writer_open(argv[2], &w, &e);
  if (!code) {
    cm_gguf_writer_str(w, "general.architecture", CM_STR("qwen2"));
    code = vocab_write(w, argv[1], (uint32_t)tokens, &e);
    if (!code) code = cm_gguf_writer_begin_data(w, &e);
    if (code) cm_gguf_writer_abort(w);
    else code = cm_gguf_writer_commit(w, &e);
  }
  if (code) fprintf(stderr, "mkvocab: %s\n", e.msg);
  return code ? 1 : 0;
}
