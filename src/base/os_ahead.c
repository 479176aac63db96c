/* The system's own call for this (WILLNEED) takes a whole file and reads a few megabytes of it.
 * What is asked for in small pieces is read whole, but the caller waits for most of it: so a
 * thread asks for one piece after the other. */
#include "base/os_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  PIECE = 1 << 20,
  PIECE_PAGES = PIECE / 4096, /* at most: pages have 4 KiB or more */
  SAMPLES = 64                /* pages that are looked at to know whether a file is in memory */
};

struct cm_os_ahead {
  cm_map map;
  cm_os_span spans[CM_OS_SPANS_MAX];
  size_t n;
  pthread_t thread;
  atomic_bool stop;
};

#ifdef __linux__
/* Whether the system holds all pages of n <= PIECE bytes at `at`, where a page begins. */
static bool in_memory(const cm_map *m, size_t at, size_t n) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (n + page - 1) / page;
  unsigned char in[PIECE_PAGES];
  if (page < 4096 || mincore((void *)(uintptr_t)(m->p + at), n, in) != 0) return true;
  for (size_t i = 0; i < pages; i++)
    if (!(in[i] & 1)) return false;
  return true;
}
#else
/* Asking for what is there costs little. */
static bool in_memory(const cm_map *m, size_t at, size_t n) {
  (void)m, (void)at, (void)n;
  return false;
}
#endif

static size_t page_at(size_t at) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return at / page * page;
}

static void *run(void *arg) {
  cm_os_ahead *a = arg;
  for (size_t i = 0; i < a->n; i++) {
    const cm_os_span *s = &a->spans[i];
    for (size_t at = page_at(s->from); at < s->to; at += PIECE) {
      const size_t n = s->to - at < PIECE ? s->to - at : PIECE;
      if (atomic_load_explicit(&a->stop, memory_order_relaxed)) return NULL;
      if (!in_memory(&a->map, at, n)) cm_os_map_willneed(&a->map, at, n);
    }
  }
  return NULL;
}

/* A file that was read lately is there from its first to its last page, mostly. */
static bool seems_in_memory(const cm_map *m, const cm_os_span *s) {
  const size_t step = (s->to - s->from) / SAMPLES + 1;
  for (size_t at = s->from; at < s->to; at += step)
    if (!in_memory(m, page_at(at), 1)) return false;
  return true;
}

/* Signals are for the threads that were there before. */
static bool start_thread(cm_os_ahead *a) {
  sigset_t all, before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
  const bool ok = pthread_create(&a->thread, NULL, run, a) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return ok;
}

cm_os_ahead *cm_os_ahead_start(const cm_map *m, const cm_os_span *spans, size_t n) {
  bool there = true;
  if (n > CM_OS_SPANS_MAX || m->n > cm_os_memory_bytes() / 2) return NULL;
  for (size_t i = 0; i < n && there; i++) {
    if (spans[i].from > spans[i].to || spans[i].to > m->n) return NULL;
    there = seems_in_memory(m, &spans[i]);
  }
  cm_os_ahead *a = there ? NULL : cm_alloc(1, sizeof *a);
  if (!a) return NULL;
  a->map = *m, a->n = n;
  memcpy(a->spans, spans, n * sizeof *spans);
  if (start_thread(a)) return a;
  cm_free(a);
  return NULL;
}

void cm_os_ahead_end(cm_os_ahead *a) {
  if (!a) return;
  atomic_store_explicit(&a->stop, true, memory_order_relaxed);
  (void)pthread_join(a->thread, NULL);
  cm_free(a);
}
