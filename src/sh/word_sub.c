#include <string.h>

#include "sh/parse.h"

/* --- $( ) and <( ) --------------------------------------------------------------------------- */

/* Commands up to the parenthesis that closes them. */
static cm_sh_list *commands(cm_parser *p) {
  cm_here *heres = p->heres, **const heres_tail = p->heres_tail;
  const bool closing = p->closing;
  p->closing = true;
  p->heres = NULL;
  p->heres_tail = &p->heres;
  cm_sh_enter(p);
  cm_sh_newlines(p, CM_LEX_COMMAND);
  cm_sh_list *list = NULL;
  if (cm_sh_tok(p, CM_LEX_COMMAND)->kind != CM_TOK_RPAREN) list = cm_sh_compound(p);
  if (!cm_sh_take_kind(p, CM_TOK_RPAREN, CM_LEX_COMMAND)) cm_sh_unexpected(p);
  cm_sh_leave(p);
  p->warned |= p->heres != NULL;
  p->closing = closing;
  /* bash reads what is left behind the line, in front of what waited before; dash drops it. */
  const bool keep = p->heres && cm_sh_is_bash(p);
  if (keep) *p->heres_tail = heres;
  else p->heres = heres;
  if (heres) p->heres_tail = heres_tail;
  else if (!keep) p->heres_tail = &p->heres;
  return list;
}

static void substitution(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_COMMAND);
  part->body = commands(p);
  cm_wordb_end(p, b);
}

static const cm_group in_parens = {.open = '(', .close = ')'};

/* Behind a "(" that is followed by another: bash looks no further than the parenthesis that closes
 * it, and reads the commands when it runs them. */
static cm_sh_list *counted(cm_parser *p, uint32_t start) {
  cm_wordb scratch = {.from = p->pos, .dq = true};
  cm_sh_group(p, &scratch, in_parens);
  const uint32_t end = p->pos;
  if (p->code) return NULL;
  cm_sh_list *list = cm_sh_inner_lines(p, p->s, p->map, start, end);
  if (!p->code) p->pos = end + 1;
  return list;
}

void cm_sh_process(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_PROCESS);
  part->direction = p->s[p->pos++];
  cm_sh_peek(p);
  p->pos++;
  cm_sh_enter(p);
  part->body = cm_sh_peek(p) == '(' ? counted(p, p->pos) : commands(p);
  cm_sh_leave(p);
  cm_wordb_end(p, b);
}

/* --- `…` ------------------------------------------------------------------------------------- */

/* Position of the closing quote; *escapes: backslashes that go away. */
static uint32_t backquote_end(cm_parser *p, const char *escapable, uint32_t *escapes) {
  uint32_t at = p->pos;
  for (; at < p->limit && p->s[at] != '`'; at++)
    if (p->s[at] == '\\' && at + 1 < p->limit) *escapes += strchr(escapable, p->s[++at]) != NULL;
  if (at == p->limit) cm_sh_fail(p, p->pos - 1, "nothing closes", CM_STR("`"));
  return at;
}

void cm_sh_backquote(cm_parser *p, cm_wordb *b) {
  const char *escapable = b->dq ? "$`\\\"" : "$`\\";
  cm_part *part = cm_wordb_part(p, b, CM_PART_COMMAND);
  const uint32_t start = ++p->pos;
  uint32_t escapes = 0, end = backquote_end(p, escapable, &escapes);
  const char *s = p->s;
  const uint32_t *map = p->map;
  uint32_t from = start, to = end;
  if (escapes && !p->code) {
    const uint32_t n = end - start - escapes;
    char *copy = cm_sh_bytes(p, n + 1, 1);
    uint32_t *at_of = cm_sh_bytes(p, n + 1, sizeof *at_of);
    if (!copy || !at_of) return;
    for (uint32_t i = 0, at = start; i < n; i++, at++) {
      at_of[i] = cm_sh_at(p, at);
      if (s[at] == '\\' && strchr(escapable, s[at + 1])) at++;
      else if (s[at] == '\\') {
        copy[i++] = s[at++];
        at_of[i] = cm_sh_at(p, at);
      }
      copy[i] = s[at];
    }
    at_of[n] = cm_sh_at(p, end);
    s = copy;
    map = at_of;
    from = 0;
    to = n;
  }
  if (!p->code) part->body = cm_sh_inner_lines(p, s, map, from, to);
  if (!p->code) p->pos = end + 1;
  cm_wordb_end(p, b);
}

