#include <string.h>

#include "safety/safety.h"

const char *cm_risk_name(cm_risk r) {
  static const char *const names[] = {"safe", "moderate", "high", "critical"};
  return names[r];
}

static const char *const level_names[] = {"strict", "moderate", "permissive"};

const char *cm_level_name(cm_level l) { return level_names[l]; }

const char *cm_decision_name(cm_decision d) {
  static const char *const names[] = {"run", "confirm", "block"};
  return names[d];
}

bool cm_level_of(cm_str name, cm_level *out) {
  for (cm_level l = CM_STRICT; l <= CM_PERMISSIVE; l++) {
    if (!cm_str_is(name, level_names[l])) continue;
    *out = l;
    return true;
  }
  return false;
}

cm_decision cm_safety_decide(const cm_verdict *v, cm_level level) {
  /* SPEC section 4. */
  static const cm_decision table[][3] = {
      [CM_SAFE] = {CM_RUN, CM_RUN, CM_RUN},
      [CM_MODERATE] = {CM_CONFIRM, CM_RUN, CM_RUN},
      [CM_HIGH] = {CM_BLOCK, CM_CONFIRM, CM_RUN},
      [CM_CRITICAL] = {CM_BLOCK, CM_BLOCK, CM_CONFIRM},
  };
  if (v->denied) return CM_BLOCK;
  cm_decision d = table[v->risk][level];
  cm_decision least = level == CM_STRICT ? CM_BLOCK : CM_CONFIRM;
  return v->unresolved && d < least ? least : d;
}
