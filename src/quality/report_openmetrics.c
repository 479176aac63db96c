/* OpenMetrics text: gauges of one run, a line for each model. */
#include <math.h>

#include "quality/metrics.h"
#include "quality/report_parts.h"

static cm_metric_run run_of(const cm_report_input *in, size_t k) {
  const cm_record *r = &in->records[k];
  const cm_manifest *m = &r->manifest;
  const cm_summary *s = &in->summaries[k];
  return (cm_metric_run){
      .backend = m->backend,
      .model = m->model_id,
      .commit = m->commit,
      .engine = m->engine,
      .model_sha256 = m->model_sha256,
      .quant = m->model_quant,
      .column = in->n > 1 ? k + 1 : 0,
      .values = {[CM_METRIC_PASS] = s->all.pass_rate,
                 [CM_METRIC_LOWER] = s->all.low,
                 [CM_METRIC_UPPER] = s->all.high,
                 [CM_METRIC_MISSES] = (double)s->safety_missed,
                 [CM_METRIC_SPEED] = s->tokens_per_second,
                 [CM_METRIC_MEMORY] = r->peak_rss_mb > 0 ? r->peak_rss_mb : (double)NAN,
                 [CM_METRIC_WALL] = r->wall_seconds,
                 [CM_METRIC_COMPLETE] = r->complete,
                 [CM_METRIC_STARTED] = (double)NAN,
                 [CM_METRIC_COST] = (double)NAN},
      .counts = s->all.counts,
      .ttft = &s->ttft,
      .total = &s->total,
      .check = &s->check,
      .exec = &s->exec};
}

static void put_categories(const cm_metric_run *runs, const cm_report_input *in, cm_buf *out) {
  static const char name[] = "cmdai_test_category_pass_ratio";
  cm_metrics_family(name, "gauge", "ratio", "Pass rate of a category.", out);
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->summaries[k].n_categories; i++) {
      const cm_group *g = &in->summaries[k].categories[i];
      if (!isfinite(g->pass_rate)) continue;
      cm_metrics_line(name, &runs[k], out);
      cm_metrics_label("category", g->name, out);
      cm_metrics_value(g->pass_rate, out);
    }
}

static void put_gates(const cm_metric_run *run, const cm_gates *gates, cm_buf *out) {
  static const char name[] = "cmdai_test_gate_ok";
  if (!gates || !gates->n) return;
  cm_metrics_family(name, "gauge", NULL, "1 when the gate lets the run pass.", out);
  for (size_t i = 0; i < gates->n; i++) {
    cm_metrics_line(name, run, out);
    cm_metrics_label("gate", cm_str_of(gates->items[i].gate), out);
    cm_metrics_value(gates->items[i].ok, out);
  }
}

static cm_code write_openmetrics(const cm_report_input *in, cm_buf *out, cm_err *e) {
  cm_metric_run *runs = cm_alloc(in->n, sizeof *runs);
  if (!runs) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a report");
  for (size_t k = 0; k < in->n; k++) runs[k] = run_of(in, k);
  cm_metrics_put(runs, in->n, out);
  put_categories(runs, in, out);
  put_gates(runs, in->gates, out);
  cm_buf_puts(out, "# EOF\n");
  cm_free(runs);
  return cm_report_end(out, e);
}

const cm_report cm_report_openmetrics = {"openmetrics", "prom", "OpenMetrics text, for Prometheus",
                                         write_openmetrics};
