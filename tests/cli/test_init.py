"""cmdai init: the key in real shells, on a terminal. It fills the line, it never runs anything."""
import os
import pty
import select
import subprocess
import termios
import time

import kit
import models
from kit import case, need, run

SHELLS = ["bash", "zsh", "fish"]
KEY = b"\x18\x01"
START = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}
LOAD = {"bash": 'eval "$(cmdai init bash%s)"', "zsh": 'eval "$(cmdai init zsh%s)"', "fish": "cmdai init fish%s | source"}


def code(shell, *options):
    """What `cmdai init SHELL` prints."""
    return run("init", shell, *options).ok().silent().out


class Session:
    """A shell on a terminal of its own, with cmdai in its PATH."""

    def __init__(self, shell, model, options="", start=None, **env):
        self.folder = kit.fresh()
        programs = kit.fresh()
        # What the shell hands over is written down, and then it is cmdai itself.
        with open(programs + "/cmdai", "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nprintf '%%s\\0' \"$@\" >>'%s/words'\nexec '%s' \"$@\"\n" % (programs, kit.Settings.program))
        os.chmod(programs + "/cmdai", 0o755)
        self.words = programs + "/words"
        env = kit.environment({"PATH": programs + ":" + os.environ["PATH"], "CMDAI_MODEL": model, "PS1": "$ ", "HOME": kit.fresh(),
                               **env})
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 200))
        kit.command(shell)
        self.process = subprocess.Popen(start or START[shell], stdin=slave, stdout=slave, stderr=slave, env=env, cwd=self.folder,
                                        preexec_fn=kit._own_terminal)
        os.close(slave)
        self.master, self.seen = master, b""
        self.type(LOAD[shell] % options + "\r")
        self.run("echo rea''dy", b"ready")

    def type(self, text):
        """Keys, as they are."""
        os.write(self.master, text if isinstance(text, bytes) else text.encode())

    def read(self, seconds):
        """What appears meanwhile."""
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                pass

    def until(self, text, limit=20):
        """Waits until a text appears behind what was waited for before."""
        end = time.monotonic() + limit * kit.Settings.slow
        while text not in self.seen:
            need(time.monotonic() < end, "waited in vain for %r; on the terminal: %r" % (text, self.seen[-3000:]))
            self.read(0.1)
        self.seen = self.seen[self.seen.index(text) + len(text):]
        return self

    def run(self, line, wait):
        """Types a line and waits for what it prints."""
        self.type(line + "\r")
        return self.until(wait)

    def ask(self, request, asked, key=KEY):
        """Types a request and the key; waits for the program to be asked `asked` times in all, and to be done."""
        self.type(request)
        time.sleep(0.1)
        self.type(key)
        kit.wait_for(lambda: len(self.requests()) >= asked, "the key to ask cmdai; on the terminal: %r" % self.seen[-2000:], 20)
        return self

    def requests(self):
        """The last word of every call but `init`'s."""
        try:
            with open(self.words, "rb") as f:
                words = f.read().split(b"\0")[:-1]
        except FileNotFoundError:
            return []
        return [words[i + 1].decode() for i, w in enumerate(words[:-1]) if w == b"--"]

    def path(self, name):
        """Of a file in the shell's folder."""
        return os.path.join(self.folder, name)

    def close(self):
        """Ends the shell."""
        os.close(self.master)
        self.process.kill()
        self.process.wait()


def session(shell, says, options="", start=None, **env):
    """A session with a model that always says this."""
    return Session(shell, models.says(says), options, start, **env)


@case("{0}: syntax", SHELLS)
def _(shell):
    for options in ([], ["--key", "alt-i"], ["--key", "ctrl-x,g"]):
        argv = [kit.command(shell), "-n"] + ([] if shell == "bash" else ["-f"] if shell == "zsh" else ["--no-config"])
        path = kit.file_with(code(shell, *options))
        p = subprocess.run([*argv, path], capture_output=True, timeout=60, env=kit.environment(), check=False)
        need((p.returncode, p.stdout, p.stderr) == (0, b"", b""), p)


@case("bash: shellcheck has nothing to say")
def _():
    p = subprocess.run([kit.command("shellcheck"), "-s", "bash", "-"], input=code("bash"), capture_output=True, timeout=60, check=False)
    need(p.returncode == 0, p.stdout.decode())


