/* Reads disguises.txt and tricks.txt of tests/corpus/safety, which say what they mean, and puts
 * disguises on commands. Everything lives in the caller's arena. */
#ifndef CM_TESTS_DISGUISE_H
#define CM_TESTS_DISGUISE_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/str.h"
#include "safety/safety.h"

enum { DISGUISE_TEXT_MAX = 1 << 20, DISGUISE_BASES = 100, DISGUISES = 500, TRICKS = 600 };

typedef enum disguise_kind { DISGUISE_SIMPLE, DISGUISE_LIST, DISGUISE_TEXT } disguise_kind;

enum {
  DISGUISE_BASH = 1,
  DISGUISE_POSIX = 2,
  DISGUISE_LINE = 4,
  DISGUISE_ELSEWHERE = 8,
  DISGUISE_TRY = 16,
  DISGUISE_MORE = 32
};

/* A command, disguised or not. */
typedef struct disguised {
  cm_str text;
  disguise_kind kind;
  bool bash;
  cm_risk risk; /* it is judged at least */
} disguised;

typedef struct disguise {
  cm_str name, steps;
  disguise_kind kind;
  unsigned flags;
} disguise;

typedef struct disguise_table {
  cm_arena *arena;
  disguised bases[DISGUISE_BASES];
  size_t n_bases;
  disguise how[DISGUISES];
  size_t n_how;
  disguised tricks[TRICKS];
  size_t n_tricks;
} disguise_table;

/* --- bytes -------------------------------------------------------------------------------- */

/* A buffer's bytes as a string of the arena; closes the buffer. */
static inline cm_str disguise_kept(cm_arena *a, cm_buf *b) {
  cm_str out = {cm_arena_strdup(a, b->p ? b->p : "", b->n), b->n};
  if (b->overflow || !out.p) {
    fprintf(stderr, "disguise.h: a text is too long\n");
    exit(1);
  }
  cm_buf_close(b);
  return out;
}

static inline cm_buf disguise_buf(void) {
  cm_buf b;
  cm_buf_init(&b, DISGUISE_TEXT_MAX);
  return b;
}

static inline cm_str disguise_unescape(cm_arena *a, cm_str in) {
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < in.n; i++) {
    if (in.p[i] == '\\' && i + 1 < in.n) {
      i++;
      cm_buf_putc(&b, (char)(in.p[i] == 'n' ? '\n' : in.p[i] == 't' ? '\t' : in.p[i]));
    } else {
      cm_buf_putc(&b, in.p[i]);
    }
  }
  return disguise_kept(a, &b);
}

/* `in` between two marks, with a backslash (or `instead`) before each byte of `special`. */
static inline cm_str disguise_guard(cm_arena *a, cm_str in, const char *mark, const char *special,
                                    const char *instead) {
  cm_buf b = disguise_buf();
  cm_buf_puts(&b, mark);
  for (size_t i = 0; i < in.n; i++) {
    if (in.p[i] && strchr(special, in.p[i])) cm_buf_puts(&b, instead);
    cm_buf_putc(&b, in.p[i]);
  }
  cm_buf_puts(&b, mark);
  return disguise_kept(a, &b);
}

static inline cm_str disguise_replace(cm_arena *a, cm_str in, char from, const char *to) {
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < in.n; i++) {
    if (in.p[i] == from) cm_buf_puts(&b, to);
    else cm_buf_putc(&b, in.p[i]);
  }
  return disguise_kept(a, &b);
}

static inline cm_str disguise_each(cm_arena *a, cm_str in, const char *format) {
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < in.n; i++) {
    char hex[8];
    snprintf(hex, sizeof hex, format, (unsigned)(unsigned char)in.p[i]);
    cm_buf_puts(&b, hex);
  }
  return disguise_kept(a, &b);
}

