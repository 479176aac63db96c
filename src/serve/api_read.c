#include "serve/api_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 64, VALUES_MAX = 1 << 16, NAME_SHOWN = 60, TOKENS_MAX = 1 << 20 };

/* Holds no second token, however likely the first is. */
#define TOP_P_LEAST 1e-30f

/* An empty object is two bytes of text and hundreds in memory: the values are counted before. */
static bool has_many_values(cm_str text) {
  size_t n = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.n && n <= VALUES_MAX; i++) {
    const char c = text.p[i];
    if (quoted && c == '\\') i++;
    else if (c == '"') quoted = !quoted;
    else if (!quoted) n += c == ',' || c == '[' || c == '{';
  }
  return n > VALUES_MAX;
}

cm_code cm_body_open(cm_body *b, cm_call *c, cm_str text, cm_err *e) {
  *b = (cm_body){.call = c, .e = e};
  c->field = NULL;
  if (cm_str_trim(text).n == 0)
    return b->code = cm_fail(e, CM_E_FORMAT, 0, "the body is empty: a JSON object is needed");
  if (has_many_values(text))
    return b->code = cm_fail(e, CM_E_LIMIT, 0, "the body has more than %d values", VALUES_MAX);
  b->code = cm_json_parse(text, (cm_json_limits){text.n, DEPTH_MAX}, &b->root, e);
  if (!b->code && cm_json_kind_of(b->root) != CM_JSON_OBJECT)
    b->code = cm_fail(e, CM_E_FORMAT, 0, "the body must be a JSON object");
  b->object = b->root;
  return b->code;
}

cm_code cm_body_close(cm_body *b) {
  cm_json_free(b->root);
  b->root = NULL, b->object = NULL;
  return b->code;
}

void cm_body_no_memory(cm_body *b) {
  if (!b->code) b->code = cm_fail(b->e, CM_E_NOMEM, 0, "no memory for the request");
}

void cm_body_fail(cm_body *b, const char *key, const char *fmt, ...) {
  char text[200], name[160];
  if (b->code) return;
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  snprintf(name, sizeof name, "%s%s", b->at, key);
  b->call->field = cm_arena_strdup(b->call->arena, name, strlen(name));
  b->code = cm_fail(b->e, CM_E_USAGE, 0, "%s %s", name, text);
}

/* --- places ---------------------------------------------------------------------------------- */

/* A member that counts. */
static const cm_json *member(const cm_body *b, const char *key) {
  const cm_json *v = b->code ? NULL : cm_json_get(b->object, key);
  return cm_json_kind_of(v) == CM_JSON_NULL ? NULL : v;
}

static bool enter(cm_body *b, const cm_json *v, const char *key, cm_body_place *old) {
  if (!v) return false;
  if (cm_json_kind_of(v) != CM_JSON_OBJECT) {
    cm_body_fail(b, key, "must be an object");
    return false;
  }
  *old = (cm_body_place){b->object, strlen(b->at)};
  snprintf(b->at + old->at, sizeof b->at - old->at, "%s.", key);
  b->object = v;
  return true;
}

bool cm_body_enter(cm_body *b, const char *key, cm_body_place *old) {
  return enter(b, member(b, key), key, old);
}

bool cm_body_enter_item(cm_body *b, const char *key, size_t i, cm_body_place *old) {
  char name[48];
  if (b->code) return false;
  snprintf(name, sizeof name, "%s[%zu]", key, i);
  const cm_json *v = cm_json_at(cm_json_get(b->object, key), i);
  return enter(b, v, name, old);
}

void cm_body_leave(cm_body *b, cm_body_place old) {
  b->object = old.object;
  b->at[old.at] = 0;
}

size_t cm_body_items(cm_body *b, const char *key, size_t max) {
  const cm_json *v = member(b, key);
  if (!v) return 0;
  const size_t n = cm_json_count(v);
  if (cm_json_kind_of(v) != CM_JSON_ARRAY) cm_body_fail(b, key, "must be a list");
  else if (n > max) cm_body_fail(b, key, "has %zu items, at most %zu are read", n, max);
  return b->code ? 0 : n;
}

