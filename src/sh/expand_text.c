/* Texts with holes, and the patterns of the shell. */
#include <string.h>

#include "sh/eval.h"

void *cm_ev_new(cm_eval *ev, size_t n, size_t size) {
  void *p = cm_arena_alloc(ev->a, n, size);
  if (!p) ev->nomem = true;
  return p;
}

void *cm_ev_many(cm_eval *ev, size_t n, size_t size) {
  return cm_ev_spend(ev, &ev->arrays, n * size, CM_EV_ARRAYS) ? cm_ev_new(ev, n, size) : NULL;
}

bool cm_ev_copy(cm_eval *ev, size_t n) { return cm_ev_spend(ev, &ev->copied, n, CM_EV_COPIED); }

void cm_txt_add(cm_eval *ev, cm_txt *t, cm_str s) {
  if (!s.n) return;
  if (!t->n && !t->cap) { /* the first stretch is borrowed; it is never written to */
    t->p = (char *)(uintptr_t)s.p;
    t->n = s.n;
    return;
  }
  size_t n = s.n;
  if (n > CM_SH_TEXT_MAX - (t->n < CM_SH_TEXT_MAX ? t->n : CM_SH_TEXT_MAX)) {
    t->over = true;
    return;
  }
  if (t->n + n > t->cap) {
    size_t cap = 2 * (t->n + n) + 32;
    if (!cm_ev_copy(ev, cap)) {
      t->over = true;
      return;
    }
    char *p = cm_ev_new(ev, cap, 1);
    if (!p) return;
    memcpy(p, t->p, t->n);
    t->p = p;
    t->cap = cap;
  }
  memcpy(t->p + t->n, s.p, n);
  t->n += n;
}

void cm_txt_putc(cm_eval *ev, cm_txt *t, char c) {
  if (t->n < t->cap) t->p[t->n++] = c;
  else {
    char *copy = cm_ev_new(ev, 1, 1);
    if (!copy) return;
    *copy = c;
    cm_txt_add(ev, t, (cm_str){copy, 1});
  }
}

cm_str cm_txt_str(const cm_txt *t) { return t->n ? (cm_str){t->p, t->n} : (cm_str){"", 0}; }

cm_str cm_ev_join(cm_eval *ev, cm_str a, cm_str b) {
  cm_txt t = {0};
  cm_txt_add(ev, &t, a);
  cm_txt_add(ev, &t, b);
  return cm_txt_str(&t);
}

cm_val cm_val_hole(unsigned from, const cm_run *source) {
  return (cm_val){CM_STR("\x01"), from, source};
}

cm_val cm_val_text(cm_str text) { return (cm_val){.text = text}; }

bool cm_val_known(const cm_val *v) {
  return !v->from && (!v->text.n || !memchr(v->text.p, CM_HOLE, v->text.n));
}

bool cm_str_all_holes(cm_str s) {
  bool any = false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == CM_HOLE) any = true;
    else if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\n') return false;
  }
  return any;
}

bool cm_str_number(cm_str s, long *out) {
  bool minus = s.n && s.p[0] == '-', sign = minus || (s.n && s.p[0] == '+');
  uint64_t v;
  if (!s.n || !cm_str_u64((cm_str){s.p + sign, s.n - sign}, 0, INT64_MAX, &v)) return false;
  *out = minus ? -(long)v : (long)v;
  return true;
}

cm_val cm_val_of_word(const cm_rword *w) { return (cm_val){w->text, w->from, w->source}; }

cm_rword cm_word_of_val(const cm_val *v, cm_span span) {
  unsigned from = v->from;
  if (!from && cm_str_has(v->text, CM_HOLE)) from = CM_FROM_INPUT; /* a decoded 0x01 */
  return (cm_rword){.text = v->text, .from = from, .source = v->source, .span = span};
}

cm_str cm_ev_number(cm_eval *ev, long n) {
  static const char digits[] = "0123456789";
  if (n >= 0 && n <= 9) return (cm_str){digits + n, 1};
  char tmp[24];
  size_t at = sizeof tmp;
  uint64_t v = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  do tmp[--at] = digits[v % 10];
  while (v /= 10);
  if (n < 0) tmp[--at] = '-';
  char *p = cm_arena_strdup(ev->a, tmp + at, sizeof tmp - at);
  if (!p) ev->nomem = true;
  return p ? (cm_str){p, sizeof tmp - at} : CM_STR("");
}

bool cm_is_name(cm_str s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(i && c >= '0' && c <= '9')) return false;
  }
  return s.n > 0;
}

/* Entries are short, and most differ in their first bytes. */
static int compare(const char *entry, cm_str name) {
  for (size_t i = 0; i < name.n; i++) {
    int order = (unsigned char)entry[i] - (unsigned char)name.p[i];
    if (order || !entry[i]) return order ? order : -1;
  }
  return entry[name.n] ? 1 : 0;
}

