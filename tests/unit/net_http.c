/* rooms: net base */
/* Questions to servers: what is sent, what comes back, and several at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/os.h"
#include "http_test.h"

/* The answer stands in s->user, and the connection stays open. */
static void answer(server *s, int fd) {
  while (server_read(s, fd) && server_say(fd, s->user)) {}
}

/* The answer stands in s->user, and then the connection ends. */
static void answer_once(server *s, int fd) {
  if (server_read(s, fd)) (void)server_say(fd, s->user);
}

static bool starts(const server *s, const char *text) {
  return cm_str_starts(cm_str_of(s->head), cm_str_of(text));
}

#define OK_TYPE "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n"

static void test_post(void **state) {
  (void)state;
  asking a = ask_open(answer, OK_TYPE "Content-Length: 12\r\n\r\n{\"a\":\"b c\"}\n");
  const size_t n = 3 << 20; /* libcurl would wait for a 100 before it sends so much */
  char *body = malloc(n);
  assert_non_null(body);
  memset(body, 'x', n);
  a.x.body = (cm_str){body, n};
  a.x.key = KEY;
  ask(&a, "/v1/chat?" QUERY);
  ask_good(&a, "{\"a\":\"b c\"}\n");
  assert_string_equal(a.x.type, "application/json");
  assert_int_equal(a.x.wait_seconds, 0);
  server *s = ask_close(&a);
  assert_int_equal(s->body_bytes, n);
  assert_true(s->body_sum == (uint32_t)(n * 'x'));
  assert_true(starts(s, "POST /v1/chat?" QUERY " HTTP/1.1\r\n"));
  assert_non_null(strstr(s->head, "\r\nAuthorization: Bearer " KEY "\r\n"));
  assert_non_null(strstr(s->head, "\r\nContent-Type: application/json\r\n"));
  assert_non_null(strstr(s->head, "\r\nUser-Agent: cmdai/"));
  assert_null(strcasestr(s->head, "\r\nExpect:"));
  free(body);
  free(s);
}

static void test_get(void **state) {
  (void)state;
  asking a = ask_open(answer, OK_TYPE "Content-Length: 2\r\n\r\n{}");
  ask(&a, "/api/tags");
  ask_good(&a, "{}");
  server *s = ask_close(&a);
  assert_true(starts(s, "GET /api/tags HTTP/1.1\r\n"));
  assert_null(strcasestr(s->head, "\r\nContent-"));
  assert_null(strcasestr(s->head, "\r\nAuthorization:"));
  free(s);
}

static void good(void (*play)(server *, int), const char *text, const char *body) {
  asking a = ask_open(play, (void *)(uintptr_t)text);
  ask(&a, "/");
  ask_good(&a, body);
  free(ask_close(&a));
}

/* RFC 9112, 7.1: pieces, an extension, trailers. */
static void test_pieces(void **state) {
  (void)state;
  good(answer,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "4\r\n{\"a\"\r\n3;x=y\r\n:1}\r\n0\r\nX: trailer\r\n\r\n",
       "{\"a\":1}");
}

/* RFC 9112, 6.3: without a length, the body ends with the connection. */
static void test_until_closed(void **state) {
  (void)state;
  good(answer_once, "HTTP/1.0 200 OK\r\n\r\n{\"a\":1}", "{\"a\":1}");
  good(answer_once, "HTTP/1.1 200 OK\r\n\r\n", "");
}

/* RFC 9110, 15.2: others may come before the answer. */
static void test_informational(void **state) {
  (void)state;
  good(answer,
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Type: x/y\r\n\r\n" OK_TYPE
       "Content-Length: 2\r\n\r\n{}",
       "{}");
}

/* What comes behind the length that was said belongs to nobody. */
static void test_more_than_said(void **state) {
  (void)state;
  good(answer_once, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n", "{}");
}

/* Written by gzip 1.12 (-n9) and, without its head, by zlib 1.2.13. */
static const unsigned char gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                     0xab, 0x56, 0x2a, 0x49, 0xad, 0x28, 0x51, 0xb2, 0x52, 0xca,
                                     0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc0, 0x20, 0x95, 0x6a, 0x01,
                                     0xbc, 0xc4, 0x6b, 0xea, 0x22, 0x00, 0x00, 0x00};
