/* rooms: token libs: pcre2-8 */
/* The hand-written pre-tokenizer against PCRE2 with the pattern that Qwen2 publishes. */
#define PCRE2_CODE_UNIT_WIDTH 8
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <pcre2.h>
#include <stdlib.h>

#include "token/pretok.h"
#include "unit/token_text.h"

static const char pattern[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

typedef struct regex {
  pcre2_code *code;
  pcre2_match_data *match;
} regex;

static regex qwen2, unassigned;

static regex compile(const char *text) {
  int error;
  PCRE2_SIZE at;
  regex r;
  r.code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &error,
                         &at, NULL);
  assert_non_null(r.code);
  pcre2_jit_compile(r.code, PCRE2_JIT_COMPLETE); /* faster where there is one */
  r.match = pcre2_match_data_create(1, NULL);
  assert_non_null(r.match);
  return r;
}

static void destroy(regex *r) {
  pcre2_match_data_free(r->match);
  pcre2_code_free(r->code);
}

static int compile_all(void **state) {
  (void)state;
  qwen2 = compile(pattern);
  unassigned = compile("\\p{Cn}");
  return 0;
}

static int destroy_all(void **state) {
  (void)state;
  destroy(&qwen2);
  destroy(&unassigned);
  return 0;
}

/* Where the first match in text[at…] ends; `at` itself when there is none. */
static size_t match_end(regex *r, cm_str text, size_t at) {
  int n = pcre2_match(r->code, (PCRE2_SPTR)text.p, text.n, at, PCRE2_NO_UTF_CHECK, r->match, NULL);
  if (n == PCRE2_ERROR_NOMATCH) return at;
  assert_true(n > 0);
  PCRE2_SIZE *range = pcre2_get_ovector_pointer(r->match);
  assert_int_equal(range[0], at); /* every character belongs to a piece */
  return range[1];
}

/* Where the two must differ: characters that PCRE2's Unicode (14 in 10.42) doesn't have yet, while
 * our tables do; and U+180E, in \s of PCRE2 (as once in Unicode), but no longer White_Space. */
static bool is_comparable(uint32_t cp) {
  if (cp < 0x80) return true;
  if (cp == 0x180E || (cp >= 0xD800 && cp <= 0xDFFF)) return false;
  char s[4];
  size_t n = cm_utf8_put(cp, s);
  return match_end(&unassigned, (cm_str){s, n}, 0) == 0;
}

static void expect_same(cm_str text) {
  cm_pretok it = {text, 0};
  size_t at = 0;
  for (cm_str piece; cm_pretok_next(&it, &piece); at += piece.n) {
    assert_ptr_equal(piece.p, text.p + at);
    size_t end = match_end(&qwen2, text, at);
    if (end == at + piece.n) continue;
    for (size_t i = 0; i < text.n; i++) print_message("%02x ", (unsigned char)text.p[i]);
    fail_msg("the piece at %zu ends at %zu, in PCRE2 at %zu", at, at + piece.n, end);
  }
  assert_int_equal(at, text.n);
}

static const char *const nasty[] = {"",
                                    " ",
                                    "  ",
                                    "\n",
                                    "\r\n",
                                    " \n",
                                    "\n ",
                                    " \n \n  ",
                                    "  \n\n  x",
                                    "a\n",
                                    "a \n b",
                                    "\r\r\n x",
                                    "x  y",
                                    "x \t y",
                                    "x\t",
                                    "\tx",
                                    "\t\tx",
                                    "\u00a0\u00a0x",
                                    "\u3000\u00a0x",
                                    "\u2028x",
                                    "\u2028\nx",
                                    "\xC2\x85x",
                                    "\v\f x",
                                    "it's",
                                    "IT'S",
                                    "it'\u017f it'\u017fa",
                                    "'sa",
                                    "'Sx",
                                    "''s",
                                    "'",
                                    "' s",
                                    "'1",
                                    "'r",
                                    "'re",
                                    "'RE'Ve",
                                    "'rE",
                                    "'l",
                                    "'ll",
                                    "'lLl",
                                    "'d'm't",
                                    "'\u212a",
                                    "\u2019s",
                                    "!'s",
                                    "'s's",
                                    "1234567",
                                    "1a2",
                                    " 1",
                                    "  1",
                                    "\u0663\u0664",
                                    "\u2167\u00bd\u00b2",
                                    "a1 b2",
                                    "!a",
                                    "!!a",
                                    "!!!",
                                    " !a",
                                    " !!",
                                    "  !!",
                                    "!\n",
                                    "!\n\n a",
                                    "!\r\nx",
                                    "!\n!",
                                    "! \n",
                                    " \n!",
                                    "\n!a",
                                    "a\u0301",
                                    "\u0301a",
                                    "\u0301",
                                    " \u0301\u0301x",
                                    "\u0915\u093f\u0928",
                                    "\u4e2d\u6587\u3002\u4e2d",
                                    "\U0001f600\u200d\U0001f600a",
                                    "<|im_end|>\n",
                                    "a\n\n\n",
                                    "   a\n   b",
                                    "\n\n\n   ",
                                    "\t \n \t",
                                    "x\n \n \ny",
                                    "$ 5",
                                    "a_b-c",
                                    "\ufeffx"};

static void hand_made_text_is_cut_alike(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++) expect_same(cm_str_of(nasty[i]));
}

static void every_character_has_its_class(void **state) {
  (void)state;
  unsigned compared = 0;
  for (uint32_t cp = 1; cp < 0x110000; cp++) {
    if (cp > 0x40000 && cp % 251) continue; /* almost nothing is assigned there */
    if (!is_comparable(cp)) continue;
    char text[32], c[4];
    size_t len = cm_utf8_put(cp, c), n = 0;
    text[n++] = 'a';
    memcpy(text + n, c, len), n += len;
    text[n++] = 'a';
    text[n++] = ' ';
    memcpy(text + n, c, len), n += len;
    memcpy(text + n, c, len), n += len;
    text[n++] = '1';
    expect_same((cm_str){text, n});
    compared++;
  }
  print_message("%u characters\n", compared);
  assert_true(compared > 140000);
}

static bool all_comparable(cm_str s) {
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    i += cm_utf8_next(s.p + i, s.n - i, &cp);
    if (!is_comparable(cp)) return false;
  }
  return true;
}

static void random_text_is_cut_alike(void **state) {
  (void)state;
  char buf[TEXT_MAX];
  unsigned compared = 0;
  for (unsigned tries = 0; compared < 30000 && tries < 300000; tries++) {
    cm_str text = text_unicode(buf, 1 + tries % 40);
    if (!all_comparable(text)) continue;
    expect_same(text);
    compared++;
  }
  assert_int_equal(compared, 30000);
}

/* What PCRE2 can't be asked: bytes that aren't UTF-8 are neither letter, number nor space. */
static void invalid_bytes_are_symbols(void **state) {
  (void)state;
  cm_pretok it = {CM_STR("a\xff\xc3 \x80\x80\n1\xe2\x82"), 0};
  static const char *const expected[] = {"a", "\xff\xc3", " \x80\x80\n", "1", "\xe2\x82"};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    cm_str piece;
    assert_true(cm_pretok_next(&it, &piece));
    assert_true(cm_str_is(piece, expected[i]));
  }
  cm_str piece;
  assert_false(cm_pretok_next(&it, &piece));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hand_made_text_is_cut_alike),
      cmocka_unit_test(every_character_has_its_class),
      cmocka_unit_test(random_text_is_cut_alike),
      cmocka_unit_test(invalid_bytes_are_symbols),
  };
  return cmocka_run_group_tests(tests, compile_all, destroy_all);
}
