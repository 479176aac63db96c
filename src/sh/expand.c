/* Words to fields: parts put together, split where the shell splits, braces and tildes. */
#include <string.h>

#include "sh/eval.h"

enum { BRACES = CM_RESOLVE_VALUES_MAX };

void cm_fields_add(cm_eval *ev, cm_fields *f, const cm_rword *w) {
  if (!f->v || f->n == f->cap) {
    size_t cap = f->cap ? 2 * f->cap : 8;
    cm_rword *v = cm_ev_many(ev, cap, sizeof *v);
    if (!v) return;
    if (f->v) memcpy(v, f->v, f->n * sizeof *v);
    f->v = v;
    f->cap = cap;
  }
  f->v[f->n++] = *w;
}

static bool globbing(cm_str s) {
  bool open = false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '*' || s.p[i] == '?' || (open && s.p[i] == ']')) return true;
    open |= s.p[i] == '[';
  }
  return false;
}

/* --- putting a field together --- */

static void add_escaped(cm_build *b, cm_str s) {
  for (size_t i = 0; i < s.n; i++) {
    if (strchr("*?[]\\!^-", s.p[i]) && s.p[i]) cm_txt_add(b->ev, &b->text, CM_STR("\\"));
    cm_txt_add(b->ev, &b->text, (cm_str){s.p + i, 1});
  }
}

void cm_build_add(cm_build *b, cm_str s, bool quoted) {
  b->any |= quoted || s.n;
  if (!quoted && globbing(s)) b->word.glob = true;
  if (b->pattern && quoted) add_escaped(b, s);
  else cm_txt_add(b->ev, &b->text, s);
}

/* Notes where a hole comes from. */
static void mark(cm_build *b, unsigned from, const cm_run *source) {
  b->word.from |= from;
  if (source && !b->word.source) b->word.source = source;
}

static void over_limit(cm_build *b) {
  cm_val hole = cm_val_hole(CM_FROM_LIMIT, NULL);
  b->text = (cm_txt){0};
  cm_txt_add(b->ev, &b->text, hole.text);
  mark(b, hole.from, NULL);
}

void cm_build_break(cm_build *b) {
  if (b->text.over) over_limit(b);
  b->word.text = cm_txt_str(&b->text);
  if (b->any && b->out) cm_fields_add(b->ev, b->out, &b->word);
  b->text = (cm_txt){0};
  b->any = false;
  b->word = (cm_rword){.span = b->word.span};
}

static cm_str separators(cm_eval *ev) {
  cm_var *ifs = cm_env_find(ev, CM_VARS, CM_STR("IFS"));
  const cm_alt *alt = ifs ? cm_env_get(ev, ifs) : NULL;
  return alt && !alt->val.from ? alt->val.text : CM_STR(" \t\n");
}

void cm_build_val(cm_build *b, const cm_val *v, bool quoted) {
  cm_str s = v->text;
  if (quoted || !b->out) {
    cm_build_add(b, s, quoted);
    mark(b, v->from, v->source);
    return;
  }
  bool ends[256] = {false};
  cm_str ifs = separators(b->ev);
  for (size_t i = 0; i < ifs.n; i++) ends[(unsigned char)ifs.p[i]] = true;
  for (size_t i = 0; i < s.n;) {
    size_t start = i;
    while (i < s.n && !ends[(unsigned char)s.p[i]]) i++;
    cm_str piece = {s.p + start, i - start};
    if (piece.n) {
      cm_build_add(b, piece, false);
      if (memchr(piece.p, CM_HOLE, piece.n)) mark(b, v->from, v->source);
    }
    if (i == s.n) break;
    b->any |= !strchr(" \t\n", s.p[i++]); /* a comma ends even an empty field */
    cm_build_break(b);
  }
}

/* --- parts --- */

/* `s` is a text of the source; holes in it come from the word whose text is being read as code. */
static void add_text(cm_build *b, cm_str s, bool quoted) {
  cm_build_add(b, s, quoted);
  if (!s.n || !memchr(s.p, CM_HOLE, s.n)) return;
  mark(b, b->ev->f.hole_from, b->ev->f.hole_source);
}

