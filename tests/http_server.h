/* A server for one test: it takes connections on a port of this machine, and a function of the
 * test plays the other side of each, in a thread of its own. */
#ifndef CM_TESTS_HTTP_SERVER_H
#define CM_TESTS_HTTP_SERVER_H
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where there is no such flag, a socket has it as an option (macOS). */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

enum { SERVER_CONNECTIONS = 64, SERVER_HEAD = 16 << 10 };

struct server;

typedef struct server_side {
  struct server *s;
  int fd;
  pthread_t thread;
} server_side;

typedef struct server {
  int listener;
  unsigned port;
  void (*play)(struct server *s, int fd);
  void *user;
  pthread_t thread;
  server_side sides[SERVER_CONNECTIONS];
  atomic_int connections, requests;
  atomic_bool stopped;
  pthread_mutex_t lock;
  /* Of the last request; read it when the server has stopped. */
  char head[SERVER_HEAD];
  size_t body_bytes;
  uint32_t body_sum; /* of its bytes */
} server;

/* The path of the last request that this side has read. */
static _Thread_local char server_path[256];

static void *server_play(void *user) {
  server_side *side = user;
  side->s->play(side->s, side->fd);
  close(side->fd);
  return NULL;
}

static void *server_accept(void *user) {
  server *s = user;
  for (;;) {
    const int fd = accept(s->listener, NULL, NULL);
    const int n = s->connections;
    if (fd < 0 || s->stopped || n == SERVER_CONNECTIONS) {
      if (fd >= 0) close(fd);
      return NULL;
    }
#ifdef SO_NOSIGPIPE
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
    s->sides[n] = (server_side){.s = s, .fd = fd};
    s->connections = n + 1;
    if (pthread_create(&s->sides[n].thread, NULL, server_play, &s->sides[n])) abort();
  }
}

/* A socket on a free port of 127.0.0.1; nobody listens yet. */
static int server_socket(unsigned *port) {
  struct sockaddr_in a = {.sin_family = AF_INET};
  socklen_t n = sizeof a;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) || getsockname(fd, (struct sockaddr *)&a, &n))
    abort();
  *port = ntohs(a.sin_port);
  return fd;
}

static server *server_start(void (*play)(server *s, int fd), void *user) {
  server *s = calloc(1, sizeof *s);
  if (!s) abort();
  if (pthread_mutex_init(&s->lock, NULL)) abort();
  s->listener = server_socket(&s->port);
  s->play = play;
  s->user = user;
  if (listen(s->listener, SERVER_CONNECTIONS)) abort();
  if (pthread_create(&s->thread, NULL, server_accept, s)) abort();
  return s;
}

/* Waits for all that is played. Each side must end by itself when its client is gone. */
static void server_stop(server *s) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  s->stopped = true;
  const int fd = socket(AF_INET, SOCK_STREAM, 0); /* wakes accept */
  if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a)) abort();
  pthread_join(s->thread, NULL);
  close(fd);
  close(s->listener);
  for (int i = 0; i < s->connections; i++) pthread_join(s->sides[i].thread, NULL);
  pthread_mutex_destroy(&s->lock);
}

/* --- for those who play --- */

/* False: the client is gone. */
static bool server_send(int fd, const void *p, size_t n) {
  const char *at = p;
  while (n) {
    const ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += sent;
    n -= (size_t)sent;
  }
  return true;
}

static bool server_say(int fd, const char *text) { return server_send(fd, text, strlen(text)); }

static void server_wait_for_end(int fd) {
  char some[4096];
  while (recv(fd, some, sizeof some, 0) > 0) {}
}

static size_t server_length(const char *head) {
  for (const char *line = head; line; line = strchr(line + 1, '\n'))
    if (!strncasecmp(line, "\nContent-Length:", 16)) return strtoul(line + 16, NULL, 10);
  return 0;
}

/* Reads a request, its head byte by byte; false when there is none any more. */
static bool server_read(server *s, int fd) {
  char head[SERVER_HEAD], some[4096];
  size_t n = 0;
  while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0)
    if (n + 1 == sizeof head || recv(fd, head + n++, 1, 0) != 1) return false;
  head[n] = 0;
  uint32_t sum = 0;
  size_t body = server_length(head);
  const size_t bytes = body;
  while (body) {
    const ssize_t got = recv(fd, some, body < sizeof some ? body : sizeof some, 0);
    if (got <= 0) return false;
    for (ssize_t i = 0; i < got; i++) sum += (unsigned char)some[i];
    body -= (size_t)got;
  }
  const char *path = strchr(head, ' ');
  if (!path) return false;
  snprintf(server_path, sizeof server_path, "%.*s", (int)strcspn(path + 1, " "), path + 1);
  pthread_mutex_lock(&s->lock);
  memcpy(s->head, head, n + 1);
  s->body_bytes = bytes;
  s->body_sum = sum;
  pthread_mutex_unlock(&s->lock);
  s->requests++;
  return true;
}

#endif
