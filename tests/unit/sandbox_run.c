/* rooms: sandbox base */
/* What a command sees and what comes back, in each mechanism that this machine has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_tree.h"
#include "sandbox/way.h"

static cm_sandbox *box;
static cm_arena *arena;
static cm_sandbox_result got;
static char folder[100], tree[120];

static cm_sandbox_job job_of(const char *shell, const char *command) {
  return (cm_sandbox_job){.shell = shell, .command = command, .tree = tree};
}

static void run(const cm_sandbox_job *j) {
  cm_err e;
  if (cm_sandbox_run(box, j, arena, &got, &e)) fail_msg("%s", e.msg);
}

static void bash(const char *command) {
  cm_sandbox_job j = job_of("bash", command);
  run(&j);
}

static void assert_out(const char *wanted) {
  assert_string_equal(got.out.p, wanted);
  assert_int_equal(got.out.n, strlen(wanted));
}

static bool lacks(unsigned what) { return (cm_sandbox_lacks(box) & what) != 0; }

static void status_is_the_shells(void **unused) {
  (void)unused;
  bash("exit 0");
  assert_int_equal(got.exit_status, 0);
  assert_int_equal(got.stopped, CM_SANDBOX_ENDED);
  bash("exit 77");
  assert_int_equal(got.exit_status, 77);
  assert_int_equal(got.signal, 0);
  bash("no-such-program");
  assert_int_equal(got.exit_status, 127);
  if (lacks(CM_SANDBOX_NO_SIGNALS)) return;
  bash("kill -9 $$");
  assert_int_equal(got.exit_status, 137);
  assert_int_equal(got.signal, 9);
  assert_int_equal(got.err.n, 0); /* nobody remarks "Killed" */
}

static void streams_come_back_as_they_are(void **unused) {
  (void)unused;
  bash("printf 'a\\0b\\377\\n'; printf '\\303\\244\\n' >&2");
  assert_int_equal(got.out.n, 5);
  assert_memory_equal(got.out.p, "a\0b\377\n", 5);
  assert_string_equal(got.err.p, "\xc3\xa4\n");
  bash(":");
  assert_int_equal(got.out.n, 0);
  cm_sandbox_job j = job_of("sh", "tr a-z A-Z; echo end");
  j.in = "one\ntwo\n";
  j.in_n = 8;
  run(&j);
  assert_out("ONE\nTWO\nend\n");
  j.in_n = 0;
  run(&j);
  assert_out("end\n");
}

static void streams_have_names(void **unused) {
  (void)unused;
  cm_sandbox_job j = job_of("sh",
                            "cat /dev/stdin; echo o >/dev/stdout; echo e >/dev/stderr; "
                            "echo f >/dev/fd/2; head -c 2 /dev/zero /dev/urandom | wc -l");
  j.in = "i\n";
  j.in_n = 2;
  run(&j);
  assert_int_equal(got.exit_status, 0);
  assert_memory_equal(got.out.p, "i\no\n", 4);
  assert_string_equal(got.err.p, "e\nf\n");
}

static void devices_are_there(void **unused) {
  (void)unused;
  bash(
      "for d in null zero full random urandom; do test -c /dev/$d && echo $d; done; "
      "head -c 9 /dev/random | wc -c; : 2>/dev/null >/dev/full && echo x 2>/dev/null >/dev/full "
      "|| echo full");
  assert_out("null\nzero\nfull\nrandom\nurandom\n9\nfull\n");
}

static void the_command_is_one_argument(void **unused) {
  (void)unused;
  bash("echo 'it'\"'\"'s $HOME' \"a  b\"; echo '\\'\necho second line");
  assert_out("it's $HOME a  b\n\\\nsecond line\n");
}

