#include "base/os_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct list {
  cm_os_entry *items;
  size_t n, cap, max;
  cm_arena *arena;
  const char *path;
  cm_err *e;
} list;

static cm_code refused(cm_err *e, const char *path) {
  cm_code code = errno == ENOENT || errno == ENOTDIR ? CM_E_NOTFOUND : CM_E_IO;
  return cm_fail(e, code, 0, "can't read %.150s: %s", path, strerror(errno));
}

static cm_os_kind kind_of(mode_t mode) {
  return S_ISREG(mode) ? CM_OS_FILE : S_ISDIR(mode) ? CM_OS_DIR : CM_OS_OTHER;
}

cm_code cm_os_kind_of(const char *path, cm_os_kind *out, cm_err *e) {
  struct stat st;
  if (stat(path, &st) != 0) return refused(e, path);
  *out = kind_of(st.st_mode);
  return CM_OK;
}

static cm_os_kind kind_at(int folder, const char *name) {
  struct stat st, behind;
  if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return CM_OS_OTHER;
  if (!S_ISLNK(st.st_mode)) return kind_of(st.st_mode);
  if (fstatat(folder, name, &behind, 0) != 0) return CM_OS_OTHER;
  return S_ISREG(behind.st_mode) ? CM_OS_FILE : CM_OS_OTHER;
}

static cm_code grow(list *l) {
  size_t cap = l->cap ? l->cap * 2 : 32;
  cm_os_entry *more = cm_arena_alloc(l->arena, cap, sizeof *more);
  if (!more) return cm_fail(l->e, CM_E_NOMEM, 0, "%.150s: out of memory", l->path);
  if (l->n) memcpy(more, l->items, l->n * sizeof *more);
  l->items = more, l->cap = cap;
  return CM_OK;
}

static cm_code add(list *l, int folder, const char *name) {
  if (l->n == l->max)
    return cm_fail(l->e, CM_E_LIMIT, 0, "%.150s: more than %zu names", l->path, l->max);
  cm_code code = l->n == l->cap ? grow(l) : CM_OK;
  if (code) return code;
  size_t n = strlen(name);
  char *copy = cm_arena_strdup(l->arena, name, n);
  if (!copy) return cm_fail(l->e, CM_E_NOMEM, 0, "%.150s: out of memory", l->path);
  l->items[l->n++] = (cm_os_entry){{copy, n}, kind_at(folder, name)};
  return CM_OK;
}

static int by_name(const void *x, const void *y) {
  const cm_os_entry *a = x, *b = y;
  return strcmp(a->name.p, b->name.p);
}

cm_code cm_os_list(const char *path, size_t max, cm_arena *a, cm_os_entry **out, size_t *n,
                   cm_err *e) {
  list l = {.max = max, .arena = a, .path = path, .e = e};
  *out = NULL, *n = 0;
  DIR *d = opendir(path);
  if (!d) return refused(e, path);
  cm_code code = CM_OK;
  errno = 0;
  for (struct dirent *at = readdir(d); at && !code; at = readdir(d)) {
    if (strcmp(at->d_name, ".") != 0 && strcmp(at->d_name, "..") != 0)
      code = add(&l, dirfd(d), at->d_name);
    errno = 0;
  }
  if (!code && errno) code = refused(e, path);
  closedir(d);
  if (code) return code;
  if (l.n) qsort(l.items, l.n, sizeof *l.items, by_name);
  *out = l.items, *n = l.n;
  return CM_OK;
}
