/* backend: where replies come from. One list of sources (backend.c); a source is one file and one
 * line there. An open backend is one source, or several in order: what the first can't do, the
 * next one is asked, and the job says so.
 *
 * A source that cannot answer says so with an error; nothing here ever makes up a reply. */
#ifndef CM_BACKEND_BACKEND_H
#define CM_BACKEND_BACKEND_H
#include "base/mem.h"
#include "engine/chat.h"
#include "engine/sample.h"

/* A server that answers. NULL: its usual place. */
typedef struct cm_remote {
  const char *url;   /* "http://127.0.0.1:8000/v1"; Ollama's also as OLLAMA_HOST has it */
  const char *key;   /* bearer key; never printed, and never sent to another origin */
  const char *model; /* its name there; NULL: the only one that the server has */
} cm_remote;

/* States of prompts' beginnings on disk, for the next process: what stands before the first words
 * of a user, so that these never get there. What is read gives the same bits as computing does. */
typedef struct cm_keep {
  const char *dir; /* their folder, made when there is something to keep; NULL: nothing is kept */
  const char *build;  /* which sources compute: the states of others aren't used */
  uint64_t max_bytes; /* of all; 0: 512 MiB. The one used longest ago makes room */
  uint32_t max_files; /* 0: 32; at most 1,024 */
  uint64_t least_ns;  /* what cost less to compute isn't kept; 0: 20 ms */
  /* One line: what is there and can't be used, what can't be kept, and why; may be NULL. */
  void (*note)(void *user, const char *text);
  void *user;
} cm_keep;

typedef struct cm_backend_options {
  const char *model;   /* cpu: path of a GGUF file; NULL: the embedded model */
  unsigned threads;    /* cpu; 0: all processors */
  uint32_t ctx;        /* cpu: positions; 0: 4,096 or the model's own if that is less */
  uint32_t n_parallel; /* texts generated together, over all jobs; 0: 1 */
  cm_keep keep;        /* cpu, with a model of a file */
  cm_remote ollama, vllm;
  unsigned connect_ms; /* until a server takes the connection; 0: 3,000 */
  unsigned first_ms;   /* from then until the first byte of its answer; 0: 60,000 */
  unsigned attempts;   /* for what may pass (refused, 429, 5xx); 0: 3 */
  bool offline;        /* servers that aren't on this machine are an error */
} cm_backend_options;

/* A token's text, and the natural logarithm of its probability under the model itself. */
typedef struct cm_spelled {
  cm_str bytes; /* may be a part of a character, or the spelling of a special token */
  float logprob;
} cm_spelled;

/* A token of a reply, and the likeliest ones in its place; all in the reply's arena. */
typedef struct cm_said {
  cm_spelled token;
  const cm_spelled *likely; /* [n_likely] best first */
  size_t n_likely;
  size_t end;    /* bytes of the text that are there with it; an unfinished character isn't */
  size_t before; /* characters of the text before it */
} cm_said;

/* Whole code points of one candidate's text, in order. */
typedef struct cm_piece {
  uint32_t candidate;
  cm_str text;
  const cm_said *said; /* [n_said] the tokens that begin in it, if the request wants them */
  size_t n_said;
} cm_piece;

/* Text as it comes. */
typedef struct cm_sink {
  void (*piece)(void *user, const cm_piece *p); /* from within cm_backend_step */
  void *user;
} cm_sink;

enum { CM_STOPS_MAX = 16 };

typedef struct cm_request {
  const cm_message *messages;
  size_t n_messages;
  cm_str opening; /* first words of the reply, given to the model; not part of the reply's text */
  bool raw;       /* no conversation: the text to continue is `opening`, without a template */
  /* Each ends a text, which then holds what came before it. */
  const cm_str *stops;
  size_t n_stops; /* at most CM_STOPS_MAX */
  cm_sample_options sampling;
  uint32_t max_tokens;
  uint32_t candidates;        /* 1 .. n_parallel; candidate i > 0 samples with seed + i */
  uint64_t deadline_ns;       /* on cm_os_now_ns' clock; 0: none */
  const volatile int *cancel; /* becomes non-zero to stop; may be NULL */
  cm_sink sink;               /* piece NULL: none */
  bool says;                  /* the reply says which tokens it is made of, where a source can */
  uint32_t n_likely; /* and so many of the likeliest in the place of each; at most CM_LIKELY_MAX */
} cm_request;

