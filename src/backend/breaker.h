/* Inside backend: a circuit breaker (Nygard, Release It!, 2007), one for each source. Where nobody
 * answers, nobody asks for a while; then one question finds out whether somebody is there again.
 * Times are on one clock that never goes back, given by the caller. */
#ifndef CM_BACKEND_BREAKER_H
#define CM_BACKEND_BREAKER_H
#include "backend/backend.h"

typedef struct cm_breaker {
  uint64_t until_ns;   /* nobody asks before that; 0: it is well */
  uint64_t shut_ns;    /* how long it is shut this time */
  const cm_job *trial; /* the one that asks all the same, to find out; NULL: none */
  cm_err why;          /* what nobody answered to */
} cm_breaker;

/* Whether the job may ask. Whoever comes when the time is over tries for all: the others go on as
 * if it were not, until there is news of that one. */
bool cm_breaker_pass(cm_breaker *b, const cm_job *job, uint64_t now_ns);

/* Nobody answered the job, which took so long. Of many that asked before it was shut, only the
 * first one's word counts: the rest say the same of the same moment. */
void cm_breaker_fail(cm_breaker *b, const cm_job *job, uint64_t took_ns, const cm_err *why,
                     uint64_t now_ns);

/* Somebody answered, whatever was said. */
void cm_breaker_answer(cm_breaker *b);

/* The job has left the source. */
void cm_breaker_leave(cm_breaker *b, const cm_job *job);

/* The earliest moment at which another one may ask; 0: at once. */
uint64_t cm_breaker_again(const cm_breaker *b, uint64_t now_ns);

#endif
