"""cmdai test, the runner: every state and every exit status comes from a fixture that produces it, and what breaks around
a run (models, fixtures, files, signals) gives the documented error. No time is measured here."""
import fcntl
import hashlib
import json
import os
import pty
import random
import re
import signal
import subprocess
import time

import kit
import models
from kit import case, need, run
from schema import Schema

DATA = os.path.join(kit.ROOT, "tests", "data", "runner")
RUN = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.run.1.json"), described=False)
REPORT = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.report.1.json"), described=False)
STATES = ["pass", "fail", "blocked-ok", "golden-changed", "flaky", "skip", "xfail", "xpass", "error", "timeout", "not-run"]

# What the model answers to which word of a prompt, and how likely.
HEARS = {"alpha": [("ls -l", 1.0)], "bravo": [("pwd", 1.0)], "coin": [("id -u", .5), ("id -g", .5)],
         "delta": [("du -s", .6), ("df -h", .4)], "echo": [("wc -l", .7), ("wc -c", .2), ("wc -w", .1)],
         "sleepy": [("sleep 30", 1.0)], "endless": [("la ", 1.0)]}
FOREVER = {"la ": [("di ", 1.0)], "di ": [("di ", 1.0)]}
_made = {}


def model():
    """The model of these tests."""
    return _once("model", lambda: models.listener(HEARS, then=FOREVER))


def slow_model():
    """The same; `endless` takes it a minute and more."""
    return _once("slow", lambda: models.listener(HEARS, then=FOREVER, layers=24, ctx=1 << 20))


def other_model():
    """One that says something else."""
    return _once("other", lambda: models.listener({**HEARS, "alpha": [("ls -a", 1.0)]}, then=FOREVER, name="cmdai-other"))


def _once(key, make):
    if key not in _made:
        _made[key] = make()
    return _made[key]


def data(name):
    """Path of one of the fixtures that are files."""
    return os.path.join(DATA, name)


def fixture(cases, path=None, **more):
    """A fixture file with these cases; JSON is YAML 1.2."""
    path = path or kit.fresh("cases.yaml")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"test_cases": cases, **more}, f)
    return path


def many(count, words=("alpha", "bravo", "coin", "delta", "echo", "nothing"), **more):
    """Cases whose prompts are all different; each wants `ls`."""
    return [{"id": "c%03d" % i, "prompt": "%s%s and %s" % ("so " * (i % 7), words[i % len(words)], "x" * (i % 11)),
             "expected_patterns": ["ls"], **more} for i in range(count)]


def test(*args, gguf=None, **options):
    """Runs `cmdai test` with the model; no answer of an earlier case of this file is near."""
    return run("test", *args, "-m", gguf or model(), **options)


def recorded(*args, status=None, **options):
    """The same with a run file; returns its path."""
    path = kit.fresh("run.jsonl")
    r = test(*args, "--out", path, **options)
    if status is not None:
        r.has_status(status)
    return path


def read(path):
    """The lines of a run file, each held against the schema."""
    with open(path, "rb") as f:
        text = f.read()
    need(text.endswith(b"\n"), "the last line of %s is not whole" % path)
    out = [kit.parse_json(line + b"\n") for line in text.splitlines()]
    for line in out:
        RUN.visit(RUN.root["$defs"][line["kind"]], line, "$")  # says more than that no form fits
        RUN.check(line)
    return out


def results(path):
    """{id: result}"""
    return {line["id"]: line for line in read(path) if line["kind"] == "result"}


def states(path):
    """{id: state}"""
    return {name: r["state"] for name, r in results(path).items()}


def essence(path, without=()):
    """What two runs of the same thing have in common: manifest and results without what is measured, sorted."""
    out = []
    for line in read(path):
        if line["kind"] == "end":
            continue
        for key in ("latency_ms", "measured", "place"):
            line.pop(key, None)
        if line["kind"] == "manifest":
            line["plan"] = {k: v for k, v in line["plan"].items() if k not in without}
        out.append(json.dumps(line, sort_keys=True))
    return out[:1] + sorted(out[1:])


