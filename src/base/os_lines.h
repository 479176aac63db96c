/* base/os_lines: a file that only grows, line by line. */
#ifndef CM_BASE_OS_LINES_H
#define CM_BASE_OS_LINES_H
#include "base/err.h"
#include "base/mem.h"

/* Creates the folders above `path`, as far as the system lets: opening the file says whether it
 * did. */
void cm_os_make_folders(const char *path);

typedef struct cm_os_lines {
  int fd;
  uint64_t synced_ns; /* when the disk had all of it; 0: never */
  char path[4096];
} cm_os_lines;

/* Creates `path` (and the folders above it), or empties it; with `go_on` it is continued, behind
 * its last whole line: what a killed program left of a line is cut off. Another program that has
 * it open this way makes it CM_E_IO. */
cm_code cm_os_lines_open(cm_os_lines *l, const char *path, bool go_on, cm_err *e);
/* Appends one line, its newline included; when it returns, the line is the system's, and a killed
 * program loses nothing. The disk has the first line at once and the others within a quarter of a
 * second of lines, or by cm_os_lines_close: to wait for it costs more than most lines took. */
cm_code cm_os_lines_add(cm_os_lines *l, const cm_buf *line, cm_err *e);
void cm_os_lines_close(cm_os_lines *l); /* fine when open failed */

#endif
