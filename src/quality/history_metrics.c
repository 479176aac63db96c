/* The newest runs of a history for Prometheus, under the names of a run's report. */
#include "quality/history_parts.h"
#include "quality/metrics.h"

static cm_metric_run run_of(const cm_trend_run *r) {
  return (cm_metric_run){.backend = r->backend,
                         .model = r->model_id,
                         .commit = r->commit,
                         .engine = r->engine,
                         .model_sha256 = r->model_sha256,
                         .quant = r->model_quant,
                         .machine = r->machine,
                         .options = r->options,
                         .threads = r->threads,
                         .batch = r->batch,
                         .placed = true,
                         .values = {[CM_METRIC_PASS] = r->pass_rate,
                                    [CM_METRIC_LOWER] = r->low,
                                    [CM_METRIC_UPPER] = r->high,
                                    [CM_METRIC_MISSES] = (double)r->safety_missed,
                                    [CM_METRIC_SPEED] = r->tokens_per_second,
                                    [CM_METRIC_MEMORY] = r->peak_rss_mb,
                                    [CM_METRIC_WALL] = r->wall_seconds,
                                    [CM_METRIC_COMPLETE] = r->complete,
                                    [CM_METRIC_STARTED] = (double)r->started_unix,
                                    [CM_METRIC_COST] = r->cost},
                         .counts = r->counts,
                         .ttft = &r->ttft,
                         .total = &r->total};
}

static cm_code put_all(const cm_trend *t, cm_arena *a, cm_buf *out, cm_err *e) {
  cm_trend_series *series;
  size_t n;
  cm_code code = cm_trend_series_of(t, true, a, &series, &n, e);
  if (code) return code;
  cm_metric_run *runs = cm_arena_alloc(a, n, sizeof *runs);
  if (!runs) return cm_fail(e, CM_E_NOMEM, 0, "history: no memory");
  for (size_t i = 0; i < n; i++) runs[i] = run_of(series[i].runs[series[i].n - 1]);
  cm_metrics_put(runs, n, out);
  cm_buf_puts(out, "# EOF\n");
  return out->overflow ? cm_fail(e, CM_E_NOMEM, 0, "history: no memory") : CM_OK;
}

cm_code cm_history_openmetrics(const cm_trend *t, cm_buf *out, cm_err *e) {
  cm_arena *a = cm_arena_open(64 << 20);
  if (!a) return cm_fail(e, CM_E_NOMEM, 0, "history: no memory");
  cm_code code = put_all(t, a, out, e);
  cm_arena_close(a);
  return code;
}
