/* Inside serve: one request as its interface says it, and the answer as its interface wants it.
 * Rows of one list (api.c); an interface is one file. Pure: text in, text out. The server and the
 * scheduler know nothing of JSON. */
#ifndef CM_SERVE_API_H
#define CM_SERVE_API_H
#include "answer/answer.h"

enum { CM_API_MESSAGES_MAX = 1024 };

/* What the interfaces say about the server. */
typedef struct cm_api_about {
  const char *engine; /* which program answers, with its build */
  const cm_model_id *model;
  const char *alias;     /* another name of it, or NULL */
  const char *backend;   /* "cpu" */
  uint32_t ctx;          /* 0: not known */
  uint64_t model_bytes;  /* 0: not known */
  int64_t started;       /* when the server began, in seconds since 1970 */
  char started_text[32]; /* the same, RFC 3339 */
  uint32_t max_tokens;   /* when a request doesn't say */
  uint32_t slots;
  const char *shell;
  cm_level level;
} cm_api_about;

typedef enum cm_api_kind {
  CM_API_INFO, /* answered at once, from cm_api_about: `answer` is already written */
  CM_API_TEXT, /* `request` goes to the backend */
  CM_API_ASK   /* `question` goes through answer */
} cm_api_kind;

typedef struct cm_api cm_api;

/* One request. What it points to lives in its arena, or in the body, which stays. */
typedef struct cm_call {
  const cm_api *api;
  const cm_api_about *about;
  cm_str path; /* as asked, decoded, without a query; stays */
  cm_arena *arena;
  uint64_t id;           /* counts up: for names such as "chatcmpl-17" */
  uint64_t start_ns;     /* when it came */
  int64_t created;       /* seconds since 1970 */
  char created_text[32]; /* RFC 3339 */
  uint64_t done_ns;      /* set before `whole`, `end` or `fail` is called */
  /* What there is of an answer that ended in an error, set before `fail`; may be NULL. */
  const cm_answer *partial;

  /* Filled by `read`. */
  cm_api_kind kind;
  bool stream;
  bool usage; /* a stream ends with a count of tokens (OpenAI's stream_options) */
  cm_request request;
  cm_question question;
  cm_str model;      /* as the request called it: answers call it so too */
  const char *field; /* that an error of `read` is about; NULL: none */
  void *own;         /* the interface's */
} cm_call;

/* HTTP statuses are chosen here, from the error: 400 CM_E_USAGE, CM_E_FORMAT, CM_E_LIMIT; 404
 * CM_E_NOTFOUND (a model that isn't served, with the names that are), CM_E_MODEL; 499
 * CM_E_CANCELLED; 501 CM_E_UNSUPPORTED; 502 CM_E_BACKEND; 503 CM_E_NOMEM; 504 CM_E_TIMEOUT; else
 * 500. But 200 where a question was read and the model gave no usable reply: the document says so,
 * as it does when the model refuses. `c` may be NULL. */
int cm_api_status(const cm_call *c, cm_code code);

struct cm_api {
  /* "POST", "/api/chat". A path that ends in "/" stands for all that is beneath it. */
  const char *method, *path;
  const char *type, *stream_type; /* content types of a whole answer and of a stream */
  /* From the body (empty for GET). CM_E_USAGE, CM_E_FORMAT, CM_E_LIMIT, CM_E_NOTFOUND,
   * CM_E_UNSUPPORTED (what no server of one model does), CM_E_NOMEM. For CM_API_INFO, which any
   * row may choose, the answer is written into `out`; it is of the row's `type`. */
  cm_code (*read)(cm_call *c, cm_str body, cm_buf *out, cm_err *e);
  /* A stream: what stands before all text, one piece of text, and the end, after which nothing
   * comes; an error on the way instead of the end. NULL where there are no streams. */
  void (*begin)(const cm_call *c, cm_buf *out);
  void (*piece)(const cm_call *c, const cm_piece *p, cm_buf *out);
  void (*end)(const cm_call *c, const cm_job *job, cm_buf *out);
  void (*broken)(const cm_call *c, const cm_err *e, cm_buf *out);
  /* A whole answer. `answer` is that of CM_API_ASK, else NULL. */
  void (*whole)(const cm_call *c, const cm_job *job, const cm_answer *answer, cm_buf *out);
  /* The body of an error, in the interface's own form; `c` may be NULL (a path that isn't there, a
   * wrong token). */
  void (*fail)(const cm_call *c, int status, const cm_err *e, cm_buf *out);
};

const cm_api *cm_api_at(size_t i); /* NULL past the end */
/* The row of a request. NULL, with *status 404 or 405, and then *like is a row of the same
 * interface, whose `fail` is to be used. */
const cm_api *cm_api_find(cm_str method, cm_str path, int *status, const cm_api **like);
/* The methods that a path has, for "Allow": "GET, POST". */
void cm_api_methods(cm_str path, cm_buf *out);

#endif