/* One generated text. */
typedef struct cm_candidate {
  cm_str text;     /* valid UTF-8; lives in the reply's arena */
  double logprob;  /* sum over its tokens, under the model itself; NAN: the source doesn't say */
  uint32_t tokens; /* generated, with the end token */
  bool finished;   /* the model or a stop ended it, rather than max_tokens or a full context */
  bool anew; /* a server that didn't take up the request's opening: the text begins the reply */
  /* [n_said] the tokens that the text is made of, if the request wants them: without the one that
   * ends it, and without those that only made a stop. */
  const cm_said *said;
  size_t n_said;
} cm_candidate;

typedef struct cm_replies {
  cm_candidate *items; /* [n], in the order they were started; lives in the arena */
  size_t n;
  uint32_t prompt_tokens, cached_tokens, output_tokens;
  uint64_t prompt_ns, generate_ns;
} cm_replies;

typedef struct cm_model_id {
  char id[128];          /* name for people */
  char sha256[65];       /* of the file; empty when not known */
  char quant[32];        /* "Q4_K_M" or the like */
  uint32_t placeholders; /* literals that it was trained to see replaced (answer/literal.h) */
  uint32_t ctx;          /* positions; 0: not known */
  uint32_t token_bytes;  /* of text, that one token stands for at most; 0: not known */
  uint64_t bytes;        /* of the file; 0: not known */
  bool thoughtless;      /* its turns begin with an empty block of thoughts (engine/chat) */
  float scale, bias;     /* of its log-probabilities (cm_answer_confidence); scale 0: none known */
} cm_model_id;

/* A source that was asked in vain. */
typedef struct cm_fallback {
  const char *backend;
  char error[sizeof((cm_err *)0)->msg];
} cm_fallback;

enum { CM_SOURCES_MAX = 4 };

/* A request on its way. The caller fills the first group and keeps all that it points to; the
 * backend gives the job back with the second filled. */
typedef struct cm_job {
  cm_request request;
  cm_arena *arena; /* for the replies */
  void *owner;     /* the caller's own */
  /* Called before a source gets the job, if not NULL: writes job->request for that model. An error
   * ends the job. */
  cm_code (*compose)(struct cm_job *job, const cm_model_id *model, cm_err *e);

  cm_replies replies;
  cm_err error;        /* code CM_OK: there are replies */
  const char *backend; /* the source that gave them, or the last that was asked; NULL: none */
  cm_model_id model;   /* of that source */
  cm_fallback failed[CM_SOURCES_MAX]; /* sources before it, and at the end of all, that one too */
  size_t n_failed;

  struct cm_job *next; /* the backend's, while the job is on its way */
  size_t source;
  uint64_t deadline_ns; /* the caller's; a source that others stand behind has less */
  bool streamed;        /* some text was given to the sink: another source would repeat it */
  bool alive;           /* somebody answered there, whatever was said: set by a source */
  bool dead;            /* nobody answered there: set with the error, by a source too */
  uint64_t took_ns;     /* dead: how long it took to find out; set by a source */
  uint64_t again_ns;    /* dead: nobody is asked there before that; 0: not known */
} cm_job;

typedef struct cm_backend cm_backend;

/* Lets the other sources work while one waits for its server: how long it may wait itself, in
 * milliseconds, until it calls this again. */
typedef struct cm_meanwhile {
  unsigned (*work)(void *ctx);
  void *ctx;
} cm_meanwhile;

/* What a source implements. */
typedef struct cm_backend_ops {
  const char *name;
  bool says; /* it can do what a request's `says` asks for */
  /* Without the network: what is wrong with the options, or with a file. */
  cm_code (*open)(void **self, const cm_backend_options *o, cm_err *e);
  /* Finds out which model it is, asking the server if there is one: before the first job, and
   * again after an outage. No job is on its way there. */
  cm_code (*identify)(void *self, uint64_t deadline_ns, const volatile int *cancel,
                      const cm_meanwhile *m, cm_model_id *out, cm_err *e);
  void (*submit)(void *self, cm_job *job);
  /* Goes on with its jobs, waiting for news at most wait_ms; one that is done, or NULL. */
  cm_job *(*step)(void *self, unsigned wait_ms);
  void (*close)(void *self);
} cm_backend_ops;

