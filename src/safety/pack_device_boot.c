/* safety/pack_device_boot: the boot loader, firmware and the kernel. Sources: the manual pages
 * of GRUB, systemd-boot, efibootmgr, dracut, mkinitcpio, initramfs-tools, kmod, kexec-tools,
 * procps (sysctl), fwupd, flashrom, mokutil; bless, csrutil, nvram and spctl of macOS. */
#include "safety/packs.h"

#define GRUB_INSTALL "grub-install|grub2-install|lilo|extlinux|syslinux|install-mbr|ms-sys"
#define GRUB_CONFIG  "grub-mkconfig|grub2-mkconfig"
#define INITRD       "dracut|mkinitcpio|mkinitramfs|mkinitrd|update-initramfs|booster|genkernel"

static const cm_program programs[] = {
    {"acpidump|biosdecode|cpuid|cpupower|depmod|dmidecode|edid-decode|efivar|ioreg|kextstat|"
     "kmod-list|kmutil|lsinitcpio|lsinitramfs|lsinitrd|lsmod|mcelog|modinfo|needs-restarting|"
     "sysdef|turbostat|vpddecode|x86info",
     NULL, NULL, 0, CM_SAFE},
    {"afulnx|ch341prog|efiflash|fwupdmgr|fwupdtool|ipmiflash", NULL, NULL, 0, CM_MODERATE},
    {"bless|kextcache|kextload|kextunload", NULL, NULL, CM_ARGV_DASH, CM_HIGH},
    {"bootctl", NULL,
     "boot-path= efi-boot-option-description= entry-token= esp-path= help image= "
     "make-entry-directory= no-pager print-boot-path print-esp-path random-seed= root= version",
     0, CM_SAFE},
    {"chcpu|chmem|ctrlaltdel", "c:d:e:g:p:", NULL, 0, CM_MODERATE},
    {"csrutil|fdesetup|spctl|systemsetup", NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {INITRD, "A:S:c:g:k:o:p:t:",
     "add= config= dry-run force help kernel-image= kver= list-modules omit= print-cmdline "
     "regenerate-all version",
     0, CM_HIGH},
    {"efi-updatevar|kernel-stub-list|rEFInd|refind-install|sbctl|sbsign", NULL, NULL, 0, CM_HIGH},
    {"efibootmgr", "B::b:c::d:l:L:n:o:p:t:u:m:",
     "bootnext= bootnum= bootorder= create delete-bootnum disk= help label= loader= part= "
     "timeout= unicode= verbose version active inactive delete-bootnext delete-bootorder",
     0, CM_SAFE},
    {"flashrom", "E:c:i:l:o:p:r:v:w:",
     "chip= erase help ifd image= layout= list-supported output= programmer= read= verify= "
     "version write=",
     0, CM_SAFE},
    {"grub-editenv|grub-reboot|grub-set-default|grub2-editenv|grub2-reboot|grub2-set-default",
     NULL, NULL, 0, CM_HIGH},
    {"grub-file|grub-mkpasswd-pbkdf2|grub-mkrescue|grub-probe|grub-script-check",
     "o:", "output=", 0, CM_SAFE},
    {GRUB_INSTALL, "d:",
     "boot-directory= bootloader-id= directory= efi-directory= force help modules= no-nvram "
     "recheck removable root-directory= target= version",
     0, CM_HIGH},
    {GRUB_CONFIG, "o:", "help output= version", 0, CM_SAFE},
    {"grub-update|update-grub|update-grub2", NULL, NULL, 0, CM_HIGH},
    {"grubby", NULL,
     "add-kernel= args= copy-default default-index default-kernel default-title help info= "
     "initrd= make-default remove-args= remove-kernel= set-default= set-default-index= title= "
     "update-kernel= version",
     0, CM_SAFE},
    {"insmod", NULL, NULL, 0, CM_HIGH},
    {"installkernel|kernel-install|kernelstub|update-kernel", NULL, NULL, 0, CM_HIGH},
    {"kexec", "p:t:", "append= command-line= exec help initrd= load status type= unload version",
     0, CM_HIGH},
    {"kmod", NULL, NULL, 0, CM_SAFE},
    {"modprobe", "C:d:",
     "all config= dirname= dry-run first-time force help remove resolve-alias set-version= "
     "show show-config show-depends show-exports show-modversions showconfig use-blacklist "
     "version",
     0, CM_MODERATE},
    {"mokutil", NULL, NULL, 0, CM_SAFE},
    {"nvram", "f:", NULL, 0, CM_SAFE},
    {"rmmod", NULL, "force help version", 0, CM_MODERATE},
    {"sysctl", "p::f::r:",
     "all deprecated dry-run help ignore load=? names pattern= quiet system values version "
     "write",
     0, CM_SAFE},
    {"tpm2_clear|tpm2_evictcontrol|tpm_clear", NULL, NULL, 0, CM_HIGH},
};

/* Settings that keep the kernel safe, switched off; or that name a program the kernel runs. */
#define SYSCTL_WEAK                                                                      \
  "kernel.randomize_va_space=0|kernel.kptr_restrict=0|kernel.dmesg_restrict=0|"          \
  "kernel.yama.ptrace_scope=0|kernel.unprivileged_bpf_disabled=0|"                       \
  "kernel.perf_event_paranoid=-1|kernel.modules_disabled=0|kernel.lockdown=*|"           \
  "fs.protected_*=0|fs.suid_dumpable=[12]|net.ipv4.tcp_syncookies=0|vm.mmap_min_addr=0|" \
  "kernel.exec-shield=0|kernel.panic=*|vm.overcommit_memory=2|security.mac.*|"           \
  "kern.securelevel=*"
#define SYSCTL_RUNS                                                                 \
  "kernel.core_pattern=*|kernel.modprobe=*|kernel.hotplug=*|kernel.poweroff_cmd=*|" \
  "kern.corefile=*"

static const cm_rule rules[] = {
    {"boot.list",
     "dracut|mkinitcpio|mkinitramfs|mkinitrd --list-modules|--print-cmdline|--dry-run|-L",
     CM_FX_HARMLESS, "lists modules"},
    {"boot.list", "kexec --status|-S", CM_FX_HARMLESS, "says whether a kernel is loaded"},
    {"boot.list",
     "modprobe -D|-R|-c|-n|--dry-run|--resolve-alias|--show|--show-config|--show-depends|"
     "--showconfig",
     CM_FX_HARMLESS, "only says what it would do"},
    {"boot.list", "fwupdmgr|fwupdtool get-*|security|hwids|report-history|--version", CM_FX_SAFE,
     "lists firmware"},
    {"boot.list", "sbctl status|verify|list-*", CM_FX_HARMLESS, "lists keys"},
    {"boot.list", "kernel-install list|inspect", CM_FX_HARMLESS, "lists kernels"},
    {"boot.list", "grub-editenv|grub2-editenv ~list", CM_FX_SAFE,
     "lists settings of the boot loader"},

    {"boot.loader", GRUB_INSTALL, CM_FX_HIGH, "writes a boot loader"},
    {"boot.loader", GRUB_INSTALL " @", CM_FX_WRITE_DEVICE, "writes a boot loader to a disk"},
    {"boot.loader", "bootctl install|update|remove|random-seed|unlink|cleanup", CM_FX_HIGH,
     "changes the boot loader"},
    {"boot.loader", "bootctl set-*|reboot-to-firmware|kernel-*", CM_FX_HIGH,
     "changes what the machine starts"},
    {"boot.loader", GRUB_CONFIG " @-o|--output", CM_FX_OVERWRITE,
     "writes the configuration of the boot loader"},
    {"boot.loader", "update-grub|update-grub2|grub-update", CM_FX_HIGH,
     "writes the configuration of the boot loader"},
    {"boot.loader", "grub-reboot|grub-set-default|grub2-reboot|grub2-set-default", CM_FX_HIGH,
     "changes what the machine starts"},
    {"boot.loader", "grub-editenv|grub2-editenv * set|unset|create", CM_FX_HIGH,
     "changes what the machine starts"},
    {"boot.loader",
     "grubby --add-kernel|--remove-kernel|--set-default*|--update-kernel|--make-default",
     CM_FX_HIGH, "changes what the machine starts"},
    {"boot.loader",
     "efibootmgr -A|-B|-L|-N|-O|-a|-c|-n|-o|-t|--active|--bootnext|--bootorder|--create|"
     "--delete*|--inactive|--timeout",
     CM_FX_HIGH, "changes what the machine starts"},
    {"boot.loader", "bless|kernel-install|kernelstub|installkernel|refind-install|sbctl",
     CM_FX_HIGH, "changes what the machine starts"},
    {"boot.loader",
     "mokutil --import|--delete|--reset|--disable-validation|--clear-password|--password|"
     "--import-hash",
     CM_FX_HIGH, "changes which systems the machine may start"},
    {"boot.initrd", INITRD, CM_FX_HIGH, "rebuilds what the machine needs to start"},

    {"boot.firmware", "flashrom -E|-w|--erase|--write", CM_FX_CRITICAL, "overwrites the firmware"},
    {"boot.firmware", "flashrom @-r|--read", CM_FX_CREATE, "saves the firmware to a file"},
    {"boot.firmware",
     "fwupdmgr|fwupdtool install*|update*|upgrade|downgrade|reinstall|local-install|"
     "switch-branch|install-blob",
     CM_FX_HIGH, "replaces firmware"},
    {"boot.firmware", "tpm2_clear|tpm_clear|tpm2_evictcontrol", CM_FX_HIGH,
     "deletes keys that the machine holds"},
    {"boot.firmware", "nvram -c|-d|-f", CM_FX_HIGH, "deletes settings of the firmware"},
    {"boot.firmware", "nvram *=*", CM_FX_HIGH, "changes settings of the firmware"},

    {"boot.protection", "csrutil disable|clear|enable|authenticated-root|netboot", CM_FX_HIGH,
     "changes the protection of the system"},
    {"boot.protection", "spctl -master-disable|-global-disable|-disable|-remove|-add", CM_FX_HIGH,
     "switches off the check of programs"},
    {"boot.protection", "fdesetup disable|remove|removerecovery|changerecovery|destroy",
     CM_FX_HIGH, "changes the encryption of the disk"},
    {"boot.protection", "systemsetup -set*", CM_FX_MODERATE, "changes settings of the system"},

    {"boot.module", "insmod|kextload|kextunload|kextcache", CM_FX_HIGH,
     "loads code into the kernel"},
    {"boot.module", "kmutil load|unload|install|clear-staging|unregister", CM_FX_HIGH,
     "loads code into the kernel"},
    {"boot.module", "modprobe|rmmod *", CM_FX_MODERATE, "loads or unloads a kernel module"},
    {"boot.module", "modprobe -f|--force*", CM_FX_HIGH, "forces code into the kernel"},
    {"boot.module", "modprobe ~*/*", CM_FX_HIGH, "loads code into the kernel"},
    {"boot.module", "rmmod -f|--force", CM_FX_HIGH, "tears code out of the running kernel"},
    {"boot.module", "kmod insert|remove|load|unload", CM_FX_MODERATE,
     "loads or unloads a kernel module"},
    {"boot.module", "depmod !-n|--dry-run|--show", CM_FX_MODERATE,
     "rebuilds the list of kernel modules"},
    {"boot.kexec", "kexec", CM_FX_HIGH, "starts another kernel without shutting down"},

    {"boot.sysctl", "sysctl -p|-f|--load|--system !--dry-run", CM_FX_MODERATE,
     "loads settings of the kernel"},
    {"boot.sysctl", "sysctl ~*=*", CM_FX_MODERATE, "changes a setting of the running kernel"},
    {"boot.sysctl", "sysctl -w|--write", CM_FX_MODERATE,
     "changes a setting of the running kernel"},
    {"boot.sysctl-weak", "sysctl ~" SYSCTL_WEAK, CM_FX_HIGH,
     "switches off a protection of the kernel"},
    {"boot.sysctl-runs", "sysctl ~" SYSCTL_RUNS, CM_FX_CRITICAL,
     "names a program that the kernel runs as root"},
    {"boot.cpu", "cpupower frequency-set|set|idle-set", CM_FX_MODERATE,
     "changes settings of the processor"},
};

const cm_pack cm_pack_device_boot = {
    "boot", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
