/* sh/resolve: from a text to the simple commands that would really run: through expansions,
 * wrappers (sudo, env, xargs, find -exec, sh -c, eval, ssh …), functions, aliases, here-documents,
 * decoders and the code handed to other interpreters. Pure, like sh.h.
 *
 * What can't be known is said: a hole in a word, or a run of code that nobody can read. */
#ifndef CM_SH_RESOLVE_H
#define CM_SH_RESOLVE_H
#include "sh/sh.h"

/* Stands in a word's text for a stretch that isn't known. (A real 0x01 in the source becomes a
 * hole too: it can't be told apart, and holes only ever raise.) */
#define CM_HOLE '\x01'

typedef struct cm_run cm_run;

/* What a hole may stand for; or'ed over the holes of a word. */
enum {
  CM_FROM_UNSET = 1,  /* a variable that nothing here sets: may be empty */
  CM_FROM_INPUT = 2,  /* read, stdin through xargs, positional parameters */
  CM_FROM_OUTPUT = 4, /* of a command substitution: see `source` */
  CM_FROM_NUMBER = 8, /* arithmetic, $?, $#, $$, $RANDOM, ${#x}: digits only */
  CM_FROM_FILES = 16, /* a name that a glob or find gave: a file below the place it says */
  CM_FROM_LIMIT = 32, /* too many possible values */
  CM_FROM_LOGIN = 64, /* beside UNSET: the variable is called like a password or token */
  CM_FROM_KEYS = 128  /* beside LOGIN: like the keys of an account with a cloud or a forge */
};

/* A word as the program gets it. */
typedef struct cm_rword {
  cm_str text;          /* quotes removed, expanded; CM_HOLE for each unknown stretch */
  unsigned from;        /* CM_FROM_…; 0: every byte is known */
  bool glob;            /* unquoted * ? [ in it: stands for the files that match, maybe several */
  const cm_run *source; /* FROM_OUTPUT: the last command of the (first) substitution's pipeline */
  cm_span span;         /* in the text that was given to cm_sh_resolve, whatever the nesting */
} cm_rword;

typedef struct cm_rredir {
  cm_redir_op op; /* never a DUP of a number: those are followed */
  int fd;
  cm_rword target;   /* HERE_DOC, HERE_STRING: the text */
  const cm_run *sub; /* the target is <(…) or >(…): its first or last command */
  cm_span span;
} cm_rredir;

typedef struct cm_renv {
  cm_str name;
  cm_rword value;
} cm_renv;

typedef enum cm_run_kind {
  CM_RUN_COMMAND, /* words[0] is started (or is a built-in) */
  CM_RUN_CODE,    /* words[0] is an interpreter that runs code whose text isn't known: a hole
                     (words[1]) or stdin (`in`); also a program whose name isn't known */
  CM_RUN_ASSIGN,  /* only assignments or redirections, no program: words is empty */
  CM_RUN_FORKS    /* a function that starts itself in the background: a fork bomb */
} cm_run_kind;

/* One command as it would run. */
struct cm_run {
  cm_run_kind kind;
  cm_str program;  /* base name when bare or in a system folder (/bin/rm, //usr/bin/rm: "rm"), else
                      the path as it is; holds a CM_HOLE when it isn't known */
  cm_rword *words; /* [n]; words[0] as expanded */
  size_t n;
  cm_rredir *redirs;
  size_t n_redirs;
  cm_renv *env; /* assignments in front, and `env A=b` */
  size_t n_env;
  const cm_run *in;        /* what feeds stdin through a pipe; NULL: nothing */
  const cm_run *out;       /* what reads stdout */
  const cm_rword *in_text; /* stdin is this text: a here-document, here-string or a folded
                              producer (echo … |); NULL: not so */
  cm_rword cwd;   /* working directory; text is empty when it is the context's and that isn't
                         known */
  bool root;      /* sudo, doas, su, pkexec */
  bool remote;    /* ssh, docker exec, chroot …: another machine's or tree's files */
  bool elsewhere; /* the remote side is a container, not a host */
  bool loop;      /* inside a loop that nothing here ends, or in the background of one */
  bool background;
  bool group;      /* RUN_ASSIGN: the redirections of a compound command or of a function's call */
  bool defined;    /* body of a function, alias or trap that was defined and not called here */
  bool translated; /* equivalent of another language's call: shutil.rmtree(x) as rm -r x */
  const char *language; /* translated: "python" …; else NULL */
  const cm_run *via;    /* the wrapper that starts it (sudo …); NULL: the text itself */
  cm_span span;
};

/* Where and as whom the text would run. Empty strings: not known. */
typedef struct cm_sh_context {
  cm_str home; /* not known: a leading "~" stays in the words */
  cm_str cwd;
  cm_str user; /* "root" makes every run root */
  cm_dialect dialect;
} cm_sh_context;

typedef struct cm_runs {
  const cm_run **items; /* in the order of the text; wrappers stand before what they start */
  size_t n;
  bool limited; /* a limit cut the work: there may be more runs than listed */
  bool syntax;  /* some text that would be run isn't valid: `error` says which */
  cm_err error;
} cm_runs;

enum {
  CM_RESOLVE_RUNS_MAX = 4096, /* further ones: `limited` */
  CM_RESOLVE_DEPTH_MAX = 16,  /* wrappers in wrappers, code in code */
  CM_RESOLVE_VALUES_MAX = 64  /* possible values of one word (braces, for-lists) */
};

/* Everything lives in `a`. CM_OK also for text with syntax errors or over the limits (see `syntax`
 * and `limited`: the caller fails closed); CM_E_NOMEM. */
cm_code cm_sh_resolve(cm_str text, const cm_sh_context *context, cm_arena *a, cm_runs *out,
                      cm_err *e);

#endif
