#include "quality/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/os_lines.h"
#include "data/json.h"
#include "quality/spelling.h"

enum {
  NAME_MAX_BYTES = 40,
  SHA_SHOWN = 12,
  SCRATCH_MAX = 64 << 20,
  LINE_MAX_BYTES = 1 << 20 /* of a command written canonically */
};
static const char schema[] = "cmdai.golden/1";

/* --- the list ----------------------------------------------------------------------------- */

/* Where the id is, or would be inserted. */
static size_t place_of(const cm_goldens *g, cm_str id) {
  size_t low = 0, high = g->n;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (cm_str_order(g->items[mid].id, id) < 0) low = mid + 1;
    else high = mid;
  }
  return low;
}

const cm_golden_answer *cm_golden_find(const cm_goldens *g, cm_str id) {
  size_t at = place_of(g, id);
  return at < g->n && cm_str_eq(g->items[at].id, id) ? &g->items[at] : NULL;
}

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for the golden answers");
}

static bool copy(cm_arena *a, cm_str s, cm_str *out) {
  char *p = cm_arena_strdup(a, s.n ? s.p : "", s.n);
  *out = (cm_str){p, s.n};
  return p != NULL;
}

static bool grow(cm_goldens *g) {
  if (g->n < g->cap) return true;
  size_t cap = g->cap ? 2 * g->cap : 64;
  cm_golden_answer *items = cm_arena_alloc(g->arena, cap, sizeof *items);
  if (!items) return false;
  if (g->n) memcpy(items, g->items, g->n * sizeof *items);
  g->items = items;
  g->cap = cap;
  return true;
}

cm_code cm_golden_put(cm_goldens *g, const cm_golden_answer *answer, cm_err *e) {
  cm_golden_answer mine;
  if (!copy(g->arena, answer->id, &mine.id) || !copy(g->arena, answer->hash, &mine.hash) ||
      !copy(g->arena, answer->command, &mine.command) || !copy(g->arena, answer->file, &mine.file))
    return no_memory(e);
  size_t at = place_of(g, mine.id);
  if (at == g->n || !cm_str_eq(g->items[at].id, mine.id)) {
    if (!grow(g)) return no_memory(e);
    memmove(g->items + at + 1, g->items + at, (g->n - at) * sizeof *g->items);
    g->n++;
  }
  g->items[at] = mine;
  return CM_OK;
}

bool cm_golden_remove(cm_goldens *g, cm_str id) {
  size_t at = place_of(g, id);
  if (at == g->n || !cm_str_eq(g->items[at].id, id)) return false;
  g->n--;
  memmove(g->items + at, g->items + at + 1, (g->n - at) * sizeof *g->items);
  return true;
}

cm_code cm_golden_init(cm_goldens *g, cm_str model_id, cm_str model_sha256, cm_arena *a,
                       cm_err *e) {
  *g = (cm_goldens){.arena = a};
  return copy(a, model_id, &g->model_id) && copy(a, model_sha256, &g->model_sha256) ? CM_OK
                                                                                    : no_memory(e);
}

/* --- files -------------------------------------------------------------------------------- */

static bool is_sha(cm_str s) {
  if (s.n != 64) return false;
  for (size_t i = 0; i < s.n; i++)
    if (!strchr("0123456789abcdef", s.p[i]) || !s.p[i]) return false;
  return true;
}

static bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_';
}

cm_code cm_golden_path(const char *folder, cm_str model_id, cm_str model_sha256, bool pending,
                       char *out, size_t size, cm_err *e) {
  char name[NAME_MAX_BYTES + 1];
  size_t n = 0;
  if (!is_sha(model_sha256))
    return cm_fail(e, CM_E_USAGE, 0, "golden answers need a model whose SHA-256 is known");
  for (size_t i = 0; i < model_id.n && n < NAME_MAX_BYTES; i++)
    if (plain(model_id.p[i]) && (n || model_id.p[i] != '.')) name[n++] = model_id.p[i];
    else if (n && name[n - 1] != '-') name[n++] = '-';
  while (n && name[n - 1] == '-') n--;
  name[n] = 0;
  int len = snprintf(out, size, "%s/%s-%.*s.jsonl%s", folder, n ? name : "model", (int)SHA_SHOWN,
                     model_sha256.p, pending ? ".pending" : "");
  if (len < 0 || (size_t)len >= size)
    return cm_fail(e, CM_E_LIMIT, 0, "the path of the golden answers is too long");
  return CM_OK;
}

static cm_code bad_line(const char *name, size_t line, const char *what, cm_err *e) {
  return cm_fail(e, CM_E_FORMAT, line, "%.120s:%zu: %.90s", name, line, what);
}

static cm_code read_head(const cm_goldens *g, const cm_json *o, const char *name, cm_err *e) {
  cm_str s;
  if (!cm_json_str(cm_json_get(o, "schema"), &s) || !cm_str_is(s, schema))
    return bad_line(name, 1, "not a file of golden answers (cmdai.golden/1)", e);
  if (!cm_json_str(cm_json_get(o, "sha256"), &s) || !cm_str_eq(s, g->model_sha256))
    return bad_line(name, 1, "the golden answers are of another model", e);
  return CM_OK;
}

