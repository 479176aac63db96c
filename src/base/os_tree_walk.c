#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_tree.h"
#include "base/os_tree_parts.h"

typedef struct walker {
  const cm_os_walk *w;
  cm_err *e;
  size_t entries;
  uint64_t bytes;
  size_t n;                  /* of path */
  char path[CM_OS_PATH_MAX]; /* of what is looked at */
  char block[16 * CM_OS_BLOCK];
} walker;

static cm_code fail(walker *k) {
  return cm_fail(k->e, CM_E_IO, 0, "can't look at %.150s: %s", k->n ? k->path : "the folder",
                 strerror(errno));
}

static bool zero(const char *p, size_t n) { return !n || (!*p && !memcmp(p, p + 1, n - 1)); }

/* Hands over the blocks of a chunk that hold something. */
static cm_code give(walker *k, uint64_t offset, size_t n) {
  cm_code code = CM_OK;
  for (size_t at = 0; !code && at < n; at += CM_OS_BLOCK) {
    size_t m = n - at < CM_OS_BLOCK ? n - at : CM_OS_BLOCK;
    if (!zero(k->block + at, m))
      code = k->w->data(k->w->user, offset + at, k->block + at, m, k->e);
  }
  return code;
}

/* Fills the block buffer from `offset`; fewer bytes at the end of the file. */
static ssize_t read_at(walker *k, int fd, uint64_t offset, size_t want) {
  size_t got = 0;
  while (got < want) {
    ssize_t n = pread(fd, k->block + got, want - got, (off_t)(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    got += (size_t)n;
  }
  return (ssize_t)got;
}

/* The next stretch with data at or behind `at`: [*at, *end), widened to whole blocks; false: there
 * is none. Where the file system knows no holes all is data. */
static bool next_data(int fd, uint64_t size, uint64_t *at, uint64_t *end) {
  if (*at >= size) return false;
#ifdef SEEK_DATA
  off_t data = lseek(fd, (off_t)*at, SEEK_DATA);
  if (data < 0 && errno == ENXIO) return false;
  if (data >= 0) {
    off_t hole = lseek(fd, data, SEEK_HOLE);
    if ((uint64_t)data > *at) *at = (uint64_t)data / CM_OS_BLOCK * CM_OS_BLOCK;
    *end = hole < 0 ? size : ((uint64_t)hole + CM_OS_BLOCK - 1) / CM_OS_BLOCK * CM_OS_BLOCK;
    if (*end > size) *end = size;
    return *end > *at;
  }
#endif
  *end = size;
  return true;
}

static cm_code read_data(walker *k, int fd, uint64_t size) {
  uint64_t at = 0, end = 0;
  while (next_data(fd, size, &at, &end)) {
    while (at < end) {
      size_t want = end - at < sizeof k->block ? (size_t)(end - at) : sizeof k->block;
      ssize_t n = read_at(k, fd, at, want);
      if (n < 0) return fail(k);
      k->bytes += (uint64_t)n;
      if (k->bytes > k->w->max_bytes)
        return cm_fail(k->e, CM_E_LIMIT, 0, "the files hold more than %llu bytes",
                       (unsigned long long)k->w->max_bytes);
      cm_code code = give(k, at, (size_t)n);
      if (code || n == 0) return code;
      at += (uint64_t)n;
    }
  }
  return CM_OK;
}

static cm_code look_file(walker *k, int in, const char *name, const struct stat *st) {
  struct stat opened;
  if (st->st_size == 0) return CM_OK;
  int fd = cm_os_force_open(in, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0400);
  if (fd < 0) return fail(k);
  cm_code code = CM_OK;
  if (fstat(fd, &opened) || !S_ISREG(opened.st_mode))
    code = cm_fail(k->e, CM_E_IO, 0, "%.150s changes while it is looked at", k->path);
  else code = read_data(k, fd, (uint64_t)st->st_size);
  if (!code && opened.st_mode != st->st_mode && fchmod(fd, st->st_mode & 07777)) code = fail(k);
  close(fd);
  return code;
}

static cm_os_kind kind_of(mode_t mode) {
  return S_ISREG(mode)    ? CM_OS_FILE
         : S_ISDIR(mode)  ? CM_OS_DIR
         : S_ISLNK(mode)  ? CM_OS_LINK
         : S_ISFIFO(mode) ? CM_OS_FIFO
                          : CM_OS_OTHER;
}

/* Times that nanoseconds can't hold (the year 2262) become the last ones that they can. */
static int64_t mtime_ns(const struct stat *st) {
  const int64_t most = INT64_C(9000000000);
#ifdef __APPLE__
  const struct timespec t = st->st_mtimespec;
#else
  const struct timespec t = st->st_mtim;
#endif
  int64_t s = (int64_t)t.tv_sec;
  return (s > most ? most : s < -most ? -most : s) * 1000000000 + (int64_t)t.tv_nsec;
}

static cm_code report(walker *k, const struct stat *st, cm_str target) {
  if (++k->entries > k->w->max_entries)
    return cm_fail(k->e, CM_E_LIMIT, 0, "there are more than %zu files", k->w->max_entries);
  bool file = S_ISREG(st->st_mode);
  const cm_os_entry entry = {.path = {k->path, k->n},
                             .kind = kind_of(st->st_mode),
                             .mode = (unsigned)st->st_mode & 07777u,
                             .size = file ? (uint64_t)st->st_size : 0,
                             .links = file ? (uint64_t)st->st_nlink : 0,
                             .mtime_ns = mtime_ns(st),
                             .target = target};
  return k->w->entry(k->w->user, &entry, k->e);
}

static cm_code look(walker *k, int in, const char *name, unsigned depth);

/* Appends a name to the path; false: the path is too long. */
static bool push(walker *k, const char *name) {
  size_t n = strlen(name), slash = k->n ? 1 : 0;
  if (k->n + slash + n >= sizeof k->path) return false;
  if (slash) k->path[k->n] = '/';
  memcpy(k->path + k->n + slash, name, n + 1);
  k->n += slash + n;
  return true;
}

static cm_code look_in(walker *k, DIR *dir, unsigned depth) {
  cm_code code = CM_OK;
  size_t n = k->n;
  for (struct dirent *d; !code && (d = readdir(dir));) {
    if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
    if (depth >= CM_OS_DEPTH_MAX || !push(k, d->d_name))
      return cm_fail(k->e, CM_E_LIMIT, 0, "there are folders deeper than %d", CM_OS_DEPTH_MAX);
    code = look(k, dirfd(dir), d->d_name, depth + 1);
    k->path[k->n = n] = 0;
  }
  return code;
}

static cm_code look_dir(walker *k, int in, const char *name, const struct stat *st,
                        unsigned depth) {
  struct stat opened;
  int fd = cm_os_force_open(in, name, CM_OS_OPEN_DIR, 0500);
  DIR *dir = fd >= 0 && !fstat(fd, &opened) ? fdopendir(fd) : NULL;
  if (!dir) {
    cm_code code = fail(k);
    if (fd >= 0) close(fd);
    return code;
  }
  /* One that can be listed but not searched opens, and shows nothing of what it names. */
  bool searched = (opened.st_mode & 0100) || !fchmod(fd, (opened.st_mode & 07777) | 0100);
  cm_code code = searched ? look_in(k, dir, depth) : fail(k);
  if (!code && (!(st->st_mode & 0100) || opened.st_mode != st->st_mode) &&
      fchmod(fd, st->st_mode & 07777))
    code = fail(k);
  closedir(dir);
  return code;
}

static cm_code look_link(walker *k, int in, const char *name, const struct stat *st) {
  char target[CM_OS_PATH_MAX];
  ssize_t n = readlinkat(in, name, target, sizeof target);
  return n < 0 ? fail(k) : report(k, st, (cm_str){target, (size_t)n});
}

static cm_code look(walker *k, int in, const char *name, unsigned depth) {
  struct stat st;
  if (fstatat(in, name, &st, AT_SYMLINK_NOFOLLOW)) return fail(k);
  if (S_ISLNK(st.st_mode)) return look_link(k, in, name, &st);
  cm_code code = S_ISREG(st.st_mode) ? look_file(k, in, name, &st) : CM_OK;
  if (!code) code = report(k, &st, (cm_str){"", 0});
  if (!code && S_ISDIR(st.st_mode)) code = look_dir(k, in, name, &st, depth);
  return code;
}

cm_code cm_os_tree_walk(const char *path, const cm_os_walk *walk, cm_err *e) {
  struct stat st;
  walker k = {.w = walk, .e = e};
  if (lstat(path, &st))
    return cm_fail(e, errno == ENOENT ? CM_E_NOTFOUND : CM_E_IO, 0, "can't look at %.180s: %s",
                   path, strerror(errno));
  if (!S_ISDIR(st.st_mode)) return cm_fail(e, CM_E_IO, 0, "%.180s is not a folder", path);
  return look(&k, AT_FDCWD, path, 0);
}
