/* rooms: engine */
/* The sampler against its definition, computed here the slow way in float64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sample.h"

enum { VOCAB = 40 };

/* Logits that look like a model's, a few of them equal. */
static const float *some_logits(void) {
  static float x[VOCAB];
  for (unsigned i = 0; i < VOCAB; i++) x[i] = (float)((i * 2654435761u) >> 24) / 32.0f - 3.0f;
  x[17] = x[5] = x[30];
  return x;
}

static cm_sampler *open_sampler(const cm_sample_options *o, size_t vocab) {
  cm_sampler *s;
  cm_err e;
  if (cm_sampler_open(&s, o, vocab, &e)) fail_msg("%s", e.msg);
  return s;
}

static uint32_t pick(cm_sampler *s, const float *logits, size_t n) {
  float copy[VOCAB], logprob;
  memcpy(copy, logits, n * sizeof *logits);
  uint32_t id = cm_sampler_pick(s, copy, NULL, 0, &logprob);
  assert_memory_equal(copy, logits, n * sizeof *logits);
  return id;
}

/* One pick with these options. */
static uint32_t pick_once(const cm_sample_options *o, const float *logits, size_t n) {
  cm_sampler *s = open_sampler(o, n);
  uint32_t id = pick(s, logits, n);
  cm_sampler_close(s);
  return id;
}

static cm_sample_options sampling(float temperature) {
  cm_sample_options o = cm_sample_defaults();
  o.temperature = temperature;
  return o;
}

/* --- the likeliest --- */

/* Against a sort of all of them, and a softmax in float64. */
static void likeliest_are_in_order(void **unused) {
  (void)unused;
  const float *x = some_logits();
  double all = 0;
  for (size_t i = 0; i < VOCAB; i++) all += exp((double)x[i]);
  for (size_t n = 0; n <= CM_LIKELY_MAX; n++) {
    cm_likely top[CM_LIKELY_MAX];
    bool taken[VOCAB] = {false};
    assert_int_equal(cm_sampler_likeliest(x, VOCAB, top, n), n);
    for (size_t k = 0; k < n; k++) {
      size_t best = VOCAB;
      for (size_t i = 0; i < VOCAB; i++)
        if (!taken[i] && (best == VOCAB || x[i] > x[best])) best = i;
      taken[best] = true;
      assert_int_equal(top[k].token, best);
      assert_true(fabs((double)top[k].logprob - ((double)x[best] - log(all))) < 1e-5);
    }
  }
}

static void likeliest_are_finite(void **unused) {
  (void)unused;
  cm_likely top[4];
  const float few[] = {NAN, 2, -INFINITY, INFINITY, 2, -1}, none[] = {NAN, INFINITY};
  assert_int_equal(cm_sampler_likeliest(few, 6, top, 4), 3);
  assert_int_equal(top[0].token, 1);
  assert_int_equal(top[1].token, 4);
  assert_int_equal(top[2].token, 5);
  assert_true(fabs((double)top[0].logprob + log(2 + exp(-3.0))) < 1e-5);
  assert_int_equal(cm_sampler_likeliest(none, 2, top, 4), 0);
}

/* --- greedy --- */

static void greedy_takes_the_largest(void **unused) {
  cm_sample_options o = cm_sample_defaults();
  float tie[] = {1, 3, 3, -1, 3}, falling[] = {-1, -2, -3};
  (void)unused;
  assert_int_equal(pick_once(&o, tie, 5), 1);
  assert_int_equal(pick_once(&o, falling, 3), 0);
  assert_int_equal(pick_once(&o, (float[]){-5}, 1), 0);
}

static void temperature_0_ignores_the_rest(void **unused) {
  cm_sample_options o = cm_sample_defaults();
  o.top_k = 7, o.top_p = 0.5f, o.min_p = 0.1f;
  (void)unused;
  for (o.seed = 0; o.seed < 20; o.seed++)
    assert_int_equal(pick_once(&o, (float[]){0, 1, 1, 0.9f}, 4), 1);
}

/* 1 / temperature is beyond a float's range for the last two. */
static void cold_is_greedy(void **unused) {
  static const float cold[] = {1e-30f, 1e-37f, 1e-38f, 1e-40f, 1e-45f};
  float logits[] = {1, 3, 2, -1, 0};
  (void)unused;
  for (size_t i = 0; i < sizeof cold / sizeof *cold; i++)
    for (uint32_t top_k = 0; top_k < 5; top_k += 4) {
      cm_sample_options o = sampling(cold[i]);
      o.top_k = top_k;
      assert_int_equal(pick_once(&o, logits, 5), 1);
    }
}

