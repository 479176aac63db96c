/* rooms: base data engine backend answer safety serve */
/* A whole server inside this process, so that the thread sanitizer sees both of its threads, and
 * so that its memory can run out. tests/cli/test_serve.py looks at it from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_net.h"
#include "data/json.h"
#include "serve/serve.h"

#define MODEL CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf"

enum { CLIENTS = 12, ROUNDS = 3, TEXT_MAX = 1 << 20, WAIT_MS = 20000 };

static const char *const prompts[CLIENTS] = {"list files",
                                             "list files by size",
                                             "list files by size, the largest first",
                                             "x",
                                             "count lines",
                                             "count the lines of main.c and what it includes",
                                             "who is here",
                                             "list files",
                                             "what is the time",
                                             "du",
                                             "\xe5\x88\x97\xe5\x87\xba",
                                             "list files by size"};

/* --- the server --- */

static struct {
  cm_serve_options o;
  cm_backend *backend;
  cm_safety *safety;
  cm_sh_context where;
  pthread_t thread;
  cm_code code;
  cm_err e;
  volatile int stop;
  int port; /* atomic; 0: not yet */
} server;

static void on_ready(void *user, const char *url) {
  (void)user;
  __atomic_store_n(&server.port, (int)strtol(strrchr(url, ':') + 1, NULL, 10), __ATOMIC_SEQ_CST);
}

static void *run_server(void *user) {
  (void)user;
  server.code = cm_serve_run(&server.o, &server.e);
  return NULL;
}

static void prepare(uint32_t slots, uint32_t queue) {
  cm_err e;
  const cm_backend_options b = {.model = MODEL, .threads = 2, .ctx = 512, .n_parallel = slots};
  memset(&server, 0, sizeof server);
  if (cm_backend_open(&server.backend, "cpu", &b, &e)) fail_msg("%s", e.msg);
  if (cm_safety_open(&server.safety, NULL, 0, NULL, 0, &e)) fail_msg("%s", e.msg);
  server.o = (cm_serve_options){.slots = slots,
                                .queue = queue,
                                .body_max = 1 << 20,
                                .timeout_ms = 60000,
                                .drain_ms = 60000,
                                .idle_ms = 20000,
                                .max_tokens = 24,
                                .backend = server.backend,
                                .safety = server.safety,
                                .where = &server.where,
                                .level = CM_MODERATE_LEVEL,
                                .shell = "bash",
                                .stop = &server.stop,
                                .ready = on_ready};
  cm_source source;
  if (cm_backend_identify(server.backend, 0, NULL, &source, &e)) fail_msg("%s", e.msg);
  server.o.model = source.model;
}

static void start(void) {
  assert_int_equal(pthread_create(&server.thread, NULL, run_server, NULL), 0);
  for (int ms = 0; !__atomic_load_n(&server.port, __ATOMIC_SEQ_CST) && ms < WAIT_MS; ms++)
    cm_os_sleep_ms(1);
  assert_true(__atomic_load_n(&server.port, __ATOMIC_SEQ_CST) > 0);
}

static void finish(void) {
  cm_safety_close(server.safety);
  cm_backend_close(server.backend);
}

static void stop(void) {
  __atomic_store_n(&server.stop, 1, __ATOMIC_RELAXED);
  pthread_join(server.thread, NULL);
  if (server.code) fail_msg("%s", server.e.msg);
  finish();
}

/* --- a client --- */

static int connect_to(void) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  to.sin_port = htons((uint16_t)__atomic_load_n(&server.port, __ATOMIC_SEQ_CST));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

static int send_request(const char *method, const char *path, const char *body) {
  char head[512];
  const int fd = connect_to();
  if (fd < 0) return -1;
  snprintf(head, sizeof head,
           "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
           "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
           method, path, strlen(body));
  if (cm_os_write_fd(fd, head, strlen(head), NULL) ||
      cm_os_write_fd(fd, body, strlen(body), NULL)) {
    close(fd);
    return -1;
  }
  return fd;
}

/* Everything until the server closes; yours to free. The status, or 0. */
static int take_answer(int fd, char **body) {
  char *text = calloc(1, TEXT_MAX);
  size_t n = 0;
  for (ssize_t k; fd >= 0 && n + 1 < TEXT_MAX && (k = read(fd, text + n, TEXT_MAX - 1 - n)) > 0;)
    n += (size_t)k;
  if (fd >= 0) close(fd);
  char *gap = strstr(text, "\r\n\r\n");
  const int status = n > 12 ? (int)strtol(text + 9, NULL, 10) : 0;
  if (body) *body = strdup(gap ? gap + 4 : "");
  free(text);
  return status;
}

static int request(const char *method, const char *path, const char *body, char **answer) {
  return take_answer(send_request(method, path, body), answer);
}

