"""cmdai test against a server that fails in the middle of a run: what was answered stays, the rest are errors of the
infrastructure and never failures of the model, and the next run needs to ask only those again."""
import os
import sys
import threading

import kit
from kit import case, need, run
from runner import REPORT, fixture, read, results, states

sys.path.insert(0, os.path.join(kit.ROOT, "tests", "fake"))
from server import Ollama, OpenAI, Server  # noqa: E402


TOP = {"ollama": "", "vllm": "/v1"}


def eight():
    """Eight cases that want `ls`."""
    return fixture([{"id": "c%d" % i, "prompt": "list number %d" % i, "expected_patterns": ["ls"]} for i in range(8)])


def ask(server, kind, *words):
    """Runs the cases with this server, one after the other."""
    return run("test", *words, "-b", kind.name, kind.flag, server.url + TOP[kind.name], "-m", kind.model, "--batch", "1", limit=60)


class Failing:
    """A server that answers so many requests, then fails in some way."""

    def __init__(self, make, good, how):
        self.kind, self.good, self.how, self.lock = make(chat=self), good, how, threading.Lock()

    def __call__(self, request, wire):
        with self.lock:
            self.good -= 1
            good = self.good >= 0
        if good:
            self.kind.good(request, wire)
        else:
            self.how(self.kind, request, wire)


def reset(_kind, _request, wire):
    """Drops the connection before it says anything."""
    wire.reset()


def half(kind, request, wire):
    """Drops it in the middle of an answer, which looks like a command already."""
    wire.chunks([kind.half(request)], kind.stream, end=False)
    wire.reset()


def error(kind, _request, wire):
    """Says that it is broken."""
    wire.whole(kind.error("out of memory"), 500)


@case("{1}: a server that {0} after three answers", [
    (how.__name__, make.name, make, how) for make in (Ollama, OpenAI) for how in (reset, half, error)])
def _(_how, _name, make, how):
    cases, out = eight(), kit.fresh("run.jsonl")
    broken = Failing(make, 3, how)
    with Server(broken.kind) as server:
        r = ask(server, make, cases, "--out", out, "--retries", "0", "-o", "json").has_status(3)
    doc = r.json()
    REPORT.check(doc)
    got = states(out)
    need([got["c%d" % i] for i in range(8)] == ["pass"] * 3 + ["error"] * 5, got)
    need(doc["summary"]["error"] == 5 and doc["summary"]["fail"] == 0, doc["summary"])
    need(all(x["command"] == "" and x["reasons"][0]["judge"] == "error" for x in results(out).values() if x["state"] == "error"),
         "half an answer was judged")
    need(read(out)[-1]["kind"] == "end", "the run did not end")
    run("test", "report", out, "--gate", "pr").has_status(3)
    with Server(make()) as server:
        new = kit.fresh("new.jsonl")
        ask(server, make, cases, "--failed", "--from", out, "--out", new).ok()
        need(sorted(states(new)) == ["c3", "c4", "c5", "c6", "c7"], states(new))


@case("{0}: a server that fails for a moment is asked again, and the case says so", [(m.name, m) for m in (Ollama, OpenAI)])
def _(_name, make):
    cases, out, count = eight(), kit.fresh("run.jsonl"), {"n": 0}

    def flaky(request, wire):
        count["n"] += 1
        if count["n"] in (3, 6):
            wire.reset()
        else:
            kind.good(request, wire)

    kind = make(chat=flaky)
    with Server(kind) as server:
        r = ask(server, make, cases, "--out", out)
        r.has_status(0)
    need(set(states(out).values()) == {"pass"} and count["n"] == 10, "%d requests" % count["n"])


def broken_off(make, seconds, out):
    """A run whose server breaks off its fourth answer and is away for so long."""
    count, home = {"n": 0}, {}

    def goes_away(request, wire):
        count["n"] += 1
        if count["n"] == 4:
            home["server"].away(seconds)
            wire.reset()
        else:
            kind.good(request, wire)

    kind = make(chat=goes_away)
    with Server(kind) as server:
        home["server"] = server
        return ask(server, make, eight(), "--out", out)


@case("{0}: a server that is away for half a second costs a second and no case", [(m.name, m) for m in (Ollama, OpenAI)])
def _(_name, make):
    out = kit.fresh("run.jsonl")
    r = broken_off(make, 0.5, out).has_status(0)
    need(set(states(out).values()) == {"pass"}, states(out))
    need(r.seconds < 3 + 8 * kit.Settings.slow, "it took %.1f s" % r.seconds)
    need([x["measured"]["retries"] for x in results(out).values()].count(0) == 7, "a case that wasn't asked counts a retry")


@case("{0}: a server that is off from the fourth answer on costs seconds, and every case after it", [(m.name, m) for m in (Ollama, OpenAI)])
def _(_name, make):
    out = kit.fresh("run.jsonl")
    r = broken_off(make, 60, out).has_status(3)
    got = states(out)
    need([got["c%d" % i] for i in range(8)] == ["pass"] * 3 + ["error"] * 5, got)
    need(r.seconds < 8 + 8 * kit.Settings.slow, "it took %.1f s" % r.seconds)
