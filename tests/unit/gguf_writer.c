/* The writer: what it writes can be read, llama.cpp's files are copied byte for byte, and mistakes
 * leave no file. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gguf/writer.h"
#include "shared.h"
#include "unit/gguf_test.h"

static char path[64];

static int make_folder(void **state) {
  (void)state;
  char folder[] = "/tmp/gguf_writer.XXXXXX";
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/out.gguf", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  *strrchr(path, '/') = 0;
  return rmdir(path); /* fails when a temporary file was left behind */
}

static cm_gguf_writer *open_writer(void) {
  cm_gguf_writer *w;
  cm_err e;
  unlink(path);
  assert_int_equal(cm_gguf_writer_open(path, &w, &e), CM_OK);
  return w;
}

static void add_all_kinds(cm_gguf_writer *w) {
  static const int32_t numbers[] = {1, -2, 3};
  static const float floats[] = {0.5f, -1.5f};
  static const cm_str words[] = {{"one", 3}, {"", 0}, {"drei\0", 5}};
  cm_gguf_writer_str(w, "general.architecture", CM_STR("qwen2"));
  cm_gguf_writer_u32(w, "general.alignment", 64);
  cm_gguf_writer_u32(w, "a.u32", UINT32_MAX);
  cm_gguf_writer_u64(w, "a.u64", UINT64_MAX);
  cm_gguf_writer_i32(w, "a.i32", -5);
  cm_gguf_writer_f32(w, "a.f32", 0.25f);
  cm_gguf_writer_bool(w, "a.bool", true);
  cm_gguf_writer_scalar(w, "a.i16", CM_GGUF_I16, &(int16_t){-300});
  cm_gguf_writer_array(w, "a.i32s", CM_GGUF_I32, numbers, 3);
  cm_gguf_writer_array(w, "a.f32s", CM_GGUF_F32, floats, 2);
  cm_gguf_writer_array(w, "a.none", CM_GGUF_U8, NULL, 0);
  cm_gguf_writer_strs(w, "a.strs", words, 3);
}

static void check_all_kinds(const cm_gguf *f) {
  cm_err e;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  float f32 = 0;
  bool flag = false;
  const cm_gguf_kv *a = NULL;
  assert_int_equal(f->n_kv, 12);
  assert_int_equal(f->alignment, 64);
  assert_int_equal(cm_gguf_u32(f, "a.u32", true, &u32, &e), CM_OK);
  assert_true(u32 == UINT32_MAX);
  assert_int_equal(cm_gguf_u64(f, "a.u64", true, &u64, &e), CM_OK);
  assert_true(u64 == UINT64_MAX);
  assert_int_equal(cm_gguf_f32(f, "a.f32", true, &f32, &e), CM_OK);
  assert_true(f32 == 0.25f);
  assert_int_equal(cm_gguf_bool(f, "a.bool", true, &flag, &e), CM_OK);
  assert_true(flag);
  cm_gguf_values it = cm_gguf_values_of(cm_gguf_find(f, "a.i16"));
  cm_gguf_value v;
  assert_true(cm_gguf_next_value(&it, &v));
  assert_int_equal(v.i, -300);
  assert_int_equal(cm_gguf_array(f, "a.f32s", CM_GGUF_F32, true, &a, &e), CM_OK);
  assert_true(a->count == 2 && cm_gguf_f32_at(a, 1) == -1.5f);
  it = cm_gguf_values_of(cm_gguf_find(f, "a.strs"));
  while (cm_gguf_next_value(&it, &v)) continue;
  assert_int_equal(v.s.n, 5);
  assert_memory_equal(v.s.p, "drei", 5);
}

/* Writes the bytes of a tensor in pieces of 7. */
static void stream(cm_gguf_writer *w, const uint8_t *p, size_t n) {
  cm_err e;
  for (size_t at = 0; at < n; at += 7)
    assert_int_equal(cm_gguf_writer_data(w, p + at, n - at < 7 ? n - at : 7, &e), CM_OK);
}

