/* Lists, pipelines and compound commands: every way through them is taken. */
#include <string.h>

#include "sh/eval.h"

enum {
  LOOP_VALUES = CM_RESOLVE_VALUES_MAX, /* passes of a loop; of inner loops fewer */
  LOOP_INNER = 8,
  ARITH_PASSES = 8
};

static void walk_cmd(cm_eval *ev, const cm_cmd *c);

/* --- pipelines --- */

/* The first or last of the runs from `first` on whose stdin or stdout is the element's. */
static const cm_run *end_run(const cm_eval *ev, size_t first, size_t end, bool last) {
  for (size_t i = first; i < end; i++) {
    const cm_run *r = ev->items[last ? end - 1 - (i - first) : i];
    if (r && ((const cm_evrun *)r)->captured == ev->f.captured) return r;
  }
  return NULL;
}

static void connect_out(cm_eval *ev, size_t first, size_t end, const cm_run *out) {
  for (size_t i = first; i < end; i++) {
    cm_evrun *r = (cm_evrun *)(uintptr_t)ev->items[i];
    if (r && !r->run.out && !r->out_elsewhere && r->captured == ev->f.captured) r->run.out = out;
  }
}

/* What an element of a pipeline writes becomes what the next one reads. */
static void feed(cm_eval *ev, const cm_sink *sink, const cm_run *last, cm_span span) {
  ev->f.in = sink->last ? sink->last : last;
  ev->f.input = NULL;
  ev->f.partial = NULL;
  if (sink->text.over) return;
  cm_rword text = {.text = cm_txt_str(&sink->text),
                   .from = sink->from,
                   .source = sink->source,
                   .span = cm_ev_span(ev, span)};
  cm_input *input = cm_input_of(ev, &text);
  if (sink->unknown) ev->f.partial = input;
  else ev->f.input = input;
}

static void walk_piped(cm_eval *ev, const cm_cmd *cmds) {
  cm_frame outer = ev->f;
  size_t before, first = ev->n;
  ev->pipes++;
  for (const cm_cmd *c = cmds; c; c = c->next) {
    cm_frame in = ev->f;
    cm_log *mark = ev->log;
    cm_dead dead = ev->dead;
    cm_sink sink = {0};
    before = first;
    first = ev->n;
    ev->f.sink = c->next ? &sink : outer.sink;
    ev->f.maybe = c->next ? 0 : outer.maybe;
    walk_cmd(ev, c);
    cm_env_back(ev, mark);
    ev->dead = dead;
    ev->f = in;
    const cm_run *head = end_run(ev, first, ev->n, false);
    if (c != cmds && head) connect_out(ev, before, first, head);
    if (c->next) feed(ev, &sink, end_run(ev, first, ev->n, true), c->span);
  }
  ev->pipes--;
  ev->f = outer;
}

static void walk_pipeline(cm_eval *ev, const cm_pipeline *p) {
  if (p->cmds && p->cmds->next) walk_piped(ev, p->cmds);
  else if (p->cmds) walk_cmd(ev, p->cmds);
}

/* --- lists --- */

static cm_str first_word(const cm_cmd *c) {
  const cm_part *p = c->words ? c->words->parts : NULL;
  return p && !p->next && p->kind == CM_PART_TEXT ? p->text : CM_STR("");
}

/* Commands that always succeed, so that what follows && is no branch. */
static bool is_sure(const cm_pipeline *p) {
  static const char *const names[] = {":",     "true",    "echo",     "printf", "export",
                                      "unset", "declare", "readonly", "local",  "set"};
  const cm_cmd *c = p->cmds;
  if (!c || c->next || c->kind != CM_CMD_SIMPLE) return false;
  if (!c->words) return true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (cm_str_is(first_word(c), names[i])) return true;
  return false;
}

/* Behind && a command sees what those before it did; behind || it may or may not. */
static void walk_and_or(cm_eval *ev, const cm_pipeline *first) {
  cm_fork fork;
  bool open = false;
  walk_pipeline(ev, first);
  for (const cm_pipeline *p = first; p->next && cm_ev_step(ev); p = p->next) {
    bool both = p->join == CM_JOIN_AND;
    if (open && !both) {
      cm_fork_branch(ev, &fork);
      cm_fork_close(ev, &fork, true);
      open = false;
    }
    if (!open && !(both && is_sure(p))) {
      cm_fork_open(ev, &fork);
      open = true;
    }
    ev->f.maybe += open;
    walk_pipeline(ev, p->next);
    ev->f.maybe -= open;
    if (both || !open) continue;
    cm_fork_branch(ev, &fork);
    cm_fork_close(ev, &fork, true);
    open = false;
  }
  if (!open) return;
  cm_fork_branch(ev, &fork);
  cm_fork_close(ev, &fork, true);
}

