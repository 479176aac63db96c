/* rooms: base data */
/* What is the same output under each rule, and what is said when it isn't. The expected answers
 * were written by hand from the rules in compare.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quality/compare.h"
#include "quality/excerpt.h"

#define S(lit) ((cm_str){"" lit, sizeof("" lit) - 1})

/* The reason, "" for the same, or a code's number. */
static const char *why_re(cm_comparator by, const cm_re *re, cm_str want, cm_str got) {
  static char text[2048];
  cm_arena *a = cm_arena_open(256 << 20);
  bool same = true;
  cm_str why = {0};
  cm_code code = cm_compare_text(by, re, want, got, a, &same, &why, NULL);
  if (code) snprintf(text, sizeof text, "%d", (int)code);
  else snprintf(text, sizeof text, "%.*s", (int)why.n, why.p);
  if (!code) assert_int_equal(same, why.n == 0);
  assert_int_equal(cm_utf8_check(text, strlen(text)), strlen(text));
  cm_arena_close(a);
  return text;
}

static const char *why(cm_comparator by, cm_str want, cm_str got) {
  return why_re(by, NULL, want, got);
}

#define SAME(by, want, got)        assert_string_equal(why(CM_CMP_##by, S(want), S(got)), "")
#define OTHER(by, want, got, text) assert_string_equal(why(CM_CMP_##by, S(want), S(got)), text)
#define DIFFER(by, want, got)      assert_string_not_equal(why(CM_CMP_##by, S(want), S(got)), "")

static void test_exact(void **state) {
  (void)state;
  SAME(EXACT, "", "");
  SAME(EXACT, "a\0b\xff\n", "a\0b\xff\n");
  OTHER(EXACT, "a\nbc\n", "a\nbd\n",
        "line 2, byte 2: \"d\\n\", expected \"c\\n\" (5 bytes, expected 5)");
  DIFFER(EXACT, "a\n", "a");
  DIFFER(EXACT, "a", "a\0");
}

static void test_lines(void **state) {
  (void)state;
  SAME(LINES, "a\nb\n", "a  \nb\t\r");
  SAME(LINES, "", "");
  OTHER(LINES, "a\nb\n", "a\n", "line 2: nothing, expected \"b\" (1 line, expected 2)");
  OTHER(LINES, "a", "a\n\x1b[1m\xff",
        "line 2: \"\\u{1b}[1m\\xff\", expected nothing (2 lines, expected 1)");
  DIFFER(LINES, "a\nb", "b\na");
  DIFFER(LINES, " a", "a");
  DIFFER(LINES, "a\n\n", "a\n");
  DIFFER(LINES, "", "\n");
}

static void test_sets(void **state) {
  (void)state;
  SAME(SET, "a\nb\n", "b\na\nb");
  OTHER(SET, "a\nb\nc", "c\nd", "missing \"a\", unexpected \"d\" (2 lines, expected 3)");
  OTHER(SET, "a", "", "missing \"a\" (0 lines, expected 1)");
  OTHER(SET, "", "a", "unexpected \"a\" (1 line, expected 0)");
  SAME(SORTED, "a\nb\nb", "b\nb\na");
  OTHER(SORTED, "a\nb\nb", "a\nb", "missing \"b\" (2 lines, expected 3)");
  DIFFER(SORTED, "a\na\nb", "a\nb\nb");
  DIFFER(SET, "ab", "a\nb");
}

static void test_numbers(void **state) {
  (void)state;
  SAME(NUMBERS, "3 a.txt\n", "   3\n");
  SAME(NUMBERS, "total: 1.50", "1.5 bytes");
  SAME(NUMBERS, "007 .5 -0 +4", "7 0.5 0 4.0");
  SAME(NUMBERS, "12345678901234567890123", "12345678901234567890123");
  SAME(NUMBERS, "3 file1.txt sha256_9", "3");
  SAME(NUMBERS, "2024-01-02", "2024 1 2");
  SAME(NUMBERS, "1.2.3", "1.2 3");
  SAME(NUMBERS, "(-5)", "-5");
  SAME(NUMBERS, "4.0K", "4");
  SAME(NUMBERS, "10%", "10");
  SAME(NUMBERS, "3:45", "3 45");
  DIFFER(NUMBERS, "-5", "5");
  DIFFER(NUMBERS, "1 2", "2 1");
  DIFFER(NUMBERS, "1", "10");
  DIFFER(NUMBERS, "12345678901234567890123", "12345678901234567890124");
  DIFFER(NUMBERS, "1", "no");
  DIFFER(NUMBERS, "1.5", "15");
  DIFFER(NUMBERS, "0.05", "0.5");
  DIFFER(NUMBERS, "4.0K", "8.0K");
  DIFFER(NUMBERS, "100", "1");
  DIFFER(NUMBERS,
         "\xe2\x82\xac"
         "5",
         "\xe2\x82\xac"
         "6");
  OTHER(NUMBERS, "1 2 3", "1 4", "number 2: \"4\", expected \"2\" (2 numbers, expected 3)");
}

static void test_paths(void **state) {
  (void)state;
  SAME(PATHS, "./a\n./b/c\n", "b//c/\na\n");
  SAME(PATHS, ".\n", "./\n");
  SAME(PATHS, "a\0b c\0", "b c\na\n");
  SAME(PATHS, "/etc/./x", "//etc/x");
  SAME(PATHS, "a\n\na\n", "a");
  SAME(PATHS, "\xff\r\n", "\xff\n");
  DIFFER(PATHS, "/a", "a");
  DIFFER(PATHS, "/", ".");
  DIFFER(PATHS, "a/b", "ab");
  DIFFER(PATHS, "a/..", ".");
  DIFFER(PATHS, "a b", "a\nb");
  DIFFER(PATHS, ".a", "a");
  OTHER(PATHS, "./a\n./b", "./a", "missing \"b\" (1 path, expected 2)");
}

