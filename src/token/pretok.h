/* token/pretok: cuts text into the pieces that BPE works on, as Qwen2's pattern does:
 *
 *   (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N} | ?[^\s\p{L}\p{N}]+[\r\n]*
 *   | \s*[\r\n]+ | \s+(?!\S) | \s+        (the first alternative that matches wins)
 *
 * in linear time and without a regular expression library, so that every system cuts alike. Bytes
 * that aren't UTF-8 count as characters that are neither letter, number nor space.
 */
#ifndef CM_TOKEN_PRETOK_H
#define CM_TOKEN_PRETOK_H
#include "base/str.h"

/* cm_pretok it = {text, 0}; for (cm_str piece; cm_pretok_next(&it, &piece);) … The pieces are
 * never empty, and put together they are the text. */
typedef struct cm_pretok {
  cm_str text;
  size_t at;
} cm_pretok;

bool cm_pretok_next(cm_pretok *it, cm_str *piece);

#endif
