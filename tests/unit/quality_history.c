/* rooms: quality data base */
/* The history: what was added comes back, other files are refused, changes are found. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/db.h"
#include "data/json.h"
#include "quality/history.h"
#include "quality_runs.h"

static cm_arena *arena;
static char dir[64], path[96];

static int setup(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/cmdai-history-XXXXXX");
  if (!mkdtemp(dir)) return 1;
  snprintf(path, sizeof path, "%s/h.db", dir);
  arena = cm_arena_open(64 << 20);
  return !arena;
}

static int teardown(void **state) {
  (void)state;
  cm_arena_close(arena);
  unlink(path);
  return rmdir(dir);
}

static cm_history *opened(bool write) {
  cm_history *h;
  cm_err e = {0};
  if (cm_history_open(&h, path, write, &e)) fail_msg("%s", e.msg);
  return h;
}

static const cm_run_cost no_cost = {(double)NAN, (double)NAN};

/* A run of day `day` (from 0) with this pass rate and p50. */
typedef struct sample {
  unsigned day;
  double rate, p50;
  const char *commit, *machine, *sha, *suite;
  bool broken_off;
} sample;

static void add(cm_history *h, const sample *s) {
  static char ids[4000][3][40];
  static unsigned used;
  char(*text)[40] = ids[used++ % 4000];
  cm_record r = new_run();
  snprintf(text[0], 40, "run-%u-%s", s->day, s->machine ? s->machine : "m");
  snprintf(text[1], 40, "2026-%02u-%02uT02:00:00Z", 1 + s->day / 28, 1 + s->day % 28);
  snprintf(text[2], 40, "c%05ude", s->day);
  r.manifest.run_id = cm_str_of(text[0]);
  r.manifest.started = cm_str_of(text[1]);
  r.manifest.commit = cm_str_of(s->commit ? s->commit : text[2]);
  if (s->machine) r.manifest.machine = cm_str_of(s->machine);
  if (s->sha) r.manifest.model_sha256 = cm_str_of(s->sha);
  if (s->suite) r.manifest.suite_hash = cm_str_of(s->suite);
  r.complete = !s->broken_off;
  cm_group files = {.name = CM_STR("files"), .total = 60, .passed = 50, .pass_rate = 50.0 / 60};
  cm_summary sum = {.all = {.total = 100,
                            .passed = (size_t)(100 * s->rate),
                            .failed = 100 - (size_t)(100 * s->rate),
                            .pass_rate = s->rate,
                            .low = s->rate - 0.05,
                            .high = s->rate + 0.05},
                    .categories = &files,
                    .n_categories = 1,
                    .total = {100, s->p50 * 1.1, s->p50, s->p50 * 1.5, (double)NAN, s->p50 * 2},
                    .ttft = {0},
                    .tokens_per_second = 40};
  sum.all.counts[CM_PASS] = sum.all.passed;
  sum.all.counts[CM_FAIL] = sum.all.failed;
  const cm_run_cost cost = {(double)NAN, 0.006};
  bool added;
  cm_err e = {0};
  if (cm_history_add(h, &r, &sum, &cost, &added, &e)) fail_msg("%s", e.msg);
  assert_true(added);
}

static cm_trend listed(cm_history *h, cm_trend_filter f) {
  cm_trend t;
  cm_err e = {0};
  if (cm_history_list(h, &f, arena, &t, &e)) fail_msg("%s", e.msg);
  return t;
}

