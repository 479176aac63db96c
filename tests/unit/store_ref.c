/* rooms: store net data gguf base */
/* Names of models: the catalogue, the hub, addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/ref.h"

static cm_ref ref_of(const char *text) {
  cm_ref r;
  cm_err e = {0};
  if (cm_ref_parse(cm_str_of(text), "https://huggingface.co/", &r, &e))
    fail_msg("%s: %s", text, e.msg);
  return r;
}

/* Names as they stand in Ollama's library, and files as they stand on the hub. */
static void test_aliases(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"qwen2.5-coder-0.5b-q4_k_m", "qwen2.5-coder-0.5b-q4_k_m"},
      {"qwen2.5-coder:0.5b", "qwen2.5-coder-0.5b-q4_k_m"},
      {"qwen2.5-coder:1.5b", "qwen2.5-coder-1.5b-q4_k_m"},
      {"qwen2.5-coder:3b", "qwen2.5-coder-3b-q4_k_m"},
      {"qwen2.5-coder", "qwen2.5-coder-7b-q4_k_m"},
      {"qwen2.5-coder:latest", "qwen2.5-coder-7b-q4_k_m"},
      {"qwen2.5-coder:0.5b-instruct-q8_0", "qwen2.5-coder-0.5b-q8_0"},
      {"qwen2.5-coder:1.5b-instruct-q4_K_M", "qwen2.5-coder-1.5b-q4_k_m"},
      {"qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "qwen2.5-coder-0.5b-q4_k_m"},
      {"Qwen2.5-Coder-1.5B-Instruct-Q4_K_S", "qwen2.5-coder-1.5b-q4_k_s"},
      {"hf:Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
       "qwen2.5-coder-0.5b-q4_k_m"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_true(cm_ref_is_one(cm_str_of(rows[i][0])));
    assert_string_equal(ref_of(rows[i][0]).id, rows[i][1]);
  }
}

/* The digits are those that the hub's page of the file shows. */
static void test_row(void **state) {
  (void)state;
  const cm_ref r = ref_of("qwen2.5-coder:0.5b");
  assert_non_null(r.row);
  assert_string_equal(r.row->sha256,
                      "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32");
  assert_int_equal(r.row->bytes, 491400064);
  assert_string_equal(r.name, "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf");
  assert_string_equal(
      r.url,
      "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/"
      "ebb2015119c907b064c512bf053e945850b5875f/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf");
  assert_string_equal(ref_of("qwen2.5-coder:3b").row->licence, "qwen-research");
}

static void test_catalogue_is_sound(void **state) {
  (void)state;
  for (size_t i = 0; cm_catalogue_at(i); i++) {
    const cm_model_row *r = cm_catalogue_at(i);
    assert_ptr_equal(cm_catalogue_find(cm_str_of(r->id)), r);
    assert_ptr_equal(cm_catalogue_by_sha256(cm_str_of(r->sha256)), r);
    assert_ptr_equal(cm_catalogue_by_file(cm_str_of(r->repo), cm_str_of(r->file)), r);
    assert_int_equal(strspn(r->sha256, "0123456789abcdef"), 64);
    assert_int_equal(strspn(r->revision, "0123456789abcdef"), 40);
    if (r->bytes) assert_int_equal((r->bytes + 500000) / 1000000, r->megabytes);
  }
}

static void test_hub(void **state) {
  (void)state;
  cm_ref r = ref_of("hf:Owner/Repo.x/sub dir/f+1.gguf@refs/pr/2");
  assert_string_equal(r.id, "hf:Owner/Repo.x/sub dir/f+1.gguf@refs/pr/2");
  assert_string_equal(
      r.url, "https://huggingface.co/Owner/Repo.x/resolve/refs%2Fpr%2F2/sub%20dir/f%2B1.gguf");
  assert_null(strchr(r.name, '/'));
  assert_int_equal(strncmp(r.name, "f_1-", 4), 0);
  r = ref_of("hf:a/b/c.gguf");
  assert_string_equal(r.revision, "main");
  const cm_ref other = ref_of("hf:a/b/c.gguf@v2");
  assert_string_not_equal(r.name, other.name);
  assert_string_equal(ref_of("hf:a/b/c.gguf@main").id, r.id);
}

/* An old revision of a catalogue's file may be another file. */
static void test_other_revision(void **state) {
  (void)state;
  const cm_ref r = ref_of(
      "hf:Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf@old");
  assert_null(r.row);
}

static void test_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "hf:",
                                    "hf:a",
                                    "hf:a/b",
                                    "hf:a/b/",
                                    "hf:/b/c",
                                    "hf:a//c",
                                    "hf:../b/c",
                                    "hf:a/../c",
                                    "hf:a/b/../c",
                                    "hf:a/b/./c",
                                    "hf:a/b/c@",
                                    "hf:a/b/c@../x",
                                    "hf:a/b/c\n",
                                    "hf:a b/c/d",
                                    "hf:a/b/\xff",
                                    "hf:.a/b/c",
                                    "http://",
                                    "https://user@host/x",
                                    "http://h/a b",
                                    "qwen",
                                    "no-such-model",
                                    "../x.gguf",
                                    "/etc/passwd"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_ref r;
    cm_err e = {0};
    if (cm_ref_parse(cm_str_of(bad[i]), "https://h", &r, &e) != CM_E_USAGE)
      fail_msg("taken: %s", bad[i]);
    assert_int_equal(e.code, CM_E_USAGE);
  }
}

static void test_addresses(void **state) {
  (void)state;
  const cm_ref a = ref_of("https://h/x/model.gguf?key=1"), b = ref_of("https://h/y/model.gguf");
  assert_string_equal(a.url, "https://h/x/model.gguf?key=1");
  assert_int_equal(strncmp(a.name, "model-", 6), 0);
  assert_string_not_equal(a.name, b.name);
  assert_int_equal(strncmp(ref_of("https://h/.hidden").name, "_hidden-", 8), 0);
  assert_int_equal(strncmp(ref_of("https://h").name, "model-", 6), 0);
}

static void test_nearest(void **state) {
  (void)state;
  cm_ref r;
  cm_err e = {0};
  assert_int_equal(cm_ref_parse(CM_STR("qwen2.5-codr-0.5b-q4_k_m"), "https://h", &r, &e),
                   CM_E_USAGE);
  assert_non_null(strstr(e.msg, "did you mean qwen2.5-coder-0.5b-q4_k_m"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_aliases),
                                     cmocka_unit_test(test_row),
                                     cmocka_unit_test(test_catalogue_is_sound),
                                     cmocka_unit_test(test_hub),
                                     cmocka_unit_test(test_other_revision),
                                     cmocka_unit_test(test_refused),
                                     cmocka_unit_test(test_addresses),
                                     cmocka_unit_test(test_nearest)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
