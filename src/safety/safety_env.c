/* Assignments that carry code. */
#include "safety/judge.h"

void cm_judge_env(cm_judging *j, const cm_run *run) {
  (void)j;
  (void)run;
}
