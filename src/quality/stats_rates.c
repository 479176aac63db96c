#include <math.h>

#include "quality/stats_parts.h"

static cm_code check_rate(uint64_t pass, uint64_t n, cm_err *e) {
  if (n > CM_STAT_COUNT_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "%llu attempts; statistics take up to %d",
                   (unsigned long long)n, CM_STAT_COUNT_MAX);
  if (pass > n)
    return cm_fail(e, CM_E_USAGE, 0, "%llu of %llu attempts passed", (unsigned long long)pass,
                   (unsigned long long)n);
  return CM_OK;
}

/* --- Wilson --- */

/* One end of the score interval, for +z or -z. The ends at 0 and 1 are exact, not nearly so. */
static double score_bound(uint64_t pass, uint64_t n, double z) {
  if (n == 0 || (pass == 0 && z <= 0) || (pass == n && z >= 0)) return z > 0 ? 1 : 0;
  const double m = (double)n, rate = (double)pass / m;
  const double spread = sqrt(rate * (1 - rate) / m + z * z / (4 * m * m));
  const double bound = (rate + z * z / (2 * m) + z * spread) / (1 + z * z / m);
  return fmin(1, fmax(0, bound));
}

cm_code cm_stat_wilson(uint64_t pass, uint64_t n, double confidence, cm_stat_interval *out,
                       cm_err *e) {
  *out = (cm_stat_interval){NAN, 0, 1};
  const cm_code code = check_rate(pass, n, e);
  if (code) return code;
  if (!(confidence > 0 && confidence < 1))
    return cm_fail(e, CM_E_USAGE, 0, "a confidence is between 0 and 1");
  const double z = cm_stat_normal_upper((1 - confidence) / 2);
  if (n) out->rate = (double)pass / (double)n;
  out->lower = score_bound(pass, n, -z), out->upper = score_bound(pass, n, z);
  return CM_OK;
}

static cm_code one_bound(uint64_t pass, uint64_t n, double confidence, double side, double *out,
                         cm_err *e) {
  *out = side > 0 ? 1 : 0;
  const cm_code code = check_rate(pass, n, e);
  if (code) return code;
  if (!(confidence >= 0.5 && confidence < 1))
    return cm_fail(e, CM_E_USAGE, 0, "the confidence of a bound is at least 0.5 and below 1");
  *out = score_bound(pass, n, side * cm_stat_normal_upper(1 - confidence));
  return CM_OK;
}

cm_code cm_stat_wilson_lower(uint64_t pass, uint64_t n, double confidence, double *out,
                             cm_err *e) {
  return one_bound(pass, n, confidence, -1, out, e);
}

cm_code cm_stat_wilson_upper(uint64_t pass, uint64_t n, double confidence, double *out,
                             cm_err *e) {
  return one_bound(pass, n, confidence, 1, out, e);
}

/* --- McNemar --- */

/* log n! minus Stirling's n log n - n + log(2 pi n) / 2. From 16 on four terms of the series leave
 * 2e-14 out; below, the factorials themselves are exact in float64. */
static double stirling_error(uint64_t n) {
  const double x = (double)n, y = 1 / (x * x), pi = acos(-1);
  if (n > 15) return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - y / 1680) * y) * y) / x;
  double factorial = 1;
  for (uint64_t i = 2; i <= n; i++) factorial *= (double)i;
  return log(factorial) - (x * log(x) - x + log(2 * pi * x) / 2);
}

/* P(X = k), X ~ Binomial(n, 1/2), by the saddle point expansion (Loader, "Fast and Accurate
 * Computation of Binomial Probabilities", 2000). log n! - log k! - log (n - k)! would lose eight
 * digits at n = 1,000,000. */
static double coin(uint64_t k, uint64_t n) {
  if (k == 0 || k == n) return exp(-(double)n * log(2));
  const double x = (double)k, m = (double)n, y = (double)(n - k), pi = acos(-1);
  const double off = (x - y) / m; /* -1 … 1 */
  const double deviance = m / 2 * ((1 + off) * log1p(off) + (1 - off) * log1p(-off));
  const double error = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
  return exp(error - deviance) * sqrt(m / (2 * pi * x * y));
}