static unsigned long metric(const char *name) {
  char *text;
  assert_int_equal(request("GET", "/metrics", "", &text), 200);
  const char *at = strstr(text, name);
  while (at && at > text && at[-1] != '\n') at = strstr(at + 1, name);
  const unsigned long v = at ? strtoul(at + strlen(name), NULL, 10) : ~0ul;
  free(text);
  return v;
}

/* --- what the model says when nobody else asks --- */

static char *alone[CLIENTS];

static int ask_alone(void **state) {
  (void)state;
  const cm_backend_options o = {.model = MODEL, .threads = 1, .ctx = 512, .n_parallel = 1};
  for (size_t i = 0; i < CLIENTS; i++) {
    cm_backend *b;
    cm_arena *a = cm_arena_open(8 << 20);
    cm_replies r;
    cm_err e;
    const cm_message m = {CM_ROLE_USER, cm_str_of(prompts[i])};
    const cm_request q = {.messages = &m,
                          .n_messages = 1,
                          .sampling = cm_sample_defaults(),
                          .max_tokens = 24,
                          .candidates = 1};
    if (cm_backend_open(&b, "cpu", &o, &e) || cm_backend_generate(b, &q, a, &r, &e)) return 1;
    alone[i] = cm_strdup_n(r.items[0].text.p, r.items[0].text.n);
    cm_backend_close(b);
    cm_arena_close(a);
  }
  return 0;
}

static int forget_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < CLIENTS; i++) cm_free(alone[i]);
  return 0;
}

/* The content of an answer of /v1/chat/completions, streamed or not; yours to free. */
static void add_content(const char *text, size_t n, bool stream, cm_buf *out) {
  cm_json *root;
  cm_str s = {0};
  const cm_json_limits limits = {.bytes = TEXT_MAX, .depth = 32};
  if (cm_json_parse((cm_str){text, n}, limits, &root, NULL)) return;
  const cm_json *choice = cm_json_at(cm_json_get(root, "choices"), 0);
  const cm_json *message = cm_json_get(choice, stream ? "delta" : "message");
  if (cm_json_str(cm_json_get(message, "content"), &s)) cm_buf_add(out, s.p, s.n);
  cm_json_free(root);
}

/* Chunked bodies lose their frames: only what stands behind "data: " counts. */
static void content_of(const char *body, bool stream, cm_buf *out) {
  if (!stream) add_content(body, strlen(body), false, out);
  for (const char *at = stream ? body : NULL; at && (at = strstr(at, "data: {"));) {
    const char *end = strstr(at, "\n\n");
    if (!end) return;
    add_content(at + 6, (size_t)(end - at) - 6, true, out);
    at = end;
  }
}

static void chat_body(size_t i, bool stream, unsigned max, char out[512]) {
  snprintf(out, 512,
           "{\"model\":\"cmdai\",\"max_tokens\":%u,\"temperature\":0,\"stream\":%s,"
           "\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}",
           max, stream ? "true" : "false", prompts[i]);
}

/* --- together as alone --- */

typedef struct client {
  pthread_t thread;
  size_t i;
  char wrong[256];
} client;

static void *be_client(void *user) {
  client *c = user;
  for (unsigned round = 0; round < ROUNDS && !c->wrong[0]; round++) {
    const bool stream = (c->i + round) % 2;
    char body[512], *answer;
    cm_buf said;
    cm_buf_init(&said, TEXT_MAX);
    chat_body(c->i, stream, 24, body);
    const int status = request("POST", "/v1/chat/completions", body, &answer);
    content_of(answer, stream, &said);
    if (status != 200 || strcmp(said.p ? said.p : "", alone[c->i]) != 0)
      snprintf(c->wrong, sizeof c->wrong, "client %zu: status %d, \"%.60s\", alone \"%.60s\"",
               c->i, status, said.p ? said.p : "", alone[c->i]);
    cm_buf_close(&said);
    free(answer);
  }
  return NULL;
}

static void test_together(void **state) {
  (void)state;
  static client clients[CLIENTS];
  memset(clients, 0, sizeof clients);
  prepare(5, 64);
  start();
  for (size_t i = 0; i < CLIENTS; i++) {
    clients[i].i = i;
    assert_int_equal(pthread_create(&clients[i].thread, NULL, be_client, &clients[i]), 0);
  }
  for (size_t i = 0; i < CLIENTS; i++) pthread_join(clients[i].thread, NULL);
  for (size_t i = 0; i < CLIENTS; i++)
    if (clients[i].wrong[0]) fail_msg("%s", clients[i].wrong);
  assert_int_equal(metric("cmdai_serve_duration_seconds_count "), CLIENTS * ROUNDS);
  assert_true(metric("cmdai_serve_tokens_cached_total ") > 0);
  assert_int_equal(metric("cmdai_serve_in_flight "), 0);
  assert_int_equal(metric("cmdai_serve_queue_depth "), 0);
  stop();
}

