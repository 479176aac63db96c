/* Making and removing; looking is in os_tree_walk.c. */
#include "base/os_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/os_tree_parts.h"

int64_t cm_os_wall_seconds(void) { return (int64_t)time(NULL); }

const char *cm_os_memory_folder(uint64_t bytes) {
#ifdef __linux__
  static const char path[] = "/dev/shm";
  struct stat st;
  struct statvfs fs;
  if (lstat(path, &st) || !S_ISDIR(st.st_mode) || (st.st_mode & 01777) != 01777) return NULL;
  if (statvfs(path, &fs) || (fs.f_flag & (ST_NOEXEC | ST_RDONLY))) return NULL;
  return (uint64_t)fs.f_bavail * fs.f_frsize >= bytes ? path : NULL;
#else
  (void)bytes;
  return NULL;
#endif
}

/* --- making --------------------------------------------------------------------------------- */

static cm_code fail(cm_err *e, const char *doing, cm_str path) {
  return cm_fail(e, CM_E_WRITE, 0, "can't %s %.*s: %s", doing, (int)(path.n < 150 ? path.n : 150),
                 path.p, strerror(errno));
}

static cm_code refuse(cm_err *e, cm_str path, const char *why) {
  return cm_fail(e, CM_E_FORMAT, 0, "%.*s: %s", (int)(path.n < 150 ? path.n : 150), path.p, why);
}

cm_code cm_os_tree_open(cm_os_tree *t, const char *path, cm_err *e) {
  t->parent = -1;
  t->n = 0;
  t->root = open(path, CM_OS_OPEN_DIR);
  if (t->root >= 0) return CM_OK;
  return cm_fail(e, errno == ENOENT ? CM_E_NOTFOUND : CM_E_IO, 0, "can't open %.180s: %s", path,
                 strerror(errno));
}

static void leave(cm_os_tree *t) {
  if (t->parent >= 0) close(t->parent);
  t->parent = -1;
}

void cm_os_tree_close(cm_os_tree *t) {
  leave(t);
  if (t->root >= 0) close(t->root);
  t->root = -1;
}

/* Every name of the path is one, and there aren't too many. */
static bool sound(cm_str path) {
  if (!path.n || path.n >= CM_OS_PATH_MAX || memchr(path.p, 0, path.n)) return false;
  size_t depth = 0;
  for (size_t at = 0; at <= path.n; depth++) {
    size_t end = at;
    while (end < path.n && path.p[end] != '/') end++;
    cm_str name = {path.p + at, end - at};
    if (!name.n || cm_str_is(name, ".") || cm_str_is(name, "..")) return false;
    at = end + 1;
  }
  return depth <= CM_OS_DEPTH_MAX;
}

/* The folder `name` in `in`, made if it isn't there; below 0: errno says why not. */
static int enter(int in, const char *name) {
  int fd = openat(in, name, CM_OS_OPEN_DIR);
  if (fd >= 0 || errno != ENOENT) return fd;
  return mkdirat(in, name, 0700) ? -1 : openat(in, name, CM_OS_OPEN_DIR);
}

/* Goes to the folder `path`, which t->at keeps NUL-terminated, name by name. */
static cm_code go(cm_os_tree *t, cm_str path, cm_err *e) {
  if (t->parent >= 0 && t->n == path.n && (!path.n || !memcmp(t->at, path.p, path.n)))
    return CM_OK;
  leave(t);
  if (path.n) memcpy(t->at, path.p, path.n);
  t->at[t->n = path.n] = 0;
  t->parent = openat(t->root, ".", CM_OS_OPEN_DIR);
  for (size_t at = 0; t->parent >= 0 && at < path.n;) {
    size_t n = strcspn(t->at + at, "/");
    char kept = t->at[at + n];
    t->at[at + n] = 0;
    int below = enter(t->parent, t->at + at), why = errno;
    t->at[at + n] = kept;
    close(t->parent);
    t->parent = below;
    errno = why;
    at += n + 1;
  }
  if (t->parent >= 0) return CM_OK;
  if (errno == ENOTDIR || errno == ELOOP) return refuse(e, path, "something in it is no folder");
  return fail(e, "make the folder", path);
}

static cm_code write_at(int fd, const char *p, size_t n, uint64_t offset) {
  while (n) {
    ssize_t w = pwrite(fd, p, n, (off_t)offset);
    if (w < 0 && errno == EINTR) continue;
    if (w <= 0) return CM_E_WRITE;
    p += w, n -= (size_t)w, offset += (uint64_t)w;
  }
  return CM_OK;
}

