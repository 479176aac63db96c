#include "quality/compare_json.h"

#include <string.h>

#include "data/json.h"
#include "quality/compare.h"
#include "quality/excerpt.h"

typedef struct values {
  cm_json **p;
  size_t n;
} values;

/* Where two documents differ first: "$.a[3]". */
typedef struct trail {
  cm_buf *why;
  cm_buf path;
} trail;

static void close_values(values *v) {
  for (size_t i = 0; i < v->n; i++) cm_json_free(v->p[i]);
  v->n = 0;
}

static cm_json_limits limits(void) {
  return (cm_json_limits){CM_COMPARE_BYTES_MAX, CM_JSON_LIMITS.depth};
}

static cm_code read_lines(cm_str text, cm_arena *a, values *v, cm_err *e) {
  size_t n = 1;
  for (size_t i = 0; i < text.n; i++) n += text.p[i] == '\n';
  if (n > CM_COMPARE_ITEMS_MAX) return cm_fail(e, CM_E_LIMIT, 0, "too many lines");
  v->p = cm_arena_alloc(a, n, sizeof *v->p);
  if (!v->p) return cm_fail(e, CM_E_NOMEM, 0, "no memory for comparing outputs");
  for (cm_str line; cm_str_line(&text, &line);) {
    if (!cm_str_trim(line).n) continue;
    cm_code code = cm_json_parse(line, limits(), &v->p[v->n], e);
    if (code) return code;
    v->n++;
  }
  return CM_OK;
}

/* One document; where that is none, one value a line. Of both errors the first one stays. */
static cm_code read_values(cm_str text, cm_arena *a, values *v, cm_err *e) {
  cm_json *root = NULL;
  cm_code code = cm_json_parse(text, limits(), &root, e);
  if (code == CM_E_FORMAT) {
    cm_err unused;
    cm_code lines = read_lines(text, a, v, &unused);
    if (lines == CM_E_FORMAT) close_values(v);
    return lines == CM_E_FORMAT ? code : lines;
  }
  if (code) return code;
  v->p = cm_arena_alloc(a, 1, sizeof *v->p);
  if (v->p) v->p[v->n++] = root;
  else cm_json_free(root);
  return v->p ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for comparing outputs");
}

static bool number(cm_json_kind k) { return k == CM_JSON_INT || k == CM_JSON_REAL; }

static bool equal_numbers(const cm_json *a, const cm_json *b) {
  int64_t i = 0, j = 0;
  double x = 0, y = 0;
  if (cm_json_i64(a, &i) && cm_json_i64(b, &j)) return i == j;
  return cm_json_f64(a, &x) && cm_json_f64(b, &y) && !(x < y) && !(x > y);
}

static bool differ(trail *t, const char *what) {
  cm_buf_puts(t->why, "at ");
  cm_excerpt(t->why, (cm_str){t->path.p, t->path.n});
  cm_buf_printf(t->why, ": %s", what);
  return false;
}

static bool equal(trail *t, const cm_json *want, const cm_json *got);

static bool equal_arrays(trail *t, const cm_json *want, const cm_json *got) {
  size_t n = cm_json_count(want), m = cm_json_count(got), at = t->path.n;
  for (size_t i = 0; i < n && i < m; i++) {
    cm_buf_printf(&t->path, "[%zu]", i);
    if (!equal(t, cm_json_at(want, i), cm_json_at(got, i))) return false;
    t->path.n = at;
  }
  if (n == m) return true;
  differ(t, "an array ");
  cm_buf_printf(t->why, "of %zu, expected %zu", m, n);
  return false;
}

/* The member of that very name: keys may hold NUL, which cm_json_get can't say. */
static const cm_json *member(const cm_json *object, cm_str name) {
  void *at = NULL;
  cm_str key;
  if (!memchr(name.p, 0, name.n) && name.n < 256) {
    char text[256];
    memcpy(text, name.p, name.n);
    text[name.n] = 0;
    return cm_json_get(object, text);
  }
  for (const cm_json *v; cm_json_next(object, &at, &key, &v);)
    if (cm_str_eq(key, name)) return v;
  return NULL;
}

static bool equal_objects(trail *t, const cm_json *want, const cm_json *got) {
  void *at = NULL;
  cm_str key;
  size_t kept = t->path.n;
  for (const cm_json *v; cm_json_next(want, &at, &key, &v);) {
    const cm_json *other = member(got, key);
    cm_buf_putc(&t->path, '.');
    cm_buf_add(&t->path, key.p, key.n);
    if (!other) return differ(t, "missing");
    if (!equal(t, v, other)) return false;
    t->path.n = kept;
  }
  if (cm_json_count(want) == cm_json_count(got)) return true;
  differ(t, "an object ");
  cm_buf_printf(t->why, "of %zu, expected %zu", cm_json_count(got), cm_json_count(want));
  return false;
}

/* Recursion is bounded by the reader's depth. */
static bool equal(trail *t, const cm_json *want, const cm_json *got) {
  cm_json_kind k = cm_json_kind_of(want), l = cm_json_kind_of(got);
  cm_str s = {0}, u = {0};
  bool x = false, y = false;
  if (number(k) && number(l)) return equal_numbers(want, got) || differ(t, "another number");
  if (k != l) return differ(t, "another type");
  switch (k) {
    case CM_JSON_ARRAY: return equal_arrays(t, want, got);
    case CM_JSON_OBJECT: return equal_objects(t, want, got);
    case CM_JSON_STR:
      cm_json_str(want, &s), cm_json_str(got, &u);
      return cm_str_eq(s, u) || differ(t, "another string");
    case CM_JSON_BOOL:
      cm_json_bool(want, &x), cm_json_bool(got, &y);
      return x == y || differ(t, "another truth value");
    default: return true;
  }
}

static bool equal_all(const values *want, const values *got, cm_buf *why) {
  trail t = {.why = why};
  bool same = true;
  cm_buf_init(&t.path, 4096);
  for (size_t i = 0; same && i < want->n && i < got->n; i++) {
    cm_buf_reset(&t.path);
    if (want->n > 1) cm_buf_printf(&t.path, "%zu:", i + 1);
    cm_buf_putc(&t.path, '$');
    same = equal(&t, want->p[i], got->p[i]);
  }
  cm_buf_close(&t.path);
  if (same && want->n != got->n) cm_buf_printf(why, "%zu values, expected %zu", got->n, want->n);
  return same && want->n == got->n;
}

cm_code cm_compare_json(cm_str want, cm_str got, cm_arena *a, bool *same, cm_buf *why, cm_err *e) {
  values w = {0}, g = {0};
  cm_err bad = {0};
  *same = false;
  cm_code code = read_values(want, a, &w, &bad);
  if (code) {
    close_values(&w);
    return cm_fail(e, code, bad.pos, "gold's output as JSON: %.200s", bad.msg);
  }
  code = read_values(got, a, &g, &bad);
  if (!code) *same = equal_all(&w, &g, why);
  else if (code != CM_E_NOMEM) cm_buf_puts(why, "not JSON: "), cm_excerpt(why, cm_str_of(bad.msg));
  close_values(&w);
  close_values(&g);
  return code == CM_E_NOMEM ? cm_fail(e, code, 0, "%s", bad.msg) : CM_OK;
}
