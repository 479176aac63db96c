/* OpenAI's interface: https://platform.openai.com/docs/api-reference/chat and /completions.
 * Streams are server-sent events. */
#include "serve/api_openai.h"

#include "serve/api_read.h"
#include "serve/api_rows.h"
#include "serve/api_said.h"

enum { CHAT, COMPLETIONS }; /* places in the list of rows */
enum { STOPS_MAX = 4, PARTS_MAX = 1024, REPEAT_LAST_MAX = 4096, CONTENT_MAX = 64 << 20 };
#define TEMPERATURE_MAX 2.0

bool cm_openai_is_chat(const cm_call *c) { return c->api == &cm_api_openai[CHAT]; }

/* --- what both have -------------------------------------------------------------------------- */

/* What would change the answer and isn't there. */
static const char *const unsupported[] = {"presence_penalty", "frequency_penalty",
                                          "logit_bias",       "tools",
                                          "functions",        "audio",
                                          "suffix",           "echo",
                                          "prediction",       "web_search_options",
                                          "reasoning"};

/* Without tools there is nothing to choose: both words ask for what is done anyway. */
static void read_choice(cm_body *b, const char *key) {
  cm_str text;
  if (cm_json_kind_of(cm_json_get(b->object, key)) != CM_JSON_STR) cm_body_refuse(b, key);
  else if (cm_body_str(b, key, &text) && !cm_str_is(text, "none") && !cm_str_is(text, "auto"))
    cm_body_fail(b, key, "is not supported here: there are no tools");
}

static void read_format(cm_body *b) {
  cm_body_place old;
  cm_str type = {0};
  if (!cm_body_enter(b, "response_format", &old)) return;
  cm_body_str(b, "type", &type);
  if (!cm_str_is(type, "text"))
    cm_body_fail(b, "type", "is not supported here, except as \"text\"");
  cm_body_leave(b, old);
}

static void read_modalities(cm_body *b) {
  const cm_json *list = cm_json_get(b->object, "modalities");
  for (size_t i = 0; i < cm_body_items(b, "modalities", PARTS_MAX); i++) {
    cm_str word = {0};
    (void)cm_json_str(cm_json_at(list, i), &word);
    if (!cm_str_is(word, "text")) cm_body_fail(b, "modalities", "may hold \"text\" only");
  }
}

/* No model thinks aloud here (engine/chat): these may ask for just that. */
static void read_thinking(cm_body *b) {
  cm_body_place old;
  cm_str effort;
  if (cm_body_str(b, "reasoning_effort", &effort) && !cm_str_is(effort, "none"))
    cm_body_fail(b, "reasoning_effort", "is not supported here, except as \"none\"");
  if (!cm_body_enter(b, "chat_template_kwargs", &old)) return;
  cm_body_refuse(b, "enable_thinking");
  cm_body_leave(b, old);
}

static void read_refused(cm_body *b) {
  uint32_t best_of;
  for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
    cm_body_refuse(b, unsupported[i]);
  if (cm_body_u32(b, "best_of", 0, UINT32_MAX, &best_of) && best_of != 1)
    cm_body_fail(b, "best_of", "is not supported here, except as 1");
  read_choice(b, "tool_choice");
  read_choice(b, "function_call");
  read_format(b);
  read_thinking(b);
  read_modalities(b);
}

static void read_stream(cm_body *b) {
  cm_body_place old;
  cm_body_bool(b, "stream", &b->call->stream);
  if (!cm_body_enter(b, "stream_options", &old)) return;
  cm_body_bool(b, "include_usage", &b->call->usage);
  cm_body_leave(b, old);
}

/* vLLM's name for it; it looks at all that was said. */
static void read_penalty(cm_body *b, cm_sample_options *o) {
  if (cm_body_real(b, "repetition_penalty", 0.01, 10, &o->repeat_penalty))
    o->repeat_last = REPEAT_LAST_MAX;
}

static void read_common(cm_body *b) {
  cm_call *c = b->call;
  cm_request *q = &c->request;
  c->stream = false, c->usage = false;
  *q = (cm_request){
      .sampling = cm_sample_defaults(), .max_tokens = c->about->max_tokens, .candidates = 1};
  cm_body_model(b, "model", true);
  read_stream(b);
  cm_body_sampling(b, TEMPERATURE_MAX, &q->sampling);
  read_penalty(b, &q->sampling);
  cm_body_candidates(b, "n", &q->candidates);
  cm_body_tokens(b, "max_tokens", &q->max_tokens);
  cm_body_tokens(b, "max_completion_tokens", &q->max_tokens); /* the newer name */
  cm_body_stops(b, "stop", STOPS_MAX, q);
  read_refused(b);
}

/* --- conversations --------------------------------------------------------------------------- */

static void read_part(cm_body *b, size_t i, cm_buf *out) {
  cm_body_place old;
  cm_str type = {0}, text = {0};
  if (!cm_body_enter_item(b, "content", i, &old)) return;
  cm_body_str(b, "type", &type);
  if (!cm_str_is(type, "text")) cm_body_fail(b, "type", "must be \"text\": nothing else is read");
  if (!cm_body_str(b, "text", &text)) cm_body_fail(b, "text", "is missing");
  cm_buf_add(out, text.p, text.n);
  cm_body_leave(b, old);
}

