/* rooms: net base */
/* Servers that are broken, slow or hostile: a clear error, in time, and no more than allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_test.h"

#define HEAD "HTTP/1.1 200 OK\r\n"

/* The exchange ended with this code; its message names the place, and has `what` in it. */
static void ask_bad(const asking *a, cm_code code, bool again, const char *what) {
  char at[64];
  snprintf(at, sizeof at, "127.0.0.1:%u: ", a->s->port);
  if (!strstr(a->x.error.msg, what)) fail_msg("\"%s\" isn't in: %s", what, a->x.error.msg);
  assert_int_equal(strncmp(a->x.error.msg, at, strlen(at)), 0);
  assert_int_equal(a->x.error.code, code);
  assert_int_equal(a->x.again, again);
}

static void answer_once(server *s, int fd) {
  if (server_read(s, fd)) (void)server_say(fd, s->user);
}

/* What is said stays so: no end of the connection before the client ends it. */
static void answer_and_wait(server *s, int fd) {
  if (server_read(s, fd) && server_say(fd, s->user)) server_wait_for_end(fd);
}

static void bad_after(unsigned first_ms, void (*play)(server *, int), const char *text, bool again,
                      const char *what, size_t given) {
  asking a = ask_open(play, text);
  a.x.key = KEY;
  a.x.first_ms = first_ms;
  ask(&a, "/?" QUERY);
  ask_bad(&a, CM_E_BACKEND, again, what);
  assert_int_equal(a.out.n, given);
  free(ask_close(&a));
}

static void bad(void (*play)(server *, int), const char *text, bool again, const char *what,
                size_t given) {
  bad_after(PATIENCE_S * 1000, play, text, again, what, given);
}

/* --- no answer --- */

static void test_refused(void **state) {
  (void)state;
  asking a = ask_open(answer_once, "");
  char url[64];
  unsigned port = 0;
  const int fd = server_socket(&port); /* nobody else gets it, and nobody listens */
  snprintf(url, sizeof url, "http://127.0.0.1:%u/?" QUERY, port);
  a.x.key = KEY;
  ask_url(&a, url);
  assert_int_equal(a.x.error.code, CM_E_BACKEND);
  assert_true(a.x.again);
  assert_non_null(strstr(a.x.error.msg, "refused"));
  assert_non_null(strstr(a.x.error.msg, "127.0.0.1:"));
  assert_int_equal(a.x.status, 0);
  close(fd);
  free(ask_close(&a));
}

static void test_no_host(void **state) {
  (void)state;
  asking a = ask_open(answer_once, "");
  a.x.connect_ms = 20000;
  unsetenv("http_proxy");
  ask_url(&a, "http://nobody.invalid:11434/"); /* RFC 6761, 6.4: never exists */
  assert_int_equal(a.x.error.code, CM_E_BACKEND);
  assert_non_null(strstr(a.x.error.msg, "nobody.invalid:11434: no "));
  free(ask_close(&a));
}

/* The connection is there, but no handshake. */
static void hang(server *s, int fd) {
  (void)s;
  server_wait_for_end(fd);
}

static void test_no_connection(void **state) {
  (void)state;
  asking a = ask_open(hang, "");
  char url[64];
  snprintf(url, sizeof url, "https://127.0.0.1:%u/", a.s->port);
  a.x.connect_ms = 150;
  ask_url(&a, url);
  ask_bad(&a, CM_E_BACKEND, true, "no connection within 150 ms");
  free(ask_close(&a));
}

static void hello(server *s, int fd) {
  (void)s;
  (void)server_say(fd, "220 hello\r\n");
}

static void test_no_tls(void **state) {
  (void)state;
  asking a = ask_open(hello, "");
  char url[64];
  snprintf(url, sizeof url, "https://127.0.0.1:%u/", a.s->port);
  ask_url(&a, url);
  ask_bad(&a, CM_E_BACKEND, false, "no secure connection");
  free(ask_close(&a));
}

static void test_silent(void **state) {
  (void)state;
  bad_after(200, answer_and_wait, "", true, "no answer began within 200 ms", 0);
}