static cm_code read_answer(cm_goldens *g, const cm_json *o, const char *name, size_t line,
                           cm_err *e) {
  cm_golden_answer a = {.file = CM_STR("")};
  const cm_json *file = cm_json_get(o, "file");
  if (!cm_json_str(cm_json_get(o, "id"), &a.id) || !a.id.n ||
      !cm_json_str(cm_json_get(o, "hash"), &a.hash) ||
      !cm_json_str(cm_json_get(o, "command"), &a.command) || (file && !cm_json_str(file, &a.file)))
    return bad_line(name, line, "id, hash and command are expected", e);
  if (g->n && cm_str_order(g->items[g->n - 1].id, a.id) >= 0)
    return bad_line(name, line, "not sorted by id, or an id twice", e);
  if (g->n == CM_SUITE_CASES_MAX)
    return cm_fail(e, CM_E_LIMIT, line, "%.120s: more than %d answers", name,
                   (int)CM_SUITE_CASES_MAX);
  return cm_golden_put(g, &a, e);
}

static cm_code read_line(cm_goldens *g, cm_str text, const char *name, size_t line, cm_err *e) {
  cm_json *root;
  cm_err why = {0};
  cm_code code = cm_json_parse(text, CM_JSON_LIMITS, &root, &why);
  if (code) {
    bad_line(name, line, why.msg, e);
    if (e) e->code = code;
    return code;
  }
  code = line == 1 ? read_head(g, root, name, e) : read_answer(g, root, name, line, e);
  cm_json_free(root);
  return code;
}

cm_code cm_golden_read(cm_goldens *g, cm_str text, const char *name, cm_err *e) {
  cm_str line;
  size_t at = 0;
  cm_code code = CM_OK;
  if (text.n > CM_GOLDEN_BYTES_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "%.120s: more than 64 MiB of golden answers", name);
  g->n = 0;
  while (!code && cm_str_line(&text, &line)) code = read_line(g, line, name, ++at, e);
  if (!code && !at) code = bad_line(name, 1, "empty: not a file of golden answers", e);
  if (code) g->n = 0;
  return code;
}

cm_code cm_golden_load(cm_goldens *g, const char *path, cm_err *e) {
  cm_buf text;
  cm_buf_init(&text, CM_GOLDEN_BYTES_MAX + 1);
  cm_err why = {0};
  cm_code code = cm_os_read_file(path, &text, &why);
  g->n = 0;
  if (!code) code = cm_golden_read(g, (cm_str){text.p, text.n}, path, &why);
  else if (code == CM_E_NOTFOUND) code = CM_OK;
  if (code && e) *e = why;
  cm_buf_close(&text);
  return code;
}

void cm_golden_text(const cm_goldens *g, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 0);
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "schema", CM_STR(schema));
  cm_jw_put_str(&w, "model", g->model_id);
  cm_jw_put_str(&w, "sha256", g->model_sha256);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
  for (size_t i = 0; i < g->n; i++) {
    cm_jw_init(&w, out, 0);
    cm_jw_begin_object(&w);
    cm_jw_put_str(&w, "id", g->items[i].id);
    cm_jw_put_str(&w, "hash", g->items[i].hash);
    cm_jw_put_str(&w, "command", g->items[i].command);
    if (g->items[i].file.n) cm_jw_put_str(&w, "file", g->items[i].file);
    cm_jw_end_object(&w);
    cm_buf_putc(out, '\n');
  }
}

cm_code cm_golden_save(const cm_goldens *g, const char *path, cm_err *e) {
  cm_buf text;
  cm_os_out o;
  cm_buf_init(&text, CM_GOLDEN_BYTES_MAX);
  cm_golden_text(g, &text);
  cm_os_make_folders(path);
  cm_code code = text.overflow ? no_memory(e) : cm_os_out_open(&o, path, e);
  if (!code) {
    code = cm_os_out_write(&o, text.p, text.n, e);
    if (!code) code = cm_os_out_commit(&o, e);
    else cm_os_out_abort(&o);
  }
  cm_buf_close(&text);
  return code;
}

/* --- judging ------------------------------------------------------------------------------ */

/* As expected_commands are compared (judge_text.c). What can't be parsed is equal to nothing. */
static bool parsed_same(const cm_case *c, cm_str x, cm_str y) {
  cm_dialect d = c->shell && !strcmp(c->shell, "sh") ? CM_SH_POSIX : CM_SH_BASH;
  cm_arena *a = cm_arena_open(SCRATCH_MAX);
  cm_buf tx, ty;
  cm_buf_init(&tx, LINE_MAX_BYTES);
  cm_buf_init(&ty, LINE_MAX_BYTES);
  bool same = a && !cm_spelling_canon(x, d, a, &tx, NULL) &&
              !cm_spelling_canon(y, d, a, &ty, NULL) &&
              cm_str_eq((cm_str){tx.p, tx.n}, (cm_str){ty.p, ty.n});
  cm_buf_close(&tx);
  cm_buf_close(&ty);
  cm_arena_close(a);
  return same;
}

cm_golden_match cm_golden_compare(const cm_goldens *g, const cm_case *c, cm_str command,
                                  cm_str *accepted) {
  const cm_golden_answer *a = cm_golden_find(g, c->id);
  *accepted = a ? a->command : CM_STR("");
  if (!a || !cm_str_is(a->hash, c->hash)) return CM_GOLDEN_NONE;
  if (cm_str_eq(a->command, command)) return CM_GOLDEN_SAME;
  if (c->golden == CM_GOLDEN_EXACT) return CM_GOLDEN_OTHER;
  return parsed_same(c, a->command, command) ? CM_GOLDEN_SAME : CM_GOLDEN_OTHER;
}

cm_code cm_golden_propose(const cm_goldens *accepted, cm_goldens *pending, const cm_case *c,
                          cm_str command, cm_err *e) {
  cm_str old;
  if (cm_golden_compare(accepted, c, command, &old) == CM_GOLDEN_SAME) {
    (void)cm_golden_remove(pending, c->id);
    return CM_OK;
  }
  const cm_golden_answer a = {c->id, cm_str_of(c->hash), command, c->file};
  return cm_golden_put(pending, &a, e);
}
