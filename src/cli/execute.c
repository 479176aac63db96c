#include "cli/execute.h"

#include <string.h>

#include "base/os.h"
#include "cli/cli.h"

/* What has to be typed for a critical command; -y never stands for it. */
#define WORD "execute"

cm_decision cm_execute_decision(const cm_opts *o, const cm_answer *answer) {
  const cm_decision d = answer->choices[0].decision;
  const bool judged = strcmp(o->shell, "bash") == 0 || strcmp(o->shell, "sh") == 0;
  return d == CM_RUN && (answer->uncertain || !judged) ? CM_CONFIRM : d;
}

/* The answer to `question` is one of the two words; anything else, and no terminal, is no. */
static int ask(const char *question, const char *word, const char *other) {
  cm_buf line;
  cm_err e;
  cm_buf_init(&line, 256);
  cm_code code = cm_os_ask_terminal(question, &cm_ui_cancel, &line, &e);
  cm_str typed = cm_str_trim((cm_str){line.p ? line.p : "", line.n});
  const bool agreed = !line.overflow && (cm_str_is(typed, word) || cm_str_is(typed, other));
  cm_buf_close(&line);
  if (code == CM_E_CANCELLED) return cm_ui_fail(CM_EXIT_INTERRUPTED, "not run: interrupted");
  if (code) return cm_ui_fail(CM_EXIT_CONFIRM, "not run: it needs a confirmation, and %s", e.msg);
  return agreed ? CM_EXIT_OK : cm_ui_fail(CM_EXIT_CONFIRM, "not run: declined");
}

static int confirm(const cm_opts *o, const cm_answer *answer) {
  if (answer->choices[0].verdict.risk == CM_CRITICAL)
    return ask("This is critical. Type \"" WORD "\" to run it all the same: ", WORD, WORD);
  return o->yes ? CM_EXIT_OK : ask("Run it? [y/N] ", "y", "yes");
}

static cm_outcome start(const cm_opts *o, cm_str command, cm_arena *arena) {
  cm_outcome out = {false, CM_EXIT_NOT_RUN};
  cm_err e;
  char *text = cm_arena_strdup(arena, command.p, command.n), *shell, flag[] = "-c";
  shell = cm_arena_strdup(arena, o->shell, strlen(o->shell));
  if (!text || !shell) {
    out.status = cm_ui_fail(CM_EXIT_NOT_RUN, "out of memory");
    return out;
  }
  char *const argv[] = {shell, flag, text, NULL};
  if (cm_os_run(argv, cm_opts_document(o), &out.status, &e))
    out.status = cm_ui_fail(CM_EXIT_NOT_RUN, "%s", e.msg);
  else out.executed = true;
  return out;
}

cm_outcome cm_execute(const cm_opts *o, const cm_answer *answer, cm_arena *arena) {
  static const char *const would[] = {
      [CM_RUN] = "run", [CM_CONFIRM] = "ask", [CM_BLOCK] = "block"};
  const cm_decision d = cm_execute_decision(o, answer);
  const cm_str command = answer->choices[0].command;
  cm_outcome out = {false, CM_EXIT_BLOCKED};
  if (o->dry_run) {
    cm_ui_note(o, "dry run: would %s", would[d]);
    out.status = d == CM_BLOCK ? CM_EXIT_BLOCKED : CM_EXIT_OK;
    return out;
  }
  if (d == CM_BLOCK) return out;
  out.status = d == CM_CONFIRM ? confirm(o, answer) : CM_EXIT_OK;
  /* A shell would stop reading at a NUL byte: another command than the one that was judged. */
  if (!out.status && memchr(command.p, 0, command.n))
    out.status = cm_ui_fail(CM_EXIT_NO_ANSWER, "not run: there is a NUL byte in the command");
  return out.status ? out : start(o, command, arena);
}
