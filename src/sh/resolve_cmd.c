/* Simple commands: words, redirections, assignments, and what the first word starts. */
#include <string.h>

#include "sh/eval.h"

/* --- redirections --- */

/* Takes the last part off; false: it is ".." itself, and one more follows. Above "~" is /home. */
static bool go_up(char *p, size_t *n, bool *root) {
  size_t last = *n;
  while (last && p[last - 1] != '/') last--;
  cm_str part = {p + last, *n - last};
  if (cm_str_is(part, "..")) return false;
  *n = last ? last - 1 : 0;
  if (last || !part.n || part.p[0] != '~') return true;
  for (*n = 0; *n < 5; ++*n) p[*n] = "/home"[*n]; /* "~/.." has room for it */
  *root = true;
  return true;
}

cm_str cm_path_join(cm_eval *ev, cm_str base, cm_str path) {
  cm_txt t = {0};
  if (!path.n || path.p[0] != '/') {
    cm_txt_add(ev, &t, base);
    if (base.n) cm_txt_add(ev, &t, CM_STR("/"));
  }
  cm_txt_add(ev, &t, path);
  cm_str all = cm_txt_str(&t);
  bool root = all.n && all.p[0] == '/';
  char *p = cm_ev_copy(ev, all.n) ? cm_ev_new(ev, all.n + 2, 1) : NULL;
  size_t n = 0;
  if (!p) return all;
  for (size_t i = 0; i < all.n;) {
    const char *slash = memchr(all.p + i, '/', all.n - i);
    size_t len = slash ? (size_t)(slash - all.p) - i : all.n - i;
    cm_str part = {all.p + i, len};
    i += len + 1;
    if (!len || cm_str_is(part, ".")) continue;
    if (cm_str_is(part, "..") && (n || root) && go_up(p, &n, &root)) continue;
    if (n || root) p[n++] = '/';
    memcpy(p + n, part.p, len);
    n += len;
  }
  if (!n) p[n++] = root ? '/' : '.';
  return (cm_str){p, n};
}

/* >&N and <&N: what descriptor N was opened to, if this text opened it. */
static bool follow_dup(cm_eval *ev, cm_evrun *r, cm_rredir *out) {
  long n = -1;
  cm_str target = out->target.text;
  if (cm_str_is(target, "-")) return false;
  if (target.n && target.p[target.n - 1] == '-') target.n--;
  if (!cm_str_number(target, &n)) {
    out->op = out->op == CM_REDIR_DUP_IN ? CM_REDIR_READ : CM_REDIR_WRITE;
    return true;
  }
  if (out->fd == 1 && n != 1) r->out_elsewhere = true;
  if (n < 3 || n >= CM_EV_FDS || !ev->fds[n]) return false;
  int fd = out->fd;
  cm_span span = out->span;
  *out = *ev->fds[n];
  out->fd = fd;
  out->span = span;
  return true;
}

static int default_fd(const cm_redir *d) {
  if (d->fd >= 0) return d->fd;
  if (d->fd == -2) return 3;
  switch (d->op) {
    case CM_REDIR_READ:
    case CM_REDIR_READ_WRITE:
    case CM_REDIR_DUP_IN:
    case CM_REDIR_HERE_DOC:
    case CM_REDIR_HERE_STRING: return 0;
    default: return 1;
  }
}

static bool is_output(cm_redir_op op) {
  return op == CM_REDIR_WRITE || op == CM_REDIR_CLOBBER || op == CM_REDIR_APPEND ||
         op == CM_REDIR_BOTH || op == CM_REDIR_APPEND_BOTH || op == CM_REDIR_READ_WRITE;
}

