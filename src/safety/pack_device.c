/* safety/pack_device: disks, partitions and file systems. Sources: the manual pages of util-
 * linux, e2fsprogs, xfsprogs, btrfs-progs, dosfstools, gptfdisk, parted, hdparm, nvme-cli,
 * smartmontools; diskutil(8) and hdiutil(1) of macOS; newfs(8), gpart(8) of FreeBSD. */
#include "safety/packs.h"

#define EXT   "mke2fs|mkfs.ext2|mkfs.ext3|mkfs.ext4|mkfs.ext4dev"
#define FAT   "mkdosfs|mkfs.fat|mkfs.msdos|mkfs.vfat"
#define EXFAT "mkexfatfs|mkfs.exfat"
#define NTFS  "mkfs.ntfs|mkntfs"
#define MKFS_MORE                                                                            \
  "mkfs.bcachefs|mkfs.bfs|mkfs.cramfs|mkfs.erofs|mkfs.f2fs|mkfs.gfs2|mkfs.hfs|mkfs.hfsplus|" \
  "mkfs.jffs2|mkfs.jfs|mkfs.minix|mkfs.nilfs2|mkfs.ocfs2|mkfs.reiserfs|mkfs.ubifs|mkfs.udf|" \
  "mkfs.zfs|mkreiserfs|mkudffs|newfs|newfs_apfs|newfs_exfat|newfs_hfs|newfs_msdos|newfs_udf"
#define FSCK                                                                           \
  "dosfsck|e2fsck|exfatfsck|fsck|fsck.btrfs|fsck.exfat|fsck.ext2|fsck.ext3|fsck.ext4|" \
  "fsck.f2fs|fsck.fat|fsck.hfs|fsck.hfsplus|fsck.jfs|fsck.minix|fsck.msdos|fsck.ntfs|" \
  "fsck.reiserfs|fsck.vfat|fsck.xfs|fsck_apfs|fsck_hfs|fsck_msdos|jfs_fsck|ntfsfix|reiserfsck"
#define SGDISK_WRITES                                                                   \
  "-A|-B|-G|-R|-T|-U|-Z|-c|-d|-e|-g|-h|-j|-k|-l|-m|-n|-o|-r|-s|-t|-u|-z|--change-name|" \
  "--clear|--delete|--disk-guid|--gpttombr|--hybrid|--load-backup|--mbrtogpt|"          \
  "--move-main-table|--move-second-header|--new|--partition-guid|--randomize-guids|"    \
  "--recompute-chs|--replicate|--sort|--transpose|--typecode|--zap|--zap-all|--attributes"
#define PARTED_WRITES "cp|disk_*|mk*|mo*|na*|res*|rm|set|to*|ty*"

/* What must not be covered by another tree; account files count like a folder. */
#define COVERED                                                                             \
  "/|/etc|/etc/|/usr|/usr/|/bin|/bin/|/sbin|/sbin/|/lib|/lib/|/lib64|/boot|/root|/usr/bin|" \
  "/usr/bin/|/usr/sbin|/usr/sbin/|/usr/lib|/usr/lib/|/etc/passwd|/etc/shadow|/etc/group|"   \
  "/etc/sudoers|/etc/sudoers.d|/etc/pam.d|/etc/pam.d/*|/etc/ld.so.preload|/root/.ssh*"

