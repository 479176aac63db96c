/* rooms: base data answer */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "answer/literal.h"

enum { ARENA = 8 << 20 };

static cm_arena *arena;

static int setup(void **state) {
  (void)state;
  return !(arena = cm_arena_open(ARENA));
}

static int teardown(void **state) {
  (void)state;
  cm_arena_close(arena);
  return 0;
}

/* The tables show placeholders as ① to ⑧ (U+2460 and up). */
static cm_str marks(const char *s) {
  size_t n = strlen(s);
  char *p = cm_arena_strdup(arena, s, n);
  for (size_t i = 0; i + 2 < n; i++)
    if (memcmp(p + i, "\xE2\x91", 2) == 0 && (unsigned char)p[i + 2] < 0xA8)
      p[i + 2] = (char)(p[i + 2] - 0x1F), p[i] = '\xEE', p[i + 1] = '\x80';
  return (cm_str){p, n};
}

static cm_literals hide(const char *request) {
  cm_literals l;
  cm_err e = {0};
  assert_int_equal(cm_literals_hide(cm_str_of(request), CM_LITERALS_MAX, arena, &l, &e), CM_OK);
  return l;
}

static void same(cm_str got, cm_str want, const char *what) {
  if (!cm_str_eq(got, want))
    fail_msg("%s: got [%.*s], want [%.*s]", what, (int)got.n, got.p, (int)want.n, want.p);
}

