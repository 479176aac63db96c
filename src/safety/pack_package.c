/* Packages of the system: apt, dpkg, dnf, zypper, pacman, apk, portage, nix, brew, snap, flatpak.
 * Sources: their manual pages (apt 2.6 to 3.0, dpkg 1.22, dnf 4 and 5, pacman 7, brew 4). */
#include "safety/packs.h"

#define APT_LONGS                                                                             \
  "option= config-file= target-release= default-release= simulate just-print dry-run recon "  \
  "no-act download-only yes assume-yes assume-no purge reinstall fix-broken fix-missing "     \
  "allow-unauthenticated allow-downgrades allow-remove-essential allow-change-held-packages " \
  "allow-insecure-repositories force-yes no-install-recommends only-upgrade upgradable "      \
  "installed all-versions print-uris auto-remove autoremove trivial-only no-download quiet "  \
  "solver= planner= host-architecture= build-profiles= color="
#define APT "apt|apt-get|aptitude|nala"
#define DNF "dnf|dnf-3|dnf5|microdnf|tdnf|yum"
#define DNF_LONGS                                                                             \
  "installroot= releasever= setopt= enablerepo= disablerepo= repo= repoid= exclude= config= " \
  "assumeno assumeyes downloadonly downloaddir= destdir= nogpgcheck security advisory= "      \
  "bugfix cacheonly allowerasing best nobest refresh forcearch= comment= color= "             \
  "enable-repo= disable-repo= no-gpgchecks showduplicates= archlist="
/* What the rest of the system can't live without, as Debian, Fedora, Arch and Alpine call it. */
#define VITAL                                                                                \
  "libc6|libc6:*|libc-bin|libc6-dev-bin|glibc|glibc-*|musl|dpkg|apt|rpm|dnf|yum|pacman|"     \
  "apk-tools|bash|dash|coreutils|busybox|systemd|systemd-sysv|sysvinit*|openrc|init|udev|"   \
  "util-linux|mount|login|passwd|shadow|shadow-utils|base-files|base-passwd|base|"           \
  "filesystem|setup|linux|kernel|kernel-core|linux-image-generic|linux-image|linux-generic|" \
  "linux-lts|linux-headers|grub*|grub-pc|grub-efi*|grub2*|shim*|initramfs-tools|dracut|"     \
  "e2fsprogs|perl-base|zlib|zlib1g|gcc-libs|libstdc++*|hostname|findutils|sed|grep|tar|gzip"
#define GUARD                                                                                 \
  "sudo|openssh-server|ssh|openssh|ufw|firewalld|nftables|iptables|apparmor|selinux-policy*|" \
  "network-manager|NetworkManager|netplan.io|ifupdown|python3|python3-minimal|python|"        \
  "libpam*|pam|policykit-1|polkit|dbus|auditd|gnome-shell|gdm3|xorg*|xserver-xorg|"           \
  "xserver-xorg-core|linux-image-*|kernel-[0-9]*|ubuntu-desktop*|ubuntu-minimal|"             \
  "ubuntu-standard|kubuntu-desktop|xubuntu-desktop|kde-plasma-desktop|plasma-desktop"
#define EVERYTHING "\\*|.\\*|?installed|~i|\\*:\\*|lib\\*|python3\\*|linux-\\*|linux-image-\\*"

