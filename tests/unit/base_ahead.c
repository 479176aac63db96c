/* rooms: base */
/* A file on the disk comes into memory while nobody reads it: all that was asked for, and not
 * much else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os_ahead.h"

enum { MIB = 1 << 20, BYTES = 48 * MIB, PAGE = 4096 };

static char path[256];

static int make_file(void **state) {
  (void)state;
  cm_os_out o;
  cm_err e;
  char *block = malloc(MIB);
  snprintf(path, sizeof path, "%s/cmdai-ahead-%d", CM_SOURCE_DIR, (int)getpid());
  if (!block || cm_os_out_open(&o, path, &e)) return -1;
  for (int i = 0; i < BYTES / MIB; i++) {
    memset(block, i + 1, MIB);
    if (cm_os_out_write(&o, block, MIB, &e)) return -1;
  }
  free(block);
  return cm_os_out_commit(&o, &e) ? -1 : 0;
}

static int remove_file(void **state) {
  (void)state;
  return unlink(path);
}

/* Skips where a file can't be forgotten: then all of it is in memory always. */
static cm_map forgotten(void) {
  uint64_t size, held;
  cm_map m;
  cm_err e;
  if (cm_os_forget_file(path, &size, &held, &e)) fail_msg("%s", e.msg);
  if (sysconf(_SC_PAGESIZE) != PAGE || held > size / 10) skip();
  if (cm_os_map(path, &m, &e)) fail_msg("%s", e.msg);
  return m;
}

/* Of the pages in [from, to), how many are in memory; `seen` also keeps those that were before. */
static size_t resident(const cm_map *m, size_t from, size_t to, bool *seen) {
  static unsigned char in[BYTES / PAGE];
  size_t n = 0;
  assert_int_equal(mincore((void *)(uintptr_t)(m->p + from), to - from, in), 0);
  for (size_t i = 0; i < (to - from) / PAGE; i++) {
    seen[i] |= in[i] & 1;
    n += seen[i];
  }
  return n;
}

/* The thread needs seconds at most, also on a slow disk. The system may take a page back before
 * the last one has come: nobody reads them. */
static bool comes(const cm_map *m, size_t from, size_t to) {
  bool seen[BYTES / PAGE] = {false};
  for (int i = 0; i < 1000; i++) {
    if (resident(m, from, to, seen) == (to - from) / PAGE) return true;
    cm_os_sleep_ms(20);
  }
  return false;
}

static void test_what_was_asked_for_comes(void **state) {
  (void)state;
  const cm_os_span spans[] = {{100, 16 * MIB}, {32 * MIB + 5, 40 * MIB}};
  cm_map m = forgotten();
  cm_os_ahead *a = cm_os_ahead_start(&m, spans, 2);
  assert_non_null(a);
  assert_true(comes(&m, 0, 16 * MIB));
  assert_true(comes(&m, 32 * MIB, 40 * MIB));
  cm_os_ahead_end(a);
  /* The system may read a bit more at the ends. */
  bool between[BYTES / PAGE] = {false};
  assert_in_range(resident(&m, 16 * MIB, 32 * MIB, between), 0, 8 * MIB / PAGE);
  for (size_t i = 0; i < BYTES; i += PAGE) assert_int_equal(m.p[i], i / MIB + 1);
  /* Now that all is there, nothing is to be done. */
  assert_null(cm_os_ahead_start(&m, spans, 2));
  cm_os_unmap(&m);
}

static void test_ends_at_once(void **state) {
  (void)state;
  const cm_os_span all = {0, BYTES};
  for (int i = 0; i < 20; i++) {
    cm_map m = forgotten();
    cm_os_ahead *a = cm_os_ahead_start(&m, &all, 1);
    cm_os_ahead_end(a);
    cm_os_unmap(&m); /* a thread that goes on would touch it */
  }
  cm_os_ahead_end(NULL);
}

static void test_spans_that_make_no_sense(void **state) {
  (void)state;
  const cm_os_span bad[] = {{0, BYTES + 1}, {5, 4}, {SIZE_MAX, SIZE_MAX}};
  const cm_os_span none[CM_OS_SPANS_MAX + 1] = {{0, 0}};
  cm_map m = forgotten();
  for (size_t i = 0; i < 3; i++) assert_null(cm_os_ahead_start(&m, &bad[i], 1));
  assert_null(cm_os_ahead_start(&m, none, CM_OS_SPANS_MAX + 1));
  assert_null(cm_os_ahead_start(&m, none, 1));
  cm_os_unmap(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_asked_for_comes),
      cmocka_unit_test(test_ends_at_once),
      cmocka_unit_test(test_spans_that_make_no_sense),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
