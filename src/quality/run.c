/* Cases in pieces: a piece is answered by the backend all at once, then judged by all threads,
 * then its results are handed out in order. */
#include "quality/run.h"

#include <string.h>

#include "base/os.h"
#include "base/pool.h"
#include "quality/run_parts.h"

enum { TRY_BYTES_MAX = 64 << 20, TRIES_MAX = CM_RUN_BATCH_MAX + CM_RUN_REPEAT_MAX };
/* AWAY_MS: how long a run waits for a backend at which nobody answers, with all tries. */
enum { FIRST_PAUSE_MS = 250, LOOK_MS = 50, AWAY_MS = 5000 };

typedef struct runner {
  const cm_run_options *o;
  const cm_record *earlier; /* rescore: answers come from here */
  cm_pool *pool;
  cm_try *tries; /* [TRIES_MAX] */
  size_t n;
  /* An outage: since when nobody answers (0: there is none), when somebody is asked again, and who
   * is asked to find out (NULL: nobody is). */
  uint64_t away_ns, again_ns;
  const cm_try *scout;
} runner;

static cm_code no_memory(cm_err *e) { return cm_fail(e, CM_E_NOMEM, 0, "no memory to run cases"); }

static bool is_cancelled(const runner *r) { return r->o->cancel && *r->o->cancel; }

/* --- answers --------------------------------------------------------------------------------- */

static cm_try *try_of(cm_asking *k) { return k->owner; }

static void ask(runner *r, cm_try *t) {
  cm_asking *k = &t->asking;
  if (r->away_ns && !r->scout) r->scout = t;
  *k = (cm_asking){.question = r->o->question, .arena = t->arena, .owner = t};
  k->question.request = t->c->text;
  k->question.shell = t->c->shell;
  k->question.where = &t->where;
  k->question.sampling.seed += t->attempt_no;
  k->question.deadline_ns = cm_os_now_ns() + r->o->timeout_ms * UINT64_C(1000000);
  k->question.cancel = r->o->cancel;
  cm_answer_submit(r->o->backend, k);
}

static double ms(uint64_t ns) { return (double)ns / 1e6; }

/* What the program puts to no model, whatever that is: a request without words, or without end. */
static bool is_unaskable(cm_str text) {
  return cm_str_trim(text).n == 0 || text.n > CM_REQUEST_MAX;
}

/* An answer that didn't come took no time: as 0 ms a broken backend would look fast. */
static cm_latency latency_of(const cm_answer *a, cm_code code) {
  if (code && code != CM_E_NOTFOUND) return (cm_latency){-1, -1, -1, -1};
  return (cm_latency){.ttft = ms(a->prompt_ns),
                      .check = ms(a->check_ns),
                      .total = ms(a->prompt_ns + a->generate_ns + a->check_ns),
                      .exec = -1};
}

static void keep_answer(cm_try *t, const cm_answer *answer, const cm_err *error) {
  t->answer = *answer;
  t->latency = latency_of(answer, error->code);
  t->attempt = (cm_attempt){.refused = answer->refused};
  if (answer->n) {
    const cm_choice *best = &answer->choices[0];
    t->verdict = best->verdict;
    t->attempt = (cm_attempt){.answered = true,
                              .command = best->command,
                              .verdict = &t->verdict,
                              .decision = best->decision};
  }
  if (error->code == CM_E_NOTFOUND)
    cm_reasons_add(&t->reasons, t->arena, "answer", "%s", error->msg);
  else if (error->code && is_unaskable(t->c->text)) t->attempt.refused = true;
  else t->error = *error;
}

/* A backend that was away for a moment; what it answered is never asked again. */
static bool is_passing(const cm_asking *k) {
  const cm_code code = k->error.code;
  return code == CM_E_IO || code == CM_E_WRITE || code == CM_E_BACKEND;
}

/* --- outages --------------------------------------------------------------------------------- */

/* A dead backend costs a run one time-out and not one for each case: what took long to fail is
 * asked again late, and no run waits for that. */
