/* cmdai completion: shell completions and the man page, from the tables of commands and options.
 */
#include <string.h>

#include "cli/cli.h"

static void bash(cm_buf *b) {
  cm_buf_puts(b,
              "_cmdai() {\n  local cur=${COMP_WORDS[COMP_CWORD]}\n"
              "  if [[ $cur == -* ]]; then\n    mapfile -t COMPREPLY < <(compgen -W '");
  for (size_t i = 0; cm_opt_at(i); i++) cm_buf_printf(b, "--%s ", cm_opt_at(i)->name);
  cm_buf_puts(b,
              "' -- \"$cur\")\n  elif [[ $COMP_CWORD == 1 ]]; then\n    mapfile -t COMPREPLY < "
              "<(compgen -W '");
  for (size_t i = 0; cm_command_at(i); i++) cm_buf_printf(b, "%s ", cm_command_at(i)->name);
  cm_buf_puts(
      b,
      "' -- \"$cur\")\n  else\n    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n  fi\n}\n"
      "complete -o filenames -F _cmdai cmdai\n");
}

/* Text inside '…' with a backslash before the characters in `special`. */
static void quoted(const char *s, const char *special, cm_buf *b) {
  for (; *s; s++) {
    if (*s == '\'') cm_buf_puts(b, "'\\''");
    else if (strchr(special, *s)) cm_buf_printf(b, "\\%c", *s);
    else cm_buf_putc(b, *s);
  }
}

static void zsh(cm_buf *b) {
  cm_buf_puts(b, "#compdef cmdai\n_arguments -s \\\n");
  for (size_t i = 0; cm_opt_at(i); i++) {
    const cm_opt *t = cm_opt_at(i);
    cm_buf_printf(b, "  '--%s%s[", t->name, t->kind == CM_OPT_MAYBE ? "=-" : t->arg ? "=" : "");
    quoted(t->help, "[]:", b);
    cm_buf_puts(b, "]");
    if (t->arg) cm_buf_printf(b, ":%s:%s", t->arg, strcmp(t->arg, "FILE") == 0 ? "_files" : "");
    cm_buf_puts(b, "' \\\n");
  }
  cm_buf_puts(b, "  '1:command:(");
  for (size_t i = 0; cm_command_at(i); i++)
    cm_buf_printf(b, "%s%s", i ? " " : "", cm_command_at(i)->name);
  cm_buf_puts(b, ")' '*:words:_files'\n");
}

static void fish(cm_buf *b) {
  for (size_t i = 0; cm_command_at(i); i++)
    cm_buf_printf(
        b, "complete -c cmdai -n __fish_use_subcommand -a %s -d '%s'\n", cm_command_at(i)->name,
        strcmp(cm_command_at(i)->name, "ask") == 0 ? "answer a request" : cm_command_at(i)->help);
  for (size_t i = 0; cm_opt_at(i); i++) {
    const cm_opt *t = cm_opt_at(i);
    cm_buf_printf(b, "complete -c cmdai -l %s", t->name);
    if (t->letter) cm_buf_printf(b, " -s %c", t->letter);
    if (t->arg && t->kind != CM_OPT_MAYBE) cm_buf_puts(b, " -r");
    cm_buf_puts(b, " -d '");
    quoted(t->help, "", b);
    cm_buf_puts(b, "'\n");
  }
}

/* roff text: a leading dot or quote and backslashes mean something there. */
static void roff(const char *s, cm_buf *b) {
  if (*s == '.' || *s == '\'') cm_buf_puts(b, "\\&");
  for (; *s; s++) {
    if (*s == '\\') cm_buf_puts(b, "\\e");
    else if (*s == '-') cm_buf_puts(b, "\\-");
    else cm_buf_putc(b, *s);
  }
}

