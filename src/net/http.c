#include "net/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "net/curl.h"
#include "net/url.h"

/* IGNORED_MAX: of the body of an answer that is an error; CANCEL_MS: how soon a flag is seen. */
enum { IGNORED_MAX = 64 << 10, CANCEL_MS = 50, CONNECT_MS = 10000, KEY_MAX = 8192 };

#define NS_PER_MS UINT64_C(1000000)

/* An exchange on its way. */
typedef struct transfer {
  struct transfer *next;
  cm_http *h;
  cm_exchange *x;
  CURL *easy;
  struct curl_slist *headers;
  cm_url url;       /* points into x->url */
  uint64_t news_ns; /* when something was last heard of the server */
  uint64_t bytes;   /* of its body, unpacked */
  size_t head;      /* bytes of its heads */
  bool connected;
  bool ended; /* by us, from a callback: x->error says why; CM_OK: the rest isn't needed */
  char why[CURL_ERROR_SIZE];
} transfer;

struct cm_http {
  const cm_curl *c;
  CURLM *multi;
  transfer *list;
  cm_exchange *done, **done_end;
};

/* --- what went wrong --- */

/* The library only tells when it is asked. */
static void look_connected(transfer *t, uint64_t now) {
  curl_off_t us = 0;
  if (t->connected || t->h->c->get(t->easy, CURLINFO_PRETRANSFER_TIME_T, &us) != CURLE_OK || !us)
    return;
  t->connected = true;
  if (!t->news_ns) t->news_ns = now;
}

/* "HOST:PORT", cut to what a message has room for. */
static const char *place(const transfer *t, char out[96]) {
  const int n = (int)(t->url.host.n < 80 ? t->url.host.n : 80);
  snprintf(out, 96, "%.*s:%u", n, t->url.host.p, t->url.port);
  return out;
}

static bool is_tls(CURLcode c) {
  return c == CURLE_SSL_CONNECT_ERROR || c == CURLE_PEER_FAILED_VERIFICATION ||
         c == CURLE_SSL_CERTPROBLEM || c == CURLE_SSL_CIPHER || c == CURLE_SSL_CACERT_BADFILE ||
         c == CURLE_SSL_ENGINE_NOTFOUND || c == CURLE_SSL_ISSUER_ERROR ||
         c == CURLE_USE_SSL_FAILED || c == CURLE_SSL_INVALIDCERTSTATUS;
}

static bool is_closed(CURLcode c) {
  return c == CURLE_GOT_NOTHING || c == CURLE_RECV_ERROR || c == CURLE_SEND_ERROR ||
         c == CURLE_PARTIAL_FILE;
}

