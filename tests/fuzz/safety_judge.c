/* Any bytes get a verdict that keeps the promises of safety.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "safety/safety.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void check_findings(const cm_verdict *v, size_t size) {
  cm_risk worst = CM_SAFE;
  for (size_t i = 0; i < v->n; i++) {
    const cm_finding *f = &v->findings[i];
    must(f->risk > CM_SAFE && f->rule && f->why);
    must(f->span.start <= f->span.end && f->span.end <= size);
    must(i == 0 || f->risk <= v->findings[i - 1].risk);
    if (f->risk > worst) worst = f->risk;
  }
  must(worst == v->risk);
}

static void check_decisions(const cm_verdict *v, cm_code code) {
  if (code || v->runs.syntax || v->runs.limited) must(v->risk >= CM_HIGH);
  if (v->risk >= CM_HIGH || v->unresolved) must(cm_safety_decide(v, CM_MODERATE_LEVEL) != CM_RUN);
  for (cm_level l = CM_MODERATE_LEVEL; l <= CM_PERMISSIVE; l++)
    must(cm_safety_decide(v, l) <= cm_safety_decide(v, l - 1));
}

/* The same text in memory that ends earlier: never a lower level. */
static void check_small(const cm_safety *s, cm_str text, const cm_sh_context *context,
                        size_t bytes, cm_risk risk) {
  cm_arena *a = cm_arena_open(bytes);
  cm_verdict v;
  cm_err e;
  must(a != NULL);
  cm_code code = cm_safety_judge(s, text, context, a, &v, &e);
  must(code || v.risk == risk);
  must(!code || v.risk >= CM_HIGH);
  cm_arena_close(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static cm_safety *safety;
  static const cm_sh_context context = {.home = {"/h/user", 7}, .cwd = {"/h/user/project", 15}};
  cm_str text = {(const char *)data, size};
  cm_arena *a = cm_arena_open(64 << 20);
  cm_verdict v;
  cm_err e;
  if (!safety) must(cm_safety_open(&safety, NULL, 0, NULL, 0, &e) == CM_OK);
  must(a != NULL);
  cm_code code = cm_safety_judge(safety, text, &context, a, &v, &e);
  must(code == CM_OK || code == CM_E_NOMEM || code == CM_E_LIMIT);
  check_findings(&v, size);
  check_decisions(&v, code);
  if (!code) check_small(safety, text, &context, cm_arena_used(a) / 2, v.risk);
  cm_arena_close(a);
  return 0;
}
