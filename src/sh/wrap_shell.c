/* Shells: sh -c, shells that read a pipe, su -c, ssh. */
#include <string.h>

#include "sh/wrap.h"

void cm_wrap_code(cm_eval *ev, cm_evrun *r, const cm_rword *code, const cm_rword *args,
                  size_t n_args) {
  if (cm_str_all_holes(code->text)) {
    cm_run_is_code(ev, r);
    return;
  }
  cm_frame saved = ev->f;
  cm_run_stdin(ev, r);
  if (r->out_elsewhere) ev->f.sink = NULL;
  cm_walk_shell(ev, code, r, args, n_args);
  ev->f = saved;
}

/* `sh <script` */
static bool reads_file(const cm_run *run) {
  bool file = false;
  for (size_t i = 0; i < run->n_redirs; i++)
    if (run->redirs[i].fd == 0 || (run->redirs[i].fd == -1 && run->redirs[i].op == CM_REDIR_READ))
      file = run->redirs[i].op == CM_REDIR_READ && !run->redirs[i].sub;
  return file;
}

bool cm_wrap_stdin(cm_eval *ev, cm_evrun *r, const cm_rword *args, size_t n_args) {
  const cm_rword *text = r->run.in_text;
  if (!text && !r->run.in && reads_file(&r->run)) cm_run_is_code(ev, r);
  if (!text && !r->run.in) return false;
  if (!text || cm_str_all_holes(text->text)) cm_run_is_code(ev, r);
  if (!text && !r->own_in && ev->f.partial) text = &ev->f.partial->word;
  if (!text || cm_str_all_holes(text->text)) return true;
  cm_frame saved = ev->f;
  if (r->out_elsewhere) ev->f.sink = NULL;
  ev->f.in = NULL;
  ev->f.input = ev->f.partial = NULL;
  cm_walk_shell(ev, text, r, args, n_args);
  ev->f = saved;
  return true;
}

/* The text behind /dev/fd/3, where a redirection gives one; NULL: not so. */
static const cm_rword *descriptor_text(const cm_eval *ev, const cm_evrun *r, cm_str path) {
  cm_str digit = {path.p, 0};
  if (cm_str_starts(path, CM_STR("/dev/fd/"))) digit = (cm_str){path.p + 8, path.n - 8};
  if (cm_str_starts(path, CM_STR("/proc/self/fd/"))) digit = (cm_str){path.p + 14, path.n - 14};
  if (digit.n != 1 || digit.p[0] < '0' || digit.p[0] > '9') return NULL;
  int fd = digit.p[0] - '0';
  const cm_rredir *from = ev->fds[fd];
  for (size_t i = 0; i < r->run.n_redirs; i++)
    if (r->run.redirs[i].fd == fd) from = &r->run.redirs[i];
  bool text = from && (from->op == CM_REDIR_HERE_DOC || from->op == CM_REDIR_HERE_STRING);
  return text ? &from->target : NULL;
}

/* A shell's operand: a file is just that; a pipe is code. */
static bool shell_file(cm_eval *ev, cm_evrun *r, const cm_rword *file) {
  if (cm_str_is(file->text, "/dev/stdin") || cm_str_is(file->text, "/dev/fd/0") ||
      cm_str_is(file->text, "/proc/self/fd/0") || cm_str_is(file->text, "-"))
    return cm_wrap_stdin(ev, r, NULL, 0);
  const cm_rword *here = descriptor_text(ev, r, file->text);
  if (here) {
    cm_wrap_code(ev, r, here, NULL, 0);
    return true;
  }
  if (!cm_str_all_holes(file->text) || !file->source) return false;
  const cm_val *text = ((const cm_evrun *)file->source)->text;
  if (!(file->from & CM_FROM_OUTPUT)) return false;
  if (!text) {
    cm_run_is_code(ev, r);
    return true;
  }
  cm_rword code = cm_word_of_val(text, file->span);
  cm_wrap_code(ev, r, &code, NULL, 0);
  return true;
}

