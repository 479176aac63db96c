"""Model files made for the tests, byte by byte and not by the program's own writer.

A *script* is a real model of the qwen2 architecture whose weights are chosen: the embedding of token i is the unit vector
i, the layers add zero, and the output matrix holds the logarithms of the probabilities of every token's successors. So
what it says, and with which probabilities, is known, while the program runs its whole path: tokenizer, chat template,
forward pass, sampler, reply parser. The answer to any prompt starts after the prompt's last token, a newline."""
import array
import math
import os
import struct

import kit

U32, I32, F32, STRING, ARRAY = 4, 5, 6, 8, 9
TYPE_F32, TYPE_F16, TYPE_Q8_0 = 0, 1, 8
END = None  # the token that ends the reply
START = "\n"
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
HEAD_DIM, FF = 64, 32
UNLIKELY = -60.0  # the logit of everything that a script does not mention


def _byte_chars():
    """GPT-2's spelling of the 256 bytes."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    chars, extra = {}, 0
    for byte in range(256):
        chars[byte] = chr(byte) if byte in plain else chr(256 + extra)
        extra += byte not in plain
    return chars


CHARS = _byte_chars()


def spelling(text):
    """Of a token with this text, in the vocabulary."""
    return "".join(CHARS[b] for b in text.encode("utf-8"))


def _string(text):
    data = text.encode("utf-8") if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def _value(kind, value):
    if isinstance(kind, tuple):
        one = {STRING: _string, I32: lambda v: struct.pack("<i", v), F32: lambda v: struct.pack("<f", v)}[kind[1]]
        return struct.pack("<IIQ", ARRAY, kind[1], len(value)) + b"".join(map(one, value))
    body = _string(value) if kind == STRING else struct.pack({U32: "<I", I32: "<i", F32: "<f"}[kind], value)
    return struct.pack("<I", kind) + body


def write(path, metadata, tensors):
    """metadata: {key: (kind, value)}; tensors: {name: (dims, type, bytes)}, the row's length first."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, (kind, value) in metadata.items():
        head += _string(key) + _value(kind, value)
    at = 0
    for name, (dims, kind, data) in tensors.items():
        head += _string(name) + struct.pack("<I%dQIQ" % len(dims), len(dims), *dims, kind, at)
        at += len(data) + -len(data) % 32
    with open(path, "wb") as f:
        f.write(head + b"\0" * (-len(head) % 32))
        for _, _, data in tensors.values():
            f.write(data + b"\0" * (-len(data) % 32))


def floats(values):
    """As F32 data."""
    return array.array("f", values).tobytes()


