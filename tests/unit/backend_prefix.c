/* rooms: base data engine backend */
/* What was computed of a prompt's beginning, kept on disk: the next program gives the same answer,
 * bit for bit, and whatever is wrong with a file, it gives that answer without it. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "data/sha256.h"
#include "models.h"

#define MODEL  CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf"
#define SYSTEM "You turn a request into exactly one command. Answer with the command alone."

enum { ARENA = 8 << 20, PATH = 512, FILES = 8 };

static char root[] = "/tmp/cmdai-prefix-XXXXXX";
static char noted[400]; /* the last note */
static unsigned notes;

/* --- one program after the other --- */

typedef struct setting {
  cm_backend_options o;
  const char *system, *user;
  uint32_t candidates;
  cm_arena *arena;
  cm_replies replies;
} setting;

static void take_note(void *user, const char *text) {
  (void)user;
  snprintf(noted, sizeof noted, "%s", text);
  notes++;
}

/* With a folder of its own; name "" is none. */
static setting setting_of(const char *name) {
  static char dirs[64][PATH];
  static unsigned n;
  setting s = {.system = SYSTEM, .user = "list files by size", .candidates = 1};
  s.o = (cm_backend_options){.model = MODEL, .threads = 2, .ctx = 512, .n_parallel = 3};
  s.o.keep = (cm_keep){.build = "abc", .least_ns = 1, .note = take_note};
  snprintf(dirs[n % 64], PATH, "%s/%s/prefix", root, name);
  if (*name) s.o.keep.dir = dirs[n++ % 64];
  return s;
}

/* One answer, as by a program that starts and ends; how much of the prompt was there already. */
static uint32_t ask(setting *s) {
  const cm_message messages[] = {{CM_ROLE_SYSTEM, cm_str_of(s->system)},
                                 {CM_ROLE_USER, cm_str_of(s->user)}};
  const bool silent = !*s->system;
  const cm_request q = {.messages = messages + silent,
                        .n_messages = silent ? 1 : 2,
                        .sampling = cm_sample_defaults(),
                        .max_tokens = 12,
                        .candidates = s->candidates};
  cm_backend *b;
  cm_err e;
  notes = 0, noted[0] = 0;
  s->arena = cm_arena_open(ARENA);
  assert_non_null(s->arena);
  if (cm_backend_open(&b, "cpu", &s->o, &e)) fail_msg("%s", e.msg);
  if (cm_backend_generate(b, &q, s->arena, &s->replies, &e)) fail_msg("%s", e.msg);
  cm_backend_close(b);
  return s->replies.cached_tokens;
}

static void forget(setting *s) {
  cm_arena_close(s->arena);
  s->arena = NULL;
}

static bool is_same(const cm_replies *a, const cm_replies *b) {
  bool same = a->n == b->n && a->prompt_tokens == b->prompt_tokens;
  for (size_t i = 0; i < a->n && same; i++) {
    const cm_candidate *x = &a->items[i], *y = &b->items[i];
    same = cm_str_eq(x->text, y->text) && x->tokens == y->tokens && x->finished == y->finished &&
           memcmp(&x->logprob, &y->logprob, sizeof x->logprob) == 0;
  }
  return same;
}

/* Asks in the folder and without any; the answers must be the same. */
static uint32_t ask_both(const setting *s) {
  setting with = *s, without = *s;
  without.o.keep.dir = NULL;
  assert_int_equal(ask(&without), 0);
  const uint32_t kept = ask(&with);
  if (!is_same(&with.replies, &without.replies))
    fail_msg("\"%.*s\" instead of \"%.*s\"", (int)with.replies.items[0].text.n,
             with.replies.items[0].text.p, (int)without.replies.items[0].text.n,
             without.replies.items[0].text.p);
  forget(&with);
  forget(&without);
  return kept;
}

/* --- files --- */

/* The names in the setting's folder; SIZE_MAX without one. */
static size_t list(const setting *s, char names[FILES][PATH]) {
  DIR *d = opendir(s->o.keep.dir);
  size_t n = 0;
  if (!d) return SIZE_MAX;
  for (const struct dirent *x; (x = readdir(d)) != NULL;)
    if (x->d_name[0] != '.' && n < FILES)
      snprintf(names[n++], PATH, "%s/%s", s->o.keep.dir, x->d_name);
  closedir(d);
  return n;
}

static size_t count(const setting *s) {
  char names[FILES][PATH];
  return list(s, names);
}

