/* quality/stress: a backend under load for a while. Requests are put in at random, alone and in
 * crowds, some are cancelled, some have no time, some ask for too much; every answer must be the
 * one that the same request gets alone, to the last bit of its log-probability, and memory must
 * not grow. */
#ifndef CM_QUALITY_STRESS_H
#define CM_QUALITY_STRESS_H
#include "backend/backend.h"

enum { CM_STRESS_JOBS_MAX = 256 };
/* Memory that a process holds when nothing is on its way may grow by this share; a small process
 * by this many bytes. */
#define CM_STRESS_GROWTH_MAX 0.02
enum { CM_STRESS_GROWTH_BYTES = 512 << 10 };

typedef struct cm_stress_options {
  cm_backend *backend; /* nothing else is on its way in it */
  uint32_t parallel;   /* texts that it was opened for */
  uint32_t jobs;       /* requests on their way at once, 1 to CM_STRESS_JOBS_MAX */
  uint64_t wall_ns;    /* how long; what is on its way then is waited for */
  uint64_t seed;       /* of the order, sizes and fates */
  uint32_t max_tokens; /* of one answer, at least 1 */
  const volatile int *cancel;
} cm_stress_options;

typedef struct cm_stress_result {
  uint64_t submitted;
  uint64_t same, different; /* whole answers, compared with the one given alone */
  uint64_t cancelled, late; /* stopped as asked, after the flag was set or the time was up */
  uint64_t refused;         /* asked for more texts than the backend has room for */
  uint64_t errors;          /* anything else that came back */
  uint64_t tokens;          /* generated */
  double seconds;
  uint64_t rss_first, rss_last; /* bytes, when quiet, after the warm-up and at the end; 0: the
                                   system doesn't say */
  double growth;                /* rss_last / rss_first - 1; none (NaN) without two readings */
  char first_wrong[240];        /* what went wrong first; empty: nothing */
} cm_stress_result;

/* CM_OK: it ran to its end, whatever it found (cm_stress_passed). CM_E_USAGE: an option out of its
 * range; CM_E_NOMEM; CM_E_CANCELLED; what the backend says to a request that is alone. */
cm_code cm_stress_run(const cm_stress_options *o, cm_stress_result *out, cm_err *e);

/* Nothing differed or failed, and memory is flat. */
bool cm_stress_passed(const cm_stress_result *r);

#endif
