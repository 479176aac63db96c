/* cmdai test bench: how long a user waits, against budgets and against another program. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "cli/models.h"
#include "cli/test.h"
#include "data/json.h"
#include "quality/bench.h"

enum { ARENA_MAX = 1 << 30, TEXT_MAX = 1 << 20 };
#define NS UINT64_C(1000000000)

typedef struct benching {
  const cm_opts *o;
  cm_perf_options p;
  cm_perf_result r;
  const cm_perf_budget *budget; /* NULL: none for this model */
  cm_perf_check checks[CM_PERF_CHECKS];
  size_t n_checks;
  char own[4096];
} benching;

/* --- what came out --------------------------------------------------------------------------- */

static const char *const states[] = {"met", "exceeded", "not proved"};
static const char *const changes[] = {"same", "faster", "slower", "not confirmed", "unknown"};

static bool is_slow(const benching *b) {
  for (size_t i = 0; i < b->n_checks; i++)
    if (b->checks[i].state == CM_PERF_EXCEEDED) return true;
  return (b->budget && strcmp(cm_perf_grade(&b->r, b->budget), "fail") == 0) ||
         cm_perf_regressed(&b->r);
}

/* With a base the question is whether it is slower; a figure over a budget answers for itself. */
static bool is_open(const benching *b) { return b->r.too_few && !is_slow(b); }

/* --- as text --------------------------------------------------------------------------------- */

static void put_value(double v, cm_buf *out) {
  if (cm_stat_known(v)) cm_buf_printf(out, " %10.*f", v < 100 ? 2 : 1, v);
  else cm_buf_printf(out, " %10s", "-");
}

static void put_row(const benching *b, cm_perf_metric m, cm_buf *out) {
  const cm_stat_summary *s = &b->r.head[m];
  cm_buf_printf(out, "%-16s %5zu", cm_perf_name(m), s->n);
  const double values[] = {s->median, s->mean, s->min, s->p95, s->p99, s->max};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) put_value(values[i], out);
  cm_buf_putc(out, '\n');
}

static void put_head(const benching *b, cm_buf *out) {
  const cm_perf_model *m = &b->r.model;
  char cpu[128];
  cm_os_cpu_name(cpu, sizeof cpu);
  cm_ui_escape(cm_str_of(m->id), out);
  cm_buf_printf(out, " (%s, %s), %s, %u processors, a fresh process for each of %d requests\n",
                m->quant[0] ? m->quant : "-", m->backend, cpu, cm_os_cpu_count(), CM_PERF_PROMPTS);
  cm_buf_printf(out, "%-16s %5s %10s %10s %10s %10s %10s %10s\n", "", "n", "median", "mean", "min",
                "p95", "p99", "max");
  put_row(b, CM_PERF_COLD, out);
  for (unsigned i = 0; i < CM_PERF_COLD; i++) put_row(b, (cm_perf_metric)i, out);
}

/* What the figures can't show. */
static void put_notes(const benching *b, cm_buf *out) {
  const double left = b->r.cold_left;
  if (left > 0.1)
    cm_buf_printf(out,
                  "cold start: %.0f %% of the files stayed in memory (a file system in memory, or "
                  "another process holds them): colder would be slower\n",
                  100 * left);
  if (b->r.spread > CM_PERF_NOISY)
    cm_buf_printf(out, "noisy machine: answers to one request spread by %.0f %% (limit %.0f %%)\n",
                  100 * b->r.spread, 100 * CM_PERF_NOISY);
  if (!b->r.head[CM_PERF_MEMORY].n)
    cm_buf_puts(out, "peak_rss_mb: no more than this process holds itself; not measured\n");
}

static void put_budgets(const benching *b, cm_buf *out) {
  if (!b->budget) {
    cm_buf_puts(out, "no budget is set for this model\n");
    return;
  }
  cm_buf_printf(out, "budgets of %s %s:", b->budget->backend, b->budget->size);
  for (size_t i = 0; i < b->n_checks; i++)
    cm_buf_printf(out, "%s %s %.0f ms (limit %.0f) %s", i ? ";" : "", b->checks[i].name,
                  b->checks[i].value, b->checks[i].limit, states[b->checks[i].state]);
  cm_buf_printf(out, "\nmedian answer: %s (target %.0f, acceptable %.0f, fail %.0f ms)\n",
                cm_perf_grade(&b->r, b->budget), b->budget->target, b->budget->acceptable,
                b->budget->fail);
}

