#include "net/fetch.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "net/curl.h"
#include "net/url.h"

enum { IGNORED_MAX = 64 << 10, BUFFER = 512 << 10, LINE_MAX_BYTES = 16 << 10 };

/* One fetch over all its redirects. */
typedef struct fetching {
  const cm_fetch *f;
  const cm_curl *c;
  CURL *h;
  cm_reply *reply;
  cm_url first;
  bool at_hub; /* this hop is of the first address's origin */
  bool begun;
  size_t ignored;
  cm_code code; /* what a callback of the caller's said */
  cm_err *e;
  char why[CURL_ERROR_SIZE];
} fetching;

static bool has_file(const cm_reply *r) { return r->status == 200 || r->status == 206; }

static bool begin(fetching *g) {
  if (g->begun) return true;
  g->begun = true;
  g->code = g->f->begin(g->f->user, g->reply, g->e);
  return !g->code;
}

static size_t on_header(char *p, size_t size, size_t n, void *user) {
  fetching *g = user;
  if (size * n <= LINE_MAX_BYTES) cm_reply_line(g->reply, (cm_str){p, size * n}, g->at_hub);
  return size * n;
}

static size_t on_data(char *p, size_t size, size_t n, void *user) {
  fetching *g = user;
  const size_t bytes = size * n;
  if (!has_file(g->reply)) {
    g->ignored += bytes;
    return g->ignored > IGNORED_MAX ? 0 : bytes;
  }
  if (!begin(g)) return 0;
  g->code = g->f->data(g->f->user, p, bytes, g->e);
  return g->code ? 0 : bytes;
}

static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  const fetching *g = user;
  (void)a, (void)b, (void)c, (void)d;
  return g->f->cancel && *g->f->cancel;
}

/* What is the same for every hop. */
static void configure(fetching *g) {
  const cm_fetch *f = g->f;
  const cm_curl *c = g->c;
  c->set(g->h, CURLOPT_NOSIGNAL, 1L);
  c->set(g->h, CURLOPT_ERRORBUFFER, g->why);
  c->set(g->h, CURLOPT_USERAGENT, "cmdai/" CM_VERSION);
  c->set(g->h, CURLOPT_FOLLOWLOCATION, 0L);
  c->set(g->h, CURLOPT_PROTOCOLS_STR, "http,https");
  c->set(g->h, CURLOPT_BUFFERSIZE, (long)BUFFER);
  c->set(g->h, CURLOPT_CONNECTTIMEOUT, (long)(f->connect_seconds ? f->connect_seconds : 10));
  c->set(g->h, CURLOPT_LOW_SPEED_LIMIT, (long)CM_FETCH_SLOWEST);
  c->set(g->h, CURLOPT_LOW_SPEED_TIME, (long)(f->stall_seconds ? f->stall_seconds : 30));
  c->set(g->h, CURLOPT_HEADERFUNCTION, on_header);
  c->set(g->h, CURLOPT_HEADERDATA, g);
  c->set(g->h, CURLOPT_WRITEFUNCTION, on_data);
  c->set(g->h, CURLOPT_WRITEDATA, g);
  c->set(g->h, CURLOPT_NOPROGRESS, 0L);
  c->set(g->h, CURLOPT_XFERINFOFUNCTION, on_progress);
  c->set(g->h, CURLOPT_XFERINFODATA, g);
}

/* A token with a line end in it would be a header of its own. */
static bool is_token(const char *t) {
  for (; *t; t++)
    if (*t <= ' ' || *t >= 0x7f) return false;
  return true;
}

static cm_code add_header(fetching *g, struct curl_slist **list, const char *name,
                          const char *value) {
  char line[LINE_MAX_BYTES];
  const int n = snprintf(line, sizeof line, "%s%s", name, value);
  if (n < 0 || (size_t)n >= sizeof line)
    return cm_fail(g->e, CM_E_LIMIT, 0, "a header of the request is too long");
  struct curl_slist *more = g->c->append(*list, line);
  if (!more) return cm_fail(g->e, CM_E_NOMEM, 0, "no memory for a request");
  *list = more;
  return CM_OK;
}

static cm_code headers(fetching *g, struct curl_slist **list) {
  const cm_fetch *f = g->f;
  char range[32];
  cm_code code = CM_OK;
  if (f->token && *f->token && g->at_hub) {
    if (!is_token(f->token))
      return cm_fail(g->e, CM_E_USAGE, 0, "the token has characters that no token has");
    code = add_header(g, list, "Authorization: Bearer ", f->token);
  }
  if (!code && f->from) {
    snprintf(range, sizeof range, "%llu-", (unsigned long long)f->from);
    code = add_header(g, list, "Range: bytes=", range);
    if (!code && f->if_range && *f->if_range)
      code = add_header(g, list, "If-Range: ", f->if_range);
  }
  return code;
}

/* --- what went wrong --- */

static bool is_tls(CURLcode c) {
  return c == CURLE_SSL_CONNECT_ERROR || c == CURLE_PEER_FAILED_VERIFICATION ||
         c == CURLE_SSL_CERTPROBLEM || c == CURLE_SSL_CIPHER || c == CURLE_SSL_CACERT_BADFILE ||
         c == CURLE_SSL_ENGINE_NOTFOUND || c == CURLE_SSL_ISSUER_ERROR ||
         c == CURLE_USE_SSL_FAILED || c == CURLE_SSL_INVALIDCERTSTATUS;
}

