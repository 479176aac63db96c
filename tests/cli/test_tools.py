"""models inspect, models quantize, debug and bench."""
import json
import os
import re
import stat

import kit
import models
from kit import case, need, run
from schema import Schema

BENCH = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.bench.1.json"))
SMALL = ["--prompt", "16", "--decode", "4", "--repeat", "2"]


# --- models inspect --------------------------------------------------------------------------------------------------------

@case("inspect: the sections, and numbers that fit the file")
def _():
    path = models.says("ls -la")
    text = run("models", "inspect", path).ok().silent().out.decode("utf-8")
    for title in ("Metadata", "Tensors", "Types", "Parameters", "Bits per weight", "Memory plan", "KV cache", "total"):
        need("\n" + title in text or "  " + title in text, "no " + title)
    size = os.path.getsize(path)
    meta, tensors = models.script_parts({"\n": [("ls -la", 1.0)]})
    need(text.startswith("GGUF version 3, %d bytes: %d metadata entries, %d tensors" % (size, len(meta), len(tensors))),
         text.splitlines()[0])
    for name, (dims, _, data) in tensors.items():
        row = re.search(r"^  %s +(\S+) +%s +%d bytes at \d+$" % (re.escape(name), " x ".join(map(str, dims)), len(data)),
                        text, re.M)
        need(row, "no row for " + name)
    count = sum(int(dims[0]) * (int(dims[1]) if len(dims) > 1 else 1) for dims, _, _ in tensors.values())
    need(re.search(r"^Parameters +%d$" % count, text, re.M), "not %d parameters" % count)
    for key in meta:
        need(re.search(r"^  %s " % re.escape(key), text, re.M), "no entry " + key)


@case("inspect: --ctx changes the memory plan")
def _():
    path = models.says("ls")
    plans = [re.search(r"KV cache +(\d+) bytes.*?(\d+) tokens of (\d+)", run("models", "inspect", path, "--ctx", n).ok()
                       .out.decode()).groups() for n in ("100", "200")]
    need(all(int(b) == int(n) * int(each) for b, n, each in plans) and plans[1][1] == "200", plans)


@case("inspect: the shared random models, type by type: {0}", ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0",
                                                               "Q6_K", "Q4_K_M", "Q4_K_S", "Q5_K_M", "Q5_K_S"])
def _(name):
    path = models.parity("tiny-%s.gguf" % name)
    with open(path[:-5] + ".json", encoding="utf-8") as f:
        peer = json.load(f)
    text = run("models", "inspect", path).ok().out.decode()
    types = re.search(r"\nTypes\n(.*?)\n\n", text, re.S)[1]
    count = {line.split()[0]: int(line.split()[1]) for line in types.splitlines()}
    need(count == peer["tensor_types"] or sum(count.values()) == len(peer["tensor_types"]), count)


@case("inspect: an option does what it says or is refused: {0}", ["--json", "--all"])
def _(option):
    path = models.says("ls")
    r = run("models", "inspect", path, option)
    if r.status == 2:
        r.fails(2, option)
    elif option == "--json":
        r.ok().json()
    else:
        r.ok().need(len(r.out) > len(run("models", "inspect", path).out) + 500, "--all changed nothing")


# --- models quantize -------------------------------------------------------------------------------------------------------

MIXES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S",
         "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K"]


def quantize(source, out, *args, **options):
    """The run of models quantize."""
    return run("models", "quantize", source, out, *args, **options)


def holds(folder, *names):
    """Nothing but these is in the folder: no temporary file was left."""
    need(sorted(os.listdir(folder)) == sorted(names), "the folder holds %s" % sorted(os.listdir(folder)))


@case("quantize: {0}: a smaller model that answers the same", MIXES)
def _(mix):
    source, folder = models.says("ls -la"), kit.fresh()
    out = os.path.join(folder, "out.gguf")
    r = quantize(source, out, mix, "--requantize").ok(b"")
    r.says(mix)
    holds(folder, "out.gguf")
    need(mix == "F32" or os.path.getsize(out) < os.path.getsize(source), "not smaller")
    run("-m", out, "list", "files").ok(b"ls -la\n")
    run("models", "inspect", out).ok()


@case("quantize: any case, any number of threads, every time the same bytes")
def _():
    source, got = models.says("ls"), []
    for args in (["Q4_K_M"], ["q4_k_m"], ["Q4_K_M", "--threads", "1"], ["Q4_K_M", "--threads", "3"]):
        out = kit.fresh("out.gguf")
        quantize(source, out, *args, "--requantize").ok(b"")
        with open(out, "rb") as f:
            got.append(f.read())
    need(len(set(got)) == 1, "the bytes differ")


