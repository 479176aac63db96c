/* rooms: quality sh data base */
/* Golden answers: files that come back, answers that are the same, and the review. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "quality/golden.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static cm_arena *arena;

static int setup(void **state) {
  (void)state;
  arena = cm_arena_open(64 << 20);
  return !arena;
}

static int teardown(void **state) {
  (void)state;
  cm_arena_close(arena);
  return 0;
}

static cm_goldens empty(void) {
  cm_goldens g;
  assert_int_equal(cm_golden_init(&g, CM_STR("tiny"), CM_STR(SHA), arena, NULL), CM_OK);
  return g;
}

static void put(cm_goldens *g, const char *id, const char *hash, const char *command) {
  const cm_golden_answer a = {cm_str_of(id), cm_str_of(hash), cm_str_of(command), CM_STR("")};
  assert_int_equal(cm_golden_put(g, &a, NULL), CM_OK);
}

static const char *command_of(const cm_goldens *g, const char *id) {
  const cm_golden_answer *a = cm_golden_find(g, cm_str_of(id));
  return a ? a->command.p : NULL;
}

static void test_list(void **state) {
  (void)state;
  cm_goldens g = empty();
  char id[16];
  for (int i = 0; i < 300; i++) {
    snprintf(id, sizeof id, "c%03d", (i * 7) % 300);
    put(&g, id, "h", id);
  }
  put(&g, "c100", "h2", "new");
  assert_int_equal(g.n, 300);
  for (size_t i = 1; i < g.n; i++) assert_true(strcmp(g.items[i - 1].id.p, g.items[i].id.p) < 0);
  assert_string_equal(command_of(&g, "c100"), "new");
  assert_string_equal(command_of(&g, "c299"), "c299");
  assert_null(command_of(&g, "c300"));
  assert_true(cm_golden_remove(&g, CM_STR("c000")));
  assert_false(cm_golden_remove(&g, CM_STR("c000")));
  assert_int_equal(g.n, 299);
}

static void test_text(void **state) {
  (void)state;
  cm_goldens g = empty(), back = empty();
  put(&g, "b \"q\"", "h2", "printf 'a\\n'\n\x1b[31m \xC3\xA9");
  put(&g, "a", "h1", "ls -la");
  put(&g, "c", "h3", "");
  const cm_golden_answer far = {CM_STR("far"), CM_STR("h"), CM_STR("4"), CM_STR("b\"\n.yaml")};
  assert_int_equal(cm_golden_put(&g, &far, NULL), CM_OK);
  cm_buf out, again;
  cm_buf_init(&out, 1 << 20);
  cm_buf_init(&again, 1 << 20);
  cm_golden_text(&g, &out);
  const char *want = "{\"schema\":\"cmdai.golden/1\",\"model\":\"tiny\",\"sha256\":\"" SHA
                     "\"}\n"
                     "{\"id\":\"a\",\"hash\":\"h1\",\"command\":\"ls -la\"}\n";
  assert_memory_equal(out.p, want, strlen(want));
  assert_int_equal(cm_golden_read(&back, (cm_str){out.p, out.n}, "g", NULL), CM_OK);
  assert_int_equal(back.n, 4);
  assert_string_equal(cm_golden_find(&back, CM_STR("far"))->file.p, "b\"\n.yaml");
  assert_string_equal(command_of(&back, "b \"q\""), "printf 'a\\n'\n\x1b[31m \xC3\xA9");
  cm_golden_text(&back, &again);
  assert_string_equal(out.p, again.p);
  cm_buf_close(&out);
  cm_buf_close(&again);
}

static void test_bad_text(void **state) {
  static const struct {
    const char *text, *says;
  } rows[] = {
      {"", "f:1: empty"},
      {"{}\n", "f:1: not a file"},
      {"{\"schema\":\"cmdai.golden/2\",\"sha256\":\"" SHA "\"}\n", "f:1: not a file"},
      {"{\"schema\":\"cmdai.golden/1\",\"sha256\":\"x\"}\n", "f:1: the golden answers are of"},
      {"{\"schema\":\"cmdai.golden/1\",\"sha256\":\"" SHA "\"}\n{\"id\":\"a\"}\n",
       "f:2: id, hash"},
      {"{\"schema\":\"cmdai.golden/1\",\"sha256\":\"" SHA "\"}\n[1\n", "f:2: JSON"},
      {"{\"schema\":\"cmdai.golden/1\",\"sha256\":\"" SHA "\"}\n"
       "{\"id\":\"b\",\"hash\":\"\",\"command\":\"\",\"file\":1}\n",
       "f:2: id, hash"},
      {"{\"schema\":\"cmdai.golden/1\",\"sha256\":\"" SHA "\"}\n"
       "{\"id\":\"b\",\"hash\":\"\",\"command\":\"\"}\n{\"id\":\"a\",\"hash\":\"\",\"command\":"
       "\"\"}\n",
       "f:3: not sorted"},
      {"{\"schema\":\"cmdai.golden/1\",\"sha256\":\"" SHA "\"}\n"
       "{\"id\":\"b\",\"hash\":\"\",\"command\":\"\"}\n{\"id\":\"b\",\"hash\":\"\",\"command\":"
       "\"\"}\n",
       "f:3: not sorted"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_goldens g = empty();
    cm_err e = {0};
    assert_int_equal(cm_golden_read(&g, cm_str_of(rows[i].text), "f", &e), CM_E_FORMAT);
    assert_int_equal(g.n, 0);
    if (!strstr(e.msg, rows[i].says)) fail_msg("\"%s\" doesn't say %s", e.msg, rows[i].says);
  }
}

static void test_path(void **state) {
  (void)state;
  char out[200];
  assert_int_equal(cm_golden_path("t/golden", CM_STR("Qwen2.5 0.5B/../Instruct"), CM_STR(SHA),
                                  false, out, sizeof out, NULL),
                   CM_OK);
  assert_string_equal(out, "t/golden/Qwen2.5-0.5B-..-Instruct-0123456789ab.jsonl");
  assert_int_equal(cm_golden_path("d", CM_STR("../\n/"), CM_STR(SHA), true, out, sizeof out, NULL),
                   CM_OK);
  assert_string_equal(out, "d/model-0123456789ab.jsonl.pending");
  cm_err e;
  assert_int_equal(cm_golden_path("d", CM_STR("m"), CM_STR(""), true, out, sizeof out, &e),
                   CM_E_USAGE);
  assert_int_equal(cm_golden_path("d", CM_STR("m"), CM_STR("../../../etc"), true, out, 200, &e),
                   CM_E_USAGE);
  assert_int_equal(cm_golden_path("d", CM_STR("m"), CM_STR(SHA), true, out, 10, &e), CM_E_LIMIT);
}

static void test_files(void **state) {
  (void)state;
  char dir[] = "/tmp/cmdai-golden-XXXXXX", path[64];
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/g.jsonl", dir);
  cm_goldens g = empty(), back = empty();
  cm_err e = {0};
  put(&back, "gone", "h", "x");
  assert_int_equal(cm_golden_load(&back, path, &e), CM_OK);
  assert_int_equal(back.n, 0);
  put(&g, "a", "h", "ls");
  assert_int_equal(cm_golden_save(&g, path, &e), CM_OK);
  assert_int_equal(cm_golden_load(&back, path, &e), CM_OK);
  assert_string_equal(command_of(&back, "a"), "ls");
  assert_int_equal(cm_golden_load(&back, dir, &e), CM_E_IO);
  unlink(path);
  snprintf(path, sizeof path, "%s/new/deep/g.jsonl", dir);
  assert_int_equal(cm_golden_save(&g, path, &e), CM_OK); /* with its folders */
  assert_int_equal(cm_golden_load(&back, path, &e), CM_OK);
  assert_int_equal(back.n, 1);
  snprintf(path, sizeof path, "%s/new/deep/g.jsonl/g.jsonl", dir);
  assert_int_equal(cm_golden_save(&g, path, &e), CM_E_WRITE);
  for (char *end = strrchr(path, '/'); end && strcmp(path, dir) != 0; end = strrchr(path, '/')) {
    *end = 0;
    assert_int_equal(remove(path), 0);
  }
}

