#include "quality/judge_exec.h"

#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "quality/compare.h"
#include "quality/excerpt.h"
#include "quality/trial.h"

/* Outputs and trees of one world's trials, and the reasons that they give. */
enum { WORLD_MEMORY = 64 << 20, SAID_MEMORY = 4 << 20 };

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for trying commands");
}

/* --- gold ----------------------------------------------------------------------------------- */

/* What the safety judge says about gold: a critical one isn't executed either, and where it runs
 * `touch` the times of files count. */
static cm_code weigh_gold(cm_bench *b, cm_arena *a, cm_err *e) {
  const cm_exec *x = b->c->exec;
  cm_verdict v;
  cm_err unread;
  if (cm_safety_judge(b->with->safety, x->gold, b->with->where, a, &v, &unread) == CM_E_NOMEM)
    return no_memory(e);
  if (v.risk == CM_CRITICAL)
    return cm_fail(e, CM_E_FORMAT, 0, "gold is judged critical and never executed");
  if (cm_exec_lacks(x, &v.runs, b->with->sandbox))
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "gold needs what %s can't do",
                   cm_sandbox_name(b->with->sandbox));
  for (size_t i = 0; i < v.runs.n; i++)
    if (cm_str_is(v.runs.items[i]->program, "touch")) b->times = x->tree == CM_TREE_SAME;
  return CM_OK;
}

static const char *stopped_by(cm_sandbox_stopped s) {
  switch (s) {
    case CM_SANDBOX_STOPPED_TIME: return "timed out";
    case CM_SANDBOX_STOPPED_OUTPUT: return "printed too much";
    case CM_SANDBOX_STOPPED_DISK: return "wrote too much";
    case CM_SANDBOX_ENDED: break;
  }
  return "ended";
}

static cm_code try_gold(cm_bench *b, const cm_world *w, cm_arena *a, cm_trial *out, cm_err *e) {
  cm_code code = cm_try(b, w, b->c->exec->gold, a, out, e);
  if (code) return code;
  if (out->r.stopped != CM_SANDBOX_ENDED)
    return cm_fail(e, CM_E_FORMAT, 0, "world %.*s: gold %s",
                   (int)(w->name.n < 40 ? w->name.n : 40), w->name.p, stopped_by(out->r.stopped));
  if (cm_sandbox_lacks(b->with->sandbox) &&
      cm_str_find(out->r.err, CM_STR("Operation not permitted")) != SIZE_MAX)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "world %.*s: gold does what %s doesn't permit",
                   (int)(w->name.n < 40 ? w->name.n : 40), w->name.p,
                   cm_sandbox_name(b->with->sandbox));
  if (cm_exit_class_of(out->r.exit_status) == CM_EXIT_ABSENT)
    return cm_fail(e, CM_E_FORMAT, 0, "world %.*s: gold doesn't run: status %d, %.*s",
                   (int)(w->name.n < 40 ? w->name.n : 40), w->name.p, out->r.exit_status,
                   (int)(out->r.err.n < 120 ? out->r.err.n : 120), out->r.err.p);
  return CM_OK;
}

/* --- one command ---------------------------------------------------------------------------- */

static void say_stopped(const cm_bench *b, const cm_world *w, cm_sandbox_stopped why, cm_arena *a,
                        cm_reasons *out) {
  cm_buf name;
  cm_buf_init(&name, 1024);
  cm_excerpt(&name, w->name);
  const char *world = name.p ? name.p : "";
  if (why == CM_SANDBOX_STOPPED_TIME)
    cm_reasons_add(out, a, "exec.time", "world %s: it still ran after %g s", world,
                   cm_try_limit_ms(b) / 1000.0);
  else cm_reasons_add(out, a, "exec", "world %s: it %s", world, stopped_by(why));
  cm_buf_close(&name);
}

/* Tries a command in a world, and compares it with gold's trial there. *late: it had to be
 * stopped. That is its own fault: gold has done the same in the same time. */
static cm_code meet(cm_bench *b, const cm_world *w, const cm_trial *gold, cm_str command,
                    cm_arena *own, cm_arena *a, cm_reasons *out, bool *late, cm_err *e) {
  cm_trial t;
  cm_code code = cm_try(b, w, command, own, &t, e);
  *late = !code && t.r.stopped == CM_SANDBOX_STOPPED_TIME;
  if (code) return code;
  if (t.r.stopped == CM_SANDBOX_ENDED) return cm_trial_compare(b, w, gold, &t, a, out, e);
  say_stopped(b, w, t.r.stopped, a, out);
  return CM_OK;
}

