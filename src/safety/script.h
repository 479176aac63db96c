/* safety/script: what scripts of sed and awk write, and the commands in them that are put together
 * (sh/resolve finds those that stand there). Their languages are read only as far as that takes.
 * Sources: POSIX.1-2017 sed and awk, the
 * manuals of GNU sed and gawk. */
#ifndef CM_SAFETY_SCRIPT_H
#define CM_SAFETY_SCRIPT_H
#include "safety/judge.h"

typedef enum cm_act_kind {
  CM_ACT_RUN,    /* `text` is a shell command; holes stand for what is computed */
  CM_ACT_FEED,   /* the same, and reads what the script prints */
  CM_ACT_INPUT,  /* runs what it made of its input, as commands */
  CM_ACT_WRITE,  /* `text` is a file */
  CM_ACT_APPEND, /* the same, behind what is there */
  CM_ACT_CONNECT /* opens a network connection */
} cm_act_kind;

typedef struct cm_act {
  cm_act_kind kind;
  cm_str text;
} cm_act;

/* The next act at or behind *at, which starts with 0. False: no more. */
bool cm_sed_next(cm_str script, size_t *at, cm_act *out);

typedef struct cm_awk {
  cm_str script;
  cm_arena *arena;
  size_t at;
  size_t depth; /* of parentheses */
  size_t print; /* depth of the print statement + 1; 0: in none */
  bool operand; /* a '/' here would divide */
  bool no_memory;
} cm_awk;

/* Starts with {.script = …, .arena = …}. False: no more, or no memory. */
bool cm_awk_next(cm_awk *w, cm_act *out);

#endif
