"""cmdai doctor: a setup that works, and one broken in each way; its status is the request's own."""
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys

import kit
import models
from kit import case, need, run
from schema import Schema

sys.path.append(os.path.join(kit.ROOT, "tests", "fake"))
from server import Ollama, OpenAI, Server  # noqa: E402

SCHEMA = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.doctor.1.json"))


def place(**env):
    """Keyword arguments for run(): a home and a working directory of its own."""
    return {"env": {"HOME": kit.fresh(), **env}, "cwd": kit.fresh()}


def examined(where, *options, status=0):
    """The document and its checks by section and name; the status is what a request ends with in the same place."""
    result = run("doctor", "-o", "json", *options, **where).has_status(status).silent()
    document = result.json()
    SCHEMA.check(document)
    need(document["status"] == status, document["status"])
    run(*options, "list", "files", **where).has_status(status)
    checks = {(c["section"], c["name"]): c for c in document["checks"]}
    need(len(checks) == len(document["checks"]), "two checks have one name")
    for c in document["checks"]:
        need((c["hint"] is None) == (c["state"] == "ok"), "a hint where all is well, or none where it isn't: %r" % c)
    failed = any(c["state"] == "fail" for c in document["checks"])
    need(failed == (status != 0), "a line fails and the request doesn't, or the other way")
    return document, checks


@case("a setup that works: status 0, every line ok, facts of the machine")
def _():
    where = place(CMDAI_MODEL=models.says("ls -la"))
    document, checks = examined(where)
    machine = document["machine"]
    need(machine["cores"] == len(os.sched_getaffinity(0)), machine)
    with open("/proc/meminfo", encoding="ascii") as f:
        total = 1024 * int(re.search(r"MemTotal: +(\d+)", f.read())[1])
    need(abs(machine["memory_bytes"] - total) < total / 50, machine)
    need(1e8 < machine["read_bytes_per_second"] < 5e12, machine)
    need(machine["instructions"] in machine["available"] and "scalar" in machine["available"], machine)
    flags = open("/proc/cpuinfo", encoding="ascii", errors="replace").read()
    if platform.machine() == "x86_64":
        need(("avx2" in machine["available"]) == (re.search(r"\bavx2\b", flags) is not None), machine)
    need("\"list files\"" in checks["backends", "cpu"]["text"] and checks["backends", "cpu"]["text"].endswith(": ls -la"), checks)
    need(checks["models", "model"]["state"] == "ok" and where["env"]["CMDAI_MODEL"] in checks["models", "model"]["text"], checks)
    need([(s["key"], s["from"]) for s in document["settings"]] == [("model", "environment"), ("output", "command-line")], document)
    need(document["offline"] is False, document)


@case("as text: sections, a mark on every line, the end in words")
def _():
    lines = run("doctor", **place(CMDAI_MODEL=models.says("ls"))).ok().silent().lines()
    heads = [line for line in lines if not line.startswith(" ")]
    need(heads == ["machine", "models", "backends", "configuration", "sandbox", "libraries", "network", "Requests are answered."], heads)
    for line in lines:
        need(line in heads or re.match(r"  (ok  |warn|FAIL)  [^:]+: |        -> ", line), line)


@case("nothing is asked, fetched or written, also on a terminal")
def _():
    where = place(CMDAI_MODEL="qwen2.5-coder-0.5b-q4_k_m")
    result = kit.run_on_terminal("doctor", stderr_too=True, env=where["env"]).has_status(4)
    result.need(b"[y/N]" not in result.out and b"cmdai models pull" in result.out, "a question, or no advice")
    need(os.listdir(where["env"]["HOME"]) == [], os.listdir(where["env"]["HOME"]))


