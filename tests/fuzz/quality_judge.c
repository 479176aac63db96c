/* rooms: base data sh safety quality */
/* Any pattern (the first line) on any command (the rest): what passes as an expectation fails as a
 * forbidden pattern, what can't be read fails as both, and a command equals itself. */
#include <stdlib.h>
#include <string.h>

#include "quality/judge.h"
#include "quality/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static const cm_sh_context where = {.home = {"/h/user", 7}, .cwd = {"/h/user/project", 15}};

/* Reasons, or SIZE_MAX when it can't be judged. */
static size_t reasons(const cm_case *c, const cm_attempt *t, cm_arena *a) {
  cm_bench_room with = {.where = &where};
  cm_reasons out = {0};
  cm_err e = {0};
  cm_code code = cm_judge_patterns.judge(c, t, &with, a, &out, &e);
  must(code == CM_OK || code == CM_E_LIMIT || code == CM_E_NOMEM);
  for (size_t i = 0; i < out.n; i++)
    must(cm_utf8_check(out.items[i].text.p, out.items[i].text.n) == out.items[i].text.n);
  return code ? SIZE_MAX : out.n;
}

static bool compile(cm_pattern *p, cm_re **re, cm_arena *a) {
  cm_err e;
  cm_str wrapped = {0};
  *re = NULL;
  if (cm_re_open(re, p->text, 0, &e)) return false;
  cm_re_close(*re);
  *re = NULL;
  if (cm_pattern_wrap(p, a, &wrapped)) return false;
  if (wrapped.p && cm_re_open(re, wrapped, 0, &e)) return false;
  p->re = *re;
  return p->re || p->on == CM_ON_COMMAND;
}

static void check(cm_pattern p, const cm_attempt *t, cm_arena *a) {
  cm_re *re;
  if (compile(&p, &re, a)) {
    cm_case expected = {.expected = &p, .n_expected = 1};
    cm_case forbidden = {.forbidden = &p, .n_forbidden = 1};
    size_t e = reasons(&expected, t, a), f = reasons(&forbidden, t, a);
    bool unread = t->verdict->runs.syntax || t->verdict->runs.limited;
    if (e == 0 && f != SIZE_MAX) must(f == 1);
    if (f == 0 && e != SIZE_MAX) must(e == 1);
    if (unread && p.on != CM_ON_RAW && e != SIZE_MAX && f != SIZE_MAX) must(e == 1 && f == 1);
  }
  cm_re_close(re);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_str rest = {(const char *)data, size}, pattern = {0};
  cm_arena *a = cm_arena_open(64 << 20);
  cm_verdict v = {.risk = CM_SAFE};
  cm_err e;
  must(a != NULL);
  if (size < 4096 && cm_str_line(&rest, &pattern) && pattern.n &&
      cm_sh_resolve(rest, &where, a, &v.runs, &e) == CM_OK) {
    cm_attempt t = {.answered = true, .command = rest, .verdict = &v};
    cm_case itself = {.commands = &rest, .n_commands = 1};
    size_t n = reasons(&itself, &t, a);
    must(n == 0 || n == SIZE_MAX || v.runs.syntax || v.runs.limited);
    for (cm_pattern_on on = CM_ON_COMMAND; on <= CM_ON_FLAGS; on++)
      check((cm_pattern){.text = pattern, .on = on}, &t, a);
  }
  cm_arena_close(a);
  return 0;
}
