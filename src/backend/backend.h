/* backend: where replies come from. One list (backend.c); a backend is one file and one line
 * there.
 *
 * A backend that cannot answer says so with an error; nothing here ever makes up a reply. */
#ifndef CM_BACKEND_BACKEND_H
#define CM_BACKEND_BACKEND_H
#include "base/mem.h"
#include "engine/chat.h"
#include "engine/sample.h"

typedef struct cm_backend_options {
  const char *model;   /* path of a GGUF file; NULL: the embedded model */
  unsigned threads;    /* 0: all processors */
  uint32_t ctx;        /* positions; 0: 4,096 or the model's own if that is less */
  uint32_t n_parallel; /* texts generated together, over all jobs; 0: 1 */
} cm_backend_options;

typedef struct cm_request {
  const cm_message *messages;
  size_t n_messages;
  cm_str opening; /* first words of the reply, given to the model; not part of the reply's text */
  cm_sample_options sampling;
  uint32_t max_tokens;
  uint32_t candidates;        /* 1 .. n_parallel; candidate i > 0 samples with seed + i */
  uint64_t deadline_ns;       /* on cm_os_now_ns' clock; 0: none */
  const volatile int *cancel; /* becomes non-zero to stop; may be NULL */
} cm_request;

/* One generated text. */
typedef struct cm_candidate {
  cm_str text;     /* valid UTF-8; lives in the reply's arena */
  double logprob;  /* sum over its tokens, under the model itself */
  uint32_t tokens; /* generated, with the end token */
  bool finished;   /* the model ended it, rather than max_tokens or a full context */
} cm_candidate;

typedef struct cm_replies {
  cm_candidate *items; /* [n], in the order they were started; lives in the arena */
  size_t n;
  uint32_t prompt_tokens, cached_tokens, output_tokens;
  uint64_t prompt_ns, generate_ns;
} cm_replies;

/* A request on its way. The caller fills the first group and keeps all that it points to; the
 * backend gives the job back with the second filled. */
typedef struct cm_job {
  cm_request request;
  cm_arena *arena; /* for the replies */
  void *owner;     /* the caller's own */

  cm_replies replies;
  cm_err error; /* code CM_OK: there are replies */

  struct cm_job *next; /* the backend's, while the job is on its way */
} cm_job;

typedef struct cm_model_id {
  char id[128];          /* name for people */
  char sha256[65];       /* of the file; empty when not known */
  char quant[32];        /* "Q4_K_M" or the like */
  uint32_t placeholders; /* literals that it was trained to see replaced (answer/literal.h) */
  float scale, bias;     /* of its log-probabilities (cm_answer_confidence); scale 0: none known */
} cm_model_id;

typedef struct cm_backend cm_backend;

/* What a backend implements. */
typedef struct cm_backend_ops {
  const char *name;
  cm_code (*open)(void **self, const cm_backend_options *o, cm_err *e);
  void (*submit)(void *self, cm_job *job);
  cm_job *(*poll)(void *self);
  void (*identify)(void *self, cm_model_id *out);
  void (*close)(void *self);
} cm_backend_ops;

extern const cm_backend_ops cm_backend_cpu;

const char *cm_backend_name_at(size_t i); /* of the list; NULL past its end */

/* CM_E_USAGE for an unknown name; else what the backend says: CM_E_NOTFOUND (no such model),
 * CM_E_FORMAT … */
cm_code cm_backend_open(cm_backend **out, const char *name, const cm_backend_options *o,
                        cm_err *e);
void cm_backend_close(cm_backend *b);
const char *cm_backend_name(const cm_backend *b);
void cm_backend_identify(const cm_backend *b, cm_model_id *out);

/* Takes a job. One that can't be done comes back from poll with its error: CM_E_USAGE (more
 * candidates than n_parallel), CM_E_LIMIT (prompt longer than the context, with both numbers),
 * CM_E_TIMEOUT, CM_E_CANCELLED, CM_E_NOMEM. Never waits. */
void cm_backend_submit(cm_backend *b, cm_job *job);

/* Lets poll give the job back with this error, as if the backend had refused it. */
void cm_backend_refuse(cm_backend *b, cm_job *job, const cm_err *e);

/* Works until a job is done, and returns it; NULL when none is on its way. Jobs are decoded
 * together, as many as n_parallel has room for, and finish in any order; what they answer doesn't
 * depend on the others. */
cm_job *cm_backend_poll(cm_backend *b);

/* One request by itself; no other may be on its way. Errors as above. */
cm_code cm_backend_generate(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e);

#endif
