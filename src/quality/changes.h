/* quality/changes: what git says about the fixtures. */
#ifndef CM_QUALITY_CHANGES_H
#define CM_QUALITY_CHANGES_H
#include "quality/suite.h"

/* Reads the fixtures below `paths` as they were at `ref` (empty: where this branch left the main
 * one). Files that could not be read as fixtures there are left out, so that their cases count as
 * changed. CM_E_USAGE: no such ref, or this is no git repository; CM_E_NOTFOUND: no git. */
cm_code cm_changes_before(const char *ref, const char *const *paths, size_t n, cm_arena *a,
                          cm_suite *out, cm_err *e);

/* The commit that is checked out, 40 digits; empty when there is none to find. */
void cm_changes_commit(char out[65]);

#endif
