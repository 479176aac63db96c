/* cli/progress: how far a run of tests is. On a terminal a bar on the last line of stderr, and
 * failures above it as they come; else one stable line a failure, and nothing that moves. */
#ifndef CM_CLI_PROGRESS_H
#define CM_CLI_PROGRESS_H
#include "cli/cli.h"
#include "quality/record.h"

typedef struct cm_progress {
  const cm_opts *o;
  bool bar;
  size_t total, done, passed, failed;
  uint64_t start_ns, shown_ns;
} cm_progress;

void cm_progress_begin(cm_progress *p, const cm_opts *o, size_t total);
void cm_progress_add(cm_progress *p, const cm_result *r);
void cm_progress_end(cm_progress *p); /* takes the bar away */

#endif
