/* cli/test: what the parts of `cmdai test` share. */
#ifndef CM_CLI_TEST_H
#define CM_CLI_TEST_H
#include "cli/cli.h"
#include "quality/gate.h"
#include "quality/golden.h"
#include "quality/judge_exec.h"
#include "quality/plan.h"
#include "quality/run.h"

/* Exit statuses of `cmdai test` (SPEC: others than those of a request). */
enum {
  CM_TEST_OK = 0,
  CM_TEST_FAILED = 1,
  CM_TEST_USAGE = 2,
  CM_TEST_BROKEN = 3,  /* infrastructure */
  CM_TEST_NOTHING = 4, /* no case was selected */
  CM_TEST_UNSAFE = 5,
  CM_TEST_SLOW = 6,
  CM_TEST_INCOMPLETE = 7
};

/* What was read and opened for one call, so that there is one way out. */
typedef struct cm_testing {
  const cm_opts *o;
  cm_arena *arena;
  cm_suite suite;
  cm_plan plan;
  cm_safety *safety;
  cm_sh_context where;
  cm_sandbox *sandbox;
  char scratch[4096]; /* empty: none */
  int hold;           /* of that */
  char today[11];
} cm_testing;

/* Says why, and gives the status. */
int cm_test_fail(const cm_err *e);
/* As cm_ui_out_as: CM_TEST_OK, or CM_TEST_BROKEN after a message. (1, which other commands give
 * for it, means here that a case failed.) */
int cm_test_out(const cm_opts *o, cm_buf *b);
/* The same for what is text whatever -o says. */
int cm_test_out_text(cm_buf *b);

/* The model of a command that wants one: -m, else CMDAI_CI_MODEL_PATH, else that of the settings,
 * else with --pull the usual one of CI; NULL: the embedded one. */
const char *cm_test_model(const cm_opts *o);

/* Which model that is, its hash included, without asking it anything: it is only opened. NULL is
 * the embedded one. Errors as cm_model_find and cm_backend_open. */
cm_code cm_test_identify(const cm_opts *o, const char *model, cm_model_id *out, cm_err *e);

/* Today, or what --date says. CM_E_USAGE. */
cm_code cm_test_set_date(cm_testing *t, cm_err *e);

/* Reads the fixtures that operands and --fixtures name, and plans the run; the other operands are
 * selectors. */
cm_code cm_test_open(cm_testing *t, char **operands, size_t n, cm_err *e);
/* The rules alone. */
cm_code cm_test_rules(cm_testing *t, cm_err *e);
/* The rules, and the sandbox if a planned case is executed. */
cm_code cm_test_equip(cm_testing *t, cm_err *e);
void cm_test_close(cm_testing *t);

cm_sandbox_want cm_test_sandbox_kind(const cm_opts *o);

/* Reads a run file or a baseline into t's arena. */
cm_code cm_test_read(cm_testing *t, const char *path, cm_record *out, cm_err *e);
/* Writes a file whole or not at all; makes the folders above it. */
cm_code cm_test_save(const char *path, const cm_buf *b, cm_err *e);
/* Where the last run is kept: $XDG_STATE_HOME/cmdai/last-run.jsonl; empty without a HOME. */
void cm_test_last_run(char *out, size_t size);

/* Whether what is to be done with the results makes sense (reports, gate, baseline): before
 * anything is run. */
cm_code cm_test_check_ends(cm_testing *t, cm_err *e);

/* Accepted and waiting answers of a model, in t's arena, and back to their files. */
cm_code cm_test_goldens(cm_testing *t, cm_str model, cm_str sha256, cm_goldens *accepted,
                        cm_goldens *pending, cm_err *e);
cm_code cm_test_save_golden(const cm_testing *t, const cm_goldens *g, bool pending, cm_err *e);

/* Looking at the cases (--list, --check): the exit status. */
int cm_test_list(const cm_testing *t);
int cm_test_check(const cm_testing *t);
/* Cases judged at once, and what judges need. */
unsigned cm_test_jobs(const cm_opts *o);
cm_bench_room cm_test_room(const cm_testing *t);

/* What is done with the records of a run, one a model; its value is the exit status. */
typedef int cm_test_end(cm_testing *t, const cm_record *records, size_t n);

/* Summary, gates, reports, and the status that comes of them, for one record a model. */
cm_test_end cm_test_conclude;

/* How the second record differs from the first. */
cm_test_end cm_test_contrast;

/* Subcommands: operands behind their name. */
int cm_test_run(const cm_opts *o, char **operands, size_t n);
int cm_test_ab(const cm_opts *o, char **operands, size_t n);
int cm_test_trend(const cm_opts *o, char **operands, size_t n);
int cm_test_comment(const cm_opts *o, char **operands, size_t n);
int cm_test_golden(const cm_opts *o, char **operands, size_t n);
int cm_test_sandbox(const cm_opts *o, char **operands, size_t n);
int cm_test_merge(const cm_opts *o, char **operands, size_t n);
int cm_test_report(const cm_opts *o, char **operands, size_t n);
int cm_test_compare(const cm_opts *o, char **operands, size_t n);
int cm_test_bless(const cm_opts *o, char **operands, size_t n);
int cm_test_rescore(const cm_opts *o, char **operands, size_t n);
int cm_test_bench(const cm_opts *o, char **operands, size_t n);
int cm_test_gen(const cm_opts *o, char **operands, size_t n);
int cm_test_stress(const cm_opts *o, char **operands, size_t n);

#endif
