/* rooms: base quality libs: m */
/* Figures of fresh processes: what is read from them, what is concluded, and in which order they
 * are taken. Samples come from a made-up program here, so that what is right is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "quality/bench.h"

/* --- a made-up program --- */

enum { CALLS_MAX = 1000 };

static struct {
  double head[2]; /* factor on the head's costs, in the first round and in the second */
  double rate;    /* on its tokens a second */
  double noise;   /* share */
  size_t samples;
  unsigned seed;
  cm_code failure;
  size_t n, n_head;
  char order[CALLS_MAX]; /* 'b' 'h' */
  char answer[2];        /* of base and head: what they say */
} world;

#define HEAD CM_SOURCE_DIR "/VERSION" /* a file that can be forgotten */
#define BASE "base"

static double jitter(void) {
  world.seed = world.seed * 1664525u + 1013904223u;
  return 1 + world.noise * ((double)(world.seed >> 8) / 16777216.0 - 0.5);
}

/* Prompts differ a lot: 10, 30, 90, 270, 810 ms. */
static double time_of(const char *prompt) {
  double ms = 10;
  for (size_t i = 0; strcmp(prompt, cm_perf_prompt(i)) != 0; i++) ms *= 3;
  return ms;
}

static cm_code made_up(const cm_perf_target *t, const char *prompt, cm_perf_sample *out,
                       cm_perf_model *model, cm_err *e) {
  const bool head = strcmp(t->program, HEAD) == 0;
  /* Cold and warm-up calls come first; the second round behind them and the first. */
  const size_t before = world.samples / 10 ? world.samples / 10 + 2 : 3;
  const bool second = world.n_head >= before + world.samples;
  const double f = head ? world.head[second] : 1, ms = time_of(prompt);
  if (world.failure) return cm_fail(e, world.failure, 0, "as asked");
  if (world.n < CALLS_MAX) world.order[world.n++] = head ? 'h' : 'b';
  world.n_head += head;
  snprintf(model->id, sizeof model->id, "Made-Up-0.5B");
  snprintf(model->backend, sizeof model->backend, "cpu");
  *out = (cm_perf_sample){.answer_hash = (uint64_t)world.answer[head]};
  out->values[CM_PERF_ANSWER] = ms * f * jitter();
  out->values[CM_PERF_START] = 2 * jitter();
  out->values[CM_PERF_LOAD] = 5 * jitter();
  out->values[CM_PERF_FIRST] = ms / 2 * f * jitter();
  out->values[CM_PERF_RATE] = 100 * (head ? world.rate : 1) * jitter();
  out->values[CM_PERF_MEMORY] = NAN;
  out->values[CM_PERF_COLD] = NAN;
  return CM_OK;
}

static cm_perf_result result;

static cm_code run(size_t samples, bool compare) {
  cm_arena *a = cm_arena_open(16 << 20);
  const cm_perf_options o = {.head = {.program = HEAD},
                             .base = compare ? BASE : NULL,
                             .samples = samples,
                             .ask = made_up};
  cm_err e;
  world.samples = samples;
  cm_code code = cm_perf_run(&o, a, &result, &e);
  cm_arena_close(a);
  return code;
}

static int reset(void **state) {
  (void)state;
  memset(&world, 0, sizeof world);
  world.head[0] = world.head[1] = world.rate = 1;
  world.noise = 0.04, world.seed = 1;
  world.answer[0] = world.answer[1] = 'a';
  return 0;
}

/* --- figures --- */

