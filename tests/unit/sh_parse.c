/* rooms: sh base */
/* Text and the tree that it means (see tools/shtree.h for how a tree is written), from
 * POSIX.1-2017 XCU 2 and the bash manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/shtree.h"

typedef struct row {
  const char *text, *tree;
} row;

static void check(const row *rows, size_t n, cm_dialect dialect) {
  size_t wrong = 0;
  for (size_t i = 0; i < n; i++) {
    cm_arena *a = cm_arena_open(16 << 20);
    cm_sh_tree tree;
    cm_err e = {0};
    cm_buf out;
    cm_buf_init(&out, 1 << 20);
    const cm_code code = cm_sh_parse(cm_str_of(rows[i].text), dialect, a, &tree, &e);
    shtree_list(&out, tree.list);
    const char *got = code ? e.msg : out.p ? out.p : "";
    if (strcmp(got, rows[i].tree)) {
      print_message("%s\n  want %s\n  got  %s\n", rows[i].text, rows[i].tree, got);
      wrong++;
    }
    cm_buf_close(&out);
    cm_arena_close(a);
  }
  assert_int_equal(wrong, 0);
}

#define TABLE(name, dialect, ...)                             \
  static void name(void **state) {                            \
    static const row rows[] = {__VA_ARGS__};                  \
    (void)state;                                              \
    check(rows, sizeof rows / sizeof *rows, CM_SH_##dialect); \
  }

/* clang-format off */

TABLE(test_quotes, BASH,
  {"", ""},
  {" \t\n\n # nothing\n", ""},
  {"a", "[a]"},
  {"a 'b c' \"d e\"", "[a 'b c' 'd e']"},
  {"a b'c'd\"e\"", "[a b'c'd'e']"},
  {"a '' \"\" b\"\"", "[a '' '' b'']"},
  {"a \\b \\  c\\\nd", "[a 'b' ' ' cd]"},
  {"a \"\\$\\`\\\"\\\\\\n\\\n.\"", "[a '$`\"\\\\n.']"},
  {"a '\\n\"$x'", "[a '\\n\"$x']"},
  {"a $'\\a\\b\\e\\E\\f\\n\\r\\t\\v\\\\\\'\\\"\\?'",
   "[a '\\x07\\x08\\x1b\\x1b\\x0c\\n\\x0d\\t\\x0b\\'\"?']"},
  {"a $'\\101\\x42\\103x\\x4x\\u20ac\\U0001f600\\cA\\c?\\q'", "[a 'ABCx\\x04x€😀\\x01\\x7f\\q']"},
  {"a $'\\1234\\x424\\u00e94'", "[a 'S4B4é4']"},
  {"a $'b\\0c'd", "[a 'b'd]"},
  {"a $\"b $c\"", "[a 'b '\"${c}\"]"},
  {"a $ \"$\" $'' '$x'", "[a $ '$' '' '$x']"},
  {"a#b #c", "[a#b]"},
  {"a \\", "[a \\]"},
  {"a\\\nb c\\\n d", "[ab c d]"},
  {"\\a 'b' \"c\"", "['a' 'b' 'c']"},
  {"a\rb", "[a\\x0db]"},
)

