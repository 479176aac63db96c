"""Options, commands, what is a request, and the environment."""
import os

import kit
import models
from kit import case, run

NOWHERE = ["-m", "/nowhere/none.gguf"]  # stops a run after its options were read: status 4
COMMANDS = ("ask", "models", "bench", "debug", "config", "doctor", "init", "completion")


def asked(*args):
    """The request that the program understood."""
    return run(*args, env={"CMDAI_MODEL": models.says("ls"), "CMDAI_OUTPUT": "json"}).ok().json()["request"]


# --- version and help --------------------------------------------------------------------------------------------------

def _version():
    with open(os.path.join(kit.ROOT, "VERSION"), "rb") as f:
        return b"cmdai " + f.read().strip() + b"\nbuild " + kit.build_id().encode() + b"\n"


@case("version: cmdai {0}", ["--version", "-V", "ask --version", "models -V", "debug --version", "bench -qV",
                             "completion --version"])
def _(words):
    run(*words.split()).ok(_version()).silent()


@case("help: cmdai {0}", ["--help", "-h", "ask --help"])
def _(words):
    r = run(*words.split()).ok().silent()
    text = r.out.decode("ascii")
    r.need(text.startswith("Usage: cmdai [OPTIONS] WORDS...\n"), "no usage line")
    for word in [*COMMANDS, "--model", "--threads", "CMDAI_MODEL", "Exit status", "130 interrupted"]:
        r.need(word in text, "help does not say " + word)
    r.need(max(map(len, text.splitlines())) <= 130, "help has a line that no terminal shows whole")


@case("help: cmdai {0} --help has its own options only", [
    ("models", "--requantize", "--temperature"), ("bench", "--decode", "--requantize"), ("debug", "--top", "--seed"),
    ("completion", "--quiet", "--model"), ("ask", "--temperature", "--decode")])
def _(command, has, has_not):
    r = run(command, "--help").ok().silent()
    text = r.out.decode()
    r.need("Usage: cmdai" in text and has in text and has_not not in text, "%s, not %s" % (has, has_not))
    names = [w for line in text.splitlines() if line.startswith("  ") for w in line.split()[:2] if w[:2] == "--"]
    r.need(len(set(names)) == len(names), "an option is listed twice")


@case("help wins over what is missing or wrong beside it: cmdai {0}", ["models inspect --help", "bench what --help",
                                                                        "debug -h", "completion tcsh --help"])
def _(words):
    run(*words.split()).ok().silent()


# --- values --------------------------------------------------------------------------------------------------------------

def uints(low, high):
    """Bad and good values of a whole number."""
    huge = "99999999999999999999999"
    bad = ["-1", "+%d" % low, "x", "", "1.5", " %d" % low, "%d " % low, "0x10", "1e2", huge, str(high + 1)]
    return bad + ([str(low - 1)] if low > 0 else []), [str(low), str(high)]


def reals(low, high, *bad):
    """Bad and good values of a number."""
    return ["x", "", "nan", "inf", "-inf", "1,5", " 1", "0x", "1e400", *bad], [low, high]


def choices(*good):
    """Bad and good values of a choice."""
    return ["", "none", good[0].upper(), good[0] + " ", "|", "|".join(good)], good


