/* Object stores and backups: rclone, s3cmd, s5cmd, mc, restic, borg, duplicity … */
#include "safety/packs.h"

#define RCLONE                                                                          \
  "config= transfers= checkers= include= exclude= filter= filter-from= include-from= "  \
  "exclude-from= files-from= min-age= max-age= min-size= max-size= bwlimit= log-file= " \
  "log-level= stats= backup-dir= suffix= compare-dest= copy-dest= vfs-cache-mode= "     \
  "drive-chunk-size= retries= timeout= max-delete= tpslimit= dry-run interactive rmdirs "
#define RESTIC                                                                                   \
  "repo= repository-file= password-file= password-command= cache-dir= exclude= exclude-file= "   \
  "iexclude= files-from= tag= host= path= target= include= keep-last= keep-hourly= keep-daily= " \
  "keep-weekly= keep-monthly= keep-yearly= keep-within= keep-tag= group-by= parent= option= "    \
  "limit-upload= limit-download= stdin-filename= dry-run prune verbose json"
#define BORG                                                                                      \
  "remote-path= rsh= compression= exclude= exclude-from= pattern= patterns-from= keep-within= "   \
  "keep-last= keep-secondly= keep-minutely= keep-hourly= keep-daily= keep-weekly= keep-monthly= " \
  "keep-yearly= prefix= glob-archives= first= last= encryption= comment= format= repo= "          \
  "checkpoint-interval= dry-run list stats progress force cache-only repair"

