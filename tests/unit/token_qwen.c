/* rooms: token gguf libs: jansson */
/* Against llama.cpp: its vectors for Qwen2's tokenizer, and the prompts of the parity models. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <dirent.h>

#include "../../tools/vocab.h"
#include "shared.h"
#include "token/token.h"
#include "unit/token_text.h"

enum { QWEN_TOKENS = 151936, EXIT_SKIPPED = 77 };

static cm_gguf *file;
static cm_tok *tok;
static char made[64]; /* the file's path */

static cm_code make_file(const char *dir, cm_err *e) {
  cm_gguf_writer *w;
  snprintf(made, sizeof made, "/tmp/cmdai-token-qwen.%d.gguf", (int)getpid());
  cm_code code = cm_gguf_writer_open(made, &w, e);
  if (code) return code;
  code = vocab_write(w, dir, QWEN_TOKENS, e);
  if (!code) code = cm_gguf_writer_begin_data(w, e);
  if (code) return cm_gguf_writer_abort(w), code;
  return cm_gguf_writer_commit(w, e);
}

static int open_all(void **state) {
  (void)state;
  cm_err e;
  cm_code code = make_file(cm_shared_path("qwen2-tokenizer"), &e);
  if (!code) code = cm_gguf_open(made, &file, &e);
  uint64_t start = cm_os_now_ns();
  if (!code) code = cm_tok_open(&tok, file, &e);
  if (code) fail_msg("%s", e.msg);
  print_message("opened in %.1f ms\n", (double)(cm_os_now_ns() - start) / 1e6);
  return 0;
}

static int close_all(void **state) {
  (void)state;
  cm_tok_close(tok);
  cm_gguf_close(file);
  return remove(made);
}

static void expect_ids(const cm_tok *t, cm_str text, bool special, const cm_ids *expected) {
  cm_ids ids;
  cm_err e;
  cm_ids_init(&ids, SIZE_MAX);
  assert_int_equal(cm_tok_encode(t, text, special, &ids, &e), CM_OK);
  for (size_t i = 0; i < ids.n && i < expected->n; i++)
    if (ids.p[i] != expected->p[i])
      fail_msg("token %zu of \"%.*s\" is %u instead of %u", i, (int)text.n, text.p, ids.p[i],
               expected->p[i]);
  assert_int_equal(ids.n, expected->n);
  cm_ids_close(&ids);
}

static json_t *load(const char *path) {
  json_error_t why;
  json_t *j = json_load_file(path, 0, &why);
  if (!j) fail_msg("%s: %s", path, why.text);
  return j;
}

/* The records hold texts as they were typed. llama.cpp's program made the two characters \n in
 * them a line break before it tokenized: the ids decode to that, and tokens are lossless. */
static cm_str as_tokenized(json_t *text, char *buf) {
  const char *s = json_string_value(text);
  size_t n = 0;
  for (; *s; s++) {
    bool line_break = s[0] == '\\' && s[1] == 'n';
    buf[n++] = line_break ? '\n' : *s;
    s += line_break;
  }
  return (cm_str){buf, n};
}

static void expect_decoded(const cm_tok *t, const cm_ids *ids, cm_str text) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  for (size_t i = 0; i < ids->n; i++) cm_tok_decode(t, ids->p[i], true, &b);
  assert_int_equal(b.n, text.n);
  assert_memory_equal(b.p, text.p, text.n);
  cm_buf_close(&b);
}

static void expect_json_ids(const cm_tok *t, json_t *text, bool special, json_t *ids) {
  cm_ids expected;
  cm_err e;
  size_t i;
  json_t *id;
  assert_true(json_is_string(text) && json_is_array(ids));
  char *buf = malloc(json_string_length(text) + 1);
  cm_str s = as_tokenized(text, buf);
  cm_ids_init(&expected, SIZE_MAX);
  json_array_foreach(ids, i, id)
      assert_int_equal(cm_ids_push(&expected, (uint32_t)json_integer_value(id), &e), CM_OK);
  expect_ids(t, s, special, &expected);
  expect_decoded(t, &expected, s);
  cm_ids_close(&expected);
  free(buf);
}

