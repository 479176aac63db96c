/* base/os_spawn: runs one program to its end with everything about it bounded.
 *
 * No shell is involved and nothing is interpolated: argv is handed to the kernel as it is. The
 * child begins with default signals, no controlling terminal, its own session and process group,
 * and no descriptor but 0, 1, 2 and those in `keep`. Nothing here is global, so that threads may
 * run programs at the same time.
 *
 * When the call returns, the program is gone and reaped, and so is all of its process group: it
 * is killed at a deadline, and what it left running in its group when it ended is killed too.
 * A descendant that moved to a session of its own is out of reach of this; who runs programs that
 * aren't trusted uses the room sandbox, which doesn't let them. */
#ifndef CM_BASE_OS_SPAWN_H
#define CM_BASE_OS_SPAWN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* Limits of the kernel for each process; 0 leaves what this process has. Core files are never
 * written. */
typedef struct cm_os_limits {
  uint64_t cpu_s;        /* processor seconds; past it SIGXCPU, a second later SIGKILL */
  uint64_t memory_bytes; /* address space */
  uint64_t file_bytes;   /* size of any file that is written; past it SIGXFSZ */
  uint64_t processes;    /* of the whole user, threads too; means nothing for root */
  uint64_t open_files;
} cm_os_limits;

typedef struct cm_os_spawn_job {
  const char *const *argv; /* ends with NULL; argv[0] without a slash is looked up in env's PATH */
  const char *const *env; /* "NAME=value", ends with NULL; NULL: the environment of this process */
  const char *cwd;        /* NULL: as it is */
  const void *in;         /* what stdin holds; the child sees a file that can't be changed */
  size_t in_n;            /* 0: stdin is /dev/null */
  size_t out_max, err_max; /* bytes to keep of stdout and stderr; the rest is read and dropped */
  bool kill_on_flood;      /* rather end the program once it writes more than that */
  uint64_t wall_ns;        /* time limit; 0: none */
  const volatile int *cancel; /* may be NULL; non-zero ends the program: CM_E_CANCELLED */
  cm_os_limits limits;
  const int *keep; /* descriptors that the child gets under the same numbers, all above 2 */
  size_t keep_n;
  unsigned as_uid, as_gid; /* non-zero: become this user; only root can */
  /* The last step before exec, in the child: only async-signal-safe calls. 0 or an errno. */
  int (*in_child)(void *ctx);
  void *child_ctx;
  /* Asked about every `watch_ns`, in the parent; true ends the program (stopped by watch). */
  bool (*watch)(void *ctx);
  void *watch_ctx;
  uint64_t watch_ns;
} cm_os_spawn_job;

/* Why the program did not end by itself. */
typedef enum cm_os_stopped {
  CM_OS_NOT_STOPPED,
  CM_OS_STOPPED_TIME,  /* wall_ns passed */
  CM_OS_STOPPED_FLOOD, /* more output than it may write */
  CM_OS_STOPPED_WATCH
} cm_os_stopped;

typedef struct cm_os_spawn_result {
  cm_os_stopped stopped;
  int exit_status;       /* 0..255, or -1: ended by a signal */
  int signal;            /* that signal, else 0 */
  cm_buf out, err;       /* bytes as they came, NUL-terminated when non-NULL */
  bool out_cut, err_cut; /* there was more */
  uint64_t wall_ns, user_ns, sys_ns;
  /* The largest process among the program and the descendants that it waited for. Linux starts
   * this count at what the process that started it held, so below that it says nothing;
   * cm_os_peak_rss_bytes of the program itself does. */
  uint64_t peak_rss_bytes;
} cm_os_spawn_result;

/* Runs the program and waits for it. CM_OK whatever its exit status, also when it was stopped;
 * CM_E_NOTFOUND: no such program; CM_E_IO: it can't be started (message: which step);
 * CM_E_NOMEM; CM_E_CANCELLED; CM_E_USAGE: no argv. `r` is filled in every case and wants
 * cm_os_spawn_close. */
cm_code cm_os_spawn(const cm_os_spawn_job *job, cm_os_spawn_result *r, cm_err *e);
void cm_os_spawn_close(cm_os_spawn_result *r);

#endif
