/* quality/plan: which cases a run has, and in which order. */
#ifndef CM_QUALITY_PLAN_H
#define CM_QUALITY_PLAN_H
#include "quality/record.h"

typedef enum cm_shard_by {
  CM_SHARD_SLICE, /* neighbours together */
  CM_SHARD_HASH,  /* by id: a case stays in its shard when others come and go */
  CM_SHARD_LPT    /* longest first to the emptiest shard, by the times of an earlier run */
} cm_shard_by;

typedef struct cm_plan_options {
  const cm_str *selectors; /* a case is in when one of them picks it; none: all are */
  size_t n_selectors;
  const cm_record *failed; /* not NULL: only cases that did not pass there */
  const cm_suite *before;  /* not NULL: only cases that say something else there, or are new */
  uint32_t shard, shards;  /* from 1; 0, 0: whole */
  cm_shard_by by;
  const cm_record *timings; /* for LPT; NULL: every case takes the same time */
} cm_plan_options;

typedef struct cm_plan {
  const cm_case **cases; /* of this shard, in the order of the suite */
  size_t n;
  const cm_case **whole; /* of all shards */
  size_t n_whole;
} cm_plan;

/* "2/4", "2/4:hash". */
bool cm_shard_of(cm_str text, cm_plan_options *out);

/* CM_E_USAGE: a selector that picks nothing, named, beside others that do. An empty plan is no
 * error here. */
cm_code cm_plan_make(const cm_suite *s, const cm_plan_options *o, cm_arena *a, cm_plan *out,
                     cm_err *e);

#endif
