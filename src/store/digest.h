/* Inside store: the SHA-256 of a file while it is being written, by a thread that reads behind the
 * writer. What was there before the writer began counts too, so that going on with half a file
 * costs no time of its own, and what is hashed is what stands in the file. */
#ifndef CM_STORE_DIGEST_H
#define CM_STORE_DIGEST_H
#include <stdint.h>

#include "base/err.h"

typedef struct cm_digest cm_digest;

/* `fd` is read from its start and stays the caller's. CM_E_NOMEM. */
cm_code cm_digest_start(cm_digest **out, int fd, cm_err *e);
/* So many bytes are in the file now. */
void cm_digest_reach(cm_digest *d, uint64_t bytes);
/* Waits for the hash of the first `bytes`, and ends. CM_E_IO: they can't be read. */
cm_code cm_digest_end(cm_digest *d, uint64_t bytes, char out[65], cm_err *e);
void cm_digest_drop(cm_digest *d); /* ends without it; NULL is fine */

#endif