def answers(path):
    """What a model said, to the last bit of its log-probability."""
    return {name: (r["command"], r["logprob"], r["tokens"]["output"]) for name, r in results(path).items()}


def need_sandbox():
    """Skips a case that executes commands where that can't be."""
    def look():
        r = run("test", data("golds.yaml"), "--check", "--sandbox", "require", "-q")
        return r.status, r.err
    status, err = _once("sandbox", look)
    if status == 3:
        raise kit.Skip(err.decode("utf-8", "replace").strip())


def golden_folder(gguf=None):
    """A folder in which another answer than today's was accepted for the case golden-changed."""
    folder = kit.fresh()
    options = ["--golden", folder]
    test(data("states.yaml"), "golden-changed", *options, "-q", gguf=gguf).ok()
    run("test", "golden", "accept", "all", *options, "-m", gguf or model()).ok()
    path, = (os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".jsonl"))
    with open(path, encoding="utf-8") as f:
        text = f.read()
    need('"ls -l"' in text, text)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace('"ls -l"', '"ls -a"'))
    return folder


# --- states ----------------------------------------------------------------------------------------------------------------

def _all_states():
    need_sandbox()
    path = kit.fresh("run.jsonl")
    report = kit.fresh("report.json")
    r = test(data("states.yaml"), "--temperature", "1", "--golden", golden_folder(), "--out", path, "--report",
             "json=" + report)
    return r, path, report


def all_states():
    """One run that has all states that a finished run can have."""
    return _once("states", _all_states)


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


@case("without a sandbox cases with exec are skipped and said so; --sandbox require is status 3 where there is none")
def _():
    path = recorded(data("golds.yaml"), "--sandbox", "off", status=0)
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


@case("a reply without a command fails the case, and satisfies only `refuse`")
def _():
    text = "I can't help with that."
    path = recorded(fixture([{"id": "want", "given_output": text, "expected_patterns": ["ls"]},
                             {"id": "block", "given_output": text, "should_block": True}]), status=1)
    need(set(states(path).values()) == {"fail"}, states(path))


# --- exit statuses -----------------------------------------------------------------------------------------------------------

@case("status {0}: {1}", [
    (0, "pass blocked-ok skip xfail"), (1, "fail"), (1, "flaky --temperature 1"), (1, "xpass"), (1, "fail error"),
    (3, "error"), (3, "timeout pass"), (4, "nosuch"), (2, "pass nosuch"), (4, "@none tier:smoke"), (2, "--nosuch"),
    (2, "pass --date 1"), (2, "pass --shard 3/2"), (2, "pass --report nosuch=x"), (2, "pass -b nosuch"),
    (2, "pass --gate release"), (2, "pass --baseline /nowhere/none --gate pr")])
def _(status, words):
    if "error" in words or "timeout" in words:
        need_sandbox()
    r = test(data("states.yaml"), "--golden", kit.fresh(), *words.split()).has_status(status)
    r.need(status in (0, 1, 3) or (r.out == b"" and r.err), "no message, or a result")


@case("status 5: a danger that was let through outranks a failure")
def _():
    r = test(data("danger.yaml")).has_status(5)
    r.need(b"2 fail" in r.out and b"safety 0 of 1" in r.out, "other counts")
    test(data("danger.yaml"), "--gate", "pr").has_status(5)
    test(data("danger.yaml"), "fail").has_status(1)


@case("status 6: only a budget is broken; without a gate that fails nothing")
def _():
    path = fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["ls"], "budget": {"total_ms": 0.0001}}])
    test(path, "--gate", "pr").has_status(6)
    r = test(path, "-o", "json").ok()
    r.need(any(x["judge"] == "budget.total" for x in r.json()["cases"][0]["reasons"]), "no reason")


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


# --- the run file ------------------------------------------------------------------------------------------------------------

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


# --- pieces of a run ---------------------------------------------------------------------------------------------------------

def shards(cases, by, count=3, **options):
    """Run files of the pieces."""
    return [recorded(cases, "--shard", "%d/%d%s" % (i + 1, count, by), **options) for i in range(count)]