static void the_surroundings_are_fixed(void **unused) {
  (void)unused;
  char wanted[400];
  setenv("CM_TEST_LEAK", "secret", 1);
  cm_sandbox_job j = job_of("sh",
                            "echo $USER $LOGNAME $TZ $LC_ALL $TERM $CM_TEST_LEAK; "
                            "echo $HOME; pwd; date -d @0 +%H; echo $PATH; umask");
  run(&j);
  const char *home = cm_sandbox_home(box, &j, arena);
  snprintf(wanted, sizeof wanted,
           "user user UTC C dumb\n%s\n%s\n00\n/usr/bin:/bin:/usr/sbin:/sbin\n0022\n", home, home);
  assert_out(wanted);
  if (lacks(CM_SANDBOX_NO_HOME)) return;
  assert_string_equal(home, "/home/user");
  bash("id -un; id -gn; id -u; hostname; ls ~ /home; getent passwd user");
  assert_out(
      "user\nuser\n65534\nsandbox\n/home:\nuser\n\n/home/user:\n"
      "user:x:65534:65534:user:/home/user:/bin/bash\n");
}

/* A way that was tried first and failed may have said that there is no clock. */
static void a_probe_starts_anew(void **unused) {
  (void)unused;
  cm_err e;
  bool was = box->no_clock;
  box->no_clock = true;
  assert_int_equal(cm_sandbox_try(box, &e), CM_OK);
  assert_int_equal(box->no_clock, was);
}

/* The date stands still for every program and in the shell's own words, durations don't. In
 * bubblewrap no variable tells of it, and none undoes it. */
static void the_clock_is_the_jobs(void **unused) {
  (void)unused;
  cm_sandbox_job j = job_of("bash",
                            "date '+%F %T.%N'; sleep 1.2; printf '%(%F %T)T\\n' -1; "
                            "echo $EPOCHSECONDS $EPOCHREALTIME; "
                            "perl -e 'print time, \"\\n\"'");
  j.now = 951782399; /* 2000-02-28T23:59:59Z */
  cm_err e;
  if (lacks(CM_SANDBOX_NO_CLOCK)) {
    assert_int_equal(cm_sandbox_run(box, &j, arena, &got, &e), CM_E_UNSUPPORTED);
    return;
  }
  uint64_t start = cm_os_now_ns();
  run(&j);
  assert_true(cm_os_now_ns() - start > UINT64_C(1200000000));
  assert_out(
      "2000-02-28 23:59:59.000000000\n2000-02-28 23:59:59\n951782399 951782399.000000\n"
      "951782399\n");
  assert_int_equal(got.err.n, 0);
  if (!lacks(CM_SANDBOX_NO_HOME)) {
    j.command = "env -i date +%s; env | grep -c LD_; timeout 0.2 sleep 9; echo $?";
    run(&j);
    assert_out("951782399\n0\n124\n");
  }
  j.command = "date +%s";
  j.shell = "sh";
  mode_t old = umask(077);
  run(&j);
  umask(old);
  assert_out("951782399\n");
  j.now = 0;
  time_t before = time(NULL);
  run(&j);
  assert_in_range(strtoll(got.out.p, NULL, 10), before, time(NULL));
}

static void a_job_may_choose(void **unused) {
  (void)unused;
  const char *const env[] = {"NAME=a b=c", "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8", NULL};
  char sub[200];
  snprintf(sub, sizeof sub, "%s/src \xc3\xa4", tree);
  assert_int_equal(mkdir(sub, 0755), 0);
  cm_sandbox_job j = job_of("bash",
                            "echo \"$NAME|$TZ|$LC_ALL\"; echo $USER; basename \"$PWD\"; "
                            "basename ~; env | grep -c ^TZ=");
  j.env = env;
  j.user = "ada";
  j.cwd = "src \xc3\xa4";
  run(&j);
  char wanted[200];
  snprintf(wanted, sizeof wanted, "a b=c|Asia/Tokyo|C.UTF-8\nada\nsrc \xc3\xa4\n%s\n1\n",
           lacks(CM_SANDBOX_NO_HOME) ? "tree" : "ada");
  assert_out(wanted);
}

