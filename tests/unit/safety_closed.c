/* rooms: base sh safety */
/* What can't be read does not run: broken texts, noise, texts that are too large or too deep, and
 * too little memory; and no text needs much time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/judging.h"

enum { NOISE = 20000 };

/* For one text; a sanitizer's build is slow, and what is quadratic takes far longer. */
static const double slow_ms = 3000;

static void end(void) {
  print_message("slowest text: %.2f ms; %zu misses\n", jg.slowest_ms, jg.misses);
  assert_true(jg.slowest_ms < slow_ms);
  assert_int_equal(jg.misses, 0);
}

/* What bash refuses, and what can't be read to its end, must not run. */
static void check_closed(cm_str text) {
  cm_verdict v;
  cm_sh_tree tree;
  cm_err e;
  cm_arena_reset(jg.arena);
  bool reads = !cm_sh_parse(text, CM_SH_BASH, jg.arena, &tree, &e);
  cm_code code = judging_judge(text, &v);
  if (reads && !code && !v.runs.syntax && !v.runs.limited) return;
  if (v.risk < CM_HIGH) judging_miss("not read, but below high", text);
  if (judging_may_run(&v)) judging_miss("not read, but may run", text);
}

static cm_str repeated(const char *before, const char *unit, const char *after, size_t bytes) {
  cm_buf b = disguise_buf();
  cm_buf_puts(&b, before);
  while (b.n + strlen(unit) + strlen(after) <= bytes) cm_buf_puts(&b, unit);
  cm_buf_puts(&b, after);
  return disguise_kept(jg.dressing, &b);
}

/* --- what can't be read ------------------------------------------------------------------- */

static void check_prefixes(cm_str text) {
  for (size_t n = 0; n <= text.n; n++) check_closed((cm_str){text.p, n});
}

static void test_prefixes(void **state) {
  (void)state;
  jg.noise = 7;
  for (size_t i = 0; i < jg.table->n_bases; i++) check_prefixes(jg.table->bases[i].text);
  for (size_t i = 0; i < jg.table->n_how; i++) {
    disguised text;
    cm_arena_reset(jg.dressing);
    if (disguise_apply(jg.dressing, &jg.table->how[i],
                       &jg.table->bases[judging_noise(jg.table->n_bases)], &text))
      check_prefixes(text.text);
  }
  end();
}

static const char *const tokens[] = {
    "rm",   " ",    " ",     "-rf",  "/",   "'",     "\"",        "`",    "$(",     ")",   "(",
    "{",    "}",    ";",     "&",    "&&",  "|",     "||",        "\n",   "<<",     "<<-", "EOF",
    "<<<",  ">",    ">>",    "<(",   ">(",  "if",    "then",      "fi",   "while",  "do",  "done",
    "case", "in",   "esac",  ";;",   "${",  "$x",    ":-",        "#",    "\\",     "sh",  "-c",
    "eval", "sudo", "xargs", "x=",   "$'",  "\\x2f", "*",         "~",    "[[",     "]]",  "((",
    "))",   "!",    "f()",   "time", "$((", "echo",  "base64 -d", "2>&1", "coproc", "\t",  "1",
};

static void test_noise(void **state) {
  (void)state;
  jg.noise = 99;
  for (size_t i = 0; i < NOISE; i++) {
    cm_buf b = disguise_buf();
    cm_arena_reset(jg.dressing);
    for (size_t n = 1 + judging_noise(30); n; n--) {
      if (i % 2) cm_buf_puts(&b, tokens[judging_noise(sizeof tokens / sizeof *tokens)]);
      else cm_buf_putc(&b, (char)judging_noise(i % 4 ? 256 : 128));
    }
    check_closed(disguise_kept(jg.dressing, &b));
  }
  end();
}

static void test_strange_bytes(void **state) {
  (void)state;
  static const cm_str strange[] = {
      CM_STR("\0"),
      CM_STR("ls\0-la"),
      CM_STR("r\0m -rf /"),
      CM_STR("ls \xe2\x80\xae"
             "fdp.x"),
      CM_STR("echo a\x1b[2Kb"),
      CM_STR("ls \xe2\x81\xa6x"),
  };
  static const cm_str tolerated[] = {
      CM_STR("cat caf\xe9.txt"),
      CM_STR("\xff\xfe\x80"),
      CM_STR("echo \xf4\x90\x80\x80"),
      CM_STR("\xc3"),
      CM_STR("echo \x01\x02"),
      CM_STR("\r\n\r\n"),
      CM_STR(""),
  };
  for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
    if (judging_risk(strange[i]) < CM_HIGH)
      judging_miss("unprintable, but below high", strange[i]);
  for (size_t i = 0; i < sizeof tolerated / sizeof *tolerated; i++) check_closed(tolerated[i]);
  for (size_t i = 0; i < jg.table->n_bases; i++) {
    cm_risk want = judging_risk(jg.table->bases[i].text);
    cm_str parts[] = {CM_STR("echo \xff\xc3; "), jg.table->bases[i].text};
    cm_arena_reset(jg.dressing);
    cm_str text = judging_joined(parts, 2);
    if (judging_risk(text) < want) judging_miss("below its base", text);
  }
  end();
}