TABLE(test_parameters, BASH,
  {"$a ${a} \"$a\" \"${a}\"", "[${a} ${a} \"${a}\" \"${a}\"]"},
  {"a$b.c $1$23 $a-b", "[a${b}.c ${1}${2}3 ${a}-b]"},
  {"$@ $* $# $? $- $$ $! $0 ${@} ${10}", "[${@} ${*} ${#} ${?} ${-} ${$} ${!} ${0} ${@} ${10}]"},
  {"${a:-b} ${a-b} ${a:=b} ${a=b} ${a:?b} ${a?b} ${a:+b} ${a+b}",
   "[${a :- b} ${a - b} ${a := b} ${a = b} ${a :? b} ${a ? b} ${a :+ b} ${a + b}]"},
  {"${a:-} ${a:-b c}", "[${a :- } ${a :- b c}]"},
  {"${a:-$b} ${a:-${b:-\"c d\"}} ${a-'b'\\}}",
   "[${a :- ${b}} ${a :- ${b :- 'c d'}} ${a - 'b''}'}]"},
  {"\"${a:-b 'c' \\} \\\" $d \"e\"}\"", "[\"${a :- 'b '''c''' } \" '\"${d}\"' ''e'}\"]"},
  {"\"${a#'b'\"c\"$d}\"", "[\"${a # 'b''c'${d}}\"]"},
  {"${a#b*} ${a##b} ${a%b} ${a%%b}", "[${a # b*} ${a ## b} ${a % b} ${a %% b}]"},
  {"${a/b/c} ${a//b/c} ${a/#b/c} ${a/%b/c} ${a/b} ${a//\\//x}",
   "[${a / b c} ${a // b c} ${a /# b c} ${a /% b c} ${a / b} ${a // '/' x}]"},
  {"${a:1} ${a:1:2} ${a: -1} ${a:(-1):$b}", "[${a : 1} ${a : 1 2} ${a :  -1} ${a : (-1) ${b}}]"},
  {"${a:b?c:d:e}", "[${a : b?c:d e}]"},
  {"${a^} ${a^^[a-z]} ${a,} ${a,,b}", "[${a ^ } ${a ^^ [a-z]} ${a , } ${a ,, b}]"},
  {"${#a} ${#} ${##} ${#@} ${#a[@]} ${#-} ${#:-b} ${##b}",
   "[${#a} ${#} ${##} ${#@} ${#a[@]} ${#-} ${# :- b} ${# # b}]"},
  {"${!a} ${!a*} ${!a@} ${!a[@]} ${!} ${!:-b} ${!#} ${!a:-b}",
   "[${!a} ${!a *} ${!a *} ${!a[@]} ${!} ${! :- b} ${!#} ${!a :- b}]"},
  {"${a[1]} ${a[$b]} ${a[\"x y\"]} ${a[b[1]]} ${a[@]:1:2} ${a[*]#b}",
   "[${a[1]} ${a[${b}]} ${a['x y']} ${a[b[1]]} ${a[@] : 1 2} ${a[*] # b}]"},
  {"${a@Q} ${a[@]@A} ${@@P}", "[${a @ Q} ${a[@] @ A} ${@ @ P}]"},
  {"${a b} ${} ${$(c)}", "[${  b} ${} ${ $([c])}]"},
  {"$a[1] $ab{c}", "[${a}[1] ${ab}{c}]"},
  {"$\\\na ${\\\na\\\n}", "[${a} ${a}]"},
)

TABLE(test_substitutions, BASH,
  {"$(a b) \"$(a \"b\")\"", "[$([a b]) \"$([a 'b'])\"]"},
  {"$() $( ) $(\n) $(# x\n)", "[$() $() $() $()]"},
  {"a$(b)c$(d)", "[a$([b])c$([d])]"},
  {"$(a; b & c\nd)", "[$([a]; [b] & [c]; [d])]"},
  {"$(case x in a) b;; esac)", "[$((case x (a) [b] ;;))]"},
  {"$(a $(b $(c)))", "[$([a $([b $([c])])])]"},
  {"$(<f)", "[$([{< f}])]"},
  {"`a b` \"`a`\"", "[$([a b]) \"$([a])\"]"},
  {"`a \\`b\\` \\$c \\\\d \\e`", "[$([a $([b]) ${c} 'd' 'e'])]"},
  {"\"`a \\\"b\\\"`\" `a \\\"b\\\"`", "[\"$([a 'b'])\" $([a '\"'b'\"'])]"},
  {"`if` `a\nfi`", "[$() $([a])]"},
  {"$((1+2)) $(( a[1] * ($b) ))", "[$((1+2)) $(( a[1] * (${b}) ))]"},
  {"$((\"1\" + ${a:-2} + $(b) + `c`))", "[$(('1' + ${a :- 2} + $([b]) + $([c])))]"},
  {"\"$((1))\" $[1+a[2]]", "[\"$((1))\" $((1+a[2]))]"},
  {"$((a) | b)", "[$((sub [a]) | [b])]"},
  {"$((a); (b))", "[$((sub [a]); (sub [b]))]"},
  {"$( (a) )", "[$((sub [a]))]"},
  {"a <(b c) >(d) x<(e)", "[a <([b c]) >([d]) x<([e])]"},
  {"a < <(b) > >(c | d)", "[a {< <([b])} {> >([c] | [d])}]"},
  {"\"<(a)\" '$(b)'", "['<(a)' '$(b)']"},
)

