/* safety/pack_fs_edit: programs with a language of their own for editing: sed, awk, ed, editors
 * and patch. Sources: POSIX.1-2017 sed, awk, ed; the manuals of GNU sed, gawk, Vim, nano,
 * patch. */
#include <string.h>

#include "safety/script.h"

#define VIM   "ex|gvim|nvim|rvim|vi|view|vim|vim.basic|vim.tiny|vimdiff|mvim|neovide"
#define EMACS "emacs|emacs-nox|emacsclient|mg|uemacs|zile"
#define SED   "gsed|sed|ssed"
#define AWK   "awk|gawk|goawk|mawk|nawk|original-awk"

static const cm_program programs[] = {
    {"amp|bbedit|ee|gedit|geany|gnome-text-editor|hx|helix|jed|joe|jmacs|jpico|jstar|kak|kate|"
     "kwrite|leafpad|mate|mcedit|micro|mousepad|ne|nedit|pluma|sensible-editor|editor|"
     "sudoedit|textadept|tilde|xed",
     "g:u:", "user=", CM_ARGV_PLUS, CM_SAFE},
    {AWK, "F:L::d::D::E:e:f:i:l:o::p::v:",
     "assign= characters-as-bytes csv debug=? dump-variables=? exec= field-separator= file= "
     "help include= lint=? load= pretty-print=? profile=? sandbox source= version",
     0, CM_SAFE},
    {"code|code-insiders|codium|cursor|idea|pycharm|subl|zed|windsurf|atom|webstorm|clion|"
     "goland|rider",
     "a:d:g:m:n:r:w:",
     "add= diff= extensions-dir= force goto= help install-extension= list-extensions merge= "
     "profile= status uninstall-extension= user-data-dir= version wait",
     0, CM_SAFE},
    {"ed|red", "p:", NULL, 0, CM_SAFE},
    {EMACS, "L:T:d:f:g:l:nq:u:",
     "batch daemon=? directory= eval= execute= file= find-file= funcall= insert= load= "
     "script= visit=",
     CM_ARGV_DASH | CM_ARGV_PLUS, CM_SAFE},
    {VIM, "L::S:T:W:c:i:q:r::t:u:w:U:", "clean cmd= help remote= servername= startuptime= version",
     CM_ARGV_PLUS, CM_SAFE},
    {SED, "e:f:i::l:",
     "debug expression= file= follow-symlinks help in-place=? line-length= null-data posix "
     "quiet regexp-extended sandbox separate silent unbuffered version zero-terminated",
     0, CM_SAFE},
    {"nano|pico|rnano", "C:J:Q:T:X:Y:f:o:r:s:",
     "backupdir= fill= guidestripe= help operatingdir= quotestr= rcfile= speller= syntax= "
     "tabsize= version view wordchars=",
     CM_ARGV_PLUS, CM_SAFE},
    {"patch|gpatch", "B:D:F:V:Y:d:g:i:o:p:r:z:",
     "backup basename-prefix= batch binary check directory= dry-run forward fuzz= get= help "
     "ifdef= input= output= posix prefix= quoting-style= read-only= reject-file= "
     "reject-format= remove-empty-files reverse strip= suffix= version version-control=",
     CM_PROGRAM_QUIET, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"edit.dry-run", "patch|gpatch --dry-run|-C|--check", CM_FX_HARMLESS,
     "only says what it would do"},

    {"edit.in-place", SED " -i|--in-place !-e|-f|--expression|--file * @", CM_FX_EDIT,
     "changes files in place"},
    {"edit.in-place", SED " -i|--in-place -e|-f|--expression|--file @", CM_FX_EDIT,
     "changes files in place"},
    {"edit.in-place", AWK " -i|--include=inplace !-e|-f|--file|--source * @", CM_FX_EDIT,
     "changes files in place"},
    {"edit.in-place", AWK " -i|--include=inplace -e|-f|--file|--source @", CM_FX_EDIT,
     "changes files in place"},
    {"edit.open", "ed|red @", CM_FX_EDIT, "edits a file"},
    {"edit.open", VIM " !-M|-R @", CM_FX_EDIT, "opens a file to change it"},
    {"edit.open", EMACS " !-batch|-script @", CM_FX_EDIT, "opens a file to change it"},
    {"edit.open", "nano|pico|rnano !-v|--view @", CM_FX_EDIT, "opens a file to change it"},
    {"edit.open",
     "amp|bbedit|ee|gedit|geany|gnome-text-editor|hx|helix|jed|joe|jmacs|jpico|jstar|kak|kate|"
     "kwrite|leafpad|mate|mcedit|micro|mousepad|ne|nedit|pluma|sensible-editor|editor|"
     "sudoedit|textadept|tilde|xed @",
     CM_FX_EDIT, "opens a file to change it"},
    {"edit.patch", "patch|gpatch !-o|--output @1", CM_FX_EDIT, "applies changes to a file"},
    {"edit.patch", "patch|gpatch @-d|--directory", CM_FX_EDIT,
     "applies changes to the files of a folder"},
    {"edit.patch", "patch|gpatch @-o|--output", CM_FX_CREATE, "writes a changed copy of a file"},
    {"edit.patch", "patch|gpatch !*", CM_FX_MODERATE, "applies changes to files"},
    {"edit.extension",
     "code|code-insiders|codium|cursor --install-extension|--uninstall-extension", CM_FX_MODERATE,
     "installs or removes an extension of the editor"},
};

