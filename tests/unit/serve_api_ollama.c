/* rooms: base sh safety data backend answer serve */
/* Requests and the members of answers are those of Ollama's docs/api.md. */
#include "serve_call.h"

#define CHAT     "/api/chat"
#define GENERATE "/api/generate"
#define ONE      "\"model\":\"cmdai\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static void is_message(size_t i, cm_role role, const char *text) {
  assert_true(i < call.request.n_messages);
  assert_int_equal(call.request.messages[i].role, role);
  assert_true(cm_str_is(call.request.messages[i].text, text));
}

/* "Chat request (with history)", and who asks for nothing gets a stream. */
static void test_chat(void **state) {
  (void)state;
  call_read_ok("POST", CHAT,
               "{\"model\": \"cmdai\", \"messages\": ["
               "{\"role\": \"system\", \"content\": \"be brief\"},"
               "{\"role\": \"user\", \"content\": \"why is the sky blue?\"},"
               "{\"role\": \"assistant\", \"content\": \"due to rayleigh scattering.\"},"
               "{\"role\": \"user\", \"content\": \"<|im_start|>mie \\u00e9\\ud83d\\ude00\"}]}");
  assert_int_equal(call.kind, CM_API_TEXT);
  assert_true(call.stream && !call.request.raw);
  assert_int_equal(call.request.n_messages, 4);
  is_message(0, CM_ROLE_SYSTEM, "be brief");
  is_message(1, CM_ROLE_USER, "why is the sky blue?");
  is_message(2, CM_ROLE_ASSISTANT, "due to rayleigh scattering.");
  is_message(3, CM_ROLE_USER, "<|im_start|>mie \u00e9\U0001F600");
  assert_int_equal(call.request.opening.n, 0);
  assert_int_equal(call.request.candidates, 1);
  assert_int_equal(call.request.max_tokens, 77);
  assert_true(call.request.sampling.temperature == 0);
  assert_int_equal(call_out.n, 0);
}

/* A last message of the assistant is gone on with. */
static void test_chat_opening(void **state) {
  (void)state;
  call_read_ok(
      "POST", CHAT,
      "{\"model\":\"cmdai\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":"
      "\"list\"},{\"role\":\"assistant\",\"content\":\"```bash\\n\"}]}");
  assert_false(call.stream);
  assert_int_equal(call.request.n_messages, 1);
  assert_true(cm_str_is(call.request.opening, "```bash\n"));
}

static void test_generate(void **state) {
  (void)state;
  call_read_ok("POST", GENERATE, "{\"model\":\"tiny-1\",\"prompt\":\"Why?\",\"system\":\"Who\"}");
  assert_true(call.stream && !call.request.raw && call.kind == CM_API_TEXT);
  assert_int_equal(call.request.n_messages, 2);
  is_message(0, CM_ROLE_SYSTEM, "Who");
  is_message(1, CM_ROLE_USER, "Why?");
  call_read_ok("POST", GENERATE,
               "{\"model\":\"cmdai\",\"prompt\":\"[INST] why? [/INST]\",\"raw\":true,"
               "\"stream\":false,\"context\":[],\"keep_alive\":\"5m\"}");
  assert_true(call.request.raw && !call.stream);
  assert_true(cm_str_is(call.request.opening, "[INST] why? [/INST]"));
  assert_int_equal(call.request.n_messages, 0);
}

