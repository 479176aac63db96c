/* Processes: seeing, stopping, steering and tracing them; power; terminals that outlive a login.
 * Sources: procps-ng, psmisc, util-linux, lsof, tmux and screen manual pages. */
#include "safety/packs.h"
#include "safety/shape.h"

#define CORE                                                                                   \
  "init|systemd|launchd|sshd|ssh|dbus-daemon|dbus-broker|systemd-*|loginwindow|Xorg|Xwayland|" \
  "WindowServer|gnome-shell|kwin*|kernel_task|NetworkManager"
#define STOP_WHAT "halt|poweroff|reboot|shutdown"
#define WHOSE     "-u|-U|-G|--euid|--uid|--group|--user"

static const cm_program programs[] = {
    {"abduco|byobu|dtach|dvtm|tmate|zellij", NULL, NULL, 0, CM_SAFE},
    {"acpi|arch|fastfetch|free|getconf|hostid|hwinfo|inxi|lscpu|lshw|lsmem|lspci|lsusb|neofetch|"
     "nproc|screenfetch|sensors|sw_vers|system_profiler|tty|uname|vm_stat",
     NULL, NULL, 0, CM_SAFE},
    {"atop|bpytop|btop|glances|gtop|htop|iotop|nmon|nvidia-smi|nvtop|powertop|slabtop|top",
     "d:n:p:u:U:o:H:b", NULL, 0, CM_SAFE},
    {"bg|disown|fg|jobs|suspend|times|wait", NULL, NULL, 0, CM_SAFE},
    {"bpftrace|dtruss|ltrace|strace|truss", "a:b:e:E:I:n:o:O:p:P:s:S:u:U:X:z",
     "output= attach= trace= env= user= string-limit= library=", CM_ARGV_STOP, CM_SAFE},
    {"caffeinate|chronic|chrt|cpulimit|cross-env|dbus-launch|dbus-run-session|dotenv|eatmydata|"
     "fakechroot|faketime|firejail|flock|gosu|linux32|linux64|nice|nohup|numactl|prlimit|"
     "proxychains|"
     "proxychains4|rlwrap|run0|setarch|setsid|shx|stdbuf|su-exec|systemd-cat|systemd-inhibit|"
     "systemd-"
     "run|"
     "time|timeout|torify|torsocks|ts|unbuffer|watch|xvfb-run",
     NULL, NULL, CM_ARGV_STOP, CM_SAFE},
    {"cgclassify|cgcreate|cgdelete|cgset", NULL, NULL, 0, CM_MODERATE},
    {"choom|fincore|getty|ipcs|lnstat|lsb_release|lsfd|lsipc|lsirq|peekfd|pldd|prtstat|pslog|"
     "utmpdump",
     NULL, NULL, 0, CM_SAFE},
    {"dmesg", "F:f:l:n:s:T",
     "file= facility= level= console-level= buffer-size= since= until= clear read-clear "
     "console-off console-on",
     0, CM_SAFE},
    {"dstat|ifstat|iostat|last|lastb|lastlog|mpstat|numastat|pidstat|sar|tload|uptime|vmstat|w|"
     "who",
     NULL, NULL, 0, CM_SAFE},
    {"fuser", "askmMiIluvVcn:46", "kill interactive mount namespace= list-signals silent all",
     CM_ARGV_DASH, CM_SAFE},
    {"gcore", "o:a", NULL, 0, CM_SAFE},
    {"halt|poweroff|reboot|shutdown", "dfhHikKnpPrwct:o:", "message= boot-loader-entry=", 0,
     CM_HIGH},
    {"init|telinit", "t:e:", NULL, 0, CM_HIGH},
    {"ionice", "c:n:p:P:u:t", "class= classdata= pid= pgid= uid=", CM_ARGV_STOP, CM_SAFE},
    {"ipcrm|chcpu", "M:Q:S:a:d:e:m:q:s:", "all=?", 0, CM_MODERATE},
    {"kill", "s:n:q:lLp", "signal= queue= list=? table timeout=", CM_ARGV_DASH, CM_MODERATE},
    {"killall", "s:u:n:o:y:Z:c:t:eIgilqrvwVdmz",
     "signal= user= ns= older-than= younger-than= context= regexp exact list interactive",
     CM_ARGV_DASH, CM_MODERATE},
    {"killall5|slay", "o:", NULL, CM_ARGV_DASH, CM_HIGH},
    {"logger|mesg|wall|write", "f:i::n:p:P:t:u:g:", "file= tag= priority= server= group=", 0,
     CM_SAFE},
    {"lsof", "d:D:f::F::g::i::k:L::m:M:o::p:r::s::S::T::u:x::X:", NULL, 0, CM_SAFE},
    {"pgrep", "d:u:U:g:G:P:s:t:r:F:O:",
     "ns= nslist= euid= uid= group= parent= pgroup= session= terminal= pidfile= delimiter=", 0,
     CM_SAFE},
    {"pidof|pidwait|pmap|procs|pstack|pstree|pwdx", "o:S:", NULL, 0, CM_SAFE},
    {"pkill|skill", "d:u:U:g:G:P:s:t:r:F:O:fxnovicealL",
     "signal= ns= nslist= euid= uid= group= parent= pgroup= session= terminal= pidfile= full "
     "exact newest oldest inverse ignore-case echo count older=",
     CM_ARGV_DASH, CM_MODERATE},
    {"pm-hibernate|pm-suspend|pmset|rtcwake",
     "m:s:t:d:", "mode= seconds= time= device= dry-run list-modes", 0, CM_MODERATE},
    {"ps", "C:G:N:U:g:n:o:O:p:q:s:t:u:k:",
     "Group= User= cols= columns= format= group= lines= pid= ppid= rows= sid= sort= tty= user= "
     "width= quick-pid=",
     CM_ARGV_BARE, CM_SAFE},
    {"renice", "n:g:p:u:", "priority= pid= pgrp= user=", 0, CM_MODERATE},
    {"screen", "c:e:h:p:s:S:t:T:xrdDRXm", NULL, CM_ARGV_DASH, CM_SAFE},
    {"script", "B:c:E:I:m:O:o:T:t::", "command= log-io= log-in= log-out= output-limit=", 0,
     CM_SAFE},
    {"scriptreplay", NULL, NULL, 0, CM_SAFE},
    {"taskset", "pac", "all-tasks pid cpu-list", CM_ARGV_STOP, CM_SAFE},
    {"tmux", "c:f:L:S:T:t:s:n:", NULL, 0, CM_SAFE},
    {"xkill", "i:b:d:", "id= button= display=", CM_ARGV_DASH, CM_MODERATE},
    {"xset", NULL, NULL, CM_ARGV_DASH, CM_MODERATE},
};

