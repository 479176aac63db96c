/* cmdai WORDS...: one request, one command. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answer/answer_json.h"
#include "base/os.h"
#include "cli/backends.h"
#include "cli/execute.h"
#include "cli/verdict.h"

enum { ARENA_MAX = 64 << 20, MAX_CANDIDATES = 64 };

/* Everything one run holds, so that there is one way out. */
typedef struct ask {
  const cm_opts *o;
  cm_arena *arena;
  cm_buf request, context;
  cm_guard guard;
  cm_opened opened;
  cm_answer answer;
  cm_times times;
} ask;

static uint64_t deadline(const ask *a) {
  return a->times.start_ns + a->o->timeout * 1000000000ull;
}

/* The words, joined by blanks; and stdin: the request when there are no words, else context. */
static cm_code gather(ask *a, char **words, size_t n, cm_err *e) {
  for (size_t i = 0; i < n; i++) {
    if (i) cm_buf_putc(&a->request, ' ');
    cm_buf_puts(&a->request, words[i]);
  }
  if (a->request.overflow)
    return cm_fail(e, CM_E_LIMIT, 0, "the request has more than %d bytes", CM_REQUEST_MAX);
  if (!cm_os_has_input(CM_OS_STDIN, n > 0)) return CM_OK;
  cm_code code = cm_os_read_fd(CM_OS_STDIN, deadline(a), n ? &a->context : &a->request, e);
  return code ? cm_err_prefix(e, "stdin") : CM_OK;
}

static cm_str view(const cm_buf *b) { return cm_str_trim((cm_str){b->p ? b->p : "", b->n}); }

static int put_document(ask *a, const cm_err *e, const cm_outcome *outcome) {
  cm_answer_text t = {view(&a->request), &a->answer, &a->times, e, false, 0};
  cm_buf b;
  cm_buf_init(&b, 8 << 20);
  if (outcome) t.executed = outcome->executed, t.exit_status = outcome->status;
  cm_answer_json(&t, &b);
  return cm_ui_out_as(a->o, &b);
}

/* With -x every status but this one is the command's own. */
static int own(const ask *a, int status) {
  return status && a->o->execute ? CM_EXIT_NOT_RUN : status;
}

/* Every answer's failure is also one JSON document when that is the format. */
static int fail(ask *a, int status, const cm_err *e) {
  a->times.done_ns = cm_os_now_ns();
  cm_ui_fail(status, "%s", e->msg);
  if (cm_opts_document(a->o) && put_document(a, e, NULL)) status = CM_EXIT_WRITE;
  return own(a, status);
}

static cm_code generate(ask *a, cm_err *e) {
  const cm_opts *o = a->o;
  cm_question q = {.request = view(&a->request),
                   .context = view(&a->context),
                   .shell = o->shell,
                   .candidates = o->candidates,
                   .max_tokens = o->max_tokens,
                   .cancel = &cm_ui_cancel,
                   .safety = a->guard.safety,
                   .where = &a->guard.where,
                   .level = a->guard.level};
  q.sampling = (cm_sample_options){
      (float)o->temperature,    o->top_k,       (float)o->top_p, (float)o->min_p,
      (float)o->repeat_penalty, o->repeat_last, o->seed};
  q.deadline_ns = deadline(a);
  cm_code code = cm_answer_ask(a->opened.backend, &q, a->arena, &a->answer, e);
  cm_opened_name_hash(&a->opened, a->answer.backend, &a->answer.model);
  return code;
}

static cm_code open_backend(ask *a, cm_err *e) {
  /* Only documents and traces name the hash of a file. */
  const bool hash = cm_opts_document(a->o) || cm_opts_debug(a->o);
  cm_code code =
      cm_opened_open_for_one(&a->opened, a->o, cm_opts_model(a->o), hash, a->o->candidates, e);
  a->times.loaded_ns = cm_os_now_ns();
  return code;
}

/* The command, fit for a message. */
static void note_command(const ask *a, const char *before, cm_str command) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  cm_ui_escape(command, &b);
  cm_ui_note(a->o, "%s%s", before, b.p ? b.p : "");
  cm_buf_close(&b);
}

