/* rooms: base sh safety */
/* Adding a disguise to a command never lowers its risk: the two tables of
 * tests/corpus/safety/disguises.txt, crossed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/disguise.h"

enum { ARENA = 64 << 20, EXAMPLES = 2 };

static cm_safety *safety;
static disguise_table *table;
static cm_arena *judging, *dressing;
static cm_risk plain[DISGUISE_BASES]; /* what the bases alone are judged */

static const cm_sh_context context = {
    .home = {"/home/ada", 9}, .cwd = {"/home/ada/work", 14}, .user = {"ada", 3}};

static int set_up(void **state) {
  (void)state;
  cm_err e;
  table = disguise_open();
  judging = cm_arena_open(ARENA);
  dressing = cm_arena_open(ARENA);
  return cm_safety_open(&safety, NULL, 0, NULL, 0, &e) || !judging || !dressing;
}

static int tear_down(void **state) {
  (void)state;
  cm_safety_close(safety);
  cm_arena_close(judging);
  cm_arena_close(dressing);
  disguise_close(table);
  return 0;
}

static cm_risk risk_of(cm_str text) {
  cm_verdict v;
  cm_err e;
  cm_arena_reset(judging);
  cm_safety_judge(safety, text, &context, judging, &v, &e);
  return v.risk;
}

static void print_miss(cm_risk got, cm_risk want, cm_str text) {
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '\n') cm_buf_puts(&b, "\\n");
    else cm_buf_putc(&b, text.p[i]);
  }
  print_error("    %s < %s: %s\n", cm_risk_name(got), cm_risk_name(want), b.p);
  cm_buf_close(&b);
}

static void test_bases(void **state) {
  (void)state;
  size_t missed = 0;
  for (size_t i = 0; i < table->n_bases; i++) {
    const disguised *base = &table->bases[i];
    plain[i] = risk_of(base->text);
    if (plain[i] >= base->risk) continue;
    if (!missed++) print_error("bases without a disguise:\n");
    print_miss(plain[i], base->risk, base->text);
  }
  assert_int_equal(missed, 0);
}

/* Crosses one disguise with all bases; prints what is judged too low. */
static size_t cross(const disguise *how, size_t *tried) {
  size_t missed = 0;
  for (size_t i = 0; i < table->n_bases; i++) {
    disguised base = table->bases[i], text;
    cm_arena_reset(dressing);
    if (plain[i] > base.risk) base.risk = plain[i];
    if (!disguise_apply(dressing, how, &base, &text)) continue;
    ++*tried;
    cm_risk got = risk_of(text.text);
    if (got >= text.risk) continue;
    if (!missed++) print_error("%.*s:\n", (int)how->name.n, how->name.p);
    if (missed <= EXAMPLES) print_miss(got, text.risk, text.text);
  }
  if (missed > EXAMPLES) print_error("    … %zu in all\n", missed);
  return missed;
}

static void test_disguises(void **state) {
  (void)state;
  size_t tried = 0, missed = 0, groups = 0;
  for (size_t i = 0; i < table->n_how; i++) {
    size_t n = cross(&table->how[i], &tried);
    missed += n;
    groups += n > 0;
  }
  print_message("%zu of %zu disguised commands judged too low, by %zu of %zu disguises\n", missed,
                tried, groups, table->n_how);
  assert_true(tried >= 4000);
  assert_int_equal(missed, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bases),
      cmocka_unit_test(test_disguises),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
