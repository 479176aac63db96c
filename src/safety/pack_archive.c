/* safety/pack_archive: archives and compressed files. Sources: the manuals of GNU tar, bsdtar,
 * Info-ZIP, gzip, bzip2, xz, lz4, zstd, brotli, 7-Zip, RAR, cpio, pax, ar, dpkg-deb, squashfs. */
#include "safety/packs.h"

/* Programs that replace a file by its compressed form (and back), unless told to keep it. */
#define GZIPS "compress|gunzip|gzip|pigz|uncompress|unpigz"
#define PACKS \
  GZIPS "|bunzip2|bzip2|lbunzip2|lbzip2|pbzip2|lrzip|lzip|plzip|rzip|lzma|unlzma|unxz|xz"
#define PACK_LONGS                                                                            \
  "best block-size= blocks= check= decompress fast files=? files0=? flush-timeout= force "    \
  "format= help keep list memlimit= memory= name no-name output= processes= quiet recursive " \
  "stdout suffix= test threads= to-stdout uncompress verbose version"
/* Programs that keep it, unless told not to. */
#define KEEPS "brotli|unbrotli|lz4|unlz4|lzop|zstd|unzstd|zstdmt|pzstd|zopfli"
#define SEVEN "7z|7za|7zr|7zz|p7zip"
#define TAR   "tar|gtar|bsdtar"
/* Options of tar whose value is a command. */
#define TAR_RUNS                                                                          \
  "-F|--checkpoint-action|--info-script|--new-volume-script|--rmt-command|--rsh-command|" \
  "--set-mtime-command|--to-command"

/* Where files of the system would be replaced. */
#define SYSTEM_FOLDERS                                                               \
  "/|/bin|/bin/*|/boot|/boot/*|/etc|/etc/*|/lib*|/sbin|/sbin/*|/usr|/usr/|/usr/bin|" \
  "/usr/bin/*|/usr/lib*|/usr/sbin*|/var/lib/dpkg*|//*"

