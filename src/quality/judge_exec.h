/* quality/judge_exec: commands are tried in worlds, and what they do is compared with what gold
 * does (docs/TESTING.md, "How exec decides"). cm_judge_exec itself stands in judge.h. */
#ifndef CM_QUALITY_JUDGE_EXEC_H
#define CM_QUALITY_JUDGE_EXEC_H
#include "quality/judge.h"

/* Reasons: "exec" (not executed, or stopped by a limit), "exec.time" (it still ran when its time
 * was over: the other worlds are left out), "exec.exit", "exec.stdout", "exec.tree". Codes:
 * CM_E_FORMAT, CM_E_LIMIT: gold or the world is at fault; CM_E_UNSUPPORTED: cm_exec_possible says
 * no, or gold met what the sandbox forbids; and what a sandbox says when it can't be set up. */

/* False: there is no sandbox, or the one there is lacks what gold needs (cm_sandbox_lacks); such a
 * case is to be skipped. */
bool cm_exec_possible(const cm_case *c, const cm_bench_room *with);
/* The part about gold, whose commands are read already, and the worlds. */
bool cm_exec_lacks(const cm_exec *x, const cm_runs *gold, const cm_sandbox *s);

/* For `cmdai test --check`: adds a reason for everything about the case that proves nothing, and
 * nothing for a case without exec:
 *   check.gold      gold is judged critical, doesn't run, or does another thing the second time
 *   check.commands  another expected command doesn't pass in some world
 *   check.wrong     a mistake passes in every world
 *   check.proof     a command that prints nothing and changes nothing would pass
 * A code: it could not be checked. */
cm_code cm_exec_check(const cm_case *c, const cm_bench_room *with, cm_arena *a, cm_reasons *out,
                      cm_err *e);

/* What gold did in one world. */
typedef struct cm_gold_seen {
  int exit_status;
  cm_str out;
  bool changed; /* the tree */
} cm_gold_seen;

/* Whether the case tells gold from a command that does nothing at all: false when such a command,
 * ending with 0 or with 1, would pass in all `n` worlds. Nothing is executed. */
cm_code cm_exec_proves(const cm_exec *x, const cm_gold_seen *seen, size_t n, cm_arena *a,
                       bool *proves, cm_err *e);

#endif
