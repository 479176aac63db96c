/* Inspect: sums, memory plan, and text that is safe on a terminal. */
#include "gguf/inspect.h"
#include "unit/gguf_samples.h"
#include "unit/gguf_test.h"

static cm_gguf *parse(cm_buf *b, const broken *how) {
  cm_gguf *f;
  cm_err e;
  cm_buf_init(b, 1 << 20);
  add_sample(b, how);
  if (cm_gguf_parse(b->p, b->n, &f, &e)) fail_msg("%s", e.msg);
  return f;
}

static void tensors_are_added_up(void **state) {
  (void)state;
  cm_buf b;
  cm_gguf *f = parse(&b, &(broken){0});
  cm_gguf_stats s = cm_gguf_stats_of(f);
  assert_int_equal(s.all.tensors, 2);
  assert_int_equal(s.all.params, 8 + 32);
  assert_int_equal(s.all.bytes, 32 + 34);
  assert_int_equal(s.by_type[CM_Q_F32].params, 8);
  assert_int_equal(s.by_type[CM_Q_Q8_0].bytes, 34);
  cm_gguf_close(f);
  cm_buf_close(&b);
}

static void expect_str(cm_str s, size_t max, const char *shown) {
  cm_buf out;
  cm_buf_init(&out, 1000);
  cm_gguf_print_str(&out, s, max);
  assert_string_equal(out.p, shown);
  cm_buf_close(&out);
}

static void strings_are_safe_to_print(void **state) {
  (void)state;
  expect_str(CM_STR("plain"), 100, "\"plain\"");
  expect_str(CM_STR(""), 100, "\"\"");
  expect_str(CM_STR("a\"b\\c"), 100, "\"a\\\"b\\\\c\"");
  expect_str(CM_STR("\x1b[31m\n\t\r"), 100, "\"\\x1b[31m\\n\\t\\r\"");
  expect_str(CM_STR("\0\x7f"), 100, "\"\\x00\\x7f\"");
  expect_str(CM_STR("\xff\xc3"), 100, "\"\\xff\\xc3\"");
  expect_str(CM_STR("\xc2\x9b"
                    "31m"),
             100, "\"\\u009b31m\"");
  expect_str(CM_STR("\xe2\x80\xae"), 100, "\"\\u202e\"");
  expect_str(CM_STR("grün"), 100, "\"grün\"");
  expect_str(CM_STR("grün"), 3, "\"gr…\""); /* never half a character */
  expect_str(CM_STR("grün"), 4, "\"grü…\"");
}

static void expect_shown(const broken *how, const char *key, const char *shown) {
  cm_buf b, out;
  cm_gguf *f = parse(&b, how);
  cm_buf_init(&out, 1000);
  cm_gguf_print_value(&out, cm_gguf_find(f, key));
  assert_string_equal(out.p, shown);
  cm_gguf_close(f);
  cm_buf_close(&out);
  cm_buf_close(&b);
}

static void values_are_shown(void **state) {
  (void)state;
  static const broken long_array = {
      .kv = RAW("\x01\0\0\0\0\0\0\0k\x09\0\0\0\x01\0\0\0\x08\0\0\0\0\0\0\0"
                "\x01\x02\x03\x04\x05\xff\x07\x08")};
  static const broken flag = {.kv = RAW("\x01\0\0\0\0\0\0\0k\x07\0\0\0\x01")};
  static const broken small = {.kv = RAW("\x01\0\0\0\0\0\0\0k\x06\0\0\0\xbd\x37\x86\x35")};
  expect_shown(&(broken){0}, "general.architecture", "\"qwen2\"");
  expect_shown(&(broken){0}, "a.u32", "7");
  expect_shown(&(broken){0}, "a.i32s", "i32[3] 1, -1, 2");
  expect_shown(&(broken){0}, "a.strs", "string[2] \"hi\", \"\"");
  expect_shown(&(broken){0}, "a.double", "1.5");
  expect_shown(&long_array, "k", "i8[8] 1, 2, 3, 4, 5, -1, …");
  expect_shown(&flag, "k", "true");
  expect_shown(&small, "k", "1e-06");
}

