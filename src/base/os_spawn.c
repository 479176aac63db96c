#include "base/os_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "base/os.h"
#include "base/os_spawn_child.h"

extern char **environ;

/* A run that is under way. Descriptors are -1 when closed. */
typedef struct run {
  const cm_os_spawn_job *job;
  cm_os_spawn_result *r;
  char program[4096];
  int in, out[2], err[2], report[2]; /* pipes: [0] is read here, [1] is the child's */
  int watch_fd;                      /* readable once the child ended; -1: the kernel has none */
  pid_t pid;
  bool ended;
  uint64_t start_ns, next_watch_ns;
} run;

/* How long to sleep at most: without a descriptor that tells the child's end, and for looking at
 * the cancel flag. */
enum { TICK_NS = 2000000, CANCEL_TICK_NS = 20000000 };

static void shut(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* --- before ---------------------------------------------------------------------------------- */

/* Moves a descriptor above 2: this process may have closed its own standard ones. */
static int lift(int fd) {
  if (fd < 0 || fd > 2) return fd;
  int high = fcntl(fd, F_DUPFD_CLOEXEC, 3), why = errno;
  close(fd);
  errno = why;
  return high;
}

static int open_pipe(int p[2]) {
#ifdef __linux__
  if (pipe2(p, O_CLOEXEC) != 0) return -1;
#else
  if (pipe(p) != 0) return -1;
  (void)fcntl(p[0], F_SETFD, FD_CLOEXEC);
  (void)fcntl(p[1], F_SETFD, FD_CLOEXEC);
#endif
  p[0] = lift(p[0]);
  p[1] = lift(p[1]);
  return p[0] < 0 || p[1] < 0 ? -1 : 0;
}

/* A file that nobody else can name. */
static int nameless_file(void) {
#ifdef __linux__
  return memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
#else
  char name[] = "/tmp/cmdai-stdin-XXXXXX";
  int fd = mkstemp(name);
  if (fd >= 0) unlink(name);
  if (fd >= 0) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
#endif
}

static int open_input(const cm_os_spawn_job *j, cm_err *e) {
  if (!j->in_n) return lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
  int fd = lift(nameless_file());
  if (fd < 0) return -1;
  if (cm_os_write_fd(fd, j->in, j->in_n, e) || lseek(fd, 0, SEEK_SET) != 0) {
    close(fd);
    return -1;
  }
#ifdef __linux__
  (void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
#endif
  return fd;
}

static const char *path_of(const char *const *env) {
  for (; env && *env; env++)
    if (strncmp(*env, "PATH=", 5) == 0) return *env + 5;
  return "/usr/bin:/bin";
}

/* execvp would do, but must not be called between fork and exec, and hands scripts to a shell. */
static cm_code find_program(run *x, const char *const *env, cm_err *e) {
  const char *name = x->job->argv[0];
  if (strchr(name, '/')) {
    if (strlen(name) >= sizeof x->program) return cm_fail(e, CM_E_LIMIT, 0, "a path is too long");
    memcpy(x->program, name, strlen(name) + 1);
    return CM_OK;
  }
  for (const char *p = path_of(env); *name;) {
    size_t n = strcspn(p, ":");
    int len =
        snprintf(x->program, sizeof x->program, "%.*s/%s", (int)(n ? n : 1), n ? p : ".", name);
    if (len > 0 && (size_t)len < sizeof x->program && access(x->program, X_OK) == 0) return CM_OK;
    if (!p[n]) break;
    p += n + 1;
  }
  return cm_fail(e, CM_E_NOTFOUND, 0, "there is no program %.100s", name);
}

/* A program that opens /dev/stdout opens the pipe anew, and must be its owner to do so. */
static int give_pipe(const run *x, int p[2]) {
  if (open_pipe(p) != 0) return -1;
  return x->job->as_uid ? fchown(p[1], x->job->as_uid, (gid_t)-1) : 0;
}

static cm_code open_files(run *x, cm_err *e) {
  e->msg[0] = 0;
  x->in = open_input(x->job, e);
  if (x->in >= 0 && !give_pipe(x, x->out) && !give_pipe(x, x->err) && !open_pipe(x->report))
    return CM_OK;
  return cm_fail(e, CM_E_IO, 0, "can't make pipes for %.80s: %s", x->job->argv[0],
                 strerror(errno));
}

static void close_files(run *x) {
  shut(&x->in);
  shut(&x->watch_fd);
  for (int i = 0; i < 2; i++) {
    shut(&x->out[i]);
    shut(&x->err[i]);
    shut(&x->report[i]);
  }
}

/* --- start ----------------------------------------------------------------------------------- */

/* All signals wait during the fork, or a handler of this program could run in the child. */
static pid_t fork_quietly(const cm_spawn_child *c) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) cm_spawn_run_child(c);
  int why = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = why;
  return pid;
}

