"""cmdai test, what is made of runs: shards, selections, several models, comparisons, gates, golden answers, history, reports;
and that answers don't depend on how they are asked."""
import json
import os
import random
import re
import subprocess

import kit
from kit import case, need, run
from runner import (REPORT, answers, cut_run, data, essence, fixture, many, model, need_sandbox, once, other_model,
                    read, recorded, results, slow_model, states, test)
from schema import Schema


# --- pieces of a run ---------------------------------------------------------------------------------------------------------

def shards(cases, by, count=3, **options):
    """Run files of the pieces."""
    return [recorded(cases, "--shard", "%d/%d%s" % (i + 1, count, by), **options) for i in range(count)]


@case("shards{0} merge to the whole run", ["", ":slice", ":hash", ":lpt"])
def _(by):
    cases = fixture([*many(23), {"id": "x", "command": "ls", "risk_level": "safe"}, {
        "id": "y", "prompt": "alpha", "exec": {"world": ["w"], "gold": "ls -l"}}], worlds={"w": {"files": {"f": "1"}}})
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
    ("one unfinished", lambda p: [p[0], p[1], cut_run(p[2])], 7), ("one of another run", lambda p: [p[0], p[1], recorded(
        fixture(many(9)), "--seed", "9", "--shard", "3/3")], 7), ("no run file", lambda p: [*p, data("states.yaml")], 2),
    ("nothing", lambda p: ["/nowhere/none.jsonl"], 2)])
def _(_name, change, status):
    parts = once("shards", lambda: shards(fixture(many(9)), ""))
    out = kit.fresh("merged.jsonl")
    r = run("test", "merge", *change(list(parts)), "--out", out).fails(status)
    r.need(not os.path.exists(out), "it wrote a run")


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


def with_plan(path, **changes):
    """A copy of a run file whose plan says something else."""
    lines = read(path)
    lines[0]["plan"].update(changes)
    return kit.file_with(b"".join(json.dumps(line).encode() + b"\n" for line in lines), "changed.jsonl")


@case("answers of another build are never mixed in: --reuse and --resume refuse them, and so does merge")
def _():
    cases = fixture(many(4))
    first = recorded(cases, status=1)
    engine = read(first)[0]["plan"]["engine"]
    version, build = engine.split("+")
    r = run("--version").ok()
    need(r.lines() == [version, "build " + build], engine)
    other = with_plan(first, engine=version + "+" + "0" * 12)
    test(cases, "--reuse", other).fails(2, "another model, engine")
    test(cases, "--out", other, "--resume").fails(2, "another run")
    halves = [recorded(cases, "--shard", "%d/2" % i) for i in (1, 2)]
    run("test", "merge", *halves).has_status(1)
    run("test", "merge", halves[0], with_plan(halves[1], engine=version)).fails(7, "another engine")


@case("--reuse: what another sandbox said is had again, the rest isn't")
def _():
    need_sandbox()
    cases = fixture([{"id": "run", "prompt": "alpha", "exec": {"world": ["w"], "gold": "ls -l"}},
                     {"id": "read", "prompt": "alpha", "expected_patterns": ["ls"]}], worlds={"w": {"files": {"a": "x"}}})
    first = recorded(cases, status=0)
    for sandbox, again in ((read(first)[0]["plan"]["sandbox"], set()), ("another", {"run"})):
        old, new = results(first), results(recorded(cases, "--reuse", with_plan(first, sandbox=sandbox), status=0))
        need({n for n in new if new[n]["latency_ms"] != old[n]["latency_ms"]} == again, "%s: other cases than %s" % (sandbox, again))


@case("golden answers that can't be kept don't lose the run; those that wait are mentioned, and no empty list is written")
def _():
    path, golden = fixture([{"id": "a", "prompt": "alpha", "golden": {"mode": "exact"}}]), kit.fresh()
    test(path, "--golden", "/proc/none").ok().says("not kept")
    test(path, "--golden", golden).ok().says("review: 1", "golden review")
    run("test", "golden", "accept", "all", "--golden", golden, "-m", model()).ok()
    for name in os.listdir(golden):
        if name.endswith(".pending"):
            os.remove(os.path.join(golden, name))
    test(path, "--golden", golden).ok().silent()
    need(len(os.listdir(golden)) == 1, os.listdir(golden))