static const cm_rule rules[] = {
    /* One process, or all of them. */
    {"proc.kill-list", "kill -l|-L|--list|--table|--help|--version", CM_FX_HARMLESS,
     "lists signals"},
    {"proc.kill-list", "kill|killall|pkill -0", CM_FX_HARMLESS,
     "only asks whether a process is there"},
    {"proc.kill-list", "kill|killall|pkill -s|-n|--signal=0", CM_FX_HARMLESS,
     "only asks whether a process is there"},
    {"proc.kill-list", "killall|pkill|skill|fuser -V|--version|-l|--list|--list-signals|--help",
     CM_FX_HARMLESS, "only lists"},
    {"proc.kill", "kill", CM_FX_MODERATE, "stops or signals a process"},
    {"proc.kill", "killall|pkill|skill", CM_FX_MODERATE, "stops or signals processes by name"},
    {"proc.kill", "xkill", CM_FX_MODERATE, "stops the program behind a window"},
    {"proc.kill", "xkill -a", CM_FX_HIGH, "stops every program on the screen"},
    {"proc.kill-core", "kill ~1", CM_FX_HIGH, "signals process 1, which runs the whole system"},
    {"proc.kill-core", "killall|pkill|skill ~" CORE, CM_FX_HIGH,
     "stops a process that the whole session or the way into the machine depends on"},
    {"proc.kill-core", "killall|pkill|skill ~^init|^init$|^systemd|^systemd$|^sshd|^sshd$",
     CM_FX_HIGH, "stops a process that the whole system depends on"},
    {"proc.kill-all", "killall5|slay", CM_FX_HIGH, "stops all processes"},
    {"proc.kill-all", "killall|pkill|skill " WHOSE " !*", CM_FX_HIGH,
     "stops all processes of a user"},
    {"proc.kill-all", "pkill -v|--inverse", CM_FX_HIGH, "stops every process but the named ones"},
    {"proc.kill-all", "pkill ~|.|.\\*|.+|^|^.\\*|$", CM_FX_HIGH,
     "stops every process: the pattern fits all names"},
    {"proc.kill-all", "killall -r|--regexp ~.|.\\*|.+|^|^.\\*|$", CM_FX_HIGH,
     "stops every process: the pattern fits all names"},
    {"proc.fuser", "fuser -k|--kill", CM_FX_MODERATE,
     "stops the processes that use a file or port"},
    {"proc.fuser", "fuser -k|--kill -m|--mount|-c", CM_FX_HIGH,
     "stops every process that uses a file system"},
    {"proc.priority", "renice", CM_FX_MODERATE, "changes the priority of a running process"},
    {"proc.priority", "ionice|chrt|taskset -p|-P|--pid", CM_FX_MODERATE,
     "changes how a running process is scheduled"},
    {"proc.priority", "prlimit -p|--pid", CM_FX_MODERATE, "changes limits of a running process"},
    {"proc.shared-memory", "ipcrm", CM_FX_MODERATE, "removes shared memory or queues"},
    {"proc.shared-memory", "ipcrm -a|--all", CM_FX_HIGH,
     "removes all shared memory and queues of running programs"},
    {"proc.cpu", "chcpu", CM_FX_MODERATE, "switches processors on or off"},
    {"proc.cgroup", "cgclassify|cgcreate|cgdelete|cgset", CM_FX_MODERATE,
     "changes a control group"},

    /* Tracing. */
    {"proc.trace-log", "strace|ltrace|truss|bpftrace|gcore @-o|--output", CM_FX_CREATE,
     "writes a trace into this file"},
    {"proc.typescript", "script -a|--append @", CM_FX_APPEND, "adds a typescript to this file"},
    {"proc.typescript", "script !-a|--append @", CM_FX_CREATE, "writes a typescript to this file"},

    /* Power and runlevels. */
    {"proc.power-ask", STOP_WHAT " --help|--version|--show", CM_FX_HARMLESS, "only prints"},
    {"proc.power-note", STOP_WHAT " -c|-k", CM_FX_MODERATE, "cancels or announces a shutdown"},
    {"proc.power", "halt|poweroff|reboot", CM_FX_HIGH, "switches the machine off or restarts it"},
    {"proc.power", "shutdown !-c !-k", CM_FX_HIGH, "switches the machine off or restarts it"},
    {"proc.power", "pmset sleepnow|schedule|repeat|restoredefaults", CM_FX_MODERATE,
     "changes when the machine sleeps or wakes"},
    {"proc.power", "rtcwake -m|--mode=off", CM_FX_HIGH, "switches the machine off"},
    {"proc.power", "rtcwake|pm-suspend|pm-hibernate", CM_FX_MODERATE, "puts the machine to sleep"},
    {"proc.runlevel", "init|telinit q|Q|u|U", CM_FX_MODERATE, "reloads the init process"},
    {"proc.runlevel", "init|telinit !q !Q !u !U", CM_FX_HIGH,
     "changes the runlevel: restarts, stops or halts the system"},
    {"proc.settings-ask", "pmset -g", CM_FX_HARMLESS, "only prints settings"},
    {"proc.settings-ask", "rtcwake -n|--dry-run|--list-modes|--help|--version", CM_FX_HARMLESS,
     "only prints"},
    {"proc.settings-ask", "xset q", CM_FX_HARMLESS, "only prints settings"},
    {"proc.settings", "pmset|xset", CM_FX_MODERATE, "changes settings of the machine"},

    /* The kernel's messages. */
    {"proc.dmesg-clear", "dmesg -C|--clear|-c|--read-clear", CM_FX_MODERATE,
     "clears the messages of the kernel"},
    {"proc.dmesg-clear", "dmesg -n|-D|-E|--console-level|--console-off|--console-on",
     CM_FX_MODERATE, "changes which kernel messages the console shows"},

    /* Terminals. */
    {"proc.terminal", "tmux kill-server|kill-session|kill-window|kill-pane|killw|killp",
     CM_FX_MODERATE, "ends terminals and what runs in them"},
    {"proc.terminal", "tmux respawn-pane|respawn-window|respawnp|respawnw -k", CM_FX_MODERATE,
     "ends what runs in a terminal and starts it again"},
    {"proc.terminal", "screen -X quit|kill", CM_FX_MODERATE,
     "ends terminals and what runs in them"},
    {"proc.terminal", "screen -wipe", CM_FX_MODERATE, "removes dead sessions"},
    {"proc.terminal", "zellij kill-session|kill-all-sessions|delete-session|delete-all-sessions",
     CM_FX_MODERATE, "ends terminals and what runs in them"},
    {"proc.message", "wall", CM_FX_MODERATE, "writes to the terminals of all users"},
};

