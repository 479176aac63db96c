/* The tokenizer over a small vocabulary of our own, with expectations worked out by hand. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <time.h>

#include "unit/token_gguf.h"
#include "unit/token_text.h"

static cm_tok *tok;
static cm_gguf *file;
static void *memory;

static int open_small(void **state) {
  (void)state;
  image m;
  cm_err e;
  small_image(&m, &(change){0});
  if (image_tokenizer(&m, &tok, &file, &memory, &e)) fail_msg("%s", e.msg);
  return 0;
}

static int close_small(void **state) {
  (void)state;
  cm_tok_close(tok);
  cm_gguf_close(file);
  free(memory);
  return 0;
}

static cm_str str(const char *s) { return cm_str_of(s); }

/* --- encoding --- */

/* `expected` ends with 0; no test text holds the byte 0. */
static void expect_ids(const char *text, bool special, const uint32_t *expected) {
  cm_ids ids;
  cm_err e;
  cm_ids_init(&ids, 1000);
  assert_int_equal(cm_tok_encode(tok, str(text), special, &ids, &e), CM_OK);
  size_t n = 0;
  while (expected[n]) n++;
  bool same = n == ids.n && (n == 0 || memcmp(ids.p, expected, n * sizeof *expected) == 0);
  if (!same) {
    for (size_t i = 0; i < ids.n; i++) print_message("%u ", ids.p[i]);
    fail_msg("unexpected ids for \"%s\"", text);
  }
  cm_ids_close(&ids);
}

#define EXPECT(text, special, ...) expect_ids(text, special, (const uint32_t[]){__VA_ARGS__, 0})

static void merges_apply_by_rank(void **state) {
  (void)state;
  expect_ids("", false, (const uint32_t[]){0});
  EXPECT("low", false, T_LOW);
  EXPECT(" low", false, T_SP_LOW);
  EXPECT("lower low", false, T_LOW, T_ER, T_SP_LOW);
  EXPECT("lo w", false, T_LO, ' ', 'w'); /* never across words */
  EXPECT("aaaaaaa", false, T_AAAA, T_AA, 'a');
  EXPECT("aaaaa", false, T_AAAA, 'a'); /* leftmost first */
  EXPECT("abc", false, T_AB, 'c');     /* a+bc isn't reached: a+b has the lower rank */
  EXPECT("bcc", false, T_BC, 'c');
  EXPECT("\u00e4\n\n\n", false, T_A_UML, T_NEWLINES, '\n');
  EXPECT("\xff\xc3", false, 0xFF, 0xC3); /* bytes that aren't UTF-8 */
}

static void special_tokens_are_found(void **state) {
  (void)state;
  EXPECT("<|im_end|>", true, T_IM_END);
  EXPECT("low<|im_end|>low", true, T_LOW, T_IM_END, T_LOW);
  EXPECT("<|im_start|><|im_start|>", true, T_IM_START, T_IM_START);
  EXPECT("<|im_<|im_end|>", true, '<', '|', 'i', 'm', '_', T_IM_END);
  EXPECT("<|im_end|", true, '<', '|', 'i', 'm', '_', 'e', 'n', 'd', '|');
  EXPECT("<odd>", true, T_ODD);
  EXPECT(" low <tool", true, T_SP_LOW, ' ', T_TOOL);
  EXPECT("<tool_call>", true, T_TOOL_CALL); /* the longest */
  EXPECT("<tool_cat", true, T_TOOL, '_', 'c', 'a', 't');
  EXPECT("[PAD273]", true, '[', 'P', 'A', 'D', '2', '7', '3', ']'); /* unused: never found */
}

static void plain_text_has_no_control_tokens(void **state) {
  (void)state;
  EXPECT("<|im_end|>", false, '<', '|', 'i', 'm', '_', 'e', 'n', 'd', '|', '>');
  EXPECT("<odd>", false, '<', 'o', 'd', 'd', '>');
  EXPECT("a<tool_call>", false, 'a', T_TOOL_CALL); /* user-defined ones count as text */
}

static void a_limit_leaves_the_list_as_it_was(void **state) {
  (void)state;
  cm_ids ids;
  cm_err e;
  cm_ids_init(&ids, 3);
  assert_int_equal(cm_tok_encode(tok, str("low"), false, &ids, &e), CM_OK);
  assert_int_equal(cm_tok_encode(tok, str("low low low"), false, &ids, &e), CM_E_LIMIT);
  assert_int_equal(ids.n, 1);
  assert_int_equal(cm_tok_encode(tok, str("low low"), false, &ids, &e), CM_OK);
  assert_int_equal(ids.n, 3);
  cm_ids_close(&ids);
}

