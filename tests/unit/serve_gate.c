/* rooms: serve */
/* Who may ask, decided from the first lines of a request; and the text of the metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "serve/gate.h"
#include "serve/metrics.h"

static const char *const origins[] = {"https://app.example.org", "tauri://localhost"};
static const cm_gate local = {.name = "localhost",
                              .address = "127.0.0.1",
                              .only_here = true,
                              .origins = origins,
                              .n_origins = 2,
                              .body_max = 1000};

static cm_str text(const char *s) { return s ? cm_str_of(s) : (cm_str){0}; }

static cm_heads from(const char *host, const char *origin) {
  return (cm_heads){.host = text(host), .n_hosts = host != NULL, .origin = text(origin)};
}

static int enter(const cm_gate *g, const char *host, const char *origin) {
  cm_err e;
  const cm_heads h = from(host, origin);
  return cm_gate_enter(g, &h, &e);
}

/* --- Host --- */

static void test_own_names(void **state) {
  (void)state;
  static const char *const own[] = {"127.0.0.1",       "127.0.0.1:11435", "localhost",
                                    "LocalHost:1",     "[::1]",           "[::1]:80",
                                    "localhost:65535", "localhost:0"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (enter(&local, own[i], NULL)) fail_msg("refused: %s", own[i]);
}

static void test_foreign_names(void **state) {
  (void)state;
  /* Names that a page's owner may point at 127.0.0.1, and texts that look like ours. */
  static const char *const foreign[] = {"evil.example",
                                        "localhost.evil.example",
                                        "127.0.0.1.evil.example",
                                        "evil.example:11435",
                                        "localhost:x",
                                        "localhost:65536",
                                        "localhost:",
                                        "localhost:1:2",
                                        "user@localhost",
                                        "127.0.0.1@evil",
                                        "[::1",
                                        "[::1]x",
                                        "::1",
                                        "127.0.0.2",
                                        "0.0.0.0",
                                        "localhost ",
                                        "",
                                        ":80",
                                        "[localhost]",
                                        "localhost/",
                                        "2130706433"};
  for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
    if (enter(&local, foreign[i], NULL) != 403) fail_msg("let in: \"%s\"", foreign[i]);
}

static void test_name_of_the_operator(void **state) {
  (void)state;
  cm_gate g = local;
  g.name = "box.lan", g.address = "127.0.0.9";
  assert_int_equal(enter(&g, "box.lan:11435", NULL), 0);
  assert_int_equal(enter(&g, "127.0.0.9", NULL), 0);
  assert_int_equal(enter(&g, "localhost", NULL), 0);
  assert_int_equal(enter(&g, "other.lan", NULL), 403);
  /* Beyond this machine there is a token, and any name. */
  g.only_here = false;
  assert_int_equal(enter(&g, "other.lan", NULL), 0);
}

static void test_no_name(void **state) {
  (void)state;
  cm_err e;
  cm_heads h = {.http10 = true};
  assert_int_equal(cm_gate_enter(&local, &h, &e), 0);
  h.http10 = false;
  assert_int_equal(cm_gate_enter(&local, &h, &e), 400);
}

/* --- Origin --- */

static void test_origins(void **state) {
  (void)state;
  static const char *const welcome[] = {"http://localhost",        "http://localhost:3000",
                                        "https://127.0.0.1:8443",  "http://[::1]:5173",
                                        "https://app.example.org", "tauri://localhost"};
  static const char *const unknown[] = {"null",
                                        "https://evil.example",
                                        "http://localhost.evil.example",
                                        "http://",
                                        "http://app.example.org",
                                        "https://app.example.org.evil",
                                        "file://",
                                        "ftp://localhost",
                                        "http://localhost@evil.example",
                                        "localhost",
                                        "http://evil.example#localhost",
                                        "",
                                        "https://app.example.org:8443"};
  for (size_t i = 0; i < sizeof welcome / sizeof *welcome; i++)
    if (enter(&local, "localhost", welcome[i])) fail_msg("refused: %s", welcome[i]);
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    if (enter(&local, "localhost", unknown[i]) != 403) fail_msg("let in: \"%s\"", unknown[i]);
  static const char *const all[] = {"*"};
  cm_gate g = local;
  g.origins = all, g.n_origins = 1;
  assert_int_equal(enter(&g, "localhost", "https://evil.example"), 0);
  assert_int_equal(enter(&g, "evil.example", "https://evil.example"), 403);
}

/* --- framing --- */

static void test_framing(void **state) {
  (void)state;
  cm_err e;
  cm_heads h = from("localhost", NULL);
  h.n_hosts = 2;
  assert_int_equal(cm_gate_enter(&local, &h, &e), 400);
  h = from("localhost", NULL), h.n_lengths = 2, h.length = CM_STR("5");
  assert_int_equal(cm_gate_enter(&local, &h, &e), 400);
  h = from("localhost", NULL), h.n_lengths = 1, h.length = CM_STR("5");
  h.n_encodings = 1, h.encoding = CM_STR("chunked");
  assert_int_equal(cm_gate_enter(&local, &h, &e), 400);
  h.n_lengths = 0;
  assert_int_equal(cm_gate_enter(&local, &h, &e), 0);
  h.encoding = CM_STR("Chunked");
  assert_int_equal(cm_gate_enter(&local, &h, &e), 0);
  h.encoding = CM_STR("gzip, chunked");
  assert_int_equal(cm_gate_enter(&local, &h, &e), 501);
}

/* --- token --- */

static void test_token(void **state) {
  (void)state;
  cm_err e;
  cm_gate g = local;
  g.token = "s3cret-token";
  static const struct {
    const char *value;
    int status;
  } rows[] = {{"Bearer s3cret-token", 0},
              {"bearer s3cret-token", 0},
              {"Bearer  s3cret-token ", 0},
              {NULL, 401},
              {"", 401},
              {"Bearer", 401},
              {"Bearer ", 401},
              {"Bearer s3cret-toke", 401},
              {"Bearer s3cret-tokenx", 401},
              {"Bearer s3cret-tokens3cret-token", 401},
              {"s3cret-token", 401},
              {"Basic s3cret-token", 401},
              {"Bearer S3cret-token", 401}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const cm_heads h = {.authorization = text(rows[i].value)};
    if (cm_gate_token(&g, &h, &e) != rows[i].status) fail_msg("wrong for \"%s\"", rows[i].value);
    assert_int_equal(cm_gate_token(&local, &h, &e), 0);
  }
}

static void test_same(void **state) {
  (void)state;
  assert_true(cm_gate_same(CM_STR("abc"), CM_STR("abc")));
  assert_false(cm_gate_same(CM_STR("abcabc"), CM_STR("abc")));
  assert_false(cm_gate_same(CM_STR(""), CM_STR("abc")));
  assert_false(cm_gate_same(CM_STR("abc"), CM_STR("")));
  assert_false(cm_gate_same((cm_str){"ab\0", 3}, CM_STR("ab")));
}

/* --- body --- */

static int body(const char *type, const char *length, const char *origin) {
  cm_err e;
  const cm_heads h = {.type = text(type),
                      .length = text(length),
                      .n_lengths = length != NULL,
                      .origin = text(origin)};
  return cm_gate_body(&local, &h, &e);
}

static void test_body(void **state) {
  (void)state;
  assert_int_equal(body("application/json", "1000", NULL), 0);
  assert_int_equal(body("application/json", "1001", NULL), 413);
  static const char *const large[] = {"18446744073709551614", "18446744073709551615",
                                      "18446744073709551616", "99999999999999999999999"};
  for (size_t i = 0; i < 4; i++) assert_int_equal(body("application/json", large[i], NULL), 413);
  assert_int_equal(body("Application/JSON ; charset=utf-8", "1", NULL), 0);
  assert_int_equal(body(NULL, "1", NULL), 0);
  assert_int_equal(body("text/plain", "1", NULL), 415);
  assert_int_equal(body("application/json-patch", "1", NULL), 415);
  assert_int_equal(body("", "1", NULL), 415);
  /* A form of a browser is refused, curl's isn't. */
  assert_int_equal(body("application/x-www-form-urlencoded", "1", NULL), 0);
  assert_int_equal(body("application/x-www-form-urlencoded", "1", "http://localhost"), 415);
  assert_int_equal(body("multipart/form-data; boundary=x", "1", NULL), 415);
}

static void test_length(void **state) {
  (void)state;
  cm_heads h = {.n_lengths = 1, .length = CM_STR("17")};
  assert_true(cm_gate_length(&h) == 17);
  h.length = CM_STR("99999999999999999999999");
  assert_true(cm_gate_length(&h) == UINT64_MAX - 1);
  h.length = CM_STR("18446744073709551615");
  assert_true(cm_gate_length(&h) == UINT64_MAX - 1);
  h.length = CM_STR("-1");
  assert_true(cm_gate_length(&h) == UINT64_MAX);
  h = (cm_heads){.n_encodings = 1, .encoding = CM_STR("chunked")};
  assert_true(cm_gate_length(&h) == UINT64_MAX);
  h = (cm_heads){0};
  assert_true(cm_gate_length(&h) == 0);
}

/* --- metrics --- */

static bool says(const cm_buf *b, const char *line) {
  const char *at = strstr(b->p, line);
  return at && (at == b->p || at[-1] == '\n') && at[strlen(line)] == '\n';
}

static void test_metrics(void **state) {
  (void)state;
  cm_metrics m = {0};
  const cm_metrics_now now = {.waiting = 3, .version = "1.2", .model = "a\"b\\c\nd"};
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  cm_metrics_request(&m, "/api/chat", 200);
  cm_metrics_request(&m, "/api/chat", 404);
  cm_metrics_request(&m, "/api/chat", 200);
  cm_metrics_request(&m, "other", 200);
  cm_histogram_add(&m.queue, 0.002);
  cm_histogram_add(&m.queue, 0.001);
  cm_histogram_add(&m.queue, 1000);
  m.cancelled[CM_CANCELLED_SLOW] = 2;
  cm_metrics_text(&m, &now, &b);
  assert_false(b.overflow);
  assert_true(says(&b, "cmdai_serve_requests_total{api=\"/api/chat\",status=\"200\"} 2"));
  assert_true(says(&b, "cmdai_serve_requests_total{api=\"/api/chat\",status=\"404\"} 1"));
  assert_true(says(&b, "cmdai_serve_requests_total{api=\"other\",status=\"200\"} 1"));
  assert_true(says(&b, "cmdai_serve_cancelled_total{reason=\"slow_reader\"} 2"));
  assert_true(says(&b, "cmdai_serve_queue_depth 3"));
  /* Buckets count all that is not above their bound. */
  assert_true(says(&b, "cmdai_serve_queue_seconds_bucket{le=\"0.001\"} 1"));
  assert_true(says(&b, "cmdai_serve_queue_seconds_bucket{le=\"0.005\"} 2"));
  assert_true(says(&b, "cmdai_serve_queue_seconds_bucket{le=\"60\"} 2"));
  assert_true(says(&b, "cmdai_serve_queue_seconds_bucket{le=\"+Inf\"} 3"));
  assert_true(says(&b, "cmdai_serve_queue_seconds_count 3"));
  assert_true(says(&b, "cmdai_serve_queue_seconds_sum 1000.003"));
  assert_true(says(&b, "cmdai_serve_build_info{version=\"1.2\",model=\"a\\\"b\\\\c\\nd\"} 1"));
  cm_buf_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_own_names),
      cmocka_unit_test(test_foreign_names),
      cmocka_unit_test(test_name_of_the_operator),
      cmocka_unit_test(test_no_name),
      cmocka_unit_test(test_origins),
      cmocka_unit_test(test_framing),
      cmocka_unit_test(test_token),
      cmocka_unit_test(test_same),
      cmocka_unit_test(test_body),
      cmocka_unit_test(test_length),
      cmocka_unit_test(test_metrics),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
