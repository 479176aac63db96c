#include "cli/opts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define AT(field) offsetof(cm_opts, field)

enum {
  ASK = CM_FOR_ASK,
  MODELS = CM_FOR_MODELS,
  BENCH = CM_FOR_BENCH,
  DEBUG = CM_FOR_DEBUG,
  CHECK = CM_FOR_CHECK,
  ALL = CM_FOR_ALL
};

static const cm_opt table[] = {
    {"backend", 'b', "NAME", CM_OPT_CHOICE, ASK, AT(backend), 0, 0, "cpu|auto", "CMDAI_BACKEND",
     "auto", "where answers come from"},
    {"model", 'm', "FILE", CM_OPT_TEXT, ASK | BENCH | DEBUG, AT(model), 0, 0, NULL, "CMDAI_MODEL",
     NULL, "a GGUF model file instead of the embedded model"},
    {"shell", 's', "NAME", CM_OPT_CHOICE, ASK | CHECK, AT(shell), 0, 0, "bash|zsh|sh|fish",
     "CMDAI_SHELL", "bash", "the shell that the command is for"},
    {"safety", 0, "LEVEL", CM_OPT_CHOICE, ASK | CHECK, AT(safety), 0, 0,
     "strict|moderate|permissive", "CMDAI_SAFETY", "moderate", "what may run without a question"},
    {"execute", 'x', NULL, CM_OPT_FLAG, ASK, AT(execute), 0, 0, NULL, NULL, NULL,
     "run the command, after asking where the safety level says so"},
    {"yes", 'y', NULL, CM_OPT_FLAG, ASK, AT(yes), 0, 0, NULL, NULL, NULL,
     "with -x: don't ask (what is blocked or critical stays so)"},
    {"dry-run", 0, NULL, CM_OPT_FLAG, ASK, AT(dry_run), 0, 0, NULL, NULL, NULL,
     "with -x: say what would be done, run nothing"},
    {"cwd", 0, "DIR", CM_OPT_TEXT, CHECK, AT(cwd), 0, 0, NULL, NULL, NULL,
     "the directory where the command would run (default: this one)"},
    {"null", '0', NULL, CM_OPT_FLAG, CHECK, AT(nul), 0, 0, NULL, NULL, NULL,
     "with -: commands end with a NUL byte instead of a newline"},
    {"hook", 0, NULL, CM_OPT_FLAG, CHECK, AT(hook), 0, 0, NULL, NULL, NULL,
     "answer a coding agent's tool call (JSON on stdin): allow, ask or deny"},
    {"output", 'o', "FORMAT", CM_OPT_CHOICE, ASK | MODELS | BENCH | DEBUG | CHECK, AT(output), 0,
     0, "plain|json", "CMDAI_OUTPUT", "plain", "plain text or one JSON document"},
    {"json", 0, NULL, CM_OPT_FLAG, ASK | MODELS | BENCH | DEBUG | CHECK, AT(json), 0, 0, NULL,
     NULL, NULL, "the same as -o json"},
    {"candidates", 'n', "N", CM_OPT_UINT, ASK | DEBUG, AT(candidates), 1, 65536, NULL,
     "CMDAI_CANDIDATES", "1", "how many answers to generate and rank (debug generate: tokens)"},
    {"explain", 0, NULL, CM_OPT_FLAG, ASK | CHECK, AT(explain), 0, 0, NULL, NULL, NULL,
     "also show what the model said, or (check) the commands that would run"},
    {"timeout", 0, "SECONDS", CM_OPT_UINT, ASK, AT(timeout), 1, 86400, NULL, "CMDAI_TIMEOUT", "60",
     "give up after this time, with status 8"},
    {"threads", 0, "N", CM_OPT_UINT, ASK | BENCH | DEBUG | MODELS, AT(threads), 1, 256, NULL,
     "CMDAI_THREADS", NULL, "threads to compute with (default: all processors)"},
    {"ctx", 0, "N", CM_OPT_UINT, ASK | BENCH | DEBUG | MODELS, AT(ctx), 1, 1 << 24, NULL,
     "CMDAI_CTX", NULL, "context in tokens (default: 4096 or the model's own)"},
    {"max-tokens", 0, "N", CM_OPT_UINT, ASK, AT(max_tokens), 1, 65536, NULL, "CMDAI_MAX_TOKENS",
     "256", "longest reply in tokens"},
    {"temperature", 0, "T", CM_OPT_REAL, ASK, AT(temperature), 0, 100, NULL, "CMDAI_TEMPERATURE",
     "0", "0: always the likeliest token; more: more random"},
    {"top-k", 0, "K", CM_OPT_UINT, ASK, AT(top_k), 0, 1 << 22, NULL, NULL, "0",
     "sample among the K likeliest (0: all)"},
    {"top-p", 0, "P", CM_OPT_REAL, ASK, AT(top_p), 1e-6, 1, NULL, NULL, "1",
     "sample among the likeliest that make up P"},
    {"min-p", 0, "P", CM_OPT_REAL, ASK, AT(min_p), 0, 0.999, NULL, NULL, "0",
     "drop tokens less likely than P times the likeliest"},
    {"repeat-penalty", 0, "R", CM_OPT_REAL, ASK, AT(repeat_penalty), 0.01, 10, NULL, NULL, "1",
     "make repeated tokens less likely (1: off)"},
    {"repeat-last", 0, "N", CM_OPT_UINT, ASK, AT(repeat_last), 0, 4096, NULL, NULL, "64",
     "how many tokens the penalty looks back"},
    {"seed", 0, "S", CM_OPT_U64, ASK, AT(seed), 0, 0, NULL, "CMDAI_SEED", "0",
     "seed of the sampling"},
    {"prompt", 0, "N", CM_OPT_UINT, BENCH, AT(prompt), 1, 65536, NULL, NULL, "128",
     "tokens of the prompt"},
    {"decode", 0, "N", CM_OPT_UINT, BENCH, AT(decode), 1, 65536, NULL, NULL, "64",
     "tokens generated one by one"},
    {"batch", 0, "N", CM_OPT_UINT, BENCH, AT(batch), 1, 64, NULL, NULL, "1",
     "sequences decoded together"},
    {"repeat", 0, "N", CM_OPT_UINT, BENCH, AT(repeat), 1, 1000, NULL, NULL, "5",
     "repetitions; medians are reported"},
    {"tokens", 0, "IDS", CM_OPT_TEXT, DEBUG, AT(tokens), 0, 0, NULL, NULL, NULL,
     "the prompt as ids: 1,2,3"},
    {"text", 0, "TEXT", CM_OPT_TEXT, DEBUG, AT(text), 0, 0, NULL, NULL, NULL,
     "the prompt as text"},
    {"force", 0, "IDS", CM_OPT_TEXT, DEBUG, AT(force), 0, 0, NULL, NULL, NULL,
     "tokens to continue with instead of the likeliest"},
    {"top", 0, "K", CM_OPT_UINT, DEBUG, AT(top), 0, 100, NULL, NULL, "5",
     "how many logits of each step to print"},
    {"special", 0, NULL, CM_OPT_FLAG, DEBUG, AT(special), 0, 0, NULL, NULL, NULL,
     "the text may spell special tokens"},
    {"requantize", 0, NULL, CM_OPT_FLAG, MODELS, AT(requantize), 0, 0, NULL, NULL, NULL,
     "quantize an already quantized file"},
    {"verbose", 'v', NULL, CM_OPT_FLAG, ALL, AT(verbose), 0, 0, NULL, NULL, NULL,
     "more on stderr: backend, model, times"},
    {"quiet", 'q', NULL, CM_OPT_FLAG, ALL, AT(quiet), 0, 0, NULL, NULL, NULL,
     "no notes on stderr, only errors"},
    {"help", 'h', NULL, CM_OPT_FLAG, ALL, AT(help), 0, 0, NULL, NULL, NULL, "show help"},
    {"version", 'V', NULL, CM_OPT_FLAG, ALL, AT(version), 0, 0, NULL, NULL, NULL,
     "show the version"},
};
enum { COUNT = sizeof table / sizeof *table };

