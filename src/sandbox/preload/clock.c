/* A library of its own and no part of the program: the loader puts it in front of the C library in
 * every process of a sandbox (sandbox/clock.c), and all clocks that tell the date stand still.
 * Those that measure run on, so that `sleep` and `timeout` take the time that they say.
 *
 * libfaketime is made for single programs: bash has a getenv of its own, and by it bash's printf
 * and EPOCHSECONDS stay in the present; it leaves variables with process numbers in the
 * environment, and needs /dev/shm. */
#include "sandbox/preload/clock.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REPLACES __attribute__((visibility("default")))

/* Volatile: the compiler doesn't know what will stand here. */
static const volatile cm_clock_moment moment = {.mark = CM_CLOCK_MARK};

REPLACES int clock_gettime(clockid_t clock, struct timespec *t) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE && clock != CLOCK_TAI)
    return (int)syscall(SYS_clock_gettime, clock, t);
  *t = (struct timespec){.tv_sec = moment.seconds};
  return 0;
}

REPLACES int timespec_get(struct timespec *t, int base) {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, t) == 0 ? base : 0;
}

REPLACES int gettimeofday(struct timeval *restrict t, void *restrict zone) {
  if (zone) *(struct timezone *)zone = (struct timezone){0};
  *t = (struct timeval){.tv_sec = moment.seconds};
  return 0;
}

REPLACES time_t time(time_t *t) {
  if (t) *t = moment.seconds;
  return moment.seconds;
}
