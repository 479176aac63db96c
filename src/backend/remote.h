/* Inside backend: what the sources that ask a server share. A protocol says how a request is
 * written and how its answer is read; the rest is here: requests on their way, tries, limits,
 * deadlines, and what is said when something went wrong. No message holds the key, also when the
 * server repeats it. */
#ifndef CM_BACKEND_REMOTE_H
#define CM_BACKEND_REMOTE_H
#include "backend/backend.h"
#include "data/json.h"
#include "net/http.h"
#include "net/stream.h"

enum {
  CM_REMOTE_TEXT_MAX = 1 << 20,    /* bytes of one generated text */
  CM_REMOTE_BODY_MAX = 16 << 20,   /* bytes of one answer, and of one request */
  CM_REMOTE_WAIT_MAX_SECONDS = 60, /* that a server may ask for when there is no deadline */
  CM_REMOTE_NAME_MAX = 256         /* of a model, with its NUL */
};

/* What a server has said of one text so far. */
typedef struct cm_told {
  cm_buf text;   /* valid UTF-8 */
  bool ended;    /* the text is whole; facts about it may follow */
  bool done;     /* the server says that this was all */
  bool finished; /* the model or a stop ended the text */
  uint32_t prompt_tokens, cached_tokens;
  uint32_t tokens; /* 0: not said */
  double logprob;  /* sum over n_logprobs tokens */
  uint32_t n_logprobs;
  bool no_logprobs;   /* there was one that makes no sense */
  double own_logprob; /* of the whole text, from a server of ours; NAN: not said */
} cm_told;

/* One text that is asked for. */
typedef struct cm_wish {
  const cm_request *q;
  const char *model;
  uint64_t seed; /* of this candidate, less than 2^31: servers differ in how wide theirs are */
  float temperature;
  uint32_t ctx;   /* positions; 0: the server's own */
  unsigned plain; /* 0: with all that we like; more: with less of what only some servers know */
} cm_wish;

typedef struct cm_server cm_server;

/* How one kind of server is talked to. */
typedef struct cm_protocol {
  const char *name;     /* "ollama" */
  const char *kind;     /* "an Ollama server" */
  const char *key_name; /* where its key comes from, for messages */
  cm_stream_kind stream;
  unsigned plainest; /* largest cm_wish.plain */
  /* Where requests go, behind the server's address. */
  const char *(*path)(const cm_request *q);
  /* The body of a request. */
  void (*put)(const cm_wish *w, cm_jw *out);
  /* Whether a request that is so plain leaves out `opening`. */
  bool (*leaves_opening)(unsigned plain);
  /* One item of the answer. CM_E_FORMAT: no such item; CM_E_BACKEND: the server's own error, in
   * its words; CM_E_LIMIT, CM_E_NOMEM. */
  cm_code (*take)(cm_told *t, cm_str item, cm_err *e);
  /* Asks for the facts about s->model, or chooses the only one. */
  cm_code (*identify)(cm_server *s, cm_model_id *out, cm_err *e);
} cm_protocol;

typedef struct cm_pass cm_pass; /* a job on its way */

struct cm_server {
  const cm_protocol *protocol;
  const cm_backend_options *o;
  const cm_remote *remote;
  cm_http *http;
  char *url;      /* without a "/" at its end */
  char where[80]; /* "127.0.0.1:11434", for messages */
  char model[CM_REMOTE_NAME_MAX];
  unsigned plain; /* what it took last */
  /* While it is asked who it is: */
  uint64_t deadline_ns;
  const volatile int *cancel;
  const cm_meanwhile *meanwhile;

  cm_pass *passes;
  cm_job *done, **done_tail;
  uint32_t running; /* exchanges */
};

/* --- remote.c: a server, and questions about it ---------------------------------------------- */

/* `url` is a plain URL, `remote` what else is said of the server. CM_E_USAGE: an address or a name
 * that can't be, or one that isn't this machine's with --offline. */
cm_code cm_server_open(void **self, const cm_protocol *p, const char *url, const cm_remote *remote,
                       const cm_backend_options *o, cm_err *e);
void cm_server_close(void *self);
/* cm_backend_ops.identify. */
cm_code cm_server_identify(void *self, uint64_t deadline_ns, const volatile int *cancel,
                           const cm_meanwhile *m, cm_model_id *out, cm_err *e);

