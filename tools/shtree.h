/* A shell tree as one line of text, for tests and tools/shcheck:
 *
 *   [a 'b' "${c}" {x = 1} {> f}]   a command: words, quoted text, assignments, redirections
 *   (if [a] then [b] else [c])     a compound command
 *   [a] && [b] | [c]; [d] &        lists */
#ifndef CM_TOOLS_SHTREE_H
#define CM_TOOLS_SHTREE_H
#include <string.h>

#include "base/mem.h"
#include "sh/sh.h"

static void shtree_list(cm_buf *out, const cm_sh_list *list);
static void shtree_word(cm_buf *out, const cm_word *w);

static void shtree_text(cm_buf *out, cm_str s) {
  for (size_t i = 0; i < s.n; i++) {
    const unsigned char c = (unsigned char)s.p[i];
    if (c == '\n') cm_buf_puts(out, "\\n");
    else if (c == '\t') cm_buf_puts(out, "\\t");
    else if (c < ' ' || c == 0x7f) cm_buf_printf(out, "\\x%02x", c);
    else cm_buf_putc(out, (char)c);
  }
}

static void shtree_param(cm_buf *out, const cm_param *x) {
  cm_buf_puts(out, x->length ? "${#" : x->indirect ? "${!" : "${");
  shtree_text(out, x->name);
  if (x->subscript) {
    cm_buf_putc(out, '[');
    shtree_word(out, x->subscript);
    cm_buf_putc(out, ']');
  }
  if (x->op.n) cm_buf_putc(out, ' ');
  shtree_text(out, x->op);
  for (int i = 0; i < 2; i++) {
    const cm_word *arg = i ? x->arg2 : x->arg;
    if (arg) cm_buf_putc(out, ' ');
    if (arg) shtree_word(out, arg);
  }
  cm_buf_putc(out, '}');
}

static void shtree_part(cm_buf *out, const cm_part *part) {
  const bool text = part->kind == CM_PART_TEXT;
  if (part->quoted) cm_buf_putc(out, text ? '\'' : '"');
  switch (part->kind) {
    case CM_PART_TEXT: shtree_text(out, part->text); break;
    case CM_PART_PARAM: shtree_param(out, part->param); break;
    case CM_PART_COMMAND: cm_buf_puts(out, "$("); break;
    case CM_PART_PROCESS: cm_buf_printf(out, "%c(", part->direction); break;
    case CM_PART_ARITH:
      cm_buf_puts(out, "$((");
      shtree_word(out, part->arith);
      cm_buf_puts(out, "))");
  }
  if (part->kind == CM_PART_COMMAND || part->kind == CM_PART_PROCESS) {
    shtree_list(out, part->body);
    cm_buf_putc(out, ')');
  }
  if (part->quoted) cm_buf_putc(out, text ? '\'' : '"');
}

static void shtree_word(cm_buf *out, const cm_word *w) {
  for (const cm_part *part = w->parts; part; part = part->next) shtree_part(out, part);
}

static void shtree_words(cm_buf *out, const cm_word *w) {
  for (; w; w = w->next) {
    cm_buf_putc(out, ' ');
    shtree_word(out, w);
  }
}

static void shtree_assign(cm_buf *out, const cm_assign *as) {
  cm_buf_puts(out, " {");
  shtree_text(out, as->name);
  if (as->subscript) {
    cm_buf_puts(out, " [");
    shtree_word(out, as->subscript);
    cm_buf_putc(out, ']');
  }
  cm_buf_puts(out, as->append ? " +=" : " =");
  if (as->array) cm_buf_puts(out, " (");
  shtree_words(out, as->value);
  cm_buf_puts(out, as->array ? " )}" : "}");
}