static const cm_program programs[] = {
    {"addpart|delpart|kpartx|partx|resizepart", "n:o:p:t:", "nr= output= type=", 0, CM_MODERATE},
    {"archivemount|bindfs|davfs2|encfs|fuseiso|gocryptfs|jmtpfs|mount|mount.cifs|mount.nfs|"
     "mount.ntfs|mount_apfs|mount_hfs|mount_msdos|mount_nfs|mount_smbfs|ntfs-3g|simple-mtpfs|"
     "sshfs",
     "L:N:O:T:U:o:t:",
     "all bind fake fork help label= make-private mkdir=? move namespace= options= rbind "
     "read-only rw source= target= target-prefix= test-opts= types= uuid= verbose version",
     0, CM_MODERATE},
    {"asr", NULL, "erase noprompt noverify source= target=", CM_ARGV_DASH, CM_MODERATE},
    {"badblocks", "b:c:d:e:i:o:p:t:", NULL, 0, CM_SAFE},
    {"blkdeactivate", "d:l:m:r:", NULL, 0, CM_HIGH},
    {"blkdiscard|blkzone", "c:l:o:p:", "count= force length= offset= secure step= version zeroout",
     0, CM_MODERATE},
    {"blkid|blktrace|debugreiserfs|dumpe2fs|e2freefrag|filefrag|findfs|findmnt|isosize|lsblk|"
     "lsscsi|mountpoint|ntfscluster|ntfsinfo|ntfsls|sg_inq|sg_map|sg_readcap|sginfo|volname|"
     "xfs_info|xfs_spaceman",
     "o:s:t:", NULL, 0, CM_SAFE},
    {"blockdev", NULL, "getalignoff getro setbsz= setfra= setra= setro setrw", CM_ARGV_DASH,
     CM_SAFE},
    {"bsdlabel|disklabel|gpt", NULL, NULL, 0, CM_SAFE},
    {"btrfs-convert|e2image|e2undo|e4crypt|e4defrag", "O:b:o:z:", NULL, 0, CM_MODERATE},
    {"btrfstune|dosfslabel|e2label|exfatlabel|exfattune|fatlabel|mlabel|ntfslabel|"
     "reiserfstune|swaplabel|xfs_admin",
     "L:U:i:", NULL, 0, CM_SAFE},
    {"camcontrol", NULL, NULL, CM_ARGV_NONE, CM_SAFE},
    {"cdrecord|cdrskin|dvd+rw-format|growisofs|wodim", NULL, NULL, CM_ARGV_DASH, CM_MODERATE},
    {"cfdisk", NULL, "color=? help lock=? read-only version zero", 0, CM_MODERATE},
    {"cgdisk|fixparts|gdisk", NULL, NULL, 0, CM_MODERATE},
    {"dban|nwipe", "m:p:r:l:",
     "autonuke exclude= help logfile= method= nowait rounds= verify= version", 0, CM_HIGH},
    {"dc3dd|dcfldd|dd|gdd", NULL, "help version", 0, CM_SAFE},
    {"dd_rescue|ddrescue|safecopy", "B:C:E:H:I:K:L:O:P:Q:T:X:a:b:c:i:m:o:r:s:x:",
     "cluster-size= force help input-position= max-retries= output-position= retry-passes= "
     "size= version",
     0, CM_SAFE},
    {"ddrutility|extundelete|foremost|ntfsundelete|photorec|scalpel|testdisk", "c:d:i:o:t:", NULL,
     0, CM_SAFE},
    {"debugfs", "R:b:d:f:i:s:", NULL, 0, CM_SAFE},
    {"diskutil", NULL, NULL, CM_ARGV_NONE, CM_SAFE},
    {FSCK, "C::E:b:B:t:l::r::A:j:s:z:L::V", NULL, 0, CM_MODERATE},
    {"dump|restore|xfsdump|xfsrestore", "f:", NULL, 0, CM_MODERATE},
    {"edquota|quotacheck|quotaoff|quotaon|setquota|warnquota", "F:f:p:t:", NULL, 0, CM_MODERATE},
    {"eject", "c:i:x:", "help no-unmount proc traytoggle version", 0, CM_MODERATE},
    {"exportfs", "o:", NULL, 0, CM_SAFE},
    {"fdisk", "C:H:L::S:b:c::o:t:u::w:W:",
     "bytes color=? compatibility=? cylinders= getsz heads= help list list-details lock=? "
     "output= sector-size= sectors= type= units=? version wipe= wipe-partitions=",
     0, CM_MODERATE},
    {"fsarchiver|ntfsclone|ntfscp|ntfsresize|ntfswipe|ocs-onthefly|ocs-sr|partclone.btrfs|"
     "partclone.dd|partclone.ext4|partclone.ntfs|partclone.restore|partclone.vfat|"
     "partclone.xfs|partimage",
     "A:C:O:S:d:e:j:o:s:v:z:", "overwrite= output= source= save-image restore-image size=", 0,
     CM_MODERATE},
    {"fsfreeze|xfs_freeze", NULL, NULL, 0, CM_MODERATE},
    {"fstrim", "I:l:m:o:", "all dry-run fstab help length= listed-in= minimum= offset= version", 0,
     CM_MODERATE},
    {"fusermount|fusermount3|umount",
     "O:t:", "all all-targets fake force help lazy namespace= recursive test-opts= types= version",
     0, CM_MODERATE},
    {"geom|glabel|gmirror|gpart|gstripe", "a:b:i:l:s:t:", NULL, 0, CM_SAFE},
    {"growfs|jfs_tune|resize.f2fs|resize2fs|tunefs|xfs_growfs|xfs_mdrestore",
     "S:z:d:D:m:L:R:t:", NULL, 0, CM_MODERATE},
    {"growpart", NULL, "dry-run free-percent= fudge= help update= verbose version", 0,
     CM_MODERATE},
    {"hdiutil", NULL, "encryption fs= format= o= size= srcfolder= srcdevice= type= volname=",
     CM_ARGV_DASH, CM_SAFE},
    {"hdparm|sdparm", "s:",
     "prefer-ata12 security-erase= security-erase-enhanced= security-help security-mode= "
     "security-set-pass= security-unlock= sanitize-block-erase clear= set= command= get= page=",
     0, CM_SAFE},
    {"losetup", "b:j:o:",
     "all associated= detach= detach-all direct-io=? find help json list nooverlap offset= "
     "output= partscan read-only sector-size= set-capacity= show sizelimit= version",
     0, CM_SAFE},
    {"mattrib|mcd|mcopy|mdir|minfo|mmd|mtype", "D:i:", NULL, 0, CM_SAFE},
    {"mdel|mdeltree|mformat|mmove|mpartition|mrd|mren|mzip", "D:i:f:v:", NULL, 0, CM_MODERATE},
    {FAT, "A:C:D:F:M:R:S:b:f:g:h:i:l:m:n:r:s:", "help mbr=? offset= codepage= invariant", 0,
     CM_MODERATE},
    {EXT, "C:E:G:I:J:L:M:N:O:T:U:b:d:e:g:i:l:m:o:r:t:z:", NULL, 0, CM_MODERATE},
    {EXFAT, "L:U:V:b:c:i:n:p:s:", NULL, 0, CM_MODERATE},
    {"mkfs", "t:", "help type= version", 0, CM_MODERATE},
    {MKFS_MORE, "L:b:i:l:n:s:v:", NULL, 0, CM_MODERATE},
    {"mkfs.btrfs", "A:L:O:R:U:b:d:l:m:n:r:s:",
     "byte-count= checksum= csum= data= features= force help label= metadata= nodesize= "
     "rootdir= sectorsize= uuid= version",
     0, CM_MODERATE},
    {NTFS, "L:c:H:S:p:s:z:", "cluster-size= fast force help label= no-action quick version", 0,
     CM_MODERATE},
    {"mkfs.xfs", "L:b:c:d:i:l:m:n:p:r:s:", NULL, 0, CM_MODERATE},
    {"mkswap", "L:U:e:o:p:s:v:",
     "check endianness= file force help label= lock=? offset= pagesize= size= swapversion= "
     "uuid= verbose version",
     0, CM_MODERATE},
    {"nvme", NULL, NULL, 0, CM_SAFE},
    {"parted", "a:", "align= fix help json list machine script version", 0, CM_MODERATE},
    {"partprobe", NULL, "dry-run help summary version", 0, CM_MODERATE},
    {"quota|repquota|showmount", "F:", NULL, 0, CM_SAFE},
    {"scrub", "D:b:d:f:p:s:t:X", "blocksize= device-size= dirent= freespace help pattern= version",
     0, CM_MODERATE},
    {"sfdisk", "N:O:S:W:X:Y:o:u:w:",
     "activate append backup backup-file= backup-pt-sectors bytes color=? delete disk-id dump "
     "force help json label= label-nested= list list-free list-types lock=? move-data=? "
     "move-use-fsync no-act no-reread no-tell-kernel output= part-attrs part-label part-type "
     "part-uuid partno= quiet relocate= reorder sector-size= show-geometry show-size unit= "
     "verify version wipe= wipe-partitions=",
     0, CM_MODERATE},
    {"sg_dd|sg_format|sg_raw|sg_reset|sg_sanitize|sg_unmap|sg_write_buffer|sg_write_same", NULL,
     NULL, 0, CM_MODERATE},
    {"sgdisk", "A:C:D:F:I:N:R:S:T:U:a:b:c:d:g:h:i:j:k:l:n:r:t:u:",
     "adjust-main-table= attributes= backup= change-name= clear delete= disk-guid= "
     "display-alignment first-aligned-in-largest gpttombr=? help hybrid= info= list-types "
     "load-backup= mbrtogpt move-main-table= move-second-header new= partition-guid= pretend "
     "print randomize-guids replicate= set-alignment= sort transpose= typecode= verify "
     "version zap zap-all",
     0, CM_SAFE},
    {"smartctl|smartd", "F:P:B:T:b:d:g:l:n:q:r:s:t:v:o:S:",
     "all device= health info log= offlineauto= quietmode= saveauto= scan set= smart= test= "
     "xall",
     0, CM_SAFE},
    {"swapoff|swapon", "L:U:T:d::o:p:",
     "all discard=? fixpgsz help options= priority= show=? summary verbose version", 0,
     CM_MODERATE},
    {"tmutil", "d:p:", NULL, 0, CM_MODERATE},
    {"tune2fs|tunefs.reiserfs", "C:E:I:J:L:M:O:Q:T:U:c:e:g:i:m:o:r:u:z:", NULL, 0, CM_MODERATE},
    {"udisksctl", "b:o:p:t:", "block-device= object-path= options= filesystem-type=", 0,
     CM_MODERATE},
    {"wipefs", "O:o:t:",
     "all backup=? force help json lock=? no-act noheadings offset= output= parsable quiet "
     "types= version",
     0, CM_SAFE},
    {"xfs_db|xfs_logprint|xfs_metadump|xfs_ncheck", "c:f:l:p:", NULL, 0, CM_SAFE},
    {"xfs_repair", "l:m:o:r:t:", NULL, 0, CM_MODERATE},
    {"zramctl", "a:o:p:s:t:", "algorithm= find output= reset size= streams=", 0, CM_SAFE},
};

