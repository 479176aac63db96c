#include "safety/remote_code.h"

/* Where a program keeps the code: in an option's value, or in an operand behind a word. */
typedef struct carrier {
  const char *programs, *word; /* the operand that says so; NULL: none is needed */
  const char *options;         /* NULL: an operand has it */
  unsigned char behind;        /* which one behind `word` */
} carrier;

static const carrier carriers[] = {
    {"aws", "send-command", "parameters|commands", 0},
    {"az", "invoke", "scripts", 0},
    {"bolt", "run", NULL, 1},
    {"consul", "exec", NULL, 1},
    {"doctl", "ssh", "ssh-command", 0},
    {"eb", "ssh", "c|command", 0},
    {"fly|flyctl", "console", "C|command", 0},
    {"knife", "ssh", NULL, 2},
    {"salt|salt-call|salt-ssh", "cmd.run|cmd.shell|cmd.run_all|cmd.run_stdout|cmd.retcode", NULL,
     1},
    {"mco", "run", NULL, 1},
    {"salt-ssh", NULL, "r|raw", 0},
    {"sops", "exec-env|exec-file", NULL, 2},
};

/* commands=["rm x"] -> rm x */
static cm_str without_frame(cm_str text) {
  size_t equals = cm_str_find(text, CM_STR("commands="));
  if (equals != 0) return text;
  text.p += 9, text.n -= 9;
  while (text.n && cm_glob_any(CM_STR("[[\"']"), (cm_str){text.p, 1})) text.p++, text.n--;
  while (text.n && cm_glob_any(CM_STR("[]\"']"), (cm_str){text.p + text.n - 1, 1})) text.n--;
  return text;
}

/* The operand that matches; n_operands: none. */
static size_t find_operand(const cm_call *call, const char *alternatives) {
  size_t i = 0;
  while (i < call->n_operands && !cm_glob_any(cm_str_of(alternatives), call->operands[i].value))
    i++;
  return i;
}

static void judge_carrier(cm_judging *j, const carrier *c, const cm_run *run) {
  const cm_call *call = &j->call;
  size_t at = c->word ? find_operand(call, c->word) : 0;
  if (c->word && at == call->n_operands) return;
  if (!c->options) {
    if (at + c->behind < call->n_operands)
      cm_judge_code(j, call->operands[at + c->behind].value, run);
    return;
  }
  for (size_t i = 0; i < call->n_options; i++)
    if (call->options[i].has_value && cm_glob_any(cm_str_of(c->options), call->options[i].name))
      cm_judge_code(j, without_frame(call->options[i].value), run);
}

/* ansible -a is code for the modules that start a command; `command` is what it uses alone. */
static void judge_ansible(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  cm_str args = {0}, module = CM_STR("command");
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    if (arg->has_value && cm_glob_any(CM_STR("a|args"), arg->name)) args = arg->value;
    if (arg->has_value && cm_glob_any(CM_STR("m|module-name"), arg->name)) module = arg->value;
  }
  if (args.n && cm_glob_any(CM_STR("command|shell|raw|script|win_shell|win_command|*.command|"
                                   "*.shell|*.raw|*.win_shell|*.win_command"),
                            module))
    cm_judge_code(j, args, run);
}

void cm_remote_code(cm_judging *j, const cm_run *run) {
  cm_str name = j->known.name;
  if (cm_str_is(name, "ansible")) judge_ansible(j, run);
  for (size_t i = 0; i < CM_COUNT(carriers); i++)
    if (cm_glob_any(cm_str_of(carriers[i].programs), name)) judge_carrier(j, &carriers[i], run);
}
