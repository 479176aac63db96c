"""Write a checkpoint as an F32 GGUF with llama.cpp's tensor names."""
import argparse
import json
import os

import torch

import gguf
from gguf import ARRAY, BOOL, F32, I32, STRING, U32
from model import Model, Shape
from tokenizer import SPECIAL, Tokenizer
from train import BUILD

CONTEXT = 1024
TEMPLATE = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")


def load(folder):
    """(model, tokenizer) of a training folder."""
    saved = torch.load(os.path.join(folder, "checkpoint.pt"), map_location="cpu")
    model = Model(Shape(**saved["shape"]))
    model.load_state_dict(saved["model"])
    model.eval()
    return model, Tokenizer.load(os.path.join(folder, "tokenizer.json"))


def metadata(shape, tok, calibration):
    """All keys a Qwen2 loader asks for, and ours: placeholders and calibration."""
    ours = [("cmdai.placeholders", U32, tok.placeholders())] if tok.placeholders() else []
    ours += [("cmdai.confidence." + key, F32, value) for key, value in sorted(calibration.items())]
    return ours + [
        ("general.architecture", STRING, "qwen2"), ("general.type", STRING, "model"), ("general.name", STRING, "cmdai-tiny"),
        ("general.license", STRING, "Apache-2.0"), ("general.file_type", U32, 0), ("general.quantization_version", U32, 2),
        ("qwen2.block_count", U32, shape.layers), ("qwen2.context_length", U32, CONTEXT),
        ("qwen2.embedding_length", U32, shape.hidden), ("qwen2.feed_forward_length", U32, shape.ff),
        ("qwen2.attention.head_count", U32, shape.heads), ("qwen2.attention.head_count_kv", U32, shape.kv_heads),
        ("qwen2.attention.layer_norm_rms_epsilon", F32, shape.eps), ("qwen2.rope.freq_base", F32, shape.theta),
        ("qwen2.vocab_size", U32, shape.vocab),
        ("tokenizer.ggml.model", STRING, "gpt2"), ("tokenizer.ggml.pre", STRING, "qwen2"),
        ("tokenizer.ggml.tokens", (ARRAY, STRING), tok.tokens),
        ("tokenizer.ggml.token_type", (ARRAY, I32), [3 if t in SPECIAL else 1 for t in tok.tokens]),
        ("tokenizer.ggml.merges", (ARRAY, STRING), [a + " " + b for a, b in tok.merges]),
        ("tokenizer.ggml.eos_token_id", U32, tok.stop), ("tokenizer.ggml.bos_token_id", U32, tok.end),
        ("tokenizer.ggml.padding_token_id", U32, tok.end), ("tokenizer.ggml.add_bos_token", BOOL, False),
        ("tokenizer.chat_template", STRING, TEMPLATE),
    ]


def tensors(model):
    """(name, array) in llama.cpp's order; the fused matrices are cut apart."""
    s = model.shape
    yield "token_embd.weight", model.embed
    for i, block in enumerate(model.blocks):
        sizes = [s.heads * s.head, s.kv_heads * s.head, s.kv_heads * s.head]
        yield "blk.%d.attn_norm.weight" % i, block.norm1
        for name, weight, bias in zip(("attn_q", "attn_k", "attn_v"), block.qkv.split(sizes), block.qkv_bias.split(sizes)):
            yield "blk.%d.%s.weight" % (i, name), weight
            yield "blk.%d.%s.bias" % (i, name), bias
        gate, up = block.gate_up.chunk(2)
        yield "blk.%d.attn_output.weight" % i, block.out
        yield "blk.%d.ffn_norm.weight" % i, block.norm2
        yield "blk.%d.ffn_gate.weight" % i, gate
        yield "blk.%d.ffn_up.weight" % i, up
        yield "blk.%d.ffn_down.weight" % i, block.down
    yield "output_norm.weight", model.norm


def main():
    """Export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=BUILD)
    parser.add_argument("--out", default=None)
    args = parser.parse_args()
    model, tok = load(args.folder)
    path = args.out or os.path.join(args.folder, "cmdai-tiny-F32.gguf")
    calibration = os.path.join(args.folder, "calibration.json")
    known = json.load(open(calibration, encoding="utf-8")) if os.path.exists(calibration) else {}
    gguf.write(path, metadata(model.shape, tok, known), [(n, t.detach().numpy()) for n, t in tensors(model)])
    print("%s: %d parameters, %d tokens, %d bytes" % (path, model.count(), len(tok.tokens), os.path.getsize(path)))


if __name__ == "__main__":
    main()