static void log_probability_is_the_models(void **unused) {
  const float *x = some_logits();
  cm_sample_options o = sampling(3);
  o.repeat_penalty = 2, o.top_k = 5;
  cm_sampler *s = open_sampler(&o, VOCAB);
  double sum = 0;
  (void)unused;
  for (size_t i = 0; i < VOCAB; i++) sum += exp((double)x[i]);
  for (int i = 0; i < 50; i++) {
    float copy[VOCAB], logprob;
    memcpy(copy, x, sizeof copy);
    uint32_t id = cm_sampler_pick(s, copy, (uint32_t[]){1, 2, 3}, 3, &logprob);
    assert_true(fabs((double)logprob - ((double)x[id] - log(sum))) < 1e-5);
  }
  cm_sampler_close(s);
}

/* --- which tokens may come --- */

/* Expects exactly the tokens of `may` from many draws: at least 3,000, so that a token of
 * probability 1/300 is missed once in 20,000 runs (but seeds are fixed: it either is or isn't). */
static void expect_set(cm_sample_options o, const float *logits, const bool *may) {
  bool came[VOCAB] = {false};
  cm_sampler *s = open_sampler(&o, VOCAB);
  for (int i = 0; i < 6000; i++) came[pick(s, logits, VOCAB)] = true;
  for (size_t i = 0; i < VOCAB; i++)
    if (came[i] != may[i])
      fail_msg("k %u p %g min %g: token %zu %s", o.top_k, (double)o.top_p, (double)o.min_p, i,
               came[i] ? "came" : "never came");
  cm_sampler_close(s);
}

/* Token ids, best first. */
static void sort_ids(const float *x, size_t *order) {
  for (size_t i = 0; i < VOCAB; i++) {
    size_t at = i;
    for (; at > 0 && x[i] > x[order[at - 1]]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
}

static void top_k_keeps_the_k_largest(void **unused) {
  const float *x = some_logits();
  cm_sample_options o = sampling(4); /* flat, so that every token comes */
  size_t order[VOCAB];
  bool may[VOCAB] = {false};
  (void)unused;
  sort_ids(x, order);
  for (o.top_k = 1; o.top_k <= VOCAB; o.top_k++) {
    may[order[o.top_k - 1]] = true;
    expect_set(o, x, may);
  }
  o.top_k = 0;
  expect_set(o, x, may);
}

/* Every size and every k, and logits sorted, reversed, equal and random: selection must end, and
 * with k = 1 find the best. */
static void selection_ends(void **unused) {
  float x[VOCAB];
  cm_sample_options o = sampling(1);
  (void)unused;
  for (size_t n = 1; n <= VOCAB; n++)
    for (int kind = 0; kind < 4; kind++) {
      size_t best = 0;
      for (size_t i = 0; i < n; i++) {
        const float kinds[] = {(float)i, -(float)i, 0, some_logits()[i]};
        x[i] = kinds[kind];
        if (x[i] > x[best]) best = i;
      }
      for (o.top_k = 1; o.top_k <= n; o.top_k++) assert_in_range(pick_once(&o, x, n), 0, n - 1);
      o.top_k = 1;
      assert_int_equal(pick_once(&o, x, n), best);
    }
}

static void top_p_keeps_the_smallest_set(void **unused) {
  const float *x = some_logits();
  const float wanted[] = {0.01f, 0.3f, 0.5f, 0.9f, 0.97f};
  size_t order[VOCAB];
  (void)unused;
  sort_ids(x, order);
  for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
    cm_sample_options o = sampling(2); /* probabilities are those after the temperature */
    double total = 0, held = 0;
    bool may[VOCAB] = {false};
    o.top_p = wanted[w];
    for (size_t i = 0; i < VOCAB; i++) total += exp((double)x[i] / 2);
    for (size_t i = 0; i < VOCAB && held < (double)o.top_p * total; i++) {
      may[order[i]] = true;
      held += exp((double)x[order[i]] / 2);
    }
    expect_set(o, x, may);
  }
}

static void min_p_drops_the_unlikely(void **unused) {
  const float *x = some_logits();
  const float wanted[] = {0.05f, 0.2f, 0.7f, 0.999f};
  size_t order[VOCAB];
  (void)unused;
  sort_ids(x, order);
  for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
    cm_sample_options o = sampling(2);
    bool may[VOCAB];
    o.min_p = wanted[w];
    for (size_t i = 0; i < VOCAB; i++)
      may[i] = exp(((double)x[i] - (double)x[order[0]]) / 2) >= (double)o.min_p;
    expect_set(o, x, may);
  }
}

