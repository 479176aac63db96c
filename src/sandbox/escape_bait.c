#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_tree.h"
#include "sandbox/escape.h"

#define SECRET "canary-4f1d"
#ifdef __APPLE__
#define st_ctim st_ctimespec
#endif

/* --- sockets --------------------------------------------------------------------------------- */

static int socket_on(int kind, const void *address, size_t n) {
  const struct sockaddr *to = address;
  int fd = socket(to->sa_family, kind, 0);
  if (fd < 0) return -1;
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  (void)fcntl(fd, F_SETFL, O_NONBLOCK);
  if (bind(fd, to, (socklen_t)n) == 0 && (kind == SOCK_DGRAM || listen(fd, 4) == 0)) return fd;
  close(fd);
  return -1;
}

static int port_of(int fd) {
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  memset(&a, 0, sizeof a);
  return getsockname(fd, (struct sockaddr *)&a, &n) == 0 ? ntohs(a.sin_port) : 0;
}

static bool open_sockets(cm_bait *b) {
  struct sockaddr_in local;
  struct sockaddr_un named, abstract;
  memset(&local, 0, sizeof local);
  memset(&named, 0, sizeof named);
  memset(&abstract, 0, sizeof abstract);
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  named.sun_family = abstract.sun_family = AF_UNIX;
  snprintf(named.sun_path, sizeof named.sun_path, "%s/socket", b->outside);
  int n = snprintf(abstract.sun_path + 1, sizeof abstract.sun_path - 1, "%s", b->mark);
  b->tcp = socket_on(SOCK_STREAM, &local, sizeof local);
  b->udp = socket_on(SOCK_DGRAM, &local, sizeof local);
  b->by_path = socket_on(SOCK_STREAM, &named, sizeof named);
  b->abstract =
      socket_on(SOCK_STREAM, &abstract, offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
  return b->tcp >= 0 && b->udp >= 0 && b->by_path >= 0 && b->abstract >= 0;
}

/* Whether somebody connected. */
static bool visited(int fd) {
  int guest = accept(fd, NULL, NULL);
  if (guest >= 0) close(guest);
  return guest >= 0;
}

/* --- files ----------------------------------------------------------------------------------- */

static bool put_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return false;
  bool good = cm_os_write_fd(fd, text, strlen(text), NULL) == CM_OK;
  close(fd);
  return good;
}

static uint64_t mix(uint64_t sum, uint64_t value) { return (sum ^ value) * 0x9E3779B97F4A7C15u; }

/* Any write, link, change of mode, owner or time moves a change time. */
static uint64_t state_of(const cm_bait *b) {
  const char *const paths[] = {b->outside, b->canary};
  uint64_t sum = 0;
  for (size_t i = 0; i < 2; i++) {
    struct stat st;
    if (lstat(paths[i], &st) != 0) return 0;
    sum = mix(mix(sum, (uint64_t)st.st_size), (uint64_t)st.st_mode);
    sum = mix(mix(sum, (uint64_t)st.st_ctim.tv_sec), (uint64_t)st.st_ctim.tv_nsec);
  }
  return sum;
}

/* The canary is as open as can be, and its owner is who the command is outside: only the sandbox
 * protects it. */
static bool open_folders(cm_bait *b, const cm_sandbox *s, cm_err *e) {
  char link[96];
  snprintf(b->tree, sizeof b->tree, "%s/tree", b->folder);
  snprintf(b->outside, sizeof b->outside, "%s/outside", b->folder);
  snprintf(b->canary, sizeof b->canary, "%s/canary", b->outside);
  snprintf(link, sizeof link, "%s/out", b->tree);
  if (mkdir(b->tree, 0755) != 0 || mkdir(b->outside, 0755) != 0) return false;
  if (symlink(b->outside, link) != 0 || !put_file(b->canary, SECRET)) return false;
  if (chmod(b->outside, 0777) != 0 || chmod(b->canary, 0666) != 0) return false;
  return !s->root || cm_tree_give(b->outside, CM_SANDBOX_UID, e) == CM_OK;
}

