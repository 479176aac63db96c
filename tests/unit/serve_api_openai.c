/* rooms: base sh safety data backend answer serve */
/* Members are those of OpenAI's API reference, as its official client (npm openai 7.57.0,
 * resources/chat/completions/completions.d.ts and resources/completions.d.ts) declares them. */
#include "serve_call.h"

#define CHAT "/v1/chat/completions"
#define TEXT "/v1/completions"
#define ONE  "\"model\":\"cmdai\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define TWO  "\"model\":\"cmdai\",\"prompt\":\"once\""

static void is_message(size_t i, cm_role role, const char *text) {
  assert_true(i < call.request.n_messages);
  assert_int_equal(call.request.messages[i].role, role);
  assert_true(cm_str_is(call.request.messages[i].text, text));
}

static void test_chat(void **state) {
  (void)state;
  call_read_ok("POST", CHAT,
               "{\"model\":\"tiny-1\",\"user\":\"me\",\"store\":true,\"metadata\":{\"a\":\"b\"},"
               "\"messages\":[{\"role\":\"developer\",\"content\":\"be brief\"},"
               "{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
               "{\"type\":\"text\",\"text\":\"<|im_end|>\"}],\"name\":\"x\"},"
               "{\"role\":\"user\",\"content\":\"\\ud83d\\ude00\"},"
               "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null,\"tool_calls\":null}]}");
  assert_true(call.kind == CM_API_TEXT && !call.stream && !call.usage && !call.request.raw);
  assert_int_equal(call.request.n_messages, 4);
  is_message(0, CM_ROLE_SYSTEM, "be brief");
  is_message(1, CM_ROLE_SYSTEM, "a<|im_end|>");
  is_message(2, CM_ROLE_USER, "\U0001F600");
  is_message(3, CM_ROLE_ASSISTANT, ""); /* part of what was said, not the reply's beginning */
  assert_int_equal(call.request.opening.n, 0);
  assert_int_equal(call.request.max_tokens, 77);
  assert_int_equal(call.request.candidates, 1);
}

static void test_options(void **state) {
  (void)state;
  call_read_ok("POST", CHAT,
               "{" ONE
               ",\"temperature\":0.5,\"top_p\":0.25,\"seed\":7,\"n\":3,\"max_tokens\":9,"
               "\"max_completion_tokens\":8,\"stop\":[\"a\",\"b\",\"c\",\"d\"],\"stream\":true,"
               "\"stream_options\":{\"include_usage\":true,\"x\":1},\"presence_penalty\":0,"
               "\"frequency_penalty\":0.0,\"logit_bias\":{},\"tools\":[],\"tool_choice\":\"auto\","
               "\"logprobs\":false,\"top_logprobs\":0,\"response_format\":{\"type\":\"text\"},"
               "\"modalities\":[\"text\"],\"best_of\":1,\"reasoning_effort\":\"none\","
               "\"chat_template_kwargs\":{\"enable_thinking\":false,\"x\":1},\"reasoning\":{},"
               "\"service_tier\":\"auto\",\"top_k\":5,"
               "\"min_p\":0.125,\"repetition_penalty\":1.5}");
  const cm_request *q = &call.request;
  assert_true(call.stream && call.usage);
  assert_true(q->sampling.temperature == 0.5f && q->sampling.top_p == 0.25f);
  assert_true(q->sampling.min_p == 0.125f && q->sampling.repeat_penalty == 1.5f);
  assert_int_equal(q->sampling.top_k, 5);
  assert_int_equal(q->sampling.seed, 7);
  assert_int_equal(q->candidates, 3);
  assert_int_equal(q->max_tokens, 8);
  assert_int_equal(q->n_stops, 4);
  assert_true(cm_str_is(q->stops[3], "d"));
}

/* More tokens than the context holds are as many as it holds. */
static void test_many_tokens(void **state) {
  (void)state;
  call_read_ok("POST", CHAT, "{" ONE ",\"max_tokens\":9000000000}");
  assert_int_equal(call.request.max_tokens, 512);
  call_read_ok("POST", TEXT, "{" TWO ",\"max_tokens\":512}");
  assert_int_equal(call.request.max_tokens, 512);
}

