/* The reader: every error, every kind of value, and the files that llama.cpp wrote. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "gguf/gguf.h"
#include "gguf/inspect.h"
#include "shared.h"
#include "unit/gguf_samples.h"
#include "unit/gguf_test.h"

static const broken intact = {0};

/* A parsed file and the memory that it lies in, cut to its exact size so that sanitizers see reads
 * past the end. */
typedef struct opened {
  uint8_t *p;
  cm_gguf *f;
  cm_code code;
  cm_err e;
} opened;

static opened open_bytes(const void *p, size_t n) {
  opened o = {.p = malloc(n ? n : 1)};
  assert_non_null(o.p);
  memcpy(o.p, p, n);
  o.code = cm_gguf_parse(o.p, n, &o.f, &o.e);
  if (o.code) {
    assert_null(o.f);
    assert_int_equal(o.e.code, o.code);
    assert_true(o.e.msg[0] != 0);
  }
  return o;
}

static opened open_sample(const broken *how) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  add_sample(&b, how);
  opened o = open_bytes(b.p, b.n);
  cm_buf_close(&b);
  return o;
}

static void close_sample(opened *o) {
  cm_gguf_close(o->f);
  free(o->p);
}

static void sample_is_read(void **state) {
  (void)state;
  opened o = open_sample(&intact);
  assert_int_equal(o.code, CM_OK);
  assert_int_equal(o.f->version, 3);
  assert_int_equal(o.f->bytes, SAMPLE_BYTES);
  assert_int_equal(o.f->data_start, SAMPLE_DATA_AT);
  assert_int_equal(o.f->n_kv, SAMPLE_KV);
  assert_int_equal(o.f->n_tensors, SAMPLE_TENSORS);
  const cm_gguf_tensor *first = cm_gguf_find_tensor(o.f, CM_STR("first"));
  const cm_gguf_tensor *second = cm_gguf_find_tensor(o.f, CM_STR("second"));
  assert_ptr_equal(first, &o.f->tensors[0]);
  assert_ptr_equal(second, &o.f->tensors[1]);
  assert_null(cm_gguf_find_tensor(o.f, CM_STR("third")));
  assert_int_equal(first->rows, 2);
  assert_int_equal(first->row_bytes, 16);
  assert_int_equal(first->dims[2], 1);
  assert_int_equal(second->type->id, CM_Q_Q8_0);
  assert_int_equal(second->bytes, 34);
  assert_ptr_equal(second->data, o.p + SAMPLE_DATA_AT + 32);
  assert_int_equal(second->data[33], 65);
  close_sample(&o);
}

static void values_are_typed(void **state) {
  (void)state;
  opened o = open_sample(&intact);
  cm_err e;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  float f32 = 0;
  cm_str s = {0};
  const cm_gguf_kv *a = NULL;
  assert_int_equal(cm_gguf_u32(o.f, "a.u32", true, &u32, &e), CM_OK);
  assert_int_equal(u32, 7);
  assert_int_equal(cm_gguf_u64(o.f, "a.u32", true, &u64, &e), CM_OK);
  assert_int_equal(u64, 7);
  assert_int_equal(cm_gguf_f32(o.f, "a.double", true, &f32, &e), CM_OK);
  assert_true(f32 == 1.5f);
  assert_int_equal(cm_gguf_str(o.f, "general.architecture", true, &s, &e), CM_OK);
  assert_true(cm_str_is(s, "qwen2"));
  assert_int_equal(cm_gguf_array(o.f, "a.i32s", CM_GGUF_I32, true, &a, &e), CM_OK);
  assert_int_equal(a->count, 3);
  assert_int_equal(cm_gguf_i32_at(a, 1), -1);
  assert_int_equal(cm_gguf_u32_at(a, 2), 2);
  assert_int_equal(cm_gguf_array(o.f, "a.strs", CM_GGUF_STR, true, &a, &e), CM_OK);
  cm_gguf_strs it = cm_gguf_strs_of(a);
  assert_true(cm_gguf_next_str(&it, &s) && cm_str_is(s, "hi"));
  assert_true(cm_gguf_next_str(&it, &s) && s.n == 0);
  assert_false(cm_gguf_next_str(&it, &s));
  close_sample(&o);
}

