/* cli/backends: the backends that the options ask for, and their models. */
#ifndef CM_CLI_BACKENDS_H
#define CM_CLI_BACKENDS_H
#include "backend/backend.h"
#include "cli/models.h"

/* Must not move once it is open: the backend keeps what the options point to. */
typedef struct cm_opened {
  const cm_opts *o;
  cm_backend *backend;
  cm_found model; /* the file of the cpu backend */
  cm_backend_options options;
  char *keys[2]; /* ours: of ollama and of vllm, or NULL */
  char names[64];
  char prefix[4096]; /* folder of the prompts' states */
  cm_source source;  /* after cm_opened_identify */
} cm_opened;

/* Opens what -b says (a name, several in order, "auto") with room for n_parallel texts at once.
 * `model` is what -m means to the first of them, NULL if it wasn't given; the others take their
 * own settings, and cpu behind another one the embedded model. With `hash` the hash of a model
 * file is found too. Keys come from CMDAI_OLLAMA_KEY and CMDAI_VLLM_KEY, or from files. Errors of
 * cm_model_find and cm_backend_open. */
cm_code cm_opened_open(cm_opened *b, const cm_opts *o, const char *model, bool hash,
                       unsigned n_parallel, cm_err *e);
/* The same for a program that ends after one answer: what cpu computes of the prompt before the
 * user's words is kept for the next one, in the folder of the store. */
cm_code cm_opened_open_for_one(cm_opened *b, const cm_opts *o, const char *model, bool hash,
                               unsigned n_parallel, cm_err *e);
void cm_opened_close(cm_opened *b); /* fine when it was never opened */

/* The model that would answer now, with the hash of a model file; b->source says which source's it
 * is and which are behind it. Servers are waited for: CM_E_BACKEND, CM_E_MODEL, CM_E_TIMEOUT,
 * CM_E_CANCELLED. */
cm_code cm_opened_identify(cm_opened *b, cm_model_id *out, cm_err *e);

/* Whether the first source asked for is cpu: its model is a file or a name of the store, and not
 * what a server calls it. */
bool cm_opened_is_file(const cm_opts *o);

/* The hash of the model file, if the cpu backend gave this answer and doesn't know it. */
void cm_opened_name_hash(const cm_opened *b, const char *backend, cm_model_id *id);

#endif
