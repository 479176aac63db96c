/* safety/pack_perm: permissions, owners, attributes, capabilities and access control. Sources:
 * POSIX.1-2017 chmod, the manuals of GNU coreutils, acl, e2fsprogs (chattr), libcap, SELinux,
 * AppArmor, audit; chflags(1) of macOS and FreeBSD. */
#include <string.h>

#include "safety/judge.h"

#define CHMOD "chmod|gchmod"
#define CHOWN "chgrp|chown|gchgrp|gchown"

static const cm_program programs[] = {
    {"aa-audit|aa-autodep|aa-cleanprof|aa-complain|aa-disable|aa-enforce|aa-genprof|"
     "aa-logprof|aa-mergeprof|aa-remove-unknown|aa-teardown",
     "d:", NULL, 0, CM_MODERATE},
    {"aa-easyprof|aa-enabled|aa-features-abi|aa-notify|aa-status|aa-unconfined|"
     "apparmor_status|audit2why|aulast|aureport|ausearch|ausyscall|auvirt|avcstat|capsh|"
     "captest|getcap|getenforce|getfacl|getpcaps|getsebool|lsacl|lsattr|matchpathcon|sealert|"
     "seinfo|selinuxenabled|selinuxexeccon|sesearch|sestatus",
     NULL, NULL, 0, CM_SAFE},
    {"apparmor_parser", "I:L:M:T:b:f:j:m:n:", "add base= cache-loc= preprocess remove replace", 0,
     CM_MODERATE},
    {"audit2allow", "M:i:m:o:p:t:", "input= module= output= policy=", 0, CM_SAFE},
    {"auditctl", "A:F:S:W:a:b:d:e:f:k:p:r:w:", "backlog_wait_time= loginuid-immutable", 0,
     CM_SAFE},
    {"chattr|chflags", "p:v:", NULL, CM_ARGV_PLUS | CM_PROGRAM_QUIET, CM_MODERATE},
    {"chcat|chcon", "l:r:t:u:",
     "dereference help no-dereference no-preserve-root preserve-root range= recursive "
     "reference= role= type= user= verbose version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"checkmodule|load_policy|semodule|semodule_package", "C:E:P:X:d:e:i:l::m:o:p:r:s:",
     "checksum disable= enable= extract= install= list-modules=? noreload priority= remove= "
     "store=",
     0, CM_MODERATE},
    {CHOWN, NULL,
     "changes dereference from= help no-dereference no-preserve-root preserve-root quiet "
     "recursive reference= silent verbose version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {CHMOD, NULL,
     "changes dereference help no-dereference no-preserve-root preserve-root quiet recursive "
     "reference= silent verbose version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"fixfiles|restorecon|setfiles", "e:f:o:r:T:", NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"semanage", "D:F:L:P:R:S:a:d:f:m:n:p:r:s:t:",
     "add delete= deleteall export list modify noheading proto= seuser= store= type=", 0,
     CM_MODERATE},
    {"setcap", "n:", NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"setenforce|setsebool|togglesebool", NULL, NULL, 0, CM_MODERATE},
    {"setfacl", "M:X:m:x:",
     "default help mask modify= modify-file= no-mask physical logical recursive remove= "
     "remove-all remove-default remove-file= restore= set= set-file= test version",
     CM_PROGRAM_QUIET, CM_MODERATE},
};

/* Capabilities that are as good as root's rights. */
#define CAP_ROOT                                                                       \
  "*cap_setuid*|*cap_setgid*|*cap_sys_admin*|*cap_sys_ptrace*|*cap_sys_module*|"       \
  "*cap_sys_rawio*|*cap_dac_override*|*cap_dac_read_search*|*cap_chown*|*cap_fowner*|" \
  "*cap_setfcap*|*cap_mac_override*|*cap_bpf*|=*|all*"
/* A mode in the form of an option: chmod -x. */
#define CHMOD_MINUS "-a|-g|-o|-r|-s|-t|-u|-w|-x|-X"

