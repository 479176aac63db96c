#include "cli/config_edit.h"

#include <string.h>

#include "data/yaml.h"

typedef struct edit {
  cm_str old, key;
  const char *name, *value;
  cm_arena *arena;
  cm_err *e;
} edit;

static cm_code by_hand(const edit *x, unsigned line, const char *why) {
  return cm_fail(x->e, CM_E_USAGE, 0, "%.120s:%u: %s; edit the file by hand", x->name, line, why);
}

/* --- values --- */

/* Words that YAML reads as themselves, wherever they stand. */
static bool is_plain(cm_str v) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  if (!v.n || !strchr("/._abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", v.p[0]))
    return false;
  for (size_t i = 0; i < v.n; i++)
    if (!strchr(letters, v.p[i]) && !strchr("/._-+@,=%:~", v.p[i])) return false;
  return v.p[v.n - 1] != ':';
}

static void put_value(const char *value, cm_buf *out) {
  const cm_str v = cm_str_of(value);
  if (is_plain(v)) {
    cm_buf_puts(out, value);
    return;
  }
  cm_buf_putc(out, '"');
  for (size_t i = 0; i < v.n; i++) {
    const unsigned char c = (unsigned char)v.p[i];
    if (c == '"' || c == '\\') cm_buf_putc(out, '\\');
    if (c < 0x20 || c == 0x7f) cm_buf_printf(out, "\\x%02x", c);
    else cm_buf_putc(out, v.p[i]);
  }
  cm_buf_putc(out, '"');
}

/* --- lines --- */

/* Line `number`, from 1, with its end; empty past the last one. */
static cm_str line_at(cm_str text, unsigned number) {
  const char *p = text.p, *end = text.p + text.n;
  for (unsigned i = 1; p < end; i++) {
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    const char *next = stop ? stop + 1 : end;
    if (i == number) return (cm_str){p, (size_t)(next - p)};
    p = next;
  }
  return (cm_str){end, 0};
}

/* Where the value that begins at `at` ends, in its line: at the other quote, else before a
 * comment. SIZE_MAX: it has no end there. */
static size_t value_end(cm_str line, size_t at) {
  const char quote = at < line.n ? line.p[at] : 0;
  if (quote != '"' && quote != '\'') {
    size_t i = at;
    while (i < line.n && !(line.p[i] == '#' && i && strchr(" \t", line.p[i - 1]))) i++;
    while (i > at && strchr(" \t", line.p[i - 1])) i--;
    return i;
  }
  for (size_t i = at + 1; i < line.n; i++) {
    if (quote == '"' && line.p[i] == '\\') i++;
    else if (line.p[i] == quote && quote == '\'' && i + 1 < line.n && line.p[i + 1] == '\'') i++;
    else if (line.p[i] == quote) return i + 1;
  }
  return SIZE_MAX;
}

/* The line with another value. Its comment and its end stay. */
static cm_code put_line(const edit *x, const cm_yaml *at, cm_str whole, cm_buf *out) {
  size_t n = whole.n;
  while (n && (whole.p[n - 1] == '\n' || whole.p[n - 1] == '\r')) n--;
  const cm_str line = {whole.p, n};
  size_t i = x->key.n;
  while (i < n && strchr(" \t", line.p[i])) i++;
  if (at->column != 1 || !cm_str_starts(line, x->key) || i == n || line.p[i] != ':')
    return by_hand(x, at->line, "the key doesn't stand alone at the beginning of its line");
  i++;
  while (i < n && strchr(" \t", line.p[i])) i++;
  const size_t end = value_end(line, i);
  if (i == n || end == SIZE_MAX || strchr("|>[{&*!#", line.p[i]))
    return by_hand(x, at->line, "the value isn't a single one on this line");
  cm_buf_printf(out, "%.*s: ", (int)x->key.n, x->key.p);
  put_value(x->value, out);
  cm_buf_add(out, line.p + end, n - end);
  cm_buf_add(out, whole.p + n, whole.n - n);
  return CM_OK;
}

static cm_code replace(const edit *x, const cm_yaml *at, cm_buf *out) {
  if (at->kind != CM_YAML_SCALAR) return by_hand(x, at->line, "the value is a list or a map");
  const cm_str line = line_at(x->old, at->line);
  const char *behind = line.p + line.n;
  cm_buf_add(out, x->old.p, (size_t)(line.p - x->old.p));
  cm_code code = x->value ? put_line(x, at, line, out) : CM_OK;
  cm_buf_add(out, behind, x->old.n - (size_t)(behind - x->old.p));
  return code;
}