static const cm_program programs[] = {
    {SEVEN, "o:", NULL, CM_ARGV_DASH, CM_SAFE},
    {"acat|als|apack|arepack|atool|aunpack|dtrx|extract|lsar|ouch|unar|unp", "D:X:o:e:k:p:F:",
     "output-directory= extract-to= format= password= encoding= force-overwrite force-skip",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"alien|deb2targz|ranlib|rpm2archive|rpm2cpio", NULL, NULL, 0, CM_SAFE},
    {"ar|gar|llvm-ar", NULL, "plugin= target= output= version help",
     CM_ARGV_BARE | CM_PROGRAM_QUIET, CM_SAFE},
    {"arj|cabextract|innoextract|lcab|lha|lzh|unace|unarj|unshield|zoo",
     "d:F:p:", "directory= filter=", CM_PROGRAM_QUIET, CM_SAFE},
    {"asar", NULL, NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"bcpio|cpio", "C:D:E:F:H:I:M:O:R:W:",
     "block-size= create directory= extract file= format= help io-size= list message= owner= "
     "pass-through pattern-file= quiet rsh-command= version warning=",
     0, CM_SAFE},
    {KEEPS, "D:M:T:o:",
     "dictionary= format= help keep list memory= output= output-dir-flat= quality= rm stdout "
     "suffix= test threads= version",
     CM_PROGRAM_DECODES, CM_SAFE},
    {"bunzip2|bzip2|lbunzip2|lbzip2|pbzip2", "S:n:", PACK_LONGS, CM_PROGRAM_DECODES, CM_SAFE},
    {"bzcat|bzgrep|bzless|bzmore|funzip|gzcat|gzexe|lz4cat|lzcat|lzless|unpack|xzcat|xzless|"
     "zcat|zipgrep|zstdcat|zstdgrep|zstdless",
     NULL, NULL, CM_PROGRAM_DECODES, CM_SAFE},
    {GZIPS, "S:b:p:", PACK_LONGS, CM_PROGRAM_DECODES, CM_SAFE},
    {"dpkg-deb", "I:S:Z:z:",
     "build compression= contents control ctrl-tarfile deb-format= extract field fsys-tarfile "
     "info raw-extract root-owner-group show showformat= vextract",
     0, CM_SAFE},
    {"genisoimage|mkisofs|xorriso|xorrisofs", "A:C:G:M:P:V:b:c:e:o:p:",
     "appid= boot-load-size= c= e= exclude= graft-points m= o= outdev= output= publisher= "
     "volid=",
     CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"isodump|isoinfo", NULL, NULL, 0, CM_SAFE},
    {"jar", "C:e:f:m:", "file= main-class= manifest= create extract list update", CM_ARGV_BARE,
     CM_SAFE},
    {"lrzip|lzip|plzip|rzip", "B:O:S:b:m:n:o:s:w:", PACK_LONGS, CM_PROGRAM_DECODES, CM_SAFE},
    {"lzma|unlzma|unxz|xz", "C:F:M:S:T:", PACK_LONGS, CM_PROGRAM_DECODES, CM_SAFE},
    {"mksquashfs|sqfscat|squashfuse|unsquashfs", NULL,
     "comp= b= d= dest= e= ef= f= processors= noappend wildcards", CM_ARGV_DASH | CM_PROGRAM_QUIET,
     CM_SAFE},
    {"pax|spax", "B:E:T:U:G:b:f:o:p:s:x:", NULL, 0, CM_SAFE},
    {"rar", NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"rar2|unrar|unrar-free", NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"shar|unshar", "d:o:", "directory= output-prefix=", CM_PROGRAM_QUIET, CM_SAFE},
    {TAR, "C:F:H:I:K:L:N:T:V:X:b:f:g:",
     "absolute-names acls add-file= after-date= append atime-preserve=? auto-compress "
     "backup=? block-number blocking-factor= bzip2 catenate check-device checkpoint=? "
     "checkpoint-action= compare compress concatenate create delete delay-directory-restore "
     "dereference diff directory= exclude= exclude-backups exclude-caches exclude-from= "
     "exclude-ignore= exclude-tag= exclude-vcs extract file= files-from= force-local format= "
     "full-time get group= group-map= gunzip gzip hard-dereference help hole-detection= "
     "ignore-case ignore-command-error ignore-failed-read incremental index-file= "
     "info-script= interactive keep-newer-files keep-old-files label= level= list "
     "listed-incremental= lzip lzma lzop mode= mtime= multi-volume new-volume-script= newer= "
     "newer-mtime= no-recursion no-same-owner no-same-permissions numeric-owner occurrence=? "
     "one-file-system one-top-level=? overwrite overwrite-dir owner= owner-map= pax-option= "
     "posix preserve-permissions quote-chars= quoting-style= record-size= recursion "
     "recursive-unlink remove-files rmt-command= rsh-command= same-owner same-permissions "
     "set-mtime-command= set-mtime-format= show-defaults show-omitted-dirs skip-old-files "
     "sort= sparse sparse-version= starting-file= strip-components= suffix= tape-length= "
     "test-label to-command= to-stdout totals=? touch transform= uncompress unlink-first "
     "update use-compress-program= utc verbose verify version volno-file= warning= wildcards "
     "xattrs xform= xz zstd",
     CM_ARGV_BARE, CM_SAFE},
    {"unzip", "P:d:x:", NULL, CM_PROGRAM_DECODES, CM_SAFE},
    {"zip", "O:P:b:i:n:s:t:x:",
     "copy-entries delete encrypt exclude= filesync freshen grow help include= latest-time "
     "move must-match out= output-file= password= recurse-paths show-files split-size= "
     "suffixes= symlinks temp-path= test unzip-command= update version",
     0, CM_SAFE},
    {"zipcloak|zipcmp|zipdetails|zipinfo|zipmerge|zipnote|zipsplit|ziptool", "b:n:", NULL,
     CM_PROGRAM_QUIET, CM_SAFE},
};