static void test_round_trip(void **state) {
  (void)state;
  cm_history *h = opened(true);
  add(h, &(sample){.day = 1, .rate = 0.8, .p50 = 120});
  add(h, &(sample){.day = 0, .rate = 0.75, .p50 = 100, .machine = "it's \"odd\"", .sha = MODEL_B});
  cm_history_close(h);
  h = opened(false);
  cm_trend t = listed(h, (cm_trend_filter){.last = 0});
  cm_history_close(h);
  assert_int_equal(t.n, 2);
  const cm_trend_run *r = &t.runs[1]; /* the later one is behind, whatever the order of adding */
  assert_true(cm_str_is(r->started, "2026-01-02T02:00:00Z") && r->started_unix == 1767319200);
  assert_true(cm_str_is(r->commit, "c00001de") && cm_str_is(r->backend, "cpu"));
  assert_true(cm_str_is(r->model_id, "tiny") && cm_str_is(r->model_sha256, MODEL_A));
  assert_true(cm_str_is(r->machine, "Some CPU, 2 cores") && r->threads == 2 && r->batch == 1 &&
              r->complete);
  assert_true(cm_str_is(r->engine, "cmdai 0.1.0") && cm_str_is(r->options, "greedy"));
  assert_true(r->cases == 100 && r->passed == 80 && r->failed == 20);
  assert_true(r->counts[CM_PASS] == 80 && r->counts[CM_FAIL] == 20 && r->counts[CM_SKIP] == 0);
  assert_true(r->n_categories == 1 && cm_str_is(r->categories[0].name, "files"));
  assert_true(r->categories[0].passed == 50 && r->categories[0].pass_rate == 50.0 / 60);
  assert_true(r->pass_rate == 0.8 && r->total.n == 100 && r->total.p50 == 120);
  assert_true(isnan(r->total.p99) && r->ttft.n == 0 && isnan(r->ttft.p50));
  assert_true(r->tokens_per_second == 40 && r->peak_rss_mb == 700 && r->wall_seconds == 90);
  assert_true(r->minutes == 2 && fabs(r->cost - 0.012) < 1e-15); /* 90 s are two minutes */
  assert_true(cm_str_is(t.runs[0].machine, "it's \"odd\""));
}

static void test_once(void **state) {
  (void)state;
  cm_history *h = opened(true);
  cm_record r = new_run();
  const cm_summary s = {.all = {.total = 1}};
  bool added;
  cm_err e;
  assert_int_equal(cm_history_add(h, &r, &s, &no_cost, &added, &e), CM_OK);
  assert_true(added);
  r.manifest.commit = CM_STR("other");
  assert_int_equal(cm_history_add(h, &r, &s, &no_cost, &added, &e), CM_OK);
  assert_false(added);
  cm_trend t = listed(h, (cm_trend_filter){.last = 0});
  assert_int_equal(t.n, 1);
  assert_true(cm_str_is(t.runs[0].commit, "0123abcd") && isnan(t.runs[0].cost));
  cm_history_close(h);
}

static void test_refused_runs(void **state) {
  static const char *const starts[] = {"",
                                       "yesterday",
                                       "2026-11-26",
                                       "2026-11-26T02:00:00",
                                       "2026-11-26T02:00:00+01:00",
                                       "2026-11-26T02:00:00.Z",
                                       "2026-11-26T02:00:00.1xZ",
                                       "2026-11-26 02:00:00Z"};
  (void)state;
  cm_history *h = opened(true);
  const cm_summary s = {.all = {.total = 1}};
  bool added = true;
  cm_err e;
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
    cm_record r = new_run();
    r.manifest.started = cm_str_of(starts[i]);
    assert_int_equal(cm_history_add(h, &r, &s, &no_cost, &added, &e), CM_E_USAGE);
    assert_false(added);
  }
  cm_record r = new_run();
  const cm_run_cost negative = {1, -1};
  assert_int_equal(cm_history_add(h, &r, &s, &negative, &added, &e), CM_E_USAGE);
  r.manifest.machine = CM_STR("\xff");
  assert_int_equal(cm_history_add(h, &r, &s, &no_cost, &added, &e), CM_E_USAGE);
  r.manifest.run_id = CM_STR("");
  assert_int_equal(cm_history_add(h, &r, &s, &no_cost, &added, &e), CM_E_USAGE);
  assert_int_equal(listed(h, (cm_trend_filter){.last = 0}).n, 0);
  r = new_run();
  r.manifest.started = CM_STR("2026-11-26T02:00:00.25Z");
  assert_int_equal(cm_history_add(h, &r, &s, &no_cost, &added, &e), CM_OK);
  cm_history_close(h);
}

