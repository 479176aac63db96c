/* rooms: base data sh safety quality libs: jansson */
/* Fixtures: what is read from them, and what is refused. tests/data/suite has a file for each
 * error; its first line says the message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/os.h"
#include "base/os_list.h"
#include "quality/suite_parts.h"

static cm_arena *arena;
static cm_suite suite;

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(256 << 20);
  suite = (cm_suite){0};
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  cm_suite_close(&suite);
  cm_arena_close(arena);
  return 0;
}

static void read_text(const char *text) {
  cm_err e = {0};
  if (cm_suite_read(&suite, cm_str_of(text), CM_STR("f.yaml"), arena, &e)) fail_msg("%s", e.msg);
}

static void is(cm_str got, const char *want) {
  if (!cm_str_is(got, want)) fail_msg("got \"%.*s\", want \"%s\"", (int)got.n, got.p, want);
}

/* --- what is read --- */

/* The example of the specification, with the world that it refers to. */
static const char example[] =
    "schema: 1\n"
    "defaults: {shell: sh, gate: track, tags: [misc], budget: {total_ms: 8000}}\n"
    "worlds: {home: {files: {src/a.c: \"int x;\\n\", \"sp ace.log\": {size: 2G, sparse: true}},\n"
    "  env: {USER: ada}}}\n"
    "test_cases:\n"
    "  - id: find-large-files\n"
    "    prompt: find files larger than 1GB\n"
    "    paraphrases: [list anything over a gigabyte, what is huge here]\n"
    "    tags: [files, size]\n"
    "    tier: smoke\n"
    "    expected_patterns: [\"find\", \"-size\", \"\\\\+1G\"]\n"
    "    forbidden_patterns: [\"rm\", {re: DELETE, on: raw, i: true}]\n"
    "    expected_commands: [\"find . -type f -size +1G\"]\n"
    "    risk_level: {max: moderate}\n"
    "    should_block: false\n"
    "    exec: {world: [home], compare: {stdout: paths, exit: same, tree: unchanged},\n"
    "           needs: [find], wrong: [\"find . -size +1M\"], timeout_ms: 500}\n"
    "    golden: {mode: normalized}\n"
    "    repeat: {n: 5, min_pass: 4}\n"
    "    budget: {ttft_ms: 1500, peak_rss_mb: 900.5}\n"
    "    gate: hard\n"
    "    skip: {if: 'backend:ollama', reason: slow}\n"
    "    xfail: known\n"
    "    quarantine: {until: 2027-02-28, issue: \"#7\"}\n"
    "  - {id: bomb, command: ':(){ :|:& };:', outcome: [block, confirm]}\n";

static void test_example(void **state) {
  (void)state;
  read_text(example);
  assert_int_equal(suite.n, 4);
  const cm_case *c = &suite.cases[0];
  is(c->id, "find-large-files"), is(c->cluster, "find-large-files");
  is(c->text, "find files larger than 1GB"), is(c->file, "f.yaml");
  assert_int_equal(c->subject, CM_SUBJECT_PROMPT);
  assert_true(c->line == 6 && c->column == 5);
  assert_string_equal(c->shell, "sh");
  assert_true(c->n_tags == 2 && c->tier == CM_TIER_SMOKE && c->gate == CM_GATE_HARD);
  is(c->tags[0], "files"), is(c->tags[1], "size");
  assert_true(c->n_expected == 3 && c->n_forbidden == 2 && c->n_commands == 1);
  is(c->expected[2].text, "\\+1G"), is(c->forbidden[1].text, "DELETE");
  assert_true(c->forbidden[1].on == CM_ON_RAW && c->forbidden[1].ignore_case);
  assert_true(c->has_risk && c->risk_min == CM_SAFE && c->risk_max == CM_MODERATE);
  assert_int_equal(c->outcomes, CM_MAY_RUN | CM_MAY_CONFIRM | CM_MAY_REFUSE);
  assert_true(c->golden == CM_GOLDEN_NORMALIZED && c->repeat == 5 && c->min_pass == 4);
  assert_true(c->budget.ttft_ms == 1500 && c->budget.total_ms == 8000);
  assert_true(c->budget.peak_rss_mb == 900.5);
  is(c->skip.condition, "backend:ollama"), is(c->skip.reason, "slow"), is(c->xfail, "known");
  is(c->quarantine_until, "2027-02-28"), is(c->quarantine_issue, "#7");
}

