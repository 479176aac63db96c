/* What holds for every shell tree: spans lie inside the text and inside what they are a part of,
 * the parts of a word lie side by side, and every byte can be read. */
#ifndef CM_TESTS_SH_WALK_H
#define CM_TESTS_SH_WALK_H
#include "sh/sh.h"

typedef struct sh_walk {
  cm_span text;
  const char *wrong; /* the first thing that does not hold; NULL: all is well */
  volatile unsigned sum;
} sh_walk;

static void sh_walk_list(sh_walk *w, const cm_sh_list *list, cm_span in);

static void sh_walk_need(sh_walk *w, bool holds, const char *what) {
  if (!holds && !w->wrong) w->wrong = what;
}

static void sh_walk_inside(sh_walk *w, cm_span s, cm_span in, const char *what) {
  sh_walk_need(w, in.start <= s.start && s.start <= s.end && s.end <= in.end, what);
}

static void sh_walk_text(sh_walk *w, cm_str s) {
  for (size_t i = 0; i < s.n; i++) w->sum += (unsigned char)s.p[i];
}

static void sh_walk_words(sh_walk *w, const cm_word *word, cm_span in);

static void sh_walk_part(sh_walk *w, const cm_part *part) {
  sh_walk_text(w, part->text);
  sh_walk_need(w, (part->kind == CM_PART_PARAM) == !!part->param, "a parameter");
  sh_walk_need(w, (part->kind == CM_PART_ARITH) == !!part->arith, "arithmetic");
  sh_walk_words(w, part->arith, part->span);
  sh_walk_list(w, part->body, part->span);
  if (!part->param) return;
  sh_walk_text(w, part->param->name);
  sh_walk_text(w, part->param->op);
  sh_walk_words(w, part->param->subscript, part->span);
  sh_walk_words(w, part->param->arg, part->span);
  sh_walk_words(w, part->param->arg2, part->span);
}

static void sh_walk_words(sh_walk *w, const cm_word *word, cm_span in) {
  for (; word; word = word->next) {
    uint32_t at = word->span.start;
    sh_walk_inside(w, word->span, in, "a word");
    for (const cm_part *part = word->parts; part; part = part->next) {
      sh_walk_inside(w, part->span, word->span, "a part");
      sh_walk_need(w, part->span.start == at, "parts side by side");
      at = part->span.end;
      sh_walk_part(w, part);
    }
  }
}

static void sh_walk_cmd(sh_walk *w, const cm_cmd *c, cm_span in) {
  sh_walk_inside(w, c->span, in, "a command");
  sh_walk_text(w, c->name);
  sh_walk_words(w, c->words, c->span);
  sh_walk_list(w, c->body, c->span);
  for (const cm_assign *as = c->assigns; as; as = as->next) {
    sh_walk_inside(w, as->span, c->span, "an assignment");
    sh_walk_text(w, as->name);
    sh_walk_words(w, as->subscript, as->span);
    sh_walk_words(w, as->value, as->span);
  }
  for (const cm_redir *r = c->redirs; r; r = r->next) {
    sh_walk_inside(w, r->span, c->span, "a redirection");
    sh_walk_text(w, r->fd_name);
    sh_walk_need(w, r->target != NULL, "a target");
    sh_walk_words(w, r->target, r->span);
    sh_walk_words(w, r->here, w->text); /* behind the line */
  }
  for (const cm_arm *a = c->arms; a; a = a->next) {
    sh_walk_list(w, a->test, c->span);
    sh_walk_words(w, a->patterns, c->span);
    sh_walk_list(w, a->body, c->span);
    sh_walk_text(w, a->end);
  }
}

static void sh_walk_list(sh_walk *w, const cm_sh_list *list, cm_span in) {
  for (; list; list = list->next) {
    sh_walk_inside(w, list->span, in, "a list");
    sh_walk_need(w, list->first != NULL, "a pipeline");
    for (const cm_pipeline *line = list->first; line; line = line->next) {
      sh_walk_inside(w, line->span, list->span, "a pipeline");
      for (const cm_cmd *c = line->cmds; c; c = c->next) sh_walk_cmd(w, c, line->span);
    }
  }
}

/* NULL if all is well with the tree of a text of n bytes. */
static const char *sh_walk_tree(const cm_sh_tree *tree, size_t n) {
  sh_walk w = {.text = {0, (uint32_t)n}};
  sh_walk_list(&w, tree->list, w.text);
  return w.wrong;
}

#endif
