/* Virtual machines and system containers: virsh, VBoxManage, vagrant, qm, pct, lxc, multipass … */
#include "safety/packs.h"

static const cm_program programs[] = {
    {"distrobox|toolbox", "n:i:c:r:", "name= image= container= release= root force all yes", 0,
     CM_MODERATE},
    {"guestfish|guestmount|virt-customize|virt-edit|virt-sysprep|virt-resize|virt-copy-in|virt-"
     "clone",
     "a:d:i:m:", "add= domain= run-command= ro", 0, CM_MODERATE},
    {"incus|lxc", "p:c:t:s:d:",
     "project= profile= config= type= storage= device= force interactive", 0, CM_MODERATE},
    {"incus|lxc exec", NULL, "env= user= group= cwd= project=", CM_ARGV_STOP, CM_SAFE},
    {"kvm", NULL, "drive= hda= cdrom= m= smp= net= boot= name= monitor= serial= device=",
     CM_ARGV_DASH, CM_SAFE},
    {"limactl|lima|colima|orb|orbctl|utmctl|tart|prlctl|vmrun|vmware-cmd|govc|xe|xl|vctl|firectl|"
     "ignite",
     "f:c:m:T:u:p:", "format= cpus= memory= disk= profile= force", 0, CM_MODERATE},
    {"lxc-attach|lxc-info|lxc-ls|lxc-top|lxc-console|lxc-monitor|lxc-checkconfig|lxc-config",
     "n:P:", "name=", 0, CM_SAFE},
    {"lxc-copy|lxc-create|lxc-destroy|lxc-start|lxc-stop|lxc-snapshot|lxc-execute|lxc-freeze|"
     "lxc-unfreeze|lxc-cgroup|lxc-device",
     "n:P:t:N:", "name= template= newname= force snapshots", 0, CM_MODERATE},
    {"multipass", "n:c:d:m:", "name= cpus= disk= memory= purge all", 0, CM_MODERATE},
    {"multipass exec", "d:", "working-directory=", CM_ARGV_STOP, CM_SAFE},
    {"pct|qm|pvesm|pvecm|pvesh|vzdump", NULL,
     "storage= vmid= format= timeout= purge=? force=? skiplock=? destroy-unreferenced-disks=? "
     "mode= "
     "node=",
     CM_ARGV_DASH, CM_MODERATE},
    {"qemu-img", "f:O:o:B:F:S:s:m:l:b:", "object= image-opts", 0, CM_SAFE},
    {"qemu-nbd", "c:f:p:", "connect= format= socket= disconnect read-only", 0, CM_MODERATE},
    {"qemu-system-aarch64|qemu-system-arm|qemu-system-i386|qemu-system-x86_64|qemu-system-riscv64",
     NULL,
     "drive= hda= hdb= cdrom= m= smp= net= netdev= boot= name= monitor= serial= device= kernel= "
     "append= initrd= cpu= machine= display= vga= vnc= bios=",
     CM_ARGV_DASH, CM_SAFE},
    {"vagrant", NULL, "provider= machine-readable provision-with= force graceful parallel", 0,
     CM_MODERATE},
    {"vagrant ssh|ssh-config", "c:", "command=", 0, CM_SAFE},
    {"vboxmanage|VBoxManage|VBoxHeadless", NULL,
     "type= name= filename= size= format= medium= port= device= storagectl= ostype= delete "
     "register "
     "details",
     0, CM_MODERATE},
    {"virsh", "c:d:l:",
     "connect= debug= log= pool= remove-all-storage snapshots-metadata managed-save nvram", 0,
     CM_MODERATE},
    {"virt-cat|virt-df|virt-diff|virt-filesystems|virt-host-validate|virt-inspector|virt-log|virt-"
     "ls|"
     "virt-manager|virt-top|virt-viewer|virt-what|virt-xml-validate|virt-builder",
     "a:d:o:", "add= domain= output=", 0, CM_SAFE},
    {"virt-install|virt-xml|virt-v2v|virt-sparsify", NULL,
     "name= memory= ram= vcpus= disk= cdrom= os-variant= network= graphics= location= connect=", 0,
     CM_MODERATE},
    {"wsl", "d:u:", "distribution= user= unregister= terminate= export= import= set-default=",
     CM_ARGV_STOP, CM_SAFE},
};

