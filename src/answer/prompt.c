#include "answer/prompt.h"

static const char system_text[] =
    "You turn a request into exactly one %s command for GNU/Linux. Answer with the command alone "
    "in a fenced code "
    "block: no explanation, no alternatives. Copy names, paths and numbers from the request "
    "exactly. If the request is "
    "not a task for a shell, answer with the single line: # cannot: and the reason.";

static const char opening_text[] = "```bash\n";

cm_code cm_prompt_build(cm_str request, cm_str context, const char *shell, bool own_model,
                        cm_arena *a, cm_prompt *out, cm_err *e) {
  cm_buf b;
  *out = (cm_prompt){0};
  cm_buf_init(&b, 4 << 20);
  cm_buf_add(&b, request.p, request.n);
  if (context.n) {
    cm_buf_puts(&b, request.n ? "\n\n" : "");
    cm_buf_add(&b, context.p, context.n);
  }
  char *user = b.overflow ? NULL : cm_arena_strdup(a, b.p, b.n);
  size_t user_n = b.n;
  cm_buf_reset(&b);
  cm_buf_printf(&b, system_text, shell);
  char *system = b.overflow ? NULL : cm_arena_strdup(a, b.p, b.n);
  size_t system_n = b.n;
  cm_buf_close(&b);
  if (!user || !system) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the prompt");
  if (!own_model) {
    out->messages[out->n++] = (cm_message){CM_ROLE_SYSTEM, {system, system_n}};
    out->opening = CM_STR(opening_text);
  }
  out->messages[out->n++] = (cm_message){CM_ROLE_USER, {user, user_n}};
  return CM_OK;
}
