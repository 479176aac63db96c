/* rooms: base data net engine backend */
#include <math.h>
#include <stdlib.h>

#include "backend/openai.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static cm_code on_item(void *user, cm_str item, cm_err *e) {
  cm_told *t = user;
  if (t->done) return CM_OK;
  const cm_code code = cm_protocol_openai.take(t, item, e);
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
  cm_stream_init(&s, CM_STREAM_SSE, CM_REMOTE_TEXT_MAX);
  cm_code code = cm_stream_push(&s, (cm_str){text.p, at}, on_item, &t, &e);
  if (!code) code = cm_stream_push(&s, (cm_str){text.p + at, text.n - at}, on_item, &t, &e);
  if (!code) code = cm_stream_end(&s, on_item, &t, &e);
  must(t.text.n <= CM_REMOTE_TEXT_MAX && cm_utf8_check(t.text.p, t.text.n) == t.text.n);
  must(isfinite(t.logprob) && t.logprob <= 0);
  must(!t.finished || t.ended);
  must(!code || e.msg[0]);
  cm_stream_close(&s);
  cm_told_close(&t);
}

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
  read_stream(text, data[0]);
  read_facts(text);
  return 0;
}
