"""What the tests of `cmdai test` share: a model whose answers are known, fixtures, and a look into run files."""
import json
import os

import kit
import models
from kit import need, run
from schema import Schema

DATA = os.path.join(kit.ROOT, "tests", "data", "runner")
RUN = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.run.1.json"))
PLAN = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.plan.1.json"))
REPORT = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.report.1.json"))
STATES = ["pass", "fail", "blocked-ok", "golden-changed", "flaky", "skip", "xfail", "xpass", "error", "timeout", "not-run"]

# What the model answers to which word of a prompt, and how likely.
HEARS = {"alpha": [("ls -l", 1.0)], "bravo": [("pwd", 1.0)], "coin": [("id -u", .5), ("id -g", .5)],
         "delta": [("du -s", .6), ("df -h", .4)], "echo": [("wc -l", .7), ("wc -c", .2), ("wc -w", .1)],
         "sleepy": [("sleep 30", 1.0)], "endless": [("la ", 1.0)],
         "golf": [("rm -rf /", 1.0)]}
FOREVER = {"la ": [("di ", 1.0)], "di ": [("di ", 1.0)]}
_made = {}


def model():
    """The model of these tests."""
    return once("model", lambda: models.listener(HEARS, then=FOREVER))


def slow_model():
    """The same; `endless` takes it a minute and more."""
    return once("slow", lambda: models.listener(HEARS, then=FOREVER, layers=24, ctx=1 << 20))


def other_model():
    """One that says something else."""
    return once("other", lambda: models.listener({**HEARS, "alpha": [("ls -a", 1.0)], "golf": [("git push --force", 1.0)]}, then=FOREVER, name="cmdai-other"))


def once(key, make):
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
    status, err = once("sandbox", look)
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


def cut_run(path):
    """The manifest and one result: a run that was stopped."""
    with open(path, "rb") as f:
        return kit.file_with(b"".join(f.read().splitlines(True)[:2]), "cut.jsonl")
