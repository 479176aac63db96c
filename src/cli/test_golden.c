/* cmdai test golden: answers that wait for a person's eye. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_list.h"
#include "cli/backends.h"
#include "cli/test.h"
#include "data/json.h"

/* Beside the fixtures: tests/fixtures/golden for tests/fixtures/prompts. */
static cm_code folder_of(const cm_testing *t, char *out, size_t size, cm_err *e) {
  const char *fixtures = t->o->fixtures;
  size_t n = strlen(fixtures);
  while (n && fixtures[n - 1] == '/') n--;
  while (n && fixtures[n - 1] != '/') n--;
  int length = t->o->golden ? snprintf(out, size, "%s", t->o->golden)
                            : snprintf(out, size, "%.*sgolden", (int)n, fixtures);
  if (length < 0 || (size_t)length >= size)
    return cm_fail(e, CM_E_USAGE, 0, "the path of the golden answers is too long");
  return CM_OK;
}

static cm_code path_of(const cm_testing *t, cm_str model, cm_str sha256, bool pending,
                       char out[4096], cm_err *e) {
  char folder[4096];
  cm_code code = folder_of(t, folder, sizeof folder, e);
  return code ? code : cm_golden_path(folder, model, sha256, pending, out, 4096, e);
}

cm_code cm_test_identify(const cm_opts *o, const char *model, cm_model_id *out, cm_err *e) {
  cm_opened opened;
  cm_code code = cm_opened_open(&opened, o, model, true, 1, e);
  if (!code) code = cm_opened_identify(&opened, out, e);
  cm_opened_close(&opened);
  return code;
}

cm_code cm_test_goldens(cm_testing *t, cm_str model, cm_str sha256, cm_goldens *accepted,
                        cm_goldens *pending, cm_err *e) {
  cm_goldens *const lists[] = {accepted, pending};
  cm_code code = CM_OK;
  for (int i = 0; i < 2 && !code; i++) {
    char path[4096];
    code = path_of(t, model, sha256, i == 1, path, e);
    if (!code) code = cm_golden_init(lists[i], model, sha256, t->arena, e);
    if (!code) code = cm_golden_load(lists[i], path, e);
  }
  return code;
}

cm_code cm_test_save_golden(const cm_testing *t, const cm_goldens *g, bool pending, cm_err *e) {
  char path[4096];
  cm_code code = path_of(t, g->model_id, g->model_sha256, pending, path, e);
  return code ? code : cm_golden_save(g, path, e);
}

/* --- subcommands --- */

typedef struct review {
  cm_testing t;
  cm_goldens accepted, pending;
} review;

/* Lists are of the model that -m names. */
static cm_code open_review(review *r, cm_err *e) {
  cm_model_id id;
  r->t.arena = cm_arena_open(256 << 20);
  if (!r->t.arena) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  cm_code code = cm_test_identify(r->t.o, cm_test_model(r->t.o), &id, e);
  return code ? code
              : cm_test_goldens(&r->t, cm_str_of(id.id), cm_str_of(id.sha256), &r->accepted,
                                &r->pending, e);
}

static void put_change(cm_jw *w, const cm_golden_change *c) {
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", c->after->id);
  cm_jw_put_str(w, "file", c->after->file);
  cm_jw_put_bool(w, "other_case", c->other_case);
  cm_jw_key(w, "before");
  if (c->before) cm_jw_str(w, c->before->command);
  else cm_jw_null(w);
  cm_jw_put_str(w, "after", c->after->command);
  cm_jw_end_object(w);
}

static void review_json(const review *r, const cm_golden_change *changes, size_t n, cm_buf *b) {
  cm_jw w;
  cm_jw_init(&w, b, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.golden/1");
  cm_jw_key(&w, "model");
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "id", r->accepted.model_id);
  cm_jw_put_str(&w, "sha256", r->accepted.model_sha256);
  cm_jw_end_object(&w);
  cm_jw_put_u64(&w, "accepted", r->accepted.n);
  cm_jw_key(&w, "waiting");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < n; i++) put_change(&w, &changes[i]);
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(b, '\n');
}

static void review_text(const review *r, const cm_golden_change *changes, size_t n, cm_buf *b) {
  for (size_t i = 0; i < n; i++) cm_golden_diff(&changes[i], b);
  cm_buf_printf(b, "%zu accepted, %zu waiting\n", r->accepted.n, n);
}