const cm_opt *cm_opt_at(size_t i) { return i < COUNT ? &table[i] : NULL; }

/* --- values --- */

static bool is_choice(const char *choices, cm_str v) {
  for (const char *p = choices; *p;) {
    size_t n = strcspn(p, "|");
    if (cm_str_eq(v, (cm_str){p, n})) return true;
    p += n + (p[n] == '|');
  }
  return false;
}

/* `where` is how the user wrote the option: "--top-k", "-n" or "CMDAI_THREADS"; a flag on the
 * command line has no value. */
cm_code cm_opts_set(cm_opts *o, const cm_opt *opt, const char *where, const char *value,
                    cm_err *e) {
  void *field = (char *)o + opt->offset;
  uint64_t u;
  double d;
  switch (opt->kind) {
    case CM_OPT_FLAG:
      if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return cm_fail(e, CM_E_USAGE, 0, "%s must be true or false, not \"%.40s\"", where, value);
      *(bool *)field = !value || strcmp(value, "true") == 0;
      if (o->json) o->output = "json";
      return CM_OK;
    case CM_OPT_TEXT: *(const char **)field = value; return CM_OK;
    case CM_OPT_CHOICE:
      if (!is_choice(opt->choices, cm_str_of(value)))
        return cm_fail(e, CM_E_USAGE, 0, "%s must be one of %s, not \"%.40s\"", where,
                       opt->choices, value);
      *(const char **)field = value;
      return CM_OK;
    case CM_OPT_UINT:
      if (!cm_str_u64(cm_str_of(value), (uint64_t)opt->min, (uint64_t)opt->max, &u))
        return cm_fail(e, CM_E_USAGE, 0,
                       "%s must be a whole number from %.0f to %.0f, not \"%.40s\"", where,
                       opt->min, opt->max, value);
      *(unsigned *)field = (unsigned)u;
      return CM_OK;
    case CM_OPT_U64:
      if (!cm_str_u64(cm_str_of(value), 0, UINT64_MAX, &u))
        return cm_fail(e, CM_E_USAGE, 0, "%s must be a whole number, not \"%.40s\"", where, value);
      *(unsigned long long *)field = u;
      return CM_OK;
    case CM_OPT_REAL:
      if (!cm_str_f64(cm_str_of(value), opt->min, opt->max, &d))
        return cm_fail(e, CM_E_USAGE, 0, "%s must be a number from %g to %g, not \"%.40s\"", where,
                       opt->min, opt->max, value);
      *(double *)field = d;
      return CM_OK;
  }
  return cm_fail(e, CM_E_INTERNAL, 0, "option %s has no kind", where);
}

