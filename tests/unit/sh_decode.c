/* Decoders and filters: the vectors of RFC 4648 (section 10), and what GNU coreutils, util-linux,
 * xxd and sed print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sh/decode.h"

static cm_arena *arena;

static int open_arena(void **state) {
  (void)state;
  return (arena = cm_arena_open(1 << 20)) ? 0 : -1;
}

static int close_arena(void **state) {
  (void)state;
  cm_arena_close(arena);
  return 0;
}

#define SAME(ok, got, want)                                               \
  do {                                                                    \
    assert_true(ok);                                                      \
    if (!cm_str_eq(got, cm_str_of(want)))                                 \
      fail_msg("got \"%.*s\", want \"%s\"", (int)(got).n, (got).p, want); \
  } while (0)

static void test_rfc4648(void **state) {
  (void)state;
  static const struct {
    const char *text, *base64, *base32;
  } vectors[] = {{"", "", ""},
                 {"f", "Zg==", "MY======"},
                 {"fo", "Zm8=", "MZXQ===="},
                 {"foo", "Zm9v", "MZXW6==="},
                 {"foob", "Zm9vYg==", "MZXW6YQ="},
                 {"fooba", "Zm9vYmE=", "MZXW6YTB"},
                 {"foobar", "Zm9vYmFy", "MZXW6YTBOI======"}};
  cm_str out;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    SAME(cm_decode_base64(arena, cm_str_of(vectors[i].base64), false, &out), out, vectors[i].text);
    SAME(cm_decode_base32(arena, cm_str_of(vectors[i].base32), false, &out), out, vectors[i].text);
  }
}

/* Line ends are passed over, other bytes end the text, unless -i is given; what is decoded before
 * has been printed. Two encodings one after the other are decoded both. */
static void test_base64_garbage(void **state) {
  (void)state;
  cm_str out;
  SAME(cm_decode_base64(arena, CM_STR("Zm9v\nYmFy\n"), false, &out), out, "foobar");
  SAME(cm_decode_base64(arena, CM_STR("Zm9v*YmFy"), false, &out), out, "foo");
  SAME(cm_decode_base64(arena, CM_STR("Z m-9v*YmFy"), true, &out), out, "foobar");
  SAME(cm_decode_base64(arena, CM_STR("Zg==Zm8="), false, &out), out, "ffo");
  SAME(cm_decode_base64(arena, CM_STR("Zg"), false, &out), out, "f");
}

static void test_hex(void **state) {
  (void)state;
  cm_str out;
  SAME(cm_decode_hex(arena, CM_STR("666f6F\n62 61 72\n"), &out), out, "foobar");
  SAME(cm_decode_hex(arena, CM_STR("6"), &out), out, "");
  SAME(cm_decode_hexdump(
           arena, CM_STR("00000000: 726d 202d 7266 202f 0a                   rm -rf /.\n"), &out),
       out, "rm -rf /\n");
  SAME(cm_decode_hexdump(arena, CM_STR("no colon here\n0: 61\n"), &out), out, "a");
}

static void test_escapes(void **state) {
  (void)state;
  static const struct {
    const char *in, *echo, *printf;
  } cases[] = {{"a", "a", "a"},
               {"\\n\\t\\\\", "\n\t\\", "\n\t\\"},
               {"\\x41\\x4z", "A\x04z", "A\x04z"},
               {"\\0101", "A", "\b1"},
               {"\\101", "\\101", "A"},
               {"\\u00e9\\U0001F600", "\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80"},
               {"\\q\\", "\\q\\", "\\q\\"},
               {"\\e[0m", "\033[0m", "\033[0m"}};
  cm_str out;
  bool ended;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    SAME(cm_decode_escapes(arena, cm_str_of(cases[i].in), true, &out, &ended), out, cases[i].echo);
    assert_false(ended);
    SAME(cm_decode_escapes(arena, cm_str_of(cases[i].in), false, &out, &ended), out,
         cases[i].printf);
  }
  SAME(cm_decode_escapes(arena, CM_STR("a\\cb"), true, &out, &ended), out, "a");
  assert_true(ended);
}

