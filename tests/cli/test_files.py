"""Model files that are missing, broken, or no model."""
import os
import subprocess

import kit
import models
from kit import case, need, run


def everywhere(path, *words, limit=2):
    """Every command that reads a model refuses the path: status 4, one clear line, in time."""
    tries = [["models", "inspect", path], ["-m", path, "list", "files"], ["debug", "tokenize", "-m", path, "x"],
             ["debug", "generate", "-m", path, "--tokens", "1"], ["bench", "-m", path, "--repeat", "1"],
             ["models", "quantize", path, kit.fresh("out.gguf"), "Q8_0"]]
    for args in tries:
        run(*args, limit=limit).fails(4, *words)
    d = run("--json", "-m", path, "list", limit=limit).has_status(4).json()
    for word in words:
        need(word in d["error"], "error of the JSON: " + d["error"])


# --- no file -----------------------------------------------------------------------------------------------------------------

def _loop():
    path = kit.fresh("loop")
    os.symlink(path, path)
    return path


def _fifo():
    path = kit.fresh("fifo")
    os.mkfifo(path)
    return path


MISSING = {"missing": lambda: ("/nowhere/model.gguf", "No such file"), "a directory": lambda: ("/", "not a regular file"),
           "an empty name": lambda: ("", "No such file"), "an empty file": lambda: (kit.file_with(b"", "empty.gguf"), "empty"),
           "a loop of links": lambda: (_loop(), "symbolic links"), "a pipe": lambda: (_fifo(), "not a regular file"),
           "a device": lambda: ("/dev/zero", "not a regular file"), "under a file": lambda: ("/etc/passwd/x", "Not a directory"),
           "a name that is too long": lambda: ("/" + "x" * 300, "too long"),
           "a path that is too long": lambda: ("/x" * 3000, "too long"),
           "a file of the kernel": lambda: ("/proc/version", "empty"),
           "text": lambda: (kit.file_with(b"#!/bin/sh\necho hello, this is no model\n" * 9), "GGUF"),
           "a link to nothing": lambda: (_dangling(), "No such file")}


def _dangling():
    path = kit.fresh("link")
    os.symlink("nothing", path)
    return path


@case("model: {0}", sorted(MISSING))
def _(name):
    path, words = MISSING[name]()
    everywhere(path, words)


@case("model: without a right to read it")
def _():
    path = kit.file_with(b"GGUF", "secret.gguf")
    os.chmod(path, 0)
    if os.access(path, os.R_OK):
        raise kit.Skip("this user may read everything")
    everywhere(path, "Permission denied")


@case("model: a name with odd characters is shown harmlessly")
def _():
    for name in ("a\nb", "\x1b[31m", "\u202egpj.exe", "é" * 100, "文" * 80, "a" + "文" * 80):
        path = os.path.join(kit.fresh(), name)
        for args in (["models", "inspect", path], ["-m", path, "list"]):
            r = run(*args).fails(4, "No such file")
            r.need(b"\\x" not in r.err or "\x1b" in name, "half a character: %r" % r.err)


@case("model: none given and none embedded")
def _():
    if models.has_embedded():
        raise kit.Skip("this build has an embedded model")
    for args in (["list"], ["debug", "tokenize", "x"], ["bench"]):
        run(*args).fails(4, "no embedded model", "-m FILE.gguf")


# --- broken files ------------------------------------------------------------------------------------------------------------

def _made_by(option):
    folder = kit.fresh()
    subprocess.run([kit.tool("mkbroken"), folder, *option], check=True, stdout=subprocess.DEVNULL)
    return folder


_folders = {}


def sample(kind, name):
    """Path of one of mkbroken's files."""
    if kind not in _folders:
        _folders[kind] = _made_by(["--good"] if kind == "good" else [])
    return os.path.join(_folders[kind], name + ".gguf")


