/* Inside serve: the members of a request's body. A member that is absent or null changes nothing;
 * one of a wrong type or out of its range is an error that names it. The first error stays, and
 * nothing is read after it: a reader looks once, at the end. */
#ifndef CM_SERVE_API_READ_H
#define CM_SERVE_API_READ_H
#include "data/json.h"
#include "serve/api.h"

typedef struct cm_body {
  cm_call *call;
  cm_json *root;
  const cm_json *object; /* whose members are read */
  cm_err *e;
  cm_code code;
  char at[96]; /* what stands before a member's name in messages: "options." */
} cm_body;

/* CM_E_FORMAT: not a JSON object; CM_E_LIMIT: too deep, or too many values. `e` must stay until
 * close. */
cm_code cm_body_open(cm_body *b, cm_call *c, cm_str text, cm_err *e);
/* The first error. Texts that were read stay: they live in the call's arena. */
cm_code cm_body_close(cm_body *b);

/* An error about a member of the object: CM_E_USAGE unless there is one already. "%s" of a plain
 * name comes first: "temperature must be a number". */
void cm_body_fail(cm_body *b, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void cm_body_no_memory(cm_body *b);

/* Where a reader was before it entered an inner object. */
typedef struct cm_body_place {
  const cm_json *object;
  size_t at;
} cm_body_place;

/* Goes on with the members of an inner object; false when it isn't there. */
bool cm_body_enter(cm_body *b, const char *key, cm_body_place *old);
/* The same for an item of the array `key`. */
bool cm_body_enter_item(cm_body *b, const char *key, size_t i, cm_body_place *old);
void cm_body_leave(cm_body *b, cm_body_place old);
/* Items of the array `key`; 0 when it isn't there. */
size_t cm_body_items(cm_body *b, const char *key, size_t max);

/* All true when there was a value and it is in *out, which is unchanged otherwise. */
bool cm_body_str(cm_body *b, const char *key, cm_str *out);
bool cm_body_bool(cm_body *b, const char *key, bool *out);
bool cm_body_int(cm_body *b, const char *key, int64_t min, int64_t max, int64_t *out);
bool cm_body_u32(cm_body *b, const char *key, uint32_t min, uint32_t max, uint32_t *out);
bool cm_body_real(cm_body *b, const char *key, double min, double max, float *out);

/* A member that nothing here can do: anything but null, false, 0, and an empty text, list or
 * object is an error, because leaving it out without a word would be a wrong answer. */
void cm_body_refuse(cm_body *b, const char *key);

/* One text or a list of at most `max`; none may be empty. */
void cm_body_stops(cm_body *b, const char *key, size_t max, cm_request *q);
/* temperature, top_p, top_k, min_p and seed, which all interfaces call so. top_k 0 or -1: all
 * tokens; top_p 0: the likeliest one alone. */
void cm_body_sampling(cm_body *b, double temperature_max, cm_sample_options *o);
/* Tokens of a reply: more than the context holds is as many as it holds. */
bool cm_body_tokens(cm_body *b, const char *key, uint32_t *out);
/* CM_E_LIMIT for texts that are too long for the context whatever their words are, so that nobody
 * has to look for tokens in them. */
cm_code cm_call_fits(const cm_call *c, cm_err *e);
/* How many tokens can follow at most. */
uint32_t cm_call_tokens_max(const cm_call *c);
/* Texts at once: 1 to the server's slots. */
void cm_body_candidates(cm_body *b, const char *key, uint32_t *out);

/* The model asked for, into call->model. CM_E_NOTFOUND with the names that are served. */
void cm_body_model(cm_body *b, const char *key, bool required);
/* The same for a name from elsewhere. */
cm_code cm_call_model(cm_call *c, cm_str name, cm_err *e);

/* system, user or assistant; false for anything else. */
bool cm_body_role(cm_str name, cm_role *out);

#endif
