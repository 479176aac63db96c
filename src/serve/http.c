/* The HTTP thread: requests come in, answers go out. libmicrohttpd calls on_request three ways:
 * for the first lines, for each piece of the body, and at the end; and again when a connection
 * that was suspended goes on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/os.h"
#include "serve/api_read.h"
#include "serve/server.h"

enum {
  DROPPED_MAX = 16 << 20, /* bytes of a body that are read only to answer politely */
  STREAM_BLOCK = 16 << 10
};

/* --- connections --- */

static int descriptor(cm_serve *s, struct MHD_Connection *c) {
  const union MHD_ConnectionInfo *i = s->mhd.info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
  return i ? i->connect_fd : -1;
}

static uint64_t idle_end(const cm_serve *s) {
  return cm_os_now_ns() + s->o->idle_ms * UINT64_C(1000000);
}

static void on_connection(void *user, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode what) {
  cm_serve *s = user;
  cm_conn *n = *state;
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    *state = n = cm_alloc(1, sizeof *n);
    if (!n) return;
    n->fd = descriptor(s, c);
    n->cut_ns = idle_end(s);
    pthread_mutex_lock(&s->lock);
    n->next = s->conns, n->link = &s->conns;
    if (n->next) n->next->link = &n->next;
    s->conns = n;
    s->n_conns++;
    pthread_mutex_unlock(&s->lock);
  } else if (n) {
    pthread_mutex_lock(&s->lock);
    *n->link = n->next;
    if (n->next) n->next->link = n->link;
    s->n_conns--;
    pthread_mutex_unlock(&s->lock);
    cm_free(n);
    *state = NULL;
  }
}

static cm_conn *connection(cm_serve *s, struct MHD_Connection *c) {
  const union MHD_ConnectionInfo *i = s->mhd.info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return i ? i->socket_context : NULL;
}

/* A request is over, well or not. */
static void on_completed(void *user, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode how) {
  cm_serve *s = user;
  cm_visit *v = *state;
  (void)c;
  if (!v) return;
  *state = NULL;
  const uint64_t id = v->call.id; /* from the unlocking on the scheduler may free a held one */
  pthread_mutex_lock(&s->lock);
  v->http = v->asleep = false;
  v->conn->cut_ns = idle_end(s);
  const bool held = v->stage == CM_WAITING || v->stage == CM_RUNNING;
  if (held) cm_visit_lose(v, CM_CANCELLED_CLIENT);
  cm_visit_count(v, 499);
  s->n_visits--;
  cm_os_bell_ring(s->news);
  pthread_mutex_unlock(&s->lock);
  if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK)
    cm_serve_log(s, "%" PRIu64 " the connection ended before the answer did", id);
  if (!held) cm_visit_free(v);
}

/* --- answers --- */

static void add(cm_visit *v, struct MHD_Response *r, const char *name, const char *value) {
  (void)v->s->mhd.add_header(r, name, value);
}

/* The page of an allowed origin may read the answer. */
static void add_origin(cm_visit *v, struct MHD_Response *r) {
  if (!v->origin[0]) return;
  add(v, r, "Access-Control-Allow-Origin", v->origin);
  add(v, r, "Vary", "Origin");
}

/* Queues a response and lets go of it. */
static enum MHD_Result queue(cm_visit *v, struct MHD_Response *r, const char *type, int status) {
  cm_serve *s = v->s;
  if (!r) return MHD_NO;
  if (type) add(v, r, "Content-Type", type);
  add(v, r, "Cache-Control", "no-store");
  add(v, r, "X-Content-Type-Options", "nosniff");
  if (status == 503) add(v, r, "Retry-After", "1");
  if (status == 401) add(v, r, "WWW-Authenticate", "Bearer realm=\"cmdai\"");
  add_origin(v, r);
  const enum MHD_Result ok = s->mhd.answer(v->c, (unsigned)status, r);
  s->mhd.free_response(r);
  cm_serve_log(s, "%" PRIu64 " %s %.200s %d %s", v->call.id, v->method, v->call.path.p, status,
               v->why.code ? v->why.msg : "");
  pthread_mutex_lock(&s->lock);
  cm_visit_count(v, status);
  pthread_mutex_unlock(&s->lock);
  return ok;
}

