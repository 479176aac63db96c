/* The model linked into the binary (model/embedded/cmdai-tiny.gguf). */
#ifndef CM_BACKEND_EMBEDDED_H
#define CM_BACKEND_EMBEDDED_H
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

/* 64-byte aligned; `n` is 0 in a build without the file. */
const uint8_t *cm_embedded_model(size_t *n);
/* Lower-case hex SHA-256 of those bytes, computed when the program was built; "" without the file.
 */
const char *cm_embedded_sha256(void);

/* The model at `path`, or the embedded one for NULL (CM_E_NOTFOUND in a build without it). */
cm_code cm_model_load(cm_engine **out, const char *path, cm_err *e);

#endif
