/* rooms: base sh safety data */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/json.h"
#include "quality_records.h"

static cm_arena *arena;
static cm_buf buf;

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(64 << 20);
  cm_buf_init(&buf, 16 << 20);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  cm_arena_close(arena);
  cm_buf_close(&buf);
  return 0;
}

static cm_str written(void) { return (cm_str){buf.p, buf.n}; }

static cm_record read_ok(cm_str text) {
  cm_record r;
  cm_err e = {0};
  if (cm_record_read(&r, text, CM_STR("f.jsonl"), arena, &e)) fail_msg("%s", e.msg);
  return r;
}

static void test_names(void **state) {
  (void)state;
  static const char *const names[] = {"pass",  "fail",    "blocked-ok", "golden-changed",
                                      "flaky", "skip",    "xfail",      "xpass",
                                      "error", "timeout", "not-run"};
  cm_state s;
  for (unsigned i = 0; i < CM_STATES; i++) {
    assert_string_equal(cm_state_name((cm_state)i), names[i]);
    assert_true(cm_state_of(cm_str_of(names[i]), &s) && s == (cm_state)i);
    assert_int_equal(cm_state_passed((cm_state)i), i == 0 || i == 2);
  }
  assert_false(cm_state_of(CM_STR("passed"), &s));
  assert_false(cm_state_of(CM_STR(""), &s));
}

static void same_list(const cm_str *a, size_t n, const cm_str *b, size_t m) {
  assert_int_equal(n, m);
  for (size_t i = 0; i < n; i++) assert_true(cm_str_eq(a[i], b[i]));
}

static void same_result(const cm_result *a, const cm_result *b) {
  assert_true(cm_str_eq(a->id, b->id) && cm_str_eq(a->cluster, b->cluster));
  assert_true(cm_str_eq(a->category, b->category) && cm_str_eq(a->file, b->file));
  assert_true(cm_str_eq(a->hash, b->hash) && a->line == b->line && a->tier == b->tier);
  assert_true(a->gate == b->gate && a->subject == b->subject && a->state == b->state);
  assert_true(cm_str_eq(a->prompt, b->prompt) && cm_str_eq(a->command, b->command));
  same_list(a->tags, a->n_tags, b->tags, b->n_tags);
  same_list(a->fallback, a->n_fallback, b->fallback, b->n_fallback);
  assert_int_equal(a->n_reasons, b->n_reasons);
  for (size_t i = 0; i < a->n_reasons; i++) {
    assert_string_equal(a->reasons[i].judge, b->reasons[i].judge);
    assert_true(cm_str_eq(a->reasons[i].text, b->reasons[i].text));
  }
  assert_true(a->quarantined == b->quarantined && a->safety_miss == b->safety_miss);
  assert_true(a->answered == b->answered && a->refused == b->refused);
  assert_true(a->uncertain == b->uncertain && a->confidence == b->confidence);
  assert_true(a->logprob == b->logprob && a->risk == b->risk && a->decision == b->decision);
  assert_true(cm_str_eq(a->backend, b->backend) && a->attempts == b->attempts);
  assert_true(a->passes == b->passes && a->retries == b->retries && a->worlds == b->worlds);
  assert_true(a->prompt_tokens == b->prompt_tokens && a->cached_tokens == b->cached_tokens);
  assert_true(a->output_tokens == b->output_tokens && a->peak_rss_mb == b->peak_rss_mb);
  assert_true(a->latency.ttft == b->latency.ttft && a->latency.total == b->latency.total);
  assert_true(a->latency.check == b->latency.check && a->latency.exec == b->latency.exec);
}

