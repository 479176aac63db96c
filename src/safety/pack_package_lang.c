/* Packages of programming languages: pip, npm, gem and their kind, and managers of versions.
 * Sources: pip 24, npm 10, yarn 1 to 4, pnpm 9, poetry 1.8, uv, bundler, composer manuals. */
#include "safety/packs.h"

#define PIPS "pip|pip2|pip3|pipenv"
#define PIP_LONGS                                                                               \
  "requirement= constraint= editable= target= index-url= extra-index-url= find-links= "         \
  "trusted-host= proxy= python= prefix= root= src= cert= client-cert= cache-dir= log= upgrade " \
  "user dry-run no-deps pre break-system-packages report= platform= python-version= "           \
  "implementation= abi= no-binary= only-binary= progress-bar= exists-action= dest= "            \
  "wheel-dir= upgrade-strategy= config-settings= global-option= build-option= retries= "        \
  "timeout= format= path= yes force-reinstall no-cache-dir outdated uptodate no-index"
#define NPMS "bun|cnpm|npm|pnpm|yarn|yarnpkg"
#define NODE_LONGS                                                                         \
  "prefix= registry= tag= otp= access= loglevel= workspace= cwd= dir= cache= userconfig= " \
  "save-dev save-exact save-prod global force dry-run production omit= include= filter= "  \
  "recursive json long depth= package= call= yes no yes script-shell= scope= location= "   \
  "frozen-lockfile ignore-scripts immutable"
#define MANAGERS                                                                               \
  "asdf|fnm|frum|goenv|jenv|mise|n|nodenv|nvm|phpenv|pixi|plenv|proto|pyenv|rbenv|rtx|rustup|" \
  "rvm|"                                                                                       \
  "sdk|tfenv|volta"
/* Of a project, which it has installed already. */
#define TOOLS                                                                                  \
  "astro|ava|c8|commitlint|cspell|cypress|depcheck|dprint|esbuild|eslint|flake8|gulp|hardhat|" \
  "http-server|jasmine|jest|knip|lint-staged|madge|markdownlint|markdownlint-cli2|mocha|mypy|" \
  "next|ng|nyc|parcel|playwright|prettier|pyright|pytest|rollup|ruff|serve|size-limit|"        \
  "standard|stylelint|svelte-check|tap|tsc|tsup|typedoc|vite|vitest|vue-tsc|webpack"
#define SCRIPTS "run|run-script|rum|exec|dlx|x"
#define TARGETS                                                                          \
  "clean|clean:*|*:clean|deploy|deploy:*|publish|release|release:*|reset|*:reset|purge|" \
  "format|fmt|lint:fix|fix|migrate|db:*|seed|postinstall|uninstall|update"
#define GIT_FORGES \
  "git+https://github.com/*|git+https://gitlab.com/*|git+https://bitbucket.org/*|git+ssh://git@*"
#define FORGES                                                                       \
  "https://github.com/*|https://gitlab.com/*|https://bitbucket.org/*|https://files." \
  "pythonhosted.org/*|https://pypi.org/*|https://codeload.github.com/*|"             \
  "https://registry.npmjs.org/*|https://registry.yarnpkg.com/*"
#define INDEX "-i|--index-url|--extra-index-url|--index|--default-index"