static inline cm_str disguise_base64(cm_arena *a, cm_str in) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < in.n; i += 3) {
    unsigned v = 0;
    for (size_t k = 0; k < 3; k++)
      v = v << 8 | (i + k < in.n ? (unsigned)(unsigned char)in.p[i + k] : 0);
    for (size_t k = 0; k < 4; k++)
      cm_buf_putc(&b, (char)(i + k <= in.n ? digits[v >> (18 - 6 * k) & 63] : '='));
  }
  return disguise_kept(a, &b);
}

/* Line by line, as rev does. */
static inline cm_str disguise_rev(cm_arena *a, cm_str in) {
  cm_buf b = disguise_buf();
  for (size_t start = 0, end; start <= in.n; start = end + 1) {
    for (end = start; end < in.n && in.p[end] != '\n';) end++;
    for (size_t i = end; i > start; i--) cm_buf_putc(&b, in.p[i - 1]);
    if (end < in.n) cm_buf_putc(&b, '\n');
  }
  return disguise_kept(a, &b);
}

static inline cm_str disguise_rot13(cm_arena *a, cm_str in) {
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < in.n; i++) {
    char c = in.p[i];
    if (c >= 'a' && c <= 'z') c = (char)('a' + (c - 'a' + 13) % 26);
    else if (c >= 'A' && c <= 'Z') c = (char)('A' + (c - 'A' + 13) % 26);
    cm_buf_putc(&b, c);
  }
  return disguise_kept(a, &b);
}

static inline cm_str disguise_upper(cm_arena *a, cm_str in) {
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < in.n; i++)
    cm_buf_putc(&b, (char)(in.p[i] >= 'a' && in.p[i] <= 'z' ? in.p[i] - 32 : in.p[i]));
  return disguise_kept(a, &b);
}

/* --- filters ------------------------------------------------------------------------------ */

static inline cm_str disguise_q(cm_arena *a, cm_str in) {
  cm_buf b = disguise_buf();
  cm_buf_putc(&b, '\'');
  for (size_t i = 0; i < in.n; i++) {
    if (in.p[i] == '\'') cm_buf_puts(&b, "'\\''");
    else cm_buf_putc(&b, in.p[i]);
  }
  cm_buf_putc(&b, '\'');
  return disguise_kept(a, &b);
}

static inline cm_str disguise_d(cm_arena *a, cm_str in) {
  return disguise_guard(a, in, "\"", "\\\"$`", "\\");
}

static inline cm_str disguise_c(cm_arena *a, cm_str in) {
  return disguise_replace(a, disguise_guard(a, in, "\"", "\\\"", "\\"), '\n', "\\n");
}

static inline cm_str disguise_p(cm_arena *a, cm_str in) {
  return disguise_guard(a, in, "'", "\\'", "\\");
}

static inline cm_str disguise_hex(cm_arena *a, cm_str in) { return disguise_each(a, in, "%02x"); }
static inline cm_str disguise_x(cm_arena *a, cm_str in) { return disguise_each(a, in, "\\x%02x"); }
static inline cm_str disguise_oct(cm_arena *a, cm_str in) {
  return disguise_each(a, in, "\\%03o");
}

static inline cm_str disguise_same(cm_arena *a, cm_str in) {
  (void)a;
  return in;
}

static inline cm_str disguise_rest(cm_arena *a, cm_str in) {
  (void)a;
  size_t n = 0;
  while (n < in.n && in.p[n] != ' ') n++;
  return (cm_str){in.p + n, in.n - n};
}

static inline cm_str disguise_args(cm_arena *a, cm_str in) {
  cm_str rest = disguise_rest(a, in);
  return rest.n ? (cm_str){rest.p + 1, rest.n - 1} : rest;
}

static inline cm_str disguise_name(cm_arena *a, cm_str in) {
  return (cm_str){in.p, in.n - disguise_rest(a, in).n};
}

static inline cm_str disguise_first(cm_arena *a, cm_str in) {
  (void)a;
  return (cm_str){in.p, 1};
}

