/* The second way: Landlock for files, seccomp for what it leaves open, limits and a process group
 * for the rest. No namespaces: the command sees the machine's paths and may open few of them.
 *
 * Landlock alone is no sandbox. It has no word on changing modes, owners, times and attributes by
 * path, on datagram and Unix sockets, on System V memory, on signals (before ABI 6): filter.c
 * refuses these. Before ABI 3 files can be emptied behind its back, so that one is required. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_tree.h"
#include "sandbox/way.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>

/* From the kernel's documentation (userspace-api/landlock); the numbers are the same on every
 * processor. Headers of many systems are older than the kernels they meet. */
enum { CALL_CREATE = 444, CALL_ADD = 445, CALL_ENTER = 446, ASK_ABI = 1, RULE_PATH = 1 };
enum { ABI_LEAST = 3, ABI_NET = 4, ABI_DEVICES = 5, ABI_SCOPES = 6 };
enum {
  MAY_EXECUTE = 1 << 0,
  MAY_WRITE = 1 << 1,
  MAY_READ = 1 << 2,
  MAY_LIST = 1 << 3,
  MAY_MAKE_CHAR = 1 << 6,
  MAY_MAKE_BLOCK = 1 << 11,
  MAY_TRUNCATE = 1 << 14,
  MAY_DEVICE = 1 << 15,
  ALL_OF_ABI_3 = (1 << 15) - 1
};

typedef struct ruleset {
  uint64_t files, net, scopes;
} ruleset;

typedef struct __attribute__((packed)) path_rule {
  uint64_t allowed;
  int32_t parent;
} path_rule;

/* What the child needs to close itself in; all of it made before the fork. */
typedef struct cage {
  int rules;
  const cm_filter *filter;
  const char *start;
} cage;

static uint64_t all_files(int abi) {
  return (uint64_t)ALL_OF_ABI_3 | (abi >= ABI_DEVICES ? MAY_DEVICE : 0);
}

/* The kernel refuses fields it doesn't know, by size. */
static int new_rules(int abi) {
  ruleset r = {.files = all_files(abi)};
  if (abi >= ABI_NET) r.net = 3;       /* binding and connecting TCP: no rule allows any */
  if (abi >= ABI_SCOPES) r.scopes = 3; /* abstract sockets and signals to others */
  size_t size = abi >= ABI_SCOPES ? 24 : abi >= ABI_NET ? 16 : 8;
  return (int)syscall(CALL_CREATE, &r, size, 0);
}

/* What isn't there needs no rule. */
static int allow(int rules, const char *path, uint64_t rights) {
  enum { FOR_FILES = MAY_EXECUTE | MAY_WRITE | MAY_READ | MAY_TRUNCATE | MAY_DEVICE };
  struct stat st;
  int fd = open(path, O_PATH | O_CLOEXEC), bad = 0;
  if (fd < 0) return errno == ENOENT ? 0 : errno;
  if (fstat(fd, &st) != 0) bad = errno;
  if (!bad && !S_ISDIR(st.st_mode)) rights &= FOR_FILES;
  path_rule rule = {.allowed = rights, .parent = fd};
  if (!bad && syscall(CALL_ADD, rules, RULE_PATH, &rule, 0) != 0) bad = errno;
  close(fd);
  return bad;
}

static int fill_rules(int rules, const cm_prepared *p, const char *tmp) {
  static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                        "/dev/urandom"};
  static const char *const names[] = {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf"};
  const uint64_t show = MAY_EXECUTE | MAY_READ | MAY_LIST;
  const uint64_t own =
      all_files(p->s->abi) & ~(uint64_t)(MAY_MAKE_CHAR | MAY_MAKE_BLOCK | MAY_DEVICE);
  int bad = allow(rules, p->job.tree, own);
  if (!bad) bad = allow(rules, tmp, own);
  for (size_t i = 0; !bad && i < p->s->nshown; i++)
    if (p->s->shown[i].there) bad = allow(rules, p->s->shown[i].path, show);
  for (size_t i = 0; !bad && i < sizeof devices / sizeof *devices; i++)
    bad = allow(rules, devices[i], MAY_READ | MAY_WRITE);
  for (size_t i = 0; !bad && i < sizeof names / sizeof *names; i++)
    bad = allow(rules, names[i], MAY_READ);
  return bad;
}

/* In the child, after the user has changed: async-signal-safe calls only. */
static int enter(void *ctx) {
  const cage *c = ctx;
  if (chdir(c->start) != 0) return errno;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno; /* this program may be killed itself */
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  if (syscall(CALL_ENTER, c->rules, 0) != 0) return errno;
  return cm_filter_enter(c->filter);
}

/* Threads of a user's processes: the kernel's limit counts those that were there before, too. */
static uint64_t threads_of(uid_t uid) {
  uint64_t threads = 0;
  DIR *proc = opendir("/proc");
  if (!proc) return 0;
  for (struct dirent *d; (d = readdir(proc));) {
    char path[300];
    struct stat st;
    if (d->d_name[0] < '1' || d->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "/proc/%s/task", d->d_name);
    if (stat(path, &st) == 0 && st.st_uid == uid && st.st_nlink > 2) threads += st.st_nlink - 2;
  }
  closedir(proc);
  return threads;
}