static void note_findings(const ask *a) {
  const cm_verdict *v = &a->answer.choices[0].verdict;
  for (size_t i = 0; i < v->n; i++)
    cm_ui_note(a->o, "  %s: %s: %s", cm_risk_name(v->findings[i].risk), v->findings[i].rule,
               v->findings[i].why);
  if (v->unresolved) cm_ui_note(a->o, "  not all of the command could be resolved");
}

static void show_notes(const ask *a) {
  const cm_answer *r = &a->answer;
  const cm_decision d = r->choices[0].decision;
  for (size_t i = 1; i < r->n; i++) note_command(a, "or: ", r->choices[i].command);
  if (r->uncertain)
    cm_ui_note(a->o,
               "not sure (confidence %.2f): check it, or ask a larger model: cmdai models pull "
               "qwen2.5-coder-1.5b-q4_k_m, then -m qwen2.5-coder-1.5b-q4_k_m",
               r->confidence);
  if (a->o->explain && r->explanation.n)
    cm_ui_note(a->o, "%.*s", (int)r->explanation.n, r->explanation.p);
  if (d == CM_BLOCK) note_command(a, "blocked: ", r->choices[0].command);
  else if (d == CM_CONFIRM) cm_ui_note(a->o, "look twice before you run this:");
  if (d != CM_RUN || a->o->explain) note_findings(a);
}

/* The best command and a newline: for a terminal on one line with everything odd escaped, else its
 * exact bytes. */
static void put_command(cm_str command, bool terminal, cm_buf *out) {
  if (terminal) cm_ui_escape(command, out);
  else cm_buf_add(out, command.p, command.n);
  cm_buf_putc(out, '\n');
}

/* A blocked command never reaches stdout, where a script would take it. */
static int show_plain(const ask *a) {
  const cm_choice *best = a->answer.choices;
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  if (best->decision != CM_BLOCK) put_command(best->command, cm_os_is_tty(CM_OS_STDOUT), &b);
  int status = b.n ? cm_ui_out_buf(&b) : CM_EXIT_OK;
  show_notes(a);
  return status ? status : cm_guard_status(best->decision);
}

static int show_document(ask *a) {
  const cm_answer *r = &a->answer;
  int status = put_document(a, NULL, NULL);
  if (status) return status;
  return r->refused ? CM_EXIT_NO_ANSWER : cm_guard_status(r->choices[0].decision);
}

/* -x: stdout is the command's, or the document's. */
static int execute(ask *a) {
  note_command(a, "$ ", a->answer.choices[0].command);
  show_notes(a);
  cm_outcome outcome = cm_execute(a->o, &a->answer, a->arena);
  a->times.done_ns = cm_os_now_ns();
  if (cm_opts_document(a->o) && put_document(a, NULL, &outcome)) return CM_EXIT_NOT_RUN;
  return outcome.executed ? outcome.status : own(a, outcome.status);
}

static void show_fallback(const ask *a) {
  const cm_answer *r = &a->answer;
  for (size_t i = 0; i < r->n_fallback; i++)
    cm_ui_note(a->o, "backend %s: %s", r->fallback[i].backend, r->fallback[i].error);
}

static void show_details(const ask *a) {
  const cm_answer *r = &a->answer;
  char confidence[32] = "not known";
  if (!isnan(r->confidence)) snprintf(confidence, sizeof confidence, "%.3f", r->confidence);
  cm_ui_note(a->o, "backend %s, model %s %s, confidence %s", r->backend, r->model.id,
             r->model.quant, confidence);
  cm_ui_note(a->o, "load %.1f ms, prompt %u tokens (%u kept) %.1f ms, reply %u tokens %.1f ms",
             (double)(a->times.loaded_ns - a->times.start_ns) / 1e6, r->prompt_tokens,
             r->cached_tokens, (double)r->prompt_ns / 1e6, r->output_tokens,
             (double)r->generate_ns / 1e6);
}

