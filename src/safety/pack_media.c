/* safety/pack_media: programs that turn documents, pictures, sound and source text into other
 * files, and show them. Sources: the manual pages of mkvmerge, ssconvert, libreoffice, plantuml,
 * poppler-utils, patchutils, chromium, global. */
#include "safety/packs.h"

#define OFFICE   "libreoffice|localc|lowriter|soffice|unoconv|unoconvert"
#define BROWSERS "brave|chrome|chromium|chromium-browser|firefox|google-chrome|microsoft-edge"

static const cm_program programs[] = {
    {BROWSERS, NULL,
     "headless=? screenshot=? print-to-pdf=? user-data-dir= window-size=", CM_ARGV_DASH, CM_SAFE},
    {OFFICE, "f:o:d:", "convert-to= format= headless infilter= outdir= output= print-to-file",
     CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"HandBrakeCLI|MP4Box|avifenc|blender|ebook-convert|ffplay|gifsicle|gifski|lilypond|"
     "mkvextract|"
     "mkvinfo|mkvmerge|mp4info|openscad|primitive|rubberband|timidity|vips|vipsthumbnail",
     "i:o:O:", "input= output=", CM_PROGRAM_QUIET, CM_SAFE},
    {"combinediff|filterdiff|flipdiff|grepdiff|interdiff|lsdiff|rediff|splitdiff|unwrapdiff",
     "i:x:p:#:", "include= exclude= strip-match=", 0, CM_SAFE},
    {"csvsql|ssconvert|tabula|xls2csv|xlsx2csv|xlsx2json", "O:S:T:d:s:",
     "db= insert query= tables= delimiter= export-type= import-type= sheet=", 0, CM_SAFE},
    {"flamegraph.pl|inferno-flamegraph|speedscope|stackcollapse*.pl", NULL, NULL, 0, CM_SAFE},
    {"d2|ditaa|drawio|mermaid|mmdc|plantuml|structurizr-cli|structurizr|vega-lite|vl2png|vl2svg",
     "c:i:o:t:w:H:b:", "input= output= theme=", CM_PROGRAM_QUIET, CM_SAFE},
    {"global|gtags|htags", "e:f:i:", NULL, 0, CM_SAFE},
    {"nasm|yasm", "D:F:I:P:U:f:l:o:", NULL, 0, CM_SAFE},
    {"ocrmypdf|pdf2svg|pdfattach|pdfdetach|pdffonts|pdfimages|pdfjam|pdfsig|pdftocairo|pdftoppm|"
     "pdftops|pdftoroff|mutool|pdfcpu",
     "f:l:r:o:x:y:W:H:j:O:", "output-type= language= jobs= outfile=",
     CM_ARGV_DASH | CM_PROGRAM_QUIET, CM_SAFE},
    {"notify-send|terminal-notifier|zenity|kdialog|yad", NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"csview|tidy-viewer|tv|vd|visidata", NULL, NULL, 0, CM_SAFE},
    {"storybook", "c:o:p:", "config-dir= output-dir= port= quiet", 0, CM_SAFE},
};

static const cm_rule rules[] = {
    {"media.output", "mkvmerge|mmdc|nasm|yasm|pdfcpu|lilypond|openscad|HandBrakeCLI @-o|--output",
     CM_FX_CREATE, "writes its output to a file"},
    {"media.output", "ocrmypdf|pdf2svg|ssconvert|xlsx2csv|d2 * @1", CM_FX_CREATE,
     "writes its output to a file"},
    {"media.macro", OFFICE " ~macro:*|vnd.sun.star.script:*", CM_FX_HIGH,
     "runs a macro of a document"},
    {"media.change", "csvsql --insert", CM_FX_MODERATE, "writes rows into a database"},
};

const cm_pack cm_pack_media = {
    "media", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
