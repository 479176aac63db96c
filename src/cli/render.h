/* cli/render: an answer as text. The JSON document is described by schemas/cmdai.answer.1.json. */
#ifndef CM_CLI_RENDER_H
#define CM_CLI_RENDER_H
#include "answer/answer.h"
#include "cli/execute.h"

/* Moments on cm_os_now_ns' clock. */
typedef struct cm_times {
  uint64_t start_ns, loaded_ns, done_ns;
} cm_times;

typedef struct cm_render {
  cm_str request;
  const cm_answer *answer;
  const cm_times *times;
  const cm_err *error;       /* NULL: there is an answer */
  const cm_outcome *outcome; /* NULL: nothing was to be run */
} cm_render;

/* One document and a newline. */
void cm_render_json(const cm_render *r, cm_buf *out);

/* The best command and a newline: for a terminal on one line with everything odd escaped, else its
 * exact bytes. */
void cm_render_plain(const cm_answer *a, bool terminal, cm_buf *out);

#endif
