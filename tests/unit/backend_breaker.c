/* rooms: base backend */
/* The circuit breaker by itself: the clock is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backend/breaker.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

static cm_breaker b;
static cm_job one, two;
static uint64_t now;
static const cm_err why = {CM_E_BACKEND, 0, "nobody is there"};

static int set_up(void **state) {
  (void)state;
  b = (cm_breaker){0};
  one = two = (cm_job){0};
  now = 1000 * SECOND;
  return 0;
}

static bool passes(cm_job *job) { return cm_breaker_pass(&b, job, now); }

/* The job is back and nobody answered it; how long nobody is asked now. */
static uint64_t fails(cm_job *job, uint64_t took) {
  cm_breaker_fail(&b, job, took, &why, now);
  cm_breaker_leave(&b, job);
  return cm_breaker_again(&b, now) - now;
}

static void test_as_long_as_it_cost(void **state) {
  static const uint64_t took_and_shut[][2] = {{0, SECOND},
                                              {10 * MS, SECOND},
                                              {100 * MS, SECOND},
                                              {500 * MS, 5 * SECOND},
                                              {3 * SECOND, 30 * SECOND},
                                              {60 * SECOND, 30 * SECOND},
                                              {UINT64_MAX, 30 * SECOND}};
  for (size_t i = 0; i < sizeof took_and_shut / sizeof *took_and_shut; i++) {
    set_up(state);
    assert_true(passes(&one));
    assert_true(fails(&one, took_and_shut[i][0]) == took_and_shut[i][1]);
    assert_int_equal(b.why.code, CM_E_BACKEND);
  }
}

static void test_opens_again(void **state) {
  (void)state;
  assert_true(passes(&one) && passes(&two)); /* it is well: no limit on how many */
  assert_true(cm_breaker_again(&b, now) == 0);
  fails(&one, 0);
  now += SECOND - 1;
  assert_false(passes(&two));
  now += 1;
  assert_true(passes(&two)); /* to find out; the others wait for that */
  assert_false(passes(&one));
  now += 3600 * SECOND;
  assert_false(passes(&one));
  assert_true(cm_breaker_again(&b, now) > now);
  cm_breaker_answer(&b);
  cm_breaker_leave(&b, &two);
  assert_true(passes(&one) && passes(&two));
  assert_true(fails(&one, 0) == SECOND); /* as if it were the first time */
}

static void test_longer_each_time(void **state) {
  (void)state;
  uint64_t expected = SECOND;
  assert_true(passes(&one));
  uint64_t shut = fails(&one, 50 * MS);
  for (int i = 0; i < 20; i++) {
    assert_true(shut == expected);
    now += shut;
    assert_true(passes(&one));
    shut = fails(&one, 50 * MS);
    expected = 2 * expected < 3600 * SECOND ? 2 * expected : 3600 * SECOND;
  }
  /* One that costs more than twice the time counts as it would alone. */
  set_up(state);
  assert_true(passes(&one));
  assert_true(fails(&one, 0) == SECOND);
  now += SECOND;
  assert_true(passes(&one));
  assert_true(fails(&one, 60 * SECOND) == 30 * SECOND);
}

static void test_an_outage_counts_once(void **state) {
  (void)state;
  cm_job many[8] = {0};
  for (size_t i = 0; i < 8; i++) assert_true(passes(&many[i]));
  for (size_t i = 0; i < 8; i++) assert_true(fails(&many[i], 0) == SECOND);
  now += SECOND;
  assert_true(passes(&one));
  fails(&two, 0); /* asked long ago, and back only now: that is no news */
  assert_ptr_equal(b.trial, &one);
  assert_true(fails(&one, 0) == 2 * SECOND);
}

/* A long answer to the one that finds out has begun: nobody waits for its end. */
static void test_an_answer_begins(void **state) {
  (void)state;
  assert_true(passes(&one));
  fails(&one, 0);
  now += SECOND;
  assert_true(passes(&one) && !passes(&two));
  one.alive = true;
  assert_true(passes(&two));
  assert_true(cm_breaker_again(&b, now) == 0);
}

/* The one that asks was called off, and nothing was found out. */
static void test_no_news(void **state) {
  (void)state;
  assert_true(passes(&one));
  fails(&one, 0);
  now += SECOND;
  assert_true(passes(&one));
  cm_breaker_leave(&b, &one);
  assert_false(passes(&two));
  now += SECOND;
  assert_true(passes(&two));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
  const struct CMUnitTest tests[] = {
      TEST(test_as_long_as_it_cost),    TEST(test_opens_again),      TEST(test_longer_each_time),
      TEST(test_an_outage_counts_once), TEST(test_an_answer_begins), TEST(test_no_news)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
