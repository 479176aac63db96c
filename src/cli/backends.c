#include "cli/backends.h"

#include <string.h>

cm_code cm_opened_open(cm_opened *b, const cm_opts *o, const char *model, bool hash,
                       unsigned n_parallel, cm_err *e) {
  *b = (cm_opened){0};
  cm_code code = cm_model_find(o, model, hash, &b->model, e);
  if (code) return code;
  b->options = (cm_backend_options){.model = cm_model_path(&b->model),
                                    .threads = o->threads,
                                    .ctx = o->ctx,
                                    .n_parallel = n_parallel,
                                    .offline = o->offline};
  const char *names = strcmp(o->backend, "auto") == 0 ? cm_backend_name_at(0) : o->backend;
  return cm_backend_open(&b->backend, names, &b->options, e);
}

void cm_opened_close(cm_opened *b) {
  cm_backend_close(b->backend);
  b->backend = NULL;
}

cm_code cm_opened_identify(cm_opened *b, cm_model_id *out, cm_err *e) {
  cm_code code = cm_backend_identify(b->backend, out, e);
  if (!code) cm_model_name_hash(&b->model, out->sha256);
  return code;
}