@case("shards{0} merge to the whole run", ["", ":slice", ":hash", ":lpt"])
def _(by):
    cases = fixture(many(25))
    whole = recorded(cases, status=1)
    timed = shards(cases, by) if by != ":lpt" else [
        recorded(cases, "--shard", "%d/3:lpt" % i, "--from", whole) for i in (1, 2, 3)]
    parts = [set(results(p)) for p in timed]
    need(sum(map(len, parts)) == 25 and len(set.union(*parts)) == 25, [len(p) for p in parts])
    need(by == ":hash" or max(map(len, parts)) < 25, "one shard has all")
    out = kit.fresh("merged.jsonl")
    random.Random(1).shuffle(timed)
    r = run("test", "merge", *timed, "--out", out, "-o", "json").has_status(1)
    REPORT.check(r.json())
    need(essence(out) == essence(whole), "it differs from a whole run")


@case("shards: more of them than cases leaves some empty, and they merge all the same")
def _():
    cases = fixture(many(2))
    parts = shards(cases, "", 4)
    out = kit.fresh("merged.jsonl")
    run("test", "merge", *parts, "--out", out).has_status(1)
    need(essence(out) == essence(recorded(cases)), "it differs from a whole run")


@case("merge refuses what is no whole run: {0}", [
    ("a shard is missing", lambda p: p[:2], 7), ("one twice", lambda p: [p[0], p[0], p[1], p[2]], 7),
    ("one unfinished", lambda p: [p[0], p[1], _cut_run(p[2])], 7), ("one of another run", lambda p: [p[0], p[1], recorded(
        fixture(many(9)), "--seed", "9", "--shard", "3/3")], 7), ("no run file", lambda p: [*p, data("states.yaml")], 2),
    ("nothing", lambda p: ["/nowhere/none.jsonl"], 2)])
def _(_name, change, status):
    parts = _once("shards", lambda: shards(fixture(many(9)), ""))
    out = kit.fresh("merged.jsonl")
    r = run("test", "merge", *change(list(parts)), "--out", out).fails(status)
    r.need(not os.path.exists(out), "it wrote a run")


def _cut_run(path):
    with open(path, "rb") as f:
        return kit.file_with(b"".join(f.read().splitlines(True)[:2]), "cut.jsonl")


@case("--failed takes what didn't pass, of the last run or of --from")
def _():
    cases = [c for c in many(6, words=("alpha", "bravo"))]
    path, home = fixture(cases), kit.fresh()
    first = recorded(path, status=1)
    bad = sorted(k for k, v in states(first).items() if v == "fail")
    need(bad == ["c001", "c003", "c005"], states(first))
    again = recorded(path, "--failed", "--from", first, status=1)
    need(sorted(states(again)) == bad, states(again))
    test(path, env={"HOME": home}).has_status(1)
    r = test(path, "--failed", "--list", env={"HOME": home}).ok()
    r.need([l.split("\t")[0] for l in r.lines()] == bad, "another list")
    test(path, "--failed", "--from", recorded(path, "c000", status=0)).fails(4)


def git(folder, *args):
    """Runs git as nobody in particular."""
    env = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"}
    for who in ("AUTHOR", "COMMITTER"):
        env.update({"GIT_%s_NAME" % who: "t", "GIT_%s_EMAIL" % who: "t@example.invalid"})
    subprocess.run([kit.command("git"), *args], cwd=folder, env=env, check=True, capture_output=True)


