/* safety/pack_fs_builtin: what a shell does itself; wrappers, which do nothing but start what
 * sh/resolve finds in them; clocks and manuals. Sources: POSIX.1-2017 chapter 2, the manuals of
 * bash and zsh, the manual pages of date, hwclock, man. */
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
    {"apropos|info|makewhatis|man|mandb|manpath|pinfo|whatis", "C:H::L:M:P:S:e:m:p:s:",
     "config-file= local-file manpath= pager= preprocessor= sections=", 0, CM_SAFE},
    {"atuin|dircolors|direnv|gdircolors|keychain|lesspipe|lesspipe.sh|mcfly|starship|thefuck|"
     "tset|zoxide",
     NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"carapace|chef|devbox|docker-machine|navi|scmpuff|sheldon|vfox", NULL, NULL, 0, CM_MODERATE},
    {"carapace|chef|navi|scmpuff|sheldon|vfox _carapace|activate|init|shell-init|source|widget",
     NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"crc|pkgx", NULL, NULL, 0, CM_MODERATE},
    {"crc docker-env|oc-env|podman-env", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"devbox shellenv", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"devbox global shellenv", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"docker-machine env", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"docker-machine active|config|inspect|ip|ls|status|url|version", NULL, NULL, 0, CM_SAFE},
    {"hub alias", "s", NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"autojump|bind|break|builtin|caller|cd|chdir|command|compgen|complete|compopt|continue|"
     "declare|dirs|echo|eval|exec|exit|export|float|getopt|getopts|hash|help|integer|j|local|"
     "logout|mapfile|popd|printf|private|pushd|pwd|read|readarray|readonly|return|set|shift|"
     "shopt|trap|type|typeset|ulimit|umask|unset|whereis|which|z",
     NULL, NULL, CM_ARGV_NONE, CM_SAFE},
    {"busybox|bwrap|catchsegv|chpst|chroot|doas|env|envdir|fakeroot|gxargs|ifne|nsenter|"
     "parallel|pkexec|proot|runcon|runuser|sem|setpriv|setuidgid|softlimit|start-stop-daemon|"
     "su|sudo|sulogin|toybox|uclampset|unshare|xargs",
     NULL, NULL, CM_ARGV_STOP, CM_SAFE},
    {"chronyc|chvt|fgconsole|kbd_mode|loadkeys|ntpq|openvt|setfont", NULL, NULL, 0, CM_SAFE},
    {"date|gdate", "I::d:f:r:s:v:",
     "date= debug file= help iso-8601=? reference= resolution rfc-3339= set= utc version", 0,
     CM_SAFE},
    {"enable", "f:d:", NULL, 0, CM_SAFE},
    {"hwclock", "f:",
     "adjust adjfile= date= delay= epoch= getepoch hctosys help rtc= set setepoch= show "
     "systohc systz update-drift utc verbose version",
     0, CM_SAFE},
    {"lckdo|mispipe|pee|vipe", NULL, NULL, CM_ARGV_STOP, CM_SAFE},
    {"ntpdate", "a:e:k:o:p:t:", NULL, 0, CM_MODERATE},
    {"printenv", NULL, NULL, 0, CM_SAFE},
    {"sleep|usleep|yes", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
};

static const cm_rule rules[] = {
    {"builtin.load", "enable -f", CM_FX_HIGH, "loads foreign code into the shell"},
    {"builtin.pager", "man -P|--pager !-P|--pager=cat|less*|more|most|col*|bat*|*/less|*/cat",
     CM_FX_HIGH, "hands a manual page to a program that isn't a pager"},
    {"builtin.clock", "date|gdate -s|--set", CM_FX_MODERATE, "sets the clock"},
    {"builtin.clock", "hwclock -s|-w|-a|--adjust|--hctosys|--set|--systohc|--systz|--setepoch",
     CM_FX_MODERATE, "sets the clock"},
    {"builtin.clock", "ntpdate !-q", CM_FX_MODERATE, "sets the clock"},
    {"builtin.clock", "chronyc makestep|settime|manual|burst", CM_FX_MODERATE, "sets the clock"},
    {"builtin.clock-query", "ntpdate -q", CM_FX_HARMLESS, "only asks for the time"},
    {"builtin.index", "mandb|makewhatis", CM_FX_MODERATE, "rebuilds the index of manual pages"},
};

const cm_pack cm_pack_fs_builtin = {
    "builtin", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