static inline cm_str disguise_others(cm_arena *a, cm_str in) {
  return (cm_str){in.p + 1, disguise_name(a, in).n - 1};
}

static inline cm_str disguise_head(cm_arena *a, cm_str in) {
  return (cm_str){in.p, disguise_name(a, in).n - 1};
}

static inline cm_str disguise_last(cm_arena *a, cm_str in) {
  return (cm_str){in.p + disguise_name(a, in).n - 1, 1};
}

static inline cm_str disguise_ifs(cm_arena *a, cm_str in) {
  return disguise_replace(a, in, ' ', "${IFS}");
}

static inline cm_str disguise_commas(cm_arena *a, cm_str in) {
  return disguise_replace(a, in, ' ', ",");
}

static inline cm_str disguise_cont(cm_arena *a, cm_str in) {
  return disguise_replace(a, in, ' ', " \\\n ");
}

/* Every word in $'…'. */
static inline cm_str disguise_ansi(cm_arena *a, cm_str in) {
  cm_buf b = disguise_buf();
  cm_str word;
  for (cm_str rest = in; rest.n; rest = disguise_args(a, rest)) {
    word = disguise_x(a, disguise_name(a, rest));
    cm_buf_printf(&b, "%s$'%s'", b.n ? " " : "", word.p);
  }
  return disguise_kept(a, &b);
}

/* ['rm', '-rf', '/'] */
static inline cm_str disguise_list(cm_arena *a, cm_str in) {
  cm_buf b = disguise_buf();
  cm_buf_puts(&b, "['");
  cm_buf_puts(&b, disguise_replace(a, in, ' ', "', '").p);
  cm_buf_puts(&b, "']");
  return disguise_kept(a, &b);
}

static inline cm_str disguise_pad(cm_arena *a, cm_str in) {
  (void)a, (void)in;
  return CM_STR("                                                            ");
}

/* What a text has to be before it can be inserted so. */
typedef enum disguise_need {
  NEED_NOTHING,
  NEED_LIST,
  NEED_SIMPLE,
  NEED_NAME, /* simple, and its first word stands there literally, without a folder */
  NEED_PLAIN /* simple, and every word does */
} disguise_need;

static const struct disguise_filter {
  const char *name;
  disguise_need need;
  cm_str (*run)(cm_arena *a, cm_str in);
} disguise_filters[] = {
    {"", NEED_LIST, disguise_same},          {"cmd", NEED_SIMPLE, disguise_same},
    {"words", NEED_PLAIN, disguise_same},    {"args", NEED_PLAIN, disguise_args},
    {"name", NEED_NAME, disguise_name},      {"rest", NEED_NAME, disguise_rest},
    {"first", NEED_NAME, disguise_first},    {"others", NEED_NAME, disguise_others},
    {"head", NEED_NAME, disguise_head},      {"last", NEED_NAME, disguise_last},
    {"q", NEED_NOTHING, disguise_q},         {"d", NEED_NOTHING, disguise_d},
    {"c", NEED_NOTHING, disguise_c},         {"p", NEED_NOTHING, disguise_p},
    {"b64", NEED_NOTHING, disguise_base64},  {"hex", NEED_NOTHING, disguise_hex},
    {"oct", NEED_NOTHING, disguise_oct},     {"x", NEED_NOTHING, disguise_x},
    {"rev", NEED_NOTHING, disguise_rev},     {"rot13", NEED_NOTHING, disguise_rot13},
    {"upper", NEED_NOTHING, disguise_upper}, {"ifs", NEED_PLAIN, disguise_ifs},
    {"commas", NEED_PLAIN, disguise_commas}, {"cont", NEED_PLAIN, disguise_cont},
    {"each", NEED_PLAIN, disguise_ansi},     {"list", NEED_PLAIN, disguise_list},
    {"pad", NEED_NOTHING, disguise_pad},
};

/* --- the file ----------------------------------------------------------------------------- */

