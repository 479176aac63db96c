/* rooms: base sh safety data backend answer serve */
/* Tokens and their probabilities, as the interfaces ask for and say them. */
#include "serve_call.h"

#define CHAT     "/v1/chat/completions"
#define TEXT     "/v1/completions"
#define OLLAMA   "/api/chat"
#define GENERATE "/api/generate"
#define MODEL    "{\"model\":\"cmdai\","
#define ASKED    MODEL "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
#define PROMPT   MODEL "\"prompt\":\"x\","

/* "ls €" in four tokens: the last two make one character. */
#define SAID_TEXT "ls \xe2\x82\xac"
static const cm_spelled likely[] = {
    {{"l", 1}, -0.25f}, {{"\xe2", 1}, -2}, {{"\xe3", 1}, -3}, {{"", 0}, -4}};
static const cm_said said[] = {
    {{{"l", 1}, -0.25f}, likely, 4, 1, 0},
    {{{"s ", 2}, -1.5f}, likely, 2, 3, 1},
    {{{"\xe2\x82", 2}, -0.5f}, likely, 2, 3, 3},
    {{{"\xac", 1}, -4}, NULL, 0, 6, 3},
};
enum { SAID = sizeof said / sizeof *said };

static void put_whole(void) {
  cm_job job = call_job(1);
  call_texts[0].text = CM_STR(SAID_TEXT);
  call_texts[0].said = said, call_texts[0].n_said = SAID;
  call.api->whole(&call, &job, NULL, &call_out);
}

/* The first two tokens, then the others. */
static void put_stream(void) {
  cm_job job = call_job(1);
  const cm_piece first = {0, CM_STR("ls "), said, 2},
                 rest = {0, CM_STR("\xe2\x82\xac"), said + 2, 2};
  call.api->begin(&call, &call_out);
  call.api->piece(&call, &first, &call_out);
  call.api->piece(&call, &rest, &call_out);
  call.api->end(&call, &job, &call_out);
}

static void is_real(const cm_json *v, const char *key, double expected) {
  double n;
  if (!cm_json_f64(cm_json_get(v, key), &n)) fail_msg("%s is no number", key);
  if (n < expected || n > expected) fail_msg("%s is %g", key, n);
}

/* --- reading --- */

static void reads(const char *path, const char *body, bool says, uint32_t n_likely) {
  call_read_ok("POST", path, body);
  if (call.request.says != says) fail_msg("%s %s: says is %d", path, body, !says);
  assert_int_equal(call.request.n_likely, n_likely);
}

static void test_reading(void **state) {
  (void)state;
  static const char *const chats[] = {CHAT, OLLAMA};
  for (size_t i = 0; i < 2; i++) {
    reads(chats[i], ASKED "\"seed\":1}", false, 0);
    reads(chats[i], ASKED "\"logprobs\":null,\"top_logprobs\":null}", false, 0);
    reads(chats[i], ASKED "\"logprobs\":false,\"top_logprobs\":0}", false, 0);
    reads(chats[i], ASKED "\"logprobs\":true}", true, 0);
    reads(chats[i], ASKED "\"logprobs\":true,\"top_logprobs\":20}", true, 20);
    call_refused(chats[i], ASKED "\"logprobs\":1}", "logprobs");
    call_refused(chats[i], ASKED "\"top_logprobs\":2}", "top_logprobs");
    call_refused(chats[i], ASKED "\"logprobs\":false,\"top_logprobs\":2}", "top_logprobs");
    call_refused(chats[i], ASKED "\"logprobs\":true,\"top_logprobs\":21}", "top_logprobs");
    call_refused(chats[i], ASKED "\"logprobs\":true,\"top_logprobs\":-1}", "top_logprobs");
    call_refused(chats[i], ASKED "\"logprobs\":true,\"top_logprobs\":\"2\"}", "top_logprobs");
  }
  reads(GENERATE, PROMPT "\"logprobs\":true,\"top_logprobs\":3}", true, 3);
}

