/* rooms: store net data gguf base */
/* The hash of a file while it is written. The digests are those of FIPS 180-4's examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/digest.h"

static int fresh(void) {
  char path[] = "/tmp/cmdai-digest-XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  unlink(path);
  return fd;
}

/* A million times "a", in pieces; so many of them are there before the thread begins. */
static void million(size_t before) {
  char a[10000];
  char out[65];
  cm_digest *d;
  cm_err e = {0};
  const int fd = fresh();
  uint64_t bytes = 0;
  memset(a, 'a', sizeof a);
  for (size_t i = 0; i < before; i++) bytes += (uint64_t)write(fd, a, sizeof a);
  assert_int_equal(cm_digest_start(&d, fd, &e), CM_OK);
  for (size_t i = before; i < 100; i++) {
    bytes += (uint64_t)write(fd, a, sizeof a);
    cm_digest_reach(d, bytes);
  }
  assert_int_equal(bytes, 1000000);
  assert_int_equal(cm_digest_end(d, bytes, out, &e), CM_OK);
  assert_string_equal(out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  close(fd);
}

static void test_while_writing(void **state) {
  (void)state;
  million(0);
  million(50);
  million(100);
}

static void test_empty(void **state) {
  (void)state;
  char out[65];
  cm_digest *d;
  const int fd = fresh();
  assert_int_equal(cm_digest_start(&d, fd, NULL), CM_OK);
  assert_int_equal(cm_digest_end(d, 0, out, NULL), CM_OK);
  assert_string_equal(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  close(fd);
}

/* A file that is shorter than what was said of it is an error, not a hash of less. */
static void test_short(void **state) {
  (void)state;
  char out[65];
  cm_digest *d;
  cm_err e = {0};
  const int fd = fresh();
  assert_int_equal(write(fd, "abc", 3), 3);
  assert_int_equal(cm_digest_start(&d, fd, &e), CM_OK);
  assert_int_equal(cm_digest_end(d, 1000000, out, &e), CM_E_IO);
  close(fd);
}

static void test_dropped(void **state) {
  (void)state;
  cm_digest *d;
  const int fd = fresh();
  assert_int_equal(cm_digest_start(&d, fd, NULL), CM_OK);
  cm_digest_reach(d, 1);
  cm_digest_drop(d);
  cm_digest_drop(NULL);
  close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_while_writing),
                                     cmocka_unit_test(test_empty), cmocka_unit_test(test_short),
                                     cmocka_unit_test(test_dropped)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
