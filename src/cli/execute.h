/* cli/execute: `-x`. Asks where the safety level says so, and runs a command as the user's shell
 * would. */
#ifndef CM_CLI_EXECUTE_H
#define CM_CLI_EXECUTE_H
#include "answer/answer.h"
#include "cli/opts.h"

typedef struct cm_outcome {
  bool executed;
  int status; /* of the program: the command's own when it ran, else why it did not (CM_EXIT_…) */
} cm_outcome;

/* The best answer's command. Questions and notes go to the terminal and stderr; with JSON output
 * the command's stdout does too. `arena` is for scratch. */
cm_outcome cm_execute(const cm_opts *o, const cm_answer *answer, cm_arena *arena);

/* What stands between an answer and running it: its decision, raised to confirm when the model is
 * not sure or the shell is one whose grammar is not the one that was judged. */
cm_decision cm_execute_decision(const cm_opts *o, const cm_answer *answer);

#endif
