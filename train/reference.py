"""An exact float64 forward pass over a GGUF: the independent judge of the C engine.

Everything is written from the format's definition and shares no code with the engine or the
trainer. `reference.py FILE IDS...` prints the logits after the last id; `--gold DIR` compares
with the recorded answers of shared/gguf-parity."""
import argparse
import glob
import hashlib
import json
import os

import numpy as np

import dequant
from gguf import Reader


class Reference:
    """A Qwen2 or Qwen3 model in float64."""

    def __init__(self, path):
        self.file = Reader(path)
        arch = self.file.metadata["general.architecture"]
        meta = lambda key: self.file.metadata[arch + "." + key]
        self.layers, self.heads, self.kv = meta("block_count"), meta("attention.head_count"), meta("attention.head_count_kv")
        self.eps, self.theta = meta("attention.layer_norm_rms_epsilon"), self.file.metadata.get(arch + ".rope.freq_base", 10000.0)
        self.width = self.file.metadata.get(arch + ".attention.key_length", meta("embedding_length") // self.heads)
        self.weights = {}

    def weight(self, name):
        """A tensor as float64, dequantized once."""
        if name not in self.weights:
            shape, kind, offset = self.file.tensors[name]
            self.weights[name] = dequant.tensor(self.file.data, offset, shape, kind).astype(np.float64)
        return self.weights[name]

    def optional(self, name, otherwise):
        """The same where there is one."""
        return self.weight(name) if name in self.file.tensors else otherwise

    def norm(self, x, name):
        """RMSNorm."""
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps) * self.weight(name)

    def rotate(self, x):
        """NEOX-style RoPE of [tokens, heads, width]."""
        half = self.width // 2
        angles = np.arange(len(x))[:, None] * self.theta ** (-np.arange(half) / half)
        cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
        left, right = x[..., :half], x[..., half:]
        return np.concatenate([left * cos - right * sin, right * cos + left * sin], -1)

    def attention(self, x, layer):
        """Grouped-query causal attention."""
        count, parts = len(x), []
        for letter in "qkv":
            name = "blk.%d.attn_%s" % (layer, letter)
            heads = (x @ self.weight(name + ".weight").T + self.optional(name + ".bias", 0)).reshape(count, -1, self.width)
            parts.append(self.norm(heads, name + "_norm.weight") if name + "_norm.weight" in self.file.tensors else heads)
        q, k, v = self.rotate(parts[0]), self.rotate(parts[1]), parts[2]
        k, v = (np.repeat(t, self.heads // self.kv, axis=1) for t in (k, v))
        scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(self.width)
        scores += np.triu(np.full((count, count), -np.inf), 1)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = np.einsum("hij,jhd->ihd", scores, v).reshape(count, -1)
        return mixed @ self.weight("blk.%d.attn_output.weight" % layer).T

    def feed(self, x, layer):
        """SwiGLU."""
        gate, up, down = (self.weight("blk.%d.ffn_%s.weight" % (layer, n)) for n in ("gate", "up", "down"))
        hidden = x @ gate.T
        return (hidden / (1 + np.exp(-hidden)) * (x @ up.T)) @ down.T

    def logits(self, ids):
        """Logits after every position."""
        x = self.weight("token_embd.weight")[np.array(ids)]
        for layer in range(self.layers):
            x = x + self.attention(self.norm(x, "blk.%d.attn_norm.weight" % layer), layer)
            x = x + self.feed(self.norm(x, "blk.%d.ffn_norm.weight" % layer), layer)
        name = "output.weight" if "output.weight" in self.file.tensors else "token_embd.weight"
        return self.norm(x, "output_norm.weight") @ self.weight(name).T


def rows_exact(model, record):
    """How many recorded dequantized rows are equal bit by bit, and how many there are."""
    equal = 0
    for row in record["dequant_rows"]:
        shape, kind, offset = model.file.tensors[row["tensor"]]
        got = dequant.tensor(model.file.data, offset, shape, kind)[row["row"]].astype("<f4")
        equal += hashlib.sha256(got.tobytes()).hexdigest() == row["sha256_of_f32le"]
    return equal, len(record["dequant_rows"])


def compare(folder):
    """Largest difference from the recorded exact logits, for each file."""
    worst = 0.0
    for path in sorted(glob.glob(os.path.join(folder, "*.gguf"))):
        stem = path[:-5]
        with open(stem + ".json", encoding="utf-8") as stream:
            record = json.load(stream)
        gold = np.fromfile(stem + ".gold.f32", "<f4").reshape(5, -1)
        model, prompts = Reference(path), record["prompts"]
        far = max(np.abs(model.logits(p["ids"])[-1] - g).max() for p, g in zip(prompts, gold))
        worst = max(worst, far)
        equal, rows = rows_exact(model, record)
        print("%-20s largest difference %.2e, rows bit-exact %d of %d" % (os.path.basename(path), far, equal, rows), flush=True)
    return worst


def main():
    """Print logits, or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gold", metavar="DIR")
    parser.add_argument("--out", metavar="FILE", help="write all positions' logits as float32")
    parser.add_argument("file", nargs="?")
    parser.add_argument("ids", nargs="*", type=int)
    args = parser.parse_args()
    if args.gold:
        return 0 if compare(args.gold) < 1e-4 else 1
    logits = Reference(args.file).logits(args.ids)
    if args.out:
        logits.astype("<f4").tofile(args.out)
    for token in np.argsort(-logits[-1])[:10]:
        print(token, "%.6f" % logits[-1][token])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
