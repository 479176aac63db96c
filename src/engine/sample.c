#include "engine/sample.h"

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
  candidate *c;     /* [vocab] */
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
  cm_sampler *s = cm_alloc(1, sizeof *s);
  if (s) s->c = cm_alloc(vocab, sizeof *s->c);
  if (s) s->saved = cm_alloc(o->repeat_last, sizeof *s->saved);
  if (!s || !s->c || !s->saved) {
    cm_sampler_close(s);
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for a sampler");
  }
  s->o = *o, s->vocab = vocab, s->state = o->seed;
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

/* log of the sum of exp(logit - max), in index order, float64 so that 150,000 terms keep their
 * digits. */
static double log_sum(const float *logits, size_t n, float max) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    if (logits[i] > max - 40.0f && logits[i] <= max) sum += (double)cm_expf(logits[i] - max);
  return log(sum);
}

static size_t collect(cm_sampler *s, const float *logits) {
  size_t n = 0;
  for (size_t i = 0; i < s->vocab; i++)
    if (isfinite(logits[i])) s->c[n++] = (candidate){logits[i], (uint32_t)i};
  size_t k = s->o.top_k && s->o.top_k < n ? s->o.top_k : n;
  if (k < n) select_best(s->c, n, k);
  sort(s->c, k);
  return k;
}

static uint32_t draw(cm_sampler *s, size_t n) {
  candidate *c = s->c;
  float max = c[0].logit;
  double total = 0, kept = 0;
  for (size_t i = 0; i < n; i++) {
    c[i].logit = cm_expf((c[i].logit - max) / s->o.temperature);
    total += (double)c[i].logit;
  }
  size_t m = 0;
  while (m < n) {
    if (m > 0 && (kept >= (double)s->o.top_p * total || c[m].logit < s->o.min_p * c[0].logit))
      break;
    kept += (double)c[m++].logit;
  }
  double at = (double)(next_random(s) >> 11) * 0x1p-53 * kept;
  for (size_t i = 0; i + 1 < m; i++) {
    at -= (double)c[i].logit;
    if (at < 0) return c[i].id;
  }
  return c[m - 1].id;
}

/* The largest finite logit, the first one on a tie; n when there is none. */
static size_t best(const float *logits, size_t n) {
  size_t at = n;
  for (size_t i = 0; i < n; i++)
    if (isfinite(logits[i]) && (at == n || logits[i] > logits[at])) at = i;
  return at;
}

uint32_t cm_sampler_pick(cm_sampler *s, float *logits, const uint32_t *recent, size_t n_recent,
                         float *logprob) {
  size_t top = best(logits, s->vocab);
  *logprob = 0;
  if (top == s->vocab) return 0;
  double norm = log_sum(logits, s->vocab, logits[top]) + (double)logits[top];
  size_t saved = penalize(s, logits, recent, n_recent);
  size_t after = best(logits, s->vocab); /* none: the penalty left float32's range, so forget it */
  if (after < s->vocab) top = s->o.temperature > 0 ? draw(s, collect(s, logits)) : after;
  restore(s, logits, saved);
  *logprob = (float)((double)logits[top] - norm);
  return (uint32_t)top;
}
