#include "sh/parse.h"

#include <string.h>

/* --- what all files use ---------------------------------------------------------------------- */

static void fail(cm_parser *p, cm_code code, uint32_t pos, const char *what, cm_str near) {
  if (p->code) return;
  p->code = code;
  p->bad = cm_sh_at(p, pos < p->limit ? pos : p->limit);
  p->what = what;
  p->near = near;
  p->map = NULL;
  p->limit = p->pos = 0; /* nothing is left to read */
  p->tok = (cm_tok){.kind = CM_TOK_END};
  p->have = true;
}

void cm_sh_fail(cm_parser *p, uint32_t pos, const char *what, cm_str near) {
  fail(p, CM_E_FORMAT, pos, what, near);
}

static void limit(cm_parser *p, const char *what) {
  fail(p, CM_E_LIMIT, p->pos, what, (cm_str){NULL, 0});
}

static void *take(cm_parser *p, size_t n, size_t size) {
  void *got = p->code || !p->arena ? NULL : cm_arena_alloc(p->arena, n, size);
  if (!got) fail(p, CM_E_NOMEM, p->pos, "no memory to read the command", (cm_str){NULL, 0});
  return got;
}

void *cm_sh_new(cm_parser *p, size_t size) {
  if (++p->nodes > CM_SH_NODES_MAX) limit(p, "too many parts in this command");
  void *node = take(p, 1, size);
  if (node) return node;
  memset(&p->spare, 0, sizeof p->spare);
  return &p->spare;
}

void *cm_sh_bytes(cm_parser *p, size_t n, size_t size) { return take(p, n, size); }

void cm_sh_enter(cm_parser *p) {
  if (++p->depth > CM_SH_DEPTH_MAX) limit(p, "nested too deeply");
}

void cm_sh_leave(cm_parser *p) { p->depth--; }

void cm_sh_reread(cm_parser *p, size_t n) {
  p->again += n;
  if (p->again > 16 * (size_t)CM_SH_TEXT_MAX) limit(p, "too much nesting to read this again");
}

/* --- parts that are parsed on their own ------------------------------------------------------ */

cm_parser cm_sh_begin(cm_parser *p, const char *s, const uint32_t *map, uint32_t start,
                      uint32_t end) {
  const cm_parser outer = *p;
  if (p->code) return outer;
  p->s = s;
  p->map = map;
  p->pos = start;
  p->limit = end;
  p->have = false;
  p->heres = NULL;
  p->heres_tail = &p->heres;
  p->closing = false;
  cm_sh_reread(p, end - start);
  return outer;
}

bool cm_sh_finish(cm_parser *p, const cm_parser *outer) {
  const cm_parser inner = *p;
  *p = *outer;
  if (!outer->heres) p->heres_tail = &p->heres;
  p->nodes = inner.nodes;
  p->again = inner.again;
  p->warned |= inner.warned;
  if (!inner.code) return true;
  p->warned = true;
  if (inner.code == CM_E_FORMAT && cm_sh_is_bash(p)) return false;
  fail(p, inner.code, p->pos, inner.what, inner.near);
  p->bad = inner.bad;
  return false;
}

/* --- simple commands ------------------------------------------------------------------------- */

/* Bash reads name=( … ) behind these too. */
static bool takes_arrays(const cm_word *w) {
  static const char *const builtins[] = {"alias", "declare", "eval",     "export",
                                         "let",   "local",   "readonly", "typeset"};
  const cm_part *part = w->parts;
  if (!part || part->next || part->kind != CM_PART_TEXT || part->quoted) return false;
  if (part->text.n < 3 || !strchr("adelrt", part->text.p[0])) return false;
  for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
    if (cm_str_is(part->text, builtins[i])) return true;
  return false;
}

