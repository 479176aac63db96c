/* An exchange with a server of the test's own. */
#ifndef CM_TESTS_UNIT_HTTP_TEST_H
#define CM_TESTS_UNIT_HTTP_TEST_H
#include "base/mem.h"
#include "base/os.h"
#include "http_server.h"
#include "net/http.h"

/* What stands in no message. */
#define KEY   "open-sesame"
#define QUERY "q=sesame"

enum { MAX_BYTES = 1 << 20, PATIENCE_S = 30 };

typedef struct asking {
  server *s;
  cm_http *h;
  cm_exchange x;
  cm_buf out;
  char url[256];
} asking;

static cm_code ask_data(cm_exchange *x, cm_str piece, cm_err *e) {
  cm_buf *out = x->user;
  (void)e;
  assert_int_equal(x->status, 200);
  cm_buf_add(out, piece.p, piece.n);
  return CM_OK;
}

static asking ask_open(void (*play)(server *, int), const void *user) {
  asking a = {.x = {.max_bytes = MAX_BYTES, .data = ask_data}};
  cm_err e = {0};
  if (cm_http_open(&a.h, &e)) fail_msg("%s", e.msg);
  a.s = server_start(play, (void *)(uintptr_t)user);
  cm_buf_init(&a.out, MAX_BYTES);
  return a;
}

/* The server has stopped; yours to free. */
static server *ask_close(asking *a) {
  cm_http_close(a->h);
  cm_buf_close(&a->out);
  server_stop(a->s);
  return a->s;
}

static void ask_start_url(asking *a, const char *url) {
  snprintf(a->url, sizeof a->url, "%s", url);
  cm_buf_reset(&a->out);
  a->x.url = a->url;
  a->x.user = &a->out;
  cm_http_start(a->h, &a->x);
}

static void ask_start(asking *a, const char *path) {
  char url[256];
  snprintf(url, sizeof url, "http://127.0.0.1:%u%s", a->s->port, path);
  ask_start_url(a, url);
}

/* The next one that is done. */
static cm_exchange *ask_step(asking *a) {
  const uint64_t end = cm_os_now_ns() + PATIENCE_S * UINT64_C(1000000000);
  cm_exchange *x = NULL;
  while (!x && cm_os_now_ns() < end) x = cm_http_step(a->h, 1000);
  if (!x) fail_msg("nothing came within %d s", PATIENCE_S);
  if (strstr(x->error.msg, "sesame")) fail_msg("a secret in: %s", x->error.msg);
  return x;
}

static void ask_url(asking *a, const char *url) {
  ask_start_url(a, url);
  assert_ptr_equal(ask_step(a), &a->x);
}

static void ask(asking *a, const char *path) {
  ask_start(a, path);
  assert_ptr_equal(ask_step(a), &a->x);
}

static void ask_good(const asking *a, const char *body) {
  if (a->x.error.code) fail_msg("%s", a->x.error.msg);
  assert_int_equal(a->x.status, 200);
  assert_false(a->x.again);
  assert_int_equal(a->x.text_n, 0);
  assert_int_equal(a->out.n, strlen(body));
  assert_memory_equal(a->out.p ? a->out.p : "", body, a->out.n);
}

#endif
