#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quality/suite_parts.h"

enum { SHOWN_MAX = 40, NAMES_MAX = 64 };

static int shown(cm_str s) { return (int)(s.n < SHOWN_MAX ? s.n : SHOWN_MAX); }

/* --- errors --- */

cm_code cm_suite_fail(const cm_suite_reader *r, const cm_yaml *at, cm_code code, const char *fmt,
                      ...) {
  char msg[200];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(msg, sizeof msg, fmt, ap);
  va_end(ap);
  return cm_fail(r->e, code, 0, "%s:%u:%u: %s", r->file.p, at->line, at->column, msg);
}

cm_code cm_suite_nomem(const cm_suite_reader *r) {
  return cm_fail(r->e, CM_E_NOMEM, 0, "%s: out of memory", r->file.p);
}

const char *cm_suite_nearest(cm_str word, const char *const *names, size_t n) {
  const char *best = NULL;
  unsigned least = word.n < 4 ? 2 : 3;
  for (size_t i = 0; i < n; i++) {
    unsigned d = cm_edit_distance(word, cm_str_of(names[i]));
    bool begun = word.n && cm_str_starts(cm_str_of(names[i]), word); /* "sort" is "sorted" */
    if (d < least || (d == least && best && begun)) least = d, best = names[i];
  }
  return best;
}

static cm_code unknown(const cm_suite_reader *r, const cm_yaml *at, const char *what, cm_str word,
                       const char *const *names, size_t n) {
  const char *near = cm_suite_nearest(word, names, n);
  if (near)
    return cm_suite_fail(r, at, CM_E_FORMAT, "unknown %s \"%.*s\" (did you mean \"%s\"?)", what,
                         shown(word), word.p, near);
  char all[120];
  size_t used = 0;
  for (size_t i = 0; i < n && used < sizeof all; i++)
    used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", names[i]);
  return cm_suite_fail(r, at, CM_E_FORMAT, "unknown %s \"%.*s\" (known: %s)", what, shown(word),
                       word.p, all);
}

/* --- maps --- */

static cm_code unknown_key(cm_suite_reader *r, const cm_yaml *at, const cm_fields *kind) {
  const char *names[NAMES_MAX];
  size_t n = 0;
  for (; n < kind->n && n < NAMES_MAX; n++) names[n] = kind->items[n].name;
  return unknown(r, at, "key", at->key, names, n);
}

static const cm_field *field_of(const cm_fields *kind, cm_str key) {
  for (size_t i = 0; i < kind->n; i++)
    if (cm_str_is(key, kind->items[i].name)) return &kind->items[i];
  return NULL;
}

cm_code cm_suite_map(cm_suite_reader *r, const cm_yaml *at, const cm_fields *kind, void *out) {
  if (at->kind != CM_YAML_MAP)
    return cm_suite_fail(r, at, CM_E_FORMAT, "%s must be a map, with \"key: value\"", kind->name);
  for (const cm_yaml *c = at->first; c; c = c->next) {
    const cm_field *f = field_of(kind, c->key);
    cm_code code = f ? f->set(r, c, out) : unknown_key(r, c, kind);
    if (code) return code;
  }
  return CM_OK;
}

/* --- scalars --- */

static bool among(cm_str s, const char *const *names) {
  for (size_t i = 0; names[i]; i++)
    if (cm_str_is(s, names[i])) return true;
  return false;
}

static size_t digits(cm_str s, size_t at) {
  size_t n = 0;
  while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9') n++;
  return n;
}

/* Decimal numbers of the core schema (YAML 1.2, 10.3.2). */
static bool is_number(cm_str s) {
  size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
  size_t whole = digits(s, i), part = 0;
  i += whole;
  if (i < s.n && s.p[i] == '.') part = digits(s, i + 1), i += 1 + part;
  if (!whole && !part) return false;
  if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
    size_t sign = i + 1 < s.n && (s.p[i + 1] == '-' || s.p[i + 1] == '+');
    size_t n = digits(s, i + 1 + sign);
    if (!n) return false;
    i += 1 + sign + n;
  }
  return i == s.n;
}

/* What a plain scalar is when it isn't a text (core schema), else NULL. */
static const char *other_type(const cm_yaml *at) {
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
  static const char *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
  if (!at->plain) return NULL;
  if (among(at->text, nulls)) return "nothing";
  if (among(at->text, bools)) return "true or false";
  return is_number(at->text) ? "a number" : NULL;
}

cm_code cm_suite_text(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                      bool may_be_empty, cm_str *out) {
  if (at->kind != CM_YAML_SCALAR)
    return cm_suite_fail(r, at, CM_E_FORMAT, "%s must be a text", what);
  const char *other = other_type(at);
  if (other)
    return cm_suite_fail(r, at, CM_E_FORMAT, "%s must be a text, and this is %s: put it in quotes",
                         what, other);
  if (!at->text.n && !may_be_empty) return cm_suite_fail(r, at, CM_E_FORMAT, "%s is empty", what);
  *out = at->text;
  return CM_OK;
}

