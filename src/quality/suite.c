#include "quality/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/os_list.h"
#include "quality/suite_parts.h"

enum { FOLDERS_DEEP_MAX = 32, NAMES_MAX = 65536 };

const char *cm_subject_name(cm_subject s) {
  static const char *const names[] = {"prompt", "command", "given_output"};
  return names[s];
}

const char *cm_tier_name(cm_tier t) {
  static const char *const names[] = {"smoke", "full", "adversarial"};
  return names[t];
}

const char *cm_gating_name(cm_gating g) {
  static const char *const names[] = {"hard", "soft", "track"};
  return names[g];
}

/* --- one text --- */

static cm_code set_schema(cm_suite_reader *r, const cm_yaml *at, void *unused) {
  (void)unused;
  if (at->kind == CM_YAML_SCALAR && at->plain && cm_str_is(at->text, "1")) return CM_OK;
  return cm_suite_fail(r, at, CM_E_FORMAT, "this program reads schema 1 only");
}

/* The parts that others refer to are read before them, wherever they stand. */
static cm_code read_later(cm_suite_reader *r, const cm_yaml *at, void *unused) {
  (void)r, (void)at, (void)unused;
  return CM_OK;
}

static const cm_field file_fields[] = {{"schema", set_schema},
                                       {"defaults", read_later},
                                       {"worlds", read_later},
                                       {"test_cases", read_later}};
const cm_fields cm_fields_file = {"file", file_fields, 4};

const cm_fields *cm_suite_kind_at(size_t i) {
  static const cm_fields *const all[] = {
      &cm_fields_file,   &cm_fields_defaults,   &cm_fields_case,    &cm_fields_pattern,
      &cm_fields_risk,   &cm_fields_exec,       &cm_fields_compare, &cm_fields_stdout,
      &cm_fields_golden, &cm_fields_repeat,     &cm_fields_budget,  &cm_fields_skip,
      &cm_fields_xfail,  &cm_fields_quarantine, &cm_fields_world,   &cm_fields_node};
  return i < sizeof all / sizeof *all ? all[i] : NULL;
}

static cm_code read_root(cm_suite_reader *r, const cm_yaml *root) {
  cm_code code = cm_suite_map(r, root, &cm_fields_file, NULL);
  const cm_yaml *defaults = cm_yaml_get(root, "defaults"), *worlds = cm_yaml_get(root, "worlds");
  const cm_yaml *cases = cm_yaml_get(root, "test_cases");
  if (!code && !cases) code = cm_suite_fail(r, root, CM_E_FORMAT, "there are no test_cases");
  if (!code && defaults) code = cm_suite_defaults(r, defaults);
  if (!code && worlds) code = cm_suite_worlds(r, worlds);
  return code ? code : cm_suite_cases(r, cases);
}

static cm_code read_text(cm_suite *s, cm_str text, cm_str name, cm_arena *a, cm_err *e) {
  cm_suite before = *s;
  cm_suite_reader r = {.suite = s, .arena = a, .e = e};
  const cm_yaml *root = NULL;
  r.file = (cm_str){cm_arena_strdup(a, name.p ? name.p : "", name.n), name.n};
  if (!r.file.p) return cm_fail(e, CM_E_NOMEM, 0, "out of memory for fixtures");
  r.defaults = (cm_case){
      .shell = "bash", .tier = CM_TIER_FULL, .gate = CM_GATE_SOFT, .repeat = 1, .min_pass = 1};
  cm_code code = cm_yaml_parse(text, r.file.p, a, &root, e);
  if (!code && !root)
    code = cm_fail(e, CM_E_FORMAT, 0, "%s:1:1: there are no test_cases", r.file.p);
  if (!code) code = read_root(&r, root);
  if (!code) return CM_OK;
  cm_suite_forget(s, before.patterns);
  *s = before;
  return code;
}

/* --- what only the whole can have --- */

static int by_id(const void *x, const void *y) {
  const cm_case *const *p = x, *const *q = y;
  const cm_case *a = *p, *b = *q;
  int d = cm_str_order(a->id, b->id);
  if (d) return d;
  return a < b ? -1 : a > b; /* both in one array */
}

