"""A plain Qwen2 in PyTorch, laid out for a small CPU.

All tokens of a batch lie in one flat matrix, so every linear layer is one large matmul; only
attention looks at the length groups (pairs of a group share a length, little is padded)."""
import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Shape:
    """Everything that fixes the parameters' sizes."""
    vocab: int = 3072
    hidden: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    ff: int = 768
    theta: float = 1e6
    eps: float = 1e-6

    @property
    def head(self):
        """Width of a head."""
        return self.hidden // self.heads

    def as_dict(self):
        """For checkpoints."""
        return asdict(self)


class Batch:
    """Token rows grouped by length: flat ids, positions, and (rows, length) of each group."""

    def __init__(self, groups):
        self.groups = [(g.shape[0], g.shape[1]) for g in groups]
        self.ids = torch.cat([g.reshape(-1) for g in groups])
        self.positions = torch.cat([torch.arange(t).repeat(b) for b, t in self.groups])


def norm(x, weight, eps):
    """RMSNorm."""
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight


class Block(nn.Module):
    """Attention and SwiGLU. q, k, v share a matrix, gate and up too; export splits them."""

    def __init__(self, s):
        super().__init__()
        self.shape = s
        wide = (s.heads + 2 * s.kv_heads) * s.head
        self.qkv = nn.Parameter(torch.randn(wide, s.hidden) * s.hidden ** -0.5)
        self.qkv_bias = nn.Parameter(torch.zeros(wide))
        self.out = nn.Parameter(torch.randn(s.hidden, s.heads * s.head) * s.hidden ** -0.5 / math.sqrt(2 * s.layers))
        self.gate_up = nn.Parameter(torch.randn(2 * s.ff, s.hidden) * s.hidden ** -0.5)
        self.down = nn.Parameter(torch.randn(s.hidden, s.ff) * s.ff ** -0.5 / math.sqrt(2 * s.layers))
        self.norm1 = nn.Parameter(torch.ones(s.hidden))
        self.norm2 = nn.Parameter(torch.ones(s.hidden))

    def split(self, x, batch, rotate):
        """q, k (rotated) and v of all tokens."""
        s = self.shape
        both, kv = s.heads + s.kv_heads, s.kv_heads
        qkv = F.linear(x, self.qkv, self.qkv_bias).view(-1, both + kv, s.head)
        cos, sin = rotate
        left, right = qkv[:, :both].chunk(2, -1)
        turned = torch.cat((left * cos - right * sin, right * cos + left * sin), -1)
        return turned[:, :s.heads], turned[:, s.heads:], qkv[:, both:]

    def attention(self, x, batch, rotate):
        """Causal attention inside each row of each group."""
        s, at, outs = self.shape, 0, []
        q, k, v = self.split(x, batch, rotate)
        per = s.heads // s.kv_heads
        for rows, length in batch.groups:
            span = slice(at, at + rows * length)
            at += rows * length
            qg = q[span].view(rows, length, s.kv_heads, per, s.head).permute(0, 2, 3, 1, 4).reshape(-1, per * length, s.head)
            kg, vg = (t[span].view(rows, length, s.kv_heads, s.head).transpose(1, 2).reshape(-1, length, s.head) for t in (k, v))
            scores = torch.bmm(qg, kg.transpose(1, 2)).mul_(s.head ** -0.5).view(-1, per, length, length)
            scores = scores + torch.full((length, length), -1e9).triu_(1)
            got = torch.bmm(F.softmax(scores, -1).view(-1, per * length, length), vg)
            outs.append(got.view(rows, s.kv_heads, per, length, s.head).permute(0, 3, 1, 2, 4).reshape(rows * length, -1))
        return F.linear(torch.cat(outs), self.out)

    def forward(self, x, batch, rotate, where=None):
        """One layer; `where` keeps only some positions behind the attention."""
        x = x + self.attention(norm(x, self.norm1, self.shape.eps), batch, rotate)
        if where is not None:
            x = x.index_select(0, where)
        gate, up = F.linear(norm(x, self.norm2, self.shape.eps), self.gate_up).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down)


class Model(nn.Module):
    """Token embedding (tied to the output), blocks, final norm."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Parameter(torch.randn(shape.vocab, shape.hidden) * 0.02)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.hidden))

    def rotation(self, positions):
        """cos and sin of NEOX-style RoPE, broadcast over heads."""
        half = self.shape.head // 2
        rates = self.shape.theta ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = positions.double()[:, None] * rates
        return angles.cos().float()[:, None], angles.sin().float()[:, None]

    def hidden_states(self, batch, where):
        """Last-layer states of the chosen flat positions: the last SwiGLU sees no others."""
        x, rotate = F.embedding(batch.ids, self.embed), self.rotation(batch.positions)
        for block in self.blocks[:-1]:
            x = block(x, batch, rotate)
        return self.blocks[-1](x, batch, rotate, where)

    def logits(self, states):
        """Final norm and tied output."""
        return F.linear(norm(states, self.norm, self.shape.eps), self.embed)

    def loss(self, batch, where, targets):
        """Summed cross entropy over the chosen flat positions only: the output matrix is costly."""
        return F.cross_entropy(self.logits(self.hidden_states(batch, where)), targets, reduction="sum")

    def count(self):
        """Number of parameters."""
        return sum(p.numel() for p in self.parameters())
