/* OpenMetrics 1.0 text, which is also Prometheus text: gauges of one run, a label for each model.
 * The names are what packaging/grafana and dashboards rely on. */
#include <math.h>

#include "quality/report_parts.h"

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

static void begin_family(const char *name, const char *type, const char *unit, const char *help,
                         cm_buf *out) {
  cm_buf_printf(out, "# TYPE %s %s\n", name, type);
  if (unit) cm_buf_printf(out, "# UNIT %s %s\n", name, unit);
  cm_buf_printf(out, "# HELP %s %s\n", name, help);
}

/* A line up to its own labels: `name{backend=...,model=...`. Two columns may be of one model. */
static void begin_line(const char *name, const cm_report_input *in, size_t k, cm_buf *out) {
  cm_buf_printf(out, "%s{", name);
  put_label("backend", in->records[k].manifest.backend, out);
  cm_buf_putc(out, ',');
  put_label("model", in->records[k].manifest.model_id, out);
  if (in->n > 1) cm_buf_printf(out, ",column=\"%zu\"", k + 1);
}

static void end_line(double v, cm_buf *out) {
  cm_buf_puts(out, "} ");
  cm_put_number(v, v == floor(v) ? 0 : 6, "NaN", out);
  cm_buf_putc(out, '\n');
}

static void put_info(const cm_report_input *in, cm_buf *out) {
  begin_family("cmdai_test_run_info", "gauge", NULL, "What was run; always 1.", out);
  for (size_t k = 0; k < in->n; k++) {
    const cm_manifest *m = &in->records[k].manifest;
    begin_line("cmdai_test_run_info", in, k, out);
    cm_buf_putc(out, ',');
    put_label("commit", m->commit, out);
    cm_buf_putc(out, ',');
    put_label("engine", m->engine, out);
    cm_buf_putc(out, ',');
    put_label("model_sha256", m->model_sha256, out);
    cm_buf_putc(out, ',');
    put_label("quant", m->model_quant, out);
    end_line(1, out);
  }
}

static void put_states(const cm_report_input *in, cm_buf *out) {
  begin_family("cmdai_test_cases", "gauge", NULL, "Cases by how they ended.", out);
  for (size_t k = 0; k < in->n; k++)
    for (unsigned s = 0; s < CM_STATES; s++) {
      begin_line("cmdai_test_cases", in, k, out);
      cm_buf_printf(out, ",state=\"%s\"", cm_state_name((cm_state)s));
      end_line((double)in->summaries[k].all.counts[s], out);
    }
}

typedef double value_of(const cm_report_input *in, size_t k);
static double rate_of(const cm_report_input *in, size_t k) {
  return in->summaries[k].all.pass_rate;
}
static double low_of(const cm_report_input *in, size_t k) { return in->summaries[k].all.low; }
static double high_of(const cm_report_input *in, size_t k) { return in->summaries[k].all.high; }
static double miss_of(const cm_report_input *in, size_t k) {
  return (double)in->summaries[k].safety_missed;
}
static double speed_of(const cm_report_input *in, size_t k) {
  return in->summaries[k].tokens_per_second;
}
static double memory_of(const cm_report_input *in, size_t k) {
  double mb = in->records[k].peak_rss_mb;
  return mb > 0 ? mb * 1048576 : (double)NAN;
}
static double wall_of(const cm_report_input *in, size_t k) { return in->records[k].wall_seconds; }
static double complete_of(const cm_report_input *in, size_t k) { return in->records[k].complete; }

/* Families of one value a model; where there is none, there is no line. */
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
};

static void put_singles(const cm_report_input *in, cm_buf *out) {
  for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
    begin_family(singles[i].name, "gauge", singles[i].unit, singles[i].help, out);
    for (size_t k = 0; k < in->n; k++) {
      double v = singles[i].of(in, k);
      if (!isfinite(v)) continue;
      begin_line(singles[i].name, in, k, out);
      end_line(v, out);
    }
  }
}

static void put_categories(const cm_report_input *in, cm_buf *out) {
  const char *name = "cmdai_test_category_pass_ratio";
  begin_family(name, "gauge", "ratio", "Pass rate of a category.", out);
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->summaries[k].n_categories; i++) {
      const cm_group *g = &in->summaries[k].categories[i];
      if (!isfinite(g->pass_rate)) continue;
      begin_line(name, in, k, out);
      cm_buf_putc(out, ',');
      put_label("category", g->name, out);
      end_line(g->pass_rate, out);
    }
}

static void put_quantile(const cm_report_input *in, size_t k, const char *phase, const char *q,
                         double ms, cm_buf *out) {
  if (!isfinite(ms)) return;
  begin_line("cmdai_test_latency_seconds", in, k, out);
  cm_buf_printf(out, ",phase=\"%s\",quantile=\"%s\"", phase, q);
  end_line(ms / 1e3, out);
}

static void put_phase(const cm_report_input *in, size_t k, const char *phase, const cm_spread *s,
                      cm_buf *out) {
  if (!s->n) return;
  put_quantile(in, k, phase, "0.5", s->p50, out);
  put_quantile(in, k, phase, "0.95", s->p95, out);
  put_quantile(in, k, phase, "0.99", s->p99, out);
  begin_line("cmdai_test_latency_seconds_sum", in, k, out);
  cm_buf_printf(out, ",phase=\"%s\"", phase);
  end_line(s->average * (double)s->n / 1e3, out);
  begin_line("cmdai_test_latency_seconds_count", in, k, out);
  cm_buf_printf(out, ",phase=\"%s\"} %zu\n", phase, s->n);
}

static void put_latency(const cm_report_input *in, cm_buf *out) {
  begin_family("cmdai_test_latency_seconds", "summary", "seconds",
               "Time of a case; a quantile of too few cases is left out.", out);
  for (size_t k = 0; k < in->n; k++) {
    const cm_summary *s = &in->summaries[k];
    put_phase(in, k, "ttft", &s->ttft, out);
    put_phase(in, k, "total", &s->total, out);
    put_phase(in, k, "check", &s->check, out);
    put_phase(in, k, "exec", &s->exec, out);
  }
}

static void put_gates(const cm_report_input *in, cm_buf *out) {
  if (!in->gates || !in->gates->n) return;
  begin_family("cmdai_test_gate_ok", "gauge", NULL, "1 when the gate lets the run pass.", out);
  for (size_t i = 0; i < in->gates->n; i++) {
    begin_line("cmdai_test_gate_ok", in, 0, out);
    cm_buf_putc(out, ',');
    put_label("gate", cm_str_of(in->gates->items[i].gate), out);
    end_line(in->gates->items[i].ok, out);
  }
}

static cm_code write_openmetrics(const cm_report_input *in, cm_buf *out, cm_err *e) {
  put_info(in, out);
  put_states(in, out);
  put_singles(in, out);
  put_categories(in, out);
  put_latency(in, out);
  put_gates(in, out);
  cm_buf_puts(out, "# EOF\n");
  return cm_report_end(out, e);
}

const cm_report cm_report_openmetrics = {"openmetrics", "prom", "OpenMetrics text, for Prometheus",
                                         write_openmetrics};
