#include "backend/openai.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* How plainly a server is asked: some refuse what only vLLM knows, some probabilities. */
enum { WITH_ALL, WITHOUT_OPENING, WITHOUT_LOGPROBS, WITHOUT_BOTH };

enum { STOPS_MAX = 4 /* more are refused by some; all are looked for here anyway */ };

static const char *path(const cm_request *q) {
  return q->raw ? "/completions" : "/chat/completions";
}

static bool leaves_opening(unsigned plain) {
  return plain == WITHOUT_OPENING || plain == WITHOUT_BOTH;
}

/* --- requests -------------------------------------------------------------------------------- */

static void put_messages(const cm_wish *w, cm_jw *jw) {
  const cm_request *q = w->q;
  const bool opens = q->opening.n && !leaves_opening(w->plain);
  cm_jw_key(jw, "messages");
  cm_jw_begin_array(jw);
  for (size_t i = 0; i < q->n_messages; i++)
    cm_remote_put_message(jw, q->messages[i].role, q->messages[i].text);
  if (opens) cm_remote_put_message(jw, CM_ROLE_ASSISTANT, q->opening);
  cm_jw_end_array(jw);
  if (!opens) return;
  /* vLLM: the last message is not over, and the reply continues it. */
  cm_jw_put_bool(jw, "add_generation_prompt", false);
  cm_jw_put_bool(jw, "continue_final_message", true);
}

static void put_logprobs(const cm_wish *w, cm_jw *jw) {
  if (w->plain >= WITHOUT_LOGPROBS) return;
  if (w->q->raw) cm_jw_put_u64(jw, "logprobs", 1);
  else cm_jw_put_bool(jw, "logprobs", true);
}

/* What only vLLM knows is said only where it differs from doing nothing. */
static void put_sampling(const cm_wish *w, cm_jw *jw) {
  const cm_sample_options *s = &w->q->sampling;
  cm_remote_put_real(jw, "temperature", w->temperature);
  cm_remote_put_real(jw, "top_p", s->top_p);
  cm_jw_put_u64(jw, "seed", w->seed);
  cm_jw_put_u64(jw, "max_tokens", w->q->max_tokens);
  if (leaves_opening(w->plain)) return;
  if (s->top_k) cm_jw_put_u64(jw, "top_k", s->top_k);
  if (s->min_p > 0) cm_remote_put_real(jw, "min_p", s->min_p);
  if (s->repeat_penalty > 1 || s->repeat_penalty < 1)
    cm_remote_put_real(jw, "repetition_penalty", s->repeat_penalty);
}

static void put_request(const cm_wish *w, cm_jw *jw) {
  const cm_request *q = w->q;
  cm_jw_begin_object(jw);
  cm_jw_put_text(jw, "model", w->model);
  if (q->raw) cm_jw_put_str(jw, "prompt", q->opening);
  else put_messages(w, jw);
  cm_jw_put_bool(jw, "stream", true);
  cm_jw_key(jw, "stream_options");
  cm_jw_begin_object(jw);
  cm_jw_put_bool(jw, "include_usage", true);
  cm_jw_end_object(jw);
  put_sampling(w, jw);
  put_logprobs(w, jw);
  cm_remote_put_stops(jw, q, STOPS_MAX);
  cm_jw_end_object(jw);
}

/* --- answers --------------------------------------------------------------------------------- */

static void take_usage(cm_told *t, const cm_json *usage) {
  const cm_json *details = cm_json_get(usage, "prompt_tokens_details");
  cm_told_count(&t->prompt_tokens, cm_json_get(usage, "prompt_tokens"));
  cm_told_count(&t->cached_tokens, cm_json_get(details, "cached_tokens"));
  cm_told_count(&t->tokens, cm_json_get(usage, "completion_tokens"));
}

/* Of a conversation: objects; of a raw text: a list of numbers. */
static void take_logprobs(cm_told *t, const cm_json *logprobs) {
  const cm_json *tokens = cm_json_get(logprobs, "content");
  const cm_json *numbers = cm_json_get(logprobs, "token_logprobs");
  for (size_t i = 0; i < cm_json_count(tokens); i++)
    cm_told_logprob(t, cm_json_get(cm_json_at(tokens, i), "logprob"));
  for (size_t i = 0; i < cm_json_count(numbers); i++) cm_told_logprob(t, cm_json_at(numbers, i));
}

static cm_code take_choice(cm_told *t, const cm_json *choice, cm_err *e) {
  cm_str text = {0}, why;
  if (!cm_json_str(cm_json_get(cm_json_get(choice, "delta"), "content"), &text))
    (void)cm_json_str(cm_json_get(choice, "text"), &text);
  take_logprobs(t, cm_json_get(choice, "logprobs"));
  cm_told_own(t, cm_json_get(choice, "cmdai"));
  const cm_code code = cm_told_add(t, text, e);
  if (!code && cm_json_str(cm_json_get(choice, "finish_reason"), &why)) {
    t->ended = true;
    t->finished = cm_str_is(why, "stop");
  }
  return code;
}