static void test_figures(void **state) {
  (void)state;
  world.noise = 0;
  assert_int_equal(run(20, false), CM_OK);
  const cm_stat_summary *s = &result.head[CM_PERF_ANSWER];
  /* Four of each: 10, 30, 90, 270, 810. */
  assert_int_equal(s->n, 20);
  assert_true(fabs(s->mean - 242) < 1e-9 && s->median == 90 && s->min == 10 && s->max == 810);
  assert_true(s->p95 == 810 && isnan(s->p99));
  assert_int_equal(result.head[CM_PERF_COLD].n, 2); /* a tenth: the first two prompts */
  assert_true(result.head[CM_PERF_COLD].max == 30);
  assert_true(result.cold_left >= 0 && result.cold_left <= 1);
  assert_int_equal(result.head[CM_PERF_MEMORY].n, 0);
  assert_true(isnan(result.head[CM_PERF_MEMORY].median));
  assert_false(result.compared);
  assert_string_equal(result.model.id, "Made-Up-0.5B");
  /* Prompts differ, the machine doesn't. */
  assert_true(result.spread == 0);
}

static void test_few_samples(void **state) {
  (void)state;
  assert_int_equal(run(10, false), CM_OK);
  assert_true(isnan(result.head[CM_PERF_ANSWER].p95));
  assert_true(isnan(result.spread));
  assert_int_equal(result.head[CM_PERF_COLD].n, 1);
  assert_int_equal(run(0, false), CM_E_USAGE);
  assert_int_equal(run(CM_PERF_SAMPLES_MAX + 1, false), CM_E_USAGE);
}

static void test_noise(void **state) {
  (void)state;
  world.noise = 0.1; /* uniform over 10 %: quartiles 5 % apart */
  assert_int_equal(run(200, false), CM_OK);
  assert_true(result.spread > 0.035 && result.spread < 0.065);
  reset(NULL);
  world.noise = 0.8;
  assert_int_equal(run(200, false), CM_OK);
  assert_true(result.spread > CM_PERF_NOISY);
}

static void test_in_turns(void **state) {
  (void)state;
  assert_int_equal(run(6, true), CM_OK);
  world.order[world.n < CALLS_MAX ? world.n : CALLS_MAX - 1] = 0;
  /* Warm-up of both, one cold start, warm-up of both, then in turns. */
  assert_string_equal(world.order,
                      "bh"
                      "h"
                      "bh"
                      "bhhbbhhbbhhb");
}

static void test_failure(void **state) {
  (void)state;
  world.failure = CM_E_IO;
  assert_int_equal(run(5, true), CM_E_IO);
  world.failure = CM_E_CANCELLED;
  assert_int_equal(run(5, false), CM_E_CANCELLED);
}

/* --- two programs --- */

static cm_perf_change change(cm_perf_metric m) { return result.changes[m].change; }

static void test_same(void **state) {
  (void)state;
  unsigned changed = 0;
  for (unsigned seed = 1; seed <= 40; seed++) {
    reset(NULL);
    world.seed = seed;
    assert_int_equal(run(20, true), CM_OK);
    changed += change(CM_PERF_ANSWER) != CM_PERF_SAME;
    assert_false(cm_perf_regressed(&result));
  }
  assert_int_equal(changed, 0);
  assert_true(result.compared && result.same_answers);
  assert_int_equal(change(CM_PERF_MEMORY), CM_PERF_UNKNOWN);
  assert_int_equal(change(CM_PERF_COLD), CM_PERF_UNKNOWN);
}

/* 10 % slower is found among prompts that differ by 8000 %. */
static void test_slower(void **state) {
  (void)state;
  world.head[0] = world.head[1] = 1.1;
  assert_int_equal(run(20, true), CM_OK);
  assert_int_equal(change(CM_PERF_ANSWER), CM_PERF_SLOWER);
  assert_int_equal(change(CM_PERF_FIRST), CM_PERF_SLOWER);
  assert_int_equal(change(CM_PERF_LOAD), CM_PERF_SAME);
  assert_true(cm_perf_regressed(&result));
  assert_true(result.two_rounds);
  const cm_perf_compared *c = &result.changes[CM_PERF_ANSWER];
  assert_true(c->shift.ratio > 1.07 && c->shift.ratio < 1.13 && c->shift.p_greater < CM_PERF_P);
  assert_true(c->second.ratio > 1.07 && c->second.ratio < 1.13);
  assert_true(isnan(result.changes[CM_PERF_LOAD].second.ratio));
  /* Absolute figures are as they were taken. */
  assert_true(fabs(result.base[CM_PERF_ANSWER].median - 90) < 4);
}

