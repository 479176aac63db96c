/* Inside serve: who may ask. Everything is decided from a request's first lines, before its body.
 * Pure.
 *
 * A browser is the danger for a server at 127.0.0.1: any web page can make it send requests there.
 * A page from elsewhere is told by its Origin; a page whose name was pointed at 127.0.0.1 (DNS
 * rebinding) by the name in Host. */
#ifndef CM_SERVE_GATE_H
#define CM_SERVE_GATE_H
#include "base/err.h"
#include "base/str.h"

typedef struct cm_gate {
  const char *name;    /* as the operator wrote the address */
  const char *address; /* as numbers: "127.0.0.1", "[::1]" */
  bool only_here;      /* it is of this machine alone. Else there is a token, which no page has,
                          and the machine may have any name. */
  const char *token;   /* NULL: none */
  const char *const *origins;
  size_t n_origins;
  size_t body_max;
} cm_gate;

/* What the first lines say; `p` NULL: nothing. */
typedef struct cm_heads {
  cm_str host, origin, authorization, type, length, encoding, expect;
  unsigned n_hosts, n_origins, n_lengths, n_encodings;
  bool http10; /* HTTP/1.0 or older */
} cm_heads;

/* 0, or the HTTP status and the reason: 400 a request that two readers could read in two ways, 501
 * a transfer coding that isn't chunked; 403 Host or Origin. */
int cm_gate_enter(const cm_gate *g, const cm_heads *h, cm_err *e);
/* 0 or 401. */
int cm_gate_token(const cm_gate *g, const cm_heads *h, cm_err *e);
/* 0, 413 or 415, for a request with a body. */
int cm_gate_body(const cm_gate *g, const cm_heads *h, cm_err *e);

/* Bytes of the body, where the request says it (numbers that are too large are UINT64_MAX - 1);
 * UINT64_MAX: it doesn't say, 0: there is none. */
uint64_t cm_gate_length(const cm_heads *h);

/* Equal or not, in a time that depends on the length of `given` alone. */
bool cm_gate_same(cm_str given, cm_str secret);

#endif
