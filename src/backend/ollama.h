/* Inside backend: Ollama's interface (github.com/ollama/ollama, docs/api.md). */
#ifndef CM_BACKEND_OLLAMA_H
#define CM_BACKEND_OLLAMA_H
#include "backend/remote.h"

extern const cm_protocol cm_protocol_ollama;

/* The address that OLLAMA_HOST means, as Ollama's own programs read it: "host", "host:port",
 * "scheme://host:port/path", each part may be missing. The port is 11434, or the scheme's own if
 * there is one; an address to listen at (0.0.0.0) is this machine. NULL: the usual one.
 * CM_E_USAGE; CM_E_NOMEM. */
cm_code cm_ollama_url(const char *host, cm_buf *out, cm_err *e);

/* From the answer of /api/tags: how many models there are, the first one's name, and the digest of
 * `model` if it is there (lower-case hex, without "sha256:"), else "". The strings live in doc. */
typedef struct cm_ollama_tags {
  size_t n;
  cm_str first, digest;
} cm_ollama_tags;
void cm_ollama_read_tags(const cm_json *doc, const char *model, cm_ollama_tags *out);

/* From the answer of /api/show; out->id is only set for a model of ours. */
void cm_ollama_read_show(const cm_json *doc, cm_model_id *out);

#endif
