/* Whether a file is a model, and what kind of weights it has. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gguf/gguf.h"
#include "store/parts.h"

static const char *const mixes[] = {"Q2_K",   "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M",
                                    "Q5_K_S", "Q5_K_M", "Q6_K",   "Q8_0",   "Q4_0",   "Q4_1",
                                    "Q5_0",   "Q5_1",   "BF16",   "F16",    "F32"};

static bool holds(cm_str name, const char *word) {
  const size_t n = strlen(word);
  for (size_t i = 0; i + n <= name.n; i++)
    if (strncasecmp(name.p + i, word, n) == 0) return true;
  return false;
}

static void by_bytes(const cm_gguf *f, char out[32]) {
  uint64_t bytes[CM_Q_COUNT] = {0};
  cm_qid top = CM_Q_F32;
  for (size_t i = 0; i < f->n_tensors; i++) {
    const cm_qid id = f->tensors[i].type->id;
    bytes[id] += f->tensors[i].bytes;
    if (bytes[id] > bytes[top]) top = id;
  }
  snprintf(out, 32, "%s", cm_qtype_of(top)->name);
}

cm_code cm_store_look_into(const char *path, cm_str name, char quantization[32], cm_err *e) {
  cm_gguf *f = NULL;
  cm_code code = cm_gguf_open(path, &f, e);
  if (code) return code;
  by_bytes(f, quantization);
  cm_gguf_close(f);
  for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++)
    if (holds(name, mixes[i])) {
      snprintf(quantization, 32, "%s", mixes[i]);
      break;
    }
  return CM_OK;
}
