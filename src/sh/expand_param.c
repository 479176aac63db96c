/* $x and ${x…}: values and their operators (bash manual, "Shell Parameter Expansion"). */
#include <string.h>

#include "sh/eval.h"

/* Longer texts aren't matched with patterns: that takes n^3 steps. */
enum { MATCHED = 1000, MATCHED_STARS = 96 };

/* --- values --- */

/* Parameters that the shell sets itself. */
typedef struct special {
  const char *name;
  unsigned from; /* 0: `value` is it */
  const char *value;
} special;

static const special specials[] = {
    {"?", CM_FROM_NUMBER, NULL},
    {"#", CM_FROM_NUMBER, NULL},
    {"$", CM_FROM_NUMBER, NULL},
    {"!", CM_FROM_NUMBER, NULL},
    {"RANDOM", CM_FROM_NUMBER, NULL},
    {"SRANDOM", CM_FROM_NUMBER, NULL},
    {"SECONDS", CM_FROM_NUMBER, NULL},
    {"LINENO", CM_FROM_NUMBER, NULL},
    {"UID", CM_FROM_NUMBER, NULL},
    {"EUID", CM_FROM_NUMBER, NULL},
    {"PPID", CM_FROM_NUMBER, NULL},
    {"BASHPID", CM_FROM_NUMBER, NULL},
    {"SHLVL", CM_FROM_NUMBER, NULL},
    {"EPOCHSECONDS", CM_FROM_NUMBER, NULL},
    {"COLUMNS", CM_FROM_NUMBER, NULL},
    {"LINES", CM_FROM_NUMBER, NULL},
    {"OPTIND", CM_FROM_NUMBER, NULL},
    {"HOSTNAME", CM_FROM_INPUT, NULL},
    {"OSTYPE", CM_FROM_INPUT, NULL},
    {"REPLY", CM_FROM_INPUT, NULL},
    {"-", 0, "himBHs"},
    {"IFS", 0, " \t\n"},
    {"SHELL", 0, "/bin/bash"},
    {"BASH", 0, "/bin/bash"},
    {"0", CM_FROM_INPUT, NULL},
    {"PATH", CM_FROM_INPUT, NULL},
};

static bool special_value(cm_eval *ev, cm_str name, cm_val *out) {
  const cm_sh_context *c = ev->context;
  if (cm_str_is(name, "HOME")) {
    *out = cm_val_text(c->home.n ? c->home : CM_STR("~"));
    return true;
  }
  if (cm_str_is(name, "PWD")) {
    const cm_alt *cwd = cm_env_get(ev, &ev->cwd);
    *out = cwd && cwd->val.text.n ? cwd->val : cm_val_hole(CM_FROM_INPUT, NULL);
    return true;
  }
  if (cm_str_is(name, "OLDPWD")) {
    *out = c->cwd.n ? cm_val_text(c->cwd) : cm_val_hole(CM_FROM_INPUT, NULL);
    return true;
  }
  if (cm_str_is(name, "USER") || cm_str_is(name, "LOGNAME")) {
    *out = c->user.n ? cm_val_text(c->user) : cm_val_hole(CM_FROM_INPUT, NULL);
    return true;
  }
  if (cm_str_is(name, "_")) {
    *out = ev->last_arg.text.p ? ev->last_arg : cm_val_hole(CM_FROM_INPUT, NULL);
    return true;
  }
  for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
    if (!cm_str_is(name, specials[i].name)) continue;
    *out = specials[i].from ? cm_val_hole(specials[i].from, NULL)
                            : cm_val_text(cm_str_of(specials[i].value));
    return true;
  }
  return false;
}

static const cm_alt *array_of(cm_eval *ev, cm_str name) {
  if (cm_str_is(name, "@") || cm_str_is(name, "*")) return cm_env_get(ev, &ev->args);
  cm_var *var = cm_env_find(ev, CM_VARS, name);
  return var ? cm_env_get(ev, var) : NULL;
}

static bool element(const cm_alt *alt, cm_str key, cm_val *out) {
  for (const cm_elem *e = alt->elems; e; e = e->next)
    if (cm_str_eq(e->key, key)) return *out = e->val, true;
  return false;
}