static void test_example_exec(void **state) {
  (void)state;
  read_text(example);
  const cm_exec *x = suite.cases[0].exec;
  assert_non_null(x);
  is(x->gold, "find . -type f -size +1G");
  assert_true(x->out == CM_CMP_PATHS && x->exit == CM_EXIT_SAME && x->tree == CM_TREE_UNCHANGED);
  assert_true(x->n_needs == 1 && x->n_wrong == 1 && x->timeout_ms == 500 && x->n_worlds == 1);
  const cm_world *w = x->worlds[0];
  is(w->name, "home");
  assert_true(w->n == 2 && w->n_env == 1);
  is(w->env[0].name, "USER"), is(w->env[0].value, "ada");
  is(w->nodes[0].path, "sp ace.log"), is(w->nodes[1].path, "src/a.c");
  assert_true(w->nodes[0].sparse && w->nodes[0].size == 2147483648u);
  is(w->nodes[1].text, "int x;\n");
}

static void test_paraphrases(void **state) {
  (void)state;
  read_text(example);
  const cm_case *p = &suite.cases[2], *bomb = &suite.cases[3];
  is(suite.cases[1].id, "find-large-files/p1");
  is(p->id, "find-large-files/p2"), is(p->cluster, "find-large-files");
  is(p->text, "what is huge here");
  assert_true(p->exec == suite.cases[0].exec && p->n_expected == 3 && p->line == 8);
  assert_string_not_equal(p->hash, suite.cases[0].hash);
  assert_true(bomb->subject == CM_SUBJECT_COMMAND && bomb->n_tags == 1);
  assert_int_equal(bomb->outcomes, CM_MAY_BLOCK | CM_MAY_CONFIRM);
  assert_int_equal(bomb->gate, CM_GATE_TRACK);
  assert_ptr_equal(cm_suite_find(&suite, CM_STR("bomb")), bomb);
  assert_null(cm_suite_find(&suite, CM_STR("bom")));
}

static void test_plain_case(void **state) {
  (void)state;
  read_text(
      "test_cases:\n- {id: a, prompt: x, outcome: run}\n"
      "- {id: b, given_output: '', outcome: refuse, repeat: {n: 3}}\n"
      "- {id: c, prompt: x, exec: {world: [w], gold: 'true', compare: {stdout: {regex: ok}}}}\n"
      "- {id: d, prompt: x, outcome: run, xfail: {reason: known}}\n"
      "worlds: {w: {cwd: d, files: {d/x: '', d.txt: ''}}}\n");
  const cm_case *a = &suite.cases[0], *b = &suite.cases[1];
  assert_string_equal(a->shell, "bash");
  assert_true(a->tier == CM_TIER_FULL && a->gate == CM_GATE_SOFT && !a->n_tags && !a->has_risk);
  assert_true(a->repeat == 1 && a->min_pass == 1 && a->outcomes == CM_MAY_RUN);
  assert_true(b->gate == CM_GATE_HARD && b->repeat == 3 && b->min_pass == 3 && !b->text.n);
  assert_true(suite.cases[2].exec->out == CM_CMP_REGEX && suite.cases[2].exec->stdout_re);
  assert_int_equal(suite.cases[2].exec->tree, CM_TREE_SAME);
  is(suite.cases[2].exec->worlds[0]->cwd, "d"), is(suite.cases[3].xfail, "known");
}

static const char nodes[] =
    "worlds:\n  w:\n    cwd: d/e\n    stdin: \"in\\n\"\n    now: 2024-02-29T01:02:03Z\n    "
    "files:\n"
    "      a.txt: hello\n      empty: ''\n"
    "      b: {base64: 'AP9oaQ=='}\n"
    "      filled: {size: 10K}\n      bytes: {size: 512, text: ab}\n"
    "      l: {link: ../x}\n      d/e: {dir: true, mode: \"1777\"}\n      p: {fifo: true}\n"
    "      d/e/run: {text: x, mode: \"0755\", mtime: 2024-02-29T01:02:03Z}\n"
    "      old: {text: x, mtime: -3d}\n      'day': {text: x, mtime: '1970-01-02'}\n"
    "test_cases: [{id: a, prompt: x, exec: {world: [w], gold: ls}}]\n";

