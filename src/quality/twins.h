/* quality/twins: the cases that two runs have in common. */
#ifndef CM_QUALITY_TWINS_H
#define CM_QUALITY_TWINS_H
#include "quality/record.h"

typedef struct cm_twin {
  const cm_result *before, *after; /* one may be NULL: not there */
  bool equal;                      /* both are there and say the same (hash) */
} cm_twin;

typedef struct cm_twins {
  cm_twin *items; /* first the cases of `after` in its order, then those that only `before` has */
  size_t n;
} cm_twins;

/* What a result says about the answer. A skip is not a pass. */
typedef enum cm_outcome {
  CM_OUT_PASSED,
  CM_OUT_FAILED,
  CM_OUT_SKIPPED,
  CM_OUT_NOTHING /* no answer was had (error, timeout, not run), or it was expected to fail */
} cm_outcome;

cm_outcome cm_outcome_of(cm_state s);

/* Lives in `a` and borrows both records. CM_E_NOMEM. */
cm_code cm_twins_of(const cm_record *before, const cm_record *after, cm_arena *a, cm_twins *out,
                    cm_err *e);

#endif
