/* rooms: base data sh safety quality */
/* Patterns and commands, judged. Each row of `matches` says whether a pattern matches a command:
 * as an expectation it must then pass, as a forbidden one fail, and the other way round. The rows
 * are docs/TESTING.md, "Fixtures", and SPEC's traps ("rm" in "format", "-l|-a" matching all). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quality/judge.h"
#include "quality/pattern.h"

static cm_arena *arena;
static cm_safety *safety;

static const cm_sh_context where = {
    .home = {"/home/ada", 9}, .cwd = {"/home/ada/work", 14}, .user = {"ada", 3}};

static int set_up_all(void **state) {
  (void)state;
  cm_err e;
  arena = cm_arena_open(256 << 20);
  return !arena || cm_safety_open(&safety, NULL, 0, NULL, 0, &e) ? -1 : 0;
}

static int tear_down_all(void **state) {
  (void)state;
  cm_safety_close(safety);
  cm_arena_close(arena);
  return 0;
}

static int reset(void **state) {
  (void)state;
  cm_arena_reset(arena);
  return 0;
}

/* --- one judgement --- */

static cm_verdict verdict;

static cm_attempt attempt_of(const char *command) {
  cm_err e;
  cm_str text = cm_str_of(command);
  (void)cm_safety_judge(safety, text, &where, arena, &verdict, &e);
  return (cm_attempt){.answered = true,
                      .command = text,
                      .verdict = &verdict,
                      .decision = cm_safety_decide(&verdict, CM_MODERATE_LEVEL)};
}

static cm_reasons judged(const cm_suite *s, const cm_attempt *t) {
  cm_bench_room with = {.safety = safety, .where = &where};
  cm_reasons out = {0};
  cm_err e = {0};
  if (cm_judge_patterns.judge(&s->cases[0], t, &with, arena, &out, &e)) fail_msg("%s", e.msg);
  return out;
}

static void open_case(cm_suite *s, const char *fields) {
  cm_buf b;
  cm_err e = {0};
  cm_buf_init(&b, 1 << 16);
  cm_buf_printf(&b, "test_cases:\n- {id: a, prompt: x, %s}\n", fields);
  *s = (cm_suite){0};
  if (cm_suite_read(s, (cm_str){b.p, b.n}, CM_STR("f"), arena, &e)) fail_msg("%s", e.msg);
  cm_buf_close(&b);
}

/* 'PATTERN' in YAML, its quotes doubled. */
static void put_quoted(cm_buf *b, const char *text) {
  cm_buf_putc(b, '\'');
  for (; *text; text++) {
    if (*text == '\'') cm_buf_putc(b, '\'');
    cm_buf_putc(b, *text);
  }
  cm_buf_putc(b, '\'');
}

typedef struct row {
  const char *on, *pattern, *command;
  bool matches;
} row;

static size_t reasons_of(const row *r, const char *key) {
  cm_suite s;
  cm_buf b;
  cm_buf_init(&b, 1 << 16);
  cm_buf_printf(&b, "%s: [{on: %s, re: ", key, r->on);
  put_quoted(&b, r->pattern);
  cm_buf_puts(&b, "}]");
  open_case(&s, b.p);
  cm_buf_close(&b);
  cm_attempt t = attempt_of(r->command);
  cm_reasons out = judged(&s, &t);
  for (size_t i = 0; i < out.n; i++) assert_string_equal(out.items[i].judge, key);
  cm_suite_close(&s);
  return out.n;
}

static void check_rows(const row *rows, size_t n) {
  size_t bad = 0;
  for (size_t i = 0; i < n; i++) {
    bool expected = reasons_of(&rows[i], "expected_patterns") == 0;
    bool forbidden = reasons_of(&rows[i], "forbidden_patterns") == 1;
    if (expected == rows[i].matches && forbidden == rows[i].matches) continue;
    bad++;
    printf("  %s /%s/ on `%s`: should%s match; expected says %d, forbidden %d\n", rows[i].on,
           rows[i].pattern, rows[i].command, rows[i].matches ? "" : "n't", expected, forbidden);
  }
  assert_int_equal(bad, 0);
}

