/* Built-ins that change what the rest of the text means. */
#include <string.h>

#include "sh/eval.h"

static void set_name(cm_eval *ev, cm_str name, cm_val v) {
  cm_var *var = cm_is_name(name) ? cm_env_var(ev, CM_VARS, name) : NULL;
  if (var) cm_env_set(ev, var, v);
}

/* Puts the run; most built-ins print nothing. */
static void put_silent(cm_eval *ev, size_t at, cm_evrun *r) {
  cm_run_put(ev, at, r);
  cm_sink_add(ev, r);
}

/* --- cd pushd popd --- */

static void go_to(cm_eval *ev, const cm_rword *w) {
  const cm_alt *now = cm_env_get(ev, &ev->cwd);
  cm_val to = cm_files_of(ev, w);
  cm_val base = now ? now->val : cm_val_text(CM_STR(""));
  bool unknown_base = !base.text.n;
  if (to.text.n && strchr("/\x01~", to.text.p[0])) base.text = CM_STR("");
  else if (unknown_base) base = cm_val_hole(CM_FROM_INPUT, NULL);
  if (base.text.n) to.from |= base.from;
  to.text = cm_path_join(ev, base.text, to.text);
  cm_env_set(ev, &ev->cwd, to);
}

static void do_cd(cm_eval *ev, size_t at, cm_evrun *r) {
  static const cm_argv_spec spec = {"LPe@n", NULL, 0};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  bool set, push = cm_str_is(r->run.program, "pushd");
  cm_val to = cm_param_get(ev, CM_STR("HOME"), NULL, &set);
  cm_rword word = cm_word_of_val(&to, r->run.span);
  while (cm_argv_next(&v, &arg))
    if (!arg.option) word = *arg.word;
  put_silent(ev, at, r);
  if (cm_str_is(word.text, "-")) {
    to = cm_param_get(ev, CM_STR("OLDPWD"), NULL, &set);
    word = cm_word_of_val(&to, r->run.span);
  }
  cm_log *dir = push ? cm_ev_new(ev, 1, sizeof *dir) : NULL;
  if (dir) {
    *dir = (cm_log){ev->dirs, &ev->cwd, ev->cwd.alts, ev->cwd.n_alts};
    ev->dirs = dir;
  }
  go_to(ev, &word);
}

static void do_popd(cm_eval *ev, size_t at, cm_evrun *r) {
  put_silent(ev, at, r);
  if (ev->dirs) {
    cm_env_put(ev, &ev->cwd, ev->dirs->old, ev->dirs->old_n);
    ev->dirs = ev->dirs->prev;
  } else {
    cm_env_set(ev, &ev->cwd, cm_val_hole(CM_FROM_INPUT, NULL));
  }
}

/* --- export declare local readonly unset --- */

void cm_env_keep_local(cm_eval *ev, cm_var *var) {
  cm_log *l = ev->calls && var ? cm_ev_new(ev, 1, sizeof *l) : NULL;
  if (!l) return;
  *l = (cm_log){ev->calls->locals, var, var->alts, var->n_alts};
  ev->calls->locals = l;
}

/* NAME, NAME=VALUE or NAME+=VALUE as an argument. */
static void declare_one(cm_eval *ev, const cm_rword *w, bool exported, bool local) {
  const char *equals = w->text.n ? memchr(w->text.p, '=', w->text.n) : NULL;
  size_t n = equals ? (size_t)(equals - w->text.p) : w->text.n;
  bool append = equals && n && w->text.p[n - 1] == '+';
  cm_str name = {w->text.p, n - append};
  cm_var *var = cm_is_name(name) ? cm_env_var(ev, CM_VARS, name) : NULL;
  if (!var) return;
  if (local) cm_env_keep_local(ev, var);
  if (exported) var->exported = true;
  if (!equals) return;
  cm_val v = {{equals + 1, w->text.n - n - 1}, w->from, w->source};
  const cm_alt *old = append ? cm_env_get(ev, var) : NULL;
  if (old) {
    v.text = cm_ev_join(ev, old->val.text, v.text);
    v.from |= old->val.from;
  }
  cm_env_set(ev, var, v);
  cm_rword code = cm_word_of_val(&v, w->span);
  cm_variable_code(ev, name, &code, NULL);
}

