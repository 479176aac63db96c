/* base/os_file: files that outlive a process: which one is which, locks, files that grow. */
#ifndef CM_BASE_OS_FILE_H
#define CM_BASE_OS_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What tells whether a file is still the one that was looked at. */
typedef struct cm_os_identity {
  uint64_t device, inode, bytes;
  int64_t mtime_ns; /* since 1970 */
} cm_os_identity;

/* Of a regular file, through links. CM_E_NOTFOUND; CM_E_IO: no permission, or no regular file. */
cm_code cm_os_identify(const char *path, cm_os_identity *out, cm_err *e);

/* Whether nobody but its owner (and root) may read the file. */
bool cm_os_is_private(const char *path);

/* Bytes that this user may still write where `folder` is; UINT64_MAX where the system doesn't
 * say. */
uint64_t cm_os_free_bytes(const char *folder);

/* Makes `out` the absolute path of what is there, without links. CM_E_NOTFOUND, CM_E_IO. */
cm_code cm_os_real_path(const char *path, char *out, size_t size, cm_err *e);

/* --- locks ------------------------------------------------------------------------------------
 * Advisory, held by a descriptor: they end with the process, however it ends. */

typedef enum cm_os_lock_kind {
  CM_OS_SHARED, /* of a file that is there */
  CM_OS_ALONE   /* of a file that is there */
} cm_os_lock_kind;

/* Tries to lock a file; *fd < 0 when another one holds it. With `make` the file is made.
 * CM_E_NOTFOUND, CM_E_IO. */
cm_code cm_os_lock_try(const char *path, cm_os_lock_kind kind, bool make, int *fd, cm_err *e);
/* Makes the file if need be and waits for the lock, alone. CM_E_CANCELLED: *cancel (may be NULL)
 * became non-zero; CM_E_IO. */
cm_code cm_os_lock_wait(const char *path, const volatile int *cancel, int *fd, cm_err *e);
void cm_os_unlock(int fd); /* < 0 is fine */

/* --- a file that grows ------------------------------------------------------------------- */

/* Opens for appending and reading; it is made if it isn't there. *bytes: what it has.
 * CM_E_WRITE. */
cm_code cm_os_grow_open(const char *path, int *fd, uint64_t *bytes, cm_err *e);
/* Cuts it to `bytes`; what is written next stands there. CM_E_WRITE. */
cm_code cm_os_grow_cut(int fd, uint64_t bytes, cm_err *e);
/* Reads up to `n` bytes at `at`; *got is less only at its end. CM_E_IO. */
cm_code cm_os_grow_read(int fd, uint64_t at, void *p, size_t n, size_t *got, cm_err *e);
/* Lets the system begin to bring bytes to the disk, so that the end needn't wait for all of them;
 * never fails. */
void cm_os_grow_push(int fd, uint64_t from, uint64_t bytes);
/* Brings it to the disk and gives it its name, whole: what stood there is replaced. Closes `fd`.
 * CM_E_WRITE. */
cm_code cm_os_grow_finish(int fd, const char *path, const char *name, cm_err *e);
void cm_os_close(int fd); /* < 0 is fine */

/* --- names ------------------------------------------------------------------------------- */

/* CM_OK also when there is nothing to remove; CM_E_WRITE. */
cm_code cm_os_remove_file(const char *path, cm_err *e);
/* A second name for a file; false when the system can't (another disk, the name is taken). */
bool cm_os_link(const char *from, const char *to);

#endif
