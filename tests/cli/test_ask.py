"""What an answer looks like: plain and JSON, candidates, sampling, refusals, and models that misbehave."""
import json
import math
import os

import kit
import models
from kit import case, need, run
from schema import Schema

SCHEMA = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.answer.1.json"))
THREE = {"\n": [("ls -la", .5), ("find . -type f", .3), ("du -sh .", .2)]}
TWO = {"\n": [("ls", .6), ("pwd", .4)]}


def document(model, *args, status=0, **options):
    """The JSON of an answer, checked against the schema."""
    r = run("-o", "json", "-m", model, *args, "list", "files", **options).has_status(status)
    doc = r.json()
    try:
        SCHEMA.check(doc)
    except kit.Failure as e:
        r.need(False, "the schema says: %s" % e)
    return doc


def near(a, b, by=1e-4):
    """Equal but for rounding."""
    return abs(a - b) <= by


# --- plain -----------------------------------------------------------------------------------------------------------------

@case("plain: {0!r} and a newline, nothing else", [
    "ls -la", "find . -name '*.c' -print0 | xargs -0 wc -l", "echo \"a  b\"", "awk '{print $2}' data.csv", "echo ${x}",
    "find . -exec ls {} \\;", "echo 'ünïcödé 文件'", "printf '%s\\n' a", "true && false || :"])
def _(text):
    run("-m", models.says(text), "list", "files").ok(text.encode() + b"\n").silent()


@case("plain: a command of several lines keeps its newlines")
def _():
    text = "for f in *; do\n  echo \"$f\"\ndone"
    run("-m", models.says(text), "list", "files").ok(text.encode() + b"\n").silent()


@case("plain: a general model is asked for a fenced block, and its prose stays away from stdout")
def _():
    reply = "ls -la\n```\nThis lists all files."
    r = run("-m", models.says(reply, name="Some 7B Instruct"), "list", "files").ok(b"ls -la\n").silent()
    r = run("-m", models.says(reply, name="Some 7B Instruct"), "--explain", "list", "files").ok(b"ls -la\n")
    r.says("This lists all files.")


@case("plain: no escape sequences without a terminal")
def _():
    for args in ([], ["-v"], ["-n", "3"], ["--explain"]):
        r = run("-m", models.script(THREE), *args, "list", env={"TERM": "xterm-256color", "CLICOLOR_FORCE": None}).ok()
        r.need(b"\x1b" not in r.out + r.err, "an escape sequence")


@case("-v says backend, model and times on stderr; -q silences notes, not errors")
def _():
    m = models.script({"\n": [("ls", .2), ("pwd", .2), ("du", .2), ("df", .2), ("id", .2)]})
    r = run("-m", m, "-v", "list").ok()
    r.says("backend cpu", "cmdai-script", "confidence 0.200", "prompt", "ms")
    for args in (["-q"], ["-q", "-n", "4"], ["-qv"]):
        run("-m", m, *args, "list").ok().silent()
    run("-q", "-m", "/nowhere/none", "list").fails(4, "/nowhere/none")


@case("a long note is not cut inside a character")
def _():
    tail = "\u00e9\u6587" * 90  # 2 x 450 bytes of text, and a line of stderr holds 1023
    for pad in range(4):
        begin = "ls\n```\n" + "x" * pad
        m = models.script({"\n": [(begin, 1.0)], begin: [(tail, 1.0)], tail: [(" " + tail, 1.0)], " " + tail: [("." + tail, 1.0)]}, name="General")
        r = run("-m", m, "--explain", "list").ok(b"ls\n").says("\u6587")
        r.need(b"\\x" not in r.err, "stderr shows half a character")


@case("an alternative is shown whole, however long it is")
def _():
    part = " '" + "x" * 900 + "'"
    r = run("-m", models.script({"\n": [("ls", .6), ("echo", .4)], "echo": [(part, 1.0)], part: [(part + " ;", 1.0)],
                                 part + " ;": [(" :", 1.0)]}), "-n", "16", "list").ok(b"ls\n")
    r.need(r.err == ("or: echo" + part + part + " ; :\n").encode(), "the alternative was cut")


