/* sh/eval: what the parts of the evaluator behind cm_sh_resolve share. Private to the room.
 *
 * Nothing here returns a code: lack of memory sets `nomem`, a limit `limited`, and everybody goes
 * on with what there is (an allocation that failed is NULL and is looked at where it is made). */
#ifndef CM_SH_EVAL_H
#define CM_SH_EVAL_H
#include "sh/argv.h"

typedef struct cm_eval cm_eval;

/* --- texts ---------------------------------------------------------------------------------- */

/* A text that may have holes. */
typedef struct cm_val {
  cm_str text;
  unsigned from; /* CM_FROM_… */
  const cm_run *source;
} cm_val;

/* A text that grows in the arena; with cap == 0 it is borrowed. Longer than CM_SH_TEXT_MAX: `over`
 * and the rest is dropped. */
typedef struct cm_txt {
  char *p;
  size_t n, cap;
  bool over;
} cm_txt;

void *cm_ev_new(cm_eval *ev, size_t n, size_t size); /* NULL sets nomem */
/* The same for arrays that a short text may ask for again and again (words that xargs repeats,
 * what stands behind a brace): past CM_EV_ARRAYS in all it is NULL, and `limited`. */
void *cm_ev_many(cm_eval *ev, size_t n, size_t size);
bool cm_ev_copy(cm_eval *ev, size_t n); /* n bytes of text are made; false: past CM_EV_COPIED */
void cm_txt_add(cm_eval *ev, cm_txt *t, cm_str s);
void cm_txt_putc(cm_eval *ev, cm_txt *t, char c);
cm_str cm_txt_str(const cm_txt *t);
cm_str cm_ev_join(cm_eval *ev, cm_str a, cm_str b);
cm_val cm_val_hole(unsigned from, const cm_run *source);
cm_val cm_val_text(cm_str text);
bool cm_val_known(const cm_val *v);      /* no holes */
bool cm_str_all_holes(cm_str s);         /* at least one, and blanks at most */
bool cm_str_number(cm_str s, long *out); /* all of it, with a sign */
cm_val cm_val_of_word(const cm_rword *w);
cm_rword cm_word_of_val(const cm_val *v, cm_span span);
cm_str cm_ev_number(cm_eval *ev, long n);
/* * ? [..] and backslash; '/' is no special. Past CM_EV_COMPARED in all: false, and `limited`. */
bool cm_pattern_match(cm_eval *ev, cm_str pattern, cm_str text);
bool cm_is_name(cm_str s);
static inline bool cm_str_has(cm_str s, char c) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] == c) return true;
  return false;
}
/* Binary search in a table whose entries begin with a name, sorted by it; NULL: not there. */
const void *cm_table_find(const void *table, size_t n, size_t size, cm_str name);
bool cm_listed(const char *list, char separator, cm_str name);
#define CM_TABLE_FIND(table, name) \
  cm_table_find(table, sizeof(table) / sizeof *(table), sizeof *(table), name)

/* --- variables, functions, aliases ---------------------------------------------------------- */

typedef struct cm_elem {
  struct cm_elem *next;
  cm_str key; /* "0", "1" … */
  cm_val val;
} cm_elem;

typedef struct cm_func {
  struct cm_func *next; /* all that the text defines */
  cm_str name;
  const cm_cmd *cmd;
  cm_rword alias;               /* of an alias: what it stands for; cmd is NULL */
  const struct cm_frame *where; /* the frame that it was defined in */
  bool used;
  bool real; /* runs although nothing here calls it: a trap, a hook, a name that others use */
} cm_func;

/* One of the states that a variable may be in. */
typedef struct cm_alt {
  struct cm_alt *next;
  bool set, array;
  cm_val val;
  cm_elem *elems;
  cm_func *func;
} cm_alt;

typedef struct cm_slot cm_slot;

typedef struct cm_var {
  struct cm_var *next;
  cm_str name;
  cm_alt *alts;    /* NULL: nothing here sets it */
  unsigned n_alts; /* 0 or more */
  unsigned chosen; /* the state that this pass over a command looks at */
  bool fixed;      /* chosen by the command that is being evaluated */
  bool exported;
  struct cm_var *ref; /* declare -n: the variable that is meant */
  cm_slot *slot;
} cm_var;

