#include "quality/changes.h"

#include <string.h>

#include "base/os_spawn.h"

enum { OUTPUT_MAX = 16 << 20, ARGS_MAX = 16, SECONDS = 30 };

/* Runs git; its stdout goes to *out (in `a`), without white space at the ends. */
static cm_code git(const char *const *args, cm_arena *a, cm_str *out, cm_err *e) {
  const char *argv[ARGS_MAX + 2] = {"git"};
  for (size_t i = 0; i < ARGS_MAX && args[i]; i++) argv[i + 1] = args[i];
  const cm_os_spawn_job job = {.argv = argv,
                               .out_max = OUTPUT_MAX,
                               .err_max = 4096,
                               .wall_ns = SECONDS * UINT64_C(1000000000)};
  cm_os_spawn_result r;
  cm_code code = cm_os_spawn(&job, &r, e);
  if (!code && r.exit_status != 0) {
    cm_str why = cm_str_trim((cm_str){r.err.p ? r.err.p : "", r.err.n}), line = {0};
    (void)cm_str_line(&why, &line);
    code = cm_fail(e, CM_E_USAGE, 0, "git %s: %.*s", args[0], (int)(line.n < 150 ? line.n : 150),
                   line.n ? line.p : "");
  }
  if (!code && r.out_cut) code = cm_fail(e, CM_E_LIMIT, 0, "git %s says too much", args[0]);
  const cm_str text = cm_str_trim((cm_str){r.out.p ? r.out.p : "", r.out.n});
  char *kept = code ? NULL : cm_arena_strdup(a, text.p, text.n);
  if (!code && !kept) code = cm_fail(e, CM_E_NOMEM, 0, "no memory for git's answer");
  *out = (cm_str){kept, kept ? text.n : 0};
  cm_os_spawn_close(&r);
  return code;
}

/* Where this branch left the main one, whatever that is called. */
static cm_code merge_base(cm_arena *a, cm_str *out, cm_err *e) {
  static const char *const mains[] = {"origin/HEAD", "origin/main", "origin/master", "main",
                                      "master"};
  for (size_t i = 0; i < sizeof mains / sizeof *mains; i++) {
    const char *const args[] = {"merge-base", "HEAD", mains[i], NULL};
    cm_code code = git(args, a, out, e);
    if (code != CM_E_USAGE) return code;
  }
  return cm_fail(e, CM_E_USAGE, 0, "there is no main branch to compare with; say --changed=REF");
}

static cm_code commit_of(const char *ref, cm_arena *a, cm_str *out, cm_err *e) {
  static const char *const here[] = {"rev-parse", "--git-dir", NULL};
  cm_code there = git(here, a, out, e);
  if (there || !*ref) return there ? there : merge_base(a, out, e);
  cm_buf name;
  cm_buf_init(&name, 4096);
  cm_buf_printf(&name, "%s^{commit}", ref);
  const char *const args[] = {"rev-parse",           "--verify", "--quiet", "--end-of-options",
                              name.p ? name.p : ref, NULL};
  cm_code code = git(args, a, out, e);
  cm_buf_close(&name);
  if (code == CM_E_USAGE) return cm_fail(e, CM_E_USAGE, 0, "git knows no commit \"%.80s\"", ref);
  return code;
}

static cm_code read_old(cm_str commit, cm_str name, cm_arena *a, cm_suite *out, cm_err *e) {
  cm_buf object;
  cm_str text;
  cm_buf_init(&object, 8192);
  cm_buf_printf(&object, "%.*s:./%.*s", (int)commit.n, commit.p, (int)name.n, name.p);
  const char *const args[] = {"show", object.p ? object.p : "", NULL};
  cm_code code = object.overflow ? CM_OK : git(args, a, &text, e);
  if (!code && !object.overflow) code = cm_suite_read(out, text, name, a, e);
  cm_buf_close(&object);
  return code == CM_E_NOMEM ? code : CM_OK;
}

/* Names end with NUL bytes: git -z. */
static bool next_name(cm_str *rest, cm_str *name) {
  if (!rest->n) return false;
  const char *end = memchr(rest->p, 0, rest->n);
  const size_t n = end ? (size_t)(end - rest->p) : rest->n;
  *name = (cm_str){rest->p, n};
  *rest = end ? (cm_str){end + 1, rest->n - n - 1} : (cm_str){0};
  return true;
}

cm_code cm_changes_before(const char *ref, const char *const *paths, size_t n, cm_arena *a,
                          cm_suite *out, cm_err *e) {
  cm_str commit, names, name;
  *out = (cm_suite){0};
  cm_code code = commit_of(ref, a, &commit, e);
  for (size_t i = 0; i < n && !code; i++) {
    const char *const args[] = {"ls-tree", "-r", "-z",     "--name-only",
                                commit.p,  "--", paths[i], NULL};
    code = git(args, a, &names, e);
    while (!code && next_name(&names, &name))
      if (cm_is_fixture(name)) code = read_old(commit, name, a, out, e);
  }
  if (code) cm_suite_close(out);
  return code;
}

void cm_changes_commit(char out[65]) {
  const char *const args[] = {"rev-parse", "HEAD", NULL};
  cm_arena *a = cm_arena_open(1 << 20);
  cm_str commit = {0};
  out[0] = 0;
  if (a && !git(args, a, &commit, NULL) && commit.n < 65) {
    memcpy(out, commit.p, commit.n);
    out[commit.n] = 0;
  }
  cm_arena_close(a);
}
