/* serve: an HTTP server in front of one backend. It speaks Ollama's and OpenAI's interfaces and
 * our own (docs/SERVER.md). One thread talks HTTP and computes nothing; one scheduler owns the
 * backend: requests are decoded together, as many as there are slots, the others wait in a bounded
 * queue. */
#ifndef CM_SERVE_SERVE_H
#define CM_SERVE_SERVE_H
#include "answer/answer.h"

enum { CM_SERVE_PORT = 11435, CM_SERVE_ORIGINS_MAX = 32 };

typedef struct cm_serve_options {
  const char *host; /* address or name to listen at; NULL: 127.0.0.1 */
  uint16_t port;    /* 0: any free one */
  const char
      *token; /* bearer token that every request but /healthz needs; NULL: none. Without one,
                        an address that isn't of this machine alone is refused. */
  const char *const *origins; /* web origins that may ask, beside this machine's own */
  size_t n_origins;
  uint32_t slots;      /* texts at once: n_parallel of the backend */
  uint32_t queue;      /* requests that may wait; more are answered with 503 */
  size_t body_max;     /* bytes of a request */
  uint32_t timeout_ms; /* of a request, waiting included */
  uint32_t drain_ms;   /* how long requests may still take after a stop */
  uint32_t idle_ms;    /* a connection that brings no whole request in this time is ended */
  uint32_t max_tokens; /* of a reply, when a request doesn't say */

  const char *engine;  /* which program answers: "cmdai 0.1.0+BUILD" */
  cm_backend *backend; /* nothing else is on its way in it */
  cm_model_id model;
  const char *alias; /* a name that requests may also call the model by; NULL: none */
  const cm_safety *safety;
  const cm_sh_context *where; /* for /v1/cmdai/ask */
  cm_level level;
  const char *shell;

  /* Becomes non-zero to stop: no new request, drain, return. Read atomically. */
  const volatile int *stop;
  /* Called once the server listens; `url` is "http://127.0.0.1:11435". */
  void (*ready)(void *user, const char *url);
  void (*log)(void *user, const char *line); /* may be NULL */
  void *user;
} cm_serve_options;

/* Serves until *stop. CM_E_USAGE: an address beyond this machine without a token, or one that
 * can't be; CM_E_IO: it is taken; CM_E_UNSUPPORTED: no libmicrohttpd here; CM_E_NOMEM. */
cm_code cm_serve_run(const cm_serve_options *o, cm_err *e);

/* Whether there is a libmicrohttpd to serve with: CM_OK or CM_E_UNSUPPORTED. */
cm_code cm_serve_ready(cm_err *e);

#endif