@case("--changed takes cases that say something else than at a commit, and no others")
def _():
    folder = kit.fresh()
    name = os.path.join(folder, "t", "a.yaml")
    os.mkdir(os.path.dirname(name))
    text = ("test_cases:\n- {id: a, prompt: alpha, expected_patterns: [ls]}\n- {id: b, prompt: alpha, risk_level: safe}\n"
            "- id: c\n  prompt: alpha\n  exec: {world: [w], gold: ls}\nworlds: {w: {files: {f: '1'}}}\n")

    def chosen(content, ref="--changed", status=0, cwd=folder, path="./t"):
        with open(name, "w", encoding="utf-8") as f:
            f.write(content)
        r = run("test", path, ref, "--list", cwd=cwd, env={"HOME": folder}).has_status(status)
        return [l.split("\t")[0] for l in r.lines()]

    chosen(text, "--quiet")
    test("./t", "--changed", cwd=folder, env={"HOME": folder, "GIT_CEILING_DIRECTORIES": folder}).fails(2, "git")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "t")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "checkout", "-q", "-b", "work")
    chosen(text, status=4)
    chosen("# a comment\n" + text.replace("id: b, prompt: alpha", "prompt: alpha, id: b") + "\n\n", status=4)
    need(chosen(text.replace("[ls]", "[l]")) == ["a"], "a change of meaning")
    need(chosen(text.replace("f: '1'", "f: '2'")) == ["c"], "a change of a world")
    need(chosen(text.replace("id: b", "id: new")) == ["new"], "a new case")
    changed = text.replace("prompt: alpha, risk", "prompt: bravo, risk")
    need(chosen(changed, cwd=os.path.dirname(name), path="a.yaml") == ["b"], "from a folder below")
    need(chosen(changed, cwd=os.path.dirname(name), path="../t") == ["b"], "through the folder above")
    git(folder, "commit", "-q", "-a", "-m", "two")
    need(chosen(changed) == ["b"], "since the merge base")
    chosen(changed, "--changed=HEAD", status=4)
    need(chosen(changed, "--changed=main") == ["b"], "since a named commit")
    test("./t", "--changed=nosuch", cwd=folder, env={"HOME": folder}).fails(2, "nosuch")
    test("./t", "--changed=--output=x", cwd=folder, env={"HOME": folder}).fails(2)
    need(not os.path.exists(os.path.join(folder, "x")), "an option of git")


@case("--reuse takes results of equal cases, asks the others, and refuses other models and options")
def _():
    cases = many(6)
    first = recorded(fixture(cases), status=1)
    cases[2]["prompt"] += " more"
    second = recorded(fixture(cases), "--reuse", first, status=1)
    old, new = results(first), results(second)
    need(len(new) == 6, sorted(new))
    for name in new:
        need((old[name]["latency_ms"] == new[name]["latency_ms"]) == (name != "c002"), name)
    test(fixture(cases), "--reuse", first, gguf=other_model()).fails(2, "another model")
    test(fixture(cases), "--reuse", first, "--seed", "3").fails(2, "options")


# --- looking -----------------------------------------------------------------------------------------------------------------

@case("--list prints what would run, as lines and as JSON, and runs nothing")
def _():
    home = kit.fresh()
    r = test(data("states.yaml"), "*pass", "--list", env={"HOME": home}, gguf="/nowhere/none").ok().silent()
    r.need(r.lines() == ["pass\tfull\tprompt\talpha", "xpass\tfull\tprompt\talpha"], "other lines")
    r = test(data("states.yaml"), "*pass", "--list", "-o", "json", gguf="/nowhere/none").ok().silent()
    doc = r.json()
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


@case("-o json: one document on stdout, whatever happens on stderr")
def _():
    doc = test(data("danger.yaml"), "-o", "json").has_status(5).json()
    REPORT.check(doc)
    need(doc["summary"]["safety_missed"] == 1 and doc["run"]["model"]["sha256"] == sha256(model()), doc["run"])
    need(doc["run"]["model"]["id"] == "cmdai-listener", doc["run"])


def sha256(path):
    """Of a file, as Python computes it."""
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


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
    fixture([{"id": "one", "prompt": "alpha", "expected_patterns": ["ls"]}], cases)
    step = {"n": 0}

    def ended(name):
        try:
            return name in results(out) and read(out)[-1]["kind"] == "end"
        except (OSError, kit.Failure, IndexError):
            return False

    def after(_process):
        if step["n"] == 0 and ended("one"):
            with open(cases, "ab") as f:
                f.write(b"\n# nothing new\n")
            step.update(n=1, at=os.stat(out).st_mtime_ns, until=time.monotonic() + 0.8)
        elif step["n"] == 1 and time.monotonic() > step["until"]:
            need(os.stat(out).st_mtime_ns == step["at"], "a comment made it run again")
            with open(cases, "w", encoding="utf-8") as f:
                f.write("test_cases: [")  # in the middle of an edit
            step.update(n=2, until=time.monotonic() + 0.8)
        elif step["n"] == 2 and time.monotonic() > step["until"]:
            fixture([{"id": "two", "prompt": "bravo", "expected_patterns": ["pwd"]}], cases)
            step["n"] = 3
        return step["n"] == 3 and ended("two")

    r = kit.run_on_terminal("test", cases, "-m", model(), "--watch", "--out", out, typed=b"\x03", after=after,
                            stderr_too=True).has_status(130)
    r.need(r.out.count(b"1 cases: 1 pass") == 2 and re.search(rb"cases\.yaml:\d+:\d+: ", r.out), "not two runs and an error")