static void shtree_redir(cm_buf *out, const cm_redir *r) {
  static const char *const names[] = {"<",  ">",  ">|", ">>", "&>", "&>>",
                                      "<>", "<&", ">&", "<<", "<<<"};
  cm_buf_puts(out, " {");
  if (r->fd >= 0) cm_buf_printf(out, "%d", r->fd);
  if (r->fd == -2) {
    cm_buf_putc(out, '{');
    shtree_text(out, r->fd_name);
    cm_buf_putc(out, '}');
  }
  cm_buf_puts(out, names[r->op]);
  shtree_words(out, r->target);
  if (r->here) shtree_words(out, r->here);
  cm_buf_putc(out, '}');
}

static void shtree_arms(cm_buf *out, const cm_cmd *c) {
  for (const cm_arm *a = c->arms; a; a = a->next) {
    if (c->kind == CM_CMD_CASE) {
      cm_buf_puts(out, " (");
      for (const cm_word *w = a->patterns; w; w = w->next) {
        shtree_word(out, w);
        if (w->next) cm_buf_puts(out, " | ");
      }
      cm_buf_puts(out, ") ");
      shtree_list(out, a->body);
      if (a->body && a->end.n) cm_buf_putc(out, ' ');
      shtree_text(out, a->end);
      continue;
    }
    if (a != c->arms) cm_buf_puts(out, a->test ? " elif" : " else");
    if (a->test) {
      cm_buf_putc(out, ' ');
      shtree_list(out, a->test);
      cm_buf_puts(out, c->kind == CM_CMD_IF ? " then" : " do");
    }
    cm_buf_putc(out, ' ');
    shtree_list(out, a->body);
  }
}

static void shtree_cmd(cm_buf *out, const cm_cmd *c) {
  static const char *const names[] = {"",      "sub",    "group",  "if",    "while",
                                      "until", "for",    "select", "for((", "case",
                                      "fn",    "coproc", "cond",   "arith"};
  const bool simple = c->kind == CM_CMD_SIMPLE;
  const size_t start = out->n;
  cm_buf_printf(out, "%s%s", simple ? "[" : "(", names[c->kind]);
  for (const cm_assign *as = c->assigns; as; as = as->next) shtree_assign(out, as);
  if (c->name.n) cm_buf_putc(out, ' ');
  shtree_text(out, c->name);
  if (c->has_in) cm_buf_puts(out, " in");
  for (const cm_word *w = c->words; w; w = w->next) {
    if (c->kind == CM_CMD_FOR_ARITH && w != c->words) cm_buf_puts(out, ";");
    cm_buf_putc(out, ' ');
    shtree_word(out, w);
  }
  shtree_arms(out, c);
  if (c->body) {
    cm_buf_putc(out, ' ');
    shtree_list(out, c->body);
  }
  for (const cm_redir *r = c->redirs; r; r = r->next) shtree_redir(out, r);
  cm_buf_putc(out, simple ? ']' : ')');
  if (simple && out->p && out->p[start + 1] == ' ') { /* "[ a]" */
    memmove(out->p + start + 1, out->p + start + 2, out->n - start - 1);
    out->n--;
  }
}

static void shtree_pipeline(cm_buf *out, const cm_pipeline *line) {
  if (line->timed) cm_buf_puts(out, line->negated || line->cmds ? "time " : "time");
  if (line->negated) cm_buf_puts(out, line->cmds ? "! " : "!");
  for (const cm_cmd *c = line->cmds; c; c = c->next) {
    shtree_cmd(out, c);
    if (c->next) cm_buf_puts(out, c->pipe_err ? " |& " : " | ");
  }
}

static void shtree_list(cm_buf *out, const cm_sh_list *list) {
  for (; list; list = list->next) {
    for (const cm_pipeline *line = list->first; line; line = line->next) {
      shtree_pipeline(out, line);
      if (line->join != CM_JOIN_END) cm_buf_puts(out, line->join == CM_JOIN_AND ? " && " : " || ");
    }
    if (list->background) cm_buf_puts(out, " &");
    if (list->next) cm_buf_puts(out, list->background ? " " : "; ");
  }
}

#endif
