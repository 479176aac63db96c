/* rooms: base data */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/re.h"
#include "data/yaml.h"

enum { OUT_MAX = 8 << 20, LONG = 40000, DOCUMENTS = 400 };

static cm_json *json_of(cm_str text) {
  cm_json *root;
  cm_err e = {0};
  if (cm_json_parse(text, CM_JSON_LIMITS, &root, &e))
    fail_msg("%.*s: %s", (int)text.n, text.p, e.msg);
  return root;
}

/* --- what plain scalars mean ---------------------------------------------------------------- */

/* The types of YAML 1.1 (yaml.org/type: null, bool, int, float, timestamp, merge, value) and the
 * core schema of YAML 1.2.2, section 10.3.2, as the specifications write them. */
static const char *const other_types[] = {
    "~|null|Null|NULL|",
    "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
    "|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
    "[-+]?(?:[0-9][0-9_]*)?\\.[0-9.]*(?:[eE][-+][0-9]+)?"
    "|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)",
    "[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \\t]+)[0-9]{1,2}:.*",
    "<<|=",
    "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "[-+]?(?:\\.[0-9]+|[0-9]+(?:\\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
};
enum { TYPES = sizeof other_types / sizeof *other_types };
static cm_re *types[TYPES];

static int open_types(void **state) {
  (void)state;
  for (size_t i = 0; i < TYPES; i++) {
    char pattern[512];
    const int n = snprintf(pattern, sizeof pattern, "\\A(?:%s)\\z", other_types[i]);
    if (cm_re_open(&types[i], (cm_str){pattern, (size_t)n}, 0, NULL)) return -1;
  }
  return 0;
}

static int close_types(void **state) {
  (void)state;
  for (size_t i = 0; i < TYPES; i++) cm_re_close(types[i]);
  return 0;
}

static bool is_of(size_t type, cm_str text) {
  bool found;
  size_t start, end;
  assert_int_equal(cm_re_find(types[type], text, 0, &found, &start, &end, NULL), CM_OK);
  return found;
}

static bool is_text(cm_str text) {
  for (size_t i = 0; i < TYPES; i++)
    if (is_of(i, text)) return false;
  return true;
}

/* --- the same document ---------------------------------------------------------------------- */

static bool same(const cm_json *j, const cm_yaml *y);

static bool same_map(const cm_json *j, const cm_yaml *y) {
  void *at = NULL;
  cm_str key;
  const cm_json *value;
  const cm_yaml *child = y->first;
  for (; cm_json_next(j, &at, &key, &value); child = child->next)
    if (!child || !cm_str_eq(child->key, key) || !same(value, child)) return false;
  return y->kind == CM_YAML_MAP && !child;
}

static bool same_list(const cm_json *j, const cm_yaml *y) {
  const cm_yaml *child = y->first;
  for (size_t i = 0; i < cm_json_count(j); i++, child = child->next)
    if (!child || !same(cm_json_at(j, i), child)) return false;
  return y->kind == CM_YAML_LIST && !child;
}

/* As all readers take it: numbers by both versions, so that neither makes text of one. */
static bool same(const cm_json *j, const cm_yaml *y) {
  enum { YAML_1_1_INT = 2, YAML_1_1_FLOAT, YAML_1_2_INT = 6, YAML_1_2_FLOAT };
  cm_str s;
  int64_t i;
  double d, read;
  bool b;
  char digits[32];
  switch (cm_json_kind_of(j)) {
    case CM_JSON_OBJECT: return same_map(j, y);
    case CM_JSON_ARRAY: return same_list(j, y);
    case CM_JSON_STR:
      return cm_json_str(j, &s) && cm_str_eq(s, y->text) && (!y->plain || is_text(y->text));
    case CM_JSON_INT:
      assert_true(cm_json_i64(j, &i));
      snprintf(digits, sizeof digits, "%lld", (long long)i);
      return y->plain && cm_str_is(y->text, digits) && is_of(YAML_1_1_INT, y->text) &&
             is_of(YAML_1_2_INT, y->text);
    case CM_JSON_REAL:
      assert_true(cm_json_f64(j, &d) && cm_str_f64(y->text, -DBL_MAX, DBL_MAX, &read));
      return y->plain && read == d && is_of(YAML_1_1_FLOAT, y->text) &&
             is_of(YAML_1_2_FLOAT, y->text) && !is_of(YAML_1_2_INT, y->text);
    case CM_JSON_BOOL:
      return cm_json_bool(j, &b) && y->plain && cm_str_is(y->text, b ? "true" : "false");
    default: return y->plain && cm_str_is(y->text, "null");
  }
}

/* One document of characters that a terminal shows. */
static void check_characters(cm_str text) {
  assert_true(cm_str_starts(text, CM_STR("---")));
  assert_true(cm_str_ends(text, CM_STR("\n")));
  for (size_t i = 0; i < text.n;) {
    uint32_t cp;
    i += cm_utf8_next(text.p + i, text.n - i, &cp);
    if (cp != '\n' && cm_json_hidden(cp)) fail_msg("U+%04X as it is", (unsigned)cp);
  }
}

/* Writes the document and reads it back with a parser that knows nothing of how it was written. */
static void check(cm_str json) {
  cm_json *document = json_of(json);
  cm_arena *arena = cm_arena_open(64 << 20);
  const cm_yaml *root;
  cm_err e = {0};
  cm_buf b;
  cm_buf_init(&b, OUT_MAX);
  assert_int_equal(cm_yaml_write(document, &b, &e), CM_OK);
  const cm_str text = {b.p, b.n};
  check_characters(text);
  if (cm_yaml_parse(text, "yaml", arena, &root, &e)) fail_msg("%s\n%.*s", e.msg, (int)b.n, b.p);
  if (!same(document, root))
    fail_msg("%.*s\nbecame\n%.*s", (int)(json.n < 2000 ? json.n : 2000), json.p,
             (int)(b.n < 2000 ? b.n : 2000), b.p);
  cm_buf_close(&b);
  cm_arena_close(arena);
  cm_json_free(document);
}

/* --- text by text --------------------------------------------------------------------------- */

static const struct {
  const char *json, *yaml;
} exact[] = {
    {"{\"a\":1,\"z\":[],\"m\":{},\"b\":[1,[2,{\"c\":null}],{\"d\":true,\"e\":[false]}]}",
     "---\na: 1\nz: []\nm: {}\nb:\n- 1\n- - 2\n  - c: null\n- d: true\n  e:\n  - false\n"},
    {"[\"ls -la /tmp\", \"/bin/ls | wc -l\", \"find . -name '*.c' -size +1G\", \"x\"]",
     "---\n- ls -la /tmp\n- /bin/ls | wc -l\n- find . -name '*.c' -size +1G\n- x\n"},
    {"[\"a: b\", \"a:b\", \"a #b\", \"a \", \" a\", \"\", \"\\\"\", \"-\", \"- a\"]",
     "---\n- \"a: b\"\n- \"a:b\"\n- \"a #b\"\n- \"a \"\n- \" a\"\n- \"\"\n- \"\\\"\"\n- \"-\"\n"
     "- \"- a\"\n"},
    {"[\"a\\nb\", \"\\t\\u0000\\u001b[31m\", \"\\u202e\\u200b\\u00ad\", \"\\u0085\\u2028\"]",
     "---\n- \"a\\nb\"\n- \"\\t\\0\\e[31m\"\n- \"\\u202E\\u200B\\u00AD\"\n- \"\\N\\L\"\n"},
    {"[\"\xc3\xbc\xe6\x96\x87\", \"\xef\xbf\xbd\", \"\\ufeff\\uffff\", \"\\udb40\\udc41\"]",
     "---\n- \"\xc3\xbc\xe6\x96\x87\"\n- \"\xef\xbf\xbd\"\n- \"\\uFEFF\\uFFFF\"\n"
     "- \"\\U000E0041\"\n"},
    {"[0, -7, 9223372036854775807, 0.5, -0.0, 1.0, 1e20, 1.5e-7, -2e300]",
     "---\n- 0\n- -7\n- 9223372036854775807\n- 0.5\n- -0.0\n- 1.0\n- 1.0e+20\n- 1.5e-07\n"
     "- -2.0e+300\n"},
    {"{\"yes\":\"yes\",\"1\":\"1\",\"a b\":\"a b\",\"\":\"\"}",
     "---\n\"yes\": \"yes\"\n\"1\": \"1\"\na b: a b\n\"\": \"\"\n"},
    {"\"ls\"", "--- ls\n"},
    {"[\"find . -type f -size +1G -exec ls -l {} + | sort -k 5 -n -r | head -n 20 | cut -c "
     "1-90\"]",
     "---\n- find . -type f -size +1G -exec ls -l {} + | sort -k 5 -n -r | head -n 20 | cut -c "
     "1-90\n"},
};

static void test_exact(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
    cm_json *document = json_of(cm_str_of(exact[i].json));
    cm_buf b;
    cm_buf_init(&b, OUT_MAX);
    assert_int_equal(cm_yaml_write(document, &b, NULL), CM_OK);
    cm_buf_putc(&b, 0);
    assert_string_equal(b.p, exact[i].yaml);
    cm_buf_close(&b);
    cm_json_free(document);
    check(cm_str_of(exact[i].json));
  }
}

/* --- strings that mean something else ------------------------------------------------------- */

static const char *const nasty[] = {
    "",
    " ",
    "  a",
    "a  ",
    "~",
    "null",
    "Null",
    "NULL",
    "nUlL",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "YES",
    "yEs",
    "no",
    "No",
    "NO",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "FALSE",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "0",
    "00",
    "1",
    "-1",
    "+1",
    "1_000",
    "0b11",
    "0o17",
    "017",
    "0x1",
    "0xFF_FF",
    "1:30",
    "190:20:30",
    "190:20:30.15",
    "1.",
    ".5",
    "1.5",
    "1e3",
    "1E+3",
    "1.5e-3",
    "6.8523015e+5",
    "685_230.15",
    ".inf",
    "-.Inf",
    "+.INF",
    ".nan",
    ".NaN",
    ".",
    "..",
    "...",
    "inf",
    "nan",
    "2001-12-15",
    "2001-12-15T02:59:43.1Z",
    "2001-12-14 21:59:43.10 -5",
    "12:30:45",
    "<<",
    "=",
    "-",
    "--",
    "---",
    "--- a",
    "- a",
    "? a",
    "?",
    ": a",
    ":",
    "a: b",
    "a:",
    "a :b",
    "#",
    "a #b",
    "a#b",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "|",
    "|-",
    ">",
    ">+",
    "'a'",
    "\"a\"",
    "'",
    "\"",
    "%YAML 1.2",
    "%",
    "@a",
    "`a`",
    "[",
    "]",
    "[a]",
    "{",
    "}",
    "{a: b}",
    ",",
    "a, b",
    "\\",
    "\\n",
    "a\\",
    "\t",
    "a\t",
    "\ta",
    "a\nb",
    "\n",
    "\na",
    "a\n",
    "a\n\n",
    "a\r\nb",
    "\r",
    "\x01",
    "\x1b[31m",
    "\x7f",
    "\xc2\x80",
    "\xc2\x85",
    "a\xc2\x85"
    "b",
    "\xc2\xa0",
    "\xc2\xa0"
    "a",
    "\xc2\xad",
    "\xe2\x80\x8b",
    "\xe2\x80\xa8",
    "\xe2\x80\xa9",
    "\xe2\x80\xae"
    "abc",
    "\xe2\x81\xa6"
    "x\xe2\x81\xa9",
    "\xef\xbb\xbf",
    "\xef\xbb\xbf"
    "a",
    "\xef\xbf\xbd",
    "\xef\xbf\xbe",
    "\xef\xbf\xbf",
    "\xee\x80\x80",
    "\xed\x9f\xbf",
    "\xf0\x9f\x98\x80",
    "\xf3\xa0\x81\x81",
    "\xf4\x8f\xbf\xbf",
    "\xcc\x81",
    "\xc3\xa9",
    "e\xcc\x81",
    "rm -rf /",
    "echo 'it''s' \"x\"",
    "a ? b",
    "a - b",
    "a | b > c & d",
    "$(x) ${y} `z`",
    "find . \\( -a \\)",
    "Infinity",
    "NaN",
    "none",
    "undefined",
    "a'b",
    "/",
    "/a b/",
    "e3",
    "E+3",
    "x1",
    "_1",
    "b64==",
};
enum { NASTY = sizeof nasty / sizeof *nasty };

/* A document that is one list, under construction. */
typedef struct listing {
  cm_buf b;
  cm_jw w;
} listing;

static void begin_list(listing *l) {
  cm_buf_init(&l->b, OUT_MAX);
  cm_jw_init(&l->w, &l->b, 0);
  cm_jw_begin_array(&l->w);
}

static void check_list(listing *l) {
  cm_jw_end_array(&l->w);
  assert_true(cm_jw_done(&l->w));
  check((cm_str){l->b.p, l->b.n});
  cm_buf_close(&l->b);
}

static void test_strings_stay_strings(void **state) {
  (void)state;
  listing l;
  begin_list(&l);
  for (size_t i = 0; i < NASTY; i++) {
    cm_jw_text(&l.w, nasty[i]);
    cm_jw_begin_object(&l.w);
    cm_jw_put_text(&l.w, nasty[i], nasty[i]);
    cm_jw_end_object(&l.w);
  }
  cm_jw_str(&l.w, CM_STR("\0"));
  cm_jw_str(&l.w, CM_STR("a\0b"));
  cm_jw_str(&l.w, CM_STR("\xff\xfe")); /* a writer of JSON makes U+FFFD of it */
  check_list(&l);
}

/* Each character alone, at the beginning and inside: none stands as it is that a terminal acts
 * on, and none is lost. */
static void test_every_character(void **state) {
  (void)state;
  listing l;
  begin_list(&l);
  for (uint32_t cp = 0; cp <= 0xffff; cp += cp < 0x3100 ? 1 : 0x61) {
    char text[16] = "a";
    if (cp >= 0xd800 && cp < 0xe000) continue;
    const size_t n = cm_utf8_put(cp, text + 1);
    text[1 + n] = 'b';
    cm_jw_str(&l.w, (cm_str){text + 1, n});
    cm_jw_str(&l.w, (cm_str){text, n + 2});
  }
  check_list(&l);
}

/* The library hands its text over in pieces; no character that is to be escaped is cut. */
static void test_long(void **state) {
  (void)state;
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, OUT_MAX);
  for (size_t shift = 0; shift < 3; shift++) {
    cm_buf text;
    cm_buf_init(&text, OUT_MAX);
    cm_buf_add(&text, "ab", shift);
    for (size_t i = 0; i < LONG; i++) cm_buf_puts(&text, i % 2 ? "\xe2\x80\xae" : "\xe6\x96\x87");
    cm_buf_reset(&b);
    cm_jw_init(&w, &b, 0);
    cm_jw_begin_object(&w);
    cm_jw_put_str(&w, "text", (cm_str){text.p, text.n});
    cm_jw_key_n(&w, (cm_str){text.p, shift + 300 * 3});
    cm_jw_bool(&w, true);
    cm_jw_end_object(&w);
    check((cm_str){b.p, b.n});
    cm_buf_close(&text);
  }
  cm_buf_close(&b);
}