static const cm_program programs[] = {
    {APT, "o:c:t:qdsyufmVa:hbR", APT_LONGS, 0, CM_MODERATE},
    {DNF, "x:c:d:e:R:qyvC", DNF_LONGS, 0, CM_MODERATE},
    {"add-apt-repository|apt-add-repository|apt-key|software-properties-gtk", "k:s:p:P:C:S:U:y",
     "keyserver= keyring= remove list", 0, CM_MODERATE},
    {"apk", "p:X:t:", "root= repository= simulate virtual= arch= cache-dir= keys-dir=", 0,
     CM_MODERATE},
    {"appimagelauncher|ail-cli|gdebi|alien-install|pkcon|pkgcli|swupd|eopkg|xbps-install|xbps-"
     "remove|slackpkg|installpkg|removepkg|upgradepkg|urpmi|urpme|tlmgr|guix-daemon|opkg|cave|pkg_"
     "add|pkg_delete|pkgin|cards|softwareupdate|installer|pkgutil|port|fink|sdkman",
     "r:c:t:o:y", "pkg= target= volume= forget= dry-run", CM_ARGV_DASH, CM_MODERATE},
    {"apt-cache|apt-config|apt-file|apt-show-versions|apt-sortpkgs|dpkg-query|deborphan|apt-"
     "rdepends|"
     "aptitude-search|debtree|dctrl-tools|grep-dctrl|rmadison|apt-listchanges|dpkg-parsechangelog|"
     "dpkg-architecture|dpkg-checkbuilddeps|debsums|pacsearch|pactree|expac|checkupdates|"
     "repoquery|"
     "equery|qlist|eix|pkgfile|repo-query|rpmquery|rpmspec|rpmlint|lintian|xbps-query|whohas|"
     "needrestart",
     "o:c:f:W:", NULL, 0, CM_SAFE},
    {"apt-mark|dpkg-divert|dpkg-statoverride|dpkg-trigger|dselect|tasksel|unattended-upgrade|"
     "unattended-upgrades|apt-ftparchive|apt-clone|aptdcon|debfoster|apt-listbugs",
     "f:c:o:v:", "add remove list rename divert= local package= update force dry-run", 0,
     CM_MODERATE},
    {"brew", "v:", "cask formula force zap dry-run prefix= cellar= json=? quiet", 0, CM_MODERATE},
    {"brew shellenv", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"checkinstall|debuild|dpkg-buildpackage|makepkg|pbuilder|mock|rpmbuild|sbuild|debootstrap|"
     "pacstrap|cowbuilder|dh|dh_make|equivs-build|abuild|snapcraft|flatpak-builder|gbp|fpm",
     "b:r:D:p:k:", "define= arch= variant= include= components=", 0, CM_SAFE},
    {"dpkg", "D:a",
     "root= admindir= instdir= log= force-all force-depends force-remove-essential "
     "force-remove-protected purge remove install unpack configure list listfiles status search "
     "print-avail verify audit get-selections set-selections clear-selections "
     "compare-versions info contents extract control field raw-extract fsys-tarfile "
     "no-act dry-run simulate pending recursive architecture print-architecture "
     "print-foreign-architectures add-architecture= remove-architecture= force-help "
     "update-avail merge-avail clear-avail forget-old-unavail yet-to-unpack predep-package "
     "validate-pkgname= path-exclude= path-include= status-fd= status-logger= ignore-depends= "
     "abort-after= refuse-downgrade no-triggers triggers triggers-only skip-same-version",
     0, CM_MODERATE},
    {"emerge|ebuild|layman|emaint|eclean|dispatch-conf|etc-update|revdep-rebuild|gentoolkit",
     "j:o:", "jobs=? pretend ask depclean unmerge prune search sync exclude= with-bdeps=", 0,
     CM_MODERATE},
    {"flatpak", "u", "installation= arch= branch= user system columns= delete-data unused all", 0,
     CM_MODERATE},
    {"guix", "p:m:L:n:e:f:r:i:d:",
     "profile= manifest= dry-run load-path= expression= "
     "delete-generations=? roll-back",
     0, CM_MODERATE},
    {"home-manager|nix-channel|nix-collect-garbage|nix-env|nix-store|nixos-install|nixos-rebuild|"
     "darwin-rebuild|nix-copy-closure|nixos-generate-config|cachix",
     "f:I:p:A:E:j:d",
     "file= profile= attr= flake= dry-run delete-older-than= gc query option= "
     "arg= argstr= run= command= max-jobs= cores=",
     0, CM_MODERATE},
    {"nix", "f:I:p:E:c:o:L",
     "file= profile= expr= command= out-link= option= arg= argstr= "
     "override-input= dry-run extra-experimental-features=",
     0, CM_SAFE},
    {"nix-build|nix-hash|nix-instantiate|nix-prefetch-url|nix-shell|nixos-option",
     "I:p:A:E:j:o:", "run= command= attr= expr= arg= argstr= option= out-link= pure", 0, CM_SAFE},
    {"pacman-key|pacman-mirrors|pacdiff|paccache|rankmirrors|reflector|paclog",
     "rk:c:", "save= country= keep= dry-run", 0, CM_MODERATE},
    {"pacman|pacaur|pamac|paru|pikaur|trizen|yay|aura", "b:r:v",
     "dbpath= root= config= cachedir= gpgdir= hookdir= logfile= arch= overwrite= "
     "assume-installed= "
     "ignore= ignoregroup= ask= sysroot= print-format= sync remove query upgrade database "
     "files deptest refresh sysupgrade clean nodeps cascade recursive noconfirm print search info "
     "list groups downloadonly help version nosave unneeded owns check",
     0, CM_MODERATE},
    {"pkg", "j:c:r:o:", "jail= chroot= config= repository=", 0, CM_MODERATE},
    {"rpm", "E:D:r:",
     "root= dbpath= define= eval= queryformat= qf= prefix= relocate= "
     "excludepath= query verify install upgrade freshen erase import= "
     "nodeps noscripts test justdb rebuilddb initdb checksig force all",
     0, CM_MODERATE},
    {"rpm-ostree|bootc|ostree|transactional-update|dnf-automatic|do-release-upgrade|fedora-"
     "upgrade|leapp|pop-upgrade|ubuntu-drivers|pro|ua|update-manager|mintupdate-cli|system-"
     "upgrade|dkms|akmods|update-secureboot-policy",
     "d:f:k:o:p:r:w:b:B:c:L:l:m:n:u", "output= reboot check-dist-upgrade-only", 0, CM_MODERATE},
    {"snap|snapd", NULL, "channel= revision= purge classic devmode dangerous all", 0, CM_MODERATE},
    {"zypper", "R:c:p:D:r:t:C:v:",
     "root= config= repo= type= dry-run non-interactive "
     "plus-repo= reposd-dir= no-gpg-checks",
     0, CM_MODERATE},
};

