/* rooms: base data */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/json.h"

/* --- reading ------------------------------------------------------------------------------ */

static cm_json *parse(const char *text) {
  cm_json *root;
  cm_err e;
  assert_int_equal(cm_json_parse(cm_str_of(text), CM_JSON_LIMITS, &root, &e), CM_OK);
  return root;
}

static void test_values(void **state) {
  (void)state;
  cm_json *root = parse(
      "{\"s\": \"a\\u0000b\", \"i\": -7, \"u\": 9223372036854775807, \"r\": 1.5, \"t\": true,"
      " \"n\": null, \"a\": [1, [2], {}]}");
  cm_str s;
  int64_t i;
  uint64_t u;
  double f;
  bool b;
  assert_int_equal(cm_json_kind_of(root), CM_JSON_OBJECT);
  assert_int_equal(cm_json_count(root), 7);
  assert_true(cm_json_str(cm_json_get(root, "s"), &s) && s.n == 3 && !memcmp(s.p, "a\0b", 3));
  assert_true(cm_json_i64(cm_json_get(root, "i"), &i) && i == -7);
  assert_false(cm_json_u64(cm_json_get(root, "i"), &u));
  assert_true(cm_json_u64(cm_json_get(root, "u"), &u) && u == INT64_MAX);
  assert_true(cm_json_f64(cm_json_get(root, "r"), &f) && f == 1.5);
  assert_true(cm_json_f64(cm_json_get(root, "i"), &f) && f == -7);
  assert_false(cm_json_i64(cm_json_get(root, "r"), &i));
  assert_true(cm_json_bool(cm_json_get(root, "t"), &b) && b);
  assert_int_equal(cm_json_kind_of(cm_json_get(root, "n")), CM_JSON_NULL);
  const cm_json *a = cm_json_get(root, "a");
  assert_int_equal(cm_json_count(a), 3);
  assert_true(cm_json_i64(cm_json_at(cm_json_at(a, 1), 0), &i) && i == 2);
  assert_null(cm_json_at(a, 3));
  cm_json_free(root);
}

static void test_absent(void **state) {
  (void)state;
  cm_str s = CM_STR("kept");
  const cm_json *deep = cm_json_get(cm_json_at(cm_json_get(NULL, "a"), 2), "b");
  assert_null(deep);
  assert_int_equal(cm_json_kind_of(deep), CM_JSON_NONE);
  assert_int_equal(cm_json_count(deep), 0);
  assert_false(cm_json_str(deep, &s));
  assert_true(cm_str_is(s, "kept"));
  cm_json *number = parse("3");
  void *at = NULL;
  cm_str key;
  const cm_json *value;
  assert_null(cm_json_get(number, "a"));
  assert_false(cm_json_next(number, &at, &key, &value));
  cm_json_free(number);
  cm_json_free(NULL);
}

static void test_member_order(void **state) {
  (void)state;
  cm_json *root = parse("{\"z\": 0, \"a\": 1, \"m\": 2}");
  static const char *const keys[] = {"z", "a", "m"};
  int64_t n = 0, v;
  void *at = NULL;
  cm_str key;
  for (const cm_json *value; cm_json_next(root, &at, &key, &value); n++) {
    assert_true(cm_str_is(key, keys[n]));
    assert_true(cm_json_i64(value, &v) && v == n);
  }
  assert_int_equal(n, 3);
  cm_json_free(root);
}

static void test_errors(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t pos;
    const char *where;
  } bad[] = {
      {"", 0, "line 1 column 0"},
      {"{\"a\": 1,\n \"b\" 2}", 15, "line 2 column 6"},
      {"[1, 2", 5, "line 1"},
      {"1 2", 3, "line 1"},
      {"{\"a\":1,\"a\":2}", 0, "duplicate"},
      {"\"\xff\"", 1, "unable to decode"},
      {"[99999999999999999999]", 0, "big"},
      {"[1e999]", 0, "overflow"},
      {"{'a': 1}", 0, "line 1"},
      {"\"\\ud800\"", 0, "line 1"},
      {"[1,]", 0, "line 1"},
      {"nul", 0, "line 1"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_json *root;
    cm_err e;
    cm_str text = cm_str_of(bad[i].text);
    assert_int_equal(cm_json_parse(text, CM_JSON_LIMITS, &root, &e), CM_E_FORMAT);
    assert_null(root);
    if (!strstr(e.msg, bad[i].where)) fail_msg("%s: %s", bad[i].text, e.msg);
    if (bad[i].pos) assert_int_equal(e.pos, bad[i].pos);
  }
}