@case("{0}: nothing is printed or bound where nobody types", SHELLS)
def _(shell):
    path = kit.file_with(code(shell))
    argv = [kit.command(shell)] + ([] if shell == "bash" else ["-f"] if shell == "zsh" else ["--no-config"])
    p = subprocess.run([*argv, path], capture_output=True, timeout=60, env=kit.environment(), stdin=subprocess.DEVNULL, check=False)
    need((p.stdout, p.stderr) == (b"", b""), p)


@case("{0}: the default key is not taken", SHELLS)
def _(shell):
    ask = {"bash": ("bind -p; bind -X; bind -s", b'"\\C-x\\C-a"'), "zsh": ("bindkey -L", b'"^X^A"'), "fish": ("bind", b"\\cx\\ca")}
    line, key = ask[shell]
    argv = [*START[shell][:-1], "-i", "-c", line]
    kit.command(shell)
    p = subprocess.run(argv, capture_output=True, timeout=60, env=kit.environment(), stdin=subprocess.DEVNULL, check=False)
    need(len(p.stdout) > 500 and key not in p.stdout, p.stdout)


@case("{0}: the line becomes the command, and is not run before Enter", SHELLS)
def _(shell):
    s = session(shell, "echo do''ne > made; cat made")
    s.ask("make a file", 1)
    s.until(b"cat made")
    need(s.requests() == ["make a file"], s.requests())
    time.sleep(0.3)
    need(not os.path.exists(s.path("made")), "it was run")
    s.run("", b"done")
    need(os.path.exists(s.path("made")), "it was not run by Enter")
    s.close()


@case("{0}: odd text reaches the model as it is, and none of it is run", SHELLS)
def _(shell):
    s = session(shell, "true")
    odd = "it's \"odd\" $(touch pwned) `touch pwned` ; touch pwned # $HOME %s \\ * -x --yes é {a,b} !x"
    if shell == "bash":  # "!x" is an event there when Enter is typed, not before
        s.run("set +H; echo o''ff", b"off")
    s.ask(odd, 1)
    need(s.requests() == [odd], s.requests())
    s.until(b"true")
    s.run("; echo en''d", b"end")
    need(not os.path.exists(s.path("pwned")), "a part of the request was run")
    s.close()


@case("{0}: a request that looks like an option or a command of ours is a request", SHELLS)
def _(shell):
    s = session(shell, "true")
    s.ask("--version", 1).until(b"true")
    s.run("; echo en''d", b"end")
    s.ask("doctor", 2).until(b"true")
    need(s.requests() == ["--version", "doctor"], s.requests())
    s.close()


@case("{0}: what is blocked leaves the line and shows the reason", SHELLS)
def _(shell):
    s = session(shell, "rm -rf / --no-preserve-root")
    s.ask("echo ke''pt", 1)
    s.until(b"blocked: ").until(b"critical")
    time.sleep(0.3)
    s.run("", b"kept")
    s.close()


@case("{0}: a format that the configuration asks for doesn't get into the line", SHELLS)
def _(shell):
    s = session(shell, "echo do''ne", CMDAI_OUTPUT="json")
    s.ask("anything", 1).until(b"do''ne")
    s.run("", b"done")
    s.close()


@case("{0}: what needs a second look comes with a warning", SHELLS)
def _(shell):
    s = session(shell, "git push --force || echo fa''iled")
    s.ask("publish it", 1)
    s.until(b"look twice").until(b"high: ").until(b"git push --force ||")
    s.run("", b"failed")
    s.close()


@case("{0}: a failure leaves the line", SHELLS)
def _(shell):
    s = Session(shell, "/no/such/model.gguf")
    s.ask("echo ke''pt", 1)
    s.until(b"can't open")
    time.sleep(0.3)
    s.run("", b"kept")
    s.close()


@case("{0}: a model that isn't here is named and not asked about", SHELLS)
def _(shell):
    s = Session(shell, "qwen2.5-coder-0.5b-q4_k_m")
    s.ask("echo ke''pt", 1)
    s.until(b"cmdai models pull")
    time.sleep(0.3)
    need(b"[y/N]" not in s.seen, s.seen)
    s.run("", b"kept")
    s.close()


