/* sh/wrap: programs that start other programs. Private to the room. */
#ifndef CM_SH_WRAP_H
#define CM_SH_WRAP_H
#include "sh/eval.h"

typedef struct cm_wrapper cm_wrapper;

/* False: this call starts nothing (it is a leaf). */
typedef bool cm_wrap_fn(cm_eval *ev, cm_evrun *r, const cm_wrapper *w);

struct cm_wrapper {
  const char *name;
  const char *shorts, *longs; /* its options, in front of the command (argv.h) */
  unsigned how;               /* CM_WRAP_… */
  unsigned skip;              /* operands in front of the command */
  cm_wrap_fn *run;            /* NULL: cm_wrap_plain */
};

enum {
  CM_WRAP_ROOT = 1,
  CM_WRAP_ENV = 2,         /* NAME=VALUE words may stand in front of the command */
  CM_WRAP_REMOTE = 4,      /* another machine's or tree's files */
  CM_WRAP_CODE = 8,        /* the command's words, joined, are shell code */
  CM_WRAP_SHELL = 16,      /* a built-in: its command may be one, too */
  CM_WRAP_OPT_C = 32,      /* -c or --command holds shell code */
  CM_WRAP_LOGIN = 64,      /* without a command: a shell that reads stdin */
  CM_WRAP_NO_P = 128,      /* with -p it works on a process */
  CM_WRAP_NO_V = 256,      /* with -v or -V it only asks */
  CM_WRAP_DASHES = 512,    /* the command stands behind "--" */
  CM_WRAP_ELSEWHERE = 1024 /* in a container */
};

cm_wrap_fn cm_wrap_plain, cm_wrap_sh, cm_wrap_su, cm_wrap_sudo, cm_wrap_env, cm_wrap_ssh;
cm_wrap_fn cm_wrap_sub, cm_wrap_tmux, cm_wrap_screen, cm_wrap_at, cm_wrap_crontab, cm_wrap_gdb;
cm_wrap_fn cm_wrap_nix_shell, cm_wrap_setarch, cm_wrap_watch, cm_wrap_faketime, cm_wrap_ansible;
cm_wrap_fn cm_wrap_find, cm_wrap_xargs, cm_wrap_parallel, cm_wrap_fd;

/* What the conditions words[from..to) of find say of the files it gives. All but some counts as
 * all. */
typedef struct cm_picked {
  bool some;          /* only some, by name, age, size … */
  const cm_str *name; /* their name or its pattern; NULL: unknown, or several */
} cm_picked;

cm_picked cm_find_picks(const cm_run *run, size_t from, size_t to);

/* Runs shell code that `r` starts; `args`: its $1 …. Code without any known text makes `r` a
 * CM_RUN_CODE. */
void cm_wrap_code(cm_eval *ev, cm_evrun *r, const cm_rword *code, const cm_rword *args,
                  size_t n_args);
/* `r` is a shell that reads stdin: false if that isn't a pipe or a known text. */
bool cm_wrap_stdin(cm_eval *ev, cm_evrun *r, const cm_rword *args, size_t n_args);
/* The command in these words, in the way that the flags say; false: there is none. */
bool cm_wrap_words(cm_eval *ev, cm_evrun *r, const cm_wrapper *w, const cm_rword *words, size_t n);
/* The command at words[at..], in the way that the flags say; false: there is none. */
bool cm_wrap_start(cm_eval *ev, cm_evrun *r, const cm_wrapper *w, size_t at);
/* Programs that take a command, or code of another language, as an option or operand. */
bool cm_wrap_options(cm_eval *ev, cm_evrun *r);
/* Runs the code of another language that an interpreter is given. */
void cm_wrap_interpreter(cm_eval *ev, cm_evrun *r);
bool cm_wrap_loader(cm_eval *ev, cm_evrun *r); /* /lib/ld-linux.so.2 /bin/rm */
/* A piece of a word, with its holes' origin. */
cm_rword cm_wrap_piece(const cm_rword *w, cm_str text);

#endif
