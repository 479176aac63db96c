#!/bin/sh
# The one list of packages. Installs what a group needs and the system does not have yet.
#
#   packaging/deps.sh GROUP… [--print]     groups: build test dev train
#
# build: the program, and what it starts (bubblewrap).  test: make test and make check.
# dev: make lint and make format.  train: make train. With --print it only names the packages. The
# names for Debian 12 are the ones that CI proves; the others are there to save you the search.
# "-": none needed or none known.
set -eu

# group  Debian                 Fedora                  Homebrew
list() {
  cat <<'END'
build    gcc                    gcc                     -
build    libc6-dev              glibc-devel             -
build    make                   make                    make
build    cmake                  cmake                   cmake
build    ninja-build            ninja-build             ninja
build    libjansson-dev         jansson-devel           jansson
build    libyaml-dev            libyaml-devel           libyaml
build    libpcre2-dev           pcre2-devel             pcre2
build    libssl-dev             openssl-devel           openssl@3
build    libsqlite3-dev         sqlite-devel            sqlite
build    libseccomp-dev         libseccomp-devel        -
build    libcurl4-openssl-dev   libcurl-devel           curl
build    libmicrohttpd-dev      libmicrohttpd-devel     libmicrohttpd
build    bubblewrap             bubblewrap              -
test     libcmocka-dev          libcmocka-devel         cmocka
test     openssl                openssl                 openssl
test     libsimde-dev           simde-devel             simde
test     python3                python3                 python3
test     python3-yaml           python3-pyyaml          -
test     git                    git                     git
test     nodejs                 nodejs                  node
test     npm                    nodejs-npm              -
test     libxml2-utils          libxml2                 libxml2
test     prometheus             golang-github-prometheus prometheus
test     python3-prometheus-client python3-prometheus_client -
test     clang                  clang                   llvm
test     libclang-rt-dev        compiler-rt             -
test     gcc-aarch64-linux-gnu  gcc-aarch64-linux-gnu   -
test     libc6-dev-arm64-cross  -                       -
test     qemu-user-static       qemu-user-static        -
test     zsh                    zsh                     -
test     fish                   fish                    fish
test     shellcheck             ShellCheck              shellcheck
dev      git                    git                     git
dev      clang-format           clang-tools-extra       clang-format
dev      clang-tidy             clang-tools-extra       llvm
train    python3-torch          python3-torch           pytorch
train    libopenblas0-pthread   openblas-threads        openblas
train    python3-numpy          python3-numpy           numpy
train    unicode-data           unicode-ucd             -
END
}

usage() {
  echo "usage: packaging/deps.sh build|test|dev|train… [--print]" >&2
  exit 2
}

# Packages of the groups "$@", for the system whose names stand in the column $column.
packages() {
  for group in "$@"; do
    list | awk -v group="$group" -v column="$column" '
      $1 == group && $column != "-" { print $column }'
  done | sort -u
}

# A command of the same name counts, wherever it came from.
installed() {
  command -v "$1" >/dev/null 2>&1 && return 0
  case $column in
    2) dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed ;;
    3) rpm -q --quiet "$1" ;;
    4) brew list --versions "$1" >/dev/null ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "deps.sh: must be root (or have sudo) to run: $*" >&2
    exit 1
  fi
}

install_debian() {
  as_root apt-get update -q || echo "deps.sh: no fresh package lists; trying the old ones" >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "$@"
}

groups='' print=false
for argument in "$@"; do
  case $argument in
    build | test | dev | train) groups="$groups $argument" ;;
    --print) print=true ;;
    *) usage ;;
  esac
done
[ -n "$groups" ] || usage

if command -v apt-get >/dev/null; then column=2
elif command -v dnf >/dev/null; then column=3
elif command -v brew >/dev/null; then column=4
else
  column=2
  echo "deps.sh: this system has no apt-get, dnf or brew. Install what Debian calls:" >&2
  packages $groups >&2
  exit 1
fi

missing=
for package in $(packages $groups); do
  if $print; then echo "$package"
  elif ! installed "$package"; then missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0

echo "deps.sh: installing$missing"
case $column in
  2) install_debian $missing ;;
  3) as_root dnf install -y $missing ;;
  4) brew install $missing ;;
esac