static cm_code failed(fetching *g, CURLcode c, const cm_url *u) {
  const char *why = g->why[0] ? g->why : g->c->text_of(c);
  const int n = (int)(u->host.n < 80 ? u->host.n : 80);
  if (c == CURLE_ABORTED_BY_CALLBACK) return cm_fail(g->e, CM_E_CANCELLED, 0, "interrupted");
  if (c == CURLE_OUT_OF_MEMORY) return cm_fail(g->e, CM_E_NOMEM, 0, "no memory for a download");
  if (is_tls(c))
    return cm_fail(g->e, CM_E_IO, 0, "%.*s:%u: no secure connection: %s", n, u->host.p, u->port,
                   why);
  g->reply->again = true;
  if (c == CURLE_OPERATION_TIMEDOUT)
    return cm_fail(g->e, CM_E_IO, 0, "%.*s:%u: too slow: %s", n, u->host.p, u->port, why);
  return cm_fail(g->e, CM_E_IO, 0, "%.*s:%u: %s", n, u->host.p, u->port, why);
}

/* --- hops --- */

/* One request. */
static cm_code hop(fetching *g, const char *url, const cm_url *u) {
  struct curl_slist *list = NULL;
  g->at_hub = cm_url_same_origin(&g->first, u);
  g->ignored = 0;
  g->why[0] = 0;
  g->reply->status = 0;
  cm_code code = headers(g, &list);
  if (!code) {
    g->c->set(g->h, CURLOPT_URL, url);
    g->c->set(g->h, CURLOPT_HTTPHEADER, list);
    const CURLcode c = g->c->perform(g->h);
    const bool enough = g->ignored > IGNORED_MAX;
    if (g->code) code = g->code;
    else if (c != CURLE_OK && !enough) code = failed(g, c, u);
    else if (has_file(g->reply) && !begin(g)) code = g->code;
  }
  g->c->free_all(list);
  return code;
}

static bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Where the last answer sends us; its text is the handle's until the next request. */
static cm_code next_hop(fetching *g, const cm_url *from, char *url, cm_url *u) {
  char *to = NULL;
  g->c->get(g->h, CURLINFO_REDIRECT_URL, &to);
  const int n = to ? snprintf(url, CM_URL_MAX, "%s", to) : -1;
  if (n < 0 || n >= CM_URL_MAX)
    return cm_fail(g->e, CM_E_FORMAT, 0, "%.*s:%u redirects to no usable address",
                   (int)(from->host.n < 80 ? from->host.n : 80), from->host.p, from->port);
  const bool secure = from->https;
  cm_code code = cm_url_parse(cm_str_of(url), u, g->e);
  if (code || !secure || u->https) return code;
  return cm_fail(g->e, CM_E_FORMAT, 0, "refused: a redirect from https to http, to %.*s",
                 (int)(u->host.n < 80 ? u->host.n : 80), u->host.p);
}

static cm_code follow(fetching *g) {
  char first[CM_URL_MAX + 1], urls[2][CM_URL_MAX + 1];
  const int n = snprintf(first, sizeof first, "%s", g->f->url);
  if (n < 0 || (size_t)n >= sizeof first)
    return cm_fail(g->e, CM_E_LIMIT, 0, "the address is longer than %d bytes", CM_URL_MAX);
  cm_code code = cm_url_parse(cm_str_of(first), &g->first, g->e);
  cm_url u = g->first;
  const char *url = first;
  for (int i = 0; !code; i++) {
    code = hop(g, url, &u);
    if (code || !is_redirect(g->reply->status)) return code;
    if (i == CM_FETCH_HOPS)
      return cm_fail(g->e, CM_E_LIMIT, 0, "more than %d redirects, the last from %.*s:%u",
                     CM_FETCH_HOPS, (int)(u.host.n < 80 ? u.host.n : 80), u.host.p, u.port);
    const cm_url from = u; /* points into the other buffer */
    code = next_hop(g, &from, urls[i % 2], &u);
    url = urls[i % 2];
  }
  return code;
}

/* Retry-After, in seconds or as a date. */
static void read_wait(fetching *g) {
  curl_off_t s = 0;
  if (g->c->get(g->h, CURLINFO_RETRY_AFTER, &s) == CURLE_OK && s > 0)
    g->reply->wait_seconds = (uint64_t)s;
}

cm_code cm_fetch_run(const cm_fetch *f, cm_reply *reply, cm_err *e) {
  cm_err own;
  fetching g = {.f = f, .reply = reply, .e = e ? e : &own};
  cm_reply_init(reply);
  cm_code code = cm_curl_load(&g.c, g.e);
  if (code) return code;
  g.h = g.c->open();
  if (!g.h) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a download");
  configure(&g);
  code = follow(&g);
  if (!code) read_wait(&g);
  g.c->close(g.h);
  return code;
}

cm_code cm_fetch_ready(cm_err *e) {
  const cm_curl *c;
  return cm_curl_load(&c, e);
}
