"""What the program keeps on disk of a prompt's beginning. The model is so deep that computing the system message takes longer
than what is not worth keeping; its answer comes out of attention over the whole prompt, so that a wrong beginning is seen."""
import glob
import hashlib
import os
import shutil
import stat
import struct

import kit
import models
from kit import case, need, run

HEARS = {"alpha": [("ls", 0.9), ("pwd", 0.1)], "golf": [("git status", 0.7), ("id", 0.3)]}
_made = []


def depth():
    """Layers of the model: under a sanitizer a few take as long."""
    return 96 if kit.Settings.slow <= 2 else 16


def deep():
    """The model; one for all cases."""
    if not _made:
        _made.append(models.listener(HEARS, name="deep", layers=depth()))
    return _made[0]


class Place:
    """A folder for what is kept."""

    def __init__(self):
        self.cache = kit.fresh()
        self.folder = os.path.join(self.cache, "prefix")

    def ask(self, *words, options=(), env=None):
        """The JSON document of an answer."""
        env = {"CMDAI_CACHE_DIR": self.cache, **(env or {})}
        return run("--json", "-m", deep(), *options, *words, env=env, limit=60).ok().json()

    def plain(self, *words, options=(), env=None):
        return run("-m", deep(), *options, *words, env={"CMDAI_CACHE_DIR": self.cache, **(env or {})}, limit=60)

    def files(self):
        return sorted(glob.glob(os.path.join(self.folder, "*")))

    def file(self):
        files = self.files()
        need(len(files) == 1, "%d files instead of one" % len(files))
        return files[0]


def same(a, b):
    """Two documents of one answer, but for times and where the prompt came from."""
    for document in (a, b):
        document.pop("timing_ms")
        document["tokens"].pop("cached")
    need(a == b, "another answer: %r and %r" % (a, b))


@case("prefix: the second program has it, and answers alike")
def _():
    p = Place()
    first, second, other = p.ask("alpha"), p.ask("alpha"), p.ask("please", "golf")
    need(first["command"] == "ls" and other["command"] == "git status", "not what the model says")
    need(first["tokens"]["cached"] == 0, "it had something already")
    prompt, cached = second["tokens"]["prompt"], second["tokens"]["cached"]
    need(prompt / 2 < cached < prompt, "%d of %d tokens were kept" % (cached, prompt))
    need(other["tokens"]["cached"] == cached, "not the same beginning")
    same(first, second)
    need(p.files() == [p.file()], "one beginning, one file")


@case("prefix: the file, as another reader sees it")
def _():
    p = Place()
    p.ask("alpha")
    cached = p.ask("alpha")["tokens"]["cached"]
    with open(p.file(), "rb") as f:
        data = f.read()
    need(data[:64].decode() == hashlib.sha256(data[64:]).hexdigest(), "the sum")
    need(data[64:72] == b"cmdaikv\0", "the magic")
    version, n, size, layers, heads, dim, kind = struct.unpack_from("=IIQIIII", data, 72)
    need((version, n, size) == (1, cached, len(data)), "version, tokens, size")
    need((layers, heads, dim, kind) == (depth(), 1, models.HEAD_DIM, 1), "the shape")
    need(os.path.basename(p.file()) == data[128:192].decode() + ".kv", "the key")
    tokens = struct.unpack_from("=%dI" % n, data, 192)
    need(bytes(t for t in tokens if t < 256).startswith(b"system\nYou turn"), "the tokens")
    need(b"alpha" not in bytes(t for t in tokens if t < 256), "words of the user")
    need(len(data) == 192 + (4 * n + 63) // 64 * 64 + 2 * layers * heads * dim * 2 * n, "the state's size")


@case("prefix: nobody else may read it, whatever the umask")
def _():
    p = Place()
    old = os.umask(0)
    try:
        p.ask("alpha")
    finally:
        os.umask(old)
    need(stat.S_IMODE(os.stat(p.file()).st_mode) == 0o600, "the file's mode")
    need(stat.S_IMODE(os.stat(p.folder).st_mode) == 0o700, "the folder's mode")


@case("prefix: a damaged file is said with -v, and replaced")
def _():
    p = Place()
    good = p.ask("golf")
    with open(p.file(), "r+b") as f:
        f.seek(-1000, os.SEEK_END)
        f.write(b"\x7f" * 100)
    p.plain("golf").ok(b"git status\n").silent()
    with open(p.file(), "r+b") as f:
        f.truncate(500)
    p.plain("golf", options=["-v"]).ok(b"git status\n").says("isn't used", "500 bytes", "(0 kept)")
    again = p.ask("golf")
    need(again["tokens"]["cached"] > 0, "not replaced")
    same(good, again)


@case("prefix: no place for it is no error")
def _():
    p = Place()
    os.mkdir(p.folder, 0o755)
    os.chmod(p.folder, 0o755)
    p.plain("alpha").ok(b"ls\n").silent()
    p.plain("alpha", options=["-v"]).ok(b"ls\n").says("isn't kept", "open to other users")
    need(p.files() == [], "it was written all the same")
    shutil.rmtree(p.cache)
    with open(p.cache, "wb"):
        pass
    p.plain("alpha").ok(b"ls\n").silent()
    p.plain("alpha", env={"CMDAI_CACHE_DIR": None, "HOME": None}).ok(b"ls\n").silent()
    p.plain("alpha", env={"CMDAI_CACHE_DIR": "/proc/self/no"}, options=["--offline"]).ok(b"ls\n").silent()


@case("prefix: a model with the name and size of another")
def _():
    p = Place()
    mine = kit.fresh("model.gguf")
    shutil.copyfile(deep(), mine)
    ask = lambda: run("--json", "-m", mine, "alpha", env={"CMDAI_CACHE_DIR": p.cache}, limit=60).ok().json()
    need(ask()["tokens"]["cached"] == 0 and ask()["tokens"]["cached"] > 0, "of the first")
    swapped = {"alpha": [("ls", 0.1), ("pwd", 0.9)], "golf": HEARS["golf"]}
    other = models.listener(swapped, name="deep", layers=depth())
    need(os.path.getsize(other) == os.path.getsize(mine), "not of one size")
    os.replace(other, mine)
    answer = ask()
    need(answer["tokens"]["cached"] == 0 and answer["command"] == "pwd", "the state of another model")


@case("prefix: only what ends after one answer keeps it")
def _():
    p = Place()
    env = {"CMDAI_CACHE_DIR": p.cache}
    run("debug", "generate", "-m", deep(), "--text", "alpha", "-n", "2", env=env, limit=60).ok()
    need(p.files() == [], "debug wrote something")
    run("find", "the", "largest", "file", env=env, limit=60)
    need(p.files() == [], "the embedded model needs none")


@case("prefix: models prune empties the folder, of what is ours")
def _():
    p = Place()
    p.ask("alpha")
    size = os.path.getsize(p.file())
    theirs = os.path.join(p.folder, "notes.txt")
    with open(theirs, "wb") as f:
        f.write(b"x")
    r = run("models", "prune", env={"CMDAI_CACHE_DIR": p.cache}).ok()
    r.says("%.1f MB freed" % (size / 1e6))
    need(p.files() == [theirs], "left: %r" % p.files())
    need(p.ask("alpha")["tokens"]["cached"] == 0, "it wasn't removed")
    run("models", "prune", env={"CMDAI_CACHE_DIR": kit.fresh()}).ok().says("0.0 MB freed")