/* --- equal commands ----------------------------------------------------------------------- */

static cm_golden_match judged(const cm_goldens *g, cm_golden_mode mode, const char *id,
                              const char *hash, const char *command) {
  cm_case c = {.id = cm_str_of(id), .golden = mode, .shell = "bash"};
  snprintf(c.hash, sizeof c.hash, "%s", hash);
  cm_str accepted;
  cm_golden_match m = cm_golden_compare(g, &c, cm_str_of(command), &accepted);
  const char *want = command_of(g, id);
  assert_true(cm_str_is(accepted, want ? want : ""));
  return m;
}

static bool equal(const char *x, const char *y) {
  cm_goldens g = empty();
  put(&g, "a", "h", x);
  return judged(&g, CM_GOLDEN_NORMALIZED, "a", "h", y) == CM_GOLDEN_SAME;
}

static void test_equal(void **state) {
  static const char *const same[][2] = {
      {"ls -la", "  ls   -la  "},
      {"ls -la", "'ls' \"-la\""},
      {"grep 'a b' x", "grep a\\ b x"},
      {"grep \"a*\" x", "grep 'a*' x"},
      {"a | b", "a|b"},
      {"a | b", "a |\n  b"},
      {"a; b", "a\nb"},
      {"a >f", "a 1> f"},
      {"a <f", "a 0<f"},
      {"a 2>&1", "a  2>& 1"},
      {"echo ''", "echo \"\""},
      {"find . -name '*.c' -exec rm {} \\;", "find . -name \"*.c\" -exec rm {} ';'"},
      {"ls -l -a", "ls -al"},
  };
  static const char *const other[][2] = {
      {"ls -l", "ls -a"},
      {"ls *", "ls '*'"},
      {"ls ~", "ls '~'"},
      {"echo {a,b}", "echo '{a,b}'"},
      {"echo a b", "echo 'a b'"},
      {"echo $x", "echo \"$x\""},
      {"echo $x", "echo '$x'"},
      {"echo $x", "echo \\$x"},
      {"a | b", "a; b"},
      {"a && b", "a || b"},
      {"a && b", "a; b"},
      {"a &", "a"},
      {"a | b", "a |& b"},
      {"! a", "a"},
      {"a > f", "a >> f"},
      {"a > f", "a 2> f"},
      {"a > f", "a f"},
      {"x=1 a", "x=1; a"},
      {"x=1 a", "'x=1' a"},
      {"echo ''", "echo"},
      {"(a)", "{ a; }"},
      {"while a; do b; done", "until a; do b; done"},
      {"if a; then b; fi", "if a; then b; else b; fi"},
      {"cat <<A\n$x\nA\n", "cat <<'A'\n$x\nA\n"},
      {"echo ${x:-a}", "echo ${x:+a}"},
      {"diff <(a) <(b)", "diff <(a) >(b)"},
      {"case x in a) b;; esac", "case x in a) b;& esac"},
      {"ls (", "ls )"},
      {"a 'if' b", "a; if b; then c; fi"},
      {"[[ a == b ]]", "[ a == b ]"},
      {"for i; do a; done", "for i in; do a; done"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    if (!equal(same[i][0], same[i][1])) fail_msg("not equal: %s | %s", same[i][0], same[i][1]);
  for (size_t i = 0; i < sizeof other / sizeof *other; i++)
    if (equal(other[i][0], other[i][1])) fail_msg("equal: %s | %s", other[i][0], other[i][1]);
}

static void test_judge(void **state) {
  (void)state;
  cm_goldens g = empty();
  put(&g, "a", "h", "find . -name '*.c'");
  put(&g, "none", "h", "");
  assert_int_equal(judged(&g, CM_GOLDEN_EXACT, "a", "h", "find . -name '*.c'"), CM_GOLDEN_SAME);
  assert_int_equal(judged(&g, CM_GOLDEN_EXACT, "a", "h", "find . -name \"*.c\""), CM_GOLDEN_OTHER);
  assert_int_equal(judged(&g, CM_GOLDEN_NORMALIZED, "a", "h", "find . -name \"*.c\""),
                   CM_GOLDEN_SAME);
  assert_int_equal(judged(&g, CM_GOLDEN_NORMALIZED, "a", "h", "find . -name *.c"),
                   CM_GOLDEN_OTHER);
  assert_int_equal(judged(&g, CM_GOLDEN_NORMALIZED, "a", "other", "find . -name '*.c'"),
                   CM_GOLDEN_NONE);
  assert_int_equal(judged(&g, CM_GOLDEN_NORMALIZED, "b", "h", "ls"), CM_GOLDEN_NONE);
  assert_int_equal(judged(&g, CM_GOLDEN_NORMALIZED, "none", "h", ""), CM_GOLDEN_SAME);
  assert_int_equal(judged(&g, CM_GOLDEN_NORMALIZED, "none", "h", "ls"), CM_GOLDEN_OTHER);
}

static void test_propose(void **state) {
  (void)state;
  cm_goldens accepted = empty(), pending = empty();
  cm_case c = {.id = CM_STR("a"), .golden = CM_GOLDEN_NORMALIZED, .hash = "h"};
  put(&accepted, "a", "h", "ls -l");
  assert_int_equal(cm_golden_propose(&accepted, &pending, &c, CM_STR("ls -a"), NULL), CM_OK);
  assert_string_equal(command_of(&pending, "a"), "ls -a");
  assert_int_equal(cm_golden_propose(&accepted, &pending, &c, CM_STR("ls  '-l'"), NULL), CM_OK);
  assert_int_equal(pending.n, 0);
  c.id = CM_STR("b");
  assert_int_equal(cm_golden_propose(&accepted, &pending, &c, CM_STR("pwd"), NULL), CM_OK);
  assert_string_equal(command_of(&pending, "b"), "pwd");
  assert_string_equal(command_of(&accepted, "a"), "ls -l");
}

/* --- review ------------------------------------------------------------------------------- */

static void test_review(void **state) {
  (void)state;
  cm_goldens accepted = empty(), pending = empty();
  put(&accepted, "a", "h", "ls\npwd");
  put(&pending, "a", "h2", "ls -l \x1b[31m\xE2\x80\xAE");
  put(&pending, "b", "h", "");
  cm_golden_change *list;
  size_t n;
  assert_int_equal(cm_golden_review(&accepted, &pending, &list, &n, NULL), CM_OK);
  assert_int_equal(n, 2);
  assert_true(list[0].other_case && list[0].before && !list[1].before);
  cm_buf out;
  cm_buf_init(&out, 4096);
  cm_golden_diff(&list[0], &out);
  cm_golden_diff(&list[1], &out);
  assert_string_equal(out.p,
                      "a: changed (the case asks something else now)\n"
                      "- ls\n- pwd\n+ ls -l \\u{1B}[31m\\u{202E}\n"
                      "b: new\n+ (no command)\n");
  cm_buf_close(&out);
}

static void test_accept(void **state) {
  (void)state;
  cm_goldens accepted = empty(), pending = empty();
  cm_err e = {0};
  size_t n;
  const cm_str some[] = {CM_STR("a"), CM_STR("c")}, wrong[] = {CM_STR("b"), CM_STR("zz")};
  put(&accepted, "a", "h", "old");
  for (int i = 0; i < 4; i++) {
    const char id[2] = {(char)('a' + i), 0};
    put(&pending, id, "h", "new");
  }
  assert_int_equal(cm_golden_accept(&accepted, &pending, wrong, 2, &n, &e), CM_E_NOTFOUND);
  assert_non_null(strstr(e.msg, "zz"));
  assert_true(accepted.n == 1 && pending.n == 4);
  assert_int_equal(cm_golden_accept(&accepted, &pending, some, 2, &n, &e), CM_OK);
  assert_int_equal(n, 2);
  assert_string_equal(command_of(&accepted, "a"), "new");
  assert_string_equal(command_of(&accepted, "c"), "new");
  assert_true(accepted.n == 2 && pending.n == 2 && !command_of(&pending, "a"));
  assert_int_equal(cm_golden_reject(&pending, wrong, 1, &n, &e), CM_OK);
  assert_true(n == 1 && pending.n == 1 && accepted.n == 2);
  assert_int_equal(cm_golden_accept(&accepted, &pending, NULL, 0, &n, &e), CM_OK);
  assert_true(n == 1 && pending.n == 0 && command_of(&accepted, "d"));
  put(&pending, "a", "h", "x");
  assert_int_equal(cm_golden_reject(&pending, NULL, 0, &n, &e), CM_OK);
  assert_true(n == 1 && pending.n == 0);
  assert_string_equal(command_of(&accepted, "a"), "new");
}

static bool is_near(void *ctx, cm_str file) {
  assert_null(ctx);
  return !file.n;
}

static void test_prune(void **state) {
  (void)state;
  cm_goldens g = empty();
  put(&g, "a", "h", "1");
  put(&g, "b", "h", "2");
  put(&g, "c", "h", "3");
  const cm_str ids[] = {CM_STR("c"), CM_STR("x"), CM_STR("a")};
  const cm_golden_answer far = {CM_STR("far"), CM_STR("h"), CM_STR("4"), CM_STR("b.yaml")};
  assert_int_equal(cm_golden_put(&g, &far, NULL), CM_OK);
  assert_int_equal(cm_golden_prune(&g, ids, 3, is_near, NULL), 1);
  assert_true(command_of(&g, "a") && !command_of(&g, "b") && command_of(&g, "c"));
  assert_true(command_of(&g, "far"));
  assert_int_equal(cm_golden_prune(&g, NULL, 0, is_near, NULL), 2);
  assert_int_equal(g.n, 1);
  assert_int_equal(cm_golden_prune(&g, NULL, 0, NULL, NULL), 1);
  assert_int_equal(g.n, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_list, setup, teardown),
      cmocka_unit_test_setup_teardown(test_text, setup, teardown),
      cmocka_unit_test_setup_teardown(test_bad_text, setup, teardown),
      cmocka_unit_test_setup_teardown(test_path, setup, teardown),
      cmocka_unit_test_setup_teardown(test_files, setup, teardown),
      cmocka_unit_test_setup_teardown(test_equal, setup, teardown),
      cmocka_unit_test_setup_teardown(test_judge, setup, teardown),
      cmocka_unit_test_setup_teardown(test_propose, setup, teardown),
      cmocka_unit_test_setup_teardown(test_review, setup, teardown),
      cmocka_unit_test_setup_teardown(test_accept, setup, teardown),
      cmocka_unit_test_setup_teardown(test_prune, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