/* --- scripts --------------------------------------------------------------------------------- */

/* A command that reads what a script prints. */
static void judge_fed(cm_judging *j, const cm_run *run, cm_str command) {
  static const char head[] = "cat | ";
  char *text = cm_arena_alloc(j->arena, sizeof head + command.n, 1);
  j->no_memory |= !text;
  if (!text) return;
  memcpy(text, head, sizeof head - 1);
  memcpy(text + sizeof head - 1, command.p, command.n);
  cm_judge_code(j, (cm_str){text, sizeof head - 1 + command.n}, run);
}

static void judge_act(cm_judging *j, const cm_run *run, const cm_act *act) {
  cm_rword file = {.text = act->text, .span = run->span};
  if (act->text.n && memchr(act->text.p, CM_HOLE, act->text.n)) file.from = CM_FROM_INPUT;
  switch (act->kind) {
    case CM_ACT_RUN: cm_judge_code(j, act->text, run); break;
    case CM_ACT_FEED: judge_fed(j, run, act->text); break;
    case CM_ACT_INPUT:
      cm_report(j, "edit.runs-input", CM_CRITICAL, "runs what it reads as commands", run,
                run->span);
      break;
    case CM_ACT_WRITE:
      (void)cm_judge_path(j, "edit.writes", CM_FX_WRITE, "writes to a file from its script", &file,
                          run);
      break;
    case CM_ACT_APPEND:
      (void)cm_judge_path(j, "edit.writes", CM_FX_APPEND, "adds to a file from its script", &file,
                          run);
      break;
    case CM_ACT_CONNECT:
      cm_report(j, "edit.connects", CM_CRITICAL, "opens a connection that can steer it", run,
                run->span);
      break;
  }
}

static void judge_script(cm_judging *j, const cm_run *run, cm_str script, bool awk) {
  cm_act act;
  size_t at = 0;
  cm_awk w = {.script = script, .arena = j->arena};
  while (awk ? cm_awk_next(&w, &act) : cm_sed_next(script, &at, &act)) judge_act(j, run, &act);
  j->no_memory |= w.no_memory;
}

static bool is_option(const cm_arg *arg, const char *names) {
  return arg->has_value && cm_glob_any(cm_str_of(names), arg->name);
}

/* sed's and awk's scripts: the values of -e, or else the first operand that isn't empty (the empty
 * one belongs to BSD's -i). */
