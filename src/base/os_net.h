/* base/os_net: sockets that others connect to, and the little that a server wants to know of a
 * connection beside what its HTTP library does. TCP alone. */
#ifndef CM_BASE_OS_NET_H
#define CM_BASE_OS_NET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef struct cm_os_listener {
  int fd;
  uint16_t port;  /* the real one, when 0 was asked for */
  char host[64];  /* the address as numbers, as it stands in a URL: "127.0.0.1", "[::1]" */
  bool only_here; /* nobody beyond this machine can connect */
} cm_os_listener;

/* Listens at the first address that `host` (a name, or an address without brackets) has; port 0 is
 * any free one. The descriptor is the caller's to close with cm_os_listener_close, unless a
 * library took it. CM_E_USAGE: no such host, or, with `must_be_here`, an address that others can
 * reach; CM_E_IO: the port is taken or the system refuses. */
cm_code cm_os_listen(cm_os_listener *out, const char *host, uint16_t port, bool must_be_here,
                     cm_err *e);
void cm_os_listener_close(cm_os_listener *l); /* fine when it isn't open */

/* Sets gone[i] where the other side of fds[i] has closed its connection, or its sending half: for
 * HTTP that is one and the same. Doesn't wait. More than CM_OS_PEERS_MAX are not looked at. */
enum { CM_OS_PEERS_MAX = 4096 };
void cm_os_peers_gone(const int *fds, size_t n, bool *gone);

/* Ends a connection in both directions; who owns the descriptor notices, and closes it. */
void cm_os_cut(int fd);

#endif
