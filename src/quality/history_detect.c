/* Measures, series, and when their level changed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quality/history_parts.h"

/* --- measures ----------------------------------------------------------------------------- */

static const struct {
  const char *name, *unit;
  bool more_is_better, of_machine;
} metrics[CM_TREND_METRICS] = {
    [CM_TREND_PASS_RATE] = {"pass_rate", "%", true, false},
    [CM_TREND_P50] = {"latency_p50", "ms", false, true},
    [CM_TREND_P95] = {"latency_p95", "ms", false, true},
    [CM_TREND_TTFT] = {"first_token", "ms", false, true},
    [CM_TREND_SPEED] = {"speed", "tokens/s", true, true},
    [CM_TREND_MEMORY] = {"peak_memory", "MB", false, true},
    [CM_TREND_WALL] = {"wall_time", "min", false, true},
    [CM_TREND_COST] = {"cost", "$", false, true},
};

const char *cm_trend_metric_name(cm_trend_metric m) {
  return (unsigned)m < CM_TREND_METRICS ? metrics[m].name : "?";
}

const char *cm_trend_metric_unit(cm_trend_metric m) {
  return (unsigned)m < CM_TREND_METRICS ? metrics[m].unit : "?";
}

bool cm_trend_more_is_better(cm_trend_metric m) { return metrics[m].more_is_better; }

double cm_trend_value(const cm_trend_run *r, cm_trend_metric m) {
  switch (m) {
    case CM_TREND_PASS_RATE: return 100 * r->pass_rate;
    case CM_TREND_P50: return r->total.p50;
    case CM_TREND_P95: return r->total.p95;
    case CM_TREND_TTFT: return r->ttft.p50;
    case CM_TREND_SPEED: return r->tokens_per_second;
    case CM_TREND_MEMORY: return r->peak_rss_mb;
    case CM_TREND_WALL: return r->wall_seconds / 60;
    case CM_TREND_COST: return r->cost;
    case CM_TREND_METRICS: break;
  }
  return (double)NAN;
}

/* A number with commas between the thousands; v >= 0. */
static void put_thousands(double v, cm_buf *out) {
  char digits[40];
  int n = snprintf(digits, sizeof digits, "%.0f", v);
  if (n <= 0 || n >= (int)sizeof digits) return;
  for (int i = 0; i < n; i++) {
    if (i && (n - i) % 3 == 0 && digits[i - 1] != '-') cm_buf_putc(out, ',');
    cm_buf_putc(out, digits[i]);
  }
}

void cm_trend_put_value(cm_trend_metric m, double v, cm_buf *out) {
  if (!isfinite(v) || fabs(v) > 1e15) {
    cm_buf_puts(out, "n/a");
    return;
  }
  if (m == CM_TREND_COST) {
    cm_buf_printf(out, "$%.*f", v < 1 ? 3 : 2, v);
    return;
  }
  if (fabs(v) >= 1000) put_thousands(v, out);
  else cm_buf_printf(out, "%.*f", fabs(v) >= 100 && m != CM_TREND_PASS_RATE ? 0 : 1, v);
  cm_buf_printf(out, " %s", metrics[m].unit);
}

cm_str cm_trend_short(cm_str commit) {
  if (!commit.n) return CM_STR("?");
  return (cm_str){commit.p, commit.n < 8 ? commit.n : cm_utf8_complete(commit.p, 8)};
}

/* --- series ------------------------------------------------------------------------------- */

bool cm_trend_one_machine(const cm_trend_run *x, const cm_trend_run *y) {
  return cm_str_eq(x->machine, y->machine) && x->threads == y->threads && x->batch == y->batch;
}

static bool together(const cm_trend_run *x, const cm_trend_run *y, bool machine) {
  return cm_str_eq(x->backend, y->backend) && cm_str_eq(x->model_id, y->model_id) &&
         cm_str_eq(x->options, y->options) && (!machine || cm_trend_one_machine(x, y));
}