/* top-k first, top-p of what it left: of four equal tokens k keeps two, and p 0.6 both of them. */
static void filters_come_in_order(void **unused) {
  cm_sample_options o = sampling(1);
  float x[VOCAB];
  bool may[VOCAB] = {true, true};
  (void)unused;
  for (size_t i = 0; i < VOCAB; i++) x[i] = i < 4 ? 1 : -50;
  o.top_k = 2, o.top_p = 0.6f;
  expect_set(o, x, may);
  o.top_p = 0.4f;
  may[1] = false;
  expect_set(o, x, may);
}

/* --- repetition --- */

static uint32_t pick_after(const cm_sample_options *o, const float *logits, size_t n,
                           const uint32_t *recent, size_t n_recent) {
  float copy[VOCAB], logprob;
  cm_sampler *s = open_sampler(o, n);
  memcpy(copy, logits, n * sizeof *logits);
  uint32_t id = cm_sampler_pick(s, copy, recent, n_recent, &logprob);
  assert_memory_equal(copy, logits, n * sizeof *logits);
  cm_sampler_close(s);
  return id;
}

static void penalty_changes_the_choice(void **unused) {
  cm_sample_options o = cm_sample_defaults();
  const float x[] = {4, 3, 1}, negative[] = {-3, -2, -5}, near_tie[] = {4, 3.9f, 1};
  (void)unused;
  o.repeat_penalty = 2;
  assert_int_equal(pick_after(&o, x, 3, NULL, 0), 0);
  assert_int_equal(pick_after(&o, x, 3, (uint32_t[]){0}, 1), 1);              /* 4 / 2 < 3 */
  assert_int_equal(pick_after(&o, x, 3, (uint32_t[]){0, 1}, 2), 0);           /* 2 > 1.5 */
  assert_int_equal(pick_after(&o, negative, 3, (uint32_t[]){1}, 1), 0);       /* -2 * 2 < -3 */
  assert_int_equal(pick_after(&o, x, 3, (uint32_t[]){0, 0, 1, 1, 0}, 5), 0);  /* once each */
  assert_int_equal(pick_after(&o, x, 3, (uint32_t[]){99, UINT32_MAX}, 2), 0); /* no such tokens */
  o.repeat_penalty = 1.1f;
  assert_int_equal(pick_after(&o, near_tie, 3, (uint32_t[]){0}, 1), 1);
}

static void penalty_looks_back_so_far(void **unused) {
  cm_sample_options o = cm_sample_defaults();
  const float x[] = {4, 3, 1};
  const uint32_t recent[] = {0, 2, 2, 2};
  (void)unused;
  o.repeat_penalty = 2, o.repeat_last = 3;
  assert_int_equal(pick_after(&o, x, 3, recent, 4), 0);
  o.repeat_last = 4;
  assert_int_equal(pick_after(&o, x, 3, recent, 4), 1);
  o.repeat_last = 0;
  assert_int_equal(pick_after(&o, x, 3, recent, 4), 0);
}

/* --- randomness
 * ----------------------------------------------------------------------------------- */

static void seeds_repeat(void **unused) {
  cm_sample_options o = sampling(1.5f);
  uint32_t first[64];
  unsigned others = 0;
  (void)unused;
  o.seed = 42;
  for (int round = 0; round < 3; round++) {
    if (round == 2) o.seed = 43;
    cm_sampler *s = open_sampler(&o, VOCAB);
    for (size_t i = 0; i < 64; i++) {
      uint32_t id = pick(s, some_logits(), VOCAB);
      if (round == 0) first[i] = id;
      if (round == 1) assert_int_equal(id, first[i]);
      others += round == 2 && id != first[i];
    }
    cm_sampler_close(s);
  }
  assert_true(others > 30);
}

/* Draws must have the softmax's distribution. With 7 degrees of freedom chi-square is above 24.3
 * once in 1,000 seeds; these seeds are fixed. */
static void draws_follow_the_softmax(void **unused) {
  enum { N = 8, DRAWS = 40000 };
  const float x[N] = {0, 1, -1, 2, 0.5f, -0.5f, 1.5f, -2}, temperatures[] = {1, 0.6f, 2.5f};
  (void)unused;
  for (size_t t = 0; t < sizeof temperatures / sizeof *temperatures; t++) {
    cm_sample_options o = sampling(temperatures[t]);
    unsigned seen[N] = {0};
    double total = 0, chi2 = 0;
    o.seed = 7 + t;
    cm_sampler *s = open_sampler(&o, N);
    for (int i = 0; i < DRAWS; i++) seen[pick(s, x, N)]++;
    for (size_t i = 0; i < N; i++) total += exp((double)x[i] / (double)o.temperature);
    for (size_t i = 0; i < N; i++) {
      double want = DRAWS * exp((double)x[i] / (double)o.temperature) / total;
      chi2 += (seen[i] - want) * (seen[i] - want) / want;
    }
    print_message("temperature %.1f: chi-square %.1f over 7 degrees of freedom\n",
                  (double)o.temperature, chi2);
    assert_true(chi2 < 24.3);
    cm_sampler_close(s);
  }
}

