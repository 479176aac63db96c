"""The backends against real servers (packaging/remote/compose.yaml starts them): what fakes can't show. Ollama is looked for where
OLLAMA_HOST says, the other one where CMDAI_VLLM_URL says, each at its usual place else; models are CMDAI_OLLAMA_MODEL and
CMDAI_VLLM_MODEL, or the only ones there. A server that isn't there is a skip, with --required a failure. Prints TAP."""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "cli"))
import kit  # noqa: E402
import runner  # noqa: E402
from kit import case, need, run  # noqa: E402
from schema import Schema  # noqa: E402

ANSWER = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.answer.1.json"))
NAMES = ("OLLAMA_HOST", "CMDAI_VLLM_URL", "CMDAI_OLLAMA_MODEL", "CMDAI_VLLM_MODEL", "CMDAI_OLLAMA_KEY", "CMDAI_VLLM_KEY")
KINDS = ["ollama", "vllm"]
PATIENCE = ["--timeout", "300", "--first-byte-timeout", "300"]  # the first question loads the model
required = False


def ask(kind, *args, limit=320):
    """The program, with this kind of server."""
    return run("-b", kind, *PATIENCE, *args, env={n: os.environ[n] for n in NAMES if n in os.environ}, limit=limit)


def there(kind):
    """The answer to a first question; skips where no server is."""
    r = runner.once(kind, lambda: ask(kind, "-o", "json", "list", "files"))
    if r.status == 3 and not required:
        raise kit.Skip(r.err.decode("utf-8", "replace").strip())
    return r


def document(r):
    """The answer's JSON, held to its schema."""
    d = r.json()
    ANSWER.check(d)
    return d


@case("{0}: a command, with its model, tokens and times", KINDS)
def _(kind):
    d = document(there(kind).has_status(0))
    need(d["command"] and d["backend"] == kind and d["model"]["id"] and d["fallback"] == [], d)
    need(d["tokens"]["prompt"] > 0 and d["tokens"]["output"] > 0 and d["timing_ms"]["generate"] > 0, d)


@case("{0}: a probability between 0 and 1, or none", KINDS)
def _(kind):
    d = document(there(kind).has_status(0))
    need(d["confidence"] is None or 0 < d["confidence"] <= 1, d)
    need(kind != "vllm" or d["confidence"] is not None, "vLLM tells probabilities")


@case("{0}: the reply goes on where it was begun: no fence in the command", KINDS)
def _(kind):
    there(kind)
    for words in ("count the lines of main.c", "show the disk usage of this folder"):
        d = document(ask(kind, "-o", "json", words))
        need(d["command"] and "`" not in d["command"], d)


@case("{0}: greedy answers are the same each time", KINDS)
def _(kind):
    there(kind)
    first, second = (document(ask(kind, "-o", "json", "find files larger than 1GB")) for _ in range(2))
    need(first["command"] == second["command"], "%s\n%s" % (first["command"], second["command"]))


@case("{0}: several candidates", KINDS)
def _(kind):
    there(kind)
    d = document(ask(kind, "-o", "json", "-n", "4", "--temperature", "1", "find the ten largest files below /var"))
    need(1 <= len(d["candidates"]) <= 4 and d["command"] == d["candidates"][0]["command"], d)


@case("{0}: text beyond ASCII", KINDS)
def _(kind):
    there(kind)
    d = document(ask(kind, "-o", "json", "print the words gr\u00fc\u00dfe \u65e5\u672c with echo"))
    need(d["command"] and "\u65e5\u672c" in d["request"], d)


@case("{0}: a reply that was cut off is no command", KINDS)
def _(kind):
    there(kind)
    r = ask(kind, "-o", "json", "--max-tokens", "2", "find files larger than 1GB that were changed this week")
    d = document(r.has_status(5))
    need(d["command"] is None and "cut off" in d["error"], d)


@case("{0}: a model that isn't there is status 4", KINDS)
def _(kind):
    there(kind)
    ask(kind, "-m", "no/such-model:1b", "list", "files").fails(4, "no/such-model:1b")


@case("{0}: a run of tests without an error of the infrastructure", KINDS)
def _(kind):
    there(kind)
    path = kit.fresh("run.jsonl")
    suite = runner.fixture([{"id": "c%d" % i, "prompt": p, "expected_patterns": ["\\w"]}
                            for i, p in enumerate(["list files", "who am I", "show the date", "print the working directory"])])
    env = {n: os.environ[n] for n in NAMES if n in os.environ}
    r = run("test", suite, "-b", kind, *PATIENCE, "--out", path, env=env, limit=900)
    r.need(r.status in (0, 1), "there were errors")
    for one in runner.results(path).values():
        need(one["backend"] == kind and one["fallback"] == [] and one["state"] in ("pass", "fail"), one)


def main():
    """0 if nothing failed."""
    global required
    p = argparse.ArgumentParser(description="Tests of backends with real servers. Prints TAP.")
    p.add_argument("--program", required=True, help="the cmdai to test")
    p.add_argument("--required", action="store_true", help="a server that isn't there is a failure")
    p.add_argument("--only", default="", metavar="TEXT", help="only cases whose name holds this")
    a = p.parse_args()
    required = a.required
    kit.Settings.program = os.path.abspath(a.program)
    with kit.start_folder():
        return 0 if kit.run_cases(a.only) else 1


sys.exit(main())
