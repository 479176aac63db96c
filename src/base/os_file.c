#include "base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/os.h"

enum { POLL_MS = 50 };

static cm_code refused(cm_err *e, cm_code other, const char *doing, const char *path) {
  cm_code code = errno == ENOENT || errno == ENOTDIR ? CM_E_NOTFOUND : other;
  return cm_fail(e, code, 0, "can't %s %.150s: %s", doing, path, strerror(errno));
}

cm_code cm_os_identify(const char *path, cm_os_identity *out, cm_err *e) {
  struct stat st;
  if (stat(path, &st) != 0) return refused(e, CM_E_IO, "look at", path);
  if (!S_ISREG(st.st_mode)) return cm_fail(e, CM_E_IO, 0, "%.180s is not a regular file", path);
  *out = (cm_os_identity){(uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
#ifdef __APPLE__
                          st.st_mtimespec.tv_sec * INT64_C(1000000000) + st.st_mtimespec.tv_nsec};
#else
                          st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec};
#endif
  return CM_OK;
}

bool cm_os_is_private(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && !(st.st_mode & (S_IRGRP | S_IROTH));
}

uint64_t cm_os_free_bytes(const char *folder) {
  struct statvfs v;
  if (statvfs(folder, &v) != 0) return UINT64_MAX;
  return (uint64_t)v.f_bavail * (uint64_t)v.f_frsize;
}

cm_code cm_os_real_path(const char *path, char *out, size_t size, cm_err *e) {
  char *p = realpath(path, NULL);
  if (!p) return refused(e, CM_E_IO, "find", path);
  const int n = snprintf(out, size, "%s", p);
  free(p);
  if (n < 0 || (size_t)n >= size)
    return cm_fail(e, CM_E_IO, 0, "the path of %.150s is too long", path);
  return CM_OK;
}

/* --- locks --- */

cm_code cm_os_lock_try(const char *path, cm_os_lock_kind kind, bool make, int *fd, cm_err *e) {
  const int flags = make ? O_RDWR | O_CREAT : O_RDONLY;
  *fd = -1;
  int f = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
  if (f < 0) return refused(e, CM_E_IO, "open", path);
  if (flock(f, (kind == CM_OS_ALONE ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) {
    *fd = f;
    return CM_OK;
  }
  const bool held = errno == EWOULDBLOCK;
  cm_code code = held ? CM_OK : refused(e, CM_E_IO, "lock", path);
  close(f);
  return code;
}

/* Polls: a blocking call would not notice that the user wants to stop. */
cm_code cm_os_lock_wait(const char *path, const volatile int *cancel, int *fd, cm_err *e) {
  for (;;) {
    cm_code code = cm_os_lock_try(path, CM_OS_ALONE, true, fd, e);
    if (code || *fd >= 0) return code;
    if (cancel && *cancel) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
    cm_os_sleep_ms(POLL_MS);
  }
}

void cm_os_unlock(int fd) { cm_os_close(fd); }

/* --- a file that grows --- */

static cm_code no_write(cm_err *e, const char *doing, const char *path) {
  return cm_fail(e, CM_E_WRITE, 0, "can't %s %.150s: %s", doing, path, strerror(errno));
}

cm_code cm_os_grow_open(const char *path, int *fd, uint64_t *bytes, cm_err *e) {
  struct stat st;
  *fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (*fd < 0) return no_write(e, "write", path);
  if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode)) {
    *bytes = (uint64_t)st.st_size;
    return CM_OK;
  }
  close(*fd);
  *fd = -1;
  return cm_fail(e, CM_E_WRITE, 0, "can't write %.180s: it is not a regular file", path);
}

cm_code cm_os_grow_cut(int fd, uint64_t bytes, cm_err *e) {
  if (ftruncate(fd, (off_t)bytes) == 0) return CM_OK;
  return no_write(e, "cut", "a file");
}

cm_code cm_os_grow_read(int fd, uint64_t at, void *p, size_t n, size_t *got, cm_err *e) {
  *got = 0;
  while (*got < n) {
    const ssize_t r = pread(fd, (char *)p + *got, n - *got, (off_t)(at + *got));
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return cm_fail(e, CM_E_IO, 0, "can't read: %s", strerror(errno));
    if (r == 0) break;
    *got += (size_t)r;
  }
  return CM_OK;
}

void cm_os_grow_push(int fd, uint64_t from, uint64_t bytes) {
#ifdef __linux__
  (void)sync_file_range(fd, (off_t)from, (off_t)bytes, SYNC_FILE_RANGE_WRITE);
#else
  (void)fd, (void)from, (void)bytes;
#endif
}

/* A new name is on the disk when its folder is. */
static void sync_folder_of(const char *path) {
  char folder[PATH_MAX];
  const char *slash = strrchr(path, '/');
  const size_t n = slash ? (size_t)(slash - path) : 0;
  if (n >= sizeof folder) return;
  memcpy(folder, path, n);
  folder[n] = 0;
  int fd = open(n ? folder : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

cm_code cm_os_grow_finish(int fd, const char *path, const char *name, cm_err *e) {
  bool ok = fsync(fd) == 0;
  ok = close(fd) == 0 && ok;
  if (!ok || rename(path, name) != 0) return no_write(e, "finish", name);
  sync_folder_of(name);
  return CM_OK;
}

void cm_os_close(int fd) {
  if (fd >= 0) close(fd);
}

/* --- names --- */

cm_code cm_os_remove_file(const char *path, cm_err *e) {
  if (unlink(path) == 0 || errno == ENOENT) return CM_OK;
  return no_write(e, "remove", path);
}

bool cm_os_link(const char *from, const char *to) { return link(from, to) == 0; }
