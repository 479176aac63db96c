/* Opening a tokenizer: every way in which a file's metadata can be wrong, and lack of memory. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>

#include "token/vocab.h"
#include "unit/token_gguf.h"

static cm_code open_changed(const change *c, cm_tok **t, cm_gguf **f, void **memory, cm_err *e) {
  image m;
  small_image(&m, c);
  return image_tokenizer(&m, t, f, memory, e);
}

static void expect_refused(const change *c, cm_code code, const char *message) {
  cm_tok *t;
  cm_gguf *f;
  void *memory;
  cm_err e = {0};
  cm_code got = open_changed(c, &t, &f, &memory, &e);
  bool right = got == code && e.code == code && strstr(e.msg, message) && !t;
  cm_tok_close(t);
  cm_gguf_close(f);
  free(memory);
  if (!right) fail_msg("%d \"%s\" instead of %d \"%s\"", (int)got, e.msg, (int)code, message);
}

#define REFUSED(code, message, ...) expect_refused(&(change){__VA_ARGS__}, code, message)

static void other_tokenizers_are_refused_by_name(void **state) {
  (void)state;
  REFUSED(CM_E_UNSUPPORTED, "'llama'", .model = "llama");
  REFUSED(CM_E_UNSUPPORTED, "'llama-bpe'", .pre = "llama-bpe");
  REFUSED(CM_E_UNSUPPORTED, "pre-tokenizer ''", .pre = "");
  REFUSED(CM_E_FORMAT, "tokenizer.ggml.model", .model = "");
}

static void broken_vocabularies_are_refused(void **state) {
  (void)state;
  char huge[CM_VOCAB_MAX_SPELLING + 2];
  memset(huge, 'x', sizeof huge);
  huge[sizeof huge - 1] = 0;
  REFUSED(CM_E_FORMAT, "tokenizer.ggml.tokens", .tokens_left_out = LACKS);
  REFUSED(CM_E_FORMAT, "is empty", .tokens_left_out = T_COUNT);
  REFUSED(CM_E_FORMAT, "no token for the byte 0x41", .at = 'A', .token = "AAA");
  REFUSED(CM_E_FORMAT, "token 258 has an empty spelling", .at = T_ER, .token = "");
  REFUSED(CM_E_FORMAT, "tokens 256 and 258 have the same", .at = T_ER, .token = "lo");
  REFUSED(CM_E_LIMIT, "token 258 is spelled with 1025", .at = T_ER, .token = huge);
}

static void broken_types_are_refused(void **state) {
  (void)state;
  REFUSED(CM_E_FORMAT, "273 values for 274 tokens", .types_left_out = 1);
  REFUSED(CM_E_FORMAT, "tokenizer.ggml.token_type", .types_are = CM_GGUF_F32);
  REFUSED(CM_E_FORMAT, "token 7 has the type 6", .at = 7, .type = 6);
  REFUSED(CM_E_FORMAT, "token 7 has the type -1", .at = 7, .type = -1);
}

static void broken_merges_are_refused(void **state) {
  (void)state;
  REFUSED(CM_E_FORMAT, "tokenizer.ggml.merges", .merges_left_out = LACKS);
  REFUSED(CM_E_FORMAT, "merge 2 is not two tokens", .at = 2, .merge = "");
  REFUSED(CM_E_FORMAT, "merge 2 is not two tokens", .at = 2, .merge = "er");
  REFUSED(CM_E_FORMAT, "merge 2 is not two tokens", .at = 2, .merge = " er");
  REFUSED(CM_E_FORMAT, "merge 2 is not two tokens", .at = 2, .merge = "er ");
  REFUSED(CM_E_FORMAT, "what merge 2 makes", .at = 2, .merge = "e x");
  REFUSED(CM_E_FORMAT, "merges 0 and 2 are the same", .at = 2, .merge = "l o");
}

static void broken_ids_are_refused(void **state) {
  (void)state;
  REFUSED(CM_E_FORMAT, "is 274, but there are 274", .id_key = "tokenizer.ggml.eos_token_id",
          .id = T_COUNT);
  REFUSED(CM_E_FORMAT, "eot_token_id", .id_key = "tokenizer.ggml.eot_token_id", .id = 1u << 31);
}

static cm_tok *open_or_fail(const change *c, cm_gguf **f, void **memory) {
  cm_tok *t;
  cm_err e;
  if (open_changed(c, &t, f, memory, &e)) fail_msg("%s", e.msg);
  return t;
}

static void types_are_optional(void **state) {
  (void)state;
  cm_gguf *f;
  void *memory;
  cm_tok *t = open_or_fail(&(change){.types_left_out = LACKS}, &f, &memory);
  assert_true(cm_tok_is_end(t, T_IM_END)); /* known by its name, and then a control token */
  assert_true(cm_tok_is_control(t, T_IM_END));
  assert_false(cm_tok_is_control(t, T_IM_START));
  cm_tok_close(t);
  cm_gguf_close(f);
  free(memory);
}

