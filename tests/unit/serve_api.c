/* rooms: base sh safety data backend answer serve */
#include "serve/api_read.h"
#include "serve_call.h"

static const cm_api *find(const char *method, const char *path, int *status, const cm_api **like) {
  return cm_api_find(cm_str_of(method), cm_str_of(path), status, like);
}

/* Each row is found by its own method and path, and has what its kind needs. */
static void test_rows(void **state) {
  (void)state;
  const cm_api *row, *like;
  size_t n = 0, streams = 0;
  int status;
  for (; (row = cm_api_at(n)); n++) {
    char path[64];
    const bool many = row->path[strlen(row->path) - 1] == '/';
    snprintf(path, sizeof path, "%s%s", row->path, many ? "x/y" : "");
    assert_ptr_equal(find(row->method, path, &status, &like), row);
    assert_true(row->read && row->fail);
    assert_string_equal(row->type, "application/json");
    streams += row->stream_type != NULL;
    if (!row->stream_type) continue;
    assert_true(row->begin && row->piece && row->end && row->broken && row->whole);
  }
  assert_int_equal(streams, 4); /* generate, chat; chat completions, completions */
  assert_null(cm_api_at(n));
  assert_null(cm_api_at(SIZE_MAX));
}

static void fails_like(const char *path, const char *form) {
  const cm_api *like = NULL;
  int status = 0;
  void *none = NULL;
  call_again(&none);
  assert_null(find("GET", path, &status, &like));
  assert_int_equal(status, 404);
  cm_err e;
  (void)cm_fail(&e, CM_E_NOTFOUND, 0, "no \"such\" path");
  (like->fail)(NULL, status, &e, &call_out);
  cm_json *v = call_document();
  call_is_str(v, form, "no \"such\" path");
  cm_json_free(v);
}

static void test_no_such_path(void **state) {
  (void)state;
  fails_like("/api/nothing", "error");
  fails_like("/", "error");
  fails_like("", "error");
  fails_like("/v1/nothing", "error.message");
  fails_like("/v1/models/", "error.message"); /* a model's name is missing */
  fails_like("/v1/cmdai/nothing", "error");
  fails_like("/api/chat/", "error");
}

static void test_other_method(void **state) {
  (void)state;
  const cm_api *like = NULL;
  int status = 0;
  assert_null(find("GET", "/api/chat", &status, &like));
  assert_int_equal(status, 405);
  assert_string_equal(like->path, "/api/chat");
  assert_null(find("post", "/api/chat", &status, &like)); /* methods are exact */
  assert_int_equal(status, 405);
  cm_api_methods(CM_STR("/api/chat"), &call_out);
  cm_api_methods(CM_STR("/v1/models/some/model"), &call_out);
  cm_api_methods(CM_STR("/nothing"), &call_out);
  assert_string_equal(call_out.p, "POSTGET");
}

