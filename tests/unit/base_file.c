/* rooms: base */
/* Locks, identities, files that grow, libraries. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_file.h"
#include "base/os_library.h"

static char path[64], name[72];

static int setup(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/cmdai-file-XXXXXX");
  const int fd = mkstemp(path);
  if (fd < 0 || write(fd, "12345", 5) != 5) return 1;
  snprintf(name, sizeof name, "%s.name", path);
  return close(fd);
}

static int teardown(void **state) {
  (void)state;
  unlink(name);
  unlink(path);
  return 0;
}

static void test_identity(void **state) {
  (void)state;
  cm_os_identity a, b;
  cm_err e = {0};
  assert_int_equal(cm_os_identify(path, &a, &e), CM_OK);
  assert_int_equal(a.bytes, 5);
  const struct timespec times[2] = {{7, 8}, {7, 8}};
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
  assert_int_equal(cm_os_identify(path, &b, &e), CM_OK);
  assert_int_equal(b.mtime_ns, 7000000008);
  assert_true(a.inode == b.inode && a.mtime_ns != b.mtime_ns);
  assert_int_equal(cm_os_identify("/tmp", &b, &e), CM_E_IO);
  assert_int_equal(cm_os_identify("/no/such", &b, &e), CM_E_NOTFOUND);
}

static void test_locks(void **state) {
  (void)state;
  int a, b, c;
  cm_err e = {0};
  assert_int_equal(cm_os_lock_try(path, CM_OS_SHARED, false, &a, &e), CM_OK);
  assert_int_equal(cm_os_lock_try(path, CM_OS_SHARED, false, &b, &e), CM_OK);
  assert_true(a >= 0 && b >= 0);
  assert_int_equal(cm_os_lock_try(path, CM_OS_ALONE, false, &c, &e), CM_OK);
  assert_true(c < 0);
  const volatile int cancel = 1;
  assert_int_equal(cm_os_lock_wait(path, &cancel, &c, &e), CM_E_CANCELLED);
  cm_os_unlock(a);
  cm_os_unlock(b);
  assert_int_equal(cm_os_lock_wait(path, NULL, &c, &e), CM_OK);
  assert_true(c >= 0);
  cm_os_unlock(c);
  cm_os_unlock(-1);
  assert_int_equal(cm_os_lock_try("/no/such", CM_OS_SHARED, false, &c, &e), CM_E_NOTFOUND);
}

static void test_growing(void **state) {
  (void)state;
  int fd;
  uint64_t bytes;
  char out[16];
  size_t got;
  cm_err e = {0};
  assert_int_equal(cm_os_grow_open(path, &fd, &bytes, &e), CM_OK);
  assert_int_equal(bytes, 5);
  assert_int_equal(cm_os_grow_cut(fd, 2, &e), CM_OK);
  assert_int_equal(write(fd, "abc", 3), 3);
  assert_int_equal(cm_os_grow_read(fd, 1, out, sizeof out, &got, &e), CM_OK);
  assert_int_equal(got, 4);
  assert_memory_equal(out, "2abc", 4);
  assert_int_equal(cm_os_grow_finish(fd, path, name, &e), CM_OK);
  assert_int_equal(access(path, F_OK), -1);
  assert_int_equal(cm_os_identify(name, &(cm_os_identity){0}, &e), CM_OK);
  assert_true(cm_os_link(name, path));
  assert_false(cm_os_link(name, path));
  assert_int_equal(cm_os_remove_file("/no/such/file", &e), CM_OK);
  assert_int_equal(cm_os_grow_open("/tmp", &fd, &bytes, &e), CM_E_WRITE);
  assert_true(cm_os_free_bytes("/tmp") > 0);
}

/* A link in the place of a file that is going to grow is not followed. */
static void test_no_links(void **state) {
  (void)state;
  int fd;
  uint64_t bytes;
  unlink(name);
  assert_int_equal(symlink(path, name), 0);
  assert_int_equal(cm_os_grow_open(name, &fd, &bytes, NULL), CM_E_WRITE);
}

static void test_library(void **state) {
  (void)state;
  static const char *const none[] = {"libno-such-library.so.1"}, *const there[] = {
                                                                     "libno-such-library.so.1",
                                                                     "libc.so.6"};
  cm_os_library *l;
  cm_err e = {0};
  size_t (*length)(const char *) = NULL;
  assert_int_equal(cm_os_library_open(&l, none, 1, &e), CM_E_UNSUPPORTED);
  assert_non_null(strstr(e.msg, none[0]));
  assert_int_equal(cm_os_library_open(&l, there, 2, &e), CM_OK);
  assert_int_equal(cm_os_library_get(l, "strlen", &length, sizeof length, &e), CM_OK);
  assert_int_equal(length("four"), 4);
  assert_int_equal(cm_os_library_get(l, "no_such_function", &length, sizeof length, &e),
                   CM_E_UNSUPPORTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
      cmocka_unit_test_setup_teardown(test_locks, setup, teardown),
      cmocka_unit_test_setup_teardown(test_growing, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_links, setup, teardown),
      cmocka_unit_test(test_library)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