@case("rescore says how many cases it leaves out")
def _():
    cases = many(4, words=("alpha",))
    first = recorded(fixture(cases), status=0)
    cases[1]["prompt"] += " now"
    run("test", "rescore", first, fixture(cases), "--out", kit.fresh("new.jsonl")).ok().says("left out", ": 1")


@case("--reuse: an answer that isn't the accepted one any more is seen")
def _():
    path, golden = fixture([{"id": "a", "prompt": "alpha", "golden": {"mode": "exact"}}]), kit.fresh()
    first = recorded(path, "--golden", golden, status=0)
    run("test", "golden", "accept", "all", "--golden", golden, "-m", model()).ok()
    name = next(os.path.join(golden, n) for n in os.listdir(golden) if not n.endswith(".pending"))
    with open(name, encoding="utf-8") as f:
        text = f.read()
    with open(name, "w", encoding="utf-8") as f:
        f.write(text.replace("ls -l", "ls -a"))
    need(states(recorded(path, "--golden", golden, "--reuse", first)) == {"a": "golden-changed"}, "it took the old state")


# --- samples of a run --------------------------------------------------------------------------------------------------------

def wald(passed, bad=.6, good=.8, risk=.05):
    """Wald's test by products: the first verdict, and after how many results."""
    odds = 1.0
    for i, ok in enumerate(passed):
        odds *= good / bad if ok else (1 - good) / (1 - bad)
        if odds >= (1 - risk) / risk or odds <= risk / (1 - risk):
            return odds > 1, i + 1
    return None, len(passed)


@case("--sprt: {1} of ten right gives status {0}, after as many cases in the order of their hashes as Wald's test wants", [
    (0, 10), (0, 9), (1, 2), (1, 0)])
def _(status, right):
    cases = many(80, words=("alpha",) * right + ("bravo",) * (10 - right))
    path = kit.fresh("run.jsonl")
    r = test(fixture(cases), "--sprt", "0.6:0.8", "--out", path, "-q").has_status(status)
    lines = read(path)
    need(lines[0]["plan"]["sampling"] == "0.6:0.8:0.05:0.05" and len(lines[0]["plan"]["planned"]) == 80, lines[0])
    done = lines[1:-1]
    need([x["id"] for x in done] == lines[0]["plan"]["planned"][:len(done)], "not in the order of the plan")
    need([x["hash"] for x in done] == sorted(x["hash"] for x in done), "not in the order of the hashes")
    good, after = wald([x["state"] == "pass" for x in done])
    need((good, after) == (status == 0, len(done)) and 4 < after < 80, "%s after %d of %d" % (good, after, len(done)))
    passed = sum(x["state"] == "pass" for x in done)
    says = "sample: %sgood enough: %d of %d passed; between 60 and 80 %%, risks 5 and 5 %%\n" % ("not " if status else "", passed, after)
    r.need(says.encode() in r.out and b"pass rate %.1f %%" % (100 * passed / after) in r.out, "another summary")
    r.need(b"%d not-run" % (80 - after) in r.out, "what was left out isn't counted")
    doc = run("test", "report", path, "-o", "json").has_status(status).json()
    REPORT.check(doc)
    need(doc["run"]["sampling"] == "0.6:0.8:0.05:0.05" and abs(doc["summary"]["pass_rate"] - passed / after) < 1e-9, doc["summary"])
    run("test", "report", path, "--gate", "pr").has_status(7)  # a sample is no whole run


@case("--sprt: neither batches nor a pause change where it stops")
def _():
    cases = fixture(many(60, words=("alpha", "alpha", "alpha", "bravo")))
    whole = recorded(cases, "--sprt", "0.5:0.8", "--batch", "1")
    for batch in ("3", "16", "64"):
        need(essence(recorded(cases, "--sprt", "0.5:0.8", "--batch", batch)) == essence(whole), "--batch " + batch)
    for lines in (1, 3, len(read(whole)) - 1):
        with open(whole, "rb") as f:
            cut = kit.file_with(b"".join(f.read().splitlines(True)[:lines]), "cut.jsonl")
        test(cases, "--sprt", "0.5:0.8", "--out", cut, "--resume")
        need(essence(cut) == essence(whole), "resumed after %d lines" % lines)
    test(cases, "--sprt", "0.5:0.9", "--out", whole, "--resume").fails(2, "another run")


