/* rooms: base sh safety data */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/json.h"
#include "quality/report_parts.h"
#include "quality_records.h"

/* What other programs say about the formats: tests/reports. Here are limits, escapes, and what
 * holds for all of them. */

static cm_arena *arena;
static cm_buf buf;
static cm_record records[2];
static cm_summary summaries[2];
static cm_gate_result gate = {"floor", false, 1, {"80 % <&> `x` | ::error::\n@y", 25}};
static cm_gates gates = {&gate, 1, 1};

static cm_report_input input(size_t n) { return (cm_report_input){records, summaries, &gates, n}; }

static void summarize(void) {
  for (int i = 0; i < 2; i++)
    assert_int_equal(cm_summarize(&records[i], arena, &summaries[i], NULL), CM_OK);
}

static int set_up(void **state) {
  (void)state;
  arena = cm_arena_open(256 << 20);
  cm_buf_init(&buf, 128 << 20);
  if (!arena) return -1;
  records[0] = records[1] = sample_record(arena);
  records[1].manifest.model_id = nasty(2);
  records[1].n = 5; /* another choice of cases */
  summarize();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  cm_arena_close(arena);
  cm_buf_close(&buf);
  return 0;
}

static cm_str written(void) { return (cm_str){buf.p ? buf.p : "", buf.n}; }

static void write_one(const cm_report *r, const cm_report_input *in) {
  cm_err e = {0};
  cm_buf_reset(&buf);
  if (r->write(in, &buf, &e)) fail_msg("%s: %s", r->name, e.msg);
}

static bool holds(const char *what) { return cm_str_find(written(), cm_str_of(what)) != SIZE_MAX; }

static size_t count(const char *what) {
  size_t n = 0;
  for (cm_str rest = written();; n++) {
    size_t at = cm_str_find(rest, cm_str_of(what));
    if (at == SIZE_MAX) return n;
    rest.p += at + 1, rest.n -= at + 1;
  }
}

/* A sample of so many failing cases, each with a text of `bytes` bytes. */
static void make_many(size_t n, size_t bytes) {
  char *text = cm_arena_alloc(arena, bytes + 1, 1);
  cm_record *r = &records[0];
  memset(text, '<', bytes);
  r->results = cm_arena_alloc(arena, n, sizeof *r->results);
  r->n = n;
  for (size_t i = 0; i < n; i++) {
    char *id = cm_arena_alloc(arena, 24, 1);
    r->results[i] = sample_case(1, arena);
    r->results[i].id = (cm_str){id, (size_t)snprintf(id, 24, "case-%zu", i)};
    r->results[i].gate = i % 2 ? CM_GATE_HARD : CM_GATE_SOFT;
    r->results[i].quarantined = false;
    r->results[i].reasons[0].text = (cm_str){text, bytes};
  }
  summarize();
}

/* --- pieces --- */

static void test_visible(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool lines;
    const char *shown;
  } rows[] = {
      {"a\tb\nc", false, "a\\tb\\nc"},
      {"a\tb\nc", true, "a\tb\nc"},
      {"\x1b[31m\r\x7f", true, "\\x1b[31m\\x0d\\x7f"},
      {"\xE2\x80\xAE\xE2\x81\xA6\xE2\x80\x8B", true, "\\u202e\\u2066\\u200b"},
      {"\xF3\xA0\x81\x81", true, "\\u0e0041"},
      {"\xEF\xBF\xBE\xEF\xBF\xBF", true, "\\ufffe\\uffff"},
      {"\xff\xC3\xA9\xC3", true, "\\xff\xC3\xA9\\xc3"},
      {"\xC2\x85", true, "\\u0085"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cm_buf_reset(&buf);
    cm_put_visible(cm_str_of(rows[i].text), rows[i].lines, &buf);
    assert_string_equal(buf.p, rows[i].shown);
  }
  cm_buf_reset(&buf);
  cm_put_visible((cm_str){"a\0b", 3}, true, &buf);
  assert_string_equal(buf.p, "a\\x00b");
  cm_buf_reset(&buf);
  cm_put_xml(CM_STR("<a b='c\">&\x01"), true, &buf);
  assert_string_equal(buf.p, "&lt;a b=&#39;c&quot;&gt;&amp;\\x01");
}

static void test_cut(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t most;
    const char *head;
    bool cut;
  } rows[] = {
      {"abc", 3, "abc", false},
      {"abcd", 3, "abc", true},
      {"", 3, "", false},
      {"abc", 0, "", true},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80x", 3, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", true},
      {"e\xCC\x81x", 1, "e\xCC\x81", true}, /* the accent stays on its letter */
      {"e\xCC\x81", 1, "e\xCC\x81", false},
      {"\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD!", 1, "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD", true},
      {"\xCC\x81"
       "ab",
       2,
       "\xCC\x81"
       "a",
       true}, /* a mark without a letter counts */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool cut;
    cm_str head = cm_cut(cm_str_of(rows[i].text), rows[i].most, &cut);
    if (!cm_str_is(head, rows[i].head) || cut != rows[i].cut) fail_msg("row %zu", i);
  }
  bool cut;
  char tower[200];
  for (size_t i = 0; i < sizeof tower; i += 2) memcpy(tower + i, "\xCC\x81", 2);
  assert_true(cm_cut((cm_str){tower, sizeof tower}, 3, &cut).n < 100 && cut);
}

