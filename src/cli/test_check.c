/* cmdai test --list and --check: looks at the cases, asks no model. */
#include <string.h>

#include "base/os.h"
#include "base/pool.h"
#include "cli/test.h"
#include "data/json.h"

enum { TRY_MS_MAX = 10000, CHECK_BYTES_MAX = 256 << 20, LIST_MAX = 64 << 20 };

unsigned cm_test_jobs(const cm_opts *o) { return o->jobs ? o->jobs : cm_os_cpu_count(); }

cm_bench_room cm_test_room(const cm_testing *t) {
  return (cm_bench_room){.safety = t->safety,
                         .where = &t->where,
                         .sandbox = t->sandbox,
                         .scratch = t->scratch,
                         .timeout_ms = TRY_MS_MAX,
                         .cancel = &cm_ui_cancel};
}

/* --- --list --- */

static void list_json(const cm_testing *t, cm_buf *b) {
  cm_jw w;
  cm_jw_init(&w, b, 2);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "schema");
  cm_jw_text(&w, "cmdai.plan/1");
  cm_jw_key(&w, "suite_hash");
  cm_jw_text(&w, t->suite.hash);
  cm_jw_key(&w, "cases");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < t->plan.n; i++) {
    const cm_case *c = t->plan.cases[i];
    const cm_str file = c->file,
                 values[] = {c->id, cm_str_of(cm_tier_name(c->tier)),
                             cm_str_of(cm_subject_name(c->subject)), c->text, file};
    static const char *const keys[] = {"id", "tier", "subject", "text", "file"};
    cm_jw_begin_object(&w);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
      cm_jw_key(&w, keys[k]);
      cm_jw_str(&w, values[k]);
    }
    cm_jw_key(&w, "line");
    cm_jw_u64(&w, c->line);
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(b, '\n');
}

static void list_text(const cm_testing *t, cm_buf *b) {
  for (size_t i = 0; i < t->plan.n; i++) {
    const cm_case *c = t->plan.cases[i];
    cm_ui_escape(c->id, b);
    cm_buf_printf(b, "\t%s\t%s\t", cm_tier_name(c->tier), cm_subject_name(c->subject));
    cm_ui_escape(c->text, b);
    cm_buf_putc(b, '\n');
  }
}

int cm_test_list(const cm_testing *t) {
  cm_buf b;
  cm_buf_init(&b, LIST_MAX);
  if (cm_opts_document(t->o)) list_json(t, &b);
  else list_text(t, &b);
  return cm_test_out(t->o, &b);
}

/* --- --check --- */

/* What is wrong with a case that is executed. */
typedef struct checked {
  const cm_case *c;
  cm_arena *arena;
  cm_reasons wrong;
  cm_err error;
} checked;

typedef struct checking {
  cm_bench_room room;
  checked *items;
  size_t n;
} checking;

static void check_some(void *ctx, size_t begin, size_t end, unsigned worker) {
  checking *k = ctx;
  (void)worker;
  for (size_t i = begin; i < end && !cm_ui_cancel; i++) {
    checked *x = &k->items[i];
    x->arena = cm_arena_open(CHECK_BYTES_MAX);
    if (!x->arena) (void)cm_fail(&x->error, CM_E_NOMEM, 0, "out of memory");
    else (void)cm_exec_check(x->c, &k->room, x->arena, &x->wrong, &x->error);
  }
}

static size_t executed(const cm_testing *t) {
  size_t n = 0;
  for (size_t i = 0; i < t->plan.n; i++) n += t->plan.cases[i]->exec != NULL;
  return n;
}

static void show_checked(const cm_testing *t, const checked *x) {
  const cm_case *c = x->c;
  for (size_t i = 0; i < x->wrong.n; i++) {
    const cm_reason *why = &x->wrong.items[i];
    cm_ui_note(t->o, "%.*s:%u: %.*s: %s: %.*s", (int)c->file.n, c->file.p, c->line, (int)c->id.n,
               c->id.p, why->judge, (int)why->text.n, why->text.p);
  }
  if (x->error.code)
    cm_ui_note(t->o, "%.*s:%u: %.*s: %s", (int)c->file.n, c->file.p, c->line, (int)c->id.n,
               c->id.p, x->error.msg);
}

static void put_checked(cm_jw *w, const checked *x) {
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", x->c->id);
  cm_jw_put_str(w, "file", x->c->file);
  cm_jw_put_u64(w, "line", x->c->line);
  cm_jw_key(w, "reasons");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < x->wrong.n; i++) {
    cm_jw_begin_object(w);
    cm_jw_put_text(w, "judge", x->wrong.items[i].judge);
    cm_jw_put_str(w, "text", x->wrong.items[i].text);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
  cm_jw_put_text(w, "error", x->error.code ? x->error.msg : NULL);
  cm_jw_end_object(w);
}

static bool is_right(const checked *x) { return !x->wrong.n && !x->error.code; }

static void checked_json(const cm_testing *t, const checking *k, cm_buf *b) {
  cm_jw w;
  cm_jw_init(&w, b, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.cases/1");
  cm_jw_put_text(&w, "suite_hash", t->suite.hash);
  cm_jw_put_u64(&w, "read", t->plan.n);
  cm_jw_put_u64(&w, "checked", k->n);
  cm_jw_put_u64(&w, "unchecked", executed(t) - k->n);
  cm_jw_key(&w, "wrong");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < k->n; i++)
    if (!is_right(&k->items[i])) put_checked(&w, &k->items[i]);
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(b, '\n');
}

static int show_all(const cm_testing *t, const checking *k) {
  size_t bad = 0;
  cm_buf b;
  for (size_t i = 0; i < k->n; i++) bad += !is_right(&k->items[i]);
  cm_buf_init(&b, LIST_MAX);
  if (cm_opts_document(t->o)) checked_json(t, k, &b);
  else
    cm_buf_printf(&b, "%zu cases read, %zu checked by executing, %zu wrong\n", t->plan.n, k->n,
                  bad);
  const int status = cm_test_out(t->o, &b);
  if (!status && k->n < executed(t))
    return cm_ui_fail(CM_TEST_BROKEN, "%zu cases need a sandbox to be checked, and there is none",
                      executed(t) - k->n);
  return status ? status : bad ? CM_TEST_USAGE : CM_TEST_OK;
}

static cm_code check_all(const cm_testing *t, checking *k, cm_err *e) {
  cm_pool *pool;
  k->items = cm_arena_alloc(t->arena, t->plan.n + 1, sizeof *k->items);
  if (!k->items) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  for (size_t i = 0; i < t->plan.n; i++)
    if (t->plan.cases[i]->exec && t->sandbox) k->items[k->n++].c = t->plan.cases[i];
  cm_code code = cm_pool_open(&pool, cm_test_jobs(t->o), e);
  if (code) return code;
  cm_pool_for(pool, k->n, 1, check_some, k);
  cm_pool_close(pool);
  return CM_OK;
}

int cm_test_check(const cm_testing *t) {
  checking k = {.room = cm_test_room(t)};
  cm_err e = {0};
  int status = CM_EXIT_INTERRUPTED;
  if (check_all(t, &k, &e)) return cm_ui_fail(CM_TEST_BROKEN, "%s", e.msg);
  for (size_t i = 0; i < k.n; i++) show_checked(t, &k.items[i]);
  if (!cm_ui_cancel) status = show_all(t, &k);
  for (size_t i = 0; i < k.n; i++) cm_arena_close(k.items[i].arena);
  return status;
}
