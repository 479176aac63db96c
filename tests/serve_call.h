/* One request on its way through an interface of the server, without the server. */
#ifndef CM_TESTS_SERVE_CALL_H
#define CM_TESTS_SERVE_CALL_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/json.h"
#include "serve/api.h"

static const cm_model_id call_model = {.id = "tiny-1",
                                       .sha256 =
                                           "00ff00ff00ff00ff00ff00ff00ff00ff"
                                           "00ff00ff00ff00ff00ff00ff00ff00ff",
                                       .quant = "Q8_0",
                                       .placeholders = 3,
                                       .scale = 0.5f,
                                       .bias = -1.25f};
static cm_api_about call_about = {.engine = "cmdai 1+b",
                                  .model = &call_model,
                                  .alias = "house",
                                  .backend = "cpu",
                                  .ctx = 512,
                                  .model_bytes = 1234567,
                                  .started = 1700000000,
                                  .started_text = "2023-11-14T22:13:20Z",
                                  .max_tokens = 77,
                                  .slots = 4,
                                  .shell = "zsh",
                                  .level = CM_MODERATE_LEVEL};
static cm_call call;
static cm_buf call_out;
static cm_err call_error;

static inline int call_set_up(void **state) {
  (void)state;
  call = (cm_call){.about = &call_about,
                   .arena = cm_arena_open(64 << 20),
                   .id = 17,
                   .start_ns = 1000,
                   .done_ns = 5001000,
                   .created = 1700000100,
                   .created_text = "2023-11-14T22:15:00Z"};
  cm_buf_init(&call_out, 16 << 20);
  call_error = (cm_err){0};
  return call.arena ? 0 : -1;
}

static inline int call_tear_down(void **state) {
  (void)state;
  cm_arena_close(call.arena);
  cm_buf_close(&call_out);
  return 0;
}

/* A new request in the place of the last one. */
static inline void call_again(void **state) {
  call_tear_down(state);
  assert_int_equal(call_set_up(state), 0);
}

static inline cm_code call_read(const char *method, const char *path, const char *body) {
  void *none = NULL;
  int status;
  const cm_api *like;
  call_again(&none);
  call.path = cm_str_of(path);
  call.api = cm_api_find(cm_str_of(method), call.path, &status, &like);
  assert_non_null(call.api);
  cm_code code = call.api->read(&call, cm_str_of(body), &call_out, &call_error);
  if (code) assert_int_equal(call_error.code, code);
  return code;
}

static inline void call_read_ok(const char *method, const char *path, const char *body) {
  if (call_read(method, path, body)) fail_msg("%s: %s", body, call_error.msg);
}

/* A body that is refused, for the member `field`. */
static inline void call_refused(const char *path, const char *body, const char *field) {
  if (!call_read("POST", path, body)) fail_msg("%s is taken", body);
  assert_int_equal(cm_api_status(&call, call_error.code), 400);
  if (!call.field) fail_msg("%s: no field for %s", body, call_error.msg);
  assert_string_equal(call.field, field);
  if (!strstr(call_error.msg, field)) fail_msg("%s doesn't name %s", call_error.msg, field);
}

/* A piece of text without its tokens. */
static inline void call_piece(uint32_t candidate, const char *text) {
  const cm_piece p = {.candidate = candidate, .text = cm_str_of(text)};
  call.api->piece(&call, &p, &call_out);
}

/* --- what was written ------------------------------------------------------------------------ */

static inline cm_json *call_parse(cm_str text) {
  cm_json *root;
  cm_err e;
  if (cm_json_parse(text, CM_JSON_LIMITS, &root, &e))
    fail_msg("%s in %.*s", e.msg, (int)text.n, text.p);
  return root;
}

static inline cm_json *call_document(void) { return call_parse((cm_str){call_out.p, call_out.n}); }

static inline const cm_json *call_at(const cm_json *v, const char *path) {
  char text[200], *key, *rest = text;
  snprintf(text, sizeof text, "%s", path);
  while ((key = strsep(&rest, "."))) {
    const bool index = key[0] >= '0' && key[0] <= '9';
    v = index ? cm_json_at(v, (size_t)(key[0] - '0')) : cm_json_get(v, key);
  }
  return v;
}

static inline void call_is_str(const cm_json *v, const char *path, const char *expected) {
  cm_str s;
  if (!cm_json_str(call_at(v, path), &s)) fail_msg("%s is no text", path);
  if (!cm_str_is(s, expected)) fail_msg("%s is \"%.*s\"", path, (int)s.n, s.p);
}

static inline void call_is_int(const cm_json *v, const char *path, int64_t expected) {
  int64_t n;
  if (!cm_json_i64(call_at(v, path), &n)) fail_msg("%s is no number", path);
  if (n != expected) fail_msg("%s is %lld", path, (long long)n);
}

static inline void call_is_bool(const cm_json *v, const char *path, bool expected) {
  bool b;
  if (!cm_json_bool(call_at(v, path), &b) || b != expected) fail_msg("%s is not so", path);
}

static inline void call_is_null(const cm_json *v, const char *path) {
  if (cm_json_kind_of(call_at(v, path)) != CM_JSON_NULL) fail_msg("%s is not null", path);
}

/* Members and their kinds, as a documentation says: "model:s done:b eval_count:i". s text, b bool,
 * i whole number, f number, a list, o object, n null. */
static inline void call_shape(const cm_json *v, const char *members) {
  static const char letters[] = {
      [CM_JSON_NULL] = 'n', [CM_JSON_BOOL] = 'b',  [CM_JSON_INT] = 'i',   [CM_JSON_REAL] = 'f',
      [CM_JSON_STR] = 's',  [CM_JSON_ARRAY] = 'a', [CM_JSON_OBJECT] = 'o'};
  char text[1024], *item, *rest = text;
  assert_true(strlen(members) < sizeof text);
  snprintf(text, sizeof text, "%s", members);
  while ((item = strsep(&rest, " "))) {
    char *colon = strrchr(item, ':');
    *colon = 0;
    const cm_json_kind kind = cm_json_kind_of(cm_json_get(v, item));
    const bool number = colon[1] == 'f' && kind == CM_JSON_INT;
    if (!number && letters[kind] != colon[1]) fail_msg("%s is not of kind %c", item, colon[1]);
  }
}

/* A job that is done, with two texts. */
static cm_candidate call_texts[2];
static inline cm_job call_job(uint32_t n) {
  call_texts[0] =
      (cm_candidate){.text = CM_STR("ls \"a\"\n"), .logprob = -1.5, .tokens = 5, .finished = true};
  call_texts[1] = (cm_candidate){.text = CM_STR("pwd"), .logprob = -2.5, .tokens = 4};
  cm_job job = {.backend = "cpu", .model = call_model};
  job.replies = (cm_replies){call_texts, n, 11, 7, n == 2 ? 9 : 5, 2000000, 3000000};
  return job;
}

#endif
