/* rooms: sandbox base */
/* No known way out works: the self-test holds for each mechanism, as root and as an ordinary user.
 * And the self-test is worth something: the same attempts without a sandbox get out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/way.h"

/* The attempts once more, to be run by `bare_run`; the library's self-test has another name. */
static cm_code bare_run(const cm_sandbox *s, const cm_sandbox_job *job, cm_arena *a,
                        cm_sandbox_result *r, cm_err *e);
#define cm_sandbox_run       bare_run
#define cm_sandbox_self_test bare_self_test
static cm_code bare_self_test(const cm_sandbox *s, cm_arena *a,
                              const cm_sandbox_attempt **attempts, size_t *n, cm_err *e);
#include "../../src/sandbox/escape.c"
#undef cm_sandbox_run
#undef cm_sandbox_self_test

/* What the attempts mount must not stay: a private view of the mounts, and nothing else. */
static int own_mounts(void *unused) {
  (void)unused;
  if (unshare(CLONE_NEWNS) != 0) return errno;
  return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0 : errno;
}

/* As careless as can be: the machine's files, network and user, open descriptors. Only the time is
 * limited. */
static cm_code bare_run(const cm_sandbox *s, const cm_sandbox_job *job, cm_arena *a,
                        cm_sandbox_result *r, cm_err *e) {
  (void)s;
  char home[200];
  const int leak = 7;
  bool bash = job->shell[0] == 'b';
  const char *argv[] = {bash ? "/bin/bash" : "/bin/sh", "-c", job->command, NULL};
  const char *env[12] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LEAK=1", home};
  snprintf(home, sizeof home, "HOME=%s", job->tree);
  for (size_t i = 0; job->env[i] && i < 8; i++) env[3 + i] = job->env[i];
  assert_int_equal(dup2(2, leak), leak);
  cm_os_spawn_job j = {.argv = argv, .env = env, .cwd = job->tree, .keep = &leak, .keep_n = 1};
  j.out_max = j.err_max = 1 << 20;
  bool endless =
      job->limits.wall_ms || strstr(job->command, "while :") || strcmp(job->command, "yes") == 0;
  j.wall_ns = endless ? 900000000u : 9000000000u;
  j.in_child = own_mounts;
  cm_os_spawn_result got;
  cm_code code = cm_os_spawn(&j, &got, e);
  *r = (cm_sandbox_result){.exit_status = got.exit_status};
  r->out = (cm_str){cm_arena_strdup(a, got.out.n ? got.out.p : "", got.out.n), got.out.n};
  cm_os_spawn_close(&got);
  close(leak);
  return code;
}

static void without_a_sandbox_they_get_out(void **unused) {
  (void)unused;
  if (geteuid() != 0) skip(); /* many need root's power */
  cm_sandbox *s;
  cm_err e;
  const cm_sandbox_attempt *rows;
  size_t n;
  cm_arena *a = cm_arena_open(4 << 20);
  if (cm_sandbox_open(&s, CM_SANDBOX_AUTO, &e)) {
    cm_arena_close(a);
    print_message("# SKIPPED: %s\n", e.msg);
    skip();
  }
  if (bare_self_test(s, a, &rows, &n, &e)) {
    print_message("# SKIPPED: no mounts of its own: %s\n", e.msg);
    skip();
  }
  size_t held = 0;
  for (size_t i = 0; i < n; i++) {
    if (!rows[i].tried || !rows[i].held) continue;
    print_message("# got out without a sandbox, should have: %s\n", rows[i].name);
    held++;
  }
  /* A machine may be without a terminal, or refuse namespaces and keys altogether. */
  assert_in_range(held, 0, 3);
  assert_true(n > 20);
  cm_sandbox_close(s);
  cm_arena_close(a);
}

/* With `abi`: what the kernel would give if its Landlock were that old. */
static void holds(cm_sandbox_want want, int abi) {
  cm_sandbox *s;
  cm_err e;
  const cm_sandbox_attempt *rows;
  size_t n, bad = 0;
  if (cm_sandbox_open(&s, want, &e)) {
    print_message("# SKIPPED: %s\n", e.msg);
    skip();
  }
  if (abi) {
    s->abi = abi;
    cm_filter_free(&s->filter);
    assert_int_equal(cm_filter_build(&s->filter, CM_FILTER_LANDLOCK, false, &e), CM_OK);
  }
  cm_arena *a = cm_arena_open(4 << 20);
  if (cm_sandbox_self_test(s, a, &rows, &n, &e)) fail_msg("%s", e.msg);
  print_message("# %s, uid %d: %zu attempts\n", cm_sandbox_name(s), (int)getuid(), n);
  for (size_t i = 0; i < n; i++) {
    if (!rows[i].tried) print_message("# not tried: %s (%s)\n", rows[i].name, rows[i].detail);
    if (!rows[i].tried || rows[i].held) continue;
    print_message("# ESCAPED: %s: %s\n", rows[i].name, rows[i].detail);
    bad++;
  }
  assert_true(n > 20);
  assert_int_equal(bad, 0);
  cm_sandbox_close(s);
  cm_arena_close(a);
}

static void bubblewrap_holds(void **unused) {
  (void)unused;
  holds(CM_SANDBOX_BWRAP, 0);
}

static void landlock_holds(void **unused) {
  (void)unused;
  holds(CM_SANDBOX_LANDLOCK, 0);
}

/* The oldest that is taken: no scopes, so that the filter alone keeps signals and sockets in. */
static void old_landlock_holds(void **unused) {
  (void)unused;
  holds(CM_SANDBOX_LANDLOCK, 3);
}

/* Landlock leans on the filter: without it the self-test must see holes. */
static void landlock_without_its_filter_does_not_hold(void **unused) {
  (void)unused;
  cm_sandbox *s;
  cm_err e;
  const cm_sandbox_attempt *rows;
  size_t n, seen = 0;
  if (cm_sandbox_open(&s, CM_SANDBOX_LANDLOCK, &e)) {
    print_message("# SKIPPED: %s\n", e.msg);
    skip();
  }
  cm_arena *a = cm_arena_open(4 << 20);
  const unsigned char allow[8] = {0x06, 0, 0, 0, 0, 0, 0xff, 0x7f}; /* RET ALLOW */
  memcpy(s->filter.p, allow, sizeof allow);
  s->filter.n = 1;
  assert_int_equal(cm_sandbox_self_test(s, a, &rows, &n, &e), CM_OK);
  static const char *const holes[] = {"modes and times outside", "UDP", "staying behind"};
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 3; k++)
      if (strcmp(rows[i].name, holes[k]) == 0 && !rows[i].held) seen++;
  assert_int_equal(seen, 3);
  cm_sandbox_close(s);
  cm_arena_close(a);
}

static int all(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bubblewrap_holds),
      cmocka_unit_test(landlock_holds),
      cmocka_unit_test(old_landlock_holds),
      cmocka_unit_test(landlock_without_its_filter_does_not_hold),
      cmocka_unit_test(without_a_sandbox_they_get_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Started by root, everything is tried as an ordinary user as well. */
int main(void) {
  enum { SOMEBODY = 54321 };
  int bad = all(), status = 0;
  if (geteuid() != 0) return bad;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    if (setgroups(0, NULL) || setgid(SOMEBODY) || setuid(SOMEBODY)) _exit(1);
    _exit(all() == 0 ? 0 : 1);
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) bad = 1;
  return bad;
}
