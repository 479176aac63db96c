#include "quality/spelling.h"

#include <stdlib.h>
#include <string.h>

#include "quality/pattern.h"

enum { PART_BYTES_MAX = 1 << 20 };

/* What is printed by its own rules; all between two of them is operators and keywords. */
typedef struct item {
  cm_span span;
  const cm_cmd *cmd;     /* a simple command, else NULL */
  const cm_word *word;   /* of loops, case and conditions */
  const cm_redir *redir; /* of compound commands */
} item;

typedef struct walker {
  cm_str text;
  cm_arena *arena;
  item *items;
  size_t n, room;
  bool failed, has_here;
} walker;

/* --- collecting --- */

static void add(walker *w, item it) {
  if (w->n == w->room && !w->failed) {
    size_t room = w->room ? w->room * 2 : 16;
    item *more = cm_arena_alloc(w->arena, room, sizeof *more);
    if (more && w->n) memcpy(more, w->items, w->n * sizeof *more);
    if (more) w->items = more, w->room = room;
    w->failed = !more;
  }
  if (!w->failed) w->items[w->n++] = it;
}

static void add_words(walker *w, const cm_word *word) {
  for (; word; word = word->next) add(w, (item){.span = word->span, .word = word});
}

static void walk_list(walker *w, const cm_sh_list *list);

/* As deep as the parser's limit at most. */
static void walk_cmd(walker *w, const cm_cmd *c) {
  for (const cm_redir *r = c->redirs; r; r = r->next) {
    w->has_here = w->has_here || r->op == CM_REDIR_HERE_DOC;
    if (c->kind != CM_CMD_SIMPLE) add(w, (item){.span = r->span, .redir = r});
  }
  if (c->kind == CM_CMD_SIMPLE) {
    add(w, (item){.span = c->span, .cmd = c});
    return;
  }
  add_words(w, c->words);
  for (const cm_arm *arm = c->arms; arm; arm = arm->next) {
    walk_list(w, arm->test);
    add_words(w, arm->patterns);
    walk_list(w, arm->body);
  }
  walk_list(w, c->body);
}

static void walk_list(walker *w, const cm_sh_list *list) {
  for (; list; list = list->next)
    for (const cm_pipeline *p = list->first; p; p = p->next)
      for (const cm_cmd *c = p->cmds; c; c = c->next) walk_cmd(w, c);
}

static int by_place(const void *x, const void *y) {
  const item *a = x, *b = y;
  return a->span.start < b->span.start ? -1 : a->span.start > b->span.start;
}

static cm_code collect(walker *w, const cm_sh_tree *tree, cm_err *e) {
  walk_list(w, tree->list);
  if (w->failed) return cm_fail(e, CM_E_NOMEM, 0, "out of memory for a command's text");
  if (w->n) qsort(w->items, w->n, sizeof *w->items, by_place);
  return CM_OK;
}

/* --- words --- */

/* Characters that mean something without quotes. */
static bool is_active(char c) { return c && strchr("*?[]{}~$`\\'\"|&;<>()!# \t\n", c); }

static void put_characters(const cm_part *p, bool canon, cm_buf *out) {
  for (size_t i = 0; i < p->text.n; i++) {
    if (canon && p->quoted && is_active(p->text.p[i])) cm_buf_putc(out, '\\');
    cm_buf_putc(out, p->text.p[i]);
  }
}

/* An expansion as it is written, without the double quotes around it. */
static void put_expansion(cm_str text, const cm_part *p, bool canon, cm_buf *out) {
  size_t start = p->span.start, end = p->span.end;
  if (p->quoted && start < end && text.p[start] == '"') start++;
  if (p->quoted && start < end && text.p[end - 1] == '"') end--;
  if (canon) cm_buf_putc(out, p->quoted ? '\x02' : '\x03');
  cm_buf_add(out, text.p + start, end - start);
  if (canon) cm_buf_putc(out, '\x03');
}

