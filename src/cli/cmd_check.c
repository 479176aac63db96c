/* cmdai check: the verdict of given commands; no model. */
#include <string.h>

#include "answer/answer_json.h"
#include "base/os.h"
#include "cli/cli.h"
#include "cli/hook.h"
#include "cli/verdict.h"

enum {
  ARENA_MAX = 64 << 20,
  INPUT_MAX = 4 << 20, /* bytes of one command on stdin; beyond CM_SH_TEXT_MAX it is never `run` */
  FLUSH_AT = 64 << 10
};

typedef struct check {
  const cm_opts *o;
  cm_guard guard;
  cm_arena *arena;
  cm_buf out;
  cm_decision worst;
} check;

static void put_json(check *c, cm_str command, const cm_judgement *j, unsigned indent) {
  cm_jw w;
  cm_jw_init(&w, &c->out, indent);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "schema");
  cm_jw_text(&w, "cmdai.check/1");
  cm_jw_key(&w, "command");
  cm_jw_str(&w, command);
  cm_verdict_json(&w, &j->verdict, j->decision);
  cm_jw_key(&w, "safety");
  cm_jw_text(&w, cm_level_name(c->guard.level));
  if (c->o->explain) cm_verdict_json_commands(&w, &j->verdict);
  cm_jw_end_object(&w);
  cm_buf_putc(&c->out, '\n');
}

static void put_text(check *c, cm_str command, const cm_judgement *j) {
  cm_buf_printf(&c->out, "%s: %s%s\n", cm_risk_name(j->verdict.risk),
                cm_decision_name(j->decision),
                j->verdict.unresolved ? " (not all of it could be resolved)" : "");
  cm_verdict_text(&j->verdict, &c->out);
  if (c->o->explain) cm_verdict_explain(&j->verdict, command, &c->out);
}

static cm_judgement judge(check *c, cm_str command) {
  cm_arena_reset(c->arena);
  cm_judgement j = cm_guard_judge(&c->guard, command, c->arena);
  if (j.decision > c->worst) c->worst = j.decision;
  return j;
}

static int one(check *c, cm_str command) {
  cm_judgement j = judge(c, command);
  if (cm_opts_document(c->o)) put_json(c, command, &j, 2);
  else put_text(c, command, &j);
  int status = cm_ui_out_as(c->o, &c->out);
  return status ? status : cm_guard_status(c->worst);
}

static int flush(check *c) {
  if (c->out.overflow) return cm_ui_fail(CM_EXIT_NO_BACKEND, "out of memory for the output");
  int status = cm_ui_out(c->out.p ? c->out.p : "", c->out.n);
  cm_buf_reset(&c->out);
  return status;
}

static int line(check *c, cm_str command) {
  cm_judgement j = judge(c, command);
  put_json(c, command, &j, 0);
  return c->out.n >= FLUSH_AT ? flush(c) : CM_EXIT_OK;
}

/* All whole commands in `in`; what is left over moves to its beginning. */
static int lines(check *c, cm_buf *in, bool at_end) {
  const char end = c->o->nul ? 0 : '\n';
  size_t start = 0;
  int status = CM_EXIT_OK;
  while (!status && start < in->n) {
    const char *stop = memchr(in->p + start, end, in->n - start);
    if (!stop && !at_end) break;
    size_t n = (stop ? (size_t)(stop - in->p) : in->n) - start;
    status = line(c, (cm_str){in->p + start, n});
    start += n + (stop != NULL);
  }
  memmove(in->p, in->p + start, in->n - start);
  in->n -= start;
  return status ? status : flush(c);
}

/* One command a line; each is answered as soon as it is there. */
static int stream(check *c) {
  cm_buf in;
  cm_err e;
  int status = CM_EXIT_OK;
  bool ended = false;
  cm_buf_init(&in, INPUT_MAX);
  while (!status && !ended) {
    if (cm_os_read_some(CM_OS_STDIN, &in, &ended, &e))
      status = cm_ui_fail(e.code == CM_E_CANCELLED ? CM_EXIT_INTERRUPTED : CM_EXIT_USAGE,
                          "stdin: %s", e.msg);
    else if (in.n) status = lines(c, &in, ended);
  }
  cm_buf_close(&in);
  return status ? status : cm_guard_status(c->worst);
}

/* A setting doesn't change what a stream is, which programs rely on; whoever asks here is told. */
static bool typed_yaml(const cm_opts *o) {
  const cm_setting *s = cm_opts_setting(o, cm_opt_named(CM_STR("output")));
  return s->origin.from == CM_FROM_COMMAND_LINE && strcmp(o->output, "yaml") == 0;
}

static int dispatch(check *c, char **operands, size_t n) {
  if (c->o->hook && n == 0) return cm_hook(&c->guard, c->arena);
  if (c->o->hook) return cm_ui_fail(CM_EXIT_USAGE, "--hook reads its command from stdin");
  if (n != 1)
    return cm_ui_fail(
        CM_EXIT_USAGE,
        "one command in quotes is expected: cmdai check 'rm -rf build', or - to read "
        "commands from stdin; did you mean: cmdai ask check ...?");
  const bool many = strcmp(operands[0], "-") == 0;
  if (many && typed_yaml(c->o))
    return cm_ui_fail(CM_EXIT_USAGE,
                      "check - writes one JSON object a line; -o yaml is for one command");
  if (many) return stream(c);
  return one(c, cm_str_of(operands[0]));
}

int cm_cmd_check(const cm_opts *o, char **operands, size_t n) {
  check c = {.o = o, .arena = cm_arena_open(ARENA_MAX)};
  cm_err e;
  int status;
  cm_buf_init(&c.out, 64 << 20);
  if (!c.arena) status = cm_ui_fail(CM_EXIT_NO_BACKEND, "out of memory");
  else if (cm_guard_open(&c.guard, o, &e)) status = cm_ui_fail(CM_EXIT_USAGE, "%s", e.msg);
  else status = dispatch(&c, operands, n);
  cm_guard_close(&c.guard);
  cm_buf_close(&c.out);
  cm_arena_close(c.arena);
  return status;
}
