#include <string.h>

#include "quality/suite_parts.h"

enum { WORLDS_PER_CASE_MAX = 16, TIMEOUT_MS_MAX = 600000 };

/* --- worlds --- */

static cm_code no_world(const cm_suite_reader *r, const cm_yaml *at, cm_str name) {
  const char *names[CM_SUITE_WORLDS_MAX];
  for (size_t i = 0; i < r->n_worlds; i++) names[i] = r->worlds[i].name.p;
  const char *near = cm_suite_nearest(name, names, r->n_worlds);
  return cm_suite_fail(r, at, CM_E_FORMAT, "this file has no world \"%.*s\"%s%s%s",
                       (int)(name.n < 40 ? name.n : 40), name.p, near ? " (did you mean \"" : "",
                       near ? near : "", near ? "\"?)" : "");
}

static cm_code find_world(const cm_suite_reader *r, const cm_yaml *at, const cm_world **out) {
  cm_str name = {0};
  cm_code code = cm_suite_cstring(r, at, "the name of a world", &name);
  if (code) return code;
  for (size_t i = 0; i < r->n_worlds; i++)
    if (cm_str_eq(r->worlds[i].name, name)) {
      *out = &r->worlds[i];
      return CM_OK;
    }
  return no_world(r, at, name);
}

static cm_code set_world(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_exec *x = out;
  cm_code code = cm_suite_list(r, at, "the world", sizeof *x->worlds, &x->worlds, &x->n_worlds);
  if (code) return code;
  if (at->n > WORLDS_PER_CASE_MAX)
    return cm_suite_fail(r, at, CM_E_LIMIT, "more than %d worlds", WORLDS_PER_CASE_MAX);
  size_t i = 0;
  for (const cm_yaml *c = at->first; c && !code; c = c->next)
    code = find_world(r, c, &x->worlds[i++]);
  return code;
}

/* --- comparing --- */

static cm_code set_regex(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_exec *x = out;
  cm_code code = cm_suite_text(r, at, "regex", false, &x->stdout_text);
  x->out = CM_CMP_REGEX;
  return code ? code : cm_suite_re(r, at, x->stdout_text, 0, &x->stdout_re);
}

static const cm_field stdout_fields[] = {{"regex", set_regex}};
const cm_fields cm_fields_stdout = {"stdout", stdout_fields, 1};

static cm_code set_stdout(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"exact", "lines", "set",    "sorted", "numbers",
                                      "paths", "json",  "ignore", NULL};
  static const cm_comparator values[] = {CM_CMP_EXACT,   CM_CMP_LINES, CM_CMP_SET,  CM_CMP_SORTED,
                                         CM_CMP_NUMBERS, CM_CMP_PATHS, CM_CMP_JSON, CM_CMP_IGNORE};
  cm_exec *x = out;
  unsigned i = 0;
  if (at->kind == CM_YAML_MAP) {
    if (!at->n) return cm_suite_fail(r, at, CM_E_FORMAT, "stdout needs \"regex\"");
    return cm_suite_map(r, at, &cm_fields_stdout, x);
  }
  if (cm_str_is(at->text, "regex"))
    return cm_suite_fail(r, at, CM_E_FORMAT, "regex needs a pattern: {regex: \"…\"}");
  cm_code code = cm_suite_word(r, at, "stdout", names, &i);
  if (!code) x->out = values[i];
  return code;
}

static cm_code set_exit(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"same", "success", "ignore", NULL};
  cm_exec *x = out;
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "exit", names, &i);
  x->exit = (cm_exit_compare)i;
  return code;
}

static cm_code set_tree(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"same", "unchanged", "ignore", NULL};
  cm_exec *x = out;
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "tree", names, &i);
  x->tree = (cm_tree_compare)i;
  return code;
}

static const cm_field compare_fields[] = {
    {"stdout", set_stdout}, {"exit", set_exit}, {"tree", set_tree}};
const cm_fields cm_fields_compare = {"compare", compare_fields, 3};

static cm_code set_compare(cm_suite_reader *r, const cm_yaml *at, void *out) {
  return cm_suite_map(r, at, &cm_fields_compare, out);
}

/* --- the rest --- */

static cm_code set_gold(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_exec *x = out;
  return cm_suite_cstring(r, at, "gold", &x->gold);
}

static cm_code set_needs(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_exec *x = out;
  cm_str unused;
  cm_code code = cm_suite_texts(r, at, "a program", &x->needs, &x->n_needs);
  for (const cm_yaml *c = code ? NULL : at->first; c && !code; c = c->next)
    code = cm_suite_name(r, c, "a program", "._+-", &unused);
  return code;
}

static cm_code set_wrong(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_exec *x = out;
  return cm_suite_texts(r, at, "a command", &x->wrong, &x->n_wrong);
}

static cm_code set_timeout(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_exec *x = out;
  return cm_suite_count(r, at, TIMEOUT_MS_MAX, &x->timeout_ms);
}

static const cm_field exec_fields[] = {{"world", set_world}, {"compare", set_compare},
                                       {"gold", set_gold},   {"needs", set_needs},
                                       {"wrong", set_wrong}, {"timeout_ms", set_timeout}};
const cm_fields cm_fields_exec = {"exec", exec_fields, 6};

cm_code cm_suite_exec(cm_suite_reader *r, const cm_yaml *at, cm_exec *out) {
  *out = (cm_exec){.out = CM_CMP_LINES};
  cm_code code = cm_suite_map(r, at, &cm_fields_exec, out);
  if (!code && !out->n_worlds)
    code = cm_suite_fail(r, at, CM_E_FORMAT, "exec needs \"world\", a list of worlds");
  return code;
}
