/* safety/pack_fs_edit: programs with a language of their own for editing: sed, awk, ed, editors and
 * patch. Sources: POSIX.1-2017 sed, awk, ed; the manuals of GNU sed, gawk, Vim, nano, patch. */
#include <string.h>

#include "safety/judge.h"

#define VIM   "ex|gvim|nvim|rvim|vi|view|vim|vim.basic|vim.tiny|vimdiff|mvim|neovide"
#define EMACS "emacs|emacs-nox|emacsclient|mg|uemacs|zile"
#define SED   "gsed|sed|ssed"
#define AWK   "awk|gawk|goawk|mawk|nawk|original-awk"

static const cm_program programs[] = {
    {"amp|bbedit|ee|gedit|geany|gnome-text-editor|hx|helix|jed|joe|jmacs|jpico|jstar|kak|kate|"
     "kwrite|"
     "leafpad|mate|mcedit|micro|mousepad|ne|nedit|pluma|sensible-editor|editor|sudoedit|textadept|"
     "tilde|xed",
     "g:u:", "user=", CM_ARGV_PLUS, CM_SAFE},
    {AWK, "F:L::d::D::E:e:f:i:l:o::p::v:",
     "assign= characters-as-bytes csv debug=? dump-variables=? exec= field-separator= file= "
     "help include= lint=? load= pretty-print=? profile=? sandbox source= version",
     CM_ARGV_STOP, CM_SAFE},
    {"code|code-insiders|codium|cursor|idea|pycharm|subl|zed|windsurf|atom|webstorm|clion|goland|"
     "rider",
     "a:d:g:m:n:r:w:",
     "add= diff= extensions-dir= force goto= help install-extension= list-extensions merge= "
     "profile= status uninstall-extension= user-data-dir= version wait",
     0, CM_SAFE},
    {"ed|red", "p:", NULL, 0, CM_SAFE},
    {EMACS, "L:T:d:f:g:l:nq:u:",
     "batch daemon=? directory= eval= execute= file= find-file= funcall= insert= load= script= "
     "visit=",
     CM_ARGV_DASH | CM_ARGV_PLUS, CM_SAFE},
    {VIM, "L::S:T:W:c:i:q:r::s:t:u:w:U:",
     "clean cmd= help remote= servername= startuptime= version", CM_ARGV_PLUS, CM_SAFE},
    {SED, "e:f:i::l:",
     "debug expression= file= follow-symlinks help in-place=? line-length= null-data posix quiet "
     "regexp-extended sandbox separate silent unbuffered version zero-terminated",
     0, CM_SAFE},
    {"nano|pico|rnano", "C:J:Q:T:X:Y:f:o:r:s:",
     "backupdir= fill= guidestripe= help operatingdir= quotestr= rcfile= speller= syntax= "
     "tabsize= "
     "version view wordchars=",
     CM_ARGV_PLUS, CM_SAFE},
    {"patch|gpatch", "B:D:F:V:Y:d:g:i:o:p:r:z:",
     "backup basename-prefix= batch binary check directory= dry-run forward fuzz= get= help "
     "ifdef= "
     "input= output= posix prefix= quoting-style= read-only= reject-file= reject-format= remove-"
     "empty-files reverse strip= suffix= version version-control=",
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
     "kwrite|"
     "leafpad|mate|mcedit|micro|mousepad|ne|nedit|pluma|sensible-editor|editor|sudoedit|textadept|"
     "tilde|xed @",
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

static void look(cm_judging *j, const cm_run *run) {
  (void)j;
  (void)run;
}

const cm_pack cm_pack_fs_edit = {
    "edit", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