static void test_limits(void **state) {
  (void)state;
  cm_json *root;
  cm_err e;
  cm_str deep = CM_STR("[[[\"]]]]\\\"[[\"]]]");
  assert_int_equal(cm_json_parse(deep, (cm_json_limits){100, 3}, &root, &e), CM_OK);
  cm_json_free(root);
  assert_int_equal(cm_json_parse(deep, (cm_json_limits){100, 2}, &root, &e), CM_E_LIMIT);
  assert_int_equal(e.pos, 2);
  assert_int_equal(cm_json_parse(deep, (cm_json_limits){10, 3}, &root, &e), CM_E_LIMIT);
  static char many[100000];
  memset(many, '[', sizeof many);
  cm_json_limits loose = {sizeof many, SIZE_MAX};
  assert_int_equal(cm_json_parse((cm_str){many, sizeof many}, loose, &root, &e), CM_E_LIMIT);
}

static void test_no_memory(void **state) {
  (void)state;
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, 1 << 20);
  cm_jw_init(&w, &b, 0);
  cm_jw_begin_array(&w);
  for (unsigned i = 0; i < 2000; i++) {
    cm_jw_begin_object(&w);
    cm_jw_key(&w, "a string that outgrows its buffer");
    cm_jw_text(&w, "another string, and that one outgrows its buffer too");
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  assert_true(cm_jw_done(&w));
  cm_code code = CM_E_NOMEM;
  unsigned n = 0;
  while (code == CM_E_NOMEM) {
    cm_json *root;
    cm_err e;
    cm_mem_fail_nth(++n);
    code = cm_json_parse((cm_str){b.p, b.n}, CM_JSON_LIMITS, &root, &e);
    cm_mem_fail_nth(0);
    cm_json_free(root);
  }
  assert_int_equal(code, CM_OK);
  assert_true(n > 20);
  cm_buf_close(&b);
}

/* --- writing ------------------------------------------------------------------------------ */

static void write_sample(cm_jw *w) {
  cm_jw_begin_object(w);
  cm_jw_key(w, "empty");
  cm_jw_begin_object(w);
  cm_jw_end_object(w);
  cm_jw_key(w, "list");
  cm_jw_begin_array(w);
  cm_jw_u64(w, UINT64_MAX);
  cm_jw_i64(w, INT64_MIN);
  cm_jw_begin_array(w);
  cm_jw_end_array(w);
  cm_jw_bool(w, false);
  cm_jw_end_array(w);
  cm_jw_key_n(w, CM_STR("k\"ey"));
  cm_jw_null(w);
  cm_jw_key(w, "text");
  cm_jw_text(w, NULL);
  cm_jw_end_object(w);
}

static void check_sample(unsigned indent, const char *want) {
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, 1 << 16);
  cm_jw_init(&w, &b, indent);
  write_sample(&w);
  assert_true(cm_jw_done(&w));
  assert_string_equal(b.p, want);
  cm_buf_close(&b);
}

static void test_layout(void **state) {
  (void)state;
  check_sample(0,
               "{\"empty\":{},\"list\":[18446744073709551615,-9223372036854775808,[],false],"
               "\"k\\\"ey\":null,\"text\":null}");
  check_sample(2,
               "{\n  \"empty\": {},\n  \"list\": [\n    18446744073709551615,\n"
               "    -9223372036854775808,\n    [],\n    false\n  ],\n  \"k\\\"ey\": null,\n"
               "  \"text\": null\n}");
}

static void check_string(cm_str s, const char *want) {
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, 1 << 16);
  cm_jw_init(&w, &b, 0);
  cm_jw_str(&w, s);
  assert_true(cm_jw_done(&w));
  assert_string_equal(b.p, want);
  cm_buf_close(&b);
}

