/* {a,b} and {1..3}, as in the bash manual's "Brace Expansion". */
#include <string.h>

#include "sh/eval.h"

enum {
  DEPTH = 10,         /* braces in and behind braces; each doubles the number of words */
  SEQUENCE_SHOWN = 8, /* of longer sequences the first ones, the last and an unknown number */
  SEQUENCE_MAX = 32
};

/* A character of an unquoted text, or a whole other part. */
typedef struct atom {
  const cm_part *part; /* NULL: the character */
  char c;
} atom;

typedef struct atoms {
  atom *v;
  size_t n;
} atoms;

typedef struct lists {
  atoms v[CM_RESOLVE_VALUES_MAX];
  size_t n, max;
} lists;

static atoms flatten(cm_eval *ev, const cm_part *parts) {
  size_t n = 0;
  for (const cm_part *p = parts; p; p = p->next)
    n += p->kind == CM_PART_TEXT && !p->quoted ? p->text.n : 1;
  atoms out = {cm_ev_many(ev, n, sizeof(atom)), 0};
  for (const cm_part *p = parts; out.v && p; p = p->next) {
    bool plain = p->kind == CM_PART_TEXT && !p->quoted;
    for (size_t i = 0; plain && i < p->text.n; i++) out.v[out.n++] = (atom){NULL, p->text.p[i]};
    if (!plain) out.v[out.n++] = (atom){p, 0};
  }
  return out;
}

static const cm_part *unflatten(cm_eval *ev, atoms a) {
  cm_part *first = NULL, **end = &first;
  char *text = cm_ev_many(ev, a.n + 1, 1);
  for (size_t i = 0; text && i < a.n;) {
    cm_part *p = cm_ev_many(ev, 1, sizeof *p);
    if (!p) break;
    if (a.v[i].part) {
      *p = *a.v[i++].part;
    } else {
      size_t from = i;
      for (; i < a.n && !a.v[i].part; i++) text[i] = a.v[i].c;
      p->text = (cm_str){text + from, i - from};
    }
    p->next = NULL;
    *end = p;
    end = &p->next;
  }
  return first;
}

static atoms concat(cm_eval *ev, atoms a, atoms b, atoms c) {
  atoms out = {cm_ev_many(ev, a.n + b.n + c.n, sizeof(atom)), 0};
  const atoms all[3] = {a, b, c};
  for (size_t i = 0; out.v && i < 3; i++) {
    if (all[i].n) memcpy(out.v + out.n, all[i].v, all[i].n * sizeof(atom));
    out.n += all[i].n;
  }
  return out;
}

/* Index of the brace that closes each open one; 0: none does. */
static size_t *match_braces(cm_eval *ev, atoms a) {
  size_t *match = cm_ev_many(ev, a.n + 1, sizeof *match), *stack, depth = 0;
  stack = cm_ev_many(ev, a.n + 1, sizeof *stack);
  for (size_t i = 0; match && stack && i < a.n; i++) {
    if (a.v[i].part) continue;
    if (a.v[i].c == '{') stack[depth++] = i;
    if (a.v[i].c == '}' && depth) match[stack[--depth]] = i;
  }
  return stack ? match : NULL;
}

static bool is_char(atoms a, size_t i, char c) { return !a.v[i].part && a.v[i].c == c; }

/* The next comma of the list inside a.v[from..to), or `to`. */
static size_t next_comma(atoms a, const size_t *match, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    if (is_char(a, i, ',')) return i;
    if (is_char(a, i, '{') && match[i] && match[i] < to) i = match[i];
  }
  return to;
}

/* --- sequences --- */

typedef struct sequence {
  long from, to, step;
  bool letters;
  size_t width; /* of numbers with leading zeros */
} sequence;

static bool sequence_end(cm_str s, long *out, bool *letter, size_t *width) {
  *letter = s.n == 1 && ((s.p[0] | 32) >= 'a' && (s.p[0] | 32) <= 'z');
  if (*letter) return *out = (unsigned char)s.p[0], true;
  size_t sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
  if (s.n > sign + 1 && s.p[sign] == '0' && s.n > *width) *width = s.n;
  return s.n < 10 && cm_str_number(s, out);
}

static bool read_sequence(cm_str s, sequence *q) {
  size_t dots = cm_str_find(s, CM_STR(".."));
  bool letter_a, letter_b;
  if (dots == SIZE_MAX) return false;
  cm_str a = {s.p, dots}, b = {s.p + dots + 2, s.n - dots - 2};
  *q = (sequence){.step = 1};
  dots = cm_str_find(b, CM_STR(".."));
  if (dots != SIZE_MAX) {
    if (b.n - dots > 11 || !cm_str_number((cm_str){b.p + dots + 2, b.n - dots - 2}, &q->step))
      return false;
    b.n = dots;
  }
  if (!sequence_end(a, &q->from, &letter_a, &q->width)) return false;
  if (!sequence_end(b, &q->to, &letter_b, &q->width)) return false;
  q->letters = letter_a;
  if (q->step < 0) q->step = -q->step;
  if (q->step == 0) q->step = 1;
  return letter_a == letter_b;
}

