#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quality/suite_parts.h"
#include "sandbox/sandbox.h"

/* --- what stands in one world together --- */

/* "/" before every other byte, so that a folder's files follow it. */
static int path_order(cm_str a, cm_str b) {
  size_t n = a.n < b.n ? a.n : b.n;
  for (size_t i = 0; i < n; i++) {
    if (a.p[i] == b.p[i]) continue;
    if (a.p[i] == '/' || b.p[i] == '/') return a.p[i] == '/' ? -1 : 1;
    return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
  }
  return a.n < b.n ? -1 : a.n > b.n;
}

static int by_path(const void *x, const void *y) {
  const cm_node *a = x, *b = y;
  return path_order(a->path, b->path);
}

static int by_name(const void *x, const void *y) {
  const cm_pair *a = x, *b = y;
  return path_order(a->name, b->name);
}

static const cm_node *node_at(const cm_world *w, cm_str path) {
  cm_node key = {.path = path};
  return w->n ? bsearch(&key, w->nodes, w->n, sizeof key, by_path) : NULL;
}

/* A file stands below folders only: below a link it would lie outside of the world. */
static cm_code check_above(cm_suite_reader *r, const cm_world *w, const cm_node *n) {
  const cm_yaml at = {.line = n->line, .column = n->column};
  for (size_t i = 0; i < n->path.n; i++) {
    if (n->path.p[i] != '/') continue;
    const cm_node *above = node_at(w, (cm_str){n->path.p, i});
    if (above && above->kind != CM_NODE_DIR)
      return cm_suite_fail(r, &at, CM_E_FORMAT, "\"%.*s\" in line %u is not a folder",
                           (int)(i < 60 ? i : 60), n->path.p, above->line);
  }
  return CM_OK;
}

/* A folder of its own, or above something. */
static bool has_folder(const cm_world *w, cm_str path) {
  const cm_node *is = node_at(w, path);
  if (is) return is->kind == CM_NODE_DIR;
  for (size_t i = 0; i < w->n; i++)
    if (cm_str_starts(w->nodes[i].path, path) && w->nodes[i].path.n > path.n &&
        w->nodes[i].path.p[path.n] == '/')
      return true;
  return false;
}

/* --- keys --- */

static cm_code set_files(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_world *w = out;
  if (at->kind != CM_YAML_MAP)
    return cm_suite_fail(r, at, CM_E_FORMAT, "files must be a map of paths");
  if (at->n > CM_WORLD_NODES_MAX)
    return cm_suite_fail(r, at, CM_E_LIMIT, "more than %d files", CM_WORLD_NODES_MAX);
  w->nodes = cm_arena_alloc(r->arena, at->n + 1, sizeof *w->nodes);
  if (!w->nodes) return cm_suite_nomem(r);
  cm_code code = CM_OK;
  for (const cm_yaml *c = at->first; c && !code; c = c->next)
    code = cm_suite_node(r, c, &w->nodes[w->n++]);
  if (code) return code;
  qsort(w->nodes, w->n, sizeof *w->nodes, by_path);
  for (size_t i = 0; i < w->n && !code; i++) code = check_above(r, w, &w->nodes[i]);
  return code;
}

static bool is_variable(cm_str s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && (!i || c < '0' || c > '9')) return false;
  }
  return s.n > 0;
}

static bool is_user(cm_str s) {
  char name[64];
  if (s.n >= sizeof name) return false;
  snprintf(name, sizeof name, "%.*s", (int)s.n, s.n ? s.p : "");
  return cm_sandbox_is_user(name);
}

static cm_code variable(cm_suite_reader *r, const cm_yaml *at, cm_pair *out) {
  if (!is_variable(at->key))
    return cm_suite_fail(r, at, CM_E_FORMAT, "\"%.*s\" is no name of a variable",
                         (int)(at->key.n < 40 ? at->key.n : 40), at->key.p);
  out->name = at->key;
  cm_code code = cm_suite_text(r, at, "a variable's value", true, &out->value);
  if (!code && out->value.n && memchr(out->value.p, 0, out->value.n))
    code = cm_suite_fail(r, at, CM_E_FORMAT, "a variable's value holds a NUL");
  if (!code && cm_str_is(out->name, "USER") && !is_user(out->value))
    code = cm_suite_fail(r, at, CM_E_FORMAT,
                         "USER must be lower-case letters, digits, _ and -, at most 32, no root");
  return code;
}