static void walk_background(cm_eval *ev, const cm_sh_list *l) {
  cm_frame saved = ev->f;
  cm_log *mark = ev->log;
  cm_dead dead = ev->dead;
  ev->f.background = true;
  ev->forks++;
  walk_and_or(ev, l->first);
  ev->forks--;
  ev->f = saved;
  ev->dead = dead;
  cm_env_back(ev, mark);
}

void cm_walk_list(cm_eval *ev, const cm_sh_list *list) {
  if (!cm_ev_enter(ev)) return;
  for (const cm_sh_list *l = list; l && cm_ev_step(ev); l = l->next) {
    if (!l->first) continue;
    if (l->background) walk_background(ev, l);
    else walk_and_or(ev, l->first);
  }
  ev->nest--;
}

/* --- branches --- */

static void walk_branch(cm_eval *ev, cm_fork *fork, const cm_sh_list *test,
                        const cm_sh_list *body) {
  ev->f.maybe++;
  cm_walk_list(ev, test);
  cm_walk_list(ev, body);
  ev->f.maybe--;
  cm_fork_branch(ev, fork);
}

static void walk_if(cm_eval *ev, const cm_cmd *c) {
  cm_fork fork;
  bool last_test = true;
  if (!c->arms) return;
  cm_walk_list(ev, c->arms->test);
  cm_fork_open(ev, &fork);
  for (const cm_arm *a = c->arms; a && cm_ev_step(ev); a = a->next) {
    last_test = a->test != NULL;
    walk_branch(ev, &fork, a == c->arms ? NULL : a->test, a->body);
  }
  cm_fork_close(ev, &fork, last_test);
}

static void walk_case(cm_eval *ev, const cm_cmd *c) {
  cm_fork fork;
  bool always = false, known;
  (void)cm_expand_one(ev, c->words);
  cm_fork_open(ev, &fork);
  for (const cm_arm *a = c->arms; a && cm_ev_step(ev); a = a->next) {
    for (const cm_word *w = a->patterns; w; w = w->next)
      always |= cm_str_is(cm_expand_pattern(ev, w, &known), "*");
    walk_branch(ev, &fork, NULL, a->body);
  }
  cm_fork_close(ev, &fork, !always);
}

/* --- loops --- */

static bool same_run(const cm_run *a, const cm_run *b) {
  if (!a || !b) return a == b;
  if (a->kind != b->kind || a->n != b->n || a->span.start != b->span.start) return false;
  for (size_t i = 0; i < a->n; i++)
    if (!cm_str_eq(a->words[i].text, b->words[i].text)) return false;
  return cm_str_eq(a->cwd.text, b->cwd.text);
}

/* A second pass that shows nothing new leaves no runs. */
static void drop_repeats(cm_eval *ev, size_t first, size_t second) {
  if (ev->n - second != second - first) return;
  for (size_t i = first; i < second; i++)
    if (!same_run(ev->items[i], ev->items[second + i - first])) return;
  ev->n = second;
}

/* Runs of a loop that nothing ended. */
static void mark_endless(cm_eval *ev, size_t first, unsigned breaks) {
  if (ev->breaks != breaks) return;
  for (size_t i = first; i < ev->n; i++)
    if (ev->items[i]) ((cm_run *)(uintptr_t)ev->items[i])->loop = true;
}

static void walk_body(cm_eval *ev, const cm_sh_list *body) {
  ev->f.loops++;
  cm_walk_list(ev, body);
  ev->f.loops--;
  if (ev->dead == CM_BROKEN) ev->dead = CM_ALIVE;
}