/* The word behind an operator; NULL if there is none. */
static cm_word *target(cm_parser *p, const cm_redir *r) {
  const bool dup = r->op == CM_REDIR_DUP_IN || r->op == CM_REDIR_DUP_OUT;
  cm_tok *t = cm_sh_tok(p, dup && cm_sh_is_bash(p) ? CM_LEX_NO_REDIR | CM_LEX_DASH : 0);
  if (t->kind != CM_TOK_WORD) {
    cm_sh_unexpected(p);
    return NULL;
  }
  cm_sh_take(p);
  return t->word;
}

/* ">&" is a duplicate only of a number or "-". */
static bool duplicates(const cm_redir *r) {
  const cm_part *part = r->target->parts;
  if (r->fd != -1 && r->fd != 1) return true;
  if (!part || part->next || part->kind != CM_PART_TEXT) return false;
  const cm_str t = part->text;
  size_t i = 0;
  while (i < t.n && t.p[i] >= '0' && t.p[i] <= '9') i++;
  return t.n > 0 && (i == t.n || (i + 1 == t.n && t.p[i] == '-'));
}

static void redirection(cm_parser *p, cm_redir *r) {
  const cm_tok t = p->tok;
  cm_sh_take(p);
  r->op = t.op;
  r->fd = t.fd;
  r->fd_name = t.fd_name;
  r->target = target(p, r);
  r->span = cm_sh_span(p, t.start, p->done);
  if (!r->target) return;
  if (r->op == CM_REDIR_HERE_DOC) cm_sh_here_add(p, r, t.strip);
  if (r->op == CM_REDIR_DUP_OUT && !duplicates(r)) r->op = CM_REDIR_BOTH;
}

static cm_redir **add_redirection(cm_parser *p, cm_redir **tail) {
  cm_redir *r = cm_sh_new(p, sizeof *r);
  redirection(p, r);
  *tail = r;
  return &r->next;
}

void cm_sh_redirections(cm_parser *p, cm_cmd *c) {
  cm_redir **tail = &c->redirs;
  while (cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_REDIR) tail = add_redirection(p, tail);
  /* A reserved word is none behind the word of a redirection. */
  if (c->redirs && p->tok.kind == CM_TOK_WORD) cm_sh_unexpected(p);
}

static void add_word(cm_cmd *c, cm_word ***tail, cm_word *w, unsigned *mode) {
  const unsigned behind = takes_arrays(w) ? CM_LEX_ARRAY : 0;
  if (!c->words) *mode = behind;
  **tail = w;
  *tail = &w->next;
}

void cm_sh_simple(cm_parser *p, cm_cmd *c, cm_word *first) {
  cm_word **words = &c->words;
  cm_assign **assigns = &c->assigns;
  cm_redir **redirs = &c->redirs;
  unsigned mode = CM_LEX_COMMAND;
  if (first) add_word(c, &words, first, &mode);
  for (;;) {
    cm_tok *t = cm_sh_tok(p, mode);
    if (t->kind == CM_TOK_WORD) {
      add_word(c, &words, t->word, &mode);
      cm_sh_take(p);
    } else if (t->kind == CM_TOK_ASSIGN) {
      *assigns = t->assign;
      assigns = &t->assign->next;
      cm_sh_take(p);
    } else if (t->kind == CM_TOK_REDIR) {
      redirs = add_redirection(p, redirs);
      if (mode == CM_LEX_ARRAY) mode = 0;
    } else {
      return;
    }
  }
}

/* A command that starts with a word: NAME ( ) is a function's definition. */
static void simple_or_function(cm_parser *p, cm_cmd *c) {
  cm_word *first = NULL;
  if (cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_WORD) {
    const cm_tok t = p->tok;
    first = t.word;
    cm_sh_take(p);
    if (cm_sh_take_kind(p, CM_TOK_LPAREN, takes_arrays(first) ? CM_LEX_ARRAY : 0)) {
      cm_sh_function(p, c, &t);
      return;
    }
  }
  cm_sh_simple(p, c, first);
}

/* --- lists ----------------------------------------------------------------------------------- */

