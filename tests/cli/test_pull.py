"""Models from a hub that misbehaves on demand (tests/fake/hub.c), and the store that they come into. Whatever happens, a
download ends in a whole file or in one clear error."""
import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import time
import urllib.request

import kit
import models
from kit import case, need, run
from schema import Schema

ROUNDS = int(os.environ.get("CM_KILL_ROUNDS", "10"))


# --- the hub -------------------------------------------------------------------------------------------------------------

class Hub:
    """A running hub and a folder for models; `files` is what it serves."""

    def __init__(self, process, files, scheme):
        self.process, self.files, self.scheme = process, files, scheme
        self.port, self.cdn = (int(word) for word in process.stdout.readline().split())
        self.url = "%s://127.0.0.1:%d" % (scheme, self.port)
        self.cache = kit.fresh()
        self.env = {"HF_ENDPOINT": self.url, "CMDAI_CACHE_DIR": self.cache}

    def add(self, name, data):
        """Serves these bytes under a name; their hash."""
        with open(os.path.join(self.files, name), "wb") as f:
            f.write(data)
        return hashlib.sha256(data).hexdigest()

    def pull(self, *args, env=None, **options):
        """cmdai models pull, without pauses."""
        return run("models", "pull", "--pause", "0", *args, env={**self.env, **(env or {})}, **options)

    def run(self, *args, env=None, **options):
        """The program, with this store."""
        return run(*args, env={**self.env, **(env or {})}, **options)

    def requests(self):
        """What was asked for: (where, path, range, if-range, authorization)."""
        with urllib.request.urlopen(self.url + "/requests") as answer:
            lines = answer.read().decode().splitlines()
        return [re.fullmatch(r"(hub|cdn) (\S+) range=(.*) if-range=(.*) auth=(.*)", line).groups() for line in lines]

    def manifest(self):
        """The manifest, held to its schema."""
        with open(os.path.join(self.cache, "models", "manifest.json"), encoding="utf-8") as f:
            document = json.load(f)
        Schema(os.path.join(kit.ROOT, "schemas", "cmdai.manifest.1.json")).check(document)
        return document

    def is_clean(self):
        """Nothing unfinished stands in the store, and what stands there is what the manifest says."""
        folder = os.path.join(self.cache, "models")
        names = set(os.listdir(folder)) if os.path.isdir(folder) else set()
        names -= {"manifest.json", "manifest.lock", "pull.lock"}
        rows = self.manifest()["models"] if os.path.exists(os.path.join(folder, "manifest.json")) else []
        need(names == {row["file"] for row in rows}, "in the store are %s" % sorted(names))
        for row in rows:
            with open(os.path.join(folder, row["file"]), "rb") as f:
                need(hashlib.sha256(f.read()).hexdigest() == row["sha256"], "%s is corrupt" % row["id"])
        return rows