/* --- single tokens --- */

static void expect_text(uint32_t id, bool special, const char *expected) {
  cm_buf b;
  cm_buf_init(&b, 1000);
  cm_tok_decode(tok, id, special, &b);
  cm_buf_putc(&b, 0);
  assert_string_equal(b.p, expected);
  cm_buf_close(&b);
}

static void tokens_decode(void **state) {
  (void)state;
  expect_text(T_SP_LOW, false, " low");
  expect_text(T_A_UML, false, "\u00e4");
  expect_text(0xC3, false, "\xC3");
  expect_text(T_TOOL, false, "<tool");
  expect_text(T_IM_END, false, "");
  expect_text(T_IM_END, true, "<|im_end|>");
  expect_text(T_ODD, false, "");
  expect_text(T_ODD, true, "<odd>");
  expect_text(T_PAD, true, "");
  expect_text(T_COUNT, true, "");
  expect_text(CM_TOK_NONE, true, "");
}

static void tokens_are_known_by_their_text(void **state) {
  (void)state;
  assert_int_equal(cm_tok_count(tok), T_COUNT);
  assert_int_equal(cm_tok_find(tok, str(" low")), T_SP_LOW);
  assert_int_equal(cm_tok_find(tok, str("\n\n")), T_NEWLINES);
  assert_int_equal(cm_tok_find(tok, str("\xC3")), 0xC3);
  assert_int_equal(cm_tok_find(tok, str("<|im_end|>")), T_IM_END);
  assert_int_equal(cm_tok_find(tok, str("\u0120low")), CM_TOK_NONE); /* spelled, not said so */
  assert_int_equal(cm_tok_find(tok, str("lowe")), CM_TOK_NONE);
  assert_int_equal(cm_tok_find(tok, str("")), CM_TOK_NONE);
  char *huge = calloc(1, 100000);
  assert_int_equal(cm_tok_find(tok, (cm_str){huge, 100000}), CM_TOK_NONE);
  free(huge);
  assert_true(cm_str_is(cm_tok_raw(tok, T_SP_LOW), "\u0120low"));
  assert_int_equal(cm_tok_raw(tok, T_COUNT).n, 0);
}

static void no_token_is_longer_than_the_longest(void **state) {
  (void)state;
  size_t longest = 0;
  cm_buf text;
  cm_buf_init(&text, 1000);
  for (uint32_t id = 0; id < cm_tok_count(tok); id++) {
    cm_buf_reset(&text);
    cm_tok_decode(tok, id, true, &text);
    assert_true(text.n <= cm_tok_longest(tok));
    if (cm_tok_raw(tok, id).n > longest) longest = cm_tok_raw(tok, id).n;
  }
  assert_int_equal(cm_tok_longest(tok), longest);
  cm_buf_close(&text);
}

static void some_tokens_end_a_generation(void **state) {
  (void)state;
  for (uint32_t id = 0; id <= T_COUNT; id++) {
    assert_int_equal(cm_tok_is_end(tok, id), id == T_IM_END || id == T_END_OF_TEXT);
    bool control = id == T_IM_END || id == T_END_OF_TEXT || id == T_IM_START;
    assert_int_equal(cm_tok_is_control(tok, id), control);
  }
}

/* --- there and back --- */

static void decode_all(const cm_ids *ids, bool special, cm_buf *out) {
  for (size_t i = 0; i < ids->n; i++) cm_tok_decode(tok, ids->p[i], special, out);
}

static void expect_round_trip(cm_str text, bool special) {
  cm_ids ids;
  cm_buf back;
  cm_err e;
  cm_ids_init(&ids, SIZE_MAX);
  cm_buf_init(&back, 1 << 20);
  assert_int_equal(cm_tok_encode(tok, text, special, &ids, &e), CM_OK);
  decode_all(&ids, special, &back);
  assert_int_equal(back.n, text.n);
  if (text.n) assert_memory_equal(back.p, text.p, text.n);
  cm_ids_close(&ids);
  cm_buf_close(&back);
}

static void any_text_comes_back(void **state) {
  (void)state;
  char text[TEXT_MAX];
  for (int i = 0; i < 10000; i++) {
    expect_round_trip(text_unicode(text, 40), i % 2);
    expect_round_trip(text_bytes(text, 40), i % 2);
  }
}

/* --- streaming --- */

