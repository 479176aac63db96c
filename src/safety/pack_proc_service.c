/* Services and what manages them: systemd and its tools, init scripts, launchd, supervisors.
 * Sources: systemd 252 to 257, sysvinit, OpenRC, launchctl(1), supervisor and pm2 manuals. */
#include "safety/packs.h"

#define GUARDS                                                                             \
  "firewalld*|ufw*|iptables*|ip6tables*|nftables*|shorewall*|apparmor*|auditd*|fail2ban*|" \
  "crowdsec*|selinux*|clamav*|ossec*|wazuh*|falcon-sensor*|snort*|suricata*"
#define ACCESS                                                                             \
  "ssh|sshd|ssh.*|sshd.*|dropbear*|NetworkManager*|networking*|systemd-networkd*|network|" \
  "network.*|dbus*|systemd-logind*|systemd-journald*|systemd-udevd*|rsyslog*|getty@*|"     \
  "user@*|*.slice"
#define POWER_TARGETS                                                                          \
  "poweroff.target|reboot.target|halt.target|rescue.target|emergency.target|rescue|emergency|" \
  "shutdown.target|kexec.target|runlevel0.target|runlevel1.target|runlevel6.target"
#define SD_SHORTS "t:p:P:s:n:o:H:M:"
#define SD_LONGS                                                                                \
  "type= state= property= signal= lines= output= host= machine= root= image= job-mode= what= "  \
  "kill-whom= kill-who= kill-value= check-inhibitors= preset-mode= timestamp= when= value all " \
  "now force no-pager no-legend quiet no-block user system global runtime dry-run full "        \
  "boot-loader-menu= boot-loader-entry= reboot-argument= message= no-reload no-ask-password "   \
  "no-wall show-types reverse after before failed wait plain recursive read-only mkdir marked " \
  "firmware-setup drop-in= help version legend="
#define INIT_SCRIPTS "invoke-rc.d|rc-service|service"

static const cm_program programs[] = {
    {"busctl", "", "address= match= destination= unique acquired json= limit-messages=", 0,
     CM_SAFE},
    {"busctl call|emit|set-property", "", "address= destination= json= timeout=", 0, CM_MODERATE},
    {"chkconfig|insserv|rc-update|sysv-rc-conf|update-rc.d|update-service", "",
     "level= list add del override type=", 0, CM_MODERATE},
    {"circusctl|forever|god|initctl|monit|runsvdir|s6-rc|s6-svc|svcadm", NULL, NULL, 0,
     CM_MODERATE},
    {"coredumpctl", "F:o:D:S:U:1r", "field= output= debugger= directory= since= until= file=", 0,
     CM_SAFE},
    {"homectl", "H:M:i:d:G:u:", "identity= host= machine= storage= disk-size= member-of=", 0,
     CM_MODERATE},
    {"hostnamectl|localectl|timedatectl", "H:M:", "host= machine= json= transient static pretty",
     0, CM_MODERATE},
    {"invoke-rc.d|rc-service|service", NULL, "quiet force status-all full-restart", 0,
     CM_MODERATE},
    {"journalctl", "b::n::o:p:t:T:u:c:S:U:g:D:M:F:i:",
     "boot=? lines=? output= output-fields= priority= identifier= unit= user-unit= cursor= "
     "after-cursor= cursor-file= since= until= grep= directory= machine= field= file= root= "
     "image= namespace= vacuum-size= vacuum-time= vacuum-files= rotate flush sync relinquish-var "
     "smart-relinquish-var setup-keys update-catalog interval= verify-key= facility= no-pager "
     "case-sensitive=? list-boots disk-usage follow reverse",
     0, CM_SAFE},
    {"launchctl", "wFkpsS:D:", NULL, 0, CM_MODERATE},
    {"loginctl|machinectl|networkctl|portablectl", "p:s:n:o:H:M:al",
     "property= signal= lines= output= host= machine= kill-whom= verify= setenv= uid= "
     "max-addresses=",
     0, CM_MODERATE},
    {"pm2|pm2-runtime", "i:n:l:o:e:f", "name= instances= log= lines= watch cron= namespace= force",
     0, CM_MODERATE},
    {"resolvectl|systemd-resolve", "i:t:c:4p:", "interface= type= class= protocol= set-dns=", 0,
     CM_SAFE},
    {"rndc|unbound-control", "b:c:k:p:s:y:", NULL, 0, CM_MODERATE},
    {"runlevel|svcs|svstat", NULL, NULL, 0, CM_SAFE},
    {"supervisorctl", "c:s:u:p:r:i", "configuration= serverurl= username= password=", 0,
     CM_MODERATE},
    {"sv", "w:v", NULL, 0, CM_MODERATE},
    {"systemctl", SD_SHORTS, SD_LONGS, 0, CM_MODERATE},
    {"systemctl cat|get-default|help|is-active|is-enabled|is-failed|is-system-running|"
     "list-automounts|list-dependencies|list-jobs|list-machines|list-paths|list-sockets|"
     "list-timers|list-unit-files|list-units|show|show-environment|status|whoami",
     SD_SHORTS, SD_LONGS, 0, CM_SAFE},
    {"systemd-analyze|systemd-ask-password|systemd-cgls|systemd-cgtop|systemd-creds|systemd-delta|"
     "systemd-detect-virt|systemd-escape|systemd-id128|systemd-machine-id-setup|systemd-notify|"
     "systemd-path|systemd-stdio-bridge|systemd-tty-ask-password-agent|oomctl|userdbctl",
     NULL, NULL, 0, CM_SAFE},
    {"systemd-cryptenroll|systemd-firstboot|systemd-hwdb|systemd-mount|systemd-sysext|"
     "systemd-sysusers|systemd-umount",
     NULL, NULL, 0, CM_MODERATE},
    {"systemd-tmpfiles", "E", "prefix= exclude-prefix= root= image= user boot", 0, CM_MODERATE},
    {"udevadm", "t:p:q:n:a", "type= action= subsystem-match= property-match= name= path=", 0,
     CM_SAFE},
};