static void judge_scripts(cm_judging *j, const cm_run *run, bool awk) {
  const cm_call *call = &j->call;
  bool any = false;
  for (size_t i = 0; i < call->n_options; i++) {
    any |= is_option(&call->options[i], "e|f|expression|file|source");
    if (is_option(&call->options[i], "e|expression|source"))
      judge_script(j, run, call->options[i].value, awk);
  }
  size_t first = call->n_operands && !call->operands[0].value.n;
  if (!any && first < call->n_operands) judge_script(j, run, call->operands[first].value, awk);
}

/* --- commands of editors --------------------------------------------------------------------- */

/* Behind an editor's ":", a range, "r", "w" and their long names: where "!" would stand. */
static cm_str skip_range(cm_str s) {
  while (s.n && strchr(": \t%$.,+-0123456789", s.p[0])) s.p++, s.n--;
  static const char *const verbs[] = {"silent", "read", "write", "r", "w", "execute", "exe"};
  for (size_t i = 0; i < CM_COUNT(verbs); i++) {
    cm_str verb = cm_str_of(verbs[i]);
    if (!cm_str_starts(s, verb) || s.n == verb.n || !strchr(" !", s.p[verb.n])) continue;
    s = (cm_str){s.p + verb.n, s.n - verb.n};
    while (s.n && strchr(" \"'", s.p[0])) s.p++, s.n--;
  }
  return s;
}

/* The string in quotes behind `name`( in `s`. */
static bool find_call(cm_str s, const char *name, cm_str *code) {
  size_t at = cm_str_find(s, cm_str_of(name));
  if (at == SIZE_MAX) return false;
  for (at += strlen(name); at < s.n && s.p[at] != '"' && s.p[at] != '\''; at++) continue;
  if (at == s.n) return false;
  const char *begin = s.p + at + 1, *end = memchr(begin, s.p[at], s.n - at - 1);
  *code = (cm_str){begin, end ? (size_t)(end - begin) : s.n - at - 1};
  return true;
}

static void judge_command(cm_judging *j, const cm_run *run, cm_str command) {
  static const char *const calls[] = {"system(",     "systemlist(", "shell-command",
                                      "os.execute(", "termopen(",   "jobstart("};
  cm_str rest = skip_range(command), code;
  if (rest.n && rest.p[0] == '!') cm_judge_code(j, (cm_str){rest.p + 1, rest.n - 1}, run);
  if (cm_str_starts(rest, CM_STR("term ")) || cm_str_starts(rest, CM_STR("terminal ")))
    cm_judge_code(j, (cm_str){rest.p + 4, rest.n - 4}, run);
  for (size_t i = 0; i < CM_COUNT(calls); i++)
    if (find_call(command, calls[i], &code)) cm_judge_code(j, code, run);
  if (cm_glob_any(CM_STR("py *|py3 *|python *|python3 *|ruby *|perl *|tcl *|lua *"), rest))
    cm_report(j, "edit.runs-code", CM_HIGH, "makes the editor run code of another language", run,
              run->span);
}

static void judge_commands(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    if (is_option(arg, "c|cmd|eval|execute")) judge_command(j, run, arg->value);
    if (arg->name.n > 1 && arg->name.p[0] == '+')
      judge_command(j, run, (cm_str){arg->name.p + 1, arg->name.n - 1});
  }
}

/* What ed and ex read from a here-document. */
static void judge_input(cm_judging *j, const cm_run *run) {
  cm_str rest = run->in_text ? run->in_text->text : (cm_str){0}, line;
  while (cm_str_line(&rest, &line)) judge_command(j, run, line);
}

static void look(cm_judging *j, const cm_run *run) {
  cm_str name = j->known.base->name;
  if (cm_glob_any(CM_STR(SED), name)) {
    judge_scripts(j, run, false);
  } else if (cm_glob_any(CM_STR(AWK), name)) {
    judge_scripts(j, run, true);
  } else if (cm_glob_any(CM_STR(VIM "|" EMACS), name)) {
    judge_commands(j, run);
  }
  if (cm_glob_any(CM_STR("ed|ex|vi|vim"), name)) judge_input(j, run);
}

const cm_pack cm_pack_fs_edit = {
    "edit", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
