/* rooms: base data engine backend */
/* Files of prompts' beginnings that aren't what they should be: no answer comes out of them, and a
 * good one takes their place. */
#include "data/sha256.h"
#include "prefix_test.h"

/* It isn't used, somebody is told, and the next program finds a good one. */
static void is_replaced(const setting *s, const char *why) {
  assert_int_equal(ask_both(s), 0);
  assert_int_equal(notes, 1);
  if (!strstr(noted, why)) fail_msg("\"%s\" says nothing of \"%s\"", noted, why);
  assert_true(ask_both(s) >= 30);
  assert_int_equal(notes, 0);
}

static void test_damaged_anywhere(void **state) {
  (void)state;
  char path[PATH];
  size_t n;
  setting s = setting_of("damaged");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  uint8_t *p = load(path, &n);
  /* One byte in each part of the head, and all over the tokens and the state. */
  for (size_t at = 0; at < n; at += at < 192 ? 16 : n / 37) {
    p[at] ^= 0x20;
    store(path, p, n);
    is_replaced(&s, "damaged");
    p[at] ^= 0x20;
  }
  free(p);
}

/* Also with a sum that is right, nothing is believed: engine_prefix tries every byte. */
static void test_head_with_a_right_sum(void **state) {
  (void)state;
  static const struct {
    size_t at;
    const char *why;
  } parts[] = {{64, "no state"}, {72, "version"}, {76, "shape"},
               {88, "shape"},    {128, "prompt"}, {192, "tokens"}};
  char path[PATH], sum[65];
  size_t n;
  setting s = setting_of("sum");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  uint8_t *p = load(path, &n);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    p[parts[i].at] ^= 1;
    cm_sha256_of((cm_str){(const char *)p + 64, n - 64}, sum);
    memcpy(p, sum, 64);
    store(path, p, n);
    is_replaced(&s, parts[i].why);
    p[parts[i].at] ^= 1;
  }
  free(p);
}

static void test_other_sizes(void **state) {
  (void)state;
  char path[PATH];
  size_t n;
  setting s = setting_of("sizes");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  uint8_t *p = load(path, &n);
  p[n] = 0;
  const size_t sizes[] = {0, 1, 63, 64, 191, 192, n / 2, n - 1, n + 1};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    store(path, p, sizes[i]);
    is_replaced(&s, "bytes instead of");
  }
  free(p);
}

static void test_others_could_have_written_it(void **state) {
  (void)state;
  char path[PATH], aside[PATH];
  setting s = setting_of("others");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  assert_int_equal(chmod(path, 0640), 0);
  is_replaced(&s, "open to other users");
  assert_int_equal(chmod(path, 0602), 0);
  is_replaced(&s, "open to other users");
  snprintf(aside, sizeof aside, "%s/aside.kv", root); /* good, but behind a link */
  assert_int_equal(rename(path, aside), 0);
  assert_int_equal(symlink(aside, path), 0);
  is_replaced(&s, "can't open");
  struct stat st;
  assert_int_equal(lstat(path, &st), 0);
  assert_true(S_ISREG(st.st_mode));
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  is_replaced(&s, "regular file");
}

static void test_other_owner(void **state) {
  (void)state;
  char path[PATH];
  if (geteuid() != 0) skip(); /* nobody else may give files away */
  setting s = setting_of("owner");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  assert_int_equal(chown(path, 65534, 65534), 0);
  is_replaced(&s, "another user");
  assert_int_equal(chown(s.o.keep.dir, 65534, 65534), 0);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(ask_both(&s), 0);
  assert_non_null(strstr(noted, "another user"));
  assert_int_equal(count(&s), 0);
}

static void test_folders_that_are_none(void **state) {
  (void)state;
  char above[PATH];
  setting s = setting_of("folder");
  assert_int_equal(ask_both(&s), 0);
  assert_true(ask_both(&s) > 0);
  char path[PATH];
  the_file(&s, path);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(chmod(s.o.keep.dir, 0755), 0);
  assert_int_equal(ask_both(&s), 0);
  assert_non_null(strstr(noted, "open to other users"));
  assert_int_equal(count(&s), 0);
  assert_int_equal(rmdir(s.o.keep.dir), 0);
  assert_int_equal(symlink(root, s.o.keep.dir), 0);
  assert_int_equal(ask_both(&s), 0);
  assert_non_null(strstr(noted, "not a folder"));
  s = setting_of("none");
  snprintf(above, sizeof above, "%s/none", root); /* a file where a folder should be */
  store(above, (const uint8_t *)"x", 1);
  assert_int_equal(ask_both(&s), 0);
  assert_int_equal(notes, 1);
  assert_non_null(strstr(noted, "isn't kept"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_damaged_anywhere), cmocka_unit_test(test_head_with_a_right_sum),
      cmocka_unit_test(test_other_sizes),      cmocka_unit_test(test_others_could_have_written_it),
      cmocka_unit_test(test_other_owner),      cmocka_unit_test(test_folders_that_are_none),
  };
  return cmocka_run_group_tests(tests, make_root, drop_root);
}