static void plan_needs_the_metadata(void **state) {
  (void)state;
  cm_buf b;
  cm_gguf_plan plan;
  cm_gguf *f = parse(&b, &(broken){0});
  assert_false(cm_gguf_plan_of(f, 2048, &plan));
  assert_int_equal(plan.file, SAMPLE_BYTES);
  assert_int_equal(plan.total, SAMPLE_BYTES);
  assert_int_equal(plan.cache, 0);
  cm_gguf_close(f);
  cm_buf_close(&b);
}

static void add_u32_kv(cm_buf *b, const char *key, uint32_t v) {
  add_u64(b, strlen(key));
  cm_buf_puts(b, key);
  add_u32(b, CM_GGUF_U32);
  add_u32(b, v);
}

/* Metadata of the shape of Qwen2.5-0.5B. */
static cm_gguf *parse_qwen(cm_buf *b, uint32_t layers) {
  cm_gguf *f;
  cm_err e;
  cm_buf_init(b, 1 << 20);
  cm_buf_puts(b, "GGUF");
  add_u32(b, 3);
  add_u64(b, 0);
  add_u64(b, 6);
  add_u64(b, strlen("general.architecture"));
  cm_buf_puts(b, "general.architecture");
  add_u32(b, CM_GGUF_STR);
  add_u64(b, 5);
  cm_buf_puts(b, "qwen2");
  add_u32_kv(b, "qwen2.block_count", layers);
  add_u32_kv(b, "qwen2.context_length", 32768);
  add_u32_kv(b, "qwen2.embedding_length", 896);
  add_u32_kv(b, "qwen2.attention.head_count", 14);
  add_u32_kv(b, "qwen2.attention.head_count_kv", 2);
  if (cm_gguf_parse(b->p, b->n, &f, &e)) fail_msg("%s", e.msg);
  return f;
}

static void plan_of_qwen(void **state) {
  (void)state;
  cm_buf b;
  cm_gguf_plan plan;
  cm_gguf *f = parse_qwen(&b, 24);
  assert_true(cm_gguf_plan_of(f, 2048, &plan));
  assert_int_equal(plan.cache_per_token, 24 * 2 * (64 + 64) * 2);
  assert_int_equal(plan.cache, 25165824);
  assert_int_equal(plan.total, 25165824 + f->bytes);
  assert_true(cm_gguf_plan_of(f, 0, &plan));
  assert_int_equal(plan.context, 32768);
  assert_true(cm_gguf_plan_of(f, 1000000, &plan));
  assert_int_equal(plan.context, 32768);
  cm_gguf_close(f);
  cm_buf_close(&b);
}

static void whole_text(void **state) {
  (void)state;
  cm_buf b, out;
  cm_gguf *f = parse(&b, &(broken){0});
  cm_buf_init(&out, 1 << 16);
  cm_gguf_inspect(f, 2048, &out);
  assert_non_null(strstr(out.p, "GGUF version 3, 386 bytes: 5 metadata entries, 2 tensors"));
  assert_non_null(strstr(out.p, "general.architecture  string  \"qwen2\"\n"));
  assert_non_null(strstr(out.p, "Q8_0"));
  assert_non_null(strstr(out.p, "4 x 2"));
  assert_non_null(strstr(out.p, "Parameters       40\nBits per weight  13.20\n"));
  assert_non_null(strstr(out.p, "KV cache  unknown"));
  cm_buf_close(&out);
  cm_buf_init(&out, 100); /* too small: the caller sees it, nothing breaks */
  cm_gguf_inspect(f, 2048, &out);
  assert_true(out.overflow);
  cm_buf_close(&out);
  cm_gguf_close(f);
  cm_buf_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_are_added_up), cmocka_unit_test(strings_are_safe_to_print),
      cmocka_unit_test(values_are_shown),     cmocka_unit_test(plan_needs_the_metadata),
      cmocka_unit_test(plan_of_qwen),         cmocka_unit_test(whole_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