static inline void disguise_wrong(cm_str line, const char *what) {
  fprintf(stderr, "tests/corpus/safety: %s: %.*s\n", what, (int)line.n, line.p);
  exit(1);
}

/* Cuts what stands before `mark` off `rest`; everything without one. */
static inline cm_str disguise_cut(cm_str *rest, const char *mark) {
  size_t at = cm_str_find(*rest, cm_str_of(mark)), skip = strlen(mark);
  cm_str out = {rest->p, at == SIZE_MAX ? rest->n : at};
  size_t used = at == SIZE_MAX ? rest->n : at + skip;
  rest->p += used;
  rest->n -= used;
  return out;
}

static inline const struct disguise_filter *disguise_filter_of(cm_str name) {
  for (size_t i = 0; i < sizeof disguise_filters / sizeof *disguise_filters; i++)
    if (cm_str_is(name, disguise_filters[i].name)) return disguise_filters + i;
  disguise_wrong(name, "no such filter");
  return NULL;
}

static inline unsigned disguise_index(cm_str line, cm_str word, const char *const *names) {
  for (unsigned i = 0; names[i]; i++)
    if (cm_str_is(word, names[i])) return i;
  disguise_wrong(line, "a word that means nothing here");
  return 0;
}

static const char *const disguise_kinds[] = {"simple", "list", "text", NULL};
static const char *const disguise_flags[] = {"bash", "posix", "line", "elsewhere",
                                             "try",  "more",  NULL};
static const char *const disguise_risks[] = {"safe", "moderate", "high", "critical", NULL};

static inline void disguise_read_line(disguise_table *t, cm_str line) {
  cm_str rest = line, key = disguise_cut(&rest, " ");
  if (cm_str_is(key, "base") && t->n_bases < DISGUISE_BASES) {
    disguised *b = &t->bases[t->n_bases++];
    b->risk = (cm_risk)disguise_index(line, disguise_cut(&rest, " "), disguise_risks);
    cm_str kind = disguise_cut(&rest, " "), first = disguise_cut(&kind, ",");
    b->kind = (disguise_kind)disguise_index(line, first, disguise_kinds);
    b->bash = cm_str_is(kind, "bash");
    b->text = disguise_unescape(t->arena, rest);
  } else if (cm_str_is(key, "how") && t->n_how < DISGUISES) {
    disguise *h = &t->how[t->n_how++];
    h->name = disguise_cut(&rest, " ");
    h->kind = (disguise_kind)disguise_index(line, disguise_cut(&rest, " "), disguise_kinds);
    cm_str flags = disguise_cut(&rest, " ");
    while (flags.n && !cm_str_is(flags, "-"))
      h->flags |= 1U << disguise_index(line, disguise_cut(&flags, ","), disguise_flags);
    h->steps = disguise_unescape(t->arena, rest);
  } else {
    disguise_wrong(line, "not a base or a disguise, or too many of them");
  }
}

static inline void disguise_read_trick(disguise_table *t, cm_str line) {
  cm_str rest = line;
  if (t->n_tricks == TRICKS) disguise_wrong(line, "too many tricks");
  disguised *d = &t->tricks[t->n_tricks++];
  d->risk = (cm_risk)disguise_index(line, disguise_cut(&rest, " "), disguise_risks);
  bool whole = cm_str_find(rest, CM_STR("<<'")) != SIZE_MAX || cm_str_ends(rest, CM_STR("&"));
  d->kind = whole ? DISGUISE_TEXT : DISGUISE_LIST;
  d->bash = true;
  d->text = disguise_unescape(t->arena, rest);
}

static inline void disguise_read(disguise_table *t, const char *path,
                                 void (*read_line)(disguise_table *, cm_str)) {
  cm_buf file;
  cm_err e;
  cm_buf_init(&file, 1 << 20);
  if (cm_os_read_file(path, &file, &e)) disguise_wrong(cm_str_of(path), "can't be read");
  cm_str rest = disguise_kept(t->arena, &file), line;
  while (cm_str_line(&rest, &line))
    if (line.n && line.p[0] != '#') read_line(t, line);
}

