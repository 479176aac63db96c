/* The language of shapes (rule.h), one line a promise. */
#include "safety/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "safety/program.h"
#include "safety_line.h"

static const cm_program programs[] = {
    {"git", "C:", "git-dir=", 0, CM_SAFE},
    {"git push|fetch", "o:", "force force-with-lease=? dry-run", 0, CM_MODERATE},
    {"git stash drop", NULL, NULL, 0, CM_MODERATE},
    {"cp", "t:S:", "target-directory=", 0, CM_SAFE},
    {"find", NULL, "name= exec=", CM_ARGV_DASH, CM_SAFE},
    {"dd|chmod", NULL, "mode=", 0, CM_SAFE},
    {"tar", "f:", "file=", CM_ARGV_BARE, CM_SAFE},
    {"python", NULL, NULL, 0, CM_SAFE},
};
static const cm_pack pack = {"test", programs, CM_COUNT(programs), NULL, 0, NULL};
static const cm_pack *const packs[] = {&pack, NULL};

static cm_arena *arena;
static cm_index programs_index;

static int open_index(void **state) {
  (void)state;
  cm_err e;
  arena = cm_arena_open(1 << 20);
  return arena && cm_index_build(&programs_index, packs, arena, &e) == CM_OK ? 0 : -1;
}

static int close_index(void **state) {
  (void)state;
  cm_arena_close(arena);
  return 0;
}

static cm_call call;
static cm_known known;

static void read_line(const char *line) {
  call = (cm_call){0};
  assert_true(cm_call_read(&programs_index, safety_line(arena, line), arena, &call, &known));
}

static cm_shape shape;
static cm_need needs[CM_SHAPE_NEEDS_MAX];

static void compile(const char *text) { assert_true(cm_shape_compile(text, needs, &shape)); }