/* --- any document --------------------------------------------------------------------------- */

static uint64_t next(uint64_t *seed) {
  *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *seed >> 33;
}

/* A few of the nasty ones in a row, as a command is of words. */
static void put_some_text(cm_jw *w, uint64_t *seed, bool key, size_t number) {
  cm_buf b;
  cm_buf_init(&b, 1 << 16);
  for (uint64_t n = next(seed) % 4; n; n--) {
    cm_buf_puts(&b, nasty[next(seed) % NASTY]);
    if (next(seed) % 2) cm_buf_putc(&b, ' ');
  }
  if (key) cm_buf_printf(&b, "%zu", number); /* no key stands twice */
  const cm_str text = {b.p ? b.p : "", b.n};
  key ? cm_jw_key_n(w, text) : cm_jw_str(w, text);
  cm_buf_close(&b);
}

static void put_some_number(cm_jw *w, uint64_t *seed) {
  const uint64_t bits = next(seed) << 33 ^ next(seed) << 11 ^ next(seed);
  double d;
  memcpy(&d, &bits, sizeof d);
  if (bits % 3 == 0) cm_jw_i64(w, (int64_t)bits);
  else cm_jw_f64(w, bits % 3 == 1 ? d : (double)(bits >> 40) / 8);
}

static void put_some(cm_jw *w, uint64_t *seed, unsigned depth) {
  const uint64_t kind = next(seed) % (depth ? 8 : 5), n = next(seed) % 5;
  switch (kind) {
    case 0: cm_jw_null(w); break;
    case 1: cm_jw_bool(w, n % 2); break;
    case 2: put_some_number(w, seed); break;
    case 3:
    case 4: put_some_text(w, seed, false, 0); break;
    case 5:
      cm_jw_begin_array(w);
      for (uint64_t i = 0; i < n; i++) put_some(w, seed, depth - 1);
      cm_jw_end_array(w);
      break;
    default:
      cm_jw_begin_object(w);
      for (uint64_t i = 0; i < n; i++) {
        put_some_text(w, seed, true, i);
        put_some(w, seed, depth - 1);
      }
      cm_jw_end_object(w);
  }
}