static const cm_program programs[] = {
    {MANAGERS, "v", "default= toolchain= no-self-update profile= component= target=", 0,
     CM_MODERATE},
    {MANAGERS " activate|completion|completions|env|hook-env|init|setup|shell|virtualenv-init",
     "v", NULL, CM_PROGRAM_INIT, CM_SAFE},
    {PIPS, "r:c:e:t:i:f:d:w:Uqvy", PIP_LONGS, 0, CM_MODERATE},
    {"anaconda|conda|mamba|micromamba|miniconda", "n:p:c:f:y",
     "name= prefix= channel= file= all yes dry-run json override-channels solver=", 0,
     CM_MODERATE},
    {"argcomplete|register-python-argcomplete", NULL, "shell=", CM_PROGRAM_INIT, CM_SAFE},
    {"bower|jspm|volo|tsd", NULL, NULL, 0, CM_MODERATE},
    {"bundle|bundler", "j:", "path= gemfile= jobs= without= with= force dry-run", 0, CM_SAFE},
    {"bunx|cnpx|npx|pnpx|pipx-run|uvx", "c:p:y", "package= call= yes from= with= python=", 0,
     CM_MODERATE},
    {"changeset|semantic-release|np|release-it|standard-version|vsce|ovsx|twine|flit|auto|"
     "cargo-release|goreleaser|bumpversion|bump2version|bump-my-version|commitizen|cz|towncrier",
     "r:u:p:c:i:d", "repository= username= password= dry-run skip-existing config-file= snapshot",
     0, CM_MODERATE},
    {"composer", "d:vn", "working-dir= dry-run no-dev global", 0, CM_MODERATE},
    {"conan|vcpkg|spack|hunter|xrepo|cget", "o:s:p:r:", "build= profile= remote= triplet= dry-run",
     0, CM_MODERATE},
    {"conda shell.bash|shell.fish|shell.posix|shell.zsh", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"corepack", NULL, NULL, 0, CM_MODERATE},
    {"cpan|cpanm|cpanplus|cpm|carton", "l:L:n", NULL, 0, CM_MODERATE},
    {"gem", "v:i:n:s:P:", "version= install-dir= bindir= source= key= host= force all", 0,
     CM_MODERATE},
    {"pdm completion", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"pdm venv activate", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"hatch|pdm|rye|flit-core|micropipenv|pip-compile|pip-sync|pip-tools|piptools|pipdeptree",
     "p:g:d", "project= group= dry-run output-file= upgrade", 0, CM_MODERATE},
    {"luarocks", NULL, "tree= server= only-server= local global", 0, CM_MODERATE},
    {"luarocks path", NULL, "tree=", CM_PROGRAM_INIT, CM_SAFE},
    {"mamba|micromamba shell", "s:p:n:", "shell= prefix=", CM_PROGRAM_INIT, CM_SAFE},
    {"mix", NULL, "only= app= force dry-run", 0, CM_SAFE},
    {"mkvirtualenv|virtualenv|workon|lsvirtualenv|cdvirtualenv|mkproject",
     "p:a:i:r:", "python= prompt= clear system-site-packages", 0, CM_SAFE},
    {"npm "
     "bugs|create|config|diff|docs|doctor|exec|explain|explore|find-dupes|fund|help|"
     "help-search|home|info|init|innit|issues|la|list|ll|ls|outdated|pack|ping|prefix|query|repo|"
     "restart|root|run|run-script|rum|s|sbom|se|search|show|start|t|test|tst|urn|v|view|"
     "whoami|why|x",
     "C:w:p:c:y", NODE_LONGS, 0, CM_SAFE},
    {"npm|cnpm", "C:w:gDESOPBfdsql", NODE_LONGS, 0, CM_MODERATE},
    {"npm|cnpm|pnpm completion", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"opam", "y", "root= switch= dry-run show", 0, CM_MODERATE},
    {"opam config|env|init", "y", "root= switch=", CM_PROGRAM_INIT, CM_SAFE},
    {"pipx", "f:", "python= index-url= pip-args= spec= suffix= force", 0, CM_MODERATE},
    {"pip|pip2|pip3 completion", NULL, "bash zsh fish", CM_PROGRAM_INIT, CM_SAFE},
    {"poetry", "C:P:E:G:n",
     "directory= project= extras= group= source= repository= dry-run all "
     "without= with= only=",
     0, CM_MODERATE},
    {"poetry completions|env", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"rmvirtualenv", NULL, NULL, 0, CM_MODERATE},
    {"uv", "p:r:c:o:e:i:f:P:",
     "python= requirement= requirements= constraint= output-file= editable= index-url= "
     "extra-index-url= index= default-index= find-links= directory= project= group= extra= "
     "with= from= cache-dir= target= prefix= dry-run allow-insecure-host= clear",
     0, CM_MODERATE},
    {"uv generate-shell-completion", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"yarn|yarnpkg|pnpm", "C:DEPOFrw:", NODE_LONGS, 0, CM_SAFE},
};

