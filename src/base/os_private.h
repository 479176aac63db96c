/* base/os_private: files and folders that are the user's alone, such as settings. */
#ifndef CM_BASE_OS_PRIVATE_H
#define CM_BASE_OS_PRIVATE_H
#include <stdbool.h>

#include "base/os.h"

/* Creates the folders above `path` that aren't there, for this user alone (mode 0700).
 * CM_E_WRITE. */
cm_code cm_os_make_private(const char *path, cm_err *e);

/* cm_os_out_open for such a file: the new one has the mode of the one that stands there, and is
 * for this user alone (0600) if none does. */
cm_code cm_os_out_private(cm_os_out *o, const char *path, cm_err *e);

/* Whether this user may make files in a folder, or make the folder itself if it isn't there. Only
 * a guess: disks get full. */
bool cm_os_may_write(const char *folder);

#endif