static void test_filter(void **state) {
  (void)state;
  cm_history *h = opened(true);
  for (unsigned i = 0; i < 10; i++)
    add(h, &(sample){.day = i, .rate = 0.8, .p50 = 100, .machine = i % 2 ? "odd" : "even"});
  cm_trend t = listed(h, (cm_trend_filter){.last = 3});
  assert_true(t.n == 3 && cm_str_is(t.runs[2].commit, "c00009de"));
  assert_true(cm_str_is(t.runs[0].commit, "c00007de"));
  assert_int_equal(listed(h, (cm_trend_filter){.machine = CM_STR("odd")}).n, 5);
  assert_int_equal(listed(h, (cm_trend_filter){.model = CM_STR(MODEL_A)}).n, 10);
  assert_int_equal(listed(h, (cm_trend_filter){.model = CM_STR("tiny")}).n, 10);
  assert_int_equal(listed(h, (cm_trend_filter){.model = CM_STR("' OR 1=1 --")}).n, 0);
  assert_int_equal(listed(h, (cm_trend_filter){.backend = CM_STR("ollama")}).n, 0);
  t = listed(h, (cm_trend_filter){.last = 0});
  cm_trend_series *s;
  size_t n;
  assert_int_equal(cm_trend_series_of(&t, false, arena, &s, &n, NULL), CM_OK);
  assert_true(n == 1 && s[0].n == 10 && s[0].runs[9] == &t.runs[9]);
  assert_int_equal(cm_trend_series_of(&t, true, arena, &s, &n, NULL), CM_OK);
  assert_true(n == 2 && s[0].n == 5 && s[1].n == 5);
  assert_true(cm_str_is(s[1].runs[4]->machine, "odd") && s[0].runs[0] == &t.runs[0]);
  cm_history_close(h);
}

/* --- files -------------------------------------------------------------------------------- */

static void test_not_a_history(void **state) {
  (void)state;
  cm_history *h;
  cm_err e;
  assert_int_equal(cm_history_open(&h, path, false, &e), CM_E_NOTFOUND);
  assert_null(h);
  FILE *f = fopen(path, "wb");
  fputs("started,commit\n2026-01-01,abc\n", f);
  fclose(f);
  assert_int_equal(cm_history_open(&h, path, true, &e), CM_E_FORMAT);
  unlink(path);
  /* Another program's file, and one of a version to come. */
  static const char *const steps[] = {"CREATE TABLE other (x INTEGER) STRICT", "SELECT 1"};
  const cm_db_schema foreign = {"x", 1234, steps, 1}, newer = {"x", 0x636D6468, steps, 2};
  const cm_db_schema same = {"x", 0x636D6468, steps, 1};
  static const cm_code wants[] = {CM_E_FORMAT, CM_E_UNSUPPORTED, CM_E_FORMAT};
  const cm_db_schema *const schemas[] = {&foreign, &newer, &same};
  for (int i = 0; i < 3; i++) {
    cm_db *db;
    assert_int_equal(cm_db_open(&db, path, schemas[i], CM_DB_WRITE, &e), CM_OK);
    cm_db_close(db);
    assert_int_equal(cm_history_open(&h, path, true, &e), wants[i]);
    assert_null(h);
    unlink(path);
  }
}

/* --- changes ------------------------------------------------------------------------------ */

/* Noise of a few points without a random generator. */
static double noise(unsigned i) { return (double)((i * 37u + i * i * 11u) % 17u) / 17.0 - 0.5; }

