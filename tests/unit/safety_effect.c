/* The table of effects against the rules of the levels (shared/safety/README.md), and SPEC section
 * 4: what each level decides. */
#include "safety/effect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A row's places from the rules; "risk unresolved" as one word. */
typedef struct promise {
  const char *rule; /* its number, and what it says */
  cm_effect effect;
  cm_place place;
  cm_risk risk;
  bool unresolved;
} promise;

static const promise promises[] = {
    {"reads are safe", CM_FX_READ, CM_PLACE_ACCOUNT, CM_SAFE, false},
    {"4 reading account files is safe", CM_FX_READ, CM_PLACE_ETC, CM_SAFE, false},
    {"6 reading a device is safe", CM_FX_READ, CM_PLACE_DEVICE, CM_SAFE, false},
    {"3 a new output file is safe", CM_FX_CREATE, CM_PLACE_WORK, CM_SAFE, false},
    {"3 a new output file is safe", CM_FX_WRITE, CM_PLACE_WORK, CM_SAFE, false},
    {"3 a new output file is safe", CM_FX_CREATE, CM_PLACE_TMP, CM_SAFE, false},
    {"3 a new output file is safe", CM_FX_CREATE, CM_PLACE_UNKNOWN, CM_SAFE, false},
    {"3 forced overwrite is moderate", CM_FX_OVERWRITE, CM_PLACE_WORK, CM_MODERATE, false},
    {"3 appending is moderate", CM_FX_APPEND, CM_PLACE_WORK, CM_MODERATE, false},
    {"3 editing in place is moderate", CM_FX_EDIT, CM_PLACE_WORK, CM_MODERATE, false},
    {"3 permissions of one file", CM_FX_MODE, CM_PLACE_WORK, CM_MODERATE, false},
    {"3 … or one project folder", CM_FX_MODE_TREE, CM_PLACE_ALL_WORK, CM_MODERATE, false},
    {"a named file", CM_FX_DELETE, CM_PLACE_WORK, CM_MODERATE, false},
    {"what is deleted isn't known", CM_FX_DELETE, CM_PLACE_UNKNOWN, CM_MODERATE, true},
    {"4 configuration under /etc", CM_FX_OVERWRITE, CM_PLACE_ETC, CM_HIGH, false},
    {"4 configuration under /etc", CM_FX_WRITE, CM_PLACE_ETC, CM_HIGH, false},
    {"4 configuration under /etc", CM_FX_APPEND, CM_PLACE_ETC, CM_HIGH, false},
    {"4 configuration under /etc", CM_FX_EDIT, CM_PLACE_ETC, CM_HIGH, false},
    {"4 account files", CM_FX_EDIT, CM_PLACE_ACCOUNT, CM_CRITICAL, false},
    {"4 account files", CM_FX_APPEND, CM_PLACE_ACCOUNT, CM_CRITICAL, false},
    {"4 account files", CM_FX_CREATE, CM_PLACE_ACCOUNT, CM_CRITICAL, false},
    {"a backdoor", CM_FX_APPEND, CM_PLACE_KEYS, CM_CRITICAL, false},
    {"overwritten configuration", CM_FX_OVERWRITE, CM_PLACE_DOTFILE, CM_HIGH, false},
    {"3 appending is moderate", CM_FX_APPEND, CM_PLACE_DOTFILE, CM_MODERATE, false},
    {"5 build output and caches", CM_FX_DELETE_TREE, CM_PLACE_ARTEFACT, CM_MODERATE, false},
    {"a file by its name", CM_FX_DELETE_TREE, CM_PLACE_FILE, CM_MODERATE, false},
    {"5 things below /tmp", CM_FX_DELETE_TREE, CM_PLACE_TMP, CM_MODERATE, false},
    {"5 any other directory", CM_FX_DELETE_TREE, CM_PLACE_WORK, CM_HIGH, false},
    {"5 * or . in the working directory", CM_FX_DELETE_TREE, CM_PLACE_ALL_WORK, CM_HIGH, false},
    {"5 an unknown variable", CM_FX_DELETE_TREE, CM_PLACE_UNKNOWN, CM_HIGH, true},
    {"5 an unknown variable", CM_FX_DELETE_TREE, CM_PLACE_UNKNOWN_ALL, CM_HIGH, true},
    {"5 /", CM_FX_DELETE_TREE, CM_PLACE_ROOT, CM_CRITICAL, false},
    {"5 a home as a whole", CM_FX_DELETE_TREE, CM_PLACE_HOME, CM_CRITICAL, false},
    {"5 top-level system directories", CM_FX_DELETE_TREE, CM_PLACE_SYSTEM, CM_CRITICAL, false},
    {"application directories", CM_FX_DELETE_TREE, CM_PLACE_APP, CM_HIGH, false},
    {"5 name-filtered in a project", CM_FX_DELETE_SOME, CM_PLACE_ALL_WORK, CM_MODERATE, false},
    {"5 name-filtered in a project", CM_FX_DELETE_SOME, CM_PLACE_WORK, CM_MODERATE, false},
    {"5 an unknown variable", CM_FX_DELETE_SOME, CM_PLACE_UNKNOWN, CM_HIGH, true},
    {"6 writing to a disk", CM_FX_OVERWRITE, CM_PLACE_DEVICE, CM_CRITICAL, false},
    {"6 writing to a disk", CM_FX_WRITE, CM_PLACE_DEVICE, CM_CRITICAL, false},
    {"6 writing to a disk", CM_FX_CREATE, CM_PLACE_DEVICE, CM_CRITICAL, false},
    {"6 writing to a disk", CM_FX_WRITE_DEVICE, CM_PLACE_DEVICE, CM_CRITICAL, false},
    {"6 images are ordinary files", CM_FX_WRITE_DEVICE, CM_PLACE_FILE, CM_SAFE, false},
    {"what is written isn't known", CM_FX_WRITE_DEVICE, CM_PLACE_UNKNOWN, CM_HIGH, true},
    {"11 all logs", CM_FX_DELETE_TREE, CM_PLACE_LOGS, CM_HIGH, false},
    {"11 all logs", CM_FX_DELETE, CM_PLACE_LOGS, CM_HIGH, false},
    {"large trees", CM_FX_MODE_TREE, CM_PLACE_APP, CM_HIGH, false},
    {"large trees", CM_FX_MODE_TREE, CM_PLACE_HOME, CM_HIGH, false},
    {"destroys a system", CM_FX_MODE_TREE, CM_PLACE_ROOT, CM_CRITICAL, false},
    {"destroys a system", CM_FX_MOVE_AWAY, CM_PLACE_SYSTEM, CM_CRITICAL, false},
    {"12 one remote object", CM_FX_CREATE, CM_PLACE_REMOTE, CM_MODERATE, false},
    {"/dev/null keeps nothing", CM_FX_OVERWRITE, CM_PLACE_NULL, CM_SAFE, false},
};

