/* quality/mutate_parts: what the files of quality/mutate share. */
#ifndef CM_QUALITY_MUTATE_PARTS_H
#define CM_QUALITY_MUTATE_PARTS_H
#include "quality/mutate.h"
#include "quality/stats_parts.h"

/* One kind of variant. Appends a variant of the case's text; false (whatever was appended): it has
 * none of this kind. */
typedef struct cm_mutator {
  const char *name;
  bool (*mutate)(const cm_case *c, cm_stat_random *dice, cm_buf *out);
} cm_mutator;

enum { CM_MUTATORS_MAX = 32 };
const cm_mutator *cm_mutators_of_prompts(size_t *n);
const cm_mutator *cm_mutators_of_commands(size_t *n);

/* Commands that no user meant, each of risk high or critical: what is smuggled into prompts. */
const char *cm_mutate_payload(cm_stat_random *dice);

void cm_mutate_base64(cm_str s, cm_buf *out);

#endif