/* vLLM's way to begin the reply. */
static void test_opening(void **state) {
  (void)state;
#define LAST                                                                  \
  "{\"model\":\"cmdai\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}," \
  "{\"role\":\"assistant\",\"content\":\"```\"}],"
  call_read_ok("POST", CHAT,
               LAST "\"continue_final_message\":true,\"add_generation_prompt\":false}");
  assert_int_equal(call.request.n_messages, 1);
  assert_true(cm_str_is(call.request.opening, "```"));
  call_refused(CHAT, LAST "\"add_generation_prompt\":false}", "add_generation_prompt");
  call_refused(CHAT, "{" ONE ",\"continue_final_message\":true}", "continue_final_message");
#undef LAST
}

static void test_completion(void **state) {
  (void)state;
  call_read_ok("POST", TEXT,
               "{" TWO
               ",\"top_logprobs\":0,\"echo\":false,\"suffix\":null,\"function_call\":\"none\"}");
  assert_true(call.request.raw && call.kind == CM_API_TEXT);
  assert_true(cm_str_is(call.request.opening, "once"));
  assert_int_equal(call.request.n_messages, 0);
  call_read_ok("POST", TEXT, "{\"model\":\"cmdai\",\"prompt\":[\"twice\"]}");
  assert_true(cm_str_is(call.request.opening, "twice"));
}

static void test_errors(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"\"temperature\":2.5", "temperature"},
      {"\"temperature\":true", "temperature"},
      {"\"top_p\":-1", "top_p"},
      {"\"n\":0", "n"},
      {"\"n\":5", "n"}, /* there are four slots */
      {"\"n\":1.5", "n"},
      {"\"max_tokens\":0", "max_tokens"},
      {"\"max_tokens\":\"9\"", "max_tokens"},
      {"\"max_completion_tokens\":-1", "max_completion_tokens"},
      {"\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop"},
      {"\"stop\":\"\"", "stop"},
      {"\"stop\":{}", "stop"},
      {"\"seed\":0.5", "seed"},
      {"\"stream\":\"yes\"", "stream"},
      {"\"stream_options\":true", "stream_options"},
      {"\"stream_options\":{\"include_usage\":1}", "stream_options.include_usage"},
      {"\"presence_penalty\":0.5", "presence_penalty"},
      {"\"frequency_penalty\":-1", "frequency_penalty"},
      {"\"logit_bias\":{\"5\":1}", "logit_bias"},
      {"\"tools\":[{}]", "tools"},
      {"\"tool_choice\":\"required\"", "tool_choice"},
      {"\"tool_choice\":{\"type\":\"function\"}", "tool_choice"},
      {"\"functions\":[{}]", "functions"},
      {"\"function_call\":{\"name\":\"x\"}", "function_call"},
      {"\"response_format\":{\"type\":\"json_object\"}", "response_format.type"},
      {"\"response_format\":\"json\"", "response_format"},
      {"\"modalities\":[\"text\",\"audio\"]", "modalities"},
      {"\"audio\":{\"voice\":\"x\"}", "audio"},
      {"\"best_of\":2", "best_of"},
      {"\"echo\":true", "echo"},
      {"\"reasoning\":{\"effort\":\"low\"}", "reasoning"},
      {"\"reasoning_effort\":\"high\"", "reasoning_effort"},
      {"\"chat_template_kwargs\":{\"enable_thinking\":true}",
       "chat_template_kwargs.enable_thinking"},
      {"\"chat_template_kwargs\":[]", "chat_template_kwargs"},
      {"\"suffix\":\"x\"", "suffix"}};
  char body[400];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(body, sizeof body, "{" ONE ",%s}", rows[i][0]);
    call_refused(CHAT, body, rows[i][1]);
    snprintf(body, sizeof body, "{" TWO ",%s}", rows[i][0]);
    call_refused(TEXT, body, rows[i][1]);
  }
}

