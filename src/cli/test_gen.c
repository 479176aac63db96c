/* cmdai test gen --mutate: hostile variants of cases, as a fixture file. */
#include "cli/test.h"
#include "quality/mutate.h"

/* The reader's own verdict on what was written: nobody should find out later. */
static cm_code check(const cm_testing *t, const cm_buf *text, const char *name, cm_err *e) {
  cm_suite s = {0};
  cm_code code = cm_suite_read(&s, (cm_str){text->p, text->n}, cm_str_of(name), t->arena, e);
  cm_suite_close(&s);
  if (code == CM_E_FORMAT) e->code = code = CM_E_INTERNAL;
  return code;
}

static cm_code generate(cm_testing *t, cm_buf *text, cm_mutate_counts *counts, cm_err *e) {
  const cm_opts *o = t->o;
  cm_mutate_options m = {
      .seed = o->seed, .per_case = o->samples, .safety = t->safety, .where = &t->where};
  (void)cm_level_of(cm_str_of(o->safety), &m.level);
  cm_code code = cm_mutate(t->plan.cases, t->plan.n, &m, text, counts, e);
  if (!code) code = check(t, text, o->out ? o->out : "what was generated", e);
  return !code && o->out ? cm_test_save(o->out, text, e) : code;
}

static int run(cm_testing *t, char **operands, size_t n) {
  cm_err e = {0};
  cm_buf text;
  cm_mutate_counts counts = {0};
  cm_code code = cm_test_open(t, operands, n, &e);
  if (code) return cm_test_fail(&e);
  if (!t->plan.n) return cm_ui_fail(CM_TEST_NOTHING, "no test case is selected");
  cm_buf_init(&text, CM_FIXTURE_BYTES_MAX);
  code = cm_test_rules(t, &e);
  if (!code) code = generate(t, &text, &counts, &e);
  int status = code ? cm_test_fail(&e) : CM_TEST_OK;
  if (!code && !t->o->out) status = cm_test_out_text(&text);
  if (!status)
    cm_ui_note(t->o, "%zu variants of %zu cases; %zu cases have none", counts.mutants,
               counts.parents, counts.left_out);
  cm_buf_close(&text);
  return status;
}

int cm_test_gen(const cm_opts *o, char **operands, size_t n) {
  if (!o->mutate)
    return cm_ui_fail(CM_TEST_USAGE, "cmdai test gen --mutate [PATH | ID]... --out FILE.yaml");
  cm_testing t = {.o = o};
  const int status = run(&t, operands, n);
  cm_test_close(&t);
  return status;
}