static bool is_refused(const transfer *t) {
  long number = 0;
  return t->h->c->get(t->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number == ECONNREFUSED;
}

/* There is no connection. */
static void not_connected(transfer *t, CURLcode c, const char *at) {
  cm_err *e = &t->x->error;
  t->x->again = c == CURLE_COULDNT_CONNECT || c == CURLE_OPERATION_TIMEDOUT;
  if (c == CURLE_COULDNT_RESOLVE_HOST) {
    cm_err_set(e, CM_E_BACKEND, 0, "%s: no such host; check the address", at);
  } else if (c == CURLE_COULDNT_RESOLVE_PROXY) {
    cm_err_set(e, CM_E_BACKEND, 0, "%s: no such host as its proxy; check http_proxy, https_proxy",
               at);
  } else if (c == CURLE_OPERATION_TIMEDOUT) {
    cm_err_set(e, CM_E_BACKEND, 0, "%s: no connection within %u ms; check address and network", at,
               t->x->connect_ms ? t->x->connect_ms : CONNECT_MS);
  } else if (cm_url_is_local(&t->url) && is_refused(t)) {
    cm_err_set(e, CM_E_BACKEND, 0, "%s: connection refused; is the server running there?", at);
  } else { /* perhaps it is the proxy: the library's text names it */
    cm_err_set(e, CM_E_BACKEND, 0, "%s: no connection: %s", at,
               t->why[0] ? t->why : t->h->c->text_of(c));
  }
}

/* The library gave up. Its text knows no key, and of the address only the host. */
static void failed(transfer *t, CURLcode c) {
  cm_err *e = &t->x->error;
  const char *why = t->why[0] ? t->why : t->h->c->text_of(c);
  char at[96];
  place(t, at);
  look_connected(t, cm_os_now_ns());
  /* It says the same of a line of a head that it finds too long. */
  if (c == CURLE_OUT_OF_MEMORY && t->connected && !t->bytes)
    cm_err_set(e, CM_E_BACKEND, 0, "%s: a line in the head of its answer is too long", at);
  else if (c == CURLE_OUT_OF_MEMORY) cm_err_set(e, CM_E_NOMEM, 0, "no memory for a request");
  else if (is_tls(c)) cm_err_set(e, CM_E_BACKEND, 0, "%s: no secure connection: %s", at, why);
  else if (!t->connected && !is_closed(c)) not_connected(t, c, at);
  else if (is_closed(c) && !t->head) {
    t->x->again = true;
    cm_err_set(e, CM_E_BACKEND, 0, "%s: closed the connection without an answer; see its log", at);
  } else if (c == CURLE_UNSUPPORTED_PROTOCOL || c == CURLE_WEIRD_SERVER_REPLY)
    cm_err_set(e, CM_E_BACKEND, 0, "%s: doesn't answer in HTTP; check the port (%s)", at, why);
  else if (c == CURLE_BAD_CONTENT_ENCODING)
    cm_err_set(e, CM_E_BACKEND, 0, "%s: a packed answer that can't be unpacked", at);
  else cm_err_set(e, CM_E_BACKEND, 0, "%s: the answer broke off: %s", at, why);
}

/* Ends it from within a callback. */
static void end(transfer *t, const char *what, uint64_t number) {
  char at[96];
  t->ended = true;
  cm_err_set(&t->x->error, CM_E_BACKEND, 0, "%s: %s %llu bytes", place(t, at), what,
             (unsigned long long)number);
}

/* --- what the server sends --- */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

/* Status and type, as soon as they are known. */
static void read_head(transfer *t) {
  cm_exchange *x = t->x;
  long status = 0;
  char *type = NULL;
  if (t->h->c->get(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK) x->status = (int)status;
  if (t->h->c->get(t->easy, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || !type) return;
  cm_str s = cm_str_of(type);
  const size_t end_at = cm_str_find(s, CM_STR(";"));
  s = cm_str_trim((cm_str){s.p, end_at < s.n ? end_at : s.n});
  const size_t n = s.n < sizeof x->type ? s.n : sizeof x->type - 1;
  for (size_t i = 0; i < n; i++) x->type[i] = lower(s.p[i]);
  x->type[n] = 0;
}

/* A line of a head, or of what follows a body in pieces. */
static size_t on_header(char *p, size_t size, size_t n, void *user) {
  transfer *t = user;
  (void)p;
  t->news_ns = cm_os_now_ns();
  t->head += size * n;
  if (t->head <= CM_HTTP_HEAD_BYTES) return size * n;
  end(t, "the head of its answer has more than", CM_HTTP_HEAD_BYTES);
  return 0;
}

/* The body of an answer that isn't 200: its beginning is kept. */
static bool keep_text(transfer *t, cm_str piece) {
  cm_exchange *x = t->x;
  const size_t room = sizeof x->text - x->text_n, n = piece.n < room ? piece.n : room;
  memcpy(x->text + x->text_n, piece.p, n);
  x->text_n += n;
  t->ended = t->bytes > IGNORED_MAX;
  return !t->ended;
}

static bool hand_on(transfer *t, cm_str piece) {
  cm_exchange *x = t->x;
  if (x->cancel && *x->cancel) return true; /* step ends it */
  x->error.code = x->data(x, piece, &x->error);
  t->ended = x->error.code != CM_OK;
  return !t->ended;
}

static size_t on_data(char *p, size_t size, size_t n, void *user) {
  transfer *t = user;
  const cm_str piece = {p, size * n};
  t->news_ns = cm_os_now_ns();
  if (!t->bytes) read_head(t);
  t->bytes += piece.n;
  bool more = true;
  if (t->x->status != 200) more = keep_text(t, piece);
  else if (t->bytes > t->x->max_bytes)
    more = (end(t, "its answer is longer than", t->x->max_bytes), false);
  else more = hand_on(t, piece);
  return more ? piece.n : 0;
}

/* --- beginning --- */

/* A key with a line end in it would be a header of its own. */
static bool is_key(const char *k) {
  for (; *k; k++)
    if (*k <= ' ' || *k >= 0x7f) return false;
  return true;
}

static cm_code add_header(transfer *t, const char *line) {
  struct curl_slist *more = t->h->c->append(t->headers, line);
  if (!more) return cm_fail(&t->x->error, CM_E_NOMEM, 0, "no memory for a request");
  t->headers = more;
  return CM_OK;
}

static cm_code add_headers(transfer *t) {
  const cm_exchange *x = t->x;
  char line[KEY_MAX + 32];
  cm_code code = CM_OK;
  if (x->key && *x->key) {
    const int n = snprintf(line, sizeof line, "Authorization: Bearer %s", x->key);
    if (!is_key(x->key) || n < 0 || (size_t)n >= sizeof line)
      return cm_fail(&t->x->error, CM_E_USAGE, 0, "the key is too long, or no key has such bytes");
    code = add_header(t, line);
  }
  if (!code && x->body.p) code = add_header(t, "Content-Type: application/json");
  /* Without a value: not sent. It would cost a round trip, or a second where it isn't known. */
  if (!code && x->body.p) code = add_header(t, "Expect:");
  return code;
}

static void configure(transfer *t) {
  const cm_curl *c = t->h->c;
  const cm_exchange *x = t->x;
  c->set(t->easy, CURLOPT_URL, x->url);
  c->set(t->easy, CURLOPT_NOSIGNAL, 1L);
  /* A name that is still being looked up isn't waited for when the time is over. */
  c->set(t->easy, CURLOPT_QUICK_EXIT, 1L);
  c->set(t->easy, CURLOPT_ERRORBUFFER, t->why);
  c->set(t->easy, CURLOPT_USERAGENT, "cmdai/" CM_VERSION);
  c->set(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
  c->set(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
  /* A connection each, so that one exchange that is given up takes no other with it. */
  c->set(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  c->set(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  c->set(t->easy, CURLOPT_TCP_KEEPALIVE, 1L);
  c->set(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  c->set(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(x->connect_ms ? x->connect_ms : CONNECT_MS));
  if (cm_url_is_local(&t->url)) c->set(t->easy, CURLOPT_PROXY, "");
  c->set(t->easy, CURLOPT_HTTPHEADER, t->headers);
  c->set(t->easy, CURLOPT_PRIVATE, t);
  c->set(t->easy, CURLOPT_HEADERFUNCTION, on_header);
  c->set(t->easy, CURLOPT_HEADERDATA, t);
  c->set(t->easy, CURLOPT_WRITEFUNCTION, on_data);
  c->set(t->easy, CURLOPT_WRITEDATA, t);
  if (!x->body.p) return;
  c->set(t->easy, CURLOPT_POST, 1L);
  c->set(t->easy, CURLOPT_POSTFIELDS, x->body.p);
  c->set(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
}

static void free_transfer(transfer *t) {
  if (t->easy) t->h->c->close(t->easy);
  t->h->c->free_all(t->headers);
  cm_free(t);
}

static cm_code begin(cm_http *h, cm_exchange *x) {
  cm_url url;
  if (cm_url_parse(cm_str_of(x->url), &url, &x->error)) return x->error.code = CM_E_USAGE;
  transfer *t = cm_alloc(1, sizeof *t);
  if (!t) return cm_fail(&x->error, CM_E_NOMEM, 0, "no memory for a request");
  *t = (transfer){.h = h, .x = x, .url = url, .easy = h->c->open()};
  cm_code code = CM_OK;
  if (!t->easy) code = cm_fail(&x->error, CM_E_NOMEM, 0, "no memory for a request");
  if (!code) code = add_headers(t);
  if (!code) {
    configure(t);
    if (h->c->multi_add(h->multi, t->easy) != CURLM_OK)
      code = cm_fail(&x->error, CM_E_NOMEM, 0, "no memory for a request");
  }
  if (code) {
    free_transfer(t);
    return code;
  }
  t->next = h->list;
  h->list = t;
  x->self = t;
  return CM_OK;
}

static void give_back(cm_http *h, cm_exchange *x) {
  x->next = NULL;
  *h->done_end = x;
  h->done_end = &x->next;
}

void cm_http_start(cm_http *h, cm_exchange *x) {
  x->status = 0;
  x->type[0] = 0;
  x->wait_seconds = 0;
  x->error = (cm_err){0};
  x->again = false;
  x->text_n = 0;
  x->self = NULL;
  if (begin(h, x)) give_back(h, x);
}

/* --- going on --- */

static bool is_status_again(int s) {
  return s == 429 || (s >= 500 && s <= 599 && s != 501 && s != 505);
}

/* Takes a transfer off the list; its connection stays open if it can be used again. */
static void drop(cm_http *h, transfer *t) {
  transfer **at = &h->list;
  while (*at && *at != t) at = &(*at)->next;
  if (*at) *at = t->next;
  h->c->multi_remove(h->multi, t->easy);
  t->x->self = NULL;
  free_transfer(t);
}

/* The exchange is done: with the error that it has, or with an answer. */
static void finish(cm_http *h, transfer *t) {
  cm_exchange *x = t->x;
  curl_off_t wait = 0;
  if (t->head) read_head(t);
  if (h->c->get(t->easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
    x->wait_seconds = (uint64_t)wait;
  if (!x->error.code && is_status_again(x->status)) x->again = true;
  drop(h, t);
  give_back(h, x);
}

static void take_finished(cm_http *h) {
  int left = 0;
  for (CURLMsg *m; (m = h->c->multi_read(h->multi, &left));) {
    char *user = NULL;
    if (m->msg != CURLMSG_DONE || h->c->get(m->easy_handle, CURLINFO_PRIVATE, &user) != CURLE_OK ||
        !user)
      continue;
    transfer *t = (transfer *)(void *)user;
    if (m->data.result != CURLE_OK && !t->ended) failed(t, m->data.result);
    finish(h, t);
  }
}

static bool is_silent(const transfer *t, uint64_t now) {
  return t->connected && t->x->first_ms && now >= t->news_ns + t->x->first_ms * NS_PER_MS;
}

static void silent(transfer *t) {
  cm_err *e = &t->x->error;
  const unsigned ms = t->x->first_ms;
  char at[96];
  place(t, at);
  t->x->again = !t->head;
  if (t->head)
    cm_err_set(e, CM_E_BACKEND, 0, "%s: fell silent for %u ms in the middle of its answer", at,
               ms);
  else
    cm_err_set(e, CM_E_BACKEND, 0,
               "%s: took the question, but no answer began within %u ms; is it busy?", at, ms);
}

/* Whether it has to end now; then x->error says why. */
static bool is_over(transfer *t, uint64_t now) {
  cm_exchange *x = t->x;
  char at[96];
  if (x->cancel && *x->cancel) cm_err_set(&x->error, CM_E_CANCELLED, 0, "interrupted");
  else if (x->deadline_ns && now >= x->deadline_ns)
    cm_err_set(&x->error, CM_E_TIMEOUT, 0, "%s: no whole answer in time; allow more of it",
               place(t, at));
  else if (is_silent(t, now)) silent(t);
  return x->error.code != CM_OK;
}

static void look_at_clocks(cm_http *h) {
  const uint64_t now = cm_os_now_ns();
  for (transfer *t = h->list, *next; t; t = next) {
    next = t->next;
    look_connected(t, now);
    if (is_over(t, now)) finish(h, t);
  }
}

static unsigned until(uint64_t then, uint64_t now, unsigned ms) {
  if (then <= now) return 0;
  const uint64_t left = (then - now + NS_PER_MS - 1) / NS_PER_MS;
  return left < ms ? (unsigned)left : ms;
}

/* How long nothing of ours has to be looked at. */
static unsigned quiet_ms(const cm_http *h, unsigned ms) {
  const uint64_t now = cm_os_now_ns();
  if (ms > INT32_MAX) ms = INT32_MAX;
  for (const transfer *t = h->list; t; t = t->next) {
    const cm_exchange *x = t->x;
    if (x->cancel && ms > CANCEL_MS) ms = CANCEL_MS;
    if (x->deadline_ns) ms = until(x->deadline_ns, now, ms);
    if (!x->first_ms) continue;
    /* Not connected: it may become so at any time, and its clock begins when we see it. */
    const uint64_t from = t->connected ? t->news_ns : now;
    ms = until(from + x->first_ms * NS_PER_MS, now, ms);
  }
  return ms;
}

static void go_on(cm_http *h) {
  int running = 0;
  if (h->c->multi_perform(h->multi, &running) == CURLM_OK) {
    take_finished(h);
    look_at_clocks(h);
    return;
  }
  while (h->list) {
    cm_err_set(&h->list->x->error, CM_E_NOMEM, 0, "no memory for a request");
    finish(h, h->list);
  }
}

cm_exchange *cm_http_step(cm_http *h, unsigned wait_ms) {
  look_at_clocks(h);
  if (h->list) go_on(h);
  if (h->list && !h->done && wait_ms) {
    h->c->multi_poll(h->multi, NULL, 0, (int)quiet_ms(h, wait_ms), NULL);
    go_on(h);
  }
  cm_exchange *x = h->done;
  if (!x) return NULL;
  h->done = x->next;
  if (!h->done) h->done_end = &h->done;
  x->next = NULL;
  return x;
}

/* --- opening and closing --- */

cm_code cm_http_open(cm_http **out, cm_err *e) {
  const cm_curl *c = NULL;
  *out = NULL;
  const cm_code code = cm_curl_load(&c, e);
  if (code) return code;
  cm_http *h = cm_alloc(1, sizeof *h);
  if (!h) return cm_fail(e, CM_E_NOMEM, 0, "no memory for requests");
  h->c = c;
  h->done_end = &h->done;
  h->multi = c->multi_open();
  if (!h->multi) {
    cm_free(h);
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for requests");
  }
  *out = h;
  return CM_OK;
}

void cm_http_close(cm_http *h) {
  if (!h) return;
  while (h->list) drop(h, h->list);
  h->c->multi_close(h->multi);
  cm_free(h);
}