static void test_detect(void **state) {
  (void)state;
  cm_history *h = opened(true);
  for (unsigned i = 0; i < 60; i++)
    add(h, &(sample){.day = i,
                     .rate = (i < 40 ? 0.82 : 0.70) + 0.01 * noise(i),
                     .p50 = (i < 20 ? 100 : 130) + 2 * noise(i + 5),
                     .commit = i == 40 ? "badc0ffee0" : NULL,
                     .suite = i < 40 ? "feed" : "beef"});
  cm_trend t = listed(h, (cm_trend_filter){.last = 0});
  cm_trend_change *c;
  size_t n;
  assert_int_equal(cm_trend_detect(&t, NULL, arena, &c, &n, NULL), CM_OK);
  assert_int_equal(n, 3); /* the rate; p50 and, in step with it, p95 */
  assert_int_equal(c[0].metric, CM_TREND_PASS_RATE);
  assert_true(c[0].at == &t.runs[40] && c[0].worse && c[0].stands);
  assert_true(c[0].n_before == 40 && c[0].n_after == 20 && c[0].age == 19);
  assert_true(fabs(c[0].before - 82) < 0.5 && fabs(c[0].after - 70) < 0.5 && c[0].p < 0.01);
  assert_int_equal(
      cm_str_find(c[0].text, CM_STR("pass_rate fell from 8")) |
          (cm_str_find(c[0].text, CM_STR("at commit badc0ffe on 2026-02-13")) == SIZE_MAX) |
          (cm_str_find(c[0].text, CM_STR("changed too: test cases)")) == SIZE_MAX),
      0);
  assert_true(c[1].metric == CM_TREND_P50 && c[1].at == &t.runs[20] && c[1].worse);
  assert_true(c[2].metric == CM_TREND_P95 && c[2].at == &t.runs[20]);
  assert_int_equal(cm_trend_status(c, n, 30), 1);
  assert_int_equal(cm_trend_status(c, n, 19), 1);
  assert_int_equal(cm_trend_status(c, n, 18), 0);
  assert_int_equal(cm_trend_status(c + 1, 2, 39), 6);
  c[1].worse = c[2].worse = false;
  assert_int_equal(cm_trend_status(c + 1, 2, 39), 0);
  cm_history_close(h);
}

/* What was mended is told, but is no alarm; runs that broke off and other machines don't count. */
static void test_mended(void **state) {
  (void)state;
  cm_history *h = opened(true);
  for (unsigned i = 0; i < 60; i++) {
    bool bad = i >= 20 && i < 40;
    add(h, &(sample){.day = i, .rate = (bad ? 0.6 : 0.8) + 0.01 * noise(i), .p50 = 100});
    add(h, &(sample){.day = i,
                     .rate = 0.1,
                     .p50 = i < 30 ? 1 : 900,
                     .machine = "slow",
                     .broken_off = true});
  }
  cm_trend t = listed(h, (cm_trend_filter){.last = 0});
  cm_trend_change *c;
  size_t n;
  assert_int_equal(cm_trend_detect(&t, NULL, arena, &c, &n, NULL), CM_OK);
  assert_int_equal(n, 2);
  assert_true(c[0].worse && !c[0].stands && !c[1].worse && c[1].stands);
  assert_int_equal(cm_trend_status(c, n, 1000), 0);
  cm_history_close(h);
}

static void test_quiet(void **state) {
  (void)state;
  cm_history *h = opened(true);
  for (unsigned i = 0; i < 50; i++)
    add(h, &(sample){.day = i, .rate = 0.8 + 0.02 * noise(i), .p50 = 100 + 5 * noise(i + 3)});
  cm_trend t = listed(h, (cm_trend_filter){.last = 0});
  cm_trend_change *c;
  size_t n = 1;
  assert_int_equal(cm_trend_detect(&t, NULL, arena, &c, &n, NULL), CM_OK);
  assert_int_equal(n, 0);
  t.n = 0;
  assert_int_equal(cm_trend_detect(&t, NULL, arena, &c, &n, NULL), CM_OK);
  assert_int_equal(n, 0);
  cm_history_close(h);
}

/* --- what is written ---------------------------------------------------------------------- */

static const char evil[] = "</script><script>alert(1)</script>\"'|\x1b[31m\xE2\x80\xAE\\\n";