static int by_hash(const void *x, const void *y) {
  const cm_case *const *p = x, *const *q = y;
  return strcmp((*p)->hash, (*q)->hash);
}

static cm_code same_id(const cm_case *first, const cm_case *second, cm_err *e) {
  return cm_fail(e, CM_E_FORMAT, 0, "%s:%u:%u: the id \"%.60s\" stands twice, first at %s:%u:%u",
                 second->file.p, second->line, second->column, second->id.p, first->file.p,
                 first->line, first->column);
}

static void hash_suite(cm_suite *s, const cm_case **sorted) {
  cm_sha256 sum;
  if (s->n) qsort(sorted, s->n, sizeof *sorted, by_hash);
  cm_sha256_init(&sum);
  for (size_t i = 0; i < s->n; i++) cm_sha256_add(&sum, sorted[i]->hash, 64);
  cm_sha256_hex(&sum, s->hash);
}

static cm_code complete(cm_suite *s, cm_err *e) {
  const cm_case **sorted = cm_alloc(s->n + 1, sizeof *sorted);
  if (!sorted) return cm_fail(e, CM_E_NOMEM, 0, "out of memory for fixtures");
  for (size_t i = 0; i < s->n; i++) sorted[i] = &s->cases[i];
  if (s->n) qsort(sorted, s->n, sizeof *sorted, by_id);
  cm_code code = CM_OK;
  for (size_t i = 1; i < s->n && !code; i++)
    if (cm_str_eq(sorted[i - 1]->id, sorted[i]->id)) code = same_id(sorted[i - 1], sorted[i], e);
  if (!code) hash_suite(s, sorted);
  cm_free(sorted);
  return code;
}

/* Takes back what was read after `before`. */
static cm_code undo(cm_suite *s, const cm_suite *before, cm_code code) {
  if (!code) return CM_OK;
  cm_suite_forget(s, before->patterns);
  *s = *before;
  return code;
}

cm_code cm_suite_read(cm_suite *s, cm_str text, cm_str name, cm_arena *a, cm_err *e) {
  cm_suite before = *s;
  cm_code code = read_text(s, text, name, a, e);
  return code ? code : undo(s, &before, complete(s, e));
}

/* --- files and folders --- */

typedef struct walk {
  cm_suite *suite;
  cm_arena *arena;
  const char **files;
  size_t n;
  cm_err *e;
} walk;

static cm_code add_file(walk *w, const char *path) {
  if (w->n == CM_SUITE_FILES_MAX)
    return cm_fail(w->e, CM_E_LIMIT, 0, "more than %d fixture files", CM_SUITE_FILES_MAX);
  w->files[w->n++] = path;
  return CM_OK;
}

bool cm_is_fixture(cm_str name) {
  return cm_str_ends(name, CM_STR(".yaml")) || cm_str_ends(name, CM_STR(".yml"));
}

static char *joined(walk *w, const char *folder, cm_str name) {
  size_t n = strlen(folder);
  while (n > 1 && folder[n - 1] == '/') n--;
  char *path = cm_arena_alloc(w->arena, n + name.n + 2, 1);
  if (path) snprintf(path, n + name.n + 2, "%.*s/%s", (int)n, folder, name.p);
  return path;
}

static cm_code add_folder(walk *w, const char *path, unsigned depth) {
  cm_os_entry *names;
  size_t n;
  if (depth == FOLDERS_DEEP_MAX)
    return cm_fail(w->e, CM_E_LIMIT, 0, "%.150s: folders deeper than %d", path, FOLDERS_DEEP_MAX);
  cm_code code = cm_os_list(path, NAMES_MAX, w->arena, &names, &n, w->e);
  for (size_t i = 0; i < n && !code; i++) {
    bool file = names[i].kind == CM_OS_FILE && cm_is_fixture(names[i].name);
    if (names[i].name.p[0] == '.' || (!file && names[i].kind != CM_OS_DIR)) continue;
    char *below = joined(w, path, names[i].name);
    if (!below) return cm_fail(w->e, CM_E_NOMEM, 0, "out of memory for fixtures");
    code = file ? add_file(w, below) : add_folder(w, below, depth + 1);
  }
  return code;
}