static void test_message_errors(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"{\"role\":\"tool\",\"content\":\"x\"}", "messages[0].role"},
      {"{\"role\":\"function\",\"content\":\"x\"}", "messages[0].role"},
      {"{\"role\":7,\"content\":\"x\"}", "messages[0].role"},
      {"{\"role\":\"user\"}", "messages[0].content"},
      {"{\"role\":\"user\",\"content\":null}", "messages[0].content"},
      {"{\"role\":\"user\",\"content\":{}}", "messages[0].content"},
      {"{\"role\":\"user\",\"content\":[\"x\"]}", "messages[0].content[0]"},
      {"{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}", "messages[0].content[0].text"},
      {"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}",
       "messages[0].content[0].type"},
      {"{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{}]}", "messages[0].tool_calls"},
      {"7", "messages[0]"}};
  char body[400];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(body, sizeof body, "{\"model\":\"cmdai\",\"messages\":[%s]}", rows[i][0]);
    call_refused(CHAT, body, rows[i][1]);
  }
  call_refused(CHAT, "{\"model\":\"cmdai\"}", "messages");
  call_refused(CHAT, "{\"model\":\"cmdai\",\"messages\":[]}", "messages");
  call_refused(CHAT, "{\"messages\":[]}", "model");
  call_refused(TEXT, "{\"model\":\"cmdai\"}", "prompt");
  call_refused(TEXT, "{\"model\":\"cmdai\",\"prompt\":\"\"}", "prompt");
  call_refused(TEXT, "{\"model\":\"cmdai\",\"prompt\":[]}", "prompt");
  call_refused(TEXT, "{\"model\":\"cmdai\",\"prompt\":[\"a\",\"b\"]}", "prompt");
  call_refused(TEXT, "{\"model\":\"cmdai\",\"prompt\":[1,2,3]}", "prompt");
}

/* --- answers --------------------------------------------------------------------------------- */

static void is_usage(const cm_json *v, int64_t output) {
  call_is_int(v, "usage.prompt_tokens", 11);
  call_is_int(v, "usage.completion_tokens", output);
  call_is_int(v, "usage.total_tokens", 11 + output);
  call_is_int(v, "usage.prompt_tokens_details.cached_tokens", 7);
}

static void is_object(const cm_json *v, const char *object) {
  call_shape(v, "id:s object:s created:i model:s system_fingerprint:s choices:a");
  call_is_str(v, "object", object);
  call_is_str(v, "system_fingerprint", "cmdai 1+b");
  call_is_str(v, "model", "cmdai");
  call_is_int(v, "created", 1700000100);
}

static void test_whole_chat(void **state) {
  (void)state;
  call_read_ok("POST", CHAT, "{" ONE ",\"n\":2}");
  cm_job job = call_job(2);
  call.api->whole(&call, &job, NULL, &call_out);
  cm_json *v = call_document();
  is_object(v, "chat.completion");
  call_is_str(v, "id", "chatcmpl-17");
  assert_int_equal(cm_json_count(call_at(v, "choices")), 2);
  call_is_str(v, "choices.0.message.content", "ls \"a\"\n");
  call_is_str(v, "choices.0.message.role", "assistant");
  call_is_null(v, "choices.0.message.refusal");
  call_is_null(v, "choices.0.logprobs");
  call_is_str(v, "choices.0.finish_reason", "stop");
  call_is_str(v, "choices.1.message.content", "pwd");
  call_is_str(v, "choices.1.finish_reason", "length");
  call_is_int(v, "choices.1.index", 1);
  is_usage(v, 9);
  cm_json_free(v);
}

static void test_whole_text(void **state) {
  (void)state;
  call_read_ok("POST", TEXT, "{" TWO "}");
  cm_job job = call_job(1);
  call.api->whole(&call, &job, NULL, &call_out);
  cm_json *v = call_document();
  is_object(v, "text_completion");
  call_is_str(v, "id", "cmpl-17");
  call_is_str(v, "choices.0.text", "ls \"a\"\n");
  call_is_str(v, "choices.0.finish_reason", "stop");
  call_is_null(v, "choices.0.logprobs");
  is_usage(v, 5);
  cm_json_free(v);
}