ASK = ["what", "now"]
GENERATE = ["debug", "generate", "--tokens", "1"]
VALUES = [
    # command, option, (bad, good), words of the message, what follows
    ([], "--threads", uints(1, 256), "1 to 256", ASK), ([], "--ctx", uints(1, 1 << 24), "1 to 16777216", ASK),
    ([], "--timeout", uints(1, 86400), "1 to 86400", ASK), ([], "--max-tokens", uints(1, 65536), "1 to 65536", ASK),
    ([], "--candidates", uints(1, 64), "1 to", ASK), ([], "-n", uints(1, 64), "1 to", ASK),
    ([], "--top-k", uints(0, 1 << 22), "0 to 4194304", ASK), ([], "--repeat-last", uints(0, 4096), "0 to 4096", ASK),
    ([], "--seed", (["-1", "x", "", "1.0", str(1 << 64)], ["0", str((1 << 64) - 1)]), "whole number", ASK),
    ([], "--temperature", reals("0", "100", "-0.1", "100.5"), "0 to 100", ASK),
    ([], "--top-p", reals("0.000001", "1", "0", "1.1"), "to 1", ASK),
    ([], "--min-p", reals("0", "0.999", "-1", "1"), "0 to 0.999", ASK),
    ([], "--repeat-penalty", reals("0.01", "10", "0", "11"), "to 10", ASK),
    ([], "--output", choices("plain", "json", "yaml"), "plain|json|yaml", ASK), ([], "-o", choices("plain", "json", "yaml"), "plain|json|yaml", ASK),
    ([], "--log", choices("off", "debug"), "off|debug", ASK),
    ([], "--shell", choices("bash", "zsh", "sh", "fish"), "bash|zsh|sh|fish", ASK),
    ([], "--backend", choices("cpu", "auto"), "cpu|ollama|vllm|auto", ASK), ([], "--auto-order", (["", "none", "cpu,", "cpu|vllm"], ["cpu"]), "cpu|ollama|vllm", ASK),
    ([], "--connect-timeout", reals("0.01", "3600", "0", "3601"), "to 3600", ASK),
    ([], "--first-byte-timeout", reals("0.01", "86400", "0", "86401"), "to 86400", ASK),
    (["bench"], "--prompt", uints(1, 65536), "1 to 65536", []), (["bench"], "--decode", uints(1, 65536), "1 to 65536", []),
    (["bench"], "--batch", uints(1, 64), "1 to 64", []), (["bench"], "--repeat", uints(1, 1000), "1 to 1000", []),
    (GENERATE, "--top", uints(0, 100), "0 to 100", []), (GENERATE, "-n", uints(1, 4096), "", []),
]


@case("value refused: {1}", VALUES)
def _(command, option, values, words, rest):
    for value in values[0]:
        # "--option=" is the form that can hold every value
        joined = [option + "=" + value] if option[1] == "-" else [option, value]
        if option == "--backend" and value == "none":
            continue
        named = "-n" if value == "65" and option == "--candidates" else option  # the limit of one command among several
        run(*command, *joined, *NOWHERE, *rest).fails(2, named, words)


@case("value accepted: {1}", VALUES)
def _(command, option, values, words, rest):
    for value in values[1]:
        run(*command, option, value, *NOWHERE, *rest).has_status(4)


@case("an option without its value: {0}", ["--model", "-m", "-n", "--threads", "-vm"])
def _(option):
    run(option).fails(2, "needs a value")


@case("a flag with a value: {0}", ["--json=1", "--verbose=", "--help=yes"])
def _(option):
    run(option, "x").fails(2, "takes no value", option.split("=")[0])


@case("letters together: {0}", ["-vqn2", "-vn 2", "-qvn=2"])
def _(words):
    r = run(*words.split(), *NOWHERE, "what", "now")
    r.fails(2, "-n") if "=" in words else r.fails(4, "none.gguf")


@case("the last of several values counts")
def _():
    m = ["-m", models.says("ls")]
    run("-o", "json", "-o", "plain", *m, "list").ok(b"ls\n")
    kit.need(run("-o", "plain", "--json", *m, "list").json()["command"] == "ls", "--json after -o plain")
    run("--json", "-o", "plain", *m, "list").ok(b"ls\n")


# --- names ---------------------------------------------------------------------------------------------------------------

@case("unknown option: {0}", [("--thread", "did you mean --threads?"), ("--modle", "did you mean --model?"),
                              ("--jsno", "did you mean --json?"), ("--temprature=1", "did you mean --temperature?"),
                              ("--ouptut", "did you mean --output?"), ("--zzzzzzzz", "cmdai --help"),
                              ("-Z", "unknown option -Z"), ("-vZ", "unknown option -Z"), ("--" + "x" * 5000, "--help"),
                              ("--\x1b[31m\nred", "unknown option"), ("--é", "unknown option")])
def _(option, hint):
    run(option, "find", "files").fails(2, hint)


