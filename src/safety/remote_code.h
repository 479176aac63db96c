/* safety/remote_code: commands that tools carry to other machines: ansible -a, salt cmd.run … */
#ifndef CM_SAFETY_REMOTE_CODE_H
#define CM_SAFETY_REMOTE_CODE_H
#include "safety/judge.h"

/* Judges the code in the arguments of the run at hand, if its program carries some. */
void cm_remote_code(cm_judging *j, const cm_run *run);

#endif