/* Of a text to continue it is one number. */
static void test_reading_texts(void **state) {
  (void)state;
  reads(TEXT, PROMPT "\"seed\":1}", false, 0);
  reads(TEXT, PROMPT "\"logprobs\":null}", false, 0);
  reads(TEXT, PROMPT "\"logprobs\":0}", true, 0);
  reads(TEXT, PROMPT "\"logprobs\":5}", true, 5);
  reads(TEXT, PROMPT "\"logprobs\":false}", false, 0);
  call_refused(TEXT, PROMPT "\"logprobs\":21}", "logprobs");
  call_refused(TEXT, PROMPT "\"logprobs\":true}", "logprobs");
  call_refused(TEXT, PROMPT "\"logprobs\":1,\"top_logprobs\":1}", "top_logprobs");
}

/* What could become too long to be held is refused before anything is computed. */
static void test_too_much(void **state) {
  (void)state;
  const uint32_t ctx = call_about.ctx;
  call_about.ctx = 1 << 20;
  reads(CHAT, ASKED "\"logprobs\":true,\"top_logprobs\":19,\"n\":4,\"max_tokens\":5000}", true,
        19);
  call_refused(CHAT, ASKED "\"logprobs\":true,\"top_logprobs\":20,\"n\":4,\"max_tokens\":5000}",
               "top_logprobs");
  call_refused(TEXT, PROMPT "\"logprobs\":20,\"n\":4,\"max_tokens\":5000}", "logprobs");
  call_refused(OLLAMA, ASKED "\"logprobs\":true,\"options\":{\"num_predict\":-1}}",
               "top_logprobs");
  reads(CHAT, ASKED "\"n\":4,\"max_tokens\":1000000}", false, 0);
  call_about.ctx = ctx;
}

/* --- writing --- */

static void is_bytes(const cm_json *v, const char *path, const char *expected) {
  const cm_json *list = call_at(v, path);
  assert_int_equal(cm_json_count(list), strlen(expected));
  for (size_t i = 0; expected[i]; i++) {
    int64_t n;
    assert_true(cm_json_i64(cm_json_at(list, i), &n));
    assert_int_equal(n, (unsigned char)expected[i]);
  }
}

/* Tokens from..from+n of the list. */
static void is_list(const cm_json *list, size_t from, size_t n) {
  assert_int_equal(cm_json_count(list), n);
  for (size_t i = 0; i < n; i++) {
    const cm_json *v = cm_json_at(list, i);
    const cm_said *s = &said[from + i];
    char bytes[8] = "";
    memcpy(bytes, s->token.bytes.p, s->token.bytes.n);
    is_real(v, "logprob", (double)s->token.logprob);
    is_bytes(v, "bytes", bytes);
    assert_int_equal(cm_json_count(cm_json_get(v, "top_logprobs")), s->n_likely);
    for (size_t k = 0; k < s->n_likely; k++)
      is_real(cm_json_at(cm_json_get(v, "top_logprobs"), k), "logprob", (double)likely[k].logprob);
  }
}

static void is_whole_list(const cm_json *list) {
  is_list(list, 0, SAID);
  call_is_str(cm_json_at(list, 0), "token", "l");
  call_is_str(cm_json_at(list, 0), "top_logprobs.0.token", "l");
  is_bytes(cm_json_at(list, 0), "top_logprobs.2.bytes", "\xe3");
  call_is_str(cm_json_at(list, 1), "token", "s ");
  call_is_str(cm_json_at(list, 2), "token", "\uFFFD\uFFFD"); /* the bytes say which */
  call_is_str(cm_json_at(list, 3), "token", "\uFFFD");
}

static void test_chat(void **state) {
  (void)state;
  call_read_ok("POST", CHAT, ASKED "\"logprobs\":true,\"top_logprobs\":4}");
  put_whole();
  cm_json *v = call_document();
  is_whole_list(call_at(v, "choices.0.logprobs.content"));
  call_is_null(v, "choices.0.logprobs.refusal");
  cm_json_free(v);
}