static const cm_rule rules[] = {
    {"archive.list",
     TAR " -t|-d|--list|--diff|--compare|--help|--version !-I|--use-compress-program !" TAR_RUNS,
     CM_FX_HARMLESS, "only lists or compares an archive"},
    {"archive.list",
     PACKS "|" KEEPS
           "|zip|unzip|pax|cpio|dpkg-deb --help|--version|--list|--test|--contents|--info",
     CM_FX_HARMLESS, "only lists or tests an archive"},
    {"archive.list", KEEPS " -t", CM_FX_HARMLESS, "only tests a file"},
    {"archive.list", PACKS " -l|-t", CM_FX_HARMLESS, "only lists or tests an archive"},
    {"archive.list", "unzip -l|-p|-t|-v|-z|-Z", CM_FX_HARMLESS, "only lists or tests an archive"},
    {"archive.list", "zip -sf|--show-files|-h|-L", CM_FX_HARMLESS, "only lists an archive"},
    {"archive.list", SEVEN "|rar|unrar|unrar-free l|lb|lt|t|v|vb|vt|b|h|i|p", CM_FX_HARMLESS,
     "only lists or tests an archive"},

    {"archive.extract", TAR " -x|--extract|--get !-O|--to-stdout @-C|--directory|--one-top-level",
     CM_FX_CREATE, "writes the files of an archive into a folder"},
    {"archive.extract-system",
     TAR " -x|--extract|--get !-O|--to-stdout -C|--directory=" SYSTEM_FOLDERS, CM_FX_HIGH,
     "replaces files of the system by those of an archive"},
    {"archive.extract-system", "unzip -d=" SYSTEM_FOLDERS, CM_FX_HIGH,
     "replaces files of the system by those of an archive"},
    {"archive.extract-system", SEVEN " x|e -o=" SYSTEM_FOLDERS, CM_FX_HIGH,
     "replaces files of the system by those of an archive"},
    {"archive.extract-system", "cpio|bcpio -i|--extract -D|--directory=" SYSTEM_FOLDERS,
     CM_FX_HIGH, "replaces files of the system by those of an archive"},
    {"archive.extract-system",
     "dpkg-deb -x|-X|-R|--extract|--raw-extract|--vextract * " SYSTEM_FOLDERS, CM_FX_HIGH,
     "replaces files of the system by those of an archive"},
    {"archive.extract-over",
     TAR " -x|--extract|--get -U|--overwrite|--unlink-first|--recursive-unlink", CM_FX_MODERATE,
     "replaces files by those of an archive"},
    {"archive.absolute", TAR " -x|--extract|--get -P|--absolute-names !-O|--to-stdout", CM_FX_HIGH,
     "lets an archive write anywhere"},
    {"archive.create", TAR " -c|--create @-f|--file", CM_FX_CREATE, "writes an archive"},
    {"archive.change",
     TAR " -A|-r|-u|--append|--catenate|--concatenate|--delete|--update @-f|--file", CM_FX_EDIT,
     "changes an archive"},
    {"archive.remove-files", TAR " -c|-r|-u|--create|--append|--update --remove-files @",
     CM_FX_DELETE_TREE, "deletes the files once they are in the archive"},
    {"archive.runs", TAR " --checkpoint-action=exec=*", CM_FX_HIGH, "makes tar start a program"},
    {"archive.runs",
     TAR " -F|--info-script|--new-volume-script|--rmt-command|--rsh-command|--set-mtime-command|"
         "--to-command",
     CM_FX_MODERATE, "makes tar start a program"},

    {"archive.create", "zip !-d|-u|-f|--delete|--update|--freshen @1", CM_FX_CREATE,
     "writes an archive"},
    {"archive.create", "zip @-O|--out|--output-file", CM_FX_CREATE, "writes an archive"},
    {"archive.change", "zip -d|-f|-u|--delete|--freshen|--update|--filesync|-FS @1", CM_FX_EDIT,
     "changes an archive"},
    {"archive.change", "zipcloak|zipnote|zipsplit|zipmerge @1", CM_FX_EDIT, "changes an archive"},
    {"archive.remove-files", "zip -m|--move * @", CM_FX_DELETE_TREE,
     "deletes the files once they are in the archive"},
    {"archive.extract", "unzip @-d", CM_FX_CREATE, "writes the files of an archive into a folder"},
    {"archive.extract-over", "unzip -o", CM_FX_MODERATE, "replaces files by those of an archive"},
    {"archive.absolute", "unzip -:", CM_FX_HIGH, "lets an archive write above the folder"},

    {"archive.replace", PACKS " !-c|-k|--keep|--stdout|--to-stdout|-r|--recursive @", CM_FX_EDIT,
     "replaces files by their compressed or unpacked form"},
    {"archive.replace", PACKS " -r|--recursive !-c|-k|--keep|--stdout|--to-stdout @", CM_FX_EDIT,
     "replaces all files of a folder by their compressed or unpacked form"},
    {"archive.replace", KEEPS " --rm|-U|-j !-c|--stdout @", CM_FX_EDIT,
     "replaces files by their compressed or unpacked form"},
    {"archive.create", KEEPS " @-o|--output|--output-dir-flat", CM_FX_CREATE, "writes a file"},

    {"archive.create", SEVEN "|rar a @1", CM_FX_CREATE, "writes an archive"},
    {"archive.change", SEVEN "|rar d|u|f|rn|k|c|s|rr|rv @1", CM_FX_EDIT, "changes an archive"},
    {"archive.remove-files", SEVEN " a|u -sdel * @", CM_FX_DELETE_TREE,
     "deletes the files once they are in the archive"},
    {"archive.remove-files", "rar a|u -df|-dw * @", CM_FX_DELETE_TREE,
     "deletes the files once they are in the archive"},
    {"archive.remove-files", "rar m|mf * @", CM_FX_DELETE_TREE,
     "deletes the files once they are in the archive"},
    {"archive.extract-over", SEVEN " x|e -aoa|-y", CM_FX_MODERATE,
     "replaces files by those of an archive"},
    {"archive.extract-over", "rar|unrar|unrar-free x|e -o+|-y", CM_FX_MODERATE,
     "replaces files by those of an archive"},
    {"archive.extract", "unrar|unrar-free|rar x|e * ~*/ @last", CM_FX_CREATE,
     "writes the files of an archive into a folder"},
    {"archive.extract", SEVEN " x|e @-o", CM_FX_CREATE,
     "writes the files of an archive into a folder"},
    {"archive.extract", "cabextract|unshield|innoextract @-d", CM_FX_CREATE,
     "writes the files of an archive into a folder"},
    {"archive.extract", "unar|atool|aunpack @-o|-X|--output-directory|--extract-to", CM_FX_CREATE,
     "writes the files of an archive into a folder"},

    {"archive.extract", "cpio|bcpio -i|--extract @-D|--directory", CM_FX_CREATE,
     "writes the files of an archive into a folder"},
    {"archive.extract", "cpio|bcpio -p|--pass-through @1", CM_FX_CREATE,
     "copies files into a folder"},
    {"archive.extract-over", "cpio|bcpio -i|-p|--extract|--pass-through -u|--unconditional",
     CM_FX_MODERATE, "replaces files by those of an archive"},
    {"archive.create", "cpio|bcpio @-O|-F|--file", CM_FX_CREATE, "writes an archive"},
    {"archive.runs", "cpio --rsh-command", CM_FX_HIGH,
     "makes cpio start a program of its own choice"},
    {"archive.create", "pax|spax -w @-f", CM_FX_CREATE, "writes an archive"},
    {"archive.extract", "pax|spax -r -w @last", CM_FX_CREATE, "copies files into a folder"},
    {"archive.create", "jar -c|--create @-f|--file", CM_FX_CREATE, "writes an archive"},
    {"archive.change", "jar -u|--update @-f|--file", CM_FX_EDIT, "changes an archive"},
    {"archive.change", "ar|gar|llvm-ar -d|-m @1", CM_FX_EDIT, "changes an archive"},
    {"archive.create", "ar|gar|llvm-ar -q|-r @1", CM_FX_CREATE, "writes an archive"},
    {"archive.extract", "dpkg-deb -x|-X|-R|-e|--extract|--vextract|--raw-extract|--control * @1",
     CM_FX_CREATE, "writes the files of a package into a folder"},
    {"archive.create", "dpkg-deb -b|--build * @1", CM_FX_CREATE, "writes a package"},
    {"archive.create", "mksquashfs !-noappend * @last", CM_FX_CREATE, "writes an image"},
    {"archive.create", "mksquashfs -noappend * @1", CM_FX_OVERWRITE, "replaces an image"},
    {"archive.extract", "unsquashfs @-d|-dest", CM_FX_CREATE,
     "writes the files of an image into a folder"},
    {"archive.create", "genisoimage|mkisofs|xorrisofs @-o|-output", CM_FX_CREATE,
     "writes an image"},
    {"archive.create", "xorriso @-o|-outdev", CM_FX_OVERWRITE, "writes an image"},
};

const cm_pack cm_pack_archive = {
    "archive", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