/* Sure and small is no regression: 3 % slower, without noise. */
static void test_small(void **state) {
  (void)state;
  world.head[0] = world.head[1] = 1.03, world.noise = 0;
  assert_int_equal(run(50, true), CM_OK);
  assert_true(result.changes[CM_PERF_ANSWER].shift.p_greater < CM_PERF_P);
  assert_int_equal(change(CM_PERF_ANSWER), CM_PERF_SAME);
  assert_false(result.two_rounds);
}

/* Large and unsure is none either. */
static void test_unsure(void **state) {
  (void)state;
  world.head[0] = world.head[1] = 1.1, world.noise = 0.4, world.seed = 2;
  assert_int_equal(run(10, true), CM_OK);
  assert_int_equal(change(CM_PERF_ANSWER), CM_PERF_SAME);
}

/* Two programs that differ in every request by chance: with one sample for each of five 1 in 2^5,
 * with two for one of them 1 in 6 * 2^4 = 96, with two for two of them 1 in 6^2 * 2^3 = 288. */
static void test_too_few(void **state) {
  (void)state;
  world.head[0] = world.head[1] = 9, world.noise = 0;
  assert_int_equal(run(6, true), CM_OK);
  assert_int_equal(change(CM_PERF_ANSWER), CM_PERF_UNKNOWN);
  assert_true(result.too_few && !result.two_rounds);
  assert_int_equal(run(7, true), CM_OK);
  assert_int_equal(change(CM_PERF_ANSWER), CM_PERF_SLOWER);
  assert_false(result.too_few);
  assert_int_equal(run(1, false), CM_OK);
  assert_false(result.too_few); /* nothing was to be compared */
}

static void test_not_confirmed(void **state) {
  (void)state;
  world.head[0] = 1.2;
  assert_int_equal(run(20, true), CM_OK);
  assert_int_equal(change(CM_PERF_ANSWER), CM_PERF_UNCONFIRMED);
  assert_true(result.two_rounds);
  assert_false(cm_perf_regressed(&result));
}

static void test_faster(void **state) {
  (void)state;
  world.head[0] = world.head[1] = 0.8;
  assert_int_equal(run(20, true), CM_OK);
  assert_int_equal(change(CM_PERF_ANSWER), CM_PERF_FASTER);
  assert_false(cm_perf_regressed(&result));
}

/* Of tokens a second more are better. */
static void test_rate(void **state) {
  (void)state;
  world.rate = 0.85;
  assert_int_equal(run(20, true), CM_OK);
  assert_int_equal(change(CM_PERF_RATE), CM_PERF_SLOWER);
  assert_true(result.head[CM_PERF_RATE].median < result.base[CM_PERF_RATE].median);
  reset(NULL);
  world.rate = 1.2;
  assert_int_equal(run(20, true), CM_OK);
  assert_int_equal(change(CM_PERF_RATE), CM_PERF_FASTER);
}

static void test_other_answers(void **state) {
  (void)state;
  world.answer[1] = 'b';
  assert_int_equal(run(5, true), CM_OK);
  assert_false(result.same_answers);
}

/* --- budgets --- */

