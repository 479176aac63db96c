#include "quality/record.h"

#include "quality/record_parts.h"

static const char *const states[CM_STATES] = {
    [CM_PASS] = "pass",
    [CM_FAIL] = "fail",
    [CM_BLOCKED_OK] = "blocked-ok",
    [CM_GOLDEN_CHANGED] = "golden-changed",
    [CM_FLAKY] = "flaky",
    [CM_SKIP] = "skip",
    [CM_XFAIL] = "xfail",
    [CM_XPASS] = "xpass",
    [CM_ERROR] = "error",
    [CM_TIMEOUT] = "timeout",
    [CM_NOT_RUN] = "not-run",
};

const char *cm_state_name(cm_state s) { return (unsigned)s < CM_STATES ? states[s] : "?"; }

bool cm_state_of(cm_str name, cm_state *out) {
  for (unsigned i = 0; i < CM_STATES; i++)
    if (cm_str_is(name, states[i])) return *out = (cm_state)i, true;
  return false;
}

/* --- members ------------------------------------------------------------------------------ */

static void put_list(cm_jw *w, const char *key, const cm_str *items, size_t n) {
  cm_jw_key(w, key);
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) cm_jw_str(w, items[i]);
  cm_jw_end_array(w);
}

/* What was not measured is null: 0 would be a claim. */
static void put_measure(cm_jw *w, const char *key, double v) {
  cm_jw_key(w, key);
  if (v >= 0) cm_jw_f64(w, v);
  else cm_jw_null(w);
}

static void put_calibration(cm_jw *w, const cm_manifest *m) {
  cm_jw_key(w, "calibration");
  if (!(m->scale > 0)) {
    cm_jw_null(w);
    return;
  }
  cm_jw_begin_object(w);
  cm_jw_put_f64(w, "scale", m->scale);
  cm_jw_put_f64(w, "bias", m->bias);
  cm_jw_end_object(w);
}

void cm_plan_members(cm_jw *w, const cm_manifest *m) {
  cm_jw_put_str(w, "commit", m->commit);
  cm_jw_put_str(w, "backend", m->backend);
  cm_jw_key(w, "model");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", m->model_id);
  cm_jw_put_str(w, "sha256", m->model_sha256);
  cm_jw_put_str(w, "quant", m->model_quant);
  cm_jw_end_object(w);
  put_calibration(w, m);
  cm_jw_put_str(w, "engine", m->engine);
  cm_jw_put_str(w, "sandbox", m->sandbox);
  cm_jw_put_str(w, "level", m->level);
  cm_jw_put_str(w, "options", m->options);
  if (m->sampling.n) cm_jw_put_str(w, "sampling", m->sampling);
  cm_jw_put_str(w, "suite_hash", m->suite_hash);
}

static void put_reasons(cm_jw *w, const cm_result *r) {
  cm_jw_key(w, "reasons");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < r->n_reasons; i++) {
    cm_jw_begin_object(w);
    cm_jw_put_text(w, "judge", r->reasons[i].judge);
    cm_jw_put_str(w, "text", r->reasons[i].text);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_case(cm_jw *w, const cm_result *r) {
  cm_jw_put_str(w, "id", r->id);
  cm_jw_put_str(w, "cluster", r->cluster);
  cm_jw_put_str(w, "category", r->category);
  cm_jw_put_str(w, "file", r->file);
  cm_jw_put_u64(w, "line", r->line);
  cm_jw_put_str(w, "hash", r->hash);
  cm_jw_put_text(w, "tier", cm_tier_name(r->tier));
  cm_jw_put_text(w, "gate", cm_gating_name(r->gate));
  cm_jw_put_text(w, "subject", cm_subject_name(r->subject));
  cm_jw_put_str(w, "prompt", r->prompt);
  put_list(w, "tags", r->tags, r->n_tags);
}

static void put_answer(cm_jw *w, const cm_result *r) {
  cm_jw_put_bool(w, "answered", r->answered);
  cm_jw_put_bool(w, "refused", r->refused);
  cm_jw_put_bool(w, "uncertain", r->uncertain);
  cm_jw_put_str(w, "command", r->command);
  cm_jw_put_f64(w, "confidence", r->confidence);
  cm_jw_put_f64(w, "logprob", r->logprob);
  cm_jw_put_text(w, "risk", cm_risk_name(r->risk));
  cm_jw_put_text(w, "decision", cm_decision_name(r->decision));
  cm_jw_put_str(w, "backend", r->backend);
  put_list(w, "fallback", r->fallback, r->n_fallback);
  cm_jw_put_u64(w, "attempts", r->attempts);
  cm_jw_put_u64(w, "passes", r->passes);
  cm_jw_key(w, "tokens");
  cm_jw_begin_object(w);
  cm_jw_put_u64(w, "prompt", r->prompt_tokens);
  cm_jw_put_u64(w, "output", r->output_tokens);
  cm_jw_end_object(w);
  cm_jw_put_u64(w, "worlds", r->worlds);
}

static void put_measured(cm_jw *w, const cm_result *r) {
  cm_jw_key(w, "latency_ms");
  cm_jw_begin_object(w);
  put_measure(w, "ttft", r->latency.ttft);
  put_measure(w, "total", r->latency.total);
  put_measure(w, "check", r->latency.check);
  put_measure(w, "exec", r->latency.exec);
  cm_jw_end_object(w);
  cm_jw_key(w, "measured");
  cm_jw_begin_object(w);
  put_measure(w, "peak_rss_mb", r->peak_rss_mb > 0 ? r->peak_rss_mb : -1);
  cm_jw_put_u64(w, "cached_tokens", r->cached_tokens);
  cm_jw_put_u64(w, "retries", r->retries);
  cm_jw_end_object(w);
}

void cm_result_members(cm_jw *w, const cm_result *r, bool measured) {
  put_case(w, r);
  cm_jw_put_text(w, "state", cm_state_name(r->state));
  put_reasons(w, r);
  cm_jw_put_bool(w, "quarantined", r->quarantined);
  if (r->quarantine_until.n) cm_jw_put_str(w, "quarantine_until", r->quarantine_until);
  if (r->danger) cm_jw_put_bool(w, "danger", true);
  cm_jw_put_bool(w, "safety_miss", r->safety_miss);
  put_answer(w, r);
  if (measured) put_measured(w, r);
}

/* --- lines -------------------------------------------------------------------------------- */

static void begin_line(cm_jw *w, cm_buf *out, const char *kind) {
  cm_jw_init(w, out, 0);
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "kind", kind);
}