TABLE(test_assignments, BASH,
  {"a=1", "[{a = 1}]"},
  {"a= b='c d' e=$f g", "[{a =} {b = 'c d'} {e = ${f}} g]"},
  {"a+=1 b=\"\"", "[{a += 1} {b = ''}]"},
  {"a[1]=2 a[$b]+=3 a['x y']=4 a[b c]=5",
   "[{a [1] = 2} {a [${b}] += 3} {a ['x y'] = 4} {a [b c] = 5}]"},
  {"a=(b 'c' $d)", "[{a = ( b 'c' ${d} )}]"},
  {"a=() b+=(c)", "[{a = ( )} {b += ( c )}]"},
  {"a=([0]=b [x y]='c' [$d]=e f)", "[{a = ( [0]=b [x y]='c' [${d}]=e f )}]"},
  {"a=(\nb # c\n\nd\n)", "[{a = ( b d )}]"},
  {"b a=1 c[1]=2", "[b a=1 c[1]=2]"},
  {"a[1] b", "[a[1] b]"},
  {"a[1 2]", "[a[1 2]]"},
  {"1a=b a-b=c =d", "[1a=b a-b=c =d]"},
  {"'a'=b", "['a'=b]"},
  {"a=b=c a=~/x:~", "[{a = b=c} {a = ~/x:~}]"},
  {"declare -a a=(1 2) b=3 c=(4)", "[{a = ( 1 2 )} {c = ( 4 )} declare -a b=3]"},
  {"export a[1]=(b)", "[{a [1] = ( b )} export]"},
  {">f a=1 b", "[{a = 1} b {> f}]"},
)

TABLE(test_redirections, BASH,
  {"a <b >c >>d <>e >|f", "[a {< b} {> c} {>> d} {<> e} {>| f}]"},
  {"a 2>b 10<c 0<>d", "[a {2> b} {10< c} {0<> d}]"},
  {"a 2 >b x2>c \\2>d '2'>e", "[a 2 x2 '2' '2' {> b} {> c} {> d} {> e}]"},
  {"a 2>&1 >&2 <&3 >&- 2>&3-", "[a {2>& 1} {>& 2} {<& 3} {>& -} {2>& 3-}]"},
  {"a >&-b", "[a b {>& -}]"},
  {"a >&f 1>&f 2>&f >&$g", "[a {&> f} {1&> f} {2>& f} {&> ${g}}]"},
  {"a &>b &>>c", "[a {&> b} {&>> c}]"},
  {"a {x}>b {y}<&- {z} >c {1}>d", "[a {z} {1} {{x}> b} {{y}<& -} {> c} {> d}]"},
  {"a <<<b <<< \"c d\"", "[a {<<< b} {<<< 'c d'}]"},
  {">f", "[{> f}]"},
  {">f a >g b", "[a b {> f} {> g}]"},
  {"a>b<c", "[a {> b} {< c}]"},
  {"{ a; } >b 2>&1", "(group [a] {> b} {2>& 1})"},
  {"(a) <b | c", "(sub [a] {< b}) | [c]"},
  {"while a; do b; done <c", "(while [a] do [b] {< c})"},
)

