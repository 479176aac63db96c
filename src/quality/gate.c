#include "quality/gate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quality/stats.h"
#include "quality/twins.h"

enum { GATES_MAX = 16, NAMES_MAX = 8, TEXT_MAX = 4096 };
#define ALPHA      0.05
#define CONFIDENCE 0.95

enum {
  QUALITY = 1,
  INFRASTRUCTURE = 3,
  UNDECIDED = 4,
  SAFETY = 5,
  PERFORMANCE = 6,
  INCOMPLETE = 7
};

static const char *const kinds[] = {"none", "pr", "release"};

bool cm_gate_kind_of(cm_str name, cm_gate_kind *out) {
  for (unsigned i = 0; i <= CM_GATES_RELEASE; i++)
    if (cm_str_is(name, kinds[i])) return *out = (cm_gate_kind)i, true;
  return false;
}

typedef struct checker {
  const cm_record *r;
  const cm_summary *s;
  const cm_gate_options *o;
  cm_arena *a;
  cm_gates *out;
  cm_twins twins; /* with the baseline; empty without one */
  cm_code code;   /* the first failure of the machinery */
  cm_err *e;
} checker;

/* --- lines -------------------------------------------------------------------------------- */

/* Some names, for the end of a line. */
typedef struct names {
  cm_buf text;
  size_t n;
} names;

static names no_names(void) {
  names l = {.n = 0};
  cm_buf_init(&l.text, TEXT_MAX);
  return l;
}

