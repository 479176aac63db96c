/* rooms: base */
/* Folders that nobody trusts: what is made, what a walk sees, and that nothing outside is touched.
 * Facts come from the C library's own calls (stat, readlink) on the same paths. */
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
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os_tree.h"

static char top[64]; /* a fresh folder for each test */
static cm_os_tree tree;

static int fresh(void **state) {
  (void)state;
  snprintf(top, sizeof top, "/tmp/cmdai-tree-XXXXXX");
  assert_non_null(mkdtemp(top));
  assert_int_equal(cm_os_tree_open(&tree, top, NULL), CM_OK);
  return 0;
}

static int gone(void **state) {
  struct stat st;
  (void)state;
  cm_os_tree_close(&tree);
  assert_int_equal(cm_os_tree_remove(top, NULL), CM_OK);
  assert_int_not_equal(lstat(top, &st), 0);
  return 0;
}

static const char *at(const char *name) {
  static char path[8192];
  snprintf(path, sizeof path, "%s/%s", top, name);
  return path;
}

static cm_code make(const char *path, cm_os_kind kind, const char *text, unsigned mode) {
  const cm_os_node n = {.path = cm_str_of(path),
                        .kind = kind,
                        .text = cm_str_of(text),
                        .size = strlen(text),
                        .mode = mode,
                        .mtime = 1000000000};
  return cm_os_tree_make(&tree, &n, NULL);
}

static struct stat look(const char *name) {
  struct stat st;
  assert_int_equal(lstat(at(name), &st), 0);
  return st;
}

static void test_nodes(void **state) {
  char target[64];
  (void)state;
  mode_t mask = umask(077);
  assert_int_equal(make("a/b/f", CM_OS_FILE, "text", 0666), CM_OK);
  umask(mask);
  assert_int_equal(make("a/b/l", CM_OS_LINK, "/no where", 0), CM_OK);
  assert_int_equal(make("a/p", CM_OS_FIFO, "", 0640), CM_OK);
  assert_int_equal(make("a", CM_OS_DIR, "", 0), CM_OK);
  assert_int_equal(cm_os_tree_stamp(&tree, CM_STR("a/b"), 0500, 77, NULL), CM_OK);
  struct stat st = look("a/b/f");
  assert_true(S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0666);
  assert_int_equal(st.st_size, 4);
  assert_int_equal(st.st_mtime, 1000000000);
  st = look("a/b/l");
  assert_true(S_ISLNK(st.st_mode));
  assert_int_equal(st.st_mtime, 1000000000);
  assert_int_equal(readlink(at("a/b/l"), target, sizeof target), 9);
  assert_memory_equal(target, "/no where", 9);
  st = look("a/p");
  assert_true(S_ISFIFO(st.st_mode) && (st.st_mode & 07777) == 0640);
  st = look("a/b");
  assert_true(S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0500);
  assert_int_equal(st.st_mtime, 77);
}

static void test_names(void **state) {
  static const char *const good[] = {"-rf",      "sp ace", "new\nline", ".hidden",
                                     "\xff\xfe", "...",    "a\\b",      "*"};
  static const char *const bad[] = {"", "/", "/etc/x", "a/../b", "..", ".", "a//b", "a/", "./a"};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_int_equal(make(good[i], CM_OS_FILE, "x", 0600), CM_OK);
    assert_int_equal(look(good[i]).st_size, 1);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(make(bad[i], CM_OS_FILE, "x", 0600), CM_E_FORMAT);
  const cm_os_node nul = {.path = {"a\0b", 3}, .kind = CM_OS_FILE};
  assert_int_equal(cm_os_tree_make(&tree, &nul, NULL), CM_E_FORMAT);
  char deep[2 * CM_OS_DEPTH_MAX + 2], name[300];
  memset(deep, 'd', sizeof deep);
  for (int i = 1; i < 2 * CM_OS_DEPTH_MAX; i += 2) deep[i] = '/';
  deep[2 * CM_OS_DEPTH_MAX + 1] = 0;
  assert_int_equal(make(deep, CM_OS_DIR, "", 0), CM_E_FORMAT);
  deep[2 * CM_OS_DEPTH_MAX - 1] = 0;
  assert_int_equal(make(deep, CM_OS_DIR, "", 0), CM_OK);
  memset(name, 'n', sizeof name);
  name[256] = 0;
  assert_int_equal(make(name, CM_OS_FILE, "", 0600), CM_E_FORMAT);
  name[255] = 0;
  assert_int_equal(make(name, CM_OS_FILE, "", 0600), CM_OK);
}

