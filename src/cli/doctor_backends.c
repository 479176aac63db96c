/* Whether a request is answered as things are, and which sources of answers there are. */
#include <string.h>

#include "answer/answer.h"
#include "base/os.h"
#include "cli/backends.h"
#include "cli/doctor.h"
#include "cli/verdict.h"

enum {
  ARENA_MAX = 64 << 20,
  CONNECT_MS = 500, /* of a server that nobody waits for */
  FIRST_MS = 2000
};
static const char section[] = "backends";

/* --- which ones --- */

/* One name, or several with commas between them. */
static const char *order(const cm_doctor *d) {
  return strcmp(d->o->backend, "auto") == 0 ? d->o->auto_order : d->o->backend;
}

static bool is_chosen(const cm_doctor *d, const char *name) {
  for (const char *p = order(d);;) {
    const size_t n = strcspn(p, ",");
    if (cm_str_is(cm_str_trim((cm_str){p, n}), name)) return true;
    if (!p[n]) return false;
    p += n + 1;
  }
}

static bool is_ours(const char *name) { return strcmp(name, cm_backend_cpu.name) == 0; }

/* Somebody has set an option that begins with its name: --NAME-url and the like. */
static bool is_configured(const cm_doctor *d, const char *name) {
  const size_t n = strlen(name);
  for (size_t i = 0; cm_opt_at(i); i++)
    if (strncmp(cm_opt_at(i)->name, name, n) == 0 && cm_opt_at(i)->name[n] == '-' &&
        cm_opts_setting(d->o, cm_opt_at(i))->origin.from != CM_FROM_DEFAULT)
      return true;
  return false;
}

/* --- one request --- */

static cm_code ask(const cm_doctor *d, cm_opened *opened, cm_arena *a, cm_answer *out, cm_err *e) {
  const cm_opts *o = &d->silent;
  cm_guard guard;
  cm_code code = cm_guard_open(&guard, o, e);
  cm_question q = {.request = CM_STR("list files"),
                   .shell = o->shell,
                   .candidates = 1,
                   .max_tokens = o->max_tokens,
                   .cancel = &cm_ui_cancel,
                   .safety = guard.safety,
                   .where = &guard.where,
                   .level = guard.level};
  q.sampling = (cm_sample_options){
      (float)o->temperature,    o->top_k,       (float)o->top_p, (float)o->min_p,
      (float)o->repeat_penalty, o->repeat_last, o->seed};
  q.deadline_ns = cm_os_now_ns() + o->timeout * UINT64_C(1000000000);
  if (!code) code = cm_answer_ask(opened->backend, &q, a, out, e);
  cm_guard_close(&guard);
  return code;
}

/* What `cmdai WORDS` would end with. */
static int status_of(const cm_err *e, bool while_asking) {
  return while_asking && e->code == CM_E_NOTFOUND ? CM_EXIT_NO_ANSWER : cm_ui_status(e);
}

static const char *advice(int status) {
  switch (status) {
    case CM_EXIT_USAGE: return "correct the option or the setting (cmdai config show)";
    case CM_EXIT_NO_BACKEND: return "start the server, or let this machine answer: -b cpu";
    case CM_EXIT_MODEL:
      return "see cmdai models list, fetch one with cmdai models pull NAME, or take the model "
             "that "
             "is built in: leave -m, CMDAI_MODEL and the setting model out";
    case CM_EXIT_NO_ANSWER: return "choose another model: cmdai models list";
    case CM_EXIT_TIMEOUT: return "give it more time (--timeout), or choose a smaller model";
    default: return "try again";
  }
}

static void say_answer(cm_doctor *d, const char *name, const cm_answer *r, uint64_t start_ns) {
  cm_doctor_say(d, section, name, CM_WELL, NULL, "%s%s%s answered \"list files\" in %.0f ms: %.*s",
                r->model.id, r->model.quant[0] ? " " : "", r->model.quant,
                (double)(cm_os_now_ns() - start_ns) / 1e6, r->n ? (int)r->choices[0].command.n : 0,
                r->n ? r->choices[0].command.p : "");
}

/* Sources that were asked in vain; all of them, if there is no answer. */
static void say_fallbacks(cm_doctor *d, const cm_answer *r) {
  for (size_t i = 0; i < r->n_fallback; i++)
    cm_doctor_say(d, section, r->fallback[i].backend, d->status ? CM_ILL : CM_WARN,
                  d->status ? advice(d->status) : "it is asked in vain; the next one answers",
                  "%s", r->fallback[i].error);
}

