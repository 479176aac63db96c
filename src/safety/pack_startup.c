/* What runs later: cron, at, history, alternatives, settings of desktops and shells. Writing the
 * files themselves is judged by the class of their path.
 * Sources: crontab(1), at(1), bash(1), update-alternatives(1), defaults(1), gsettings(1). */
#include "safety/packs.h"

static const cm_program programs[] = {
    {"alternatives|eselect|galternatives|update-alternatives", NULL,
     "install= slave= set= auto= config= display= list= query= remove= remove-all= altdir= "
     "admindir= log= get-selections set-selections all force quiet skip-auto verbose",
     CM_ARGV_DASH, CM_MODERATE},
    {"anacron", "fusnqd:t:S:T", NULL, 0, CM_MODERATE},
    {"antibody|antidote|fasd|hstr|oh-my-posh|resize|sheldon",
     "c:", "config= shell=", CM_PROGRAM_INIT, CM_SAFE},
    {"atq", "q:o:V", NULL, 0, CM_SAFE},
    {"atrm", "V", NULL, 0, CM_MODERATE},
    {"at|batch", "f:q:t:c:V", NULL, 0, CM_MODERATE},
    {"crontab", "u:elrisc:n:T:V", NULL, 0, CM_MODERATE},
    {"cron|crond|atd|cronie", NULL, NULL, 0, CM_MODERATE},
    {"dbus-monitor|gdbus-codegen|update-java-alternatives", "s:l", "list set= session system", 0,
     CM_SAFE},
    {"dbus-send|gdbus", NULL, "session system dest= type= object-path= method=", CM_ARGV_DASH,
     CM_MODERATE},
    {"dconf", "d:f", NULL, 0, CM_MODERATE},
    {"defaults", "g", "app= currentHost host= array array-add dict bool int float string",
     CM_ARGV_DASH, CM_MODERATE},
    {"desktop-file-install|xdg-desktop-icon|xdg-desktop-menu|xdg-icon-resource|xdg-mime|"
     "xdg-settings|update-desktop-database|update-mime-database",
     NULL, "dir= mode= novendor size= context=", 0, CM_MODERATE},
    {"dpkg-reconfigure|debconf-set-selections", "f:p:", NULL, 0, CM_MODERATE},
    {"duti|mimeopen|mimetype|handlr|exo-preferred-applications", "s:d:x:", NULL, 0, CM_SAFE},
    {"fc", "e:lnrs", NULL, 0, CM_MODERATE},
    {"fcrontab|fcrondyn", "u:elrz", NULL, 0, CM_MODERATE},
    {"gconftool-2|kwriteconfig|kwriteconfig5|kwriteconfig6|qdbus|xfconf-query",
     "c:p:s:t:T:", "file= group= key= type= channel= property= set= reset", 0, CM_MODERATE},
    {"gsettings", NULL, "schemadir=", 0, CM_MODERATE},
    {"history", "cd:anrwps", NULL, 0, CM_SAFE},
    {"ldconfig", "f:C:r:NXpv", NULL, 0, CM_MODERATE},
    {"locale-gen|update-locale|update-command-not-found|update-pciids|update-usbids|fc-cache",
     NULL, NULL, 0, CM_MODERATE},
    {"loginitems|mas|osacompile|PlistBuddy|lsregister", "c:o:x", NULL, 0, CM_MODERATE},
    {"log|lsappinfo", NULL, "last= predicate= style= start= end= process=", 0, CM_SAFE},
    {"plutil", "o:", "convert= extract= o=", CM_ARGV_DASH, CM_MODERATE},
    {"run-parts", NULL, "test list report regex= arg= umask=", 0, CM_SAFE},
    {"tzselect|tic|infocmp|stty|toe", NULL, NULL, 0, CM_SAFE},
    {"xdg-user-dir|xdg-user-dirs-update|xdg-autostart|dex", NULL, NULL, 0, CM_SAFE},
    {"xrdb|xmodmap|setxkbmap|xrandr|xinput|brightnessctl|light|amixer|pactl|pacmd|wpctl|pamixer",
     NULL, NULL, 0, CM_SAFE},
};