static void everything_comes_back(void **state) {
  (void)state;
  uint8_t data[288];
  cm_err e;
  cm_gguf *f;
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7);
  cm_gguf_writer *w = open_writer();
  add_all_kinds(w);
  cm_gguf_writer_tensor(w, CM_STR("first"), CM_Q_F32, 3, (uint64_t[]){3, 2, 2});
  cm_gguf_writer_tensor(w, CM_STR("second"), CM_Q_Q4_K, 2, (uint64_t[]){256, 2});
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_OK);
  stream(w, data, 48);
  stream(w, data, 288);
  assert_int_equal(cm_gguf_writer_commit(w, &e), CM_OK);
  assert_int_equal(cm_gguf_open(path, &f, &e), CM_OK);
  check_all_kinds(f);
  assert_int_equal(f->n_tensors, 2);
  assert_int_equal(f->tensors[1].offset, f->data_start + 64);
  assert_memory_equal(f->tensors[0].data, data, 48);
  assert_memory_equal(f->tensors[1].data, data, 288);
  assert_int_equal(f->bytes, f->data_start + 64 + 320);
  cm_gguf_close(f);
}

static void metadata_alone_is_a_file(void **state) {
  (void)state;
  cm_err e;
  cm_gguf *f;
  cm_gguf_writer *w = open_writer();
  add_all_kinds(w);
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_OK);
  assert_int_equal(cm_gguf_writer_commit(w, &e), CM_OK);
  assert_int_equal(cm_gguf_open(path, &f, &e), CM_OK);
  check_all_kinds(f);
  assert_int_equal(f->n_tensors, 0);
  cm_gguf_close(f);
}

/* Ends a writer that must fail, with this message, and leave no file. */
static void expect_failure(cm_gguf_writer *w, cm_code code, const char *says) {
  cm_err e;
  assert_int_equal(cm_gguf_writer_commit(w, &e), code);
  if (!strstr(e.msg, says)) fail_msg("\"%s\" instead of \"%s\"", e.msg, says);
  assert_int_equal(access(path, F_OK), -1);
}

static void expect_refusal(cm_gguf_writer *w, cm_code code, const char *says) {
  cm_err e;
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), code);
  if (!strstr(e.msg, says)) fail_msg("\"%s\" instead of \"%s\"", e.msg, says);
  expect_failure(w, code, says);
}

static void bad_declarations_are_refused(void **state) {
  (void)state;
  static const uint64_t row[] = {32}, odd[] = {33}, none[] = {32, 0};
  static const uint64_t huge[] = {UINT64_C(1) << 40, UINT64_C(1) << 40};
  cm_gguf_writer *w = open_writer();
  cm_gguf_writer_u32(w, "k", 1);
  cm_gguf_writer_u32(w, "k", 2);
  expect_refusal(w, CM_E_FORMAT, "metadata entry k is there twice");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, row);
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, row);
  expect_refusal(w, CM_E_FORMAT, "tensor t is there twice");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_Q8_0, 1, odd);
  expect_refusal(w, CM_E_USAGE, "tensor t can't have this shape as Q8_0");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 2, none);
  expect_refusal(w, CM_E_USAGE, "tensor t can't");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 2, huge);
  expect_refusal(w, CM_E_USAGE, "tensor t can't");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 5, row);
  expect_refusal(w, CM_E_USAGE, "tensor t can't");
  w = open_writer();
  cm_gguf_writer_u32(w, "general.alignment", 33);
  expect_refusal(w, CM_E_USAGE, "alignment of 33");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, row);
  cm_gguf_writer_u32(w, "general.alignment", 64);
  expect_refusal(w, CM_E_INTERNAL, "after a tensor");
}

static void wrong_order_of_calls_is_refused(void **state) {
  (void)state;
  static const uint8_t bytes[256];
  static const uint64_t row[] = {32};
  cm_err e;
  cm_gguf_writer *w = open_writer();
  expect_failure(w, CM_E_INTERNAL, "begin_data");
  w = open_writer();
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_OK);
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_E_INTERNAL);
  cm_gguf_writer_abort(w);
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, row);
  assert_int_equal(cm_gguf_writer_data(w, bytes, 1, &e), CM_E_INTERNAL);
  cm_gguf_writer_abort(w);
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, row);
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_OK);
  assert_int_equal(cm_gguf_writer_data(w, bytes, 127, &e), CM_OK);
  expect_failure(w, CM_E_INTERNAL, "tensor data is missing");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, row);
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_OK);
  cm_gguf_writer_u32(w, "late", 1);
  expect_failure(w, CM_E_INTERNAL, "declared after begin_data");
  w = open_writer();
  cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, row);
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_OK);
  assert_int_equal(cm_gguf_writer_data(w, bytes, 129, &e), CM_E_INTERNAL);
  expect_failure(w, CM_E_INTERNAL, "beyond the end");
  cm_gguf_writer_abort(NULL);
}

