/* cmdai test: quality, proved by executing. This file reads and opens what the subcommands need;
 * test_run.c runs, test_after.c looks at what runs have left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/os_hold.h"
#include "base/os_tree.h"
#include "cli/backends.h"
#include "cli/models.h"
#include "cli/test.h"
#include "quality/changes.h"

enum { ARENA_MAX = 1 << 30, PATHS_MAX = 1024, SCRATCH_BYTES = 1 << 30, NOBODY = 65534 };

int cm_test_fail(const cm_err *e) {
  int status = CM_TEST_BROKEN;
  switch (e->code) {
    case CM_E_USAGE:
    case CM_E_FORMAT:
    case CM_E_LIMIT:
    case CM_E_NOTFOUND: status = CM_TEST_USAGE; break;
    case CM_E_CANCELLED: status = CM_EXIT_INTERRUPTED; break;
    default: break;
  }
  return cm_ui_fail(status, "%s", e->msg);
}

int cm_test_out(const cm_opts *o, cm_buf *b) {
  return cm_ui_out_as(o, b) ? CM_TEST_BROKEN : CM_TEST_OK;
}

int cm_test_out_text(cm_buf *b) { return cm_ui_out_buf(b) ? CM_TEST_BROKEN : CM_TEST_OK; }

/* --- fixtures and the plan --- */

/* Operands that name a file are fixtures, the others pick cases. */
typedef struct wanted {
  const char *paths[PATHS_MAX];
  cm_str selectors[PATHS_MAX];
  size_t n_paths, n_selectors;
} wanted;

/* ID/p1: the slash is no folder's. */
static bool is_paraphrase(const char *operand) {
  const char *slash = strchr(operand, '/');
  return slash && slash > operand && operand[0] != '.' && slash[1] == 'p' && slash[2] &&
         slash[2 + strspn(slash + 2, "0123456789*?")] == 0;
}

static bool is_path(const char *operand) {
  if (operand[0] == '@' || strncmp(operand, "tier:", 5) == 0 || is_paraphrase(operand))
    return false;
  return strchr(operand, '/') || cm_is_fixture(cm_str_of(operand));
}

static cm_code sort_operands(const cm_testing *t, char **operands, size_t n, wanted *w,
                             cm_err *e) {
  if (n >= PATHS_MAX) return cm_fail(e, CM_E_USAGE, 0, "more than %d operands", PATHS_MAX - 1);
  for (size_t i = 0; i < n; i++) {
    if (is_path(operands[i])) w->paths[w->n_paths++] = operands[i];
    else w->selectors[w->n_selectors++] = cm_str_of(operands[i]);
  }
  if (!w->n_paths) w->paths[w->n_paths++] = t->o->fixtures;
  return CM_OK;
}

/* What an option says about an earlier run. */
static cm_code earlier(cm_testing *t, cm_record *out, cm_err *e) {
  char last[4096];
  cm_test_last_run(last, sizeof last);
  const char *path = t->o->from ? t->o->from : last;
  if (!*path) return cm_fail(e, CM_E_USAGE, 0, "there is no earlier run; name one with --from");
  return cm_test_read(t, path, out, e);
}

static cm_code make_plan(cm_testing *t, const wanted *w, cm_err *e) {
  cm_record old = {0};
  cm_suite before = {0};
  cm_plan_options p = {.selectors = w->selectors, .n_selectors = w->n_selectors};
  cm_code code = CM_OK;
  if (t->o->shard && !cm_shard_of(cm_str_of(t->o->shard), &p))
    return cm_fail(e, CM_E_USAGE, 0, "--shard is I/N, I/N:hash or I/N:lpt, not \"%.40s\"",
                   t->o->shard);
  const bool timed = p.by == CM_SHARD_LPT && t->o->from;
  if (t->o->failed || timed) code = earlier(t, &old, e);
  if (t->o->failed) p.failed = &old;
  if (timed) p.timings = &old;
  if (!code && t->o->changed) {
    code = cm_changes_before(t->o->changed, w->paths, w->n_paths, t->arena, &before, e);
    p.before = &before;
  }
  if (!code) code = cm_plan_make(&t->suite, &p, t->arena, &t->plan, e);
  cm_suite_close(&before);
  return code;
}

const char *cm_test_model(const cm_opts *o) {
  const char *ci = getenv("CMDAI_CI_MODEL_PATH");
  if (!cm_opened_is_file(o)) return cm_opts_model(o);
  if (ci && *ci && !o->models.typed) return ci;
  const char *model = cm_opts_model(o);
  return !model && o->pull ? CM_MODEL_OF_CI : model;
}

cm_code cm_test_set_date(cm_testing *t, cm_err *e) {
  char now[21];
  int64_t day;
  cm_os_utc(now);
  const char *date = t->o->date ? t->o->date : now;
  if (t->o->date && !cm_date_of(cm_str_of(date), &day))
    return cm_fail(e, CM_E_USAGE, 0, "--date is YYYY-MM-DD, not \"%.40s\"", date);
  snprintf(t->today, sizeof t->today, "%.10s", date);
  return CM_OK;
}