/* Gets `path`, or posts `body` if its p isn't NULL; appends the answer to `out`. *status is the
 * server's; another one than 200 is CM_OK if it is `fine`. Only within identify. */
cm_code cm_server_fetch(cm_server *s, const char *path, cm_str body, int fine, cm_buf *out,
                        int *status, cm_err *e);

/* What is the same for all requests: key, limits, times. */
void cm_server_fill(const cm_server *s, cm_exchange *x);
/* How long to wait before the next try of what failed after took_ns; `tried` counts the tries so
 * far. false: no more tries, or they would be in vain. */
bool cm_server_pause(const cm_server *s, const cm_exchange *x, unsigned tried, uint64_t took_ns,
                     unsigned *ms);

/* Sets the model's name: CM_E_MODEL when it is too long or can't be. */
cm_code cm_server_choose(cm_server *s, cm_str model, cm_err *e);

/* The JSON in an answer of cm_server_fetch, yours to free. CM_E_BACKEND: it is none. */
cm_code cm_server_parse(const cm_server *s, const cm_buf *text, cm_json **doc, cm_err *e);

/* --- remote_json.c: what both protocols write and read alike --------------------------------- */

void cm_told_init(cm_told *t);
void cm_told_close(cm_told *t);
/* Appends to the text: CM_E_LIMIT, CM_E_NOMEM. */
cm_code cm_told_add(cm_told *t, cm_str text, cm_err *e);
/* Counts the log-probability of one token. */
void cm_told_logprob(cm_told *t, const cm_json *number);
/* Takes what a server of ours says of a whole text, in a member "cmdai". */
void cm_told_own(cm_told *t, const cm_json *own);
/* What is known of the text's probability; NAN: nothing. */
double cm_told_sum(const cm_told *t);
/* Takes a count of tokens, if it is one. */
void cm_told_count(uint32_t *out, const cm_json *number);
/* CM_E_BACKEND when the document has an error of the server's own, in its words. */
cm_code cm_remote_own_error(const cm_json *doc, cm_err *e);

/* Text from a server, for people: cut, and without what isn't printable ASCII. */
void cm_remote_word(char *out, size_t size, cm_str s);
bool cm_remote_is_digest(cm_str s); /* 64 lower-case hexadecimal digits */
/* What only our own models say; values that make no sense are left out. */
void cm_remote_own(cm_model_id *out, const cm_json *placeholders, const cm_json *scale,
                   const cm_json *bias);
/* CM_E_MODEL: s->model isn't there, or it isn't said which; `option` says it, and the names of
 * those that are there stand in `list`, below `key`. */
cm_code cm_remote_say_models(const cm_server *s, const cm_json *list, const char *key,
                             const char *option, cm_err *e);

void cm_remote_put_message(cm_jw *w, cm_role role, cm_str text);
/* Rounded as people write it: 0.7 and not 0.699999988. */
void cm_remote_put_real(cm_jw *w, const char *key, float v);
/* "stop", the first `max` of them; nothing without stops. */
void cm_remote_put_stops(cm_jw *w, const cm_request *q, size_t max);

/* --- remote_error.c: what is said ------------------------------------------------------------ */

/* The message in an error document: {"error": "…"}, {"error": {"message": "…"}}, {"message": "…"},
 * {"detail": "…"}; false: there is none. */
bool cm_remote_message(const cm_json *doc, cm_str *out);

/* What an exchange that is back has come to, as the caller of a backend wants to hear it. CM_OK:
 * a whole answer with status 200. */
cm_code cm_server_verdict(const cm_server *s, const cm_exchange *x, cm_err *e);
/* An error of cm_protocol.take, with the server's name and without the key. */
cm_code cm_server_misread(const cm_server *s, const cm_exchange *x, cm_err *e);
/* An answer without its end; whether there was text before. CM_E_BACKEND. */
cm_code cm_server_cut_off(const cm_server *s, const cm_exchange *x, bool begun, cm_err *e);
/* Replaces the key by as many "*". */
void cm_server_hide_key(const cm_server *s, char *text, size_t n);

/* --- remote_jobs.c: jobs --------------------------------------------------------------------- */

/* cm_backend_ops.submit and .step. */
void cm_server_submit(void *self, cm_job *job);
cm_job *cm_server_step(void *self, unsigned wait_ms);
void cm_server_end_jobs(cm_server *s); /* when nothing of http is left */

#endif
