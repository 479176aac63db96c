/* Inside serve: what its two threads share. The HTTP thread is libmicrohttpd's; the scheduler is
 * the caller of cm_serve_run, and the only one that touches the backend. One lock guards all that
 * is marked so; who holds it computes nothing. */
#ifndef CM_SERVE_SERVER_H
#define CM_SERVE_SERVER_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/os_bell.h"
#include "serve/api.h"
#include "serve/gate.h"
#include "serve/metrics.h"
#include "serve/mhd.h"
#include "serve/serve.h"

enum {
  CM_CONNECTIONS_MAX = 512,
  CM_HEAD_MAX = 32 << 10,   /* bytes of a request's first lines */
  CM_CALL_MAX = 64 << 20,   /* bytes of memory for one request, beside its body */
  CM_BODIES_MAX = 64 << 20, /* bytes of all bodies at once, if a single one isn't larger */
  CM_ANSWER_MAX = 64 << 20, /* bytes of an answer that isn't a stream */
  CM_UNREAD_MAX = 1 << 20   /* bytes of a stream that its reader may be late, before a piece */
};

/* One connection; guarded. */
typedef struct cm_conn {
  struct cm_conn *next, **link;
  int fd;
  uint64_t cut_ns; /* it is ended then; 0: never */
} cm_conn;

typedef enum cm_stage {
  CM_ARRIVING, /* of HTTP: the request isn't whole yet */
  CM_WAITING,  /* in the queue */
  CM_RUNNING,  /* in the backend */
  CM_ENDED     /* there is an answer, or nobody wants one */
} cm_stage;

/* One request. The HTTP thread frees it, or the scheduler if that still has it then. */
typedef struct cm_visit {
  struct cm_serve *s;
  struct cm_visit *next; /* in the queue, or among the running; guarded */
  struct MHD_Connection *c;
  cm_conn *conn; /* valid while `http` */

  /* The HTTP thread's, until the request is in the queue. */
  char method[16], origin[256];
  const char *api; /* for the metrics */
  bool head, http10;
  const cm_api *like; /* whose form errors have */
  int refused;        /* status */
  cm_err why;
  size_t dropped; /* bytes of the body */
  cm_buf body;

  cm_call call;   /* from then on nobody's but the reader's */
  uint32_t width; /* texts at once */

  /* Guarded. */
  cm_stage stage;
  bool http;      /* the HTTP thread knows it */
  bool asleep;    /* its connection is suspended */
  bool gone;      /* nobody reads the answer */
  bool streaming; /* the first bytes are out: the status is, too */
  bool counted;
  int status;
  cm_cancelled reason; /* when gone, or cancelled */
  cm_buf out;
  size_t sent;

  /* The scheduler's. */
  volatile int cancel;
  uint64_t begun_ns;
  cm_job job;
  cm_asking asking;
} cm_visit;

typedef struct cm_serve {
  const cm_serve_options *o;
  cm_mhd mhd;
  struct MHD_Daemon *daemon;
  cm_gate gate;
  cm_api_about about;

  pthread_mutex_t lock;
  bool locked;      /* the lock is there */
  cm_os_bell *news; /* for the scheduler */
  atomic_size_t body_bytes;

  /* Guarded. */
  cm_conn *conns;
  size_t n_conns, n_visits;
  cm_visit *waiting, **waiting_tail, *running;
  size_t n_waiting, n_running;
  uint32_t used; /* of the slots */
  bool draining; /* no new request */
  bool closing;  /* nothing at all */
  uint64_t next_id;
  cm_metrics metrics;

  /* The scheduler's. */
  uint64_t watched_ns, drain_end_ns;
} cm_serve;

void cm_serve_log(const cm_serve *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- visit.c: both threads' --- */

/* With the lock held: a request's end. */
void cm_visit_end(cm_visit *v, int status);
/* With the lock held: the connection goes on, if it was asleep. */
void cm_visit_wake(cm_visit *v);
/* With the lock held: nobody will read the answer. */
void cm_visit_lose(cm_visit *v, cm_cancelled why);
/* With the lock held: an error in the form of the request's interface, as its whole answer. */
void cm_visit_fail(cm_visit *v, int status, const cm_err *e);
/* With the lock held: counts a request once. */
void cm_visit_count(cm_visit *v, int status);
/* Nobody knows it any longer. */
void cm_visit_free(cm_visit *v);

/* --- http.c --- */

/* Takes requests at `fd`. */
cm_code cm_server_start(cm_serve *s, int fd, cm_err *e);

/* --- page.c --- */

/* The server's own pages; their answer is in v->out. 0: the path is none of them. */
int cm_page(cm_visit *v, cm_str path, const char **type);
bool cm_is_page(cm_str path);

/* --- queue.c --- */

/* With the lock held: puts a request into the queue; 0, or 503 and why. */
int cm_queue_put(cm_visit *v, cm_err *e);
/* With the lock held: the next request that has room; NULL: none. It is running then. */
cm_visit *cm_queue_take(cm_serve *s);
/* With the lock held: requests that waited too long, or whose clients have gone, leave. */
void cm_queue_weed(cm_serve *s, uint64_t now);
/* Gives a request to the backend. */
void cm_queue_submit(cm_visit *v);
/* Ends the request that a job of the backend belongs to. */
void cm_queue_finish(cm_serve *s, cm_job *job);

#endif
