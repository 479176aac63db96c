#include "quality/stress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "quality/stats_parts.h"

enum {
  PROMPTS = 10,
  VARIANTS = 3,
  WANTED = PROMPTS * VARIANTS,
  ARENA_MAX = 64 << 20,
  LATE_MS_MAX = 30,
  WARM_SHARE = 5,    /* a fifth of the time; then memory is looked at */
  QUIET_MS_MAX = 500 /* between two looks at memory */
};

/* Of many lengths, with beginnings in common and without: sessions are reused and copied. */
static const char *const prompts[PROMPTS] = {
    "list all files in the current directory",
    "list all files in the current directory, hidden ones too, largest first",
    "find files larger than 1GB",
    "find files larger than 1GB below /var/log that were changed in the last seven days, and "
    "print "
    "their sizes in megabytes with the largest one first",
    "count the lines of main.c",
    "show the last 50 lines of /var/log/syslog",
    "rename every .jpeg file below photos so that it ends in .jpg, whatever characters are in its "
    "name, and say which ones could not be renamed",
    "what is the weather like",
    "zeige alle Prozesse, die mehr als 100 MB Speicher brauchen, nach Gr\xc3\xb6\xc3\x9f"
    "e sortiert",
    "\xe5\x88\x97\xe5\x87\xba\xe6\x89\x80\xe6\x9c\x89\xe6\x96\x87\xe4\xbb\xb6",
};

/* A request and its answer when nothing else is on its way. */
typedef struct wanted {
  cm_message message;
  cm_request request;
  cm_replies replies;
} wanted;

typedef enum fate { PLAIN, CANCELLED, LATE, TOO_MANY } fate;

typedef struct lane {
  cm_job job;
  cm_arena *arena;
  const wanted *want;
  volatile int cancel;
  fate fate;
  bool busy;
} lane;

typedef struct stress {
  const cm_stress_options *o;
  cm_stress_result *out;
  cm_stat_random dice;
  cm_arena *arena; /* of what is wanted */
  wanted wanted[WANTED];
  lane lanes[CM_STRESS_JOBS_MAX];
  uint32_t busy;
  uint64_t start_ns, quiet_ns; /* of the last look at memory */
} stress;

static uint32_t below(stress *s, uint32_t n) { return cm_stat_random_below(&s->dice, n); }

static cm_code no_memory(cm_err *e) { return cm_fail(e, CM_E_NOMEM, 0, "no memory for a stress"); }

/* --- alone ----------------------------------------------------------------------------------- */

static void describe(stress *s, size_t i) {
  wanted *w = &s->wanted[i];
  const size_t variant = i % VARIANTS;
  w->message = (cm_message){CM_ROLE_USER, cm_str_of(prompts[i / VARIANTS])};
  w->request = (cm_request){.messages = &w->message,
                            .n_messages = 1,
                            .sampling = cm_sample_defaults(),
                            .max_tokens = s->o->max_tokens,
                            .candidates = 1,
                            .cancel = s->o->cancel};
  if (variant == 1) w->request.sampling.temperature = 0.8f, w->request.sampling.seed = i;
  if (variant == 2) w->request.candidates = s->o->parallel < 3 ? s->o->parallel : 3;
}

static cm_code ask_alone(stress *s, cm_err *e) {
  cm_code code = CM_OK;
  for (size_t i = 0; i < WANTED && !code; i++) {
    wanted *w = &s->wanted[i];
    describe(s, i);
    code = cm_backend_generate(s->o->backend, &w->request, s->arena, &w->replies, e);
  }
  return code;
}

/* --- on their way ---------------------------------------------------------------------------- */

static fate draw_fate(stress *s) {
  const uint32_t d = below(s, 20);
  return d < 14 ? PLAIN : d < 17 ? CANCELLED : d < 19 ? LATE : TOO_MANY;
}