static struct MHD_Response *whole(cm_visit *v) {
  if (v->out.overflow) return NULL;
  return v->s->mhd.whole(v->out.n, v->out.p ? v->out.p : "", MHD_RESPMEM_MUST_COPY);
}

static const char *type_of(const cm_visit *v) {
  const cm_api *a = v->call.api ? v->call.api : v->like;
  return a ? a->type : "text/plain; charset=utf-8";
}

static enum MHD_Result give_whole(cm_visit *v, const char *type, int status) {
  pthread_mutex_lock(&v->s->lock);
  v->stage = CM_ENDED;
  v->conn->cut_ns = idle_end(v->s);
  pthread_mutex_unlock(&v->s->lock);
  return queue(v, whole(v), type, status);
}

static void add_allow(cm_visit *v, struct MHD_Response *r) {
  cm_buf b;
  cm_buf_init(&b, 256);
  if (v->call.path.p && !cm_is_page(v->call.path)) cm_api_methods(v->call.path, &b);
  else cm_buf_puts(&b, "GET");
  if (b.p && strstr(b.p, "GET")) cm_buf_puts(&b, ", HEAD");
  cm_buf_puts(&b, ", OPTIONS");
  if (!b.overflow) add(v, r, "Allow", b.p);
  cm_buf_close(&b);
}

/* The status and reason in v; `early` before the body was read, which then nobody reads. */
static enum MHD_Result refuse(cm_visit *v, bool early) {
  pthread_mutex_lock(&v->s->lock);
  cm_visit_fail(v, v->refused, &v->why);
  pthread_mutex_unlock(&v->s->lock);
  struct MHD_Response *r = whole(v);
  if (r && v->refused == 405) add_allow(v, r);
  if (r && early) add(v, r, "Connection", "close");
  return queue(v, r, type_of(v), v->refused);
}

/* The next bytes of a stream, from libmicrohttpd. */
static ssize_t read_stream(void *user, uint64_t at, char *out, size_t max) {
  cm_visit *v = user;
  cm_serve *s = v->s;
  (void)at;
  pthread_mutex_lock(&s->lock);
  size_t n = v->out.n - v->sent;
  ssize_t result = 0;
  if (n > max) n = max;
  if (v->gone || v->out.overflow) {
    result = MHD_CONTENT_READER_END_WITH_ERROR;
  } else if (n) {
    memcpy(out, v->out.p + v->sent, n);
    v->sent += n;
    result = (ssize_t)n;
  } else if (v->stage == CM_ENDED) {
    result = MHD_CONTENT_READER_END_OF_STREAM;
  } else if (s->closing) {
    result = MHD_CONTENT_READER_END_WITH_ERROR;
  } else {
    v->asleep = true;
    s->mhd.suspend(v->c);
  }
  if (v->sent == v->out.n && !v->out.overflow) {
    cm_buf_reset(&v->out);
    v->sent = 0;
  }
  pthread_mutex_unlock(&s->lock);
  return result;
}

static enum MHD_Result give_stream(cm_visit *v) {
  struct MHD_Response *r = v->s->mhd.stream(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, v, NULL);
  if (r) add(v, r, "X-Accel-Buffering", "no");
  return queue(v, r, v->call.api->stream_type, 200);
}