/* Where the processes begin in the words of a kill: behind "-9", "-s KILL", "--". */
static size_t first_process(const cm_run *run) {
  if (run->n < 2) return run->n;
  size_t i = 1;
  cm_str first = run->words[1].text;
  if (cm_glob_any(CM_STR("-s|-n|--signal"), first)) i += 2;
  else if (first.n && first.p[0] == '-' && !cm_str_is(first, "--")) i++;
  if (i < run->n && cm_str_is(run->words[i].text, "--")) i++;
  return i;
}

/* A filter that lets every line of ps through, as far as its words say. */
static bool passes_all(const cm_run *run) {
  if (cm_glob_any(CM_STR("cut|tr|tail|sort|uniq|xargs"), run->program)) return true;
  bool grep = cm_glob_any(CM_STR("grep|egrep|fgrep"), run->program) && run->n > 2;
  if (grep) return cm_glob_any(CM_STR("-*v*|--invert-match"), run->words[1].text);
  if (!cm_glob_any(CM_STR("awk|gawk|mawk|sed"), run->program) || run->n < 2) return false;
  for (size_t i = 1; i < run->n; i++)
    if (cm_glob_any(CM_STR("*/*|*==*|*~*|*>*|*<*"), run->words[i].text)) return false;
  return true;
}

