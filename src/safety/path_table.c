#include "safety/path_table.h"

#define SYS CM_PLACE_SYSTEM
#define SUB CM_PLACE_SYSTEM_IN
#define APP CM_PLACE_APP
#define ETC CM_PLACE_ETC
#define ACC CM_PLACE_ACCOUNT
#define TMP CM_PLACE_TMP
#define ART CM_PLACE_ARTEFACT
#define KER CM_PLACE_KERNEL
#define LOG CM_PLACE_LOGS
#define HOM CM_PLACE_HOME
#define DOT CM_PLACE_DOTFILE
#define SEC CM_PLACE_SECRET
#define KEY CM_PLACE_KEYS
#define WRK CM_PLACE_WORK
#define ALL CM_PLACE_ALL_WORK

/* Source: the Filesystem Hierarchy Standard 3.0; Apple's File System Programming Guide. */
const cm_place_row cm_system_rows[] = {
    {"bin", SYS, SUB, false},
    {"sbin", SYS, SUB, false},
    {"lib", SYS, SUB, false},
    {"lib32", SYS, SUB, false},
    {"lib64", SYS, SUB, false},
    {"libx32", SYS, SUB, false},
    {"lib/modules", SYS, SUB, false},
    {"lib/systemd", SYS, SUB, false},
    {"lib/x86_64-linux-gnu", SYS, SUB, false},
    {"boot", SYS, ACC, false},
    {"efi", SYS, ACC, false},
    {"usr", SYS, SUB, false},
    {"usr/bin", SYS, SUB, false},
    {"usr/sbin", SYS, SUB, false},
    {"usr/lib", SYS, SUB, false},
    {"usr/lib64", SYS, SUB, false},
    {"usr/lib/x86_64-linux-gnu", SYS, SUB, false},
    {"usr/lib/modules", SYS, SUB, false},
    {"usr/lib/systemd", SYS, SUB, false},
    {"usr/share", SYS, SUB, false},
    {"usr/include", SYS, SUB, false},
    {"usr/local", SYS, APP, false},
    {"usr/src", APP, APP, false},
    {"opt", SYS, APP, false},
    {"srv", SYS, APP, false},
    {"mnt", SYS, APP, false},
    {"media", SYS, APP, false},
    {"data", APP, APP, false},
    {"nix", SYS, SUB, false},
    {"snap", SYS, APP, false},
    {"run", SYS, APP, false},
    {"run/secrets", SEC, SEC, true},
    {"var", SYS, APP, false},
    {"var/lib", SYS, APP, false},
    {"var/lib/dpkg", SYS, SUB, false},
    {"var/lib/rpm", SYS, SUB, false},
    {"var/cache", ART, ART, false},
    {"var/tmp", APP, TMP, false},
    {"var/log", LOG, APP, false},
    {"var/log/journal", LOG, APP, false},
    {"var/run/secrets", SEC, SEC, true},
    {"var/spool/cron", ETC, ETC, false},
    {"var/root", HOM, WRK, false},
    {"tmp", APP, TMP, false},
    {"dev", SYS, CM_PLACE_NULL, false},
    {"proc", SYS, KER, false},
    {"proc/*/environ", SEC, SEC, true},
    {"proc/sysrq-trigger", ETC, ETC, false},
    {"proc/sys/kernel/core_pattern", ACC, ACC, false},
    {"proc/sys/kernel/modprobe", ACC, ACC, false},
    {"proc/kcore", CM_PLACE_DEVICE, CM_PLACE_DEVICE, false},
    {"sys", SYS, KER, false},
    {"sys/firmware", ACC, ACC, false},
    {"home", HOM, WRK, false},
    {"Users", HOM, WRK, false},
    {"root", HOM, WRK, false},
    {"etc", SYS, ETC, false},
    {"etc/passwd", ACC, ACC, true},
    {"etc/passwd-", ACC, ACC, true},
    {"etc/shadow", ACC, ACC, true},
    {"etc/shadow-", ACC, ACC, true},
    {"etc/gshadow", ACC, ACC, true},
    {"etc/gshadow-", ACC, ACC, true},
    {"etc/master.passwd", ACC, ACC, true},
    {"etc/group", ACC, ACC, false},
    {"etc/subuid", ACC, ACC, false},
    {"etc/subgid", ACC, ACC, false},
    {"etc/sudoers", ACC, ACC, true},
    {"etc/sudoers.d", ACC, ACC, true},
    {"etc/doas.conf", ACC, ACC, false},
    {"etc/polkit-1", ACC, ACC, false},
    {"etc/pam.conf", ACC, ACC, false},
    {"etc/pam.d", ACC, ACC, false},
    {"etc/security", ACC, ACC, false},
    {"etc/ld.so.preload", ACC, ACC, false},
    {"etc/ld.so.conf", ACC, ACC, false},
    {"etc/ld.so.conf.d", ACC, ACC, false},
    {"etc/nsswitch.conf", ACC, ACC, false},
    {"etc/fstab", ACC, ACC, false},
    {"etc/crypttab", ACC, ACC, false},
    {"etc/inittab", ACC, ACC, false},
    {"etc/shells", ACC, ACC, false},
    {"etc/default/grub", ACC, ACC, false},
    {"etc/grub.d", ACC, ACC, false},
    {"etc/ssh/ssh_host_*_key", ACC, ACC, true},
    {"etc/ssl/private", SEC, SEC, true},
    {"etc/kubernetes/admin.conf", SEC, SEC, true},
    {"System", SYS, SUB, false},
    {"Library", SYS, SUB, false},
    {"Applications", SYS, APP, false},
    {"Volumes", SYS, APP, false},
    {"Volumes/*", SYS, APP, false},
    {"cores", SYS, APP, false},
    {"mnt/[a-z]", SYS, APP, false},
    {"mnt/[a-z]/Windows", SYS, SUB, false},
    {"mnt/[a-z]/Program Files*", SYS, APP, false},
    {"mnt/[a-z]/Users", HOM, WRK, false},
    {"mnt/[a-z]/Users/*", HOM, WRK, false},
    {"cygdrive/[a-z]", SYS, APP, false},
    {"cygdrive/[a-z]/Windows", SYS, SUB, false},
};
const size_t cm_n_system_rows = sizeof cm_system_rows / sizeof *cm_system_rows;

