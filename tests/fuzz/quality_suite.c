/* rooms: base data sh safety quality */
/* Any text as a fixture: what is read keeps the promises of suite.h, and what isn't leaves
 * nothing. */
#include <stdlib.h>
#include <string.h>

#include "quality/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void check_world(const cm_world *w) {
  must(w->name.n > 0);
  for (size_t i = 0; i < w->n; i++) {
    cm_str path = w->nodes[i].path;
    must(path.n && path.p[0] != '/' && path.p[path.n - 1] != '/' && !memchr(path.p, 0, path.n));
    must(!cm_str_is(path, "..") && !cm_str_starts(path, CM_STR("../")));
    must(cm_str_find(path, CM_STR("/../")) == SIZE_MAX && !cm_str_ends(path, CM_STR("/..")));
    for (size_t j = 0; j < i; j++) must(!cm_str_eq(path, w->nodes[j].path));
  }
}

static void check_exec(const cm_exec *x) {
  must(x->gold.n && x->n_worlds);
  must((x->out == CM_CMP_REGEX) == (x->stdout_re != NULL));
  for (size_t i = 0; i < x->n_worlds; i++) check_world(x->worlds[i]);
}

static void check_case(const cm_case *c) {
  must(c->id.n && c->cluster.n && c->shell && c->line && c->column && strlen(c->hash) == 64);
  must(c->repeat >= 1 && c->min_pass >= 1 && c->min_pass <= c->repeat);
  must(c->risk_min <= c->risk_max && c->outcomes < 16);
  must(!c->skip.condition.n == !c->skip.reason.n);
  must(!c->quarantine_until.n == !c->quarantine_issue.n);
  for (size_t i = 0; i < c->n_expected; i++)
    must(c->expected[i].text.n && (c->expected[i].re || c->expected[i].on == CM_ON_COMMAND));
  must(c->subject != CM_SUBJECT_COMMAND || (!c->exec && !c->golden));
  if (c->exec) check_exec(c->exec);
  must(cm_case_selected(c, CM_STR("*")) && cm_case_selected(c, c->id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_arena *a = cm_arena_open(64 << 20);
  cm_suite s = {0};
  cm_err e;
  must(a != NULL);
  cm_code code = cm_suite_read(&s, (cm_str){(const char *)data, size}, CM_STR("fuzz"), a, &e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT || code == CM_E_NOMEM);
  if (code) must(!s.n && !s.patterns && !s.cases && e.msg[0]);
  for (size_t i = 0; i < s.n; i++) {
    check_case(&s.cases[i]);
    must(cm_suite_find(&s, s.cases[i].id) == &s.cases[i]);
  }
  cm_suite_close(&s);
  cm_arena_close(a);
  return 0;
}
