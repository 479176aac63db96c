/* rooms: base sh safety label: t2 */
/* That disguises.txt means what it says, by a real bash: it parses every disguised command, and
 * the disguises marked "try" run a harmless command. No other text is ever run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/disguise.h"

enum { EXIT_SKIPPED = 77, NOT_FOUND = 127, OUTPUT_MAX = 64 << 10 };

static disguise_table *table;
static cm_arena *dressing;

static int set_up(void **state) {
  (void)state;
  table = disguise_open();
  dressing = cm_arena_open(64 << 20);
  return !dressing;
}

static int tear_down(void **state) {
  (void)state;
  cm_arena_close(dressing);
  disguise_close(table);
  return 0;
}

/* Starts a program with both outputs in a pipe and nothing to read; returns its exit status. */
static int run(const char *const argv[], const char *const env[], cm_buf *out) {
  int ends[2], status;
  pid_t pid;
  cm_err e;
  posix_spawn_file_actions_t fa;
  assert_int_equal(pipe(ends), 0);
  posix_spawn_file_actions_init(&fa);
  posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&fa, ends[1], 1);
  posix_spawn_file_actions_adddup2(&fa, ends[1], 2);
  posix_spawn_file_actions_addclose(&fa, ends[0]);
  posix_spawn_file_actions_addclose(&fa, ends[1]);
  assert_int_equal(posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)argv, (char *const *)env),
                   0);
  posix_spawn_file_actions_destroy(&fa);
  close(ends[1]);
  cm_buf_reset(out);
  cm_os_read_fd(ends[0], cm_os_now_ns() + 20000000000U, out, &e);
  close(ends[0]);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", NULL};

static bool is_valid(cm_str text, cm_buf *out) {
  const char *const argv[] = {"bash", "-n", "-c", text.p, NULL};
  return run(argv, env, out) == 0;
}

static size_t check_parse(cm_str text, const char *what, cm_buf *out) {
  if (is_valid(text, out)) return 0;
  print_error("%s: %s\n%s", what, text.p, out->p);
  return 1;
}

/* Every text that the other test judges is one that bash takes. */
static void test_parse(void **state) {
  (void)state;
  cm_buf out;
  size_t broken = 0, n = table->n_tricks;
  cm_buf_init(&out, OUTPUT_MAX);
  for (size_t i = 0; i < table->n_tricks; i++)
    broken += check_parse(table->tricks[i].text, "trick", &out);
  for (size_t i = 0; i < table->n_how * table->n_bases; i++) {
    disguised text;
    cm_arena_reset(dressing);
    if (!disguise_apply(dressing, &table->how[i / table->n_bases],
                        &table->bases[i % table->n_bases], &text))
      continue;
    n++;
    broken += check_parse(text.text, "disguised", &out);
  }
  cm_buf_close(&out);
  print_message("%zu texts read by bash\n", n);
  assert_int_equal(broken, 0);
}

/* 777 is in no text, plain or encoded: it appears when the command runs. */
static const disguised harmless[] = {
    {{"expr 700 + 77", 13}, DISGUISE_SIMPLE, false, CM_SAFE},
    {{"expr 1 + 776 '+' 0", 18}, DISGUISE_SIMPLE, false, CM_SAFE},
    {{"expr 70000 + 7777 | sed s/.*7777/777/", 37}, DISGUISE_LIST, false, CM_SAFE},
    {{"expr 700 + $((70 + 7))", 22}, DISGUISE_SIMPLE, true, CM_SAFE},
};

typedef enum outcome { RAN, FAILED, ABSENT } outcome;

static outcome try_on(const disguise *how, const disguised *command, cm_buf *out) {
  disguised text;
  cm_arena_reset(dressing);
  if (!disguise_apply(dressing, how, command, &text)) return ABSENT;
  const char *const argv[] = {"timeout", "10", "bash", "-c", text.text.p, NULL};
  int status = run(argv, env, out);
  if (out->p && strstr(out->p, "777")) return RAN;
  if (status == NOT_FOUND || (out->p && strstr(out->p, "not found"))) return ABSENT;
  print_error("%.*s: status %d: %s\n%s", (int)how->name.n, how->name.p, status, text.text.p,
              out->p ? out->p : "");
  return FAILED;
}

static void test_run(void **state) {
  (void)state;
  char dir[] = "/tmp/cmdai-disguise.XXXXXX";
  cm_buf out;
  size_t count[3] = {0};
  assert_non_null(mkdtemp(dir));
  assert_int_equal(chdir(dir), 0);
  cm_buf_init(&out, OUTPUT_MAX);
  for (size_t i = 0; i < table->n_how; i++) {
    if (!(table->how[i].flags & DISGUISE_TRY)) continue;
    for (size_t k = 0; k < sizeof harmless / sizeof *harmless; k++)
      count[try_on(&table->how[i], &harmless[k], &out)]++;
  }
  cm_buf_close(&out);
  static const char *const left[] = {"try.sh", "try.log", "try.lock"};
  for (size_t i = 0; i < sizeof left / sizeof *left; i++) unlink(left[i]);
  assert_int_equal(rmdir(dir), 0);
  print_message("%zu disguised commands ran, %zu did not, %zu could not be tried here\n",
                count[RAN], count[FAILED], count[ABSENT]);
  assert_int_equal(count[FAILED], 0);
}

int main(void) {
  if (access("/bin/bash", X_OK) && access("/usr/bin/bash", X_OK)) return EXIT_SKIPPED;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),
      cmocka_unit_test(test_run),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
