#include "store/digest.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/os_file.h"
#include "data/sha256.h"

enum { CHUNK = 256 << 10, WAKE = 512 << 10 };

struct cm_digest {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int fd;
  uint64_t reached, told; /* told: what the thread has been woken for */
  bool ended, dropped;
  cm_sha256 sum;
  cm_err error;
  char chunk[CHUNK];
};

/* How far the thread may read; sets *stop when there is nothing left to do. */
static uint64_t wait_for_more(cm_digest *d, uint64_t done, bool *stop) {
  pthread_mutex_lock(&d->lock);
  while (d->told <= done && !d->ended && !d->dropped) pthread_cond_wait(&d->changed, &d->lock);
  const uint64_t end = d->ended ? d->reached : d->told;
  *stop = d->dropped || (d->ended && done >= end);
  pthread_mutex_unlock(&d->lock);
  return end;
}

static void *work(void *user) {
  cm_digest *d = user;
  bool stop = false;
  for (uint64_t done = 0; !d->error.code;) {
    const uint64_t end = wait_for_more(d, done, &stop);
    if (stop) break;
    size_t got = 0;
    const size_t want = end - done < CHUNK ? (size_t)(end - done) : CHUNK;
    if (cm_os_grow_read(d->fd, done, d->chunk, want, &got, &d->error)) break;
    if (got < want) cm_err_set(&d->error, CM_E_IO, 0, "the file became shorter while it was read");
    cm_sha256_add(&d->sum, d->chunk, got);
    done += got;
  }
  return NULL;
}

cm_code cm_digest_start(cm_digest **out, int fd, cm_err *e) {
  cm_digest *d = cm_alloc(1, sizeof *d);
  *out = NULL;
  if (!d) return cm_fail(e, CM_E_NOMEM, 0, "no memory to check a file");
  d->fd = fd;
  cm_sha256_init(&d->sum);
  pthread_mutex_init(&d->lock, NULL);
  pthread_cond_init(&d->changed, NULL);
  if (pthread_create(&d->thread, NULL, work, d) != 0) {
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    cm_free(d);
    return cm_fail(e, CM_E_NOMEM, 0, "can't start a thread");
  }
  *out = d;
  return CM_OK;
}

void cm_digest_reach(cm_digest *d, uint64_t bytes) {
  pthread_mutex_lock(&d->lock);
  d->reached = bytes;
  if (bytes - d->told >= WAKE) {
    d->told = bytes;
    pthread_cond_signal(&d->changed);
  }
  pthread_mutex_unlock(&d->lock);
}

static void join(cm_digest *d) {
  pthread_mutex_lock(&d->lock);
  pthread_cond_signal(&d->changed);
  pthread_mutex_unlock(&d->lock);
  pthread_join(d->thread, NULL);
  pthread_cond_destroy(&d->changed);
  pthread_mutex_destroy(&d->lock);
}

cm_code cm_digest_end(cm_digest *d, uint64_t bytes, char out[65], cm_err *e) {
  pthread_mutex_lock(&d->lock);
  d->reached = bytes;
  d->ended = true;
  pthread_mutex_unlock(&d->lock);
  join(d);
  const cm_code code = d->error.code;
  if (code && e) *e = d->error;
  cm_sha256_hex(&d->sum, out);
  cm_free(d);
  return code;
}

void cm_digest_drop(cm_digest *d) {
  if (!d) return;
  pthread_mutex_lock(&d->lock);
  d->dropped = true;
  pthread_mutex_unlock(&d->lock);
  join(d);
  cm_free(d);
}
