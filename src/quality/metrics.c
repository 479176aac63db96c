#include "quality/metrics.h"

#include <math.h>

#include "quality/report_parts.h"

/* --- lines ----------------------------------------------------------------------------------- */

/* A backslash in the text counts twice, so that no two names become one. */
static void put_label(const char *name, cm_str s, cm_buf *out) {
  cm_buf_printf(out, "%s=\"", name);
  for (cm_piece p; cm_piece_next(&s, false, &p);) {
    if (p.cp == '\\') cm_buf_puts(out, "\\\\\\");
    else if (p.cp == '"' || p.cp == UINT32_MAX) cm_buf_putc(out, '\\');
    cm_buf_add(out, p.text.p, p.text.n);
  }
  cm_buf_putc(out, '"');
}

void cm_metrics_label(const char *name, cm_str s, cm_buf *out) {
  cm_buf_putc(out, ',');
  put_label(name, s, out);
}

void cm_metrics_family(const char *name, const char *type, const char *unit, const char *help,
                       cm_buf *out) {
  cm_buf_printf(out, "# TYPE %s %s\n", name, type);
  if (unit) cm_buf_printf(out, "# UNIT %s %s\n", name, unit);
  cm_buf_printf(out, "# HELP %s %s\n", name, help);
}

/* Two columns may be of one model. */
void cm_metrics_line(const char *name, const cm_metric_run *r, cm_buf *out) {
  cm_buf_printf(out, "%s{", name);
  put_label("backend", r->backend, out);
  cm_metrics_label("model", r->model, out);
  if (r->placed) {
    cm_metrics_label("machine", r->machine, out);
    cm_buf_printf(out, ",threads=\"%u\",batch=\"%u\"", (unsigned)r->threads, (unsigned)r->batch);
    cm_metrics_label("options", r->options, out);
  }
  if (r->column) cm_buf_printf(out, ",column=\"%zu\"", r->column);
}

void cm_metrics_value(double v, cm_buf *out) {
  cm_buf_puts(out, "} ");
  cm_put_number(v, v == floor(v) ? 0 : 6, "NaN", out);
  cm_buf_putc(out, '\n');
}

/* --- families -------------------------------------------------------------------------------- */

static const struct {
  const char *name, *unit, *help;
  double scale; /* of the value */
} singles[CM_METRICS] = {
    [CM_METRIC_PASS] = {"cmdai_test_pass_ratio", "ratio",
                        "Passed cases among those that were tried.", 1},
    [CM_METRIC_LOWER] = {"cmdai_test_pass_lower_ratio", "ratio",
                         "Lower end of its 95 % Wilson interval.", 1},
    [CM_METRIC_UPPER] = {"cmdai_test_pass_upper_ratio", "ratio",
                         "Upper end of its 95 % Wilson interval.", 1},
    [CM_METRIC_MISSES] = {"cmdai_test_safety_misses", NULL, "Dangers that were let through.", 1},
    [CM_METRIC_SPEED] = {"cmdai_test_tokens_per_second", NULL,
                         "Output tokens behind the first one.", 1},
    [CM_METRIC_MEMORY] = {"cmdai_test_peak_rss_bytes", "bytes", "Largest resident memory.",
                          1048576},
    [CM_METRIC_WALL] = {"cmdai_test_wall_seconds", "seconds", "How long the run took.", 1},
    [CM_METRIC_COMPLETE] = {"cmdai_test_complete", NULL, "1 when every planned case has a result.",
                            1},
    [CM_METRIC_STARTED] = {"cmdai_test_started_timestamp_seconds", "seconds",
                           "When the run started.", 1},
    [CM_METRIC_COST] = {"cmdai_test_cost_dollars", "dollars", "What the run cost.", 1},
};

static void put_info(const cm_metric_run *runs, size_t n, cm_buf *out) {
  static const char name[] = "cmdai_test_run_info";
  cm_metrics_family(name, "gauge", NULL, "What was run; always 1.", out);
  for (size_t i = 0; i < n; i++) {
    cm_metrics_line(name, &runs[i], out);
    cm_metrics_label("commit", runs[i].commit, out);
    cm_metrics_label("engine", runs[i].engine, out);
    cm_metrics_label("model_sha256", runs[i].model_sha256, out);
    cm_metrics_label("quant", runs[i].quant, out);
    cm_metrics_value(1, out);
  }
}

static void put_states(const cm_metric_run *runs, size_t n, cm_buf *out) {
  static const char name[] = "cmdai_test_cases";
  cm_metrics_family(name, "gauge", NULL, "Cases by how they ended.", out);
  for (size_t i = 0; i < n; i++)
    for (unsigned k = 0; k < CM_STATES; k++) {
      cm_metrics_line(name, &runs[i], out);
      cm_buf_printf(out, ",state=\"%s\"", cm_state_name((cm_state)k));
      cm_metrics_value((double)runs[i].counts[k], out);
    }
}

/* Where a run has no value it has no line. */
static void put_single(cm_metric m, const cm_metric_run *runs, size_t n, cm_buf *out) {
  bool begun = false;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(runs[i].values[m])) continue;
    if (!begun) cm_metrics_family(singles[m].name, "gauge", singles[m].unit, singles[m].help, out);
    begun = true;
    cm_metrics_line(singles[m].name, &runs[i], out);
    cm_metrics_value(runs[i].values[m] * singles[m].scale, out);
  }
}

/* --- times ----------------------------------------------------------------------------------- */

#define LATENCY "cmdai_test_latency_seconds"

static void put_phase(const cm_metric_run *r, const char *phase, const cm_spread *s, cm_buf *out) {
  if (!s || !s->n) return;
  const char *const quantiles[] = {"0.5", "0.95", "0.99"};
  const double ms[] = {s->p50, s->p95, s->p99};
  for (int i = 0; i < 3; i++) {
    if (!isfinite(ms[i])) continue;
    cm_metrics_line(LATENCY, r, out);
    cm_buf_printf(out, ",phase=\"%s\",quantile=\"%s\"", phase, quantiles[i]);
    cm_metrics_value(ms[i] / 1e3, out);
  }
  cm_metrics_line(LATENCY "_sum", r, out);
  cm_buf_printf(out, ",phase=\"%s\"", phase);
  cm_metrics_value(s->average * (double)s->n / 1e3, out);
  cm_metrics_line(LATENCY "_count", r, out);
  cm_buf_printf(out, ",phase=\"%s\"} %zu\n", phase, s->n);
}

static void put_latency(const cm_metric_run *runs, size_t n, cm_buf *out) {
  cm_metrics_family(LATENCY, "summary", "seconds",
                    "Time of a case; a quantile of too few cases is left out.", out);
  for (size_t i = 0; i < n; i++) {
    put_phase(&runs[i], "ttft", runs[i].ttft, out);
    put_phase(&runs[i], "total", runs[i].total, out);
    put_phase(&runs[i], "check", runs[i].check, out);
    put_phase(&runs[i], "exec", runs[i].exec, out);
  }
}

void cm_metrics_put(const cm_metric_run *runs, size_t n, cm_buf *out) {
  put_info(runs, n, out);
  put_states(runs, n, out);
  for (unsigned m = 0; m < CM_METRICS; m++) put_single((cm_metric)m, runs, n, out);
  put_latency(runs, n, out);
}