/* --- size --------------------------------------------------------------------------------- */

/* Texts that a careless reader needs quadratic or exponential time or endless memory for. */
static const char *const shapes[][3] = {
    {"", "x", ""},
    {"", "ls;", ""},
    {"", "ls|", "ls"},
    {"", "ls&&", "ls"},
    {"ls ", "a ", ""},
    {"ls ", "'a' ", ""},
    {"ls ", "\"$x\"", ""},
    {"ls ", "$x", ""},
    {"ls ", "{a,b}", ""},
    {"ls ", "{a,", ""},
    {"ls ", "{1..9999}", ""},
    {"ls ", "*?[a-z]", ""},
    {"ls ", "[", ""},
    {"ls ", "~/", ""},
    {"cat /", "../", "etc"},
    {"cat ", "/./", ""},
    {"echo ", "$(", ""},
    {"echo ", "$(echo ", ""},
    {"echo ", "`", ""},
    {"echo ", "\"$(", ""},
    {"echo ", "${x:-", ""},
    {"echo ", "${x//a/", ""},
    {"echo ", "$((", ""},
    {"echo ", "<(", ""},
    {"", "(", ""},
    {"", "((", ""},
    {"", "{ ", ""},
    {"", "if ", ""},
    {"", "while ", ""},
    {"", "case x in x) ", ""},
    {"", "for i in a b; do ", ""},
    {"", "for i in a b c d e f g h; do echo $i; ", ""},
    {"", "f() { ", ""},
    {"", "[[ ", ""},
    {"", "! ", ""},
    {"", "time ", "ls"},
    {"", "x=1 ", "ls"},
    {"x=ab; ", "x=$x$x; ", "rm $x"},
    {"x=(a b); ", "x=(${x[@]} ${x[@]}); ", "rm $x"},
    {"x=ab; ", "x=${x//a/aa}; ", "rm $x"},
    {"x=ab; ", "printf -v x %s%s $x $x; ", "rm $x"},
    {"x=ab; ", "x=$(echo $x $x); ", "rm $x"},
    {"set -- a b; ", "set -- \"$@\" \"$@\"; ", "rm \"$@\""},
    {"x='eval \"$x\" \"$x\"'; ", "eval \"$x\"; ", ""},
    {"f() { f; f; }; ", "f; ", ""},
    {"f() { f | f; }; ", "f; ", ""},
    {"alias a='a a'\n", "a\n", ""},
    {"", "sudo ", "ls"},
    {"", "env ", "ls"},
    {"", "nice -n 1 ", "ls"},
    {"", "xargs ", "ls"},
    {"", "eval ", "ls"},
    {"", "command ", "ls"},
    {"", "find . -exec ", "ls"},
    {"", "find . -exec ls {} \\; ", ""},
    {"", "sh -c ", "ls"},
    {"", "ssh h ", "ls"},
    {"", "echo x | ", "sh"},
    {"", "cat <<A ", ""},
    {"cat ", "<<A ", "\nA\n"},
    {"cat <<A\n", "x\n", "A\n"},
    {"cat <<A\n", "$(cat <<A\n", ""},
    {"cat <<A\n", "$x `y` ", "\nA\n"},
    {"sh <<< ", "'x'", ""},
    {"ls ", "> a ", ""},
    {"ls ", "2>&1 ", ""},
    {"ls ", "{fd}> a ", ""},
    {"printf '", "%99999s", "' a | sh"},
    {"printf '", "\\x41", "' | sh"},
    {"printf '%s' ", "a ", "| sh"},
    {"echo ", "cm0g", " | base64 -d | base64 -d | sh"},
    {"echo ", "a", " | rev | tr a b | rev | tr b a | sh"},
    {"echo a ", "| rev ", "| sh"},
    {"echo a ", "| tr a-z b-za ", "| sh"},
    {"echo aaaa ", "| sed s/a/aa/g ", "| sh"},
    {"python3 -c '", "import os;", "'"},
    {"python3 -c '", "os.system(\"", "'"},
    {"python3 -c '", "(", "'"},
    {"perl -e '", "system(", "'"},
    {"node -e '", "require(\"child_process\").exec(\"", "'"},
    {"awk '", "BEGIN{system(\"ls\")}", "'"},
    {"psql -c '", "SELECT 1; ", "'"},
    {"psql -c '", "/* ", "'"},
    {"git ", "-c a=b ", "push"},
    {"rm ", "-f ", "x"},
    {"rm ", "--", "x"},
    {"# ", "x", ""},
    {"", "\\\n", ""},
    {"", "\n", ""},
    {"", " ", ""},
    {"", "\xff", ""},
    {"", "$'\\x41'", ""},
    {"trap '", "trap x EXIT;", "' EXIT"},
    {"", "trap ls EXIT; ", ""},
    {"", "coproc ", "ls"},
    {"", "a[", ""},
    {"", "a[$(ls)]=1;", ""},
    {"echo ", "$[", ""},
    {"select x in ", "a ", "; do ls; done"},
};

