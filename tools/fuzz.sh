#!/bin/sh
# Runs every fuzz target of a build, as many at once as there are processors:
# tools/fuzz.sh BUILD SECONDS. What each says is BUILD/fuzz/NAME.log, shown where it failed. New
# inputs stay in BUILD/corpus; one that breaks something is BUILD/crash-…, and belongs into
# tests/fuzz/corpus once mended.
set -u

# fuzz.sh --one BUILD SECONDS TARGET
one() {
  build=$1 seconds=$2 target=$3
  name=${target##*/fuzz_}
  log=$build/fuzz/$name.log
  mkdir -p "$build/corpus/$name"
  if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/crash-$name-" "$build/corpus/$name" "tests/fuzz/corpus/$name" \
    >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz $name: ok, $runs inputs"
  else
    echo "FAILED: fuzz $name"
  fi
}

if [ "$1" = --one ]; then
  shift
  one "$@"
  exit
fi

build=$1 seconds=$2
results=$build/fuzz/results
find "$build/fuzz" -name 'fuzz_*' -type f -perm -u+x | sort |
  xargs -r -P "$(getconf _NPROCESSORS_ONLN)" -n 1 "$0" --one "$build" "$seconds" | tee "$results"

for name in $(sed -n 's/^FAILED: fuzz //p' "$results"); do
  echo "--- $name"
  cat "$build/fuzz/$name.log"
done
passed=$(grep -c ': ok, ' "$results")
failed=$(grep -c '^FAILED' "$results")
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