static void put_word(cm_str text, const cm_word *w, bool canon, cm_buf *out) {
  size_t before = out->n;
  for (const cm_part *p = w->parts; p; p = p->next) {
    if (p->kind == CM_PART_TEXT) put_characters(p, canon, out);
    else put_expansion(text, p, canon, out);
  }
  if (out->n == before) cm_buf_puts(out, "''");
}

static void put_span(cm_str text, cm_span s, cm_buf *out) {
  cm_buf_add(out, text.p + s.start, s.end - s.start);
}

static void put_assign(cm_str text, const cm_assign *as, bool canon, cm_buf *out) {
  if (as->array || as->subscript) {
    put_span(text, as->span, out);
    return;
  }
  cm_buf_add(out, as->name.p, as->name.n);
  cm_buf_puts(out, as->append ? "+=" : "=");
  if (as->value) put_word(text, as->value, canon, out);
}

/* --- redirections --- */

static const char *operator_of(cm_redir_op op) {
  static const char *const names[] = {"<",  ">",  ">|", ">>", "&>", "&>>",
                                      "<>", "<&", ">&", "<<", "<<<"};
  return names[op];
}

/* 0 for what reads, 1 for what writes. */
static int default_fd(cm_redir_op op) {
  return op == CM_REDIR_READ || op == CM_REDIR_READ_WRITE || op == CM_REDIR_DUP_IN ||
                 op >= CM_REDIR_HERE_DOC
             ? 0
             : 1;
}

static void put_redir(cm_str text, const cm_redir *r, cm_spelling style, cm_buf *out) {
  bool dup = r->op == CM_REDIR_DUP_IN || r->op == CM_REDIR_DUP_OUT;
  if (r->fd == -2) cm_buf_printf(out, "{%.*s}", (int)r->fd_name.n, r->fd_name.p);
  else if (r->fd >= 0 && (style != CM_SPELLING_CANON || r->fd != default_fd(r->op)))
    cm_buf_printf(out, "%d", r->fd);
  cm_buf_puts(out, operator_of(r->op));
  if (style != CM_SPELLING_TIGHT && !dup) cm_buf_putc(out, ' ');
  if (r->target) put_word(text, r->target, style == CM_SPELLING_CANON, out);
}

/* --- simple commands --- */

static void blank(cm_buf *out, size_t before) {
  if (out->n > before) cm_buf_putc(out, ' ');
}

/* In the order of the text. */
static void put_plain(cm_str text, const cm_cmd *c, cm_spelling style, cm_buf *out) {
  const cm_assign *as = c->assigns;
  const cm_word *w = c->words;
  const cm_redir *r = c->redirs;
  size_t before = out->n;
  while (as || w || r) {
    uint32_t at_as = as ? as->span.start : UINT32_MAX, at_w = w ? w->span.start : UINT32_MAX;
    uint32_t at_r = r ? r->span.start : UINT32_MAX;
    blank(out, before);
    if (as && at_as <= at_w && at_as <= at_r) put_assign(text, as, false, out), as = as->next;
    else if (w && at_w <= at_r) put_word(text, w, false, out), w = w->next;
    else put_redir(text, r, style, out), r = r->next;
  }
}

typedef struct words {
  cm_rword *items;
  size_t n;
} words;

/* The canonical words of a command. */
static bool canon_words(cm_str text, const cm_cmd *c, cm_arena *a, words *out) {
  size_t n = 0;
  for (const cm_word *w = c->words; w; w = w->next) n++;
  *out = (words){cm_arena_alloc(a, n + 1, sizeof *out->items), n};
  if (!out->items) return false;
  cm_buf b;
  cm_buf_init(&b, PART_BYTES_MAX);
  bool good = true;
  n = 0;
  for (const cm_word *w = c->words; w && good; w = w->next) {
    cm_buf_reset(&b);
    put_word(text, w, true, &b);
    const char *p = b.overflow ? NULL : cm_arena_strdup(a, b.p, b.n);
    out->items[n++].text = (cm_str){p, b.n};
    good = p != NULL;
  }
  cm_buf_close(&b);
  return good;
}

