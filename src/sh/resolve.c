/* The evaluator's frame: limits, the list of runs, and texts that are read as code. */
#include "sh/resolve.h"

#include <string.h>

#include "sh/eval.h"

bool cm_ev_spend(cm_eval *ev, size_t *spent, size_t n, size_t most) {
  *spent += n;
  if (*spent > most) ev->limited = true;
  return *spent <= most;
}

bool cm_ev_step(cm_eval *ev) { return cm_ev_spend(ev, &ev->steps, 1, CM_EV_STEPS) && !ev->nomem; }

bool cm_ev_enter(cm_eval *ev) {
  if (ev->nest < CM_EV_NEST) return ++ev->nest, true;
  ev->limited = true;
  return false;
}

/* Where bytes of the text that is being read stand in the whole text. */
cm_span cm_ev_span(const cm_eval *ev, cm_span s) {
  if (!ev->f.literal) return ev->f.whole;
  uint32_t base = (uint32_t)ev->f.base;
  return (cm_span){base + s.start, base + s.end};
}

/* --- runs --- */

cm_evrun *cm_run_new(cm_eval *ev) {
  cm_evrun *r = cm_ev_new(ev, 1, sizeof *r);
  if (!r) return NULL;
  const cm_frame *f = &ev->f;
  r->captured = f->captured;
  r->run.via = f->via;
  r->run.language = f->language;
  r->run.translated = f->language != NULL;
  r->run.in = f->in;
  r->run.in_text = f->input ? &f->input->word : NULL;
  r->run.root = f->root;
  r->run.remote = f->remote;
  r->run.elsewhere = f->elsewhere;
  r->run.background = f->background;
  r->run.defined = f->defined;
  r->run.loop = f->loop;
  r->run.span = f->whole;
  r->run.program = CM_STR("");
  const cm_alt *cwd = cm_env_get(ev, &ev->cwd);
  if (cwd) r->run.cwd = cm_word_of_val(&cwd->val, f->whole);
  if (!r->run.cwd.text.p) r->run.cwd.text = CM_STR("");
  return r;
}

size_t cm_run_reserve(cm_eval *ev) {
  if (ev->n == CM_RESOLVE_RUNS_MAX) {
    ev->limited = true;
    ev->steps = CM_EV_STEPS; /* nothing more to find */
    return SIZE_MAX;
  }
  if (ev->n == ev->cap) {
    size_t cap = ev->cap ? 2 * ev->cap : 16;
    const cm_run **items = cm_ev_new(ev, cap, sizeof *items);
    if (!items) return SIZE_MAX;
    if (ev->n) memcpy(items, ev->items, ev->n * sizeof *items);
    ev->items = items;
    ev->cap = cap;
  }
  return ev->n++;
}

void cm_run_put(cm_eval *ev, size_t at, const cm_evrun *r) {
  if (at < ev->n) ev->items[at] = &r->run;
}

cm_evrun *cm_run_made(cm_eval *ev, const cm_rword *words, size_t n) {
  cm_evrun *r = cm_run_new(ev);
  cm_rword *copy = cm_ev_many(ev, n, sizeof *copy);
  if (!r || !copy) return NULL;
  memcpy(copy, words, n * sizeof *copy);
  for (size_t i = 0; i < n; i++)
    if (copy[i].span.end == 0) copy[i].span = r->run.span;
  r->run.words = copy;
  r->run.n = n;
  r->how = CM_START_PROGRAM;
  return r;
}

cm_rword cm_words_joined(cm_eval *ev, const cm_rword *words, size_t n) {
  cm_txt t = {0};
  cm_rword out = {.text = CM_STR("")};
  for (size_t i = 0; i < n; i++) {
    if (i) cm_txt_add(ev, &t, CM_STR(" "));
    cm_txt_add(ev, &t, words[i].text);
    out.from |= words[i].from;
    if (!out.source) out.source = words[i].source;
    if (i == 0) out.span = words[i].span;
    if (words[i].span.end > out.span.end) out.span.end = words[i].span.end;
  }
  out.text = cm_txt_str(&t);
  return out;
}

cm_input *cm_input_of(cm_eval *ev, const cm_rword *text) {
  cm_input *in = cm_ev_new(ev, 1, sizeof *in);
  if (in) *in = (cm_input){*text, text->text};
  return in;
}

/* --- texts as code --- */

/* NULL: nothing, too much, or no memory. What doesn't parse leaves the lines before it. */
static const cm_sh_list *parse_code(cm_eval *ev, cm_str text) {
  cm_sh_tree tree = {0};
  cm_err e = {0};
  if (!cm_ev_spend(ev, &ev->bytes, text.n, CM_SH_TEXT_MAX + CM_EV_BYTES) || !cm_ev_step(ev))
    return NULL;
  ev->f.source = text;
  cm_code code = cm_sh_parse(text, ev->context->dialect, ev->a, &tree, &e);
  if (code == CM_E_NOMEM) ev->nomem = true;
  if (code == CM_E_LIMIT) ev->limited = true;
  if (code && code != CM_E_NOMEM && !ev->syntax) {
    ev->syntax = true;
    ev->error = e;
  }
  return ev->nomem ? NULL : tree.list;
}