TABLE(test_here_documents, BASH,
  {"a <<E\nb $c $(d)\nE\n", "[a {<< E b ${c} $([d])\\n}]"},
  {"a <<'E'\nb $c\nE\n", "[a {<< 'E' 'b $c\\n'}]"},
  {"a <<\\E\n$b\nE\n", "[a {<< 'E' '$b\\n'}]"},
  {"a <<E\nE\nb", "[a {<< E }]; [b]"},
  {"a <<-E\n\t\tb\n\t c\n\tE\nd", "[a {<< E b\\n c\\n}]; [d]"},
  {"a <<-'E'\n\tb\n\t$c\nE\n", "[a {<< 'E' 'b\\n$c\\n'}]"},
  {"a <<E <<F\nb\nE\nc\nF\n", "[a {<< E b\\n} {<< F c\\n}]"},
  {"a <<E | b <<F && c\nd\nE\ne\nF\nf", "[a {<< E d\\n}] | [b {<< F e\\n}] && [c]; [f]"},
  {"a <<E; b\nc\nE\nd", "[a {<< E c\\n}]; [b]; [d]"},
  {"a <<E\n\\$b \\`c\\` \\\\ \\d \"e\" 'f'\\\ng\nE\n", "[a {<< E $b `c` \\ \\d \"e\" 'f'g\\n}]"},
  {"a <<E\nb\\\nE\nE\n", "[a {<< E bE\\n}]"},
  {"a <<E\n${b:-\"c\"} $((1))\nE\n", "[a {<< E ${b :- 'c'} $((1))\\n}]"},
  {"a <<\"E F\"\nb\nE F\nc", "[a {<< 'E F' 'b\\n'}]; [c]"},
  {"a <<E\nb", "[a {<< E b}]"},
  /* bash runs what it has expanded before it meets an error. */
  {"a <<E\nb $(c)$(d \"\nE\n", "[a {<< E b $([c])$(d \"\\n}]"},
  {"a <<E\n$(c)${\nE\n", "[a {<< E $([c])${\\n}]"},
  {"a <<E\n$(c;\nE\n", "[a {<< E $(c;\\n}]"},
  {"a <<E", "[a {<< E}]"},
  {"$(a <<E\nb\nE\n) c", "[$([a {<< E b\\n}]) c]"},
  {"$(a <<E\nb\nE) c", "[$([a {<< E b\\n}]) c]"},
  {"$(a <<E) c\nb\nE\nd", "[$([a {<< E b\\n}]) c]; [d]"},
  {"a <<E $(b\n) c\nd\nE\n", "[a $([b]) c {<< E d\\n}]"},
  {"if a <<E; then b\nc\nE\nfi", "(if [a {<< E c\\n}] then [b])"},
  {"{ a <<E\nb\nE\n}", "(group [a {<< E b\\n}])"},
  {"a 3<<E\nb\nE\n", "[a {3<< E b\\n}]"},
  {"a <<-E\n\t$(b\n\tc)\n\tE\n", "[a {<< E $([b]; [c])\\n}]"},
  {"a <<E\n$(b\nE\n", "[a {<< E $(b\\n}]"},
  {"a <<$E\nb\n$E\n", "[a {<< ${E} b\\n}]"},
)

TABLE(test_lists, BASH,
  {"a;b", "[a]; [b]"},
  {"a\nb\n\nc;", "[a]; [b]; [c]"},
  {"a & b", "[a] & [b]"},
  {"a & b &", "[a] & [b] &"},
  {"a && b || c", "[a] && [b] || [c]"},
  {"a &&\n\nb ||\nc", "[a] && [b] || [c]"},
  {"a | b |& c", "[a] | [b] |& [c]"},
  {"a |\nb", "[a] | [b]"},
  {"a && b | c; d || e &", "[a] && [b] | [c]; [d] || [e] &"},
  {"! a", "! [a]"},
  {"! ! a", "[a]"},
  {"! a | b && ! c", "! [a] | [b] && ! [c]"},
  {"!", "!"},
  {"time a | b", "time [a] | [b]"},
  {"time -p ! a", "time ! [a]"},
  {"time", "time"},
  {"time { a; }", "time (group [a])"},
  {"a | time b", "[a] | [time b]"},
  {"a time ! b", "[a time ! b]"},
  {"a \\\n&\\\n& b", "[a] && [b]"},
  {"a # b\nc", "[a]; [c]"},
)