static const cm_rule rules[] = {
    {"device.help", EXT "|mkfs.xfs|mkfs.btrfs|" FSCK " -V !*", CM_FX_HARMLESS,
     "prints its version"},
    {"device.dry-run", EXT "|" NTFS " -n|--no-action", CM_FX_HARMLESS,
     "only says what it would do"},
    {"device.dry-run", "mkfs.xfs|newfs|newfs_apfs|newfs_hfs|newfs_msdos -N", CM_FX_HARMLESS,
     "only says what it would do"},
    {"device.dry-run", "wipefs|sfdisk -n|--no-act", CM_FX_HARMLESS, "only says what it would do"},
    {"device.dry-run", "sgdisk -P|--pretend", CM_FX_HARMLESS, "only says what it would do"},
    {"device.dry-run", "growpart -N|--dry-run", CM_FX_HARMLESS, "only says what it would do"},
    {"device.dry-run",
     "fstrim|eject|xfs_repair|xfs_growfs|ntfsresize -n|--dry-run|--noop|--no-action",
     CM_FX_HARMLESS, "only says what it would do"},
    {"device.dry-run", FSCK " -n|-N", CM_FX_HARMLESS, "checks and changes nothing"},
    {"device.list", "fdisk -l|-s|-x|--list|--list-details|--getsz", CM_FX_HARMLESS,
     "lists partitions"},
    {"device.list", "gdisk|cgdisk|parted -l|--list", CM_FX_HARMLESS, "lists partitions"},
    {"device.list",
     "sfdisk -F|-J|-T|-V|-d|-g|-l|-s|--dump|--json|--list|--list-free|--list-types|"
     "--show-geometry|--show-size|--verify",
     CM_FX_HARMLESS, "lists partitions"},
    {"device.list", "parted ~print|p|unit|help|align-check !" PARTED_WRITES, CM_FX_HARMLESS,
     "lists partitions"},
    {"device.list", "kpartx|partx -l|-s|--list|--show", CM_FX_HARMLESS, "lists partitions"},
    {"device.list", "partprobe -d|--dry-run", CM_FX_HARMLESS, "only looks at partitions"},
    {"device.list", "tune2fs -l !-C|-E|-I|-J|-L|-M|-O|-Q|-T|-U|-c|-e|-f|-g|-i|-j|-m|-o|-r|-u",
     CM_FX_HARMLESS, "lists settings of a file system"},
    {"device.list", "resize2fs -P", CM_FX_HARMLESS, "says how small a file system can become"},
    {"device.list", "ntfsresize -i|--info", CM_FX_HARMLESS, "lists settings of a file system"},
    {"device.list", "swapon -s|--show|--summary", CM_FX_HARMLESS, "lists swap space"},
    {"device.list", "losetup -a|-l|-j|--all|--list|--associated", CM_FX_HARMLESS,
     "lists loop devices"},
    {"device.list", "mount !* !-a|--all", CM_FX_SAFE, "lists mounted file systems"},
    {"device.list", "udisksctl status|info|dump|monitor|help", CM_FX_SAFE, "lists disks"},

    {"device.write", "dd|gdd|dcfldd|dc3dd @of=", CM_FX_WRITE_DEVICE, "writes over what is there"},
    {"device.write", "dc3dd @hof=", CM_FX_WRITE_DEVICE, "writes over what is there"},
    {"device.write", "dc3dd @wipe=", CM_FX_WRITE_DEVICE, "wipes a device"},
    {"device.write", "dc3dd @hwipe=", CM_FX_WRITE_DEVICE, "wipes a device"},
    {"device.write", "ddrescue|dd_rescue|safecopy * @1", CM_FX_WRITE_DEVICE,
     "writes over what is there"},
    {"device.write", "scrub|ntfswipe @", CM_FX_OVERWRITE, "writes over what is there"},
    {"device.format", EXT "|" EXFAT "|" FAT "|" NTFS " @1", CM_FX_WRITE_DEVICE,
     "makes a new file system, which erases what was there"},
    {"device.format", "mkfs|mkfs.btrfs|mkfs.xfs|" MKFS_MORE " @", CM_FX_WRITE_DEVICE,
     "makes a new file system, which erases what was there"},
    {"device.format", "mkswap @1", CM_FX_WRITE_DEVICE,
     "makes swap space, which erases what was there"},
    {"device.format", "btrfs-convert @last", CM_FX_WRITE_DEVICE,
     "turns a file system into another"},
    {"device.wipe", "wipefs -a|-o|--all|--offset @", CM_FX_WRITE_DEVICE,
     "erases the signatures of a file system or partition table"},
    {"device.wipe", "blkdiscard @", CM_FX_WRITE_DEVICE, "discards everything on a device"},
    {"device.wipe", "blkzone finish|reset @", CM_FX_WRITE_DEVICE, "discards zones of a device"},
    {"device.list", "blkzone report|capacity", CM_FX_SAFE, "lists zones of a device"},
    {"device.wipe", "badblocks -w @1", CM_FX_WRITE_DEVICE, "overwrites a device to test it"},
    {"device.wipe", "nwipe @", CM_FX_WRITE_DEVICE, "overwrites whole disks"},
    {"device.wipe", "nwipe --autonuke", CM_FX_CRITICAL, "overwrites all disks"},
    {"device.wipe", "dban", CM_FX_CRITICAL, "overwrites all disks"},
    {"device.partition", "testdisk !/list !/log @", CM_FX_WRITE_DEVICE,
     "changes a partition table"},
    {"device.mount", "exportfs -a|-i|-r|-u", CM_FX_MODERATE,
     "changes which folders other machines may use"},
    {"device.list",
     "tmutil list*|latestbackup|status|version|compare|destinationinfo|isexcluded|uniquesize|"
     "calculatedrift|machinedirectory",
     CM_FX_HARMLESS, "lists backups"},
    {"device.backup", "tmutil delete*|thinlocalsnapshots|removedestination", CM_FX_HIGH,
     "deletes backups"},
    {"device.backup", "tmutil restore * @1", CM_FX_OVERWRITE, "restores files from a backup"},
    {"device.test", "badblocks -n", CM_FX_HIGH, "rewrites every block of a device"},
    {"device.partition", "fdisk|cgdisk|fixparts|gdisk @", CM_FX_WRITE_DEVICE,
     "changes a partition table"},
    {"device.partition", "cfdisk !-r|--read-only @", CM_FX_WRITE_DEVICE,
     "changes a partition table"},
    {"device.list", "cfdisk -r|--read-only", CM_FX_SAFE, "shows a partition table"},
    {"device.partition", "sfdisk @", CM_FX_WRITE_DEVICE, "changes a partition table"},
    {"device.partition", "sgdisk " SGDISK_WRITES " @", CM_FX_WRITE_DEVICE,
     "changes a partition table"},
    {"device.partition", "sgdisk @-R|--replicate", CM_FX_WRITE_DEVICE,
     "replaces a partition table"},
    {"device.partition", "parted @1", CM_FX_WRITE_DEVICE, "changes a partition table"},
    {"device.partition", "bsdlabel|disklabel -B|-R|-e|-w @1", CM_FX_WRITE_DEVICE,
     "changes a partition table"},
    {"device.partition",
     "gpt|gpart|geom add|bootcode|create|delete|destroy|migrate|modify|recover|remove|resize|"
     "restore",
     CM_FX_CRITICAL, "changes a partition table"},
    {"device.partition",
     "geom part add|bootcode|create|delete|destroy|modify|recover|resize|restore", CM_FX_CRITICAL,
     "changes a partition table"},
    {"device.partition",
     "glabel|gmirror|gstripe clear|create|destroy|forget|insert|label|remove|stop", CM_FX_HIGH,
     "changes how disks are put together"},
    {"device.partition", "growpart @1", CM_FX_HIGH, "changes a partition table"},
    {"device.partition", "resizepart|delpart", CM_FX_HIGH, "changes a partition table"},
    {"device.restore", "ntfsclone @-O|--overwrite", CM_FX_WRITE_DEVICE, "overwrites a device"},
    {"device.restore",
     "partclone.restore|partclone.ext4|partclone.ntfs|partclone.dd|partclone.btrfs|"
     "partclone.vfat|partclone.xfs @-o|-O|--output|--overwrite",
     CM_FX_WRITE, "writes over what is there"},
    {"device.restore", "fsarchiver restdir|restfs", CM_FX_CRITICAL, "overwrites a device"},
    {"device.restore", "partimage restore|restmbr", CM_FX_CRITICAL, "overwrites a device"},
    {"device.restore", "ocs-sr|ocs-onthefly ~restore*", CM_FX_CRITICAL, "overwrites a device"},
    {"device.restore", "asr restore|-restore", CM_FX_CRITICAL, "overwrites a volume"},
    {"device.restore", "asr -source|-target", CM_FX_CRITICAL, "overwrites a volume"},
    {"device.restore", "e2image -I", CM_FX_CRITICAL, "overwrites the tables of a file system"},
    {"device.restore", "xfs_mdrestore @last", CM_FX_WRITE_DEVICE, "overwrites a device"},

    {"device.repair", FSCK "|xfs_repair|e2undo", CM_FX_HIGH,
     "repairs a file system, which changes the disk"},
    {"device.tune", "tune2fs|btrfstune|reiserfstune|tunefs|exfattune", CM_FX_HIGH,
     "changes a file system's settings"},
    {"device.tune", "resize2fs|resize.f2fs|ntfsresize|xfs_growfs|growfs", CM_FX_HIGH,
     "changes a file system's size"},
    {"device.label", "e2label|exfatlabel|fatlabel|dosfslabel|ntfslabel * *", CM_FX_MODERATE,
     "names a file system"},
    {"device.label", "swaplabel|xfs_admin -L|-U", CM_FX_MODERATE, "names a file system"},
    {"device.edit", "debugfs -w @last", CM_FX_WRITE_DEVICE, "changes a file system by hand"},
    {"device.edit", "xfs_db -x @last", CM_FX_WRITE_DEVICE, "changes a file system by hand"},

    {"device.drive",
     "hdparm --security-erase*|--security-set-pass|--sanitize-*|--trim-sector-ranges*|"
     "--write-sector|--repair-sector|--make-bad-sector|--dco-restore|--dco-setmax|"
     "--fwdownload*|--format-*|--set-sector-size",
     CM_FX_CRITICAL, "erases or locks a drive"},
    {"device.drive", "hdparm --security-*|--yes-i-know-what-i-am-doing|--please-destroy-my-drive",
     CM_FX_HIGH, "changes the locks of a drive"},
    {"device.drive-setting", "hdparm -0|-1|-F|-S|-X|-Y|-Z|-f|-y", CM_FX_MODERATE,
     "changes settings of a drive"},
    {"device.drive-setting", "sdparm --clear|--set|--command", CM_FX_MODERATE,
     "changes settings of a drive"},
    {"device.drive",
     "nvme copy|delete-ns|dsm|format|fw-activate|fw-commit|fw-download|sanitize|security-send|"
     "write|write-uncor|write-zeroes",
     CM_FX_CRITICAL, "erases or overwrites a drive"},
    {"device.drive-setting", "nvme attach-ns|create-ns|detach-ns|reset|subsystem-reset|ns-rescan",
     CM_FX_HIGH, "changes how a drive is divided"},
    {"device.drive-setting", "nvme connect*|disconnect*|set-feature|set-property|device-self-test",
     CM_FX_MODERATE, "changes settings of a drive"},
    {"device.drive", "sg_format|sg_sanitize|sg_unmap|sg_write_buffer|sg_write_same",
     CM_FX_CRITICAL, "erases or overwrites a drive"},
    {"device.write", "sg_dd @of=", CM_FX_WRITE_DEVICE, "writes over what is there"},
    {"device.drive", "camcontrol format|sanitize|security|fwdownload", CM_FX_CRITICAL,
     "erases or overwrites a drive"},
    {"device.drive-setting", "smartctl -S|-o|-s|-t|--offlineauto|--saveauto|--set|--smart|--test",
     CM_FX_MODERATE, "changes settings of a drive or starts its test"},
    {"device.drive-setting",
     "blockdev --flushbufs|--rereadpt|--setbsz|--setfra|--setra|--setro|--setrw", CM_FX_MODERATE,
     "changes settings of a drive"},

    {"device.mount", "mount *", CM_FX_MODERATE, "mounts a file system"},
    {"device.mount", "mount -a|--all", CM_FX_MODERATE, "mounts all file systems"},
    {"device.mount", "umount|fusermount|fusermount3 *", CM_FX_MODERATE, "unmounts a file system"},
    {"device.mount", "udisksctl mount|unmount|lock|unlock|loop-setup|loop-delete|power-off",
     CM_FX_MODERATE, "mounts or unmounts a file system"},
    {"device.mount", "eject", CM_FX_MODERATE, "unmounts and ejects a disk"},
    {"device.unmount-all", "blkdeactivate", CM_FX_HIGH, "unmounts and switches off all devices"},
    {"device.swap", "swapon|swapoff *", CM_FX_MODERATE, "switches swap space on or off"},
    {"device.swap", "zramctl -f|-r|-s|--find|--reset|--size", CM_FX_MODERATE,
     "changes compressed swap space"},
    {"device.trim", "fstrim", CM_FX_MODERATE, "tells a disk which blocks are free"},
    {"device.cover", "mount -B|-R|-M|--bind|--rbind|--move * ~" COVERED, CM_FX_CRITICAL,
     "covers a whole folder of the system or an account file by another"},
    {"device.cover", "mount -o|--options=*bind*|*move* * ~" COVERED, CM_FX_CRITICAL,
     "covers a whole folder of the system or an account file by another"},
    {"device.cover", "mount -t|--types=overlay|tmpfs|ramfs|nfs*|fuse* * ~" COVERED, CM_FX_CRITICAL,
     "covers a whole folder of the system or an account file by another"},
    {"device.cover",
     "mount -B|-o|--bind|--options|--rbind * ~/etc/*|/bin/*|/sbin/*|/usr/bin/*|/usr/sbin/*|"
     "/lib/*",
     CM_FX_HIGH, "covers a file of the system by another"},
    {"device.unmount-all", "umount -a|-A|--all|--all-targets", CM_FX_HIGH,
     "unmounts all file systems"},
    {"device.swap", "swapon|swapoff -a|--all", CM_FX_MODERATE,
     "switches all swap space on or off"},
    {"device.loop", "losetup -D|-c|-d|--detach|--detach-all|--set-capacity", CM_FX_MODERATE,
     "changes a loop device"},
    {"device.loop", "losetup -f|--find *", CM_FX_MODERATE, "makes a loop device"},
    {"device.loop", "losetup * *", CM_FX_MODERATE, "makes a loop device"},

    {"device.format",
     "diskutil [eE]rase*|partition[dD]isk|secure[eE]rase|zero[dD]isk|random[dD]isk|reformat|"
     "split[pP]artition|merge[pP]artitions|add[pP]artition",
     CM_FX_CRITICAL, "erases a disk or changes its partitions"},
    {"device.format",
     "diskutil apfs|ap|cs|core[sS]torage|apple[rR][aA][iI][dD]|ar delete*|erase*|create*|add*",
     CM_FX_CRITICAL, "erases or makes a volume"},
    {"device.tune", "diskutil resize*|repair*", CM_FX_HIGH, "changes or repairs a disk"},
    {"device.tune", "diskutil apfs|ap resize*|decrypt*|encrypt*|changePassphrase", CM_FX_HIGH,
     "changes a volume"},
    {"device.mount", "diskutil [uU]nmount*|[mM]ount*|eject|rename|[eE]nable*|[dD]isable*",
     CM_FX_MODERATE, "mounts, unmounts or renames a disk"},
    {"device.erase", "hdiutil erase|partition|burn ~/dev/disk*", CM_FX_CRITICAL, "erases a disk"},
    {"device.image", "hdiutil attach|mount|mountvol|detach|eject|unmount|compact|resize|burn",
     CM_FX_MODERATE, "mounts or changes a disk image"},
    {"device.image", "hdiutil erasekeys", CM_FX_HIGH, "deletes the keys of a disk image for good"},
    {"device.image", "hdiutil create|makehybrid @last", CM_FX_CREATE, "makes a disk image"},
    {"device.image", "hdiutil convert @-o", CM_FX_CREATE, "makes a disk image"},
    {"device.image", "fsarchiver savefs|savedir @1", CM_FX_CREATE, "writes an image"},
};

const cm_pack cm_pack_device = {
    "device", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