/* declare -n NAME=OTHER */
static void declare_ref(cm_eval *ev, cm_str w) {
  const char *equals = w.n ? memchr(w.p, '=', w.n) : NULL;
  size_t n = equals ? (size_t)(equals - w.p) : 0;
  cm_str name = {w.p, n}, other = {w.p + n + 1, equals ? w.n - n - 1 : 0};
  if (!cm_is_name(name) || !cm_is_name(other) || cm_str_eq(name, other)) return;
  cm_var *var = cm_env_var(ev, CM_VARS, name), *target = cm_env_var(ev, CM_VARS, other);
  if (var && target && target != var && !target->ref) var->ref = target;
}

static void export_function(cm_eval *ev, cm_str name) {
  cm_var *var = cm_env_find(ev, CM_FUNCS, name);
  const cm_alt *alt = var ? cm_env_get(ev, var) : NULL;
  if (!alt || !alt->func) return;
  var->exported = true;
  alt->func->real = true;
}

static void do_declare(cm_eval *ev, size_t at, cm_evrun *r) {
  bool exported = cm_str_is(r->run.program, "export"), functions = false, ref = false;
  bool local = cm_str_is(r->run.program, "local") ||
               (ev->calls && !exported && !cm_str_is(r->run.program, "readonly"));
  put_silent(ev, at, r);
  for (size_t i = 1; i < r->run.n; i++) {
    const cm_rword *w = &r->run.words[i];
    if (w->text.n && w->text.p[0] == '-') {
      exported |= memchr(w->text.p, 'x', w->text.n) != NULL;
      ref |= cm_str_has(w->text, 'n') && !cm_str_is(r->run.program, "export");
      functions |= cm_str_has(w->text, 'f');
      local &= memchr(w->text.p, 'g', w->text.n) == NULL;
    } else if (ref) {
      declare_ref(ev, w->text);
    } else if (functions) {
      export_function(ev, w->text);
    } else {
      declare_one(ev, w, exported, local);
    }
  }
}

static void do_unset(cm_eval *ev, size_t at, cm_evrun *r) {
  bool functions = false;
  put_silent(ev, at, r);
  for (size_t i = 1; i < r->run.n; i++) {
    cm_str name = r->run.words[i].text;
    if (cm_str_is(name, "-f")) functions = true;
    if (functions) cm_env_unset(ev, cm_env_find(ev, CM_FUNCS, name));
    else cm_env_unset(ev, cm_env_find(ev, CM_VARS, name));
  }
}

/* --- set shift read mapfile printf -v --- */

static void do_set(cm_eval *ev, size_t at, cm_evrun *r) {
  size_t i = 1;
  bool operands = false;
  put_silent(ev, at, r);
  for (; i < r->run.n && !operands; i++) {
    cm_str w = r->run.words[i].text;
    if (cm_str_is(w, "--")) operands = true;
    else if (!w.n || (w.p[0] != '-' && w.p[0] != '+')) break;
    else if (w.n > 1 && memchr(w.p, 'a', w.n)) ev->all_exported = w.p[0] == '-';
    if (w.n == 2 && w.p[1] == 'o') i++;
  }
  if (operands || i < r->run.n)
    cm_env_set_list(ev, &ev->args, r->run.words + i, r->run.n - (i < r->run.n ? i : r->run.n));
}

static void do_shift(cm_eval *ev, size_t at, cm_evrun *r) {
  long n = 1;
  const cm_alt *args = cm_env_get(ev, &ev->args);
  cm_fields all = {0};
  bool known;
  put_silent(ev, at, r);
  if (!args) return;
  cm_param_all(ev, CM_STR("@"), &all, &known);
  if (r->run.n > 1 && !cm_str_number(r->run.words[1].text, &n)) n = 0;
  if (n > 0 && (size_t)n <= all.n) cm_env_set_list(ev, &ev->args, all.v + n, all.n - (size_t)n);
}

/* What a run reads from: its own here-document, or what is left of the pipe's text. */
static cm_input *input_of(cm_eval *ev, const cm_evrun *r) {
  if (!r->own_in) return ev->f.input;
  return r->run.in_text ? cm_input_of(ev, r->run.in_text) : NULL;
}

/* The first `fields - 1` words of a line and the rest, one at a time. */
static cm_str next_field(cm_str *line, bool last) {
  cm_str s = cm_str_trim(*line);
  size_t n = 0;
  while (n < s.n && (last || !strchr(" \t\n", s.p[n]))) n++;
  *line = (cm_str){s.p + n, s.n - n};
  return (cm_str){s.p, n};
}

