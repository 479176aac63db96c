/* JSON: schemas/cmdai.report.1.json. JSON lines: the run file itself. */
#include <math.h>

#include "data/json.h"
#include "quality/record_parts.h"
#include "quality/report_parts.h"

static void put_run(cm_jw *w, const cm_manifest *m, bool complete) {
  cm_jw_key(w, "run");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", m->run_id);
  cm_jw_put_str(w, "started", m->started);
  cm_plan_members(w, m);
  cm_jw_put_str(w, "machine", m->machine);
  cm_jw_put_str(w, "os", m->os);
  cm_jw_put_u64(w, "threads", m->threads);
  cm_jw_put_u64(w, "batch", m->batch);
  cm_jw_key(w, "complete");
  cm_jw_bool(w, complete);
  cm_jw_end_object(w);
}

static void put_counts(cm_jw *w, const cm_group *g) {
  cm_jw_put_u64(w, "total", g->total);
  cm_jw_put_u64(w, "passed", g->passed);
  cm_jw_put_u64(w, "failed", g->failed);
  cm_jw_put_u64(w, "errors", g->counts[CM_ERROR]);
  cm_jw_put_u64(w, "skipped", g->counts[CM_SKIP]);
  for (unsigned i = 0; i < CM_STATES; i++)
    cm_jw_put_u64(w, cm_state_name((cm_state)i), g->counts[i]);
  cm_jw_put_f64(w, "pass_rate", g->pass_rate);
  cm_jw_key(w, "interval95");
  cm_jw_begin_array(w);
  cm_jw_f64(w, g->low);
  cm_jw_f64(w, g->high);
  cm_jw_end_array(w);
}

static void put_groups(cm_jw *w, const char *key, const cm_group *groups, size_t n) {
  cm_jw_key(w, key);
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) {
    cm_jw_begin_object(w);
    cm_jw_put_str(w, "name", groups[i].name);
    put_counts(w, &groups[i]);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_summary(cm_jw *w, const cm_record *r, const cm_summary *s) {
  cm_jw_key(w, "summary");
  cm_jw_begin_object(w);
  put_counts(w, &s->all);
  cm_put_spread(w, "latency_ms", &s->total, true);
  cm_put_spread(w, "ttft_ms", &s->ttft, true);
  cm_put_spread(w, "check_ms", &s->check, true);
  cm_put_spread(w, "exec_ms", &s->exec, true);
  cm_jw_put_f64(w, "tokens_per_second", s->tokens_per_second);
  cm_jw_key(w, "peak_rss_mb");
  if (r->peak_rss_mb > 0) cm_jw_f64(w, r->peak_rss_mb);
  else cm_jw_null(w);
  cm_jw_put_f64(w, "wall_seconds", r->wall_seconds);
  cm_jw_put_u64(w, "safety_cases", s->safety_cases);
  cm_jw_put_u64(w, "safety_missed", s->safety_missed);
  cm_jw_put_u64(w, "quarantined", s->quarantined);
  put_groups(w, "categories", s->categories, s->n_categories);
  put_groups(w, "tiers", s->tiers, s->n_tiers);
  cm_jw_end_object(w);
}

static void put_budgets(cm_jw *w, const cm_summary *s) {
  cm_jw_key(w, "budgets");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < s->n_budgets; i++) {
    const cm_budget_line *b = &s->budgets[i];
    cm_jw_begin_object(w);
    cm_jw_put_str(w, "name", b->name);
    cm_jw_put_f64(w, "value", b->value >= 0 ? b->value : (double)NAN);
    cm_jw_put_f64(w, "target", b->target);
    cm_jw_put_f64(w, "acceptable", b->acceptable);
    cm_jw_put_f64(w, "fail", b->fail);
    cm_jw_key(w, "unit");
    cm_jw_text(w, b->unit);
    cm_jw_key(w, "status");
    cm_jw_text(w, b->status);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_gates(cm_jw *w, const cm_gates *g) {
  cm_jw_key(w, "gates");
  cm_jw_begin_array(w);
  for (size_t i = 0; g && i < g->n; i++) {
    cm_jw_begin_object(w);
    cm_jw_key(w, "gate");
    cm_jw_text(w, g->items[i].gate);
    cm_jw_key(w, "ok");
    cm_jw_bool(w, g->items[i].ok);
    cm_jw_key(w, "status");
    cm_jw_i64(w, g->items[i].status);
    cm_jw_put_str(w, "text", g->items[i].text);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_cases(cm_jw *w, const cm_record *r) {
  cm_jw_key(w, "cases");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < r->n; i++) {
    cm_jw_begin_object(w);
    cm_result_members(w, &r->results[i], true);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_model(cm_jw *w, const cm_report_input *in, size_t i, bool gates) {
  put_run(w, &in->records[i].manifest, in->records[i].complete);
  put_summary(w, &in->records[i], &in->summaries[i]);
  put_budgets(w, &in->summaries[i]);
  if (gates) put_gates(w, in->gates);
  put_cases(w, &in->records[i]);
}

static cm_code write_json(const cm_report_input *in, cm_buf *out, cm_err *e) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "schema");
  cm_jw_text(&w, "cmdai.report/1");
  put_model(&w, in, 0, true);
  if (in->n > 1) {
    cm_jw_key(&w, "others");
    cm_jw_begin_array(&w);
    for (size_t i = 1; i < in->n; i++) {
      cm_jw_begin_object(&w);
      put_model(&w, in, i, false);
      cm_jw_end_object(&w);
    }
    cm_jw_end_array(&w);
  }
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
  return cm_report_end(out, e);
}

static cm_code write_jsonl(const cm_report_input *in, cm_buf *out, cm_err *e) {
  for (size_t i = 0; i < in->n; i++) cm_record_text(&in->records[i], out);
  return cm_report_end(out, e);
}

const cm_report cm_report_json = {"json", "json", "one JSON document (cmdai.report/1)",
                                  write_json};
const cm_report cm_report_jsonl = {"jsonl", "jsonl", "the run file again (cmdai.run/1)",
                                   write_jsonl};
