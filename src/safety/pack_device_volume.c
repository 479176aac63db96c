/* safety/pack_device_volume: volumes over several disks: LVM, RAID, ZFS, btrfs, encryption and
 * the device mapper. Sources: the manual pages of lvm2, mdadm, zpool, zfs, btrfs-progs,
 * cryptsetup, bcachefs, dmsetup; GELI of FreeBSD. */
#include "safety/packs.h"

#define LVM_VALUES "A:C:D:I:L:M:O:R:S:W:X:Z:a:c:g:i:l:m:n:o:p:r:u:x:"
#define LVM_LONGS                                                                             \
  "activate= addtag= alloc= cachepolicy= chunksize= config= deltag= extents= force help "     \
  "major= metadataprofile= mirrors= monitor= name= options= permission= physicalextentsize= " \
  "poolmetadata= persistent= reportformat= resizefs segtype= select= size= sort= stripes= "   \
  "stripesize= test thin thinpool= type= units= uuid version virtualsize= wipesignatures= "   \
  "yes zero= snapshot removemissing"
#define LVM_READS                                                                         \
  "lvdisplay|lvmconfig|lvmdiskscan|lvmdump|lvmsadc|lvmsar|lvs|lvscan|pvck|pvdisplay|pvs|" \
  "pvscan|vgck|vgdisplay|vgs|vgscan|fullreport|vgcfgbackup"
#define LVM_WRITES                                                                       \
  "lvchange|lvconvert|lvcreate|lvextend|lvreduce|lvremove|lvrename|lvresize|pvchange|"   \
  "pvcreate|pvmove|pvremove|pvresize|vgcfgrestore|vgchange|vgconvert|vgcreate|vgexport|" \
  "vgextend|vgimport|vgimportclone|vgmerge|vgmknodes|vgreduce|vgremove|vgrename|vgsplit"

