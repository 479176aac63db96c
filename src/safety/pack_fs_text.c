/* safety/pack_fs_text: programs that read files and text. They write only where an option or an
 * operand says so. Sources: POSIX.1-2017, GNU coreutils, diffutils and grep manuals, manual
 * pages of ripgrep, jq, yq, xmllint, csvkit, moreutils. */
#include "safety/judge.h"

/* Grammars that several programs share. */
#define GREP_LONGS                                                                             \
  "after-context= basic-regexp before-context= binary-files= color=? colour=? context= count " \
  "devices= directories= exclude= exclude-dir= exclude-from= extended-regexp file= "           \
  "files-with-matches help ignore-case include= label= max-count= only-matching quiet "        \
  "recursive regexp= version word-regexp"

static const cm_program programs[] = {
    {"[", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
    {"ack|ag|pt|ucg", "A:B:C:G:g:m:p:", "after= before= color=? context= output= pager= type=", 0,
     CM_SAFE},
    {"agrep|egrep|fgrep|ggrep|grep|pcre2grep|pcregrep|rgrep|xzgrep|zegrep|zfgrep|zgrep",
     "A:B:C:D:d:e:f:m:", GREP_LONGS, 0, CM_SAFE},
    {"antiword|catdoc|docx2txt|odt2txt|pdfinfo|pdftohtml|pdftotext", NULL, NULL, 0, CM_SAFE},
    {"b2sum|cksum|crc32|md5|md5sum|rhash|sha1sum|sha224sum|sha256sum|sha384sum|sha512sum|"
     "shasum|sum|xxh128sum|xxh64sum|xxhsum",
     "a:l:", "algorithm= length=", CM_PROGRAM_QUIET, CM_SAFE},
    {"base32|base64|basenc", "b:i:o:w:",
     "break= decode help ignore-garbage input= output= version wrap=", CM_PROGRAM_DECODES,
     CM_SAFE},
    {"basename|dirname|gbasename|namei|pathchk|readlink|realpath|greadlink|grealpath", "s:", NULL,
     CM_PROGRAM_QUIET, CM_SAFE},
    {"bat|batcat|cat|catimg|ccat|chafa|colordiff|cut|delta|diffstat|difft|gcat|glow|less|"
     "lolcat|mdcat|moar|more|most|nl|pr|rich|source-highlight|tac|ul|viu|zless|zmore",
     NULL, NULL, 0, CM_SAFE},
    {"bc|dc", "e:f:", "expression= file= help version", 0, CM_SAFE},
    {"broot|exa|eza|gls|lf|ls|lsd|nnn|ranger|tree|vdir|dir|vifm|yazi|mc", "I:L:P:T:w:",
     "block-size= color=? ignore= level= sort= time-style= width=", CM_PROGRAM_QUIET, CM_SAFE},
    {"cal|clear|gcal|ncal|reset|tput|zdump", NULL, NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"cmp|comm|diff|diff3|gdiff|sdiff|wdiff|zcmp|zdiff|bdiff|dwdiff|icdiff|opendiff|meld|vbindiff",
     "C:F:I:L:S:U:W:X:i:n:o:w:x:",
     "changed-group-format= color=? context=? exclude= exclude-from= from-file= "
     "ignore-initial= label= output= show-function-line= starting-file= to-file= unified=? "
     "width=",
     0, CM_SAFE},
    {"column|colrm|expand|fmt|fold|gfold|join|par|paste|rs|unexpand|tsort|look|ptx|lam|jot", NULL,
     NULL, 0, CM_SAFE},
    {"convert|magick|montage|composite|sox|gs|ps2pdf|pdfunite|pdfseparate|pdftk|pdfcrop|qpdf|"
     "img2pdf|inkscape|wkhtmltopdf|cwebp|dwebp|rsvg-convert|svgo|graphviz|dot|neato|gnuplot|"
     "potrace|tesseract",
     NULL, NULL, CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"csplit|gcsplit", "b:f:n:",
     "digits= elide-empty-files help keep-files prefix= quiet suffix-format= suppress-matched "
     "version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"csvclean|csvcut|csvformat|csvgrep|csvjoin|csvjson|csvlook|csvsort|csvstack|csvstat|"
     "in2csv|sql2csv|xsv|qsv|tsv-select|miller|datamash|q",
     NULL, "output=", 0, CM_SAFE},
    {"dasel|gron|htmlq|jid|jless|jo|jp|jq|gojq|jaq|fx|pup|hxselect|hxnormalize|json_pp|"
     "json_reformat|json_verify|jsonlint|xq|tomlq|hcl2json",
     "f:L:o:", "arg=? argfile=? from-file= indent= jsonargs rawfile=? slurpfile=?", 0, CM_SAFE},
    {"df|dfc|du|dua|dust|duf|gdu|gdu-go|ncdu|dutree",
     "B:d:t:x:", "block-size= exclude= max-depth= threshold=", CM_PROGRAM_QUIET, CM_SAFE},
    {"dos2unix|mac2unix|unix2dos|unix2mac",
     "c:", "convmode= newfile stdout to-stdout info=? help version", CM_PROGRAM_QUIET, CM_SAFE},
    {"enca|enconv|recode", "L:x:", "convert-to= language=", 0, CM_SAFE},
    {"exiftool", NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"factor|numfmt|primes|seq|gseq|shuf|gshuf|units|expr|uuidgen|pwgen|mcookie|apg|"
     "makepasswd|figlet|toilet|cowsay|cowthink|fortune|sl|cmatrix|banner",
     "d:e:i:n:r:s:", NULL, 0, CM_SAFE},
    {"fd|fdfind", "E:S:c:d:e:j:o:t:x:X:",
     "and= base-directory= batch-size= color= changed-before= changed-within= exclude= exec= "
     "exec-batch= extension= format= glob ignore-file= max-depth= max-results= min-depth= "
     "owner= path-separator= search-path= size= threads= type=",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"ffmpeg|avconv", NULL,
     "c= f= filter_complex= i= map= r= s= ss= t= to= vf= af= b= vcodec= acodec=",
     CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"ffplay|ffprobe|mpv|mplayer|vlc|cvlc|feh|eog|sxiv|imv|qlmanage|display|evince|zathura|"
     "okular|aplay|paplay|afplay|arecord|play|rec|say|espeak|espeak-ng|xclip|xsel|wl-copy|"
     "wl-paste|pbcopy|pbpaste|scrot|screencapture|maim|grim|flameshot|import|xdg-open|open|"
     "notify-send",
     NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"file|stat|gstat|exiv2|mediainfo|identify|mdls|mdfind|getfattr|wc|gwc|cloc|scc|tokei|"
     "sloccount",
     "F:c:e:f:m:P:t:", "format= printf= files0-from= magic-file= name= separator=",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"fzf|fzy|sk|peco|percol|gum|dialog|whiptail|zenity|choose|tldr|cheat|navi", NULL, NULL, 0,
     CM_SAFE},
    {"ghead|gtail|head|multitail|tail|ztail|lnav|tailspin|ccze|grc",
     "b:c:n:s:", "bytes= lines= pid= sleep-interval=", 0, CM_SAFE},
    {"hd|hexdump|hexyl|od|strings|gstrings", "A:C:N:S:e:f:j:n:s:t:w::",
     "address-radix= bytes= encoding= format= read-bytes= skip-bytes= strings=? width=?", 0,
     CM_SAFE},
    {"hexedit|bvi|dhex|hexer", "s:l:", NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"iconv|uconv|luit", "f:o:t:", "from-code= list output= to-code=", CM_PROGRAM_DECODES,
     CM_SAFE},
    {"ispell|aspell|hunspell", "d:l:", NULL, 0, CM_SAFE},
    {"jpegoptim|mogrify|optipng|pngcrush|pngquant", NULL, NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"locate|mlocate|plocate|slocate", "d:l:n:r:", "database= limit= regexp=", CM_PROGRAM_QUIET,
     CM_SAFE},
    {"mlr", NULL, NULL, 0, CM_SAFE},
    {"rev|tr|gtr|rot13|caesar|uudecode|uuencode|ascii2uni|uni2ascii|punycode|morse|gbase64",
     "o:", NULL, CM_PROGRAM_DECODES, CM_SAFE},
    {"rg|ripgrep|rga|ugrep|ug", "A:B:C:E:M:T:d:e:f:g:j:m:r:t:",
     "after-context= before-context= color= colors= context= context-separator= "
     "dfa-size-limit= encoding= engine= field-context-separator= field-match-separator= file= "
     "generate= glob= hostname-bin= hyperlink-format= iglob= ignore-file= max-columns= "
     "max-count= max-depth= max-filesize= path-separator= pre= pre-glob= regexp= replace= "
     "sort= sortr= threads= type= type-add= type-clear= type-not=",
     0, CM_SAFE},
    {"sd", "f:n:", "flags= fixed-strings max-replacements= preview", CM_PROGRAM_QUIET, CM_SAFE},
    {"sort|gsort", "S:T:k:o:t:",
     "batch-size= buffer-size= check=? compress-program= field-separator= files0-from= help "
     "key= output= parallel= random-source= sort= temporary-directory= unique version",
     0, CM_SAFE},
    {"split|gsplit", "C:a:b:l:n:p:t:",
     "additional-suffix= bytes= elide-empty-files filter= help hex-suffixes=? line-bytes= "
     "lines= number= numeric-suffixes=? separator= suffix-length= unbuffered verbose version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"sponge", "a", NULL, 0, CM_SAFE},
    {"strip|objcopy|install_name_tool|patchelf|codesign|chrpath", "F:I:K:N:O:R:j:o:r:",
     "output-file= set-rpath= remove-section= only-section=", CM_PROGRAM_QUIET, CM_MODERATE},
    {"tee|gtee", NULL, "append help ignore-interrupts output-error=? version", 0, CM_SAFE},
    {"test|gtest", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
    {"tidy|xmlformat|html-minifier|html2text|pandoc|markdown|groff|nroff|troff|asciidoctor|"
     "rst2html",
     "f:o:t:", "from= output= output-file= to=", 0, CM_SAFE},
    {"uniq|guniq", "f:s:w:", "check-chars= skip-chars= skip-fields=", 0, CM_SAFE},
    {"updatedb", "U:e:f:n:o:", "output= localpaths= prunepaths=", CM_PROGRAM_QUIET, CM_MODERATE},
    {"xmllint", "o:",
     "c14n encode= format help maxmem= nowarning output= path= pattern= relaxng= schema= "
     "shell version xpath=",
     0, CM_SAFE},
    {"xmlstarlet|xml", NULL, NULL, 0, CM_SAFE},
    {"xsltproc|saxon|xslt", "o:", "output= param=? stringparam=?", 0, CM_SAFE},
    {"xxd|gxxd", "R:c:g:l:n:o:s:", NULL, CM_ARGV_DASH | CM_PROGRAM_DECODES, CM_SAFE},
    {"yq", "i", NULL, 0, CM_SAFE},
};

static const cm_rule rules[] = {
    {"text.output", "sort|gsort|base32|base64|basenc|xmllint|xsltproc|iconv|uconv @-o|--output",
     CM_FX_CREATE, "writes its output to a file"},
    {"text.output",
     "pandoc|tidy|asciidoctor|rst2html|html2text @-o|--output|--output-file|--to-file",
     CM_FX_CREATE, "writes its output to a file"},
    {"text.output", "diff|gdiff|sdiff|csvsort|in2csv|sql2csv @-o|--output", CM_FX_CREATE,
     "writes its output to a file"},
    {"text.output", "uniq|guniq * @1", CM_FX_CREATE, "writes its output to a file"},
    {"text.output", "uudecode|rev|strings @-o", CM_FX_CREATE, "writes its output to a file"},
    {"text.output", "xxd|gxxd * @1", CM_FX_OVERWRITE, "writes its output to a file"},
    {"text.output",
     "pdftotext|pdftohtml|cwebp|convert|magick|montage|composite|sox|img2pdf|pdfunite|ps2pdf|"
     "qpdf * @last",
     CM_FX_CREATE, "writes its output to a file"},
    {"text.output", "ffmpeg|avconv !-y @last", CM_FX_CREATE, "writes its output to a file"},
    {"text.output", "ffmpeg|avconv -y @last", CM_FX_OVERWRITE, "replaces its output file"},
    {"text.split", "split|gsplit * @1", CM_FX_CREATE, "writes the pieces of a file"},
    {"text.split", "csplit|gcsplit @-f|--prefix", CM_FX_CREATE, "writes the pieces of a file"},
    {"text.tee", "tee|gtee !-a|--append @", CM_FX_WRITE, "writes to files"},
    {"text.tee", "tee|gtee -a|--append @", CM_FX_APPEND, "adds to files"},
    {"text.tee", "sponge !-a @", CM_FX_EDIT, "replaces a file by what it reads"},
    {"text.tee", "sponge -a @", CM_FX_APPEND, "adds to a file"},
    {"text.edit", "yq|xmlstarlet|xml|mlr|csvsort -i|-I|-L|--in-place|--inplace * @", CM_FX_EDIT,
     "changes files in place"},
    {"text.edit", "sd !-p|--preview * * @", CM_FX_EDIT, "changes files in place"},
    {"text.edit",
     "dos2unix|mac2unix|unix2dos|unix2mac !-n|-O|-i|--newfile|--to-stdout|--stdout|--info @",
     CM_FX_EDIT, "changes files in place"},
    {"text.edit", "recode|enconv * @", CM_FX_EDIT, "changes files in place"},
    {"text.edit", "hexedit|bvi|dhex|hexer @", CM_FX_EDIT, "opens a file to change its bytes"},
    {"text.edit", "mogrify|jpegoptim|optipng @", CM_FX_EDIT, "changes pictures in place"},
    {"text.edit", "exiftool -*=* @", CM_FX_EDIT, "changes data of files in place"},
    {"text.edit", "exiftool -overwrite_original|-delete_original|-tagsfromfile @", CM_FX_EDIT,
     "changes data of files in place"},
    {"text.binary", "strip|patchelf|chrpath|install_name_tool !-o|--output-file @", CM_FX_EDIT,
     "changes a program file in place"},
    {"text.binary", "strip @-o", CM_FX_CREATE, "writes a program file"},
    {"text.binary", "objcopy|codesign @last", CM_FX_EDIT, "changes a program file in place"},
    {"text.runs", "rg|ripgrep --pre|--hostname-bin", CM_FX_HIGH,
     "runs a program for every file it searches"},
    {"text.runs", "sort|gsort --compress-program", CM_FX_HIGH,
     "runs a program on its temporary files"},
    {"text.database", "updatedb", CM_FX_MODERATE, "rebuilds the index of file names"},
};

/* split --filter=CMD */
static void look(cm_judging *j, const cm_run *run) {
  for (size_t i = 0; i < j->call.n_options; i++)
    if (cm_str_is(j->call.options[i].name, "filter") && j->call.options[i].has_value)
      cm_judge_code(j, j->call.options[i].value, run);
}

const cm_pack cm_pack_fs_text = {
    "text", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