def zeros(cols, rows):
    """A Q8_0 matrix of zeros."""
    return (cols, rows), TYPE_Q8_0, bytes(cols // 32 * 34 * rows)


def _layer(width, number):
    kv = HEAD_DIM
    shapes = {"attn_q": (width, width), "attn_k": (width, kv), "attn_v": (width, kv), "attn_output": (width, width),
              "ffn_gate": (width, FF), "ffn_up": (width, FF), "ffn_down": (FF, width)}
    out = {"blk.%d.%s.weight" % (number, n): zeros(*s) for n, s in shapes.items()}
    for name in ("attn_norm", "ffn_norm"):
        out["blk.%d.%s.weight" % (number, name)] = ((width,), TYPE_F32, floats([1.0] * width))
    return out


def _matrices(table, ids, count, width):
    """The embedding and the output: see above. The last norm undoes what normalizing does to a unit vector."""
    embed = array.array("f", bytes(4 * count * width))
    output = array.array("f", bytes(4 * count * width))
    for i in range(count):
        embed[i * width + i] = 1.0
    for state, successors in table.items():
        for row in range(count):
            output[row * width + ids[state]] = UNLIKELY
        for text, probability in successors:
            output[ids[text] * width + ids[state]] = math.log(probability)
    norm = math.sqrt(1.0 / width + 1e-6)
    return {"token_embd.weight": ((width, count), TYPE_F32, embed.tobytes()),
            "output.weight": ((width, count), TYPE_F32, output.tobytes()),
            "output_norm.weight": ((width,), TYPE_F32, floats([norm] * width))}


def _metadata(name, spellings, layers, width, ctx, whole=()):
    types = [CONTROL if s in SPECIALS else USER_DEFINED if s in whole else NORMAL for s in spellings]
    return {"general.architecture": (STRING, "qwen2"), "general.name": (STRING, name),
            "qwen2.block_count": (U32, layers), "qwen2.context_length": (U32, ctx),
            "qwen2.embedding_length": (U32, width), "qwen2.feed_forward_length": (U32, FF),
            "qwen2.attention.head_count": (U32, width // HEAD_DIM), "qwen2.attention.head_count_kv": (U32, 1),
            "qwen2.rope.freq_base": (F32, 10000.0), "qwen2.attention.layer_norm_rms_epsilon": (F32, 1e-6),
            "tokenizer.ggml.model": (STRING, "gpt2"), "tokenizer.ggml.pre": (STRING, "qwen2"),
            "tokenizer.ggml.tokens": ((ARRAY, STRING), spellings), "tokenizer.ggml.token_type": ((ARRAY, I32), types),
            "tokenizer.ggml.merges": ((ARRAY, STRING), []),
            "tokenizer.ggml.eos_token_id": (U32, spellings.index("<|im_end|>"))}


def script_parts(table, name="cmdai-script", layers=1, ctx=4096, whole=(), extra=None):
    """A script's metadata and tensors, for write(). table: {text: [(next text, its probability), ...]}, from START on; a
    text that is no key ends the reply. The texts in `whole` are one token also in requests; `extra` is more metadata."""
    texts = {START: None, **{t: None for state in table for t in (state, *(n for n, _ in table[state]))}}
    spoken = [t for t in texts if t is not END]
    words = [t for t in spoken if len(t.encode("utf-8")) > 1]
    spellings = [CHARS[b] for b in range(256)] + SPECIALS + [spelling(t) for t in words] + list(whole)
    ids = {t: spellings.index(spelling(t)) for t in spoken}
    ids[END] = spellings.index("<|im_end|>")
    table = {t: table.get(t, [(END, 1.0)]) for t in spoken}
    width = (len(spellings) + HEAD_DIM - 1) // HEAD_DIM * HEAD_DIM
    tensors = _matrices(table, ids, len(spellings), width)
    for number in range(layers):
        tensors.update(_layer(width, number))
    return {**_metadata(name, spellings, layers, width, ctx, whole), **(extra or {})}, tensors


def script(table, **options):
    """Path of a script's file; equal ones are made once."""
    key = repr((sorted(table.items()), sorted(options.items())))
    if key not in _scripts:
        path = kit.fresh("script.gguf")
        write(path, *script_parts(table, **options))
        _scripts[key] = path
    return _scripts[key]


_scripts = {}


def says(text, **options):
    """A model that answers every prompt with this text."""
    return script({START: [(text, 1.0)]}, **options)


def endless(**options):
    """A model that never stops talking. With many layers it is slow, too."""
    options = {"layers": 24, "ctx": 1 << 20, **options}
    return script({START: [("la ", 1.0)], "la ": [("la ", 1.0)]}, **options)


def listener(hears, otherwise="true", then=None, name="cmdai-listener", **options):
    """A model whose answer depends on the request. hears: {word: [(answer, its probability), ...]}; the words are one token
    each in requests. Every head looks at all tokens alike and carries the words it saw to the last one, so that what is
    said, and how surely, comes out of attention over the whole prompt. A request without any of the words is answered with
    `otherwise`. then: more of a script's table, for answers of several tokens."""
    answers = {a: None for said in hears.values() for a, _ in said}
    table = {START: [(otherwise, 1.0)], otherwise: [(END, 1.0)], **{a: [(END, 1.0)] for a in answers}, **(then or {})}
    metadata, tensors = script_parts(table, name=name, whole=list(hears), **options)
    spellings = metadata["tokenizer.ggml.tokens"][1]
    width = tensors["token_embd.weight"][0][0]
    kit.need(len(hears) <= HEAD_DIM, "a listener knows at most %d words" % HEAD_DIM)
    seen, carried = array.array("f", bytes(4 * width * HEAD_DIM)), array.array("f", bytes(4 * width * width))
    output = array.array("f", tensors["output.weight"][2])
    states = [spellings.index(spelling(t)) for t in table if t != START]
    for answer in answers:  # once something is said, what was heard doesn't count any more
        for state in states:
            output[spellings.index(spelling(answer)) * width + state] -= 10000.0
    for k, (word, said) in enumerate(hears.items()):
        heard = len(spellings) - len(hears) + k
        seen[k * width + heard] = 1.0
        carried[heard * width + k] = 5.0
        for answer, probability in said:
            output[spellings.index(spelling(answer)) * width + heard] = 300.0 + math.log(probability)
    tensors["blk.0.attn_v.weight"] = (width, HEAD_DIM), TYPE_F32, seen.tobytes()
    tensors["blk.0.attn_output.weight"] = (width, width), TYPE_F32, carried.tobytes()
    tensors["output.weight"] = tensors["output.weight"][0], TYPE_F32, output.tobytes()
    path = kit.fresh("listener.gguf")
    write(path, metadata, tensors)
    return path


def altered(metadata=None, tensors=None):
    """A working script with entries replaced, or removed by None; functions get the old value."""
    parts = script_parts({START: [("ls", 1.0)]})
    for whole, changes in zip(parts, (metadata or {}, tensors or {})):
        for key, value in changes.items():
            value = value(whole[key]) if callable(value) else value
            if value is None:
                del whole[key]
            else:
                whole[key] = value
    path = kit.fresh("altered.gguf")
    write(path, *parts)
    return path


# --- models that others made ---------------------------------------------------------------------------------------------

def parity(name):
    """Path of a small random model whose answers are recorded: of the project, or of ../shared."""
    shared = os.environ.get("CM_SHARED") or os.path.join(kit.ROOT, "..", "shared")
    path = os.path.join(shared, "gguf-parity", name)
    if not os.path.exists(path):
        raise kit.Skip("there is no %s" % path)
    return path


def has_embedded():
    """Whether the program has a model of its own."""
    if not _embedded:
        result = kit.run("debug", "tokenize", "x")
        _embedded.append(result.status == 0)
        result.need(result.status in (0, 4), "can't tell whether there is an embedded model")
    return _embedded[0]


_embedded = []


def trained():
    """The -m option for a model that was trained to answer: none for the embedded one."""
    if kit.Settings.model:
        return ["-m", kit.Settings.model]
    if not has_embedded():
        raise kit.Skip("this build has no embedded model (and no --model was given)")
    return []
