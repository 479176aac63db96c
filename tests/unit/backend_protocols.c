/* rooms: base data backend */
/* What is written to servers and read of their answers, without a server: the forms stand in the
 * documentation of Ollama (docs/api.md) and of OpenAI (API reference, "Streaming events"). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/ollama.h"
#include "backend/openai.h"
#include "backend/stops.h"

/* --- OLLAMA_HOST --- */

/* The table of Ollama's own test (envconfig/config_test.go, TestHost), but for what nobody can
 * connect to: a host that isn't said or is to listen at is this machine, port 0 is the usual
 * one. */
static void test_address(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"", "http://127.0.0.1:11434"},
      {"1.2.3.4", "http://1.2.3.4:11434"},
      {":1234", "http://127.0.0.1:1234"},
      {"1.2.3.4:1234", "http://1.2.3.4:1234"},
      {"example.com", "http://example.com:11434"},
      {"example.com:1234", "http://example.com:1234"},
      {":0", "http://127.0.0.1:11434"},
      {":66000", "http://127.0.0.1:11434"},
      {":-1", "http://127.0.0.1:11434"},
      {"[::1]", "http://[::1]:11434"},
      {"[::]", "http://[::1]:11434"},
      {"::1", "http://[::1]:11434"},
      {"[::1]:1337", "http://[::1]:1337"},
      {" 1.2.3.4 ", "http://1.2.3.4:11434"},
      {"\"1.2.3.4\"", "http://1.2.3.4:11434"},
      {" \" 1.2.3.4 \" ", "http://1.2.3.4:11434"},
      {"'1.2.3.4'", "http://1.2.3.4:11434"},
      {"http://1.2.3.4", "http://1.2.3.4:80"},
      {"http://1.2.3.4:4321", "http://1.2.3.4:4321"},
      {"https://1.2.3.4", "https://1.2.3.4:443"},
      {"https://1.2.3.4:4321", "https://1.2.3.4:4321"},
      {"https://example.com/ollama", "https://example.com:443/ollama"},
      {"0.0.0.0", "http://127.0.0.1:11434"},
      {"0.0.0.0:80", "http://127.0.0.1:80"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_buf out;
    cm_err e;
    cm_buf_init(&out, 8192);
    if (cm_ollama_url(rows[i][0], &out, &e)) fail_msg("%s: %s", rows[i][0], e.msg);
    assert_string_equal(out.p, rows[i][1]);
    cm_buf_close(&out);
  }
}

static void test_wrong_address(void **state) {
  (void)state;
  static const char *const rows[] = {"ftp://host", "http://user:hunter2@host",
                                     "file:///etc/passwd"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_buf out;
    cm_err e;
    cm_buf_init(&out, 8192);
    assert_int_equal(cm_ollama_url(rows[i], &out, &e), CM_E_USAGE);
    assert_null(strstr(e.msg, "hunter2"));
    cm_buf_close(&out);
  }
}

/* --- requests --- */

static const cm_str stops[] = {{"\n\n", 2}, {"", 0}, {"END", 3}, {"c", 1}, {"d", 1}, {"e", 1}};
static const cm_message messages[] = {{CM_ROLE_SYSTEM, {"be brief", 8}},
                                      {CM_ROLE_USER, {"say \"hi\"\n", 9}}};

static cm_request request(bool raw) {
  return (cm_request){.messages = messages,
                      .n_messages = 2,
                      .opening = CM_STR("```sh\n"),
                      .raw = raw,
                      .stops = stops,
                      .n_stops = 6,
                      .sampling = {0.7f, 40, 0.9f, 0.05f, 1.1f, 64, 0},
                      .max_tokens = 99};
}

static cm_json *written(const cm_protocol *p, const cm_request *q, unsigned plain, uint32_t ctx) {
  const cm_wish w = {
      .q = q, .model = "m:1", .seed = 7, .temperature = 0.7f, .ctx = ctx, .plain = plain};
  cm_buf b;
  cm_jw jw;
  cm_json *doc;
  cm_err e;
  cm_buf_init(&b, 1 << 16);
  cm_jw_init(&jw, &b, 0);
  p->put(&w, &jw);
  assert_true(cm_jw_done(&jw));
  if (cm_json_parse((cm_str){b.p, b.n}, CM_JSON_LIMITS, &doc, &e)) fail_msg("%s", e.msg);
  cm_buf_close(&b);
  return doc;
}