static cm_code judge_world(cm_bench *b, const cm_world *w, cm_str command, cm_arena *own,
                           cm_arena *a, cm_reasons *out, bool *late, cm_err *e) {
  cm_trial gold;
  cm_code code = try_gold(b, w, own, &gold, e);
  return code ? code : meet(b, w, &gold, command, own, a, out, late, e);
}

/* One world's part of a judgement. Each says what it has to say in an arena of its own, since
 * threads share none; told is all in the order of the worlds. */
typedef struct part {
  cm_arena *said;
  cm_reasons reasons;
  bool late; /* the command timed out */
  cm_code code;
  cm_err error;
} part;

typedef struct judging {
  cm_bench *lanes; /* one a thread: no two worlds are in one folder at once */
  size_t n_lanes;
  part *parts;          /* [n_worlds] */
  atomic_size_t enough; /* worlds behind this one needn't be tried */
  cm_str command;
} judging;

/* The first world in which the command hangs, or that can't be judged, is the last one that is
 * told of: a command that hangs would take as long in each. */
static void note_end(judging *j, size_t i) {
  size_t now = atomic_load(&j->enough);
  while (i < now && !atomic_compare_exchange_weak(&j->enough, &now, i)) continue;
}

static void judge_some(void *ctx, size_t begin, size_t end, unsigned worker) {
  judging *j = ctx;
  cm_bench *b = &j->lanes[worker];
  for (size_t i = begin; i < end && i <= atomic_load(&j->enough); i++) {
    part *p = &j->parts[i];
    cm_arena *own = cm_arena_open(WORLD_MEMORY);
    p->said = cm_arena_open(SAID_MEMORY);
    p->code = own && p->said ? judge_world(b, b->c->exec->worlds[i], j->command, own, p->said,
                                           &p->reasons, &p->late, &p->error)
                             : no_memory(&p->error);
    cm_arena_close(own);
    if (p->code || p->late) note_end(j, i);
  }
}

static cm_code tell_all(const judging *j, size_t n, cm_arena *a, cm_reasons *out, cm_err *e) {
  for (size_t i = 0; i < n && i <= atomic_load(&j->enough); i++) {
    const part *p = &j->parts[i];
    for (size_t k = 0; k < p->reasons.n; k++) {
      const cm_reason *r = &p->reasons.items[k];
      cm_reasons_add(out, a, r->judge, "%.*s", (int)r->text.n, r->text.p);
    }
    if (p->code) return cm_fail(e, p->code, p->error.pos, "%s", p->error.msg);
  }
  return CM_OK;
}

static cm_code judge_worlds(judging *j, cm_arena *a, cm_reasons *out, cm_err *e) {
  const size_t n = j->lanes[0].c->exec->n_worlds;
  cm_pool *pool = NULL;
  j->parts = cm_arena_alloc(a, n + 1, sizeof *j->parts);
  if (!j->parts) return no_memory(e);
  cm_code code = weigh_gold(&j->lanes[0], a, e);
  if (!code && j->n_lanes > 1) code = cm_pool_open(&pool, (unsigned)j->n_lanes, e);
  if (code) return code;
  for (size_t i = 1; i < j->n_lanes; i++) {
    j->lanes[i].began = j->lanes[0].began;
    j->lanes[i].times = j->lanes[0].times;
  }
  atomic_store(&j->enough, n);
  cm_pool_for(pool, n, 1, judge_some, j);
  cm_pool_close(pool);
  code = tell_all(j, n, a, out, e);
  for (size_t i = 0; i < n; i++) cm_arena_close(j->parts[i].said);
  return code;
}

/* Opens a folder for every world that is tried at once, judges, and removes them. */
static cm_code judge_in_lanes(const cm_case *c, cm_str command, const cm_bench_room *with,
                              cm_arena *a, cm_reasons *out, cm_err *e) {
  judging j = {.command = command};
  size_t most = with->together > 1 ? with->together : 1, open = 0;
  if (most > c->exec->n_worlds) most = c->exec->n_worlds ? c->exec->n_worlds : 1;
  if (most > CM_POOL_MAX) most = CM_POOL_MAX;
  j.lanes = cm_arena_alloc(a, most, sizeof *j.lanes);
  cm_code code = j.lanes ? CM_OK : no_memory(e);
  for (; !code && open < most; open += !code) code = cm_bench_open(&j.lanes[open], c, with, e);
  j.n_lanes = open;
  if (!code) code = judge_worlds(&j, a, out, e);
  while (open--) {
    cm_code gone = cm_bench_close(&j.lanes[open], code ? NULL : e);
    if (!code) code = gone;
  }
  return code;
}