static bool is_worth_waiting(const runner *r) {
  return r->o->retries && r->again_ns <= r->away_ns + AWAY_MS * UINT64_C(1000000);
}

/* Whether nobody is asked for now: all wait until the backend may be there again, and then for the
 * one that finds out. */
static bool is_closed(const runner *r) {
  if (!r->away_ns || !is_worth_waiting(r)) return false;
  return r->scout || cm_os_now_ns() < r->again_ns;
}

/* Those that wait for it don't wait any longer. */
static void end_outage(runner *r) {
  const uint64_t now = cm_os_now_ns();
  for (size_t i = 0; i < r->n; i++)
    if (r->tries[i].away && r->tries[i].again_ns) r->tries[i].again_ns = now;
  r->away_ns = 0;
}

/* What an answer, or that there is none, says of the backend. */
static void look_out(runner *r, const cm_asking *k, cm_try *t) {
  const bool is_scout = r->scout && r->scout == t;
  if (is_scout) r->scout = NULL;
  t->away = k->job.dead;
  if (!t->away) {
    if (r->away_ns) end_outage(r);
    return;
  }
  if (r->away_ns && !is_scout) return;
  if (!r->away_ns) r->away_ns = cm_os_now_ns();
  r->again_ns = k->job.again_ns ? k->job.again_ns : UINT64_MAX;
}

/* Whether there is something to wait for. */
static bool begin(runner *r, cm_try *t) {
  if (t->c->subject != CM_SUBJECT_PROMPT) return false;
  if (r->o->backend) ask(r, t);
  else (void)cm_fail(&t->error, CM_E_NOTFOUND, 0, "there is no backend to ask");
  return r->o->backend != NULL;
}

/* Of those that pause the one that is over first; NULL: none pauses. */
static cm_try *first_pausing(runner *r) {
  cm_try *first = NULL;
  for (size_t i = 0; i < r->n; i++) {
    cm_try *t = &r->tries[i];
    if (t->again_ns && (!first || t->again_ns < first->again_ns)) first = t;
  }
  return first;
}

static bool is_due(const cm_try *t) { return cm_os_now_ns() >= t->again_ns; }

/* When the next one can be asked; 0: only an answer changes that. */
static uint64_t next_ns(const runner *r, size_t asked, const cm_try *pausing, bool has_more) {
  const bool waits = r->away_ns && is_worth_waiting(r);
  const uint64_t then = waits ? r->again_ns : 0;
  if (asked == r->o->batch || (waits && r->scout)) return 0;
  return !has_more && pausing && pausing->again_ns > then ? pausing->again_ns : then;
}

/* An answer, or NULL when it is time (or for a look at the run, now and then). */
static cm_asking *await(const runner *r, size_t asked, uint64_t then) {
  if (!then) return cm_answer_poll(r->o->backend);
  const uint64_t now = cm_os_now_ns(), left = then > now ? (then - now) / 1000000 + 1 : 0;
  const unsigned ms = left < LOOK_MS ? (unsigned)left : LOOK_MS;
  cm_job *job = asked ? cm_backend_step(r->o->backend, ms) : NULL;
  if (!asked) cm_os_sleep_ms(ms);
  return job ? cm_answer_of(job) : NULL;
}

/* A failing backend gets time to come back; the others are asked meanwhile, if it is there. */
static bool pause(runner *r, const cm_asking *k, cm_try *t) {
  if (!is_passing(k) || t->retries >= r->o->retries || is_cancelled(r)) return false;
  if (t->away && !is_worth_waiting(r)) return false;
  t->again_ns = cm_os_now_ns() + (UINT64_C(1000000) * FIRST_PAUSE_MS << t->retries++);
  if (t->away) t->again_ns = r->again_ns;
  return true;
}

/* No more than a batch of them is on its way: the time of an answer doesn't run while others are
 * before it. */
static bool may_ask(const runner *r, size_t asked) { return asked < r->o->batch && !is_closed(r); }

