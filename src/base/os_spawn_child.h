/* What happens between fork and exec. Private to base. */
#ifndef CM_BASE_OS_SPAWN_CHILD_H
#define CM_BASE_OS_SPAWN_CHILD_H
#include "base/os_spawn.h"

/* Which step failed, and its errno: what the child writes to its report pipe. */
typedef enum cm_spawn_step {
  CM_SPAWN_FILES,
  CM_SPAWN_FOLDER,
  CM_SPAWN_LIMITS,
  CM_SPAWN_USER,
  CM_SPAWN_HOOK,
  CM_SPAWN_EXEC
} cm_spawn_step;

typedef struct cm_spawn_report {
  int step, error;
} cm_spawn_report;

typedef struct cm_spawn_child {
  const cm_os_spawn_job *job;
  const char *program;      /* path that exec gets */
  char *const *env;         /* never NULL */
  int in, out, err, report; /* descriptors above 2 */
} cm_spawn_child;

/* Never returns. Calls only what is async-signal-safe: another thread may have held any lock at
 * the moment of the fork. */
_Noreturn void cm_spawn_run_child(const cm_spawn_child *c);

#endif