const cm_place_row cm_home_rows[] = {
    {".bashrc", DOT, DOT, false},
    {".bash_profile", DOT, DOT, false},
    {".bash_login", DOT, DOT, false},
    {".bash_logout", DOT, DOT, false},
    {".bash_aliases", DOT, DOT, false},
    {".profile", DOT, DOT, false},
    {".zshrc", DOT, DOT, false},
    {".zshenv", DOT, DOT, false},
    {".zprofile", DOT, DOT, false},
    {".zlogin", DOT, DOT, false},
    {".kshrc", DOT, DOT, false},
    {".inputrc", DOT, DOT, false},
    {".vimrc", DOT, DOT, false},
    {".tmux.conf", DOT, DOT, false},
    {".gitconfig", DOT, DOT, false},
    {".xprofile", DOT, DOT, false},
    {".xinitrc", DOT, DOT, false},
    {".config", DOT, WRK, false},
    {".config/autostart", DOT, DOT, false},
    {".config/systemd", DOT, DOT, false},
    {".config/fish", DOT, DOT, false},
    {".config/git", DOT, DOT, false},
    {".config/environment.d", DOT, DOT, false},
    {".config/gh/hosts.yml", SEC, SEC, true},
    {".config/gcloud", SEC, SEC, true},
    {".config/google-chrome", WRK, WRK, true},
    {".local", DOT, WRK, false},
    {".local/share", DOT, WRK, false},
    {".local/share/keyrings", SEC, SEC, true},
    {".local/share/Trash", ART, ART, false},
    {".cache", ART, ART, false},
    {".npm", ART, ART, false},
    {".gradle/caches", ART, ART, false},
    {".m2/repository", ART, ART, false},
    {".cargo/registry", ART, ART, false},
    {"Library/Caches", ART, ART, false},
    {"Library/LaunchAgents", DOT, DOT, false},
    {"Library/Keychains", SEC, SEC, true},
    {".Trash", ART, ART, false},
    {".ssh", SEC, SEC, true},
    {".ssh/*.pub", DOT, DOT, false},
    {".ssh/config", DOT, DOT, false},
    {".ssh/known_hosts*", DOT, DOT, false},
    {".ssh/rc", KEY, KEY, false},
    {".ssh/authorized_keys*", KEY, KEY, false},
    {".rhosts", KEY, KEY, false},
    {".gnupg", SEC, SEC, true},
    {".aws", SEC, SEC, true},
    {".aws/config", DOT, DOT, false},
    {".azure", SEC, SEC, true},
    {".kube", SEC, SEC, true},
    {".kube/cache", ART, ART, false},
    {".docker/config.json", SEC, SEC, true},
    {".netrc", SEC, SEC, true},
    {".pgpass", SEC, SEC, true},
    {".my.cnf", SEC, SEC, true},
    {".git-credentials", SEC, SEC, true},
    {".npmrc", SEC, SEC, true},
    {".pypirc", SEC, SEC, true},
    {".vault-token", SEC, SEC, true},
    {".password-store", SEC, SEC, true},
    {".mozilla", WRK, WRK, true},
    {".bash_history", WRK, WRK, true},
    {".zsh_history", WRK, WRK, true},
};
const size_t cm_n_home_rows = sizeof cm_home_rows / sizeof *cm_home_rows;

