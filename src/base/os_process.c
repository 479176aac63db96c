/* Starting programs and asking the person at the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

extern char **environ;

bool cm_os_is_root(void) { return geteuid() == 0; }

cm_code cm_os_cwd(char *out, size_t size, cm_err *e) {
  if (getcwd(out, size)) return CM_OK;
  return cm_fail(e, CM_E_IO, 0, "can't tell the working directory: %s", strerror(errno));
}

/* The child starts with the signals of a program that was started by a shell. */
static int start(char *const argv[], bool stdout_to_stderr, pid_t *pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  sigset_t usual;
  sigemptyset(&usual);
  sigaddset(&usual, SIGINT);
  sigaddset(&usual, SIGQUIT);
  sigaddset(&usual, SIGTERM);
  sigaddset(&usual, SIGPIPE);
  if (posix_spawn_file_actions_init(&files)) return ENOMEM;
  if (posix_spawnattr_init(&how)) {
    posix_spawn_file_actions_destroy(&files);
    return ENOMEM;
  }
  int bad = posix_spawnattr_setsigdefault(&how, &usual);
  if (!bad) bad = posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF);
  if (!bad && stdout_to_stderr)
    bad = posix_spawn_file_actions_adddup2(&files, CM_OS_STDERR, CM_OS_STDOUT);
  if (!bad) bad = posix_spawnp(pid, argv[0], &files, &how, argv, environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  return bad;
}

cm_code cm_os_run(char *const argv[], bool stdout_to_stderr, int *status, cm_err *e) {
  /* Ctrl-C is the child's while it runs: both are in the terminal's foreground group. */
  struct sigaction ignore = {.sa_handler = SIG_IGN}, on_int, on_quit;
  sigaction(SIGINT, &ignore, &on_int);
  sigaction(SIGQUIT, &ignore, &on_quit);
  pid_t pid = 0;
  int raw = 0, bad = start(argv, stdout_to_stderr, &pid);
  if (!bad)
    while (waitpid(pid, &raw, 0) < 0)
      if (errno != EINTR) {
        bad = errno;
        break;
      }
  sigaction(SIGINT, &on_int, NULL);
  sigaction(SIGQUIT, &on_quit, NULL);
  if (bad) return cm_fail(e, CM_E_IO, 0, "can't start %.100s: %s", argv[0], strerror(bad));
  *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return CM_OK;
}

static cm_code read_line(int fd, const volatile int *cancel, cm_buf *out, cm_err *e) {
  for (;;) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c = 0;
    int ready = poll(&p, 1, -1);
    if (cancel && *cancel) return cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
    if (ready <= 0) continue;
    ssize_t n = read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cm_fail(e, CM_E_IO, 0, "can't read the terminal: %s", strerror(errno));
    if (n == 0 || c == '\n') return CM_OK;
    cm_buf_putc(out, c);
  }
}

cm_code cm_os_ask_terminal(const char *question, const volatile int *cancel, cm_buf *answer,
                           cm_err *e) {
  int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0) return cm_fail(e, CM_E_NOTFOUND, 0, "there is no terminal to ask at");
  cm_code code = cm_os_write_fd(fd, question, strlen(question), e);
  if (!code) code = read_line(fd, cancel, answer, e);
  close(fd);
  return code;
}