/* `while :`, `until false`, `while [ 1 ]`. */
static bool always_goes_on(const cm_sh_list *test, bool until) {
  const cm_pipeline *p = test && !test->next ? test->first : NULL;
  const cm_cmd *c = p && !p->next ? p->cmds : NULL;
  if (!c || c->next) return false;
  cm_str name = first_word(c);
  if (until) return cm_str_is(name, "false");
  if (c->kind == CM_CMD_ARITH || c->kind == CM_CMD_COND || cm_str_is(name, "1"))
    return cm_str_is(name, "1");
  const cm_word *second = c->words ? c->words->next : NULL;
  const cm_part *arg = second ? second->parts : NULL;
  if (cm_str_is(name, "[") && arg && !arg->next) return cm_str_is(arg->text, "1");
  return cm_str_is(name, ":") || cm_str_is(name, "true");
}

static void walk_while(cm_eval *ev, const cm_cmd *c) {
  cm_fork fork;
  size_t first = ev->n, second;
  unsigned breaks = ev->breaks, assigned;
  if (!c->arms) return;
  cm_fork_open(ev, &fork);
  unsigned maybe = ev->f.input == NULL; /* a known text is read to its end */
  ev->f.maybe += maybe;
  unsigned max = ev->f.loops ? LOOP_INNER : LOOP_VALUES;
  for (unsigned pass = 0; pass < max && cm_ev_step(ev); pass++) {
    size_t rest = ev->f.input ? ev->f.input->rest.n : 0;
    second = ev->n;
    assigned = ev->assigned;
    cm_walk_list(ev, c->arms->test);
    walk_body(ev, c->arms->body);
    size_t left = ev->f.input ? ev->f.input->rest.n : 0;
    if (pass == 1 && left == rest) drop_repeats(ev, first, second);
    if (left < rest && left) continue;
    if (pass || left < rest || assigned == ev->assigned || ev->f.loops > 2) break;
  }
  ev->f.maybe -= maybe;
  cm_fork_branch(ev, &fork);
  cm_fork_close(ev, &fork, true);
  if (always_goes_on(c->arms->test, c->kind == CM_CMD_UNTIL)) mark_endless(ev, first, breaks);
}

static bool all_numbers(const cm_rword *w, size_t n) {
  long v;
  for (size_t i = 0; i < n; i++)
    if (w[i].from & ~(unsigned)CM_FROM_NUMBER || (!w[i].from && !cm_str_number(w[i].text, &v)))
      return false;
  return true;
}

static void walk_for(cm_eval *ev, const cm_cmd *c) {
  cm_fields values = {0};
  bool known;
  cm_var *var = cm_env_var(ev, CM_VARS, c->name);
  if (c->has_in) cm_expand_words(ev, c->words, &values);
  else cm_param_all(ev, CM_STR("@"), &values, &known);
  size_t max = ev->f.loops ? LOOP_INNER : LOOP_VALUES, n = values.n < max ? values.n : max;
  if (!var) return;
  for (size_t i = 0; i < n && cm_ev_step(ev); i++) {
    cm_env_set(ev, var, cm_files_of(ev, &values.v[i]));
    walk_body(ev, c->body);
  }
  if (n == values.n) return;
  bool numbers = all_numbers(values.v + n, values.n - n);
  cm_env_set(ev, var, cm_val_hole(numbers ? CM_FROM_NUMBER : CM_FROM_LIMIT, NULL));
  walk_body(ev, c->body);
}

/* The name that "i=0" assigns to. */
static cm_str counter_of(const cm_word *init) {
  cm_str s = init && init->parts ? init->parts->text : CM_STR("");
  const char *equals = s.n ? memchr(s.p, '=', s.n) : NULL;
  return cm_str_trim((cm_str){s.p, equals ? (size_t)(equals - s.p) : 0});
}

static void walk_for_arith(cm_eval *ev, const cm_cmd *c) {
  const cm_word *init = c->words, *test = init ? init->next : NULL;
  const cm_word *step = test ? test->next : NULL;
  size_t first = ev->n;
  unsigned breaks = ev->breaks, pass = 0;
  bool empty = !test || !test->parts;
  (void)cm_expand_arith(ev, init);
  for (; pass < ARITH_PASSES && cm_ev_step(ev); pass++) {
    cm_val goes_on = cm_val_text(CM_STR("1"));
    if (!empty) goes_on = cm_expand_arith(ev, test);
    if (cm_str_is(goes_on.text, "0") && cm_val_known(&goes_on)) return;
    walk_body(ev, c->body);
    if (empty || !cm_val_known(&goes_on)) break;
    (void)cm_expand_arith(ev, step);
  }
  if (empty) mark_endless(ev, first, breaks);
  cm_str name = counter_of(init);
  if (pass < ARITH_PASSES || !cm_is_name(name)) return;
  cm_var *var = cm_env_var(ev, CM_VARS, name);
  if (var) cm_env_set(ev, var, cm_val_hole(CM_FROM_NUMBER, NULL));
  walk_body(ev, c->body);
}

