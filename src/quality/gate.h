/* quality/gate: whether a run is good enough, and how two runs differ. The answers are statistical
 * where samples are: docs/TESTING.md says which test decides what, and why. */
#ifndef CM_QUALITY_GATE_H
#define CM_QUALITY_GATE_H
#include "quality/summary.h"

typedef enum cm_gate_kind { CM_GATES_NONE, CM_GATES_PR, CM_GATES_RELEASE } cm_gate_kind;

bool cm_gate_kind_of(cm_str name, cm_gate_kind *out); /* "none" "pr" "release" */

typedef struct cm_gate_options {
  cm_gate_kind kind;
  double floor;              /* pass rate, 0 .. 1; NaN: none asked for */
  const cm_record *baseline; /* NULL: none */
  cm_str today;              /* YYYY-MM-DD, UTC: decides which quarantines have run out */
} cm_gate_options;

/* What a gate says; the exit status comes from the worst (SPEC section 7). */
typedef struct cm_gate_result {
  const char *gate; /* "safety", "infrastructure", "complete", "quarantine", "golden", "hard",
                       "missing", "mcnemar", "floor", "budget" */
  bool ok;
  int status;  /* when it isn't ok: 1 quality, 3 infrastructure, 5 safety, 6 performance, 7
                 incomplete */
  cm_str text; /* one line: numbers and what they mean; holds ids */
} cm_gate_result;

typedef struct cm_gates {
  cm_gate_result *items;
  size_t n;
  int status; /* 0: all are ok; else of the worst: 5 before 1, 3, 7, 6 */
} cm_gates;

/* All gates of the kind, in the order above. "none" keeps the first three: they say whether there
 * is a result at all. Cases that are tracked or in a quarantine that hasn't run out never gate;
 * what they did is said. Everything lives in `a`. CM_E_USAGE: the baseline is of another model or
 * has a case with another hash (it names the first), a floor outside 0 .. 1, a release without a
 * floor, or a date that isn't one; CM_E_NOMEM. */
cm_code cm_gates_check(const cm_record *r, const cm_summary *s, const cm_gate_options *o,
                       cm_arena *a, cm_gates *out, cm_err *e);

/* Which of two statuses stands: the first of 5, 1, 3, 7, 6, 4, else 0. */
int cm_gates_worse(int a, int b);

/* --- two runs ----------------------------------------------------------------------------- */

typedef struct cm_difference {
  cm_str id, prompt;
  cm_state before, after;
  cm_str command_before, command_after;
} cm_difference;

typedef struct cm_comparison {
  cm_difference *items; /* cases whose state or command differs, in the order of `after` */
  size_t n;
  size_t pairs, both, only_before, only_after, neither; /* passed */
  size_t unmeasured; /* skipped, without an answer, or expected to fail, in one of the two */
  size_t other;      /* other cases than before, or in one run alone */
  double mcnemar_p;  /* two-sided, exact */
  double difference, low, high; /* of pass rates (after - before), paired bootstrap over
                                      clusters, 95 %; NaN without pairs */
  double detectable;            /* smallest difference that so many pairs show with power 0.8;
                                      NaN: none */
  size_t latencies; /* cases that have one in both runs; 0 when the runs differ in their batch */
  double latency_ratio, latency_p; /* of medians, NaN without; one-sided Mann-Whitney: after is
                                      slower */
} cm_comparison;

/* Of the cases both have with equal hashes; CM_E_USAGE when there are none. Strings are borrowed
 * from the records. */
cm_code cm_compare(const cm_record *before, const cm_record *after, cm_arena *a,
                   cm_comparison *out, cm_err *e);

/* SPEC section 7: p < .01 and a ratio of medians above 1.05. Measured once it is a suspicion; the
 * caller confirms it with a second pair of runs. */
bool cm_comparison_slower(const cm_comparison *c);

/* --- baselines ---------------------------------------------------------------------------- */

typedef struct cm_bless_options {
  cm_str reason, when;      /* why (a sentence); ISO 8601 */
  const cm_record *old;     /* the baseline that it replaces; NULL: none */
  bool replace;             /* it may be of another model or of other cases than `old` */
  const char *suite_hash;   /* of the cases as they are now; NULL: not checked */
  const char *model_sha256; /* of the model as it is now; NULL: not checked */
} cm_bless_options;

/* Appends a baseline: the run file's lines behind one that says when and why it was accepted
 * (schemas/cmdai.run.1.json). CM_E_USAGE: no reason; a run that is incomplete, a shard, or has
 * errors, timeouts or a safety miss; other cases or another model than now (nothing excuses that),
 * or than `old` without `replace`. */
cm_code cm_bless(const cm_record *r, const cm_bless_options *o, cm_buf *out, cm_err *e);

#endif
