/* What os_tree.c and os_tree_walk.c share. */
#ifndef CM_BASE_OS_TREE_PARTS_H
#define CM_BASE_OS_TREE_PARTS_H
#include <fcntl.h>
#include <limits.h>

#define CM_OS_OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* openat without creating; what its owner may not open gets the permission bits `need` first
 * (never behind a link), and keeps them. Below 0: errno says why. */
int cm_os_force_open(int in, const char *name, int flags, unsigned need);

#endif
