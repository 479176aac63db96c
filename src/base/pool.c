#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/os.h"

/* Helpers spin this many times for the next job, then sleep: a token is hundreds of short jobs,
 * and waking a thread costs more than most of them; but a helper must not burn a core that
 * somebody else needs. */
enum {
  SPINS = 4000,
  YIELD_EVERY = 500 /* spins, some 10 us: the caller may need this very core to go on */
};

/* The state of a round in one word, so that joining and closing exclude each other: how many
 * helpers are in it, whether it is open, and its number. A helper that comes late finds the round
 * closed and stays out: the caller never waits for a thread that the system has put aside, unless
 * it holds a chunk. */
#define ACTIVE      UINT64_C(0xFFFF)
#define OPEN        (UINT64_C(1) << 16)
#define ROUND_SHIFT 32

struct cm_pool {
  unsigned threads;
  pthread_t ids[CM_POOL_MAX];
  struct helper {
    cm_pool *pool;
    unsigned worker;
  } helpers[CM_POOL_MAX];

  /* The job, written by the caller while no helper is active. */
  cm_pool_fn *fn;
  void *ctx;
  size_t n, grain;
  bool shared; /* a chunk is a thread's share of what is left; or it is the grain */

  _Alignas(64) atomic_size_t next;         /* first index nobody has taken */
  _Alignas(64) atomic_uint_fast64_t state; /* ACTIVE, OPEN, round */
  atomic_uint sleepers;
  atomic_bool quit;
  pthread_mutex_t lock;
  pthread_cond_t wake;
};

/* Of `left` indices, those that a thread takes next. */
static size_t chunk(const cm_pool *p, size_t left) {
  size_t n = p->shared ? left / p->threads / p->grain * p->grain : 0;
  if (n < p->grain) n = p->grain;
  return n < left ? n : left;
}

static void work(cm_pool *p, unsigned worker) {
  size_t begin = atomic_load_explicit(&p->next, memory_order_relaxed);
  while (begin < p->n) {
    const size_t end = begin + chunk(p, p->n - begin);
    if (!atomic_compare_exchange_weak_explicit(&p->next, &begin, end, memory_order_relaxed,
                                               memory_order_relaxed))
      continue;
    p->fn(p->ctx, begin, end, worker);
    begin = atomic_load_explicit(&p->next, memory_order_relaxed);
  }
}

static uint64_t round_of(uint64_t state) { return state >> ROUND_SHIFT; }

/* Blocks until there is a round other than `seen`; returns the state. */
static uint64_t wait_for_round(cm_pool *p, uint64_t seen) {
  uint64_t s = 0;
  for (int i = 0; i < SPINS; i++) {
    s = atomic_load(&p->state);
    if (round_of(s) != seen) return s;
    if (i % YIELD_EVERY == YIELD_EVERY - 1) cm_os_yield();
    else cm_os_pause();
  }
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add(&p->sleepers, 1);
  while (round_of(s = atomic_load(&p->state)) == seen) pthread_cond_wait(&p->wake, &p->lock);
  atomic_fetch_sub(&p->sleepers, 1);
  pthread_mutex_unlock(&p->lock);
  return s;
}

static void *helper_main(void *arg) {
  struct helper *h = arg;
  cm_pool *p = h->pool;
  for (uint64_t seen = 0;;) {
    uint64_t s = wait_for_round(p, seen);
    if (atomic_load(&p->quit)) return NULL;
    if (!(s & OPEN)) {
      seen = round_of(s);
    } else if (atomic_compare_exchange_strong(&p->state, &s, s + 1)) {
      seen = round_of(s);
      work(p, h->worker);
      atomic_fetch_sub(&p->state, 1);
    }
  }
}

static void open_round(cm_pool *p) {
  uint64_t round = round_of(atomic_load(&p->state)) + 1;
  atomic_store(&p->state, (round << ROUND_SHIFT) | OPEN);
  if (atomic_load(&p->sleepers) == 0) return;
  pthread_mutex_lock(&p->lock);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
}

static void close_round(cm_pool *p) {
  atomic_fetch_and(&p->state, ~OPEN);
  for (unsigned i = 0; atomic_load(&p->state) & ACTIVE; i++) {
    if (i < SPINS) cm_os_pause();
    else cm_os_yield(); /* a helper was put off its core in the middle of a chunk: let it run */
  }
}

cm_code cm_pool_open(cm_pool **out, unsigned threads, cm_err *e) {
  *out = NULL;
  if (threads < 1 || threads > CM_POOL_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "threads must be 1 to %d", CM_POOL_MAX);
  cm_pool *p = cm_alloc_aligned(sizeof *p);
  if (!p) return cm_fail(e, CM_E_NOMEM, 0, "no memory for threads");
  p->threads = 1;
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  while (p->threads < threads) {
    struct helper *h = &p->helpers[p->threads];
    *h = (struct helper){p, p->threads};
    if (pthread_create(&p->ids[p->threads], NULL, helper_main, h) != 0) {
      cm_pool_close(p);
      return cm_fail(e, CM_E_IO, 0, "can't start thread %u of %u", h->worker + 1, threads);
    }
    p->threads++;
  }
  *out = p;
  return CM_OK;
}

void cm_pool_close(cm_pool *p) {
  if (!p) return;
  atomic_store(&p->quit, true);
  open_round(p);
  for (unsigned i = 1; i < p->threads; i++) pthread_join(p->ids[i], NULL);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  cm_free_aligned(p);
}

unsigned cm_pool_threads(const cm_pool *p) { return p ? p->threads : 1; }

static void run(cm_pool *p, size_t n, size_t grain, bool shared, cm_pool_fn *fn, void *ctx) {
  if (n == 0) return;
  if (grain == 0) grain = 1;
  if (!p || p->threads == 1 || n <= grain) {
    fn(ctx, 0, n, 0);
    return;
  }
  p->fn = fn, p->ctx = ctx, p->n = n, p->grain = grain, p->shared = shared;
  atomic_store_explicit(&p->next, 0, memory_order_relaxed);
  open_round(p);
  work(p, 0);
  close_round(p);
}

void cm_pool_for(cm_pool *p, size_t n, size_t grain, cm_pool_fn *fn, void *ctx) {
  run(p, n, grain, false, fn, ctx);
}

void cm_pool_share(cm_pool *p, size_t n, size_t grain, cm_pool_fn *fn, void *ctx) {
  run(p, n, grain, true, fn, ctx);
}