static int by_option(const void *x, const void *y) {
  const cm_arg *a = x, *b = y;
  int d = cm_str_order(a->name, b->name);
  if (!d && a->index != b->index) d = a->index < b->index ? -1 : 1;
  return d ? d : a->name.p < b->name.p ? -1 : a->name.p > b->name.p;
}

static void put_args(cm_arg *args, size_t n, cm_buf *out) {
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i; end < n && args[end].option; end++) {}
    if (end > i) qsort(args + i, end - i, sizeof *args, by_option);
    for (size_t j = i; j < end; j++) {
      cm_buf_printf(out, " \x04%.*s", (int)args[j].name.n, args[j].name.p);
      if (args[j].has_value) cm_buf_printf(out, "=%.*s", (int)args[j].value.n, args[j].value.p);
    }
    if (end > i) continue;
    cm_buf_putc(out, ' ');
    cm_buf_add(out, args[i].value.p, args[i].value.n);
    end = i + 1;
  }
}

/* Flags may change places where it is known which of them take a value, and where they are neither
 * tests (find) nor another program's (sudo). */
static bool put_options(const words *w, cm_arena *a, cm_buf *out) {
  bool sure;
  cm_argv_spec spec = cm_pattern_spec(w->items[0].text, &sure);
  if (!sure || spec.how & (CM_ARGV_DASH | CM_ARGV_STOP) || cm_str_is(w->items[0].text, "ps"))
    return false;
  size_t room = 1, n = 0;
  for (size_t i = 0; i < w->n; i++) room += w->items[i].text.n + 1;
  cm_arg *args = cm_arena_alloc(a, room, sizeof *args);
  if (!args) return false;
  cm_argv v = cm_argv_of(w->items, w->n, spec);
  while (n < room && cm_argv_next(&v, &args[n])) n++;
  cm_buf_add(out, w->items[0].text.p, w->items[0].text.n);
  put_args(args, n, out);
  return true;
}

static void put_canon(walker *w, const cm_cmd *c, cm_buf *out) {
  words all;
  size_t before = out->n;
  if (!canon_words(w->text, c, w->arena, &all)) {
    w->failed = true;
    return;
  }
  for (const cm_assign *as = c->assigns; as; as = as->next) {
    blank(out, before);
    put_assign(w->text, as, true, out);
  }
  if (c->assigns) cm_buf_putc(out, '\x04'); /* a word 'x=1' is no assignment */
  if (all.n) blank(out, before);
  if (all.n && !put_options(&all, w->arena, out))
    for (size_t i = 0; i < all.n; i++) {
      if (i) cm_buf_putc(out, ' ');
      cm_buf_add(out, all.items[i].text.p, all.items[i].text.n);
    }
  for (const cm_redir *r = c->redirs; r; r = r->next) {
    blank(out, before);
    put_redir(w->text, r, CM_SPELLING_CANON, out);
  }
}

/* --- the whole --- */

static bool is_operator(char c) { return c && strchr("|&;()", c); }

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

/* Length of the operator or other word at `i`. */
static size_t token(cm_str s, size_t i) {
  size_t n = 1;
  if (is_operator(s.p[i])) {
    if (strchr("()", s.p[i])) return 1;
    while (n < 3 && i + n < s.n && s.p[i + n] && strchr("|&;", s.p[i + n])) n++;
    return n;
  }
  while (i + n < s.n && !is_operator(s.p[i + n]) && !is_blank(s.p[i + n])) n++;
  return n;
}

static void put_token(cm_str t, bool tight, cm_buf *out) {
  char last = out->n ? out->p[out->n - 1] : ' ';
  bool apart = tight ? !is_operator(t.p[0]) && !is_operator(last) : t.p[0] != ';';
  if (apart && last != ' ') cm_buf_putc(out, ' ');
  cm_buf_add(out, t.p, t.n);
}

/* What stands between two items, or (not `between`) behind the last: operators and keywords. A new
 * line between commands is a ";". */