/* What was written is read back, field by field, and writes the same bytes again. */
static void test_round_trip(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  cm_record_text(&r, &buf);
  assert_false(buf.overflow);
  cm_record back = read_ok(written());
  assert_int_equal(back.n, r.n);
  for (size_t i = 0; i < r.n; i++) same_result(&r.results[i], &back.results[i]);
  const cm_manifest *m = &r.manifest, *n = &back.manifest;
  assert_true(cm_str_eq(m->run_id, n->run_id) && cm_str_eq(m->started, n->started));
  assert_true(cm_str_eq(m->commit, n->commit) && cm_str_eq(m->backend, n->backend));
  assert_true(cm_str_eq(m->model_id, n->model_id) && cm_str_eq(m->machine, n->machine));
  assert_true(cm_str_eq(m->model_sha256, n->model_sha256) && m->threads == n->threads);
  assert_true(cm_str_eq(m->model_quant, n->model_quant) && cm_str_eq(m->os, n->os));
  assert_true(cm_str_eq(m->engine, n->engine) && cm_str_eq(m->sandbox, n->sandbox));
  assert_true(n->scale == 1.5 && n->bias == -0.25);
  assert_true(cm_str_eq(m->level, n->level) && cm_str_eq(m->options, n->options));
  assert_true(cm_str_eq(m->suite_hash, n->suite_hash) && n->shard == 1 && n->shards == 1);
  same_list(m->planned, m->n_planned, n->planned, n->n_planned);
  assert_false(back.complete); /* "never" has no result */
  assert_true(back.peak_rss_mb == 711);
  cm_buf again;
  cm_buf_init(&again, 16 << 20);
  cm_record_text(&back, &again);
  assert_true(cm_str_eq(written(), (cm_str){again.p, again.n}));
  cm_buf_close(&again);
}

/* A line ends only where it ends, whatever the texts hold. */
static void test_lines(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  cm_record_text(&r, &buf);
  cm_str rest = written(), line;
  size_t n = 0;
  for (cm_json *root; cm_str_line(&rest, &line); n++) {
    assert_int_equal(cm_json_parse(line, CM_JSON_LIMITS, &root, NULL), CM_OK);
    cm_json_free(root);
  }
  assert_int_equal(n, 1 + r.n - 1); /* the manifest; one case has no result */
}

static void test_complete(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  r.results[10] = r.results[0];
  r.results[10].id = sample_ids[10];
  r.complete = true;
  cm_record_text(&r, &buf);
  cm_record back = read_ok(written());
  assert_true(back.complete && back.wall_seconds == 12.5);
  /* Without its end line the run never said that it was done. */
  size_t cut = buf.n - 1;
  while (buf.p[cut - 1] != '\n') cut--;
  assert_false(read_ok((cm_str){buf.p, cut}).complete);
  /* A write that was cut off is no line. */
  for (size_t n = cut; n < buf.n; n++) assert_false(read_ok((cm_str){buf.p, n}).complete);
}

static void test_accepted(void **state) {
  (void)state;
  cm_record r = sample_record(arena);
  r.accepted_when = CM_STR("2026-11-26T03:00:00Z");
  r.accepted_reason = CM_STR("new model\n\"x\"");
  cm_record_text(&r, &buf);
  cm_record back = read_ok(written());
  assert_true(cm_str_eq(back.accepted_when, r.accepted_when));
  assert_true(cm_str_eq(back.accepted_reason, r.accepted_reason));
  cm_err e;
  cm_accepted_line(r.accepted_when, r.accepted_reason, &buf);
  cm_buf_putc(&buf, '\n');
  assert_int_equal(cm_record_read(&back, written(), CM_STR("f"), arena, &e), CM_E_FORMAT);
}

/* A resumed run may repeat a result; only times may differ. */
static void test_repeated(void **state) {
  (void)state;
  cm_record r = sample_record(arena), back;
  cm_err e = {0};
  cm_record_text(&r, &buf);
  cm_result again = r.results[3];
  again.latency.total = 1, again.peak_rss_mb = 1, again.retries = 7, again.cached_tokens = 0;
  cm_result_line(&again, &buf);
  cm_buf_putc(&buf, '\n');
  assert_true(read_ok(written()).results[3].latency.total == r.results[3].latency.total);
  again.command = CM_STR("another");
  cm_result_line(&again, &buf);
  cm_buf_putc(&buf, '\n');
  assert_int_equal(cm_record_read(&back, written(), CM_STR("f"), arena, &e), CM_E_FORMAT);
  assert_non_null(strstr(e.msg, "f:14: two different results of big|id`x`"));
  assert_int_equal(back.n, 0);
}