/* The documented options that mean something here, and those about machines that don't. */
static void test_options(void **state) {
  (void)state;
  call_read_ok(
      "POST", GENERATE,
      "{\"model\":\"cmdai\",\"prompt\":\"x\",\"unknown\":[{}],\"options\":{\"num_keep\":5,"
      "\"seed\":42,\"num_predict\":100,\"top_k\":20,\"top_p\":0.9,\"min_p\":0.25,"
      "\"typical_p\":1.0,\"repeat_last_n\":33,\"temperature\":0.5,\"repeat_penalty\":1.25,"
      "\"presence_penalty\":0,\"frequency_penalty\":0.0,\"mirostat\":0,"
      "\"penalize_newline\":true,\"stop\":[\"\\n\",\"user:\"],\"numa\":false,"
      "\"num_ctx\":512,\"num_batch\":2,\"num_gpu\":1,\"use_mmap\":true}}");
  const cm_request *q = &call.request;
  assert_int_equal(q->sampling.seed, 42);
  assert_int_equal(q->max_tokens, 100);
  assert_int_equal(q->sampling.top_k, 20);
  assert_true(q->sampling.top_p == 0.9f && q->sampling.min_p == 0.25f);
  assert_int_equal(q->sampling.repeat_last, 33);
  assert_true(q->sampling.temperature == 0.5f && q->sampling.repeat_penalty == 1.25f);
  assert_int_equal(q->n_stops, 2);
  assert_true(cm_str_is(q->stops[0], "\n") && cm_str_is(q->stops[1], "user:"));
}

static void options(const char *text) {
  char body[300];
  snprintf(body, sizeof body, "{" ONE ",\"options\":{%s}}", text);
  call_read_ok("POST", CHAT, body);
  assert_int_equal(cm_sample_check(&call.request.sampling, NULL), CM_OK);
}

/* Numbers with a meaning of their own. */
static void test_option_limits(void **state) {
  (void)state;
  options("\"num_predict\":-1");
  assert_int_equal(call.request.max_tokens, 512);
  options("\"num_predict\":-2");
  assert_int_equal(call.request.max_tokens, 512);
  options("\"num_predict\":9000000000");
  assert_int_equal(call.request.max_tokens, 512);
  options("\"repeat_last_n\":-1,\"top_k\":-1,\"seed\":-1");
  assert_int_equal(call.request.sampling.repeat_last, 512);
  assert_int_equal(call.request.sampling.top_k, 0);
  assert_true(call.request.sampling.seed == UINT64_MAX);
  options("\"stop\":\"one\"");
  assert_int_equal(call.request.n_stops, 1);
  options("\"top_p\":0"); /* the likeliest token alone */
  assert_true(call.request.sampling.top_p > 0 && call.request.sampling.top_p < 1e-9f);
  options("\"top_p\":null,\"stop\":null,\"seed\":null");
  assert_true(call.request.sampling.top_p == 1 && call.request.n_stops == 0);
}

static void test_option_errors(void **state) {
  (void)state;
  static const char *const rows[][2] = {{"\"temperature\":\"0\"", "options.temperature"},
                                        {"\"temperature\":-0.1", "options.temperature"},
                                        {"\"temperature\":1e9", "options.temperature"},
                                        {"\"top_p\":1.5", "options.top_p"},
                                        {"\"top_k\":1.5", "options.top_k"},
                                        {"\"top_k\":-2", "options.top_k"},
                                        {"\"min_p\":1", "options.min_p"},
                                        {"\"seed\":\"1\"", "options.seed"},
                                        {"\"num_predict\":0", "options.num_predict"},
                                        {"\"num_predict\":-3", "options.num_predict"},
                                        {"\"num_ctx\":513", "options.num_ctx"},
                                        {"\"repeat_penalty\":0", "options.repeat_penalty"},
                                        {"\"repeat_last_n\":4097", "options.repeat_last_n"},
                                        {"\"stop\":[1]", "options.stop"},
                                        {"\"stop\":[\"\"]", "options.stop"},
                                        {"\"stop\":7", "options.stop"},
                                        {"\"presence_penalty\":1.5", "options.presence_penalty"},
                                        {"\"frequency_penalty\":1", "options.frequency_penalty"},
                                        {"\"mirostat\":1", "options.mirostat"},
                                        {"\"typical_p\":0.7", "options.typical_p"},
                                        {"\"tfs_z\":0.5", "options.tfs_z"}};
  char body[300];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(body, sizeof body, "{" ONE ",\"options\":{%s}}", rows[i][0]);
    call_refused(CHAT, body, rows[i][1]);
  }
  call_refused(CHAT,
               "{" ONE
               ",\"options\":{\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\","
               "\"9\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]}}",
               "options.stop");
}