static const char *text_of(const cm_json *v) {
  static char text[100];
  cm_str s = CM_STR("(no text)");
  (void)cm_json_str(v, &s);
  snprintf(text, sizeof text, "%.*s", (int)s.n, s.p);
  return text;
}

static double number_of(const cm_json *v) {
  double d = NAN;
  (void)cm_json_f64(v, &d);
  return d;
}

static bool is_true(const cm_json *v) {
  bool b = false;
  return cm_json_bool(v, &b) && b;
}

static const cm_json *member(const cm_json *doc, const char *a, const char *b) {
  return cm_json_get(cm_json_get(doc, a), b);
}

static void check_messages(const cm_json *doc, size_t n) {
  const cm_json *list = cm_json_get(doc, "messages");
  assert_int_equal(cm_json_count(list), n);
  assert_string_equal(text_of(cm_json_get(cm_json_at(list, 0), "role")), "system");
  assert_string_equal(text_of(cm_json_get(cm_json_at(list, 1), "role")), "user");
  assert_string_equal(text_of(cm_json_get(cm_json_at(list, 1), "content")), "say \"hi\"\n");
  if (n < 3) return;
  assert_string_equal(text_of(cm_json_get(cm_json_at(list, 2), "role")), "assistant");
  assert_string_equal(text_of(cm_json_get(cm_json_at(list, 2), "content")), "```sh\n");
}

static void test_ollama_request(void **state) {
  (void)state;
  const cm_request q = request(false);
  cm_json *doc = written(&cm_protocol_ollama, &q, 0, 2048);
  assert_string_equal(cm_protocol_ollama.path(&q), "/api/chat");
  check_messages(doc, 3);
  assert_string_equal(text_of(cm_json_get(doc, "model")), "m:1");
  assert_true(is_true(cm_json_get(doc, "stream")) && is_true(cm_json_get(doc, "logprobs")));
  static const struct {
    const char *name;
    double value;
  } options[] = {{"temperature", 0.7}, {"top_k", 40},           {"top_p", 0.9},
                 {"min_p", 0.05},      {"repeat_penalty", 1.1}, {"repeat_last_n", 64},
                 {"seed", 7},          {"num_predict", 99},     {"num_ctx", 2048}};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    assert_true(number_of(member(doc, "options", options[i].name)) == options[i].value);
  assert_int_equal(cm_json_count(member(doc, "options", "stop")),
                   5); /* the empty one ends nothing */
  cm_json_free(doc);
  doc = written(&cm_protocol_ollama, &q, 1, 0);
  check_messages(doc, 3);
  assert_null(cm_json_get(doc, "logprobs"));
  assert_null(cm_json_get(doc, "truncate"));
  assert_null(member(doc, "options", "num_ctx"));
  cm_json_free(doc);
}

static void test_openai_request(void **state) {
  (void)state;
  const cm_request q = request(false);
  assert_string_equal(cm_protocol_openai.path(&q), "/chat/completions");
  for (unsigned plain = 0; plain <= cm_protocol_openai.plainest; plain++) {
    cm_json *doc = written(&cm_protocol_openai, &q, plain, 2048);
    const bool opens = !cm_protocol_openai.leaves_opening(plain);
    assert_int_equal(opens, plain % 2 == 0);
    check_messages(doc, opens ? 3 : 2);
    assert_int_equal(is_true(cm_json_get(doc, "continue_final_message")), opens);
    assert_int_equal(cm_json_get(doc, "add_generation_prompt") != NULL, opens);
    assert_int_equal(cm_json_get(doc, "min_p") != NULL, opens);
    assert_int_equal(is_true(cm_json_get(doc, "logprobs")), plain < 2);
    assert_true(is_true(member(doc, "stream_options", "include_usage")));
    assert_true(number_of(cm_json_get(doc, "max_tokens")) == 99);
    assert_true(number_of(cm_json_get(doc, "seed")) == 7);
    assert_true(cm_json_count(cm_json_get(doc, "stop")) <= 4); /* OpenAI takes no more */
    cm_json_free(doc);
  }
}

static void test_raw_request(void **state) {
  (void)state;
  const cm_request q = request(true);
  cm_json *a = written(&cm_protocol_ollama, &q, 0, 0), *b = written(&cm_protocol_openai, &q, 0, 0);
  assert_string_equal(cm_protocol_ollama.path(&q), "/api/generate");
  assert_string_equal(cm_protocol_openai.path(&q), "/completions");
  assert_string_equal(text_of(cm_json_get(a, "prompt")), "```sh\n");
  assert_string_equal(text_of(cm_json_get(b, "prompt")), "```sh\n");
  assert_true(is_true(cm_json_get(a, "raw")));
  assert_true(number_of(cm_json_get(b, "logprobs")) == 1);
  assert_null(cm_json_get(a, "messages"));
  assert_null(cm_json_get(b, "messages"));
  cm_json_free(a);
  cm_json_free(b);
}