cm_code cm_test_open(cm_testing *t, char **operands, size_t n, cm_err *e) {
  wanted w = {.n_paths = 0};
  if (!t->arena) t->arena = cm_arena_open(ARENA_MAX);
  if (!t->arena) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  cm_code code = cm_test_set_date(t, e);
  if (!code) code = sort_operands(t, operands, n, &w, e);
  if (!code) code = cm_suite_open(&t->suite, w.paths, w.n_paths, t->arena, e);
  if (code == CM_E_NOTFOUND && w.paths[0] == t->o->fixtures)
    return cm_fail(
        e, CM_E_USAGE, 0,
        "no test cases at %.120s; name their path, or did you mean: cmdai ask test ...?",
        t->o->fixtures);
  if (!code) code = cm_suite_check_dates(&t->suite, cm_str_of(t->today), e);
  if (!code) code = make_plan(t, &w, e);
  return code;
}

/* --- equipment --- */

/* Of all shards: a merge wants one sandbox. */
static bool executes(const cm_testing *t) {
  for (size_t i = 0; i < t->plan.n_whole; i++)
    if (t->plan.whole[i]->exec) return true;
  return false;
}

cm_sandbox_want cm_test_sandbox_kind(const cm_opts *o) {
  if (strcmp(o->sandbox, "bubblewrap") == 0) return CM_SANDBOX_BWRAP;
  return strcmp(o->sandbox, "landlock") == 0 ? CM_SANDBOX_LANDLOCK : CM_SANDBOX_AUTO;
}

/* Worlds of a run that was killed: they would fill the memory for ever. */
static void drop(const char *path) { (void)cm_os_tree_remove(path, NULL); }

static cm_code open_sandbox(cm_testing *t, cm_err *e) {
  const char *how = t->o->sandbox;
  if (strcmp(how, "off") == 0 || !executes(t)) return CM_OK;
  cm_code code = cm_sandbox_open(&t->sandbox, cm_test_sandbox_kind(t->o), e);
  if (code && strcmp(how, "auto") == 0) {
    cm_ui_note(t->o, "no sandbox: %s", e->msg);
    cm_ui_note(t->o,
               "cases that execute commands are skipped; --sandbox require makes that an "
               "error");
    return CM_OK;
  }
  const char *memory = cm_os_memory_folder(SCRATCH_BYTES);
  if (memory) cm_os_each_left(memory, CM_SANDBOX_FOLDER, NOBODY, drop);
  if (!code) code = cm_sandbox_folder(t->sandbox, memory, t->scratch, sizeof t->scratch, e);
  if (!code) t->hold = cm_os_hold(t->scratch);
  return code;
}

/* Nothing of this machine or user goes into a verdict: a run must say the same everywhere. */
cm_code cm_test_rules(cm_testing *t, cm_err *e) {
  t->where = (cm_sh_context){
      .home = CM_STR("/home/user"), .cwd = CM_STR("/home/user/work"), .user = CM_STR("user")};
  return cm_safety_open(&t->safety, NULL, 0, NULL, 0, e);
}

cm_code cm_test_equip(cm_testing *t, cm_err *e) {
  cm_code code = cm_test_rules(t, e);
  return code ? code : open_sandbox(t, e);
}

void cm_test_close(cm_testing *t) {
  if (t->scratch[0]) {
    (void)cm_os_tree_remove(t->scratch, NULL);
    cm_os_release(t->hold);
  }
  cm_sandbox_close(t->sandbox);
  cm_safety_close(t->safety);
  cm_suite_close(&t->suite);
  cm_arena_close(t->arena);
}

/* --- run files --- */

void cm_test_last_run(char *out, size_t size) {
  const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  int n = 0;
  if (xdg && *xdg) n = snprintf(out, size, "%s/cmdai/last-run.jsonl", xdg);
  else if (home && *home) n = snprintf(out, size, "%s/.local/state/cmdai/last-run.jsonl", home);
  if (n <= 0 || (size_t)n >= size) out[0] = 0;
}

cm_code cm_test_read(cm_testing *t, const char *path, cm_record *out, cm_err *e) {
  cm_buf text;
  cm_buf_init(&text, CM_RUN_BYTES_MAX);
  if (!t->arena) t->arena = cm_arena_open(ARENA_MAX);
  cm_code code =
      t->arena ? cm_os_read_file(path, &text, e) : cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  if (!code)
    code =
        cm_record_read(out, (cm_str){text.p ? text.p : "", text.n}, cm_str_of(path), t->arena, e);
  cm_buf_close(&text);
  return code;
}

/* --- subcommands --- */

static const struct {
  const char *name;
  int (*run)(const cm_opts *o, char **operands, size_t n);
} subcommands[] = {
    {"run", cm_test_run},         {"merge", cm_test_merge},     {"report", cm_test_report},
    {"compare", cm_test_compare}, {"ab", cm_test_ab},           {"bless", cm_test_bless},
    {"rescore", cm_test_rescore}, {"golden", cm_test_golden},   {"trend", cm_test_trend},
    {"comment", cm_test_comment}, {"sandbox", cm_test_sandbox}, {"bench", cm_test_bench},
    {"gen", cm_test_gen},         {"stress", cm_test_stress},
};

int cm_cmd_test(const cm_opts *o, char **operands, size_t n) {
  for (size_t i = 0; n && i < sizeof subcommands / sizeof *subcommands; i++)
    if (strcmp(operands[0], subcommands[i].name) == 0)
      return subcommands[i].run(o, operands + 1, n - 1);
  return cm_test_run(o, operands, n);
}