static void test_ollama(void **state) {
  (void)state;
  for (int chat = 0; chat < 2; chat++) {
    call_read_ok("POST", chat ? OLLAMA : GENERATE,
                 MODEL
                 "\"prompt\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
                 "\"stream\":false,\"logprobs\":true,\"top_logprobs\":4}");
    put_whole();
    cm_json *v = call_document();
    is_whole_list(cm_json_get(v, "logprobs"));
    call_is_str(v, chat ? "message.content" : "response", SAID_TEXT);
    cm_json_free(v);
  }
}

/* Four lists; what isn't UTF-8 would be one name for many tokens, and is left out. */
static void test_text(void **state) {
  (void)state;
  call_read_ok("POST", TEXT, PROMPT "\"logprobs\":4}");
  put_whole();
  cm_json *v = call_document();
  const cm_json *lists = call_at(v, "choices.0.logprobs");
  static const char *const tokens[] = {"l", "s ", "\uFFFD\uFFFD", "\uFFFD"};
  static const int offsets[] = {0, 1, 3, 3}, counts[] = {1, 2, 2, 1};
  for (size_t i = 0; i < SAID; i++) {
    const cm_json *top = cm_json_at(cm_json_get(lists, "top_logprobs"), i);
    char path[40];
    double logprob;
    snprintf(path, sizeof path, "tokens.%zu", i);
    call_is_str(lists, path, tokens[i]);
    snprintf(path, sizeof path, "text_offset.%zu", i);
    call_is_int(lists, path, offsets[i]);
    assert_true(cm_json_f64(cm_json_at(cm_json_get(lists, "token_logprobs"), i), &logprob));
    assert_true(logprob == (double)said[i].token.logprob);
    is_real(top, tokens[i], logprob);
    assert_int_equal(cm_json_count(top), counts[i]);
  }
  is_real(call_at(lists, "top_logprobs.1"), "l", -0.25);
  cm_json_free(v);
  call_read_ok("POST", TEXT, PROMPT "\"logprobs\":0}");
  put_whole();
  v = call_document();
  assert_int_equal(cm_json_count(call_at(v, "choices.0.logprobs.tokens")), SAID);
  call_is_null(v, "choices.0.logprobs.top_logprobs");
  cm_json_free(v);
}

/* Each piece with its own; what has no text has none. */
static void test_streams(void **state) {
  (void)state;
  static const size_t from[] = {0, 2};
  call_read_ok("POST", CHAT, ASKED "\"stream\":true,\"logprobs\":true}");
  put_stream();
  cm_str rest = {call_out.p, call_out.n}, line;
  size_t n = 0;
  while (cm_str_line(&rest, &line)) {
    if (!cm_str_starts(line, CM_STR("data: {"))) continue;
    cm_json *v = call_parse((cm_str){line.p + 6, line.n - 6});
    if (n == 1 || n == 2) is_list(call_at(v, "choices.0.logprobs.content"), from[n - 1], 2);
    else call_is_null(v, "choices.0.logprobs");
    n++;
    cm_json_free(v);
  }
  assert_int_equal(n, 4); /* the role, two pieces, the end */
  call_read_ok("POST", OLLAMA, ASKED "\"logprobs\":true}");
  put_stream();
  rest = (cm_str){call_out.p, call_out.n};
  for (n = 0; cm_str_line(&rest, &line); n++) {
    cm_json *v = call_parse(line);
    if (n < 2) is_list(cm_json_get(v, "logprobs"), from[n], 2);
    else assert_null(cm_json_get(v, "logprobs"));
    cm_json_free(v);
  }
  assert_int_equal(n, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_reading, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_reading_texts, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_too_much, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_chat, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_ollama, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_text, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_streams, call_set_up, call_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
