/* rooms: sh base */
/* Every fragment of tests/corpus/sh is accepted or refused as bash and dash do it. The verdicts
 * are recorded there, and tests/cli/test_sh.py proves that they are true. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "sh/sh.h"
#include "sh_walk.h"

#define FOLDER CM_SOURCE_DIR "/tests/corpus/sh"

enum { FRAGMENTS_MIN = 400, ARENA_MAX = 64 << 20 };

typedef struct tally {
  size_t fragments, refused, wrong;
} tally;

static bool holds(cm_str line, const char *word) {
  return cm_str_find(line, cm_str_of(word)) != SIZE_MAX;
}

/* `ours` says what the parser shall do where it differs from `shell`. */
static bool expected(cm_str line, const char *shell, const char *ours) {
  char word[32];
  snprintf(word, sizeof word, " %s:", holds(line, ours) ? ours : shell);
  const size_t at = cm_str_find(line, cm_str_of(word));
  assert_true(at != SIZE_MAX);
  const size_t verdict = at + strlen(word);
  return cm_str_starts((cm_str){line.p + verdict, line.n - verdict}, CM_STR("ok"));
}

static void judge(cm_str line, cm_str text, cm_dialect dialect, cm_arena *a, tally *t) {
  cm_sh_tree tree;
  cm_err e = {0};
  /* A copy of the exact size, so that a sanitizer sees a read past the end. */
  char *copy = malloc(text.n ? text.n : 1);
  assert_non_null(copy);
  if (text.n) memcpy(copy, text.p, text.n);
  const cm_code code = cm_sh_parse((cm_str){copy, text.n}, dialect, a, &tree, &e);
  const bool bash = dialect == CM_SH_BASH;
  const bool want = bash ? expected(line, "bash", "parser") : expected(line, "dash", "posix");
  if ((code == CM_OK) != want) {
    print_message("%s: %s is wrong: %s\n%.*s\n", bash ? "bash" : "posix", code ? "no" : "ok",
                  e.msg, (int)text.n, text.p);
    t->wrong++;
  }
  const char *amiss = sh_walk_tree(&tree, text.n);
  if (amiss) {
    print_message("%s is not where it should be: %.*s\n", amiss, (int)text.n, text.p);
    t->wrong++;
  }
  t->fragments++;
  t->refused += code == CM_E_FORMAT;
  cm_arena_reset(a);
  free(copy);
}

/* The next fragment: behind a line "%%…", up to the newline in front of the next one. */
static bool next(cm_str *rest, cm_str *line, cm_str *text) {
  if (!cm_str_line(rest, line)) return false;
  assert_true(cm_str_starts(*line, CM_STR("%%")));
  const size_t end = cm_str_find(*rest, CM_STR("\n%%"));
  *text = (cm_str){rest->p, end != SIZE_MAX ? end : rest->n - 1};
  *rest = (cm_str){rest->p + text->n + 1, rest->n - text->n - 1};
  return true;
}

static void file(const char *name, cm_arena *a, tally *t) {
  char path[512];
  cm_buf data;
  cm_err e;
  cm_str line, text;
  snprintf(path, sizeof path, "%s/%s", FOLDER, name);
  cm_buf_init(&data, 16 << 20);
  assert_int_equal(cm_os_read_file(path, &data, &e), CM_OK);
  for (cm_str rest = {data.p, data.n}; next(&rest, &line, &text);)
    for (int d = 0; d < 2; d++) judge(line, text, d ? CM_SH_POSIX : CM_SH_BASH, a, t);
  cm_buf_close(&data);
}

static void test_corpus(void **state) {
  (void)state;
  tally t = {0};
  cm_arena *a = cm_arena_open(ARENA_MAX);
  DIR *dir = opendir(FOLDER);
  assert_true(a && dir);
  for (const struct dirent *d; (d = readdir(dir));)
    if (cm_str_ends(cm_str_of(d->d_name), CM_STR(".txt"))) file(d->d_name, a, &t);
  closedir(dir);
  cm_arena_close(a);
  print_message("%zu verdicts, %zu of them refusals\n", t.fragments, t.refused);
  assert_true(t.fragments >= 2 * (size_t)FRAGMENTS_MIN && t.refused >= FRAGMENTS_MIN);
  assert_int_equal(t.wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