/* Anything but an operator or a reserved word starts a simple command; "time" is one only in front
 * of a pipeline. */
static bool starts_simple(cm_parser *p) {
  switch (cm_sh_tok(p, CM_LEX_COMMAND)->kind) {
    case CM_TOK_ASSIGN:
    case CM_TOK_REDIR: return true;
    case CM_TOK_WORD: return cm_sh_key(p) == CM_KEY_NONE || cm_sh_key(p) == CM_KEY_TIME;
    default: return false;
  }
}

cm_cmd *cm_sh_command(cm_parser *p) {
  cm_cmd *c = cm_sh_new(p, sizeof *c);
  const uint32_t start = cm_sh_tok(p, CM_LEX_COMMAND)->start;
  if (starts_simple(p)) simple_or_function(p, c);
  else if (!cm_sh_compound_command(p, c)) cm_sh_unexpected(p);
  if (!p->code) c->span = cm_sh_span(p, start, p->done);
  return c;
}

/* "!" and "time" in front; true if nothing may stand behind. */
static bool prefixes(cm_parser *p, cm_pipeline *line) {
  bool any = false;
  for (;;) {
    const cm_key key = cm_sh_key(p);
    if (key == CM_KEY_BANG && (cm_sh_is_bash(p) || !any)) line->negated = !line->negated;
    else if (key == CM_KEY_TIME) line->timed = true;
    else break;
    any = true;
    cm_sh_take(p);
    if (key != CM_KEY_TIME) continue;
    if (cm_str_is(cm_sh_tok(p, CM_LEX_COMMAND)->plain, "-p")) cm_sh_take(p);
    if (cm_str_is(cm_sh_tok(p, CM_LEX_COMMAND)->plain, "--")) cm_sh_take(p);
  }
  const cm_tok_kind next = cm_sh_tok(p, CM_LEX_COMMAND)->kind;
  return any && cm_sh_is_bash(p) &&
         (next == CM_TOK_SEMI || next == CM_TOK_NEWLINE || next == CM_TOK_END);
}

static cm_pipeline *pipeline(cm_parser *p) {
  cm_pipeline *line = cm_sh_new(p, sizeof *line);
  const uint32_t start = cm_sh_tok(p, CM_LEX_COMMAND)->start;
  const bool alone = prefixes(p, line);
  for (cm_cmd **tail = &line->cmds; !alone;) {
    cm_cmd *c = cm_sh_command(p);
    *tail = c;
    tail = &c->next;
    c->pipe_err = cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_PIPE_ERR;
    if (!c->pipe_err && p->tok.kind != CM_TOK_PIPE) break;
    cm_sh_take(p);
    cm_sh_newlines(p, CM_LEX_COMMAND);
  }
  if (!p->code) line->span = cm_sh_span(p, start, p->done);
  return line;
}

/* Pipelines joined by && and ||. */
static cm_sh_list *and_or(cm_parser *p) {
  cm_sh_list *list = cm_sh_new(p, sizeof *list);
  const uint32_t start = cm_sh_tok(p, CM_LEX_COMMAND)->start;
  for (cm_pipeline **tail = &list->first;;) {
    cm_pipeline *line = pipeline(p);
    *tail = line;
    tail = &line->next;
    const cm_tok_kind kind = cm_sh_tok(p, CM_LEX_COMMAND)->kind;
    if (kind != CM_TOK_AND && kind != CM_TOK_OR) break;
    line->join = kind == CM_TOK_AND ? CM_JOIN_AND : CM_JOIN_OR;
    cm_sh_take(p);
    cm_sh_newlines(p, CM_LEX_COMMAND);
  }
  if (!p->code) list->span = cm_sh_span(p, start, p->done);
  return list;
}

/* Words and operators that no list goes on with. */
static bool closes(cm_parser *p) {
  switch (cm_sh_tok(p, CM_LEX_COMMAND)->kind) {
    case CM_TOK_END:
    case CM_TOK_RPAREN:
    case CM_TOK_CASE_END: return true;
    case CM_TOK_WORD: return cm_sh_closing_key(cm_sh_key(p));
    default: return false;
  }
}

