/* Assignments that carry code: variables whose value some program runs or loads. */
#include <string.h>

#include "safety/judge.h"
#include "safety/taint.h"

typedef enum value_kind {
  VALUE_COMMAND, /* shell code */
  VALUE_FILE,    /* a file that is loaded and run */
  VALUE_PATHS,   /* directories that programs or libraries are looked for in */
  VALUE_OPTIONS  /* options that may carry code */
} value_kind;

/* Source: the manuals of bash, ld.so, git, man, less, Python, Perl, Ruby, Node.js, Java. */
static const struct {
  const char *names;
  value_kind kind;
} variables[] = {
    {"PAGER|GIT_PAGER|MANPAGER|SYSTEMD_PAGER|AWS_PAGER|PSQL_PAGER|BAT_PAGER", VALUE_COMMAND},
    {"EDITOR|VISUAL|GIT_EDITOR|GIT_SEQUENCE_EDITOR|KUBE_EDITOR|SUDO_EDITOR|FCEDIT", VALUE_COMMAND},
    {"GIT_SSH_COMMAND|GIT_SSH|GIT_EXTERNAL_DIFF|GIT_PROXY_COMMAND|RSYNC_RSH|CVS_RSH",
     VALUE_COMMAND},
    {"GIT_ASKPASS|SSH_ASKPASS|SUDO_ASKPASS|BROWSER|LESSOPEN|LESSCLOSE|MANOPT|PROMPT_COMMAND|"
     "PS0|PS4",
     VALUE_COMMAND},
    {"BASH_ENV|ENV|PYTHONSTARTUP|LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|PERL5DB|ZDOTDIR|"
     "GIT_CONFIG|GIT_CONFIG_GLOBAL|GIT_CONFIG_SYSTEM|OPENSSL_CONF|INPUTRC|KUBECONFIG",
     VALUE_FILE},
    {"PATH|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|PYTHONPATH|PERL5LIB|PERLLIB|RUBYLIB|NODE_PATH|"
     "GIT_EXEC_PATH|GIT_TEMPLATE_DIR|CLASSPATH|GOPATH",
     VALUE_PATHS},
    {"PERL5OPT|RUBYOPT|NODE_OPTIONS|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|MAVEN_OPTS|TF_CLI_ARGS*|"
     "GIT_CONFIG_KEY_*|GIT_CONFIG_VALUE_*|GIT_CONFIG_PARAMETERS|npm_config_*|LESS|MAKEFLAGS|"
     "RUSTC_WRAPPER|CARGO_BUILD_RUSTC_WRAPPER|CC|CXX|LD",
     VALUE_OPTIONS},
};

static void judge_file(cm_judging *j, const cm_rword *value, const cm_run *run) {
  const cm_written *file = cm_taint_file(j, value, run);
  cm_place place = cm_path_of(value, &run->cwd, j->context).place;
  if (file && (file->taint & CM_TAINT_HIDDEN))
    cm_report(j, "env.code", CM_CRITICAL, "makes programs load what was downloaded or decoded",
              run, value->span);
  else if (place == CM_PLACE_TMP || place == CM_PLACE_APP || place == CM_PLACE_UNKNOWN)
    cm_report(j, "env.code", CM_HIGH, "makes programs load code from a place that others may fill",
              run, value->span);
  else if (place == CM_PLACE_WORK || place == CM_PLACE_ARTEFACT)
    cm_report(j, "env.code", CM_MODERATE, "makes programs load code of yours", run, value->span);
}

/* The directories of a list, up to the old value: those that are looked at first. */
static void judge_paths(cm_judging *j, const cm_rword *value, const cm_run *run) {
  cm_str rest = value->text;
  while (rest.n && rest.p[0] != CM_HOLE && rest.p[0] != '$') {
    size_t n = 0;
    while (n < rest.n && rest.p[n] != ':') n++;
    cm_rword dir = *value;
    dir.text = (cm_str){rest.p, n};
    if (n && cm_path_of(&dir, &run->cwd, j->context).place == CM_PLACE_TMP)
      cm_report(j, "env.path", CM_HIGH, "looks for programs in a place that others may fill first",
                run, value->span);
    rest = n < rest.n ? (cm_str){rest.p + n + 1, rest.n - n - 1} : (cm_str){0};
  }
}

/* Values that aren't words of a command but run one: "|lesspipe %s", "!cmd". */
static cm_str command_in(cm_str value) {
  while (value.n && strchr("|!- ", value.p[0])) value.p++, value.n--;
  return value;
}

static void judge_assignment(cm_judging *j, cm_str name, const cm_rword *value,
                             const cm_run *run) {
  size_t i = 0;
  while (i < CM_COUNT(variables) && !cm_glob_any(cm_str_of(variables[i].names), name)) i++;
  if (i == CM_COUNT(variables) || !value->text.n) return;
  switch (variables[i].kind) {
    case VALUE_COMMAND: cm_judge_code(j, command_in(value->text), run); break;
    case VALUE_FILE: judge_file(j, value, run); break;
    case VALUE_PATHS: judge_paths(j, value, run); break;
    case VALUE_OPTIONS:
      if (memchr(value->text.p, '/', value->text.n))
        cm_report(j, "env.options", CM_MODERATE, "hands options to programs that may load code",
                  run, value->span);
  }
}

/* export NAME=value and its like. */
static void judge_exports(cm_judging *j, const cm_run *run) {
  if (run->n < 2 ||
      !cm_glob_any(CM_STR("export|declare|typeset|readonly|local|setenv"), run->program))
    return;
  for (size_t i = 1; i < run->n; i++) {
    cm_rword word = run->words[i];
    const char *equals = word.text.n ? memchr(word.text.p, '=', word.text.n) : NULL;
    if (!equals) continue;
    cm_str name = {word.text.p, (size_t)(equals - word.text.p)};
    word.text = (cm_str){equals + 1, word.text.n - name.n - 1};
    judge_assignment(j, name, &word, run);
  }
}

void cm_judge_env(cm_judging *j, const cm_run *run) {
  for (size_t i = 0; i < run->n_env; i++)
    judge_assignment(j, run->env[i].name, &run->env[i].value, run);
  judge_exports(j, run);
}
