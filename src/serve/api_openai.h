/* Inside serve: how OpenAI's interface answers. */
#ifndef CM_SERVE_API_OPENAI_H
#define CM_SERVE_API_OPENAI_H
#include "serve/api.h"

/* Whether the call is of a conversation, rather than of a text to continue. */
bool cm_openai_is_chat(const cm_call *c);

/* Writers of rows (api.h), for both. */
void cm_openai_begin(const cm_call *c, cm_buf *out);
void cm_openai_piece(const cm_call *c, const cm_piece *p, cm_buf *out);
void cm_openai_end(const cm_call *c, const cm_job *job, cm_buf *out);
void cm_openai_broken(const cm_call *c, const cm_err *e, cm_buf *out);
void cm_openai_whole(const cm_call *c, const cm_job *job, const cm_answer *answer, cm_buf *out);
/* {"error": {"message", "type", "param", "code"}} */
void cm_openai_fail(const cm_call *c, int status, const cm_err *e, cm_buf *out);

/* Readers of GET /v1/models and GET /v1/models/ID. */
cm_code cm_openai_models(cm_call *c, cm_str body, cm_buf *out, cm_err *e);
cm_code cm_openai_model(cm_call *c, cm_str body, cm_buf *out, cm_err *e);

#endif
