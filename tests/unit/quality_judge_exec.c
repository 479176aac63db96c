/* rooms: base sh sandbox safety data */
/* How exec decides, with the real sandbox: which candidates pass beside gold, what is said when
 * they don't, that nothing is left behind, and which cases prove nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_tree.h"
#include "quality/judge_exec.h"
#include "sandbox/way.h"

static cm_sandbox *sandbox;
static cm_safety *safety;
static cm_arena *arena;
static cm_bench_room room;
static char scratch[64];
static const cm_sh_context where = {0};

static int begin(void **state) {
  cm_err e = {0};
  (void)state;
  if (cm_sandbox_open(&sandbox, CM_SANDBOX_AUTO, &e)) {
    fprintf(stderr, "no sandbox: %s\n", e.msg);
    exit(77); /* skipped, and counted as that */
  }
  const char *memory = cm_os_memory_folder(1 << 30);
  snprintf(scratch, sizeof scratch, "%s/cmdai-exec-XXXXXX", memory ? memory : "/tmp");
  if (!mkdtemp(scratch) || chmod(scratch, 0711)) return -1;
  if (cm_safety_open(&safety, NULL, 0, NULL, 0, &e)) return -1;
  arena = cm_arena_open(256 << 20);
  room = (cm_bench_room){.safety = safety,
                         .where = &where,
                         .sandbox = sandbox,
                         .scratch = scratch,
                         .timeout_ms = 30000};
  return arena ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  cm_arena_close(arena);
  cm_safety_close(safety);
  cm_sandbox_close(sandbox);
  return rmdir(scratch); /* fails when something was left behind */
}

/* --- cases ---------------------------------------------------------------------------------- */

static cm_node some_nodes[] = {
    {.path = {"a.txt", 5}, .text = {"apple\npear\n", 11}, .has_mtime = true, .mtime = 1000000000},
    {.path = {"sub/b.txt", 9}, .text = {"pear\n", 5}},
    {.path = {"sp ace.log", 10}, .size = 3000},
    {.path = {"locked/x", 8}, .text = {"x", 1}},
    {.path = {"locked", 6}, .kind = CM_NODE_DIR, .mode = 0500},
};
static cm_node other_nodes[] = {{.path = {"c.log", 5}, .text = {"plum\n", 5}}};
static cm_pair some_env[] = {{{"USER", 4}, {"ada", 3}}, {{"COLOUR", 6}, {"blue", 4}}};
static const cm_world some = {.name = {"some", 4},
                              .nodes = some_nodes,
                              .n = 5,
                              .env = some_env,
                              .n_env = 2,
                              .stdin_text = {"from stdin\n", 11}};
static const cm_world other = {
    .name = {"other", 5}, .nodes = other_nodes, .n = 1, .stdin_text = {"y\n", 2}};
static const cm_world *worlds[] = {&some, &other};

static cm_exec exec_of(const char *gold, cm_comparator out, cm_tree_compare tree) {
  return (cm_exec){
      .worlds = worlds, .n_worlds = 2, .gold = cm_str_of(gold), .out = out, .tree = tree};
}

static cm_case case_of(const cm_exec *x) {
  return (cm_case){.id = CM_STR("case"), .shell = "bash", .exec = x};
}

/* "JUDGE: TEXT" of all reasons, one a line; "" without any. Nothing may be left in the scratch
 * folder after a judgement. */
static const char *told(const cm_reasons *r) {
  static char text[8192];
  size_t n = 0;
  text[0] = 0;
  for (size_t i = 0; i < r->n && n < sizeof text; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s: %.*s\n", r->items[i].judge,
                          (int)r->items[i].text.n, r->items[i].text.p);
  DIR *d = opendir(scratch);
  assert_non_null(d);
  for (struct dirent *f; (f = readdir(d));) assert_true(f->d_name[0] == '.');
  closedir(d);
  return text;
}

static cm_code code;
static cm_err error;

