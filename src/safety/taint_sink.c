/* Where text must not go: unread code into interpreters, secrets into the network. */
#include <string.h>

#include "safety/taint.h"

static bool has(cm_str s, char c) { return s.n && memchr(s.p, c, s.n); }
static bool has_hole(cm_str s) { return has(s, CM_HOLE); }

static void report(cm_judging *j, const char *rule, const char *why, const cm_run *run) {
  cm_report(j, rule, CM_CRITICAL, why, run, run->span);
}

/* --- code ------------------------------------------------------------------------------------ */

static void judge_hidden(cm_judging *j, const cm_run *run, unsigned taint) {
  j->unresolved = true;
  if (taint & CM_TAINT_NETWORK) report(j, "code.fetched", "runs what comes from the network", run);
  else if (taint & CM_TAINT_DECODED) report(j, "code.decoded", "runs text that is decoded", run);
  else report(j, "code.unknown", "runs code that is computed and can't be read here", run);
}

/* The name of the program is itself the output of a command. */
static void judge_name(cm_judging *j, const cm_run *run) {
  const cm_run *source = run->words[0].source;
  unsigned taint = source ? cm_taint_out(j, source) : 0;
  if (taint & (CM_TAINT_NETWORK | CM_TAINT_DECODED)) judge_hidden(j, run, taint);
}

static bool is_shell(cm_str program) {
  return cm_glob_any(CM_STR("sh|bash|dash|zsh|ksh|mksh|ash|fish|source|.|busybox|rbash"), program);
}

static bool is_interpreter(cm_str program) {
  return is_shell(program) ||
         cm_glob_any(CM_STR("python*|pypy*|perl*|ruby*|node|nodejs|php*|lua*|Rscript|pwsh|"
                            "powershell|osascript|java|deno|bun|tclsh|expect|awk|gawk|make|"
                            "msiexec|wine|guile|julia|groovy|scala|swift"),
                     program);
}

/* An interpreter whose code isn't in the text. */
static void judge_code_run(cm_judging *j, const cm_run *run) {
  unsigned taint = cm_taint_in(j, run);
  /* "$x rm a": the words behind a program that isn't known, which may be empty. */
  if (taint == 0 && !is_interpreter(run->program)) return;
  if (taint == 0 || (taint & CM_TAINT_HIDDEN)) judge_hidden(j, run, taint);
  else if (taint & CM_TAINT_FILE)
    cm_report(j, "code.file", CM_MODERATE, "runs a file whose content isn't known here", run,
              run->span);
}

/* What builds a tree that was fetched: as `make`, it is judged for what it is. */
static bool builds(const cm_rword *word) {
  return cm_glob_any(CM_STR("*configure|*/gradlew|*/mvnw|*/bootstrap|*/autogen.sh|*/activate|"
                            "*setup.py|*/manage.py|*activate.fish"),
                     word->text);
}

static void judge_file(cm_judging *j, const cm_rword *word, const cm_run *run, bool shell) {
  const cm_written *file = cm_taint_file(j, word, run);
  if (!file || (file->tree && builds(word))) return;
  if (file->taint & CM_TAINT_NETWORK) report(j, "code.fetched", "runs what was downloaded", run);
  else if (file->taint & CM_TAINT_DECODED)
    report(j, "code.decoded", "runs a file that was decoded", run);
  else if (file->text.p && shell) cm_judge_code(j, file->text, run);
}

/* Files that this text wrote before it runs them. */
static void judge_files(cm_judging *j, const cm_run *run) {
  if (!cm_taint_any_file(j)) return;
  bool path = has(run->program, '/') || has_hole(run->program);
  if (path) judge_file(j, &run->words[0], run, true);
  if (!is_interpreter(run->program)) return;
  bool shell = is_shell(run->program), first = true, valued = false;
  bool words_only = cm_str_is(run->program, "make");
  for (size_t i = 1; i < run->n && first; i++) {
    bool option = run->words[i].text.n && run->words[i].text.p[0] == '-';
    const cm_written *file = cm_taint_file(j, &run->words[i], run);
    /* of a tree only what is run counts, not the folder of `python -m venv` */
    if (file && !(file->tree && (option || words_only))) judge_file(j, &run->words[i], run, shell);
    if (option && cm_glob_any(CM_STR("-m|-c|-e"), run->words[i].text)) words_only = true;
    /* what follows the script is for the script; a first word behind an option may be its value */
    first = option || valued || words_only;
    valued = option;
  }
}

