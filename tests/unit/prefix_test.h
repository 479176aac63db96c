/* Programs that keep what they computed of a prompt's beginning, one after the other, and the
 * files that they leave. */
#ifndef CM_TESTS_PREFIX_TEST_H
#define CM_TESTS_PREFIX_TEST_H
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backend.h"

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

static inline void take_note(void *user, const char *text) {
  (void)user;
  snprintf(noted, sizeof noted, "%s", text);
  notes++;
}

/* With a folder of its own; name "" is none. */
static inline setting setting_of(const char *name) {
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
static inline uint32_t ask(setting *s) {
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

static inline void forget(setting *s) {
  cm_arena_close(s->arena);
  s->arena = NULL;
}

static inline bool is_same(const cm_replies *a, const cm_replies *b) {
  bool same = a->n == b->n && a->prompt_tokens == b->prompt_tokens;
  for (size_t i = 0; i < a->n && same; i++) {
    const cm_candidate *x = &a->items[i], *y = &b->items[i];
    same = cm_str_eq(x->text, y->text) && x->tokens == y->tokens && x->finished == y->finished &&
           memcmp(&x->logprob, &y->logprob, sizeof x->logprob) == 0;
  }
  return same;
}

/* Asks in the folder and without any; the answers must be the same. */
static inline uint32_t ask_both(const setting *s) {
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
static inline size_t list(const setting *s, char names[FILES][PATH]) {
  DIR *d = opendir(s->o.keep.dir);
  size_t n = 0;
  if (!d) return SIZE_MAX;
  for (const struct dirent *x; (x = readdir(d)) != NULL;)
    if (x->d_name[0] != '.' && n < FILES)
      snprintf(names[n++], PATH, "%s/%s", s->o.keep.dir, x->d_name);
  closedir(d);
  return n;
}

static inline size_t count(const setting *s) {
  char names[FILES][PATH];
  return list(s, names);
}

/* The only file. */
static inline void the_file(const setting *s, char out[PATH]) {
  char names[FILES][PATH];
  assert_int_equal(list(s, names), 1);
  memcpy(out, names[0], PATH);
}

static inline uint8_t *load(const char *path, size_t *n) {
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
static inline void store(const char *path, const uint8_t *p, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_true(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static inline void set_times(const char *path, int64_t seconds) {
  const struct timespec t[2] = {{seconds, 0}, {seconds, 0}};
  assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static inline int make_root(void **state) {
  (void)state;
  return mkdtemp(root) ? 0 : -1;
}

static inline int drop_root(void **state) {
  (void)state;
  char command[PATH];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  return system(command);
}

#endif