static const cm_rule rules[] = {
    {"perm.dry-run", "restorecon|setfiles -n", CM_FX_HARMLESS, "only says what it would do"},
    {"perm.dry-run", "setfacl --test", CM_FX_HARMLESS, "only says what it would do"},
    {"perm.dry-run", "fixfiles check|verify", CM_FX_HARMLESS, "only says what it would do"},
    {"perm.dry-run", "setcap -v", CM_FX_HARMLESS, "only checks capabilities"},

    {"perm.mode", CHMOD " !-R|--recursive|--reference !" CHMOD_MINUS " * @", CM_FX_MODE,
     "changes the permissions of a file"},
    {"perm.mode", CHMOD " !-R|--recursive --reference @", CM_FX_MODE,
     "changes the permissions of a file"},
    {"perm.mode", CHMOD " !-R|--recursive " CHMOD_MINUS " @", CM_FX_MODE,
     "changes the permissions of a file"},
    {"perm.open-tree", CHMOD " -R|--recursive [0-7]*[2367]|*[oa]*[+=]*w*", CM_FX_HIGH,
     "lets every user write to everything in a folder"},
    {"perm.mode-tree", CHMOD " -R|--recursive !--reference !" CHMOD_MINUS " * @", CM_FX_MODE_TREE,
     "changes the permissions of everything in a folder"},
    {"perm.mode-tree", CHMOD " -R|--recursive --reference @", CM_FX_MODE_TREE,
     "changes the permissions of everything in a folder"},
    {"perm.mode-tree", CHMOD " -R|--recursive " CHMOD_MINUS " @", CM_FX_MODE_TREE,
     "changes the permissions of everything in a folder"},
    {"perm.owner", CHOWN " !-R|--recursive|--reference * @", CM_FX_MODE,
     "changes the owner of a file"},
    {"perm.owner", CHOWN " !-R|--recursive --reference @", CM_FX_MODE,
     "changes the owner of a file"},
    {"perm.owner-tree", CHOWN " -R|--recursive !--reference * @", CM_FX_MODE_TREE,
     "changes the owner of everything in a folder"},
    {"perm.owner-tree", CHOWN " -R|--recursive --reference @", CM_FX_MODE_TREE,
     "changes the owner of everything in a folder"},
    {"perm.acl", "setfacl !-R|--recursive|--restore @", CM_FX_MODE, "changes who may use a file"},
    {"perm.acl", "setfacl -R|--recursive @", CM_FX_MODE_TREE,
     "changes who may use everything in a folder"},
    {"perm.acl", "setfacl --restore", CM_FX_HIGH,
     "sets the permissions of many files from a list"},
    {"perm.attribute", "chattr !-R @", CM_FX_MODE, "changes attributes of a file"},
    {"perm.attribute", "chattr -R @", CM_FX_MODE_TREE,
     "changes attributes of everything in a folder"},
    {"perm.attribute", "chflags !-R * @", CM_FX_MODE, "changes attributes of a file"},
    {"perm.attribute", "chflags -R * @", CM_FX_MODE_TREE,
     "changes attributes of everything in a folder"},
    {"perm.context", "chcon|chcat !-R|-t|-u|--recursive|--reference|--type|--user * @", CM_FX_MODE,
     "changes the security context of a file"},
    {"perm.context", "chcon|chcat -t|-u|-r|-l|--reference|--type|--user !-R|--recursive @",
     CM_FX_MODE, "changes the security context of a file"},
    {"perm.context", "chcon -R|--recursive @", CM_FX_MODE_TREE,
     "changes the security context of everything in a folder"},
    {"perm.context", "restorecon|setfiles|fixfiles", CM_FX_MODERATE,
     "sets security contexts back"},
    {"perm.capability", "setcap " CAP_ROOT " *", CM_FX_CRITICAL,
     "gives a program the rights of root"},
    {"perm.capability", "setcap !" CAP_ROOT " *", CM_FX_MODERATE,
     "gives a program special rights"},

    {"perm.selinux", "setenforce 0|[pP]ermissive", CM_FX_HIGH, "switches off access control"},
    {"perm.selinux", "semanage permissive -a|-d|--add", CM_FX_HIGH,
     "switches off access control for a program"},
    {"perm.selinux", "semanage -D|-d|--deleteall|--delete", CM_FX_HIGH,
     "deletes rules of access control"},
    {"perm.selinux", "semanage export", CM_FX_SAFE, "lists rules of access control"},
    {"perm.selinux", "semodule -d|-r|-B|-D|--disable|--remove|--disable_dontaudit", CM_FX_HIGH,
     "takes rules of access control away"},
    {"perm.selinux", "semodule -i|--install", CM_FX_HIGH, "adds rules of access control"},
    {"perm.list", "semodule -l|--list-modules|--list", CM_FX_HARMLESS,
     "lists rules of access control"},
    {"perm.list", "semanage -l|-E|--list|--extract|--export", CM_FX_HARMLESS,
     "lists rules of access control"},
    {"perm.apparmor", "aa-complain|aa-disable|aa-teardown|aa-remove-unknown", CM_FX_HIGH,
     "switches off access control"},
    {"perm.apparmor", "apparmor_parser -R|--remove", CM_FX_HIGH,
     "switches off access control for a program"},
    {"perm.audit", "auditctl -D|-d|-W|-e=0", CM_FX_HIGH, "switches off the audit of the system"},
    {"perm.audit", "auditctl -D", CM_FX_HIGH, "switches off the audit of the system"},
    {"perm.audit", "auditctl -A|-R|-a|-b|-f|-r|-w", CM_FX_MODERATE, "changes what is audited"},
};