/* A connection that was suspended goes on: with an answer, or because nobody waits for one. */
static enum MHD_Result go_on(cm_visit *v) {
  cm_serve *s = v->s;
  pthread_mutex_lock(&s->lock);
  const bool gone = v->gone, streams = v->streaming;
  const bool nothing = !gone && !streams && v->stage != CM_ENDED;
  if (nothing && !s->closing) {
    v->asleep = true;
    s->mhd.suspend(v->c);
  }
  const bool lost = gone || (nothing && s->closing);
  pthread_mutex_unlock(&s->lock);
  if (lost) return MHD_NO;
  if (nothing) return MHD_YES;
  return streams ? give_stream(v) : queue(v, whole(v), type_of(v), v->status);
}

/* --- a request's first lines --- */

static void take_head(cm_str *at, unsigned *n, const char *value) {
  *at = cm_str_trim(cm_str_of(value));
  if (n) ++*n;
}

static enum MHD_Result on_head(void *user, enum MHD_ValueKind kind, const char *key,
                               const char *value) {
  cm_heads *h = user;
  (void)kind;
  if (strcasecmp(key, "Host") == 0) take_head(&h->host, &h->n_hosts, value);
  else if (strcasecmp(key, "Origin") == 0) take_head(&h->origin, &h->n_origins, value);
  else if (strcasecmp(key, "Authorization") == 0) take_head(&h->authorization, NULL, value);
  else if (strcasecmp(key, "Content-Type") == 0) take_head(&h->type, NULL, value);
  else if (strcasecmp(key, "Content-Length") == 0) take_head(&h->length, &h->n_lengths, value);
  else if (strcasecmp(key, "Transfer-Encoding") == 0)
    take_head(&h->encoding, &h->n_encodings, value);
  else if (strcasecmp(key, "Expect") == 0) take_head(&h->expect, NULL, value);
  return MHD_YES;
}

/* Which interface; 0, 404 or 405. */
static int route(cm_visit *v, cm_str path) {
  int status = 0;
  const cm_str method = v->head ? CM_STR("GET") : cm_str_of(v->method);
  if (cm_is_page(path)) {
    v->api = "other";
    status = cm_str_is(method, "GET") ? 0 : 405;
  } else {
    v->call.api = cm_api_find(method, path, &status, &v->like);
    if (v->call.api) v->like = v->call.api, v->api = v->call.api->path, status = 0;
  }
  if (status)
    (void)cm_fail(&v->why, CM_E_NOTFOUND, 0,
                  status == 405 ? "%.100s doesn't take %.16s" : "there is no %.100s here", path.p,
                  v->method);
  return status;
}

/* All that can be said against a request before its body is read. */
static int judge(cm_visit *v, cm_str path, const cm_heads *h) {
  const cm_gate *g = &v->s->gate;
  const int routed = route(v, path);
  const cm_err why = v->why;
  int status = cm_gate_enter(g, h, &v->why);
  if (!status && h->origin.p && h->origin.n >= sizeof v->origin) {
    (void)cm_fail(&v->why, CM_E_LIMIT, 0, "Origin is too long");
    status = 403;
  }
  if (status) return status;
  if (h->origin.p) snprintf(v->origin, sizeof v->origin, "%.*s", (int)h->origin.n, h->origin.p);
  if (strcmp(v->method, "OPTIONS") == 0 && h->origin.p) return 0;
  if (!cm_str_is(path, "/healthz")) status = cm_gate_token(g, h, &v->why);
  if (status) return status;
  v->why = why;
  if (routed) return routed;
  return cm_gate_length(h) ? cm_gate_body(g, h, &v->why) : 0;
}

static cm_visit *open_visit(cm_serve *s, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version) {
  cm_conn *conn = connection(s, c);
  cm_visit *v = conn ? cm_alloc(1, sizeof *v) : NULL;
  if (!v) return NULL;
  v->s = s, v->c = c, v->conn = conn;
  v->http = true;
  v->api = "other";
  v->like = cm_api_at(0);
  snprintf(v->method, sizeof v->method, "%s", method);
  v->head = strcmp(method, "HEAD") == 0;
  v->http10 = strcmp(version, "HTTP/1.0") == 0;
  cm_buf_init(&v->body, s->o->body_max);
  cm_buf_init(&v->out, CM_ANSWER_MAX);
  v->call.about = &s->about;
  v->call.start_ns = cm_os_now_ns();
  v->call.created = cm_os_epoch_s();
  cm_os_utc(v->call.created_text);
  v->call.path = cm_str_of(url); /* libmicrohttpd's, until the request is over */
  pthread_mutex_lock(&s->lock);
  v->call.id = ++s->next_id;
  s->n_visits++;
  pthread_mutex_unlock(&s->lock);
  return v;
}