/* --- arithmetic ------------------------------------------------------------------------------ */

static void bracket(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_ARITH);
  cm_wordb inner = {.from = p->pos, .dq = true};
  const uint32_t start = p->pos;
  cm_sh_enter(p);
  cm_sh_group(p, &inner, (cm_group){.open = '[', .close = ']'});
  cm_sh_leave(p);
  part->arith = cm_wordb_done(p, &inner, start);
  if (!p->code) p->pos++;
  cm_wordb_end(p, b);
}

/* At ")": whether it is "))". */
static bool closes_twice(cm_parser *p) {
  const uint32_t at = p->pos++;
  const bool twice = cm_sh_peek(p) == ')';
  p->pos = at;
  return twice;
}

/* Behind "$((". It is arithmetic if "))" ends it; else bash takes it for a subshell in a command
 * substitution, whose end it has found by counting parentheses. */
static void double_paren(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_ARITH);
  cm_wordb inner = {.from = p->pos, .dq = true};
  const uint32_t start = p->pos;
  cm_sh_enter(p);
  cm_sh_group(p, &inner, in_parens);
  while (!cm_sh_is_bash(p) && !p->code && !closes_twice(p)) {
    cm_sh_special(p, &inner); /* dash: one parenthesis is an ordinary character */
    cm_sh_group(p, &inner, in_parens);
  }
  const bool arith = closes_twice(p);
  part->arith = cm_wordb_done(p, &inner, start);
  p->pos++;
  if (arith) {
    cm_sh_peek(p);
    p->pos++;
  } else if (!p->code) {
    part->kind = CM_PART_COMMAND;
    part->arith = NULL;
    part->body = counted(p, start - 1);
  }
  cm_sh_leave(p);
  cm_wordb_end(p, b);
}

bool cm_sh_double_paren(cm_parser *p, char stop, cm_word **out, size_t *count) {
  const cm_group g = {.open = '(', .close = ')', .stop = stop};
  const uint32_t open = p->pos++;
  cm_sh_enter(p);
  *count = 0;
  for (bool more = true; more; ++*count) {
    const uint32_t from = p->pos;
    cm_wordb b = {.from = from, .dq = true};
    cm_sh_group(p, &b, g);
    more = cm_sh_peek(p) == stop && !p->code;
    *out = cm_wordb_done(p, &b, from);
    out = &(*out)->next;
    p->pos += more;
  }
  cm_sh_leave(p);
  if (p->code || closes_twice(p)) {
    p->pos++;
    cm_sh_peek(p);
    p->pos++;
    return true;
  }
  cm_sh_reread(p, p->pos - open);
  if (!p->code) p->pos = open;
  return false;
}

/* --- $ --------------------------------------------------------------------------------------- */

static void parameter(cm_parser *p, cm_wordb *b, int c) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_PARAM);
  part->param = cm_sh_new(p, sizeof *part->param);
  if (cm_sh_name_char(c, true)) {
    part->param->name = cm_sh_name(p);
  } else {
    part->param->name = cm_sh_slice(p, p->pos, p->pos + 1);
    p->pos++;
  }
  cm_wordb_end(p, b);
}

static void paren(cm_parser *p, cm_wordb *b) {
  p->pos++;
  if (cm_sh_peek(p) != '(') {
    substitution(p, b);
    return;
  }
  p->pos++;
  double_paren(p, b);
}

void cm_sh_dollar(cm_parser *p, cm_wordb *b) {
  const uint32_t dollar = p->pos++;
  const int c = cm_sh_peek(p);
  const bool bash = cm_sh_is_bash(p), bare = bash && !b->dq;
  if (c == '(') paren(p, b);
  else if (c == '{') p->pos++, cm_sh_param(p, b);
  else if (c == '[' && bash) p->pos++, bracket(p, b);
  else if (c == '\'' && bare) p->pos++, cm_sh_ansi(p, b);
  else if (c == '"' && bare) cm_sh_double(p, b);
  else if (c > 0 && (cm_sh_name_char(c, false) || strchr("@*#?-$!", c))) parameter(p, b, c);
  else cm_wordb_text(p, b, p->s + dollar, 1, p->pos);
}
