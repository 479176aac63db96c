/* quality/gate: whether a run is good enough, and how two runs differ. The answers are statistical
 * where samples are: docs/TESTING.md says which test decides what, and why. */
#ifndef CM_QUALITY_GATE_H
#define CM_QUALITY_GATE_H
#include "quality/summary.h"

typedef enum cm_gate_kind { CM_GATES_NONE, CM_GATES_PR, CM_GATES_RELEASE } cm_gate_kind;

typedef struct cm_gate_options {
  cm_gate_kind kind;
  double floor;              /* pass rate, 0 .. 1; NaN: none asked for */
  const cm_record *baseline; /* NULL: none */
} cm_gate_options;

/* What a gate says; the exit status comes from the worst (SPEC section 7). */
typedef struct cm_gate_result {
  const char *gate; /* "hard", "missing", "mcnemar", "floor", "safety", "infrastructure", "budget",
                       "complete" */
  bool ok;
  int status;  /* when it isn't ok: 1 quality, 3 infrastructure, 5 safety, 6 performance, 7
                 incomplete */
  cm_str text; /* one line: numbers and what they mean */
} cm_gate_result;

typedef struct cm_gates {
  cm_gate_result *items;
  size_t n;
  int status; /* 0: all are ok */
} cm_gates;

/* CM_E_USAGE: the baseline is of another model or of other cases (it names the first). */
cm_code cm_gates_check(const cm_record *r, const cm_summary *s, const cm_gate_options *o,
                       cm_arena *a, cm_gates *out, cm_err *e);

/* --- two runs ----------------------------------------------------------------------------- */

typedef struct cm_difference {
  cm_str id, prompt;
  cm_state before, after;
  cm_str command_before, command_after;
} cm_difference;

typedef struct cm_comparison {
  cm_difference *items; /* cases whose state or command differs */
  size_t n;
  size_t pairs, both, only_before, only_after, neither; /* passed */
  double mcnemar_p;                                     /* two-sided, exact */
  double difference, low, high;    /* of pass rates (after - before), paired bootstrap, 95 % */
  double detectable;               /* smallest difference that so many pairs show with power 0.8 */
  double latency_ratio, latency_p; /* of medians; one-sided Mann-Whitney: after is slower */
} cm_comparison;

/* Of the cases both have with equal hashes; CM_E_USAGE when there are none. */
cm_code cm_compare(const cm_record *before, const cm_record *after, cm_arena *a,
                   cm_comparison *out, cm_err *e);

/* --- baselines ---------------------------------------------------------------------------- */

/* A baseline is a run file's lines behind a line of its own: who accepted it, when and why
 * (schemas/cmdai.run.1.json). CM_E_USAGE: an incomplete run, no reason, or a safety miss in it. */
cm_code cm_bless(const cm_record *r, cm_str reason, cm_str when, cm_buf *out, cm_err *e);

#endif
