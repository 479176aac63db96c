/* safety/pack_perm_user: accounts, groups and passwords. Sources: the manual pages of shadow-
 * utils, adduser and PAM tools; dscl, dseditgroup, sysadminctl of macOS; pw(8) of FreeBSD. */
#include "safety/packs.h"

/* Groups whose members can become root. */
#define ROOT_GROUPS "sudo|wheel|root|admin|adm|shadow|disk|sudoers"
#define IN_ROOT_GROUP                                                                        \
  "sudo|sudo,*|*,sudo|*,sudo,*|wheel|wheel,*|*,wheel|*,wheel,*|root|root,*|*,root|*,root,*|" \
  "admin|admin,*|*,admin|*,admin,*|shadow|*,shadow|shadow,*|disk|*,disk|disk,*"
#define USER_LONGS                                                                           \
  "add-subids-for-system append badname badnames base-dir= comment= create-home defaults "   \
  "expiredate= extrausers force-badname gid= group= groups= help home= home-dir= home_dir= " \
  "inactive= ingroup= key= lock login= move-home no-create-home no-log-init no-user-group "  \
  "non-unique password= prefix= remove root= selinux-user= shell= skel= system uid= unlock " \
  "user-group disabled-password disabled-login gecos= firstuid= lastuid= conf= "             \
  "allow-bad-names remove-home remove-all-files backup backup-to= only-if-empty quiet force"