/* stdin comes from here, not from the pipe. */
static void take_stdin(cm_eval *ev, cm_evrun *r, const cm_rredir *d) {
  r->own_in = true;
  r->run.in = d->sub;
  r->run.in_text = NULL;
  if (d->op == CM_REDIR_HERE_DOC || d->op == CM_REDIR_HERE_STRING) r->run.in_text = &d->target;
  const cm_val *text = d->sub ? ((const cm_evrun *)d->sub)->text : NULL;
  if (!text) return;
  cm_rword word = cm_word_of_val(text, d->target.span);
  cm_input *in = cm_input_of(ev, &word);
  if (in) r->run.in_text = &in->word;
}

static bool resolve_redir(cm_eval *ev, cm_evrun *r, const cm_redir *d, cm_rredir *out) {
  *out = (cm_rredir){.op = d->op, .fd = default_fd(d), .span = cm_ev_span(ev, d->span)};
  ev->f.self = &r->run;
  out->target = cm_expand_one(ev, d->op == CM_REDIR_HERE_DOC ? d->here : d->target);
  if (d->op == CM_REDIR_HERE_STRING)
    out->target.text = cm_ev_join(ev, out->target.text, CM_STR("\n"));
  if (d->op == CM_REDIR_DUP_IN || d->op == CM_REDIR_DUP_OUT) {
    if (!follow_dup(ev, r, out)) return false;
  }
  const cm_part *p = d->target ? d->target->parts : NULL;
  if (p && p->kind == CM_PART_PROCESS) out->sub = out->target.source;
  if (out->fd == 1 && is_output(out->op)) r->out_elsewhere = true;
  return true;
}

void cm_redirs(cm_eval *ev, cm_evrun *r, const cm_redir *redirs) {
  size_t n = 0;
  for (const cm_redir *d = redirs; d; d = d->next) n++;
  if (!n) return;
  cm_rredir *all = cm_ev_new(ev, n, sizeof *all);
  if (!all) return;
  r->run.redirs = all;
  for (const cm_redir *d = redirs; d && cm_ev_step(ev); d = d->next) {
    cm_rredir *out = &all[r->run.n_redirs];
    if (!resolve_redir(ev, r, d, out)) continue;
    if (out->fd == 0) take_stdin(ev, r, out);
    r->run.n_redirs++;
  }
}

void cm_run_stdin(cm_eval *ev, const cm_evrun *r) {
  if (!r->own_in) return;
  ev->f.in = r->run.in;
  ev->f.input = r->run.in_text ? cm_input_of(ev, r->run.in_text) : NULL;
  ev->f.partial = NULL;
}

/* --- assignments --- */

static cm_val assigned_value(cm_eval *ev, const cm_assign *as, const cm_alt *old) {
  cm_rword w = cm_expand_one(ev, as->value);
  cm_val v = cm_val_of_word(&w);
  if (as->append && old) {
    v.text = cm_ev_join(ev, old->val.text, v.text);
    v.from |= old->val.from;
    if (v.text.n > CM_SH_TEXT_MAX) v = cm_val_hole(CM_FROM_LIMIT, NULL);
  }
  return v;
}

static bool key_before(cm_str a, cm_str b) {
  long x, y;
  return cm_str_number(a, &x) && cm_str_number(b, &y) && x < y;
}

/* A copy of the elements with one set, in the order of their numbers. */
static cm_elem *with_element(cm_eval *ev, const cm_alt *old, cm_str key, cm_val value) {
  cm_elem *first = NULL, **end = &first, scalar = {.key = CM_STR("0")};
  const cm_elem *e = old ? old->elems : NULL;
  bool placed = false;
  if (old && !old->array) scalar.val = old->val, e = &scalar;
  while (e || !placed) {
    bool same = e && cm_str_eq(e->key, key),
         here = !placed && (!e || same || key_before(key, e->key));
    cm_elem *copy = cm_ev_new(ev, 1, sizeof *copy);
    if (!copy || !cm_ev_step(ev)) break;
    *copy = here ? (cm_elem){NULL, key, value} : *e;
    copy->next = NULL;
    placed |= here;
    if (!here || same) e = e->next;
    *end = copy;
    end = &copy->next;
  }
  return first;
}