@case("quantize: -q says nothing")
def _():
    quantize(models.says("ls"), kit.fresh("out.gguf"), "F16", "-q").ok(b"").silent()


@case("quantize: a type that there is not: {0!r}", ["Q9_9", "", "Q4_K_M ", "x" * 3000, "all"])
def _(mix):
    folder = kit.fresh()
    r = quantize(models.says("ls"), os.path.join(folder, "o"), mix).fails(2, "no such type")
    holds(folder)
    r.says("Q4_K_M")


@case("quantize: what is quantized already only when asked for")
def _():
    folder = kit.fresh()
    out = os.path.join(folder, "a.gguf")
    source = models.altered(tensors={"blk.0.attn_q.weight": lambda v: models.zeros(*v[0])})
    r = quantize(source, out, "Q4_0")
    r.need(r.status in (2, 4), "status %d" % r.status).one_line("--requantize")
    holds(folder)
    quantize(source, out, "Q4_0", "--requantize").ok(b"")


@case("quantize: values that no type can hold")
def _():
    for value in (float("nan"), float("inf")):
        folder = kit.fresh()
        path = models.altered(tensors={"token_embd.weight": lambda v: (v[0], v[1], models.floats([value]) + v[2][4:])})
        quantize(path, os.path.join(folder, "o"), "Q8_0", "--requantize").fails(4, "token_embd.weight")
        holds(folder)


@case("quantize: no place to write: {0}", ["no folder", "a folder of that name", "under a file", "a long name", "empty"])
def _(kind):
    folder = kit.fresh()
    os.mkdir(os.path.join(folder, "d"))
    out = {"no folder": os.path.join(folder, "none", "o"), "a folder of that name": os.path.join(folder, "d"),
           "under a file": "/etc/passwd/o", "a long name": os.path.join(folder, "x" * 300), "empty": ""}[kind]
    r = quantize(models.says("ls"), out, "F16", cwd=folder)
    r.fails(1, out[:40] if out else "")
    holds(folder, "d")
    holds(os.path.join(folder, "d"))


@case("quantize: a full disk leaves nothing behind: room for {0} bytes", [0, 1000, 20000, 100000, 300000])
def _(room):
    folder = kit.fresh()
    r = quantize(models.says("ls"), os.path.join(folder, "o.gguf"), "Q8_0", "--requantize", limits=[(1, room)])
    r.fails(1, "o.gguf", "File too large")
    holds(folder)


@case("quantize: a failure leaves the old file as it was")
def _():
    folder = kit.fresh()
    out = os.path.join(folder, "o.gguf")
    with open(out, "wb") as f:
        f.write(b"precious")
    quantize(models.says("ls"), out, "Q8_0", "--requantize", limits=[(1, 1000)]).has_status(1)
    quantize(kit.file_with(b"no model"), out, "Q8_0").has_status(4)
    with open(out, "rb") as f:
        need(f.read() == b"precious", "the old file is gone")
    holds(folder, "o.gguf")


@case("quantize: a pipe or a device is not replaced by a file")
def _():
    folder = kit.fresh()
    os.mkfifo(os.path.join(folder, "fifo"))
    quantize(models.says("ls"), os.path.join(folder, "fifo"), "F16").fails(1, "fifo")
    need(stat.S_ISFIFO(os.stat(os.path.join(folder, "fifo")).st_mode), "the pipe is gone")
    holds(folder, "fifo")


@case("quantize: a link stays a link, its file is replaced")
def _():
    folder = kit.fresh()
    target, link = os.path.join(folder, "real.gguf"), os.path.join(folder, "link.gguf")
    with open(target, "wb") as f:
        f.write(b"old")
    os.symlink("real.gguf", link)
    quantize(models.says("ls"), link, "F16").ok(b"")
    need(os.path.islink(link) and os.path.getsize(target) > 1000, "the link was replaced")
    holds(folder, "real.gguf", "link.gguf")


@case("quantize: a file onto itself")
def _():
    folder = kit.fresh()
    path = os.path.join(folder, "m.gguf")
    models.write(path, *models.script_parts({"\n": [("ls", 1.0)]}))
    quantize(path, path, "F16").ok(b"")
    run("-m", path, "list").ok(b"ls\n")
    holds(folder, "m.gguf")