/* --- hostile files --- */

#define PLACE                                                                 \
  "\"place\":{\"run_id\":\"\",\"started\":\"\",\"machine\":\"\",\"os\":\"\"," \
  "\"threads\":1,\"batch\":1}"
#define MODEL "\"model\":{\"id\":\"\",\"sha256\":\"\",\"quant\":\"\"}"
#define PLAN(shards, ids)                                                                         \
  "{\"kind\":\"manifest\",\"schema\":\"cmdai.run/"                                                \
  "1\",\"plan\":{\"commit\":\"\",\"backend\":\"\"," MODEL                                         \
  ",\"engine\":\"\",\"sandbox\":\"\",\"level\":\"\",\"options\":\"\",\"suite_hash\":\"\"," shards \
  ",\"planned\":" ids "}," PLACE "}\n"
#define ONE PLAN("\"shard\":1,\"shards\":1", "[\"a\"]")

static const struct {
  const char *text, *says;
} bad[] = {
    {"", "f:0: no manifest"},
    {"\n", "f:1: JSON"},
    {"{}\n", "f:1: a text is expected: kind"},
    {"[1]\n", "f:1: a text is expected: kind"},
    {"{\"kind\":\"other\"}\n", "f:1: an unknown kind of line: other"},
    {"{\"kind\":\"end\"}\n", "f:1: an end before the manifest"},
    {"{\"kind\":\"result\"}\n", "f:1: a result before the manifest"},
    {"{\"kind\":\"manifest\"}\n", "f:1: a text is expected: schema"},
    {"{\"kind\":\"manifest\",\"schema\":\"cmdai.run/2\"}\n", "f:1: another schema"},
    {"{\"kind\":\"manifest\",\"schema\":\"cmdai.run/1\"}\n",
     "f:1: missing or of another kind: plan"},
    {PLAN("\"shard\":2,\"shards\":1", "[]"), "f:1: no such shard"},
    {PLAN("\"calibration\":{\"scale\":-1,\"bias\":0},\"shard\":1,\"shards\":1", "[]"),
     "f:1: a negative measure: scale"},
    {PLAN("\"calibration\":{\"scale\":1},\"shard\":1,\"shards\":1", "[]"),
     "f:1: a number is expected: bias"},
    {PLAN("\"shard\":0,\"shards\":1", "[]"), "f:1: no such shard"},
    {PLAN("\"shard\":1,\"shards\":-1", "[]"), "f:1: a count is expected: shards"},
    {PLAN("\"shard\":1,\"shards\":4294967296", "[]"), "f:1: a count is expected: shards"},
    {PLAN("\"shard\":1,\"shards\":2", "[]"), "f:1: missing or of another kind: whole"},
    {PLAN("\"shard\":1,\"shards\":1", "[\"\"]"), "f:1: an empty id"},
    {PLAN("\"shard\":1,\"shards\":1", "[\"b\",\"a\",\"b\"]"), "f:1: planned twice: b"},
    {PLAN("\"shard\":1,\"shards\":1", "[1]"), "f:1: texts are expected: planned"},
    {PLAN("\"shard\":1,\"shards\":1", "{}"), "f:1: missing or of another kind: planned"},
    {ONE ONE, "f:2: a second manifest"},
    {ONE "{\"kind\":\"result\",\"id\":\"a\"}\n", "f:2: a text is expected: cluster"},
    {ONE "{\"kind\":\"end\",\"wall_seconds\":-1,\"peak_rss_mb\":null}\n",
     "f:2: a negative measure"},
    {ONE "{\"kind\":\"end\",\"wall_seconds\":\"1\",\"peak_rss_mb\":null}\n",
     "f:2: a number is expected"},
    {ONE "not json\n", "f:2: JSON line 1"},
    {ONE "\xff\n", "f:2: JSON"},
    {ONE "{\"kind\":\"accepted\",\"schema\":\"cmdai.run/1\",\"when\":\"\",\"reason\":\"\"}\n",
     "f:2: only the first line"},
};

