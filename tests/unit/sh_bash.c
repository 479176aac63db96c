/* What the evaluator says a text prints is what bash prints: expansions, and filters on known
 * texts. Nothing here but printing commands; they run in a real bash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sh/resolve.h"

static const char *const texts[] = {
    /* quotes, fields */
    "printf '<%s>' a 'b c' \"d e\" f\\ g $'h\\ti\\x41\\101\\u00e9' ''",
    "x='a  b c'; printf '<%s>' $x \"$x\" ${x}y y$x",
    "x=; printf '<%s>' $x \"$x\" ''$x",
    "x=$'a\\nb'; printf '<%s>' $x",
    "IFS=,; x='a,b,,c'; printf '<%s>' $x",
    "IFS=; x='a b'; printf '<%s>' $x",
    "printf '<%s>' ~ ~/x '~' a~ x=~/y",
    "a=(x 'y z' w); printf '<%s>' \"${a[@]}\" ${a[1]} \"${a[*]}\" ${#a[@]} ${a[@]:1:2} ${#a[1]}",
    "a=(1 2); a+=(3); a[5]=9; printf '<%s>' \"${a[@]:0:3}\" ${a[5]} $a",
    "set -- a 'b c' d; printf '<%s>' \"$@\" $# $2 \"$*\" ${3} \"${@:2}\"; shift; printf '[%s]' "
    "\"$@\"",
    "f() { printf '<%s>' \"$@\" $#; }; f 1 '2 3'; f",
    "f() { local x=2; printf '<%s>' $x; }; x=1; f; printf '<%s>' $x",
    /* braces */
    "printf '<%s>' {a,b} x{1,2}y {1..4} {a..e..2} {3..1} {01..3} {a,b}{c,d} {a,{b,c}} {a} {} {,x}",
    "printf '<%s>' '{a,b}' {a,'b c'} \"{a,b}\" {a,b\\,c} {-2..2..2} a{b,c",
    "x=1; printf '<%s>' {$x,2} {$x..3}",
    /* parameters */
    "x=abcabc; printf '<%s>' ${x#a} ${x#*b} ${x##*b} ${x%c} ${x%b*} ${x%%b*} ${x#z}",
    "x=abcabc; printf '<%s>' ${x/b/X} ${x//b/X} ${x/#a/X} ${x/%c/X} ${x//[ac]} ${x/b} ${x//b*a/-}",
    "x=hello; printf '<%s>' ${x^} ${x^^} ${x:1} ${x:1:3} ${x: -3} ${x: -3:2} ${x:0:-1} ${#x}",
    "x=HELLO; printf '<%s>' ${x,} ${x,,} ${x:5} \"${x:9}\"",
    "x=; printf '<%s>' \"${x:-d}\" \"${x-d}\" \"${x:+d}\" \"${x+d}\" \"${y:-d}\" ${y:=e} $y",
    "x='a b'; printf '<%s>' ${z:-$x} \"${z:-$x}\" ${x:+'q r'} \"${z:-a\"b\"c}\"",
    "x=y; y=z; printf '<%s>' ${!x} ${x@U} ${x@Q}",
    "x=/a/b.c; printf '<%s>' ${x##*/} ${x%/*} ${x##*.} \"${x%\"${x#/}\"}\"",
    "x='*'; printf '<%s>' \"${x#\\*}\" \"${x/'*'/q}\"",
    "x=1; x+=2; printf '<%s>' $x",
    /* arithmetic */
    "printf '<%s>' $((1+2*3)) $((7/2)) $((7%3)) $((2**8)) $((-3)) $((0x1f)) $((010)) $((2#101))",
    "x=5; printf '<%s>' $((x+1)) $((x++)) $x $((x+=2)) $x $((x>3?1:2)) $((!x)) $((~x))",
    "printf '<%s>' $((1<<4|1)) $((5&3)) $((5^3)) $((1&&0)) $((1||0)) $(((1+2)*3)) $((1,2)) "
    "$((3==3))",
    "let x=3 y=x*2; printf '<%s>' $x $y $((y>>1)) $((x<=y)) $((x!=y))",
    /* flow */
    "for i in 1 2 3; do printf '<%s>' $i; done",
    "for ((i=0; i<4; i++)); do printf '<%s>' $i; done",
    "for i in a b; do for j in 1 2; do printf '<%s>' $i$j; done; done",
    "x=$(echo a; echo b); printf '<%s>' $x \"$x\"",
    "printf '<%s>' \"$(printf 'a\\n\\n')\" $(echo 'x  y') `echo z`",
    "read a b <<< 'x y z'; printf '<%s>' \"$a\" \"$b\"",
    "while read x; do printf '<%s>' $x; done <<< $'a\\nb'",
    "mapfile -t a <<< $'x y\\nz'; printf '<%s>' \"${a[@]}\"",
    "cat <<E\na $((1+1)) \\$x\nE",
    "x=v; cat <<'E'\na $x\nE",
    "x=v; cat <<-E\n\ta $x\n\tE",
    "printf -v x '%s-' a b; printf '<%s>' $x",
    "x=r; y=m; printf '<%s>' $x$y ${x}\"$y\" \"$x\"'m'",
    "eval 'x=1; printf \"<%s>\" $x'",
    "x='printf <%s>'; $x a",
    "bash -c 'printf \"<%s>\" $0 $1 \"$@\"' a b 'c d'",
    "x=1; y=2; export y; bash -c 'printf \"<%s>\" \"${x:-none}\" $y'",
    "(x=2; printf '<%s>' $x); x=3; printf '<%s>' $x",
    "cd /usr/../tmp/./; pwd; cd ..; pwd",
    /* echo and printf */
    "echo -n a; echo -e 'b\\tc\\x41\\0101'; echo -E 'd\\t'; echo -ne 'e\\cf'; echo -z; echo -",
    "printf '%s %s\\n' a b c; printf '%d|%i|%x|%X|%o|%c|%%\\n' 12 0x1f 255 255 8 hello",
    "printf '%5s|%-5s|%.2s|%b|%s' ab cd efg 'h\\ti' '\\n'; printf '\\x41\\101\\n\\\\'",
    "printf '%s,' {1..5}; printf 'no args\\n'; printf '[%s]'; printf '%d' \"'a\"",
    /* filters */
    "echo aGVsbG8gd29ybGQ= | base64 -d; echo aGk= | base64 --decode",
    "echo 'aGVs\nbG8=' | base64 -d; echo 'a-G-k=' | base64 -di",
    "echo NBSWY3DP | base32 -d",
    "echo 68656c6c6f | xxd -r -p; echo '68 65 6c' | xxd -p -r",
    "echo '00000000: 6869 0a                                  hi.' | xxd -r",
    "echo aGk= | openssl enc -d -base64; echo aGk= | openssl base64 -d",
    "printf 'abc\\nde\\n' | rev; printf 'a\\nb\\nc\\n' | tac; echo h\xc3\xa9 | rev",
    "echo hello | tr a-y b-z; echo Hello | tr '[:upper:]' '[:lower:]'; echo hello | tr -d l",
    "echo hheelloo | tr -s a-z; echo 'a b' | tr ' ' '\\n'; echo abc | tr -cd ab; echo ab | tr a-z "
    "A",
    "echo abcdef | cut -c2-4; echo abcdef | cut -c 1,3,5-; echo a:b:c | cut -d: -f2; echo a:b:c | "
    "cut -d : -f 1,3; echo x | cut -d: -f2",
    "echo abc | sed s/b/X/; echo aaa | sed 's/a/b/g'; echo abc | sed -e s/a/1/ -e s/c/3/; echo "
    "a/b | "
    "sed 's|/|-|'; echo abc | sed y/abc/xyz/; printf 'aa\\naa\\n' | sed s/a/b/",
    "echo abcdef | head -c 3; printf '1\\n2\\n3\\n' | head -n 2; printf '1\\n2\\n3\\n' | tail -1; "
    "echo "
    "abcdef | tail -c 3; printf '1\\n2\\n3\\n' | head -1",
    "seq 3; seq 2 4; seq 1 2 5; basename /a/b.c .c; dirname /a/b/c; basename x; dirname x",
    "echo x | cat; echo y | tee /dev/null; cat <<< z; echo one | sort; echo one | uniq",
    "echo 'a b' | xargs; echo 'a b c' | xargs -n1 echo -; echo \"'x y' z\" | xargs printf '<%s>'",
    "echo a b | xargs -I% echo [%]; printf 'a\\0b c' | xargs -0 printf '<%s>'",
};