/* --- all of them --- */

static void test_list(void **state) {
  (void)state;
  static const char *const names[] = {"json",  "jsonl", "junit",  "md",        "html",       "csv",
                                      "sarif", "tap",   "github", "gitlab-cq", "openmetrics"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_string_equal(cm_report_at(i)->name, names[i]);
    assert_ptr_equal(cm_report_find(cm_str_of(names[i])), cm_report_at(i));
    assert_true(cm_report_at(i)->help[0] && cm_report_at(i)->ext[0]);
  }
  assert_null(cm_report_at(sizeof names / sizeof *names));
  assert_null(cm_report_find(CM_STR("xml")));
  assert_null(cm_report_find(CM_STR("")));
}

/* No report holds a character that a terminal or a reader's eye would be fooled by. */
static void test_nothing_hidden(void **state) {
  (void)state;
  for (size_t models = 1; models <= 2; models++)
    for (size_t i = 0; cm_report_at(i); i++) {
      const cm_report *r = cm_report_at(i);
      const cm_report_input in = input(models);
      write_one(r, &in);
      cm_str rest = written();
      while (rest.n) {
        uint32_t cp;
        size_t n = cm_utf8_next(rest.p, rest.n, &cp);
        const bool kept = cp == '\n' || cp == '\t' || cp == 0xFE0F ||
                          (cp == '\r' && strcmp(r->name, "csv") == 0);
        if (!kept && cm_json_hidden(cp)) fail_msg("%s has U+%04X", r->name, (unsigned)cp);
        rest.p += n, rest.n -= n;
      }
    }
}

/* Equal data gives equal bytes, and times of a run are nowhere but where they belong. */
static void test_same(void **state) {
  (void)state;
  for (size_t i = 0; cm_report_at(i); i++) {
    const cm_report_input in = input(2);
    cm_buf first;
    write_one(cm_report_at(i), &in);
    cm_buf_init(&first, 128 << 20);
    cm_buf_add(&first, buf.p, buf.n);
    write_one(cm_report_at(i), &in);
    assert_true(cm_str_eq(written(), (cm_str){first.p, first.n}));
    cm_buf_close(&first);
  }
}

static void test_overflow(void **state) {
  (void)state;
  for (size_t i = 0; cm_report_at(i); i++) {
    const cm_report_input in = input(2);
    write_one(cm_report_at(i), &in);
    const size_t whole = buf.n;
    for (size_t max = 0; max < whole; max += 1 + whole / 50) {
      cm_buf small;
      cm_buf_init(&small, max);
      cm_err e = {0};
      assert_int_equal(cm_report_at(i)->write(&in, &small, &e), CM_E_NOMEM);
      assert_true(e.msg[0]);
      cm_buf_close(&small);
    }
  }
}

/* A run without any case, and one without gates, are documents too. */
static void test_empty(void **state) {
  (void)state;
  records[0] = (cm_record){.manifest = records[0].manifest};
  summarize();
  cm_report_input in = input(1);
  in.gates = NULL;
  for (size_t i = 0; cm_report_at(i); i++) write_one(cm_report_at(i), &in);
  write_one(&cm_report_tap, &in);
  assert_string_equal(buf.p, "TAP version 14\n1..0\n");
  write_one(&cm_report_md, &in);
  assert_true(holds("n/a (n=0)") && !holds("nan") && !holds("## Failures"));
  write_one(&cm_report_html, &in);
  assert_true(holds("n/a") && !holds("nan"));
}

/* --- limits --- */

static void test_comment(void **state) {
  (void)state;
  make_many(3000, 300);
  const cm_report_input in = input(1);
  for (size_t max = 0; max <= 140000; max += max < 3000 ? 97 : 17011) {
    cm_buf_reset(&buf);
    assert_int_equal(cm_report_comment(&in, max, &buf, NULL), CM_OK);
    assert_true(buf.n <= max);
    assert_int_equal(cm_utf8_check(written().p, buf.n), buf.n);
    assert_int_equal(count("\n```") % 2, 0); /* no block is left open */
  }
  cm_buf_reset(&buf);
  assert_int_equal(cm_report_comment(&in, CM_COMMENT_MAX, &buf, NULL), CM_OK);
  assert_true(buf.n > CM_COMMENT_MAX / 2 && holds("## Summary") && holds("## Performance"));
  assert_true(holds("of 3000 failures are left out here") && holds("cases are left out here"));
  /* What is shown and what is counted are all of them. */
  size_t shown = count("\n### "), left = 0;
  for (size_t n = 1; n < 3000 && !left; n++) {
    char says[64];
    snprintf(says, sizeof says, "\n%zu of 3000 failures", n);
    if (holds(says)) left = n;
  }
  assert_int_equal(shown + left, 3000);
  write_one(&cm_report_md, &in);
  assert_int_equal(count("\n### "), 3000);
}