void cm_walk_text(cm_eval *ev, cm_str text) {
  if (!cm_ev_enter(ev)) return;
  cm_walk_list(ev, parse_code(ev, text));
  ev->nest--;
}

/* The frame of a text that stands in a word. */
static bool enter_code(cm_eval *ev, const cm_rword *code, const cm_evrun *via) {
  cm_frame *f = &ev->f;
  if (f->depth >= CM_RESOLVE_DEPTH_MAX) {
    ev->limited = true;
    return false;
  }
  f->depth++;
  if (via) f->via = &via->run;
  uintptr_t p = (uintptr_t)code->text.p, start = (uintptr_t)ev->text.p;
  f->literal = code->text.n && p >= start && p + code->text.n <= start + ev->text.n;
  f->base = f->literal ? p - start : 0;
  f->whole = code->span;
  f->hole_from = code->from ? code->from : CM_FROM_INPUT;
  f->hole_source = code->source;
  return true;
}

void cm_walk_code(cm_eval *ev, const cm_rword *code, const cm_evrun *via) {
  cm_frame saved = ev->f;
  if (enter_code(ev, code, via)) cm_walk_text(ev, code->text);
  ev->f = saved;
}

static void walk_here(cm_eval *ev, cm_str text) {
  const cm_sh_list *list = parse_code(ev, text);
  const cm_cmd *c = list && list->first ? list->first->cmds : NULL;
  if (c && c->redirs) (void)cm_expand_one(ev, c->redirs->here);
}

/* The text as the body of a here-document: only its expansions happen. */
void cm_walk_quoted(cm_eval *ev, const cm_rword *text) {
  cm_frame saved = ev->f;
  cm_rword code = *text;
  cm_txt t = {0};
  cm_txt_add(ev, &t, CM_STR(": <<_\n"));
  cm_txt_add(ev, &t, text->text);
  cm_txt_add(ev, &t, CM_STR("\n_\n"));
  code.text = cm_txt_str(&t);
  if (!cm_ev_enter(ev)) return;
  if (enter_code(ev, &code, NULL)) walk_here(ev, code.text);
  ev->nest--;
  ev->f = saved;
}

void cm_walk_shell(cm_eval *ev, const cm_rword *code, const cm_evrun *via, const cm_rword *args,
                   size_t n_args) {
  cm_log *before = ev->log;
  cm_dead dead = ev->dead;
  cm_frame saved = ev->f;
  cm_env_hide(ev);
  cm_env_set_list(ev, &ev->args, args, n_args);
  if (enter_code(ev, code, via)) cm_walk_text(ev, code->text);
  ev->f = saved;
  ev->dead = dead;
  cm_env_back(ev, before);
}

/* --- the door --- */

static void open_eval(cm_eval *ev, cm_alt *cwd) {
  const cm_sh_context *c = ev->context;
  ev->f.literal = true;
  ev->f.whole = (cm_span){0, (uint32_t)ev->text.n};
  ev->f.root = cm_str_is(c->user, "root");
  ev->f.hole_from = CM_FROM_INPUT;
  *cwd = (cm_alt){.set = true, .val = cm_val_text(c->cwd)};
  ev->cwd.alts = cwd;
  ev->cwd.n_alts = 1;
}

/* Functions, aliases and traps that nothing called: what they would do. */
static void walk_unused(cm_eval *ev, cm_func *first, const cm_func *last) {
  for (cm_func *f = first; f != last && !ev->nomem; f = f->next) {
    if (f->used) continue;
    cm_frame saved = ev->f;
    ev->f = *f->where;
    ev->f.in = NULL;
    ev->f.sink = NULL;
    ev->f.defined = !f->real;
    cm_env_unset(ev, &ev->args);
    cm_walk_func(ev, f);
    ev->f = saved;
  }
}

static void walk_defined(cm_eval *ev) {
  ev->late = true;
  for (const cm_func *last = NULL; ev->funcs != last && !ev->nomem;) { /* they may define more */
    cm_func *first = ev->funcs;
    walk_unused(ev, first, last);
    last = first;
  }
}

static void finish(cm_eval *ev, cm_runs *out) {
  size_t n = 0;
  for (size_t i = 0; i < ev->n; i++)
    if (ev->items[i]) ev->items[n++] = ev->items[i];
  *out = (cm_runs){.items = ev->items,
                   .n = n,
                   .limited = ev->limited,
                   .syntax = ev->syntax,
                   .error = ev->error};
}

cm_code cm_sh_resolve(cm_str text, const cm_sh_context *context, cm_arena *a, cm_runs *out,
                      cm_err *e) {
  static const cm_sh_context nowhere = {0};
  cm_eval ev = {.a = a, .context = context ? context : &nowhere, .text = text};
  cm_alt cwd;
  *out = (cm_runs){0};
  open_eval(&ev, &cwd);
  cm_walk_text(&ev, text);
  if (ev.funcs) walk_defined(&ev);
  if (ev.nomem) return cm_fail(e, CM_E_NOMEM, 0, "out of memory while looking at the command");
  finish(&ev, out);
  return CM_OK;
}