/* Repeats the text up to the size, many copies at once. */
static cm_code fill(int fd, const cm_os_node *node) {
  char block[16384];
  size_t n = node->text.n, copies = 0;
  if (n > sizeof block / 2) {
    for (uint64_t at = 0; at < node->size; at += n)
      if (write_at(fd, node->text.p, (size_t)(node->size - at < n ? node->size - at : n), at))
        return CM_E_WRITE;
    return CM_OK;
  }
  for (; (copies + 1) * n <= sizeof block; copies++) memcpy(block + copies * n, node->text.p, n);
  for (uint64_t at = 0, step = copies * n; at < node->size; at += step)
    if (write_at(fd, block, (size_t)(node->size - at < step ? node->size - at : step), at))
      return CM_E_WRITE;
  return CM_OK;
}

static cm_code fill_file(int fd, const cm_os_node *node) {
  const struct timespec times[2] = {{.tv_sec = (time_t)node->mtime},
                                    {.tv_sec = (time_t)node->mtime}};
  size_t n = node->text.n < node->size ? node->text.n : (size_t)node->size;
  bool hole = n < node->size && (node->sparse || !n);
  cm_code code = hole || n == node->size ? write_at(fd, node->text.p, n, 0) : fill(fd, node);
  if (code) return code;
  if (hole && ftruncate(fd, (off_t)node->size)) return CM_E_WRITE;
  return fchmod(fd, (mode_t)node->mode) || futimens(fd, times) ? CM_E_WRITE : CM_OK;
}

static cm_code make_file(cm_os_tree *t, const char *name, const cm_os_node *node) {
  int fd = openat(t->parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return CM_E_WRITE;
  cm_code code = fill_file(fd, node);
  int why = errno;
  close(fd);
  errno = why;
  return code;
}

static cm_code make_link(cm_os_tree *t, const char *name, const cm_os_node *node) {
  char target[CM_OS_PATH_MAX];
  if (node->text.n >= sizeof target || memchr(node->text.p, 0, node->text.n)) {
    errno = ENAMETOOLONG;
    return CM_E_WRITE;
  }
  memcpy(target, node->text.p, node->text.n);
  target[node->text.n] = 0;
  return symlinkat(target, t->parent, name) ? CM_E_WRITE : CM_OK;
}

static cm_code make(cm_os_tree *t, const char *name, const cm_os_node *node) {
  const struct timespec times[2] = {{.tv_sec = (time_t)node->mtime},
                                    {.tv_sec = (time_t)node->mtime}};
  if (node->kind == CM_OS_FILE) return make_file(t, name, node);
  if (node->kind == CM_OS_DIR) {
    int fd = enter(t->parent, name);
    if (fd >= 0) close(fd);
    return fd < 0 ? CM_E_WRITE : CM_OK;
  }
  cm_code code = CM_OK;
  if (node->kind == CM_OS_LINK) code = make_link(t, name, node);
  else if (mkfifoat(t->parent, name, 0600) ||
           fchmodat(t->parent, name, (mode_t)node->mode, AT_SYMLINK_NOFOLLOW))
    code = CM_E_WRITE;
  if (!code && utimensat(t->parent, name, times, AT_SYMLINK_NOFOLLOW)) code = CM_E_WRITE;
  return code;
}

/* Cuts the last name off; it becomes out[NAME_MAX + 1]. */
static cm_code split(cm_str path, cm_str *folder, char *out, cm_err *e) {
  if (!sound(path)) return refuse(e, path, "can't be a path below a folder");
  size_t at = path.n;
  while (at && path.p[at - 1] != '/') at--;
  if (path.n - at > NAME_MAX) return refuse(e, path, "a name is too long");
  memcpy(out, path.p + at, path.n - at);
  out[path.n - at] = 0;
  *folder = (cm_str){path.p, at ? at - 1 : 0};
  return CM_OK;
}

cm_code cm_os_tree_make(cm_os_tree *t, const cm_os_node *node, cm_err *e) {
  char name[NAME_MAX + 1];
  cm_str folder;
  if (node->kind == CM_OS_OTHER)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "only files, folders, links and fifos can be made");
  cm_code code = split(node->path, &folder, name, e);
  if (!code) code = go(t, folder, e);
  if (code || !make(t, name, node)) return code;
  if (errno == EEXIST || errno == ENOTDIR || errno == ELOOP)
    return refuse(e, node->path, "something stands there already");
  return fail(e, "make", node->path);
}