static cm_code no_sandbox(cm_err *e) {
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "there is no sandbox to execute commands in");
}

/* A case may take a refusal; then there is nothing to execute. */
static bool may_be_absent(const cm_case *c, const cm_attempt *t) {
  return t->refused ? c->outcomes & CM_MAY_REFUSE : false;
}

static cm_code judge(const cm_case *c, const cm_attempt *t, const cm_bench_room *with, cm_arena *a,
                     cm_reasons *out, cm_err *e) {
  if (!c->exec) return CM_OK;
  if (!t->answered) {
    if (!may_be_absent(c, t)) cm_reasons_add(out, a, "exec", "there is no command to execute");
    return CM_OK;
  }
  if (!t->verdict || t->verdict->risk == CM_CRITICAL) {
    cm_reasons_add(out, a, "exec", "never executed: the command is judged critical");
    return CM_OK;
  }
  if (!with->sandbox) return no_sandbox(e);
  if (memchr(t->command.p, 0, t->command.n)) {
    cm_reasons_add(out, a, "exec", "never executed: the command holds a NUL");
    return CM_OK;
  }
  return judge_in_lanes(c, t->command, with, a, out, e);
}

const cm_judge cm_judge_exec = {"exec", judge};

/* --- whether the case proves anything ------------------------------------------------------- */

/* Whether a command that only ends with `status` would pass in this world. */
static cm_code nothing_passes(const cm_exec *x, const cm_gold_seen *seen, int status, cm_arena *a,
                              bool *passes, cm_err *e) {
  cm_str why;
  int want = x->exit == CM_EXIT_SUCCESS ? 0 : seen->exit_status;
  cm_code code = cm_compare_text(x->out, x->stdout_re, seen->out, CM_STR(""), a, passes, &why, e);
  if (x->exit != CM_EXIT_IGNORE && cm_exit_class_of(want) != cm_exit_class_of(status))
    *passes = false;
  if (x->tree == CM_TREE_SAME && seen->changed) *passes = false;
  return code;
}

cm_code cm_exec_proves(const cm_exec *x, const cm_gold_seen *seen, size_t n, cm_arena *a,
                       bool *proves, cm_err *e) {
  *proves = true;
  for (int status = 0; status <= 1; status++) {
    bool all = true;
    for (size_t i = 0; all && i < n; i++) {
      cm_code code = nothing_passes(x, &seen[i], status, a, &all, e);
      if (code) return code;
    }
    if (all) *proves = false;
  }
  return CM_OK;
}

/* --- checking ------------------------------------------------------------------------------- */

/* One check of a case: `a` is the caller's, `own` is emptied for each world. */
typedef struct check {
  cm_bench b;
  cm_arena *own, *a;
  cm_reasons *out;
  cm_gold_seen *seen; /* [n_worlds] */
  bool *caught;       /* [n_wrong]: it failed somewhere */
} check;

static void say_command(check *k, const char *judge, cm_str command, const char *what,
                        cm_str why) {
  cm_buf text;
  cm_buf_init(&text, 1024);
  cm_excerpt(&text, command);
  cm_reasons_add(k->out, k->a, judge, "%s%s%.*s", text.p ? text.p : "", what, (int)why.n,
                 why.n ? why.p : "");
  cm_buf_close(&text);
}

/* Tries a command and says how many reasons speak against it; the first one in *why. */
static cm_code against(check *k, const cm_world *w, const cm_trial *gold, cm_str command,
                       size_t *n, cm_str *why, cm_err *e) {
  cm_reasons found = {0};
  bool late = false;
  cm_code code = meet(&k->b, w, gold, command, k->own, k->own, &found, &late, e);
  *n = found.n;
  *why = found.n ? found.items[0].text : (cm_str){"", 0};
  return code;
}

static bool critical(check *k, cm_str command) {
  cm_verdict v;
  cm_err unread;
  cm_safety_judge(k->b.with->safety, command, k->b.with->where, k->own, &v, &unread);
  return v.risk == CM_CRITICAL;
}

static cm_code check_others(check *k, const cm_world *w, const cm_trial *gold, cm_err *e) {
  const cm_case *c = k->b.c;
  size_t n = 0;
  cm_str why;
  cm_code code = CM_OK;
  for (size_t i = 0; !code && i < c->n_commands; i++) {
    if (cm_str_eq(c->commands[i], c->exec->gold)) continue;
    if (critical(k, c->commands[i])) {
      say_command(k, "check.commands", c->commands[i], " is judged critical", CM_STR(""));
      continue;
    }
    code = against(k, w, gold, c->commands[i], &n, &why, e);
    if (!code && n) say_command(k, "check.commands", c->commands[i], ": ", why);
  }
  return code;
}