/* --- the real vocabulary --- */

static void read_vectors(const char *name, cm_buf *out) {
  cm_err e;
  cm_buf_init(out, 1 << 20);
  if (cm_os_read_file(cm_shared_path(name), out, &e)) fail_msg("%s", e.msg);
}

/* A line of numbers. */
static void parse_ids(cm_str line, cm_ids *out) {
  out->n = 0;
  while ((line = cm_str_trim(line)).n) {
    size_t n = cm_str_find(line, CM_STR(" "));
    uint64_t id;
    cm_err e;
    if (n == SIZE_MAX) n = line.n;
    assert_true(cm_str_u64((cm_str){line.p, n}, 0, UINT32_MAX, &id));
    assert_int_equal(cm_ids_push(out, (uint32_t)id, &e), CM_OK);
    line = (cm_str){line.p + n, line.n - n};
  }
}

static void vectors_of_llama_cpp(void **state) {
  (void)state;
  cm_buf in, out;
  cm_ids expected;
  cm_str separator = CM_STR("\n__ggml_vocab_test__\n");
  read_vectors("qwen2-tokenizer/ggml-vocab-qwen2.gguf.inp", &in);
  read_vectors("qwen2-tokenizer/ggml-vocab-qwen2.gguf.out", &out);
  cm_ids_init(&expected, SIZE_MAX);
  cm_str texts = {in.p, in.n}, lines = {out.p, out.n};
  unsigned cases = 0;
  for (cm_str line; cm_str_line(&lines, &line); cases++) {
    size_t n = cm_str_find(texts, separator);
    size_t skip = n == SIZE_MAX ? texts.n : n + separator.n;
    parse_ids(line, &expected);
    expect_ids(tok, (cm_str){texts.p, n == SIZE_MAX ? texts.n : n}, false, &expected);
    texts = (cm_str){texts.p + skip, texts.n - skip};
  }
  print_message("%u vectors\n", cases);
  assert_int_equal(texts.n, 0);
  assert_true(cases >= 46);
  cm_ids_close(&expected);
  cm_buf_close(&in);
  cm_buf_close(&out);
}

static void chat_text_with_and_without_special_tokens(void **state) {
  (void)state;
  json_t *cases = load(cm_shared_path("qwen2-tokenizer/chatml-cases.json")), *c;
  size_t i;
  json_array_foreach(cases, i, c) {
    json_t *text = json_object_get(c, "text");
    expect_json_ids(tok, text, true, json_object_get(c, "ids_special"));
    expect_json_ids(tok, text, false, json_object_get(c, "ids_plain"));
  }
  print_message("%zu texts\n", i);
  assert_true(i >= 20);
  json_decref(cases);
}

static void any_text_comes_back(void **state) {
  (void)state;
  char buf[TEXT_MAX];
  cm_ids ids;
  cm_buf whole, streamed;
  cm_err e;
  cm_ids_init(&ids, SIZE_MAX);
  cm_buf_init(&whole, TEXT_MAX);
  cm_buf_init(&streamed, TEXT_MAX);
  for (int i = 0; i < 20000; i++) {
    cm_str text = i % 2 ? text_unicode(buf, 60) : text_bytes(buf, 60);
    cm_tok_stream s;
    ids.n = 0;
    cm_buf_reset(&whole);
    cm_buf_reset(&streamed);
    cm_tok_stream_init(&s, tok);
    assert_int_equal(cm_tok_encode(tok, text, false, &ids, &e), CM_OK);
    for (size_t k = 0; k < ids.n; k++) cm_tok_decode(tok, ids.p[k], false, &whole);
    for (size_t k = 0; k < ids.n; k++) cm_tok_stream_push(&s, ids.p[k], &streamed);
    cm_tok_stream_end(&s, &streamed);
    assert_int_equal(whole.n, text.n);
    if (text.n) assert_memory_equal(whole.p, text.p, text.n);
    if (cm_utf8_check(text.p, text.n) == text.n) assert_int_equal(streamed.n, text.n);
    if (streamed.n == text.n && i % 2) assert_memory_equal(streamed.p, whole.p, whole.n);
    assert_int_equal(cm_utf8_check(streamed.p, streamed.n), streamed.n);
  }
  cm_ids_close(&ids);
  cm_buf_close(&whole);
  cm_buf_close(&streamed);
}

