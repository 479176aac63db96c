#include "safety/safety.h"

#include <string.h>

#include "safety/judge.h"
#include "safety/taint.h"

/* --- findings -------------------------------------------------------------------------------- */

void cm_report(cm_judging *j, const char *rule, cm_risk risk, const char *why, const cm_run *run,
               cm_span span) {
  if (risk == CM_SAFE) return;
  if (j->n_found == j->max_found) {
    size_t more = j->max_found ? j->max_found * 2 : 8;
    cm_finding *bigger = cm_arena_alloc(j->arena, more, sizeof *bigger);
    if (!bigger) {
      j->no_memory = true;
      return;
    }
    if (j->n_found) memcpy(bigger, j->found, j->n_found * sizeof *bigger);
    j->found = bigger;
    j->max_found = more;
  }
  if (j->outer) span = j->outer->span;
  j->found[j->n_found++] = (cm_finding){rule, risk, why, span, run};
}

/* Worst first, otherwise in the order of the text. */
static bool sort_findings(cm_judging *j, cm_verdict *out) {
  if (!j->n_found) return true;
  out->findings = cm_arena_alloc(j->arena, j->n_found, sizeof *out->findings);
  if (!out->findings) return false;
  for (int risk = CM_CRITICAL; risk > CM_SAFE; risk--)
    for (size_t i = 0; i < j->n_found; i++)
      if (j->found[i].risk == (cm_risk)risk) out->findings[out->n++] = j->found[i];
  return true;
}

/* --- verdicts -------------------------------------------------------------------------------- */

/* What is said when there is no memory to say more: never written to. */
static cm_finding no_memory[] = {
    {"text.memory", CM_HIGH, "there was not enough memory to look at all of it", {0, 0}, NULL}};
static cm_finding too_long[] = {
    {"text.limit", CM_HIGH, "is too long to be looked at", {0, 0}, NULL}};

static cm_code give_up(cm_verdict *out, cm_finding *why, cm_code code, cm_err *e) {
  *out = (cm_verdict){.risk = CM_HIGH, .unresolved = true, .findings = why, .n = 1};
  return cm_fail(e, code, 0, "%s", why->why);
}

static cm_span whole(cm_str text) { return (cm_span){0, (uint32_t)text.n}; }

static void judge_limits(cm_judging *j, cm_str text) {
  bool syntax = j->runs->syntax && !j->outer;
  if (syntax)
    cm_report(j, "text.syntax", CM_HIGH, "is not valid shell, or code in it isn't", NULL,
              whole(text));
  if (j->runs->limited)
    cm_report(j, "text.limit", CM_HIGH, "is too long or too deeply nested to be looked at whole",
              NULL, whole(text));
  j->unresolved |= syntax || j->runs->limited;
}

static void judge_all(cm_judging *j, cm_str text) {
  cm_taint_collect(j);
  judge_limits(j, text);
  for (size_t i = 0; i < j->runs->n && !j->no_memory; i++)
    if (!j->runs->items[i]->defined) cm_judge_run(j, j->runs->items[i]);
}

void cm_judge_code(cm_judging *j, cm_str text, const cm_run *run) {
  cm_runs runs;
  j->code_bytes += text.n;
  if (j->depth == CM_JUDGE_DEPTH_MAX || j->code_bytes > CM_JUDGE_CODE_MAX) {
    j->unresolved = true;
    cm_report(j, "text.limit", CM_HIGH, "is too deeply nested to be looked at whole", run,
              run->span);
    return;
  }
  if (text.n > CM_SH_TEXT_MAX || cm_sh_resolve(text, j->context, j->arena, &runs, NULL)) {
    j->no_memory = true;
    return;
  }
  cm_judging inner = *j;
  inner.runs = &runs;
  inner.call = (cm_call){0};
  inner.looked_at_loops = inner.looked_for_shells = false;
  inner.depth++;
  if (!inner.outer) inner.outer = run;
  judge_all(&inner, text);
  j->found = inner.found;
  j->n_found = inner.n_found;
  j->max_found = inner.max_found;
  j->unresolved = inner.unresolved;
  j->denied = inner.denied;
  j->no_memory = inner.no_memory;
  j->code_bytes = inner.code_bytes;
}

cm_code cm_safety_judge_runs(const cm_safety *s, cm_str text, const cm_sh_context *context,
                             const cm_runs *runs, cm_arena *a, cm_verdict *out, cm_err *e) {
  cm_judging j = {.safety = s, .context = context, .arena = a, .runs = runs};
  cm_judge_text(&j, text);
  judge_all(&j, text);
  *out = (cm_verdict){.unresolved = j.unresolved, .denied = j.denied, .runs = *runs};
  if (j.no_memory || !sort_findings(&j, out)) return give_up(out, no_memory, CM_E_NOMEM, e);
  out->risk = out->n ? out->findings[0].risk : CM_SAFE;
  return CM_OK;
}

cm_code cm_safety_judge(const cm_safety *s, cm_str text, const cm_sh_context *context, cm_arena *a,
                        cm_verdict *out, cm_err *e) {
  static const cm_sh_context nowhere = {.dialect = CM_SH_BASH};
  cm_runs runs;
  if (!context) context = &nowhere;
  if (text.n > CM_SH_TEXT_MAX) return give_up(out, too_long, CM_E_LIMIT, e);
  if (!s || !a || cm_sh_resolve(text, context, a, &runs, e))
    return give_up(out, no_memory, CM_E_NOMEM, e);
  return cm_safety_judge_runs(s, text, context, &runs, a, out, e);
}
