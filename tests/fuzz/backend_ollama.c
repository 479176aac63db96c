/* rooms: base data net engine backend */
#include <math.h>
#include <stdlib.h>

#include "backend/ollama.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static cm_code on_item(void *user, cm_str item, cm_err *e) {
  cm_told *t = user;
  if (t->done) return CM_OK;
  const cm_code code = cm_protocol_ollama.take(t, item, e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_BACKEND || code == CM_E_LIMIT);
  return code;
}

/* An answer in two pieces, cut where its first byte says. */
static void read_stream(cm_str text, uint8_t cut) {
  cm_told t;
  cm_stream s;
  cm_err e = {0};
  const size_t at = text.n ? cut % text.n : 0;
  cm_told_init(&t);
  cm_stream_init(&s, CM_STREAM_NDJSON, CM_REMOTE_TEXT_MAX);
  cm_code code = cm_stream_push(&s, (cm_str){text.p, at}, on_item, &t, &e);
  if (!code) code = cm_stream_push(&s, (cm_str){text.p + at, text.n - at}, on_item, &t, &e);
  if (!code) code = cm_stream_end(&s, on_item, &t, &e);
  must(t.text.n <= CM_REMOTE_TEXT_MAX && cm_utf8_check(t.text.p, t.text.n) == t.text.n);
  must(isfinite(t.logprob) && t.logprob <= 0);
  must(!t.done || t.ended);
  must(!code || e.msg[0]);
  cm_stream_close(&s);
  cm_told_close(&t);
}

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
  read_stream(text, data[0]);
  read_facts(text);
  read_address(text);
  return 0;
}