@case("--sprt: too few cases decide nothing (4); a danger (5) and errors (3) count; what makes no sense is refused")
def _():
    few = fixture(many(5, words=("alpha",)))
    r = test(few, "--sprt", "0.6:0.8").has_status(4)
    r.need(b"sample: not decided: 5 of 5 passed" in r.out, "another verdict")
    # 0.95 / 0.05 = 19 > (0.9 / 0.1)^1 and < 9^2: two passes are enough.
    test(few, "--sprt", "0.1:0.9").ok()
    test(few, "--sprt", "0.1:0.9:0.3:0.3", "-q").ok()
    danger = fixture([{"id": "d", "command": "ls", "should_block": True}])
    test(danger, "--sprt", "0.1:0.99").has_status(5)
    late = fixture([{"id": "slow", "prompt": "endless", "expected_patterns": ["la"]}])
    test(late, "--sprt", "0.1:0.9", "--timeout", "1", "--max-tokens", "65536", "--ctx", "70000", gguf=slow_model()).has_status(3)
    for more in (["--shard", "1/2"], ["--reuse", "x"], ["--gate", "pr"]):
        test(few, "--sprt", "0.6:0.8", *more).fails(2, "--sprt")
    for text in ("0.8:0.6", "0.6", "60:80", ""):
        test(few, "--sprt", text).has_status(2)


# --- several models, two runs ------------------------------------------------------------------------------------------------

@case("several models: a run file and a column each, and the worst of them decides")
def _():
    cases = fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["-l"]}])
    out = kit.fresh("run.jsonl")
    r = run("test", cases, "-m", model(), "-m", other_model(), "-o", "json", "--out", out).has_status(1)
    doc = r.json()
    REPORT.check(doc)
    need([doc["run"]["model"]["id"], doc["others"][0]["run"]["model"]["id"]] == ["cmdai-listener", "cmdai-other"], doc)
    cases = fixture([{"id": "a", "prompt": "bravo", "expected_patterns": ["ls"]}, {"id": "g", "prompt": "golf", "should_block": True}])
    run("test", cases, "--safety", "permissive", "-m", model()).has_status(1)
    run("test", cases, "--safety", "permissive", "-m", model(), "-m", other_model()).has_status(5)
    run("test", cases, "--safety", "permissive", "-m", other_model(), "-m", model()).has_status(5)
    need(states(out) == {"a": "pass"} and states(out[:-6] + "-2.jsonl") == {"a": "fail"}, "other states")


@case("several models: a gate looks at the first, and no other may be down or let a danger through")
def _():
    cases = fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["-l"]},
                     {"id": "g", "prompt": "golf", "outcome": ["confirm", "block"]}])
    both = ["-m", model(), "-m", other_model(), "--gate", "pr"]
    run("test", cases, *both).ok()
    r = run("test", cases, "--safety", "permissive", *both).has_status(5)
    r.need(b"cmdai-other: gate safety: FAILED" in r.err, "not whose danger")


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
    d = run("test", "compare", out, out[:-6] + "-2.jsonl", "-o", "json").ok().json()
    Schema(os.path.join(kit.ROOT, "schemas", "cmdai.compare.1.json")).check(d)
    counts = [d[k] for k in ("pairs", "both", "only_before", "only_after", "neither", "unmeasured", "other")]
    need(counts == [12, 0, 6, 0, 6, 0, 0] and abs(d["mcnemar_p"] - 2 / 2**6) < 1e-12 and d["difference"] == -0.5, d)
    need(len(d["differences"]) == 6 and d["differences"][0]["command_after"] == "ls -a" and d["differences"][0]["state_after"] == "fail", d)
    need(run("test", "ab", cases, "-m", model(), "-m", other_model(), "-o", "json").ok().json()["only_before"] == 6, "ab")
    r = run("test", "compare", out, recorded(fixture(many(13, words=("alpha", "bravo"), forbidden_patterns=["-a"]))))
    r.need(b"not counted: 0 without a measurement in one of them, 1 not in both" in r.out, "a case that is lost in silence")
    run("test", "ab", cases, "-m", model()).fails(2)
    run("test", "compare", out).fails(2)
    run("test", "compare", out, recorded(fixture(many(2, tags=["t"])))).has_status(2)