/* Nothing is made twice, below a file, or through a link. */
static void test_no_way_out(void **state) {
  char outside[] = "/tmp/cmdai-out-XXXXXX";
  (void)state;
  assert_non_null(mkdtemp(outside));
  assert_int_equal(make("out", CM_OS_LINK, outside, 0), CM_OK);
  assert_int_equal(make("out/x", CM_OS_FILE, "x", 0600), CM_E_FORMAT);
  assert_int_equal(make("out/y/x", CM_OS_FILE, "x", 0600), CM_E_FORMAT);
  assert_int_equal(make("out", CM_OS_FILE, "x", 0600), CM_E_FORMAT);
  assert_int_equal(make("out", CM_OS_DIR, "", 0700), CM_E_FORMAT);
  assert_int_not_equal(cm_os_tree_stamp(&tree, CM_STR("out"), 0, 1, NULL), CM_OK);
  assert_int_equal(make("f", CM_OS_FILE, "x", 0600), CM_OK);
  assert_int_equal(make("f", CM_OS_FILE, "y", 0600), CM_E_FORMAT);
  assert_int_equal(make("f/x", CM_OS_FILE, "y", 0600), CM_E_FORMAT);
  assert_int_equal(make("l", CM_OS_LINK, "f", 0), CM_OK);
  assert_int_equal(make("l", CM_OS_FILE, "y", 0600), CM_E_FORMAT);
  assert_int_equal(rmdir(outside), 0); /* still empty */
  const cm_os_node dev = {.path = CM_STR("d"), .kind = CM_OS_OTHER};
  assert_int_equal(cm_os_tree_make(&tree, &dev, NULL), CM_E_UNSUPPORTED);
}

static void test_sizes(void **state) {
  char got[64] = {0};
  (void)state;
  cm_os_node n = {.path = CM_STR("big"),
                  .kind = CM_OS_FILE,
                  .text = CM_STR("ab\n"),
                  .size = 100000,
                  .mode = 0600};
  assert_int_equal(cm_os_tree_make(&tree, &n, NULL), CM_OK);
  FILE *f = fopen(at("big"), "rb");
  assert_non_null(f);
  for (int i = 0; i < 100000; i++) assert_int_equal(getc(f), "ab\n"[i % 3]);
  assert_int_equal(getc(f), EOF);
  fclose(f);
  n.path = CM_STR("hole"), n.size = UINT64_C(2) << 30, n.sparse = true;
  assert_int_equal(cm_os_tree_make(&tree, &n, NULL), CM_OK);
  struct stat st = look("hole");
  assert_true(st.st_size == (off_t)2 << 30);
  assert_true(st.st_blocks < 64);
  n.path = CM_STR("cut"), n.size = 2, n.sparse = false;
  assert_int_equal(cm_os_tree_make(&tree, &n, NULL), CM_OK);
  f = fopen(at("cut"), "rb");
  assert_non_null(f);
  assert_int_equal(fread(got, 1, sizeof got, f), 2);
  assert_memory_equal(got, "ab", 2);
  fclose(f);
}

/* --- walking -------------------------------------------------------------------------------- */

typedef struct seen {
  char text[4096]; /* "PATH kind mode size>target;" */
  uint64_t offsets[8];
  size_t n_offsets, bytes, entries;
  int64_t mtime_ns;
} seen;

static cm_code on_data(void *user, uint64_t offset, const void *p, size_t n, cm_err *e) {
  seen *s = user;
  (void)p, (void)e;
  if (s->n_offsets < 8) s->offsets[s->n_offsets++] = offset;
  s->bytes += n;
  return CM_OK;
}

