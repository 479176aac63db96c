/* token/special: the tokens that text holds literally, such as <|im_start|>. */
#ifndef CM_TOKEN_SPECIAL_H
#define CM_TOKEN_SPECIAL_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef struct cm_special {
  cm_str s;
  uint32_t id;
  bool in_plain; /* found in plain text too: a user-defined token */
} cm_special;

typedef struct cm_specials {
  cm_special *p; /* by spelling, once sealed */
  size_t n, cap;
  uint8_t first[256]; /* which bytes start one: 1 any, 2 one found in plain text */
} cm_specials;

/* Starts as zeros. */
cm_code cm_specials_add(cm_specials *a, cm_special s, cm_err *e);
void cm_specials_seal(cm_specials *a); /* after the last one, before the first search */
void cm_specials_close(cm_specials *a);

/* The first one in text[*at…], of those that start there the longest; *at becomes its position.
 * NULL when there is none, and *at becomes text.n. */
const cm_special *cm_specials_next(const cm_specials *a, cm_str text, bool plain, size_t *at);

#endif
