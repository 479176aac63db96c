/* The history as a table and as JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/json.h"
#include "quality/history_parts.h"
#include "quality/report_parts.h"

/* --- table -------------------------------------------------------------------------------- */

enum { COLUMNS = 9 };
static const char *const heads[COLUMNS] = {"started", "commit", "passed", "rate", "p50",
                                           "p95",     "speed",  "memory", "cost"};
static const int widths[COLUMNS] = {16, 8, 9, 7, 9, 9, 14, 9, 8};

/* A cell to the right edge of its column; texts of ASCII. */
static void put_cell(cm_buf *out, int column, cm_str s) {
  int pad = widths[column] - (int)(s.n < 40 ? s.n : 40);
  cm_buf_printf(out, "%s%*s", column ? "  " : "", pad > 0 ? pad : 0, "");
  cm_put_visible(s, false, out);
}

static void put_measure(cm_buf *out, int column, const cm_trend_run *r, cm_trend_metric m) {
  cm_buf cell;
  cm_buf_init(&cell, 64);
  double v = cm_trend_value(r, m);
  if (isfinite(v)) cm_trend_put_value(m, v, &cell);
  else cm_buf_putc(&cell, '-');
  put_cell(out, column, (cm_str){cell.p, cell.n});
  cm_buf_close(&cell);
}

static void put_row(cm_buf *out, const cm_trend_run *r) {
  char text[64];
  int n = snprintf(text, sizeof text, "%.10s %.5s", r->started.p, r->started.p + 11);
  put_cell(out, 0, (cm_str){text, (size_t)n});
  put_cell(out, 1, cm_trend_short(r->commit));
  n = snprintf(text, sizeof text, "%zu/%zu", r->passed, r->cases);
  put_cell(out, 2, (cm_str){text, (size_t)n});
  put_measure(out, 3, r, CM_TREND_PASS_RATE);
  put_measure(out, 4, r, CM_TREND_P50);
  put_measure(out, 5, r, CM_TREND_P95);
  put_measure(out, 6, r, CM_TREND_SPEED);
  put_measure(out, 7, r, CM_TREND_MEMORY);
  put_measure(out, 8, r, CM_TREND_COST);
  if (r->safety_missed) cm_buf_printf(out, "  %zu dangers let through", r->safety_missed);
  if (!r->complete) cm_buf_puts(out, "  incomplete");
  cm_buf_putc(out, '\n');
}

static void put_table(cm_buf *out, const cm_trend_series *s, bool first) {
  const cm_trend_run *last = s->runs[s->n - 1];
  if (!first) cm_buf_putc(out, '\n');
  cm_put_visible(last->backend, false, out);
  cm_buf_puts(out, ", ");
  cm_put_visible(last->model_id, false, out);
  if (last->options.n) cm_buf_puts(out, ", ");
  cm_put_visible(last->options, false, out);
  cm_buf_puts(out, "; ");
  cm_put_visible(last->machine, false, out);
  cm_buf_printf(out, ", %u thread%s", (unsigned)last->threads, last->threads == 1 ? "" : "s");
  if (last->batch > 1) cm_buf_printf(out, ", %u answers at once", (unsigned)last->batch);
  cm_buf_putc(out, '\n');
  for (int i = 0; i < COLUMNS; i++) put_cell(out, i, cm_str_of(heads[i]));
  cm_buf_putc(out, '\n');
  for (size_t i = 0; i < s->n; i++) put_row(out, s->runs[i]);
}

static cm_code done(const cm_buf *out, cm_err *e) {
  return out->overflow ? cm_fail(e, CM_E_NOMEM, 0, "history: larger than %zu bytes", out->max)
                       : CM_OK;
}

cm_code cm_history_text(const cm_trend *t, cm_buf *out, cm_err *e) {
  cm_trend_series *series;
  size_t n;
  cm_arena *a = cm_arena_open(1 << 20);
  if (!a) return cm_fail(e, CM_E_NOMEM, 0, "history: no memory");
  cm_code code = cm_trend_series_of(t, true, a, &series, &n, e);
  for (size_t i = 0; !code && i < n; i++) put_table(out, &series[i], !i);
  cm_arena_close(a);
  return code ? code : done(out, e);
}

/* --- JSON --------------------------------------------------------------------------------- */

