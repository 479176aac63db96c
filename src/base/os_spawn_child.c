#include "base/os_spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

static _Noreturn void give_up(const cm_spawn_child *c, cm_spawn_step step, int error) {
  cm_spawn_report r = {(int)step, error};
  ssize_t n = write(c->report, &r, sizeof r);
  _exit(n == (ssize_t)sizeof r ? 127 : 126);
}

/* The handlers of this program mean nothing to another one, and an ignored signal stays ignored
 * over exec. Signals are blocked since before the fork. */
static void default_signals(void) {
  struct sigaction usual = {.sa_handler = SIG_DFL};
  for (int sig = 1; sig < 65; sig++) (void)sigaction(sig, &usual, NULL);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Everything above 2 is closed by exec. A descriptor that is lost here is a leak into a program
 * that may not be trusted, so there is a slow way for kernels without the call (before 5.11). */
static void close_rest(void) {
#ifdef SYS_close_range
  enum { CLOSE_RANGE_ON_EXEC = 4 };
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_ON_EXEC) == 0) return;
#endif
  struct rlimit r = {.rlim_cur = 1024};
  (void)getrlimit(RLIMIT_NOFILE, &r);
  int most = r.rlim_cur < 1 << 20 ? (int)r.rlim_cur : 1 << 20;
  for (int fd = 3; fd < most; fd++) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void set_files(const cm_spawn_child *c) {
  if (dup2(c->in, 0) < 0 || dup2(c->out, 1) < 0 || dup2(c->err, 2) < 0)
    give_up(c, CM_SPAWN_FILES, errno);
  close_rest();
  for (size_t i = 0; i < c->job->keep_n; i++)
    if (fcntl(c->job->keep[i], F_SETFD, 0) < 0) give_up(c, CM_SPAWN_FILES, errno);
}

/* What setrlimit takes differs between C libraries. */
#ifdef __GLIBC__
typedef __rlimit_resource_t resource;
#else
typedef int resource;
#endif

static void limit(const cm_spawn_child *c, resource what, uint64_t soft, uint64_t hard) {
  if (!soft) return;
  struct rlimit now, wanted = {(rlim_t)soft, (rlim_t)hard};
  if (getrlimit(what, &now) != 0) give_up(c, CM_SPAWN_LIMITS, errno);
  /* Only root can raise a hard limit; a lower one than asked for is fine. */
  if (now.rlim_max != RLIM_INFINITY && wanted.rlim_max > now.rlim_max)
    wanted.rlim_max = now.rlim_max;
  if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
  if (setrlimit(what, &wanted) != 0) give_up(c, CM_SPAWN_LIMITS, errno);
}

static void set_limits(const cm_spawn_child *c) {
  const cm_os_limits *l = &c->job->limits;
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) give_up(c, CM_SPAWN_LIMITS, errno);
  limit(c, RLIMIT_CPU, l->cpu_s, l->cpu_s + 1);
  limit(c, RLIMIT_AS, l->memory_bytes, l->memory_bytes);
  limit(c, RLIMIT_FSIZE, l->file_bytes, l->file_bytes);
  limit(c, RLIMIT_NPROC, l->processes, l->processes);
  limit(c, RLIMIT_NOFILE, l->open_files, l->open_files);
}

/* From root these set the real, the effective and the saved one. */
static void set_user(const cm_spawn_child *c) {
  const cm_os_spawn_job *j = c->job;
  if (j->as_gid && (setgroups(0, NULL) != 0 || setgid((gid_t)j->as_gid) != 0))
    give_up(c, CM_SPAWN_USER, errno);
  if (j->as_uid && setuid((uid_t)j->as_uid) != 0) give_up(c, CM_SPAWN_USER, errno);
  if (j->as_uid && setuid(0) == 0) give_up(c, CM_SPAWN_USER, EPERM);
}

_Noreturn void cm_spawn_run_child(const cm_spawn_child *c) {
  const cm_os_spawn_job *j = c->job;
  default_signals();
  (void)setsid();
  set_files(c);
  if (j->cwd && chdir(j->cwd) != 0) give_up(c, CM_SPAWN_FOLDER, errno);
  set_limits(c);
  set_user(c);
  int bad = j->in_child ? j->in_child(j->child_ctx) : 0;
  if (bad) give_up(c, CM_SPAWN_HOOK, bad);
  (void)execve(c->program, (char *const *)(uintptr_t)j->argv, c->env);
  give_up(c, CM_SPAWN_EXEC, errno);
}