/* name[key]=value */
static void assign_element(cm_eval *ev, cm_var *var, const cm_assign *as) {
  const cm_alt *old = cm_env_get(ev, var);
  cm_val key = cm_expand_arith(ev, as->subscript);
  cm_rword value = cm_expand_one(ev, as->value);
  if (!cm_val_known(&key)) {
    cm_rword word = cm_expand_one(ev, as->subscript);
    key = cm_val_of_word(&word);
  }
  cm_alt *alt = cm_ev_new(ev, 1, sizeof *alt);
  if (!alt) return;
  *alt = (cm_alt){.set = true, .array = true, .val = cm_val_text(CM_STR(""))};
  alt->elems = with_element(ev, old, key.text, cm_val_of_word(&value));
  for (const cm_elem *e = alt->elems; e; e = e->next)
    if (cm_str_is(e->key, "0")) alt->val = e->val;
  cm_env_put(ev, var, alt, 1);
}

static void assign_array(cm_eval *ev, cm_var *var, const cm_assign *as) {
  cm_fields all = {0};
  bool known;
  if (as->append) cm_param_all(ev, as->name, &all, &known);
  if (as->append && !cm_env_get(ev, var)) all.n = 0;
  cm_expand_words(ev, as->value, &all);
  cm_env_set_list(ev, var, all.v, all.n);
}

static void assign(cm_eval *ev, const cm_assign *as, cm_rword *value) {
  cm_var *var = cm_env_var(ev, CM_VARS, as->name);
  if (!var) return;
  if (as->array) {
    assign_array(ev, var, as);
  } else if (as->subscript) {
    assign_element(ev, var, as);
  } else {
    const cm_alt *old = as->append ? cm_env_get(ev, var) : NULL;
    cm_val v = assigned_value(ev, as, old);
    cm_env_set(ev, var, v);
  }
  const cm_alt *now = cm_env_get(ev, var);
  cm_val v = now ? now->val : cm_val_text(CM_STR(""));
  *value = cm_word_of_val(&v, cm_ev_span(ev, as->span));
}

/* Assigns, and notes the values in the run. */
static void assign_all(cm_eval *ev, cm_evrun *r, const cm_assign *assigns, bool exported) {
  size_t n = 0;
  for (const cm_assign *as = assigns; as; as = as->next) n++;
  cm_renv *env = cm_ev_new(ev, n, sizeof *env);
  if (!env) return;
  r->run.env = env;
  for (const cm_assign *as = assigns; as && cm_ev_step(ev); as = as->next) {
    env->name = as->name;
    if (ev->calls && r->run.n && cm_str_is(r->run.words[0].text, "local"))
      cm_env_keep_local(ev, cm_env_var(ev, CM_VARS, as->name));
    assign(ev, as, &env->value);
    cm_var *var = cm_env_var(ev, CM_VARS, as->name);
    if (var && (exported || ev->all_exported)) var->exported = true;
    env++;
    r->run.n_env++;
  }
}

/* What the variables were before an assignment that holds for one command. */
static cm_log *keep_assigned(cm_eval *ev, const cm_assign *assigns) {
  cm_log *kept = NULL;
  for (const cm_assign *as = assigns; as; as = as->next) {
    cm_var *var = cm_env_var(ev, CM_VARS, as->name);
    cm_log *l = cm_ev_new(ev, 1, sizeof *l);
    if (!var || !l) break;
    *l = (cm_log){kept, var, var->alts, var->n_alts};
    kept = l;
  }
  return kept;
}

