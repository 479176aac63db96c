#include <string.h>

#include "serve/api_ollama.h"
#include "serve/api_read.h"
#include "serve/api_rows.h"

/* Members that Ollama always has and that are not known here are empty. */
static void put_details(cm_jw *w, const cm_api_about *about) {
  cm_jw_key(w, "details");
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "parent_model", "");
  cm_jw_put_text(w, "format", "gguf");
  cm_jw_put_text(w, "family", "");
  cm_jw_key(w, "families");
  cm_jw_begin_array(w);
  cm_jw_end_array(w);
  cm_jw_put_text(w, "parameter_size", "");
  cm_jw_put_text(w, "quantization_level", about->model->quant);
  cm_jw_end_object(w);
}

/* Names have a tag there: "latest" where a model's has none. */
static void put_name(cm_jw *w, const char *key, const char *id) {
  char name[sizeof((cm_model_id *)0)->id + sizeof ":latest"];
  const size_t n = strlen(id);
  memcpy(name, id, n + 1);
  if (!strchr(id, ':')) memcpy(name + n, ":latest", sizeof ":latest");
  cm_jw_put_text(w, key, name);
}

static void begin(cm_jw *w, cm_buf *out) {
  cm_jw_init(w, out, 0);
  cm_jw_begin_object(w);
}

static cm_code end(cm_jw *w, cm_buf *out) {
  cm_jw_end_object(w);
  cm_buf_putc(out, '\n');
  return CM_OK;
}

static void put_model(cm_jw *w, const cm_api_about *about) {
  put_name(w, "name", about->model->id);
  put_name(w, "model", about->model->id);
  cm_jw_put_u64(w, "size", about->model_bytes);
  cm_jw_put_text(w, "digest", about->model->sha256);
  put_details(w, about);
}

/* The list of the one model that there is; `more` adds what only this list says of it. */
static cm_code put_models(const cm_call *c, void (*more)(cm_jw *w, const cm_api_about *about),
                          cm_buf *out) {
  cm_jw w;
  begin(&w, out);
  cm_jw_key(&w, "models");
  cm_jw_begin_array(&w);
  cm_jw_begin_object(&w);
  put_model(&w, c->about);
  more(&w, c->about);
  cm_jw_end_object(&w);
  cm_jw_end_array(&w);
  return end(&w, out);
}

static void put_age(cm_jw *w, const cm_api_about *about) {
  cm_jw_put_text(w, "modified_at", about->started_text);
}

cm_code cm_ollama_tags(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  (void)body, (void)e;
  return put_models(c, put_age, out);
}

/* The model stays as long as the server does. */
static void put_stay(cm_jw *w, const cm_api_about *about) {
  cm_jw_put_text(w, "expires_at", "9999-12-31T23:59:59Z");
  cm_jw_put_u64(w, "size_vram", 0);
  if (about->ctx) cm_jw_put_u64(w, "context_length", about->ctx);
}

cm_code cm_ollama_ps(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  (void)body, (void)e;
  return put_models(c, put_stay, out);
}

cm_code cm_ollama_version(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_jw w;
  (void)c, (void)body, (void)e;
  begin(&w, out);
  cm_jw_put_text(&w, "version", CM_VERSION);
  return end(&w, out);
}

/* ChatML, as engine/chat writes it; what a server behind us does is its own. */
#define CHATML                                      \
  "{{- range .Messages }}<|im_start|>{{ .Role }}\n" \
  "{{ .Content }}<|im_end|>\n"                      \
  "{{ end }}<|im_start|>assistant\n"
static const char *template_of(const cm_api_about *about) {
  if (strcmp(about->backend, "cpu") != 0) return "";
  return about->model->thoughtless ? CHATML "<think>\n\n</think>\n\n" : CHATML;
}

/* Keys as in the model's file, so that another cmdai finds them (docs/MODEL.md). */
static void put_model_info(cm_jw *w, const cm_api_about *about) {
  const cm_model_id *m = about->model;
  cm_jw_key(w, "model_info");
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "general.name", m->id);
  cm_jw_put_u64(w, "cmdai.placeholders", m->placeholders);
  cm_jw_put_f64(w, "cmdai.confidence.scale", (double)m->scale);
  cm_jw_put_f64(w, "cmdai.confidence.bias", (double)m->bias);
  cm_jw_put_text(w, "cmdai.sha256", m->sha256);
  if (about->ctx) cm_jw_put_u64(w, "cmdai.context_length", about->ctx);
  cm_jw_end_object(w);
}

static void put_show(const cm_api_about *about, cm_buf *out) {
  cm_jw w;
  begin(&w, out);
  cm_jw_put_text(&w, "license", "");
  cm_jw_put_text(&w, "modelfile", "");
  cm_jw_put_text(&w, "parameters", "");
  cm_jw_put_text(&w, "template", template_of(about));
  put_details(&w, about);
  put_model_info(&w, about);
  cm_jw_key(&w, "capabilities");
  cm_jw_begin_array(&w);
  cm_jw_text(&w, "completion");
  cm_jw_end_array(&w);
  cm_jw_put_text(&w, "modified_at", about->started_text);
  (void)end(&w, out);
}

/* Clients call the member `model`, older ones `name`. */
cm_code cm_ollama_show(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_body b;
  if (cm_body_open(&b, c, body, e)) return cm_body_close(&b);
  const bool named = cm_json_get(b.object, "model") == NULL && cm_json_get(b.object, "name");
  cm_body_model(&b, named ? "name" : "model", true);
  if (!b.code) put_show(c->about, out);
  return cm_body_close(&b);
}

typedef struct excuse {
  const char *path, *text;
} excuse;

static const excuse excuses[] = {
    {"/api/pull", "models are fetched by `cmdai models pull NAME` and served by `cmdai serve -m`"},
    {"/api/push", "models are not published from here"},
    {"/api/create", "a GGUF file is served by `cmdai serve -m FILE`"},
    {"/api/copy", "a file of a model is all there is: `cmdai models path` says where"},
    {"/api/delete", "models are removed by `cmdai models rm NAME`"},
    {"/api/embed", "the model makes no embeddings: use another server"},
    {"/api/embeddings", "the model makes no embeddings: use another server"},
    {"/api/blobs/", "a GGUF file is served by `cmdai serve -m FILE`"}};

cm_code cm_ollama_cannot(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  const char *path = c->api->path, *why = "";
  (void)body, (void)out;
  for (size_t i = 0; i < sizeof excuses / sizeof *excuses; i++)
    if (strcmp(excuses[i].path, path) == 0) why = excuses[i].text;
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "this server doesn't do %s: %s", path, why);
}
