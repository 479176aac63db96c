/* cmdai serve: the model over HTTP. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "cli/backends.h"
#include "cli/secret.h"
#include "cli/verdict.h"
#include "serve/serve.h"

enum { DEFAULT_SLOTS = 16, BODY_LEAST = 1024, BODY_MOST = 1 << 30 };

/* Everything one run holds. */
typedef struct server {
  const cm_opts *o;
  cm_guard guard;
  cm_opened opened;
  char *token;
  cm_serve_options serve;
  char engine[64];
} server;

static void on_ready(void *user, const char *url) {
  const server *s = user;
  cm_ui_note(s->o, "%s %s, %u at once; listening on %s", s->serve.model.id, s->serve.model.quant,
             s->serve.slots, url);
}

static void on_log(void *user, const char *line) { cm_ui_note(((server *)user)->o, "%s", line); }

/* --- options --- */

static cm_code read_limits(server *s, cm_err *e) {
  const cm_opts *o = s->o;
  uint64_t body = 0;
  if (!cm_opts_size(o->body_limit, &body) || body < BODY_LEAST || body > BODY_MOST)
    return cm_fail(e, CM_E_USAGE, 0, "--body-limit takes a size from 1KiB to 1GiB, not \"%.40s\"",
                   o->body_limit);
  s->serve.host = o->host;
  s->serve.port = (uint16_t)o->port;
  s->serve.origins = o->origins.items, s->serve.n_origins = o->origins.n;
  s->serve.slots = o->batch ? o->batch : DEFAULT_SLOTS;
  s->serve.queue = o->queue;
  s->serve.body_max = (size_t)body;
  s->serve.timeout_ms = o->timeout * 1000;
  s->serve.drain_ms = o->drain * 1000;
  s->serve.idle_ms = o->idle * 1000;
  s->serve.max_tokens = o->max_tokens;
  return CM_OK;
}

static cm_code open_parts(server *s, cm_err *e) {
  cm_serve_options *w = &s->serve;
  cm_code code = cm_guard_open(&s->guard, s->o, e);
  if (!code) code = cm_opened_open(&s->opened, s->o, cm_opts_model(s->o), true, w->slots, e);
  if (!code) code = cm_opened_identify(&s->opened, &w->model, e);
  /* The one before it may come back, and hold more. */
  if (s->opened.source.n_failed) w->model.token_bytes = 0;
  if (code) return code;
  snprintf(s->engine, sizeof s->engine, "cmdai " CM_VERSION "+%s", cm_build_id);
  w->engine = s->engine;
  w->backend = s->opened.backend;
  w->alias = cm_opts_model(s->o);
  w->safety = s->guard.safety;
  w->where = &s->guard.where;
  w->level = s->guard.level;
  w->shell = s->o->shell;
  w->stop = &cm_ui_cancel;
  w->ready = on_ready;
  w->log = s->o->verbose ? on_log : NULL;
  w->user = s;
  return CM_OK;
}

/* A port that is taken, or a library that isn't there, is a server that can't be. */
static int status_of(const cm_err *e) {
  const bool nowhere = e->code == CM_E_IO || e->code == CM_E_UNSUPPORTED;
  return nowhere ? CM_EXIT_NO_BACKEND : cm_ui_status(e);
}

int cm_cmd_serve(const cm_opts *o, char **operands, size_t n) {
  server s = {.o = o};
  cm_err e = {0};
  if (n)
    return cm_ui_fail(
        CM_EXIT_USAGE,
        "serve takes options only, not \"%.40s\"; did you mean: cmdai ask serve ...?",
        operands[0]);
  cm_code code = cm_secret_find(o, "token-file", o->token_file, "CMDAI_SERVE_TOKEN", &s.token, &e);
  s.serve.token = s.token;
  if (!code) code = read_limits(&s, &e);
  int status = code ? CM_EXIT_USAGE : 0;
  if (!code) {
    code = open_parts(&s, &e);
    status = code ? cm_ui_status(&e) : 0;
  }
  if (!code) {
    code = cm_serve_run(&s.serve, &e);
    status = code ? status_of(&e) : 0;
  }
  if (code) cm_ui_fail(status, "%s", e.msg);
  cm_opened_close(&s.opened);
  cm_guard_close(&s.guard);
  cm_secret_drop(s.token);
  return status;
}