static cm_trend written(cm_trend_change **c, size_t *n) {
  cm_history *h = opened(true);
  for (unsigned i = 0; i < 24; i++)
    add(h, &(sample){.day = i,
                     .rate = i < 12 ? 0.9 : 0.7,
                     .p50 = 1234.5 + i,
                     .commit = i == 12 ? evil : NULL,
                     .machine = i == 23 ? evil : NULL});
  cm_trend t = listed(h, (cm_trend_filter){.last = 0});
  cm_history_close(h);
  assert_int_equal(cm_trend_detect(&t, NULL, arena, c, n, NULL), CM_OK);
  return t;
}

static bool has(const cm_buf *b, const char *what) {
  return cm_str_find((cm_str){b->p, b->n}, cm_str_of(what)) != SIZE_MAX;
}

static size_t times(const cm_buf *b, const char *what) {
  size_t n = 0, len = strlen(what);
  for (size_t i = 0; i + len <= b->n; i++) n += !memcmp(b->p + i, what, len);
  return n;
}

static void test_text(void **state) {
  (void)state;
  cm_trend_change *c;
  size_t n;
  cm_trend t = written(&c, &n);
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  assert_int_equal(cm_history_text(&t, &b, NULL), CM_OK);
  assert_true(has(&b, "cpu, tiny, greedy; Some CPU, 2 cores, 2 threads\n"));
  assert_true(has(&b, "2026-01-02 02:00  c00001de     90/100   90.0 %   1,236 ms   1,853 ms"));
  assert_true(has(&b, "700 MB"));
  assert_true(has(&b, "$0.012\n"));
  assert_int_equal(times(&b, "\n"), 24 + 2 * 2 + 1); /* two tables */
  assert_false(has(&b, "\x1b") || has(&b, "\xE2\x80\xAE"));
  cm_buf_close(&b);
}

static void test_json(void **state) {
  (void)state;
  cm_trend_change *c;
  size_t n;
  cm_trend t = written(&c, &n);
  cm_buf b;
  cm_json *root;
  cm_str s;
  double v;
  cm_buf_init(&b, 1 << 20);
  assert_int_equal(cm_history_json(&t, c, n, &b, NULL), CM_OK);
  assert_int_equal(cm_json_parse((cm_str){b.p, b.n}, CM_JSON_LIMITS, &root, NULL), CM_OK);
  assert_true(cm_json_str(cm_json_get(root, "schema"), &s) && cm_str_is(s, "cmdai.trend/1"));
  const cm_json *runs = cm_json_get(root, "runs"), *r = cm_json_at(runs, 12);
  assert_int_equal(cm_json_count(runs), 24);
  assert_true(cm_json_str(cm_json_get(r, "commit"), &s) && cm_str_eq(s, CM_STR(evil)));
  assert_true(cm_json_f64(cm_json_get(r, "pass_rate"), &v) && v == 0.7);
  assert_true(cm_json_f64(cm_json_get(cm_json_get(r, "latency_ms"), "p50"), &v) && v == 1246.5);
  assert_int_equal(cm_json_kind_of(cm_json_get(cm_json_get(r, "latency_ms"), "p99")),
                   CM_JSON_NULL);
  assert_int_equal(cm_json_count(cm_json_get(root, "changes")), n);
  assert_true(
      n >= 1 &&
      cm_json_str(cm_json_get(cm_json_at(cm_json_get(root, "changes"), 0), "metric"), &s) &&
      cm_str_is(s, "pass_rate"));
  cm_json_free(root);
  cm_buf_close(&b);
}