static void end_tokens_are_those_of_llama_cpp(void **state) {
  (void)state;
  static const char *const names[] = {"<|endoftext|>", "<|im_end|>",   "<|fim_pad|>",
                                      "<|repo_name|>", "<|file_sep|>", "</s>"};
  unsigned ends = 0;
  for (uint32_t id = 0; id < cm_tok_count(tok); id++) ends += cm_tok_is_end(tok, id);
  assert_int_equal(ends, sizeof names / sizeof *names);
  for (size_t i = 0; i < ends; i++)
    assert_true(cm_tok_is_end(tok, cm_tok_find(tok, cm_str_of(names[i]))));
  assert_int_equal(cm_tok_find(tok, CM_STR("<|im_end|>")), 151645);
  assert_int_equal(cm_tok_find(tok, CM_STR(" the")), 279);
}

/* --- the parity models --- */

static void expect_banned(const cm_tok *t, json_t *banned) {
  size_t i, ends = 0;
  json_t *id;
  json_array_foreach(banned, i, id)
      assert_true(cm_tok_is_end(t, (uint32_t)json_integer_value(id)));
  for (uint32_t k = 0; k < cm_tok_count(t); k++) ends += cm_tok_is_end(t, k);
  assert_int_equal(ends, json_array_size(banned));
}

/* Returns how many prompts were compared. */
static size_t compare_model(const char *name) {
  char relative[300];
  cm_gguf *f = NULL;
  cm_tok *t = NULL;
  cm_err e;
  snprintf(relative, sizeof relative, "gguf-parity/%s.gguf", name);
  cm_code code = cm_gguf_open(cm_shared_path(relative), &f, &e);
  if (!code) code = cm_tok_open(&t, f, &e);
  if (code) fail_msg("%s", e.msg);
  snprintf(relative, sizeof relative, "gguf-parity/%s.json", name);
  json_t *record = load(cm_shared_path(relative)), *p;
  size_t i;
  json_array_foreach(json_object_get(record, "prompts"), i, p)
      expect_json_ids(t, json_object_get(p, "text"), true, json_object_get(p, "ids"));
  expect_banned(t, json_object_get(record, "banned_ids"));
  json_decref(record);
  cm_tok_close(t);
  cm_gguf_close(f);
  return i;
}

static void prompts_of_the_parity_models(void **state) {
  (void)state;
  DIR *dir = opendir(cm_shared_path("gguf-parity"));
  size_t models = 0, prompts = 0;
  assert_non_null(dir);
  for (struct dirent *d; (d = readdir(dir));) {
    cm_str name = cm_str_of(d->d_name), end = CM_STR(".gguf");
    if (!cm_str_ends(name, end)) continue;
    char stem[256];
    snprintf(stem, sizeof stem, "%.*s", (int)(name.n - end.n), name.p);
    prompts += compare_model(stem);
    models++;
  }
  closedir(dir);
  print_message("%zu prompts of %zu models\n", prompts, models);
  assert_true(models >= 14 && prompts >= 5 * models);
}

int main(void) {
  if (!cm_shared_path("qwen2-tokenizer") || !cm_shared_path("gguf-parity")) {
    fprintf(stderr, "SKIPPED: no ../shared beside the project, and CM_SHARED names none\n");
    return EXIT_SKIPPED;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vectors_of_llama_cpp),
      cmocka_unit_test(chat_text_with_and_without_special_tokens),
      cmocka_unit_test(any_text_comes_back),
      cmocka_unit_test(end_tokens_are_those_of_llama_cpp),
      cmocka_unit_test(prompts_of_the_parity_models),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
