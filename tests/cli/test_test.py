"""cmdai test, the runner: every state and every exit status comes from a fixture that produces it, and what breaks around
a run (models, fixtures, files, signals) gives the documented error. No time is measured here."""
import fcntl
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import time

import kit
import models
from kit import case, need, run
from runner import (FOREVER, HEARS, PLAN, REPORT, RUN, STATES, cut_run, data, essence, fixture, golden_folder, many, model,
                    need_sandbox, once, other_model, read, recorded, results, slow_model, states, test)
from schema import Schema


# --- states ----------------------------------------------------------------------------------------------------------------

# The case `timeout` doesn't end by itself.
ENDLESS = ["--timeout", "2", "--max-tokens", "65536", "--ctx", "70000", "--batch", "1"]


def _all_states():
    need_sandbox()
    path = kit.fresh("run.jsonl")
    report = kit.fresh("report.json")
    r = test(data("states.yaml"), "--temperature", "1", "--golden", golden_folder(slow_model()), "--out", path, "--report",
             "json=" + report, *ENDLESS, gguf=slow_model())
    return r, path, report


def all_states():
    """One run that has all states that a finished run can have."""
    return once("states", _all_states)


CASES = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.cases.1.json"))


@case("state {0}: from the case of this name", [s for s in STATES if s != "not-run"])
def _(state):
    r, path, _ = all_states()
    r.has_status(1)
    one = results(path)[state]
    r.need(one["state"] == state, "it is %s: %s" % (one["state"], one["reasons"]))
    r.need((state in ("pass", "blocked-ok")) == (not one["reasons"]), "reasons: %s" % one["reasons"])


@case("state not-run: planned, and the run was cut off before it")
def _():
    _, path, _ = all_states()
    with open(path, "rb") as f:
        lines = f.read().splitlines(True)
    cut = kit.file_with(b"".join(lines[:4]), "cut.jsonl")
    r = run("test", "report", cut, "-o", "json").has_status(1)
    doc = r.json()
    REPORT.check(doc)
    want = {name: "not-run" for name in STATES if name != "not-run"}
    want.update({line["id"]: line["state"] for line in read(cut)[1:]})
    r.need({c["id"]: c["state"] for c in doc["cases"]} == want, "other states")
    r.need(doc["summary"]["not-run"] == 7 and not doc["run"]["complete"], "other counts")


@case("every state is counted, in JSON that keeps to its schema; only two of them are passes")
def _():
    _, path, report = all_states()
    with open(report, "rb") as f:
        doc = kit.parse_json(f.read())
    REPORT.check(doc)
    for state in STATES:
        need(doc["summary"][state] == (state != "not-run"), "%s: %d" % (state, doc["summary"][state]))
    need(doc["summary"]["passed"] == 2 and doc["summary"]["total"] == 10, doc["summary"])
    need({c["id"]: c["state"] for c in doc["cases"]} == states(path), "states differ from the run file")


@case("all judges speak, and the command that decided is there")
def _():
    _, path, _ = all_states()
    one = results(path)["fail"]
    judges = sorted(r["judge"] for r in one["reasons"])
    need(judges == ["expected_patterns", "expected_patterns", "forbidden_patterns"], one["reasons"])
    need(one["command"] == "pwd" and one["answered"], one)
    flaky = results(path)["flaky"]
    need(0 < flaky["passes"] < 16 and flaky["attempts"] == 16 and flaky["command"] == "id -g", flaky)


@case("an error stays one whatever the mark says, and never satisfies should_block")
def _():
    need_sandbox()
    broken = {"world": ["w"], "gold": "touch x", "compare": {"tree": "unchanged"}}
    late = {"world": ["w"], "gold": "sleep 9", "timeout_ms": 200}
    path = recorded(fixture([
        {"id": "marked", "prompt": "alpha", "xfail": "known", "exec": broken},
        {"id": "danger", "prompt": "alpha", "should_block": True, "exec": broken},
        {"id": "late", "prompt": "alpha", "xfail": "known", "exec": late},
        {"id": "critical", "prompt": "alpha", "exec": {"world": ["w"], "gold": "rm -rf /"}}], worlds={"w": {"files": {}}}))
    got = states(path)
    need(got == {"marked": "error", "danger": "error", "late": "error", "critical": "error"}, got)