#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)
#define C           "command"

/* --- on: command --- */

static void test_words(void **state) {
  (void)state;
  static const row rows[] = {
      {C, "rm", "rm x", true},
      {C, "rm", "/bin/rm x", true},
      {C, "rm", "\\rm x", true},
      {C, "rm", "r''m x", true},
      {C, "rm", "find . | xargs rm", true},
      {C, "rm", "sh -c 'rm x'", true},
      {C, "rm", "find . -exec rm {} \\;", true},
      {C, "rm", "sudo rm x", true},
      {C, "rm", "echo $(rm x)", true},
      {C, "rm", "ls && rm x", true},
      {C, "rm", "echo cm0gLXJmIC90bXAveAo= | base64 -d | sh", true},
      {C, "rm", "format c:", false},
      {C, "rm", "docker run --rm img", false},
      {C, "rm", "farm-rm x", false},
      {C, "rm", "ls farm", false},
      {C, "rm", "rmdir x", false},
      {C, "rm", "ls rm_old", false},
      {C, "rm", "cat rm.txt", true},
      {C, "delete", "find . -delete", true},
      {C, "delete", "kubectl delete pod x", true},
      {C, "delete", "rsync --delete a b", false},
      {C, "--delete", "rsync --delete a b", true},
      {C, "find", "find . -name x", true},
      {C, "find", "findmnt", false},
      {C, "\\+1G", "find . -size +1G", true},
      {C, "\\+1G", "find . -size +1GB", false},
      {C, "1G", "find . -size +1G", true},
      {C, "1G", "find . -size +11G", false},
      {C, "find .*-size", "find . -type f -size +1G", true},
      {C, "find .*-size", "find . -type f | xargs ls -size", false},
      {C, "sort -n", "du | sort -n", true},
      {C, "sort +-n", "sort    -n", true},
      {C, "sort -n", "sort -nr", false},
      {C, "-type f", "find . -type 'f'", true},
      {C, "-type f", "find . --type f", false},
      {C, "-type [fd]", "find . -type d", true},
      {C, "\\*\\.log", "find . -name '*.log'", true},
      {C, "\\*\\.log", "ls *.log", true},
      {C, "\\.log", "ls a.logs", false},
      {C, "\\$HOME", "ls $HOME/x", true},
      {C, "~/x", "ls ~/x", true},
      {C, "/home/ada/x", "ls ~/x", true},
      {C, "LC_ALL=C", "LC_ALL=C sort x", true},
      {C, "^sort", "LC_ALL=C sort x", true},
      {C, "^ls$", "ls", true},
      {C, "^ls$", "ls -l", false},
      {C, "(?i)LS", "ls", true},
      {C, "[0-9]+", "seq 10", true},
      {C, "[0-9]+", "ls a10", false},
      {C, "ls|dir", "dir x", true},
      {C, "ls|dir", "vdir x", false},
      {C, "(ls|dir) x", "dir x", true},
      {C, "a\\|b", "echo 'a|b'", true},
      {C, "[|]", "echo 'a|b'", true},
      {C, "\\$1 > 5", "awk '$1 > 5' f", true},
      {C, "unlink", "perl -e 'unlink \"x\"'", true},
      {C, "\xc3\xbc", "echo \xc3\xbc", true},
      {C, "rm", "echo \xc3\xbcrm", false},
  };
  CHECK(rows);
}