@case("{0}: quotes come whole", SHELLS)
def _(shell):
    s = session(shell, "printf '%s|' \"a  b\" 'c$d' >made && echo do''ne")
    s.ask("quote", 1).until(b"made")
    s.run("", b"done")
    with open(s.path("made"), encoding="utf-8") as f:
        text = f.read()
    need(text == "a  b|c$d|", text)
    s.close()


@case("{0}: a command of several lines comes whole", SHELLS)
def _(shell):
    s = session(shell, "```\necho 'a\n\n b' >made && echo do''ne\n```")
    s.ask("two", 1).until(b"do''ne")
    time.sleep(0.2)
    need(not os.path.exists(s.path("made")), "it was run")
    s.run("", b"done")
    with open(s.path("made"), encoding="utf-8") as f:
        text = f.read()
    need(text == "a\n\n b\n", text)
    s.close()


@case("{0}: an empty line does nothing", SHELLS)
def _(shell):
    s = session(shell, "true")
    s.type(b"   ")
    s.type(KEY)
    s.run("echo st''ill", b"still")
    need(not s.requests(), s.requests())
    s.close()


@case("{0}: another key, with --key {1}", [(s, k) for s in SHELLS for k in ("alt-i", "ctrl-g", "ctrl-x,a")])
def _(shell, key):
    typed = {"alt-i": b"\x1bi", "ctrl-g": b"\x07", "ctrl-x,a": b"\x18a"}[key]
    s = session(shell, "echo do''ne", " --key " + key)
    s.ask("anything", 1, typed)
    s.until(b"do''ne")
    s.run("", b"done")
    s.close()


@case("--key {0}: {1}", [
    ("a", "ctrl-"), ("ctrl-", "expected"), ("ctrl-m", "terminal"), ("ctrl-c", "terminal"), ("ctrl-x,", "expected"), ("", "expected"),
    ("ctrl-x,ctrl-x,ctrl-x,a", "at most"), ("ctrl-';touch x;'", "expected"), ("hyper-a", "expected"), ("ctrl-x ctrl-a", "expected")])
def _(key, says):
    for shell in SHELLS:
        run("init", shell, "--key", key).fails(2, "--key", says)


@case("words that are no shell are refused")
def _():
    run("init").fails(2, "cmdai init bash|zsh|fish", "cmdai ask init")
    run("init", "tcsh").fails(2, "cmdai ask init")
    run("init", "bash", "zsh").fails(2, "cmdai ask init")


@case("{0}: a broken configuration doesn't break the start of a shell", SHELLS)
def _(shell):
    home = kit.fresh()
    os.makedirs(home + "/.config/cmdai")
    with open(home + "/.config/cmdai/config.yaml", "w", encoding="utf-8") as f:
        f.write("safty: strict\n")
    need(run("init", shell, env={"HOME": home}).ok().silent().out == code(shell), "other code")


@case("completions come with it")
def _():
    for shell in ("bash", "fish"):
        need(run("completion", shell).ok().out in code(shell), shell)
    script = code("zsh").decode()
    need(run("completion", "zsh").ok().out.decode() in script and "compdef _cmdai cmdai" in script, "zsh")


@case("{0}: also with the keys of vi", SHELLS)
def _(shell):
    # Without its configuration fish 3.6 is deaf in this mode.
    s = session(shell, "echo do''ne", start=["fish", "-i"] if shell == "fish" else None)
    s.run({"bash": "set -o vi", "zsh": "bindkey -v", "fish": "fish_vi_key_bindings insert"}[shell] + "; echo v''i", b"vi")
    s.ask("anything", 1)
    s.until(b"do''ne")
    s.run("", b"done")
    s.close()


@case("fish: the answer and its status never change places")
def _():
    programs = kit.fresh()
    with open(programs + "/cmdai", "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\necho a message >&2\necho one; echo '  two'\nexit 7\n")
    os.chmod(programs + "/cmdai", 0o755)
    script = code("fish") + b"""
function commandline
  test "$argv[1]" = -b; and echo request
  test "$argv[1]" = -r; and echo "<$argv[3]>"
end
for i in (seq 300); _cmdai_line; end
"""
    p = subprocess.run([kit.command("fish"), "--no-config"], input=script, capture_output=True, timeout=100, check=False,
                       env=kit.environment({"PATH": programs + ":" + os.environ["PATH"]}))
    need(p.stdout == b"<one\n  two>\n" * 300 and p.stderr.count(b"a message\n") == 300, p.stdout[-2000:] + p.stderr[-500:])
