/* What scripts of sed and awk write and run. The expectations follow the manuals of GNU sed 4.9
 * and gawk 5.2. */
#include "safety/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Acts as text: a letter of the kind, then the act's text with '?' for each hole. */
typedef struct example {
  const char *script, *acts;
} example;

static const example sed_examples[] = {
    {"s/a/b/", ""},
    {"s/a/b/w out", "w:out"},
    {"s/w/e/g", ""},
    {"s,a/b,c,gw out", "w:out"},
    {"s/a\\/w/b/w out", "w:out"},
    {"s/a/b/e", "i:"},
    {"s/a/b/2ge", "i:"},
    {"w all\n1d", "w:all"},
    {"/x/w some", "w:some"},
    {"/w x/d;1,/e/p", ""},
    {"\\,x,w some", "w:some"},
    {"2,$!w rest", "w:rest"},
    {"0~4W every", "w:every"},
    {"{w a\nw b\n}", "w:a w:b"},
    {"1e date", ""},
    {"a w text", ""},
    {"i\\\nw text\\\nw more\nw out", "w:out"},
    {":w\nbw", ""},
    {"b w;w out", "w:out"},
    {"y/w/e/;w out", "w:out"},
    {"r w in", ""},
    {"# w out\np", ""},
    {"q5;w out", "w:out"},
    {"s/a", ""},
    {"s", ""},
    {"", ""},
};

static const example awk_examples[] = {
    {"{ print }", ""},
    {"{ print > \"out\" }", "w:out"},
    {"{ print $1, $2 >> \"all\" }", "a:all"},
    {"{ printf \"%s\", $1 > \"out\" }", "w:out"},
    {"{ printf(\"%s\", $1) > \"out\" }", "w:out"},
    {"{ print > $1 \".txt\" }", "w:?.txt"},
    {"{ print \"a > b\" }", ""},
    {"{ print ($1 > \"out\") }", ""},
    {"$3 > 5 { print }", ""},
    {"{ if ($1 > \"out\") print }", ""},
    {"{ if ($1 > 5) print > \"out\"; else print }", "w:out"},
    {"/a > \"b\"/ { print }", ""},
    {"{ x = 6 / 2; print > \"out\" }", "w:out"},
    {"{ print | \"sort -u\" }", "f:sort -u"},
    {"{ print |& \"cat\" }", "f:cat"},
    {"{ \"date\" | getline d }", ""},
    {"$1 || $2 { print }", ""},
    {"{ system(\"ls \" $1) }", "r:ls ?"},
    {"{ system (\"ls\") }", "r:ls"},
    {"# print > \"out\"\n{ print }", ""},
    {"{ print > \"a\\tb\" }", "w:a\tb"},
    {"BEGIN { s = \"/inet/tcp/0/h/1\" }", "c:"},
    {"{ print > \"out", "w:ou"},
    {"", ""},
};

static void add(char *out, size_t max, const cm_act *act) {
  size_t n = strlen(out);
  int more = snprintf(out + n, max - n, "%s%c:%.*s", n ? " " : "", "rfiwac"[act->kind],
                      (int)act -> text.n, act->text.n ? act->text.p : "");
  for (char *p = out + n; more > 0 && *p; p++)
    if (*p == CM_HOLE) *p = '?';
}

static void sed(void **state) {
  (void)state;
  for (size_t i = 0; i < CM_COUNT(sed_examples); i++) {
    char got[256] = "";
    cm_act act;
    for (size_t at = 0; cm_sed_next(cm_str_of(sed_examples[i].script), &at, &act);)
      add(got, sizeof got, &act);
    if (strcmp(got, sed_examples[i].acts))
      fail_msg("%s: \"%s\", not \"%s\"", sed_examples[i].script, got, sed_examples[i].acts);
  }
}

static void awk(void **state) {
  (void)state;
  for (size_t i = 0; i < CM_COUNT(awk_examples); i++) {
    char got[256] = "";
    cm_arena *a = cm_arena_open(1 << 20);
    cm_awk w = {.script = cm_str_of(awk_examples[i].script), .arena = a};
    for (cm_act act; cm_awk_next(&w, &act);) add(got, sizeof got, &act);
    cm_arena_close(a);
    if (strcmp(got, awk_examples[i].acts))
      fail_msg("%s: \"%s\", not \"%s\"", awk_examples[i].script, got, awk_examples[i].acts);
  }
}

/* Without memory an act isn't lost in silence. */
static void awk_without_memory(void **state) {
  (void)state;
  cm_arena *a = cm_arena_open(1);
  cm_awk w = {.script = CM_STR("{ print > \"out\" }"), .arena = a};
  cm_act act;
  assert_false(cm_awk_next(&w, &act));
  assert_true(w.no_memory);
  cm_arena_close(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sed),
      cmocka_unit_test(awk),
      cmocka_unit_test(awk_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