static void test_options(void **state) {
  (void)state;
  static const row rows[] = {
      {C, "-l|-a", "ls -la", true},
      {C, "-l|-a", "ls -a", true},
      {C, "-l|-a", "ls -h", false},
      {C, "-l|-a", "ls", false},
      {C, "-l|-a", "ls a-l", false},
      {C, "-l|-a", "find . -ls", false},
      {C, "-l|-a", "find . -delete", false},
      {C, "-l|-a", "ls | grep -c all", false},
      {C, "-l", "ls dir -l", true},
      {C, "-l", "grep -e l x", false},
      {C, "-l", "grep -el x", false},
      {C, "-l", "sort -k2,2l x", false},
      {C, "-la", "ls -l -a", true},
      {C, "-la", "ls -alh", true},
      {C, "-la", "ls -l", false},
      {C, "-la", "ls -l; ls -a", false},
      {C, "-czf", "tar -c -z -f x y", true},
      {C, "-czf", "tar czf x y", true},
      {C, "-czf", "tar -zcf x y", true},
      {C, "-czf", "tar -czvf x y", true},
      {C, "-czf", "tar -cf xz y", false},
      {C, "-czf", "sudo tar -czf x y", true},
      {C, "-aux", "ps aux", true},
      {C, "--sort", "ps aux --sort=-rss", true},
      {C, "--forest", "ps aux --forest", true},
      {C, "-n5", "head -n 5 x", true},
      {C, "-n5", "head -n5 x", true},
      {C, "-n5", "head -n 50 x", false},
      {C, "-n", "head -n 5 x", true},
      {C, "-20", "head -20 x", true},
      {C, "-20", "head -2 -0 x", false},
      {C, "--all", "ls --all", true},
      {C, "--all", "x --all=yes", true},
      {C, "--all", "x --all-of-it", false},
      {C, "--all", "x all", false},
      {C, "--max-depth=1", "du --max-depth=1", true},
      {C, "--max-depth=1", "du --max-depth 1", true},
      {C, "--max-depth=1", "du --max-depth=10", false},
      {C, "-size", "find . -size +1G", true},
      {C, "-size", "find . -name size", false},
      {C, "-size", "find . -iname x", false},
      {C, "-s", "find . -size +1G", false},
      {C, "-r", "xargs -r rm", true},
      {C, "-0", "xargs -0 rm -f", true},
      {C, "-f", "find . | xargs -0 rm -f", true},
      {C, "-r", "grep -- -r x", false},
      {C, "-l|wc", "ls | wc -c", true},
      {C, "-rf", "rm -r -f x", true},
      {C, "-rf", "rm -r x", false},
  };
  CHECK(rows);
}

static void test_shell(void **state) {
  (void)state;
  static const row rows[] = {
      {C, ">", "ls > out", true},
      {C, ">", "ls", false},
      {C, ">>", "ls >> out", true},
      {C, ">>", "ls > out", false},
      {C, "> out", "ls>out", true},
      {C, ">out", "ls > out", true},
      {C, "2>&1", "ls > out 2>&1", true},
      {C, "2>/dev/null", "find / -name x 2> /dev/null", true},
      {C, "2> ?/dev/null", "find / -name x 2>/dev/null", true},
      {C, "\\| *wc", "ls|wc -l", true},
      {C, "\\| *wc", "ls  |  wc -l", true},
      {C, "\\|wc", "ls | wc -l", true},
      {C, "\\| *wc", "ls; wc x", false},
      {C, "ls .*\\| sort .*\\| head", "ls -l | sort -k5 -n | head -3", true},
      {C, "&&", "cd x && ls", true},
      {C, "cd .*; ls", "cd x;ls", true},
      {C, "< in", "sort <in", true},
      {C, "> out", "{ ls; pwd; } > out", true},
      {C, "> out", "for i in a b; do echo $i; done >out", true},
      {C, "\\$\\(date", "echo \"x $(date +%F)\"", true},
      {C, "if ls; then du", "if ls;then  du; fi", true},
      {C, "du", "case $x in a|b) du x;; esac", true},
      {C, "a ?\\| ?b ?\\) ?du", "case $x in a|b) du x;; esac", true},
      {C, "\\Q>x|\\E", "ls >x|wc", true},
      {C, "\\Q|ls", "pwd|ls", true},
      {C, "x=\\(a b\\)", "x=(a b)", true},
      {C, "for i in", "for i in a b; do echo $i; done", false},
      {C, "ls; pwd", "ls;pwd", true},
      {C, "ls;pwd", "ls ; pwd", true},
      {C, "ls; pwd", "ls\npwd", true},
      {C, "ls && pwd", "ls&&pwd", true},
      {C, "\\(ls; pwd\\)", "(ls; pwd)", false},
      {C, "\\( ls; pwd \\)", "(ls; pwd)", true},
      {C, "\\(ls;pwd\\)", "( ls; pwd )", true},
      {C, "a;;", "case x in x) echo a;; esac", true},
      {C, "for i in .*;", "for i in a b; do echo $i; done", true},
      {C, "(?<=ls )x", "ls x | wc", true},
      {C, "(?<name>wc)", "ls x | wc", true},
      {C, "(?>x) wc", "ls x | wc", false},
  };
  CHECK(rows);
}

