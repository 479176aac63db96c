#include <string.h>

#include "sh/parse.h"

/* [[ … ]]: checked against its grammar, kept as a flat row of words. */
typedef struct cond {
  cm_parser *p;
  cm_word **tail;
} cond;

/* Takes the token that was looked at; an operator becomes a word too. */
static void keep(cond *k) {
  cm_parser *p = k->p;
  const cm_tok *t = &p->tok;
  cm_word *w = t->word;
  if (!w) {
    w = cm_sh_new(p, sizeof *w);
    cm_part *part = w->parts = cm_sh_new(p, sizeof *part);
    part->text = cm_str_of(t->text);
    w->span = part->span = cm_sh_span(p, t->start, t->end);
  }
  *k->tail = w;
  k->tail = &w->next;
  cm_sh_take(p);
}

static bool is_unary(cm_str s) {
  return s.n == 2 && s.p[0] == '-' && strchr("abcdefghknoprstuvwxzGLNORS", s.p[1]);
}

static bool is_binary(cm_str s) {
  static const char *const names[] = {"=",   "==",  "!=",  "=~",  "-nt", "-ot", "-ef",
                                      "-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (cm_str_is(s, names[i])) return true;
  return false;
}

static bool is_end(const cm_tok *t) { return cm_str_is(t->plain, "]]"); }

/* An operand; "]]" is none. */
static void operand(cond *k, unsigned mode) {
  const cm_tok *t = cm_sh_tok(k->p, mode);
  if (t->kind == CM_TOK_WORD && !is_end(t)) keep(k);
  else cm_sh_unexpected(k->p);
}

/* What may stand behind a word: an operator and its right side, or nothing. */
static void comparison(cond *k) {
  const cm_tok *t = cm_sh_tok(k->p, 0);
  if (t->kind == CM_TOK_REDIR && t->fd == -1 &&
      (t->op == CM_REDIR_READ || t->op == CM_REDIR_WRITE)) {
    keep(k);
    operand(k, 0);
  } else if (t->kind == CM_TOK_WORD && is_binary(t->plain)) {
    const bool regex = cm_str_is(t->plain, "=~"), test = t->plain.p[0] == '-';
    keep(k);
    operand(k, regex ? CM_LEX_REGEX : test ? 0 : CM_LEX_PATTERN);
  } else if (t->kind != CM_TOK_AND && t->kind != CM_TOK_OR && t->kind != CM_TOK_RPAREN &&
             !is_end(t)) {
    cm_sh_unexpected(k->p);
  }
}

static void expression(cond *k);

static void term(cond *k) {
  cm_parser *p = k->p;
  cm_sh_newlines(p, 0);
  while (cm_str_is(cm_sh_tok(p, 0)->plain, "!")) {
    keep(k);
    cm_sh_newlines(p, 0);
  }
  const cm_tok *t = cm_sh_tok(p, 0);
  if (t->kind == CM_TOK_LPAREN) {
    keep(k);
    cm_sh_enter(p);
    expression(k);
    cm_sh_leave(p);
    if (cm_sh_tok(p, 0)->kind == CM_TOK_RPAREN) keep(k);
    else cm_sh_unexpected(p);
  } else if (is_unary(t->plain)) {
    keep(k);
    operand(k, 0);
  } else {
    operand(k, 0);
    comparison(k);
  }
  cm_sh_newlines(p, 0);
}

static void expression(cond *k) {
  for (;;) {
    term(k);
    const cm_tok_kind kind = cm_sh_tok(k->p, 0)->kind;
    if (kind != CM_TOK_AND && kind != CM_TOK_OR) return;
    keep(k);
  }
}

void cm_sh_cond(cm_parser *p, cm_cmd *c) {
  cond k = {p, &c->words};
  expression(&k);
  if (is_end(cm_sh_tok(p, 0))) cm_sh_take(p);
  else cm_sh_unexpected(p);
}
