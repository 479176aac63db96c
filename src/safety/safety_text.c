/* The one look at the raw bytes: what a reader of the line would not see. */
#include "safety/judge.h"

void cm_judge_text(cm_judging *j, cm_str text) {
  (void)j;
  (void)text;
}
