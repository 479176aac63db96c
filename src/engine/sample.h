/* engine/sample: from logits to the next token. */
#ifndef CM_ENGINE_SAMPLE_H
#define CM_ENGINE_SAMPLE_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Applied in this order: repetition penalty, top-k, temperature, top-p, min-p, draw. temperature 0
 * is greedy: the largest logit after the penalty, the lowest id on a tie. */
typedef struct cm_sample_options {
  float temperature; /* >= 0; 0: greedy */
  uint32_t top_k;    /* keep the k largest; 0: all */
  float top_p; /* keep the smallest set that holds this probability, 0 < p <= 1; 1: all (Holtzman
                  et al., 2020) */
  float min_p; /* drop below min_p times the largest probability, 0 <= p < 1; 0: none */
  float repeat_penalty; /* divides positive, multiplies negative logits of recent tokens; 1: none
                           (Keskar et al., 2019) */
  uint32_t repeat_last; /* how many recent tokens the penalty looks at, <= 4096 */
  uint64_t seed;
} cm_sample_options;

cm_sample_options cm_sample_defaults(void); /* greedy */
/* CM_E_USAGE with the name of the option that is out of range. */
cm_code cm_sample_check(const cm_sample_options *o, cm_err *e);

typedef struct cm_sampler cm_sampler;

cm_code cm_sampler_open(cm_sampler **out, const cm_sample_options *o, size_t vocab, cm_err *e);
void cm_sampler_close(cm_sampler *s);

/* Picks a token from logits[vocab], which are unchanged afterwards. `recent` are the tokens so
 * far, newest last. *logprob receives the natural logarithm of the token's probability under the
 * model itself: softmax of the unchanged logits. Non-finite logits never win; if none is finite
 * the result is token 0. Does not allocate. */
uint32_t cm_sampler_pick(cm_sampler *s, float *logits, const uint32_t *recent, size_t n_recent,
                         float *logprob);

/* A token, and the natural logarithm of its probability under the model itself. */
typedef struct cm_likely {
  uint32_t token;
  float logprob;
} cm_likely;

enum { CM_LIKELY_MAX = 20 };

/* The n likeliest tokens after logits[vocab], best first, of equal ones the lowest id first.
 * Returns how many they are: fewer where less than n logits are finite. n <= CM_LIKELY_MAX. */
size_t cm_sampler_likeliest(const float *logits, size_t vocab, cm_likely *out, size_t n);

#endif