void cm_opts_defaults(cm_opts *o) {
  *o = (cm_opts){0};
  for (size_t i = 0; i < COUNT; i++)
    if (table[i].fallback) (void)cm_opts_set(o, &table[i], table[i].name, table[i].fallback, NULL);
}

cm_code cm_opts_environment(cm_opts *o, cm_err *e) {
  cm_code code = CM_OK;
  for (size_t i = 0; i < COUNT && !code; i++) {
    const char *env = table[i].env ? getenv(table[i].env) : NULL;
    if (env && *env) code = cm_opts_set(o, &table[i], table[i].env, env, e);
  }
  return code;
}

/* --- parsing --- */

static const cm_opt *by_name(cm_str name) {
  for (size_t i = 0; i < COUNT; i++)
    if (cm_str_is(name, table[i].name)) return &table[i];
  return NULL;
}

static const cm_opt *by_letter(char c) {
  for (size_t i = 0; i < COUNT; i++)
    if (table[i].letter == c) return &table[i];
  return NULL;
}

/* Options of a later version: already no words of a request, so that one that is meant as an
 * option never changes its meaning. */
static const char *const later[] = {"offline"};

static bool is_later(cm_str name) {
  for (size_t i = 0; i < sizeof later / sizeof *later; i++)
    if (cm_str_is(name, later[i])) return true;
  return false;
}

