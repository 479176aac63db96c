# Counts the tests in the JUnit report that ctest writes; `status` is ctest's. See run_tests.sh.
#
# A program that prints a TAP plan ("1..N") counts as its N tests; results that it promised but did
# not give are failures. Any other program counts as one. What is not understood is a failure.

function say(what, why) { print what ": " name (why == "" ? "" : ": " why) }

function attribute(key,    at, rest) {
  at = index($0, " " key "=\"")
  if (!at) return ""
  rest = substr($0, at + length(key) + 3)
  return substr(rest, 1, index(rest, "\"") - 1)
}

function count_tap() {
  if (planned != good + bad + soft) {
    say("FAILED", planned " tests planned, " (good + bad + soft) " reported")
    bad += planned > good + bad + soft ? planned - good - bad - soft : 1
  } else if (state != "run" && !bad) {
    say("FAILED", "all its tests passed, but the program did not")
    bad = 1
  }
  passed += good; failed += bad; skipped += soft
}

function count() {
  if (state == "disabled" || (state == "notrun" && left_out)) {
    say("skipped"); skipped++
  } else if (planned || good + bad + soft) count_tap()
  else if (state == "run") passed++
  else { say("FAILED", "status " state); failed++ }
}

/^\t<testcase / {
  name = attribute("name"); state = attribute("status")
  planned = good = bad = soft = left_out = 0
}
/^\t\t<skipped message="SKIP_/ { left_out = 1 }
{ sub(/^\t\t<system-out>/, ""); sub(/<\/system-out>$/, "") }
/^1\.\.[0-9]+$/                   { planned += substr($0, 4) }
/^(not )?ok [0-9]+ # SKIP/        { soft++; say("skipped", $0); next }
/^ok [0-9]+ -/                    { good++ }
/^not ok [0-9]+ -/                { bad++; say("FAILED", $0) }
/^\t<\/testcase>/                 { count() }

END {
  name = "ctest"
  if (!passed && !failed) { say("FAILED", "no test passed"); failed = 1 }
  if (status && !failed) { say("FAILED", "status " status); failed = 1 }
  printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
  exit failed > 0
}
