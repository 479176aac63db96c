/* rooms: sh base */
/* Limits, spans, positions of mistakes, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/shtree.h"

enum { ARENA_MAX = 64 << 20 };

typedef struct run {
  cm_arena *arena;
  cm_sh_tree tree;
  cm_err e;
  cm_code code;
} run;

static run parse(const char *text, size_t n) {
  run r = {.arena = cm_arena_open(ARENA_MAX)};
  assert_non_null(r.arena);
  r.code = cm_sh_parse((cm_str){text, n}, CM_SH_BASH, r.arena, &r.tree, &r.e);
  return r;
}

static void expect_code(const char *text, size_t n, cm_code code) {
  run r = parse(text, n);
  if (r.code != code) print_message("%.60s…: %s\n", text, r.e.msg);
  assert_int_equal(r.code, code);
  cm_arena_close(r.arena);
}

/* before, then `open` n times, then `close` n times. */
static char *nested(const char *before, const char *open, const char *close, size_t n) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  cm_buf_puts(&b, before);
  for (size_t i = 0; i < n; i++) cm_buf_puts(&b, open);
  for (size_t i = 0; i < n; i++) cm_buf_puts(&b, close);
  return cm_buf_take(&b);
}

static void test_length(void **state) {
  (void)state;
  char *text = malloc(CM_SH_TEXT_MAX + 1);
  assert_non_null(text);
  memset(text, 'a', CM_SH_TEXT_MAX + 1);
  expect_code(text, CM_SH_TEXT_MAX, CM_OK);
  expect_code(text, CM_SH_TEXT_MAX + 1, CM_E_LIMIT);
  free(text);
}

