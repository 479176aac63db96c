/* rooms: quality data safety sh base */
/* What git says about fixtures, in a repository that is made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "quality/changes.h"

#define GIT                                                                                     \
  "git -c user.name=t -c user.email=t@example.invalid -c init.defaultBranch=main -c gc.auto=0 " \
  "-c commit.gpgsign=false "

static cm_arena *arena;
static char folder[] = "/tmp/cmdai-changes-XXXXXX";

static int begin(void **state) {
  (void)state;
  if (system("git --version >/dev/null 2>&1") != 0) {
    fprintf(stderr, "no git\n");
    exit(77); /* skipped, and counted as that */
  }
  arena = cm_arena_open(64 << 20);
  setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
  setenv("GIT_CEILING_DIRECTORIES", "/tmp", 1);
  return !arena || !mkdtemp(folder) || chdir(folder) != 0;
}

static int end(void **state) {
  (void)state;
  char command[128];
  cm_arena_close(arena);
  snprintf(command, sizeof command, "cd / && rm -rf %s", folder);
  return chdir("/") != 0 || system(command) != 0;
}

static void shell(const char *command) {
  if (system(command) != 0) fail_msg("%s", command);
}

static const char *const t[] = {"t"};

static void test_no_repository(void **state) {
  (void)state;
  cm_suite s;
  cm_err e = {0};
  char commit[65] = "x";
  assert_int_equal(cm_changes_before("", t, 1, arena, &s, &e), CM_E_USAGE);
  assert_non_null(strstr(e.msg, "not a git repository"));
  cm_changes_commit(commit);
  assert_string_equal(commit, "");
}

static size_t before(const char *ref, const char *path, const char *id) {
  cm_suite s;
  cm_err e = {0};
  if (cm_changes_before(ref, &path, 1, arena, &s, &e)) fail_msg("%s", e.msg);
  const size_t n = s.n;
  if (id && !cm_suite_find(&s, cm_str_of(id))) fail_msg("no case %s", id);
  cm_suite_close(&s);
  return n;
}

static void test_repository(void **state) {
  (void)state;
  shell(
      "mkdir -p t/deep && cd t && printf '%s\\n' 'test_cases:' "
      "'- {id: a, command: ls, risk_level: safe}' >a.yaml && "
      "sed s/a,/b,/ a.yaml >'deep/n\xC3\xA4me b.yml' && sed s/a,/c,/ a.yaml >notes.txt && "
      "echo 'test_cases: [' >broken.yaml");
  shell(GIT "init -q && " GIT "add t && " GIT "commit -qm one");
  assert_int_equal(before("HEAD", "t", "a"), 2); /* neither the text nor what can't be read */
  assert_int_equal(before("HEAD", "t", "b"), 2);
  assert_int_equal(before("HEAD", "t/a.yaml", "a"), 1);
  assert_int_equal(before("main", ".", "b"), 2);
  assert_int_equal(before("HEAD", "nowhere", NULL), 0);

  shell(GIT "checkout -qb work && sed -i s/a,/new,/ t/a.yaml && " GIT "commit -qam two");
  assert_int_equal(before("", "t", "a"), 2); /* where the branch left */
  assert_int_equal(before("HEAD", "t", "new"), 2);
  assert_int_equal(before("HEAD~1", "t", "a"), 2);
  assert_int_equal(chdir("t/deep"), 0);
  assert_int_equal(before("HEAD~1", "..", "a"), 2);
  assert_int_equal(before("HEAD", ".", "b"), 1);
  assert_int_equal(chdir("../.."), 0);

  char commit[65];
  cm_changes_commit(commit);
  assert_int_equal(strspn(commit, "0123456789abcdef"), 40);
  shell("test \"$(git rev-parse HEAD~1)\" != \"$(git rev-parse HEAD)\"");
}

static void test_bad_commits(void **state) {
  (void)state;
  static const char *const bad[] = {"nosuch", "--all", "HEAD:t", "-", "HEAD --", "HEAD:"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_suite s;
    cm_err e = {0};
    assert_int_equal(cm_changes_before(bad[i], t, 1, arena, &s, &e), CM_E_USAGE);
    if (!strstr(e.msg, bad[i])) fail_msg("%s: %s", bad[i], e.msg);
    assert_int_equal(s.n, 0);
  }
}

/* A branch without any of the names that main branches have. */
static void test_no_main(void **state) {
  (void)state;
  cm_suite s;
  cm_err e = {0};
  shell(GIT "branch -qm main trunk");
  assert_int_equal(cm_changes_before("", t, 1, arena, &s, &e), CM_E_USAGE);
  assert_non_null(strstr(e.msg, "--changed=REF"));
  assert_int_equal(before("trunk", "t", "a"), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_repository), cmocka_unit_test(test_repository),
      cmocka_unit_test(test_bad_commits), cmocka_unit_test(test_no_main)};
  return cmocka_run_group_tests(tests, begin, end);
}