static void append(const edit *x, cm_buf *out) {
  const cm_str first = line_at(x->old, 1);
  const char *end = cm_str_ends(first, CM_STR("\r\n")) ? "\r\n" : "\n";
  cm_buf_add(out, x->old.p, x->old.n);
  if (x->old.n && x->old.p[x->old.n - 1] != '\n') cm_buf_puts(out, end);
  cm_buf_printf(out, "%.*s: ", (int)x->key.n, x->key.p);
  put_value(x->value, out);
  cm_buf_puts(out, end);
}

/* --- the proof --- */

/* Equal trees; maps as read here are flat or lists of texts, anything deeper isn't a setting. */
static bool is_same(const cm_yaml *a, const cm_yaml *b) {
  if (a->kind != b->kind || a->n != b->n || !cm_str_eq(a->text, b->text)) return false;
  const cm_yaml *c = a->first, *d = b->first;
  for (; c && d; c = c->next, d = d->next)
    if (c->kind != CM_YAML_SCALAR || d->kind != CM_YAML_SCALAR || !cm_str_eq(c->text, d->text) ||
        !cm_str_eq(c->key, d->key))
      return false;
  return !c && !d;
}

/* Members other than the key, in their order; and the key as it was asked for. */
static bool is_proven(const edit *x, const cm_yaml *old, const cm_yaml *new) {
  const cm_yaml *c = old ? old->first : NULL, *d = new ? new->first : NULL;
  bool found = false;
  if (new &&new->kind != CM_YAML_MAP) return false;
  for (;;) {
    if (c && cm_str_eq(c->key, x->key)) c = c->next;
    if (d && cm_str_eq(d->key, x->key)) {
      found = x->value && d->kind == CM_YAML_SCALAR && cm_str_is(d->text, x->value);
      if (!found) return false;
      d = d->next;
    }
    if (!c || !d) break;
    if (!cm_str_eq(c->key, d->key) || !is_same(c, d)) return false;
    c = c->next, d = d->next;
  }
  return !c && !d && found == (x->value != NULL);
}

static cm_code parse(const edit *x, cm_str text, const cm_yaml **root) {
  cm_code code = cm_yaml_parse(text, x->name, x->arena, root, x->e);
  return code == CM_E_FORMAT || code == CM_E_LIMIT ? x->e->code = CM_E_USAGE : code;
}

static cm_code prove(const edit *x, const cm_yaml *old, unsigned line, const cm_buf *out) {
  const cm_yaml *new = NULL;
  cm_err e = {0};
  if (out->overflow) return cm_fail(x->e, CM_E_NOMEM, 0, "out of memory for %s", x->name);
  cm_code code =
      cm_yaml_parse((cm_str){out->p ? out->p : "", out->n}, x->name, x->arena, &new, &e);
  if (code == CM_E_NOMEM) return cm_fail(x->e, code, 0, "out of memory for %s", x->name);
  if (!code && is_proven(x, old, new)) return CM_OK;
  if (x->value && cm_utf8_check(x->value, strlen(x->value)) != strlen(x->value))
    return cm_fail(x->e, CM_E_USAGE, 0, "the value isn't valid UTF-8");
  return by_hand(x, line, "a changed line would change other lines too");
}

cm_code cm_config_edit(cm_str old, const char *name, cm_str key, const char *value, cm_arena *a,
                       cm_buf *out, bool *changed, cm_err *e) {
  const edit x = {old, key, name, value, a, e};
  const cm_yaml *root = NULL, *at = NULL;
  *changed = false;
  cm_code code = parse(&x, old, &root);
  if (!code && root && root->kind != CM_YAML_MAP)
    code = by_hand(&x, root->line, "\"key: value\" lines are expected");
  for (const cm_yaml *c = !code && root ? root->first : NULL; c; c = c->next)
    if (cm_str_eq(c->key, key)) at = c;
  if (code || (!at && !value)) return code;
  if (at && value && at->kind == CM_YAML_SCALAR && cm_str_is(at->text, value)) return CM_OK;
  *changed = true;
  if (at) code = replace(&x, at, out);
  else append(&x, out);
  return code ? code : prove(&x, root, at ? at->line : 1, out);
}