static void test_lines(void **state) {
  (void)state;
  cm_str out;
  SAME(cm_filter_rev(arena, CM_STR("abc\nd\xc3\xa9\n"), &out), out,
       "cba\n\xc3\xa9"
       "d\n");
  SAME(cm_filter_rev(arena, CM_STR("ab"), &out), out, "ba");
  SAME(cm_filter_tac(arena, CM_STR("a\nb\nc\n"), &out), out, "c\nb\na\n");
  SAME(true, cm_filter_ends(CM_STR("a\nb\nc\n"), 2, true, false), "a\nb\n");
  SAME(true, cm_filter_ends(CM_STR("a\nb\nc\n"), 2, true, true), "b\nc\n");
  SAME(true, cm_filter_ends(CM_STR("abc"), 2, false, false), "ab");
  SAME(true, cm_filter_ends(CM_STR("abc"), 2, false, true), "bc");
  SAME(true, cm_filter_ends(CM_STR("abc"), 9, false, true), "abc");
  SAME(cm_filter_cut(arena, CM_STR("a:b:c\nd\n"), CM_STR("1,3"), ':', true, &out), out,
       "a:c\nd\n");
  SAME(cm_filter_cut(arena, CM_STR("abcdef\n"), CM_STR("-2,5-"), 0, false, &out), out, "abef\n");
  assert_false(cm_filter_cut(arena, CM_STR("abc\n"), CM_STR("x"), 0, false, &out));
}

static void test_tr(void **state) {
  (void)state;
  static const struct {
    const char *in, *flags, *one, *two, *want;
  } cases[] = {
      {"hello", "", "a-y", "b-z", "ifmmp"},  {"Hello", "", "[:upper:]", "[:lower:]", "hello"},
      {"hello", "d", "l", "", "heo"},        {"aabb", "s", "a-z", "", "ab"},
      {"a b", "", " ", "\\n", "a\nb"},       {"abcd", "cd", "ab", "", "ab"},
      {"abc", "", "abc", "x", "xxx"},        {"a.b", "c", "a-z", "_", "a_b"},
      {"az", "", "a-z", "\\101-\\132", "AZ"}};
  cm_str out;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    SAME(cm_filter_tr(arena, cm_str_of(cases[i].in), cases[i].flags, cm_str_of(cases[i].one),
                      cm_str_of(cases[i].two), &out),
         out, cases[i].want);
  assert_false(cm_filter_tr(arena, CM_STR("a"), "", CM_STR("z-a"), CM_STR("b"), &out));
  assert_false(cm_filter_tr(arena, CM_STR("a"), "", CM_STR("[=a=]"), CM_STR("b"), &out));
}

static void test_sed(void **state) {
  (void)state;
  static const struct {
    const char *in, *script, *want; /* NULL: not known here */
  } cases[] = {{"abab\nab\n", "s/a/x/", "xbab\nxb\n"},
               {"abab", "s/a/x/g", "xbxb"},
               {"a/b", "s|/|-|", "a-b"},
               {"a/b", "s/\\//-/", "a-b"},
               {"abc", "s/a/1/;s/c/3/", "1b3"},
               {"abc", "y/abc/xyz/", "xyz"},
               {"abc", "", "abc"},
               {"abc", "s/./x/", NULL},
               {"abc", "s/b/[&]/", NULL},
               {"abc", "s/b/x/e", NULL},
               {"abc", "1d", NULL},
               {"abc", "s/b", NULL}};
  cm_str out;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bool ok = cm_filter_sed(arena, cm_str_of(cases[i].in), cm_str_of(cases[i].script), &out);
    assert_int_equal(ok, cases[i].want != NULL);
    if (ok) SAME(true, out, cases[i].want);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rfc4648), cmocka_unit_test(test_base64_garbage),
      cmocka_unit_test(test_hex),     cmocka_unit_test(test_escapes),
      cmocka_unit_test(test_lines),   cmocka_unit_test(test_tr),
      cmocka_unit_test(test_sed),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
