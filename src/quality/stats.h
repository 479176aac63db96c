/* quality/stats: what a number of a report is worth. Pure functions: numbers in, numbers out.
 *
 * "None" is NaN: the median of an empty list, a p95 of nine values, a ratio to 0. It is never 0 or
 * another value that means something; cm_stat_known() asks, and a report writes null or "-".
 *
 * Every list of values is refused (CM_E_FORMAT, `pos` is the index) when a value is NaN, infinite
 * or beyond CM_STAT_VALUE_MAX; a parameter out of its range is CM_E_USAGE. Results are the same on
 * every run: what is drawn at random comes from a seed.
 *
 * What the gates call:
 *   floor, on a pull request    cm_stat_wilson_upper(pass, n, 0.95) < floor: fails
 *   floor, on a release         cm_stat_wilson_lower(pass, n, 0.95) >= target, else fails
 *   against a baseline          cm_stat_mcnemar: p_worse <= 0.05: fails
 *   compare, ab                 cm_stat_mcnemar, cm_stat_bootstrap, cm_stat_detectable
 *   speed, base against head    cm_stat_shift_of: p_greater < 0.01 and ratio > 1.05, twice
 *   a sampled run               cm_stat_sprt after each case (sampling.h)
 *   trend detect                cm_stat_changes
 *   budget on a percentile      cm_stat_summarize: when p95 is none, n is too small; max <= budget
 *                               still proves that it is met, and max > budget proves nothing */
#ifndef CM_QUALITY_STATS_H
#define CM_QUALITY_STATS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* Sizes up to which every formula here keeps its digits. */
#define CM_STAT_VALUE_MAX 1e100
enum { CM_STAT_N_MAX = 1000000, CM_STAT_COUNT_MAX = 1000000000, CM_STAT_HISTORY_MAX = 1000 };

/* False for "none". */
static inline bool cm_stat_known(double x) { return x == x; }

/* --- one list of values --- */

/* In the unit of the values. `mean`, `min`, `max`, `median` and `mad` are none for an empty list,
 * `sd` for fewer than 2 values, `p95` for fewer than 20, `p99` for fewer than 100. */
typedef struct cm_stat_summary {
  size_t n;
  double mean, sd; /* sd: of a sample, divided by n - 1 */
  double min, max, median, p95, p99;
  double mad; /* median of |value - median|, not scaled to look like an sd */
} cm_stat_summary;

/* Sorts x[n] in place, ascending; n <= CM_STAT_N_MAX, else CM_E_LIMIT. n log n, no allocation. */
cm_code cm_stat_sort(double *x, size_t n, cm_err *e);

/* Sorts x[n] and fills *out. */
cm_code cm_stat_summarize(double *x, size_t n, cm_stat_summary *out, cm_err *e);

/* The quantile q (0 <= q <= 1) of `sorted`, by linear interpolation between order statistics at
 * (n - 1) q: type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (The American
 * Statistician 50, 1996), which is R's and NumPy's default.
 *
 * None for an empty list, and where fewer than one value is expected beyond it, that is, when
 * n min(q, 1 - q) < 1: such a value is the largest (or smallest) of the list under another name.
 * The median alone needs only one value. So p90 takes 10 values, p95 20, p99 100. Minimum and
 * maximum (q = 0, q = 1) are asked for by their names, above. */
double cm_stat_quantile(const double *sorted, size_t n, double q);

/* --- pass rates --- */

typedef struct cm_stat_interval {
  double rate; /* pass / n; none for n == 0 */
  double lower, upper;
} cm_stat_interval;

/* Wilson's score interval without continuity correction (Wilson, "Probable Inference, the Law of
 * Succession, and Statistical Inference", JASA 22, 1927): two-sided, 0 < confidence < 1. Nothing
 * tried gives 0 to 1: nothing is known. pass <= n <= CM_STAT_COUNT_MAX. */
cm_code cm_stat_wilson(uint64_t pass, uint64_t n, double confidence, cm_stat_interval *out,
                       cm_err *e);