/* P(X <= k), from the term k down: beyond the middle each is smaller than the one before. */
static double coin_below(uint64_t k, uint64_t n) {
  if (k >= n) return 1;
  if (2 * k >= n) return 1 - coin_below(n - k - 1, n);
  double term = coin(k, n), sum = term;
  for (uint64_t i = k; i > 0 && term > sum * 1e-18; i--) {
    term *= (double)i / (double)(n - i + 1);
    sum += term;
  }
  return fmin(sum, 1);
}

cm_code cm_stat_mcnemar(uint64_t lost, uint64_t won, cm_stat_mcnemar_result *out, cm_err *e) {
  *out = (cm_stat_mcnemar_result){1, 1, 1};
  if (lost > CM_STAT_COUNT_MAX || won > CM_STAT_COUNT_MAX - lost)
    return cm_fail(e, CM_E_LIMIT, 0, "too many pairs; statistics take up to %d",
                   CM_STAT_COUNT_MAX);
  const uint64_t n = lost + won;
  out->p_worse = coin_below(won, n); /* as many losses or more: as few wins or fewer */
  out->p_better = coin_below(lost, n);
  out->p_two_sided = fmin(1, 2 * fmin(out->p_worse, out->p_better));
  return CM_OK;
}

/* --- what could have been seen --- */

cm_code cm_stat_detectable(uint64_t n, double discordance, double alpha, double power, double *out,
                           cm_err *e) {
  *out = NAN;
  if (!(discordance >= 0 && discordance <= 1))
    return cm_fail(e, CM_E_USAGE, 0, "a discordance is between 0 and 1");
  if (!(alpha > 0 && alpha < 1) || !(power >= 0.5 && power < 1))
    return cm_fail(e, CM_E_USAGE, 0, "alpha is between 0 and 1, power at least 0.5 and below 1");
  if (n == 0 || discordance == 0) return CM_OK;
  /* Connor's equation squared is a quadratic one in d, of which the larger root is meant. */
  const double a = cm_stat_normal_upper(alpha / 2), b = cm_stat_normal_upper(1 - power);
  const double m = (double)n, quadratic = m + b * b, half = sqrt(m * discordance) * a;
  const double root = half * half - quadratic * (a * a - b * b) * discordance;
  const double d = (half + sqrt(root)) / quadratic;                /* NaN without a root */
  const bool of_the_squares = sqrt(m) * d < a * sqrt(discordance); /* not of Connor's equation */
  if (d <= discordance && !of_the_squares) *out = d;
  return CM_OK;
}

/* --- sequential --- */

cm_code cm_stat_sprt(const cm_stat_sprt_plan *plan, uint64_t passes, uint64_t fails,
                     cm_stat_verdict *out, cm_err *e) {
  const double bad = plan->bad, good = plan->good, alpha = plan->alpha, beta = plan->beta;
  *out = CM_STAT_CONTINUE;
  if (!(0 < bad && bad < good && good < 1))
    return cm_fail(e, CM_E_USAGE, 0, "a sequential test needs 0 < bad rate < good rate < 1");
  if (!(alpha > 0 && beta > 0 && alpha + beta < 1))
    return cm_fail(e, CM_E_USAGE, 0,
                   "the risks of a sequential test are above 0, together below 1");
  if (passes > CM_STAT_COUNT_MAX || fails > CM_STAT_COUNT_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "too many attempts; statistics take up to %d",
                   CM_STAT_COUNT_MAX);
  const double evidence =
      (double)passes * log(good / bad) + (double)fails * (log1p(-good) - log1p(-bad));
  if (evidence >= log((1 - beta) / alpha)) *out = CM_STAT_GOOD;
  else if (evidence <= log(beta / (1 - alpha))) *out = CM_STAT_BAD;
  return CM_OK;
}
