#include "cli/opts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* --- values --- */

bool cm_opts_size(const char *text, uint64_t *out) {
  static const struct {
    const char *unit;
    double bytes;
  } units[] = {{"K", 1e3},    {"M", 1e6},       {"G", 1e9},           {"T", 1e12},
               {"KB", 1e3},   {"MB", 1e6},      {"GB", 1e9},          {"TB", 1e12},
               {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824.}, {"TiB", 1099511627776.},
               {"B", 1}};
  const size_t n = strspn(text, "0123456789.");
  double v, factor = text[n] ? 0 : 1;
  if (!cm_str_f64((cm_str){text, n}, 0, 1e15, &v)) return false;
  for (size_t i = 0; text[n] && i < sizeof units / sizeof *units; i++)
    if (strcasecmp(text + n, units[i].unit) == 0) factor = units[i].bytes;
  if (factor == 0 || v * factor > 1e18) return false;
  *out = (uint64_t)(v * factor);
  return true;
}

static bool is_choice(const char *choices, cm_str v) {
  for (const char *p = choices; *p;) {
    size_t n = strcspn(p, "|");
    if (cm_str_eq(v, (cm_str){p, n})) return true;
    p += n + (p[n] == '|');
  }
  return false;
}

static bool is_list(const char *choices, const char *v) {
  for (;;) {
    const size_t n = strcspn(v, ",");
    if (!is_choice(choices, (cm_str){v, n})) return false;
    if (!v[n]) return true;
    v += n + 1;
  }
}

static cm_code set_choice(const cm_opt *opt, const char **field, const char *where,
                          const char *value, cm_err *e) {
  const bool list = opt->kind == CM_OPT_LIST;
  if (list ? !is_list(opt->choices, value) : !is_choice(opt->choices, cm_str_of(value)))
    return cm_fail(e, CM_E_USAGE, 0, "%s must be %s of %s, not \"%.40s\"", where,
                   list ? "one or more" : "one", opt->choices, value);
  *field = value;
  return CM_OK;
}

/* What the command line says replaces what was said elsewhere, once; there it adds up. */
static cm_code add_text(cm_texts *t, cm_from from, const char *where, const char *value,
                        cm_err *e) {
  if (!t->typed) t->n = 0;
  t->typed = from == CM_FROM_COMMAND_LINE;
  if (t->n == CM_TEXTS_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "%s may be given %d times", where, CM_TEXTS_MAX);
  t->items[t->n++] = value;
  return CM_OK;
}

static cm_code set_number(void *field, const cm_opt *opt, const char *where, const char *value,
                          cm_err *e) {
  const cm_str text = cm_str_of(value);
  uint64_t u;
  double d;
  switch (opt->kind) {
    case CM_OPT_UINT:
      if (!cm_str_u64(text, (uint64_t)opt->min, (uint64_t)opt->max, &u))
        return cm_fail(e, CM_E_USAGE, 0,
                       "%s must be a whole number from %.0f to %.0f, not \"%.40s\"", where,
                       opt->min, opt->max, value);
      *(unsigned *)field = (unsigned)u;
      return CM_OK;
    case CM_OPT_U64:
      if (!cm_str_u64(text, 0, UINT64_MAX, &u))
        return cm_fail(e, CM_E_USAGE, 0, "%s must be a whole number, not \"%.40s\"", where, value);
      *(unsigned long long *)field = u;
      return CM_OK;
    default:
      if (!cm_str_f64(text, opt->min, opt->max, &d))
        return cm_fail(e, CM_E_USAGE, 0, "%s must be a number from %g to %g, not \"%.40s\"", where,
                       opt->min, opt->max, value);
      *(double *)field = d;
      return CM_OK;
  }
}

static cm_code set_value(void *field, const cm_opt *opt, cm_from from, const char *where,
                         const char *value, cm_err *e) {
  switch (opt->kind) {
    case CM_OPT_FLAG:
      if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return cm_fail(e, CM_E_USAGE, 0, "%s must be true or false, not \"%.40s\"", where, value);
      *(bool *)field = strcmp(value, "true") == 0;
      return CM_OK;
    case CM_OPT_TEXT:
    case CM_OPT_MAYBE: *(const char **)field = value; return CM_OK;
    case CM_OPT_TEXTS: return add_text(field, from, where, value, e);
    case CM_OPT_CHOICE:
    case CM_OPT_LIST: return set_choice(opt, field, where, value, e);
    default: return set_number(field, opt, where, value, e);
  }
}