static void test_statuses(void **state) {
  (void)state;
  static const struct {
    cm_code code;
    int status;
  } rows[] = {{CM_OK, 200},          {CM_E_USAGE, 400},   {CM_E_FORMAT, 400},
              {CM_E_LIMIT, 400},     {CM_E_MODEL, 404},   {CM_E_NOTFOUND, 404},
              {CM_E_CANCELLED, 499}, {CM_E_BACKEND, 502}, {CM_E_UNSUPPORTED, 501},
              {CM_E_NOMEM, 503},     {CM_E_TIMEOUT, 504}, {CM_E_INTERNAL, 500},
              {CM_E_IO, 500},        {CM_E_WRITE, 500}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(cm_api_status(NULL, rows[i].code), rows[i].status);
  /* A question that the model has no usable reply to was answered: with that. */
  cm_call c = {.kind = CM_API_ASK};
  assert_int_equal(cm_api_status(&c, CM_E_NOTFOUND), 200);
  assert_int_equal(cm_api_status(&c, CM_E_TIMEOUT), 504);
}

/* All names of the one model, in all interfaces that name it. */
static void test_model_names(void **state) {
  (void)state;
  static const char *const good[] = {"tiny-1",        "house",        "cmdai",
                                     "tiny-1:latest", "house:latest", "cmdai:latest"};
  static const char *const bad[] = {"",
                                    "tiny",
                                    "tiny-12",
                                    "TINY-1",
                                    ":latest",
                                    "cmdai:7b",
                                    "cmdai:latest:latest",
                                    "\\u0000cmdai"};
  static const char *const forms[][2] = {
      {"/api/chat", "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"},
      {"/api/show", "{\"model\":\"%s\"}"},
      {"/api/show", "{\"name\":\"%s\"}"},
      {"/v1/completions", "{\"model\":\"%s\",\"prompt\":\"x\"}"},
      {"/v1/cmdai/ask", "{\"model\":\"%s\",\"request\":\"x\"}"}};
  for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
    char body[200];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
      snprintf(body, sizeof body, forms[f][1], good[i]);
      call_read_ok("POST", forms[f][0], body);
      assert_true(cm_str_is(call.model, good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
      snprintf(body, sizeof body, forms[f][1], bad[i]);
      assert_int_equal(call_read("POST", forms[f][0], body), CM_E_NOTFOUND);
      assert_int_equal(cm_api_status(&call, CM_E_NOTFOUND), 404);
      assert_non_null(strstr(call_error.msg, "tiny-1"));
      assert_non_null(strstr(call_error.msg, "house"));
    }
  }
}

/* A model that was started by its path has that name, too, but nobody is told. */
static void test_path_stays_here(void **state) {
  (void)state;
  const char *before = call_about.alias;
  call_about.alias = "/models/x.gguf";
  call_read_ok("POST", "/api/show", "{\"model\":\"/models/x.gguf\"}");
  assert_int_equal(call_read("POST", "/api/show", "{\"model\":\"y\"}"), CM_E_NOTFOUND);
  assert_null(strstr(call_error.msg, "/models"));
  call_about.alias = before;
}

static void test_no_json(void **state) {
  (void)state;
  static const char *const bodies[] = {"",
                                       "  ",
                                       "{",
                                       "[]",
                                       "\"x\"",
                                       "null",
                                       "{} {}",
                                       "{\"a\":1,}",
                                       "{'a':1}",
                                       "\xff",
                                       "{\"model\":\"\xc3\"}"};
  const cm_api *row;
  for (size_t i = 0; (row = cm_api_at(i)); i++) {
    if (!row->whole && strcmp(row->path, "/api/show") != 0) continue;
    for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
      assert_int_equal(call_read(row->method, row->path, bodies[k]), CM_E_FORMAT);
      assert_null(call.field);
      assert_int_equal(call_out.n, 0);
    }
  }
}

/* Deeper than a reader needs to go. */
static void test_nested(void **state) {
  (void)state;
  static char body[4000];
  memset(body, '[', sizeof body - 1);
  assert_int_equal(call_read("POST", "/api/chat", body), CM_E_LIMIT);
}

/* Few bytes of text that would be many in memory. */
static void test_many_values(void **state) {
  (void)state;
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  for (int extra = 0; extra < 2; extra++) {
    cm_buf_reset(&b);
    cm_buf_puts(&b, "{\"model\":\"cmdai\",\"prompt\":\"[[,,{{\\\",\\\"x\",\"x\":["); /* 4 */
    cm_buf_puts(&b, "7");
    for (int i = 4; i < (1 << 16) + extra; i++) cm_buf_puts(&b, ",7");
    cm_buf_puts(&b, "]}");
    assert_int_equal(call_read("POST", "/v1/completions", b.p), extra ? CM_E_LIMIT : CM_OK);
    if (!extra) assert_true(cm_str_is(call.request.opening, "[[,,{{\",\"x"));
  }
  cm_buf_close(&b);
}