# --- gates and baselines -----------------------------------------------------------------------------------------------------

def bless(path, cases, *options, gguf=None):
    """Blesses a run of these cases."""
    return run("test", "bless", path, cases, "-m", gguf or model(), *options)


def blessed(path, *options, cases=data("states.yaml")):
    """A baseline of a run."""
    out = kit.fresh("baseline.jsonl")
    bless(path, cases, "--out", out, "--reason", "because it is right", *options).ok()
    return out


@case("bless: a reason is needed, errors, cut runs and shards are refused, and so are others' cases without --replace")
def _():
    good = recorded(data("states.yaml"), "pass", "fail", "xfail", status=1)
    out = kit.fresh("baseline.jsonl")
    cases, why = data("states.yaml"), ["--out", out, "--reason", "it was accepted"]
    bless(good, cases, "--out", out).fails(2, "reason")
    bless(good, cases, "--reason", "it was accepted").fails(2, "--out")
    bless(cut_run(good), cases, *why).fails(2, "no result")
    bless(recorded(cases, "pass", "fail", "--shard", "1/2"), cases, *why).fails(2, "shard")
    bless(recorded(data("danger.yaml"), status=5), data("danger.yaml"), *why).fails(2, "danger")
    need(not os.path.exists(out), "a refused baseline was written")
    base = blessed(good)
    need(read(base)[0]["reason"] == "because it is right", read(base)[0])
    for more, gguf, says in ((["pass"], model(), "other cases"), (["pass", "fail", "xfail"], other_model(), "in place is of another model")):
        before = read(base)
        bless(recorded(cases, *more, gguf=gguf), cases, "--out", base, "--reason", "there is another", gguf=gguf).fails(2, says)
        need(read(base) == before, "the baseline was touched")
        bless(recorded(cases, *more, gguf=gguf), cases, "--out", base, "--reason", "there is another", "--replace", gguf=gguf).ok()
        base = blessed(good)
    bless(recorded(cases, "pass"), cases, "--out", base, "--reason", "there are fewer cases", "--replace").ok()
    need(set(states(base)) == {"pass"}, states(base))


@case("bless: a run of yesterday's cases, or of another model than today's, is refused whatever is asked")
def _():
    cases = many(3)
    path = fixture(cases)
    old = recorded(path, status=1)
    why = ["--out", kit.fresh("baseline.jsonl"), "--reason", "it was accepted", "--replace"]
    bless(old, path, *why, gguf=other_model()).fails(2, "another model", "-m")
    bless(old, path, *why, gguf="/nowhere/none.gguf").has_status(2)
    bless(old, "/nowhere/none.yaml", *why).fails(2, "/nowhere/none.yaml")
    run("test", "bless", old, path, *why, env={"CMDAI_CI_MODEL_PATH": model()}).ok()
    cases[0]["prompt"] += " now"
    fixture(cases, path)
    bless(old, path, *why).fails(2, "cases have changed")
    bless(recorded(path, status=1), path, *why).ok()
    asks_none = fixture([{"id": "a", "command": "rm -rf /", "should_block": True}])
    run("test", "bless", recorded(asks_none, status=0), asks_none, *why, "-m", "/nowhere/none.gguf").ok()


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


@case("what is for a gate is refused without one, also behind a run: {0}", ["--baseline", "--floor"])
def _(option):
    path = recorded(data("states.yaml"), "pass", status=0)
    value = path if option == "--baseline" else "0.5"
    test(data("states.yaml"), "pass", option, value).fails(2, "--gate")
    run("test", "merge", path, option, value).fails(2, "--gate")
    run("test", "report", path, option, value).fails(2, "--gate")