@contextlib.contextmanager
def hub(*more, scheme="http"):
    """A hub with model.gguf, some 400 kB, and another model of the same name for later."""
    files = kit.fresh()
    process = subprocess.Popen([kit.tool("hub"), files, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        h = Hub(process, files, scheme)
        h.sum = h.add("model.gguf", fixture("tiny-F32.gguf"))
        h.next = h.add("model.gguf.next", fixture("tiny-F16.gguf"))
        yield h
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def fixture(name):
    """Bytes of a model of the project."""
    with open(os.path.join(kit.ROOT, "tests", "fixtures", "models", name), "rb") as f:
        return f.read()


def large(megabytes):
    """Bytes of a model file of this size; nobody could ask it anything."""
    path = kit.fresh("large.gguf")
    columns, rows = 1024, megabytes * 256
    models.write(path, {"general.architecture": (models.STRING, "none")},
                 {"blob.weight": ((columns, rows), models.TYPE_F32, random.Random(7).randbytes(columns * rows * 4))})
    with open(path, "rb") as f:
        return f.read()


# --- whole in the end ----------------------------------------------------------------------------------------------------

@case("pull: a file of the hub, whole, checked, described, and not fetched twice")
def _():
    with hub() as h:
        r = h.pull("hf:good/repo/model.gguf").ok().says("fetching hf:good/repo/model.gguf", h.sum)
        path = r.lines()[0]
        with open(path, "rb") as f:
            need(hashlib.sha256(f.read()).hexdigest() == h.sum, "other bytes")
        row, = h.is_clean()
        need(row["id"] == "hf:good/repo/model.gguf" and row["repo"] == "good/repo" and row["sha256"] == h.sum, row)
        need(row["revision"] == "0123456789abcdef0123456789abcdef01234567", row)
        need(row["bytes"] == os.path.getsize(path) and row["quantization"] == "F32", row)
        with open(os.path.join(h.cache, "metadata.json"), encoding="utf-8") as f:
            metadata = json.load(f)
        Schema(os.path.join(kit.ROOT, "schemas", "cmdai.metadata.1.json")).check(metadata)
        need(metadata["models"][0]["sha256"] == h.sum, metadata)
        h.pull("hf:good/repo/model.gguf").ok((path + "\n").encode()).says("is here")
        need([q[0] for q in h.requests()] == ["hub", "cdn"], "asked %s" % h.requests())


HEALED = [
    ("cutonce.100000", "trying again"), ("cut.150000", "trying again"), ("cutonce.0", "trying again"),
    ("cutonce.100000_norange", "trying again"), ("busy.2", "429"), ("limit.1", "429"), ("fail.3", "500"), ("bare", "fetching"),
    ("lie", "fetching"), ("plain_cutonce.1000", "trying again"), ("plain_noetag_cutonce.1000", "trying again"),
    ("cutonce.100000_full", "starting over"), ("noetag_cutonce.386815", "trying again")]


@case("pull: in spite of {0} the file is whole", HEALED)
def _(fault, says):
    with hub() as h:
        h.pull("hf:%s/repo/model.gguf" % fault).ok().says(says)
        row, = h.is_clean()
        need(row["sha256"] == h.sum, "another file")


@case("pull: goes on where it was cut, by Range, in the same process and in a later one")
def _():
    with hub() as h:
        h.pull("hf:cut.100000/repo/model.gguf", "--attempts", "2").has_status(4)
        need(os.listdir(os.path.join(h.cache, "models")), "nothing was kept")
        h.pull("hf:cut.100000/repo/model.gguf").ok()
        h.is_clean()
        ranges = [q[2] for q in h.requests() if q[0] == "cdn"]
        need(ranges == ["", "bytes=100000-", "bytes=200000-", "bytes=300000-"], ranges)


@case("pull: without a hash from the hub, If-Range keeps two versions apart")
def _():
    with hub() as h:
        h.pull("hf:plain_change_cutonce.1000/repo/model.gguf").ok()
        row, = h.is_clean()
        need(row["sha256"] == h.next, "not the new file")
        asked = [q for q in h.requests() if q[2]]
        need(asked and all(q[3] for q in asked), "no If-Range: %s" % asked)


@case("pull: a file that changes between two tries is fetched anew")
def _():
    with hub() as h:
        h.pull("hf:change_cutonce.100000/repo/model.gguf").ok().says("changed on the server; starting over")
        need(h.is_clean()[0]["sha256"] == h.next, "not the new file")


@case("pull: a part that was tampered with is fetched anew")
def _():
    with hub() as h:
        h.pull("hf:cutonce.200000/repo/model.gguf", "--attempts", "1").has_status(4)
        folder = os.path.join(h.cache, "models")
        part, = [name for name in os.listdir(folder) if name.endswith(".part")]
        with open(os.path.join(folder, part), "r+b") as f:
            f.seek(1000)
            f.write(b"tampered")
        h.pull("hf:cutonce.200000/repo/model.gguf").ok().says("starting over")
        need(h.is_clean()[0]["sha256"] == h.sum, "corrupt")


@case("pull: a part whose description is {0} is not trusted", ["gone", "no JSON", "of another file", "hostile"])
def _(what):
    texts = {"no JSON": "{", "of another file": json.dumps({"schema": "cmdai.part/1", "sha256": "0" * 64, "etag": "", "bytes": 5}),
             "hostile": json.dumps({"schema": "cmdai.part/1", "sha256": "", "etag": "\"x\"\r\nX-Evil: 1", "bytes": 386816})}
    with hub() as h:
        h.pull("hf:cutonce.200000/repo/model.gguf", "--attempts", "1").has_status(4)
        folder = os.path.join(h.cache, "models")
        about, = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".part.json")]
        if what == "gone":
            os.unlink(about)
        else:
            with open(about, "w", encoding="utf-8") as f:
                f.write(texts[what])
        h.pull("hf:cutonce.200000/repo/model.gguf").ok()
        need(h.is_clean()[0]["sha256"] == h.sum, "corrupt")


