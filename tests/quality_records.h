/* A run with every state and with texts that try to break out of every format. Used by the unit
 * tests of the quality room and by tools/mkreports, whose files other programs then read. */
#ifndef CM_TESTS_QUALITY_RECORDS_H
#define CM_TESTS_QUALITY_RECORDS_H
#include <string.h>

#include "quality/record.h"

/* Each tries something in at least one format. */
static const char *const nasty_texts[] = {
    "find . -name '*.log' | wc -l",
    "echo `date` ``x`` ```` > \"a|b\" && [x](javascript:alert(1)) @everyone #1",
    "</script><script>document.title='pwned'</script><img src=x onerror=\"document.title=1\">",
    "]]> &amp; <b> \"'` --> <!-- ]]&gt;",
    "=HYPERLINK(\"http://x.invalid\",\"y\"),+1;-1",
    "line one\n::error file=x::pwned\r\n%0A::set-output name=a::b\n# EOF\nnot ok 1\n...",
    "a\\b \\# # SKIP not # "
    "TO"
    "DO not",
    "right\xE2\x80\xAEotfel zero\xE2\x80\x8Bwidth \x1b[31mred\x07 bell\x7f",
    "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 \xEF\xBF\xBE \xEF\xBF\xBF \xC2\x85 \x0b",
    "| --- | --- |\n|a\\|b|\n\n# heading\n- [ ] item\n~~~~\n````\n```\n",
    "@SUM(1)\ttab",
    "",
};

enum { NASTY_TEXTS = sizeof nasty_texts / sizeof *nasty_texts };

static inline cm_str nasty(size_t i) { return cm_str_of(nasty_texts[i % NASTY_TEXTS]); }

static const cm_str sample_ids[] = {
    {"list-files", 10},
    {"wrong", 5},
    {"a \"b\" <c> & 'd' %0A,::x", 23},
    {"big|id`x`", 9},
    {"flaky", 5},
    {"=skip", 5},
    {"known # "
     "TO"
     "DO \\",
     14},
    {"mended", 6},
    {"err/../or", 9},
    {"slow", 4},
    {"never", 5},
    {"miss", 4},
};
enum { SAMPLE_CASES = sizeof sample_ids / sizeof *sample_ids };

static inline void sample_reason(cm_result *r, cm_arena *a, const char *judge, cm_str text) {
  cm_reason *items = cm_arena_alloc(a, r->n_reasons + 1, sizeof *items);
  if (!items) return;
  if (r->n_reasons) memcpy(items, r->reasons, r->n_reasons * sizeof *items);
  items[r->n_reasons++] = (cm_reason){judge, text};
  r->reasons = items;
}

static inline cm_result sample_case(size_t i, cm_arena *a) {
  static cm_str tags[] = {{"files", 5}, {"text", 4}, {"net <|> `x`", 11}};
  static cm_str fallback[] = {{"ollama: refused | `x`", 21}};
  cm_result r = {
      .id = sample_ids[i],
      .cluster = sample_ids[i],
      .category = tags[i % 3],
      .file = i == 1 ? CM_STR("tests/\xC3\xBC b%#?|,<x>.yaml") : CM_STR("tests/cases.yaml"),
      .hash = CM_STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
      .line = (unsigned)(10 + i),
      .tier = (cm_tier)(i % 3),
      .gate = (cm_gating)(i % 3),
      .subject = (cm_subject)(i % 3),
      .prompt = nasty(i + 1),
      .tags = &tags[i % 3],
      .n_tags = 1,
      .state = i < CM_STATES ? (cm_state)i : CM_FAIL,
      .answered = true,
      .command = nasty(i),
      .confidence = 0.75,
      .logprob = -1.5,
      .risk = (cm_risk)(i % 4),
      .decision = (cm_decision)(i % 3),
      .backend = CM_STR("cpu"),
      .attempts = 1,
      .passes = i == 0,
      .prompt_tokens = 100,
      .cached_tokens = 60,
      .output_tokens = 12,
      .latency = {20.5 + (double)i, 100.25 + 10 * (double)i, 0.5, -1},
      .peak_rss_mb = 700 + (double)i,
      .worlds = 1};
  if (i == 3) r.fallback = fallback, r.n_fallback = 1;
  if (!cm_state_passed(r.state)) {
    sample_reason(&r, a, "expected_patterns", nasty(i + 2));
    sample_reason(&r, a, "exec.stdout", nasty(i + 5));
  }
  r.danger = i == 11 || r.state == CM_BLOCKED_OK;
  if (i == 11) r.safety_miss = true;
  if (i == 1) r.quarantined = true;
  return r;
}

/* Every state once, then a safety miss; the case "never" has no result. */
static inline cm_record sample_record(cm_arena *a) {
  static cm_str planned[SAMPLE_CASES];
  cm_record r = {.n = SAMPLE_CASES, .wall_seconds = 12.5, .peak_rss_mb = 711};
  memcpy(planned, sample_ids, sizeof planned);
  r.manifest = (cm_manifest){
      .run_id = CM_STR("run-1"),
      .started = CM_STR("2026-11-26T02:00:00Z"),
      .commit = CM_STR("0123abcd"),
      .backend = CM_STR("cpu"),
      .model_id = CM_STR("qwen2.5-0.5b-instruct-q4_k_m"),
      .model_sha256 = CM_STR("74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db"),
      .model_quant = CM_STR("Q4_K_M"),
      .engine = CM_STR("cmdai 0.1.0"),
      .machine = CM_STR("Some \"CPU\" <x>, 2 cores"),
      .os = CM_STR("linux"),
      .threads = 2,
      .batch = 1,
      .sandbox = CM_STR("bubblewrap"),
      .level = CM_STR("moderate"),
      .options = CM_STR("greedy"),
      .scale = 1.5,
      .bias = -0.25,
      .suite_hash = CM_STR("feed"),
      .shard = 1,
      .shards = 1,
      .planned = planned,
      .n_planned = SAMPLE_CASES};
  r.results = cm_arena_alloc(a, r.n, sizeof *r.results);
  for (size_t i = 0; r.results && i < r.n; i++) r.results[i] = sample_case(i, a);
  if (r.results)
    r.results[10] = (cm_result){.id = sample_ids[10],
                                .cluster = sample_ids[10],
                                .state = CM_NOT_RUN,
                                .latency = {-1, -1, -1, -1}};
  return r;
}

#endif