/* The only file. */
static void the_file(const setting *s, char out[PATH]) {
  char names[FILES][PATH];
  assert_int_equal(list(s, names), 1);
  memcpy(out, names[0], PATH);
}

static uint8_t *load(const char *path, size_t *n) {
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  *n = (size_t)st.st_size;
  uint8_t *p = malloc(*n + 1);
  FILE *f = fopen(path, "rb");
  assert_true(p && f && fread(p, 1, *n, f) == *n);
  fclose(f);
  return p;
}

/* Keeps the mode of what is there. */
static void store(const char *path, const uint8_t *p, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_true(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static void set_times(const char *path, int64_t seconds) {
  const struct timespec t[2] = {{seconds, 0}, {seconds, 0}};
  assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* --- the same answer, sooner --- */

static void test_second_program_has_it(void **state) {
  (void)state;
  setting s = setting_of("second");
  assert_int_equal(ask_both(&s), 0);
  const uint32_t kept = ask_both(&s);
  assert_true(kept >= 30);
  assert_int_equal(notes, 0);
  s.user = "count the lines of main.c and of every file that it includes";
  assert_int_equal(ask_both(&s), kept);
  s.user = "\n\nx"; /* a line end joins the one before it: one token less is common */
  assert_in_range(ask_both(&s), 0, kept - 1);
  s.user = "";
  assert_in_range(ask_both(&s), 0, kept);
}

static void test_options_that_change_no_number(void **state) {
  (void)state;
  setting s = setting_of("options");
  assert_int_equal(ask_both(&s), 0);
  const uint32_t kept = ask_both(&s);
  s.o.threads = 1;
  assert_int_equal(ask_both(&s), kept);
  s.o.ctx = 400;
  assert_int_equal(ask_both(&s), kept);
  s.candidates = 3;
  assert_int_equal(ask_both(&s), kept);
  assert_int_equal(count(&s), 1);
}

static void test_every_small_model(void **state) {
  (void)state;
  glob_t models = cm_test_models();
  for (size_t i = 0; i < models.gl_pathc; i++) {
    setting s = setting_of("every");
    s.o.model = models.gl_pathv[i];
    assert_int_equal(ask_both(&s), 0);
    assert_true(ask_both(&s) >= 30);
  }
  globfree(&models);
}

static void test_what_is_on_the_disk(void **state) {
  (void)state;
  char path[PATH], sum[65];
  struct stat folder, file;
  size_t n;
  setting s = setting_of("disk");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  assert_int_equal(stat(s.o.keep.dir, &folder), 0);
  assert_int_equal(stat(path, &file), 0);
  assert_int_equal(folder.st_mode & 07777, 0700);
  assert_int_equal(file.st_mode & 07777, 0600);
  uint8_t *p = load(path, &n);
  cm_sha256_of((cm_str){(const char *)p + 64, n - 64}, sum);
  assert_memory_equal(p, sum, 64);
  free(p);
}

/* --- what isn't kept --- */

static void test_what_is_not_kept(void **state) {
  (void)state;
  setting s = setting_of("not");
  s.o.keep.least_ns = UINT64_C(3600) * 1000000000; /* it was cheap */
  assert_int_equal(ask_both(&s), 0);
  s.o.keep.least_ns = 1;
  s.system = ""; /* only the template */
  assert_int_equal(ask_both(&s), 0);
  assert_int_equal(count(&s), SIZE_MAX); /* not even the folder */
  s.o.keep.max_bytes = 1000;
  s.system = SYSTEM;
  assert_int_equal(ask_both(&s), 0);
  assert_int_equal(count(&s), 0);
  assert_non_null(strstr(noted, "limit"));
}

/* A conversation with more words of the user leaves the same file as its first question. */
static void test_no_words_of_a_user(void **state) {
  (void)state;
  const cm_message talk[] = {{CM_ROLE_SYSTEM, CM_STR(SYSTEM)},
                             {CM_ROLE_USER, CM_STR("my password is hunter2, list files")},
                             {CM_ROLE_ASSISTANT, CM_STR("ls")},
                             {CM_ROLE_USER, CM_STR("and now by size")}};
  char before[PATH], after[PATH];
  cm_replies replies;
  cm_backend *b;
  cm_err e;
  setting s = setting_of("talk");
  const cm_request q = {.messages = talk,
                        .n_messages = 4,
                        .sampling = cm_sample_defaults(),
                        .max_tokens = 4,
                        .candidates = 1};
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, before);
  assert_int_equal(unlink(before), 0);
  cm_arena *a = cm_arena_open(ARENA);
  if (cm_backend_open(&b, "cpu", &s.o, &e)) fail_msg("%s", e.msg);
  if (cm_backend_generate(b, &q, a, &replies, &e)) fail_msg("%s", e.msg);
  cm_backend_close(b);
  cm_arena_close(a);
  the_file(&s, after);
  assert_string_equal(before, after);
}

/* --- what is wrong with a file --- */

/* It isn't used, somebody is told, and the next program finds a good one. */
static void is_replaced(const setting *s, const char *why) {
  assert_int_equal(ask_both(s), 0);
  assert_int_equal(notes, 1);
  if (!strstr(noted, why)) fail_msg("\"%s\" says nothing of \"%s\"", noted, why);
  assert_true(ask_both(s) >= 30);
  assert_int_equal(notes, 0);
}

static void test_damaged_anywhere(void **state) {
  (void)state;
  char path[PATH];
  size_t n;
  setting s = setting_of("damaged");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  uint8_t *p = load(path, &n);
  /* One byte in each part of the head, and all over the tokens and the state. */
  for (size_t at = 0; at < n; at += at < 192 ? 16 : n / 37) {
    p[at] ^= 0x20;
    store(path, p, n);
    is_replaced(&s, "damaged");
    p[at] ^= 0x20;
  }
  free(p);
}

/* Also with a sum that is right, nothing is believed: engine_prefix tries every byte. */
static void test_head_with_a_right_sum(void **state) {
  (void)state;
  static const struct {
    size_t at;
    const char *why;
  } parts[] = {{64, "no state"}, {72, "version"}, {76, "shape"},
               {88, "shape"},    {128, "prompt"}, {192, "tokens"}};
  char path[PATH], sum[65];
  size_t n;
  setting s = setting_of("sum");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  uint8_t *p = load(path, &n);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    p[parts[i].at] ^= 1;
    cm_sha256_of((cm_str){(const char *)p + 64, n - 64}, sum);
    memcpy(p, sum, 64);
    store(path, p, n);
    is_replaced(&s, parts[i].why);
    p[parts[i].at] ^= 1;
  }
  free(p);
}

static void test_other_sizes(void **state) {
  (void)state;
  char path[PATH];
  size_t n;
  setting s = setting_of("sizes");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  uint8_t *p = load(path, &n);
  p[n] = 0;
  const size_t sizes[] = {0, 1, 63, 64, 191, 192, n / 2, n - 1, n + 1};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    store(path, p, sizes[i]);
    is_replaced(&s, "bytes instead of");
  }
  free(p);
}