/* The commands themselves are the user's affair. */
static void trace_choice(const cm_opts *o, const cm_choice *c) {
  cm_ui_trace(o, "candidate: %zu bytes, log-probability %.3f, risk %s, decision %s%s",
              c->command.n, c->logprob, cm_risk_name(c->verdict.risk),
              cm_decision_name(c->decision), c->verdict.unresolved ? ", unresolved" : "");
  for (size_t i = 0; i < c->verdict.n; i++) {
    const cm_finding *f = &c->verdict.findings[i];
    cm_ui_trace(o, "finding: %s, risk %s, bytes %u to %u", f->rule, cm_risk_name(f->risk),
                f->span.start, f->span.end);
  }
}

static void trace_answer(const ask *a) {
  const cm_answer *r = &a->answer;
  cm_ui_trace(a->o, "answered: model %s, SHA-256 %s", r->model.id,
              r->model.sha256[0] ? r->model.sha256 : "not known");
  for (size_t i = 0; i < r->n; i++) trace_choice(a->o, &r->choices[i]);
  cm_ui_trace(a->o, "checked in %.3f ms", (double)r->check_ns / 1e6);
}

static int show(ask *a) {
  const cm_answer *r = &a->answer;
  a->times.done_ns = cm_os_now_ns();
  if (a->o->verbose) show_fallback(a);
  if (a->o->verbose) show_details(a);
  trace_answer(a);
  if (r->refused)
    cm_ui_fail(CM_EXIT_NO_ANSWER, "the model declined: %.*s", (int)r->reason.n, r->reason.p);
  else if (a->o->execute) return execute(a);
  if (cm_opts_document(a->o)) return own(a, show_document(a));
  return own(a, r->refused ? CM_EXIT_NO_ANSWER : show_plain(a));
}

/* What can't be read as a request is the caller's mistake, unless time or patience ran out. */
static int input_status(const cm_err *e) {
  bool stopped = e->code == CM_E_TIMEOUT || e->code == CM_E_CANCELLED;
  return stopped ? cm_ui_status(e) : CM_EXIT_USAGE;
}

static int run(ask *a, char **words, size_t n) {
  cm_err e = {0};
  a->times.start_ns = cm_os_now_ns();
  if (a->o->candidates > MAX_CANDIDATES) {
    cm_fail(&e, CM_E_USAGE, 0, "-n must be 1 to %d", MAX_CANDIDATES);
    return fail(a, CM_EXIT_USAGE, &e);
  }
  if (gather(a, words, n, &e)) return fail(a, input_status(&e), &e);
  if (!view(&a->request).n && !view(&a->context).n) {
    cm_fail(&e, CM_E_USAGE, 0,
            "say what you want in plain words, for example: cmdai find files larger than 1GB");
    return fail(a, CM_EXIT_USAGE, &e);
  }
  cm_ui_trace(a->o, "request: %zu bytes, with %zu of context", view(&a->request).n,
              view(&a->context).n);
  if (cm_guard_open(&a->guard, a->o, &e)) return fail(a, CM_EXIT_USAGE, &e);
  if (open_backend(a, &e)) return fail(a, cm_ui_status(&e), &e);
  if (generate(a, &e)) {
    if (a->o->verbose && a->answer.n_fallback > 1) show_fallback(a);
    return fail(a, e.code == CM_E_NOTFOUND ? CM_EXIT_NO_ANSWER : cm_ui_status(&e), &e);
  }
  return show(a);
}

int cm_ask_refuse(const cm_opts *o, const cm_err *e) {
  ask a = {.o = o, .times.start_ns = cm_os_now_ns()};
  return fail(&a, CM_EXIT_USAGE, e);
}

int cm_cmd_ask(const cm_opts *o, char **operands, size_t n) {
  ask a = {.o = o, .arena = cm_arena_open(ARENA_MAX)};
  cm_buf_init(&a.request, CM_REQUEST_MAX);
  cm_buf_init(&a.context, CM_CONTEXT_MAX);
  int status = a.arena ? run(&a, operands, n) : cm_ui_fail(CM_EXIT_NO_BACKEND, "out of memory");
  cm_opened_close(&a.opened);
  cm_guard_close(&a.guard);
  cm_buf_close(&a.request);
  cm_buf_close(&a.context);
  cm_arena_close(a.arena);
  return status;
}
