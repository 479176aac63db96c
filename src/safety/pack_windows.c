/* safety/pack_windows: what a shell of WSL, Cygwin or Git starts of Windows. Source: the command
 * reference of Windows Server. Its options begin with '/', so that they are operands here. */
#include "safety/packs.h"

static const cm_program programs[] = {
    {"bcdedit|bcdedit.exe", NULL, NULL, 0, CM_MODERATE},
    {"diskpart|diskpart.exe", NULL, NULL, 0, CM_HIGH},
    {"net.exe", NULL, NULL, 0, CM_MODERATE},
    {"net", "U:S:I:P:k", NULL, 0, CM_MODERATE},
    {"netsh|netsh.exe", NULL, NULL, 0, CM_MODERATE},
    {"schtasks|schtasks.exe", NULL, NULL, 0, CM_MODERATE},
    {"vssadmin|vssadmin.exe", NULL, NULL, 0, CM_MODERATE},
    {"wbadmin|wbadmin.exe", NULL, NULL, 0, CM_MODERATE},
    {"wevtutil|wevtutil.exe", NULL, NULL, 0, CM_SAFE},
};

static const cm_rule rules[] = {
    {"windows.admin", "net|net.exe localgroup [aA]dministrators ~/add|/ADD", CM_FX_CRITICAL,
     "makes an account an administrator"},
    {"windows.account", "net|net.exe user ~/add|/ADD", CM_FX_HIGH, "makes a new account"},
    {"windows.account", "net|net.exe user ~/delete|/DELETE|/del", CM_FX_HIGH,
     "deletes an account"},
    {"windows.firewall", "netsh|netsh.exe advfirewall ~state ~off", CM_FX_HIGH,
     "switches the firewall off"},
    {"windows.firewall", "netsh|netsh.exe firewall set opmode ~disable|mode=disable", CM_FX_HIGH,
     "switches the firewall off"},
    {"windows.firewall", "netsh|netsh.exe advfirewall reset", CM_FX_HIGH,
     "removes all rules of the firewall"},
    {"windows.logs", "wevtutil|wevtutil.exe cl|clear-log", CM_FX_HIGH, "empties a log"},
    {"windows.backups", "vssadmin|vssadmin.exe delete|Delete|resize", CM_FX_CRITICAL,
     "deletes the copies that files are restored from"},
    {"windows.backups", "wbadmin|wbadmin.exe delete", CM_FX_CRITICAL,
     "deletes the copies that files are restored from"},
    {"windows.boot", "bcdedit|bcdedit.exe ~/set|/delete|/deletevalue|/import", CM_FX_CRITICAL,
     "changes how the system starts"},
    {"windows.boot", "bcdedit|bcdedit.exe !*", CM_FX_SAFE, "shows how the system starts"},
    {"windows.disk", "diskpart|diskpart.exe ~/s", CM_FX_CRITICAL, "changes disks by a script"},
    {"windows.disk", "diskpart|diskpart.exe <", CM_FX_CRITICAL, "changes disks by a script"},
};

const cm_pack cm_pack_windows = {
    "windows", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
