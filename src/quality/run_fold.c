/* From attempts to a result: which state a case is in, and why. */
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "quality/judge_exec.h"
#include "quality/run_parts.h"

/* --- left out -------------------------------------------------------------------------------- */

static bool has_program(cm_str name) {
  static const char *const folders[] = {"/usr/bin", "/bin", "/usr/sbin", "/sbin"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    cm_buf path;
    cm_buf_init(&path, 512);
    cm_buf_printf(&path, "%s/%.*s", folders[i], (int)(name.n < 256 ? name.n : 256), name.p);
    bool there = path.p && !path.overflow && cm_os_is_program(path.p);
    cm_buf_close(&path);
    if (there) return true;
  }
  return false;
}

static bool holds(cm_str condition, const cm_run_options *o) {
  static const cm_str backend = {"backend:", 8};
  if (cm_str_is(condition, "always")) return true;
  if (cm_str_is(condition, "no-sandbox")) return !o->room.sandbox;
  if (cm_str_is(condition, "no-model")) return !o->backend;
  if (cm_str_starts(condition, backend) && o->backend_kind)
    return cm_str_is((cm_str){condition.p + backend.n, condition.n - backend.n}, o->backend_kind);
  return cm_str_is(condition, cm_os_name());
}

cm_str cm_run_skipped(const cm_case *c, const cm_run_options *o) {
  if (c->skip.condition.n && holds(c->skip.condition, o))
    return c->skip.reason.n ? c->skip.reason : c->skip.condition;
  if (!c->exec) return (cm_str){0};
  if (!o->room.sandbox) return CM_STR("no sandbox to execute it in");
  if (!cm_exec_possible(c, &o->room)) return CM_STR("the sandbox lacks what its gold needs");
  for (size_t i = 0; i < c->exec->n_needs; i++)
    if (!has_program(c->exec->needs[i])) return CM_STR("a program that it needs is not installed");
  return (cm_str){0};
}

/* --- the parts of a result ------------------------------------------------------------------- */

static void describe(const cm_case *c, cm_result *r) {
  *r = (cm_result){.id = c->id,
                   .cluster = c->cluster,
                   .category = c->n_tags ? c->tags[0] : CM_STR("other"),
                   .file = c->file,
                   .hash = cm_str_of(c->hash),
                   .line = c->line,
                   .tier = c->tier,
                   .gate = c->gate,
                   .subject = c->subject,
                   .prompt = c->text,
                   .tags = c->tags,
                   .n_tags = c->n_tags,
                   .quarantine_until = c->quarantine_until,
                   .danger = cm_case_is_danger(c),
                   .latency = {-1, -1, -1, -1}};
}