def _names(kind):
    source = os.path.join(kit.ROOT, "tests", "unit", "gguf_samples.h")
    with open(source, encoding="utf-8") as f:
        text = f.read()
    begin = text.index("%s_files[] = {" % kind)
    part = text[begin:text.index("\n};", begin)]
    names = [line.split('"')[1] for line in part.splitlines() if line.lstrip().startswith(('{"', '{.name = "'))]
    need(len(names) >= (60 if kind == "broken" else 15), "found %d names in %s" % (len(names), source))
    return names


@case("broken: {0}", _names("broken"))
def _(name):
    everywhere(sample("broken", name))


@case("broken: as many files as cases")
def _():
    sample("broken", "x")
    made = {n[:-5] for n in os.listdir(_folders["broken"])}
    need(made == set(_names("broken")), "differ: %s" % (made ^ set(_names("broken"))))


@case("broken: the message names the defect: {0}", [
    ("tensor-type-133", "133", "Q6_0", "ik_llama.cpp"), ("tensor-type-iq2_xxs", "IQ2_XXS", "16", ""),
    ("tensor-type-unknown", "9999", "", ""), ("tensor-misaligned", "second", "33", ""),
    ("tensor-overlap", "overlaps", "first", "second"), ("tensor-twice", "first", "twice", ""),
    ("data-cut", "outside the file", "second", ""), ("tensor-rows-zero", "size 0", "second", "")])
def _(name, *words):
    everywhere(sample("broken", name), name + ".gguf", *words)


@case("valid but unusual: {0}", _names("good"))
def _(name):
    path = sample("good", name)
    r = run("models", "inspect", path).ok().silent()
    r.need(r.out.startswith(b"GGUF version") and not r.out.count(b"\x1b"), "what it prints")
    for args in (["-m", path, "list"], ["debug", "tokenize", "-m", path, "x"], ["bench", "-m", path]):
        run(*args).fails(4)