static int show(review *r, cm_err *e) {
  cm_golden_change *changes;
  size_t n;
  cm_buf b;
  if (cm_golden_review(&r->accepted, &r->pending, &changes, &n, e)) return cm_test_fail(e);
  cm_buf_init(&b, 64 << 20);
  if (cm_opts_document(r->t.o)) review_json(r, changes, n, &b);
  else review_text(r, changes, n, &b);
  return cm_test_out(r->t.o, &b);
}

static cm_code save_both(const review *r, cm_err *e) {
  cm_code code = cm_test_save_golden(&r->t, &r->accepted, false, e);
  return code ? code : cm_test_save_golden(&r->t, &r->pending, true, e);
}

/* Where the cases were read from. */
typedef struct reach {
  const cm_testing *t;
  char **paths;
  size_t n;
} reach;

static cm_str tidy_path(cm_str s) {
  while (cm_str_starts(s, CM_STR("./"))) s = (cm_str){s.p + 2, s.n - 2};
  while (s.n > 1 && s.p[s.n - 1] == '/') s.n--;
  return s;
}

static bool is_below(cm_str file, const char *path) {
  const cm_str f = tidy_path(file), top = tidy_path(cm_str_of(path));
  return cm_str_starts(f, top) && (f.n == top.n || f.p[top.n] == '/');
}

static bool is_there(cm_str file) {
  char path[4096];
  cm_os_kind kind;
  if (file.n >= sizeof path) return false;
  snprintf(path, sizeof path, "%.*s", (int)file.n, file.p);
  return !cm_os_kind_of(path, &kind, NULL);
}

/* Whoever names files means these alone. Without names it is the fixtures, and files that are
 * gone. */
static bool reaches(void *ctx, cm_str file) {
  const reach *r = ctx;
  for (size_t i = 0; i < r->n; i++)
    if (file.n && is_below(file, r->paths[i])) return true;
  return !r->n && (!file.n || is_below(file, r->t->o->fixtures) || !is_there(file));
}

static cm_code prune(review *r, char **paths, size_t n, size_t *gone, cm_err *e) {
  reach own = {&r->t, paths, n};
  cm_code code = cm_test_open(&r->t, paths, n, e);
  cm_str *ids = code ? NULL : cm_arena_alloc(r->t.arena, r->t.suite.n + 1, sizeof *ids);
  if (!code && !ids) code = cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  if (code) return code;
  for (size_t i = 0; i < r->t.suite.n; i++) ids[i] = r->t.suite.cases[i].id;
  *gone = cm_golden_prune(&r->accepted, ids, r->t.suite.n, reaches, &own) +
          cm_golden_prune(&r->pending, ids, r->t.suite.n, reaches, &own);
  return CM_OK;
}

static int change(review *r, const char *how, char **operands, size_t n, cm_err *e) {
  const bool all = n == 1 && strcmp(operands[0], "all") == 0;
  size_t count = 0;
  cm_str *ids = cm_arena_alloc(r->t.arena, n + 1, sizeof *ids);
  cm_code code = ids ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  for (size_t i = 0; ids && i < n; i++) ids[i] = cm_str_of(operands[i]);
  const cm_str *some = all ? NULL : ids;
  if (!code && strcmp(how, "accept") == 0)
    code = cm_golden_accept(&r->accepted, &r->pending, some, n, &count, e);
  else if (!code && strcmp(how, "reject") == 0)
    code = cm_golden_reject(&r->pending, some, n, &count, e);
  else if (!code) code = prune(r, operands, n, &count, e);
  if (!code) code = save_both(r, e);
  if (code) return cm_test_fail(e);
  cm_ui_note(r->t.o, "%s: %zu", how, count);
  return CM_TEST_OK;
}

int cm_test_golden(const cm_opts *o, char **operands, size_t n) {
  const char *how = n ? operands[0] : "review";
  const bool reviews = strcmp(how, "review") == 0, prunes = strcmp(how, "prune") == 0;
  const bool picks = strcmp(how, "accept") == 0 || strcmp(how, "reject") == 0;
  if ((!reviews && !prunes && !picks) || (picks && n < 2) || (reviews && n > 1))
    return cm_ui_fail(CM_TEST_USAGE,
                      "cmdai test golden review | accept ID...|all | reject ID...|all | prune "
                      "[PATH...]");
  review r = {.t = {.o = o}};
  cm_err e = {0};
  int status = open_review(&r, &e) ? cm_test_fail(&e)
               : reviews           ? show(&r, &e)
                                   : change(&r, how, operands + 1, n - 1, &e);
  cm_test_close(&r.t);
  return status;
}
