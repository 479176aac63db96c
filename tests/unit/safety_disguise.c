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

#include "unit/judging.h"

enum { EXAMPLES = 2 };

static cm_risk plain[DISGUISE_BASES]; /* what the bases alone are judged */

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
  for (size_t i = 0; i < jg.table->n_bases; i++) {
    const disguised *base = &jg.table->bases[i];
    plain[i] = judging_risk(base->text);
    if (plain[i] >= base->risk) continue;
    if (!missed++) print_error("bases without a disguise:\n");
    print_miss(plain[i], base->risk, base->text);
  }
  assert_int_equal(missed, 0);
}

static void test_tricks(void **state) {
  (void)state;
  size_t missed = 0;
  for (size_t i = 0; i < jg.table->n_tricks; i++) {
    const disguised *trick = &jg.table->tricks[i];
    cm_risk got = judging_risk(trick->text);
    if (got >= trick->risk) continue;
    if (!missed++) print_error("tricks:\n");
    print_miss(got, trick->risk, trick->text);
  }
  print_message("%zu of %zu tricks judged too low\n", missed, jg.table->n_tricks);
  assert_int_equal(missed, 0);
}

/* Crosses one disguise with all bases; prints what is judged too low. */
static size_t cross(const disguise *how, size_t *tried) {
  size_t missed = 0;
  for (size_t i = 0; i < jg.table->n_bases; i++) {
    disguised base = jg.table->bases[i], text;
    cm_arena_reset(jg.dressing);
    if (plain[i] > base.risk) base.risk = plain[i];
    if (!disguise_apply(jg.dressing, how, &base, &text)) continue;
    ++*tried;
    cm_risk got = judging_risk(text.text);
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
  for (size_t i = 0; i < jg.table->n_how; i++) {
    size_t n = cross(&jg.table->how[i], &tried);
    missed += n;
    groups += n > 0;
  }
  print_message("%zu of %zu disguised commands judged too low, by %zu of %zu disguises\n", missed,
                tried, groups, jg.table->n_how);
  assert_true(tried >= 4000);
  assert_int_equal(missed, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bases),
      cmocka_unit_test(test_tricks),
      cmocka_unit_test(test_disguises),
  };
  return cmocka_run_group_tests(tests, judging_set_up, judging_tear_down);
}
