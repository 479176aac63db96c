/* sh: POSIX sh and the bash that people use, read into a tree with byte spans. Pure: no files, no
 * environment, no clock; everything lives in the caller's arena.
 *
 * Source of the grammar: POSIX.1-2017, Shell Command Language (XCU 2), and the bash manual. */
#ifndef CM_SH_SH_H
#define CM_SH_SH_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Bytes [start, end) of the text that was parsed. */
typedef struct cm_span {
  uint32_t start, end;
} cm_span;

enum {
  CM_SH_TEXT_MAX = 64 << 10,  /* bytes; longer is CM_E_LIMIT */
  CM_SH_DEPTH_MAX = 200,      /* nested lists, words and expansions */
  CM_SH_NODES_MAX = 200 << 10 /* of all kinds */
};

typedef enum cm_dialect { CM_SH_BASH, CM_SH_POSIX } cm_dialect;

typedef struct cm_word cm_word;
typedef struct cm_sh_list cm_sh_list;

/* --- words ---------------------------------------------------------------------------------- */

/* ${name}, ${#name}, ${!name}, ${name[sub]op arg/arg2}. What a shell refuses only when it expands
 * it ("bad substitution") has an empty name; `arg` is then the rest. */
typedef struct cm_param {
  cm_str name;   /* "x", "1", "@", "?" … */
  cm_str op;     /* "" ":-" "-" ":=" "=" ":?" "?" ":+" "+" "#" "##" "%" "%%" "/" "//" "/#" "/%"
                         "^" "^^" "," ",," "~" "~~" ":" (substring) "*" (${!prefix*})
                         "@" (transformation; arg is its letter) */
  bool length;   /* ${#x} */
  bool indirect; /* ${!x} */
  cm_word *subscript; /* NULL: none */
  cm_word *arg, *arg2;
} cm_param;

typedef enum cm_part_kind {
  CM_PART_TEXT,    /* characters; unquoted ones may be globs, braces, a tilde */
  CM_PART_PARAM,   /* $x ${…} */
  CM_PART_COMMAND, /* $(…) `…` */
  CM_PART_ARITH,   /* $((…)) $[…] */
  CM_PART_PROCESS  /* <(…) >(…) */
} cm_part_kind;

/* A word is a flat list of parts: double quotes only mark the parts inside as quoted. The parts'
 * spans lie side by side: quotes belong to the parts that they touch. */
typedef struct cm_part {
  struct cm_part *next;
  cm_part_kind kind;
  bool quoted;      /* inside '…', "…", $'…' or behind a backslash: no splitting, no globs */
  char direction;   /* PROCESS: '<' or '>' */
  cm_span span;     /* with its quotes */
  cm_str text;      /* TEXT: the characters, quotes and escapes taken out; ARITH: unused */
  cm_param *param;  /* PARAM */
  cm_sh_list *body; /* COMMAND, PROCESS */
  cm_word *arith;   /* ARITH: the expression, as a word whose expansions run */
} cm_part;

struct cm_word {
  cm_word *next;
  cm_part *parts; /* NULL: the empty word of an empty expression; "" is one empty quoted part */
  cm_span span;
};

/* --- commands ------------------------------------------------------------------------------- */

typedef enum cm_redir_op {
  CM_REDIR_READ,        /* <   */
  CM_REDIR_WRITE,       /* >   */
  CM_REDIR_CLOBBER,     /* >|  */
  CM_REDIR_APPEND,      /* >>  */
  CM_REDIR_BOTH,        /* &> and >& WORD */
  CM_REDIR_APPEND_BOTH, /* &>> */
  CM_REDIR_READ_WRITE,  /* <>  */
  CM_REDIR_DUP_IN,      /* <&  */
  CM_REDIR_DUP_OUT,     /* >&  with a number or "-" */
  CM_REDIR_HERE_DOC,    /* << <<- */
  CM_REDIR_HERE_STRING  /* <<< */
} cm_redir_op;

