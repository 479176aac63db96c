"""Shell completions and the man page, tried by the programs that read them."""
import re
import subprocess

import kit
from kit import case, need, run


def written(kind):
    """What `cmdai completion KIND` writes."""
    return run("completion", kind).ok().silent().out


def fed(argv, data):
    """Runs a program of this machine on data; its (status, stdout, stderr)."""
    argv = [kit.command(argv[0]), *argv[1:]]
    p = subprocess.run(argv, input=data, capture_output=True, timeout=60, env=kit.environment(), check=False)
    return p.returncode, p.stdout, p.stderr


def options():
    """Long names of all options, from the help of all commands."""
    names = set()
    for name in ("ask", "models", "bench", "debug", "config", "doctor", "init", "completion"):
        names |= set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", run(name, "--help").ok().out.decode(), re.M))
    need(len(names) > 25, names)
    return names


@case("{0}: every option and every command is there, in ASCII", ["bash", "zsh", "fish", "man"])
def _(kind):
    text = written(kind).decode("ascii").replace("\\-", "-")
    for name in sorted(options()):
        shown = "-l " + name[2:] if kind == "fish" else name
        need(re.search(re.escape(shown) + r"(?![\w-])", text), "no " + name)
    for name in ("ask", "models", "bench", "debug", "config", "doctor", "init", "completion"):
        need(re.search(r"\b%s\b" % name, text), "no " + name)


@case("bash: syntax")
def _():
    status, out, err = fed(["bash", "-n"], written("bash"))
    need((status, out, err) == (0, b"", b""), err)


@case("bash: shellcheck has nothing to say")
def _():
    status, out, _ = fed(["shellcheck", "-s", "bash", "-"], written("bash"))
    need(status == 0, out.decode())


@case("bash: completes {0!r} to {1}", [
    ("cmdai --thr", "--threads"), ("cmdai mod", "models"), ("cmdai ask --temp", "--temperature"), ("cmdai --no-such", ""),
    ("cmdai -m some", "some file.gguf"), ("cmdai models inspect some", "some file.gguf")])
def _(line, wanted):
    folder = kit.fresh()
    with open(folder + "/some file.gguf", "wb"):
        pass
    words = line.split()
    script = written("bash") + b"cd '%s'\nCOMP_WORDS=(%s); COMP_CWORD=%d; _cmdai\nprintf '%%s\\n' \"${COMPREPLY[@]}\"\n" % (
        folder.encode(), line.encode(), len(words) - 1)
    status, out, err = fed(["bash", "--norc"], script)
    need(status == 0 and err == b"" and out.decode().strip() == wanted, "%r %r" % (out, err))


@case("{0}: syntax", ["zsh", "fish"])
def _(shell):
    status, out, err = fed([shell, "-n", "-f" if shell == "zsh" else "-"][:3 if shell == "zsh" else 2], written(shell))
    need((status, out, err) == (0, b"", b""), "%r %r" % (out, err))


@case("fish: descriptions as they are meant")
def _():
    status, out, err = fed(["fish", "--no-config"], written("fish") + b"\ncomplete -C 'cmdai --cand'\n")
    need(status == 0 and err == b"", err)
    need(b"--candidates" in out and b"(debug generate: tokens)" in out, out)


@case("man: groff has no warning, and shows every section")
def _():
    status, out, err = fed(["groff", "-man", "-ww", "-Tascii", "-P-cbou"], written("man"))
    need(status == 0 and err == b"", err.decode())
    text = out.decode("ascii")
    for title in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXIT STATUS"):
        need(re.search("^%s$" % title, text, re.M), "no section " + title)


@case("man: names of variables are not broken at the end of a line")
def _():
    _, out, _ = fed(["groff", "-man", "-Tascii", "-P-cbou"], written("man"))
    text = out.decode("ascii")
    names = set(re.findall(r"CMDAI_\w+", run("--help").ok().out.decode()))
    need(len(names) > 8, names)
    for name in sorted(names):
        need(re.search(name + r"\b", text), name + " is broken up")


@case("man: the options say the same as --help")
def _():
    text = " ".join(written("man").decode().replace("\\-", "-").replace("\\&", "").split())
    for line in run("--help").ok().out.decode().splitlines():
        found = re.match(r" +(?:-\w, )?--[\w-]+(?: [A-Z]+)? +([^\[(]+)", line)
        if found:
            part = found[1].strip().rstrip(":").split(": ")[0]
            need(part in text, "the man page lacks: " + part)
