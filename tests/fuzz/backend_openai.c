/* rooms: base data net engine backend */
#include "backend/openai.h"
#include "remote_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Facts about a model, and the words of an error. */
static void read_facts(cm_str text) {
  cm_json *doc;
  cm_openai_models m;
  cm_model_id id = {0};
  cm_str said = {0};
  if (cm_json_parse(text, CM_JSON_LIMITS, &doc, NULL)) return;
  cm_openai_read_models(doc, "m", &m);
  must(!m.entry || m.n > 0);
  cm_openai_read_own(m.entry ? m.entry : doc, &id);
  must(id.scale >= 0 && id.scale <= 1000 && fabsf(id.bias) <= 1000);
  must(!id.sha256[0] || cm_remote_is_digest(cm_str_of(id.sha256)));
  if (cm_remote_message(doc, &said)) must(said.p != NULL);
  cm_json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  const cm_str text = {(const char *)data + 1, size - 1};
  read_stream(&cm_protocol_openai, CM_STREAM_SSE, text, data[0]);
  read_facts(text);
  return 0;
}
