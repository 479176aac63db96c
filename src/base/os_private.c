#include "base/os_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_lines.h"

cm_code cm_os_make_private(const char *path, cm_err *e) {
  char part[4096];
  for (size_t n = 1; path[0] && path[n] && n < sizeof part; n++) {
    if (path[n] != '/') continue;
    memcpy(part, path, n);
    part[n] = 0;
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
      return cm_fail(e, CM_E_WRITE, 0, "can't make the folder %.150s: %s", part, strerror(errno));
  }
  return CM_OK;
}

static cm_code refused(cm_err *e, const char *doing, const char *path) {
  cm_code code = errno == ENOENT || errno == ENOTDIR ? CM_E_NOTFOUND : CM_E_IO;
  return cm_fail(e, code, 0, "can't %s %.150s: %s", doing, path, strerror(errno));
}

/* Of the open file itself, so that nothing can be put in its place after the look. */
static cm_code check_own(const struct stat *st, const char *path, cm_err *e) {
  if (st->st_uid != geteuid())
    return cm_fail(e, CM_E_IO, 0, "%.180s belongs to another user", path);
  if (st->st_mode & (S_IRWXG | S_IRWXO))
    return cm_fail(e, CM_E_IO, 0, "%.180s is open to other users", path);
  return CM_OK;
}

cm_code cm_os_private_folder(const char *path, cm_err *e) {
  struct stat st;
  cm_os_make_folders(path);
  if (mkdir(path, 0700) != 0 && errno != EEXIST) {
    const cm_code code = refused(e, "make", path);
    if (e) e->code = CM_E_IO;
    return code ? CM_E_IO : code;
  }
  if (lstat(path, &st) != 0) return refused(e, "look at", path);
  if (!S_ISDIR(st.st_mode)) return cm_fail(e, CM_E_IO, 0, "%.180s is not a folder", path);
  return check_own(&st, path, e);
}

static cm_code read_all(int fd, const char *path, uint8_t *p, size_t size, cm_err *e) {
  for (size_t at = 0; at < size;) {
    const ssize_t n = read(fd, p + at, size - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refused(e, "read", path);
    if (n == 0) return cm_fail(e, CM_E_FORMAT, at, "%.180s was cut", path);
    at += (size_t)n;
  }
  return CM_OK;
}

static cm_code read_checked(int fd, const char *path, size_t size, uint8_t **out, cm_err *e) {
  struct stat st;
  if (fstat(fd, &st) != 0) return refused(e, "look at", path);
  if (!S_ISREG(st.st_mode)) return cm_fail(e, CM_E_IO, 0, "%.180s is not a regular file", path);
  cm_code code = check_own(&st, path, e);
  if (code) return code;
  if ((uint64_t)st.st_size != size)
    return cm_fail(e, CM_E_FORMAT, 0, "%.150s has %lld bytes instead of %zu", path,
                   (long long)st.st_size, size);
  *out = cm_realloc(NULL, size, 1);
  if (!*out) return cm_fail(e, CM_E_NOMEM, 0, "no memory for %.180s", path);
  code = read_all(fd, path, *out, size, e);
  if (!code) return CM_OK;
  cm_free(*out);
  *out = NULL;
  return code;
}

cm_code cm_os_private_read(const char *path, size_t size, uint8_t **out, cm_err *e) {
  *out = NULL;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return refused(e, "open", path);
  const cm_code code = read_checked(fd, path, size, out, e);
  close(fd);
  return code;
}

/* The temporary file is made with a mode that only its owner can read, and then gets the one of
 * all files: here that is taken back before a byte is in it. */
cm_code cm_os_out_private(cm_os_out *o, const char *path, bool keep_mode, cm_err *e) {
  struct stat st;
  const bool keep = keep_mode && stat(path, &st) == 0;
  cm_code code = cm_os_out_open(o, path, e);
  if (code || fchmod(o->fd, keep ? st.st_mode & 0777 : S_IRUSR | S_IWUSR) == 0) return code;
  code = cm_fail(e, CM_E_WRITE, 0, "can't set the mode of %.150s: %s", path, strerror(errno));
  cm_os_out_abort(o);
  return code;
}

bool cm_os_may_write(const char *folder) {
  char path[4096];
  int n = snprintf(path, sizeof path, "%s", folder);
  if (n <= 0 || (size_t)n >= sizeof path) return false;
  while (access(path, F_OK) != 0) {
    if (errno != ENOENT) return false;
    char *slash = strrchr(path, '/');
    if (!slash) return access(".", W_OK | X_OK) == 0;
    slash[slash == path] = 0; /* "/" stays */
  }
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, W_OK | X_OK) == 0;
}

void cm_os_touch(const char *path) { (void)utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW); }
