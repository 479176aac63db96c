#include "quality/compare.h"

#include <stdlib.h>
#include <string.h>

#include "quality/compare_json.h"
#include "quality/excerpt.h"

enum { WHY_MAX = 1024 };

typedef struct items {
  cm_str *p;
  size_t n;
} items;

/* One comparison. */
typedef struct job {
  const char *unit; /* "line", "number", "path" */
  cm_arena *a;
  cm_buf why;
  cm_err *e;
} job;

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for comparing outputs");
}

/* --- taking texts apart --------------------------------------------------------------------- */

/* Cuts the next item off `rest`; false when none is left. */
typedef bool cut_fn(cm_str *rest, cm_str *item);

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool wordy(char c) {
  return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static cm_str from(cm_str s, size_t at) { return (cm_str){s.p + at, s.n - at}; }

static bool cut_line(cm_str *rest, cm_str *item) {
  if (!rest->n) return false;
  const char *end = memchr(rest->p, '\n', rest->n);
  size_t n = end ? (size_t)(end - rest->p) : rest->n;
  *item = (cm_str){rest->p, n};
  *rest = from(*rest, end ? n + 1 : n);
  while (item->n && blank(item->p[item->n - 1])) item->n--;
  return true;
}

/* The length of a number at `at`, 0: none begins there. `open`: no digit, letter or "." before. */
static size_t number_at(cm_str s, size_t at, bool open) {
  size_t i = at;
  if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) {
    if (!open) return 0;
    i++;
  }
  size_t whole = i;
  while (i < s.n && digit(s.p[i])) i++;
  bool any = i > whole;
  if (!any && !open && i == at) return 0;
  if (i + 1 < s.n && s.p[i] == '.' && digit(s.p[i + 1])) {
    any = true;
    for (i++; i < s.n && digit(s.p[i]);) i++;
  }
  return any ? i - at : 0;
}

static bool cut_number(cm_str *rest, cm_str *item) {
  bool word = false, open = true; /* inside a word; nothing that a sign would join */
  for (size_t at = 0; at < rest->n;) {
    size_t n = word ? 0 : number_at(*rest, at, open);
    if (n) {
      *item = (cm_str){rest->p + at, n};
      /* A word right behind it belongs to it, a dash between two numbers is no sign. */
      at += n;
      while (at < rest->n && wordy(rest->p[at])) at++;
      if (at < rest->n && (rest->p[at] == '-' || rest->p[at] == '+' || rest->p[at] == '.')) at++;
      *rest = from(*rest, at);
      return true;
    }
    char c = rest->p[at++];
    word = wordy(c);
    open = !word && c != '.' && c != ')' && c != ']' && c != '-' && c != '+';
  }
  *rest = from(*rest, rest->n);
  return false;
}

static bool cut_path(cm_str *rest, cm_str *item) {
  while (rest->n) {
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\n' && rest->p[n]) n++;
    *item = (cm_str){rest->p, n};
    *rest = from(*rest, n < rest->n ? n + 1 : n);
    if (item->n && item->p[item->n - 1] == '\r') item->n--;
    if (item->n) return true;
  }
  return false;
}

static cm_code take_apart(job *j, cm_str s, cut_fn *cut, items *out, bool *fits) {
  size_t n = 0;
  cm_str rest = s, item;
  *fits = true;
  while (cut(&rest, &item))
    if (++n > CM_COMPARE_ITEMS_MAX) {
      *fits = false;
      return CM_OK;
    }
  out->p = cm_arena_alloc(j->a, n ? n : 1, sizeof *out->p);
  if (!out->p) return no_memory(j->e);
  for (rest = s; out->n < n && cut(&rest, &item);) out->p[out->n++] = item;
  return CM_OK;
}

/* --- normal forms --------------------------------------------------------------------------- */

static bool spell_alike(job *j, cm_str *item) {
  (void)j, (void)item;
  return true;
}