static void test_openmetrics(void **state) {
  (void)state;
  cm_trend_change *c;
  size_t n;
  cm_trend t = written(&c, &n);
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  assert_int_equal(cm_history_openmetrics(&t, &b, NULL), CM_OK);
  const char *labels =
      "{backend=\"cpu\",model=\"tiny\",machine=\"Some CPU, 2 cores\","
      "threads=\"2\",batch=\"1\",options=\"greedy\"";
  char line[300];
  snprintf(line, sizeof line, "cmdai_test_pass_ratio%s} 0.700000\n", labels);
  assert_true(has(&b, line));
  snprintf(line, sizeof line,
           "cmdai_test_latency_seconds%s,phase=\"total\",quantile=\"0.5\"} 1.256500\n", labels);
  assert_true(has(&b, line)); /* of day 22: day 23 was on the other machine */
  snprintf(line, sizeof line, "cmdai_test_peak_rss_bytes%s} 734003200\n", labels);
  assert_true(has(&b, line));
  snprintf(line, sizeof line, "cmdai_test_cases%s,state=\"fail\"} 30\n", labels);
  assert_true(has(&b, line));
  assert_int_equal(times(&b, "cmdai_test_pass_ratio{"), 2);
  assert_int_equal(times(&b, "# TYPE cmdai_test_pass_ratio gauge\n"), 1);
  assert_false(has(&b, "\x1b") || has(&b, "0.99"));
  assert_string_equal(b.p + b.n - 6, "# EOF\n");
  cm_buf_close(&b);
}

static void test_html(void **state) {
  (void)state;
  cm_trend_change *c;
  size_t n;
  cm_trend t = written(&c, &n);
  cm_buf b;
  cm_buf_init(&b, 8 << 20);
  assert_int_equal(cm_history_html(&t, c, n, &b, NULL), CM_OK);
  assert_true(has(&b, "<!doctype html>") && has(&b, "Content-Security-Policy"));
  assert_int_equal(times(&b, "<script"), 1);
  assert_false(has(&b, "alert(1)</script>") || has(&b, "\x1b") || has(&b, "\xE2\x80\xAE"));
  assert_true(has(&b, "fell from 90.0 % to 70.0 %"));
  assert_false(has(&b, "http:") || has(&b, "https:"));
  assert_int_equal(times(&b, "<svg"), times(&b, "</svg>"));
  assert_int_equal(times(&b, "<tr"), times(&b, "</tr>"));
  assert_true(times(&b, "<svg") >= 5);
  cm_buf_reset(&b);
  t.n = 0;
  assert_int_equal(cm_history_html(&t, c, 0, &b, NULL), CM_OK);
  assert_true(has(&b, "</html>"));
  cm_buf_close(&b);
  cm_buf_init(&b, 1000);
  t.n = 24;
  assert_int_equal(cm_history_html(&t, c, n, &b, NULL), CM_E_NOMEM);
  cm_buf_close(&b);
}

static void test_values(void **state) {
  static const struct {
    cm_trend_metric m;
    double v;
    const char *want;
  } rows[] = {
      {CM_TREND_PASS_RATE, 82.14, "82.1 %"},    {CM_TREND_PASS_RATE, 100, "100.0 %"},
      {CM_TREND_P50, 1234567, "1,234,567 ms"},  {CM_TREND_P50, 999.4, "999 ms"},
      {CM_TREND_P50, 12.34, "12.3 ms"},         {CM_TREND_MEMORY, (double)NAN, "n/a"},
      {CM_TREND_COST, 0.0123, "$0.012"},        {CM_TREND_COST, 12.5, "$12.50"},
      {CM_TREND_WALL, (double)INFINITY, "n/a"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_buf b;
    cm_buf_init(&b, 100);
    cm_trend_put_value(rows[i].m, rows[i].v, &b);
    assert_string_equal(b.p, rows[i].want);
    cm_buf_close(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
      cmocka_unit_test_setup_teardown(test_once, setup, teardown),
      cmocka_unit_test_setup_teardown(test_refused_runs, setup, teardown),
      cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
      cmocka_unit_test_setup_teardown(test_not_a_history, setup, teardown),
      cmocka_unit_test_setup_teardown(test_detect, setup, teardown),
      cmocka_unit_test_setup_teardown(test_mended, setup, teardown),
      cmocka_unit_test_setup_teardown(test_quiet, setup, teardown),
      cmocka_unit_test_setup_teardown(test_text, setup, teardown),
      cmocka_unit_test_setup_teardown(test_json, setup, teardown),
      cmocka_unit_test_setup_teardown(test_openmetrics, setup, teardown),
      cmocka_unit_test_setup_teardown(test_html, setup, teardown),
      cmocka_unit_test_setup_teardown(test_values, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
