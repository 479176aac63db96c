/* engine/chat: ChatML, the prompt format of Qwen2 and Qwen3. */
#ifndef CM_ENGINE_CHAT_H
#define CM_ENGINE_CHAT_H
#include "token/token.h"

typedef enum cm_role { CM_ROLE_SYSTEM, CM_ROLE_USER, CM_ROLE_ASSISTANT } cm_role;

typedef struct cm_message {
  cm_role role;
  cm_str text; /* never becomes a special token, whatever it spells */
} cm_message;

/* Appends the tokens of a conversation and the opening of the assistant's turn, followed by
 * `opening` (the first words put into the assistant's mouth; may be empty). A model that thinks
 * aloud (cm_tok_thinks) gets an empty block of thoughts before it: a command needs none.
 * CM_E_UNSUPPORTED when the vocabulary lacks <|im_start|>. */
cm_code cm_chat_tokens(const cm_tok *t, const cm_message *m, size_t n, cm_str opening, cm_ids *out,
                       cm_err *e);

#endif