@case("without a sandbox cases with exec are skipped and said so, and nothing but skips is status 7; --sandbox require is status 3 where there is none")
def _():
    path = recorded(data("golds.yaml"), "--sandbox", "off", status=7)
    need(set(states(path).values()) == {"skip"}, states(path))
    need(all("sandbox" in r["reasons"][0]["text"] for r in results(path).values()), "no reason")
    jail = [kit.command("bwrap"), "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--"]
    if subprocess.run([*jail, "true"], capture_output=True).returncode:
        raise kit.Skip("no way to forbid namespaces here")
    argv = [*jail, kit.Settings.program, "test", data("golds.yaml"), "-m", model(), "--sandbox"]
    p = subprocess.run([*argv, "bubblewrap"], env=kit.environment(), capture_output=True)
    need(p.returncode == 3 and p.stdout == b"" and b"bubblewrap" in p.stderr, p)


@case("state timeout: an answer that takes longer than --timeout, and the next case still runs")
def _():
    path = recorded(fixture([{"id": "slow", "prompt": "endless", "expected_patterns": ["la"]},
                             {"id": "after", "prompt": "alpha", "expected_patterns": ["ls"]}]),
                    "--timeout", "1", "--max-tokens", "65536", "--ctx", "70000", "--batch", "1", status=3, gguf=slow_model())
    need(states(path) == {"slow": "timeout", "after": "pass"}, states(path))


@case("a command that doesn't end is the model's failure, a gold that doesn't is an error")
def _():
    need_sandbox()
    one = {"world": ["w", "v"], "timeout_ms": 1500}
    path = recorded(fixture([{"id": "hangs", "prompt": "sleepy", "exec": {**one, "gold": "true"}},
                             {"id": "loops", "given_output": "```\nwhile :; do :; done\n```", "exec": {**one, "gold": "true"}},
                             {"id": "gold", "prompt": "alpha", "exec": {**one, "gold": "sleep 9"}}],
                            worlds={"w": {"files": {}}, "v": {"files": {"a": "b"}}}), status=1)
    need(states(path) == {"hangs": "fail", "loops": "fail", "gold": "error"}, states(path))
    for name in ("hangs", "loops"):
        said = results(path)[name]["reasons"]
        need([r["judge"] for r in said] == ["exec.time"] and "still ran after 1.5 s" in said[0]["text"], said)
    test(fixture([{"id": "hangs", "prompt": "sleepy", "exec": {**one, "gold": "true"}}], worlds={"w": {}, "v": {}}),
         "--gate", "pr").ok()  # a soft case, and no broken infrastructure


@case("a reply without a command fails the case, and satisfies only `refuse`")
def _():
    text = "I can't help with that."
    path = recorded(fixture([{"id": "want", "given_output": text, "expected_patterns": ["ls"]},
                             {"id": "block", "given_output": text, "should_block": True}]), status=1)
    need(set(states(path).values()) == {"fail"}, states(path))


@case("a prompt that doesn't fit the context is an error, and no refusal; one without words is refused")
def _():
    path = recorded(fixture([{"id": "long", "prompt": "alpha " * 50, "outcome": "refuse"},
                             {"id": "empty", "prompt": "  ", "outcome": "refuse"},
                             {"id": "wanted", "prompt": "", "risk_level": "safe"}]), "--ctx", "32", status=1)
    need(states(path) == {"long": "error", "empty": "pass", "wanted": "fail"}, states(path))
    need(all(r["latency_ms"]["total"] is None for r in results(path).values()), "no answer, and it took no time")


# --- exit statuses -----------------------------------------------------------------------------------------------------------

@case("status {0}: {1}", [
    (0, "pass blocked-ok skip xfail"), (1, "fail"), (1, "flaky --temperature 1"), (1, "xpass"), (1, "fail error"),
    (3, "error"), (3, "timeout pass"), (4, "nosuch"), (2, "pass nosuch"), (4, "@none tier:smoke"), (2, "--nosuch"),
    (2, "pass --date 1"), (2, "pass --date 2027-02-3x"),
    (2, "pass --date 2027-13-01"), (0, "pass --date 2027-08-09"), (2, "pass --shard 3/2"), (2, "pass --report nosuch=x"), (2, "pass -b nosuch"),
    (2, "pass --gate release"), (2, "pass --baseline /nowhere/none --gate pr")])
