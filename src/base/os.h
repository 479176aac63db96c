/* base/os: everything that differs between operating systems. No other room includes <sys/…>
 * headers. */
#ifndef CM_BASE_OS_H
#define CM_BASE_OS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* A read-only view of a whole file, shared with the page cache. */
typedef struct cm_map {
  const uint8_t *p;
  size_t n;
} cm_map;

/* Maps a regular file. CM_E_NOTFOUND, CM_E_IO (directory, no permission), CM_E_FORMAT (empty
 * file). */
cm_code cm_os_map(const char *path, cm_map *out, cm_err *e);
void cm_os_unmap(cm_map *m);
/* Asks the kernel to read ahead; never fails. */
void cm_os_map_willneed(const cm_map *m, size_t offset, size_t n);

/* Asks the system to forget what it holds of a file in memory, so that the next reader waits for
 * the disk. *held of its *size bytes stay, rounded up to pages: those that a process has mapped,
 * and all of them in a file system that lives in memory, or where the system has no such call.
 * Contents never change. CM_E_NOTFOUND, CM_E_IO. */
cm_code cm_os_forget_file(const char *path, uint64_t *size, uint64_t *held, cm_err *e);

/* Appends a whole file to `out`; CM_E_LIMIT past out->max. */
cm_code cm_os_read_file(const char *path, cm_buf *out, cm_err *e);
/* The same for what a descriptor still gives, until `deadline_ns` on cm_os_now_ns' clock (0: for
 * ever; CM_E_TIMEOUT) or a signal of cm_os_catch_signals (CM_E_CANCELLED). */
cm_code cm_os_read_fd(int fd, uint64_t deadline_ns, cm_buf *out, cm_err *e);

/* Appends what one read gives, waiting for it; *ended at the end of the input. Errors as above. */
cm_code cm_os_read_some(int fd, cm_buf *out, bool *ended, cm_err *e);

/* The standard descriptors. */
enum { CM_OS_STDIN = 0, CM_OS_STDOUT = 1, CM_OS_STDERR = 2 };

/* With a flag: it becomes 1 with the first SIGINT or SIGTERM, and a second one ends the program.
 * Without (NULL) the first one does: with status 128 + its number, after removing what an
 * unfinished cm_os_out has written. SIGPIPE is ignored: a closed pipe is an error of write. */
void cm_os_catch_signals(volatile int *flag);

/* Whether reading `fd` makes sense: never a terminal or a closed descriptor; a file or a pipe
 * always; with `only_ready` a socket (which is what some programs leave open as a child's stdin)
 * only if something is there within 50 ms. */
bool cm_os_has_input(int fd, bool only_ready);

/* A file that appears whole or not at all: written beside `path`, synced, renamed over it by
 * commit. */
typedef struct cm_os_out {
  int fd;
  char tmp[4096];
  char path[4096];
} cm_os_out;
cm_code cm_os_out_open(cm_os_out *o, const char *path, cm_err *e);
cm_code cm_os_out_write(cm_os_out *o, const void *p, size_t n, cm_err *e);
cm_code cm_os_out_commit(cm_os_out *o, cm_err *e); /* also closes */
void cm_os_out_abort(cm_os_out *o); /* removes the temporary file; fine after commit */

/* Writes all bytes to a descriptor; CM_E_WRITE when it is closed or full. */
cm_code cm_os_write_fd(int fd, const void *p, size_t n, cm_err *e);

bool cm_os_is_root(void);
/* The working directory with its NUL; CM_E_IO when it is gone or longer than `size`. */
cm_code cm_os_cwd(char *out, size_t size, cm_err *e);

/* Starts argv[0] (looked up in PATH) with the terminal, the environment and the standard
 * descriptors of this process, and waits for it. *status is its exit status, or 128 + the number
 * of the signal that ended it. Meanwhile SIGINT and SIGQUIT are the child's alone. With
 * `stdout_to_stderr` what it prints goes to stderr. CM_E_IO when it can't be started. */
cm_code cm_os_run(char *const argv[], bool stdout_to_stderr, int *status, cm_err *e);

/* Writes `question` to the terminal (not to stdout or stderr) and reads one line of answer,
 * without its newline; past answer->max it overflows. CM_E_NOTFOUND: no terminal;
 * CM_E_CANCELLED: *cancel became non-zero. */
cm_code cm_os_ask_terminal(const char *question, const volatile int *cancel, cm_buf *answer,
                           cm_err *e);

uint64_t cm_os_now_ns(void); /* monotonic */
/* The time of day, UTC: "2026-11-26T09:30:00Z". */
void cm_os_utc(char out[21]);
int64_t cm_os_epoch_s(void);             /* the time of day: seconds since 1970, UTC */
void cm_os_sleep_ms(uint32_t ms);        /* a signal ends it early */
bool cm_os_is_program(const char *path); /* a file that may be executed */
const char *cm_os_name(void);            /* "linux" "macos" */
/* The processor's name, "unknown" where the system doesn't say. */
void cm_os_cpu_name(char *out, size_t size);
uint64_t cm_os_peak_rss_bytes(void);
uint64_t cm_os_rss_bytes(void); /* what this process holds now; 0 where the system doesn't say */
/* The file that this process was started from; CM_E_UNSUPPORTED, CM_E_IO. */
cm_code cm_os_own_program(char *out, size_t size, cm_err *e);
unsigned cm_os_cpu_count(void);    /* processors this process may run on, at least 1 */
uint64_t cm_os_memory_bytes(void); /* physical memory of the machine */
bool cm_os_is_tty(int fd);
void cm_os_pause(void); /* tells the processor that this is a spin loop */
void cm_os_yield(void);

#endif