static const cm_rule rules[] = {
    /* cron and at. */
    {"startup.cron-ask", "crontab -l|-V", CM_FX_HARMLESS, "lists scheduled commands"},
    {"startup.cron-ask", "crontab -T", CM_FX_HARMLESS, "only checks a file"},
    {"startup.cron-ask", "fcrontab -l|-V", CM_FX_HARMLESS, "lists scheduled commands"},
    {"startup.cron-remove", "crontab -r", CM_FX_HIGH, "removes all scheduled commands of a user"},
    {"startup.cron-remove", "fcrontab -r", CM_FX_HIGH, "removes all scheduled commands of a user"},
    {"startup.cron-remove", "crontab /dev/null", CM_FX_HIGH,
     "removes all scheduled commands of a user"},
    {"startup.cron", "crontab|fcrontab -e", CM_FX_MODERATE, "edits the scheduled commands"},
    {"startup.cron", "crontab|fcrontab ?*", CM_FX_MODERATE,
     "replaces the scheduled commands of a user"},
    {"startup.cron", "crontab <", CM_FX_MODERATE, "replaces the scheduled commands of a user"},
    {"startup.at", "at -l|-c|-V", CM_FX_HARMLESS, "lists scheduled commands"},
    {"startup.at", "batch -V", CM_FX_HARMLESS, "only prints"},
    {"startup.at", "at|batch", CM_FX_MODERATE, "runs commands later"},
    {"startup.at", "atrm", CM_FX_MODERATE, "removes a scheduled command"},
    {"startup.at", "at -r|-d", CM_FX_MODERATE, "removes a scheduled command"},
    {"startup.anacron", "anacron -T|-V|-h", CM_FX_HARMLESS, "only checks a file"},
    {"startup.anacron", "anacron|cron|crond|atd", CM_FX_MODERATE, "starts scheduled commands"},

    /* Shell history. */
    {"startup.history", "history -c|-d|-w|-a", CM_FX_MODERATE,
     "removes from or writes the history of commands"},
    {"startup.history", "history -p", CM_FX_HARMLESS, "only prints"},
    {"startup.history-list", "fc -l", CM_FX_HARMLESS, "lists the history of commands"},
    {"startup.fc", "fc", CM_FX_MODERATE, "runs a command of the history again"},

    /* Which program is the default. */
    {"startup.alternatives-ask",
     "update-alternatives|alternatives --display|--list|--query|--get-selections|--help|"
     "--version|-V",
     CM_FX_HARMLESS, "lists alternatives"},
    {"startup.alternatives-ask", "eselect ?* list|show|help|version", CM_FX_HARMLESS,
     "lists alternatives"},
    {"startup.alternatives-ask", "eselect !?*", CM_FX_HARMLESS, "lists modules"},
    {"startup.alternatives", "update-alternatives|alternatives --remove-all|--remove",
     CM_FX_MODERATE, "removes a choice between programs"},
    {"startup.alternatives", "update-alternatives|alternatives|eselect|galternatives",
     CM_FX_MODERATE, "changes which program a name stands for"},
    {"startup.reconfigure", "dpkg-reconfigure|debconf-set-selections", CM_FX_MODERATE,
     "configures a package again"},

    /* macOS settings. */
    {"startup.settings-ask", "defaults read|read-type|find|domains|export|help", CM_FX_HARMLESS,
     "prints settings"},
    {"startup.settings-ask", "defaults -currentHost|-host read|read-type|find|domains",
     CM_FX_HARMLESS, "prints settings"},
    {"startup.guard-off", "defaults write ~LSQuarantine", CM_FX_HIGH,
     "opens downloaded programs without a question"},
    {"startup.guard-off", "defaults write ~*com.apple.alf* ~globalstate", CM_FX_HIGH,
     "changes the firewall"},
    {"startup.login-hook", "defaults write ~LoginHook|LogoutHook", CM_FX_CRITICAL,
     "runs a program as root at every login"},
    {"startup.settings-lost", "defaults delete NSGlobalDomain", CM_FX_HIGH,
     "deletes settings of all programs"},
    {"startup.settings-lost", "defaults delete -g|-globalDomain !?*", CM_FX_HIGH,
     "deletes settings of all programs"},
    {"startup.settings", "defaults", CM_FX_MODERATE, "changes settings"},
    {"startup.plist", "plutil -lint|-p|-type|-extract|-help", CM_FX_SAFE, "prints settings"},
    {"startup.plist", "plutil !-lint|-p|-type|-extract|-help", CM_FX_MODERATE, "changes settings"},
    {"startup.plist", "PlistBuddy -c=Print*", CM_FX_HARMLESS, "prints settings"},
    {"startup.log-lost", "log erase", CM_FX_HIGH, "deletes the logs of the system"},
    {"startup.plist", "mas list|search|info|outdated|account|version", CM_FX_HARMLESS,
     "lists apps"},
    {"startup.plist", "PlistBuddy|lsregister|mas|osacompile|loginitems", CM_FX_MODERATE,
     "changes settings"},

    /* Linux desktops. */
    {"startup.settings-ask",
     "gsettings get|list-schemas|list-relocatable-schemas|list-keys|list-children|"
     "list-recursively|range|describe|monitor|writable|help",
     CM_FX_HARMLESS, "prints settings"},
    {"startup.settings-ask", "gsettings --version", CM_FX_HARMLESS, "prints settings"},
    {"startup.settings", "gsettings", CM_FX_MODERATE, "changes settings"},
    {"startup.settings-ask", "dconf read|list|list-locks|dump|watch|help", CM_FX_HARMLESS,
     "prints settings"},
    {"startup.settings-lost", "dconf reset ~/|/org/|/org/gnome/", CM_FX_HIGH,
     "deletes settings of all programs"},
    {"startup.settings-lost", "gsettings reset-recursively org.gnome|org", CM_FX_HIGH,
     "deletes settings of many programs"},
    {"startup.settings", "dconf", CM_FX_MODERATE, "changes settings"},
    {"startup.settings-ask", "xfconf-query -l|--list", CM_FX_HARMLESS, "prints settings"},
    {"startup.settings-ask", "xfconf-query !-s|--set !-r|--reset !-n|--create !-T|--toggle",
     CM_FX_HARMLESS, "prints settings"},
    {"startup.settings", "gconftool-2|kwriteconfig|kwriteconfig5|kwriteconfig6|xfconf-query",
     CM_FX_MODERATE, "changes settings"},
    {"startup.call", "gdbus introspect|monitor|wait|help", CM_FX_HARMLESS, "only asks"},
    {"startup.call", "dbus-send|gdbus", CM_FX_MODERATE, "asks another program to do something"},
    {"startup.alternatives", "update-java-alternatives -s|--set|-a|--auto", CM_FX_MODERATE,
     "changes which program a name stands for"},
    {"startup.call", "qdbus ?* ?* ?*", CM_FX_MODERATE, "asks another program to do something"},
    {"startup.defaults-ask", "xdg-mime|xdg-settings query|get|check", CM_FX_HARMLESS,
     "prints which program opens what"},
    {"startup.defaults",
     "xdg-mime|xdg-settings|xdg-desktop-menu|xdg-desktop-icon|xdg-icon-resource|"
     "desktop-file-install|update-desktop-database|update-mime-database",
     CM_FX_MODERATE, "changes which program opens what"},
    {"startup.defaults", "duti -s", CM_FX_MODERATE, "changes which program opens what"},
    {"startup.defaults", "handlr set|unset|add", CM_FX_MODERATE,
     "changes which program opens what"},

    /* Caches of the system. */
    {"startup.cache-ask", "ldconfig -p|-V|--help|--version|--print-cache", CM_FX_HARMLESS,
     "only lists"},
    {"startup.cache",
     "ldconfig|locale-gen|update-locale|update-command-not-found|update-pciids|update-usbids|"
     "fc-cache",
     CM_FX_MODERATE, "rebuilds a cache of the system"},
};

static bool from_null(const cm_run *run) {
  for (size_t i = 0; i < run->n_redirs; i++)
    if (run->redirs[i].fd == 0 && cm_str_is(run->redirs[i].target.text, "/dev/null")) return true;
  return false;
}

/* A crontab that is given as text, which is known to lack what was there before. What it makes run
 * is resolved elsewhere. */
static void look(cm_judging *j, const cm_run *run) {
  if (!cm_str_is(run->program, "crontab")) return;
  bool known = run->in_text && !run->in_text->from;
  if (from_null(run) || (known && cm_str_trim(run->in_text->text).n == 0))
    cm_report(j, "startup.cron-remove", CM_HIGH, "removes all scheduled commands of a user", run,
              run->span);
  else if (known)
    cm_report(j, "startup.cron-replace", CM_HIGH,
              "replaces all scheduled commands of a user by these", run, run->span);
}

const cm_pack cm_pack_startup = {
    "startup", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