static const cm_rule rules[] = {
    /* Only looking. */
    {"package.dry-run",
     "pip|pip2|pip3|pip-compile|uv|poetry|pdm|conda|mamba|opam|composer --dry-run", CM_FX_HARMLESS,
     "only tells what it would do"},
    {"package.dry-run", NPMS " --dry-run", CM_FX_HARMLESS, "only tells what it would do"},
    {"package.dry-run",
     "changeset|semantic-release|np|release-it|standard-version|bumpversion|"
     "bump2version|bump-my-version|cz --dry-run|-d|--snapshot",
     CM_FX_HARMLESS, "only tells what it would do"},
    {"package.ask",
     PIPS " list|show|freeze|check|search|inspect|index|hash|help|debug|completion|"
          "download|wheel|graph|run|shell|requirements|verify|scripts",
     CM_FX_HARMLESS, "only prints or downloads"},
    {"package.ask", PIPS " -V|--venv|--where|--py|--envs", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "pip|pip3 config|cache list|get|debug|info|dir", CM_FX_HARMLESS,
     "only prints"},
    {"package.ask", "pipx list|environment|run|runpip|completions|help", CM_FX_HARMLESS,
     "only prints, or starts an app"},
    {"package.ask",
     "conda|mamba|micromamba "
     "list|info|search|activate|deactivate|run|compare|doctor|notices|package|"
     "shell|shell.*|repoquery|init",
     CM_FX_HARMLESS, "only prints, or starts an app"},
    {"package.ask", "conda|mamba|micromamba env list|export|config|doctor", CM_FX_HARMLESS,
     "only prints"},
    {"package.ask", "conda|mamba|micromamba config --show*|--get|--describe|--validate",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "poetry "
     "show|check|search|build|run|shell|about|list|version|export|debug|help|env|init|new|"
     "completions "
     "!remove !use",
     CM_FX_HARMLESS, "only prints, builds or starts"},
    {"package.ask", "cpan|cpanm -l|-v|-D|-J|--info", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "poetry cache list", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "uv run|venv|tree|version|help|build|export|init|python|tool|cache|x|"
     "generate-shell-completion "
     "!install !uninstall !upgrade !clean !prune !pin !update-shell",
     CM_FX_HARMLESS, "only prints, builds or starts"},
    {"package.ask", "uv pip list|show|freeze|check|tree|compile", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "pdm|hatch|rye list|show|info|search|run|build|env|shell|test|version|config|fmt|"
     "init|new|status|dep|venv !remove !prune",
     CM_FX_HARMLESS, "only prints, builds or starts"},
    {"package.ask", "pipdeptree", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "yarn|pnpm list|ls|info|why|outdated|audit|licenses|versions|bin|help|node|view|"
     "root|store|config|pack|test|t !--fix !set !delete !prune !add",
     CM_FX_HARMLESS, "only prints, or runs the project's tests"},
    {"package.ask",
     "npm audit|config|c|get|cache|token|team|access|owner|dist-tag|pkg|profile|"
     "org|hook|stars !fix !set !delete !clean !rm !remove !add !create "
     "!revoke !grant",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask", "npm|yarn|pnpm|yarnpkg -v|-h|-\\?", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "npm version !?*", CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "gem list|search|info|environment|env|which|help|contents|dependency|outdated|specification|"
     "stale|check|fetch|query|build|server|sources|owner|rdoc|open !-a|--add|-r|--remove|-c",
     CM_FX_HARMLESS, "only prints or downloads"},
    {"package.ask",
     "composer show|info|validate|outdated|search|licenses|why|depends|why-not|prohibits|status|"
     "diagnose|about|list|help|browse|home|check-platform-reqs|fund|suggests|run-script|run|exec|"
     "archive|audit|test|init",
     CM_FX_HARMLESS, "only prints, or runs the project's scripts"},
    {"package.ask", "luarocks list|show|search|doc|path|which|help|lint|download|config|test",
     CM_FX_HARMLESS, "only prints or downloads"},
    {"package.ask",
     "opam list|show|info|search|env|var|exec|lint|help|tree|config|option|switch "
     "!create !remove !set !import !reinstall",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     "conan|vcpkg|spack|xrepo search|list|info|inspect|graph|profile|find|help|version|"
     "integrate|view|spec|arch|compilers|providers|load|unload",
     CM_FX_HARMLESS, "only prints"},
    {"package.ask",
     MANAGERS
     " use|list|ls|ls-remote|list-remote|current|which|where|version|versions|show|whence|"
     "run|exec|x|help|init|virtualenv-init|completion|completions|env|activate|shell|doctor|alias-"
     "list|list-all|whatis|info|"
     "which-all|root|commands|shims|completions|prefix|latest|man|doc|cat|bin|"
     "hook-env|tree|search|check",
     CM_FX_HARMLESS, "only prints, or starts a program"},
    {"package.ask", MANAGERS " --version|--lts|--latest|-v|-V !?*", CM_FX_HARMLESS, "only prints"},
    {"package.ask", "rustup toolchain|target|component|override list", CM_FX_HARMLESS,
     "only prints"},
    {"package.ask",
     "twine|vsce|ovsx|flit|cz check|ls|show|package|build|help|verify-pat|info|"
     "version",
     CM_FX_HARMLESS, "only checks or builds"},
    {"package.ask", "goreleaser check|build|healthcheck|jsonschema|help", CM_FX_HARMLESS,
     "only checks or builds"},

    /* Installing and removing. */
    {"package.install",
     PIPS "|pipx|conda|mamba|micromamba|poetry|uv|pdm|hatch|rye|pip-sync|pip-compile",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install",
     "npm|cnpm install|i|in|ins|inst|isntall|add|ci|clean-install|ic|it|install-test|uninstall|un|"
     "unlink|remove|rm|r|update|up|upgrade|udpate|prune|dedupe|ddp|rebuild|rb|link|ln|audit|pkg|"
     "shrinkwrap|set|config|c|cache|edit",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install",
     "yarn|yarnpkg|pnpm "
     "add|remove|install|upgrade|up|update|upgrade-interactive|import|link|unlink|"
     "dedupe|cache|set|plugin|global|autoclean|rebuild|i|rm|un|uninstall|prune|store|patch|env|"
     "self-update|audit|config|unplug|create|dlx|deploy|setup|fetch",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install", "yarn|yarnpkg !?*", CM_FX_MODERATE, "installs the packages of a project"},
    {"package.install",
     "bundle|bundler install|update|add|remove|clean|config|cache|pristine|lock|"
     "plugin|inject|package",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install", "bundle|bundler !?*", CM_FX_MODERATE,
     "installs the packages of a project"},
    {"package.install",
     "gem|composer|cpan|cpanm|cpanplus|cpm|carton|luarocks|opam|bower|conan|vcpkg|spack|corepack",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install",
     "mix deps.get|deps.update|deps.clean|deps.unlock|local.hex|local.rebar|"
     "archive.install|archive.uninstall|escript.install|clean|hex.publish",
     CM_FX_MODERATE, "installs, upgrades or removes packages"},
    {"package.install", "rmvirtualenv", CM_FX_MODERATE, "removes an environment of packages"},
    {"package.install", "virtualenv|mkvirtualenv @", CM_FX_CREATE, "makes an environment"},
    {"package.version", MANAGERS, CM_FX_MODERATE, "installs or removes versions of a language"},
    {"package.version", "rustup self uninstall", CM_FX_HIGH, "removes all of Rust"},
    {"package.version", "rvm implode", CM_FX_HIGH, "removes all versions of Ruby"},
    {"package.run-tool", "bunx|npx|pnpx|uvx " TOOLS, CM_FX_SAFE,
     "runs a tool that checks, builds or tests"},
    {"package.run-fetched", "bunx|cnpx|npx|pnpx|uvx !" TOOLS, CM_FX_MODERATE,
     "fetches a package and runs it"},
    {"package.script", "npm|yarn|pnpm|yarnpkg|bun " SCRIPTS " " TARGETS, CM_FX_MODERATE,
     "runs a script of the project that changes or deletes files"},
    {"package.script", "yarn|pnpm|yarnpkg " TARGETS, CM_FX_MODERATE,
     "runs a script of the project that changes or deletes files"},

    /* Publishing. */
    {"package.publish", "npm|yarn|pnpm|bun publish|deprecate|login|adduser|logout|star|unstar",
     CM_FX_MODERATE, "publishes a package or changes what is published"},
    {"package.publish", "npm dist-tag|owner|access|team|token|version|profile|hook|org",
     CM_FX_MODERATE, "changes what is published or who may publish"},
    {"package.publish",
     "changeset|semantic-release|np|release-it|standard-version|vsce|ovsx|twine|flit|"
     "goreleaser|bumpversion|bump2version|bump-my-version|cz",
     CM_FX_MODERATE, "publishes a package or changes its version"},
    {"package.unpublish", "npm|pnpm unpublish", CM_FX_HIGH,
     "removes a published package that others may use"},
    {"package.unpublish", "gem yank", CM_FX_HIGH,
     "removes a published package that others may use"},
    {"package.unpublish", "vsce|ovsx|poetry|mix unpublish|hex.retire", CM_FX_HIGH,
     "removes a published package that others may use"},

    /* Where the packages come from. */
    {"package.untrusted", PIPS "|uv --trusted-host|--allow-insecure-host", CM_FX_HIGH,
     "installs packages whose origin nobody checks"},
    {"package.untrusted",
     PIPS "|uv|poetry|pipx " INDEX "=http://* !" INDEX "=http://localhost*|http://127.*",
     CM_FX_HIGH, "installs packages that anybody on the way may change"},
    {"package.untrusted", NPMS " --registry=http://* !--registry=http://localhost*|http://127.*",
     CM_FX_HIGH, "installs packages that anybody on the way may change"},
    {"package.untrusted", "gem -s|--source=http://*", CM_FX_HIGH,
     "installs packages that anybody on the way may change"},
    {"package.untrusted",
     PIPS "|pipx|npm|yarn|pnpm|gem|luarocks install|i|add|download ~http://*|git+http://*|git://*",
     CM_FX_HIGH, "installs a package that anybody on the way may change"},
    {"package.from-url",
     PIPS "|pipx|npm|yarn|pnpm install|i|add "
          "~https://*.tar.gz|https://*.tgz|https://*.zip|https://*.tar.bz2 "
          "!" FORGES,
     CM_FX_HIGH, "installs and runs code from an address, not from a registry"},
    {"package.from-url", PIPS "|pipx|uv|npm|yarn|pnpm ~git+https://*|git+ssh://* !" GIT_FORGES,
     CM_FX_HIGH, "installs and runs code from an address, not from a registry"},
    {"package.untrusted", "uv pip|add|tool ~http://*|git+http://*|git://*", CM_FX_HIGH,
     "installs a package that anybody on the way may change"},
    {"package.untrusted", "cpanm ~http://*|git://*", CM_FX_HIGH,
     "installs a package that anybody on the way may change"},
    {"package.from-url", PIPS " -r|--requirement=http://*|https://*", CM_FX_HIGH,
     "installs what a list on the network names"},
};

const cm_pack cm_pack_package_lang = {
    "package_lang", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
