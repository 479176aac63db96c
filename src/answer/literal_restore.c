#include <string.h>

#include "answer/literal.h"

/* Quotes and brackets that are open inside each other. */
enum { NESTING_MAX = 32 };

typedef struct restore {
  const cm_literals *l;
  cm_str reply;
  size_t at;
  cm_buf b;
  char open[NESTING_MAX]; /* ' " ( ` and $ for $'…' */
  size_t depth;
  char before;     /* the byte before this one; 0 if it was escaped */
  bool word_start; /* nothing of a bare word yet */
  size_t run;      /* where the plain end of the current bare word begins in b */
  bool run_whole;  /* the word begins there, or a = stands before it */
  bool document;   /* a here-document was opened: quotes mean nothing from here on */
  const char *problem;
} restore;

/* Bytes that mean nothing to a shell inside a word. */
static bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c && strchr("_@%+=:,./~-", c));
}

static bool is_all_plain(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!is_plain(s.p[i])) return false;
  return true;
}

static bool ends_word(char c) { return c && strchr(" \t\r\n;|&()<>", c); }

static char context(const restore *r) { return r->depth ? r->open[r->depth - 1] : 0; }

static bool is_bare(const restore *r) { return !context(r) || context(r) == '('; }

static cm_str rest(const restore *r) { return (cm_str){r->reply.p + r->at, r->reply.n - r->at}; }

static void push(restore *r, char c) {
  if (r->depth == NESTING_MAX) r->problem = "is nested too deeply";
  else r->open[r->depth++] = c;
}

/* The literal of a placeholder; an empty one, and a problem, if it stands for nothing. */
static cm_str literal(restore *r, int i) {
  if ((size_t)i < r->l->n) return r->l->items[i];
  r->problem = "names something that the request does not hold";
  return (cm_str){"", 0};
}

/* --- escaping --- */

static void put_escaped(cm_buf *b, cm_str s, const char *special) {
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] && strchr(special, s.p[i])) cm_buf_putc(b, '\\');
    cm_buf_putc(b, s.p[i]);
  }
}

/* For the inside of '…', which knows no escape. */
static void put_single(cm_buf *b, cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] == '\'') cm_buf_puts(b, "'\\''");
    else cm_buf_putc(b, s.p[i]);
}

/* A bare word: as it is if it can be. A ~/ that the model wrote must stay outside of the quotes, a
 * ~ that begins the literal itself inside. */
static void put_word(cm_buf *b, cm_str s, bool tilde) {
  size_t home = !tilde && cm_str_starts(s, CM_STR("~/")) ? 2 : 0;
  if (is_all_plain(s) && !tilde) {
    cm_buf_add(b, s.p, s.n);
    return;
  }
  cm_buf_add(b, s.p, home);
  cm_buf_putc(b, '\'');
  put_single(b, (cm_str){s.p + home, s.n - home});
  cm_buf_putc(b, '\'');
}

/* --- placeholders --- */

/* Length of the plain bytes and placeholders at the current position. */
static size_t plain_run(const restore *r) {
  cm_str s = rest(r);
  size_t i = 0;
  while (i < s.n) {
    if (is_plain(s.p[i])) i++;
    else if (cm_placeholder_at((cm_str){s.p + i, s.n - i}) >= 0) i += CM_PLACEHOLDER_BYTES;
    else break;
  }
  return i;
}

/* The rest of a word that is otherwise plain is put behind what `b` holds of it, and all of it is
 * quoted when it needs that: 'my notes.txt', not 'my notes'.txt. */
static void restore_word(restore *r, size_t n) {
  cm_buf whole;
  bool tilde = false;
  cm_buf_init(&whole, CM_RESTORED_MAX);
  if (r->b.n > r->run) cm_buf_add(&whole, r->b.p + r->run, r->b.n - r->run);
  for (size_t end = r->at + n; r->at < end;) {
    int i = cm_placeholder_at(rest(r));
    cm_str s = i < 0 ? (cm_str){r->reply.p + r->at, 1} : literal(r, i);
    tilde |= i >= 0 && whole.n == 0 && cm_str_starts(s, CM_STR("~"));
    cm_buf_add(&whole, s.p, s.n);
    r->at += i < 0 ? 1 : CM_PLACEHOLDER_BYTES;
  }
  r->b.n = r->run;
  if (whole.n) put_word(&r->b, (cm_str){whole.p, whole.n}, tilde);
  r->b.overflow |= whole.overflow;
  cm_buf_close(&whole);
  r->run = r->b.n, r->run_whole = false;
}