static const cm_program programs[] = {
    {"addgroup|groupadd", "G:K:P:R:U:g:p:", USER_LONGS, 0, CM_MODERATE},
    {"adduser", "G:c:d:g:h:k:s:u:", USER_LONGS, 0, CM_MODERATE},
    {"authconfig|authselect|pam-auth-update|pam-config|pwconv|pwunconv|grpconv|grpunconv", NULL,
     NULL, 0, CM_HIGH},
    {"chage", "E:I:M:R:W:d:i:m:",
     "expiredate= help inactive= iso8601 lastday= list maxdays= mindays= root= warndays=", 0,
     CM_MODERATE},
    {"chfn|chsh|ypchsh|ypchfn|ypasswd",
     "f:h:o:p:r:s:w:", "shell= list-shells home-phone= office= help version", 0, CM_MODERATE},
    {"chpasswd|chgpasswd|newusers", "P:R:c:s:", "crypt-method= encrypted md5 root= sha-rounds=", 0,
     CM_HIGH},
    {"cppw|cpgr|vigr|vipw|visudo", "R:f:x:",
     "check file= group help passwd quiet root= shadow strict version export=", 0, CM_CRITICAL},
    {"delgroup|groupdel", "P:R:", "force help only-if-empty system", 0, CM_MODERATE},
    {"deluser|userdel", "P:R:", USER_LONGS, 0, CM_MODERATE},
    {"dscacheutil|id|gid|groups|getent|lslogins|users|logname|whoami|members|lid|finger|pinky|"
     "loginfo|odutil|faillog-list|pwck|grpck|pwscore|ssh-keyscan-list|klist|ykman-info",
     NULL, NULL, 0, CM_SAFE},
    {"dscl", "P:f:p:u:",
     "append authonly change changei create delete diff list ls merge passwd plist q raw read "
     "readall search url",
     CM_ARGV_DASH, CM_SAFE},
    {"dseditgroup", "a:d:i:n:o:P:r:s:t:u:", NULL, 0, CM_MODERATE},
    {"faillock|faillog|pam_tally2", "l:m:t:u:", "dir= reset user= unlock-time=", 0, CM_SAFE},
    {"gpasswd", "A:M:Q:a:d:",
     "add= administrators= delete= members= remove-password restrict root=", 0, CM_MODERATE},
    {"groupmems|groupmod", "R:a:d:g:n:p:",
     "add= append delete= gid= group= list new-name= non-unique password= purge users=", 0,
     CM_MODERATE},
    {"kdestroy|kinit|kpasswd|newgrp|sg|login", NULL, NULL, 0, CM_SAFE},
    {"passwd|yppasswd", "R:i:k:n:r:w:x:",
     "all delete expire help inactive= keep-tokens lock maxdays= mindays= quiet repository= "
     "root= status stdin unlock usage warndays=",
     0, CM_MODERATE},
    {"pw", "c:d:g:G:h:k:m:M:n:s:u:w:", NULL, 0, CM_MODERATE},
    {"pwpolicy", NULL, NULL, CM_ARGV_DASH, CM_HIGH},
    {"sysadminctl", NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"useradd", "A:D::G:K:P:R:Z:b:c:d:e:f:g:k:p:s:u:", USER_LONGS, 0, CM_MODERATE},
    {"usermod", "A:G:P:R:S:U::V:W:Z:c:d:e:f:g:l:p:s:u:v:w:", USER_LONGS, 0, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"user.list", "passwd -S|--status", CM_FX_HARMLESS, "says the state of an account"},
    {"user.list", "chage -l|--list", CM_FX_HARMLESS, "says when a password ends"},
    {"user.list", "visudo -c|--check", CM_FX_HARMLESS, "only checks the file"},
    {"user.list", "useradd -D !-b|-e|-f|-g|-s", CM_FX_HARMLESS, "says what new accounts get"},
    {"user.list", "chsh -l|--list-shells", CM_FX_HARMLESS, "lists shells"},
    {"user.list", "groupmems -l|--list", CM_FX_HARMLESS, "lists members of a group"},
    {"user.list", "authselect current|list*|check|show|test|apply-changes", CM_FX_HARMLESS,
     "says how log-in works"},
    {"user.list", "pw show|usershow|groupshow|usernext|groupnext", CM_FX_HARMLESS,
     "lists accounts"},
    {"user.list", "dseditgroup -o=read|checkmember", CM_FX_HARMLESS, "lists a group"},
    {"user.second-root", "useradd|adduser|usermod|pw -u|--uid=0", CM_FX_CRITICAL,
     "makes another account with the rights of root"},
    {"user.second-root", "useradd|usermod -g|--gid=0|root", CM_FX_CRITICAL,
     "gives an account the rights of root"},
    {"user.root-group", "useradd|adduser|usermod|pw -G|--groups|--ingroup|-g|--gid=" IN_ROOT_GROUP,
     CM_FX_CRITICAL, "lets an account become root"},
    {"user.root-group", "adduser|addgroup * " ROOT_GROUPS, CM_FX_CRITICAL,
     "lets an account become root"},
    {"user.root-group", "gpasswd -a|-M|--add|--members " ROOT_GROUPS, CM_FX_CRITICAL,
     "lets an account become root"},
    {"user.root-group", "groupmems -a|--add -g|--group=" ROOT_GROUPS, CM_FX_CRITICAL,
     "lets an account become root"},
    {"user.root-group", "groupmod -U|--users " ROOT_GROUPS, CM_FX_CRITICAL,
     "lets an account become root"},
    {"user.root-group", "pw groupmod " ROOT_GROUPS " -m", CM_FX_CRITICAL,
     "lets an account become root"},
    {"user.root-group", "dseditgroup -a ~" ROOT_GROUPS, CM_FX_CRITICAL,
     "lets an account become root"},
    {"user.root-group", "dscl -append|-merge|-create ~*/Groups/admin|*/Groups/wheel",
     CM_FX_CRITICAL, "lets an account become root"},
    {"user.root-group", "sysadminctl -admin", CM_FX_CRITICAL, "lets an account become root"},
    {"user.add", "useradd|adduser|addgroup|groupadd", CM_FX_MODERATE,
     "adds an account or a group"},
    {"user.add", "sysadminctl -addUser", CM_FX_MODERATE, "adds an account"},
    {"user.add", "pw useradd|groupadd|adduser", CM_FX_MODERATE, "adds an account or a group"},
    {"user.change", "usermod|groupmod|groupmems|gpasswd|chage|chfn|chsh|dseditgroup",
     CM_FX_MODERATE, "changes an account or a group"},
    {"user.change", "dscl -append|-change|-changei|-create|-merge", CM_FX_MODERATE,
     "changes an account or a group"},
    {"user.change", "pwpolicy|authconfig|authselect|pam-auth-update|pam-config", CM_FX_HIGH,
     "changes how users log in"},
    {"user.change", "pwconv|pwunconv|grpconv|grpunconv", CM_FX_HIGH,
     "rewrites the files of accounts"},
    {"user.change", "newusers", CM_FX_HIGH, "makes or changes many accounts"},
    {"user.delete", "userdel|deluser !-r|-f|--force|--remove*", CM_FX_MODERATE,
     "deletes an account, or takes it out of a group"},
    {"user.delete", "delgroup|groupdel|groupmems -p|--purge", CM_FX_MODERATE, "deletes a group"},
    {"user.delete", "delgroup|groupdel", CM_FX_MODERATE, "deletes a group"},
    {"user.delete-home", "userdel|deluser -r|-f|--force|--remove*", CM_FX_HIGH,
     "deletes an account with its files"},
    {"user.delete-home", "pw userdel|deluser -r", CM_FX_HIGH, "deletes an account with its files"},
    {"user.delete-home", "sysadminctl -deleteUser", CM_FX_HIGH,
     "deletes an account with its files"},
    {"user.delete-home", "dscl -delete", CM_FX_HIGH, "deletes an account or a part of it"},
    {"user.delete-root", "userdel|deluser root", CM_FX_CRITICAL,
     "deletes the account of the administrator"},
    {"user.password", "passwd|yppasswd", CM_FX_MODERATE, "changes a password"},
    {"user.password", "chpasswd|chgpasswd", CM_FX_HIGH, "sets passwords of accounts"},
    {"user.password", "dscl -passwd", CM_FX_HIGH, "sets the password of an account"},
    {"user.password", "sysadminctl -resetPasswordFor|-newPassword", CM_FX_HIGH,
     "sets the password of an account"},
    {"user.password", "passwd root", CM_FX_HIGH, "changes the password of the administrator"},
    {"user.password", "passwd --stdin", CM_FX_HIGH, "sets the password of an account"},
    {"user.no-password", "passwd -d|--delete", CM_FX_HIGH,
     "lets an account in without a password"},
    {"user.no-password", "passwd -d|--delete root", CM_FX_CRITICAL,
     "lets the administrator in without a password"},
    {"user.no-password", "usermod -p|--password", CM_FX_HIGH, "sets the password of an account"},
    {"user.no-password", "gpasswd -r|--remove-password", CM_FX_HIGH,
     "lets everybody into a group"},
    {"user.sudoers", "visudo|vipw|vigr|cppw|cpgr", CM_FX_CRITICAL,
     "edits who may become root, or the files of accounts"},
    {"user.lockout", "faillock|faillog|pam_tally2 -r|--reset", CM_FX_MODERATE,
     "forgets failed log-ins"},
};

const cm_pack cm_pack_perm_user = {
    "user", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