/* `where` is how the user wrote the option: "--top-k", "-n" or "CMDAI_THREADS"; a flag on the
 * command line has no value. */
cm_code cm_opts_set(cm_opts *o, const cm_opt *opt, cm_origin from, const char *where,
                    const char *value, cm_err *e) {
  if (!value) value = "true";
  cm_code code = set_value((char *)o + opt->offset, opt, from.from, where, value, e);
  if (code) return code;
  o->settings[opt - cm_opt_at(0)] = (cm_setting){value, from};
  const bool also_output = opt->offset == offsetof(cm_opts, json) && o->json;
  return also_output ? cm_opts_set(o, cm_opt_named(CM_STR("output")), from, where, "json", e)
                     : CM_OK;
}

void cm_opts_defaults(cm_opts *o) {
  *o = (cm_opts){0};
  for (size_t i = 0; cm_opt_at(i); i++)
    if (cm_opt_at(i)->fallback)
      (void)cm_opts_set(o, cm_opt_at(i), (cm_origin){CM_FROM_DEFAULT, 0}, cm_opt_at(i)->name,
                        cm_opt_at(i)->fallback, NULL);
}

cm_code cm_opts_environment(cm_opts *o, cm_err *e) {
  cm_code code = CM_OK;
  for (size_t i = 0; cm_opt_at(i) && !code; i++) {
    const char *env = cm_opt_at(i)->env ? getenv(cm_opt_at(i)->env) : NULL;
    if (env && *env)
      code = cm_opts_set(o, cm_opt_at(i), (cm_origin){CM_FROM_ENVIRONMENT, 0}, cm_opt_at(i)->env,
                         env, e);
  }
  return code;
}

/* --- the table --- */

const cm_opt *cm_opt_named(cm_str name) {
  for (size_t i = 0; cm_opt_at(i); i++)
    if (cm_str_is(name, cm_opt_at(i)->name)) return cm_opt_at(i);
  return NULL;
}

bool cm_opt_is_setting(const cm_opt *opt) {
  const cm_str env = cm_str_of(opt->env);
  return env.n && !cm_str_ends(env, CM_STR("_KEY")) && !cm_str_ends(env, CM_STR("_TOKEN"));
}

bool cm_opt_is_for(const cm_opt *opt, unsigned command) {
  return (opt->commands & command) || ((command & CM_FOR_SETTINGS) && cm_opt_is_setting(opt));
}

const cm_setting *cm_opts_setting(const cm_opts *o, const cm_opt *opt) {
  return &o->settings[opt - cm_opt_at(0)];
}

bool cm_opts_document(const cm_opts *o) { return strcmp(o->output, "plain") != 0; }

bool cm_opts_debug(const cm_opts *o) { return strcmp(o->log, "debug") == 0; }

/* --- parsing --- */

static const cm_opt *by_letter(char c) {
  for (size_t i = 0; cm_opt_at(i); i++)
    if (cm_opt_at(i)->letter == c) return cm_opt_at(i);
  return NULL;
}

static cm_code unknown(cm_str name, unsigned command, cm_err *e) {
  const char *best = NULL;
  unsigned least = 3;
  for (size_t i = 0; cm_opt_at(i); i++) {
    unsigned d = cm_edit_distance(name, cm_str_of(cm_opt_at(i)->name));
    if (cm_opt_is_for(cm_opt_at(i), command) && d < least) least = d, best = cm_opt_at(i)->name;
  }
  if (best)
    return cm_fail(e, CM_E_USAGE, 0, "unknown option --%.*s; did you mean --%s?",
                   (int)(name.n < 40 ? name.n : 40), name.p, best);
  return cm_fail(e, CM_E_USAGE, 0, "unknown option --%.*s; see cmdai --help",
                 (int)(name.n < 40 ? name.n : 40), name.p);
}

static bool is_option(const char *arg) {
  if (arg[0] != '-' || !arg[1]) return false;
  if (arg[1] != '-') return by_letter(arg[1]);
  cm_str name = {arg + 2, strcspn(arg + 2, "=")};
  return cm_opt_named(name);
}

typedef struct cursor {
  cm_opts *o;
  unsigned command;
  char **argv;
  size_t n, i;
  cm_err *e;
} cursor;

static const cm_origin typed = {CM_FROM_COMMAND_LINE, 0};

