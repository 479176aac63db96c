/* quality/run_parts: what the files of the runner share. */
#ifndef CM_QUALITY_RUN_PARTS_H
#define CM_QUALITY_RUN_PARTS_H
#include "quality/run.h"

/* One attempt at a case. */
typedef struct cm_try {
  const cm_case *c;
  uint32_t attempt_no; /* of the case, from 0 */
  cm_arena *arena;     /* of all that hangs on it */
  cm_asking asking;
  cm_answer answer; /* of the model, or read from given_output */
  cm_verdict verdict;
  cm_sh_context where;
  cm_attempt attempt;
  cm_reasons reasons;
  cm_err error; /* it could not be answered or judged */
  bool miss;
  bool away; /* nobody answered when it was asked last */
  uint32_t retries;
  uint64_t again_ns; /* a pause before the backend is asked once more; 0: none */
  cm_latency latency;
} cm_try;

/* Why the case is left out; empty: it isn't. */
cm_str cm_run_skipped(const cm_case *c, const cm_run_options *o);

/* The result of all attempts at one case, in the first one's arena. */
cm_code cm_run_fold(const cm_run_options *o, cm_try *tries, size_t n, cm_result *out, cm_err *e);
/* Of a case that is left out. */
cm_code cm_run_skip(const cm_case *c, cm_str why, cm_arena *a, cm_result *out, cm_err *e);

#endif