/* Walks backwards and fills from the end: the series come in the order of their newest runs. */
cm_code cm_trend_series_of(const cm_trend *t, bool machine, cm_arena *a, cm_trend_series **out,
                           size_t *n, cm_err *e) {
  cm_trend_series *all = cm_arena_alloc(a, t->n, sizeof *all);
  const cm_trend_run **runs = cm_arena_alloc(a, t->n, sizeof *runs);
  bool *taken = cm_arena_alloc(a, t->n, sizeof *taken);
  if (!all || !runs || !taken) return cm_fail(e, CM_E_NOMEM, 0, "history: no memory for series");
  size_t first = t->n, end = t->n;
  for (size_t i = t->n; i-- > 0;) {
    if (taken[i]) continue;
    size_t at = end;
    for (size_t k = i + 1; k-- > 0;) {
      if (taken[k] || !together(&t->runs[k], &t->runs[i], machine)) continue;
      taken[k] = true;
      runs[--at] = &t->runs[k];
    }
    all[--first] = (cm_trend_series){runs + at, end - at};
    end = at;
  }
  *out = all + first;
  *n = t->n - first;
  return CM_OK;
}

/* --- changes ------------------------------------------------------------------------------ */

typedef struct detector {
  const cm_stat_change_options *o;
  cm_arena *a;
  double *values;            /* [CM_TREND_MAX] */
  const cm_trend_run **runs; /* [CM_TREND_MAX] that they are of */
  cm_trend_change *out;
  size_t n, max;
  cm_err *e;
} detector;

static void put_short(cm_buf *b, cm_str s, size_t most) {
  cm_buf_add(b, s.n ? s.p : "", s.n > most ? cm_utf8_complete(s.p, most) : s.n);
}

/* What else was different at that run: the first thing to look at. */
static void put_causes(cm_buf *b, const cm_trend_run *before, const cm_trend_run *at) {
  const struct {
    const char *what;
    bool other;
  } causes[] = {
      {"model file", !cm_str_eq(before->model_sha256, at->model_sha256)},
      {"test cases", !cm_str_eq(before->suite_hash, at->suite_hash)},
      {"engine", !cm_str_eq(before->engine, at->engine)},
      {"machine", !cm_trend_one_machine(before, at)},
      {"safety level", !cm_str_eq(before->level, at->level)},
  };
  bool any = false;
  for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
    if (!causes[i].other) continue;
    cm_buf_puts(b, any ? ", " : "; changed too: ");
    cm_buf_puts(b, causes[i].what);
    any = true;
  }
}

static void put_change(cm_buf *b, const cm_trend_change *c, const cm_trend_run *before) {
  bool up = c->after > c->before;
  cm_buf_printf(b, "%s %s from ", metrics[c->metric].name, up ? "rose" : "fell");
  cm_trend_put_value(c->metric, c->before, b);
  cm_buf_puts(b, " to ");
  cm_trend_put_value(c->metric, c->after, b);
  cm_buf_puts(b, " at commit ");
  cm_str commit = cm_trend_short(c->at->commit);
  cm_buf_add(b, commit.p, commit.n);
  cm_buf_puts(b, " on ");
  put_short(b, c->at->started, 10);
  cm_buf_puts(b, " (");
  put_short(b, c->at->backend, 20);
  cm_buf_puts(b, ", ");
  put_short(b, c->at->model_id, 60);
  if (metrics[c->metric].of_machine && c->at->machine.n) {
    cm_buf_puts(b, ", ");
    put_short(b, c->at->machine, 60);
  }
  cm_buf_printf(b, "; medians of %zu and %zu runs, p = %.2g", c->n_before, c->n_after, c->p);
  put_causes(b, before, c->at);
  cm_buf_putc(b, ')');
}

static cm_code write_text(detector *d, cm_trend_change *c, const cm_trend_run *before) {
  cm_buf b;
  cm_buf_init(&b, 4096);
  put_change(&b, c, before);
  char *p = b.overflow ? NULL : cm_arena_strdup(d->a, b.p, b.n);
  c->text = (cm_str){p, b.n};
  cm_buf_close(&b);
  return p ? CM_OK : cm_fail(d->e, CM_E_NOMEM, 0, "history: no memory for the changes");
}

