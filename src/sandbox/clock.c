/* The frozen clock. What the date is, a process asks the kernel without a call that could be met:
 * so every process gets a library (preload/clock.c) that answers in its place. It lies in this
 * program, and the moment is written into a copy of it for each run. */
#include "sandbox/way.h"

#ifdef CM_CLOCK_PATH
#include <string.h>

#include "sandbox/preload/clock.h"

__asm__(".section .rodata\n.balign 16\ncm_clock_begin:\n.incbin \"" CM_CLOCK_PATH
        "\"\ncm_clock_end:\n.byte 0\n.text\n");
extern const char cm_clock_begin[], cm_clock_end[];

cm_str cm_clock_library(int64_t now, cm_arena *a) {
  const size_t n = (size_t)(cm_clock_end - cm_clock_begin);
  const cm_clock_moment unset = {.mark = CM_CLOCK_MARK}, set = {CM_CLOCK_MARK, now};
  char *copy = cm_arena_alloc(a, n, 1);
  if (!copy) return (cm_str){NULL, 0};
  memcpy(copy, cm_clock_begin, n);
  char *at = memmem(copy, n, &unset, sizeof unset);
  if (!at) return (cm_str){NULL, 0};
  memcpy(at, &set, sizeof set);
  return (cm_str){copy, n};
}
#endif
