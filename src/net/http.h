/* net/http: requests to servers that answer questions, several at once. Unlike net/fetch it posts
 * bodies, hands the answer on as it comes, follows no redirect (it would carry a key elsewhere),
 * and doesn't block: whoever owns a cm_http turns its crank. Proxies are taken from the
 * environment as curl does, but never for this machine itself (cm_url_is_local). Packed answers
 * (gzip, deflate) are unpacked; the limit counts unpacked bytes. Connections are kept for the next
 * exchange. */
#ifndef CM_NET_HTTP_H
#define CM_NET_HTTP_H
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum { CM_HTTP_ERROR_BYTES = 4096, CM_HTTP_HEAD_BYTES = 256 << 10 };

/* One request and its answer. The caller fills the first group and keeps all that it points to
 * until it gets the exchange back, with the second filled. */
typedef struct cm_exchange {
  const char *url;            /* net/url.h says what is taken */
  const char *key;            /* bearer key; NULL or "": none. In no message. */
  cm_str body;                /* JSON, posted; p NULL: a GET */
  unsigned connect_ms;        /* until there is a connection; 0: 10,000 */
  unsigned first_ms;          /* the longest silence: from then until the first byte of the
                                 answer, and between two pieces of it; 0: any */
  uint64_t deadline_ns;       /* of all, on cm_os_now_ns' clock; 0: none */
  uint64_t max_bytes;         /* of the answer's body, unpacked */
  const volatile int *cancel; /* becomes non-zero to stop; may be NULL */
  /* The body of an answer with status 200, in pieces; an error ends the exchange with it. `status`
   * and `type` stand already in *x. Must not call functions of the cm_http. */
  cm_code (*data)(struct cm_exchange *x, cm_str piece, cm_err *e);
  void *user;

  int status;            /* 0: there was no answer */
  char type[64];         /* Content-Type, without its parameters, lower case; cut */
  uint64_t wait_seconds; /* Retry-After; 0: not said */
  cm_err error;          /* code CM_OK: a whole answer came, with any status */
  /* Another try may help: refused, or closed or too slow before the first byte; and the statuses
   * 429 and 5xx, but 501 and 505. */
  bool again;
  /* The beginning of the body of an answer with another status; what comes far behind it isn't
   * waited for. */
  char text[CM_HTTP_ERROR_BYTES];
  size_t text_n;

  struct cm_exchange *next; /* ours */
  void *self;
} cm_exchange;

/* Belongs to one thread at a time. */
typedef struct cm_http cm_http;

/* CM_E_UNSUPPORTED: no libcurl; CM_E_NOMEM. Not for two threads at once before the first call came
 * back. */
cm_code cm_http_open(cm_http **out, cm_err *e);
/* Drops what is on its way. NULL is fine. */
void cm_http_close(cm_http *h);

/* Takes an exchange; never waits. Errors come back with it: CM_E_BACKEND (no such host, refused,
 * reset, cut short, too slow, TLS, a body larger than max_bytes, a head larger than
 * CM_HTTP_HEAD_BYTES, no HTTP: host and port stand in the message), CM_E_TIMEOUT (its deadline
 * passed), CM_E_CANCELLED, CM_E_USAGE (an address or a key that can't be), CM_E_NOMEM; and what
 * `data` returns. */
void cm_http_start(cm_http *h, cm_exchange *x);

/* Goes on with all exchanges, waiting for news at most wait_ms; one that is done, or NULL. Comes
 * back early when there is some news, and at once when nothing is on its way. */
cm_exchange *cm_http_step(cm_http *h, unsigned wait_ms);

#endif
