#!/bin/sh
# Every check of the source text, against the programs and libraries in BUILD:
#
#   tools/lint.sh BUILD      status 1 if a check failed; the last line counts them
#   tools/lint.sh --format   lays the sources out instead
set -u

# Ours, without tables that a program wrote and fixtures that are broken on purpose.
sources() {
  find src tools tests bench \( -name node_modules -o -path tests/tidy \) -prune -o \
    -name '*.[ch]' -print 2>/dev/null | sort |
    while read -r file; do
      head -1 "$file" | grep -q 'enerated by ' || echo "$file"
    done
}

# Runs a command once a file that stands on stdin, on all processors; fails if one fails.
each() { xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 "$@"; }

rules() { "$build/tools/tidy" . "$build/compile_commands.json"; }

prefixes() { nm -A -P -g --defined-only "$build"/libcm_*.a | "$build/tools/tidy" --symbols; }

# The linker takes the first of two functions with one name without a word.
names() {
  twice=$(nm -P -g --defined-only "$build"/libcm_*.a | awk 'NF > 2 { print $1 }' | sort | uniq -d)
  [ -z "$twice" ] && return
  echo "global names that stand in two files:" $twice
  return 1
}

# A header that needs another one before it is a trap. Templates (*_body.h, *_variants.h) are made
# for the files that include them and take no part.
headers() {
  find src -name '*.h' -not -name '*_body.h' -not -name '*_variants.h' |
    each "${CC:-cc}" -std=c11 -D_GNU_SOURCE -Isrc -Wall -Wextra -Werror -Wno-unused-function \
      -fsyntax-only -x c -include /dev/null
}

layout() { sources | xargs clang-format --dry-run -Werror; }

# Headers are seen through the files that include them. Tests stay out: a test that runs out of
# memory may crash. A file that was clean once is not read again until what it compiles changes.
analysis() {
  mkdir -p "$build/lint"
  sources | grep -E '^(src|tools)/.*\.c$' | each tools/analyse.sh "$build"
}

if [ "$1" = --format ]; then
  sources | xargs clang-format -i
  exit
fi

build=$1 passed=0 failed=0
for check in rules prefixes names headers layout analysis; do
  if $check; then
    echo "lint: $check: ok"
    passed=$((passed + 1))
  else
    echo "lint: $check: FAILED"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
