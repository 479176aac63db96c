#!/bin/sh
# clang-tidy on one file: tools/analyse.sh BUILD FILE. A stamp named by the hash of all that it
# would read says that the file was clean, so that an unchanged file costs nothing.
set -u
build=$1 file=$2

key=$({ cat .clang-tidy; clang -E -std=c11 -D_GNU_SOURCE -Isrc "$file" 2>&1; } | cksum | tr ' ' -)
stamp=$build/lint/$(echo "$file" | tr / -)-$key
[ -e "$stamp" ] && exit

# On stderr clang-tidy only counts the warnings that it left out.
clang-tidy -p "$build" --quiet "$file" 2>/dev/null && : >"$stamp"