/* The end of a tilde's user name in an unquoted text, or 0: no tilde there. */
static size_t tilde_end(cm_str s, bool last) {
  if (!s.n || s.p[0] != '~') return 0;
  for (size_t i = 1; i < s.n; i++) {
    if (s.p[i] == '/') return i;
    if (strchr(" \t:=~'\"\\", s.p[i])) return 0;
  }
  return last || s.n > 1 || s.n == 1 ? s.n : 0;
}

static cm_str tilde_value(cm_eval *ev, cm_str tilde) {
  const cm_sh_context *c = ev->context;
  cm_str user = {tilde.p + 1, tilde.n - 1};
  bool set;
  if (!user.n || (c->user.n && cm_str_eq(user, c->user))) {
    cm_val home = cm_param_get(ev, CM_STR("HOME"), NULL, &set);
    return home.text;
  }
  if (cm_str_is(user, "+")) return cm_param_get(ev, CM_STR("PWD"), NULL, &set).text;
  if (cm_str_is(user, "-")) return cm_param_get(ev, CM_STR("OLDPWD"), NULL, &set).text;
  if (cm_str_is(user, "root")) return CM_STR("/root");
  return cm_is_name(user) ? cm_path_join(ev, CM_STR("/home"), user) : tilde;
}

/* An unquoted text at the start of a word (or behind NAME=). */
static void add_tilde(cm_build *b, cm_str s, bool last) {
  size_t at = 0, end = tilde_end(s, last);
  if (!end && s.n && s.p[0] != '~') {
    const char *equals = memchr(s.p, '=', s.n);
    size_t n = equals ? (size_t)(equals - s.p) : 0;
    if (n && cm_is_name((cm_str){s.p, n})) {
      at = n + 1;
      end = tilde_end((cm_str){s.p + at, s.n - at}, last);
    }
  }
  if (!end) {
    add_text(b, s, false);
    return;
  }
  if (at) add_text(b, (cm_str){s.p, at}, false);
  cm_str home = tilde_value(b->ev, (cm_str){s.p + at, end});
  cm_build_add(b, home, true);
  if (memchr(home.p, CM_HOLE, home.n)) mark(b, CM_FROM_UNSET, NULL);
  add_text(b, (cm_str){s.p + at + end, s.n - at - end}, false);
}

static void add_process(cm_build *b, const cm_part *p) {
  cm_eval *ev = b->ev;
  cm_frame saved = ev->f;
  cm_log *before = ev->log;
  size_t first = ev->n;
  cm_sink sink = {0};
  if (p->direction == '<') {
    ev->f.sink = &sink;
    ev->f.captured++;
  } else {
    ev->f.sink = NULL;
    ev->f.in = ev->f.self;
    ev->f.input = ev->f.partial = NULL;
  }
  ev->f.maybe = 0;
  ev->forks++;
  cm_walk_list(ev, p->body);
  ev->forks--;
  ev->f = saved;
  cm_env_back(ev, before);
  const cm_run *run = NULL;
  if (p->direction == '<') run = sink.last;
  for (size_t i = first; p->direction == '>' && !run && i < ev->n; i++) run = ev->items[i];
  if (run && p->direction == '<' && !sink.unknown) {
    cm_val *text = cm_ev_new(ev, 1, sizeof *text);
    if (text) *text = (cm_val){cm_txt_str(&sink.text), sink.from, sink.source};
    ((cm_evrun *)(uintptr_t)run)->text = text;
  }
  cm_val hole = cm_val_hole(CM_FROM_OUTPUT, run);
  cm_build_val(b, &hole, true);
}

