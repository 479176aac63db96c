/* base/os_bell: one thread waits until another one rings, or until a time is over. */
#ifndef CM_BASE_OS_BELL_H
#define CM_BASE_OS_BELL_H
#include <stdint.h>

#include "base/err.h"

typedef struct cm_os_bell cm_os_bell;

/* CM_E_NOMEM. */
cm_code cm_os_bell_open(cm_os_bell **out, cm_err *e);
void cm_os_bell_close(cm_os_bell *b); /* NULL is fine; nobody may be at it any longer */

/* Ends the wait that is on, or else the next one. Any thread. */
void cm_os_bell_ring(cm_os_bell *b);
/* Until it rings, or `ms` milliseconds at most, whatever becomes of the time of day. */
void cm_os_bell_wait(cm_os_bell *b, uint32_t ms);

#endif
