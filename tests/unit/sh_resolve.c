/* Which commands a text runs: the cases of tests/data/resolve.txt, and what all of them share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "runs_text.h"

enum { ARENA = 64 << 20 };

static const cm_sh_context context = {
    .home = {"/home/ada", 9}, .cwd = {"/work/app", 9}, .user = {"ada", 3}};

/* --- the table --- */

/* A case: "$ text" ("\n" is a newline, "\t" a tab, "\\" a backslash), then one line a run, then an
 * empty line. "! syntax" and "! limited" stand for the flags. Lines with "#" are comments. */
static cm_str unescape(cm_buf *b, cm_str line) {
  cm_buf_reset(b);
  cm_buf_add(b, "", 0);
  for (size_t i = 0; i < line.n; i++) {
    char c = line.p[i], next = i + 1 < line.n ? line.p[i + 1] : 0;
    if (c == '\\' && (next == 'n' || next == 't' || next == '\\')) {
      cm_buf_putc(b, next == 'n' ? '\n' : next == 't' ? '\t' : '\\');
      i++;
    } else {
      cm_buf_putc(b, c);
    }
  }
  return (cm_str){b->p, b->n};
}

static void put_runs(cm_buf *b, const cm_runs *runs) {
  cm_buf_reset(b);
  cm_buf_add(b, "", 0);
  for (size_t i = 0; i < runs->n; i++) {
    put_run(b, runs->items[i], context.cwd);
    cm_buf_putc(b, '\n');
  }
  if (runs->syntax) cm_buf_puts(b, "! syntax\n");
  if (runs->limited) cm_buf_puts(b, "! limited\n");
}

static void check_run(const cm_run *r, size_t length) {
  assert_true(r->span.start <= r->span.end && r->span.end <= length);
  for (size_t i = 0; i < r->n; i++) {
    assert_true(r->words[i].span.start <= r->words[i].span.end);
    assert_true(r->words[i].span.end <= length);
    bool hole = r->words[i].text.n && memchr(r->words[i].text.p, CM_HOLE, r->words[i].text.n);
    if (hole) assert_true(r->words[i].from != 0);
  }
  assert_true((r->kind == CM_RUN_ASSIGN) == (r->n == 0));
  assert_non_null(r->cwd.text.p);
}

static size_t checked;

static bool check_case(cm_arena *a, cm_str text, cm_str want, cm_buf *got) {
  cm_runs runs;
  cm_err e;
  cm_arena_reset(a);
  assert_int_equal(cm_sh_resolve(text, &context, a, &runs, &e), CM_OK);
  for (size_t i = 0; i < runs.n; i++) check_run(runs.items[i], text.n);
  put_runs(got, &runs);
  checked++;
  if (cm_str_eq(want, (cm_str){got->p, got->n})) return true;
  print_message("$ %.*s\n got:\n%s want:\n%.*s\n", (int)text.n, text.p, got->p, (int)want.n,
                want.p);
  return false;
}

static void test_table(void **state) {
  (void)state;
  cm_buf file, text, got;
  cm_err e;
  size_t failed = 0;
  cm_arena *a = cm_arena_open(ARENA);
  cm_buf_init(&file, 4 << 20);
  cm_buf_init(&text, 1 << 20);
  cm_buf_init(&got, 4 << 20);
  assert_non_null(a);
  assert_int_equal(cm_os_read_file(CM_SOURCE_DIR "/tests/data/resolve.txt", &file, &e), CM_OK);
  cm_str rest = {file.p, file.n}, line;
  while (cm_str_line(&rest, &line)) {
    if (!cm_str_starts(line, CM_STR("$ "))) continue;
    cm_str command = unescape(&text, (cm_str){line.p + 2, line.n - 2});
    cm_str want = {rest.p, 0};
    while (cm_str_line(&rest, &line) && line.n) want.n = (size_t)(rest.p - want.p);
    failed += !check_case(a, command, want, &got);
  }
  cm_buf_close(&file);
  cm_buf_close(&text);
  cm_buf_close(&got);
  cm_arena_close(a);
  print_message("%zu cases\n", checked);
  assert_int_equal(failed, 0);
}

/* --- where runs and words stand --- */

/* Spans point into the text that was given, through quotes and code in code, where it stands there
 * as it is; else at the word that holds it. */
static void test_spans(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t run, word;
    const char *want_run, *want_word;
  } cases[] = {
      {"ls; rm -rf /", 1, 2, "rm -rf /", "/"},
      {"sh -c 'ls; rm -rf /'", 2, 2, "rm -rf /", "/"},
      {"sudo bash -c \"rm x\"", 2, 1, "rm x", "x"},
      {"sh -c \"sh -c 'rm x'\"", 2, 1, "rm x", "x"},
      {"sudo -u a rm -rf \"b c\"", 1, 2, "rm -rf \"b c\"", "\"b c\""},
      {"x='rm y'; $x", 1, 0, "$x", "$x"},
      {"eval 'rm '\"x\"", 1, 1, "'rm '\"x\"", "'rm '\"x\""},
      {"echo cm0geA== | base64 -d | sh", 3, 0, "base64 -d", "base64 -d"},
      {"sh <<E\nrm x\nE\n", 1, 1, "rm x", "x"},
      {"find . -exec rm {} +", 1, 1, "rm {}", "{}"},
      {"f() { rm $1; }; f a", 0, 1, "rm $1", "$1"},
      {"a $(b c)", 1, 1, "b c", "c"},
      {"ssh h 'rm x'", 1, 1, "rm x", "x"},
      {"python3 -c 'import os; os.system(\"rm x\")'", 1, 1, "rm x", "x"},
      {"python3 -c 'import os; os.remove(\"x\")'", 1, 1, "'import os; os.remove(\"x\")'", NULL},
  };
  cm_arena *a = cm_arena_open(ARENA);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_runs runs;
    cm_err e;
    cm_str text = cm_str_of(cases[i].text);
    cm_arena_reset(a);
    assert_int_equal(cm_sh_resolve(text, &context, a, &runs, &e), CM_OK);
    assert_true(runs.n > cases[i].run);
    const cm_run *r = runs.items[cases[i].run];
    cm_str got = {text.p + r->span.start, r->span.end - r->span.start};
    if (!cm_str_is(got, cases[i].want_run))
      fail_msg("%s: the run is \"%.*s\"", cases[i].text, (int)got.n, got.p);
    cm_span s = r->words[cases[i].word].span;
    got = (cm_str){text.p + s.start, s.end - s.start};
    if (cases[i].want_word && !cm_str_is(got, cases[i].want_word))
      fail_msg("%s: the word is \"%.*s\"", cases[i].text, (int)got.n, got.p);
  }
  cm_arena_close(a);
}