/* Sixty levels of anything are fine; thousands are a limit, never a crash, in any mixture. */
static void test_depth(void **state) {
  static const char *const pairs[][3] = {
      {"", "(a;", ")"},
      {"", "{ a; ", "} "},
      {"", "if a; then b; ", "fi "},
      {"", "while a; do b; ", "done "},
      {"", "f() { a; ", "} "},
      {"", "case a in b) c; ", "esac "},
      {"", "coproc { a; ", "} "},
      {"a ", "$(a ", ")"},
      {"a ", "\"$(a ", ")\""},
      {"a ", "${a:-", "}"},
      {"a ", "\"${a:-", "}\""},
      {"a ", "${a[1+", "]}"},
      {"a ", "$((1+", "))"},
      {"a ", "$[1+", "]"},
      {"a ", "<(a ", ")"},
      {"", "a[$(", ")]=1"},
      {"", "a=($(", "))"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    char *fine = nested(pairs[i][0], pairs[i][1], pairs[i][2], 60);
    char *deep = nested(pairs[i][0], pairs[i][1], pairs[i][2], 3000);
    expect_code(fine, strlen(fine), CM_OK);
    expect_code(deep, strlen(deep), CM_E_LIMIT);
    cm_free(fine);
    cm_free(deep);
  }
  char *cond = nested("[[ ", "( ", "", 3000);
  expect_code(cond, strlen(cond), CM_E_LIMIT);
  cm_free(cond);
}

/* Reading the same bytes again and again ends with a limit too. */
static void test_again(void **state) {
  (void)state;
  char *twice = nested("a ", "$((b); ", ") ", 10);
  expect_code(twice, strlen(twice), CM_OK);
  cm_free(twice);
  char *often = nested("a ", "$((b); ", ") ", 90);
  expect_code(often, strlen(often), CM_E_LIMIT);
  cm_free(often);
}

/* Here-documents in here-documents, each with tabs to take out of nearly all of the text: the
 * limit is met while a copy without tabs is made. */
static void test_again_with_tabs(void **state) {
  enum { LEVELS = 12, PADDING = 56000 };
  (void)state;
  cm_buf b;
  cm_buf_init(&b, CM_SH_TEXT_MAX);
  for (int i = 0; i < LEVELS; i++) cm_buf_printf(&b, "\t$(a <<-E%c\n", 'a' + i);
  for (int i = 0; i < PADDING / 8; i++) cm_buf_puts(&b, "\tpadding");
  for (int i = LEVELS; i-- > 0;) cm_buf_printf(&b, "\nE%c\n)", 'a' + i);
  assert_false(b.overflow);
  expect_code(b.p, b.n, CM_E_LIMIT);
  cm_buf_close(&b);
}

static void test_nul(void **state) {
  (void)state;
  run r = parse("a\nb \0 c", 7);
  assert_int_equal(r.code, CM_E_FORMAT);
  assert_int_equal(r.e.pos, 4);
  cm_arena_close(r.arena);
}

typedef struct mistake {
  const char *text, *before; /* the tree of the lines in front of it */
  unsigned pos;
} mistake;

static void test_mistakes(void **state) {
  static const mistake rows[] = {
      {"a b)", "", 3},
      {"a\nb\nc )\nd", "[a]; [b]", 6},
      {"a; b; c )", "", 8},
      {"a\nif b\nthen c\n", "[a]", 14},
      {"a\necho \"b\nc", "[a]", 7},
      {"a\necho 'b\nc", "[a]", 7},
      {"a <<E\nb\nE\n)", "[a {<< E b\\n}]", 10},
      {"a $(b\n", "", 6},
      {"a `b", "", 2},
      {"a $(b\n c )d) (", "", 11},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_buf out;
    cm_buf_init(&out, 1 << 16);
    run r = parse(rows[i].text, strlen(rows[i].text));
    assert_int_equal(r.code, CM_E_FORMAT);
    shtree_list(&out, r.tree.list);
    assert_string_equal(out.p ? out.p : "", rows[i].before);
    if (r.e.pos != rows[i].pos) print_message("%s: at %d\n", rows[i].text, (int)r.e.pos);
    assert_int_equal(r.e.pos, rows[i].pos);
    cm_buf_close(&out);
    cm_arena_close(r.arena);
  }
}

/* --- spans ----------------------------------------------------------------------------------- */

static void under(cm_buf *out, const char *text, cm_span s) {
  cm_buf_putc(out, '<');
  cm_buf_add(out, text + s.start, s.end - s.start);
  cm_buf_putc(out, '>');
}

static void spans(cm_buf *out, const char *text, const cm_sh_list *list);

static void word_spans(cm_buf *out, const char *text, const cm_word *w) {
  for (; w; w = w->next) {
    under(out, text, w->span);
    for (const cm_part *part = w->parts; part; part = part->next) {
      if (w->parts->next) under(out, text, part->span);
      spans(out, text, part->body);
    }
  }
}

static void spans(cm_buf *out, const char *text, const cm_sh_list *list) {
  for (; list; list = list->next) {
    under(out, text, list->span);
    for (const cm_pipeline *line = list->first; line; line = line->next) {
      if (list->first->next) under(out, text, line->span);
      for (const cm_cmd *c = line->cmds; c; c = c->next) {
        if (line->cmds->next) under(out, text, c->span);
        for (const cm_assign *as = c->assigns; as; as = as->next) under(out, text, as->span);
        word_spans(out, text, c->words);
        for (const cm_redir *r = c->redirs; r; r = r->next) {
          under(out, text, r->span);
          word_spans(out, text, r->here);
        }
        for (const cm_arm *a = c->arms; a; a = a->next) {
          spans(out, text, a->test);
          spans(out, text, a->body);
        }
        spans(out, text, c->body);
      }
    }
  }
}

/* Text, and what lies under the spans of its lists, pipelines, commands and words. */
static void test_spans(void **state) {
  static const char *const rows[][2] = {
      {" a  b ;c", "<a  b><a><b><c><c>"},
      {"a | b&&c #d", "<a | b&&c><a | b><a><a><b><b><c><c>"},
      {"a 'b'\"c\"\\d", "<a 'b'\"c\"\\d><a><'b'\"c\"\\d><'b'><\"c\"><\\d>"},
      {"a \"b $c d\"", "<a \"b $c d\"><a><\"b $c d\"><\"b ><$c>< d\">"},
      {"x=1 y=(2 3) a", "<x=1 y=(2 3) a><x=1><y=(2 3)><a>"},
      {"a $(b c)d", "<a $(b c)d><a><$(b c)d><$(b c)><b c><b><c><d>"},
      {"a `b c`", "<a `b c`><a><`b c`><b c><b><c>"},
      {"a `b \\`c d\\``",
       "<a `b \\`c d\\``><a><`b \\`c d\\``><b \\`c d\\`><b><\\`c d\\`><c d><c><d>"},
      {"a 2> b c", "<a 2> b c><a><c><2> b>"},
      {"a <<E b\nc $d\nE\n", "<a <<E b><a><b><<<E><c $d\n><c ><$d><\n>"},
      {"a <<-E\n\tb $c\n\tE\n", "<a <<-E><a><<<-E><b $c\n><b ><$c><\n>"},
      {"{ a; } >b", "<{ a; } >b><>b><a><a>"},
      {"if a; then b; fi", "<if a; then b; fi><a><a><b><b>"},
      {"f() { a; }", "<f() { a; }><{ a; }><a><a>"},
      {"a\\\nb \\\n c\\\n", "<a\\\nb \\\n c><a\\\nb><c>"},
      {"[[ a == b ]]", "<[[ a == b ]]><a><==><b>"},
      {"! a", "<! a><a>"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *text = rows[i][0];
    cm_buf out;
    cm_buf_init(&out, 1 << 16);
    run r = parse(text, strlen(text));
    assert_int_equal(r.code, CM_OK);
    spans(&out, text, r.tree.list);
    assert_string_equal(out.p, rows[i][1]);
    cm_buf_close(&out);
    cm_arena_close(r.arena);
  }
}

/* --- memory ---------------------------------------------------------------------------------- */

/* A bit of everything. */
static const char everything[] =
    "x=1 y+=(a [1]=b) z[2]=$((1+2)) a 'b' \"c $d ${e:-f}\" ${g//h/i} `j \\`k\\`` $(l; m) 2>&1 <n\n"
    "o <<P <<-'Q' | r |& s && ! t || time u &\nv $w\nP\n\tx\nQ\n"
    "if a; then b; elif c; then d; else e; fi; for f in g h; do i; done; while j; do k; done\n"
    "case l in m|n) o;; (p) q;& esac; f() { r; } >s; function t (u); coproc v { w; }\n"
    "[[ -n x && ( y =~ (z|a) || b == @(c|d) ) ]]; ((e = 1)); for ((;;)) { f; }; select g; do h; "
    "done\n"
    "i <(j) {k}>l <<<m $'\\x41\\u20ac' $\"n\" ${o[p]} ${!q*} $((r) | s) na\\\nme $t\\\nu "
    "\"${v-'w'}\"\n";

/* Every allocation of the arena fails in turn: it is as large as what was used before. */
static void test_torture(void **state) {
  (void)state;
  const cm_str text = cm_str_of(everything);
  run whole = parse(text.p, text.n);
  assert_int_equal(whole.code, CM_OK);
  const size_t used = cm_arena_used(whole.arena);
  for (size_t max = 0; max < used; max += 16) {
    cm_arena *a = cm_arena_open(max);
    cm_sh_tree tree;
    cm_err e;
    assert_non_null(a);
    assert_int_equal(cm_sh_parse(text, CM_SH_BASH, a, &tree, &e), CM_E_NOMEM);
    assert_null(tree.list);
    cm_arena_close(a);
  }
  cm_arena_close(whole.arena);
}

/* The same for the allocations below the arena. */
static void test_fail_nth(void **state) {
  (void)state;
  const cm_str text = cm_str_of(everything);
  for (uint64_t nth = 1;; nth++) {
    cm_arena *a = cm_arena_open(ARENA_MAX);
    cm_sh_tree tree;
    cm_err e;
    assert_non_null(a);
    cm_mem_fail_nth(nth);
    const cm_code code = cm_sh_parse(text, CM_SH_BASH, a, &tree, &e);
    cm_mem_fail_nth(0);
    cm_arena_close(a);
    if (code == CM_OK) {
      assert_true(nth > 1);
      break;
    }
    assert_int_equal(code, CM_E_NOMEM);
  }
}

static void test_no_arena(void **state) {
  cm_sh_tree tree;
  cm_err e;
  (void)state;
  assert_int_equal(cm_sh_parse(CM_STR("a"), CM_SH_BASH, NULL, &tree, &e), CM_E_NOMEM);
  assert_null(tree.list);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_length),   cmocka_unit_test(test_depth),
      cmocka_unit_test(test_again),    cmocka_unit_test(test_again_with_tabs),
      cmocka_unit_test(test_nul),      cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_spans),    cmocka_unit_test(test_torture),
      cmocka_unit_test(test_fail_nth), cmocka_unit_test(test_no_arena),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