static void test_any_document(void **state) {
  (void)state;
  uint64_t seed = 1;
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, OUT_MAX);
  for (int i = 0; i < DOCUMENTS; i++) {
    cm_buf_reset(&b);
    cm_jw_init(&w, &b, 2);
    cm_jw_begin_object(&w);
    cm_jw_key(&w, "document");
    put_some(&w, &seed, 7);
    cm_jw_end_object(&w);
    assert_true(cm_jw_done(&w));
    check((cm_str){b.p, b.n});
  }
  cm_buf_close(&b);
}

/* --- limits --------------------------------------------------------------------------------- */

static void test_no_room(void **state) {
  (void)state;
  cm_json *document = json_of(CM_STR("{\"a\": [1, 2.5, \"text\"]}"));
  cm_err e = {0};
  cm_code code = CM_E_NOMEM;
  for (size_t max = 1; code; max++) {
    cm_buf b;
    cm_buf_init(&b, max);
    code = cm_yaml_write(document, &b, &e);
    assert_true(code == (b.overflow ? CM_E_NOMEM : CM_OK));
    cm_buf_close(&b);
  }
  code = CM_E_NOMEM;
  for (uint64_t n = 1; code; n++) {
    cm_buf b;
    cm_buf_init(&b, OUT_MAX);
    cm_mem_fail_nth(n);
    code = cm_yaml_write(document, &b, &e);
    cm_mem_fail_nth(0);
    assert_true(code == CM_OK || (code == CM_E_NOMEM && e.code == code));
    cm_buf_close(&b);
  }
  cm_json_free(document);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exact),           cmocka_unit_test(test_strings_stay_strings),
      cmocka_unit_test(test_every_character), cmocka_unit_test(test_long),
      cmocka_unit_test(test_any_document),    cmocka_unit_test(test_no_room),
  };
  return cmocka_run_group_tests(tests, open_types, close_types);
}