def _(status, words):
    if "error" in words:
        need_sandbox()
    late = "timeout" in words
    r = test(data("states.yaml"), "--golden", kit.fresh(), *words.split(), *(ENDLESS if late else []),
             gguf=slow_model() if late else model()).has_status(status)
    r.need(status in (0, 1, 3) or (r.out == b"" and r.err), "no message, or a result")


@case("--check without a sandbox proves nothing, and says so")
def _():
    run("test", data("golds.yaml"), "--check", "--sandbox", "off").has_status(3).says("sandbox")
    d = run("test", data("golds.yaml"), "--check", "--sandbox", "off", "-o", "json").has_status(3).says("sandbox").json()
    CASES.check(d)
    need((d["read"], d["checked"], d["unchecked"], d["wrong"]) == (4, 0, 4, []), d)


@case("nothing selected: the message tells no cases from none that is picked; a paraphrase is picked by its id")
def _():
    path = fixture([{"id": "a", "prompt": "alpha", "paraphrases": ["say alpha"], "expected_patterns": ["ls"]}])
    test(kit.fresh() + "/").fails(4, "no *.yaml")
    test(path, "b").fails(4, "no test case is selected of 2")
    need(states(recorded(path, "a/p1")) == {"a/p1": "pass"}, "another case")
    need(len(states(recorded(path, "a/p*"))) == 1, "another case")


@case("status 5: a danger that was let through outranks a failure")
def _():
    r = test(data("danger.yaml")).has_status(5)
    r.need(b"2 fail" in r.out and b"safety 0 of 1" in r.out, "other counts")
    test(data("danger.yaml"), "--gate", "pr").has_status(5)
    test(data("danger.yaml"), "fail").has_status(1)
    marked = fixture([{"id": "known", "command": "ls", "outcome": "block", "xfail": "not yet"}])
    for kind, says in (("github", b"known (xfail%2C danger)"), ("junit", b'failures="1"'), ("tap", b"not ok 1 - known\n"),
                       ("sarif", b'"level": "error"')):
        r = test(marked, "--report", kind + "=-").has_status(5).says("xfail known")
        r.need(says in r.out, "a mark hides what decides")


@case("status 6: only a budget is broken; without a gate that fails nothing")
def _():
    path = fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["ls"], "budget": {"total_ms": 0.0001}}])
    test(path, "--gate", "pr").has_status(6)
    r = test(path, "-o", "json").ok()
    r.need(any(x["judge"] == "budget.total" for x in r.json()["cases"][0]["reasons"]), "no reason")


@case("status 7: a run that was cut off and has no failure is incomplete, with gates and without")
def _():
    cut = cut_run(recorded(data("states.yaml"), "pass", "xfail", status=0))
    for gate in ([], ["--gate", "pr"], ["--gate", "release", "--floor", "0.01"]):
        r = run("test", "report", cut, *gate).has_status(7)
        r.need(b"1 pass, 1 not-run" in r.out, "other counts")


@case("help and manual have the exit statuses of the tests")
def _():
    r = run("test", "--help").ok().silent()
    for words in ("4 no case is selected", "5 a danger", "7 the run is incomplete", "--shard", "--watch"):
        r.need(words in r.out.decode(), words)
    r.need("produced" not in r.out.decode(), "the statuses of a request")
    r = run("completion", "man").ok()
    r.need(b"no case is selected" in r.out, "not in the manual")


# --- broken on purpose -------------------------------------------------------------------------------------------------------

def _cut_model():
    with open(model(), "rb") as f:
        return kit.file_with(f.read()[:5000], "cut.gguf")


@case("a model that is {0}: status 3, one line that names it, no result", [
    ("missing", lambda: "/nowhere/none.gguf"), ("cut off", _cut_model), ("empty", lambda: kit.file_with(b"", "no.gguf")),
    ("garbage", lambda: kit.file_with(bytes(range(256)) * 64, "odd.gguf")), ("a folder", kit.fresh)])
def _(_name, make):
    broken, out = make(), kit.fresh("run.jsonl")
    test(data("states.yaml"), "pass", "--out", out, gguf=broken).fails(3, os.path.basename(broken))
    need(not os.path.exists(out), "a run file without a run")


@case("what asks no model needs none")
def _():
    test(data("states.yaml"), "blocked-ok", gguf="/nowhere/none.gguf").ok()


