/* sandbox: runs a shell command that nobody vouches for, in a folder that may be thrown away.
 *
 * What is guaranteed while a command runs, and after it, however hostile it is:
 * - It writes only below its folder (`tree`) and into a private /tmp. Nothing else on the machine
 *   changes: no other file, no kernel setting, no other process. Symbolic and hard links in the
 *   folder lead nowhere else.
 * - It reads only programs and libraries (/usr, /bin, /lib*, /sbin) and a few files of /etc. It
 *   sees no home of a real user, no environment variable of this process, no descriptor of it.
 * - It reaches no network, no socket of this machine and no terminal.
 * - It has no capability and is never root: as root, this room becomes uid 65534 first. Programs
 *   with a setuid bit give it nothing.
 * - When cm_sandbox_run returns, every process of it is gone. Time, processor time, memory of each
 *   process, number of processes, size of a file and output are limited by the kernel or by this
 *   process, the total of what it writes by looking every 50 ms.
 * What isn't:
 * - A hole in the kernel is a hole here. This is one machine's kernel, not a virtual machine.
 * - Memory is limited for each process, not for all of them together, nor is what the kernel
 *   itself needs for them; processor caches and timing are shared; it may use all processors for
 *   its time.
 * - It may read everything below /usr, and see what /proc says about the machine as a whole.
 *
 * Two mechanisms. bubblewrap (own namespaces for everything, plus a seccomp filter) is the better
 * one and tried first. Landlock with seccomp is for kernels that forbid user namespaces; there the
 * folder keeps its own path, /tmp is shared out of reach (TMPDIR is the private one), /proc is
 * closed, and changing modes, owners or times by path is refused, because Landlock doesn't cover
 * these: cm_sandbox_lacks says so, and a case that needs one is to be skipped. The existence, size
 * and times of files can be seen there, their contents and folders' lists can't. Where neither
 * works nothing runs: there is no third way. */
#ifndef CM_SANDBOX_SANDBOX_H
#define CM_SANDBOX_SANDBOX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef struct cm_sandbox cm_sandbox;

typedef enum cm_sandbox_want {
  CM_SANDBOX_AUTO, /* the best one that works */
  CM_SANDBOX_BWRAP,
  CM_SANDBOX_LANDLOCK
} cm_sandbox_want;

/* Finds a mechanism by running `true` in it, once; keep the handle. CM_E_UNSUPPORTED: none works,
 * or not the wanted one; the message says what to do. A handle may be used by many threads. */
cm_code cm_sandbox_open(cm_sandbox **out, cm_sandbox_want want, cm_err *e);
void cm_sandbox_close(cm_sandbox *s); /* NULL is fine */

/* For the report: "bubblewrap 0.8.0" or "landlock abi 7 + seccomp". */
const char *cm_sandbox_name(const cm_sandbox *s);

/* What commands can't do or see here though nothing is wrong with them; a set of bits. */
enum {
  CM_SANDBOX_NO_CHMOD = 1,    /* modes, owners, times and attributes of a named file */
  CM_SANDBOX_NO_TMP = 2,      /* /tmp itself; $TMPDIR works */
  CM_SANDBOX_NO_PROC = 4,     /* /proc: ps, pgrep and the like */
  CM_SANDBOX_NO_HOME = 8,     /* the home's path is the tree's, not the same in every run */
  CM_SANDBOX_NO_SIGNALS = 16, /* kill */
  CM_SANDBOX_NO_CLOCK = 32    /* `now` of a job: the machine's clock is seen */
};
unsigned cm_sandbox_lacks(const cm_sandbox *s);

/* Limits; 0 means the value that stands here. */
typedef struct cm_sandbox_limits {
  uint64_t wall_ms;      /* 10,000 */
  uint64_t cpu_s;        /* 10; of each process */
  uint64_t processes;    /* 64; with Landlock those of runs at the same time count too */
  uint64_t file_bytes;   /* 64 MiB; of one file */
  uint64_t disk_bytes;   /* 256 MiB; what a run may add to the folder, a page for each file
                            included; also the size of /tmp */
  uint64_t memory_bytes; /* 2 GiB; address space of each process */
  uint64_t output_bytes; /* 1 MiB; each of stdout and stderr */
} cm_sandbox_limits;