static void answer_prompts(runner *r) {
  size_t next = 0, asked = 0;
  r->scout = NULL;
  for (;;) {
    cm_try *t = first_pausing(r);
    if (is_cancelled(r) && !asked) return;
    for (; t && may_ask(r, asked) && is_due(t); t = first_pausing(r), asked++) {
      t->again_ns = 0;
      ask(r, t);
    }
    while (next < r->n && may_ask(r, asked)) asked += begin(r, &r->tries[next++]);
    const bool has_more = next < r->n;
    if (!asked && !t && !has_more) return;
    const uint64_t then = next_ns(r, asked, t, has_more);
    cm_asking *k = await(r, asked, then);
    if (!k && !then) return;
    if (!k) continue;
    asked--;
    look_out(r, k, try_of(k));
    if (!pause(r, k, try_of(k))) keep_answer(try_of(k), &k->answer, &k->error);
  }
}

static void take_command(runner *r, cm_try *t, cm_str command) {
  const uint64_t start = cm_os_now_ns();
  const cm_question *q = &r->o->question;
  (void)cm_safety_judge(q->safety, command, &t->where, t->arena, &t->verdict, NULL);
  t->attempt = (cm_attempt){.answered = true,
                            .command = command,
                            .verdict = &t->verdict,
                            .decision = cm_safety_decide(&t->verdict, q->level)};
  t->latency.check = t->latency.total = ms(cm_os_now_ns() - start);
}

static void read_output(runner *r, cm_try *t) {
  cm_question q = r->o->question;
  cm_answer answer;
  cm_err error = {0};
  q.where = &t->where;
  (void)cm_answer_read(&q, t->c->text, t->arena, &answer, &error);
  keep_answer(t, &answer, &error);
  t->latency.ttft = -1;
}

/* The answer that an earlier run had. One that it didn't get is no wrong answer now. */
static void recall(runner *r, cm_try *t) {
  const cm_result *old = cm_record_find(r->earlier, t->c->id);
  if (old && old->answered) {
    take_command(r, t, old->command);
    t->latency = old->latency;
  } else if (old && (old->state == CM_ERROR || old->state == CM_TIMEOUT)) {
    const cm_str why = old->n_reasons ? old->reasons[0].text : CM_STR("there was no answer");
    (void)cm_fail(&t->error, old->state == CM_TIMEOUT ? CM_E_TIMEOUT : CM_E_IO, 0, "%.*s",
                  (int)(why.n < 200 ? why.n : 200), why.p);
  } else if (old && old->refused) {
    t->attempt.refused = true;
  } else {
    cm_reasons_add(&t->reasons, t->arena, "answer", "the earlier run had no command");
  }
}

/* --- judging --------------------------------------------------------------------------------- */

/* Attempts that are judged at once may leave processors idle: then each tries several worlds. */
static unsigned worlds_at_once(const runner *r) {
  size_t busy = r->n < r->o->jobs ? r->n : r->o->jobs;
  return busy ? cm_os_cpu_count() / (unsigned)busy : 1;
}

static void judge(runner *r, cm_try *t) {
  if (t->c->subject == CM_SUBJECT_COMMAND) take_command(r, t, t->c->text);
  else if (t->c->subject == CM_SUBJECT_OUTPUT) read_output(r, t);
  else if (r->earlier) recall(r, t);
  if (t->error.code) return;
  const uint64_t start = cm_os_now_ns();
  cm_bench_room room = r->o->room;
  room.where = &t->where;
  room.together = worlds_at_once(r);
  (void)cm_judge_all(t->c, &t->attempt, &room, t->arena, &t->reasons, &t->miss, &t->error);
  if (t->c->exec) t->latency.exec = ms(cm_os_now_ns() - start);
}

static void judge_some(void *ctx, size_t begin, size_t end, unsigned worker) {
  runner *r = ctx;
  (void)worker;
  for (size_t i = begin; i < end; i++) judge(r, &r->tries[i]);
}

/* --- pieces ---------------------------------------------------------------------------------- */

