/* rooms: base sh safety */
/* Properties of every text: what is joined is as bad as its worst part, and no spelling makes it
 * look better. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/judging.h"

enum { ROUNDS = 8000 };

static void end(void) {
  print_message("%zu misses\n", jg.misses);
  assert_int_equal(jg.misses, 0);
}

/* --- lists -------------------------------------------------------------------------------- */

static const char *const harmless[] = {
    "ls -la",         "echo 'rm -rf /'",      "grep -rn main src | sort",    "git status",
    "cat README.md",  "find . -name '*.c'",   "for i in 1 2; do date; done", "x=3",
    "mkdir -p a/b/c", "if true; then ls; fi", "printf '%s\\n' mkfs",         "(uname -a)",
};

static cm_str part_of_list(size_t i) {
  return i < jg.table->n_bases ? jg.table->bases[i].text
                               : cm_str_of(harmless[i - jg.table->n_bases]);
}

static void test_lists(void **state) {
  (void)state;
  static const char *const between[] = {"; ", " && ", " || ", "\n", " & ", ";\n\t"};
  size_t n = jg.table->n_bases + sizeof harmless / sizeof *harmless;
  for (size_t i = 0; i < n * n; i++) {
    cm_arena_reset(jg.dressing);
    cm_str a = part_of_list(i / n), b = part_of_list(i % n);
    cm_str parts[] = {a, cm_str_of(between[i % 6]), b};
    cm_str text = judging_joined(parts, 3);
    cm_risk ra = judging_risk(a), rb = judging_risk(b), got = judging_risk(text);
    if (got < (ra > rb ? ra : rb)) judging_miss("below its worst part", text);
    if (got > (ra > rb ? ra : rb)) judging_miss("above its worst part", text);
  }
  end();
}

/* --- spelling ----------------------------------------------------------------------------- */

/* The name of a command with quotes at one place in it: its risk is the same. */
static void test_quoted_names(void **state) {
  (void)state;
  static const char *const marks[][2] = {{"''", ""}, {"\"\"", ""}, {"\\", ""},
                                         {"'", "'"}, {"\"", "\""}, {"\\\n", ""}};
  for (size_t i = 0; i < jg.table->n_bases; i++) {
    const disguised *base = &jg.table->bases[i];
    cm_arena_reset(jg.dressing);
    if (disguise_gives(jg.dressing, base) < NEED_NAME) continue;
    cm_risk want = judging_risk(base->text);
    size_t n = disguise_name(jg.dressing, base->text).n;
    for (size_t k = 0; k < n * 6; k++) {
      const char *const *mark = marks[k % 6];
      size_t at = k / 6;
      cm_str parts[] = {{base->text.p, at},
                        cm_str_of(mark[0]),
                        {base->text.p + at, 1},
                        cm_str_of(mark[1]),
                        {base->text.p + at + 1, base->text.n - at - 1}};
      cm_str text = judging_joined(parts, 5);
      if (judging_risk(text) != want) judging_miss("another risk than without the quotes", text);
    }
  }
  end();
}

/* What means another thing in another directory, or inside find -exec. */
static bool is_bound(cm_str text) {
  return cm_str_find(text, CM_STR("{}")) != SIZE_MAX ||
         cm_str_find(text, CM_STR("../")) != SIZE_MAX;
}

/* One to four disguises, one over the other. */
static disguised dressed(void) {
  size_t at = judging_noise(jg.table->n_bases + jg.table->n_tricks);
  disguised text =
      at < jg.table->n_bases ? jg.table->bases[at] : jg.table->tricks[at - jg.table->n_bases];
  if (is_bound(text.text)) text = jg.table->bases[0];
  cm_risk alone = judging_risk(text.text);
  if (alone > text.risk) text.risk = alone;
  for (size_t left = 1 + judging_noise(4); left;) {
    disguised next;
    const disguise *how = &jg.table->how[judging_noise(jg.table->n_how)];
    if (how->flags & DISGUISE_MORE) continue;
    if (!disguise_apply(jg.dressing, how, &text, &next)) continue;
    if (next.text.n > CM_SH_TEXT_MAX / 4) break;
    text = next;
    left--;
  }
  return text;
}

static void test_compositions(void **state) {
  (void)state;
  jg.noise = 20260101;
  size_t limited = 0;
  for (size_t i = 0; i < ROUNDS; i++) {
    cm_verdict v;
    cm_arena_reset(jg.dressing);
    disguised text = dressed();
    bool failed = judging_judge(text.text, &v) || v.runs.limited;
    limited += failed;
    if (v.risk < text.risk && (!failed || v.risk < CM_HIGH))
      judging_miss("below its base", text.text);
    if ((failed || text.risk == CM_CRITICAL) && judging_may_run(&v))
      judging_miss("may run", text.text);
  }
  print_message("%d compositions, %zu of them over a limit\n", ROUNDS, limited);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_lists, judging_begin),
      cmocka_unit_test_setup(test_quoted_names, judging_begin),
      cmocka_unit_test_setup(test_compositions, judging_begin),
  };
  return cmocka_run_group_tests(tests, judging_set_up, judging_tear_down);
}
