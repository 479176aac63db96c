/* A run: cold starts, samples in turns, and what differs between two programs. */
#include "quality/bench.h"

#include <math.h>
#include <string.h>

#include "base/os.h"

enum { HEAD, BASE, PROGRAMS, COLD_SHARE = 10, SPREAD_MIN = 3 * CM_PERF_PROMPTS };

static const char *const metrics[CM_PERF_METRICS] = {
    "answer_ms",    "start_ms",    "load_ms",      "first_token_ms",
    "tokens_per_s", "peak_rss_mb", "cold_start_ms"};

const char *cm_perf_name(cm_perf_metric m) { return metrics[m]; }

typedef struct perf {
  const cm_perf_options *o;
  cm_perf_result *out;
  cm_perf_target target[PROGRAMS];
  cm_perf_sample *samples[PROGRAMS]; /* [o->samples]; sample i is of prompt i % CM_PERF_PROMPTS */
  double *values[PROGRAMS];          /* [o->samples], for statistics */
  double cold[CM_PERF_COLD_MAX];
  size_t n_cold;
  cm_perf_model other; /* of the base */
} perf;

/* --- samples --------------------------------------------------------------------------------- */

static cm_code ask(perf *p, unsigned program, size_t i, cm_perf_sample *out, cm_err *e) {
  cm_perf_source *source = p->o->ask ? p->o->ask : cm_perf_ask;
  cm_perf_model *model = program == HEAD ? &p->out->model : &p->other;
  return source(&p->target[program], cm_perf_prompt(i % CM_PERF_PROMPTS), out, model, e);
}

/* The share of its files that stays in memory. */
static cm_code forget(const cm_perf_target *t, double *left, cm_err *e) {
  uint64_t size, held, model_size = 0, model_held = 0;
  cm_code code = cm_os_forget_file(t->program, &size, &held, e);
  if (!code && t->model) code = cm_os_forget_file(t->model, &model_size, &model_held, e);
  size += model_size;
  *left = size ? (double)(held + model_held) / (double)size : 0;
  return code;
}

static cm_code start_cold(perf *p, cm_err *e) {
  size_t n = p->o->samples / COLD_SHARE;
  n = n < 1 ? 1 : n < CM_PERF_COLD_MAX ? n : CM_PERF_COLD_MAX;
  cm_code code = CM_OK;
  p->out->cold_left = 0;
  for (size_t i = 0; i < n && !code; i++) {
    cm_perf_sample s;
    double left;
    code = forget(&p->target[HEAD], &left, e);
    if (!code) code = ask(p, HEAD, i, &s, e);
    if (code) break;
    if (left > p->out->cold_left) p->out->cold_left = left;
    p->cold[p->n_cold++] = s.values[CM_PERF_ANSWER];
  }
  return code;
}

static cm_code warm_up(perf *p, unsigned programs, cm_err *e) {
  cm_perf_sample s;
  cm_code code = CM_OK;
  for (unsigned k = programs; k-- && !code;) code = ask(p, k, 0, &s, e);
  return code;
}

/* In turns, so that what the machine does meanwhile meets both. Nor is one always the first: what
 * the other leaves behind could make it slower or faster. */
static cm_code take(perf *p, unsigned programs, cm_err *e) {
  cm_code code = CM_OK;
  for (size_t i = 0; i < p->o->samples && !code; i++)
    for (unsigned turn = 0; turn < programs && !code; turn++) {
      const unsigned k = i % 2 ? turn : programs - 1 - turn;
      code = ask(p, k, i, &p->samples[k][i], e);
    }
  return code;
}

/* --- statistics ------------------------------------------------------------------------------ */

static size_t known(const perf *p, unsigned program, cm_perf_metric m, double *out) {
  size_t n = 0;
  for (size_t i = 0; i < p->o->samples; i++) {
    const double v = p->samples[program][i].values[m];
    if (cm_stat_known(v)) out[n++] = v;
  }
  return n;
}