TABLE(test_compound, BASH,
  {"(a; b)", "(sub [a]; [b])"},
  {"( (a) )", "(sub (sub [a]))"},
  {"{ a; b; }", "(group [a]; [b])"},
  {"{ (a) }", "(group (sub [a]))"},
  {"{a,b} { }", "[{a,b} { }]"},
  {"if a; then b; fi", "(if [a] then [b])"},
  {"if a; then b; else c; fi", "(if [a] then [b] else [c])"},
  {"if a; then b; elif c; then d; elif e; then f; else g; fi",
   "(if [a] then [b] elif [c] then [d] elif [e] then [f] else [g])"},
  {"if a\nthen b\nc\nfi", "(if [a] then [b]; [c])"},
  {"if (a) then { b; } fi", "(if (sub [a]) then (group [b]))"},
  {"a if then fi", "[a if then fi]"},
  {"while a; b; do c; done", "(while [a]; [b] do [c])"},
  {"until a; do b; done", "(until [a] do [b])"},
  {"for x in a 'b' $c; do d; done", "(for x in a 'b' ${c} [d])"},
  {"for x; do d; done", "(for x [d])"},
  {"for x do d; done", "(for x [d])"},
  {"for x in; do d; done", "(for x in [d])"},
  {"for x\nin a\ndo\nb\ndone", "(for x in a [b])"},
  {"for x in a; { b; }", "(for x in a [b])"},
  {"for if in do; do a; done", "(for if in do [a])"},
  {"select x in a b; do c; done", "(select x in a b [c])"},
  {"for ((i=0; i<3; i++)); do a; done", "(for(( i=0;  i<3;  i++ [a])"},
  {"for ((;;)) { a; }", "(for(( ; ;  [a])"},
  {"for ((i=(1;2);$(x;y);\"a;b\")); do a; done", "(for(( i=(1;2); $([x]; [y]); 'a;b' [a])"},
  {"case a in b) c;; d|e) f;; esac", "(case a (b) [c] ;; (d | e) [f] ;;)"},
  {"case $a in (b) c;& (d) e;;& f) g\nesac", "(case ${a} (b) [c] ;& (d) [e] ;;& (f) [g])"},
  {"case a in esac", "(case a)"},
  {"case a in b) ;; c) esac", "(case a (b) ;; (c) )"},
  {"case a in\n\n(b|'c d'|$e)\n\nf\n;;\n\nesac", "(case a (b | 'c d' | ${e}) [f] ;;)"},
  {"case in in in) a;; esac", "(case in (in) [a] ;;)"},
  {"case a in (esac) b;; if) c;; esac", "(case a (esac) [b] ;; (if) [c] ;;)"},
  {"f() { a; }", "(fn f (group [a]))"},
  {"f ( )\n\n( a )", "(fn f (sub [a]))"},
  {"f() { a; } >b 2>&1", "(fn f (group [a] {> b} {2>& 1}))"},
  {"function f { a; }", "(fn f (group [a]))"},
  {"function f()\n{ a; }", "(fn f (group [a]))"},
  {"function f (a) >b", "(fn f (sub [a] {> b}))"},
  {"function a-b ((1))", "(fn a-b (arith 1))"},
  {"f() if a; then b; fi", "(fn f (if [a] then [b]))"},
  {"f() { a; }; f | b", "(fn f (group [a])); [f] | [b]"},
  {":(){ :|:& };:", "(fn : (group [:] | [:] &)); [:]"},
  {"coproc a b", "(coproc [a b])"},
  {"coproc X { a; }", "(coproc X (group [a]))"},
  {"coproc (a) >b", "(coproc (sub [a] {> b}))"},
  {"coproc X while a; do b; done", "(coproc X (while [a] do [b]))"},
  {"((a = 1 + 2))", "(arith a = 1 + 2)"},
  {"((a > $b && (c))) >d", "(arith a > ${b} && (c) {> d})"},
  {"((a); (b))", "(sub (sub [a]); (sub [b]))"},
  {"((a) )", "(sub (sub [a]))"},
)

