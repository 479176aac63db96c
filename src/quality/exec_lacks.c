/* What a sandbox can't do, and golds that would need it. */
#include "quality/judge_exec.h"

static const struct {
  const char *program;
  unsigned needs;
} programs[] = {
    {"chmod", CM_SANDBOX_NO_CHMOD},
    {"chown", CM_SANDBOX_NO_CHMOD},
    {"chgrp", CM_SANDBOX_NO_CHMOD},
    {"chattr", CM_SANDBOX_NO_CHMOD},
    {"setfacl", CM_SANDBOX_NO_CHMOD},
    {"install", CM_SANDBOX_NO_CHMOD},
    {"date", CM_SANDBOX_NO_CLOCK},
    {"cal", CM_SANDBOX_NO_CLOCK},
    {"ncal", CM_SANDBOX_NO_CLOCK},
    {"ps", CM_SANDBOX_NO_PROC},
    {"pgrep", CM_SANDBOX_NO_PROC},
    {"pidof", CM_SANDBOX_NO_PROC},
    {"pstree", CM_SANDBOX_NO_PROC},
    {"top", CM_SANDBOX_NO_PROC},
    {"free", CM_SANDBOX_NO_PROC},
    {"uptime", CM_SANDBOX_NO_PROC},
    {"vmstat", CM_SANDBOX_NO_PROC},
    {"lsof", CM_SANDBOX_NO_PROC},
    {"fuser", CM_SANDBOX_NO_PROC},
    {"kill", CM_SANDBOX_NO_SIGNALS},
    {"pkill", CM_SANDBOX_NO_PROC | CM_SANDBOX_NO_SIGNALS},
    {"killall", CM_SANDBOX_NO_PROC | CM_SANDBOX_NO_SIGNALS},
};

static unsigned needs_of(const cm_run *r) {
  unsigned needs = 0;
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
    if (cm_str_is(r->program, programs[i].program)) needs |= programs[i].needs;
  for (size_t i = 0; i < r->n; i++) {
    cm_str word = r->words[i].text;
    if (cm_str_starts(word, CM_STR("/tmp"))) needs |= CM_SANDBOX_NO_TMP;
    if (cm_str_starts(word, CM_STR("/proc"))) needs |= CM_SANDBOX_NO_PROC;
  }
  return needs;
}

bool cm_exec_lacks(const cm_exec *x, const cm_runs *gold, const cm_sandbox *s) {
  unsigned lacks = cm_sandbox_lacks(s), needs = 0;
  for (size_t i = 0; i < x->n_worlds; i++)
    if (x->worlds[i]->now) needs |= CM_SANDBOX_NO_CLOCK;
  for (size_t i = 0; lacks && i < gold->n; i++) needs |= needs_of(gold->items[i]);
  return (needs & lacks) != 0;
}

bool cm_exec_possible(const cm_case *c, const cm_bench_room *with) {
  if (!c->exec) return true;
  if (!with->sandbox) return false;
  if (!cm_sandbox_lacks(with->sandbox)) return true;
  cm_runs runs = {0};
  cm_arena *a = cm_arena_open(16 << 20);
  bool read = a && !cm_sh_resolve(c->exec->gold, with->where, a, &runs, NULL);
  bool possible = read && !cm_exec_lacks(c->exec, &runs, with->sandbox);
  cm_arena_close(a);
  return possible;
}
