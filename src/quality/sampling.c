#include "quality/sampling.h"

#include <stdlib.h>
#include <string.h>

#define RISK 0.05

/* The next part of "A:B:C". False: there is none, or it isn't a number from 0 to 1. */
static bool next(cm_str *rest, double *out) {
  const size_t colon = cm_str_find(*rest, CM_STR(":"));
  const cm_str part = {rest->p, colon == SIZE_MAX ? rest->n : colon};
  const size_t used = colon == SIZE_MAX ? rest->n : colon + 1;
  *rest = (cm_str){rest->p + used, rest->n - used};
  return part.n && cm_str_f64(part, 0, 1, out);
}

cm_code cm_sampling_of(cm_str text, cm_sampling *out, cm_err *e) {
  *out = (cm_sampling){.plan = {.alpha = RISK, .beta = RISK}};
  cm_stat_sprt_plan *p = &out->plan;
  cm_str rest = text;
  bool good = text.n && text.p[text.n - 1] != ':' && next(&rest, &p->bad) && next(&rest, &p->good);
  if (good && rest.n) good = next(&rest, &p->alpha) && next(&rest, &p->beta) && !rest.n;
  if (!good)
    return cm_fail(e, CM_E_USAGE, 0,
                   "a sampled run needs BAD:GOOD or BAD:GOOD:ALPHA:BETA, as 0.6:0.8, not \"%.*s\"",
                   (int)(text.n < 40 ? text.n : 40), text.n ? text.p : "");
  cm_stat_verdict none;
  return cm_stat_sprt(p, 0, 0, &none, e);
}

static int by_hash(const void *x, const void *y) {
  const cm_case *a = *(const cm_case *const *)x, *b = *(const cm_case *const *)y;
  const int d = strcmp(a->hash, b->hash);
  return d ? d : cm_str_order(a->id, b->id);
}

void cm_sampling_sort(cm_plan *p) {
  if (p->n) qsort(p->cases, p->n, sizeof *p->cases, by_hash);
  if (p->n_whole && p->whole != p->cases) qsort(p->whole, p->n_whole, sizeof *p->whole, by_hash);
}

void cm_sampling_add(cm_sampling *s, const cm_result *r) {
  if (s->verdict != CM_STAT_CONTINUE || r->gate == CM_GATE_TRACK || r->quarantine_until.n) return;
  switch (r->state) {
    case CM_PASS:
    case CM_BLOCKED_OK: s->passed++; break;
    case CM_FAIL:
    case CM_GOLDEN_CHANGED:
    case CM_FLAKY:
    case CM_XPASS: s->failed++; break;
    default: return;
  }
  (void)cm_stat_sprt(&s->plan, s->passed, s->failed, &s->verdict, NULL);
}

bool cm_sampling_read(const cm_record *r, cm_sampling *out) {
  if (!r->manifest.sampling.n || cm_sampling_of(r->manifest.sampling, out, NULL)) return false;
  for (size_t i = 0; i < r->n; i++) cm_sampling_add(out, &r->results[i]);
  return true;
}