static cm_code summarize(perf *p, unsigned program, cm_stat_summary *out, cm_err *e) {
  cm_code code = CM_OK;
  for (unsigned m = 0; m < CM_PERF_COLD && !code; m++) {
    const size_t n = known(p, program, m, p->values[0]);
    code = cm_stat_summarize(p->values[0], n, &out[m], e);
  }
  const size_t n_cold = program == HEAD ? p->n_cold : 0;
  return code ? code : cm_stat_summarize(p->cold, n_cold, &out[CM_PERF_COLD], e);
}

/* As a cost: less is better. */
static double cost(const cm_perf_sample *s, cm_perf_metric m) {
  return m == CM_PERF_RATE ? 1e3 / s->values[m] : s->values[m];
}

/* The median cost of one prompt over `programs` programs. */
static cm_code center(perf *p, unsigned programs, cm_perf_metric m, size_t prompt, double *scratch,
                      double *out, cm_err *e) {
  cm_stat_summary s;
  size_t n = 0;
  for (unsigned k = 0; k < programs; k++)
    for (size_t i = prompt; i < p->o->samples; i += CM_PERF_PROMPTS) {
      const double v = cost(&p->samples[k][i], m);
      if (cm_stat_known(v)) scratch[n++] = v;
    }
  cm_code code = cm_stat_summarize(scratch, n, &s, e);
  *out = s.median;
  return code;
}

/* Costs of a metric, each divided by its prompt's median: values[k][n[k]]. */
static cm_code align(perf *p, unsigned programs, cm_perf_metric m, size_t n[PROGRAMS], cm_err *e) {
  double centers[CM_PERF_PROMPTS];
  double *scratch = cm_alloc(2 * p->o->samples, sizeof *scratch);
  if (!scratch) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  cm_code code = CM_OK;
  for (size_t i = 0; i < CM_PERF_PROMPTS && !code; i++)
    code = center(p, programs, m, i, scratch, &centers[i], e);
  cm_free(scratch);
  for (unsigned k = 0; k < programs; k++) {
    n[k] = 0;
    for (size_t i = 0; i < p->o->samples && !code; i++) {
      const double v = cost(&p->samples[k][i], m), c = centers[i % CM_PERF_PROMPTS];
      if (cm_stat_known(v) && c > 0) p->values[k][n[k]++] = v / c;
    }
  }
  return code;
}

static cm_code find_spread(perf *p, cm_err *e) {
  size_t n[PROGRAMS];
  p->out->spread = NAN;
  if (p->o->samples < SPREAD_MIN) return CM_OK;
  cm_code code = align(p, 1, CM_PERF_ANSWER, n, e);
  if (!code) code = cm_stat_sort(p->values[0], n[0], e);
  if (!code)
    p->out->spread =
        cm_stat_quantile(p->values[0], n[0], 0.75) - cm_stat_quantile(p->values[0], n[0], 0.25);
  return code;
}

/* --- two programs ---------------------------------------------------------------------------- */

static bool is_slower(const cm_stat_shift *s) {
  return s->p_greater < CM_PERF_P && s->ratio > CM_PERF_RATIO;
}

static bool is_faster(const cm_stat_shift *s) {
  return s->p_less < CM_PERF_P && s->ratio < 1 / CM_PERF_RATIO;
}

/* How likely chance puts, for every request, each sample of one program above all of the other:
 * of the C(2k, k) orders of k samples each it is one. No difference can be surer than that. */
static double smallest_p(size_t samples) {
  double p = 1;
  for (size_t i = 0; i < CM_PERF_PROMPTS; i++) {
    const size_t k = samples / CM_PERF_PROMPTS + (i < samples % CM_PERF_PROMPTS);
    for (size_t j = 1; j <= k; j++) p *= (double)j / (double)(k + j);
  }
  return p;
}

static cm_code shift_of(perf *p, cm_perf_metric m, cm_stat_shift *out, cm_err *e) {
  size_t n[PROGRAMS];
  cm_code code = align(p, PROGRAMS, m, n, e);
  return code ? code
              : cm_stat_shift_of(p->values[BASE], n[BASE], p->values[HEAD], n[HEAD], out, e);
}

