#include "safety/effect.h"

/* One letter a place, in their order. s m h c: safe, moderate, high, critical; M and H: the same,
 * and unresolved. The README of the levels says which rule (1 to 13) a row follows:
 *   CREATE        a new file is safe (3); under /etc it may replace configuration (4)
 *   WRITE         CREATE in plain places, OVERWRITE in those with a meaning (3)
 *   OVERWRITE     forced overwrite, truncation: moderate (3); devices critical (6)
 *   APPEND, EDIT  moderate (3); /etc high, accounts and boot critical (4)
 *   DELETE        a named file: moderate
 *   DELETE_TREE   build output and /tmp moderate, others high, system and homes critical (5)
 *   DELETE_SOME   filtered by name: moderate in a project (5)
 *   MODE          one file moderate (3)
 *   MODE_TREE     one project folder moderate (3), large trees high, the system critical
 *   WRITE_DEVICE  critical even when intended; an image is an ordinary new file (6) */
static const char *const risks[] = {
    /* null work file artefact | tmp remote dotfile secret | all-work unknown unknown-in
       unknown-all | app logs kernel system-in | etc home keys account | system root device */
    [CM_FX_READ] = "ssss ssss ssss ssss ssss sss",
    [CM_FX_CREATE] = "ssss smms ssss mmmm hscc mmc",
    [CM_FX_WRITE] = "ssss smhm mssm mhmh hhcc hcc",
    [CM_FX_OVERWRITE] = "smmm mmhm mmmm mhmh hhcc hcc",
    [CM_FX_APPEND] = "smmm mmmm mmmm mmmh hmcc hcc",
    [CM_FX_EDIT] = "smmm mmmm mmmm mmmh hmcc hcc",
    [CM_FX_DELETE] = "hmmm mmmm hMmH mhhh hhhc hch",
    [CM_FX_DELETE_TREE] = "hhmm mhhh hHHH hhhh hchc ccc",
    [CM_FX_DELETE_SOME] = "hmmm mmmm mHHH mmhh hhhc hhh",
    [CM_FX_MOVE_AWAY] = "hmmm mmmm mmmH mhhh hhhc cch",
    [CM_FX_MODE] = "hmmm mmmm mmmm mmmh mmmh hhh",
    [CM_FX_MODE_TREE] = "hmmm mhmm mHHH hhhh hhhc hch",
    [CM_FX_WRITE_DEVICE] = "ssss smhm hHmH mhhh hhcc ccc",
};

static cm_harm harm_of(char c) {
  switch (c) {
    case 's': return (cm_harm){CM_SAFE, false};
    case 'm': return (cm_harm){CM_MODERATE, false};
    case 'M': return (cm_harm){CM_MODERATE, true};
    case 'h': return (cm_harm){CM_HIGH, false};
    case 'H': return (cm_harm){CM_HIGH, true};
    default: return (cm_harm){CM_CRITICAL, false};
  }
}

cm_harm cm_effect_on(cm_effect effect, cm_place place) {
  if (effect < CM_FX_READ || effect > CM_FX_WRITE_DEVICE || place >= CM_PLACE_COUNT)
    return (cm_harm){CM_CRITICAL, true};
  return harm_of(risks[effect][place + place / 4]); /* a blank after four */
}

bool cm_effect_fixed(cm_effect effect, cm_risk *risk) {
  static const cm_risk fixed[] = {CM_SAFE, CM_MODERATE, CM_HIGH, CM_CRITICAL};
  if (effect > CM_FX_CRITICAL) return false;
  *risk = fixed[effect];
  return true;
}
