"""A warm start: the tokenizer and the weights of a GGUF file that export.py (and a quantization) wrote."""
import numpy as np
import torch

import dequant
import gguf
from tokenizer import Tokenizer


class Start:
    """What a file holds: its tokenizer and its tensors, dequantized."""

    def __init__(self, path):
        file = gguf.Reader(path)
        self.meta = file.metadata
        merges = [tuple(m.split(" ")) for m in self.meta["tokenizer.ggml.merges"]]
        self.tok = Tokenizer(self.meta["tokenizer.ggml.tokens"], merges)
        self.arrays = {n: dequant.tensor(file.data, offset, shape, kind) for n, (shape, kind, offset) in file.tensors.items()}

    def shape(self):
        """The sizes that train.py would have to be told."""
        m = self.meta
        return {"hidden": m["qwen2.embedding_length"], "layers": m["qwen2.block_count"], "ff": m["qwen2.feed_forward_length"],
                "heads": m["qwen2.attention.head_count"], "kv_heads": m["qwen2.attention.head_count_kv"]}

    @torch.no_grad()
    def fill(self, model, tok):
        """Copy the weights into a model of the same shape. Rows of the embedding are matched by the
        tokens' spelling; a token that the file lacks keeps its random row."""
        array = lambda name: torch.from_numpy(np.array(self.arrays[name]))
        old = array("token_embd.weight")
        for row, token in enumerate(tok.tokens):
            if token in self.tok.ids:
                model.embed[row].copy_(old[self.tok.ids[token]])
        for i, block in enumerate(model.blocks):
            part = lambda *names: torch.cat([array("blk.%d.%s" % (i, n)) for n in names])
            block.qkv.copy_(part("attn_q.weight", "attn_k.weight", "attn_v.weight"))
            block.qkv_bias.copy_(part("attn_q.bias", "attn_k.bias", "attn_v.bias"))
            block.gate_up.copy_(part("ffn_gate.weight", "ffn_up.weight"))
            block.out.copy_(part("attn_output.weight"))
            block.down.copy_(part("ffn_down.weight"))
            block.norm1.copy_(part("attn_norm.weight"))
            block.norm2.copy_(part("ffn_norm.weight"))
        model.norm.copy_(array("output_norm.weight"))