static const cm_program programs[] = {
    {"arcstat|mdmon|zdb|zilstat|zstream|zstreamdump", NULL, NULL, 0, CM_SAFE},
    {"bcache|bcache-super-show|bcachefs|make-bcache", NULL, NULL, 0, CM_SAFE},
    {"bioctl|ccdconfig|gvinum", NULL, NULL, 0, CM_MODERATE},
    {"btrfs", NULL, NULL, 0, CM_MODERATE},
    {"cryptsetup|cryptsetup-reencrypt|integritysetup|luksformat|veritysetup",
     "M:S:c:d:h:i:l:o:p:s:t:",
     "align-payload= allow-discards batch-mode cipher= debug device-size= dump-master-key "
     "dump-volume-key hash= header= header-backup-file= help hw-opal-factory-reset integrity= "
     "iter-time= key-description= key-file= key-size= key-slot= keyfile-offset= keyfile-size= "
     "label= luks2-keyslots-size= luks2-metadata-size= master-key-file= new-key-slot= "
     "new-keyfile= new-keyfile-size= offset= pbkdf= priority= readonly reduce-device-size= "
     "sector-size= size= skip= subsystem= test-passphrase timeout= token-id= tries= type= "
     "uuid= verify-passphrase version volume-key-file=",
     0, CM_MODERATE},
    {"dmraid|multipath|multipathd", NULL, NULL, 0, CM_MODERATE},
    {"dmsetup", "c:j:m:o:O:u:", "major= minor= options= table= uuid= target= force", 0,
     CM_MODERATE},
    {"geli", "K:a:b:e:i:j:k:l:n:s:", NULL, 0, CM_MODERATE},
    {LVM_READS, LVM_VALUES, LVM_LONGS, 0, CM_SAFE},
    {"lvm|" LVM_WRITES, LVM_VALUES, LVM_LONGS, 0, CM_MODERATE},
    {"mdadm", "N:b:c:d:e:l:n:p:u:x:z:",
     "add add-journal add-spare array-size= assemble assume-clean auto=? backup-file= bitmap= "
     "bitmap-chunk= build chunk= config= create data-offset= delay= detail detail-platform "
     "examine examine-bitmap export fail follow force grow help homehost= incremental "
     "kill-subarray= layout= level= mail= metadata= misc monitor name= parity= query "
     "raid-devices= raid-disks= re-add readonly readwrite remove replace run scan set-faulty "
     "size= spare-devices= stop test update= uuid= verbose version wait with write-mostly "
     "zero-superblock",
     0, CM_MODERATE},
    {"zfs", "V:b:d:i:o:p:s:t:x:", NULL, 0, CM_MODERATE},
    {"zpool", "O:R:c:d:m:o:t:", NULL, 0, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"volume.dry-run", "lvm|" LVM_WRITES " -t|--test", CM_FX_HARMLESS,
     "only says what it would do"},
    {"volume.dry-run", "zfs destroy|receive|recv|load-key|mount -n", CM_FX_HARMLESS,
     "only says what it would do"},
    {"volume.dry-run", "zpool add|create|import|split -n", CM_FX_HARMLESS,
     "only says what it would do"},
    {"volume.list", "lvm " LVM_READS "|help|version|dumpconfig", CM_FX_SAFE, "lists volumes"},
    {"volume.list",
     "mdadm -D|-E|-F|-Q|-X|--detail|--detail-platform|--examine|--examine-bitmap|--follow|"
     "--monitor|--query",
     CM_FX_SAFE, "lists arrays"},
    {"volume.list",
     "zfs list|get|diff|holds|help|version|userspace|groupspace|projectspace|send|allow|wait|"
     "redact",
     CM_FX_SAFE, "lists file systems"},
    {"volume.list", "zpool list|get|status|iostat|history|events|version|help|wait", CM_FX_SAFE,
     "lists pools"},
    {"volume.list", "zpool import|upgrade !* !-a", CM_FX_HARMLESS, "lists pools"},
    {"volume.list", "btrfs su* find-new|get-default|li*|show", CM_FX_SAFE, "lists subvolumes"},
    {"volume.list", "btrfs fi* df|du|show|usage|sh*|us*", CM_FX_SAFE, "lists a file system's use"},
    {"volume.list", "btrfs dev* scan|stats|usage|ready", CM_FX_SAFE, "lists devices"},
    {"volume.list", "btrfs scrub|balance|replace status", CM_FX_SAFE, "says how far it is"},
    {"volume.list", "btrfs help|version|inspect*|send|restore", CM_FX_SAFE, "lists what is there"},
    {"volume.list",
     "btrfs check !--repair|--init-csum-tree|--init-extent-tree|--clear-space-cache", CM_FX_SAFE,
     "checks a file system"},
    {"volume.list",
     "cryptsetup benchmark|bitlkDump|isLuks|fvault2Dump|luksDump|luksUUID|status|tcryptDump "
     "!--dump-master-key|--dump-volume-key",
     CM_FX_SAFE, "lists settings of an encrypted volume"},
    {"volume.list", "cryptsetup --test-passphrase", CM_FX_HARMLESS, "tries a password"},
    {"volume.list",
     "dmsetup deps|help|info|ls|report|splitname|stats|status|table|targets|version", CM_FX_SAFE,
     "lists mapped devices"},
    {"volume.list", "multipath|dmraid -l|-ll|-r|-s|-v3", CM_FX_SAFE, "lists devices"},
    {"volume.list", "geli list|status|dump|version|backup", CM_FX_SAFE, "lists encrypted volumes"},

    {"volume.make", "pvcreate|pvremove @", CM_FX_WRITE_DEVICE,
     "takes a device over for LVM, or erases its label"},
    {"volume.make", "lvm pvcreate|pvremove @", CM_FX_WRITE_DEVICE,
     "takes a device over for LVM, or erases its label"},
    {"volume.make", "vgcreate|vgextend * @", CM_FX_WRITE_DEVICE, "takes a device over for LVM"},
    {"volume.make", "lvm vgcreate|vgextend * @", CM_FX_WRITE_DEVICE,
     "takes a device over for LVM"},
    {"volume.remove", "lvremove|vgremove", CM_FX_CRITICAL, "deletes volumes with all their data"},
    {"volume.remove", "lvm lvremove|vgremove", CM_FX_CRITICAL,
     "deletes volumes with all their data"},
    {"volume.shrink", "lvreduce|vgreduce|vgcfgrestore|lvconvert|vgsplit|vgmerge", CM_FX_HIGH,
     "changes volumes in a way that can lose data"},
    {"volume.shrink", "lvm lvreduce|vgreduce|vgcfgrestore|lvconvert|vgsplit|vgmerge", CM_FX_HIGH,
     "changes volumes in a way that can lose data"},
    {"volume.shrink", "lvm|lvresize -L|-l|--size|--extents=-*", CM_FX_HIGH,
     "makes a volume smaller"},
    {"volume.shrink", "pvresize --setphysicalvolumesize", CM_FX_HIGH, "makes a volume smaller"},

    {"volume.make", "mdadm -C|-B|--create|--build * @", CM_FX_WRITE_DEVICE,
     "makes an array, which erases its devices"},
    {"volume.make", "mdadm -a|--add|--add-spare * @", CM_FX_WRITE_DEVICE,
     "adds a device to an array, which erases it"},
    {"volume.wipe", "mdadm --zero-superblock @", CM_FX_WRITE_DEVICE,
     "erases what makes a device part of an array"},
    {"volume.degrade",
     "mdadm -f|-r|--fail|--remove|--set-faulty !-A|-C|-D|-E|-S|--assemble|--create|--stop *",
     CM_FX_HIGH, "takes a device out of an array"},
    {"volume.degrade", "mdadm -G|--grow|--kill-subarray|--update", CM_FX_HIGH,
     "changes the shape of an array"},

    {"volume.remove", "zpool destroy", CM_FX_CRITICAL, "destroys a pool with all its data"},
    {"volume.make", "zpool add|attach|create|initialize|labelclear|replace", CM_FX_CRITICAL,
     "takes devices over for a pool, which erases them"},
    {"volume.degrade", "zpool detach|offline|reguid|remove|split|upgrade *", CM_FX_HIGH,
     "changes the shape of a pool"},
    {"volume.degrade", "zpool import|clear -F|-X", CM_FX_HIGH,
     "throws the last changes of a pool away"},
    {"volume.remove", "zfs destroy !*@* !*#*", CM_FX_CRITICAL,
     "destroys a file system with all its data"},
    {"volume.remove-snapshot", "zfs destroy *@*|*#*", CM_FX_HIGH, "destroys snapshots"},
    {"volume.rollback", "zfs rollback", CM_FX_HIGH, "throws away everything since a snapshot"},
    {"volume.rollback", "zfs receive|recv -F", CM_FX_HIGH,
     "throws away everything since a snapshot"},
    {"volume.rollback", "zfs change-key", CM_FX_HIGH, "changes the keys of a file system"},

    {"volume.delete", "btrfs su* de* @", CM_FX_DELETE_TREE,
     "deletes a subvolume with everything in it"},
    {"volume.make", "btrfs dev* add @..last", CM_FX_WRITE_DEVICE,
     "adds a device to a file system, which erases it"},
    {"volume.make", "btrfs replace start * @1", CM_FX_WRITE_DEVICE,
     "replaces a device of a file system"},
    {"volume.degrade", "btrfs dev* del*|rem*|rm", CM_FX_HIGH,
     "takes a device out of a file system"},
    {"volume.degrade", "btrfs fi* res*", CM_FX_HIGH, "changes a file system's size"},
    {"volume.degrade", "btrfs rescue *", CM_FX_HIGH,
     "repairs a file system, which changes the disk"},
    {"volume.degrade", "btrfs check --repair|--init-csum-tree|--init-extent-tree", CM_FX_HIGH,
     "repairs a file system, which changes the disk"},
    {"volume.make", "bcachefs format @", CM_FX_WRITE_DEVICE,
     "makes a new file system, which erases what was there"},
    {"volume.make", "make-bcache @", CM_FX_WRITE_DEVICE,
     "makes a cache, which erases what was there"},

    {"volume.encrypt", "cryptsetup luksFormat|erase|luksErase|luksHeaderRestore @1",
     CM_FX_WRITE_DEVICE, "erases a volume or its keys"},
    {"volume.encrypt", "veritysetup|integritysetup|geli format|init|restore @last",
     CM_FX_WRITE_DEVICE, "erases a volume or its keys"},
    {"volume.encrypt", "geli clear|kill|delkey", CM_FX_CRITICAL, "erases a volume or its keys"},
    {"volume.encrypt", "luksformat @", CM_FX_WRITE_DEVICE, "erases a volume"},
    {"volume.map",
     "cryptsetup close|create|luksClose|luksOpen|luksResume|luksSuspend|open|plainOpen|"
     "refresh|remove|resize|tcryptOpen",
     CM_FX_MODERATE, "opens or closes an encrypted volume"},
    {"volume.change",
     "lvchange|lvcreate|lvextend|lvrename|lvresize|pvchange|pvmove|pvresize|vgchange|vgexport|"
     "vgimport|vgrename",
     CM_FX_MODERATE, "changes volumes"},
    {"volume.change",
     "zfs create|snapshot|snap|clone|set|inherit|mount|unmount|umount|rename|promote|hold|"
     "release|bookmark|share|unshare|load-key|receive|recv|upgrade",
     CM_FX_MODERATE, "changes file systems"},
    {"volume.change", "zpool export|import|scrub|trim|set|online|clear|checkpoint|resilver",
     CM_FX_MODERATE, "changes a pool"},
    {"volume.keys",
     "cryptsetup luksAddKey|luksChangeKey|luksConvertKey|luksKillSlot|luksRemoveKey|token",
     CM_FX_HIGH, "changes who can open an encrypted volume"},
    {"volume.keys", "cryptsetup reencrypt|convert|config", CM_FX_HIGH,
     "rewrites an encrypted volume"},
    {"volume.keys", "cryptsetup-reencrypt", CM_FX_HIGH, "rewrites an encrypted volume"},
    {"volume.keys", "cryptsetup --dump-master-key|--dump-volume-key", CM_FX_HIGH,
     "shows the key of an encrypted volume"},
    {"volume.map", "dmsetup clear|remove|remove_all|wipe_table", CM_FX_HIGH,
     "takes mapped devices away"},
    {"volume.wipe", "dmraid -E", CM_FX_CRITICAL, "erases what makes devices part of an array"},
};

const cm_pack cm_pack_device_volume = {
    "volume", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