/* --- answers --- */

typedef struct row {
  const char *items[6];
  cm_code code; /* of the last item */
  const char *text;
  bool done, ended, finished;
  uint32_t prompt, cached, tokens;
  double logprob; /* NAN: not known */
} row;

static void check_rows(const cm_protocol *p, const row *rows, size_t n) {
  for (size_t r = 0; r < n; r++) {
    cm_told t;
    cm_err e = {0};
    cm_code code = CM_OK;
    cm_told_init(&t);
    for (size_t i = 0; rows[r].items[i] && !code; i++)
      code = p->take(&t, cm_str_of(rows[r].items[i]), &e);
    if (code != rows[r].code) fail_msg("row %zu: code %d, %s", r, (int)code, e.msg);
    assert_string_equal(t.text.p ? t.text.p : "", rows[r].text);
    assert_int_equal(t.done, rows[r].done);
    assert_int_equal(t.ended, rows[r].ended);
    assert_int_equal(t.finished, rows[r].finished);
    assert_int_equal(t.prompt_tokens, rows[r].prompt);
    assert_int_equal(t.cached_tokens, rows[r].cached);
    assert_int_equal(t.tokens, rows[r].tokens);
    const bool known = t.n_logprobs && !t.no_logprobs;
    assert_int_equal(known, !isnan(rows[r].logprob));
    if (known) assert_true(t.logprob == rows[r].logprob);
    cm_told_close(&t);
  }
}

#define SAY(t) "{\"message\":{\"role\":\"assistant\",\"content\":\"" t "\"},\"done\":false"
#define CHUNK(t) \
  "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" t "\"},\"finish_reason\":null"

static const row ollama_rows[] = {
    {{SAY("l") "}", SAY("s") "}",
      "{\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":26,\"eval_count\":298}"},
     CM_OK,
     "ls",
     true,
     true,
     true,
     26,
     0,
     298,
     NAN},
    {{SAY("l") "}", "{\"done\":true,\"done_reason\":\"length\"}"},
     CM_OK,
     "l",
     true,
     true,
     false,
     0,
     0,
     0,
     NAN},
    {{SAY("l") "}", "{\"done\":true}"}, CM_OK, "l", true, true, true, 0, 0, 0, NAN},
    {{"{\"response\":\"x\\u00e9\",\"done\":false}"},
     CM_OK,
     "x\xc3\xa9",
     false,
     false,
     false,
     0,
     0,
     0,
     NAN},
    {{SAY("a") ",\"logprobs\":[{\"token\":\"a\",\"logprob\":-0.5}]}",
      SAY("b") ",\"logprobs\":[{\"logprob\":-0.25},{\"logprob\":0.5}]}"},
     CM_OK,
     "ab",
     false,
     false,
     false,
     0,
     0,
     0,
     -0.75},
    {{SAY("a") ",\"logprobs\":[{\"logprob\":-0.5},{\"token\":\"x\"}]}"},
     CM_OK,
     "a",
     false,
     false,
     false,
     0,
     0,
     0,
     NAN},
    {{SAY("a") "}", "{\"error\":\"an error was encountered while running the model\"}"},
     CM_E_BACKEND,
     "a",
     false,
     false,
     false,
     0,
     0,
     0,
     NAN},
    {{"{\"error\":{\"message\":\"x\"}}"}, CM_E_BACKEND, "", false, false, false, 0, 0, 0, NAN},
    {{"{\"error\":17}"}, CM_E_BACKEND, "", false, false, false, 0, 0, 0, NAN},
    {{"{\"error\":null,\"done\":false}"}, CM_OK, "", false, false, false, 0, 0, 0, NAN},
    {{"{}"}, CM_E_FORMAT, "", false, false, false, 0, 0, 0, NAN},
    {{"[]"}, CM_E_FORMAT, "", false, false, false, 0, 0, 0, NAN},
    {{SAY("a")}, CM_E_FORMAT, "", false, false, false, 0, 0, 0, NAN},
    {{"{\"done\":true,\"prompt_eval_count\":-1,\"eval_count\":99999999999}"},
     CM_OK,
     "",
     true,
     true,
     true,
     0,
     0,
     0,
     NAN}};