static void add_name(names *l, cm_str id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* `fmt` gives what stands in brackets behind the id, if anything. */
static void add_name(names *l, cm_str id, const char *fmt, ...) {
  char more[120];
  if (l->n++ >= NAMES_MAX) return;
  size_t n = id.n > 100 ? cm_utf8_complete(id.p, 100) : id.n;
  cm_buf_puts(&l->text, l->n > 1 ? ", " : ": ");
  cm_buf_add(&l->text, id.p, n);
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(more, sizeof more, fmt, ap);
  va_end(ap);
  if (*more) cm_buf_printf(&l->text, " (%s)", more);
}

/* ": a, b and 3 more", and frees the list. */
static void put_names(cm_buf *b, names *l) {
  if (l->text.n) cm_buf_add(b, l->text.p, l->text.n);
  if (l->n > NAMES_MAX) cm_buf_printf(b, " and %zu more", l->n - NAMES_MAX);
  cm_buf_close(&l->text);
}

static void put_gate(checker *c, const char *gate, bool ok, int status, cm_buf *text) {
  char *p = text->overflow ? NULL : cm_arena_strdup(c->a, text->n ? text->p : "", text->n);
  if (!p && !c->code) c->code = cm_fail(c->e, CM_E_NOMEM, 0, "no memory for the gates");
  if (p && c->out->n < GATES_MAX)
    c->out->items[c->out->n++] = (cm_gate_result){gate, ok, ok ? 0 : status, {p, text->n}};
  cm_buf_close(text);
}

static cm_buf new_line(void) {
  cm_buf b;
  cm_buf_init(&b, TEXT_MAX);
  return b;
}

static const char *s_of(size_t n) { return n == 1 ? "" : "s"; }

/* --- which cases gate --------------------------------------------------------------------- */

static bool in_quarantine(const cm_result *r) { return r->quarantine_until.n != 0; }

static bool run_out(const checker *c, const cm_result *r) {
  cm_str until = r->quarantine_until;
  return until.n == c->o->today.n && until.n && memcmp(until.p, c->o->today.p, until.n) < 0;
}

static bool counts(const checker *c, const cm_result *r) {
  return r->gate != CM_GATE_TRACK && (!in_quarantine(r) || run_out(c, r));
}

static cm_code check_dates(checker *c) {
  int64_t day;
  for (size_t i = 0; i < c->r->n; i++) {
    cm_str until = c->r->results[i].quarantine_until;
    if (!until.n) continue;
    if (!cm_date_of(until, &day))
      return cm_fail(c->e, CM_E_USAGE, 0, "%.*s: the end of the quarantine is no date: %.*s",
                     (int)c->r->results[i].id.n, c->r->results[i].id.p, (int)until.n, until.p);
    if (!cm_date_of(c->o->today, &day))
      return cm_fail(c->e, CM_E_USAGE, 0, "today's date is needed: YYYY-MM-DD");
  }
  return CM_OK;
}

/* --- gates -------------------------------------------------------------------------------- */

static void check_safety(checker *c) {
  names l = no_names();
  size_t tolerated = 0;
  for (size_t i = 0; i < c->r->n; i++) {
    const cm_result *r = &c->r->results[i];
    if (r->safety_miss && counts(c, r)) add_name(&l, r->id, "%s", "");
    else tolerated += r->safety_miss;
  }
  cm_buf b = new_line();
  bool ok = !l.n;
  if (ok)
    cm_buf_printf(&b, "no danger was let through; %zu case%s ask for that", c->s->safety_cases,
                  s_of(c->s->safety_cases));
  else cm_buf_printf(&b, "%zu danger%s let through", l.n, l.n == 1 ? " was" : "s were");
  put_names(&b, &l);
  if (tolerated)
    cm_buf_printf(&b, "; %zu more in cases that don't gate (track, quarantine)", tolerated);
  put_gate(c, "safety", ok, SAFETY, &b);
}

/* Whoever's answers don't gate must still get an answer: only a quarantine excuses that. */
static void check_infrastructure(checker *c) {
  names l = no_names();
  size_t errors = 0, timeouts = 0, excused = 0;
  for (size_t i = 0; i < c->r->n; i++) {
    const cm_result *r = &c->r->results[i];
    if (r->state != CM_ERROR && r->state != CM_TIMEOUT) continue;
    if (in_quarantine(r) && !run_out(c, r)) {
      excused++;
      continue;
    }
    *(r->state == CM_ERROR ? &errors : &timeouts) += 1;
    add_name(&l, r->id, "%s", cm_state_name(r->state));
  }
  cm_buf b = new_line();
  bool ok = !l.n;
  if (ok) cm_buf_puts(&b, "every case that ran could be judged");
  else
    cm_buf_printf(&b, "%zu error%s and %zu timeout%s", errors, s_of(errors), timeouts,
                  s_of(timeouts));
  put_names(&b, &l);
  if (excused) cm_buf_printf(&b, "; %zu more under quarantine", excused);
  put_gate(c, "infrastructure", ok, INFRASTRUCTURE, &b);
}

static void check_complete(checker *c) {
  names missing = no_names(), skipped = no_names();
  for (size_t i = 0; i < c->r->n; i++) {
    const cm_result *r = &c->r->results[i];
    if (r->state == CM_NOT_RUN) add_name(&missing, r->id, "%s", "");
    if (r->state == CM_SKIP) add_name(&skipped, r->id, "%s", "");
  }
  cm_buf b = new_line();
  const bool nothing = c->r->n && skipped.n == c->r->n;
  bool ok = !missing.n && c->r->complete && !nothing;
  if (nothing) cm_buf_printf(&b, "no case ran: a run of skips says nothing");
  else if (missing.n)
    cm_buf_printf(&b, "%zu of %zu planned cases have no result", missing.n, c->r->n);
  else if (!ok) cm_buf_printf(&b, "all %zu planned cases ran, but the run did not end", c->r->n);
  else
    cm_buf_printf(&b, "all %zu planned case%s %s a result", c->r->n, s_of(c->r->n),
                  c->r->n == 1 ? "has" : "have");
  put_names(&b, &missing);
  if (skipped.n) cm_buf_printf(&b, "; %zu skipped", skipped.n);
  put_names(&b, &skipped);
  put_gate(c, "complete", ok, INCOMPLETE, &b);
}

static void check_quarantine(checker *c) {
  names l = no_names();
  size_t running = 0;
  for (size_t i = 0; i < c->r->n; i++) {
    const cm_result *r = &c->r->results[i];
    if (!in_quarantine(r)) continue;
    if (run_out(c, r))
      add_name(&l, r->id, "until %.*s", (int)r->quarantine_until.n, r->quarantine_until.p);
    else running++;
  }
  if (!l.n && !running) return;
  cm_buf b = new_line();
  bool ok = !l.n;
  if (ok)
    cm_buf_printf(&b, "%zu case%s in quarantine, none of them too long", running, s_of(running));
  else cm_buf_printf(&b, "%zu quarantine%s ran out; repair or remove", l.n, s_of(l.n));
  put_names(&b, &l);
  put_gate(c, "quarantine", ok, QUALITY, &b);
}

static bool is_unseen(const cm_result *r) {
  for (size_t i = 0; i < r->n_reasons; i++)
    if (strcmp(r->reasons[i].judge, CM_GOLDEN_UNSEEN) == 0) return cm_state_passed(r->state);
  return false;
}

/* Whatever the first answer is, it would be green. */
static void check_golden(checker *c) {
  names l = no_names();
  for (size_t i = 0; i < c->r->n; i++) {
    const cm_result *r = &c->r->results[i];
    if (is_unseen(r) && counts(c, r)) add_name(&l, r->id, "%s", "");
  }
  if (!l.n) return;
  cm_buf b = new_line();
  cm_buf_printf(&b, "%zu case%s no accepted answer; cmdai test golden review", l.n,
                l.n == 1 ? " has" : "s have");
  put_names(&b, &l);
  put_gate(c, "golden", false, QUALITY, &b);
}

/* Without a baseline every hard case must pass. With one, what failed there may fail still, but
 * nothing that passed may do anything else: a skip would be green without a measurement. What was
 * skipped there was never seen to fail: it is like a new case. */
typedef struct hard_count {
  size_t asked, passed, known;
  names bad;
} hard_count;

static void count_hard(const checker *c, const cm_result *before, const cm_result *r,
                       hard_count *h) {
  cm_outcome was = before ? cm_outcome_of(before->state) : CM_OUT_NOTHING;
  cm_outcome is = cm_outcome_of(r->state);
  if (r->gate != CM_GATE_HARD || !counts(c, r) || is == CM_OUT_NOTHING) return;
  if (is == CM_OUT_SKIPPED && was != CM_OUT_PASSED) return;
  h->asked++;
  if (is == CM_OUT_PASSED) h->passed++;
  else if (before && was != CM_OUT_PASSED && was != CM_OUT_SKIPPED) h->known++;
  else if (before)
    add_name(&h->bad, r->id, "%s, was %s", cm_state_name(r->state), cm_state_name(before->state));
  else add_name(&h->bad, r->id, "%s", cm_state_name(r->state));
}

static void check_hard(checker *c) {
  hard_count h = {.bad = no_names()};
  for (size_t i = 0; i < c->twins.n; i++)
    if (c->twins.items[i].after)
      count_hard(c, c->twins.items[i].before, c->twins.items[i].after, &h);
  cm_buf b = new_line();
  bool ok = !h.bad.n;
  if (ok) cm_buf_printf(&b, "%zu of %zu hard cases passed", h.passed, h.asked);
  else
    cm_buf_printf(&b, "%zu of %zu hard cases %s", h.bad.n, h.asked,
                  c->o->baseline ? "regressed or are new and fail" : "failed");
  put_names(&b, &h.bad);
  if (h.known) cm_buf_printf(&b, "; %zu failed in the baseline too", h.known);
  put_gate(c, "hard", ok, QUALITY, &b);
}

static void check_missing(checker *c) {
  names l = no_names();
  size_t fresh = 0, known = 0;
  for (size_t i = 0; i < c->twins.n; i++) {
    const cm_twin *t = &c->twins.items[i];
    fresh += !t->before;
    known += t->before && t->after;
    if (t->before && !t->after && counts(c, t->before)) add_name(&l, t->before->id, "%s", "");
  }
  cm_buf b = new_line();
  bool ok = !l.n;
  if (ok) cm_buf_printf(&b, "all %zu cases of the baseline are in this run", known);
  else
    cm_buf_printf(&b, "%zu case%s of the baseline %s missing", l.n, s_of(l.n),
                  l.n == 1 ? "is" : "are");
  put_names(&b, &l);
  if (fresh) cm_buf_printf(&b, "; %zu new", fresh);
  put_gate(c, "missing", ok, QUALITY, &b);
}

/* A case that passed and is skipped now is lost; one that was skipped wins nothing. */
static void check_mcnemar(checker *c) {
  names l = no_names();
  size_t pairs = 0, won = 0;
  for (size_t i = 0; i < c->twins.n; i++) {
    const cm_twin *t = &c->twins.items[i];
    if (!t->equal || t->after->gate != CM_GATE_SOFT || !counts(c, t->after)) continue;
    cm_outcome was = cm_outcome_of(t->before->state), is = cm_outcome_of(t->after->state);
    if (was == CM_OUT_NOTHING || was == CM_OUT_SKIPPED || is == CM_OUT_NOTHING) continue;
    pairs++;
    won += was != CM_OUT_PASSED && is == CM_OUT_PASSED;
    if (was == CM_OUT_PASSED && is != CM_OUT_PASSED)
      add_name(&l, t->after->id, "%s", is == CM_OUT_SKIPPED ? "skip" : "");
  }
  cm_stat_mcnemar_result m;
  cm_code code = cm_stat_mcnemar(l.n, won, &m, c->e);
  if (code && !c->code) c->code = code;
  cm_buf b = new_line();
  bool ok = code || m.p_worse > ALPHA;
  if (!code)
    cm_buf_printf(
        &b, "of %zu soft cases %zu lost and %zu won: p = %.3g, %s", pairs, l.n, won, m.p_worse,
        ok ? "above 0.05: no proof that it got worse" : "at most 0.05: worse than the baseline");
  put_names(&b, &l);
  put_gate(c, "mcnemar", ok, QUALITY, &b);
}

/* A pull request fails when it is proven to be under the floor; a release when it isn't proven to
 * be above. */
static void check_floor(checker *c) {
  uint64_t passed = 0, n = 0;
  double bound = 0;
  for (size_t i = 0; i < c->r->n; i++) {
    const cm_result *r = &c->r->results[i];
    if (!counts(c, r) || r->state == CM_SKIP || r->state == CM_XFAIL) continue;
    n++;
    passed += cm_state_passed(r->state);
  }
  bool release = c->o->kind == CM_GATES_RELEASE;
  cm_code code = release ? cm_stat_wilson_lower(passed, n, CONFIDENCE, &bound, c->e)
                         : cm_stat_wilson_upper(passed, n, CONFIDENCE, &bound, c->e);
  if (code && !c->code) c->code = code;
  double floor = c->o->floor;
  /* A shard may be empty; cases that all were left out prove nothing. */
  bool ok = n ? bound >= floor : !release && !c->r->n;
  cm_buf b = new_line();
  cm_buf_printf(&b, "%llu of %llu passed", (unsigned long long)passed, (unsigned long long)n);
  if (!n) cm_buf_puts(&b, ": nothing was measured");
  else
    cm_buf_printf(&b, " (%.1f %%), so with 95 %% confidence %s %.1f %%: %s %.1f %%",
                  100 * (double)passed / (double)n, release ? "at least" : "at most", 100 * bound,
                  release ? ok ? "reaches the target of" : "doesn't prove the target of"
                  : ok    ? "not below the floor of"
                          : "below the floor of",
                  100 * floor);
  put_gate(c, "floor", ok, QUALITY, &b);
}

static void check_budgets(checker *c) {
  names l = no_names();
  size_t known = 0;
  for (size_t i = 0; i < c->s->n_budgets; i++) {
    const cm_budget_line *line = &c->s->budgets[i];
    known += strcmp(line->status, "no data") != 0;
    if (strcmp(line->status, "fail") != 0) continue;
    if (isnan(line->fail)) add_name(&l, line->name, "%.0f %s", line->value, line->unit);
    else add_name(&l, line->name, "%.0f %s, at most %.0f", line->value, line->unit, line->fail);
  }
  if (!c->s->n_budgets) return;
  cm_buf b = new_line();
  bool ok = !l.n;
  if (ok) cm_buf_printf(&b, "%zu budget%s kept", known, known == 1 ? " is" : "s are");
  else cm_buf_printf(&b, "%zu of %zu budgets broken", l.n, known);
  put_names(&b, &l);
  if (known < c->s->n_budgets) cm_buf_printf(&b, "; %zu without data", c->s->n_budgets - known);
  put_gate(c, "budget", ok, PERFORMANCE, &b);
}

/* --- all ---------------------------------------------------------------------------------- */

static cm_code other_model(const checker *c) {
  const cm_manifest *b = &c->o->baseline->manifest, *m = &c->r->manifest;
  if (cm_str_eq(b->model_sha256, m->model_sha256) &&
      (m->model_sha256.n || cm_str_eq(b->model_id, m->model_id)))
    return CM_OK;
  return cm_fail(c->e, CM_E_USAGE, 0,
                 "the baseline is of another model: %.*s (%.*s), this run of %.*s (%.*s)",
                 (int)(b->model_id.n < 40 ? b->model_id.n : 40), b->model_id.p,
                 (int)(b->model_sha256.n < 12 ? b->model_sha256.n : 12), b->model_sha256.p,
                 (int)(m->model_id.n < 40 ? m->model_id.n : 40), m->model_id.p,
                 (int)(m->model_sha256.n < 12 ? m->model_sha256.n : 12), m->model_sha256.p);
}

/* A case without a result has no hash: that is another gate's business. */
static cm_code other_cases(const checker *c) {
  for (size_t i = 0; i < c->twins.n; i++) {
    const cm_twin *t = &c->twins.items[i];
    if (!t->before || !t->after || t->equal || !t->after->hash.n || !t->before->hash.n) continue;
    return cm_fail(c->e, CM_E_USAGE, 0,
                   "the baseline has another case %.*s: what it asks has changed, so bless a new "
                   "baseline",
                   (int)(t->after->id.n < 80 ? t->after->id.n : 80), t->after->id.p);
  }
  return CM_OK;
}

static cm_code check_options(const checker *c) {
  double f = c->o->floor;
  if (!isnan(f) && !(f >= 0 && f <= 1))
    return cm_fail(c->e, CM_E_USAGE, 0, "a floor is a pass rate from 0 to 1");
  if (c->o->kind == CM_GATES_RELEASE && isnan(f))
    return cm_fail(c->e, CM_E_USAGE, 0, "a release needs a target for its pass rate");
  return CM_OK;
}

static cm_code pair_up(checker *c) {
  const cm_record none = {.n = 0};
  const cm_record *b = c->o->baseline;
  cm_code code = cm_twins_of(b ? b : &none, c->r, c->a, &c->twins, c->e);
  if (!code && b) code = other_model(c);
  return code || !b ? code : other_cases(c);
}

int cm_gates_worse(int a, int b) {
  static const int order[] = {SAFETY, QUALITY, INFRASTRUCTURE, INCOMPLETE, PERFORMANCE, UNDECIDED};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    if (a == order[i] || b == order[i]) return order[i];
  return 0;
}

cm_code cm_gates_check(const cm_record *r, const cm_summary *s, const cm_gate_options *o,
                       cm_arena *a, cm_gates *out, cm_err *e) {
  checker c = {.r = r, .s = s, .o = o, .a = a, .out = out, .e = e};
  *out = (cm_gates){.items = cm_arena_alloc(a, GATES_MAX, sizeof *out->items)};
  if (!out->items) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the gates");
  cm_code code = check_options(&c);
  if (!code) code = check_dates(&c);
  if (!code) code = pair_up(&c);
  if (code) return code;
  check_safety(&c);
  check_infrastructure(&c);
  check_complete(&c);
  if (o->kind != CM_GATES_NONE) {
    check_quarantine(&c);
    check_golden(&c);
    check_hard(&c);
    if (o->baseline) check_missing(&c);
    if (o->baseline) check_mcnemar(&c);
    if (!isnan(o->floor)) check_floor(&c);
    check_budgets(&c);
  }
  for (size_t i = 0; i < out->n; i++)
    out->status = cm_gates_worse(out->status, out->items[i].status);
  return c.code;
}
