/* cmdai models list, pull, import, verify, rm, prune, path. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "cli/models.h"

enum { OUT_MAX = 16 << 20 };

/* A name, an address or a file that makes no sense is the caller's mistake; all else is about the
 * model. */
static int fail(const cm_err *e) {
  const bool theirs = e->code == CM_E_USAGE;
  const int status =
      theirs || e->code == CM_E_CANCELLED || e->code == CM_E_NOMEM || e->code == CM_E_WRITE
          ? cm_ui_status(e)
          : CM_EXIT_MODEL;
  return cm_ui_fail(status, "%s", e->msg);
}

/* A shelf and the manifest, opened for one command; `m` is NULL when that failed. */
typedef struct task {
  const cm_opts *o;
  cm_shelf *shelf;
  cm_inventory *m;
} task;

static int task_open(task *t, const cm_opts *o) {
  cm_err e = {0};
  *t = (task){.o = o, .shelf = cm_alloc(1, sizeof *t->shelf)};
  cm_code code =
      t->shelf ? cm_shelf_open(t->shelf, o, &e) : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  if (!code) t->m = cm_inventory_new(&e);
  if (!code) code = t->m ? cm_store_read(&t->shelf->store, t->m, &e) : CM_E_NOMEM;
  if (!code) return CM_EXIT_OK;
  cm_inventory_free(t->m);
  t->m = NULL;
  return fail(&e);
}

static void task_close(task *t) {
  cm_inventory_free(t->m);
  cm_free(t->shelf);
}

/* The manifest as it is now: the document of every subcommand. */
static int put_manifest(const task *t) {
  cm_err e = {0};
  cm_buf b;
  if (cm_store_read(&t->shelf->store, t->m, &e)) return fail(&e);
  cm_buf_init(&b, OUT_MAX);
  cm_inventory_text(t->m, &b);
  return cm_ui_out_as(t->o, &b);
}

static int conclude(const task *t, int status) {
  const int out = cm_opts_document(t->o) ? put_manifest(t) : CM_EXIT_OK;
  return status ? status : out;
}

/* The id that a person means: as it stands in the manifest, or what a name stands for. */
static cm_str id_of(const task *t, const char *name, cm_ref *ref) {
  const cm_str as_is = cm_str_of(name);
  if (cm_inventory_find(t->m, as_is)) return as_is;
  if (!cm_ref_is_one(as_is)) return as_is;
  return cm_ref_parse(as_is, t->shelf->store.o.endpoint, ref, NULL) ? as_is : cm_str_of(ref->id);
}

/* --- list --- */

static void put_row(cm_buf *b, cm_str id, const char *size, cm_str quant, cm_str used) {
  cm_buf safe;
  cm_buf_init(&safe, 1 << 14);
  cm_ui_escape(id, &safe);
  cm_buf_printf(b, "%-30s %10s  %-8.*s %.*s\n", safe.p ? safe.p : "", size,
                (int)(quant.n < 8 ? quant.n : 8), quant.p, (int)(used.n < 24 ? used.n : 24),
                used.p);
  cm_buf_close(&safe);
}

static void put_list(task *t, cm_buf *b) {
  char size[32];
  cm_buf_printf(b, "%-30s %10s  %-8s %s\n", "NAME", "SIZE", "TYPE", "LAST USED");
  for (size_t i = 0; i < t->m->n; i++) {
    const cm_entry *x = &t->m->models[i];
    snprintf(size, sizeof size, "%.1f MB", (double)x->at.bytes / 1e6);
    put_row(b, x->id, size, x->quantization, x->last_used);
  }
  for (size_t i = 0; cm_catalogue_at(i); i++) {
    const cm_model_row *r = cm_catalogue_at(i);
    if (cm_inventory_find(t->m, cm_str_of(r->id))) continue;
    snprintf(size, sizeof size, "%u MB", r->megabytes);
    put_row(b, cm_str_of(r->id), size, cm_str_of(r->quant), CM_STR("not here"));
  }
}

int cm_models_list(const cm_opts *o, char **args, size_t n) {
  task t;
  cm_buf b;
  (void)args, (void)n;
  int status = task_open(&t, o);
  cm_buf_init(&b, OUT_MAX);
  if (t.m && !cm_opts_document(o)) put_list(&t, &b), status = cm_ui_out_buf(&b);
  else if (t.m) status = put_manifest(&t);
  cm_buf_close(&b);
  task_close(&t);
  return status;
}

/* --- pull and import --- */

static int put_path(const cm_opts *o, const char *path) {
  cm_buf b;
  if (cm_opts_document(o)) return CM_EXIT_OK;
  cm_buf_init(&b, 8192);
  cm_buf_printf(&b, "%s\n", path);
  return cm_ui_out_buf(&b);
}

static int pull_one(task *t, const char *name, cm_ref *ref, cm_pulled *pulled) {
  cm_err e = {0};
  cm_code code = cm_ref_parse(cm_str_of(name), t->shelf->store.o.endpoint, ref, &e);
  if (!code) code = cm_shelf_pull(t->shelf, ref, pulled, &e);
  return code ? fail(&e) : put_path(t->o, pulled->path);
}

