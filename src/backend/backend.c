#include "backend/backend.h"

#include <string.h>

static const cm_backend_ops *const list[] = {&cm_backend_cpu};
enum { COUNT = sizeof list / sizeof *list };

struct cm_backend {
  const cm_backend_ops *ops;
  void *self;
  cm_job *refused;
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

void cm_backend_submit(cm_backend *b, cm_job *job) {
  job->replies = (cm_replies){0};
  job->error = (cm_err){0};
  job->next = NULL;
  b->ops->submit(b->self, job);
}

void cm_backend_refuse(cm_backend *b, cm_job *job, const cm_err *e) {
  job->replies = (cm_replies){0};
  job->error = *e;
  job->next = b->refused;
  b->refused = job;
}

cm_job *cm_backend_poll(cm_backend *b) {
  cm_job *job = b->refused;
  if (!job) return b->ops->poll(b->self);
  b->refused = job->next;
  job->next = NULL;
  return job;
}

cm_code cm_backend_generate(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e) {
  cm_job job = {.request = *q, .arena = a};
  cm_backend_submit(b, &job);
  (void)cm_backend_poll(b);
  *out = job.replies;
  if (job.error.code && e) *e = job.error;
  return job.error.code;
}