static void put_gap(cm_str gap, bool tight, bool between, cm_buf *out) {
  cm_str inner = cm_str_trim(gap);
  if (between && !inner.n && gap.n && memchr(gap.p, '\n', gap.n)) inner = CM_STR(";");
  for (size_t i = 0, n; i < inner.n; i += n) {
    n = is_blank(inner.p[i]) ? 1 : token(inner, i);
    if (!is_blank(inner.p[i])) put_token((cm_str){inner.p + i, n}, tight, out);
  }
  bool joined = tight && inner.n && is_operator(inner.p[inner.n - 1]);
  if (between && !joined) cm_buf_putc(out, ' ');
}

static void put_item(walker *w, const item *it, cm_spelling style, cm_buf *out) {
  if (it->word) put_word(w->text, it->word, style == CM_SPELLING_CANON, out);
  else if (it->redir) put_redir(w->text, it->redir, style, out);
  else if (style == CM_SPELLING_CANON) put_canon(w, it->cmd, out);
  else put_plain(w->text, it->cmd, style, out);
}

cm_code cm_spelling_whole(cm_str text, const cm_sh_tree *tree, cm_spelling style, cm_arena *a,
                          cm_buf *out, cm_err *e) {
  walker w = {.text = text, .arena = a};
  cm_code code = collect(&w, tree, e);
  if (code) return code;
  if (style == CM_SPELLING_CANON && w.has_here) { /* bodies stand between the items */
    cm_str all = cm_str_trim(text);
    cm_buf_add(out, all.p, all.n);
    return CM_OK;
  }
  size_t at = 0;
  for (size_t i = 0; i < w.n; i++) {
    size_t start = w.items[i].span.start;
    if (start < at) continue; /* inside of what is printed already */
    cm_str gap = {text.p + at, start - at};
    if (i || cm_str_trim(gap).n) put_gap(gap, style == CM_SPELLING_TIGHT, true, out);
    put_item(&w, &w.items[i], style, out);
    at = w.items[i].span.end;
  }
  put_gap((cm_str){text.p + at, text.n - at}, style == CM_SPELLING_TIGHT, false, out);
  return w.failed ? cm_fail(e, CM_E_NOMEM, 0, "out of memory for a command's text") : CM_OK;
}

cm_code cm_spelling_canon(cm_str text, cm_dialect dialect, cm_arena *a, cm_buf *out, cm_err *e) {
  cm_sh_tree tree;
  cm_code code = cm_sh_parse(text, dialect, a, &tree, e);
  cm_buf_reset(out);
  if (!code) code = cm_spelling_whole(text, &tree, CM_SPELLING_CANON, a, out, e);
  if (!code && out->overflow)
    code = cm_fail(e, CM_E_NOMEM, 0, "out of memory for a command's text");
  return code;
}

static bool keep_part(walker *w, const cm_cmd *c, cm_spelling style, cm_str *out) {
  cm_buf b;
  cm_buf_init(&b, PART_BYTES_MAX);
  put_plain(w->text, c, style, &b);
  char *p = b.overflow ? NULL : cm_arena_strdup(w->arena, b.p ? b.p : "", b.n);
  *out = (cm_str){p, b.n};
  cm_buf_close(&b);
  return p != NULL;
}

cm_code cm_spelling_parts(cm_str text, const cm_sh_tree *tree, cm_arena *a, cm_str **items,
                          size_t *n, cm_err *e) {
  walker w = {.text = text, .arena = a};
  cm_code code = collect(&w, tree, e);
  if (code) return code;
  *n = 0;
  *items = cm_arena_alloc(a, 2 * w.n + 1, sizeof **items);
  bool good = *items != NULL;
  for (size_t i = 0; i < w.n && good; i++)
    for (cm_spelling s = CM_SPELLING_SPACED; s <= CM_SPELLING_TIGHT && good && w.items[i].cmd; s++)
      good = keep_part(&w, w.items[i].cmd, s, &(*items)[(*n)++]);
  return good ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "out of memory for a command's text");
}