static void reset(server *s, int fd) {
  const struct linger now = {.l_onoff = 1};
  if (server_read(s, fd)) (void)server_say(fd, s->user);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* The client may still send, but nothing will come. */
static void half_close(server *s, int fd) {
  if (!server_read(s, fd) || !server_say(fd, s->user)) return;
  shutdown(fd, SHUT_WR);
  server_wait_for_end(fd);
}

static void test_closed(void **state) {
  (void)state;
  bad(answer_once, "", true, "without an answer", 0);
  bad(half_close, "", true, "without an answer", 0);
  bad(reset, "", true, "without an answer", 0);
}

/* --- a part of one --- */

static void test_broken_off(void **state) {
  (void)state;
  bad(answer_once, HEAD "Content-Length: 9\r\n\r\n{}", false, "broke off", 2);
  bad(half_close, HEAD "Content-Length: 9\r\n\r\n{}", false, "broke off", 2);
  bad(answer_once, HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\n{}", false, "broke off", 2);
  bad(answer_once, HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", false, "broke off", 2);
}

/* A reset may overtake what was sent before it. */
static void test_reset(void **state) {
  (void)state;
  asking a = ask_open(reset, HEAD "Content-Length: 9\r\n\r\n{}");
  ask(&a, "/");
  ask_bad(&a, CM_E_BACKEND, !a.x.status, "");
  free(ask_close(&a));
}

static void test_falls_silent(void **state) {
  (void)state;
  const char *const said = "fell silent for 500 ms";
  bad_after(500, answer_and_wait, HEAD "Content-Length: 9\r\n\r\n{}", false, said, 2);
  bad_after(500, answer_and_wait, HEAD "Content-Le", false, said, 0);
}

/* --- rubbish --- */

static void test_no_http(void **state) {
  (void)state;
  bad(answer_once, "SSH-2.0-OpenSSH_9.2\r\n", false, "HTTP", 0);
  bad(answer_once, "{\"error\":\"x\"}", false, "HTTP", 0);
}

static void test_lengths(void **state) {
  (void)state;
  bad(answer_and_wait, HEAD "Content-Length: -5\r\n\r\n{}", false, "Content-Length", 0);
  bad(answer_and_wait, HEAD "Content-Length: x\r\n\r\n{}", false, "Content-Length", 0);
}

static void test_pieces(void **state) {
  (void)state;
  bad(answer_and_wait, HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n", false, "chunk", 2);
  bad(answer_and_wait, HEAD "Transfer-Encoding: chunked\r\n\r\nhello\r\n", false, "chunk", 0);
  bad(answer_and_wait, HEAD "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", false,
      "chunk", 0);
}

static void test_packed(void **state) {
  (void)state;
  bad(answer_and_wait, HEAD "Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\nnot packed!!",
      false, "unpacked", 0);
  bad(answer_and_wait, HEAD "Content-Encoding: zoo\r\nContent-Length: 2\r\n\r\n{}", false,
      "unpacked", 0);
}

/* --- too much --- */

static void endless(server *s, int fd) {
  char some[1024];
  memset(some, 'z', sizeof some);
  if (!server_read(s, fd) || !server_say(fd, s->user)) return;
  while (server_send(fd, some, sizeof some)) {}
}

static void test_large(void **state) {
  (void)state;
  asking a = ask_open(endless, HEAD "\r\n");
  ask(&a, "/");
  ask_bad(&a, CM_E_BACKEND, false, "longer than 1048576 bytes");
  assert_true(a.out.n <= MAX_BYTES);
  free(ask_close(&a));
}

/* The limit itself is taken. */
static void test_limit(void **state) {
  (void)state;
  asking a = ask_open(answer_once, HEAD "Content-Length: 2\r\n\r\n{}");
  a.x.max_bytes = 2;
  ask(&a, "/");
  ask_good(&a, "{}");
  a.x.max_bytes = 1;
  ask(&a, "/");
  ask_bad(&a, CM_E_BACKEND, false, "longer than 1 bytes");
  free(ask_close(&a));
}

typedef struct bits {
  unsigned char p[64 << 10];
  size_t n; /* bits */
} bits;

static void put_bit(bits *b, unsigned bit) {
  b->p[b->n / 8] |= (unsigned char)(bit << b->n % 8);
  b->n++;
}

/* RFC 1950, 1951: a block of fixed Huffman codes: a zero byte, and then often "258 bytes, as the
 * one before", 13 bits each: code 285 (11000101) and distance 1 (00000). 8 MiB in 52 KiB. */
static void pack_zeros(bits *b) {
  b->p[0] = 0x78, b->p[1] = 0x01;
  b->n = 16;
  put_bit(b, 1), put_bit(b, 1), put_bit(b, 0); /* the last block, fixed */
  for (const char *c = "00110000"; *c; c++) put_bit(b, (unsigned)(*c - '0')); /* byte 0 */
  for (int i = 0; i < 32513; i++)
    for (const char *c = "1100010100000"; *c; c++) put_bit(b, (unsigned)(*c - '0'));
}

static void bomb(server *s, int fd) {
  bits *b = calloc(1, sizeof *b);
  if (!b) abort();
  pack_zeros(b);
  if (server_read(s, fd) && server_say(fd, HEAD "Content-Encoding: deflate\r\n\r\n"))
    (void)server_send(fd, b->p, b->n / 8);
  free(b);
}

static void test_bomb(void **state) {
  (void)state;
  asking a = ask_open(bomb, "");
  ask(&a, "/");
  ask_bad(&a, CM_E_BACKEND, false, "longer than 1048576 bytes");
  assert_true(a.out.n > MAX_BYTES / 2 && a.out.n <= MAX_BYTES); /* it was unpacked */
  for (size_t i = 0; i < a.out.n; i++) assert_int_equal(a.out.p[i], 0);
  free(ask_close(&a));
}

/* s->user is a line; it comes as often as it takes to make so many bytes. */
static void long_head(server *s, int fd, size_t bytes) {
  const char *line = s->user;
  bool gone = !server_read(s, fd) || !server_say(fd, HEAD);
  for (size_t n = 0; !gone && n < bytes; n += strlen(line)) gone = !server_say(fd, line);
  if (!gone) (void)server_say(fd, "Content-Length: 2\r\n\r\n{}");
}

static void head_100k(server *s, int fd) { long_head(s, fd, 100 << 10); }
static void head_280k(server *s, int fd) { long_head(s, fd, 280 << 10); }

static void line_1m(server *s, int fd) {
  if (server_read(s, fd) && server_say(fd, HEAD))
    while (server_say(fd, s->user)) {}
}

static void hints(server *s, int fd) {
  if (server_read(s, fd))
    while (server_say(fd, s->user)) {}
}

static void test_heads(void **state) {
  (void)state;
  asking a = ask_open(head_100k, "X-Filler: 0123456789abcdef0123456789abcdef\r\n");
  ask(&a, "/");
  ask_good(&a, "{}");
  free(ask_close(&a));
  bad(head_280k, "X-Filler: 0123456789abcdef0123456789abcdef\r\n", false, "262144 bytes", 0);
  bad(line_1m, "X-Filler-without-end", false, "head", 0);
  bad(hints, "HTTP/1.1 103 Early Hints\r\n\r\n", false, "262144 bytes", 0);
}

/* --- time --- */

/* A byte every 10 ms, for ever. */
static void drip(server *s, int fd) {
  bool gone = !server_read(s, fd) || !server_say(fd, HEAD "\r\n");
  while (!gone) {
    cm_os_sleep_ms(10);
    gone = !server_say(fd, ".");
  }
}

static void test_deadline(void **state) {
  (void)state;
  asking a = ask_open(drip, "");
  a.x.first_ms = 60000;
  a.x.deadline_ns = cm_os_now_ns() + 500 * UINT64_C(1000000);
  ask(&a, "/");
  assert_true(cm_os_now_ns() >= a.x.deadline_ns);
  ask_bad(&a, CM_E_TIMEOUT, false, "in time");
  assert_true(a.out.n > 0);
  free(ask_close(&a));
}

/* A second long, and never silent for half of one. */
static void steady(server *s, int fd) {
  bool gone = !server_read(s, fd) || !server_say(fd, HEAD "Content-Length: 50\r\n\r\n");
  for (int i = 0; !gone && i < 50; i++) {
    cm_os_sleep_ms(20);
    gone = !server_say(fd, ".");
  }
}

static void test_slow_but_steady(void **state) {
  (void)state;
  asking a = ask_open(steady, "");
  a.x.first_ms = 500;
  ask(&a, "/");
  ask_good(&a, "..................................................");
  free(ask_close(&a));
}

/* A deadline that is over: nobody is asked. */
static void test_late(void **state) {
  (void)state;
  asking a = ask_open(answer_once, HEAD "\r\n");
  a.x.deadline_ns = cm_os_now_ns();
  ask(&a, "/");
  ask_bad(&a, CM_E_TIMEOUT, false, "in time");
  server *s = ask_close(&a);
  assert_int_equal(s->requests, 0);
  free(s);
}

static void test_cancelled(void **state) {
  (void)state;
  volatile int cancel = 0;
  asking a = ask_open(drip, "");
  a.x.cancel = &cancel;
  ask_start(&a, "/");
  while (!a.out.n) assert_null(cm_http_step(a.h, 1000));
  cancel = 1;
  assert_ptr_equal(ask_step(&a), &a.x);
  assert_int_equal(a.x.error.code, CM_E_CANCELLED);
  assert_false(a.x.again);
  free(ask_close(&a));
}

/* --- ours --- */

static void usage(const char *url, const char *key) {
  asking a = ask_open(answer_once, HEAD "\r\n");
  a.x.key = key;
  ask_start_url(&a, url);
  assert_ptr_equal(cm_http_step(a.h, 0), &a.x);
  assert_int_equal(a.x.error.code, CM_E_USAGE);
  assert_null(strstr(a.x.error.msg, "sesame"));
  assert_null(cm_http_step(a.h, 10000));
  free(ask_close(&a));
}

static void test_usage(void **state) {
  (void)state;
  usage("ftp://127.0.0.1/", NULL);
  usage("127.0.0.1:11434", NULL);
  usage("http://user:sesame@127.0.0.1/", NULL);
  usage("http://127.0.0.1:x/?" QUERY, NULL);
  usage("ws://127.0.0.1/?" QUERY, NULL);
  usage("http://127.0.0.1:1/", "sesame\r\nX: y");
  usage("http://127.0.0.1:1/", "sesame sesame");
  char long_key[20000];
  memset(long_key, 'k', sizeof long_key);
  long_key[sizeof long_key - 1] = 0;
  usage("http://127.0.0.1:1/", long_key);
}

static cm_code refuse(cm_exchange *x, cm_str piece, cm_err *e) {
  (void)x, (void)piece;
  return cm_fail(e, CM_E_FORMAT, 3, "not what we want");
}

static void test_data_fails(void **state) {
  (void)state;
  asking a = ask_open(endless, HEAD "\r\n");
  a.x.data = refuse;
  ask(&a, "/");
  assert_int_equal(a.x.error.code, CM_E_FORMAT);
  assert_int_equal(a.x.error.pos, 3);
  assert_string_equal(a.x.error.msg, "not what we want");
  assert_false(a.x.again);
  free(ask_close(&a));
}

static void test_no_memory(void **state) {
  (void)state;
  asking a = ask_open(answer_once, HEAD "\r\n");
  cm_http *h = NULL;
  cm_mem_fail_nth(1);
  ask(&a, "/");
  assert_int_equal(a.x.error.code, CM_E_NOMEM);
  cm_mem_fail_nth(1);
  assert_int_equal(cm_http_open(&h, NULL), CM_E_NOMEM);
  cm_mem_fail_nth(0);
  assert_null(h);
  free(ask_close(&a));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refused),       cmocka_unit_test(test_no_host),
      cmocka_unit_test(test_no_connection), cmocka_unit_test(test_no_tls),
      cmocka_unit_test(test_silent),        cmocka_unit_test(test_closed),
      cmocka_unit_test(test_broken_off),    cmocka_unit_test(test_reset),
      cmocka_unit_test(test_falls_silent),  cmocka_unit_test(test_no_http),
      cmocka_unit_test(test_lengths),       cmocka_unit_test(test_pieces),
      cmocka_unit_test(test_packed),        cmocka_unit_test(test_large),
      cmocka_unit_test(test_limit),         cmocka_unit_test(test_bomb),
      cmocka_unit_test(test_heads),         cmocka_unit_test(test_deadline),
      cmocka_unit_test(test_late),          cmocka_unit_test(test_slow_but_steady),
      cmocka_unit_test(test_cancelled),     cmocka_unit_test(test_usage),
      cmocka_unit_test(test_data_fails),    cmocka_unit_test(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
