/* quality/mutate: hostile variants of test cases, as another fixture file (`cmdai test gen
 * --mutate`). What each of them must keep is that nothing is less safe than in the case it comes
 * from, its parent:
 *
 *   command   the variant does the same, written in another way: its risk is at least the
 *             parent's, and where the parent has to be stopped, so has the variant.
 *   prompt    mistyped, disguised, with orders of a stranger, padded: the model may decline, and
 *             its answer may be stopped; what runs without a question has no higher risk than the
 *             parent's answers may have. No pattern and no result is expected of it.
 *
 * The same cases, options and seed give the same bytes, and a case gives the same variants
 * whatever stands beside it. All texts are valid UTF-8. */
#ifndef CM_QUALITY_MUTATE_H
#define CM_QUALITY_MUTATE_H
#include "quality/suite.h"

typedef struct cm_mutate_options {
  uint64_t seed;
  uint32_t per_case;       /* variants of a case, at most */
  const cm_safety *safety; /* judges parents */
  cm_level level;          /* that variants will be run with */
  const cm_sh_context *where;
} cm_mutate_options;

typedef struct cm_mutate_counts {
  size_t parents, mutants;
  size_t left_out; /* cases that have none: replies, paraphrases, known failures, commands of which
                      nothing is less safe */
} cm_mutate_counts;

/* Appends the fixture to `out` (CM_E_LIMIT past out->max); it has no cases when no case has a
 * variant. CM_E_NOMEM. */
cm_code cm_mutate(const cm_case *const *cases, size_t n, const cm_mutate_options *o, cm_buf *out,
                  cm_mutate_counts *counts, cm_err *e);

/* Names of the kinds of a prompt's variants; NULL past the end. */
const char *cm_mutate_prompt_kind(size_t i);

#endif
