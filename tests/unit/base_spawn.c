/* rooms: base */
/* Programs are started with everything bounded, and nothing stays behind: no process, no zombie,
 * no descriptor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_spawn.h"

enum { MS = 1000000 };

static cm_os_spawn_result got;

static cm_os_spawn_job job_of(const char *const *argv) {
  return (cm_os_spawn_job){
      .argv = argv, .out_max = 1 << 20, .err_max = 1 << 20, .wall_ns = 20000ull * MS};
}

static void run(const cm_os_spawn_job *j) {
  cm_err e;
  cm_os_spawn_close(&got);
  cm_code code = cm_os_spawn(j, &got, &e);
  if (code) fail_msg("%s", e.msg);
}

/* The shell is only the tested program here: cm_os_spawn itself uses none. */
static cm_os_spawn_job sh(const char *script) {
  static const char *argv[4] = {"/bin/sh", "-c", NULL, NULL};
  argv[2] = script;
  return job_of(argv);
}

static const char *out(void) { return got.out.p ? got.out.p : ""; }
static const char *err(void) { return got.err.p ? got.err.p : ""; }

/* A killed orphan is reaped by somebody else, which may take a moment. */
static bool soon_gone(pid_t pid) {
  for (int i = 0; i < 2000; i++) {
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) return true;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *state = strrchr(text, ')');
    if (state && state[1] && state[2] == 'Z') return true;
    nanosleep(&(struct timespec){.tv_nsec = MS}, NULL);
  }
  return false;
}

static int open_files(void) {
  int n = 0;
  DIR *d = opendir("/proc/self/fd");
  assert_non_null(d);
  while (readdir(d)) n++;
  closedir(d);
  return n;
}

static void argv_is_handed_over_as_it_is(void **unused) {
  (void)unused;
  const char *const argv[] = {"printf", "[%s]", "$(id) `id`", "a b\n*", "\xc3\xa4;\x01", "", NULL};
  cm_os_spawn_job j = job_of(argv);
  run(&j);
  assert_string_equal(out(), "[$(id) `id`][a b\n*][\xc3\xa4;\x01][]");
  assert_int_equal(got.exit_status, 0);
}

static void streams_are_apart_and_binary(void **unused) {
  (void)unused;
  cm_os_spawn_job j = sh("printf 'a\\000b\\377'; printf oops >&2; exit 7");
  run(&j);
  assert_int_equal(got.out.n, 4);
  assert_memory_equal(got.out.p, "a\0b\377", 4);
  assert_string_equal(err(), "oops");
  assert_int_equal(got.exit_status, 7);
  assert_int_equal(got.signal, 0);
  assert_int_equal(got.stopped, CM_OS_NOT_STOPPED);
}

static void a_signal_is_told(void **unused) {
  (void)unused;
  cm_os_spawn_job j = sh("kill -9 $$");
  run(&j);
  assert_int_equal(got.exit_status, -1);
  assert_int_equal(got.signal, SIGKILL);
}

static void stdin_is_the_given_bytes(void **unused) {
  (void)unused;
  size_t n = 3 << 20;
  char *big = malloc(n);
  assert_non_null(big);
  memset(big, 'x', n);
  cm_os_spawn_job j = sh("wc -c");
  j.in = big;
  j.in_n = n;
  run(&j);
  assert_string_equal(out(), "3145728\n");
  j = sh("head -c 1 >/dev/null; exit 3"); /* doesn't read it all: no SIGPIPE for us */
  j.in = big;
  j.in_n = n;
  run(&j);
  assert_int_equal(got.exit_status, 3);
  free(big);
  j = sh("cat; echo end");
  run(&j);
  assert_string_equal(out(), "end\n");
}

static void environment_and_folder(void **unused) {
  (void)unused;
  const char *const env[] = {"PATH=/usr/bin:/bin", "ONE=1 2", NULL};
  cm_os_spawn_job j = sh("echo \"$ONE|$HOME|$(pwd)\"");
  j.env = env;
  j.cwd = "/usr";
  run(&j);
  assert_string_equal(out(), "1 2||/usr\n");
  setenv("CM_TEST_INHERITED", "yes", 1);
  j = sh("echo $CM_TEST_INHERITED");
  run(&j);
  assert_string_equal(out(), "yes\n");
}

static void output_is_cut(void **unused) {
  (void)unused;
  cm_os_spawn_job j = sh("head -c 5000000 /dev/zero; head -c 300 /dev/zero >&2; exit 4");
  j.out_max = 1000;
  j.err_max = 300;
  run(&j);
  assert_int_equal(got.out.n, 1000);
  assert_true(got.out_cut);
  assert_int_equal(got.err.n, 300);
  assert_false(got.err_cut);
  assert_int_equal(got.exit_status, 4);
}

static void a_flood_ends_it(void **unused) {
  (void)unused;
  cm_os_spawn_job j = sh("yes >&2");
  j.err_max = 100000;
  j.kill_on_flood = true;
  run(&j);
  assert_int_equal(got.stopped, CM_OS_STOPPED_FLOOD);
  assert_int_equal(got.err.n, 100000);
  assert_true(got.wall_ns < 10000ull * MS);
}

