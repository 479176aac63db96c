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
    {"amp|bbedit|editor|ee|geany|gedit|gnome-text-editor|helix|hx|jed|jmacs|joe|jpico|jstar|"
     "kak|kate|kwrite|leafpad|mate|mcedit|micro|mousepad|ne|nedit|pluma|sensible-editor|"
     "sudoedit|textadept|tilde|xed",
     "g:u:", "user=", CM_ARGV_PLUS, CM_SAFE},
    {"atom|clion|code|code-insiders|codium|cursor|goland|idea|pycharm|rider|subl|webstorm|"
     "windsurf|zed",
     "a:d:g:m:n:r:w:",
     "add= diff= extensions-dir= force goto= help install-extension= list-extensions merge= "
     "profile= status uninstall-extension= user-data-dir= version wait",
     0, CM_SAFE},
    {AWK, "F:L::d::D::E:e:f:i:l:o::p::v:",
     "assign= characters-as-bytes csv debug=? dump-variables=? exec= field-separator= file= "
     "help include= lint=? load= pretty-print=? profile=? sandbox source= version",
     0, CM_SAFE},
    {"ed|red", "p:", NULL, 0, CM_SAFE},
    {EMACS, "L:T:d:f:g:l:nq:u:",
     "batch daemon=? directory= eval= execute= file= find-file= funcall= insert= load= "
     "script= visit=",
     CM_ARGV_DASH | CM_ARGV_PLUS, CM_SAFE},
    {VIM, "L::S:T:W:c:i:q:r::t:u:w:U:", "clean cmd= help remote= servername= startuptime= version",
     CM_ARGV_PLUS, CM_SAFE},
    {"gpatch|patch", "B:D:F:V:Y:d:g:i:o:p:r:z:",
     "backup basename-prefix= batch binary check directory= dry-run forward fuzz= get= help "
     "ifdef= input= output= posix prefix= quoting-style= read-only= reject-file= "
     "reject-format= remove-empty-files reverse strip= suffix= version version-control=",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {SED, "e:f:i::l:",
     "debug expression= file= follow-symlinks help in-place=? line-length= null-data posix "
     "quiet regexp-extended sandbox separate silent unbuffered version zero-terminated",
     0, CM_SAFE},
    {"nano|pico|rnano", "C:J:Q:T:X:Y:f:o:r:s:",
     "backupdir= fill= guidestripe= help operatingdir= quotestr= rcfile= speller= syntax= "
     "tabsize= version view wordchars=",
     CM_ARGV_PLUS, CM_SAFE},
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

static void judge_file(cm_judging *j, const cm_run *run, cm_effect effect, cm_str name) {
  cm_rword file = {.text = name, .span = run->span};
  if (name.n && memchr(name.p, CM_HOLE, name.n)) file.from = CM_FROM_INPUT;
  (void)cm_judge_path(j, "edit.writes", effect, "writes to a file from its script", &file, run);
}

/* A command with holes: what is put together. What stands there as it is was found before. */
static void judge_mixed(cm_judging *j, const cm_run *run, cm_str command) {
  bool known = false, hole = false;
  for (size_t i = 0; i < command.n; i++) *(command.p[i] == CM_HOLE ? &hole : &known) = true;
  if (known && hole) cm_judge_code(j, command, run);
}

static void judge_act(cm_judging *j, const cm_run *run, const cm_act *act) {
  switch (act->kind) {
    case CM_ACT_RUN: judge_mixed(j, run, act->text); break;
    case CM_ACT_FEED: judge_fed(j, run, act->text); break;
    case CM_ACT_WRITE: judge_file(j, run, CM_FX_WRITE, act->text); break;
    case CM_ACT_APPEND: judge_file(j, run, CM_FX_APPEND, act->text); break;
    case CM_ACT_INPUT:
      cm_report(j, "edit.runs-input", CM_CRITICAL, "runs what it made of its input as commands",
                run, run->span);
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

/* --- code of other languages in editors ------------------------------------------------------ */

/* :py3 …, (shell-command …) */
static void judge_command(cm_judging *j, const cm_run *run, cm_str command) {
  while (command.n && strchr(": ", command.p[0])) command.p++, command.n--;
  if (cm_glob_any(CM_STR("py *|py3 *|python *|python3 *|ruby *|perl *|tcl *|lua *|"
                         "*(shell-command*|*(call-process*|*(start-process*|*(delete-*|*(load *"),
                  command))
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

static void look(cm_judging *j, const cm_run *run) {
  cm_str name = j->known.name;
  if (cm_glob_any(CM_STR(SED), name)) judge_scripts(j, run, false);
  else if (cm_glob_any(CM_STR(AWK), name)) judge_scripts(j, run, true);
  else if (cm_glob_any(CM_STR(VIM "|" EMACS), name)) judge_commands(j, run);
}

const cm_pack cm_pack_fs_edit = {
    "edit", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
