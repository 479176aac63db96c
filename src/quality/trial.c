#include "quality/trial.h"

#include <stdio.h>
#include <string.h>

#include "quality/compare.h"
#include "quality/excerpt.h"

cm_code cm_bench_open(cm_bench *b, const cm_case *c, const cm_bench_room *with, cm_err *e) {
  *b = (cm_bench){.c = c, .with = with, .began = cm_os_wall_seconds()};
  return cm_sandbox_folder(with->sandbox, with->scratch, b->folder, sizeof b->folder, e);
}

cm_code cm_bench_close(cm_bench *b, cm_err *e) {
  return b->folder[0] ? cm_os_tree_remove(b->folder, e) : CM_OK;
}

/* --- one trial ------------------------------------------------------------------------------ */

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for trying a command");
}

/* The world's variables as the sandbox wants them; its user name is none of them. */
static cm_code set_env(const cm_world *w, cm_sandbox_job *job, cm_arena *a, cm_err *e) {
  const char **env = cm_arena_alloc(a, w->n_env + 1, sizeof *env);
  size_t n = 0;
  if (!env) return no_memory(e);
  for (size_t i = 0; i < w->n_env; i++) {
    const cm_pair *v = &w->env[i];
    char *text = cm_arena_alloc(a, v->name.n + v->value.n + 2, 1);
    if (!text) return no_memory(e);
    if (v->name.n) memcpy(text, v->name.p, v->name.n);
    text[v->name.n] = '=';
    if (v->value.n) memcpy(text + v->name.n + 1, v->value.p, v->value.n);
    if (cm_str_is(v->name, "USER")) job->user = text + v->name.n + 1;
    else env[n++] = text;
  }
  job->env = env;
  return CM_OK;
}

uint32_t cm_try_limit_ms(const cm_bench *b) {
  const uint32_t own = b->c->exec->timeout_ms;
  return own ? own : b->with->timeout_ms;
}

/* Else clocks begin with that of the machine, and run on. */
static bool is_frozen(const cm_bench *b) {
  return !(cm_sandbox_lacks(b->with->sandbox) & CM_SANDBOX_NO_CLOCK);
}

/* What the clock says in all copies of a world when their commands begin. */
static int64_t now_of(const cm_bench *b, const cm_world *w) {
  return is_frozen(b) ? cm_world_now(w) : b->began;
}

cm_tree_now cm_try_now(const cm_bench *b, const cm_world *w) {
  return (cm_tree_now){now_of(b, w), b->began, cm_os_wall_seconds()};
}

static cm_code run(cm_bench *b, const cm_world *w, const char *command, const char *tree,
                   cm_arena *a, cm_sandbox_result *r, cm_err *e) {
  cm_sandbox_job job = {.shell = b->c->shell,
                        .command = command,
                        .tree = tree,
                        .now = is_frozen(b) ? cm_world_now(w) : 0,
                        .in = w->stdin_text.p,
                        .in_n = w->stdin_text.n,
                        .limits = {.wall_ms = cm_try_limit_ms(b)},
                        .cancel = b->with->cancel};
  cm_code code = set_env(w, &job, a, e);
  if (!code && w->cwd.n) {
    job.cwd = cm_arena_strdup(a, w->cwd.p, w->cwd.n);
    if (!job.cwd) code = no_memory(e);
  }
  return code ? code : cm_sandbox_run(b->with->sandbox, &job, a, r, e);
}

/* The folder of the next copy, of the same path each time: where the sandbox can't hide it, gold
 * and candidate see the same one. */
static cm_code make_folder(cm_bench *b, char *out, cm_err *e) {
  cm_os_tree t;
  int n = snprintf(out, CM_OS_PATH_MAX, "%s/tree", b->folder);
  if (n < 0 || n >= CM_OS_PATH_MAX)
    return cm_fail(e, CM_E_WRITE, 0, "the path of the scratch folder is too long");
  cm_code code = cm_os_tree_open(&t, b->folder, e);
  if (code) return code;
  const cm_os_node folder = {.path = CM_STR("tree"), .kind = CM_OS_DIR};
  code = cm_os_tree_make(&t, &folder, e);
  cm_os_tree_close(&t);
  return code;
}

/* From the fresh folder to the tree that the command leaves. */
static cm_code try_in(cm_bench *b, const cm_world *world, const char *command, const char *tree,
                      cm_arena *a, cm_trial *out, cm_err *e) {
  bool look = b->c->exec->tree != CM_TREE_IGNORE;
  cm_code code = cm_world_make(world, tree, now_of(b, world), a, e);
  if (!code && look) code = cm_tree_look(tree, a, &out->before, e);
  if (!code) code = run(b, world, command, tree, a, &out->r, e);
  if (code || !look) return code;
  code = cm_tree_look(tree, a, &out->after, e);
  out->tree_cut = code == CM_E_LIMIT;
  if (out->tree_cut) out->after = (cm_tree){0};
  return out->tree_cut ? CM_OK : code;
}

