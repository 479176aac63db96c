/* safety/judge: one judgement under way, for the parts of it. */
#ifndef CM_SAFETY_JUDGE_H
#define CM_SAFETY_JUDGE_H
#include "safety/effect.h"
#include "safety/packs.h"
#include "safety/program.h"

/* A shape of the user's. */
typedef struct cm_listed {
  cm_shape shape;
  cm_need needs[CM_SHAPE_NEEDS_MAX];
} cm_listed;

struct cm_safety {
  cm_arena *arena;       /* holds all that follows */
  const cm_index *index; /* of our packs, or in the arena */
  cm_listed *allow, *deny;
  size_t n_allow, n_deny;
};

typedef struct cm_taints cm_taints;

struct cm_judging {
  const cm_safety *safety;
  const cm_sh_context *context;
  cm_arena *arena;
  const cm_runs *runs;
  cm_taints *taints;
  cm_finding *found;
  size_t n_found, max_found;
  bool unresolved, denied, no_memory, looked_at_loops, looked_for_shells;
  unsigned depth;      /* texts in texts: what is written into start-up files */
  size_t code_bytes;   /* of such texts so far */
  const cm_run *outer; /* the run whose text is looked at; NULL: the text itself */
  /* Of the run at hand, for `look` too: */
  cm_call call;
  cm_known known;
};

/* Texts in texts: deeper ones, and more bytes of them, are reported as not looked at. */
enum { CM_JUDGE_DEPTH_MAX = 4, CM_JUDGE_CODE_MAX = 256 << 10 };

/* As cm_safety_open, with these packs (a list that ends with NULL; NULL: our own, whose index is
 * there already). */
cm_code cm_safety_open_packs(cm_safety **out, const cm_pack *const *packs,
                             const char *const *allow, size_t n_allow, const char *const *deny,
                             size_t n_deny, cm_err *e);

/* Judges runs that are resolved already. `text` is only for the look at the raw bytes. */
cm_code cm_safety_judge_runs(const cm_safety *s, cm_str text, const cm_sh_context *context,
                             const cm_runs *runs, cm_arena *a, cm_verdict *out, cm_err *e);

/* Parts of the judgement; each adds findings. */
void cm_judge_text(cm_judging *j, cm_str text);
void cm_judge_run(cm_judging *j, const cm_run *run);
void cm_judge_redirs(cm_judging *j, const cm_run *run);
void cm_judge_env(cm_judging *j, const cm_run *run);

/* A finding for what `effect` does to the word; its place comes back. Nothing when that is safe.
 */
cm_path cm_judge_path(cm_judging *j, const char *rule, cm_effect effect, const char *why,
                      const cm_rword *word, const cm_run *run);

/* Judges `text` as shell code that `run` makes run some time: a line of a start-up file, an
 * entry of a crontab. All findings get the run's span. */
void cm_judge_code(cm_judging *j, cm_str text, const cm_run *run);
/* The same for the commands in a crontab; those of the system name a user in each line. */
void cm_judge_cron(cm_judging *j, cm_str text, const cm_run *run, bool has_user);

#endif
