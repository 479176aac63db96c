/* safety/pack_fs: programs that make, move, copy and delete files. Sources: POSIX.1-2017, the
 * GNU coreutils and findutils manuals, the manual pages of FreeBSD, macOS, rsync, trash-cli,
 * rename. */
#include "safety/judge.h"

static const cm_program programs[] = {
    {"bleachbit", NULL, "clean delete list preview preset help version", 0, CM_SAFE},
    {"convmv", "f:t:", "notest parsable exec= help", 0, CM_SAFE},
    {"cp|gcp", "S:t:",
     "archive attributes-only backup=? context=? copy-contents debug dereference force help "
     "interactive link no-clobber no-dereference no-preserve= no-target-directory "
     "one-file-system parents preserve=? recursive reflink=? remove-destination sparse= "
     "strip-trailing-slashes suffix= symbolic-link target-directory= update=? verbose version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"detox", "f:s:", "dry-run help inline remove-trailing special", CM_PROGRAM_QUIET,
     CM_MODERATE},
    {"ditto", NULL, "arch= bom= help nocache norsrc rsrc zlibCompressionLevel=", CM_PROGRAM_QUIET,
     CM_SAFE},
    {"fallocate", "l:o:",
     "collapse-range dig-holes help insert-range keep-size length= offset= posix punch-hole "
     "verbose version zero-range",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"fdupes|jdupes", "G:L:P:X:o:", "delete immediate linkhard help noprompt version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"file-rename|perl-rename|prename|rename", "E:e:",
     "all filename force help interactive last man no-act no-overwrite nono stdin symlink "
     "verbose version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"find|gfind", "D:",
     "amin= anewer= atime= cmin= cnewer= ctime= delete empty files0-from= fls= fprint= "
     "fprint0= fprintf= fstype= gid= group= help ilname= iname= inum= ipath= iregex= "
     "iwholename= links= lname= ls maxdepth= mindepth= mmin= mtime= name= newer= newerBB= "
     "newerBa= newerBc= newerBm= newerBt= neweraa= newerac= neweram= newerat= newerca= "
     "newercc= newercm= newerct= newerma= newermc= newermm= newermt= nogroup nouser path= "
     "perm= printf= regex= regextype= samefile= size= type= uid= used= user= version "
     "wholename= xtype=",
     CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"ginstall|install", "S:Z::g:m:o:t:",
     "backup=? compare context=? directory group= help mode= no-target-directory owner= "
     "preserve-context preserve-timestamps strip strip-program= suffix= target-directory= "
     "verbose version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"gio", NULL, "empty force help list", CM_PROGRAM_QUIET, CM_SAFE},
    {"gio mkdir|move|remove|rename|save|set|trash", NULL,
     "backup empty force help list progress interactive preserve restore", CM_PROGRAM_QUIET,
     CM_MODERATE},
    {"gln|ln", "S:t:",
     "backup=? directory force help interactive logical no-dereference no-target-directory "
     "physical relative suffix= symbolic target-directory= verbose version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"gmkdir|mkdir", "m:", "context=? help mode= parents verbose version", CM_PROGRAM_QUIET,
     CM_SAFE},
    {"gmv|mv", "S:t:",
     "backup=? context debug exchange force help interactive no-clobber no-copy "
     "no-target-directory strip-trailing-slashes suffix= target-directory= update=? verbose "
     "version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"gomi|rmtrash|trash|trash-put|trash-rm", NULL,
     "directory force help interactive recursive trash-dir= verbose version", CM_PROGRAM_QUIET,
     CM_MODERATE},
    {"grm|rm", NULL,
     "dir force help interactive=? no-preserve-root one-file-system preserve-root=? recursive "
     "verbose version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"grmdir|rmdir", NULL, "help ignore-fail-on-non-empty parents verbose version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"gshred|shred",
     "n:s:", "exact force help iterations= random-source= remove=? size= verbose version zero",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"gtouch|touch", "A:d:r:t:", "date= help no-create no-dereference reference= time= version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"gtruncate|truncate", "r:s:", "help io-blocks no-create reference= size= version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"hardlink", "x:i:s:", "dry-run exclude= help include= keep-oldest maximize", CM_PROGRAM_QUIET,
     CM_MODERATE},
    {"link|linkat", NULL, NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"logrotate",
     "l:m:s:", "debug force help log= mail= skip-state-lock state= usage verbose version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"mad|mcp|mln|mmv", NULL, NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"mkfifo", "m:", "context=? help mode= version", CM_PROGRAM_QUIET, CM_SAFE},
    {"mknod", "m:", "context=? help mode= version", CM_PROGRAM_QUIET, CM_MODERATE},
    {"mktemp", "p:t::", "directory dry-run help quiet suffix= tmpdir=? version", 0, CM_SAFE},
    {"par2|par2create|par2repair|par2verify|zpaq", "b:c:m:n:r:s:t:", NULL, CM_PROGRAM_QUIET,
     CM_SAFE},
    {"qcp|qmv|vidir", NULL, "help version", CM_PROGRAM_QUIET, CM_MODERATE},
    {"rdfind", NULL,
     "checksum= deleteduplicates= dryrun= followsymlinks= ignoreempty= makehardlinks= "
     "makeresultsfile= makesymlinks= minsize= maxsize= n= outputname= sleep=",
     CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"restore-trash|trash-restore", NULL, "help overwrite sort= version", CM_PROGRAM_QUIET,
     CM_MODERATE},
    {"rsync", "@:B:M:T:e:f:",
     "address= archive backup backup-dir= block-size= bwlimit= checksum-choice= "
     "checksum-seed= chmod= chown= compare-dest= compress-choice= compress-level= config= "
     "contimeout= copy-as= copy-dest= debug= del delay-updates delete delete-after "
     "delete-before delete-delay delete-during delete-excluded dry-run early-input= exclude= "
     "exclude-from= existing files-from= filter= groupmap= help iconv= ignore-existing "
     "include= include-from= info= inplace ipv4 ipv6 link-dest= list-only log-file= "
     "log-file-format= max-alloc= max-delete= max-size= min-size= modify-window= "
     "only-write-batch= out-format= partial-dir= password-file= port= progress protocol= "
     "read-batch= recursive remote-option= remove-source-files rsh= rsync-path= "
     "skip-compress= sockopts= stderr= stop-after= stop-at= suffix= temp-dir= timeout= update "
     "usermap= version write-batch= write-devices",
     0, CM_SAFE},
    {"savelog", "c:m:r:u:g:", NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"setfattr", "n:v:x:", "help name= no-dereference raw remove= restore= value= version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"sfill", NULL, NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"srm", NULL, "directory force help interactive recursive simple verbose version zero",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"stow|xstow", "S:D:R:d:t:v::",
     "adopt defer= delete= dir= dotfiles help ignore= no no-folding override= restow= "
     "simulate stow= target= verbose=? version",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"sync", NULL, NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"tmpreaper", "t:T:",
     "all atime ctime delay=? force help mtime protect= runtime= showdeleted symlinks test "
     "verbose",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"tmpwatch", "X:x:U:",
     "all atime ctime dirmtime exclude= exclude-pattern= exclude-user= force fuser mtime "
     "nodirs quiet test verbose",
     CM_PROGRAM_QUIET, CM_MODERATE},
    {"trash-empty", NULL, "all-users dry-run force help print-time trash-dir= verbose version",
     CM_PROGRAM_QUIET, CM_HIGH},
    {"trash-list", NULL, NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"unison", NULL, "auto batch force= ignore= prefer= root= testserver", CM_ARGV_DASH,
     CM_MODERATE},
    {"unlink", NULL, "help version", CM_PROGRAM_QUIET, CM_MODERATE},
    {"wipe", "C:L:M:P:Q:R:S:T:b:l:o:", NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"xattr", NULL, NULL, CM_PROGRAM_QUIET, CM_SAFE},
};

#define RM   "rm|grm"
#define CP   "cp|gcp"
#define MV   "mv|gmv"
#define FIND "find|gfind"
/* Conditions of find that pick some files out of a tree. */
#define PICKS                                                                               \
  "-name|-iname|-path|-ipath|-wholename|-iwholename|-regex|-iregex|-lname|-ilname|-mtime|"  \
  "-mmin|-ctime|-cmin|-atime|-amin|-newer*|-anewer|-cnewer|-size|-empty|-user|-group|-uid|" \
  "-gid|-xtype|-nouser|-nogroup|-perm|-links|-inum|-samefile|-used"
#define SETUID "[4567]???|0[4567]???|*[ua]*[+=]*s*|+*s*"

static const cm_rule rules[] = {
    {"fs.help",
     FIND "|bleachbit|detox|fdupes|jdupes|logrotate|stow|xstow --help|--version|-help|-version",
     CM_FX_HARMLESS, "prints help or its version"},
    {"fs.dry-run", "logrotate -d|--debug", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.dry-run", "detox|trash-empty -n|--dry-run", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.dry-run", "stow|xstow -n|--no|--simulate", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.dry-run", "tmpreaper|tmpwatch -t|--test", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.dry-run", "rename|file-rename|prename|perl-rename -n|--no-act|--nono", CM_FX_HARMLESS,
     "only says what it would do"},
    {"fs.dry-run", "mad|mcp|mln|mmv -n", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.dry-run", "rdfind -dryrun|-n=true", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.dry-run", "mktemp -u|--dry-run", CM_FX_HARMLESS, "only makes up a name"},
    {"fs.dry-run", "gio trash --list", CM_FX_HARMLESS, "lists the trash"},

    {"fs.dry-run", "hardlink -n|--dry-run", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.dry-run", RM " -i|-I|-v|--interactive|--verbose !?*", CM_FX_HARMLESS,
     "names no file (an alias)"},
    {"fs.delete-tree", RM " -r|-R|--recursive @", CM_FX_DELETE_TREE,
     "deletes folders with everything in them"},
    {"fs.delete", RM " !-r|-R|--recursive @", CM_FX_DELETE, "deletes files"},
    {"fs.delete", "unlink @", CM_FX_DELETE, "deletes a file"},
    {"fs.delete", "rmdir|grmdir @", CM_FX_DELETE, "removes empty folders"},
    {"fs.shred", "shred|gshred @", CM_FX_OVERWRITE, "overwrites what is stored, beyond recovery"},
    {"fs.shred", "shred|gshred -u|--remove @", CM_FX_DELETE, "deletes files beyond recovery"},
    {"fs.shred", "srm|wipe !-r|-R|--recursive @", CM_FX_DELETE, "deletes files beyond recovery"},
    {"fs.shred", "srm|wipe -r|-R|--recursive @", CM_FX_DELETE_TREE,
     "deletes folders beyond recovery"},
    {"fs.shred", "srm|wipe @", CM_FX_OVERWRITE, "overwrites what is stored, beyond recovery"},
    {"fs.shred", "shred|gshred|srm|wipe @", CM_FX_WRITE_DEVICE,
     "overwrites what is stored, beyond recovery"},
    {"fs.trash", "trash|trash-put|rmtrash|gomi @", CM_FX_MOVE_AWAY, "moves files to the trash"},
    {"fs.trash", "gio trash !--empty|--list @", CM_FX_MOVE_AWAY, "moves files to the trash"},
    {"fs.delete", "gio remove @", CM_FX_DELETE, "deletes files"},
    {"fs.empty-trash", "trash-empty !*", CM_FX_HIGH, "deletes everything in the trash for good"},
    {"fs.empty-trash", "trash-empty *", CM_FX_MODERATE, "deletes what is old in the trash"},
    {"fs.empty-trash", "trash-rm \\*", CM_FX_HIGH, "deletes everything in the trash for good"},
    {"fs.empty-trash", "gio trash --empty", CM_FX_HIGH,
     "deletes everything in the trash for good"},

    {"fs.find-delete", FIND " -delete !" PICKS " @?", CM_FX_DELETE_TREE,
     "deletes everything below a folder"},
    {"fs.find-delete", FIND " -delete -name|-iname|-path|-ipath|-wholename=\\* @?",
     CM_FX_DELETE_TREE, "deletes everything below a folder"},
    {"fs.find-delete", FIND " -delete -not @?", CM_FX_DELETE_TREE,
     "deletes everything below a folder but some exceptions"},
    {"fs.find-delete", FIND " -delete ~! @?", CM_FX_DELETE_TREE,
     "deletes everything below a folder but some exceptions"},
    {"fs.find-delete", FIND " -delete " PICKS " @?", CM_FX_DELETE_SOME,
     "deletes the files of a folder that a condition picks"},
    {"fs.find-write", FIND " @-fls|-fprint|-fprint0|-fprintf", CM_FX_CREATE,
     "writes its list to a file"},
    {"fs.duplicates", "fdupes|jdupes -d|--delete @", CM_FX_DELETE_SOME, "deletes duplicate files"},
    {"fs.duplicates", "rdfind -deleteduplicates=true @", CM_FX_DELETE_SOME,
     "deletes duplicate files"},
    {"fs.old-files", "tmpreaper|tmpwatch * @", CM_FX_DELETE_SOME, "deletes old files of a folder"},
    {"fs.clean-user", "bleachbit -c|--clean", CM_FX_MODERATE,
     "deletes caches and histories of programs"},

    {"fs.move", MV " !-t|--target-directory * @last", CM_FX_CREATE, "moves files to a place"},
    {"fs.move", MV " @-t|--target-directory", CM_FX_CREATE, "moves files to a place"},
    {"fs.move-away", MV " !-t|--target-directory @..last", CM_FX_MOVE_AWAY,
     "takes files away from their place"},
    {"fs.move-away", MV " -t|--target-directory @", CM_FX_MOVE_AWAY,
     "takes files away from their place"},
    {"fs.move-null", MV " ~/dev/null @..last", CM_FX_DELETE_TREE, "moves files into nothing"},
    {"fs.move-away", "gio move @..last", CM_FX_MOVE_AWAY, "takes files away from their place"},
    {"fs.move", "gio move|copy|save @last", CM_FX_CREATE, "writes files to a place"},
    {"fs.rename", "mmv|mad|mcp|mln", CM_FX_MODERATE, "renames files by a pattern"},
    {"fs.rename", "rename|file-rename|prename|perl-rename", CM_FX_MODERATE,
     "renames files by a pattern"},
    {"fs.rename", "convmv --notest", CM_FX_MODERATE, "renames files"},
    {"fs.rename", "detox|vidir|qmv", CM_FX_MODERATE, "renames files"},

    {"fs.copy", CP " !-t|--target-directory * @last", CM_FX_CREATE, "copies files to a place"},
    {"fs.copy", CP " @-t|--target-directory", CM_FX_CREATE, "copies files to a place"},
    {"fs.copy-over", CP " -f|--force|--remove-destination !-n|--no-clobber * @last",
     CM_FX_OVERWRITE, "replaces what is there"},
    {"fs.empty", CP " /dev/null @last", CM_FX_OVERWRITE, "empties a file"},
    {"fs.copy", "ditto * @last", CM_FX_CREATE, "copies files to a place"},
    {"fs.dry-run", "rsync -n|--dry-run|--list-only", CM_FX_HARMLESS, "only says what it would do"},
    {"fs.sync", "rsync !--del*|--remove-source-files * @last", CM_FX_CREATE,
     "copies files to a place"},
    {"fs.sync-delete", "rsync --del|--delete|--delete-* * @last", CM_FX_DELETE_TREE,
     "deletes what the source doesn't have"},
    {"fs.sync-runs",
     "rsync -e|--rsh|--rsync-path !-e|--rsh|--rsync-path=ssh*|rsh*|sudo?rsync|rsync|*/rsync",
     CM_FX_HIGH, "makes rsync start a program"},
    {"fs.sync-move", "rsync --remove-source-files @..last", CM_FX_MOVE_AWAY,
     "deletes the source files when they are copied"},
    {"fs.install", "install|ginstall !-d|-t|--directory|--target-directory * @last", CM_FX_CREATE,
     "installs files into a place"},
    {"fs.install", "install|ginstall @-t|--target-directory", CM_FX_CREATE,
     "installs files into a place"},
    {"fs.install-setuid", "install|ginstall -m|--mode=" SETUID, CM_FX_CRITICAL,
     "makes a program that runs with its owner's rights"},
    {"fs.link", "ln|gln !-f|-t|--force|--target-directory * @last", CM_FX_CREATE, "makes a link"},
    {"fs.link", "ln|gln @-t|--target-directory", CM_FX_CREATE, "makes a link"},
    {"fs.link-over", "ln|gln -f|--force !-t|--target-directory * @last", CM_FX_OVERWRITE,
     "puts a link in place of what is there"},
    {"fs.link", "link * @1", CM_FX_CREATE, "makes a link"},
    {"fs.make-system", "mkdir|gmkdir|touch|gtouch ^", CM_FX_MODERATE,
     "makes a folder or file as root"},
    {"fs.make-system", "install|ginstall -d|--directory ^", CM_FX_MODERATE,
     "makes a folder as root"},
    {"fs.make", "mkfifo @", CM_FX_CREATE, "makes a pipe"},
    {"fs.make-node", "mknod @1", CM_FX_CREATE, "makes a device file"},
    {"fs.empty", "truncate|gtruncate @", CM_FX_OVERWRITE, "cuts or empties a file"},
    {"fs.make", "fallocate !-c|-d|-i|-p|-z @", CM_FX_CREATE, "makes a file of a given size"},
    {"fs.punch",
     "fallocate -c|-d|-i|-p|-z|--collapse-range|--dig-holes|--insert-range|--punch-hole|"
     "--zero-range @",
     CM_FX_OVERWRITE, "overwrites a part of a file"},
    {"fs.xattr", "setfattr|xattr -d|-c|-r|-w|-n|-x|--name|--remove|--restore @last", CM_FX_MODE,
     "changes extended attributes of a file"},
    {"fs.fill", "sfill @", CM_FX_MODERATE, "fills the free space of a disk"},
};

/* --- find -delete -name: what stands behind -delete picks nothing ---------------------------- */

static bool picks(const cm_arg *arg) {
  static const char others[] = "maxdepth|mindepth|type|D|printf";
  if (arg->has_value) return !cm_glob_any(cm_str_of(others), arg->name);
  return cm_glob_any(CM_STR("empty|nouser|nogroup"), arg->name);
}

/* Whether -delete comes first, and a condition later. */
static bool deletes_too_early(const cm_call *call) {
  size_t i = 0, n = call->n_options;
  while (i < n && !picks(&call->options[i]) && !cm_str_is(call->options[i].name, "delete")) i++;
  if (i == n || picks(&call->options[i])) return false;
  while (i < n && !picks(&call->options[i])) i++;
  return i < n;
}

static void look(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  if (!cm_glob_any(CM_STR(FIND), j->known.name) || !deletes_too_early(call)) return;
  for (size_t i = 0; i < call->n_operands; i++)
    (void)cm_judge_path(j, "fs.find-delete", CM_FX_DELETE_TREE,
                        "deletes everything below a folder, before a condition picks",
                        call->operands[i].at, run);
}

const cm_pack cm_pack_fs = {
    "fs", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