@case("a fixture that is {0}: status 2 with the place", [
    ("misspelt", lambda: data("broken.yaml"), r"broken\.yaml:4:5: .*did you mean \"expected_patterns\""),
    ("no YAML", lambda: kit.file_with(b"test_cases: [\n", "bad.yaml"), r"bad\.yaml:\d+:\d+: "),
    ("twice there", lambda: fixture([{"id": "a", "command": "ls", "risk_level": "safe"}] * 2), r"cases\.yaml:\d+:\d+: "),
    ("missing", lambda: "/nowhere/none.yaml", r"/nowhere/none\.yaml")])
def _(_name, make, pattern):
    for more in ([], ["--list"], ["--check"]):
        r = test(make(), *more).has_status(2)
        r.need(r.out == b"" and re.search(pattern, r.err.decode()), "stderr doesn't say /%s/" % pattern)


@case("a context that no memory holds is an error of the case")
def _():
    path = recorded(data("states.yaml"), "pass", "--ctx", "16777216", status=3,
                    gguf=once("wide", lambda: models.listener(HEARS, then=FOREVER, layers=200, ctx=1 << 24)))
    one = results(path)["pass"]
    need(one["state"] == "error" and "memory" in one["reasons"][0]["text"], one)


@case("results that can't be shown: status 3, and the run is kept")
def _():
    out = kit.fresh("run.jsonl")
    with open("/dev/full", "wb") as full:
        test(data("states.yaml"), "pass", "--out", out, stdout=full).has_status(3).says("stdout")
    need(states(out) == {"pass": "pass"} and read(out)[-1]["kind"] == "end", "not kept")
    for bad in ("md=/dev/null/x", "json=/proc/nowhere/x"):
        out = kit.fresh("run.jsonl")
        r = test(data("states.yaml"), "pass", "--out", out, "--report", bad).has_status(3).says(bad[-2:])
        r.need(b"1 cases: 1 pass" in r.out, "no summary")
        need(read(out)[-1]["kind"] == "end", "not kept")
        run("test", "report", out, "--report", bad).has_status(3)


@case("a run file that is {0}: status 2 with the line", [
    ("cut in the middle", lambda l: [l[0], l[1][:80] + b"\n", *l[2:]], 2), ("no JSON", lambda l: [*l[:2], b"{]\n", *l[2:]], 3),
    ("without a manifest", lambda l: l[1:], 1), ("with a stranger", lambda l: [l[0], l[1].replace(b'"pass"', b'"nobody"', 1), *l[2:]], 2),
    ("with two answers", lambda l: [*l[:2], l[1].replace(b'"ls -l"', b'"ls -x"'), *l[2:]], 3)])
def _(_name, change, number):
    good = once("two results", lambda: recorded(data("states.yaml"), "pass", "xfail", status=0))
    with open(good, "rb") as f:
        lines = f.read().splitlines(True)
    need(lines[1] != change(lines)[1] or len(lines) != len(change(lines)), "nothing was changed")
    bad = kit.file_with(b"".join(change(lines)), "bad.jsonl")
    for words in (["report", bad], ["compare", good, bad], ["trend", "add", bad, "--db", kit.fresh("h.db")], ["merge", bad],
                  ["bless", bad, "--out", kit.fresh("b"), "--reason", "it was accepted"], ["comment", bad]):
        run("test", *words).fails(2, "bad.jsonl:%d: " % number)
    test(data("states.yaml"), "--failed", "--from", bad).fails(2, "bad.jsonl:%d: " % number)


# --- the run file ------------------------------------------------------------------------------------------------------------

@case("the manifest has the calibration of the model's confidence, and null where there is none")
def _():
    cases = fixture([{"id": "a", "prompt": "list", "expected_patterns": ["ls"]}])
    known = models.script({"\n": [("ls", 1.0)]}, extra={"cmdai.confidence.scale": (models.F32, .5), "cmdai.confidence.bias": (models.F32, -1.0)})
    path = recorded(cases, status=0, gguf=known)
    need(read(path)[0]["plan"]["calibration"] == {"scale": .5, "bias": -1.0}, read(path)[0])
    doc = run("test", "report", path, "-o", "json").ok().json()
    need(doc["run"]["calibration"] == {"scale": .5, "bias": -1.0}, doc["run"])
    new = kit.fresh("new.jsonl")
    run("test", "rescore", path, cases, "--out", new).ok()
    need(read(new)[0]["plan"]["calibration"] == {"scale": .5, "bias": -1.0}, read(new)[0])
    need(read(recorded(data("states.yaml"), "pass", status=0))[0]["plan"]["calibration"] is None, "a claim")


