/* Interpreters with a script or a module, shells, debuggers. Code given in the command itself is
 * resolved elsewhere and judged by what it does.
 * Sources: python3(1), bash(1), node, deno, php, ruby manuals; Django, Laravel, Rails guides. */
#include "safety/packs.h"

#define SHELLS "ash|bash|csh|dash|fish|ksh|mksh|oksh|posh|rbash|sh|tcsh|yash|zsh"
#define PYTHON "micropython|pypy|pypy3|python|python2|python3"

static const cm_program programs[] = {
    {PYTHON, "c:m:W:X:Q:d:o:r:t:", "directory= clear upgrade", 0, CM_SAFE},
    {"R|Rscript|littler|r", "e:f:", "vanilla slave args", 0, CM_SAFE},
    {SHELLS, "c:o:O:", "rcfile= init-file= init-command= command= emulate= no-execute",
     CM_ARGV_PLUS, CM_SAFE},
    {"babel-node|coffee|node|nodejs|nodemon|qjs|ts-node|ts-node-dev|tsx", "e:p:r:C:w:x:",
     "eval= print= require= import= loader= check env-file= watch exec= ext= inspect=?", 0,
     CM_SAFE},
    {"bpython|ipdb3|ipython|ipython3|pdb|pdb3|ptpython|pudb3", "c:m:i", NULL, 0, CM_SAFE},
    {"bun", "e:p:r:", "cwd= config= filter= global", 0, CM_SAFE},
    {"clisp|clj|clojure|bb|erl|escript|ghc|ghci|guile|janet|racket|runghc|runhaskell|sbcl|scheme",
     "e:l:o:", "eval= load=", CM_ARGV_DASH, CM_SAFE},
    {"cscript|wscript|powershell|pwsh", "c:f:",
     "command= file= ExecutionPolicy= ep= File= Command= encodedcommand=", CM_ARGV_DASH, CM_SAFE},
    {"dart|dart-sdk", NULL, NULL, 0, CM_SAFE},
    {"deno", "Ao:",
     "allow-read=? allow-write=? allow-net=? allow-env=? allow-run=? config= root= "
     "import-map= output=",
     0, CM_SAFE},
    {"elixir|iex", "e:r:S:", "eval= name= sname= cookie=", 0, CM_SAFE},
    {"expect|jimsh|tclsh|wish", "c:d:f:", NULL, 0, CM_SAFE},
    {"gdb|lldb|rr|rust-gdb|rust-lldb|cgdb|gdbserver", "p:x:c:s:d:o:n:",
     "pid= command= ex= eval-command= core= args batch attach-pid= attach", CM_ARGV_DASH, CM_SAFE},
    {"gjs|jjs|jrunscript|groovy|jshell|kotlin|scala|scala-cli", "e:c:f:cp:", NULL, 0, CM_SAFE},
    {"h2ph|h2xs|perlbug|perldoc|piconv|pl2pm|pod2html|pod2man|pod2text|pod2usage|podchecker|prove|"
     "ptar|py3versions|pygettext3|python3-config|torchrun|2to3|f2py|f2py3|regina|rexx|cobc|fpc",
     "o:", NULL, 0, CM_SAFE},
    {"heaptrack|ltrace-ng|operf|perf|samply|valgrind|callgrind_annotate|ms_print|hyperfine|"
     "hotspot|flamegraph|py-spy|rbspy",
     "o:e:p:r:F:n:w:", NULL, CM_ARGV_STOP, CM_SAFE},
    {"jarsigner|jcmd|jconsole|jdb|jdeprscan|jfr|jhsdb|jimage|jinfo|jmap|jmod|jps|jstack|jstat|"
     "visualvm",
     NULL, NULL, CM_ARGV_DASH, CM_SAFE},
    {"java|javaw",
     "cp:", "classpath= cp= jar= version help p= module-path= m= module=", CM_ARGV_DASH, CM_SAFE},
    {"julia", "e:E:L:p:t:J:", "eval= print= load= project=? threads=", 0, CM_SAFE},
    {"lua|luajit|luau|texlua", "e:l:", NULL, 0, CM_SAFE},
    {"matlab|maxima|octave|gp|sage|scilab|wolframscript", "e:r:f:", "eval= batch=", CM_ARGV_DASH,
     CM_SAFE},
    {"osascript", "e:l:s:", NULL, 0, CM_SAFE},
    {"perl|perl5|raku", "e:E:I:i::l::M:m:F:0::C::x::", NULL, 0, CM_SAFE},
    {"php|hhvm|php-cgi", "c:d:r:B:R:E:F:f:S:t:z:", "define= run= file= server= docroot=", 0,
     CM_SAFE},
    {"rails|rake|spring", "e:p:b:C:f:T::P", "environment= port= binding= tasks=? dry-run", 0,
     CM_SAFE},
    {"ruby|irb|jruby|mruby|pry|truffleruby", "e:I:r:C:E:i::x::W::K::", NULL, 0, CM_SAFE},
    {"sbt-launch|swift-repl|tcc|cling|root|evcxr", NULL, NULL, 0, CM_SAFE},
    {"wine|wine64|wineconsole|winecfg|winetricks|wineserver|proton|mono", "k::p::w", NULL, 0,
     CM_MODERATE},
};