/* --- memory --- */

static const char *const torture[] = {
    "x=/; if a; then x=b; fi; for i in 1 {a,b}$x; do sudo sh -c \"rm ${i%x} $x\" | cat; done",
    "f() { local y=$1; rm \"$y\" <<E > >(sh)\n$(echo a | base64 -d)\nE\n}; f a b; trap 'f c' EXIT",
    "echo cm0geA== | base64 -d | bash; find / -exec rm {} + | xargs -I{} env A={} rm {}",
    "python3 -c \"import os as o; o.system('rm ' + 'x'); open('f', 'w')\" && cd a && $x y",
    "a=(1 2); a[3]=$((1+2)); case $a in x) alias q='rm'; q z;; esac; while read l; do $l; done <f",
};

/* Whichever allocation fails: out of memory, or an answer, but no crash. */
static void test_memory(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof torture / sizeof *torture; i++) {
    for (size_t limit = 0;; limit += 64) {
      cm_arena *a = cm_arena_open(limit);
      cm_runs runs;
      cm_err e = {0};
      assert_non_null(a);
      cm_code code = cm_sh_resolve(cm_str_of(torture[i]), &context, a, &runs, &e);
      cm_arena_close(a);
      assert_true(code == CM_OK || code == CM_E_NOMEM);
      if (code == CM_OK) break;
      assert_int_equal(e.code, CM_E_NOMEM);
      assert_int_equal(runs.n, 0);
    }
  }
}

static void test_failing_blocks(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof torture / sizeof *torture; i++) {
    cm_code code = CM_E_NOMEM;
    for (uint64_t nth = 1; code == CM_E_NOMEM && nth < 100; nth++) {
      cm_arena *a = cm_arena_open(ARENA);
      cm_runs runs;
      cm_err e;
      assert_non_null(a);
      cm_mem_fail_nth(nth);
      code = cm_sh_resolve(cm_str_of(torture[i]), &context, a, &runs, &e);
      cm_mem_fail_nth(0);
      cm_arena_close(a);
    }
    assert_int_equal(code, CM_OK);
  }
}

/* `what` n times behind `before`, `close` n times, then a command that must still be found. */
static void expect_limited(const char *before, const char *what, const char *close, size_t n) {
  cm_arena *a = cm_arena_open(ARENA);
  cm_buf text;
  cm_runs runs;
  cm_err e = {0};
  assert_non_null(a);
  cm_buf_init(&text, CM_SH_TEXT_MAX);
  cm_buf_puts(&text, before);
  for (size_t i = 0; i < n; i++) cm_buf_puts(&text, what);
  for (size_t i = 0; i < n; i++) cm_buf_puts(&text, close);
  cm_buf_puts(&text, "\nrm x");
  assert_false(text.overflow);
  assert_int_equal(cm_sh_resolve((cm_str){text.p, text.n}, &context, a, &runs, &e), CM_OK);
  assert_true(runs.limited);
  assert_true(runs.n > 0);
  assert_true(cm_str_is(runs.items[runs.n - 1]->program, "rm"));
  cm_buf_close(&text);
  cm_arena_close(a);
}

/* Short texts that ask for much: braces in front of many others, words that are copied for each
 * program of a chain, texts that are made anew again and again, patterns that nearly match at
 * every place (hours, if they may). A limit, no lack of memory, which would leave all findings
 * out. */
static void test_multiplied(void **state) {
  (void)state;
  expect_limited("echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "{", "}", 30000);
  expect_limited("echo 1 2 3 4 5 6 7 8 9 | xargs -n1 xargs -n1 xargs -n1 xargs -n1 a", " b", "",
                 20000);
  char a[30016], match[512];
  snprintf(a, sizeof a, "a=%030000d;", 0);
  expect_limited(a, "echo ${a^^};", "", 400);
  expect_limited(a, "x=$(rev <<< $a);", "", 400);
  snprintf(a, sizeof a, "a=%01000d;", 0);
  snprintf(match, sizeof match, "echo ${a##*%0450d1};", 0);
  expect_limited(a, match, "", 100);
  snprintf(match, sizeof match, "/bin/*[%0450d];", 0);
  expect_limited("", match, "", 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),          cmocka_unit_test(test_spans),
      cmocka_unit_test(test_memory),         cmocka_unit_test(test_multiplied),
      cmocka_unit_test(test_failing_blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