/* NAME=VALUE, unless the job gives it. False without memory. */
static bool add_variable(cm_prepared *p, const char *name, const char *value) {
  char pair[160];
  size_t n = (size_t)snprintf(pair, sizeof pair, "%s=", name);
  for (size_t i = 0; i < p->nenv; i++)
    if (strncmp(p->env[i], pair, n) == 0) return true;
  n += (size_t)snprintf(pair + n, sizeof pair - n, "%s", value);
  p->env[p->nenv] = cm_arena_strdup(p->arena, pair, n);
  return p->env[p->nenv++] != NULL;
}

/* The loader's list isn't ours here, but it also reads a variable. */
static cm_code add_clock(cm_prepared *p, cm_err *e) {
  char path[80];
  if (!p->job.now) return CM_OK;
  const cm_str bytes = cm_clock_library(p->job.now, p->arena);
  if (!bytes.n) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a sandbox");
  snprintf(path, sizeof path, "%s/.frozen-clock.so", p->tmp);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return cm_fail(e, CM_E_IO, 0, "can't write %s: %s", path, strerror(errno));
  cm_code code = cm_os_write_fd(fd, bytes.p, bytes.n, e);
  if (!code && fchmod(fd, 0644) != 0) /* whatever the umask took away */
    code = cm_fail(e, CM_E_IO, 0, "can't open %s to all: %s", path, strerror(errno));
  close(fd);
  if (!code && !add_variable(p, "LD_PRELOAD", path))
    code = cm_fail(e, CM_E_NOMEM, 0, "no memory for a sandbox");
  return code;
}

/* The end of a run's private TMPDIR is the end of what it left there. */
static cm_code add_tmp(cm_prepared *p, cm_err *e) {
  if (!add_variable(p, "TMPDIR", p->tmp))
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for a sandbox");
  return add_clock(p, e);
}

static cm_code spawn(cm_prepared *p, cage *c, cm_os_spawn_result *got, cm_err *e) {
  const char *argv[8] = {p->shell};
  size_t n = 1;
  if (strcmp(p->job.shell, "bash") == 0) argv[n++] = "--norc", argv[n++] = "--noprofile";
  if (strcmp(p->job.shell, "zsh") == 0) argv[n++] = "-f";
  argv[n++] = "-c";
  argv[n] = p->job.command;
  cm_os_spawn_job job = cm_prepared_spawn(p);
  job.argv = argv;
  job.env = p->env;
  job.limits.processes =
      p->job.limits.processes + threads_of(p->s->root ? CM_SANDBOX_UID : getuid());
  job.in_child = enter;
  job.child_ctx = c;
  return cm_os_spawn(&job, got, e);
}

cm_code cm_landlock_run(cm_prepared *p, cm_sandbox_result *r, cm_err *e) {
  char tmp[64];
  cm_code code = cm_sandbox_folder(p->s, NULL, tmp, sizeof tmp, e);
  if (code) return code;
  p->tmp = tmp;
  cage c = {.rules = new_rules(p->s->abi), .filter = &p->s->filter, .start = p->start};
  cm_os_spawn_result got = {.exit_status = -1};
  int bad = c.rules < 0 ? errno : fill_rules(c.rules, p, tmp);
  if (bad) code = cm_fail(e, CM_E_IO, 0, "can't make Landlock rules: %s", strerror(bad));
  if (!code) code = add_tmp(p, e);
  if (!code) code = spawn(p, &c, &got, e);
  if (!code) code = cm_prepared_result(p, &got, r, e);
  cm_os_spawn_close(&got);
  if (c.rules >= 0) close(c.rules);
  (void)cm_os_tree_remove(tmp, NULL);
  return code;
}

/* Calls on an open file may change its mode, owner and times, and system folders may be opened:
 * that is harmless only while they belong to somebody else. */
static cm_code check_owners(const cm_sandbox *s, cm_err *e) {
  static const char *const paths[] = {
      "/usr",       "/usr/bin",       "/usr/lib",         "/usr/share",
      "/usr/local", "/usr/local/bin", "/etc/alternatives"};
  uid_t uid = s->root ? CM_SANDBOX_UID : getuid();
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct stat st;
    if (stat(paths[i], &st) == 0 && st.st_uid == uid)
      return cm_fail(e, CM_E_UNSUPPORTED, 0, "%s belongs to this user", paths[i]);
  }
  return CM_OK;
}

cm_code cm_landlock_probe(cm_sandbox *s, cm_err *e) {
  long abi = syscall(CALL_CREATE, NULL, 0, ASK_ABI);
  s->abi = abi > 0 ? (int)abi : 0;
  if (abi < 0) return cm_fail(e, CM_E_UNSUPPORTED, 0, "this kernel has no Landlock");
  if (abi < ABI_LEAST)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "this kernel's Landlock is too old (ABI %d)", s->abi);
  cm_code code = check_owners(s, e);
  if (!code) code = cm_filter_build(&s->filter, CM_FILTER_LANDLOCK, abi >= ABI_SCOPES, e);
  if (code) return code;
  s->landlock = true;
  snprintf(s->name, sizeof s->name, "landlock abi %d + seccomp", s->abi);
  code = cm_sandbox_try(s, e);
  if (code) cm_filter_free(&s->filter);
  return code;
}

#else /* Landlock is Linux */

cm_code cm_landlock_run(cm_prepared *p, cm_sandbox_result *r, cm_err *e) {
  (void)p, (void)r;
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "Landlock is for Linux only");
}

cm_code cm_landlock_probe(cm_sandbox *s, cm_err *e) {
  (void)s;
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "Landlock is for Linux only");
}
#endif
