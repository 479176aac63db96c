#include "quality/plan.h"

#include <stdlib.h>
#include <string.h>

enum { SHARDS_MAX = 256 };

bool cm_shard_of(cm_str text, cm_plan_options *out) {
  static const char *const names[] = {"slice", "hash", "lpt"};
  const size_t colon = cm_str_find(text, CM_STR(":")), n = colon == SIZE_MAX ? text.n : colon;
  const size_t slash = cm_str_find((cm_str){text.p, n}, CM_STR("/"));
  uint64_t shard, shards;
  if (slash == SIZE_MAX || !cm_str_u64((cm_str){text.p, slash}, 1, SHARDS_MAX, &shard) ||
      !cm_str_u64((cm_str){text.p + slash + 1, n - slash - 1}, shard, SHARDS_MAX, &shards))
    return false;
  out->shard = (uint32_t)shard, out->shards = (uint32_t)shards, out->by = CM_SHARD_SLICE;
  if (n == text.n) return true;
  const cm_str by = {text.p + n + 1, text.n - n - 1};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    if (!cm_str_is(by, names[i])) continue;
    out->by = (cm_shard_by)i;
    return true;
  }
  return false;
}

/* --- selecting ------------------------------------------------------------------------------- */

static bool is_selected(const cm_case *c, const cm_plan_options *o, bool *used) {
  bool in = o->n_selectors == 0;
  for (size_t i = 0; i < o->n_selectors; i++) {
    if (!cm_case_selected(c, o->selectors[i])) continue;
    used[i] = in = true;
  }
  return in;
}

static bool has_failed(const cm_record *r, const cm_case *c) {
  const cm_result *old = cm_record_find(r, c->id);
  return old && !cm_state_passed(old->state) && old->state != CM_SKIP && old->state != CM_XFAIL;
}

static bool is_changed(const cm_suite *before, const cm_case *c) {
  const cm_case *old = cm_suite_find(before, c->id);
  return !old || strcmp(old->hash, c->hash) != 0;
}

static cm_code select_cases(const cm_suite *s, const cm_plan_options *o, cm_arena *a, cm_plan *out,
                            cm_err *e) {
  bool *used = cm_arena_alloc(a, o->n_selectors + 1, sizeof *used);
  out->whole = cm_arena_alloc(a, s->n + 1, sizeof *out->whole);
  if (!used || !out->whole) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a plan");
  for (size_t i = 0; i < s->n; i++) {
    const cm_case *c = &s->cases[i];
    if (!is_selected(c, o, used)) continue;
    if (o->failed && !has_failed(o->failed, c)) continue;
    if (o->before && !is_changed(o->before, c)) continue;
    out->whole[out->n_whole++] = c;
  }
  for (size_t i = 0; i < o->n_selectors && out->n_whole; i++)
    if (!used[i])
      return cm_fail(e, CM_E_USAGE, 0, "no test case is selected by \"%.*s\"",
                     (int)(o->selectors[i].n < 100 ? o->selectors[i].n : 100), o->selectors[i].p);
  return CM_OK;
}

/* --- shards ---------------------------------------------------------------------------------- */

typedef struct load {
  size_t at; /* in the plan */
  double ms;
  uint32_t shard;
} load;

/* Equal times keep the order of the suite, so that every shard computes the same division. */
static int longest_first(const void *a, const void *b) {
  const load *x = a, *y = b;
  if (x->ms > y->ms || x->ms < y->ms) return x->ms > y->ms ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

static double time_of(const cm_record *timings, const cm_case *c) {
  const cm_result *old = cm_record_find(timings, c->id);
  if (!old) return 1;
  const double total = old->latency.total > 0 ? old->latency.total : 0;
  return 1 + total + (old->latency.exec > 0 ? old->latency.exec : 0);
}

/* Graham's longest processing time rule (1969): at most 4/3 of the best possible. */
static void divide_by_time(const cm_plan *p, const cm_plan_options *o, load *loads) {
  double sums[SHARDS_MAX] = {0};
  for (size_t i = 0; i < p->n_whole; i++)
    loads[i] = (load){i, time_of(o->timings, p->whole[i]), 0};
  qsort(loads, p->n_whole, sizeof *loads, longest_first);
  for (size_t i = 0; i < p->n_whole; i++) {
    uint32_t least = 0;
    for (uint32_t k = 1; k < o->shards; k++)
      if (sums[k] < sums[least]) least = k;
    sums[least] += loads[i].ms;
    loads[i].shard = least;
  }
}

static void divide(const cm_plan *p, const cm_plan_options *o, load *loads) {
  if (o->by == CM_SHARD_LPT) {
    divide_by_time(p, o, loads);
    return;
  }
  for (size_t i = 0; i < p->n_whole; i++) {
    const uint64_t k = o->by == CM_SHARD_HASH ? cm_str_hash(p->whole[i]->id) % o->shards
                                              : (uint64_t)i * o->shards / p->n_whole;
    loads[i] = (load){i, 0, (uint32_t)k};
  }
}

static cm_code keep_shard(const cm_plan_options *o, cm_arena *a, cm_plan *p, cm_err *e) {
  load *loads = cm_arena_alloc(a, p->n_whole, sizeof *loads);
  bool *mine = cm_arena_alloc(a, p->n_whole, sizeof *mine);
  p->cases = cm_arena_alloc(a, p->n_whole, sizeof *p->cases);
  if (!loads || !mine || !p->cases) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a plan");
  divide(p, o, loads);
  for (size_t i = 0; i < p->n_whole; i++) mine[loads[i].at] = loads[i].shard + 1 == o->shard;
  for (size_t i = 0; i < p->n_whole; i++)
    if (mine[i]) p->cases[p->n++] = p->whole[i];
  return CM_OK;
}

cm_code cm_plan_make(const cm_suite *s, const cm_plan_options *o, cm_arena *a, cm_plan *out,
                     cm_err *e) {
  *out = (cm_plan){0};
  cm_code code = select_cases(s, o, a, out, e);
  if (code) return code;
  if (o->shards > 1 && out->n_whole) return keep_shard(o, a, out, e);
  out->cases = out->whole;
  out->n = out->n_whole;
  return CM_OK;
}
