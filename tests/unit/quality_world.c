/* rooms: base data */
/* Worlds: what a copy looks like from outside (stat, readlink), that two copies are alike, and
 * which differences between trees are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "quality/world.h"

static char one[64], two[64];
static cm_arena *arena;

static int fresh(void **state) {
  (void)state;
  snprintf(one, sizeof one, "/tmp/cmdai-one-XXXXXX");
  snprintf(two, sizeof two, "/tmp/cmdai-two-XXXXXX");
  assert_non_null(mkdtemp(one));
  assert_non_null(mkdtemp(two));
  arena = cm_arena_open(64 << 20);
  return arena ? 0 : -1;
}

static int gone(void **state) {
  (void)state;
  cm_arena_close(arena);
  assert_int_equal(cm_os_tree_remove(one, NULL), CM_OK);
  assert_int_equal(cm_os_tree_remove(two, NULL), CM_OK);
  return 0;
}

static const char *in(const char *dir, const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return path;
}

static struct stat look(const char *dir, const char *name) {
  struct stat st;
  assert_int_equal(lstat(in(dir, name), &st), 0);
  return st;
}

static cm_node nodes[] = {
    {.path = {"src/a b.c", 9}, .text = {"int x;\n", 7}},
    {.path = {"-rf", 3}, .text = {"x", 1}, .mode = 0600, .has_mtime = true, .mtime = 86400},
    {.path = {"a\nb", 3}, .has_mtime = true, .relative = true, .mtime = -3600},
    {.path = {"big", 3}, .size = UINT64_C(2) << 30, .sparse = true},
    {.path = {"full", 4}, .size = 1001},
    {.path = {"ro/in", 5}, .text = {"y", 1}, .mode = 0400},
    {.path = {"ro", 2}, .kind = CM_NODE_DIR, .mode = 0555, .has_mtime = true, .mtime = 5},
    {.path = {"dangling", 8}, .kind = CM_NODE_LINK, .text = {"/no/where", 9}},
    {.path = {"pipe", 4}, .kind = CM_NODE_FIFO},
    {.path = {"\xff", 1}, .text = {"", 0}},
};
static const cm_world world = {
    .name = {"home", 4}, .nodes = nodes, .n = sizeof nodes / sizeof *nodes};

enum { NOW = 1700000000 };

static void test_copy(void **state) {
  (void)state;
  char target[32];
  assert_int_equal(cm_world_make(&world, one, NOW, arena, NULL), CM_OK);
  struct stat st = look(one, "src/a b.c");
  assert_true(st.st_size == 7 && st.st_mode == (S_IFREG | 0644) && st.st_mtime == NOW - 60);
  st = look(one, "src");
  assert_true(st.st_mode == (S_IFDIR | 0755) && st.st_mtime == NOW - 60);
  st = look(one, "-rf");
  assert_true(st.st_mode == (S_IFREG | 0600) && st.st_mtime == 86400);
  assert_int_equal(look(one, "a\nb").st_mtime, NOW - 3600);
  st = look(one, "big");
  assert_true(st.st_size == (off_t)2 << 30 && st.st_blocks < 64);
  st = look(one, "full");
  assert_true(st.st_size == 1001 && st.st_blocks > 0);
  st = look(one, "ro");
  assert_true(st.st_mode == (S_IFDIR | 0555) && st.st_mtime == 5);
  assert_int_equal(look(one, "ro/in").st_mode, S_IFREG | 0400);
  assert_int_equal(readlink(in(one, "dangling"), target, sizeof target), 9);
  assert_int_equal(look(one, "dangling").st_mtime, NOW - 60);
  assert_true(S_ISFIFO(look(one, "pipe").st_mode));
  assert_int_equal(look(one, "\xff").st_size, 0);
  st = look(one, "");
  assert_true((st.st_mode & 07777) == 0755 && st.st_mtime == NOW - 60);
}

static cm_tree seen(const char *dir) {
  cm_tree t;
  assert_int_equal(cm_tree_look(dir, arena, &t, NULL), CM_OK);
  return t;
}

static const char *diff(void) {
  static char text[4096];
  cm_tree a = seen(one), b = seen(two);
  cm_buf lines;
  cm_buf_init(&lines, sizeof text - 1);
  size_t n = cm_tree_diff(&a, &b, &lines);
  snprintf(text, sizeof text, "%s", lines.p ? lines.p : "");
  assert_int_equal(n == 0, text[0] == 0);
  cm_buf_close(&lines);
  return text;
}

static void make_both(void) {
  assert_int_equal(cm_world_make(&world, one, NOW, arena, NULL), CM_OK);
  assert_int_equal(cm_world_make(&world, two, NOW, arena, NULL), CM_OK);
}

static void test_alike(void **state) {
  (void)state;
  make_both();
  assert_string_equal(diff(), "");
  cm_tree a = seen(one), b = seen(two);
  assert_int_equal(a.n, 12);
  for (size_t i = 0; i < a.n; i++) {
    assert_true(cm_str_eq(a.items[i].path, b.items[i].path));
    assert_true(a.items[i].mtime_ns == b.items[i].mtime_ns);
  }
  assert_non_null(cm_tree_find(&a, CM_STR("ro/in")));
  assert_non_null(cm_tree_find(&a, CM_STR(".")));
  assert_null(cm_tree_find(&a, CM_STR("ro/out")));
}

static void put(const char *dir, const char *name, const char *text, off_t offset) {
  int fd = open(in(dir, name), O_WRONLY | O_CREAT, 0644);
  assert_true(fd >= 0);
  assert_int_equal(pwrite(fd, text, strlen(text), offset), (ssize_t)strlen(text));
  close(fd);
}

/* Makes one change in the second copy, and takes it back by making the folder again. */
static void again(void) {
  assert_int_equal(cm_os_tree_remove(two, NULL), CM_OK);
  assert_int_equal(mkdir(two, 0700), 0);
  assert_int_equal(cm_world_make(&world, two, NOW, arena, NULL), CM_OK);
}

