/* safety/taint: where text comes from, and where it goes. */
#ifndef CM_SAFETY_TAINT_H
#define CM_SAFETY_TAINT_H
#include "safety/judge.h"

/* What is known of the text that a run gives or gets. */
enum {
  CM_TAINT_SECRET = 1,   /* holds keys, tokens, passwords */
  CM_TAINT_ENV = 2,      /* holds the environment */
  CM_TAINT_NETWORK = 4,  /* comes from the network */
  CM_TAINT_DECODED = 8,  /* is another text than anyone can read here */
  CM_TAINT_UNKNOWN = 16, /* is computed */
  CM_TAINT_INIT = 32,    /* settings of a known tool, meant for eval */
  CM_TAINT_FILE = 64     /* of a file of the user's */
};

/* Works out what flows where in j->runs; must come before the runs are judged. */
void cm_taint_collect(cm_judging *j);

/* Adds findings for what flows into the run: code into interpreters, secrets into the network. */
void cm_judge_flow(cm_judging *j, const cm_run *run);

#endif
