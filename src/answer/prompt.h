/* answer/prompt: how a request is put to a model. */
#ifndef CM_ANSWER_PROMPT_H
#define CM_ANSWER_PROMPT_H
#include "backend/backend.h"

enum { CM_PROMPT_MESSAGES_MAX = 2 };

typedef struct cm_prompt {
  cm_message messages[CM_PROMPT_MESSAGES_MAX];
  size_t n;
  cm_str opening;
} cm_prompt;

/* `request` are the user's words, `context` what came on stdin (may be empty). `shell` is "bash",
 * "sh", "zsh" or "fish". A model trained for this very task (general.name "cmdai-…") gets the bare
 * request; a general one gets instructions and the opening of a code fence, which is worth 25
 * points to small models (the naive constraint costs them 15). Strings live in `a`. CM_E_NOMEM. */
cm_code cm_prompt_build(cm_str request, cm_str context, const char *shell, bool own_model,
                        cm_arena *a, cm_prompt *out, cm_err *e);

#endif
