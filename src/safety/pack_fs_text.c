/* safety/pack_fs_text: programs that read files and text. They write only where an option or an
 * operand says so. Sources: POSIX.1-2017, GNU coreutils, diffutils and grep manuals, manual
 * pages of ripgrep, jq, yq, xmllint, csvkit, moreutils. */
#include "safety/packs.h"

/* Grammars that several programs share. */
#define GREP_LONGS                                                                             \
  "after-context= basic-regexp before-context= binary-files= color=? colour=? context= count " \
  "devices= directories= exclude= exclude-dir= exclude-from= extended-regexp file= "           \
  "files-with-matches help ignore-case include= label= max-count= only-matching quiet "        \
  "recursive regexp= version word-regexp"

static const cm_program programs[] = {
    {"[", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
    {"ac|asciinema|combine|errno|flac|isutf8|lame|lp|lpq|lpr|lpstat|sa|textutil|ttyrec|"
     "utmpdump|vd|visidata|wmctrl|xdotool|zrun",
     NULL, NULL, 0, CM_SAFE},
    {"ack|ag|pt|ucg", "A:B:C:G:g:m:p:", "after= before= color=? context= output= pager= type=", 0,
     CM_SAFE},
    {"afplay|aplay|arecord|cvlc|display|eog|espeak|espeak-ng|evince|feh|ffplay|ffprobe|"
     "flameshot|grim|import|imv|maim|mplayer|mpv|notify-send|okular|open|paplay|pbcopy|"
     "pbpaste|play|qlmanage|rec|say|screencapture|scrot|sxiv|vlc|wl-copy|wl-paste|xclip|"
     "xdg-open|xsel|zathura",
     NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"agrep|egrep|fgrep|ggrep|grep|pcre2grep|pcregrep|rgrep|xzgrep|zegrep|zfgrep|zgrep",
     "A:B:C:D:d:e:f:m:", GREP_LONGS, 0, CM_SAFE},
    {"antiword|catdoc|docx2txt|odt2txt|pdfinfo|pdftohtml|pdftotext", NULL, NULL, 0, CM_SAFE},
    {"apg|banner|cmatrix|cowsay|cowthink|expr|factor|figlet|fortune|gseq|gshuf|makepasswd|"
     "mcookie|numfmt|primes|pwgen|seq|shuf|sl|toilet|units|uuidgen",
     "d:e:i:n:r:s:", NULL, 0, CM_SAFE},
    {"ascii2uni|caesar|gbase64|gtr|morse|punycode|rev|rot13|tr|uni2ascii|uudecode|uuencode",
     "o:", NULL, CM_PROGRAM_DECODES, CM_SAFE},
    {"asciidoctor|groff|html-minifier|html2text|markdown|nroff|pandoc|rst2html|tidy|troff|"
     "xmlformat",
     "f:o:t:", "from= output= output-file= to=", 0, CM_SAFE},
    {"aspell|hunspell|ispell", "d:l:", NULL, 0, CM_SAFE},
    {"avconv|ffmpeg", NULL,
     "c= f= filter_complex= i= map= r= s= ss= t= to= vf= af= b= vcodec= acodec=",
     CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"b2sum|cksum|crc32|md5|md5sum|rhash|sha1sum|sha224sum|sha256sum|sha384sum|sha512sum|"
     "shasum|sum|xxh128sum|xxh64sum|xxhsum",
     "a:l:", "algorithm= length=", CM_PROGRAM_QUIET, CM_SAFE},
    {"base32|base64|basenc", "b:i:o:w:",
     "break= decode help ignore-garbage input= output= version wrap=", CM_PROGRAM_DECODES,
     CM_SAFE},
    {"basename|dirname|gbasename|greadlink|grealpath|namei|pathchk|readlink|realpath", "s:", NULL,
     CM_PROGRAM_QUIET, CM_SAFE},
    {"bat|batcat|cat|catimg|ccat|chafa|colordiff|cut|delta|diffstat|difft|gcat|glow|less|"
     "lolcat|mdcat|moar|more|most|nl|pr|rich|source-highlight|tac|ul|viu|zless|zmore",
     NULL, NULL, 0, CM_SAFE},
    {"bc|dc", "e:f:", "expression= file= help version", 0, CM_SAFE},
    {"bdiff|cmp|comm|diff|diff3|dwdiff|gdiff|icdiff|meld|opendiff|sdiff|vbindiff|wdiff|zcmp|"
     "zdiff",
     "C:F:I:L:S:U:W:X:i:n:o:w:x:",
     "changed-group-format= color=? context=? exclude= exclude-from= from-file= "
     "ignore-initial= label= output= show-function-line= starting-file= to-file= unified=? "
     "width=",
     0, CM_SAFE},
    {"broot|dir|exa|eza|gls|lf|ls|lsd|nnn|ranger|tree|vdir|vifm|yazi", "I:L:P:T:w:",
     "block-size= color=? ignore= level= sort= time-style= width=", CM_PROGRAM_QUIET, CM_SAFE},
    {"bvi|dhex|hexedit|hexer", "s:l:", NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"bzcmp|bzdiff|bzegrep|bzfgrep|lzcmp|lzdiff|lzegrep|lzfgrep|lzgrep|lzmore|xzcmp|xzdiff|"
     "xzegrep|xzfgrep|xzmore|zforce|znew",
     NULL, NULL, 0, CM_SAFE},
    {"cal|clear|gcal|ncal|reset|tput|zdump", NULL, NULL, CM_PROGRAM_QUIET, CM_SAFE},
    {"ccze|ghead|grc|gtail|head|lnav|multitail|tail|tailspin|ztail",
     "b:c:n:s:", "bytes= lines= pid= sleep-interval=", 0, CM_SAFE},
    {"chardet|chardetect|col|colcrt|cscope|ctags|envsubst|etags|fc-list|fc-match|fc-query|"
     "fc-scan|fincore|gencat|gettext|iconvconfig|ipcs|locale|localedef|look|lsfd|lsipc|lsirq|"
     "lslocks|msgattrib|msgcat|msgcmp|msgcomm|msgconv|msgen|msgfilter|msggrep|msgunfmt|"
     "msguniq|ngettext|pod2html|pod2man|pod2text|podchecker|pygmentize|setterm|tabs|tempfile|"
     "wdctl|xdpyinfo|xev|xmlcatalog|xprop|xwininfo",
     NULL, NULL, 0, CM_SAFE},
    {"cheat|choose|dialog|fzf|fzy|gum|navi|peco|percol|sk|tldr|whiptail|zenity", NULL, NULL, 0,
     CM_SAFE},
    {"chrpath|codesign|install_name_tool|objcopy|patchelf|strip", "F:I:K:N:O:R:j:o:r:",
     "output-file= set-rpath= remove-section= only-section=", CM_PROGRAM_QUIET, CM_MODERATE},
    {"cloc|exiv2|file|getfattr|gstat|gwc|identify|mdfind|mdls|mediainfo|scc|sloccount|stat|"
     "tokei|wc",
     "F:c:e:f:m:P:t:", "format= printf= files0-from= magic-file= name= separator=",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"colrm|column|expand|fmt|fold|gfold|join|jot|lam|par|paste|ptx|rs|tsort|unexpand", NULL, NULL,
     0, CM_SAFE},
    {"composite|convert|cwebp|dot|dwebp|gnuplot|graphviz|gs|img2pdf|inkscape|magick|montage|"
     "neato|pdfcrop|pdfseparate|pdftk|pdfunite|potrace|ps2pdf|qpdf|rsvg-convert|sox|svgo|"
     "tesseract|wkhtmltopdf",
     NULL, NULL, CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"csplit|gcsplit", "b:f:n:",
     "digits= elide-empty-files help keep-files prefix= quiet suffix-format= suppress-matched "
     "version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"csvclean|csvcut|csvformat|csvgrep|csvjoin|csvjson|csvlook|csvsort|csvstack|csvstat|"
     "datamash|in2csv|miller|q|qsv|sql2csv|tsv-select|xsv",
     NULL, "output=", 0, CM_SAFE},
    {"dasel|fx|gojq|gron|hcl2json|htmlq|hxnormalize|hxselect|jaq|jid|jless|jo|jp|jq|json_pp|"
     "json_reformat|json_verify|jsonlint|pup|tomlq|xq",
     "f:L:o:", "arg=? argfile=? from-file= indent= jsonargs rawfile=? slurpfile=?", 0, CM_SAFE},
    {"df|dfc|du|dua|duf|dust|dutree|gdu|gdu-go|ncdu",
     "B:d:t:x:", "block-size= exclude= max-depth= threshold=", CM_PROGRAM_QUIET, CM_SAFE},
    {"dos2unix|mac2unix|unix2dos|unix2mac",
     "c:", "convmode= newfile stdout to-stdout info=? help version", CM_PROGRAM_QUIET, CM_SAFE},
    {"enca|enconv|recode", "L:x:", "convert-to= language=", 0, CM_SAFE},
    {"exiftool", NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"fd|fdfind", "E:S:c:d:e:j:o:t:x:X:",
     "and= base-directory= batch-size= color= changed-before= changed-within= exclude= exec= "
     "exec-batch= extension= format= glob ignore-file= max-depth= max-results= min-depth= "
     "owner= path-separator= search-path= size= threads= type=",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"gsort|sort", "S:T:k:o:t:",
     "batch-size= buffer-size= check=? compress-program= field-separator= files0-from= help "
     "key= output= parallel= random-source= sort= temporary-directory= unique version",
     0, CM_SAFE},
    {"gsplit|split", "C:a:b:l:n:p:t:",
     "additional-suffix= bytes= elide-empty-files filter= help hex-suffixes=? line-bytes= "
     "lines= number= numeric-suffixes=? separator= suffix-length= unbuffered verbose version",
     CM_PROGRAM_QUIET, CM_SAFE},
    {"gstrings|hd|hexdump|hexyl|od|strings", "A:C:N:S:e:f:j:n:s:t:w::",
     "address-radix= bytes= encoding= format= read-bytes= skip-bytes= strings=? width=?", 0,
     CM_SAFE},
    {"gtee|tee", NULL, "append help ignore-interrupts output-error=? version", 0, CM_SAFE},
    {"gtest|test", NULL, NULL, CM_ARGV_NONE | CM_PROGRAM_QUIET, CM_SAFE},
    {"guniq|uniq", "f:s:w:", "check-chars= skip-chars= skip-fields=", 0, CM_SAFE},
    {"gxxd|xxd", "R:c:g:l:n:o:s:", NULL, CM_ARGV_DASH | CM_PROGRAM_DECODES, CM_SAFE},
    {"iconv|luit|uconv", "f:o:t:", "from-code= list output= to-code=", CM_PROGRAM_DECODES,
     CM_SAFE},
    {"jpegoptim|pngcrush|pngquant", NULL, NULL, CM_PROGRAM_QUIET, CM_MODERATE},
    {"mogrify|optipng", NULL, NULL, CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_MODERATE},
    {"locate|mlocate|plocate|slocate", "d:l:n:r:", "database= limit= regexp=", CM_PROGRAM_QUIET,
     CM_SAFE},
    {"mlr", NULL, NULL, 0, CM_SAFE},
    {"rg|rga|ripgrep|ug|ugrep", "A:B:C:E:M:T:d:e:f:g:j:m:r:t:",
     "after-context= before-context= color= colors= context= context-separator= "
     "dfa-size-limit= encoding= engine= field-context-separator= field-match-separator= file= "
     "generate= glob= hostname-bin= hyperlink-format= iglob= ignore-file= max-columns= "
     "max-count= max-depth= max-filesize= path-separator= pre= pre-glob= regexp= replace= "
     "sort= sortr= threads= type= type-add= type-clear= type-not=",
     0, CM_SAFE},
    {"saxon|xslt|xsltproc", "o:", "output= param=? stringparam=?", 0, CM_SAFE},
    {"sd", "f:n:", "flags= fixed-strings max-replacements= preview", CM_PROGRAM_QUIET, CM_SAFE},
    {"sips", "Z:e:f:g:m:o:p:r:s:z:", "out= resampleHeight= resampleWidth= setProperty=",
     CM_ARGV_DASH, CM_SAFE},
    {"sponge", "a", NULL, 0, CM_SAFE},
    {"updatedb", "U:e:f:n:o:", "output= localpaths= prunepaths=", CM_PROGRAM_QUIET, CM_MODERATE},
    {"xml|xmlstarlet", NULL, NULL, 0, CM_SAFE},
    {"xmllint", "o:",
     "c14n encode= format help maxmem= nowarning output= path= pattern= relaxng= schema= "
     "shell version xpath=",
     0, CM_SAFE},
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
    {"text.check", "jpegoptim|optipng -n|-simulate|--noaction|--simulate", CM_FX_HARMLESS,
     "only tells what it would do"},
    {"text.edit", "mogrify|jpegoptim|optipng @", CM_FX_EDIT, "changes pictures in place"},
    {"text.edit", "exiftool -*=* @", CM_FX_EDIT, "changes data of files in place"},
    {"text.edit", "exiftool -overwrite_original|-delete_original|-tagsfromfile @", CM_FX_EDIT,
     "changes data of files in place"},
    {"text.edit",
     "sips -Z|-c|-f|-p|-r|-s|-z|--resample*|--setProperty|--deleteProperty|--flip|--rotate "
     "!-o|--out @",
     CM_FX_EDIT, "changes pictures in place"},
    {"text.binary", "strip|patchelf|chrpath|install_name_tool !-o|--output-file @", CM_FX_EDIT,
     "changes a program file in place"},
    {"text.binary", "strip @-o", CM_FX_CREATE, "writes a program file"},
    {"text.check", "codesign -d|--display|-v|--verify|-h !-s|--sign|--remove-signature",
     CM_FX_HARMLESS, "only prints the signature"},
    {"text.binary", "objcopy @last", CM_FX_EDIT, "changes a program file in place"},
    {"text.binary", "codesign -s|--sign|--remove-signature @last", CM_FX_EDIT,
     "changes a program file in place"},
    {"text.runs", "rg|ripgrep --pre|--hostname-bin", CM_FX_HIGH,
     "runs a program for every file it searches"},
    {"text.runs", "sort|gsort --compress-program", CM_FX_HIGH,
     "runs a program on its temporary files"},
    {"text.database", "updatedb", CM_FX_MODERATE, "rebuilds the index of file names"},
};

const cm_pack cm_pack_fs_text = {
    "text", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