static void put_change(const benching *b, cm_perf_metric m, cm_buf *out) {
  const cm_perf_compared *c = &b->r.changes[m];
  if (c->change == CM_PERF_UNKNOWN) return;
  cm_buf_printf(out, "%-16s", cm_perf_name(m));
  put_value(b->r.base[m].median, out);
  put_value(b->r.head[m].median, out);
  cm_buf_printf(out, " %10.3f %10.4f  %s", c->shift.ratio, c->shift.p_greater, changes[c->change]);
  if (cm_stat_known(c->second.ratio))
    cm_buf_printf(out, " (second round: %.3f, p %.4f)", c->second.ratio, c->second.p_greater);
  cm_buf_putc(out, '\n');
}

static void put_comparison(const benching *b, cm_buf *out) {
  if (!b->r.compared) return;
  cm_buf_puts(out, "\nagainst ");
  cm_ui_escape(cm_str_of(b->p.base), out);
  cm_buf_puts(out, ", in turns; ratio of costs, per request; p that it is not slower\n");
  cm_buf_printf(out, "%-16s %10s %10s %10s %10s\n", "median", "base", "head", "ratio", "p");
  for (unsigned i = 0; i < CM_PERF_COLD; i++) put_change(b, (cm_perf_metric)i, out);
  if (!b->r.same_answers)
    cm_buf_puts(out, "the two answer differently: it is not the same work that is compared\n");
}

static void report_plain(const benching *b, cm_buf *out) {
  put_head(b, out);
  put_budgets(b, out);
  put_notes(b, out);
  put_comparison(b, out);
  cm_buf_puts(out, is_slow(b)   ? "too slow\n"
                   : is_open(b) ? "not enough samples to judge\n"
                                : "passed\n");
}

/* --- as JSON --------------------------------------------------------------------------------- */

static void json_text(cm_jw *w, const char *key, const char *v) {
  cm_jw_key(w, key);
  cm_jw_text(w, v && *v ? v : NULL);
}

static void json_metrics(cm_jw *w, const cm_stat_summary *list) {
  cm_jw_key(w, "metrics");
  cm_jw_begin_object(w);
  for (unsigned i = 0; i < CM_PERF_METRICS; i++) {
    const cm_stat_summary *s = &list[i];
    cm_jw_key(w, cm_perf_name((cm_perf_metric)i));
    cm_jw_begin_object(w);
    cm_jw_key(w, "n");
    cm_jw_u64(w, s->n);
    cm_jw_put_f64(w, "median", s->median), cm_jw_put_f64(w, "mean", s->mean),
        cm_jw_put_f64(w, "sd", s->sd);
    cm_jw_put_f64(w, "min", s->min), cm_jw_put_f64(w, "p95", s->p95),
        cm_jw_put_f64(w, "p99", s->p99);
    cm_jw_put_f64(w, "max", s->max), cm_jw_put_f64(w, "mad", s->mad);
    cm_jw_end_object(w);
  }
  cm_jw_end_object(w);
}

static void json_model(cm_jw *w, const cm_perf_model *m) {
  json_text(w, "backend", m->backend);
  cm_jw_key(w, "model");
  cm_jw_begin_object(w);
  json_text(w, "id", m->id), json_text(w, "sha256", m->sha256), json_text(w, "quant", m->quant);
  cm_jw_end_object(w);
}

static void json_machine(cm_jw *w) {
  char cpu[128];
  cm_os_cpu_name(cpu, sizeof cpu);
  cm_jw_key(w, "machine");
  cm_jw_begin_object(w);
  json_text(w, "cpu", cpu), json_text(w, "os", cm_os_name());
  cm_jw_key(w, "processors");
  cm_jw_u64(w, cm_os_cpu_count());
  cm_jw_key(w, "memory_bytes");
  cm_jw_u64(w, cm_os_memory_bytes());
  cm_jw_end_object(w);
}

static void json_budgets(cm_jw *w, const benching *b) {
  cm_jw_key(w, "budgets");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < b->n_checks; i++) {
    cm_jw_begin_object(w);
    json_text(w, "name", b->checks[i].name);
    cm_jw_put_f64(w, "value_ms", b->checks[i].value),
        cm_jw_put_f64(w, "limit_ms", b->checks[i].limit);
    json_text(w, "state", states[b->checks[i].state]);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
  json_text(w, "grade", b->budget ? cm_perf_grade(&b->r, b->budget) : NULL);
}

