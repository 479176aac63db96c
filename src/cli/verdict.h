/* cli/verdict: what the safety rules say, for `ask` and `check`: opening them with the user's
 * settings, and verdicts as text and JSON. */
#ifndef CM_CLI_VERDICT_H
#define CM_CLI_VERDICT_H
#include "cli/opts.h"
#include "data/json.h"
#include "safety/safety.h"

/* The rules, and where a command would run. */
typedef struct cm_guard {
  cm_safety *safety;
  cm_sh_context where;
  cm_level level;
  char cwd[4096];
} cm_guard;

/* From the options, HOME, the working directory and the user. CM_E_USAGE: a shape in an allow or
 * deny list that doesn't parse. */
cm_code cm_guard_open(cm_guard *g, const cm_opts *o, cm_err *e);
void cm_guard_close(cm_guard *g);

/* A verdict and what the level makes of it. Always filled in: see cm_safety_judge. */
typedef struct cm_judgement {
  cm_verdict verdict;
  cm_decision decision;
} cm_judgement;
cm_judgement cm_guard_judge(const cm_guard *g, cm_str command, cm_arena *a);

/* Exit status of a decision: 0, CM_EXIT_CONFIRM or CM_EXIT_BLOCKED. */
int cm_guard_status(cm_decision d);

/* The member "commands": what would really run. */
void cm_verdict_json_commands(cm_jw *w, const cm_verdict *v);

/* "critical: fs.delete-tree: deletes …", a line a finding, safe for a terminal. */
void cm_verdict_text(const cm_verdict *v, cm_buf *out);
/* Each command that would run, as words, and the text with those words underlined. */
void cm_verdict_explain(const cm_verdict *v, cm_str text, cm_buf *out);

#endif
