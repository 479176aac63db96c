/* safety: what a command line would do, and whether it may run. Risk is decided here and nowhere
 * else, by looking at resolved commands (sh/resolve.h), never at raw text. Pure: no files, no
 * environment, no clock, no backend. Fails closed: a limit, a syntax error or lack of memory never
 * gives `run`. */
#ifndef CM_SAFETY_SAFETY_H
#define CM_SAFETY_SAFETY_H
#include "sh/resolve.h"

typedef enum cm_risk { CM_SAFE, CM_MODERATE, CM_HIGH, CM_CRITICAL } cm_risk;
typedef enum cm_level { CM_STRICT, CM_MODERATE_LEVEL, CM_PERMISSIVE } cm_level;
typedef enum cm_decision { CM_RUN, CM_CONFIRM, CM_BLOCK } cm_decision;

const char *cm_risk_name(cm_risk r);         /* "safe" "moderate" "high" "critical" */
const char *cm_level_name(cm_level l);       /* "strict" "moderate" "permissive" */
const char *cm_decision_name(cm_decision d); /* "run" "confirm" "block" */
bool cm_level_of(cm_str name, cm_level *out);

/* One reason for a verdict. */
typedef struct cm_finding {
  const char *rule; /* "fs.delete-tree"; static, or the arena's for rules of the user */
  cm_risk risk;
  const char *why;   /* one plain sentence */
  cm_span span;      /* the words of the text it is about */
  const cm_run *run; /* NULL: about the text as a whole */
} cm_finding;

typedef struct cm_verdict {
  cm_risk risk;
  bool unresolved; /* something that runs, or what a destructive command works on, isn't known */
  bool denied;     /* by the user's deny list: always block */
  cm_finding *findings; /* worst first; those of risk safe are left out */
  size_t n;
  cm_runs runs;
} cm_verdict;

/* The rules; immutable and shared by threads. */
typedef struct cm_safety cm_safety;

/* allow, deny: lists of shapes (rule.h), as in "git push --force-with-lease"; may be NULL with a
 * count of 0. CM_E_USAGE: a shape that doesn't parse (the message names it). */
cm_code cm_safety_open(cm_safety **out, const char *const *allow, size_t n_allow,
                       const char *const *deny, size_t n_deny, cm_err *e);
void cm_safety_close(cm_safety *s);

/* Judges `text`. Everything in *out lives in `a`. Never fails open: on any error *out is a verdict
 * of risk high at least, with a finding that says why, and the code is still returned. */
cm_code cm_safety_judge(const cm_safety *s, cm_str text, const cm_sh_context *context, cm_arena *a,
                        cm_verdict *out, cm_err *e);

/* SPEC section 4: risk x level; `unresolved` gives confirm at least (strict: block), `denied`
 * block. */
cm_decision cm_safety_decide(const cm_verdict *v, cm_level level);

#endif