typedef struct cm_log {
  struct cm_log *prev;
  cm_var *var;
  cm_alt *old;
  unsigned old_n;
} cm_log;

/* How the way through the text ended. */
typedef enum cm_dead { CM_ALIVE, CM_BROKEN, CM_RETURNED, CM_EXITED } cm_dead;

/* Several ways through the text come together. */
typedef struct cm_fork {
  cm_log *mark;
  cm_slot *slots;
  unsigned branches, living;
  cm_dead before, dead; /* dead: of the last branch that ended so */
} cm_fork;

typedef struct cm_pick {
  struct cm_pick *next;
  cm_var *var;
  unsigned n;
} cm_pick;

enum {
  CM_ENV_BUCKETS = 256,
  CM_EV_FDS = 256 /* descriptors that exec opens and that are followed */
};

typedef enum cm_space { CM_VARS, CM_FUNCS, CM_ALIASES, CM_SPACES } cm_space;

cm_var *cm_env_var(cm_eval *ev, cm_space space, cm_str name); /* makes it; NULL: no memory */
cm_var *cm_env_find(cm_eval *ev, cm_space space, cm_str name);
/* The state that counts now; NULL: nothing sets it. May register a choice. */
const cm_alt *cm_env_get(cm_eval *ev, cm_var *var);
void cm_env_put(cm_eval *ev, cm_var *var, cm_alt *alts, unsigned n);
void cm_env_set(cm_eval *ev, cm_var *var, cm_val val);
void cm_env_unset(cm_eval *ev, cm_var *var);
void cm_env_set_func(cm_eval *ev, cm_space space, cm_func *func);
/* An array of what the words give; globs become files. */
void cm_env_set_list(cm_eval *ev, cm_var *var, const cm_rword *words, size_t n);
cm_val cm_files_of(cm_eval *ev, const cm_rword *w);
void cm_env_keep_local(cm_eval *ev, cm_var *var); /* put back when the function returns */
void cm_env_hide(cm_eval *ev);                    /* a new shell: what isn't exported is unset */
void cm_env_back(cm_eval *ev, cm_log *mark);
void cm_fork_open(const cm_eval *ev, cm_fork *f);
/* The branch ends: back to the start. A dead one leaves nothing behind. */
void cm_fork_branch(cm_eval *ev, cm_fork *f);
/* none: perhaps no branch was taken. Dead if all were. */
void cm_fork_close(cm_eval *ev, cm_fork *f, bool none);
/* Calls fn once for each combination of states that it looks at. */
void cm_env_each(cm_eval *ev, void (*fn)(cm_eval *, void *), void *arg);

/* --- the evaluator -------------------------------------------------------------------------- */

/* A run, and what only the evaluator knows of it. */
typedef struct cm_evrun {
  cm_run run;
  unsigned captured;    /* its output goes into so many substitutions */
  bool out_elsewhere;   /* … or into a file */
  const cm_val *text;   /* what a process substitution that ends in it prints; NULL: unknown */
  const cm_word *names; /* its words as written, for alias expansion; NULL: none */
  cm_str dup_of;
  bool own_in;  /* a redirection gives it stdin */
  unsigned how; /* CM_START_…: what the first word may name */
} cm_evrun;

/* Where a pipe's or a substitution's text is gathered. */
typedef struct cm_sink {
  cm_txt text;
  unsigned from;
  const cm_run *source; /* of the first hole */
  const cm_run *last;
  unsigned writes, maybe;
  bool unknown;
} cm_sink;

/* Known text on stdin; `read` takes lines off it. */
typedef struct cm_input {
  cm_rword word;
  cm_str rest;
} cm_input;

/* What runs inherit from where they stand. */
typedef struct cm_frame {
  const cm_run *via;
  const char *language;
  const cm_run *in;
  cm_input *input;
  cm_input *partial; /* text on stdin of which a part is known */
  cm_sink *sink;
  const cm_run *self; /* the command whose words and redirections are expanded */
  bool root, remote, elsewhere, background, defined, loop;
  unsigned captured;
  /* the text that is being read, and where it stands in the whole */
  cm_str source;
  bool literal;
  size_t base;
  cm_span whole;
  unsigned hole_from;
  const cm_run *hole_source;
  const cm_renv *env; /* for the next program that a wrapper starts */
  size_t n_env;
  unsigned depth; /* wrappers and code */
  unsigned maybe; /* conditions around */
  unsigned loops;
} cm_frame;

