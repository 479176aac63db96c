/* Building, testing, checking and laying out source code.
 * Sources: GNU make, CMake, Ninja, Meson, Cargo, Go, Maven and Gradle manuals. */
#include "safety/packs.h"
#include "safety/taint.h"

#define MAKES "bmake|gmake|make|mingw32-make|nmake|remake"
#define RUNNERS                                                                           \
  "ant|buck|buck2|doit|fab|gradle|gradlew|grunt|gulp|inv|invoke|just|lein|mill|mvn|mvnd|" \
  "mvnw|nx|pants|please|rush|sbt|scons|task|turbo|waf|xmake|lerna|moon|earthly"
#define CLEAN                                                                                \
  "clean|clean-*|clean_*|cleanall|clean[A-Z]*|*:clean|distclean|mrproper|clobber|realclean|" \
  "maintainer-clean|mostlyclean|purge|reset|tidy-all|pristine|veryclean|spotless|deepclean"
#define CHANGE                                                                            \
  "install|install-*|install_*|*_install|uninstall|deploy|deploy-*|*-deploy|publish|"     \
  "publish*|release|release:*|upload|push|*:deploy|*:publish|*:install|migrate|rollback|" \
  "destroy|nuke|undeploy|provision|fmt|format|spotlessApply|updateSnapshots"
#define COMPILERS                                                                              \
  "as|c++|c89|c99|cc|clang|clang++|cpp|dmd|f77|f95|flang|g++|gcc|gccgo|gdc|gfortran|icc|icx|"  \
  "ld|ld.bfd|ld.gold|ld.lld|ldc2|lld|mold|nvcc|emcc|em++|musl-gcc|zcc|x86_64-w64-mingw32-gcc|" \
  "arm-none-eabi-gcc|aarch64-linux-gnu-gcc|avr-gcc"