static void test_others_could_have_written_it(void **state) {
  (void)state;
  char path[PATH], aside[PATH];
  setting s = setting_of("others");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  assert_int_equal(chmod(path, 0640), 0);
  is_replaced(&s, "open to other users");
  assert_int_equal(chmod(path, 0602), 0);
  is_replaced(&s, "open to other users");
  snprintf(aside, sizeof aside, "%s/aside.kv", root); /* good, but behind a link */
  assert_int_equal(rename(path, aside), 0);
  assert_int_equal(symlink(aside, path), 0);
  is_replaced(&s, "can't open");
  struct stat st;
  assert_int_equal(lstat(path, &st), 0);
  assert_true(S_ISREG(st.st_mode));
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  is_replaced(&s, "regular file");
}

static void test_other_owner(void **state) {
  (void)state;
  char path[PATH];
  if (geteuid() != 0) skip(); /* nobody else may give files away */
  setting s = setting_of("owner");
  assert_int_equal(ask_both(&s), 0);
  the_file(&s, path);
  assert_int_equal(chown(path, 65534, 65534), 0);
  is_replaced(&s, "another user");
  assert_int_equal(chown(s.o.keep.dir, 65534, 65534), 0);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(ask_both(&s), 0);
  assert_non_null(strstr(noted, "another user"));
  assert_int_equal(count(&s), 0);
}

static void test_folders_that_are_none(void **state) {
  (void)state;
  char above[PATH];
  setting s = setting_of("folder");
  assert_int_equal(ask_both(&s), 0);
  assert_true(ask_both(&s) > 0);
  char path[PATH];
  the_file(&s, path);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(chmod(s.o.keep.dir, 0755), 0);
  assert_int_equal(ask_both(&s), 0);
  assert_non_null(strstr(noted, "open to other users"));
  assert_int_equal(count(&s), 0);
  assert_int_equal(rmdir(s.o.keep.dir), 0);
  assert_int_equal(symlink(root, s.o.keep.dir), 0);
  assert_int_equal(ask_both(&s), 0);
  assert_non_null(strstr(noted, "not a folder"));
  s = setting_of("none");
  snprintf(above, sizeof above, "%s/none", root); /* a file where a folder should be */
  store(above, (const uint8_t *)"x", 1);
  assert_int_equal(ask_both(&s), 0);
  assert_int_equal(notes, 1);
  assert_non_null(strstr(noted, "isn't kept"));
}