static const unsigned char zlib[] = {0x78, 0x9c, 0xab, 0x56, 0x2a, 0x49, 0xad, 0x28, 0x51,
                                     0xb2, 0x52, 0xca, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc0,
                                     0x20, 0x95, 0x6a, 0x01, 0xd2, 0x20, 0x0c, 0x30};

static void packed(server *s, int fd) {
  char head[128];
  const bool is_gzip = s->user != NULL;
  const size_t n = is_gzip ? sizeof gzip : sizeof zlib;
  if (!server_read(s, fd)) return;
  snprintf(head, sizeof head,
           "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
           is_gzip ? "gzip" : "deflate", n);
  (void)(server_say(fd, head) && server_send(fd, is_gzip ? gzip : zlib, n));
}

static void test_packed(void **state) {
  (void)state;
  good(packed, "gzip", "{\"text\":\"hello hello hello hello\"}");
  good(packed, NULL, "{\"text\":\"hello hello hello hello\"}");
}

/* --- other statuses --- */

static void status(const char *text, int wanted, bool again, uint64_t wait, const char *body) {
  asking a = ask_open(answer_once, (void *)(uintptr_t)text);
  ask(&a, "/");
  assert_int_equal(a.x.error.code, CM_OK);
  assert_int_equal(a.x.status, wanted);
  assert_int_equal(a.x.again, again);
  assert_int_equal(a.x.wait_seconds, wait);
  assert_int_equal(a.x.text_n, strlen(body));
  assert_memory_equal(a.x.text, body, a.x.text_n);
  assert_int_equal(a.out.n, 0);
  free(ask_close(&a));
}

