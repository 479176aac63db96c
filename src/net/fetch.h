/* net/fetch: gets one file over http or https.
 *
 * Redirects are followed here and not by the library: at most CM_FETCH_HOPS of them, never from
 * https to http, and the token goes to the origin (scheme, host and port) of the first address
 * only. Proxies are taken from the environment as curl does (http_proxy, https_proxy,
 * no_proxy). */
#ifndef CM_NET_FETCH_H
#define CM_NET_FETCH_H
#include "base/err.h"
#include "net/reply.h"

enum { CM_FETCH_HOPS = 10, CM_FETCH_SLOWEST = 1024 /* bytes a second */ };

typedef struct cm_fetch {
  const char *url;
  const char *token;          /* bearer token; NULL or "": none */
  uint64_t from;              /* the first byte wanted */
  const char *if_range;       /* strong ETag of what is there already, or NULL */
  unsigned connect_seconds;   /* 0: 10 */
  unsigned stall_seconds;     /* slower than CM_FETCH_SLOWEST for so long is given up; 0: 30 */
  const volatile int *cancel; /* becomes non-zero to stop; may be NULL */

  void *user;
  /* The head of an answer with a file in it (200 or 206), before its first byte. */
  cm_code (*begin)(void *user, const cm_reply *r, cm_err *e);
  cm_code (*data)(void *user, const void *p, size_t n, cm_err *e);
} cm_fetch;

/* CM_OK: the server answered, reply->status says what; 200 and 206 went whole to `begin` and
 * `data`. Any other answer's body is thrown away. Errors, with reply->again set if another try may
 * help: CM_E_IO (no connection, no such host, cut, too slow, TLS), CM_E_FORMAT (an address that
 * can't be, a redirect from https to http), CM_E_LIMIT (too many redirects), CM_E_UNSUPPORTED (no
 * libcurl), CM_E_CANCELLED, CM_E_NOMEM; and what `begin` and `data` return. */
cm_code cm_fetch_run(const cm_fetch *f, cm_reply *reply, cm_err *e);

/* Whether there is a libcurl to do it with: CM_OK or CM_E_UNSUPPORTED. */
cm_code cm_fetch_ready(cm_err *e);

#endif
