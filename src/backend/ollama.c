#include "backend/ollama.h"

#include <stdio.h>
#include <string.h>

#include "net/url.h"

/* --- OLLAMA_HOST ----------------------------------------------------------------------------- */

typedef struct address {
  cm_str scheme, host, port, path;
} address;

static bool cut(cm_str *rest, const char *mark, cm_str *before) {
  const size_t at = cm_str_find(*rest, cm_str_of(mark));
  if (at == SIZE_MAX) return false;
  *before = (cm_str){rest->p, at};
  *rest = (cm_str){rest->p + at + strlen(mark), rest->n - at - strlen(mark)};
  return true;
}

/* "host", "host:port", "[::1]:port", "::1". */
static void split_host(cm_str s, address *a) {
  const char *end = s.n && s.p[0] == '[' ? memchr(s.p, ']', s.n) : NULL;
  a->host = s;
  if (end) {
    a->host.n = (size_t)(end - s.p) + 1;
    if (a->host.n < s.n && s.p[a->host.n] == ':')
      a->port = (cm_str){s.p + a->host.n + 1, s.n - a->host.n - 1};
    return;
  }
  cm_str rest = s, host;
  if (!cut(&rest, ":", &host) || memchr(rest.p, ':', rest.n)) return;
  a->host = host;
  a->port = rest;
}

static void split(cm_str s, address *a) {
  *a = (address){.scheme = CM_STR("http"), .port = CM_STR("11434")};
  if (cut(&s, "://", &a->scheme))
    a->port = cm_str_is(a->scheme, "https") ? CM_STR("443") : CM_STR("80");
  const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
  if (slash) {
    a->path = (cm_str){slash, s.n - (size_t)(slash - s.p)};
    s.n = (size_t)(slash - s.p);
  }
  const cm_str usual = a->port;
  uint64_t port;
  split_host(s, a);
  if (!cm_str_u64(a->port, 1, 65535, &port)) a->port = usual;
  if (!a->host.n || cm_str_is(a->host, "0.0.0.0")) a->host = CM_STR("127.0.0.1");
  if (cm_str_is(a->host, "[::]") || cm_str_is(a->host, "::")) a->host = CM_STR("[::1]");
}

cm_code cm_ollama_url(const char *host, cm_buf *out, cm_err *e) {
  cm_str s = cm_str_trim(cm_str_of(host));
  address a;
  if (s.n >= 2 && s.p[0] == s.p[s.n - 1] && (s.p[0] == '"' || s.p[0] == '\''))
    s = cm_str_trim((cm_str){s.p + 1, s.n - 2});
  split(s, &a);
  if (memchr(s.p, '@', s.n)) /* a word in an address gets into logs */
    return cm_fail(e, CM_E_USAGE, 0, "ollama: no user and password in an address; there are keys");
  const bool bare = a.host.p[0] != '[' && memchr(a.host.p, ':', a.host.n);
  if (!cm_str_is(a.scheme, "http") && !cm_str_is(a.scheme, "https"))
    return cm_fail(e, CM_E_USAGE, 0, "ollama: an address begins with http or https, not \"%.*s\"",
                   (int)(a.scheme.n < 20 ? a.scheme.n : 20), a.scheme.p);
  cm_buf_printf(out, "%.*s://%s%.*s%s:%.*s%.*s", (int)a.scheme.n, a.scheme.p, bare ? "[" : "",
                (int)a.host.n, a.host.p, bare ? "]" : "", (int)a.port.n, a.port.p, (int)a.path.n,
                a.path.p ? a.path.p : "");
  return out->overflow ? cm_fail(e, CM_E_USAGE, 0, "ollama: the address is too long") : CM_OK;
}

/* --- requests -------------------------------------------------------------------------------- */

static const char *path(const cm_request *q) { return q->raw ? "/api/generate" : "/api/chat"; }

/* An assistant's message at the end is continued: that is how a reply gets its opening. */
static void put_messages(const cm_request *q, cm_jw *w) {
  cm_jw_key(w, "messages");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < q->n_messages; i++)
    cm_remote_put_message(w, q->messages[i].role, q->messages[i].text);
  if (q->opening.n) cm_remote_put_message(w, CM_ROLE_ASSISTANT, q->opening);
  cm_jw_end_array(w);
}

/* All of them: a server's own defaults are others. */
static void put_options(const cm_wish *w, cm_jw *jw) {
  const cm_request *q = w->q;
  const cm_sample_options *s = &q->sampling;
  cm_jw_key(jw, "options");
  cm_jw_begin_object(jw);
  cm_remote_put_real(jw, "temperature", w->temperature);
  cm_jw_put_u64(jw, "top_k", s->top_k);
  cm_remote_put_real(jw, "top_p", s->top_p);
  cm_remote_put_real(jw, "min_p", s->min_p);
  cm_remote_put_real(jw, "repeat_penalty", s->repeat_penalty);
  cm_jw_put_u64(jw, "repeat_last_n", s->repeat_last);
  cm_jw_put_u64(jw, "seed", w->seed);
  cm_jw_put_u64(jw, "num_predict", q->max_tokens);
  if (w->ctx) cm_jw_put_u64(jw, "num_ctx", w->ctx);
  cm_remote_put_stops(jw, q, CM_STOPS_MAX);
  cm_jw_end_object(jw);
}