@case("quantize: the file's mode follows the umask")
def _():
    out = kit.fresh("o.gguf")
    old = os.umask(0o027)
    try:
        quantize(models.says("ls"), out, "F16").ok(b"")
    finally:
        os.umask(old)
    need(stat.S_IMODE(os.stat(out).st_mode) == 0o640, "mode %o" % os.stat(out).st_mode)


# --- debug tokenize --------------------------------------------------------------------------------------------------------

@case("tokenize: the peer's ids, as text and as JSON: {0}", ["tiny-F16", "tinyf-Q4_K_M", "tinyw-Q8_0"])
def _(name):
    path = models.parity(name + ".gguf")
    with open(path[:-5] + ".json", encoding="utf-8") as f:
        prompts = json.load(f)["prompts"]
    for p in prompts:
        text = p["text"].replace("\\n", "\n")  # the peer's program read \n in its argument as a newline
        out = run("debug", "tokenize", "-m", path, "--special", "--", text).ok().silent().out
        need(out == (" ".join(map(str, p["ids"])) + "\n").encode(), p["name"])
        d = run("debug", "tokenize", "--json", "-m", path, "--special", "--", text).ok().silent().json()
        need(d["ids"] == p["ids"] and len(d["tokens"]) == len(p["ids"]), p["name"])


@case("tokenize: special tokens only with --special")
def _():
    m = ["-m", models.says("ls")]
    need(run("debug", "tokenize", *m, "<|im_end|>", "--special").ok().out == b"258\n", "with")
    need(len(run("debug", "tokenize", *m, "<|im_end|>").ok().out.split()) == 10, "without")


@case("tokenize: no text, odd text, any bytes")
def _():
    m = ["-m", models.says("ls")]
    run("debug", "tokenize", *m, "").ok(b"\n")
    need(run("debug", "tokenize", "--json", *m, "").ok().json() == {"ids": [], "tokens": []}, "JSON")
    need(len(run("debug", "tokenize", *m, b"\xff\xfe\x80").ok().out.split()) == 3, "bytes")
    need(run("debug", "tokenize", "--json", *m, b"\xff").ok().json()["ids"], "bytes as JSON")
    need(len(run("debug", "tokenize", *m, "x" * 100000).ok().out.split()) == 100000, "100 kB")


# --- debug generate --------------------------------------------------------------------------------------------------------

def generate(path, *args):
    """Steps of debug generate: [(id, [(id, logit), ...]), ...]."""
    d = run("debug", "generate", "--json", "-m", path, *args).ok().silent().json()
    return [(s["id"], [tuple(t) for t in s["top"]]) for s in d["steps"]]


@case("generate: text and JSON agree")
def _():
    m = models.script({"\n": [("ls", .7), ("pwd", .3)]})
    args = ["--text", "hello\n", "-n", "5", "--top", "3"]
    steps = generate(m, *args)
    lines = run("debug", "generate", "-m", m, *args).ok().silent().lines()
    need(len(lines) == len(steps) == 2, "two steps: ls and the end")
    for line, (token, top) in zip(lines, steps):
        first, rest = line.split("\t")
        need(int(first) == token == top[0][0] and len(top) == 3, line)
        for item, (number, logit) in zip(rest.split(), top):
            need(int(item.split(":")[0]) == number and abs(float(item.split(":")[1]) - logit) < 1e-5, line)
    logits = [logit for _, top in steps for _, logit in top[:1]]
    need(abs(logits[0] - -0.35667) < 1e-3 and abs(logits[1]) < 1e-3, "logits are logarithms here: %s" % logits)


@case("generate: tokens and text give the same, and the prompt comes back")
def _():
    m = models.says("ls")
    d = run("debug", "generate", "--json", "-m", m, "--text", "ab\n", "-n", "2").ok().json()
    ids = ",".join(map(str, d["prompt"]))
    need(len(d["prompt"]) == 3, d["prompt"])
    for form in (ids, ids.replace(",", " "), ids.replace(",", ", ")):
        need(run("debug", "generate", "--json", "-m", m, "--tokens", form, "-n", "2").ok().json() == d, form)


@case("generate: --top 0 and --top 100")
def _():
    need(run("debug", "generate", "-m", models.says("ls"), "--text", "a\n", "--top", "0").ok().out == b"259\n", "0")
    top = generate(models.says("ls"), "--text", "a\n", "--top", "100")[0][1]
    need(len(top) == 100 and top == sorted(top, key=lambda t: (-t[1], t[0])), "100 in order")


