/* store/manifest: what models/manifest.json says (schemas/cmdai.manifest.1.json). Reading and
 * writing text only; which file that is, is store.h's. */
#ifndef CM_STORE_MANIFEST_H
#define CM_STORE_MANIFEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/os_file.h"
#include "base/str.h"

enum {
  CM_MANIFEST_MODELS = 1000, /* more is CM_E_LIMIT */
  CM_MANIFEST_FILES = 200,   /* the one used longest ago makes room */
  CM_MANIFEST_BYTES = 8 << 20
};

/* A model of the store. */
typedef struct cm_entry {
  cm_str id;
  cm_str file;                  /* name in models/, never a path */
  cm_str repo, revision;        /* on the hub; revision is the commit where the hub said it; "" */
  cm_str source;                /* address or path that it came from */
  cm_str sha256;                /* 64 lower-case hexadecimal digits */
  cm_str quantization, licence; /* "" when not known */
  cm_str downloaded_at, last_used; /* "2026-11-26T09:30:00Z" */
  double seconds;                  /* that the download took */
  cm_os_identity at;               /* when the hash was taken; at.bytes: its size */
} cm_entry;

/* A file elsewhere, hashed once. */
typedef struct cm_known {
  cm_str path; /* absolute, without links */
  cm_str sha256, last_used;
  cm_os_identity at;
} cm_known;

typedef struct cm_inventory {
  cm_entry models[CM_MANIFEST_MODELS];
  size_t n;
  cm_known files[CM_MANIFEST_FILES];
  size_t n_files;
  cm_arena *arena; /* of all texts */
} cm_inventory;

/* Reads a whole text; an empty one is an empty manifest. Unknown members are ignored. Texts live
 * in `a`. CM_E_FORMAT (not ours, a file name that is a path, a hash that is none, an id twice),
 * CM_E_LIMIT, CM_E_NOMEM; *out is empty then. */
cm_code cm_inventory_read(cm_str text, cm_arena *a, cm_inventory *out, cm_err *e);
/* The whole text, with a newline; in the order of the ids. */
void cm_inventory_text(cm_inventory *m, cm_buf *out);
/* The text of metadata.json: the same models for other tools, in the plan's own words. */
void cm_inventory_metadata(const cm_inventory *m, cm_buf *out);

cm_entry *cm_inventory_find(cm_inventory *m, cm_str id);      /* NULL: none */
cm_entry *cm_inventory_by_file(cm_inventory *m, cm_str file); /* NULL: none */
/* Adds or replaces by id; texts are copied. CM_E_LIMIT, CM_E_NOMEM. */
cm_code cm_inventory_put(cm_inventory *m, const cm_entry *entry, cm_err *e);
void cm_inventory_drop(cm_inventory *m, cm_entry *entry);
cm_known *cm_inventory_known(cm_inventory *m, cm_str path); /* NULL: none */
/* Adds or replaces by path; texts are copied. CM_E_NOMEM. */
cm_code cm_inventory_remember(cm_inventory *m, const cm_known *known, cm_err *e);

#endif
