#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/os.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/settings.h"

/* A new command is one file and one row here. */
static const cm_command commands[] = {
    {"ask", CM_FOR_ASK, false, cm_cmd_ask, "[OPTIONS] WORDS...",
     "answer a request with one command (also without \"ask\")"},
    {"check", CM_FOR_CHECK, true, cm_cmd_check, "check [--] 'COMMAND' | - | --hook",
     "what a command would do, and whether it may run"},
    {"test", CM_FOR_TEST, true, cm_cmd_test,
     "test [PATH | @TAG | tier:T | ID]... | SUBCOMMAND ...",
     "run test cases against the model, gate and report"},
    {"serve", CM_FOR_SERVE, true, cm_cmd_serve, "serve [OPTIONS]",
     "answer over HTTP, as Ollama and OpenAI do"},
    {"models", CM_FOR_MODELS, true, cm_cmd_models,
     "models list | pull NAME... | import FILE | verify | rm NAME... | prune | path | inspect "
     "FILE |"
     " quantize IN OUT TYPE",
     "fetch, keep, look into and convert model files"},
    {"bench", CM_FOR_BENCH, true, cm_cmd_bench, "bench [OPTIONS]",
     "tokens per second on this machine"},
    {"debug", CM_FOR_DEBUG, true, cm_cmd_debug, "debug tokenize TEXT | generate --text T",
     "tokens and logits, for bug reports"},
    {"config", CM_FOR_CONFIG, true, cm_cmd_config,
     "config show | get KEY | set KEY VALUE | unset KEY | path",
     "settings: what they are, where each comes from, and changing your own"},
    {"doctor", CM_FOR_DOCTOR, true, cm_cmd_doctor, "doctor",
     "whether requests will be answered here, and what to do if not"},
    {"init", CM_FOR_INIT, true, cm_cmd_init, "init bash|zsh|fish",
     "a key in your shell that turns the line into a command; with completions"},
    {"completion", CM_FOR_COMPLETION, true, cm_cmd_completion, "completion bash|zsh|fish|man",
     "shell completions and the man page"},
};
enum { COUNT = sizeof commands / sizeof *commands, SETTINGS_MAX = 32 << 20 };

const cm_command *cm_command_at(size_t i) { return i < COUNT ? &commands[i] : NULL; }

