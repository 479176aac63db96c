/* cli/inspect_json: a model file as one JSON document, whole. */
#ifndef CM_CLI_INSPECT_JSON_H
#define CM_CLI_INSPECT_JSON_H
#include "base/mem.h"
#include "gguf/gguf.h"

/* Metadata with all array elements, tensors, shares of types, memory plan for `context` tokens (0:
 * the model's own). */
void cm_inspect_json(const cm_gguf *f, uint64_t context, cm_buf *out);

#endif
