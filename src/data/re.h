/* data/re: regular expressions from outside, over PCRE2 (nobody else includes it): UTF-8, with
 * limits on compiling, matching and recursion, so that no pattern can run away. */
#ifndef CM_DATA_RE_H
#define CM_DATA_RE_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef struct cm_re cm_re;

enum { CM_RE_IGNORE_CASE = 1 };
enum { CM_RE_PATTERN_MAX = 4096 };

/* CM_E_FORMAT: not a pattern (e->pos is the byte); CM_E_LIMIT; CM_E_NOMEM. */
cm_code cm_re_open(cm_re **out, cm_str pattern, unsigned flags, cm_err *e);
void cm_re_close(cm_re *re); /* NULL is fine */

/* The first match at or behind `from`: *found, and its bytes [*start, *end). Invalid UTF-8 in
 * `text` is matched as if each bad byte were U+FFFD. CM_E_LIMIT: it took too long (*found is
 * false). Threads may match with one pattern at once. */
cm_code cm_re_find(const cm_re *re, cm_str text, size_t from, bool *found, size_t *start,
                   size_t *end, cm_err *e);

#endif
