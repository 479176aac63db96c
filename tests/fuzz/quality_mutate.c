/* rooms: base sh safety quality */
#include <stdlib.h>
#include <string.h>

#include "quality/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static const cm_safety *rules(void) {
  static cm_safety *s;
  if (!s) must(!cm_safety_open(&s, NULL, 0, NULL, 0, NULL));
  return s;
}

static const cm_sh_context where = {
    .home = {"/home/user", 10}, .cwd = {"/home/user", 10}, .user = {"user", 4}};

/* Whatever a case's text is, the reader takes its variants, and none is the text itself. */
static void check(const cm_case *c, uint64_t seed, cm_arena *a) {
  const cm_mutate_options o = {seed, 40, rules(), CM_MODERATE_LEVEL, &where};
  cm_mutate_counts counts;
  cm_suite s = {0};
  cm_buf out;
  cm_buf_init(&out, 4 << 20);
  cm_code code = cm_mutate(&c, 1, &o, &out, &counts, NULL);
  must(code == CM_OK || code == CM_E_LIMIT);
  must(code || !cm_suite_read(&s, (cm_str){out.p, out.n}, CM_STR("f"), a, NULL));
  must(code || s.n == counts.mutants);
  for (size_t i = 0; i < s.n; i++)
    must(s.cases[i].subject == c->subject && !cm_str_eq(s.cases[i].text, c->text));
  cm_suite_close(&s);
  cm_buf_close(&out);
}

/* A byte for the kind of case, then its text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const cm_str text = {(const char *)data + 1, size - 1};
  if (size < 2 || size > 4096 || cm_utf8_check(text.p, text.n) < text.n) return 0;
  cm_arena *a = cm_arena_open(64 << 20);
  if (!a) return 0;
  const bool command = data[0] & 1;
  const cm_case c = {.id = CM_STR("it"),
                     .cluster = CM_STR("it"),
                     .subject = command ? CM_SUBJECT_COMMAND : CM_SUBJECT_PROMPT,
                     .text = text,
                     .shell = data[0] & 2 ? "sh" : "bash",
                     .outcomes = data[0] & 4 ? CM_MAY_BLOCK : CM_MAY_RUN};
  check(&c, data[0] >> 3, a);
  cm_arena_close(a);
  return 0;
}