/* "+007.500" becomes "7.5", "-0" "0", ".5" "0.5": equal values are equal texts. */
static bool spell_number(job *j, cm_str *item) {
  cm_str s = *item;
  bool minus = s.p[0] == '-';
  if (s.p[0] == '-' || s.p[0] == '+') s = from(s, 1);
  size_t point = 0;
  while (point < s.n && s.p[point] != '.') point++;
  size_t start = 0, end = s.n;
  while (start < point && s.p[start] == '0') start++;
  while (end > point && (s.p[end - 1] == '0' || s.p[end - 1] == '.')) end--;
  if (end < point) end = point;
  bool lead = start == point;
  char *p = cm_arena_alloc(j->a, end - start + 3, 1), *w = p;
  if (!p) return false;
  if (minus && end > start) *w++ = '-';
  if (lead) *w++ = '0';
  memcpy(w, s.p + start, end - start);
  *item = (cm_str){p, (size_t)(w - p) + end - start};
  return true;
}

/* Without "." names, doubled slashes and one at the end. */
static bool spell_path(job *j, cm_str *item) {
  char *p = cm_arena_alloc(j->a, item->n + 2, 1), *w = p;
  if (!p) return false;
  bool root = item->p[0] == '/';
  if (root) *w++ = '/';
  for (size_t at = 0; at < item->n;) {
    size_t end = at;
    while (end < item->n && item->p[end] != '/') end++;
    cm_str name = {item->p + at, end - at};
    at = end + 1;
    if (!name.n || cm_str_is(name, ".")) continue;
    if (w > p + root) *w++ = '/';
    memcpy(w, name.p, name.n);
    w += name.n;
  }
  if (w == p) *w++ = '.';
  *item = (cm_str){p, (size_t)(w - p)};
  return true;
}

typedef bool spell_fn(job *j, cm_str *item);

static cm_code spell_all(job *j, items *x, spell_fn *spell) {
  for (size_t i = 0; i < x->n; i++)
    if (!spell(j, &x->p[i])) return no_memory(j->e);
  return CM_OK;
}

/* --- comparing ------------------------------------------------------------------------------ */

static void counts(job *j, size_t got, size_t want) {
  cm_buf_printf(&j->why, " (%zu %s%s, expected %zu)", got, j->unit, got == 1 ? "" : "s", want);
}

/* "line 3: "b", expected "a" (4 lines, expected 5)" */
static bool in_order(job *j, const items *want, const items *got) {
  size_t i = 0;
  while (i < want->n && i < got->n && cm_str_eq(want->p[i], got->p[i])) i++;
  if (i == want->n && i == got->n) return true;
  cm_buf_printf(&j->why, "%s %zu: ", j->unit, i + 1);
  if (i < got->n) cm_excerpt(&j->why, got->p[i]);
  else cm_buf_puts(&j->why, "nothing");
  cm_buf_puts(&j->why, ", expected ");
  if (i < want->n) cm_excerpt(&j->why, want->p[i]);
  else cm_buf_puts(&j->why, "nothing");
  counts(j, got->n, want->n);
  return false;
}

static int by_bytes(const void *x, const void *y) {
  const cm_str *a = x, *b = y;
  return cm_str_order(*a, *b);
}

static void sort(items *x, bool once) {
  size_t n = 0;
  if (x->n) qsort(x->p, x->n, sizeof *x->p, by_bytes);
  for (size_t i = 0; once && i < x->n; i++)
    if (!n || !cm_str_eq(x->p[n - 1], x->p[i])) x->p[n++] = x->p[i];
  if (once) x->n = n;
}

/* "missing "a", unexpected "b" (4 lines, expected 5)": the first of each. */
static bool in_any_order(job *j, items *want, items *got, bool once) {
  const cm_str *missing = NULL, *extra = NULL;
  size_t w = 0, g = 0;
  sort(want, once);
  sort(got, once);
  while ((w < want->n || g < got->n) && !(missing && extra)) {
    int c = w == want->n ? 1 : g == got->n ? -1 : by_bytes(&want->p[w], &got->p[g]);
    if (c < 0 && !missing) missing = &want->p[w];
    if (c > 0 && !extra) extra = &got->p[g];
    w += c <= 0;
    g += c >= 0;
  }
  if (!missing && !extra) return true;
  if (missing) cm_buf_puts(&j->why, "missing "), cm_excerpt(&j->why, *missing);
  if (missing && extra) cm_buf_puts(&j->why, ", ");
  if (extra) cm_buf_puts(&j->why, "unexpected "), cm_excerpt(&j->why, *extra);
  counts(j, got->n, want->n);
  return false;
}

typedef struct rule {
  const char *unit;
  cut_fn *cut;
  spell_fn *spell;
  bool ordered, once;
} rule;