cm_code cm_os_tree_stamp(cm_os_tree *t, cm_str path, unsigned mode, int64_t mtime, cm_err *e) {
  const struct timespec times[2] = {{.tv_sec = (time_t)mtime}, {.tv_sec = (time_t)mtime}};
  cm_code code =
      path.n && !sound(path) ? refuse(e, path, "can't be a path below a folder") : go(t, path, e);
  if (code) return code;
  bool bad = futimens(t->parent, times) || fchmod(t->parent, (mode_t)mode);
  return bad ? fail(e, "stamp", path) : CM_OK;
}

/* --- removing ------------------------------------------------------------------------------- */

int cm_os_force_open(int in, const char *name, int flags, unsigned need) {
  struct stat st;
  int fd = openat(in, name, flags);
  if (fd >= 0 || errno != EACCES) return fd;
  if (fstatat(in, name, &st, AT_SYMLINK_NOFOLLOW) || S_ISLNK(st.st_mode)) return -1;
  if (fchmodat(in, name, (st.st_mode & 07777) | (mode_t)need, AT_SYMLINK_NOFOLLOW)) return -1;
  return openat(in, name, flags);
}

/* Where removing stands: folders that are too deep are moved to the top, so that no depth needs
 * more descriptors or stack than this. */
typedef struct removal {
  int top;
  uint64_t moved;
} removal;

enum { REMOVE_DEPTH = 32 };

static bool dots(const char *name) { return !strcmp(name, ".") || !strcmp(name, ".."); }

/* Moves a folder to the top under a name that is free there; it must be writable, since its ".."
 * changes. */
static bool move_up(removal *r, int in, const char *name) {
  char fresh[32];
  struct stat st;
  int fd = cm_os_force_open(in, name, CM_OS_OPEN_DIR, 0700);
  if (fd < 0) return false;
  bool ok = !fchmod(fd, 0700);
  close(fd);
  do snprintf(fresh, sizeof fresh, ".%llu", (unsigned long long)++r->moved);
  while (!fstatat(r->top, fresh, &st, AT_SYMLINK_NOFOLLOW));
  return ok && !renameat(in, name, r->top, fresh);
}

static bool empty(removal *r, int fd, unsigned depth);

static bool remove_one(removal *r, int in, const char *name, unsigned depth) {
  if (!unlinkat(in, name, 0)) return true;
  if (errno != EISDIR && errno != EPERM) return false;
  if (!unlinkat(in, name, AT_REMOVEDIR)) return true;
  if (depth >= REMOVE_DEPTH) return move_up(r, in, name);
  int fd = cm_os_force_open(in, name, CM_OS_OPEN_DIR, 0700);
  return fd >= 0 && empty(r, fd, depth + 1) && !unlinkat(in, name, AT_REMOVEDIR);
}

/* Removes what is in the open folder, and closes it. A folder that changes while it is read may
 * hide names: it is read again until a whole reading finds none. */
static bool empty(removal *r, int fd, unsigned depth) {
  bool ok = !fchmod(fd, 0700), found = true;
  DIR *dir = ok ? fdopendir(fd) : NULL;
  if (!dir) {
    close(fd);
    return false;
  }
  while (ok && found) {
    found = false;
    rewinddir(dir);
    for (struct dirent *d; ok && (d = readdir(dir));) {
      if (dots(d->d_name)) continue;
      found = true;
      ok = remove_one(r, fd, d->d_name, depth);
    }
  }
  int why = errno;
  closedir(dir);
  errno = why;
  return ok;
}

cm_code cm_os_tree_remove(const char *path, cm_err *e) {
  removal r = {0};
  int fd = cm_os_force_open(AT_FDCWD, path, CM_OS_OPEN_DIR, 0700);
  r.top = fd >= 0 ? openat(fd, ".", CM_OS_OPEN_DIR) : -1;
  if (fd >= 0 && r.top < 0 && errno == EACCES && !fchmod(fd, 0700))
    r.top = openat(fd, ".", CM_OS_OPEN_DIR);
  bool ok = r.top >= 0 && empty(&r, fd, 0) && !rmdir(path);
  int why = errno;
  if (fd >= 0 && r.top < 0) close(fd);
  if (r.top >= 0) close(r.top);
  if (ok) return CM_OK;
  return cm_fail(e, why == ENOENT ? CM_E_NOTFOUND : CM_E_IO, 0, "can't remove %.180s: %s", path,
                 strerror(why));
}