static cm_code compare(perf *p, bool *again, cm_err *e) {
  cm_code code = CM_OK;
  for (unsigned m = 0; m < CM_PERF_METRICS; m++) {
    cm_perf_compared *c = &p->out->changes[m];
    *c = (cm_perf_compared){.change = CM_PERF_UNKNOWN, .second.ratio = NAN, .shift.ratio = NAN};
    if (m == CM_PERF_COLD || code || p->out->too_few) continue;
    code = shift_of(p, m, &c->shift, e);
    if (code || !cm_stat_known(c->shift.ratio)) continue;
    c->change = is_slower(&c->shift)   ? CM_PERF_UNCONFIRMED
                : is_faster(&c->shift) ? CM_PERF_FASTER
                                       : CM_PERF_SAME;
    *again |= c->change == CM_PERF_UNCONFIRMED;
  }
  return code;
}

/* Only what the first round has shown can be confirmed. */
static cm_code confirm(perf *p, cm_err *e) {
  cm_code code = take(p, PROGRAMS, e);
  p->out->two_rounds = true;
  for (unsigned m = 0; m < CM_PERF_COLD && !code; m++) {
    cm_perf_compared *c = &p->out->changes[m];
    if (c->change != CM_PERF_UNCONFIRMED) continue;
    code = shift_of(p, m, &c->second, e);
    if (!code && is_slower(&c->second)) c->change = CM_PERF_SLOWER;
  }
  return code;
}

static bool say_the_same(const perf *p) {
  for (size_t i = 0; i < p->o->samples; i++)
    if (p->samples[HEAD][i].answer_hash != p->samples[BASE][i].answer_hash) return false;
  return true;
}

static cm_code hold_against(perf *p, cm_err *e) {
  bool again = false;
  p->out->compared = true;
  p->out->same_answers = say_the_same(p);
  p->out->too_few = smallest_p(p->o->samples) >= CM_PERF_P;
  cm_code code = summarize(p, BASE, p->out->base, e);
  if (!code) code = compare(p, &again, e);
  return !code && again ? confirm(p, e) : code;
}

bool cm_perf_regressed(const cm_perf_result *r) {
  for (unsigned m = 0; r->compared && m < CM_PERF_METRICS; m++)
    if (r->changes[m].change == CM_PERF_SLOWER) return true;
  return false;
}

/* --- the whole ------------------------------------------------------------------------------- */

static cm_code prepare(perf *p, cm_arena *a, cm_err *e) {
  const cm_perf_options *o = p->o;
  if (o->samples < 1 || o->samples > CM_PERF_SAMPLES_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "1 to %d samples", CM_PERF_SAMPLES_MAX);
  p->target[HEAD] = p->target[BASE] = o->head;
  p->target[BASE].program = o->base;
  for (unsigned k = 0; k < PROGRAMS; k++) {
    p->samples[k] = cm_arena_alloc(a, o->samples, sizeof *p->samples[k]);
    p->values[k] = cm_arena_alloc(a, o->samples, sizeof *p->values[k]);
    if (!p->samples[k] || !p->values[k]) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  }
  return CM_OK;
}

cm_code cm_perf_run(const cm_perf_options *o, cm_arena *a, cm_perf_result *out, cm_err *e) {
  *out = (cm_perf_result){.cold_left = NAN, .spread = NAN};
  perf p = {.o = o, .out = out};
  const unsigned programs = o->base ? PROGRAMS : 1;
  cm_code code = prepare(&p, a, e);
  if (!code) code = warm_up(&p, programs, e);
  if (!code) code = start_cold(&p, e);
  if (!code) code = warm_up(&p, programs, e);
  if (!code) code = take(&p, programs, e);
  if (!code) code = summarize(&p, HEAD, out->head, e);
  if (!code) code = find_spread(&p, e);
  return !code && o->base ? hold_against(&p, e) : code;
}