/* The main job. */
static void try_request(cm_doctor *d, cm_opened *opened, cm_arena *a) {
  cm_answer r = {0};
  cm_err e = {0};
  const uint64_t start = cm_os_now_ns();
  cm_code code = cm_opened_open(opened, &d->silent, cm_opts_model(d->o), false, 1, &e);
  const bool asking = !code;
  if (!code) code = ask(d, opened, a, &r, &e);
  if (!code && r.refused)
    code = cm_fail(&e, CM_E_NOTFOUND, 0, "the model declined to list files: %.*s",
                   (int)(r.reason.n < 120 ? r.reason.n : 120), r.reason.p);
  d->status = code ? status_of(&e, asking) : CM_EXIT_OK;
  say_fallbacks(d, &r);
  if (!code) say_answer(d, r.backend, &r, start);
  else if (!r.n_fallback)
    cm_doctor_say(d, section, order(d), CM_ILL, advice(d->status), "%s", e.msg);
  cm_opened_close(opened);
}

/* --- the other sources --- */

/* Opens one source by itself. */
static cm_code open_alone(cm_doctor *d, const char *name, cm_opened *opened, cm_err *e) {
  cm_opts alone = d->silent;
  const bool is_first = cm_str_is((cm_str){order(d), strcspn(order(d), ",")}, name);
  alone.backend = name;
  cm_code code =
      cm_opened_open(opened, &alone, is_first ? cm_opts_model(d->o) : NULL, false, 1, e);
  if (code || is_ours(name)) return code;
  cm_backend_close(opened->backend);
  opened->backend = NULL;
  opened->options.connect_ms = CONNECT_MS;
  opened->options.first_ms = FIRST_MS;
  opened->options.attempts = 1;
  return cm_backend_open(&opened->backend, name, &opened->options, e);
}

/* Our own engine answers a request; of a server it is enough to say which model it has. */
static cm_code ask_alone(cm_doctor *d, const char *name, cm_opened *opened, cm_arena *a,
                         cm_err *e) {
  const uint64_t start = cm_os_now_ns();
  cm_answer r = {0};
  cm_source s = {0};
  cm_code code = open_alone(d, name, opened, e);
  if (code) return code;
  if (is_ours(name)) {
    code = ask(d, opened, a, &r, e);
    if (!code) say_answer(d, name, &r, start);
    return code;
  }
  const uint64_t deadline = start + (CONNECT_MS + FIRST_MS) * UINT64_C(2000000);
  code = cm_backend_identify(opened->backend, deadline, &cm_ui_cancel, &s, e);
  if (!code)
    cm_doctor_say(d, section, name, CM_WELL, NULL, "there, with the model %s %s", s.model.id,
                  s.model.quant);
  return code;
}

/* A server that nobody set up and that isn't there is nothing to speak of. */
static void try_alone(cm_doctor *d, const char *name, cm_arena *a) {
  cm_err e = {0};
  cm_opened *opened = cm_alloc(1, sizeof *opened);
  if (!opened) return;
  cm_code code = ask_alone(d, name, opened, a, &e);
  const bool is_expected = is_ours(name) || is_chosen(d, name) || is_configured(d, name);
  if (code && (is_expected || code == CM_E_MODEL))
    cm_doctor_say(d, section, name, CM_WARN, advice(cm_ui_status(&e)), "%s", e.msg);
  cm_opened_close(opened);
  cm_free(opened);
}

static bool has_line(const cm_doctor *d, const char *name) {
  for (size_t i = 0; i < d->n; i++)
    if (d->checks[i].section == section && strcmp(d->checks[i].name, name) == 0) return true;
  return false;
}

void cm_doctor_backends(cm_doctor *d) {
  cm_arena *a = cm_arena_open(ARENA_MAX);
  cm_opened *opened = cm_alloc(1, sizeof *opened);
  if (!a || !opened) {
    cm_free(opened);
    cm_arena_close(a);
    d->status = CM_EXIT_NO_BACKEND;
    cm_doctor_say(d, section, "request", CM_ILL, "close other programs", "out of memory");
    return;
  }
  if (d->o->wrong) d->status = CM_EXIT_USAGE; /* the line of the configuration says why */
  else try_request(d, opened, a);
  for (size_t i = 0; cm_backend_name_at(i); i++) {
    cm_arena_reset(a);
    if (!has_line(d, cm_backend_name_at(i))) try_alone(d, cm_backend_name_at(i), a);
  }
  cm_free(opened);
  cm_arena_close(a);
}