@case("an option of another command: {0}", ["--decode 3 what now", "bench --seed 1", "models --temperature 1 inspect x",
                                            "completion -m x bash", "debug tokenize --requantize x"])
def _(words):
    run(*words.split()).fails(2, "does not belong to this command")


# --- what is a request -----------------------------------------------------------------------------------------------------

REQUESTS = [
    (["list", "files"], "list files"), (["ask", "list", "files"], "list files"), (["--", "list", "files"], "list files"),
    (["ask", "--", "--help"], "--help"), (["--", "-o", "json"], "-o json"), (["ask", "models"], "models"),
    (["ask", "check", "disk"], "check disk"), (["models inspect this"], "models inspect this"), (["check my disk"], "check my disk"),
    (["what does ls -l -a do"], "what does ls -l -a do"), (["what", "does", "ls", "-la", "do"], "what does ls -la do"),
    (["what", "is", "-"], "what is -"), (["list", "--", "-o"], "list -o"), (["two words", "three"], "two words three"),
    (["--", "models"], "models"), (["ünïcödé", "文件"], "ünïcödé 文件"), (["  list files\n"], "list files"),
    (["what", "does", "--no-such-option", "do"], "what does --no-such-option do"), (["a\tb"], "a\tb"),
    (["quote\"back\\slash"], "quote\"back\\slash")]


@case("a request: {0!r}", REQUESTS)
def _(words, request):
    got = asked(*words)
    kit.need(got == request, "understood %r" % got)


@case("a command's name after an option is a request")
def _():
    got = asked("-m", models.says("ls"), "models", "inspect")
    kit.need(got == "models inspect", "understood %r" % got)


@case("one argument with a blank is a request whatever it starts with: {0!r}", [
    "-v is what in tar", "--help me with tar", "-x of tar explained", "models inspect x.gguf", "debug this script"])
def _(words):
    got = asked(words)
    kit.need(got == words, "understood %r" % got)


@case("an option after the first word: {0!r}", ["list files -o json", "list files --json", "list -n 3", "list --model=x y",
                                               "list --help", "list -v", "ask list -q", "list -n3", "list --threads 2"])
def _(words):
    run(*words.split(), stdin=b"").fails(2, "after the first word", "--")


@case("what does tar {0} do: an option of SPEC is not a word", ["-x", "-y", "--execute", "--yes", "--dry-run",
                                                               "--safety", "--offline"])
def _(option):
    run("what", "does", "tar", option, "do", env={"CMDAI_MODEL": models.says("ls")}).fails(2, option, "--")


@case("operands that make no sense: cmdai {0}", [
    "models", "models bogus", "models inspect", "models inspect a b", "models quantize a b", "models quantize a b c d",
    "models are nice", "check", "check the disk", "check -- ls -l", "debug", "debug the script", "debug tokenize", "debug tokenize a b", "debug generate x",
    "bench press", "serve the network", "completion", "completion tcsh", "completion bash zsh", "config", "config the network", "config get", "doctor who", "init", "init tcsh",
    "init bash zsh"])
def _(words):
    run(*words.split()).fails(2, "did you mean: cmdai ask " + words.split()[0])


@case("no words at all: cmdai {0!r}", [([],), (["ask"],), (["--"],), (["-v"],), ([""],), (["  "],), (["\n"],),
                                        (["", ""],)])
def _(args):
    run(*args).fails(2, "plain words")


@case("a command's options may stand anywhere")
def _():
    path = models.says("ls")
    whole = run("models", "inspect", path, "--ctx", "64").ok().silent().out
    for args in (["--ctx", "64", "inspect", path], ["inspect", "--ctx=64", path], ["inspect", "--ctx", "64", "--", path]):
        run("models", *args).ok(whole)


@case("after -- a file's name may start with a dash")
def _():
    run("models", "inspect", "--", "-x.gguf").fails(4, "-x.gguf")


# --- environment -----------------------------------------------------------------------------------------------------------