static void submit(stress *s, lane *l, const wanted *w, fate f) {
  cm_arena_reset(l->arena);
  l->job = (cm_job){.request = w->request, .arena = l->arena, .owner = l};
  l->want = w, l->fate = f, l->cancel = 0, l->busy = true;
  cm_request *q = &l->job.request;
  q->cancel = &l->cancel;
  if (f == LATE) q->deadline_ns = cm_os_now_ns() + below(s, LATE_MS_MAX + 1) * UINT64_C(1000000);
  if (f == TOO_MANY) q->candidates = s->o->parallel + 1;
  s->busy++;
  s->out->submitted++;
  cm_backend_submit(s->o->backend, &l->job);
}

static lane *free_lane(stress *s) {
  for (uint32_t i = 0; i < s->o->jobs; i++)
    if (!s->lanes[i].busy) return &s->lanes[i];
  return NULL;
}

static void submit_any(stress *s) {
  submit(s, free_lane(s), &s->wanted[below(s, WANTED)], draw_fate(s));
}

/* Sooner or later a request that is to be cancelled is. */
static void set_flags(stress *s) {
  const bool all = s->o->cancel && *s->o->cancel;
  for (uint32_t i = 0; i < s->o->jobs; i++) {
    lane *l = &s->lanes[i];
    if (l->busy && (all || (l->fate == CANCELLED && below(s, 4) == 0))) l->cancel = 1;
  }
}

/* --- what came back -------------------------------------------------------------------------- */

