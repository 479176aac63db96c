/* Small runs for tests of gates, comparisons and the history: "a" to … in chosen states. */
#ifndef CM_TESTS_QUALITY_RUNS_H
#define CM_TESTS_QUALITY_RUNS_H
#include <stdio.h>
#include <string.h>

#include "quality/record.h"

#define MODEL_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define MODEL_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static inline cm_state run_state(char letter) {
  switch (letter) {
    case 'p': return CM_PASS;
    case 'b': return CM_BLOCKED_OK;
    case 'f': return CM_FAIL;
    case 'g': return CM_GOLDEN_CHANGED;
    case 'y': return CM_FLAKY;
    case 's': return CM_SKIP;
    case 'x': return CM_XFAIL;
    case 'X': return CM_XPASS;
    case 'e': return CM_ERROR;
    case 't': return CM_TIMEOUT;
    default: return CM_NOT_RUN;
  }
}

/* One case a letter, all of one gating; ids "PREFIX0", "PREFIX1" … */
static inline void add_cases(cm_record *r, cm_arena *a, const char *prefix, cm_gating gate,
                             const char *letters) {
  size_t n = strlen(letters);
  cm_result *items = cm_arena_alloc(a, r->n + n, sizeof *items);
  cm_str *planned = cm_arena_alloc(a, r->n + n, sizeof *planned);
  if (!items || !planned) return;
  if (r->n) memcpy(items, r->results, r->n * sizeof *items);
  for (size_t i = 0; i < n; i++) {
    char id[64];
    int len = snprintf(id, sizeof id, "%s%zu", prefix, i);
    cm_str name = {cm_arena_strdup(a, id, (size_t)len), (size_t)len};
    items[r->n + i] = (cm_result){.id = name,
                                  .cluster = name,
                                  .category = CM_STR("files"),
                                  .hash = CM_STR("cafe"),
                                  .prompt = CM_STR("list files"),
                                  .command = CM_STR("ls -la"),
                                  .answered = true,
                                  .gate = gate,
                                  .state = run_state(letters[i]),
                                  .output_tokens = 10,
                                  .latency = {10, 100 + (double)(i % 7), 1, -1}};
    if (items[r->n + i].state == CM_NOT_RUN) {
      items[r->n + i].hash = CM_STR("");
      r->complete = false;
    }
  }
  r->results = items;
  r->n += n;
  for (size_t i = 0; i < r->n; i++) planned[i] = items[i].id;
  r->manifest.planned = planned;
  r->manifest.n_planned = r->n;
}

static inline cm_record new_run(void) {
  return (cm_record){.complete = true,
                     .wall_seconds = 90,
                     .peak_rss_mb = 700,
                     .manifest = {.run_id = CM_STR("run-1"),
                                  .started = CM_STR("2026-11-26T02:00:00Z"),
                                  .commit = CM_STR("0123abcd"),
                                  .backend = CM_STR("cpu"),
                                  .model_id = CM_STR("tiny"),
                                  .model_sha256 = CM_STR(MODEL_A),
                                  .model_quant = CM_STR("Q8_0"),
                                  .engine = CM_STR("cmdai 0.1.0"),
                                  .machine = CM_STR("Some CPU, 2 cores"),
                                  .os = CM_STR("linux"),
                                  .threads = 2,
                                  .batch = 1,
                                  .level = CM_STR("moderate"),
                                  .options = CM_STR("greedy"),
                                  .suite_hash = CM_STR("feed"),
                                  .shard = 1,
                                  .shards = 1}};
}

#endif