cm_sh_list *cm_sh_compound(cm_parser *p) {
  cm_sh_list *first = NULL, **tail = &first;
  cm_sh_enter(p);
  cm_sh_newlines(p, CM_LEX_COMMAND);
  do {
    cm_sh_list *list = and_or(p);
    *tail = list;
    tail = &list->next;
    list->background = cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_AMP;
    if (!list->background && p->tok.kind != CM_TOK_SEMI && p->tok.kind != CM_TOK_NEWLINE) break;
    cm_sh_take(p);
    cm_sh_newlines(p, CM_LEX_COMMAND);
  } while (!closes(p));
  cm_sh_leave(p);
  return first;
}

/* Lists up to the end of a line. */
static void line(cm_parser *p, cm_sh_list **tail) {
  for (;;) {
    cm_sh_list *list = and_or(p);
    *tail = list;
    tail = &list->next;
    list->background = cm_sh_tok(p, CM_LEX_COMMAND)->kind == CM_TOK_AMP;
    if (list->background || p->tok.kind == CM_TOK_SEMI) cm_sh_take(p);
    else break;
    const cm_tok_kind next = cm_sh_tok(p, CM_LEX_COMMAND)->kind;
    if (next == CM_TOK_NEWLINE || next == CM_TOK_END) break;
  }
  if (!cm_sh_take_kind(p, CM_TOK_NEWLINE, CM_LEX_COMMAND) && p->tok.kind != CM_TOK_END)
    cm_sh_unexpected(p);
}

/* Whole lines; one with a mistake is dropped and ends the list. */
static cm_sh_list *lines(cm_parser *p) {
  cm_sh_list *first = NULL, **tail = &first;
  for (cm_sh_newlines(p, CM_LEX_COMMAND); cm_sh_tok(p, CM_LEX_COMMAND)->kind != CM_TOK_END;
       cm_sh_newlines(p, CM_LEX_COMMAND)) {
    line(p, tail);
    if (p->code) *tail = NULL;
    while (*tail) tail = &(*tail)->next;
  }
  p->warned |= p->heres != NULL;
  return first;
}

cm_sh_list *cm_sh_inner_lines(cm_parser *p, const char *s, const uint32_t *map, uint32_t start,
                              uint32_t end) {
  const cm_parser outer = cm_sh_begin(p, s, map, start, end);
  cm_sh_enter(p);
  cm_sh_list *list = lines(p);
  cm_sh_leave(p);
  cm_sh_finish(p, &outer);
  return list;
}

cm_code cm_sh_parse(cm_str text, cm_dialect dialect, cm_arena *a, cm_sh_tree *out, cm_err *e) {
  *out = (cm_sh_tree){0};
  if (text.n > CM_SH_TEXT_MAX)
    return cm_fail(e, CM_E_LIMIT, CM_SH_TEXT_MAX,
                   "%zu bytes are too long for a command, at most %d", text.n, CM_SH_TEXT_MAX);
  const char *nul = text.n ? memchr(text.p, 0, text.n) : NULL;
  cm_parser p = {.s = text.p, .limit = (uint32_t)text.n, .dialect = dialect, .arena = a};
  p.heres_tail = &p.heres;
  if (nul) p.limit = (uint32_t)(nul - text.p);
  out->list = lines(&p);
  out->warned = p.warned;
  if (nul && !p.code) return cm_fail(e, CM_E_FORMAT, p.limit, "a NUL byte in the command");
  if (!p.code) return CM_OK;
  if (p.code != CM_E_FORMAT) out->list = NULL;
  if (!p.near.n) return cm_fail(e, p.code, p.bad, "%s", p.what);
  return cm_fail(e, p.code, p.bad, "%s `%.*s'", p.what, p.near.n < 60 ? (int)p.near.n : 60,
                 p.near.p);
}
