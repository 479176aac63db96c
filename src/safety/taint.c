#include "safety/taint.h"

void cm_taint_collect(cm_judging *j) { (void)j; }

void cm_judge_flow(cm_judging *j, const cm_run *run) {
  if (run->kind == CM_RUN_CODE)
    cm_report(j, "code.unknown", CM_CRITICAL, "runs code that nobody can read here", run,
              run->span);
}