static const char *judge_case(const cm_case *c, const char *command, cm_risk risk) {
  cm_reasons r = {0};
  const cm_verdict v = {.risk = risk};
  const cm_attempt t = {.answered = true, .command = cm_str_of(command), .verdict = &v};
  cm_arena_reset(arena);
  error = (cm_err){0};
  code = cm_judge_exec.judge(c, &t, &room, arena, &r, &error);
  return told(&r);
}

static const char *judge(const cm_exec *x, const char *command) {
  const cm_case c = case_of(x);
  const char *text = judge_case(&c, command, CM_SAFE);
  if (code) fail_msg("%s: code %d, %s", command, (int)code, error.msg);
  return text;
}

#define HOLDS(text, part)                                                     \
  do {                                                                        \
    const char *text_ = (text);                                               \
    if (!strstr(text_, (part))) fail_msg("no \"%s\" in:\n%s", (part), text_); \
  } while (0)

/* --- judging -------------------------------------------------------------------------------- */

static void test_stdout(void **state) {
  (void)state;
  const cm_exec x = exec_of("find . -name '*.txt'", CM_CMP_PATHS, CM_TREE_UNCHANGED);
  assert_string_equal(judge(&x, "find . -type f -name '*.txt' | sort -r"), "");
  const char *text = judge(&x, "ls *.txt");
  HOLDS(text, "exec.stdout: world \"some\": missing \"sub/b.txt\" (1 path, expected 2)\n");
  HOLDS(text, "exec.exit: world \"other\": exit status 2, expected as after 0; stderr: \"ls: ");
  assert_null(strstr(text, "exec.tree"));
}

static void test_exit(void **state) {
  (void)state;
  cm_exec x = exec_of("grep -q apple a.txt", CM_CMP_IGNORE, CM_TREE_IGNORE);
  assert_string_equal(judge(&x, "grep -c apple a.txt"), "");
  HOLDS(judge(&x, "true"), "exec.exit: world \"other\": exit status 0, expected as after 2");
  HOLDS(judge(&x, "gerp -q apple a.txt"), "world \"other\": exit status 127, expected as");
  HOLDS(judge(&x, "grep -q apple a.txt || kill -9 $$"), "world \"other\": exit status 137");
  x.exit = CM_EXIT_IGNORE;
  assert_string_equal(judge(&x, "false"), "");
  x.exit = CM_EXIT_SUCCESS;
  HOLDS(judge(&x, "grep -q apple a.txt"), "world \"other\": exit status 2, expected 0");
}

static void test_tree(void **state) {
  (void)state;
  cm_exec x = exec_of("rm -f a.txt", CM_CMP_EXACT, CM_TREE_SAME);
  assert_string_equal(judge(&x, "rm -rf ./a.txt"), "");
  HOLDS(judge(&x, "rm -f *.txt sub/*"), "exec.tree: world \"some\": missing: \"sub/b.txt\"\n");
  HOLDS(judge(&x, ": > a.txt"), "exec.tree: world \"some\": unexpected: \"a.txt\"");
  x = exec_of("cat a.txt 2>/dev/null; true", CM_CMP_EXACT, CM_TREE_UNCHANGED);
  HOLDS(judge(&x, "cat a.txt 2>/dev/null; mkdir -m 0 d"),
        "exec.tree: world \"other\": unexpected: \"d\"");
  x.tree = CM_TREE_IGNORE;
  assert_string_equal(judge(&x, "cat a.txt 2>/dev/null; mkdir -m 0 d"), "");
}

/* Where a sandbox can't change modes the case is an error, never a pass. */
static void test_modes(void **state) {
  (void)state;
  const cm_exec x = exec_of("chmod 755 a.txt; true", CM_CMP_EXACT, CM_TREE_SAME);
  const cm_case c = case_of(&x);
  const char *text = judge_case(&c, "chmod 700 a.txt; true", CM_SAFE);
  if (cm_sandbox_lacks(sandbox) & CM_SANDBOX_NO_CHMOD) {
    assert_int_equal(code, CM_E_UNSUPPORTED);
    assert_false(cm_exec_possible(&c, &room));
  } else {
    assert_int_equal(code, CM_OK);
    HOLDS(text, "mode of \"a.txt\": 700, expected 755");
    assert_true(cm_exec_possible(&c, &room));
  }
}

