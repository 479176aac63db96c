/* rooms: base quality */
/* Any bytes as numbers: every statistic refuses them or keeps within its bounds. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quality/stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES_MAX = 256, ARENA_MAX = 1 << 20 };

static void must(bool ok) {
  if (!ok) abort();
}

static void is_probability(double p) { must(p >= 0 && p <= 1); }

static void summary(double *x, size_t n) {
  cm_stat_summary s;
  cm_err e;
  if (cm_stat_summarize(x, n, &s, &e)) return;
  must(s.n == n && isfinite(s.mean) == (n > 0) && cm_stat_known(s.median) == (n > 0));
  must(cm_stat_known(s.p95) == (n >= 20) && cm_stat_known(s.p99) == (n >= 100));
  if (n) must(s.min <= s.median && s.median <= s.max && s.mad >= 0);
  if (n > 1) must(s.sd >= 0 && isfinite(s.sd));
  for (double q = 0; q <= 1; q += 0.0625) {
    const double value = cm_stat_quantile(x, n, q);
    must(!cm_stat_known(value) || (value >= s.min && value <= s.max));
  }
}

static void shift(double *x, size_t n) {
  cm_stat_shift s;
  cm_err e;
  if (cm_stat_shift_of(x, n / 2, x + n / 2, n - n / 2, &s, &e)) return;
  is_probability(s.p_greater), is_probability(s.p_less), is_probability(s.p_two_sided);
  must(s.u >= 0 && s.u <= (double)(n / 2) * (double)(n - n / 2));
  must(s.p_greater + s.p_less >= 1 - 1e-9);
}

static void changes(const double *x, size_t n, cm_arena *a) {
  cm_stat_change_options o = cm_stat_change_defaults();
  const cm_stat_change *c;
  size_t found;
  cm_err e;
  o.permutations = 99, o.alpha = 0.1;
  if (cm_stat_changes(x, n, &o, a, &c, &found, &e)) return;
  for (size_t i = 0; i < found; i++) {
    const size_t before = i ? c[i - 1].at : 0;
    must(c[i].at >= before + o.min_segment && c[i].at + o.min_segment <= n);
    must(c[i].p > 0 && c[i].p <= o.alpha && c[i].before != c[i].after);
  }
}

static void rates(const uint64_t *u, const double *x) {
  cm_stat_interval w;
  cm_stat_mcnemar_result m;
  cm_stat_verdict v;
  cm_err e;
  double bound;
  if (cm_stat_wilson(u[0], u[1], x[0], &w, &e) == CM_OK)
    must(0 <= w.lower && w.lower <= w.upper && w.upper <= 1);
  if (cm_stat_wilson_lower(u[0], u[1], x[0], &bound, &e) == CM_OK)
    must(bound >= 0 && (u[1] == 0 || bound <= (double)u[0] / (double)u[1] + 1e-12));
  if (cm_stat_wilson_upper(u[0], u[1], x[0], &bound, &e) == CM_OK)
    must(bound <= 1 && (u[1] == 0 || bound >= (double)u[0] / (double)u[1] - 1e-12));
  if (cm_stat_mcnemar(u[0], u[1], &m, &e) == CM_OK)
    is_probability(m.p_worse), is_probability(m.p_better), is_probability(m.p_two_sided);
  if (cm_stat_detectable(u[1], x[0], x[1], x[2], &bound, &e) == CM_OK && cm_stat_known(bound))
    must(bound > 0 && bound <= x[0]);
  const cm_stat_sprt_plan plan = {x[0], x[1], x[2], x[3]};
  if (cm_stat_sprt(&plan, u[0], u[1], &v, &e) == CM_OK && u[0] + u[1] == 0)
    must(v == CM_STAT_CONTINUE);
}

static void bootstrap(const uint8_t *data, size_t size, cm_arena *a) {
  const cm_stat_bootstrap_options o = {0.9, 100, 7};
  cm_stat_cluster c[64];
  cm_stat_difference d;
  cm_err e;
  size_t n = 0;
  for (; n < 64 && 3 * n + 2 < size; n++)
    c[n] = (cm_stat_cluster){data[3 * n], data[3 * n + 1], data[3 * n + 2]};
  if (cm_stat_bootstrap(c, n, &o, a, &d, &e)) return;
  must(-1 <= d.lower && d.lower <= d.upper && d.upper <= 1);
  is_probability(d.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  double x[VALUES_MAX] = {0}, copy[VALUES_MAX];
  uint64_t u[2] = {0};
  size_t n = size / sizeof *x < VALUES_MAX ? size / sizeof *x : VALUES_MAX;
  cm_arena *a = cm_arena_open(ARENA_MAX);
  if (!a) return 0;
  if (n) memcpy(x, data, n * sizeof *x);
  if (size >= sizeof u) memcpy(u, data + size - sizeof u, sizeof u);
  u[0] %= (uint64_t)CM_STAT_COUNT_MAX + 2, u[1] %= (uint64_t)CM_STAT_COUNT_MAX + 2;
  rates(u, x);
  bootstrap(data, size, a);
  changes(x, n, a);
  memcpy(copy, x, sizeof x);
  shift(copy, n);
  summary(x, n);
  cm_arena_close(a);
  return 0;
}
