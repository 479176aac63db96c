/* answer/reply: from whatever a model printed to one command. Any bytes are accepted, in linear
 * time and without recursion.
 *
 * Where the command is looked for, first hit wins: a JSON object's "command" or "cmd"; fenced
 * blocks (the first that holds a command); the lines themselves, without prose; inline code inside
 * the prose. What a person would expect decides the rest: prose, comments, prompts and recorded
 * output are dropped, a command that goes on over several lines (quotes, here-documents, loops,
 * functions, continuations) stays whole, and of several independent commands the first is taken
 * and `extra` is set. Text that only looks a bit like a command is no command: CM_E_NOTFOUND. */
#ifndef CM_ANSWER_REPLY_H
#define CM_ANSWER_REPLY_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

enum { CM_REPLY_MAX = 64 << 10, CM_REPLY_COMMAND_MAX = 16 << 10 };

/* odd_bytes: the command holds control, escape, bidirectional, invisible or invalid characters
 * other than newline and tab. It is kept as it is; whoever prints it must escape them. */
typedef struct cm_reply {
  cm_str command;     /* without prompt, fence and outer white space; empty when refused */
  bool refused;       /* the model says that it can't or won't */
  cm_str reason;      /* why it refused, in its words */
  cm_str explanation; /* text around the command; may be empty */
  bool extra;         /* there were more commands; only the first is in `command` */
  bool odd_bytes;     /* see below */
} cm_reply;

/* Strings in *out live in `a`. CM_E_NOTFOUND: no command and no refusal; CM_E_LIMIT: a longer text
 * than CM_REPLY_MAX or a longer command than CM_REPLY_COMMAND_MAX; CM_E_NOMEM. */
cm_code cm_reply_parse(cm_str text, cm_arena *a, cm_reply *out, cm_err *e);

#endif