BAD_ENV = [("CMDAI_BACKEND", "cuda"), ("CMDAI_AUTO_ORDER", "cpu,cuda"), ("CMDAI_SHELL", "powershell"), ("CMDAI_OUTPUT", "xml"), ("CMDAI_CANDIDATES", "0"),
           ("CMDAI_TIMEOUT", "0"), ("CMDAI_THREADS", "many"), ("CMDAI_CTX", "-1"), ("CMDAI_MAX_TOKENS", "0"),
           ("CMDAI_TEMPERATURE", "hot"), ("CMDAI_SEED", "x"), ("CMDAI_CANDIDATES", "1000")]


@case("environment: {0}={1} is refused by its name", BAD_ENV)
def _(name, value):
    run(*NOWHERE, "what", "now", env={name: value}).fails(2, "must be" if value != "1000" else "must be 1 to 64")
    if value != "1000":
        run(*NOWHERE, "what", "now", env={name: value}).says(name)


@case("environment: a bad {0} does not stop --help and --version", sorted({n for n, _ in BAD_ENV}))
def _(name):
    run("--help", env={name: "?"}).ok()
    run("--version", env={name: "?"}).ok()


@case("environment: an empty value is none: {0}", sorted({n for n, _ in BAD_ENV} | {"CMDAI_MODEL"}))
def _(name):
    run("-m", models.says("ls"), "list", env={name: ""}).ok(b"ls\n")


def _document(env, *args):
    options = {"CMDAI_OUTPUT": "json", "CMDAI_MODEL": models.script({"\n": [("ls", .6), ("du", .4)]})}
    return run(*args, "list", "files", env={**options, **env}).ok().json()


@case("environment: flags win")
def _():
    env = {"CMDAI_OUTPUT": "json", "CMDAI_MODEL": "/nowhere/none.gguf", "CMDAI_MAX_TOKENS": "1", "CMDAI_BACKEND": "auto",
           "CMDAI_CTX": "1", "CMDAI_TIMEOUT": "1", "CMDAI_THREADS": "2", "CMDAI_SHELL": "fish"}
    m = models.says("ls")
    run("-m", m, "-o", "plain", "--max-tokens", "9", "--ctx", "999", "-s", "sh", "-b", "cpu", "list", env=env).ok(b"ls\n")


@case("environment: CMDAI_MODEL and CMDAI_OUTPUT serve every command that has the option")
def _():
    env = {"CMDAI_MODEL": models.says("ls"), "CMDAI_OUTPUT": "json"}
    kit.need(run("list", env=env).ok().json()["command"] == "ls", "ask")
    kit.need(run("debug", "tokenize", "ab", env=env).ok().json()["ids"], "debug")
    small = ["--prompt", "4", "--decode", "2", "--repeat", "1"]
    kit.need(run("bench", *small, env=env).ok().json()["prompt"] == 4, "bench")


@case("environment: CMDAI_SEED, CMDAI_TEMPERATURE")
def _():
    seeds = [str(i) for i in range(12)]
    by_env = [_document({"CMDAI_SEED": s, "CMDAI_TEMPERATURE": "1"})["command"] for s in seeds]
    by_flag = [_document({}, "--seed", s, "--temperature", "1")["command"] for s in seeds]
    kit.need(by_env == by_flag and set(by_env) == {"ls", "du"}, "%s, but by options %s" % (by_env, by_flag))
    kit.need(_document({"CMDAI_SEED": "3"})["command"] == "ls", "without a temperature the likeliest")


@case("environment: CMDAI_CANDIDATES, CMDAI_CTX, CMDAI_MAX_TOKENS, CMDAI_TIMEOUT")
def _():
    kit.need(len(_document({"CMDAI_CANDIDATES": "16"})["candidates"]) == 2, "both answers among 16")
    env = {"CMDAI_MODEL": models.says("ls"), "CMDAI_CTX": "3"}
    run("list", env=env).fails(2, "context holds 3")
    env = {"CMDAI_MODEL": models.endless(), "CMDAI_MAX_TOKENS": "60000", "CMDAI_CTX": "65536", "CMDAI_TIMEOUT": "1"}
    run("list", env=env).fails(8, "timed out")
