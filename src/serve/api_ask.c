/* Our own interface: a request in, the document of `cmdai ask -o json` out. */
#include <string.h>

#include "answer/answer_json.h"
#include "serve/api_read.h"
#include "serve/api_rows.h"

/* What may be asked; anything else is a mistake of whoever asks. */
static const char *const members[] = {
    "model",       "request", "context", "shell", "candidates", "safety",         "max_tokens",
    "temperature", "top_p",   "top_k",   "min_p", "seed",       "repeat_penalty", "repeat_last"};

static void check_members(cm_body *b) {
  cm_str key;
  const cm_json *v;
  for (void *at = NULL; cm_json_next(b->object, &at, &key, &v);) {
    bool known = false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
      known = known || cm_str_is(key, members[i]);
    if (!known) cm_body_fail(b, key.p, "is no member of a question");
  }
}

static void read_shell(cm_body *b, cm_question *q) {
  static const char *const shells[] = {"bash", "sh", "zsh", "fish"};
  cm_str name;
  if (!cm_body_str(b, "shell", &name)) return;
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
    if (cm_str_is(name, shells[i])) {
      q->shell = shells[i];
      return;
    }
  cm_body_fail(b, "shell", "must be bash, sh, zsh or fish");
}

/* Levels stand in order, the strictest first. */
static void read_level(cm_body *b, cm_question *q) {
  const cm_level least = b->call->about->level;
  cm_str name;
  if (!cm_body_str(b, "safety", &name)) return;
  if (!cm_level_of(name, &q->level))
    cm_body_fail(b, "safety", "must be strict, moderate or permissive");
  else if (q->level > least)
    cm_body_fail(b, "safety", "may not be looser than the server's, which is %s",
                 cm_level_name(least));
}

static void read_sampling(cm_body *b, cm_sample_options *o) {
  cm_body_sampling(b, 100, o);
  cm_body_real(b, "repeat_penalty", 0.01, 10, &o->repeat_penalty);
  cm_body_u32(b, "repeat_last", 0, 4096, &o->repeat_last);
}

static void read_words(cm_body *b, cm_question *q) {
  cm_body_str(b, "request", &q->request);
  cm_body_str(b, "context", &q->context);
  q->request = cm_str_trim(q->request);
  q->context = cm_str_trim(q->context);
  if (!q->request.n && !q->context.n)
    cm_body_fail(b, "request", "is missing: say in plain words what you want");
  if (q->request.n > CM_REQUEST_MAX)
    cm_body_fail(b, "request", "has %zu bytes, at most %d are read", q->request.n, CM_REQUEST_MAX);
  if (q->context.n > CM_CONTEXT_MAX)
    cm_body_fail(b, "context", "has %zu bytes, at most %d are read", q->context.n, CM_CONTEXT_MAX);
}

static cm_code read_question(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_body b;
  cm_question *q = &c->question;
  (void)out;
  c->stream = false;
  *q = (cm_question){.shell = c->about->shell,
                     .candidates = 1,
                     .max_tokens = c->about->max_tokens,
                     .sampling = cm_sample_defaults(),
                     .level = c->about->level};
  if (cm_body_open(&b, c, body, e)) return cm_body_close(&b);
  read_words(&b, q);
  check_members(&b);
  cm_body_model(&b, "model", false);
  read_shell(&b, q);
  read_level(&b, q);
  cm_body_candidates(&b, "candidates", &q->candidates);
  cm_body_tokens(&b, "max_tokens", &q->max_tokens);
  read_sampling(&b, &q->sampling);
  if (!b.code) c->kind = CM_API_ASK;
  return cm_body_close(&b);
}

/* The hash of a file is known to the server, not to the backend. */
static void name_hash(const cm_call *c, cm_model_id *m) {
  const cm_model_id *served = c->about->model;
  if (!m->sha256[0] && strcmp(m->id, served->id) == 0)
    memcpy(m->sha256, served->sha256, sizeof m->sha256);
}

static void put(const cm_call *c, const cm_answer *answer, const cm_err *e, cm_buf *out) {
  cm_answer a = answer ? *answer : (cm_answer){0};
  cm_times times = {0};
  if (c) {
    times = (cm_times){.start_ns = c->start_ns, .done_ns = c->done_ns};
    name_hash(c, &a.model);
  }
  const cm_answer_text t = {c ? c->question.request : CM_STR(""), &a, &times, e, false, 0};
  cm_answer_json(&t, out);
}

static void whole(const cm_call *c, const cm_job *job, const cm_answer *answer, cm_buf *out) {
  (void)job;
  put(c, answer, NULL, out);
}

static void fail(const cm_call *c, int status, const cm_err *e, cm_buf *out) {
  (void)status;
  put(c, c ? c->partial : NULL, e, out);
}

const cm_api cm_api_own[] = {
    {"POST", "/v1/cmdai/ask", "application/json", NULL, read_question, NULL, NULL, NULL, NULL,
     whole, fail},
    {.method = NULL},
};