# --- JSON ------------------------------------------------------------------------------------------------------------------

@case("JSON: every member of a good answer")
def _():
    d = document(models.says("ls -la"))
    need(d["schema"] == "cmdai.answer/1" and d["request"] == "list files" and d["command"] == "ls -la", d)
    need(near(d["confidence"], 1) and d["uncertain"] is False and d["refused"] is False, d)
    need(len(d["candidates"]) == 1 and d["candidates"][0]["command"] == "ls -la", d)
    need(d["backend"] == "cpu" and d["model"]["id"] == "cmdai-script" and d["error"] is None, d)
    need(d["risk"] == "safe" and d["decision"] == "run" and d["executed"] is False and d["exit_status"] is None, d)
    need(d["tokens"]["prompt"] > 10 and d["tokens"]["output"] == 2 and d["tokens"]["cached"] == 0, d["tokens"])
    t = d["timing_ms"]
    need(0 < t["prompt"] + t["generate"] + t["load"] + t["check"] <= t["total"] + 0.01, "times: %s" % t)


@case("JSON: confidence is the probability of the reply")
def _():
    for p in (.9, .6, .36, .34, .1, .001):
        d = document(models.script({"\n": [("ls", p)] + [(w, (1 - p) / 1) for w in ["pwd"]]}), "--top-k", "1")
        best = max(p, 1 - p)
        need(near(d["confidence"], best), "%s, expected %s" % (d["confidence"], best))
        need(near(d["candidates"][0]["logprob"], math.log(best), 1e-3), d["candidates"])
    few = models.script({"\n": [(w, .25) for w in ("ls", "pwd", "du", "df")]})
    d = document(few)
    need(near(d["confidence"], .25) and d["uncertain"] is True, "a quarter is not sure")
    r = run("-m", few, "list").ok()
    r.says("not sure", "0.25")


@case("JSON: probabilities of several tokens multiply")
def _():
    m = models.script({"\n": [("ls", .8), ("pwd", .2)], "ls": [(" -l", .7), (None, .3)], " -l": [(None, .9), ("a", .1)]})
    d = document(m)
    need(d["command"] == "ls -l" and near(d["confidence"], .8 * .7 * .9), d)
    need(d["tokens"]["output"] == 3, d["tokens"])


@case("JSON: a calibrated model's confidence: {0}, {1}", [(1.0, 0.0), (0.5, -1.0), (0.0, 3.0)])
def _(scale, bias):
    m = models.script({"\n": [("ls", .6), ("pwd", .4)]}, extra={"cmdai.confidence.scale": (models.F32, scale),
                                                                "cmdai.confidence.bias": (models.F32, bias)})
    want = 1 / (1 + math.exp(-(scale * math.log(.6) + bias))) if scale else .6
    need(near(document(m)["confidence"], want), want)


@case("a calibration that is no number is refused: {0}", ["nan", "inf", "-1", "1e6"])
def _(value):
    m = models.says("ls", extra={"cmdai.confidence.scale": (models.F32, float(value))})
    run("-m", m, "list").fails(4).says("cmdai.confidence")


@case("placeholders: a name goes out before the model and comes back after it")
def _():
    m = models.says("mv \ue001.txt '\ue002.c'", extra={"cmdai.placeholders": (models.U32, 8)})
    need(run("-m", m, "rename a_1.txt to b_2.c").ok().out == b"mv a_1.txt 'b_2.c'\n", "two names")
    need(run("-m", m, "rename 'it is.txt' to 'a$b'").ok().out == b"mv 'it is.txt' 'a$b.c'\n", "quotes")
    need(run("-m", m, stdin=b"rename a_1.txt to b_2.c").ok().out == b"mv a_1.txt 'b_2.c'\n", "from stdin")