/* Whether all that the text needs beyond a bare system is here. */
static bool has_programs(const char *text) {
  static const char *const names[] = {"xxd", "openssl", "base32", "base64", "rev", "tac", "bash"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", names[i]);
    if ((strstr(text, names[i]) || i == 6) && system(command) != 0) return false;
  }
  return true;
}

/* The text's output. */
static void run_bash(const char *text, cm_buf *out) {
  char path[] = "/tmp/cmdai_sh_bash_XXXXXX", command[128];
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  snprintf(command, sizeof command, "LC_ALL=C.UTF-8 bash %s 2>/dev/null", path);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  for (int c; (c = fgetc(f)) != EOF;) cm_buf_putc(out, (char)c);
  pclose(f);
  unlink(path);
}

static void test_bash(void **state) {
  (void)state;
  cm_arena *a = cm_arena_open(64 << 20);
  cm_buf text, want;
  size_t failed = 0, compared = 0;
  cm_sh_context context = {.home = CM_STR("/home/ada"), .cwd = CM_STR("/tmp")};
  setenv("HOME", "/home/ada", 1);
  cm_buf_init(&text, 1 << 16);
  cm_buf_init(&want, 1 << 16);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    cm_runs runs;
    cm_err e;
    cm_arena_reset(a);
    cm_buf_reset(&text);
    cm_buf_reset(&want);
    cm_buf_printf(&text, "out=$(\n%s\n)", texts[i]);
    cm_buf_add(&want, "", 0);
    if (!has_programs(texts[i])) continue;
    run_bash(texts[i], &want);
    compared++;
    while (want.n && want.p[want.n - 1] == '\n') want.n--;
    assert_int_equal(cm_sh_resolve((cm_str){text.p, text.n}, &context, a, &runs, &e), CM_OK);
    assert_true(runs.n > 0 && runs.items[0]->kind == CM_RUN_ASSIGN);
    const cm_rword *got = &runs.items[0]->env[0].value;
    if (!got->from && cm_str_eq(got->text, (cm_str){want.p, want.n})) continue;
    failed++;
    print_message("%s\n  got %.*s\n want %.*s\n", texts[i], (int)got->text.n, got->text.p,
                  (int)want.n, want.p);
  }
  cm_buf_close(&text);
  cm_buf_close(&want);
  cm_arena_close(a);
  assert_int_equal(failed, 0);
  if (!compared) skip();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
