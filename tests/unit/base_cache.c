/* rooms: base */
/* Files are forgotten, not changed; and a process knows what it holds and where it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/os.h"

enum { BYTES = 3 << 20 };

static char path[256];

/* A file of BYTES bytes that was just written and read. */
static void make_file(const char *folder) {
  cm_os_out o;
  cm_err e;
  cm_buf all;
  snprintf(path, sizeof path, "%s/cmdai-cache-%d", folder, (int)getpid());
  cm_buf_init(&all, BYTES);
  for (int i = 0; i < BYTES; i++) cm_buf_putc(&all, (char)(i * 7 % 251));
  if (cm_os_out_open(&o, path, &e)) fail_msg("%s", e.msg);
  assert_int_equal(cm_os_out_write(&o, all.p, all.n, &e), CM_OK);
  assert_int_equal(cm_os_out_commit(&o, &e), CM_OK);
  cm_buf_close(&all);
}

static void is_whole(void) {
  cm_buf all;
  cm_err e;
  cm_buf_init(&all, BYTES);
  assert_int_equal(cm_os_read_file(path, &all, &e), CM_OK);
  assert_int_equal(all.n, BYTES);
  for (int i = 0; i < BYTES; i++)
    if (all.p[i] != (char)(i * 7 % 251)) fail_msg("byte %d has changed", i);
  cm_buf_close(&all);
}

/* The kernel's own numbers of file systems on a disk. */
static bool is_on_disk(void) {
  struct statfs s;
  assert_int_equal(statfs(path, &s), 0);
  return s.f_type == 0xef53 || s.f_type == 0x58465342 || s.f_type == 0x9123683e;
}

static void test_forgotten(void **state) {
  (void)state;
  cm_err e;
  uint64_t size, held;
  make_file(CM_SOURCE_DIR);
  is_whole();
  cm_code code = cm_os_forget_file(path, &size, &held, &e);
  const bool disk = is_on_disk();
  is_whole();
  unlink(path);
  assert_int_equal(code, CM_OK);
  assert_int_equal(size, BYTES);
  if (disk) assert_true(held < BYTES / 100);
  else assert_true(held <= BYTES);
}

static void test_in_memory(void **state) {
  (void)state;
  cm_err e;
  uint64_t size, held;
  if (access("/dev/shm", W_OK) != 0) skip();
  make_file("/dev/shm");
  cm_code code = cm_os_forget_file(path, &size, &held, &e);
  is_whole();
  unlink(path);
  assert_int_equal(code, CM_OK);
  assert_int_equal(held, BYTES); /* there is no disk to wait for, and it says so */
}

static void test_mapped(void **state) {
  (void)state;
  cm_err e;
  cm_map map;
  uint64_t size, held;
  unsigned sum = 0;
  make_file(CM_SOURCE_DIR);
  assert_int_equal(cm_os_map(path, &map, &e), CM_OK);
  for (size_t i = 0; i < map.n; i += 512) sum += map.p[i];
  cm_code code = cm_os_forget_file(path, &size, &held, &e);
  cm_os_unmap(&map);
  unlink(path);
  assert_int_equal(code, CM_OK);
  assert_true(sum > 0);
  assert_int_equal(held, BYTES); /* what a process has mapped stays */
}

static void test_no_file(void **state) {
  (void)state;
  cm_err e;
  uint64_t size, held;
  assert_int_equal(cm_os_forget_file("/proc/nowhere/at/all", &size, &held, &e), CM_E_NOTFOUND);
  assert_int_equal(cm_os_forget_file("/", &size, &held, &e), CM_E_IO);
  assert_true(size == 0 && held == 0);
}

static void test_rss(void **state) {
  (void)state;
  const uint64_t before = cm_os_rss_bytes();
  assert_true(before > 0 && before <= cm_os_peak_rss_bytes());
  char *p = malloc(64 << 20);
  assert_non_null(p);
  memset(p, 1, 64 << 20);
  const uint64_t held = cm_os_rss_bytes();
  free(p);
  assert_true(held >= before + (60 << 20));
  assert_true(cm_os_peak_rss_bytes() + (1 << 20) >= held); /* the kernel counts in batches */
}

static void test_own_program(void **state) {
  (void)state;
  char own[4096], few[8];
  cm_err e;
  assert_int_equal(cm_os_own_program(own, sizeof own, &e), CM_OK);
  struct stat a, b;
  assert_int_equal(stat(own, &a), 0);
  assert_int_equal(stat("/proc/self/exe", &b), 0);
  assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
  assert_int_equal(cm_os_own_program(few, sizeof few, &e), CM_E_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forgotten), cmocka_unit_test(test_in_memory),
      cmocka_unit_test(test_mapped),    cmocka_unit_test(test_no_file),
      cmocka_unit_test(test_rss),       cmocka_unit_test(test_own_program),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