@case("the embedded model: id and hash")
def _():
    if not models.has_embedded():
        raise kit.Skip("this build has no embedded model")
    with open(os.path.join(kit.ROOT, "model/embedded/cmdai-tiny.gguf"), "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    where = place()
    result = run("doctor", "-o", "json", **where).has_status(0)
    checks = {(c["section"], c["name"]): c for c in result.json()["checks"]}
    need(sha in checks["models", "built in"]["text"] and "cmdai-tiny" in checks["models", "built in"]["text"], checks)
    need(("models", "model") not in checks and checks["backends", "cpu"]["state"] == "ok", checks)


@case("a model that isn't there: status 4, and what to do")
def _():
    _, checks = examined(place(CMDAI_MODEL="/no/such/model.gguf"), status=4)
    need(checks["models", "model"]["state"] == "fail" and "(CMDAI_MODEL)" in checks["models", "model"]["text"], checks)
    need(checks["backends", "cpu"]["state"] == "fail" and "pull" in checks["backends", "cpu"]["hint"], checks)
    text = run("doctor", **place(CMDAI_MODEL="/no/such/model.gguf")).has_status(4).out.decode()
    need("  FAIL  model: /no/such/model.gguf" in text and text.endswith("A request would fail, with status 4.\n"), text)


@case("a model that is no model: status 4")
def _():
    _, checks = examined(place(), "-m", kit.file_with(b"not a model at all, but some bytes of text"), status=4)
    need("(command line)" in checks["models", "model"]["text"] and checks["backends", "cpu"]["state"] == "fail", checks)


@case("a name that isn't here: status 4, with the command that fetches it")
def _():
    where = place()
    os.makedirs(where["env"]["HOME"] + "/.config/cmdai")
    path = where["env"]["HOME"] + "/.config/cmdai/config.yaml"
    with open(path, "w", encoding="utf-8") as f:
        f.write("\nmodel: qwen2.5-coder:0.5b\n")
    _, checks = examined(where, status=4)
    need("cmdai models pull qwen2.5-coder:0.5b" in checks["backends", "cpu"]["text"], checks)
    need("(%s:2)" % path in checks["models", "model"]["text"], checks)


@case("a model that says nothing useful: status 5; one that never ends: status 8")
def _():
    _, checks = examined(place(CMDAI_MODEL=models.says("I can not, sorry; there is nothing to be done here.")), status=5)
    need(checks["backends", "cpu"]["state"] == "fail", checks)
    endless = models.endless()
    run("doctor", "-m", endless, "--timeout", "1", "--max-tokens", "60000", "--ctx", "65536", **place()).has_status(8)


@case("a configuration that is wrong: status 2, and the rest is looked at all the same")
def _():
    where = place(CMDAI_MODEL=models.says("ls"))
    with open(where["cwd"] + "/.cmdai.yaml", "w", encoding="utf-8") as f:
        f.write("output: plain\nmodel: x.gguf\n")
    _, checks = examined(where, status=2)
    need(".cmdai.yaml:2:1" in checks["configuration", "files"]["text"], checks)
    _, checks = examined(place(CMDAI_THREADS="many"), status=2)
    need("CMDAI_THREADS" in checks["configuration", "files"]["text"] and ("sandbox", "mechanism") in checks, checks)


# --- servers -----------------------------------------------------------------------------------------------------------

NOBODY = "http://127.0.0.1:9"  # the port "discard": refused


@case("{0}: a chosen server that isn't there: status 3, and our own engine is still tried", ["ollama", "vllm"])
def _(name):
    where = place()
    _, checks = examined(where, "-b", name, "--%s-url" % name, NOBODY, status=3)
    need(checks["backends", name]["state"] == "fail" and "127.0.0.1:9" in checks["backends", name]["text"], checks)
    need("-b cpu" in checks["backends", name]["hint"], checks)
    need(checks["backends", "cpu"]["state"] == ("ok" if models.has_embedded() else "warn"), checks)


@case("a server that isn't there, with another one behind it: a warning, and status 0")
def _():
    where = place(CMDAI_MODEL=models.says("ls -la"))
    _, checks = examined(where, "-b", "cpu,ollama", "--ollama-url", NOBODY)
    need(checks["backends", "ollama"]["state"] == "warn", checks)
    need(checks["backends", "cpu"]["text"].endswith(": ls -la"), checks)
    if not models.has_embedded():
        return
    _, checks = examined(place(), "-b", "ollama,cpu", "--ollama-url", NOBODY)
    need(checks["backends", "ollama"]["state"] == "warn" and checks["backends", "cpu"]["state"] == "ok", checks)


@case("no source at all: each says why")
def _():
    where = place(CMDAI_MODEL="/no/such/model.gguf")
    _, checks = examined(where, "-b", "ollama,vllm", "--ollama-url", NOBODY, "--vllm-url", NOBODY + "/v1", status=3)
    need(checks["backends", "ollama"]["state"] == checks["backends", "vllm"]["state"] == "fail", checks)


@case("{0}: a server that answers: as the first choice and when it is only set up", ["ollama", "vllm"])
def _(name):
    app = {"ollama": Ollama, "vllm": OpenAI}[name]
    with Server(app("echo hi")) as server:
        url = server.url + ("/v1" if name == "vllm" else "")
        key = {"CMDAI_%s_KEY" % name.upper(): "s3cret-key"}
        where = place(**key)
        _, checks = examined(where, "-b", name, "--%s-url" % name, url)
        need(checks["backends", name]["text"].endswith(": echo hi"), checks)
        where = place(CMDAI_MODEL=models.says("ls"), **key)
        document, checks = examined(where, "--%s-url" % name, url)
        need(checks["backends", name]["state"] == "ok" and "there, with the model" in checks["backends", name]["text"], checks)
        need(checks["backends", "cpu"]["text"].endswith(": ls"), checks)
        need("s3cret-key" not in json.dumps(document), "the key is shown")


@case("a server that takes the connection and says nothing is waited for a few seconds")
def _():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "http://127.0.0.1:%d" % silent.getsockname()[1]
        result = run("doctor", "-o", "json", "--ollama-url", url, **place(CMDAI_MODEL=models.says("ls"))).ok()
        checks = {(c["section"], c["name"]): c for c in result.json()["checks"]}
        need(checks["backends", "ollama"]["state"] == "warn" and result.seconds < 10 * kit.Settings.slow, checks)


@case("servers that nobody set up and that aren't there have no line")
def _():
    _, checks = examined(place(CMDAI_MODEL=models.says("ls")))
    for name in ("ollama", "vllm"):
        need(("backends", name) not in checks or checks["backends", name]["state"] == "ok", checks)


@case("a key file that others may read is a warning; the key isn't shown")
def _():
    path = kit.file_with(b"s3cret-key\n")
    os.chmod(path, 0o644)
    document, checks = examined(place(CMDAI_MODEL=models.says("ls")), "--vllm-key-file", path)
    need(checks["configuration", "vllm-key-file"]["state"] == "warn" and "600" in checks["configuration", "vllm-key-file"]["hint"], checks)
    os.chmod(path, 0o600)
    document, checks = examined(place(CMDAI_MODEL=models.says("ls")), "--vllm-key-file", path)
    need(checks["configuration", "vllm-key-file"]["state"] == "ok" and "s3cret" not in json.dumps(document), checks)


@case("settings that aren't the default stand in it, with their place; no secret does")
def _():
    where = place(CMDAI_MODEL=models.says("ls"), HF_TOKEN="hf_s3cret", CMDAI_OLLAMA_KEY="s3cret-o", CMDAI_VLLM_KEY="s3cret-v", CMDAI_SEED="5")
    document, checks = examined(where, "--safety", "strict")
    need(checks["configuration", "seed"]["text"] == "5 (CMDAI_SEED)", checks)
    need(checks["configuration", "safety"]["text"] == "strict (command line)", checks)
    need(("configuration", "timeout") not in checks, checks)
    for text in (json.dumps(document), run("doctor", **where).out.decode(), run("config", "show", **where).out.decode()):
        need("s3cret" not in text, text)


@case("offline is said: {0}", [("CMDAI_OFFLINE=true",), ("HF_HUB_OFFLINE=1",), ("--offline",)])
def _(how):
    name, _, value = how.partition("=")
    where = place(CMDAI_MODEL=models.says("ls"), **({name: value} if value else {}))
    document, checks = examined(where, *([] if value else [name]))
    need(document["offline"] is True and checks["network", "use"]["text"].startswith("off"), checks)


@case("a store: what is well, changed, gone")
def _():
    where = place(CMDAI_MODEL=models.says("ls"))
    where["env"]["CMDAI_CACHE_DIR"] = folder = kit.fresh()
    at = {}
    for name in ("well", "changed", "gone"):
        path = os.path.join(kit.fresh(), name + ".gguf")
        shutil.copy(models.says("echo " + name), path)
        run("models", "import", path, **where).ok()
        at[name] = run("models", "path", "file:%s.gguf" % name, **where).ok().lines()[0]
    with open(at["changed"], "ab") as f:
        f.write(b"more")
    os.unlink(at["gone"])
    before = sorted(os.listdir(folder + "/models"))
    _, checks = examined(where)
    need("3 models" in checks["models", "store"]["text"] and folder in checks["models", "store"]["text"], checks)
    need(checks["models", "file:well.gguf"]["state"] == "ok", checks)
    need(checks["models", "file:changed.gguf"]["state"] == "warn" and "verify file:changed.gguf" in checks["models", "file:changed.gguf"]["hint"], checks)
    need(checks["models", "file:gone.gguf"]["state"] == "warn" and "gone" in checks["models", "file:gone.gguf"]["text"], checks)
    need(sorted(os.listdir(folder + "/models")) == before, "the store was changed")
    _, checks = examined(where, "-m", "file:well.gguf")
    need(at["well"] in checks["models", "model"]["text"], checks)
    examined(where, "-m", "file:gone.gguf", status=4)


@case("a store that can't be written or read is a warning")
def _():
    locked = kit.fresh()
    os.chmod(locked, 0o500)
    for place_of in [kit.file_with(b"") + "/below"] + ([locked, locked + "/below"] if os.getuid() else []):
        where = place(CMDAI_MODEL=models.says("ls"), CMDAI_CACHE_DIR=place_of)
        _, checks = examined(where)
        store = checks.get(("models", "store")) or checks["models", "manifest"]
        need(store["state"] == "warn" and place_of in store["text"], checks)
    folder = kit.fresh()
    os.mkdir(folder + "/models")
    with open(folder + "/models/manifest.json", "w", encoding="utf-8") as f:
        f.write("{}{")
    _, checks = examined(place(CMDAI_MODEL=models.says("ls"), CMDAI_CACHE_DIR=folder))
    need(checks["models", "manifest"]["state"] == "warn" and "manifest.json" in checks["models", "manifest"]["text"], checks)
    _, checks = examined(place(CMDAI_MODEL=models.says("ls"), HOME=None))
    need(checks["models", "store"]["state"] == "warn", checks)


def hidden(paths, *args, **where):
    """Runs the program where these files are none, in a mount namespace of its own."""
    kit.command("unshare")
    script = "".join("mount --bind /dev/null '%s' && " % p for p in paths) + "exec \"$@\""
    argv = ["unshare", "-rm", "sh", "-c", script, "sh"]
    if subprocess.run([*argv, "true"], capture_output=True, check=False).returncode:
        raise kit.Skip("no mount namespaces here")
    p = subprocess.run([*argv, kit.Settings.program, *args], capture_output=True, timeout=60 * kit.Settings.slow, check=False,
                       env=kit.environment(where["env"]), cwd=where["cwd"], stdin=subprocess.DEVNULL)
    return kit.check_run(kit.Result([kit.Settings.program, *args], p.returncode, p.stdout, p.stderr, 0))


def libraries(name):
    """Files of a shared library on this machine."""
    found = glob.glob("/usr/lib/*/%s.so.*" % name) + glob.glob("/usr/lib/%s.so.*" % name) + glob.glob("/usr/lib64/%s.so.*" % name)
    if not found:
        raise kit.Skip("this machine has no " + name)
    return sorted({os.path.realpath(p) for p in found})


@case("without {0} there is a warning that says what to install, and status 0", ["libcurl", "libmicrohttpd"])
def _(name):
    paths = libraries(name) + ([] if name != "libcurl" or not os.path.exists("/usr/lib/x86_64-linux-gnu/libcurl-gnutls.so.4")
                               else libraries("libcurl-gnutls"))
    document = hidden(paths, "doctor", "-o", "json", **place(CMDAI_MODEL=models.says("ls"))).has_status(0).json()
    SCHEMA.check(document)
    c = [c for c in document["checks"] if c["section"] == "libraries" and c["name"] == name][0]
    need(c["state"] == "warn" and "apt-get install " + name in c["hint"], c)


@case("without bubblewrap there is a warning, and status 0")
def _():
    path = os.path.realpath(kit.command("bwrap"))
    document = hidden([path], "doctor", "-o", "json", **place(CMDAI_MODEL=models.says("ls"))).has_status(0).json()
    c = [c for c in document["checks"] if c["section"] == "sandbox"][0]
    need(c["state"] == "warn" and "bubblewrap" in c["hint"], c)


@case("what it prints moves no terminal's cursor")
def _():
    out = run("doctor", **place(CMDAI_MODEL="/no/\x1b[2J\u202emodel")).has_status(4).out
    need(b"\x1b" not in out and "\u202e".encode() not in out, out)


@case("a closed stdout is an error")
def _():
    with open("/dev/full", "wb") as full:
        run("doctor", stdout=full, **place(CMDAI_MODEL=models.says("ls"))).has_status(1).says("stdout")