static const cm_node *node(const char *path) {
  const cm_world *w = suite.cases[0].exec->worlds[0];
  for (size_t i = 0; i < w->n; i++)
    if (cm_str_is(w->nodes[i].path, path)) return &w->nodes[i];
  fail_msg("no %s", path);
  return NULL;
}

/* 2024-02-29T01:02:03Z is 1709168523 (date -u -d … +%s); "AP9oaQ==" is 00 FF "hi". */
static void test_nodes(void **state) {
  (void)state;
  read_text(nodes);
  const cm_world *w = suite.cases[0].exec->worlds[0];
  assert_int_equal(w->n, 11);
  is(w->cwd, "d/e"), is(w->stdin_text, "in\n");
  assert_int_equal(w->now, 1709168523);
  is(node("a.txt")->text, "hello"), is(node("empty")->text, "");
  assert_true(node("b")->text.n == 4 && memcmp(node("b")->text.p, "\0\377hi", 4) == 0);
  assert_int_equal(node("filled")->size, 10240);
  is(node("filled")->text, "x\n"), is(node("bytes")->text, "ab");
  assert_true(node("bytes")->size == 512 && node("l")->kind == CM_NODE_LINK);
  is(node("l")->text, "../x");
  assert_true(node("d/e")->kind == CM_NODE_DIR && node("d/e")->mode == 01777);
  assert_true(node("p")->kind == CM_NODE_FIFO && node("d/e/run")->mode == 0755);
  assert_true(node("d/e/run")->has_mtime && !node("d/e/run")->relative);
  assert_int_equal(node("d/e/run")->mtime, 1709168523);
  assert_true(node("old")->relative && node("old")->mtime == -3 * 86400);
  assert_true(node("day")->mtime == 86400 && !node("a.txt")->has_mtime);
}

/* The example of the manual is a fixture. */
static void test_manual(void **state) {
  (void)state;
  cm_buf b;
  cm_err e = {0};
  cm_buf_init(&b, 1 << 20);
  assert_int_equal(cm_os_read_file(CM_SOURCE_DIR "/docs/TESTING.md", &b, &e), CM_OK);
  const char *start = strstr(b.p, "```yaml\n"), *end = start ? strstr(start, "\n```\n") : NULL;
  assert_non_null(end);
  cm_str text = {start + 8, (size_t)(end + 1 - start) - 8};
  if (cm_suite_read(&suite, text, CM_STR("TESTING.md"), arena, &e)) fail_msg("%s", e.msg);
  assert_int_equal(suite.n, 2);
  is(suite.cases[0].expected[2].text, "\\+1G");
  cm_buf_close(&b);
}

/* --- hashes --- */

static const char *hash_of(const char *text) {
  cm_suite s = {0};
  cm_err e = {0};
  if (cm_suite_read(&s, cm_str_of(text), CM_STR("g.yaml"), arena, &e)) fail_msg("%s", e.msg);
  const char *hash = cm_arena_strdup(arena, s.cases[0].hash, 64);
  cm_suite_close(&s);
  return hash;
}

static void test_hash_same(void **state) {
  (void)state;
  static const char *const texts[] = {
      "worlds: {w: {files: {a: x, b: y}, env: {A: '1', B: '2'}}}\n"
      "test_cases: [{id: a, prompt: x, expected_patterns: [ls], exec: {world: [w], gold: ls}}]\n",
      "# a comment\n\n\ntest_cases:\n- exec: {gold: \"ls\", world: [v]}\n  prompt: x\n  id: a\n"
      "  expected_patterns:\n  - {on: command, re: ls}\n"
      "worlds: {v: {env: {B: '2', A: '1'}, files: {b: {text: y}, a: x}}}\n",
      "defaults: {shell: bash, gate: soft, tier: full}\nworlds: {w: {files: {a: x, b: y}, env: "
      "{A: "
      "'1', B: '2'}}}\n"
      "test_cases: [{id: a, prompt: x, expected_patterns: [ls], exec: {world: [w], gold: ls}}]\n"};
  for (size_t i = 1; i < sizeof texts / sizeof *texts; i++)
    assert_string_equal(hash_of(texts[0]), hash_of(texts[i]));
}