static void test_json(void **state) {
  (void)state;
  SAME(JSON, "{\"a\":1,\"b\":[true,null]}", " {\"b\": [true, null], \"a\": 1.0}\n");
  SAME(JSON, "1\n2\n", "1\n\n2");
  SAME(JSON, "", "\n");
  SAME(JSON, "9007199254740993", "9007199254740993");
  OTHER(JSON, "{\"a\":[1,{\"b\":2}]}", "{\"a\":[1,{\"b\":3}]}", "at \"$.a[1].b\": another number");
  OTHER(JSON, "{\"a\":1}", "{}", "at \"$.a\": missing");
  OTHER(JSON, "{}", "{\"a\":1}", "at \"$\": an object of 1, expected 0");
  OTHER(JSON, "[1]", "[1,2]", "at \"$\": an array of 2, expected 1");
  OTHER(JSON, "1\n\"x\"", "1\n\"y\"", "at \"2:$\": another string");
  OTHER(JSON, "1\n2", "1", "1 values, expected 2");
  DIFFER(JSON, "9007199254740993", "9007199254740992");
  DIFFER(JSON, "1", "\"1\"");
  DIFFER(JSON, "true", "false");
  DIFFER(JSON, "0", "null");
  DIFFER(JSON, "[1,2]", "[2,1]");
  DIFFER(JSON, "{\"a\\u0000b\":1}", "{\"a\\u0000c\":1}");
  assert_memory_equal(why(CM_CMP_JSON, S("1"), S("{")), "not JSON: ", 10);
  char code[8];
  snprintf(code, sizeof code, "%d", CM_E_FORMAT);
  OTHER(JSON, "{", "1", code); /* gold's fault, not the candidate's */
}

static void test_regex(void **state) {
  cm_re *re;
  (void)state;
  assert_int_equal(cm_re_open(&re, CM_STR("^b$"), 0, NULL), CM_OK);
  assert_string_equal(why_re(CM_CMP_REGEX, re, S("x"), S("b\n")), "");
  assert_string_equal(why_re(CM_CMP_REGEX, re, S("b"), S("x")), "the pattern doesn't match \"x\"");
  cm_re_close(re);
  SAME(IGNORE, "a", "b");
}

/* Outputs over the limits are never the same, and gold's are the fixture's fault. */
static void test_limits(void **state) {
  size_t n = CM_COMPARE_BYTES_MAX + 1;
  char *big = malloc(n), code[8];
  (void)state;
  memset(big, '\n', n);
  snprintf(code, sizeof code, "%d", CM_E_LIMIT);
  for (int by = CM_CMP_EXACT; by <= CM_CMP_JSON; by++) {
    if (by == CM_CMP_REGEX) continue;
    assert_string_not_equal(why((cm_comparator)by, S("1"), (cm_str){big, n}), "");
    assert_string_equal(why((cm_comparator)by, (cm_str){big, n}, S("1")), code);
  }
  cm_str lines = {big, CM_COMPARE_ITEMS_MAX + 1};
  assert_string_equal(why(CM_CMP_LINES, S(""), lines), "more than 200000 lines");
  assert_string_equal(why(CM_CMP_LINES, lines, S("")), code);
  lines.n--;
  assert_string_equal(why(CM_CMP_LINES, lines, lines), "");
  free(big);
}

/* Without memory it says so, wherever that happens. */
static void test_no_memory(void **state) {
  (void)state;
  for (int by = CM_CMP_EXACT; by <= CM_CMP_JSON; by++) {
    bool same = true, failed = true;
    if (by == CM_CMP_REGEX) continue;
    for (uint64_t n = 1; failed && n < 500; n++) {
      cm_arena *a = cm_arena_open(1 << 20);
      cm_str why = {0};
      assert_non_null(a);
      cm_mem_fail_nth(n);
      cm_code code = cm_compare_text((cm_comparator)by, NULL, S("{\"a\":[1]}"), S("{\"a\":[2,3]}"),
                                     a, &same, &why, NULL);
      cm_mem_fail_nth(0);
      failed = code != CM_OK;
      if (failed) assert_int_equal(code, CM_E_NOMEM);
      cm_arena_close(a);
    }
    assert_false(failed);
    assert_false(same);
  }
}

static void test_excerpt(void **state) {
  cm_buf b;
  (void)state;
  cm_buf_init(&b, 1 << 20);
  cm_excerpt(&b, S("a\"\\\n\t\0\xc3\xa9\xc3 \xe2\x80\xae"));
  assert_string_equal(b.p, "\"a\\\"\\\\\\n\\t\\u{0}\xc3\xa9\\xc3 \\u{202e}\"");
  char many[600];
  for (size_t i = 0; i < sizeof many; i += 3) memcpy(many + i, "\xe2\x82\xac", 3);
  cm_buf_reset(&b);
  cm_excerpt(&b, (cm_str){many, sizeof many});
  assert_int_equal(cm_utf8_check(b.p, b.n), b.n);
  assert_true(b.n < CM_EXCERPT_MAX + 16);
  assert_string_equal(b.p + b.n - 4, "\"\xe2\x80\xa6");
  cm_buf_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exact),   cmocka_unit_test(test_lines),
      cmocka_unit_test(test_sets),    cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_paths),   cmocka_unit_test(test_json),
      cmocka_unit_test(test_regex),   cmocka_unit_test(test_limits),
      cmocka_unit_test(test_excerpt), cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
