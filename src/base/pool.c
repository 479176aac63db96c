#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/os.h"

/* Helpers spin this many times for the next job, then sleep: a token is hundreds of short jobs, and waking a thread
 * costs more than most of them; but a helper must not burn a core that somebody else needs. */
enum { SPINS = 4000 };

struct cm_pool {
  unsigned threads;
  pthread_t ids[CM_POOL_MAX];
  struct helper {
    cm_pool *pool;
    unsigned worker;
  } helpers[CM_POOL_MAX];

  /* The job, written by the caller before `round` moves. */
  cm_pool_fn *fn;
  void *ctx;
  size_t n, grain;

  _Alignas(64) atomic_size_t next;  /* first index nobody has taken */
  _Alignas(64) atomic_uint round;   /* moves when there is a new job */
  _Alignas(64) atomic_uint pending; /* helpers that have not finished this round */
  atomic_uint sleepers;
  atomic_bool quit;
  pthread_mutex_t lock;
  pthread_cond_t wake;
};

static void work(cm_pool *p, unsigned worker) {
  for (;;) {
    size_t begin = atomic_fetch_add_explicit(&p->next, p->grain, memory_order_relaxed);
    if (begin >= p->n) return;
    size_t end = p->n - begin < p->grain ? p->n : begin + p->grain;
    p->fn(p->ctx, begin, end, worker);
  }
}

/* Blocks until `round` differs from `seen`. */
static void wait_for_job(cm_pool *p, unsigned seen) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load_explicit(&p->round, memory_order_acquire) != seen) return;
    cm_os_pause();
  }
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add(&p->sleepers, 1);
  while (atomic_load(&p->round) == seen) pthread_cond_wait(&p->wake, &p->lock);
  atomic_fetch_sub(&p->sleepers, 1);
  pthread_mutex_unlock(&p->lock);
}

static void *helper_main(void *arg) {
  struct helper *h = arg;
  cm_pool *p = h->pool;
  for (unsigned seen = 0;;) {
    wait_for_job(p, seen);
    seen++;
    if (atomic_load(&p->quit)) return NULL;
    work(p, h->worker);
    atomic_fetch_sub_explicit(&p->pending, 1, memory_order_release);
  }
}

static void start_round(cm_pool *p) {
  atomic_fetch_add(&p->round, 1);
  if (atomic_load(&p->sleepers) == 0) return;
  pthread_mutex_lock(&p->lock);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
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
  start_round(p);
  for (unsigned i = 1; i < p->threads; i++) pthread_join(p->ids[i], NULL);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  cm_free_aligned(p);
}

unsigned cm_pool_threads(const cm_pool *p) { return p ? p->threads : 1; }

void cm_pool_for(cm_pool *p, size_t n, size_t grain, cm_pool_fn *fn, void *ctx) {
  if (n == 0) return;
  if (grain == 0) grain = 1;
  if (!p || p->threads == 1 || n <= grain) {
    fn(ctx, 0, n, 0);
    return;
  }
  p->fn = fn, p->ctx = ctx, p->n = n, p->grain = grain;
  atomic_store_explicit(&p->next, 0, memory_order_relaxed);
  atomic_store_explicit(&p->pending, p->threads - 1, memory_order_relaxed);
  start_round(p);
  work(p, 0);
  for (unsigned i = 0; atomic_load_explicit(&p->pending, memory_order_acquire); i++) {
    if (i < SPINS) cm_os_pause();
    else cm_os_yield(); /* a helper was put off its core: let it run */
  }
}
