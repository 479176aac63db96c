/* The newest runs for Prometheus: OpenMetrics 1.0 text, with the names of report_openmetrics.c. */
#include <math.h>
#include <string.h>

#include "quality/history_parts.h"
#include "quality/report_parts.h"

/* A backslash in the text counts twice, so that no two names become one. */
static void put_label(cm_buf *out, const char *name, cm_str s) {
  cm_buf_printf(out, "%s=\"", name);
  for (cm_piece p; cm_piece_next(&s, false, &p);) {
    if (p.cp == '\\') cm_buf_puts(out, "\\\\\\");
    else if (p.cp == '"' || p.cp == UINT32_MAX) cm_buf_putc(out, '\\');
    cm_buf_add(out, p.text.p, p.text.n);
  }
  cm_buf_putc(out, '"');
}

static void begin_family(cm_buf *out, const char *name, const char *unit, const char *help) {
  cm_buf_printf(out, "# TYPE %s gauge\n", name);
  if (unit) cm_buf_printf(out, "# UNIT %s %s\n", name, unit);
  cm_buf_printf(out, "# HELP %s %s\n", name, help);
}

/* What series are told apart by. */
static void begin_line(cm_buf *out, const char *name, const cm_trend_run *r) {
  cm_buf_printf(out, "%s{", name);
  put_label(out, "backend", r->backend);
  cm_buf_putc(out, ',');
  put_label(out, "model", r->model_id);
  cm_buf_putc(out, ',');
  put_label(out, "machine", r->machine);
  cm_buf_printf(out, ",threads=\"%u\",batch=\"%u\",", (unsigned)r->threads, (unsigned)r->batch);
  put_label(out, "options", r->options);
}

static void end_line(cm_buf *out, double v) {
  cm_buf_puts(out, "} ");
  cm_put_number(v, 6, "NaN", out);
  cm_buf_putc(out, '\n');
}

typedef double value_of(const cm_trend_run *r);
static double rate_of(const cm_trend_run *r) { return r->pass_rate; }
static double low_of(const cm_trend_run *r) { return r->low; }
static double high_of(const cm_trend_run *r) { return r->high; }
static double miss_of(const cm_trend_run *r) { return (double)r->safety_missed; }
static double speed_of(const cm_trend_run *r) { return r->tokens_per_second; }
static double memory_of(const cm_trend_run *r) { return r->peak_rss_mb * 1048576; }
static double wall_of(const cm_trend_run *r) { return r->wall_seconds; }
static double complete_of(const cm_trend_run *r) { return r->complete; }
static double started_of(const cm_trend_run *r) { return (double)r->started_unix; }
static double cost_of(const cm_trend_run *r) { return r->cost; }

static const struct {
  const char *name, *unit, *help;
  value_of *of;
} singles[] = {
    {"cmdai_test_pass_ratio", "ratio", "Passed cases among those that were tried.", rate_of},
    {"cmdai_test_pass_lower_ratio", "ratio", "Lower end of its 95 % Wilson interval.", low_of},
    {"cmdai_test_pass_upper_ratio", "ratio", "Upper end of its 95 % Wilson interval.", high_of},
    {"cmdai_test_safety_misses", NULL, "Dangers that were let through.", miss_of},
    {"cmdai_test_tokens_per_second", NULL, "Output tokens behind the first one.", speed_of},
    {"cmdai_test_peak_rss_bytes", "bytes", "Largest resident memory.", memory_of},
    {"cmdai_test_wall_seconds", "seconds", "How long the run took.", wall_of},
    {"cmdai_test_complete", NULL, "1 when every planned case has a result.", complete_of},
    {"cmdai_test_started_timestamp_seconds", "seconds", "When the run started.", started_of},
    {"cmdai_test_cost_dollars", "dollars", "What the run cost.", cost_of},
};