static cm_code add_changes(detector *d, cm_trend_metric m, const cm_stat_change *found, size_t n,
                           size_t values) {
  cm_code code = CM_OK;
  for (size_t i = 0; !code && i < n && d->n < d->max; i++) {
    size_t from = i ? found[i - 1].at : 0, to = i + 1 < n ? found[i + 1].at : values;
    size_t at = found[i].at;
    cm_trend_change *c = &d->out[d->n++];
    *c =
        (cm_trend_change){.metric = m,
                          .at = d->runs[at],
                          .before = found[i].before,
                          .after = found[i].after,
                          .p = found[i].p,
                          .n_before = at - from,
                          .n_after = to - at,
                          .age = values - 1 - at,
                          .worse = (found[i].after < found[i].before) == metrics[m].more_is_better,
                          .stands = i + 1 == n};
    code = write_text(d, c, d->runs[at - 1]);
  }
  return code;
}

static cm_code detect_one(detector *d, const cm_trend_series *s, cm_trend_metric m) {
  const cm_stat_change *found;
  size_t n = 0, n_found;
  for (size_t i = 0; i < s->n; i++) {
    double v = cm_trend_value(s->runs[i], m);
    if (!s->runs[i]->complete || !isfinite(v) || fabs(v) > CM_STAT_VALUE_MAX) continue;
    d->values[n] = v;
    d->runs[n++] = s->runs[i];
  }
  cm_code code = cm_stat_changes(d->values, n, d->o, d->a, &found, &n_found, d->e);
  return code ? code : add_changes(d, m, found, n_found, n);
}

/* Cost is time times a price, in whole minutes: a step of it says nothing more than that time. */
static cm_code detect_all(detector *d, const cm_trend *t, bool machine) {
  cm_trend_series *series;
  size_t n;
  cm_code code = cm_trend_series_of(t, machine, d->a, &series, &n, d->e);
  for (size_t i = 0; !code && i < n; i++)
    for (unsigned m = 0; !code && m < CM_TREND_METRICS; m++)
      if (metrics[m].of_machine == machine && m != CM_TREND_COST)
        code = detect_one(d, &series[i], (cm_trend_metric)m);
  return code;
}

cm_code cm_trend_detect(const cm_trend *t, const cm_stat_change_options *o, cm_arena *a,
                        cm_trend_change **out, size_t *n, cm_err *e) {
  const cm_stat_change_options defaults = cm_stat_change_defaults();
  detector d = {.o = o ? o : &defaults, .a = a, .e = e, .max = t->n * CM_TREND_METRICS};
  d.values = cm_arena_alloc(a, t->n, sizeof *d.values);
  d.runs = cm_arena_alloc(a, t->n, sizeof *d.runs);
  d.out = cm_arena_alloc(a, d.max, sizeof *d.out);
  *out = d.out;
  *n = 0;
  if (!d.values || !d.runs || !d.out)
    return cm_fail(e, CM_E_NOMEM, 0, "history: no memory for the changes");
  cm_code code = detect_all(&d, t, false);
  if (!code) code = detect_all(&d, t, true);
  if (!code) *n = d.n;
  return code;
}

cm_code cm_trend_longest(const cm_trend *t, cm_arena *a, size_t *n, cm_err *e) {
  cm_trend_series *series;
  size_t n_series;
  *n = 0;
  cm_code code = cm_trend_series_of(t, false, a, &series, &n_series, e);
  for (size_t i = 0; !code && i < n_series; i++) {
    size_t complete = 0;
    for (size_t k = 0; k < series[i].n; k++) complete += series[i].runs[k]->complete;
    if (complete > *n) *n = complete;
  }
  return code;
}

int cm_trend_status(const cm_trend_change *c, size_t n, size_t recent) {
  int status = 0;
  for (size_t i = 0; i < n; i++) {
    if (!c[i].worse || !c[i].stands || c[i].age > recent) continue;
    if (c[i].metric == CM_TREND_PASS_RATE) return 1;
    status = 6;
  }
  return status;
}
