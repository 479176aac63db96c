/* base/os_ahead: brings a mapped file into memory before it is read, while something else is being
 * done. Without it a file on disk comes in small pieces, each when a page of it is touched. */
#ifndef CM_BASE_OS_AHEAD_H
#define CM_BASE_OS_AHEAD_H
#include "base/os.h"

/* Bytes from .. to of a file. */
typedef struct cm_os_span {
  size_t from, to;
} cm_os_span;

enum { CM_OS_SPANS_MAX = 4 };

typedef struct cm_os_ahead cm_os_ahead;

/* Reads n spans (at most CM_OS_SPANS_MAX) in order, by a thread of its own, which sleeps while the
 * disk works. NULL, which is no error: all of it seems to be in memory, or it has no room there,
 * or there is no thread. `m` must stay mapped until the end. */
cm_os_ahead *cm_os_ahead_start(const cm_map *m, const cm_os_span *spans, size_t n);
/* Stops it, wherever it is; NULL is fine. */
void cm_os_ahead_end(cm_os_ahead *a);

#endif
