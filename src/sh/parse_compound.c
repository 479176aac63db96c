#include <string.h>

#include "sh/parse.h"

/* --- reserved words -------------------------------------------------------------------------- */

typedef struct key_row {
  char text[9];
  uint8_t n, key;
  bool bash;
} key_row;

#define KEY(text, name) \
  { text, sizeof text - 1, CM_KEY_##name, false }
#define BASH_KEY(text, name) \
  { text, sizeof text - 1, CM_KEY_##name, true }

static const key_row keys[] = {
    KEY("!", BANG),
    BASH_KEY("[[", COND),
    BASH_KEY("]]", COND_END),
    KEY("case", CASE),
    BASH_KEY("coproc", COPROC),
    KEY("do", DO),
    KEY("done", DONE),
    KEY("elif", ELIF),
    KEY("else", ELSE),
    KEY("esac", ESAC),
    KEY("fi", FI),
    KEY("for", FOR),
    BASH_KEY("function", FUNCTION),
    KEY("if", IF),
    KEY("in", IN),
    BASH_KEY("select", SELECT),
    KEY("then", THEN),
    BASH_KEY("time", TIME),
    KEY("until", UNTIL),
    KEY("while", WHILE),
    KEY("{", OPEN),
    KEY("}", CLOSE),
};

/* Few words begin like a reserved one. */
static bool may_be_key(char first) {
  const uint32_t letters = 1u << ('c' & 31) | 1u << ('d' & 31) | 1u << ('e' & 31) |
                           1u << ('f' & 31) | 1u << ('i' & 31) | 1u << ('s' & 31) |
                           1u << ('t' & 31) | 1u << ('u' & 31) | 1u << ('w' & 31);
  if (first >= 'a' && first <= 'z') return letters >> (first & 31) & 1;
  return first == '!' || first == '[' || first == ']' || first == '{' || first == '}';
}

cm_key cm_sh_key_of(const cm_parser *p, cm_str word) {
  if (word.n == 0 || word.n > 8 || !may_be_key(word.p[0])) return CM_KEY_NONE;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const key_row *row = &keys[i];
    if (row->n != word.n || memcmp(row->text, word.p, word.n) != 0) continue;
    return row->bash && !cm_sh_is_bash(p) ? CM_KEY_NONE : (cm_key)row->key;
  }
  return CM_KEY_NONE;
}

cm_key cm_sh_key(cm_parser *p) { return cm_sh_tok(p, CM_LEX_COMMAND)->key; }

bool cm_sh_closing_key(cm_key key) {
  switch (key) {
    case CM_KEY_DO:
    case CM_KEY_DONE:
    case CM_KEY_ELIF:
    case CM_KEY_ELSE:
    case CM_KEY_ESAC:
    case CM_KEY_FI:
    case CM_KEY_THEN:
    case CM_KEY_CLOSE: return true;
    default: return false;
  }
}

static bool take_key(cm_parser *p, cm_key key) {
  if (cm_sh_key(p) != key) return false;
  cm_sh_take(p);
  return true;
}

static void expect(cm_parser *p, cm_key key) {
  if (!take_key(p, key)) cm_sh_unexpected(p);
}

/* --- if, while, case ------------------------------------------------------------------------- */

static cm_arm *arm(cm_parser *p, cm_arm ***tail) {
  cm_arm *a = cm_sh_new(p, sizeof *a);
  **tail = a;
  *tail = &a->next;
  return a;
}

static void parse_if(cm_parser *p, cm_cmd *c) {
  cm_arm **tail = &c->arms;
  do {
    cm_arm *a = arm(p, &tail);
    a->test = cm_sh_compound(p);
    expect(p, CM_KEY_THEN);
    a->body = cm_sh_compound(p);
  } while (take_key(p, CM_KEY_ELIF));
  if (take_key(p, CM_KEY_ELSE)) arm(p, &tail)->body = cm_sh_compound(p);
  expect(p, CM_KEY_FI);
}

static void parse_while(cm_parser *p, cm_cmd *c) {
  cm_arm **tail = &c->arms;
  cm_arm *a = arm(p, &tail);
  a->test = cm_sh_compound(p);
  expect(p, CM_KEY_DO);
  a->body = cm_sh_compound(p);
  expect(p, CM_KEY_DONE);
}

static cm_word *take_word(cm_parser *p) {
  cm_tok *t = cm_sh_tok(p, 0);
  if (t->kind != CM_TOK_WORD) {
    cm_sh_unexpected(p);
    return NULL;
  }
  cm_sh_take(p);
  return t->word;
}

static bool take_name(cm_parser *p, cm_cmd *c) {
  cm_sh_tok(p, 0);
  c->name = cm_sh_tok_text(p, &p->tok);
  cm_sh_check_name(p, &p->tok);
  return take_word(p) != NULL;
}

static bool take_in(cm_parser *p) {
  const bool in = cm_str_is(cm_sh_tok(p, 0)->plain, "in");
  if (in) cm_sh_take(p);
  return in;
}

/* PATTERN | PATTERN ) */
static void patterns(cm_parser *p, cm_arm *a) {
  cm_word **tail = &a->patterns;
  do {
    cm_word *w = take_word(p);
    if (!w) return;
    *tail = w;
    tail = &w->next;
  } while (cm_sh_take_kind(p, CM_TOK_PIPE, 0));
  if (!cm_sh_take_kind(p, CM_TOK_RPAREN, 0)) cm_sh_unexpected(p);
}

static void case_arm(cm_parser *p, cm_arm *a) {
  patterns(p, a);
  cm_sh_newlines(p, CM_LEX_COMMAND);
  const bool empty = p->tok.kind == CM_TOK_CASE_END || cm_sh_key(p) == CM_KEY_ESAC;
  if (!empty) a->body = cm_sh_compound(p);
  if (cm_sh_tok(p, CM_LEX_COMMAND)->kind != CM_TOK_CASE_END) return;
  a->end = cm_str_of(p->tok.text);
  cm_sh_take(p);
}

/* Behind "case". */
static void parse_case(cm_parser *p, cm_cmd *c) {
  cm_arm **tail = &c->arms;
  c->words = take_word(p);
  cm_sh_newlines(p, 0);
  if (!take_in(p)) cm_sh_unexpected(p);
  for (bool more = true; more && !p->code;) {
    cm_sh_newlines(p, 0);
    const bool paren = cm_sh_take_kind(p, CM_TOK_LPAREN, 0);
    if (!paren && cm_str_is(cm_sh_tok(p, 0)->plain, "esac")) break;
    cm_arm *a = arm(p, &tail);
    case_arm(p, a);
    more = a->end.n > 0;
  }
  expect(p, CM_KEY_ESAC);
}

/* --- for, select ----------------------------------------------------------------------------- */

/* do … done, or { … } in bash. */
static cm_sh_list *loop_body(cm_parser *p) {
  const bool braces = cm_sh_is_bash(p) && take_key(p, CM_KEY_OPEN);
  if (!braces) expect(p, CM_KEY_DO);
  cm_sh_list *body = cm_sh_compound(p);
  expect(p, braces ? CM_KEY_CLOSE : CM_KEY_DONE);
  return body;
}

static void words_in(cm_parser *p, cm_cmd *c) {
  cm_word **tail = &c->words;
  c->has_in = true;
  for (const cm_tok *t; (t = cm_sh_tok(p, 0))->kind == CM_TOK_WORD; cm_sh_take(p)) {
    *tail = t->word;
    tail = &t->word->next;
  }
  if (cm_sh_take_kind(p, CM_TOK_SEMI, 0)) cm_sh_newlines(p, CM_LEX_COMMAND);
  else if (p->tok.kind == CM_TOK_NEWLINE) cm_sh_newlines(p, CM_LEX_COMMAND);
  else cm_sh_unexpected(p);
}

/* Behind "for" or "select". */
static void parse_for(cm_parser *p, cm_cmd *c) {
  if (!take_name(p, c)) return;
  if (cm_sh_take_kind(p, CM_TOK_SEMI, 0)) {
    cm_sh_newlines(p, CM_LEX_COMMAND);
  } else {
    const bool line = p->tok.kind == CM_TOK_NEWLINE;
    cm_sh_newlines(p, 0);
    if (line && !cm_sh_is_bash(p)) cm_sh_take_kind(p, CM_TOK_SEMI, 0);
    if (take_in(p)) words_in(p, c);
    else if (!line && cm_sh_key(p) == CM_KEY_OPEN) cm_sh_unexpected(p);
  }
  c->body = loop_body(p);
}

/* At "(": whether it opens (( … )), which is then taken. */
static bool double_paren(cm_parser *p, char stop, cm_word **out, size_t *count) {
  if (p->pos >= p->limit || p->s[p->pos] != '(' || !cm_sh_is_bash(p)) return false;
  p->have = false; /* words are read while "(" stays the token */
  const cm_tok paren = p->tok;
  const bool arith = cm_sh_double_paren(p, stop, out, count);
  if (!p->code) p->tok = paren;
  p->have = true;
  if (!arith) return false;
  p->tok.end = p->pos;
  cm_sh_take(p);
  return true;
}

/* Behind "for": ((…;…;…)). */
static void parse_for_arith(cm_parser *p, cm_cmd *c) {
  size_t count = 0;
  const uint32_t start = p->tok.start;
  if (!double_paren(p, ';', &c->words, &count)) {
    cm_sh_unexpected(p);
    return;
  }
  c->kind = CM_CMD_FOR_ARITH;
  if (count != 3) cm_sh_fail(p, start, "for ((…)) takes three expressions", (cm_str){NULL, 0});
  if (!cm_sh_take_kind(p, CM_TOK_SEMI, CM_LEX_COMMAND))
    cm_sh_take_kind(p, CM_TOK_NEWLINE, CM_LEX_COMMAND);
  cm_sh_newlines(p, CM_LEX_COMMAND);
  c->body = loop_body(p);
}

/* --- groups and functions -------------------------------------------------------------------- */

static void subshell(cm_parser *p, cm_cmd *c) {
  c->kind = CM_CMD_SUBSHELL;
  c->body = cm_sh_compound(p);
  if (!cm_sh_take_kind(p, CM_TOK_RPAREN, CM_LEX_COMMAND)) cm_sh_unexpected(p);
}

/* At "(". */
static void parentheses(cm_parser *p, cm_cmd *c) {
  size_t count;
  if (double_paren(p, 0, &c->words, &count)) {
    c->kind = CM_CMD_ARITH;
  } else {
    c->words = NULL;
    cm_sh_take(p);
    subshell(p, c);
  }
}

/* A list of one command. */
static cm_sh_list *only(cm_parser *p, cm_cmd *c) {
  cm_sh_list *list = cm_sh_new(p, sizeof *list);
  cm_pipeline *line = cm_sh_new(p, sizeof *line);
  if (p->code) return NULL;
  list->first = line;
  line->cmds = c;
  list->span = line->span = c->span;
  return list;
}

static bool starts_compound(cm_parser *p) {
  switch (cm_sh_key(p)) {
    case CM_KEY_NONE: return cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_LPAREN;
    case CM_KEY_CASE:
    case CM_KEY_COND:
    case CM_KEY_FOR:
    case CM_KEY_IF:
    case CM_KEY_OPEN:
    case CM_KEY_SELECT:
    case CM_KEY_UNTIL:
    case CM_KEY_WHILE: return true;
    default: return false;
  }
}

static bool is_reserved(cm_parser *p) {
  const cm_key key = cm_sh_key(p);
  return key != CM_KEY_NONE && key != CM_KEY_TIME;
}

/* One compound command; `open`: its parenthesis was taken. In dash it may be any command. */
static void function_body(cm_parser *p, cm_cmd *c, bool open) {
  cm_sh_newlines(p, CM_LEX_COMMAND);
  const uint32_t start = open ? p->done - 1 : cm_sh_tok(p, CM_LEX_COMMAND)->start;
  cm_cmd *body = cm_sh_is_bash(p) ? cm_sh_new(p, sizeof *body) : cm_sh_command(p);
  if (open) {
    subshell(p, body);
    cm_sh_redirections(p, body);
  } else if (cm_sh_is_bash(p)) {
    if (starts_compound(p)) cm_sh_compound_command(p, body);
    else cm_sh_unexpected(p);
  }
  if (!p->code) body->span = cm_sh_span(p, start, p->done);
  c->body = only(p, body);
}

void cm_sh_function(cm_parser *p, cm_cmd *c, const cm_tok *name) {
  c->kind = CM_CMD_FUNCTION;
  c->name = cm_sh_tok_text(p, name);
  cm_sh_check_name(p, name);
  if (!cm_sh_take_kind(p, CM_TOK_RPAREN, CM_LEX_COMMAND)) cm_sh_unexpected(p);
  cm_sh_enter(p);
  function_body(p, c, false);
  cm_sh_leave(p);
}

/* Behind "function". */
static void parse_function(cm_parser *p, cm_cmd *c) {
  if (!take_name(p, c)) return;
  const bool arith = cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_LPAREN && p->pos < p->limit &&
                     p->s[p->pos] == '(';
  const bool open = !arith && cm_sh_take_kind(p, CM_TOK_LPAREN, CM_LEX_COMMAND);
  function_body(p, c, open && !cm_sh_take_kind(p, CM_TOK_RPAREN, CM_LEX_COMMAND));
}

/* Behind "coproc": a compound command, perhaps behind a name, or a simple one. Behind its first
 * word a reserved word is still one. */
static void parse_coproc(cm_parser *p, cm_cmd *c) {
  uint32_t start = cm_sh_tok(p, CM_LEX_COMMAND)->start;
  const cm_tok t = p->tok;
  const bool word = t.kind == CM_TOK_WORD && !is_reserved(p);
  cm_cmd *body = cm_sh_new(p, sizeof *body);
  if (word) cm_sh_take(p);
  if (starts_compound(p)) {
    if (word) c->name = cm_sh_tok_text(p, &t);
    start = p->tok.start;
    cm_sh_compound_command(p, body);
  } else if (is_reserved(p)) {
    body->words = t.word;
    if (!word) cm_sh_unexpected(p);
  } else {
    cm_sh_simple(p, body, word ? t.word : NULL);
    if (!body->words && !body->assigns && !body->redirs) cm_sh_unexpected(p);
  }
  if (!p->code) body->span = cm_sh_span(p, start, p->done);
  c->body = only(p, body);
}

static void for_or_arith(cm_parser *p, cm_cmd *c) {
  if (cm_sh_tok(p, 0)->kind == CM_TOK_LPAREN) parse_for_arith(p, c);
  else parse_for(p, c);
}

static void group(cm_parser *p, cm_cmd *c) {
  c->body = cm_sh_compound(p);
  expect(p, CM_KEY_CLOSE);
}

/* What stands behind each word that starts a command. */
typedef struct start_row {
  cm_cmd_kind kind;
  void (*parse)(cm_parser *p, cm_cmd *c);
} start_row;

static const start_row starts[] = {
    [CM_KEY_CASE] = {CM_CMD_CASE, parse_case},
    [CM_KEY_COND] = {CM_CMD_COND, cm_sh_cond},
    [CM_KEY_COPROC] = {CM_CMD_COPROC, parse_coproc},
    [CM_KEY_FOR] = {CM_CMD_FOR, for_or_arith},
    [CM_KEY_FUNCTION] = {CM_CMD_FUNCTION, parse_function},
    [CM_KEY_IF] = {CM_CMD_IF, parse_if},
    [CM_KEY_OPEN] = {CM_CMD_GROUP, group},
    [CM_KEY_SELECT] = {CM_CMD_SELECT, parse_for},
    [CM_KEY_UNTIL] = {CM_CMD_UNTIL, parse_while},
    [CM_KEY_WHILE] = {CM_CMD_WHILE, parse_while},
    [CM_KEY_CLOSE] = {CM_CMD_SIMPLE, NULL},
};

bool cm_sh_compound_command(cm_parser *p, cm_cmd *c) {
  const start_row *row = &starts[cm_sh_key(p)];
  const bool paren = cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_LPAREN;
  if (!paren && !row->parse) return false;
  cm_sh_enter(p);
  if (paren) {
    parentheses(p, c);
  } else {
    c->kind = row->kind;
    cm_sh_take(p);
    row->parse(p, c);
  }
  if (c->kind != CM_CMD_FUNCTION && c->kind != CM_CMD_COPROC) cm_sh_redirections(p, c);
  cm_sh_leave(p);
  return true;
}