@case("placeholders: a name that the request lacks gives no answer, another model none of this")
def _():
    text = "mv \ue001.txt \ue002.txt"
    run("-m", models.says(text, extra={"cmdai.placeholders": (models.U32, 8)}), "rename a.txt").fails(5, "does not hold")
    need(run("-m", models.says(text), "rename a.txt").ok().out == (text + "\n").encode(), "it stays as it is")


@case("JSON: the request comes back exactly: {0!r}", ["a \"quoted\" \\ word", "tab\there", "ünïcödé 🎉", "</script>",
                                                       "line\nbreak", "\x7f\u202e\x1b[31m"])
def _(text):
    r = run("--json", "-m", models.says("ls"), "x " + text).ok()
    need(r.json()["request"] == "x " + text, r.json()["request"])
    r.need(b"\x1b" not in r.out and "\u202e".encode() not in r.out, "stdout holds what moves a terminal's cursor")


@case("JSON: exactly one document and the status of a failure: {0}", [
    ("no model", 4, ["-m", "/nowhere/none.gguf", "x"]), ("no words", 2, []), ("too many candidates", 2, ["-n", "65", "x"]),
    ("a small context", 2, ["--ctx", "4", "x"]), ("a huge context", 2, ["--ctx", "999999", "x"]),
    ("a bad option after it", 2, ["--threads", "0", "x"]), ("an unknown option after it", 2, ["--bogus", "x"]),
    ("an option after the words", 2, ["x", "-v"]), ("a bad choice", 2, ["-s", "none", "x"])])
def _(_name, status, args):
    r = run("-o", "json", *([] if "-m" in args else ["-m", models.says("ls")]), *args).has_status(status)
    d = r.json()
    SCHEMA.check(d)
    r.one_line(d["error"])
    need(d["command"] is None and d["confidence"] is None and d["candidates"] == [] and d["decision"] != "run", d)


@case("JSON: a request that is no UTF-8 still gives valid JSON")
def _():
    r = run("--json", "-m", models.says("ls"), b"a\xff\xc3b").has_status(2)
    SCHEMA.check(r.json())
    r.one_line("UTF-8", "byte 1")


@case("JSON: the schema's own examples hold, and what breaks it is refused")
def _():
    for example in SCHEMA.root["examples"]:
        SCHEMA.check(example)
    good = SCHEMA.root["examples"][0]
    for key, value in (("decision", "run!"), ("confidence", 1.5), ("schema", "cmdai.answer/2"), ("command", None),
                       ("surprise", 1), ("candidates", None), ("executed", 0)):
        try:
            SCHEMA.check({**good, key: value})
        except kit.Failure:
            continue
        need(False, "the schema allows %s = %r" % (key, value))


@case("JSON: key order and layout do not change from run to run")
def _():
    r = run("--json", "-m", models.says("ls"), "list").ok()
    keys = list(r.json())
    need(keys[:3] == ["schema", "request", "command"] and keys[-1] == "error", keys)
    need(r.out == (json.dumps(r.json(), indent=2, ensure_ascii=False) + "\n").encode() or
         b'"schema": "cmdai.answer/1",\n' in r.out, "layout")


# --- candidates --------------------------------------------------------------------------------------------------------------

@case("-n: different commands, best first, with the probabilities that the model gives them")
def _():
    table = dict(THREE["\n"])
    m = models.script(THREE)
    d = document(m, "-n", "24")
    commands = [c["command"] for c in d["candidates"]]
    need(commands == ["ls -la", "find . -type f", "du -sh ."], commands)
    for c in d["candidates"]:
        need(near(c["logprob"], math.log(table[c["command"]]), 1e-3), c)
    need(d["command"] == commands[0] and near(d["confidence"], .5), d["command"])
    r = run("-m", m, "-n", "24", "list", "files").ok(b"ls -la\n")
    need(r.err == b"or: find . -type f\nor: du -sh .\n", r.err)


