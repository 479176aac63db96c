#include <math.h>

#include "quality/stats_parts.h"

enum { ROUNDS_MIN = 100, ROUNDS_MAX = 100000, ATTEMPTS_MAX = 1000000 };

/* --- random numbers --- */

cm_stat_random cm_stat_random_of(uint64_t seed, uint64_t stream) {
  cm_stat_random r = {0, stream << 1 | 1};
  cm_stat_random_next(&r);
  r.state += seed;
  cm_stat_random_next(&r);
  return r;
}

uint32_t cm_stat_random_next(cm_stat_random *r) {
  const uint64_t s = r->state;
  const uint32_t mixed = (uint32_t)((s >> 18 ^ s) >> 27), turn = (uint32_t)(s >> 59);
  r->state = s * 6364136223846793005u + r->step;
  return mixed >> turn | mixed << (-turn & 31);
}

uint32_t cm_stat_random_below(cm_stat_random *r, uint32_t n) {
  uint64_t wide = (uint64_t)cm_stat_random_next(r) * n;
  if ((uint32_t)wide < n) {
    const uint32_t refused = -n % n; /* 2^32 mod n values would come once too often */
    while ((uint32_t)wide < refused) wide = (uint64_t)cm_stat_random_next(r) * n;
  }
  return (uint32_t)(wide >> 32);
}

/* --- bootstrap --- */

cm_stat_bootstrap_options cm_stat_bootstrap_defaults(void) {
  return (cm_stat_bootstrap_options){.confidence = 0.95, .rounds = 10000, .seed = 1};
}

static cm_code check(const cm_stat_cluster *c, size_t n, const cm_stat_bootstrap_options *o,
                     cm_err *e) {
  if (!(o->confidence > 0 && o->confidence < 1))
    return cm_fail(e, CM_E_USAGE, 0, "a confidence is between 0 and 1");
  if (o->rounds < ROUNDS_MIN || o->rounds > ROUNDS_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "a bootstrap takes %d to %d rounds", ROUNDS_MIN, ROUNDS_MAX);
  if (n > UINT32_MAX / o->rounds)
    return cm_fail(e, CM_E_LIMIT, 0, "%zu clusters are too many for %u rounds", n, o->rounds);
  for (size_t i = 0; i < n; i++)
    if (c[i].n == 0 || c[i].n > ATTEMPTS_MAX || c[i].before > c[i].n || c[i].now > c[i].n)
      return cm_fail(e, CM_E_USAGE, i, "cluster %zu: %u and %u of %u attempts passed", i,
                     c[i].before, c[i].now, c[i].n);
  return CM_OK;
}

/* The sums are integers, so their order is free. */
typedef struct tally {
  int64_t attempts, gained;
} tally;

static void add(tally *t, cm_stat_cluster c) {
  t->attempts += c.n;
  t->gained += (int64_t)c.now - (int64_t)c.before;
}

static double rate(tally t) { return (double)t.gained / (double)t.attempts; }

static double one_round(const cm_stat_cluster *c, uint32_t n, cm_stat_random *r) {
  tally t = {0, 0};
  for (uint32_t i = 0; i < n; i++) add(&t, c[cm_stat_random_below(r, n)]);
  return rate(t);
}

/* Of `drawn`, sorted. */
static double p_of(const double *drawn, uint32_t rounds) {
  uint32_t below = 0, above = 0;
  for (uint32_t i = 0; i < rounds; i++) below += drawn[i] <= 0, above += drawn[i] >= 0;
  const uint32_t fewer = below < above ? below : above;
  return fmin(1, 2 * (1 + (double)fewer) / (1 + (double)rounds));
}

static double spread(const double *x, uint32_t n) {
  double sum = 0, squares = 0;
  for (uint32_t i = 0; i < n; i++) sum += x[i];
  for (uint32_t i = 0; i < n; i++) squares += (x[i] - sum / n) * (x[i] - sum / n);
  return sqrt(squares / (n - 1));
}

cm_code cm_stat_bootstrap(const cm_stat_cluster *c, size_t n, const cm_stat_bootstrap_options *o,
                          cm_arena *a, cm_stat_difference *out, cm_err *e) {
  *out = (cm_stat_difference){NAN, -1, 1, NAN, 1};
  const cm_code code = check(c, n, o, e);
  if (code || n == 0) return code;
  tally all = {0, 0};
  for (size_t i = 0; i < n; i++) add(&all, c[i]);
  out->difference = rate(all);
  if (n == 1) return CM_OK;
  double *drawn = cm_arena_alloc(a, o->rounds, sizeof *drawn);
  if (!drawn) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a bootstrap");
  cm_stat_random r = cm_stat_random_of(o->seed, 0);
  for (uint32_t i = 0; i < o->rounds; i++) drawn[i] = one_round(c, (uint32_t)n, &r);
  cm_stat_heapsort(drawn, o->rounds);
  const double tail = (1 - o->confidence) / 2;
  out->lower = cm_stat_interpolate(drawn, o->rounds, tail);
  out->upper = cm_stat_interpolate(drawn, o->rounds, 1 - tail);
  out->se = spread(drawn, o->rounds);
  out->p = p_of(drawn, o->rounds);
  return CM_OK;
}