static void a_file_may_name_what_ends_a_generation(void **state) {
  (void)state;
  static const char *const keys[] = {"eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    cm_gguf *f;
    void *memory;
    char key[64];
    snprintf(key, sizeof key, "tokenizer.ggml.%s_token_id", keys[i]);
    cm_tok *t = open_or_fail(&(change){.id_key = key, .id = T_TOOL}, &f, &memory);
    assert_true(cm_tok_is_end(t, T_TOOL));
    assert_false(cm_tok_is_end(t, T_TOOL_CALL));
    cm_tok_close(t);
    cm_gguf_close(f);
    free(memory);
  }
}

static void characters_outside_the_alphabet_stand_for_themselves(void **state) {
  (void)state;
  cm_gguf *f;
  void *memory;
  cm_buf out;
  change c = {.at = T_PAD, .token = "\u0120\u4e2d \xff", .type = 1};
  cm_tok *t = open_or_fail(&c, &f, &memory);
  cm_buf_init(&out, 100);
  cm_tok_decode(t, T_PAD, false, &out);
  assert_string_equal(out.p, " \u4e2d \xff");
  cm_buf_close(&out);
  cm_tok_close(t);
  cm_gguf_close(f);
  free(memory);
}

/* A literal token that happens to be spelled as a normal one would be isn't that text. */
static void a_literal_token_is_found_as_it_is_spelled(void **state) {
  (void)state;
  cm_gguf *f;
  void *memory;
  change c = {.at = T_TOOL, .token = "\u0120x"};
  cm_tok *t = open_or_fail(&c, &f, &memory);
  assert_int_equal(cm_tok_find(t, CM_STR("\u0120x")), T_TOOL);
  assert_int_equal(cm_tok_find(t, CM_STR(" x")), CM_TOK_NONE);
  cm_tok_close(t);
  cm_gguf_close(f);
  free(memory);
}

/* Both "ab c" and "a bc" make abc; the first one's parts are what comes together. */
static void a_token_may_have_several_merges(void **state) {
  (void)state;
  cm_gguf *f;
  void *memory;
  cm_ids ids;
  cm_err e;
  cm_tok *t = open_or_fail(&(change){.at = 2, .merge = "ab c"}, &f, &memory); /* and "a bc" */
  cm_ids_init(&ids, 10);
  assert_int_equal(cm_tok_encode(t, CM_STR("abc"), false, &ids, &e), CM_OK);
  assert_int_equal(ids.n, 1);
  assert_int_equal(ids.p[0], T_ABC);
  cm_ids_close(&ids);
  cm_tok_close(t);
  cm_gguf_close(f);
  free(memory);
}

/* Lets every single allocation fail, the first, then the second … until none did. */
static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  cm_gguf *f;
  void *memory;
  cm_err e;
  cm_tok *t = open_or_fail(&(change){0}, &f, &memory);
  cm_tok_close(t);
  unsigned failures = 0;
  for (cm_code code = CM_E_NOMEM; code; failures++) {
    cm_ids ids;
    cm_ids_init(&ids, 100);
    cm_mem_fail_nth(failures + 1);
    code = cm_tok_open(&t, f, &e);
    if (!code) code = cm_tok_encode(t, CM_STR("lower <|im_end|>"), true, &ids, &e);
    cm_mem_fail_nth(0);
    if (code) assert_int_equal(code, CM_E_NOMEM);
    if (code) assert_int_equal(ids.n, 0);
    cm_tok_close(t);
    cm_ids_close(&ids);
  }
  assert_in_range(failures, 10, 20);
  cm_gguf_close(f);
  free(memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(other_tokenizers_are_refused_by_name),
      cmocka_unit_test(broken_vocabularies_are_refused),
      cmocka_unit_test(broken_types_are_refused),
      cmocka_unit_test(broken_merges_are_refused),
      cmocka_unit_test(broken_ids_are_refused),
      cmocka_unit_test(types_are_optional),
      cmocka_unit_test(a_file_may_name_what_ends_a_generation),
      cmocka_unit_test(characters_outside_the_alphabet_stand_for_themselves),
      cmocka_unit_test(a_literal_token_is_found_as_it_is_spelled),
      cmocka_unit_test(a_token_may_have_several_merges),
      cmocka_unit_test(memory_may_run_out_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
