#include "backend/remote.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "net/url.h"

enum { CONNECT_MS = 3000, FIRST_MS = 60000, ATTEMPTS = 3, FIRST_PAUSE_MS = 100 };

/* --- opening --------------------------------------------------------------------------------- */

/* A key in the address would get into messages and to proxies: cm_url_parse refuses one. */
static cm_code take_url(cm_server *s, const char *url, cm_err *e) {
  cm_url u;
  cm_str text = cm_str_trim(cm_str_of(url));
  while (text.n && text.p[text.n - 1] == '/') text.n--;
  if (cm_url_parse(text, &u, e)) {
    (void)cm_err_prefix(e, s->protocol->name);
    return e ? e->code = CM_E_USAGE : CM_E_USAGE;
  }
  if (memchr(u.path.p, '?', u.path.n) || memchr(u.path.p, '#', u.path.n))
    return cm_fail(e, CM_E_USAGE, 0, "%s: the address of a server has no \"?\" and no \"#\"",
                   s->protocol->name);
  s->url = cm_strdup_n(text.p, text.n);
  if (!s->url) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a backend");
  snprintf(s->where, sizeof s->where, "%.*s:%u", (int)(u.host.n < 64 ? u.host.n : 64), u.host.p,
           u.port);
  if (s->o->offline && !cm_url_is_local(&u))
    return cm_fail(e, CM_E_USAGE, 0, "--offline: the %s server %s isn't on this machine",
                   s->protocol->name, s->where);
  return CM_OK;
}

cm_code cm_server_choose(cm_server *s, cm_str model, cm_err *e) {
  bool fine = model.n > 0 && model.n < sizeof s->model;
  for (size_t i = 0; fine && i < model.n; i++)
    fine = (unsigned char)model.p[i] > ' ' && model.p[i] != 0x7f;
  if (!fine)
    return cm_fail(e, CM_E_MODEL, 0, "%s: \"%.*s\" can't be the name of a model",
                   s->protocol->name, (int)(model.n < 60 ? model.n : 60), model.p);
  memcpy(s->model, model.p, model.n);
  s->model[model.n] = 0;
  return CM_OK;
}

cm_code cm_server_open(void **self, const cm_protocol *p, const char *url, const cm_remote *remote,
                       const cm_backend_options *o, cm_err *e) {
  cm_server *s = cm_alloc(1, sizeof *s);
  if (!s) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a backend");
  s->protocol = p;
  s->o = o;
  s->remote = remote;
  s->done_tail = &s->done;
  cm_code code = take_url(s, url, e);
  if (!code && remote->model && cm_server_choose(s, cm_str_of(remote->model), e))
    code = e ? e->code = CM_E_USAGE : CM_E_USAGE;
  if (code) cm_server_close(s);
  else *self = s;
  return code;
}

void cm_server_close(void *self) {
  cm_server *s = self;
  cm_http_close(s->http);
  cm_server_end_jobs(s);
  cm_free(s->url);
  cm_free(s);
}

/* --- tries ----------------------------------------------------------------------------------- */

/* What took long to fail would take as long again: only what fails at once is tried again, and
 * what a server that is there says will pass. */
static bool may_pass(const cm_exchange *x, uint64_t took_ns) {
  enum { SOON_MS = 1000 };
  unsigned soon = SOON_MS;
  if (x->connect_ms < soon) soon = x->connect_ms;
  if (x->first_ms < soon) soon = x->first_ms;
  return x->again && (x->status != 0 || took_ns < soon * UINT64_C(1000000));
}

bool cm_server_pause(const cm_server *s, const cm_exchange *x, unsigned tried, uint64_t took_ns,
                     unsigned *ms) {
  const unsigned attempts = s->o->attempts ? s->o->attempts : ATTEMPTS;
  uint64_t pause = (uint64_t)FIRST_PAUSE_MS << (tried < 8 ? tried - 1 : 7);
  if (tried >= attempts || !may_pass(x, took_ns)) return false;
  if (x->wait_seconds > CM_REMOTE_WAIT_MAX_SECONDS) return false;
  if (x->wait_seconds * 1000 > pause) pause = x->wait_seconds * 1000;
  if (x->deadline_ns && cm_os_now_ns() + pause * 1000000 >= x->deadline_ns) return false;
  *ms = (unsigned)pause;
  return true;
}