static void missing_keys_keep_the_default(void **state) {
  (void)state;
  opened o = open_sample(&intact);
  cm_err e;
  uint32_t u32 = 42;
  bool flag = true;
  assert_int_equal(cm_gguf_u32(o.f, "no.such", false, &u32, &e), CM_OK);
  assert_int_equal(cm_gguf_bool(o.f, "no.such", false, &flag, &e), CM_OK);
  assert_int_equal(u32, 42);
  assert_true(flag);
  assert_int_equal(cm_gguf_u32(o.f, "no.such", true, &u32, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "metadata entry no.such is missing");
  close_sample(&o);
}

static void wrong_types_are_named(void **state) {
  (void)state;
  opened o = open_sample(&intact);
  cm_err e;
  uint32_t u32;
  float f32;
  bool flag;
  cm_str s;
  const cm_gguf_kv *a;
  assert_int_equal(cm_gguf_u32(o.f, "a.double", true, &u32, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "metadata entry a.double has type f64, not an integer");
  assert_int_equal(cm_gguf_f32(o.f, "a.u32", false, &f32, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "metadata entry a.u32 has type u32, not a float");
  assert_int_equal(cm_gguf_bool(o.f, "a.u32", false, &flag, &e), CM_E_FORMAT);
  assert_int_equal(cm_gguf_str(o.f, "a.strs", false, &s, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "metadata entry a.strs has type array of string, not a string");
  assert_int_equal(cm_gguf_array(o.f, "a.strs", CM_GGUF_I32, true, &a, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "metadata entry a.strs has type array of string, not array of i32");
  assert_int_equal(cm_gguf_array(o.f, "a.u32", CM_GGUF_U32, true, &a, &e), CM_E_FORMAT);
  close_sample(&o);
}

static void numbers_must_fit(void **state) {
  (void)state;
  static const broken negative = {.kv = RAW("\x01\0\0\0\0\0\0\0n\x01\0\0\0\xff")};
  static const broken large = {.kv = RAW("\x01\0\0\0\0\0\0\0n\x0a\0\0\0\0\0\0\0\x01\0\0\0")};
  uint32_t v;
  cm_err e;
  opened o = open_sample(&negative);
  assert_int_equal(cm_gguf_u32(o.f, "n", true, &v, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "metadata entry n is negative: -1");
  close_sample(&o);
  o = open_sample(&large);
  assert_int_equal(cm_gguf_u32(o.f, "n", true, &v, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "metadata entry n is 4294967296, more than 4294967295");
  close_sample(&o);
}

static void broken_files_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < BROKEN_FILES; i++) {
    const broken *how = &broken_files[i];
    opened o = open_sample(how);
    if (o.code != how->code || !strstr(o.e.msg, how->says))
      fail_msg("%s: code %d, \"%s\"", how->name, (int)o.code, o.code ? o.e.msg : "no error");
    close_sample(&o);
  }
}

static void good_files_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < GOOD_FILES; i++) {
    opened o = open_sample(&good_files[i]);
    if (o.code) fail_msg("%s: \"%s\"", good_files[i].name, o.e.msg);
    close_sample(&o);
  }
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  for (size_t n = 1; n < SAMPLE_BYTES; n++) {
    broken cut = {.keep = n};
    opened o = open_sample(&cut);
    if (o.code != CM_E_FORMAT) fail_msg("cut to %zu bytes: code %d", n, (int)o.code);
    close_sample(&o);
  }
}

/* Any byte may be anything: either an error, or a file that can be read to its end. */
static void no_byte_can_crash_it(void **state) {
  (void)state;
  cm_buf b, text;
  cm_buf_init(&b, 1 << 20);
  cm_buf_init(&text, 1 << 20);
  add_sample(&b, &intact);
  for (size_t i = 0; i < b.n; i++) {
    for (int v = 0; v < 256; v += i < SAMPLE_DATA_AT ? 1 : 255) {
      char was = b.p[i];
      b.p[i] = (char)v;
      opened o = open_bytes(b.p, b.n);
      cm_buf_reset(&text);
      if (o.f) cm_gguf_inspect(o.f, 0, &text);
      close_sample(&o);
      b.p[i] = was;
    }
  }
  cm_buf_close(&b);
  cm_buf_close(&text);
}

static void version_2_is_read(void **state) {
  (void)state;
  static const broken two = {.at = 4, .patch = RAW("\x02")};
  opened o = open_sample(&two);
  assert_int_equal(o.code, CM_OK);
  assert_int_equal(o.f->version, 2);
  close_sample(&o);
}

static void alignment_moves_the_data(void **state) {
  (void)state;
  static const broken eight = {
      .kv = RAW("\x11\0\0\0\0\0\0\0general.alignment\x04\0\0\0\x08\0\0\0"),
      .tensor = {"second", 1, {32}, 8, 32}};
  opened o = open_sample(&eight);
  assert_int_equal(o.code, CM_OK);
  assert_int_equal(o.f->alignment, 8);
  assert_int_equal(o.f->data_start, 328); /* the header has grown from 291 to 324 bytes */
  close_sample(&o);
}

static void memory_must_be_aligned(void **state) {
  (void)state;
  static uint64_t words[2];
  cm_gguf *f;
  cm_err e;
  assert_int_equal(cm_gguf_parse((char *)words + 4, 8, &f, &e), CM_E_USAGE);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  for (uint64_t n = 1;; n++) {
    cm_buf b;
    cm_buf_init(&b, 1 << 20);
    add_sample(&b, &intact);
    cm_mem_fail_nth(n);
    opened o = open_bytes(b.p, b.n);
    cm_mem_fail_nth(0);
    cm_code code = o.code;
    close_sample(&o);
    cm_buf_close(&b);
    if (code == CM_OK) break;
    assert_int_equal(code, CM_E_NOMEM);
    assert_true(n < 20);
  }
}

/* A header with n metadata entries, the names counting down. */
static void many_keys_stay_fast(void **state) {
  (void)state;
  enum { N = CM_GGUF_MAX_KV };
  cm_buf b;
  cm_buf_init(&b, 8 << 20);
  cm_buf_puts(&b, "GGUF");
  add_u32(&b, 3);
  add_u64(&b, 0);
  add_u64(&b, N);
  for (int i = N; i-- > 0;) {
    add_u64(&b, 8);
    cm_buf_printf(&b, "%08d", i);
    add_u32(&b, CM_GGUF_BOOL);
    cm_buf_putc(&b, (char)(i & 1));
  }
  uint64_t start = cm_os_now_ns();
  opened o = open_bytes(b.p, b.n);
  assert_int_equal(o.code, CM_OK);
  assert_true(cm_os_now_ns() - start < 2000000000u); /* some 20 ms; quadratic takes minutes */
  for (int i = 0; i < N; i += 997) {
    char key[16];
    snprintf(key, sizeof key, "%08d", i);
    bool v = false;
    assert_int_equal(cm_gguf_bool(o.f, key, true, &v, NULL), CM_OK);
    assert_int_equal(v, i & 1);
  }
  assert_null(cm_gguf_find(o.f, "00065536"));
  close_sample(&o);
  cm_buf_close(&b);
}

static void paths_are_named(void **state) {
  (void)state;
  cm_gguf *f;
  cm_err e;
  assert_int_equal(cm_gguf_open("/no/such/file.gguf", &f, &e), CM_E_NOTFOUND);
  assert_non_null(strstr(e.msg, "/no/such/file.gguf"));
  assert_int_equal(cm_gguf_open("/", &f, &e), CM_E_IO);
  assert_int_equal(cm_gguf_open(CM_SOURCE_DIR "/CMakeLists.txt", &f, &e), CM_E_FORMAT);
  assert_non_null(strstr(e.msg, "not a GGUF file"));
  assert_null(f);
}

/* --- llama.cpp's files --- */

/* The number after "TYPE": in the object "tensor_types" of a description; 0 when it isn't there.
 */
static uint64_t recorded(const char *json, const char *type) {
  char key[32];
  const char *object = strstr(json, "\"tensor_types\"");
  assert_non_null(object);
  snprintf(key, sizeof key, "\"%s\": ", type);
  const char *at = strstr(object, key), *end = strchr(object, '}');
  return at && at < end ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void check_parity_file(const char *folder, const char *name) {
  char path[8192];
  cm_gguf *f;
  cm_err e;
  cm_buf json, text;
  cm_buf_init(&json, 1 << 20);
  cm_buf_init(&text, 1 << 20);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (cm_gguf_open(path, &f, &e)) fail_msg("%s", e.msg);
  memcpy(strrchr(path, '.'), ".json", 6);
  assert_int_equal(cm_os_read_file(path, &json, &e), CM_OK);
  cm_gguf_stats s = cm_gguf_stats_of(f);
  for (cm_qid id = 0; id < CM_Q_COUNT; id++)
    assert_int_equal(s.by_type[id].tensors, recorded(json.p, cm_qtype_of(id)->name));
  assert_non_null(cm_gguf_find_tensor(f, CM_STR("token_embd.weight")));
  cm_gguf_inspect(f, 0, &text);
  assert_false(text.overflow);
  assert_int_equal(cm_utf8_check(text.p, text.n), text.n);
  cm_gguf_close(f);
  cm_buf_close(&json);
  cm_buf_close(&text);
}

static void llama_cpp_files_are_read(void **state) {
  (void)state;
  const char *folder = cm_shared_path("gguf-parity");
  DIR *dir = folder ? opendir(folder) : NULL;
  if (!dir) {
    print_message("SKIPPED: no ../shared/gguf-parity: llama.cpp's files are not checked\n");
    skip();
  }
  int count = 0;
  for (struct dirent *d; (d = readdir(dir));) {
    if (!cm_str_ends(cm_str_of(d->d_name), CM_STR(".gguf"))) continue;
    check_parity_file(folder, d->d_name);
    count++;
  }
  closedir(dir);
  assert_true(count >= 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sample_is_read),
      cmocka_unit_test(values_are_typed),
      cmocka_unit_test(missing_keys_keep_the_default),
      cmocka_unit_test(wrong_types_are_named),
      cmocka_unit_test(numbers_must_fit),
      cmocka_unit_test(broken_files_are_refused),
      cmocka_unit_test(good_files_are_read),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(no_byte_can_crash_it),
      cmocka_unit_test(version_2_is_read),
      cmocka_unit_test(alignment_moves_the_data),
      cmocka_unit_test(memory_must_be_aligned),
      cmocka_unit_test(running_out_of_memory_is_reported),
      cmocka_unit_test(many_keys_stay_fast),
      cmocka_unit_test(paths_are_named),
      cmocka_unit_test(llama_cpp_files_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
