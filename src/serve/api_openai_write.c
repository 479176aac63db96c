#include <inttypes.h>
#include <stdio.h>

#include "data/json.h"
#include "serve/api_openai.h"
#include "serve/api_read.h"
#include "serve/api_rows.h"
#include "serve/api_said.h"

/* --- objects --------------------------------------------------------------------------------- */

static void put_id(cm_jw *w, const cm_call *c) {
  char id[40];
  snprintf(id, sizeof id, "%s-%" PRIu64, cm_openai_is_chat(c) ? "chatcmpl" : "cmpl", c->id);
  cm_jw_put_text(w, "id", id);
}

static void put_created(cm_jw *w, int64_t created) {
  cm_jw_key(w, "created");
  cm_jw_i64(w, created);
}

/* What all objects have in front, up to the opened list of choices. */
static void begin_object(cm_jw *w, const cm_call *c, bool chunk, cm_buf *out) {
  const char *object = "text_completion";
  if (cm_openai_is_chat(c)) object = chunk ? "chat.completion.chunk" : "chat.completion";
  cm_jw_init(w, out, 0);
  cm_jw_begin_object(w);
  put_id(w, c);
  cm_jw_put_text(w, "object", object);
  put_created(w, c->created);
  cm_jw_put_str(w, "model", c->model);
  cm_jw_put_text(w, "system_fingerprint", c->about->engine);
  cm_jw_key(w, "choices");
  cm_jw_begin_array(w);
}

static void put_null(cm_jw *w, const char *key) {
  cm_jw_key(w, key);
  cm_jw_null(w);
}

static void put_usage(cm_jw *w, const cm_replies *r) {
  cm_jw_key(w, "usage");
  cm_jw_begin_object(w);
  cm_jw_put_u64(w, "prompt_tokens", r->prompt_tokens);
  cm_jw_put_u64(w, "completion_tokens", r->output_tokens);
  cm_jw_put_u64(w, "total_tokens", (uint64_t)r->prompt_tokens + r->output_tokens);
  cm_jw_key(w, "prompt_tokens_details");
  cm_jw_begin_object(w);
  cm_jw_put_u64(w, "cached_tokens", r->cached_tokens);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
}

/* Why a text ended, and what is known of it beyond OpenAI's members. */
static void put_ending(cm_jw *w, const cm_candidate *reply) {
  cm_jw_put_text(w, "finish_reason", reply->finished ? "stop" : "length");
  cm_jw_key(w, "cmdai");
  cm_jw_begin_object(w);
  cm_jw_put_f64(w, "logprob", reply->logprob);
  cm_jw_put_u64(w, "tokens", reply->tokens);
  cm_jw_end_object(w);
}

static void begin_choice(cm_jw *w, uint64_t index) {
  cm_jw_begin_object(w);
  cm_jw_put_u64(w, "index", index);
}

/* --- tokens ---------------------------------------------------------------------------------- */

static void put_message_tokens(cm_jw *w, const cm_said *said, size_t n) {
  cm_jw_key(w, "content");
  cm_put_said(w, said, n);
  put_null(w, "refusal");
}

static bool has_spelling(const cm_spelled *list, size_t n, cm_str bytes) {
  for (size_t i = 0; i < n; i++)
    if (cm_str_eq(list[i].bytes, bytes)) return true;
  return false;
}

/* The likeliest ones by their spelling, and the token itself if it isn't among them. Parts of
 * characters would all be spelled alike, and so would numbers that no text belongs to: others than
 * the token itself are left out. */
static void put_likely(cm_jw *w, const cm_said *said) {
  const cm_spelled *list = said->likely;
  cm_jw_begin_object(w);
  for (size_t i = 0; i < said->n_likely; i++) {
    const cm_str bytes = list[i].bytes;
    const bool whole = bytes.n && cm_utf8_check(bytes.p, bytes.n) == bytes.n;
    if (!whole && !cm_str_eq(bytes, said->token.bytes)) continue;
    cm_jw_key_n(w, bytes);
    cm_jw_f64(w, (double)list[i].logprob);
  }
  if (!has_spelling(list, said->n_likely, said->token.bytes)) {
    cm_jw_key_n(w, said->token.bytes);
    cm_jw_f64(w, (double)said->token.logprob);
  }
  cm_jw_end_object(w);
}