static void test_touch(void **state) {
  (void)state;
  cm_exec x = exec_of("touch a.txt", CM_CMP_EXACT, CM_TREE_SAME);
  assert_string_equal(judge(&x, "touch ./a.txt"), "");
  HOLDS(judge(&x, "touch -a a.txt"), "time kept of \"a.txt\"");
  HOLDS(judge(&x, "touch -d 2020-01-01 a.txt"), "another time of \"a.txt\"");
  x = exec_of("cp a.txt z; true", CM_CMP_EXACT, CM_TREE_SAME); /* here times don't count */
  assert_string_equal(judge(&x, "cp -p a.txt z; true"), "");
}

/* Clocks say what the world says, whatever day it is, and what happens now has one time. */
static void test_clock(void **state) {
  (void)state;
  cm_world w = some;
  const cm_world *list[] = {&some, &w};
  cm_exec x = exec_of("date '+%F %T'", CM_CMP_EXACT, CM_TREE_UNCHANGED);
  if (sandbox->no_clock) skip();
  assert_string_equal(judge(&x, "echo 2025-08-19 16:47:23"), ""); /* as TESTING.md says */
  assert_string_equal(judge(&x, "printf '%(%F %T)T\\n' -1"), "");
  x.worlds = list;
  w.now = 1709251199; /* 2024-02-29T23:59:59Z */
  HOLDS(judge(&x, "echo 2025-08-19 16:47:23"), "exec.stdout: world \"some\"");
  assert_string_equal(judge(&x, "sleep 1.1; date --rfc-3339=seconds | cut -d+ -f1"), "");
  x.gold = CM_STR("stat -c '%n %Y' sub/b.txt; find . -mmin -2 ! -name locked | sort");
  x.n_worlds = 1;
  list[0] = &w;
  assert_string_equal(
      judge(&x, "echo sub/b.txt 1709251139; find . ! -name a.txt ! -name locked | sort"), "");
  x = exec_of("touch a.txt; true", CM_CMP_EXACT, CM_TREE_SAME);
  assert_string_equal(judge(&x, "touch -t $(date +%Y%m%d%H%M.%S) a.txt"), "");
  HOLDS(judge(&x, "touch -d yesterday a.txt"), "another time of \"a.txt\"");
  x = exec_of("touch sub/b.txt; true", CM_CMP_EXACT, CM_TREE_SAME); /* without a time so far */
  assert_string_equal(judge(&x, "touch -d \"$(date)\" sub/b.txt; true"), "");
  HOLDS(judge(&x, "true"), "time kept of \"sub/b.txt\"");
}

/* Where the machine's clock is seen, a case that looks at it is never executed. */
static void test_no_clock(void **state) {
  (void)state;
  cm_world w = some;
  const cm_world *list[] = {&w};
  cm_exec x = exec_of("date +%F", CM_CMP_EXACT, CM_TREE_UNCHANGED);
  const cm_case c = case_of(&x);
  bool was = sandbox->no_clock;
  sandbox->no_clock = true;
  assert_false(cm_exec_possible(&c, &room));
  (void)judge_case(&c, "date +%F", CM_SAFE);
  assert_int_equal(code, CM_E_UNSUPPORTED);
  x.gold = CM_STR("find . -mmin -2 ! -name locked");
  assert_true(cm_exec_possible(&c, &room));
  assert_string_equal(judge(&x, "find . ! -name a.txt ! -name locked"), "");
  w.now = 1;
  x.worlds = list;
  x.n_worlds = 1;
  assert_false(cm_exec_possible(&c, &room));
  sandbox->no_clock = was;
}

/* The world's variables, folder and input arrive. */
static void test_surroundings(void **state) {
  (void)state;
  cm_exec x = exec_of("printf '%s\\n' ada blue /home/ada/sub 'from stdin'", CM_CMP_EXACT,
                      CM_TREE_UNCHANGED);
  cm_world w = some;
  const cm_world *list[] = {&w};
  w.cwd = CM_STR("sub");
  x.worlds = list;
  x.n_worlds = 1;
  assert_string_equal(judge(&x, "echo $USER; echo $COLOUR; pwd; cat"),
                      cm_sandbox_lacks(sandbox) & CM_SANDBOX_NO_HOME ? judge(&x, "cat") : "");
}