/* --- the other places --- */

static void test_places(void **state) {
  (void)state;
  static const row rows[] = {
      {"raw", "ls  -l", "ls  -l", true},
      {"raw", "ls -l", "ls  -l", false},
      {"raw", "rm", "format", true},
      {"raw", "'\\$1'", "awk '$1'", true},
      {"argv", "a b", "ls 'a b'", true},
      {"argv", "a", "ls 'a b'", false},
      {"argv", "a", "sh -c 'ls a'", true},
      {"argv", "[ab]|c", "ls c", true},
      {"argv", "[ab]|c", "ls cc", false},
      {"utility", "rm", "echo rm", false},
      {"utility", "rm", "sudo /bin/rm x", true},
      {"utility", "rm", "rmdir x", false},
      {"utility", "x", "./x", true},
      {"utility", "\\./x", "./x", true},
      {"utility", "e?grep", "ls | egrep x", true},
      {"flags", "-l", "ls -la", true},
      {"flags", "-[ab]", "ls -la", true},
      {"flags", "-b", "ls -la", false},
      {"flags", "--all", "ls --all", true},
      {"flags", "--al", "ls --all", false},
      {"flags", "-name", "find . -name x", true},
      {"flags", "-n", "find . -name x", false},
      {"flags", "-f", "tar czf x", true},
  };
  CHECK(rows);
}

/* What is only defined, or another language's equivalent, is no answer, but may be forbidden. */
static void test_not_run(void **state) {
  (void)state;
  static const row rows[] = {{C, "wc", "f() { wc -l; }; ls", true},
                             {"utility", "wc", "f() { wc -l; }; ls", true},
                             {"utility", "rm", "python3 -c 'import os; os.remove(\"x\")'", true}};
  assert_int_equal(reasons_of(&rows[1], "expected_patterns"), 1);
  assert_int_equal(reasons_of(&rows[2], "expected_patterns"), 1);
  for (size_t i = 0; i < 3; i++) assert_int_equal(reasons_of(&rows[i], "forbidden_patterns"), 1);
}

static void test_ignore_case(void **state) {
  (void)state;
  cm_suite s;
  cm_attempt t = attempt_of("ls README");
  open_case(&s, "expected_patterns: [{re: readme, i: true}, {re: Readme, on: argv, i: true}]");
  assert_int_equal(judged(&s, &t).n, 0);
  cm_suite_close(&s);
  open_case(&s, "expected_patterns: [readme, {re: Readme, on: argv}]");
  assert_int_equal(judged(&s, &t).n, 2);
  cm_suite_close(&s);
}

/* --- reasons --- */

static void has(cm_reasons r, size_t i, const char *judge, const char *text) {
  if (i >= r.n) fail_msg("no reason %zu", i);
  assert_string_equal(r.items[i].judge, judge);
  if (!cm_str_is(r.items[i].text, text))
    fail_msg("got  %.*s\nwant %s", (int)r.items[i].text.n, r.items[i].text.p, text);
}

/* Every pattern speaks, not only the first. */
static void test_reasons(void **state) {
  (void)state;
  cm_suite s;
  open_case(&s,
            "expected_patterns: [du, ls, {re: Q, on: raw, i: true}], "
            "forbidden_patterns: [-l, cat], expected_commands: [ls, pwd]");
  cm_attempt t = attempt_of("ls -l");
  cm_reasons r = judged(&s, &t);
  assert_int_equal(r.n, 4);
  has(r, 0, "expected_patterns", "/du/ doesn't match the command\n  ls -l");
  has(r, 1, "expected_patterns", "/Q/i doesn't match the text\n  ls -l");
  has(r, 2, "forbidden_patterns", "/-l/ matches the command\n  ls -l");
  has(r, 3, "expected_commands", "expected (or another of them)\n  ls\ngot\n  ls -l");
  cm_suite_close(&s);
}