@case("pull: on a terminal a bar moves, with rate and time left; elsewhere nothing does")
def _():
    with hub() as h:
        h.add("large.gguf", large(64))
        r = kit.run_on_terminal("models", "pull", "hf:slow/repo/large.gguf", stderr_too=True, env=h.env).has_status(0)
        shown = re.findall(rb"\r\x1b\[K\[([= ]{24})\] ([\d.]+) of 67\.1 MB, \d+ %, [\d.]+ MB/s(, \d+ s left)?", r.out)
        r.need(len({bar for bar, _, _ in shown}) > 1, "the bar doesn't move")
        r.need(shown[-1][0] == b"=" * 24, "the bar doesn't end full")
        h.run("models", "rm", "hf:slow/repo/large.gguf").ok()
        r = h.pull("hf:good/repo/large.gguf").ok()
        r.need(b"\r" not in r.err and b"\x1b" not in r.err, "something moves where there is no terminal")


@case("pull: a large file takes little memory")
def _():
    if kit.Settings.slow > 2:
        raise kit.Skip("a sanitizer takes its own memory")
    with hub() as h:
        h.add("large.gguf", large(64))
        process = kit.start("models", "pull", "-q", "hf:good/repo/large.gguf", env=h.env)
        peak = 0
        while process.poll() is None:
            with contextlib.suppress(OSError), open("/proc/%d/status" % process.pid, encoding="ascii") as f:
                read = re.search(r"VmHWM:\s+(\d+) kB", f.read())
                peak = max(peak, int(read[1]) * 1024 if read else 0)
            time.sleep(0.002)
        kit.finish(process).ok()
        need(0 < peak <= 20e6, "%.1f MB" % (peak / 1e6))


@case("test --pull: fetches a model that is not here")
def _():
    with hub() as h:
        with open(models.says("ls -l"), "rb") as f:
            h.add("script.gguf", f.read())
        case_file = kit.file_with(b"test_cases:\n  - {id: one, prompt: list files, expected_patterns: [ls]}\n", "one.yaml")
        args = ["test", case_file, "-m", "hf:good/repo/script.gguf", "--out", kit.fresh("run.jsonl")]
        h.run(*args).has_status(3).says("not here")
        h.run(*args, "--pull").ok()
        need(h.is_clean()[0]["id"] == "hf:good/repo/script.gguf", "not in the store")
        h.run("test", case_file, "--pull", "--out", kit.fresh("run.jsonl")).has_status(3).says("qwen2.5-coder-0.5b-q4_k_m")


# --- clear errors --------------------------------------------------------------------------------------------------------

REFUSED = [
    ("hash", ("SHA-256", "announced")), ("length", ("wrong length", "386823", "386816")), ("fail.9", ("gave up after 4", "500")),
    ("busy.9", ("gave up after 4", "429")), ("loop", ("redirects",)), ("html", ("web page",)), ("bare_html_plain", ("web page",)),
    ("huge", ("no room on the disk",)), ("long", ("more than the 386816 bytes",)), ("key", ("401", "HF_TOKEN")),
    ("down", ("gave up after 4", "127.0.0.1:1")), ("cut.0", ("gave up after 4",))]


@case("pull: {0} is one clear error, and nothing corrupt stays", REFUSED)
def _(fault, says):
    with hub() as h:
        quiet = h.pull("-q", "hf:%s/repo/model.gguf" % fault, "--pause", "0", env={"HF_TOKEN": None})
        quiet.fails(4, *says)
        need(h.is_clean() == [], "something was entered")


