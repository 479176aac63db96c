/* Variables, functions and aliases: what state each may be in at this point of the text. A branch
 * that may or may not be taken leaves its variables in several states; a command that looks at one
 * is then evaluated once for each. */
#include "sh/eval.h"

struct cm_slot {
  cm_slot *next, *outer; /* outer: the slot of the same variable in a fork around this one */
  const cm_fork *fork;
  cm_var *var;
  cm_alt *alts;
  unsigned n, branches; /* branches that changed it */
  unsigned seen;        /* the last branch that was looked at */
};

static unsigned hash(cm_str name) {
  unsigned h = 2166136261u;
  for (size_t i = 0; i < name.n; i++) h = (h ^ (unsigned char)name.p[i]) * 16777619u;
  return h % CM_ENV_BUCKETS;
}

cm_var *cm_env_find(cm_eval *ev, cm_space space, cm_str name) {
  if (!ev->spaces[space]) return NULL;
  cm_var *v = ev->spaces[space][hash(name)];
  while (v && !cm_str_eq(v->name, name)) v = v->next;
  return v && v->ref ? v->ref : v;
}

cm_var *cm_env_var(cm_eval *ev, cm_space space, cm_str name) {
  cm_var *v = cm_env_find(ev, space, name);
  if (v) return v;
  if (!ev->spaces[space]) ev->spaces[space] = cm_ev_new(ev, CM_ENV_BUCKETS, sizeof(cm_var *));
  v = cm_ev_new(ev, 1, sizeof *v);
  if (!v || !ev->spaces[space]) return NULL;
  cm_var **bucket = &ev->spaces[space][hash(name)];
  v->name = name;
  v->next = *bucket;
  return *bucket = v;
}

static const cm_alt *nth(const cm_alt *alts, unsigned n) {
  while (alts && n--) alts = alts->next;
  return alts;
}

const cm_alt *cm_env_get(cm_eval *ev, cm_var *var) {
  if (!var || !var->alts) return NULL;
  const cm_alt *alt = var->alts;
  if (var->n_alts > 1 && !var->fixed) {
    cm_pick *pick = cm_ev_new(ev, 1, sizeof *pick);
    if (!pick) return NULL;
    *pick = (cm_pick){ev->picks, var, var->n_alts};
    ev->picks = pick;
    var->fixed = true;
    var->chosen = 0;
  }
  if (var->n_alts > 1 && var->chosen < var->n_alts) alt = nth(var->alts, var->chosen);
  return alt && (alt->set || alt->func) ? alt : NULL;
}

void cm_env_put(cm_eval *ev, cm_var *var, cm_alt *alts, unsigned n) {
  cm_log *entry = cm_ev_new(ev, 1, sizeof *entry);
  if (!entry) return;
  *entry = (cm_log){ev->log, var, var->alts, var->n_alts};
  ev->log = entry;
  ev->assigned++;
  var->alts = alts;
  var->n_alts = n;
}

static void put_one(cm_eval *ev, cm_var *var, cm_alt alt) {
  cm_alt *a = var ? cm_ev_new(ev, 1, sizeof *a) : NULL;
  if (!a) return;
  *a = alt;
  cm_env_put(ev, var, a, 1);
}

void cm_env_set(cm_eval *ev, cm_var *var, cm_val val) {
  put_one(ev, var, (cm_alt){.set = true, .val = val});
}

void cm_env_unset(cm_eval *ev, cm_var *var) {
  if (var && var->alts) cm_env_put(ev, var, NULL, 0);
}

void cm_env_set_func(cm_eval *ev, cm_space space, cm_func *func) {
  put_one(ev, cm_env_var(ev, space, func->name), (cm_alt){.func = func});
}

void cm_env_set_list(cm_eval *ev, cm_var *var, const cm_rword *words, size_t n) {
  cm_alt alt = {.set = true, .array = true};
  cm_elem **end = &alt.elems;
  for (size_t i = 0; i < n; i++) {
    cm_elem *e = cm_ev_new(ev, 1, sizeof *e);
    if (!e) return;
    *e = (cm_elem){NULL, cm_ev_number(ev, (long)i), cm_files_of(ev, &words[i])};
    *end = e;
    end = &e->next;
  }
  if (alt.elems) alt.val = alt.elems->val;
  put_one(ev, var, alt);
}

void cm_env_hide(cm_eval *ev) {
  for (size_t k = 0; k < CM_SPACES; k++)
    for (size_t i = 0; ev->spaces[k] && i < CM_ENV_BUCKETS; i++)
      for (cm_var *v = ev->spaces[k][i]; v; v = v->next)
        if (!v->exported) cm_env_unset(ev, v);
}

