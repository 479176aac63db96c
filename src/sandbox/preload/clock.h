/* What the library shares with sandbox/clock.c, which writes the moment into it. */
#ifndef CM_SANDBOX_PRELOAD_CLOCK_H
#define CM_SANDBOX_PRELOAD_CLOCK_H
#include <stdint.h>

/* Found in the library's bytes once: the moment stands behind it. */
#define CM_CLOCK_MARK INT64_C(0x6b636f6c63206d63)

typedef struct cm_clock_moment {
  int64_t mark;
  int64_t seconds; /* since 1970 */
} cm_clock_moment;

#endif
