/* store: model files on this machine, and how more of them come here.
 *
 *   DIR/models/NAME.gguf       models, each whole and of the hash that the manifest has
 *   DIR/models/manifest.json   what they are (manifest.h); written whole or not at all
 *   DIR/models/NAME.gguf.part  an unfinished download, with NAME.gguf.part.json: what it is of
 *   DIR/metadata.json          the same models in a form for other tools
 *   DIR/prefix/KEY.kv          states of prompts, of the cpu backend; here they are only removed
 *
 * Two locks (files that stay): models/pull.lock is held while a file is fetched or taken in,
 * models/manifest.lock while the manifest is being changed. Who uses a model holds a shared lock
 * on the file itself, which is what keeps it from being removed to make room. */
#ifndef CM_STORE_STORE_H
#define CM_STORE_STORE_H
#include "base/err.h"
#include "base/mem.h"
#include "store/manifest.h"
#include "store/ref.h"

typedef struct cm_store_options {
  const char *dir;            /* DIR; made when something is written */
  const char *endpoint;       /* of the hub; NULL or "": https://huggingface.co */
  const char *token;          /* for the hub's own origin alone; NULL or "": none */
  bool offline;               /* using the network is an error */
  unsigned attempts;          /* of a download that brings nothing new; 0: 4 */
  double pause_seconds;       /* between them, unless the server says how long */
  unsigned stall_seconds;     /* 0: 30; see cm_fetch */
  uint64_t limit_bytes;       /* of all models; 0: none. The one used longest ago makes room */
  const volatile int *cancel; /* may be NULL */

  void *user;
  void (*note)(void *user, const char *text); /* one line for the person; may be NULL */
  /* `done` of `total` bytes (0: not known) are here, `before` of them from an earlier try; may be
   * NULL. Comes often. */
  void (*progress)(void *user, uint64_t done, uint64_t total, uint64_t before);
} cm_store_options;

#define CM_STORE_HUB "https://huggingface.co"

/* Borrows what the options point to. A value, nothing to close. */
typedef struct cm_store {
  cm_store_options o;
  char models[4096]; /* DIR/models */
} cm_store;

/* Touches nothing. CM_E_USAGE: no DIR, or one that is too long for a path. */
cm_code cm_store_open(cm_store *s, const cm_store_options *o, cm_err *e);

/* Path of a file in models/; CM_E_USAGE: too long. */
cm_code cm_store_path(const cm_store *s, cm_str name, char out[4096], cm_err *e);

/* The manifest as it is now, in memory from cm_inventory_new. No manifest is an empty one. Errors
 * as cm_inventory_read's, with the file's name, and CM_E_IO. */
cm_inventory *cm_inventory_new(cm_err *e);
void cm_inventory_free(cm_inventory *m); /* NULL is fine */
cm_code cm_store_read(const cm_store *s, cm_inventory *m, cm_err *e);

/* Reads it under its lock; what is changed between these two is written by the second. With `keep`
 * false nothing is written. After an error of the first there is no second. */
cm_code cm_store_begin(const cm_store *s, cm_inventory *m, int *lock, cm_err *e);
cm_code cm_store_end(const cm_store *s, cm_inventory *m, int lock, bool keep, cm_err *e);

/* Whether an entry's file is the one that was hashed: by its identity, else (or with `hash`) by
 * its bytes; an identity that changed without them is renewed in *entry, and *renewed set.
 * CM_E_NOTFOUND: it is gone; CM_E_FORMAT: other bytes; CM_E_IO. */
cm_code cm_store_check(const cm_store *s, cm_entry *entry, bool hash, bool *renewed, cm_err *e);

/* --- use --------------------------------------------------------------------------------------*/

/* A model that is going to be used. */
typedef struct cm_found {
  char path[4096];
  char sha256[65];
  int hold; /* its shared lock; < 0: none. Close with cm_os_unlock, or leave it to the end */
} cm_found;

/* Finds a model of the store by its id, checks it (cm_store_check) and notes that it was used.
 * CM_E_NOTFOUND: it isn't here; CM_E_FORMAT: its bytes are not those of the manifest, the message
 * says how to repair that. */
cm_code cm_store_find(const cm_store *s, cm_str id, cm_found *out, cm_err *e);

/* The hash of any file: remembered while it is the same file, else computed and remembered where
 * the store can be written. CM_E_NOTFOUND, CM_E_IO. */
cm_code cm_store_sha256(const cm_store *s, const char *path, char out[65], cm_err *e);

/* --- room -------------------------------------------------------------------------------------*/

/* Removes a model. CM_E_NOTFOUND: no such id; CM_E_USAGE: it is in use. */
cm_code cm_store_remove(const cm_store *s, cm_str id, uint64_t *bytes, cm_err *e);

/* Makes room under the limit for `more` bytes: removes what was used longest ago and isn't in use.
 * `spare` is an id that stays. CM_E_LIMIT: it can't be done. */
cm_code cm_store_make_room(const cm_store *s, uint64_t more, cm_str spare, cm_err *e);

/* Removes states of prompts, unfinished downloads, and entries whose file is gone; then
 * cm_store_make_room. *bytes: freed. CM_E_USAGE: a download is running. */
cm_code cm_store_prune(const cm_store *s, uint64_t *bytes, cm_err *e);

#endif
