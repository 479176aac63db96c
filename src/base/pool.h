/* base/pool: a fixed team of threads for data-parallel loops. The split never changes a result:
 * each index is computed by exactly one worker, from the same inputs. */
#ifndef CM_BASE_POOL_H
#define CM_BASE_POOL_H
#include <stddef.h>

#include "base/err.h"

typedef struct cm_pool cm_pool;

/* `threads` includes the caller (1 = no helper threads at all; at most CM_POOL_MAX). */
enum { CM_POOL_MAX = 256 };
cm_code cm_pool_open(cm_pool **out, unsigned threads, cm_err *e);
void cm_pool_close(cm_pool *p);             /* NULL is fine */
unsigned cm_pool_threads(const cm_pool *p); /* 1 for NULL */

/* Work on the indices [begin, end). `worker` is 0 .. threads-1 and selects scratch memory. */
typedef void cm_pool_fn(void *ctx, size_t begin, size_t end, unsigned worker);

/* Calls fn for all of [0, n) in chunks of at most `grain`, on all threads; returns when everything
 * is done. Chunks are handed out in order to whoever is free. The caller works too. NULL pool = in
 * this thread. Does not allocate. One call at a time a pool; fn must not call it again. */
void cm_pool_for(cm_pool *p, size_t n, size_t grain, cm_pool_fn *fn, void *ctx);
/* The same for many equal indices: chunks are large at first and `grain` at last (always whole
 * grains, but for the last), so that a thread walks long stretches of memory and all threads end
 * together (guided self-scheduling: Polychronopoulos and Kuck, 1987). */
void cm_pool_share(cm_pool *p, size_t n, size_t grain, cm_pool_fn *fn, void *ctx);

#endif