static const cm_program programs[] = {
    {"b2|b2v4", NULL, "profile= exclude-regex= include-regex= threads= dry-run delete", 0,
     CM_MODERATE},
    {"bacula-console|bconsole|amdump|amrecover|amcheck|urbackupclientctl", NULL, NULL, 0,
     CM_MODERATE},
    {"borg|borgmatic", "P:a:e:C:m:r:c:", BORG " config=", 0, CM_MODERATE},
    {"deja-dup|backintime|timeshift", NULL,
     "snapshot= snapshot-device= target-device= comments= tags= list create restore delete "
     "delete-all",
     0, CM_MODERATE},
    {"duplicity|duply", "r:t:",
     "encrypt-key= sign-key= exclude= include= full-if-older-than= file-to-restore= time= "
     "archive-dir= name= tempdir= volsize= force dry-run",
     0, CM_MODERATE},
    {"kopia", "c:p:", "config-file= password= delete dry-run", 0, CM_MODERATE},
    {"mc", "C:", "config-dir= older-than= newer-than= attr= recursive force remove fake dangerous",
     0, CM_SAFE}, /* the file manager too */
    {"mcli|minio-client",
     "C:", "config-dir= older-than= newer-than= attr= recursive force remove fake dangerous", 0,
     CM_MODERATE},
    {"minio", NULL, "address= console-address= certs-dir=", 0, CM_MODERATE},
    {"rclone", "f:", RCLONE, 0, CM_MODERATE},
    {"rclone copy|copyto|move|moveto|sync|bisync|rcat|copyurl", "f:", RCLONE,
     CM_PROGRAM_SENDS | CM_PROGRAM_FETCHES, CM_MODERATE},
    {"rdiff-backup", "r:v:",
     "remove-older-than= restore-as-of= exclude= include= remote-schema= force", 0, CM_MODERATE},
    {"restic|rustic|autorestic|resticprofile", "r:p:o:e:H:t:i:l:d:w:m:y:", RESTIC, 0, CM_MODERATE},
    {"rsnapshot", "c:", NULL, 0, CM_MODERATE},
    {"s3cmd", "c:P",
     "config= access_key= secret_key= exclude= include= acl-grant= region= host= "
     "recursive force delete-removed dry-run acl-public",
     0, CM_MODERATE},
    {"s3cmd put|sync|mv",
     "c:", "config= exclude= include= recursive delete-removed dry-run acl-public",
     CM_PROGRAM_SENDS, CM_MODERATE},
    {"s5cmd|s4cmd|goofys|s3fs|gcsfuse|s3backer",
     "o:", "endpoint-url= profile= region= numworkers= dry-run delete", 0, CM_MODERATE},
    {"snapper|btrbk", "c:t:d:", "config= type= description= cleanup-algorithm= userdata=", 0,
     CM_MODERATE},
    {"tarsnap", "f:C:T:X:", "keyfile= cachedir= dry-run nuke", 0, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"store.help",
     "rclone|s3cmd|s5cmd|restic|borg|borgmatic|duplicity|mc|kopia|b2|rdiff-backup|"
     "tarsnap|timeshift|snapper --help|--version",
     CM_FX_HARMLESS, "shows help"},
    {"store.help", "rclone|restic|borg|s3cmd|mc|kopia|timeshift -h", CM_FX_HARMLESS, "shows help"},
    {"store.dry-run", "rclone|restic|rustic|borg|borgmatic|s3cmd -n|--dry-run !--dry-run=false",
     CM_FX_HARMLESS, "only says what it would do"},
    {"store.dry-run", "duplicity|s5cmd|b2|kopia|tarsnap --dry-run", CM_FX_HARMLESS,
     "only says what it would do"},
    {"store.dry-run", "mc|mcli --fake|--dry-run", CM_FX_HARMLESS, "only says what it would do"},
    {"store.dry-run", "rsnapshot -t", CM_FX_HARMLESS, "only says what it would do"},

    /* rclone */
    {"rclone.delete", "rclone purge|delete|rmdirs|cleanup", CM_FX_HIGH,
     "deletes everything below in the store"},
    {"rclone.delete", "rclone sync|bisync", CM_FX_HIGH,
     "deletes at the destination what the source doesn't have"},
    {"rclone.delete", "rclone move ~/|~|$HOME", CM_FX_HIGH, "moves everything away"},
    {"rclone.change",
     "rclone copy|copyto|move|moveto|deletefile|rmdir|mkdir|rcat|touch|settier|mount|"
     "copyurl|link|dedupe|config|archive|serve|selfupdate|backend|rc|rcd|obscure|"
     "authorize|nfsmount !show|dump|file|paths|providers",
     CM_FX_MODERATE, "copies or changes files in the store"},
    {"rclone.read",
     "rclone ls|lsl|lsd|lsf|lsjson|tree|cat|size|check|checksum|about|md5sum|sha1sum|"
     "hashsum|version|listremotes|help|ncdu|cryptcheck|cryptdecode|genautocomplete|"
     "completion|test",
     CM_FX_SAFE, "reads"},
    {"rclone.read", "rclone config show|dump|file|paths|providers", CM_FX_SAFE, "shows settings"},

    /* s3cmd, s5cmd, mc, b2 */
    {"store.delete", "s3cmd del|rm|expire -r|--recursive", CM_FX_HIGH,
     "deletes everything below in the bucket"},
    {"store.delete", "s3cmd|s5cmd|mc|mcli|s4cmd rb", CM_FX_HIGH, "deletes a bucket"},
    {"store.delete", "s3cmd sync --delete-removed", CM_FX_HIGH,
     "deletes what the source doesn't have"},
    {"store.delete", "s5cmd sync --delete", CM_FX_HIGH, "deletes what the source doesn't have"},
    {"store.delete", "s5cmd rm ~*\\*", CM_FX_HIGH, "deletes everything below in the bucket"},
    {"store.delete", "s4cmd del -r|--recursive", CM_FX_HIGH,
     "deletes everything below in the bucket"},
    {"store.delete", "mc|mcli rm -r|--recursive", CM_FX_HIGH,
     "deletes everything below in the bucket"},
    {"store.delete", "mc|mcli mirror --remove", CM_FX_HIGH,
     "deletes what the source doesn't have"},
    {"store.delete", "b2|b2v4 delete-bucket|delete_bucket", CM_FX_HIGH, "deletes a bucket"},
    {"store.delete", "b2|b2v4 bucket delete", CM_FX_HIGH, "deletes a bucket"},
    {"store.delete", "b2|b2v4 rm -r|--recursive", CM_FX_HIGH, "deletes everything below"},
    {"store.delete", "b2|b2v4 sync --delete", CM_FX_HIGH, "deletes what the source doesn't have"},
    {"store.open", "s3cmd setacl|put|sync -P|--acl-public", CM_FX_HIGH, "lets everybody read it"},
    {"store.open", "mc|mcli anonymous|policy set public|download|upload", CM_FX_HIGH,
     "lets everybody in"},
    {"store.change",
     "s3cmd|s5cmd|s4cmd|b2|b2v4|mc|mcli put|sync|mb|del|rm|mv|cp|setacl|modify|mirror|"
     "upload|upload-file|upload_file|alias|admin|pipe|cors|ilm|encrypt|event|policy|"
     "anonymous|tag|retention|legalhold|undo|version|authorize-account|"
     "delete-file-version|create-bucket|update-bucket|setpolicy|delpolicy|restore|"
     "file|bucket|key|account|run",
     CM_FX_MODERATE, "copies or changes files in the store"},
    {"store.read",
     "s3cmd|s5cmd|s4cmd|b2|b2v4|mc|mcli ls|la|du|info|get|cat|head|stat|find|diff|tree|"
     "select|sql|download|list-*|list_*|download-*|get-*|get_*|signurl|presign|ping|share|"
     "watch|accesslog|version|help|multipart",
     CM_FX_SAFE, "reads"},
    {"store.read", "goofys|s3fs|gcsfuse", CM_FX_SAFE, "mounts a bucket"},
    {"store.read", "s3cmd get * @1", CM_FX_CREATE, "writes what it fetched to a file"},
    {"store.read", "s5cmd cp s3://* @last", CM_FX_CREATE, "writes what it fetched to a file"},

    /* Backups */
    {"backup.delete",
     "borg delete ~* !*::* !--cache-only !-r|--repo|-a|-P|--glob-archives|--prefix", CM_FX_HIGH,
     "deletes the whole backup repository"},
    {"backup.delete", "borg rdelete", CM_FX_HIGH, "deletes the whole backup repository"},
    {"backup.delete", "borg repo-delete", CM_FX_HIGH, "deletes the whole backup repository"},
    {"backup.delete", "restic|rustic forget --unsafe-allow-remove-all", CM_FX_HIGH,
     "deletes all backups"},
    {"backup.delete",
     "duplicity remove-all-but-n-full|remove-older-than|"
     "remove-all-inc-of-but-n-full --force",
     CM_FX_HIGH, "deletes old backups"},
    {"backup.delete", "rdiff-backup --remove-older-than", CM_FX_HIGH, "deletes old backups"},
    {"backup.delete", "rdiff-backup remove", CM_FX_HIGH, "deletes old backups"},
    {"backup.delete", "tarsnap --nuke", CM_FX_HIGH, "deletes all backups"},
    {"backup.delete", "timeshift --delete-all", CM_FX_HIGH, "deletes all snapshots"},
    {"backup.delete", "kopia snapshot|repository delete --delete|--unsafe-ignore-source",
     CM_FX_HIGH, "deletes backups"},
    {"backup.restore", "timeshift --restore", CM_FX_HIGH, "replaces the system by an older state"},
    {"backup.restore", "snapper undochange|rollback", CM_FX_HIGH,
     "replaces the system by an older state"},
    {"backup.restore", "restic|rustic restore @-t|--target", CM_FX_OVERWRITE,
     "writes files from the backup"},
    {"backup.restore", "borg extract", CM_FX_MODERATE, "writes files from the backup"},
    {"backup.restore", "duplicity restore @last", CM_FX_OVERWRITE, "writes files from the backup"},
    {"backup.change",
     "restic|rustic backup|forget|prune|init|unlock|tag|copy|rebuild-index|repair|key|"
     "migrate|rewrite|recover|mount|self-update|restore",
     CM_FX_MODERATE, "writes to the backup repository"},
    {"backup.change",
     "borg|borgmatic create|prune|init|compact|rename|recreate|upgrade|break-lock|key|"
     "mount|config|with-lock|serve|import-tar|check|delete|umount",
     CM_FX_MODERATE, "writes to the backup repository"},
    {"backup.change", "tarsnap -d", CM_FX_MODERATE, "deletes an archive"},
    {"backup.change",
     "snapper|btrbk|timeshift create|delete|cleanup|modify|run|prune|clean|"
     "setup-quota|mount",
     CM_FX_MODERATE, "makes or deletes snapshots"},
    {"backup.change", "timeshift --create|--delete", CM_FX_MODERATE, "makes or deletes snapshots"},
    {"backup.change",
     "kopia snapshot|repository|policy|maintenance|server create|run|set|connect|"
     "disconnect|delete|expire|start",
     CM_FX_MODERATE, "writes to the backup repository"},
    {"backup.read",
     "restic|rustic snapshots|ls|find|stats|check|cat|diff|dump|list|version|cache|help|"
     "generate|features",
     CM_FX_SAFE, "reads"},
    {"backup.read",
     "borg|borgmatic list|info|diff|version|debug|export-tar|rlist|rinfo|repo-list|"
     "repo-info|benchmark|help",
     CM_FX_SAFE, "reads"},
    {"backup.read", "duplicity collection-status|list-current-files|verify", CM_FX_SAFE, "reads"},
    {"backup.read", "rdiff-backup -l|--list-increments|--list-at-time|--compare|--verify",
     CM_FX_SAFE, "reads"},
    {"backup.read", "rdiff-backup list|info|verify|compare|calculate", CM_FX_SAFE, "reads"},
    {"backup.read", "tarsnap -t|--list-archives|--print-stats|--fsck", CM_FX_SAFE, "reads"},
    {"backup.read", "snapper|btrbk list|ls|status|diff|list-configs|get-config|stats|dryrun|usage",
     CM_FX_SAFE, "reads"},
    {"backup.read", "timeshift --list|--check|--list-devices", CM_FX_SAFE, "reads"},
    {"backup.read", "kopia snapshot|repository|policy|content|blob list|ls|status|show|verify",
     CM_FX_SAFE, "reads"},
};

const cm_pack cm_pack_store = {"store", programs,        CM_COUNT(programs),
                               rules,   CM_COUNT(rules), NULL};
