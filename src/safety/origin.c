#include "safety/origin.h"

#include "safety/shape.h"

/* The words that stand in front of xargs come through its stdin. */
static const cm_run *printer(const cm_run *run, const cm_rword *word) {
  if (word->source) return word->source;
  if (!(word->from & CM_FROM_INPUT)) return NULL;
  while (run && !run->in) run = run->via;
  return run ? run->in : NULL;
}

/* Lets every line through, changed or not. */
static bool only_cuts(const cm_run *run) {
  if (cm_glob_any(CM_STR("awk|gawk|mawk"), run->program))
    return !cm_has_word(run, "*/*|*==*|*~*|*!=*|*if*");
  if (cm_glob_any(CM_STR("sed"), run->program)) return !cm_has_word(run, "/*|-n");
  return cm_glob_any(CM_STR("cut|tr|sort|uniq|tail|cat|tac|column|xargs|rev|paste|tee"),
                     run->program);
}

const cm_run *cm_origin(const cm_run *run, const cm_rword *word) {
  const cm_run *from = printer(run, word);
  while (from && from->in && only_cuts(from)) from = from->in;
  return from;
}

bool cm_has_word(const cm_run *run, const char *alternatives) {
  for (size_t i = 1; i < run->n; i++)
    if (cm_glob_any(cm_str_of(alternatives), run->words[i].text)) return true;
  return false;
}
