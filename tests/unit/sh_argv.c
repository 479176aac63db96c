/* Arguments as getopt and getopt_long are documented to see them (POSIX.1-2017 XBD 12.2, the GNU C
 * library's manual, "Parsing program options"), and as tar, find and ps do in their own ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sh/argv.h"

/* One line a program call: the words, and what the parser gives: "-x" an option, "-x=v" with the
 * value v, other words operands, "| n" the index where a wrapper's command starts. */
typedef struct argv_case {
  const char *words, *want;
  cm_argv_spec spec;
} argv_case;

static size_t split(const char *line, cm_rword *words, size_t max) {
  size_t n = 0;
  for (const char *p = line; n < max; n++) {
    p += strspn(p, " ");
    size_t len = strcspn(p, " ");
    if (!len) break;
    bool empty = len == 2 && p[0] == '\'' && p[1] == '\'';
    words[n].text = (cm_str){p, empty ? 0 : len};
    p += len;
  }
  return n;
}

static void put_arg(cm_buf *b, const cm_arg *a) {
  if (b->n) cm_buf_putc(b, ' ');
  if (a->option) cm_buf_printf(b, "-%.*s%s", (int)a->name.n, a->name.p, a->has_value ? "=" : "");
  if (!a->option || a->has_value)
    cm_buf_printf(b, "%s%.*s", a->option || a->value.n ? "" : "''", (int)a->value.n, a->value.p);
}

static void check_case(const argv_case *c) {
  cm_rword words[32] = {0};
  size_t n = split(c->words, words, 32);
  cm_argv v = cm_argv_of(words, n, c->spec);
  cm_buf got;
  cm_buf_init(&got, 4096);
  cm_buf_add(&got, "", 0);
  for (cm_arg a; cm_argv_next(&v, &a);) {
    put_arg(&got, &a);
    assert_ptr_equal(a.word, &words[a.index]);
    assert_true(a.index >= 1 && a.index < n);
    assert_true((a.at != NULL) == a.has_value);
    if (a.at) assert_true(a.at >= words && a.at < words + n);
  }
  if (c->spec.how & CM_ARGV_STOP) cm_buf_printf(&got, "%s| %zu", got.n ? " " : "", v.next);
  assert_false(got.overflow);
  if (strcmp(got.p ? got.p : "", c->want) != 0)
    fail_msg("%s\n   got %s\n  want %s", c->words, got.p, c->want);
  cm_buf_close(&got);
}

#define RM \
  { "", "recursive force interactive=? one-file-system no-preserve-root", 0 }
#define TAR \
  { "f:C:b:", "file= directory=", CM_ARGV_BARE }
#define FIND \
  { "", "name= type= exec delete", CM_ARGV_DASH }
#define SUDO \
  { "u:g:p:C:", "user= group= prompt=", CM_ARGV_STOP }
#define ABC \
  { "ab:c::", "all file= color=? find=", 0 }

