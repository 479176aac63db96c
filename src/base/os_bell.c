#include "base/os_bell.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/mem.h"
#include "base/os.h"

struct cm_os_bell {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool rung;
};

/* On the clock of cm_os_now_ns, where a condition can have one of its own. */
static int open_condition(pthread_cond_t *c) {
  pthread_condattr_t a;
  if (pthread_condattr_init(&a)) return 1;
#ifdef __APPLE__
  int bad = pthread_cond_init(c, &a);
#else
  int bad = pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
  if (!bad) bad = pthread_cond_init(c, &a);
#endif
  pthread_condattr_destroy(&a);
  return bad;
}

cm_code cm_os_bell_open(cm_os_bell **out, cm_err *e) {
  cm_os_bell *b = *out = cm_alloc(1, sizeof *b);
  int bad = b ? pthread_mutex_init(&b->lock, NULL) : 1;
  if (!bad && open_condition(&b->changed)) {
    pthread_mutex_destroy(&b->lock);
    bad = 1;
  }
  if (!bad) return CM_OK;
  cm_free(b);
  *out = NULL;
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for a lock");
}

void cm_os_bell_close(cm_os_bell *b) {
  if (!b) return;
  pthread_cond_destroy(&b->changed);
  pthread_mutex_destroy(&b->lock);
  cm_free(b);
}

void cm_os_bell_ring(cm_os_bell *b) {
  pthread_mutex_lock(&b->lock);
  b->rung = true;
  pthread_cond_signal(&b->changed);
  pthread_mutex_unlock(&b->lock);
}

static struct timespec parts(uint64_t ns) {
  return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

/* Nonzero when the time is over. */
static int wait_until(cm_os_bell *b, uint64_t end_ns) {
#ifdef __APPLE__
  const uint64_t now = cm_os_now_ns();
  const struct timespec t = parts(end_ns > now ? end_ns - now : 0);
  return pthread_cond_timedwait_relative_np(&b->changed, &b->lock, &t);
#else
  const struct timespec t = parts(end_ns);
  return pthread_cond_timedwait(&b->changed, &b->lock, &t);
#endif
}

void cm_os_bell_wait(cm_os_bell *b, uint32_t ms) {
  const uint64_t end = cm_os_now_ns() + ms * UINT64_C(1000000);
  pthread_mutex_lock(&b->lock);
  for (int over = 0; !b->rung && !over;) over = wait_until(b, end);
  b->rung = false;
  pthread_mutex_unlock(&b->lock);
}