/* Whether `last`, the end of a pipeline, prints the numbers of all processes. */
static bool lists_all(const cm_run *last) {
  for (int hops = 0; last && hops < 16; hops++, last = last->in) {
    if (cm_str_is(last->program, "ps")) {
      for (size_t i = 1; i < last->n; i++)
        if (cm_glob_any(CM_STR("-C*|-p*|--pid*|--ppid*|-t*"), last->words[i].text)) return false;
      return true;
    }
    if (!passes_all(last)) return false;
  }
  return false;
}

/* kill -1 is a signal when it stands first and all processes when it stands behind. */
static void look(cm_judging *j, const cm_run *run) {
  if (!cm_str_is(run->program, "kill")) return;
  for (size_t i = first_process(run); i < run->n; i++) {
    const cm_rword *word = &run->words[i];
    bool piped = (word->from & CM_FROM_INPUT) && run->via && lists_all(run->via->in);
    if (cm_str_is(word->text, "-1"))
      cm_report(j, "proc.kill-all", CM_HIGH, "stops all processes", run, word->span);
    else if (piped || ((word->from & CM_FROM_OUTPUT) && lists_all(word->source)))
      cm_report(j, "proc.kill-all", CM_HIGH, "stops every process that ps lists", run, word->span);
  }
}

const cm_pack cm_pack_proc = {
    "proc", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
