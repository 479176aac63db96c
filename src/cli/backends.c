#include "cli/backends.h"

#include <stdio.h>
#include <string.h>

#include "cli/secret.h"

enum { OLLAMA = 0, VLLM = 1 };

/* --- which ----------------------------------------------------------------------------------- */

/* "auto" is what --auto-order says, and stands alone: an order within an order says nothing. */
static cm_code order(const cm_opts *o, char *out, size_t size, cm_err *e) {
  const char *names = strcmp(o->backend, "auto") == 0 ? o->auto_order : o->backend;
  const int n = snprintf(out, size, "%s", names);
  if (cm_str_find(cm_str_of(names), CM_STR("auto")) != SIZE_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "backend \"auto\" stands alone; its order is --auto-order");
  if (n < 0 || (size_t)n >= size) return cm_fail(e, CM_E_USAGE, 0, "too many backends");
  return CM_OK;
}

static bool is_first(const char *names, const char *name) {
  const size_t n = strcspn(names, ",");
  return cm_str_eq((cm_str){names, n}, cm_str_of(name));
}

bool cm_opened_is_file(const cm_opts *o) {
  const char *names = strcmp(o->backend, "auto") == 0 ? o->auto_order : o->backend;
  return is_first(names, "cpu");
}

/* --- opening --------------------------------------------------------------------------------- */

static const char *given(const char *text) { return text && *text ? text : NULL; }

/* -m on the command line, then the server's own option; what the environment or a file says of
 * models in general comes last. */
static const char *served(const cm_opts *o, bool first, const char *model, const char *own) {
  if (first && o->models.typed && model) return given(model);
  if (given(own)) return own;
  return first ? given(model) : NULL;
}

static unsigned milliseconds(double seconds) { return (unsigned)(seconds * 1000 + 0.5); }

static cm_code fill(cm_opened *b, const cm_opts *o, const char *model, bool hash,
                    unsigned n_parallel, cm_err *e) {
  cm_code code = order(o, b->names, sizeof b->names, e);
  const bool is_file = is_first(b->names, "cpu");
  if (!code) code = cm_model_find(o, is_file ? model : NULL, hash, &b->model, e);
  if (!code)
    code = cm_secret_find(o, "ollama-key-file", o->ollama_key_file, "CMDAI_OLLAMA_KEY",
                          &b->keys[OLLAMA], e);
  if (!code)
    code =
        cm_secret_find(o, "vllm-key-file", o->vllm_key_file, "CMDAI_VLLM_KEY", &b->keys[VLLM], e);
  if (code) return code;
  b->options = (cm_backend_options){
      .model = cm_model_path(&b->model),
      .threads = o->threads,
      .ctx = o->ctx,
      .n_parallel = n_parallel,
      .connect_ms = milliseconds(o->connect_timeout),
      .first_ms = milliseconds(o->first_byte_timeout),
      .offline = o->offline,
      .ollama = {.url = given(o->ollama_url),
                 .key = b->keys[OLLAMA],
                 .model = served(o, is_first(b->names, "ollama"), model, o->ollama_model)},
      .vllm = {.url = given(o->vllm_url),
               .key = b->keys[VLLM],
               .model = served(o, is_first(b->names, "vllm"), model, o->vllm_model)}};
  return CM_OK;
}

static void note_prefix(void *user, const char *text) {
  const cm_opened *b = user;
  if (b->o->verbose) cm_ui_note(b->o, "%s", text);
}

/* Without a folder nothing is kept. */
static void keep_prefix(cm_opened *b) {
  if (!cm_shelf_folder("/prefix", b->prefix, sizeof b->prefix)) return;
  b->options.keep =
      (cm_keep){.dir = b->prefix, .build = cm_build_id, .note = note_prefix, .user = b};
}

static cm_code start(cm_opened *b, cm_err *e) {
  const char *path = cm_model_path(&b->model), *sha256 = b->model.sha256;
  cm_ui_trace(b->o, "backends: %s; model of cpu: %s%s%s", b->names, path ? path : "embedded",
              sha256[0] ? ", SHA-256 " : "", sha256);
  cm_code code = cm_backend_open(&b->backend, b->names, &b->options, e);
  cm_ui_trace(b->o, code ? "backend: not opened" : "backend: opened");
  return code;
}

cm_code cm_opened_open_for_one(cm_opened *b, const cm_opts *o, const char *model, bool hash,
                               unsigned n_parallel, cm_err *e) {
  *b = (cm_opened){.o = o, .model.hold = -1};
  cm_code code = fill(b, o, model, hash, n_parallel, e);
  if (code) return code;
  keep_prefix(b);
  return start(b, e);
}

cm_code cm_opened_open(cm_opened *b, const cm_opts *o, const char *model, bool hash,
                       unsigned n_parallel, cm_err *e) {
  *b = (cm_opened){.o = o, .model.hold = -1};
  cm_code code = fill(b, o, model, hash, n_parallel, e);
  return code ? code : start(b, e);
}

void cm_opened_close(cm_opened *b) {
  cm_backend_close(b->backend);
  b->backend = NULL;
  for (size_t i = 0; i < sizeof b->keys / sizeof *b->keys; i++) {
    cm_secret_drop(b->keys[i]);
    b->keys[i] = NULL;
  }
}

void cm_opened_name_hash(const cm_opened *b, const char *backend, cm_model_id *id) {
  if (backend && strcmp(backend, "cpu") == 0) cm_model_name_hash(&b->model, id->sha256);
}

cm_code cm_opened_identify(cm_opened *b, cm_model_id *out, cm_err *e) {
  const uint64_t deadline = cm_os_now_ns() + b->o->timeout * UINT64_C(1000000000);
  cm_code code = cm_backend_identify(b->backend, deadline, &cm_ui_cancel, &b->source, e);
  cm_opened_name_hash(b, b->source.backend, &b->source.model);
  *out = b->source.model;
  return code;
}
