/* tr and the simplest of sed. */
#include <string.h>

#include "sh/decode.h"

enum { SET_MAX = 1024 };

typedef struct set {
  unsigned char v[SET_MAX];
  size_t n;
} set;

static bool put(set *s, unsigned from, unsigned to) {
  for (unsigned c = from; c <= to; c++) {
    if (s->n == SET_MAX) return false;
    s->v[s->n++] = (unsigned char)c;
  }
  return true;
}

static const struct {
  const char *name;
  unsigned char ranges[6];
} classes[] = {
    {"[:upper:]", {'A', 'Z'}},
    {"[:lower:]", {'a', 'z'}},
    {"[:digit:]", {'0', '9'}},
    {"[:alpha:]", {'A', 'Z', 'a', 'z'}},
    {"[:space:]", {'\t', '\r', ' ', ' '}},
    {"[:blank:]", {'\t', '\t', ' ', ' '}},
    {"[:alnum:]", {'0', '9', 'A', 'Z', 'a', 'z'}},
};

static size_t put_class(set *s, cm_str text) {
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    if (!cm_str_starts(text, cm_str_of(classes[i].name))) continue;
    const unsigned char *r = classes[i].ranges;
    for (size_t k = 0; k < 6 && r[k + 1]; k += 2)
      if (!put(s, r[k], r[k + 1])) return 0;
    return strlen(classes[i].name);
  }
  return 0;
}

/* One character of a set's text; escapes are those of tr: \NNN \n \t … */
static unsigned char set_char(cm_str text, size_t *i) {
  unsigned char c = (unsigned char)text.p[(*i)++];
  if (c != '\\' || *i >= text.n) return c;
  static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
  c = (unsigned char)text.p[(*i)++];
  if (c >= '0' && c <= '7') {
    unsigned v = c - '0';
    for (int k = 0; k < 2 && *i < text.n && text.p[*i] >= '0' && text.p[*i] <= '7'; k++)
      v = v * 8 + (unsigned)(text.p[(*i)++] - '0');
    return (unsigned char)v;
  }
  const char *at = c ? strchr(names, c) : NULL;
  return at ? (unsigned char)values[at - names] : c;
}

static bool read_set(cm_str text, set *out) {
  out->n = 0;
  for (size_t i = 0; i < text.n;) {
    size_t class = put_class(out, (cm_str){text.p + i, text.n - i});
    i += class;
    if (class) continue;
    if (text.p[i] == '[' && i + 2 < text.n && strchr(":=", text.p[i + 1])) return false;
    unsigned char from = set_char(text, &i), to = from;
    if (i + 1 < text.n && text.p[i] == '-') {
      i++;
      to = set_char(text, &i);
      if (to < from) return false;
    }
    if (!put(out, from, to)) return false;
  }
  return true;
}

static bool has(const bool *table, char c) { return table[(unsigned char)c]; }

static void mark_set(const set *s, bool complement, bool *table) {
  for (size_t i = 0; i < 256; i++) table[i] = complement;
  for (size_t i = 0; i < s->n; i++) table[s->v[i]] = !complement;
}

bool cm_filter_tr(cm_arena *a, cm_str in, const char *flags, cm_str text1, cm_str text2,
                  cm_str *out) {
  bool delete = strchr(flags, 'd'), squeeze = strchr(flags, 's');
  bool complement = strchr(flags, 'c') || strchr(flags, 'C'), first[256], last[256];
  set one, two;
  unsigned char map[256];
  char *p = cm_arena_alloc(a, in.n + 1, 1);
  if (!p || !read_set(text1, &one) || !read_set(text2, &two)) return false;
  bool translate = !delete &&two.n;
  mark_set(&one, complement, first);
  mark_set(two.n ? &two : &one, complement && !two.n, last);
  for (size_t i = 0; i < 256; i++)
    map[i] = translate && complement && first[i] ? two.v[two.n - 1] : (unsigned char)i;
  for (size_t i = 0; translate && !complement && i < one.n; i++)
    map[one.v[i]] = two.v[i < two.n ? i : two.n - 1];
  size_t n = 0;
  for (size_t i = 0; i < in.n; i++) {
    if (delete &&has(first, in.p[i])) continue;
    char c = (char)map[(unsigned char)in.p[i]];
    if (squeeze && n && p[n - 1] == c && has(last, c)) continue;
    p[n++] = c;
  }
  *out = (cm_str){p, n};
  return delete || squeeze || two.n;
}

