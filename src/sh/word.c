#include <string.h>

#include "sh/parse.h"

/* --- characters ------------------------------------------------------------------------------ */

/* Where a run of ordinary characters stops: in a word, in "…", in an expansion's text. */
enum { IN_WORD = 1, IN_DOUBLE = 2, IN_GROUP = 4, ENDS_WORD = 8 };

#define BLANK (IN_WORD | ENDS_WORD)
#define META  (IN_WORD | IN_GROUP | ENDS_WORD)
#define QUOTE (IN_WORD | IN_DOUBLE | IN_GROUP)

/* clang-format off */
static const uint8_t classes[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\n'] = BLANK, ['|'] = BLANK, ['&'] = BLANK,
    [';'] = META, ['<'] = META, ['>'] = META, ['('] = META, [')'] = META,
    ['['] = IN_GROUP, [']'] = IN_GROUP, ['{'] = IN_GROUP, ['}'] = IN_GROUP,
    ['/'] = IN_GROUP, [':'] = IN_GROUP, ['?'] = IN_GROUP,
    ['\''] = IN_WORD | IN_GROUP, ['"'] = QUOTE, ['$'] = QUOTE, ['`'] = QUOTE, ['\\'] = QUOTE,
};
/* clang-format on */

bool cm_sh_name_char(int c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

static void skip_run(cm_parser *p, unsigned stops) {
  while (p->pos < p->limit && !(classes[(unsigned char)p->s[p->pos]] & stops)) p->pos++;
}

cm_str cm_sh_name(cm_parser *p) {
  cm_text t = {NULL, 0, 0};
  while (cm_sh_name_char(cm_sh_peek(p), t.n == 0)) {
    uint32_t start = p->pos++;
    while (p->pos < p->limit && cm_sh_name_char((unsigned char)p->s[p->pos], false)) p->pos++;
    cm_sh_text_add(p, &t, p->s + start, p->pos - start);
  }
  return (cm_str){t.p, t.n};
}

/* --- building -------------------------------------------------------------------------------- */

void cm_sh_text_add(cm_parser *p, cm_text *t, const char *s, size_t n) {
  if (t->n == 0 && t->cap == 0) *t = (cm_text){s, n, 0};
  else if (t->cap == 0 && t->p + t->n == s) t->n += n;
  else {
    size_t need = t->n + n;
    char *copy = (char *)(uintptr_t)t->p;
    if (need > t->cap) {
      copy = cm_sh_bytes(p, need * 2, 1);
      if (!copy) return;
      memcpy(copy, t->p, t->n);
      t->cap = need * 2;
    }
    memcpy(copy + t->n, s, n);
    t->p = copy;
    t->n = need;
  }
}

static void append(cm_wordb *b, cm_part *part) {
  if (b->last) b->last->next = part;
  else b->first = part;
  b->last = part;
}

void cm_wordb_end(cm_parser *p, cm_wordb *b) {
  if (!b->last) return;
  b->last->span = cm_sh_span(p, b->from, p->pos);
  b->from = p->pos;
}

void cm_wordb_close(cm_parser *p, cm_wordb *b) {
  if (!b->open) return;
  b->open->text = (cm_str){b->text.p, b->text.n};
  b->open->span = cm_sh_span(p, b->from, b->upto);
  b->open = NULL;
  b->from = b->upto;
}

cm_part *cm_wordb_part(cm_parser *p, cm_wordb *b, cm_part_kind kind) {
  cm_wordb_close(p, b);
  cm_part *part = cm_sh_new(p, sizeof *part);
  part->kind = kind;
  part->quoted = b->quoted;
  append(b, part);
  return part;
}

void cm_wordb_text(cm_parser *p, cm_wordb *b, const char *s, size_t n, uint32_t end) {
  if (!b->open) {
    b->open = cm_wordb_part(p, b, CM_PART_TEXT);
    b->text = (cm_text){s, n, 0};
  } else {
    cm_sh_text_add(p, &b->text, s, n);
  }
  b->upto = end;
}

void cm_wordb_join(cm_parser *p, cm_wordb *b, cm_wordb *more) {
  cm_wordb_close(p, more);
  if (!more->first) return;
  append(b, more->first);
  b->last = more->last;
  b->from = more->from;
}

cm_word *cm_wordb_done(cm_parser *p, cm_wordb *b, uint32_t start) {
  cm_wordb_close(p, b);
  cm_word *w = cm_sh_new(p, sizeof *w);
  w->parts = b->first;
  w->span = cm_sh_span(p, start, p->pos);
  return w;
}

/* The next n bytes, as text. */
static void take_text(cm_parser *p, cm_wordb *b, uint32_t n) {
  cm_wordb_text(p, b, p->s + p->pos, n, p->pos + n);
  p->pos += n;
}

/* Drops a few bytes and takes the next n as text. */
static void skip_text(cm_parser *p, cm_wordb *b, uint32_t drop, uint32_t n) {
  p->pos += drop;
  take_text(p, b, n);
}

static void take_run(cm_parser *p, cm_wordb *b, unsigned stops) {
  uint32_t start = p->pos;
  skip_run(p, stops);
  if (p->pos > start) cm_wordb_text(p, b, p->s + start, p->pos - start, p->pos);
}

/* --- quotes ---------------------------------------------------------------------------------- */

/* A quoted text of its own. */
static void quoted_text(cm_parser *p, cm_wordb *b, uint32_t start, uint32_t end, uint32_t behind) {
  bool quoted = b->quoted;
  cm_wordb_close(p, b);
  b->quoted = true;
  cm_wordb_text(p, b, p->s + start, end - start, p->pos = behind);
  cm_wordb_close(p, b);
  b->quoted = quoted;
}

static void escape(cm_parser *p, cm_wordb *b) {
  uint32_t at = p->pos, cp;
  if (at + 1 >= p->limit) take_text(p, b, 1); /* a lone one at the end is itself */
  else if (!b->dq) {
    uint32_t end = at + 1 + (uint32_t)cm_utf8_next(p->s + at + 1, p->limit - at - 1, &cp);
    quoted_text(p, b, at + 1, end, end);
  } else if (strchr("$`\"\\", p->s[at + 1])) {
    skip_text(p, b, 1, 1);
  } else {
    take_text(p, b, 2);
  }
}

static uint32_t single_end(cm_parser *p) {
  const char *start = p->s + p->pos + 1;
  const char *end = p->pos + 1 < p->limit ? memchr(start, '\'', p->limit - p->pos - 1) : NULL;
  if (!end) cm_sh_fail(p, p->pos, "nothing closes", CM_STR("'"));
  return end ? (uint32_t)(end - p->s) : p->limit;
}

static void single(cm_parser *p, cm_wordb *b) {
  uint32_t start = p->pos, end = single_end(p);
  if (!p->code) quoted_text(p, b, start + 1, end, end + 1);
}

/* ' in a text that is otherwise like "…": bash finds its pair, then takes both as characters. */
static void single_pair(cm_parser *p, cm_wordb *b) {
  uint32_t end = single_end(p);
  if (p->code) return;
  take_text(p, b, 1);
  cm_sh_loose(p, b, p->pos, end);
  take_text(p, b, 1);
}

void cm_sh_double(cm_parser *p, cm_wordb *b) {
  const bool quoted = b->quoted, dq = b->dq;
  uint32_t start = p->pos;
  cm_wordb_close(p, b);
  cm_part *before = b->last;
  b->quoted = b->dq = true;
  p->pos++;
  for (int c; take_run(p, b, IN_DOUBLE), (c = cm_sh_peek(p)) != '"';) {
    if (c < 0) {
      cm_sh_fail(p, start, "nothing closes", CM_STR("\""));
      break;
    }
    cm_sh_special(p, b);
  }
  if (b->last == before) cm_wordb_text(p, b, "", 0, p->pos);
  cm_wordb_close(p, b);
  b->last->span.end = cm_sh_at(p, b->from = ++p->pos);
  b->quoted = quoted;
  b->dq = dq;
}

void cm_sh_special(cm_parser *p, cm_wordb *b) {
  switch (cm_sh_peek(p)) {
    case '\\': escape(p, b); break;
    case '"': cm_sh_double(p, b); break;
    case '`': cm_sh_backquote(p, b); break;
    case '$': cm_sh_dollar(p, b); break;
    case '\'':
      if (!b->dq) single(p, b);
      else if (cm_sh_is_bash(p)) single_pair(p, b);
      else take_text(p, b, 1);
      break;
    case -1: break;
    default: take_text(p, b, 1);
  }
}

/* --- text inside expansions ------------------------------------------------------------------ */

bool cm_sh_opens_process(cm_parser *p) {
  uint32_t at = p->pos++;
  bool opens = cm_sh_is_bash(p) && cm_sh_peek(p) == '(';
  p->pos = at;
  return opens;
}

static cm_str closer(char close) {
  return close == ')' ? CM_STR("(") : close == '}' ? CM_STR("{") : CM_STR("[");
}

/* \} in "${x-\}}" is a }. */
static bool escaped_close(const cm_parser *p, const cm_wordb *b, cm_group g) {
  return b->dq && g.close == '}' && p->s[p->pos] == '\\' && p->pos + 1 < p->limit &&
         p->s[p->pos + 1] == '}';
}

void cm_sh_group(cm_parser *p, cm_wordb *b, cm_group g) {
  const uint32_t start = p->pos;
  size_t depth = 0, choices = 0; /* of ? : in a substring's offset */
  for (;;) {
    take_run(p, b, IN_GROUP);
    const int c = cm_sh_peek(p);
    if (c < 0) {
      cm_sh_fail(p, start, "nothing closes", closer(g.close));
      return;
    }
    if (c == ':' && choices) choices--;
    else if (c == g.stop && c && (depth == 0 || c == '}')) return;
    if (c == '?' && g.stop == ':') choices++;
    if (c == g.close && depth-- == 0) return;
    if (c == g.open) depth++;
    if (c == '"' && g.close == ')' && !cm_sh_is_bash(p)) take_text(p, b, 1);
    else if (escaped_close(p, b, g)) skip_text(p, b, 1, 1);
    else if (g.process && (c == '<' || c == '>') && cm_sh_opens_process(p)) cm_sh_process(p, b);
    else cm_sh_special(p, b);
  }
}

/* The rest of `p`, which ends where the text does: a here-document's body. *right is what stands
 * before the first wrong expansion, which begins at *wrong. */
static void loose_text(cm_parser *p, cm_wordb *b, cm_wordb *right, uint32_t *wrong) {
  while (!p->code) {
    *right = *b, *wrong = p->pos;
    take_run(p, b, IN_DOUBLE);
    int c = cm_sh_peek(p);
    if (c < 0) return;
    if (c == '"') take_text(p, b, 1);
    else if (c == '\\' && p->pos + 1 < p->limit && p->s[p->pos + 1] == '"') take_text(p, b, 2);
    else cm_sh_special(p, b);
  }
}

void cm_sh_loose(cm_parser *p, cm_wordb *b, uint32_t start, uint32_t end) {
  cm_wordb inner = {.from = start, .quoted = b->quoted, .dq = true}, right = inner;
  uint32_t wrong = start;
  cm_wordb_close(p, b);
  const cm_parser outer = cm_sh_begin(p, p->s, p->map, start, end);
  loose_text(p, &inner, &right, &wrong);
  cm_wordb_close(p, &inner);
  const bool good = cm_sh_finish(p, &outer);
  p->pos = start;
  /* bash has run what stands before a wrong expansion when it meets that. */
  if (!good) {
    inner = right;
    if (inner.last) inner.last->next = NULL;
    p->pos = wrong;
    take_text(p, &inner, end - wrong);
    cm_wordb_close(p, &inner);
  }
  cm_wordb_join(p, b, &inner);
  p->pos = end;
}

/* --- words ----------------------------------------------------------------------------------- */

/* @( ?( *( +( !( where patterns may stand; any ( in a regular expression. */
static bool opens_pattern(const cm_wordb *b, unsigned mode) {
  if (mode & CM_LEX_REGEX) return true;
  if (!(mode & CM_LEX_PATTERN) || !b->open || !b->text.n) return false;
  return strchr("@?*+!", b->text.p[b->text.n - 1]) != NULL;
}

/* Up to what ends a word. */
static void word_body(cm_parser *p, cm_wordb *b, unsigned mode) {
  for (;;) {
    take_run(p, b, IN_WORD);
    uint32_t end = p->pos;
    int c = cm_sh_peek(p);
    if (c == '(' && opens_pattern(b, mode)) {
      cm_sh_enter(p);
      take_text(p, b, 1);
      cm_sh_group(p, b, (cm_group){.open = '(', .close = ')'});
      cm_sh_leave(p);
      if (!p->code) take_text(p, b, 1);
    } else if ((c == '<' || c == '>') && cm_sh_opens_process(p)) {
      cm_sh_process(p, b);
    } else if (c == '|' && (mode & CM_LEX_REGEX)) {
      take_text(p, b, 1);
    } else if (c < 0 || (classes[c] & ENDS_WORD)) {
      p->pos = end; /* a line continuation behind a word is not a part of it */
      return;
    } else {
      cm_sh_special(p, b);
    }
  }
}

/* A word that may be a reserved one or a number. */
static cm_str plain(const cm_word *w) {
  const cm_part *part = w->parts;
  if (!part || part->next || part->quoted || part->kind != CM_PART_TEXT) return (cm_str){NULL, 0};
  return part->text;
}

void cm_sh_word(cm_parser *p, unsigned mode, cm_tok *t) {
  cm_wordb b = {.from = p->pos};
  cm_assign as = {0};
  uint32_t start = p->pos;
  if ((mode & (CM_LEX_COMMAND | CM_LEX_ARRAY)) && cm_sh_assign_head(p, mode, &b, &as)) {
    uint32_t value = p->pos;
    t->kind = CM_TOK_ASSIGN;
    t->assign = cm_sh_new(p, sizeof as);
    word_body(p, &b, 0);
    cm_wordb_close(p, &b);
    cm_word **tail = &as.value;
    while (*tail) tail = &(*tail)->next; /* bash takes a=(…)b for one word: so b is an element */
    if (b.first) *tail = cm_wordb_done(p, &b, value);
    as.span = cm_sh_span(p, start, p->pos);
    *t->assign = as;
    return;
  }
  t->kind = CM_TOK_WORD;
  if (mode & CM_LEX_ELEMENT) cm_sh_element_head(p, &b);
  word_body(p, &b, mode);
  t->word = cm_wordb_done(p, &b, start);
  if (!p->code) t->plain = plain(t->word);
}