static void put_place(cm_jw *w, const cm_trend_run *r) {
  cm_jw_put_str(w, "id", r->run_id);
  cm_jw_put_str(w, "started", r->started);
  cm_jw_put_str(w, "commit", r->commit);
  cm_jw_put_str(w, "backend", r->backend);
  cm_jw_key(w, "model");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", r->model_id);
  cm_jw_put_str(w, "sha256", r->model_sha256);
  cm_jw_put_str(w, "quant", r->model_quant);
  cm_jw_end_object(w);
  cm_jw_put_str(w, "engine", r->engine);
  cm_jw_put_str(w, "machine", r->machine);
  cm_jw_put_str(w, "os", r->os);
  cm_jw_put_u64(w, "threads", r->threads);
  cm_jw_put_u64(w, "batch", r->batch);
  cm_jw_put_str(w, "level", r->level);
  cm_jw_put_str(w, "options", r->options);
  cm_jw_put_str(w, "suite_hash", r->suite_hash);
}

static void put_counts(cm_jw *w, const cm_trend_run *r) {
  cm_jw_put_bool(w, "complete", r->complete);
  cm_jw_put_u64(w, "total", r->cases);
  cm_jw_put_u64(w, "passed", r->passed);
  cm_jw_put_u64(w, "failed", r->failed);
  cm_jw_put_u64(w, "safety_missed", r->safety_missed);
  cm_jw_key(w, "states");
  cm_jw_begin_object(w);
  for (int i = 0; i < CM_STATES; i++)
    if (r->counts[i]) cm_jw_put_u64(w, cm_state_name((cm_state)i), r->counts[i]);
  cm_jw_end_object(w);
  cm_jw_key(w, "categories");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < r->n_categories; i++) {
    cm_jw_begin_object(w);
    cm_jw_put_str(w, "name", r->categories[i].name);
    cm_jw_put_u64(w, "total", r->categories[i].cases);
    cm_jw_put_u64(w, "passed", r->categories[i].passed);
    cm_jw_put_f64(w, "pass_rate", r->categories[i].pass_rate);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_run(cm_jw *w, const cm_trend_run *r) {
  cm_jw_begin_object(w);
  put_place(w, r);
  put_counts(w, r);
  cm_jw_put_f64(w, "pass_rate", r->pass_rate);
  cm_jw_key(w, "interval95");
  cm_jw_begin_array(w);
  cm_jw_f64(w, r->low);
  cm_jw_f64(w, r->high);
  cm_jw_end_array(w);
  cm_put_spread(w, "ttft_ms", &r->ttft, false);
  cm_put_spread(w, "latency_ms", &r->total, false);
  cm_jw_put_f64(w, "tokens_per_second", r->tokens_per_second);
  cm_jw_put_f64(w, "peak_rss_mb", r->peak_rss_mb);
  cm_jw_put_f64(w, "wall_seconds", r->wall_seconds);
  cm_jw_put_f64(w, "billed_minutes", r->minutes);
  cm_jw_put_f64(w, "cost_usd", r->cost);
  cm_jw_end_object(w);
}

static void put_change(cm_jw *w, const cm_trend_change *c) {
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "metric", cm_str_of(cm_trend_metric_name(c->metric)));
  cm_jw_put_str(w, "unit", cm_str_of(cm_trend_metric_unit(c->metric)));
  cm_jw_put_str(w, "run", c->at->run_id);
  cm_jw_put_str(w, "commit", c->at->commit);
  cm_jw_put_str(w, "started", c->at->started);
  cm_jw_put_str(w, "backend", c->at->backend);
  cm_jw_put_str(w, "model", c->at->model_id);
  cm_jw_put_str(w, "machine", c->at->machine);
  cm_jw_put_f64(w, "before", c->before);
  cm_jw_put_f64(w, "after", c->after);
  cm_jw_put_f64(w, "p", c->p);
  cm_jw_put_u64(w, "runs_before", c->n_before);
  cm_jw_put_u64(w, "runs_after", c->n_after);
  cm_jw_put_u64(w, "age", c->age);
  cm_jw_put_bool(w, "worse", c->worse);
  cm_jw_put_bool(w, "stands", c->stands);
  cm_jw_put_str(w, "text", c->text);
  cm_jw_end_object(w);
}

cm_code cm_history_json(const cm_trend *t, const cm_trend_change *c, size_t n, cm_buf *out,
                        cm_err *e) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "schema", CM_STR("cmdai.trend/1"));
  cm_jw_key(&w, "runs");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < t->n; i++) put_run(&w, &t->runs[i]);
  cm_jw_end_array(&w);
  cm_jw_key(&w, "changes");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < n; i++) put_change(&w, &c[i]);
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
  return done(out, e);
}

cm_code cm_trend_detected_json(const cm_trend_change *c, size_t n, size_t longest, cm_buf *out,
                               cm_err *e) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "schema", CM_STR("cmdai.detect/1"));
  cm_jw_put_u64(&w, "complete_runs", longest);
  cm_jw_put_u64(&w, "needed_runs", CM_TREND_RUNS_MIN);
  cm_jw_key(&w, "changes");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < n; i++)
    if (c[i].stands) put_change(&w, &c[i]);
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
  return done(out, e);
}
