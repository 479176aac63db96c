/* Inside backend: OpenAI's interface (platform.openai.com/docs/api-reference) as vLLM and others
 * offer it, with what vLLM adds (docs.vllm.ai, "OpenAI-Compatible Server"). */
#ifndef CM_BACKEND_OPENAI_H
#define CM_BACKEND_OPENAI_H
#include "backend/remote.h"

extern const cm_protocol cm_protocol_openai;

/* From the answer of /models: how many there are, the first one's name, and the entry of `model`
 * (NULL: of the first); NULL when it isn't there. The strings live in doc. */
typedef struct cm_openai_models {
  size_t n;
  cm_str first;
  const cm_json *entry;
} cm_openai_models;
void cm_openai_read_models(const cm_json *doc, const char *model, cm_openai_models *out);

/* What a server of ours says of its model in such an entry, in a member "cmdai". */
void cm_openai_read_own(const cm_json *entry, cm_model_id *out);

#endif
