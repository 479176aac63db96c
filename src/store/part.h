/* Inside store: an unfinished download: NAME.part, and NAME.part.json, which says what it is
 * a part of. */
#ifndef CM_STORE_PART_H
#define CM_STORE_PART_H
#include "net/reply.h"
#include "store/digest.h"
#include "store/store.h"

typedef struct cm_part {
  const cm_store *s;
  char path[4112], about[4120]; /* the two files */
  int fd;
  uint64_t bytes; /* in the file, and those that wait to be written */
  char *waiting;
  size_t n_waiting;
  uint64_t pushed;   /* what the system was told to bring to the disk */
  cm_digest *digest; /* of them, on its way */
  /* What they are a part of, as the server that sent them said; empty or 0: it didn't. */
  char sha256[65], etag[256];
  uint64_t total;
} cm_part;

/* Opens what is there of `file` (a path in the store), or begins. Bytes that nothing is known of
 * are thrown away. CM_E_WRITE, CM_E_NOMEM. */
cm_code cm_part_open(cm_part *p, const cm_store *s, const char *file, cm_err *e);
void cm_part_close(cm_part *p); /* leaves the files */

/* Whether the rest can be asked for: it will be known to be of the same file. */
bool cm_part_can_go_on(const cm_part *p);
/* Throws the bytes away. */
cm_code cm_part_restart(cm_part *p, cm_err *e);
/* Writes down what the bytes to come are a part of. */
cm_code cm_part_describe(cm_part *p, const char *sha256, const char *etag, uint64_t total,
                         cm_err *e);
cm_code cm_part_add(cm_part *p, const void *data, size_t n, cm_err *e);
/* Writes what waits: before a hash, and when a try has ended. */
cm_code cm_part_flush(cm_part *p, cm_err *e);
/* The hash of all bytes; nothing can be added afterwards. */
cm_code cm_part_hash(cm_part *p, char out[65], cm_err *e);
/* Gives it its name; closes it. */
cm_code cm_part_finish(cm_part *p, const char *file, cm_err *e);
/* Removes both files; closes it. */
void cm_part_remove(cm_part *p);

/* The text of NAME.part.json; CM_E_FORMAT: not ours, *p has nothing known then. */
cm_code cm_part_read(cm_part *p, cm_str text, cm_err *e);

#endif