/* One-sided: the true rate lies above *out (below it) with this confidence. The same score, so the
 * bounds of the two-sided interval with 1 - 2 (1 - confidence). Here 0.5 <= confidence < 1. */
cm_code cm_stat_wilson_lower(uint64_t pass, uint64_t n, double confidence, double *out, cm_err *e);
cm_code cm_stat_wilson_upper(uint64_t pass, uint64_t n, double confidence, double *out, cm_err *e);

/* p-values: how likely at least this much is if nothing changed. */
typedef struct cm_stat_mcnemar_result {
  double p_worse, p_better, p_two_sided;
} cm_stat_mcnemar_result;

/* Exact McNemar test of paired outcomes: `lost` passed before and fail now, `won` the other way
 * round; pairs that agree say nothing. p_worse = P(X >= lost), X ~ Binomial(lost + won, 1/2);
 * two-sided is twice the smaller tail, at most 1 (McNemar, Psychometrika 12, 1947; Agresti,
 * "Categorical Data Analysis", 10.1). No pairs that differ: all are 1. lost + won <=
 * CM_STAT_COUNT_MAX. */
cm_code cm_stat_mcnemar(uint64_t lost, uint64_t won, cm_stat_mcnemar_result *out, cm_err *e);

/* The smallest true difference of two pass rates that a paired test of n pairs finds with
 * probability `power`, when a share `discordance` of the pairs differs: the solution d of
 *   n d^2 = (z(1 - alpha / 2) sqrt(discordance) + z(power) sqrt(discordance - d^2))^2
 * (Connor, "Sample Size for Testing Differences in Proportions for the Paired-Sample Design",
 * Biometrics 43, 1987). For a one-sided test give 2 alpha. Where pairs come in clusters let n be
 * the number of clusters: that is on the safe side.
 *
 * *out is none when there is no such difference: no pairs, no discordance, or it would be larger
 * than the discordance. A discordance that was estimated as 0 is no reason for trust: put the
 * upper Wilson bound in. 0 < alpha < 1, 0.5 <= power < 1, 0 <= discordance <= 1. */
cm_code cm_stat_detectable(uint64_t n, double discordance, double alpha, double power, double *out,
                           cm_err *e);

typedef enum cm_stat_verdict {
  CM_STAT_CONTINUE, /* not decided: take another sample */
  CM_STAT_BAD,      /* the rate is `bad` rather than `good` */
  CM_STAT_GOOD
} cm_stat_verdict;

typedef struct cm_stat_sprt_plan {
  double bad, good; /* pass rates, 0 < bad < good < 1 */
  double alpha;     /* risk of calling a bad rate good, */
  double beta;      /* and of calling a good one bad; both > 0, alpha + beta < 1 */
} cm_stat_sprt_plan;

/* Wald's sequential probability ratio test after so many passes and fails ("Sequential Tests of
 * Statistical Hypotheses", Annals of Mathematical Statistics 16, 1945). Call it after each attempt
 * and stop at the first verdict: only that one keeps the risks. It always comes, but a cap on the
 * attempts is wise; at the cap "not decided" is the result. */
cm_code cm_stat_sprt(const cm_stat_sprt_plan *plan, uint64_t passes, uint64_t fails,
                     cm_stat_verdict *out, cm_err *e);

/* --- the difference of two pass rates --- */

/* A case and its paraphrases succeed and fail together, so they are drawn together: `n` attempts
 * of one cluster, of which so many passed before and now. */
typedef struct cm_stat_cluster {
  uint32_t n, before, now; /* 1 <= n <= 1,000,000, before and now <= n */
} cm_stat_cluster;

typedef struct cm_stat_bootstrap_options {
  double confidence; /* of the interval, 0 < c < 1 */
  uint32_t rounds;   /* 100 to 100,000 */
  uint64_t seed;
} cm_stat_bootstrap_options;

cm_stat_bootstrap_options cm_stat_bootstrap_defaults(void); /* 0.95, 10,000 */

typedef struct cm_stat_difference {
  double difference;   /* rate now - rate before; none without clusters */
  double lower, upper; /* percentile interval; -1 and 1 for fewer than 2 clusters */
  double se;           /* its standard error; none for fewer than 2 clusters */
  double p;            /* two-sided; in steps of 2 / (rounds + 1) */
} cm_stat_difference;

