#include "quality/pattern.h"
#include "quality/suite_parts.h"

struct cm_suite_kept {
  struct cm_suite_kept *next;
  cm_re *re;
};

void cm_suite_forget(cm_suite *s, const struct cm_suite_kept *mark) {
  for (; s->patterns != mark; s->patterns = s->patterns->next) cm_re_close(s->patterns->re);
}

cm_code cm_suite_re(cm_suite_reader *r, const cm_yaml *at, cm_str text, unsigned flags,
                    const cm_re **out) {
  cm_re *re = NULL;
  cm_err why;
  struct cm_suite_kept *kept = cm_arena_alloc(r->arena, 1, sizeof *kept);
  if (!kept) return cm_suite_nomem(r);
  cm_code code = cm_re_open(&re, text, flags, &why);
  if (code == CM_E_NOMEM) return cm_suite_nomem(r);
  if (code) return cm_suite_fail(r, at, code, "bad pattern: %s", why.msg);
  *kept = (struct cm_suite_kept){r->suite->patterns, re};
  r->suite->patterns = kept;
  *out = re;
  return CM_OK;
}

/* --- the keys of a pattern written as a map --- */

static cm_code set_re(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_pattern *p = out;
  return cm_suite_text(r, at, "re", false, &p->text);
}

static cm_code set_on(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"command", "raw", "argv", "utility", "flags", NULL};
  cm_pattern *p = out;
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "on", names, &i);
  p->on = (cm_pattern_on)i;
  return code;
}

static cm_code set_i(cm_suite_reader *r, const cm_yaml *at, void *out) {
  cm_pattern *p = out;
  return cm_suite_bool(r, at, &p->ignore_case);
}

static const cm_field pattern_fields[] = {{"re", set_re}, {"on", set_on}, {"i", set_i}};
const cm_fields cm_fields_pattern = {"pattern", pattern_fields, 3};

/* --- patterns --- */

/* A pattern that matches the empty text matches every text: as an expectation it is void. */
static cm_code check_sense(cm_suite_reader *r, const cm_yaml *at, const cm_re *re) {
  bool found = false;
  size_t start, end;
  cm_code code = cm_re_find(re, CM_STR(""), 0, &found, &start, &end, r->e);
  if (code) return cm_suite_fail(r, at, code, "bad pattern: it can't be matched");
  if (!found) return CM_OK;
  return cm_suite_fail(r, at, CM_E_FORMAT,
                       "bad pattern: it matches the empty text, so everything");
}

/* First as it is, so that messages are about what was written, then as matching needs it. */
static cm_code compile(cm_suite_reader *r, const cm_yaml *at, cm_pattern *p) {
  unsigned flags = p->ignore_case ? CM_RE_IGNORE_CASE : 0;
  cm_re *plain = NULL;
  cm_str wrapped;
  cm_err why;
  cm_code code = cm_re_open(&plain, p->text, flags, &why);
  if (code == CM_E_NOMEM) return cm_suite_nomem(r);
  if (code) return cm_suite_fail(r, at, code, "bad pattern: %s", why.msg);
  code = check_sense(r, at, plain);
  cm_re_close(plain);
  if (code) return code;
  code = cm_pattern_wrap(p, r->arena, &wrapped);
  if (code) return cm_suite_nomem(r);
  return wrapped.p ? cm_suite_re(r, at, wrapped, flags, &p->re) : CM_OK;
}

static cm_code pattern(cm_suite_reader *r, const cm_yaml *at, cm_pattern *out) {
  *out = (cm_pattern){.line = at->line, .column = at->column};
  cm_code code = CM_OK;
  if (at->kind != CM_YAML_MAP) code = cm_suite_text(r, at, "a pattern", false, &out->text);
  else code = cm_suite_map(r, at, &cm_fields_pattern, out);
  if (!code && !out->text.n) code = cm_suite_fail(r, at, CM_E_FORMAT, "a pattern needs \"re\"");
  return code ? code : compile(r, at, out);
}

cm_code cm_suite_patterns(cm_suite_reader *r, const cm_yaml *at, cm_pattern **out, size_t *n) {
  cm_pattern *items = NULL;
  cm_code code = cm_suite_list(r, at, "the pattern", sizeof *items, &items, n);
  size_t i = 0;
  for (const cm_yaml *c = code ? NULL : at->first; c && !code; c = c->next)
    code = pattern(r, c, &items[i++]);
  *out = items;
  return code;
}
