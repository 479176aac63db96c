/* The first way: bubblewrap. What it is told, line by line, is what the header promises.
 *
 * As root this room becomes an ordinary user before it starts bubblewrap. Run by root, bubblewrap
 * leaves the command with the machine's uid 0 and no capability: enough to write
 * /proc/sys/kernel/core_pattern (bubblewrap covers /proc/sys only when it may itself write that
 * folder), and enough to be exempt from the limit on processes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_tree.h"
#include "sandbox/way.h"

#ifdef __linux__

/* Where bubblewrap itself is looked up; nothing else is handed to it. */
static const char *const bare_env[] = {"PATH=/usr/bin:/bin:/usr/local/bin", NULL};

/* The first process inside. It sets the limit on processes, which has to be set inside (outside
 * it would count the user's other ones). And it is process 1: when it ends the kernel ends all
 * others, and only then bubblewrap ends. It keeps its own remarks ("Killed") to itself. */
static const char first[] =
    "n=$1; shift; command ulimit -u \"$n\" 2>/dev/null || ulimit -p \"$n\" || exit 125; "
    "exec 3>&2 2>/dev/null; (exec \"$@\" 2>&3 3>&-); exit $?";

/* argv under construction, and the descriptors that bubblewrap reads files from. */
typedef struct args {
  cm_arena *a;
  const char **v;
  size_t n;
  int fds[10];
  size_t nfds;
  bool bad;
} args;

enum { MAX_ARGS = 4 * CM_SANDBOX_MAX_ENV + 160 };

static void add(args *g, const char *word) {
  if (g->n + 1 >= MAX_ARGS || !word) g->bad = true;
  else g->v[g->n++] = word;
}

/* Words up to a NULL. */
static void add_all(args *g, const char *const *words) {
  for (; *words; words++) add(g, *words);
}
#define ADD(g, ...) add_all((g), (const char *const[]){__VA_ARGS__, NULL})

static const char *number(args *g, uint64_t value) {
  char text[24];
  int n = snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  return cm_arena_strdup(g->a, text, (size_t)n);
}

/* A descriptor that the child inherits; it must be above 2. Ours to close. */
static const char *hand_over(args *g, int fd) {
  if (fd >= 0 && fd < 3) {
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    fd = high;
  }
  if (fd < 0 || g->nfds == sizeof g->fds / sizeof *g->fds) {
    if (fd >= 0) close(fd);
    g->bad = true;
    return NULL;
  }
  g->fds[g->nfds++] = fd;
  return number(g, (uint64_t)fd);
}

static const char *memory_file(args *g, const void *p, size_t n) {
  int fd = memfd_create("sandbox", MFD_CLOEXEC);
  if (fd >= 0 && (cm_os_write_fd(fd, p, n, NULL) || lseek(fd, 0, SEEK_SET) != 0)) g->bad = true;
  return hand_over(g, fd);
}

static void add_file(args *g, const char *path, cm_str bytes) {
  ADD(g, "--perms", "0644", "--file", memory_file(g, bytes.p, bytes.n), path);
}

/* --- what is inside -------------------------------------------------------------------------- */

static void add_isolation(args *g) {
  ADD(g, "bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534");
  ADD(g, "--cap-drop", "ALL", "--new-session", "--die-with-parent", "--as-pid-1", "--clearenv",
      "--hostname", "sandbox");
}

static void add_system(args *g, const cm_sandbox *s) {
  ADD(g, "--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/home");
  for (size_t i = 0; i < s->nshown; i++) {
    const cm_shown *shown = &s->shown[i];
    if (!shown->there) continue;
    if (shown->link[0]) ADD(g, "--symlink", shown->link, shown->path);
    else ADD(g, "--ro-bind", shown->path, shown->path);
  }
}

static void add_accounts(args *g, const cm_prepared *p) {
  char text[400];
  const char *user = p->job.user;
  snprintf(text, sizeof text, "root:x:0:0:root:/root:/bin/sh\n%s:x:65534:65534:%s:%s:%s\n", user,
           user, p->home, p->shell);
  add_file(g, "/etc/passwd", cm_str_of(text));
  snprintf(text, sizeof text, "root:x:0:\n%s:x:65534:\n", user);
  add_file(g, "/etc/group", cm_str_of(text));
  add_file(g, "/etc/nsswitch.conf", CM_STR("passwd: files\ngroup: files\nhosts: files\n"));
  add_file(g, "/etc/hosts", CM_STR("127.0.0.1 localhost\n"));
}