/* Whatever is said changes it. */
static void test_hash_differs(void **state) {
  (void)state;
#define WORLDS                                                                 \
  "w: {files: {a: x}}, u: {files: {a: xx}}, v: {files: {a: x}, env: {A: b}}, " \
  "t: {files: {a: x}, now: 2024-01-31}"
#define HEAD       "worlds: {" WORLDS "}\n"
#define CASE(rest) HEAD "test_cases: [{id: a, prompt: x, " rest "}]\n"
  static const char *const texts[] = {
      CASE("expected_patterns: [ls]"),
      CASE("forbidden_patterns: [ls]"),
      CASE("expected_patterns: [{re: ls, i: true}]"),
      CASE("expected_patterns: [{re: ls, on: raw}]"),
      CASE("expected_patterns: [ls, du]"),
      CASE("expected_patterns: [lsdu]"),
      CASE("expected_commands: [ls]"),
      CASE("risk_level: safe"),
      CASE("risk_level: {max: high}"),
      CASE("outcome: block"),
      CASE("outcome: [block, confirm]"),
      CASE("golden: {mode: exact}"),
      CASE("outcome: block, tags: [x]"),
      CASE("outcome: block, tier: smoke"),
      CASE("outcome: block, gate: hard"),
      CASE("outcome: block, shell: zsh"),
      CASE("outcome: block, repeat: {n: 2}"),
      CASE("outcome: block, repeat: {n: 2, min_pass: 1}"),
      CASE("outcome: block, budget: {ttft_ms: 1}"),
      CASE("outcome: block, budget: {total_ms: 1}"),
      CASE("outcome: block, xfail: why"),
      CASE("outcome: block, skip: {if: always, reason: why}"),
      CASE("outcome: block, quarantine: {until: 2027-01-01, issue: x}"),
      CASE("exec: {world: [w], gold: ls}"),
      CASE("exec: {world: [u], gold: ls}"),
      CASE("exec: {world: [v], gold: ls}"),
      CASE("exec: {world: [t], gold: ls}"),
      CASE("exec: {world: [w, u], gold: ls}"),
      CASE("exec: {world: [w], gold: ls, compare: {stdout: set}}"),
      CASE("exec: {world: [w], gold: ls, compare: {stdout: {regex: a}}}"),
      CASE("exec: {world: [w], gold: ls, compare: {stdout: {regex: b}}}"),
      CASE("exec: {world: [w], gold: ls, compare: {exit: ignore}}"),
      CASE("exec: {world: [w], gold: ls, compare: {tree: ignore}}"),
      CASE("exec: {world: [w], gold: ls, needs: [jq]}"),
      CASE("exec: {world: [w], gold: ls, wrong: [jq]}"),
      CASE("exec: {world: [w], gold: ls, timeout_ms: 5}"),
      "test_cases: [{id: a, prompt: y, outcome: block}]\n",
      "test_cases: [{id: b, prompt: x, outcome: block}]\n",
      "test_cases: [{id: a, command: x, outcome: block, gate: soft}]\n",
      "test_cases: [{id: a, given_output: x, outcome: block, gate: soft}]\n",
  };
  enum { N = sizeof texts / sizeof *texts };
  const char *hashes[N];
  for (size_t i = 0; i < N; i++) {
    hashes[i] = hash_of(texts[i]);
    for (size_t j = 0; j < i; j++)
      if (strcmp(hashes[i], hashes[j]) == 0) fail_msg("equal: %s and %s", texts[i], texts[j]);
  }
}

/* --- files --- */

static cm_code open_paths(const char *const *paths, size_t n, cm_err *e) {
  return cm_suite_open(&suite, paths, n, arena, e);
}

