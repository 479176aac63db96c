/* quality/run: cases against a backend. Each prompt goes through `answer`, as a user's would; what
 * came back is frozen, then judged. */
#ifndef CM_QUALITY_RUN_H
#define CM_QUALITY_RUN_H
#include "answer/answer.h"
#include "quality/golden.h"
#include "quality/judge.h"

enum { CM_RUN_BATCH_MAX = 64, CM_RUN_REPEAT_MAX = 1000 };

typedef struct cm_run_options {
  cm_backend *backend;  /* NULL: cases with a prompt are errors; it can generate `batch` texts */
  cm_question question; /* all but request, shell and deadline, which come from the case */
  cm_bench_room room;
  const cm_goldens *goldens; /* NULL: golden answers aren't compared */
  const char *backend_kind;  /* for `skip: {if: backend:NAME}`; NULL without a backend */
  cm_str today;              /* YYYY-MM-DD, for quarantines */
  uint32_t batch;            /* answers generated together */
  unsigned jobs;             /* cases judged at once */
  uint32_t timeout_ms;       /* of one answer */
  uint32_t retries;          /* of a failing backend, the pause doubling from 250 ms */
  const volatile int *cancel;

  /* Called for every finished case, in the order of the cases, from the calling thread. The result
   * lives until it returns. An error stops the run. */
  cm_code (*finished)(void *ctx, const cm_result *r, cm_err *e);
  void *ctx;
} cm_run_options;

/* Runs the cases. Whatever goes wrong with a case is its result; what comes back as an error is
 * CM_E_NOMEM, CM_E_CANCELLED (what was finished before stays so) and what `finished` says. */
cm_code cm_run_cases(const cm_case *const *cases, size_t n, const cm_run_options *o, cm_err *e);

/* Judges the answers of an earlier run anew (`cmdai test rescore`): no model is asked. The
 * record has a result for each of the cases. */
cm_code cm_run_rescore(const cm_case *const *cases, size_t n, const cm_record *earlier,
                       const cm_run_options *o, cm_err *e);

#endif