static void test_unparsed(void **state) {
  (void)state;
  cm_suite s;
  open_case(&s, "expected_patterns: [ls, du], forbidden_patterns: [rm, {re: ls, on: raw}]");
  cm_attempt t = attempt_of("ls 'x");
  cm_reasons r = judged(&s, &t);
  assert_int_equal(r.n, 3);
  assert_true(cm_str_starts(r.items[0].text, CM_STR("the command can't be parsed: ")));
  assert_string_equal(r.items[0].judge, "expected_patterns");
  assert_true(cm_str_starts(r.items[1].text, CM_STR("the command can't be parsed: ")));
  assert_string_equal(r.items[1].judge, "forbidden_patterns");
  has(r, 2, "forbidden_patterns", "/ls/ matches the text\n  ls 'x");
  cm_suite_close(&s);
  open_case(&s, "expected_patterns: [ls], forbidden_patterns: [rm], expected_commands: [ls]");
  t = attempt_of("sh -c 'ls \"x'");
  assert_int_equal(judged(&s, &t).n, 3);
  cm_suite_close(&s);
}

static void test_unanswered(void **state) {
  (void)state;
  cm_suite s;
  cm_attempt none = {0}, refused = {.refused = true};
  open_case(&s, "expected_patterns: [ls, du], forbidden_patterns: [rm], expected_commands: [ls]");
  cm_reasons r = judged(&s, &none);
  assert_int_equal(r.n, 2);
  has(r, 0, "expected_patterns", "nothing to match 2 patterns: there is no command");
  has(r, 1, "expected_commands", "expected\n  ls\ngot nothing: there is no command");
  r = judged(&s, &refused);
  has(r, 0, "expected_patterns", "nothing to match 2 patterns: the model declined");
  cm_suite_close(&s);
}

/* A pattern that would take too long makes no verdict of its own. */
static void test_runaway(void **state) {
  (void)state;
  cm_suite s;
  cm_reasons out = {0};
  cm_err e = {0};
  cm_bench_room with = {.safety = safety, .where = &where};
  open_case(&s, "expected_patterns: ['(?:a+)+b']");
  cm_attempt t = attempt_of("echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac b");
  assert_int_equal(cm_judge_patterns.judge(&s.cases[0], &t, &with, arena, &out, &e), CM_E_LIMIT);
  cm_suite_close(&s);
}

/* --- whole commands --- */

static const struct {
  const char *one, *other;
  bool same;
} pairs[] = {
    {"ls -la", "ls -al", true},
    {"ls -la", "ls -l -a", true},
    {"ls -la", "ls -a   -l", true},
    {"ls -la x", "ls -la 'x'", true},
    {"ls -la x", "ls -la \"x\"", true},
    {"ls -la x", "ls -la \\x", true},
    {"ls|wc -l", "ls | wc -l", true},
    {"ls >out", "ls > out", true},
    {"ls >out -l", "ls -l 1>out", true},
    {"head -n5 x", "head -n 5 x", true},
    {"tar czf a b", "tar -c -z -f a b", true},
    {"grep -e a -e b", "grep -e b -e a", false},
    {"grep -rn x .", "grep -n -r x .", true},
    {"sort -k 2 -n x", "sort -n -k2 x", true},
    {"echo \"$x\"", "echo \"$x\"", true},
    {"echo \"$x\"", "echo $x", false},
    {"echo '$x'", "echo $x", false},
    {"echo '*'", "echo *", false},
    {"echo '*'", "echo \\*", true},
    {"echo 'a b'", "echo a b", false},
    {"echo '' x", "echo x", false},
    {"ls a b", "ls b a", false},
    {"ls ./x", "ls x", false},
    {"ls; pwd", "ls && pwd", false},
    {"ls; pwd", "ls\npwd", true},
    {"ls | wc", "ls |& wc", false},
    {"ls > a", "ls >> a", false},
    {"ls 2> a", "ls > a", false},
    {"find . -a -b", "find . -b -a", false},
    {"find . -name x -type f", "find . -type f -name x", false},
    {"unknown -ab", "unknown -ba", false},
    {"sudo ls -la", "sudo ls -la", true},
    {"rm -- -r", "rm -r", false},
    {"A=1 ls", "A='1' ls", true},
    {"A=1 ls", "A=2 ls", false},
    {"for i in a 'b'; do echo \"$i\"; done", "for i in a b\ndo echo \"$i\"\ndone", false},
    {"for i in a 'b'; do echo \"$i\"; done", "for i in a b;  do  echo  \"$i\"; done", true},
    {"cat <<E\na  b\nE", "cat <<E\na b\nE", false},
    {"cat <<E\na  b\nE", "cat <<E\na  b\nE", true},
    {"ls # all", "ls", false},
    {"x=(a b)", "x=(a  b)", false},
    {"if ls; then du -sh; fi", "if ls;then\ndu -hs; fi", true},
    {"if ls; then du -sh; fi", "if ls;  then du -hs;  fi", true},
    {"du -sh * | sort -hr | head -n 3", "du -hs *|sort -rh|head -n3", true},
};

