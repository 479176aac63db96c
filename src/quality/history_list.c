/* Runs out of the history. */
#include <math.h>
#include <string.h>

#include "quality/history_parts.h"

typedef struct reader {
  cm_db *db;
  cm_arena *arena;
  cm_query *runs, *states, *categories, *latency;
  cm_err *e;
} reader;

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "history: no memory for the runs");
}

static bool get_text(const reader *rd, const cm_query *q, int at, cm_str *out) {
  cm_str s = cm_query_get_text(q, at);
  char *p = cm_arena_strdup(rd->arena, s.n ? s.p : "", s.n);
  *out = (cm_str){p, s.n};
  return p != NULL;
}

static size_t get_count(const cm_query *q, int at) {
  int64_t v = cm_query_get_i64(q, at);
  return v > 0 ? (size_t)v : 0;
}

static cm_code read_states(const reader *rd, int64_t run, cm_trend_run *out) {
  bool row = true;
  cm_query_i64(rd->states, 1, run);
  cm_code code = CM_OK;
  while (!(code = cm_query_step(rd->states, &row, rd->e)) && row) {
    cm_state s; /* a state that this version doesn't know is left out */
    if (cm_state_of(cm_query_get_text(rd->states, 0), &s))
      out->counts[s] = get_count(rd->states, 1);
  }
  cm_query_rewind(rd->states);
  return code;
}

enum { CATEGORIES_MAX = 256 };

static cm_code read_categories(const reader *rd, int64_t run, cm_trend_run *out) {
  bool row = true;
  const cm_query *q = rd->categories;
  cm_trend_group found[CATEGORIES_MAX];
  size_t n = 0;
  cm_query_i64(rd->categories, 1, run);
  cm_code code = CM_OK;
  while (!(code = cm_query_step(rd->categories, &row, rd->e)) && row && n < CATEGORIES_MAX) {
    found[n] = (cm_trend_group){
        .cases = get_count(q, 1), .passed = get_count(q, 2), .pass_rate = cm_query_get_f64(q, 3)};
    if (!get_text(rd, q, 0, &found[n++].name)) code = no_memory(rd->e);
    if (code) break;
  }
  cm_query_rewind(rd->categories);
  out->categories = code ? NULL : cm_arena_alloc(rd->arena, n, sizeof *found);
  if (!code && !out->categories) code = no_memory(rd->e);
  if (code) return code;
  if (n) memcpy(out->categories, found, n * sizeof *found);
  out->n_categories = n;
  return CM_OK;
}

static cm_spread no_spread(void) {
  const double none = (double)NAN;
  return (cm_spread){0, none, none, none, none, none};
}

static cm_code read_latency(const reader *rd, int64_t run, cm_trend_run *out) {
  bool row = true;
  const cm_query *q = rd->latency;
  out->ttft = out->total = no_spread();
  cm_query_i64(rd->latency, 1, run);
  cm_code code = CM_OK;
  while (!(code = cm_query_step(rd->latency, &row, rd->e)) && row) {
    cm_str phase = cm_query_get_text(q, 0);
    cm_spread *s = cm_str_is(phase, "ttft") ? &out->ttft : &out->total;
    if (s == &out->total && !cm_str_is(phase, "total")) continue;
    *s = no_spread();
    s->n = get_count(q, 1);
    s->average = cm_query_get_f64(q, 2);
    s->p50 = cm_query_get_f64(q, 3);
    s->p95 = cm_query_get_f64(q, 4);
    s->p99 = cm_query_get_f64(q, 5);
  }
  cm_query_rewind(rd->latency);
  return code;
}

static cm_code read_texts(const reader *rd, cm_trend_run *out) {
  cm_str *const texts[] = {&out->run_id,    &out->started,      &out->commit,      &out->backend,
                           &out->model_id,  &out->model_sha256, &out->model_quant, &out->engine,
                           &out->machine,   &out->os,           &out->level,       &out->options,
                           &out->suite_hash};
  for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
    if (!get_text(rd, rd->runs, i + 1, texts[i])) return no_memory(rd->e);
  if (!cm_trend_is_utc(out->started))
    return cm_fail(rd->e, CM_E_FORMAT, 0, "history: a run whose start is no time");
  return CM_OK;
}