@case("a run file that can't be written: {0}", ["/dev/full", "/proc/none/run.jsonl", "/dev/null/run.jsonl"])
def _(path):
    test(data("states.yaml"), "pass", "--out", path).fails(3, path)


@case("folders above the run file and the reports are made")
def _():
    top = kit.fresh()
    out, report = os.path.join(top, "a/b/run.jsonl"), os.path.join(top, "c/d/report.md")
    test(data("states.yaml"), "pass", "--out", out, "--report", "md=" + report).ok()
    need(states(out) == {"pass": "pass"} and os.path.getsize(report) > 100, "not there")


@case("the last run is kept below HOME; without a place for it there is no file, and no failure")
def _():
    home = kit.fresh()
    last = os.path.join(home, ".local/state/cmdai/last-run.jsonl")
    test(data("states.yaml"), "pass", env={"HOME": home}).ok()
    need(states(last) == {"pass": "pass"}, states(last))
    state = kit.fresh()
    test(data("states.yaml"), "pass", env={"HOME": home, "XDG_STATE_HOME": state}).ok()
    need(states(os.path.join(state, "cmdai/last-run.jsonl")) == {"pass": "pass"}, "not in XDG_STATE_HOME")
    test(data("states.yaml"), "pass", env={"HOME": None}).ok().silent()
    test(data("states.yaml"), "pass", env={"HOME": "/dev/null"}).ok().says("not kept")
    test(data("states.yaml"), "--failed", env={"HOME": None}).has_status(2).says("--from")
    test(data("states.yaml"), "pass", "--resume", env={"HOME": "/dev/null"}).has_status(3)


@case("two runs on one file: the second is refused, and the first isn't disturbed")
def _():
    out = recorded(data("states.yaml"), "pass", status=0)
    before = read(out)
    with open(out, "rb") as held:  # as a run does it
        fcntl.flock(held, fcntl.LOCK_EX)
        test(data("states.yaml"), "pass", "--out", out).fails(3, out, "another program")
        test(data("states.yaml"), "pass", "--out", out, "--resume").fails(3, out, "another program")
    need(read(out) == before, "the file has changed")
    test(data("states.yaml"), "pass", "--out", out).ok()


@case("a run holds its file as long as it lasts")
def _():
    out = kit.fresh("run.jsonl")
    p = kit.start("test", fixture([{"id": "a", "prompt": "endless", "expected_patterns": ["x"]}]), "-m", slow_model(),
                  "--max-tokens", "65536", "--ctx", "70000", "--out", out)
    try:
        kit.wait_for(lambda: os.path.exists(out) and os.path.getsize(out) > 0, "the manifest")
        test(data("states.yaml"), "pass", "--out", out).fails(3, "another program")
    finally:
        p.send_signal(signal.SIGINT)
        kit.finish(p).has_status(130)


# --- ends that nobody planned ------------------------------------------------------------------------------------------------

def whole_lines(path):
    """The lines of a file whose writer was killed: all whole but, at most, the last."""
    with open(path, "rb") as f:
        text = f.read()
    lines = text.split(b"\n")[:-1]
    for line in lines:
        RUN.check(kit.parse_json(line + b"\n"))
    return lines


@case("kill -9 at twenty moments: every line is whole, --resume finishes, and nothing differs but times")
def _():
    cases = fixture(many(60) + [{"id": "d%02d" % i, "command": "rm x%d" % i, "risk_level": "moderate"} for i in range(20)])
    options = [cases, "-m", model(), "--batch", "4", "-q"]
    out = kit.fresh("run.jsonl")
    begun = time.monotonic()
    run("test", *options, "--out", out).has_status(1)
    span = time.monotonic() - begun
    want = essence(out)
    need(len(want) == 81, "%d lines" % len(want))
    dice = random.Random(20261126)
    kills = kept = 0
    while kills < 20:
        out = kit.fresh("run.jsonl")
        finished, seen = False, []
        while not finished:
            p = kit.start("test", *options, "--out", out, "--resume")
            try:
                p.wait(dice.uniform(0.1, 1.0) * span if kills < 20 else 20 * kit.Settings.slow)
                finished = True
                kit.finish(p).has_status(1)
            except subprocess.TimeoutExpired:
                p.kill()
                p.communicate()
                kills += 1
            lines = whole_lines(out) if os.path.exists(out) else []
            need(lines[:len(seen)] == seen, "a finished case was lost or rewritten")
            seen = lines
            kept += not finished and len(lines) > 1
        need(essence(out) == want, "the resumed run differs from an undisturbed one")
    need(kept, "no kill came between two cases")


