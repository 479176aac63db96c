/* A run from a line of words separated by single blanks, without a parser: "git push -f". */
#ifndef CM_TESTS_SAFETY_LINE_H
#define CM_TESTS_SAFETY_LINE_H
#include <string.h>

#include "sh/resolve.h"

/* Words with * ? [ are globs, words with a hole (\x01) come from a variable that isn't set. */
static inline cm_run *safety_line(cm_arena *a, const char *line) {
  cm_run *run = cm_arena_alloc(a, 1, sizeof *run);
  run->words = cm_arena_alloc(a, strlen(line) + 1, sizeof *run->words);
  for (size_t at = 0; line[at];) {
    size_t n = strcspn(line + at, " ");
    cm_rword *word = &run->words[run->n++];
    *word = (cm_rword){.text = {line + at, n}, .span = {(uint32_t)at, (uint32_t)(at + n)}};
    for (size_t i = 0; i < n; i++) {
      if (strchr("*?[", word->text.p[i])) word->glob = true;
      if (word->text.p[i] == CM_HOLE) word->from = CM_FROM_UNSET;
    }
    at += n;
    at += line[at] == ' ';
  }
  run->program = run->words[0].text;
  run->span = (cm_span){0, (uint32_t)strlen(line)};
  return run;
}

#endif
