#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t mem_count;
static atomic_uint_fast64_t mem_fail_at; /* 0: never; else the value of mem_count that fails */

static bool must_fail(void) {
  uint64_t now = atomic_fetch_add_explicit(&mem_count, 1, memory_order_relaxed) + 1;
  return now == atomic_load_explicit(&mem_fail_at, memory_order_relaxed);
}

uint64_t cm_mem_count(void) { return atomic_load_explicit(&mem_count, memory_order_relaxed); }

void cm_mem_fail_nth(uint64_t n) {
  atomic_store_explicit(&mem_fail_at, n ? cm_mem_count() + n : 0, memory_order_relaxed);
}

void *cm_alloc(size_t n, size_t size) {
  if (must_fail()) return NULL;
  if (n == 0 || size == 0) return calloc(1, 1);
  return calloc(n, size);
}

void *cm_realloc(void *p, size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes) || must_fail()) return NULL;
  return realloc(p, bytes ? bytes : 1);
}

void cm_free(void *p) { free(p); }

char *cm_strdup_n(const char *p, size_t n) {
  if (n == SIZE_MAX) return NULL;
  char *s = cm_alloc(n + 1, 1);
  if (s && n) memcpy(s, p, n);
  return s;
}

void *cm_alloc_aligned(size_t bytes) {
  if (bytes > SIZE_MAX - 64 || must_fail()) return NULL;
  size_t rounded = (bytes + 63) & ~(size_t)63;
  void *p = aligned_alloc(64, rounded ? rounded : 64);
  if (p) memset(p, 0, rounded ? rounded : 64);
  return p;
}

void cm_free_aligned(void *p) { free(p); }

/* --- arena --- */

enum { ARENA_BLOCK = 16 * 1024, ARENA_ALIGN = 16 };

typedef struct block {
  struct block *next;
  size_t used, cap;
  size_t dirty; /* bytes that were handed out before a reset: behind them all are zero still */
  _Alignas(16) unsigned char data[];
} block;

struct cm_arena {
  block *head; /* newest first */
  size_t used, max;
};

cm_arena *cm_arena_open(size_t max) {
  cm_arena *a = cm_alloc(1, sizeof *a);
  if (a) a->max = max;
  return a;
}

static void free_blocks(block *b) {
  while (b) {
    block *next = b->next;
    cm_free(b);
    b = next;
  }
}

void cm_arena_close(cm_arena *a) {
  if (!a) return;
  free_blocks(a->head);
  cm_free(a);
}

void cm_arena_reset(cm_arena *a) {
  a->used = 0;
  if (!a->head) return;
  free_blocks(a->head->next);
  a->head->next = NULL;
  if (a->head->used > a->head->dirty) a->head->dirty = a->head->used;
  a->head->used = 0;
}

static block *grow(cm_arena *a, size_t bytes) {
  size_t cap = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
  block *b = cm_alloc(1, sizeof *b + cap);
  if (!b) return NULL;
  b->cap = cap;
  b->next = a->head;
  a->head = b;
  return b;
}

void *cm_arena_alloc(cm_arena *a, size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes) || bytes > a->max) return NULL;
  bytes = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
  if (bytes > a->max - a->used) return NULL;
  block *b = a->head;
  if (!b || b->cap - b->used < bytes) b = grow(a, bytes);
  if (!b) return NULL;
  void *p = b->data + b->used;
  if (b->used < b->dirty) memset(p, 0, bytes < b->dirty - b->used ? bytes : b->dirty - b->used);
  b->used += bytes;
  a->used += bytes;
  return p;
}

char *cm_arena_strdup(cm_arena *a, const char *p, size_t n) {
  if (n == SIZE_MAX) return NULL;
  char *s = cm_arena_alloc(a, n + 1, 1);
  if (s && n) memcpy(s, p, n);
  return s;
}

size_t cm_arena_used(const cm_arena *a) { return a->used; }

/* --- buffer --- */

void cm_buf_init(cm_buf *b, size_t max) { *b = (cm_buf){.max = max}; }

void cm_buf_close(cm_buf *b) {
  cm_free(b->p);
  *b = (cm_buf){.max = b->max};
}

void cm_buf_reset(cm_buf *b) {
  b->n = 0;
  b->overflow = false;
  if (b->p) b->p[0] = 0;
}

/* Room for n more bytes and the NUL. */
static bool reserve(cm_buf *b, size_t n) {
  if (b->overflow) return false;
  if (n > b->max || b->n > b->max - n) return !(b->overflow = true);
  size_t need = b->n + n + 1;
  if (need <= b->cap) return true;
  size_t cap = b->cap ? b->cap : 64;
  while (cap < need) cap *= 2;
  char *p = cm_realloc(b->p, cap, 1);
  if (!p) return !(b->overflow = true);
  b->p = p;
  b->cap = cap;
  return true;
}

void cm_buf_add(cm_buf *b, const void *p, size_t n) {
  if (!reserve(b, n)) return;
  if (n) memcpy(b->p + b->n, p, n);
  b->n += n;
  b->p[b->n] = 0;
}

void cm_buf_puts(cm_buf *b, const char *s) { cm_buf_add(b, s, strlen(s)); }
void cm_buf_putc(cm_buf *b, char c) { cm_buf_add(b, &c, 1); }

void cm_buf_vprintf(cm_buf *b, const char *fmt, va_list ap) {
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  if (n >= 0 && reserve(b, (size_t)n)) {
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    b->n += (size_t)n;
  }
  va_end(again);
}

void cm_buf_printf(cm_buf *b, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  cm_buf_vprintf(b, fmt, ap);
  va_end(ap);
}

char *cm_buf_take(cm_buf *b) {
  if (!b->overflow) cm_buf_add(b, "", 0);
  if (b->overflow) return NULL;
  char *p = b->p;
  *b = (cm_buf){.max = b->max};
  return p;
}
