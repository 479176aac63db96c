/* Folders that a hostile command has been in: walked by descriptors, so that no link is followed
 * and no path is too long; nothing recurses. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/os_tree.h"
#include "sandbox/way.h"

/* Empty files fill a disk too: each counts as a page. */
enum { MAX_DEPTH = CM_OS_DEPTH_MAX + 1, MAX_ENTRIES = 100000, FILE_COST = 4096 };

static bool is_dots(const char *name) {
  return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static DIR *open_at(int at, const char *name) {
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
  if (fd >= 0 && !d) close(fd);
  return d;
}

/* Called for everything in a folder; `at` is the folder that has it. False stops the walk. */
typedef bool visit(void *ctx, int at, const char *name, const struct stat *st);

/* The next entry that isn't a dot, or NULL at the end of the folder. */
static const char *next_name(DIR *d) {
  struct dirent *entry;
  while ((entry = readdir(d)) && is_dots(entry->d_name)) continue;
  return entry ? entry->d_name : NULL;
}

/* 0; ELOOP past the limits; else an errno of a folder that can't be read. What vanishes meanwhile
 * is no error: a command may be at work. */
static int walk(const char *folder, visit *each, void *ctx) {
  DIR *stack[MAX_DEPTH];
  int depth = 0, bad = 0;
  size_t entries = 0;
  stack[0] = open_at(AT_FDCWD, folder);
  if (!stack[0]) return errno;
  while (depth >= 0 && !bad) {
    int at = dirfd(stack[depth]);
    const char *name = next_name(stack[depth]);
    struct stat st;
    if (!name) {
      closedir(stack[depth--]);
      continue;
    }
    if (++entries > MAX_ENTRIES) bad = ELOOP;
    if (bad || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!each(ctx, at, name, &st)) bad = EIO;
    if (bad || !S_ISDIR(st.st_mode)) continue;
    DIR *d = depth + 1 < MAX_DEPTH ? open_at(at, name) : NULL;
    if (d) stack[++depth] = d;
    else if (depth + 1 == MAX_DEPTH) bad = ELOOP;
  }
  while (depth >= 0) closedir(stack[depth--]);
  return bad;
}

/* --- owner ----------------------------------------------------------------------------------- */

/* A change of the owner takes setuid bits away; cases may be about them. */
static bool give(void *ctx, int at, const char *name, const struct stat *st) {
  uid_t uid = *(const unsigned *)ctx;
  if (st->st_uid == uid && st->st_gid == uid) return true;
  if (fchownat(at, name, uid, uid, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (S_ISREG(st->st_mode) && (st->st_mode & (S_ISUID | S_ISGID)))
    return fchmodat(at, name, st->st_mode & 07777, 0) == 0;
  return true;
}

cm_code cm_tree_give(const char *folder, unsigned uid, cm_err *e) {
  struct stat st;
  int bad = walk(folder, give, &uid);
  if (!bad && lstat(folder, &st) == 0 && !give(&uid, AT_FDCWD, folder, &st)) bad = errno;
  if (!bad) return CM_OK;
  if (bad == ELOOP) return cm_fail(e, CM_E_LIMIT, 0, "%.150s has too many files", folder);
  return cm_fail(e, CM_E_IO, 0, "can't give %.130s to user %u: %s", folder, uid, strerror(bad));
}

/* --- size ------------------------------------------------------------------------------------ */

static bool count(void *ctx, int at, const char *name, const struct stat *st) {
  (void)at, (void)name;
  *(uint64_t *)ctx += (uint64_t)st->st_blocks * 512 + FILE_COST;
  return true;
}

uint64_t cm_tree_bytes(const char *folder) {
  uint64_t bytes = 0;
  return walk(folder, count, &bytes) ? UINT64_MAX : bytes;
}

uint64_t cm_tree_free(const char *folder) {
  struct statvfs v;
  if (statvfs(folder, &v) != 0) return 0;
  return (uint64_t)v.f_bavail * v.f_frsize + (uint64_t)v.f_favail * FILE_COST;
}

/* --- making ---------------------------------------------------------------------------------- */

cm_code cm_sandbox_folder(const cm_sandbox *s, const char *parent, char *out, size_t size,
                          cm_err *e) {
  int n = snprintf(out, size, "%s/" CM_SANDBOX_FOLDER "XXXXXX", parent ? parent : "/tmp");
  if (n < 0 || (size_t)n >= size)
    return cm_fail(e, CM_E_LIMIT, 0, "the path of a folder is too long");
  if (!mkdtemp(out))
    return cm_fail(e, CM_E_IO, 0, "can't make a folder %.120s: %s", out, strerror(errno));
  if (!s->root || chown(out, CM_SANDBOX_UID, CM_SANDBOX_UID) == 0) return CM_OK;
  int why = errno;
  rmdir(out);
  return cm_fail(e, CM_E_IO, 0, "can't give away %.130s: %s", out, strerror(why));
}
