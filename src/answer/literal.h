/* answer/literal: what a request spells out and a command repeats letter by letter (stems of file
 * names, paths, hosts, quoted text) is taken out before a small model sees it, and put back after.
 *
 * A literal's stand-in is one private-use character, U+E001 and up. What a model needs to know
 * stays visible: extension, leading / ~/ ./, scheme, @, quotes. `tar` needs the .tar.gz, but not
 * the name before it. Numbers, sizes and bare words stay, since they are often changed or mean
 * more than themselves. Training (train/placeholders.py) uses this code, by tools/literals. */
#ifndef CM_ANSWER_LITERAL_H
#define CM_ANSWER_LITERAL_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

enum { CM_LITERALS_MAX = 8, CM_PLACEHOLDER_FIRST = 0xE001 };

typedef struct cm_literals {
  cm_str text; /* the request with placeholders */
  cm_str items[CM_LITERALS_MAX];
  size_t n;
} cm_literals;

/* Takes at most `max` (<= CM_LITERALS_MAX) literals out of `request`; equal ones share a
 * placeholder, further ones stay. A placeholder that stands in the request is part of a literal or
 * becomes U+FFFD, so none in out->text is forged. Any bytes are accepted, in linear time; valid
 * UTF-8 gives valid UTF-8. Items borrow from `request`, the text lives in `a`. CM_E_NOMEM. */
cm_code cm_literals_hide(cm_str request, size_t max, cm_arena *a, cm_literals *out, cm_err *e);

/* The reply with its placeholders replaced, escaped for the shell quotes around them; a bare word
 * is quoted when it needs that. *out lives in `a`. CM_E_NOTFOUND: a placeholder that stands for
 * nothing, or where quoting can't be known (a here-document, nesting too deep); CM_E_LIMIT: the
 * result is longer than CM_RESTORED_MAX; CM_E_NOMEM. */
cm_code cm_literals_restore(const cm_literals *l, cm_str reply, cm_arena *a, cm_str *out,
                            cm_err *e);

enum { CM_RESTORED_MAX = 1 << 20 };

/* The number (from 0) of the placeholder at the start of `s`, or -1. */
int cm_placeholder_at(cm_str s);
enum { CM_PLACEHOLDER_BYTES = 3 };

#endif
