/* cli/backends: the backend that the options ask for, and its model. */
#ifndef CM_CLI_BACKENDS_H
#define CM_CLI_BACKENDS_H
#include "backend/backend.h"
#include "cli/models.h"

/* Must not move once it is open: the backend keeps what the options point to. */
typedef struct cm_opened {
  cm_backend *backend;
  cm_found model; /* the file of the cpu backend */
  cm_backend_options options;
} cm_opened;

/* Opens what -b says (a name, several in order, "auto") with room for n_parallel texts at once.
 * `model` is what -m means to the first of them; the others take their own settings. With `hash`
 * the hash of a model file is found too. Errors of cm_model_find and cm_backend_open. */
cm_code cm_opened_open(cm_opened *b, const cm_opts *o, const char *model, bool hash,
                       unsigned n_parallel, cm_err *e);
void cm_opened_close(cm_opened *b); /* fine when it was never opened */

/* cm_backend_identify, with the hash of a model file. */
cm_code cm_opened_identify(cm_opened *b, cm_model_id *out, cm_err *e);

#endif