@case("pull: no such file, no such host, nobody there")
def _():
    with hub() as h:
        h.pull("-q", "hf:good/repo/other.gguf").fails(4, "404", "other.gguf")
        h.pull("-q", "http://127.0.0.1:1/x.gguf", "--attempts", "1").fails(4, "127.0.0.1:1")
        h.pull("-q", "http://no-such-host.invalid/x.gguf", "--attempts", "1").fails(4, "no-such-host.invalid")


@case("pull: a server that only drips is given up")
def _():
    with hub() as h:
        r = h.pull("-q", "hf:drip/repo/model.gguf", "--attempts", "1", env={"HF_HUB_DOWNLOAD_TIMEOUT": "2"})
        r.fails(4, "too slow")
        need(r.seconds < 15, "it took %.0f s" % r.seconds)


@case("pull: a file that is no model is refused")
def _():
    with hub() as h:
        h.add("text.gguf", b"This is no model." * 1000)
        h.pull("-q", "hf:good/repo/text.gguf").has_status(4)
        h.add("cut.gguf", fixture("tiny-F32.gguf")[:200000])  # the hub's own copy is cut, its hash is right
        h.pull("-q", "hf:good/repo/cut.gguf").has_status(4)
        need(h.is_clean() == [], "something was entered")


@case("pull: no secure connection is an error at once: {0}", ["no TLS there", "a certificate that nobody vouches for"])
def _(what):
    more = ()
    if what.startswith("a"):
        key, certificate = kit.fresh("key.pem"), kit.fresh("certificate.pem")
        subprocess.run([kit.command("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        more = (certificate, key)
    with hub(*more, scheme="https" if more else "http") as h:
        r = h.pull("-q", "hf:good/repo/model.gguf", env={"HF_ENDPOINT": "https://127.0.0.1:%d" % h.port})
        r.fails(4, "no secure connection")


@case("pull: a full disk is an error, and the rest comes later")
def _():
    import resource
    with hub() as h:
        h.pull("hf:good/repo/model.gguf", limits=[(resource.RLIMIT_FSIZE, 200000)]).has_status(1)
        h.pull("hf:good/repo/model.gguf").ok()
        need(h.is_clean()[0]["sha256"] == h.sum, "corrupt")
        need([q[2] for q in h.requests() if q[0] == "cdn"][1:] == ["bytes=200000-"], "not resumed")


@case("pull: the catalogue outranks the hub")
def _():
    with hub() as h:
        h.add("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", fixture("tiny-F32.gguf"))
        for name in ("qwen2.5-coder:0.5b", "hf:Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"):
            h.pull("-q", name).fails(4, "another file", "catalogue")
        revision = {q[1].split("/")[4] for q in h.requests()}
        need(revision == {"ebb2015119c907b064c512bf053e945850b5875f"}, "not the pinned revision: %s" % revision)


# --- secrets -------------------------------------------------------------------------------------------------------------

@case("pull: the token goes to the hub and never to another host")
def _():
    with hub() as h:
        h.pull("hf:key_cut.150000/repo/model.gguf", env={"HF_TOKEN": "hf_secret"}).ok()
        seen = {q[0]: q[4] for q in h.requests()}
        need(seen == {"hub": "Bearer hf_secret", "cdn": ""}, seen)
        with open(os.path.join(h.cache, "models", "manifest.json"), encoding="utf-8") as f:
            need("secret" not in f.read(), "the token is in the manifest")


@case("pull: the token is not for other addresses, nor may it hold a line end")
def _():
    with hub() as h:
        h.pull(h.url + "/plain/x/model.gguf", env={"HF_TOKEN": "hf_secret"}).ok()
        need({q[4] for q in h.requests()} == {""}, "a plain address got the token")
        h.pull("-q", "hf:good/repo/model.gguf", env={"HF_TOKEN": "a\r\nX: y"}).fails(2, "token")


# --- two at once, and ends in the middle ---------------------------------------------------------------------------------

@case("pull: a second one waits and then finds the file")
def _():
    with hub() as h:
        lock = os.path.join(h.cache, "models", "pull.lock")
        first = kit.start("models", "pull", "hf:busy.1/repo/model.gguf", env=h.env)
        kit.wait_for(lambda: os.path.exists(lock) and h.requests(), "the first pull")
        h.pull("hf:busy.1/repo/model.gguf").ok().says("another cmdai is fetching", "is here")
        kit.finish(first).ok()
        need(len([q for q in h.requests() if q[0] == "cdn"]) == 1, "it was fetched twice")


@case("pull: killed at %d random points, whole in the end" % ROUNDS)
def _():
    rng = random.Random(1)
    with hub() as h:
        data = large(24)
        right = h.add("large.gguf", data)
        begun = time.monotonic()
        h.pull("hf:good/repo/large.gguf").ok()
        usual = time.monotonic() - begun
        stages = set()
        for i in range(ROUNDS):
            h.run("models", "rm", "hf:good/repo/large.gguf").ok()
            for _ in range(2):
                process = kit.start("models", "pull", "hf:good/repo/large.gguf", env=h.env)
                time.sleep(rng.uniform(0, 1.05 * usual))
                process.kill()
                kit.finish(process, killed=True)
                names = os.listdir(os.path.join(h.cache, "models"))
                stages.add(any(n.endswith(".part") for n in names))
            h.pull("hf:good/repo/large.gguf").ok()
            row, = h.is_clean()
            need(row["sha256"] == right, "round %d: corrupt" % i)
        need(True in stages, "no kill met a download")


@case("pull: Ctrl-C ends it at once, and the rest comes later")
def _():
    with hub() as h:
        process = kit.start("models", "pull", "hf:drip/repo/model.gguf", env=h.env)
        kit.wait_for(lambda: any(q[0] == "cdn" for q in h.requests()), "the download")
        process.send_signal(signal.SIGINT)
        r = kit.finish(process, killed=True)
        need(r.status == 130 and r.seconds < 3, "status %d after %.1f s" % (r.status, r.seconds))


# --- the store -----------------------------------------------------------------------------------------------------------

@case("models: list, path, verify, rm")
def _():
    with hub() as h:
        path = h.pull("hf:good/repo/model.gguf").ok().lines()[0]
        h.run("models", "path").ok((os.path.dirname(path) + "\n").encode())
        h.run("models", "path", "hf:good/repo/model.gguf").ok((path + "\n").encode())
        listed = h.run("models", "list").ok().out.decode()
        need("hf:good/repo/model.gguf" in listed and "qwen2.5-coder-0.5b-q4_k_m" in listed and "not here" in listed, listed)
        need(h.run("models", "list", "-o", "json").ok().json() == h.manifest(), "not the manifest")
        h.run("models", "verify").ok().need(True, "")
        with open(path, "r+b") as f:
            f.seek(300000)
            f.write(b"bit rot")
        h.run("models", "verify").fails(4, "was changed", "models pull hf:good/repo/model.gguf")
        h.run("-m", "hf:good/repo/model.gguf", "list").has_status(4).says("was changed", "models pull hf:good/repo/model.gguf")
        h.pull("hf:good/repo/model.gguf").ok().says("fetching it again")
        h.run("models", "verify").ok()
        h.run("models", "rm", "hf:good/repo/model.gguf").ok()
        need(h.is_clean() == [] and not os.path.exists(path), "still there")
        h.run("models", "rm", "hf:good/repo/model.gguf").fails(4, "not here")


@case("models: a file that only its time was changed of stays")
def _():
    with hub() as h:
        path = h.pull("hf:good/repo/model.gguf").ok().lines()[0]
        os.utime(path, (1, 1))
        h.run("models", "path", "hf:good/repo/model.gguf").ok()
        need(h.manifest()["models"][0]["mtime_ns"] == 10 ** 9, "the manifest wasn't renewed")


@case("models: room under the limit is made by what was used longest ago, never by what is in use")
def _():
    with hub() as h:
        for owner in ("a", "b", "c"):
            h.pull("hf:%s/repo/model.gguf" % owner).ok()
        file = os.path.join(h.cache, "models", "manifest.json")
        document = h.manifest()
        for row in document["models"]:
            row["last_used"] = {"hf:a/repo/model.gguf": "2026-01-03", "hf:b/repo/model.gguf": "2026-01-01",
                                "hf:c/repo/model.gguf": "2026-01-02"}[row["id"]] + "T00:00:00Z"
        with open(file, "w", encoding="utf-8") as f:
            json.dump(document, f)
        used = os.path.join(h.cache, "models", [r for r in document["models"] if r["id"].startswith("hf:b/")][0]["file"])
        with open(used, "rb") as f:
            fcntl.flock(f, fcntl.LOCK_SH)
            h.pull("hf:d/repo/model.gguf", "--cache-limit", "1.2MB").ok().says("removed hf:c/repo/model.gguf")
            need([r["id"][3] for r in h.is_clean()] == ["a", "b", "d"], "removed another one")
            h.run("models", "rm", "hf:b/repo/model.gguf").fails(4, "in use")
        h.pull("-q", "hf:e/repo/model.gguf", "--cache-limit", "300K").fails(4, "limit")
        h.run("models", "prune", "--cache-limit", "400K").ok()
        need([r["id"][3] for r in h.is_clean()] == ["d"], "prune kept another one")


@case("models: who uses a model holds it")
def _():
    with hub() as h:
        path = h.pull("hf:good/repo/model.gguf").ok().lines()[0]
        process = kit.start("bench", "-m", "hf:good/repo/model.gguf", "--repeat", "1000", "--prompt", "64", "--decode", "64", env=h.env)

        def held():
            with open(path, "rb") as f:
                try:
                    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    return True
            need(process.poll() is None, "bench ended")
            return False
        kit.wait_for(held, "the lock")
        h.run("models", "rm", "hf:good/repo/model.gguf").fails(4, "in use")
        process.kill()
        kit.finish(process, killed=True)
        h.run("models", "rm", "hf:good/repo/model.gguf").ok()


@case("models: prune removes what is unfinished and entries without a file")
def _():
    with hub() as h:
        os.unlink(h.pull("hf:good/repo/model.gguf").ok().lines()[0])
        h.pull("hf:cut.1000/repo/model.gguf", "--attempts", "1").has_status(4)
        h.run("models", "prune").ok()
        need(h.is_clean() == [], "something stayed")


@case("models: import takes in a file that is here, under a name that -m knows")
def _():
    with hub() as h:
        file = models.says("ls -l")
        h.run("models", "import", file).ok()
        row, = h.is_clean()
        need(row["id"] == "file:" + os.path.basename(file), row)
        h.run("-m", row["id"], "list", "files").ok(b"ls -l\n")
        h.run("models", "import", kit.file_with(b"no model", "x.gguf")).has_status(4)


@case("models: a manifest that is {0} is an error, with its name", ["no JSON", "of another schema", "hostile", "double"])
def _(what):
    row = {"id": "x", "file": "../../x", "sha256": "0" * 64}
    twice = {"id": "x", "file": "x.gguf", "sha256": "0" * 64}
    text = {"no JSON": "{", "of another schema": '{"schema": "other/1"}',
            "hostile": json.dumps({"schema": "cmdai.manifest/1", "models": [row]}),
            "double": json.dumps({"schema": "cmdai.manifest/1", "models": [twice, twice]})}[what]
    with hub() as h:
        os.mkdir(os.path.join(h.cache, "models"))
        with open(os.path.join(h.cache, "models", "manifest.json"), "w", encoding="utf-8") as f:
            f.write(text)
        for args in (("list",), ("verify",), ("rm", "x"), ("prune",)):
            h.run("models", *args).fails(4, "manifest.json")
        h.pull("-q", "hf:good/repo/model.gguf").fails(4, "manifest.json")


# --- a model that isn't here ---------------------------------------------------------------------------------------------

@case("missing: without a terminal, the command that fetches {0}", [
    ("qwen2.5-coder:0.5b", "491 MB"), ("hf:good/repo/model.gguf", "not here"), ("https://example.invalid/x.gguf", "not here")])
def _(name, says):
    with hub() as h:
        h.run("-m", name, "list files").fails(4, "is not here", "cmdai models pull " + name, says)
        h.run("--json", "-m", name, "list files").has_status(4).json()
        need(h.requests() == [], "it was fetched all the same")


@case("missing: at a terminal a person is asked, and {0} is an answer", [("y", 0), ("n", 4)])
def _(typed, status):
    with hub() as h:
        with open(models.says("ls -l"), "rb") as f:
            h.add("script.gguf", f.read())
        r = kit.run_on_terminal("-m", "hf:good/repo/script.gguf", "list files", typed=typed.encode() + b"\n", stderr_too=True, env=h.env,
                                after=lambda _: True)
        r.has_status(status)
        need(b"Fetch it?" in r.out and b"hf:good/repo/script.gguf" in r.out and h.url.encode() in r.out, r.out)
        need((b"\nls -l\n" in r.out) == (status == 0), r.out)


@case("offline: the network is an error, what is here works: {0}", ["--offline", "HF_HUB_OFFLINE=1", "HF_HUB_OFFLINE=True"])
def _(how):
    args, env = ([how], {}) if how.startswith("--") else ([], dict([how.split("=")]))
    with hub() as h:
        h.pull("-q", "hf:good/repo/model.gguf", *args, env=env).fails(4, "offline")
        need(h.requests() == [], "the network was used")
        h.pull("hf:good/repo/model.gguf").ok()
        h.pull("hf:good/repo/model.gguf", *args, env=env).ok()


@case("hash: of a file is computed once and remembered while it is the same")
def _():
    with hub() as h:
        file = kit.fresh("own.gguf")
        for data in (fixture("tiny-F32.gguf"), fixture("tiny-F16.gguf")):
            with open(file, "wb") as f:
                f.write(data)
            for _ in range(2):
                d = h.run("--json", "-m", file, "list files").json()
                need(d["model"]["sha256"] == hashlib.sha256(data).hexdigest(), d["model"])
            known, = h.manifest()["files"]
            need(known["sha256"] == hashlib.sha256(data).hexdigest() and known["path"] == os.path.realpath(file), known)


@case("hash: what is remembered is used")
def _():
    with hub() as h:
        file = kit.file_with(fixture("tiny-F32.gguf"), "own.gguf")
        h.run("--json", "-m", file, "list files").json()
        document = h.manifest()
        document["files"][0]["sha256"] = "1" * 64
        with open(os.path.join(h.cache, "models", "manifest.json"), "w", encoding="utf-8") as f:
            json.dump(document, f)
        need(h.run("--json", "-m", file, "list files").json()["model"]["sha256"] == "1" * 64, "hashed again")


# --- usage ---------------------------------------------------------------------------------------------------------------

@case("usage: {0}", [
    ("models pull", "usage"), ("models rm", "usage"), ("models import", "usage"), ("models import a b", "usage"),
    ("models pull hf:x", "hf:OWNER/REPO/FILE"), ("models pull hf:a/b/../c.gguf", "hf:OWNER/REPO/FILE"),
    ("models pull hf:a/b/c.gguf@", "hf:OWNER/REPO/FILE"), ("models pull qwen2.5-codr-0.5b-q4_k_m", "did you mean qwen2.5-coder-0.5b-q4_k_m"),
    ("models pull http://user:pass@host/x.gguf", "host"), ("models pull ftp://host/x.gguf", "no model is called"),
    ("models pull http://ho st/", "escaped"), ("models list --cache-limit much", "--cache-limit"), ("models list --attempts 0", "--attempts")])
def _(words, says):
    args = ["models", "pull", "http://ho st/"] if "ho st" in words else words.split()
    run(*args).fails(2, says)


@case("the libraries of downloads are not opened by {0}", ["check -- ls", "--version", "--help"])
def _(words):
    listed = subprocess.run([kit.command("ldd"), kit.Settings.program], capture_output=True, text=True, check=False).stdout
    need("libcurl" not in listed, "the program is linked with libcurl")
    run(*words.split()).ok()