/* --- modes ----------------------------------------------------------------------------------- */

/* A bit of a mode: 4 in the fourth digit from the end, or "s" of "u". */
typedef struct mode_bit {
  size_t digit;
  int value;
  char who, letter;
} mode_bit;

static const mode_bit set_uid = {4, 4, 'u', 's'}, all_write = {1, 2, 'o', 'w'};

static bool is_octal(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] < '0' || s.p[i] > '7') return false;
  return s.n > 0;
}

/* Whether one clause of a symbolic mode ("u+xs") sets the bit. */
static bool clause_sets(cm_str c, const mode_bit *bit) {
  bool named = false, who = false;
  size_t i = 0;
  for (; i < c.n && c.p[i] && strchr("ugoa", c.p[i]); i++) {
    who = true;
    named |= c.p[i] == bit->who || c.p[i] == 'a';
  }
  if (who && !named) return false;
  for (bool sets = false; i < c.n; i++) {
    if (c.p[i] == '+' || c.p[i] == '=') sets = true;
    else if (c.p[i] == '-') sets = false;
    else if (c.p[i] == bit->letter && sets) return true;
  }
  return false;
}

/* 4755, u+s, +4000. */
static bool mode_sets(cm_str mode, const mode_bit *bit) {
  cm_str digits = mode;
  if (digits.n && (digits.p[0] == '+' || digits.p[0] == '=')) digits.p++, digits.n--;
  if (is_octal(digits))
    return digits.n >= bit->digit && ((digits.p[digits.n - bit->digit] - '0') & bit->value);
  while (mode.n) {
    const char *comma = memchr(mode.p, ',', mode.n);
    size_t n = comma ? (size_t)(comma - mode.p) : mode.n;
    if (clause_sets((cm_str){mode.p, n}, bit)) return true;
    n += comma != NULL;
    mode = (cm_str){mode.p + n, mode.n - n};
  }
  return false;
}

/* Files that decide who is root, open to everybody. */
static void judge_open(cm_judging *j, const cm_run *run) {
  for (size_t i = 1; i < j->call.n_operands; i++) {
    cm_path path = cm_path_of(j->call.operands[i].at, &run->cwd, j->context);
    if (path.place != CM_PLACE_ACCOUNT && path.place != CM_PLACE_KEYS) continue;
    cm_report(j, "perm.open", CM_CRITICAL, "lets everybody change who may log in or become root",
              run, run->span);
  }
}

static void look(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  if (!cm_glob_any(CM_STR(CHMOD), j->known.name) || call->n_operands < 2) return;
  cm_str mode = call->operands[0].value;
  if (mode_sets(mode, &set_uid))
    cm_report(j, "perm.setuid", CM_CRITICAL, "makes a program that runs with its owner's rights",
              run, run->span);
  if (mode_sets(mode, &all_write)) judge_open(j, run);
}

const cm_pack cm_pack_perm = {
    "perm", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
