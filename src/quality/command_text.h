/* quality/command_text: one text for all spellings of a command that differ only in spacing,
 * quoting, comments and line breaks. */
#ifndef CM_QUALITY_COMMAND_TEXT_H
#define CM_QUALITY_COMMAND_TEXT_H
#include "sh/sh.h"

/* `ls  -l "$x"` and `ls -l "${x}"` give equal texts, `ls *` and `ls '*'` don't. It is for
 * comparing, not for running. A command that bash refuses, or that is over the parser's limits, is
 * its own text, trimmed. Lives in `a`. CM_E_NOMEM. */
cm_code cm_command_text(cm_str command, cm_dialect dialect, cm_arena *a, cm_str *out, cm_err *e);

#endif
