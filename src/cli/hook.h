/* cli/hook: the guard in front of coding agents. They pass the tool call that they are about to
 * make as JSON on stdin and read the permission from stdout; docs/SAFETY.md shows how to set it
 * up. */
#ifndef CM_CLI_HOOK_H
#define CM_CLI_HOOK_H
#include "cli/verdict.h"

/* Reads one tool call and answers it in the words of the agent that made it. A call without a shell
 * command is answered with {}: no opinion. Returns CM_EXIT_OK; CM_EXIT_USAGE (which these agents
 * take as "blocked", with the reason from stderr) when the call can't be read. */
int cm_hook(cm_guard *g, cm_arena *a);

#endif
