/* safety/index: the index over the programs and rules of all packs.
 *
 * Building it takes longer than all the rest of `cmdai check`. So tools/mkrules builds the index
 * of our own packs when the program is compiled and prints it as tables, and what is wrong in a
 * pack stops the compilation. There are no pointers in these tables, only positions: every process
 * that starts would have to relocate them.
 *
 * A program's name in a pack may be "git push|fetch": alternatives inside each word, as in shapes.
 * Its parent ("git") must be listed too. */
#ifndef CM_SAFETY_INDEX_H
#define CM_SAFETY_INDEX_H
#include "safety/shape.h"

/* Rules of a program that follow each other in a pack. */
typedef struct cm_chunk {
  uint16_t pack, rule, n; /* packs[pack]->rules[rule] and behind */
  uint16_t form;          /* forms[form] and behind: their shapes */
  uint16_t next;          /* index + 1 of the program's next chunk; 0: none */
} cm_chunk;

enum { CM_SUB_WORDS_MAX = 3 };

/* A row of subcommands. */
typedef struct cm_sub {
  uint32_t letters;                                   /* of the first word: cm_letter_bit */
  uint16_t pack, row;                                 /* packs[pack]->programs[row] */
  uint16_t at[CM_SUB_WORDS_MAX], n[CM_SUB_WORDS_MAX]; /* words in its name, behind the first */
  uint16_t words;
  uint16_t next; /* index + 1 of the program's next row of subcommands; 0: none */
} cm_sub;

/* The name of a program. */
typedef struct cm_entry {
  uint64_t packs;     /* bit i: packs[i] has this program */
  uint16_t pack, row; /* of the first that has it */
  uint16_t at, n;     /* the name in that row's names */
  uint16_t chunk;     /* index + 1 of the first rules of it and its subcommands; 0: none */
  uint16_t sub;       /* index + 1 of its first subcommands; 0: none */
  uint16_t depth;     /* words of its longest subcommand */
} cm_entry;

typedef struct cm_index {
  const cm_pack *const *packs; /* ends with NULL */
  const cm_entry *entries;
  const cm_chunk *chunks;
  const cm_sub *subs;
  const cm_form *forms;
  const cm_need *needs;
  const uint32_t *slots; /* [mask + 1]: hash table of entries; 0: free */
  size_t n_entries, n_chunks, n_subs, n_forms, n_needs, mask;
} cm_index;

/* The index of cm_packs: generated (tools/mkrules). */
extern const cm_index cm_packs_index;

enum { CM_PACKS_MAX = 64 };

/* Builds the index of other packs (a list that ends with NULL) in `a`. CM_E_INTERNAL: a pack is
 * wrong (the message names the row); CM_E_NOMEM. */
cm_code cm_index_build(cm_index *x, const cm_pack *const *packs, cm_arena *a, cm_err *e);

/* The entry of a one-word name, NULL if there is none. python3.11, gcc-12 and foo.exe are known
 * by what is left without version and ".exe". */
const cm_entry *cm_index_find(const cm_index *x, cm_str name);

/* Its name as the pack writes it. */
cm_str cm_index_name(const cm_index *x, const cm_entry *entry);

/* A word (from 0 on, behind the program's name) of a row of subcommands. */
cm_str cm_index_sub_word(const cm_index *x, const cm_sub *sub, size_t word);

static inline const cm_program *cm_index_program(const cm_index *x, size_t pack, size_t row) {
  return &x->packs[pack]->programs[row];
}

/* A walk over the rules of a program: those that follow each other in a pack in that order, but
 * what stands later in the packs comes first. */
typedef struct cm_rule_walk {
  const cm_index *x;
  const cm_chunk *chunk;
  size_t at; /* the next rule of the chunk */
} cm_rule_walk;

static inline const cm_chunk *cm_index_chunk(const cm_index *x, size_t at) {
  return at ? &x->chunks[at - 1] : NULL;
}

static inline cm_rule_walk cm_rules_of(const cm_index *x, const cm_entry *entry) {
  return (cm_rule_walk){x, cm_index_chunk(x, entry->chunk), 0};
}

/* The next rule; NULL: no more. */
static inline const cm_rule *cm_rule_next(cm_rule_walk *w) {
  if (w->chunk && w->at == w->chunk->n)
    *w = (cm_rule_walk){w->x, cm_index_chunk(w->x, w->chunk->next), 0};
  return w->chunk ? &w->x->packs[w->chunk->pack]->rules[w->chunk->rule + w->at++] : NULL;
}

/* The shape of the rule that came last. */
static inline cm_shape cm_rule_shape(const cm_rule_walk *w) {
  size_t at = w->at - 1;
  const cm_form *form = &w->x->forms[w->chunk->form + at];
  return (cm_shape){w->x->packs[w->chunk->pack]->rules[w->chunk->rule + at].shape,
                    w->x->needs + form->first_need, *form};
}

#endif
