#!/bin/sh
# Runs every fuzz target of a build: tools/fuzz.sh BUILD SECONDS. New inputs stay in BUILD/corpus;
# one that breaks something is BUILD/crash-…, and belongs into tests/fuzz/corpus once mended.
set -u
build=$1 seconds=$2
passed=0 failed=0

for target in "$build"/fuzz/fuzz_*; do
  [ -x "$target" ] || continue
  name=${target##*/fuzz_}
  mkdir -p "$build/corpus/$name"
  if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/crash-$name-" "$build/corpus/$name" "tests/fuzz/corpus/$name"; then
    passed=$((passed + 1))
  else
    echo "FAILED: fuzz $name"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed != 0 ]
