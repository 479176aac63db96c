/* rooms: base sh safety data backend answer serve */
#include "serve_call.h"

#define ASK "/v1/cmdai/ask"

static void test_defaults(void **state) {
  (void)state;
  call_read_ok("POST", ASK, "{\"request\":\"  list files \\n\"}");
  const cm_question *q = &call.question;
  assert_true(call.kind == CM_API_ASK && !call.stream);
  assert_true(cm_str_is(q->request, "list files"));
  assert_int_equal(q->context.n, 0);
  assert_string_equal(q->shell, "zsh");
  assert_int_equal(q->candidates, 1);
  assert_int_equal(q->max_tokens, 77);
  assert_int_equal(q->level, CM_MODERATE_LEVEL);
  assert_true(q->sampling.temperature == 0 && q->sampling.repeat_penalty == 1);
}

static void test_all(void **state) {
  (void)state;
  call_read_ok("POST", ASK,
               "{\"model\":\"cmdai\",\"request\":\"a\",\"context\":\"b\\n\",\"shell\":\"fish\","
               "\"candidates\":4,\"safety\":\"strict\",\"max_tokens\":5,\"temperature\":1.5,"
               "\"top_p\":0.5,\"top_k\":3,\"min_p\":0.25,\"seed\":9,\"repeat_penalty\":2,"
               "\"repeat_last\":12}");
  const cm_question *q = &call.question;
  assert_true(cm_str_is(q->context, "b"));
  assert_string_equal(q->shell, "fish");
  assert_int_equal(q->candidates, 4);
  assert_int_equal(q->level, CM_STRICT);
  assert_int_equal(q->max_tokens, 5);
  assert_true(q->sampling.temperature == 1.5f && q->sampling.top_p == 0.5f);
  assert_true(q->sampling.min_p == 0.25f && q->sampling.repeat_penalty == 2);
  assert_int_equal(q->sampling.top_k, 3);
  assert_int_equal(q->sampling.seed, 9);
  assert_int_equal(q->sampling.repeat_last, 12);
}

static void test_errors(void **state) {
  (void)state;
  static const char *const rows[][2] = {{"\"shell\":\"csh\"", "shell"},
                                        {"\"shell\":1", "shell"},
                                        {"\"candidates\":0", "candidates"},
                                        {"\"candidates\":5", "candidates"},
                                        {"\"safety\":\"none\"", "safety"},
                                        {"\"max_tokens\":0", "max_tokens"},
                                        {"\"temperature\":\"hot\"", "temperature"},
                                        {"\"repeat_last\":4097", "repeat_last"},
                                        {"\"stream\":true", "stream"},
                                        {"\"requst\":\"a\"", "requst"},
                                        {"\"context\":[]", "context"}};
  char body[200];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(body, sizeof body, "{\"request\":\"a\",%s}", rows[i][0]);
    call_refused(ASK, body, rows[i][1]);
    assert_int_equal(call.kind, CM_API_INFO); /* nothing goes on from here */
  }
  call_refused(ASK, "{}", "request");
  call_refused(ASK, "{\"request\":\" \\n\"}", "request");
  call_refused(ASK, "{\"request\":7}", "request");
}

/* A question may make the server's level stricter, never looser. */
static void test_levels(void **state) {
  (void)state;
  static const char *const names[] = {"strict", "moderate", "permissive"};
  char body[100];
  for (unsigned server = 0; server < 3; server++)
    for (unsigned asked = 0; asked < 3; asked++) {
      call_about.level = (cm_level)server;
      snprintf(body, sizeof body, "{\"request\":\"a\",\"safety\":\"%s\"}", names[asked]);
      const cm_code code = call_read("POST", ASK, body);
      assert_int_equal(code, asked > server ? CM_E_USAGE : CM_OK);
      if (!code) assert_int_equal(call.question.level, asked);
    }
  call_about.level = CM_MODERATE_LEVEL;
}