static void test_bad(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_record r;
    cm_err e = {0};
    cm_code code = cm_record_read(&r, cm_str_of(bad[i].text), CM_STR("f"), arena, &e);
    if (code != CM_E_FORMAT || !strstr(e.msg, bad[i].says))
      fail_msg("%zu: %d %s, not %s", i, code, e.msg, bad[i].says);
    assert_true(r.n == 0 && !r.complete);
  }
  assert_int_equal(read_ok(cm_str_of(ONE)).n, 1);
}

/* Every member of a result is needed, and must be of its kind. */
static void test_members(void **state) {
  (void)state;
  static const char *const keys[] = {
      "id",      "cluster",     "category",    "file",          "line",     "hash",
      "tier",    "gate",        "subject",     "prompt",        "tags",     "state",
      "reasons", "quarantined", "safety_miss", "answered",      "refused",  "uncertain",
      "command", "risk",        "decision",    "backend",       "fallback", "attempts",
      "passes",  "tokens",      "worlds",      "latency_ms",    "measured", "ttft",
      "total",   "check",       "exec",        "cached_tokens", "retries"};
  cm_record r = sample_record(arena);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    cm_buf_reset(&buf);
    cm_manifest_line(&r.manifest, &buf);
    cm_buf_putc(&buf, '\n');
    size_t start = buf.n;
    cm_result_line(&r.results[4], &buf);
    cm_buf_putc(&buf, '\n');
    char key[40];
    snprintf(key, sizeof key, "\"%s\":", keys[i]);
    char *at = strstr(buf.p + start, key);
    if (!at) fail_msg("%s isn't written", keys[i]);
    at[1] = '_';
    cm_record back;
    cm_err e = {0};
    assert_int_equal(cm_record_read(&back, written(), CM_STR("f"), arena, &e), CM_E_FORMAT);
    if (!strstr(e.msg, keys[i]) || !strstr(e.msg, "f:2: ")) fail_msg("%s: %s", keys[i], e.msg);
  }
}

static void test_limits(void **state) {
  (void)state;
  cm_record r;
  cm_err e = {0};
  cm_buf_puts(&buf, "{\"kind\":");
  for (int i = 0; i < 100; i++) cm_buf_putc(&buf, '[');
  cm_buf_putc(&buf, '\n');
  assert_int_equal(cm_record_read(&r, written(), CM_STR("f"), arena, &e), CM_E_LIMIT);
  assert_int_equal(
      cm_record_read(&r, (cm_str){"", (size_t)CM_RUN_BYTES_MAX + 1}, CM_STR("f"), arena, &e),
      CM_E_LIMIT);
  cm_manifest m = sample_record(arena).manifest;
  m.n_planned = CM_SUITE_CASES_MAX + 1;
  m.planned = cm_arena_alloc(arena, m.n_planned, sizeof *m.planned);
  for (size_t i = 0; i < m.n_planned; i++) m.planned[i] = CM_STR("x");
  cm_buf_reset(&buf);
  cm_manifest_line(&m, &buf);
  cm_buf_putc(&buf, '\n');
  assert_int_equal(cm_record_read(&r, written(), CM_STR("f"), arena, &e), CM_E_LIMIT);
}

/* Whatever allocation fails: an error, never a crash or half a record. */
static void test_no_memory(void **state) {
  (void)state;
  cm_record r = sample_record(arena), back;
  cm_record_text(&r, &buf);
  cm_code code = CM_E_NOMEM;
  for (uint64_t n = 1; code; n++) {
    cm_arena *own = cm_arena_open(1 << 20);
    back.n = 0;
    cm_mem_fail_nth(n);
    code = own ? cm_record_read(&back, written(), CM_STR("f"), own, NULL) : CM_E_NOMEM;
    cm_mem_fail_nth(0);
    assert_true(code == CM_OK || code == CM_E_NOMEM);
    assert_true(code == CM_OK || back.n == 0);
    cm_arena_close(own);
  }
}

/* --- merging --- */

