#include <string.h>

#include "sh/parse.h"

/* --- $( ) and <( ) --------------------------------------------------------------------------- */

/* Commands up to the parenthesis that closes them. Here-documents do not cross it. */
static cm_sh_list *body(cm_parser *p) {
  cm_here *heres = p->heres;
  p->heres = NULL;
  p->heres_tail = &p->heres;
  cm_sh_enter(p);
  cm_sh_newlines(p, CM_LEX_COMMAND);
  cm_sh_list *list = NULL;
  if (cm_sh_tok(p, CM_LEX_COMMAND)->kind != CM_TOK_RPAREN) list = cm_sh_compound(p);
  if (!cm_sh_take_kind(p, CM_TOK_RPAREN, CM_LEX_COMMAND)) cm_sh_unexpected(p);
  cm_sh_leave(p);
  p->warned |= p->heres != NULL;
  p->heres = heres;
  p->heres_tail = &p->heres;
  while (*p->heres_tail) p->heres_tail = &(*p->heres_tail)->next;
  return list;
}

void cm_sh_substitution(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_COMMAND);
  part->body = body(p);
  cm_wordb_end(p, b);
}

void cm_sh_process(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_PROCESS);
  part->direction = p->s[p->pos++];
  cm_sh_peek(p);
  p->pos++;
  part->body = body(p);
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

void cm_sh_bracket(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_ARITH);
  cm_wordb inner = {.from = p->pos, .dq = true};
  const uint32_t start = p->pos;
  cm_sh_enter(p);
  cm_sh_group(p, &inner, (cm_group){'[', ']', 0, false});
  cm_sh_leave(p);
  part->arith = cm_wordb_done(p, &inner, start);
  if (!p->code) p->pos++;
  cm_wordb_end(p, b);
}

/* Behind "$((". It is arithmetic if "))" ends it; else a subshell in a command substitution, whose
 * end has been found by counting parentheses, as bash does it. */
static void double_paren(cm_parser *p, cm_wordb *b) {
  cm_part *part = cm_wordb_part(p, b, CM_PART_ARITH);
  cm_wordb inner = {.from = p->pos, .dq = true};
  const uint32_t start = p->pos;
  cm_sh_enter(p);
  cm_sh_group(p, &inner, (cm_group){'(', ')', 0, false});
  part->arith = cm_wordb_done(p, &inner, start);
  p->pos++;
  if (cm_sh_peek(p) == ')') {
    p->pos++;
  } else if (!p->code) {
    cm_sh_group(p, &inner, (cm_group){'(', ')', 0, false});
    const uint32_t end = p->pos;
    part->kind = CM_PART_COMMAND;
    part->arith = NULL;
    if (!p->code) part->body = cm_sh_inner_lines(p, p->s, p->map, start - 1, end);
    if (!p->code) p->pos = end + 1;
  }
  cm_sh_leave(p);
  cm_wordb_end(p, b);
}

/* Behind a quote or parenthesis in ((: past its partner. No expansion is looked into. */
static void skip_to(cm_parser *p, char close) {
  cm_sh_enter(p);
  while (p->pos < p->limit && p->s[p->pos] != close) {
    char c = p->s[p->pos++];
    if (c == '\\' && close != '\'') p->pos++;
    else if (close == '\'' || close == '`') continue;
    else if (c == '(' && close == ')') skip_to(p, ')');
    else if (c == '`' || (c == '"' && close != '"') || (c == '\'' && close == ')')) skip_to(p, c);
    else if (c == '$' && close == '"' && p->pos < p->limit) {
      if (p->s[p->pos] == '(') p->pos++, skip_to(p, ')');
      else if (p->s[p->pos] == '{') p->pos++, skip_to(p, '}');
    }
  }
  cm_sh_leave(p);
  p->pos++;
}

uint32_t cm_sh_pair_end(cm_parser *p) {
  const uint32_t start = p->pos, limit = p->limit;
  skip_to(p, ')');
  const uint32_t end = p->pos - 1;
  if (p->code) return UINT32_MAX;
  p->pos = start;
  cm_sh_reread(p, (end < limit ? end : limit) - start);
  return end < limit ? end : UINT32_MAX;
}

cm_word *cm_sh_arith(cm_parser *p, uint32_t start, uint32_t end, char stop, size_t *count) {
  cm_word *first = NULL, **tail = &first;
  const cm_parser outer = cm_sh_begin(p, p->s, p->map, start, end);
  for (*count = 0;; p->pos++) {
    const uint32_t from = p->pos;
    cm_wordb b = {.from = from, .dq = true};
    cm_sh_group(p, &b, (cm_group){'(', 0, stop, false});
    *tail = cm_wordb_done(p, &b, from);
    tail = &(*tail)->next;
    ++*count;
    if (p->code || p->pos >= p->limit) break;
  }
  cm_sh_finish(p, &outer);
  return first;
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
    cm_sh_substitution(p, b);
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
  else if (c == '[' && bash) p->pos++, cm_sh_bracket(p, b);
  else if (c == '\'' && bare) p->pos++, cm_sh_ansi(p, b);
  else if (c == '"' && bare) cm_sh_double(p, b);
  else if (c > 0 && (cm_sh_name_char(c, false) || strchr("@*#?-$!", c))) parameter(p, b, c);
  else cm_wordb_text(p, b, p->s + dollar, 1, p->pos);
}