static void a_deadline_ends_the_whole_group(void **unused) {
  (void)unused;
  cm_os_spawn_job j = sh("sleep 1000 & echo $!; trap '' TERM INT HUP; sleep 1000");
  j.wall_ns = 1000ull * MS;
  uint64_t before = cm_os_now_ns();
  run(&j);
  assert_int_equal(got.stopped, CM_OS_STOPPED_TIME);
  assert_in_range(cm_os_now_ns() - before, 1000ull * MS, 9000ull * MS);
  pid_t orphan = (pid_t)strtol(out(), NULL, 10);
  assert_true(orphan > 1);
  assert_true(soon_gone(orphan));
}

/* It ended, but its child holds the pipe: nobody waits for that one, and it dies. */
static void what_is_left_running_is_killed(void **unused) {
  (void)unused;
  cm_os_spawn_job j = sh("sleep 1000 & echo $!");
  run(&j);
  assert_int_equal(got.stopped, CM_OS_NOT_STOPPED);
  assert_int_equal(got.exit_status, 0);
  assert_true(got.wall_ns < 10000ull * MS);
  assert_true(soon_gone((pid_t)strtol(out(), NULL, 10)));
}

static void limits_hold(void **unused) {
  (void)unused;
  cm_os_spawn_job j = sh("ulimit -t; ulimit -v; ulimit -f; ulimit -n; ulimit -c");
  j.limits =
      (cm_os_limits){.cpu_s = 5, .memory_bytes = 1 << 30, .file_bytes = 1 << 20, .open_files = 40};
  run(&j);
  /* sh counts memory in KiB and files in blocks of 512 bytes. */
  assert_string_equal(out(), "5\n1048576\n2048\n40\n0\n");
  j = sh("while :; do :; done");
  j.limits.cpu_s = 1;
  run(&j);
  assert_int_equal(got.signal, SIGXCPU);
  /* The kernel counts ticks for the one and time for the other: on a busy machine they differ. */
  assert_true(got.user_ns + got.sys_ns > 200ull * MS);
}

static void it_can_be_cancelled(void **unused) {
  (void)unused;
  volatile int cancel = 1;
  cm_err e;
  cm_os_spawn_job j = sh("sleep 1000");
  j.cancel = &cancel;
  cm_os_spawn_close(&got);
  assert_int_equal(cm_os_spawn(&j, &got, &e), CM_E_CANCELLED);
}

static bool third_time(void *ctx) { return ++*(int *)ctx == 3; }

static void a_watcher_can_end_it(void **unused) {
  (void)unused;
  int calls = 0;
  cm_os_spawn_job j = sh("sleep 1000");
  j.watch = third_time;
  j.watch_ctx = &calls;
  j.watch_ns = 5 * MS;
  run(&j);
  assert_int_equal(got.stopped, CM_OS_STOPPED_WATCH);
  assert_int_equal(calls, 3);
}

static void what_can_not_start_is_told(void **unused) {
  (void)unused;
  cm_err e;
  const char *const names[] = {"no-such-program-here", "/no/such/program", ""};
  for (int i = 0; i < 3; i++) {
    const char *const argv[] = {names[i], NULL};
    cm_os_spawn_job j = job_of(argv);
    cm_os_spawn_close(&got);
    assert_int_equal(cm_os_spawn(&j, &got, &e), CM_E_NOTFOUND);
  }
  const char *const folder[] = {"/usr", NULL}, *const none[] = {NULL};
  cm_os_spawn_job j = job_of(folder);
  cm_os_spawn_close(&got);
  assert_int_equal(cm_os_spawn(&j, &got, &e), CM_E_IO);
  j = job_of(none);
  assert_int_equal(cm_os_spawn(&j, &got, &e), CM_E_USAGE);
  j = sh("true");
  j.cwd = "/no/such/folder";
  assert_int_equal(cm_os_spawn(&j, &got, &e), CM_E_IO);
  assert_non_null(strstr(e.msg, "enter its folder"));
}

static int refuse(void *ctx) { return *(int *)ctx; }

static void the_hook_can_refuse(void **unused) {
  (void)unused;
  int why = EPERM;
  cm_err e;
  cm_os_spawn_job j = sh("true");
  j.in_child = refuse;
  j.child_ctx = &why;
  cm_os_spawn_close(&got);
  assert_int_equal(cm_os_spawn(&j, &got, &e), CM_E_IO);
  assert_non_null(strstr(e.msg, "close it in"));
  why = 0;
  run(&j);
  assert_int_equal(got.exit_status, 0);
}