static void wrong(stress *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void wrong(stress *s, const char *fmt, ...) {
  cm_err text;
  char what[sizeof text.msg];
  if (s->out->first_wrong[0]) return;
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(what, sizeof what, fmt, ap);
  va_end(ap);
  cm_err_set(&text, CM_E_INTERNAL, 0, "%s", what); /* fit for a terminal */
  memcpy(s->out->first_wrong, text.msg, sizeof text.msg);
}

static bool is_same(const cm_candidate *a, const cm_candidate *b) {
  return cm_str_eq(a->text, b->text) && memcmp(&a->logprob, &b->logprob, sizeof a->logprob) == 0 &&
         a->tokens == b->tokens && a->finished == b->finished;
}

static void compare(stress *s, const lane *l) {
  const cm_replies *got = &l->job.replies, *want = &l->want->replies;
  bool same = got->n == want->n && l->fate != TOO_MANY;
  for (size_t i = 0; i < got->n && same; i++) {
    same = is_same(&got->items[i], &want->items[i]);
    if (!same)
      wrong(s, "\"%.40s\": got \"%.60s\" (log-probability %.9g), alone \"%.60s\" (%.9g)",
            l->want->message.text.p, got->items[i].text.p, got->items[i].logprob,
            want->items[i].text.p, want->items[i].logprob);
  }
  if (!same)
    wrong(s, "\"%.40s\": %zu answers, alone %zu", l->want->message.text.p, got->n, want->n);
  s->out->same += same, s->out->different += !same;
  s->out->tokens += got->output_tokens;
}

static void take_back(stress *s, lane *l) {
  const cm_err *error = &l->job.error;
  cm_stress_result *r = s->out;
  s->busy--;
  l->busy = false;
  if (!error->code) compare(s, l);
  else if (error->code == CM_E_CANCELLED && l->cancel) r->cancelled++;
  else if (error->code == CM_E_TIMEOUT && l->fate == LATE) r->late++;
  else if (error->code == CM_E_USAGE && l->fate == TOO_MANY) r->refused++;
  else r->errors++, wrong(s, "\"%.40s\": %s", l->want->message.text.p, error->msg);
}

static cm_code poll_one(stress *s, cm_err *e) {
  cm_job *job = cm_backend_poll(s->o->backend);
  if (!job) return cm_fail(e, CM_E_INTERNAL, 0, "the backend lost %u requests", s->busy);
  take_back(s, job->owner);
  set_flags(s);
  return CM_OK;
}

static cm_code drain(stress *s, cm_err *e) {
  cm_code code = CM_OK;
  while (s->busy && !code) code = poll_one(s, e);
  return code;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* A sanitizer keeps what is freed, for a while. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_IS_OURS false
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_OURS false
#endif
#ifndef MEMORY_IS_OURS
#define MEMORY_IS_OURS true
#endif

static void look_at_memory(stress *s) {
  s->quiet_ns = cm_os_now_ns();
  if (!MEMORY_IS_OURS) return;
  if (s->quiet_ns - s->start_ns < s->o->wall_ns / WARM_SHARE) return;
  s->out->rss_last = cm_os_rss_bytes();
  if (!s->out->rss_first) s->out->rss_first = s->out->rss_last;
}

/* What is touched once must not look like growth: every place of the backend gets the request that
 * needs most of it. */
static cm_code touch_all(stress *s, cm_err *e) {
  const wanted *most = s->wanted;
  for (size_t i = 1; i < WANTED; i++) {
    const cm_replies *a = &s->wanted[i].replies, *b = &most->replies;
    if (a->prompt_tokens + a->output_tokens / (uint32_t)a->n >
        b->prompt_tokens + b->output_tokens / (uint32_t)b->n)
      most = &s->wanted[i];
  }
  while (free_lane(s)) submit(s, free_lane(s), most, PLAIN);
  return drain(s, e);
}

static bool is_over(const stress *s) {
  return cm_os_now_ns() - s->start_ns >= s->o->wall_ns || (s->o->cancel && *s->o->cancel);
}

static cm_code load(stress *s, cm_err *e) {
  cm_code code = CM_OK;
  uint32_t crowd = 1;
  const uint64_t pause = QUIET_MS_MAX * UINT64_C(1000000);
  while (!is_over(s) && !code) {
    if (below(s, 8) == 0) crowd = 1 + below(s, s->o->jobs);
    while (s->busy < crowd) submit_any(s);
    code = poll_one(s, e);
    if (code || cm_os_now_ns() - s->quiet_ns < pause) continue;
    code = drain(s, e);
    look_at_memory(s);
  }
  cm_err ignored;
  cm_code rest = drain(s, code ? &ignored : e);
  look_at_memory(s);
  return code ? code : rest;
}

static cm_code run(stress *s, cm_err *e) {
  cm_code code = ask_alone(s, e);
  s->start_ns = s->quiet_ns = cm_os_now_ns();
  if (!code) code = touch_all(s, e);
  if (!code) code = load(s, e);
  s->out->seconds = (double)(cm_os_now_ns() - s->start_ns) / 1e9;
  if (s->out->rss_first) s->out->growth = (double)s->out->rss_last / (double)s->out->rss_first - 1;
  if (!code && s->o->cancel && *s->o->cancel) code = cm_fail(e, CM_E_CANCELLED, 0, "interrupted");
  return code;
}

static cm_code open_arenas(stress *s, cm_err *e) {
  s->arena = cm_arena_open(ARENA_MAX);
  bool fine = s->arena != NULL;
  for (uint32_t i = 0; i < s->o->jobs && fine; i++)
    fine = (s->lanes[i].arena = cm_arena_open(ARENA_MAX)) != NULL;
  return fine ? CM_OK : no_memory(e);
}

cm_code cm_stress_run(const cm_stress_options *o, cm_stress_result *out, cm_err *e) {
  *out = (cm_stress_result){.growth = NAN};
  if (o->jobs < 1 || o->jobs > CM_STRESS_JOBS_MAX || !o->parallel || !o->max_tokens)
    return cm_fail(e, CM_E_USAGE, 0, "a stress has 1 to %d requests on their way",
                   CM_STRESS_JOBS_MAX);
  stress *s = cm_alloc(1, sizeof *s);
  if (!s) return no_memory(e);
  s->o = o, s->out = out;
  s->dice = cm_stat_random_of(o->seed, 3);
  cm_code code = open_arenas(s, e);
  if (!code) code = run(s, e);
  for (uint32_t i = 0; i < o->jobs; i++) cm_arena_close(s->lanes[i].arena);
  cm_arena_close(s->arena);
  cm_free(s);
  return code;
}

bool cm_stress_passed(const cm_stress_result *r) {
  const bool grew =
      r->growth > CM_STRESS_GROWTH_MAX && r->rss_last - r->rss_first > CM_STRESS_GROWTH_BYTES;
  return !r->different && !r->errors && !grew;
}
