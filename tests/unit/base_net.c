/* rooms: base */
/* Listening, noticing who has hung up, and a bell between two threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_bell.h"
#include "base/os_net.h"

enum { PAIRS = 70 };

static void test_listen(void **state) {
  (void)state;
  cm_os_listener a, b;
  cm_err e;
  assert_int_equal(cm_os_listen(&a, "127.0.0.1", 0, true, &e), CM_OK);
  assert_string_equal(a.host, "127.0.0.1");
  assert_true(a.only_here && a.port > 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(a.port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  close(fd);
  assert_int_equal(cm_os_listen(&b, "127.0.0.1", a.port, true, &e), CM_E_IO);
  assert_non_null(strstr(e.msg, "taken"));
  assert_int_equal(b.fd, -1);
  cm_os_listener_close(&a);
  cm_os_listener_close(&a);
  assert_int_equal(cm_os_listen(&b, "localhost", 0, true, &e), CM_OK);
  assert_true(b.only_here);
  cm_os_listener_close(&b);
}

static void test_beyond_this_machine(void **state) {
  (void)state;
  cm_os_listener l;
  cm_err e;
  static const char *const open[] = {"0.0.0.0", "::", "::ffff:127.0.0.1"};
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(cm_os_listen(&l, open[i], 0, true, &e), CM_E_USAGE);
  assert_int_equal(cm_os_listen(&l, "0.0.0.0", 0, false, &e), CM_OK);
  assert_false(l.only_here);
  cm_os_listener_close(&l);
  assert_int_equal(cm_os_listen(&l, "no.such.host.invalid", 0, false, &e), CM_E_USAGE);
  assert_int_equal(cm_os_listen(&l, "192.0.2.1", 0, false, &e), CM_E_USAGE); /* RFC 5737 */
}

static void test_peers(void **state) {
  (void)state;
  int ours[PAIRS], theirs[PAIRS];
  bool gone[PAIRS] = {false};
  for (int i = 0; i < PAIRS; i++) {
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ours[i] = pair[0], theirs[i] = pair[1];
  }
  cm_os_peers_gone(ours, PAIRS, gone);
  for (int i = 0; i < PAIRS; i++) assert_false(gone[i]);
  assert_int_equal(write(theirs[3], "late words", 10), 10);
  close(theirs[3]);
  shutdown(theirs[5], SHUT_WR);
  cm_os_cut(theirs[69]);
  cm_os_peers_gone(ours, PAIRS, gone);
  for (int i = 0; i < PAIRS; i++) assert_int_equal(gone[i], i == 3 || i == 5 || i == 69);
  for (int i = 0; i < PAIRS; i++) {
    close(ours[i]);
    if (i != 3) close(theirs[i]);
  }
}

static void *ring(void *user) {
  cm_os_sleep_ms(30);
  cm_os_bell_ring(user);
  return NULL;
}

static void test_bell(void **state) {
  (void)state;
  cm_os_bell *b;
  cm_err e;
  pthread_t t;
  assert_int_equal(cm_os_bell_open(&b, &e), CM_OK);
  uint64_t start = cm_os_now_ns();
  cm_os_bell_wait(b, 40);
  assert_true(cm_os_now_ns() - start >= UINT64_C(39000000));
  /* A ring before the wait isn't lost, and counts once. */
  cm_os_bell_ring(b);
  cm_os_bell_ring(b);
  start = cm_os_now_ns();
  cm_os_bell_wait(b, 30000);
  assert_true(cm_os_now_ns() - start < UINT64_C(20000000000));
  start = cm_os_now_ns();
  cm_os_bell_wait(b, 40);
  assert_true(cm_os_now_ns() - start >= UINT64_C(39000000));
  assert_int_equal(pthread_create(&t, NULL, ring, b), 0);
  start = cm_os_now_ns();
  cm_os_bell_wait(b, 30000);
  assert_true(cm_os_now_ns() - start < UINT64_C(20000000000));
  pthread_join(t, NULL);
  cm_os_bell_close(b);
  cm_os_bell_close(NULL);
  cm_mem_fail_nth(1);
  assert_int_equal(cm_os_bell_open(&b, &e), CM_E_NOMEM);
  assert_null(b);
  cm_mem_fail_nth(0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_listen),
      cmocka_unit_test(test_beyond_this_machine),
      cmocka_unit_test(test_peers),
      cmocka_unit_test(test_bell),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