static void test_ask(void **state) {
  (void)state;
  char *answer;
  prepare(2, 4);
  start();
  const int status = request("POST", "/v1/cmdai/ask", "{\"request\":\"list files\"}", &answer);
  assert_int_equal(status, 200);
  assert_non_null(strstr(answer, "\"cmdai.answer/1\""));
  free(answer);
  stop();
}

/* --- clients that leave --- */

static void test_leaving(void **state) {
  (void)state;
  char body[512];
  prepare(2, 64);
  start();
  for (size_t i = 0; i < 24; i++) {
    chat_body(i % CLIENTS, i % 2, 400, body);
    const int fd = send_request("POST", "/v1/chat/completions", body);
    assert_true(fd >= 0);
    if (i % 3 == 0) cm_os_sleep_ms(2);
    close(fd);
  }
  /* Whatever had begun, or was waiting: all of it ends, and the next one is served. */
  for (int ms = 0; metric("cmdai_serve_in_flight ") + metric("cmdai_serve_queue_depth ") > 0;) {
    cm_os_sleep_ms(5);
    assert_true((ms += 5) < WAIT_MS);
  }
  chat_body(0, false, 4, body);
  assert_int_equal(request("POST", "/v1/chat/completions", body, NULL), 200);
  stop();
}

/* --- no memory --- */

static void test_no_memory(void **state) {
  (void)state;
  char body[512];
  prepare(2, 8);
  start();
  unsigned answered = 0;
  for (uint64_t n = 1; n < 120; n++) {
    chat_body(n % CLIENTS, n % 2, 6, body);
    cm_mem_fail_nth(n);
    const int status = request("POST", "/v1/chat/completions", body, NULL);
    cm_mem_fail_nth(0);
    /* Closed, refused, or answered; and never wrong for long. */
    if (status != 0 && status != 200 && status != 503 && status != 500)
      fail_msg("allocation %d: status %d", (int)n, status);
    answered += status == 200;
  }
  assert_true(answered > 0);
  chat_body(0, false, 4, body);
  assert_int_equal(request("POST", "/v1/chat/completions", body, NULL), 200);
  stop();
}

/* --- start and stop --- */

static void test_stop_with_work(void **state) {
  (void)state;
  char body[512], *answer[6];
  int fds[6];
  prepare(2, 64);
  start();
  for (size_t i = 0; i < 6; i++) {
    chat_body(i, i % 2, 100, body);
    fds[i] = send_request("POST", "/v1/chat/completions", body);
  }
  __atomic_store_n(&server.stop, 1, __ATOMIC_RELAXED);
  for (size_t i = 0; i < 6; i++) {
    const int status = take_answer(fds[i], &answer[i]);
    /* What had come before the stop is answered in full. */
    if (status != 200 && status != 503) fail_msg("request %zu: status %d", i, status);
    free(answer[i]);
  }
  pthread_join(server.thread, NULL);
  assert_int_equal(server.code, CM_OK);
  finish();
}

static void test_stop_without_patience(void **state) {
  (void)state;
  char body[512];
  prepare(1, 64);
  server.o.drain_ms = 0;
  start();
  int fds[6];
  for (size_t i = 0; i < 6; i++) {
    chat_body(i, i % 2, 400, body);
    fds[i] = send_request("POST", "/v1/chat/completions", body);
  }
  __atomic_store_n(&server.stop, 1, __ATOMIC_RELAXED);
  pthread_join(server.thread, NULL);
  assert_int_equal(server.code, CM_OK);
  for (size_t i = 0; i < 6; i++) (void)take_answer(fds[i], NULL);
  finish();
}

static void test_refused_options(void **state) {
  (void)state;
  cm_err e;
  cm_os_listener l;
  prepare(1, 1);
  server.o.host = "0.0.0.0";
  assert_int_equal(cm_serve_run(&server.o, &e), CM_E_USAGE);
  assert_non_null(strstr(e.msg, "token"));
  server.o.host = "no.such.host.invalid";
  assert_int_equal(cm_serve_run(&server.o, &e), CM_E_USAGE);
  server.o.host = NULL;
  assert_int_equal(cm_os_listen(&l, "127.0.0.1", 0, true, &e), CM_OK);
  assert_true(l.only_here && l.port > 0);
  server.o.port = l.port;
  assert_int_equal(cm_serve_run(&server.o, &e), CM_E_IO);
  assert_non_null(strstr(e.msg, "taken"));
  cm_os_listener_close(&l);
  server.o.token = "";
  assert_int_equal(cm_serve_run(&server.o, &e), CM_E_USAGE);
  finish();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_together),        cmocka_unit_test(test_ask),
      cmocka_unit_test(test_leaving),         cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_stop_with_work),  cmocka_unit_test(test_stop_without_patience),
      cmocka_unit_test(test_refused_options),
  };
  cm_os_catch_signals(NULL); /* a client that leaves is no signal */
  return cmocka_run_group_tests(tests, ask_alone, forget_alone);
}