/* Paired bootstrap over whole clusters (Efron and Tibshirani, "An Introduction to the Bootstrap",
 * 1993, 13.3; Field and Welsh, "Bootstrapping Clustered Data", JRSS B 69, 2007). A round draws as
 * many clusters as there are, with replacement, and takes the rates over all their attempts. p is
 * the level at which the interval begins to hold 0, counted with the + 1 of Davison and Hinkley,
 * "Bootstrap Methods", 1997, 4.2: 2 (1 + min(#(d* <= 0), #(d* >= 0))) / (rounds + 1), at most 1.
 *
 * Takes 8 bytes a round from `a`; n rounds <= 2^32, else CM_E_LIMIT; CM_E_NOMEM. */
cm_code cm_stat_bootstrap(const cm_stat_cluster *c, size_t n, const cm_stat_bootstrap_options *o,
                          cm_arena *a, cm_stat_difference *out, cm_err *e);

/* --- speed: two lists of values --- */

typedef struct cm_stat_shift {
  double u; /* pairs (base, head) whose head is greater, ties count half */
  double p_greater, p_less, p_two_sided; /* of head against base; 1 if either is empty */
  bool exact;
  double base_median, head_median;
  double ratio; /* head_median / base_median; none unless base_median > 0 */
} cm_stat_shift;

/* Wilcoxon-Mann-Whitney test (Mann and Whitney, "On a Test of Whether One of Two Random Variables
 * is Stochastically Larger than the Other", Annals of Mathematical Statistics 18, 1947). Exact
 * when no two values are equal and neither list has more than 33; else the normal approximation
 * with the variance corrected for ties and a continuity correction of 1/2 (Lehmann,
 * "Nonparametrics", 1975, 1.4). Sorts both lists in place; each <= CM_STAT_N_MAX. */
cm_code cm_stat_shift_of(double *base, size_t n_base, double *head, size_t n_head,
                         cm_stat_shift *out, cm_err *e);

/* --- history: when did it change? --- */

typedef struct cm_stat_change_options {
  double alpha;          /* chance of a change seen in a history without one, 0.001 to 0.5 */
  double min_change;     /* smaller relative changes of the median stay unsaid; >= 0 */
  size_t min_segment;    /* values between two changes, >= 2 */
  uint32_t permutations; /* 99 to 9,999; (permutations + 1) alpha >= 1 */
  uint64_t seed;
} cm_stat_change_options;

cm_stat_change_options cm_stat_change_defaults(void); /* 0.01, 0.02, 4, 999 */

typedef struct cm_stat_change {
  size_t at;            /* index of the first value after it */
  double before, after; /* medians of the stretches on both sides, up to the next change */
  double ratio;         /* after / before; none unless before > 0 */
  double p;             /* the larger of the p of its discovery and of the two stretches' test */
} cm_stat_change;

/* Changes of level in x[n], oldest first. The arc of values that differs most from the rest is
 * looked for, so that a regression that was mended is found too (circular binary segmentation:
 * Olshen, Venkatraman, Lucito and Wigler, Biostatistics 5, 2004). Values count up to 2.5 robust
 * standard deviations, so that an outlier moves nothing. A random permutation may do as well at
 * most alpha of the time; then the pieces are searched in turn. Last, an edge is taken back that
 * the Mann-Whitney test of its two stretches or min_change doesn't confirm.
 *
 * It trusts that noise is independent from value to value: a machine that is slow for a week is a
 * change. Histories shorter than 2 min_segment have none. *out (n_out of them, oldest first) lives
 * in `a`, which gives less than 64 KiB. n > CM_STAT_HISTORY_MAX is CM_E_LIMIT: give the newest.
 * Time: n^2 / 2 steps a permutation, less than a second for a change in 1,000 values. */
cm_code cm_stat_changes(const double *x, size_t n, const cm_stat_change_options *o, cm_arena *a,
                        const cm_stat_change **out, size_t *n_out, cm_err *e);

#endif