/* The document of the next event; NULL for the one that ends the stream. */
static cm_json *event(cm_str *rest) {
  const cm_str head = CM_STR("data: "), done = CM_STR("[DONE]");
  const size_t end = cm_str_find(*rest, CM_STR("\n\n"));
  assert_true(cm_str_starts(*rest, head) && end != SIZE_MAX);
  const cm_str data = {rest->p + head.n, end - head.n};
  *rest = (cm_str){rest->p + end + 2, rest->n - end - 2};
  return cm_str_eq(data, done) ? NULL : call_parse(data);
}

/* One chunk of a choice, and whether it is its first or its last. */
static void is_chunk(cm_str *rest, int64_t index, const char *role, const char *text,
                     const char *reason) {
  const bool chat = strcmp(call.api->path, CHAT) == 0;
  cm_json *v = event(rest);
  is_object(v, chat ? "chat.completion.chunk" : "text_completion");
  call_is_int(v, "choices.0.index", index);
  if (role) call_is_str(v, "choices.0.delta.role", role);
  if (text) call_is_str(v, chat ? "choices.0.delta.content" : "choices.0.text", text);
  else if (chat) assert_int_equal(cm_json_count(call_at(v, "choices.0.delta")), 0);
  if (reason) call_is_str(v, "choices.0.finish_reason", reason);
  else call_is_null(v, "choices.0.finish_reason");
  const cm_json_kind usage = cm_json_kind_of(cm_json_get(v, "usage"));
  assert_int_equal(usage, call.usage ? CM_JSON_NULL : CM_JSON_NONE);
  cm_json_free(v);
}

