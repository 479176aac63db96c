/* Counts every allocation of the process, whoever makes it, by standing in front of the C
 * library's allocator: for the one source file of a test that includes this. Only with glibc and
 * without sanitizers, which stand there themselves; elsewhere the count stays 0. */
#ifndef CM_TESTS_MALLOC_COUNT_H
#define CM_TESTS_MALLOC_COUNT_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MALLOC_TAKEN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define MALLOC_TAKEN 1
#endif

static atomic_uint_fast64_t malloc_calls;

static uint64_t malloc_count(void) { return malloc_calls; }

#ifdef MALLOC_TAKEN
static bool malloc_is_counted(void) { return false; }
#else
static bool malloc_is_counted(void) { return true; }

/* What glibc calls its own. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

#define COUNTED __attribute__((visibility("default")))

COUNTED void *malloc(size_t n) {
  malloc_calls++;
  return __libc_malloc(n);
}

COUNTED void *calloc(size_t n, size_t size) {
  malloc_calls++;
  return __libc_calloc(n, size);
}

COUNTED void *realloc(void *p, size_t n) {
  malloc_calls++;
  return __libc_realloc(p, n);
}

COUNTED void *aligned_alloc(size_t align, size_t n) {
  malloc_calls++;
  return __libc_memalign(align, n);
}

COUNTED int posix_memalign(void **out, size_t align, size_t n) {
  malloc_calls++;
  *out = __libc_memalign(align, n);
  return *out ? 0 : 12; /* ENOMEM */
}
#endif

#endif