/* What isn't there is said; its empty forms ask for nothing. */
static void test_unsupported(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"\"format\":\"json\"", "format"},   {"\"format\":{\"type\":\"object\"}", "format"},
      {"\"tools\":[{}]", "tools"},         {"\"think\":true", "think"},
      {"\"think\":\"high\"", "think"},     {"\"template\":\"{{.}}\"", "template"},
      {"\"suffix\":\"x\"", "suffix"},      {"\"images\":[\"aGk=\"]", "images"},
      {"\"stream\":1", "stream"},          {"\"stream\":\"false\"", "stream"},
      {"\"keep_alive\":[]", "keep_alive"}, {"\"options\":[]", "options"}};
  char body[300];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(body, sizeof body, "{" ONE ",%s}", rows[i][0]);
    call_refused(CHAT, body, rows[i][1]);
  }
  call_read_ok("POST", CHAT,
               "{" ONE
               ",\"format\":\"\",\"tools\":[],\"think\":false,\"logprobs\":false,"
               "\"images\":null,\"keep_alive\":-1,\"options\":null,\"stream\":null}");
  assert_true(call.stream);
}

static void test_message_errors(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"{\"role\":\"tool\",\"content\":\"x\"}", "messages[1].role"},
      {"{\"content\":\"x\"}", "messages[1].role"},
      {"{\"role\":\"user\",\"content\":[\"x\"]}", "messages[1].content"},
      {"{\"role\":\"user\",\"content\":7}", "messages[1].content"},
      {"{\"role\":\"user\",\"content\":\"x\",\"images\":[\"aGk=\"]}", "messages[1].images"},
      {"{\"role\":\"assistant\",\"tool_calls\":[{}]}", "messages[1].tool_calls"},
      {"\"user\"", "messages[1]"}};
  char body[300];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(body, sizeof body,
             "{\"model\":\"cmdai\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},%s]}",
             rows[i][0]);
    call_refused(CHAT, body, rows[i][1]);
  }
  call_refused(CHAT, "{\"model\":\"cmdai\",\"messages\":{}}", "messages");
  call_refused(CHAT, "{\"messages\":[]}", "model");
  call_refused(CHAT, "{\"model\":7}", "model");
  call_refused(GENERATE, "{\"model\":\"cmdai\",\"prompt\":[\"x\"]}", "prompt");
  call_refused(GENERATE, "{\"model\":\"cmdai\",\"prompt\":\"x\",\"context\":[1]}", "context");
  call_refused(GENERATE, "{\"model\":\"cmdai\",\"prompt\":\"x\",\"raw\":true,\"system\":\"y\"}",
               "system");
}

/* As many messages as are read, and one more. */
static void test_many_messages(void **state) {
  (void)state;
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  for (int extra = 0; extra < 2; extra++) {
    cm_buf_reset(&b);
    cm_buf_puts(&b, "{\"model\":\"cmdai\",\"messages\":[");
    for (int i = 0; i < CM_API_MESSAGES_MAX + extra; i++)
      cm_buf_printf(&b, "%s{\"role\":\"user\",\"content\":\"%d\"}", i ? "," : "", i);
    cm_buf_puts(&b, "]}");
    if (extra) call_refused(CHAT, b.p, "messages");
    else call_read_ok("POST", CHAT, b.p);
    if (!extra) is_message(1023, CM_ROLE_USER, "1023");
  }
  cm_buf_close(&b);
}