static void test_size(void **state) {
  (void)state;
  static const size_t sizes[] = {300, 4000, CM_SH_TEXT_MAX - 8, CM_SH_TEXT_MAX + 8};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes * 4; i++) {
    const char *const *s = shapes[i / 4];
    cm_arena_reset(jg.dressing);
    cm_str text = repeated(s[0], s[1], s[2], sizes[i % 4]);
    check_closed(text);
    if (jg.last_ms > 50)
      print_message("%8.1f ms: %zu bytes, %s%s…%s\n", jg.last_ms, text.n, s[0], s[1], s[2]);
  }
  end();
}

/* A critical command before and behind much that is harmless. */
static void test_hidden(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes * 2; i++) {
    const char *const *s = shapes[i / 2];
    cm_verdict v;
    cm_sh_tree tree;
    cm_arena_reset(jg.dressing);
    cm_str much = repeated(s[0], s[1], s[2], i % 2 ? 3000 : 60000);
    cm_str parts[] = {CM_STR("rm -rf /\n"), much, CM_STR("\nrm -rf /\n")};
    cm_str behind = judging_joined(parts + 1, 2), before = judging_joined(parts, 2);
    if (judging_judge(before, &v), judging_may_run(&v)) judging_miss("may run", before);
    if (cm_sh_parse(behind, CM_SH_BASH, jg.arena, &tree, NULL) || tree.warned) continue;
    if (judging_judge(behind, &v), judging_may_run(&v)) judging_miss("may run", behind);
  }
  end();
}

/* --- no memory ---------------------------------------------------------------------------- */

/* Judges with an arena of `max` bytes and without the nth allocation; false: memory ran out. */
static bool judge_starved(cm_str text, size_t max, uint64_t nth) {
  cm_verdict v;
  cm_err e;
  cm_arena *a = cm_arena_open(max);
  assert_non_null(a);
  cm_mem_fail_nth(nth);
  cm_code code = cm_safety_judge(jg.safety, text, &judging_context, a, &v, &e);
  cm_mem_fail_nth(0);
  if (code && v.risk < CM_HIGH) judging_miss("no memory, but below high", text);
  if (code && judging_may_run(&v)) judging_miss("no memory, but may run", text);
  cm_arena_close(a);
  return !code;
}

static void starve(cm_str text) {
  uint64_t nth = 1;
  size_t max = 0;
  while (!judge_starved(text, JUDGING_ARENA, nth)) nth++;
  while (!judge_starved(text, max, 0)) max += max < 4096 ? 16 : max / 64 / 16 * 16;
}

static void test_no_memory(void **state) {
  (void)state;
  jg.noise = 5;
  starve(CM_STR("ls"));
  for (size_t i = 0; i < jg.table->n_how; i++) {
    disguised text;
    cm_arena_reset(jg.dressing);
    const disguised *base = &jg.table->bases[judging_noise(jg.table->n_bases)];
    if (disguise_apply(jg.dressing, &jg.table->how[i], base, &text)) starve(text.text);
  }
  end();
}

static void test_no_memory_for_rules(void **state) {
  (void)state;
  static const char *const shapes_of_user[] = {"git push --force", "rm -r @"};
  cm_safety *s;
  cm_err e;
  uint64_t nth = 0;
  cm_code code;
  do {
    cm_mem_fail_nth(++nth);
    code = cm_safety_open(&s, shapes_of_user, 1, shapes_of_user + 1, 1, &e);
    cm_mem_fail_nth(0);
    if (code) assert_int_equal(code, CM_E_NOMEM);
  } while (code);
  cm_safety_close(s);
  assert_true(nth > 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_prefixes, judging_begin),
      cmocka_unit_test_setup(test_noise, judging_begin),
      cmocka_unit_test_setup(test_strange_bytes, judging_begin),
      cmocka_unit_test_setup(test_size, judging_begin),
      cmocka_unit_test_setup(test_hidden, judging_begin),
      cmocka_unit_test_setup(test_no_memory, judging_begin),
      cmocka_unit_test_setup(test_no_memory_for_rules, judging_begin),
  };
  return cmocka_run_group_tests(tests, judging_set_up, judging_tear_down);
}