/* `inline_value` is what stands behind "=" or the letter; NULL: take the next argument. */
static cm_code take(cursor *c, const cm_opt *opt, const char *where, const char *inline_value) {
  if (!cm_opt_is_for(opt, c->command))
    return cm_fail(c->e, CM_E_USAGE, 0, "%s does not belong to this command", where);
  if (opt->kind == CM_OPT_FLAG) return cm_opts_set(c->o, opt, typed, where, NULL, c->e);
  if (opt->kind == CM_OPT_MAYBE)
    return cm_opts_set(c->o, opt, typed, where, inline_value ? inline_value : "", c->e);
  if (!inline_value && c->i >= c->n)
    return cm_fail(c->e, CM_E_USAGE, 0, "%s needs a value: %s", where, opt->arg);
  return cm_opts_set(c->o, opt, typed, where, inline_value ? inline_value : c->argv[c->i++], c->e);
}

static cm_code take_long(cursor *c, const char *arg) {
  size_t n = strcspn(arg + 2, "=");
  cm_str name = {arg + 2, n};
  const cm_opt *opt = cm_opt_named(name);
  if (!opt) return unknown(name, c->command, c->e);
  if (opt->kind == CM_OPT_FLAG && arg[2 + n])
    return cm_fail(c->e, CM_E_USAGE, 0, "--%s takes no value", opt->name);
  char where[48];
  snprintf(where, sizeof where, "--%s", opt->name);
  return take(c, opt, where, arg[2 + n] ? arg + 3 + n : NULL);
}

/* "-v", "-vq", "-n3", "-n 3". */
static cm_code take_letters(cursor *c, const char *arg) {
  for (const char *p = arg + 1; *p; p++) {
    const cm_opt *opt = by_letter(*p);
    char where[3] = {'-', *p, 0};
    if (!opt) return cm_fail(c->e, CM_E_USAGE, 0, "unknown option %s; see cmdai --help", where);
    bool last = opt->kind != CM_OPT_FLAG && opt->kind != CM_OPT_MAYBE;
    cm_code code = take(c, opt, where, last && p[1] ? p + 1 : NULL);
    if (code || last) return code;
  }
  return CM_OK;
}

cm_code cm_opts_parse(cm_opts *o, unsigned command, bool anywhere, char **argv, size_t n,
                      char **operands, size_t *n_operands, cm_err *e) {
  cursor c = {o, command, argv, n, 0, e};
  cm_code first = CM_OK;
  bool ended = false;
  *n_operands = 0;
  while (c.i < n) {
    char *arg = argv[c.i++];
    bool dashed = arg[0] == '-' && arg[1];
    cm_code code = CM_OK;
    if (!ended && strcmp(arg, "--") == 0) {
      ended = true;
    } else if (ended || !dashed || (!anywhere && *n_operands)) {
      if (!ended && dashed && is_option(arg))
        return first ? first
                     : cm_fail(e, CM_E_USAGE, 0,
                               "option %.40s after the first word; put options first, or -- "
                               "before the words",
                               arg);
      operands[(*n_operands)++] = arg;
    } else {
      code = arg[1] == '-' ? take_long(&c, arg) : take_letters(&c, arg);
    }
    /* The others are still read: -o says what a failure looks like. */
    if (code && !first) first = code, c.e = NULL;
  }
  return first;
}

/* --- help --- */

void cm_opts_help(unsigned command, cm_buf *out) {
  for (size_t i = 0; cm_opt_at(i); i++) {
    const cm_opt *t = cm_opt_at(i);
    if (!cm_opt_is_for(t, command)) continue;
    cm_buf left;
    cm_buf_init(&left, 256);
    if (t->letter) cm_buf_printf(&left, "  -%c, --%s", t->letter, t->name);
    else cm_buf_printf(&left, "      --%s", t->name);
    const bool maybe = t->kind == CM_OPT_MAYBE;
    if (t->arg) cm_buf_printf(&left, maybe ? "[=%s]" : " %s", t->arg);
    cm_buf_printf(out, "%-28s %s", left.p ? left.p : "", t->help);
    if (t->choices) cm_buf_printf(out, ": %s", t->choices);
    if (t->fallback) cm_buf_printf(out, " [%s]", t->fallback);
    if (t->env) cm_buf_printf(out, " (%s)", t->env);
    cm_buf_putc(out, '\n');
    cm_buf_close(&left);
  }
}