/* Variables whose value is a command that programs run, and prompts, whose substitutions run. */
void cm_variable_code(cm_eval *ev, cm_str name, const cm_rword *value, const cm_evrun *via) {
  static const char commands[] =
      "GIT_SSH_COMMAND GIT_PAGER PAGER MANPAGER EDITOR VISUAL GIT_EDITOR "
      "GIT_SEQUENCE_EDITOR GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND "
      "GIT_ASKPASS SSH_ASKPASS SUDO_ASKPASS LESSOPEN BROWSER RSYNC_RSH "
      "FCEDIT";
  cm_rword code = *value;
  bool several = false; /* a bare name of a program isn't worth a run */
  for (size_t i = 0; i < code.text.n; i++) several |= strchr(" ;|&`$(<>", code.text.p[i]) != NULL;
  if (cm_str_is(name, "PROMPT_COMMAND")) {
    cm_defer_code(ev, value, true);
  } else if (cm_listed("PS0 PS1 PS2 PS4 BASH_ENV ENV", ' ', name)) {
    const cm_val *text = value->source ? ((const cm_evrun *)value->source)->text : NULL;
    (void)cm_expand_hidden(ev, value->text);
    if (!text || !cm_str_ends(name, CM_STR("ENV"))) return;
    code = cm_word_of_val(text, value->span); /* BASH_ENV=<(…) */
    cm_walk_code(ev, &code, via);
  } else if (several && cm_listed(commands, ' ', name) && !cm_str_all_holes(code.text)) {
    if (code.text.p[0] == '|') code.text.p++, code.text.n--;
    cm_walk_code(ev, &code, via);
  }
}

static void assigned_code(cm_eval *ev, const cm_evrun *r) {
  for (size_t i = 0; i < r->run.n_env; i++)
    cm_variable_code(ev, r->run.env[i].name, &r->run.env[i].value, r->run.n ? r : NULL);
}

/* --- the command --- */

/* `alias` texts apply to the next lines only, so that the word itself counts, too. */
static void walk_alias(cm_eval *ev, const cm_cmd *c) {
  const cm_part *p = c->words ? c->words->parts : NULL;
  if (!ev->spaces[CM_ALIASES] || !p || p->next || p->quoted || p->kind != CM_PART_TEXT) return;
  cm_var *var = cm_env_find(ev, CM_ALIASES, p->text);
  const cm_alt *alt = var ? cm_env_get(ev, var) : NULL;
  if (!alt || !alt->func || c->span.end > ev->f.source.n) return;
  cm_log *mark = ev->log;
  cm_rword code = alt->func->alias;
  size_t rest = c->words->span.end;
  cm_str tail = {ev->f.source.p + rest, c->span.end - rest};
  alt->func->used = true;
  code.text = cm_ev_join(ev, code.text, tail);
  code.span = cm_ev_span(ev, c->span);
  cm_env_unset(ev, var); /* an alias isn't expanded in its own text */
  cm_walk_code(ev, &code, NULL);
  cm_env_back(ev, mark);
}

static void note_last_arg(cm_eval *ev, const cm_evrun *r) {
  if (r->run.n) ev->last_arg = cm_val_of_word(&r->run.words[r->run.n - 1]);
}

static void simple_pass(cm_eval *ev, void *arg) {
  const cm_cmd *c = arg;
  cm_frame saved = ev->f;
  cm_fields words = {0};
  size_t at = cm_run_reserve(ev);
  cm_evrun *r = cm_run_new(ev);
  if (!r) return;
  r->run.span = cm_ev_span(ev, c->span);
  ev->f.self = &r->run;
  if (c->words) cm_expand_words(ev, c->words, &words);
  r->run.words = words.v;
  r->run.n = words.n;
  if (c->redirs) cm_redirs(ev, r, c->redirs);
  cm_log *kept = words.n ? keep_assigned(ev, c->assigns) : NULL;
  if (c->assigns) assign_all(ev, r, c->assigns, words.n > 0);
  if (!words.n) {
    r->run.kind = CM_RUN_ASSIGN;
    if (c->assigns || c->redirs) cm_run_put(ev, at, r);
    if (c->assigns) assigned_code(ev, r);
  } else {
    cm_run_start(ev, at, r);
    if (c->assigns) assigned_code(ev, r);
    if (!cm_declares(words.v[0].text))
      for (; kept; kept = kept->prev) cm_env_put(ev, kept->var, kept->old, kept->old_n);
  }
  ev->f = saved;
  note_last_arg(ev, r);
  if (ev->exec_in) cm_run_stdin(ev, ev->exec_in);
  ev->exec_in = NULL;
}