static const cm_rule rules[] = {
    /* Only looking. */
    {"package.dry-run", APT " -s|--simulate|--just-print|--dry-run|--recon|--no-act|--print-uris",
     CM_FX_HARMLESS, "only tells what it would do"},
    {"package.ask",
     APT " list|search|show|policy|depends|rdepends|changelog|moo|showsrc|source|download|why|"
         "why-not|versions|indextargets|check|help|showhold|history|info|madison|stats|pkgnames|"
         "dump|unmet|showpkg",
     CM_FX_HARMLESS, "only prints or downloads"},
    {"package.ask", "apt-key list|finger|export", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "add-apt-repository|apt-add-repository -L|--list", CM_FX_HARMLESS,
     "only prints"},
    {"package.ask",
     "apt-mark|tasksel showauto|showmanual|showhold|showinstall|showremove|"
     "minimize-manual",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "dpkg-divert|dpkg-statoverride|tasksel|unattended-upgrade|unattended-upgrades "
     "--list|--list-tasks|--dry-run|--truename|--listpackage",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "dpkg -l|-L|-s|-S|-p|-I|-c|-C|-V|-f|--list|--listfiles|--status|--search|--print-avail|"
     "--info|--contents|--field|--verify|--audit|--get-selections|--compare-versions|--control|"
     "-e|--print-architecture|--print-foreign-architectures|--force-help|--assert-*|"
     "--validate-*|--yet-to-unpack|--predep-package|--fsys-tarfile|-h|-\\?",
     CM_FX_HARMLESS, "only prints"},
    {"package.dry-run", "dpkg --no-act|--dry-run|--simulate", CM_FX_HARMLESS,
     "only tells what it would do"},
    {"package.dry-run", DNF " --assumeno|--downloadonly", CM_FX_HARMLESS,
     "only tells what it would do, or downloads"},
    {"package.ask",
     DNF " list|search|info|provides|whatprovides|repolist|repoinfo|repoquery|check-update|"
         "check-upgrade|deplist|updateinfo|advisory|check|download|help|leaves|alias|shell-help|"
         "search-all|needs-restarting|changelog|environment",
     CM_FX_HARMLESS, "only prints or downloads"},
    {"package.ask",
     DNF " group|groups|module|history|repo|config-manager list|info|summary|"
         "provides|userinstalled",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", DNF " grouplist|groupinfo|history !?*", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "rpm -q|--query|-V|--verify|-K|--checksig|--showrc|--querytags",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "rpm -E|--eval=%* !-E|--eval=*%(*|*lua:*|*shell*|*exec*", CM_FX_HARMLESS,
     "prints a setting"},
    {"package.hook", "rpm -E|--eval=*%(*|*lua:*|*shell*|*exec*", CM_FX_HIGH,
     "runs code out of a macro"},
    {"package.dry-run", "rpm|zypper --test|--dry-run|-D", CM_FX_HARMLESS,
     "only tells what it would do"},
    {"package.ask",
     "zypper se|search|info|if|lr|repos|list-updates|lu|list-patches|lp|patch-check|pchk|packages|"
     "pa|patterns|pt|products|pd|what-provides|wp|locks|ll|services|ls|licenses|targetos|download|"
     "versioncmp|vcmp|ps|help|patch-info|pattern-info",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "pacman|yay|paru|pacaur|pikaur|trizen|aura "
     "-Q|-T|-F|-h|-V|--query|--deptest|--files|--version|"
     "-p|--print|-P",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "pacman|yay|paru|pacaur|pikaur|trizen|aura -S|--sync "
     "-s|-i|-l|-g|--search|--info|--list|--groups "
     "!-u|--sysupgrade",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "pamac search|list|info|checkupdates|build-info", CM_FX_HARMLESS,
     "only prints"},
    {"package.ask", "pacman-key -l|-f|-v|--list-keys|--finger|--list-sigs|--verify|-e",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "paccache|pacdiff -d|--dryrun|-o|--output", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "apk info|search|list|policy|stats|version|dot|verify|audit|manifest|fetch|index",
     CM_FX_HARMLESS, "only prints"},
    {"package.dry-run", "apk -s|--simulate", CM_FX_HARMLESS, "only tells what it would do"},
    {"package.dry-run", "emerge -p|--pretend|-s|--search|--info|-S|--searchdesc|--list-sets",
     CM_FX_HARMLESS, "only tells what it would do"},
    {"package.dry-run", "eclean|layman|revdep-rebuild -p|--pretend|-l|--list", CM_FX_HARMLESS,
     "only tells what it would do"},
    {"package.ask",
     "flatpak list|info|search|remotes|remote-ls|remote-info|history|ps|config|document-list|"
     "permissions|permission-show|run|enter|build-export|build",
     CM_FX_HARMLESS, "only prints, or starts an app"},
    {"package.ask",
     "snap list|find|info|version|changes|tasks|connections|interfaces|get|services|logs|known|"
     "whoami|warnings|saved|run|help|download|pack|debug|model|validate|search",
     CM_FX_HARMLESS, "only prints, or starts an app"},
    {"package.ask",
     "brew "
     "list|ls|search|info|home|desc|deps|uses|outdated|leaves|doctor|config|cat|log|"
     "commands|help|formulae|casks|options|missing|fetch|audit|style|test|livecheck|abv|dr|"
     "shellenv|"
     "gist-logs|which|command-not-found-init|tap-info",
     CM_FX_HARMLESS, "only prints or downloads"},
    {"package.ask",
     "brew --prefix|--cellar|--cache|--repository|--repo|--env|--caskroom|--config|"
     "-v|-h|--taps",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "brew services list|info", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "brew bundle check|list|dump|env|sh", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "brew tap !?*", CM_FX_HARMLESS, "only prints"},
    {"package.dry-run", "brew -n|--dry-run", CM_FX_HARMLESS, "only tells what it would do"},
    {"package.ask", "nix-env -q|--query", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "nix-store -q|--query|--verify|--dump|--export|-r|--realise", CM_FX_HARMLESS,
     "only prints or downloads"},
    {"package.ask", "nix-channel --list", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "nixos-rebuild dry-build|dry-activate|build|build-vm|list-generations|repl",
     CM_FX_HARMLESS, "only builds"},
    {"package.ask", "home-manager build|generations|packages|news|option|help", CM_FX_HARMLESS,
     "only prints"},
    {"package.dry-run", "nix-env|nix-collect-garbage|home-manager|nix-store|guix --dry-run|-n",
     CM_FX_HARMLESS, "only tells what it would do"},
    {"package.dry-run", "guix package -s|-I|-A|--search", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "guix search|show|describe|size|graph|lint|edit|build|shell|environment|weather|challenge|"
     "hash|download|help|repl|time-machine|locate|refresh|style",
     CM_FX_HARMLESS, "only prints or builds"},
    {"package.ask", "guix package --list-*|--search|--show", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "port search|list|info|installed|outdated|contents|deps|rdeps|variants|echo|version|help|"
     "notes|provides|dependents|file|dir|cat|select",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "pkgutil --pkgs|--files|--pkg-info|--file-info|--check-signature|--expand",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "softwareupdate -l|--list|--history|--list-full-installers", CM_FX_HARMLESS,
     "only prints"},
    {"package.ask",
     "pkg search|info|query|rquery|which|stats|audit|version|check|updating|help|"
     "show|list-all|list-installed|files|config|annotate",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "opkg|tlmgr|slackpkg|eopkg|pkgin|swupd "
     "list|list-*|info|search|files|find|status|show|current|ls|version|help|check",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "ubuntu-drivers devices|list|debug|list-oem", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "pro|ua status|security-status|help|version|fix --dry-run", CM_FX_HARMLESS,
     "only prints"},
    {"package.ask", "pro|ua status|security-status|help|version", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "rpm-ostree|ostree|bootc|transactional-update status|db|search|admin|log|refs|"
     "show|ls|summary",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "dkms status", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "do-release-upgrade -c|--check-dist-upgrade-only|-V", CM_FX_HARMLESS,
     "only prints"},
    {"package.install",
     APT " install|update|upgrade|full-upgrade|dist-upgrade|safe-upgrade|build-dep|reinstall|"
         "satisfy|hold|unhold|markauto|unmarkauto|dselect-upgrade|forget-new|edit-sources|fetch",
     CM_FX_MODERATE, "installs or upgrades packages"},
    {"package.remove",
     APT " remove|purge|autoremove|autopurge|auto-remove|clean|autoclean|auto-clean",
     CM_FX_MODERATE, "removes packages or what was downloaded"},
    {"package.install", "dpkg|gdebi|installer|pkg_add|installpkg|upgradepkg|xbps-install|urpmi",
     CM_FX_MODERATE, "installs, removes or configures packages"},
    {"package.install",
     "apt-mark|dpkg-divert|dpkg-statoverride|dselect|tasksel|debfoster|"
     "unattended-upgrade|unattended-upgrades|aptdcon|apt-clone",
     CM_FX_MODERATE, "changes how packages are handled"},
    {"package.install", DNF "|rpm|zypper", CM_FX_MODERATE,
     "installs, upgrades or removes packages"},
    {"package.install",
     "pacman|pacaur|pamac|paru|pikaur|trizen|yay|aura|apk|emerge|brew|flatpak|snap",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install",
     "guix|home-manager|nix-channel|nix-collect-garbage|nix-env|nix-store|nixos-rebuild|"
     "darwin-rebuild",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install",
     "nix profile|registry|store|flake|channel|upgrade-nix install|add|remove|"
     "upgrade|rollback|wipe-history|gc|delete|update|lock|pin",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install",
     "rpm-ostree|bootc|ostree|transactional-update|do-release-upgrade|dnf-automatic|ubuntu-"
     "drivers|pro|ua|mintupdate-cli|softwareupdate|pkgutil|port|pkg|opkg|tlmgr",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.run-fetched", "nix run|shell|develop ~http://*|https://*", CM_FX_HIGH,
     "runs code from the network"},
    {"package.wipe-generations", "nix-collect-garbage -d|--delete-old", CM_FX_MODERATE,
     "removes all older generations: no way back to them"},

    /* Trust. */
    {"package.repository", "add-apt-repository|apt-add-repository|apt-key", CM_FX_MODERATE,
     "trusts another source of packages"},
    {"package.repository", DNF " config-manager|copr|repo", CM_FX_MODERATE,
     "trusts another source of packages"},
    {"package.repository", "rpm --import", CM_FX_MODERATE, "trusts another key for packages"},
    {"package.repository", "zypper ar|addrepo|as|addservice|mr|modifyrepo|rr|removerepo",
     CM_FX_MODERATE, "changes the sources of packages"},
    {"package.repository", "pacman-key|pacman-mirrors|reflector|rankmirrors", CM_FX_MODERATE,
     "changes the keys or sources of packages"},
    {"package.repository", "flatpak remote-add|remote-delete|remote-modify", CM_FX_MODERATE,
     "changes the sources of packages"},
    {"package.untrusted", APT " --allow-unauthenticated|--allow-insecure-repositories|--force-yes",
     CM_FX_HIGH, "installs packages whose origin nobody checks"},
    {"package.untrusted",
     DNF "|zypper|rpm --nogpgcheck|--no-gpg-checks|--no-gpgchecks|--nosignature", CM_FX_HIGH,
     "installs packages whose origin nobody checks"},
    {"package.untrusted", "apk add --allow-untrusted", CM_FX_HIGH,
     "installs packages whose origin nobody checks"},
    {"package.untrusted", "rpm -i|-U|-F|--install|--upgrade ~http://*", CM_FX_HIGH,
     "installs a package that anybody on the way may change"},
    {"package.hook", APT " -o|--option=*[Ii]nvoke*|*[Pp]re-[Ii]nstall*", CM_FX_HIGH,
     "starts a command as root"},

    /* Packages that the system needs. */
    {"package.vital", APT " remove|purge|autoremove ~" VITAL, CM_FX_CRITICAL,
     "removes a package that the system needs to work"},
    {"package.vital", APT " --allow-remove-essential", CM_FX_CRITICAL,
     "removes packages that the system needs to work"},
    {"package.vital",
     "dpkg --force-remove-essential|--force-all|--force-remove-protected -r|-P|"
     "--remove|--purge",
     CM_FX_CRITICAL, "removes packages that the system needs to work"},
    {"package.vital", "dpkg -r|-P|--remove|--purge ~" VITAL, CM_FX_CRITICAL,
     "removes a package that the system needs to work"},
    {"package.vital", DNF " remove|erase|autoremove ~" VITAL, CM_FX_CRITICAL,
     "removes a package that the system needs to work"},
    {"package.vital", "rpm -e|--erase ~" VITAL, CM_FX_CRITICAL,
     "removes a package that the system needs to work"},
    {"package.vital", "zypper rm|remove ~" VITAL, CM_FX_CRITICAL,
     "removes a package that the system needs to work"},
    {"package.vital", "pacman|yay|paru|pacaur|pikaur|trizen -R|--remove ~" VITAL, CM_FX_CRITICAL,
     "removes a package that the system needs to work"},
    {"package.vital", "apk del ~" VITAL, CM_FX_CRITICAL,
     "removes a package that the system needs to work"},
    {"package.vital",
     "emerge -C|--unmerge ~*/glibc|*/bash|*/coreutils|*/portage|*/openrc|glibc|"
     "bash|coreutils|portage|*/systemd|*/baselayout",
     CM_FX_CRITICAL, "removes a package that the system needs to work"},
    {"package.guard", APT " remove|purge ~" GUARD, CM_FX_HIGH,
     "removes what logins, the network or the desktop depend on"},
    {"package.guard", "dpkg -r|-P|--remove|--purge ~" GUARD, CM_FX_HIGH,
     "removes what logins, the network or the desktop depend on"},
    {"package.guard", DNF " remove|erase ~" GUARD, CM_FX_HIGH,
     "removes what logins, the network or the desktop depend on"},
    {"package.guard", "rpm -e|--erase ~" GUARD, CM_FX_HIGH,
     "removes what logins, the network or the desktop depend on"},
    {"package.guard", "pacman|yay|paru -R|--remove ~" GUARD, CM_FX_HIGH,
     "removes what logins, the network or the desktop depend on"},
    {"package.all", APT " remove|purge ~" EVERYTHING, CM_FX_CRITICAL, "removes all packages"},
    {"package.all", DNF " remove|erase ~" EVERYTHING, CM_FX_CRITICAL, "removes all packages"},
    {"package.all", "brew uninstall|remove|rm --force ~\\*", CM_FX_HIGH, "removes all packages"},
    {"package.all", "pkg delete|remove -a|--all", CM_FX_HIGH, "removes all packages"},
    {"package.all", "flatpak uninstall|remove --all", CM_FX_HIGH, "removes all apps"},
    {"package.force", "rpm -e|--erase --nodeps", CM_FX_HIGH, "removes packages that others need"},
    {"package.force", "dpkg --force-depends|--force-all|--force-breaks|--force-conflicts",
     CM_FX_HIGH, "leaves packages broken"},
    {"package.force", "pacman|yay|paru -R|--remove -d|--nodeps", CM_FX_HIGH,
     "removes packages that others need"},
    {"package.force", "pacman|yay|paru -S|-U --overwrite=\\*|/\\*", CM_FX_HIGH,
     "overwrites any file of the system"},
    {"package.force", "snap|flatpak remove|uninstall --purge|--delete-data", CM_FX_HIGH,
     "removes an app with its data"},
    {"package.force", "brew uninstall|remove|rm --zap", CM_FX_HIGH,
     "removes an app with its data"},

    /* Modules of the kernel. */
    {"package.kernel-module", "dkms|akmods", CM_FX_MODERATE, "changes modules of the kernel"},
};

const cm_pack cm_pack_package = {
    "package", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
