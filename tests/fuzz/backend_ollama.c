/* rooms: base data net engine backend */
#include "backend/ollama.h"
#include "remote_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Facts about a model. */
static void read_facts(cm_str text) {
  cm_json *doc;
  cm_ollama_tags tags;
  cm_model_id id = {0};
  if (cm_json_parse(text, CM_JSON_LIMITS, &doc, NULL)) return;
  cm_ollama_read_tags(doc, "m", &tags);
  must(tags.digest.n == 0 || cm_remote_is_digest(tags.digest));
  cm_ollama_read_show(doc, &id);
  must(id.scale >= 0 && id.scale <= 1000 && fabsf(id.bias) <= 1000);
  must(!id.id[0] || cm_str_starts(cm_str_of(id.id), CM_STR("cmdai-")));
  cm_json_free(doc);
}

static void read_address(cm_str text) {
  char host[256];
  cm_buf url;
  cm_err e;
  if (text.n >= sizeof host || memchr(text.p, 0, text.n)) return;
  memcpy(host, text.p, text.n);
  host[text.n] = 0;
  cm_buf_init(&url, 1024);
  if (!cm_ollama_url(host, &url, &e))
    must(cm_str_starts((cm_str){url.p, url.n}, CM_STR("http")) && !memchr(url.p, '@', url.n));
  cm_buf_close(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  const cm_str text = {(const char *)data + 1, size - 1};
  read_stream(&cm_protocol_ollama, CM_STREAM_NDJSON, text, data[0]);
  read_facts(text);
  read_address(text);
  return 0;
}
