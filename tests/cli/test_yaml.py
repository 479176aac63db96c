"""-o yaml: the same documents as -o json. tests/unit/data_yaml_write.c has the strings and numbers; here it is about the
commands. An independent reader (PyYAML, if this machine has it) says what is in a document."""
import json
import os

import kit
import models
import runner
from kit import Skip, case, need, run
from schema import Schema

ANSWER, CHECK, ERROR, CONFIG = (Schema(os.path.join(kit.ROOT, "schemas", "cmdai.%s.1.json" % n)) for n in ("answer", "check", "error", "config"))
ODD = "rm -rf /tmp/x\x1b[31m \u202e\u200b # y: 'no' \"~\" \u00fc\u6587 \U0001f600\n1e3"


def load(r):
    """stdout as YAML 1.1, which takes more for something else than text than YAML 1.2 does."""
    try:
        import yaml
    except ImportError:
        raise Skip("this machine has no PyYAML") from None
    text = r.out.decode("utf-8")
    r.need(text.startswith("---\n") and text.endswith("\n"), "no YAML document")
    r.need(not any(c in text for c in "\x1b\u202e\u200b\t\r"), "something that a terminal acts on")
    return yaml.safe_load(text)


def same(a, b):
    """Equal in values, kinds and the order of members."""
    return json.dumps(a) == json.dumps(b)


FILE = os.path.join(kit.ROOT, "model", "embedded", "cmdai-tiny.gguf")
TWICE = {"check": lambda: ["check", "--explain", ODD], "a blocked command": lambda: ["check", "rm -rf /"],
         "models list": lambda: ["models", "list"], "models inspect": lambda: ["models", "inspect", FILE],
         "config path": lambda: ["config", "path"], "debug tokenize": lambda: ["debug", "tokenize", "-m", models.says("ls"), ODD],
         "debug generate": lambda: ["debug", "generate", "-m", models.says("ls"), "--text", "list\n", "-n", "2"],
         "test --list": lambda: ["test", runner.fixture(runner.many(5)), "--list"],
         "test report": lambda: ["test", "report", recorded()], "an error of test": lambda: ["test", "--nosuch"]}


def recorded():
    return runner.once("yaml", lambda: runner.recorded(runner.fixture([{"id": "yes", "prompt": "alpha", "expected_patterns": ["ls"]}])))


@case("{0}: the document of -o json", sorted(TWICE))
def _(name):
    words = TWICE[name]()
    as_json, as_yaml = (run(*words, "-o", form) for form in ("json", "yaml"))
    as_yaml.has_status(as_json.status)
    as_yaml.need(as_yaml.err == as_json.err, "other messages")
    as_yaml.need(same(load(as_yaml), as_json.json()), "another document than -o json")


@case("ask: answers, blocks, refusals and failures are documents of the schema")
def _():
    for text, status in (("ls -la", 0), ("rm -rf /", 6), ("echo 'a: b # c' \u202e", 7)):
        r = run("-o", "yaml", "-m", models.says(text), "list", "files").has_status(status)
        d = load(r)
        ANSWER.check(d)
        r.need(d["command"] == text and d["request"] == "list files", "not the command")
    for args, status in ((["-m", "/nowhere/none"], 4), (["--nosuch"], 2), (["-n", "65"], 2)):
        r = run("-o", "yaml", *args, "list", "files").has_status(status).one_line()
        d = load(r)
        ANSWER.check(d)
        r.need(r.err.decode() == "cmdai: " + d["error"] + "\n" and d["command"] is None, "another error")


@case("-x: stdout holds the document alone")
def _():
    r = run("-x", "-o", "yaml", "-m", models.says("echo hello"), "list").ok().says("hello")
    need(load(r)["executed"] is True, r.out)


@case("bytes: what is plain, what is quoted")
def _():
    r = run("check", "-o", "yaml", "echo 'a: b' \x1b\u202e").has_status(7).silent()
    r.need(r.out.startswith(b"---\nschema: cmdai.check/1\ncommand: \"echo 'a: b' \\e\\u202E\"\nrisk: high\n"), "not these bytes")
    r = run("test", "--nosuch", "-o", "yaml").has_status(2)
    r.need(r.out == b"---\nschema: cmdai.error/1\nstatus: 2\nerror: unknown option --nosuch; see cmdai --help\n", "not these bytes")


@case("the setting: environment and files choose the format too, --json goes before them")
def _():
    env = {"CMDAI_OUTPUT": "yaml"}
    need(run("check", "ls", env=env).ok().out.startswith(b"---\nschema: "), "not YAML")
    CHECK.check(run("check", "--json", "ls", env=env).ok().json())
    home = kit.fresh()
    run("config", "set", "output", "yaml", env={"HOME": home}).ok()
    r = run("config", "get", "output", env={"HOME": home}).ok()
    d = load(r)
    CONFIG.check(d)
    need(d["settings"][0]["value"] == "yaml" and d["settings"][0]["from"] == "user", d)


@case("check -: one JSON object a line; -o yaml is refused, a setting changes nothing")
def _():
    run("check", "-o", "yaml", "-", stdin=b"ls\n").fails(2, "-o yaml")
    for env in ({}, {"CMDAI_OUTPUT": "yaml"}):
        CHECK.check(run("check", "-", stdin=b"ls\n", env=env).ok().json())


@case("stdout that can't be written: {0}", ["check", "ask"])
def _(name):
    words = {"check": ["check", "-o", "yaml", "ls"], "ask": ["-o", "yaml", "-m", models.says("ls"), "list"]}[name]
    with open("/dev/full", "wb") as full:
        run(*words, stdout=full).has_status(1).one_line("stdout")


@case("a report on stdout has no room beside the document")
def _():
    run("test", runner.fixture(runner.many(1)), "--report", "md=-", "-o", "yaml").has_status(2).says("-o yaml")