@case("generate: forced tokens are followed")
def _():
    m = models.script({"\n": [("ls", .7), ("pwd", .3)]})
    steps = generate(m, "--text", "a\n", "--force", "260,97")
    need([s[0] for s in steps] == [260, 97] and steps[0][1][0][0] == 259, steps)


@case("generate: the peer's greedy tokens of {0}", ["tiny-F16", "tiny-BF16", "tinyw-Q8_0"])
def _(name):
    path = models.parity(name + ".gguf")
    with open(path[:-5] + ".json", encoding="utf-8") as f:
        p = json.load(f)["prompts"][0]
    sure = next((i for i, m in enumerate(p["margins"]) if m < .4), len(p["margins"]))
    steps = generate(path, "--tokens", ",".join(map(str, p["ids"])), "-n", "32")
    need([s[0] for s in steps][:sure] == p["greedy"][:sure], "differs within the first %d" % sure)


@case("generate: bit-identical logits from 1, 2, 3 and 5 threads: {0}", ["tiny-Q4_K_M", "tinyf-Q4_K_S", "tiny-F16"])
def _(name):
    path = models.parity(name + ".gguf")
    args = ["--text", "find all files larger than one gigabyte " * 8, "-n", "6", "--top", "20"]
    one = generate(path, "--threads", "1", *args)
    for threads in ("2", "3", "5"):
        need(generate(path, "--threads", threads, *args) == one, threads + " threads differ")


@case("generate: wrong use: {0}", [
    ("neither prompt", [], "either --tokens IDS or --text TEXT"), ("both prompts", ["--tokens", "1", "--text", "x"], "either"),
    ("no ids", ["--tokens", "1,x"], "--tokens"), ("a negative id", ["--tokens", "-1"], "--tokens"),
    ("an id out of the vocabulary", ["--tokens", "1,999999"], "999999"), ("an empty prompt", ["--text", ""], "empty"),
    ("no ids at all", ["--tokens", ""], "empty"), ("forced ids out of the vocabulary", ["--text", "a", "--force", "7,999999"], "999999"),
    ("forced what is no id", ["--text", "a", "--force", "a"], "--force"), ("too many steps", ["--text", "a", "-n", "5000"], "-n"),
    ("a context too small", ["--text", "abc", "--ctx", "2"], "2"), ("a context too large", ["--text", "a", "--ctx", "4097"], "4096"),
    ("a full context", ["--text", "abc\n", "--ctx", "4", "-n", "9"], "4")])
def _(_name, args, word):
    r = run("debug", "generate", "-m", models.script({"\n": [("ls", 1.0)], "ls": [("ls", 1.0)]}), *args)
    r.fails(2, word)


# --- bench -----------------------------------------------------------------------------------------------------------------

@case("bench: text")
def _():
    text = run("bench", "-m", models.says("ls"), *SMALL, "--threads", "2").ok().silent().out.decode()
    for pattern in (r"script\.gguf, 2 threads, \w+, medians of 2", r"load +[\d.]+ ms", r"prefill +16 +[\d.]+ tokens/s",
                    r"decode +1 x +4 +[\d.]+ tokens/s", r"whole answer +[\d.]+ ms", r"peak memory +[\d.]+ MB"):
        need(re.search(pattern, text), "no /%s/ in %s" % (pattern, text))


@case("bench: JSON keeps to its schema")
def _():
    path = models.says("ls")
    d = run("bench", "--json", "-m", path, *SMALL, "--batch", "3", "--threads", "1").ok().silent().json()
    BENCH.check(d)
    need((d["prompt"], d["decode"], d["batch"], d["repeat"], d["threads"]) == (16, 4, 3, 2, 1), d)
    need(abs(d["model_mb"] * 1e6 - os.path.getsize(path)) < 1 and 1 < d["peak_rss_mb"] < 4000, d)
    need(0 < d["load_ms"] < d["answer_ms"], d)
    for example in BENCH.root["examples"]:
        BENCH.check(example)


@case("bench: more than the context: status 2 and both numbers")
def _():
    run("bench", "-m", models.says("ls"), "--prompt", "4000", "--decode", "97").fails(2, "4097", "4096")
    run("bench", "-m", models.script({"\n": [("ls", 1.0)]}, ctx=20), "--prompt", "16", "--decode", "4", "--repeat", "1").ok()