@case("half a line at the end of a run file is cut off and had again")
def _():
    path = recorded(fixture(many(5), cases := kit.fresh("cases.yaml")), status=1)
    want = essence(path)
    with open(path, "rb") as f:
        lines = f.read().splitlines(True)
    for end in (b"", lines[3][:40], lines[3][:-1], b"\0\0\0\0"):
        with open(path, "wb") as f:
            f.write(b"".join(lines[:3]) + end)
        test(cases, "--out", path, "--resume").has_status(1)
        need(essence(path) == want, "after %r" % end)
    with open(path, "wb") as f:
        f.write(lines[0][:50])  # not even a manifest
    test(cases, "--out", path, "--resume").has_status(1)
    need(essence(path) == want, "after half a manifest")


@case("--resume of a finished run asks nothing; of another run it is refused")
def _():
    path = recorded(data("states.yaml"), "pass", "xfail", status=0)
    with open(path, "rb") as f:
        before = f.read()
    test(data("states.yaml"), "pass", "xfail", "--out", path, "--resume").ok()
    need([r["latency_ms"] for r in results(path).values()] ==
         [json.loads(l)["latency_ms"] for l in before.splitlines() if b'"kind":"result"' in l], "it was asked again")
    for more, gguf in ((["fail"], None), (["--seed", "5"], None), (["--safety", "strict"], None), ([], other_model())):
        with open(path, "rb") as f:
            before = f.read()
        test(data("states.yaml"), "pass", "xfail", *more, "--out", path, "--resume", gguf=gguf).fails(2, "another run")
        with open(path, "rb") as f:
            need(f.read() == before, "it was touched")
    new = kit.fresh("new.jsonl")
    test(data("states.yaml"), "pass", "--out", new, "--resume").ok()
    need(states(new) == {"pass": "pass"}, "nothing to resume is a new run")


@case("{0}: status 130, what was finished is kept and shown, and --resume goes on", ["SIGINT", "SIGTERM"])
def _(name):
    cases = kit.fresh("cases.yaml")
    fixture(many(3) + [{"id": "z", "prompt": "endless", "expected_patterns": ["x"]}], cases)
    out, report = kit.fresh("run.jsonl"), kit.fresh("report.json")
    options = ["test", cases, "-m", slow_model(), "--batch", "1", "--out", out, "--ctx", "70000", "--max-tokens", "65536"]
    p = kit.start(*options, "--report", "json=" + report)
    kit.wait_for(lambda: os.path.exists(out) and len(whole_lines(out)) == 4, "three results")
    p.send_signal(getattr(signal, name))
    r = kit.finish(p).has_status(130)
    r.need(b"1 not-run" in r.out, "the summary doesn't count what is missing")
    need(sorted(results(out)) == ["c000", "c001", "c002"], "other results")
    with open(report, "rb") as f:
        doc = kit.parse_json(f.read())
    REPORT.check(doc)
    need(doc["summary"]["not-run"] == 1 and not doc["run"]["complete"], "the report")
    run("test", "report", out).has_status(1)
    run(*options, "--resume", "--timeout", "1").has_status(1)
    need(states(out)["z"] == "timeout", "not resumed")


@case("SIGINT while a command is executed: status 130 at once, and it is killed")
def _():
    need_sandbox()
    out = kit.fresh("run.jsonl")
    cases = fixture([{"id": "a", "prompt": "sleepy", "exec": {"world": ["w"], "gold": "true", "timeout_ms": 300000}}],
                    worlds={"w": {"files": {}}})
    p = kit.start("test", cases, "-m", model(), "--out", out)
    kit.wait_for(lambda: b"sleep 30" in subprocess.run(["ps", "--ppid", str(p.pid), "-o", "args"], capture_output=True).stdout,
                 "the command")
    p.send_signal(signal.SIGINT)
    kit.finish(p, limit=8).has_status(130)
    need(results(out) == {}, "a result of what was not finished")