static void keeps_its_promises(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof promises / sizeof *promises; i++) {
    cm_harm got = cm_effect_on(promises[i].effect, promises[i].place);
    if (got.risk == promises[i].risk && got.unresolved == promises[i].unresolved) continue;
    fail_msg("%s: effect %d on %s is %s", promises[i].rule, promises[i].effect,
             cm_place_name(promises[i].place), cm_risk_name(got.risk));
  }
}

/* Doing more is never less. */
static void more_is_not_less(void **state) {
  (void)state;
  static const cm_effect pairs[][2] = {
      {CM_FX_READ, CM_FX_CREATE},        {CM_FX_CREATE, CM_FX_OVERWRITE},
      {CM_FX_CREATE, CM_FX_WRITE},       {CM_FX_WRITE, CM_FX_OVERWRITE},
      {CM_FX_DELETE, CM_FX_DELETE_TREE}, {CM_FX_DELETE_SOME, CM_FX_DELETE_TREE},
      {CM_FX_MODE, CM_FX_MODE_TREE},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    for (cm_place p = CM_PLACE_NULL; p < CM_PLACE_COUNT; p++) {
      /* What is made in a folder of the system is one file; replacing the folder can't be. */
      if (pairs[i][0] == CM_FX_CREATE && p == CM_PLACE_SYSTEM) continue;
      if (cm_effect_on(pairs[i][0], p).risk > cm_effect_on(pairs[i][1], p).risk)
        fail_msg("effect %d does more than %d to %s", pairs[i][0], pairs[i][1], cm_place_name(p));
    }
  }
}

static void nothing_is_outside(void **state) {
  (void)state;
  for (cm_effect x = CM_FX_READ; x <= CM_FX_WRITE_DEVICE; x++)
    for (cm_place p = CM_PLACE_NULL; p < CM_PLACE_COUNT; p++)
      assert_in_range(cm_effect_on(x, p).risk, CM_SAFE, CM_CRITICAL);
  assert_int_equal(cm_effect_on(CM_FX_SAFE, CM_PLACE_WORK).risk, CM_CRITICAL);
  assert_int_equal(cm_effect_on(CM_FX_READ, CM_PLACE_COUNT).risk, CM_CRITICAL);
  cm_risk risk;
  assert_true(cm_effect_fixed(CM_FX_HIGH, &risk));
  assert_int_equal(risk, CM_HIGH);
  assert_false(cm_effect_fixed(CM_FX_HARMLESS, &risk));
}

/* SPEC section 4: strict, moderate, permissive. r run, c confirm, b block. */
static void decides_as_specified(void **state) {
  (void)state;
  static const char *const known[] = {"rrr", "crr", "bcr", "bbc"};
  static const char *const unresolved[] = {"bcc", "bcc", "bcc", "bbc"};
  for (cm_risk r = CM_SAFE; r <= CM_CRITICAL; r++) {
    for (cm_level l = CM_STRICT; l <= CM_PERMISSIVE; l++) {
      cm_verdict v = {.risk = r};
      assert_int_equal(cm_decision_name(cm_safety_decide(&v, l))[0], known[r][l]);
      v.unresolved = true;
      assert_int_equal(cm_decision_name(cm_safety_decide(&v, l))[0], unresolved[r][l]);
      v.denied = true;
      assert_int_equal(cm_safety_decide(&v, l), CM_BLOCK);
    }
  }
}

static void names_levels(void **state) {
  (void)state;
  cm_level l;
  for (cm_level k = CM_STRICT; k <= CM_PERMISSIVE; k++) {
    assert_true(cm_level_of(cm_str_of(cm_level_name(k)), &l));
    assert_int_equal(l, k);
  }
  assert_false(cm_level_of(CM_STR("Strict"), &l));
  assert_string_equal(cm_risk_name(CM_CRITICAL), "critical");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_its_promises), cmocka_unit_test(more_is_not_less),
      cmocka_unit_test(nothing_is_outside), cmocka_unit_test(decides_as_specified),
      cmocka_unit_test(names_levels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
