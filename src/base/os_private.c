#include "base/os_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

cm_code cm_os_out_private(cm_os_out *o, const char *path, cm_err *e) {
  struct stat st;
  const bool is_there = stat(path, &st) == 0;
  cm_code code = cm_os_out_open(o, path, e);
  if (code) return code;
  if (fchmod(o->fd, is_there ? st.st_mode & 0777 : 0600) == 0) return CM_OK;
  cm_os_out_abort(o);
  return cm_fail(e, CM_E_WRITE, 0, "can't set the mode of %.150s: %s", path, strerror(errno));
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
