#include <string.h>

#include "sh/parse.h"

/* --- operators ------------------------------------------------------------------------------- */

typedef struct operator_row {
  char text[4];
  uint8_t n;
  uint8_t kind; /* cm_tok_kind */
  uint8_t op;   /* cm_redir_op */
  bool strip, bash;
} operator_row;

/* By first character; longer ones first, so that the one of a single character ends its rows. */
static const operator_row amp_rows[] = {
    {"&>>", 3, CM_TOK_REDIR, CM_REDIR_APPEND_BOTH, false, true},
    {"&&", 2, CM_TOK_AND, 0, false, false},
    {"&>", 2, CM_TOK_REDIR, CM_REDIR_BOTH, false, true},
    {"&", 1, CM_TOK_AMP, 0, false, false},
};
static const operator_row pipe_rows[] = {
    {"||", 2, CM_TOK_OR, 0, false, false},
    {"|&", 2, CM_TOK_PIPE_ERR, 0, false, true},
    {"|", 1, CM_TOK_PIPE, 0, false, false},
};
static const operator_row semi_rows[] = {
    {";;&", 3, CM_TOK_CASE_END, 0, false, true},
    {";;", 2, CM_TOK_CASE_END, 0, false, false},
    {";&", 2, CM_TOK_CASE_END, 0, false, true},
    {";", 1, CM_TOK_SEMI, 0, false, false},
};
static const operator_row less_rows[] = {
    {"<<-", 3, CM_TOK_REDIR, CM_REDIR_HERE_DOC, true, false},
    {"<<<", 3, CM_TOK_REDIR, CM_REDIR_HERE_STRING, false, true},
    {"<<", 2, CM_TOK_REDIR, CM_REDIR_HERE_DOC, false, false},
    {"<&", 2, CM_TOK_REDIR, CM_REDIR_DUP_IN, false, false},
    {"<>", 2, CM_TOK_REDIR, CM_REDIR_READ_WRITE, false, false},
    {"<", 1, CM_TOK_REDIR, CM_REDIR_READ, false, false},
};
static const operator_row greater_rows[] = {
    {">>", 2, CM_TOK_REDIR, CM_REDIR_APPEND, false, false},
    {">&", 2, CM_TOK_REDIR, CM_REDIR_DUP_OUT, false, false},
    {">|", 2, CM_TOK_REDIR, CM_REDIR_CLOBBER, false, false},
    {">", 1, CM_TOK_REDIR, CM_REDIR_WRITE, false, false},
};
static const operator_row open_rows[] = {
    {"(", 1, CM_TOK_LPAREN, 0, false, false},
};
static const operator_row close_rows[] = {
    {")", 1, CM_TOK_RPAREN, 0, false, false},
};

/* The operators that start with a character, or NULL. */
static const operator_row *rows_of(int c) {
  switch (c) {
    case '&': return amp_rows;
    case '|': return pipe_rows;
    case ';': return semi_rows;
    case '<': return less_rows;
    case '>': return greater_rows;
    case '(': return open_rows;
    case ')': return close_rows;
    default: return NULL;
  }
}

/* Whether the characters of `row` follow, with line continuations between them; takes them. */
static bool matches(cm_parser *p, const operator_row *row) {
  uint32_t start = p->pos;
  if (row->bash && !cm_sh_is_bash(p)) return false;
  for (unsigned i = 0; i < row->n; i++, p->pos++) {
    if (cm_sh_peek(p) == row->text[i]) continue;
    p->pos = start;
    return false;
  }
  return true;
}

static bool operator_at(cm_parser *p, cm_tok *t) {
  const operator_row *row = rows_of(cm_sh_peek(p));
  if (!row) return false;
  while (!matches(p, row)) row++;
  t->kind = (cm_tok_kind)row->kind;
  t->op = (cm_redir_op)row->op;
  t->text = row->text;
  t->strip = row->strip;
  return true;
}

/* --- tokens ---------------------------------------------------------------------------------- */

static void skip_blanks(cm_parser *p) {
  int c;
  while ((c = cm_sh_peek(p)) == ' ' || c == '\t') p->pos++;
  if (c != '#') return;
  const char *end = memchr(p->s + p->pos, '\n', p->limit - p->pos);
  p->pos = end ? (uint32_t)(end - p->s) : p->limit;
}