/* --- commands --- */

static void walk_subshell(cm_eval *ev, const cm_cmd *c) {
  cm_log *mark = ev->log;
  cm_dead dead = ev->dead;
  cm_walk_list(ev, c->body);
  ev->dead = dead;
  cm_env_back(ev, mark);
}

static void walk_coproc(cm_eval *ev, const cm_cmd *c) {
  cm_frame saved = ev->f;
  ev->f.background = true;
  ev->forks++;
  walk_subshell(ev, c);
  ev->forks--;
  ev->f = saved;
}

static void define(cm_eval *ev, const cm_cmd *c) {
  cm_func *f = cm_ev_new(ev, 1, sizeof *f);
  cm_frame *where = cm_ev_new(ev, 1, sizeof *where);
  if (!f || !where) return;
  *where = ev->f;
  *f = (cm_func){.next = ev->funcs, .name = c->name, .cmd = c, .where = where};
  f->real = cm_is_common(c->name);
  ev->funcs = f;
  cm_env_set_func(ev, CM_FUNCS, f);
}

static void walk_compound(cm_eval *ev, const cm_cmd *c) {
  cm_fields words = {0};
  switch (c->kind) {
    case CM_CMD_SUBSHELL: walk_subshell(ev, c); break;
    case CM_CMD_GROUP: cm_walk_list(ev, c->body); break;
    case CM_CMD_IF: walk_if(ev, c); break;
    case CM_CMD_WHILE:
    case CM_CMD_UNTIL: walk_while(ev, c); break;
    case CM_CMD_FOR:
    case CM_CMD_SELECT: walk_for(ev, c); break;
    case CM_CMD_FOR_ARITH: walk_for_arith(ev, c); break;
    case CM_CMD_CASE: walk_case(ev, c); break;
    case CM_CMD_FUNCTION: define(ev, c); break;
    case CM_CMD_COPROC: walk_coproc(ev, c); break;
    case CM_CMD_COND:
      cm_expand_words(ev, c->words, &words);
      cm_expand_subscripts(ev, CM_STR("[["), words.v, words.n);
      break;
    case CM_CMD_ARITH: (void)cm_expand_arith(ev, c->words); break;
    default: break;
  }
}

/* Redirections of a compound command are a run of their own, and what is inside inherits them. */
static void redirect_all(cm_eval *ev, const cm_cmd *c) {
  size_t at = cm_run_reserve(ev);
  cm_evrun *r = cm_run_new(ev);
  if (!r) return;
  r->run.kind = CM_RUN_ASSIGN;
  r->run.group = true;
  r->run.span = cm_ev_span(ev, c->redirs->span);
  cm_redirs(ev, r, c->redirs);
  cm_run_put(ev, at, r);
  cm_run_stdin(ev, r);
  if (r->out_elsewhere) ev->f.sink = NULL;
}

static void compound_pass(cm_eval *ev, void *arg) {
  const cm_cmd *c = arg;
  cm_frame saved = ev->f;
  if (c->redirs && c->kind != CM_CMD_FUNCTION) redirect_all(ev, c);
  walk_compound(ev, c);
  ev->f = saved;
}

static void walk_cmd(cm_eval *ev, const cm_cmd *c) {
  bool plain = c->kind == CM_CMD_GROUP || c->kind == CM_CMD_SUBSHELL;
  if (!cm_ev_step(ev)) return;
  if (c->kind == CM_CMD_SIMPLE) cm_walk_simple(ev, c);
  else if (ev->f.captured || (plain && !c->redirs)) compound_pass(ev, (void *)(uintptr_t)c);
  else cm_env_each(ev, compound_pass, (void *)(uintptr_t)c);
}

void cm_walk_func(cm_eval *ev, cm_func *func) {
  func->used = true;
  if (!func->cmd) cm_walk_code(ev, &func->alias, NULL);
  else if (ev->f.depth < CM_RESOLVE_DEPTH_MAX) {
    ev->f.depth++;
    cm_walk_list(ev, func->cmd->body);
    ev->f.depth--;
  } else {
    ev->limited = true;
  }
}