static void put_singles(cm_buf *out, const cm_trend_series *s, size_t n) {
  for (size_t k = 0; k < sizeof singles / sizeof *singles; k++) {
    begin_family(out, singles[k].name, singles[k].unit, singles[k].help);
    for (size_t i = 0; i < n; i++) {
      const cm_trend_run *r = s[i].runs[s[i].n - 1];
      if (!isfinite(singles[k].of(r))) continue;
      begin_line(out, singles[k].name, r);
      end_line(out, singles[k].of(r));
    }
  }
}

static void put_info(cm_buf *out, const cm_trend_series *s, size_t n) {
  begin_family(out, "cmdai_test_run_info", NULL, "What was run; always 1.");
  for (size_t i = 0; i < n; i++) {
    const cm_trend_run *r = s[i].runs[s[i].n - 1];
    begin_line(out, "cmdai_test_run_info", r);
    cm_buf_putc(out, ',');
    put_label(out, "commit", r->commit);
    cm_buf_putc(out, ',');
    put_label(out, "engine", r->engine);
    cm_buf_putc(out, ',');
    put_label(out, "model_sha256", r->model_sha256);
    cm_buf_putc(out, ',');
    put_label(out, "quant", r->model_quant);
    end_line(out, 1);
  }
}

static void put_states(cm_buf *out, const cm_trend_series *s, size_t n) {
  begin_family(out, "cmdai_test_cases", NULL, "Cases by how they ended.");
  for (size_t i = 0; i < n; i++)
    for (unsigned k = 0; k < CM_STATES; k++) {
      begin_line(out, "cmdai_test_cases", s[i].runs[s[i].n - 1]);
      cm_buf_printf(out, ",state=\"%s\"", cm_state_name((cm_state)k));
      end_line(out, (double)s[i].runs[s[i].n - 1]->counts[k]);
    }
}

static void put_phase(cm_buf *out, const cm_trend_run *r, const char *phase, const cm_spread *s) {
  static const char name[] = "cmdai_test_latency_seconds";
  static const char *const quantiles[] = {"0.5", "0.95", "0.99"};
  const double values[] = {s->p50, s->p95, s->p99};
  if (!s->n) return;
  for (int i = 0; i < 3; i++) {
    if (!isfinite(values[i])) continue;
    begin_line(out, name, r);
    cm_buf_printf(out, ",phase=\"%s\",quantile=\"%s\"", phase, quantiles[i]);
    end_line(out, values[i] / 1e3);
  }
  begin_line(out, "cmdai_test_latency_seconds_sum", r);
  cm_buf_printf(out, ",phase=\"%s\"", phase);
  end_line(out, s->average * (double)s->n / 1e3);
  begin_line(out, "cmdai_test_latency_seconds_count", r);
  cm_buf_printf(out, ",phase=\"%s\"} %zu\n", phase, s->n);
}

static void put_all(cm_buf *out, const cm_trend_series *s, size_t n) {
  put_info(out, s, n);
  put_states(out, s, n);
  put_singles(out, s, n);
  cm_buf_puts(out,
              "# TYPE cmdai_test_latency_seconds summary\n"
              "# UNIT cmdai_test_latency_seconds seconds\n"
              "# HELP cmdai_test_latency_seconds Time of a case; a quantile of too few cases "
              "is left out.\n");
  for (size_t i = 0; i < n; i++) {
    const cm_trend_run *r = s[i].runs[s[i].n - 1];
    put_phase(out, r, "ttft", &r->ttft);
    put_phase(out, r, "total", &r->total);
  }
  cm_buf_puts(out, "# EOF\n");
}

cm_code cm_history_openmetrics(const cm_trend *t, cm_buf *out, cm_err *e) {
  cm_trend_series *series;
  size_t n;
  cm_arena *a = cm_arena_open(1 << 20);
  if (!a) return cm_fail(e, CM_E_NOMEM, 0, "history: no memory");
  cm_code code = cm_trend_series_of(t, true, a, &series, &n, e);
  if (!code) put_all(out, series, n);
  cm_arena_close(a);
  if (!code && out->overflow) code = cm_fail(e, CM_E_NOMEM, 0, "history: no memory");
  return code;
}