static void test_github_limit(void **state) {
  (void)state;
  make_many(50, 10);
  const cm_report_input in = input(1);
  write_one(&cm_report_github, &in);
  assert_int_equal(count("::error "), 10);
  assert_int_equal(count("::warning "), 10);
  assert_int_equal(count("::16 more cases failed"), 2); /* 25 of each, 9 shown */
  make_many(20, 10);
  write_one(&cm_report_github, &in);
  assert_int_equal(count("::error ") + count("::warning "), 20);
  assert_false(holds("more cases"));
}

/* GitLab takes less than 30 MB, whatever models say. */
static void test_junit_limit(void **state) {
  (void)state;
  make_many(9000, 100 << 10);
  const cm_report_input in = input(1);
  write_one(&cm_report_junit, &in);
  assert_true(buf.n < 30000000);
  assert_int_equal(count("<testcase "), 9000);
  assert_true(holds("(cut)") && holds("</testsuites>"));
}

/* --- each --- */

static void test_fingerprint(void **state) {
  (void)state;
  char a[65], b[65];
  cm_result r = sample_case(1, arena), s = r;
  s.reasons = cm_arena_alloc(arena, 2, sizeof *s.reasons);
  memcpy(s.reasons, r.reasons, 2 * sizeof *s.reasons);
  s.reasons[0].text = CM_STR("the model said something else");
  s.command = CM_STR("x"), s.latency.total = 1, s.line = 99;
  cm_fingerprint(&records[0].manifest, &r, 0, a);
  cm_fingerprint(&records[0].manifest, &s, 0, b);
  assert_string_equal(a, b);
  cm_fingerprint(&records[0].manifest, &r, 1, b);
  assert_string_not_equal(a, b);
  cm_fingerprint(&records[1].manifest, &r, 0, b);
  assert_string_not_equal(a, b);
  s.id = CM_STR("other");
  cm_fingerprint(&records[0].manifest, &s, 0, b);
  assert_string_not_equal(a, b);
  s = r; /* the same judge twice is two things */
  s.reasons = cm_arena_alloc(arena, 2, sizeof *s.reasons);
  s.reasons[0] = s.reasons[1] = r.reasons[0];
  cm_fingerprint(&records[0].manifest, &s, 1, b);
  assert_string_not_equal(a, b);
}

static void test_markdown(void **state) {
  (void)state;
  const cm_report_input in = input(1);
  write_one(&cm_report_md, &in);
  /* p95 of four values is not said; it is never 0 */
  assert_true(holds("| p50 / p95 / p99 | 145 ms / n/a (n=4) / n/a (n=4), n=4 |"));
  assert_true(holds("| **pass rate** | 20.0 % (95 %: 5.7\u201351.0 %) |"));
  /* cut at 30 and 40 characters */
  assert_true(holds("| `line one\\n::error file=x::pwned\u2026` |"));
  assert_true(holds("`</script><script>document.title='pwned'<\u2026`"));
  /* a fence longer than the text's own */
  assert_true(holds("`````text\necho `date` ``x`` ```` > \"a|b\""));
  assert_true(holds("80 % &#60;&#38;&#62; &#96;x&#96; &#124; &#58;&#58;error"));
  assert_false(holds(" @y"));
}

static void test_html_policy(void **state) {
  (void)state;
  const cm_report_input in = input(2);
  write_one(&cm_report_html, &in);
  assert_true(holds("default-src 'none'") && count("'sha256-") == 2 && !holds("unsafe-inline"));
  assert_false(holds(" style=") || holds("onclick") || holds("src=\"") || holds("http://www"));
  assert_int_equal(count("<script"), 1);
  assert_int_equal(count("<style"), 1);
}

static void test_openmetrics(void **state) {
  (void)state;
  const cm_report_input in = input(2);
  write_one(&cm_report_openmetrics, &in);
  assert_true(cm_str_ends(written(), CM_STR("# EOF\n")) && count("# EOF") == 1);
  assert_true(
      holds("cmdai_test_gate_ok{backend=\"cpu\",model=\"qwen2.5-0.5b-instruct-q4_k_m\","
            "column=\"1\",gate=\"floor\"} 0\n"));
  assert_true(holds("document.title=1\\\"") && !holds("quantile=\"0.95\""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_visible, set_up, tear_down),
      cmocka_unit_test(test_cut),
      cmocka_unit_test(test_list),
      cmocka_unit_test_setup_teardown(test_nothing_hidden, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_same, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_overflow, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_comment, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_github_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_junit_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_fingerprint, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_markdown, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_html_policy, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_openmetrics, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