/* The first attempt is what `cmdai ask` would give with the same seed. */
static cm_code add_try(runner *r, const cm_case *c, uint32_t number, cm_err *e) {
  cm_try *t = &r->tries[r->n];
  *t = (cm_try){.c = c, .attempt_no = number, .latency = {-1, -1, -1, -1}};
  t->arena = cm_arena_open(TRY_BYTES_MAX);
  if (!t->arena) return no_memory(e);
  if (r->o->room.where) t->where = *r->o->room.where;
  t->where.dialect = strcmp(c->shell, "sh") == 0 ? CM_SH_POSIX : CM_SH_BASH;
  r->n++;
  return CM_OK;
}

static void drop_tries(runner *r) {
  for (size_t i = 0; i < r->n; i++) cm_arena_close(r->tries[i].arena);
  r->n = 0;
}

/* Attempts at the next cases, up to a batch of them, but one case at least. Cases that are left
 * out have none. */
static cm_code fill(runner *r, const cm_case *const *cases, size_t n, size_t *used, cm_err *e) {
  cm_code code = CM_OK;
  for (*used = 0; *used < n && !code; ++*used) {
    const cm_case *c = cases[*used];
    if (cm_run_skipped(c, r->o).n) continue;
    if (r->n && r->n + c->repeat > r->o->batch) return CM_OK;
    for (uint32_t i = 0; i < c->repeat && !code; i++) code = add_try(r, c, i, e);
  }
  return code;
}

static cm_code hand_out_skip(runner *r, const cm_case *c, cm_err *e) {
  cm_result result;
  const cm_str why = cm_run_skipped(c, r->o);
  cm_arena *a = cm_arena_open(TRY_BYTES_MAX);
  cm_code code = a ? cm_run_skip(c, why, a, &result, e) : no_memory(e);
  if (!code) code = r->o->finished(r->o->ctx, &result, e);
  cm_arena_close(a);
  return code;
}

static cm_code hand_out(runner *r, const cm_case *const *cases, size_t n, cm_err *e) {
  cm_try *t = r->tries;
  cm_code code = CM_OK;
  for (size_t i = 0; i < n && !code; i++) {
    if (t == r->tries + r->n || t->c != cases[i]) {
      code = hand_out_skip(r, cases[i], e);
      continue;
    }
    cm_result result;
    code = cm_run_fold(r->o, t, cases[i]->repeat, &result, e);
    if (!code) code = r->o->finished(r->o->ctx, &result, e);
    t += cases[i]->repeat;
  }
  return code;
}

static cm_code run_piece(runner *r, const cm_case *const *cases, size_t n, size_t *used,
                         cm_err *e) {
  cm_code code = fill(r, cases, n, used, e);
  if (!code) {
    if (!r->earlier) answer_prompts(r);
    if (!is_cancelled(r)) cm_pool_for(r->pool, r->n, 1, judge_some, r);
  }
  if (!code && is_cancelled(r)) code = cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
  if (!code) code = hand_out(r, cases, *used, e);
  drop_tries(r);
  return code;
}

static cm_code run_all(runner *r, const cm_case *const *cases, size_t n, cm_err *e) {
  cm_code code = CM_OK;
  r->tries = cm_alloc(TRIES_MAX, sizeof *r->tries);
  if (!r->tries) code = no_memory(e);
  if (!code) code = cm_pool_open(&r->pool, r->o->jobs, e);
  for (size_t at = 0, used; at < n && !code; at += used)
    code = run_piece(r, cases + at, n - at, &used, e);
  cm_pool_close(r->pool);
  cm_free(r->tries);
  return code;
}

cm_code cm_run_cases(const cm_case *const *cases, size_t n, const cm_run_options *o, cm_err *e) {
  runner r = {.o = o};
  return run_all(&r, cases, n, e);
}

cm_code cm_run_rescore(const cm_case *const *cases, size_t n, const cm_record *earlier,
                       const cm_run_options *o, cm_err *e) {
  runner r = {.o = o, .earlier = earlier};
  return run_all(&r, cases, n, e);
}
