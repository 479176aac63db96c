/* rooms: base */
/* Folders that killed programs have left: which are found, and which are left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os_hold.h"

#define HERE "base_hold.scratch"

static char dropped[1024];

static void note(const char *path) {
  const size_t n = strlen(dropped);
  snprintf(dropped + n, sizeof dropped - n, "%s ", path);
}

static int set_up(void **state) {
  (void)state;
  dropped[0] = 0;
  return system("rm -rf " HERE " && mkdir -p " HERE "/x-old " HERE "/x-young " HERE "/other " HERE
                "/x-held && ln -s x-old " HERE "/x-link && touch " HERE
                "/x-file && touch -h -d '1 hour "
                "ago' " HERE "/x-old " HERE "/other " HERE "/x-held " HERE "/x-link " HERE
                "/x-file");
}

static int tear_down(void **state) {
  (void)state;
  return system("rm -rf " HERE);
}

static void test_left(void **state) {
  (void)state;
  int hold = cm_os_hold(HERE "/x-held");
  assert_true(hold >= 0);
  assert_int_equal(cm_os_hold(HERE "/x-held"), -1); /* one at a time */
  cm_os_each_left(HERE, "x-", 65534, note);
  assert_string_equal(dropped, HERE "/x-old ");
  cm_os_release(hold);
  dropped[0] = 0;
  cm_os_each_left(HERE, "x-h", 65534, note); /* as if its program had been killed */
  assert_string_equal(dropped, HERE "/x-held ");
}

static void test_of_others(void **state) {
  (void)state;
  if (geteuid() != 0) skip();
  assert_int_equal(chown(HERE "/x-old", 12345, 12345), 0);
  assert_int_equal(chown(HERE "/x-held", 65534, 65534), 0);
  cm_os_each_left(HERE, "x-", 65534, note);
  assert_string_equal(dropped, HERE "/x-held ");
}

static void test_nothing_there(void **state) {
  (void)state;
  cm_os_each_left(HERE "/nowhere", "x-", 65534, note);
  cm_os_each_left(HERE "/x-file", "x-", 65534, note);
  assert_string_equal(dropped, "");
  assert_int_equal(cm_os_hold(HERE "/nowhere"), -1);
  assert_int_equal(cm_os_hold(HERE "/x-file"), -1);
  assert_int_equal(cm_os_hold(HERE "/x-link"), -1);
  cm_os_release(-1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_left, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_of_others, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_nothing_there, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