void cm_server_fill(const cm_server *s, cm_exchange *x) {
  x->key = s->remote->key;
  x->connect_ms = s->o->connect_ms ? s->o->connect_ms : CONNECT_MS;
  x->first_ms = s->o->first_ms ? s->o->first_ms : FIRST_MS;
  x->max_bytes = CM_REMOTE_BODY_MAX;
}

/* --- who are you? ---------------------------------------------------------------------------- */

static cm_code collect(cm_exchange *x, cm_str piece, cm_err *e) {
  cm_buf *out = x->user;
  cm_buf_add(out, piece.p, piece.n);
  return out->overflow ? cm_fail(e, CM_E_NOMEM, 0, "no memory for an answer") : CM_OK;
}

static unsigned others(const cm_server *s) { return s->meanwhile->work(s->meanwhile->ctx); }

/* Waits; false when it was stopped. */
static bool rest(const cm_server *s, unsigned ms) {
  const uint64_t end = cm_os_now_ns() + ms * UINT64_C(1000000);
  while (cm_os_now_ns() < end) {
    if (s->cancel && *s->cancel) return false;
    const unsigned may = others(s), most = ms < 20 ? ms : 20;
    cm_os_sleep_ms(may < most ? may : most);
  }
  return true;
}

static void exchange(cm_server *s, cm_exchange *x) {
  cm_http_start(s->http, x);
  while (cm_http_step(s->http, others(s)) != x) {}
}

cm_code cm_server_fetch(cm_server *s, const char *path, cm_str body, int fine, cm_buf *out,
                        int *status, cm_err *e) {
  char url[CM_URL_MAX + 64];
  cm_exchange x = {.url = url, .body = body, .deadline_ns = s->deadline_ns, .cancel = s->cancel};
  const int n = snprintf(url, sizeof url, "%s%s", s->url, path);
  if (n < 0 || (size_t)n >= sizeof url)
    return cm_fail(e, CM_E_USAGE, 0, "%s: the address is too long", s->where);
  cm_server_fill(s, &x);
  x.data = collect;
  x.user = out;
  const size_t before = out->n;
  for (unsigned tried = 1, ms;; tried++) {
    const uint64_t start = cm_os_now_ns();
    out->n = before;
    exchange(s, &x);
    *status = x.status;
    if (!x.error.code && x.status == fine) return CM_OK;
    const cm_code code = cm_server_verdict(s, &x, e);
    if (!code || !cm_server_pause(s, &x, tried, cm_os_now_ns() - start, &ms)) return code;
    if (!rest(s, ms)) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
  }
}

cm_code cm_server_parse(const cm_server *s, const cm_buf *text, cm_json **doc, cm_err *e) {
  const cm_str all = {text->p ? text->p : "", text->n};
  const cm_code code = cm_json_parse(all, CM_JSON_LIMITS, doc, e);
  if (code != CM_E_FORMAT && code != CM_E_LIMIT) return code;
  return cm_fail(e, CM_E_BACKEND, 0, "%s: an answer that makes no sense; is it %s?", s->where,
                 s->protocol->kind);
}

cm_code cm_server_identify(void *self, uint64_t deadline_ns, const volatile int *cancel,
                           const cm_meanwhile *m, cm_model_id *out, cm_err *e) {
  cm_server *s = self;
  *out = (cm_model_id){0};
  s->deadline_ns = deadline_ns;
  s->cancel = cancel;
  s->meanwhile = m;
  cm_code code = s->http ? CM_OK : cm_http_open(&s->http, e);
  /* Another source may need no library. */
  if (code == CM_E_UNSUPPORTED) code = e->code = CM_E_BACKEND;
  if (!code) code = s->protocol->identify(s, out, e);
  s->cancel = NULL;
  s->meanwhile = NULL;
  return code;
}