/* What the command makes is there for the caller, who may also be the next run. */
static void the_folder_is_kept(void **unused) {
  (void)unused;
  char path[200], text[32] = "";
  bash("mkdir -p d/e && echo hello > 'd/e/\xc3\xbc f' && ln -s .. d/up && touch d/t");
  assert_int_equal(got.exit_status, 0);
  snprintf(path, sizeof path, "%s/d/e/\xc3\xbc f", tree);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = 0;
  assert_string_equal(text, "hello\n");
  bash("cat d/e/*; cat d/up/d/e/*; rm -r d && ls d");
  assert_out("hello\nhello\n");
}

static void usual_programs_work(void **unused) {
  (void)unused;
  bash(
      "echo 3 > n; sed -i s/3/4/ n; awk '{print $1*2}' n; mktemp | wc -l; sort < <(echo b; echo "
      "a); "
      "cat <<< here; cat <<X\ndoc\nX\n"
      "find . -name n; tar cf t.tar n && tar tf t.tar; echo x | xargs -n1 echo; "
      "(sleep 0.01 & wait) && echo waited; : > /dev/null; cp -p n m && ls -1");
  assert_out("8\n1\na\nb\nhere\ndoc\n./n\nn\nx\nwaited\nm\nn\nt.tar\n");
  assert_int_equal(got.err.n, 0);
  if (!lacks(CM_SANDBOX_NO_CHMOD)) {
    bash("chmod 640 n && stat -c %a n; touch -d @86400 n && stat -c %Y n; chmod u+s n");
    assert_out("640\n86400\n");
  }
  if (!lacks(CM_SANDBOX_NO_PROC)) {
    bash("ps -o comm= > p; grep -c bash p");
    assert_out("1\n");
  }
  if (!lacks(CM_SANDBOX_NO_TMP)) {
    bash("echo x > /tmp/f; ls /tmp");
    assert_out("f\n");
    bash("ls /tmp");
    assert_out("");
  }
}

static void shells_start_without_their_files(void **unused) {
  (void)unused;
  static const char *const shells[] = {"bash", "sh", "zsh"};
  bash("for f in .bashrc .profile .bash_profile .zshrc .zshenv; do echo echo started > $f; done");
  for (size_t i = 0; i < 3; i++) {
    cm_sandbox_job j = job_of(shells[i], "echo $((6 * 7))");
    cm_err e;
    cm_code code = cm_sandbox_run(box, &j, arena, &got, &e);
    if (code == CM_E_NOTFOUND) print_message("# SKIPPED: %s\n", e.msg);
    if (code == CM_E_NOTFOUND) continue;
    assert_int_equal(code, CM_OK);
    assert_out("42\n");
  }
}

static void limits_end_it(void **unused) {
  (void)unused;
  cm_sandbox_job j = job_of("bash", "echo before; sleep 100 & sleep 100");
  j.limits.wall_ms = 2000;
  run(&j);
  assert_int_equal(got.stopped, CM_SANDBOX_STOPPED_TIME);
  assert_int_equal(got.exit_status, -1);
  assert_out("before\n");
  assert_in_range(got.wall_ns, 2000000000u, 9000000000u);
  j = job_of("bash", "yes");
  j.limits.output_bytes = 5000;
  run(&j);
  assert_int_equal(got.stopped, CM_SANDBOX_STOPPED_OUTPUT);
  assert_int_equal(got.out.n, 5000);
  j = job_of("bash", "while :; do :; done");
  j.limits.cpu_s = 1;
  run(&j);
  assert_int_equal(got.stopped, CM_SANDBOX_ENDED);
  assert_int_equal(got.signal, 24); /* SIGXCPU */
  j = job_of("sh", "head -c 100000 /dev/zero > f; wc -c < f");
  j.limits.file_bytes = 65536;
  run(&j);
  assert_out("65536\n");
}

/* bash, which waits and tries again, on the classic bomb. */
static void a_fork_bomb_is_bounded(void **unused) {
  (void)unused;
  cm_sandbox_job j = job_of("bash", ":(){ :|:& };:; sleep 100");
  j.limits.wall_ms = 500;
  j.limits.processes = 20;
  run(&j);
  assert_int_not_equal(got.stopped, CM_SANDBOX_STOPPED_OUTPUT);
  assert_true(got.wall_ns < 10000000000u);
}

