"""Greedy decoding of many requests at once, for evaluation."""
import torch

from model import Batch

MOST = 72


@torch.no_grad()
def answers(model, tok, requests, literals=None, rows=64):
    """One command line for each request, "" for an unusable one; no cache, since batches of tiny
    rows are cheap. With `literals` the model sees placeholders, as in the program."""
    if literals:
        return literals.restore(requests, answers(model, tok, literals.hide(requests), None, rows))
    prompts = [tok.prompt(r) for r in requests]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    out = [None] * len(prompts)
    for start in range(0, len(order), rows):
        part = order[start:start + rows]
        for i, text in zip(part, decode_rows(model, tok, [prompts[i] for i in part])):
            out[i] = text
    return out


def decode_rows(model, tok, prompts):
    """Answers to some prompts of about the same length."""
    rows, made, alive = [list(p) for p in prompts], [[] for _ in prompts], list(range(len(prompts)))
    for _ in range(MOST):
        if not alive:
            break
        length = max(len(rows[i]) for i in alive)
        ids = torch.tensor([rows[i] + [tok.end] * (length - len(rows[i])) for i in alive])
        last = torch.tensor([k * length + len(rows[i]) - 1 for k, i in enumerate(alive)])
        best = model.logits(model.hidden_states(Batch([ids]), last)).argmax(-1).tolist()
        for i, token in zip(alive, best):
            if token != tok.stop:
                rows[i].append(token)
                made[i].append(token)
        alive = [i for i, token in zip(alive, best) if token not in (tok.stop, tok.end)]
    return [tok.decode(ids) for ids in made]