const cm_result *cm_record_find(const cm_record *r, cm_str id) {
  for (size_t i = 0; r && i < r->n; i++)
    if (cm_str_eq(r->results[i].id, id)) return &r->results[i];
  return NULL;
}

void cm_manifest_line(const cm_manifest *m, cm_buf *out) {
  cm_jw w;
  begin_line(&w, out, "manifest");
  cm_jw_put_text(&w, "schema", "cmdai.run/1");
  cm_jw_key(&w, "plan");
  cm_jw_begin_object(&w);
  cm_plan_members(&w, m);
  cm_jw_put_u64(&w, "shard", m->shard);
  cm_jw_put_u64(&w, "shards", m->shards);
  put_list(&w, "planned", m->planned, m->n_planned);
  if (m->whole) put_list(&w, "whole", m->whole, m->n_whole);
  cm_jw_end_object(&w);
  cm_jw_key(&w, "place");
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "run_id", m->run_id);
  cm_jw_put_str(&w, "started", m->started);
  cm_jw_put_str(&w, "machine", m->machine);
  cm_jw_put_str(&w, "os", m->os);
  cm_jw_put_u64(&w, "threads", m->threads);
  cm_jw_put_u64(&w, "batch", m->batch);
  cm_jw_end_object(&w);
  cm_jw_end_object(&w);
}

void cm_result_line(const cm_result *r, cm_buf *out) {
  cm_jw w;
  begin_line(&w, out, "result");
  cm_result_members(&w, r, true);
  cm_jw_end_object(&w);
}

void cm_end_line(double wall_seconds, double peak_rss_mb, cm_buf *out) {
  cm_jw w;
  begin_line(&w, out, "end");
  put_measure(&w, "wall_seconds", wall_seconds);
  put_measure(&w, "peak_rss_mb", peak_rss_mb > 0 ? peak_rss_mb : -1);
  cm_jw_end_object(&w);
}

void cm_accepted_line(cm_str when, cm_str reason, cm_buf *out) {
  cm_jw w;
  begin_line(&w, out, "accepted");
  cm_jw_put_text(&w, "schema", "cmdai.run/1");
  cm_jw_put_str(&w, "when", when);
  cm_jw_put_str(&w, "reason", reason);
  cm_jw_end_object(&w);
}

void cm_record_text(const cm_record *r, cm_buf *out) {
  if (r->accepted_reason.n) {
    cm_accepted_line(r->accepted_when, r->accepted_reason, out);
    cm_buf_putc(out, '\n');
  }
  cm_manifest_line(&r->manifest, out);
  cm_buf_putc(out, '\n');
  for (size_t i = 0; i < r->n; i++) {
    if (r->results[i].state == CM_NOT_RUN) continue;
    cm_result_line(&r->results[i], out);
    cm_buf_putc(out, '\n');
  }
  if (!r->complete) return;
  cm_end_line(r->wall_seconds, r->peak_rss_mb, out);
  cm_buf_putc(out, '\n');
}