/* Four lists of equal length. */
static void put_text_tokens(cm_jw *w, const cm_said *said, size_t n, bool likely) {
  cm_jw_key(w, "tokens");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) cm_jw_str(w, said[i].token.bytes);
  cm_jw_end_array(w);
  cm_jw_key(w, "token_logprobs");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) cm_jw_f64(w, (double)said[i].token.logprob);
  cm_jw_end_array(w);
  cm_jw_key(w, "text_offset");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) cm_jw_u64(w, said[i].before);
  cm_jw_end_array(w);
  cm_jw_key(w, "top_logprobs");
  if (likely) cm_jw_begin_array(w);
  else cm_jw_null(w);
  for (size_t i = 0; likely && i < n; i++) put_likely(w, &said[i]);
  if (likely) cm_jw_end_array(w);
}

static void put_logprobs(cm_jw *w, const cm_call *c, const cm_said *said, size_t n) {
  cm_jw_key(w, "logprobs");
  cm_jw_begin_object(w);
  if (cm_openai_is_chat(c)) put_message_tokens(w, said, n);
  else put_text_tokens(w, said, n, c->request.n_likely);
  cm_jw_end_object(w);
}

/* --- a whole answer -------------------------------------------------------------------------- */

static void put_message(cm_jw *w, cm_str text) {
  cm_jw_key(w, "message");
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "role", "assistant");
  cm_jw_put_str(w, "content", text);
  put_null(w, "refusal");
  cm_jw_end_object(w);
}

void cm_openai_whole(const cm_call *c, const cm_job *job, const cm_answer *answer, cm_buf *out) {
  const cm_replies *r = &job->replies;
  cm_jw w;
  (void)answer;
  begin_object(&w, c, false, out);
  for (size_t i = 0; i < r->n; i++) {
    begin_choice(&w, i);
    if (cm_openai_is_chat(c)) put_message(&w, r->items[i].text);
    else cm_jw_put_str(&w, "text", r->items[i].text);
    if (c->request.says) put_logprobs(&w, c, r->items[i].said, r->items[i].n_said);
    else put_null(&w, "logprobs");
    put_ending(&w, &r->items[i]);
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  put_usage(&w, r);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

/* --- a stream -------------------------------------------------------------------------------- */

/* An event with one choice; `reply` when it is the choice's last. */
static void put_chunk(const cm_call *c, const cm_piece *p, const char *role,
                      const cm_candidate *reply, cm_buf *out) {
  cm_jw w;
  cm_buf_puts(out, "data: ");
  begin_object(&w, c, true, out);
  begin_choice(&w, p->candidate);
  if (cm_openai_is_chat(c)) {
    cm_jw_key(&w, "delta");
    cm_jw_begin_object(&w);
    if (role) cm_jw_put_text(&w, "role", role);
    if (!reply) cm_jw_put_str(&w, "content", p->text);
    cm_jw_end_object(&w);
  } else {
    cm_jw_put_str(&w, "text", p->text);
  }
  if (p->n_said) put_logprobs(&w, c, p->said, p->n_said);
  else put_null(&w, "logprobs");
  if (reply) put_ending(&w, reply);
  else put_null(&w, "finish_reason");
  cm_jw_end_object(&w);
  cm_jw_end_array(&w);
  if (c->usage) put_null(&w, "usage");
  cm_jw_end_object(&w);
  cm_buf_puts(out, "\n\n");
}

void cm_openai_begin(const cm_call *c, cm_buf *out) {
  for (uint32_t i = 0; cm_openai_is_chat(c) && i < c->request.candidates; i++)
    put_chunk(c, &(cm_piece){.candidate = i, .text = CM_STR("")}, "assistant", NULL, out);
}

void cm_openai_piece(const cm_call *c, const cm_piece *p, cm_buf *out) {
  put_chunk(c, p, NULL, NULL, out);
}

static void put_last_usage(const cm_call *c, const cm_replies *r, cm_buf *out) {
  cm_jw w;
  cm_buf_puts(out, "data: ");
  begin_object(&w, c, true, out);
  cm_jw_end_array(&w);
  put_usage(&w, r);
  cm_jw_end_object(&w);
  cm_buf_puts(out, "\n\n");
}

void cm_openai_end(const cm_call *c, const cm_job *job, cm_buf *out) {
  const cm_replies *r = &job->replies;
  for (uint32_t i = 0; i < r->n; i++)
    put_chunk(c, &(cm_piece){.candidate = i, .text = CM_STR("")}, NULL, &r->items[i], out);
  if (c->usage) put_last_usage(c, r, out);
  cm_buf_puts(out, "data: [DONE]\n\n");
}

/* --- errors ---------------------------------------------------------------------------------- */

static const char *type_of(int status) {
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

static const char *code_of(int status, cm_code code) {
  if (status == 401) return "invalid_api_key";
  switch (code) {
    case CM_E_LIMIT: return "context_length_exceeded";
    case CM_E_NOTFOUND:
    case CM_E_MODEL: return "model_not_found";
    case CM_E_UNSUPPORTED: return "unsupported";
    case CM_E_TIMEOUT: return "timeout";
    default: return NULL;
  }
}

static void put_error(const cm_call *c, int status, const cm_err *e, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 0);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "error");
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "message", e->msg);
  cm_jw_put_text(&w, "type", type_of(status));
  cm_jw_put_text(&w, "param", c ? c->field : NULL);
  cm_jw_put_text(&w, "code", code_of(status, e->code));
  cm_jw_end_object(&w);
  cm_jw_end_object(&w);
}