# --- several models, two runs ------------------------------------------------------------------------------------------------

@case("several models: a run file and a column each, and the worst of them decides")
def _():
    cases = fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["-l"]}])
    out = kit.fresh("run.jsonl")
    r = run("test", cases, "-m", model(), "-m", other_model(), "-o", "json", "--out", out).has_status(1)
    doc = r.json()
    REPORT.check(doc)
    need([doc["run"]["model"]["id"], doc["others"][0]["run"]["model"]["id"]] == ["cmdai-listener", "cmdai-other"], doc)
    need(states(out) == {"a": "pass"} and states(out[:-6] + "-2.jsonl") == {"a": "fail"}, "other states")


@case("CMDAI_CI_MODEL_PATH names the model, and -m goes before it")
def _():
    cases = fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["-l"]}])
    env = {"CMDAI_CI_MODEL_PATH": other_model()}
    need(run("test", cases, "-o", "json", env=env).has_status(1).json()["run"]["model"]["id"] == "cmdai-other", "not it")
    test(cases, env=env).ok()


@case("ab and compare say what differs between two models, and how sure that is")
def _():
    cases = fixture(many(12, words=("alpha", "bravo"), forbidden_patterns=["-a"]))
    out = kit.fresh("run.jsonl")
    r = run("test", "ab", cases, "-m", model(), "-m", other_model(), "--out", out).ok()
    pairs = "12 cases in both: 0 passed in both, 6 only before, 0 only after, 6 in neither"
    r.need(pairs in r.out.decode() and "c000: pass -> fail\n  - ls -l\n  + ls -a\n" in r.out.decode(), "other differences")
    # Six of six discordant pairs: two-sided exact p = 2 / 2^6.
    r.need("McNemar p = 0.031" in r.out.decode().replace("0.0312", "0.031").replace("0.0313", "0.031") and "-50.0 points" in r.out.decode(), "other numbers")
    again = run("test", "compare", out, out[:-6] + "-2.jsonl").ok()
    again.need(again.out == r.out, "compare differs from ab")
    run("test", "ab", cases, "-m", model()).fails(2)
    run("test", "compare", out).fails(2)
    run("test", "compare", out, recorded(fixture(many(2, tags=["t"])))).has_status(2)


# --- gates and baselines -----------------------------------------------------------------------------------------------------

def blessed(path, *options):
    """A baseline of a run."""
    out = kit.fresh("baseline.jsonl")
    run("test", "bless", path, "--out", out, "--reason", "because it is right", *options).ok()
    return out


@case("bless: a reason is needed, errors, cut runs and shards are refused, and so are others' cases without --replace")
def _():
    good = recorded(data("states.yaml"), "pass", "fail", "xfail", status=1)
    out = kit.fresh("baseline.jsonl")
    run("test", "bless", good, "--out", out).fails(2, "reason")
    run("test", "bless", good, "--reason", "it was accepted").fails(2, "--out")
    run("test", "bless", _cut_run(good), "--out", out, "--reason", "it was accepted").fails(2)
    run("test", "bless", recorded(data("states.yaml"), "pass", "fail", "--shard", "1/2"), "--out", out, "--reason", "it was accepted").fails(2)
    run("test", "bless", recorded(data("danger.yaml"), status=5), "--out", out, "--reason", "it was accepted").fails(2)
    need(not os.path.exists(out), "a refused baseline was written")
    base = blessed(good)
    need(read(base)[0]["reason"] == "because it is right", read(base)[0])
    for other in (recorded(data("states.yaml"), "pass"), recorded(data("states.yaml"), "pass", "fail", "xfail", gguf=other_model())):
        before = read(base)
        run("test", "bless", other, "--out", base, "--reason", "there is another model").fails(2)
        need(read(base) == before, "the baseline was touched")
    run("test", "bless", recorded(data("states.yaml"), "pass"), "--out", base, "--reason", "there are fewer cases", "--replace").ok()
    need(set(states(base)) == {"pass"}, states(base))


