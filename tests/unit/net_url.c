/* rooms: net base */
/* Addresses: what is one, and who is the same origin (RFC 3986, RFC 6454). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/url.h"

static void fine(const char *text, bool https, const char *host, unsigned port, const char *path) {
  cm_url u;
  cm_err e = {0};
  if (cm_url_parse(cm_str_of(text), &u, &e)) fail_msg("%s: %s", text, e.msg);
  assert_int_equal(u.https, https);
  assert_true(cm_str_is(u.host, host));
  assert_int_equal(u.port, port);
  assert_true(cm_str_is(u.path, path));
}

static void test_parts(void **state) {
  (void)state;
  fine("http://a.b", false, "a.b", 80, "");
  fine("https://huggingface.co/x/y?z#w", true, "huggingface.co", 443, "/x/y?z#w");
  fine("HTTPS://Host:8443?q", true, "Host", 8443, "?q");
  fine("http://127.0.0.1:1/", false, "127.0.0.1", 1, "/");
  fine("http://[::1]:65535/a", false, "[::1]", 65535, "/a");
  fine("http://[::1]#f", false, "[::1]", 80, "#f");
}

static void test_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "http:",
                                    "http://",
                                    "http:///x",
                                    "ftp://host/",
                                    "//host/",
                                    "host/x",
                                    "http://user@host/",
                                    "http://user:pass@host/",
                                    "http://host:0/",
                                    "http://host:65536/",
                                    "http://host:/",
                                    "http://host:8x/",
                                    "http://host:-1/",
                                    "http://ho st/",
                                    "http://host/a b",
                                    "http://host/\n",
                                    "http://host\\@other/",
                                    "http://[::1",
                                    "http://[]/",
                                    "http://[::1]x/",
                                    "http://h\xc3\xa4/",
                                    "http://host%2f/",
                                    " http://host/",
                                    "javascript:alert(1)",
                                    "http://a,b/"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_url u;
    cm_err e = {0};
    if (cm_url_parse(cm_str_of(bad[i]), &u, &e) != CM_E_FORMAT) fail_msg("taken: %s", bad[i]);
    assert_true(e.msg[0]);
  }
  char *much = calloc(1, CM_URL_MAX + 2);
  memset(much, 'a', CM_URL_MAX + 1);
  memcpy(much, "http://", 7);
  cm_url u;
  assert_int_equal(cm_url_parse(cm_str_of(much), &u, NULL), CM_E_LIMIT);
  free(much);
}

static bool same(const char *x, const char *y) {
  cm_url a, b;
  assert_int_equal(cm_url_parse(cm_str_of(x), &a, NULL), CM_OK);
  assert_int_equal(cm_url_parse(cm_str_of(y), &b, NULL), CM_OK);
  return cm_url_same_origin(&a, &b) && cm_url_same_origin(&b, &a);
}

static void test_origin(void **state) {
  (void)state;
  assert_true(same("https://hub.co/a", "https://HUB.co:443/b?c"));
  assert_true(same("http://hub.co", "http://hub.co:80/"));
  assert_false(same("https://hub.co/", "http://hub.co/"));
  assert_false(same("https://hub.co/", "https://hub.co:444/"));
  assert_false(same("https://hub.co/", "https://hub.co.evil.org/"));
  assert_false(same("https://hub.co/", "https://cdn.hub.co/"));
}

static void test_escape(void **state) {
  (void)state;
  cm_buf b;
  cm_buf_init(&b, 100);
  cm_url_escape(CM_STR("refs/pr/1"), false, &b);
  assert_string_equal(b.p, "refs%2Fpr%2F1");
  cm_buf_reset(&b);
  cm_url_escape(CM_STR("a b/\xc3\xa4+~%?#&.gguf"), true, &b);
  assert_string_equal(b.p, "a%20b/%C3%A4%2B~%25%3F%23%26.gguf");
  cm_buf_close(&b);
}

static void test_file(void **state) {
  (void)state;
  static const char *const rows[][2] = {{"http://h/a/b.gguf?x=/y", "b.gguf"},
                                        {"http://h", ""},
                                        {"http://h/a/", ""},
                                        {"http://h/b#/c", "b"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_url u;
    assert_int_equal(cm_url_parse(cm_str_of(rows[i][0]), &u, NULL), CM_OK);
    assert_true(cm_str_is(cm_url_file(&u), rows[i][1]));
  }
}

static bool local(const char *text) {
  cm_url u;
  assert_int_equal(cm_url_parse(cm_str_of(text), &u, NULL), CM_OK);
  return cm_url_is_local(&u);
}

/* RFC 1122, 3.2.1.3 (127.0.0.0/8), RFC 4291, 2.5.3 (::1), RFC 6761, 6.3 (localhost). */
static void test_local(void **state) {
  (void)state;
  static const char *const here[] = {"http://localhost:11434/api", "https://LOCALHOST",
                                     "http://127.0.0.1:1", "http://127.255.0.3/", "http://[::1]/"};
  static const char *const elsewhere[] = {
      "http://localhost.evil.com/", "http://xlocalhost/",  "http://127.0.0.1.evil.com/",
      "http://127.evil.com/",       "http://127.0.0/",     "http://127.0.0.256/",
      "http://127.0.0.1.1/",        "http://128.0.0.1/",   "http://127/",
      "http://127..0.1/",           "http://127.0.0.1./",  "http://[::2]/",
      "http://[::ffff:8.8.8.8]/",   "http://10.127.0.0.1", "http://1127.0.0.1/"};
  for (size_t i = 0; i < sizeof here / sizeof *here; i++) assert_true(local(here[i]));
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (local(elsewhere[i])) fail_msg("%s is not this machine", elsewhere[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts),   cmocka_unit_test(test_local),
                                     cmocka_unit_test(test_refused), cmocka_unit_test(test_origin),
                                     cmocka_unit_test(test_escape),  cmocka_unit_test(test_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