static inline disguise_table *disguise_open(void) {
  cm_arena *arena = cm_arena_open(4 << 20);
  disguise_table *t = arena ? cm_arena_alloc(arena, 1, sizeof *t) : NULL;
  if (!t) disguise_wrong(CM_STR("disguise.h"), "no memory");
  t->arena = arena;
  disguise_read(t, CM_SOURCE_DIR "/tests/corpus/safety/disguises.txt", disguise_read_line);
  disguise_read(t, CM_SOURCE_DIR "/tests/corpus/safety/tricks.txt", disguise_read_trick);
  return t;
}

static inline void disguise_close(disguise_table *t) { cm_arena_close(t->arena); }

/* --- putting one on ----------------------------------------------------------------------- */

static inline bool disguise_only(cm_str s, const char *also) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits && !(c && strchr(also, c))) return false;
  }
  return s.n > 0;
}

/* The most that a text fulfils. */
static inline disguise_need disguise_gives(cm_arena *a, const disguised *d) {
  if (d->kind != DISGUISE_SIMPLE) return d->kind == DISGUISE_LIST ? NEED_LIST : NEED_NOTHING;
  cm_str name = disguise_name(a, d->text);
  if (name.n < 2 || !disguise_only(name, "._-")) return NEED_SIMPLE;
  return disguise_only(d->text, " ._-/=:@+") ? NEED_PLAIN : NEED_NAME;
}

/* Fills one template; raises *need to what its insertions need. */
static inline cm_str disguise_fill(cm_arena *a, cm_str step, cm_str in, disguise_need *need) {
  cm_buf b = disguise_buf();
  while (step.n) {
    cm_str before = disguise_cut(&step, "%{");
    cm_buf_add(&b, before.p, before.n);
    if (before.p + before.n == step.p) break; /* no insertion: this was the end */
    cm_str names = disguise_cut(&step, "}"), value = in;
    do {
      const struct disguise_filter *f = disguise_filter_of(disguise_cut(&names, " "));
      if (f->need > *need) *need = f->need;
      value = f->run(a, value);
    } while (names.n);
    cm_buf_add(&b, value.p, value.n);
  }
  return disguise_kept(a, &b);
}

/* Puts `how` on `in`; false if it does not fit. */
static inline bool disguise_apply(cm_arena *a, const disguise *how, const disguised *in,
                                  disguised *out) {
  disguised d = *in;
  cm_str steps = how->steps, first = disguise_cut(&steps, " => ");
  disguise_need need = NEED_NOTHING, ignored = NEED_NOTHING;
  if (cm_str_find(d.text, CM_STR("\n")) != SIZE_MAX && (how->flags & DISGUISE_LINE)) return false;
  disguise_fill(a, first, CM_STR("xx"), &need);
  disguise_need gives = disguise_gives(a, &d);
  if (need == NEED_PLAIN && gives < need) return false;
  if (gives < need || (d.bash && (how->flags & DISGUISE_POSIX))) {
    if (need == NEED_PLAIN) return false;
    cm_str parts[] = {CM_STR("bash -c "), disguise_q(a, d.text)};
    cm_buf b = disguise_buf();
    for (size_t i = 0; i < 2; i++) cm_buf_add(&b, parts[i].p, parts[i].n);
    d = (disguised){disguise_kept(a, &b), DISGUISE_SIMPLE, false, d.risk};
  }
  out->text = disguise_fill(a, first, d.text, &ignored);
  while (steps.n) out->text = disguise_fill(a, disguise_cut(&steps, " => "), out->text, &ignored);
  out->kind = how->kind;
  out->bash = d.bash || (how->flags & DISGUISE_BASH);
  out->risk = d.risk > CM_HIGH && (how->flags & DISGUISE_ELSEWHERE) ? CM_HIGH : d.risk;
  return true;
}

#endif