static const cm_rule rules[] = {
    /* Only looking. */
    {"proc.service-ask", "systemctl !*", CM_FX_HARMLESS, "lists units"},
    {"proc.service-ask", "systemctl --help|--version|--dry-run|-h", CM_FX_HARMLESS, "only prints"},
    {"proc.service-ask", INIT_SCRIPTS " --status-all|--help|--version|-l|--list|-e|--exists",
     CM_FX_HARMLESS, "only prints"},
    {"proc.service-ask", INIT_SCRIPTS " ?* status|describe|depend|needsme|uses", CM_FX_HARMLESS,
     "prints the state of a service"},
    {"proc.service-ask", "chkconfig !*", CM_FX_HARMLESS, "lists services"},
    {"proc.service-ask", "chkconfig --list|--help|--version|-l", CM_FX_HARMLESS, "lists services"},
    {"proc.service-ask", "rc-update !*", CM_FX_HARMLESS, "lists services"},
    {"proc.service-ask", "rc-update show", CM_FX_HARMLESS, "lists services"},
    {"proc.service-ask", "update-rc.d|insserv|chkconfig -n|--dryrun|--help", CM_FX_HARMLESS,
     "only prints"},
    {"proc.service-ask",
     "supervisorctl status|tail|maintail|fg|pid|avail|version|help|reread|open", CM_FX_HARMLESS,
     "prints the state of services"},
    {"proc.service-ask", "supervisorctl !*", CM_FX_HARMLESS, "opens a prompt"},
    {"proc.service-ask",
     "pm2 list|ls|l|ps|status|logs|log|show|info|describe|desc|monit|monitor|dash|imonit|env|"
     "prettylist|jlist|ping|report|get|conf|sysmonit|examples|init|ecosystem|pid|help|id",
     CM_FX_HARMLESS, "prints the state of services"},
    {"proc.service-ask", "pm2 -v|--version|-V|-h|--help", CM_FX_HARMLESS, "only prints"},
    {"proc.service-ask", "sv status|check", CM_FX_HARMLESS, "prints the state of a service"},
    {"proc.service-ask", "initctl list|status|version|show-config|check-config|usage|help",
     CM_FX_HARMLESS, "prints the state of services"},
    {"proc.service-ask", "monit status|summary|report|validate", CM_FX_HARMLESS,
     "prints the state of services"},
    {"proc.service-ask", "forever list|logs|columns|config", CM_FX_HARMLESS,
     "prints the state of services"},
    {"proc.service-ask", "circusctl status|list|stats|options|get|numprocesses|numwatchers|dstats",
     CM_FX_HARMLESS, "prints the state of services"},
    {"proc.service-ask",
     "launchctl list|print|print-cache|print-disabled|blame|dumpstate|dumpjpcategory|examine|"
     "getenv|help|version|hostinfo|managername|managerpid|manageruid|procinfo|resolveport|error|"
     "plist|variant|export|limit|getrusage",
     CM_FX_HARMLESS, "prints the state of services"},
    {"proc.service-ask", "launchctl !*", CM_FX_HARMLESS, "prints its help"},
    {"proc.service-ask",
     "loginctl|machinectl|networkctl|portablectl list|list-*|show|show-*|status|*-status|"
     "lldp|label|inspect|is-attached|image-status|cat",
     CM_FX_HARMLESS, "prints the state of sessions or machines"},
    {"proc.service-ask", "loginctl|machinectl|networkctl|portablectl|homectl !*", CM_FX_HARMLESS,
     "lists"},
    {"proc.service-ask",
     "hostnamectl|localectl|timedatectl status|show|list-*|timesync-status|show-timesync",
     CM_FX_HARMLESS, "prints settings"},
    {"proc.service-ask", "hostnamectl !*", CM_FX_HARMLESS, "prints settings"},
    {"proc.service-ask", "localectl|timedatectl !*", CM_FX_HARMLESS, "prints settings"},
    {"proc.service-ask", "hostnamectl hostname|icon-name|chassis|deployment|location !?*",
     CM_FX_HARMLESS, "prints a setting"},
    {"proc.service-ask", "homectl list|inspect|authenticate", CM_FX_HARMLESS, "lists homes"},
    {"proc.service-ask", "rndc status|stats|recursing|zonestatus", CM_FX_HARMLESS,
     "prints the state of a name server"},
    {"proc.service-ask",
     "unbound-control status|stats|stats_noreset|list_*|dump_cache|lookup|get_option",
     CM_FX_HARMLESS, "prints the state of a name server"},
    {"proc.service-ask", "systemd-tmpfiles --cat-config|--tldr|--help|--version|--dry-run",
     CM_FX_HARMLESS, "only prints"},

    /* Starting and stopping. */
    {"proc.service",
     "systemctl start|stop|restart|try-restart|reload|reload-or-restart|condrestart|"
     "try-reload-or-restart|reload-or-try-restart|kill|clean|freeze|thaw|bind|mount-image",
     CM_FX_MODERATE, "starts, stops or restarts a service"},
    {"proc.service", INIT_SCRIPTS, CM_FX_MODERATE, "starts, stops or restarts a service"},
    {"proc.service", "supervisorctl|circusctl|forever|god|initctl|monit|s6-rc|s6-svc|svcadm|sv",
     CM_FX_MODERATE, "starts, stops or changes services"},
    {"proc.service", "pm2|pm2-runtime", CM_FX_MODERATE, "starts, stops or changes services"},
    {"proc.service", "launchctl", CM_FX_MODERATE, "starts, stops or changes services"},
    {"proc.service", "rndc|unbound-control", CM_FX_MODERATE, "changes a running name server"},
    {"proc.service-enable",
     "systemctl enable|disable|reenable|mask|unmask|preset|preset-all|link|revert|edit|"
     "add-wants|add-requires|set-default|set-property",
     CM_FX_MODERATE, "changes which services start with the system"},
    {"proc.service-enable", "chkconfig|insserv|rc-update|sysv-rc-conf|update-rc.d|update-service",
     CM_FX_MODERATE, "changes which services start with the system"},
    {"proc.service-manager",
     "systemctl daemon-reload|daemon-reexec|reset-failed|set-environment|unset-environment|"
     "import-environment|log-level|log-target|service-watchdogs|service-log-level|cancel",
     CM_FX_MODERATE, "changes the state of the service manager"},
    {"proc.guard-off", "systemctl stop|disable|mask|kill ~" GUARDS, CM_FX_HIGH,
     "switches a firewall or another protection off"},
    {"proc.guard-off", INIT_SCRIPTS " " GUARDS " stop", CM_FX_HIGH,
     "switches a firewall or another protection off"},
    {"proc.guard-off", "initctl|sv stop|down|force-stop ~" GUARDS, CM_FX_HIGH,
     "switches a firewall or another protection off"},
    {"proc.guard-off", "chkconfig " GUARDS " off", CM_FX_HIGH,
     "switches a firewall or another protection off"},
    {"proc.guard-off", "update-rc.d " GUARDS " remove|disable", CM_FX_HIGH,
     "switches a firewall or another protection off"},
    {"proc.guard-off", "rc-update del|delete " GUARDS, CM_FX_HIGH,
     "switches a firewall or another protection off"},
    {"proc.guard-off", "launchctl unload|bootout|disable|stop|remove|kill ~*com.apple.alf*",
     CM_FX_HIGH, "switches the firewall off"},
    {"proc.access-off", "systemctl stop|disable|mask|kill ~" ACCESS, CM_FX_HIGH,
     "stops what logins, the network or the logs of this machine depend on"},
    {"proc.access-off", INIT_SCRIPTS " " ACCESS " stop", CM_FX_HIGH,
     "stops what logins, the network or the logs of this machine depend on"},
    {"proc.service-all", "systemctl stop|kill|disable|mask|restart ~\\*|\\*.*", CM_FX_HIGH,
     "does so to all services"},
    {"proc.service-all", "launchctl bootout system|user/*|gui/* !*", CM_FX_HIGH,
     "ends everything that runs in a login or in the system"},
    {"proc.power", "systemctl poweroff|reboot|halt|kexec|soft-reboot|exit|switch-root", CM_FX_HIGH,
     "switches the machine off or restarts it"},
    {"proc.power", "systemctl suspend|hibernate|hybrid-sleep|suspend-then-hibernate|sleep",
     CM_FX_MODERATE, "puts the machine to sleep"},
    {"proc.power", "systemctl start|restart|isolate ~" POWER_TARGETS, CM_FX_HIGH,
     "switches the machine off, restarts it or leaves only a rescue shell"},
    {"proc.power", "loginctl|machinectl poweroff|reboot|terminate", CM_FX_MODERATE,
     "switches a virtual machine off or restarts it"},
    {"proc.power", "launchctl reboot", CM_FX_HIGH, "restarts the machine or a login"},
    {"proc.isolate", "systemctl isolate|rescue|emergency|default", CM_FX_HIGH,
     "stops every service that the new target doesn't need"},
    {"proc.default-target", "systemctl set-default ~" POWER_TARGETS, CM_FX_HIGH,
     "the machine will no longer start as usual"},

    /* Sessions, machines, settings. */
    {"proc.session", "loginctl terminate-user|kill-user", CM_FX_HIGH,
     "ends all processes of a user"},
    {"proc.session", "loginctl terminate-seat", CM_FX_HIGH, "ends all sessions of a seat"},
    {"proc.session",
     "loginctl terminate-session|kill-session|lock-*|unlock-*|activate|enable-linger|"
     "disable-linger|attach|flush-devices",
     CM_FX_MODERATE, "changes or ends a session"},
    {"proc.machine", "machinectl|portablectl remove|detach|clean", CM_FX_HIGH,
     "removes a machine or a portable service with its data"},
    {"proc.machine", "machinectl|portablectl|networkctl", CM_FX_MODERATE,
     "changes machines or network links"},
    {"proc.home", "homectl remove", CM_FX_CRITICAL,
     "deletes a user with the whole home directory"},
    {"proc.home", "homectl", CM_FX_MODERATE, "changes a user's home"},
    {"proc.settings", "hostnamectl|localectl|timedatectl", CM_FX_MODERATE,
     "changes a setting of the machine"},
    {"proc.tmpfiles", "systemd-tmpfiles --clean|--remove|--create", CM_FX_MODERATE,
     "creates or deletes files as the configuration says"},
    {"proc.tmpfiles", "systemd-tmpfiles --purge", CM_FX_HIGH,
     "deletes all files that the configuration names"},
    {"proc.cryptenroll", "systemd-cryptenroll --wipe-slot", CM_FX_HIGH,
     "removes keys of an encrypted disk"},
    {"proc.bus", "busctl call|emit|set-property", CM_FX_MODERATE,
     "asks a service to change something"},
    {"proc.resolver",
     "resolvectl|systemd-resolve flush-caches|reset-*|dns|domain|revert|mdns|llmnr "
     "?*",
     CM_FX_MODERATE, "changes how names are resolved"},
    {"proc.resolver", "resolvectl|systemd-resolve flush-caches|reset-*", CM_FX_MODERATE,
     "clears the cache of resolved names"},
    {"proc.resolver", "systemd-resolve --flush-caches|--reset-*|--set-*|--revert", CM_FX_MODERATE,
     "changes how names are resolved"},
    {"proc.udev", "udevadm trigger|control|settle|test", CM_FX_MODERATE,
     "lets the device manager act again"},
    {"proc.dump", "coredumpctl dump @-o|--output", CM_FX_CREATE, "writes a memory dump here"},

    /* Logs. */
    {"proc.journal-erase",
     "journalctl --vacuum-time=[0-9]s|[0-9][0-9]s|[0-9]sec*|[0-9]m|[0-9]min*|0*", CM_FX_HIGH,
     "deletes nearly all archived logs"},
    {"proc.journal-erase",
     "journalctl --vacuum-size=[0-9]|[0-9]K|[0-9][0-9]K|[0-9][0-9][0-9]K|[01]M|0*", CM_FX_HIGH,
     "deletes nearly all archived logs"},
    {"proc.journal-erase", "journalctl --vacuum-files=1", CM_FX_HIGH,
     "deletes nearly all archived logs"},
    {"proc.journal", "journalctl --vacuum-size|--vacuum-time|--vacuum-files", CM_FX_MODERATE,
     "deletes old archived logs"},
    {"proc.journal",
     "journalctl --rotate|--flush|--sync|--relinquish-var|--smart-relinquish-var|--setup-keys|"
     "--update-catalog",
     CM_FX_MODERATE, "changes how the logs are stored"},
};

const cm_pack cm_pack_proc_service = {
    "proc_service", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