@case("-n: the likeliest answer is always among them, and equal answers are one")
def _():
    for n in (1, 2, 3, 64):
        d = document(models.says("ls"), "-n", str(n))
        need(len(d["candidates"]) == 1 and near(d["confidence"], 1), d["candidates"])
        need(d["tokens"]["output"] == 2 * n, d["tokens"])
    for seed in ("0", "1", "99"):
        need(document(models.script(THREE), "-n", "4", "--seed", seed)["command"] == "ls -la", "seed " + seed)


@case("-n: one that says no command does not spoil the others")
def _():
    m = models.script({"\n": [("ls", .5), (None, .3), ("# cannot: not a shell task", .2)]})
    d = document(m, "-n", "32")
    need([c["command"] for c in d["candidates"]] == ["ls"] and d["refused"] is False, d)


@case("-n: a joke among candidates cannot outrank the likeliest by being shorter")
def _():
    m = models.script({"\n": [("ls -l", .55), ("id", .45)]})
    d = document(m, "-n", "16")
    need([c["command"] for c in d["candidates"]] == ["ls -l", "id"], d["candidates"])


# --- sampling ----------------------------------------------------------------------------------------------------------------

def _drawn(*args, seeds=24):
    return [document(models.script(TWO), "--seed", str(s), *args)["command"] for s in range(seeds)]


@case("sampling: a seed gives one answer, seeds give all")
def _():
    first, second = _drawn("--temperature", "1"), _drawn("--temperature", "1")
    need(first == second, "two runs differ: %s %s" % (first, second))
    need(set(first) == {"ls", "pwd"}, first)


@case("sampling: {0} leaves only the likeliest", ["--temperature 0", "--temperature 1 --top-k 1", "--temperature 1 --top-p 0.3",
                                                  "--temperature 1 --min-p 0.9", "--temperature 0.01"])
def _(words):
    got = _drawn(*words.split(), seeds=8)
    need(set(got) == {"ls"}, got)


@case("sampling: frequencies follow the model")
def _():
    d = document(models.script(TWO), "-n", "64", "--temperature", "1", "--seed", "7")
    need({c["command"] for c in d["candidates"]} == {"ls", "pwd"}, d["candidates"])
    drawn = _drawn("--temperature", "1", seeds=60)
    need(22 <= drawn.count("ls") <= 50, "60 draws of 0.6 gave %d" % drawn.count("ls"))


@case("sampling: the repetition penalty ends a loop")
def _():
    m = models.script({"\n": [("ls", 1.0)], "ls": [(" .", 1.0)], " .": [(" .", .6), (" -l", .4)]})
    d = document(m, "--repeat-penalty", "5")
    need(d["command"] == "ls . -l" and near(d["confidence"], .4), d)
    run("-m", m, "--repeat-penalty", "5", "--repeat-last", "0", "list").fails(5)
    run("-m", m, "list").fails(5)


@case("the same answer from 1, 2 and 3 threads, and from run to run")
def _():
    def of(*args):
        d = document(models.script(THREE), "-n", "9", "--temperature", "0.9", "--seed", "5", *args)
        del d["timing_ms"]
        return d
    whole = of()
    for threads in ("1", "2", "3", "7"):
        need(of("--threads", threads) == whole, "%s threads differ" % threads)
    need(of() == whole, "two runs differ")


# --- no answer ---------------------------------------------------------------------------------------------------------------

@case("the model declines: status 5, its reason, no command")
def _():
    m = models.says("# cannot: not a shell task")
    run("-m", m, "tell me a joke").fails(5, "declined", "not a shell task")
    d = document(m, status=5)
    need(d["refused"] is True and d["command"] is None and d["candidates"] == [], d)
    need("not a shell task" in d["reason"] and d["decision"] != "run", d)


@case("the model declines at length: its reason is not cut inside a character")
def _():
    for pad in range(4):
        r = run("-m", models.says("# cannot: " + "x" * pad + "\u6587" * 150), "list").fails(5, "\u6587")
        r.need(b"\\x" not in r.err, "half a character")