static void json_changes(cm_jw *w, const benching *b) {
  cm_jw_key(w, "changes");
  cm_jw_begin_object(w);
  for (unsigned i = 0; i < CM_PERF_COLD; i++) {
    const cm_perf_compared *c = &b->r.changes[i];
    cm_jw_key(w, cm_perf_name((cm_perf_metric)i));
    cm_jw_begin_object(w);
    json_text(w, "change", changes[c->change]);
    cm_jw_put_f64(w, "ratio", c->shift.ratio), cm_jw_put_f64(w, "p", c->shift.p_greater);
    cm_jw_put_f64(w, "second_ratio", c->second.ratio);
    cm_jw_put_f64(w, "second_p",
                  cm_stat_known(c->second.ratio) ? c->second.p_greater : (double)NAN);
    cm_jw_end_object(w);
  }
  cm_jw_end_object(w);
}

static void json_base(cm_jw *w, const benching *b) {
  cm_jw_key(w, "base");
  if (!b->r.compared) {
    cm_jw_null(w);
    return;
  }
  cm_jw_begin_object(w);
  json_text(w, "program", b->p.base);
  cm_jw_key(w, "same_answers");
  cm_jw_bool(w, b->r.same_answers);
  json_metrics(w, b->r.base);
  json_changes(w, b);
  cm_jw_end_object(w);
}

static void report_json(const benching *b, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  json_text(&w, "schema", "cmdai.testbench/1");
  cm_jw_key(&w, "passed");
  if (is_open(b)) cm_jw_null(&w);
  else cm_jw_bool(&w, !is_slow(b));
  json_text(&w, "program", b->p.head.program);
  json_model(&w, &b->r.model);
  json_machine(&w);
  cm_jw_key(&w, "samples");
  cm_jw_u64(&w, b->p.samples);
  json_metrics(&w, b->r.head);
  cm_jw_put_f64(&w, "cold_left", b->r.cold_left);
  cm_jw_put_f64(&w, "spread", b->r.spread);
  cm_jw_key(&w, "noisy");
  cm_jw_bool(&w, b->r.spread > CM_PERF_NOISY);
  json_budgets(&w, b);
  json_base(&w, b);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

/* --- the command ----------------------------------------------------------------------------- */

static uint64_t bytes_of(const char *path) {
  cm_map map;
  if (!path || cm_os_map(path, &map, NULL)) return 0;
  const uint64_t n = map.n;
  cm_os_unmap(&map);
  return n;
}

static cm_code measure(benching *b, cm_arena *a, cm_err *e) {
  const cm_opts *o = b->o;
  cm_found found;
  cm_code code = cm_model_find(o, cm_test_model(o), false, &found, e);
  if (!code) code = cm_os_own_program(b->own, sizeof b->own, e);
  if (code) return code;
  const char *model = cm_model_path(&found);
  b->p = (cm_perf_options){
      .head = {b->own, model, o->threads, o->max_tokens, o->timeout * NS, &cm_ui_cancel},
      .base = o->base,
      .samples = o->samples,
  };
  code = cm_perf_run(&b->p, a, &b->r, e);
  if (code) return code;
  b->budget = cm_perf_budget_of(&b->r.model, model, bytes_of(model));
  if (b->budget) cm_perf_judge(&b->r, b->budget, b->checks, &b->n_checks);
  return CM_OK;
}

static int report(const benching *b) {
  cm_buf out;
  cm_buf_init(&out, TEXT_MAX);
  if (cm_opts_document(b->o)) report_json(b, &out);
  else report_plain(b, &out);
  const int status = cm_test_out(b->o, &out);
  if (status) return status;
  return is_slow(b) ? CM_TEST_SLOW : is_open(b) ? CM_TEST_NOTHING : CM_TEST_OK;
}

int cm_test_bench(const cm_opts *o, char **operands, size_t n) {
  (void)operands;
  if (n) return cm_ui_fail(CM_TEST_USAGE, "cmdai test bench takes options only");
  if (o->models.typed && o->models.n > 1)
    return cm_ui_fail(CM_TEST_USAGE, "cmdai test bench measures one model");
  /* What is measured starts as users start it, and its first line says why it failed. */
  (void)setenv("CMDAI_LOG", "off", 1);
  benching b = {.o = o};
  cm_err e = {0};
  cm_arena *a = cm_arena_open(ARENA_MAX);
  cm_code code = a ? measure(&b, a, &e) : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  int status = code == CM_E_CANCELLED ? CM_EXIT_INTERRUPTED
               : code == CM_E_USAGE   ? CM_TEST_USAGE
                                      : CM_TEST_BROKEN;
  status = code ? cm_ui_fail(status, "%s", e.msg) : report(&b);
  cm_arena_close(a);
  return status;
}