const void *cm_table_find(const void *table, size_t n, size_t size, cm_str name) {
  size_t low = 0, high = n;
  while (low < high) {
    size_t mid = (low + high) / 2;
    const char *const *entry = (const void *)((const char *)table + mid * size);
    int order = compare(*entry, name);
    if (order == 0) return entry;
    if (order < 0) low = mid + 1;
    else high = mid;
  }
  return NULL;
}

bool cm_listed(const char *list, char separator, cm_str name) {
  for (const char *p = list; *p && name.n;) {
    size_t k = 0;
    while (k < name.n && p[k] == name.p[k]) k++;
    if (k == name.n && (p[k] == separator || !p[k])) return true;
    p = strchr(p, separator);
    if (!p) return false;
    while (*p == separator) p++;
  }
  return false;
}

cm_val cm_files_of(cm_eval *ev, const cm_rword *w) {
  cm_val v = cm_val_of_word(w);
  if (!w->glob) return v;
  cm_txt t = {0};
  for (size_t i = 0; i < v.text.n; i++) {
    char c = v.text.p[i];
    const char *close = c == '[' ? memchr(v.text.p + i, ']', v.text.n - i) : NULL;
    bool wild = c == '*' || c == '?' || close;
    if (close) i = (size_t)(close - v.text.p);
    if (!wild) cm_txt_add(ev, &t, (cm_str){v.text.p + i, 1});
    else if (!t.n || t.p[t.n - 1] != CM_HOLE) cm_txt_add(ev, &t, CM_STR("\x01"));
  }
  v.text = cm_txt_str(&t);
  v.from |= CM_FROM_FILES;
  return v;
}

/* --- patterns --- */

static bool class_has(cm_str name, unsigned char c) {
  bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
  if (cm_str_is(name, "alpha")) return lower || upper;
  if (cm_str_is(name, "alnum")) return lower || upper || digit;
  if (cm_str_is(name, "lower")) return lower;
  if (cm_str_is(name, "upper")) return upper;
  if (cm_str_is(name, "digit")) return digit;
  if (cm_str_is(name, "space")) return c == ' ' || (c >= '\t' && c <= '\r');
  if (cm_str_is(name, "punct")) return c > ' ' && c < 127 && !lower && !upper && !digit;
  return cm_str_is(name, "print") ? c >= ' ' && c != 127 : false;
}

/* [:name:] at p.p[i]; gives what stands behind it. */
static bool match_class(cm_str p, size_t *i, unsigned char c, bool *hit) {
  if (*i + 1 >= p.n || p.p[*i] != '[' || p.p[*i + 1] != ':') return false;
  size_t end = *i + 2;
  while (end + 1 < p.n && !(p.p[end] == ':' && p.p[end + 1] == ']')) end++;
  if (end + 1 >= p.n) return false;
  *hit |= class_has((cm_str){p.p + *i + 2, end - *i - 2}, c);
  *i = end + 2;
  return true;
}

/* A bracket expression at p.p[0]; returns its length, 0: an ordinary '['. */
static size_t match_set(cm_str p, unsigned char c, bool *hit) {
  size_t i = 1;
  bool negated = i < p.n && (p.p[i] == '!' || p.p[i] == '^'), found = false;
  if (negated) i++;
  for (size_t first = i; i < p.n && (p.p[i] != ']' || i == first);) {
    if (match_class(p, &i, c, &found)) continue;
    if (p.p[i] == '\\' && i + 1 < p.n) i++;
    unsigned char from = (unsigned char)p.p[i], to = from;
    if (i + 2 < p.n && p.p[i + 1] == '-' && p.p[i + 2] != ']') {
      to = (unsigned char)p.p[i + 2];
      i += 2;
    }
    i++;
    if (c >= from && c <= to) found = true;
  }
  if (i >= p.n) return 0;
  *hit = found != negated;
  return i + 1;
}

/* One character of the pattern against one of the text: the length of what matched, 0: no. */
static size_t match_one(cm_str p, char c) {
  bool hit = false;
  if (p.p[0] == '?') return 1;
  if (p.p[0] == '\\' && p.n > 1) return p.p[1] == c ? 2 : 0;
  if (p.p[0] == '[') {
    size_t n = match_set(p, (unsigned char)c, &hit);
    if (n) return hit ? n : 0;
  }
  return p.p[0] == c ? 1 : 0;
}

/* What match_one may look at: of a set, up to its end. */
static bool may_compare(cm_eval *ev, cm_str p) {
  return cm_ev_spend(ev, &ev->compared, p.p[0] == '[' ? p.n : 1, CM_EV_COMPARED);
}

bool cm_pattern_match(cm_eval *ev, cm_str p, cm_str s) {
  size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
  while (k < s.n) {
    size_t n = 0;
    if (i < p.n && p.p[i] == '*') {
      star = ++i;
      from = k;
      continue;
    }
    if (i < p.n) {
      cm_str one = {p.p + i, p.n - i};
      if (!may_compare(ev, one)) return false;
      n = match_one(one, s.p[k]);
    }
    if (n) i += n, k++;
    else if (star == SIZE_MAX) return false;
    else i = star, k = ++from;
  }
  while (i < p.n && p.p[i] == '*') i++;
  return i == p.n;
}