static cm_code on_entry(void *user, const cm_os_entry *f, cm_err *e) {
  seen *s = user;
  size_t n = strlen(s->text);
  s->entries++;
  s->mtime_ns = f->mtime_ns;
  if (n + f->path.n + 64 < sizeof s->text)
    snprintf(s->text + n, sizeof s->text - n, "%.*s %d %o %llu>%.*s;", (int)f->path.n, f->path.p,
             (int)f->kind, f->mode, (unsigned long long)f->size, (int)f->target.n, f->target.p);
  return f->path.n == 4 && !memcmp(f->path.p, "stop", 4) ? cm_fail(e, CM_E_CANCELLED, 0, "stop")
                                                         : CM_OK;
}

static cm_code walk(seen *s, size_t entries, uint64_t bytes) {
  memset(s, 0, sizeof *s);
  const cm_os_walk w = {s, on_data, on_entry, entries, bytes};
  return cm_os_tree_walk(top, &w, NULL);
}

static void test_walk(void **state) {
  static seen s;
  (void)state;
  assert_int_equal(make("d/f", CM_OS_FILE, "12345", 04644), CM_OK);
  assert_int_equal(make("l", CM_OS_LINK, "/etc", 0), CM_OK);
  assert_int_equal(make("p", CM_OS_FIFO, "", 0600), CM_OK);
  assert_int_equal(walk(&s, 100, 5), CM_OK);
  assert_int_equal(s.entries, 5);
  assert_non_null(strstr(s.text, "d/f 0 4644 5>;"));
  assert_non_null(strstr(s.text, "d 1 700 0>;"));
  assert_non_null(strstr(s.text, "l 2 777 0>/etc;"));
  assert_non_null(strstr(s.text, "p 3 600 0>;"));
  assert_memory_equal(s.text, " 1 700 0>;", 10);
  assert_int_equal(s.bytes, 5);
  assert_int_equal(walk(&s, 4, 5), CM_E_LIMIT);
  assert_int_equal(walk(&s, 100, 4), CM_E_LIMIT);
  assert_int_equal(make("stop", CM_OS_FILE, "", 0600), CM_OK);
  assert_int_equal(walk(&s, 100, 5), CM_E_CANCELLED);
}

/* Holes and blocks of zeros aren't handed over, and holes aren't read. */
static void test_walk_holes(void **state) {
  static seen s;
  static char zeros[3 * CM_OS_BLOCK];
  (void)state;
  int fd = open(at("f"), O_WRONLY | O_CREAT, 0600);
  assert_int_equal(pwrite(fd, zeros, sizeof zeros, 0), (ssize_t)sizeof zeros);
  assert_int_equal(pwrite(fd, "a", 1, 2 * CM_OS_BLOCK + 9), 1);
  assert_int_equal(pwrite(fd, "bc", 2, ((off_t)3 << 30) + CM_OS_BLOCK), 2);
  close(fd);
  assert_int_equal(walk(&s, 100, 1 << 20), CM_OK);
  assert_int_equal(s.n_offsets, 2);
  assert_int_equal(s.offsets[0], 2 * CM_OS_BLOCK);
  assert_true(s.offsets[1] == (UINT64_C(3) << 30) + CM_OS_BLOCK);
  assert_int_equal(s.bytes, CM_OS_BLOCK + 2);
}

/* As a user whom permissions bind: what its owner made unreadable is seen, and stays so. */
static void walk_as_user(void) {
  static seen s;
  if (getuid() == 0 && (setgid(65534) || setuid(65534))) _exit(2);
  if (walk(&s, 100, 100) || s.entries != 5 || s.bytes != 2) _exit(3);
  if (!strstr(s.text, "d 1 0 0>;") || !strstr(s.text, "d/f 0 0 2>;")) _exit(4);
  if (!strstr(s.text, "r 1 444 0>;") || !strstr(s.text, "r/g 0 600 0>;")) _exit(5);
  struct stat st;
  if (lstat(at("d"), &st) || (st.st_mode & 07777) != 0) _exit(6);
  if (lstat(at("r"), &st) || (st.st_mode & 07777) != 0444) _exit(7);
  if (cm_os_tree_remove(at("d"), NULL) || cm_os_tree_remove(at("r"), NULL)) _exit(8);
  _exit(lstat(at("d"), &st) == 0 || lstat(at("r"), &st) == 0 ? 9 : 0);
}

