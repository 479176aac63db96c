/* safety/origin: which command printed a word that another command works on. */
#ifndef CM_SAFETY_ORIGIN_H
#define CM_SAFETY_ORIGIN_H
#include "sh/resolve.h"

/* The command whose output the word is, through $(…) or xargs, and through programs that only cut
 * columns out of it. NULL: the word is something else, or only a part of the output comes through
 * (grep, head). */
const cm_run *cm_origin(const cm_run *run, const cm_rword *word);

/* Whether a word of the run, behind its name, is one of these (alternatives as in shapes). */
bool cm_has_word(const cm_run *run, const char *alternatives);

#endif