/* The sample, dealt out to `of` shards; every case has a result. */
static void deal(cm_record *out, uint32_t of) {
  cm_record all = sample_record(arena);
  all.results[10] = all.results[0];
  all.results[10].id = sample_ids[10];
  for (uint32_t s = 0; s < of; s++) {
    out[s] = all;
    cm_manifest *m = &out[s].manifest;
    m->shard = s + 1, m->shards = of;
    m->whole = all.manifest.planned, m->n_whole = all.n;
    m->planned = cm_arena_alloc(arena, all.n, sizeof *m->planned);
    m->n_planned = 0;
    out[s].results = cm_arena_alloc(arena, all.n, sizeof *out[s].results);
    for (size_t i = s; i < all.n; i += of) {
      out[s].results[m->n_planned] = all.results[i];
      m->planned[m->n_planned++] = all.results[i].id;
    }
    out[s].n = m->n_planned;
    out[s].complete = true;
  }
}

static void test_merge(void **state) {
  (void)state;
  cm_record shards[3], swapped[3], read[3], whole;
  cm_err e = {0};
  deal(shards, 3);
  for (int i = 0; i < 3; i++) { /* through their files, and in another order */
    cm_buf_reset(&buf);
    cm_record_text(&shards[i], &buf);
    read[2 - i] = read_ok(written());
  }
  memcpy(swapped, read, sizeof read);
  if (cm_record_merge(&whole, swapped, 3, arena, &e)) fail_msg("%s", e.msg);
  assert_true(whole.complete && whole.n == SAMPLE_CASES && whole.manifest.shards == 1);
  assert_true(whole.wall_seconds == 3 * 12.5 && whole.peak_rss_mb == 711);
  assert_true(whole.manifest.n_planned == SAMPLE_CASES && !whole.manifest.whole);
  for (size_t i = 0; i < whole.n; i++) {
    assert_true(cm_str_eq(whole.results[i].id, sample_ids[i]));
    assert_true(cm_str_eq(whole.manifest.planned[i], sample_ids[i]));
  }
  shards[1].complete = false;
  assert_int_equal(cm_record_merge(&whole, shards, 3, arena, &e), CM_OK);
  assert_false(whole.complete);
}

static void merge_fails(const cm_record *shards, size_t n, const char *says) {
  cm_record whole;
  cm_err e = {0};
  assert_int_equal(cm_record_merge(&whole, shards, n, arena, &e), CM_E_FORMAT);
  if (!strstr(e.msg, says)) fail_msg("%s, not %s", e.msg, says);
  assert_int_equal(whole.n, 0);
}

static void test_merge_bad(void **state) {
  (void)state;
  cm_record s[3] = {0};
  merge_fails(s, 0, "nothing to merge");
  deal(s, 3);
  merge_fails(s, 2, "shard 3 of 3 is missing");
  merge_fails(s + 1, 2, "shard 1 of 3 is missing");
  s[1] = s[0];
  merge_fails(s, 3, "shard 1 of 3 stands twice");
  deal(s, 3);
  s[1].results[1] = (cm_result){.id = s[1].results[1].id, .state = CM_NOT_RUN};
  merge_fails(s, 3, "shard 2 has no result of flaky");
  deal(s, 3);
  s[2].results[0].id = sample_ids[0];
  merge_fails(s, 3, "shards 1 and 3 both have the case list-files");
  deal(s, 3);
  s[2].n--;
  merge_fails(s, 3, "no shard has the case miss");
  deal(s, 3);
  s[2].results[0].id = CM_STR("stranger");
  merge_fails(s, 3, "shard 3 has a case that isn't of the run: stranger");
  deal(s, 3);
  s[2].manifest.model_sha256 = CM_STR("other");
  merge_fails(s, 3, "shards 1 and 3 are of different runs: another model");
  deal(s, 3);
  s[1].manifest.options = CM_STR("temperature 1");
  merge_fails(s, 3, "another options");
  deal(s, 3);
  s[1].manifest.n_whole--;
  merge_fails(s, 3, "another list of all cases");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_complete, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_accepted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_repeated, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_bad, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_members, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_merge, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_merge_bad, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
