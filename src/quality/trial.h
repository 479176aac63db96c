/* quality/trial: one command in one fresh copy of a world, and what it did there. */
#ifndef CM_QUALITY_TRIAL_H
#define CM_QUALITY_TRIAL_H
#include "quality/judge.h"
#include "quality/world.h"

/* Where the trials of a case happen. */
typedef struct cm_bench {
  const cm_case *c;
  const cm_bench_room *with;
  int64_t began;               /* seconds since 1970 */
  bool times;                  /* times of files count: gold runs `touch` */
  char folder[CM_OS_PATH_MAX]; /* holds the copies; removed with everything by close */
} cm_bench;

/* Makes the folder. Errors of the sandbox. */
cm_code cm_bench_open(cm_bench *b, const cm_case *c, const cm_bench_room *with, cm_err *e);
/* Removes the folder; an error when something of it stayed. */
cm_code cm_bench_close(cm_bench *b, cm_err *e);

typedef struct cm_trial {
  cm_sandbox_result r;
  cm_tree before, after; /* empty when the case doesn't look at the tree */
  bool tree_cut;         /* `after` is over the limits: it has no items */
} cm_trial;

/* Runs `command` in a fresh copy of `world`; everything lives in `a`. CM_OK whatever the command
 * did. CM_E_CANCELLED; the errors of worlds and of the sandbox. */
cm_code cm_try(cm_bench *b, const cm_world *world, cm_str command, cm_arena *a, cm_trial *out,
               cm_err *e);

/* The time that a command has in a trial: the case's, else the room's. */
uint32_t cm_try_limit_ms(const cm_bench *b);

/* "Now" of the trials in a world that have ended. */
cm_tree_now cm_try_now(const cm_bench *b, const cm_world *world);

/* How a command ended. */
typedef enum cm_exit_class {
  CM_EXIT_OK,     /* 0 */
  CM_EXIT_FAILED, /* 1..125 */
  CM_EXIT_ABSENT, /* 126, 127: a program of it isn't there or can't be executed */
  CM_EXIT_KILLED  /* from 128: by a signal */
} cm_exit_class;

cm_exit_class cm_exit_class_of(int exit_status);

/* Adds a reason to `out` (texts in `a`) for all in which `got` isn't what the case wants after
 * gold's trial `want`: both of `world`, neither stopped by a limit. CM_E_FORMAT, CM_E_LIMIT: gold
 * did what the case says that it doesn't, or can't be compared; CM_E_NOMEM. */
cm_code cm_trial_compare(const cm_bench *b, const cm_world *world, const cm_trial *want,
                         const cm_trial *got, cm_arena *a, cm_reasons *out, cm_err *e);

#endif