static cm_code set_env(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_world *w = out;
  if (at->kind != CM_YAML_MAP)
    return cm_suite_fail(r, at, CM_E_FORMAT, "env must be a map of variables");
  if (at->n > CM_WORLD_ENV_MAX)
    return cm_suite_fail(r, at, CM_E_LIMIT, "more than %d variables", CM_WORLD_ENV_MAX);
  w->env = cm_arena_alloc(r->arena, at->n + 1, sizeof *w->env);
  if (!w->env) return cm_suite_nomem(r);
  cm_code code = CM_OK;
  for (const cm_yaml *c = at->first; c && !code; c = c->next)
    code = variable(r, c, &w->env[w->n_env++]);
  if (!code) qsort(w->env, w->n_env, sizeof *w->env, by_name);
  return code;
}

static cm_code set_cwd(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_world *w = out;
  cm_code code = cm_suite_text(r, at, "cwd", false, &w->cwd);
  return code ? code : cm_suite_path(r, at, w->cwd);
}

static cm_code set_stdin(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_world *w = out;
  return cm_suite_text(r, at, "stdin", true, &w->stdin_text);
}

static cm_code set_now(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_world *w = out;
  cm_str s;
  cm_code code = cm_suite_text(r, at, "now", false, &s);
  if (code || (cm_suite_time(s, &w->now, NULL) && w->now > 0 && w->now < CM_WORLD_NOW_MAX))
    return code;
  return cm_suite_fail(r, at, CM_E_FORMAT,
                       "now must be a date from 1970-01-02 to 2254 (2024-01-31, "
                       "2024-01-31T12:00:00Z)");
}

static const cm_field world_fields[] = {{"files", set_files},
                                        {"env", set_env},
                                        {"cwd", set_cwd},
                                        {"stdin", set_stdin},
                                        {"now", set_now}};
const cm_fields cm_fields_world = {"world", world_fields, 5};

/* --- worlds --- */

static cm_code world(cm_suite_reader *r, const cm_yaml *at, cm_world *out) {
  const cm_yaml name = {
      .kind = CM_YAML_SCALAR, .text = at->key, .line = at->line, .column = at->column};
  cm_code code = cm_suite_name(r, &name, "the name of a world", "._-", &out->name);
  if (!code) code = cm_suite_map(r, at, &cm_fields_world, out);
  if (!code && out->cwd.n && !has_folder(out, out->cwd))
    code = cm_suite_fail(r, cm_yaml_get(at, "cwd"), CM_E_FORMAT,
                         "cwd is no folder of this world: name it in files, with {dir: true}");
  return code;
}

cm_code cm_suite_worlds(cm_suite_reader *r, const cm_yaml *at) {
  if (at->kind != CM_YAML_MAP)
    return cm_suite_fail(r, at, CM_E_FORMAT, "worlds must be a map of names");
  if (at->n > CM_SUITE_WORLDS_MAX)
    return cm_suite_fail(r, at, CM_E_LIMIT, "more than %d worlds", CM_SUITE_WORLDS_MAX);
  r->worlds = cm_arena_alloc(r->arena, at->n + 1, sizeof *r->worlds);
  r->world_hashes = cm_arena_alloc(r->arena, at->n + 1, sizeof *r->world_hashes);
  if (!r->worlds || !r->world_hashes) return cm_suite_nomem(r);
  cm_code code = CM_OK;
  for (const cm_yaml *c = at->first; c && !code; c = c->next) {
    cm_world *w = &r->worlds[r->n_worlds];
    code = world(r, c, w);
    if (!code) cm_suite_hash_world(w, r->world_hashes[r->n_worlds++]);
  }
  return code;
}