static const cm_program programs[] = {
    {COMPILERS, "o:I:D:U:L:l:x:u:T:z:R:A:B:f::m::W::O::g::s::p::d::n::M::r::w::v::E::c::S::q::Q::",
     "sysroot= output=", 0, CM_SAFE},
    {MAKES, "C:f:I:j::l::o:W:E:",
     "directory= file= makefile= include-dir= jobs=? load-average=? old-file= assume-old= "
     "what-if= new-file= assume-new= eval= dry-run just-print recon question touch always-make "
     "keep-going silent quiet print-data-base version help ignore-errors output-sync=?",
     0, CM_SAFE},
    {RUNNERS, "f:P:D:p:x:b:j:T:pl:C:",
     "file= project-dir= build-file= init-script= settings-file= exclude-task= info offline "
     "dry-run list no-daemon stop scan continue define= threads= filter= scope=",
     0, CM_SAFE},
    {"addr2line|bloaty|c++filt|dwarfdump|ldd|llvm-nm|llvm-objdump|nm|objdump|otool|pahole|readelf|"
     "gprof|gcov-tool|gcov-dump|llvm-readelf|llvm-size|llvm-strings|llvm-symbolizer|"
     "llvm-dis|llvm-addr2line|size|elfedit|lipo|dsymutil|gcov|gcovr|lcov|genhtml|llvm-cov|llvm-"
     "profdata|dumpbin",
     "o:", "output= output-file=", 0, CM_SAFE},
    {"autoconf|autoheader|automake|autoreconf|aclocal|libtool|libtoolize|configure|m4|autogen.sh|"
     "bootstrap.sh|intltoolize|gtkdocize|pkg-config|pkgconf|ldconfig-dummy",
     "o:I:", "output= prefix=", 0, CM_SAFE},
    {"autoflake|autopep8|djlint|docformatter|yapf", "l:i",
     "in-place check diff reformat exclude= style= max-line-length= select= ignore=", 0, CM_SAFE},
    {"ava|bats|busted|cucumber|cypress|deno-test|jasmine|jest|karma|mocha|newman|nose2|nosetests|"
     "nox|pabot|parallel_rspec|phpunit|pest|playwright|pytest|py.test|robot|rspec|shellspec|tap|"
     "testcafe|tox|unittest|vitest|nightwatch|wdio|cargo-nextest|behave|minitest",
     "c:e:k:m:n:p:t:r:u:", NULL, 0, CM_SAFE},
    {"bandit|bashate|checkstyle|cppcheck|cpplint|eslint_d|flake8|flawfinder|gitleaks|gosec|govet|"
     "hlint|include-what-you-use|iwyu|luacheck|mypy|pep8|pmd|proselint|pycodestyle|pydocstyle|"
     "pyflakes|pylint|pyre|pyright|pytype|radon|revive|semgrep|shellcheck|sonar-scanner|splint|"
     "staticcheck|vale|vint|vulture|phpstan|psalm|credo|dialyzer|brakeman|reek|bearer|slither|"
     "solhint|actionlint|commitlint|cspell|depcheck|knip|license-checker|madge|npm-check|svelte-"
     "check|"
     "vue-tsc|ncu|npm-check-updates|size-limit|lighthouse|pa11y|writegood|write-good|safety|pip-"
     "audit|"
     "snyk",
     "c:f:j:o:e:u", NULL, 0, CM_SAFE},
    {"bazel|bazelisk|blaze", "c:j:k", "output_base= output_user_root= config= jobs= expunge", 0,
     CM_SAFE},
    {"coverage|dlv|gotestsum|govulncheck|luac|ocaml|ocamlc|ocamlfind|ocamlopt|scrapy|utop",
     "a:m:o:p:s:", "output= source= rcfile= omit= include=", 0, CM_SAFE},
    {"bear|ccache|distcc|icecc|sccache|scan-build|intercept-build", "o:M:F:k:", NULL, CM_ARGV_STOP,
     CM_SAFE},
    {"biome|dprint|eslint|oxlint|prettier|rome|standard|stylelint|tslint|xo|semistandard",
     "c:f:o:w",
     "config= ext= format= ignore-path= ignore-pattern= output-file= parser= plugin= "
     "rule= write fix check fix-dry-run list-different apply",
     0, CM_SAFE},
    {"black|blue|isort|pyupgrade|usort", "c:l:t:q",
     "line-length= target-version= config= code= exclude= include= profile= check diff "
     "check-only stdout",
     0, CM_MODERATE},
    {"cabal|dune|stack|rebar3|nimble|shards|spago|elm|dub|zig|nim|crystal|swift|gleam|hpack|"
     "ghcup|lake|roswell",
     "j:o:", "output=", 0, CM_SAFE},
    {"cargo", "j:p:F:Z:C:q",
     "package= features= target= target-dir= manifest-path= profile= jobs= bin= example= test= "
     "bench= git= branch= tag= rev= path= version= registry= index= token= root= config= color= "
     "vcs= name= edition= exclude= dry-run list fix allow-dirty check workspace all",
     0, CM_SAFE},
    {"celery|sidekiq", "A:b:c:n:P:Q:", "app= broker= config= concurrency= loglevel= queues=", 0,
     CM_SAFE},
    {"clang-format|gofmt|goimports|gofumpt|rustfmt|shfmt|stylua|swiftformat|uncrustify|astyle|"
     "indent|cmake-format|buf|taplo|ktlint|google-java-format|ormolu|fourmolu|stylish-haskell|"
     "nixfmt|alejandra|nixpkgs-fmt|ocamlformat|sqlfmt|perltidy|zprint|scalafmt|clang-tidy|php-cs-"
     "fixer|phpcbf|rubocop|standardrb|rufo|erb-format|mdformat|markdownlint|markdownlint-cli2|"
     "codespell|typos|swiftlint|detekt|golangci-lint|clippy-driver|reuse|licenser",
     "c:d::f:o:r:e:p:i::w::l::s::F::a::A::L:",
     "style= output= config= fix in-place write check dry-run diff inplace autocorrect "
     "autocorrect-all auto-correct apply write-changes replace overwrite backup=",
     0, CM_SAFE},
    {"cmake|cmake3", "B:C:D:E:G:A:T:P:S:U:",
     "build= install= prefix= target= config= preset= parallel=? component= open= log-level= "
     "fresh list-presets=? toolchain= clean-first",
     0, CM_SAFE},
    {"cpack|ctest|dart2js|javac|javadoc|jlink|jpackage|kotlinc|scalac|ecj|jdeps|javap|gcj",
     "j:R:E:L:C:D:d:cp:G:B:s:", "destination= release= output= class-path= classpath=",
     CM_ARGV_DASH, CM_SAFE},
    {"del|del-cli|premove|rimraf", NULL,
     "glob preserve-root verbose interactive impl= tmp= dry-run", 0, CM_MODERATE},
    {"dotnet", "c:f:o:r:v:p:n:s:k:",
     "configuration= framework= output= runtime= project= source= api-key= version= force", 0,
     CM_SAFE},
    {"doxygen|mkdocs|sphinx-build|sphinx-quickstart|sphinx-autobuild|pdoc|pydoc|pydoc3|ri|rdoc|"
     "yard|"
     "typedoc|jsdoc|esdoc|hugo|jekyll|hexo|gatsby|eleventy|docusaurus|vuepress|vitepress|zola|"
     "mdbook|antora|redoc-cli|swagger-codegen|openapi-generator|godoc|haddock|ldoc|quarto|slidev|"
     "marp|bookdown|asciidoc|docbook2x-man|help2man|txt2man|ronn|scdoc|makeinfo|texi2any",
     "d:b:c:D:o:s:t:T:", "output= destination= config= out-dir= out=", 0, CM_SAFE},
    {"electron|electron-builder|ionic|cordova|capacitor|react-native|tauri|ng|vue|nest|nuxt|nuxi|"
     "next|astro|remix|svelte-kit|ember|meteor|quasar|create-react-app|create-vite|create-next-"
     "app|degit|yo|cookiecutter|copier|plop|hygen|cra|ampx",
     "c:o:p:", NULL, 0, CM_SAFE},
    {"esbuild|parcel|rollup|rspack|snowpack|swc|tsc|tsup|vite|webpack|webpack-cli|webpack-dev-"
     "server|babel|browserify|lessc|node-sass|postcss|sass|sassc|stylus|tailwindcss|terser|"
     "uglifyjs|cleancss|pug|wasm-pack|wasm-opt|wat2wasm|asc|microbundle|unbuild|ncc|pkg-js|nexe",
     "c:d:i:o:p:", "outfile= outdir= output= out-file= out-dir= config= outDir= watch build clean",
     0, CM_SAFE},
    {"fastlane|pod|xcodebuild|xcrun|carthage|xcode-select|agvtool|simctl|xctool|tuist|bitrise|"
     "swiftgen|altool|notarytool|productbuild|pkgbuild",
     "s:p:", "scheme= project= workspace= target= configuration= destination= sdk= switch",
     CM_ARGV_DASH, CM_SAFE},
    {"flex|bison|yacc|byacc|lex|protoc|swig|thrift|flatc|capnp|ragel|re2c|gperf|antlr4|javacc|buf-"
     "gen|"
     "grpc_tools_node_protoc|qmake|qmake6|clang-check|clang-query|clangd|gnatmake|llc|lli|lld-"
     "link|opt|wasm-ld|msgcat|msgcmp|gettext|ngettext|moc|uic|rcc|lupdate|lrelease|glib-compile-"
     "schemas|"
     "glib-compile-resources|msgfmt|msgmerge|xgettext|msginit",
     "o:d:I:", "output= out= output-file=", 0, CM_SAFE},
    {"flutter|fvm|melos", NULL, NULL, 0, CM_SAFE},
    {"foreman|honcho|hivemind|overmind|concurrently|npm-run-all|run-s|run-p|wireit|watchexec|entr|"
     "chokidar|air|reflex|watchman|browser-sync|live-server|http-server|serve|parcel-serve|json-"
     "server|gunicorn|uvicorn|hypercorn|daphne|puma|unicorn|thin|streamlit|gradio|jupyter|jupyter-"
     "lab|jupyter-notebook|nteract|marimo|mlflow|tensorboard|gcloud-run",
     "c:f:p:b:w:", NULL, 0, CM_SAFE},
    {"go", "o:C:p:n",
     "o= C= tags= ldflags= gcflags= mod= modfile= run= race v= count= timeout= "
     "exec= toolexec= coverprofile= cpuprofile= memprofile= bench= benchtime= "
     "overlay= trimpath",
     CM_ARGV_DASH, CM_SAFE},
    {"meson", "C:j:D:",
     "prefix= buildtype= cross-file= native-file= reconfigure wipe destdir= "
     "suite= backend=",
     0, CM_SAFE},
    {"ninja|ninja-build|samu", "C:f:j:k:l:t:d:w:", NULL, 0, CM_SAFE},
    {"pdflatex|latex|latexmk|lualatex|luatex|xelatex|xetex|tex|pdftex|tectonic|typst|bibtex|biber|"
     "makeindex|makeglossaries|dvips|dvipdfmx|texcount|chktex|lacheck|kpsewhich|arara|rubber|"
     "context",
     "o:c::C", "output-directory= outdir= jobname= interaction=", CM_ARGV_DASH, CM_SAFE},
    {"ruff", "e:",
     "config= target-version= select= ignore= extend-select= fix check diff "
     "unsafe-fixes output-file= output-format= exclude= stdin-filename= no-cache "
     "line-length= watch",
     0, CM_SAFE},
    {"rustc|rustdoc|rust-analyzer|rustup-init|mdc", "o:L:l:C:A:W:D:F:",
     "crate-name= crate-type= edition= out-dir= target= extern= cfg= emit= print= explain= test",
     0, CM_SAFE},
};