/* "{name}" or "{name[…]}", from behind the first brace. */
static bool braced_name(const cm_parser *p, cm_str text, cm_str *name) {
  if (!cm_sh_is_bash(p) || text.n < 3 || text.p[0] != '{' || text.p[text.n - 1] != '}')
    return false;
  *name = (cm_str){text.p + 1, text.n - 2};
  size_t i = 0;
  while (i < name->n && cm_sh_name_char((unsigned char)name->p[i], i == 0)) i++;
  return i > 0 && (i == name->n || (name->p[i] == '[' && name->p[name->n - 1] == ']'));
}

/* dash knows descriptors of one digit. */
static bool descriptor(const cm_parser *p, cm_str text, int *fd) {
  uint64_t n;
  if (!cm_str_u64(text, 0, INT32_MAX, &n) || (!cm_sh_is_bash(p) && text.n > 1)) return false;
  *fd = (int)n;
  return true;
}

/* A word right in front of < or > may be the descriptor of a redirection. */
static void join_redirection(cm_parser *p, cm_tok *t) {
  cm_str name = {NULL, 0};
  int fd = -2;
  const uint32_t end = p->pos;
  const int c = cm_sh_peek(p);
  p->pos = end;
  if (c != '<' && c != '>') return;
  if (!descriptor(p, t->plain, &fd) && !braced_name(p, t->plain, &name)) return;
  operator_at(p, t);
  t->word = NULL;
  t->fd = fd;
  t->fd_name = name;
}

/* The "-" of >&-: what stands behind it is another word. */
static void dash(cm_parser *p, cm_tok *t) {
  cm_wordb b = {.from = p->pos};
  cm_wordb_text(p, &b, p->s + p->pos, 1, p->pos + 1);
  p->pos++;
  t->kind = CM_TOK_WORD;
  t->word = cm_wordb_done(p, &b, t->start);
}

static void lex(cm_parser *p, unsigned mode, cm_tok *t) {
  skip_blanks(p);
  int c = cm_sh_peek(p);
  t->start = p->pos;
  t->fd = -1;
  if (c < 0) {
    t->kind = CM_TOK_END;
  } else if (c == '\n') {
    t->kind = CM_TOK_NEWLINE;
    p->pos++;
    t->end = p->pos;
    cm_sh_here_bodies(p);
    return;
  } else if (c == '-' && (mode & CM_LEX_DASH)) {
    dash(p, t);
  } else if (((mode & CM_LEX_REGEX) && (c == '(' || c == '|')) ||
             ((c == '<' || c == '>') && cm_sh_opens_process(p)) || !operator_at(p, t)) {
    cm_sh_word(p, mode, t);
    if (t->plain.n && !(mode & CM_LEX_NO_REDIR)) join_redirection(p, t);
    t->key = cm_sh_key_of(p, t->plain);
  }
  t->end = p->pos;
}

cm_tok *cm_sh_lex(cm_parser *p, unsigned mode) {
  cm_tok t = {0};
  const uint32_t done = p->done; /* a word may hold whole commands */
  lex(p, mode, &t);
  p->done = done;
  if (!p->code) p->tok = t;
  p->have = true;
  return &p->tok;
}

void cm_sh_take(cm_parser *p) {
  p->have = p->code != CM_OK;
  p->done = p->tok.end;
}

cm_str cm_sh_tok_text(const cm_parser *p, const cm_tok *t) {
  return t->plain.n ? t->plain : cm_sh_slice(p, t->start, t->end);
}

void cm_sh_check_name(cm_parser *p, const cm_tok *t) {
  size_t i = 0;
  if (cm_sh_is_bash(p)) return;
  while (i < t->plain.n && cm_sh_name_char((unsigned char)t->plain.p[i], i == 0)) i++;
  if (i == 0 || i < t->plain.n) cm_sh_fail(p, t->start, "not a name:", cm_sh_tok_text(p, t));
}

bool cm_sh_take_kind(cm_parser *p, cm_tok_kind kind, unsigned mode) {
  if (cm_sh_tok(p, mode)->kind != kind) return false;
  cm_sh_take(p);
  return true;
}

void cm_sh_newlines(cm_parser *p, unsigned mode) {
  while (cm_sh_take_kind(p, CM_TOK_NEWLINE, mode)) continue;
}

void cm_sh_unexpected(cm_parser *p) {
  const cm_tok *t = cm_sh_tok(p, 0);
  if (t->kind == CM_TOK_END) cm_sh_fail(p, t->start, "unexpected end", (cm_str){NULL, 0});
  else if (t->kind == CM_TOK_NEWLINE)
    cm_sh_fail(p, t->start, "unexpected newline", (cm_str){NULL, 0});
  else cm_sh_fail(p, t->start, "unexpected", cm_sh_slice(p, t->start, t->end));
}