/* A member of as many bytes as are read, and one more. */
static void is_limited(const char *key, size_t max) {
  cm_buf b;
  cm_buf_init(&b, 4 << 20);
  for (size_t extra = 0; extra < 2; extra++) {
    cm_buf_reset(&b);
    cm_buf_printf(&b, "{\"%s\":\"", key);
    for (size_t i = 0; i < max + extra; i++) cm_buf_putc(&b, 'a');
    cm_buf_puts(&b, "\"}");
    if (extra) call_refused(ASK, b.p, key);
    else call_read_ok("POST", ASK, b.p);
  }
  cm_buf_close(&b);
}

static void test_long_words(void **state) {
  (void)state;
  is_limited("request", CM_REQUEST_MAX);
  is_limited("context", CM_CONTEXT_MAX);
}

/* The document of an answer, blocked or not; the hash of the file is the server's. */
static void test_document(void **state) {
  (void)state;
  cm_safety *safety;
  const cm_sh_context where = {.home = CM_STR("/home/u"), .cwd = CM_STR("/tmp")};
  cm_answer a;
  assert_int_equal(cm_safety_open(&safety, NULL, 0, NULL, 0, NULL), CM_OK);
  call_read_ok("POST", ASK, "{\"request\":\"delete it all\"}");
  call.question.safety = safety, call.question.where = &where;
  assert_int_equal(cm_answer_read(&call.question, CM_STR("```bash\nrm -rf /\n```"), call.arena, &a,
                                  &call_error),
                   CM_OK);
  a.backend = "cpu", a.model = call_model, a.model.sha256[0] = 0;
  a.choices[0].logprob = -0.5;
  cm_job job = call_job(1);
  call.api->whole(&call, &job, &a, &call_out);
  cm_json *v = call_document();
  call_shape(v,
             "schema:s request:s command:s confidence:f uncertain:b refused:b candidates:a "
             "explanation:n risk:s decision:s findings:a executed:b exit_status:n backend:s "
             "model:o fallback:a timing_ms:o tokens:o error:n");
  call_is_str(v, "schema", "cmdai.answer/1");
  call_is_str(v, "request", "delete it all");
  call_is_str(v, "command", "rm -rf /");
  call_is_str(v, "risk", "critical");
  call_is_str(v, "decision", "block");
  call_is_bool(v, "executed", false);
  call_is_str(v, "model.sha256", call_model.sha256);
  double total;
  assert_true(cm_json_f64(call_at(v, "timing_ms.total"), &total) && total == 5);
  cm_json_free(v);
  cm_safety_close(safety);
}

/* A failure is a document, too; with what there is of an answer. */
static void test_fail(void **state) {
  (void)state;
  cm_err e;
  (void)cm_fail(&e, CM_E_NOTFOUND, 0, "the reply holds no command");
  call_read_ok("POST", ASK, "{\"request\":\"what?\"}");
  const cm_answer part = {.backend = "cpu", .model = call_model, .output_tokens = 6};
  call.partial = &part;
  for (int known = 1; known >= 0; known--) {
    cm_buf_reset(&call_out);
    (call.api->fail)(known ? &call : NULL, 200, &e, &call_out);
    cm_json *v = call_document();
    call_is_str(v, "error", "the reply holds no command");
    call_is_str(v, "request", known ? "what?" : "");
    call_is_str(v, "decision", "confirm");
    call_is_null(v, "command");
    call_is_int(v, "tokens.output", known ? 6 : 0);
    if (known) call_is_str(v, "model.id", "tiny-1");
    else call_is_null(v, "model");
    cm_json_free(v);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),   cmocka_unit_test(test_all),
      cmocka_unit_test(test_errors),     cmocka_unit_test(test_levels),
      cmocka_unit_test(test_long_words), cmocka_unit_test(test_document),
      cmocka_unit_test(test_fail),
  };
  return cmocka_run_group_tests(tests, call_set_up, call_tear_down);
}
