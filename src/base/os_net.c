#include "base/os_net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Systems without it notice a closed connection when they write. */
#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

/* Connections inherit the buffer: without a bound the system lets each grow to megabytes. */
enum { BACKLOG = 256, SEND_BUFFER = 128 << 10 };

static bool is_here(const struct sockaddr *a) {
  if (a->sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, a, sizeof in);
    return ntohl(in.sin_addr.s_addr) >> 24 == 127;
  }
  struct sockaddr_in6 in6;
  memcpy(&in6, a, sizeof in6);
  return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

static cm_code find(const char *host, struct addrinfo **out, cm_err *e) {
  const struct addrinfo want = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
  const int bad = getaddrinfo(host, "0", &want, out);
  if (!bad && *out) return CM_OK;
  return cm_fail(e, CM_E_USAGE, 0, "can't listen at \"%.100s\": %s", host, gai_strerror(bad));
}

static void set_port(struct sockaddr *a, uint16_t port) {
  /* Both families have it at the same place (RFC 3493). */
  struct sockaddr_in in;
  memcpy(&in, a, sizeof in);
  in.sin_port = htons(port);
  memcpy(a, &in, sizeof in);
}

/* What the socket really got. */
static cm_code name_it(cm_os_listener *l, cm_err *e) {
  struct sockaddr_storage at = {0};
  socklen_t n = sizeof at;
  char host[56] = "", port[8] = "";
  if (getsockname(l->fd, (struct sockaddr *)&at, &n) ||
      getnameinfo((struct sockaddr *)&at, n, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV))
    return cm_fail(e, CM_E_IO, 0, "can't tell the address of a socket: %s", strerror(errno));
  struct sockaddr_in in;
  memcpy(&in, &at, sizeof in);
  l->port = ntohs(in.sin_port);
  snprintf(l->host, sizeof l->host, at.ss_family == AF_INET6 ? "[%s]" : "%s", host);
  return CM_OK;
}

static cm_code bind_fail(const char *host, uint16_t port, cm_err *e) {
  const int why = errno;
  if (why == EADDRINUSE)
    return cm_fail(e, CM_E_IO, 0, "%.100s port %u is taken: another program listens there", host,
                   port);
  const cm_code code = why == EADDRNOTAVAIL ? CM_E_USAGE : CM_E_IO;
  return cm_fail(e, code, 0, "can't listen at %.100s port %u: %s", host, port, strerror(why));
}

static cm_code open_at(cm_os_listener *l, struct addrinfo *a, const char *host, uint16_t port,
                       cm_err *e) {
  const int on = 1, buffer = SEND_BUFFER;
  set_port(a->ai_addr, port);
  l->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (l->fd < 0) return bind_fail(host, port, e);
  /* Connections that have just ended don't keep the port. */
  (void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  (void)setsockopt(l->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  if (bind(l->fd, a->ai_addr, a->ai_addrlen) || listen(l->fd, BACKLOG))
    return bind_fail(host, port, e);
  return name_it(l, e);
}

cm_code cm_os_listen(cm_os_listener *out, const char *host, uint16_t port, bool must_be_here,
                     cm_err *e) {
  struct addrinfo *a = NULL;
  *out = (cm_os_listener){.fd = -1};
  cm_code code = find(host, &a, e);
  if (code) return code;
  out->only_here = is_here(a->ai_addr);
  if (must_be_here && !out->only_here)
    code = cm_fail(e, CM_E_USAGE, 0, "others could connect to %.100s", host);
  if (!code) code = open_at(out, a, host, port, e);
  freeaddrinfo(a);
  if (code) cm_os_listener_close(out);
  return code;
}

void cm_os_listener_close(cm_os_listener *l) {
  if (l->fd >= 0) close(l->fd);
  l->fd = -1;
}

void cm_os_peers_gone(const int *fds, size_t n, bool *gone) {
  static const short bad = POLLRDHUP | POLLHUP | POLLERR | POLLNVAL;
  enum { PART = 64 };
  for (size_t at = 0; at < n && at < CM_OS_PEERS_MAX; at += PART) {
    struct pollfd p[PART];
    const size_t k = n - at < PART ? n - at : PART;
    for (size_t i = 0; i < k; i++) p[i] = (struct pollfd){.fd = fds[at + i], .events = POLLRDHUP};
    if (poll(p, (nfds_t)k, 0) <= 0) continue;
    for (size_t i = 0; i < k; i++) gone[at + i] = (p[i].revents & bad) != 0;
  }
}

void cm_os_cut(int fd) { (void)shutdown(fd, SHUT_RDWR); }
