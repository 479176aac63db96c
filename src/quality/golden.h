/* quality/golden: the answers that were looked at and accepted, for each model a file of its own:
 *
 *   FOLDER/NAME-SHA12.jsonl          accepted answers
 *   FOLDER/NAME-SHA12.jsonl.pending  answers that differ and wait for a review
 *
 * A line {"schema", "model", "sha256"}, then one line a case, sorted by id: a change of an answer
 * is one changed line of a diff. Nothing is accepted by running tests. */
#ifndef CM_QUALITY_GOLDEN_H
#define CM_QUALITY_GOLDEN_H
#include "quality/suite.h"

typedef struct cm_golden_answer {
  cm_str id;
  cm_str hash;    /* of the case that was asked (cm_case.hash) */
  cm_str command; /* empty: the model gave none */
  cm_str file;    /* that has the case, as it was named; empty: not known */
} cm_golden_answer;

/* The answers of one model; sorted by id. All strings live in `arena`. */
typedef struct cm_goldens {
  cm_str model_id, model_sha256;
  cm_golden_answer *items;
  size_t n, cap;
  cm_arena *arena;
} cm_goldens;

enum { CM_GOLDEN_BYTES_MAX = 64 << 20 };

/* Writes the path of the model's file: its name without odd characters, and the beginning of its
 * hash. CM_E_USAGE: sha256 isn't 64 lower-case hexadecimal digits (a model that can't be told from
 * another has no golden answers); CM_E_LIMIT: longer than `size`. */
cm_code cm_golden_path(const char *folder, cm_str model_id, cm_str model_sha256, bool pending,
                       char *out, size_t size, cm_err *e);

/* No answers yet. Strings are copied. CM_E_NOMEM. */
cm_code cm_golden_init(cm_goldens *g, cm_str model_id, cm_str model_sha256, cm_arena *a,
                       cm_err *e);
/* Reads a file's text into a list that was begun with cm_golden_init; `name` stands in messages
 * ("NAME:LINE: ..."). CM_E_FORMAT: malformed, of another model, unsorted, or an id twice;
 * CM_E_LIMIT; CM_E_NOMEM. */
cm_code cm_golden_read(cm_goldens *g, cm_str text, const char *name, cm_err *e);
/* The same from a file; one that isn't there has no answers. */
cm_code cm_golden_load(cm_goldens *g, const char *path, cm_err *e);
void cm_golden_text(const cm_goldens *g, cm_buf *out);
/* Writes the file, whole or not at all, and the folders above it. */
cm_code cm_golden_save(const cm_goldens *g, const char *path, cm_err *e);

const cm_golden_answer *cm_golden_find(const cm_goldens *g, cm_str id); /* NULL: none */
/* Sets the answer of its id; strings are copied. CM_E_NOMEM. */
cm_code cm_golden_put(cm_goldens *g, const cm_golden_answer *answer, cm_err *e);
bool cm_golden_remove(cm_goldens *g, cm_str id); /* false: it wasn't there */

/* --- judging ------------------------------------------------------------------------------ */

typedef enum cm_golden_match {
  CM_GOLDEN_NONE, /* nothing was accepted for this case yet, or it asks something else since */
  CM_GOLDEN_SAME,
  CM_GOLDEN_OTHER
} cm_golden_match;

/* Compares an answer with the accepted one under the case's mode (exact, or equal after parsing:
 * see spelling.h); *accepted is that one, also if it was for an earlier form of the case; empty
 * without. Without memory to compare, or when one of two that differ can't be parsed, it is
 * OTHER. */
cm_golden_match cm_golden_compare(const cm_goldens *g, const cm_case *c, cm_str command,
                                  cm_str *accepted);

/* After a run: an answer that isn't the accepted one waits for a review, one that is waits no
 * longer. CM_E_NOMEM. */
cm_code cm_golden_propose(const cm_goldens *accepted, cm_goldens *pending, const cm_case *c,
                          cm_str command, cm_err *e);

/* --- review ------------------------------------------------------------------------------- */

/* One waiting answer. */
typedef struct cm_golden_change {
  const cm_golden_answer *before, *after; /* before NULL: none was accepted yet */
  bool other_case;                        /* the case asks something else since */
} cm_golden_change;

/* All of `pending`, in its order, in the arena of `pending`. CM_E_NOMEM. */
cm_code cm_golden_review(const cm_goldens *accepted, const cm_goldens *pending,
                         cm_golden_change **out, size_t *n, cm_err *e);
/* Appends "ID: new|changed", then the lines that go ("- ") and come ("+ "). Characters that a
 * terminal acts on or hides are written as \u{HEX}. */
void cm_golden_diff(const cm_golden_change *c, cm_buf *out);

/* Moves waiting answers to the accepted ones; all of them for ids NULL. *moved: how many.
 * CM_E_NOTFOUND: no such id waits (it is named), and nothing has changed. */
cm_code cm_golden_accept(cm_goldens *accepted, cm_goldens *pending, const cm_str *ids, size_t n,
                         size_t *moved, cm_err *e);
/* Forgets them. The accepted ones stay as they are. */
cm_code cm_golden_reject(cm_goldens *pending, const cm_str *ids, size_t n, size_t *dropped,
                         cm_err *e);
/* Drops the answers of ids that aren't in `ids` (the cases that there are) and whose file is one
 * of those that these cases come from; returns how many. `reaches` NULL: every file is. */
typedef bool cm_golden_reach(void *ctx, cm_str file);
size_t cm_golden_prune(cm_goldens *g, const cm_str *ids, size_t n, cm_golden_reach *reaches,
                       void *ctx);

#endif