static void test_never_executed(void **state) {
  (void)state;
  cm_exec x = exec_of("true", CM_CMP_EXACT, CM_TREE_SAME);
  cm_case c = case_of(&x);
  HOLDS(judge_case(&c, "touch executed", CM_CRITICAL), "exec: never executed");
  assert_int_equal(code, CM_OK);
  HOLDS(judge_case(&c, "touch executed", CM_HIGH), "unexpected: \"executed\"");
  const cm_attempt none = {.refused = true};
  cm_reasons r = {0};
  assert_int_equal(cm_judge_exec.judge(&c, &none, &room, arena, &r, NULL), CM_OK);
  HOLDS(told(&r), "exec: there is no command to execute");
  c.outcomes = CM_MAY_REFUSE;
  r = (cm_reasons){0};
  assert_int_equal(cm_judge_exec.judge(&c, &none, &room, arena, &r, NULL), CM_OK);
  assert_string_equal(told(&r), "");
  cm_bench_room bare = room;
  bare.sandbox = NULL;
  const cm_verdict safe = {0};
  const cm_attempt t = {.answered = true, .command = CM_STR("true"), .verdict = &safe};
  assert_int_equal(cm_judge_exec.judge(&c, &t, &bare, arena, &r, NULL), CM_E_UNSUPPORTED);
  c.exec = NULL;
  assert_int_equal(cm_judge_exec.judge(&c, &t, &bare, arena, &r, NULL), CM_OK);
}

static void test_stopped(void **state) {
  (void)state;
  cm_exec x = exec_of("true", CM_CMP_IGNORE, CM_TREE_SAME);
  cm_case c = case_of(&x);
  x.timeout_ms = 300;
  uint64_t start = cm_os_now_ns();
  const char *text = judge_case(&c, "mkdir -p d/e; chmod 0 d; sleep 60", CM_SAFE);
  HOLDS(text, "exec.time: world \"some\": it still ran after 0.3 s");
  assert_null(strstr(text, "\"other\"")); /* it isn't tried again */
  assert_int_equal(code, CM_OK);
  assert_true(cm_os_now_ns() - start < UINT64_C(20000000000));
  x.timeout_ms = 60000; /* for machines that have other work */
  HOLDS(judge_case(&c, "yes", CM_SAFE), "exec: world \"other\": it printed too much");
  assert_int_equal(code, CM_OK);
  HOLDS(judge_case(&c, "mkdir {1..20001}", CM_SAFE),
        "exec.tree: world \"other\": it leaves more than can be compared");
}

/* Trees made to confuse: the reasons are plain text, and all of it goes away. */
static void test_hostile_trees(void **state) {
  struct stat st;
  (void)state;
  cm_exec x = exec_of("true", CM_CMP_IGNORE, CM_TREE_UNCHANGED);
  HOLDS(judge(&x, "ln -s / root; ln -s .. up; mkfifo p; mkdir -p $(printf 'd/%.0s' {1..300})"),
        "exec.tree: world \"some\": it leaves more than can be compared");
  HOLDS(judge(&x, "touch $'a\\nb\\e[31m' $'\\xff'"), "unexpected: \"a\\nb\\u{1b}[31m\"");
  HOLDS(judge(&x, "ln -s / root; ln -s /etc/passwd sub/p"), "unexpected: \"root\"");
  HOLDS(judge(&x, "mv sub locked2; ln -s /etc sub"), "type of \"sub\": a link, expected a folder");
  HOLDS(judge(&x, "truncate -s 1T big; cp --sparse=always big big2 & (sleep 30 &) ; true"),
        "unexpected: \"big\"");
  assert_int_equal(lstat("/etc/passwd", &st), 0);
}

