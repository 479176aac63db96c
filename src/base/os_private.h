/* base/os_private: files and folders that are this user's alone, such as settings and what is kept
 * between runs. What another user could have written is refused, whatever stands in it. */
#ifndef CM_BASE_OS_PRIVATE_H
#define CM_BASE_OS_PRIVATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"

/* Creates the folders above `path` that aren't there, for this user alone (mode 0700).
 * CM_E_WRITE. */
cm_code cm_os_make_private(const char *path, cm_err *e);

/* Makes a folder of mode 0700, and those above it, if it isn't there. CM_E_IO: it can't be made,
 * or what stands there is a link or no folder, is another user's, or others may do something in
 * it. */
cm_code cm_os_private_folder(const char *path, cm_err *e);

/* Reads a whole file of exactly `size` bytes; *out is yours to cm_free. CM_E_NOTFOUND; CM_E_IO: it
 * is a link or no regular file, or another user's, or others may read or write it; CM_E_FORMAT: of
 * another size; CM_E_NOMEM. */
cm_code cm_os_private_read(const char *path, size_t size, uint8_t **out, cm_err *e);

/* cm_os_out_open for a file that is this user's alone (0600) from its first byte on. With
 * `keep_mode` it has the mode of the one that it replaces, if there is one. CM_E_WRITE. */
cm_code cm_os_out_private(cm_os_out *o, const char *path, bool keep_mode, cm_err *e);

/* Whether this user may make files in a folder, or make the folder itself if it isn't there. Only
 * a guess: disks get full. */
bool cm_os_may_write(const char *folder);

/* Notes that a file was used: its time becomes now. Never fails. */
void cm_os_touch(const char *path);

#endif
