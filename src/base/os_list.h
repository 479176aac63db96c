/* base/os_list: what stands in a folder. */
#ifndef CM_BASE_OS_LIST_H
#define CM_BASE_OS_LIST_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef enum cm_os_kind { CM_OS_FILE, CM_OS_DIR, CM_OS_OTHER } cm_os_kind;

typedef struct cm_os_entry {
  cm_str name; /* with a NUL behind it */
  cm_os_kind kind;
} cm_os_entry;

/* What a path is, through links. CM_E_NOTFOUND, CM_E_IO. */
cm_code cm_os_kind_of(const char *path, cm_os_kind *out, cm_err *e);

/* The names in a folder but "." and "..", sorted by their bytes, in `a`. A link counts as what it
 * leads to, but a link to a folder is CM_OS_OTHER, so that walks end; so is what can't be looked
 * at. CM_E_LIMIT: more than `max` names. CM_E_NOTFOUND, CM_E_IO, CM_E_NOMEM. */
cm_code cm_os_list(const char *path, size_t max, cm_arena *a, cm_os_entry **out, size_t *n,
                   cm_err *e);

#endif