static void test_ollama_answers(void **state) {
  (void)state;
  check_rows(&cm_protocol_ollama, ollama_rows, sizeof ollama_rows / sizeof *ollama_rows);
}

static const row openai_rows[] = {
    {{CHUNK("l") "}]}", CHUNK("s") "}]}",
      "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
      "\"prompt_tokens_details\":{\"cached_tokens\":8}}}",
      "[DONE]"},
     CM_OK,
     "ls",
     true,
     true,
     true,
     9,
     8,
     2,
     NAN},
    {{CHUNK("l") "}]}", "{\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}"},
     CM_OK,
     "l",
     false,
     true,
     false,
     0,
     0,
     0,
     NAN},
    {{CHUNK("l") "}]}", " [DONE] "}, CM_OK, "l", true, false, false, 0, 0, 0, NAN},
    {{"{\"choices\":[{\"text\":\"raw\",\"logprobs\":{\"token_logprobs\":[-0.5,-0.25]}}]}"},
     CM_OK,
     "raw",
     false,
     false,
     false,
     0,
     0,
     0,
     -0.75},
    {{CHUNK("a") ",\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-2}]}}]}"},
     CM_OK,
     "a",
     false,
     false,
     false,
     0,
     0,
     0,
     -2},
    {{"{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}],\"usage\":null}"},
     CM_OK,
     "",
     false,
     false,
     false,
     0,
     0,
     0,
     NAN},
    {{CHUNK("a") "}]}", "{\"error\":{\"message\":\"gone\",\"code\":500}}"},
     CM_E_BACKEND,
     "a",
     false,
     false,
     false,
     0,
     0,
     0,
     NAN},
    {{"{\"object\":\"error\",\"error\":\"gone\"}"},
     CM_E_BACKEND,
     "",
     false,
     false,
     false,
     0,
     0,
     0,
     NAN},
    {{"{\"choices\":{}}"}, CM_E_FORMAT, "", false, false, false, 0, 0, 0, NAN},
    {{"[DONE"}, CM_E_FORMAT, "", false, false, false, 0, 0, 0, NAN},
    {{""}, CM_E_FORMAT, "", false, false, false, 0, 0, 0, NAN}};

static void test_openai_answers(void **state) {
  (void)state;
  check_rows(&cm_protocol_openai, openai_rows, sizeof openai_rows / sizeof *openai_rows);
}

static void test_text_has_a_limit(void **state) {
  (void)state;
  static char many[CM_REMOTE_TEXT_MAX];
  memset(many, 'x', sizeof many);
  cm_told t;
  cm_err e;
  cm_told_init(&t);
  assert_int_equal(cm_told_add(&t, (cm_str){many, sizeof many}, &e), CM_OK);
  assert_int_equal(cm_told_add(&t, CM_STR("x"), &e), CM_E_LIMIT);
  assert_int_equal(t.text.n, sizeof many);
  cm_told_close(&t);
}

/* --- facts about models --- */