static const argv_case cases[] = {
    {"rm", "", RM},
    {"rm -rf x", "-r -f x", RM},
    {"rm -r -f -- x", "-r -f x", RM},
    {"rm x -rf y", "x -r -f y", RM},
    {"rm -- -rf", "-rf", RM},
    {"rm -- -- x", "-- x", RM},
    {"rm - x", "- x", RM},
    {"rm '' -f", "'' -f", RM},
    {"rm --recursive x", "-recursive x", RM},
    {"rm --rec --forc x", "-recursive -force x", RM},
    {"rm --r x", "-recursive x", RM},
    {"rm --no-pre /", "-no-preserve-root /", RM},
    {"rm --one --unknown", "-one-file-system -unknown", RM},
    {"rm --interactive=never x", "-interactive=never x", RM},
    {"rm --interactive never x", "-interactive never x", RM},
    {"rm --inter=once x", "-interactive=once x", RM},
    {"p -b v w", "-b=v w", ABC},
    {"p -bv w", "-b=v w", ABC},
    {"p -ab v w", "-a -b=v w", ABC},
    {"p -abv w", "-a -b=v w", ABC},
    {"p -bav", "-b=av", ABC},
    {"p -b", "-b", ABC},
    {"p -b=v", "-b==v", ABC},
    {"p -b -- -a", "-b=-- -a", ABC},
    {"p -c v", "-c v", ABC},
    {"p -cv", "-c=v", ABC},
    {"p -acv x", "-a -c=v x", ABC},
    {"p -zx", "-z -x", ABC},
    {"p --file f g", "-file=f g", ABC},
    {"p --file=f g", "-file=f g", ABC},
    {"p --file= g", "-file= g", ABC},
    {"p --file --all", "-file=--all", ABC},
    {"p --file", "-file", ABC},
    {"p --fi f", "-fi f", ABC}, /* file or find: getopt_long refuses */
    {"p --fil f g", "-file=f g", ABC},
    {"p --color x", "-color x", ABC},
    {"p --color=x", "-color=x", ABC},
    {"p --col=x=y", "-color=x=y", ABC},
    {"p --all=x", "-all=x", ABC},
    {"p -a: x", "-a -: x", ABC},
    {"tar xzf a.tar -C d", "-x -z -f=a.tar -C=d", TAR},
    {"tar cfz a.tar x", "-c -f=a.tar -z x", TAR},
    {"tar cfbC a.tar 20 dir x", "-c -f=a.tar -b=20 -C=dir x", TAR},
    {"tar -czf a.tar x", "-c -z -f=a.tar x", TAR},
    {"tar --file=a xz", "-file=a xz", TAR},
    {"tar x", "-x", TAR},
    {"ps aux", "-a -u -x", {"", "", CM_ARGV_BARE}},
    {"find . -name x -delete", ". -name=x -delete", FIND},
    {"find -- . -delete", ". -delete", FIND},
    {"find -- -- -- .", ".", FIND},
    {"find . -type f -exec rm {} ;", ". -type=f -exec rm {} ;", FIND},
    {"find -L . --help", "-L . -help", FIND},
    {"find . -nam x", ". -nam x", FIND},
    {"java -Dx=1 -cp a:b Main", "-Dx=1 -cp=a:b Main", {"", "cp=", CM_ARGV_DASH}},
    {"gcc -o x -l m", "-o=x -l m", {"o:", "", CM_ARGV_DASH}},
    {"terraform -chdir=x destroy -auto-approve",
     "-chdir=x destroy -auto-approve",
     {"", "chdir=", CM_ARGV_DASH}},
    {"sudo -u ada rm -rf x", "-u=ada | 3", SUDO},
    {"sudo -uada -E rm -rf x", "-u=ada -E | 3", SUDO},
    {"sudo -- rm -rf x", "| 2", SUDO},
    {"sudo -n --user=ada -- rm", "-n -user=ada | 4", SUDO},
    {"sudo --us ada rm", "-user=ada | 3", SUDO},
    {"sudo rm --user", "| 1", SUDO},
    {"sudo -k", "-k | 2", SUDO},
    {"sudo", "| 1", SUDO},
    {"sort +1 -n +x", "-+1 -n -+x", {"", "", CM_ARGV_PLUS}},
    {"bash +o posix -e f", "-+o=posix -e f", {"o:", "", CM_ARGV_PLUS}},
    {"x + -a", "+ -a", {"", "", CM_ARGV_PLUS}},
    {"echo -n -- x", "-n -- x", {"", "", CM_ARGV_NONE}},
};

static void test_cases(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(&cases[i]);
}

static void test_holes(void **state) {
  (void)state;
  static const char *const texts[] = {"rm", "-r\x01", "--f\x01", "\x01", "-b\x01"};
  cm_rword words[5] = {0};
  for (size_t i = 0; i < 5; i++) words[i].text = cm_str_of(texts[i]);
  cm_argv v = cm_argv_of(words, 5, (cm_argv_spec){.shorts = "b:", .longs = "force"});
  cm_arg a;
  assert_true(cm_argv_next(&v, &a) && cm_str_is(a.name, "r"));
  assert_true(cm_argv_next(&v, &a) && cm_str_is(a.name, "\x01"));
  assert_true(cm_argv_next(&v, &a) && cm_str_is(a.name, "f\x01"));
  assert_true(cm_argv_next(&v, &a) && !a.option && cm_str_is(a.value, "\x01"));
  assert_true(cm_argv_next(&v, &a) && cm_str_is(a.name, "b") && cm_str_is(a.value, "\x01"));
  assert_false(cm_argv_next(&v, &a));
  assert_false(cm_argv_next(&v, &a));
}

static void test_nothing(void **state) {
  (void)state;
  cm_arg a;
  cm_argv v = cm_argv_of(NULL, 0, (cm_argv_spec){0});
  assert_false(cm_argv_next(&v, &a));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),
      cmocka_unit_test(test_holes),
      cmocka_unit_test(test_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