/* --- secrets --------------------------------------------------------------------------------- */

static void judge_private(cm_judging *j, const cm_run *run, unsigned taint) {
  if (taint & CM_TAINT_SECRET)
    report(j, "data.secret-sent", "sends keys, tokens or passwords away", run);
  else if (taint & CM_TAINT_ENV)
    report(j, "data.environment-sent", "sends the environment away", run);
  /* A password on stdin is how ssh's far side, gh and docker log in. */
  else if (taint & CM_TAINT_VARIABLE &&
           !cm_glob_any(CM_STR("ssh|mosh|autossh|dbclient|gh|glab|docker|podman"), run->program))
    report(j, "data.secret-sent", "sends keys, tokens or passwords away", run);
}

/* scp and rsync send only when they copy to another host. */
static bool is_sender(const cm_judging *j, const cm_run *run) {
  if (cm_glob_any(CM_STR("scp|rsync|sftp|rcp"), run->program)) {
    const cm_rword *last = &run->words[run->n - 1];
    return cm_path_of(last, &run->cwd, j->context).place == CM_PLACE_REMOTE;
  }
  return j->known.base && (j->known.program->how & CM_PROGRAM_SENDS);
}

/* Files that the commands of a transfer name: "put /etc/shadow". */
static bool names_secret(const cm_judging *j, const cm_run *run) {
  cm_str rest = run->in_text->text;
  while (rest.n) {
    size_t n = 0;
    while (n < rest.n && !strchr(" \t\n;\"'", rest.p[n])) n++;
    cm_rword word = {.text = {rest.p, n}};
    if (n && cm_path_of(&word, &run->cwd, j->context).secret) return true;
    n += n < rest.n;
    rest = (cm_str){rest.p + n, rest.n - n};
  }
  return false;
}

/* What the rest of a script reads may be what one of its calls sends. */
static unsigned script_reads(cm_judging *j, const cm_run *run) {
  unsigned taint = 0;
  if (!run->language || !run->via) return 0;
  for (size_t i = 0; i < j->runs->n; i++) {
    const cm_run *other = j->runs->items[i];
    if (other->language && other->via == run->via && other->n == 0)
      taint |= cm_taint_in(j, other) & CM_TAINT_PRIVATE;
  }
  return taint;
}

static void judge_sender(cm_judging *j, const cm_run *run) {
  if (is_sender(j, run)) judge_private(j, run, cm_taint_in(j, run) | script_reads(j, run));
  if (run->in_text && cm_glob_any(CM_STR("ftp|lftp|sftp|tftp|smbclient|ncftpput"), run->program) &&
      names_secret(j, run))
    judge_private(j, run, CM_TAINT_SECRET);
}

/* A shell that reads its commands, or a command that is read, from what its surroundings open:
 * "env bash -i >& /dev/tcp/…", "exec 5<>/dev/tcp/…; sh <&5". */
static bool listens(const cm_run *run) {
  if (run->n && has_hole(run->program)) return (run->words[0].from & CM_FROM_INPUT) != 0;
  if (!run->n || !is_shell(run->program)) return false;
  for (size_t i = 1; i < run->n; i++)
    if (!run->words[i].text.n || run->words[i].text.p[0] != '-' || has(run->words[i].text, 'c'))
      return false;
  return true;
}

/* sh -i < pipe | openssl s_client …: its answers go to the other end. */
static bool gives_shell(const cm_run *run) {
  return run->in && !run->in->in_text && run->in->n && listens(run->in) &&
         cm_str_is(run->program, "openssl");
}