/* $1 and so on. */
static cm_val positional(cm_eval *ev, long n, bool *set) {
  const cm_alt *args = cm_env_get(ev, &ev->args);
  cm_val v = cm_val_hole(CM_FROM_INPUT, NULL);
  if (!args) return *set = false, v;
  *set = element(args, cm_ev_number(ev, n - 1), &v);
  if (!*set) v = args->val.from ? cm_val_hole(args->val.from, NULL) : cm_val_text(CM_STR(""));
  return v;
}

static cm_val subscripted(cm_eval *ev, const cm_alt *alt, const cm_word *subscript, bool *set) {
  cm_val v = cm_val_hole(CM_FROM_INPUT, NULL), key = cm_expand_arith(ev, subscript);
  if (!cm_val_known(&key)) {
    cm_rword word = cm_expand_one(ev, subscript);
    key = cm_val_of_word(&word);
  }
  *set = true;
  if (!cm_val_known(&key)) return v;
  if (!alt->array) return cm_str_is(key.text, "0") ? alt->val : cm_val_text(CM_STR(""));
  if (!element(alt, key.text, &v)) return *set = false, cm_val_text(CM_STR(""));
  return v;
}

/* What a variable of the surroundings holds, as far as its name says so. */
static unsigned secrecy(cm_eval *ev, cm_str name) {
  static const struct {
    const char *pattern;
    unsigned from;
  } rows[] = {
      {"AWS_SECRET*", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"AWS_SESSION_TOKEN", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"*SECRET_ACCESS_KEY", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"*PRIVATE_KEY*", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"*SSH_KEY*", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"GITHUB_TOKEN", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"GH_TOKEN", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"NPM_TOKEN", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"PYPI_TOKEN", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"VAULT_TOKEN", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"OPENAI_API_KEY", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"ANTHROPIC_API_KEY", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"STRIPE_SECRET*", CM_FROM_LOGIN | CM_FROM_KEYS},
      {"*PASSWORD", CM_FROM_LOGIN},
      {"*PASSWD", CM_FROM_LOGIN},
      {"*_TOKEN", CM_FROM_LOGIN},
      {"TOKEN", CM_FROM_LOGIN},
      {"*SECRET", CM_FROM_LOGIN},
      {"*SECRET_KEY", CM_FROM_LOGIN},
      {"*API_KEY", CM_FROM_LOGIN},
      {"*ACCESS_KEY", CM_FROM_LOGIN},
      {"*CREDENTIALS", CM_FROM_LOGIN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (cm_pattern_match(ev, cm_str_of(rows[i].pattern), name)) return rows[i].from;
  return 0;
}

cm_val cm_param_get(cm_eval *ev, cm_str name, const cm_word *subscript, bool *set) {
  cm_val v;
  long n;
  *set = true;
  if (name.n && name.p[0] >= '1' && name.p[0] <= '9' && cm_str_number(name, &n))
    return positional(ev, n, set);
  cm_var *var = cm_env_find(ev, CM_VARS, name);
  const cm_alt *alt = var ? cm_env_get(ev, var) : NULL;
  if (cm_str_is(name, "#")) {
    const cm_alt *args = cm_env_get(ev, &ev->args);
    if (args && args->array && !args->val.from) {
      long count = 0;
      for (const cm_elem *e = args->elems; e; e = e->next) count++;
      return cm_val_text(cm_ev_number(ev, count));
    }
  }
  if (alt) return subscript ? subscripted(ev, alt, subscript, set) : alt->val;
  if (special_value(ev, name, &v)) return v;
  if (subscript) (void)cm_expand_one(ev, subscript);
  *set = false;
  return cm_val_hole(CM_FROM_UNSET | secrecy(ev, name), NULL);
}

void cm_param_all(cm_eval *ev, cm_str name, cm_fields *out, bool *known) {
  const cm_alt *alt = array_of(ev, name);
  bool positional = cm_str_is(name, "@") || cm_str_is(name, "*");
  *known = alt != NULL;
  if (!alt) {
    cm_val hole = cm_val_hole(positional ? CM_FROM_INPUT : CM_FROM_UNSET, NULL);
    cm_rword w = cm_word_of_val(&hole, (cm_span){0});
    cm_fields_add(ev, out, &w);
    return;
  }
  for (const cm_elem *e = alt->elems; e; e = e->next) {
    cm_rword w = cm_word_of_val(&e->val, (cm_span){0});
    cm_fields_add(ev, out, &w);
  }
  if (alt->array && !alt->val.from) return;
  if (alt->array && alt->elems) return;
  cm_rword w = cm_word_of_val(&alt->val, (cm_span){0});
  cm_fields_add(ev, out, &w);
}

/* --- operators --- */

static cm_val unknown_like(const cm_val *v) {
  return cm_val_hole(v->from ? v->from : CM_FROM_INPUT, v->source);
}

static cm_val arg_value(cm_eval *ev, const cm_word *arg) {
  if (!arg) return cm_val_text(CM_STR(""));
  cm_rword w = cm_expand_one(ev, arg);
  return cm_val_of_word(&w);
}

/* ${x#p} ${x##p} ${x%p} ${x%%p} on a known text. */
static cm_str strip(cm_eval *ev, cm_str s, cm_str pattern, bool front, bool longest) {
  for (size_t i = 0; i <= s.n; i++) {
    size_t n = longest ? s.n - i : i;
    cm_str piece = {front ? s.p : s.p + s.n - n, n};
    if (!cm_pattern_match(ev, pattern, piece)) continue;
    return front ? (cm_str){s.p + n, s.n - n} : (cm_str){s.p, s.n - n};
  }
  return s;
}

/* The longest match of the pattern at s.p[at]; SIZE_MAX: none. Without a star it is no longer than
 * the pattern. */
static size_t match_at(cm_eval *ev, cm_str s, size_t at, cm_str pattern) {
  size_t most = s.n - at, star = memchr(pattern.p, '*', pattern.n) != NULL;
  for (size_t n = star || most < pattern.n ? most : pattern.n; n != SIZE_MAX; n--)
    if (cm_pattern_match(ev, pattern, (cm_str){s.p + at, n})) return n;
  return SIZE_MAX;
}

static cm_str replace(cm_eval *ev, cm_str s, cm_str pattern, cm_str by, cm_str op) {
  cm_txt t = {0};
  bool all = cm_str_is(op, "//"), front = cm_str_is(op, "/#"), back = cm_str_is(op, "/%");
  size_t i = 0;
  while (i < s.n) {
    size_t n = (front && i) || !cm_ev_step(ev) ? SIZE_MAX : match_at(ev, s, i, pattern);
    if (n == SIZE_MAX || n == 0 || (back && i + n != s.n)) {
      cm_txt_add(ev, &t, (cm_str){s.p + i++, 1});
      continue;
    }
    cm_txt_add(ev, &t, by);
    i += n;
    if (!all) break;
  }
  cm_txt_add(ev, &t, (cm_str){s.p + i, s.n - i});
  return cm_txt_str(&t);
}

static cm_str change_case(cm_eval *ev, cm_str s, cm_str op) {
  size_t n = op.n == 2 ? s.n : s.n ? 1 : 0;
  if (!cm_ev_copy(ev, s.n)) return s;
  char *p = cm_arena_strdup(ev->a, s.p, s.n);
  if (!p) return ev->nomem = true, s;
  for (size_t i = 0; i < n; i++) {
    if (op.p[0] == '^' && p[i] >= 'a' && p[i] <= 'z') p[i] = (char)(p[i] - 32);
    else if (op.p[0] == ',' && p[i] >= 'A' && p[i] <= 'Z') p[i] = (char)(p[i] + 32);
  }
  return (cm_str){p, s.n};
}

/* ${x:offset:length}. */
static cm_val substring(cm_eval *ev, const cm_param *param, cm_val v) {
  cm_val from = cm_expand_arith(ev, param->arg);
  cm_val len = param->arg2 ? cm_expand_arith(ev, param->arg2) : cm_val_text(CM_STR(""));
  long at, n = (long)v.text.n;
  bool path = cm_str_is(param->name, "PATH") || cm_str_is(param->name, "PWD") ||
              cm_str_is(param->name, "HOME") || cm_str_is(param->name, "OLDPWD");
  if (!cm_val_known(&from) || !cm_val_known(&len) || !cm_str_number(from.text, &at))
    return unknown_like(&v);
  if (param->arg2 && !cm_str_number(len.text, &n)) return unknown_like(&v);
  if (path && at == 0 && n == 1) return cm_val_text(CM_STR("/"));
  if (!cm_val_known(&v)) return unknown_like(&v);
  long total = (long)v.text.n;
  if (at < 0) at += total;
  if (at < 0 || at > total) return cm_val_text(CM_STR(""));
  long end = n < 0 ? total + n : n > total - at ? total : at + n;
  if (end < at) return cm_val_text(CM_STR(""));
  return cm_val_text((cm_str){v.text.p + at, (size_t)(end - at)});
}

/* ${x@P}: the value is expanded like a prompt, so that substitutions in it run. */
static cm_val transform(cm_eval *ev, const cm_param *param, cm_val v) {
  cm_val letter = arg_value(ev, param->arg);
  char c = letter.text.n ? letter.text.p[0] : 0;
  if (c == 'U' || c == 'u')
    v.text = change_case(ev, v.text, c == 'U' ? CM_STR("^^") : CM_STR("^"));
  if (c == 'L') v.text = change_case(ev, v.text, CM_STR(",,"));
  if (c == 'Q' && !cm_str_has(v.text, '\'')) {
    v.text = cm_ev_join(ev, cm_ev_join(ev, CM_STR("'"), v.text), CM_STR("'"));
    return v;
  }
  if (c != 'P') return v;
  if (!cm_val_known(&v)) {
    cm_rword words[2] = {{.text = CM_STR("eval")}, cm_word_of_val(&v, ev->f.whole)};
    size_t at = cm_run_reserve(ev);
    cm_evrun *run = cm_run_made(ev, words, 2);
    if (!run) return v;
    run->run.program = words[0].text;
    cm_run_is_code(ev, run);
    cm_run_put(ev, at, run);
    return v;
  }
  return cm_expand_hidden(ev, v.text) ? cm_val_hole(CM_FROM_OUTPUT, NULL) : v;
}

/* Operators that need a text. */
static cm_val text_op(cm_eval *ev, const cm_param *param, cm_val v) {
  cm_str op = param->op;
  bool known;
  if (cm_str_is(op, ":")) return substring(ev, param, v);
  if (cm_str_is(op, "@")) return transform(ev, param, v);
  if (op.p[0] == '^' || op.p[0] == ',') {
    v.text = change_case(ev, v.text, op);
    return v;
  }
  if (!param->arg) return v;
  cm_str pattern = cm_expand_pattern(ev, param->arg, &known);
  cm_val by = arg_value(ev, param->arg2);
  bool stars = op.p[0] == '/' && cm_str_has(pattern, '*');
  if (!known || !cm_val_known(&v) || v.text.n > (stars ? MATCHED_STARS : MATCHED) ||
      pattern.n > MATCHED)
    return unknown_like(&v);
  if (op.p[0] == '#' || op.p[0] == '%') {
    v.text = strip(ev, v.text, pattern, op.p[0] == '#', op.n == 2);
    return v;
  }
  v.text = replace(ev, v.text, pattern, by.text, op);
  v.from |= by.from;
  if (!v.source) v.source = by.source;
  return v;
}

static void assign_default(cm_eval *ev, cm_str name, cm_val v) {
  cm_var *var = cm_is_name(name) ? cm_env_var(ev, CM_VARS, name) : NULL;
  if (var) cm_env_set(ev, var, v);
}

/* ${x:+d} of a variable that the text doesn't set: both ways are possible. */
static bool perhaps_set(cm_eval *ev, cm_str name) {
  cm_var *var = cm_env_var(ev, CM_VARS, name);
  if (!var || var->alts) return true;
  if (!var->fixed) {
    cm_pick *pick = cm_ev_new(ev, 1, sizeof *pick);
    if (!pick) return true;
    *pick = (cm_pick){ev->picks, var, 2};
    ev->picks = pick;
    var->fixed = true;
    var->chosen = 0;
  }
  return var->chosen == 0;
}

/* :- - := = :? ? :+ +; false: another operator. */
static bool default_op(cm_build *b, const cm_param *param, cm_val *v, bool set, bool quoted) {
  cm_eval *ev = b->ev;
  cm_str op = param->op;
  bool colon = op.n > 1 && op.p[0] == ':';
  char c = op.n ? op.p[colon] : 0;
  bool there = set && !(colon && !v->text.n);
  if (!c || !strchr("-=?+", c) || op.n > 2 || (op.n == 2 && !colon)) return false;
  if (c == '+') {
    if (!there && !set && v->from) there = perhaps_set(ev, param->name);
    *v = cm_val_text(CM_STR(""));
    if (!there) return true;
  } else if (c == '?') {
    if (!there) *v = cm_val_hole(CM_FROM_INPUT, NULL);
    return true;
  } else if (there) {
    return true;
  }
  if (c == '=') {
    *v = arg_value(ev, param->arg);
    assign_default(ev, param->name, *v);
    return true;
  }
  *v = cm_val_text(CM_STR(""));
  if (param->arg && quoted) *v = arg_value(ev, param->arg);
  else if (param->arg) cm_build_parts(b, param->arg->parts);
  return true;
}

static cm_val indirect(cm_eval *ev, cm_val v) {
  bool set;
  if (!cm_val_known(&v) || !cm_is_name(v.text)) return cm_val_hole(CM_FROM_INPUT, NULL);
  return cm_param_get(ev, v.text, NULL, &set);
}

static cm_val length(cm_eval *ev, cm_val v) {
  if (!cm_val_known(&v)) return cm_val_hole(CM_FROM_NUMBER, NULL);
  long n = 0;
  for (size_t i = 0; i < v.text.n; i++) n += ((unsigned char)v.text.p[i] & 0xC0) != 0x80;
  return cm_val_text(cm_ev_number(ev, n));
}

/* "$@", "${a[@]}" and the same without quotes: several fields. */
static void add_all(cm_build *b, const cm_param *param, bool quoted, bool joined) {
  cm_fields all = {0};
  bool known;
  cm_param_all(b->ev, param->name, &all, &known);
  cm_val count = cm_val_text(cm_ev_number(b->ev, (long)all.n));
  if (param->length) {
    if (!known) count = cm_val_hole(CM_FROM_NUMBER, NULL);
    cm_build_val(b, &count, quoted);
    return;
  }
  size_t first = 0, end = all.n;
  bool slice = cm_str_is(param->op, ":");
  long at = 0, n = (long)all.n;
  if (slice && known) {
    cm_val from = cm_expand_arith(b->ev, param->arg);
    cm_val len = param->arg2 ? cm_expand_arith(b->ev, param->arg2) : count;
    if (cm_str_number(from.text, &at) && cm_str_number(len.text, &n)) {
      if (cm_str_is(param->name, "@") || cm_str_is(param->name, "*")) at = at > 0 ? at - 1 : 0;
      first = at < 0 || (size_t)at > all.n ? all.n : (size_t)at;
      end = n < 0 || (size_t)n > all.n - first ? all.n : first + (size_t)n;
    }
  }
  for (size_t i = first; i < end; i++) {
    cm_val v = cm_val_of_word(&all.v[i]);
    if (param->op.n && !slice) v = text_op(b->ev, param, v);
    if (i > first && (joined || !b->out)) cm_build_add(b, CM_STR(" "), true);
    else if (i > first) cm_build_break(b);
    cm_build_val(b, &v, quoted);
  }
}

static bool is_all(const cm_param *param, bool *star) {
  const cm_part *p = param->subscript ? param->subscript->parts : NULL;
  cm_str s = param->subscript ? (p && !p->next ? p->text : CM_STR("")) : param->name;
  *star = cm_str_is(s, "*");
  return *star || cm_str_is(s, "@");
}

void cm_expand_param(cm_build *b, const cm_part *part) {
  const cm_param *param = part->param;
  cm_eval *ev = b->ev;
  bool set, star;
  if (is_all(param, &star) && (param->subscript || !param->op.n || cm_str_is(param->op, ":") ||
                               !strchr("-=?+:", param->op.p[0]))) {
    if (!param->indirect) {
      add_all(b, param, part->quoted, star && part->quoted);
      return;
    }
  }
  cm_val v = cm_param_get(ev, param->name, param->subscript, &set);
  if (param->indirect)
    v = cm_str_is(param->op, "*") ? cm_val_hole(CM_FROM_INPUT, NULL) : indirect(ev, v);
  if (param->length) v = length(ev, v);
  else if (param->op.n && !cm_str_is(param->op, "*") &&
           !default_op(b, param, &v, set, part->quoted))
    v = text_op(ev, param, v);
  if (part->quoted) b->any = true;
  cm_build_val(b, &v, part->quoted);
}