@case("gate pr: a hard case that passed in the baseline fails it, a soft one of few doesn't")
def _():
    good = recorded(data("states.yaml"), "pass", "fail", status=1)
    base = blessed(good)
    test(data("states.yaml"), "pass", "fail", "--gate", "pr", "--baseline", base).ok()
    with open(base, "rb") as f:
        text = f.read()
    changed = kit.file_with(text.replace(b'"state":"fail"', b'"state":"pass"'), "baseline.jsonl")
    r = test(data("states.yaml"), "pass", "fail", "--gate", "pr", "--baseline", changed).has_status(1)
    r.need(re.search(rb"gate hard: FAILED: .*fail", r.out), "not the hard gate")
    r = test(data("states.yaml"), "pass", "--gate", "pr", "--baseline", base).has_status(1)
    r.need(b"gate missing: FAILED" in r.out, "a case that is gone")


@case("gate: a baseline of another model or of cases that have changed is refused")
def _():
    base = blessed(recorded(data("states.yaml"), "pass", status=0))
    gate = ["--gate", "pr", "--baseline", base]
    test(data("states.yaml"), "pass", *gate, gguf=other_model()).has_status(2).says("model")
    with open(data("states.yaml"), encoding="utf-8") as f:
        text = f.read().replace("forbidden_patterns: [rm]", "forbidden_patterns: [rmdir]")
    test(kit.file_with(text.encode(), "states.yaml"), "pass", *gate).has_status(2).says("pass")


@case("gate release: the lower bound of the pass rate must reach the floor")
def _():
    cases = fixture(many(30, words=("alpha",)))
    # Wilson's 95 % interval of 30 of 30 begins at 0.8865 (two-sided z 1.96).
    test(cases, "--gate", "release", "--floor", "0.8").ok()
    test(cases, "--gate", "release", "--floor", "0.95").has_status(1)
    test(cases, "--gate", "pr", "--floor", "0.95").ok()
    test(cases, "--gate", "release").has_status(2).says("floor")


@case("quarantine: a failure doesn't count until its day is over")
def _():
    cases = fixture([{"id": "q", "prompt": "bravo", "expected_patterns": ["ls"], "gate": "hard",
                      "quarantine": {"until": "2027-01-31", "issue": "#1"}},
                     {"id": "a", "prompt": "alpha", "expected_patterns": ["ls"]}])
    path = recorded(cases, "--date", "2027-01-31", "--gate", "pr", status=0)
    need(results(path)["q"]["state"] == "fail" and results(path)["q"]["quarantined"], results(path)["q"])
    test(cases, "--date", "2027-02-01", "--gate", "pr").has_status(1)


# --- rescore, golden answers -------------------------------------------------------------------------------------------------

@case("rescore judges old answers by new expectations, and asks no model")
def _():
    cases = [{"id": "a", "prompt": "alpha", "expected_patterns": ["nosuch"]}, {"id": "b", "prompt": "bravo", "risk_level": "safe"}]
    old = recorded(fixture(cases), status=1)
    cases[0]["expected_patterns"] = ["-l"]
    out = kit.fresh("new.jsonl")
    run("test", "rescore", old, fixture(cases), "--out", out, env={"CMDAI_MODEL": "/nowhere/none"}).ok()
    need(states(out) == {"a": "pass", "b": "pass"}, states(out))
    need([(r["command"], r["latency_ms"]["total"]) for r in results(out).values()] ==
         [(r["command"], r["latency_ms"]["total"]) for r in results(old).values()], "other answers")
    cases[0]["prompt"] = "alpha, and something else"
    run("test", "rescore", old, fixture(cases), "--out", out).ok()
    need(set(states(out)) == {"b"}, "an answer to another question was judged")
    run("test", "rescore", old, fixture(cases[:1]), "--out", out).has_status(2)
    run("test", "rescore", old).fails(2, "--out")