/* All are tried; the first failure is the status. */
int cm_models_pull(const cm_opts *o, char **args, size_t n) {
  task t;
  cm_ref *ref = cm_alloc(1, sizeof *ref);
  cm_pulled pulled;
  int status = task_open(&t, o);
  if (!status && !ref) status = cm_ui_fail(CM_EXIT_NO_BACKEND, "out of memory");
  for (size_t i = 0; t.m && ref && status != CM_EXIT_INTERRUPTED && i < n; i++) {
    const int one = pull_one(&t, args[i], ref, &pulled);
    if (!status) status = one;
  }
  if (t.m) status = conclude(&t, status);
  cm_free(ref);
  task_close(&t);
  return status;
}

int cm_models_import(const cm_opts *o, char **args, size_t n) {
  task t;
  cm_err e = {0};
  cm_pulled pulled;
  (void)n;
  int status = task_open(&t, o);
  if (!status && cm_store_import(&t.shelf->store, args[0], &pulled, &e)) status = fail(&e);
  else if (!status) {
    cm_ui_note(o, "%s: %.1f MB, SHA-256 %s", pulled.id, (double)pulled.bytes / 1e6, pulled.sha256);
    status = put_path(o, pulled.path);
  }
  if (t.m) status = conclude(&t, status);
  task_close(&t);
  return status;
}

/* --- verify --- */

static int verify_one(task *t, cm_entry *x) {
  cm_err e = {0};
  bool renewed;
  cm_buf b;
  const cm_code code = cm_store_check(&t->shelf->store, x, true, &renewed, &e);
  if (code) return fail(&e);
  if (cm_opts_document(t->o)) return CM_EXIT_OK;
  cm_buf_init(&b, 1 << 14);
  cm_ui_escape(x->id, &b);
  cm_buf_printf(&b, ": whole, SHA-256 %.*s\n", (int)x->sha256.n, x->sha256.p);
  return cm_ui_out_buf(&b);
}

static int verify_named(task *t, const char *name, cm_ref *ref) {
  cm_entry *x = cm_inventory_find(t->m, id_of(t, name, ref));
  if (x) return verify_one(t, x);
  return cm_ui_fail(CM_EXIT_MODEL, "the model %.120s is not here", name);
}

int cm_models_verify(const cm_opts *o, char **args, size_t n) {
  task t;
  cm_ref *ref = cm_alloc(1, sizeof *ref);
  int status = task_open(&t, o);
  for (size_t i = 0; t.m && ref && i < n; i++) {
    const int one = verify_named(&t, args[i], ref);
    if (!status) status = one;
  }
  int all = status;
  for (size_t i = 0; t.m && !n && i < t.m->n; i++) {
    const int one = verify_one(&t, &t.m->models[i]);
    if (!all) all = one;
  }
  if (t.m) all = conclude(&t, all);
  cm_free(ref);
  task_close(&t);
  return all;
}

/* --- rm, prune, path --- */

int cm_models_rm(const cm_opts *o, char **args, size_t n) {
  task t;
  cm_ref *ref = cm_alloc(1, sizeof *ref);
  int status = task_open(&t, o);
  for (size_t i = 0; t.m && ref && i < n; i++) {
    cm_err e = {0};
    uint64_t bytes;
    const cm_str id = id_of(&t, args[i], ref);
    if (cm_store_remove(&t.shelf->store, id, &bytes, &e)) {
      const int one = cm_ui_fail(CM_EXIT_MODEL, "%s", e.msg);
      if (!status) status = one;
    } else {
      cm_ui_note(o, "removed %.*s, %.1f MB", (int)id.n, id.p, (double)bytes / 1e6);
    }
  }
  if (t.m) status = conclude(&t, status);
  cm_free(ref);
  task_close(&t);
  return status;
}

int cm_models_prune(const cm_opts *o, char **args, size_t n) {
  task t;
  cm_err e = {0};
  uint64_t bytes = 0;
  (void)args, (void)n;
  int status = task_open(&t, o);
  if (!status && cm_store_prune(&t.shelf->store, &bytes, &e)) status = fail(&e);
  else if (!status) cm_ui_note(o, "%.1f MB freed", (double)bytes / 1e6);
  if (t.m) status = conclude(&t, status);
  task_close(&t);
  return status;
}

/* Of the folder, or of one model, which is then whole. */
int cm_models_path(const cm_opts *o, char **args, size_t n) {
  task t;
  cm_err e = {0};
  cm_found found = {.hold = -1};
  cm_ref *ref = cm_alloc(1, sizeof *ref);
  int status = task_open(&t, o);
  if (!status && !ref) status = cm_ui_fail(CM_EXIT_NO_BACKEND, "out of memory");
  if (!status && n && cm_store_find(&t.shelf->store, id_of(&t, args[0], ref), &found, &e))
    status = fail(&e);
  if (!status) {
    cm_buf b;
    cm_buf_init(&b, 8192);
    cm_buf_printf(&b, "%s\n", n ? found.path : t.shelf->store.models);
    status = cm_ui_out_buf(&b);
  }
  cm_os_unlock(found.hold);
  cm_free(ref);
  task_close(&t);
  return status;
}