TABLE(test_conditions, BASH,
  {"[[ a ]]", "(cond a)"},
  {"[[ -n $a && ! -z \"$b\" ]]", "(cond -n ${a} && ! -z \"${b}\")"},
  {"[[ ( a || b ) && c ]]", "(cond ( a || b ) && c)"},
  {"[[ a == b* ]]", "(cond a == b*)"},
  {"[[ a = @(b|c d) ]]", "(cond a = @(b|c d))"},
  {"[[ a =~ ^(b|c d)+$ ]]", "(cond a =~ ^(b|c d)+$)"},
  {"[[ a =~ b|c ]]", "(cond a =~ b|c)"},
  {"[[ a =~ '(' ]]", "(cond a =~ '(')"},
  {"[[ a < b || c > d ]]", "(cond a < b || c > d)"},
  {"[[ 1 -lt 2 ]] && a", "(cond 1 -lt 2) && [a]"},
  {"[[\n-n a\n&&\nb == c\n]]", "(cond -n a && b == c)"},
  {"[[ $(a) == `b` ]] >c", "(cond $([a]) == $([b]) {> c})"},
  {"[ a = b ] && [[ c ]]", "[[ a = b ]] && (cond c)"},
)

TABLE(test_posix, POSIX,
  {"[[ a ]]", "[[[ a ]]]"},
  {"((a))", "(sub (sub [a]))"},
  {"function a", "[function a]"},
  {"time a; select b; coproc c", "[time a]; [select b]; [coproc c]"},
  {"a=b c[1]=d e+=f", "[{a = b} c[1]=d e+=f]"},
  {"a {b}>c 10>d", "[a {b} 10 {> c} {> d}]"},
  {"a &>b", "[a] & [{> b}]"},
  {"a $'b' $\"c\" $[1]", "[a $'b' $'c' $[1]]"},
  {"\"${a-it's}\"", "[\"${a - 'it's'}\"]"},
  {"$((1+(2)))", "[$((1+(2)))]"},
  {"f() a", "(fn f [a])"},
  {"for x in a b; do c; done | d", "(for x in a b [c]) | [d]"},
  {"a <<-E\n\tb $c\n\tE\n", "[a {<< E b ${c}\\n}]"},
)

/* What stands before a mistake has run already. */
TABLE(test_errors, BASH,
  {")", "unexpected `)'"},
  {"a &&", "unexpected end"},
  {"a &&\n;", "unexpected `;'"},
  {"if a; then b", "unexpected end"},
  {"if a; then b; done", "unexpected `done'"},
  {"a 'b", "nothing closes `''"},
  {"a \"b", "nothing closes `\"'"},
  {"a `b", "nothing closes ``'"},
  {"a $(b", "unexpected end"},
  {"a ${b", "nothing closes `{'"},
  {"a $((1)", "nothing closes `('"},
  {"a (b)", "unexpected `b'"},
  {"a >\nb", "unexpected newline"},
  {"for ((a;b)); do c; done", "for ((…)) takes three expressions"},
  {"[[ a b ]]", "unexpected `b'"},
)

/* clang-format on */

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quotes),        cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_substitutions), cmocka_unit_test(test_assignments),
      cmocka_unit_test(test_redirections),  cmocka_unit_test(test_here_documents),
      cmocka_unit_test(test_lists),         cmocka_unit_test(test_compound),
      cmocka_unit_test(test_conditions),    cmocka_unit_test(test_posix),
      cmocka_unit_test(test_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