cm_code cm_try(cm_bench *b, const cm_world *world, cm_str command, cm_arena *a, cm_trial *out,
               cm_err *e) {
  char tree[CM_OS_PATH_MAX];
  *out = (cm_trial){0};
  char *text = cm_arena_strdup(a, command.p, command.n);
  if (!text) return no_memory(e);
  if (memchr(text, 0, command.n)) return cm_fail(e, CM_E_FORMAT, 0, "the command holds a NUL");
  cm_code code = make_folder(b, tree, e);
  if (code) return code;
  code = try_in(b, world, text, tree, a, out, e);
  cm_code gone = cm_os_tree_remove(tree, code ? NULL : e);
  return code ? code : gone;
}

/* --- comparing ------------------------------------------------------------------------------ */

/* One comparison: where it speaks. */
typedef struct talk {
  const cm_world *world;
  const cm_trial *got;
  cm_arena *a;
  cm_reasons *out;
} talk;

static void say(const talk *t, const char *judge, const char *what, size_t n) {
  cm_buf tail;
  cm_str err = cm_str_trim(t->got->r.err);
  cm_buf_init(&tail, 1024);
  if (err.n) {
    cm_buf_puts(&tail, "; stderr: ");
    cm_excerpt(&tail, err);
  }
  cm_buf name;
  cm_buf_init(&name, 1024);
  cm_excerpt(&name, t->world->name);
  cm_reasons_add(t->out, t->a, judge, "world %s: %.*s%s", name.p ? name.p : "", (int)n, what,
                 tail.p ? tail.p : "");
  cm_buf_close(&name);
  cm_buf_close(&tail);
}

cm_exit_class cm_exit_class_of(int s) {
  return s == 0                 ? CM_EXIT_OK
         : s > 0 && s < 126     ? CM_EXIT_FAILED
         : s == 126 || s == 127 ? CM_EXIT_ABSENT
                                : CM_EXIT_KILLED;
}

static void compare_exit(const talk *t, cm_exit_compare how, int want, int got) {
  char text[96];
  if (how == CM_EXIT_IGNORE) return;
  if (how == CM_EXIT_SUCCESS) want = 0;
  if (cm_exit_class_of(want) == cm_exit_class_of(got)) return;
  int n = snprintf(text, sizeof text, "exit status %d, expected %s%d", got,
                   how == CM_EXIT_SUCCESS ? "" : "as after ", want);
  say(t, "exec.exit", text, n > 0 ? (size_t)n : 0);
}

static cm_code compare_stdout(const talk *t, const cm_exec *x, const cm_trial *want, cm_err *e) {
  bool same = false;
  cm_str why;
  cm_code code =
      cm_compare_text(x->out, x->stdout_re, want->r.out, t->got->r.out, t->a, &same, &why, e);
  if (!code && !same) say(t, "exec.stdout", why.p, why.n);
  return code;
}

static void compare_trees(const talk *t, const cm_bench *b, const cm_tree *want,
                          const cm_trial *gold) {
  cm_buf lines;
  cm_buf_init(&lines, 16384);
  size_t n = cm_tree_diff(want, &t->got->after, &lines);
  const cm_tree_now now = cm_try_now(b, t->world);
  if (!n && b->times)
    n = cm_tree_diff_times(&gold->before, &gold->after, &t->got->after, &now, &lines);
  if (n) say(t, "exec.tree", lines.p ? lines.p : "it differs", lines.p ? lines.n : 10);
  cm_buf_close(&lines);
}

/* Gold must keep what the case says about it. */
static cm_code check_gold(const cm_exec *x, const cm_world *w, const cm_trial *want, cm_err *e) {
  cm_buf lines;
  int n = (int)(w->name.n < 40 ? w->name.n : 40);
  if (want->tree_cut)
    return cm_fail(e, CM_E_LIMIT, 0, "world %.*s: gold leaves more than can be compared", n,
                   w->name.p);
  if (x->tree != CM_TREE_UNCHANGED) return CM_OK;
  cm_buf_init(&lines, 16384);
  cm_code code = CM_OK;
  if (cm_tree_diff(&want->before, &want->after, &lines))
    code = cm_fail(e, CM_E_FORMAT, 0, "world %.*s: gold changes the tree: %.150s", n, w->name.p,
                   lines.p ? lines.p : "");
  cm_buf_close(&lines);
  return code;
}

cm_code cm_trial_compare(const cm_bench *b, const cm_world *world, const cm_trial *want,
                         const cm_trial *got, cm_arena *a, cm_reasons *out, cm_err *e) {
  const cm_exec *x = b->c->exec;
  const talk t = {world, got, a, out};
  cm_code code = check_gold(x, world, want, e);
  if (code) return code;
  compare_exit(&t, x->exit, want->r.exit_status, got->r.exit_status);
  code = compare_stdout(&t, x, want, e);
  if (code || x->tree == CM_TREE_IGNORE) return code;
  if (got->tree_cut) say(&t, "exec.tree", CM_STR("it leaves more than can be compared").p, 35);
  else compare_trees(&t, b, x->tree == CM_TREE_UNCHANGED ? &got->before : &want->after, want);
  return CM_OK;
}
