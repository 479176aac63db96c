/* cli/models: the store of models as this program uses it. */
#ifndef CM_CLI_MODELS_H
#define CM_CLI_MODELS_H
#include "cli/cli.h"
#include "store/pull.h"
#include "store/store.h"

/* A store with what the options and the environment say of it: CMDAI_CACHE_DIR, XDG_CACHE_HOME,
 * HOME; HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT. Notes and progress go to
 * stderr. Must not move once it is open. */
typedef struct cm_shelf {
  cm_store store;
  const cm_opts *o;
  char dir[4096];
  /* The bar, or lines where there is no terminal. */
  bool bar, drawn;
  const char *name; /* of what is coming */
  uint64_t start_ns, shown_ns, shown;
} cm_shelf;

/* Path of the store's folder with `below` behind it: CMDAI_CACHE_DIR, XDG_CACHE_HOME, HOME. False:
 * none of them is set, or it is too long. */
bool cm_shelf_folder(const char *below, char *out, size_t size);

/* CM_E_USAGE: no folder for models, or a value in the environment that makes no sense. */
cm_code cm_shelf_open(cm_shelf *s, const cm_opts *o, cm_err *e);

/* Fetches one model, with progress and notes: what, how large, from where, and its licence. */
cm_code cm_shelf_pull(cm_shelf *s, const cm_ref *ref, cm_pulled *out, cm_err *e);

/* What -m NAME means: a path, a name of the catalogue, hf:… or a URL. NULL is the embedded model:
 * an empty path. With `hash` the hash of a file outside of the store is found too. A model that
 * isn't here is fetched if a person at a terminal says so, or --pull does. out->hold stays open
 * until the program ends: it keeps the model from being removed. CM_E_NOTFOUND: not here, with the
 * command that fetches it; the rest as cm_store_find. */
cm_code cm_model_find(const cm_opts *o, const char *name, bool hash, cm_found *out, cm_err *e);

/* What CI tests with, when nobody names another model: 491 MB. */
#define CM_MODEL_OF_CI "qwen2.5-coder-0.5b-q4_k_m"

/* The path for a backend: NULL for the embedded model. */
const char *cm_model_path(const cm_found *m);
/* Fills in the hash of a model that a backend doesn't know the hash of. */
void cm_model_name_hash(const cm_found *m, char sha256[65]);

/* The subcommands of `cmdai models` that look after the store; exit statuses. */
int cm_models_list(const cm_opts *o, char **args, size_t n);
int cm_models_pull(const cm_opts *o, char **args, size_t n);
int cm_models_import(const cm_opts *o, char **args, size_t n);
int cm_models_verify(const cm_opts *o, char **args, size_t n);
int cm_models_rm(const cm_opts *o, char **args, size_t n);
int cm_models_prune(const cm_opts *o, char **args, size_t n);
int cm_models_path(const cm_opts *o, char **args, size_t n);

#endif