/* "truncate" and "shift": a prompt that is too long is an error, and not silently another one.
 * "think": a command needs no thoughts aloud. Versions that don't know these read over them. */
static void put_request(const cm_wish *w, cm_jw *jw) {
  const cm_request *q = w->q;
  cm_jw_begin_object(jw);
  cm_jw_put_text(jw, "model", w->model);
  if (q->raw) cm_jw_put_str(jw, "prompt", q->opening);
  else put_messages(q, jw);
  if (q->raw) cm_jw_put_bool(jw, "raw", true);
  cm_jw_put_bool(jw, "stream", true);
  if (w->plain == 0) {
    cm_jw_put_bool(jw, "logprobs", true);
    cm_jw_put_bool(jw, "think", false);
    cm_jw_put_bool(jw, "truncate", false);
    cm_jw_put_bool(jw, "shift", false);
  }
  put_options(w, jw);
  cm_jw_end_object(jw);
}

/* --- answers --------------------------------------------------------------------------------- */

static void read_end(cm_told *t, const cm_json *doc) {
  cm_str why = CM_STR("stop"); /* old versions don't say */
  (void)cm_json_str(cm_json_get(doc, "done_reason"), &why);
  t->done = t->ended = true;
  t->finished = cm_str_is(why, "stop");
  cm_told_count(&t->prompt_tokens, cm_json_get(doc, "prompt_eval_count"));
  cm_told_count(&t->tokens, cm_json_get(doc, "eval_count"));
  cm_told_own(t, cm_json_get(doc, "cmdai"));
}

static cm_code read_document(cm_told *t, const cm_json *doc, cm_err *e) {
  cm_str text = {0};
  bool done = false;
  const cm_json *logprobs = cm_json_get(doc, "logprobs");
  cm_code code = cm_remote_own_error(doc, e);
  if (code) return code;
  const bool has = cm_json_str(cm_json_get(cm_json_get(doc, "message"), "content"), &text) ||
                   cm_json_str(cm_json_get(doc, "response"), &text);
  if (!has && !cm_json_bool(cm_json_get(doc, "done"), &done))
    return cm_fail(e, CM_E_FORMAT, 0, "neither text nor an end");
  for (size_t i = 0; i < cm_json_count(logprobs); i++)
    cm_told_logprob(t, cm_json_get(cm_json_at(logprobs, i), "logprob"));
  code = cm_told_add(t, text, e);
  if (!code && cm_json_bool(cm_json_get(doc, "done"), &done) && done) read_end(t, doc);
  return code;
}

static cm_code take_item(cm_told *t, cm_str item, cm_err *e) {
  cm_json *doc;
  cm_code code = cm_json_parse(item, CM_JSON_LIMITS, &doc, e);
  if (code) return code == CM_E_NOMEM ? code : (e->code = CM_E_FORMAT);
  code = read_document(t, doc, e);
  cm_json_free(doc);
  return code;
}

static bool leaves_opening(unsigned plain) {
  (void)plain;
  return false;
}

/* --- which model ----------------------------------------------------------------------------- */

static bool is_name(cm_str there, cm_str asked) {
  if (cm_str_eq(there, asked)) return true;
  return !memchr(asked.p, ':', asked.n) && there.n == asked.n + 7 && cm_str_starts(there, asked) &&
         cm_str_ends(there, CM_STR(":latest"));
}

void cm_ollama_read_tags(const cm_json *doc, const char *model, cm_ollama_tags *out) {
  const cm_json *models = cm_json_get(doc, "models");
  *out = (cm_ollama_tags){.n = cm_json_count(models)};
  for (size_t i = 0; i < out->n; i++) {
    const cm_json *m = cm_json_at(models, i);
    cm_str name = {0}, digest = {0};
    if (!cm_json_str(cm_json_get(m, "name"), &name) &&
        !cm_json_str(cm_json_get(m, "model"), &name))
      continue;
    if (!out->first.n) out->first = name;
    if (model && !is_name(name, cm_str_of(model))) continue;
    if (!cm_json_str(cm_json_get(m, "digest"), &digest)) continue;
    if (cm_str_starts(digest, CM_STR("sha256:"))) digest.p += 7, digest.n -= 7;
    if (cm_remote_is_digest(digest) && !out->digest.n) out->digest = digest;
  }
}