static const cm_rule rules[] = {
    /* make and other runners of tasks. */
    {"code.dry-run", MAKES " -n|--dry-run|--just-print|--recon|-q|--question|-v|--version",
     CM_FX_HARMLESS, "only tells what it would do"},
    {"code.dry-run", "gradle|gradlew|just|task|grunt|nx|lerna -m|--dry-run|-n|--list|-l|--tasks",
     CM_FX_HARMLESS, "only tells what it would do"},
    {"code.dry-run", "ninja|ninja-build|samu -n", CM_FX_HARMLESS, "only tells what it would do"},
    {"code.dry-run", "gradle|gradlew ~tasks|dependencies|properties|projects !" CLEAN,
     CM_FX_HARMLESS, "only prints"},
    {"code.dry-run", "cargo --dry-run|-n|--list|--version", CM_FX_HARMLESS,
     "only tells what it would do"},
    {"code.clean", MAKES " ~" CLEAN, CM_FX_MODERATE, "deletes what was built"},
    {"code.clean", RUNNERS " ~" CLEAN, CM_FX_MODERATE, "deletes what was built"},
    {"code.clean", "ninja|ninja-build|samu -t=clean*|recompact|cleandead", CM_FX_MODERATE,
     "deletes what was built"},
    {"code.clean", "ninja|ninja-build|samu ~clean|distclean", CM_FX_MODERATE,
     "deletes what was built"},
    {"code.clean",
     "cargo|go|dotnet|bazel|bazelisk|cabal|stack|dune|rebar3|flutter|swift|zig|dub|"
     "hugo|jekyll|hexo|gatsby|eleventy|mdbook|ng clean|purge|clean-all",
     CM_FX_MODERATE, "deletes what was built"},
    {"code.clean", "swift package clean|reset|purge-cache", CM_FX_MODERATE,
     "deletes what was built"},
    {"code.clean", "xcodebuild ~clean", CM_FX_MODERATE, "deletes what was built"},
    {"code.clean", "latexmk -c|-C", CM_FX_MODERATE, "deletes what was built"},
    {"code.clean", "ccache|sccache -C|-c|--clear|--cleanup|--zero-stats|-z", CM_FX_MODERATE,
     "clears a cache"},
    {"code.clean", "cmake|cmake3 --target=clean*|*clean", CM_FX_MODERATE,
     "deletes what was built"},
    {"code.clean", "cmake|cmake3 --fresh|--clean-first", CM_FX_MODERATE, "deletes what was built"},
    {"code.clean", "meson ?* --wipe", CM_FX_MODERATE, "deletes what was built"},
    {"code.clean", "watchman watch-del-all|shutdown-server", CM_FX_MODERATE,
     "stops watching folders"},
    {"code.remove", "del|del-cli|premove|rimraf !--dry-run @", CM_FX_DELETE_TREE,
     "deletes folders with all that is in them"},
    {"code.install", MAKES " ~" CHANGE, CM_FX_MODERATE, "installs, publishes or changes files"},
    {"code.install", RUNNERS " ~" CHANGE, CM_FX_MODERATE, "installs, publishes or changes files"},
    {"code.install", MAKES " -t|--touch", CM_FX_MODERATE, "marks files as built"},
    {"code.install", "ninja|ninja-build|samu|meson install|uninstall", CM_FX_MODERATE,
     "installs what was built"},
    {"code.install", "cmake|cmake3 --install", CM_FX_MODERATE, "installs what was built"},
    {"code.install", "cmake|cmake3 --target=install*|uninstall", CM_FX_MODERATE,
     "installs what was built"},
    {"code.cmake-tool", "cmake|cmake3 -E=remove_directory @", CM_FX_DELETE_TREE,
     "deletes a folder with all that is in it"},
    {"code.cmake-tool", "cmake|cmake3 -E=rm -r|-R @", CM_FX_DELETE_TREE,
     "deletes a folder with all that is in it"},
    {"code.cmake-tool", "cmake|cmake3 -E=rm|remove !-r|-R @", CM_FX_DELETE, "deletes files"},
    {"code.cmake-tool",
     "cmake|cmake3 -E=copy|copy_if_different|copy_directory|rename|touch|"
     "make_directory|create_symlink|create_hardlink @last",
     CM_FX_CREATE, "writes a file"},

    /* Compilers. */
    {"code.output", COMPILERS " @-o|--output", CM_FX_CREATE, "writes its output here"},
    {"code.output", "go|rustc|rustdoc @-o|--out-dir", CM_FX_CREATE, "writes its output here"},
    {"code.output", "javac|javadoc|kotlinc|scalac @-d", CM_FX_CREATE, "writes its output here"},
    {"code.output",
     "flex|bison|yacc|protoc|swig|m4|autoconf|gcovr|lcov|genhtml|msgfmt|xgettext @-o|--output|"
     "--output-file",
     CM_FX_CREATE, "writes its output here"},
    {"code.output",
     "esbuild|tsc|tsup|swc|babel|rollup|webpack|sass|tailwindcss|terser|uglifyjs|browserify|"
     "lessc|cleancss|postcss|wasm-pack|doxygen|hugo|mdbook|typst|quarto|jsdoc|typedoc @-o|-d|"
     "--outfile|--outdir|--out-dir|--output|--out|--outDir|--out-file|--destination",
     CM_FX_CREATE, "writes its output here"},
    {"code.output", "pdflatex|latex|latexmk|lualatex|xelatex @-output-directory|-outdir",
     CM_FX_CREATE, "writes its output here"},
    {"code.output", "objdump|nm|lipo|dsymutil @-o|--output", CM_FX_CREATE,
     "writes its output here"},

    /* Languages with their own tool. */
    {"code.package",
     "cargo "
     "add|remove|rm|update|install|uninstall|publish|yank|login|logout|owner|vendor|binstall|"
     "generate-lockfile|upgrade|set-version|release|sweep|cache",
     CM_FX_MODERATE, "installs, publishes or changes packages"},
    {"code.package", "go get|install|env", CM_FX_MODERATE,
     "installs packages or changes settings"},
    {"code.package", "go mod tidy|edit|init|vendor|download", CM_FX_MODERATE,
     "changes the list of packages"},
    {"code.package-ask", "go env !-w !-u", CM_FX_HARMLESS, "prints settings"},
    {"code.package", "dotnet nuget push|delete|add|remove|update|enable|disable|locals",
     CM_FX_MODERATE, "publishes or changes packages"},
    {"code.package", "dotnet tool|workload install|uninstall|update|restore|repair|clean",
     CM_FX_MODERATE, "installs or removes tools"},
    {"code.package", "dotnet add|remove|sln|restore|publish|format", CM_FX_MODERATE,
     "changes packages or files of a project"},
    {"code.package",
     "cabal|stack|rebar3|nimble|shards|spago|dub|zig|nim|swift|gleam|ghcup|flutter|fvm|pod|"
     "carthage "
     "install|uninstall|update|upgrade|upload|publish|add|remove|deintegrate|rm|unset|set|gc|"
     "config|"
     "downgrade|channel|hex|bootstrap",
     CM_FX_MODERATE, "installs, publishes or changes packages"},
    {"code.package", "flutter pub get|add|remove|upgrade|publish|cache", CM_FX_MODERATE,
     "installs, publishes or changes packages"},
    {"code.package", "swift package update|resolve|edit|init", CM_FX_MODERATE,
     "changes the list of packages"},
    {"code.fetch-run", "go run|install http://*|https://*", CM_FX_CRITICAL,
     "runs code from the network"},
    {"code.fetch-run", "go run *.*/*@*", CM_FX_MODERATE, "fetches a package and runs it"},
    {"code.fetch-run", "go test|run|build|vet -exec|-toolexec", CM_FX_MODERATE,
     "starts a program that was given"},
    {"code.xcode", "xcode-select -s|-switch|--switch|-r|--reset|--install", CM_FX_MODERATE,
     "changes which developer tools are used"},
    {"code.xcode", "fastlane|altool|notarytool|bitrise !*lint !list !actions !docs !--list ?*",
     CM_FX_MODERATE, "builds and uploads an app"},
    {"code.xcode", "xcrun|simctl ~erase|delete", CM_FX_MODERATE, "erases simulated devices"},

    /* Laying out source code. */
    {"code.format-ask",
     "autopep8|black|isort|yapf|autoflake|docformatter|usort|djlint|blue --check|--diff|"
     "--check-only|-c|--code|-d|--stdout",
     CM_FX_HARMLESS, "only tells what it would change"},
    {"code.format", "black|isort|usort|blue|pyupgrade @", CM_FX_EDIT,
     "changes source files in place"},
    {"code.format", "autopep8|yapf|autoflake|docformatter|djlint -i|--in-place|--reformat @",
     CM_FX_EDIT, "changes source files in place"},
    {"code.format", "cargo fmt !--check ![-]-check", CM_FX_MODERATE,
     "changes source files in place"},
    {"code.format", "cargo fix", CM_FX_MODERATE, "changes source files in place"},
    {"code.format", "cargo clippy --fix", CM_FX_MODERATE, "changes source files in place"},
    {"code.format", "go fmt|fix|generate !-n", CM_FX_MODERATE, "changes source files in place"},
    {"code.format",
     "gofmt|goimports|gofumpt|shfmt|buf|google-java-format|nixfmt -w|--write|--replace @?",
     CM_FX_EDIT, "changes source files in place"},
    {"code.format", "rustfmt|stylua|swiftformat|taplo !--check|--dryrun|--lint|--dry-run @",
     CM_FX_EDIT, "changes source files in place"},
    {"code.format",
     "clang-format|cmake-format|uncrustify|ormolu|fourmolu|stylish-haskell|ocamlformat|scalafmt "
     "-i|--in-place|--inplace|--replace|--no-backup @",
     CM_FX_EDIT, "changes source files in place"},
    {"code.format",
     "clang-tidy|golangci-lint|markdownlint|markdownlint-cli2|swiftlint|ktlint|detekt "
     "--fix|-F|--format|--fix-errors|--auto-correct",
     CM_FX_MODERATE, "changes source files in place"},
    {"code.format", "php-cs-fixer fix|format !--dry-run", CM_FX_MODERATE,
     "changes source files in place"},
    {"code.format", "phpcbf", CM_FX_MODERATE, "changes source files in place"},
    {"code.format",
     "rubocop|standardrb|codespell|typos|rufo "
     "-a|-A|--autocorrect|--autocorrect-all|--auto-correct|--fix|-w|--write-changes",
     CM_FX_MODERATE, "changes source files in place"},
    {"code.format", "eslint|stylelint|tslint|standard|xo|oxlint|semistandard --fix @?", CM_FX_EDIT,
     "changes source files in place"},
    {"code.format", "prettier|biome|rome -w|--write|--apply|--apply-unsafe|--fix @?", CM_FX_EDIT,
     "changes source files in place"},
    {"code.format", "dprint fmt !--diff", CM_FX_MODERATE, "changes source files in place"},
    {"code.format", "eslint|prettier|stylelint @--output-file|-o", CM_FX_CREATE,
     "writes a report here"},
    {"code.format", "ruff check --fix|--unsafe-fixes !--diff", CM_FX_MODERATE,
     "changes source files in place"},
    {"code.format", "ruff format !--check|--diff", CM_FX_MODERATE,
     "changes source files in place"},
    {"code.format", "ncu|npm-check-updates -u", CM_FX_MODERATE, "changes the list of packages"},

    /* Queues and sites. */
    {"code.queue", "celery ~purge|amqp", CM_FX_HIGH, "deletes all waiting tasks"},
    {"code.queue", "celery ~control|migrate|upgrade", CM_FX_MODERATE, "steers running workers"},
    {"code.deploy", "mkdocs|hexo gh-deploy|deploy|d", CM_FX_MODERATE, "publishes a site"},
};

/* make -f -: a makefile that nobody has read. */
static void look(cm_judging *j, const cm_run *run) {
  if (!cm_glob_any(CM_STR(MAKES), run->program)) return;
  for (size_t i = 0; i < j->call.n_options; i++) {
    const cm_arg *arg = &j->call.options[i];
    if (!cm_glob_any(CM_STR("f|file|makefile"), arg->name)) continue;
    if (!arg->has_value || !cm_glob_any(CM_STR("-|/dev/stdin|/dev/fd/*"), arg->value)) continue;
    if (cm_taint_in(j, run) & (CM_TAINT_NETWORK | CM_TAINT_DECODED))
      cm_report(j, "code.fetch-run", CM_CRITICAL, "runs commands from the network", run,
                run->span);
  }
}

const cm_pack cm_pack_code_build = {
    "code_build", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