void cm_env_back(cm_eval *ev, cm_log *mark) {
  for (; ev->log && ev->log != mark; ev->log = ev->log->prev) {
    ev->log->var->alts = ev->log->old;
    ev->log->var->n_alts = ev->log->old_n;
  }
}

/* --- forks --- */

static bool same_alt(const cm_alt *a, const cm_alt *b) {
  if (a->array || b->array || a->func != b->func || a->set != b->set) return false;
  return cm_str_eq(a->val.text, b->val.text) && a->val.from == b->val.from &&
         a->val.source == b->val.source;
}

static void union_one(cm_eval *ev, cm_alt **list, unsigned *n, const cm_alt *alt) {
  for (const cm_alt *a = *list; a; a = a->next)
    if (same_alt(a, alt)) return;
  cm_alt *copy = cm_ev_new(ev, 1, sizeof *copy);
  if (!copy) return;
  *copy = *alt;
  if (*n >= CM_RESOLVE_VALUES_MAX) {
    *copy = (cm_alt){.set = true, .val = cm_val_hole(CM_FROM_LIMIT, NULL)};
    *list = NULL;
    *n = 0;
  }
  copy->next = *list;
  *list = copy;
  ++*n;
}

/* Adds the states of `more`; none at all is the state "unset". */
static void union_all(cm_eval *ev, cm_alt **list, unsigned *n, const cm_alt *more) {
  if (!more) union_one(ev, list, n, &(cm_alt){0});
  for (; more; more = more->next) union_one(ev, list, n, more);
}

static cm_slot *slot_of(cm_eval *ev, cm_fork *f, cm_var *var) {
  for (cm_slot *s = var->slot; s; s = s->outer)
    if (s->fork == f) return s;
  cm_slot *s = cm_ev_new(ev, 1, sizeof *s);
  if (!s) return NULL;
  *s = (cm_slot){.next = f->slots, .outer = var->slot, .fork = f, .var = var};
  f->slots = s;
  return var->slot = s;
}

void cm_fork_open(const cm_eval *ev, cm_fork *f) {
  *f = (cm_fork){.mark = ev->log, .before = ev->dead};
}

void cm_fork_branch(cm_eval *ev, cm_fork *f) {
  bool dead = ev->dead != f->before;
  f->branches++;
  if (dead) f->dead = ev->dead;
  else f->living++;
  for (const cm_log *l = dead ? f->mark : ev->log; l && l != f->mark; l = l->prev) {
    cm_slot *s = slot_of(ev, f, l->var);
    if (!s || s->seen == f->branches) continue;
    s->seen = f->branches;
    s->branches++;
    union_all(ev, &s->alts, &s->n, l->var->alts);
  }
  cm_env_back(ev, f->mark);
  ev->dead = f->before;
}

void cm_fork_close(cm_eval *ev, cm_fork *f, bool none) {
  for (cm_slot *s = f->slots; s; s = s->next) {
    s->var->slot = s->outer;
    if (none || s->branches < f->living) union_all(ev, &s->alts, &s->n, s->var->alts);
    cm_env_put(ev, s->var, s->alts, s->n);
  }
  ev->dead = f->before;
  if (!none && !f->living && !ev->dead) ev->dead = f->dead;
}

/* --- choices --- */

/* The next combination, newest choice first; false: all have been seen. */
static bool next_pick(cm_eval *ev) {
  while (ev->picks) {
    cm_pick *p = ev->picks;
    if (++p->var->chosen < p->n) return true;
    p->var->fixed = false;
    ev->picks = p->next;
  }
  return false;
}

static void drop_picks(cm_eval *ev) {
  for (; ev->picks; ev->picks = ev->picks->next) ev->picks->var->fixed = false;
}

void cm_env_each(cm_eval *ev, void (*fn)(cm_eval *, void *), void *arg) {
  cm_pick *saved = ev->picks;
  cm_fork fork;
  cm_fork_open(ev, &fork);
  ev->picks = NULL;
  fn(ev, arg);
  for (unsigned passes = 1; ev->picks; passes++) {
    cm_fork_branch(ev, &fork);
    if (passes >= CM_RESOLVE_VALUES_MAX) ev->limited = true;
    if (ev->limited || ev->nomem) drop_picks(ev);
    if (next_pick(ev)) fn(ev, arg);
    else cm_fork_close(ev, &fork, false);
  }
  ev->picks = saved;
}