/* --- values ---------------------------------------------------------------------------------- */

/* The text dies with the document: a copy stays. */
static bool keep(cm_body *b, cm_str text, cm_str *out) {
  const char *p = cm_arena_strdup(b->call->arena, text.p, text.n);
  if (!p) cm_body_no_memory(b);
  else *out = (cm_str){p, text.n};
  return p != NULL;
}

bool cm_body_str(cm_body *b, const char *key, cm_str *out) {
  const cm_json *v = member(b, key);
  cm_str text;
  if (!v) return false;
  if (cm_json_str(v, &text)) return keep(b, text, out);
  cm_body_fail(b, key, "must be text");
  return false;
}

bool cm_body_bool(cm_body *b, const char *key, bool *out) {
  const cm_json *v = member(b, key);
  if (!v) return false;
  if (cm_json_bool(v, out)) return true;
  cm_body_fail(b, key, "must be true or false");
  return false;
}

bool cm_body_int(cm_body *b, const char *key, int64_t min, int64_t max, int64_t *out) {
  const cm_json *v = member(b, key);
  int64_t n = 0;
  if (!v) return false;
  const bool whole = cm_json_i64(v, &n);
  if (whole && n >= min && n <= max) {
    *out = n;
    return true;
  }
  if (!whole) cm_body_fail(b, key, "must be a whole number");
  else cm_body_fail(b, key, "must be %lld to %lld", (long long)min, (long long)max);
  return false;
}

bool cm_body_u32(cm_body *b, const char *key, uint32_t min, uint32_t max, uint32_t *out) {
  int64_t n;
  if (!cm_body_int(b, key, min, max, &n)) return false;
  *out = (uint32_t)n;
  return true;
}

bool cm_body_real(cm_body *b, const char *key, double min, double max, float *out) {
  const cm_json *v = member(b, key);
  double n = 0;
  if (!v) return false;
  const bool number = cm_json_f64(v, &n);
  if (number && n >= min && n <= max) {
    *out = (float)n;
    return true;
  }
  if (!number) cm_body_fail(b, key, "must be a number");
  else cm_body_fail(b, key, "must be %g to %g", min, max);
  return false;
}

static bool is_nothing(const cm_json *v) {
  bool truth = false;
  double number = 1;
  cm_str text = {0};
  switch (cm_json_kind_of(v)) {
    case CM_JSON_NONE:
    case CM_JSON_NULL: return true;
    case CM_JSON_BOOL: return cm_json_bool(v, &truth) && !truth;
    case CM_JSON_INT:
    case CM_JSON_REAL: return cm_json_f64(v, &number) && number == 0;
    case CM_JSON_STR: return cm_json_str(v, &text) && text.n == 0;
    case CM_JSON_ARRAY:
    case CM_JSON_OBJECT: return cm_json_count(v) == 0;
  }
  return false;
}

void cm_body_refuse(cm_body *b, const char *key) {
  if (!is_nothing(member(b, key))) cm_body_fail(b, key, "is not supported here: leave it out");
}

/* --- what all interfaces have ---------------------------------------------------------------- */

static void add_stop(cm_body *b, const char *key, const cm_json *v, cm_str *out) {
  cm_str text;
  if (!cm_json_str(v, &text)) cm_body_fail(b, key, "must be text or a list of texts");
  else if (!text.n) cm_body_fail(b, key, "must not be an empty text");
  else keep(b, text, out);
}

void cm_body_stops(cm_body *b, const char *key, size_t max, cm_request *q) {
  const cm_json *v = member(b, key);
  if (!v) return;
  const bool list = cm_json_kind_of(v) == CM_JSON_ARRAY;
  const size_t n = list ? cm_body_items(b, key, max) : 1;
  cm_str *stops = cm_arena_alloc(b->call->arena, n + 1, sizeof *stops);
  if (!stops) cm_body_no_memory(b);
  for (size_t i = 0; i < n && !b->code; i++)
    add_stop(b, key, list ? cm_json_at(v, i) : v, &stops[i]);
  q->stops = stops, q->n_stops = b->code ? 0 : n;
}