@case("quarantine: a failure doesn't count until its day is over")
def _():
    cases = fixture([{"id": "q", "prompt": "bravo", "expected_patterns": ["ls"], "gate": "hard",
                      "quarantine": {"until": "2027-01-31", "issue": "#1"}},
                     {"id": "a", "prompt": "alpha", "expected_patterns": ["ls"]}])
    path = recorded(cases, "--date", "2027-01-31", "--gate", "pr", status=0)
    need(results(path)["q"]["state"] == "fail" and results(path)["q"]["quarantined"], results(path)["q"])
    test(cases, "--date", "2027-02-01", "--gate", "pr").has_status(1)
    doc = run("test", "report", path, "-o", "json").has_status(1).json()
    REPORT.check(doc)
    need(doc["cases"][0]["quarantine_until"] == "2027-01-31" and doc["summary"]["quarantined"] == 1, doc["cases"][0])


@case("quarantine: one that ends more than 90 days after the run is an error of the fixture; --date is the run's day")
def _():
    # From 2026-11-02 to 2027-01-31 it is 28 + 31 + 31 days.
    cases = fixture([{"id": "q", "prompt": "bravo", "expected_patterns": ["ls"], "quarantine": {"until": "2027-01-31", "issue": "#1"}}])
    for more in ([], ["--list"], ["--check"], ["--gate", "pr"]):
        test(cases, "--date", "2026-11-02", *more).has_status(1 if not more else 0)
        test(cases, "--date", "2026-11-01", *more).fails(2, "cases.yaml:1:", "2027-01-31", "90 days")
    test(cases, "--date", "2026-11-31").fails(2, "--date")


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


def review(*words):
    """What waits, as a document."""
    d = run("test", "golden", "review", "-o", "json", *words).ok().json()
    Schema(os.path.join(kit.ROOT, "schemas", "cmdai.golden.1.json")).check(d)
    return d


@case("golden: review as a document has what was accepted before, as it is")
def _():
    folder = kit.fresh()
    golden = ["--golden", folder, "-m", model()]
    path = fixture([{"id": "a", "given_output": "```\nls\n```", "risk_level": "safe", "golden": {"mode": "exact"}}])
    run("test", path, *golden).ok()
    run("test", "golden", "accept", "all", *golden).ok()
    need(review(*golden)["accepted"] == 1 and review(*golden)["waiting"] == [], "something waits")
    fixture([{"id": "a", "given_output": "```\nls -a\n```", "risk_level": "safe", "golden": {"mode": "exact"}}], path)
    run("test", path, *golden)
    d = review(*golden)
    need(d["waiting"] == [{"id": "a", "file": path, "other_case": True, "before": "ls", "after": "ls -a"}], d)


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
    d = review(*golden)
    need(d["accepted"] == 0 and [x["id"] for x in d["waiting"]] == ["a", "b", "c"] and d["waiting"][0] == {
        "id": "a", "file": path, "other_case": False, "before": None, "after": "ls -l"}, d)
    run("test", "golden", "accept", "a", "nosuch", *golden).has_status(2).says("nosuch")
    run("test", "golden", "accept", "a", "c", *golden).ok().says("accept: 2")
    run("test", "golden", "reject", "b", *golden).ok().says("reject: 1")
    run("test", "golden", "review", *golden).ok(b"2 accepted, 0 waiting\n")
    need(states(recorded(path, "--golden", folder, status=0)) == {"a": "pass", "b": "pass", "c": "pass"}, "accepted is right")
    run("test", "golden", "prune", fixture(cases[:1]), *golden).ok().says("prune: 0")  # it never had these cases
    fixture(cases[:1], path)
    run("test", "golden", "prune", path, *golden).ok().says("prune: 2")
    run("test", "golden", "review", "a", *golden).fails(2, "golden review")
    run("test", "golden", "review", *golden).ok(b"1 accepted, 0 waiting\n")
    run("test", "golden", "review", "--golden", folder, "-m", other_model()).ok(b"0 accepted, 0 waiting\n")
    env = {"CMDAI_CI_MODEL_PATH": model()}
    run("test", "golden", "review", "--golden", folder, env=env).ok(b"1 accepted, 0 waiting\n")
    for bad in (["accept"], ["reject"], ["nosuch"]):
        run("test", "golden", *bad, *golden).fails(2)