void cm_ollama_read_show(const cm_json *doc, cm_model_id *out) {
  const cm_json *info = cm_json_get(doc, "model_info");
  cm_str name = {0}, quant = {0};
  (void)cm_json_str(cm_json_get(cm_json_get(doc, "details"), "quantization_level"), &quant);
  cm_remote_word(out->quant, sizeof out->quant, quant);
  if (!cm_json_str(cm_json_get(info, "general.name"), &name) ||
      !cm_str_starts(name, CM_STR("cmdai-")))
    return;
  cm_remote_word(out->id, sizeof out->id, name);
  cm_remote_own(out, cm_json_get(info, "cmdai.placeholders"),
                cm_json_get(info, "cmdai.confidence.scale"),
                cm_json_get(info, "cmdai.confidence.bias"));
}

static cm_code choose_only(cm_server *s, const cm_json *doc, const cm_ollama_tags *tags,
                           cm_err *e) {
  if (!tags->n || !tags->first.n)
    return cm_fail(e, CM_E_MODEL, 0, "%s has no model; fetch one: ollama pull qwen2.5-coder:1.5b",
                   s->where);
  if (tags->n == 1) return cm_server_choose(s, tags->first, e);
  return cm_remote_say_models(s, cm_json_get(doc, "models"), "name", "--ollama-model", e);
}

/* Which models there are; chooses one, and knows its digest. */
static cm_code ask_tags(cm_server *s, cm_buf *text, cm_model_id *out, cm_err *e) {
  cm_json *doc = NULL;
  cm_ollama_tags tags;
  int status;
  cm_code code = cm_server_fetch(s, "/api/tags", (cm_str){0}, 200, text, &status, e);
  if (!code) code = cm_server_parse(s, text, &doc, e);
  if (code) return code;
  cm_ollama_read_tags(doc, s->model[0] ? s->model : NULL, &tags);
  if (!s->model[0]) code = choose_only(s, doc, &tags, e);
  snprintf(out->sha256, sizeof out->sha256, "%.*s", (int)tags.digest.n,
           tags.digest.n ? tags.digest.p : "");
  cm_json_free(doc);
  return code;
}

static cm_code ask_show(cm_server *s, cm_buf *text, cm_model_id *out, cm_err *e) {
  cm_json *doc = NULL;
  cm_buf body;
  cm_jw jw;
  int status;
  cm_buf_init(&body, 4096);
  cm_jw_init(&jw, &body, 0);
  cm_jw_begin_object(&jw);
  cm_jw_put_text(&jw, "model", s->model);
  cm_jw_end_object(&jw);
  cm_code code = cm_jw_done(&jw) ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for a request");
  if (!code)
    code = cm_server_fetch(s, "/api/show", (cm_str){body.p, body.n}, 404, text, &status, e);
  cm_buf_close(&body);
  if (!code && status == 404)
    return cm_fail(e, CM_E_MODEL, 0, "model %.60s is not at %s; there: ollama pull %.60s",
                   s->model, s->where, s->model);
  if (!code) code = cm_server_parse(s, text, &doc, e);
  if (code) return code;
  cm_ollama_read_show(doc, out);
  /* A server of ours takes nothing that it doesn't do, and tells the probability anyway. */
  cm_str sha256;
  if (cm_json_str(cm_json_get(cm_json_get(doc, "model_info"), "cmdai.sha256"), &sha256))
    s->plain = cm_protocol_ollama.plainest;
  cm_json_free(doc);
  return CM_OK;
}

static cm_code identify(cm_server *s, cm_model_id *out, cm_err *e) {
  cm_buf text;
  cm_buf_init(&text, CM_REMOTE_BODY_MAX + 1);
  cm_code code = ask_tags(s, &text, out, e);
  cm_buf_reset(&text);
  if (!code) code = ask_show(s, &text, out, e);
  cm_buf_close(&text);
  if (!code && !out->id[0]) cm_remote_word(out->id, sizeof out->id, cm_str_of(s->model));
  return code;
}

const cm_protocol cm_protocol_ollama = {.name = "ollama",
                                        .kind = "an Ollama server",
                                        .key_name = "CMDAI_OLLAMA_KEY",
                                        .stream = CM_STREAM_NDJSON,
                                        .plainest = 1,
                                        .path = path,
                                        .put = put_request,
                                        .leaves_opening = leaves_opening,
                                        .take = take_item,
                                        .identify = identify};

static cm_code ollama_open(void **self, const cm_backend_options *o, cm_err *e) {
  cm_buf url;
  cm_buf_init(&url, CM_URL_MAX);
  cm_code code = cm_ollama_url(o->ollama.url, &url, e);
  if (!code) code = cm_server_open(self, &cm_protocol_ollama, url.p, &o->ollama, o, e);
  cm_buf_close(&url);
  return code;
}

const cm_backend_ops cm_backend_ollama = {
    "ollama",         false,          ollama_open,    cm_server_identify,
    cm_server_submit, cm_server_step, cm_server_close};