/* As the plan states them. */
static void test_table(void **state) {
  (void)state;
  static const cm_perf_budget plan[] = {
      {"cpu", "0.5B", 3000, 5000, 8000, 10000}, {"cpu", "1.5B", 8000, 10000, 15000, 0},
      {"mlx", "0.5B", 1000, 2000, 3000, 0},     {"mlx", "1.5B", 2000, 3000, 5000, 0},
      {"ollama", "0.5B", 2000, 5000, 10000, 0},
  };
  size_t n = 0;
  for (const cm_perf_budget *b; (b = cm_perf_budget_at(n)) != NULL; n++) {
    assert_true(n < 5);
    assert_string_equal(b->backend, plan[n].backend);
    assert_string_equal(b->size, plan[n].size);
    assert_true(b->target == plan[n].target && b->acceptable == plan[n].acceptable &&
                b->fail == plan[n].fail && b->cold == plan[n].cold);
  }
  assert_int_equal(n, 5);
}

static void is_budget(const char *backend, const char *id, const char *path, uint64_t bytes,
                      const char *size) {
  cm_perf_model m = {{0}, {0}, {0}, {0}};
  snprintf(m.id, sizeof m.id, "%s", id);
  snprintf(m.backend, sizeof m.backend, "%s", backend);
  const cm_perf_budget *b = cm_perf_budget_of(&m, path, bytes);
  const char *got = b ? b->size : "none";
  if (strcmp(got, size) != 0 || (b && strcmp(b->backend, backend) != 0))
    fail_msg("%s %s: %s, should be %s", id, path ? path : "", got, size);
}

static void test_budget_of(void **state) {
  (void)state;
  is_budget("cpu", "Qwen2.5 0.5B Instruct", NULL, 0, "0.5B");
  is_budget("cpu", "qwen2.5-coder-1.5b-instruct-q4_k_m", NULL, 0, "1.5B");
  is_budget("mlx", "Qwen2.5-1.5B-4bit", NULL, 0, "1.5B");
  is_budget("ollama", "qwen2.5:0.5b", NULL, 0, "0.5B");
  is_budget("ollama", "qwen2.5:1.5b", NULL, 0, "none");
  is_budget("cpu", "Qwen2.5 7B", NULL, 0, "none");
  is_budget("cpu", "Qwen2.5 10.5B", NULL, 0, "none");
  is_budget("cpu", "model", "/models/1.5b/x-0.5b.gguf", 9000000000, "0.5B");
  is_budget("cpu", "model-8bit", "/a/b.gguf", 500000000, "0.5B");
  is_budget("cpu", "model", "/a/0.5b/b.gguf", 1100000000, "1.5B");
  is_budget("cpu", "model", NULL, 9000000000, "none");
  is_budget("cpu", "cmdai-tiny", NULL, 0, "0.5B");
  is_budget("vllm", "0.5B", NULL, 0, "none");
}

static void judged(double cold, double mean, double p95, double max, cm_perf_check out[3],
                   size_t *n) {
  cm_perf_result r = {.cold_left = 0};
  r.head[CM_PERF_COLD] = (cm_stat_summary){.n = cold > 0, .max = cold};
  r.head[CM_PERF_ANSWER] = (cm_stat_summary){.n = 20, .mean = mean, .p95 = p95, .max = max};
  cm_perf_judge(&r, cm_perf_budget_at(0), out, n);
}

static void test_judged(void **state) {
  (void)state;
  cm_perf_check c[CM_PERF_CHECKS];
  size_t n;
  judged(9999, 4999, 7999, 20000, c, &n);
  assert_int_equal(n, 3);
  for (size_t i = 0; i < 3; i++) assert_int_equal(c[i].state, CM_PERF_MET);
  judged(10000, 5000, 8000, 20000, c, &n);
  for (size_t i = 0; i < 3; i++) assert_int_equal(c[i].state, CM_PERF_EXCEEDED);
  judged(0, 1, NAN, 7999, c, &n); /* few samples, and even the largest is fine */
  assert_int_equal(n, 2);
  assert_int_equal(c[1].state, CM_PERF_MET);
  judged(0, 1, NAN, 8001, c, &n); /* nobody knows */
  assert_int_equal(c[1].state, CM_PERF_UNPROVED);
}

