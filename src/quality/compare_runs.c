/* Two runs over the same cases, side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quality/gate.h"
#include "quality/stats.h"
#include "quality/twins.h"

/* Of a pair that was measured in both runs. */
typedef struct pair {
  cm_str cluster;
  bool before, after; /* passed */
} pair;

typedef struct work {
  cm_arena *a;
  pair *pairs;
  double *base, *head; /* latencies, milliseconds */
  bool timed;          /* both runs generated as many answers at once */
  cm_comparison *out;
} work;

static int by_cluster(const void *a, const void *b) {
  return cm_str_order(((const pair *)a)->cluster, ((const pair *)b)->cluster);
}

static void note_difference(work *w, const cm_result *b, const cm_result *r) {
  if (b->state == r->state && cm_str_eq(b->command, r->command)) return;
  w->out->items[w->out->n++] =
      (cm_difference){r->id, r->prompt, b->state, r->state, b->command, r->command};
}

static bool measured(cm_outcome o) { return o == CM_OUT_PASSED || o == CM_OUT_FAILED; }

static void add_pair(work *w, const cm_result *b, const cm_result *r) {
  cm_comparison *c = w->out;
  note_difference(w, b, r);
  if (w->timed && cm_answer_ms(b) >= 0 && cm_answer_ms(r) >= 0) {
    w->base[c->latencies] = cm_answer_ms(b);
    w->head[c->latencies++] = cm_answer_ms(r);
  }
  cm_outcome was = cm_outcome_of(b->state), is = cm_outcome_of(r->state);
  if (!measured(was) || !measured(is)) {
    c->unmeasured++;
    return;
  }
  bool before = was == CM_OUT_PASSED, after = is == CM_OUT_PASSED;
  w->pairs[c->pairs++] = (pair){r->cluster, before, after};
  *(before ? after ? &c->both : &c->only_before : after ? &c->only_after : &c->neither) += 1;
}

/* Paraphrases of a case pass and fail together, so the bootstrap draws them together. */
static cm_code bootstrap(work *w, size_t *n_clusters, cm_err *e) {
  cm_comparison *c = w->out;
  cm_stat_cluster *clusters = cm_arena_alloc(w->a, c->pairs, sizeof *clusters);
  if (!clusters) return cm_fail(e, CM_E_NOMEM, 0, "no memory to compare two runs");
  if (c->pairs) qsort(w->pairs, c->pairs, sizeof *w->pairs, by_cluster);
  size_t n = 0;
  for (size_t i = 0; i < c->pairs; i++) {
    const pair *p = &w->pairs[i];
    if (!i || !cm_str_eq(p->cluster, w->pairs[i - 1].cluster)) n++;
    clusters[n - 1].n++;
    clusters[n - 1].before += p->before;
    clusters[n - 1].now += p->after;
  }
  *n_clusters = n;
  const cm_stat_bootstrap_options o = cm_stat_bootstrap_defaults();
  cm_stat_difference d;
  cm_code code = cm_stat_bootstrap(clusters, n, &o, w->a, &d, e);
  if (code) return code;
  c->difference = d.difference;
  c->low = n ? d.lower : (double)NAN;
  c->high = n ? d.upper : (double)NAN;
  return CM_OK;
}

/* No pair that differs is no proof that none ever does: the largest plausible share counts. */
static cm_code detectable(cm_comparison *c, size_t clusters, cm_err *e) {
  double discordance;
  size_t differ = c->only_before + c->only_after;
  c->detectable = (double)NAN;
  if (!clusters) return CM_OK;
  cm_code code = CM_OK;
  if (differ) discordance = (double)differ / (double)c->pairs;
  else code = cm_stat_wilson_upper(0, c->pairs, 0.95, &discordance, e);
  return code ? code : cm_stat_detectable(clusters, discordance, 0.05, 0.8, &c->detectable, e);
}

static cm_code latency(work *w, cm_err *e) {
  cm_comparison *c = w->out;
  cm_stat_shift shift;
  c->latency_ratio = (double)NAN;
  c->latency_p = 1;
  if (!c->latencies) return CM_OK;
  cm_code code = cm_stat_shift_of(w->base, c->latencies, w->head, c->latencies, &shift, e);
  if (code) return code;
  c->latency_ratio = shift.ratio;
  c->latency_p = shift.p_greater;
  return CM_OK;
}

static cm_code statistics(work *w, cm_err *e) {
  cm_comparison *c = w->out;
  cm_stat_mcnemar_result m;
  size_t clusters = 0;
  cm_code code = cm_stat_mcnemar(c->only_before, c->only_after, &m, e);
  if (code) return code;
  c->mcnemar_p = m.p_two_sided;
  code = bootstrap(w, &clusters, e);
  if (!code) code = detectable(c, clusters, e);
  return code ? code : latency(w, e);
}

cm_code cm_compare(const cm_record *before, const cm_record *after, cm_arena *a,
                   cm_comparison *out, cm_err *e) {
  cm_twins twins;
  cm_code code = cm_twins_of(before, after, a, &twins, e);
  if (code) return code;
  *out = (cm_comparison){.items = cm_arena_alloc(a, after->n, sizeof *out->items)};
  work w = {a,
            cm_arena_alloc(a, after->n, sizeof(pair)),
            cm_arena_alloc(a, after->n, sizeof(double)),
            cm_arena_alloc(a, after->n, sizeof(double)),
            before->manifest.batch == after->manifest.batch,
            out};
  if (!out->items || !w.pairs || !w.base || !w.head)
    return cm_fail(e, CM_E_NOMEM, 0, "no memory to compare two runs");
  bool any = false;
  for (size_t i = 0; i < twins.n; i++) {
    const cm_twin *t = &twins.items[i];
    any = any || t->equal;
    if (t->equal) add_pair(&w, t->before, t->after);
    else out->other++;
  }
  if (!any) return cm_fail(e, CM_E_USAGE, 0, "the two runs have no case in common");
  return statistics(&w, e);
}

bool cm_comparison_slower(const cm_comparison *c) {
  return c->latency_p < 0.01 && c->latency_ratio > 1.05;
}