static void man_options(cm_buf *b) {
  for (size_t i = 0; cm_opt_at(i); i++) {
    const cm_opt *t = cm_opt_at(i);
    cm_buf_puts(b, ".TP\n.B ");
    if (t->letter) cm_buf_printf(b, "\\-%c, ", t->letter);
    cm_buf_puts(b, "\\-\\-");
    roff(t->name, b);
    const bool maybe = t->kind == CM_OPT_MAYBE;
    if (t->arg) cm_buf_printf(b, maybe ? "[=\\fI%s\\fR]" : " \\fI%s\\fR", t->arg);
    cm_buf_putc(b, '\n');
    roff(t->help, b);
    if (t->choices) cm_buf_printf(b, ": %s", t->choices);
    if (t->fallback) cm_buf_printf(b, " (default %s)", t->fallback);
    if (t->env) cm_buf_printf(b, "; environment \\%%%s", t->env);
    cm_buf_puts(b, ".\n");
  }
}

static void man(cm_buf *b) {
  cm_buf_puts(b, ".TH CMDAI 1 \"\" \"cmdai " CM_VERSION
                 "\"\n.SH NAME\ncmdai \\- turn plain words into one shell command\n"
                 ".SH SYNOPSIS\n.B cmdai\n[\\fIOPTIONS\\fR] \\fIWORDS\\fR...\n");
  for (size_t i = 1; cm_command_at(i); i++) {
    cm_buf_puts(b, ".br\n.B cmdai\n");
    roff(cm_command_at(i)->usage, b);
    cm_buf_putc(b, '\n');
  }
  cm_buf_puts(b,
              ".SH DESCRIPTION\nGenerates one shell command for a request with a language model "
              "that runs on this "
              "machine, judges by parsing what it would do, and prints it; with \\-x it also runs "
              "it, under the rules of the safety level. Words may also come on stdin; with "
              "both, stdin is context.\n"
              ".SH COMMANDS\n");
  for (size_t i = 0; cm_command_at(i); i++) {
    cm_buf_printf(b, ".TP\n.B %s\n", cm_command_at(i)->name);
    roff(cm_command_at(i)->help, b);
    cm_buf_puts(b, ".\n");
  }
  cm_buf_puts(b, ".SH OPTIONS\n");
  man_options(b);
  cm_buf_puts(
      b,
      ".SH EXIT STATUS\n0 a command was produced; 1 output could not be written; 2 usage "
      "or configuration error; 3 no backend could "
      "answer; 4 model missing, corrupt or unsupported; 5 no usable answer, or the model "
      "declined; 6 blocked by the safety level; 7 a person has to confirm it; 8 timed out; "
      "130 interrupted. With \\-x the status is the command's own; 125 means that it was "
      "not run.\n.PP\n"
      "Of cmdai test: 0 all is well; 1 cases or a gate failed; 2 usage or fixture error; 3 "
      "infrastructure; 4 no case is selected; 5 a danger was let through, which outranks 1; 6 "
      "only budgets were broken; 7 the run is incomplete; 130 interrupted.\n"
      ".SH FILES\n.TP\n.I $XDG_CONFIG_HOME/cmdai/config.yaml\nSettings of the user: the "
      "names of options that have an environment variable, and the lists allow and deny of "
      "commands by their shape, such as \\[dq]git push \\-\\-force\\-with\\-lease\\[dq].\n"
      ".TP\n.I ./.cmdai.yaml\nSettings of a project: only output, shell, a stricter safety, "
      "fixtures, golden and deny.\n");
}

static const struct {
  const char *name;
  void (*write)(cm_buf *b);
} kinds[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}, {"man", man}};

bool cm_completion_write(const char *shell, cm_buf *out) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].name, shell) != 0) continue;
    kinds[i].write(out);
    return true;
  }
  return false;
}

int cm_cmd_completion(const cm_opts *o, char **operands, size_t n) {
  cm_buf b;
  (void)o;
  cm_buf_init(&b, 1 << 18);
  if (n == 1 && cm_completion_write(operands[0], &b)) return cm_ui_out_buf(&b);
  return cm_ui_fail(
      CM_EXIT_USAGE,
      "usage: cmdai completion bash|zsh|fish|man; did you mean: cmdai ask completion ...?");
}
