/* net/reply: what a server says about a file before it sends it. Pure. */
#ifndef CM_NET_REPLY_H
#define CM_NET_REPLY_H
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct cm_reply {
  int status;     /* of the last answer; 0: there was none */
  uint64_t bytes; /* Content-Length; UINT64_MAX: not said */
  /* Content-Range; UINT64_MAX: not said */
  uint64_t first, total;
  char etag[256];        /* a strong one, with its quotes; "" */
  char type[64];         /* Content-Type, cut */
  uint64_t wait_seconds; /* RateLimit: until its window ends; 0: not said */

  /* What the hub says beside its redirect (X-Linked-Etag, X-Linked-Size, X-Repo-Commit). Other
   * hosts along the way can't set these. */
  char linked_sha256[65]; /* lower case; "" */
  uint64_t linked_bytes;  /* 0 */
  char commit[41];        /* "" */

  /* Why there is no whole answer; whether another try may help. */
  bool again;
} cm_reply;

/* Nothing said yet. */
void cm_reply_init(cm_reply *r);

/* Takes one line of a head, with or without its line end; a status line begins a new answer and
 * forgets the last one's fields, but not the linked ones. Those are only taken if `hub`. What
 * isn't understood is ignored: RFC 9110 for the fields, "RateLimit" as the hub sends it
 * ("resolvers";r=0;t=120). */
void cm_reply_line(cm_reply *r, cm_str line, bool hub);

#endif