static const cm_rule rules[] = {
    {"vm.help",
     "virsh|vagrant|multipass|incus|lxc|limactl|qemu-img|vboxmanage|VBoxManage|virt-install|"
     "toolbox|distrobox|qm|pct|colima --help|--version",
     CM_FX_HARMLESS, "shows help"},
    {"vm.help", "vagrant|multipass|incus|lxc|limactl|qemu-img|virsh|toolbox -h", CM_FX_HARMLESS,
     "shows help"},
    {"vm.dry-run", "distrobox|virt-install|virt-xml -d|--dry-run|--print-xml", CM_FX_HARMLESS,
     "only says what it would do"},

    /* Disks that are gone. */
    {"vm.destroy", "virsh undefine --remove-all-storage|--storage|--wipe-storage", CM_FX_HIGH,
     "deletes a virtual machine with its disks"},
    {"vm.destroy", "virsh undefine", CM_FX_HIGH, "deletes the definition of a virtual machine"},
    {"vm.destroy", "virsh vol-delete|vol-wipe|pool-delete|pool-build", CM_FX_HIGH,
     "deletes disks of virtual machines"},
    {"vm.destroy", "vagrant destroy", CM_FX_HIGH, "deletes virtual machines with their disks"},
    {"vm.destroy", "vboxmanage|VBoxManage unregistervm --delete|--delete-all", CM_FX_HIGH,
     "deletes a virtual machine with its disks"},
    {"vm.destroy", "vboxmanage|VBoxManage closemedium|natnetwork --delete", CM_FX_HIGH,
     "deletes a disk of a virtual machine"},
    {"vm.destroy", "qm|pct destroy", CM_FX_HIGH, "deletes a virtual machine with its disks"},
    {"vm.destroy", "pvesm free|remove", CM_FX_HIGH, "deletes disks of virtual machines"},
    {"vm.destroy", "pvecm delnode", CM_FX_HIGH, "takes a node out of the cluster"},
    {"vm.destroy", "pvesh delete", CM_FX_HIGH, "deletes something on the virtualization host"},
    {"vm.destroy", "multipass purge", CM_FX_HIGH, "deletes virtual machines for good"},
    {"vm.destroy", "multipass delete -p|--purge|--all", CM_FX_HIGH,
     "deletes virtual machines with their disks"},
    {"vm.destroy", "incus|lxc storage delete", CM_FX_HIGH, "deletes a whole pool"},
    {"vm.destroy", "incus|lxc storage volume|bucket delete", CM_FX_HIGH, "deletes stored data"},
    {"vm.destroy", "incus|lxc project|cluster delete|remove", CM_FX_HIGH,
     "deletes a project or takes a member out of the cluster"},
    {"vm.destroy", "lxc-destroy -s|--snapshots", CM_FX_HIGH,
     "deletes a container with its snapshots"},
    {"vm.destroy",
     "limactl|colima|tart|prlctl|vmrun|utmctl|orb|orbctl|ignite "
     "delete|rm|deleteVM|factory-reset|prune|reset",
     CM_FX_HIGH, "deletes a virtual machine with its disks"},
    {"vm.destroy", "govc vm.destroy|datastore.rm|pool.destroy|host.remove|datacenter.destroy",
     CM_FX_HIGH, "deletes virtual machines with their disks"},
    {"vm.destroy", "xe vm-destroy|vm-uninstall|vdi-destroy|sr-destroy", CM_FX_HIGH,
     "deletes virtual machines with their disks"},
    {"vm.destroy", "wsl --unregister", CM_FX_HIGH, "deletes a whole Linux installation"},
    {"vm.destroy", "distrobox|toolbox rm -a|--all", CM_FX_HIGH, "removes all containers"},

    /* Ordinary changes. */
    {"vm.change", "wsl --shutdown|--terminate|-t|--import|--set-default|-s", CM_FX_MODERATE,
     "stops or changes Linux installations"},
    {"vm.change",
     "virsh start|shutdown|reboot|destroy|reset|suspend|resume|define|create|save|restore|"
     "managedsave|migrate|snapshot-create*|snapshot-delete|snapshot-revert|snapshot-edit|attach-*|"
     "detach-*|set*|edit|net-start|net-destroy|net-define|net-undefine|net-create|net-edit|net-"
     "autostart|net-update|pool-start|pool-destroy|pool-define*|pool-undefine|pool-create*|pool-"
     "autostart|vol-create*|vol-resize|vol-upload|vol-clone|vol-download|"
     "autostart|console|send-key|block*|rename|iface-*|nwfilter-*|secret-* "
     "!list",
     CM_FX_MODERATE, "starts, stops or changes a virtual machine"},
    {"vm.change",
     "vagrant up|halt|reload|suspend|resume|provision|box|plugin|snapshot|package|rdp|share|"
     "login|upload|cloud",
     CM_FX_MODERATE, "starts, stops or changes a virtual machine"},
    {"vm.change",
     "vboxmanage|VBoxManage startvm|controlvm|modifyvm|createvm|registervm|unregistervm|clonevm|"
     "snapshot|storagectl|storageattach|createmedium|createhd|modifymedium|modifyhd|clonemedium|"
     "clonehd|import|export|movevm|sharedfolder|guestcontrol|extpack|hostonlyif|dhcpserver|"
     "setproperty|setextradata|adoptstate|discardstate|closemedium|natnetwork|usbfilter",
     CM_FX_MODERATE, "starts, stops or changes a virtual machine"},
    {"vm.change",
     "qm|pct start|stop|shutdown|reboot|reset|set|create|clone|migrate|resize|rollback|"
     "snapshot|delsnapshot|template|importdisk|move*|suspend|resume|unlock|restore|push|"
     "unlink|disk|cloudinit|fstrim|mount|unmount|import|sendkey",
     CM_FX_MODERATE, "starts, stops or changes a virtual machine"},
    {"vm.change",
     "incus|lxc launch|init|start|stop|restart|pause|delete|rm|copy|cp|move|mv|rename|restore|"
     "snapshot|publish|config|profile|network|storage|file|remote|image|admin|cluster|project|"
     "edit|create|rebuild|resume "
     "!list|show|ls|info|get|pull|export|list-volumes|get-default",
     CM_FX_MODERATE, "starts, stops or changes a container"},
    {"vm.change",
     "multipass launch|start|stop|restart|suspend|delete|recover|mount|umount|set|transfer|"
     "snapshot|restore|clone|alias|unalias|authenticate",
     CM_FX_MODERATE, "starts, stops or changes a virtual machine"},
    {"vm.change", "distrobox|toolbox rm|stop|upgrade|assemble|ephemeral|generate-entry|rmi",
     CM_FX_MODERATE, "changes or removes a container"},
    {"vm.change", "qemu-img create @1", CM_FX_CREATE, "makes a disk image"},
    {"vm.change", "qemu-img convert @last", CM_FX_WRITE, "writes a disk image"},
    {"vm.change", "qemu-img dd @of=", CM_FX_OVERWRITE, "writes a disk image"},
    {"vm.change", "qemu-img resize|commit|rebase|amend @1", CM_FX_EDIT, "changes a disk image"},
    {"vm.change", "qemu-img snapshot !-l", CM_FX_MODERATE, "changes a disk image"},

    /* Reading. */
    {"vm.read",
     "virsh list|dom*|nodeinfo|capabilities|version|*-list|*-info|*-dumpxml|dumpxml|uri|"
     "vncdisplay|hostname|sysinfo|ttyconsole|help|freecell|cpu-*|vcpu*|maxvcpus|event|console|"
     "net-dhcp-leases|screenshot",
     CM_FX_SAFE, "reads"},
    {"vm.read",
     "vagrant status|global-status|port|ssh|ssh-config|validate|version|init|help|list-commands",
     CM_FX_SAFE, "reads"},
    {"vm.read", "vagrant box|plugin|snapshot list|outdated", CM_FX_HARMLESS, "reads"},
    {"vm.read",
     "vboxmanage|VBoxManage list|showvminfo|showmediuminfo|showhdinfo|getproperty|"
     "getextradata|guestproperty|metrics",
     CM_FX_SAFE, "reads"},
    {"vm.read", "vboxmanage|VBoxManage snapshot * list|showvminfo", CM_FX_HARMLESS, "reads"},
    {"vm.read",
     "qm|pct list|status|config|pending|listsnapshot|showcmd|monitor|terminal|console|enter|"
     "exec|df|pull|cpusets|help|guest|rescan|fsck|agent",
     CM_FX_SAFE, "reads"},
    {"vm.read", "pvesm|pvecm|pvesh status|list|path|nodes|get|ls|scan|usage|help|expected",
     CM_FX_SAFE, "reads"},
    {"vm.read", "vzdump", CM_FX_SAFE, "makes a backup"},
    {"vm.read", "incus|lxc list|ls|info|exec|shell|console|version|monitor|query|help|top|warning",
     CM_FX_SAFE, "reads"},
    {"vm.read",
     "incus|lxc config|profile|network|storage|file|remote|image|project|cluster|snapshot "
     "list|show|ls|info|get|pull|export|list-volumes|get-default",
     CM_FX_SAFE, "reads"},
    {"vm.read", "multipass list|ls|info|find|shell|exec|version|networks|get|help|aliases|prefer",
     CM_FX_SAFE, "reads"},
    {"vm.read",
     "limactl|lima|colima|orb|orbctl|utmctl|tart|prlctl|vmrun|govc|xe|xl|ignite "
     "list|ls|info|status|show-ssh|shell|ssh|validate|version|ip|*.info|ls|*-list|*-param-get|"
     "logs|ps|ssh-config|help|top",
     CM_FX_SAFE, "reads"},
    {"vm.read", "distrobox|toolbox list|ls|enter|create|run|export|help", CM_FX_SAFE,
     "starts or lists containers"},
    {"vm.read", "virt-edit|guestfish|guestmount --ro", CM_FX_SAFE, "reads a disk image"},
};

const cm_pack cm_pack_vm = {"vm", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL};