static bool any_listens(cm_judging *j) {
  if (j->looked_for_shells) return false;
  j->looked_for_shells = true;
  for (size_t i = 0; i < j->runs->n; i++)
    if (listens(j->runs->items[i])) return true;
  return false;
}

static void judge_network_redirs(cm_judging *j, const cm_run *run) {
  for (size_t i = 0; i < run->n_redirs; i++) {
    const cm_rredir *r = &run->redirs[i];
    if (r->sub || !cm_path_of(&r->target, &run->cwd, j->context).network) continue;
    if ((run->n && is_interpreter(run->program)) || any_listens(j)) {
      report(j, "net.reverse-shell", "gives a shell to another machine", run);
      return;
    }
    if (r->op == CM_REDIR_READ) continue;
    judge_private(j, run, cm_taint_out(j, run));
    if (run->n > 1)
      cm_report(j, "net.send", CM_MODERATE, "sends its output over the network", run, r->span);
  }
}

/* --- start-up files -------------------------------------------------------------------------- */

/* How the code in a file that runs by itself is written. */
typedef enum startup_kind { STARTUP_NONE, STARTUP_SHELL, STARTUP_CRON, STARTUP_UNIT } startup_kind;

static startup_kind kind_of(const cm_rword *word, const cm_run *run,
                            const cm_sh_context *context) {
  static const struct {
    const char *paths;
    startup_kind kind;
  } rows[] = {
      {"/etc/profile|/etc/profile.d/*|/etc/bash.bashrc|/etc/zsh/*|/etc/rc.local|"
       "/etc/cron.hourly/*|/etc/cron.daily/*|/etc/cron.weekly/*|/etc/cron.monthly/*|/etc/init.d/*|"
       "*.git/hooks/*",
       STARTUP_SHELL},
      {"/etc/crontab|/etc/cron.d/*|/var/spool/cron/*", STARTUP_CRON},
      {"*.service|*.desktop|*.timer|*.socket", STARTUP_UNIT},
  };
  for (size_t i = 0; i < CM_COUNT(rows); i++)
    if (cm_glob_any(cm_str_of(rows[i].paths), word->text)) return rows[i].kind;
  if (cm_path_of(word, &run->cwd, context).place != CM_PLACE_DOTFILE) return STARTUP_NONE;
  bool shell =
      cm_glob_any(CM_STR("*rc|*profile|*login|*logout|*aliases|*.zshenv|*/fish/*"), word->text);
  return shell ? STARTUP_SHELL : STARTUP_NONE;
}

static cm_str skip_word(cm_str s) {
  while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s.p++, s.n--;
  while (s.n && s.p[0] != ' ' && s.p[0] != '\t') s.p++, s.n--;
  return s;
}

/* "0 5 * * * root COMMAND", "@daily root COMMAND"; the user's word may be missing. */
static void judge_cron_line(cm_judging *j, cm_str line, const cm_run *run, bool has_user) {
  line = cm_str_trim(line);
  if (!line.n || line.p[0] == '#') return;
  size_t fields = line.p[0] == '@' ? 1 : 5;
  for (size_t i = 0; i < fields + has_user; i++) line = skip_word(line);
  cm_judge_code(j, line, run);
}

void cm_judge_cron(cm_judging *j, cm_str text, const cm_run *run, bool has_user) {
  for (cm_str line; cm_str_line(&text, &line);) judge_cron_line(j, line, run, has_user);
}

/* Exec…=COMMAND of systemd and of the desktop. */
static void judge_unit(cm_judging *j, cm_str text, const cm_run *run) {
  for (cm_str line; cm_str_line(&text, &line);) {
    const char *equals = line.n ? memchr(line.p, '=', line.n) : NULL;
    if (!equals || !cm_str_starts(line, CM_STR("Exec"))) continue;
    size_t used = (size_t)(equals + 1 - line.p);
    cm_judge_code(j, (cm_str){equals + 1, line.n - used}, run);
  }
}

