/* base/os_private: files that are this user's alone, in a folder that is. What another user could
 * have written is refused, whatever stands in it. */
#ifndef CM_BASE_OS_PRIVATE_H
#define CM_BASE_OS_PRIVATE_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/os.h"

/* Makes a folder of mode 0700, and those above it, if it isn't there. CM_E_IO: it can't be made,
 * or what stands there is a link or no folder, is another user's, or others may do something in
 * it. */
cm_code cm_os_private_folder(const char *path, cm_err *e);

/* Reads a whole file of exactly `size` bytes; *out is yours to cm_free. CM_E_NOTFOUND; CM_E_IO: it
 * is a link or no regular file, or another user's, or others may read or write it; CM_E_FORMAT: of
 * another size; CM_E_NOMEM. */
cm_code cm_os_private_read(const char *path, size_t size, uint8_t **out, cm_err *e);

/* cm_os_out_open for a file that is this user's alone (mode 0600) from its first byte on.
 * CM_E_WRITE. */
cm_code cm_os_private_out(cm_os_out *o, const char *path, cm_err *e);

/* Notes that a file was used: its time becomes now. Never fails. */
void cm_os_touch(const char *path);

#endif
