#include <string.h>

#include "sh/parse.h"

/* --- assignments ----------------------------------------------------------------------------- */

/* At "[": it becomes text of `b`, what stands in front of "]" is `inner`. */
static void subscript(cm_parser *p, cm_wordb *b, cm_wordb *inner) {
  cm_sh_special(p, b);
  cm_wordb_close(p, b);
  inner->from = p->pos;
  cm_sh_enter(p);
  cm_sh_group(p, inner, (cm_group){.open = '[', .close = ']', .process = true});
  cm_sh_leave(p);
  cm_wordb_close(p, inner);
}

/* The words of name=( … ), behind the parenthesis. */
static cm_word *elements(cm_parser *p) {
  cm_word *first = NULL, **tail = &first;
  cm_sh_enter(p);
  for (;;) {
    cm_tok *t = cm_sh_tok(p, CM_LEX_ELEMENT);
    if (t->kind == CM_TOK_WORD) {
      *tail = t->word;
      tail = &t->word->next;
    } else if (t->kind != CM_TOK_NEWLINE) {
      break;
    }
    cm_sh_take(p);
  }
  cm_sh_leave(p);
  if (!cm_sh_take_kind(p, CM_TOK_RPAREN, CM_LEX_COMMAND)) cm_sh_unexpected(p);
  return first;
}

/* "=" or "+=" at `pos`, taken; 0: neither. */
static int equals(cm_parser *p) {
  uint32_t at = p->pos;
  int c = cm_sh_peek(p);
  if (c == '+') {
    p->pos++;
    if (cm_sh_peek(p) != '=' || !cm_sh_is_bash(p)) return p->pos = at, 0;
  } else if (c != '=') {
    return 0;
  }
  p->pos++;
  return c;
}

/* Behind declare, an array's subscript is no more than ordinary characters. */
static bool plain_subscript(const cm_parser *p) {
  uint32_t at = p->pos;
  while (at < p->limit && !strchr(" \t\n|&;()<>\"'\\$`]", p->s[at])) at++;
  return at + 2 < p->limit && p->s[at] == ']' && strchr("=+", p->s[at + 1]) &&
         strchr("(=", p->s[at + 2]);
}

/* NAME[…]=, from the bracket on; 0 if it is a word, which then goes on in `b`. */
static int subscript_head(cm_parser *p, cm_wordb *b, cm_assign *as) {
  cm_wordb inner = {0};
  cm_wordb_text(p, b, as->name.p, as->name.n, p->pos);
  subscript(p, b, &inner);
  const uint32_t close = p->pos++;
  const int sign = equals(p);
  if (sign) {
    as->subscript = cm_sh_new(p, sizeof *as->subscript);
    as->subscript->parts = inner.first;
    as->subscript->span = cm_sh_span(p, b->from, close);
  } else {
    p->pos = close;
    cm_wordb_join(p, b, &inner);
    cm_sh_special(p, b);
  }
  return sign;
}

bool cm_sh_assign_head(cm_parser *p, unsigned mode, cm_wordb *b, cm_assign *as) {
  const uint32_t start = p->pos;
  const bool bash = cm_sh_is_bash(p), command = mode & CM_LEX_COMMAND;
  int sign;
  as->name = cm_sh_name(p);
  if (!as->name.n) return false;
  if (bash && cm_sh_peek(p) == '[' && (command || plain_subscript(p))) {
    sign = subscript_head(p, b, as);
    if (!sign) return false;
  } else {
    sign = equals(p);
  }
  if (!sign || (!command && cm_sh_peek(p) != '(')) {
    *b = (cm_wordb){.from = start};
    p->pos = start;
    return false;
  }
  as->append = sign == '+';
  as->array = bash && cm_sh_peek(p) == '(';
  *b = (cm_wordb){.from = p->pos};
  if (as->array) {
    p->pos++;
    as->value = elements(p);
    b->from = p->pos;
  }
  return true;
}

void cm_sh_element_head(cm_parser *p, cm_wordb *b) {
  cm_wordb inner = {0};
  if (cm_sh_peek(p) != '[') return;
  subscript(p, b, &inner);
  cm_wordb_join(p, b, &inner);
  cm_sh_special(p, b);
}