static const rule rules[] = {
    [CM_CMP_LINES] = {"line", cut_line, spell_alike, true, false},
    [CM_CMP_SET] = {"line", cut_line, spell_alike, false, true},
    [CM_CMP_SORTED] = {"line", cut_line, spell_alike, false, false},
    [CM_CMP_NUMBERS] = {"number", cut_number, spell_number, true, false},
    [CM_CMP_PATHS] = {"path", cut_path, spell_path, false, true},
};

static cm_code by_items(job *j, const rule *by, cm_str want, cm_str got, bool *same) {
  items w = {0}, g = {0};
  bool fits = false;
  j->unit = by->unit;
  cm_code code = take_apart(j, want, by->cut, &w, &fits);
  if (!code && !fits)
    return cm_fail(j->e, CM_E_LIMIT, 0, "gold printed more than %d %ss", CM_COMPARE_ITEMS_MAX,
                   by->unit);
  if (!code) code = take_apart(j, got, by->cut, &g, &fits);
  if (!code && !fits) {
    cm_buf_printf(&j->why, "more than %d %ss", CM_COMPARE_ITEMS_MAX, by->unit);
    return CM_OK;
  }
  if (!code) code = spell_all(j, &w, by->spell);
  if (!code) code = spell_all(j, &g, by->spell);
  if (!code) *same = by->ordered ? in_order(j, &w, &g) : in_any_order(j, &w, &g, by->once);
  return code;
}

static bool by_exact(job *j, cm_str want, cm_str got) {
  size_t at = 0, line = 1, start = 0;
  if (cm_str_eq(want, got)) return true;
  for (; at < want.n && at < got.n && want.p[at] == got.p[at]; at++)
    if (want.p[at] == '\n') line++, start = at + 1;
  cm_buf_printf(&j->why, "line %zu, byte %zu: ", line, at - start + 1);
  cm_excerpt(&j->why, from(got, at));
  cm_buf_puts(&j->why, ", expected ");
  cm_excerpt(&j->why, from(want, at));
  j->unit = "byte";
  counts(j, got.n, want.n);
  return false;
}

static cm_code by_regex(job *j, const cm_re *re, cm_str got, bool *same) {
  size_t start = 0, end = 0;
  if (!re) return cm_fail(j->e, CM_E_INTERNAL, 0, "there is no pattern for stdout");
  cm_code code = cm_re_find(re, got, 0, same, &start, &end, j->e);
  if (code || *same) return code;
  cm_buf_puts(&j->why, "the pattern doesn't match ");
  cm_excerpt(&j->why, got);
  return CM_OK;
}

static cm_code compare(job *j, cm_comparator by, const cm_re *re, cm_str want, cm_str got,
                       bool *same) {
  if (by == CM_CMP_IGNORE) *same = true;
  if (by == CM_CMP_IGNORE) return CM_OK;
  if (want.n > CM_COMPARE_BYTES_MAX && by != CM_CMP_REGEX)
    return cm_fail(j->e, CM_E_LIMIT, 0, "gold printed more than %d bytes", CM_COMPARE_BYTES_MAX);
  if (got.n > CM_COMPARE_BYTES_MAX) {
    cm_buf_printf(&j->why, "more than %d bytes", CM_COMPARE_BYTES_MAX);
    return CM_OK;
  }
  if (by == CM_CMP_REGEX) return by_regex(j, re, got, same);
  if (by == CM_CMP_JSON) return cm_compare_json(want, got, j->a, same, &j->why, j->e);
  if (by != CM_CMP_EXACT) return by_items(j, &rules[by], want, got, same);
  *same = by_exact(j, want, got);
  return CM_OK;
}

cm_code cm_compare_text(cm_comparator by, const cm_re *re, cm_str want, cm_str got, cm_arena *a,
                        bool *same, cm_str *why, cm_err *e) {
  job j = {.a = a, .e = e, .unit = "line"};
  *same = false;
  *why = (cm_str){"", 0};
  cm_buf_init(&j.why, WHY_MAX);
  if (!want.p) want = (cm_str){"", 0};
  if (!got.p) got = (cm_str){"", 0};
  cm_code code = compare(&j, by, re, want, got, same);
  if (!code && !*same) {
    why->p = j.why.p && !j.why.overflow ? cm_arena_strdup(a, j.why.p, j.why.n) : NULL;
    why->n = j.why.n;
    if (!why->p) code = no_memory(e);
  }
  cm_buf_close(&j.why);
  return code;
}