/* What is wrong with gold or a world is an error, never a pass. */
static void test_gold_at_fault(void **state) {
  static const char *const bad[] = {"no-such-program", "yes", "rm -rf / --no-preserve-root",
                                    "touch new"};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_exec x = exec_of(bad[i], CM_CMP_IGNORE, CM_TREE_UNCHANGED);
    const cm_case c = case_of(&x);
    (void)judge_case(&c, "true", CM_SAFE);
    assert_int_equal(code, CM_E_FORMAT);
    assert_true(error.msg[0] != 0);
  }
  cm_exec x = exec_of("sleep 60", CM_CMP_IGNORE, CM_TREE_UNCHANGED);
  const cm_case c = case_of(&x);
  x.timeout_ms = 200;
  (void)judge_case(&c, "true", CM_SAFE);
  assert_int_equal(code, CM_E_FORMAT);
  static cm_node twice[] = {{.path = {"a", 1}}, {.path = {"a", 1}}};
  const cm_world odd = {.name = {"odd", 3}, .nodes = twice, .n = 2};
  const cm_world *list[] = {&odd};
  x = exec_of("true", CM_CMP_IGNORE, CM_TREE_SAME);
  x.worlds = list;
  x.n_worlds = 1;
  (void)judge_case(&c, "true", CM_SAFE);
  assert_int_equal(code, CM_E_FORMAT);
}

/* Worlds that are tried at once run beside each other, and all that is said, also which error, is
 * what is said when they come one by one. */
static void test_together(void **state) {
  static const char *const commands[] = {"ls *.txt", "touch new; ls -A", "rm -rf *; false",
                                         "exit $(ls | wc -l)"};
  const cm_world *four[] = {&some, &other, &other, &some};
  (void)state;
  cm_exec x = exec_of("find . -name '*.txt'", CM_CMP_PATHS, CM_TREE_UNCHANGED);
  const cm_case c = case_of(&x);
  x.worlds = four;
  x.n_worlds = 4;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    char one[8192];
    room.together = 0;
    snprintf(one, sizeof one, "%s", judge(&x, commands[i]));
    assert_true(one[0] != 0);
    room.together = 3;
    assert_string_equal(judge(&x, commands[i]), one);
  }
  x.gold = CM_STR("test -e a.txt && touch new; sleep 0.1; true"); /* wrong in the first world */
  (void)judge_case(&c, "true", CM_SAFE);
  assert_int_equal(code, CM_E_FORMAT);
  HOLDS(error.msg, "world some: gold changes the tree");
  x.gold = CM_STR("true");
  x.timeout_ms = 3000; /* it hangs in the second world, and is wrong in the others */
  const char *hangs = "[ -e a.txt ] && echo wrong || sleep 9";
  for (unsigned n = 0; n <= 4; n += 4) {
    room.together = n;
    const char *text = judge_case(&c, hangs, CM_SAFE);
    assert_int_equal(code, CM_OK);
    assert_non_null(strstr(text, "other"));
    assert_null(strstr(strstr(text, "other"), "some"));
  }
  x.timeout_ms = 0;
  x.gold = CM_STR("sleep 1");
  x.worlds = worlds;
  x.n_worlds = 2;
  uint64_t start = cm_os_now_ns();
  assert_string_equal(judge(&x, "sleep 1"), "");
  uint64_t two = cm_os_now_ns() - start;
  room.together = 0;
  start = cm_os_now_ns();
  assert_string_equal(judge(&x, "sleep 1"), "");
  uint64_t four_after_each_other = cm_os_now_ns() - start;
  assert_true(four_after_each_other >= UINT64_C(4000000000));
  assert_true(two < four_after_each_other - UINT64_C(1000000000));
}

static void test_cancelled(void **state) {
  static volatile int cancel = 1;
  (void)state;
  cm_exec x = exec_of("sleep 5", CM_CMP_IGNORE, CM_TREE_SAME);
  const cm_case c = case_of(&x);
  room.cancel = &cancel;
  (void)judge_case(&c, "true", CM_SAFE);
  room.cancel = NULL;
  assert_int_equal(code, CM_E_CANCELLED);
}

/* --- checking ------------------------------------------------------------------------------- */