bool cm_wrap_sh(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  static const cm_argv_spec spec = {"o:O:", "rcfile= init-file=", CM_ARGV_STOP | CM_ARGV_PLUS};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  bool command = false, input = false;
  (void)w;
  while (cm_argv_next(&v, &arg)) {
    if (cm_str_is(arg.name, "c")) command = true;
    if (cm_str_is(arg.name, "s")) input = true;
    if (cm_str_is(arg.name, "version") || cm_str_is(arg.name, "help")) return false;
    if (cm_str_is(arg.name, "rcfile") || cm_str_is(arg.name, "init-file")) {
      if (arg.at && shell_file(ev, r, arg.at)) return true;
    }
  }
  size_t at = v.next, n = r->run.n;
  if (command && at < n) {
    size_t args = at + 2 < n ? at + 2 : n;
    cm_log *mark = ev->log;
    cm_var *zero = at + 1 < n ? cm_env_var(ev, CM_VARS, CM_STR("0")) : NULL;
    if (zero) {
      cm_env_set(ev, zero, cm_files_of(ev, &r->run.words[at + 1]));
      zero->exported = true;
    }
    cm_wrap_code(ev, r, &r->run.words[at], r->run.words + args, n - args);
    if (zero) zero->exported = false;
    cm_env_back(ev, mark);
    return true;
  }
  if (at < n && !input) return shell_file(ev, r, &r->run.words[at]);
  return cm_wrap_stdin(ev, r, r->run.words + at, n - at);
}

/* su [options] [-] [user [arguments]]: options may stand behind the user. */
bool cm_wrap_su(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v = cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, 0});
  cm_arg arg;
  cm_frame saved = ev->f;
  cm_rword code = {0};
  size_t command = 0;
  bool user_option = false, root = true, done = false;
  while (cm_argv_next(&v, &arg)) {
    bool c = cm_str_is(arg.name, "c") || cm_str_is(arg.name, "command") ||
             cm_str_is(arg.name, "session-command");
    if (arg.option && c && arg.has_value) code = cm_wrap_piece(arg.at, arg.value);
    bool user = cm_str_is(arg.name, "u") || cm_str_is(arg.name, "user");
    if (user && arg.has_value) user_option = true, root = cm_str_is(arg.value, "root");
    if (arg.option || cm_str_is(arg.value, "-")) continue;
    if (user_option) {
      command = arg.index;
      break;
    }
    root = cm_str_is(arg.value, "root") || arg.word->from;
  }
  ev->f.root = root;
  if (code.text.p) cm_wrap_code(ev, r, &code, NULL, 0), done = true;
  else if (command)
    cm_run_words(ev, r, r->run.words + command, r->run.n - command, CM_START_PROGRAM), done = true;
  else done = cm_wrap_stdin(ev, r, NULL, 0);
  ev->f = saved;
  return done;
}

/* -o ProxyCommand=… runs here. */
static void ssh_option(cm_eval *ev, cm_evrun *r, const cm_arg *arg) {
  static const char *const keys[] = {"proxycommand", "localcommand", "knownhostscommand"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    cm_str key = cm_str_of(keys[i]);
    size_t k = 0;
    while (k < key.n && k < arg->value.n && (arg->value.p[k] | 32) == key.p[k]) k++;
    if (k < key.n) continue;
    while (k < arg->value.n && strchr("= \t", arg->value.p[k])) k++;
    cm_rword code = cm_wrap_piece(arg->at, (cm_str){arg->value.p + k, arg->value.n - k});
    if (!cm_str_is(code.text, "none")) cm_wrap_code(ev, r, &code, NULL, 0);
  }
}

bool cm_wrap_ssh(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
  cm_arg arg;
  bool tunnel = false;
  while (cm_argv_next(&v, &arg)) {
    if (cm_str_is(arg.name, "o") && arg.has_value) ssh_option(ev, r, &arg);
    tunnel |= cm_str_is(arg.name, "N") || cm_str_is(arg.name, "W");
  }
  size_t at = v.next + 1;
  if (tunnel || at > r->run.n) return false;
  /* options may stand behind the host, too: ssh host -p 22 command */
  if (at < r->run.n && r->run.words[at].text.n > 1 && r->run.words[at].text.p[0] == '-') {
    v.next = at;
    v.ended = false;
    while (cm_argv_next(&v, &arg))
      if (cm_str_is(arg.name, "o") && arg.has_value) ssh_option(ev, r, &arg);
    at = v.next;
  }
  cm_frame saved = ev->f;
  cm_log *mark = ev->log;
  bool done = true;
  ev->f.remote = true;
  ev->f.root = false;
  cm_env_set(ev, &ev->cwd, cm_val_text(CM_STR("~")));
  if (at < r->run.n) {
    cm_rword code = cm_words_joined(ev, r->run.words + at, r->run.n - at);
    cm_wrap_code(ev, r, &code, NULL, 0);
  } else {
    done = cm_wrap_stdin(ev, r, NULL, 0);
  }
  ev->f = saved;
  cm_env_back(ev, mark);
  return done;
}
