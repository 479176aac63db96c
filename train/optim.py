"""Muon for the matrices, Adam for the rest.

On small budgets orthogonalised momentum needs clearly fewer samples than Adam (measured in
README.md), and four Newton-Schulz steps on 256-wide matrices cost little."""
import torch


def orthogonal(update, steps=4):
    """Nearest semi-orthogonal matrix by Newton-Schulz (coefficients of Jordan et al. 2024)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = update.shape[0] > update.shape[1]
    x = update.t() if tall else update
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.t()
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.t() if tall else x


class Optimizer:
    """step(names, scale): one update with both learning rates scaled."""

    def __init__(self, model, muon_rate=0.02, adam_rate=3e-3, decay=0.02):
        self.muon_rate, self.adam_rate, self.decay = muon_rate, adam_rate, decay
        self.cuts = {}
        s = model.shape
        for name, p in model.named_parameters():
            if name.endswith(".qkv"):
                self.cuts[name] = [s.heads * s.head, s.kv_heads * s.head, s.kv_heads * s.head]
            elif name.endswith("gate_up"):
                self.cuts[name] = [s.ff, s.ff]
            elif name.endswith((".out", ".down")):
                self.cuts[name] = [p.shape[0]]
        self.params = dict(model.named_parameters())
        # Shared, since two workers each update their half and one of them saves all.
        self.state = {n: torch.zeros_like(p).share_memory_() for n, p in self.params.items()}
        self.square = {n: torch.zeros_like(p).share_memory_() for n, p in self.params.items() if n not in self.cuts}
        self.steps = 0

    @torch.no_grad()
    def step(self, mine, scale):
        """Update the named parameters and drop their gradients."""
        self.steps += 1
        for name in mine:
            p = self.params[name]
            if name in self.cuts:
                self.muon(name, p, scale)
            else:
                self.adam(name, p, scale)
            p.grad = None

    def muon(self, name, p, scale):
        """Nesterov momentum, orthogonalised for each logical matrix."""
        momentum = self.state[name].mul_(0.95).add_(p.grad, alpha=0.05)
        update = p.grad.lerp(momentum, 0.95)
        p.mul_(1 - self.muon_rate * scale * self.decay)
        at = 0
        for rows in self.cuts[name]:
            part = orthogonal(update[at:at + rows])
            p[at:at + rows].add_(part, alpha=-self.muon_rate * scale * max(1.0, rows / p.shape[1]) ** 0.5)
            at += rows

    def adam(self, name, p, scale):
        """Adam without decay for the embedding, norms and biases."""
        mean, square = self.state[name].lerp_(p.grad, 0.1), self.square[name]
        square.mul_(0.98).addcmul_(p.grad, p.grad, value=0.02)
        fix1, fix2 = 1 - 0.9 ** self.steps, 1 - 0.98 ** self.steps
        p.addcdiv_(mean / fix1, (square / fix2).sqrt_().add_(1e-9), value=-self.adam_rate * scale)

    def dump(self):
        """State for a checkpoint."""
        return {"state": self.state, "square": self.square, "steps": self.steps}

    def restore(self, saved):
        """Continue from dump()."""
        for mine, theirs in ((self.state, saved["state"]), (self.square, saved["square"])):
            for name, value in theirs.items():
                mine[name].copy_(value)
        self.steps = saved["steps"]
