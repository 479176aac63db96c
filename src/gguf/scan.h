/* gguf/scan (internal): reads and checks the header of a GGUF file. */
#ifndef CM_GGUF_SCAN_H
#define CM_GGUF_SCAN_H
#include "gguf/gguf.h"

/* Fills everything of `f` but `map` and the tensors' data pointers from the first n bytes of a
 * file of file_bytes (the writer checks a header whose data is still to come). After an error too,
 * cm_gguf_scan_free must be called. */
cm_code cm_gguf_scan(cm_gguf *f, const uint8_t *p, size_t n, uint64_t file_bytes, cm_err *e);
void cm_gguf_scan_free(cm_gguf *f);

/* Whether a code point may reach a terminal: no control, line separator or bidirectional override.
 * UINT32_MAX (invalid UTF-8) is not. */
bool cm_gguf_printable(uint32_t cp);

/* A power of two between the limits. */
bool cm_gguf_alignment_ok(uint64_t alignment);

#endif
