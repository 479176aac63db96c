/* rooms: base */
/* Folders as base/os_list.h shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/os_list.h"

#define HERE "base_list.scratch"

static cm_arena *arena;

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(1 << 20);
  return !arena || system("rm -rf " HERE " && mkdir -p " HERE "/dir && cd " HERE
                          " && touch b a .hidden 'a b' && mkfifo pipe && ln -s a to-file"
                          " && ln -s dir to-dir && ln -s nothing to-nothing");
}

static int tear_down(void **state) {
  (void)state;
  cm_arena_close(arena);
  return system("rm -rf " HERE);
}

static void test_list(void **state) {
  (void)state;
  static const struct {
    const char *name;
    cm_os_kind kind;
  } want[] = {{".hidden", CM_OS_FILE}, {"a", CM_OS_FILE},       {"a b", CM_OS_FILE},
              {"b", CM_OS_FILE},       {"dir", CM_OS_DIR},      {"pipe", CM_OS_OTHER},
              {"to-dir", CM_OS_OTHER}, {"to-file", CM_OS_FILE}, {"to-nothing", CM_OS_OTHER}};
  cm_os_entry *got;
  size_t n;
  cm_err e = {0};
  assert_int_equal(cm_os_list(HERE, 100, arena, &got, &n, &e), CM_OK);
  assert_int_equal(n, sizeof want / sizeof *want);
  for (size_t i = 0; i < n; i++) {
    assert_string_equal(got[i].name.p, want[i].name);
    assert_int_equal(got[i].kind, want[i].kind);
  }
}

static void test_refused(void **state) {
  (void)state;
  cm_os_entry *got;
  cm_os_kind kind;
  size_t n;
  cm_err e = {0};
  assert_int_equal(cm_os_list(HERE, 8, arena, &got, &n, &e), CM_E_LIMIT);
  assert_int_equal(cm_os_list(HERE, 9, arena, &got, &n, &e), CM_OK);
  assert_int_equal(cm_os_list(HERE "/none", 9, arena, &got, &n, &e), CM_E_NOTFOUND);
  assert_int_equal(cm_os_list(HERE "/a", 9, arena, &got, &n, &e), CM_E_NOTFOUND);
  assert_int_equal(cm_os_list(HERE "/dir", 0, arena, &got, &n, &e), CM_OK);
  assert_true(n == 0);
  assert_int_equal(cm_os_kind_of(HERE "/none", &kind, &e), CM_E_NOTFOUND);
  assert_string_equal(e.msg, "can't read " HERE "/none: No such file or directory");
  cm_arena *small = cm_arena_open(64);
  assert_int_equal(cm_os_list(HERE, 100, small, &got, &n, &e), CM_E_NOMEM);
  cm_arena_close(small);
}

static void test_kind(void **state) {
  (void)state;
  static const struct {
    const char *path;
    cm_os_kind kind;
  } rows[] = {{HERE, CM_OS_DIR},
              {HERE "/a", CM_OS_FILE},
              {HERE "/to-dir", CM_OS_DIR},
              {HERE "/pipe", CM_OS_OTHER}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_os_kind kind = CM_OS_OTHER;
    cm_err e = {0};
    assert_int_equal(cm_os_kind_of(rows[i].path, &kind, &e), CM_OK);
    assert_int_equal(kind, rows[i].kind);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_list), cmocka_unit_test(test_refused),
                                     cmocka_unit_test(test_kind)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
