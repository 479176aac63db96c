/* Every rule of tools/tidy fires on tests/tidy, a small house in which each is broken, and only
 * where expected.txt says; a line there was read against the rule before it was kept. */
#include <libgen.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define FIXTURE CM_SOURCE_DIR "/tests/tidy"

static char tool[4096]; /* the program under test, built beside this one */

/* Adds the lines of `rule` that f gives to out. */
static void lines_of(FILE *f, const char *rule, char *out, size_t size) {
  char line[512], mark[64];
  snprintf(mark, sizeof mark, ": %s: ", rule);
  size_t n = strlen(out);
  while (fgets(line, sizeof line, f))
    if (strstr(line, mark)) n += (size_t)snprintf(out + n, size - n, "%s", line);
  assert_true(n < size);
}

/* Runs tidy and checks that it found something, which is status 1. */
static void run(const char *arguments, const char *rule, char *out, size_t size) {
  char command[8192];
  snprintf(command, sizeof command, "%s %s 2>/dev/null", tool, arguments);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  lines_of(f, rule, out, size);
  const int status = pclose(f);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
}

static void check_rule(void **state) {
  const char *rule = *state;
  char expected[8192] = "", got[8192] = "";
  FILE *f = fopen(FIXTURE "/expected.txt", "r");
  assert_non_null(f);
  lines_of(f, rule, expected, sizeof expected);
  fclose(f);
  run(FIXTURE " " FIXTURE "/commands.json", rule, got, sizeof got);
  run("--symbols < " FIXTURE "/symbols.txt", rule, got, sizeof got);
  assert_string_not_equal(expected, "");
  assert_string_equal(got, expected);
}

/* A table that is not there is an error of its own, never a clean bill. */
static void no_table(void **state) {
  (void)state;
  char command[8192];
  snprintf(command, sizeof command, "%s " FIXTURE "/src 2>/dev/null", tool);
  const int status = system(command);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 2);
}

int main(int argc, char **argv) {
  if (argc > 1) return 2;
  snprintf(tool, sizeof tool, "%s/../tools/tidy", dirname(argv[0]));
  static char rules[][16] = {"table",           "layer",       "door",      "header",
                             "include",         "guard",       "call",      "dead",
                             "blank",           "path",        "prefix",    "file-length",
                             "function-length", "line-length", "unfinished"};
  enum { COUNT = sizeof rules / sizeof *rules };
  struct CMUnitTest tests[COUNT + 1] = {[COUNT] = cmocka_unit_test(no_table)};
  for (int i = 0; i < COUNT; i++)
    tests[i] = (struct CMUnitTest){rules[i], check_rule, NULL, NULL, rules[i]};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
