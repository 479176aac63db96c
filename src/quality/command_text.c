#include "quality/command_text.h"

#include <string.h>

static void put_list(cm_buf *out, const cm_sh_list *list);
static void put_word(cm_buf *out, const cm_word *w);

static void put_str(cm_buf *out, cm_str s) { cm_buf_add(out, s.n ? s.p : "", s.n); }

/* Quoting shows only where it means something: before what the shell acts on. Quoted blanks and
 * operators could not stand there unquoted. */
static void put_characters(cm_buf *out, const cm_part *p) {
  for (size_t i = 0; i < p->text.n; i++) {
    char c = p->text.p[i];
    if (p->quoted && strchr("*?[]{},~!^\\$`\"' \t\n|&;<>()#=", c)) cm_buf_putc(out, '\\');
    cm_buf_putc(out, c);
  }
}

static void put_param(cm_buf *out, const cm_part *p) {
  const cm_param *x = p->param;
  cm_buf_puts(out, p->quoted ? "\"${" : "${");
  if (x->length) cm_buf_putc(out, '#');
  if (x->indirect) cm_buf_putc(out, '!');
  put_str(out, x->name);
  if (x->subscript) {
    cm_buf_putc(out, '[');
    put_word(out, x->subscript);
    cm_buf_putc(out, ']');
  }
  put_str(out, x->op);
  if (x->arg) put_word(out, x->arg);
  if (x->arg2) {
    cm_buf_putc(out, '/');
    put_word(out, x->arg2);
  }
  cm_buf_puts(out, p->quoted ? "}\"" : "}");
}

static void put_code(cm_buf *out, const cm_part *p) {
  if (p->kind == CM_PART_PROCESS) cm_buf_putc(out, p->direction);
  else cm_buf_puts(out, p->quoted ? "\"$" : "$");
  cm_buf_putc(out, '(');
  if (p->kind == CM_PART_ARITH) {
    cm_buf_putc(out, '(');
    if (p->arith) put_word(out, p->arith);
    cm_buf_putc(out, ')');
  } else put_list(out, p->body);
  cm_buf_puts(out, p->quoted ? ")\"" : ")");
}

static void put_word(cm_buf *out, const cm_word *w) {
  size_t before = out->n;
  for (const cm_part *p = w->parts; p; p = p->next) {
    if (p->kind == CM_PART_TEXT) put_characters(out, p);
    else if (p->kind == CM_PART_PARAM) put_param(out, p);
    else put_code(out, p);
  }
  if (w->parts && out->n == before) cm_buf_puts(out, "''");
}

/* Each with a blank before it. */
static void put_words(cm_buf *out, const cm_word *w) {
  for (; w; w = w->next) {
    cm_buf_putc(out, ' ');
    put_word(out, w);
  }
}

static void put_assign(cm_buf *out, const cm_assign *as) {
  cm_buf_puts(out, " \x02");
  put_str(out, as->name);
  if (as->subscript) {
    cm_buf_putc(out, '[');
    put_word(out, as->subscript);
    cm_buf_putc(out, ']');
  }
  cm_buf_puts(out, as->append ? "+=" : "=");
  if (as->array) cm_buf_putc(out, '(');
  for (const cm_word *w = as->value; w; w = w->next) {
    put_word(out, w);
    if (w->next) cm_buf_putc(out, ' ');
  }
  if (as->array) cm_buf_putc(out, ')');
}

static void put_redir(cm_buf *out, const cm_redir *r) {
  static const char *const names[] = {"<",  ">",  ">|", ">>", "&>", "&>>",
                                      "<>", "<&", ">&", "<<", "<<<"};
  static const bool reads[] = {true, false, false, false, false, false,
                               true, true,  false, true,  true};
  int fd = r->fd == -1 ? reads[r->op] ? 0 : 1 : r->fd;
  cm_buf_printf(out, " %d", fd);
  if (r->fd == -2) put_str(out, r->fd_name);
  cm_buf_puts(out, names[r->op]);
  /* The delimiter of a here-document is only a name. */
  if (r->op == CM_REDIR_HERE_DOC) put_words(out, r->here);
  else put_words(out, r->target);
}

static void put_arms(cm_buf *out, const cm_cmd *c) {
  for (const cm_arm *a = c->arms; a; a = a->next) {
    cm_buf_puts(out, " \x03");
    if (a->test) put_list(out, a->test);
    for (const cm_word *w = a->patterns; w; w = w->next) {
      cm_buf_putc(out, '|');
      put_word(out, w);
    }
    cm_buf_puts(out, " \x04");
    put_list(out, a->body);
    if (!cm_str_is(a->end, ";;")) put_str(out, a->end);
  }
}

static void put_cmd(cm_buf *out, const cm_cmd *c) {
  static const char *const names[] = {"",         "(",      "{",      "if",    "while",
                                      "until",    "for",    "select", "for((", "case",
                                      "function", "coproc", "[[",     "(("};
  cm_buf_puts(out, names[c->kind]);
  for (const cm_assign *as = c->assigns; as; as = as->next) put_assign(out, as);
  if (c->name.n) cm_buf_putc(out, ' ');
  put_str(out, c->name);
  if (c->has_in) cm_buf_puts(out, " in");
  put_words(out, c->words);
  put_arms(out, c);
  if (c->body) {
    cm_buf_puts(out, " \x05");
    put_list(out, c->body);
    cm_buf_puts(out, " \x06");
  }
  for (const cm_redir *r = c->redirs; r; r = r->next) put_redir(out, r);
}

static void put_pipeline(cm_buf *out, const cm_pipeline *p) {
  if (p->timed) cm_buf_puts(out, " time");
  if (p->negated) cm_buf_puts(out, " !");
  for (const cm_cmd *c = p->cmds; c; c = c->next) {
    put_cmd(out, c);
    if (c->next) cm_buf_puts(out, c->pipe_err ? " |&" : " |");
  }
  if (p->next) cm_buf_puts(out, p->join == CM_JOIN_OR ? " ||" : " &&");
}

static void put_list(cm_buf *out, const cm_sh_list *list) {
  for (; list; list = list->next) {
    for (const cm_pipeline *p = list->first; p; p = p->next) put_pipeline(out, p);
    if (list->background) cm_buf_puts(out, " &");
    if (list->next) cm_buf_puts(out, " ;");
  }
}

cm_code cm_command_text(cm_str command, cm_dialect dialect, cm_arena *a, cm_str *out, cm_err *e) {
  cm_sh_tree tree;
  cm_buf text;
  cm_code code = cm_sh_parse(command, dialect, a, &tree, NULL);
  if (code == CM_E_NOMEM) return cm_fail(e, code, 0, "no memory to compare commands");
  cm_buf_init(&text, 16 * (size_t)CM_SH_TEXT_MAX);
  if (!code) put_list(&text, tree.list);
  bool whole = !code && !text.overflow;
  cm_str s = whole ? (cm_str){text.p, text.n} : cm_str_trim(command);
  char *p = cm_arena_strdup(a, s.n ? s.p : "", s.n);
  cm_buf_close(&text);
  *out = (cm_str){p, s.n};
  return p ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory to compare commands");
}