/* "Load a model": no prompt. */
static void test_load(void **state) {
  (void)state;
  static const char *const rows[][2] = {{GENERATE, "{\"model\":\"cmdai\"}"},
                                        {GENERATE, "{\"model\":\"cmdai\",\"prompt\":\"\"}"},
                                        {CHAT, "{\"model\":\"cmdai\",\"messages\":[]}"},
                                        {CHAT, "{\"model\":\"cmdai\"}"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    call_read_ok("POST", rows[i][0], rows[i][1]);
    assert_true(call.kind == CM_API_INFO && !call.stream);
    cm_json *v = call_document();
    call_shape(v, i < 2 ? "model:s created_at:s response:s done:b done_reason:s"
                        : "model:s created_at:s message:o done:b done_reason:s");
    call_is_bool(v, "done", true);
    call_is_str(v, "done_reason", "load");
    cm_json_free(v);
  }
}

/* --- answers --------------------------------------------------------------------------------- */

#define COSTS                                                                                 \
  " total_duration:i load_duration:i prompt_eval_count:i prompt_eval_duration:i eval_count:i" \
  " eval_duration:i"

static void is_last(const cm_json *v, const char *text, const char *reason, const char *at) {
  call_shape(v, "model:s created_at:s done:b done_reason:s" COSTS);
  call_is_str(v, at, text);
  call_is_bool(v, "done", true);
  call_is_str(v, "done_reason", reason);
  call_is_str(v, "model", "cmdai:latest");
  call_is_str(v, "created_at", "2023-11-14T22:15:00Z");
  call_is_int(v, "total_duration", 5000000);
  call_is_int(v, "load_duration", 0);
  call_is_int(v, "prompt_eval_count", 11);
  call_is_int(v, "prompt_eval_duration", 2000000);
  call_is_int(v, "eval_count", 5);
  call_is_int(v, "eval_duration", 3000000);
}

static void test_whole(void **state) {
  (void)state;
  for (int chat = 0; chat < 2; chat++) {
    call_read_ok("POST", chat ? CHAT : GENERATE,
                 "{\"model\":\"cmdai:latest\",\"prompt\":\"x\",\"stream\":false,"
                 "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    cm_job job = call_job(1);
    call_texts[0].finished = !chat;
    call.api->whole(&call, &job, NULL, &call_out);
    cm_json *v = call_document();
    is_last(v, "ls \"a\"\n", chat ? "length" : "stop", chat ? "message.content" : "response");
    if (chat) call_is_str(v, "message.role", "assistant");
    cm_json_free(v);
  }
}

/* One object a line; the text of the pieces is the text. */
static void test_stream(void **state) {
  (void)state;
  for (int chat = 0; chat < 2; chat++) {
    call_read_ok("POST", chat ? CHAT : GENERATE,
                 "{\"model\":\"cmdai:latest\",\"prompt\":\"x\","
                 "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    cm_job job = call_job(1);
    call.api->begin(&call, &call_out);
    call_piece(0, "ls \"");
    call_piece(0, "a\"\n\u202e\x1b");
    call.api->end(&call, &job, &call_out);
    static const char *const texts[] = {"ls \"", "a\"\n\u202e\x1b", ""};
    cm_str rest = {call_out.p, call_out.n}, line;
    size_t n = 0;
    const char *at = chat ? "message.content" : "response";
    for (; cm_str_line(&rest, &line); n++) {
      cm_json *v = call_parse(line);
      if (n == 2) is_last(v, "", "stop", at);
      else call_is_bool(v, "done", false);
      call_is_str(v, at, n < 3 ? texts[n] : "no more");
      cm_json_free(v);
    }
    assert_int_equal(n, 3);
    assert_int_equal(call_out.p[call_out.n - 1], '\n');
  }
}

/* The official client reads a line with "error" as the end of a stream. */
static void test_broken(void **state) {
  (void)state;
  call_read_ok("POST", CHAT, "{" ONE "}");
  cm_err e;
  (void)cm_fail(&e, CM_E_TIMEOUT, 0, "too slow");
  call.api->broken(&call, &e, &call_out);
  cm_json *v = call_document();
  call_is_str(v, "error", "too slow");
  cm_json_free(v);
  assert_int_equal(call_out.p[call_out.n - 1], '\n');
}

/* --- about the model ------------------------------------------------------------------------- */

#define DETAILS "parent_model:s format:s family:s families:a parameter_size:s quantization_level:s"

static void test_lists(void **state) {
  (void)state;
  for (int ps = 0; ps < 2; ps++) {
    call_read_ok("GET", ps ? "/api/ps" : "/api/tags", "");
    assert_int_equal(call.kind, CM_API_INFO);
    cm_json *v = call_document();
    const cm_json *m = call_at(v, "models.0");
    assert_int_equal(cm_json_count(call_at(v, "models")), 1);
    call_shape(m, ps ? "name:s model:s size:i digest:s details:o expires_at:s size_vram:i"
                     : "name:s model:s size:i digest:s details:o modified_at:s");
    call_shape(call_at(m, "details"), DETAILS);
    call_is_str(m, "name", "tiny-1:latest");
    call_is_int(m, "size", 1234567);
    call_is_str(m, "digest", call_model.sha256);
    call_is_str(m, "details.quantization_level", "Q8_0");
    cm_json_free(v);
  }
}

/* What the model sees of a conversation, also when it is one that would think. */
static void test_template(void **state) {
  (void)state;
  const cm_model_id *was = call_about.model;
  cm_model_id thinker = *was;
  thinker.thoughtless = true;
  for (int i = 0; i < 2; i++) {
    static const char *const ends[] = {"<|im_start|>assistant\n",
                                       "<|im_start|>assistant\n<think>\n\n</think>\n\n"};
    call_about.model = i ? &thinker : was;
    call_read_ok("POST", "/api/show", "{\"model\":\"cmdai\"}");
    cm_json *v = call_document();
    cm_str text;
    assert_true(cm_json_str(cm_json_get(v, "template"), &text));
    assert_true(cm_str_ends(text, cm_str_of(ends[i])));
    cm_json_free(v);
  }
  call_about.model = was;
}

static void test_show(void **state) {
  (void)state;
  double scale, bias;
  call_read_ok("POST", "/api/show", "{\"model\":\"cmdai\",\"verbose\":true}");
  cm_json *v = call_document();
  call_shape(v, "modelfile:s parameters:s template:s details:o model_info:o capabilities:a");
  call_shape(call_at(v, "details"), DETAILS);
  call_is_str(v, "capabilities.0", "completion");
  const cm_json *info = call_at(v, "model_info");
  cm_str name;
  assert_true(cm_json_str(cm_json_get(info, "general.name"), &name) && cm_str_is(name, "tiny-1"));
  int64_t n;
  assert_true(cm_json_i64(cm_json_get(info, "cmdai.placeholders"), &n) && n == 3);
  assert_true(cm_json_f64(cm_json_get(info, "cmdai.confidence.scale"), &scale) && scale == 0.5);
  assert_true(cm_json_f64(cm_json_get(info, "cmdai.confidence.bias"), &bias) && bias == -1.25);
  cm_json_free(v);
  call_refused("/api/show", "{}", "model");
}

static void test_version(void **state) {
  (void)state;
  call_read_ok("GET", "/api/version", "");
  cm_json *v = call_document();
  call_shape(v, "version:s");
  cm_json_free(v);
}

static void test_cannot(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"POST", "/api/pull"},       {"POST", "/api/push"},           {"POST", "/api/create"},
      {"POST", "/api/copy"},       {"DELETE", "/api/delete"},       {"POST", "/api/embed"},
      {"POST", "/api/embeddings"}, {"POST", "/api/blobs/sha256:00"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(call_read(rows[i][0], rows[i][1], "{\"model\":\"x\"}"), CM_E_UNSUPPORTED);
    const char *colon = strstr(call_error.msg, ": "); /* what to do instead */
    assert_true(colon && strlen(colon) > 10);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chat),          cmocka_unit_test(test_chat_opening),
      cmocka_unit_test(test_generate),      cmocka_unit_test(test_options),
      cmocka_unit_test(test_option_limits), cmocka_unit_test(test_option_errors),
      cmocka_unit_test(test_unsupported),   cmocka_unit_test(test_message_errors),
      cmocka_unit_test(test_many_messages), cmocka_unit_test(test_load),
      cmocka_unit_test(test_whole),         cmocka_unit_test(test_stream),
      cmocka_unit_test(test_broken),        cmocka_unit_test(test_lists),
      cmocka_unit_test(test_template),      cmocka_unit_test(test_show),
      cmocka_unit_test(test_version),       cmocka_unit_test(test_cannot),
  };
  return cmocka_run_group_tests(tests, call_set_up, call_tear_down);
}