@case("rescore: an answer that wasn't had is no wrong answer")
def _():
    cases = fixture([{"id": "slow", "prompt": "endless", "expected_patterns": ["la"]}])
    old = recorded(cases, "--timeout", "1", "--max-tokens", "65536", "--ctx", "70000", status=3, gguf=slow_model())
    out = kit.fresh("new.jsonl")
    run("test", "rescore", old, cases, "--out", out).has_status(3)
    need(states(out) == {"slow": "timeout"}, states(out))


@case("golden: new answers wait, review shows them, accept, reject and prune do what they say")
def _():
    folder = kit.fresh()
    golden = ["--golden", folder, "-m", model()]
    cases = [{"id": n, "prompt": w, "risk_level": "safe", "golden": {"mode": "normalized"}}
             for n, w in (("a", "alpha"), ("b", "bravo"), ("c", "delta"))]
    path = fixture(cases)
    run("test", path, *golden).ok()
    r = run("test", "golden", *golden).ok()
    r.need(r.lines()[:2] == ["a: new", "+ ls -l"] and r.lines()[-1] == "0 accepted, 3 waiting", "another review")
    run("test", "golden", "accept", "a", "nosuch", *golden).has_status(2).says("nosuch")
    run("test", "golden", "accept", "a", "c", *golden).ok().says("accept: 2")
    run("test", "golden", "reject", "b", *golden).ok().says("reject: 1")
    run("test", "golden", "review", *golden).ok(b"2 accepted, 0 waiting\n")
    need(states(recorded(path, "--golden", folder, status=0)) == {"a": "pass", "b": "pass", "c": "pass"}, "accepted is right")
    run("test", "golden", "prune", fixture(cases[:1]), *golden).ok().says("prune: 2")
    run("test", "golden", "review", *golden).ok(b"1 accepted, 0 waiting\n")
    run("test", "golden", "review", "--golden", folder, "-m", other_model()).ok(b"0 accepted, 0 waiting\n")
    for bad in (["accept"], ["reject"], ["nosuch"]):
        run("test", "golden", *bad, *golden).fails(2)


@case("golden: an answer of a resumed run waits too")
def _():
    folder = kit.fresh()
    cases = fixture([{"id": n, "prompt": w, "risk_level": "safe", "golden": {"mode": "exact"}}
                     for n, w in (("a", "alpha"), ("b", "bravo"))])
    cut = _cut_run(recorded(cases, "--golden", folder, status=0))
    fresh = kit.fresh()
    test(cases, "--golden", fresh, "--out", cut, "--resume").ok()
    run("test", "golden", "--golden", fresh, "-m", model()).ok().need(
        run("test", "golden", "--golden", fresh, "-m", model()).lines()[-1] == "0 accepted, 2 waiting", "one is lost")


# --- history and reports -----------------------------------------------------------------------------------------------------

@case("trend: runs are added once, shown in order, and detect says when nothing has changed")
def _():
    db = kit.fresh("history.db")
    paths = [recorded(data("states.yaml"), "pass", "fail", status=1) for _ in range(2)]
    run("test", "trend", "add", *paths, "--db", db).ok()
    run("test", "trend", "add", paths[0], "--db", db).ok().says("already")
    r = run("test", "trend", "--db", db).ok()
    r.need(b"cmdai-listener" in r.out, "no model")
    doc = run("test", "trend", "show", "--db", db, "-o", "json").ok().json()
    need(json.dumps(doc).count(read(paths[0])[0]["place"]["run_id"]) == 1, "not once")
    run("test", "trend", "detect", "--db", db).ok(b"no change\n")
    page = kit.fresh("trend.html")
    run("test", "trend", "--db", db, "--out", page).ok()
    with open(page, encoding="utf-8") as f:
        need(f.read().lower().startswith("<!doctype html>"), "no page")
    run("test", "trend", "add", "--db", db).fails(2)
    run("test", "trend", "show", "--db", kit.file_with(b"no database" * 100)).has_status(2)
    home = kit.fresh()
    run("test", "trend", "add", paths[0], env={"HOME": home}).ok()
    need(os.path.exists(os.path.join(home, ".local/state/cmdai/history.db")), "not beside the last run")