static void tell_attempts(cm_bait *b) {
  snprintf(b->env[0], sizeof b->env[0], "OUT=%s", b->outside);
  snprintf(b->env[1], sizeof b->env[1], "HOST=%ld", (long)getpid());
  snprintf(b->env[2], sizeof b->env[2], "TCP=%d", port_of(b->tcp));
  snprintf(b->env[3], sizeof b->env[3], "UDP=%d", port_of(b->udp));
  snprintf(b->env[4], sizeof b->env[4], "MARK=%s", b->mark);
  snprintf(b->env[5], sizeof b->env[5], "SECRET=%s", SECRET);
}

cm_code cm_bait_open(cm_bait *b, const cm_sandbox *s, cm_err *e) {
  *b = (cm_bait){.tcp = -1, .udp = -1, .by_path = -1, .abstract = -1};
  cm_code code = cm_sandbox_folder(s, NULL, b->folder, sizeof b->folder, e);
  if (code) return code;
  snprintf(b->mark, sizeof b->mark, "98765.%ld%llu", (long)getpid(),
           (unsigned long long)(cm_os_now_ns() % 1000000));
  if (!open_folders(b, s, e) || !open_sockets(b)) {
    code = cm_fail(e, CM_E_IO, 0, "can't prepare the self-test: %s", strerror(errno));
    cm_bait_close(b);
    return code;
  }
  tell_attempts(b);
  b->state = state_of(b);
  return CM_OK;
}

void cm_bait_close(cm_bait *b) {
  int fds[] = {b->tcp, b->udp, b->by_path, b->abstract};
  for (size_t i = 0; i < 4; i++)
    if (fds[i] >= 0) close(fds[i]);
  if (b->folder[0]) (void)cm_os_tree_remove(b->folder, NULL);
  b->folder[0] = 0;
}

/* --- what happened --------------------------------------------------------------------------- */

/* The places where an attempt tries to leave a file of this name. */
static bool stray_files(void) {
  static const char *const paths[] = {
      "/usr/cmdai-escape",  "/usr/bin/cmdai-escape", "/etc/cmdai-escape", "/var/cmdai-escape",
      "/root/cmdai-escape", "/home/cmdai-escape",    "/opt/cmdai-escape", "/dev/cmdai-escape",
      "/run/cmdai-escape",  "/cmdai-escape",         "/tmp/cmdai-escape", "/dev/shm/cmdai-escape"};
  bool found = false;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    if (unlink(paths[i]) == 0) found = true;
  return found;
}

static bool has_mark(const char *pid, const char *mark) {
  char path[300], text[300];
  snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = read(fd, text, sizeof text);
  close(fd);
  return n > 0 && cm_str_find((cm_str){text, (size_t)n}, cm_str_of(mark)) != SIZE_MAX;
}

/* A process of the attempt that outlived its run. */
static bool left_behind(const char *mark) {
  bool found = false;
  DIR *proc = opendir("/proc");
  for (struct dirent *d; proc && (d = readdir(proc));) {
    if (d->d_name[0] < '1' || d->d_name[0] > '9' || !has_mark(d->d_name, mark)) continue;
    (void)kill((pid_t)strtol(d->d_name, NULL, 10), SIGKILL);
    found = true;
  }
  if (proc) closedir(proc);
  return found;
}

/* All of them every time, so that nothing is held against a later attempt. */
const char *cm_bait_damage(cm_bait *b) {
  char byte;
  const char *what = NULL;
  uint64_t state = state_of(b);
  if (stray_files()) what = "it wrote a file into a folder of the system";
  if (left_behind(b->mark)) what = "it left a process running";
  if (visited(b->tcp)) what = "it reached a TCP port";
  if (recv(b->udp, &byte, 1, 0) >= 0) what = "it reached a UDP port";
  if (visited(b->by_path)) what = "it reached a socket";
  if (visited(b->abstract)) what = "it reached an abstract socket";
  if (state != b->state) what = "a file outside has changed";
  b->state = state;
  return what;
}