/* Nothing writes into the folder any more once a run has ended, killed or not. */
static void it_is_over_when_it_returns(void **unused) {
  (void)unused;
  char path[200];
  struct stat before, after;
  snprintf(path, sizeof path, "%s/grows", tree);
  for (int i = 0; i < 6; i++) {
    cm_sandbox_job j = job_of("sh", "while :; do echo x >> grows; done & sleep 0.1; exit 0");
    if (i % 2) j.limits.wall_ms = 60;
    run(&j);
    assert_int_equal(stat(path, &before), 0);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
  }
}

static void it_can_be_cancelled(void **unused) {
  (void)unused;
  volatile int cancel = 1;
  cm_err e;
  cm_sandbox_job j = job_of("sh", "sleep 100");
  j.cancel = &cancel;
  assert_int_equal(cm_sandbox_run(box, &j, arena, &got, &e), CM_E_CANCELLED);
}

static void refuse(const cm_sandbox_job *j, cm_code wanted) {
  cm_err e;
  assert_int_equal(cm_sandbox_run(box, j, arena, &got, &e), wanted);
}

static void senseless_jobs_are_refused(void **unused) {
  (void)unused;
  static const char *const users[] = {"root", "", "a b", "../x", "A", "-a", "1a", "a:b"};
  static const char *const cwds[] = {"/", "..", "a/../..", "../x"};
  static const char *const pairs[] = {"novalue", "=x", "1A=x", "A B=x", "A-B=x"};
  cm_sandbox_job j = job_of("fish", "true");
  refuse(&j, CM_E_USAGE);
  j = job_of("sh", NULL);
  refuse(&j, CM_E_USAGE);
  j = job_of("sh", "true");
  j.tree = "relative";
  refuse(&j, CM_E_USAGE);
  j.tree = "/etc/passwd";
  refuse(&j, CM_E_USAGE);
  for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
    j = job_of("sh", "true");
    j.user = users[i];
    refuse(&j, CM_E_USAGE);
  }
  for (size_t i = 0; i < sizeof cwds / sizeof *cwds; i++) {
    j = job_of("sh", "true");
    j.cwd = cwds[i];
    refuse(&j, CM_E_USAGE);
  }
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    const char *const env[] = {pairs[i], NULL};
    j = job_of("sh", "true");
    j.env = env;
    refuse(&j, CM_E_USAGE);
  }
  j = job_of("sh", "true");
  j.cwd = "not-there";
  refuse(&j, CM_E_IO);
  char *big = calloc(200001, 1);
  assert_non_null(big);
  memset(big, 'x', 200000);
  j = job_of("sh", big);
  refuse(&j, CM_E_LIMIT);
  free(big);
}

/* A folder in which a command did its worst goes away. */
static void anything_can_be_removed(void **unused) {
  (void)unused;
  cm_err e;
  char path[100], inner[200];
  struct stat st;
  assert_int_equal(cm_sandbox_folder(box, NULL, path, sizeof path, &e), CM_OK);
  snprintf(inner, sizeof inner, "%s/tree", path);
  assert_int_equal(mkdir(inner, 0755), 0);
  cm_sandbox_job j = job_of("bash",
                            "p=d; for i in {1..300}; do p+=/d; : > cmdai-up-$i; done; "
                            "mkdir -p $p; touch $p/f; rm cmdai-up-1; "
                            "mkdir -p cmdai-up-1 a/b/c; touch a/b/c/x; ln -s /usr a/b/usr; "
                            "mkfifo a/p; : > $'a/\\n\\377'; umask 777; mkdir z; "
                            "chmod 0 a/b/c a/b a; true");
  j.tree = inner;
  run(&j);
  assert_int_equal(got.exit_status, 0);
  if (cm_os_tree_remove(path, &e)) fail_msg("%s", e.msg);
  assert_int_not_equal(lstat(path, &st), 0);
  assert_int_equal(lstat("/usr/bin", &st), 0);
}

