/* rooms: quality data safety sh base */
/* Which cases a run has: selection, what failed, what has changed, and shards. The hashes of "a"
 * and "foobar" are published test vectors of FNV-1a (64 bits). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quality/plan.h"

static cm_arena *arena;
static cm_suite suite;

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(64 << 20);
  suite = (cm_suite){0};
  return !arena;
}

static int tear_down(void **state) {
  (void)state;
  cm_suite_close(&suite);
  cm_arena_close(arena);
  return 0;
}

static void read_into(cm_suite *s, const char *text) {
  cm_err e = {0};
  if (cm_suite_read(s, cm_str_of(text), CM_STR("f.yaml"), arena, &e)) fail_msg("%s", e.msg);
}

static const char five[] =
    "test_cases:\n"
    "- {id: a, command: ls, risk_level: safe, tags: [x]}\n"
    "- {id: b, command: ls, risk_level: safe, tags: [x, y]}\n"
    "- {id: ca, command: ls, risk_level: safe, tier: smoke}\n"
    "- {id: cb, command: ls, risk_level: safe}\n"
    "- {id: foobar, command: ls, risk_level: safe}\n";

/* The ids of a plan, with blanks. */
static const char *ids(cm_plan_options o) {
  static char text[256];
  cm_plan p;
  cm_err e = {0};
  text[0] = 0;
  if (cm_plan_make(&suite, &o, arena, &p, &e)) return "error";
  for (size_t i = 0; i < p.n; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? " " : "",
             (int)p.cases[i]->id.n, p.cases[i]->id.p);
  return text;
}

static void test_selectors(void **state) {
  (void)state;
  read_into(&suite, five);
  static const struct {
    const char *first, *second, *want;
  } rows[] = {
      {"a", NULL, "a"},
      {"c*", NULL, "ca cb"},
      {"?a", NULL, "ca"},
      {"@x", NULL, "a b"},
      {"@y", "a", "a b"},
      {"tier:smoke", NULL, "ca"},
      {"foobar", "a", "a foobar"},
      {"@none", NULL, ""},
      {"@none", "zz", ""},
      {"a", "zz", "error"},
      {"tier:full", NULL, "a b cb foobar"},
  };
  assert_string_equal(ids((cm_plan_options){0}), "a b ca cb foobar");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const cm_str s[] = {cm_str_of(rows[i].first), cm_str_of(rows[i].second)};
    const cm_plan_options o = {.selectors = s, .n_selectors = rows[i].second ? 2 : 1};
    assert_string_equal(ids(o), rows[i].want);
  }
}

static void test_unused_selector_is_named(void **state) {
  (void)state;
  read_into(&suite, five);
  const cm_str s[] = {CM_STR("a"), CM_STR("nosuch")};
  cm_plan p;
  cm_err e = {0};
  const cm_plan_options o = {.selectors = s, .n_selectors = 2};
  assert_int_equal(cm_plan_make(&suite, &o, arena, &p, &e), CM_E_USAGE);
  assert_non_null(strstr(e.msg, "nosuch"));
}

static void test_failed(void **state) {
  (void)state;
  static const struct {
    cm_state state;
    bool again;
  } rows[] = {{CM_PASS, false},          {CM_FAIL, true},   {CM_BLOCKED_OK, false},
              {CM_GOLDEN_CHANGED, true}, {CM_FLAKY, true},  {CM_SKIP, false},
              {CM_XFAIL, false},         {CM_XPASS, true},  {CM_ERROR, true},
              {CM_TIMEOUT, true},        {CM_NOT_RUN, true}};
  read_into(&suite, five);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_result results[] = {{.id = CM_STR("cb"), .state = rows[i].state}};
    const cm_record old = {.results = results, .n = 1};
    assert_string_equal(ids((cm_plan_options){.failed = &old}), rows[i].again ? "cb" : "");
  }
}

static void test_changed(void **state) {
  (void)state;
  cm_suite before = {0};
  read_into(&before,
            "# other comment\ntest_cases:\n"
            "- {tags: [x], id: a, command: ls, risk_level: safe}\n"
            "- {id: b, command: ls -l, risk_level: safe, tags: [x, y]}\n"
            "- {id: cb, command: ls, risk_level: {max: safe}}\n"
            "- {id: gone, command: ls, risk_level: safe}\n"
            "- {id: foobar, command: ls, risk_level: safe, shell: sh}\n");
  read_into(&suite, five);
  const char *got = ids((cm_plan_options){.before = &before});
  assert_null(strstr(got, "a b")); /* a says the same */
  assert_true(strncmp(got, "b ca ", 5) == 0);
  assert_non_null(strstr(got, "foobar"));
  cm_suite_close(&before);
}

