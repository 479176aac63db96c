#!/bin/sh
# Runs the tests of one build and counts them honestly.
#
#   tools/run_tests.sh BUILD [CTEST_OPTION…]
#
# ctest counts programs; tools/tally.awk counts the tests inside them, from their TAP output, so
# that a skip inside a group is seen. Status 0 only if something passed and nothing failed.
set -u
build=$1
shift
report=$build/tests.xml
rm -f "$report"

CMOCKA_MESSAGE_OUTPUT=TAP ctest --test-dir "$build" --output-on-failure --no-tests=error \
  --test-output-size-passed 4000000 --test-output-size-failed 4000000 \
  --output-junit "$(cd "$build" && pwd)/tests.xml" "$@"
status=$?

[ -f "$report" ] || : >"$report"
awk -v status=$status -f "$(dirname "$0")/tally.awk" "$report"