typedef struct cm_sandbox_job {
  const char *shell;   /* "bash", "sh" or "zsh" */
  const char *command; /* one argument of the shell, behind -c; at most 100,000 bytes */
  /* Absolute path of the folder that is the home inside, and where the command starts. As root its
   * contents are given to uid 65534. It belongs into a folder of cm_sandbox_folder: that one is
   * closed to the machine's other users (a command may leave setuid programs), and as root the
   * folders above it must let uid 65534 pass. Whoever reads it afterwards must expect links, fifos
   * and sockets. */
  const char *tree;
  const char *cwd;        /* start below the home instead, "src/lib"; NULL: the home */
  const char *user;       /* name inside, [a-z_][a-z0-9_-]*; NULL: "user" */
  const char *const *env; /* more "NAME=value", ends with NULL; at most 100; NULL: none */
  /* What clocks say that tell the date, all the time: seconds since 1970, from 1 on; 0: the
   * machine's time. The kernel keeps its own, and gives it to files that the command writes;
   * programs that are linked statically, and those that ask the kernel themselves (Go's), see it
   * too. Under Landlock LD_PRELOAD is set for it. CM_E_UNSUPPORTED with CM_SANDBOX_NO_CLOCK. */
  int64_t now;
  const void *in; /* stdin; none: /dev/null */
  size_t in_n;
  cm_sandbox_limits limits;
  const volatile int *cancel; /* may be NULL; non-zero ends the run: CM_E_CANCELLED */
} cm_sandbox_job;

typedef enum cm_sandbox_stopped {
  CM_SANDBOX_ENDED,        /* by itself */
  CM_SANDBOX_STOPPED_TIME, /* wall_ms */
  CM_SANDBOX_STOPPED_OUTPUT,
  CM_SANDBOX_STOPPED_DISK
} cm_sandbox_stopped;

typedef struct cm_sandbox_result {
  cm_sandbox_stopped stopped;
  int exit_status; /* as a shell tells it: 0..255, 128 + n for "ended by signal n"; -1: stopped */
  int signal;      /* n of that, else 0; a program may also choose to exit with 128 + n */
  cm_str out, err; /* bytes as they came, in the arena; no more than output_bytes */
  uint64_t wall_ns, user_ns, sys_ns;
} cm_sandbox_result;

/* Whether a job may have this user: not "root", and at most 32 characters. */
bool cm_sandbox_is_user(const char *name);

/* Runs one command to its end, in /home/USER with HOME, USER, LOGNAME, SHELL, PATH, TZ=UTC,
 * LC_ALL=C, TERM=dumb and nothing else set; bash without its start files. CM_OK whatever the
 * command did. CM_E_USAGE: the job makes no sense; CM_E_NOTFOUND: no such shell here; CM_E_LIMIT:
 * the command or the folder is too large; CM_E_CANCELLED; CM_E_NOMEM: `a` is full; CM_E_IO: the
 * sandbox could not be set up (message: what it said), and the command has not run. */
cm_code cm_sandbox_run(const cm_sandbox *s, const cm_sandbox_job *job, cm_arena *a,
                       cm_sandbox_result *r, cm_err *e);

/* The path of the home inside: what cases' outputs may name. Borrowed from the job or `a`. */
const char *cm_sandbox_home(const cm_sandbox *s, const cm_sandbox_job *job, cm_arena *a);

#define CM_SANDBOX_FOLDER "cmdai-sandbox-" /* how names of its folders begin */

/* A new folder in `parent` (NULL: /tmp), open to this user and to what runs here, to nobody else.
 * Folders of jobs are made inside it. Its path goes to `out`; cm_os_tree_remove (base/os_tree.h)
 * removes it, whatever a command has left there. CM_E_IO. */
cm_code cm_sandbox_folder(const cm_sandbox *s, const char *parent, char *out, size_t size,
                          cm_err *e);

/* One way out that was tried. */
typedef struct cm_sandbox_attempt {
  const char *name;
  bool tried; /* false: a program that it needs is missing; detail says which */
  bool held;  /* it failed to escape */
  char detail[120];
} cm_sandbox_attempt;

/* Tries to get out in all ways it knows, harmlessly where one works. About half a second.
 * *attempts (in `a`) has *n rows; CM_OK also when some escaped: look at `held`. Listens on a local
 * port and on two sockets meanwhile. */
cm_code cm_sandbox_self_test(const cm_sandbox *s, cm_arena *a, const cm_sandbox_attempt **attempts,
                             size_t *n, cm_err *e);

#endif
