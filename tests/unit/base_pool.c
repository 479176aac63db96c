/* rooms: base */
/* Every index is done exactly once, for any number of threads, items and grain, over many rounds,
 * also when helpers sleep in between. (The thread sanitizer runs this too.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/pool.h"

enum { MOST = 5000 };

static unsigned char done[MOST];

static void mark(void *ctx, size_t begin, size_t end, unsigned worker) {
  assert_true(worker < *(unsigned *)ctx);
  for (size_t i = begin; i < end; i++) done[i]++;
}

static void check(cm_pool *p, unsigned threads, size_t n, size_t grain) {
  memset(done, 0, sizeof done);
  cm_pool_for(p, n, grain, mark, &threads);
  for (size_t i = 0; i < MOST; i++) assert_int_equal(done[i], i < n);
  memset(done, 0, sizeof done);
  cm_pool_share(p, n, grain, mark, &threads);
  for (size_t i = 0; i < MOST; i++) assert_int_equal(done[i], i < n);
}

static void each_index_once(void **unused) {
  (void)unused;
  cm_err e;
  for (unsigned threads = 1; threads <= 7; threads++) {
    cm_pool *p;
    assert_int_equal(cm_pool_open(&p, threads, &e), CM_OK);
    assert_int_equal(cm_pool_threads(p), threads);
    for (size_t i = 0; i < 300; i++) check(p, threads, (i * 37) % MOST, i % 19);
    cm_pool_close(p);
  }
  check(NULL, 1, 100, 3);
}

static void wakes_from_sleep(void **unused) {
  (void)unused;
  cm_err e;
  cm_pool *p;
  assert_int_equal(cm_pool_open(&p, 4, &e), CM_OK);
  for (int round = 0; round < 30; round++) {
    uint64_t until = cm_os_now_ns() + 2000000; /* longer than a helper spins */
    while (cm_os_now_ns() < until) cm_os_yield();
    check(p, 4, 1000, 1);
  }
  cm_pool_close(p);
}

static void refuses_silly_counts(void **unused) {
  (void)unused;
  cm_err e;
  cm_pool *p;
  assert_int_equal(cm_pool_open(&p, 0, &e), CM_E_USAGE);
  assert_int_equal(cm_pool_open(&p, CM_POOL_MAX + 1, &e), CM_E_USAGE);
  assert_null(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_index_once),
                                     cmocka_unit_test(wakes_from_sleep),
                                     cmocka_unit_test(refuses_silly_counts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