static const char *check(const cm_case *c) {
  cm_reasons r = {0};
  cm_arena_reset(arena);
  error = (cm_err){0};
  code = cm_exec_check(c, &room, arena, &r, &error);
  if (code) fail_msg("code %d, %s", (int)code, error.msg);
  return told(&r);
}

static void test_check(void **state) {
  (void)state;
  cm_str wrong[] = {CM_STR("find . -name '*.log'"), CM_STR("rm -rf /"),
                    CM_STR("find . -type f -name '*.txt'")};
  cm_str commands[] = {CM_STR("find . -name '*.txt'"), CM_STR("find -name '*.txt'"),
                       CM_STR("ls *.txt")};
  cm_exec x = exec_of("find . -name '*.txt'", CM_CMP_PATHS, CM_TREE_UNCHANGED);
  cm_case c = case_of(&x);
  x.wrong = wrong;
  x.n_wrong = 2;
  c.commands = commands;
  c.n_commands = 2;
  assert_string_equal(check(&c), "");
  x.n_wrong = 3;
  c.n_commands = 3;
  const char *text = check(&c);
  HOLDS(text, "check.commands: \"ls *.txt\": world \"some\": missing \"sub/b.txt\"");
  HOLDS(text, "check.wrong: \"find . -type f -name '*.txt'\" passes in every world\n");
  assert_null(strstr(text, "*.log"));
  assert_null(strstr(text, "check.proof"));
}

static void test_check_gold(void **state) {
  (void)state;
  cm_exec x = exec_of("echo $$ $RANDOM $RANDOM $RANDOM", CM_CMP_EXACT, CM_TREE_UNCHANGED);
  const cm_case c = case_of(&x);
  HOLDS(check(&c), "check.gold: \"echo $$ $RANDOM $RANDOM $RANDOM\" does another thing each time");
  x.gold = CM_STR("date -u -d @0 +%F");
  assert_string_equal(check(&c), "");
  x.gold = CM_STR("no-such-program");
  HOLDS(check(&c), "check.gold: world some: gold doesn't run: status 127");
  x.gold = CM_STR("echo x | sudo tee /etc/sudoers.d/x");
  HOLDS(check(&c), "check.gold: gold is judged critical");
}

static void test_check_proof(void **state) {
  static const struct {
    const char *gold;
    cm_comparator out;
    cm_tree_compare tree;
    bool proves;
  } rows[] = {
      {"true", CM_CMP_EXACT, CM_TREE_SAME, false},
      {"false", CM_CMP_EXACT, CM_TREE_SAME, false},
      {"echo x", CM_CMP_EXACT, CM_TREE_UNCHANGED, true},
      {"echo x", CM_CMP_NUMBERS, CM_TREE_UNCHANGED, false},
      {"echo x", CM_CMP_IGNORE, CM_TREE_SAME, false},
      {"mkdir d", CM_CMP_EXACT, CM_TREE_SAME, true},
      {"mkdir d", CM_CMP_EXACT, CM_TREE_IGNORE, false},
      {"touch a.txt c.log", CM_CMP_EXACT, CM_TREE_SAME, true},
      {"grep -q apple a.txt", CM_CMP_EXACT, CM_TREE_SAME, true}, /* the status tells them apart */
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const cm_exec x = exec_of(rows[i].gold, rows[i].out, rows[i].tree);
    const cm_case c = case_of(&x);
    const char *text = check(&c);
    if (rows[i].proves != !strstr(text, "check.proof")) fail_msg("%s:\n%s", rows[i].gold, text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stdout),         cmocka_unit_test(test_exit),
      cmocka_unit_test(test_tree),           cmocka_unit_test(test_modes),
      cmocka_unit_test(test_touch),          cmocka_unit_test(test_clock),
      cmocka_unit_test(test_no_clock),       cmocka_unit_test(test_surroundings),
      cmocka_unit_test(test_never_executed), cmocka_unit_test(test_stopped),
      cmocka_unit_test(test_gold_at_fault),  cmocka_unit_test(test_together),
      cmocka_unit_test(test_cancelled),      cmocka_unit_test(test_hostile_trees),
      cmocka_unit_test(test_check),          cmocka_unit_test(test_check_gold),
      cmocka_unit_test(test_check_proof),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
