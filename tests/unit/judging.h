/* What the tests of properties of judgements share: one validator, disguises.txt, two arenas, and
 * the count of the texts that broke a property. */
#ifndef CM_TESTS_JUDGING_H
#define CM_TESTS_JUDGING_H
#include <time.h>

#include "unit/disguise.h"

enum { JUDGING_ARENA = 64 << 20, JUDGING_EXAMPLES = 30, JUDGING_SHOWN = 400 };

typedef struct judging {
  cm_safety *safety;
  disguise_table *table;
  cm_arena *arena;            /* of the last verdict */
  cm_arena *dressing;         /* of texts */
  double last_ms, slowest_ms; /* of processor time, for one text */
  size_t misses;
  uint64_t noise;
} judging;

static judging jg;

static const cm_sh_context judging_context = {
    .home = {"/home/ada", 9}, .cwd = {"/home/ada/work", 14}, .user = {"ada", 3}};

static inline int judging_set_up(void **state) {
  (void)state;
  cm_err e;
  jg.table = disguise_open();
  jg.arena = cm_arena_open(JUDGING_ARENA);
  jg.dressing = cm_arena_open(JUDGING_ARENA);
  if (cm_safety_open(&jg.safety, NULL, 0, NULL, 0, &e)) {
    fprintf(stderr, "%s\n", e.msg);
    return -1;
  }
  return jg.arena && jg.dressing ? 0 : -1;
}

static inline int judging_tear_down(void **state) {
  (void)state;
  cm_safety_close(jg.safety);
  cm_arena_close(jg.arena);
  cm_arena_close(jg.dressing);
  disguise_close(jg.table);
  return 0;
}

/* Before each test. */
static inline int judging_begin(void **state) {
  (void)state;
  jg.misses = 0;
  jg.slowest_ms = 0;
  return 0;
}

static inline cm_code judging_judge(cm_str text, cm_verdict *v) {
  cm_err e;
  cm_arena_reset(jg.arena);
  clock_t start = clock();
  cm_code code = cm_safety_judge(jg.safety, text, &judging_context, jg.arena, v, &e);
  jg.last_ms = (double)(clock() - start) * 1e3 / (double)CLOCKS_PER_SEC;
  if (jg.last_ms > jg.slowest_ms) jg.slowest_ms = jg.last_ms;
  return code;
}

static inline cm_risk judging_risk(cm_str text) {
  cm_verdict v;
  judging_judge(text, &v);
  return v.risk;
}

/* At some level. */
static inline bool judging_may_run(const cm_verdict *v) {
  return cm_safety_decide(v, CM_STRICT) == CM_RUN ||
         cm_safety_decide(v, CM_MODERATE_LEVEL) == CM_RUN ||
         cm_safety_decide(v, CM_PERMISSIVE) == CM_RUN;
}

/* Counts a text that broke a property, and shows the first ones. */
static inline void judging_miss(const char *what, cm_str text) {
  if (jg.misses++ >= JUDGING_EXAMPLES) return;
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < text.n && i < JUDGING_SHOWN; i++) {
    unsigned char c = (unsigned char)text.p[i];
    if (c < ' ' || c > '~') cm_buf_printf(&b, "\\x%02x", c);
    else cm_buf_putc(&b, (char)c);
  }
  fprintf(stderr, "  %s: %s%s\n", what, b.p ? b.p : "", text.n > JUDGING_SHOWN ? " …" : "");
  cm_buf_close(&b);
}

/* Less than `below`; the same numbers in every run (xorshift). */
static inline uint64_t judging_noise(uint64_t below) {
  jg.noise ^= jg.noise << 13;
  jg.noise ^= jg.noise >> 7;
  jg.noise ^= jg.noise << 17;
  return jg.noise % below;
}

/* Parts put together in the arena `dressing`. */
static inline cm_str judging_joined(const cm_str *parts, size_t n) {
  cm_buf b = disguise_buf();
  for (size_t i = 0; i < n; i++) cm_buf_add(&b, parts[i].p, parts[i].n);
  return disguise_kept(jg.dressing, &b);
}

#endif