/* The loader's own list and no variable: a command's environment holds nothing of it, and `env -i`
 * doesn't undo it. */
static void add_clock(args *g, const cm_prepared *p) {
  static const char library[] = "/etc/frozen-clock.so";
  if (!p->job.now) return;
  const cm_str bytes = cm_clock_library(p->job.now, g->a);
  if (!bytes.n) g->bad = true;
  add_file(g, library, bytes);
  add_file(g, "/etc/ld.so.preload", cm_str_of(library));
}

/* A few of the machine's devices, each harmless. bubblewrap's own --dev brings terminals and
 * shared memory as well, and takes longer. Each mount costs a fifth of a millisecond, since
 * bubblewrap reads the list of all mounts after it; /dev/random is the same as /dev/urandom once
 * the machine is up. */
static void add_devices(args *g) {
  static const char *const nodes[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"};
  ADD(g, "--perms", "0755", "--dir", "/dev");
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
    ADD(g, "--dev-bind", nodes[i], nodes[i]);
  ADD(g, "--symlink", "urandom", "/dev/random");
  ADD(g, "--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "/proc/self/fd/0", "/dev/stdin");
  ADD(g, "--symlink", "/proc/self/fd/1", "/dev/stdout", "--symlink", "/proc/self/fd/2",
      "/dev/stderr");
}

/* /proc and the root of all are writable to their owner, who the command is: each becomes
 * read-only, or it could change settings of the kernel or fill the memory. */
static void add_folders(args *g, const cm_prepared *p) {
  ADD(g, "--proc", "/proc", "--remount-ro", "/proc");
  add_devices(g);
  ADD(g, "--perms", "1777", "--size", number(g, p->job.limits.disk_bytes), "--tmpfs", "/tmp");
  ADD(g, "--bind", p->job.tree, p->home, "--remount-ro", "/", "--chdir", p->start);
}

static void add_env(args *g, const cm_prepared *p) {
  for (size_t i = 0; i < p->nenv; i++) {
    size_t n = strcspn(p->env[i], "=");
    ADD(g, "--setenv", cm_arena_strdup(g->a, p->env[i], n), p->env[i] + n + 1);
  }
}

static void add_command(args *g, const cm_prepared *p) {
  ADD(g, "--", "/bin/sh", "-c", first, "sh", number(g, p->job.limits.processes), p->shell);
  if (strcmp(p->job.shell, "bash") == 0) ADD(g, "--norc", "--noprofile");
  if (strcmp(p->job.shell, "zsh") == 0) ADD(g, "-f");
  ADD(g, "-c", p->job.command);
}

/* `status`: where bubblewrap tells the number of the first process, and that it has run. */
static cm_code build(args *g, const cm_prepared *p, int status, cm_err *e) {
  const char *status_fd = hand_over(g, status);
  g->v = cm_arena_alloc(g->a, MAX_ARGS, sizeof *g->v);
  if (!g->v) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a sandbox");
  add_isolation(g);
  add_system(g, p->s);
  add_accounts(g, p);
  add_clock(g, p);
  add_folders(g, p);
  add_env(g, p);
  ADD(g, "--seccomp", memory_file(g, p->s->filter.p, p->s->filter.n * 8), "--json-status-fd",
      status_fd);
  add_command(g, p);
  return g->bad ? cm_fail(e, CM_E_IO, 0, "can't prepare a sandbox") : CM_OK;
}

/* --- what bubblewrap tells ------------------------------------------------------------------- */

/* Its status is two small objects. bubblewrap wrote them, the command can't: the first number
 * behind a key is all that is wanted. -1: there is none. */
static long told(const char *status, const char *key) {
  const char *at = strstr(status, key);
  if (!at) return -1;
  at += strlen(key);
  at += strspn(at, "\": ");
  return *at >= '0' && *at <= '9' ? strtol(at, NULL, 10) : -1;
}

static bool is_dead(long pid) {
  char path[40], text[512];
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return true;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return true;
  text[n] = 0;
  const char *state = strrchr(text, ')'); /* the name before it may hold anything */
  return !state || !state[1] || state[2] == 'Z' || state[2] == 'X';
}

/* After a kill bubblewrap is gone, and what it started is dying: wait for its first process, which
 * goes last, so that nothing writes into the folder any more. */
static void wait_for_end(long pid) {
  enum { PATIENCE_NS = 2000000000 };
  if (pid <= 1) return;
  uint64_t give_up = cm_os_now_ns() + PATIENCE_NS;
  while (!is_dead(pid) && cm_os_now_ns() < give_up)
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static cm_code finish(cm_prepared *p, const cm_os_spawn_result *got, const char *status,
                      cm_sandbox_result *r, cm_err *e) {
  if (got->stopped) wait_for_end(told(status, "child-pid"));
  if (!got->stopped && told(status, "exit-code") < 0) {
    const char *said = got->err.n ? got->err.p : "it said nothing";
    return cm_fail(e, CM_E_IO, 0, "bubblewrap: %.*s", (int)strcspn(said, "\n"), said);
  }
  return cm_prepared_result(p, got, r, e);
}

static void close_all(args *g) {
  for (size_t i = 0; i < g->nfds; i++) close(g->fds[i]);
  g->nfds = 0;
}

static cm_code spawn(cm_prepared *p, args *g, cm_os_spawn_result *got, cm_err *e) {
  cm_os_spawn_job job = cm_prepared_spawn(p);
  job.argv = g->v;
  job.env = bare_env;
  job.keep = g->fds;
  job.keep_n = g->nfds;
  cm_code code = cm_os_spawn(&job, got, e);
  close_all(g);
  return code;
}

cm_code cm_bwrap_run(cm_prepared *p, cm_sandbox_result *r, cm_err *e) {
  int status[2];
  char text[1024] = "";
  args g = {.a = p->arena};
  cm_os_spawn_result got = {.exit_status = -1};
  if (pipe2(status, O_CLOEXEC | O_NONBLOCK) != 0)
    return cm_fail(e, CM_E_IO, 0, "can't make a pipe: %s", strerror(errno));
  cm_code code = build(&g, p, status[1], e);
  if (!code) code = spawn(p, &g, &got, e);
  close_all(&g);
  ssize_t n = read(status[0], text, sizeof text - 1);
  text[n > 0 ? n : 0] = 0;
  close(status[0]);
  if (code == CM_E_CANCELLED) wait_for_end(told(text, "child-pid"));
  if (!code) code = finish(p, &got, text, r, e);
  cm_os_spawn_close(&got);
  return code;
}

/* --- does it work here? ---------------------------------------------------------------------- */

static cm_code ask_version(cm_sandbox *s, cm_err *e) {
  static const char *const argv[] = {"bwrap", "--version", NULL};
  cm_os_spawn_job job = {.argv = argv, .env = bare_env, .out_max = 60, .err_max = 60};
  job.wall_ns = 5000000000u;
  cm_os_spawn_result got;
  cm_code code = cm_os_spawn(&job, &got, e);
  if (code == CM_E_NOTFOUND) cm_err_set(e, code, 0, "bubblewrap is not installed");
  if (!code) {
    size_t n = got.out.n ? strcspn(got.out.p, "\n") : 0;
    snprintf(s->name, sizeof s->name, "%.*s", (int)n, n ? got.out.p : "");
  }
  cm_os_spawn_close(&got);
  return code;
}

cm_code cm_bwrap_probe(cm_sandbox *s, cm_err *e) {
  s->landlock = false;
  cm_code code = ask_version(s, e);
  if (!code) code = cm_filter_build(&s->filter, CM_FILTER_BWRAP, true, e);
  if (!code) code = cm_sandbox_try(s, e);
  if (code) cm_filter_free(&s->filter);
  return code;
}

#else /* bubblewrap is a program for Linux */

cm_code cm_bwrap_run(cm_prepared *p, cm_sandbox_result *r, cm_err *e) {
  (void)p, (void)r;
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "bubblewrap is for Linux only");
}

cm_code cm_bwrap_probe(cm_sandbox *s, cm_err *e) {
  (void)s;
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "bubblewrap is for Linux only");
}
#endif