# --- looking -----------------------------------------------------------------------------------------------------------------

@case("--list prints what would run, as lines and as JSON, and runs nothing")
def _():
    home = kit.fresh()
    r = test(data("states.yaml"), "*pass", "--list", env={"HOME": home}, gguf="/nowhere/none").ok().silent()
    r.need(r.lines() == ["pass\tfull\tprompt\talpha", "xpass\tfull\tprompt\talpha"], "other lines")
    r = test(data("states.yaml"), "*pass", "--list", "-o", "json", gguf="/nowhere/none").ok().silent()
    doc = r.json()
    PLAN.check(doc)
    r.need(doc["schema"] == "cmdai.plan/1" and [c["id"] for c in doc["cases"]] == ["pass", "xpass"], "other cases")
    r.need(doc["cases"][0]["file"].endswith("states.yaml") and doc["cases"][0]["line"] == 7, "another place")
    need(os.listdir(home) == [], "it left something")


@case("--list escapes what a terminal would obey")
def _():
    r = test(fixture([{"id": "a", "prompt": "x\u001b[31m\ny\u202e", "risk_level": "safe"}]), "--list").ok()
    r.need(r.out == b"a\tfull\tprompt\tx\\x1b[31m\\ny\\u202e\n", "not escaped")


@case("--check: a gold that changes what it must not, and a mistake that passes, are found")
def _():
    need_sandbox()
    r = test(data("golds.yaml"), "--check").has_status(2)
    for words in ('wrong-passes: check.wrong: "ls" passes', "gold-changes: check.gold", "proves-nothing: check.proof"):
        r.says(words)
    r.need(b"good" not in r.err and b"4 checked by executing, 3 wrong" in r.out, "other findings")
    test(data("golds.yaml"), "good", "--check").ok(b"1 cases read, 1 checked by executing, 0 wrong\n").silent()
    d = test(data("golds.yaml"), "--check", "-o", "json").has_status(2).json()
    CASES.check(d)
    need({x["id"]: {why["judge"] for why in x["reasons"]} for x in d["wrong"]} == {
        "wrong-passes": {"check.wrong"}, "gold-changes": {"check.gold"}, "proves-nothing": {"check.proof"}}, d)
    need((d["read"], d["checked"], d["unchecked"]) == (4, 4, 0) and all(x["error"] is None for x in d["wrong"]), d)
    d = test(data("golds.yaml"), "good", "--check", "-o", "json").ok().json()
    CASES.check(d)
    need(d["wrong"] == [] and d["checked"] == 1, d)


@case("what a killed run has left in memory goes with the next one, and its command ends with it")
def _():
    need_sandbox()
    memory = "/dev/shm"
    cases = fixture([{"id": "a", "prompt": "sleepy", "exec": {"world": ["w"], "gold": "true", "timeout_ms": 300000}}],
                    worlds={"w": {"files": {}}})

    def ours():
        return {n for n in os.listdir(memory) if n.startswith("cmdai-sandbox-")} if os.path.isdir(memory) else set()

    def command(pid):
        text = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid=,args="], capture_output=True).stdout.decode()
        return [int(line.split()[0]) for line in text.splitlines() if "sleep 30" in line]

    before = ours()
    p = kit.start("test", cases, "-m", model(), "--out", kit.fresh("run.jsonl"))
    kit.wait_for(lambda: command(p.pid), "the command")
    child = command(p.pid)[0]
    new = ours() - before
    p.kill()
    p.communicate()
    kit.wait_for(lambda: not os.path.exists("/proc/%d" % child), "the end of the command")
    left = new & ours()
    if not left:
        raise kit.Skip("worlds are not made in %s here" % memory)
    for name in left:
        os.utime(os.path.join(memory, name), (1, 1))
    test(data("golds.yaml"), "good", "--check").ok()
    need(not left & ours(), "it is still there")


# --- what is seen while it runs ----------------------------------------------------------------------------------------------

@case("without a terminal: one line for each failure, no escape, no bar; -q only leaves the summary")
def _():
    cases = fixture(many(6, words=("alpha", "bravo")))
    r = test(cases).has_status(1)
    r.need(b"\x1b" not in r.err + r.out and b"\r" not in r.err, "an escape sequence")
    r.need([l.split(":")[0] for l in r.err.decode().splitlines()] == ["fail c001", "fail c003", "fail c005"], "other lines")
    r.need(b"6 cases: 3 pass, 3 fail" in r.out and b"50.0 %" in r.out, "another summary")
    q = test(cases, "-q").has_status(1).silent()
    q.need(b"6 cases: 3 pass, 3 fail" in q.out, "no summary")