/* --- whose numbers --- */

static void copy_model(const char *to, size_t change) {
  size_t n;
  uint8_t *p = load(MODEL, &n);
  if (change) p[n - change] ^= 1;
  store(to, p, n);
  free(p);
}

/* The last tensor's bytes differ, and no size. */
static void test_another_model_of_the_same_size(void **state) {
  (void)state;
  char model[PATH], other[PATH];
  setting s = setting_of("model");
  snprintf(model, sizeof model, "%s/model.gguf", root);
  snprintf(other, sizeof other, "%s/other.gguf", root);
  copy_model(model, 0);
  set_times(model, 1000000);
  s.o.model = model;
  assert_int_equal(ask_both(&s), 0);
  assert_true(ask_both(&s) > 0);
  copy_model(other, 3000);
  set_times(other, 1000000);
  assert_int_equal(rename(other, model), 0); /* the same time, another inode */
  assert_int_equal(ask_both(&s), 0);
  assert_true(ask_both(&s) > 0);
  copy_model(model, 6000); /* the same inode, another time */
  assert_int_equal(ask_both(&s), 0);
  assert_int_equal(notes, 0);
  assert_int_equal(count(&s), 3);
}

static void test_another_build(void **state) {
  (void)state;
  setting s = setting_of("build");
  assert_int_equal(ask_both(&s), 0);
  s.o.keep.build = "abd";
  assert_int_equal(ask_both(&s), 0);
  assert_true(ask_both(&s) > 0);
}

/* The file that was opened computes; what has its name now is another one. */
static void test_model_replaced_meanwhile(void **state) {
  (void)state;
  static const cm_message messages[] = {{CM_ROLE_SYSTEM, CM_STR(SYSTEM)},
                                        {CM_ROLE_USER, CM_STR("x")}};
  const cm_request q = {.messages = messages,
                        .n_messages = 2,
                        .sampling = cm_sample_defaults(),
                        .max_tokens = 1,
                        .candidates = 1};
  char model[PATH], other[PATH];
  for (int late = 0; late < 2; late++) {
    cm_replies replies;
    cm_backend *b;
    cm_err e;
    setting s = setting_of("meanwhile");
    snprintf(model, sizeof model, "%s/m.gguf", root);
    snprintf(other, sizeof other, "%s/n.gguf", root);
    copy_model(model, 0);
    copy_model(other, 3000);
    s.o.model = model;
    cm_arena *a = cm_arena_open(ARENA);
    if (cm_backend_open(&b, "cpu", &s.o, &e)) fail_msg("%s", e.msg);
    if (!late) assert_int_equal(rename(other, model), 0);
    if (cm_backend_generate(b, &q, a, &replies, &e)) fail_msg("%s", e.msg);
    if (late) assert_int_equal(rename(other, model), 0);
    cm_backend_close(b);
    cm_arena_close(a);
    assert_int_equal(count(&s), SIZE_MAX);
  }
}

/* --- room --- */

static const char *const systems[] = {SYSTEM " One.", SYSTEM " Two.", SYSTEM " Three."};

/* Makes all but the newest old, by name of the system message. */
static void ask_as(setting *s, size_t i, int64_t seconds) {
  char before[FILES][PATH], after[FILES][PATH];
  size_t n = list(s, before);
  if (n == SIZE_MAX) n = 0;
  s->system = systems[i];
  (void)ask_both(s);
  const size_t m = list(s, after);
  for (size_t k = 0; k < m; k++) {
    bool is_new = true;
    for (size_t j = 0; j < n; j++) is_new = is_new && strcmp(before[j], after[k]) != 0;
    if (is_new) set_times(after[k], seconds);
  }
}

