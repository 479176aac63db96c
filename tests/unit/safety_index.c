/* The index that the build printed, against the packs' tables, read row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "safety/index.h"
#include "safety/packs.h"

static const cm_index *const x = &cm_packs_index;

/* Takes the next alternative off the first word of a row. */
static bool next_name(const char **row, cm_str *name) {
  const char *p = *row;
  if (!*p || *p == ' ') return false;
  size_t n = strcspn(p, "| ");
  *name = (cm_str){p, n};
  *row = p + n + (p[n] == '|');
  return true;
}

static bool names(const char *row, cm_str wanted) {
  for (cm_str name; next_name(&row, &name);)
    if (cm_str_eq(name, wanted)) return true;
  return false;
}

static bool is_sub(const cm_program *p) { return strchr(p->name, ' ') != NULL; }

/* --- programs -------------------------------------------------------------------------------- */

static void check_program(cm_str name) {
  const cm_entry *entry = cm_index_find(x, name);
  const cm_program *first = NULL;
  uint64_t packs = 0;
  size_t subs = 0, listed = 0;
  if (!entry) fail_msg("%.*s isn't there", (int)name.n, name.p);
  assert_true(cm_str_eq(cm_index_name(x, entry), name));
  for (size_t k = 0; cm_packs[k]; k++) {
    for (size_t i = 0; i < cm_packs[k]->n_programs; i++) {
      const cm_program *p = &cm_packs[k]->programs[i];
      if (!names(p->name, name)) continue;
      if (is_sub(p)) subs++;
      else packs |= UINT64_C(1) << k;
      if (!is_sub(p) && !first) first = p;
    }
  }
  assert_ptr_equal(cm_index_program(x, entry->pack, entry->row), first);
  assert_true(entry->packs == packs);
  for (size_t at = entry->sub; at; at = x->subs[at - 1].next, listed++)
    assert_true(names(cm_index_program(x, x->subs[at - 1].pack, x->subs[at - 1].row)->name, name));
  assert_int_equal(listed, subs);
  assert_int_equal(entry->depth > 1, subs > 0);
}

static void every_program_is_there(void **state) {
  (void)state;
  for (size_t k = 0; cm_packs[k]; k++) {
    for (size_t i = 0; i < cm_packs[k]->n_programs; i++) {
      const char *row = cm_packs[k]->programs[i].name;
      for (cm_str name; next_name(&row, &name);) check_program(name);
    }
  }
  assert_null(cm_index_find(x, CM_STR("no-such-program")));
  assert_null(cm_index_find(x, CM_STR("")));
}

static void versions_are_passed_over(void **state) {
  (void)state;
  assert_non_null(cm_index_find(x, CM_STR("python.exe")));
  assert_ptr_equal(cm_index_find(x, CM_STR("python3.11")), cm_index_find(x, CM_STR("python")));
  assert_ptr_equal(cm_index_find(x, CM_STR("gcc-12")), cm_index_find(x, CM_STR("gcc")));
}

/* --- rules ----------------------------------------------------------------------------------- */

static void check_shape(const cm_shape *shape) {
  cm_need needs[CM_SHAPE_NEEDS_MAX];
  cm_shape fresh;
  assert_true(cm_shape_compile(shape->text, needs, &fresh));
  assert_int_equal(shape->form.n_program, fresh.form.n_program);
  assert_int_equal(shape->form.target_kind, fresh.form.target_kind);
  assert_int_equal(shape->form.target, fresh.form.target);
  assert_int_equal(shape->form.n_target, fresh.form.n_target);
  assert_int_equal(shape->form.from, fresh.form.from);
  assert_int_equal(shape->form.one, fresh.form.one);
  assert_int_equal(shape->form.until, fresh.form.until);
  assert_int_equal(shape->form.or_cwd, fresh.form.or_cwd);
  assert_int_equal(shape->form.n_ordered, fresh.form.n_ordered);
  assert_int_equal(shape->form.n_needs, fresh.form.n_needs);
  for (size_t i = 0; i < fresh.form.n_needs; i++) {
    const cm_need *a = &shape->needs[i], *b = &needs[i];
    assert_int_equal(a->letters, b->letters);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->negated, b->negated);
    assert_int_equal(a->plain, b->plain);
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->value, b->value);
    assert_int_equal(a->n_value, b->n_value);
  }
}

static void check_rules(const cm_entry *entry) {
  cm_str name = cm_index_name(x, entry);
  size_t n = 0, walked = 0;
  for (size_t k = 0; cm_packs[k]; k++)
    for (size_t i = 0; i < cm_packs[k]->n_rules; i++)
      n += names(cm_packs[k]->rules[i].shape, name);
  cm_rule_walk w = cm_rules_of(x, entry);
  for (const cm_rule *rule, *last = NULL; (rule = cm_rule_next(&w)); last = rule, walked++) {
    cm_shape shape = cm_rule_shape(&w);
    assert_ptr_equal(shape.text, rule->shape);
    assert_true(names(rule->shape, name));
    assert_ptr_not_equal(rule, last);
    check_shape(&shape);
  }
  assert_int_equal(walked, n);
}

static void every_rule_is_there(void **state) {
  (void)state;
  assert_true(x->n_entries > 0);
  for (size_t i = 0; i < x->n_entries; i++) check_rules(&x->entries[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_program_is_there),
      cmocka_unit_test(versions_are_passed_over),
      cmocka_unit_test(every_rule_is_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