static void test_shard_words(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t shard, shards;
    cm_shard_by by;
  } good[] = {{"1/1", 1, 1, CM_SHARD_SLICE},
              {"2/4", 2, 4, CM_SHARD_SLICE},
              {"4/4:slice", 4, 4, CM_SHARD_SLICE},
              {"256/256:hash", 256, 256, CM_SHARD_HASH},
              {"1/2:lpt", 1, 2, CM_SHARD_LPT}};
  static const char *const bad[] = {
      "",     "1",     "/",    "1/",     "/2",           "0/2",
      "3/2",  "1/257", "-1/2", "1/2:",   "1/2:x",        "1/2:hash ",
      " 1/2", "1/2/3", "a/b",  "1:hash", "1/2:hash:lpt", "99999999999999999999/2"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    cm_plan_options o = {0};
    assert_true(cm_shard_of(cm_str_of(good[i].text), &o));
    assert_int_equal(o.shard, good[i].shard);
    assert_int_equal(o.shards, good[i].shards);
    assert_int_equal(o.by, good[i].by);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_plan_options o = {0};
    if (cm_shard_of(cm_str_of(bad[i]), &o)) fail_msg("\"%s\" is taken", bad[i]);
  }
}

static void test_slices(void **state) {
  (void)state;
  read_into(&suite, five);
  assert_string_equal(ids((cm_plan_options){.shard = 1, .shards = 2}), "a b ca");
  assert_string_equal(ids((cm_plan_options){.shard = 2, .shards = 2}), "cb foobar");
  size_t n = 0;
  for (uint32_t i = 1; i <= 8; i++) { /* more shards than cases */
    cm_plan p;
    const cm_plan_options o = {.shard = i, .shards = 8};
    assert_int_equal(cm_plan_make(&suite, &o, arena, &p, NULL), CM_OK);
    assert_int_equal(p.n_whole, 5);
    n += p.n;
  }
  assert_int_equal(n, 5);
}

/* 0xaf63dc4c8601ec8c and 0x85944171f73967e8 modulo 3 and 5. */
static void test_hash(void **state) {
  (void)state;
  read_into(&suite, five);
  static const struct {
    uint32_t shards, of_a, of_foobar;
  } rows[] = {{2, 0, 0}, {3, 1, 0}, {5, 1, 3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (uint32_t k = 0; k < rows[i].shards; k++) {
      char got[256];
      snprintf(
          got, sizeof got, " %s ",
          ids((cm_plan_options){.shard = k + 1, .shards = rows[i].shards, .by = CM_SHARD_HASH}));
      assert_int_equal(strstr(got, " a ") != NULL, k == rows[i].of_a);
      assert_int_equal(strstr(got, " foobar ") != NULL, k == rows[i].of_foobar);
    }
}

/* Graham's rule by hand: 7 and 6 open the two, 5 joins the 6, 4 the 7, and 3 the first of the two
 * that are equal then. */
static void test_longest_first(void **state) {
  (void)state;
  read_into(&suite, five);
  cm_result results[] = {{.id = CM_STR("a"), .latency = {-1, 300, -1, -1}},
                         {.id = CM_STR("b"), .latency = {-1, 700, -1, -1}},
                         {.id = CM_STR("ca"), .latency = {-1, 100, -1, 400}},
                         {.id = CM_STR("cb"), .latency = {-1, 600, -1, -1}},
                         {.id = CM_STR("foobar"), .latency = {-1, 400, -1, -1}}};
  const cm_record old = {.results = results, .n = 5};
  cm_plan_options o = {.shard = 1, .shards = 2, .by = CM_SHARD_LPT, .timings = &old};
  assert_string_equal(ids(o), "a b foobar");
  o.shard = 2;
  assert_string_equal(ids(o), "ca cb");
  o.timings = NULL; /* all alike: in turns, in the order of the suite */
  assert_string_equal(ids(o), "b cb");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_selectors, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_unused_selector_is_named, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_failed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_changed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_shard_words, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_slices, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_hash, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_longest_first, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