static cm_code start_failed(const run *x, cm_spawn_report r, cm_err *e) {
  static const char *const steps[] = {"hand it its files", "enter its folder", "set its limits",
                                      "change its user",   "close it in",      "start it"};
  const char *what = r.step >= 0 && r.step <= CM_SPAWN_EXEC ? steps[r.step] : "start it";
  bool missing = r.step == CM_SPAWN_EXEC && (r.error == ENOENT || r.error == ENOTDIR);
  return cm_fail(e, missing ? CM_E_NOTFOUND : CM_E_IO, 0, "%.100s: can't %s: %s", x->job->argv[0],
                 what, strerror(r.error));
}

/* The report pipe closes with a successful exec; else it says what failed. */
static cm_code read_report(run *x, cm_err *e) {
  cm_spawn_report r;
  ssize_t n;
  do n = read(x->report[0], &r, sizeof r);
  while (n < 0 && errno == EINTR);
  shut(&x->report[0]);
  if (n == 0) return CM_OK;
  while (waitpid(x->pid, NULL, 0) < 0 && errno == EINTR) continue;
  x->pid = 0;
  if (n == (ssize_t)sizeof r) return start_failed(x, r, e);
  return cm_fail(e, CM_E_IO, 0, "%.100s: the start failed", x->job->argv[0]);
}

static cm_code start(run *x, cm_err *e) {
  const char *const *env = x->job->env ? x->job->env : (const char *const *)(uintptr_t)environ;
  cm_code code = find_program(x, env, e);
  if (!code) code = open_files(x, e);
  if (code) return code;
  cm_spawn_child c = {.job = x->job,
                      .program = x->program,
                      .env = (char *const *)(uintptr_t)env,
                      .in = x->in,
                      .out = x->out[1],
                      .err = x->err[1],
                      .report = x->report[1]};
  x->start_ns = cm_os_now_ns();
  x->next_watch_ns = x->start_ns + x->job->watch_ns;
  x->pid = fork_quietly(&c);
  if (x->pid < 0) {
    x->pid = 0;
    return cm_fail(e, CM_E_IO, 0, "can't fork for %.80s: %s", x->job->argv[0], strerror(errno));
  }
  shut(&x->in);
  shut(&x->out[1]);
  shut(&x->err[1]);
  shut(&x->report[1]);
  code = read_report(x, e);
#ifdef SYS_pidfd_open
  if (!code) x->watch_fd = lift((int)syscall(SYS_pidfd_open, x->pid, 0));
#endif
  return code;
}

/* --- while it runs --------------------------------------------------------------------------- */

/* One read of what is there. False at the end of the stream. */
static bool take(int fd, cm_buf *to, bool *cut) {
  char chunk[16384];
  ssize_t n = read(fd, chunk, sizeof chunk);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  size_t got = (size_t)n, room = to->max > to->n ? to->max - to->n : 0;
  if (got > room) *cut = true;
  if (got && room) cm_buf_add(to, chunk, got < room ? got : room);
  return n > 0;
}

static void take_ready(run *x, const struct pollfd *out, const struct pollfd *err) {
  if (out->revents && !take(x->out[0], &x->r->out, &x->r->out_cut)) shut(&x->out[0]);
  if (err->revents && !take(x->err[0], &x->r->err, &x->r->err_cut)) shut(&x->err[0]);
}