void cm_openai_fail(const cm_call *c, int status, const cm_err *e, cm_buf *out) {
  put_error(c, status, e, out);
  cm_buf_putc(out, '\n');
}

void cm_openai_broken(const cm_call *c, const cm_err *e, cm_buf *out) {
  cm_buf_puts(out, "data: ");
  put_error(c, cm_api_status(c, e->code), e, out);
  cm_buf_puts(out, "\n\n");
}

/* --- models ---------------------------------------------------------------------------------- */

static void put_model(cm_jw *w, const cm_api_about *about, cm_str id) {
  const cm_model_id *m = about->model;
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", id);
  cm_jw_put_text(w, "object", "model");
  put_created(w, about->started);
  cm_jw_put_text(w, "owned_by", "cmdai");
  cm_jw_key(w, "cmdai");
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "name", m->id);
  cm_jw_put_text(w, "sha256", m->sha256);
  cm_jw_put_text(w, "quant", m->quant);
  cm_jw_put_u64(w, "placeholders", m->placeholders);
  cm_jw_put_f64(w, "scale", (double)m->scale);
  cm_jw_put_f64(w, "bias", (double)m->bias);
  if (about->ctx) cm_jw_put_u64(w, "context_length", about->ctx);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
}

cm_code cm_openai_models(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_jw w;
  (void)body, (void)e;
  cm_jw_init(&w, out, 0);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "object", "list");
  cm_jw_key(&w, "data");
  cm_jw_begin_array(&w);
  put_model(&w, c->about, cm_str_of(c->about->model->id));
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
  return CM_OK;
}

cm_code cm_openai_model(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  const size_t front = cm_str_of(c->api->path).n;
  cm_jw w;
  (void)body;
  if (cm_call_model(c, (cm_str){c->path.p + front, c->path.n - front}, e)) return e->code;
  cm_jw_init(&w, out, 0);
  put_model(&w, c->about, c->model);
  cm_buf_putc(out, '\n');
  return CM_OK;
}