static const cm_command *by_name(const char *name) {
  for (size_t i = 0; i < COUNT; i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

static const char statuses[] =
    "Exit status:\n"
    "  0 a command was produced          6 blocked by the safety level\n"
    "  1 output could not be written     7 a person has to confirm it\n"
    "  2 usage or configuration error    8 timed out\n"
    "  3 no backend could answer       125 with -x: the command was not run\n"
    "  4 model missing or corrupt      130 interrupted\n"
    "  5 no usable answer, or the model declined\n";

static const char serve_statuses[] =
    "Exit status:\n"
    "  0 ended by SIGTERM or Ctrl-C      3 the port is taken, no libmicrohttpd, no backend\n"
    "  2 usage or configuration error    4 model missing or corrupt\n";

static const char test_statuses[] =
    "Exit status:\n"
    "  0 all is well                     5 a danger was let through (before 1)\n"
    "  1 cases or a gate failed          6 only budgets were broken\n"
    "  2 usage or fixture error          7 the run is incomplete\n"
    "  3 errors, timeouts, no model    130 interrupted\n"
    "  4 no case is selected, or too little was measured to judge\n";

static int help(const cm_command *c) {
  cm_buf b;
  cm_buf_init(&b, 1 << 16);
  if (c->option_set == CM_FOR_ASK) {
    cm_buf_puts(&b,
                "Usage: cmdai [OPTIONS] WORDS...\n       cmdai COMMAND [OPTIONS] ...\n\n"
                "Turns a request in plain words into one shell command, with a language model on "
                "this machine.\n\n"
                "  cmdai find files larger than 1GB\n  cmdai -o json \"what uses port "
                "8080\"\n\nCommands:\n");
    for (size_t i = 0; i < COUNT; i++)
      cm_buf_printf(&b, "  %-12s %s\n", commands[i].name, commands[i].help);
  } else {
    cm_buf_printf(&b, "Usage: cmdai %s\n\n%s\n", c->usage, c->help);
  }
  cm_buf_puts(&b, "\nOptions (environment variable in parentheses, default in brackets):\n");
  cm_opts_help(c->option_set, &b);
  cm_buf_printf(&b, "\n%s",
                c->option_set == CM_FOR_TEST    ? test_statuses
                : c->option_set == CM_FOR_SERVE ? serve_statuses
                                                : statuses);
  return cm_ui_out_buf(&b);
}

static int version(void) {
  cm_buf b;
  cm_buf_init(&b, 256);
  cm_buf_printf(&b, "cmdai " CM_VERSION "\nbuild %s\n", cm_build_id);
  return cm_ui_out_buf(&b);
}

/* 1, for what can't be written, is a failed case where tests are run. */
static int show(const cm_command *c, const cm_opts *o) {
  const int status = o->help ? help(c) : version();
  return status && c->option_set == CM_FOR_TEST ? CM_EXIT_NO_BACKEND : status;
}

/* Which program this is, and all that isn't as it comes. */
static void trace_start(const cm_command *c, const cm_opts *o) {
  cm_buf b;
  cm_str line;
  cm_ui_trace(o, "cmdai " CM_VERSION ", build %s, %s, %u cores, %s: %s", cm_build_id, cm_os_name(),
              cm_os_cpu_count(), cm_isa_name(cm_cpu_best()), c->name);
  cm_buf_init(&b, SETTINGS_MAX);
  cm_settings_table(o, true, &b);
  for (cm_str rest = {b.p ? b.p : "", b.n}; cm_str_line(&rest, &line);)
    cm_ui_trace(o, "setting: %.*s", (int)line.n, line.p);
  cm_buf_close(&b);
}

static int execute(const cm_command *c, cm_opts *o, char **operands, size_t n) {
  if (!cm_opts_debug(o)) return c->run(o, operands, n);
  o->verbose = true;
  trace_start(c, o);
  const int status = c->run(o, operands, n);
  cm_ui_trace(o, "status %d", status);
  return status;
}

volatile int cm_ui_cancel;

/* A request can't be wrong in two ways at once: first what the user typed, then
 * what stands around it. */
static int run(const cm_command *c, char **args, size_t n_args, char **operands,
               cm_arena *settings) {
  cm_opts o;
  cm_err typed = {0}, around = {0};
  size_t n = 0;
  cm_opts_defaults(&o);
  if (!cm_config_load(&o, settings, &around)) cm_opts_environment(&o, &around);
  cm_code code =
      cm_opts_parse(&o, c->option_set, c->options_anywhere, args, n_args, operands, &n, &typed);
  if (!code && (o.help || o.version)) return show(c, &o);
  if (around.code && (c->option_set & CM_FOR_SETUP)) o.wrong = &around;
  const cm_err *e = code ? &typed : around.code && !o.wrong ? &around : NULL;
  if (e && c->option_set == CM_FOR_ASK) return cm_ask_refuse(&o, e);
  const int status = e ? cm_ui_fail(CM_EXIT_USAGE, "%s", e->msg) : execute(c, &o, operands, n);
  return c->option_set == CM_FOR_TEST ? cm_ui_owe(&o, status) : status;
}

int main(int argc, char **argv) {
  const cm_command *c = argc > 1 ? by_name(argv[1]) : NULL;
  size_t skip = c ? 2 : 1;
  if (!c) c = &commands[0];
  /* A request notices a signal between two tokens and reports it; the others just end. */
  cm_os_catch_signals(c->option_set & (CM_FOR_ASK | CM_FOR_TEST | CM_FOR_SERVE) ? &cm_ui_cancel
                                                                                : NULL);
  char *sentence[] = {"--", argc == 2 ? argv[1] : NULL};
  if (argc == 2 && strchr(argv[1], ' ')) argv = sentence, argc = 2, skip = 0;
  size_t n = (size_t)argc > skip ? (size_t)argc - skip : 0;
  char **operands = cm_alloc(n + 1, sizeof *operands);
  cm_arena *settings = cm_arena_open(SETTINGS_MAX);
  int status = operands && settings ? run(c, argv + skip, n, operands, settings)
                                    : cm_ui_fail(CM_EXIT_NO_BACKEND, "out of memory");
  cm_arena_close(settings);
  cm_free(operands);
  return status;
}
