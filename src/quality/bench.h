/* quality/bench: how long a user waits. Every sample is a fresh process, `PROGRAM ask -o json …`
 * with a request of a fixed list, timed from outside and by what it says about itself; statistics,
 * budgets and the comparison of two programs come from those samples. */
#ifndef CM_QUALITY_BENCH_H
#define CM_QUALITY_BENCH_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "quality/stats.h"

/* --- one sample ------------------------------------------------------------------------------ */

typedef enum cm_perf_metric {
  CM_PERF_ANSWER, /* ms: the whole process, from start to end */
  CM_PERF_START,  /* ms: of that, what isn't its own work: loading the program, ending it */
  CM_PERF_LOAD,   /* ms: opening the model */
  CM_PERF_FIRST,  /* ms: until the first token: load and prompt */
  CM_PERF_RATE,   /* tokens a second, after the first; more is better */
  CM_PERF_MEMORY, /* MB (10^6 bytes): the most that the process held */
  CM_PERF_COLD,   /* ms: the whole process, with its files out of memory */
  CM_PERF_METRICS
} cm_perf_metric;

const char *cm_perf_name(cm_perf_metric m); /* "answer_ms" … */

typedef struct cm_perf_sample {
  double values[CM_PERF_METRICS]; /* NaN: it can't be said; CM_PERF_COLD is the caller's */
  uint64_t answer_hash;           /* of the command: whether two programs say the same */
} cm_perf_sample;

typedef struct cm_perf_model {
  char id[128], sha256[65], quant[32], backend[32];
} cm_perf_model;

/* What is measured. Strings are borrowed. */
typedef struct cm_perf_target {
  const char *program;
  const char *model;            /* -m; NULL: the program's own */
  unsigned threads, max_tokens; /* options of these names; 0: its default */
  uint64_t wall_ns;             /* limit of one process */
  const volatile int *cancel;
} cm_perf_target;

enum { CM_PERF_PROMPTS = 5 };
const char *cm_perf_prompt(size_t i); /* i < CM_PERF_PROMPTS */

/* Starts the program once and waits for it. A refusal, a block and a wish for confirmation are
 * answers too. CM_E_NOTFOUND: no such program; CM_E_IO: it failed (message: what it said);
 * CM_E_FORMAT: it printed no answer of schema cmdai.answer/1; CM_E_TIMEOUT; CM_E_CANCELLED. Memory
 * is NaN where it isn't above what this process holds itself (os_spawn.h). */
cm_code cm_perf_ask(const cm_perf_target *t, const char *prompt, cm_perf_sample *out,
                    cm_perf_model *model, cm_err *e);

/* Reads what the program printed; all but START and MEMORY, with `wall_ms` for ANSWER. */
cm_code cm_perf_read(cm_str json, double wall_ms, cm_perf_sample *out, cm_perf_model *model,
                     cm_err *e);

/* --- a run ----------------------------------------------------------------------------------- */

enum { CM_PERF_SAMPLES_MAX = 10000, CM_PERF_COLD_MAX = 5 };
/* A change of speed is one from this ratio of medians and this p on (docs/TESTING.md). */
#define CM_PERF_RATIO 1.05
#define CM_PERF_P     0.01
/* Above this spread (quartiles apart, as a share of the median) a machine is called noisy. */
#define CM_PERF_NOISY 0.15

/* Where samples come from; a test puts its own here. */
typedef cm_code cm_perf_source(const cm_perf_target *t, const char *prompt, cm_perf_sample *out,
                               cm_perf_model *model, cm_err *e);

typedef struct cm_perf_options {
  cm_perf_target head; /* what is judged */
  const char *base;    /* the program to compare with, with the same model; NULL: none */
  size_t samples;      /* of each program, 1 to CM_PERF_SAMPLES_MAX; a tenth of it, 1 to
                          CM_PERF_COLD_MAX, are cold */
  cm_perf_source *ask; /* NULL: cm_perf_ask */
} cm_perf_options;

typedef enum cm_perf_change {
  CM_PERF_SAME,        /* no change that could be shown */
  CM_PERF_FASTER,      /* or less memory */
  CM_PERF_SLOWER,      /* confirmed by a second round */
  CM_PERF_UNCONFIRMED, /* the second round did not show it */
  CM_PERF_UNKNOWN      /* no values */
} cm_perf_change;

typedef struct cm_perf_compared {
  cm_perf_change change;
  cm_stat_shift shift;  /* of the first round, prompts made comparable (below) */
  cm_stat_shift second; /* of the second; ratio none if there was none */
} cm_perf_compared;

typedef struct cm_perf_result {
  cm_perf_model model;
  cm_stat_summary head[CM_PERF_METRICS], base[CM_PERF_METRICS];
  double cold_left; /* share of the files that stayed in memory, the largest; NaN: no cold start */
  double spread;    /* of the whole answer, per prompt: see CM_PERF_NOISY */
  bool compared, same_answers;
  bool too_few; /* samples: the largest difference could not be shown (CM_PERF_P) */
  bool two_rounds;
  cm_perf_compared changes[CM_PERF_METRICS];
} cm_perf_result;

/* Warm-up, then cold starts, then samples; with `base` in turns (base, head, head, base), and a
 * second round of as many when something is slower. Requests differ in length, so values are
 * divided by the median of both programs for that request before they are compared: what is left
 * is the program. Errors of cm_perf_ask. */
cm_code cm_perf_run(const cm_perf_options *o, cm_arena *a, cm_perf_result *out, cm_err *e);

/* Any metric that is CM_PERF_SLOWER. */
bool cm_perf_regressed(const cm_perf_result *r);

/* --- budgets --------------------------------------------------------------------------------- */

/* Milliseconds for a whole answer, files in memory. */
typedef struct cm_perf_budget {
  const char *backend, *size; /* "cpu" "0.5B" */
  double target, acceptable, fail;
  double cold; /* 0: none is set */
} cm_perf_budget;

const cm_perf_budget *cm_perf_budget_at(size_t i); /* NULL past the end */

/* By the backend and the "0.5B" in the model's id or `path` (may be NULL); a model that doesn't
 * say (the embedded one) by its file's size in bytes, up to 700 MB and 1.4 GB. NULL: none is set.
 */
const cm_perf_budget *cm_perf_budget_of(const cm_perf_model *m, const char *path, uint64_t bytes);

typedef enum cm_perf_state { CM_PERF_MET, CM_PERF_EXCEEDED, CM_PERF_UNPROVED } cm_perf_state;

enum { CM_PERF_CHECKS = 3 };
typedef struct cm_perf_check {
  const char *name; /* "cold start" "mean" "p95" */
  double value, limit;
  cm_perf_state state; /* UNPROVED: too few samples for a p95, and their largest is above it */
} cm_perf_check;

/* Cold start below its limit, mean below acceptable, p95 below fail: *n of them. With fewer than
 * 20 samples the largest one stands for the p95 where it is low enough. */
void cm_perf_judge(const cm_perf_result *r, const cm_perf_budget *b,
                   cm_perf_check out[CM_PERF_CHECKS], size_t *n);

/* Of the median answer: "target", "acceptable", "slow" (up to fail) or "fail". */
const char *cm_perf_grade(const cm_perf_result *r, const cm_perf_budget *b);

#endif
