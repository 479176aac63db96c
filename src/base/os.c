#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile int *interrupted;
static char unfinished[4096]; /* path of the temporary file of an open cm_os_out */

static void on_signal(int sig) {
  if (interrupted && !*interrupted) {
    *interrupted = 1;
    return;
  }
  if (unfinished[0]) unlink(unfinished);
  _exit(128 + sig);
}

static cm_code io_fail(cm_err *e, const char *doing, const char *path) {
  cm_code code = errno == ENOENT || errno == ENOTDIR ? CM_E_NOTFOUND : CM_E_IO;
  return cm_fail(e, code, 0, "can't %s %.150s: %s", doing, path, strerror(errno));
}

cm_code cm_os_map(const char *path, cm_map *out, cm_err *e) {
  *out = (cm_map){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return io_fail(e, "open", path);
  struct stat st;
  cm_code code = CM_OK;
  if (fstat(fd, &st) != 0) {
    code = io_fail(e, "read", path);
  } else if (!S_ISREG(st.st_mode)) {
    code = cm_fail(e, CM_E_IO, 0, "%.180s is not a regular file", path);
  } else if (st.st_size == 0) {
    code = cm_fail(e, CM_E_FORMAT, 0, "%.180s is empty", path);
  } else {
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) code = io_fail(e, "map", path);
    else *out = (cm_map){p, (size_t)st.st_size};
  }
  close(fd);
  return code;
}

void cm_os_unmap(cm_map *m) {
  if (m->p) munmap((void *)(uintptr_t)m->p, m->n);
  *m = (cm_map){0};
}

void cm_os_map_willneed(const cm_map *m, size_t offset, size_t n) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (offset >= m->n) return;
  if (n > m->n - offset) n = m->n - offset;
  size_t start = offset / page * page;
  (void)posix_madvise((void *)(uintptr_t)(m->p + start), n + (offset - start),
                      POSIX_MADV_WILLNEED);
}

void cm_os_catch_signals(volatile int *flag) {
  interrupted = flag;
  struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGPIPE, &ignore, NULL);
}

/* Waits until `fd` has something to read. */
static cm_code wait_input(int fd, uint64_t deadline_ns, cm_err *e) {
  for (;;) {
    uint64_t now = cm_os_now_ns();
    if (interrupted && *interrupted) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
    if (deadline_ns && now >= deadline_ns) return cm_fail(e, CM_E_TIMEOUT, 0, "timed out waiting");
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ms = deadline_ns ? (int)((deadline_ns - now) / 1000000 + 1) : -1;
    if (poll(&p, 1, ms) > 0) return CM_OK;
  }
}

static cm_code read_some(int fd, uint64_t deadline_ns, cm_buf *out, bool *ended, cm_err *e) {
  char chunk[16384];
  ssize_t n;
  do {
    cm_code code = wait_input(fd, deadline_ns, e);
    if (code) return code;
    n = read(fd, chunk, sizeof chunk);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return cm_fail(e, CM_E_IO, 0, "can't read: %s", strerror(errno));
  *ended = n == 0;
  cm_buf_add(out, chunk, (size_t)n);
  if (out->overflow) return cm_fail(e, CM_E_LIMIT, 0, "more than %zu bytes", out->max);
  return CM_OK;
}

cm_code cm_os_read_some(int fd, cm_buf *out, bool *ended, cm_err *e) {
  return read_some(fd, 0, out, ended, e);
}

cm_code cm_os_read_fd(int fd, uint64_t deadline_ns, cm_buf *out, cm_err *e) {
  cm_code code = CM_OK;
  for (bool ended = false; !code && !ended;) code = read_some(fd, deadline_ns, out, &ended, e);
  return code;
}

cm_code cm_os_read_file(const char *path, cm_buf *out, cm_err *e) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_fail(e, "open", path);
  cm_code code = cm_os_read_fd(fd, 0, out, e);
  close(fd);
  return code ? cm_err_prefix(e, path) : CM_OK;
}

bool cm_os_has_input(int fd, bool only_ready) {
  struct stat st;
  if (fstat(fd, &st) != 0 || isatty(fd)) return false;
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return !only_ready || !S_ISSOCK(st.st_mode) || poll(&p, 1, 50) > 0;
}

cm_code cm_os_write_fd(int fd, const void *p, size_t n, cm_err *e) {
  const char *at = p;
  while (n) {
    ssize_t w = write(fd, at, n);
    if (w < 0 && errno == EINTR) continue;
    if (w < 0) return cm_fail(e, CM_E_WRITE, 0, "can't write: %s", strerror(errno));
    at += w;
    n -= (size_t)w;
  }
  return CM_OK;
}