/* Requests that take memory in every way there is. */
static const char *const greedy[][2] = {
    {"/api/chat",
     "{\"model\":\"cmdai\",\"options\":{\"stop\":[\"a\",\"b\"]},\"messages\":[{\"role\":"
     "\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":\"y\"}]}"},
    {"/api/generate", "{\"model\":\"cmdai\",\"prompt\":\"x\",\"system\":\"y\"}"},
    {"/v1/chat/completions",
     "{\"model\":\"cmdai\",\"stop\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
     "\"text\",\"text\":\"x\"},{\"type\":\"text\",\"text\":\"y\"}]}]}"},
    {"/v1/completions", "{\"model\":\"cmdai\",\"prompt\":[\"x\"]}"},
    {"/v1/cmdai/ask",
     "{\"request\":\"x\",\"context\":\"y\",\"shell\":\"sh\",\"safety\":\"strict\"}"}};

/* Reads with an arena of `room` bytes, and the Nth allocation failing. */
static cm_code read_poorly(size_t i, size_t room, uint64_t nth) {
  void *none = NULL;
  int status;
  const cm_api *like;
  call_again(&none);
  cm_arena_close(call.arena);
  call.arena = cm_arena_open(room);
  call.api = find("POST", greedy[i][0], &status, &like);
  assert_true(call.arena && call.api);
  cm_mem_fail_nth(nth);
  const cm_code code = call.api->read(&call, cm_str_of(greedy[i][1]), &call_out, &call_error);
  cm_mem_fail_nth(0);
  return code;
}

/* Nobody looks for tokens in what can't fit, however long each of them is. */
static void test_too_long_for_any_words(void **state) {
  (void)state;
  enum { LONGEST = 4, CTX = 512, MOST = LONGEST * CTX };
  /* The last one has two bytes more in another message. */
  static const char *const forms[][2] = {
      {"/v1/completions", "{\"model\":\"cmdai\",\"prompt\":\"%s\"}"},
      {"/api/generate", "{\"model\":\"cmdai\",\"raw\":true,\"prompt\":\"%s\"}"},
      {"/v1/chat/completions",
       "{\"model\":\"cmdai\",\"messages\":[{\"role\":\"system\","
       "\"content\":\"hi\"},{\"role\":\"user\",\"content\":\"%s\"}]}"}};
  cm_model_id model = call_model;
  cm_api_about about = call_about;
  about.model = &model;
  for (size_t i = 0; i < 3; i++) {
    for (size_t over = 0; over < 2; over++) {
      const size_t n = MOST + over - (i == 2 ? 2 : 0);
      char text[MOST + 2] = {0}, body[2 * MOST];
      memset(text, 'x', n);
      snprintf(body, sizeof body, forms[i][1], text);
      call_read_ok("POST", forms[i][0], body);
      call.about = &about;
      model.token_bytes = LONGEST;
      assert_int_equal(cm_call_fits(&call, &call_error), over ? CM_E_LIMIT : CM_OK);
      if (over)
        assert_non_null(strstr(call_error.msg, "513 tokens at least, the context holds 512"));
      model.token_bytes = 0; /* of a server that doesn't say */
      assert_int_equal(cm_call_fits(&call, &call_error), CM_OK);
    }
  }
}

/* It is said, and nothing else goes wrong. */
static void test_no_memory(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof greedy / sizeof *greedy; i++) {
    cm_code code = CM_E_NOMEM;
    size_t room = 1, tries = 0;
    for (; code; room += 16, tries++) {
      code = read_poorly(i, room, 0);
      assert_true(!code || code == CM_E_NOMEM);
      assert_true(tries < 1000);
    }
    assert_true(tries > 1);
    code = CM_E_NOMEM;
    for (uint64_t nth = 1; code; nth++) {
      code = read_poorly(i, 1 << 20, nth);
      assert_true(!code || code == CM_E_NOMEM);
      assert_true(nth < 1000);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_rows, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_no_such_path, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_other_method, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_statuses, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_model_names, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_path_stays_here, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_no_json, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_nested, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_many_values, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_too_long_for_any_words, call_set_up, call_tear_down),
      cmocka_unit_test_setup_teardown(test_no_memory, call_set_up, call_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
