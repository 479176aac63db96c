"""What can go wrong on the way out, and what a terminal gets to see."""
import os

import kit
import models
from kit import case, need, run

ODD = "for i in *; do\n  printf 'a\x1b[31mred\x1b[0m\x07\u202e\u2066\u200b\x7f\x9b1m\te'\ndone"


def commands():
    """Everything that writes to stdout."""
    m = models.says("ls")
    small = ["--prompt", "4", "--decode", "2", "--repeat", "1"]
    return {"ask": ["-m", m, "list"], "ask JSON": ["--json", "-m", m, "list"], "version": ["--version"],
            "help": ["--help"], "inspect": ["models", "inspect", m], "tokenize": ["debug", "tokenize", "-m", m, "ab"],
            "tokenize JSON": ["debug", "tokenize", "--json", "-m", m, "ab"],
            "generate": ["debug", "generate", "-m", m, "--text", "ab", "-n", "3"],
            "bench": ["bench", "-m", m, *small], "bench JSON": ["bench", "--json", "-m", m, *small],
            "completion": ["completion", "bash"], "man": ["completion", "man"]}


NAMES = ("ask", "ask JSON", "version", "help", "inspect", "tokenize", "tokenize JSON", "generate", "bench", "bench JSON",
         "completion", "man")


# --- stdout and stderr that don't work ---------------------------------------------------------------------------------------

@case("stdout closed: {0}", NAMES)
def _(name):
    run(*commands()[name], stdout=None, close=[1]).has_status(1).one_line("stdout")


@case("stdout is a pipe that nobody reads: {0}", NAMES)
def _(name):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run(*commands()[name], stdout=writer).has_status(1).one_line("stdout")
    finally:
        os.close(writer)


@case("stdout is a full disk: {0}", NAMES)
def _(name):
    if not os.path.exists("/dev/full"):
        raise kit.Skip("no /dev/full")
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        run(*commands()[name], stdout=full).has_status(1).one_line("stdout", "No space left")
    finally:
        os.close(full)


@case("stdout can only be read")
def _():
    null = os.open("/dev/null", os.O_RDONLY)
    try:
        run(*commands()["ask"], stdout=null).has_status(1).one_line("stdout")
    finally:
        os.close(null)


@case("stdout is a file that must not grow")
def _():
    path = kit.fresh("out")
    with open(path, "wb") as f:
        run(*commands()["inspect"], stdout=f.fileno(), limits=[(1, 100)]).has_status(1).one_line("stdout", "File too large")


@case("a failure keeps its status when its JSON can't be written, too")
def _():
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        r = run("--json", "-m", "/nowhere/none", "list", stdout=full).has_status(1)
        r.says("/nowhere/none", "No space left")
    finally:
        os.close(full)


@case("stderr closed: {0}", ["ask", "failure", "notes"])
def _(name):
    m = models.script({"\n": [("ls", .6), ("pwd", .4)]})
    args = {"ask": ["-m", m, "list"], "failure": ["-m", "/nowhere/none", "list"], "notes": ["-v", "-n", "9", "-m", m, "list"]}
    r = run(*args[name], stderr=None, close=[2]).has_status(4 if name == "failure" else 0)
    need(r.out == (b"" if name == "failure" else b"ls\n"), r.out)


@case("stderr is a full disk or a pipe that nobody reads")
def _():
    reader, writer = os.pipe()
    os.close(reader)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        for fd in (writer, full):
            r = run("-v", "-m", models.says("ls"), "list", stderr=fd).ok(b"ls\n")
            r = run("-m", "/nowhere/none", "list", stderr=fd).has_status(4)
    finally:
        os.close(full)
        os.close(writer)


@case("all three closed")
def _():
    run("-m", models.says("ls"), "list", stdin=None, stdout=None, stderr=None, close=[0, 1, 2]).has_status(1)


@case("messages to a closed stderr do not land in the file being written")
def _():
    source, out = models.says("ls"), kit.fresh("out.gguf")
    run("models", "quantize", source, out, "Q8_0").ok(b"")
    with open(out, "rb") as f:
        right = f.read()
    for close in ([2], [1, 2], [0, 1, 2]):
        run("models", "quantize", "-v", source, out, "Q8_0", stdin=None, stdout=None, stderr=None, close=close).has_status(0)
        with open(out, "rb") as f:
            need(f.read() == right, "with %s closed the file differs" % close)


# --- terminals -----------------------------------------------------------------------------------------------------------------

def harmless(data):
    """Whether a terminal shows these bytes as they are, line by line."""
    text = data.decode("utf-8")
    return not any(ord(c) < 0x20 and c != "\n" or 0x7F <= ord(c) < 0xA0 or c in "\u200b\u202e\u2066\u2028" for c in text)


@case("a terminal gets one line with everything odd spelled out")
def _():
    r = kit.run_on_terminal("-m", models.says(ODD), "list").has_status(7)
    need(harmless(r.out) and r.out.count(b"\n") == 1 and r.out.endswith(b"\n"), "on the terminal: %r" % r.out)
    for word in (b"\\x1b[31mred", b"\\x07", b"\\u202e", b"do\\n  printf", b"\\t", b"\\u2066", b"\\x7f", b"\\u009b"):
        need(word in r.out, "no %r in %r" % (word, r.out))


@case("a terminal gets an ordinary command as it is")
def _():
    for text in ("find . -name '*.c' -exec wc -l {} \\;", "echo 'ünïcödé 文件 🎉'", "grep -E 'a\\\\n' \"x\""):
        kit.run_on_terminal("-m", models.says(text), "list").ok(text.encode() + b"\n").silent()


@case("a terminal gets JSON, candidates, notes and messages without raw odd bytes")
def _():
    table = {"\n": [("ls", .3), (ODD, .3), ("id\x1b[2J", .4)]}
    for args in (["--json", "-n", "32"], ["-n", "32"], ["-v", "-n", "32"]):
        r = kit.run_on_terminal("-m", models.script(table, name="x\x1b[1m"), *args, "list", stderr_too=True).has_status(0)
        need(harmless(r.out), "on the terminal: %r" % r.out)
    for args in (["-m", "/nowhere/\x1b[31m\u202e\n.gguf", "x"], ["--\x1b[31m"], ["-o", "\x1b[31m", "x"], ["models", "\x1b"]):
        r = kit.run_on_terminal(*args, stderr_too=True)
        need(r.status in (2, 4) and harmless(r.out), "on the terminal: %r" % r.out)


@case("a terminal gets inspect and tokenize without raw odd bytes")
def _():
    path = models.altered(metadata={"general.name": (models.STRING, "evil\x1b[31m\u202e\nname")})
    r = kit.run_on_terminal("models", "inspect", path, stderr_too=True).has_status(0)
    need(harmless(r.out) and b"evil\\x1b[31m" in r.out, r.out[:400])
    r = kit.run_on_terminal("debug", "tokenize", "--json", "-m", path, "a\x1b[31m\u202e").has_status(0)
    need(harmless(r.out), r.out)


@case("no colours on a terminal that can't show them, none with NO_COLOR")
def _():
    for env in ({"TERM": "dumb"}, {"NO_COLOR": "1"}):
        r = kit.run_on_terminal("-v", "-m", models.says("ls"), "list", stderr_too=True, env=env).has_status(0)
        need(b"\x1b" not in r.out, r.out)