static void test_differences(void **state) {
  (void)state;
  make_both();
  put(two, "new", "", 0);
  assert_string_equal(diff(), "unexpected: \"new\"");
  unlink(in(two, "new"));
  unlink(in(two, "a\nb"));
  assert_string_equal(diff(), "missing: \"a\\nb\"");
  again();
  put(two, "-rf", "y", 0);
  assert_string_equal(diff(), "content of \"-rf\"");
  again();
  put(two, "-rf", "y", 1);
  assert_string_equal(diff(), "size of \"-rf\": 2, expected 1");
  again();
  chmod(in(two, "-rf"), 0755);
  assert_string_equal(diff(), "mode of \"-rf\": 755, expected 600");
  again();
  unlink(in(two, "dangling"));
  assert_int_equal(symlink("else\x1b", in(two, "dangling")), 0);
  assert_string_equal(diff(), "target of \"dangling\": \"else\\u{1b}\", expected \"/no/where\"");
  unlink(in(two, "dangling"));
  assert_int_equal(mkdir(in(two, "dangling"), 0777), 0);
  assert_string_equal(diff(), "type of \"dangling\": a folder, expected a link");
  again();
  char from[80];
  snprintf(from, sizeof from, "%s/full", two);
  unlink(in(two, "\xff"));
  assert_int_equal(link(from, in(two, "\xff")), 0);
  assert_non_null(strstr(diff(), "links of \"full\": 2, expected 1"));
  assert_non_null(strstr(diff(), "size of \"\\xff\": 1001, expected 0"));
  again();
  put(two, "big", "z", 1 << 30);
  assert_string_equal(diff(), "content of \"big\"");
  put(one, "big", "z", (1 << 30) + 4096);
  assert_string_equal(diff(), "content of \"big\""); /* the same bytes elsewhere */
}

/* A hole and the zeros that it stands for are one. */
static void test_hole_is_zeros(void **state) {
  static char zeros[10000];
  (void)state;
  FILE *f = fopen(in(one, "f"), "wb");
  assert_int_equal(fwrite(zeros, 1, sizeof zeros, f), sizeof zeros);
  fclose(f);
  f = fopen(in(two, "f"), "wb");
  fclose(f);
  assert_int_equal(truncate(in(two, "f"), sizeof zeros), 0);
  assert_string_equal(diff(), "");
  put(one, "f", "a", 9000);
  assert_string_equal(diff(), "content of \"f\"");
  put(two, "f", "a", 9000);
  assert_string_equal(diff(), "");
}