/* A mistake that was caught in one world isn't tried in the others. */
static cm_code check_wrong(check *k, const cm_world *w, const cm_trial *gold, cm_err *e) {
  const cm_exec *x = k->b.c->exec;
  size_t n = 0;
  cm_str why;
  cm_code code = CM_OK;
  for (size_t i = 0; !code && i < x->n_wrong; i++) {
    if (k->caught[i]) continue;
    if (critical(k, x->wrong[i])) {
      k->caught[i] = true;
      continue;
    }
    code = against(k, w, gold, x->wrong[i], &n, &why, e);
    k->caught[i] = n > 0;
  }
  return code;
}

static cm_code see_gold(check *k, size_t i, const cm_trial *gold, cm_err *e) {
  cm_buf unread;
  cm_buf_init(&unread, 16384);
  cm_gold_seen *s = &k->seen[i];
  s->exit_status = gold->r.exit_status;
  const cm_tree_now now = cm_try_now(&k->b, k->b.c->exec->worlds[i]);
  s->changed = cm_tree_diff(&gold->before, &gold->after, &unread) ||
               (k->b.times &&
                cm_tree_diff_times(&gold->before, &gold->before, &gold->after, &now, &unread));
  cm_buf_close(&unread);
  s->out = (cm_str){cm_arena_strdup(k->a, gold->r.out.n ? gold->r.out.p : "", gold->r.out.n),
                    gold->r.out.n};
  return s->out.p ? CM_OK : no_memory(e);
}

static cm_code check_world(check *k, size_t i, cm_err *e) {
  const cm_exec *x = k->b.c->exec;
  const cm_world *w = x->worlds[i];
  cm_trial gold;
  size_t n = 0;
  cm_str why;
  cm_arena_reset(k->own);
  cm_code code = try_gold(&k->b, w, k->own, &gold, e);
  if (!code) code = see_gold(k, i, &gold, e);
  if (!code) code = against(k, w, &gold, x->gold, &n, &why, e);
  if (!code && n) say_command(k, "check.gold", x->gold, " does another thing each time: ", why);
  if (!code) code = check_others(k, w, &gold, e);
  return code ? code : check_wrong(k, w, &gold, e);
}

static cm_code check_proof(check *k, cm_err *e) {
  const cm_exec *x = k->b.c->exec;
  bool proves = false;
  cm_arena_reset(k->own);
  cm_code code = cm_exec_proves(x, k->seen, x->n_worlds, k->own, &proves, e);
  if (!code && !proves)
    cm_reasons_add(k->out, k->a, "check.proof",
                   "a command that prints and changes nothing would pass in every world");
  for (size_t i = 0; i < x->n_wrong; i++)
    if (!k->caught[i])
      say_command(k, "check.wrong", x->wrong[i], " passes in every world", CM_STR(""));
  return code;
}

static cm_code check_all(check *k, cm_err *e) {
  const cm_exec *x = k->b.c->exec;
  cm_err why = {0};
  k->seen = cm_arena_alloc(k->a, x->n_worlds + 1, sizeof *k->seen);
  k->caught = cm_arena_alloc(k->a, x->n_wrong + 1, sizeof *k->caught);
  if (!k->seen || !k->caught) return no_memory(e);
  cm_code code = weigh_gold(&k->b, k->own, &why);
  for (size_t i = 0; !code && i < x->n_worlds; i++) code = check_world(k, i, &why);
  if (!code) code = check_proof(k, &why);
  if (code == CM_E_FORMAT || code == CM_E_LIMIT) {
    cm_reasons_add(k->out, k->a, "check.gold", "%s", why.msg);
    return CM_OK;
  }
  return code ? cm_fail(e, code, why.pos, "%s", why.msg) : CM_OK;
}

cm_code cm_exec_check(const cm_case *c, const cm_bench_room *with, cm_arena *a, cm_reasons *out,
                      cm_err *e) {
  check k = {.a = a, .out = out};
  if (!c->exec) return CM_OK;
  if (!with->sandbox) return no_sandbox(e);
  cm_code code = cm_bench_open(&k.b, c, with, e);
  if (code) return code;
  k.own = cm_arena_open(WORLD_MEMORY);
  code = k.own ? check_all(&k, e) : no_memory(e);
  cm_arena_close(k.own);
  cm_code gone = cm_bench_close(&k.b, code ? NULL : e);
  return code ? code : gone;
}