static void unwritable_paths_are_named(void **state) {
  (void)state;
  cm_gguf_writer *w;
  cm_err e;
  assert_int_equal(cm_gguf_writer_open("/no/such/folder/x.gguf", &w, &e), CM_E_WRITE);
  assert_non_null(strstr(e.msg, "/no/such/folder/x.gguf"));
  assert_null(w);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  for (uint64_t n = 1;; n++) {
    cm_gguf_writer *w;
    cm_err e;
    unlink(path);
    cm_mem_fail_nth(n);
    cm_code code = cm_gguf_writer_open(path, &w, &e);
    if (!code) {
      add_all_kinds(w);
      cm_gguf_writer_tensor(w, CM_STR("t"), CM_Q_F32, 1, (uint64_t[]){1});
      (void)cm_gguf_writer_begin_data(w, &e);
      (void)cm_gguf_writer_data(w, "1234", 4, &e);
      code = cm_gguf_writer_commit(w, &e);
    }
    cm_mem_fail_nth(0);
    if (code == CM_OK) break;
    assert_int_equal(code, CM_E_NOMEM);
    assert_true(n < 50);
  }
}

/* --- llama.cpp's files --- */

static void copy(const cm_gguf *f) {
  cm_err e;
  cm_gguf_writer *w = open_writer();
  for (size_t i = 0; i < f->n_kv; i++) cm_gguf_writer_copy(w, &f->kv[i]);
  for (size_t i = 0; i < f->n_tensors; i++) {
    const cm_gguf_tensor *t = &f->tensors[i];
    cm_gguf_writer_tensor(w, t->name, t->type->id, t->n_dims, t->dims);
  }
  assert_int_equal(cm_gguf_writer_begin_data(w, &e), CM_OK);
  for (size_t i = 0; i < f->n_tensors; i++)
    assert_int_equal(cm_gguf_writer_data(w, f->tensors[i].data, f->tensors[i].bytes, &e), CM_OK);
  assert_int_equal(cm_gguf_writer_commit(w, &e), CM_OK);
}

static void llama_cpp_files_are_copied_byte_for_byte(void **state) {
  (void)state;
  const char *folder = cm_shared_path("gguf-parity");
  DIR *dir = folder ? opendir(folder) : NULL;
  if (!dir) {
    print_message("SKIPPED: no ../shared/gguf-parity: no comparison with llama.cpp's writer\n");
    skip();
  }
  for (struct dirent *d; (d = readdir(dir));) {
    char from[8192];
    cm_gguf *f, *ours;
    cm_err e;
    snprintf(from, sizeof from, "%s/%s", folder, d->d_name);
    if (!cm_str_ends(cm_str_of(from), CM_STR(".gguf"))) continue;
    assert_int_equal(cm_gguf_open(from, &f, &e), CM_OK);
    copy(f);
    assert_int_equal(cm_gguf_open(path, &ours, &e), CM_OK);
    assert_int_equal(ours->bytes, f->bytes);
    assert_memory_equal(ours->map.p, f->map.p, f->map.n);
    cm_gguf_close(ours);
    cm_gguf_close(f);
  }
  closedir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_comes_back),
      cmocka_unit_test(metadata_alone_is_a_file),
      cmocka_unit_test(bad_declarations_are_refused),
      cmocka_unit_test(wrong_order_of_calls_is_refused),
      cmocka_unit_test(unwritable_paths_are_named),
      cmocka_unit_test(running_out_of_memory_is_reported),
      cmocka_unit_test(llama_cpp_files_are_copied_byte_for_byte),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