/* --- sed --- */

/* Cuts the text up to the next unescaped `end` off `s`. Only literals: special characters of a
 * pattern (`strict`) make it unknown. */
static bool cut_literal(cm_arena *a, cm_str *s, char end, bool strict, cm_str *out) {
  char *p = cm_arena_alloc(a, s->n + 1, 1);
  size_t n = 0, i = 0;
  for (; p && i < s->n && s->p[i] != end; i++) {
    char c = s->p[i];
    if (strict && strchr(".*[]^$", c)) return false;
    if (!strict && c == '&') return false;
    if (c == '\\') {
      if (++i >= s->n) return false;
      c = s->p[i];
      if (c == 'n') c = '\n';
      else if (c == 't') c = '\t';
      else if ((c >= '0' && c <= '9') || (c | 32) >= 'a') return false;
    }
    p[n++] = c;
  }
  if (!p || i >= s->n) return false;
  *out = (cm_str){p, n};
  s->p += i + 1;
  s->n -= i + 1;
  return true;
}

static bool substitute(cm_arena *a, cm_str in, cm_str from, cm_str to, bool all, cm_str *out) {
  size_t cap = in.n + (in.n / (from.n ? from.n : 1) + 1) * to.n, n = 0;
  if (!from.n || cap > (1 << 18)) return false;
  char *p = cm_arena_alloc(a, cap + 1, 1);
  bool done = false;
  for (size_t i = 0; p && i < in.n;) {
    if (!done && cm_str_starts((cm_str){in.p + i, in.n - i}, from)) {
      if (to.n) memcpy(p + n, to.p, to.n);
      n += to.n;
      i += from.n;
      done = !all;
      continue;
    }
    if (in.p[i] == '\n') done = false;
    p[n++] = in.p[i++];
  }
  *out = (cm_str){p, n};
  return p != NULL;
}

static bool map_chars(cm_arena *a, cm_str in, cm_str from, cm_str to, cm_str *out) {
  char *p = cm_arena_strdup(a, in.p, in.n);
  if (!p || from.n != to.n) return false;
  for (size_t i = 0; i < in.n; i++) {
    const char *at = from.n ? memchr(from.p, in.p[i], from.n) : NULL;
    if (at) p[i] = to.p[at - from.p];
  }
  *out = (cm_str){p, in.n};
  return true;
}

bool cm_filter_sed(cm_arena *a, cm_str in, cm_str script, cm_str *out) {
  *out = in;
  for (script = cm_str_trim(script); script.n; script = cm_str_trim(script)) {
    if (script.p[0] == ';' || script.p[0] == '\n') {
      script.p++, script.n--;
      continue;
    }
    if (script.n < 4 || !strchr("sy", script.p[0])) return false;
    bool map = script.p[0] == 'y', all = false;
    char end = script.p[1];
    cm_str from, to;
    script.p += 2, script.n -= 2;
    if (!cut_literal(a, &script, end, !map, &from) || !cut_literal(a, &script, end, false, &to))
      return false;
    for (; script.n && script.p[0] == 'g'; script.p++, script.n--) all = true;
    if (script.n && !strchr("; \n\t", script.p[0])) return false;
    if (map ? !map_chars(a, *out, from, to, out) : !substitute(a, *out, from, to, all, out))
      return false;
  }
  return true;
}
