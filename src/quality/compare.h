/* quality/compare: whether two commands printed the same, under the rule that the case names. The
 * bytes come from outside: of any length up to a limit, with NUL and invalid UTF-8. */
#ifndef CM_QUALITY_COMPARE_H
#define CM_QUALITY_COMPARE_H
#include "quality/suite.h"

/* Longer outputs are never equal; more lines (or numbers, paths) neither. */
enum { CM_COMPARE_BYTES_MAX = 4 << 20, CM_COMPARE_ITEMS_MAX = 200000 };

/* Compares what a candidate printed (`got`) with what gold did (`want`); *same, and when it is
 * false one line of valid UTF-8 in *why (in `a`): where they differ first, and both counts.
 *
 *   exact    the bytes
 *   lines    line by line, white space at the ends of lines aside; a last line needs no newline
 *   set      the same as a set: order and doubles aside
 *   sorted   the same as a multiset: order aside
 *   numbers  the decimal numbers in it, in order, by value: 1.50 is 1.5, whatever stands between.
 *            A digit behind a letter or "_" begins no number (file1, sha256), a sign counts where
 *            no word stands before it, and suffixes aren't read: 2K is 2, 1,000 is 1 and 0.
 *   paths    a set of paths, one a line or NUL-terminated: "./a", "a", "a/" and ".//a" are one
 *   regex    `got` matches `re`; `want` isn't looked at
 *   json     equal values: one document, or one value a line; members in any order, 1 is 1.0
 *   ignore   always the same
 *
 * CM_E_FORMAT: `want` isn't JSON (the fixture's fault); CM_E_LIMIT: the pattern takes too long on
 * `got`, or `want` is over the limits; CM_E_NOMEM. */
cm_code cm_compare_text(cm_comparator by, const cm_re *re, cm_str want, cm_str got, cm_arena *a,
                        bool *same, cm_str *why, cm_err *e);

#endif
