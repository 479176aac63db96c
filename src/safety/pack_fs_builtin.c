/* safety/pack_fs_builtin: what a shell does itself. Wrappers (eval, exec, command, trap,
 * source) are unwrapped by sh/resolve. Sources: POSIX.1-2017 chapter 2, the manuals of bash and
 * zsh. */
#include "safety/packs.h"

static const cm_program programs[] = {
    {".|source", NULL, NULL, CM_ARGV_NONE, CM_SAFE},
    {":|false|true", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
    {"[[|((|let", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
    {"add-zsh-hook|autoload|bindkey|compdef|compinit|emulate|functions|limit|nocorrect|noglob|"
     "print|rehash|sched|setopt|unfunction|unhash|unlimit|unsetopt|vared|whence|where|"
     "zcompile|zle|zmodload|zparseopts|zstyle",
     NULL, NULL, CM_ARGV_NONE, CM_SAFE},
    {"alias|unalias", NULL, NULL, 0, CM_SAFE},
    {"bind|break|builtin|caller|cd|chdir|command|compgen|complete|compopt|continue|declare|"
     "dirs|echo|eval|exec|exit|export|getopt|getopts|hash|help|integer|float|local|logout|"
     "mapfile|popd|printf|private|pushd|pwd|read|readarray|readonly|return|set|shift|shopt|"
     "trap|type|typeset|ulimit|umask|unset|which|whereis|z|autojump|j",
     NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
    {"date|gdate", "I::d:f:r:s:v:",
     "date= debug file= help iso-8601=? reference= resolution rfc-3339= set= utc version", 0,
     CM_SAFE},
    {"dircolors|gdircolors|lesspipe|lesspipe.sh|keychain|thefuck|zoxide|starship|direnv|atuin|"
     "mcfly|tset",
     NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"enable", "f:d:", NULL, 0, CM_SAFE},
    {"hwclock", "f:",
     "adjust adjfile= date= delay= epoch= getepoch hctosys help rtc= set setepoch= show "
     "systohc systz update-drift utc verbose version",
     0, CM_SAFE},
    {"man|apropos|info|manpath|pinfo|whatis|makewhatis|mandb", "C:H::L:M:P:S:e:m:p:s:",
     "config-file= local-file manpath= pager= preprocessor= sections=", 0, CM_SAFE},
    {"sleep|usleep|yes", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
};

static const cm_rule rules[] = {
    {"builtin.load", "enable -f", CM_FX_HIGH, "loads foreign code into the shell"},
    {"builtin.pager", "man -P|--pager !-P|--pager=cat|less*|more|most|col*|bat*|*/less|*/cat",
     CM_FX_HIGH, "hands a manual page to a program that isn't a pager"},
    {"builtin.clock", "date|gdate -s|--set", CM_FX_MODERATE, "sets the clock"},
    {"builtin.clock", "hwclock -s|-w|-a|--adjust|--hctosys|--set|--systohc|--systz|--setepoch",
     CM_FX_MODERATE, "sets the clock"},
    {"builtin.index", "mandb|makewhatis", CM_FX_MODERATE, "rebuilds the index of manual pages"},
};

const cm_pack cm_pack_fs_builtin = {
    "builtin", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
