#include "quality/twins.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
  const cm_result *r;
  bool met;
} entry;

static int by_id(const void *a, const void *b) {
  return cm_str_order(((const entry *)a)->r->id, ((const entry *)b)->r->id);
}

cm_outcome cm_outcome_of(cm_state s) {
  switch (s) {
    case CM_PASS:
    case CM_BLOCKED_OK: return CM_OUT_PASSED;
    case CM_FAIL:
    case CM_GOLDEN_CHANGED:
    case CM_FLAKY:
    case CM_XPASS: return CM_OUT_FAILED;
    case CM_SKIP: return CM_OUT_SKIPPED;
    case CM_XFAIL:
    case CM_ERROR:
    case CM_TIMEOUT:
    case CM_NOT_RUN:
    case CM_STATES: break;
  }
  return CM_OUT_NOTHING;
}

cm_code cm_twins_of(const cm_record *before, const cm_record *after, cm_arena *a, cm_twins *out,
                    cm_err *e) {
  entry *index = cm_arena_alloc(a, before->n, sizeof *index);
  *out = (cm_twins){.items = cm_arena_alloc(a, before->n + after->n, sizeof *out->items)};
  if (!index || !out->items) return cm_fail(e, CM_E_NOMEM, 0, "no memory to compare two runs");
  for (size_t i = 0; i < before->n; i++) index[i].r = &before->results[i];
  if (before->n) qsort(index, before->n, sizeof *index, by_id);
  for (size_t i = 0; i < after->n; i++) {
    const entry key = {&after->results[i], false};
    entry *found = before->n ? bsearch(&key, index, before->n, sizeof *index, by_id) : NULL;
    if (found) found->met = true;
    bool equal = found && cm_str_eq(found->r->hash, key.r->hash);
    out->items[out->n++] = (cm_twin){found ? found->r : NULL, key.r, equal};
  }
  for (size_t i = 0; i < before->n; i++)
    if (!index[i].met) out->items[out->n++] = (cm_twin){index[i].r, NULL, false};
  return CM_OK;
}