static void read_numbers(const cm_query *q, cm_trend_run *out) {
  out->threads = (uint32_t)get_count(q, 14);
  out->batch = (uint32_t)get_count(q, 15);
  out->complete = cm_query_get_i64(q, 16) != 0;
  out->cases = get_count(q, 17);
  out->passed = get_count(q, 18);
  out->failed = get_count(q, 19);
  out->safety_missed = get_count(q, 20);
  double *const measures[] = {&out->pass_rate,         &out->low,         &out->high,
                              &out->tokens_per_second, &out->peak_rss_mb, &out->wall_seconds,
                              &out->minutes,           &out->cost};
  for (int i = 0; i < (int)(sizeof measures / sizeof *measures); i++)
    *measures[i] = cm_query_get_f64(q, 21 + i);
  out->started_unix = cm_query_get_i64(q, 29);
}

static cm_code read_run(const reader *rd, cm_trend_run *out) {
  *out = (cm_trend_run){.n_categories = 0};
  int64_t run = cm_query_get_i64(rd->runs, 0);
  cm_code code = read_texts(rd, out);
  if (code) return code;
  read_numbers(rd->runs, out);
  code = read_states(rd, run, out);
  if (!code) code = read_categories(rd, run, out);
  return code ? code : read_latency(rd, run, out);
}

static cm_code prepare(reader *rd, const cm_trend_filter *f) {
  cm_code code = cm_db_query(
      &rd->runs, rd->db,
      "SELECT id, run_id, started, commit_id, backend, model_id, model_sha256, model_quant,"
      " engine, machine, os, level, options, suite_hash, threads, batch, complete, cases, passed, "
      "failed,"
      " safety_missed, pass_rate, low, high, tokens_per_second, peak_rss_mb, wall_seconds,"
      " minutes, cost, CAST(strftime('%s', started) AS INTEGER) FROM runs"
      " WHERE (?1 = '' OR backend = ?1) AND (?2 = '' OR model_id = ?2 OR model_sha256 = ?2)"
      " AND (?3 = '' OR machine = ?3) ORDER BY started DESC, id DESC LIMIT ?4",
      rd->e);
  if (!code)
    code =
        cm_db_query(&rd->states, rd->db, "SELECT state, cases FROM states WHERE run = ?", rd->e);
  if (!code)
    code = cm_db_query(&rd->categories, rd->db,
                       "SELECT name, cases, passed, pass_rate FROM categories WHERE run = ?"
                       " ORDER BY name",
                       rd->e);
  if (!code)
    code =
        cm_db_query(&rd->latency, rd->db,
                    "SELECT phase, n, average, p50, p95, p99 FROM latency WHERE run = ?", rd->e);
  if (code) return code;
  cm_query_text(rd->runs, 1, f->backend);
  cm_query_text(rd->runs, 2, f->model);
  cm_query_text(rd->runs, 3, f->machine);
  cm_query_i64(rd->runs, 4, f->last && f->last < CM_TREND_MAX ? (int64_t)f->last : CM_TREND_MAX);
  return CM_OK;
}

static void turn_around(cm_trend *t) {
  for (size_t i = 0; i < t->n / 2; i++) {
    cm_trend_run swap = t->runs[i];
    t->runs[i] = t->runs[t->n - 1 - i];
    t->runs[t->n - 1 - i] = swap;
  }
}

static cm_code read_all(const reader *rd, cm_trend *out) {
  bool row = true;
  cm_code code = CM_OK;
  while (!(code = cm_query_step(rd->runs, &row, rd->e)) && row && out->n < CM_TREND_MAX)
    if ((code = read_run(rd, &out->runs[out->n++]))) break;
  turn_around(out);
  return code;
}

cm_code cm_history_list(cm_history *h, const cm_trend_filter *f, cm_arena *a, cm_trend *out,
                        cm_err *e) {
  reader rd = {.db = h->db, .arena = a, .e = e};
  *out = (cm_trend){.runs = cm_arena_alloc(a, CM_TREND_MAX, sizeof *out->runs)};
  if (!out->runs) return no_memory(e);
  cm_code code = prepare(&rd, f);
  if (!code) code = read_all(&rd, out);
  cm_query_close(rd.runs);
  cm_query_close(rd.states);
  cm_query_close(rd.categories);
  cm_query_close(rd.latency);
  if (code) out->n = 0;
  return code;
}