static void test_grade(void **state) {
  (void)state;
  static const struct {
    double ms;
    const char *grade;
  } rows[] = {{3000, "target"}, {3001, "acceptable"}, {5000, "acceptable"},
              {5001, "slow"},   {8000, "slow"},       {8001, "fail"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_perf_result r = {.cold_left = 0};
    r.head[CM_PERF_ANSWER].median = rows[i].ms;
    assert_string_equal(cm_perf_grade(&r, cm_perf_budget_at(0)), rows[i].grade);
  }
}

/* --- one process --- */

#define ANSWER                                                                                    \
  "{\"schema\": \"cmdai.answer/1\", \"command\": \"ls\", \"backend\": \"cpu\", \"model\": "       \
  "{\"id\": \"M\", \"sha256\": \"ab\", \"quant\": \"Q8_0\"}, \"timing_ms\": {\"load\": 3, "       \
  "\"prompt\": 7.5, \"generate\": 20, \"check\": 1, \"total\": 35}, \"tokens\": {\"prompt\": 9, " \
  "\"cached\": 0, \"output\": 11}}"

static void test_read(void **state) {
  (void)state;
  cm_perf_sample s, other;
  cm_perf_model m;
  cm_err e;
  assert_int_equal(cm_perf_read(CM_STR(ANSWER), 40, &s, &m, &e), CM_OK);
  assert_true(s.values[CM_PERF_ANSWER] == 40 && s.values[CM_PERF_START] == 5);
  assert_true(s.values[CM_PERF_LOAD] == 3 && s.values[CM_PERF_FIRST] == 10.5);
  assert_true(s.values[CM_PERF_RATE] == 500); /* ten more tokens in 20 ms */
  assert_true(isnan(s.values[CM_PERF_MEMORY]));
  assert_string_equal(m.id, "M");
  assert_string_equal(m.sha256, "ab");
  assert_string_equal(m.quant, "Q8_0");
  assert_string_equal(m.backend, "cpu");
  assert_int_equal(cm_perf_read(CM_STR("{\"schema\":\"cmdai.answer/1\",\"command\":\"rm\","
                                       "\"timing_ms\":{\"load\":0,\"prompt\":1,\"total\":1},"
                                       "\"tokens\":{\"output\":1}}"),
                                40, &other, &m, &e),
                   CM_OK);
  assert_true(isnan(other.values[CM_PERF_RATE])); /* one token has no rate */
  assert_true(other.answer_hash != s.answer_hash);
}

static void test_not_read(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "ls",
      "[]",
      "{}",
      "{\"schema\": \"cmdai.check/1\"}",
      "{\"schema\": \"cmdai.answer/1\"}",
      ("{\"schema\": \"cmdai.answer/1\", \"timing_ms\": {\"load\": 1, \"prompt\": \"2\", "
       "\"total\": 4}}")};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_perf_sample s;
    cm_perf_model m;
    cm_err e;
    if (cm_perf_read(cm_str_of(bad[i]), 1, &s, &m, &e) != CM_E_FORMAT) fail_msg("%s", bad[i]);
  }
}

static char folder[64];

/* A program that is a script. */
static const char *script(const char *text) {
  static char path[128];
  cm_os_out o;
  cm_err e;
  snprintf(path, sizeof path, "%s/program", folder);
  if (cm_os_out_open(&o, path, &e)) fail_msg("%s", e.msg);
  assert_int_equal(cm_os_out_write(&o, text, strlen(text), &e), CM_OK);
  assert_int_equal(cm_os_out_commit(&o, &e), CM_OK);
  assert_int_equal(chmod(path, 0755), 0);
  return path;
}

static cm_code ask_script(const char *text, cm_perf_sample *s, cm_err *e) {
  cm_perf_model m;
  const cm_perf_target t = {script(text), "the model", 3, 40, UINT64_C(5000000000), NULL};
  return cm_perf_ask(&t, "find me", s, &m, e);
}