void cm_body_sampling(cm_body *b, double temperature_max, cm_sample_options *o) {
  int64_t top_k = 0, seed = 0;
  cm_body_real(b, "temperature", 0, temperature_max, &o->temperature);
  if (cm_body_real(b, "top_p", 0, 1, &o->top_p) && !(o->top_p > 0)) o->top_p = TOP_P_LEAST;
  if (cm_body_int(b, "top_k", -1, UINT32_MAX, &top_k)) o->top_k = top_k < 0 ? 0 : (uint32_t)top_k;
  cm_body_real(b, "min_p", 0, 0.999999, &o->min_p);
  if (cm_body_int(b, "seed", INT64_MIN, INT64_MAX, &seed)) o->seed = (uint64_t)seed;
}

cm_code cm_call_fits(const cm_call *c, cm_err *e) {
  const cm_request *q = &c->request;
  const uint32_t longest = c->about->model->token_bytes, ctx = c->about->ctx;
  if (!longest || !ctx) return CM_OK;
  uint64_t bytes = q->opening.n;
  for (size_t i = 0; i < q->n_messages; i++) bytes += q->messages[i].text.n;
  const uint64_t least = (bytes + longest - 1) / longest;
  if (least <= ctx) return CM_OK;
  return cm_fail(e, CM_E_LIMIT, 0, "the prompt has %llu tokens at least, the context holds %u",
                 (unsigned long long)least, ctx);
}

uint32_t cm_call_tokens_max(const cm_call *c) {
  return c->about->ctx ? c->about->ctx : TOKENS_MAX;
}

bool cm_body_tokens(cm_body *b, const char *key, uint32_t *out) {
  const uint32_t most = cm_call_tokens_max(b->call);
  int64_t n;
  if (!cm_body_int(b, key, 1, INT64_MAX, &n)) return false;
  *out = n < most ? (uint32_t)n : most;
  return true;
}

void cm_body_candidates(cm_body *b, const char *key, uint32_t *out) {
  cm_body_u32(b, key, 1, b->call->about->slots, out);
}

/* --- the model ------------------------------------------------------------------------------- */

static bool is_served(const cm_api_about *about, cm_str name) {
  return cm_str_is(name, "cmdai") || cm_str_is(name, about->model->id) ||
         (about->alias && cm_str_is(name, about->alias));
}

cm_code cm_call_model(cm_call *c, cm_str name, cm_err *e) {
  const cm_api_about *about = c->about;
  const cm_str latest = CM_STR(":latest");
  cm_str bare = name;
  if (cm_str_ends(name, latest)) bare.n -= latest.n;
  c->model = name;
  if (is_served(about, name) || is_served(about, bare)) return CM_OK;
  /* A path on this machine is nobody else's business. */
  const char *alias = about->alias && !strchr(about->alias, '/') ? about->alias : NULL;
  const size_t shown = cm_utf8_complete(name.p, name.n < NAME_SHOWN ? name.n : NAME_SHOWN);
  return cm_fail(e, CM_E_NOTFOUND, 0, "model \"%.*s\" not found: this server has %s%s%s and cmdai",
                 (int)shown, name.p, about->model->id, alias ? ", " : "", alias ? alias : "");
}

void cm_body_model(cm_body *b, const char *key, bool required) {
  cm_str name;
  b->call->model = cm_str_of(b->call->about->model->id);
  if (!cm_body_str(b, key, &name)) {
    if (required) cm_body_fail(b, key, "is missing: say which model");
    return;
  }
  b->code = cm_call_model(b->call, name, b->e);
  if (b->code) b->call->field = key;
}

bool cm_body_role(cm_str name, cm_role *out) {
  static const char *const names[] = {"system", "user", "assistant"}; /* as cm_role counts them */
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    if (!cm_str_is(name, names[i])) continue;
    *out = (cm_role)i;
    return true;
  }
  return false;
}