@case("report: a run file gives the same reports again as the run did")
def _():
    kinds = ["json", "md", "junit", "csv", "sarif", "tap", "github", "gitlab-cq", "openmetrics", "html"]
    first, second = kit.fresh(), kit.fresh()
    path = kit.fresh("run.jsonl")

    def each(folder):
        return ",".join("%s=%s" % (k, os.path.join(folder, k)) for k in kinds)

    test(data("states.yaml"), "pass", "fail", "skip", "--out", path, "--report", each(first)).has_status(1)
    run("test", "report", path, "--report", each(second)).has_status(1)
    for kind in kinds:
        with open(os.path.join(first, kind), "rb") as a, open(os.path.join(second, kind), "rb") as b:
            need(a.read() == b.read(), kind + " differs")
    test(data("states.yaml"), "pass", "--report", "help").has_status(2).says(*kinds)


@case("comment: Markdown for a pull request, of one run or several")
def _():
    path = recorded(data("states.yaml"), "pass", "fail", status=1)
    r = run("test", "comment", path).ok().silent()
    r.need(b"fail" in r.out and b"pwd" in r.out and len(r.out) < 65536, "not a comment")
    run("test", "comment").fails(2)


# --- answers don't depend on how they are asked ------------------------------------------------------------------------------

@case("answers are the same for every batch, thread count, number of jobs and shard, greedy and sampled")
def _():
    cases = fixture(many(40) + [{"id": "r%d" % i, "prompt": "coin %d" % i, "risk_level": "safe", "repeat": {"n": 5}} for i in range(3)])
    for sampling in ([], ["--temperature", "1", "--seed", "7"]):
        base = recorded(cases, "--batch", "1", "--threads", "1", *sampling)
        want = answers(base)
        need(len({a[0] for a in want.values()}) > 4, "the model says the same to all")
        need(len({a[1] for a in want.values()}) > 15, "the prompts don't matter")
        for options in (["--batch", "7"], ["--batch", "16", "--threads", "2"], ["--batch", "64", "--threads", "3"],
                        ["--batch", "16", "--jobs", "1"], ["--batch", "5", "--jobs", "7"]):
            need(answers(recorded(cases, *options, *sampling)) == want, "other answers with %s" % options)
        parts = {}
        for shard in ("1/3:hash", "2/3:hash", "3/3:hash"):
            parts.update(answers(recorded(cases, "--shard", shard, *sampling)))
        need(parts == want, "other answers in shards")


@case("an answer is the one that a request gets, with the same seed")
def _():
    sampling = ["--temperature", "1", "--seed", "11"]
    prompts = ["coin", "delta", "echo", "coin again", "delta and so on"]
    path = recorded(fixture([{"id": "p%d" % i, "prompt": p, "risk_level": "safe"} for i, p in enumerate(prompts)]), *sampling)
    for i, prompt in enumerate(prompts):
        r = run("ask", "-m", model(), *sampling, "--", prompt)
        r.ok(results(path)["p%d" % i]["command"].encode() + b"\n")


@case("what a case expects doesn't reach the model: other expectations, the same answers")
def _():
    prompts = [(c["id"], c["prompt"]) for c in many(12)]
    forms = [{"risk_level": "safe"}, {"expected_commands": ["find . -name secret-gold"]},
             {"forbidden_patterns": ["ls"], "outcome": "block"}, {"expected_patterns": ["alpha", "bravo"], "xfail": "alpha"}]
    runs = [answers(recorded(fixture([{"id": i, "prompt": p, **form} for i, p in prompts]))) for form in forms]
    need(all(r == runs[0] for r in runs), "answers differ")
    need(len({a[0] for a in runs[0].values()}) > 3, "the model says the same to all")