typedef struct cm_call {
  struct cm_call *outer;
  const cm_func *func;
  unsigned forks, pipes, piped;
  cm_log *locals; /* what `local` hid */
} cm_call;

struct cm_eval {
  cm_arena *a;
  const cm_sh_context *context;
  cm_str text;
  cm_frame f;
  const cm_run **items;
  size_t n, cap;
  bool nomem, limited, syntax;
  cm_dead dead;
  cm_err error;
  size_t steps, bytes, copied, arrays, compared;
  unsigned nest, forks, pipes; /* forks: backgrounds around this point */
  cm_var **spaces[CM_SPACES];
  cm_var cwd, args;
  cm_log *log;
  cm_pick *picks;
  cm_func *funcs;
  cm_call *calls;
  cm_val last_arg;
  const cm_rredir *fds[CM_EV_FDS];
  const cm_evrun *exec_in; /* exec <…: stdin of what follows */
  cm_log *dirs;            /* of pushd: what popd goes back to */
  bool all_exported;
  bool late;         /* traps and what is defined and not called: after the text itself */
  unsigned assigned; /* counts assignments */
  unsigned breaks;   /* counts break, return and exit */
};

enum {
  CM_EV_STEPS = 60000,       /* commands, words and loop passes looked at */
  CM_EV_BYTES = 512 << 10,   /* of nested code parsed */
  CM_EV_COPIED = 8 << 20,    /* bytes of texts put together */
  CM_EV_COMPARED = 20 << 20, /* characters of patterns looked at */
  CM_EV_ARRAYS = 24 << 20,   /* bytes of arrays that a short text may multiply */
  CM_EV_NEST = 120           /* lists in commands in lists, over all nested code */
};

/* Counts n more of what has the limit `most`; false, and `limited`: past it. */
bool cm_ev_spend(cm_eval *ev, size_t *spent, size_t n, size_t most);
bool cm_ev_step(cm_eval *ev);  /* false: stop here */
bool cm_ev_enter(cm_eval *ev); /* one level down; false: too deep. Pair with `nest--` */
cm_span cm_ev_span(const cm_eval *ev, cm_span s);

/* --- expand --------------------------------------------------------------------------------- */

typedef struct cm_fields {
  cm_rword *v;
  size_t n, cap;
} cm_fields;

/* A field, or with out == NULL a whole text, that is being put together. */
typedef struct cm_build {
  cm_eval *ev;
  cm_fields *out;
  cm_txt text;
  cm_rword word;
  bool any;     /* the field is there even if it is empty */
  bool pattern; /* quoted characters get a backslash */
  bool number;  /* an arithmetic expression: no tilde */
} cm_build;

void cm_fields_add(cm_eval *ev, cm_fields *f, const cm_rword *w);
void cm_build_add(cm_build *b, cm_str s, bool quoted);
void cm_build_val(cm_build *b, const cm_val *v, bool quoted);
void cm_build_break(cm_build *b);
void cm_build_parts(cm_build *b, const cm_part *p);

void cm_expand_words(cm_eval *ev, const cm_word *words, cm_fields *out);
cm_rword cm_expand_one(cm_eval *ev, const cm_word *word);    /* no splitting */
cm_rword cm_expand_number(cm_eval *ev, const cm_word *word); /* … nor tildes */
cm_str cm_expand_pattern(cm_eval *ev, const cm_word *word, bool *known);
void cm_expand_param(cm_build *b, const cm_part *part);
/* Alternatives of {a,b} and {1..3}: lists of parts; 0: nothing to expand. */
size_t cm_expand_braces(cm_eval *ev, const cm_part *parts, const cm_part **out, size_t max);
cm_val cm_expand_arith(cm_eval *ev, const cm_word *expression); /* NULL: some number */
cm_val cm_expand_arith_text(cm_eval *ev, cm_str expression);
cm_val cm_expand_subst(cm_eval *ev, const cm_sh_list *body);
/* Runs the substitutions in a text that the shell expands once more; false: there are none. */
bool cm_expand_hidden(cm_eval *ev, cm_str text);
/* The value of a parameter without operators. */
cm_val cm_param_get(cm_eval *ev, cm_str name, const cm_word *subscript, bool *set);
void cm_param_all(cm_eval *ev, cm_str name, cm_fields *out, bool *known);

