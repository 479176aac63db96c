"""CMDAI_LOG=debug: traces for bug reports on stderr."""
import hashlib
import re

import models
from kit import case, need, run

DEBUG = {"CMDAI_LOG": "debug"}
TRACE = re.compile(r"debug: +\d+\.\d{3} ms  \S.*")


def traced(*args, env=None, **options):
    """A run with traces, which begin and end what is on stderr."""
    r = run(*args, env={**DEBUG, **(env or {})}, **options)
    lines = r.err.decode().splitlines()
    r.need(TRACE.fullmatch(lines[0]) and "status %d" % r.status in lines[-1], "not traced from begin to end")
    r.need(all(TRACE.fullmatch(line) for line in lines if line.startswith("debug")), "an odd line")
    return r


@case("ask: build, settings and their origins, stages, model and hash, tokens, verdict, status")
def _():
    m = models.script({"\n": [("rm -rf build", .6), ("rm -rf /", .4)]})
    with open(m, "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    r = traced("-m", m, "-n", "16", "--timeout", "33", "list", "files", env={"CMDAI_SAFETY": "strict"}).has_status(7)
    r.says("build " + run("--version").lines()[1].split()[1], "strict", "CMDAI_SAFETY", "33", "command line", "CMDAI_LOG",
           "request: 10 bytes", m, "SHA-256 " + sha, "backend: opened", "prompt", "tokens (0 kept)", "log-probability",
           "risk moderate, decision confirm", "risk critical, decision block", "finding: fs.delete-tree", "checked in", "status 7")
    r.need(b"list files" not in r.err, "the user's words are in the trace")
    need(run("-m", m, "-n", "16", "list", "files", env={"CMDAI_SAFETY": "strict"}).out == r.out, "another stdout")


@case("ask: a backend that was asked in vain, with its error; no key and no password")
def _():
    url = "http://127.0.0.1:9/v1"
    r = traced("-b", "vllm,cpu", "--connect-timeout", "0.2", "--vllm-url", url, "-m", "none", "list",
               env={"CMDAI_VLLM_KEY": "sk-secret-1234", "HF_TOKEN": "hf_secret"})
    r.says("backends: vllm,cpu", "backend vllm: 127.0.0.1:9: connection refused", "backend cpu")
    r.need(b"secret" not in r.err + r.out, "a key is in the trace")
    r = traced("-b", "vllm", "--vllm-url", "http://ada:secret@127.0.0.1:9/v1", "list").has_status(2)
    r.says("http://***@127.0.0.1:9/v1").need(b"secret" not in r.err + r.out, "a password is in the trace")
    r = traced("-b", "vllm", "--vllm-url", "http://127.0.0.1:9/v1?api_key=secret", "list").has_status(2)
    r.says("http://127.0.0.1:9/v1?***").need(b"secret" not in r.err + r.out, "a key is in the trace")


@case("a failure is traced to its end, also with -q")
def _():
    for quiet in ([], ["-q"]):
        r = traced(*quiet, "-m", "/nowhere/none.gguf", "list").has_status(4)
        r.says("model of cpu: /nowhere/none.gguf", "backend: not opened", "cmdai: ", "status 4")
        r.need(r.out == b"", "something on stdout")


@case("every command says where its settings come from: {0}", ["check ls", "config get safety", "models list"])
def _(words):
    env = {"CMDAI_OFFLINE": "true"}
    r = traced(*words.split(), env=env).ok().says("offline", "CMDAI_OFFLINE", "status 0")
    need(run(*words.split(), env=env).ok().out == r.out, "another stdout")


@case("off is silent, and the flag goes before the environment")
def _():
    for args, env in (([], {"CMDAI_LOG": "off"}), (["--log", "off"], DEBUG), ([], {"CMDAI_LOG": ""})):
        run(*args, "-m", models.says("ls"), "list", env=env).ok(b"ls\n").silent()


@case("a value that isn't one: {0!r}", ["trace", "DEBUG", "1", "debug "])
def _(value):
    for words in (["list"], ["check", "ls"], ["models", "list"]):
        run(*words, env={"CMDAI_LOG": value}).fails(2, "CMDAI_LOG", "off|debug")