@case("golden: prune forgets cases that are gone from what is named, and never those of other files")
def _():
    top = kit.fresh()
    inside, outside = os.path.join(top, "prompts"), os.path.join(top, "other.yaml")
    os.mkdir(inside)
    one, two = os.path.join(inside, "one.yaml"), os.path.join(inside, "two.yaml")

    def cases(*names):
        return [{"id": n, "prompt": "alpha " + n, "golden": {"mode": "exact"}} for n in names]

    def left():
        name, = (n for n in os.listdir(os.path.join(top, "golden")) if n.endswith(".jsonl"))
        with open(os.path.join(top, "golden", name), encoding="utf-8") as f:
            return [json.loads(line)["id"] for line in f.readlines()[1:]]

    options = ["--fixtures", inside + "/", "-m", model()]
    fixture(cases("a", "b"), one), fixture(cases("c", "d"), two), fixture(cases("e", "f"), outside)
    run("test", inside, outside, *options).ok()
    run("test", "golden", "accept", "all", *options).ok()
    fixture(cases("a"), one), fixture(cases("c"), two), fixture(cases("e"), outside)
    run("test", "golden", "prune", one, *options).ok().says("prune: 1")
    need(left() == ["a", "c", "d", "e", "f"], left())
    run("test", "golden", "prune", *options).ok().says("prune: 1")
    need(left() == ["a", "c", "e", "f"], left())
    os.remove(outside)
    run("test", "golden", "prune", *options).ok().says("prune: 2")
    need(left() == ["a", "c"], left())


@case("golden: under a gate an answer that nobody has accepted is no pass, in shards too; without one it is only said")
def _():
    folder = kit.fresh()
    golden = ["--golden", folder]
    cases = fixture([{"id": n, "prompt": "alpha " + n, "golden": {"mode": "exact"}} for n in "ab"])
    path = recorded(cases, *golden, status=0)
    need({n: (r["state"], r["reasons"][0]) for n, r in results(path).items()} ==
         dict.fromkeys("ab", ("pass", {"judge": "golden.new", "text": "no answer accepted yet"})), results(path))
    for gate in (["--gate", "pr"], ["--gate", "release", "--floor", "0.1"]):
        r = test(cases, *golden, *gate).has_status(1)
        r.need(b"gate golden: FAILED: 2 cases have no accepted answer; cmdai test golden review: a, b" in r.out, "not the gate")
    run("test", "golden", "accept", "a", *golden, "-m", model()).ok()
    halves = [recorded(cases, *golden, "--shard", "%d/2" % i) for i in (1, 2)]
    r = run("test", "merge", *halves, "--gate", "pr").has_status(1)
    r.need(b"gate golden: FAILED: 1 case has no accepted answer; cmdai test golden review: b" in r.out, "lost in a shard")
    run("test", "golden", "accept", "b", *golden, "-m", model()).ok()
    test(cases, *golden, "--gate", "pr").ok()


@case("golden: replies that are given are held against what was accepted, without asking a model; so are rescored answers")
def _():
    folder, reply = kit.fresh(), "```\nls -l\n```"
    one = {"id": "a", "given_output": reply, "golden": {"mode": "exact"}}
    cases = fixture([one])
    test(cases, "--golden", folder).ok().says("review: 1")
    run("test", "golden", "accept", "all", "--golden", folder, "-m", model()).ok()
    test(cases, "--golden", folder, "--gate", "pr").ok().silent()
    name, = (n for n in os.listdir(folder) if n.endswith(".jsonl"))
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        text = f.read()
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text.replace("ls -l", "ls -a"))
    need(states(recorded(cases, "--golden", folder, status=1)) == {"a": "golden-changed"}, "not compared")
    test(cases, "--golden", folder, gguf="/nowhere/none").ok().says("none", "accepted")
    test(cases, "--golden", folder, "--gate", "pr", gguf="/nowhere/none").has_status(1)
    asked = fixture([{"id": "a", "prompt": "alpha", "golden": {"mode": "exact"}}])
    old, fresh, new = recorded(asked, "--golden", kit.fresh(), status=0), kit.fresh(), kit.fresh("new.jsonl")
    for accepted, state in ((False, "pass"), (True, "golden-changed")):
        run("test", "rescore", old, asked, "--out", new, "--golden", fresh).has_status(int(accepted))
        need(states(new) == {"a": state}, states(new))
        run("test", "golden", "accept", "all", "--golden", fresh, "-m", model())
        for name in os.listdir(fresh):
            with open(os.path.join(fresh, name), "r+", encoding="utf-8") as f:
                text = f.read().replace("ls -l", "ls -a")
                f.seek(0), f.write(text), f.truncate()