static cm_code out_fail(cm_err *e, const char *path) {
  return cm_fail(e, CM_E_WRITE, 0, "can't write %.180s: %s", path, strerror(errno));
}

/* Where the bytes shall stand in the end: behind a link its file is replaced, not the link; and
 * only a regular file is. */
static cm_code out_target(cm_os_out *o, const char *path, cm_err *e) {
  struct stat st;
  char *real = stat(path, &st) == 0 ? realpath(path, NULL) : NULL;
  if (real && !S_ISREG(st.st_mode)) {
    free(real);
    return cm_fail(e, CM_E_WRITE, 0, "can't write %.180s: it is not a regular file", path);
  }
  int n = snprintf(o->path, sizeof o->path, "%s", real ? real : path);
  int m = snprintf(o->tmp, sizeof o->tmp, "%s.XXXXXX", o->path);
  free(real);
  bool fits = n >= 0 && m >= 0 && (size_t)m < sizeof o->tmp;
  return fits ? CM_OK : cm_fail(e, CM_E_WRITE, 0, "can't write: the path is too long");
}

cm_code cm_os_out_open(cm_os_out *o, const char *path, cm_err *e) {
  o->fd = -1;
  cm_code code = out_target(o, path, e);
  if (code) return code;
  o->fd = mkstemp(o->tmp);
  if (o->fd < 0) return out_fail(e, path);
  memcpy(unfinished, o->tmp, sizeof unfinished);
  mode_t mask = umask(0);
  umask(mask);
  (void)fchmod(o->fd, 0666 & ~mask);
  return CM_OK;
}

cm_code cm_os_out_write(cm_os_out *o, const void *p, size_t n, cm_err *e) {
  cm_code code = cm_os_write_fd(o->fd, p, n, e);
  return code ? cm_err_prefix(e, o->path) : CM_OK;
}

cm_code cm_os_out_commit(cm_os_out *o, cm_err *e) {
  bool ok = fsync(o->fd) == 0;
  ok = close(o->fd) == 0 && ok;
  o->fd = -1;
  cm_code code = ok && rename(o->tmp, o->path) == 0 ? CM_OK : out_fail(e, o->path);
  if (code) unlink(o->tmp);
  unfinished[0] = 0;
  return code;
}

void cm_os_out_abort(cm_os_out *o) {
  if (o->fd < 0) return;
  close(o->fd);
  unlink(o->tmp);
  unfinished[0] = 0;
  o->fd = -1;
}

static uint64_t clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t cm_os_now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

/* "VmHWM:     1234 kB" of /proc/self/status, in bytes; 0 without it. */
static uint64_t own_status_bytes(const char *name) {
  char text[4096];
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  const char *at = strstr(text, name);
  return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

uint64_t cm_os_rss_bytes(void) { return own_status_bytes("VmRSS:"); }

/* getrusage also counts what the process that started this one held at that moment. */
uint64_t cm_os_peak_rss_bytes(void) {
  uint64_t own = own_status_bytes("VmHWM:");
  if (own) return own;
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
#ifdef __APPLE__
  return (uint64_t)u.ru_maxrss;
#else
  return (uint64_t)u.ru_maxrss * 1024;
#endif
}

unsigned cm_os_cpu_count(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
    return (unsigned)CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (unsigned)n : 1;
}

uint64_t cm_os_memory_bytes(void) {
  long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

bool cm_os_is_tty(int fd) { return isatty(fd) == 1; }

void cm_os_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void cm_os_yield(void) { sched_yield(); }

void cm_os_utc(char out[21]) {
  struct timespec now;
  struct tm tm;
  clock_gettime(CLOCK_REALTIME, &now);
  if (!gmtime_r(&now.tv_sec, &tm) || !strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm))
    memcpy(out, "1970-01-01T00:00:00Z", 21);
}

int64_t cm_os_epoch_s(void) { return (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000000u); }

void cm_os_sleep_ms(uint32_t ms) {
  struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  nanosleep(&t, NULL);
}

bool cm_os_is_program(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

const char *cm_os_name(void) {
#ifdef __APPLE__
  return "macos";
#else
  return "linux";
#endif
}

void cm_os_cpu_name(char *out, size_t size) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  snprintf(out, size, "unknown");
  const char *name = cm_os_read_file("/proc/cpuinfo", &b, NULL) ? NULL : b.p;
  name = name ? strstr(name, "model name") : NULL;
  name = name ? strchr(name, ':') : NULL;
  if (name) snprintf(out, size, "%.*s", (int)strcspn(name + 2, "\n"), name + 2);
  cm_buf_close(&b);
}
