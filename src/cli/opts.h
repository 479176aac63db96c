/* cli/opts: the one table of options. Parsing, --help, the man page, completions and environment
 * names come from it. */
#ifndef CM_CLI_OPTS_H
#define CM_CLI_OPTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Which commands take an option. */
enum {
  CM_FOR_ASK = 1,
  CM_FOR_MODELS = 2,
  CM_FOR_BENCH = 4,
  CM_FOR_DEBUG = 8,
  CM_FOR_COMPLETION = 16,
  CM_FOR_CHECK = 32,
  CM_FOR_TEST = 64,
  CM_FOR_SERVE = 128,
  CM_FOR_CONFIG = 256,
  CM_FOR_DOCTOR = 512,
  CM_FOR_INIT = 1024,
  CM_FOR_ALL = 0x7fff
};

/* Commands about the settings themselves: they take every option that is a setting, and run also
 * when a configuration file or the environment is wrong. */
enum {
  CM_FOR_SETTINGS = CM_FOR_CONFIG | CM_FOR_DOCTOR,
  CM_FOR_SETUP = CM_FOR_SETTINGS | CM_FOR_INIT
};

/* Where a value came from, in the order of precedence. */
typedef enum cm_from {
  CM_FROM_DEFAULT,
  CM_FROM_USER,    /* the user's file */
  CM_FROM_PROJECT, /* the project's */
  CM_FROM_ENVIRONMENT,
  CM_FROM_COMMAND_LINE
} cm_from;
typedef struct cm_origin {
  cm_from from;
  unsigned line; /* of a file, from 1 */
} cm_origin;

/* An option's value as it was written; NULL: none, which means what the help says. */
typedef struct cm_setting {
  const char *text;
  cm_origin origin;
} cm_setting;
enum { CM_OPTIONS_MAX = 160 };

/* Values of an option that may be given several times. */
enum { CM_TEXTS_MAX = 32 };
typedef struct cm_texts {
  const char *items[CM_TEXTS_MAX];
  unsigned n;
  bool typed; /* on the command line */
} cm_texts;

/* Every option's value; zero or NULL when it was not given, unless the table has a default. */
typedef struct cm_opts {
  bool help, version, json, explain, verbose, quiet, special, requantize;
  bool execute, yes, dry_run, nul, hook, offline, pull;
  const char *backend, *shell, *output, *safety, *cwd, *log;
  const char *auto_order, *ollama_url, *ollama_model, *ollama_key_file;
  const char *vllm_url, *vllm_model, *vllm_key_file;
  double connect_timeout, first_byte_timeout; /* seconds */
  cm_texts models, reports, origins;
  const char *host, *token_file, *body_limit; /* serve */
  unsigned port, queue, drain, idle;
  bool list, check, resume, failed, watch, replace, mutate;
  const char *fixtures, *out, *changed, *from, *reuse, *shard, *sandbox, *gate, *baseline;
  const char *reason, *date, *db, *base, *golden, *sprt;
  unsigned jobs, retries, samples, seconds;
  double floor, price;
  const char *const *allow, *const *deny; /* shapes of commands, from the configuration */
  const cm_origin *allow_from, *deny_from;
  size_t n_allow, n_deny;
  const char *keys;                  /* init */
  const char *tokens, *text, *force; /* debug generate */
  unsigned candidates, threads, ctx, max_tokens, top_k, timeout, repeat_last;
  unsigned prompt, decode, batch, repeat, top, attempts;
  double pause;
  const char *cache_limit; /* "20G" */
  double temperature, top_p, min_p, repeat_penalty;
  unsigned long long seed;
  cm_setting settings[CM_OPTIONS_MAX]; /* by their place in the table */
  const cm_err
      *wrong; /* for CM_FOR_SETUP: what the files or the environment have wrong, or NULL */
} cm_opts;

typedef enum cm_opt_kind {
  CM_OPT_FLAG,
  CM_OPT_TEXT,
  CM_OPT_TEXTS, /* a cm_texts */
  CM_OPT_MAYBE, /* a text behind "=", or "" */
  CM_OPT_CHOICE,
  CM_OPT_LIST, /* several choices in order, with commas between them */
  CM_OPT_UINT,
  CM_OPT_U64,
  CM_OPT_REAL
} cm_opt_kind;

typedef struct cm_opt {
  const char *name; /* without the dashes */
  char letter;      /* 0: none */
  const char *arg;  /* "N", "FILE"; NULL for flags */
  cm_opt_kind kind;
  unsigned commands;    /* CM_FOR_… */
  size_t offset;        /* in cm_opts */
  double min, max;      /* UINT, REAL */
  const char *choices;  /* "bash|zsh" */
  const char *env;      /* NULL: none */
  const char *fallback; /* default value, as text; NULL: zero */
  const char *help;
} cm_opt;

const cm_opt *cm_opt_at(size_t i); /* NULL past the end */

/* "500M", "20G", "1.5GiB", or bytes; false for anything else. */
bool cm_opts_size(const char *text, uint64_t *out);
/* The option with this name, or NULL. */
const cm_opt *cm_opt_named(cm_str name);
/* Options that have a name in the environment are settings; the others belong to one run. What is
 * secret is none, and so can't be shown: it comes from the environment alone. */
bool cm_opt_is_setting(const cm_opt *opt);
/* Whether commands of this set take it. */
bool cm_opt_is_for(const cm_opt *opt, unsigned command);
/* The value that an option has, and who gave it. */
const cm_setting *cm_opts_setting(const cm_opts *o, const cm_opt *opt);

/* Whether -o asks for one document instead of text. */
bool cm_opts_document(const cm_opts *o);

/* Whether traces are wanted: they hold all that --verbose says, too. */
bool cm_opts_debug(const cm_opts *o);

/* The model that was named last, or NULL. */
static inline const char *cm_opts_model(const cm_opts *o) {
  return o->models.n ? o->models.items[o->models.n - 1] : NULL;
}

/* The order of precedence, lowest first: defaults, configuration files (config.h), environment,
 * command line. */
void cm_opts_defaults(cm_opts *o);
/* A bad value is CM_E_USAGE, naming its variable. */
cm_code cm_opts_environment(cm_opts *o, cm_err *e);
/* Sets an option from the text of its value, which must stay; `where` stands before the message of
 * an error. Flags take "true" and "false". */
cm_code cm_opts_set(cm_opts *o, const cm_opt *opt, cm_origin from, const char *where,
                    const char *value, cm_err *e);

/* Parses argv[0..n). With `anywhere` options may stand among the operands, else the first operand
 * ends them and a known option after it is CM_E_USAGE. "--" ends options. Operands are collected
 * in order into operands[] (room for n); *n_operands counts them. Options of other commands are
 * CM_E_USAGE. */
cm_code cm_opts_parse(cm_opts *o, unsigned command, bool anywhere, char **argv, size_t n,
                      char **operands, size_t *n_operands, cm_err *e);

/* The table as text. */
void cm_opts_help(unsigned command, cm_buf *out);

#endif