/* --- bad numbers
 * ------------------------------------------------------------------------------------ */

static void not_numbers_never_win(void **unused) {
  const float cases[][4] = {{NAN, 1, 2, NAN},
                            {-INFINITY, -3, -2, -INFINITY},
                            {INFINITY, 1, 2, 0},
                            {NAN, INFINITY, 2, -INFINITY}};
  (void)unused;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_sample_options o = cm_sample_defaults();
    assert_int_equal(pick_once(&o, cases[i], 4), 2);
    o.temperature = 0.01f;
    assert_int_equal(pick_once(&o, cases[i], 4), 2);
    o.top_k = 2;
    assert_int_equal(pick_once(&o, cases[i], 4), 2);
  }
}

static void nothing_finite_gives_token_0(void **unused) {
  const float cases[][3] = {
      {NAN, NAN, NAN}, {-INFINITY, -INFINITY, -INFINITY}, {NAN, INFINITY, -INFINITY}};
  (void)unused;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_sample_options o = cm_sample_defaults();
    assert_int_equal(pick_once(&o, cases[i], 3), 0);
    o.temperature = 1;
    assert_int_equal(pick_once(&o, cases[i], 3), 0);
  }
}

/* Logits of any size: differences of thousands neither overflow nor divide by zero. */
static void huge_logits_are_fine(void **unused) {
  const float x[] = {-3e38f, 3e38f, 1e30f, 0};
  cm_sample_options o = sampling(0.001f);
  (void)unused;
  assert_int_equal(pick_once(&o, x, 4), 1);
  o.temperature = 100, o.top_p = 0.5f, o.min_p = 0.5f;
  assert_int_equal(pick_once(&o, x, 4), 1);
}

/* A penalty below 1 can push every logit out of float32's range. */
static void penalty_overflows(void **unused) {
  const float x[] = {3e38f, 3.1e38f};
  cm_sample_options o = cm_sample_defaults();
  (void)unused;
  o.repeat_penalty = 0.01f;
  assert_int_equal(pick_after(&o, x, 2, (uint32_t[]){0, 1}, 2), 1);
  o.temperature = 1;
  assert_int_equal(pick_after(&o, x, 2, (uint32_t[]){0, 1}, 2), 1);
}

static void options_out_of_range(void **unused) {
  static const struct {
    cm_sample_options o;
    const char *names;
  } bad[] = {{{-1, 0, 1, 0, 1, 0, 0}, "temperature"}, {{NAN, 0, 1, 0, 1, 0, 0}, "temperature"},
             {{1, 0, 0, 0, 1, 0, 0}, "top-p"},        {{1, 0, 1.5f, 0, 1, 0, 0}, "top-p"},
             {{1, 0, 1, 1, 1, 0, 0}, "min-p"},        {{1, 0, 1, -0.1f, 1, 0, 0}, "min-p"},
             {{1, 0, 1, 0, 0, 0, 0}, "repetition"},   {{1, 0, 1, 0, NAN, 0, 0}, "repetition"},
             {{1, 0, 1, 0, 1, 4097, 0}, "repetition"}};
  (void)unused;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_err e = {0};
    cm_sampler *s;
    assert_int_equal(cm_sampler_open(&s, &bad[i].o, 8, &e), CM_E_USAGE);
    assert_null(s);
    assert_non_null(strstr(e.msg, bad[i].names));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(likeliest_are_in_order),
      cmocka_unit_test(likeliest_are_finite),
      cmocka_unit_test(greedy_takes_the_largest),
      cmocka_unit_test(temperature_0_ignores_the_rest),
      cmocka_unit_test(cold_is_greedy),
      cmocka_unit_test(log_probability_is_the_models),
      cmocka_unit_test(top_k_keeps_the_k_largest),
      cmocka_unit_test(selection_ends),
      cmocka_unit_test(top_p_keeps_the_smallest_set),
      cmocka_unit_test(min_p_drops_the_unlikely),
      cmocka_unit_test(filters_come_in_order),
      cmocka_unit_test(penalty_changes_the_choice),
      cmocka_unit_test(penalty_looks_back_so_far),
      cmocka_unit_test(seeds_repeat),
      cmocka_unit_test(draws_follow_the_softmax),
      cmocka_unit_test(not_numbers_never_win),
      cmocka_unit_test(nothing_finite_gives_token_0),
      cmocka_unit_test(huge_logits_are_fine),
      cmocka_unit_test(penalty_overflows),
      cmocka_unit_test(options_out_of_range),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