/* Text, or a list of its parts. */
static void read_content(cm_body *b, cm_str *out) {
  if (cm_json_kind_of(cm_json_get(b->object, "content")) != CM_JSON_ARRAY) {
    if (!cm_body_str(b, "content", out)) cm_body_fail(b, "content", "is missing");
    return;
  }
  cm_buf text;
  cm_buf_init(&text, CONTENT_MAX);
  const size_t n = cm_body_items(b, "content", PARTS_MAX);
  for (size_t i = 0; i < n; i++) read_part(b, i, &text);
  const char *p = text.overflow ? NULL : cm_arena_strdup(b->call->arena, text.p, text.n);
  if (!p) cm_body_no_memory(b);
  *out = (cm_str){p ? p : "", p ? text.n : 0};
  cm_buf_close(&text);
}

static void read_message(cm_body *b, size_t i, cm_message *m) {
  cm_body_place old;
  cm_str role = {0};
  if (!cm_body_enter_item(b, "messages", i, &old)) return;
  cm_body_str(b, "role", &role);
  if (cm_str_is(role, "developer")) role = CM_STR("system");
  if (!cm_body_role(role, &m->role))
    cm_body_fail(b, "role", "must be system, developer, user or assistant");
  cm_body_refuse(b, "tool_calls");
  cm_body_refuse(b, "function_call");
  cm_body_refuse(b, "audio");
  read_content(b, &m->text);
  cm_body_leave(b, old);
}

/* vLLM's members for a last message that is the beginning of the reply. */
static void read_opening(cm_body *b, cm_message *m, size_t *n) {
  bool go_on = false, add = true;
  cm_body_bool(b, "continue_final_message", &go_on);
  cm_body_bool(b, "add_generation_prompt", &add);
  if (b->code || (!go_on && add)) return;
  if (!go_on) cm_body_fail(b, "add_generation_prompt", "is not supported here, except as true");
  else if (m[*n - 1].role != CM_ROLE_ASSISTANT)
    cm_body_fail(b, "continue_final_message", "needs a last message of the assistant");
  else b->call->request.opening = m[--*n].text;
}

static void read_messages(cm_body *b) {
  cm_call *c = b->call;
  size_t n = cm_body_items(b, "messages", CM_API_MESSAGES_MAX);
  if (!n) cm_body_fail(b, "messages", "is missing: a list of at least one message");
  cm_message *m = cm_arena_alloc(c->arena, n, sizeof *m);
  if (!m) {
    cm_body_no_memory(b);
    return;
  }
  for (size_t i = 0; i < n && !b->code; i++) read_message(b, i, &m[i]);
  if (b->code) return;
  read_opening(b, m, &n);
  c->request.messages = m, c->request.n_messages = n;
  c->kind = CM_API_TEXT;
}

static cm_code read_chat(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_body b;
  (void)out;
  if (cm_body_open(&b, c, body, e)) return cm_body_close(&b);
  read_common(&b);
  cm_body_said(&b, &c->request);
  cm_body_said_fits(&b, "top_logprobs");
  read_messages(&b);
  return cm_body_close(&b);
}

/* --- texts to continue ----------------------------------------------------------------------- */

/* One text, or a list of one. */
static void read_prompt(cm_body *b, cm_str *out) {
  const cm_json *v = cm_json_get(b->object, "prompt");
  cm_str text;
  if (cm_json_kind_of(v) != CM_JSON_ARRAY) {
    if (!cm_body_str(b, "prompt", out)) cm_body_fail(b, "prompt", "is missing");
    return;
  }
  if (cm_json_count(v) != 1 || !cm_json_str(cm_json_at(v, 0), &text)) {
    cm_body_fail(b, "prompt", "must be one text: send one request for each");
    return;
  }
  const char *p = cm_arena_strdup(b->call->arena, text.p, text.n);
  if (!p) cm_body_no_memory(b);
  else *out = (cm_str){p, text.n};
}

/* One number says both: 0 asks for the tokens alone. */
static void read_said(cm_body *b, cm_request *q) {
  bool wanted = true;
  (void)cm_json_bool(cm_json_get(b->object, "logprobs"), &wanted);
  if (wanted) q->says = cm_body_u32(b, "logprobs", 0, CM_LIKELY_MAX, &q->n_likely);
  cm_body_refuse(b, "top_logprobs");
  cm_body_said_fits(b, "logprobs");
}

static cm_code read_completion(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_body b;
  (void)out;
  if (cm_body_open(&b, c, body, e)) return cm_body_close(&b);
  read_common(&b);
  read_said(&b, &c->request);
  c->request.raw = true;
  read_prompt(&b, &c->request.opening);
  if (!c->request.opening.n) cm_body_fail(&b, "prompt", "is empty");
  c->kind = CM_API_TEXT;
  return cm_body_close(&b);
}

static cm_code cannot(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  (void)body, (void)out;
  return cm_fail(e, CM_E_UNSUPPORTED, 0,
                 "this server doesn't do %s: it has /v1/chat/completions, /v1/completions, "
                 "/v1/models and /v1/cmdai/ask",
                 c->api->path);
}

/* --- the list -------------------------------------------------------------------------------- */

#define JSON "application/json"
#define TALK(path, read)                                                             \
  {                                                                                  \
    "POST", path, JSON, "text/event-stream", read, cm_openai_begin, cm_openai_piece, \
        cm_openai_end, cm_openai_broken, cm_openai_whole, cm_openai_fail             \
  }
#define INFO(method, path, read) \
  { method, path, JSON, NULL, read, NULL, NULL, NULL, NULL, NULL, cm_openai_fail }

const cm_api cm_api_openai[] = {
    [CHAT] = TALK("/v1/chat/completions", read_chat),
    [COMPLETIONS] = TALK("/v1/completions", read_completion),
    INFO("GET", "/v1/models", cm_openai_models),
    INFO("GET", "/v1/models/", cm_openai_model),
    INFO("POST", "/v1/embeddings", cannot),
    INFO("POST", "/v1/responses", cannot),
    {.method = NULL},
};
