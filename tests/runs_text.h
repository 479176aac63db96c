/* Resolved runs as text, for tests: one run a line,
 *
 *   rm -rf /                       words, blanks between them; a word with blanks or none in "…"
 *   ?u ?i ?o ?n ?f ?l              a hole: unset, input, output, number, files, limit (several
 *                                  letters: several of them); * behind a word: it globs
 *   CODE … ASSIGN … FORKS …        kinds other than COMMAND
 *   root remote elsewhere loop background defined python=    flags, in front in brackets
 *   A=b (before the words)         environment
 *   >file 2>>file <file <<"text"   redirections; >(rm) with the program of `sub`
 *   @/tmp                          working directory, if it isn't the context's
 *   |cat                           `in`: its program; =text: `in_text`
 */
#ifndef CM_TESTS_RUNS_TEXT_H
#define CM_TESTS_RUNS_TEXT_H
#include <string.h>

#include "sh/resolve.h"

static void put_word(cm_buf *b, const cm_rword *w) {
  static const char letters[] = "uionfl";
  bool plain = w->text.n > 0;
  for (size_t i = 0; i < w->text.n; i++) plain &= strchr(" \t\n\"", w->text.p[i]) == NULL;
  if (!plain) cm_buf_putc(b, '"');
  for (size_t i = 0; i < w->text.n; i++) {
    char c = w->text.p[i];
    if (c == '\n') cm_buf_puts(b, "\\n");
    else if (c == 0) cm_buf_puts(b, "\\0");
    else if (c == '\t') cm_buf_puts(b, "\\t");
    else if (c != CM_HOLE) cm_buf_putc(b, c);
    else {
      cm_buf_putc(b, '?');
      for (unsigned k = 0; k < 6; k++)
        if (w->from >> k & 1) cm_buf_putc(b, letters[k]);
    }
  }
  if (!plain) cm_buf_putc(b, '"');
  if (w->glob) cm_buf_putc(b, '*');
}

static void put_flags(cm_buf *b, const cm_run *r) {
  static const char *const kinds[] = {"", "CODE ", "ASSIGN ", "FORKS "};
  const struct {
    bool on;
    const char *name;
  } flags[] = {{r->root, "root"}, {r->remote, "remote"},         {r->elsewhere, "elsewhere"},
               {r->loop, "loop"}, {r->background, "background"}, {r->defined, "defined"}};
  cm_buf_puts(b, kinds[r->kind]);
  bool any = r->translated;
  for (size_t i = 0; i < 6; i++) any |= flags[i].on;
  if (!any) return;
  char before = '[';
  for (size_t i = 0; i < 6; i++) {
    if (!flags[i].on) continue;
    cm_buf_printf(b, "%c%s", before, flags[i].name);
    before = ' ';
  }
  if (r->translated) cm_buf_printf(b, "%c%s", before, r->language);
  cm_buf_puts(b, "] ");
}

static void put_redir(cm_buf *b, const cm_rredir *d) {
  static const char *const ops[] = {"<",  ">",  ">|", ">>", "&>", "&>>",
                                    "<>", "<&", ">&", "<<", "<<<"};
  bool input = d->op == CM_REDIR_READ || d->op >= CM_REDIR_HERE_DOC || d->op == CM_REDIR_DUP_IN;
  cm_buf_putc(b, ' ');
  if (d->fd != (input ? 0 : 1)) cm_buf_printf(b, "%d", d->fd);
  cm_buf_puts(b, ops[d->op]);
  put_word(b, &d->target);
  if (d->sub) cm_buf_printf(b, "(%.*s)", (int)d->sub->program.n, d->sub->program.p);
}

static void put_run(cm_buf *b, const cm_run *r, cm_str cwd) {
  put_flags(b, r);
  for (size_t i = 0; i < r->n_env; i++) {
    cm_buf_printf(b, "%.*s=", (int)r->env[i].name.n, r->env[i].name.p);
    put_word(b, &r->env[i].value);
    cm_buf_putc(b, ' ');
  }
  for (size_t i = 0; i < r->n; i++) {
    if (i) cm_buf_putc(b, ' ');
    if (i == 0 && !cm_str_eq(r->program, r->words[0].text))
      cm_buf_printf(b, "%.*s:", (int)r->program.n,
                    r->program.p[0] == CM_HOLE ? "?" : r->program.p);
    put_word(b, &r->words[i]);
  }
  for (size_t i = 0; i < r->n_redirs; i++) put_redir(b, &r->redirs[i]);
  if (!cm_str_eq(r->cwd.text, cwd)) {
    cm_buf_puts(b, " @");
    put_word(b, &r->cwd);
  }
  if (r->in) cm_buf_printf(b, " |%.*s", (int)r->in->program.n, r->in->program.p);
  if (r->in_text) {
    cm_buf_puts(b, " =");
    put_word(b, r->in_text);
  }
}

#endif
