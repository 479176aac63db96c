/* rooms: base sh */
#include <stdlib.h>
#include <string.h>

#include "sh/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void check_word(const cm_rword *w, size_t size) {
  must(w->span.start <= w->span.end && w->span.end <= size);
  must(!w->text.n || w->text.p);
  for (size_t i = 0; i < w->text.n; i++) must(w->text.p[i] != CM_HOLE || w->from);
  if (w->source) must(w->source->n <= size + CM_SH_TEXT_MAX);
}

static void check_run(const cm_run *r, size_t size) {
  must(r->span.start <= r->span.end && r->span.end <= size);
  must((r->kind == CM_RUN_ASSIGN) == (r->n == 0));
  for (size_t i = 0; i < r->n; i++) check_word(&r->words[i], size);
  for (size_t i = 0; i < r->n_redirs; i++) check_word(&r->redirs[i].target, size);
  for (size_t i = 0; i < r->n_env; i++) check_word(&r->env[i].value, size);
  if (r->in_text) check_word(r->in_text, size);
  check_word(&r->cwd, size);
  size_t depth = 0;
  for (const cm_run *v = r->via; v; v = v->via) must(++depth < CM_RESOLVE_RUNS_MAX);
}

/* The first byte chooses the dialect and what is known of the place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  bool known = data[0] & 1;
  cm_sh_context context = {.dialect = data[0] & 2 ? CM_SH_POSIX : CM_SH_BASH};
  if (known) {
    context.home = CM_STR("/home/ada");
    context.cwd = CM_STR("/work");
    context.user = CM_STR("ada");
  }
  cm_arena *a = cm_arena_open(64 << 20);
  cm_runs runs;
  cm_err e;
  cm_str text = {(const char *)data + 1, size - 1};
  must(a != NULL);
  must(cm_sh_resolve(text, &context, a, &runs, &e) == CM_OK);
  must(runs.n <= CM_RESOLVE_RUNS_MAX);
  must(!runs.syntax || runs.error.code);
  for (size_t i = 0; i < runs.n; i++) check_run(runs.items[i], text.n);
  cm_arena_close(a);
  return 0;
}