static cm_code add_reason(cm_result *r, const char *judge, cm_str text, cm_arena *a, cm_err *e) {
  cm_reason *more = cm_arena_alloc(a, r->n_reasons + 1, sizeof *more);
  if (!more) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a result");
  if (r->n_reasons) memcpy(more, r->reasons, r->n_reasons * sizeof *more);
  more[r->n_reasons++] = (cm_reason){judge, text};
  r->reasons = more;
  return CM_OK;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Of the attempts that have it. */
static double median(const cm_try *tries, size_t n, size_t field) {
  double v[CM_RUN_REPEAT_MAX];
  size_t got = 0;
  for (size_t i = 0; i < n; i++) {
    double one;
    memcpy(&one, (const char *)&tries[i].latency + field, sizeof one);
    if (one >= 0) v[got++] = one;
  }
  if (!got) return -1;
  qsort(v, got, sizeof *v, by_value);
  return got % 2 ? v[got / 2] : (v[got / 2 - 1] + v[got / 2]) / 2;
}

static bool passed(const cm_try *t) { return !t->error.code && !t->reasons.n; }

/* The attempt that decides: the first that failed, else the first. */
static cm_try *decisive(cm_try *tries, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (tries[i].error.code) return &tries[i];
  for (size_t i = 0; i < n; i++)
    if (!passed(&tries[i])) return &tries[i];
  return tries;
}

static void show_attempt(const cm_try *t, cm_result *r) {
  const cm_answer *a = &t->answer;
  r->answered = t->attempt.answered;
  r->refused = t->attempt.refused;
  r->command = t->attempt.command;
  r->decision = t->attempt.decision;
  if (t->attempt.verdict) r->risk = t->attempt.verdict->risk;
  r->uncertain = a->uncertain;
  r->confidence = a->confidence;
  r->logprob = a->n ? a->choices[0].logprob : 0;
  r->backend = cm_str_of(a->backend);
  r->prompt_tokens = a->prompt_tokens;
  r->cached_tokens = a->cached_tokens;
  r->output_tokens = a->output_tokens;
}

static cm_code show_fallback(const cm_try *t, cm_result *r, cm_arena *a, cm_err *e) {
  const cm_answer *from = &t->answer;
  if (!from->n_fallback) return CM_OK;
  r->fallback = cm_arena_alloc(a, from->n_fallback, sizeof *r->fallback);
  cm_buf b;
  cm_buf_init(&b, 4096);
  for (size_t i = 0; r->fallback && i < from->n_fallback; i++) {
    cm_buf_reset(&b);
    cm_buf_printf(&b, "%s: %s", from->fallback[i].backend, from->fallback[i].error);
    const char *text = b.p ? cm_arena_strdup(a, b.p, b.n) : NULL;
    if (!text) break;
    r->fallback[r->n_fallback++] = (cm_str){text, b.n};
  }
  cm_buf_close(&b);
  return r->n_fallback == from->n_fallback ? CM_OK
                                           : cm_fail(e, CM_E_NOMEM, 0, "no memory for a result");
}

static void measure(const cm_try *tries, size_t n, cm_result *r) {
  r->latency.ttft = median(tries, n, offsetof(cm_latency, ttft));
  r->latency.total = median(tries, n, offsetof(cm_latency, total));
  r->latency.check = median(tries, n, offsetof(cm_latency, check));
  r->latency.exec = median(tries, n, offsetof(cm_latency, exec));
  r->peak_rss_mb = (double)cm_os_peak_rss_bytes() / (1 << 20);
  r->attempts = (uint32_t)n;
  for (size_t i = 0; i < n; i++) {
    r->retries += tries[i].retries;
    r->passes += passed(&tries[i]);
    r->safety_miss |= tries[i].miss;
  }
}

/* --- states ---------------------------------------------------------------------------------- */

static cm_state judged(const cm_case *c, const cm_try *t, const cm_result *r) {
  if (t->error.code) return t->error.code == CM_E_TIMEOUT ? CM_TIMEOUT : CM_ERROR;
  if (r->passes >= c->min_pass) {
    const bool stopped = t->attempt.answered && t->attempt.decision == CM_BLOCK;
    return stopped && !(c->outcomes & CM_MAY_RUN) ? CM_BLOCKED_OK : CM_PASS;
  }
  return r->passes ? CM_FLAKY : CM_FAIL;
}

/* What a mark in the fixture makes of it. An error stays one: it says nothing about the case. */
static cm_state marked(const cm_case *c, cm_state s) {
  if (!c->xfail.n || s == CM_ERROR || s == CM_TIMEOUT) return s;
  return cm_state_passed(s) ? CM_XPASS : CM_XFAIL;
}

static bool is_later(cm_str day, cm_str today) {
  return day.n == today.n && memcmp(day.p, today.p, day.n) >= 0;
}

static cm_code compare_golden(const cm_run_options *o, const cm_case *c, cm_arena *a, cm_result *r,
                              cm_err *e) {
  cm_str accepted;
  if (c->golden == CM_GOLDEN_OFF || !cm_state_passed(r->state)) return CM_OK;
  /* What stood in for the run's backend is another model. */
  if (r->backend.n && o->backend_kind && !cm_str_is(r->backend, o->backend_kind))
    return add_reason(r, CM_GOLDEN_UNSEEN, CM_STR("another backend stood in"), a, e);
  if (!o->goldens)
    return add_reason(r, CM_GOLDEN_UNSEEN,
                      CM_STR("no accepted answers: which model it is isn't known"), a, e);
  switch (cm_golden_compare(o->goldens, c, r->command, &accepted)) {
    case CM_GOLDEN_SAME: return CM_OK;
    case CM_GOLDEN_NONE:
      return add_reason(r, CM_GOLDEN_UNSEEN, CM_STR("no answer accepted yet"), a, e);
    case CM_GOLDEN_OTHER: break;
  }
  r->state = CM_GOLDEN_CHANGED;
  return add_reason(r, "golden", accepted, a, e);
}

static cm_code exceed(cm_result *r, const char *what, double value, double limit, const char *unit,
                      cm_arena *a, cm_err *e) {
  if (limit <= 0 || value <= limit) return CM_OK;
  cm_reasons list = {0};
  cm_reasons_add(&list, a, what, "%.1f %s, the budget is %.1f %s", value, unit, limit, unit);
  return add_reason(r, what, list.items[0].text, a, e);
}

/* Broken budgets are reasons that a summary counts apart; they don't make a right answer wrong. */
static cm_code compare_budget(const cm_case *c, cm_arena *a, cm_result *r, cm_err *e) {
  const cm_budget *b = &c->budget;
  cm_code code = exceed(r, "budget.ttft", r->latency.ttft, b->ttft_ms, "ms", a, e);
  if (!code) code = exceed(r, "budget.total", r->latency.total, b->total_ms, "ms", a, e);
  if (!code) code = exceed(r, "budget.peak_rss", r->peak_rss_mb, b->peak_rss_mb, "MB", a, e);
  return code;
}

cm_code cm_run_fold(const cm_run_options *o, cm_try *tries, size_t n, cm_result *out, cm_err *e) {
  const cm_case *c = tries->c;
  cm_try *t = decisive(tries, n);
  cm_arena *a = tries->arena;
  describe(c, out);
  show_attempt(t, out);
  cm_code code = show_fallback(t, out, a, e);
  measure(tries, n, out);
  out->worlds = c->exec && out->latency.exec >= 0 ? (uint32_t)c->exec->n_worlds : 0;
  out->state = marked(c, judged(c, t, out));
  for (size_t i = 0; i < t->reasons.n && !code; i++)
    code = add_reason(out, t->reasons.items[i].judge, t->reasons.items[i].text, a, e);
  if (!code && t->error.code) code = add_reason(out, "error", cm_str_of(t->error.msg), a, e);
  if (!code && out->state == CM_XPASS) code = add_reason(out, "xfail", c->xfail, a, e);
  if (!code) code = compare_golden(o, c, a, out, e);
  if (!code) code = compare_budget(c, a, out, e);
  out->quarantined = !cm_state_passed(out->state) && c->quarantine_until.n &&
                     is_later(c->quarantine_until, o->today);
  return code;
}

cm_code cm_run_skip(const cm_case *c, cm_str why, cm_arena *a, cm_result *out, cm_err *e) {
  describe(c, out);
  out->state = CM_SKIP;
  return add_reason(out, "skip", why, a, e);
}