/* The child stays a zombie, so that its number keeps meaning its process group. */
static bool has_ended(const run *x) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  if (waitid(P_PID, (id_t)x->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return errno != EINTR;
  return info.si_pid == x->pid;
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Milliseconds until something is to be looked at. */
static int sleep_ms(const run *x, uint64_t now) {
  uint64_t until = now + 1000000000;
  if (x->job->wall_ns) until = earlier(until, x->start_ns + x->job->wall_ns);
  if (x->job->watch) until = earlier(until, x->next_watch_ns);
  if (x->job->cancel) until = earlier(until, now + CANCEL_TICK_NS);
  if (x->watch_fd < 0) until = earlier(until, now + TICK_NS);
  return until > now ? (int)((until - now + 999999) / 1000000) : 0;
}

static cm_os_stopped must_stop(run *x, uint64_t now) {
  const cm_os_spawn_job *j = x->job;
  if (j->wall_ns && now - x->start_ns >= j->wall_ns) return CM_OS_STOPPED_TIME;
  if (j->kill_on_flood && (x->r->out_cut || x->r->err_cut)) return CM_OS_STOPPED_FLOOD;
  if (!j->watch || now < x->next_watch_ns) return CM_OS_NOT_STOPPED;
  x->next_watch_ns = now + j->watch_ns;
  return j->watch(j->watch_ctx) ? CM_OS_STOPPED_WATCH : CM_OS_NOT_STOPPED;
}

static cm_code follow(run *x, cm_err *e) {
  while (!has_ended(x)) {
    uint64_t now = cm_os_now_ns();
    if (x->job->cancel && *x->job->cancel) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
    x->r->stopped = must_stop(x, now);
    if (x->r->stopped) return CM_OK;
    struct pollfd p[3] = {{.fd = x->out[0], .events = POLLIN},
                          {.fd = x->err[0], .events = POLLIN},
                          {.fd = x->watch_fd, .events = POLLIN}};
    if (poll(p, 3, sleep_ms(x, now)) > 0) take_ready(x, &p[0], &p[1]);
  }
  return CM_OK;
}

/* --- after ----------------------------------------------------------------------------------- */

/* What is in the pipes still counts; what a runaway descendant would add later doesn't. */
static void drain(run *x) {
  int *fds[2] = {&x->out[0], &x->err[0]};
  for (int i = 0; i < 2; i++) {
    cm_buf *to = i ? &x->r->err : &x->r->out;
    bool *cut = i ? &x->r->err_cut : &x->r->out_cut;
    struct pollfd p = {.fd = *fds[i], .events = POLLIN};
    while (p.fd >= 0 && !*cut && poll(&p, 1, 0) > 0 && take(p.fd, to, cut)) continue;
  }
}

static uint64_t ns_of(struct timeval t) {
  return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_usec * 1000U;
}

/* The killed ones need a moment to go, and a write that they are in may still end. Where nobody
 * reaps orphans they stay zombies, hence the bound. */
static void wait_for_group(pid_t group) {
  enum { PATIENCE_NS = 200000000 };
  uint64_t give_up = cm_os_now_ns() + PATIENCE_NS;
  while (kill(-group, 0) == 0 && cm_os_now_ns() < give_up)
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void reap(run *x) {
  int raw = 0;
  struct rusage used;
  memset(&used, 0, sizeof used);
  (void)kill(-x->pid, SIGKILL);
  while (wait4(x->pid, &raw, 0, &used) < 0 && errno == EINTR) continue;
  wait_for_group(x->pid);
  cm_os_spawn_result *r = x->r;
  r->wall_ns = cm_os_now_ns() - x->start_ns;
  r->exit_status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
  r->signal = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0;
  r->user_ns = ns_of(used.ru_utime);
  r->sys_ns = ns_of(used.ru_stime);
#ifdef __APPLE__
  r->peak_rss_bytes = (uint64_t)used.ru_maxrss;
#else
  r->peak_rss_bytes = (uint64_t)used.ru_maxrss * 1024;
#endif
}

cm_code cm_os_spawn(const cm_os_spawn_job *job, cm_os_spawn_result *r, cm_err *e) {
  cm_err own;
  if (!e) e = &own;
  *r = (cm_os_spawn_result){.exit_status = -1};
  cm_buf_init(&r->out, job->out_max);
  cm_buf_init(&r->err, job->err_max);
  if (!job->argv || !job->argv[0]) return cm_fail(e, CM_E_USAGE, 0, "no program to start");
  run x = {.job = job, .r = r, .in = -1, .out = {-1, -1}, .err = {-1, -1}};
  x.report[0] = x.report[1] = x.watch_fd = -1;
  cm_code code = start(&x, e);
  if (!code) code = follow(&x, e);
  if (x.pid) {
    reap(&x);
    drain(&x);
  }
  close_files(&x);
  if (!code && (r->out.overflow || r->err.overflow))
    code = cm_fail(e, CM_E_NOMEM, 0, "no memory for the output of %.80s", job->argv[0]);
  return code;
}

void cm_os_spawn_close(cm_os_spawn_result *r) {
  cm_buf_close(&r->out);
  cm_buf_close(&r->err);
}
