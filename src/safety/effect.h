/* safety/effect: the one table of what an effect does to a place. */
#ifndef CM_SAFETY_EFFECT_H
#define CM_SAFETY_EFFECT_H
#include "safety/path.h"
#include "safety/rule.h"

typedef struct cm_harm {
  cm_risk risk;
  bool unresolved; /* nobody knows what would be destroyed */
} cm_harm;

/* `effect` is one of those on paths. */
cm_harm cm_effect_on(cm_effect effect, cm_place place);

/* The risk of a fixed effect (CM_FX_SAFE … CM_FX_CRITICAL); false for the others. */
bool cm_effect_fixed(cm_effect effect, cm_risk *risk);

#endif
