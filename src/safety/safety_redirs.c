/* Redirections, of any program. */
#include "safety/judge.h"

/* Programs whose `>` is there to empty the file. */
static bool only_empties(const cm_run *run) {
  return (run->n == 0 && !run->translated && !run->group) ||
         cm_glob_any(CM_STR(":|true"), run->program) ||
         (cm_str_is(run->program, "cat") && run->n == 2 &&
          cm_str_is(run->words[1].text, "/dev/null"));
}

static cm_effect effect_of(const cm_rredir *r, const cm_run *run, cm_place place) {
  switch (r->op) {
    case CM_REDIR_WRITE:
    case CM_REDIR_BOTH: return only_empties(run) ? CM_FX_OVERWRITE : CM_FX_WRITE;
    case CM_REDIR_CLOBBER: return CM_FX_OVERWRITE;
    case CM_REDIR_APPEND:
    case CM_REDIR_APPEND_BOTH: return CM_FX_APPEND;
    case CM_REDIR_READ_WRITE: return place == CM_PLACE_DEVICE ? CM_FX_OVERWRITE : CM_FX_READ;
    default: return CM_FX_READ;
  }
}

static const char *why_of(cm_effect effect) {
  switch (effect) {
    case CM_FX_APPEND: return "appends to the file";
    case CM_FX_OVERWRITE: return "replaces what the file holds";
    default: return "writes into the file";
  }
}

void cm_judge_redirs(cm_judging *j, const cm_run *run) {
  for (size_t i = 0; i < run->n_redirs; i++) {
    const cm_rredir *r = &run->redirs[i];
    if (r->sub || r->op == CM_REDIR_HERE_DOC || r->op == CM_REDIR_HERE_STRING ||
        r->op == CM_REDIR_READ)
      continue;
    cm_path path = cm_path_of(&r->target, &run->cwd, j->context);
    cm_effect effect = effect_of(r, run, path.place);
    if (path.network) continue;
    (void)cm_judge_path(j, "file.redirect", effect, why_of(effect), &r->target, run);
  }
}
