/* answer: from a request in plain words to one command. The only way commands come into being:
 * cli and quality, and later serve, all go through here. */
#ifndef CM_ANSWER_ANSWER_H
#define CM_ANSWER_ANSWER_H
#include "backend/backend.h"
#include "safety/safety.h"

typedef struct cm_question {
  cm_str request;    /* the user's words: valid UTF-8 */
  cm_str context;    /* text from stdin; may be empty */
  const char *shell; /* "bash" "sh" "zsh" "fish" */
  uint32_t candidates;
  uint32_t max_tokens;
  cm_sample_options sampling;
  uint64_t deadline_ns; /* on cm_os_now_ns' clock; 0: none */
  const volatile int *cancel;
  const cm_safety *safety; /* judges every candidate */
  const cm_sh_context *where;
  cm_level level;
} cm_question;

typedef struct cm_choice {
  cm_str command; /* one command, maybe of several lines; may hold odd bytes: never print it raw to
                     a terminal */
  double logprob; /* of the whole reply */
  double mean_logprob; /* per token */
  bool odd_bytes;      /* control, escape or bidirectional characters inside */
  cm_verdict verdict;
  cm_decision decision; /* of the question's level */
} cm_choice;

typedef struct cm_answer {
  cm_choice *choices; /* best first, without duplicates; empty when refused */
  size_t n;
  bool refused; /* the model says this is no task for a shell */
  cm_str reason;
  cm_str explanation;
  double confidence; /* see cm_answer_confidence; NAN: the backend gives no probabilities */
  bool uncertain;    /* confidence below CM_CONFIDENT */
  cm_model_id model;
  const char *backend;         /* that gave the answer */
  const cm_fallback *fallback; /* [n_fallback] that were asked in vain before it */
  size_t n_fallback;
  uint32_t prompt_tokens, cached_tokens, output_tokens;
  uint64_t prompt_ns, generate_ns, check_ns;
} cm_answer;

/* Below this the answer is shown as not sure. */
#define CM_CONFIDENT 0.35

/* Everything in *out lives in `a`. CM_E_NOTFOUND: the model gave no usable reply; other codes are
 * the backend's. */
cm_code cm_answer_ask(cm_backend *b, const cm_question *q, cm_arena *a, cm_answer *out, cm_err *e);

/* One question among several on their way. The caller fills the first group, keeps all that it
 * points to, and gets it back with the second filled. Each needs an arena of its own. */
typedef struct cm_asking {
  cm_question question;
  cm_arena *arena;
  void *owner; /* the caller's own */

  cm_answer answer;
  cm_err error; /* code CM_OK: there is an answer; else as cm_answer_ask gives it */

  cm_job job; /* ours */
  struct cm_hidden *hidden;
} cm_asking;

/* A question that makes no sense comes back from poll with its error. */
void cm_answer_submit(cm_backend *b, cm_asking *k);
/* Works until an answer is there; NULL when none is on its way. They are generated together, and
 * each is the one that cm_answer_ask would give. */
cm_asking *cm_answer_poll(cm_backend *b);
/* The question that a job of cm_backend_step belongs to, with its answer read and judged; NULL:
 * the job isn't one of cm_answer_submit's. */
cm_asking *cm_answer_of(cm_job *job);

/* Reads and judges `output` as if a model had printed it; the confidence means nothing. Errors of
 * cm_answer_ask. */
cm_code cm_answer_read(const cm_question *q, cm_str output, cm_arena *a, cm_answer *out,
                       cm_err *e);

/* How likely the reply is right, from the log-probability that the model itself gave to it, which
 * is measured for each answer: 1 / (1 + e^-(scale * logprob + bias)) for a model that was
 * calibrated on held-out requests (train/calibrate.py, docs/MODEL.md), else e^logprob. */
double cm_answer_confidence(const cm_model_id *model, double logprob);

/* Limits of a request; longer is CM_E_LIMIT. */
enum { CM_REQUEST_MAX = 64 << 10, CM_CONTEXT_MAX = 1 << 20 };

#endif