@case("a good model cut off at any length")
def _():
    with open(models.says("ls"), "rb") as f:
        data = f.read()
    sizes = [1, 3, 4, 8, 24, 25, 100, 1000, 5000, 20000, len(data) // 2, len(data) - 40000, len(data) - 32]
    for size in sizes:
        path = kit.file_with(data[:size], "cut%d.gguf" % size)
        run("models", "inspect", path).fails(4)
        run("-m", path, "list").fails(4)


@case("a good model with bytes changed at random never crashes")
def _():
    import random
    rng = random.Random(20261123)
    with open(models.says("ls"), "rb") as f:
        good = f.read()
    head = good.index(b"\0" * 64)
    for _ in range(60):
        data = bytearray(good)
        for _ in range(rng.choice((1, 1, 3, 20))):
            data[rng.randrange(head)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        path = kit.file_with(bytes(data), "changed.gguf")
        for args in (["models", "inspect", path], ["-m", path, "--max-tokens", "4", "list"]):
            r = run(*args, limit=5)
            r.need(r.status in (0, 4, 5), "status %d" % r.status)
            if r.status:
                r.one_line()


# --- files that are no model for us --------------------------------------------------------------------------------------------

def text(value):
    """A string, as metadata."""
    return models.STRING, value


def number(value):
    """A u32, as metadata."""
    return models.U32, value


NO_MODEL = [
    ("architecture llama", {"general.architecture": text("llama")}, {}, "llama"),
    ("no architecture", {"general.architecture": None}, {}, "general.architecture"),
    ("architecture is a number", {"general.architecture": number(3)}, {}, "general.architecture"),
    ("no layers", {"qwen2.block_count": number(0)}, {}, "block_count"),
    ("too many layers", {"qwen2.block_count": number(1 << 31)}, {}, "block_count"),
    ("one layer too many", {"qwen2.block_count": number(2)}, {}, "blk.1."),
    ("no width", {"qwen2.embedding_length": number(0)}, {}, "embedding_length"),
    ("a wrong width", {"qwen2.embedding_length": number(640)}, {}, "token_embd.weight"),
    ("no heads", {"qwen2.attention.head_count": number(0)}, {}, "head_count"),
    ("uneven heads", {"qwen2.attention.head_count_kv": number(3)}, {}, "heads"),
    ("no context length", {"qwen2.context_length": None}, {}, "context_length"),
    ("heads turned in part", {"qwen2.rope.dimension_count": number(32)}, {}, "rope.dimension_count"),
    ("scaled positions", {"qwen2.rope.scaling.type": text("yarn")}, {}, "rope.scaling"),
    ("an odd base of positions", {"qwen2.rope.freq_base": (models.F32, float("nan"))}, {}, "freq_base"),
    ("an odd epsilon", {"qwen2.attention.layer_norm_rms_epsilon": (models.F32, -1.0)}, {}, "epsilon"),
    ("no tokens", {"tokenizer.ggml.tokens": None}, {}, "tokenizer.ggml.tokens"),
    ("no merges", {"tokenizer.ggml.merges": None}, {}, "tokenizer.ggml.merges"),
    ("a tokenizer of another kind", {"tokenizer.ggml.model": text("llama")}, {}, "llama"),
    ("another pre-tokenizer", {"tokenizer.ggml.pre": text("deepseek-llm")}, {}, "deepseek-llm"),
    ("a token twice", {"tokenizer.ggml.tokens": lambda v: (v[0], v[1][:-1] + v[1][:1])}, {}, "same spelling"),
    ("an empty token", {"tokenizer.ggml.tokens": lambda v: (v[0], v[1][:-1] + [""])}, {}, "empty"),
    ("a token as long as a book", {"tokenizer.ggml.tokens": lambda v: (v[0], v[1][:-1] + ["x" * 5000])}, {}, "5000"),
    ("fewer tokens than types", {"tokenizer.ggml.tokens": lambda v: (v[0], v[1][:-1])}, {}, "token_type"),
    ("an end outside the vocabulary", {"tokenizer.ggml.eos_token_id": number(99999)}, {}, "99999"),
    ("merges of what is no token", {"tokenizer.ggml.merges": ((models.ARRAY, models.STRING), ["zz qq"])}, {}, "merge"),
    ("no embedding", {}, {"token_embd.weight": None}, "token_embd.weight"),
    ("no norm", {}, {"blk.0.attn_norm.weight": None}, "blk.0.attn_norm.weight"),
    ("no key matrix", {}, {"blk.0.attn_k.weight": None}, "blk.0.attn_k.weight"),
    ("a key matrix of another shape", {}, {"blk.0.attn_k.weight": lambda v: models.zeros(64, 64)}, "blk.0.attn_k.weight"),
    ("a norm that is no F32", {}, {"output_norm.weight": lambda v: (v[0], 1, v[2][:len(v[2]) // 2])}, "output_norm.weight"),
    ("a tensor of a foreign type", {}, {"blk.0.ffn_up.weight": lambda v: (v[0], 133, v[2])}, "Q6_0"),
    ("a tensor of an unknown type", {}, {"blk.0.ffn_up.weight": lambda v: (v[0], 77, v[2])}, "77"),
]


@case("no model for us: {0}", NO_MODEL)
def _(_name, metadata, tensors, word):
    path = models.altered(metadata, tensors)
    for args in (["-m", path, "list"], ["bench", "-m", path, "--repeat", "1"],
                 ["debug", "generate", "-m", path, "--tokens", "1"]):
        run(*args, limit=2).fails(4, word)


@case("no model for us: a vocabulary without ChatML's tokens")
def _():
    def other(v):
        return v[0], [s.replace("<|im_start|>", "<|begin|>") for s in v[1]]
    run("-m", models.altered({"tokenizer.ggml.tokens": other}), "list").fails(4, "<|im_start|>")


@case("a model without a name or with an endless one")
def _():
    for name in (None, text(""), text("x" * 10000), text("文" * 60)):
        path = models.altered({"general.name": name})
        r = run("--json", "-m", path, "list").ok()
        need(len(r.json()["model"]["id"] or "") <= 128 and "\ufffd" not in (r.json()["model"]["id"] or ""), r.json()["model"])
        run("-v", "-m", path, "list").ok().says("model")
