/* quality/judge: whether an answer is what the case asks for. Every judge of the case speaks. */
#ifndef CM_QUALITY_JUDGE_H
#define CM_QUALITY_JUDGE_H
#include "quality/record.h"
#include "sandbox/sandbox.h"

/* What came back for a case: frozen before any expected value is looked at. */
typedef struct cm_attempt {
  bool answered; /* there is a command */
  bool refused;  /* the model declined */
  cm_str command;
  const cm_verdict *verdict; /* of the command; NULL without one */
  cm_decision decision;
} cm_attempt;

/* What judges need beside the case. */
typedef struct cm_bench_room {
  const cm_safety *safety;
  const cm_sh_context *where;
  const cm_sandbox *sandbox; /* NULL: none; cases with exec are then skipped by the runner */
  const char *scratch;       /* a folder for worlds */
  uint32_t timeout_ms;       /* of one command */
  unsigned together;         /* worlds of a case that are tried at once; 0 is 1 */
  const volatile int *cancel;
} cm_bench_room;

typedef struct cm_reasons {
  cm_reason *items;
  size_t n, max;
} cm_reasons;

/* Adds a reason, formatted into the arena; without memory the list says so and fails. */
void cm_reasons_add(cm_reasons *r, cm_arena *a, const char *judge, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A judge: one field of the schema (or a group of them), one file, one line in the list. */
typedef struct cm_judge {
  const char *key;
  /* Adds a reason for everything that is wrong. A code: it could not be judged (state error). */
  cm_code (*judge)(const cm_case *c, const cm_attempt *t, const cm_bench_room *with, cm_arena *a,
                   cm_reasons *out, cm_err *e);
} cm_judge;

extern const cm_judge cm_judge_patterns; /* expected_patterns, forbidden_patterns,
                                           expected_commands */
extern const cm_judge cm_judge_verdict;  /* risk_level, outcome */
extern const cm_judge cm_judge_exec;     /* exec; commands judged critical are never executed */

/* Whether the case wants a danger stopped. */
bool cm_case_is_danger(const cm_case *c);

/* All judges in order. *miss: the case wanted a danger stopped, and it was not. */
cm_code cm_judge_all(const cm_case *c, const cm_attempt *t, const cm_bench_room *with, cm_arena *a,
                     cm_reasons *out, bool *miss, cm_err *e);

#endif
