/* rooms: base */
/* Files that only grow: begun, continued behind a line that was cut off, locked, and full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/os_lines.h"

#define HERE "base_lines.scratch"
#define PATH HERE "/a/b/lines"

static int set_up(void **state) {
  (void)state;
  return system("rm -rf " HERE);
}

static void add(cm_os_lines *l, const char *text) {
  cm_buf b;
  cm_err e = {0};
  cm_buf_init(&b, 1 << 20);
  cm_buf_puts(&b, text);
  if (cm_os_lines_add(l, &b, &e)) fail_msg("%s", e.msg);
  cm_buf_close(&b);
}

static void open_it(cm_os_lines *l, bool go_on) {
  cm_err e = {0};
  if (cm_os_lines_open(l, PATH, go_on, &e)) fail_msg("%s", e.msg);
}

static void has(const char *want, size_t n) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  assert_int_equal(cm_os_read_file(PATH, &b, NULL), CM_OK);
  assert_int_equal(b.n, n);
  if (n) assert_memory_equal(b.p, want, n);
  cm_buf_close(&b);
}

static void test_begun_and_continued(void **state) {
  (void)state;
  cm_os_lines l;
  open_it(&l, false);
  add(&l, "one\n");
  has("one\n", 4); /* it is there before the file is closed */
  add(&l, "two\n");
  cm_os_lines_close(&l);
  open_it(&l, true);
  add(&l, "three\n");
  cm_os_lines_close(&l);
  has("one\ntwo\nthree\n", 14);
  open_it(&l, false);
  cm_os_lines_close(&l);
  has("", 0);
  cm_os_lines_close(&l); /* twice is fine */
}

/* `whole` bytes that end with a newline, then `rest` bytes without one. */
static void one_cut(size_t whole, size_t rest) {
  static char text[16384 + 8];
  cm_os_lines l;
  FILE *f = fopen(PATH, "wb");
  assert_non_null(f);
  memset(text, 'x', sizeof text);
  if (whole) text[whole - 1] = '\n';
  if (whole > 10) text[5] = '\n';
  assert_int_equal(fwrite(text, 1, whole + rest, f), whole + rest);
  fclose(f);
  open_it(&l, true);
  add(&l, "new\n");
  cm_os_lines_close(&l);
  memcpy(text + whole, "new\n", 4);
  has(text, whole + 4);
}

static void test_cut(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 100, 4095, 4096, 4097, 8192, 8193};
  cm_os_lines l;
  open_it(&l, false);
  cm_os_lines_close(&l);
  for (size_t i = 0; i < 8; i++)
    for (size_t k = 0; k < 8; k++) one_cut(sizes[i], k < 7 ? sizes[k] : 8191);
}

static void test_locked(void **state) {
  (void)state;
  cm_os_lines first, second;
  cm_err e = {0};
  open_it(&first, false);
  add(&first, "one\n");
  for (int go_on = 0; go_on < 2; go_on++) {
    assert_int_equal(cm_os_lines_open(&second, PATH, go_on, &e), CM_E_IO);
    assert_non_null(strstr(e.msg, PATH));
    cm_os_lines_close(&second); /* fine after a failure, and lets go of nothing */
  }
  add(&first, "two\n");
  has("one\ntwo\n", 8);
  cm_os_lines_close(&first);
  open_it(&second, true);
  cm_os_lines_close(&second);
}

static void test_impossible(void **state) {
  (void)state;
  char longer[5000];
  cm_os_lines l;
  cm_err e = {0};
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = 0;
  const char *const bad[] = {"", longer, HERE, "/dev/null/x", "/proc/nowhere/x"};
  assert_int_equal(mkdir(HERE, 0755), 0);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(cm_os_lines_open(&l, bad[i], false, &e), CM_E_WRITE);
    assert_int_equal(l.fd, -1);
    cm_os_lines_close(&l);
  }
}

static void test_full(void **state) {
  (void)state;
  cm_os_lines l;
  cm_err e = {0};
  cm_buf b, over;
  if (access("/dev/full", W_OK) != 0) skip();
  assert_int_equal(cm_os_lines_open(&l, "/dev/full", false, &e), CM_OK);
  cm_buf_init(&b, 100);
  cm_buf_puts(&b, "x\n");
  assert_int_equal(cm_os_lines_add(&l, &b, &e), CM_E_WRITE);
  assert_non_null(strstr(e.msg, "/dev/full"));
  cm_buf_init(&over, 1);
  cm_buf_puts(&over, "xx\n");
  assert_int_equal(cm_os_lines_add(&l, &over, &e), CM_E_NOMEM);
  cm_buf_close(&over);
  cm_buf_close(&b);
  cm_os_lines_close(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_begun_and_continued, set_up, set_up),
      cmocka_unit_test_setup_teardown(test_cut, set_up, set_up),
      cmocka_unit_test_setup_teardown(test_locked, set_up, set_up),
      cmocka_unit_test_setup_teardown(test_impossible, set_up, set_up),
      cmocka_unit_test_setup_teardown(test_full, set_up, set_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
