/* Where data lies that the project uses but does not hold: $CM_SHARED, else ../shared beside the
 * sources. */
#ifndef CM_TESTS_SHARED_H
#define CM_TESTS_SHARED_H
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Path of a file there, or NULL when it is absent. Overwritten by the next call. */
static inline const char *cm_shared_path(const char *file) {
  static char path[4096];
  const char *dir = getenv("CM_SHARED");
  snprintf(path, sizeof path, "%s/%s", dir && *dir ? dir : CM_SOURCE_DIR "/../shared", file);
  return access(path, R_OK) == 0 ? path : NULL;
}

#endif