static void test_commands(void **state) {
  (void)state;
  size_t bad = 0;
  for (size_t i = 0; i < 2 * (sizeof pairs / sizeof *pairs); i++) {
    const char *one = i % 2 ? pairs[i / 2].other : pairs[i / 2].one;
    const char *other = i % 2 ? pairs[i / 2].one : pairs[i / 2].other;
    cm_suite s;
    open_case(&s, "expected_commands: [pwd, x]");
    s.cases[0].commands[1] = cm_str_of(one);
    cm_attempt t = attempt_of(other);
    bool same = judged(&s, &t).n == 0;
    if (same != pairs[i / 2].same) {
      bad++;
      printf("  `%s` and `%s` should%s be equal\n", one, other, same ? "n't" : "");
    }
    cm_suite_close(&s);
  }
  assert_int_equal(bad, 0);
}

/* A wrong expectation is nobody's failure but the fixture's. */
static void test_bad_expectation(void **state) {
  (void)state;
  cm_suite s;
  cm_reasons out = {0};
  cm_err e = {0};
  cm_bench_room with = {.safety = safety, .where = &where};
  open_case(&s, "expected_commands: ['ls \"']");
  cm_attempt t = attempt_of("ls");
  assert_int_equal(cm_judge_patterns.judge(&s.cases[0], &t, &with, arena, &out, &e), CM_E_FORMAT);
  assert_memory_equal(e.msg, "expected_commands: ", 19);
  cm_suite_close(&s);
}

/* Without memory there is an error or a reason, never a silent pass. */
static void test_memory(void **state) {
  (void)state;
  cm_suite s;
  cm_attempt t = attempt_of("ls -l | wc");
  cm_bench_room with = {.safety = safety, .where = &where};
  open_case(&s, "expected_patterns: [du, \"\\\\| wc\"], expected_commands: [pwd]");
  for (size_t bytes = 1024; bytes < 1 << 20; bytes += bytes / 8) {
    cm_arena *small = cm_arena_open(bytes);
    cm_reasons out = {0};
    cm_err e = {0};
    cm_code code = cm_judge_patterns.judge(&s.cases[0], &t, &with, small, &out, &e);
    assert_true(code == CM_E_NOMEM || (code == CM_OK && out.n == 2));
    cm_arena_close(small);
  }
  cm_suite_close(&s);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, reset)
  const struct CMUnitTest tests[] = {
      TEST(test_words),   TEST(test_options),  TEST(test_shell),
      TEST(test_places),  TEST(test_not_run),  TEST(test_ignore_case),
      TEST(test_reasons), TEST(test_unparsed), TEST(test_unanswered),
      TEST(test_runaway), TEST(test_commands), TEST(test_bad_expectation),
      TEST(test_memory),
  };
  return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