static void build_part(cm_build *b, const cm_part *p, bool first) {
  cm_val v;
  switch (p->kind) {
    case CM_PART_TEXT:
      if (first && !p->quoted && !b->pattern && !b->number) add_tilde(b, p->text, p->next == NULL);
      else add_text(b, p->text, p->quoted);
      break;
    case CM_PART_PARAM: cm_expand_param(b, p); break;
    case CM_PART_COMMAND:
      v = cm_expand_subst(b->ev, p->body);
      cm_build_val(b, &v, p->quoted);
      b->any |= p->quoted;
      break;
    case CM_PART_ARITH:
      v = cm_expand_arith(b->ev, p->arith);
      cm_build_val(b, &v, p->quoted);
      break;
    case CM_PART_PROCESS: add_process(b, p); break;
  }
}

void cm_build_parts(cm_build *b, const cm_part *parts) {
  for (const cm_part *p = parts; p && cm_ev_step(b->ev); p = p->next)
    build_part(b, p, p == parts && !b->any && !b->text.n);
}

/* --- words --- */

/* Characters that make an unquoted text more than itself. */
static bool special(cm_str s) {
  static const bool table[256] = {['*'] = true, ['?'] = true, ['['] = true,    ['{'] = true,
                                  ['~'] = true, ['='] = true, [CM_HOLE] = true};
  for (size_t i = 0; i < s.n; i++)
    if (table[(unsigned char)s.p[i]]) return true;
  return false;
}

static void expand_parts(cm_eval *ev, const cm_part *parts, cm_span span, cm_fields *out) {
  cm_build b = {.ev = ev, .out = out, .word.span = span};
  cm_build_parts(&b, parts);
  cm_build_break(&b);
}

static bool may_have_braces(const cm_part *p) {
  for (; p; p = p->next)
    if (p->kind == CM_PART_TEXT && !p->quoted && p->text.n && memchr(p->text.p, '{', p->text.n))
      return true;
  return false;
}

static void expand_word(cm_eval *ev, const cm_word *w, cm_fields *out) {
  const cm_part *p = w->parts, *lists[BRACES];
  cm_span span = cm_ev_span(ev, w->span);
  if (p && !p->next && p->kind == CM_PART_TEXT && !special(p->text)) {
    cm_fields_add(ev, out, &(cm_rword){.text = p->text, .span = span});
    return;
  }
  size_t n = may_have_braces(p) ? cm_expand_braces(ev, p, lists, BRACES) : 0;
  for (size_t i = 0; i < n; i++) expand_parts(ev, lists[i], span, out);
  if (n == 0) expand_parts(ev, p, span, out);
  if (n < BRACES) return;
  cm_val hole = cm_val_hole(CM_FROM_LIMIT, NULL);
  cm_rword rest = cm_word_of_val(&hole, span);
  cm_fields_add(ev, out, &rest);
}

void cm_expand_words(cm_eval *ev, const cm_word *words, cm_fields *out) {
  size_t n = 0;
  for (const cm_word *w = words; w; w = w->next) n++;
  if (!out->v && n) {
    out->v = cm_ev_new(ev, n + 1, sizeof *out->v);
    out->cap = out->v ? n + 1 : 0;
  }
  for (const cm_word *w = words; w && cm_ev_step(ev); w = w->next) expand_word(ev, w, out);
}

static cm_rword expand_whole(cm_build *b, const cm_word *word) {
  if (!word) return (cm_rword){.text = CM_STR("")};
  b->word.span = cm_ev_span(b->ev, word->span);
  cm_build_parts(b, word->parts);
  if (b->text.over) over_limit(b);
  b->word.text = cm_txt_str(&b->text);
  return b->word;
}

cm_rword cm_expand_one(cm_eval *ev, const cm_word *word) {
  return expand_whole(&(cm_build){.ev = ev}, word);
}

cm_rword cm_expand_number(cm_eval *ev, const cm_word *word) {
  return expand_whole(&(cm_build){.ev = ev, .number = true}, word);
}

cm_str cm_expand_pattern(cm_eval *ev, const cm_word *word, bool *known) {
  cm_build b = {.ev = ev, .pattern = true};
  if (word) cm_build_parts(&b, word->parts);
  *known = !b.word.from && !b.text.over;
  return cm_txt_str(&b.text);
}