static void restore_bare(restore *r, int i) {
  size_t n = plain_run(r);
  bool ends = r->at + n == r->reply.n || ends_word(r->reply.p[r->at + n]);
  if (r->run_whole && ends) {
    restore_word(r, n);
    return;
  }
  cm_str s = literal(r, i);
  put_word(&r->b, s, cm_str_starts(s, CM_STR("~")));
  r->at += CM_PLACEHOLDER_BYTES;
  r->run = r->b.n, r->run_whole = false;
}

static void restore_one(restore *r, int i) {
  if (r->document) r->problem = "puts a name into a here-document";
  if (r->before == '\\' && context(r) != '\'') r->problem = "escapes a name";
  r->word_start = false, r->before = 0;
  if (is_bare(r)) {
    restore_bare(r, i);
    return;
  }
  cm_str s = literal(r, i);
  r->at += CM_PLACEHOLDER_BYTES;
  switch (context(r)) {
    case '\'': put_single(&r->b, s); break;
    case '$': put_escaped(&r->b, s, "\\'"); break;
    case '"': put_escaped(&r->b, s, "\\\"$`"); break;
    /* Inside `…` a word is bare, but backslashes are read twice. */
    default:
      if (is_all_plain(s)) cm_buf_add(&r->b, s.p, s.n);
      else r->problem = "puts a name that needs quotes between backquotes";
  }
}

/* --- everything else --- */

/* A comment ends with its line, whatever stands in it. */
static void comment(restore *r) {
  while (r->at < r->reply.n && r->reply.p[r->at] != '\n') {
    int i = cm_placeholder_at(rest(r));
    if (i < 0) cm_buf_putc(&r->b, r->reply.p[r->at++]);
    if (i < 0) continue;
    cm_str s = literal(r, i);
    for (size_t k = 0; k < s.n; k++)
      cm_buf_putc(&r->b, s.p[k] == '\n' || s.p[k] == '\r' ? ' ' : s.p[k]);
    r->at += CM_PLACEHOLDER_BYTES;
  }
}

static void bare(restore *r, char c) {
  cm_str s = rest(r);
  if (c == '\'') push(r, r->before == '$' ? '$' : '\'');
  else if (c == '"' || c == '(' || c == '`') push(r, c);
  else if (c == ')' && r->depth) r->depth--;
  else if (cm_str_starts(s, CM_STR("<<")) && !cm_str_starts(s, CM_STR("<<<")) && r->before != '<')
    r->document = true;
}

/* What the byte does to the quotes that are open. */
static void follow(restore *r, char c) {
  char now = context(r);
  if (is_bare(r)) bare(r, c);
  else if (now == '"' && c == '(' && r->before == '$') push(r, '(');
  else if (now == '"' && c == '`') push(r, '`');
  else if (now == '$' ? c == '\'' : c == now) r->depth--;
}

/* Copies one byte that is no placeholder. */
static void step(restore *r) {
  char c = r->reply.p[r->at];
  if (is_bare(r) && c == '#' && r->word_start) {
    comment(r);
    return;
  }
  bool escaped = r->before == '\\' && context(r) != '\'';
  if (!escaped) follow(r, c);
  cm_buf_putc(&r->b, c);
  r->at++;
  /* $$ is a number: a bracket or quote behind it begins nothing. */
  r->before = escaped || (c == '$' && r->before == '$') ? 0 : c;
  if (escaped) {
    r->word_start = false, r->run = r->b.n, r->run_whole = false;
    return;
  }
  r->word_start = is_bare(r) && ends_word(c);
  if (!is_plain(c) || c == '=') r->run = r->b.n, r->run_whole = r->word_start || c == '=';
}

cm_code cm_literals_restore(const cm_literals *l, cm_str reply, cm_arena *a, cm_str *out,
                            cm_err *e) {
  restore r = {.l = l, .reply = reply, .word_start = true, .run_whole = true};
  cm_buf_init(&r.b, CM_RESTORED_MAX);
  while (r.at < reply.n && !r.problem && !r.b.overflow) {
    int i = cm_placeholder_at(rest(&r));
    if (i >= 0) restore_one(&r, i);
    else step(&r);
  }
  bool full = r.b.overflow;
  *out = (cm_str){full || r.problem ? NULL : cm_arena_strdup(a, r.b.p, r.b.n), r.b.n};
  cm_buf_close(&r.b);
  if (r.problem) return cm_fail(e, CM_E_NOTFOUND, 0, "the reply %s", r.problem);
  if (full) return cm_fail(e, CM_E_LIMIT, 0, "the reply is longer than %d bytes", CM_RESTORED_MAX);
  return out->p ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
}
