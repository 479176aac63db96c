/* quality/golden: answers that somebody has looked at and accepted, per model. */
#ifndef CM_QUALITY_GOLDEN_H
#define CM_QUALITY_GOLDEN_H
#include "quality/suite.h"

typedef struct cm_goldens cm_goldens;

typedef enum cm_golden_match {
  CM_GOLDEN_NONE, /* nothing was accepted for this case yet */
  CM_GOLDEN_SAME,
  CM_GOLDEN_OTHER
} cm_golden_match;

/* Compares an answer with the accepted one under the case's mode; *accepted is that one. */
cm_golden_match cm_golden_compare(const cm_goldens *g, const cm_case *c, cm_str command,
                                  cm_str *accepted);

#endif