static enum MHD_Result begin(cm_serve *s, struct MHD_Connection *c, const char *url,
                             const char *method, const char *version, void **state) {
  cm_heads h = {0};
  cm_visit *v = open_visit(s, c, url, method, version);
  if (!v) return MHD_NO;
  *state = v;
  (void)s->mhd.headers(c, MHD_HEADER_KIND, on_head, &h);
  h.http10 = v->http10;
  v->refused = judge(v, v->call.path, &h);
  if (!v->refused) return MHD_YES;
  /* Who waits for a go-ahead gets the refusal instead; who sends too much, or what can't be told
   * from the next request, too. */
  const uint64_t n = cm_gate_length(&h);
  const bool unclear = v->refused == 400 || v->refused == 501;
  const bool early = unclear || (n && h.expect.p) || (n != UINT64_MAX && n > DROPPED_MAX);
  return early ? refuse(v, true) : MHD_YES;
}

/* --- its body --- */

static void refuse_body(cm_visit *v, int status, const char *why) {
  v->refused = status;
  (void)cm_fail(&v->why, status == 413 ? CM_E_LIMIT : CM_E_NOMEM, 0, "%s", why);
  atomic_fetch_sub(&v->s->body_bytes, v->body.n);
  cm_buf_close(&v->body);
  cm_buf_init(&v->body, 0);
}

static enum MHD_Result take_body(cm_visit *v, const char *data, size_t *n) {
  cm_serve *s = v->s;
  const size_t size = *n, most = s->o->body_max > CM_BODIES_MAX ? s->o->body_max : CM_BODIES_MAX;
  *n = 0;
  if (!v->refused) {
    const size_t all = atomic_fetch_add(&s->body_bytes, size) + size;
    const size_t before = v->body.n;
    cm_buf_add(&v->body, data, size);
    if (v->body.n == before) atomic_fetch_sub(&s->body_bytes, size);
    if (before + size > s->o->body_max) refuse_body(v, 413, "the request is too long");
    else if (all > most || v->body.overflow) refuse_body(v, 503, "too many requests at once");
  }
  if (!v->refused) return MHD_YES;
  v->dropped += size;
  return v->dropped > DROPPED_MAX ? MHD_NO : MHD_YES;
}

/* --- and what it asks --- */