static void test_used_longest_ago_goes(void **state) {
  (void)state;
  for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
    setting s = setting_of(by_bytes ? "bytes" : "files");
    ask_as(&s, 0, 1000);
    ask_as(&s, 1, 2000);
    assert_int_equal(count(&s), 2);
    if (by_bytes) {
      char names[FILES][PATH];
      struct stat st;
      (void)list(&s, names);
      assert_int_equal(stat(names[0], &st), 0);
      s.o.keep.max_bytes = (uint64_t)st.st_size * 5 / 2;
    } else {
      s.o.keep.max_files = 2;
    }
    ask_as(&s, 0, 0); /* the first is used once more */
    ask_as(&s, 2, 3000);
    assert_int_equal(count(&s), 2);
    s.o.keep.least_ns = UINT64_MAX; /* only looks */
    s.system = systems[1];
    assert_int_equal(ask_both(&s), 0);
    s.system = systems[0];
    assert_true(ask_both(&s) > 0);
    s.system = systems[2];
    assert_true(ask_both(&s) > 0);
  }
}

static void touch_in(const setting *s, const char *name, int64_t seconds) {
  char path[2 * PATH];
  snprintf(path, sizeof path, "%s/%s", s->o.keep.dir, name);
  store(path, (const uint8_t *)"x", 1);
  if (seconds) set_times(path, seconds);
}

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Left by killed writers: those go, young ones may be somebody's; what isn't ours stays. */
static void test_scraps(void **state) {
  (void)state;
  setting s = setting_of("scraps");
  (void)ask_both(&s);
  char path[PATH];
  the_file(&s, path);
  assert_int_equal(unlink(path), 0);
  touch_in(&s, DIGITS ".kv.aB3dE6", 1000);
  touch_in(&s, DIGITS ".kv.aB3dE7", 0);
  touch_in(&s, "notes.txt", 1000);
  touch_in(&s, DIGITS ".kv.txt", 1000);
  assert_int_equal(ask_both(&s), 0);
  assert_int_equal(count(&s), 4); /* the state, the young one and the two that aren't ours */
}

/* --- two at once --- */

/* Programs that read, write and damage the same file: each gives the right answer. */
static int compete(setting *s, unsigned seed) {
  char names[FILES][PATH];
  setting alone = *s;
  alone.o.keep.dir = NULL;
  (void)ask(&alone);
  for (int i = 0; i < 12; i++) {
    setting with = *s;
    (void)ask(&with);
    const bool same = is_same(&with.replies, &alone.replies);
    forget(&with);
    if (!same) return 1;
    const size_t n = list(s, names);
    for (size_t k = 0; k < n && n != SIZE_MAX; k++) {
      const unsigned what = (seed * 7 + (unsigned)i) % 3;
      if (what == 0) (void)unlink(names[k]);
      if (what == 1) (void)truncate(names[k], 1000);
    }
  }
  forget(&alone);
  return 0;
}

static void test_programs_at_once(void **state) {
  (void)state;
  enum { PROGRAMS = 4 };
  pid_t pids[PROGRAMS];
  setting s = setting_of("race");
  s.o.threads = 1;
  for (unsigned i = 0; i < PROGRAMS; i++) {
    pids[i] = fork();
    assert_true(pids[i] >= 0);
    if (!pids[i]) _exit(compete(&s, i));
  }
  for (unsigned i = 0; i < PROGRAMS; i++) {
    int status;
    assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
    assert_int_equal(status, 0);
  }
  (void)ask_both(&s);
  assert_true(ask_both(&s) > 0);
}

static int make_root(void **state) {
  (void)state;
  return mkdtemp(root) ? 0 : -1;
}

static int drop_root(void **state) {
  (void)state;
  char command[PATH];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_second_program_has_it),
      cmocka_unit_test(test_options_that_change_no_number),
      cmocka_unit_test(test_every_small_model),
      cmocka_unit_test(test_what_is_on_the_disk),
      cmocka_unit_test(test_what_is_not_kept),
      cmocka_unit_test(test_no_words_of_a_user),
      cmocka_unit_test(test_damaged_anywhere),
      cmocka_unit_test(test_head_with_a_right_sum),
      cmocka_unit_test(test_other_sizes),
      cmocka_unit_test(test_others_could_have_written_it),
      cmocka_unit_test(test_other_owner),
      cmocka_unit_test(test_folders_that_are_none),
      cmocka_unit_test(test_another_model_of_the_same_size),
      cmocka_unit_test(test_another_build),
      cmocka_unit_test(test_model_replaced_meanwhile),
      cmocka_unit_test(test_used_longest_ago_goes),
      cmocka_unit_test(test_scraps),
      cmocka_unit_test(test_programs_at_once),
  };
  return cmocka_run_group_tests(tests, make_root, drop_root);
}
