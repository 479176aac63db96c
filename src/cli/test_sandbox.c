/* cmdai test sandbox: every known way out is tried. */
#include <string.h>

#include "cli/test.h"
#include "data/json.h"

typedef struct counts {
  size_t tried, escaped;
} counts;

static counts count(const cm_sandbox_attempt *attempts, size_t n) {
  counts c = {0};
  for (size_t i = 0; i < n; i++) {
    c.tried += attempts[i].tried;
    c.escaped += attempts[i].tried && !attempts[i].held;
  }
  return c;
}

static void put_text(const cm_sandbox *s, const cm_sandbox_attempt *attempts, size_t n,
                     cm_buf *b) {
  const counts c = count(attempts, n);
  cm_buf_printf(b, "%s\n", cm_sandbox_name(s));
  for (size_t i = 0; i < n; i++) {
    const cm_sandbox_attempt *a = &attempts[i];
    cm_buf_printf(b, "%-10s %s", !a->tried ? "not tried" : a->held ? "held" : "ESCAPED", a->name);
    if (a->detail[0]) {
      cm_buf_puts(b, ": ");
      cm_ui_escape(cm_str_of(a->detail), b);
    }
    cm_buf_putc(b, '\n');
  }
  cm_buf_printf(b, "%zu tried, %zu escaped\n", c.tried, c.escaped);
}

static void put_json(const cm_sandbox *s, const cm_sandbox_attempt *attempts, size_t n,
                     cm_buf *b) {
  const counts c = count(attempts, n);
  cm_jw w;
  cm_jw_init(&w, b, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.sandbox/1");
  cm_jw_put_text(&w, "sandbox", cm_sandbox_name(s));
  cm_jw_put_u64(&w, "tried", c.tried);
  cm_jw_put_u64(&w, "escaped", c.escaped);
  cm_jw_key(&w, "attempts");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < n; i++) {
    const cm_sandbox_attempt *a = &attempts[i];
    cm_jw_begin_object(&w);
    cm_jw_put_text(&w, "name", a->name);
    cm_jw_put_text(&w, "result", !a->tried ? "not-tried" : a->held ? "held" : "escaped");
    cm_jw_put_str(&w, "detail", cm_str_of(a->detail));
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(b, '\n');
}

static int show(const cm_opts *o, const cm_sandbox *s, const cm_sandbox_attempt *attempts,
                size_t n) {
  const counts c = count(attempts, n);
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  if (cm_opts_document(o)) put_json(s, attempts, n, &b);
  else put_text(s, attempts, n, &b);
  const int status = cm_test_out(o, &b);
  return status ? status : c.escaped || !c.tried ? CM_TEST_BROKEN : CM_TEST_OK;
}

int cm_test_sandbox(const cm_opts *o, char **operands, size_t n) {
  (void)operands;
  if (n) return cm_ui_fail(CM_TEST_USAGE, "cmdai test sandbox [--sandbox bubblewrap|landlock]");
  const cm_sandbox_attempt *attempts;
  cm_sandbox *s = NULL;
  cm_arena *a = cm_arena_open(64 << 20);
  cm_err e = {0};
  size_t n_attempts;
  cm_code code = a ? cm_sandbox_open(&s, cm_test_sandbox_kind(o), &e)
                   : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  if (!code) code = cm_sandbox_self_test(s, a, &attempts, &n_attempts, &e);
  int status = code ? cm_ui_fail(CM_TEST_BROKEN, "%s", e.msg) : show(o, s, attempts, n_attempts);
  cm_sandbox_close(s);
  cm_arena_close(a);
  return status;
}