static const cm_rule rules[] = {
    /* Shells. */
    {"code.check", SHELLS " -n|--no-execute", CM_FX_HARMLESS, "only checks a script"},
    {"code.check", "node|nodejs -c|--check", CM_FX_HARMLESS, "only checks a script"},
    {"code.script", SHELLS " !-c|--command !-n !-s [!-]*", CM_FX_MODERATE,
     "runs a script that can't be read here"},
    {"code.script", "powershell|pwsh -f|-[Ff]ile", CM_FX_MODERATE,
     "runs a script that can't be read here"},
    {"code.script", "osascript -e=*do?shell?script*", CM_FX_HIGH,
     "runs a shell command from AppleScript"},
    {"code.script",
     "osascript -e=*delete*|*empty?trash*|*erase*|*shut?down*|*restart*|*log?out*|"
     "*login?item*|*keystroke*",
     CM_FX_HIGH, "lets other programs delete, quit or type"},
    {"code.script", "osascript !-e ?*", CM_FX_MODERATE, "runs a script that can't be read here"},
    {"code.hidden", "powershell|pwsh -e|-ec|-E|-[Ee][Nn]*", CM_FX_CRITICAL,
     "runs encoded code that nobody can read here"},
    {"code.foreign", "wine|wine64|wineconsole|winetricks|proton|mono", CM_FX_MODERATE,
     "runs a program of another system"},
    {"code.foreign", "wineserver -k", CM_FX_MODERATE, "stops all programs of Wine"},

    /* Modules and project scripts. */
    {"code.remote", "deno|bun run|install|x|test|eval ~http://*|https://*", CM_FX_CRITICAL,
     "runs code from the network"},
    {"code.remote", "deno http://*|https://*", CM_FX_CRITICAL, "runs code from the network"},
    {"code.module",
     PYTHON " -m=pip|pip3|pipx|poetry|uv|conda install|uninstall|sync|add|remove|upgrade|update|i",
     CM_FX_MODERATE, "installs or removes packages"},
    {"code.module", "perl|perl5 -M=CPAN*", CM_FX_MODERATE, "installs packages"},
    {"code.module", PYTHON " -m=ensurepip", CM_FX_MODERATE, "installs pip"},
    {"code.module", PYTHON " -m=black|isort|autopep8|yapf|pyupgrade|autoflake !--check|--diff|-c",
     CM_FX_MODERATE, "changes source files in place"},
    {"code.module", PYTHON " -m=ruff ~format !--check|--diff", CM_FX_MODERATE,
     "changes source files in place"},
    {"code.module", PYTHON " -m=ruff ~check --fix", CM_FX_MODERATE,
     "changes source files in place"},
    {"code.module", PYTHON " -m=twine upload", CM_FX_MODERATE, "publishes a package"},
    {"code.venv", PYTHON " -m=venv|virtualenv --clear @", CM_FX_DELETE_TREE,
     "empties the folder before it makes an environment"},
    {"code.venv", PYTHON " -m=venv|virtualenv !--clear @", CM_FX_CREATE, "makes an environment"},
    {"code.setup", PYTHON " setup.py|./setup.py install|develop|uninstall|upload|register|clean",
     CM_FX_MODERATE, "installs, publishes or cleans a package"},
    {"code.setup",
     "deno|bun publish|install|uninstall|add|remove|upgrade|update|link|unlink|i|rm|a",
     CM_FX_MODERATE, "installs, removes or publishes packages"},
    {"code.setup", "deno fmt !--check", CM_FX_MODERATE, "changes source files in place"},
    {"code.setup", "deno compile|bundle @-o|--output", CM_FX_CREATE, "writes its output here"},
    {"code.setup", "dart pub", CM_FX_MODERATE, "installs or publishes packages"},
    {"code.setup", "dart format|fix !-n|--dry-run|--output", CM_FX_MODERATE,
     "changes source files in place"},
    {"code.setup", "bun x|create", CM_FX_MODERATE, "fetches a package and runs it"},

    /* Web frameworks. */
    {"code.project-ask", "rake -n|-T|-P|--dry-run|--tasks|--prereqs|-D|-W", CM_FX_HARMLESS,
     "only lists tasks"},
    {"code.project",
     PYTHON " *manage.py collectstatic|changepassword|clearsessions|"
            "createcachetable|remove_stale_contenttypes|squashmigrations",
     CM_FX_MODERATE, "changes files or the database of a project"},
    {"code.project", PYTHON " *manage.py migrate ?* zero", CM_FX_HIGH,
     "takes all tables of an app back"},
    {"code.project",
     "php *artisan cache:clear|config:clear|config:cache|route:clear|view:clear|optimize:clear|"
     "key:generate|queue:restart|storage:link|down|up",
     CM_FX_MODERATE, "changes the caches or the state of a project"},
    {"code.project", "php *artisan queue:flush|queue:clear|horizon:purge", CM_FX_HIGH,
     "deletes waiting or failed tasks"},
    {"code.project", "php *console cache:clear|cache:pool:clear|c:c", CM_FX_MODERATE,
     "clears the caches of a project"},
    {"code.project",
     "rails|rake|spring destroy|d|clean|clobber|assets:clobber|tmp:clear|log:clear|"
     "credentials:edit|release|install|app:update|restart",
     CM_FX_MODERATE, "changes files of a project"},

    /* Debuggers. */
    {"code.edit", "perl|perl5|ruby -i @", CM_FX_EDIT, "changes files in place"},
    {"code.edit", "2to3 -w @", CM_FX_EDIT, "changes files in place"},
    {"code.attach", "gdb|lldb|rust-gdb|rust-lldb|gdbserver|cgdb -p|-pid|--attach|-attach-pid",
     CM_FX_MODERATE, "takes hold of a running process"},
    {"code.attach", "valgrind|heaptrack @-o|--output|--log-file|--xml-file", CM_FX_CREATE,
     "writes its report here"},
};

const cm_pack cm_pack_code = {
    "code", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
