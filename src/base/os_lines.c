#include "base/os_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"

static const uint64_t sync_every_ns = 250000000;

static cm_code fail(cm_os_lines *l, const char *doing, cm_err *e) {
  return cm_fail(e, CM_E_WRITE, 0, "can't %s %.150s: %s", doing, l->path, strerror(errno));
}

void cm_os_make_folders(const char *path) {
  char part[4096];
  for (size_t n = 1; path[0] && path[n] && n < sizeof part; n++) {
    if (path[n] != '/') continue;
    memcpy(part, path, n);
    part[n] = 0;
    (void)mkdir(part, 0777); /* that it isn't there is seen by open */
  }
}

/* Cuts the file behind its last newline. */
static cm_code cut(cm_os_lines *l, cm_err *e) {
  off_t end = lseek(l->fd, 0, SEEK_END);
  char block[4096];
  while (end > 0) {
    const off_t from = end > (off_t)sizeof block ? end - (off_t)sizeof block : 0;
    const ssize_t n = pread(l->fd, block, (size_t)(end - from), from);
    if (n <= 0) return fail(l, "read", e);
    ssize_t i = n;
    while (i > 0 && block[i - 1] != '\n') i--;
    if (i > 0 || from == 0) {
      end = from + i;
      break;
    }
    end = from;
  }
  if (end < 0 || ftruncate(l->fd, end) != 0 || lseek(l->fd, 0, SEEK_END) < 0)
    return fail(l, "continue", e);
  return CM_OK;
}

cm_code cm_os_lines_open(cm_os_lines *l, const char *path, bool go_on, cm_err *e) {
  l->fd = -1, l->synced_ns = 0;
  const int n = snprintf(l->path, sizeof l->path, "%s", path);
  if (n < 1 || (size_t)n >= sizeof l->path)
    return cm_fail(e, CM_E_WRITE, 0, "a path of %d bytes is no name for a file", n);
  cm_os_make_folders(l->path);
  l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (l->fd < 0) return fail(l, "write", e);
  cm_code code = CM_OK;
  if (flock(l->fd, LOCK_EX | LOCK_NB) != 0)
    code = cm_fail(e, CM_E_IO, 0, "%.180s is being written by another program", path);
  else if (go_on) code = cut(l, e);
  else if (ftruncate(l->fd, 0) != 0 && errno != EINVAL) code = fail(l, "empty", e); /* a pipe */
  if (code) cm_os_lines_close(l);
  return code;
}

cm_code cm_os_lines_add(cm_os_lines *l, const cm_buf *line, cm_err *e) {
  cm_code code = line->overflow ? cm_fail(e, CM_E_NOMEM, 0, "no memory for a line")
                                : cm_os_write_fd(l->fd, line->p, line->n, e);
  if (code) return cm_err_prefix(e, l->path);
  const uint64_t now = cm_os_now_ns();
  if (l->synced_ns && now - l->synced_ns < sync_every_ns) return CM_OK;
  l->synced_ns = now;
  if (fdatasync(l->fd) != 0 && errno != EINVAL && errno != EROFS) return fail(l, "sync", e);
  return CM_OK;
}

void cm_os_lines_close(cm_os_lines *l) {
  if (l->fd >= 0) {
    if (l->synced_ns) (void)fdatasync(l->fd);
    close(l->fd);
  }
  l->fd = -1;
}
