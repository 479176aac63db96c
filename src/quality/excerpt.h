/* quality/excerpt: text of commands and files, made fit to stand in a reason. */
#ifndef CM_QUALITY_EXCERPT_H
#define CM_QUALITY_EXCERPT_H
#include "base/mem.h"
#include "base/str.h"

enum { CM_EXCERPT_MAX = 80 };

/* Appends `s` in double quotes, as valid UTF-8 on one line: \n, \t, \", \\ for themselves, \xHH
 * for bytes that aren't UTF-8, \u{H…} for what a terminal acts on or hides. Behind some
 * CM_EXCERPT_MAX bytes, never inside a character, it is cut and ends in "…. */
void cm_excerpt(cm_buf *out, cm_str s);

#endif