static atoms of_text(cm_eval *ev, cm_str s) {
  atoms out = {cm_ev_many(ev, s.n, sizeof(atom)), 0};
  for (size_t i = 0; out.v && i < s.n; i++) out.v[out.n++] = (atom){NULL, s.p[i]};
  return out;
}

static atoms sequence_value(cm_eval *ev, const sequence *q, long v) {
  char letter = (char)v;
  if (q->letters) return of_text(ev, (cm_str){&letter, 1});
  cm_str s = cm_ev_number(ev, v);
  cm_txt t = {0};
  size_t sign = v < 0;
  if (sign) cm_txt_putc(ev, &t, '-');
  for (size_t i = s.n; i < q->width; i++) cm_txt_putc(ev, &t, '0');
  cm_txt_add(ev, &t, (cm_str){s.p + sign, s.n - sign});
  return of_text(ev, cm_txt_str(&t));
}

static void sequence_values(cm_eval *ev, const sequence *q, lists *out) {
  long count = (q->to > q->from ? q->to - q->from : q->from - q->to) / q->step + 1;
  long sign = q->to < q->from ? -q->step : q->step;
  long shown = count > SEQUENCE_MAX ? SEQUENCE_SHOWN : count;
  for (long i = 0; i < shown && out->n < out->max; i++)
    out->v[out->n++] = sequence_value(ev, q, q->from + i * sign);
  if (shown == count || out->n + 2 > out->max) return;
  out->v[out->n++] = sequence_value(ev, q, q->from + (count - 1) * sign);
  cm_part *any = cm_ev_many(ev, 1, sizeof *any);
  atom *v = cm_ev_many(ev, 1, sizeof *v);
  if (!any || !v) return;
  any->kind = CM_PART_ARITH; /* without an expression: some number */
  v->part = any;
  out->v[out->n++] = (atoms){v, 1};
}

/* --- expansion --- */

static void expand(cm_eval *ev, atoms a, lists *out, unsigned depth);

static void expand_list(cm_eval *ev, atoms a, const size_t *match, size_t open, lists *out,
                        unsigned depth) {
  size_t close = match[open];
  for (size_t from = open + 1; from <= close && out->n < out->max;) {
    size_t comma = next_comma(a, match, from, close);
    expand(ev, (atoms){a.v + from, comma - from}, out, depth + 1);
    from = comma + 1;
  }
}

static bool as_text(cm_eval *ev, atoms a, cm_str *out) {
  char *p = cm_ev_many(ev, a.n + 1, 1);
  for (size_t i = 0; i < a.n; i++) {
    if (!p || a.v[i].part) return false;
    p[i] = a.v[i].c;
  }
  *out = (cm_str){p, a.n};
  return p != NULL;
}

/* The values of the first braces in `a` that mean something; false: there are none. */
static bool first_braces(cm_eval *ev, atoms a, size_t *open, size_t *close, lists *out,
                         unsigned depth) {
  const size_t *match = match_braces(ev, a);
  sequence q;
  cm_str text;
  for (size_t i = 0; match && i < a.n; i++) {
    if (!is_char(a, i, '{') || !match[i]) continue;
    atoms inside = {a.v + i + 1, match[i] - i - 1};
    *open = i;
    *close = match[i];
    if (next_comma(a, match, i + 1, match[i]) < match[i]) {
      expand_list(ev, a, match, i, out, depth);
      return true;
    }
    if (inside.n < 40 && as_text(ev, inside, &text) && read_sequence(text, &q)) {
      sequence_values(ev, &q, out);
      return true;
    }
  }
  return false;
}

static void expand(cm_eval *ev, atoms a, lists *out, unsigned depth) {
  lists *heads = NULL, *tails = NULL;
  size_t open, close;
  if (depth > DEPTH) ev->limited = true;
  else {
    heads = cm_ev_many(ev, 1, sizeof *heads);
    tails = cm_ev_many(ev, 1, sizeof *tails);
  }
  if (!tails || !heads) {
    if (out->n < out->max) out->v[out->n++] = a;
    return;
  }
  heads->max = tails->max = out->max;
  if (!first_braces(ev, a, &open, &close, heads, depth)) {
    if (out->n < out->max) out->v[out->n++] = a;
    return;
  }
  expand(ev, (atoms){a.v + close + 1, a.n - close - 1}, tails, depth + 1);
  for (size_t i = 0; i < heads->n; i++)
    for (size_t k = 0; k < tails->n && out->n < out->max; k++)
      out->v[out->n++] = concat(ev, (atoms){a.v, open}, heads->v[i], tails->v[k]);
}

size_t cm_expand_braces(cm_eval *ev, const cm_part *parts, const cm_part **out, size_t max) {
  lists *all = cm_ev_many(ev, 1, sizeof *all);
  if (!all) return 0;
  all->max = max < CM_RESOLVE_VALUES_MAX ? max : CM_RESOLVE_VALUES_MAX;
  expand(ev, flatten(ev, parts), all, 0);
  for (size_t i = 0; i < all->n; i++) out[i] = unflatten(ev, all->v[i]);
  return all->n;
}