/* Cuts the text up to the delimiter off. */
static bool next_record(cm_str *rest, char delimiter, cm_str *out) {
  const char *end = rest->n ? memchr(rest->p, delimiter, rest->n) : NULL;
  if (!rest->n) return false;
  *out = (cm_str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
  size_t used = out->n + (end != NULL);
  rest->p += used;
  rest->n -= used;
  return true;
}

static void do_read(cm_eval *ev, size_t at, cm_evrun *r) {
  static const cm_argv_spec spec = {"a:d:i:n:N:p:t:u:ers", NULL, 0};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  cm_str names[16], line;
  size_t n = 0;
  char delimiter = '\n';
  cm_input *in = input_of(ev, r);
  put_silent(ev, at, r);
  while (cm_argv_next(&v, &arg)) {
    bool name = !arg.option || cm_str_is(arg.name, "a");
    if (cm_str_is(arg.name, "d")) delimiter = arg.value.n ? arg.value.p[0] : 0;
    else if (name && n < 16) names[n++] = arg.value;
  }
  if (!n) names[n++] = CM_STR("REPLY");
  bool known = in && next_record(&in->rest, delimiter, &line);
  for (size_t i = 0; i < r->run.n_env; i++) /* other fields than those between blanks */
    known &= n < 2 || !cm_str_is(r->run.env[i].name, "IFS");
  for (size_t i = 0; i < n; i++) {
    cm_val value = cm_val_hole(CM_FROM_INPUT, r->own_in ? &r->run : r->run.in);
    if (known) value = (cm_val){next_field(&line, i + 1 == n), in->word.from, in->word.source};
    if (known && !cm_str_has(value.text, CM_HOLE)) value.from = 0;
    set_name(ev, names[i], value);
  }
}

static void do_mapfile(cm_eval *ev, size_t at, cm_evrun *r) {
  static const cm_argv_spec spec = {"d:n:O:s:u:C:c:t", NULL, 0};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  cm_str name = CM_STR("MAPFILE"), line;
  cm_fields lines = {0};
  cm_input *in = input_of(ev, r);
  put_silent(ev, at, r);
  while (cm_argv_next(&v, &arg)) {
    if (!arg.option) name = arg.value;
    if (!cm_str_is(arg.name, "C") || !arg.has_value) continue;
    cm_rword code = *arg.at; /* runs for the lines */
    code.text = arg.value;
    cm_walk_code(ev, &code, r);
  }
  while (in && cm_str_line(&in->rest, &line)) {
    cm_val value = {line, in->word.from, in->word.source};
    cm_rword w = cm_word_of_val(&value, r->run.span);
    cm_fields_add(ev, &lines, &w);
  }
  cm_var *var = cm_is_name(name) ? cm_env_var(ev, CM_VARS, name) : NULL;
  if (var && in) cm_env_set_list(ev, var, lines.v, lines.n);
  else if (var) cm_env_set(ev, var, cm_val_hole(CM_FROM_INPUT, r->run.in));
}

static void do_printf(cm_eval *ev, size_t at, cm_evrun *r) {
  cm_val v;
  cm_run_put(ev, at, r);
  if (r->run.n < 4 || !cm_str_is(r->run.words[1].text, "-v")) {
    cm_sink_add(ev, r);
    return;
  }
  if (!cm_fold_printf(ev, r->run.words + 2, r->run.n - 2, &v))
    v = cm_val_hole(CM_FROM_INPUT, NULL);
  set_name(ev, r->run.words[2].text, v);
}

static void do_let(cm_eval *ev, size_t at, cm_evrun *r) {
  put_silent(ev, at, r);
  for (size_t i = 1; i < r->run.n; i++)
    if (!r->run.words[i].from) (void)cm_expand_arith_text(ev, r->run.words[i].text);
}

static void do_getopts(cm_eval *ev, size_t at, cm_evrun *r) {
  put_silent(ev, at, r);
  if (r->run.n > 2) set_name(ev, r->run.words[2].text, cm_val_hole(CM_FROM_INPUT, NULL));
  set_name(ev, CM_STR("OPTARG"), cm_val_hole(CM_FROM_INPUT, NULL));
}

/* --- eval source alias trap --- */

static void do_eval(cm_eval *ev, size_t at, cm_evrun *r) {
  size_t first = r->run.n > 1 && cm_str_is(r->run.words[1].text, "--") ? 2 : 1;
  cm_run_put(ev, at, r);
  if (r->run.n <= first) return;
  cm_rword code = cm_words_joined(ev, r->run.words + first, r->run.n - first);
  if (cm_str_all_holes(code.text)) {
    cm_run_is_code(ev, r);
    return;
  }
  cm_frame saved = ev->f;
  cm_run_stdin(ev, r);
  if (r->out_elsewhere) ev->f.sink = NULL;
  cm_walk_code(ev, &code, r);
  ev->f = saved;
}

static bool is_stdin(cm_str path) {
  return cm_str_is(path, "/dev/stdin") || cm_str_is(path, "/dev/fd/0") ||
         cm_str_is(path, "/proc/self/fd/0");
}

/* A file is what it is; a pipe or a process substitution is code on the way. */
static void do_source(cm_eval *ev, size_t at, cm_evrun *r) {
  cm_run_put(ev, at, r);
  if (r->run.n < 2) return;
  const cm_rword *file = &r->run.words[1];
  const cm_val *text = file->source ? ((const cm_evrun *)file->source)->text : NULL;
  cm_rword code = {0};
  if (is_stdin(file->text) && r->run.in_text) code = *r->run.in_text;
  else if (text && cm_str_all_holes(file->text)) code = cm_word_of_val(text, file->span);
  if (code.text.p && !cm_str_all_holes(code.text)) cm_walk_code(ev, &code, r);
  else if (code.text.p || cm_str_all_holes(file->text) || is_stdin(file->text))
    cm_run_is_code(ev, r);
}

void cm_defer_code(cm_eval *ev, const cm_rword *code, bool real) {
  cm_func *f = cm_ev_new(ev, 1, sizeof *f);
  cm_frame *where = cm_ev_new(ev, 1, sizeof *where);
  if (!f || !where) return;
  *where = ev->f;
  where->captured = 0;
  *f = (cm_func){.next = ev->funcs, .alias = *code, .where = where, .real = real};
  ev->funcs = f;
}

static void do_alias(cm_eval *ev, size_t at, cm_evrun *r) {
  put_silent(ev, at, r);
  for (size_t i = 1; i < r->run.n; i++) {
    cm_rword w = r->run.words[i];
    const char *equals = w.text.n ? memchr(w.text.p, '=', w.text.n) : NULL;
    if (!equals || w.text.p[0] == '-') continue;
    cm_str name = {w.text.p, (size_t)(equals - w.text.p)};
    w.text = (cm_str){equals + 1, w.text.n - name.n - 1};
    cm_defer_code(ev, &w, cm_is_common(name));
    if (!ev->funcs) return;
    ev->funcs->name = name;
    cm_env_set_func(ev, CM_ALIASES, ev->funcs);
  }
}

static void do_unalias(cm_eval *ev, size_t at, cm_evrun *r) {
  put_silent(ev, at, r);
  for (size_t i = 1; i < r->run.n; i++)
    cm_env_unset(ev, cm_env_find(ev, CM_ALIASES, r->run.words[i].text));
}

/* Traps of EXIT and of the shell's own events are certain to run. */
static void do_trap(cm_eval *ev, size_t at, cm_evrun *r) {
  static const char *const sure[] = {"EXIT", "0", "DEBUG", "ERR", "RETURN", "exit", "SIGEXIT"};
  size_t first = r->run.n > 1 && cm_str_is(r->run.words[1].text, "--") ? 2 : 1;
  bool real = false;
  put_silent(ev, at, r);
  if (r->run.n < first + 2 || cm_str_is(r->run.words[first].text, "-")) return;
  const cm_rword *code = &r->run.words[first];
  for (size_t i = first + 1; i < r->run.n; i++)
    for (size_t k = 0; k < sizeof sure / sizeof *sure; k++)
      real |= cm_str_is(r->run.words[i].text, sure[k]);
  if (cm_str_all_holes(code->text)) cm_run_is_code(ev, r);
  else cm_defer_code(ev, code, real);
}

/* --- exec exit --- */

static void do_exec(cm_eval *ev, size_t at, cm_evrun *r) {
  static const cm_argv_spec spec = {"a:cl", NULL, CM_ARGV_STOP};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  while (cm_argv_next(&v, &arg)) continue;
  cm_run_put(ev, at, r);
  if (v.next < r->run.n) {
    cm_run_words(ev, r, r->run.words + v.next, r->run.n - v.next, CM_START_PROGRAM);
    ev->dead = CM_EXITED;
    ev->breaks++;
    return;
  }
  if (r->own_in) ev->exec_in = r;
  for (size_t i = 0; i < r->run.n_redirs; i++)
    if (r->run.redirs[i].fd > 2 && r->run.redirs[i].fd < CM_EV_FDS)
      ev->fds[r->run.redirs[i].fd] = &r->run.redirs[i];
}

static void do_end(cm_eval *ev, size_t at, cm_evrun *r) {
  char c = r->run.program.p[0];
  put_silent(ev, at, r);
  ev->breaks++;
  ev->dead = c == 'e' ? CM_EXITED : c == 'r' ? CM_RETURNED : CM_BROKEN;
}

static void do_compgen(cm_eval *ev, size_t at, cm_evrun *r) {
  static const cm_argv_spec spec = {"A:C:F:G:P:S:V:W:X:o:", NULL, 0};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  cm_run_put(ev, at, r);
  while (cm_argv_next(&v, &arg)) {
    if (!arg.has_value || !cm_listed("C F", ' ', arg.name)) continue;
    cm_rword code = *arg.at;
    code.text = arg.value;
    cm_walk_code(ev, &code, r);
  }
}

typedef struct builtin {
  const char *name;
  void (*run)(cm_eval *ev, size_t at, cm_evrun *r);
} builtin;

static const builtin builtins[] = {
    {".", do_source},          {"alias", do_alias},
    {"break", do_end},         {"cd", do_cd},
    {"chdir", do_cd},          {"compgen", do_compgen},
    {"continue", do_end},      {"declare", do_declare},
    {"eval", do_eval},         {"exec", do_exec},
    {"exit", do_end},          {"export", do_declare},
    {"getopts", do_getopts},   {"let", do_let},
    {"local", do_declare},     {"mapfile", do_mapfile},
    {"popd", do_popd},         {"printf", do_printf},
    {"pushd", do_cd},          {"read", do_read},
    {"readarray", do_mapfile}, {"readonly", do_declare},
    {"return", do_end},        {"set", do_set},
    {"shift", do_shift},       {"source", do_source},
    {"trap", do_trap},         {"typeset", do_declare},
    {"unalias", do_unalias},   {"unset", do_unset},
};

bool cm_declares(cm_str name) {
  const builtin *b = CM_TABLE_FIND(builtins, name);
  return b && b->run == do_declare;
}

/* Whether words[i] is read as an expression or as the name of a variable. */
static bool names_variable(cm_str program, const cm_rword *words, size_t n, size_t i) {
  static const char arithmetic[] = "-eq -ne -lt -le -gt -ge";
  cm_str before = i ? words[i - 1].text : CM_STR(""), text = words[i].text;
  cm_str behind = i + 1 < n ? words[i + 1].text : CM_STR("");
  if (cm_listed("test [ [[ printf wait", ' ', program) && cm_listed("-v -p -R", ' ', before))
    return true;
  if (cm_str_is(program, "[["))
    return cm_listed(arithmetic, ' ', before) || cm_listed(arithmetic, ' ', behind);
  if (!cm_listed("declare typeset local", ' ', program))
    return cm_listed("read unset", ' ', program);
  const char *equals = memchr(text.p, '=', text.n), *open = memchr(text.p, '[', text.n);
  bool number = false;
  for (size_t k = 0; k < n; k++)
    number |= cm_str_starts(words[k].text, CM_STR("-")) && cm_str_has(words[k].text, 'i');
  return number || !equals || (open && open < equals);
}

/* 'a[$(x)]': what stands in the brackets runs. */
void cm_expand_subscripts(cm_eval *ev, cm_str program, const cm_rword *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (cm_str_has(words[i].text, '[') && names_variable(program, words, n, i))
      (void)cm_expand_hidden(ev, words[i].text);
}

bool cm_builtin(cm_eval *ev, size_t at, cm_evrun *r) {
  if (r->how == CM_START_PROGRAM || cm_str_has(r->run.words[0].text, '/')) return false;
  cm_expand_subscripts(ev, r->run.program, r->run.words + 1, r->run.n - 1);
  const builtin *b = CM_TABLE_FIND(builtins, r->run.program);
  if (b) b->run(ev, at, r);
  return b != NULL;
}
