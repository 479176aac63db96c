/* quality/spelling: a command line written again in one way, so that what doesn't matter
 * (quotes, blanks, the order of single flags) is out of the way of patterns and comparisons. */
#ifndef CM_QUALITY_SPELLING_H
#define CM_QUALITY_SPELLING_H
#include "sh/sh.h"

typedef enum cm_spelling {
  /* Quotes taken out, one blank between words and around operators: "ls | wc -l", "ls > f 2>&1" */
  CM_SPELLING_SPACED,
  /* The same without blanks around operators: "ls|wc -l", "ls >f 2>&1" */
  CM_SPELLING_TIGHT,
  /* Two commands are equal after parsing when these are: quoted characters stay apart from active
   * ones, flags of known programs are taken out of their clusters and sorted, redirections stand
   * behind the words. */
  CM_SPELLING_CANON
} cm_spelling;

/* The whole text, of which `tree` is the tree. Overflow of `out` is the caller's to check.
 * CM_E_NOMEM. */
cm_code cm_spelling_whole(cm_str text, const cm_sh_tree *tree, cm_spelling style, cm_arena *a,
                          cm_buf *out, cm_err *e);

/* `out` becomes a text parsed in this dialect, written as CANON. CM_E_FORMAT, CM_E_LIMIT: it can't
 * be parsed; CM_E_NOMEM: or it doesn't fit. */
cm_code cm_spelling_canon(cm_str text, cm_dialect dialect, cm_arena *a, cm_buf *out, cm_err *e);

/* Each simple command alone, in order, SPACED and TIGHT, whatever it is nested in (but not those
 * in $(…)): *items lives in `a`. CM_E_NOMEM. */
cm_code cm_spelling_parts(cm_str text, const cm_sh_tree *tree, cm_arena *a, cm_str **items,
                          size_t *n, cm_err *e);

#endif