static void test_statuses(void **state) {
  (void)state;
  status("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}", 404, false, 0, "{}");
  status("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 429, true, 7, "");
  status("HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nhelp", 500, true, 0, "help");
  status("HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n", 501, false, 0, "");
  status("HTTP/1.1 503 No\r\nRetry-After: 2\r\n\r\nbusy", 503, true, 2, "busy");
  status("HTTP/1.1 505 No\r\nContent-Length: 0\r\n\r\n", 505, false, 0, "");
  status("HTTP/1.1 204 Nothing\r\n\r\n", 204, false, 0, "");
  status("HTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx", 201, false, 0, "x");
}

/* A body without end, until the client goes. */
static void endless(server *s, int fd) {
  char some[1024];
  memset(some, 'z', sizeof some);
  if (!server_read(s, fd) || !server_say(fd, s->user)) return;
  while (server_send(fd, some, sizeof some)) {}
}

static void test_error_without_end(void **state) {
  (void)state;
  asking a = ask_open(endless, "HTTP/1.1 500 Oh\r\n\r\n");
  ask(&a, "/");
  assert_int_equal(a.x.error.code, CM_OK);
  assert_int_equal(a.x.status, 500);
  assert_true(a.x.again);
  assert_int_equal(a.x.text_n, CM_HTTP_ERROR_BYTES);
  for (size_t i = 0; i < a.x.text_n; i++) assert_int_equal(a.x.text[i], 'z');
  free(ask_close(&a));
}

/* A redirect is an answer like any other: nobody is asked with the key. */
static void test_redirect(void **state) {
  (void)state;
  asking other = ask_open(answer, OK_TYPE "Content-Length: 2\r\n\r\n{}");
  char text[200];
  snprintf(text, sizeof text,
           "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n",
           other.s->port);
  asking a = ask_open(answer, text);
  a.x.key = KEY;
  ask(&a, "/");
  assert_int_equal(a.x.error.code, CM_OK);
  assert_int_equal(a.x.status, 302);
  assert_false(a.x.again);
  free(ask_close(&a));
  server *s = ask_close(&other);
  assert_int_equal(s->connections, 0);
  free(s);
}

/* --- connections --- */

static void test_kept(void **state) {
  (void)state;
  asking a = ask_open(answer, OK_TYPE "Content-Length: 2\r\n\r\n{}");
  for (int i = 0; i < 5; i++) {
    ask(&a, "/");
    ask_good(&a, "{}");
  }
  server *s = ask_close(&a);
  assert_int_equal(s->connections, 1);
  assert_int_equal(s->requests, 5);
  free(s);
}

/* A kept connection that the server has closed meanwhile is no error. */
static void test_kept_and_closed(void **state) {
  (void)state;
  asking a = ask_open(answer_once, OK_TYPE "Content-Length: 2\r\n\r\n{}");
  a.x.body = CM_STR("{}");
  for (int i = 0; i < 3; i++) {
    ask(&a, "/");
    ask_good(&a, "{}");
  }
  server *s = ask_close(&a);
  assert_int_equal(s->connections, 3);
  free(s);
}

/* "/hang" is never answered. */
static void answer_or_hang(server *s, int fd) {
  while (server_read(s, fd))
    if (!strcmp(server_path, "/hang")) server_wait_for_end(fd);
    else if (!server_say(fd, s->user)) return;
}

static void test_two(void **state) {
  (void)state;
  asking a = ask_open(answer_or_hang, OK_TYPE "Content-Length: 2\r\n\r\n{}");
  asking b = a; /* the same server and cm_http */
  cm_buf_init(&b.out, MAX_BYTES);
  a.x.first_ms = 300;
  ask_start(&a, "/hang");
  ask_start(&b, "/");
  assert_ptr_equal(ask_step(&a), &b.x);
  ask_good(&b, "{}");
  assert_ptr_equal(ask_step(&a), &a.x);
  assert_int_equal(a.x.error.code, CM_E_BACKEND);
  assert_true(a.x.again);
  assert_null(cm_http_step(a.h, 10000)); /* at once */
  cm_buf_close(&b.out);
  free(ask_close(&a));
}

static void test_many(void **state) {
  (void)state;
  enum { MANY = 20 };
  asking a = ask_open(answer, OK_TYPE "Content-Length: 2\r\n\r\n{}");
  asking b[MANY];
  for (int i = 0; i < MANY; i++) {
    b[i] = a;
    cm_buf_init(&b[i].out, MAX_BYTES);
    ask_start(&b[i], "/");
  }
  for (int i = 0; i < MANY; i++) assert_non_null(ask_step(&a));
  for (int i = 0; i < MANY; i++) {
    ask_good(&b[i], "{}");
    cm_buf_close(&b[i].out);
  }
  free(ask_close(&a));
}

static void test_dropped(void **state) {
  (void)state;
  asking a = ask_open(answer_or_hang, "");
  ask_start(&a, "/hang");
  while (!a.s->requests) assert_null(cm_http_step(a.h, 10));
  server *s = ask_close(&a);
  assert_int_equal(s->requests, 1);
  free(s);
  cm_http_close(NULL);
}

/* A proxy of the environment is asked for other machines and not for this one. */
static void test_proxy(void **state) {
  (void)state;
  char proxy[64];
  asking a = ask_open(answer, OK_TYPE "Content-Length: 2\r\n\r\n{}");
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", a.s->port);
  unsetenv("no_proxy");
  unsetenv("NO_PROXY");
  setenv("http_proxy", proxy, 1);
  ask_url(&a, "http://model.invalid:8000/v1");
  ask_good(&a, "{}");
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  ask(&a, "/");
  ask_good(&a, "{}");
  unsetenv("http_proxy");
  server *s = ask_close(&a);
  assert_int_equal(s->requests, 2);
  assert_true(starts(s, "GET / HTTP/1.1\r\n"));
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_post),
      cmocka_unit_test(test_get),
      cmocka_unit_test(test_pieces),
      cmocka_unit_test(test_until_closed),
      cmocka_unit_test(test_informational),
      cmocka_unit_test(test_more_than_said),
      cmocka_unit_test(test_packed),
      cmocka_unit_test(test_statuses),
      cmocka_unit_test(test_error_without_end),
      cmocka_unit_test(test_redirect),
      cmocka_unit_test(test_kept),
      cmocka_unit_test(test_kept_and_closed),
      cmocka_unit_test(test_two),
      cmocka_unit_test(test_many),
      cmocka_unit_test(test_dropped),
      cmocka_unit_test(test_proxy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