static cm_code unknown(cm_str name, unsigned command, cm_err *e) {
  const char *best = NULL;
  unsigned least = 3;
  if (is_later(name))
    return cm_fail(e, CM_E_USAGE, 0, "--%.*s comes with a later version", (int)name.n, name.p);
  for (size_t i = 0; i < COUNT; i++) {
    unsigned d = cm_edit_distance(name, cm_str_of(table[i].name));
    if ((table[i].commands & command) && d < least) least = d, best = table[i].name;
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
  return by_name(name) || is_later(name);
}

typedef struct cursor {
  cm_opts *o;
  unsigned command;
  char **argv;
  size_t n, i;
  cm_err *e;
} cursor;

/* `inline_value` is what stands behind "=" or the letter; NULL: take the next argument. */
static cm_code take(cursor *c, const cm_opt *opt, const char *where, const char *inline_value) {
  if (!(opt->commands & c->command))
    return cm_fail(c->e, CM_E_USAGE, 0, "%s does not belong to this command", where);
  if (opt->kind == CM_OPT_FLAG) return cm_opts_set(c->o, opt, where, NULL, c->e);
  if (!inline_value && c->i >= c->n)
    return cm_fail(c->e, CM_E_USAGE, 0, "%s needs a value: %s", where, opt->arg);
  return cm_opts_set(c->o, opt, where, inline_value ? inline_value : c->argv[c->i++], c->e);
}

static cm_code take_long(cursor *c, const char *arg) {
  size_t n = strcspn(arg + 2, "=");
  cm_str name = {arg + 2, n};
  const cm_opt *opt = by_name(name);
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
    bool last = opt->kind != CM_OPT_FLAG;
    cm_code code = take(c, opt, where, last && p[1] ? p + 1 : NULL);
    if (code || last) return code;
  }
  return CM_OK;
}

cm_code cm_opts_parse(cm_opts *o, unsigned command, bool anywhere, char **argv, size_t n,
                      char **operands, size_t *n_operands, cm_err *e) {
  cursor c = {o, command, argv, n, 0, e};
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
        return cm_fail(
            e, CM_E_USAGE, 0,
            "option %.40s after the first word; put options first, or -- before the words", arg);
      operands[(*n_operands)++] = arg;
    } else {
      code = arg[1] == '-' ? take_long(&c, arg) : take_letters(&c, arg);
    }
    if (code) return code;
  }
  return CM_OK;
}

/* --- help --- */

void cm_opts_help(unsigned command, cm_buf *out) {
  for (size_t i = 0; i < COUNT; i++) {
    const cm_opt *t = &table[i];
    if (!(t->commands & command)) continue;
    cm_buf left;
    cm_buf_init(&left, 256);
    if (t->letter) cm_buf_printf(&left, "  -%c, --%s", t->letter, t->name);
    else cm_buf_printf(&left, "      --%s", t->name);
    if (t->arg) cm_buf_printf(&left, " %s", t->arg);
    cm_buf_printf(out, "%-28s %s", left.p ? left.p : "", t->help);
    if (t->choices) cm_buf_printf(out, ": %s", t->choices);
    if (t->fallback) cm_buf_printf(out, " [%s]", t->fallback);
    if (t->env) cm_buf_printf(out, " (%s)", t->env);
    cm_buf_putc(out, '\n');
    cm_buf_close(&left);
  }
}