/* --- fold: what programs print --------------------------------------------------------------- */

/* What the run prints; false: not known. */
bool cm_fold_run(cm_eval *ev, const cm_run *run, cm_val *out);
bool cm_fold_filter(cm_eval *ev, const cm_run *run, cm_val *out); /* the part that reads stdin */
bool cm_fold_printf(cm_eval *ev, const cm_rword *words, size_t n, cm_val *out);
void cm_sink_add(cm_eval *ev, const cm_evrun *run);
void cm_sink_unknown(cm_eval *ev, const cm_run *run);

/* --- runs ----------------------------------------------------------------------------------- */

cm_evrun *cm_run_new(cm_eval *ev);  /* filled from the frame; NULL: no memory */
size_t cm_run_reserve(cm_eval *ev); /* a place in the list, for a run that is put later */
void cm_run_put(cm_eval *ev, size_t at, const cm_evrun *r);
/* Evaluates a run whose words are there: functions, built-ins, wrappers, or just itself. */
void cm_run_start(cm_eval *ev, size_t at, cm_evrun *r);
/* How a wrapper starts its words: as a program, or as the shell would, functions left out. */
enum { CM_START_ANY, CM_START_NO_FUNCTION, CM_START_PROGRAM };
void cm_run_words(cm_eval *ev, const cm_evrun *outer, const cm_rword *words, size_t n,
                  unsigned how);
/* What the run does is code that nobody can read. */
void cm_run_is_code(cm_eval *ev, cm_evrun *r);
/* Makes words from texts: for runs that stand for another language's calls. */
cm_evrun *cm_run_made(cm_eval *ev, const cm_rword *words, size_t n);
void cm_redirs(cm_eval *ev, cm_evrun *r, const cm_redir *redirs);
cm_input *cm_input_of(cm_eval *ev, const cm_rword *text);
/* stdin of a run for the frame of what it starts. */
void cm_run_stdin(cm_eval *ev, const cm_evrun *r);
cm_str cm_program_name(cm_eval *ev, const cm_rword *word, cm_str cwd);
cm_str cm_path_join(cm_eval *ev, cm_str base, cm_str path);             /* lexical */
cm_rword cm_words_joined(cm_eval *ev, const cm_rword *words, size_t n); /* by blanks */

/* A name that people type: a function called so runs some day. */
bool cm_is_common(cm_str name);
void cm_walk_list(cm_eval *ev, const cm_sh_list *list);
void cm_walk_simple(cm_eval *ev, const cm_cmd *c);
bool cm_walk_call(cm_eval *ev, size_t at, cm_evrun *r); /* false: not a function */
void cm_walk_func(cm_eval *ev, cm_func *func);          /* its body, in the frame as it is */
void cm_variable_code(cm_eval *ev, cm_str name, const cm_rword *value, const cm_evrun *via);
/* Code that runs at the end (`real`) or perhaps one day: traps, hooks. */
void cm_defer_code(cm_eval *ev, const cm_rword *code, bool real);
void cm_walk_text(cm_eval *ev, cm_str text); /* parses and walks */
/* Code in a word, for this very shell (eval). */
void cm_walk_code(cm_eval *ev, const cm_rword *code, const cm_evrun *via);
void cm_walk_quoted(cm_eval *ev, const cm_rword *text);
/* … for a new shell with these positional parameters. */
void cm_walk_shell(cm_eval *ev, const cm_rword *code, const cm_evrun *via, const cm_rword *args,
                   size_t n_args);

/* Built-ins that change what follows; false: not one of them. */
bool cm_declares(cm_str name); /* declare and its kin: assignments that stay */
bool cm_builtin(cm_eval *ev, size_t at, cm_evrun *r);
void cm_expand_subscripts(cm_eval *ev, cm_str program, const cm_rword *words, size_t n);
/* Programs that start others; false: not one of them. The run is in its place already. */
bool cm_wrap(cm_eval *ev, cm_evrun *r);
cm_str cm_wrap_match(cm_eval *ev, cm_str pattern); /* the first of them that fits; empty: none */

/* --- other interpreters ---------------------------------------------------------------------- */

/* Runs that code in another language amounts to. */
void cm_script(cm_eval *ev, cm_evrun *via, const char *language, const cm_rword *code);

#endif