static void *many(void *bad) {
  cm_arena *a = cm_arena_open(4 << 20);
  for (int i = 0; i < 6 && a; i++) {
    char command[60], wanted[60];
    snprintf(command, sizeof command, "echo %p %d; exit %d", bad, i, i);
    snprintf(wanted, sizeof wanted, "%p %d\n", bad, i);
    cm_sandbox_job j = job_of("sh", command);
    cm_sandbox_result r;
    if (cm_sandbox_run(box, &j, a, &r, NULL) || r.exit_status != i || strcmp(r.out.p, wanted) != 0)
      *(int *)bad = 1;
    cm_arena_reset(a);
  }
  cm_arena_close(a);
  return NULL;
}

static int open_files(void) {
  int n = 0;
  DIR *d = opendir("/proc/self/fd");
  assert_non_null(d);
  while (readdir(d)) n++;
  closedir(d);
  return n;
}

static void threads_run_at_once_and_nothing_leaks(void **unused) {
  (void)unused;
  pthread_t t[3];
  int bad[3] = {0}, before = open_files();
  for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&t[i], NULL, many, &bad[i]), 0);
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
  for (int i = 0; i < 3; i++) assert_int_equal(bad[i], 0);
  assert_int_equal(open_files(), before);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
  assert_int_equal(errno, ECHILD);
}

static int fresh_folder(void **unused) {
  (void)unused;
  cm_err e;
  arena = cm_arena_open(16 << 20);
  if (!arena || cm_sandbox_folder(box, NULL, folder, sizeof folder, &e)) return -1;
  snprintf(tree, sizeof tree, "%s/tree", folder);
  return mkdir(tree, 0755);
}

static int drop_folder(void **unused) {
  (void)unused;
  cm_err e;
  cm_arena_close(arena);
  return cm_os_tree_remove(folder, &e) ? -1 : 0;
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, fresh_folder, drop_folder)

/* A mechanism that this machine lacks counts as a skip. */
static void not_here(void **unused) {
  (void)unused;
  skip();
}

static int all(cm_sandbox_want want) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(status_is_the_shells),
      IN_FOLDER(streams_come_back_as_they_are),
      IN_FOLDER(streams_have_names),
      IN_FOLDER(devices_are_there),
      IN_FOLDER(the_command_is_one_argument),
      IN_FOLDER(the_surroundings_are_fixed),
      IN_FOLDER(a_probe_starts_anew),
      IN_FOLDER(the_clock_is_the_jobs),
      IN_FOLDER(a_job_may_choose),
      IN_FOLDER(the_folder_is_kept),
      IN_FOLDER(usual_programs_work),
      IN_FOLDER(shells_start_without_their_files),
      IN_FOLDER(limits_end_it),
      IN_FOLDER(a_fork_bomb_is_bounded),
      IN_FOLDER(it_is_over_when_it_returns),
      IN_FOLDER(it_can_be_cancelled),
      IN_FOLDER(senseless_jobs_are_refused),
      IN_FOLDER(anything_can_be_removed),
      IN_FOLDER(threads_run_at_once_and_nothing_leaks),
  };
  cm_err e;
  if (cm_sandbox_open(&box, want, &e)) {
    const struct CMUnitTest none[] = {cmocka_unit_test(not_here)};
    print_message("# SKIPPED: %s\n", e.msg);
    return cmocka_run_group_tests(none, NULL, NULL);
  }
  print_message("# %s, uid %d\n", cm_sandbox_name(box), (int)getuid());
  int bad = cmocka_run_group_tests(tests, NULL, NULL);
  cm_sandbox_close(box);
  return bad;
}

static int both(void) {
  int bad = all(CM_SANDBOX_BWRAP);
  return all(CM_SANDBOX_LANDLOCK) + bad;
}

/* Started by root, everything is done as an ordinary user as well. */
int main(void) {
  enum { SOMEBODY = 54321 };
  umask(022);
  int bad = both(), status = 0;
  if (geteuid() != 0) return bad;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    if (setgroups(0, NULL) || setgid(SOMEBODY) || setuid(SOMEBODY)) _exit(1);
    _exit(both() == 0 ? 0 : 1);
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) bad = 1;
  return bad;
}
