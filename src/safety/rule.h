/* safety/rule: how packs say what programs do. A pack (pack_*.c) is two tables: programs (how
 * their words are read, and their risk when no rule speaks) and rules (a shape, an effect, a
 * reason). Nothing in a pack is code unless a table can't say it. */
#ifndef CM_SAFETY_RULE_H
#define CM_SAFETY_RULE_H
#include "safety/safety.h"
#include "sh/argv.h"

/* One judgement under way (safety.c). */
typedef struct cm_judging cm_judging;

/* What a rule's targets suffer. effect.c has the one table effect x class of path -> risk. */
typedef enum cm_effect {
  CM_FX_SAFE, /* fixed risks, whatever the targets */
  CM_FX_MODERATE,
  CM_FX_HIGH,
  CM_FX_CRITICAL,
  CM_FX_HARMLESS, /* --help, --version, --dry-run, list modes: the whole command is safe, no
                        other rule counts (its redirections and pipes still do) */
  CM_FX_READ,     /* opens the target to read */
  CM_FX_CREATE,   /* makes a new file (cp, mv target, -o FILE, mkdir, touch) */
  CM_FX_WRITE,    /* makes a new file where nothing has a meaning, else replaces: >, tee, dd of= */
  CM_FX_OVERWRITE, /* replaces what is there (>|, cp -f) */
  CM_FX_APPEND,
  CM_FX_EDIT,        /* changes a file in place (sed -i) */
  CM_FX_DELETE,      /* a named file */
  CM_FX_DELETE_TREE, /* everything below */
  CM_FX_DELETE_SOME, /* below, but filtered by name or age (find -name … -delete) */
  CM_FX_MOVE_AWAY,   /* the source of mv */
  CM_FX_MODE,        /* permissions or owner of one file */
  CM_FX_MODE_TREE,   /* of everything below */
  CM_FX_WRITE_DEVICE /* formats or overwrites a device or an image file (mkfs, wipefs) */
} cm_effect;

/* Shapes. Words separated by single blanks; "|" separates alternatives inside a word; * ? and
 * [abc] match as in file names; a backslash takes the next character literally.
 *
 *   git push             program, then the operands in this order (options between are passed
 *                        over); further operands are allowed. The first word names the program
 *                        or programs ("rm|unlink").
 *   -f|--force           this option is there (as argv.h names it: -f in a cluster counts, --forc
 *                        is --force)
 *   --mode=0?77          … and its value matches
 *   !-n|--dry-run        it is not there (of options: with or without value)
 *   !prune               no operand matches
 *   ~+*                  some operand (behind the ones named in order) matches
 *   @                    targets: all operands that are left
 *   @1 @2 @last @2..     targets: the first, the second, the last, the second and later of these
 *   @..last              all but the last
 *   @-o|--output         targets: this option's values
 *   @of=                 targets: what stands behind "of=" in operands
 *   <                    stdin is not empty (pipe, here-document, redirection)
 *   ^                    runs as root
 *   !^                   does not run as root
 *
 * A shape without targets fits whatever the operands are; with targets it needs at least one,
 * unless it ends in "@?" (then without operands the working directory is the target). */
typedef struct cm_rule {
  const char *id; /* "git.force-push": pack, dot, name; may stand in several rows */
  const char *shape;
  cm_effect effect;
  const char *why; /* one plain sentence, without a full stop at its end: "deletes … " */
} cm_rule;

/* A program, or one of its subcommands ("git push"); the longest name that fits counts. Options of
 * "git" itself may stand before the subcommand. */
typedef struct cm_program {
  const char *name;           /* alternatives by "|": "grep|egrep|fgrep" */
  const char *shorts, *longs; /* as in cm_argv_spec */
  unsigned how;               /* CM_ARGV_… and CM_PROGRAM_… */
  cm_risk risk;               /* when no rule fits */
} cm_program;

enum {
  CM_PROGRAM_SENDS = 256,    /* what it reads or is given leaves the machine (curl -d, nc, scp) */
  CM_PROGRAM_FETCHES = 512,  /* its output or files come from the network */
  CM_PROGRAM_DECODES = 1024, /* its output is another text than it was given (base64 -d, gunzip) */
  CM_PROGRAM_QUIET = 2048,   /* its output says nothing of the files it reads (rm, wc, test) */
  CM_PROGRAM_INIT = 4096 /* prints settings of a known tool for `eval` (dircolors, ssh-agent) */
};

/* A pack: one const struct in pack_NAME.c and one line in packs.c. A risk beyond the tables comes
 * from `look` (NULL: none), which is called for every run of the pack's programs and reports by
 * cm_report. */
typedef struct cm_pack {
  const char *name;
  const cm_program *programs;
  size_t n_programs;
  const cm_rule *rules;
  size_t n_rules;
  void (*look)(cm_judging *j, const cm_run *run);
} cm_pack;

#define CM_COUNT(table) (sizeof(table) / sizeof *(table))

/* Adds a finding; `why` must be static. */
void cm_report(cm_judging *j, const char *rule, cm_risk risk, const char *why, const cm_run *run,
               cm_span span);

#endif