static void judge_startup_text(cm_judging *j, startup_kind kind, cm_str text, const cm_run *run) {
  switch (kind) {
    case STARTUP_NONE: break;
    case STARTUP_SHELL: cm_judge_code(j, text, run); break;
    case STARTUP_CRON: cm_judge_cron(j, text, run, true); break;
    case STARTUP_UNIT: judge_unit(j, text, run);
  }
}

/* True: there was something to judge. */
static bool judge_startup(cm_judging *j, const cm_rword *word, const cm_run *run, unsigned taint,
                          cm_str text) {
  startup_kind kind = kind_of(word, run, j->context);
  if (!kind) return false;
  if (taint & (CM_TAINT_NETWORK | CM_TAINT_DECODED))
    report(j, "startup.hidden", "makes code run by itself that nobody can read here", run);
  else if (text.p) judge_startup_text(j, kind, text, run);
  return true;
}

/* curl -o /etc/cron.d/x, curl … | crontab - */
static void judge_startup_fetched(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  unsigned how = j->known.base ? j->known.program->how : 0;
  for (size_t i = 0; (how & CM_PROGRAM_FETCHES) && i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    if (!arg->has_value || !cm_glob_any(CM_STR("o|O|output|output-document"), arg->name)) continue;
    cm_rword word = *arg->at;
    word.text = arg->value;
    (void)judge_startup(j, &word, run, CM_TAINT_NETWORK, (cm_str){0});
  }
  if (cm_glob_any(CM_STR("crontab|fcrontab|at|batch"), run->program) && run->in &&
      (cm_taint_in(j, run) & (CM_TAINT_NETWORK | CM_TAINT_DECODED)))
    report(j, "startup.hidden", "makes code run by itself that nobody can read here", run);
}

/* The first such file is enough: all get the same text. */
static void judge_startup_writes(cm_judging *j, const cm_run *run) {
  cm_str text = {0};
  bool done = false;
  if (run->n_redirs) text = cm_taint_text(j, run);
  for (size_t i = 0; i < run->n_redirs && !done; i++) {
    const cm_rredir *r = &run->redirs[i];
    if (r->sub || r->op == CM_REDIR_READ || r->op >= CM_REDIR_READ_WRITE) continue;
    done = judge_startup(j, &r->target, run, cm_taint_out(j, run), text);
  }
  if (!cm_str_is(run->program, "tee")) return;
  text = run->in_text ? run->in_text->text : (cm_str){0};
  for (size_t i = 1; i < run->n && !done; i++)
    done = judge_startup(j, &run->words[i], run, cm_taint_in(j, run), text);
}

/* --- loops ----------------------------------------------------------------------------------- */

static bool has_pause(const cm_runs *runs) {
  for (size_t i = 0; i < runs->n; i++)
    if (runs->items[i]->loop && !runs->items[i]->background &&
        cm_glob_any(CM_STR("sleep|wait|read|inotifywait|timeout|usleep"), runs->items[i]->program))
      return true;
  return false;
}

/* "while true; do x & done": without a pause it never stops starting more. Once is enough. */
static void judge_loop(cm_judging *j, const cm_run *run) {
  if (!run->loop || !run->background || j->looked_at_loops) return;
  j->looked_at_loops = true;
  if (!has_pause(j->runs))
    report(j, "proc.fork-bomb", "starts more and more processes without end", run);
}

void cm_judge_flow(cm_judging *j, const cm_run *run) {
  if (run->n && has_hole(run->program)) judge_name(j, run);
  else if (run->kind == CM_RUN_CODE) judge_code_run(j, run);
  if (run->n) judge_files(j, run);
  if (run->n) judge_sender(j, run);
  if (run->n) cm_judge_variables(j, run);
  if (run->n_redirs) judge_network_redirs(j, run);
  if (run->n && gives_shell(run) && is_sender(j, run))
    report(j, "net.reverse-shell", "gives a shell to another machine", run);
  judge_startup_writes(j, run);
  if (run->n) judge_startup_fetched(j, run);
  if (run->n) judge_loop(j, run);
}
