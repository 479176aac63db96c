#include "answer/answer.h"

#include <math.h>
#include <string.h>

#include "answer/literal.h"
#include "answer/prompt.h"
#include "answer/reply.h"
#include "base/os.h"

double cm_answer_confidence(const cm_model_id *model, double logprob) {
  if (isnan(logprob)) return logprob;
  double p = logprob < 0 ? logprob : 0;
  if (model->scale > 0) return 1 / (1 + exp(-((double)model->scale * p + (double)model->bias)));
  return exp(p);
}

/* Our own models are trained on bare requests; general.name says which they are. */
static bool is_own(const cm_model_id *id) {
  return cm_str_starts(cm_str_of(id->id), CM_STR("cmdai-"));
}

static cm_code check(const cm_question *q, cm_err *e) {
  if (q->request.n > CM_REQUEST_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "the request has %zu bytes, at most %d are read",
                   q->request.n, CM_REQUEST_MAX);
  if (q->context.n > CM_CONTEXT_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "stdin has %zu bytes, at most %d are read", q->context.n,
                   CM_CONTEXT_MAX);
  if (cm_str_trim(q->request).n == 0 && cm_str_trim(q->context).n == 0)
    return cm_fail(e, CM_E_USAGE, 0, "the request is empty");
  size_t bad = cm_utf8_check(q->request.p, q->request.n);
  if (bad < q->request.n)
    return cm_fail(e, CM_E_USAGE, bad, "the request is not valid UTF-8 at byte %zu", bad);
  bad = cm_utf8_check(q->context.p, q->context.n);
  if (bad < q->context.n)
    return cm_fail(e, CM_E_USAGE, bad, "stdin is not valid UTF-8 at byte %zu", bad);
  return CM_OK;
}

/* The same command from several samples: their probabilities are of the same thing, so the larger
 * one stays. */
static void add_choice(cm_answer *out, cm_choice c) {
  for (size_t i = 0; i < out->n; i++) {
    if (!cm_str_eq(out->choices[i].command, c.command)) continue;
    if (c.logprob > out->choices[i].logprob) out->choices[i] = c;
    return;
  }
  out->choices[out->n++] = c;
}

static void sort_choices(cm_answer *out) {
  for (size_t i = 1; i < out->n; i++)
    for (size_t j = i; j > 0 && out->choices[j].logprob > out->choices[j - 1].logprob; j--) {
      cm_choice t = out->choices[j];
      out->choices[j] = out->choices[j - 1], out->choices[j - 1] = t;
    }
}

/* A reply that max_tokens cut off is no command ("rm -rf /tmp/x" begins with "rm -rf /"), unless
 * its fence was closed before. */
static bool is_whole(const cm_candidate *c, cm_str text) {
  unsigned fences = 0;
  for (cm_str line; cm_str_line(&text, &line);) fences += cm_str_starts(line, CM_STR("```"));
  return c->finished || fences >= 2;
}

/* One candidate: its command joins the choices, or its refusal is remembered. CM_E_NOTFOUND when
 * it holds neither, names a literal that isn't there, or is beyond the limits of a reply: that is
 * the model's fault, not the caller's. */
static cm_code read_reply(const cm_candidate *c, cm_str opening, const cm_literals *literals,
                          cm_arena *a, cm_answer *out, cm_err *e) {
  cm_reply reply;
  cm_buf b;
  cm_buf_init(&b, 2 << 20);
  if (!c->anew) cm_buf_add(&b, opening.p, opening.n);
  cm_buf_add(&b, c->text.p, c->text.n);
  cm_str whole = {b.p, b.n};
  cm_code code = b.overflow ? cm_fail(e, CM_E_NOMEM, 0, "no memory for a reply") : CM_OK;
  if (!code && !is_whole(c, whole))
    code = cm_fail(e, CM_E_NOTFOUND, 0,
                   "the reply was cut off after %u tokens; --max-tokens allows more", c->tokens);
  if (!code && literals) code = cm_literals_restore(literals, whole, a, &whole, e);
  if (!code) code = cm_reply_parse(whole, a, &reply, e);
  cm_buf_close(&b);
  if (code) return code == CM_E_LIMIT ? (e->code = CM_E_NOTFOUND) : code;
  if (reply.refused) {
    out->refused = true, out->reason = reply.reason;
    return CM_OK;
  }
  if (out->n == 0) out->explanation = reply.explanation;
  add_choice(out, (cm_choice){.command = reply.command,
                              .logprob = c->logprob,
                              .mean_logprob = c->logprob / (c->tokens ? c->tokens : 1),
                              .odd_bytes = reply.odd_bytes});
  return CM_OK;
}

/* Reads every candidate; the last error is reported if none is of use. */
static cm_code read_replies(const cm_replies *r, cm_str opening, const cm_literals *literals,
                            cm_arena *a, cm_answer *out, cm_err *e) {
  cm_code last = CM_OK;
  out->choices = cm_arena_alloc(a, r->n, sizeof *out->choices);
  if (!out->choices) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the answer");
  for (size_t i = 0; i < r->n; i++) {
    cm_code code = read_reply(&r->items[i], opening, literals, a, out, e);
    if (code) last = code;
  }
  if (out->n) out->refused = false;
  return out->n || out->refused ? CM_OK : last;
}