static void test_many_lines(void **state) {
  char name[16];
  (void)state;
  for (int i = 0; i < 9; i++) {
    snprintf(name, sizeof name, "f%d", i);
    put(two, name, "", 0);
  }
  const char *text = diff();
  assert_non_null(strstr(text, "unexpected: \"f4\"\nand 4 more"));
  assert_null(strstr(text, "f5"));
}

static const cm_tree_now ran = {.told = NOW, .from = NOW + 1000000, .to = NOW + 1000030};

static const char *times(const cm_tree *before) {
  static char text[4096];
  cm_tree a = seen(one), b = seen(two);
  cm_buf lines;
  cm_buf_init(&lines, sizeof text - 1);
  cm_tree_diff_times(before, &a, &b, &ran, &lines);
  snprintf(text, sizeof text, "%s", lines.p ? lines.p : "");
  cm_buf_close(&lines);
  return text;
}

static void set_time(const char *dir, const char *name, time_t s) {
  const struct timespec t[2] = {{s, 7}, {s, 7}};
  assert_int_equal(utimensat(AT_FDCWD, in(dir, name), t, 0), 0);
}

static void test_times(void **state) {
  (void)state;
  make_both();
  cm_tree before = seen(one);
  assert_string_equal(times(&before), "");
  set_time(one, "-rf", NOW + 1);
  assert_string_equal(times(&before), "time kept of \"-rf\"");
  set_time(two, "-rf", NOW + 100);
  assert_string_equal(times(&before), "");
  set_time(two, "-rf", NOW + 1000);
  assert_string_equal(times(&before), "another time of \"-rf\"");
  set_time(two, "-rf", NOW + 1);
  set_time(two, "src", NOW + 1);
  assert_string_equal(times(&before), "time changed of \"src\"");
}

/* The kernel's "now" and that of the clock are one; other times near it aren't. */
static void test_times_of_now(void **state) {
  (void)state;
  make_both();
  cm_tree before = seen(one);
  set_time(one, "-rf", NOW + 1000015);
  set_time(two, "-rf", NOW + 10);
  assert_string_equal(times(&before), "");
  set_time(two, "-rf", NOW + 1000031);
  assert_string_equal(times(&before), "");
  set_time(two, "-rf", NOW - 1000);
  assert_string_equal(times(&before), "another time of \"-rf\"");
  set_time(two, "-rf", NOW + 1001000);
  assert_string_equal(times(&before), "another time of \"-rf\"");
}

/* Worlds that can't be are refused by name. */
static void test_bad_worlds(void **state) {
  static cm_node twice[] = {{.path = {"a", 1}, .text = {"x", 1}}, {.path = {"a", 1}}};
  static cm_node below[] = {{.path = {"a", 1}, .text = {"x", 1}}, {.path = {"a/b", 3}}};
  static cm_node through[] = {{.path = {"a", 1}, .kind = CM_NODE_LINK, .text = {"/tmp", 4}},
                              {.path = {"a/b", 3}}};
  static cm_node up[] = {{.path = {"../a", 4}}};
  static cm_node huge[] = {{.path = {"a", 1}, .size = UINT64_C(1) << 40}};
  static cm_node far[] = {
      {.path = {"a", 1}, .has_mtime = true, .relative = true, .mtime = INT64_MAX}};
  const struct {
    cm_node *nodes;
    size_t n;
    cm_code code;
  } bad[] = {{twice, 2, CM_E_FORMAT},
             {below, 2, CM_E_FORMAT},
             {through, 2, CM_E_FORMAT},
             {up, 1, CM_E_FORMAT},
             {huge, 1, CM_E_LIMIT}};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_err e = {0};
    const cm_world w = {.name = {"odd", 3}, .nodes = bad[i].nodes, .n = bad[i].n};
    assert_int_equal(cm_world_make(&w, one, NOW, arena, &e), bad[i].code);
    assert_non_null(strstr(e.msg, "world odd: "));
    assert_int_equal(cm_os_tree_remove(one, NULL), CM_OK);
    assert_int_equal(mkdir(one, 0700), 0);
  }
  const cm_world w = {.nodes = far, .n = 1};
  assert_int_equal(cm_world_make(&w, one, NOW, arena, NULL), CM_OK); /* no overflow */
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_copy),       T(test_alike), T(test_differences),  T(test_hole_is_zeros),
      T(test_many_lines), T(test_times), T(test_times_of_now), T(test_bad_worlds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
