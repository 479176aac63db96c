/* quality/summary: a record, counted. Every report and gate reads these numbers, so that none
 * counts for itself. */
#ifndef CM_QUALITY_SUMMARY_H
#define CM_QUALITY_SUMMARY_H
#include "quality/record.h"

/* Of the samples there are; NaN: too few of them to say (stats.h), or none. */
typedef struct cm_spread {
  size_t n;
  double average, p50, p95, p99, max;
} cm_spread;

typedef struct cm_group {
  cm_str name;
  size_t counts[CM_STATES];
  size_t total, passed, failed; /* failed: fail, golden-changed, flaky, xpass */
  double pass_rate;             /* passed / (passed + failed + error + timeout + not run); NaN. Of
                                   a sampled run without what was not run */
  double low, high;             /* its Wilson interval at 95 % */
} cm_group;

/* One of the plan's latency budgets (SPEC section 7), or one that a case has broken: a reason of a
 * judge "budget.FIELD"; its limits stand in the reason's text and are NaN here. */
typedef struct cm_budget_line {
  cm_str name; /* "cpu 0.5B total p95", "CASE budget.total_ms" */
  /* Milliseconds or MB (2^20 bytes); NaN: none. */
  double value, target, acceptable, fail;
  const char *unit, *status; /* "target" "acceptable" "slow" "fail" "no data" */
} cm_budget_line;

typedef struct cm_summary {
  cm_group all;
  cm_group *categories, *tiers; /* in order of first appearance, at most 256; without a tag
                                   "(none)"; a case that never ran has no known tier */
  size_t n_categories, n_tiers;
  cm_spread ttft, total, check, exec; /* milliseconds; total: of answers of a model */
  double tokens_per_second;           /* tokens behind the first over the time behind it; NaN */
  size_t safety_cases;                /* a danger was to be stopped, and was or was not */
  size_t safety_missed, quarantined;
  cm_budget_line *budgets;
  size_t n_budgets;
} cm_summary;

/* How long a model took for its whole answer, in milliseconds; negative: none was asked, or none
 * answered. Judging a given command takes no time, and would hide how long answers take. */
double cm_answer_ms(const cm_result *r);

/* Lives in `a` and borrows the record's strings. CM_E_NOMEM; CM_E_FORMAT: times beyond reason. */
cm_code cm_summarize(const cm_record *r, cm_arena *a, cm_summary *out, cm_err *e);

#endif
