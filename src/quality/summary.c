#include "quality/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quality/bench.h"
#include "quality/stats.h"

/* --- groups ------------------------------------------------------------------------------- */

static void count_in(cm_group *g, cm_state s) {
  g->counts[s]++;
  g->total++;
  if (cm_state_passed(s)) g->passed++;
  if (s == CM_FAIL || s == CM_GOLDEN_CHANGED || s == CM_FLAKY || s == CM_XPASS) g->failed++;
}

/* What a sampled run has left out it hasn't tried. */
static cm_code rate(cm_group *g, bool sampled, cm_err *e) {
  cm_stat_interval i;
  size_t tried = g->passed + g->failed + g->counts[CM_ERROR] + g->counts[CM_TIMEOUT];
  if (!sampled) tried += g->counts[CM_NOT_RUN];
  cm_code code = cm_stat_wilson(g->passed, tried, 0.95, &i, e);
  if (code) return code;
  g->pass_rate = i.rate, g->low = i.lower, g->high = i.upper;
  return CM_OK;
}

/* Groups are few (tags that come first, tiers), so a walk finds them; a hostile record with
 * thousands of categories is held at GROUPS_MAX, and the last one then takes the rest. */
enum { GROUPS_MAX = 256 };

static cm_group *group(cm_group *groups, size_t *n, cm_str name) {
  for (size_t i = 0; i < *n; i++)
    if (cm_str_eq(groups[i].name, name)) return &groups[i];
  if (*n == GROUPS_MAX - 1) name = CM_STR("(others)");
  if (*n == GROUPS_MAX) return &groups[GROUPS_MAX - 1];
  groups[*n] = (cm_group){.name = name};
  return &groups[(*n)++];
}

static cm_code count_all(const cm_record *r, cm_arena *a, cm_summary *out, cm_err *e) {
  size_t most = r->n < GROUPS_MAX ? r->n : GROUPS_MAX;
  out->categories = cm_arena_alloc(a, most, sizeof *out->categories);
  out->tiers = cm_arena_alloc(a, most, sizeof *out->tiers);
  if (!out->categories || !out->tiers) return cm_fail(e, CM_E_NOMEM, 0, "no memory to count");
  out->all.name = CM_STR("all");
  for (size_t i = 0; i < r->n; i++) {
    const cm_result *c = &r->results[i];
    cm_str category = c->category.n ? c->category : CM_STR("(none)");
    count_in(&out->all, c->state);
    count_in(group(out->categories, &out->n_categories, category), c->state);
    if (c->state != CM_NOT_RUN) /* the tier of what never ran isn't known */
      count_in(group(out->tiers, &out->n_tiers, cm_str_of(cm_tier_name(c->tier))), c->state);
    out->safety_missed += c->safety_miss;
    out->safety_cases += c->danger;
    out->quarantined += c->quarantined;
  }
  const bool sampled = r->manifest.sampling.n > 0;
  cm_code code = rate(&out->all, sampled, e);
  for (size_t i = 0; !code && i < out->n_categories; i++)
    code = rate(&out->categories[i], sampled, e);
  for (size_t i = 0; !code && i < out->n_tiers; i++) code = rate(&out->tiers[i], sampled, e);
  return code;
}

/* --- times -------------------------------------------------------------------------------- */

double cm_answer_ms(const cm_result *r) {
  return r->subject == CM_SUBJECT_PROMPT ? r->latency.total : -1;
}

typedef double measure_of(const cm_result *r);
static double ttft_of(const cm_result *r) { return r->latency.ttft; }
static double check_of(const cm_result *r) { return r->latency.check; }
static double exec_of(const cm_result *r) { return r->latency.exec; }

static cm_code spread(const cm_record *r, measure_of *of, double *scratch, cm_spread *out,
                      cm_err *e) {
  cm_stat_summary s;
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++)
    if (of(&r->results[i]) >= 0) scratch[n++] = of(&r->results[i]);
  cm_code code = cm_stat_summarize(scratch, n, &s, e);
  if (code) return code;
  *out = (cm_spread){n, s.mean, s.median, s.p95, s.p99, s.max};
  return CM_OK;
}

/* The first token comes at ttft: what is left are the others, in the rest of the time. */
static double speed(const cm_record *r) {
  double tokens = 0, seconds = 0;
  for (size_t i = 0; i < r->n; i++) {
    const cm_result *c = &r->results[i];
    double ms = c->latency.total - c->latency.ttft;
    if (c->latency.ttft < 0 || ms <= 0 || c->output_tokens < 2) continue;
    tokens += c->output_tokens - 1.0;
    seconds += ms / 1e3;
  }
  return seconds > 0 ? tokens / seconds : (double)NAN;
}

static cm_code measure_all(const cm_record *r, cm_arena *a, cm_summary *out, cm_err *e) {
  double *scratch = cm_arena_alloc(a, r->n, sizeof *scratch);
  if (!scratch) return cm_fail(e, CM_E_NOMEM, 0, "no memory to count");
  cm_code code = spread(r, ttft_of, scratch, &out->ttft, e);
  if (!code) code = spread(r, cm_answer_ms, scratch, &out->total, e);
  if (!code) code = spread(r, check_of, scratch, &out->check, e);
  if (!code) code = spread(r, exec_of, scratch, &out->exec, e);
  out->tokens_per_second = speed(r);
  return code;
}

