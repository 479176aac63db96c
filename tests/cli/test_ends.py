"""How `cmdai test` ends: what a closed, broken or full stdout does to its status, and JSON that is there whatever fails."""
import os

import kit
from kit import case, need, run
from runner import fixture, model, need_sandbox, other_model, recorded, test
from schema import Schema

ERROR = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.error.1.json"))


def good():
    """Cases that pass."""
    return fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["ls"]},
                    {"id": "b", "command": "rm -rf /", "should_block": True}])


def danger():
    """One that lets a danger through."""
    return fixture([{"id": "a", "command": "ls", "should_block": True}])


def recorded_twice():
    """Two run files that differ."""
    return [recorded(good(), gguf=g) for g in (model(), other_model())]


def history():
    """A history with a run in it."""
    db = kit.fresh("h.db")
    run("test", "trend", "add", recorded(good()), "--db", db).ok()
    return db


def waiting():
    """A folder in which an answer waits for a review."""
    folder = kit.fresh()
    test(fixture([{"id": "a", "prompt": "alpha", "golden": {"mode": "exact"}}]), "--golden", folder).ok()
    return folder


PRINT = {"run": lambda: [good(), "-m", model()], "list": lambda: [good(), "--list"],
         "report": lambda: ["report", recorded(good())], "merge": lambda: ["merge", recorded(good())],
         "rescore": lambda: ["rescore", recorded(good()), good(), "--out", kit.fresh("new.jsonl")],
         "compare": lambda: ["compare", *recorded_twice()], "comment": lambda: ["comment", recorded(good())],
         "golden review": lambda: ["golden", "review", "--golden", waiting(), "-m", model()],
         "trend show": lambda: ["trend", "show", "--db", history()], "trend detect": lambda: ["trend", "detect", "--db", history()],
         "bench": lambda: ["bench", "--samples", "5"],
         "gen": lambda: ["gen", "--mutate", good()], "stress": lambda: ["stress", "--seconds", "1", "-m", model()],
         "help": lambda: ["--help"], "version": lambda: ["--version"]}


PRINT.update({name + " as JSON": (lambda words=PRINT[name]: [*words(), "-o", "json"]) for name in ("golden review", "trend detect")})


def closed(words):
    """Nothing can be written: the descriptor isn't there."""
    return run("test", *words, stdout=None, close=[1], limit=60)


def broken(words):
    """Nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return run("test", *words, stdout=writer, limit=60)
    finally:
        os.close(writer)


def full(words):
    """The disk is full."""
    with open("/dev/full", "wb") as f:
        return run("test", *words, stdout=f, limit=60)


@case("stdout that can't be written is status 3, not a failed case: {0}", sorted(PRINT))
def _(name):
    words = PRINT[name]()
    for way in (closed, broken, full):
        way(words).has_status(3).says("stdout")


@case("stdout that can't be written: what executes commands says 3, too")
def _():
    need_sandbox()
    for words in ([good(), "--check"], ["sandbox"]):
        full(words).has_status(3).says("stdout")


@case("-o json: every way out of the sandbox is a row of one document")
def _():
    need_sandbox()
    d = run("test", "sandbox", "-o", "json").ok().json()
    Schema(os.path.join(kit.ROOT, "schemas", "cmdai.sandbox.1.json")).check(d)
    text = run("test", "sandbox").ok().lines()
    need(text[0] == d["sandbox"] and text[-1] == "%d tried, %d escaped" % (d["tried"], d["escaped"]), (text, d))
    need(len(d["attempts"]) == len(text) - 2 and [a["result"] for a in d["attempts"]].count("held") == d["tried"] > 0, (text, d))


@case("stdout that can't be written hides no failure, and no danger")
def _():
    bad = fixture([{"id": "a", "prompt": "bravo", "expected_patterns": ["ls"]}])
    for cases, status in ((bad, 1), (danger(), 5)):
        for gate in ([], ["--gate", "pr"]):
            full([cases, "-m", model(), *gate]).has_status(5 if cases != bad else 1 if not gate else 3)
        test(cases, "--report", "md=/proc/none/x").has_status(status)


WRONG = {"an unknown option": (2, lambda: ["--nosuch"]), "an unknown option in front": (2, lambda: ["-o", "plain", "--nosuch"]),
         "a missing fixture": (2, lambda: ["/nowhere/x.yaml"]), "nothing that is selected": (4, lambda: [good(), "@none"]),
         "no model": (3, lambda: [good(), "-m", "/nowhere/none.gguf"]), "merge of nothing": (2, lambda: ["merge"]),
         "a missing run": (2, lambda: ["report", "/nowhere/run.jsonl"]), "bless without a file": (2, lambda: ["bless", recorded(good())]),
         "golden of an odd word": (2, lambda: ["golden", "what"]), "trend of an odd word": (2, lambda: ["trend", "what"]),
         "gen without its kind": (2, lambda: ["gen"]), "bench of two models": (2, lambda: ["bench", "-m", "a", "-m", "b"]),
         "stress with a word": (2, lambda: ["stress", "x"]), "sandbox with a word": (2, lambda: ["sandbox", "x"]),
         "ab of one model": (2, lambda: ["ab", "-m", "a"]), "rescore of nothing": (2, lambda: ["rescore"])}


@case("-o json: {0} gives one document, with the status and the message", sorted(WRONG))
def _(name):
    status, words = WRONG[name]
    r = run("test", *words(), "-o", "json").has_status(status)
    doc = r.json()
    ERROR.check(doc)
    r.need(doc["status"] == status and r.err.decode() == "cmdai: " + doc["error"] + "\n", "another message")


@case("-o json counts wherever it stands")
def _():
    for words in (["-o", "json", "--nosuch"], ["--nosuch", "-ojson"], ["--shard", "--output", "json", "--nosuch", "--output=json"]):
        ERROR.check(run("test", *words).has_status(2).json())
    need(run("test", "--nosuch").has_status(2).out == b"", "a document that nobody asked for")