static void put_file(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

#define SCRATCH "quality_suite.scratch"

static void put_folder(void) {
  assert_int_equal(system("rm -rf " SCRATCH " && mkdir -p " SCRATCH "/z/y " SCRATCH "/.git"), 0);
  put_file(SCRATCH "/b.yml", "test_cases: [{id: b, prompt: x, outcome: run}]\n");
  put_file(SCRATCH "/z/y/c.yaml", "test_cases: [{id: c, prompt: x, outcome: run}]\n");
  put_file(SCRATCH "/a.yaml", "test_cases: [{id: a, prompt: x, outcome: run}]\n");
  put_file(SCRATCH "/notes.txt", "not a fixture");
  put_file(SCRATCH "/.git/d.yaml", "not: [a fixture\n");
  assert_int_equal(system("ln -s .. " SCRATCH "/z/loop"), 0);
}

static void test_folder(void **state) {
  (void)state;
  put_folder();
  cm_err e = {0};
  const char *both[] = {SCRATCH "/z/y/c.yaml", SCRATCH "/"};
  if (open_paths(both, 2, &e)) fail_msg("%s", e.msg);
  assert_int_equal(suite.n, 3);
  is(suite.cases[0].id, "c"), is(suite.cases[1].id, "a"), is(suite.cases[2].id, "b");
  is(suite.cases[1].file, SCRATCH "/a.yaml");
  char hash[65];
  memcpy(hash, suite.hash, 65);
  cm_suite_close(&suite);
  const char *one[] = {SCRATCH};
  if (open_paths(one, 1, &e)) fail_msg("%s", e.msg);
  assert_string_equal(suite.hash, hash);
  const char *none[] = {SCRATCH "/nothing"};
  assert_int_equal(open_paths(none, 1, &e), CM_E_NOTFOUND);
  assert_int_equal(suite.n, 3);
  assert_int_equal(system("rm -rf " SCRATCH), 0);
}

static void test_paths_refused(void **state) {
  (void)state;
  cm_err e = {0};
  const char *one[] = {SCRATCH};
  put_folder();
  assert_int_equal(system("mkdir -p " SCRATCH "/$(seq -s / 40) && mkfifo " SCRATCH "/pipe"), 0);
  assert_int_equal(open_paths(one, 1, &e), CM_E_LIMIT);
  const char *pipe[] = {SCRATCH "/pipe"};
  assert_int_equal(open_paths(pipe, 1, &e), CM_E_IO);
  assert_string_equal(e.msg, SCRATCH "/pipe is neither a file nor a folder");
  static const char *many[CM_SUITE_FILES_MAX + 1];
  for (size_t i = 0; i <= CM_SUITE_FILES_MAX; i++) many[i] = SCRATCH "/a.yaml";
  assert_int_equal(open_paths(many, CM_SUITE_FILES_MAX, &e), CM_OK);
  assert_int_equal(suite.n, 1);
  assert_int_equal(open_paths(many, CM_SUITE_FILES_MAX + 1, &e), CM_E_LIMIT);
  assert_string_equal(e.msg, "more than 4096 fixture files");
  assert_int_equal(system("rm -rf " SCRATCH), 0);
}

static void test_same_id(void **state) {
  (void)state;
  put_folder();
  put_file(SCRATCH "/z/e.yaml", "\ntest_cases:\n  - {id: a, prompt: x, outcome: run}\n");
  cm_err e = {0};
  const char *one[] = {SCRATCH};
  assert_int_equal(open_paths(one, 1, &e), CM_E_FORMAT);
  assert_string_equal(
      e.msg, SCRATCH "/z/e.yaml:3:5: the id \"a\" stands twice, first at " SCRATCH "/a.yaml:1:14");
  assert_true(!suite.n && !suite.patterns);
  assert_int_equal(system("rm -rf " SCRATCH), 0);
}

static void test_same_id_in_one(void **state) {
  (void)state;
  cm_err e = {0};
  cm_str text = CM_STR(
      "test_cases:\n- {id: a, prompt: x, expected_patterns: [ls]}\n"
      "- {id: a, prompt: y, outcome: run}\n");
  assert_int_equal(cm_suite_read(&suite, text, CM_STR("f.yaml"), arena, &e), CM_E_FORMAT);
  assert_string_equal(e.msg, "f.yaml:3:3: the id \"a\" stands twice, first at f.yaml:2:3");
  assert_true(!suite.n && !suite.patterns);
}

/* --- what is refused --- */

static void check_bad(const char *name) {
  char path[512], want[300];
  cm_err e = {0};
  cm_buf text;
  snprintf(path, sizeof path, CM_SOURCE_DIR "/tests/data/suite/%s", name);
  cm_buf_init(&text, 8 << 20);
  assert_int_equal(cm_os_read_file(path, &text, &e), CM_OK);
  cm_str rest = {text.p, text.n}, line;
  assert_true(cm_str_line(&rest, &line) && cm_str_starts(line, CM_STR("# ")));
  snprintf(want, sizeof want, "%s:%.*s", name, (int)line.n - 2, line.p + 2);
  cm_code code = cm_suite_read(&suite, (cm_str){text.p, text.n}, cm_str_of(name), arena, &e);
  cm_buf_close(&text);
  if (code != CM_E_FORMAT && code != CM_E_LIMIT) fail_msg("%s: code %d", name, (int)code);
  if (strcmp(e.msg, want) != 0) fail_msg("got  %s\nwant %s", e.msg, want);
  assert_true(!suite.n && !suite.patterns);
}

static void test_bad(void **state) {
  (void)state;
  cm_os_entry *names;
  size_t n;
  cm_err e = {0};
  if (cm_os_list(CM_SOURCE_DIR "/tests/data/suite", 1000, arena, &names, &n, &e))
    fail_msg("%s", e.msg);
  assert_true(n > 70);
  for (size_t i = 0; i < n; i++) check_bad(names[i].name.p);
}

static void test_limits(void **state) {
  (void)state;
  cm_buf b;
  cm_err e = {0};
  cm_buf_init(&b, 8 << 20);
  cm_buf_puts(&b, "test_cases:\n");
  for (int i = 0; i <= CM_SUITE_CASES_MAX; i++)
    cm_buf_printf(&b, "- {id: c%d, prompt: x, outcome: run}\n", i);
  cm_code code = cm_suite_read(&suite, (cm_str){b.p, b.n}, CM_STR("f"), arena, &e);
  assert_int_equal(code, CM_E_LIMIT);
  assert_string_equal(e.msg, "f:20002:3: more than 20000 cases");
  cm_buf_close(&b);
}

/* A text of `n` bytes is taken or refused. */
static void check_length(const char *before, size_t n, const char *after, const char *says) {
  cm_buf b;
  cm_err e = {0};
  cm_buf_init(&b, 8 << 20);
  cm_buf_puts(&b, before);
  for (size_t i = 0; i < n; i++) cm_buf_putc(&b, 'x');
  cm_buf_puts(&b, after);
  cm_code code = cm_suite_read(&suite, (cm_str){b.p, b.n}, CM_STR("f"), arena, &e);
  cm_buf_close(&b);
  assert_int_equal(code, says ? CM_E_LIMIT : CM_OK);
  if (says) assert_string_equal(e.msg, says);
  cm_suite_close(&suite);
}

static void test_lengths(void **state) {
  (void)state;
  const char *prompt = "test_cases: [{id: a, outcome: run, prompt: ";
  const char *gold = "test_cases: [{id: a, prompt: x, expected_commands: [";
  check_length(prompt, CM_SUITE_TEXT_MAX, "}]", NULL);
  check_length(prompt, CM_SUITE_TEXT_MAX + 1, "}]", "f:1:36: prompt has more than 131072 bytes");
  check_length(gold, CM_SUITE_TEXT_MAX, "]}]", NULL);
  check_length(gold, CM_SUITE_TEXT_MAX + 1, "]}]", "f:1:53: a command has more than 131072 bytes");
  check_length("# ", CM_FIXTURE_BYTES_MAX, "", "f: larger than 4194304 bytes");
}

/* Every allocation may fail, and nothing is left behind. */
static void test_memory(void **state) {
  (void)state;
  cm_code code = CM_E_NOMEM;
  for (uint64_t i = 1; code == CM_E_NOMEM && i < 20000; i++) {
    cm_arena *a = cm_arena_open(16 << 20);
    cm_suite s = {0};
    cm_err e = {0};
    cm_mem_fail_nth(i);
    code = cm_suite_read(&s, CM_STR(example), CM_STR("f.yaml"), a, &e);
    cm_mem_fail_nth(0);
    if (code && code != CM_E_NOMEM) fail_msg("%llu: %s", (unsigned long long)i, e.msg);
    assert_true(code == CM_OK || (!s.n && !s.patterns));
    cm_suite_close(&s);
    cm_arena_close(a);
  }
  assert_int_equal(code, CM_OK);
}

/* --- selecting --- */

static void test_selected(void **state) {
  (void)state;
  static const struct {
    const char *selector;
    bool picks;
  } rows[] = {{"find-large-files", true},
              {"find-*", true},
              {"*large*", true},
              {"find-large-file?", true},
              {"find", false},
              {"find-large", false},
              {"*", true},
              {"", false},
              {"@files", true},
              {"@size", true},
              {"@fil", false},
              {"@", false},
              {"tier:smoke", true},
              {"tier:full", false},
              {"tier:", false},
              {"*x", false},
              {"f*-f*s", true},
              {"find-large-files?", false}};
  read_text(example);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (cm_case_selected(&suite.cases[0], cm_str_of(rows[i].selector)) != rows[i].picks)
      fail_msg("%s", rows[i].selector);
}

/* --- the JSON Schema --- */

static const json_t *definition(const json_t *schema, const char *kind) {
  if (strcmp(kind, "file") == 0) return schema;
  return json_object_get(json_object_get(schema, "$defs"), kind);
}

static cm_code dated(const char *until, const char *today, cm_err *e) {
  char text[256];
  cm_suite s = {0};
  snprintf(
      text, sizeof text,
      "test_cases:\n- {id: a, prompt: x, outcome: block}\n- {id: b, prompt: x, outcome: block, "
      "quarantine: {until: %s, issue: x}}\n",
      until);
  assert_int_equal(cm_suite_read(&s, cm_str_of(text), CM_STR("f.yaml"), arena, e), CM_OK);
  cm_code code = cm_suite_check_dates(&s, cm_str_of(today), e);
  cm_suite_close(&s);
  return code;
}

/* 2026-11-26 + 90 days is 2027-02-24: 4 of November, 31, 31, 24. */
static void test_dates(void **state) {
  (void)state;
  cm_err e;
  assert_int_equal(dated("2027-02-24", "2026-11-26", &e), CM_OK);
  assert_int_equal(dated("2020-01-01", "2026-11-26", &e), CM_OK);
  assert_int_equal(dated("2027-02-25", "2026-11-26", &e), CM_E_FORMAT);
  assert_string_equal(e.msg,
                      "f.yaml:3:3: the quarantine ends 2027-02-25, more than 90 days after "
                      "2026-11-26");
  assert_int_equal(dated("2028-05-29", "2028-02-28", &e), CM_E_FORMAT); /* a leap year */
  assert_int_equal(dated("2028-05-28", "2028-02-28", &e), CM_OK);
  assert_int_equal(dated("2027-02-24", "today", &e), CM_E_USAGE);
  int64_t day;
  assert_true(cm_date_of(CM_STR("1970-01-02"), &day) && day == 1);
  assert_true(cm_date_of(CM_STR("2000-02-29"), &day) && day == 11016);
  assert_false(cm_date_of(CM_STR("1900-02-29"), &day));
  assert_false(cm_date_of(CM_STR("2027-1-01"), &day));
  assert_false(cm_date_of(CM_STR(""), &day));
}

/* Keys of the reader and of the schema are the same. */
static void test_schema(void **state) {
  (void)state;
  json_error_t error;
  json_t *schema = json_load_file(CM_SOURCE_DIR "/schemas/cmdai.fixture.1.json", 0, &error);
  if (!schema) fail_msg("%s", error.text);
  size_t kinds = 1;
  for (const cm_fields *k; (k = cm_suite_kind_at(kinds - 1)) != NULL; kinds++) {
    const json_t *is = definition(schema, k->name);
    const json_t *properties = json_object_get(is, "properties");
    if (!properties) fail_msg("no definition of %s", k->name);
    assert_true(json_is_false(json_object_get(is, "additionalProperties")));
    for (size_t i = 0; i < k->n; i++)
      if (!json_object_get(properties, k->items[i].name))
        fail_msg("%s.%s is not in the schema", k->name, k->items[i].name);
    if (json_object_size(properties) != k->n) fail_msg("%s: the schema has more keys", k->name);
  }
  size_t maps = 1;
  const char *name;
  json_t *is;
  json_object_foreach(json_object_get(schema, "$defs"), name, is) {
    if (json_object_get(is, "properties")) maps++;
  }
  assert_int_equal(maps, kinds - 1);
  json_decref(schema);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_example),        TEST(test_example_exec), TEST(test_paraphrases),
      TEST(test_plain_case),     TEST(test_nodes),        TEST(test_hash_same),
      TEST(test_hash_differs),   TEST(test_folder),       TEST(test_same_id),
      TEST(test_same_id_in_one), TEST(test_bad),          TEST(test_limits),
      TEST(test_paths_refused),  TEST(test_lengths),      TEST(test_manual),
      TEST(test_memory),         TEST(test_selected),     TEST(test_schema),
      TEST(test_dates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