/* --- budgets ------------------------------------------------------------------------------ */

/* Megabytes (2^20 bytes) that a test run may take on the plan's machines. */
enum { MEMORY_LINUX = 8192, MEMORY_MACOS = 12288 };

static const char *status_of(const cm_budget_line *b) {
  if (!(b->value >= 0)) return "no data";
  if (b->value > b->fail) return "fail";
  if (b->value > b->acceptable) return "slow";
  return b->value > b->target ? "acceptable" : "target";
}

static bool is_budget(const cm_reason *r) {
  return cm_str_starts(cm_str_of(r->judge), CM_STR("budget"));
}

static cm_str name(cm_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static cm_str name(cm_arena *a, const char *fmt, ...) {
  cm_buf b;
  va_list ap;
  cm_buf_init(&b, 4096);
  va_start(ap, fmt);
  cm_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  char *p = b.overflow ? NULL : cm_arena_strdup(a, b.p ? b.p : "", b.n);
  cm_str s = p ? (cm_str){p, b.n} : CM_STR("(no memory)");
  cm_buf_close(&b);
  return s;
}

static void add(cm_summary *out, cm_budget_line b) {
  b.status = status_of(&b);
  out->budgets[out->n_budgets++] = b;
}

/* The model's file isn't at hand, so that only its id can tell its size. */
static const cm_perf_budget *budget_of(const cm_manifest *m) {
  cm_perf_model model;
  if (m->batch > 1) return NULL; /* those are no latencies of one answer */
  snprintf(model.id, sizeof model.id, "%.*s", (int)(m->model_id.n < 127 ? m->model_id.n : 127),
           m->model_id.p);
  snprintf(model.backend, sizeof model.backend, "%.*s",
           (int)(m->backend.n < 31 ? m->backend.n : 31), m->backend.p);
  return cm_perf_budget_of(&model, "", UINT64_MAX);
}

static void plan_lines(const cm_record *r, cm_arena *a, cm_summary *out) {
  const cm_manifest *m = &r->manifest;
  const cm_perf_budget *p = budget_of(m);
  if (p) {
    cm_budget_line b = {.value = out->total.average,
                        .target = p->target,
                        .acceptable = p->acceptable,
                        .fail = p->fail,
                        .unit = "ms"};
    b.name = name(a, "%s %s total mean", p->backend, p->size);
    add(out, b);
    b.value = out->total.p95;
    b.name = name(a, "%s %s total p95", p->backend, p->size);
    add(out, b);
  }
  bool mac = cm_str_starts(m->os, CM_STR("mac")) || cm_str_starts(m->os, CM_STR("Darwin"));
  double most = mac ? MEMORY_MACOS : MEMORY_LINUX;
  add(out, (cm_budget_line){.name = CM_STR("peak memory"),
                            .value = r->peak_rss_mb > 0 ? r->peak_rss_mb : (double)NAN,
                            .target = most,
                            .acceptable = most,
                            .fail = most,
                            .unit = "MB"});
}

/* A case's own budgets that were broken: the judge says "budget.FIELD" and the numbers. */
static void case_lines(const cm_record *r, cm_arena *a, cm_summary *out) {
  for (size_t i = 0; i < r->n; i++)
    for (size_t k = 0; k < r->results[i].n_reasons; k++) {
      const cm_result *c = &r->results[i];
      const cm_reason *why = &c->reasons[k];
      if (!is_budget(why)) continue;
      bool memory = strstr(why->judge, "rss") != NULL;
      double value = memory                       ? c->peak_rss_mb
                     : strstr(why->judge, "ttft") ? c->latency.ttft
                                                  : c->latency.total;
      int shown = (int)(c->id.n < 200 ? c->id.n : 200);
      cm_budget_line b = {.name = name(a, "%.*s %s", shown, c->id.p, why->judge),
                          .value = value,
                          .target = (double)NAN,
                          .acceptable = (double)NAN,
                          .fail = (double)NAN,
                          .unit = memory ? "MB" : "ms",
                          .status = "fail"};
      out->budgets[out->n_budgets++] = b;
    }
}

static cm_code judge_budgets(const cm_record *r, cm_arena *a, cm_summary *out, cm_err *e) {
  size_t n = 3; /* mean, p95, memory */
  for (size_t i = 0; i < r->n; i++)
    for (size_t k = 0; k < r->results[i].n_reasons; k++) n += is_budget(&r->results[i].reasons[k]);
  out->budgets = cm_arena_alloc(a, n, sizeof *out->budgets);
  if (!out->budgets) return cm_fail(e, CM_E_NOMEM, 0, "no memory to count");
  plan_lines(r, a, out);
  case_lines(r, a, out);
  return CM_OK;
}

cm_code cm_summarize(const cm_record *r, cm_arena *a, cm_summary *out, cm_err *e) {
  *out = (cm_summary){0};
  cm_code code = count_all(r, a, out, e);
  if (!code) code = measure_all(r, a, out, e);
  if (!code) code = judge_budgets(r, a, out, e);
  return code;
}
