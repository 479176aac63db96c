#include "serve/gate.h"

#include <strings.h>

#define refuse(e, status, code, ...) (cm_err_set((e), (code), 0, __VA_ARGS__), (status))

static bool is_alike(cm_str a, cm_str b) {
  return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

static int shown(cm_str s) { return (int)(s.n < 80 ? s.n : 80); }

/* --- names --- */

/* "HOST" or "HOST:PORT" without its port; false for what is neither. */
static bool without_port(cm_str s, cm_str *host) {
  const bool bracket = s.n && s.p[0] == '[';
  const char *end = bracket ? memchr(s.p, ']', s.n) : memchr(s.p, ':', s.n);
  if (bracket && !end) return false;
  host->p = s.p;
  host->n = end ? (size_t)(end - s.p) + bracket : s.n;
  const cm_str port = {s.p + host->n, s.n - host->n};
  uint64_t number;
  if (!port.n) return host->n > 0;
  return port.p[0] == ':' && cm_str_u64((cm_str){port.p + 1, port.n - 1}, 0, 65535, &number);
}

/* Whether a name, with or without a port, is one of this machine's own. */
static bool is_own(const cm_gate *g, cm_str s) {
  static const char *const usual[] = {"localhost", "127.0.0.1", "[::1]"};
  cm_str host = {0};
  if (!without_port(s, &host)) return false;
  for (size_t i = 0; i < 3; i++)
    if (is_alike(host, cm_str_of(usual[i]))) return true;
  return is_alike(host, cm_str_of(g->name)) || is_alike(host, cm_str_of(g->address));
}

/* A page of this machine, of whatever port, or one that the operator allows. */
static bool is_welcome(const cm_gate *g, cm_str origin) {
  static const char *const schemes[] = {"http://", "https://"};
  for (size_t i = 0; i < g->n_origins; i++)
    if (is_alike(origin, cm_str_of(g->origins[i])) || strcmp(g->origins[i], "*") == 0) return true;
  for (size_t i = 0; i < 2; i++) {
    const cm_str scheme = cm_str_of(schemes[i]);
    if (cm_str_starts(origin, scheme) &&
        is_own(g, (cm_str){origin.p + scheme.n, origin.n - scheme.n}))
      return true;
  }
  return false;
}

/* --- doors --- */

/* What a proxy before us could read as another number of requests. */
static int check_framing(const cm_heads *h, cm_err *e) {
  if (h->n_hosts > 1 || h->n_origins > 1 || h->n_lengths > 1 || h->n_encodings > 1 ||
      (h->n_lengths && h->n_encodings))
    return refuse(e, 400, CM_E_FORMAT,
                  "Host, Origin, Content-Length or Transfer-Encoding is there twice");
  if (!h->n_hosts && !h->http10) return refuse(e, 400, CM_E_FORMAT, "Host is missing");
  if (h->n_encodings && !is_alike(h->encoding, CM_STR("chunked")))
    return refuse(e, 501, CM_E_UNSUPPORTED, "the only Transfer-Encoding here is chunked");
  return 0;
}

int cm_gate_enter(const cm_gate *g, const cm_heads *h, cm_err *e) {
  const int status = check_framing(h, e);
  if (status) return status;
  if (g->only_here && h->n_hosts && !is_own(g, h->host))
    return refuse(e, 403, CM_E_USAGE, "this server is not called \"%.*s\"", shown(h->host),
                  h->host.p);
  if (h->origin.p && !is_welcome(g, h->origin))
    return refuse(e, 403, CM_E_USAGE, "pages of \"%.*s\" may not ask; see --origin",
                  shown(h->origin), h->origin.p);
  return 0;
}

bool cm_gate_same(cm_str given, cm_str secret) {
  unsigned differ = given.n != secret.n;
  for (size_t i = 0; i < given.n; i++)
    differ |= (unsigned)((unsigned char)given.p[i] ^
                         (unsigned char)secret.p[secret.n ? i % secret.n : 0]);
  return !differ;
}

int cm_gate_token(const cm_gate *g, const cm_heads *h, cm_err *e) {
  const cm_str bearer = CM_STR("Bearer ");
  cm_str a = h->authorization;
  if (!g->token) return 0;
  const bool is_bearer = a.n > bearer.n && is_alike((cm_str){a.p, bearer.n}, bearer);
  if (is_bearer &&
      cm_gate_same(cm_str_trim((cm_str){a.p + bearer.n, a.n - bearer.n}), cm_str_of(g->token)))
    return 0;
  return refuse(e, 401, CM_E_USAGE, "a token is needed: Authorization: Bearer ...");
}

static bool is_digits(cm_str s) {
  size_t i = 0;
  while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') i++;
  return i == s.n && i > 0;
}

uint64_t cm_gate_length(const cm_heads *h) {
  uint64_t n = 0;
  if (h->n_encodings) return UINT64_MAX;
  if (!h->n_lengths) return 0;
  if (cm_str_u64(h->length, 0, UINT64_MAX - 1, &n)) return n;
  return is_digits(h->length) ? UINT64_MAX - 1 : UINT64_MAX;
}

/* "application/json; charset=utf-8" is JSON. */
static bool is_type(cm_str type, const char *wanted) {
  const char *end = type.n ? memchr(type.p, ';', type.n) : NULL;
  if (end) type.n = (size_t)(end - type.p);
  return is_alike(cm_str_trim(type), cm_str_of(wanted));
}

/* curl -d calls everything a form. Where no browser asks (they name their page for a POST) that is
 * let pass, or half of the examples on the web would not run here. */
int cm_gate_body(const cm_gate *g, const cm_heads *h, cm_err *e) {
  const uint64_t n = cm_gate_length(h);
  if (n != UINT64_MAX && n > g->body_max)
    return refuse(e, 413, CM_E_LIMIT, "a request may have %zu bytes", g->body_max);
  if (!h->type.p || is_type(h->type, "application/json")) return 0;
  if (!h->origin.p && is_type(h->type, "application/x-www-form-urlencoded")) return 0;
  return refuse(e, 415, CM_E_USAGE, "Content-Type must be application/json");
}