static void hides(void **state) {
  (void)state;
  /* request, what the model sees, the literals */
  static const char *const cases[][3] = {
      {"rename old.txt to new.txt", "rename ①.txt to ②.txt", "old new"},
      {"is a.txt in a.csv and (b.md)?", "is ①.txt in ①.csv and (②.md)?", "a b"},
      {"extract backup.tar.gz to /tmp/out", "extract ①.tar.gz to /②", "backup tmp/out"},
      {"copy ./x_1.py, ../lib/ and ~/Documents.", "copy ./①.py, ../②/ and ~/③.",
       "x_1 lib Documents"},
      {"unpack tar.gz, .pdf and .bashrc files", "unpack tar.gz, .pdf and .① files", "bashrc"},
      {"get https://a.com/b.zip from www.c.org", "get https://①.zip from ②.org", "a.com/b www.c"},
      {"open http://localhost:80/ in vim", "open http://① in vim", "localhost:80/"},
      {"ssh to ada@db1:/srv/x, not 10.0.0.5:22", "ssh to ①@②:/③, not ④:22",
       "ada db1 srv/x 10.0.0.5"},
      {"is 192.168.1.0/24 version v1.2.3 or 3.11", "is ①/24 version ② or 3.11",
       "192.168.1.0 v1.2.3"},
      {"find \"two words\" in 'my notes.txt'", "find \"①\" in '②.txt'", "two_words my_notes"},
      {"it's in what's 'x' and don't", "it's in what's '①' and don't", "x"},
      {"list *.js, report_*, *-2024.csv and '*.c'", "list *.js, ①*, *②.csv and '*.c'",
       "report_ -2024"},
      {"set NODE_ENV=production for db-03 a1b2c3d", "set ①=production for ② ③",
       "NODE_ENV db-03 a1b2c3d"},
      {"split at ',' the 1.5GB of 2024-01-31 10:30", "split at ',' the 1.5GB of 2024-01-31 10:30",
       ""},
      {"JavaScript and/or JSON with -name --x=y $HOME",
       "JavaScript and/or JSON with -name --x=y $HOME", ""},
      {"the camelCase of container my_db's log", "the ① of container ②'s log", "camelCase my_db"},
      {"", "", ""},
      {"say \"unclosed.txt", "say \"①.txt", "unclosed"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_literals l = hide(cases[i][0]);
    same(l.text, marks(cases[i][1]), cases[i][0]);
    cm_buf b;
    cm_buf_init(&b, 1000);
    for (size_t k = 0; k < l.n; k++) {
      if (k) cm_buf_putc(&b, ' ');
      for (size_t j = 0; j < l.items[k].n; j++)
        cm_buf_putc(&b, l.items[k].p[j] == ' ' ? '_' : l.items[k].p[j]);
    }
    same((cm_str){b.p ? b.p : "", b.n}, cm_str_of(cases[i][2]), cases[i][0]);
    cm_buf_close(&b);
  }
}

static void restores(void **state) {
  (void)state;
  /* request, reply, command */
  static const char *const cases[][3] = {
      {"rename old.txt to new.txt", "mv ①.txt ②.txt", "mv old.txt new.txt"},
      {"rm 'my notes.txt'", "rm ①.txt", "rm 'my notes.txt'"},
      {"rm 'my notes.txt'", "rm '①.txt' \"①\"", "rm 'my notes.txt' \"my notes\""},
      {"cd \"~/my photos\"", "cd ~/①", "cd ~/'my photos'"},
      {"dd to 'a b.img'", "dd of=①.img", "dd of='a b.img'"},
      {"ls in \"a b\"", "ls ①/*.c \"$X\"①", "ls 'a b'/*.c \"$X\"'a b'"},
      {"say \"it's $5\"", "echo ① '①' \"①\"", "echo 'it'\\''s $5' 'it'\\''s $5' \"it's \\$5\""},
      {"say \"it's $5\"", "echo $'①' \"$(echo ①)\"",
       "echo $'it\\'s $5' \"$(echo 'it'\\''s $5')\""},
      {"find report_* here", "find . -name '①*'; ls ①*", "find . -name 'report_*'; ls report_*"},
      {"say 'a\nrm b'", "ls # ①\n", "ls # a rm b\n"},
      {"x_1", "echo $$(①) \\$'a' ①", "echo $$(x_1) \\$'a' x_1"},
      {"x_1", "no name", "no name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_literals l = hide(cases[i][0]);
    cm_str got;
    cm_err e = {0};
    assert_int_equal(cm_literals_restore(&l, marks(cases[i][1]), arena, &got, &e), CM_OK);
    same(got, cm_str_of(cases[i][2]), cases[i][1]);
  }
}

/* Replies that can't be trusted are no replies. */
static void refuses(void **state) {
  (void)state;
  static const char *const cases[] = {"rm ②", "rm x\\①", "echo \"\\①\"", "cat <<EOF\n①\nEOF",
                                      "echo `echo ①`"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_literals l = hide("the \"a b\"");
    cm_str got;
    cm_err e = {0};
    assert_int_equal(cm_literals_restore(&l, marks(cases[i]), arena, &got, &e), CM_E_NOTFOUND);
    assert_true(strlen(e.msg) > 10);
  }
}

static void nothing_is_forged(void **state) {
  (void)state;
  cm_str request = marks("show ① and \"② x\" and ③.txt of a_b");
  cm_literals l;
  cm_err e = {0};
  assert_int_equal(cm_literals_hide(request, 8, arena, &l, &e), CM_OK);
  same(l.text, marks("show ① and \"②\" and ③ of ④"), "forged");
  same(l.items[2], marks("③.txt"), "a literal");
  assert_int_equal(cm_literals_hide(request, 1, arena, &l, &e), CM_OK);
  same(l.text, marks("show ① and \"\xEF\xBF\xBD x\" and \xEF\xBF\xBD.txt of a_b"), "no room");
}

static void has_limits(void **state) {
  (void)state;
  cm_literals l = hide("a.c b.c c.c d.c e.c f.c g.c h.c i.c a.c j.c");
  assert_int_equal(l.n, CM_LITERALS_MAX);
  same(l.text, marks("①.c ②.c ③.c ④.c ⑤.c ⑥.c ⑦.c ⑧.c i.c ①.c j.c"), "nine");
  cm_err e = {0};
  assert_int_equal(cm_literals_hide(CM_STR("a.c b.c"), 1, arena, &l, &e), CM_OK);
  same(l.text, marks("①.c b.c"), "one");
  cm_buf b;
  cm_buf_init(&b, 2 << 20);
  for (size_t i = 0; i < 400000; i++) cm_buf_add(&b, "\xEE\x80\x81", 3);
  l.items[0] = CM_STR("four");
  cm_str got;
  assert_int_equal(cm_literals_restore(&l, (cm_str){b.p, b.n}, arena, &got, &e), CM_E_LIMIT);
  cm_buf_close(&b);
  cm_mem_fail_nth(1);
  assert_int_equal(cm_literals_hide(CM_STR("a.c"), 1, arena, &l, &e), CM_E_NOMEM);
  cm_mem_fail_nth(0);
}

/* The judge of quoting is a shell: it must see the literal, whatever it holds. */
static void a_shell_reads_it_back(void **state) {
  (void)state;
  static const char *const values[] = {
      "plain", "two words", "it's", "a\"b", "$HOME",       "`id`", "$(id)", "a;b",
      "a|b&c", "*",         "~",    "#x",   "back\\slash", "!x",   "{a,b}", "new\nline",
      "<x>",   "é",         "a=b",  "''",   "\\",          "-n"};
  static const char *const forms[] = {"printf %s x①",
                                      "printf %s 'x①'",
                                      "printf %s \"x①\"",
                                      "printf %s x\"$(printf %s ①)\"",
                                      "A=x①; printf %s \"$A\"",
                                      "(printf %s x①)",
                                      "printf %s x;printf %s ''①"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
      cm_literals l = {.items = {cm_str_of(values[i])}, .n = 1};
      cm_str command;
      cm_err e = {0};
      char got[100], want[100];
      assert_int_equal(cm_literals_restore(&l, marks(forms[k]), arena, &command, &e), CM_OK);
      snprintf(want, sizeof want, "x%s", values[i]);
      if (values[i][0] == '-' && (k == 3 || k == 6)) continue;
      FILE *f = popen(command.p, "r");
      assert_non_null(f);
      size_t n = fread(got, 1, sizeof got - 1, f);
      assert_int_equal(pclose(f), 0);
      same((cm_str){got, n}, cm_str_of(want), command.p);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(hides, setup, teardown),
      cmocka_unit_test_setup_teardown(restores, setup, teardown),
      cmocka_unit_test_setup_teardown(refuses, setup, teardown),
      cmocka_unit_test_setup_teardown(nothing_is_forged, setup, teardown),
      cmocka_unit_test_setup_teardown(has_limits, setup, teardown),
      cmocka_unit_test_setup_teardown(a_shell_reads_it_back, setup, teardown),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