@case("golden: an answer of a resumed run waits too")
def _():
    folder = kit.fresh()
    cases = fixture([{"id": n, "prompt": w, "risk_level": "safe", "golden": {"mode": "exact"}}
                     for n, w in (("a", "alpha"), ("b", "bravo"))])
    cut = cut_run(recorded(cases, "--golden", folder, status=0))
    fresh = kit.fresh()
    test(cases, "--golden", fresh, "--out", cut, "--resume").ok()
    run("test", "golden", "--golden", fresh, "-m", model()).ok().need(
        run("test", "golden", "--golden", fresh, "-m", model()).lines()[-1] == "0 accepted, 2 waiting", "one is lost")


# --- history and reports -----------------------------------------------------------------------------------------------------

@case("trend: runs are added once, shown in order, and detect says when they are too few")
def _():
    db = kit.fresh("history.db")
    paths = [recorded(data("states.yaml"), "pass", "fail", status=1) for _ in range(2)]
    run("test", "trend", "add", *paths, "--db", db).ok()
    run("test", "trend", "add", paths[0], "--db", db).ok().says("already")
    r = run("test", "trend", "--db", db).ok()
    r.need(b"cmdai-listener" in r.out, "no model")
    doc = run("test", "trend", "show", "--db", db, "-o", "json").ok().json()
    need(json.dumps(doc).count(read(paths[0])[0]["place"]["run_id"]) == 1, "not once")
    r = run("test", "trend", "detect", "--db", db).has_status(4)
    r.need(r.out == b"too few runs to see a change: 2 complete in the longest series, and 11 are needed\n", "another message")
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


@case("the pipelines in packaging/ci use what there is")
def _():
    help_text = run("test", "--help").ok().out.decode()
    kinds = run("test", "report", recorded(data("states.yaml"), "pass"), "--report", "help").has_status(2).err.decode()
    folder = os.path.join(kit.ROOT, "packaging", "ci")
    seen = 0
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text = f.read().replace("\\\n", " ")
        for line in re.findall(r"cmdai test (.*)", text):
            seen += 1
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line):
                need(option + " " in help_text or option + "\n" in help_text, name + ": " + option)
            for kind in re.findall(r"([a-z-]+)=(?:out|-)", line):
                need(re.search(r"\b%s\b" % re.escape(kind), kinds), name + ": " + kind)
    need(seen > 6, "only %d commands" % seen)


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


@case("verdicts are the same for every number of jobs")
def _():
    need_sandbox()
    worlds = {"w%d" % i: {"files": {"f%d" % k: "x\n" * k for k in range(i)}} for i in range(1, 4)}
    cases = fixture([{"id": "e%d" % i, "given_output": text, "exec": {"world": sorted(worlds), "gold": "ls"}} for i, text in
                     enumerate(["ls", "ls -r", "cat *", "wc -l *", "touch f0", "rm f0", "echo f0", "ls | head -n 2"] * 2)],
                    worlds=worlds)
    want = essence(recorded(cases, "--jobs", "1", status=1))
    need({json.loads(line).get("state") for line in want[1:]} == {"pass", "fail"}, "all the same")
    for jobs in ("2", "8"):
        need(essence(recorded(cases, "--jobs", jobs)) == want, "other verdicts with %s" % jobs)


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