static void test_asked(void **state) {
  (void)state;
  cm_perf_sample s;
  cm_err e = {0};
  cm_code code = ask_script(
      "#!/bin/sh\n"
      "[ \"$*\" = 'ask -o json -q -m the model --threads 3 --max-tokens 40 -- find me' ] || "
      "exit 2\nsleep 0.2\necho '" ANSWER "'\nexit 7\n",
      &s, &e);
  if (code) fail_msg("%s", e.msg);
  assert_true(s.values[CM_PERF_ANSWER] >= 200 && s.values[CM_PERF_LOAD] == 3);
  assert_true(fabs(s.values[CM_PERF_START] - (s.values[CM_PERF_ANSWER] - 35)) < 1e-9);
}

static void test_failed_processes(void **state) {
  (void)state;
  cm_perf_sample s;
  cm_err e;
  static const struct {
    const char *text;
    cm_code code;
    const char *words;
  } rows[] = {
      {"#!/bin/sh\necho oh no >&2\nexit 3\n", CM_E_IO, "status 3: oh no"},
      {"#!/bin/sh\necho '" ANSWER "'\nexit 1\n", CM_E_IO, "status 1"},
      {"#!/bin/sh\nkill -9 $$\n", CM_E_IO, "signal 9"},
      {"#!/bin/sh\necho hello\n", CM_E_FORMAT, "program: "},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (ask_script(rows[i].text, &s, &e) != rows[i].code || !strstr(e.msg, rows[i].words))
      fail_msg("%s: %s", rows[i].text, e.msg);
  }
  cm_perf_model m;
  cm_perf_target t = {"/proc/nowhere/cmdai", NULL, 0, 0, UINT64_C(5000000000), NULL};
  assert_int_equal(cm_perf_ask(&t, "x", &s, &m, &e), CM_E_NOTFOUND);
  t.program = script("#!/bin/sh\nsleep 30\n"), t.wall_ns = 100000000;
  assert_int_equal(cm_perf_ask(&t, "x", &s, &m, &e), CM_E_TIMEOUT);
  volatile int cancel = 1;
  t.wall_ns = UINT64_C(5000000000), t.cancel = &cancel;
  assert_int_equal(cm_perf_ask(&t, "x", &s, &m, &e), CM_E_CANCELLED);
}

/* This process holds more than a shell does, and the kernel counts from there. */
static void test_memory_not_known(void **state) {
  (void)state;
  cm_perf_sample s;
  cm_err e;
  char *p = malloc(64 << 20);
  assert_non_null(p);
  memset(p, 1, 64 << 20);
  cm_code code = ask_script("#!/bin/sh\necho '" ANSWER "'\n", &s, &e);
  free(p);
  assert_int_equal(code, CM_OK);
  assert_true(isnan(s.values[CM_PERF_MEMORY]));
}

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/cmdai-bench-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  char path[128];
  (void)state;
  snprintf(path, sizeof path, "%s/program", folder);
  unlink(path);
  rmdir(folder);
  return 0;
}

#define FRESH(test) cmocka_unit_test_setup(test, reset)

int main(void) {
  const struct CMUnitTest tests[] = {
      FRESH(test_figures),
      FRESH(test_few_samples),
      FRESH(test_noise),
      FRESH(test_in_turns),
      FRESH(test_failure),
      FRESH(test_same),
      FRESH(test_slower),
      FRESH(test_small),
      FRESH(test_unsure),
      FRESH(test_too_few),
      FRESH(test_not_confirmed),
      FRESH(test_faster),
      FRESH(test_rate),
      FRESH(test_other_answers),
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_budget_of),
      cmocka_unit_test(test_judged),
      cmocka_unit_test(test_grade),
      cmocka_unit_test(test_read),
      cmocka_unit_test(test_not_read),
      cmocka_unit_test(test_asked),
      cmocka_unit_test(test_failed_processes),
      cmocka_unit_test(test_memory_not_known),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