static void push_all(cm_tok_stream *s, cm_str text, cm_buf *out) {
  cm_ids ids;
  cm_err e;
  cm_ids_init(&ids, SIZE_MAX);
  assert_int_equal(cm_tok_encode(tok, text, false, &ids, &e), CM_OK);
  for (size_t i = 0; i < ids.n; i++) cm_tok_stream_push(s, ids.p[i], out);
  cm_ids_close(&ids);
}

/* In two parts, the first of `cut` bytes. */
static void expect_stream(cm_str text, size_t cut, cm_str expected) {
  cm_tok_stream s;
  cm_buf out;
  cm_buf_init(&out, 10000);
  cm_tok_stream_init(&s, tok);
  push_all(&s, (cm_str){text.p, cut}, &out);
  assert_int_equal(cm_utf8_check(out.p, out.n), out.n);
  push_all(&s, (cm_str){text.p + cut, text.n - cut}, &out);
  cm_tok_stream_end(&s, &out);
  assert_int_equal(out.n, expected.n);
  if (out.n) assert_memory_equal(out.p, expected.p, out.n);
  cm_buf_close(&out);
}

static void streams_give_the_text_however_it_is_cut(void **state) {
  (void)state;
  char text[TEXT_MAX];
  for (int i = 0; i < 300; i++) {
    cm_str s = text_unicode(text, 20);
    for (size_t cut = 0; cut <= s.n; cut++) expect_stream(s, cut, s);
  }
}

#define BAD "\uFFFD"

/* The examples of the Unicode Standard 15.0, section 3.9, tables 3-8 to 3-11. */
static void streams_replace_invalid_bytes(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A"},
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A"},
      {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", BAD BAD BAD BAD BAD "A" BAD BAD "B"},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", BAD BAD BAD BAD "A"},
      {"a\xF0\x9F\x98", "a" BAD}, /* the text ends inside a character */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_str text = str(cases[i][0]);
    for (size_t cut = 0; cut <= text.n; cut++) expect_stream(text, cut, str(cases[i][1]));
  }
}

static void streams_hold_back_what_is_incomplete(void **state) {
  (void)state;
  cm_tok_stream s;
  cm_buf out;
  cm_buf_init(&out, 100);
  cm_tok_stream_init(&s, tok);
  cm_tok_stream_push(&s, 0xE2, &out);
  cm_tok_stream_push(&s, 0x82, &out);
  assert_int_equal(out.n, 0);
  cm_tok_stream_push(&s, T_IM_END, &out); /* gives no text and disturbs none */
  cm_tok_stream_push(&s, 0xAC, &out);
  assert_string_equal(out.p, "\u20AC");
  cm_tok_stream_end(&s, &out);
  assert_string_equal(out.p, "\u20AC");
  cm_buf_close(&out);
}

/* --- time --- */

/* Processor time of encoding n times one letter, the best of three. */
static double seconds_for(size_t n) {
  char *text = malloc(n);
  cm_ids ids;
  cm_err e;
  double best = 1e9;
  memset(text, 'a', n);
  cm_ids_init(&ids, SIZE_MAX);
  for (int i = 0; i < 3; i++) {
    ids.n = 0;
    clock_t start = clock();
    assert_int_equal(cm_tok_encode(tok, (cm_str){text, n}, true, &ids, &e), CM_OK);
    double s = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (s < best) best = s;
  }
  assert_int_equal(ids.n, n / 4);
  cm_ids_close(&ids);
  free(text);
  return best;
}

static void time_is_linear(void **state) {
  (void)state;
  double small = seconds_for(100000), large = seconds_for(1000000);
  print_message("one letter: 100 kB in %.1f ms, 1 MB in %.1f ms\n", small * 1e3, large * 1e3);
  assert_true(large < 30 * small); /* quadratic would be 100 */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(merges_apply_by_rank),
      cmocka_unit_test(special_tokens_are_found),
      cmocka_unit_test(plain_text_has_no_control_tokens),
      cmocka_unit_test(a_limit_leaves_the_list_as_it_was),
      cmocka_unit_test(tokens_decode),
      cmocka_unit_test(tokens_are_known_by_their_text),
      cmocka_unit_test(no_token_is_longer_than_the_longest),
      cmocka_unit_test(some_tokens_end_a_generation),
      cmocka_unit_test(any_text_comes_back),
      cmocka_unit_test(streams_give_the_text_however_it_is_cut),
      cmocka_unit_test(streams_replace_invalid_bytes),
      cmocka_unit_test(streams_hold_back_what_is_incomplete),
      cmocka_unit_test(time_is_linear),
  };
  return cmocka_run_group_tests(tests, open_small, close_small);
}