/* Signals that this program ignores or blocks are usual for the child; it has no terminal. */
static void it_starts_clean(void **unused) {
  (void)unused;
  sigset_t some, before;
  sigemptyset(&some);
  sigaddset(&some, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &some, &before);
  struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
  sigaction(SIGPIPE, &ignore, &old);
  /* The C library's own two signals (32 and 33) can't be set, and what posix_spawn starts (make)
   * ignores them. */
  cm_os_spawn_job j =
      sh("grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t' | sed 's/:0000000[01][08]0000000/"
         ":0000000000000000/'; "
         "(exec 3</dev/tty) 2>/dev/null && echo tty; ls /proc/self/fd | wc -l");
  run(&j);
  sigaction(SIGPIPE, &old, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  /* ls itself opens the folder: 0 1 2 3 */
  assert_string_equal(out(), "SigBlk:0000000000000000\nSigIgn:0000000000000000\n4\n");
}

static void only_kept_files_are_inherited(void **unused) {
  (void)unused;
  int secret = open("/etc/passwd", O_RDONLY), kept = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  assert_true(secret > 2 && kept > 2);
  char script[200];
  snprintf(script, sizeof script, "head -c 3 <&%d | wc -c; (cat <&%d) 2>/dev/null || echo closed",
           kept, secret);
  cm_os_spawn_job j = sh(script);
  j.keep = &kept;
  j.keep_n = 1;
  run(&j);
  assert_string_equal(out(), "3\nclosed\n");
  close(secret);
  close(kept);
}

/* This program's own standard descriptors may be closed. */
static void closed_standard_files_do_no_harm(void **unused) {
  (void)unused;
  pid_t pid = fork();
  if (pid == 0) {
    for (int i = 0; i < 3; i++) close(i);
    cm_os_spawn_job j = sh("cat; echo out; echo err >&2");
    j.in = "in\n";
    j.in_n = 3;
    cm_os_spawn_result r;
    cm_code code = cm_os_spawn(&j, &r, NULL);
    bool good = !code && strcmp(r.out.p, "in\nout\n") == 0 && strcmp(r.err.p, "err\n") == 0;
    _exit(good ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

static void root_can_become_another_user(void **unused) {
  (void)unused;
  if (getuid() != 0) skip();
  cm_os_spawn_job j = sh("id -u; id -g; id -G");
  j.as_uid = 65534;
  j.as_gid = 65534;
  run(&j);
  assert_string_equal(out(), "65534\n65534\n65534\n");
}

static void *many(void *bad) {
  for (int i = 0; i < 25; i++) {
    char script[64], wanted[64];
    snprintf(script, sizeof script, "echo %p %d", bad, i);
    snprintf(wanted, sizeof wanted, "%p %d\n", bad, i);
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    cm_os_spawn_job j = job_of(argv);
    cm_os_spawn_result r;
    cm_code code = cm_os_spawn(&j, &r, NULL);
    if (code || r.exit_status || strcmp(r.out.p, wanted) != 0) *(int *)bad = 1;
    cm_os_spawn_close(&r);
  }
  return NULL;
}

static void threads_run_programs_at_once(void **unused) {
  (void)unused;
  pthread_t t[4];
  int bad[4] = {0};
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&t[i], NULL, many, &bad[i]), 0);
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
  for (int i = 0; i < 4; i++) assert_int_equal(bad[i], 0);
}

/* Runs last: everything above has left nothing. */
static void nothing_stays(void **unused) {
  (void)unused;
  int before = open_files();
  cm_os_spawn_job good = sh("sleep 100 & exit 0"), late = sh("sleep 100"), none = sh("");
  const char *const argv[] = {"/no/such", NULL};
  late.wall_ns = 5 * MS;
  none.argv = argv;
  for (int i = 0; i < 5; i++) {
    run(&good);
    run(&late);
    cm_os_spawn_result r;
    assert_int_not_equal(cm_os_spawn(&none, &r, NULL), CM_OK);
  }
  assert_int_equal(open_files(), before);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
  assert_int_equal(errno, ECHILD);
  cm_os_spawn_close(&got);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(argv_is_handed_over_as_it_is),
      cmocka_unit_test(streams_are_apart_and_binary),
      cmocka_unit_test(a_signal_is_told),
      cmocka_unit_test(stdin_is_the_given_bytes),
      cmocka_unit_test(environment_and_folder),
      cmocka_unit_test(output_is_cut),
      cmocka_unit_test(a_flood_ends_it),
      cmocka_unit_test(a_deadline_ends_the_whole_group),
      cmocka_unit_test(what_is_left_running_is_killed),
      cmocka_unit_test(limits_hold),
      cmocka_unit_test(it_can_be_cancelled),
      cmocka_unit_test(a_watcher_can_end_it),
      cmocka_unit_test(what_can_not_start_is_told),
      cmocka_unit_test(the_hook_can_refuse),
      cmocka_unit_test(it_starts_clean),
      cmocka_unit_test(only_kept_files_are_inherited),
      cmocka_unit_test(closed_standard_files_do_no_harm),
      cmocka_unit_test(root_can_become_another_user),
      cmocka_unit_test(threads_run_programs_at_once),
      cmocka_unit_test(nothing_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