static void test_unreadable(void **state) {
  int status = 0;
  (void)state;
  assert_int_equal(make("d/f", CM_OS_FILE, "ab", 0), CM_OK);
  assert_int_equal(make("r/g", CM_OS_FILE, "", 0600), CM_OK);
  static const char *const owned[] = {"d/f", "r/g", "d", "r", ""};
  for (size_t i = 0; getuid() == 0 && i < sizeof owned / sizeof *owned; i++)
    assert_int_equal(chown(at(owned[i]), 65534, 65534), 0);
  assert_int_equal(chmod(at("d"), 0), 0);
  assert_int_equal(chmod(at("r"), 0444), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (!pid) walk_as_user();
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

/* --- removing ------------------------------------------------------------------------------- */

static void test_remove_follows_nothing(void **state) {
  char outside[] = "/tmp/cmdai-out-XXXXXX";
  struct stat st;
  (void)state;
  assert_non_null(mkdtemp(outside));
  assert_int_equal(make("d/out", CM_OS_LINK, outside, 0), CM_OK);
  assert_int_equal(cm_os_tree_remove(at("d/out"), NULL), CM_E_IO); /* a link is no folder */
  assert_int_equal(cm_os_tree_remove(at("d"), NULL), CM_OK);
  assert_int_equal(cm_os_tree_remove(at("d"), NULL), CM_E_NOTFOUND);
  assert_int_equal(lstat(outside, &st), 0);
  assert_int_equal(rmdir(outside), 0);
}

/* Deeper than paths and descriptors go, with folders without permissions on the way. */
static void test_remove_deep(void **state) {
  (void)state;
  int fd = open(top, O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 1200; i++) {
    assert_int_equal(mkdirat(fd, "some-folder", 0700), 0);
    assert_int_equal(symlinkat("/", fd, "link"), 0);
    int next = openat(fd, "some-folder", O_RDONLY | O_DIRECTORY);
    assert_true(next >= 0);
    if (i % 7 == 0) fchmod(fd, i % 2 ? 0 : 0555);
    close(fd);
    fd = next;
  }
  close(fd);
  static seen s;
  assert_int_equal(walk(&s, 100000, 100), CM_E_LIMIT);
}

static void test_open(void **state) {
  cm_os_tree t;
  (void)state;
  assert_int_equal(make("l", CM_OS_LINK, ".", 0), CM_OK);
  assert_int_equal(make("f", CM_OS_FILE, "", 0600), CM_OK);
  assert_int_equal(cm_os_tree_open(&t, at("no"), NULL), CM_E_NOTFOUND);
  assert_int_equal(cm_os_tree_open(&t, at("l"), NULL), CM_E_IO);
  assert_int_equal(cm_os_tree_open(&t, at("f"), NULL), CM_E_IO);
  static seen s;
  const cm_os_walk w = {&s, on_data, on_entry, 1, 1};
  assert_int_equal(cm_os_tree_walk(at("no"), &w, NULL), CM_E_NOTFOUND);
  assert_int_equal(cm_os_tree_walk(at("l"), &w, NULL), CM_E_IO);
}

static void test_memory_folder(void **state) {
  struct stat st;
  (void)state;
  assert_null(cm_os_memory_folder(UINT64_MAX));
  const char *path = cm_os_memory_folder(0);
  if (path) assert_true(lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == S_IFDIR);
  if (path) assert_int_equal(access(path, W_OK | X_OK), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_nodes),      T(test_names),         T(test_no_way_out),
      T(test_sizes),      T(test_walk),          T(test_walk_holes),
      T(test_unreadable), T(test_remove_deep),   T(test_remove_follows_nothing),
      T(test_open),       T(test_memory_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
