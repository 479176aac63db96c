/* answer/answer_json: an answer and a verdict as JSON, for every program that gives them out. The
 * document is described by schemas/cmdai.answer.1.json. */
#ifndef CM_ANSWER_ANSWER_JSON_H
#define CM_ANSWER_ANSWER_JSON_H
#include "answer/answer.h"
#include "data/json.h"

/* Moments on cm_os_now_ns' clock; 0: didn't happen. */
typedef struct cm_times {
  uint64_t start_ns, loaded_ns, done_ns;
} cm_times;

typedef struct cm_answer_text {
  cm_str request;
  const cm_answer *answer; /* all zero: there is none */
  const cm_times *times;
  const cm_err *error; /* NULL: there is an answer */
  bool executed;
  int exit_status; /* of the command, when it was executed */
} cm_answer_text;

/* One document of cmdai.answer/1 and a newline. */
void cm_answer_json(const cm_answer_text *t, cm_buf *out);

/* The members "risk", "decision", "unresolved" and "findings" of an open object. */
void cm_verdict_json(cm_jw *w, const cm_verdict *v, cm_decision d);
/* The members "start" and "end". */
void cm_span_json(cm_jw *w, cm_span s);

#endif
