/* cmdai test sandbox: every known way out is tried. */
#include <string.h>

#include "cli/test.h"

static int show(const cm_sandbox *s, const cm_sandbox_attempt *attempts, size_t n) {
  size_t escaped = 0, tried = 0;
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  cm_buf_printf(&b, "%s\n", cm_sandbox_name(s));
  for (size_t i = 0; i < n; i++) {
    const cm_sandbox_attempt *a = &attempts[i];
    tried += a->tried;
    escaped += a->tried && !a->held;
    cm_buf_printf(&b, "%-10s %s", !a->tried ? "not tried" : a->held ? "held" : "ESCAPED", a->name);
    if (a->detail[0]) {
      cm_buf_puts(&b, ": ");
      cm_ui_escape(cm_str_of(a->detail), &b);
    }
    cm_buf_putc(&b, '\n');
  }
  cm_buf_printf(&b, "%zu tried, %zu escaped\n", tried, escaped);
  int status = cm_test_out(&b);
  return status ? status : escaped || !tried ? CM_TEST_BROKEN : CM_TEST_OK;
}

int cm_test_sandbox(const cm_opts *o, char **operands, size_t n) {
  (void)operands;
  if (n) return cm_ui_fail(CM_TEST_USAGE, "cmdai test sandbox [--sandbox bubblewrap|landlock]");
  const cm_sandbox_attempt *attempts;
  cm_sandbox *s = NULL;
  cm_arena *a = cm_arena_open(64 << 20);
  cm_err e = {0};
  size_t count;
  cm_code code = a ? cm_sandbox_open(&s, cm_test_sandbox_kind(o), &e)
                   : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  if (!code) code = cm_sandbox_self_test(s, a, &attempts, &count, &e);
  int status = code ? cm_ui_fail(CM_TEST_BROKEN, "%s", e.msg) : show(s, attempts, count);
  cm_sandbox_close(s);
  cm_arena_close(a);
  return status;
}