static cm_code take_document(cm_told *t, const cm_json *doc, cm_err *e) {
  const cm_json *choices = cm_json_get(doc, "choices");
  cm_code code = cm_remote_own_error(doc, e);
  if (code) return code;
  if (cm_json_kind_of(choices) != CM_JSON_ARRAY)
    return cm_fail(e, CM_E_FORMAT, 0, "an event without choices");
  if (cm_json_kind_of(cm_json_get(doc, "usage")) == CM_JSON_OBJECT)
    take_usage(t, cm_json_get(doc, "usage"));
  return cm_json_count(choices) ? take_choice(t, cm_json_at(choices, 0), e) : CM_OK;
}

static cm_code take_item(cm_told *t, cm_str item, cm_err *e) {
  cm_json *doc;
  if (cm_str_is(cm_str_trim(item), "[DONE]")) {
    t->done = true;
    return CM_OK;
  }
  cm_code code = cm_json_parse(item, CM_JSON_LIMITS, &doc, e);
  if (code) return code == CM_E_NOMEM ? code : (e->code = CM_E_FORMAT);
  code = take_document(t, doc, e);
  cm_json_free(doc);
  return code;
}

/* --- which model ----------------------------------------------------------------------------- */

void cm_openai_read_models(const cm_json *doc, const char *model, cm_openai_models *out) {
  const cm_json *data = cm_json_get(doc, "data");
  *out = (cm_openai_models){.n = cm_json_count(data)};
  for (size_t i = 0; i < out->n; i++) {
    const cm_json *m = cm_json_at(data, i);
    cm_str id;
    if (!cm_json_str(cm_json_get(m, "id"), &id) || !id.n) continue;
    if (!out->first.n) out->first = id;
    if (!out->entry && (!model || cm_str_is(id, model))) out->entry = m;
  }
}

void cm_openai_read_own(const cm_json *entry, cm_model_id *out) {
  const cm_json *own = cm_json_get(entry, "cmdai");
  cm_str name = {0}, quant = {0}, sha256 = {0};
  if (!cm_json_str(cm_json_get(own, "name"), &name)) return;
  (void)cm_json_str(cm_json_get(own, "quant"), &quant);
  (void)cm_json_str(cm_json_get(own, "sha256"), &sha256);
  cm_remote_word(out->id, sizeof out->id, name);
  cm_remote_word(out->quant, sizeof out->quant, quant);
  if (cm_remote_is_digest(sha256)) cm_remote_word(out->sha256, sizeof out->sha256, sha256);
  cm_remote_own(out, cm_json_get(own, "placeholders"), cm_json_get(own, "scale"),
                cm_json_get(own, "bias"));
}

static cm_code choose(cm_server *s, const cm_json *doc, cm_model_id *out, cm_err *e) {
  cm_openai_models models;
  cm_openai_read_models(doc, s->model[0] ? s->model : NULL, &models);
  if (!models.first.n) return cm_fail(e, CM_E_MODEL, 0, "%s has no model", s->where);
  if (s->model[0] ? !models.entry : models.n > 1)
    return cm_remote_say_models(s, cm_json_get(doc, "data"), "id", "--vllm-model", e);
  cm_openai_read_own(models.entry, out);
  /* A server of ours takes nothing that it doesn't do, and tells the probability anyway. */
  if (cm_json_get(models.entry, "cmdai")) s->plain = WITHOUT_LOGPROBS;
  return s->model[0] ? CM_OK : cm_server_choose(s, models.first, e);
}

/* A server may have no list: then its model has to be named. */
static cm_code identify(cm_server *s, cm_model_id *out, cm_err *e) {
  cm_json *doc = NULL;
  cm_buf text;
  int status;
  cm_buf_init(&text, CM_REMOTE_BODY_MAX + 1);
  cm_code code =
      cm_server_fetch(s, "/models", (cm_str){0}, s->model[0] ? 404 : 200, &text, &status, e);
  if (!code && status == 200) code = cm_server_parse(s, &text, &doc, e);
  cm_buf_close(&text);
  if (!code && doc) code = choose(s, doc, out, e);
  cm_json_free(doc);
  if (!code && !out->id[0]) cm_remote_word(out->id, sizeof out->id, cm_str_of(s->model));
  return code;
}

const cm_protocol cm_protocol_openai = {.name = "vllm",
                                        .kind = "a server with OpenAI's interface",
                                        .key_name = "CMDAI_VLLM_KEY",
                                        .stream = CM_STREAM_SSE,
                                        .plainest = WITHOUT_BOTH,
                                        .path = path,
                                        .put = put_request,
                                        .leaves_opening = leaves_opening,
                                        .take = take_item,
                                        .identify = identify};

static cm_code vllm_open(void **self, const cm_backend_options *o, cm_err *e) {
  const char *url = o->vllm.url ? o->vllm.url : "http://127.0.0.1:8000/v1";
  return cm_server_open(self, &cm_protocol_openai, url, &o->vllm, o, e);
}

const cm_backend_ops cm_backend_vllm = {
    "vllm",           false,          vllm_open,      cm_server_identify,
    cm_server_submit, cm_server_step, cm_server_close};
