/* sh/argv: a program's arguments as its own option parser sees them: clusters, attached and
 * detached values, long options and their unique beginnings, "--", options behind operands.
 * Source: POSIX.1-2017 XBD 12.2, GNU getopt_long. */
#ifndef CM_SH_ARGV_H
#define CM_SH_ARGV_H
#include "sh/resolve.h"

enum {
  CM_ARGV_STOP = 1, /* the first operand ends the options (wrappers: sudo, env, xargs) */
  CM_ARGV_DASH = 2, /* long options with one dash (find, java, terraform): -name; listed letters
                       are clusters still, and "--" ends nothing */
  CM_ARGV_BARE = 4, /* the first word is a cluster even without a dash (tar xzf, ps aux) */
  CM_ARGV_PLUS = 8, /* +x is an option too; its name is the whole word ("+x"), and it takes the
                       next word as its value where -x would */
  CM_ARGV_NONE = 16 /* no options at all: every word is an operand (echo-like) */
};

typedef struct cm_argv_spec {
  const char *shorts; /* getopt's letters: "ab:c::"; ':' takes a value, "::" an attached one only.
                         Letters that are not listed are flags. NULL: "" */
  const char *longs;  /* names separated by blanks: "all file= color=?"; '=' takes a value, "=?"
                         only after an '='. Names that are not listed are flags. NULL: "" */
  unsigned how;       /* CM_ARGV_… */
} cm_argv_spec;

typedef struct cm_arg {
  bool option; /* else an operand */
  cm_str name; /* option: "f" or "force" (written out in full when it is a unique
                              beginning of a listed name); operand: empty */
  bool has_value;
  cm_str value;         /* of the option; operand: its text */
  const cm_rword *word; /* where it stands; for a detached value the option's own word */
  const cm_rword *at;   /* the word that holds the value; NULL without one */
  size_t index;         /* of `word` in the command */
} cm_arg;

typedef struct cm_argv {
  const cm_rword *words;
  size_t n, next; /* next word to look at */
  size_t in;      /* position inside a cluster; 0: at a word's start */
  size_t cluster; /* index of the word that the cluster is in */
  bool ended;     /* behind "--" or, with CM_ARGV_STOP, the first operand */
  cm_argv_spec spec;
} cm_argv;

/* Starts behind words[0] (n may be 0). */
cm_argv cm_argv_of(const cm_rword *words, size_t n, cm_argv_spec spec);
/* False at the end. With CM_ARGV_STOP it ends before the first operand: `next` is its index. */
bool cm_argv_next(cm_argv *v, cm_arg *out);

#endif
