#include "base/os_hold.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int cm_os_hold(const char *path) {
  int fd = open(path, FOLDER);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  close(fd);
  return -1;
}

void cm_os_release(int hold) {
  if (hold >= 0) close(hold);
}

/* A folder is young when it was just made and will be held in a moment. */
static bool is_left(const struct stat *st, unsigned other_uid) {
  const bool own = st->st_uid == geteuid() || (geteuid() == 0 && st->st_uid == other_uid);
  return own && S_ISDIR(st->st_mode) && time(NULL) - st->st_mtime > CM_OS_LEFT_SECONDS;
}

static void drop_left(const char *path, unsigned other_uid, void (*drop)(const char *path)) {
  struct stat st;
  if (lstat(path, &st) != 0 || !is_left(&st, other_uid)) return;
  int hold = cm_os_hold(path);
  if (hold >= 0) drop(path);
  cm_os_release(hold);
}

void cm_os_each_left(const char *where, const char *prefix, unsigned other_uid,
                     void (*drop)(const char *path)) {
  DIR *dir = opendir(where);
  if (!dir) return;
  for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
    char path[4096];
    if (strncmp(d->d_name, prefix, strlen(prefix)) != 0) continue;
    int n = snprintf(path, sizeof path, "%s/%s", where, d->d_name);
    if (n > 0 && (size_t)n < sizeof path) drop_left(path, other_uid, drop);
  }
  closedir(dir);
}
