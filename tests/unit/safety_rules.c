/* Every rule of every pack against tests/corpus/safety/rules/PACK.tsv. Columns: rule, kind, level,
 * command (\\ \n \t \r), behind one header line.
 *
 *   bad    the rule is among the findings, with that level
 *   good   a near miss: the rule is not, and the command's level is at most that
 *
 * A rule needs a line of each kind; one that only ever makes commands safe needs a good line. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/tsv.h"
#include "base/os.h"
#include "safety/judge.h"

#define FOLDER CM_SOURCE_DIR "/tests/corpus/safety/rules"

enum { IDS_MAX = 4096 };

static const cm_sh_context context = {
    .home = CM_STR("/home/user"), .cwd = CM_STR("/home/user/project"), .user = CM_STR("user")};

/* What the tables and the files say of one rule. */
static struct {
  const char *id;
  bool speaks; /* some row of it may give a finding */
  size_t bad, good;
} ids[IDS_MAX];
static size_t n_ids, failures;

static size_t id_of(cm_str name) {
  for (size_t i = 0; i < n_ids; i++)
    if (cm_str_is(name, ids[i].id)) return i;
  return SIZE_MAX;
}

static bool can_speak(cm_effect effect) {
  return effect != CM_FX_HARMLESS && effect != CM_FX_SAFE && effect != CM_FX_READ;
}

static void collect_ids(void) {
  for (size_t k = 0; cm_packs[k]; k++) {
    for (size_t i = 0; i < cm_packs[k]->n_rules; i++) {
      const cm_rule *rule = &cm_packs[k]->rules[i];
      size_t at = id_of(cm_str_of(rule->id));
      if (at == SIZE_MAX) {
        assert_true(n_ids < IDS_MAX);
        ids[at = n_ids++].id = rule->id;
      }
      ids[at].speaks |= can_speak(rule->effect);
    }
  }
}

/* The level of the rule's worst finding; CM_SAFE: it isn't there. */
static cm_risk risk_of_rule(const cm_verdict *v, cm_str rule) {
  for (size_t i = 0; i < v->n; i++)
    if (cm_str_is(rule, v->findings[i].rule)) return v->findings[i].risk;
  return CM_SAFE;
}

static void complain(const char *file, size_t line, cm_str rule, const cm_verdict *v,
                     const char *what) {
  failures++;
  print_message("%s:%zu: %.*s: %s (%s by %s)\n", file, line, (int)rule.n, rule.p, what,
                cm_risk_name(v->risk), v->n ? v->findings[0].rule : "nothing");
}

static void check_row(const cm_safety *s, const char *file, size_t number, cm_str line) {
  static char text[CM_SH_TEXT_MAX];
  cm_str rule = tsv_column(&line), kind = tsv_column(&line), level = tsv_column(&line);
  cm_arena *a = cm_arena_open(64 << 20);
  cm_verdict v = {.risk = CM_SAFE};
  cm_err e;
  size_t at = id_of(rule);
  assert_true(line.n <= sizeof text);
  (void)cm_safety_judge(s, tsv_unescape(line, text), &context, a, &v, &e);
  cm_risk risk = CM_SAFE, got = risk_of_rule(&v, rule);
  while (risk < CM_CRITICAL && !cm_str_is(level, cm_risk_name(risk))) risk++;
  if (!cm_str_is(level, cm_risk_name(risk))) complain(file, number, rule, &v, "no such level");
  if (cm_str_is(kind, "bad")) {
    if (at != SIZE_MAX) ids[at].bad++;
    if (got != risk) complain(file, number, rule, &v, "does not fire with that level");
  } else if (cm_str_is(kind, "good")) {
    if (at != SIZE_MAX) ids[at].good++;
    if (got != CM_SAFE) complain(file, number, rule, &v, "fires");
    else if (v.risk > risk) complain(file, number, rule, &v, "is judged worse");
  } else {
    complain(file, number, rule, &v, "neither bad nor good");
  }
  cm_arena_close(a);
}

static void check_file(const cm_safety *s, const char *name) {
  char path[4096];
  cm_buf file;
  cm_err e;
  size_t number = 0;
  snprintf(path, sizeof path, FOLDER "/%s", name);
  cm_buf_init(&file, 16 << 20);
  assert_int_equal(cm_os_read_file(path, &file, &e), CM_OK);
  cm_str rest = {file.p, file.n};
  for (cm_str line; cm_str_line(&rest, &line); number++)
    if (number && line.n) check_row(s, name, number + 1, line);
  cm_buf_close(&file);
}

static void every_line_holds(void **state) {
  (void)state;
  cm_safety *s;
  cm_err e = {0};
  if (cm_safety_open(&s, NULL, 0, NULL, 0, &e)) fail_msg("%s", e.msg);
  collect_ids();
  DIR *folder = opendir(FOLDER);
  assert_non_null(folder);
  for (struct dirent *file; (file = readdir(folder)) != NULL;)
    if (cm_str_ends(cm_str_of(file->d_name), CM_STR(".tsv"))) check_file(s, file->d_name);
  closedir(folder);
  cm_safety_close(s);
  assert_int_equal(failures, 0);
}

static void every_rule_has_lines(void **state) {
  (void)state;
  size_t without = 0;
  for (size_t i = 0; i < n_ids; i++) {
    if (ids[i].good && (ids[i].bad || !ids[i].speaks)) continue;
    without++;
    print_message("%s: %zu bad and %zu good lines\n", ids[i].id, ids[i].bad, ids[i].good);
  }
  assert_int_equal(without, 0);
}

/* A reason is one plain sentence without a full stop, an id has a pack and a name. */
static void rules_are_well_formed(void **state) {
  (void)state;
  for (size_t k = 0; cm_packs[k]; k++) {
    for (size_t i = 0; i < cm_packs[k]->n_rules; i++) {
      const cm_rule *rule = &cm_packs[k]->rules[i];
      size_t n = strlen(rule->why);
      if (!strchr(rule->id, '.') || !n || rule->why[n - 1] == '.')
        fail_msg("%s: %s", rule->id, rule->why);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_line_holds),
      cmocka_unit_test(every_rule_has_lines),
      cmocka_unit_test(rules_are_well_formed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