/* Risk is decided here, behind any backend. A judgement that fails is a verdict too: never run. */
static void judge_choices(const cm_question *q, cm_arena *a, cm_answer *out) {
  const uint64_t start = cm_os_now_ns();
  for (size_t i = 0; i < out->n; i++) {
    cm_choice *c = &out->choices[i];
    (void)cm_safety_judge(q->safety, c->command, q->where, a, &c->verdict, NULL);
    c->decision = cm_safety_decide(&c->verdict, q->level);
  }
  out->check_ns = cm_os_now_ns() - start;
}

/* Best first, judged. */
static void rank(const cm_question *q, cm_arena *a, cm_answer *out) {
  sort_choices(out);
  judge_choices(q, a, out);
  if (!out->n) return;
  out->confidence = cm_answer_confidence(&out->model, out->choices[0].logprob);
  out->uncertain = out->confidence < CM_CONFIDENT;
}

/* --- questions on their way ------------------------------------------------------------------ */

/* What an answer needs of its question's prompt. */
struct cm_hidden {
  cm_prompt prompt;
  cm_literals literals;
  bool has_literals;
};

/* The user's message is the last one; what came on stdin is part of it. */
static cm_code hide_literals(struct cm_hidden *h, size_t max, cm_arena *a, cm_err *e) {
  cm_str *user = &h->prompt.messages[h->prompt.n - 1].text;
  cm_code code = cm_literals_hide(*user, max, a, &h->literals, e);
  if (!code) *user = h->literals.text;
  h->has_literals = true;
  return code;
}

/* Writes the prompt for the model that will answer. */
static cm_code compose(cm_job *job, const cm_model_id *model, cm_err *e) {
  cm_asking *k = job->owner;
  const cm_question *q = &k->question;
  struct cm_hidden *h = k->hidden = cm_arena_alloc(k->arena, 1, sizeof *h);
  if (!h) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a question");
  cm_code code =
      cm_prompt_build(q->request, q->context, q->shell, is_own(model), k->arena, &h->prompt, e);
  if (!code && model->placeholders) code = hide_literals(h, model->placeholders, k->arena, e);
  job->request.messages = h->prompt.messages;
  job->request.n_messages = h->prompt.n;
  job->request.opening = h->prompt.opening;
  return code;
}

void cm_answer_submit(cm_backend *b, cm_asking *k) {
  const cm_question *q = &k->question;
  k->answer = (cm_answer){.backend = cm_backend_name(b)};
  k->error = (cm_err){0};
  k->hidden = NULL;
  k->job = (cm_job){.arena = k->arena, .owner = k, .compose = compose};
  k->job.request = (cm_request){.sampling = q->sampling,
                                .max_tokens = q->max_tokens,
                                .candidates = q->candidates,
                                .deadline_ns = q->deadline_ns,
                                .cancel = q->cancel};
  if (check(q, &k->error)) cm_backend_refuse(b, &k->job, &k->error);
  else cm_backend_submit(b, &k->job);
}

static void take_facts(cm_answer *out, const cm_job *job) {
  const cm_replies *r = &job->replies;
  cm_fallback *failed = cm_arena_alloc(job->arena, job->n_failed + 1, sizeof *failed);
  if (failed) {
    memcpy(failed, job->failed, job->n_failed * sizeof *failed);
    out->fallback = failed, out->n_fallback = job->n_failed;
  }
  if (job->backend) out->backend = job->backend;
  out->model = job->model;
  out->prompt_tokens = r->prompt_tokens, out->cached_tokens = r->cached_tokens;
  out->output_tokens = r->output_tokens;
  out->prompt_ns = r->prompt_ns, out->generate_ns = r->generate_ns;
}

cm_asking *cm_answer_of(cm_job *job) {
  if (job->compose != compose) return NULL;
  cm_asking *k = job->owner;
  take_facts(&k->answer, job);
  k->error = job->error;
  const struct cm_hidden *h = k->hidden;
  if (k->error.code || !h) return k;
  const cm_literals *literals = h->has_literals ? &h->literals : NULL;
  if (read_replies(&job->replies, h->prompt.opening, literals, k->arena, &k->answer, &k->error))
    return k;
  k->error = (cm_err){0}; /* a candidate without a command does not spoil the others */
  rank(&k->question, k->arena, &k->answer);
  return k;
}

cm_asking *cm_answer_poll(cm_backend *b) {
  cm_job *job = cm_backend_poll(b);
  return job ? cm_answer_of(job) : NULL;
}

cm_code cm_answer_ask(cm_backend *b, const cm_question *q, cm_arena *a, cm_answer *out,
                      cm_err *e) {
  cm_asking k = {.question = *q, .arena = a};
  cm_answer_submit(b, &k);
  (void)cm_answer_poll(b);
  *out = k.answer;
  if (k.error.code && e) *e = k.error;
  return k.error.code;
}

cm_code cm_answer_read(const cm_question *q, cm_str output, cm_arena *a, cm_answer *out,
                       cm_err *e) {
  cm_candidate given = {.text = output, .finished = true};
  const cm_replies replies = {.items = &given, .n = 1};
  *out = (cm_answer){0};
  cm_code code = read_replies(&replies, CM_STR(""), NULL, a, out, e);
  if (!code) rank(q, a, out);
  return code;
}