static cm_code add_path(walk *w, const char *path) {
  cm_os_kind kind;
  cm_code code = cm_os_kind_of(path, &kind, w->e);
  if (code) return code;
  if (kind == CM_OS_DIR) return add_folder(w, path, 0);
  if (kind == CM_OS_FILE) return add_file(w, path);
  return cm_fail(w->e, CM_E_IO, 0, "%.150s is neither a file nor a folder", path);
}

static cm_code read_file(walk *w, const char *path) {
  cm_buf text;
  cm_buf_init(&text, CM_FIXTURE_BYTES_MAX);
  cm_code code = cm_os_read_file(path, &text, w->e);
  if (!code)
    code = read_text(w->suite, (cm_str){text.p ? text.p : "", text.n}, cm_str_of(path), w->arena,
                     w->e);
  cm_buf_close(&text);
  return code;
}

/* A file that was named twice, or is in a folder that was named too, is read once. */
static bool seen(const walk *w, size_t i) {
  for (size_t j = 0; j < i; j++)
    if (strcmp(w->files[i], w->files[j]) == 0) return true;
  return false;
}

cm_code cm_suite_open(cm_suite *s, const char *const *paths, size_t n, cm_arena *a, cm_err *e) {
  walk w = {.suite = s, .arena = a, .e = e};
  cm_suite before = *s;
  cm_code code = CM_OK;
  w.files = cm_arena_alloc(a, CM_SUITE_FILES_MAX, sizeof *w.files);
  if (!w.files) return cm_fail(e, CM_E_NOMEM, 0, "out of memory for fixtures");
  for (size_t i = 0; i < n && !code; i++) code = add_path(&w, paths[i]);
  for (size_t i = 0; i < w.n && !code; i++)
    if (!seen(&w, i)) code = read_file(&w, w.files[i]);
  if (!code) code = complete(s, e);
  return undo(s, &before, code);
}

void cm_suite_close(cm_suite *s) {
  if (!s) return;
  cm_suite_forget(s, NULL);
  *s = (cm_suite){0};
}

cm_code cm_suite_check_dates(const cm_suite *s, cm_str today, cm_err *e) {
  int64_t now = 0, until;
  if (!cm_date_of(today, &now)) return cm_fail(e, CM_E_USAGE, 0, "today's date is needed");
  for (size_t i = 0; i < s->n; i++) {
    const cm_case *c = &s->cases[i];
    if (!cm_date_of(c->quarantine_until, &until) || until <= now + CM_QUARANTINE_DAYS_MAX)
      continue;
    return cm_fail(e, CM_E_FORMAT, 0,
                   "%.150s:%u:%u: the quarantine ends %.10s, more than %d days after %.10s",
                   c->file.p, c->line, c->column, c->quarantine_until.p,
                   (int)CM_QUARANTINE_DAYS_MAX, today.p);
  }
  return CM_OK;
}

/* --- selecting --- */

const cm_case *cm_suite_find(const cm_suite *s, cm_str id) {
  for (size_t i = 0; i < s->n; i++)
    if (cm_str_eq(s->cases[i].id, id)) return &s->cases[i];
  return NULL;
}

/* * and ? only; going back to the last * is enough, and linear in practice. */
static bool matches(cm_str glob, cm_str s) {
  size_t g = 0, i = 0, star = SIZE_MAX, from = 0;
  while (i < s.n) {
    if (g < glob.n && glob.p[g] == '*') star = g++, from = i;
    else if (g < glob.n && (glob.p[g] == '?' || glob.p[g] == s.p[i])) g++, i++;
    else if (star != SIZE_MAX) g = star + 1, i = ++from;
    else return false;
  }
  while (g < glob.n && glob.p[g] == '*') g++;
  return g == glob.n;
}

bool cm_case_selected(const cm_case *c, cm_str selector) {
  if (cm_str_starts(selector, CM_STR("tier:")))
    return cm_str_is((cm_str){selector.p + 5, selector.n - 5}, cm_tier_name(c->tier));
  if (!selector.n || selector.p[0] != '@') return matches(selector, c->id);
  for (size_t i = 0; i < c->n_tags; i++)
    if (cm_str_eq(c->tags[i], (cm_str){selector.p + 1, selector.n - 1})) return true;
  return false;
}
