#include <string.h>

#include "sh/parse.h"

/* The delimiter's characters: quotes removed, expansions as they are written. */
static cm_str delimiter(cm_parser *p, const cm_word *w, bool *quoted) {
  cm_text t = {NULL, 0, 0};
  for (const cm_part *part = w->parts; part; part = part->next) {
    *quoted |= part->quoted;
    if (part->kind == CM_PART_TEXT) cm_sh_text_add(p, &t, part->text.p, part->text.n);
    else if (!p->map && !p->code)
      cm_sh_text_add(p, &t, p->s + part->span.start, part->span.end - part->span.start);
  }
  return (cm_str){t.p, t.n};
}

void cm_sh_here_add(cm_parser *p, cm_redir *r, bool strip) {
  cm_here *h = cm_sh_new(p, sizeof *h);
  h->redir = r;
  h->strip = strip;
  h->end = delimiter(p, r->target, &h->quoted);
  *p->heres_tail = h;
  p->heres_tail = &h->next;
}

/* A body: in the parser's text, or a copy once tabs were taken out. */
typedef struct body {
  const char *s;
  const uint32_t *map;
  uint32_t start, end;
} body;

/* End of the line at `pos`, without its newline; unquoted, a line goes on behind \newline. */
static uint32_t line_end(const cm_parser *p, uint32_t pos, bool quoted) {
  while (pos < p->limit && p->s[pos] != '\n') pos += !quoted && p->s[pos] == '\\' ? 2 : 1;
  return pos < p->limit ? pos : p->limit;
}

/* Compares a line, line continuations taken out, with the delimiter. */
static bool is_end(const cm_parser *p, uint32_t from, uint32_t to, const cm_here *h) {
  size_t i = 0;
  for (uint32_t at = from; at < to; at++) {
    if (!h->quoted && p->s[at] == '\\' && at + 1 < to && p->s[at + 1] == '\n') at++;
    else if (i == h->end.n || p->s[at] != h->end.p[i++]) return false;
  }
  return i == h->end.n;
}

/* bash ends it at "E )" too if that parenthesis is to end a substitution around it. */
static bool closes_substitution(const cm_parser *p, uint32_t from, uint32_t to, const cm_here *h) {
  if (!p->closing || !cm_sh_is_bash(p) || to - from <= h->end.n) return false;
  if (h->end.n && memcmp(p->s + from, h->end.p, h->end.n) != 0) return false;
  return memchr(p->s + from + h->end.n, ')', to - from - h->end.n) != NULL;
}

static uint32_t skip_tabs(const cm_parser *p, uint32_t pos) {
  while (pos < p->limit && p->s[pos] == '\t') pos++;
  return pos;
}

/* Moves `pos` behind the delimiter's line. */
static body find_body(cm_parser *p, const cm_here *h) {
  const uint32_t start = p->pos;
  while (p->pos < p->limit) {
    const uint32_t line = p->pos, end = line_end(p, line, h->quoted);
    p->pos = end < p->limit ? end + 1 : end;
    const uint32_t text = h->strip ? skip_tabs(p, line) : line;
    if (is_end(p, text, end, h)) return (body){p->s, p->map, start, line};
    if (closes_substitution(p, text, end, h)) {
      p->pos = text + (uint32_t)h->end.n;
      return (body){p->s, p->map, start, line};
    }
  }
  p->warned = true;
  return (body){p->s, p->map, start, p->limit};
}

/* A copy without the tabs in front of its lines. */
static body without_tabs(cm_parser *p, const cm_here *h, body b) {
  const uint32_t room = b.end - b.start;
  cm_sh_reread(p, room); /* if that fails, no memory is given */
  char *copy = cm_sh_bytes(p, room + 1, 1);
  uint32_t *map = cm_sh_bytes(p, room + 1, sizeof *map), n = 0;
  if (!copy || !map) return b;
  for (uint32_t at = b.start; at < b.end;) {
    uint32_t end = line_end(p, at, h->quoted);
    end = end < b.end ? end + 1 : b.end;
    for (at = skip_tabs(p, at); at < end; at++) {
      copy[n] = p->s[at];
      map[n++] = cm_sh_at(p, at);
    }
  }
  map[n] = cm_sh_at(p, b.end);
  return (body){copy, map, 0, n};
}

static cm_word *body_word(cm_parser *p, const cm_here *h, const body *b) {
  const cm_parser outer = cm_sh_begin(p, b->s, b->map, b->start, b->end);
  cm_wordb w = {.from = b->start, .quoted = h->quoted};
  if (!h->quoted) {
    cm_sh_loose(p, &w, b->start, b->end);
  } else if (b->end > b->start) {
    cm_wordb_text(p, &w, b->s + b->start, b->end - b->start, p->pos = b->end);
  }
  cm_word *word = cm_wordb_done(p, &w, b->start);
  cm_sh_finish(p, &outer);
  return word;
}

void cm_sh_here_bodies(cm_parser *p) {
  cm_here *h = p->heres;
  p->heres = NULL;
  p->heres_tail = &p->heres;
  for (; h && !p->code; h = h->next) {
    body b = find_body(p, h);
    if (h->strip) b = without_tabs(p, h, b);
    cm_sh_enter(p);
    h->redir->here = body_word(p, h, &b);
    cm_sh_leave(p);
  }
}
