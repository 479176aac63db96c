/* rooms: base data engine backend */
/* What was computed of a prompt's beginning, kept on disk: the next program gives the same answer,
 * bit for bit, and whatever is wrong with a file, it gives that answer without it. */
#include <sys/wait.h>

#include "data/sha256.h"
#include "models.h"
#include "prefix_test.h"

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
  assert_non_null(strstr(noted, "MB are more than the limit"));
  s.o.keep.max_bytes = 0;
  s.o.keep.max_files = 1025;
  assert_int_equal(ask_both(&s), 0);
  assert_int_equal(count(&s), 0);
  assert_non_null(strstr(noted, "1025 files are more than the limit of 1024"));
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

/* A backend is opened, `change` happens to its model, it answers, and `later` happens. How much of
 * the prompt it had from the disk. */
static uint32_t ask_while(const setting *s, void (*change)(const char *model),
                          void (*later)(const char *model)) {
  static const cm_message messages[] = {{CM_ROLE_SYSTEM, CM_STR(SYSTEM)},
                                        {CM_ROLE_USER, CM_STR("x")}};
  const cm_request q = {.messages = messages,
                        .n_messages = 2,
                        .sampling = cm_sample_defaults(),
                        .max_tokens = 1,
                        .candidates = 1};
  cm_replies replies;
  cm_backend *b;
  cm_err e;
  cm_arena *a = cm_arena_open(ARENA);
  if (cm_backend_open(&b, "cpu", &s->o, &e)) fail_msg("%s", e.msg);
  if (change) change(s->o.model);
  if (cm_backend_generate(b, &q, a, &replies, &e)) fail_msg("%s", e.msg);
  if (later) later(s->o.model);
  cm_backend_close(b);
  cm_arena_close(a);
  return replies.cached_tokens;
}

static void replace(const char *model) {
  char other[PATH];
  snprintf(other, sizeof other, "%s/n.gguf", root);
  copy_model(other, 3000);
  assert_int_equal(rename(other, model), 0);
}

/* The same file: what was mapped changes with it. */
static void overwrite(const char *model) { copy_model(model, 3000); }

static void test_model_changes_meanwhile(void **state) {
  (void)state;
  char model[PATH];
  snprintf(model, sizeof model, "%s/m.gguf", root);
  setting s = setting_of("meanwhile");
  s.o.model = model;
  void (*const changes[])(const char *) = {replace, overwrite};
  for (int i = 0; i < 2; i++) {
    copy_model(model, 0);
    assert_int_equal(ask_while(&s, changes[i], NULL), 0);
    copy_model(model, 0);
    assert_int_equal(ask_while(&s, NULL, changes[i]), 0);
    assert_int_equal(count(&s), SIZE_MAX);
  }
  copy_model(model, 0);
  assert_int_equal(ask_while(&s, NULL, NULL), 0);
  assert_true(ask_while(&s, NULL, NULL) > 0);
  assert_int_equal(ask_while(&s, overwrite, NULL), 0); /* it was kept of another content */
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

/* --- no memory --- */

/* Whichever allocation fails from the submit of a request to the end: an error of memory, or the
 * right answer. What is on disk afterwards is good. */
static bool without_memory(const setting *s, const cm_replies *want, uint64_t nth) {
  const cm_message messages[] = {{CM_ROLE_SYSTEM, cm_str_of(s->system)},
                                 {CM_ROLE_USER, cm_str_of(s->user)}};
  const cm_request q = {.messages = messages,
                        .n_messages = 2,
                        .sampling = cm_sample_defaults(),
                        .max_tokens = 12,
                        .candidates = 1};
  cm_replies got;
  cm_backend *b;
  cm_err e;
  cm_arena *a = cm_arena_open(ARENA);
  if (cm_backend_open(&b, "cpu", &s->o, &e)) fail_msg("%s", e.msg);
  const uint64_t before = cm_mem_count();
  cm_mem_fail_nth(nth);
  const cm_code code = cm_backend_generate(b, &q, a, &got, &e);
  cm_backend_close(b);
  const bool reached = cm_mem_count() - before >= nth;
  cm_mem_fail_nth(0);
  assert_true(code == CM_OK || code == CM_E_NOMEM);
  if (!code) assert_true(is_same(&got, want));
  cm_arena_close(a);
  return reached;
}

static void test_no_memory(void **state) {
  (void)state;
  char path[PATH];
  setting s = setting_of("memory"), without = s;
  without.o.keep.dir = NULL;
  (void)ask(&without);
  for (int kept = 0; kept < 2; kept++) {
    uint64_t nth = 1;
    for (bool more = true; more; nth++) {
      (void)ask_both(&s);
      the_file(&s, path);
      if (!kept) assert_int_equal(unlink(path), 0);
      more = without_memory(&s, &without.replies, nth);
    }
    assert_true(nth > 10);
  }
  assert_true(ask_both(&s) > 0);
  forget(&without);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_second_program_has_it),
      cmocka_unit_test(test_options_that_change_no_number),
      cmocka_unit_test(test_every_small_model),
      cmocka_unit_test(test_what_is_on_the_disk),
      cmocka_unit_test(test_what_is_not_kept),
      cmocka_unit_test(test_no_words_of_a_user),
      cmocka_unit_test(test_another_model_of_the_same_size),
      cmocka_unit_test(test_another_build),
      cmocka_unit_test(test_model_changes_meanwhile),
      cmocka_unit_test(test_used_longest_ago_goes),
      cmocka_unit_test(test_scraps),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_programs_at_once),
  };
  return cmocka_run_group_tests(tests, make_root, drop_root);
}
