/* quality/sampling: a run that stops as soon as its pass rate is decided (`cmdai test --sprt`).
 * Cases come in the order of their hashes, which have nothing to do with how hard they are, so
 * that every beginning of the run is a fair sample of the whole. After each of them Wald's
 * sequential test (stats.h) asks whether the rate is `good` rather than `bad`. */
#ifndef CM_QUALITY_SAMPLING_H
#define CM_QUALITY_SAMPLING_H
#include "quality/plan.h"
#include "quality/stats.h"

typedef struct cm_sampling {
  cm_stat_sprt_plan plan;
  uint64_t passed, failed; /* up to the verdict */
  cm_stat_verdict verdict; /* the first one stays */
} cm_sampling;

/* Reads "BAD:GOOD" or "BAD:GOOD:ALPHA:BETA", pass rates and risks (each 0.05 when it isn't said;
 * stats.h). CM_E_USAGE. */
cm_code cm_sampling_of(cm_str text, cm_sampling *out, cm_err *e);

/* The order of a sampled run. */
void cm_sampling_sort(cm_plan *p);

/* Counts a finished case. What says nothing about an answer (skip, xfail, error, timeout), and
 * cases that are tracked or in quarantine, change nothing; nor does anything after the verdict. */
void cm_sampling_add(cm_sampling *s, const cm_result *r);

/* Counts the results of a record in their order. False: it isn't a sampled one. */
bool cm_sampling_read(const cm_record *r, cm_sampling *out);

#endif
