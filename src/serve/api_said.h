/* Inside serve: the tokens of a text as OpenAI's conversations and Ollama say them. */
#ifndef CM_SERVE_API_SAID_H
#define CM_SERVE_API_SAID_H
#include "serve/api_read.h"

/* "logprobs" (whether) and "top_logprobs" (how many of the likeliest, 0 to CM_LIKELY_MAX). */
void cm_body_said(cm_body *b, cm_request *q);
/* When all of the request is read: an error of `key` where the answer could become so long that
 * nobody can hold it. */
void cm_body_said_fits(cm_body *b, const char *key);

/* The array: of each token "token", "logprob", "bytes" (its text may be a part of a character) and
 * "top_logprobs", an array of the same without the last. */
void cm_put_said(cm_jw *w, const cm_said *said, size_t n);

#endif