cm_code cm_suite_cstring(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                         cm_str *out) {
  cm_code code = cm_suite_text(r, at, what, false, out);
  if (!code && memchr(out->p, 0, out->n))
    code = cm_suite_fail(r, at, CM_E_FORMAT, "%s holds a NUL", what);
  if (!code && out->n > CM_SUITE_TEXT_MAX)
    code = cm_suite_fail(r, at, CM_E_LIMIT, "%s has more than %d bytes", what, CM_SUITE_TEXT_MAX);
  return code;
}

static bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

cm_code cm_suite_name(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                      const char *also, cm_str *out) {
  cm_code code = cm_suite_cstring(r, at, what, out);
  if (code) return code;
  if (out->n > CM_SUITE_ID_MAX)
    return cm_suite_fail(r, at, CM_E_LIMIT, "%s has more than %d bytes", what, CM_SUITE_ID_MAX);
  bool good = is_alnum(out->p[0]);
  for (size_t i = 0; i < out->n; i++)
    good = good && (is_alnum(out->p[i]) || strchr(also, out->p[i]));
  if (good) return CM_OK;
  return cm_suite_fail(r, at, CM_E_FORMAT, "%s \"%.*s\" may hold letters, digits and \"%s\" only",
                       what, shown(*out), out->p, also);
}

cm_code cm_suite_bool(const cm_suite_reader *r, const cm_yaml *at, bool *out) {
  bool is_true = cm_str_is(at->text, "true");
  if (at->kind != CM_YAML_SCALAR || !at->plain || (!is_true && !cm_str_is(at->text, "false")))
    return cm_suite_fail(r, at, CM_E_FORMAT, "%s must be true or false", at->key.p);
  *out = is_true;
  return CM_OK;
}

cm_code cm_suite_count(const cm_suite_reader *r, const cm_yaml *at, uint64_t max, uint32_t *out) {
  uint64_t n;
  if (at->kind != CM_YAML_SCALAR || !at->plain || !cm_str_u64(at->text, 1, max, &n))
    return cm_suite_fail(r, at, CM_E_FORMAT, "%s must be a whole number from 1 to %llu", at->key.p,
                         (unsigned long long)max);
  *out = (uint32_t)n;
  return CM_OK;
}

cm_code cm_suite_word(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                      const char *const *names, unsigned *out) {
  cm_str word = {0};
  cm_code code = cm_suite_text(r, at, what, false, &word);
  if (code) return code;
  unsigned n = 0;
  for (; names[n]; n++)
    if (cm_str_is(word, names[n])) {
      *out = n;
      return CM_OK;
    }
  return unknown(r, at, what, word, names, n);
}

/* --- lists --- */

static int by_text(const void *x, const void *y) {
  const cm_yaml *const *p = x, *const *q = y;
  const cm_yaml *a = *p, *b = *q;
  int d = cm_str_order(a->text, b->text);
  if (d) return d;
  return a->line != b->line ? (a->line < b->line ? -1 : 1) : a->column < b->column ? -1 : 1;
}

/* Maps in a list (patterns) may repeat: two may differ in their other keys. */
static cm_code twice(const cm_suite_reader *r, const cm_yaml *at, const char *what) {
  const cm_yaml *sorted[CM_SUITE_LIST_MAX];
  size_t n = 0;
  for (const cm_yaml *c = at->first; c; c = c->next)
    if (c->kind == CM_YAML_SCALAR) sorted[n++] = c;
  qsort(sorted, n, sizeof *sorted, by_text);
  for (size_t i = 1; i < n; i++)
    if (cm_str_eq(sorted[i]->text, sorted[i - 1]->text))
      return cm_suite_fail(r, sorted[i], CM_E_FORMAT, "%s \"%.*s\" stands twice in this list",
                           what, shown(sorted[i]->text), sorted[i]->text.p);
  return CM_OK;
}

cm_code cm_suite_list(const cm_suite_reader *r, const cm_yaml *at, const char *what, size_t size,
                      void *items, size_t *n) {
  if (at->kind != CM_YAML_LIST)
    return cm_suite_fail(r, at, CM_E_FORMAT, "%s must be a list", at->key.p);
  if (!at->n) return cm_suite_fail(r, at, CM_E_FORMAT, "%s is an empty list", at->key.p);
  if (at->n > CM_SUITE_LIST_MAX)
    return cm_suite_fail(r, at, CM_E_LIMIT, "%s has more than %d values", at->key.p,
                         CM_SUITE_LIST_MAX);
  cm_code code = twice(r, at, what);
  if (code) return code;
  void *p = cm_arena_alloc(r->arena, at->n, size);
  if (!p) return cm_suite_nomem(r);
  memcpy(items, &p, sizeof p);
  *n = at->n;
  return CM_OK;
}

cm_code cm_suite_texts(const cm_suite_reader *r, const cm_yaml *at, const char *what, cm_str **out,
                       size_t *n) {
  cm_code code = cm_suite_list(r, at, what, sizeof **out, out, n);
  size_t i = 0;
  for (const cm_yaml *c = code ? NULL : at->first; c && !code; c = c->next)
    code = cm_suite_cstring(r, c, what, &(*out)[i++]);
  return code;
}