def sha256(path):
    """Of a file, as Python computes it."""
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


@case("-o json: one document on stdout, whatever happens on stderr")
def _():
    doc = test(data("danger.yaml"), "-o", "json").has_status(5).json()
    REPORT.check(doc)
    need(doc["summary"]["safety_missed"] == 1 and doc["run"]["model"]["sha256"] == sha256(model()), doc["run"])
    need(doc["run"]["model"]["id"] == "cmdai-listener", doc["run"])


@case("a report on stdout, but not beside a document")
def _():
    r = test(data("states.yaml"), "pass", "--report", "tap=-").ok()
    r.need(b"1 cases: 1 pass" in r.out and b"\nTAP version 14\n" in r.out, "no report")
    r = test(data("states.yaml"), "pass", "--report", "tap=-", "-o", "json").has_status(2).says("stdout")
    r.need(r.json()["schema"] == "cmdai.error/1" and b"TAP" not in r.out, "two things on stdout")


@case("on a terminal: a bar that moves and is gone at the end")
def _():
    cases = fixture(many(40, words=("alpha", "bravo")))
    r = kit.run_on_terminal("test", cases, "-m", model(), "--batch", "1", stderr_too=True).has_status(1)
    bars = re.findall(rb"\r\x1b\[K\[(=*) *\] (\d+)/40  (\d+) passed  (\d+) not", r.out)
    r.need(len(bars) > 1 and len({b[1] for b in bars}) > 1, "no bar that moves")
    r.need(all(len(b[0]) <= 24 and int(b[1]) >= int(b[2]) + int(b[3]) for b in bars), "a bar that lies")
    r.need(b"\r\x1b[K" in r.out.split(b"40/40")[-1], "the bar stays")
    q = kit.run_on_terminal("test", cases, "-m", model(), "-q", stderr_too=True).has_status(1)
    q.need(b"\x1b" not in q.out, "a bar with -q")


@case("--watch runs again when a fixture says something else, and Ctrl-C ends it")
def _():
    cases, out = kit.fresh("cases.yaml"), kit.fresh("run.jsonl")
    one = [{"id": "one", "prompt": "alpha", "expected_patterns": ["ls"]}]
    two = [{"id": "two", "prompt": "bravo", "expected_patterns": ["pwd"]}]
    fixture(one, cases)
    step = {"n": 0}

    def write(text):
        with open(cases, "w", encoding="utf-8") as f:
            f.write(text)

    def wait(seconds):
        step.update(n=step["n"] + 1, until=time.monotonic() + seconds)

    # Each step waits for what it wants to see, however slow the machine is; the pauses are for what must not happen.
    def after(process):
        waits = process.seen.count(b"waiting for a fixture")
        if step["n"] == 0 and waits == 1:
            with open(cases, "ab") as f:
                f.write(b"\n# nothing new\n")
            step["at"] = os.stat(out).st_mtime_ns
            wait(0.8)
        elif step["n"] == 1 and time.monotonic() > step["until"]:
            need(os.stat(out).st_mtime_ns == step["at"] and waits == 1, "a comment made it run again")
            write("test_cases: [")  # in the middle of an edit
            wait(0)
        elif step["n"] == 2 and waits == 2:
            fixture(two, cases)
            wait(0)
        elif step["n"] == 3 and waits == 3 and b"1 cases: 1 pass" in process.seen.split(b"waiting for a fixture")[2]:
            wait(0.8)
        return step["n"] == 4 and time.monotonic() > step["until"]

    r = kit.run_on_terminal("test", cases, "-m", model(), "--watch", "--out", out, typed=b"\x03", after=after,
                            stderr_too=True, limit=60).has_status(130)
    r.need(r.out.count(b"1 cases: 1 pass") == 2 and r.out.count(b"waiting for a fixture") == 3, "not two runs and an error")
    r.need(re.search(rb"cases\.yaml:\d+:\d+: ", r.out), "what is wrong with the file isn't said")
    need(list(results(out)) == ["two"], "the record is of another run")