static void fits_as_documented(void **state) {
  (void)state;
  static const struct {
    const char *shape, *line;
    bool fits;
  } cases[] = {
      {"git push", "git push", true},
      {"git push", "git push origin main", true},
      {"git push", "git -C dir push", true},
      {"git push", "git fetch", false},
      {"git push|fetch", "git fetch", true},
      {"git stash drop", "git stash -q drop", true},
      {"git push -f|--force", "git push -f", true},
      {"git push -f|--force", "git push -qf", true},
      {"git push -f|--force", "git push --forc", false}, /* could be --force-with-lease */
      {"git push -n|--dry-run", "git push --dry", true},
      {"git push -f|--force", "git push origin --force", true},
      {"git push -f|--force", "git push -- --force", false},
      {"git push !-n|--dry-run", "git push -f", true},
      {"git push !-n|--dry-run", "git push -nf", false},
      {"git push ~+*", "git push origin +main", true},
      {"git push ~+*", "git push origin main", false},
      {"git push !main", "git push origin", true},
      {"git push !main", "git push origin main", false},
      {"git push --force-with-lease=m*", "git push --force-with-lease=main", true},
      {"git push --force-with-lease=m*", "git push --force-with-lease", false},
      {"git push !--force-with-lease", "git push --force-with-lease=main", false},
      {"git push -o=ci.skip", "git push -o ci.skip", true},
      {"git push -o=ci.skip", "git push -oci.skip", true},
      {"chmod --mode=0?77", "chmod --mode 0777", true},
      {"chmod --mode=0?77", "chmod --mode=755", false},
      {"chmod 0?[67]7", "chmod 0767 file", true},
      {"chmod 0?[67]7", "chmod 0757 file", false},
      {"chmod [!0-6]*", "chmod 777 x", true},
      {"chmod [!0-6]*", "chmod 644 x", false},
      {"find -delete", "find . -name x -delete", true},
      {"find -delete", "find . -name -delete", false},
      {"find -name=\\*", "find . -name *", true},
      {"find -name=\\*", "find . -name *.o", false},
      {"tar -x", "tar xf file", true},
      {"tar -x", "tar -xf file", true},
      {"tar -x", "tar cf x", false},
      {"git push @", "git push", false},
      {"git push @", "git push origin", true},
      {"git push @?", "git push", true},
      {"git push @2", "git push origin", false},
      {"git push @-o", "git push -o x", true},
      {"git push @-o", "git push", false},
      {"dd @of=", "dd if=x of=y", true},
      {"dd @of=", "dd if=x", false},
      {"chmod <", "chmod x", false},
      {"git push !^", "git push", true},
      {"git push ^", "git push", false},
      {"git - push", "git - push", true},
      {"git push \x66orce", "git push \x01", false}, /* a hole is never what is asked for … */
      {"git push !force", "git push \x01", true},    /* … nor what is forbidden */
      {"git push ~*", "git push \x01", true},
      {"git push ?", "git push \x01", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    read_line(cases[i].line);
    compile(cases[i].shape);
    if (cm_shape_fits(&shape, &call) == cases[i].fits) continue;
    fail_msg("\"%s\" %s \"%s\"", cases[i].shape, cases[i].fits ? "misses" : "fits", cases[i].line);
  }
}

static void stdin_and_root(void **state) {
  (void)state;
  cm_run *run = safety_line(arena, "git push");
  cm_rword text = {.text = CM_STR("x")};
  run->in_text = &text;
  run->root = true;
  call = (cm_call){0};
  assert_true(cm_call_read(&programs_index, run, arena, &call, &known));
  compile("git push < ^");
  assert_true(cm_shape_fits(&shape, &call));
  compile("git push !^");
  assert_false(cm_shape_fits(&shape, &call));
}

/* All targets, with a blank behind each. */
static void check_targets(const char *text, const char *line, const char *expected) {
  char got[256] = "";
  size_t n = 0;
  cm_rword word;
  read_line(line);
  compile(text);
  for (size_t at = 0; cm_shape_target(&shape, &call, &at, &word);)
    n += (size_t)snprintf(got + n, sizeof got - n, "%.*s ", (int)word.text.n, word.text.p);
  assert_string_equal(got, expected);
}

static void gives_targets(void **state) {
  (void)state;
  check_targets("cp @", "cp a -v b c", "a b c ");
  check_targets("cp @1", "cp a b c", "a ");
  check_targets("cp @2", "cp a b c", "b ");
  check_targets("cp @2..", "cp a b c", "b c ");
  check_targets("cp @last", "cp a b c", "c ");
  check_targets("cp @..last", "cp a b c", "a b ");
  check_targets("cp @last", "cp", "");
  check_targets("cp @..last", "cp", "");
  check_targets("cp @-t|--target-directory", "cp -t d --target-dir=e a", "d e ");
  check_targets("git push @", "git push origin main", "origin main ");
  check_targets("git push @last", "git push", "");
  check_targets("dd @of=", "dd if=a of=b of=c", "b c ");
  check_targets("git push @?", "git push", ". ");
  check_targets("git push @?", "git push x", "x ");
}

static void refuses_what_is_no_shape(void **state) {
  (void)state;
  static const char *const wrong[] = {"",       " rm",    "rm @ @", "rm @0", "rm @x",
                                      "rm @1x", "rm -f|", "rm -f=", "rm ",   "rm  -f"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (cm_shape_compile(wrong[i], needs, &shape)) fail_msg("\"%s\"", wrong[i]);
  assert_true(cm_shape_compile("rm @2..", needs, &shape));
  assert_false(cm_shape_compile("rm a b c d e f g h i j k l m n o p q", needs, &shape));
}

static void finds_programs(void **state) {
  (void)state;
  read_line("git -C x push");
  assert_ptr_equal(known.program, &programs[1]);
  assert_int_equal(known.n_sub, 1);
  read_line("git stash drop");
  assert_ptr_equal(known.program, &programs[2]);
  read_line("git status");
  assert_ptr_equal(known.program, &programs[0]);
  read_line("python3.11 x");
  assert_ptr_equal(known.program, &programs[7]);
  read_line("./git push");
  assert_true(known.by_path);
  read_line("nobody knows");
  assert_null(known.base);
  assert_int_equal(call.n_operands, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fits_as_documented), cmocka_unit_test(stdin_and_root),
      cmocka_unit_test(gives_targets),      cmocka_unit_test(refuses_what_is_no_shape),
      cmocka_unit_test(finds_programs),
  };
  return cmocka_run_group_tests(tests, open_index, close_index);
}
