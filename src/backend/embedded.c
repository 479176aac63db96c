#include "backend/embedded.h"

#ifdef CM_EMBEDDED_PATH
/* The assembler copies the file into read-only data: no tool, no generated source. */
#if defined(__APPLE__)
#define SECTION ".const_data"
#define NAME(x) "_" x
#else
#define SECTION ".section .rodata"
#define NAME(x) x
#endif
__asm__(SECTION "\n.balign 64\n.globl " NAME("cm_embedded_begin") "\n" NAME(
    "cm_embedded_begin") ":\n.incbin \"" CM_EMBEDDED_PATH
                         "\"\n.globl " NAME("cm_embedded_end") "\n" NAME(
                             "cm_embedded_end") ":\n.byte 0\n.text\n");
extern const uint8_t cm_embedded_begin[], cm_embedded_end[];

const uint8_t *cm_embedded_model(size_t *n) {
  *n = (size_t)(cm_embedded_end - cm_embedded_begin);
  return cm_embedded_begin;
}

const char *cm_embedded_sha256(void) { return CM_EMBEDDED_SHA256; }

#else
const uint8_t *cm_embedded_model(size_t *n) {
  *n = 0;
  return NULL;
}

const char *cm_embedded_sha256(void) { return ""; }
#endif

cm_code cm_model_load(cm_engine **out, const char *path, cm_err *e) {
  size_t n;
  const uint8_t *p = cm_embedded_model(&n);
  *out = NULL;
  if (path) return cm_engine_open(out, path, e);
  if (!n)
    return cm_fail(e, CM_E_NOTFOUND, 0,
                   "this build has no embedded model; name one with -m FILE.gguf");
  return cm_engine_open_memory(out, p, n, e);
}
