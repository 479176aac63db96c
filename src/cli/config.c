#include "cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/os_file.h"
#include "data/yaml.h"
#include "safety/safety.h"

enum { LIST_MAX = 1000, WORD_SHOWN = 40 };

typedef struct reader {
  cm_opts *o;
  cm_arena *arena;
  const char *file;
  bool project;
  cm_err *e;
} reader;

static cm_code wrong(const reader *r, const cm_yaml *at, const char *what) {
  return cm_fail(r->e, CM_E_USAGE, 0, "%s:%u:%u: %s", r->file, at->line, at->column, what);
}

/* --- what a project may set --- */

static cm_level level_named(const char *name) {
  cm_level l = CM_STRICT;
  (void)cm_level_of(cm_str_of(name), &l);
  return l;
}

static cm_code project_may(const reader *r, const cm_yaml *at) {
  cm_level asked = CM_STRICT;
  if (cm_str_is(at->key, "output") || cm_str_is(at->key, "shell")) return CM_OK;
  if (cm_str_is(at->key, "fixtures") || cm_str_is(at->key, "golden")) return CM_OK;
  if (!cm_str_is(at->key, "safety"))
    return wrong(r, at, "a project may set only output, shell, safety, fixtures, golden and deny");
  if (cm_level_of(at->text, &asked) && asked > level_named(r->o->safety))
    return wrong(r, at, "a project may make the safety level stricter, not looser");
  return CM_OK;
}

/* --- values --- */

const cm_opt *cm_config_setting(cm_str key) {
  const cm_opt *opt = cm_opt_named(key);
  return opt && cm_opt_is_setting(opt) ? opt : NULL;
}

cm_code cm_config_unknown(cm_str key, cm_err *e) {
  const char *best = NULL;
  unsigned least = 3;
  for (size_t i = 0; cm_opt_at(i); i++) {
    unsigned d = cm_edit_distance(key, cm_str_of(cm_opt_at(i)->name));
    if (cm_opt_is_setting(cm_opt_at(i)) && d < least) least = d, best = cm_opt_at(i)->name;
  }
  return cm_fail(e, CM_E_USAGE, 0, "unknown key \"%.*s\"%s%s%s",
                 (int)(key.n < WORD_SHOWN ? key.n : WORD_SHOWN), key.p,
                 best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

static cm_code unknown(const reader *r, const cm_yaml *at) {
  char where[160];
  snprintf(where, sizeof where, "%.120s:%u:%u", r->file, at->line, at->column);
  cm_config_unknown(at->key, r->e);
  return cm_err_prefix(r->e, where);
}

static cm_origin origin(const reader *r, const cm_yaml *at) {
  return (cm_origin){r->project ? CM_FROM_PROJECT : CM_FROM_USER, at->line};
}

static cm_code set_option(const reader *r, const cm_yaml *at) {
  const cm_opt *opt = cm_config_setting(at->key);
  char where[200];
  if (!opt) return unknown(r, at);
  if (at->kind != CM_YAML_SCALAR) return wrong(r, at, "one value is expected here");
  cm_code code = r->project ? project_may(r, at) : CM_OK;
  snprintf(where, sizeof where, "%s:%u:%u: %s", r->file, at->line, at->column, opt->name);
  return code ? code : cm_opts_set(r->o, opt, origin(r, at), where, at->text.p, r->e);
}

/* The items join what an earlier file gave. */
static cm_code set_list(const reader *r, const cm_yaml *at, const char *const **list,
                        const cm_origin **from, size_t *n) {
  if (at->kind != CM_YAML_LIST) return wrong(r, at, "a list of commands is expected here");
  if (at->n > LIST_MAX) return wrong(r, at, "more than 1000 entries");
  const char **all = cm_arena_alloc(r->arena, *n + at->n, sizeof *all);
  cm_origin *places = cm_arena_alloc(r->arena, *n + at->n, sizeof *places);
  if (!all || !places) return cm_fail(r->e, CM_E_NOMEM, 0, "out of memory for %s", r->file);
  if (*n) memcpy(all, *list, *n * sizeof *all), memcpy(places, *from, *n * sizeof *places);
  for (const cm_yaml *c = at->first; c; c = c->next) {
    if (c->kind != CM_YAML_SCALAR) return wrong(r, c, "a command is expected here");
    places[*n] = origin(r, c);
    all[(*n)++] = c->text.p;
  }
  *list = all;
  *from = places;
  return CM_OK;
}

static cm_code set_key(const reader *r, const cm_yaml *at) {
  cm_opts *o = r->o;
  if (cm_str_is(at->key, "deny")) return set_list(r, at, &o->deny, &o->deny_from, &o->n_deny);
  if (!cm_str_is(at->key, "allow")) return set_option(r, at);
  if (r->project) return project_may(r, at);
  return set_list(r, at, &o->allow, &o->allow_from, &o->n_allow);
}

/* --- files --- */

static cm_code read_keys(const reader *r, cm_str text) {
  const cm_yaml *root;
  cm_code code = cm_yaml_parse(text, r->file, r->arena, &root, r->e);
  if (code || !root) return code == CM_E_FORMAT || code == CM_E_LIMIT ? CM_E_USAGE : code;
  if (root->kind != CM_YAML_MAP) return wrong(r, root, "\"key: value\" lines are expected");
  for (const cm_yaml *c = root->first; c && !code; c = c->next) code = set_key(r, c);
  return code;
}

/* A project may be anybody's: a pipe in the file's place would keep us waiting for ever. */
static cm_code read_file(const reader *r) {
  cm_buf text;
  cm_err e;
  cm_os_identity at;
  cm_buf_init(&text, CM_YAML_BYTES_MAX);
  cm_code code = r->project ? cm_os_identify(r->file, &at, &e) : CM_OK;
  if (!code) code = cm_os_read_file(r->file, &text, &e);
  if (!code) code = read_keys(r, (cm_str){text.p ? text.p : "", text.n});
  else if (code == CM_E_NOTFOUND) code = CM_OK;
  else *r->e = e;
  cm_buf_close(&text);
  return code;
}

cm_code cm_config_user_path(char *out, size_t size, cm_err *e) {
  const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  int n = 0;
  out[0] = 0;
  if (xdg && *xdg) n = snprintf(out, size, "%s/cmdai/config.yaml", xdg);
  else if (home && *home) n = snprintf(out, size, "%s/.config/cmdai/config.yaml", home);
  if (n < 0 || (size_t)n >= size)
    return cm_fail(e, CM_E_USAGE, 0, "XDG_CONFIG_HOME or HOME is longer than a path may be");
  return CM_OK;
}

cm_code cm_config_read(cm_opts *o, cm_str text, const char *name, cm_arena *a, cm_err *e) {
  return read_keys(&(reader){o, a, name, false, e}, text);
}

cm_code cm_config_load(cm_opts *o, cm_arena *a, cm_err *e) {
  char path[4096];
  cm_code code = cm_config_user_path(path, sizeof path, e);
  reader user = {o, a, path, false, e}, project = {o, a, CM_CONFIG_PROJECT, true, e};
  if (!code && path[0]) code = read_file(&user);
  return code ? code : read_file(&project);
}
