/* safety/program: the index over the programs and rules of all packs, built once.
 *
 * A program's name in a pack may be "git push|fetch": alternatives inside each word, as in shapes.
 * Its parent ("git") must be listed too. */
#ifndef CM_SAFETY_PROGRAM_H
#define CM_SAFETY_PROGRAM_H
#include "safety/shape.h"

/* Rules of a program that follow each other in a pack. */
typedef struct cm_chunk {
  const cm_rule *rules;
  const cm_shape *shapes;
  size_t n;
  const struct cm_chunk *next;
} cm_chunk;

enum { CM_SUB_WORDS_MAX = 3 };

/* Subcommands of a program. */
typedef struct cm_sub {
  const cm_program *program;
  cm_str words[CM_SUB_WORDS_MAX]; /* alternatives, behind the program's name */
  size_t n;
  const struct cm_sub *next;
} cm_sub;

typedef struct cm_entry {
  cm_str name;
  uint32_t depth;            /* words of its longest subcommand */
  uint64_t packs;            /* bit i: packs[i] has this program */
  const cm_program *program; /* of the first pack that has it */
  const cm_chunk *rules;     /* of it and its subcommands */
  const cm_sub *subs;
} cm_entry;

typedef struct cm_index {
  const cm_pack *const *packs;
  cm_entry *entries;
  uint32_t *slots; /* [mask + 1]; 0: free */
  size_t n, mask;
} cm_index;

static inline cm_str cm_entry_name(const cm_entry *entry) { return entry->name; }

enum { CM_PACKS_MAX = 64 };

/* CM_E_INTERNAL: a pack is wrong (the message names the row); CM_E_NOMEM. `packs` ends with NULL.
 */
cm_code cm_index_build(cm_index *x, const cm_pack *const *packs, cm_arena *a, cm_err *e);

/* The entry of a one-word name, NULL if there is none. python3.11, gcc-12 and foo.exe are known
 * by what is left without version and ".exe". */
const cm_entry *cm_index_find(const cm_index *x, cm_str name);

/* How a program is named in a run: by name, or by a path outside the system's folders. */
typedef struct cm_known {
  const cm_entry *base;      /* the program; NULL: nobody knows it */
  const cm_program *program; /* it, or its subcommand */
  size_t n_sub;              /* operands that name the subcommand */
  bool by_path;              /* a path whose last part is the name of a known program */
} cm_known;

/* Looks the run's program up and reads its words into `call`, whose room is reused from call to
 * call. False: no memory. */
bool cm_call_read(const cm_index *x, const cm_run *run, cm_arena *a, cm_call *call,
                  cm_known *known);

#endif