typedef struct cm_redir {
  struct cm_redir *next;
  cm_redir_op op;
  int fd;          /* as written; -1: the operator's default, -2: {name} */
  cm_str fd_name;  /* of {name} */
  cm_word *target; /* HERE_DOC: the delimiter */
  cm_word *here; /* HERE_DOC: the body, tabs stripped for <<-; parts quoted if the delimiter was */
  cm_span span;
} cm_redir;

typedef struct cm_assign {
  struct cm_assign *next;
  cm_str name;
  bool append;        /* += */
  bool array;         /* name=(…): `value` is a list of words, each may be [sub]=word */
  cm_word *subscript; /* name[sub]=… */
  cm_word *value;     /* NULL: empty */
  cm_span span;
} cm_assign;

/* One arm of if/elif/else, while/until, or case. */
typedef struct cm_arm {
  struct cm_arm *next;
  cm_sh_list *test;  /* NULL: else, or an arm of case */
  cm_word *patterns; /* case */
  cm_sh_list *body;  /* may be NULL for an empty arm of case */
  cm_str end;        /* case: ";;" ";&" ";;&" or "" */
} cm_arm;

typedef enum cm_cmd_kind {
  CM_CMD_SIMPLE,   /* assigns (also name=(…) behind declare and its like), words, redirs */
  CM_CMD_SUBSHELL, /* ( body ) */
  CM_CMD_GROUP,    /* { body } */
  CM_CMD_IF,       /* arms */
  CM_CMD_WHILE,    /* arms: one */
  CM_CMD_UNTIL,
  CM_CMD_FOR, /* name in words; do body */
  CM_CMD_SELECT,
  CM_CMD_FOR_ARITH, /* words: the up to three expressions */
  CM_CMD_CASE,      /* words: the subject; arms */
  CM_CMD_FUNCTION,  /* name, body (one command in a list of its own) */
  CM_CMD_COPROC,    /* name may be empty; body */
  CM_CMD_COND,      /* [[ … ]]: every word between the brackets, operators too */
  CM_CMD_ARITH      /* (( … )): words: the expression */
} cm_cmd_kind;

typedef struct cm_cmd {
  struct cm_cmd *next; /* behind the pipe */
  cm_cmd_kind kind;
  bool pipe_err; /* |& to the next one */
  bool has_in;   /* FOR, SELECT: "in" was there; else "$@" */
  cm_assign *assigns;
  cm_word *words;
  cm_redir *redirs;
  cm_str name;
  cm_arm *arms;
  cm_sh_list *body;
  cm_span span;
} cm_cmd;

typedef enum cm_join { CM_JOIN_END, CM_JOIN_AND, CM_JOIN_OR } cm_join;

typedef struct cm_pipeline {
  struct cm_pipeline *next; /* joined by `join` */
  cm_join join;
  bool negated, timed;
  cm_cmd *cmds; /* NULL only for a lone "!" or "time" */
  cm_span span;
} cm_pipeline;

/* A list: and-or lists one after the other. */
struct cm_sh_list {
  cm_sh_list *next;
  cm_pipeline *first;
  bool background; /* ended by & */
  cm_span span;
};

typedef struct cm_sh_tree {
  cm_sh_list *list; /* NULL: nothing to run */
  bool warned;      /* bash runs it all the same: a here-document ended by the end of the text; a
                       mistake in `…` or a here-document, which it only notices when it gets there:
                       the whole lines before it are in the tree */
} cm_sh_tree;

/* Parses `text`; the tree borrows from it. CM_E_FORMAT: bash would refuse it (e->pos is the byte);
 * `out` then holds the whole lines before, since a shell has already run those. CM_E_LIMIT: larger
 * or deeper than the limits above. CM_E_NOMEM. Linear in the text's length. */
cm_code cm_sh_parse(cm_str text, cm_dialect dialect, cm_arena *a, cm_sh_tree *out, cm_err *e);

#endif
