/* What both protocols write and read in the same way. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/remote.h"

/* --- what is told ---------------------------------------------------------------------------- */

void cm_told_init(cm_told *t) {
  *t = (cm_told){.own_logprob = (double)NAN};
  cm_buf_init(&t->text, CM_REMOTE_TEXT_MAX);
}

void cm_told_close(cm_told *t) { cm_buf_close(&t->text); }

cm_code cm_told_add(cm_told *t, cm_str text, cm_err *e) {
  if (text.n > CM_REMOTE_TEXT_MAX - t->text.n)
    return cm_fail(e, CM_E_LIMIT, 0, "a reply of more than %d bytes", CM_REMOTE_TEXT_MAX);
  if (text.n) cm_buf_add(&t->text, text.p, text.n);
  return t->text.overflow ? cm_fail(e, CM_E_NOMEM, 0, "no memory for a reply") : CM_OK;
}

void cm_told_logprob(cm_told *t, const cm_json *number) {
  double v;
  if (!cm_json_f64(number, &v) || !isfinite(v)) {
    t->no_logprobs = true;
    return;
  }
  t->logprob += v < 0 ? v : 0;
  t->n_logprobs++;
}

void cm_told_own(cm_told *t, const cm_json *own) {
  double v;
  cm_told_count(&t->cached_tokens, cm_json_get(own, "cached_tokens"));
  if (cm_json_f64(cm_json_get(own, "logprob"), &v) && isfinite(v)) t->own_logprob = v < 0 ? v : 0;
}

double cm_told_sum(const cm_told *t) {
  if (!isnan(t->own_logprob)) return t->own_logprob;
  return t->n_logprobs && !t->no_logprobs ? t->logprob : (double)NAN;
}

void cm_told_count(uint32_t *out, const cm_json *number) {
  uint64_t n;
  if (cm_json_u64(number, &n) && n <= UINT32_MAX) *out = (uint32_t)n;
}

cm_code cm_remote_own_error(const cm_json *doc, cm_err *e) {
  const cm_json_kind kind = cm_json_kind_of(cm_json_get(doc, "error"));
  cm_str said = CM_STR("an error that it doesn't explain");
  if (kind == CM_JSON_NONE || kind == CM_JSON_NULL) return CM_OK;
  (void)cm_remote_message(doc, &said);
  return cm_fail(e, CM_E_BACKEND, 0, "the server's own error: %.*s",
                 (int)(said.n < 200 ? said.n : 200), said.p);
}

/* --- facts about models ---------------------------------------------------------------------- */

void cm_remote_word(char *out, size_t size, cm_str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n && n + 1 < size; i++)
    if (s.p[i] > ' ' && s.p[i] < 0x7f) out[n++] = s.p[i];
  out[n] = 0;
}

bool cm_remote_is_digest(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!s.p[i] || !strchr("0123456789abcdef", s.p[i])) return false;
  return s.n == 64;
}

void cm_remote_own(cm_model_id *out, const cm_json *placeholders, const cm_json *scale,
                   const cm_json *bias) {
  enum { PLACEHOLDERS_MAX = 1000, FACTOR_MAX = 1000 };
  double a, b = 0;
  cm_told_count(&out->placeholders, placeholders);
  if (out->placeholders > PLACEHOLDERS_MAX) out->placeholders = PLACEHOLDERS_MAX;
  (void)cm_json_f64(bias, &b);
  if (!cm_json_f64(scale, &a) || !(a >= 0 && a <= FACTOR_MAX) || !(fabs(b) <= FACTOR_MAX)) return;
  out->scale = (float)a;
  out->bias = (float)b;
}

/* "a, b, c and 4 more" */
static void list_models(const cm_json *list, const char *key, cm_buf *out) {
  enum { SHOWN = 5, NAME = 40 };
  const size_t n = cm_json_count(list);
  for (size_t i = 0; i < n && i < SHOWN; i++) {
    char name[NAME];
    cm_str said = CM_STR("?");
    (void)cm_json_str(cm_json_get(cm_json_at(list, i), key), &said);
    cm_remote_word(name, sizeof name, said);
    cm_buf_printf(out, "%s%s", i ? ", " : "", name);
  }
  if (n > SHOWN) cm_buf_printf(out, " and %zu more", n - SHOWN);
}

cm_code cm_remote_say_models(const cm_server *s, const cm_json *list, const char *key,
                             const char *option, cm_err *e) {
  cm_buf names;
  cm_buf_init(&names, 1024);
  list_models(list, key, &names);
  const char *there = names.p ? names.p : "";
  if (s->model[0])
    cm_err_set(e, CM_E_MODEL, 0, "model %.60s is not at %s; there: %.120s", s->model, s->where,
               there);
  else
    cm_err_set(e, CM_E_MODEL, 0, "%s has %zu models; say which with %s: %.120s", s->where,
               cm_json_count(list), option, there);
  cm_buf_close(&names);
  return CM_E_MODEL;
}

/* --- requests -------------------------------------------------------------------------------- */

static const char *role_name(cm_role r) {
  return r == CM_ROLE_SYSTEM ? "system" : r == CM_ROLE_USER ? "user" : "assistant";
}

void cm_remote_put_message(cm_jw *w, cm_role role, cm_str text) {
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "role", role_name(role));
  cm_jw_put_str(w, "content", text);
  cm_jw_end_object(w);
}

void cm_remote_put_real(cm_jw *w, const char *key, float v) {
  cm_jw_put_f64(w, key, round((double)v * 1e6) / 1e6);
}

void cm_remote_put_stops(cm_jw *w, const cm_request *q, size_t max) {
  if (!q->n_stops) return;
  cm_jw_key(w, "stop");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < q->n_stops && i < max; i++)
    if (q->stops[i].n) cm_jw_str(w, q->stops[i]);
  cm_jw_end_array(w);
}
