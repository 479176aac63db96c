/* base/mem: all memory of the program comes through here, so that limits hold and tests can make
 * the Nth allocation fail. */
#ifndef CM_BASE_MEM_H
#define CM_BASE_MEM_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* malloc/calloc/realloc/free with overflow checks; NULL when memory runs out. `cm_alloc` zeroes. n
 * == 0 gives a unique pointer. */
void *cm_alloc(size_t n, size_t size);
void *cm_realloc(void *p, size_t n, size_t size); /* new bytes are not zeroed */
void cm_free(void *p);
char *cm_strdup_n(const char *p, size_t n); /* adds a NUL; yours to cm_free */

/* Zeroed memory aligned to 64 bytes (cache lines and vector loads); free with cm_free_aligned. */
void *cm_alloc_aligned(size_t bytes);
void cm_free_aligned(void *p);

/* Allocations made so far by this process; the token loop must not move it. */
uint64_t cm_mem_count(void);

/* Torture tests: the Nth allocation from now fails (1 = the next one); 0 switches that off. */
void cm_mem_fail_nth(uint64_t n);

/* An arena: many small allocations that die together. */
typedef struct cm_arena cm_arena;

/* `max` is the hard limit in bytes; beyond it allocations give NULL. NULL when memory runs out. */
cm_arena *cm_arena_open(size_t max);
void cm_arena_close(cm_arena *a); /* NULL is fine */
/* Zeroed, aligned to 16; lives until reset or close. NULL past the limit or without memory. */
void *cm_arena_alloc(cm_arena *a, size_t n, size_t size);
char *cm_arena_strdup(cm_arena *a, const char *p, size_t n); /* adds a NUL */
void cm_arena_reset(cm_arena *a); /* everything handed out becomes invalid; one block is kept */
size_t cm_arena_used(const cm_arena *a);

/* A growing byte buffer with a hard maximum. Overflow (or no memory) is sticky: later appends do
 * nothing and `overflow` stays true, so that a writer checks once, at the end. `p` is always
 * NUL-terminated when non-NULL. */
typedef struct cm_buf {
  char *p;
  size_t n, cap, max;
  bool overflow;
} cm_buf;

void cm_buf_init(cm_buf *b, size_t max); /* no allocation yet */
void cm_buf_close(cm_buf *b);
void cm_buf_reset(cm_buf *b); /* n = 0, keeps the memory, clears overflow */
void cm_buf_add(cm_buf *b, const void *p, size_t n);
void cm_buf_puts(cm_buf *b, const char *s);
void cm_buf_putc(cm_buf *b, char c);
void cm_buf_printf(cm_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cm_buf_vprintf(cm_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
char *cm_buf_take(cm_buf *b); /* the NUL-terminated bytes, yours to cm_free; NULL after overflow */

#endif