static void test_strings(void **state) {
  (void)state;
  check_string(CM_STR(""), "\"\"");
  check_string(CM_STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
  check_string(CM_STR("\b\t\n\f\r\0\x1b\x7f"), "\"\\b\\t\\n\\f\\r\\u0000\\u001b\\u007f\"");
  check_string(CM_STR("é😀"), "\"é😀\"");
  check_string(CM_STR("a\xff\xc3"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
  check_string(CM_STR("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  check_string(CM_STR("\xE2\x80\xAE\xC2\x9B\xEF\xBB\xBF"), "\"\\u202e\\u009b\\ufeff\"");
  check_string(CM_STR("\xF3\xA0\x80\x81"), "\"\\udb40\\udc01\"");
}

/* Every code point comes back as it was, and none that a terminal acts on is written raw. */
static void test_all_code_points(void **state) {
  (void)state;
  cm_buf b;
  cm_buf_init(&b, 1 << 10);
  for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
    char bytes[4];
    if (cp >= 0xD800 && cp < 0xE000) continue;
    cm_str s = {bytes, cm_utf8_put(cp, bytes)}, back;
    cm_jw w;
    cm_json *root;
    cm_buf_reset(&b);
    cm_jw_init(&w, &b, 0);
    cm_jw_str(&w, s);
    if (cm_json_hidden(cp)) assert_true(b.n >= 4 && b.p[1] == '\\');
    if (cp % 7 && cp > 0x3000 && !cm_json_hidden(cp)) continue; /* the rest is alike */
    assert_int_equal(cm_json_parse((cm_str){b.p, b.n}, CM_JSON_LIMITS, &root, NULL), CM_OK);
    assert_true(cm_json_str(root, &back) && cm_str_eq(s, back));
    cm_json_free(root);
  }
  cm_buf_close(&b);
}

static void check_number(double v, const char *want) {
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, 100);
  cm_jw_init(&w, &b, 0);
  cm_jw_f64(&w, v);
  assert_true(cm_jw_done(&w));
  assert_string_equal(b.p, want);
  cm_buf_close(&b);
}

static void check_numbers(void) {
  check_number(0, "0");
  check_number(-0.0, "-0.0");
  check_number(0.1, "0.1");
  check_number(1.0 / 3, "0.3333333333333333");
  check_number(5, "5");
  check_number(-2.5e-300, "-2.5e-300");
  check_number(1e22, "1e+22");
  check_number(0.1 + 0.2, "0.30000000000000004");
  check_number(1.7976931348623157e308, "1.7976931348623157e+308");
  check_number(5e-324, "4.94065645841247e-324");
  check_number((double)NAN, "null");
  check_number((double)-INFINITY, "null");
}

static void test_numbers(void **state) {
  (void)state;
  static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
  for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
    if (setlocale(LC_ALL, locales[i])) check_numbers();
  setlocale(LC_ALL, "C");
  uint64_t seed = 1;
  for (int i = 0; i < 20000; i++) {
    cm_buf b;
    cm_jw w;
    double v, back;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    memcpy(&v, &seed, sizeof v);
    if (!isfinite(v)) continue;
    cm_buf_init(&b, 100);
    cm_jw_init(&w, &b, 0);
    cm_jw_f64(&w, v);
    back = strtod(b.p, NULL);
    assert_memory_equal(&v, &back, sizeof v);
    cm_buf_close(&b);
  }
}

static void run_calls(cm_jw *w, const char *calls) {
  for (; *calls; calls++) switch (*calls) {
      case '{': cm_jw_begin_object(w); break;
      case '}': cm_jw_end_object(w); break;
      case '[': cm_jw_begin_array(w); break;
      case ']': cm_jw_end_array(w); break;
      case 'k': cm_jw_key(w, "k"); break;
      default: cm_jw_bool(w, true);
    }
}

static void test_misuse(void **state) {
  (void)state;
  static const char *const bad[] = {"",   "{", "{v",  "{kk", "{k}",   "[k", "}",   "[}",  "{]",
                                    "vv", "k", "{}v", "[[]", "{k[}]", "]",  "{}{", "[]]", "{kv}}"};
  static const char *const good[] = {"v", "{}", "[]", "[vv[]]", "{kvkv}", "{k[{}{k{}}]}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad + sizeof good / sizeof *good; i++) {
    bool is_bad = i < sizeof bad / sizeof *bad;
    cm_buf b;
    cm_jw w;
    cm_buf_init(&b, 1000);
    cm_jw_init(&w, &b, 1);
    run_calls(&w, is_bad ? bad[i] : good[i - sizeof bad / sizeof *bad]);
    if (cm_jw_done(&w) == is_bad) fail_msg("%zu", i);
    cm_buf_close(&b);
  }
}

static void test_depth_and_overflow(void **state) {
  (void)state;
  cm_buf b;
  cm_jw w;
  for (unsigned depth = CM_JW_DEPTH_MAX; depth <= CM_JW_DEPTH_MAX + 1; depth++) {
    cm_buf_init(&b, 1 << 16);
    cm_jw_init(&w, &b, 0);
    for (unsigned i = 0; i < depth; i++) {
      if (i % 2) cm_jw_key(&w, "k");
      run_calls(&w, i % 2 ? "[" : i ? "{" : "{");
    }
    for (unsigned i = depth; i-- > 0;) run_calls(&w, i % 2 ? "]" : "}");
    assert_int_equal(cm_jw_done(&w), depth == CM_JW_DEPTH_MAX);
    cm_buf_close(&b);
  }
  cm_buf_init(&b, 5);
  cm_jw_init(&w, &b, 0);
  cm_jw_str(&w, CM_STR("long"));
  assert_false(cm_jw_done(&w));
  cm_buf_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),          cmocka_unit_test(test_absent),
      cmocka_unit_test(test_member_order),    cmocka_unit_test(test_errors),
      cmocka_unit_test(test_limits),          cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_layout),          cmocka_unit_test(test_strings),
      cmocka_unit_test(test_all_code_points), cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_misuse),          cmocka_unit_test(test_depth_and_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
