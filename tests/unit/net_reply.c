/* rooms: net base */
/* What a server says of a file, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/reply.h"

static const char sum[] = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32";

static cm_reply read_lines(const char *const *lines, bool hub) {
  cm_reply r;
  cm_reply_init(&r);
  for (; *lines; lines++) cm_reply_line(&r, cm_str_of(*lines), hub);
  return r;
}

/* The answer of the hub to a large file, as docs of its clients describe it. */
static void test_hub(void **state) {
  (void)state;
  char etag[100];
  snprintf(etag, sizeof etag, "x-linked-etag: \"%s\"\r\n", sum);
  const char *const lines[] = {"HTTP/2 302 \r\n",
                               "location: https://cdn/x\r\n",
                               "content-length: 1385\r\n",
                               etag,
                               "X-Linked-Size: 491400064\r\n",
                               "X-Repo-Commit: ebb2015119c907b064c512bf053e945850b5875f\r\n",
                               "\r\n",
                               "HTTP/1.1 200 OK",
                               "Content-Length: 491400064",
                               "ETag: \"abc\"",
                               NULL};
  const cm_reply r = read_lines(lines, true);
  assert_int_equal(r.status, 200);
  assert_int_equal(r.bytes, 491400064);
  assert_string_equal(r.linked_sha256, sum);
  assert_int_equal(r.linked_bytes, 491400064);
  assert_string_equal(r.commit, "ebb2015119c907b064c512bf053e945850b5875f");
  assert_string_equal(r.etag, "\"abc\"");
}

static void test_others_say_nothing(void **state) {
  (void)state;
  char etag[100];
  snprintf(etag, sizeof etag, "X-Linked-Etag: %s", sum);
  const char *const lines[] = {"HTTP/1.1 200 OK", etag, "X-Linked-Size: 5",
                               "X-Repo-Commit: ebb2015119c907b064c512bf053e945850b5875f", NULL};
  const cm_reply r = read_lines(lines, false);
  assert_string_equal(r.linked_sha256, "");
  assert_int_equal(r.linked_bytes, 0);
  assert_string_equal(r.commit, "");
}

/* A git blob's SHA-1 is no SHA-256. */
static void test_no_sha256(void **state) {
  (void)state;
  static const char *const bad[] = {"X-Linked-Etag: \"ebb2015119c907b064c512bf053e945850b5875f\"",
                                    "X-Linked-Etag: \"",
                                    "X-Linked-Etag:", "X-Linked-Etag: W/\"x\""};
  for (size_t i = 0; i < 4; i++) {
    const char *const lines[] = {"HTTP/1.1 302 Found", bad[i], NULL};
    assert_string_equal(read_lines(lines, true).linked_sha256, "");
  }
  char line[100];
  snprintf(line, sizeof line, "X-Linked-Etag: \"%.63sg\"", sum);
  const char *const lines[] = {"HTTP/1.1 302 Found", line, NULL};
  assert_string_equal(read_lines(lines, true).linked_sha256, "");
}

static void range(const char *value, uint64_t first, uint64_t total) {
  char line[100];
  snprintf(line, sizeof line, "Content-Range: %s", value);
  const char *const lines[] = {"HTTP/1.1 206 Partial Content", line, NULL};
  const cm_reply r = read_lines(lines, false);
  assert_int_equal(r.status, 206);
  assert_true(r.first == first && r.total == total);
}

static void test_range(void **state) {
  (void)state;
  range("bytes 100-199/200", 100, 200);
  range("bytes 0-0/*", 0, UINT64_MAX);
  range("bytes */200", UINT64_MAX, 200);
  range("bytes -5-9/10", UINT64_MAX, 10);
  range("items 1-2/3", UINT64_MAX, UINT64_MAX);
  range("bytes 1-2", UINT64_MAX, UINT64_MAX);
  range("bytes 99999999999999999999-1/2", UINT64_MAX, 2);
}

static void test_waits(void **state) {
  (void)state;
  const char *const lines[] = {"HTTP/1.1 429 Too Many Requests",
                               "RateLimit: \"resolvers\";r=0;t=123", NULL};
  assert_int_equal(read_lines(lines, true).wait_seconds, 123);
  const char *const none[] = {"HTTP/1.1 429 x", "RateLimit: \"resolvers\";r=0;t=", NULL};
  assert_int_equal(read_lines(none, true).wait_seconds, 0);
}

static void test_etag(void **state) {
  (void)state;
  static const char *const bad[] = {"ETag: W/\"x\"", "ETag: x", "ETag: \"a b\"", "ETag: \"a\"b\"",
                                    "ETag: \""};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *const lines[] = {"HTTP/1.1 200 OK", bad[i], NULL};
    assert_string_equal(read_lines(lines, true).etag, "");
  }
}

/* A second answer forgets the first one's fields. */
static void test_new_answer(void **state) {
  (void)state;
  const char *const lines[] = {"HTTP/1.1 100 Continue",
                               "Content-Length: 7",
                               "ETag: \"x\"",
                               "HTTP/1.1 204 None",
                               "garbage",
                               ": y",
                               "Content-Length: -1",
                               NULL};
  const cm_reply r = read_lines(lines, true);
  assert_int_equal(r.status, 204);
  assert_true(r.bytes == UINT64_MAX);
  assert_string_equal(r.etag, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hub),       cmocka_unit_test(test_others_say_nothing),
      cmocka_unit_test(test_no_sha256), cmocka_unit_test(test_range),
      cmocka_unit_test(test_waits),     cmocka_unit_test(test_etag),
      cmocka_unit_test(test_new_answer)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
