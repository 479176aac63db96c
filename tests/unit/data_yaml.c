/* rooms: base data */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/yaml.h"

static cm_arena *arena;

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(16 << 20);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  cm_arena_close(arena);
  return 0;
}

static const cm_yaml *parse(const char *text) {
  const cm_yaml *root;
  cm_err e = {0};
  if (cm_yaml_parse(cm_str_of(text), "f.yaml", arena, &root, &e)) fail_msg("%s", e.msg);
  return root;
}

/* Positions as the YAML 1.2 specification counts lines and an editor shows columns: from 1. */
static void test_tree(void **state) {
  (void)state;
  const cm_yaml *root = parse("one: 1\nlist:\n  - a\n  - 'b c'\nmap: {x: \"y\"}\nempty:\n");
  assert_int_equal(root->kind, CM_YAML_MAP);
  assert_int_equal(root->n, 4);
  const cm_yaml *one = cm_yaml_get(root, "one"), *list = cm_yaml_get(root, "list");
  assert_true(cm_str_is(one->text, "1") && one->plain && one->line == 1 && one->column == 1);
  assert_true(list->kind == CM_YAML_LIST && list->n == 2 && list->line == 2);
  assert_true(list->first->plain && list->first->line == 3 && list->first->column == 5);
  assert_true(cm_str_is(list->first->next->text, "b c") && !list->first->next->plain);
  assert_true(cm_str_is(cm_yaml_get(cm_yaml_get(root, "map"), "x")->text, "y"));
  assert_true(list->first->next->line == 4 && list->first->next->column == 5);
  assert_int_equal(cm_yaml_get(root, "empty")->text.n, 0);
  assert_null(cm_yaml_get(root, "two"));
  assert_null(cm_yaml_get(list, "a"));
  assert_null(cm_yaml_get(NULL, "a"));
}

static void test_empty(void **state) {
  (void)state;
  assert_null(parse(""));
  assert_null(parse(" \n\n"));
  assert_null(parse("# nothing but a comment\n"));
}

static const struct {
  const char *text, *says;
  cm_code code;
} bad[] = {
    {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key \"a\" stands twice, first in line 1", CM_E_FORMAT},
    {"a: &x 1\n", "anchors and tags", CM_E_FORMAT},
    {"a: !!str 1\n", "anchors and tags", CM_E_FORMAT},
    {"a: &x [1]\n", "anchors and tags", CM_E_FORMAT},
    {"a: *x\n", "aliases", CM_E_FORMAT},
    {"--- a\n--- b\n", "more than one document", CM_E_FORMAT},
    {"? [a]\n: b\n", "a key must be a plain word", CM_E_FORMAT},
    {"a: ! 1\n", "anchors and tags", CM_E_FORMAT},
    {"a: [1, 2\n", "f.yaml:2:1: ", CM_E_FORMAT},
    {"a: [1, 2\n", "a flow sequence, from line 1", CM_E_FORMAT},
    {"a: b: c\n", "f.yaml:1:5: ", CM_E_FORMAT},
    {"a:\n\tb: 1\n", "f.yaml:2:1: ", CM_E_FORMAT},
    {"a: b\n\xc3\xa9: \"\x01\"\n", "f.yaml:2:5: control characters", CM_E_FORMAT},
    {"a: \xff\n", "not valid UTF-8 at byte 3", CM_E_FORMAT},
};

static void test_bad(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const cm_yaml *root;
    cm_err e = {0};
    assert_int_equal(cm_yaml_parse(cm_str_of(bad[i].text), "f.yaml", arena, &root, &e),
                     bad[i].code);
    if (!strstr(e.msg, bad[i].says)) fail_msg("%s: %s", bad[i].text, e.msg);
    assert_null(root);
  }
}

static cm_code parse_repeated(const char *piece, size_t times) {
  cm_buf b;
  const cm_yaml *root;
  cm_buf_init(&b, 8 << 20);
  for (size_t i = 0; i < times; i++) cm_buf_printf(&b, piece, i);
  cm_code code = cm_yaml_parse((cm_str){b.p, b.n}, "f.yaml", arena, &root, NULL);
  cm_buf_close(&b);
  return code;
}

static void test_limits(void **state) {
  (void)state;
  assert_int_equal(parse_repeated("[ # %zu\n", CM_YAML_DEPTH_MAX + 1), CM_E_LIMIT);
  assert_int_equal(parse_repeated("k%zu: 1\n", CM_YAML_KEYS_MAX), CM_OK);
  assert_int_equal(parse_repeated("k%zu: 1\n", CM_YAML_KEYS_MAX + 1), CM_E_LIMIT);
  assert_int_equal(parse_repeated("# %zu ...\n", (5 << 20) / 8), CM_E_LIMIT);
}

/* Whatever allocation of ours fails: an error, never a crash or half a tree. */
static void test_no_memory(void **state) {
  (void)state;
  cm_code code = CM_E_NOMEM;
  for (uint64_t n = 1; code; n++) {
    const cm_yaml *root = NULL;
    cm_arena *own = cm_arena_open(1 << 20);
    cm_mem_fail_nth(n);
    code = own ? cm_yaml_parse(CM_STR("a: [b, {c: d}]\n"), "f", own, &root, NULL) : CM_E_NOMEM;
    cm_mem_fail_nth(0);
    assert_true(code == CM_OK || (code == CM_E_NOMEM && !root));
    cm_arena_close(own);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_tree, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_bad, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