static enum MHD_Result allow_page(cm_visit *v) {
  struct MHD_Response *r = v->s->mhd.whole(0, "", MHD_RESPMEM_PERSISTENT);
  if (!r) return MHD_NO;
  add(v, r, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
  add(v, r, "Access-Control-Allow-Headers",
      "Authorization, Content-Type, Accept, OpenAI-Organization, OpenAI-Project, "
      "X-Requested-With, X-Stainless-Arch, X-Stainless-Lang, X-Stainless-OS, "
      "X-Stainless-Package-Version, X-Stainless-Retry-Count, X-Stainless-Runtime, "
      "X-Stainless-Runtime-Version, X-Stainless-Timeout");
  add(v, r, "Access-Control-Max-Age", "600");
  return queue(v, r, NULL, 204);
}

/* What a request gets if it doesn't say otherwise. */
static void prepare(cm_visit *v) {
  const cm_serve_options *o = v->s->o;
  cm_call *c = &v->call;
  const uint64_t end = c->start_ns + o->timeout_ms * UINT64_C(1000000);
  c->request = (cm_request){.sampling = cm_sample_defaults(),
                            .max_tokens = o->max_tokens,
                            .candidates = 1,
                            .deadline_ns = end};
  c->question = (cm_question){.shell = o->shell,
                              .candidates = 1,
                              .max_tokens = o->max_tokens,
                              .sampling = cm_sample_defaults(),
                              .deadline_ns = end,
                              .level = o->level};
}

/* What isn't for the request to say. */
static void bind_call(cm_visit *v) {
  const cm_serve_options *o = v->s->o;
  cm_call *c = &v->call;
  c->request.deadline_ns = c->question.deadline_ns =
      c->start_ns + o->timeout_ms * UINT64_C(1000000);
  c->request.cancel = c->question.cancel = &v->cancel;
  c->question.safety = o->safety;
  c->question.where = o->where;
  v->width = c->kind == CM_API_ASK ? c->question.candidates : c->request.candidates;
}

static enum MHD_Result ask(cm_visit *v) {
  cm_serve *s = v->s;
  cm_call *c = &v->call;
  c->arena = cm_arena_open(CM_CALL_MAX);
  char *path = c->arena ? cm_arena_strdup(c->arena, c->path.p, c->path.n) : NULL;
  prepare(v);
  cm_code code = path ? CM_OK : cm_fail(&v->why, CM_E_NOMEM, 0, "no memory for a request");
  if (path) c->path.p = path;
  if (!code)
    code = c->api->read(c, (cm_str){v->body.p ? v->body.p : "", v->body.n}, &v->out, &v->why);
  if (!code && c->kind == CM_API_TEXT) code = cm_call_fits(c, &v->why);
  if (code) {
    v->refused = cm_api_status(c, code);
    return refuse(v, false);
  }
  if (c->kind == CM_API_INFO) return give_whole(v, c->api->type, 200);
  bind_call(v);
  pthread_mutex_lock(&s->lock);
  v->refused = cm_queue_put(v, &v->why);
  if (!v->refused) {
    v->conn->cut_ns = 0;
    v->asleep = true;
    s->mhd.suspend(v->c);
    cm_os_bell_ring(s->news);
  }
  pthread_mutex_unlock(&s->lock);
  return v->refused ? refuse(v, false) : MHD_YES;
}

/* The request is whole. */
static enum MHD_Result act(cm_visit *v) {
  const char *type = NULL;
  if (v->refused) return refuse(v, false);
  if (strcmp(v->method, "OPTIONS") == 0) return allow_page(v);
  if (v->call.api) return ask(v);
  const int status = cm_page(v, v->call.path, &type);
  return give_whole(v, type, status);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **state) {
  cm_serve *s = user;
  cm_visit *v = *state;
  if (!v) return begin(s, c, url, method, version, state);
  if (*n) return take_body(v, data, n);
  pthread_mutex_lock(&s->lock);
  const bool arriving = v->stage == CM_ARRIVING;
  pthread_mutex_unlock(&s->lock);
  return arriving ? act(v) : go_on(v);
}

/* --- start --- */

/* A path with a NUL byte in it would end there. */
static size_t unescape(void *user, struct MHD_Connection *c, char *s) {
  const cm_serve *serve = user;
  (void)c;
  return strstr(s, "%00") ? strlen(s) : serve->mhd.unescape(s);
}

cm_code cm_server_start(cm_serve *s, int fd, cm_err *e) {
  const unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  s->daemon = s->mhd.start(
      flags, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
      MHD_OPTION_CONNECTION_LIMIT, (unsigned)CM_CONNECTIONS_MAX,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CM_HEAD_MAX, MHD_OPTION_NOTIFY_COMPLETED,
      on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
      MHD_OPTION_UNESCAPE_CALLBACK, unescape, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
  if (s->daemon) return CM_OK;
  return cm_fail(e, CM_E_NOMEM, 0, "libmicrohttpd doesn't start");
}
