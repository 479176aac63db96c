/* store/pull: fetches a model, or takes in a file that is here already. */
#ifndef CM_STORE_PULL_H
#define CM_STORE_PULL_H
#include "store/store.h"

typedef struct cm_pulled {
  char path[4096];
  char id[CM_REF_ID_MAX];
  char sha256[65];
  char licence[64]; /* "" when not known */
  uint64_t bytes;   /* of the file */
  bool was_here;    /* nothing had to be done */
} cm_pulled;

/* Makes the model that `ref` means stand in the store, whole and with the right hash: the
 * catalogue's, else the hub's (X-Linked-Etag), else, for an address that announces none, whatever
 * came, which is pinned from then on. In every case it is a model file that can be opened.
 *
 * Goes on with a download that was cut, by this process or an earlier one, if the file is known to
 * be the same; begins again once if it turns out not to be. A second call at the same time waits
 * and then finds the file. A file of the store that was damaged is fetched again, with a note.
 *
 * CM_E_NOTFOUND: no such file on the server, or offline; CM_E_FORMAT: wrong hash or length, not a
 * model; CM_E_IO: no connection, cut too often, refused (401, 403, 429, 5xx); CM_E_LIMIT: no room
 * on the disk or under the limit; CM_E_WRITE; CM_E_CANCELLED; CM_E_UNSUPPORTED: no libcurl. What
 * was fetched so far stays for the next call, unless it is wrong. */
cm_code cm_store_pull(const cm_store *s, const cm_ref *ref, cm_pulled *out, cm_err *e);

/* Takes in a file: as a second name for it where the disk allows, else as a copy. One that the
 * catalogue knows by its hash gets that row's name; another one the id "file:NAME". Errors as
 * above; CM_E_FORMAT: it is no model. */
cm_code cm_store_import(const cm_store *s, const char *path, cm_pulled *out, cm_err *e);

#endif