@case("no usable reply: {0!r}", ["", " ", "\n\n", "```\n```", "I am a language model and I like cheese."])
def _(text):
    m = models.says(text) if text else models.script({"\n": [(None, 1.0)]})
    run("-m", m, "list").fails(5)
    d = document(m, status=5)
    need(d["command"] is None and d["error"] and d["refused"] is False, d)


@case("a reply cut off by --max-tokens is no command: {0}", [
    ("rm -rf /tmp/x", {"\n": [("rm", 1.0)], "rm": [(" -rf /", 1.0)], " -rf /": [("tmp/x", 1.0)]}, "2"),
    ("echo 1 2 3", {"\n": [("echo", 1.0)], "echo": [(" 1", 1.0)], " 1": [(" 2 3", 1.0)]}, "1")])
def _(_name, table, most):
    r = run("-m", models.script(table), "--max-tokens", most, "list")
    r.fails(5, "--max-tokens")


@case("a reply cut off by a full context is no command")
def _():
    run("-m", models.endless(layers=1, ctx=64), "list").fails(5)


@case("a reply cut off after its fence was closed is a command")
def _():
    m = models.script({"\n": [("ls -la\n```\n", 1.0)], "ls -la\n```\n": [("blah ", 1.0)], "blah ": [("blah ", 1.0)]}, name="General")
    run("-m", m, "--max-tokens", "20", "list").ok(b"ls -la\n")


@case("a reply or a command beyond the limits: status 5, the model's fault, not the user's")
def _():
    line = "echo " + "x" * 900 + " "
    m = models.script({"\n": [(line, 1.0)], line: [(line, .99), (None, .01)]})
    for n in ("30", "200"):
        run("-m", m, "--max-tokens", n, "--timeout", "50", "list").has_status(5).one_line()


@case("weights that are no numbers give no answer and no confidence: {0}", ["nan", "inf", "-inf"])
def _(value):
    def broken(old):
        dims, kind, data = old
        return dims, kind, models.floats([float(value)]) * (len(data) // 4)
    for tensor in ("output.weight", "output_norm.weight", "token_embd.weight"):
        r = run("-o", "json", "-m", models.altered(tensors={tensor: broken}), "--max-tokens", "8", "list")
        r.need(r.status in (4, 5), tensor + " gave an answer")
        need(r.json()["confidence"] is None and r.json()["command"] is None, tensor)


# --- odd bytes -----------------------------------------------------------------------------------------------------------------

ODD = "echo 'a\x1b[31mb\u202ec\x07d\te'"


@case("odd bytes: exact through a pipe, escaped in JSON")
def _():
    r = run("-m", models.says(ODD), "list").has_status(7).says("high: text.")
    need(r.out == ODD.encode() + b"\n", "not exact: %r" % r.out)
    r = run("--json", "-m", models.says(ODD), "list").has_status(7)
    need(r.json()["command"] == ODD, r.json()["command"])
    need(not any(c in r.out for c in (b"\x1b", b"\x07", "\u202e".encode(), b"\x9b")), "raw in JSON: %r" % r.out)


@case("odd bytes: never raw on stderr")
def _():
    table = {"\n": [("ls", .5), (ODD, .3), ("# cannot: \x1b]0;title\x07 \u202e", .2)]}
    r = run("-m", models.script(table), "-n", "32", "list").ok()
    r.says("or: echo")
    need(not any(c in r.err for c in (b"\x1b", b"\x07", "\u202e".encode())), r.err)
    only = models.says("# cannot: \x1b]0;title\x07 \u202e no")
    run("-m", only, "list").fails(5, "declined")
    named = models.says("ls", name="evil\x1b[2J\nname\u202e")
    r = run("-v", "-m", named, "list").ok(b"ls\n")
    need(not any(c in r.err for c in (b"\x1b", "\u202e".encode())) and r.err.count(b"\n") == 2, r.err)