void cm_walk_simple(cm_eval *ev, const cm_cmd *c) {
  walk_alias(ev, c);
  if (ev->f.captured) simple_pass(ev, (void *)(uintptr_t)c);
  else cm_env_each(ev, simple_pass, (void *)(uintptr_t)c);
}

/* --- functions --- */

static cm_call *active(const cm_eval *ev, const cm_func *f) {
  cm_call *c = ev->calls;
  while (c && c->func != f && !(f->cmd && c->func->cmd == f->cmd)) c = c->outer;
  return c;
}

/* A function that calls itself: in the background, or twice in a pipeline, it multiplies. */
static void recursion(cm_eval *ev, size_t at, cm_evrun *r, cm_call *call) {
  bool piped = ev->pipes > call->pipes && ++call->piped > 1;
  if (ev->forks == call->forks && !piped) return;
  r->run.kind = CM_RUN_FORKS;
  r->run.program = r->run.words[0].text;
  cm_run_put(ev, at, r);
}

static void bind(cm_eval *ev, const cm_evrun *r) {
  cm_env_set_list(ev, &ev->args, r->run.words + 1, r->run.n - 1);
}

/* Starts a function whose call stands in `r`. */
static void call_function(cm_eval *ev, size_t at, cm_evrun *r, cm_func *func) {
  cm_call *outer = active(ev, func);
  if (outer) recursion(ev, at, r, outer);
  if (outer || !cm_ev_enter(ev)) return;
  if (r->run.n_redirs) {
    cm_evrun *own = cm_run_new(ev);
    if (own) {
      own->run.kind = CM_RUN_ASSIGN;
      own->run.group = true;
      own->run.span = r->run.span;
      own->run.redirs = r->run.redirs;
      own->run.n_redirs = r->run.n_redirs;
      cm_run_put(ev, at, own);
    }
  }
  cm_frame saved = ev->f;
  cm_alt *args = ev->args.alts;
  unsigned n_args = ev->args.n_alts;
  cm_call call = {ev->calls, func, ev->forks, ev->pipes, 0, NULL};
  bind(ev, r);
  cm_run_stdin(ev, r);
  if (r->out_elsewhere) ev->f.sink = NULL;
  const cm_frame *where = func->where;
  ev->f.source = where->source;
  ev->f.literal = where->literal;
  ev->f.base = where->base;
  ev->f.whole = where->whole;
  ev->f.hole_from = where->hole_from;
  ev->f.hole_source = where->hole_source;
  ev->calls = &call;
  cm_walk_func(ev, func);
  ev->calls = call.outer;
  for (cm_log *l = call.locals; l; l = l->prev) cm_env_put(ev, l->var, l->old, l->old_n);
  cm_env_put(ev, &ev->args, args, n_args);
  if (ev->dead == CM_RETURNED) ev->dead = CM_ALIVE;
  ev->f = saved;
  ev->nest--;
}

/* A trap may call a function of a shell that has ended: any one of that name. */
static bool call_late(cm_eval *ev, size_t at, cm_evrun *r) {
  bool any = false;
  for (cm_func *f = ev->funcs; f && cm_ev_step(ev); f = f->next) {
    if (!f->cmd || !cm_str_eq(f->name, r->run.words[0].text)) continue;
    call_function(ev, at, r, f);
    any = true;
  }
  return any;
}

bool cm_walk_call(cm_eval *ev, size_t at, cm_evrun *r) {
  if (!ev->spaces[CM_FUNCS] || r->how) return false;
  if (ev->late) return call_late(ev, at, r);
  cm_var *var = cm_env_find(ev, CM_FUNCS, r->run.words[0].text);
  const cm_alt *alt = var ? cm_env_get(ev, var) : NULL;
  if (!alt || !alt->func) return false;
  call_function(ev, at, r, alt->func);
  return true;
}
