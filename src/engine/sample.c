#include "engine/sample.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/mem.h"
#include "kernel/kernel.h"

enum { MAX_REPEAT_LAST = 4096 };

typedef struct candidate {
  float logit; /* later: probability */
  uint32_t id;
} candidate;

struct cm_sampler {
  cm_sample_options o;
  size_t vocab;
  uint64_t state;
  /* [vocab] where anything is drawn: n of them may be, the first `sorted` are in order */
  candidate *c;
  size_t n, sorted;
  candidate *saved; /* [repeat_last] logits as they were before the penalty */
};

cm_sample_options cm_sample_defaults(void) {
  return (cm_sample_options){.top_p = 1, .repeat_penalty = 1, .repeat_last = 64};
}

cm_code cm_sample_check(const cm_sample_options *o, cm_err *e) {
  if (!(o->temperature >= 0 && o->temperature <= 100))
    return cm_fail(e, CM_E_USAGE, 0, "temperature must be 0 to 100");
  if (!(o->top_p > 0 && o->top_p <= 1))
    return cm_fail(e, CM_E_USAGE, 0, "top-p must be above 0 and at most 1");
  if (!(o->min_p >= 0 && o->min_p < 1))
    return cm_fail(e, CM_E_USAGE, 0, "min-p must be at least 0 and below 1");
  if (!(o->repeat_penalty > 0 && o->repeat_penalty <= 10))
    return cm_fail(e, CM_E_USAGE, 0, "repetition penalty must be above 0 and at most 10");
  if (o->repeat_last > MAX_REPEAT_LAST)
    return cm_fail(e, CM_E_USAGE, 0, "the repetition penalty looks at up to %d tokens",
                   MAX_REPEAT_LAST);
  return CM_OK;
}

cm_code cm_sampler_open(cm_sampler **out, const cm_sample_options *o, size_t vocab, cm_err *e) {
  *out = NULL;
  cm_code code = cm_sample_check(o, e);
  if (code) return code;
  /* Its reciprocal is no number: so cold only the likeliest is taken, and nothing is drawn. */
  const bool draws = o->temperature >= FLT_MIN;
  cm_sampler *s = cm_alloc(1, sizeof *s);
  if (s) s->c = cm_alloc(draws ? vocab : 1, sizeof *s->c);
  if (s) s->saved = cm_alloc(o->repeat_last, sizeof *s->saved);
  if (!s || !s->c || !s->saved) {
    cm_sampler_close(s);
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for a sampler");
  }
  s->o = *o, s->vocab = vocab, s->state = o->seed;
  if (!draws) s->o.temperature = 0;
  *out = s;
  return CM_OK;
}

void cm_sampler_close(cm_sampler *s) {
  if (!s) return;
  cm_free(s->c);
  cm_free(s->saved);
  cm_free(s);
}

/* splitmix64 (Steele et al., 2014): one addition and a mix; any seed is a good seed. */
static uint64_t next_random(cm_sampler *s) {
  uint64_t z = s->state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* Penalizes each of the recent tokens once; returns how many values were put aside for restore().
 */
static size_t penalize(cm_sampler *s, float *logits, const uint32_t *recent, size_t n) {
  size_t from = n > s->o.repeat_last ? n - s->o.repeat_last : 0, saved = 0;
  if (s->o.repeat_penalty == 1) return 0;
  for (size_t i = from; i < n; i++) {
    size_t first = from;
    while (recent[first] != recent[i]) first++;
    if (first < i || recent[i] >= s->vocab) continue;
    float *l = &logits[recent[i]];
    s->saved[saved++] = (candidate){*l, recent[i]};
    *l = *l > 0 ? *l / s->o.repeat_penalty : *l * s->o.repeat_penalty;
  }
  return saved;
}

static void restore(const cm_sampler *s, float *logits, size_t saved) {
  for (size_t i = 0; i < saved; i++) logits[s->saved[i].id] = s->saved[i].logit;
}

/* Best first: larger logit, then lower id. */
static bool before(candidate x, candidate y) {
  return x.logit != y.logit ? x.logit > y.logit : x.id < y.id;
}

static void sift(candidate *c, size_t root, size_t n) {
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && before(c[child], c[child + 1])) child++;
    if (before(c[child], c[root])) return;
    candidate t = c[root];
    c[root] = c[child], c[child] = t;
  }
}

/* Heapsort: in place (the C library's sort may allocate), n log n whatever the logits are. */
static void sort(candidate *c, size_t n) {
  for (size_t i = n / 2; i-- > 0;) sift(c, i, n);
  for (size_t i = n; i-- > 1;) {
    candidate t = c[0];
    c[0] = c[i], c[i] = t;
    sift(c, 0, i);
  }
}

/* Splits [lo, hi) into two parts, none empty and none of the first behind one of the second
 * (Hoare, 1961); returns where the second begins. The pivot is never the last element, hence none
 * empty. */
