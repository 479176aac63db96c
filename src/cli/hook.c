#include "cli/hook.h"

#include <string.h>

#include "base/os.h"
#include "cli/cli.h"

enum { CALL_MAX = 4 << 20 };

/* How the agents differ: where the command stands, and the words of the answer. The format is
 * known by the names of the members (Claude Code and Codex: PreToolUse; Gemini CLI: BeforeTool;
 * Cursor: beforeShellExecution; GitHub Copilot: toolName). */
typedef enum dialect { CLAUDE, GEMINI, CURSOR, COPILOT } dialect;

typedef struct call {
  dialect dialect;
  bool shell;    /* there is a command */
  bool unread;   /* but not one that can be read */
  cm_json *args; /* of Copilot, which sends its members as a text that holds JSON */
  cm_str event, command, cwd;
} call;

static bool text_at(const cm_json *object, const char *key, cm_str *out) {
  return cm_json_str(cm_json_get(object, key), out);
}

static const cm_json *copilot_args(const cm_json *root, call *c) {
  const cm_json *args = cm_json_get(root, "toolArgs");
  cm_str text;
  if (!cm_json_str(args, &text)) return args;
  c->unread = cm_json_parse(text, CM_JSON_LIMITS, &c->args, NULL) != CM_OK;
  return c->args;
}

static call read_call(const cm_json *root) {
  call c = {.dialect = CLAUDE};
  const cm_json *input = cm_json_get(root, "tool_input");
  text_at(root, "hook_event_name", &c.event);
  text_at(root, "cwd", &c.cwd);
  if (cm_str_is(c.event, "BeforeTool")) c.dialect = GEMINI;
  if (cm_str_is(c.event, "beforeShellExecution")) c.dialect = CURSOR, input = root;
  if (cm_json_get(root, "toolName")) c.dialect = COPILOT, input = copilot_args(root, &c);
  const cm_json *command = cm_json_get(input, "command");
  c.shell = command || c.unread;
  if (command && !cm_json_str(command, &c.command)) c.unread = true;
  return c;
}

/* One line: the worst finding's reason. */
static void reason(const cm_judgement *j, cm_buf *out) {
  const cm_verdict *v = &j->verdict;
  cm_buf_printf(out, "cmdai: %s risk", cm_risk_name(v->risk));
  if (v->n) cm_buf_printf(out, ": %s (%s)", v->findings[0].why, v->findings[0].rule);
  if (v->unresolved) cm_buf_puts(out, "; not all of the command could be resolved");
}

static void put(cm_jw *w, const char *key, const char *value) {
  cm_jw_key(w, key);
  cm_jw_text(w, value);
}

static void answer(cm_jw *w, const call *c, cm_decision d, const char *why) {
  static const char *const permissions[] = {
      [CM_RUN] = "allow", [CM_CONFIRM] = "ask", [CM_BLOCK] = "deny"};
  const char *permission = permissions[d];
  switch (c->dialect) {
    case CLAUDE:
      cm_jw_key(w, "hookSpecificOutput");
      cm_jw_begin_object(w);
      put(w, "hookEventName", "PreToolUse");
      put(w, "permissionDecision", permission);
      put(w, "permissionDecisionReason", why);
      cm_jw_end_object(w);
      return;
    case GEMINI: /* knows only allow and deny: what needs a person is denied */
      put(w, "decision", d == CM_RUN ? "allow" : "deny");
      put(w, "reason", why);
      return;
    case CURSOR:
      put(w, "permission", permission);
      put(w, "user_message", why);
      put(w, "agent_message", why);
      return;
    case COPILOT:
      put(w, "permissionDecision", permission);
      put(w, "permissionDecisionReason", why);
      return;
  }
}

static int reply(cm_guard *g, cm_arena *a, const cm_json *root) {
  call c = read_call(root);
  cm_buf out, why;
  cm_jw w;
  cm_buf_init(&out, 1 << 20);
  cm_buf_init(&why, 1 << 16);
  cm_jw_init(&w, &out, 0);
  cm_jw_begin_object(&w);
  if (c.unread) {
    answer(&w, &c, CM_CONFIRM, "cmdai: the command isn't text, so it could not be judged");
  } else if (c.shell) {
    if (c.cwd.n) g->where.cwd = c.cwd;
    cm_judgement j = cm_guard_judge(g, c.command, a);
    reason(&j, &why);
    answer(&w, &c, j.decision, why.p ? why.p : "");
  }
  cm_jw_end_object(&w);
  cm_buf_putc(&out, '\n');
  cm_buf_close(&why);
  cm_json_free(c.args);
  return cm_ui_out_buf(&out);
}

int cm_hook(cm_guard *g, cm_arena *a) {
  cm_buf in;
  cm_json *root = NULL;
  cm_err e;
  cm_buf_init(&in, CALL_MAX);
  cm_code code = cm_os_read_fd(CM_OS_STDIN, 0, &in, &e);
  if (!code) code = cm_json_parse((cm_str){in.p ? in.p : "", in.n}, CM_JSON_LIMITS, &root, &e);
  if (!code && cm_json_kind_of(root) != CM_JSON_OBJECT)
    code = cm_fail(&e, CM_E_FORMAT, 0, "an object is expected");
  int status =
      code ? cm_ui_fail(CM_EXIT_USAGE, "the tool call on stdin: %s", e.msg) : reply(g, a, root);
  cm_json_free(root);
  cm_buf_close(&in);
  return status;
}
