#!/bin/sh
# Every check of the source text: tools/lint.sh BUILD, with the programs and libraries built there.
set -u
build=$1
failed=0

# Ours, without tables that a program wrote and fixtures that are broken on purpose.
sources() {
  find src tools tests bench -name '*.[ch]' -not -path 'tests/tidy/*' 2>/dev/null | sort |
    while read -r file; do
      head -1 "$file" | grep -q 'enerated by ' || echo "$file"
    done
}

rules() { "$build/tools/tidy" . "$build/compile_commands.json"; }

prefixes() { nm -A -P -g --defined-only "$build"/libcm_*.a | "$build/tools/tidy" --symbols; }

# A header that needs another one included before it is a trap. Templates (*_body.h, *_variants.h)
# are made for their includers and take no part.
headers() {
  find src -name '*.h' -not -name '*_body.h' -not -name '*_variants.h' | sort |
    xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 ${CC:-cc} -std=c11 -D_GNU_SOURCE -Isrc -Wall \
      -Wextra -Werror -Wno-unused-function -fsyntax-only -x c -include /dev/null
}

format() { sources | xargs clang-format --dry-run -Werror; }

# Headers are seen through the files that include them.
analysis() {
  sources | grep '\.c$' | while read -r file; do
    grep -q "/$file\"" "$build/compile_commands.json" && echo "$file"
  done | xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 clang-tidy -p "$build" --quiet 2>"$build/lint.err"
  status=$?
  # clang-tidy counts what it suppresses on stderr; only when it failed does that matter.
  [ $status = 0 ] || grep -v 'warnings\? \(generated\|treated\)' "$build/lint.err"
  return $status
}

for check in rules prefixes headers format analysis; do
  if $check; then echo "lint: $check: ok"
  else echo "lint: $check: FAILED"; failed=$((failed + 1))
  fi
done
echo "$((5 - failed)) passed, $failed failed, 0 skipped"
[ $failed = 0 ]