static size_t split(candidate *c, size_t lo, size_t hi) {
  candidate pivot = c[lo + (hi - 1 - lo) / 2];
  for (size_t i = lo, j = hi - 1;; i++, j--) {
    while (before(c[i], pivot)) i++;
    while (before(pivot, c[j])) j--;
    if (i >= j) return j + 1;
    candidate t = c[i];
    c[i] = c[j], c[j] = t;
  }
}

/* Moves the k best candidates to the front by quickselect, so that only they are sorted. */
static void select_best(candidate *c, size_t n, size_t k) {
  size_t lo = 0, hi = n;
  while (hi - lo > 1 && k > lo && k < hi) {
    size_t cut = split(c, lo, hi);
    if (k <= cut) hi = cut;
    else lo = cut;
  }
}

/* What may be drawn: all finite logits, or the k largest. */
static void collect(cm_sampler *s, const float *logits) {
  s->n = s->sorted = 0;
  for (size_t i = 0; i < s->vocab; i++)
    if (isfinite(logits[i])) s->c[s->n++] = (candidate){logits[i], (uint32_t)i};
  if (!s->o.top_k || s->o.top_k >= s->n) return;
  select_best(s->c, s->n, s->o.top_k);
  s->n = s->o.top_k;
}

static float weight(const cm_sampler *s, float logit, float max) {
  return cm_expf((logit - max) * (1.0f / s->o.temperature));
}

/* Candidate i in order of weight, which takes the place of its logit. Few draws look far, so that
 * only the beginning is sorted, and more of it when it is needed. */
static candidate at(cm_sampler *s, size_t i, float max) {
  while (i >= s->sorted) {
    candidate *c = s->c + s->sorted;
    const size_t left = s->n - s->sorted;
    size_t more = s->sorted ? 3 * s->sorted : 64;
    if (more < left) select_best(c, left, more);
    else more = left;
    sort(c, more);
    for (size_t k = 0; k < more; k++) c[k].logit = weight(s, c[k].logit, max);
    s->sorted += more;
  }
  return s->c[i];
}

static double total_weight(const cm_sampler *s, const float *logits, float max) {
  double total = 0;
  if (!s->o.top_k) return cm_exp_sum(logits, s->vocab, max, 1.0f / s->o.temperature);
  for (size_t i = 0; i < s->n; i++) total += (double)weight(s, s->c[i].logit, max);
  return total;
}

/* How many candidates are left, best first, and what they weigh in all. */
static size_t nucleus(cm_sampler *s, float max, double total, double *kept) {
  const bool all = s->o.top_p >= 1 && s->o.min_p <= 0;
  const double enough = (double)s->o.top_p * total;
  size_t m = 1;
  *kept = all ? total : (double)at(s, 0, max).logit;
  if (all) return s->n;
  for (; m < s->n && *kept < enough; m++) {
    const candidate c = at(s, m, max);
    if (c.logit < s->o.min_p * s->c[0].logit) break;
    *kept += (double)c.logit;
  }
  return m;
}

static uint32_t draw(cm_sampler *s, const float *logits, float max) {
  double kept;
  collect(s, logits);
  const size_t n = nucleus(s, max, total_weight(s, logits, max), &kept);
  double left = (double)(next_random(s) >> 11) * 0x1p-53 * kept;
  for (size_t i = 0; i + 1 < n; i++) {
    const candidate c = at(s, i, max);
    left -= (double)c.logit;
    if (left < 0) return c.id;
  }
  return at(s, n - 1, max).id;
}

uint32_t cm_sampler_pick(cm_sampler *s, float *logits, const uint32_t *recent, size_t n_recent,
                         float *logprob) {
  const cm_peak peak = cm_peak_of(logits, s->vocab);
  *logprob = 0;
  if (peak.at == s->vocab) return 0;
  const size_t saved = penalize(s, logits, recent, n_recent);
  const cm_peak after = saved ? cm_peak_of(logits, s->vocab) : peak;
  size_t top = after.at;
  if (top == s->vocab) top = peak.at; /* the penalty left float32's range: forget it */
  else if (s->o.temperature > 0) top = draw(s, logits, after.max);
  restore(s, logits, saved);
  *logprob = (float)((double)logits[top] - (double)peak.max - log(peak.sum));
  return (uint32_t)top;
}

/* Few are asked for: each takes its place in a short list. */
size_t cm_sampler_likeliest(const float *logits, size_t vocab, cm_likely *out, size_t n) {
  const cm_peak peak = cm_peak_of(logits, vocab);
  size_t have = 0;
  for (size_t i = 0; n && i < vocab; i++) {
    if (!isfinite(logits[i]) || (have == n && !(logits[i] > out[n - 1].logprob))) continue;
    size_t at = have < n ? have++ : n - 1;
    for (; at > 0 && out[at - 1].logprob < logits[i]; at--) out[at] = out[at - 1];
    out[at] = (cm_likely){(uint32_t)i, logits[i]};
  }
  const double all = log(peak.sum);
  for (size_t i = 0; i < have; i++)
    out[i].logprob = (float)((double)out[i].logprob - (double)peak.max - all);
  return have;
}