extern const cm_backend_ops cm_backend_cpu, cm_backend_ollama, cm_backend_vllm;

const char *cm_backend_name_at(size_t i); /* of the list of sources; NULL past its end */

/* Keeps what `o` points to. `names` is one source or several, in order: "cpu", "ollama,cpu".
 * CM_E_USAGE for an unknown or repeated name. The first one is opened at once:
 * CM_E_NOTFOUND (no such model), CM_E_FORMAT …; the others when they are first needed. */
cm_code cm_backend_open(cm_backend **out, const char *names, const cm_backend_options *o,
                        cm_err *e);
void cm_backend_close(cm_backend *b);
/* Of the first source. */
const char *cm_backend_name(const cm_backend *b);

/* A source that can be asked, and those before it that can't. */
typedef struct cm_source {
  const char *backend;
  cm_model_id model;
  cm_fallback failed[CM_SOURCES_MAX];
  size_t n_failed;
} cm_source;

/* Finds the first source that can be asked; servers are waited for until the deadline (on
 * cm_os_now_ns' clock; 0: as long as their own limits say). `cancel` may be NULL. The last one's
 * error, if there is none: CM_E_BACKEND, CM_E_MODEL, CM_E_TIMEOUT; CM_E_CANCELLED. */
cm_code cm_backend_identify(cm_backend *b, uint64_t deadline_ns, const volatile int *cancel,
                            cm_source *out, cm_err *e);

/* Takes a job. One that can't be done comes back with its error: CM_E_USAGE (more candidates than
 * n_parallel), CM_E_UNSUPPORTED (no source can do `says`), CM_E_LIMIT (prompt longer than the
 * context, with both numbers), CM_E_TIMEOUT, CM_E_CANCELLED, CM_E_NOMEM, and of the last source
 * CM_E_BACKEND (no server there, or one that answers rubbish) or CM_E_MODEL (it lacks the model;
 * how to get it). Waits only for a server that is asked who it is, while the jobs of other sources
 * go on, and where there are several sources at most CM_IDENTIFY_SECONDS.
 *
 * A source that failed with one of the last two, or was too slow while there was time left, or
 * can't do what is asked, is followed by the next one. Where nobody answered at all, nobody asks
 * again for CM_BREAK_TIMES as long as that took (CM_BREAK_LEAST_SECONDS to
 * CM_BREAK_FIRST_SECONDS); then one job tries, and if that is in vain too, the time is twice as
 * long, up to CM_BREAK_MOST_SECONDS. An answer of any kind ends that. */
void cm_backend_submit(cm_backend *b, cm_job *job);

enum {
  CM_BREAK_TIMES = 10,
  CM_BREAK_LEAST_SECONDS = 1,
  CM_BREAK_FIRST_SECONDS = 30,
  CM_BREAK_MOST_SECONDS = 3600,
  CM_IDENTIFY_SECONDS = 5
};

/* Lets step give the job back with this error, as if the backend had refused it. */
void cm_backend_refuse(cm_backend *b, cm_job *job, const cm_err *e);

/* Goes one round further with all jobs, waiting for news of servers at most wait_ms, and returns
 * one that is done, or NULL. Jobs are decoded together, as many as n_parallel has room for, and
 * finish in any order; what they answer doesn't depend on the others. */
cm_job *cm_backend_step(cm_backend *b, unsigned wait_ms);
/* Jobs on their way, those that are done and not given back yet too. */
size_t cm_backend_busy(const cm_backend *b);

/* Works until a job is done, and returns it; NULL when none is on its way. */
cm_job *cm_backend_poll(cm_backend *b);

/* One request by itself; no other may be on its way. Errors as above. */
cm_code cm_backend_generate(cm_backend *b, const cm_request *q, cm_arena *a, cm_replies *out,
                            cm_err *e);

#endif
