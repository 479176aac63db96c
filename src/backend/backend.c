#include "backend/backend.h"

#include <string.h>

static const cm_backend_ops *const list[] = {&cm_backend_cpu};
enum { COUNT = sizeof list / sizeof *list };

struct cm_backend {
  const cm_backend_ops *ops;
  void *self;
};

const char *cm_backend_name_at(size_t i) { return i < COUNT ? list[i]->name : NULL; }

cm_code cm_backend_open(cm_backend **out, const char *name, const cm_backend_options *o,
                        cm_err *e) {
  *out = NULL;
  const cm_backend_ops *ops = NULL;
  for (size_t i = 0; i < COUNT; i++)
    if (strcmp(list[i]->name, name) == 0) ops = list[i];
  if (!ops) return cm_fail(e, CM_E_USAGE, 0, "there is no backend \"%s\"", name);
  cm_backend *b = cm_alloc(1, sizeof *b);
  if (!b) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a backend");
  b->ops = ops;
  cm_code code = ops->open(&b->self, o, e);
  if (code) {
    cm_free(b);
    return code;
  }
  *out = b;
  return CM_OK;
}

void cm_backend_close(cm_backend *b) {
  if (!b) return;
  b->ops->close(b->self);
  cm_free(b);
}

const char *cm_backend_name(const cm_backend *b) { return b->ops->name; }
void cm_backend_identify(const cm_backend *b, cm_model_id *out) { b->ops->identify(b->self, out); }

cm_code cm_backend_generate(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e) {
  return b->ops->generate(b->self, q, a, out, e);
}
