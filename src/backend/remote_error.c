/* What is said when a server didn't answer as it should: one line with its host, what happened and
 * what to do. */
#include <stdio.h>
#include <string.h>

#include "backend/remote.h"

/* WORDS_MAX: room for a server's own words in one of our messages; LEAK_MIN: fewer bytes of a key
 * tell nothing. */
enum { WORDS_MAX = 120, LEAK_MIN = 4 };

bool cm_remote_message(const cm_json *doc, cm_str *out) {
  static const char *const keys[] = {"error", "message", "detail"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const cm_json *v = cm_json_get(doc, keys[i]);
    if (cm_json_str(v, out) || cm_json_str(cm_json_get(v, "message"), out)) return true;
  }
  return false;
}

/* The text may have been cut in the middle of the key: a beginning at its end counts too. */
void cm_server_hide_key(const cm_server *s, char *text, size_t n) {
  const cm_str key = cm_str_of(s->remote->key);
  for (size_t at = 0; key.n && at < n; at++) {
    const size_t m = key.n < n - at ? key.n : n - at;
    if (m == key.n || m >= LEAK_MIN)
      if (memcmp(text + at, key.p, m) == 0) memset(text + at, '*', m);
  }
}

/* ": WORDS" of an error's body, or "". A page of HTML says nothing to the user. */
static const char *words(const cm_server *s, const cm_exchange *x, char out[WORDS_MAX + 3]) {
  const cm_json_limits limits = {CM_HTTP_ERROR_BYTES, 16};
  char text[CM_HTTP_ERROR_BYTES];
  cm_str said = {x->text, x->text_n};
  cm_json *doc = NULL;
  const bool is_json = !cm_json_parse(said, limits, &doc, NULL);
  bool has = is_json && (cm_remote_message(doc, &said) || cm_json_str(doc, &said));
  if (!is_json) has = strcmp(x->type, "text/plain") == 0;
  said = cm_str_trim(said);
  out[0] = 0;
  if (has && said.n && said.n <= sizeof text) {
    memcpy(text, said.p, said.n);
    cm_server_hide_key(s, text, said.n);
    const int n = (int)(said.n < WORDS_MAX ? said.n : WORDS_MAX);
    snprintf(out, WORDS_MAX + 3, ": %.*s", n, text);
  }
  cm_json_free(doc);
  return out;
}

static bool speaks_of(const char *text, const char *word) {
  return cm_str_find(cm_str_of(text), cm_str_of(word)) != SIZE_MAX;
}

static cm_code not_there(const cm_server *s, const char *said, cm_err *e) {
  if (!speaks_of(said, "model"))
    return cm_fail(e, CM_E_BACKEND, 0, "%s: not found (404): is it %s, and the address right?",
                   s->where, s->protocol->kind);
  return cm_fail(e, CM_E_MODEL, 0, "model %.80s is not at %s%s", s->model, s->where, said);
}

/* A prompt that the model has no room for is no fault of the server's. */
static cm_code refused(const cm_server *s, int status, const char *said, cm_err *e) {
  const bool is_long = status == 413 || speaks_of(said, "context");
  return cm_fail(e, is_long ? CM_E_LIMIT : CM_E_BACKEND, 0, "%s: refuses the request (%d)%s",
                 s->where, status, said);
}

static cm_code by_status(const cm_server *s, const cm_exchange *x, const char *said, cm_err *e) {
  const int status = x->status;
  const unsigned long long seconds = x->wait_seconds;
  if (status == 401 || status == 403)
    return cm_fail(e, CM_E_BACKEND, 0, "%s: the key is missing or refused (%d); set %s", s->where,
                   status, s->protocol->key_name);
  if (status == 404) return not_there(s, said, e);
  if (status == 429 && seconds)
    return cm_fail(e, CM_E_BACKEND, 0, "%s: too many requests (429), it asks to wait %llu s%s",
                   s->where, seconds, said);
  if (status == 429)
    return cm_fail(e, CM_E_BACKEND, 0, "%s: too many requests (429); try later%s", s->where, said);
  if (status >= 300 && status < 400)
    return cm_fail(e, CM_E_BACKEND, 0,
                   "%s: answers %d, somewhere else; redirects aren't followed, give its address",
                   s->where, status);
  if (status == 400 || status == 413 || status == 422) return refused(s, status, said, e);
  return cm_fail(e, CM_E_BACKEND, 0, "%s: answers with an error (%d)%s", s->where, status, said);
}

cm_code cm_server_verdict(const cm_server *s, const cm_exchange *x, cm_err *e) {
  char said[WORDS_MAX + 3];
  if (x->error.code) {
    *e = x->error;
    return x->error.code;
  }
  return x->status == 200 ? CM_OK : by_status(s, x, words(s, x, said), e);
}

/* Neither JSON nor events, by what it says itself; "" where it may be either. */
static const char *other_type(const cm_exchange *x) {
  return speaks_of(x->type, "json") || speaks_of(x->type, "event") ? "" : x->type;
}

cm_code cm_server_cut_off(const cm_server *s, const cm_exchange *x, bool begun, cm_err *e) {
  const char *type = other_type(x);
  if (!begun && *type)
    return cm_fail(e, CM_E_BACKEND, 0, "%s: an answer of type %s and without any text; is it %s?",
                   s->where, type, s->protocol->kind);
  return cm_fail(e, CM_E_BACKEND, 0, "%s: the answer ended %s", s->where,
                 begun ? "in the middle" : "before it began");
}

cm_code cm_server_misread(const cm_server *s, const cm_exchange *x, cm_err *e) {
  if (e->code != CM_E_FORMAT && e->code != CM_E_BACKEND && e->code != CM_E_LIMIT) return e->code;
  char said[sizeof e->msg];
  memcpy(said, e->msg, sizeof said);
  said[sizeof said - 1] = 0;
  cm_server_hide_key(s, said, strlen(said));
  if (e->code != CM_E_FORMAT)
    return cm_fail(e, CM_E_BACKEND, 0, "%s: %.*s", s->where, WORDS_MAX + 30, said);
  const char *type = other_type(x);
  return cm_fail(e, CM_E_BACKEND, 0, "%s: an answer that makes no sense%s%s: %.100s; is it %s?",
                 s->where, *type ? " of type " : "", type, said, s->protocol->kind);
}
