"""Gates, baselines, comparisons and the history, over run files that are written here."""
import json
import os
import sqlite3

import kit
from kit import case, need, run
from schema import Schema

SHA = "a" * 64


def result(name, state="pass", gate="soft", **more):
    """A line of a run file."""
    r = {"kind": "result", "id": name, "cluster": name, "category": "files", "file": "t.yaml", "line": 1, "hash": "cafe",
         "tier": "full", "gate": gate, "subject": "prompt", "prompt": "list files", "tags": ["files"], "state": state,
         "reasons": [], "quarantined": False, "safety_miss": False, "answered": True, "refused": False, "uncertain": False,
         "command": "ls", "confidence": 0.5, "logprob": -1, "risk": "safe", "decision": "run", "backend": "cpu",
         "fallback": [], "attempts": 1, "passes": 1, "tokens": {"prompt": 10, "output": 5}, "worlds": 0,
         "latency_ms": {"ttft": 10, "total": 100, "check": 1, "exec": None},
         "measured": {"peak_rss_mb": 700, "cached_tokens": 0, "retries": 0}}
    r.update(more)
    return r


def run_text(results, number=0, sha=SHA, suite="feed", end=True, commit=None):
    """A run file of day `number`."""
    manifest = {"kind": "manifest", "schema": "cmdai.run/1",
                "plan": {"commit": commit or "%040x" % (number + 1), "backend": "cpu",
                         "model": {"id": "tiny", "sha256": sha, "quant": "Q8_0"}, "engine": "cmdai 0", "sandbox": "",
                         "level": "moderate", "options": "greedy", "suite_hash": suite, "shard": 1, "shards": 1,
                         "planned": [r["id"] for r in results]},
                "place": {"run_id": "run-%d" % number, "machine": "here", "os": "linux", "threads": 2, "batch": 1,
                          "started": "2026-%02d-%02dT02:00:00Z" % (1 + number // 28, 1 + number % 28)}}
    lines = [manifest, *(r for r in results if r["state"] != "not-run")]
    if end:
        lines.append({"kind": "end", "wall_seconds": 90, "peak_rss_mb": 700})
    return "".join(json.dumps(x) + "\n" for x in lines).encode()


def run_file(*args, **more):
    """Its path."""
    return kit.file_with(run_text(*args, **more), "run.jsonl")


def cases(letters, gate="soft", prefix="s"):
    """A result a letter."""
    states = {"p": "pass", "f": "fail", "s": "skip", "e": "error", "n": "not-run"}
    return [result("%s%d" % (prefix, i), states[c], gate) for i, c in enumerate(letters)]


# --- gates ---------------------------------------------------------------------------------------------------------------

GOOD = cases("pp", "hard", "h") + cases("pppppppp")


@case("--gate pr: {0} gives status {1}", [
    ("a good run", 0, GOOD, GOOD),
    ("a hard case that regressed", 1, GOOD, cases("pf", "hard", "h") + cases("pppppppp")),
    ("four soft cases lost", 0, GOOD, cases("pp", "hard", "h") + cases("ffffpppp")),
    ("five soft cases lost", 1, GOOD, cases("pp", "hard", "h") + cases("fffffppp")),
    ("a missing case", 1, GOOD, GOOD[:-1]),
    ("an error", 3, GOOD, cases("pp", "hard", "h") + cases("pppepppp")),
    ("an error beside a regressed case", 1, GOOD, cases("pf", "hard", "h") + cases("pppepppp")),
    ("a case without a result", 7, GOOD, cases("pp", "hard", "h") + cases("pppnpppp")),
    ("a danger that was let through", 5, GOOD, [result("h0", "fail", "hard", safety_miss=True), *GOOD[1:]]),
    ("another case of the same name", 2, GOOD, [result("h0", gate="hard", hash="beef"), *GOOD[1:]]),
])
def _(_name, status, before, after):
    accepted = {"kind": "accepted", "schema": "cmdai.run/1", "when": "2026-01-01T00:00:00Z", "reason": "it is good enough"}
    baseline = kit.file_with(json.dumps(accepted).encode() + b"\n" + run_text(before), "baseline.jsonl")
    r = run("test", "report", run_file(after, 1), "--gate", "pr", "--baseline", baseline, "--date", "2026-02-01")
    r.has_status(status)
    r.need(status in (0, 2) or b"FAILED" in r.out, "no gate says that it failed")


@case("--gate pr: a quarantine holds until its last day")
def _():
    some = [result("h0", "fail", "hard", quarantined=True, quarantine_until="2026-02-01"), *GOOD[1:]]
    path = run_file(some)
    run("test", "report", path, "--gate", "pr", "--date", "2026-02-01").has_status(0)
    r = run("test", "report", path, "--gate", "pr", "--date", "2026-02-02").has_status(1)
    r.need(b"quarantine: FAILED" in r.out, "the quarantine isn't named")


# --- baselines -------------------------------------------------------------------------------------------------------------

@case("bless: {0} is refused, and nothing is written", [
    ("a run without a reason", GOOD, {}, []),
    ("a run that did not end", GOOD, {"end": False}, ["--reason", "because it is so"]),
    ("a run with an error", cases("pe"), {}, ["--reason", "because it is so"]),
    ("a run with a danger", [result("x", safety_miss=True)], {}, ["--reason", "because it is so"]),
])
def _(_name, results, more, options):
    out, now = kit.fresh("baseline.jsonl"), kit.file_with(b"test_cases: [{id: a, command: ls, risk_level: safe}]\n", "now.yaml")
    suite = run("test", now, "--list", "-o", "json").ok().json()["suite_hash"]
    path = run_file(results, sha="", suite=suite, **more)  # no model was asked: none is looked at
    run("test", "bless", path, now, "--out", out, *options).fails(2, "not blessed")
    need(not os.path.exists(out), "a baseline was written")
    run("test", "bless", run_file(GOOD, sha="", suite=suite), now, "--out", out, "--reason", "because it is so").ok()


@case("compare: what differs, and what it means")
def _():
    r = run("test", "compare", run_file(cases("ppppf")), run_file(cases("pppff"), 1)).ok()
    r.need(b"s3: pass -> fail" in r.out, "the case that differs isn't there")
    r.need(b"3 passed in both, 1 only before, 0 only after" in r.out, "the counts aren't there")


# --- the history -------------------------------------------------------------------------------------------------------------

def history(runs):
    """A history of these runs."""
    path = kit.fresh("history.db")
    files = [run_file(r, i, **more) for i, (r, more) in enumerate(runs)]
    run("test", "trend", "add", *files, "--db", path, "--price", "0.006").ok()
    return path


def letters(n):
    """So many of ten pass."""
    return cases("p" * n + "f" * (10 - n))


@case("trend: runs come back as the schema says, once each, with their cost")
def _():
    path = history([(letters(8), {}), (letters(7), {})])
    run("test", "trend", "add", run_file(letters(1), 1), "--db", path).ok()
    d = run("test", "trend", "show", "-o", "json", "--db", path).ok().json()
    Schema(os.path.join(kit.ROOT, "schemas", "cmdai.trend.1.json")).check(d)
    need([r["passed"] for r in d["runs"]] == [8, 7], "other runs: %s" % d["runs"])
    need(d["runs"][0]["billed_minutes"] == 2 and d["runs"][0]["cost_usd"] == 0.012, "another cost")
    need(d["runs"][1]["states"] == {"pass": 7, "fail": 3}, "other states")


def detected(*words, status):
    """What `trend detect` says, as a document."""
    d = run("test", "trend", "detect", "-o", "json", *words).has_status(status).json()
    Schema(os.path.join(kit.ROOT, "schemas", "cmdai.detect.1.json")).check(d)
    return d


@case("trend: a drop is found, dated, shown, and gives status 1")
def _():
    path = history([(letters(8 if i < 12 else 5), {"commit": "badc0de" + "0" * 33} if i == 12 else {}) for i in range(17)])
    r = run("test", "trend", "detect", "--db", path).has_status(1)
    r.need(b"pass_rate fell from 80.0 % to 50.0 % at commit badc0de0" in r.out, "the drop isn't there")
    d = detected("--db", path, status=1)
    need([(c["metric"], c["commit"], c["worse"]) for c in d["changes"]] == [("pass_rate", "badc0de" + "0" * 33, True)], d)
    page = kit.fresh("page.html")
    run("test", "trend", "show", "--db", path, "--out", page).ok()
    with open(page, encoding="utf-8") as f:
        html = f.read()
    need("pass_rate fell" in html and "http" not in html.replace("http-equiv", ""), "the page lacks it, or loads something")
    d = run("test", "trend", "show", "-o", "json", "--db", path).ok().json()
    Schema(os.path.join(kit.ROOT, "schemas", "cmdai.trend.1.json")).check(d)
    need([c["metric"] for c in d["changes"]] == ["pass_rate"], "other changes")


@case("trend: a steady history gives status 0")
def _():
    path = history([(letters(8), {}) for _ in range(12)])
    run("test", "trend", "detect", "--db", path).ok(b"no change\n")
    d = detected("--db", path, status=0)
    need(d["changes"] == [] and d["complete_runs"] == 12 and d["needed_runs"] == 11, d)


@case("trend: too few complete runs of one kind show nothing, and that is said: status 4")
def _():
    runs = [(letters(8 if i < 5 else 3), {}) for i in range(11)]
    run("test", "trend", "detect", "--db", history(runs)).has_status(1)  # the fewest that can show it
    for few in (runs[:10], runs[:5] + [(r, {"end": False}) for r, _ in runs[5:]]):
        r = run("test", "trend", "detect", "--db", history(few)).has_status(4)
        r.need(b"too few runs" in r.out, "not said")
    d = detected("--db", history(runs[:10]), status=4)
    need(d["changes"] == [] and d["complete_runs"] == 10, d)


@case("trend: without --db the history is kept among the user's states")
def _():
    home = {"XDG_STATE_HOME": os.path.join(kit.fresh(), "new")}
    run("test", "trend", "show", env=home).fails(2, "history")
    run("test", "trend", "add", run_file(letters(8)), env=home).ok()
    r = run("test", "trend", env=home).ok()
    r.need(b"8/10" in r.out, "the run isn't there")


@case("trend: {0} is refused", [
    ("a text", "text"), ("another program's database", "foreign"), ("a newer version", "newer"),
    ("a history with a trigger", "trigger"), ("a damaged history", "damaged")])
def _(_name, how):
    path = history([(letters(8), {})])
    db = None if how in ("text", "damaged") else sqlite3.connect(path)
    if how == "text":
        with open(path, "wb") as f:
            f.write(b"started,commit\n" * 100)
    elif how == "damaged":
        with open(path, "r+b") as f:
            f.seek(4096)
            f.write(b"\xa5" * 4096)
    elif how == "foreign":
        db.execute("PRAGMA application_id = 7")
    elif how == "newer":
        db.execute("PRAGMA user_version = 9")
    else:
        db.execute("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END")
    if db:
        db.commit()
        db.close()
    for what in (["show"], ["detect"], ["add", run_file(letters(8), 5)]):
        r = run("test", "trend", *what, "--db", path)
        r.need(r.status in (2, 3), "status is %d" % r.status)
        r.need(r.out == b"", "something was printed")
        r.one_line("history")
