/* rooms: data base */
/* Regular expressions from outside: what matches, what is refused, what is given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/re.h"
#include "data/sha256.h"

/* Bytes of the first match, "-" for none. */
static const char *first(const char *pattern, unsigned flags, const char *text) {
  static char out[64];
  cm_re *re;
  cm_err e;
  bool found;
  size_t start, end;
  assert_int_equal(cm_re_open(&re, cm_str_of(pattern), flags, &e), CM_OK);
  assert_int_equal(cm_re_find(re, cm_str_of(text), 0, &found, &start, &end, &e), CM_OK);
  cm_re_close(re);
  snprintf(out, sizeof out, "%.*s", found ? (int)(end - start) : 1, found ? text + start : "-");
  return out;
}

static void test_matches(void **state) {
  (void)state;
  assert_string_equal(first("a+b", 0, "xaab"), "aab");
  assert_string_equal(first("A+B", 0, "xaab"), "-");
  assert_string_equal(first("A+B", CM_RE_IGNORE_CASE, "xaab"), "aab");
  assert_string_equal(first("\\w+", 0, "\xc3\xa9t\xc3\xa9 x"), "\xc3\xa9t\xc3\xa9");
  assert_string_equal(first("b", 0,
                            "a\xff"
                            "b"),
                      "b");
  assert_string_equal(first("", 0, ""), "");
}

static void test_refused(void **state) {
  static const char *const bad[] = {"(", "[a", "a{2,1}", "*", "\\C", "(?<n>a)(?<n>b)"};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_re *re = (cm_re *)(void *)&re;
    cm_err e = {0};
    assert_int_equal(cm_re_open(&re, cm_str_of(bad[i]), 0, &e), CM_E_FORMAT);
    assert_null(re);
    assert_true(e.msg[0] != 0);
  }
  static char big[CM_RE_PATTERN_MAX + 1];
  cm_re *re;
  memset(big, 'a', sizeof big);
  assert_int_equal(cm_re_open(&re, (cm_str){big, sizeof big}, 0, NULL), CM_E_LIMIT);
}

/* The classic that takes exponential time. */
static void test_runaway(void **state) {
  static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
  (void)state;
  cm_re *re;
  cm_err e;
  bool found = true;
  size_t start, end;
  assert_int_equal(cm_re_open(&re, CM_STR("^(a|aa|a+)+$"), 0, &e), CM_OK);
  assert_int_equal(cm_re_find(re, CM_STR(text), 0, &found, &start, &end, &e), CM_E_LIMIT);
  assert_false(found);
  cm_re_close(re);
}

static void test_no_memory(void **state) {
  (void)state;
  for (uint64_t n = 1; n < 40; n++) {
    cm_re *re = NULL;
    cm_err e;
    bool found;
    size_t start, end;
    cm_mem_fail_nth(n);
    cm_code code = cm_re_open(&re, CM_STR("(a|b)+c"), 0, &e);
    if (!code) code = cm_re_find(re, CM_STR("xabc"), 0, &found, &start, &end, &e);
    cm_mem_fail_nth(0);
    assert_true(code == CM_OK || code == CM_E_NOMEM);
    cm_re_close(re);
  }
}

/* FIPS 180-4's examples (published by NIST with the standard). */
static void test_sha256(void **state) {
  char hex[65];
  (void)state;
  cm_sha256_of(CM_STR("abc"), hex);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  cm_sha256_of(CM_STR(""), hex);
  assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  cm_sha256 s;
  cm_sha256_init(&s);
  for (int i = 0; i < 1000; i++) {
    char block[1000];
    memset(block, 'a', sizeof block);
    cm_sha256_add(&s, block, sizeof block);
  }
  cm_sha256_hex(&s, hex);
  assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_matches), cmocka_unit_test(test_refused),
      cmocka_unit_test(test_runaway), cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_sha256),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