static cm_json *parsed(const char *text) {
  cm_json *doc;
  cm_err e;
  if (cm_json_parse(cm_str_of(text), CM_JSON_LIMITS, &doc, &e)) fail_msg("%s", e.msg);
  return doc;
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_tags(void **state) {
  (void)state;
  cm_json *doc = parsed(
      "{\"models\":[{\"name\":\"a:7b\",\"digest\":\"short\"},"
      "{\"name\":\"b:latest\",\"digest\":\"sha256:" HEX "\"}]}");
  cm_ollama_tags tags;
  cm_ollama_read_tags(doc, "b", &tags);
  assert_int_equal(tags.n, 2);
  assert_true(cm_str_is(tags.first, "a:7b") && cm_str_is(tags.digest, HEX));
  cm_ollama_read_tags(doc, "a:7b", &tags);
  assert_int_equal(tags.digest.n, 0); /* it isn't one */
  cm_ollama_read_tags(doc, "b:7b", &tags);
  assert_int_equal(tags.digest.n, 0);
  cm_json_free(doc);
  doc = parsed("{\"models\":{\"name\":\"a\"}}");
  cm_ollama_read_tags(doc, NULL, &tags);
  assert_int_equal(tags.first.n, 0);
  cm_json_free(doc);
}

static void test_show(void **state) {
  (void)state;
  cm_model_id id = {0};
  cm_json *doc = parsed(
      "{\"details\":{\"quantization_level\":\"Q4_K_M\"},\"model_info\":{"
      "\"general.name\":\"Qwen2\",\"cmdai.placeholders\":8}}");
  cm_ollama_read_show(doc, &id);
  assert_string_equal(id.quant, "Q4_K_M");
  assert_true(!id.id[0] && !id.placeholders); /* not one of ours, whatever it says */
  cm_json_free(doc);
  doc = parsed(
      "{\"model_info\":{\"general.name\":\"cmdai-x\",\"cmdai.placeholders\":8,"
      "\"cmdai.confidence.scale\":1.5,\"cmdai.confidence.bias\":-0.25}}");
  cm_ollama_read_show(doc, &id);
  assert_string_equal(id.id, "cmdai-x");
  assert_true(id.placeholders == 8 && id.scale == 1.5f && id.bias == -0.25f);
  cm_json_free(doc);
}

static void test_models(void **state) {
  (void)state;
  cm_model_id id = {0};
  cm_openai_models m;
  cm_json *doc = parsed(
      "{\"data\":[{\"id\":\"\"},{\"id\":\"a\"},{\"id\":\"b\",\"cmdai\":{\"name\":"
      "\"cmdai-x\",\"quant\":\"Q8_0\",\"sha256\":\"" HEX
      "\",\"placeholders\":8,\"scale\":-1,\"bias\":0}}]}");
  cm_openai_read_models(doc, "b", &m);
  assert_true(m.n == 3 && cm_str_is(m.first, "a") && m.entry);
  cm_openai_read_own(m.entry, &id);
  assert_string_equal(id.id, "cmdai-x");
  assert_string_equal(id.sha256, HEX);
  assert_true(id.placeholders == 8 && id.scale == 0); /* a scale below 0 makes no sense */
  cm_openai_read_models(doc, "c", &m);
  assert_null(m.entry);
  cm_json_free(doc);
}

static void test_error_documents(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"{\"error\":\"model 'x' not found\"}", "model 'x' not found"},
      {"{\"error\":{\"message\":\"no\",\"type\":\"t\"}}", "no"},
      {"{\"object\":\"error\",\"message\":\"no\"}", "no"},
      {"{\"detail\":\"Not Found\"}", "Not Found"},
      {"{\"error\":{}}", NULL},
      {"[]", NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_json *doc = parsed(rows[i][0]);
    cm_str said = {0};
    assert_int_equal(cm_remote_message(doc, &said), rows[i][1] != NULL);
    if (rows[i][1]) assert_true(cm_str_is(said, rows[i][1]));
    cm_json_free(doc);
  }
}

static void test_key_is_hidden(void **state) {
  (void)state;
  const cm_remote remote = {.key = "sk-secret"};
  const cm_server s = {.remote = &remote};
  static const char *const rows[][2] = {
      {"wrong key sk-secret, really", "wrong key *********, really"},
      {"sk-secretsk-secret", "******************"},
      {"cut: sk-secr", "cut: *******"},
      {"sk-sec and more", "sk-sec and more"},
      {"nothing", "nothing"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[64];
    snprintf(text, sizeof text, "%s", rows[i][0]);
    cm_server_hide_key(&s, text, strlen(text));
    assert_string_equal(text, rows[i][1]);
  }
}

/* --- stops --- */

static void test_stops(void **state) {
  (void)state;
  const cm_request q = request(false);
  assert_int_equal(cm_stops_find(&q, CM_STR("ab\n\nEND")), 2);
  assert_int_equal(cm_stops_find(&q, CM_STR("abEND\n\n")), 2);
  assert_true(cm_stops_find(&q, CM_STR("ab\nEN")) == SIZE_MAX);
  assert_int_equal(cm_stops_begun(&q, CM_STR("ab\n")), 1);
  assert_int_equal(cm_stops_begun(&q, CM_STR("abEN")), 2);
  assert_int_equal(cm_stops_begun(&q, CM_STR("ab")), 0);
  assert_int_equal(cm_stops_begun(&q, CM_STR("")), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_address),        cmocka_unit_test(test_wrong_address),
      cmocka_unit_test(test_ollama_request), cmocka_unit_test(test_openai_request),
      cmocka_unit_test(test_raw_request),    cmocka_unit_test(test_ollama_answers),
      cmocka_unit_test(test_openai_answers), cmocka_unit_test(test_text_has_a_limit),
      cmocka_unit_test(test_tags),           cmocka_unit_test(test_show),
      cmocka_unit_test(test_models),         cmocka_unit_test(test_error_documents),
      cmocka_unit_test(test_key_is_hidden),  cmocka_unit_test(test_stops),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