static void test_stream_chat(void **state) {
  (void)state;
  call_read_ok("POST", CHAT,
               "{" ONE ",\"n\":2,\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
  cm_job job = call_job(2);
  call.api->begin(&call, &call_out);
  call_piece(1, "pwd");
  call_piece(0, "ls \"a\"\n");
  call.api->end(&call, &job, &call_out);
  cm_str rest = {call_out.p, call_out.n};
  is_chunk(&rest, 0, "assistant", "", NULL);
  is_chunk(&rest, 1, "assistant", "", NULL);
  is_chunk(&rest, 1, NULL, "pwd", NULL);
  is_chunk(&rest, 0, NULL, "ls \"a\"\n", NULL);
  is_chunk(&rest, 0, NULL, NULL, "stop");
  is_chunk(&rest, 1, NULL, NULL, "length");
  cm_json *v = event(&rest);
  is_object(v, "chat.completion.chunk");
  assert_int_equal(cm_json_count(call_at(v, "choices")), 0);
  is_usage(v, 9);
  cm_json_free(v);
  assert_null(event(&rest));
  assert_int_equal(rest.n, 0);
}

static void test_stream_text(void **state) {
  (void)state;
  call_read_ok("POST", TEXT, "{" TWO ",\"stream\":true}");
  cm_job job = call_job(1);
  call.api->begin(&call, &call_out);
  call_piece(0, "x");
  call.api->end(&call, &job, &call_out);
  cm_str rest = {call_out.p, call_out.n};
  is_chunk(&rest, 0, NULL, "x", NULL);
  is_chunk(&rest, 0, NULL, "", "stop");
  assert_null(event(&rest));
  assert_int_equal(rest.n, 0);
}

static void is_error(const cm_json *v, const char *type, const char *code) {
  call_shape(call_at(v, "error"), "message:s type:s");
  call_is_str(v, "error.type", type);
  if (code) call_is_str(v, "error.code", code);
  else call_is_null(v, "error.code");
}

static void test_broken(void **state) {
  (void)state;
  call_read_ok("POST", CHAT, "{" ONE ",\"stream\":true}");
  cm_err e;
  (void)cm_fail(&e, CM_E_TIMEOUT, 0, "too slow");
  call.api->broken(&call, &e, &call_out);
  cm_str rest = {call_out.p, call_out.n};
  cm_json *v = event(&rest);
  is_error(v, "server_error", "timeout");
  call_is_null(v, "error.param");
  cm_json_free(v);
  assert_int_equal(rest.n, 0);
}

static void test_fail(void **state) {
  (void)state;
  static const struct {
    const char *body, *param, *code;
  } rows[] = {{"{" ONE ",\"temperature\":\"x\"}", "temperature", NULL},
              {"{\"model\":\"gpt-4o\",\"messages\":[]}", "model", "model_not_found"},
              {"nonsense", NULL, NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const cm_code code = call_read("POST", CHAT, rows[i].body);
    (call.api->fail)(&call, cm_api_status(&call, code), &call_error, &call_out);
    cm_json *v = call_document();
    is_error(v, "invalid_request_error", rows[i].code);
    call_is_str(v, "error.message", call_error.msg);
    if (rows[i].param) call_is_str(v, "error.param", rows[i].param);
    else call_is_null(v, "error.param");
    cm_json_free(v);
  }
}

/* A prompt that is too long has the code that clients look for; a token that is wrong, too. */
static void test_fail_codes(void **state) {
  (void)state;
  static const struct {
    cm_code code;
    int status;
    const char *type, *name;
  } rows[] = {{CM_E_LIMIT, 400, "invalid_request_error", "context_length_exceeded"},
              {CM_E_USAGE, 401, "invalid_request_error", "invalid_api_key"},
              {CM_E_LIMIT, 503, "server_error", "context_length_exceeded"},
              {CM_E_INTERNAL, 500, "server_error", NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_err e;
    const cm_api *like;
    int status;
    (void)cm_fail(&e, rows[i].code, 0, "why");
    call_again(state);
    assert_null(cm_api_find(CM_STR("GET"), CM_STR("/v1/none"), &status, &like));
    (like->fail)(NULL, rows[i].status, &e, &call_out);
    cm_json *v = call_document();
    is_error(v, rows[i].type, rows[i].name);
    cm_json_free(v);
  }
}

/* --- models ---------------------------------------------------------------------------------- */

static void is_model(const cm_json *v, const char *id) {
  double scale, bias;
  call_shape(v, "id:s object:s created:i owned_by:s cmdai:o");
  call_is_str(v, "id", id);
  call_is_str(v, "object", "model");
  call_is_int(v, "created", 1700000000);
  call_is_str(v, "cmdai.name", "tiny-1");
  call_is_str(v, "cmdai.sha256", call_model.sha256);
  call_is_str(v, "cmdai.quant", "Q8_0");
  call_is_int(v, "cmdai.placeholders", 3);
  assert_true(cm_json_f64(call_at(v, "cmdai.scale"), &scale) && scale == 0.5);
  assert_true(cm_json_f64(call_at(v, "cmdai.bias"), &bias) && bias == -1.25);
}

static void test_models(void **state) {
  (void)state;
  call_read_ok("GET", "/v1/models", "");
  cm_json *v = call_document();
  call_is_str(v, "object", "list");
  assert_int_equal(cm_json_count(call_at(v, "data")), 1);
  is_model(call_at(v, "data.0"), "tiny-1");
  cm_json_free(v);
  call_read_ok("GET", "/v1/models/house", "");
  v = call_document();
  is_model(v, "house");
  cm_json_free(v);
  assert_int_equal(call_read("GET", "/v1/models/other/one", ""), CM_E_NOTFOUND);
  assert_int_equal(call_out.n, 0);
}

static void test_cannot(void **state) {
  (void)state;
  assert_int_equal(call_read("POST", "/v1/embeddings", "{}"), CM_E_UNSUPPORTED);
  assert_int_equal(call_read("POST", "/v1/responses", "{}"), CM_E_UNSUPPORTED);
  assert_non_null(strstr(call_error.msg, "/v1/chat/completions"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chat),           cmocka_unit_test(test_options),
      cmocka_unit_test(test_many_tokens),    cmocka_unit_test(test_opening),
      cmocka_unit_test(test_completion),     cmocka_unit_test(test_errors),
      cmocka_unit_test(test_message_errors), cmocka_unit_test(test_whole_chat),
      cmocka_unit_test(test_whole_text),     cmocka_unit_test(test_stream_chat),
      cmocka_unit_test(test_stream_text),    cmocka_unit_test(test_broken),
      cmocka_unit_test(test_fail),           cmocka_unit_test(test_fail_codes),
      cmocka_unit_test(test_models),         cmocka_unit_test(test_cannot),
  };
  return cmocka_run_group_tests(tests, call_set_up, call_tear_down);
}