const char cm_secret_names[] =
    ".env|.env.local|.env.prod*|.env.staging|.netrc|.pgpass|.git-credentials|.htpasswd|"
    ".vault-token|id_rsa|id_dsa|id_ecdsa|id_ed25519|id_ed25519_sk|*.pem|*.key|*.p12|*.pfx|*.jks|"
    "*.keystore|*.kdbx|*.ppk|credentials.json|service-account*.json|secrets.y*ml|secrets.json|"
    "shadow|shadow.bak|wallet.dat|kubeconfig";
const char cm_public_names[] =
    "*.pub|*pub*.pem|*cert*.pem|ca.pem|*chain*.pem|.env.example|"
    ".env.sample|.env.template";
const char cm_artefact_names[] =
    "build|dist|target|out|output|obj|node_modules|bower_components|__pycache__|.cache|cache|"
    ".pytest_cache|.mypy_cache|.ruff_cache|.tox|.nox|.eggs|*.egg-info|.gradle|.next|.nuxt|"
    ".parcel-cache|.turbo|.svelte-kit|.angular|.terraform|.venv|venv|coverage|htmlcov|.coverage|"
    ".nyc_output|_build|cmake-build-*|build-*|CMakeFiles|CMakeCache.txt|DerivedData|Debug|Release|"
    "*.o|*.obj|*.a|*.so|*.pyc|*.pyo|*.class|*.tmp|*.temp|*.swp|*~|*.bak|*.log|tmp|temp|.tmp|"
    ".DS_Store|Thumbs.db|.sass-cache|Pods|.dart_tool|.stack-work|dist-newstyle|elm-stuff|"
    "_site|storybook-static|.serverless|.aws-sam|.ipynb_checkpoints|.vagrant|.bundle";
const char cm_image_names[] = "*.img|*.iso|*.qcow2|*.raw|*.vdi|*.vmdk|*.vhd|*.vhdx|*.dmg";

const char cm_disk_names[] =
    "sd[a-z]*|hd[a-z]*|vd[a-z]*|xvd[a-z]*|nvme*|mmcblk*|disk*|rdisk*|mapper|md[0-9]*|md|dm-*|"
    "loop[0-9]*|zvol|sr[0-9]*|st[0-9]*|nst[0-9]*|mtd*|pmem*|nbd*|rbd*|bcache*|drbd*|ubi*|mem|kmem|"
    "port|block|fd[0-9]*|cdrom|root";
/* Directories below /dev that hold no volumes; any other /dev/GROUP/NAME is one of LVM's. */
const char cm_plain_device_names[] =
    "fd|pts|shm|mqueue|input|snd|dri|bus|char|net|serial|v4l|vfio|usb|cpu|hugepages|tcp|udp";
